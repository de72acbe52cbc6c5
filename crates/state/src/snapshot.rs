//! What a job must remember to go on from a barrier.
//!
//! Operators are named by what they compute, not by where they stand, so that unrelated edits of a job's text
//! keep their state. Keyed tables are cut by key group, and so can be dealt out to any number of shards.
//!
//! A snapshot says all, or what has changed since the one before it: the rows of a table that were written since, and
//! which rows of before are not as they were ([`TableSnapshot::changed`]). [`merge`] puts a chain of them together.

mod format;
mod merge;

pub use merge::{GroupRows, SnapshotReader, compact, merge};

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;
use dataflow::{Epoch, Error, Position, Split};

use crate::slices::arrow_error;
use crate::spill::SpilledRows;
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

/// How much a snapshot is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    #[default]
    Whole,
    /// What has changed since the snapshot before it; a table that cannot tell says all.
    Changes,
}

/// The key groups of one shard among others.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    pub key_groups: u16,
    pub shard: usize,
    pub shards: usize,
}

/// Rows by key group.
#[derive(Debug, Clone, Default)]
pub struct TableSnapshot {
    pub groups: BTreeMap<u16, Vec<RecordBatch>>,
    /// The key groups of which `groups` only has the rows written since the snapshot before, and which of the rows of
    /// before are no more: those that are equal to one of these in the columns that it has, found by their names.
    pub changed: BTreeMap<u16, Vec<RecordBatch>>,
    /// In those key groups, rows of before are no more, either, that are equal to one of its own in these columns.
    pub told_by: Vec<String>,
    /// Rows that were spilled, besides those in `groups`: of each shard all, or what has changed.
    pub spilled: Vec<SpilledRows>,
    /// It tells changes: a key group of which it says nothing is as it was.
    is_partial: bool,
    /// It says all: so many of its rows, at least, are as they were in the snapshot before.
    pub unchanged: usize,
}

impl TableSnapshot {
    /// Adds rows, the first `keys` columns of which are their key.
    pub fn add(&mut self, batch: &RecordBatch, keys: usize, key_groups: u16) -> Result<(), Error> {
        for (group, part) in scatter(batch, keys, key_groups)? {
            self.push(group, part);
        }
        Ok(())
    }

    /// The same, of rows that stand in this order already.
    pub(crate) fn add_in_order(&mut self, batch: &RecordBatch, order: &GroupOrder) {
        order.cut(batch).for_each(|(group, part)| self.push(group, part));
    }

    fn push(&mut self, group: u16, rows: RecordBatch) {
        if self.is_partial {
            self.changed.entry(group).or_default();
        }
        self.groups.entry(group).or_default().push(rows);
    }

    /// Says of rows, told by some of their columns, the first `keys` of them the key, that they are no more what they
    /// were in the snapshot before.
    pub fn add_changed(&mut self, batch: &RecordBatch, keys: usize, key_groups: u16) -> Result<(), Error> {
        for (group, part) in scatter(batch, keys, key_groups)? {
            self.changed.entry(group).or_default().push(part);
        }
        Ok(())
    }

    /// Of all that there is, to be filled; so many rows, at least, are as they were in the snapshot before.
    pub fn of_all(unchanged: usize) -> TableSnapshot {
        TableSnapshot {
            unchanged,
            ..TableSnapshot::default()
        }
    }

    /// Of all that there is, by key group.
    pub fn of_groups(groups: BTreeMap<u16, Vec<RecordBatch>>) -> TableSnapshot {
        TableSnapshot {
            groups,
            ..TableSnapshot::default()
        }
    }

    /// Of what has changed, to be filled by [`TableSnapshot::add_changed`] and [`TableSnapshot::add`].
    pub fn of_changes() -> TableSnapshot {
        TableSnapshot::of_changes_by(Vec::new())
    }

    /// The same; its own rows say of those that are equal in these columns that they are no more.
    pub fn of_changes_by(columns: Vec<String>) -> TableSnapshot {
        TableSnapshot {
            told_by: columns,
            is_partial: true,
            ..TableSnapshot::default()
        }
    }

    /// Of rows that were spilled, keys in the columns `told_by`: all, or those that have changed.
    pub fn of_spilled(rows: SpilledRows, told_by: Vec<String>) -> TableSnapshot {
        let table = match rows.extent {
            Extent::Whole => TableSnapshot::default(),
            Extent::Changes => TableSnapshot::of_changes_by(told_by),
        };
        TableSnapshot {
            spilled: vec![rows],
            ..table
        }
    }

    /// What it says of a key group, spilled rows included.
    fn with_spilled(&self, group: u16) -> Result<TableSnapshot, Error> {
        let mut part = TableSnapshot {
            told_by: self.told_by.clone(),
            is_partial: self.is_partial,
            ..TableSnapshot::default()
        };
        part.groups
            .extend(self.groups.get(&group).map(|rows| (group, rows.clone())));
        part.changed
            .extend(self.changed.get(&group).map(|rows| (group, rows.clone())));
        for spilled in &self.spilled {
            let (rows, changed) = spilled.of_group(group)?;
            if spilled.extent == Extent::Changes && !(rows.is_empty() && changed.is_empty()) {
                part.changed.entry(group).or_default().extend(changed);
            }
            if !rows.is_empty() {
                part.groups.entry(group).or_default().extend(rows);
            }
        }
        Ok(part)
    }

