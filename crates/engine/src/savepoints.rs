//! Snapshots that somebody asks for, and that are kept apart from those that come by themselves.
//!
//! A savepoint is taken with a checkpoint: the snapshot is kept as one first, what it says was prepared becomes
//! visible, and only then whoever asked is given the same snapshot, with nothing left to commit. So a job can go on
//! from it at any later time, and no row that was visible by then is written a second time by its commit.

use std::fmt::Debug;
use std::sync::Arc;

use dataflow::Error;

use crate::checkpoints::Taken;

/// Whoever asked for a savepoint.
pub trait SavepointKeeper: Send + Sync + Debug {
    /// Is given the snapshot, or why the one that it waited for could not be kept. Called at most once: not if the
    /// job fails, or has read its input to the end. What goes wrong here does not concern the job.
    fn settle(&self, taken: Result<&Taken, &Error>);
}

/// Which snapshot a savepoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavepointTime {
    /// The next.
    Now,
    /// That of the job when it was stopped.
    AtStop,
}

/// A savepoint that is not taken yet.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub keeper: Arc<dyn SavepointKeeper>,
    pub time: SavepointTime,
}

/// Gives all of them the same.
pub(crate) fn settle(savepoints: &[Wanted], taken: Result<&Taken, &Error>) {
    for savepoint in savepoints {
        savepoint.keeper.settle(taken);
    }
}
