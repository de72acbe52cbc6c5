//! What a job must remember to go on from a barrier.
//!
//! Operators are named by what they compute, not by where they stand, so that unrelated edits of a job's text
//! keep their state. Keyed tables are cut by key group, and so can be dealt out to any number of shards.

mod format;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::Arc;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;
use dataflow::{Epoch, Error, Position, Split};

use crate::slices::arrow_error;
use crate::{hash_columns, key_group, shard_of};

/// Rows of one batch of a snapshot: columns of texts hold no more than two gigabytes.
pub const SNAPSHOT_ROWS_MAX: usize = 1 << 16;

/// The fingerprint of an operator, and its number among those of a graph that compute the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperatorId {
    pub fingerprint: u64,
    pub number: u32,
}

#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub epoch: Epoch,
    /// Into how many key groups its tables are cut.
    pub key_groups: u16,
    pub operators: BTreeMap<OperatorId, Arc<OperatorSnapshot>>,
}

/// The state of one operator, of all its shards.
#[derive(Debug, Clone, Default)]
pub struct OperatorSnapshot {
    /// The least watermark over its shards; `None` if a shard had none yet.
    pub watermark: Option<i64>,
    pub tables: BTreeMap<String, TableSnapshot>,
    /// Splits of a source by their id.
    pub splits: BTreeMap<String, SplitState>,
    /// Lanes of a source by their name.
    pub lanes: BTreeMap<String, LaneState>,
    /// Of a sink: prepared, and made visible once the snapshot is safe.
    pub committables: Vec<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitState {
    pub split: Split,
    /// `None`: not opened yet.
    pub position: Option<Position>,
    pub ended: bool,
}

/// What the watermark generator of a lane knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneState {
    /// The greatest watermark that a row has carried.
    pub current: i64,
    /// The last one that was sent.
    pub sent: i64,
}

/// Rows by key group.
#[derive(Debug, Clone, Default)]
pub struct TableSnapshot {
    pub groups: BTreeMap<u16, Vec<RecordBatch>>,
}

impl TableSnapshot {
    /// Adds rows, the first `keys` columns of which are their key.
    pub fn add(&mut self, batch: &RecordBatch, keys: usize, key_groups: u16) -> Result<(), Error> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let hashes = hash_columns(&batch.columns()[..keys], batch.num_rows()).map_err(arrow_error)?;
        let mut rows: BTreeMap<u16, Vec<u32>> = BTreeMap::new();
        for (row, &hash) in hashes.iter().enumerate() {
            rows.entry(key_group(hash, key_groups))
                .or_default()
                .push(row as u32);
        }
        for (group, rows) in rows {
            let part = if rows.len() == batch.num_rows() {
                batch.clone()
            } else {
                take_record_batch(batch, &UInt32Array::from(rows)).map_err(arrow_error)?
            };
            self.groups.entry(group).or_default().push(part);
        }
        Ok(())
    }

    /// The batches that belong to a shard, told by its number and how many there are.
    pub fn of_shard(
        &self,
        key_groups: u16,
        shard: usize,
        shards: usize,
    ) -> impl Iterator<Item = &RecordBatch> + '_ {
        self.groups
            .iter()
            .filter(move |(group, _)| shard_of(**group, key_groups, shards) == shard)
            .flat_map(|(_, batches)| batches)
    }

    pub fn rows(&self) -> usize {
        self.groups.values().flatten().map(RecordBatch::num_rows).sum()
    }
}

impl OperatorSnapshot {
    /// Joins what another shard of the operator says.
    pub fn absorb(&mut self, other: OperatorSnapshot) {
        self.watermark = match (self.watermark, other.watermark) {
            (Some(one), Some(other)) => Some(one.min(other)),
            _ => None,
        };
        for (name, table) in other.tables {
            let own = self.tables.entry(name).or_default();
            for (group, mut batches) in table.groups {
                own.groups.entry(group).or_default().append(&mut batches);
            }
        }
        self.splits.extend(other.splits);
        self.lanes.extend(other.lanes);
        self.committables.extend(other.committables);
    }
}

impl Snapshot {
    /// Writes it as a file that a reader can tell from a damaged one. The label is the caller's, and can be read
    /// without the rest.
    pub fn write(&self, label: &[u8], out: &mut impl Write) -> Result<(), Error> {
        format::write(self, label, out)
    }

    /// The label and the snapshot that [`Snapshot::write`] wrote. What is anything else fails with a diagnosis, never
    /// by panic.
    pub fn read(input: &mut impl Read) -> Result<(Vec<u8>, Snapshot), Error> {
        format::read(input)
    }

    pub fn read_label(input: &mut impl Read) -> Result<Vec<u8>, Error> {
        format::read_label(input)
    }

    pub fn has_committables(&self) -> bool {
        self.operators
            .values()
            .any(|operator| !operator.committables.is_empty())
    }

    pub fn clear_committables(&mut self) {
        for operator in self.operators.values_mut() {
            if !operator.committables.is_empty() {
                Arc::make_mut(operator).committables.clear();
            }
        }
    }

    /// Without the rows of all operators. When a job has read its input to the end, nobody asks for them any more:
    /// what counts is how far sources have read, and what sinks are still to make visible.
    pub fn without_rows(mut self) -> Snapshot {
        for operator in self.operators.values_mut() {
            if !operator.tables.is_empty() {
                Arc::make_mut(operator).tables.clear();
            }
        }
        self
    }
}
