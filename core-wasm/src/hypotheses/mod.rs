//! Statistics and a hypothesis to its F test: of the terms that one model has more than another, or of linear restrictions.
//!
//! Both are one computation ([`test_restrictions`]): that a term is left out is the restriction that its coefficient is zero. The sums of
//! squares and F are exact and rounded once; p has a relative error below 1e-12, and is 0 below about 1e-300.
//!
//! *Not here*: what follows from one model alone ([`summary`](mod@crate::summary)).

mod coefficients;
mod restrictions;
mod tokens;

use crate::design::Design;
use crate::error::{Code, Error, Result, list};
use crate::fisher::upper_tail;
use crate::fit::leave_out_dependent;
use crate::ordered::IntoOrdered;
use crate::plan::{Collinear, Plan};
use crate::solve::{LinearRestriction, RestrictionTest, SolvedRestrictions, VoidRestriction, test_restrictions};
use crate::statistics::Statistics;
use coefficients::Coefficients;
use dashu_int::IBig;
use restrictions::Restrictions;
use serde_json::{Map, Value, json};

/// Tests whether the terms that one model has more than another improve it: the F test of nested models (Comparison in
/// `docs/formats.md`). Either plan may be that of the larger model.
///
/// ```
/// use samefit_core::{hypotheses::compare, plan::Plan, summarizer::Summarizer};
///
/// # fn main() -> samefit_core::error::Result<()> {
/// let mut summarizer = Summarizer::new(Plan::default())?;
/// summarizer.push(b"a,b,y\n1,1,2\n2,0,3\n3,1,5\n4,3,9\n5,1,7\n")?;
/// let statistics = summarizer.finish()?;
/// let plan = |features| Plan::parse(&format!(r#"{{"target": "y", "features": {features}}}"#));
/// let comparison = compare(&statistics, &plan(r#"["a"]"#)?, &plan(r#"["b", "a"]"#)?)?;
/// assert_eq!(comparison["added"], serde_json::json!(["b"]));
/// assert_eq!(comparison["f_df"], serde_json::json!([1, 2]));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `not-nested`, and those of [`fit`](crate::fit::fit) for the larger model.
pub fn compare(statistics: &Statistics, plan: &Plan, other: &Plan) -> Result<Value> {
    let (one, two) = (design(statistics, plan)?, design(statistics, other)?);
    if one.target != two.target {
        let sentence = format!("one model predicts `{}`, the other `{}`", one.target, two.target);
        return Err(Error::new(Code::NotNested, sentence, "compare models of one target"));
    }
    let (smaller, larger) = in_order(one, two)?;
    let known = smaller.names().into_iter().into_set();
    let (indexes, added): (Vec<usize>, Vec<String>) =
        larger.names().into_iter().enumerate().filter(|(_, name)| !known.contains(name)).unzip();
    let restrictions: Vec<LinearRestriction> = indexes.into_iter().map(is_zero).collect();
    let twice = |_, _| Error::new(Code::NotNested, "a term stands twice", "name it once");
    let test = test_in_order(&larger, &restrictions, twice)?;
    Ok(join([
        json!({
            "target": larger.target, "rows": statistics.rows,
            "smaller": describe(&smaller, statistics.rows, test.restricted_rss),
            "larger": describe(&larger, statistics.rows, test.rss),
            "added": added,
        }),
        verdict(&test, restrictions.len()),
    ]))
}

/// Tests linear restrictions of the coefficients of a model together (Test in `docs/formats.md`). They are equations, separated by commas:
/// `bmi = ltg, age = 0, 2*sex - glu = 3.5`. The name of a category, or of a product with one, means all its coefficients: `site = 0`.
///
/// ```
/// use samefit_core::{hypotheses::test, plan::Plan, summarizer::Summarizer};
///
/// # fn main() -> samefit_core::error::Result<()> {
/// let plan = Plan { target: Some("y".to_owned()), ..Plan::default() };
/// let mut summarizer = Summarizer::new(plan.clone())?;
/// summarizer.push(b"x,y\n1,1\n2,3\n3,5\n4,8\n")?;
/// let test = test(&summarizer.finish()?, &plan, "x = 2")?;
/// assert_eq!((&test["f"], &test["restricted"]["rss"]), (&3.0.into(), &0.75.into()));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `restriction`, `missing-term`, and those of [`fit`](crate::fit::fit).
pub fn test(statistics: &Statistics, plan: &Plan, restrictions: &str) -> Result<Value> {
    let design = design(statistics, plan)?;
    let read = Restrictions::parse(restrictions, &Coefficients::of(&design))?;
    let test = test_in_order(&design, read.restrictions(), |at, why| read.void(at, why))?;
    let count = read.restrictions().len();
    Ok(join([
        json!({
            "target": design.target, "rows": statistics.rows,
            "restrictions": read.texts(),
            "restricted": {"residual_df": test.residual_df + count as i64, "rss": test.restricted_rss},
            "model": describe(&design, statistics.rows, test.rss),
        }),
        verdict(&test, count),
    ]))
}

