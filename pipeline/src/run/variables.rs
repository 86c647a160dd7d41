//! A datum to the variables that its program finds in the environment, as a Pachyderm worker sets them.
//!
//! *Not here*: `FILESET_ID`; there are no file sets that a program could ask for.

use std::collections::BTreeMap;
use std::path::Path;

use crate::datums::Datum;
use crate::store::records::Job;

/// Variables by their names.
pub type Variables = BTreeMap<String, String>;

/// Those that say which job it is.
pub fn of_job(job: &Job) -> Variables {
    ["PACH_JOB_ID", "PACH_OUTPUT_COMMIT_ID"].into_iter().map(|name| (name.to_owned(), job.id.clone())).collect()
}

/// Those of the job, and what the datum is: its id, and of each input the path and the commit.
pub fn of_datum(job: &Job, datum: &Datum, pfs: &Path) -> Variables {
    let mut variables = of_job(job);
    variables.insert("PACH_DATUM_ID".into(), datum.id.clone());
    for piece in &datum.pieces {
        variables.insert(piece.input.clone(), format!("{}/{}{}", pfs.display(), piece.input, piece.path.trim_end_matches('/')));
        let head = job.inputs.iter().find(|head| head.repo == piece.repo && head.branch == piece.branch);
        variables.extend(head.map(|head| (format!("{}_COMMIT", piece.input), head.commit.clone())));
    }
    variables
}
