//! Gives the page its words, in the language of the page.
//!
//! `web/texts/LANGUAGE.json` holds the texts by name. Texts for the component's error codes are called `error.CODE`. Translations of a
//! schema's titles and descriptions are called `schema:` and then the English text itself.

use samefit_render::format::NumberFormat;
use serde_json::Value;

/// A language that the page has texts for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, also for people whose language the page does not have.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
}

impl Language {
    /// Every language, in the order in which the page offers them.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::French];

    /// The code, as in `lang="en"` and in the name of the file of texts.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
        }
    }

    /// The language's name for itself.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::French => "Français",
        }
    }

    /// Returns the language of a tag such as `de` or `de-CH`, if the page has it.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let code = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    fn decimal_sign(self) -> char {
        if self == Self::English { '.' } else { ',' }
    }
}

/// The texts of one language.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// Which language.
    pub language: Language,
    by_name: Value,
}

impl Texts {
    /// Reads the content of `web/texts/LANGUAGE.json`. Without it every text is its name.
    #[must_use]
    pub fn new(language: Language, json: &str) -> Self {
        Self::read(language, json).unwrap_or_else(|| Self { language, by_name: Value::Null })
    }

    /// Reads the content of `web/texts/LANGUAGE.json`; none if it is not whole.
    #[must_use]
    pub fn read(language: Language, json: &str) -> Option<Self> {
        let by_name: Value = serde_json::from_str(json).ok()?;
        by_name.is_object().then_some(Self { language, by_name })
    }

    /// Returns a text, or its name if there is none. The browser tests look for such names on the page.
    #[must_use]
    pub fn text<'a>(&'a self, name: &'a str) -> &'a str {
        self.by_name[name].as_str().unwrap_or(name)
    }

    /// Returns a text, if there is one of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&str> {
        self.by_name[name].as_str()
    }

    /// Returns a text with its `{names}` replaced by values.
    #[must_use]
    pub fn fill(&self, name: &str, values: &[(&str, &str)]) -> String {
        fill(self.text(name), values)
    }

    /// Translates a text of a schema. A text without a translation stays English.
    #[must_use]
    pub fn schema<'a>(&'a self, english: &'a str) -> &'a str {
        self.by_name[format!("schema:{english}").as_str()].as_str().unwrap_or(english)
    }

    /// Returns how this language writes numbers.
    #[must_use]
    pub fn format(&self) -> NumberFormat {
        NumberFormat { decimal: self.language.decimal_sign() }
    }
}

/// Replaces the `{names}` in a text by values. A name without a value becomes empty. `{rows|row|rows}` becomes the first word if the value
/// of `rows` is 1, else the second.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out += before;
        let Some((placeholder, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        let mut parts = placeholder.split('|');
        let name = parts.next().unwrap_or_default();
        let value = values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        out += match (parts.next(), parts.next()) {
            (Some(one), Some(_)) if value == "1" => one,
            (Some(_), Some(many)) => many,
            _ => value,
        };
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
    use super::*;

    fn all() -> Vec<(&'static str, serde_json::Map<String, Value>)> {
        let read = |language: Language| {
            let path = format!("{}/texts/{}.json", env!("CARGO_MANIFEST_DIR"), language.code());
            (language.code(), serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
        };
        Language::ALL.into_iter().map(read).collect()
    }

    fn names(text: &str) -> Vec<&str> {
        let mut names: Vec<&str> = text.split('{').skip(1).filter_map(|part| part.split(['}', '|']).next()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn a_tag_names_a_language_or_none() {
        assert_eq!(Language::from_tag("de-CH"), Some(Language::German));
        assert_eq!(Language::from_tag("fr"), Some(Language::French));
        assert_eq!(Language::from_tag("it"), None);
    }

    #[test]
    fn names_are_replaced_by_values() {
        assert_eq!(fill("{a} of {b}{c}", &[("b", "{a}"), ("a", "1")]), "1 of {a}");
        assert_eq!(fill("open {a", &[("a", "1")]), "open a");
        let rows = |count| fill("{n} {n|row|rows}", &[("n", count)]);
        assert_eq!([rows("1"), rows("2"), rows("0")], ["1 row", "2 rows", "0 rows"]);
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

    /// All Rust sources of the page, one after another.
    fn sources() -> String {
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
        sources
    }

    #[test]
    fn every_name_in_the_sources_has_a_text() {
        let (sources, english) = (sources(), &all()[0].1);
        let calls = [".t(\"", ".fill(\"", "texts.text(\""];
        let names = calls.iter().flat_map(|call| sources.split(call).skip(1)).filter_map(|rest| rest.split('"').next());
        let names: Vec<&str> = names.filter(|name| name.contains('.')).collect();
        assert!(names.len() > 100, "{}", names.len());
        let without: Vec<_> = names.into_iter().filter(|name| !english.contains_key(*name)).collect();
        assert!(without.is_empty(), "{without:?}");
    }

    /// A name stands in the sources as a whole, or is put together there from its first part and `{`.
    #[test]
    fn every_text_is_used_somewhere() {
        let sources = sources();
        let is_used = |name: &str| {
            let (first, last) = name.rsplit_once('.').unwrap_or_default();
            // these names end with a code of the component
            let by_code = ["problem", "warning", "page-error", "preview.kind", "preview.remark"].contains(&first);
            sources.contains(&format!("\"{name}\""))
                || sources.contains(&format!("\"{first}.{{")) && (by_code || sources.contains(&format!("\"{last}\"")))
        };
        let unused: Vec<_> = all()[0].1.keys().filter(|name| !is_used(name)).cloned().collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    /// `docs/errors.md` lists all codes; the component's tests keep it complete.
    #[test]
    fn every_error_code_has_words() {
        let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md")).unwrap();
        let codes: Vec<&str> = docs.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`')).collect();
        assert!(codes.len() > 30);
        for (language, texts) in &all()[1..] {
            let without: Vec<_> = codes.iter().filter(|code| !texts.contains_key(&format!("error.{code}"))).collect();
            assert!(without.is_empty(), "{language} does not word {without:?}");
        }
    }

    #[test]
    fn the_schema_of_the_page_is_translated() {
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
}
