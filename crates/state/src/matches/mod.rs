//! Matches of patterns on their way, by key: rows that wait for their time, rows that were taken, and runs, each
//! of which is one way through the pattern.
//!
//! What a state of a run means, and who takes which row, is the engine's business.

mod chains;
mod queue;
mod rows;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, SchemaRef};
use dataflow::Error;

pub use chains::{Chains, Link};
pub use queue::RunQueue;
pub use rows::MatchRows;

use crate::slices::arrow_error;
use crate::{KeyCodec, KeySet, NO_ROW, SortCodec, SortKey};

/// The number of the first row of a run that has none yet.
pub const NOT_BEGUN: u64 = u64::MAX;

/// One way through the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub state: u32,
    /// The last row taken, or [`NO_ROW`].
    pub link: u32,
    /// The number of its first row in the order of all, or [`NOT_BEGUN`].
    pub start: u64,
    /// The time of its first row.
    pub start_ms: i64,
}

/// What a key has.
#[derive(Debug, Default)]
pub struct Group {
    pub partial: RunQueue,
    /// Found, but not told before others that began earlier have come to their end.
    pub completed: RunQueue,
    /// Rows that wait.
    waiting: usize,
}

/// A row whose time has come.
#[derive(Debug, Clone, Copy)]
pub struct DueRow {
    pub key: u32,
    pub row: u32,
    pub time_ms: i64,
}

pub struct MatchTable {
    codec: KeyCodec,
    keys: KeySet,
    key_columns: Vec<usize>,
    order: SortCodec,
    order_columns: Vec<usize>,
    /// Where a run begins.
    start_state: u32,
    /// By time, further keys, and a number that counts up as rows come.
    waiting: BTreeMap<(i64, SortKey, u64), (u32, u32)>,
    arrivals: u64,
    groups: Vec<Group>,
    /// When runs of keys are out of time.
    expiries: BTreeSet<(i64, u32)>,
    pub chains: Chains,
    pub rows: MatchRows,
}

impl MatchTable {
    pub fn new(
        schema: SchemaRef,
        key_columns: Vec<usize>,
        order: SortCodec,
        order_columns: Vec<usize>,
        start_state: u32,
    ) -> Result<MatchTable, Error> {
        let types = key_columns
            .iter()
            .map(|column| schema.field(*column).data_type().clone());
        let codec = KeyCodec::new(types.collect()).map_err(arrow_error)?;
        Ok(MatchTable {
            keys: KeySet::new(&codec),
            codec,
            key_columns,
            order,
            order_columns,
            start_state,
            waiting: BTreeMap::new(),
            arrivals: 0,
            groups: Vec::new(),
            expiries: BTreeSet::new(),
            chains: Chains::default(),
            rows: MatchRows::new(schema),
        })
    }

    fn numbers(&mut self, columns: &[ArrayRef], rows: usize) -> Result<Vec<u32>, ArrowError> {
        let keys = self.codec.encode(columns)?;
        let mut numbers = Vec::with_capacity(rows);
        self.keys.intern(&keys, 0..rows, &mut numbers);
        let (start_state, high) = (self.start_state, self.keys.high());
        self.groups
            .resize_with(high.max(self.groups.len()), Group::default);
        for number in &numbers {
            let group = &mut self.groups[*number as usize];
            if group.partial.is_empty() {
                group.partial.push(not_begun(start_state));
            }
        }
        Ok(numbers)
    }

    /// Takes rows in that wait: those for which `waits` is true, by their place and time.
    pub fn add(
        &mut self,
        batch: &RecordBatch,
        times: &[i64],
        mut waits: impl FnMut(usize, i64) -> bool,
    ) -> Result<(), Error> {
        let of = |columns: &[usize]| -> Vec<ArrayRef> {
            columns
                .iter()
                .map(|column| batch.column(*column).clone())
                .collect()
        };
        let sort_keys = self
            .order
            .encode(&of(&self.order_columns), times.len())
            .map_err(arrow_error)?;
        let (key_columns, rows) = (of(&self.key_columns), batch.num_rows());
        let numbers = self.numbers(&key_columns, rows).map_err(arrow_error)?;
        self.rows.open(batch);
        for (place, (sort_key, key)) in sort_keys.into_iter().zip(&numbers).enumerate() {
            if !waits(place, times[place]) {
                continue;
            }
            let row = self.rows.keep(place, times[place]);
            self.waiting
                .insert((times[place], sort_key, self.arrivals), (*key, row));
            self.arrivals += 1;
            self.groups[*key as usize].waiting += 1;
        }
        self.rows.close()?;
        self.forget_idle(numbers);
        Ok(())
    }

    /// The time of the first row that waits.
    pub fn first_waiting(&self) -> Option<i64> {
        self.waiting
            .first_key_value()
            .map(|((time_ms, _, _), _)| *time_ms)
    }

    /// Takes rows that wait, up to a time and at most so many. They stay until they are released.
    pub fn take_due(&mut self, until_ms: i64, rows_max: usize) -> Vec<DueRow> {
        let mut due = Vec::new();
        while due.len() < rows_max
            && let Some(entry) = self.waiting.first_entry()
            && entry.key().0 <= until_ms
        {
            let time_ms = entry.key().0;
            let (key, row) = entry.remove();
            self.groups[key as usize].waiting -= 1;
            due.push(DueRow { key, row, time_ms });
        }
        due
    }

    pub fn group(&mut self, key: u32) -> &mut Group {
        &mut self.groups[key as usize]
    }

    /// Notes that a run of a key is out of time then.
    pub fn expire_at(&mut self, time_ms: i64, key: u32) {
        self.expiries.insert((time_ms, key));
    }

    pub fn first_expiry(&self) -> Option<i64> {
        self.expiries.first().map(|(time_ms, _)| *time_ms)
    }

    pub fn take_expired(&mut self, until_ms: i64, keys_max: usize) -> Vec<u32> {
        let mut keys = Vec::new();
        while keys.len() < keys_max
            && let Some(&(time_ms, key)) = self.expiries.first()
            && time_ms <= until_ms
        {
            self.expiries.pop_first();
            keys.push(key);
        }
        keys
    }

    /// Lets go of keys of which nothing is left but that a run may begin.
    pub fn forget_idle(&mut self, mut keys: Vec<u32>) {
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let group = &mut self.groups[key as usize];
            let begins = |run: &Run| run.link == NO_ROW;
            let idle = group.waiting == 0
                && group.completed.is_empty()
                && !group.partial.is_empty()
                && group.partial.runs().iter().all(begins);
            if idle {
                *group = Group::default();
                self.keys.remove(key);
            }
        }
    }

    /// Keys of which something is held.
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    pub fn size_bytes(&self) -> usize {
        let runs: usize = self
            .groups
            .iter()
            .map(|group| group.partial.runs().len() + group.completed.runs().len())
            .sum();
        self.keys.size_bytes()
            + self.rows.size_bytes()
            + self.chains.size_bytes()
            + self.groups.capacity() * size_of::<Group>()
            + runs * size_of::<Run>()
            + self.waiting.len() * 80
            + self.expiries.len() * 24
    }
}

/// A run that may begin with any row.
pub fn not_begun(state: u32) -> Run {
    Run {
        state,
        link: NO_ROW,
        start: NOT_BEGUN,
        start_ms: i64::MIN,
    }
}
