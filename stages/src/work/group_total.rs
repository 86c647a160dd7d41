//! Adds up the statistics of groups of rows, file after file.
//!
//! *Invariants*: all files have the same columns, even those that share no group. All groups have them in the order of the first file. The groups
//! come out in the order of levels.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Result;
use crate::ports::engine::Engine;
use crate::text::json;
use crate::work::finish::{GroupStatistics, groups_of};

/// The statistics of each group in the files so far.
pub(crate) struct GroupTotal<'a> {
    engine: &'a dyn Engine,
    groups: BTreeMap<String, String>,
}

impl<'a> GroupTotal<'a> {
    /// A total of no files.
    pub(crate) fn new(engine: &'a dyn Engine) -> Self {
        Self { engine, groups: BTreeMap::new() }
    }

    /// Adds the groups of a file, as [`end`](crate::work::finish::end) returns them. An error is that file's.
    pub(crate) fn add(&mut self, sum: &[u8]) -> Result<()> {
        let more = groups_of(sum)?;
        let mut other_order = None;
        if let (Some(before), Some(first)) = (self.groups.values().next(), more.first()) {
            // groups that only one file has would not show that its columns differ
            self.merged(before, &first.statistics)?;
            other_order = (columns(before)? != columns(&first.statistics)?).then(|| before.clone());
        }
        for GroupStatistics { group, statistics } in more {
            let sum = match (self.groups.get(&group), &other_order) {
                (Some(before), _) => self.merged(before, &statistics)?,
                // a sum has the order of what is added to
                (None, Some(before)) => self.engine.subtract(&self.merged(before, &statistics)?, before)?,
                (None, None) => statistics,
            };
            self.groups.insert(group, sum);
        }
        Ok(())
    }

    /// Returns the statistics of all groups in order.
    pub(crate) fn finish(mut self) -> Result<Vec<GroupStatistics>> {
        let names: Vec<String> = self.groups.keys().cloned().collect();
        let ordered = self.engine.order_levels(&names)?;
        let take = |group: String| self.groups.remove(&group).map(|statistics| GroupStatistics { group, statistics });
        Ok(ordered.into_iter().filter_map(take).collect())
    }

    fn merged(&self, one: &str, other: &str) -> Result<String> {
        let mut merger = self.engine.merger()?;
        merger.add(one)?;
        merger.add(other)?;
        merger.finish()
    }
}

/// Returns the columns and categories of statistics, in their order.
fn columns(statistics: &str) -> Result<[Value; 2]> {
    let mut document = json::parse_ours(statistics)?;
    let categories = document["categories"].as_array().into_iter().flatten().map(|category| category["column"].clone()).collect();
    Ok([document["columns"].take(), categories])
}
