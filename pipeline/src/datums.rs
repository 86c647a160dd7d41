//! Computes the datums of a job from its input and the files of its repos.
//!
//! *Invariants*: a datum has the id that Pachyderm gives it, so a datum on a cluster can be compared with one here. The order is also
//! Pachyderm's: by path, and in a cross the last input changes fastest. The hash of a folder depends on the contents of its files in the
//! order of their paths, but not on their names. So a renamed file alone does not run a datum again, as on a cluster.
//!
//! *Not here*: which datums a job runs or skips ([`crate::run::job`]).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

use samefit_formats::hex;

use crate::spec::{Input, Pfs};

/// The hash function of Pachyderm's ids.
type PachHash = Blake2b<U32>;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The digest and the length of a file's content. It refers to an object of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRef {
    /// The SHA-256 of the content.
    pub sha256: Hash,
    /// The length of the content in bytes.
    pub bytes: u64,
}

/// The files of a commit by path. Paths begin with a slash: `/a/1.json`.
pub type Tree = BTreeMap<String, ContentRef>;

/// The unit of work: one match of every input. A pipeline's program runs once for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datum {
    /// 64 hexadecimal digits that depend on the name, the repo, the branch and the path of each input.
    pub id: String,
    /// 64 hexadecimal digits that depend on the id, all contents and the pipeline's salt.
    pub hash: String,
    /// The inputs in the order of the spec's input.
    pub inputs: Vec<DatumInput>,
}

/// One match of a `pfs` input's glob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatumInput {
    /// The input's name, which is its folder below `/pfs`.
    pub name: String,
    /// The repo.
    pub repo: String,
    /// The branch.
    pub branch: String,
    /// The path of the match: `/`, `/1.json`, or with a slash at the end for a folder, `/site/`.
    pub path: String,
    /// The files of the match, with their paths in the repo.
    pub files: Vec<(String, ContentRef)>,
    /// Whether the program sees empty files.
    pub empty_files: bool,
}

/// Returns the datums of an input in Pachyderm's order. `tree` returns the files of a repo's branch.
pub fn datums(input: &Input, salt: &str, tree: &dyn Fn(&str, &str) -> Arc<Tree>) -> Vec<Datum> {
    combinations(input, tree).into_iter().map(|inputs| datum(inputs, salt)).collect()
}

fn datum(inputs: Vec<DatumInput>, salt: &str) -> Datum {
    let id = id(&inputs);
    let mut hash = PachHash::new_with_prefix(&id);
    inputs.iter().for_each(|input| hash.update(content_hash(&input.path, &input.files)));
    hash.update(salt);
    Datum { hash: hex(hash), id, inputs }
}

/// Hashes each field, followed by its length as eight bytes, the highest first.
fn id(inputs: &[DatumInput]) -> String {
    let mut hash = PachHash::new();
    for field in inputs.iter().flat_map(|input| [&input.name, &input.repo, &input.branch, &input.path]) {
        hash.update(field);
        hash.update((field.len() as u64).to_be_bytes());
    }
    hex(hash)
}

fn hex(hash: PachHash) -> String {
    Hash(hash.finalize().into()).to_string()
}

/// Returns the digest of a file's content, or for a folder the hash of its entries' hashes. `files` are the files below `path`, in order.
fn content_hash(path: &str, files: &[(String, ContentRef)]) -> [u8; 32] {
    match files {
        [(file, content)] if file == path => content.sha256.0,
        _ => folder_hash(path, files),
    }
}

fn folder_hash(folder: &str, files: &[(String, ContentRef)]) -> [u8; 32] {
    let mut hash = PachHash::new();
    let child_of = |path: &str| path[folder.len()..].find('/').map_or(path.len(), |slash| folder.len() + slash + 1);
    for children in files.chunk_by(|(a, _), (b, _)| a[..child_of(a)] == b[..child_of(b)]) {
        if let Some((first, _)) = children.first() {
            hash.update(content_hash(&first[..child_of(first)], children));
        }
    }
    hash.finalize().into()
}

/// Returns every combination of one match of each input.
fn combinations(input: &Input, tree: &dyn Fn(&str, &str) -> Arc<Tree>) -> Vec<Vec<DatumInput>> {
    match input {
        Input::Pfs(pfs) => matches(pfs, &tree(&pfs.repo, &pfs.branch)).into_iter().map(|input| vec![input]).collect(),
        Input::Cross(inputs) => inputs.iter().map(|input| combinations(input, tree)).fold(vec![Vec::new()], product),
    }
}

fn product(lefts: Vec<Vec<DatumInput>>, rights: Vec<Vec<DatumInput>>) -> Vec<Vec<DatumInput>> {
    lefts.iter().flat_map(|left| rights.iter().map(move |right| [left.as_slice(), right].concat())).collect()
}

/// Returns the matches of a glob in a tree, sorted by path.
fn matches(pfs: &Pfs, tree: &Tree) -> Vec<DatumInput> {
    paths(tree).into_iter().filter(|path| pfs.glob.matches(path)).map(|path| datum_input(pfs, tree, path)).collect()
}

