//! `REPO`, `REPO@BRANCH`, `REPO@COMMIT` or `REPO=COMMIT`, with `:/PATH` or without, to the commit and path that it means.

use std::str::FromStr;

use crate::disk::bad;
use crate::error::Result;
use crate::run::versions;
use crate::spec::is_name;
use crate::store::Store;
use crate::store::records::Commit;

/// The branch if none is named.
pub const MASTER: &str = "master";

/// The digits of an id that people write at least.
const DIGITS_MIN: usize = 4;

/// Whether a text stands for an id: its first digits.
pub fn stands_for(text: &str, id: &str) -> bool {
    text.len() >= DIGITS_MIN && id.starts_with(text)
}

/// What a person names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The repo.
    pub repo: String,
    /// The branch, or a commit.
    pub at: Option<String>,
    /// A file or folder in it.
    pub path: Option<String>,
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = text.split_once(':').map_or((text, None), |(name, path)| (name, Some(path)));
        // `REPO@BRANCH=COMMIT` as pachctl writes it: the commit is enough
        let at = name.rsplit_once(['@', '=']).map(|(_, at)| at.to_owned());
        let repo = name.split(['@', '=']).next().unwrap_or_default();
        if !is_name(repo) || at.as_deref().is_some_and(|at| !is_name(at)) {
            return Err(
                "expected REPO, REPO@BRANCH or REPO=COMMIT, then :/PATH if one is meant; names are letters, digits, `-` and `_`".into()
            );
        }
        let path = path.map(|path| if path.starts_with('/') { path.to_owned() } else { format!("/{path}") });
        Ok(Self { repo: repo.to_owned(), at, path })
    }
}

impl Reference {
    /// The branch if what is named can only be one.
    pub fn branch(&self) -> &str {
        self.at.as_deref().unwrap_or(MASTER)
    }

    /// The path, the whole repo if none is named.
    pub fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("/")
    }

    /// The commit that is meant.
    pub fn commit(&self, store: &Store) -> Result<Commit> {
        if store.repo(&self.repo)?.is_none() {
            return Err(bad(format_args!("there is no repo `{}`", self.repo), "see `samefit pipeline list repos`"));
        }
        let at = match &self.at {
            Some(at) => at.clone(),
            None => default_branch(store, &self.repo)?,
        };
        if let Some(head) = store.head(&self.repo, &at)? {
            return Ok(head);
        }
        let mut found = store.commits(&self.repo)?;
        found.retain(|commit| stands_for(&at, &commit.id));
        let known = || format!("see `samefit pipeline list commits {}`", self.repo);
        match found.as_slice() {
            [commit] => Ok(commit.clone()),
            [] => Err(bad(format_args!("`{}` has no branch or commit `{at}`", self.repo), known())),
            _ => Err(bad(format_args!("several commits of `{}` begin with `{at}`", self.repo), "write more of its digits")),
        }
    }
}

/// The branch that a pipeline writes; `master` of another repo.
fn default_branch(store: &Store, repo: &str) -> Result<String> {
    let pipeline = store.versions(repo)?.pop().map(versions::pipeline).transpose()?;
    Ok(pipeline.map_or_else(|| MASTER.to_owned(), |pipeline| pipeline.spec.output_branch))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Option<String>, Option<String>) {
        let Reference { repo, at, path } = text.parse().unwrap();
        (repo, at, path)
    }

    #[test]
    fn references_name_a_repo_and_maybe_more() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts("infer"), ("infer".into(), None, None));
        assert_eq!(parts("infer@master:/1.json"), ("infer".into(), some("master"), some("/1.json")));
        assert_eq!(parts("infer=ab12:1.json"), ("infer".into(), some("ab12"), some("/1.json")));
        assert_eq!(parts("infer@master=ab12"), ("infer".into(), some("ab12"), None));
        ["", "@x", "a b", "a@", "a.b", "a@b.c"].iter().for_each(|text| assert!(text.parse::<Reference>().is_err(), "{text}"));
    }
}
