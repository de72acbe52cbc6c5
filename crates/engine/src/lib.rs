//! The embedded engine: runs a graph of operators on the threads of one machine.
//!
//! A [`Job`] is a graph made into shards. A shard is a `step()` over synchronous operators that hand chunks to
//! each other; shards talk through bounded queues only. In production each shard has a thread
//! ([`Job::run`]); in tests a seeded schedule steps all of them on one ([`Job::into_stepper`]).
//!
//! Knows no connector, no format and no function by name, and never looks at SQL text.

mod checkpoints;
mod control;
mod coordinator;
mod exchange;
mod expiry;
mod expression;
mod incoming;
mod job;
mod operator;
mod operators;
mod savepoints;
mod shard;
mod shared;
mod source;
mod stepper;
#[cfg(test)]
mod testing;
mod window;

pub use checkpoints::{Checkpointing, SnapshotKeeper, Taken};
pub use control::{Control, NodeStatistics, Statistics};
pub use job::{Committed, Job, JobEnd, JobOptions, RestoreError};
pub use savepoints::{SavepointKeeper, SavepointTime};
pub use state::Snapshot;
pub use stepper::{Progress, Stepper};
