//! Runs jobs: from changed inputs and specs to output commits.
//!
//! Each module uses only modules above it in this table.
//!
//! | module | does |
//! |---|---|
//! | [`launch`] | describes a program to start, and sends it to a supervisor |
//! | [`control_group`], [`subreaper`] | find the processes that a program started |
//! | [`supervisor`] | the process between a worker and its programs, which ends what they leave |
//! | [`reaper`] | starts supervisors and ends processes that lost theirs |
//! | [`limits`], [`output`], [`process`] | run a program by a supervisor, within limits of time |
//! | [`datum_dir`], [`variables`] | give a datum a folder and environment variables |
//! | [`runtime`], [`container`] | decide how a program starts: on this machine or in a container |
//! | [`context`], [`attempt`] | what the parts of a run and of a job share |
//! | [`single`], [`batch`] | process one datum, or a set of datums in one process |
//! | [`workers`] | process the datums of a job, several at a time |
//! | [`versions`] | create and update pipelines from specs |
//! | [`job`] | runs one job and commits its output |
//! | [`scheduler`] | decides which pipelines need a job |
//!
//! *Invariants*: a job that is interrupted stays `running`, and its finished datums are in the store. The next run continues it.

pub mod attempt;
pub mod batch;
pub mod container;
pub mod context;
pub mod control_group;
pub mod datum_dir;
pub mod job;
pub mod launch;
pub mod limits;
pub mod output;
pub mod process;
pub mod reaper;
pub mod runtime;
pub mod scheduler;
pub mod single;
pub mod subreaper;
pub mod supervisor;
pub mod variables;
pub mod versions;
pub mod workers;
