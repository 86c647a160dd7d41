//! Flags that several verbs have, and how their values are parsed. The other flags of a verb are in its own file.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use clap::Args;

/// How data are read.
#[derive(Args, Clone, Debug, Default)]
pub struct ReadArgs {
    /// What to do with rows that lack a value: `error` refuses the data, `drop` leaves the rows out and reports how many
    #[arg(long, value_name = "error|drop", value_parser = ["error", "drop"], hide_possible_values = true)]
    pub missing: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub dialect: DialectArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sheet: SheetArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub schema: SchemaArg,
}

/// How data are written. It is never in a model, so every verb that reads data takes these flags. All but the texts for missing values concern
/// CSV only.
#[derive(Args, Clone, Debug, Default)]
pub struct DialectArgs {
    /// Delimiter of CSV: one character, or `tab`; default: a comma, or tabs in files that end in .tsv or .tab
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    pub delimiter: Option<char>,
    /// Names of the columns of CSV that has no header
    #[arg(long, value_name = "A,B", value_parser = header)]
    pub header: Option<Names>,
    /// How many lines of CSV to pass over before the header, such as a title
    #[arg(long, value_name = "N")]
    pub skip: Option<u64>,
    /// Character of comments in CSV: lines that begin with it are passed over
    #[arg(long, value_name = "CHAR", value_parser = comment)]
    pub comment: Option<char>,
    /// Mark before the decimals of a number in CSV: a point or a comma; default: a point
    #[arg(long, value_name = "CHAR", value_parser = decimal)]
    pub decimal: Option<char>,
    /// Character between groups of three digits of a number in CSV: `.`, `,`, a space of any kind, `'` or `_`; default: none
    #[arg(long, value_name = "CHAR", value_parser = thousands)]
    pub thousands: Option<char>,
    /// Text that means a missing value, besides an empty cell, NA, NaN and null; a number means all ways to write it. May be repeated
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub na: Vec<String>,
}

/// Which sheet of a workbook is read.
#[derive(Args, Clone, Debug, Default)]
pub struct SheetArg {
    /// Sheet of Excel workbooks (.xlsx) to read; default: the first
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
}

/// The data dictionary.
#[derive(Args, Clone, Debug, Default)]
pub struct SchemaArg {
    /// Data dictionary that describes the columns
    #[arg(long, value_name = "FILE")]
    pub schema: Option<String>,
}

/// What to sum.
#[derive(Args, Clone, Debug, Default)]
pub struct SumArgs {
    /// Columns to sum; default: the columns that the model needs, or all columns of numbers
    #[arg(long, value_name = "A,B", value_parser = names)]
    pub columns: Option<Names>,
    /// Terms to sum besides the columns, written as features: `bmi^2,age*bmi,ln(tg),rcs(age, 30, 50, 70)`
    #[arg(long, value_name = "A^2,A*B", value_parser = features)]
    pub terms: Option<Names>,
    /// Do not count the values of each column: faster, but the model has no ranges and gives no warnings
    #[arg(long)]
    pub no_distribution: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub roles: RoleArgs,
}

/// Columns that are not taken as numbers of the model.
#[derive(Args, Clone, Debug, Default)]
pub struct RoleArgs {
    /// Columns of words or codes that are categories, besides those that the schema calls so
    #[arg(long, value_name = "A,B", value_parser = names)]
    pub categories: Option<Names>,
    /// Levels of a category to keep: every other level counts as the level `other`. Repeat it for another category
    #[arg(long, value_name = "COLUMN=A,B", value_parser = kept)]
    pub other: Vec<Kept>,
    /// Column of weights, not below zero: a row counts by its weight; rows of weight zero are left out
    #[arg(long, value_name = "COLUMN")]
    pub weights: Option<String>,
    /// Column of whole numbers: a row stands for so many rows
    #[arg(long, value_name = "COLUMN", conflicts_with = "weights")]
    pub counts: Option<String>,
}

/// How rows are divided into groups.
#[derive(Args, Clone, Debug, Default)]
pub struct ByArg {
    /// Column that divides the rows into groups: each is summed and fitted by itself, without this column, into a folder of its own
    #[arg(long, value_name = "COLUMN")]
    pub by: Option<String>,
}

