//! Variables that are computed from rounded columns: functions, which are rounded again, and the cubes of splines, which are exact.
//!
//! Both are of the rounded value, so no sum tells what rounding has taken away. A function has digits that no column has, so it is rounded,
//! and its last decimal is judged as that of a column. A cube `(x - knot)+^3` of a rounded x is a whole number of units, as a power of x is.
//! So it is judged as it is, and a spline stays the exact combination of cubes.
//!
//! The rows above a knot are a group, as those of a level are: all sums of the cube are of them alone. A few power sums determine a few
//! numbers, so there must be as many such rows as a level needs ([`KnotRows`]).

use super::rounding_levels::RoundingLevel;
use crate::decimal::{Decimal, scaled, ten_to};
use crate::error::{Code, Error, Result};
use crate::factors::cube_text;
use crate::functions::Function;
use crate::release_policy::check_knot_rows;
use dashu_base::Gcd;
use dashu_int::IBig;

/// A computed variable of one column, given by its index.
pub(super) enum ComputedColumn {
    Function(ControlledFunction),
    Cube(ControlledCube),
}

/// A function of a column.
pub(super) struct ControlledFunction {
    pub(super) name: String,
    pub(super) function: Function,
    pub(super) of: usize,
    /// The decimals to which it is rounded.
    pub(super) decimals: i32,
    pub(super) level: RoundingLevel,
}

/// `(x - knot)+^3` of a column x.
pub(super) struct ControlledCube {
    pub(super) name: String,
    of: usize,
    /// x and the knot are whole numbers of the largest unit in which both are: `step * m - knot` for x in its last decimals m.
    step: IBig,
    knot: IBig,
    /// That unit.
    unit: Decimal,
}

/// The number of rows above each knot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KnotRows {
    /// The names of the cubes, and their places among the values of a row.
    cubes: Vec<(String, usize)>,
    pub(super) rows: Vec<u64>,
}

impl ComputedColumn {
    /// Returns the value in a row whose columns are rounded to these values, in units; `integers` are the columns in units of their last
    /// decimals.
    ///
    /// # Errors
    /// `undefined`.
    pub(super) fn integer(&self, rounded: &[Decimal], integers: &[IBig]) -> Result<IBig> {
        match self {
            Self::Function(function) => Ok(function.function.value(&rounded[function.of])?.integer_at(function.decimals)),
            Self::Cube(cube) => {
                let above = &integers[cube.of] * &cube.step - &cube.knot;
                Ok(if above > IBig::ZERO { above.pow(3) } else { IBig::ZERO })
            }
        }
    }

    /// The index of the column.
    pub(super) fn of(&self) -> usize {
        match self {
            Self::Function(function) => function.of,
            Self::Cube(cube) => cube.of,
        }
    }

    /// The unit of [`integer`](Self::integer).
    pub(super) fn unit(&self) -> Decimal {
        match self {
            Self::Function(function) => scaled(IBig::ONE, function.decimals.into()),
            Self::Cube(cube) => cube.unit.times(&cube.unit).times(&cube.unit),
        }
    }

    /// The function; none for a cube.
    pub(super) fn function(&self) -> Option<&ControlledFunction> {
        match self {
            Self::Function(function) => Some(function),
            Self::Cube(_) => None,
        }
    }
}

impl ControlledFunction {
    /// Refuses to release sums of the function if its last digits single out few rows.
    pub(super) fn check(&self) -> Result<()> {
        let Some(defect) = self.level.defect() else { return Ok(()) };
        let sentence = format!("{defect}, and the sums would single them out");
        let help = format!("leave the function out, or round it coarser: --decimals {}={}", self.name, self.decimals - 1);
        Err(Error::new(Code::SingledOut, sentence, help).in_column(&self.name))
    }
}

impl ControlledCube {
    /// The cube of the column with this index and name, which is rounded to `decimals`.
    pub(super) fn new(of: usize, column: &str, decimals: i32, knot: &Decimal) -> Self {
        let scale = decimals.max(0).unsigned_abs().max(knot.scale);
        let step = ten_to((i64::from(scale) - i64::from(decimals)) as u32);
        let at = knot.mantissa_at(scale);
        let divisor = IBig::from((&step).gcd(&at));
        Self { name: cube_text(column, knot), of, step: &step / &divisor, knot: &at / &divisor, unit: scaled(divisor, scale.into()) }
    }
}

