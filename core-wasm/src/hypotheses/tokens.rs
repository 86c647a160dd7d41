//! The text of restrictions to its parts, with their places.

use crate::decimal::{self, Decimal};
use crate::error::{Code, Error, Result};

/// A part of a text of restrictions.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Plus,
    Minus,
    Times,
    Equals,
    Comma,
    /// A number, without a sign.
    Number(Decimal),
    /// A name without quotes, perhaps with a power: `bmi^2`.
    Name(String),
    /// A name in backquotes, perhaps with a power after it.
    Quoted(String),
}

/// A part, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) part: Part,
    /// Number of the first character, from 1.
    pub(super) character: usize,
    /// The part as it is written.
    pub(super) text: String,
}

/// Splits a text. A name reaches to the next sign or to the comma, and a number to a sign, a comma or a space.
///
/// Errors: `restriction`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        if characters[at].is_whitespace() {
            at += 1;
            continue;
        }
        let (part, end) = part(&characters, at)?;
        tokens.push(Token { part, character: at + 1, text: characters[at..end].iter().collect::<String>().trim_end().to_owned() });
        at = end;
    }
    Ok(tokens)
}

/// Returns the part that begins at an index, and the index after it.
fn part(characters: &[char], at: usize) -> Result<(Part, usize)> {
    let sign = match characters[at] {
        '+' => Some(Part::Plus),
        '-' | '−' => Some(Part::Minus),
        '*' => Some(Part::Times),
        '=' => Some(Part::Equals),
        ',' => Some(Part::Comma),
        _ => None,
    };
    if let Some(part) = sign {
        return Ok((part, at + 1));
    }
    if characters[at] == '`' {
        return quoted(characters, at);
    }
    if let Some(end) = number_end(characters, at) {
        let text: String = characters[at..end].iter().collect();
        let value = decimal::parse(text.as_bytes()).map_err(|error| at_character(error, at + 1))?;
        return Ok((Part::Number(value), end));
    }
    let end = (at..characters.len()).find(|&end| is_sign(characters[end])).unwrap_or(characters.len());
    let name: String = characters[at..end].iter().collect();
    Ok((Part::Name(name.trim_end().to_owned()), end))
}

/// Returns the name in backquotes at an index, in which two backquotes stand for one, with a power that follows.
fn quoted(characters: &[char], at: usize) -> Result<(Part, usize)> {
    let mut name = String::new();
    let mut end = at + 1;
    loop {
        match (characters.get(end), characters.get(end + 1)) {
            (None, _) => {
                let sentence = format!("at character {}: a backquote is not closed", at + 1);
                return Err(Error::new(Code::Restriction, sentence, "write a backquote before and after the name"));
            }
            (Some('`'), Some('`')) => {
                name.push('`');
                end += 2;
            }
            (Some('`'), _) => break,
            (Some(other), _) => {
                name.push(*other);
                end += 1;
            }
        }
    }
    end += 1;
    if characters.get(end) == Some(&'^') {
        let after = (end..characters.len()).find(|&end| is_sign(characters[end])).unwrap_or(characters.len());
        name.extend(&characters[end..after]);
        end = after;
    }
    Ok((Part::Quoted(name), end))
}

/// Returns the index after the number at an index; none if there is no number, or a name that begins with one.
fn number_end(characters: &[char], at: usize) -> Option<usize> {
    let digits = |from: usize| (from..characters.len()).find(|&end| !characters[end].is_ascii_digit()).unwrap_or(characters.len());
    let whole = digits(at);
    let mut end = if characters.get(whole) == Some(&'.') { digits(whole + 1) } else { whole };
    if !characters[at..end].iter().any(char::is_ascii_digit) {
        return None;
    }
    if matches!(characters.get(end), Some('e' | 'E')) {
        let signed = end + 1 + usize::from(matches!(characters.get(end + 1), Some('+' | '-')));
        if digits(signed) > signed {
            end = digits(signed);
        }
    }
    characters.get(end).is_none_or(|&next| next.is_whitespace() || is_sign(next)).then_some(end)
}

/// Returns whether a character ends a name.
fn is_sign(character: char) -> bool {
    matches!(character, '+' | '-' | '−' | '*' | '=' | ',' | '`')
}

/// Puts the place before an error's sentence.
pub(super) fn at_character(mut error: Error, character: usize) -> Error {
    error.sentence = format!("at character {character}: {}", error.sentence);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<(usize, String)> {
        tokens(text).unwrap().into_iter().map(|token| (token.character, token.text)).collect()
    }

    #[test]
    fn texts_are_split_with_their_places() {
        let found = texts("2*body mass -.5e-3*`a-b`^2 = 3, x1=0");
        let want = [
            (1, "2"),
            (2, "*"),
            (3, "body mass"),
            (13, "-"),
            (14, ".5e-3"),
            (19, "*"),
            (20, "`a-b`^2"),
            (28, "="),
            (30, "3"),
            (31, ","),
            (33, "x1"),
            (35, "="),
            (36, "0"),
        ];
        assert_eq!(found, want.map(|(at, text)| (at, text.to_owned())));
    }

    #[test]
    fn names_may_begin_with_digits_and_numbers_may_not_go_on() {
        assert_eq!(tokens("2h glucose").unwrap()[0].part, Part::Name("2h glucose".to_owned()));
        assert_eq!(tokens("1e").unwrap()[0].part, Part::Name("1e".to_owned()));
        assert_eq!(tokens("2 bmi").unwrap().len(), 2);
        assert_eq!(tokens("`a``b`").unwrap()[0].part, Part::Quoted("a`b".to_owned()));
        assert_eq!(tokens("x = `a").unwrap_err().sentence, "at character 5: a backquote is not closed");
        assert!(tokens(&"9".repeat(61)).unwrap_err().sentence.starts_with("at character 1: "));
    }
}
