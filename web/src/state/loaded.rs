//! The model in use, with the form that the component makes for it.

use samefit_render::documents::{Model, list};
use serde_json::Value;

/// A model that the component accepted.
#[derive(Clone, Debug, Default)]
pub struct LoadedModel {
    /// What the model's document says.
    pub model: Model,
    /// The form, as the component describes it.
    pub form: Value,
    /// The file it came from; none for the model that the page comes with.
    pub file: Option<String>,
}

impl LoadedModel {
    /// Returns the fields, in the order in which they are drawn.
    #[must_use]
    pub fn fields(&self) -> &[Value] {
        list(&self.form["fields"])
    }

    /// Returns a field by its name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields().iter().find(|field| field["name"] == name)
    }

    /// Returns a field's own unit: the first of those that it can be entered in.
    #[must_use]
    pub fn own_unit(&self, name: &str) -> Option<String> {
        self.field(name)?["units"][0]["unit"].as_str().map(str::to_owned)
    }

    /// Returns the fields whose formula uses this one.
    #[must_use]
    pub fn computed_from(&self, name: &str) -> Vec<&Value> {
        let uses = |field: &&Value| list(&field["entry"]["inputs"]).iter().any(|input| input == name);
        self.fields().iter().filter(uses).collect()
    }

    /// Whether a field is a choice among the levels of a category.
    #[must_use]
    pub fn is_category(field: &Value) -> bool {
        field["kind"] == "category" && !list(&field["categories"]).is_empty()
    }

    /// Whether a field is not shown because nobody types it: a logarithm.
    #[must_use]
    pub fn is_hidden(field: &Value) -> bool {
        field["entry"]["formula"] == "ln"
    }
}
