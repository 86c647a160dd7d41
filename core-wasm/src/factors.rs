//! The text of a factor of a term, such as `ln(bmi)` or `rcs(age, 30, 50, 70)`, to what it says; and a list of texts to its parts.
//!
//! A name may have parentheses too, as `weight (kg)` or `glucose(mg/dL)`: a text is a function only if a name of a function stands
//! directly before a parenthesis that the end of the text closes. Functions that samefit does not have, as `exp(bmi)`, are errors, because a
//! column of that name would be rare, and the text of the error helps.
//!
//! *Invariants*: `Display` writes a canonical text, which reads back as the same factor.
//!
//! *Not here*: products of factors and limits of names and powers ([`terms`](crate::terms)).

use crate::decimal::{self, Decimal};
use crate::error::{Code, Error, Result};
use crate::functions::Function;
use crate::splines::{KNOTS_MAX, KNOTS_MIN, Knots};

/// The name of a restricted cubic spline.
const SPLINE: &str = "rcs";

/// Functions of other programs, in small letters.
const FOREIGN: &[&str] = &[
    "abs", "bs", "cos", "cube", "exp", "expm1", "factor", "inverse", "lg", "log", "log1p", "log2", "logit", "ns", "poly", "pow", "round",
    "scale", "sin", "square", "tan", "tanh",
];

/// A factor without its power.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactorText {
    /// The column with this name.
    Column(String),
    /// A function of the column with this name.
    Function(Function, String),
    /// A restricted cubic spline of the column with this name: all of its basis functions.
    Spline(String, Knots),
    /// `(x - knot)+^3` of the column with this name: what statistics hold of a spline.
    Cube(String, Decimal),
}

impl FactorText {
    /// Reads a factor. Returns it with its power, 1 if the text has none. The power and the name of a plain column are not checked further.
    ///
    /// # Errors
    ///
    /// `term` for a function that samefit does not have or that is not closed, for what stands in its parentheses, for knots, and for a power
    /// that is no integer or that of a spline.
    ///
    /// ```
    /// use samefit_core::factors::FactorText;
    /// use samefit_core::functions::Function;
    ///
    /// assert_eq!(FactorText::parse("ln( tg )^2")?, (FactorText::Function(Function::Ln, "tg".to_owned()), 2));
    /// assert_eq!(FactorText::parse("weight (kg)")?, (FactorText::Column("weight (kg)".to_owned()), 1));
    /// assert_eq!(FactorText::parse("rcs(age, 30.0, 50, 70)")?.0.to_string(), "rcs(age,30,50,70)");
    /// assert!(FactorText::parse("exp(tg)").is_err());
    /// # Ok::<(), samefit_core::error::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<(Self, u32)> {
        let text = text.trim();
        let (base, power) = match split(text, '^').as_slice() {
            [base, power] => (*base, power.parse().map_err(|_| shape_error(text))?),
            [_] => (text, 1),
            _ => return Err(shape_error(text)),
        };
        if let Some((column, knot)) = above_knot(base).filter(|_| power == 3) {
            return Ok((Self::Cube(column.to_owned(), knot), 1));
        }
        let factor = Self::parse_base(base).map_err(|error| error.in_column(text))?;
        if power != 1 && matches!(factor, Self::Spline(..)) {
            let help = "leave out the power, or write a power of the column";
            return Err(Error::found(Code::Term, text, "a spline without a power", help).in_column(text));
        }
        Ok((factor, power))
    }

    /// Reads a factor without a power.
    fn parse_base(text: &str) -> Result<Self> {
        let Some(call) = Call::find(text)? else { return Ok(Self::Column(text.to_owned())) };
        match Function::from_name(call.function) {
            Some(function) => Ok(Self::Function(function, call.column(call.arguments)?.to_owned())),
            None if call.function == SPLINE => call.spline(),
            None => Err(call.unknown()),
        }
    }

    /// Returns the name of the factor's column.
    pub fn column(&self) -> &str {
        match self {
            Self::Column(name) | Self::Function(_, name) | Self::Spline(name, _) | Self::Cube(name, _) => name,
        }
    }
}

