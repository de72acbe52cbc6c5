//! Where rows go.
//!
//! A writer belongs to one shard. What it wrote becomes visible when its committables are committed; a sink
//! without transactions returns none and writes through.

use model::ChangelogMode;

use crate::{Chunk, Epoch, Error};

/// Something prepared that a commit makes visible; committing it twice does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committable(pub Vec<u8>);

pub trait Sink: Send + Sync + std::fmt::Debug {
    /// The kinds of rows it can take, asked with the kinds that the query produces.
    fn changelog_mode(&self, requested: ChangelogMode) -> ChangelogMode;

    /// The writer of shard `shard` of `shards`.
    fn writer(&self, shard: usize, shards: usize) -> Result<Box<dyn SinkWriter>, Error>;

    /// One for the whole job, called by one thread.
    fn committer(&self) -> Result<Option<Box<dyn Committer>>, Error> {
        Ok(None)
    }
}

pub trait SinkWriter: Send {
    fn write(&mut self, chunk: &Chunk) -> Result<(), Error>;

    /// Hands over what a reader may wait for, without any promise about failures. Called when input pauses.
    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Closes what was written up to a barrier, or up to the end of input (`None`).
    fn prepare(&mut self, epoch: Option<Epoch>) -> Result<Vec<Committable>, Error>;
}

pub trait Committer: Send {
    /// Makes all of them visible. Called at every epoch, also if nothing new was prepared. `end_of_input` tells
    /// that no more will come.
    fn commit(&mut self, committables: Vec<Committable>, end_of_input: bool) -> Result<(), Error>;

    /// The job was stopped before its input ended: these are the last, but not all that there would have been.
    fn stop(&mut self, committables: Vec<Committable>) -> Result<(), Error> {
        self.commit(committables, false)
    }

    /// What it has yet to do for what was committed. Snapshots carry it, and the committer of a restored job is
    /// given it again.
    fn pending(&self) -> Vec<Committable> {
        Vec::new()
    }
}
