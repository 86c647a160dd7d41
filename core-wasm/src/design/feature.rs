//! A plan's features to their numerical parts and their categories.

use super::category::DesignCategory;
use crate::error::{Code, Error, Result, list, shorten};
use crate::ordered::IntoOrdered;
use crate::plan::{Plan, mean_alone, numeric_part};
use crate::schema::Kind;
use crate::statistics::{Statistics, combined_sets, unions};
use crate::terms::{Term, TermCombination, Variable};
use std::collections::BTreeSet;
use std::ops::Range;

/// A feature of a design.
#[derive(Clone, Debug)]
pub struct Feature {
    /// The feature as the plan names it.
    pub term: Term,
    /// The product of its columns of numbers; [`Term::ONE`] without such columns.
    pub numeric: Term,
    /// The numerical part as summed terms: the part itself or, with splines, one term for each combination of basis functions.
    pub(super) bases: Vec<(Term, TermCombination)>,
    /// The indexes of its categories among those of the design.
    pub categories: Vec<usize>,
    /// The indexes of its columns, not counting the intercept.
    pub columns: Range<usize>,
}

/// Returns the features of a plan (else the schema's columns, else all columns and then all categories; never the target), and their
/// categories.
pub(super) fn features(statistics: &Statistics, plan: &Plan, target: &str) -> Result<(Vec<Feature>, Vec<DesignCategory>)> {
    plan.check_knots_are_chosen()?;
    let terms = match plan.feature_terms()? {
        Some(terms) => terms,
        None => all_features(statistics, plan, target)?,
    };
    check_target(statistics, target)?;
    check_references(statistics, plan)?;
    let mut categories: Vec<DesignCategory> = Vec::new();
    let mut features = Vec::with_capacity(terms.len());
    for term in terms {
        term.columns().try_for_each(|column| check_kind(statistics, plan, column))?;
        let numeric = numeric_part(&term, |column| statistics.levels.category(column).is_some())?.unwrap_or(Term::ONE);
        let bases = numeric.basis_terms().into_iter().map(|term| (term.clone(), term.combination())).collect();
        let mut feature = Feature { term: term.clone(), numeric, bases, categories: Vec::new(), columns: 0..0 };
        for column in term.columns() {
            let Some(at) = statistics.levels.category(column) else { continue };
            let known = categories.iter().position(|category| category.column == column);
            if known.is_none() {
                categories.push(DesignCategory::new(statistics, plan, at)?);
            }
            feature.categories.push(known.unwrap_or(categories.len() - 1));
        }
        features.push(feature);
    }
    check_combinations(statistics, &features, &categories)?;
    Ok((features, categories))
}

fn all_features(statistics: &Statistics, plan: &Plan, target: &str) -> Result<Vec<Term>> {
    let columns = statistics.columns.iter().map(|column| column.name.as_str());
    let categories = statistics.levels.categories.iter().map(|category| category.column.as_str());
    let weights = statistics.weights.as_ref().map(|weights| weights.column.as_str()).or(plan.weight_column());
    let is_feature = |name: &&str| *name != target && Some(*name) != weights && plan.by.as_deref() != Some(*name);
    let names: Vec<&str> = match &plan.schema {
        Some(schema) => schema.order().filter(is_feature).collect(),
        None => columns.chain(categories).filter(is_feature).collect(),
    };
    if names.is_empty() {
        return Err(Error::new(Code::NoColumns, "there is no other column to predict it from", mean_alone(target)).in_column(target));
    }
    Ok(names.into_iter().map(Term::column).collect())
}

fn check_target(statistics: &Statistics, target: &str) -> Result<()> {
    if statistics.levels.category(target).is_none() {
        return Ok(());
    }
    let sentence = format!("the target `{target}` is a category");
    Err(Error::new(Code::Target, sentence, "name a column of numbers to predict").in_column(target))
}

/// Refuses a reference of a column that is not a category.
fn check_references(statistics: &Statistics, plan: &Plan) -> Result<()> {
    let Some(column) = plan.reference.keys().find(|column| statistics.levels.category(column).is_none()) else { return Ok(()) };
    let names: Vec<&str> = statistics.levels.categories.iter().map(|category| category.column.as_str()).collect();
    let found = if names.is_empty() { "none".to_owned() } else { list(names) };
    let sentence = format!("a reference level is given for `{}`; the categories of the statistics are {found}", shorten(column));
    Err(Error::new(Code::Reference, sentence, "name a category, or summarise the column as one").in_column(column))
}

/// Refuses a column that the schema calls a category and the statistics hold as numbers, or the other way round.
fn check_kind(statistics: &Statistics, plan: &Plan, column: &str) -> Result<()> {
    if plan.categories.iter().any(|name| name == column) && statistics.column_index(column).is_some() {
        let sentence = "it is named as a category, and the statistics have a column of numbers";
        let help = format!("summarise the data again with --categories {column}");
        return Err(Error::new(Code::StatisticsDiffer, sentence, help).in_column(column));
    }
    let fields = plan.schema.iter().flat_map(|schema| &schema.columns);
    let Some(kind) = fields.filter(|field| field.name == column).find_map(|field| field.kind) else { return Ok(()) };
    let is_category = statistics.levels.category(column).is_some();
    let is_number = statistics.column_index(column).is_some();
    let (found, expected) = match kind {
        Kind::Category if is_number && !is_category => ("a column of numbers", "a category"),
        Kind::Number if is_category => ("a category", "a column of numbers"),
        _ => return Ok(()),
    };
    let sentence = format!("the schema calls it {expected}, and the statistics have {found}");
    let mut error = Error::new(Code::StatisticsDiffer, sentence, "summarise the data again with this schema").in_column(column);
    (error.found, error.expected) = (Some(found.to_owned()), Some(expected.to_owned()));
    Err(error)
}

