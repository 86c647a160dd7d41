//! Dependent columns of a design to the error that names them and their relation.

use super::normal_equations::{INTERCEPT, NormalEquations};
use super::relations::Relation;
use crate::error::{Code, Error, Result, list};
use crate::ratio::Ratio;

/// A column of a design that is a linear combination of independent columns before it.
#[derive(Clone, Debug)]
pub struct Dependence {
    /// The index of the column.
    pub column: usize,
    /// The combination, in the units of the data.
    relation: Relation,
}

impl Dependence {
    /// Describes a dependent column by its relation in the units of the Gram matrix with these `scales`.
    pub(super) fn new(column: usize, relation: Relation, scales: &[u32], equations: &NormalEquations) -> Self {
        let relation = in_units(relation, column, scales).into_iter().map(|(j, factor)| {
            let units = equations.multiplier(j).zip(equations.multiplier(column)).map(|(own, of_column)| own.times(&of_column.inverted()));
            (j, units.map_or_else(|| factor.clone(), |units| factor.times(&units)))
        });
        Self { column, relation: relation.collect() }
    }

    /// Returns the relation as text, such as `age = 2*bmi + 3`.
    pub fn text(&self, equations: &NormalEquations) -> String {
        let sum = if self.relation.is_empty() { "0".to_owned() } else { sum(&self.relation, equations) };
        format!("{} = {sum}", equations.design[self.column].1)
    }
}

/// Refuses a design whose columns are not independent. The target may depend on them.
///
/// Errors: `constant-column`, `collinear`.
pub(super) fn refuse_dependences(dependences: &[Dependence], equations: &NormalEquations) -> Result<()> {
    dependences.first().map_or(Ok(()), |first| Err(collinear(first, dependences, equations)))
}

/// Returns the error of a design with dependences, the first of which is given apart.
fn collinear(first: &Dependence, dependences: &[Dependence], equations: &NormalEquations) -> Error {
    let name = |k: usize| equations.design[k].1.as_str();
    let (first, of_first) = (first.column, &first.relation);
    let is_constant = of_first.iter().all(|(k, _)| name(*k) == INTERCEPT);
    if is_constant {
        let value = of_first.first().map_or_else(|| "0".to_owned(), |(_, ratio)| signed(ratio));
        let sentence = format!("the feature has the same value, {value}, in every row");
        return Error::new(Code::ConstantColumn, sentence, "leave it out of the features").in_column(name(first));
    }
    let relations: Vec<String> = dependences.iter().take(3).map(|dependence| dependence.text(equations)).collect();
    let sentence = format!("the features {} are exactly collinear: {}", list(involved(of_first, first, equations)), relations.join("; "));
    let remedy = format!("leave out {}", list(dependences.iter().map(|dependence| name(dependence.column))));
    let mut error = Error::new(Code::Collinear, sentence, remedy).in_column(name(first));
    error.found = relations.first().cloned();
    error
}

/// Returns the relation of column `k` in the units of the data.
pub(super) fn in_units(relation: Relation, k: usize, scales: &[u32]) -> Relation {
    relation.into_iter().map(|(j, ratio)| (j, ratio.times_ten_to(i64::from(scales[j]) - i64::from(scales[k])))).collect()
}

/// Returns the names of column `k` and of those in its relation, but for the intercept.
fn involved<'a>(relation: &[(usize, Ratio)], k: usize, equations: &'a NormalEquations) -> Vec<&'a str> {
    let others = relation.iter().map(|(j, _)| equations.design[*j].1.as_str()).filter(|name| *name != INTERCEPT);
    others.chain([equations.design[k].1.as_str()]).collect()
}

/// Returns a relation as text, the intercept last: `2*ldl - hdl + 3`.
pub(super) fn sum(relation: &[(usize, Ratio)], equations: &NormalEquations) -> String {
    let (constants, terms): (Vec<_>, Vec<_>) = relation.iter().partition(|(k, _)| equations.design[*k].1 == INTERCEPT);
    let mut text = String::new();
    for (k, ratio) in terms.into_iter().chain(constants) {
        let magnitude = ratio.magnitude_text();
        let name = equations.design[*k].1.as_str();
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

/// Returns the text of a ratio with its sign.
fn signed(ratio: &Ratio) -> String {
    format!("{}{}", if ratio.is_negative() { "-" } else { "" }, ratio.magnitude_text())
}
