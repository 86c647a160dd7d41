//! A call such as `C(site)`, `ln(tg)`, `rcs(age, 30, 50, 70)` or `I(x^2*z)` to a factor.

use super::cursor::Cursor;
use super::factor::FormulaFactor;
use super::lexemes::Lexeme;
use crate::decimal::{self, Decimal};
use crate::error::{Code, Error, Result};
use crate::splines::{KNOTS_MIN, Knots};
use crate::terms::{DEGREE_MAX, Term, Variable};

/// Reads a call. The name is the next lexeme, `(` the one after it.
///
/// # Errors
/// `term` for an unknown function and for other arguments than the function has; `capacity`; those of
/// [`check_column_name`](crate::terms::check_column_name) and of [`decimal::parse`].
pub(super) fn call(cursor: &mut Cursor, name: &str) -> Result<FormulaFactor> {
    match name {
        "Q" => Ok(FormulaFactor::Column(cursor.column("write `Q(\"name\")`")?)),
        "C" | "factor" | "as.factor" => category(cursor, name),
        "ln" | "log" | "np.log" | "numpy.log" => function(cursor, "ln"),
        "log10" | "np.log10" | "numpy.log10" => function(cursor, "log10"),
        "sqrt" | "np.sqrt" | "numpy.sqrt" => function(cursor, "sqrt"),
        "rcs" => spline(cursor),
        "I" => product(cursor),
        _ => Err(cursor.unexpected("a function that a formula has: `C`, `factor`, `ln`, `log10`, `sqrt`, `rcs`, `I`, `Q`", instead(name))),
    }
}

/// Returns what to do instead of calling an unknown function.
fn instead(name: &str) -> &'static str {
    match name {
        "poly" => "write the powers as terms, `x + I(x^2)`",
        "bs" | "ns" | "cr" | "cc" | "te" | "s" => "write a restricted cubic spline with its knots, `rcs(x, 30, 50, 70)`",
        "relevel" => "write the reference in `C(site, Treatment('b'))`",
        "offset" => "subtract the column from the target in the data",
        _ => "add a column with these values to the data",
    }
}

/// Passes over the name and `(`.
fn begin(cursor: &mut Cursor) -> Result<()> {
    cursor.advance();
    cursor.open()
}

fn category(cursor: &mut Cursor, function: &str) -> Result<FormulaFactor> {
    let help = "write `C(site)`, or `C(site, Treatment('b'))` to name the reference; the order of the levels stands in a schema";
    begin(cursor)?;
    let name = cursor.column(help)?;
    let reference = if function == "C" && cursor.accept(&Lexeme::Comma) { treatment(cursor, help)? } else { None };
    cursor.close(help)?;
    Ok(FormulaFactor::Category { name, reference })
}

/// Reads the contrasts of a category: `Treatment`, `Treatment('b')` or `Treatment(reference='b')`.
fn treatment(cursor: &mut Cursor, help: &str) -> Result<Option<String>> {
    if !cursor.accept(&Lexeme::Name("Treatment".to_owned())) {
        return Err(cursor.unexpected("`Treatment`", help));
    }
    if *cursor.peek() != Lexeme::Open {
        return Ok(None);
    }
    cursor.open()?;
    if *cursor.after(1) == Lexeme::Equals && cursor.accept(&Lexeme::Name("reference".to_owned())) {
        cursor.advance();
    } else if *cursor.peek() == Lexeme::Close {
        cursor.close(help)?;
        return Ok(None);
    }
    let Lexeme::Text(level) = cursor.peek().clone() else {
        return Err(
            cursor.unexpected("a level in quotes", "write the level as it stands in the data, `Treatment('b')` or `Treatment('2')`")
        );
    };
    cursor.advance();
    cursor.close(help)?;
    Ok(Some(level))
}

fn function(cursor: &mut Cursor, function: &'static str) -> Result<FormulaFactor> {
    begin(cursor)?;
    let column = cursor.column("name a column; for a function of other values, add a column with them to the data")?;
    let help = match function {
        "ln" => "a logarithm is that of a column: `ln(x)`, the natural one, or `log10(x)`; for others, add a column to the data",
        _ => "a function is that of one column; for a function of other values, add a column with them to the data",
    };
    cursor.close(help)?;
    Ok(FormulaFactor::Function { function, column })
}

/// Reads a spline, with its knots one after the other or, as in R's rms, in `c()`.
fn spline(cursor: &mut Cursor) -> Result<FormulaFactor> {
    let help = "write a column and its knots, such as `rcs(age, 30, 50, 70)`";
    let at = cursor.at();
    begin(cursor)?;
    let column = cursor.column(help)?;
    let mut knots: Vec<Decimal> = Vec::new();
    if *cursor.peek() == Lexeme::Comma && *cursor.after(1) == Lexeme::Name("c".to_owned()) && *cursor.after(2) == Lexeme::Open {
        cursor.advance();
        begin(cursor)?;
        knots.push(knot(cursor, None, help)?);
        more_knots(cursor, &mut knots, help)?;
        cursor.close(help)?;
    } else {
        more_knots(cursor, &mut knots, help)?;
    }
    cursor.close(help)?;
    if knots.len() < KNOTS_MIN {
        let sentence = format!("a spline has at least {KNOTS_MIN} knots, and here are {}", knots.len());
        return Err(cursor.text.error(Code::Term, at, &sentence, format!("{help}; their number alone does not say where they are")));
    }
    let knots = Knots::new(knots).map_err(|error| cursor.text.locate(at, error))?;
    Ok(FormulaFactor::Spline { column, knots: knots.as_slice().iter().map(ToString::to_string).collect() })
}

