//! Takes rows out of statistics.

use crate::error::{Error, Result};
use crate::fit::check_shared;
use crate::solve::plausible;
use crate::statistics::Statistics;

/// Subtracts the rows of `gone` from `statistics`.
///
/// # Errors
/// `statistics-differ` if the two do not fit together; `impossible-statistics` if no data can have what remains; `too-few-to-share` if too
/// few rows remain of statistics that are shared. In each case `statistics` is unchanged.
pub fn forget(statistics: &mut Statistics, gone: &Statistics) -> Result<()> {
    let mut rest = statistics.clone();
    rest.subtract(gone)?;
    plausible::check(&rest).map_err(|error| {
        let sentence = format!("the rows to subtract are not all among the statistics ({})", error.sentence);
        Error::new(error.code, sentence, "subtract only rows that were summed, once")
    })?;
    check_shared(&rest)?;
    *statistics = rest;
    Ok(())
}