impl KnotRows {
    /// No rows. `before` is the number of values of a row before those that are computed.
    pub(super) fn new(computed: &[ComputedColumn], before: usize) -> Self {
        let cube = |(at, computed): (usize, &ComputedColumn)| match computed {
            ComputedColumn::Cube(cube) => Some((cube.name.clone(), before + at)),
            ComputedColumn::Function(_) => None,
        };
        let cubes: Vec<(String, usize)> = computed.iter().enumerate().filter_map(cube).collect();
        Self { rows: vec![0; cubes.len()], cubes }
    }

    /// Counts a row by all its values.
    pub(super) fn add(&mut self, integers: &[IBig]) {
        for (rows, (_, at)) in self.rows.iter_mut().zip(&self.cubes) {
            *rows += u64::from(integers.get(*at).is_some_and(|integer| *integer != IBig::ZERO));
        }
    }

    /// Adds the rows that others have counted; `None` if they are of other knots.
    pub(super) fn merge(&mut self, others: &[u64]) -> Option<()> {
        if others.len() != self.rows.len() {
            return None;
        }
        self.rows.iter_mut().zip(others).try_for_each(|(own, other)| {
            *own = own.checked_add(*other)?;
            Some(())
        })
    }

    /// Refuses knots with few rows above them. `terms` is the number of columns and terms, `among` the rows in words, if they are not all.
    ///
    /// # Errors
    /// `too-few-to-share`.
    pub(super) fn check(&self, terms: usize, among: Option<&str>) -> Result<()> {
        self.cubes.iter().zip(&self.rows).try_for_each(|((name, _), rows)| check_knot_rows(*rows, terms, name, among))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::parse;

    /// A cube is a whole number of units, and no larger unit would do for all values of the column.
    #[test]
    fn cubes_are_whole_numbers_of_the_largest_unit() {
        for (decimals, knot, x, integer, unit) in [
            (0, "30", "37", 343, "1"),
            (0, "30", "30", 0, "1"),
            (0, "30", "-5", 0, "1"),
            (0, "30.5", "31", 1, "0.125"),
            (1, "30", "30.7", 343, "0.001"),
            (-1, "35", "70", 343, "125"),
            (-1, "-20", "10", 27, "1000"),
            (-2, "0", "200", 8, "1000000"),
        ] {
            let (knot, x) = (parse(knot.as_bytes()).unwrap(), parse(x.as_bytes()).unwrap());
            let cube = ComputedColumn::Cube(ControlledCube::new(0, "x", decimals, &knot));
            let found = cube.integer(std::slice::from_ref(&x), &[x.integer_at(decimals)]).unwrap();
            assert_eq!((found.clone(), cube.unit()), (integer.into(), parse(unit.as_bytes()).unwrap()), "{x} above {knot}");
            let exact = crate::splines::cube(&x, &knot);
            assert_eq!(cube.unit().times(&Decimal { mantissa: found, scale: 0 }), exact);
        }
    }

    #[test]
    fn rows_above_knots_are_counted_and_merged() {
        let cubes = ["1", "5"].map(|knot| ComputedColumn::Cube(ControlledCube::new(0, "x", 0, &parse(knot.as_bytes()).unwrap())));
        let mut rows = KnotRows::new(&cubes, 1);
        [[3, 8, 0], [1, 0, 0], [7, 216, 8]].iter().for_each(|row| rows.add(&row.map(IBig::from)));
        assert_eq!(rows.rows, [2, 1]);
        assert_eq!(rows.merge(&[30, 0]), Some(()));
        assert_eq!((rows.rows.clone(), rows.merge(&[1])), (vec![32, 1], None));
        let error = rows.check(3, Some("the rows with the level `a` of `g`")).unwrap_err();
        let want = "only 1 row is above the knot among the rows with the level `a` of `g`, too few to share 3 columns and terms of them; 30 are needed: 10 for each";
        assert_eq!((error.code, error.sentence.as_str(), error.column.as_deref()), (Code::TooFewToShare, want, Some("(x-5)+^3")));
        assert!(KnotRows::new(&cubes, 1).check(3, None).is_ok());
    }
}