/// Returns the sets of categories whose combinations of levels features have together.
pub(super) fn combined(features: &[Feature]) -> Vec<Vec<usize>> {
    let sets: Vec<BTreeSet<usize>> = features.iter().map(|feature| feature.categories.iter().copied().into_set()).collect();
    combined_sets(unions(&sets))
}

/// Refuses features of three categories or more together if the statistics do not have the sums of their combinations.
fn check_combinations(statistics: &Statistics, features: &[Feature], categories: &[DesignCategory]) -> Result<()> {
    for set in combined(features) {
        let places = set.iter().map(|&at| categories[at].at).into_set();
        if statistics.levels.combined().any(|own| places.iter().all(|place| own.contains(place))) {
            continue;
        }
        let columns: Vec<&str> = set.iter().map(|&at| categories[at].column.as_str()).collect();
        let sentence =
            format!("the features have {} together, and the statistics have no sums of their combinations of levels", list(&columns));
        let product = columns.join("*");
        let help = format!("summarise the data again with the same --features, or with --terms \"{product}\"");
        return Err(Error::new(Code::MissingTerm, sentence, help).in_column(&product));
    }
    Ok(())
}

/// Returns the numerical parts of the features, the target, then the columns that only products use.
pub(super) fn used_terms(features: &[Feature], target: &Term) -> Vec<Term> {
    let mut used: Vec<Term> = Vec::new();
    let combinations = features.iter().flat_map(|feature| &feature.bases).map(|(_, combination)| combination);
    let parts = combinations.flat_map(|combination| &combination.parts).map(|(_, part)| part).filter(|part| **part != Term::ONE);
    let columns = features.iter().flat_map(|feature| feature.numeric.columns()).map(Term::column);
    for term in parts.chain([target]).cloned().chain(columns) {
        if !used.contains(&term) {
            used.push(term);
        }
    }
    used
}

/// Returns the place of a term among (1, terms).
///
/// Errors: `missing-term`.
pub(super) fn place(statistics: &Statistics, term: &Term) -> Result<usize> {
    if *term == Term::ONE {
        return Ok(0);
    }
    statistics.position(term).ok_or_else(|| missing(statistics, term, &term.to_string()))
}

/// Refuses a feature whose terms the statistics do not have.
///
/// Errors: `missing-term`, with the feature as the plan spells it: nobody names the cubes that a spline consists of.
pub(super) fn check_summed(statistics: &Statistics, plan: &Plan, feature: &Feature) -> Result<()> {
    let mut parts = feature.bases.iter().flat_map(|(_, combination)| &combination.parts).map(|(_, part)| part);
    let Some(part) = parts.find(|part| place(statistics, part).is_err()) else { return Ok(()) };
    let is_feature = |text: &&String| Term::parse(text).is_ok_and(|term| term == feature.term);
    let spelling = plan.features.iter().flatten().find(is_feature).cloned();
    Err(missing(statistics, part, &spelling.unwrap_or_else(|| feature.term.to_string())))
}

/// Returns the error of a term that the statistics do not have, which a feature of that name uses.
fn missing(statistics: &Statistics, term: &Term, feature: &str) -> Error {
    let what = if term.as_column().is_some() { "column" } else { "term" };
    let categories = statistics.levels.categories.iter().map(|category| category.column.clone());
    let known = list(statistics.terms.iter().map(Term::to_string).chain(categories));
    let sentence = format!("the statistics have no such {what}; they have {known}");
    let (name, help) = match term.as_column() {
        Some(column) => (column, "correct the name, or summarise that column too".to_owned()),
        None if feature.contains(['(', ' ']) => (feature, format!("summarise with --terms \"{feature}\"")),
        None => (feature, format!("summarise with --terms {feature}")),
    };
    let mut error = Error::new(Code::MissingTerm, sentence, help).in_column(name);
    error.expected = Some(name.to_owned());
    error
}

/// Refuses used columns in other units than the schema's.
///
/// Errors: `units-differ`.
pub(super) fn check_units(statistics: &Statistics, plan: &Plan, used: &[Term]) -> Result<()> {
    if plan.schema.is_none() {
        return Ok(());
    }
    let columns = statistics.columns.iter().filter(|column| used.contains(&Term::column(&column.name)));
    for column in columns {
        let expected = plan.unit(&column.name);
        if expected != column.unit {
            let in_words = |unit: &Option<String>| unit.as_ref().map_or_else(|| "no unit".to_owned(), |unit| format!("`{unit}`"));
            let sentence = format!("the statistics are in {}, the schema says {}", in_words(&column.unit), in_words(&expected));
            let mut error = Error::new(
                Code::UnitsDiffer,
                sentence,
                "summarise with the same schema, after converting the data if they are in another unit",
            );
            (error.found, error.expected) = (column.unit.clone(), expected);
            return Err(error.in_column(&column.name));
        }
    }
    Ok(())
}

/// Returns the indicator of a level.
pub(super) fn indicator(category: &DesignCategory, level: usize) -> Variable {
    Variable::Level { column: category.column.clone(), level: category.levels[level].level.clone() }
}