/// How many knots to choose for splines.
#[derive(Args, Clone, Debug, Default)]
pub struct KnotsArg {
    /// Make the feature COLUMN a restricted cubic spline with N knots, 3 to 7, at the usual quantiles of its values. Reads the data twice; may be repeated
    #[arg(long, value_name = "COLUMN=N", value_parser = knots)]
    pub knots: Vec<ColumnKnots>,
}

/// How statistics are released.
#[derive(Args, Clone, Debug, Default)]
pub struct ShareArgs {
    /// Make statistics that may be given to others: values are rounded so that the sums do not single out fewer than 5 rows. Needs a schema with `decimals`
    #[arg(long)]
    pub share: bool,
    /// Decimals to round these columns to, instead of the schema's, so that several sites round alike. -1 rounds to tens
    #[arg(long, value_name = "A=0,B=-1", value_parser = decimals, requires = "share")]
    pub decimals: Option<Decimals>,
}

/// What to fit.
#[derive(Args, Clone, Debug, Default)]
pub struct FitArgs {
    /// Column to predict; default: the schema's target
    #[arg(long, value_name = "COLUMN", required_unless_present_any = ["schema", "formula"])]
    pub target: Option<String>,
    /// Name of the target in predictions, `predicted_NAME`, if there is no schema; default: its column
    #[arg(long, value_name = "NAME", requires_all = ["target", "features"], conflicts_with = "schema")]
    pub target_name: Option<String>,
    /// What to predict from; default: all columns but the target. Columns, powers `bmi^2`, products `age*bmi`, functions `ln(tg)`, `log10(tg)`, `sqrt(tg)`, restricted cubic splines with their knots `rcs(age, 30, 50, 70)`
    #[arg(long, value_name = "A,B^2,A*B", value_parser = features)]
    pub features: Option<Names>,
    /// The model as a formula of R: `y ~ bmi + ln(tg) + C(site)*age`
    #[arg(long, value_name = "FORMULA", conflicts_with_all = ["target", "features", "no_intercept"])]
    pub formula: Option<String>,
    /// Levels with which the other levels of a category are compared; default: the schema's first, else the first in order
    #[arg(long, value_name = "COLUMN=LEVEL", value_parser = levels)]
    pub reference: Option<Levels>,
    /// Fit without an intercept
    #[arg(long)]
    pub no_intercept: bool,
    /// What to do if a feature is a combination of others: `error` refuses the data, `drop` leaves the feature out and says so
    #[arg(long, value_name = "error|drop", value_parser = ["error", "drop"], hide_possible_values = true)]
    pub collinear: Option<String>,
    /// What to do if a feature is a combination of others but for its last digits: `note` says so and fits, `error` refuses the data
    #[arg(long, value_name = "note|error", value_parser = ["note", "error"], hide_possible_values = true)]
    pub near_collinear: Option<String>,
}

/// The level of intervals.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct LevelArg {
    /// Probability with which an interval holds what it is for, between 0 and 1; default: 0.95
    #[arg(long, value_name = "P", value_parser = level, allow_negative_numbers = true)]
    pub level: Option<f64>,
}

impl LevelArg {
    /// Returns the level, or the default.
    pub fn get(self) -> f64 {
        self.level.unwrap_or(DEFAULT_LEVEL)
    }
}

/// The level of intervals without `--level`.
pub const DEFAULT_LEVEL: f64 = 0.95;

/// How many threads work.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct ThreadsArg {
    /// Number of threads; default: the number of processors. The result is the same for any number
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

/// Output for machines.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct JsonArg {
    /// Print the result as JSON on stdout instead of a table
    #[arg(long)]
    pub json: bool,
}

/// How a fitted model is shown.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) level: LevelArg,
    pub(crate) json: JsonArg,
}

/// A list of names on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

/// Levels by column on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels(pub BTreeMap<String, String>);

/// A category and the levels that it keeps on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept(pub String, pub Vec<String>);
/// A column with a number of knots on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnKnots {
    /// The column.
    pub column: String,
    /// How many knots.
    pub count: usize,
}

/// Decimals by column on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decimals(pub BTreeMap<String, i32>);

/// Parses a level.
fn level(text: &str) -> Result<f64, String> {
    let level = text.parse().ok().filter(|level: &f64| *level > 0.0 && *level < 1.0);
    level.ok_or_else(|| "expected a probability between 0 and 1, such as 0.9".to_owned())
}

