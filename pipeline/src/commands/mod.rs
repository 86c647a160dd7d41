//! The verbs of the command line, one per file: each defines its arguments, calls the modules that do the work, and reports the result.

use crate::error::Result;
use crate::store::Store;

/// Opens the store. A verb calls it after it has checked its arguments, so that a mistake creates no store.
pub type OpenStore<'a> = dyn Fn() -> Result<Store> + 'a;

pub mod check;
pub mod get;
pub mod inspect;
pub mod list;
pub mod put;
pub mod replay;
pub mod rollback;
pub mod run;
pub mod table;
pub mod update;
pub mod validate;
