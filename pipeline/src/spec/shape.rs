//! A document against the table of fields: the same document with Pachyderm's own spelling of every key, without what is null.
//!
//! *Invariants*: if no problem was found, every field that is left has the type of the table.

use serde_json::{Map, Value};

use super::fields::{Field, Kind, Treatment};
use super::problem::Findings;

/// How alike an unknown key and a known one must be for the one to mean the other.
const LIKENESS_MIN: f64 = 0.8;
const CLUSTER: &str = "a Pachyderm cluster runs this; `samefit pipeline` does not";

/// The object's fields, of which `fields` are known, at `place` in the document.
pub(super) fn object(fields: &[Field], value: &Value, place: &str, findings: &mut Findings<'_>) -> Map<String, Value> {
    let mut kept = Map::new();
    let Value::Object(given) = value else {
        wrong_type(place, value, "an object", "write `{ }` with the fields inside", findings);
        return kept;
    };
    for (key, value) in given.iter().filter(|(_, value)| !value.is_null()) {
        let place = join(place, key);
        let Some(field) = fields.iter().find(|field| field.name == *key || field.name == camel(key)) else {
            unknown(fields, key, &place, findings);
            continue;
        };
        if let Some(value) = treated(field, value, &place, findings)
            && kept.insert(field.name.to_owned(), value).is_some()
        {
            findings.problem(&place, format!("`{}` a second time", field.name), "it once", "remove one of the two spellings");
        }
    }
    kept
}

fn treated(field: &Field, value: &Value, place: &str, findings: &mut Findings<'_>) -> Option<Value> {
    let typed = typed(field.kind, value, place, findings);
    match field.treatment {
        Treatment::Read => typed,
        Treatment::Passed => None,
        Treatment::Ignored(why) => {
            if asks(value) {
                findings.note(place, format!("not used: {why}"));
            }
            None
        }
        Treatment::Refused(what) => {
            if asks(value) {
                findings.problem(place, what, "none", CLUSTER);
            }
            None
        }
    }
}

/// Whether a value says more than leaving the field out.
fn asks(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Bool(true) | Value::Object(_) => true,
    }
}

/// The value, if it has the type.
fn typed(kind: Kind, value: &Value, place: &str, findings: &mut Findings<'_>) -> Option<Value> {
    let (fits, expected, help) = match kind {
        Kind::Object(fields) => return Some(Value::Object(object(fields, value, place, findings))),
        Kind::Objects(fields) => {
            return list(value, place, findings, |item, place, findings| Some(object(fields, item, place, findings).into()));
        }
        Kind::Texts => return list(value, place, findings, |item, place, findings| typed(Kind::Text, item, place, findings)),
        Kind::Wholes => return list(value, place, findings, |item, place, findings| typed(Kind::Whole, item, place, findings)),
        Kind::Map => return map(value, place, findings),
        Kind::Text | Kind::Seconds => (value.is_string(), "a text", "put it in quotes"),
        Kind::Flag => (value.is_boolean(), "true or false", "write it without quotes"),
        Kind::Whole => (value.is_i64() || value.is_u64(), "a whole number", "write it without quotes and without a point"),
        Kind::Number => (value.is_number(), "a number", "write it without quotes"),
    };
    if fits {
        return Some(value.clone());
    }
    wrong_type(place, value, expected, &written(kind, value).unwrap_or_else(|| help.to_owned()), findings);
    None
}

/// What to write instead of a text that holds the right thing.
fn written(kind: Kind, value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let right = match kind {
        Kind::Whole => text.parse::<i64>().is_ok(),
        Kind::Number => text.parse::<f64>().is_ok_and(f64::is_finite),
        Kind::Flag => matches!(text, "true" | "false"),
        _ => false,
    };
    right.then(|| format!("write {text} without quotes"))
}

type Item<'i> = dyn Fn(&Value, &str, &mut Findings<'_>) -> Option<Value> + 'i;

fn list(
    value: &Value,
    place: &str,
    findings: &mut Findings<'_>,
    item: impl Fn(&Value, &str, &mut Findings<'_>) -> Option<Value>,
) -> Option<Value> {
    let item: &Item<'_> = &item;
    let Value::Array(items) = value else {
        wrong_type(place, value, "a list", "write `[ ]` around it", findings);
        return None;
    };
    let items = items.iter().enumerate().filter_map(|(index, value)| item(value, &format!("{place}[{index}]"), findings));
    Some(Value::Array(items.collect()))
}

fn map(value: &Value, place: &str, findings: &mut Findings<'_>) -> Option<Value> {
    let Value::Object(entries) = value else {
        wrong_type(place, value, "an object of texts", "write `{ \"NAME\": \"VALUE\" }`", findings);
        return None;
    };
    let entries = entries.iter().filter_map(|(key, value)| Some((key.clone(), typed(Kind::Text, value, &join(place, key), findings)?)));
    Some(Value::Object(entries.collect()))
}

fn wrong_type(place: &str, value: &Value, expected: &str, help: &str, findings: &mut Findings<'_>) {
    findings.problem(place, shown(value), expected, help);
}

/// A value in a message.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::String(text) => format!("the text `{text}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn unknown(fields: &[Field], key: &str, place: &str, findings: &mut Findings<'_>) {
    let likeness = |field: &Field| strsim::jaro_winkler(field.name, &camel(key));
    let nearest = fields.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|field| likeness(field) >= LIKENESS_MIN);
    let names = || fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ");
    let help = match nearest {
        Some(field) => format!("write `{}`", field.name),
        None => format!("remove it; there are {}", names()),
    };
    findings.problem(place, format!("`{key}`"), "a field of Pachyderm's pipeline spec", help);
}

/// `datum_set_spec` to `datumSetSpec`.
fn camel(key: &str) -> String {
    let mut parts = key.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |camel, part| {
        let mut letters = part.chars();
        let capital = letters.next().map(|letter| letter.to_ascii_uppercase());
        camel + &capital.into_iter().chain(letters).collect::<String>()
    })
}

fn join(place: &str, key: &str) -> String {
    if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") }
}
