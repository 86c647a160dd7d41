//! Notes about specs that are right: fields without effect here, and inputs that cost more than they seem to.

use std::collections::BTreeMap;

use super::problem::Note;
use super::types::{Pfs, Spec};

/// The branch that each pipeline writes, by the pipeline's name.
type OutputBranches<'s> = BTreeMap<&'s str, &'s str>;

/// Returns the notes from reading the specs and those about costs. All specs are needed, because an input can be another one's output.
pub fn lint(specs: &[Spec]) -> Vec<Note> {
    let branches = specs.iter().map(|spec| (spec.name.as_str(), spec.output_branch.as_str())).collect();
    specs.iter().flat_map(|spec| spec.notes.iter().cloned().chain(cost_notes(spec, &branches))).collect()
}

fn cost_notes(spec: &Spec, branches: &OutputBranches<'_>) -> Vec<Note> {
    let inputs = spec.input.pfs();
    let has_many_datums = inputs.iter().any(|input| !input.glob.is_plain());
    let mut notes: Vec<Note> = inputs
        .iter()
        .flat_map(|input| [glob_note(spec, input, has_many_datums, branches), branch_note(spec, input, branches)])
        .flatten()
        .collect();
    if spec.workers > 1 && !has_many_datums {
        let text = format!("{} workers share at most one datum: no glob matches more than one path", spec.workers);
        notes.push(note(spec, "parallelismSpec.constant".to_owned(), text, "write a glob that splits the data, such as `/*`"));
    }
    notes
}

fn glob_note(spec: &Spec, input: &Pfs, has_many_datums: bool, branches: &OutputBranches<'_>) -> Option<Note> {
    let field = format!("{}.glob", input.field);
    let is_output = branches.contains_key(input.repo.as_str());
    if has_many_datums && is_output && input.glob.is_whole() {
        let text = format!(
            "`/` takes everything that `{}` writes, also the record of how it was made: any change of it runs every datum again",
            input.repo
        );
        return Some(note(spec, field, text, "name the file that is needed, such as `/model.json`"));
    }
    let matches_twice = input.glob.text().ends_with("**");
    let text = || format!("`{}` matches folders and also the files in them, so a file is in several datums", input.glob);
    matches_twice.then(|| note(spec, field, text(), "write `*` for each part of the path, such as `/*/*`"))
}

fn branch_note(spec: &Spec, input: &Pfs, branches: &OutputBranches<'_>) -> Option<Note> {
    let written = branches.get(input.repo.as_str()).filter(|branch| **branch != input.branch)?;
    let text = format!("pipeline `{}` writes branch `{written}`, so nothing writes branch `{}`", input.repo, input.branch);
    Some(note(spec, format!("{}.branch", input.field), text, "read the branch that is written"))
}

fn note(spec: &Spec, field: String, text: String, help: &str) -> Note {
    Note { file: spec.file.clone(), pipeline: spec.name.clone(), field, text, help: Some(help.to_owned()) }
}
