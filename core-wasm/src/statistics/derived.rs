//! Functions of columns, computed for the rows of a block.

use super::block::BlockColumn;
use crate::decimal::Decimal;
use crate::error::Result;
use crate::functions::Function;
use crate::splines::cube;

/// A column that is computed from another one, given by its index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Derived {
    /// A function of each value: the f64 nearest to it, as its shortest decimal, or that rounded to so many decimals.
    Function {
        /// The function.
        function: Function,
        /// The index of the column.
        column: usize,
        /// The decimals, if it is rounded.
        decimals: Option<i32>,
    },
    /// `(x - knot)+^3` of each value x.
    Cube(usize, Decimal),
}

impl Derived {
    /// Computes the column for the rows of a block.
    ///
    /// Errors: `undefined` for a value for which the function is not defined.
    pub(super) fn of_block(&self, columns: &[BlockColumn]) -> Result<BlockColumn> {
        let mut derived = BlockColumn::new();
        match self {
            Self::Function { function, column, decimals } => {
                let rounded = |value: Decimal| decimals.map_or_else(|| value.clone(), |decimals| value.rounded(decimals));
                columns[*column].decimals().try_for_each(|value| function.value(&value).map(|value| derived.push(&rounded(value))))?;
            }
            Self::Cube(column, knot) => columns[*column].decimals().for_each(|value| derived.push(&cube(&value, knot))),
        }
        Ok(derived)
    }
}
