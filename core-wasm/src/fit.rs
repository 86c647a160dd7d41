//! Fits a model to statistics.

pub(crate) use crate::design::check_shared;
use crate::design::{Design, Feature};
use crate::error::{Code, Error, Result};
use crate::fisher::upper_tail;
use crate::model::{
    CENTRED, CoefficientFactor, FORMAT, Fit, LeftOut, Leverage, Model, ModelCoefficient, ModelColumn, ModelWeights, NearCollinearity,
    UNCENTRED,
};
use crate::ordered::sort_by_key;
use crate::plan::{Collinear, NearCollinear, Plan};
use crate::ratio::Ratio;
use crate::solve::{
    Dependence, NearDependence, NormalEquations, Solution, centred_sum_of_squares, dependent_columns, least_squares, near_dependences,
};
use crate::statistics::{Distribution, Moments, Statistics, distribution_json};
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
/// `statistics-differ` if the plan names other weights than the statistics have, those of [`Design::new`] and of [`least_squares`], and
/// `near-collinear` if the plan refuses it. With `collinear: drop` columns that depend on others are left out instead.
pub fn fit(statistics: &Statistics, plan: &Plan) -> Result<Model> {
    let plan = plan.for_columns(statistics.names())?.into_owned();
    let plan = &plan;
    if statistics.rows == 0 && statistics.dropped > 0 {
        let rows = if statistics.dropped == 1 { "the only row lacks".to_owned() } else { format!("all {} rows lack", statistics.dropped) };
        let help = "leave the column that lacks most of them out of the features, or fill in its values";
        return Err(Error::new(Code::NoRows, format!("{rows} a value and are left out"), help));
    }
    let mut design = Design::new(statistics, plan)?;
    let (solution, left_out) = solve(&mut design, plan.collinear)?;
    let near_collinear = near_collinear(&design.equations(), &solution, statistics.weights.is_some());
    let model = Model { near_collinear, left_out, ..describe(statistics, plan, &design, solution)? };
    match model.near_collinear_notes().into_iter().next() {
        Some(note) if plan.near_collinear == NearCollinear::Error => Err(note),
        _ => Ok(model),
    }
}

/// Solves the normal equations of a design. If columns that depend on others are to be left out, this takes them out of the design and
/// returns them.
///
/// The estimates are in the order of the design, L and D in the order of the factors.
fn solve(design: &mut Design, collinear: Collinear) -> Result<(Solution, Vec<LeftOut>)> {
    let mut left_out = features_without_columns(design);
    let solved = match (least_squares(&design.ordered_equations()), collinear) {
        (Err(error), Collinear::Drop) if is_dependence(&error) => {
            left_out.extend(leave_out_dependent(design)?);
            least_squares(&design.ordered_equations())
        }
        // names what depends on columns before it in the order of the features
        (Err(error), Collinear::Error) if is_dependence(&error) && design.order().is_some() => least_squares(&design.equations()),
        (solved, _) => solved,
    };
    let mut solution = solved?;
    if let Some(order) = design.order() {
        let mut estimates: Vec<_> = order.into_iter().zip(solution.coefficients).collect();
        sort_by_key(&mut estimates, |(at, _)| *at);
        solution.coefficients = estimates.into_iter().map(|(_, estimate)| estimate).collect();
    }
    Ok((solution, left_out))
}

/// Takes the columns out of a design that depend on those before them, and returns them.
pub(crate) fn leave_out_dependent(design: &mut Design) -> Result<Vec<LeftOut>> {
    let equations = design.equations();
    let dependent = dependent_columns(&equations)?;
    let left_out = dependent.iter().map(|dependence| named(dependence, &equations)).collect();
    design.leave_out(&dependent.iter().map(|dependence| dependence.column).collect::<Vec<_>>());
    Ok(left_out)
}

/// Returns whether an error may be one of columns that depend on others.
fn is_dependence(error: &Error) -> bool {
    matches!(error.code, Code::Collinear | Code::ConstantColumn | Code::TooFewRows)
}

fn named(dependence: &Dependence, equations: &NormalEquations) -> LeftOut {
    LeftOut { column: equations.design[dependence.column].1.clone(), relation: dependence.text(equations) }
}

/// Returns the features without columns: categories of one level, and products of categories of whose combinations only those that other
/// features describe have rows.
fn features_without_columns(design: &Design) -> Vec<LeftOut> {
    let features = design.features.iter().filter(|feature| feature.columns.is_empty());
    let left_out = |feature: &Feature| {
        let single = feature.categories.iter().map(|&at| &design.categories[at]).find(|category| category.levels.len() == 1);
        let relation = match single {
            Some(category) => format!("{}[{}] = 1", category.column, category.levels[0].level),
            None => format!("{} = 0", feature.term),
        };
        LeftOut { column: feature.term.to_string(), relation }
    };
    features.map(left_out).collect()
}

/// Names the features that nearly depend on others. With weights no relation is given, because no bound of its differences is known: that of
/// their weighted squares bounds no row of small weight.
fn near_collinear(equations: &NormalEquations, solution: &Solution, weighted: bool) -> Vec<NearCollinearity> {
    let tolerances: Vec<Option<f64>> = solution.coefficients.iter().map(|c| c.tolerance).collect();
    let name = |column: usize| equations.design[column].1.clone();
    let entry = |near: NearDependence| NearCollinearity {
        column: name(near.column),
        others: near.others.into_iter().map(name).collect(),
        tolerance: near.tolerance,
        within: near.relation.as_ref().filter(|_| !weighted).map(|relation| relation.within),
        relation: near.relation.filter(|_| !weighted).map(|relation| relation.text),
    };
    near_dependences(equations, &tolerances).into_iter().map(entry).collect()
}

