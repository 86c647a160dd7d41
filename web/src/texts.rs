//! Names of texts to texts in the language of the page.
//!
//! `web/texts/LANGUAGE.json` holds them: words of the page by name, of error codes under `error.CODE`, of a schema's texts under the
//! English text itself with `schema:` before it.

use samefit_render::format::NumberFormat;
use serde_json::Value;

/// Languages there are texts for; the first is the one that others fall back on.
pub const LANGUAGES: [(&str, &str); 3] = [("en", "English"), ("de", "Deutsch"), ("fr", "Français")];

/// The texts of one language.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// `en`, `de` or `fr`.
    pub language: String,
    own: Value,
}

impl Texts {
    /// Reads `web/texts/LANGUAGE.json`.
    #[must_use]
    pub fn new(language: &str, json: &str) -> Self {
        Self { language: language.to_owned(), own: serde_json::from_str(json).unwrap_or_default() }
    }

    /// A text; its name if there is none, which the tests look for.
    #[must_use]
    pub fn text<'a>(&'a self, name: &'a str) -> &'a str {
        self.own[name].as_str().unwrap_or(name)
    }

    /// A text, if there is one.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&str> {
        self.own[name].as_str()
    }

    /// A text with values for its `{names}`.
    #[must_use]
    pub fn fill(&self, name: &str, values: &[(&str, &str)]) -> String {
        fill(self.text(name), values)
    }

    /// A text of a schema in the language of the page, if it is known there.
    #[must_use]
    pub fn schema<'a>(&'a self, english: &'a str) -> &'a str {
        self.own[format!("schema:{english}").as_str()].as_str().unwrap_or(english)
    }

    /// How numbers are written.
    #[must_use]
    pub fn format(&self) -> NumberFormat {
        NumberFormat { decimal: if self.language == "en" || self.language.is_empty() { '.' } else { ',' } }
    }

    /// A range or choice that the component words in English, `30 to 1000 mg/dL, or 0.78 to 25.85 mmol/L`.
    #[must_use]
    pub fn range(&self, english: &str) -> String {
        let (to, or) = match self.language.as_str() {
            "de" => (" bis ", " oder "),
            "fr" => (" à ", " ou "),
            _ => return english.to_owned(),
        };
        english.replace(" to ", to).replace(" or ", or).replace('.', ",").replace(",,", ",")
    }
}

/// A text with values for its `{names}`.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out += before;
        let Some((name, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        out += values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
    use super::*;

    fn all() -> Vec<(String, serde_json::Map<String, Value>)> {
        let read = |(language, _): &(&str, &str)| {
            let path = format!("{}/texts/{language}.json", env!("CARGO_MANIFEST_DIR"));
            (language.to_string(), serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
        };
        LANGUAGES.iter().map(read).collect()
    }

    fn names(text: &str) -> Vec<&str> {
        let mut names: Vec<&str> = text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn values_take_their_places() {
        assert_eq!(fill("{a} of {b}{c}", &[("b", "{a}"), ("a", "1")]), "1 of {a}");
        assert_eq!(fill("open {a", &[("a", "1")]), "open a");
    }

    #[test]
    fn every_language_has_every_text_with_the_same_values() {
        let all = all();
        let english = &all[0].1;
        for (language, texts) in &all[1..] {
            for (name, text) in english {
                let theirs = texts.get(name).unwrap_or_else(|| panic!("{language} has no {name}"));
                assert_eq!(names(theirs.as_str().unwrap()), names(text.as_str().unwrap()), "{language} {name}");
            }
            let more = texts.keys().filter(|name| !english.contains_key(*name));
            let strangers: Vec<_> = more.filter(|name| !name.starts_with("error.") && !name.starts_with("schema:")).collect();
            assert!(strangers.is_empty(), "{language}: {strangers:?}");
        }
    }

    /// A name stands in the sources, whole or as what is put together there: `{` after its first part.
    #[test]
    fn every_text_is_said_somewhere() {
        let mut sources = String::new();
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    sources += &std::fs::read_to_string(path).unwrap();
                }
            }
        }
        let is_said = |name: &str| {
            let (first, last) = name.rsplit_once('.').unwrap_or_default();
            // codes are the component's to say
            let by_code = ["problem", "warning", "fault"].contains(&first);
            sources.contains(&format!("\"{name}\""))
                || sources.contains(&format!("\"{first}.{{")) && (by_code || sources.contains(&format!("\"{last}\"")))
        };
        let unsaid: Vec<_> = all()[0].1.keys().filter(|name| !is_said(name)).cloned().collect();
        assert!(unsaid.is_empty(), "{unsaid:?}");
    }

    /// The codes as the docs list them, which the component's tests keep complete.
    #[test]
    fn every_error_code_is_worded() {
        let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md")).unwrap();
        let codes: Vec<&str> = docs.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`')).collect();
        assert!(codes.len() > 30);
        for (language, texts) in &all()[1..] {
            let without: Vec<_> = codes.iter().filter(|code| !texts.contains_key(&format!("error.{code}"))).collect();
            assert!(without.is_empty(), "{language} does not word {without:?}");
        }
    }

    #[test]
    fn the_schema_of_the_page_is_worded() {
        let schema = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/diabetes_raw.schema.json")).unwrap();
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let entries = ["columns", "fields"].into_iter().flat_map(|key| schema[key].as_array().unwrap());
        let texts: Vec<&str> = entries
            .chain([&schema["target"], &schema])
            .flat_map(|entry| [entry["title"].as_str(), entry["description"].as_str()])
            .flatten()
            .collect();
        for (language, words) in &all()[1..] {
            let without: Vec<_> = texts.iter().filter(|text| !words.contains_key(&format!("schema:{text}"))).collect();
            assert!(without.is_empty(), "{language} has no words for the schema's {without:?}");
        }
    }

    #[test]
    fn ranges_follow_the_language() {
        let german = Texts { language: "de".to_owned(), own: Value::Null };
        assert_eq!(german.range("30 to 1000 mg/dL, or 0.78 to 25.85 mmol/L"), "30 bis 1000 mg/dL, oder 0,78 bis 25,85 mmol/L");
    }
}
