//! The table of the core module's functions, `core-wasm/wit/abi.json` (`docs/abi.md`): the types of each function's parameters and result.
//!
//! *Not here*: places in memory and core values. Only the helper of a language needs them.

use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The functions by place, such as `training/summarizer.push`, and the types by name.
pub(crate) struct Table {
    functions: BTreeMap<String, Function>,
    types: BTreeMap<String, Shape>,
}

/// The types of a function.
pub(crate) struct Function {
    /// The types of the parameters, `self` first.
    pub(crate) params: Vec<String>,
    /// The type of the result; none if it returns nothing.
    pub(crate) result: Option<String>,
}

/// What a type consists of. Texts are names of types.
pub(crate) enum Shape {
    Bool,
    U32,
    U64,
    F64,
    Text,
    Bytes,
    Numbers,
    Handle,
    Option(String),
    Record(Vec<(String, String)>),
    Result { ok: Option<String>, err: String },
}

impl Table {
    /// Reads the table.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let table: Json = serde_json::from_str(text).map_err(|error| format!("abi.json: {error}"))?;
        Self::read(&table).ok_or_else(|| "abi.json is not as docs/abi.md says".to_owned())
    }

    fn read(table: &Json) -> Option<Self> {
        let types = table["types"].as_object()?.iter();
        let types = types.filter(|(name, _)| *name != "u8").map(|(name, shape)| Some((name.clone(), Shape::read(shape)?)));
        let functions = table["functions"].as_array()?.iter().map(|function| Some((place(function)?, Function::read(function)?)));
        Some(Self { functions: functions.collect::<Option<_>>()?, types: types.collect::<Option<_>>()? })
    }

    /// Returns the function at a place.
    pub(crate) fn function(&self, place: &str) -> Result<&Function, String> {
        self.functions.get(place).ok_or_else(|| format!("abi.json has no {place}"))
    }

    /// Returns what a type consists of.
    pub(crate) fn shape(&self, name: &str) -> Result<&Shape, String> {
        self.types.get(name).ok_or_else(|| format!("abi.json has no type {name}"))
    }
}

impl Function {
    fn read(function: &Json) -> Option<Self> {
        let params = function["params"].as_array()?.iter().map(|param| Some(param[1].as_str()?.to_owned()));
        Some(Self { params: params.collect::<Option<_>>()?, result: function["result"].as_str().map(str::to_owned) })
    }
}

impl Shape {
    fn read(shape: &Json) -> Option<Self> {
        let word = |key: &str| shape[key].as_str().map(str::to_owned);
        Some(match shape["kind"].as_str()? {
            "bool" => Self::Bool,
            "u32" => Self::U32,
            "u64" => Self::U64,
            "f64" => Self::F64,
            "string" => Self::Text,
            "list" if shape["element"] == "u8" => Self::Bytes,
            "list" if shape["element"] == "f64" => Self::Numbers,
            "borrow" | "own" => Self::Handle,
            "option" => Self::Option(word("some")?),
            "record" => {
                let field = |field: &Json| Some((field[0].as_str()?.to_owned(), field[1].as_str()?.to_owned()));
                Self::Record(shape["fields"].as_array()?.iter().map(field).collect::<Option<_>>()?)
            }
            "result" => Self::Result { ok: word("ok"), err: word("err")? },
            _ => return None,
        })
    }
}

/// Returns the place of a function in the contract: `interface/name` or `interface/resource.name`.
pub(crate) fn place(function: &Json) -> Option<String> {
    let (interface, name) = (function["interface"].as_str()?, function["name"].as_str()?);
    Some(function["resource"].as_str().map_or_else(|| format!("{interface}/{name}"), |resource| format!("{interface}/{resource}.{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_table_is_refused() {
        for text in ["", "{}", r#"{"types":{"x":{"kind":"tuple"}},"functions":[]}"#] {
            assert!(Table::parse(text).is_err(), "{text}");
        }
    }
}