fn describe(statistics: &Statistics, plan: &Plan, design: &Design, solution: Solution) -> Result<Model> {
    let target = design.target.as_str();
    let df = solution.residual_df as f64;
    let p = |t: Option<f64>| t.map(|t| two_sided_p(t, df));
    // unlike t, F may be beyond the range of an f64 though all else is in it
    let f = solution.f.filter(|f| f.is_finite() && solution.odds.is_some_and(f64::is_finite));
    let (intercept, slopes) =
        if plan.intercept { (solution.coefficients.first(), &solution.coefficients[1..]) } else { (None, &solution.coefficients[..]) };
    let coefficients = design.columns.iter().map(|column| &column.term).zip(slopes);
    let mut columns: Vec<&str> = Vec::new();
    for name in design.features.iter().flat_map(|feature| feature.term.columns()).chain([target]) {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    let schema = plan.schema.as_ref();
    let numbers = columns.iter().copied().filter(|name| statistics.levels.category(name).is_none());
    let shared = statistics.shared.as_ref().and_then(|shared| shared.restricted(numbers, &design.used));
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
            f_p: f.and(solution.odds).map(|odds| upper_tail(odds, solution.model_df as u32, df)),
            r_squared_kind: if solution.is_centred { CENTRED } else { UNCENTRED }.to_owned(),
        },
        weights: statistics.weights.as_ref().map(|weights| ModelWeights {
            column: weights.column.clone(),
            sum: statistics.moments.at(0, 0).to_f64(),
            log_sum: weights.log_sum.to_f64(),
        }),
        leverage: leverage(design.order(), solution),
        near_collinear: Vec::new(),
        left_out: Vec::new(),
        columns: columns.iter().map(|name| column(statistics, plan, name, design)).collect(),
        empty_cells: design.empty_cells.clone(),
        fields: schema.map(|schema| schema.fields_for(&columns)),
        schema_title: schema.and_then(|schema| schema.title.clone()),
        shared,
        statistics_sha256: statistics.digest(&design.used, &design.category_columns(), &design.combined()),
    })
}

/// Returns the factors. Without an order their rows are complete.
fn leverage(order: Option<Vec<usize>>, solution: Solution) -> Leverage {
    let complete = |rows: Vec<Vec<f64>>| -> Vec<Vec<f64>> {
        let row = |(i, row): (usize, Vec<f64>)| if row.len() < i { [vec![0.0; i - row.len()], row].concat() } else { row };
        if order.is_some() { rows } else { rows.into_iter().enumerate().map(row).collect() }
    };
    let (l, l_remainder) = (complete(solution.l), complete(solution.l_remainder));
    Leverage { order, l, d: solution.d, l_remainder, d_remainder: solution.d_remainder }
}

/// Describes a column or a category.
fn column(statistics: &Statistics, plan: &Plan, name: &str, design: &Design) -> ModelColumn {
    let schema = plan.schema.as_ref().filter(|_| name != design.target).and_then(|schema| schema.as_feature(name));
    if let Some(category) = design.categories.iter().find(|category| category.column == name) {
        return ModelColumn {
            name: name.to_owned(),
            mean: None,
            sd: None,
            min: None,
            max: None,
            range_is_exact: false,
            distribution: None,
            levels: Some(category.levels.clone()),
            kept: statistics.kept.get(name).cloned(),
            reference: category.is_reduced.then(|| category.levels[category.reference].level.clone()),
            schema,
        };
    }
    let place = statistics.position(&Term::column(name)).unwrap_or(0);
    let counts = statistics.distribution.as_ref().and_then(|all| statistics.column_index(name).map(|at| &all[at]));
    let range = counts.and_then(Distribution::range);
    ModelColumn {
        name: name.to_owned(),
        mean: mean(&statistics.moments, place, statistics.rows),
        sd: sd(&statistics.moments, place, statistics.rows),
        min: range.map(|range| range.min),
        max: range.map(|range| range.max),
        range_is_exact: range.is_some_and(|range| range.is_exact),
        distribution: counts.map(distribution_json).and_then(|json| if let Value::Object(map) = json { Some(map) } else { None }),
        levels: None,
        kept: None,
        reference: None,
        schema,
    }
}

/// Returns the weighted mean of the term at index `place`, exact and rounded once; `None` without rows.
pub(crate) fn mean(moments: &Moments, place: usize, rows: i64) -> Option<f64> {
    (rows > 0).then(|| {
        let (sum, weight) = (Ratio::from(moments.at(place, 0)), Ratio::from(moments.at(0, 0)));
        sum.times(&weight.inverted()).to_f64()
    })
}

/// Returns its standard deviation with the divisor rows - 1, exact and rounded once; `None` below two rows.
///
/// With weights w of sum W it is the root of `sum w (x - mean)^2 / W * rows / (rows - 1)`, which is the same for weights that are all equal.
pub(crate) fn sd(moments: &Moments, place: usize, rows: i64) -> Option<f64> {
    (rows > 1).then(|| {
        let variance = centred_sum_of_squares(moments, place).times(&Ratio::from(moments.at(0, 0)).inverted());
        Ratio::new(variance.numerator * rows, variance.denominator * (rows - 1)).sqrt_to_f64()
    })
}
