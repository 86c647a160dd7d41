//! Statistics and a hypothesis to its F test: of the terms that one model has more than another, or of linear restrictions.
//!
//! Both are one computation ([`test_restrictions`]): that a term is left out is the restriction that its coefficient is zero. The sums of
//! squares and F are exact and rounded once; p has a relative error below 1e-12, and is 0 below about 1e-300.
//!
//! *Not here*: what follows from one model alone ([`summary`](mod@crate::summary)).

mod restrictions;
mod tokens;

use crate::error::{Code, Error, Result, list};
use crate::fisher::upper_tail;
use crate::fit::{check_shared, check_units, features, place, used_terms};
use crate::plan::Plan;
use crate::solve::{
    INTERCEPT, LinearRestriction, NormalEquations, RestrictionTest, SolvedRestrictions, design_name, plausible, test_restrictions,
};
use crate::statistics::Statistics;
use crate::terms::Term;
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
    let (one, two) = (Design::new(statistics, plan)?, Design::new(statistics, other)?);
    if one.target != two.target {
        let sentence = format!("one model predicts `{}`, the other `{}`", one.target, two.target);
        return Err(Error::new(Code::NotNested, sentence, "compare models of one target"));
    }
    let (smaller, larger) = in_order(one, two)?;
    let restrictions: Vec<LinearRestriction> = larger.indexes().filter(|&at| !smaller.has(&larger.columns[at])).map(is_zero).collect();
    let solved = SolvedRestrictions::new(&restrictions).map_err(|_| Error::new(Code::NotNested, "a term stands twice", "name it once"))?;
    let test = test_restrictions(&larger.equations(statistics)?, &solved)?;
    let added: Vec<&String> = larger.columns.iter().filter(|column| !smaller.has(column)).collect();
    Ok(join([
        json!({
            "target": larger.target, "rows": statistics.rows,
            "smaller": smaller.to_json(statistics.rows, test.restricted_rss),
            "larger": larger.to_json(statistics.rows, test.rss),
            "added": added,
        }),
        verdict(&test, solved.len()),
    ]))
}

/// Tests linear restrictions of the coefficients of a model together (Test in `docs/formats.md`). They are equations, separated by commas:
/// `bmi = ltg, age = 0, 2*sex - glu = 3.5`.
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
    let design = Design::new(statistics, plan)?;
    let read = Restrictions::parse(restrictions, &design.columns)?;
    let solved = read.solve()?;
    let test = test_restrictions(&design.equations(statistics)?, &solved)?;
    Ok(join([
        json!({
            "target": design.target, "rows": statistics.rows,
            "restrictions": read.texts(),
            "restricted": {"residual_df": test.residual_df + solved.len() as i64, "rss": test.restricted_rss},
            "model": design.to_json(statistics.rows, test.rss),
        }),
        verdict(&test, solved.len()),
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

/// The design of a model.
struct Design {
    target: String,
    /// Whether the intercept is the first column.
    intercept: bool,
    terms: Vec<Term>,
    /// The names of the columns: of the intercept, if there is one, and of the terms.
    columns: Vec<String>,
}

impl Design {
    /// Returns the design of a plan, if the statistics have its terms.
    fn new(statistics: &Statistics, plan: &Plan) -> Result<Self> {
        plausible::check_counts(statistics)?;
        check_shared(statistics)?;
        let target = plan.needed_target()?;
        let terms = features(statistics, plan, target)?;
        let used = used_terms(&terms, &Term::column(target));
        used.iter().try_for_each(|term| place(statistics, term).map(drop))?;
        check_units(statistics, plan, &used)?;
        let intercept = plan.intercept.then(|| INTERCEPT.to_owned());
        let columns = intercept.into_iter().chain(terms.iter().map(|term| design_name(Some(term)))).collect();
        Ok(Self { target: target.to_owned(), intercept: plan.intercept, terms, columns })
    }

    fn equations<'a>(&self, statistics: &'a Statistics) -> Result<NormalEquations<'a>> {
        let intercept = self.intercept.then_some(Ok(0));
        let places = intercept.into_iter().chain(self.terms.iter().map(|term| place(statistics, term)));
        let design = places.zip(&self.columns).map(|(place, name)| Ok((place?, name.clone()))).collect::<Result<_>>()?;
        let target = place(statistics, &Term::column(&self.target))?;
        Ok(NormalEquations { moments: &statistics.moments, rows: statistics.rows, design, target })
    }

    fn indexes(&self) -> std::ops::Range<usize> {
        0..self.columns.len()
    }

    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|own| own == column)
    }

    fn to_json(&self, rows: i64, rss: f64) -> Value {
        json!({
            "features": self.terms.iter().map(Term::to_string).collect::<Vec<_>>(), "intercept": self.intercept,
            "residual_df": rows - self.columns.len() as i64, "rss": rss,
        })
    }
}

/// Returns the smaller and the larger of two designs, one of which has all columns of the other and more.
fn in_order(one: Design, two: Design) -> Result<(Design, Design)> {
    let beyond =
        |design: &Design, other: &Design| -> Vec<String> { design.columns.iter().filter(|column| !other.has(column)).cloned().collect() };
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
