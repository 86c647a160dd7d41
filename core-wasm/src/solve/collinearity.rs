//! Columns that depend on others to the errors that name them and their relation.

use super::elimination::Pivot;
use super::ratio::Ratio;
use super::relations::Relation;
use super::{INTERCEPT, Problem};
use crate::error::{Code, Error, Result, list};

/// Refuses a design matrix whose columns are not independent; the target may depend on them.
///
/// `of` gives a dependent column as a combination of the independent ones before it.
pub(super) fn check(pivots: &[Pivot], of: impl Fn(usize) -> Relation, problem: &Problem, scales: &[u32]) -> Result<()> {
    let dependent: Vec<usize> = (0..problem.design.len()).filter(|&k| pivots[k] == Pivot::Zero).collect();
    let Some(&first) = dependent.first() else { return Ok(()) };
    let name = |k: usize| problem.design[k].1.as_str();
    let in_units = |k: usize| in_units(of(k), k, scales);
    let relation = in_units(first);
    let is_constant = relation.iter().all(|(k, _)| name(*k) == INTERCEPT);
    if is_constant {
        let value = relation.first().map_or_else(|| "0".to_owned(), |(_, ratio)| signed(ratio));
        let sentence = format!("the feature has the same value, {value}, in every row");
        return Err(Error::new(Code::ConstantColumn, sentence, "leave it out of the features").in_column(name(first)));
    }
    let relations: Vec<String> = dependent.iter().take(3).map(|&k| format!("{} = {}", name(k), sum(&in_units(k), problem))).collect();
    let sentence = format!("the features {} are exactly collinear: {}", list(involved(&relation, first, problem)), relations.join("; "));
    let remedy = format!("leave out {}", list(dependent.iter().map(|&k| name(k))));
    let mut error = Error::new(Code::Collinear, sentence, remedy).in_column(name(first));
    error.found = relations.first().cloned();
    Err(error)
}

/// The relation of column `k` in the data's units.
fn in_units(relation: Relation, k: usize, scales: &[u32]) -> Relation {
    relation.into_iter().map(|(j, ratio)| (j, ratio.times_ten_to(i64::from(scales[j]) - i64::from(scales[k])))).collect()
}

fn involved<'a>(relation: &[(usize, Ratio)], k: usize, problem: &'a Problem) -> Vec<&'a str> {
    let others = relation.iter().map(|(j, _)| problem.design[*j].1.as_str()).filter(|name| *name != INTERCEPT);
    others.chain([problem.design[k].1.as_str()]).collect()
}

/// "2*ldl - hdl + 3": the intercept's part stands last.
fn sum(relation: &[(usize, Ratio)], problem: &Problem) -> String {
    let (constants, terms): (Vec<_>, Vec<_>) = relation.iter().partition(|(k, _)| problem.design[*k].1 == INTERCEPT);
    let mut text = String::new();
    for (k, ratio) in terms.into_iter().chain(constants) {
        let magnitude = ratio.magnitude_text();
        let name = problem.design[*k].1.as_str();
        let piece = match name {
            INTERCEPT => magnitude,
            _ if ratio.is_unit() => name.to_owned(),
            _ => format!("{magnitude}*{name}"),
        };
        match (text.is_empty(), ratio.is_negative()) {
            (true, false) => {}
            (true, true) => text.push('-'),
            (false, false) => text.push_str(" + "),
            (false, true) => text.push_str(" - "),
        }
        text.push_str(&piece);
    }
    text
}

fn signed(ratio: &Ratio) -> String {
    format!("{}{}", if ratio.is_negative() { "-" } else { "" }, ratio.magnitude_text())
}
