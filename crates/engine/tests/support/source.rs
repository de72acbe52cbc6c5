//! Rows held in memory, in splits and lanes.

use std::collections::BTreeMap;
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
}

impl SplitReader for Reader {
    fn read(&mut self, rows_max: usize) -> Result<ReadOutcome, Error> {
        self.reads += 1;
        if self
            .pending_every
            .is_some_and(|every| self.reads.is_multiple_of(every))
        {
            return Ok(ReadOutcome::Pending(Duration::from_millis(1)));
        }
        if self.at == self.rows.len() {
            return Ok(if self.endless {
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
