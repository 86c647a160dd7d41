//! Translates globs to regular expressions, in Pachyderm's dialect (`ohmyglob`).
//!
//! | in a glob | matches |
//! |---|---|
//! | `*` `?` | any characters, one character, but no `/` |
//! | `**` | any characters, also `/`: folders *and* the files in them |
//! | `[a-z]` `[!a-z]` `[[:digit:]]` | one character of the list, or one that is not in it (also `/`) |
//! | `{a,b}` | one of these |
//! | `(a\|b)` `@(a\|b)` | one of these; Pachyderm's joins and groups can refer to it |
//! | `?(a\|b)` `*(a\|b)` `+(a\|b)` | one of these or nothing; any number of them; at least one |
//!
//! *Invariants*: an accepted glob matches the paths that Pachyderm matches. A glob is refused if Pachyderm accepts and misreads it, or if
//! it can match no file's name.
//!
//! *Not here*: `!(a|b)`, because its extent depends on what follows it.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use regex_lite::Regex;

/// Characters that no file's name contains in Pachyderm, besides those that are not printable ASCII.
const NEVER_IN_NAMES: &str = "*?[]{}!()@+^";

/// The POSIX classes, each as the inside of a list.
const CLASSES: [(&str, &str); 14] = [
    ("alnum", "0-9A-Za-z"),
    ("alpha", "A-Za-z"),
    ("ascii", "\\x00-\\x7F"),
    ("blank", "\\t "),
    ("cntrl", "\\x00-\\x1F\\x7F"),
    ("digit", "0-9"),
    ("graph", "!-~"),
    ("lower", "a-z"),
    ("print", " -~"),
    ("punct", "!-/:-@\\[-`{-~"),
    ("space", "\\t\\n\\x0B\\x0C\\r "),
    ("upper", "A-Z"),
    ("word", "0-9A-Za-z_"),
    ("xdigit", "0-9A-Fa-f"),
];

/// The glob of a `pfs` input.
#[derive(Clone, Debug)]
pub struct Glob {
    text: String,
    regex: Regex,
}

impl Glob {
    /// Parses a glob. The error says what was found and what was expected.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        if text.is_empty() {
            return Err(GlobError::new("nothing", "`/` for the whole repo, or `/*` for each file and folder in it"));
        }
        let text = clean(text);
        let mut translator = Translator { rest: text.chars().peekable(), regex: "\\A".to_owned(), open: Vec::new() };
        translator.run()?;
        let regex = Regex::new(&format!("{}\\z", translator.regex));
        let regex = regex.map_err(|_| GlobError::new(format!("`{text}`"), "a shorter pattern"))?;
        Ok(Self { text, regex })
    }

    /// Returns the glob as Pachyderm stores it: with a slash at the beginning and none at the end.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether the glob is `/`, which matches the whole repo as one input.
    pub fn is_whole(&self) -> bool {
        self.text == "/"
    }

    /// Returns whether the glob can match at most one path.
    pub fn is_plain(&self) -> bool {
        !self.text.contains(['*', '?', '[', '{', '('])
    }

    /// Returns whether the glob matches a path. `/a/1.json` is a file, `/a/` is a folder, and `/` is the whole repo.
    pub fn matches(&self, path: &str) -> bool {
        match path {
            "/" => self.is_whole(),
            path => self.regex.is_match(path.trim_end_matches('/')),
        }
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a glob is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobError {
    /// What was found in the glob.
    pub found: String,
    /// What was expected instead.
    pub expected: String,
}

impl GlobError {
    fn new(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { found: found.into(), expected: expected.into() }
    }
}

impl fmt::Display for GlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "found {}, expected {}", self.found, self.expected)
    }
}

/// Checks whether Pachyderm accepts a path as that of a file.
pub fn check_path(path: &str) -> Result<(), GlobError> {
    let parts = "a path without `.` and `..` in it";
    match path.chars().find(|c| never_in_names(*c)) {
        Some(c) => {
            Err(GlobError::new(format!("`{}` in `{path}`", c.escape_default()), format!("printable ASCII without {NEVER_IN_NAMES}")))
        }
        None if path.split('/').any(|part| part == "." || part == "..") => Err(GlobError::new(format!("`{path}`"), parts)),
        None => Ok(()),
    }
}

fn never_in_names(c: char) -> bool {
    !(' '..='~').contains(&c) || NEVER_IN_NAMES.contains(c)
}

