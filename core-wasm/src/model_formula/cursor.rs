//! Reads the lexemes of a formula one after the other.

use super::lexemes::{Lexeme, lexemes};
use super::place::FormulaText;
use crate::error::{Code, Error, Result};
use crate::factors::FactorText;
use crate::terms::check_column_name;

/// Most bytes of a formula.
pub const FORMULA_BYTES_MAX: usize = 1 << 16;
/// Most parentheses inside each other.
pub const NESTING_MAX: usize = 64;

/// The lexemes that are still to be read.
pub(super) struct Cursor {
    pub(super) text: FormulaText,
    /// [`Lexeme::End`] is the last.
    lexemes: Vec<(Lexeme, usize)>,
    next: usize,
    open: usize,
}

impl Cursor {
    /// Splits a formula.
    ///
    /// # Errors
    /// `capacity` above [`FORMULA_BYTES_MAX`], and those of [`lexemes`].
    pub(super) fn new(text: &str) -> Result<Self> {
        if text.len() > FORMULA_BYTES_MAX {
            let sentence = format!("a formula of {} bytes is longer than the {FORMULA_BYTES_MAX} that can be read", text.len());
            return Err(Error::new(Code::Capacity, sentence, "write `.` for all columns, and subtract those that are not features"));
        }
        let text = FormulaText(text.to_owned());
        Ok(Self { lexemes: lexemes(&text)?, text, next: 0, open: 0 })
    }

    /// Returns the next lexeme.
    pub(super) fn peek(&self) -> &Lexeme {
        self.after(0)
    }

    /// Returns the lexeme after some others.
    pub(super) fn after(&self, skipped: usize) -> &Lexeme {
        self.lexemes.get(self.next + skipped).map_or(&Lexeme::End, |(lexeme, _)| lexeme)
    }

    /// Returns the place of the next lexeme.
    pub(super) fn at(&self) -> usize {
        self.lexemes.get(self.next).map_or(self.text.0.len(), |&(_, at)| at)
    }

    /// Passes over the next lexeme.
    pub(super) fn advance(&mut self) {
        self.next += 1;
    }

    /// Passes over the next lexeme if it is this one, and returns whether it was.
    pub(super) fn accept(&mut self, lexeme: &Lexeme) -> bool {
        let is_next = self.peek() == lexeme;
        self.next += usize::from(is_next);
        is_next
    }

    /// Passes over an opening parenthesis.
    ///
    /// # Errors
    /// `capacity` for more than [`NESTING_MAX`] inside each other; `term` if the next lexeme is another.
    pub(super) fn open(&mut self) -> Result<()> {
        if self.open == NESTING_MAX {
            let sentence = format!("more than {NESTING_MAX} parentheses stand inside each other");
            return Err(self.text.error(Code::Capacity, self.at(), &sentence, "write the formula with fewer"));
        }
        self.open += 1;
        if self.accept(&Lexeme::Open) { Ok(()) } else { Err(self.unexpected("`(`", "write the name with `(` and `)` after it")) }
    }

    /// Passes over a closing parenthesis.
    ///
    /// # Errors
    /// `term` if the next lexeme is another.
    pub(super) fn close(&mut self, help: &str) -> Result<()> {
        self.open = self.open.saturating_sub(1);
        if self.accept(&Lexeme::Close) { Ok(()) } else { Err(self.unexpected("`)`", help)) }
    }

    /// Reads a column: a name, a name in backticks, or `Q("name")`. `help` says what to do if none stands there.
    ///
    /// # Errors
    /// `term`, and those of [`check_column_name`].
    pub(super) fn column(&mut self, help: &str) -> Result<String> {
        let at = self.at();
        let name = match (self.peek().clone(), self.after(1)) {
            (Lexeme::Name(name), Lexeme::Open) if name == "Q" => {
                self.advance();
                self.open()?;
                let name = self.quoted_name()?;
                self.close("write `Q(\"name\")`")?;
                name
            }
            (Lexeme::Name(_) | Lexeme::Quoted(_), Lexeme::Open) => return Err(self.unexpected("a column", help)),
            (Lexeme::Name(name) | Lexeme::Quoted(name), _) => {
                self.advance();
                name
            }
            _ => return Err(self.unexpected("a column", help)),
        };
        check_column_name(&name).map_err(|error| self.text.locate(at, error))?;
        // a feature is written as text, in which such a name would be a function of another column
        match FactorText::parse(&name) {
            Ok((FactorText::Column(read), 1)) if read == name => Ok(name),
            _ => {
                let sentence = format!("the column `{name}` has the name of a function of a column");
                Err(self.text.error(Code::Term, at, &sentence, "rename the column"))
            }
        }
    }

    fn quoted_name(&mut self) -> Result<String> {
        match self.peek().clone() {
            Lexeme::Text(name) => {
                self.advance();
                Ok(name)
            }
            _ => Err(self.unexpected("a name in quotes", "write `Q(\"name\")`")),
        }
    }

    /// Returns the error of a next lexeme that is not what was expected.
    pub(super) fn unexpected(&self, expected: &str, help: &str) -> Error {
        self.text.unexpected(self.at(), expected, help)
    }
}
