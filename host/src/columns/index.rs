//! Finds the columns in which pandas keeps the labels of the rows.
//!
//! pandas writes the index of a data frame as a column, such as `__index_level_0__`, unless it only counts the rows. Its own metadata in the file
//! say which columns these are: `{"index_columns": ["__index_level_0__"], ...}`.

use std::collections::HashSet;

use arrow_schema::Schema;
use serde_json::Value;

/// The key of the metadata that pandas writes.
const METADATA_KEY: &str = "pandas";

/// Returns the names of the columns that are an index. Metadata that cannot be read name none.
pub(super) fn columns(schema: &Schema) -> HashSet<String> {
    let metadata = schema.metadata().get(METADATA_KEY).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let named = metadata.as_ref().and_then(|metadata| metadata["index_columns"].as_array());
    // an index that only counts the rows is described by an object, and has no column
    named.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn names(metadata: &str) -> Vec<String> {
        let schema = Schema::empty().with_metadata(HashMap::from([(METADATA_KEY.to_owned(), metadata.to_owned())]));
        let mut names: Vec<String> = columns(&schema).into_iter().collect();
        names.sort();
        names
    }

    #[test]
    fn the_metadata_of_pandas_name_the_index() {
        assert_eq!(names(r#"{"index_columns": ["__index_level_0__", "id"], "columns": []}"#), ["__index_level_0__", "id"]);
        let range = r#"{"index_columns": [{"kind": "range", "name": null, "start": 0, "stop": 3, "step": 1}]}"#;
        for metadata in [range, "{}", "[]", "", "{", r#"{"index_columns": "id"}"#] {
            assert!(names(metadata).is_empty(), "{metadata}");
        }
        assert!(columns(&Schema::empty()).is_empty());
    }
}
