//! Texts in the fields of a form to the values of its columns, how these came about, and problems.
//!
//! Fields are evaluated in the form's order, in which the inputs of a formula stand before its column.

use super::formula::{self, Undefined};
use super::typed::{self, Fault};
use super::units::{self, Unit, within};
use super::{Asked, Form, Formula, quoted};
use crate::decimal::{Decimal, parse};
use crate::error::{Code, Error, Result};
use crate::json;
use serde_json::{Map, Value, json};

/// What stands in a field.
#[derive(Clone, Default)]
struct Entered {
    text: String,
    /// Chosen beside it.
    unit: Option<String>,
}

/// What became of a field.
#[derive(Default)]
struct Evaluated {
    /// In the field's own unit.
    value: Option<Decimal>,
    how: Option<&'static str>,
    typed: Value,
    computed: Value,
    /// Whether a problem with it blocks, so that there is no other to report.
    blocked: bool,
}

/// Something that the person should know of a field.
struct Problem {
    /// Index of the field.
    at: usize,
    code: &'static str,
    found: Option<String>,
    expected: Option<String>,
    /// Number and unit.
    suggestion: Option<(String, Option<String>)>,
    text: String,
}

impl Problem {
    fn new(at: usize, code: &'static str, text: String) -> Self {
        Self { at, code, found: None, expected: None, suggestion: None, text }
    }

    fn blocks(&self) -> bool {
        self.code != "friedewald"
    }

    fn to_json(&self, form: &Form) -> Value {
        let suggestion = self.suggestion.as_ref().map(|(value, unit)| json!({"value": value, "unit": unit}));
        json!({
            "name": form.fields[self.at].field.name, "code": self.code, "blocks": self.blocks(), "found": self.found,
            "expected": self.expected, "suggestion": suggestion, "text": self.text,
        })
    }
}

impl Form {
    /// What was typed to values and problems.
    ///
    /// Errors: `json`, `entries`.
    pub fn evaluate(&self, entries: &str) -> Result<Value> {
        let entries = self.read(entries)?;
        let mut work = Work { form: self, fields: Vec::new(), problems: Vec::new() };
        for (at, entered) in entries.iter().enumerate() {
            let evaluated = work.field(at, entered);
            work.fields.push(evaluated);
        }
        work.report_missing();
        work.problems.sort_by_key(|problem| problem.at);
        Ok(work.into_json())
    }

    /// What stands in each field.
    fn read(&self, text: &str) -> Result<Vec<Entered>> {
        let entries: Map<String, Value> = json::parse(text, Code::Entries, "an object of entries")?;
        let mut read = vec![Entered::default(); self.fields.len()];
        for (name, value) in &entries {
            let at = self.needed_position(name)?;
            let entered = match value {
                Value::Object(entry) => text_of(entry.get("value")).zip(text_of(entry.get("unit"))),
                value => text_of(Some(value)).map(|text| (text, String::new())),
            };
            let (text, unit) = entered.ok_or_else(|| {
                let expected = "a text, or an object with the texts `value` and `unit`";
                Error::found(Code::Entries, &json::line(value), expected, "see Entries in docs/formats.md").in_column(name)
            })?;
            read[at] = Entered { text, unit: Some(unit).filter(|unit| !unit.is_empty()) };
        }
        Ok(read)
    }
}

/// A text, a number as it is written, or nothing.
fn text_of(value: Option<&Value>) -> Option<String> {
    match value {
        None | Some(Value::Null) => Some(String::new()),
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(_) => None,
    }
}

struct Work<'a> {
    form: &'a Form,
    fields: Vec<Evaluated>,
    problems: Vec<Problem>,
}

