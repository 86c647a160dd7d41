//! Fits a model to statistics.

use crate::error::{Code, Error, Result, list};
use crate::fisher::upper_tail;
use crate::model::{CoefficientFactor, FORMAT, Fit, Leverage, Model, ModelCoefficient, ModelColumn, NearCollinearity};
use crate::plan::{NearCollinear, Plan};
use crate::ratio::Ratio;
use crate::release_policy::check_rows;
use crate::solve::{
    INTERCEPT, NearDependence, NormalEquations, Solution, centred_sum_of_squares, least_squares, near_dependences, plausible,
};
use crate::statistics::{Moments, Statistics, distribution_json};
use crate::student::two_sided_p;
use crate::terms::Term;
use serde_json::Value;

/// Fits the model of a plan to statistics. The solution is exact; each number of the model is rounded once.
///
/// ```
/// use samefit_core::{fit::fit, plan::Plan, statistics::Statistics, summarizer::Summarizer};
///
/// # fn main() -> samefit_core::error::Result<()> {
/// let mut summarizer = Summarizer::new(Plan::default())?;
/// summarizer.push(b"x,y\n1,1\n2,3\n3,5\n4,8\n")?;
/// let statistics = summarizer.finish()?;
///
/// let plan = Plan { target: Some("y".to_owned()), ..Plan::default() };
/// let model = fit(&statistics, &plan)?;
/// assert_eq!((model.intercept, model.coefficients[0].coefficient), (-1.5, 2.3));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `target`, `missing-term`, `units-differ`, `too-few-to-share`, those of [`least_squares`], and `near-collinear` if the plan refuses it.
pub fn fit(statistics: &Statistics, plan: &Plan) -> Result<Model> {
    plausible::check_counts(statistics)?;
    check_shared(statistics)?;
    let target = plan.needed_target()?;
    let target_term = Term::column(target);
    let features = features(statistics, plan, target)?;
    let used = used_terms(&features, &target_term);
    used.iter().try_for_each(|term| place(statistics, term).map(drop))?;
    check_units(statistics, plan, &used)?;
    let mut design: Vec<(usize, String)> = if plan.intercept { vec![(0, INTERCEPT.to_owned())] } else { Vec::new() };
    for term in &features {
        design.push((place(statistics, term)?, term.to_string()));
    }
    let equations =
        NormalEquations { moments: &statistics.moments, rows: statistics.rows, design, target: place(statistics, &target_term)? };
    let solution = least_squares(&equations)?;
    let near_collinear = near_collinear(&equations, &solution);
    let model = Model { near_collinear, ..describe(statistics, plan, &features, &used, solution)? };
    match model.notes().into_iter().next() {
        Some(note) if plan.near_collinear == NearCollinear::Error => Err(note),
        _ => Ok(model),
    }
}

/// Names the features that nearly depend on others.
fn near_collinear(equations: &NormalEquations, solution: &Solution) -> Vec<NearCollinearity> {
    let tolerances: Vec<Option<f64>> = solution.coefficients.iter().map(|c| c.tolerance).collect();
    let name = |column: usize| equations.design[column].1.clone();
    let entry = |near: NearDependence| NearCollinearity {
        column: name(near.column),
        others: near.others.into_iter().map(name).collect(),
        tolerance: near.tolerance,
        within: near.relation.as_ref().map(|relation| relation.within),
        relation: near.relation.map(|relation| relation.text),
    };
    near_dependences(equations, &tolerances).into_iter().map(entry).collect()
}

/// Refuses statistics that claim to be made for sharing and have too few rows.
pub(crate) fn check_shared(statistics: &Statistics) -> Result<()> {
    statistics.shared.as_ref().map_or(Ok(()), |_| check_rows(statistics.rows, statistics.terms.len()))
}

/// The plan's features, else the schema's columns, else all columns; never the target.
pub(crate) fn features(statistics: &Statistics, plan: &Plan, target: &str) -> Result<Vec<Term>> {
    if let Some(terms) = plan.feature_terms()? {
        return Ok(terms);
    }
    let names: Vec<&str> = match &plan.schema {
        Some(schema) => schema.order().filter(|name| *name != target).collect(),
        None => statistics.columns.iter().map(|column| column.name.as_str()).filter(|name| *name != target).collect(),
    };
    if names.is_empty() && !plan.intercept {
        return Err(Error::new(
            Code::NoColumns,
            "the model has no intercept, and the data have no column but the target",
            "give data with a feature",
        ));
    }
    Ok(names.into_iter().map(Term::column).collect())
}

/// The features, the target, then the columns that only products use.
pub(crate) fn used_terms(features: &[Term], target: &Term) -> Vec<Term> {
    let mut used: Vec<Term> = features.iter().chain([target]).cloned().collect();
    for name in features.iter().flat_map(Term::columns) {
        let column = Term::column(name);
        if !used.contains(&column) {
            used.push(column);
        }
    }
    used
}

pub(crate) fn place(statistics: &Statistics, term: &Term) -> Result<usize> {
    statistics.position(term).ok_or_else(|| {
        let what = if term.as_column().is_some() { "column" } else { "term" };
        let sentence = format!("the statistics have no such {what}; they have {}", list(statistics.terms.iter().map(Term::to_string)));
        let help = match term.as_column() {
            Some(_) => "correct the name, or summarise that column too".to_owned(),
            None => format!("summarise with --terms {term}"),
        };
        let mut error = Error::new(Code::MissingTerm, sentence, help).in_column(&term.to_string());
        error.expected = Some(term.to_string());
        error
    })
}

