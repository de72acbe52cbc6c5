//! A table that is read whole, and again from time to time, instead of being asked.
//!
//! It is read a little at a time, between the rows that are joined. While it is read again, what was read before answers.

use std::collections::VecDeque;

use arrow_array::{ArrayRef, RecordBatch};
use dataflow::{Error, Found, ReadOutcome, Split, SplitReader};
use graph::WholeTable as Node;
use state::{KeyCodec, KeySet, RowStore};

use super::asking::micros;
use super::keys::RETRY_PAUSE_US;
use crate::expression::arrow_error;

/// Reads in one piece of work.
const READS_MAX: usize = 4;

pub(super) struct Whole {
    node: Node,
    codec: KeyCodec,
    chunk_rows: usize,
    retries: u32,
    table: Option<Table>,
    loading: Option<Loading>,
    /// When it is read next, if it is.
    next_us: Option<i64>,
    /// How often reading it has failed in a row.
    failures: u32,
}

struct Table {
    keys: KeySet,
    /// By the number of a key.
    of_keys: Vec<Vec<u32>>,
    rows: RowStore,
}

struct Loading {
    table: Table,
    splits: VecDeque<Split>,
    reader: Option<Box<dyn SplitReader>>,
    began_us: i64,
    /// Nothing is there before this.
    waits_until_us: i64,
}

impl Whole {
    pub fn new(node: &Node, chunk_rows: usize, retries: u32) -> Result<Whole, Error> {
        let types = node
            .keys
            .iter()
            .map(|key| node.read.fields[*key].data_type.arrow());
        Ok(Whole {
            node: node.clone(),
            codec: KeyCodec::new(types.collect()).map_err(arrow_error)?,
            chunk_rows,
            retries,
            table: None,
            loading: None,
            next_us: Some(i64::MIN),
            failures: 0,
        })
    }

    pub fn is_ready(&self) -> bool {
        self.table.is_some()
    }

    /// Goes on reading, if it is time.
    pub fn work(&mut self, now_us: i64, table: &str) -> Result<(), Error> {
        match self.read(now_us) {
            Err(error @ Error::Io { .. }) if self.failures < self.retries => {
                self.failures += 1;
                self.loading = None;
                let pause_us = RETRY_PAUSE_US.saturating_mul(i64::from(self.failures));
                self.next_us = Some(now_us.saturating_add(pause_us));
                tracing::warn!(table, %error, "a table that is looked up could not be read, and is read again");
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn read(&mut self, now_us: i64) -> Result<(), Error> {
        if self.loading.is_none() && self.next_us.is_some_and(|at_us| at_us <= now_us) {
            self.loading = Some(Loading {
                table: Table {
                    keys: KeySet::new(&self.codec),
                    of_keys: Vec::new(),
                    rows: RowStore::new(self.node.read.arrow()),
                },
                splits: self.node.source.splits(1)?.into(),
                reader: None,
                began_us: now_us,
                waits_until_us: i64::MIN,
            });
        }
        for _ in 0..READS_MAX {
            let Some(loading) = &mut self.loading else {
                return Ok(());
            };
            if loading.waits_until_us > now_us {
                return Ok(());
            }
            if loading.reader.is_none() {
                let Some(split) = loading.splits.pop_front() else {
                    self.take_over();
                    return Ok(());
                };
                loading.reader = Some(self.node.source.open(&split, None)?);
            }
            let Some(reader) = &mut loading.reader else {
                continue;
            };
            match reader.read(self.chunk_rows)? {
                ReadOutcome::Rows(rows) => loading.table.add(&rows, &self.node.keys, &self.codec)?,
                ReadOutcome::Pending(wait) => loading.waits_until_us = now_us.saturating_add(micros(wait)),
                ReadOutcome::End => loading.reader = None,
                ReadOutcome::Changes(_) => {
                    return Err(Error::internal("a table that is looked up gave changes"));
                }
            }
        }
        Ok(())
    }

    /// What was read answers from now on.
    fn take_over(&mut self) {
        if let Some(loading) = self.loading.take() {
            self.failures = 0;
            let again_us = self
                .node
                .reload
                .map(|reload| loading.began_us.saturating_add(micros(reload)));
            self.next_us = again_us;
            self.table = Some(loading.table);
        }
    }

    /// Rows of keys.
    pub fn find(&mut self, keys: &RecordBatch) -> Result<Found, Error> {
        let table = self.table.as_mut();
        let table = table.ok_or_else(|| Error::internal("a table was asked before it was read"))?;
        let encoded = self.codec.encode(keys.columns()).map_err(arrow_error)?;
        let mut numbers = Vec::with_capacity(keys.num_rows());
        table.keys.intern(&encoded, 0..keys.num_rows(), &mut numbers);
        let mut rows = Vec::new();
        let mut places = Vec::new();
        for (place, &number) in numbers.iter().enumerate() {
            match table
                .of_keys
                .get(number as usize)
                .filter(|found| !found.is_empty())
            {
                Some(found) => {
                    rows.extend_from_slice(found);
                    places.extend(std::iter::repeat_n(place as u32, found.len()));
                }
                // Nobody had this key: it was only noted by asking for it.
                None => table.keys.remove(number),
            }
        }
        let rows = table.rows.gather(&rows)?;
        Ok(Found {
            rows: rows.project(&self.node.given).map_err(arrow_error)?,
            keys: places,
        })
    }

    pub fn next_due_us(&self) -> Option<i64> {
        match &self.loading {
            Some(loading) => Some(loading.waits_until_us),
            None => self.next_us,
        }
    }

    pub fn size_bytes(&self) -> usize {
        let tables = [
            self.table.as_ref(),
            self.loading.as_ref().map(|loading| &loading.table),
        ];
        let sizes = tables.into_iter().flatten().map(Table::size_bytes);
        sizes.sum()
    }
}

impl Table {
    fn add(&mut self, rows: &RecordBatch, keys: &[usize], codec: &KeyCodec) -> Result<(), Error> {
        let columns: Vec<ArrayRef> = keys.iter().map(|key| rows.column(*key).clone()).collect();
        let encoded = codec.encode(&columns).map_err(arrow_error)?;
        let mut numbers = Vec::with_capacity(rows.num_rows());
        self.keys.intern(&encoded, 0..rows.num_rows(), &mut numbers);
        if self.of_keys.len() < self.keys.high() {
            self.of_keys.resize(self.keys.high(), Vec::new());
        }
        self.rows.open(rows);
        for (row, number) in numbers.into_iter().enumerate() {
            let kept = self.rows.keep(row);
            self.of_keys[number as usize].push(kept);
        }
        self.rows.close()
    }

    fn size_bytes(&self) -> usize {
        self.keys.size_bytes()
            + self.rows.size_bytes()
            + self.rows.len() * size_of::<u32>()
            + self.of_keys.capacity() * size_of::<Vec<u32>>()
    }
}
