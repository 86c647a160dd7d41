//! The data dictionary, `schema.json`: describes each column, the target, and how a form asks for their values.
//!
//! *Limits*: names, titles and their number as in `terms`; at most [`FORMULAS_DEEP_MAX`] entry formulas that need one another.
//!
//! *Not here*: evaluation of entry formulas (`entry`), checks of rows against plausible ranges (`predict`).

use crate::decimal::{Decimal, EXPONENT_MAX, parse};
use crate::error::{Code, Error, Result, list};
use crate::level::{LEVELS_MAX, ListedLevels, level_of};
use crate::ordered::IntoOrdered;
use crate::terms::{check_column_name, check_columns, check_name_length, check_unique, places};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub(crate) const FORMAT: &str = "samefit-schema/1";

/// Most entry formulas that need one another. The inputs of a formula may be formulas in turn.
pub const FORMULAS_DEEP_MAX: usize = 16;

/// A data dictionary. The section *schema.json* of docs/formats.md describes each key.
///
/// ```
/// use samefit_core::schema::Schema;
///
/// let schema: Schema = serde_json::from_str(r#"{
///     "format": "samefit-schema/1",
///     "target": {"column": "y", "name": "progression"},
///     "columns": [{"name": "bmi", "unit": "kg/m2", "plausible": {"min": "10", "max": "100"}}]
/// }"#).unwrap();
/// schema.check().unwrap();
/// assert_eq!(schema.order().collect::<Vec<_>>(), ["bmi", "y"]);
/// assert_eq!(schema.unit("bmi"), Some("kg/m2"));
/// ```
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Always `samefit-schema/1`.
    pub format: String,
    /// Title of the data, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Description of the data, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The column that is predicted.
    pub target: Target,
    /// The features, in the order of a form.
    #[serde(default)]
    pub columns: Vec<Field>,
    /// Inputs of entry formulas that are not columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

/// The column that is predicted.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its name in the data.
    pub column: String,
    /// Name of the prediction: it is written as `predicted_` and this name. If it is missing, the column's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Unit in UCUM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Plausible range. Data with a value outside of it are not shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plausible: Option<Plausible>,
    /// Digits after the point with which it is measured.
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
    /// Unit in UCUM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Other units that a form takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_units: Option<Vec<OtherUnit>>,
    /// Number or category. If it is missing, a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The values of a category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<Category>>,
    /// Plausible range. A prediction for a value outside of it has a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plausible: Option<Plausible>,
    /// Digits after the point with which it is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
    /// Code in a terminology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Coding>,
    /// Codes of the same quantity, measured or calculated in another way. An import must name the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_codes: Option<Vec<OtherCoding>>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The formula by which a form computes it from other inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
}

/// The kind of values that a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Any decimal number.
    Number,
    /// One of a few values.
    Category,
}

/// Another unit, and its exact factor: the value in the column's unit is the value in this unit times `to_base`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OtherUnit {
    /// Unit in UCUM.
    pub unit: String,
    /// The factor, an exact decimal.
    pub to_base: String,
    /// Code of a measurement in this unit, if the terminology has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Coding>,
}

/// One value of a category.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// The value in the data.
    pub value: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// Ends of a plausible range, as exact decimals.
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

/// Code of an observation in a terminology.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Coding {
    /// URI of the terminology.
    pub system: String,
    /// Code in the terminology.
    pub code: String,
}

/// Code of the same quantity, measured or calculated in another way.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OtherCoding {
    /// URI of the terminology.
    pub system: String,
    /// Code in the terminology.
    pub code: String,
    /// The difference, for people.
    pub title: String,
}

/// How a form computes a value from inputs.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The formula.
    pub formula: Formula,
    /// Names of columns or fields, in the formula's order.
    pub inputs: Vec<String>,
    /// Digits after the point of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
}

/// The entry formulas; there are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Formula {
    /// Natural logarithm of one input.
    Ln,
    /// The first input divided by the second.
    Ratio,
    /// Mean arterial pressure: (systolic + 2 diastolic) / 3.
    MeanPressure,
    /// LDL cholesterol after Friedewald: total - HDL - triglycerides / 5, all in mg/dL.
    Friedewald,
}

impl Formula {
    /// Returns the number of inputs.
    pub const fn inputs(self) -> usize {
        match self {
            Self::Ln => 1,
            Self::Ratio | Self::MeanPressure => 2,
            Self::Friedewald => 3,
        }
    }
}