fn more_knots(cursor: &mut Cursor, knots: &mut Vec<Decimal>, help: &str) -> Result<()> {
    while cursor.accept(&Lexeme::Comma) {
        knots.push(knot(cursor, knots.last(), help)?);
    }
    Ok(())
}

/// Reads a knot, which is above the one before it.
fn knot(cursor: &mut Cursor, before: Option<&Decimal>, help: &str) -> Result<Decimal> {
    let at = cursor.at();
    let minus = cursor.accept(&Lexeme::Minus);
    let Lexeme::Number(digits) = cursor.peek().clone() else { return Err(cursor.unexpected("a knot, which is a number", help)) };
    cursor.advance();
    let size = decimal::parse(digits.as_bytes()).map_err(|error| cursor.text.locate(at, error))?;
    let knot = if minus { size.negated() } else { size };
    if before.is_some_and(|before| *before >= knot) {
        return Err(cursor.text.error(Code::Term, at, "the knot is not above the one before it", "write the knots in increasing order"));
    }
    Ok(knot)
}

/// Reads `I()`: a product of powers of columns. A column alone is that column.
fn product(cursor: &mut Cursor) -> Result<FormulaFactor> {
    let at = cursor.at();
    begin(cursor)?;
    let powers = powers(cursor)?;
    cursor.close("`I()` has only products and powers of columns: add a column with other values to the data")?;
    let factors = powers.into_iter().map(|(column, power)| (Variable::Column(column), power)).collect();
    let term = Term::of(factors).ok_or_else(|| {
        let sentence = format!("the powers add up to more than {DEGREE_MAX}");
        cursor.text.error(Code::Term, at, &sentence, "write lower powers")
    })?;
    Ok(match term.as_column() {
        Some(column) => FormulaFactor::Column(column.to_owned()),
        None => FormulaFactor::Product(term.factors.into_iter().map(|(variable, power)| (variable.column().to_owned(), power)).collect()),
    })
}

/// Reads factors of a product up to the next sign that does not multiply.
fn powers(cursor: &mut Cursor) -> Result<Vec<(String, u32)>> {
    let mut powers = Vec::new();
    loop {
        let mut base = base(cursor)?;
        if cursor.accept(&Lexeme::Power) {
            let power = power(cursor, "a whole number as the power", "write `sqrt(x)` for a root; add a column for other powers")?;
            base.iter_mut().for_each(|(_, of_base)| *of_base = of_base.saturating_mul(power));
        }
        powers.append(&mut base);
        match cursor.peek() {
            Lexeme::Times => cursor.advance(),
            Lexeme::Close => return Ok(powers),
            other => return Err(no_product(cursor, other)),
        }
    }
}

/// Reads a column in `I()`, or a product in parentheses.
fn base(cursor: &mut Cursor) -> Result<Vec<(String, u32)>> {
    match (cursor.peek(), cursor.after(1)) {
        (Lexeme::Open, _) => {
            cursor.open()?;
            let inner = powers(cursor)?;
            cursor.close("write `)` at the end of the product")?;
            Ok(inner)
        }
        (Lexeme::Name(name), Lexeme::Open) if name != "Q" => {
            Err(cursor.unexpected("a column", "`I()` has no functions: add a column with these values to the data"))
        }
        (Lexeme::Number(_) | Lexeme::Minus | Lexeme::Plus, _) => {
            Err(cursor.unexpected("a column", "leave numbers and signs out: a coefficient is fitted to the product"))
        }
        _ => Ok(vec![(cursor.column("`I()` has products and powers of columns, such as `I(x^2*z)`")?, 1)]),
    }
}

/// Returns the error of a lexeme in `I()` that does not multiply.
fn no_product(cursor: &Cursor, lexeme: &Lexeme) -> Error {
    let help = match lexeme {
        Lexeme::Plus | Lexeme::Minus => "add a column with the sum to the data, or write the columns as terms of their own",
        Lexeme::Slash => "add a column with the quotient to the data",
        Lexeme::Power => "write a power of a power in parentheses, `(x^2)^3`",
        _ => "`I()` has products and powers of columns, such as `I(x^2*z)`",
    };
    cursor.unexpected("`*`, or `)` at the end of the product", help)
}

/// Reads a power, from 1 to [`DEGREE_MAX`].
///
/// # Errors
/// `term`.
pub(super) fn power(cursor: &mut Cursor, expected: &str, help: &str) -> Result<u32> {
    let value = match cursor.peek() {
        Lexeme::Number(digits) => digits.parse().ok(),
        _ => return Err(cursor.unexpected(expected, help)),
    };
    match value {
        Some(power @ 1..=DEGREE_MAX) => {
            cursor.advance();
            Ok(power)
        }
        _ => Err(cursor.unexpected(&format!("{expected}, from 1 to {DEGREE_MAX}"), help)),
    }
}
