//! What is summed beyond the columns: products of powers of columns, which may be computed from others.

use super::block::BlockColumn;
use crate::decimal::Decimal;
use crate::error::Result;
use crate::functions::Function;
use std::borrow::Cow;

/// A product of powers of columns: indexes of columns, each with its power. The indexes of [`Derived`] columns follow those of the others.
pub type Factors = Vec<(usize, u32)>;

/// The terms that are summed beyond the columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SummedProducts {
    /// The columns that are computed, and count only as factors of products.
    pub derived: Vec<Derived>,
    /// The terms. Each has a factor.
    pub products: Vec<Factors>,
}

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
    /// `(x - knot)+^3` of each value x: [`cube`](crate::splines::cube).
    Cube(usize, Decimal),
}

impl SummedProducts {
    /// Returns products of columns that are not computed.
    pub fn of_columns(products: impl IntoIterator<Item = Factors>) -> Self {
        Self { derived: Vec::new(), products: products.into_iter().collect() }
    }

    /// Appends the values of the products to the columns of a block.
    ///
    /// # Errors
    /// `undefined` for a value for which a function is not defined.
    pub(super) fn append_to(&self, columns: &mut Vec<BlockColumn>) -> Result<()> {
        let width = columns.len();
        let derived = self.derived.iter().map(|derived| derived.of_block(columns)).collect::<Result<Vec<_>>>()?;
        columns.extend(derived);
        let products: Vec<BlockColumn> = self.products.iter().map(|factors| product(factors, columns)).collect();
        columns.truncate(width);
        columns.extend(products);
        Ok(())
    }
}

impl Derived {
    /// Computes the column for the rows of a block.
    ///
    /// # Errors
    /// `undefined` for a value for which the function is not defined.
    fn of_block(&self, columns: &[BlockColumn]) -> Result<BlockColumn> {
        match self {
            Self::Function { function, column, decimals } => {
                let rounded = |value: Decimal| decimals.map_or_else(|| value.clone(), |decimals| value.rounded(decimals));
                let mut derived = BlockColumn::new();
                columns[*column].decimals().try_for_each(|value| function.value(&value).map(|value| derived.push(&rounded(value))))?;
                Ok(derived)
            }
            Self::Cube(column, knot) => {
                let excess = columns[*column].excess_over(knot);
                Ok(excess.times(&excess).times(&excess))
            }
        }
    }
}

/// Returns the values of a product of powers of columns.
fn product(factors: &Factors, columns: &[BlockColumn]) -> BlockColumn {
    let mut powers = factors.iter().flat_map(|&(column, power)| std::iter::repeat_n(&columns[column], power as usize));
    let first = powers.next().map_or_else(|| Cow::Owned(BlockColumn::new()), Cow::Borrowed);
    powers.fold(first, |product, factor| Cow::Owned(product.times(factor))).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::parse;
    use crate::splines::cube;
    use crate::statistics::block::block_values;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn columns_of_cubes_hold_the_cube_of_each_value(
            values in prop::collection::vec("-?[0-9]{1,3}(\\.[0-9]{1,2})?|-?[0-9]{17,19}|-?[0-9]{1,40}(\\.[0-9]{1,20})?", 1..20),
            knot in "-?[0-9]{1,3}(\\.[0-9]{1,4})?|-?[0-9]{18,50}",
        ) {
            let number = |text: &String| parse(text.as_bytes()).unwrap();
            let mut column = BlockColumn::new();
            values.iter().for_each(|value| column.push(&number(value)));
            let knot = number(&knot);
            let want: Vec<Decimal> = values.iter().map(|value| cube(&number(value), &knot)).collect();
            prop_assert_eq!(block_values(&Derived::Cube(0, knot).of_block(&[column]).unwrap()), want);
        }
    }
}