pub(crate) fn check_units(statistics: &Statistics, plan: &Plan, used: &[Term]) -> Result<()> {
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

fn describe(statistics: &Statistics, plan: &Plan, features: &[Term], used: &[Term], solution: Solution) -> Result<Model> {
    let target = plan.needed_target()?;
    let df = solution.residual_df as f64;
    let p = |t: Option<f64>| t.map(|t| two_sided_p(t, df));
    // unlike t, F may be beyond the range of an f64 though all else is in it
    let f = solution.f.filter(|f| f.is_finite() && solution.odds.is_some_and(f64::is_finite));
    let (intercept, slopes) =
        if plan.intercept { (solution.coefficients.first(), &solution.coefficients[1..]) } else { (None, &solution.coefficients[..]) };
    let coefficients = features.iter().zip(slopes);
    let mut columns: Vec<&str> = Vec::new();
    for name in features.iter().flat_map(Term::columns).chain([target]) {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    let schema = plan.schema.as_ref();
    Ok(Model {
        format: FORMAT.to_owned(),
        target: match schema {
            Some(schema) => schema.as_target(target),
            None => crate::schema::Target {
                column: target.to_owned(),
                name: Some(target.to_owned()),
                title: None,
                unit: None,
                plausible: None,
                decimals: None,
                description: None,
            },
        },
        rmse: None,
        qc: None,
        intercept: intercept.map_or(0.0, |c| c.value),
        intercept_remainder: intercept.map_or(0.0, |c| c.remainder),
        has_intercept: plan.intercept,
        coefficients: coefficients
            .map(|(term, c)| ModelCoefficient {
                name: term.to_string(),
                factors: CoefficientFactor::of(term),
                coefficient: c.value,
                remainder: c.remainder,
                std_error: c.std_error,
                t: c.t,
                p: p(c.t),
                tolerance: c.tolerance,
            })
            .collect(),
        intercept_std_error: intercept.and_then(|c| c.std_error),
        intercept_t: intercept.and_then(|c| c.t),
        intercept_p: intercept.and_then(|c| p(c.t)),
        fit: Fit {
            rows: statistics.rows,
            residual_df: solution.residual_df,
            rss: solution.rss,
            tss: Some(solution.tss),
            residual_sd: solution.residual_sd,
            r_squared: solution.r_squared,
            adjusted_r_squared: solution.adjusted_r_squared,
            f,
            f_p: f.and(solution.odds).map(|odds| upper_tail(odds, features.len() as u32, df)),
            r_squared_kind: if plan.intercept { "centred" } else { "uncentred" }.to_owned(),
        },
        leverage: Leverage {
            order: None,
            l: solution.l,
            d: solution.d,
            l_remainder: solution.l_remainder,
            d_remainder: solution.d_remainder,
        },
        near_collinear: Vec::new(),
        columns: columns.iter().map(|name| column(statistics, plan, name, target)).collect(),
        empty_cells: Vec::new(),
        fields: schema.map(|schema| schema.fields_for(&columns)),
        schema_title: schema.and_then(|schema| schema.title.clone()),
        shared: statistics.shared.as_ref().and_then(|shared| shared.restricted(columns.iter().copied())),
        statistics_sha256: statistics.digest(used),
    })
}

/// Describes a column that is in the statistics.
fn column(statistics: &Statistics, plan: &Plan, name: &str, target: &str) -> ModelColumn {
    let place = statistics.position(&Term::column(name)).unwrap_or(0);
    let counts = statistics.distribution.as_ref().and_then(|all| statistics.column_index(name).map(|at| &all[at]));
    let range = counts.and_then(|counts| counts.range());
    ModelColumn {
        name: name.to_owned(),
        mean: mean(&statistics.moments, place, statistics.rows),
        sd: sd(&statistics.moments, place, statistics.rows),
        min: range.map(|(min, _)| min),
        max: range.map(|(_, max)| max),
        distribution: counts.map(distribution_json).and_then(|json| if let Value::Object(map) = json { Some(map) } else { None }),
        levels: None,
        reference: None,
        schema: plan.schema.as_ref().filter(|_| name != target).and_then(|schema| schema.as_feature(name)),
    }
}

/// Returns the mean of the term at index `place`, exact and rounded once; `None` without rows.
pub(crate) fn mean(moments: &Moments, place: usize, rows: i64) -> Option<f64> {
    (rows > 0).then(|| {
        let sum = Ratio::from(moments.at(place, 0));
        Ratio::new(sum.numerator, sum.denominator * rows).to_f64()
    })
}

/// Returns its standard deviation with the divisor rows - 1, exact and rounded once; `None` below two rows.
pub(crate) fn sd(moments: &Moments, place: usize, rows: i64) -> Option<f64> {
    (rows > 1).then(|| {
        let squares: Ratio = centred_sum_of_squares(moments, place, rows);
        Ratio::new(squares.numerator, squares.denominator * (rows - 1)).sqrt_to_f64()
    })
}
