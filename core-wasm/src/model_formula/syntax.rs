//! A formula to its target and a tree of operators, in R's order of precedence: `^`, then `:`, `%in%`, `*` and `/`, `+` and `-`.

use super::calls::{call, power};
use super::cursor::Cursor;
use super::factor::FormulaFactor;
use super::lexemes::Lexeme;
use super::place::FormulaText;
use crate::error::{Code, Error, Result};
use std::collections::BTreeMap;

/// An operator on two lists of terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// `a*b`: a, b and a:b.
    Cross,
    /// `a/b`: a and a:b.
    Nest,
    /// `a %in% b`: a:b.
    In,
    /// `a:b`.
    Interact,
}

/// Part of the right side. No tree is deeper than a few times [`NESTING_MAX`](super::NESTING_MAX): operators of one precedence stand in
/// one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// 1, the intercept (`true`), or 0.
    Intercept(bool),
    /// The index of an [`Operand`].
    Operand(usize),
    /// Parts that are added, or subtracted if `true`.
    Sum(Vec<(bool, Expression)>),
    /// Parts that are combined from left to right, each with its operator's place.
    Chain(Box<Expression>, Vec<(Operator, usize, Expression)>),
    /// All interactions of some terms up to a degree.
    Power { base: Box<Expression>, power: u32, at: usize },
}

/// What an operator works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OperandKind {
    Factor(FormulaFactor),
    /// `.`: all columns but the target.
    Rest,
}

/// An operand and its place.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) kind: OperandKind,
    pub(super) at: usize,
}

/// A formula as it is written.
#[derive(Clone, Debug)]
pub(super) struct Syntax {
    pub(super) text: FormulaText,
    pub(super) target: String,
    /// Operands in the order in which they stand in the formula.
    pub(super) operands: Vec<Operand>,
    pub(super) right: Expression,
}

impl Syntax {
    /// Reads a formula.
    ///
    /// # Errors
    /// `target` for a left side that is not one column, `term`, `capacity`, and those of
    /// [`check_column_name`](crate::terms::check_column_name) and of [`decimal::parse`](crate::decimal::parse).
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser { cursor: Cursor::new(text)?, operands: Vec::new(), intercept_at: None };
        let target = parser.target()?;
        let right = parser.sum()?;
        parser.end()?;
        let Parser { cursor: Cursor { text, .. }, mut operands, .. } = parser;
        settle_references(&text, &mut operands)?;
        Ok(Self { text, target, operands, right })
    }
}

struct Parser {
    cursor: Cursor,
    operands: Vec<Operand>,
    /// The place of the last `0` or `1`.
    intercept_at: Option<usize>,
}

impl Parser {
    /// Reads the target and `~`.
    fn target(&mut self) -> Result<String> {
        let help = "write one column before `~`, such as `y ~ bmi`";
        let left_error = |mut error: Error| {
            error.code = Code::Target;
            error
        };
        let is_call = matches!((self.cursor.peek(), self.cursor.after(1)), (Lexeme::Name(name), Lexeme::Open) if name != "Q");
        let help = if is_call { "add a column with these values to the data, and name it before `~`" } else { help };
        let target = self.cursor.column(help).map_err(left_error)?;
        if self.cursor.accept(&Lexeme::Tilde) { Ok(target) } else { Err(left_error(self.cursor.unexpected("`~` after the target", help))) }
    }

    fn sum(&mut self) -> Result<Expression> {
        let mut parts = vec![(false, self.signed()?)];
        loop {
            let minus = match self.cursor.peek() {
                Lexeme::Plus => false,
                Lexeme::Minus => true,
                _ => break,
            };
            self.cursor.advance();
            parts.push((minus, self.signed()?));
        }
        Ok(match (parts.len(), parts.pop()) {
            (1, Some((_, part))) => part,
            (_, last) => Expression::Sum(parts.into_iter().chain(last).collect()),
        })
    }

    /// Reads a part of a sum that may have a sign of its own. R takes `-a` for nothing, and samefit refuses it.
    fn signed(&mut self) -> Result<Expression> {
        while self.cursor.accept(&Lexeme::Plus) {}
        if *self.cursor.peek() != Lexeme::Minus {
            return self.chain(&LEVELS);
        }
        if !matches!(self.cursor.after(1), Lexeme::Number(_)) {
            let sentence = "nothing stands before this `-` that it could remove a term from";
            return Err(self.cursor.text.error(Code::Term, self.cursor.at(), sentence, "write the terms first: `a*b - a`"));
        }
        self.cursor.advance();
        Ok(Expression::Sum(vec![(true, self.primary()?)]))
    }

    /// Reads parts with operators of one precedence between them; each part has operators of higher ones.
    fn chain(&mut self, levels: &[&[(Lexeme, Operator)]]) -> Result<Expression> {
        let Some((operators, higher)) = levels.split_first() else { return self.power() };
        let start = self.cursor.at();
        let first = self.chain(higher)?;
        let mut rest: Vec<(Operator, usize, Expression)> = Vec::new();
        while let Some(&(_, operator)) = operators.iter().find(|(lexeme, _)| lexeme == self.cursor.peek()) {
            let at = self.cursor.at();
            self.cursor.advance();
            let part = self.chain(higher)?;
            self.check_different(rest.last().map_or(&first, |(_, _, before)| before), &part, at)?;
            rest.push((operator, at, part));
            self.check_no_intercept(start)?;
        }
        Ok(if rest.is_empty() { first } else { Expression::Chain(Box::new(first), rest) })
    }

