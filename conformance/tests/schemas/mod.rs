//! Validates documents with the JSON Schemas of `docs/schemas`.

use serde_json::Value;

const SCHEMAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schemas");

/// Finds the schemas that a schema refers to, in the same folder.
struct SameFolder;

impl jsonschema::Retrieve for SameFolder {
    fn retrieve(&self, uri: &jsonschema::Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.as_str().rsplit('/').next().unwrap_or_default();
        Ok(serde_json::from_str(&read(name))?)
    }
}

fn read(name: &str) -> String {
    std::fs::read_to_string(format!("{SCHEMAS}/{name}")).unwrap()
}

/// Returns the validator of a schema: `model` for `model.schema.json`.
pub(crate) fn validator(schema: &str) -> jsonschema::Validator {
    let name = format!("{schema}.schema.json");
    let options = jsonschema::options().with_base_uri(format!("samefit:///schemas/{name}")).with_retriever(SameFolder);
    options.build(&serde_json::from_str(&read(&name)).unwrap()).unwrap()
}

/// Asserts that a document is valid. `what` names it.
pub(crate) fn assert_valid(validator: &jsonschema::Validator, text: &str, what: &str) {
    let document: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{what}: {error}"));
    let faults: Vec<String> = validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n"));
}
