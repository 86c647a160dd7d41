//! A text such as `bmi = ltg, age = 0` to linear restrictions of the coefficients of a design.
//!
//! A restriction is an equation of two sums. A part of a sum is a number, a name, or a product of these with at most one term. A name means
//! the coefficient of the term, `intercept` that of the intercept. Names with signs, commas or backquotes stand in backquotes.

use super::coefficients::Coefficients;
use super::tokens::{Part, Token, at_character, tokens};
use crate::decimal::Decimal;
use crate::error::{Code, Error, Result, list, shorten};
use crate::solve::{INTERCEPT, LinearRestriction, VoidRestriction};
use crate::terms::Term;
use dashu_int::IBig;
use std::collections::BTreeMap;

/// What means the intercept in a restriction, unless a column has this name.
const INTERCEPT_WORD: &str = "intercept";
/// Most restrictions that are tested together is the number of coefficients; most parts in their text:
const PARTS_MAX: usize = 1 << 16;

/// The restrictions of a text.
pub(super) struct Restrictions {
    restrictions: Vec<LinearRestriction>,
    /// For each restriction the index of its text.
    sources: Vec<usize>,
    texts: Vec<String>,
}

impl Restrictions {
    /// Reads restrictions of coefficients.
    ///
    /// Errors: `restriction`, `missing-term`, `term`, `column-name`, `capacity`.
    pub(super) fn parse(text: &str, coefficients: &Coefficients) -> Result<Self> {
        let tokens = tokens(text)?;
        if tokens.len() > PARTS_MAX {
            let sentence = format!("{} signs, numbers and names are more than the {PARTS_MAX} that can be read", tokens.len());
            return Err(Error::new(Code::Capacity, sentence, "test fewer restrictions at once"));
        }
        let length = text.chars().count();
        let mut restrictions = Vec::new();
        let mut sources = Vec::new();
        let mut texts = Vec::new();
        let mut start = 0;
        for tokens in tokens.split(|token| token.part == Part::Comma) {
            let end = tokens.last().map_or(start + 1, |last| last.character + last.text.chars().count());
            restrictions.extend(Equation { tokens, end: end.min(length + 1), coefficients }.read()?);
            sources.resize(restrictions.len(), texts.len());
            let first = tokens.first().map_or(1, |first| first.character);
            texts.push(text.chars().skip(first - 1).take(end - first).collect());
            start = end;
        }
        Ok(Self { restrictions, sources, texts })
    }

    /// Returns the text of each restriction.
    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Returns the restrictions. A text may stand for more than one.
    pub(super) fn restrictions(&self) -> &[LinearRestriction] {
        &self.restrictions
    }

    /// Returns the error `restriction` of a restriction that adds nothing to those before it.
    pub(super) fn void(&self, at: usize, why: VoidRestriction) -> Error {
        let text = shorten(&self.texts[self.sources[at]]);
        let (sentence, help) = match why {
            VoidRestriction::Empty => (format!("`{text}` restricts no coefficient"), "name a coefficient, such as `bmi = 0`"),
            VoidRestriction::Redundant => (format!("`{text}` follows from the restrictions before it"), "leave it out"),
            VoidRestriction::Contradictory => {
                (format!("`{text}` contradicts the restrictions before it: no coefficients satisfy them all"), "correct or leave out one")
            }
        };
        let mut error = Error::new(Code::Restriction, sentence, help);
        error.found = Some(text);
        error
    }
}

/// The tokens of one restriction.
struct Equation<'a> {
    tokens: &'a [Token],
    /// The character after the last token.
    end: usize,
    coefficients: &'a Coefficients,
}

