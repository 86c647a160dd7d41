//! The data dictionary: what each column is, what its target is called, how a form asks for it (`schema.json`).
//!
//! *Limits*: names, titles and their number as `terms` says; formulas [`FORMULAS_DEEP_MAX`] deep.
//!
//! *Not here*: evaluation of entry formulas for a form, checks of rows against ranges (`predict`).

use crate::decimal::{Decimal, EXPONENT_MAX, parse};
use crate::error::{Code, Error, Result, list};
use crate::terms::{check_column_name, check_columns, check_name_length, check_unique, places};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub(crate) const FORMAT: &str = "samefit-schema/1";

/// Most entry formulas that need one another: a formula's inputs may be formulas, and so on.
pub const FORMULAS_DEEP_MAX: usize = 16;

/// A data dictionary.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// `samefit-schema/1`.
    pub format: String,
    /// What the data are, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What is predicted.
    pub target: Target,
    /// The features, in the order of a form.
    #[serde(default)]
    pub columns: Vec<Field>,
    /// Inputs of entry formulas that are no columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

/// The column that is predicted.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its name in the data.
    pub column: String,
    /// What the prediction is called: `predicted_` and this. The column, unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// UCUM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Outside, data are not shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plausible: Option<Plausible>,
    /// How finely it is measured: digits after the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A column or a field of a form.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name in the data.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// UCUM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Units that a form takes besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_units: Option<Vec<OtherUnit>>,
    /// A number unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The values of a category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<Category>>,
    /// Outside, a prediction comes with a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plausible: Option<Plausible>,
    /// How finely it is measured: digits after the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
    /// Code in a terminology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Coding>,
    /// Codes of the same quantity measured or calculated otherwise, which whoever imports one has to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_codes: Option<Vec<OtherCoding>>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How a form gets it from other inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
}

/// Number or category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Any decimal number.
    Number,
    /// One of a few values.
    Category,
}

/// A unit and its exact factor: value in the column's unit = value in this unit * `to_base`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OtherUnit {
    /// UCUM.
    pub unit: String,
    /// Exact decimal.
    pub to_base: String,
    /// Code in a terminology, where the unit has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Coding>,
}

/// One value of a category.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// As in the data.
    pub value: String,
    /// For people.
    pub title: String,
}

/// Ends of the plausible range, exact decimals.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Plausible {
    /// Least plausible value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<String>,
    /// Greatest plausible value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<String>,
}

/// Code of an observation.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Coding {
    /// URI of the terminology.
    pub system: String,
    /// Code in it.
    pub code: String,
}

/// Code of the same quantity, measured or calculated otherwise.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OtherCoding {
    /// URI of the terminology.
    pub system: String,
    /// Code in it.
    pub code: String,
    /// For people: what is different.
    pub title: String,
}

/// An entry formula over inputs.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Which.
    pub formula: Formula,
    /// Columns or fields, in the formula's order.
    pub inputs: Vec<String>,
    /// Digits after the point of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
}

/// The closed set of entry formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Formula {
    /// Natural logarithm of one input.
    Ln,
    /// First over second.
    Ratio,
    /// (systolic + 2 diastolic) / 3.
    MeanPressure,
    /// total - HDL - triglycerides / 5.
    Friedewald,
}

impl Formula {
    /// How many inputs it takes.
    pub const fn inputs(self) -> usize {
        match self {
            Self::Ln => 1,
            Self::Ratio | Self::MeanPressure => 2,
            Self::Friedewald => 3,
        }
    }
}

impl Schema {
    /// Refuses a schema that contradicts itself.
    pub fn check(&self) -> Result<()> {
        if self.format != FORMAT {
            return Err(Error::found(Code::Schema, &self.format, &format!("the format {FORMAT}"), "check that this is a schema"));
        }
        check_columns(self.columns.len() + self.fields.len(), "columns and fields of a schema")?;
        let names: Vec<&str> = self.all().map(|field| field.name.as_str()).chain([self.target.column.as_str()]).collect();
        names.iter().try_for_each(|name| check_column_name(name).map_err(|error| error.in_column(name)))?;
        check_unique(&names, "column or field of the schema")?;
        check_measure(self.target.decimals, self.target.plausible.as_ref()).map_err(|error| error.in_column(&self.target.column))?;
        self.target.name.iter().chain(&self.target.title).try_for_each(|text| check_name_length(text))?;
        let names = names.into_iter().collect();
        self.all().try_for_each(|field| check_field(field, &names).map_err(|error| error.in_column(&field.name)))?;
        self.check_order()?;
        self.check_formula_units()
    }

