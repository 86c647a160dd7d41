//! The environment variables that a program gets, as a Pachyderm worker sets them.
//!
//! *Not here*: `FILESET_ID`, because there are no file sets that a program could ask for.

use std::collections::BTreeMap;
use std::path::Path;

use crate::datums::Datum;
use crate::store::records::Job;

/// Environment variables by name.
pub type Variables = BTreeMap<String, String>;

/// Returns the variables that identify the job.
pub fn of_job(job: &Job) -> Variables {
    ["PACH_JOB_ID", "PACH_OUTPUT_COMMIT_ID"].into_iter().map(|name| (name.to_owned(), job.id.clone())).collect()
}

/// Returns the variables of the job, the id of the datum, and for each input its path and its commit. `pfs` is `/pfs` as the program sees it.
pub fn of_datum(job: &Job, datum: &Datum, pfs: &Path) -> Variables {
    let mut variables = of_job(job);
    variables.insert("PACH_DATUM_ID".into(), datum.id.clone());
    for input in &datum.inputs {
        variables.insert(input.name.clone(), format!("{}/{}{}", pfs.display(), input.name, input.path.trim_end_matches('/')));
        let head = job.inputs.iter().find(|head| head.repo == input.repo && head.branch == input.branch);
        variables.extend(head.map(|head| (format!("{}_COMMIT", input.name), head.commit.clone())));
    }
    variables
}