    /// As [`TableSnapshot::add_changed`], of rows of all keys of a shard.
    pub fn add_changed_everywhere(&mut self, batch: &RecordBatch, share: Share) {
        for group in share.groups() {
            self.changed.entry(group).or_default().push(batch.clone());
        }
    }

    /// It is of a shard: says of all its key groups of which it says nothing that they have no rows, unless it tells
    /// changes.
    pub fn say_all(&mut self, share: Share) {
        for spilled in &mut self.spilled {
            spilled.share = Some(share);
        }
        if !self.is_partial {
            for group in share.groups() {
                self.groups.entry(group).or_default();
            }
        }
    }

    pub fn rows(&self) -> usize {
        self.groups.values().flatten().map(RecordBatch::num_rows).sum()
    }
}

impl Share {
    pub fn groups(self) -> impl Iterator<Item = u16> {
        (0..self.key_groups).filter(move |group| self.has(*group))
    }

    pub fn has(self, group: u16) -> bool {
        shard_of(group, self.key_groups, self.shards) == self.shard
    }
}

/// Rows by their key group.
fn scatter(batch: &RecordBatch, keys: usize, key_groups: u16) -> Result<Vec<(u16, RecordBatch)>, Error> {
    if batch.num_rows() == 0 {
        return Ok(Vec::new());
    }
    let order = GroupOrder::new(&batch.columns()[..keys], batch.num_rows(), key_groups)?;
    let rows = UInt32Array::from_iter_values(order.rows.iter().copied());
    let sorted = take_record_batch(batch, &rows).map_err(arrow_error)?;
    Ok(order.cut(&sorted).collect())
}

/// Rows in the order of their key groups.
pub(crate) struct GroupOrder {
    pub rows: Vec<u32>,
    /// Where the rows of each group end.
    ends: Vec<usize>,
}

impl GroupOrder {
    /// Of rows whose keys are these columns.
    pub fn new(keys: &[ArrayRef], rows: usize, key_groups: u16) -> Result<GroupOrder, Error> {
        let hashes = hash_columns(keys, rows).map_err(arrow_error)?;
        let group_of = |hash: &u64| usize::from(key_group(*hash, key_groups));
        let mut ends = vec![0; usize::from(key_groups)];
        hashes.iter().for_each(|hash| ends[group_of(hash)] += 1);
        let mut end = 0;
        for place in &mut ends {
            end += *place;
            *place = end;
        }
        let mut starts: Vec<usize> = std::iter::once(0).chain(ends.iter().copied()).collect();
        let mut rows = vec![0; hashes.len()];
        for (row, hash) in hashes.iter().enumerate() {
            let place = &mut starts[group_of(hash)];
            rows[*place] = row as u32;
            *place += 1;
        }
        Ok(GroupOrder { rows, ends })
    }

    /// Cuts a batch that has its rows in this order.
    fn cut(&self, sorted: &RecordBatch) -> impl Iterator<Item = (u16, RecordBatch)> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let groups = (0..).zip(starts.zip(&self.ends));
        let groups = groups.filter(|(_, (start, end))| end > &start);
        groups.map(|(group, (start, end))| (group, sorted.slice(start, end - start)))
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
            own.is_partial |= table.is_partial;
            own.unchanged += table.unchanged;
            if own.told_by.is_empty() {
                own.told_by = table.told_by;
            }
            own.spilled.extend(table.spilled);
            for (group, mut batches) in table.groups {
                own.groups.entry(group).or_default().append(&mut batches);
            }
            for (group, mut batches) in table.changed {
                own.changed.entry(group).or_default().append(&mut batches);
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

    /// The label of what [`Snapshot::write`] wrote; the rest is read by a [`SnapshotReader`]. What is anything else fails
    /// with a diagnosis, never by panic.
    pub fn read_label(input: &mut impl Read) -> Result<Vec<u8>, Error> {
        format::read_label(input)
    }

    /// Whether it only says of some rows what has changed.
    pub fn has_changes(&self) -> bool {
        let tables = self
            .operators
            .values()
            .flat_map(|operator| operator.tables.values());
        tables.into_iter().any(|table| table.is_partial)
    }

    /// It says all, and most of that is as it was in the snapshot before: what has changed would have been less.
    pub fn is_mostly_unchanged(&self) -> bool {
        let operators = self.operators.values();
        let tables = operators.flat_map(|operator| operator.tables.values());
        let (mut unchanged, mut rows) = (0, 0);
        for table in tables {
            if !table.spilled.is_empty() {
                // Nobody has counted them.
                return false;
            }
            unchanged += table.unchanged;
            rows += table.rows();
        }
        unchanged > rows / 2
    }

    /// Leaves of what it says has changed nothing: all is as it was in the one before it.
    pub fn forget_changes(&mut self) {
        for operator in self.operators.values_mut() {
            if operator.tables.values().any(|table| table.is_partial) {
                for table in Arc::make_mut(operator).tables.values_mut() {
                    table.spilled.retain(|spilled| spilled.extent == Extent::Whole);
                    let changed = std::mem::take(&mut table.changed);
                    table.groups.retain(|group, _| !changed.contains_key(group));
                }
            }
        }
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