/// Cleans a glob as Pachyderm does: adds a slash at the beginning, removes one at the end, and resolves `//`, `.` and `..`.
fn clean(text: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// A group that is not closed yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OpenGroup {
    Braces,
    /// A group with parentheses, and the regular expression's operator that repeats it.
    Parentheses(&'static str),
}

/// A glob that is being translated to a regular expression.
struct Translator<'t> {
    rest: Peekable<Chars<'t>>,
    regex: String,
    open: Vec<OpenGroup>,
}

impl Translator<'_> {
    fn run(&mut self) -> Result<(), GlobError> {
        while let Some(c) = self.rest.next() {
            self.character(c)?;
        }
        match self.open.last() {
            None => Ok(()),
            Some(OpenGroup::Braces) => Err(GlobError::new("`{`", "a `}` that closes it")),
            Some(OpenGroup::Parentheses(_)) => Err(GlobError::new("`(`", "a `)` that closes it")),
        }
    }

    fn character(&mut self, c: char) -> Result<(), GlobError> {
        let inner = self.open.last().copied();
        let before_group = self.rest.peek() == Some(&'(');
        match (c, inner) {
            ('*' | '?' | '+' | '@' | '!' | '^', _) if before_group => {
                self.rest.next();
                self.open_group(c)
            }
            ('(', _) => self.open_group('@'),
            (')', Some(OpenGroup::Parentheses(repeat))) => self.close(&format!("){repeat}")),
            ('|', Some(OpenGroup::Parentheses(_))) => self.push("|"),
            ('{', _) => self.open_with(OpenGroup::Braces),
            ('}', Some(OpenGroup::Braces)) => self.close(")"),
            (',', Some(OpenGroup::Braces)) => self.push("|"),
            ('|', Some(OpenGroup::Braces)) if self.open.len() > 1 => Err(misread("`|` in braces inside a group")),
            ('[', _) => self.list(),
            ('*', _) => self.stars(),
            ('?', _) => self.push("[^/]"),
            ('\\', _) => match self.rest.next() {
                Some(c) => self.literal(c),
                None => Err(GlobError::new("`\\` at the end", "a character after it, to take literally")),
            },
            ('}', _) => Err(GlobError::new("`}`", "a `{` before it")),
            (')', _) => Err(GlobError::new("`)`", "a `(` before it")),
            (c, _) => self.literal(c),
        }
    }

    fn push(&mut self, regex: &str) -> Result<(), GlobError> {
        self.regex.push_str(regex);
        Ok(())
    }

    fn literal(&mut self, c: char) -> Result<(), GlobError> {
        if never_in_names(c) {
            return Err(GlobError::new(format!("`{c}`"), "a character that file names can contain in Pachyderm"));
        }
        self.push(&regex_lite::escape(c.encode_utf8(&mut [0; 4])))
    }

    /// Translates `*`, or `**` if another star follows that does not begin a group.
    fn stars(&mut self) -> Result<(), GlobError> {
        let mut ahead = self.rest.clone();
        if ahead.next() == Some('*') && ahead.peek() != Some(&'(') {
            self.rest = ahead;
            return self.push(".*");
        }
        self.push("[^/]*")
    }

    fn open_group(&mut self, quantifier: char) -> Result<(), GlobError> {
        if self.open.contains(&OpenGroup::Braces) {
            return Err(misread("a group in braces"));
        }
        match quantifier {
            '@' => self.open_with(OpenGroup::Parentheses("")),
            '?' => self.open_with(OpenGroup::Parentheses("?")),
            '*' => self.open_with(OpenGroup::Parentheses("*")),
            '+' => self.open_with(OpenGroup::Parentheses("+")),
            '!' => Err(GlobError::new("`!(`", "a glob of the files to take: a Pachyderm cluster runs this; `samefit pipeline` does not")),
            other => Err(GlobError::new(format!("`{other}(`"), "one of ( @( ?( *( +(")),
        }
    }

    fn open_with(&mut self, open: OpenGroup) -> Result<(), GlobError> {
        self.open.push(open);
        self.push("(?:")
    }

    fn close(&mut self, regex: &str) -> Result<(), GlobError> {
        self.open.pop();
        self.push(regex)
    }

    /// Translates a list, from the character after `[` to the `]`.
    fn list(&mut self) -> Result<(), GlobError> {
        let is_negated = self.rest.next_if(|c| matches!(c, '!' | '^')).is_some();
        let mut list = String::new();
        loop {
            match self.rest.next() {
                None => return Err(GlobError::new("`[`", "a `]` that closes it")),
                Some(']') if list.is_empty() => return Err(GlobError::new("`[]`", "characters between the brackets")),
                Some(']') => break,
                Some('[') => list.push_str(self.class()?),
                Some('!' | '^') => return Err(misread("`!` or `^` inside a list")),
                Some(c) => list.push_str(&self.range(c)?),
            }
        }
        self.push(&format!("[{}{list}]", if is_negated { "^" } else { "" }))
    }

    /// Translates a class such as `[:digit:]`, from the character after its `[`.
    fn class(&mut self) -> Result<&'static str, GlobError> {
        let text: String = std::iter::from_fn(|| self.rest.next_if(|c| *c != ']')).collect();
        let closed = self.rest.next().is_some();
        let name = text.strip_prefix(':').and_then(|text| text.strip_suffix(':')).filter(|_| closed);
        let class = name.and_then(|name| CLASSES.iter().find(|(known, _)| *known == name));
        let names = || CLASSES.map(|(name, _)| name).join(", ");
        class.map(|(_, list)| *list).ok_or_else(|| GlobError::new(format!("`[{text}`"), format!("`[:CLASS:]` with one of {}", names())))
    }

    /// Translates one character of a list, or a range if `-` and another character follow.
    fn range(&mut self, c: char) -> Result<String, GlobError> {
        let low = self.list_character(c)?;
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('-') || ahead.peek().is_none_or(|c| *c == ']') {
            return Ok(escape_in_list(low));
        }
        self.rest = ahead;
        let next = self.rest.next().unwrap_or(']');
        let high = self.list_character(next)?;
        if high < low {
            return Err(GlobError::new(format!("`{low}-{high}`"), format!("`{high}-{low}`")));
        }
        Ok(format!("{}-{}", escape_in_list(low), escape_in_list(high)))
    }

    /// Returns the character itself, or the one after a backslash.
    fn list_character(&mut self, c: char) -> Result<char, GlobError> {
        match c {
            '\\' => match self.rest.next() {
                Some('-') => Err(misread("`\\-` in a list")),
                Some(c) => Ok(c),
                None => Err(GlobError::new("`[`", "a `]` that closes it")),
            },
            c => Ok(c),
        }
    }
}