/// Parses `a=5`.
fn knots(text: &str) -> Result<ColumnKnots, String> {
    let (column, count) = text.rsplit_once('=').ok_or("expected `column=number`")?;
    let count = count.trim().parse().map_err(|_| format!("`{count}` is not a number of knots"))?;
    Ok(ColumnKnots { column: column.trim().to_owned(), count })
}

/// Parses `a=1,b=-2`.
fn decimals(text: &str) -> Result<Decimals, String> {
    let one = |entry: &String| {
        let (name, decimals) = entry.rsplit_once('=').ok_or("expected `column=decimals`")?;
        let decimals = decimals.trim().parse().map_err(|_| format!("`{decimals}` is not a whole number"))?;
        Ok::<(String, i32), String>((name.trim().to_owned(), decimals))
    };
    Ok(Decimals(features(text)?.0.iter().map(one).collect::<Result<_, _>>()?))
}

/// Parses `a=b,c=d`.
pub(crate) fn levels(text: &str) -> Result<Levels, String> {
    let one = |entry: &String| {
        let (name, level) = entry.split_once('=').ok_or("expected `column=level`")?;
        Ok::<(String, String), String>((name.trim().to_owned(), level.trim().to_owned()))
    };
    Ok(Levels(names(text)?.0.iter().map(one).collect::<Result<_, _>>()?))
}

/// Parses `site=a,b`.
fn kept(text: &str) -> Result<Kept, String> {
    let (name, levels) = text.split_once('=').ok_or("expected `column=level,level`")?;
    Ok(Kept(name.trim().to_owned(), names(levels)?.0))
}

/// Parses `a, b`. A name that contains a comma stands in quotes: `"a,b",c`.
pub(crate) fn names(text: &str) -> Result<Names, String> {
    filled(split(text, false)?)
}

/// Parses the names of a header: as names, but a column may have none.
pub(crate) fn header(text: &str) -> Result<Names, String> {
    let names = split(text, false)?;
    if names.0.iter().all(String::is_empty) { filled(names) } else { Ok(names) }
}

/// Parses `a, rcs(b, 1, 2, 3)`: as names, but a comma in parentheses separates nothing.
pub(crate) fn features(text: &str) -> Result<Names, String> {
    filled(split(text, true)?)
}

/// Refuses an empty name.
fn filled(names: Names) -> Result<Names, String> {
    if names.0.iter().any(String::is_empty) { Err("a name is empty".to_owned()) } else { Ok(names) }
}

/// Splits a text at its commas outside quotes and, if `nested`, outside pairs of parentheses.
fn split(text: &str, nested: bool) -> Result<Names, String> {
    let mut names = vec![String::new()];
    let (mut quoted, mut depth) = (false, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            '(' if nested && !quoted && is_closed(&text[at..]) => depth += 1,
            ')' if nested && !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        match (c, names.last_mut()) {
            ('"', _) => quoted = !quoted,
            (',', _) if !quoted && depth == 0 => names.push(String::new()),
            (c, Some(name)) => name.push(c),
            (_, None) => {}
        }
    }
    let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    if quoted { Err("a quote is never closed".to_owned()) } else { Ok(Names(names)) }
}

/// Returns whether the parenthesis that a text begins with is closed in it. One that is not is a character as any other.
fn is_closed(text: &str) -> bool {
    let (mut quoted, mut depth) = (false, 0_usize);
    text.chars().any(|c| {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}

/// Parses a delimiter: one character or its name.
pub(crate) fn delimiter(text: &str) -> Result<char, String> {
    match text {
        "tab" | "\\t" => return Ok('\t'),
        "comma" => return Ok(','),
        "semicolon" => return Ok(';'),
        _ => {}
    }
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if c == '\t' || c.is_ascii_punctuation() && c != '"' || c == ' ' => Ok(c),
        _ => Err("expected one character such as `,` `;` or `|`, or `tab`".to_owned()),
    }
}

/// Parses the character of comments: one that begins no number and no name.
pub(crate) fn comment(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if c.is_ascii_punctuation() && !matches!(c, '"' | '-' | '+' | '.') => Ok(c),
        _ => Err("expected one character such as `#` or `%`".to_owned()),
    }
}

/// Parses the mark before decimals.
fn decimal(text: &str) -> Result<char, String> {
    match text {
        "." => Ok('.'),
        "," => Ok(','),
        _ => Err("expected a point or a comma".to_owned()),
    }
}

