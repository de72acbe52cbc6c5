//! Rows held in memory, in splits and lanes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use dataflow::{Boundedness, Error, Position, ReadOutcome, Source, Split, SplitReader};
use model::{Field, Schema};

use super::{bigint, text, timestamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRow {
    pub k: Option<i64>,
    pub s: Option<String>,
    pub v: Option<i64>,
    pub t: Option<i64>,
}

pub fn schema() -> Schema {
    Schema::new(vec![
        Field::new("k", bigint()),
        Field::new("s", text()),
        Field::new("v", bigint()),
        Field::new("t", timestamp()),
    ])
}

pub fn batch(rows: &[TestRow]) -> RecordBatch {
    RecordBatch::try_new(
        schema().arrow(),
        vec![
            Arc::new(rows.iter().map(|row| row.k).collect::<Int64Array>()),
            Arc::new(rows.iter().map(|row| row.s.clone()).collect::<StringArray>()),
            Arc::new(rows.iter().map(|row| row.v).collect::<Int64Array>()),
            Arc::new(
                rows.iter()
                    .map(|row| row.t.map(|t| t * 1000))
                    .collect::<TimestampMicrosecondArray>(),
            ),
        ],
    )
    .unwrap()
}

#[derive(Debug, Default)]
pub struct TestSource {
    /// Rows by lane, then split.
    pub lanes: Mutex<Vec<Vec<Vec<TestRow>>>>,
    pub unbounded: bool,
    /// Say once in so many reads that there is nothing yet.
    pub pending_every: Option<u64>,
    pub discovery: Option<Duration>,
    /// Fail when reading past this row of a split.
    pub fail_at: Option<usize>,
    /// Give way to others without end once all rows were read.
    pub gives_way: bool,
    /// Records that each split passes over.
    pub unreadable: u64,
    /// How many of the next lists of splits fail.
    pub failing_lists: AtomicU64,
    /// As long as it is set, the first lane has nothing yet.
    pub is_first_held: Arc<AtomicBool>,
}

impl TestSource {
    pub fn of(lanes: Vec<Vec<TestRow>>) -> TestSource {
        TestSource {
            lanes: Mutex::new(lanes.into_iter().map(|rows| vec![rows]).collect()),
            ..TestSource::default()
        }
    }
}

impl Source for TestSource {
    fn boundedness(&self) -> Boundedness {
        if self.unbounded {
            Boundedness::Unbounded
        } else {
            Boundedness::Bounded
        }
    }

    fn splits(&self, _parallelism: usize) -> Result<Vec<Split>, Error> {
        let failing = self
            .failing_lists
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if failing.is_ok() {
            let cause = std::io::Error::from(std::io::ErrorKind::TimedOut);
            return Err(Error::io("list splits", cause));
        }
        let mut splits = Vec::new();
        for (lane, parts) in self.lanes.lock().unwrap().iter().enumerate() {
            for part in 0..parts.len() {
                splits.push(Split {
                    id: format!("{lane}/{part}"),
                    lane: lane.to_string(),
                    payload: format!("{lane}/{part}"),
                });
            }
        }
        Ok(splits)
    }

    fn discovery_interval(&self) -> Option<Duration> {
        self.discovery
    }

    fn open(&self, split: &Split, position: Option<&Position>) -> Result<Box<dyn SplitReader>, Error> {
        let (lane, part) = split.payload.split_once('/').unwrap();
        let (lane, part): (usize, usize) = (lane.parse().unwrap(), part.parse().unwrap());
        let at = position.map_or(0, |position| {
            u64::from_le_bytes(position.0.as_slice().try_into().unwrap()) as usize
        });
        Ok(Box::new(Reader {
            rows: self.lanes.lock().unwrap()[lane][part].clone(),
            at,
            reads: 0,
            endless: self.unbounded,
            pending_every: self.pending_every,
            fail_at: self.fail_at,
            gives_way: self.gives_way,
            unreadable: self.unreadable,
            is_held: if lane == 0 {
                self.is_first_held.clone()
            } else {
                Arc::default()
            },
        }))
    }
}

struct Reader {
    rows: Vec<TestRow>,
    at: usize,
    reads: u64,
    endless: bool,
    pending_every: Option<u64>,
    fail_at: Option<usize>,
    gives_way: bool,
    unreadable: u64,
    is_held: Arc<AtomicBool>,
}

impl SplitReader for Reader {
    fn read(&mut self, rows_max: usize) -> Result<ReadOutcome, Error> {
        self.reads += 1;
        let is_pending = self
            .pending_every
            .is_some_and(|every| self.reads.is_multiple_of(every));
        if is_pending || self.is_held.load(Ordering::Relaxed) {
            return Ok(ReadOutcome::Pending(Duration::from_millis(1)));
        }
        if self.at == self.rows.len() {
            return Ok(if self.gives_way {
                ReadOutcome::Pending(Duration::ZERO)
            } else if self.endless {
                ReadOutcome::Pending(Duration::from_millis(10))
            } else {
                ReadOutcome::End
            });
        }
        let to = (self.at + rows_max).min(self.rows.len());
        if self.fail_at.is_some_and(|row| to > row) {
            return Err(Error::Data {
                message: "bad row".to_string(),
                place: format!("row {to}"),
            });
        }
        let rows = batch(&self.rows[self.at..to]);
        self.at = to;
        Ok(ReadOutcome::Rows(rows))
    }

    fn skipped(&self) -> u64 {
        if self.reads > 0 { self.unreadable } else { 0 }
    }

    fn position(&self) -> Position {
        Position((self.at as u64).to_le_bytes().to_vec())
    }
}

/// Counts by value.
pub fn multiset(rows: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row).or_default() += 1;
    }
    counts
}
