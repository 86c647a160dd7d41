//! R's model formula, such as `y ~ bmi + ln(tg) + C(site)*age + rcs(age, 30, 50, 70) - 1`, to a target and terms; terms of categories to
//! their coding.
//!
//! A formula is `target ~ terms`. Its meaning is R's:
//!
//! | formula | terms |
//! |---|---|
//! | `a + b`, `a + b - a` | both; `b` alone |
//! | `a:b`, `a %in% b` | the interaction alone |
//! | `a*b` | `a + b + a:b` |
//! | `a/b` | `a + a:b` |
//! | `(a + b + c)^2` (or `**`) | the three and all their interactions of two |
//! | `.` | every column but the target |
//! | `0`, `- 1`; `1` | no intercept; an intercept, which is there anyway |
//!
//! An operand is a column or one of these, with the names of R, of patsy (statsmodels) or of samefit:
//!
//! | formula | meaning |
//! |---|---|
//! | `` `body mass` ``, `Q("body mass")` | a column whose name has other characters than letters, digits, points and underscores |
//! | `C(site)`, `factor(site)`, `as.factor(site)` | a category |
//! | `C(site, Treatment('b'))`, `C(site, Treatment(reference='b'))` | a category with its reference |
//! | `ln(x)`, `log(x)`, `np.log(x)` | the natural logarithm |
//! | `log10(x)`, `sqrt(x)`, also with `np.` | the logarithm of base 10, the square root |
//! | `rcs(x, 30, 50, 70)`, `rcs(x, c(30, 50, 70))` | a restricted cubic spline with these knots |
//! | `I(x^2*z)` | the product of powers of columns |
//!
//! Where R silently takes a text for something that is hardly meant, it is an error: `x^2` and `x:x` (which are `x`), `-a` without a term
//! before it (which is nothing), `0` and `1` in an interaction, and the target in a term.
//!
//! *Limits*: [`FORMULA_BYTES_MAX`], [`NESTING_MAX`], [`FORMULA_TERMS_MAX`], [`DEGREE_MAX`](crate::terms::DEGREE_MAX) factors of a term.
//!
//! *Not here*: whether the data have the columns, and which of them are categories; how a term becomes columns of the design matrix.

mod calls;
mod coding;
mod cursor;
mod expand;
mod factor;
mod lexemes;
mod place;
mod syntax;

pub use coding::{CATEGORIES_MAX, CategoricalTerm, CategoryCoding, CodedBlock, CodedCategory, full_rank_coding};
pub use cursor::{FORMULA_BYTES_MAX, NESTING_MAX};
pub use expand::FORMULA_TERMS_MAX;
pub use factor::{FormulaFactor, FormulaTerm};

use crate::error::{Code, Result};
use expand::{Expansion, expand};
pub(crate) use lexemes::name_text;
use syntax::{OperandKind, Syntax};

/// A formula that is read, but not yet expanded for the columns of the data.
///
/// ```
/// use samefit_core::model_formula::ParsedFormula;
///
/// let formula = ParsedFormula::parse("y ~ .*age - id")?;
/// assert_eq!((formula.target(), formula.needs_columns()), ("y", true));
/// let columns = ["id", "age", "y", "bmi"].map(str::to_owned);
/// assert_eq!(formula.expand(&columns)?.to_string(), "y ~ age + bmi + id:age + age:bmi");
/// # Ok::<(), samefit_core::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ParsedFormula {
    syntax: Syntax,
}

impl ParsedFormula {
    /// Reads a formula.
    ///
    /// # Errors
    /// `term` for what a formula cannot say, with the place; `target` for a left side that is not one column; `column-name`,
    /// `empty-column-name`, `capacity`, and those of [`decimal::parse`](crate::decimal::parse) for knots.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self { syntax: Syntax::parse(text)? })
    }

    /// Returns the column before `~`.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.syntax.target
    }

    /// Returns whether the formula has a `.`, so that its terms depend on the columns of the data.
    #[must_use]
    pub fn needs_columns(&self) -> bool {
        self.dot_at().is_some()
    }

    /// Returns the columns that the formula names, the target first. A column may be named more than once.
    pub fn columns(&self) -> Vec<String> {
        let factors = self.syntax.operands.iter().filter_map(|operand| match &operand.kind {
            OperandKind::Factor(factor) => Some(factor),
            OperandKind::Rest => None,
        });
        [self.target()].into_iter().chain(factors.flat_map(FormulaFactor::columns)).map(str::to_owned).collect()
    }

    /// Returns the terms for data with these columns. They are only what `.` stands for: a column that they lack is not an error here.
    ///
    /// # Errors
    /// `no-columns` if `.` stands for none; `target` if the target is in a term; `term` if nothing is left to fit; `capacity` above a limit.
    pub fn expand(&self, columns: &[String]) -> Result<ModelFormula> {
        let Expansion { has_intercept, terms } = expand(&self.syntax, columns)?;
        Ok(ModelFormula { target: self.syntax.target.clone(), has_intercept, terms })
    }

    fn dot_at(&self) -> Option<usize> {
        self.syntax.operands.iter().find(|operand| operand.kind == OperandKind::Rest).map(|operand| operand.at)
    }
}

/// A target and the terms that predict it.
///
/// `Display` writes a formula of the same terms, without `*`, `^` and `.`. A factor in a term may stand elsewhere if that is read again: the
/// order of factors is that in which they first occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFormula {
    /// The column to predict.
    pub target: String,
    /// Whether the model has an intercept.
    pub has_intercept: bool,
    /// The terms, each once: by their number of factors, then in the order of the formula. Empty for a model of the mean alone.
    pub terms: Vec<FormulaTerm>,
}

impl ModelFormula {
    /// Reads and expands a formula. `columns` are those of the data, which only a formula with `.` needs.
    ///
    /// ```
    /// use samefit_core::model_formula::ModelFormula;
    ///
    /// let formula = ModelFormula::parse("y ~ C(site)*age + log(tg) - 1", None)?;
    /// assert_eq!(formula.to_string(), "y ~ 0 + C(site) + age + ln(tg) + C(site):age");
    /// assert_eq!(formula.terms[3].to_string(), "C(site):age");
    ///
    /// let error = ModelFormula::parse("y ~ age + age^2", None).unwrap_err();
    /// assert_eq!(error.sentence, "at character 14, `^2`: outside `I()` a power means interactions, and `age` alone has none");
    /// assert_eq!(error.help, "write the power of a column as `I(x^2)`");
    /// # Ok::<(), samefit_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`ParsedFormula::parse`] and [`ParsedFormula::expand`]; `no-columns` for a `.` without columns.
    pub fn parse(text: &str, columns: Option<&[String]>) -> Result<Self> {
        let parsed = ParsedFormula::parse(text)?;
        match (columns, parsed.dot_at()) {
            (None, Some(at)) => {
                let sentence = "`.` stands for all columns but the target, and the columns are not known here";
                Err(parsed.syntax.text.error(Code::NoColumns, at, sentence, "write the terms"))
            }
            _ => parsed.expand(columns.unwrap_or_default()),
        }
    }
}

/// Writes the formula.
impl std::fmt::Display for ModelFormula {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let intercept = match (self.has_intercept, self.terms.is_empty()) {
            (false, _) => Some("0".to_owned()),
            (true, true) => Some("1".to_owned()),
            (true, false) => None,
        };
        let parts: Vec<String> = intercept.into_iter().chain(self.terms.iter().map(FormulaTerm::to_string)).collect();
        write!(f, "{} ~ {}", name_text(&self.target), parts.join(" + "))
    }
}
