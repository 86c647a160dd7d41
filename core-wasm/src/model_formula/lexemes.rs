//! The text of a formula to its lexemes (signs, numbers, names and quoted texts), with their places.

use super::place::FormulaText;
use crate::error::{Code, Result};

/// A sign, number, name or quoted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lexeme {
    Tilde,
    Plus,
    Minus,
    Times,
    Slash,
    /// `^` or `**`.
    Power,
    Colon,
    /// `%in%`.
    In,
    Open,
    Close,
    Comma,
    Equals,
    /// A point alone: all other columns.
    Dot,
    /// A number without a sign, as it is written.
    Number(String),
    /// A name without quotes.
    Name(String),
    /// A name in backticks.
    Quoted(String),
    /// A text in single or double quotes.
    Text(String),
    /// The end of the formula.
    End,
}

/// Returns the lexemes of a formula with their places, [`Lexeme::End`] last.
///
/// # Errors
/// `term` for a character that has no meaning, an unknown `%operator%`, a quote that is not closed, and a name that begins with a digit.
pub(super) fn lexemes(text: &FormulaText) -> Result<Vec<(Lexeme, usize)>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text.0[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (lexeme, length) = lexeme(text, at, first)?;
        found.push((lexeme, at));
        at += length;
    }
    found.push((Lexeme::End, at));
    Ok(found)
}

/// Returns the lexeme at a place, and its length in bytes.
fn lexeme(text: &FormulaText, at: usize, first: char) -> Result<(Lexeme, usize)> {
    let rest = &text.0[at..];
    if rest.starts_with("**") {
        return Ok((Lexeme::Power, 2));
    }
    if let Some(sign) = sign(first) {
        return Ok((sign, first.len_utf8()));
    }
    match first {
        '%' if rest.starts_with("%in%") => Ok((Lexeme::In, 4)),
        '%' => Err(text.unexpected(at, "`%in%`", "the only operator of this kind is `%in%`, `a %in% b`")),
        '`' | '\'' | '"' => quoted(text, at, first),
        _ if begins_number(rest) => number(text, at),
        _ if begins_name(first) => {
            let length = rest.find(|character| !continues_name(character)).unwrap_or(rest.len());
            let name = &rest[..length];
            Ok((if name == "." { Lexeme::Dot } else { Lexeme::Name(name.to_owned()) }, length))
        }
        '|' => Err(text.unexpected(at, "a sign of a formula", "groups with effects of their own are not fitted: write `C(group)`")),
        _ => Err(text.unexpected(
            at,
            "a name, a number or a sign of a formula",
            "write a name with other characters in backticks, `` `a b` ``",
        )),
    }
}

fn sign(character: char) -> Option<Lexeme> {
    Some(match character {
        '~' => Lexeme::Tilde,
        '+' => Lexeme::Plus,
        '-' | '−' => Lexeme::Minus,
        '*' => Lexeme::Times,
        '/' => Lexeme::Slash,
        '^' => Lexeme::Power,
        ':' => Lexeme::Colon,
        '(' => Lexeme::Open,
        ')' => Lexeme::Close,
        ',' => Lexeme::Comma,
        '=' => Lexeme::Equals,
        _ => return None,
    })
}

/// Returns the text in quotes at a place. A backslash stands before a quote or a backslash that belongs to the text.
fn quoted(text: &FormulaText, at: usize, quote: char) -> Result<(Lexeme, usize)> {
    let mut content = String::new();
    let mut escaped = false;
    for (offset, character) in text.0[at..].char_indices().skip(1) {
        match character {
            '\\' if !escaped => escaped = true,
            _ if character == quote && !escaped => {
                let lexeme = if quote == '`' { Lexeme::Quoted(content) } else { Lexeme::Text(content) };
                return Ok((lexeme, offset + 1));
            }
            '\\' | '`' | '\'' | '"' => {
                content.push(character);
                escaped = false;
            }
            _ if escaped => {
                let place = at + offset - 1;
                return Err(text.unexpected(place, "a backslash before a quote or a backslash", "write a backslash as `\\\\`"));
            }
            _ => content.push(character),
        }
    }
    Err(text.error(Code::Term, at, "the quote is not closed", format!("write `{quote}` at its end")))
}

