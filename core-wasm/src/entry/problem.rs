//! What is wrong with an entry, or what the reader of a prediction should know of it: code, limits and an English sentence.

use super::field::{EntryFormula, FormField, shortened};
use super::formula::{self, Undefined};
use super::typed::NumberFault;
use super::units::{self, Limits, Unit, within};
use crate::decimal::Decimal;
use serde_json::{Value, json};

/// The kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemCode {
    /// The model needs the field, or the formula of a column that it needs does.
    Missing,
    /// The text is no number.
    NotANumber,
    /// The number has more than one comma or dot.
    TwoDecimalSigns,
    /// The field does not have this unit.
    Unit,
    /// The entry is none of the field's categories.
    Category,
    /// The value is outside the plausible range, or a formula cannot take it.
    Impossible,
    /// The value is outside the plausible range, but would be inside it in another of the field's units.
    OtherUnit,
    /// The diastolic pressure is not below the systolic one.
    Swapped,
    /// The Friedewald formula does not hold for these triglycerides.
    Friedewald,
}

impl ProblemCode {
    /// Every code, in the order of `docs/formats.md`.
    pub const ALL: [Self; 9] = [
        Self::Missing,
        Self::NotANumber,
        Self::TwoDecimalSigns,
        Self::Unit,
        Self::Category,
        Self::Impossible,
        Self::OtherUnit,
        Self::Swapped,
        Self::Friedewald,
    ];

    /// Returns the stable kebab-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotANumber => "not-a-number",
            Self::TwoDecimalSigns => "two-decimal-signs",
            Self::Unit => "unit",
            Self::Category => "category",
            Self::Impossible => "impossible",
            Self::OtherUnit => "other-unit",
            Self::Swapped => "swapped",
            Self::Friedewald => "friedewald",
        }
    }

    /// Returns whether nothing can be predicted before the problem is corrected.
    pub const fn blocks(self) -> bool {
        !matches!(self, Self::Friedewald)
    }
}

/// Something that the person who fills in the form should know of a field.
pub struct FieldProblem {
    /// The kind of problem.
    pub code: ProblemCode,
    /// Index of the field.
    pub(super) at: usize,
    found: Option<String>,
    expected: Option<String>,
    /// The range that the value was held against.
    limits: Option<Limits>,
    /// The same range in other units, for those in which the number would be possible.
    other_limits: Vec<Limits>,
    /// The number, and the unit that it may be in.
    suggestion: Option<(String, Option<String>)>,
    text: String,
}

/// A number that was read from a field, with its unit.
pub(super) struct EnteredNumber<'a> {
    pub(super) text: &'a str,
    pub(super) number: Decimal,
    pub(super) unit: &'a Unit,
}

impl FieldProblem {
    fn new(at: usize, code: ProblemCode, text: String) -> Self {
        Self { code, at, found: None, expected: None, limits: None, other_limits: Vec::new(), suggestion: None, text }
    }

    /// Returns the problem as an entries document has it. `fields`: the form's.
    pub(super) fn to_json(&self, fields: &[FormField]) -> Value {
        let suggestion = self.suggestion.as_ref().map(|(value, unit)| json!({"value": value, "unit": unit}));
        json!({
            "name": fields[self.at].field.name, "code": self.code.name(), "blocks": self.code.blocks(), "found": self.found,
            "expected": self.expected, "limits": self.limits.as_ref().map(Limits::to_json),
            "other_limits": self.other_limits.iter().map(Limits::to_json).collect::<Vec<_>>(), "suggestion": suggestion, "text": self.text,
        })
    }
}

/// The text of field `at` is no number. A category says its values instead.
pub(super) fn not_a_number(at: usize, field: &FormField, text: &str, fault: NumberFault) -> FieldProblem {
    let found = shortened(text);
    if let Some(all) = field.category_list() {
        let problem = FieldProblem::new(at, ProblemCode::Category, format!("{} must be {all}", field.title()));
        return FieldProblem { found: Some(found), ..problem };
    }
    let (title, example) = (field.title(), field.example());
    let (code, text) = match fault {
        NumberFault::NotANumber => (ProblemCode::NotANumber, format!("{title} must be a number, like {example}, not `{found}`")),
        NumberFault::TwoSigns => {
            let sentence = format!("{title} must be a number with one decimal sign, like {example}, and nothing between thousands");
            (ProblemCode::TwoDecimalSigns, format!("{sentence}, not `{found}`"))
        }
    };
    FieldProblem { found: Some(found), expected: Some(format!("a number, like {example}")), ..FieldProblem::new(at, code, text) }
}

/// Field `at` does not have the unit `name`.
pub(super) fn unknown_unit(at: usize, field: &FormField, name: &str) -> FieldProblem {
    let (found, expected) = (shortened(name), units::list(&field.units));
    let text = format!("{} must be in {expected}, not `{found}`", field.title());
    FieldProblem { found: Some(found), expected: Some(expected), ..FieldProblem::new(at, ProblemCode::Unit, text) }
}