    /// Columns and fields.
    fn all(&self) -> impl Iterator<Item = &Field> + Clone {
        self.columns.iter().chain(&self.fields)
    }

    /// Refuses a formula whose numbers are for another unit: a fifth of the triglycerides is for mg/dL.
    fn check_formula_units(&self) -> Result<()> {
        let all: Vec<&Field> = self.all().collect();
        let names: Vec<&str> = all.iter().map(|field| field.name.as_str()).collect();
        let places = places(&names);
        for (at, field) in all.iter().enumerate() {
            let Some(entry) = field.entry.as_ref().filter(|entry| entry.formula == Formula::Friedewald) else { continue };
            let inputs = entry.inputs.iter().filter_map(|input| places.get(input.as_str()).copied());
            let mut used: Vec<usize> = inputs.chain([at]).collect();
            used.sort_unstable();
            let other = used.into_iter().map(|at| all[at]).find(|other| other.unit.as_deref().is_some_and(|unit| unit != "mg/dL"));
            if let Some(other) = other {
                let found = other.unit.as_deref().unwrap_or_default();
                let remedy = format!("give `{}` in mg/dL, with other units besides, or leave out the entry formula", other.name);
                return Err(
                    Error::found(Code::Schema, found, "mg/dL, for which the formula `friedewald` holds", remedy).in_column(&field.name)
                );
            }
        }
        Ok(())
    }

    /// Refuses entry formulas that go round in a circle, or that are too deep.
    fn check_order(&self) -> Result<()> {
        let all: Vec<&Field> = self.all().collect();
        let names: Vec<&str> = all.iter().map(|field| field.name.as_str()).collect();
        let places = places(&names);
        let inputs = |field: &Field| -> Vec<usize> {
            let inputs = field.entry.iter().flat_map(|entry| &entry.inputs);
            inputs.filter_map(|input| places.get(input.as_str()).copied()).collect()
        };
        let mut waits_for: Vec<usize> = all.iter().map(|field| inputs(field).len()).collect();
        let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
        for (at, field) in all.iter().enumerate() {
            inputs(field).into_iter().for_each(|input| needed_by[input].push(at));
        }
        // how many formulas stand one upon another below a field, itself among them
        let mut depths: Vec<usize> = all.iter().map(|field| usize::from(field.entry.is_some())).collect();
        let mut ready: Vec<usize> = (0..all.len()).filter(|&at| waits_for[at] == 0).collect();
        while let Some(at) = ready.pop() {
            if depths[at] > FORMULAS_DEEP_MAX {
                let sentence = format!("more than {FORMULAS_DEEP_MAX} entry formulas need one another");
                return Err(Error::new(Code::Schema, sentence, "compute the value before it is entered").in_column(names[at]));
            }
            for &next in &needed_by[at] {
                depths[next] = depths[next].max(depths[at] + 1);
                waits_for[next] -= 1;
                if waits_for[next] == 0 {
                    ready.push(next);
                }
            }
        }
        let waiting: Vec<&str> = names.iter().zip(&waits_for).filter(|(_, count)| **count > 0).map(|(name, _)| *name).collect();
        let Some(first) = waiting.first() else { return Ok(()) };
        let sentence = format!("the entry formulas of {} need one another", list(&waiting));
        Err(Error::new(Code::Schema, sentence, "leave one of them out").in_column(first))
    }

    /// The entry of a column that is a feature.
    pub fn column(&self, name: &str) -> Option<&Field> {
        self.columns.iter().find(|field| field.name == name)
    }

    /// What the schema says of a column as a feature, also of the one that is its target.
    pub fn as_feature(&self, name: &str) -> Option<Field> {
        let target = &self.target;
        if target.column != name {
            return self.column(name).cloned();
        }
        let Target { title, unit, plausible, decimals, description, .. } = target.clone();
        Some(Field { name: name.to_owned(), title, unit, plausible, decimals, description, ..Field::default() })
    }

    /// What the schema says of a column as the target, also of one that it describes as a feature.
    pub fn as_target(&self, name: &str) -> Target {
        if self.target.column == name {
            return Target { name: Some(self.target.name.clone().unwrap_or_else(|| name.to_owned())), ..self.target.clone() };
        }
        let field = self.column(name).cloned().unwrap_or_default();
        Target {
            column: name.to_owned(),
            name: Some(name.to_owned()),
            title: field.title,
            unit: field.unit,
            plausible: field.plausible,
            decimals: field.decimals,
            description: field.description,
        }
    }