impl Work<'_> {
    fn field(&mut self, at: usize, entered: &Entered) -> Evaluated {
        let form = self.form;
        let asked = &form.fields[at];
        let is_typed = !entered.text.trim().is_empty();
        let mut evaluated = Evaluated::default();
        if is_typed {
            match read(asked, entered) {
                Ok(read) => self.take(at, &read, &mut evaluated),
                Err(problem) => self.report(Problem { at, ..problem }, &mut evaluated),
            }
            if evaluated.typed.is_null() {
                evaluated.typed = json!({"value": null, "unit": null, "text": entered.text});
            }
        }
        if let Some(formula) = &asked.entry {
            self.compute(at, formula, is_typed, &mut evaluated);
        }
        evaluated
    }

    fn report(&mut self, problem: Problem, evaluated: &mut Evaluated) {
        evaluated.blocked |= problem.blocks();
        self.problems.push(problem);
    }

    /// A number that was typed: its value, unless it is none that the field can have.
    fn take(&mut self, at: usize, read: &Read<'_>, evaluated: &mut Evaluated) {
        let asked = &self.form.fields[at];
        evaluated.typed = json!({"value": read.number.to_string(), "unit": read.unit.name, "text": read.text});
        let value = read.unit.to_base(&read.number);
        let problem = match asked.categories() {
            Some(_) => no_category(asked, read),
            None => (!within(&value, &asked.unit().plausible)).then(|| impossible(asked, read)),
        };
        match problem {
            Some(problem) => self.report(Problem { at, ..problem }, evaluated),
            None => {
                evaluated.how = Some(if std::ptr::eq(read.unit, asked.unit()) { "typed" } else { "converted" });
                evaluated.value = Some(value);
            }
        }
    }

    /// What the formula gives, which counts where nothing was typed.
    fn compute(&mut self, at: usize, formula: &Formula, is_typed: bool, evaluated: &mut Evaluated) {
        let values: Option<Vec<Decimal>> = formula.inputs.iter().map(|&input| self.fields[input].value.clone()).collect();
        let (Some(values), asked) = (values, &self.form.fields[at]) else { return };
        let result = formula::compute(formula.entry.formula, &values, formula.entry.round.or(asked.field.decimals));
        let texts: Vec<String> = values.iter().map(Decimal::to_string).collect();
        let text = formula::text(formula.entry.formula, &texts);
        if let Ok(value) = &result {
            evaluated.computed = json!({"value": value.to_string(), "text": format!("{text} = {value}")});
        }
        if is_typed {
            return;
        }
        match result {
            Err(undefined) => self.report(self.undefined(formula, undefined), evaluated),
            Ok(value) if !within(&value, &asked.unit().plausible) => {
                self.report(Problem { at, ..impossible_result(asked, &text, &value) }, evaluated);
            }
            Ok(value) => {
                (evaluated.how, evaluated.value) = (Some("computed"), Some(value));
                if !formula::holds(formula.entry.formula, &values) {
                    self.report(self.caution(at, formula), evaluated);
                }
            }
        }
    }

    /// Inputs that a formula cannot take.
    fn undefined(&self, formula: &Formula, undefined: Undefined) -> Problem {
        let title = |input: usize| self.form.fields[formula.inputs[input]].title();
        match undefined {
            Undefined::NotPositive(input) => {
                let text = format!("{} must be above 0", title(input));
                Problem { expected: Some("above 0".to_owned()), ..Problem::new(formula.inputs[input], "impossible", text) }
            }
            Undefined::Swapped => {
                let text = format!("{} must be below {}: are the two swapped?", title(1), title(0));
                Problem::new(formula.inputs[1], "swapped", text)
            }
        }
    }

    fn caution(&self, at: usize, formula: &Formula) -> Problem {
        let input = &self.form.fields[formula.inputs[formula.inputs.len() - 1]];
        let bound = formula::FRIEDEWALD_BELOW.to_string();
        let text = format!(
            "{} is computed by the Friedewald formula, which does not hold for {} from {} on: enter a measured value if there is one",
            self.form.fields[at].title(),
            input.title(),
            input.unit().shown(&bound)
        );
        Problem { expected: Some(format!("below {}", input.unit().shown(&bound))), ..Problem::new(at, "friedewald", text) }
    }

    /// Fields without a value that the model needs, or the formula of one that it needs.
    fn report_missing(&mut self) {
        let form = self.form;
        let mut needed: Vec<bool> = form.fields.iter().map(|asked| asked.is_column).collect();
        let mut for_columns: Vec<Vec<usize>> = vec![Vec::new(); form.fields.len()];
        // inputs stand before what is computed from them
        for at in (0..form.fields.len()).rev() {
            if !needed[at] || self.fields[at].value.is_some() || self.fields[at].blocked {
                continue;
            }
            match &form.fields[at].entry {
                Some(formula) => {
                    for &input in &formula.inputs {
                        needed[input] = true;
                        for_columns[input].push(at);
                    }
                }
                None => {
                    for_columns[at].reverse();
                    self.problems.push(missing(form, at, &for_columns[at]));
                }
            }
        }
    }

    fn into_json(self) -> Value {
        let form = self.form;
        let blocked = self.problems.iter().any(Problem::blocks);
        let field = |(asked, evaluated): (&Asked, &Evaluated)| {
            json!({
                "name": asked.field.name, "value": evaluated.value.as_ref().map(Decimal::to_string), "unit": asked.unit().name,
                "how": evaluated.how, "typed": evaluated.typed, "computed": evaluated.computed,
            })
        };
        let value_of = |name: &String| {
            let value = form.position(name).and_then(|at| self.fields[at].value.as_ref());
            (name.clone(), json!(value.map(Decimal::to_string)))
        };
        let attributes = (!blocked).then(|| form.columns.iter().map(value_of).collect::<Map<String, Value>>());
        let fields: Vec<Value> = form.fields.iter().zip(&self.fields).map(field).collect();
        let problems: Vec<Value> = self.problems.iter().map(|problem| problem.to_json(form)).collect();
        json!({"attributes": attributes, "fields": fields, "problems": problems})
    }
}

