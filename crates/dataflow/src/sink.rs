//! Where rows go.
//!
//! A writer belongs to one shard. What it wrote becomes visible when its committables are committed, which may be
//! repeated by another process; or with a [`Transaction`], which may not. A sink that has neither writes through.

use std::fmt::Debug;
use std::sync::Arc;

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

    /// What makes its rows visible, if that cannot be repeated. Sinks whose rows become visible at once, in one
    /// transaction, return the same one.
    fn transaction(&self) -> Option<Arc<dyn Transaction>> {
        None
    }
}

/// Makes rows of writers visible, one epoch behind the other, by commits that nobody can repeat once the process is
/// gone: whoever comes next finds out whether the last one was done, and goes on from a snapshot of that epoch.
///
/// The rows of an epoch are those that writers were given before their barrier of it ([`SinkWriter::prepare`]), and
/// behind the one before it. Rows of the next epoch may be written before the last one is committed, no others.
pub trait Transaction: Send + Sync + Debug {
    /// Shuts out all earlier attempts, whose open rows are dropped; tells the last epoch that was noted. `None` if none
    /// was, or if the note is gone. Called before anything is written; called again it only tells.
    fn begin(&self) -> Result<Option<Epoch>, Error>;

    /// Notes the epoch behind which the first rows come, so that from then on there is a note.
    fn note(&self, epoch: Epoch) -> Result<(), Error>;

    /// Makes visible the rows of an epoch, whether there are any or not, and notes it together with them. Behind the
    /// last one all that was written belongs to it.
    fn commit(&self, epoch: Epoch, is_last: bool) -> Result<(), Error>;
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
