//! Jobs in a simulated world.
//!
//! Everything outside of the engine is played here: the clock, the order in which shards get a word in, sources that
//! pause and fail, sinks whose commits die half-way, a storage that loses its connection or is left by a process in
//! the middle of a write. All of it follows from one seed, so that a failure can be had again. What is real is the
//! text's plan, the engine with its checkpoints, and the format of snapshots.

mod connector;
mod lookup;
mod program;
mod run;
mod storage;
mod world;

pub use program::PROGRAMS;
pub use run::{Bug, Report, run};
