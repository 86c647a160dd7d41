//! Checks a document against the list of fields, and returns it with Pachyderm's own spelling of every key and without `null`s.
//!
//! *Invariants*: if no problem was found, every field that is returned has the type in the list.

use serde_json::{Map, Value};

use super::fields::{Field, FieldType, Support};
use super::problem::{CLUSTER_ONLY, Findings};

/// How similar an unknown key must be to a known one to be taken for a misspelling of it (Jaro-Winkler, from 0 to 1).
const SIMILARITY_MIN: f64 = 0.8;

/// Returns the used fields of the object at the path `path`. `fields` are all that such an object may have.
pub(super) fn object(fields: &[Field], value: &Value, path: &str, findings: &mut Findings<'_>) -> Map<String, Value> {
    let mut kept = Map::new();
    let Value::Object(given) = value else {
        wrong_type(path, value, "an object", "write `{ }` with the fields inside", findings);
        return kept;
    };
    for (key, value) in given.iter().filter(|(_, value)| !value.is_null()) {
        let path = join(path, key);
        let Some(field) = fields.iter().find(|field| field.name == *key || field.name == camel_case(key)) else {
            unknown_field(fields, key, &path, findings);
            continue;
        };
        if let Some(value) = field_value(field, value, &path, findings)
            && kept.insert(field.name.to_owned(), value).is_some()
        {
            findings.add_problem(&path, format!("`{}` a second time", field.name), "it once", "remove one of the two spellings");
        }
    }
    kept
}

/// Checks the type of a field, and returns its value if the field is used.
fn field_value(field: &Field, value: &Value, path: &str, findings: &mut Findings<'_>) -> Option<Value> {
    let typed = typed(field.kind, value, path, findings);
    match field.support {
        Support::Used => typed,
        Support::NoEffect => None,
        Support::Ignored(reason) => {
            if has_effect(value) {
                findings.add_note(path, format!("not used: {reason}"));
            }
            None
        }
        Support::Refused(feature) => {
            if has_effect(value) {
                findings.add_problem(path, feature, "none", CLUSTER_ONLY);
            }
            None
        }
    }
}

/// Returns whether a value differs from leaving the field out.
fn has_effect(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Bool(true) | Value::Object(_) => true,
    }
}

/// Returns the value if it has the right type, and adds a problem otherwise.
fn typed(kind: FieldType, value: &Value, path: &str, findings: &mut Findings<'_>) -> Option<Value> {
    let (fits, expected, help) = match kind {
        FieldType::Object(fields) => return Some(Value::Object(object(fields, value, path, findings))),
        FieldType::Objects(fields) => {
            return list(value, path, findings, |item, path, findings| Some(object(fields, item, path, findings).into()));
        }
        FieldType::Strings => return list(value, path, findings, |item, path, findings| typed(FieldType::String, item, path, findings)),
        FieldType::Integers => {
            return list(value, path, findings, |item, path, findings| typed(FieldType::Integer, item, path, findings));
        }
        FieldType::StringMap => return map(value, path, findings),
        FieldType::String | FieldType::Duration => (value.is_string(), "a string", "put it in quotes"),
        FieldType::Boolean => (value.is_boolean(), "true or false", "write it without quotes"),
        FieldType::Integer => (value.is_i64() || value.is_u64(), "a whole number", "write it without quotes and without a point"),
        FieldType::Number => (value.is_number(), "a number", "write it without quotes"),
    };
    if fits {
        return Some(value.clone());
    }
    wrong_type(path, value, expected, &without_quotes(kind, value).unwrap_or_else(|| help.to_owned()), findings);
    None
}

/// Returns help for a value in quotes that would be right without them.
fn without_quotes(kind: FieldType, value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let right = match kind {
        FieldType::Integer => text.parse::<i64>().is_ok(),
        FieldType::Number => text.parse::<f64>().is_ok_and(f64::is_finite),
        FieldType::Boolean => matches!(text, "true" | "false"),
        _ => false,
    };
    right.then(|| format!("write {text} without quotes"))
}

/// Checks one item of a list.
type ItemCheck<'i> = dyn Fn(&Value, &str, &mut Findings<'_>) -> Option<Value> + 'i;

fn list(
    value: &Value,
    path: &str,
    findings: &mut Findings<'_>,
    item: impl Fn(&Value, &str, &mut Findings<'_>) -> Option<Value>,
) -> Option<Value> {
    let item: &ItemCheck<'_> = &item;
    let Value::Array(items) = value else {
        wrong_type(path, value, "a list", "write `[ ]` around it", findings);
        return None;
    };
    let items = items.iter().enumerate().filter_map(|(index, value)| item(value, &format!("{path}[{index}]"), findings));
    Some(Value::Array(items.collect()))
}

fn map(value: &Value, path: &str, findings: &mut Findings<'_>) -> Option<Value> {
    let Value::Object(entries) = value else {
        wrong_type(path, value, "an object of strings", "write `{ \"NAME\": \"VALUE\" }`", findings);
        return None;
    };
    let entries =
        entries.iter().filter_map(|(key, value)| Some((key.clone(), typed(FieldType::String, value, &join(path, key), findings)?)));
    Some(Value::Object(entries.collect()))
}

fn wrong_type(path: &str, value: &Value, expected: &str, help: &str, findings: &mut Findings<'_>) {
    findings.add_problem(path, describe(value), expected, help);
}

/// Describes a value for a message.
fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::String(text) => format!("the string `{text}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Adds a problem about a field that Pachyderm does not have.
fn unknown_field(fields: &[Field], key: &str, path: &str, findings: &mut Findings<'_>) {
    let similarity = |field: &Field| strsim::jaro_winkler(field.name, &camel_case(key));
    let nearest = fields.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b))).filter(|field| similarity(field) >= SIMILARITY_MIN);
    let names = || fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ");
    let help = match nearest {
        Some(field) => format!("write `{}`", field.name),
        None => format!("remove it; there are {}", names()),
    };
    findings.add_problem(path, format!("`{key}`"), "a field of Pachyderm's pipeline spec", help);
}

/// Converts `datum_set_spec` to `datumSetSpec`.
fn camel_case(key: &str) -> String {
    let mut parts = key.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |camel, part| {
        let mut letters = part.chars();
        let capital = letters.next().map(|letter| letter.to_ascii_uppercase());
        camel + &capital.into_iter().chain(letters).collect::<String>()
    })
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