impl std::fmt::Display for FactorText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Column(name) => f.write_str(name),
            Self::Function(function, name) => write!(f, "{function}({name})"),
            Self::Spline(name, knots) => write!(f, "{SPLINE}({name},{knots})"),
            Self::Cube(name, knot) => f.write_str(&cube_text(name, knot)),
        }
    }
}

/// Returns the text of the cube of how far a column is above a knot, such as `(age-30)+^3`.
pub fn cube_text(column: &str, knot: &Decimal) -> String {
    match *knot < Decimal::ZERO {
        true => format!("({column}+{})+^3", knot.negated()),
        false => format!("({column}-{knot})+^3"),
    }
}

/// Reads the column and the knot of a text such as `(age-30)+`; none if it is another text.
fn above_knot(text: &str) -> Option<(&str, Decimal)> {
    let difference = text.strip_prefix('(')?.strip_suffix(")+")?;
    let at = difference.rfind(['+', '-'])?;
    let size = decimal::parse(difference[at + 1..].trim().as_bytes()).ok()?;
    let knot = if difference[at..].starts_with('+') { size.negated() } else { size };
    Some((difference[..at].trim(), knot.normalized())).filter(|(column, _)| !column.is_empty())
}

/// Splits a text at a separator, but not within parentheses. A parenthesis without a partner counts as any other character. The parts have
/// no spaces at their ends.
///
/// ```
/// use samefit_core::factors::split;
///
/// assert_eq!(split("age, rcs(bmi, 20, 25, 30), ln(tg)*site", ','), ["age", "rcs(bmi, 20, 25, 30)", "ln(tg)*site"]);
/// ```
pub fn split(text: &str, separator: char) -> Vec<&str> {
    let within = parentheses(text);
    let mut within = within.iter().peekable();
    let (mut parts, mut start, mut end_of_pair) = (Vec::new(), 0, 0);
    for (at, character) in text.char_indices() {
        if let Some((_, close)) = within.next_if(|(open, _)| *open == at) {
            end_of_pair = end_of_pair.max(*close);
        }
        if character == separator && at >= end_of_pair {
            parts.push(text[start..at].trim());
            start = at + separator.len_utf8();
        }
    }
    parts.push(text[start..].trim());
    parts
}

/// Returns the places of the pairs of parentheses, in the order of the opening ones.
fn parentheses(text: &str) -> Vec<(usize, usize)> {
    let (mut open, mut pairs) = (Vec::new(), Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => open.push(at),
            b')' => pairs.extend(open.pop().map(|start| (start, at))),
            _ => {}
        }
    }
    pairs.sort_unstable();
    pairs
}

/// A text of the form `function(arguments)`.
struct Call<'a> {
    text: &'a str,
    function: &'a str,
    arguments: &'a str,
}

impl<'a> Call<'a> {
    /// Returns the function that a text calls; none if the text is the name of a column.
    ///
    /// # Errors
    ///
    /// `term` if a parenthesis after the name of a function is not closed, or closed twice.
    fn find(text: &'a str) -> Result<Option<Self>> {
        let Some((function, rest)) = text.split_once('(').filter(|(function, _)| is_function(function)) else { return Ok(None) };
        let Some(&(_, close)) = parentheses(text).iter().find(|(open, _)| *open == function.len()) else {
            let help = format!("write a closing parenthesis: `{text})`");
            return Err(Error::found(Code::Term, text, &format!("`)` for the parenthesis after `{function}`"), help));
        };
        let after = &text[close + 1..];
        if after.is_empty() {
            return Ok(Some(Self { text, function, arguments: rest[..close - function.len() - 1].trim() }));
        }
        if after.contains(|character: char| character != ')' && !character.is_whitespace()) {
            return Ok(None);
        }
        Err(Error::found(Code::Term, text, "a `(` for each `)`", format!("write `{}`", &text[..=close])))
    }

