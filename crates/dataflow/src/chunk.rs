//! What flows between operators.

use std::sync::Arc;

use arrow_array::RecordBatch;
use model::RowKind;

/// The watermark before any row was seen, in milliseconds.
pub const WATERMARK_MIN: i64 = i64::MIN;
/// The watermark after the last row of bounded input: every window closes.
pub const WATERMARK_MAX: i64 = i64::MAX;

/// The number of a checkpoint barrier.
pub type Epoch = u64;

/// Rows with their kinds.
#[derive(Debug, Clone)]
pub struct Chunk {
    pub batch: RecordBatch,
    /// One kind a row; `None` means that all rows are inserts.
    pub kinds: Option<Arc<[RowKind]>>,
}

impl Chunk {
    pub fn inserts(batch: RecordBatch) -> Self {
        Chunk { batch, kinds: None }
    }

    pub fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    pub fn kind(&self, row: usize) -> RowKind {
        self.kinds.as_ref().map_or(RowKind::Insert, |kinds| kinds[row])
    }

    pub fn size_bytes(&self) -> usize {
        self.batch.get_array_memory_size() + self.kinds.as_ref().map_or(0, |kinds| kinds.len())
    }
}

/// What an operator receives on an input.
#[derive(Debug, Clone)]
pub enum Message {
    Data(Chunk),
    /// No row with a time at or before this (milliseconds) is expected any more.
    Watermark(i64),
    /// The input has nothing to say about time until it sends again (`true`), or speaks again (`false`).
    Idle(bool),
    /// Everything before it belongs to the checkpoint of this number, nothing after it does.
    Barrier(Epoch),
    /// The input has ended.
    End,
}