impl Equation<'_> {
    /// Reads the equation. It is more than one restriction if it says that all coefficients of a feature are zero.
    fn read(&self) -> Result<Vec<LinearRestriction>> {
        let Some(sign) = self.tokens.iter().position(|token| token.part == Part::Equals) else {
            let found = self.tokens.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ");
            return Err(match self.tokens {
                [] => self.wrong(self.end, "nothing", "a restriction such as `bmi = 0`", "write it, or leave out the comma"),
                _ => self.wrong(self.end, "no `=`", "an equation", format!("write `{} = 0`", shorten(&found))),
            });
        };
        let (left, right) = (&self.tokens[..sign], &self.tokens[sign + 1..]);
        if let Some(second) = right.iter().find(|token| token.part == Part::Equals) {
            let help = "write two restrictions with a comma between them, `a = b, b = c`";
            return Err(self.wrong(second.character, "`=`", "one `=` in a restriction", help));
        }
        if let (Some(indexes), [Token { part: Part::Number(zero), .. }]) = (self.feature(left), right)
            && *zero == Decimal::ZERO
        {
            if indexes.is_empty() {
                let help = "leave the restriction out, or test a model that has the feature";
                return Err(self.wrong(self.end, "a feature without coefficients", "one that is not left out of the model", help));
            }
            return Ok(indexes.iter().map(|&at| LinearRestriction::new([(at, IBig::ONE)], IBig::ZERO)).collect());
        }
        let mut sum = Sum::default();
        self.add(left, false, self.tokens[sign].character, &mut sum)?;
        self.add(right, true, self.end, &mut sum)?;
        Ok(vec![sum.into_restriction()])
    }

    /// Adds one side of the equation, or subtracts it. `end` is the character after it.
    fn add(&self, tokens: &[Token], negative: bool, end: usize, sum: &mut Sum) -> Result<()> {
        let mut rest = tokens;
        let mut first = true;
        while first || !rest.is_empty() {
            let mut minus = negative;
            match rest.first().map(|token| &token.part) {
                Some(Part::Plus) => rest = &rest[1..],
                Some(Part::Minus) => {
                    minus = !minus;
                    rest = &rest[1..];
                }
                None | Some(_) if first => {}
                Some(_) => return Err(self.unexpected(&rest[0], "`*`, `+`, `-`, `=` or `,`")),
                None => {}
            }
            rest = self.product(rest, minus, end, sum)?;
            first = false;
        }
        Ok(())
    }

    /// Adds the product at the beginning of some tokens, and returns the rest.
    fn product<'t>(&self, mut rest: &'t [Token], negative: bool, end: usize, sum: &mut Sum) -> Result<&'t [Token]> {
        let mut factor = Decimal { mantissa: if negative { -IBig::ONE } else { IBig::ONE }, scale: 0 };
        let mut names: Vec<&Token> = Vec::new();
        loop {
            let Some((token, after)) = rest.split_first() else {
                return Err(self.wrong(end, "nothing", "a number or a term", "write one, such as `bmi` or `0`"));
            };
            match &token.part {
                Part::Number(number) => factor = factor.times(number),
                Part::Name(_) | Part::Quoted(_) => names.push(token),
                _ => return Err(self.unexpected(token, "a number or a term")),
            }
            rest = after;
            match rest.first() {
                Some(next) if next.part == Part::Times => rest = &rest[1..],
                _ => break,
            }
        }
        match self.index(&names)? {
            Some(index) => sum.add(index, &factor),
            None => sum.constant = sum.constant.plus(&factor),
        }
        Ok(rest)
    }

    /// Returns the index of the column that some names mean together; none for no names.
    fn index(&self, names: &[&Token]) -> Result<Option<usize>> {
        let Some(first) = names.first() else { return Ok(None) };
        if let [Token { part: Part::Name(name), .. }] = names
            && (name == INTERCEPT_WORD || name == INTERCEPT)
        {
            return self.intercept(first, name).map(Some);
        }
        let texts: Vec<String> = names.iter().map(|token| name_text(token)).collect();
        if let Some(at) = self.coefficients.find(&texts) {
            return Ok(Some(at));
        }
        if let Some(indexes) = self.coefficients.feature(&texts) {
            return Err(self.whole_feature(first, &texts.join("*"), indexes));
        }
        // powers and quoted products in normal form
        let term = Term::parse(&texts.join("*")).map_err(|error| at_character(error, first.character))?.to_string();
        let skipped = usize::from(self.coefficients.has_intercept());
        match self.coefficients.names[skipped..].iter().position(|column| *column == term) {
            Some(at) => Ok(Some(at + skipped)),
            None => Err(self.missing(first, &term)),
        }
    }

    /// Returns the indexes of the coefficients of a feature with categories or a spline, if some tokens are its name.
    fn feature(&self, tokens: &[Token]) -> Option<&[usize]> {
        let is_name = |token: &Token| matches!(token.part, Part::Name(_) | Part::Quoted(_));
        let is_product = tokens.iter().enumerate().all(|(at, token)| if at % 2 == 0 { is_name(token) } else { token.part == Part::Times });
        let names: Vec<String> = tokens.iter().step_by(2).map(name_text).collect();
        self.coefficients.feature(&names).filter(|_| is_product && tokens.len() % 2 == 1)
    }

    fn whole_feature(&self, token: &Token, feature: &str, indexes: &[usize]) -> Error {
        let feature = shorten(feature);
        let sentence = format!("at character {}: `{feature}` has several coefficients", token.character);
        let name =
            indexes.first().map_or_else(String::new, |&at| format!(", or name one, such as {}", list([&self.coefficients.names[at]])));
        let help = format!("write `{feature} = 0` to test all of them together{name}");
        Error::new(Code::Restriction, sentence, help)
    }

    /// Returns the index of the intercept, which a name means.
    fn intercept(&self, token: &Token, name: &str) -> Result<usize> {
        let skipped = usize::from(self.coefficients.has_intercept());
        let is_column = self.coefficients.names[skipped..].iter().any(|column| column == name);
        let place = format!("at character {}", token.character);
        match (self.coefficients.has_intercept(), is_column) {
            (true, false) => Ok(0),
            (_, true) => Err(Error::new(
                Code::Restriction,
                format!("{place}: `{name}` is a feature, and may mean the intercept too"),
                format!("write the feature in backquotes, `` `{name}` ``; rename it to restrict the intercept"),
            )),
            (false, false) => {
                let help = "restrict other coefficients, or test a model with an intercept";
                Err(Error::new(Code::Restriction, format!("{place}: the model has no intercept"), help))
            }
        }
    }

    /// Returns the error of a term that the model does not have.
    fn missing(&self, token: &Token, term: &str) -> Error {
        let help = match () {
            () if term.contains(['<', '>']) => "a restriction is an equation: write `=`",
            () if term.contains('/') => "write a quotient as a factor, such as `0.5*bmi`",
            () if term.contains(['(', ')']) => "write the sum without parentheses",
            () => "correct the name; a name with signs or commas stands in backquotes",
        };
        let sentence = format!("at character {}: the model has no such term; it has {}", token.character, list(&self.coefficients.names));
        let mut error = Error::new(Code::MissingTerm, sentence, help).in_column(&shorten(term));
        error.found = Some(shorten(term));
        error
    }

    fn unexpected(&self, token: &Token, expected: &str) -> Error {
        let help = match &token.part {
            Part::Name(_) | Part::Quoted(_) => format!("write a product as `2*{}`", shorten(&token.text)),
            _ => "write restrictions such as `2*bmi - ltg = 3.5, age = 0`".to_owned(),
        };
        self.wrong(token.character, &format!("`{}`", shorten(&token.text)), expected, help)
    }

    fn wrong(&self, character: usize, found: &str, expected: &str, help: impl Into<String>) -> Error {
        let mut error = Error::new(Code::Restriction, format!("at character {character}: found {found}, expected {expected}"), help);
        (error.found, error.expected) = (Some(found.trim_matches('`').to_owned()), Some(expected.to_owned()));
        error
    }
}