fn begins_number(rest: &str) -> bool {
    rest.strip_prefix('.').unwrap_or(rest).starts_with(|character: char| character.is_ascii_digit())
}

/// Returns the number at a place: digits, perhaps with a point and an exponent.
fn number(text: &FormulaText, at: usize) -> Result<(Lexeme, usize)> {
    let bytes = &text.0.as_bytes()[at..];
    let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(0);
    let mut end = if bytes.get(whole) == Some(&b'.') { digits(whole + 1) } else { whole };
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let signed = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if digits(signed.min(bytes.len())) > signed {
            end = digits(signed);
        }
    }
    if text.0[at + end..].starts_with(continues_name) {
        return Err(text.unexpected(at, "a number", "write a name that begins with a digit in backticks, `` `2h` ``"));
    }
    Ok((Lexeme::Number(text.0[at..at + end].to_owned()), end))
}

fn begins_name(character: char) -> bool {
    character.is_alphabetic() || matches!(character, '_' | '.')
}

/// Returns whether a character may stand in a name without quotes. The range is that of combining accents.
fn continues_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.' | '\u{300}'..='\u{36f}')
}

/// Returns a name as a formula has it: in backticks, unless it is one lexeme without them.
pub(crate) fn name_text(name: &str) -> String {
    let is_plain = name.starts_with(begins_name) && name.chars().all(continues_name) && name != "." && !begins_number(name);
    if is_plain { name.to_owned() } else { quote(name, '`') }
}

/// Returns a text in quotes, with a backslash before each quote of this kind and each backslash.
pub(super) fn quote(content: &str, quote: char) -> String {
    let mut quoted = String::from(quote);
    for character in content.chars() {
        if character == quote || character == '\\' {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<(Lexeme, usize)> {
        let mut found = lexemes(&FormulaText(text.to_owned())).unwrap();
        assert_eq!(found.pop(), Some((Lexeme::End, text.len())));
        found
    }

    fn sentence(text: &str) -> String {
        lexemes(&FormulaText(text.to_owned())).unwrap_err().sentence
    }

    #[test]
    fn texts_are_split_with_their_places() {
        let name = |name: &str| Lexeme::Name(name.to_owned());
        let want = vec![
            (name("größe.1"), 0),
            (Lexeme::Tilde, 11),
            (Lexeme::Dot, 13),
            (Lexeme::Power, 14),
            (Lexeme::Number("2".to_owned()), 16),
            (Lexeme::Minus, 17),
            (Lexeme::Number(".5e-3".to_owned()), 20),
            (Lexeme::In, 26),
            (name("_x"), 31),
        ];
        assert_eq!(texts("größe.1 ~ .**2−.5e-3 %in% _x").len(), want.len());
        assert_eq!(texts("größe.1  ~ .**2−.5e-3 %in% _x"), want);
    }

    #[test]
    fn quotes_hold_any_text() {
        for content in ["a b", "a`b", r"a\b", r"\`", "it's", "", "ä\n"] {
            assert_eq!(texts(&quote(content, '`')), [(Lexeme::Quoted(content.to_owned()), 0)]);
            assert_eq!(texts(&quote(content, '\'')), [(Lexeme::Text(content.to_owned()), 0)]);
        }
        assert_eq!(texts(r#""a\'b""#), [(Lexeme::Text("a'b".to_owned()), 0)]);
        assert_eq!(sentence("y ~ `a"), "at character 5, ``a`: the quote is not closed");
        assert!(sentence(r"'a\n'").starts_with("at character 3: found `\\n'`"));
    }

    #[test]
    fn other_characters_have_no_meaning() {
        assert_eq!(sentence("y ~ é # x"), "at character 7: found `# x`, expected a name, a number or a sign of a formula");
        assert!(sentence("a %o% b").starts_with("at character 3: found `%o% b`, expected `%in%`"));
        assert!(sentence("y ~ 2h").starts_with("at character 5: found `2h`, expected a number"));
        assert!(sentence("1e").starts_with("at character 1"));
    }
}
