//! The contract in another language and another process: [`RunnerEngine`] calls it by the protocol of `embed/README.md`.
//!
//! | module | turns what into what |
//! |---|---|
//! | `table` | `abi.json` into the types of functions |
//! | `value` | values into JSON and back, by their types |
//! | `process` | lines into lines, by a child process |
//! | `session` | calls into answers, handles and errors |
//! | `resource`, `engine` | the traits of the stages into calls |
//! | `later` | the table of a later contract, and whether a runner can call it |

mod engine;
mod later;
mod process;
mod resource;
mod session;
mod table;
mod value;

pub use engine::RunnerEngine;
pub use later::{check_later_functions, with_later_functions};
pub use process::run_to_end;
pub use session::{Introduction, Limits};