/// Returns the name that a token is.
fn name_text(token: &Token) -> String {
    match &token.part {
        Part::Name(text) | Part::Quoted(text) => text.clone(),
        _ => token.text.clone(),
    }
}

/// A sum of coefficients and a constant.
struct Sum {
    factors: BTreeMap<usize, Decimal>,
    constant: Decimal,
}

impl Default for Sum {
    fn default() -> Self {
        Self { factors: BTreeMap::new(), constant: Decimal::ZERO }
    }
}

impl Sum {
    fn add(&mut self, index: usize, factor: &Decimal) {
        let sum = self.factors.entry(index).or_insert(Decimal::ZERO);
        *sum = sum.plus(factor);
    }

    /// Returns the restriction that the sum is zero.
    fn into_restriction(self) -> LinearRestriction {
        let scale = self.factors.values().chain([&self.constant]).map(|value| value.scale).max().unwrap_or(0);
        let factors: Vec<(usize, IBig)> = self.factors.iter().map(|(&index, factor)| (index, factor.mantissa_at(scale))).collect();
        LinearRestriction::new(factors, -self.constant.mantissa_at(scale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solve::SolvedRestrictions;

    fn parse(text: &str) -> Result<Restrictions> {
        let columns = [INTERCEPT, "bmi", "ltg", "age*bmi^2", "odd, name", "2h glucose", "body mass"].map(str::to_owned);
        Restrictions::parse(text, &Coefficients::of_names(&columns))
    }

    /// The restrictions of a text, each as factors by index and the value.
    fn read(text: &str) -> Vec<(Vec<(usize, i64)>, i64)> {
        let number = |value: &IBig| i64::try_from(value).unwrap();
        let one = |restriction: &LinearRestriction| {
            (restriction.factors.iter().map(|(at, factor)| (*at, number(factor))).collect(), number(&restriction.value))
        };
        parse(text).unwrap_or_else(|error| panic!("{text}: {}", error.text())).restrictions.iter().map(one).collect()
    }

    #[test]
    fn restrictions_are_read() {
        for (text, want) in [
            ("bmi = ltg", (vec![(1, 1), (2, -1)], 0)),
            ("2*bmi - ltg = 3.5", (vec![(1, 20), (2, -10)], 35)),
            ("bmi*0.5 + 1 = -ltg*2*2", (vec![(1, 5), (2, 40)], -10)),
            ("bmi*age*bmi = 0", (vec![(3, 1)], 0)),
            ("2*age*bmi^2 = 1e-2", (vec![(3, 200)], 1)),
            ("intercept = 1", (vec![(0, 1)], 1)),
            ("(intercept) = bmi", (vec![(0, 1), (1, -1)], 0)),
            ("`odd, name` = 0", (vec![(4, 1)], 0)),
            ("2h glucose = body mass", (vec![(5, 1), (6, -1)], 0)),
            ("- bmi - bmi=bmi", (vec![(1, -3)], 0)),
            ("bmi = bmi", (vec![], 0)),
        ] {
            assert_eq!(read(text), [want], "{text}");
        }
        assert_eq!(read("bmi = ltg, intercept=0").len(), 2);
        assert_eq!(parse(" bmi  =ltg ,`odd, name` = 0").unwrap().texts(), ["bmi  =ltg", "`odd, name` = 0"]);
    }

    #[test]
    fn mistakes_have_a_place_and_a_remedy() {
        for (text, sentence, help) in [
            ("", "at character 1: found nothing, expected a restriction such as `bmi = 0`", "write it, or leave out the comma"),
            ("bmi = 0,", "at character 9: found nothing, expected a restriction such as `bmi = 0`", "write it, or leave out the comma"),
            ("bmi", "at character 4: found no `=`, expected an equation", "write `bmi = 0`"),
            (
                "bmi = ltg = 0",
                "at character 11: found `=`, expected one `=` in a restriction",
                "write two restrictions with a comma between them, `a = b, b = c`",
            ),
            ("2 bmi = 0", "at character 3: found `bmi`, expected `*`, `+`, `-`, `=` or `,`", "write a product as `2*bmi`"),
            ("bmi + = 0", "at character 7: found nothing, expected a number or a term", "write one, such as `bmi` or `0`"),
            ("bmi = ", "at character 6: found nothing, expected a number or a term", "write one, such as `bmi` or `0`"),
            (
                "bmi + * ltg = 0",
                "at character 7: found `*`, expected a number or a term",
                "write restrictions such as `2*bmi - ltg = 3.5, age = 0`",
            ),
        ] {
            let error = parse(text).err().unwrap();
            assert_eq!((error.code, error.sentence.as_str(), error.help.as_str()), (Code::Restriction, sentence, help), "{text}");
        }
    }

    #[test]
    fn unknown_terms_are_named() {
        for (text, help) in [
            ("1 = age", "correct the name; a name with signs or commas stands in backquotes"),
            ("bmi > 0 = 1", "a restriction is an equation: write `=`"),
            ("bmi/2 = 1", "write a quotient as a factor, such as `0.5*bmi`"),
            ("2*(bmi + ltg) = 1", "write the sum without parentheses"),
        ] {
            let error = parse(text).err().unwrap();
            assert_eq!((error.code, error.help.as_str()), (Code::MissingTerm, help), "{text}");
            assert!(error.sentence.contains("the model has no such term; it has `(intercept)`, `bmi`"), "{}", error.sentence);
        }
        let columns = ["intercept".to_owned()];
        let error = Restrictions::parse("intercept = 0", &Coefficients::of_names(&columns)).err().unwrap();
        assert_eq!(error.sentence, "at character 1: `intercept` is a feature, and may mean the intercept too");
        assert!(Restrictions::parse("`intercept` = 0", &Coefficients::of_names(&columns)).is_ok());
        assert_eq!(
            Restrictions::parse("intercept = 0", &Coefficients::of_names(&["x".to_owned()])).err().unwrap().sentence,
            "at character 1: the model has no intercept"
        );
    }

    #[test]
    fn restrictions_that_add_nothing_are_refused() {
        for (text, sentence) in [
            ("bmi = bmi", "`bmi = bmi` restricts no coefficient"),
            ("bmi = ltg, 2*ltg = 2*bmi", "`2*ltg = 2*bmi` follows from the restrictions before it"),
            ("bmi = 1, bmi = 2", "`bmi = 2` contradicts the restrictions before it: no coefficients satisfy them all"),
        ] {
            let read = parse(text).unwrap();
            let (at, why) = SolvedRestrictions::new(read.restrictions()).unwrap_err();
            assert_eq!(read.void(at, why).sentence, sentence);
        }
    }
}