    /// How finely a column is measured, the target among them.
    pub fn decimals(&self, name: &str) -> Option<u32> {
        if self.target.column == name { self.target.decimals } else { self.column(name)?.decimals }
    }

    /// What is plausible of a column, the target among them.
    pub fn plausible(&self, name: &str) -> Option<&Plausible> {
        if self.target.column == name { self.target.plausible.as_ref() } else { self.column(name)?.plausible.as_ref() }
    }

    /// The unit of a column, the target's among them.
    pub fn unit(&self, name: &str) -> Option<&str> {
        if self.target.column == name { self.target.unit.as_deref() } else { self.column(name)?.unit.as_deref() }
    }

    /// The order of columns that the schema sets: its features, then its target.
    pub fn order(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|field| field.name.as_str()).chain([self.target.column.as_str()])
    }

    /// What entry formulas of these columns need besides them, one through another: fields, and columns that are not among `columns`.
    pub fn fields_for(&self, columns: &[&str]) -> Vec<Field> {
        let all: Vec<&Field> = self.all().collect();
        let names: Vec<&str> = all.iter().map(|field| field.name.as_str()).collect();
        let places = places(&names);
        let given: BTreeSet<&str> = columns.iter().copied().collect();
        let (mut needed, mut open) = (given.clone(), columns.to_vec());
        while let Some(name) = open.pop() {
            let entry = places.get(name).and_then(|&at| all[at].entry.as_ref());
            open.extend(entry.iter().flat_map(|entry| &entry.inputs).map(String::as_str).filter(|input| needed.insert(input)));
        }
        let asked = |field: &&&Field| needed.contains(field.name.as_str()) && !given.contains(field.name.as_str());
        all.iter().filter(asked).map(|field| (*field).clone()).collect()
    }
}

impl Plausible {
    /// The ends as numbers.
    pub fn ends(&self) -> (Option<Decimal>, Option<Decimal>) {
        let end = |text: &Option<String>| text.as_ref().and_then(|text| parse(text.as_bytes()).ok());
        (end(&self.min), end(&self.max))
    }
}

fn check_field(field: &Field, names: &BTreeSet<&str>) -> Result<()> {
    field.title.iter().try_for_each(|title| check_name_length(title))?;
    for unit in field.other_units.iter().flatten() {
        let factor = parse(unit.to_base.as_bytes());
        if !factor.is_ok_and(|factor| factor > Decimal::ZERO) {
            return Err(Error::found(Code::Schema, &unit.to_base, "a decimal number above zero for `to_base`", "correct the schema"));
        }
    }
    check_measure(field.decimals, field.plausible.as_ref())?;
    let Some(entry) = &field.entry else { return Ok(()) };
    check_digits(entry.round, "round")?;
    if entry.inputs.len() != entry.formula.inputs() {
        let sentence = format!("the entry formula takes {} inputs, not {}", entry.formula.inputs(), entry.inputs.len());
        return Err(Error::new(Code::Schema, sentence, "correct the schema"));
    }
    match entry.inputs.iter().find(|input| !names.contains(&input.as_str()) || **input == field.name) {
        Some(input) => Err(Error::found(
            Code::Schema,
            input,
            "another column or field of the schema as input of the entry formula",
            "describe it under `fields`",
        )),
        None => Ok(()),
    }
}

/// Refuses more digits after the point than a value can have.
fn check_digits(digits: Option<u32>, key: &str) -> Result<()> {
    match digits.filter(|digits| i64::from(*digits) > EXPONENT_MAX) {
        None => Ok(()),
        Some(digits) => {
            let expected = format!("at most {EXPONENT_MAX} for `{key}`");
            Err(Error::found(Code::Schema, &digits.to_string(), &expected, "correct the schema"))
        }
    }
}

/// Refuses decimals beyond what a value can have, and ranges that are none.
fn check_measure(decimals: Option<u32>, plausible: Option<&Plausible>) -> Result<()> {
    check_digits(decimals, "decimals")?;
    if let Some(plausible) = plausible {
        for end in [&plausible.min, &plausible.max].into_iter().flatten() {
            parse(end.as_bytes()).map_err(|_| Error::found(Code::Schema, end, "a decimal number for `plausible`", "correct the schema"))?;
        }
        if let (Some(min), Some(max)) = plausible.ends()
            && max < min
        {
            return Err(Error::new(
                Code::Schema,
                format!("the plausible range ends ({max}) before it begins ({min})"),
                "correct the schema",
            ));
        }
    }
    Ok(())
}