/// What a text says.
struct Read<'a> {
    text: &'a str,
    number: Decimal,
    unit: &'a Unit,
}

/// Reads the text of a field that is not empty; the problem's place is for the caller to fill in.
fn read<'a>(asked: &'a Asked, entered: &'a Entered) -> std::result::Result<Read<'a>, Problem> {
    let text = entered.text.as_str();
    let typed = typed::read(text).map_err(|fault| not_a_number(asked, text, fault))?;
    let unit = match typed.unit.or(entered.unit.as_deref()) {
        None => asked.unit(),
        Some(name) => units::find(&asked.units, name).ok_or_else(|| no_such_unit(asked, name))?,
    };
    Ok(Read { text, number: typed.number, unit })
}

fn not_a_number(asked: &Asked, text: &str, fault: Fault) -> Problem {
    if let Some(all) = category_list(asked) {
        return Problem { found: Some(quoted(text)), ..Problem::new(0, "category", format!("{} must be {all}", asked.title())) };
    }
    let (title, example, found) = (asked.title(), asked.example(), quoted(text));
    let (code, text) = match fault {
        Fault::NotANumber => ("not-a-number", format!("{title} must be a number, like {example}, not `{found}`")),
        Fault::TwoSigns => {
            let sentence = format!("{title} must be a number with one decimal sign, like {example}, and nothing between thousands");
            ("two-decimal-signs", format!("{sentence}, not `{found}`"))
        }
    };
    Problem { found: Some(found), expected: Some(format!("a number, like {example}")), ..Problem::new(0, code, text) }
}

fn no_such_unit(asked: &Asked, name: &str) -> Problem {
    let (found, expected) = (quoted(name), units::list(&asked.units));
    let text = format!("{} must be in {expected}, not `{found}`", asked.title());
    Problem { found: Some(found), expected: Some(expected), ..Problem::new(0, "unit", text) }
}

/// What is wrong with a number that stands for none of the field's categories.
fn no_category(asked: &Asked, read: &Read<'_>) -> Option<Problem> {
    let is = |value: &String| parse(value.as_bytes()).is_ok_and(|value| value == read.number);
    if asked.categories()?.iter().any(|category| is(&category.value)) {
        return None;
    }
    let all = category_list(asked)?;
    let text = format!("{} must be {all}, not {}", asked.title(), read.number);
    Some(Problem { found: Some(read.number.to_string()), expected: Some(all), ..Problem::new(0, "category", text) })
}

fn category_list(asked: &Asked) -> Option<String> {
    let all = asked.categories()?.iter().map(|category| format!("{} ({})", category.value, category.title));
    Some(all.collect::<Vec<_>>().join(" or "))
}

/// A number that is outside the plausible range: perhaps it is in another unit.
fn impossible(asked: &Asked, read: &Read<'_>) -> Problem {
    let ranges = |units: &[&Unit]| units.iter().filter_map(|unit| unit.range_text()).collect::<Vec<_>>().join(", or ");
    let others: Vec<&Unit> = asked
        .units
        .iter()
        .filter(|unit| !std::ptr::eq(*unit, read.unit) && within(&unit.to_base(&read.number), &asked.unit().plausible))
        .collect();
    let (title, number) = (asked.title(), read.number.to_string());
    let must = format!("{title} must be {}, not {number}", read.unit.range_text().unwrap_or_default());
    let found = Some(read.unit.shown(&number));
    let expected = Some(ranges(&[&[read.unit], &others[..]].concat()));
    match others.first() {
        None => Problem { found, expected, ..Problem::new(0, "impossible", must) },
        Some(other) => {
            let text = format!("{must}: is it {}?", other.shown(&number));
            Problem { found, expected, suggestion: Some((number, other.name.clone())), ..Problem::new(0, "other-unit", text) }
        }
    }
}

/// A computed value that is outside the plausible range.
fn impossible_result(asked: &Asked, formula: &str, value: &Decimal) -> Problem {
    let range = asked.unit().range_text();
    let text = format!(
        "{} must be {}, and is computed as {formula} = {value}: correct what it is computed from, or enter it directly",
        asked.title(),
        range.as_deref().unwrap_or_default()
    );
    Problem { found: Some(value.to_string()), expected: range, ..Problem::new(0, "impossible", text) }
}

/// A field that is empty, and what it is needed for.
fn missing(form: &Form, at: usize, columns: &[usize]) -> Problem {
    let asked = &form.fields[at];
    let titles: Vec<&str> = columns.iter().map(|&column| form.fields[column].title()).collect();
    let text = match titles.as_slice() {
        titles if titles.is_empty() || asked.is_column => format!("Enter {}", asked.title()),
        [title] => format!("Enter {}: {title} is computed from it", asked.title()),
        titles => format!("Enter {}: {} are computed from it", asked.title(), titles.join(" and ")),
    };
    Problem::new(at, "missing", text)
}
