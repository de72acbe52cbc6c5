//! The embedded engine as a runner.
//!
//! A job that is deployed runs in a process of its own: a worker, started by the server and left alone by it. The
//! worker plans again from text, and goes on when the server dies; the next server finds it by its run. Checks and
//! previews run inside the server, bounded and cancelled with their reader.

mod check;
pub mod collect;
mod connections;
mod direct;
mod folder;
mod log;
pub mod memory;
mod planning;
mod preview;
mod probe;
mod process;
mod restart;
mod runner;
mod secrets;
mod socket;
mod storage;
mod summary;
mod verdict;
pub mod wiring;
pub mod worker;

pub use crate::planning::runtime_diagnostic;
pub use crate::process::explain_failing_disk;
pub use crate::runner::{EmbeddedOptions, EmbeddedRunner};
pub use crate::storage::{Patience, SnapshotKind, Snapshots};
pub use ::runner::{S3Credentials, S3Location, SnapshotLocation};