fn datum_input(pfs: &Pfs, tree: &Tree, path: String) -> DatumInput {
    let below = tree.range(path.clone()..).take_while(|(file, _)| file.starts_with(&path));
    let files = match path.ends_with('/') {
        true => below.map(|(file, content)| (file.clone(), *content)).collect(),
        false => tree.get(&path).map(|content| (path.clone(), *content)).into_iter().collect(),
    };
    let Pfs { name, repo, branch, empty_files, .. } = pfs.clone();
    DatumInput { name, repo, branch, path, files, empty_files }
}

/// Returns the paths of all files, and of all folders with a slash at the end, sorted by their bytes. An empty commit has no paths, not
/// even `/`.
fn paths(tree: &Tree) -> Vec<String> {
    let folders = |file: &str| file.match_indices('/').map(|(slash, _)| file[..=slash].to_owned()).collect::<Vec<_>>();
    let mut paths: Vec<String> = tree.keys().flat_map(|file| folders(file).into_iter().chain([file.clone()])).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::glob::Glob;

    fn pfs(name: &str, glob: &str) -> Pfs {
        Pfs {
            name: name.to_owned(),
            repo: name.to_owned(),
            branch: "master".to_owned(),
            glob: Glob::parse(glob).unwrap(),
            empty_files: false,
            field: String::new(),
        }
    }

    fn input(name: &str, glob: &str) -> Input {
        Input::Pfs(pfs(name, glob))
    }

    fn content(byte: u8) -> ContentRef {
        ContentRef { sha256: Hash([byte; 32]), bytes: 1 }
    }

    fn tree(files: &[(&str, u8)]) -> Tree {
        files.iter().map(|(path, byte)| ((*path).to_owned(), content(*byte))).collect()
    }

    fn paths_of(glob: &str, tree: &Tree) -> Vec<String> {
        matches(&pfs("in", glob), tree).into_iter().map(|input| input.path).collect()
    }

    /// Returns the paths of each datum's inputs.
    fn shown(datums: &[Datum]) -> Vec<String> {
        datums.iter().map(|datum| datum.inputs.iter().map(|input| input.path.as_str()).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn a_glob_matches_files_and_folders_sorted_by_path() {
        let tree = tree(&[("/a.json", 1), ("/a/1", 2), ("/a/b/2", 3), ("/c", 4)]);
        assert_eq!(paths_of("/", &tree), ["/"]);
        assert_eq!(paths_of("/*", &tree), ["/a.json", "/a/", "/c"]);
        assert_eq!(paths_of("/*/*", &tree), ["/a/1", "/a/b/"]);
        assert_eq!(paths_of("/**", &tree), ["/a.json", "/a/", "/a/1", "/a/b/", "/a/b/2", "/c"]);
        assert_eq!(paths_of("/none", &tree), [] as [&str; 0]);
        assert_eq!(paths_of("/", &Tree::new()), [] as [&str; 0]);
    }

    #[test]
    fn an_input_holds_the_files_below_its_path_only() {
        let tree = tree(&[("/a", 0), ("/b.json", 1), ("/b/1", 2), ("/b/c/2", 3), ("/bb/3", 4)]);
        let files = |glob| matches(&pfs("in", glob), &tree).into_iter().map(|input| input.files).collect::<Vec<_>>();
        assert_eq!(files("/b"), [vec![("/b/1".to_owned(), content(2)), ("/b/c/2".to_owned(), content(3))]]);
        assert_eq!(files("/b.json"), [vec![("/b.json".to_owned(), content(1))]]);
        assert_eq!(files("/")[0].len(), 5);
    }

    #[test]
    fn a_cross_has_every_combination_and_the_last_input_changes_fastest() {
        let cross = Input::Cross(vec![input("a", "/*"), input("b", "/*")]);
        let trees = |repo: &str, _: &str| Arc::new(if repo == "a" { tree(&[("/1", 1), ("/2", 2)]) } else { tree(&[("/x", 3), ("/y", 4)]) });
        assert_eq!(shown(&datums(&cross, "", &trees)), ["/1 /x", "/1 /y", "/2 /x", "/2 /y"]);
        let nested = Input::Cross(vec![input("b", "/x"), cross]);
        assert_eq!(shown(&datums(&nested, "", &trees)).len(), 4);
        let nothing = |repo: &str, _: &str| Arc::new(if repo == "a" { tree(&[("/1", 1)]) } else { Tree::new() });
        assert_eq!(datums(&Input::Cross(vec![input("a", "/*"), input("b", "/")]), "", &nothing), []);
    }

    // python3: h = hashlib.blake2b(digest_size=32); for f in ["attributes", "attributes", "master", "/1.json", "qcontrol", "qcontrol",
    // "master", "/model.json"]: h.update(f.encode() + len(f).to_bytes(8, "big")); the hash is that of the digits, the contents and the salt
    #[test]
    fn ids_and_hashes_are_those_of_pachyderm() {
        let cross = Input::Cross(vec![input("attributes", "/*"), input("qcontrol", "/model.json")]);
        let trees =
            |repo: &str, _: &str| Arc::new(if repo == "attributes" { tree(&[("/1.json", 7)]) } else { tree(&[("/model.json", 8)]) });
        let datums = datums(&cross, "salt", &trees);
        assert_eq!(datums[0].id, "24775b3a6c9d0db1ee099f56e71cf518c015fee17fb4b1cc820f6ac730b39e73");
        assert_eq!(datums[0].hash, "d49fc2755eb71423dadb9fe9ada61c3721ecb6066a8b80512e1f8fd3db4fd5d8");
    }

    // python3: H = lambda *b: hashlib.blake2b(b"".join(b), digest_size=32).digest(); leaf = lambda n: bytes([n]) * 32;
    // H(leaf(1), H(leaf(2), H(leaf(3))), leaf(4)).hex()
    #[test]
    fn the_hash_of_a_folder_depends_on_the_contents_of_its_files_only() {
        let files = |names: [&str; 4]| names.into_iter().zip(1..).map(|(name, n)| (name.to_owned(), content(n))).collect::<Vec<_>>();
        let one = folder_hash("/", &files(["/a.json", "/a/1", "/a/b/2", "/c"]));
        assert_eq!(Hash(one).to_string(), "9b8e84eee60a0bdbda0188bb4e04d52540985160417b52096cd900a9e2d36d3c");
        assert_eq!(one, folder_hash("/", &files(["/0.json", "/x/0", "/x/y/0", "/z"])));
        assert_ne!(one, folder_hash("/", &files(["/a.json", "/a/1", "/a/2", "/c"])));
    }

    #[test]
    fn ids_depend_on_names_and_branches_and_hashes_on_the_salt_too() {
        let files = |_: &str, _: &str| Arc::new(tree(&[("/1", 1)]));
        let of = |change: &dyn Fn(&mut Pfs), salt| {
            let mut pfs = pfs("in", "/*");
            change(&mut pfs);
            let datum = datums(&Input::Pfs(pfs), salt, &files).remove(0);
            (datum.id, datum.hash)
        };
        let plain = of(&|_| {}, "");
        assert_ne!(of(&|pfs| pfs.name = "other".into(), "").0, plain.0);
        assert_ne!(of(&|pfs| pfs.repo = "other".into(), "").0, plain.0);
        assert_ne!(of(&|pfs| pfs.branch = "other".into(), "").0, plain.0);
        assert_eq!(of(&|_| {}, "salt").0, plain.0);
        assert_ne!(of(&|_| {}, "salt").1, plain.1);
        assert_eq!(of(&|pfs| pfs.empty_files = true, ""), plain);
    }

    fn trees() -> impl Strategy<Value = Tree> {
        let path = prop::collection::vec("[ab.]{1,2}", 1..3).prop_map(|parts| format!("/{}", parts.join("/")));
        let usable = |tree: &Tree| tree.keys().all(|file| !tree.keys().any(|other| other.starts_with(&format!("{file}/"))));
        prop::collection::btree_map(path, any::<u8>().prop_map(content), 1..8).prop_filter("a file that is a folder", usable)
    }

    fn cross() -> Input {
        Input::Cross(vec![input("left", "/*"), Input::Cross(vec![input("middle", "/**"), input("right", "/")])])
    }

    proptest! {
        #[test]
        fn a_changed_file_changes_exactly_the_datums_that_contain_it(
            left in trees(), middle in trees(), right in trees(), repo in 0..3usize, file in any::<prop::sample::Index>(),
        ) {
            let before = [left, middle, right].map(Arc::new);
            let mut after = before.clone();
            let path = file.get(&before[repo].keys().collect::<Vec<_>>()).to_string();
            if let Some(content) = Arc::make_mut(&mut after[repo]).get_mut(&path) {
                content.sha256.0[5] ^= 1;
            }
            let names = ["left", "middle", "right"];
            let index = |repo: &str| names.iter().position(|name| *name == repo).unwrap();
            let old = datums(&cross(), "", &|repo, _| before[index(repo)].clone());
            let new = datums(&cross(), "", &|repo, _| after[index(repo)].clone());
            prop_assert_eq!(old.len(), new.len());
            for (old, new) in old.iter().zip(&new) {
                let holds = old.inputs.iter().any(|input| input.repo == names[repo] && input.files.iter().any(|(file, _)| *file == path));
                prop_assert_eq!(&old.id, &new.id);
                prop_assert_eq!(old.hash != new.hash, holds, "{:?}", old);
            }
        }

        #[test]
        fn datums_of_a_job_have_different_ids(left in trees(), middle in trees(), right in trees()) {
            let trees = [left, middle, right].map(Arc::new);
            let datums = datums(&cross(), "", &|repo, _| trees[match repo { "left" => 0, "middle" => 1, _ => 2 }].clone());
            let ids: std::collections::BTreeSet<_> = datums.iter().map(|datum| &datum.id).collect();
            prop_assert_eq!(ids.len(), datums.len());
        }
    }
}