/// Parses the character between thousands.
fn thousands(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c @ ('.' | ',' | '\'' | '_')), None) => Ok(c),
        // spaces of every kind are one separator
        (Some(c), None) if c.is_whitespace() => Ok(' '),
        (Some('\u{2019}'), None) => Ok('\''),
        _ => Err("expected `.`, `,`, a space, `'` or `_`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_commas_outside_quotes() {
        assert_eq!(header("x,y,").unwrap().0, ["x", "y", ""]);
        assert!(names("x,y,").is_err() && features("x,,y").is_err() && header(",").is_err());
        assert_eq!(names("bmi, age*bmi").unwrap().0, ["bmi", "age*bmi"]);
        assert_eq!(names("\"weight, kg\",y").unwrap().0, ["weight, kg", "y"]);
        assert!(names("a,,b").is_err());
        assert!(names("\"a,b").is_err());
    }

    #[test]
    fn features_are_split_at_commas_outside_parentheses() {
        assert_eq!(features("rcs(age, 30, 50, 70)*site, \"ln(a,b\", bmi").unwrap().0, ["rcs(age, 30, 50, 70)*site", "ln(a,b", "bmi"]);
        assert_eq!(features("a (x,b), c (,d").unwrap().0, ["a (x,b)", "c (", "d"]);
        assert_eq!(names("weight (kg, dry),y").unwrap().0, ["weight (kg", "dry)", "y"]);
    }

    #[test]
    fn reference_levels_are_columns_with_levels() {
        let one = |column: &str, level: &str| (column.to_owned(), level.to_owned());
        assert_eq!(levels("site = b, sex=1").unwrap().0, BTreeMap::from([one("site", "b"), one("sex", "1")]));
        assert!(levels("site").is_err());
    }

    #[test]
    fn levels_to_keep_follow_their_column() {
        let text = |text: &str| text.to_owned();
        assert_eq!(kept("site = a, \"b, c\",d=e").unwrap(), Kept(text("site"), vec![text("a"), text("b, c"), text("d=e")]));
        assert!(kept("site").is_err());
    }

    #[test]
    fn knots_are_a_column_with_a_number() {
        assert_eq!(knots("age = 5"), Ok(ColumnKnots { column: "age".to_owned(), count: 5 }));
        assert_eq!(knots("a=b=3"), Ok(ColumnKnots { column: "a=b".to_owned(), count: 3 }));
        assert_eq!(knots("age"), Err("expected `column=number`".to_owned()));
        assert_eq!(knots("age=30,50,70"), Err("`30,50,70` is not a number of knots".to_owned()));
    }

    #[test]
    fn a_level_is_between_0_and_1() {
        assert_eq!(level("0.9"), Ok(0.9));
        for text in ["0", "1", "95", "-0.5", "NaN", "90%"] {
            assert!(level(text).is_err(), "{text}");
        }
    }

    #[test]
    fn decimals_are_names_with_numbers() {
        assert_eq!(decimals("hdl=0, tc=-1").unwrap().0, BTreeMap::from([("hdl".to_owned(), 0), ("tc".to_owned(), -1)]));
        assert_eq!(decimals("\"a=b, c\"=2").unwrap().0, BTreeMap::from([("a=b, c".to_owned(), 2)]));
        assert!(decimals("hdl").is_err());
        assert!(decimals("hdl=0.5").is_err());
    }

    #[test]
    fn a_comment_begins_with_one_character_that_begins_no_number() {
        assert_eq!(comment("#"), Ok('#'));
        for text in ["", "//", "-", ".", "1", "a", "\"", " ", "§"] {
            assert!(comment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn marks_in_numbers_are_few() {
        assert_eq!((decimal(","), decimal(".")), (Ok(','), Ok('.')));
        assert_eq!(["'", "\u{2019}", " ", "\u{202f}", "_"].map(|text| thousands(text).unwrap()), ['\'', '\'', ' ', ' ', '_']);
        assert!(decimal(";").is_err() && decimal("").is_err() && thousands("x").is_err() && thousands("..").is_err());
    }

    #[test]
    fn a_delimiter_is_one_character_or_its_name() {
        assert_eq!(delimiter("tab"), Ok('\t'));
        assert_eq!(delimiter(";"), Ok(';'));
        assert!(delimiter("::").is_err());
        assert!(delimiter("a").is_err());
        assert!(delimiter("\"").is_err());
    }
}