/// What a test says in the end. `restrictions` is their number.
fn verdict(test: &RestrictionTest, restrictions: usize) -> Value {
    let p = test.odds.map(|odds| upper_tail(odds, restrictions as u32, test.residual_df as f64));
    json!({"sum_of_squares": test.difference, "f": test.f, "f_df": [restrictions as i64, test.residual_df], "f_p": p})
}

/// Returns an object with the entries of two objects.
fn join(objects: [Value; 2]) -> Value {
    let entries = objects.into_iter().filter_map(|value| if let Value::Object(map) = value { Some(map) } else { None });
    Value::Object(entries.flatten().collect::<Map<_, _>>())
}

fn is_zero(at: usize) -> LinearRestriction {
    LinearRestriction::new([(at, IBig::ONE)], IBig::ZERO)
}

/// Returns the design of a plan. If the plan says so, columns that depend on others are left out.
fn design<'a>(statistics: &'a Statistics, plan: &Plan) -> Result<Design<'a>> {
    let plan = plan.for_columns(statistics.names())?;
    let mut design = Design::new(statistics, &plan)?;
    if plan.collinear == Collinear::Drop {
        leave_out_dependent(&mut design)?;
    }
    Ok(design)
}

/// Tests restrictions whose coefficients are given by their index in the order of the design. `void` is the error of the restriction at an
/// index, which adds nothing to those before it.
fn test_in_order(
    design: &Design,
    restrictions: &[LinearRestriction],
    void: impl Fn(usize, VoidRestriction) -> Error,
) -> Result<RestrictionTest> {
    let restrictions: Vec<LinearRestriction> = restrictions.iter().map(|restriction| design.for_multiplied_columns(restriction)).collect();
    let ordered: Vec<LinearRestriction> = match design.order() {
        None => restrictions,
        Some(order) => {
            let mut positions = vec![0; order.len()];
            order.iter().enumerate().for_each(|(position, &at)| positions[at] = position);
            let ordered = |restriction: &LinearRestriction| {
                let factors = restriction.factors.iter().map(|(&at, factor)| (positions[at], factor.clone()));
                LinearRestriction::new(factors, restriction.value.clone())
            };
            restrictions.iter().map(ordered).collect()
        }
    };
    let solved = SolvedRestrictions::new(&ordered).map_err(|(at, why)| void(at, why))?;
    test_restrictions(&design.ordered_equations(), &solved)
}

fn describe(design: &Design, rows: i64, rss: f64) -> Value {
    json!({
        "features": design.features.iter().map(|feature| feature.term.to_string()).collect::<Vec<_>>(), "intercept": design.has_intercept,
        "residual_df": rows - design.size() as i64, "rss": rss,
    })
}

/// Returns the smaller and the larger of two designs, one of which has all columns of the other and more.
fn in_order<'a>(one: Design<'a>, two: Design<'a>) -> Result<(Design<'a>, Design<'a>)> {
    let beyond = |design: &Design, other: &Design| -> Vec<String> {
        let others = other.names().into_iter().into_set();
        design.names().into_iter().filter(|name| !others.contains(name)).collect()
    };
    let (of_one, of_two) = (beyond(&one, &two), beyond(&two, &one));
    match (of_one.is_empty(), of_two.is_empty()) {
        (true, false) => Ok((one, two)),
        (false, true) => Ok((two, one)),
        (true, true) => Err(Error::new(Code::NotNested, "both models have the same terms", "name other terms for one of them")),
        (false, false) => {
            let sentence = format!("only one model has {}, and only the other {}", list(&of_one), list(&of_two));
            let help = format!("compare models of which one has all terms of the other, for example add {} to the other", list(&of_one));
            Err(Error::new(Code::NotNested, sentence, help).in_column(&of_one[0]))
        }
    }
}