    /// Returns an argument that is to be the name of a column.
    fn column(&self, argument: &'a str) -> Result<&'a str> {
        let function = self.function;
        let (expected, help) = match argument {
            "" => ("the name of a column between the parentheses".to_owned(), format!("write `{function}(COLUMN)`")),
            _ if split(argument, ',').len() > 1 => (format!("one column in `{function}(..)`"), "name one column".to_owned()),
            _ if argument.contains('^') => ("a power after the parentheses".to_owned(), format!("write `{function}(COLUMN)^2`")),
            _ if argument.contains('*') => {
                (format!("one column in `{function}(..)`"), "write a product of factors, as in `ln(a)*b`".to_owned())
            }
            _ if !matches!(Call::find(argument), Ok(None)) => (
                format!("the name of a column in `{function}(..)`, and not a function"),
                "add a column with these values to the data".to_owned(),
            ),
            _ => return Ok(argument),
        };
        Err(Error::found(Code::Term, self.text, &expected, help))
    }

    /// Reads the column and the knots of a spline.
    fn spline(&self) -> Result<FactorText> {
        let arguments = split(self.arguments, ',');
        let (column, knots) = arguments.split_first().map_or((self.arguments, &[][..]), |(column, knots)| (*column, knots));
        if knots.len() < KNOTS_MIN {
            let expected = format!("a column and {KNOTS_MIN} to {KNOTS_MAX} knots");
            let help = "write the places of the knots and not their number, as in `rcs(age, 30, 50, 70)`";
            return Err(Error::found(Code::Term, self.text, &expected, help));
        }
        Ok(FactorText::Spline(self.column(column)?.to_owned(), Knots::parse(knots)?))
    }

    /// Returns the error of a function that samefit does not have.
    fn unknown(&self) -> Error {
        let column = self.arguments;
        let small = self.function.to_ascii_lowercase();
        let help = match small.as_str() {
            "log" => format!("write `ln({column})` for the natural logarithm, or `log10({column})`"),
            _ if is_known(&small) => format!("write `{small}({column})`, in small letters"),
            _ => "use one of these, or add a column with these values to the data".to_owned(),
        };
        let expected = "a function that samefit has: `ln(x)`, `log10(x)`, `sqrt(x)`, or `rcs(x, 20, 25, 30)` for a spline";
        Error::found(Code::Term, self.text, expected, help)
    }
}

/// Returns whether a name is that of a function, of samefit or of another program, in small or capital letters.
fn is_function(name: &str) -> bool {
    let small = name.to_ascii_lowercase();
    is_known(&small) || FOREIGN.contains(&small.as_str())
}

/// Returns whether a name is that of a function or spline of samefit.
fn is_known(name: &str) -> bool {
    name == SPLINE || Function::from_name(name).is_some()
}

fn shape_error(text: &str) -> Error {
    Error::found(Code::Term, text, "one power, an integer, as in `bmi^2`", "correct the term").in_column(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> String {
        FactorText::parse(text).map(|(factor, power)| format!("{factor} {power}")).unwrap_or_else(|error| format!("{error}"))
    }

    #[test]
    fn lists_are_split_outside_parentheses() {
        for (text, want) in [
            ("age, rcs(bmi, 20, 25, 30), ln(tg)*site", &["age", "rcs(bmi, 20, 25, 30)", "ln(tg)*site"][..]),
            ("", &[""]),
            ("a,,b ", &["a", "", "b"]),
            ("weight (kg, dry), f((a, b), c), d", &["weight (kg, dry)", "f((a, b), c)", "d"]),
            ("a), b (, c", &["a)", "b (", "c"]),
            ("ln(tg, weight (kg, dry)", &["ln(tg", "weight (kg, dry)"]),
            ("(a, b), é, (c, d)", &["(a, b)", "é", "(c, d)"]),
        ] {
            assert_eq!(split(text, ','), want);
        }
        assert_eq!(split("ln(a*b) * c", '*'), ["ln(a*b)", "c"]);
    }

    #[test]
    fn names_of_columns_may_have_parentheses() {
        for name in
            ["bmi", "weight (kg)", "glucose(mg/dL)", "a)", "ln (x)", "ln", "ln(CRP) mg/L", "log(x) / y", "C(3)", "f(x)", "(x)", "x (", ""]
        {
            assert_eq!(FactorText::parse(name), Ok((FactorText::Column(name.to_owned()), 1)));
        }
    }

    #[test]
    fn functions_splines_and_powers_are_read() {
        for (text, want) in [
            ("bmi ^ 2", "bmi 2"),
            (" ln( tg ) ", "ln(tg) 1"),
            ("log10(weight (kg))^3", "log10(weight (kg)) 3"),
            ("sqrt(x y)^1", "sqrt(x y) 1"),
            ("rcs(age, 30, 5e1, 70.0)", "rcs(age,30,50,70) 1"),
            ("rcs(weight (kg, dry),-1,0,.5)", "rcs(weight (kg, dry),-1,0,0.5) 1"),
            ("(age - 30.0)+^3", "(age-30)+^3 1"),
            ("(a-b+5)+^3", "(a-b+5)+^3 1"),
            ("(age-30)+^2", "(age-30)+ 2"),
            ("(age)+^3", "(age)+ 3"),
        ] {
            assert_eq!(read(text), want);
        }
    }

    #[test]
    fn errors_say_what_is_wrong() {
        for (text, want) in [
            ("exp(x)", "expected a function that samefit has: `ln(x)`, `log10(x)`, `sqrt(x)`, or `rcs(x, 20, 25, 30)` for a spline"),
            ("log(tg)", "write `ln(tg)` for the natural logarithm, or `log10(tg)`"),
            ("LN(tg)", "write `ln(tg)`, in small letters"),
            ("poly(x, 2)", "expected a function that samefit has"),
            ("ln(tg", "expected `)` for the parenthesis after `ln`"),
            ("ln(weight (kg)", "write a closing parenthesis: `ln(weight (kg))`"),
            ("ln(tg))", "expected a `(` for each `)`"),
            ("ln()", "expected the name of a column between the parentheses"),
            ("ln(a, b)", "expected one column in `ln(..)`"),
            ("ln(x^2)", "expected a power after the parentheses"),
            ("sqrt(a*b)", "write a product of factors"),
            ("ln(sqrt(x))", "expected the name of a column in `ln(..)`, and not a function"),
            ("ln(sqrt(x)", "expected `)` for the parenthesis after `ln`"),
            ("rcs(age)", "expected a column and 3 to 10 knots"),
            ("rcs(age, 5)", "write the places of the knots and not their number"),
            ("rcs(age, 30, 50, x)", "found `x`, expected a decimal number as a knot"),
            ("rcs(age, 30, 50, 50)", "expected knots in increasing order"),
            ("rcs(, 30, 50, 70)", "expected the name of a column"),
            ("rcs(age, 30, 50, 70)^2", "expected a spline without a power"),
            ("ln(x)^y", "expected one power, an integer"),
            ("x^2^3", "expected one power, an integer"),
        ] {
            let error = FactorText::parse(text).unwrap_err();
            assert_eq!((error.code, error.column.as_deref()), (Code::Term, Some(text)));
            assert!(error.text().contains(want), "{text}: {}", error.text());
        }
    }

    proptest! {
        /// No text is too odd to be read or refused, and what is read is written so that it reads back.
        #[test]
        fn canonical_texts_read_back(text in "(ln|rcs|log10|exp|x)?[()a,0-9 ^*é.-]{0,12}[)]?") {
            if let Ok((factor, _)) = FactorText::parse(&text) {
                let written = factor.to_string();
                prop_assert_eq!(FactorText::parse(&written), Ok((factor, 1)));
            }
            let parts = split(&text, ',');
            prop_assert!(parts.len() <= text.matches(',').count() + 1);
        }

        #[test]
        fn splines_read_back(knots in prop::collection::btree_set(-500i32..500, 3..8), name in "[a-z]{1,5}( \\([a-z,]{1,4}\\))?") {
            let list: Vec<String> = knots.iter().map(ToString::to_string).collect();
            let text = format!("rcs({name},{})", list.join(","));
            prop_assert_eq!(read(&text), format!("{text} 1"));
        }
    }
}
