//! Parses references to commits and files: `REPO`, `REPO@BRANCH`, `REPO@COMMIT` or `REPO=COMMIT`, each with or without `:/PATH`.

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::run::versions::Pipeline;
use crate::spec::is_name;
use crate::spec::types::DEFAULT_BRANCH;
use crate::store::Store;
use crate::store::records::Commit;

/// How many digits of an id a person has to write at least.
const DIGITS_MIN: usize = 4;

/// Returns whether a text is a long enough beginning of an id.
pub fn is_id_prefix(text: &str, id: &str) -> bool {
    text.len() >= DIGITS_MIN && id.starts_with(text)
}

/// A commit, a file or a folder as a person names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The repo.
    pub repo: String,
    /// The branch or the commit, if one is given.
    pub branch_or_commit: Option<String>,
    /// The path of a file or folder, if one is given.
    pub path: Option<String>,
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = text.split_once(':').map_or((text, None), |(name, path)| (name, Some(path)));
        // pachctl writes `REPO@BRANCH=COMMIT`; the commit alone is enough
        let at = name.rsplit_once(['@', '=']).map(|(_, at)| at.to_owned());
        let repo = name.split(['@', '=']).next().unwrap_or_default();
        if !is_name(repo) || at.as_deref().is_some_and(|at| !is_name(at)) {
            return Err(
                "expected REPO, REPO@BRANCH or REPO=COMMIT, each with or without :/PATH; names are letters, digits, `-` and `_`".into()
            );
        }
        let path = path.map(|path| if path.starts_with('/') { path.to_owned() } else { format!("/{path}") });
        Ok(Self { repo: repo.to_owned(), branch_or_commit: at, path })
    }
}

impl Reference {
    /// Returns the branch, for uses in which only a branch makes sense.
    pub fn branch(&self) -> &str {
        self.branch_or_commit.as_deref().unwrap_or(DEFAULT_BRANCH)
    }

    /// Returns the path; `/` by default.
    pub fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("/")
    }

    /// Returns the commit. The error says that there is none, or that several begin with the given digits.
    pub fn commit(&self, store: &Store) -> Result<Commit> {
        if store.repo(&self.repo)?.is_none() {
            return Err(Error::invalid(format_args!("there is no repo `{}`", self.repo), "see `samefit pipeline list repos`"));
        }
        let at = match &self.branch_or_commit {
            Some(at) => at.clone(),
            None => default_branch(store, &self.repo)?,
        };
        if let Some(head) = store.head(&self.repo, &at)? {
            return Ok(head);
        }
        let mut found = store.commits(&self.repo)?;
        found.retain(|commit| is_id_prefix(&at, &commit.id));
        let see_commits = || format!("see `samefit pipeline list commits {}`", self.repo);
        match found.as_slice() {
            [commit] => Ok(commit.clone()),
            [] => Err(Error::invalid(format_args!("`{}` has no branch or commit `{at}`", self.repo), see_commits())),
            _ => Err(Error::invalid(format_args!("several commits of `{}` begin with `{at}`", self.repo), "write more of its digits")),
        }
    }
}

/// Returns the branch that the pipeline of this name writes, or `master` if there is no such pipeline.
fn default_branch(store: &Store, repo: &str) -> Result<String> {
    let pipeline = store.versions(repo)?.pop().map(Pipeline::from_record).transpose()?;
    Ok(pipeline.map_or_else(|| DEFAULT_BRANCH.to_owned(), |pipeline| pipeline.spec.output_branch))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Option<String>, Option<String>) {
        let Reference { repo, branch_or_commit, path } = text.parse().unwrap();
        (repo, branch_or_commit, path)
    }

    #[test]
    fn references_are_parsed() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts("infer"), ("infer".into(), None, None));
        assert_eq!(parts("infer@master:/1.json"), ("infer".into(), some("master"), some("/1.json")));
        assert_eq!(parts("infer=ab12:1.json"), ("infer".into(), some("ab12"), some("/1.json")));
        assert_eq!(parts("infer@master=ab12"), ("infer".into(), some("ab12"), None));
        ["", "@x", "a b", "a@", "a.b", "a@b.c"].iter().for_each(|text| assert!(text.parse::<Reference>().is_err(), "{text}"));
    }
}
