//! Tables that are shown before they are used: what the component guesses about how they are written, and what the person says instead.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use crate::files::{ChosenFile, Handle, Table};

/// A table with its preview.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PreviewedTable {
    /// The table. Its `read` has the format, and the keys that the person chose.
    pub table: Table,
    /// The component's preview; null for JSON, of which nothing is to be guessed.
    pub document: Value,
}

impl PreviewedTable {
    /// Returns the table as it is read from now on: with what was chosen, and with the guess for the rest.
    #[must_use]
    pub fn accepted(&self) -> Table {
        let mut read = Map::new();
        read.insert("format".to_owned(), self.table.read["format"].clone());
        read.extend(self.document["plan"].as_object().cloned().unwrap_or_default());
        Table { read: Value::Object(read), ..self.table.clone() }
    }
}

/// Files that are being sorted: documents are taken one after another, tables are collected and shown together at the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intake {
    /// Files to look at. The first one is being read.
    pub waiting: VecDeque<ChosenFile>,
    /// Tables found so far.
    pub tables: Vec<PreviewedTable>,
}

impl Intake {
    /// Whether the file is still needed.
    #[must_use]
    pub fn uses(&self, handle: Handle) -> bool {
        self.waiting.iter().any(|file| file.file == handle) || self.tables.iter().any(|table| table.table.file == handle)
    }
}

/// Tables that are shown before they are used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Previews {
    /// The tables, in the order in which they were dropped.
    pub tables: Vec<PreviewedTable>,
}

impl Previews {
    /// Whether there is something to show.
    #[must_use]
    pub fn has_any(&self) -> bool {
        self.tables.iter().any(|table| table.document.is_object())
    }

    /// Whether the file is still needed.
    #[must_use]
    pub fn uses(&self, handle: Handle) -> bool {
        self.tables.iter().any(|table| table.table.file == handle)
    }

    /// Returns the tables that are shown, by their indexes. Those that are written alike are one group, which is chosen for together.
    #[must_use]
    pub fn groups(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (at, table) in self.tables.iter().enumerate().filter(|(_, table)| table.document.is_object()) {
            let is_alike = |group: &Vec<usize>| {
                let first = &self.tables[group[0]];
                first.document["plan"] == table.document["plan"] && first.table.read == table.table.read
            };
            match groups.iter_mut().find(|group| is_alike(group)) {
                Some(group) => group.push(at),
                None => groups.push(vec![at]),
            }
        }
        groups
    }

    /// Takes what the person says of a table and of those that are written alike.
    pub fn choose(&mut self, at: usize, choice: &DialectChoice) {
        let group = self.groups().into_iter().find(|group| group.contains(&at)).unwrap_or_default();
        for at in group {
            choice.put(&mut self.tables[at].table.read);
        }
    }
}

/// What the person says about how tables are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialectChoice {
    /// The character between fields.
    Delimiter(String),
    /// The mark before decimals.
    Decimal(String),
    /// The character between thousands; empty for none.
    Thousands(String),
    /// Whether the first line that counts has the names of the columns.
    Header(bool),
    /// How many lines above are passed over.
    Skip(u64),
    /// The character with which comments begin; empty for none.
    Comment(String),
    /// Texts for missing values.
    Missing(Vec<String>),
}

impl DialectChoice {
    /// Returns the choice of a control. None for a name that no control has, and for a value that is none.
    #[must_use]
    pub fn of(name: &str, value: &str) -> Option<Self> {
        Some(match name {
            "delimiter" => Self::Delimiter(value.to_owned()),
            "decimal" => Self::Decimal(value.to_owned()),
            "thousands" => Self::Thousands(value.to_owned()),
            "header" => Self::Header(value != "none"),
            "skip" => Self::Skip(value.trim().parse().ok()?),
            "comment" => Self::Comment(value.to_owned()),
            "na" => Self::Missing(value.split_whitespace().map(str::to_owned).collect()),
            _ => return None,
        })
    }

    /// Returns the key of a plan, which is also the name of the control.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Delimiter(_) => "delimiter",
            Self::Decimal(_) => "decimal",
            Self::Thousands(_) => "thousands",
            Self::Header(_) => "header",
            Self::Skip(_) => "skip",
            Self::Comment(_) => "comment",
            Self::Missing(_) => "na",
        }
    }

    /// Puts the choice into how a table is read. One character cannot stand before decimals and between thousands, so an earlier choice gives way.
    fn put(&self, read: &mut Value) {
        let character = |text: &String| if text.is_empty() { Value::Null } else { json!(text) };
        let value = match self {
            Self::Delimiter(text) | Self::Decimal(text) => json!(text),
            Self::Thousands(text) | Self::Comment(text) => character(text),
            Self::Header(true) => Value::Null,
            Self::Header(false) => json!([]),
            Self::Skip(lines) => json!(lines),
            Self::Missing(texts) => json!(texts),
        };
        let other = match self {
            Self::Decimal(_) => "thousands",
            Self::Thousands(_) => "decimal",
            _ => "",
        };
        if let Some(keys) = read.as_object_mut() {
            if keys.get(other) == Some(&value) {
                keys.remove(other);
            }
            keys.insert(self.key().to_owned(), value);
        }
    }
}

/// Returns the id of a control of a table.
#[must_use]
pub fn dialect_control(key: &str, at: usize) -> String {
    format!("dialect-{key}-{at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, plan: Value) -> PreviewedTable {
        let table = Table { name: name.to_owned(), read: json!({"format": "csv"}), ..Table::default() };
        PreviewedTable { table, document: json!({"plan": plan}) }
    }

    #[test]
    fn tables_that_are_written_alike_are_chosen_for_together() {
        let semicolons = || json!({"delimiter": ";"});
        let json_file = PreviewedTable { document: Value::Null, ..table("c.json", Value::Null) };
        let mut previews = Previews { tables: vec![table("a", semicolons()), table("b", json!({})), json_file, table("d", semicolons())] };
        assert_eq!(previews.groups(), [vec![0, 3], vec![1]]);
        previews.choose(0, &DialectChoice::Header(false));
        let read: Vec<&Value> = previews.tables.iter().map(|table| &table.table.read["header"]).collect();
        assert_eq!(read, [&json!([]), &Value::Null, &Value::Null, &json!([])]);
        assert_eq!(previews.tables[3].accepted().read, json!({"format": "csv", "delimiter": ";"}), "what the component says of it");
    }

    #[test]
    fn a_choice_becomes_a_key_of_the_plan() {
        let read = |choices: &[(&str, &str)]| {
            let mut read = json!({"format": "csv"});
            choices.iter().for_each(|(name, value)| DialectChoice::of(name, value).into_iter().for_each(|choice| choice.put(&mut read)));
            read
        };
        assert_eq!(read(&[("delimiter", "\t"), ("na", " ?  N/A ")]), json!({"format": "csv", "delimiter": "\t", "na": ["?", "N/A"]}));
        assert_eq!(read(&[("header", "none"), ("header", "data"), ("skip", "2")]), json!({"format": "csv", "header": null, "skip": 2}));
        assert_eq!(read(&[("thousands", ","), ("decimal", ",")]), json!({"format": "csv", "decimal": ","}));
        assert_eq!(
            read(&[("thousands", ""), ("comment", ""), ("skip", "x")]),
            json!({"format": "csv", "thousands": null, "comment": null})
        );
        assert_eq!(DialectChoice::of("colour", ""), None);
    }
}