fn escape_in_list(c: char) -> String {
    if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\x{{{:X}}}", u32::from(c)) }
}

fn misread(what: &str) -> GlobError {
    GlobError::new(what, "a simpler pattern: Pachyderm accepts this one and misreads it")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A glob, paths that it matches, and paths that it does not match.
    type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

    const CASES: &[Case] = &[
        // the whole repo, and nothing else
        ("/", &["/"], &["/a", "/a/", "/a/b"]),
        // a name
        ("/model.json", &["/model.json"], &["/", "/model_json", "/model.jsonl", "/a/model.json", "/model.json.gz"]),
        ("/site", &["/site", "/site/"], &["/site/1.json", "/site1"]),
        // cleaned as Pachyderm does
        ("model.json", &["/model.json"], &["/a/model.json"]),
        ("*", &["/a", "/a/"], &["/", "/a/b"]),
        ("/site/", &["/site/"], &["/site/a"]),
        ("//a//*", &["/a/b"], &["/a", "/a/b/c"]),
        ("/a/./*", &["/a/b"], &["/a"]),
        ("/a/../b", &["/b"], &["/a/b", "/a"]),
        ("**", &["/a", "/a/", "/a/b"], &["/"]),
        // one star matches any characters of one name
        ("/*", &["/a", "/a.json", "/a/", "/a b", "/.env"], &["/", "/a/b", "/a/b/"]),
        ("/*.json", &["/1.json", "/.json", "/a.b.json"], &["/1.jsonl", "/a/1.json", "/1json"]),
        ("/*/*", &["/a/b", "/a/b/"], &["/a", "/a/", "/a/b/c"]),
        ("/a*c", &["/ac", "/abc", "/abbc"], &["/ab", "/a/c"]),
        ("/site-*/1.json", &["/site-/1.json", "/site-a/1.json"], &["/site-a/b/1.json", "/site-a/2.json"]),
        ("/*1*", &["/1", "/a1b", "/1/"], &["/a", "/a/1"]),
        // two stars match names and everything below them
        ("/**", &["/a", "/a/", "/a/b", "/a/b/", "/a/b/c"], &["/"]),
        ("/**.json", &["/1.json", "/a/1.json", "/a/b/1.json"], &["/1.jsonl", "/a/"]),
        ("/a/**", &["/a/b", "/a/b/c"], &["/a", "/a/", "/ab/c"]),
        ("/**/1", &["/a/1", "/a/b/1", "/a/1/"], &["/1"]),
        ("/**1", &["/1", "/a/1"], &["/2"]),
        ("/***", &["/a", "/a/b"], &["/"]),
        // one character of a name
        ("/?", &["/a", "/a/"], &["/", "/ab", "/a/b"]),
        ("/a?c", &["/abc", "/a.c"], &["/ac", "/a/c", "/abbc"]),
        ("/??.csv", &["/ab.csv"], &["/a.csv", "/abc.csv"]),
        // lists
        ("/[ab]", &["/a", "/b", "/a/"], &["/c", "/ab"]),
        ("/[a-c]1", &["/a1", "/c1"], &["/d1", "/A1"]),
        ("/[0-9][0-9].json", &["/07.json"], &["/7.json", "/007.json"]),
        ("/[!a]", &["/b", "/1"], &["/a"]),
        ("/[^a-c]x", &["/dx"], &["/ax", "/cx"]),
        ("/[!a]b", &["/cb", "//b"], &["/ab"]),
        ("/[-a]", &["/-", "/a"], &["/b"]),
        ("/[a-]", &["/-", "/a"], &["/b"]),
        ("/[a.]b", &["/.b"], &["/xb"]),
        ("/[,-.]", &["/,", "/-", "/."], &["/+", "/1"]),
        ("/[[:digit:]]*", &["/1a"], &["/a1"]),
        ("/[![:digit:]]*", &["/a1"], &["/1a"]),
        ("/[[:alpha:]_]x", &["/ax", "/Zx", "/_x"], &["/1x"]),
        ("/[[:punct:]]", &["/-", "/_", "/~"], &["/a", "/ "]),
        ("/[[:xdigit:]]", &["/f", "/F", "/9"], &["/g"]),
        ("/[[:space:]]", &["/ "], &["/a"]),
        ("/[\\a]", &["/a"], &["/\\"]),
        // alternatives
        ("/{a,b}/*", &["/a/1", "/b/1/"], &["/c/1", "/a", "/ab/1"]),
        ("/{a,b}", &["/a", "/b/"], &["/a,b", "/c"]),
        ("/{model,report}.json", &["/model.json", "/report.json"], &["/provenance.json", "/model.jsonreport.json"]),
        ("/{a,b*}", &["/a", "/b", "/bc"], &["/ac"]),
        ("/{a,ab}{bc,f}", &["/abc", "/abbc", "/af", "/abf"], &["/ac"]),
        ("/{,x}a", &["/a", "/xa"], &["/ya"]),
        ("/{a,{b,c}}", &["/a", "/b", "/c"], &["/d"]),
        ("/{a}", &["/a"], &["/b"]),
        ("/{*.csv,*.csv.gz}", &["/a.csv", "/a.csv.gz"], &["/a.gz"]),
        ("/{a|b,c}", &["/a|b", "/c"], &["/a", "/b"]),
        // a comma and a bar outside of braces and groups
        ("/a,b", &["/a,b"], &["/a"]),
        ("/a|b", &["/a|b"], &["/a"]),
        // groups
        ("/@(x|y)", &["/x", "/y/"], &["/z", "/xy", "/"]),
        ("/(x|y)", &["/x", "/y"], &["/z", "/xy"]),
        ("/(*).json", &["/1.json"], &["/1.csv", "/a/1.json"]),
        ("/(*)-(*).json", &["/a-b.json"], &["/ab.json"]),
        ("/?(x)a", &["/a", "/xa"], &["/xxa"]),
        ("/*(x)a", &["/a", "/xa", "/xxa"], &["/ya"]),
        ("/+(x|y)a", &["/xa", "/yxa"], &["/a"]),
        ("/a**(x)", &["/a", "/abc", "/axx"], &["/a/x"]),
        ("/@({a,b}|c)", &["/a", "/b", "/c"], &["/d", "/a|c"]),
        ("/@(a|@(b|c)d)", &["/a", "/bd", "/cd"], &["/b"]),
        ("/@(|x)a", &["/a", "/xa"], &["/ya"]),
        ("/@(a,b)", &["/a,b"], &["/a"]),
        // characters with a meaning in regular expressions are literal
        ("/a.c", &["/a.c"], &["/abc"]),
        ("/a$", &["/a$"], &["/a"]),
        ("/\\a", &["/a"], &["/\\a"]),
        ("/a#b c", &["/a#b c"], &["/a"]),
    ];

    #[test]
    fn globs_match_as_in_pachyderm() {
        for (text, yes, no) in CASES {
            let glob = Glob::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            for path in *yes {
                assert!(glob.matches(path), "{text} should match {path}: {}", glob.regex);
            }
            for path in *no {
                assert!(!glob.matches(path), "{text} should not match {path}: {}", glob.regex);
            }
        }
    }

    #[test]
    fn a_plain_glob_is_a_path() {
        let plain = |text| Glob::parse(text).unwrap().is_plain();
        assert!(["/", "/model.json", "/a|b", "/site/1.json"].into_iter().all(plain));
        assert!(!["/*", "/a?", "/[a]", "/{a,b}", "/(a)", "/@(a)"].into_iter().any(plain));
    }

    #[test]
    fn globs_that_are_refused() {
        for (text, message) in [
            ("", "found nothing, expected `/` for the whole repo, or `/*` for each file and folder in it"),
            ("/{a,b", "found `{`, expected a `}` that closes it"),
            ("/a}", "found `}`, expected a `{` before it"),
            ("/@(a", "found `(`, expected a `)` that closes it"),
            ("/@({a|b)", "found `|` in braces inside a group, expected a simpler pattern: Pachyderm accepts this one and misreads it"),
            ("/a)", "found `)`, expected a `(` before it"),
            ("/@({a)", "found `)`, expected a `(` before it"),
            ("/[a", "found `[`, expected a `]` that closes it"),
            ("/[a\\", "found `[`, expected a `]` that closes it"),
            ("/[]", "found `[]`, expected characters between the brackets"),
            ("/[!]", "found `[]`, expected characters between the brackets"),
            ("/[z-a]", "found `z-a`, expected `a-z`"),
            ("/[a!]", "found `!` or `^` inside a list, expected a simpler pattern: Pachyderm accepts this one and misreads it"),
            ("/[a\\-z]", "found `\\-` in a list, expected a simpler pattern: Pachyderm accepts this one and misreads it"),
            ("/a\\", "found `\\` at the end, expected a character after it, to take literally"),
            ("/\\*", "found `*`, expected a character that file names can contain in Pachyderm"),
            ("/a+b", "found `+`, expected a character that file names can contain in Pachyderm"),
            ("/ä*", "found `ä`, expected a character that file names can contain in Pachyderm"),
            ("/{@(a|b),c}", "found a group in braces, expected a simpler pattern: Pachyderm accepts this one and misreads it"),
            ("/^(a)", "found `^(`, expected one of ( @( ?( *( +("),
            ("/!(a)", "found `!(`, expected a glob of the files to take: a Pachyderm cluster runs this; `samefit pipeline` does not"),
        ] {
            assert_eq!(Glob::parse(text).unwrap_err().to_string(), message, "{text}");
        }
        let class = Glob::parse("/[[:digits:]]").unwrap_err().to_string();
        assert!(class.starts_with("found `[:digits:`, expected `[:CLASS:]` with one of alnum, alpha"), "{class}");
    }

    #[test]
    fn file_names_follow_pachyderms_rules() {
        for good in ["/a", "/a b/c,d|e~.json", "/.env", "/a..b"] {
            assert_eq!(check_path(good), Ok(()));
        }
        for (bad, message) in [
            ("/a*", "found `*` in `/a*`, expected printable ASCII without *?[]{}!()@+^"),
            ("/ä", "found `\\u{e4}` in `/ä`, expected printable ASCII without *?[]{}!()@+^"),
            ("/a\nb", "found `\\n` in `/a\nb`, expected printable ASCII without *?[]{}!()@+^"),
            ("/a/../b", "found `/a/../b`, expected a path without `.` and `..` in it"),
        ] {
            assert_eq!(check_path(bad).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_glob_is_cleaned_as_pachyderm_does() {
        for (written, kept) in [("*", "/*"), ("/a/", "/a"), ("/", "/"), ("//", "/"), (".", "/"), ("a//b", "/a/b"), ("/../a", "/a")] {
            assert_eq!(Glob::parse(written).unwrap().to_string(), kept);
        }
    }
}