/// The number of a category stands for none of its values.
pub(super) fn unknown_category(at: usize, field: &FormField, entered: &EnteredNumber<'_>) -> FieldProblem {
    let all = field.category_list();
    let text = format!("{} must be {}, not {}", field.title(), all.as_deref().unwrap_or_default(), entered.number);
    let problem = FieldProblem::new(at, ProblemCode::Category, text);
    FieldProblem { found: Some(entered.number.to_string()), expected: all, ..problem }
}

/// A number is outside the plausible range. If another unit of the field would make it plausible, the problem suggests that unit.
pub(super) fn impossible(at: usize, field: &FormField, entered: &EnteredNumber<'_>) -> FieldProblem {
    let is_possible_in = |unit: &Unit| within(&unit.to_base(&entered.number), &field.unit().plausible);
    let others: Vec<&Unit> = field.units.iter().filter(|unit| !std::ptr::eq(*unit, entered.unit) && is_possible_in(unit)).collect();
    let ranges = [entered.unit].into_iter().chain(others.iter().copied()).filter_map(Unit::range_text);
    let expected = Some(ranges.collect::<Vec<_>>().join(", or "));
    let (title, number) = (field.title(), entered.number.to_string());
    let must = format!("{title} must be {}, not {number}", entered.unit.range_text().unwrap_or_default());
    let (code, text, suggestion) = match others.first() {
        None => (ProblemCode::Impossible, must, None),
        Some(other) => {
            let text = format!("{must}: is it {}?", other.shown(&number));
            (ProblemCode::OtherUnit, text, Some((number.clone(), other.name.clone())))
        }
    };
    FieldProblem {
        found: Some(entered.unit.shown(&number)),
        expected,
        limits: entered.unit.limits(),
        other_limits: others.iter().filter_map(|unit| unit.limits()).collect(),
        suggestion,
        ..FieldProblem::new(at, code, text)
    }
}

/// A computed value is outside the plausible range. `formula`: the formula with its numbers.
pub(super) fn impossible_result(at: usize, field: &FormField, formula: &str, value: &Decimal) -> FieldProblem {
    let range = field.unit().range_text();
    let text = format!(
        "{} must be {}, and is computed as {formula} = {value}: correct what it is computed from, or enter it directly",
        field.title(),
        range.as_deref().unwrap_or_default()
    );
    let problem = FieldProblem::new(at, ProblemCode::Impossible, text);
    FieldProblem { found: Some(value.to_string()), expected: range, limits: field.unit().limits(), ..problem }
}

/// A formula has no result for its inputs.
pub(super) fn undefined(fields: &[FormField], formula: &EntryFormula, undefined: Undefined) -> FieldProblem {
    let input = |input: usize| &fields[formula.inputs[input]];
    match undefined {
        Undefined::NotPositive(at) => {
            let text = format!("{} must be above 0", input(at).title());
            let unit = input(at).unit().name.clone();
            let limits = Limits { min: Some("0".to_owned()), max: None, unit, exclusive: true };
            let problem = FieldProblem::new(formula.inputs[at], ProblemCode::Impossible, text);
            FieldProblem { expected: Some("above 0".to_owned()), limits: Some(limits), ..problem }
        }
        Undefined::Swapped => {
            let text = format!("{} must be below {}: are the two swapped?", input(1).title(), input(0).title());
            FieldProblem::new(formula.inputs[1], ProblemCode::Swapped, text)
        }
    }
}

/// Field `at` was computed by the Friedewald formula, which does not hold for these triglycerides, its last input.
pub(super) fn friedewald(at: usize, fields: &[FormField], formula: &EntryFormula) -> FieldProblem {
    let input = &fields[formula.inputs[formula.inputs.len() - 1]];
    let bound = formula::FRIEDEWALD_BELOW.to_string();
    let shown = input.unit().shown(&bound);
    let text = format!(
        "{} is computed by the Friedewald formula, which does not hold for {} from {shown} on: enter a measured value if there is one",
        fields[at].title(),
        input.title(),
    );
    let limits = Limits { min: None, max: Some(bound), unit: input.unit().name.clone(), exclusive: true };
    let problem = FieldProblem::new(at, ProblemCode::Friedewald, text);
    FieldProblem { expected: Some(format!("below {shown}")), limits: Some(limits), ..problem }
}

/// Field `at` is empty. `columns`: the fields that are computed from it and needed.
pub(super) fn missing(at: usize, fields: &[FormField], columns: &[usize]) -> FieldProblem {
    let field = &fields[at];
    let titles: Vec<&str> = columns.iter().map(|&column| fields[column].title()).collect();
    let text = match titles.as_slice() {
        titles if titles.is_empty() || field.is_column => format!("Enter {}", field.title()),
        [title] => format!("Enter {}: {title} is computed from it", field.title()),
        titles => format!("Enter {}: {} are computed from it", field.title(), titles.join(" and ")),
    };
    FieldProblem::new(at, ProblemCode::Missing, text)
}