    /// Refuses `x*x` and `x:x`, which are `x` in R, and hardly what was meant.
    fn check_different(&self, left: &Expression, right: &Expression, at: usize) -> Result<()> {
        match (self.factor(left), self.factor(right)) {
            (Some(left), Some(right)) if left == right => {
                let sentence = format!("`{left}` combined with itself is `{left}` again");
                Err(self.cursor.text.error(Code::Term, at, &sentence, "write the square of a column as `I(x^2)`; name a category once"))
            }
            _ => Ok(()),
        }
    }

    /// Returns the factor that an expression is; none if it is another.
    fn factor(&self, expression: &Expression) -> Option<&FormulaFactor> {
        let Expression::Operand(index) = expression else { return None };
        match &self.operands.get(*index)?.kind {
            OperandKind::Factor(factor) => Some(factor),
            OperandKind::Rest => None,
        }
    }

    /// Refuses `0` and `1` in what an operator combines, from its first place on. They say something of the whole model.
    fn check_no_intercept(&self, start: usize) -> Result<()> {
        match self.intercept_at.filter(|&at| at >= start) {
            None => Ok(()),
            Some(at) => Err(self.cursor.text.unexpected(at, "a term", "write `0` or `1` outside of interactions, `a*b - 1`")),
        }
    }

    fn power(&mut self) -> Result<Expression> {
        let start = self.cursor.at();
        let base = self.primary()?;
        let at = self.cursor.at();
        if !self.cursor.accept(&Lexeme::Power) {
            return Ok(base);
        }
        if let Some(factor) = self.factor(&base) {
            let sentence = format!("outside `I()` a power means interactions, and `{factor}` alone has none");
            return Err(self.cursor.text.error(Code::Term, at, &sentence, "write the power of a column as `I(x^2)`"));
        }
        self.check_no_intercept(start)?;
        let power = power(&mut self.cursor, "the highest degree of interactions", "write the power as a number, `(a + b)^2`")?;
        Ok(Expression::Power { base: Box::new(base), power, at })
    }

    fn primary(&mut self) -> Result<Expression> {
        let at = self.cursor.at();
        match self.cursor.peek().clone() {
            Lexeme::Open => {
                self.cursor.open()?;
                let inner = self.sum()?;
                self.cursor.close("write a sign between the terms, or `)` at the end")?;
                Ok(inner)
            }
            Lexeme::Number(digits) if digits == "0" || digits == "1" => {
                self.cursor.advance();
                self.intercept_at = Some(at);
                Ok(Expression::Intercept(digits == "1"))
            }
            Lexeme::Number(_) => {
                let help = "leave other numbers out: a coefficient is fitted to every term";
                Err(self.cursor.unexpected("a term, or `0` or `1` for a model without or with an intercept", help))
            }
            Lexeme::Dot => {
                self.cursor.advance();
                Ok(self.operand(OperandKind::Rest, at))
            }
            Lexeme::Name(name) if *self.cursor.after(1) == Lexeme::Open => {
                let factor = call(&mut self.cursor, &name)?;
                Ok(self.operand(OperandKind::Factor(factor), at))
            }
            _ => {
                let column = self.column()?;
                Ok(self.operand(OperandKind::Factor(FormulaFactor::Column(column)), at))
            }
        }
    }

    fn column(&mut self) -> Result<String> {
        if matches!(self.cursor.peek(), Lexeme::Name(_) | Lexeme::Quoted(_)) {
            return self.cursor.column("write a name in backticks without `(` after it");
        }
        Err(self.cursor.unexpected("a term", "write a column, `0` or `1`, a function of a column, or terms in parentheses"))
    }

    fn operand(&mut self, kind: OperandKind, at: usize) -> Expression {
        self.operands.push(Operand { kind, at });
        Expression::Operand(self.operands.len() - 1)
    }

    /// Refuses what stands after the right side.
    fn end(&self) -> Result<()> {
        match self.cursor.peek() {
            Lexeme::End => Ok(()),
            Lexeme::Close => Err(self.cursor.unexpected("the end of the formula", "leave out the `)`, or write `(` before the terms")),
            Lexeme::Tilde => Err(self.cursor.unexpected("the end of the formula", "write `~` once, after the target")),
            _ => Err(self.cursor.unexpected("a sign between two terms", "write `+` between terms; a name with spaces stands in backticks")),
        }
    }
}

/// The operators between [`Expression::Sum`] and [`Expression::Power`], lowest precedence first.
const LEVELS: [&[(Lexeme, Operator)]; 3] = [
    &[(Lexeme::Times, Operator::Cross), (Lexeme::Slash, Operator::Nest)],
    &[(Lexeme::In, Operator::In)],
    &[(Lexeme::Colon, Operator::Interact)],
];

/// Gives every category the reference that the formula names for its column, so that a column is one category.
fn settle_references(text: &FormulaText, operands: &mut [Operand]) -> Result<()> {
    let mut references: BTreeMap<String, String> = BTreeMap::new();
    for operand in operands.iter() {
        if let OperandKind::Factor(FormulaFactor::Category { name, reference: Some(reference) }) = &operand.kind {
            let settled = references.entry(name.clone()).or_insert_with(|| reference.clone());
            if settled != reference {
                let sentence = format!("`{name}` has the reference `{settled}` before, and here `{reference}`");
                return Err(text.error(Code::Term, operand.at, &sentence, "name one reference"));
            }
        }
    }
    for operand in operands {
        if let OperandKind::Factor(FormulaFactor::Category { name, reference }) = &mut operand.kind {
            *reference = references.get(name).cloned();
        }
    }
    Ok(())
}