impl Schema {
    /// Refuses a schema whose entries contradict each other.
    ///
    /// # Errors
    /// `schema`, `capacity`, `column-name`, `duplicate-column`.
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
        let names = names.into_iter().into_set();
        self.all().try_for_each(|field| check_field(field, &names).map_err(|error| error.in_column(&field.name)))?;
        self.check_order()?;
        self.check_formula_units()
    }

    /// Columns and fields.
    fn all(&self) -> impl Iterator<Item = &Field> + Clone {
        self.columns.iter().chain(&self.fields)
    }

    /// Refuses a formula that does not hold in the units of its inputs: `friedewald` holds in mg/dL.
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

    /// Refuses entry formulas that need each other, and chains of more than [`FORMULAS_DEEP_MAX`].
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
        // for each field the length of the longest chain of formulas that ends in it
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

    /// Returns the description of a feature.
    pub fn column(&self, name: &str) -> Option<&Field> {
        self.columns.iter().find(|field| field.name == name)
    }

    /// Returns whether a feature is a category.
    pub fn is_category(&self, name: &str) -> bool {
        self.column(name).is_some_and(|field| field.kind == Some(Kind::Category))
    }

    /// Returns the levels that a category may have; none if the schema lists none.
    pub fn listed_levels(&self, name: &str) -> Option<ListedLevels> {
        self.column(name)?.listed_levels()
    }

    /// Returns the description of a column as a feature, even if it is the schema's target.
    pub fn as_feature(&self, name: &str) -> Option<Field> {
        let target = &self.target;
        if target.column != name {
            return self.column(name).cloned();
        }
        let Target { title, unit, plausible, decimals, description, .. } = target.clone();
        Some(Field { name: name.to_owned(), title, unit, plausible, decimals, description, ..Field::default() })
    }

    /// Returns the description of a column as the target, even if it is one of the schema's features.
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

    /// Returns the digits after the point with which a feature or the target is measured.
    pub fn decimals(&self, name: &str) -> Option<u32> {
        if self.target.column == name { self.target.decimals } else { self.column(name)?.decimals }
    }

    /// Returns the plausible range of a feature or the target.
    pub fn plausible(&self, name: &str) -> Option<&Plausible> {
        if self.target.column == name { self.target.plausible.as_ref() } else { self.column(name)?.plausible.as_ref() }
    }

    /// Returns the unit of a feature or the target.
    pub fn unit(&self, name: &str) -> Option<&str> {
        if self.target.column == name { self.target.unit.as_deref() } else { self.column(name)?.unit.as_deref() }
    }

    /// Returns the names of the columns in order: the features, then the target.
    pub fn order(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|field| field.name.as_str()).chain([self.target.column.as_str()])
    }

    /// Returns the other fields and columns that the entry formulas of `columns` need, directly or through other formulas.
    pub fn fields_for(&self, columns: &[&str]) -> Vec<Field> {
        let all: Vec<&Field> = self.all().collect();
        let names: Vec<&str> = all.iter().map(|field| field.name.as_str()).collect();
        let places = places(&names);
        let given = columns.iter().copied().into_set();
        let (mut needed, mut open) = (given.clone(), columns.to_vec());
        while let Some(name) = open.pop() {
            let entry = places.get(name).and_then(|&at| all[at].entry.as_ref());
            open.extend(entry.iter().flat_map(|entry| &entry.inputs).map(String::as_str).filter(|input| needed.insert(input)));
        }
        let asked = |field: &&&Field| needed.contains(field.name.as_str()) && !given.contains(field.name.as_str());
        all.iter().filter(asked).map(|field| (*field).clone()).collect()
    }
}

impl Field {
    /// Returns the levels that the category may have; none if it lists none, or is no category.
    pub fn listed_levels(&self) -> Option<ListedLevels> {
        let values = self.categories.as_ref().filter(|all| self.kind == Some(Kind::Category) && !all.is_empty())?;
        Some(ListedLevels::new(values.iter().map(|category| category.value.as_str())))
    }
}

impl Plausible {
    /// Returns the ends as numbers.
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
    check_categories(field.categories.as_deref().unwrap_or_default())?;
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

/// Refuses values of a category that no cell can have, too many of them, and values with the same text.
fn check_categories(categories: &[Category]) -> Result<()> {
    if categories.len() > LEVELS_MAX {
        let sentence = format!("{} values of a category are more than the {LEVELS_MAX} that it can have", categories.len());
        return Err(Error::new(Code::Capacity, sentence, "leave the column out, or leave out its `categories` and take it as a number"));
    }
    let mut seen = BTreeSet::new();
    for Category { value, title } in categories {
        title.iter().try_for_each(|title| check_name_length(title))?;
        let level = level_of(value.as_bytes()).ok().flatten();
        if level.is_none_or(|level| !seen.insert(level)) {
            let expected = "a value of its own, which is neither empty nor means that a value is missing";
            return Err(Error::found(Code::Schema, value, expected, "correct the schema"));
        }
    }
    Ok(())
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

/// Refuses more decimals than a value can have, and a plausible range that ends before it begins.
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
