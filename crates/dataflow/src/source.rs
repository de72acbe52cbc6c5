//! Where rows come from.
//!
//! A source lists its splits; a split is read in order by one reader at a time and can be left and taken up
//! again at a position. Readers never block for long: they say that nothing is there yet.

use std::time::Duration;

use arrow_array::RecordBatch;
use model::ChangelogMode;

use crate::{Chunk, Error};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundedness {
    Bounded,
    Unbounded,
}

/// Bytes of input, or of what is generated, after which a reader hands out the rows it has: a chunk of long rows
/// has fewer of them. Only a single row may be longer.
pub const CHUNK_BYTES_MAX: usize = 32 << 20;

/// A part of a source that is read in order: a file or a range of one, a partition, a generator.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Split {
    /// Unique within the source, stable across restarts.
    pub id: String,
    /// Splits of one lane continue each other and are read one after the other by a shard; each lane has a
    /// watermark of its own.
    pub lane: String,
    /// Whatever the source needs to open it.
    pub payload: String,
}

/// How far a split has been read; what it means is the source's business.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Position(pub Vec<u8>);

#[derive(Debug)]
pub enum ReadOutcome {
    /// Rows of the source's schema; never empty.
    Rows(RecordBatch),
    /// The same, with the kinds of the rows: [`Source::changelog_mode`] has told which there are.
    Changes(Chunk),
    /// Nothing yet: ask again after this time at the latest. Without any wait it only gives others a turn.
    Pending(Duration),
    /// The split has been read to its end.
    End,
}

pub trait Source: Send + Sync + std::fmt::Debug {
    fn boundedness(&self) -> Boundedness;

    /// The kinds of rows that it delivers.
    fn changelog_mode(&self) -> ChangelogMode {
        ChangelogMode::INSERT_ONLY
    }

    /// The splits known now, in the order they should be read. They are dealt out to shards in turn.
    /// A job that is restored asks again only if there is a [`Source::discovery_interval`]; otherwise it goes on
    /// with the splits it began with, those of a lane in the order of their ids.
    fn splits(&self, parallelism: usize) -> Result<Vec<Split>, Error>;

    /// Tells that a job goes on from a snapshot, before the first [`Source::splits`]: these splits are known from before,
    /// and what is listed besides has come since.
    fn restored(&self, _splits: &[Split]) {}

    /// Whether its lanes come to an end one by one, so that others can wait for their turn.
    fn lanes_end(&self) -> bool {
        true
    }

    /// How often [`Source::splits`] is worth asking again for new ones; `None` if never.
    fn discovery_interval(&self) -> Option<Duration> {
        None
    }

    /// Opens a split, at its beginning or at a position that an earlier reader of it reported.
    fn open(&self, split: &Split, position: Option<&Position>) -> Result<Box<dyn SplitReader>, Error>;
}

/// What becomes of records that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUnreadable {
    /// Reading fails, with the place of the record.
    #[default]
    Fail,
    /// They are passed over, and counted by [`SplitReader::skipped`].
    Skip,
    /// They are handed out by [`SplitReader::take_unreadable`].
    Keep,
}

/// A record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its bytes, without what ends it; `None` for a message that has none.
    pub record: Option<Vec<u8>>,
    pub error: String,
    /// What it was read from, as people name it: a file, or a partition such as `orders-3`.
    pub split: String,
    /// Where it stands there: the byte that it begins with, or the offset of the message.
    pub offset: i64,
}

pub trait SplitReader: Send {
    /// Reads about `rows_max` rows, never more but for the second row of an update, and not many more bytes than [`CHUNK_BYTES_MAX`].
    fn read(&mut self, rows_max: usize) -> Result<ReadOutcome, Error>;

    /// Records passed over because the options say so, since it was opened.
    fn skipped(&self) -> u64 {
        0
    }

    /// The records met since it was last asked that could not be read, if they are to be kept. They stand before
    /// [`SplitReader::position`], and count among the rows and bytes of a read.
    fn take_unreadable(&mut self) -> Vec<Unreadable> {
        Vec::new()
    }

    /// The position behind the rows that were returned.
    fn position(&self) -> Position;
}
