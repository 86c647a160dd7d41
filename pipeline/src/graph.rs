//! Orders pipelines, so that each runs after those whose output it reads.

use std::collections::{BTreeMap, BTreeSet};

use crate::spec::{Problem, Spec};

/// Pipelines in the order in which they run.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The pipelines. Each comes after those whose output it reads. Where that leaves a choice, they are sorted by name.
    pub pipelines: Vec<Spec>,
    /// The repos that no pipeline writes, sorted by name.
    pub source_repos: Vec<String>,
}

/// Orders specs. Two specs with one name and cycles are problems.
pub fn order(specs: Vec<Spec>) -> Result<Graph, Vec<Problem>> {
    let duplicates = duplicate_names(&specs);
    if !duplicates.is_empty() {
        return Err(duplicates);
    }
    let mut waiting: BTreeMap<String, Spec> = specs.into_iter().map(|spec| (spec.name.clone(), spec)).collect();
    let source_repos: BTreeSet<String> =
        waiting.values().flat_map(repos).filter(|repo| !waiting.contains_key(*repo)).map(str::to_owned).collect();
    let mut pipelines = Vec::new();
    while let Some(name) = waiting.values().find(|spec| repos(spec).all(|repo| !waiting.contains_key(repo))).map(|spec| spec.name.clone()) {
        pipelines.extend(waiting.remove(&name));
    }
    match cycle(&waiting) {
        Some(problem) => Err(vec![problem]),
        None => Ok(Graph { pipelines, source_repos: source_repos.into_iter().collect() }),
    }
}

fn repos(spec: &Spec) -> impl Iterator<Item = &str> {
    spec.input.pfs().into_iter().map(|pfs| pfs.repo.as_str())
}

fn duplicate_names(specs: &[Spec]) -> Vec<Problem> {
    let mut first: BTreeMap<&str, &Spec> = BTreeMap::new();
    let mut problems = Vec::new();
    for spec in specs {
        if let Some(other) = first.insert(&spec.name, spec) {
            let found = format!("`{}` a second time (the first is in {})", spec.name, samefit_text::path(&other.file));
            problems.push(problem(spec, "pipeline.name", found, "a name that no other pipeline has", "rename one, or leave its file out"));
        }
    }
    problems
}

/// Returns a problem that shows a cycle among pipelines that wait for each other, or nothing if none waits.
fn cycle(waiting: &BTreeMap<String, Spec>) -> Option<Problem> {
    let mut path: Vec<&Spec> = vec![waiting.values().next()?];
    // every waiting pipeline reads the output of another waiting one, so following the inputs leads back to one that was visited
    while let Some(next) = path.last().and_then(|spec| repos(spec).find_map(|repo| waiting.get(repo))) {
        let begin = path.iter().position(|spec| spec.name == next.name);
        path.push(next);
        if let Some(begin) = begin {
            let names: Vec<&str> = path[begin..].iter().map(|spec| spec.name.as_str()).collect();
            let found = format!("a cycle: {}", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" reads "));
            return Some(problem(next, "input", found, "pipelines that wait for no output of their own", "remove one of these inputs"));
        }
    }
    None
}

fn problem(spec: &Spec, field: &str, found: String, expected: &str, help: &str) -> Problem {
    let [expected, help, field] = [expected, help, field].map(str::to_owned);
    Problem { file: spec.file.clone(), pipeline: Some(spec.name.clone()), field, found, expected, help }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::spec;

    /// Creates specs from names and the repos that each reads.
    fn specs(pipelines: &[(&str, &[&str])]) -> Vec<Spec> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("all.json");
        let input = |repo: &&str| format!(r#"{{"pfs": {{"repo": "{repo}", "glob": "/"}}}}"#);
        let document = |(name, repos): &(&str, &[&str])| {
            let inputs = repos.iter().map(input).collect::<Vec<_>>().join(", ");
            format!(r#"{{"pipeline": {{"name": "{name}"}}, "transform": {{"cmd": ["true"]}}, "input": {{"cross": [{inputs}]}}}}"#)
        };
        fs::write(&file, pipelines.iter().map(document).collect::<String>()).unwrap();
        let mut specs = spec::read(&[file]).unwrap();
        specs.iter_mut().for_each(|spec| spec.file = "all.json".into());
        specs
    }

    fn names(graph: &Graph) -> Vec<&str> {
        graph.pipelines.iter().map(|spec| spec.name.as_str()).collect()
    }

    #[test]
    fn a_pipeline_comes_after_what_it_reads() {
        let graph = order(specs(&[
            ("infer", &["attributes", "qcontrol"]),
            ("model", &["training_data"]),
            ("qcontrol", &["model", "qc_pre_process"]),
            ("qc_pre_process", &["qc_data"]),
        ]))
        .unwrap();
        assert_eq!(names(&graph), ["model", "qc_pre_process", "qcontrol", "infer"]);
        assert_eq!(graph.source_repos, ["attributes", "qc_data", "training_data"]);
        assert_eq!(names(&order(Vec::new()).unwrap()), [] as [&str; 0]);
    }

    #[test]
    fn the_order_of_the_specs_changes_nothing() {
        let forth = order(specs(&[("a", &["x"]), ("b", &["x"]), ("c", &["a", "b"])])).unwrap();
        let back = order(specs(&[("c", &["a", "b"]), ("b", &["x"]), ("a", &["x"])])).unwrap();
        assert_eq!((names(&forth), forth.source_repos.clone()), (names(&back), back.source_repos.clone()));
    }

    #[test]
    fn a_cycle_is_a_problem_that_shows_it() {
        let problems = order(specs(&[("end", &["a"]), ("a", &["x", "c"]), ("b", &["a"]), ("c", &["b"])])).unwrap_err();
        assert_eq!(
            problems[0].to_string(),
            "all.json: pipeline `a`, field `input`: found a cycle: `a` reads `c` reads `b` reads `a`, expected pipelines that wait for no output of their own\nhelp: remove one of these inputs"
        );
        let own = order(specs(&[("a", &["a"])])).unwrap_err();
        assert!(own[0].found == "a cycle: `a` reads `a`", "{}", own[0]);
    }

    #[test]
    fn two_pipelines_of_one_name_are_a_problem() {
        let problems = order(specs(&[("a", &["x"]), ("b", &["x"]), ("a", &["y"])])).unwrap_err();
        assert_eq!(
            problems.iter().map(Problem::to_string).collect::<Vec<_>>(),
            [
                "all.json: pipeline `a`, field `pipeline.name`: found `a` a second time (the first is in all.json), expected a name that no other pipeline has\nhelp: rename one, or leave its file out"
            ]
        );
    }
}
