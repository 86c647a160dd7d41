//! What a formula says, expanded: terms, each a list of factors, with their text.

use super::lexemes::{name_text, quote};
use crate::functions;
use crate::terms::Variable;
use std::fmt::{Display, Formatter, Result};

/// A factor of a term: a column of the design matrix, or several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FormulaFactor {
    /// A column as it is: of numbers, unless the data or a schema make it a category.
    Column(String),
    /// A column of levels: `C(site)`, or `C(site, Treatment('b'))` with the level that the others are compared with.
    Category {
        /// The column.
        name: String,
        /// The reference; none if the formula does not say.
        reference: Option<String>,
    },
    /// A function of a column: `ln(tg)`.
    Function {
        /// The function.
        function: functions::Function,
        /// The column.
        column: String,
    },
    /// A restricted cubic spline of a column: `rcs(age, 30, 50, 70)`.
    Spline {
        /// The column.
        column: String,
        /// At least three knots, in increasing order, each the canonical text of a decimal number.
        knots: Vec<String>,
    },
    /// A product of powers of columns and functions of columns: `I(x^2*z)`, `I(ln(tg)^2)`. It is in the normal form of
    /// [`Term`](crate::terms::Term), and not one column or function alone.
    Product(Vec<(Variable, u32)>),
}

impl FormulaFactor {
    /// Returns the columns that the factor is made of.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let (one, several) = match self {
            Self::Column(column) | Self::Category { name: column, .. } => (Some(column), None),
            Self::Function { column, .. } | Self::Spline { column, .. } => (Some(column), None),
            Self::Product(powers) => (None, Some(powers)),
        };
        one.map(String::as_str).into_iter().chain(several.into_iter().flatten().map(|(variable, _)| variable.column()))
    }
}

/// Writes the factor as a formula has it.
impl Display for FormulaFactor {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Column(name) => f.write_str(&name_text(name)),
            Self::Category { name, reference: None } => write!(f, "C({})", name_text(name)),
            Self::Category { name, reference: Some(level) } => write!(f, "C({}, Treatment({}))", name_text(name), quote(level, '\'')),
            Self::Function { function, column } => write!(f, "{function}({})", name_text(column)),
            Self::Spline { column, knots } => write!(f, "rcs({}, {})", name_text(column), knots.join(", ")),
            Self::Product(powers) => {
                let base = |variable: &Variable| match variable {
                    Variable::Function { function, column } => format!("{function}({})", name_text(column)),
                    other => name_text(other.column()),
                };
                let power = |(variable, power): &(Variable, u32)| match power {
                    1 => base(variable),
                    _ => format!("{}^{power}", base(variable)),
                };
                write!(f, "I({})", powers.iter().map(power).collect::<Vec<_>>().join("*"))
            }
        }
    }
}

/// A term of a formula: the product of its factors, which are all different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormulaTerm {
    /// At least one factor, in the order in which the factors first occur in the formula.
    pub factors: Vec<FormulaFactor>,
}

/// Writes the term as a formula has it, such as `C(site):age`.
impl Display for FormulaTerm {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (i, factor) in self.factors.iter().enumerate() {
            write!(f, "{}{factor}", if i == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}
