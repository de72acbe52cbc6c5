//! Aggregates by key, and how many rows each key has.
//!
//! A key is there as long as rows of it are: when the last is taken back, the key goes away, and with it the
//! accumulators of its group. What comes for the key afterwards starts with empty ones, so that nothing of the old
//! rows is left in the new results, not even the rounding of a floating-point sum.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::{ArrowError, SchemaRef};
use dataflow::Error;

use crate::slices::arrow_error;
use crate::snapshot::{SNAPSHOT_ROWS_MAX, TableSnapshot};
use crate::{Ages, Aggregates, Extent, KeyCodec, KeySet, Keys, Moment};

/// The group of a key without rows.
const NONE: u32 = u32::MAX;

pub struct GroupTable {
    codec: KeyCodec,
    keys: KeySet,
    pub aggregates: Aggregates,
    /// By number of the key.
    entries: Vec<Entry>,
    ages: Ages,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    group: u32,
    rows: i64,
}

const EMPTY: Entry = Entry { group: NONE, rows: 0 };

impl GroupTable {
    pub fn new(codec: KeyCodec, aggregates: Aggregates) -> GroupTable {
        GroupTable {
            keys: KeySet::new(&codec),
            codec,
            aggregates,
            entries: Vec::new(),
            ages: Ages::default(),
        }
    }

    pub fn codec(&self) -> &KeyCodec {
        &self.codec
    }

    /// Appends the number of each of these rows' keys to `numbers`; keys not seen before have no group yet.
    pub fn numbers(&mut self, keys: &Keys, rows: Range<usize>, numbers: &mut Vec<u32>) {
        self.keys.intern(keys, rows, numbers);
        self.entries.resize(self.keys.high(), EMPTY);
    }

    /// All numbers are below it.
    pub fn numbers_high(&self) -> usize {
        self.entries.len()
    }

    /// The group of a key, if it has rows.
    #[inline]
    pub fn group(&self, number: u32) -> Option<u32> {
        let group = self.entries[number as usize].group;
        (group != NONE).then_some(group)
    }

    /// Adds a row to a key: gives its group, an empty one if this is its first row. Call
    /// [`Aggregates::make_room`] before the group is used.
    #[inline]
    pub fn add_row(&mut self, number: u32) -> u32 {
        let entry = &mut self.entries[number as usize];
        if entry.group == NONE {
            entry.group = self.aggregates.add_group();
        }
        entry.rows += 1;
        entry.group
    }

    /// Takes a row of a key back: gives its group, `None` if the key has no rows. After its last row a key has no
    /// group; the old one is the caller's to free ([`Aggregates::remove_groups`]).
    #[inline]
    pub fn take_row(&mut self, number: u32) -> Option<u32> {
        let entry = &mut self.entries[number as usize];
        if entry.group == NONE {
            return None;
        }
        let group = entry.group;
        entry.rows -= 1;
        if entry.rows == 0 {
            *entry = EMPTY;
        }
        Some(group)
    }

    /// Notes that rows change a key now.
    pub fn touch(&mut self, number: u32, moment: Moment) {
        self.keys.note(number);
        self.ages.touch(number, moment);
    }

    /// Takes the group from a key that is over; it is the caller's to free.
    pub fn expire(&mut self, number: u32, moment: Moment) -> Option<u32> {
        if !self.ages.is_over(number, moment) {
            return None;
        }
        self.ages.forget(number);
        let entry = std::mem::replace(&mut self.entries[number as usize], EMPTY);
        (entry.group != NONE).then_some(entry.group)
    }

    /// Looks at some keys, others each time, and forgets those that are over. Returns whether all have had their turn.
    pub fn sweep(&mut self, looks: usize, moment: Moment) -> bool {
        let mut over = Vec::new();
        let is_done = self.ages.sweep(looks, moment, &mut over);
        let mut groups = Vec::with_capacity(over.len());
        for number in over {
            groups.extend(self.expire(number, moment));
            self.keys.remove(number);
        }
        self.aggregates.remove_groups(&groups);
        if is_done {
            self.keys.shrink();
        }
        is_done
    }

    /// Whether there is anything that can be over some day.
    pub fn has_ages(&self) -> bool {
        !self.ages.is_empty()
    }

    /// Forgets a key that has no rows; its number goes to another.
    pub fn forget(&mut self, number: u32) {
        debug_assert!(self.group(number).is_none(), "a key with rows stays");
        self.ages.forget(number);
        self.keys.remove(number);
    }

    /// The key columns of these numbers, in their order.
    pub fn key_columns(&self, numbers: &[u32]) -> Result<Vec<ArrayRef>, ArrowError> {
        self.keys.columns(&self.codec, numbers)
    }

    pub fn size_bytes(&self) -> usize {
        self.keys.size_bytes()
            + self.entries.capacity() * size_of::<Entry>()
            + self.ages.size_bytes()
            + self.aggregates.size_bytes()
    }

    /// What is held as batches of `schema`: keys, state columns, the number of rows, when they last changed.
    pub fn snapshot(
        &mut self,
        extent: Extent,
        schema: &SchemaRef,
        keys: usize,
        key_groups: u16,
    ) -> Result<TableSnapshot, Error> {
        let (mut table, mut held) = match self.keys.take_changes(extent) {
            None => (TableSnapshot::default(), (0..self.entries.len() as u32).collect()),
            Some(changes) => {
                let names = schema.fields()[..keys].iter().map(|field| field.name().clone());
                // A key that was written and not removed has a row.
                let mut table = TableSnapshot::of_changes_by(names.clone().collect());
                changes.tell_gone(&mut table, names, &self.codec, key_groups)?;
                (table, changes.numbers)
            }
        };
        held.retain(|number| self.group(*number).is_some());
        for numbers in held.chunks(SNAPSHOT_ROWS_MAX) {
            let entries = || numbers.iter().map(|number| self.entries[*number as usize]);
            let groups = UInt32Array::from_iter_values(entries().map(|entry| entry.group));
            let mut columns = self.key_columns(numbers).map_err(arrow_error)?;
            columns.extend(self.aggregates.state(&groups)?);
            columns.push(Arc::new(Int64Array::from_iter_values(
                entries().map(|entry| entry.rows),
            )));
            columns.push(Arc::new(Int64Array::from_iter_values(
                numbers.iter().map(|number| self.ages.written_ms(*number)),
            )));
            let batch = RecordBatch::try_new(schema.clone(), columns).map_err(arrow_error)?;
            table.add(&batch, keys, key_groups)?;
        }
        Ok(table)
    }

    /// Takes in a batch of a snapshot.
    pub fn restore(&mut self, batch: &RecordBatch, keys: usize, moment: Moment) -> Result<(), Error> {
        let columns = batch.columns();
        let (state, counters) = columns[keys..].split_at(columns.len() - keys - 2);
        let rows = counters[0].as_primitive::<Int64Type>().values();
        let written = counters[1].as_primitive::<Int64Type>().values();
        let encoded = self.codec.encode(&columns[..keys]).map_err(arrow_error)?;
        let mut numbers = Vec::with_capacity(batch.num_rows());
        self.numbers(&encoded, 0..batch.num_rows(), &mut numbers);
        let mut groups = Vec::with_capacity(numbers.len());
        for (row, number) in numbers.into_iter().enumerate() {
            groups.push(self.add_row(number));
            self.entries[number as usize].rows = rows[row];
            self.ages.restore_one(number, written[row], moment);
        }
        self.aggregates.make_room();
        self.aggregates.merge(&groups, state)
    }
}
