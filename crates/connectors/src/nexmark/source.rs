//! Events as a source: split `i` of `n` has every `n`th event from the `i`th on.
//!
//! How many splits there are is settled when a job starts for the first time. A split knows what it needs to go
//! on elsewhere: its share, and when the events and the clock began.

use std::sync::Arc;

use dataflow::{
    Boundedness, CHUNK_BYTES_MAX, Error, Position, ReadOutcome, ScanRequest, Source, Split, SplitReader,
    TableDescriptor,
};
use model::Schema;
use stdx::Clock;

use super::batch::Batches;
use super::settings::TableSettings;
use crate::pace::Pace;
use crate::refuse;

pub struct NexmarkSource {
    table: TableSettings,
    started_us: i64,
    wanted: Schema,
    clock: Arc<dyn Clock>,
}

impl NexmarkSource {
    pub fn new(table: &TableDescriptor<'_>, request: &ScanRequest) -> Result<Self, Error> {
        let started_us = table.context.started_us;
        let settings = TableSettings::read(table.options, started_us.div_euclid(1_000))?;
        // The declared columns are checked as a whole, wanted or not.
        Batches::new(settings.settings.clone(), table.physical)?;
        refuse::metadata(request)?;
        Ok(NexmarkSource {
            table: settings,
            started_us,
            wanted: request.columns.clone(),
            clock: Arc::clone(&table.context.clock),
        })
    }
}

impl std::fmt::Debug for NexmarkSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NexmarkSource")
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}

/// A share of the events, written into the payload of a split.
struct Share {
    index: u64,
    count: u64,
    base_time_ms: i64,
    started_us: i64,
}

impl Share {
    fn parse(payload: &str) -> Option<Self> {
        let mut parts = payload.split(' ');
        let share = Share {
            index: parts.next()?.parse().ok()?,
            count: parts.next()?.parse().ok()?,
            base_time_ms: parts.next()?.parse().ok()?,
            started_us: parts.next()?.parse().ok()?,
        };
        (share.index < share.count).then_some(share)
    }
}

impl Source for NexmarkSource {
    fn boundedness(&self) -> Boundedness {
        match self.table.events {
            Some(_) => Boundedness::Bounded,
            None => Boundedness::Unbounded,
        }
    }

    fn splits(&self, parallelism: usize) -> Result<Vec<Split>, Error> {
        let count = parallelism.max(1);
        let base_time_ms = self.table.settings.base_time_ms;
        let split = |index: usize| Split {
            id: format!("events-{index}-of-{count}"),
            lane: format!("events-{index}-of-{count}"),
            payload: format!("{index} {count} {base_time_ms} {}", self.started_us),
        };
        Ok((0..count).map(split).collect())
    }

    fn open(&self, split: &Split, position: Option<&Position>) -> Result<Box<dyn SplitReader>, Error> {
        let share = Share::parse(&split.payload)
            .ok_or_else(|| Error::internal(format!("'{}' is no share of events", split.payload)))?;
        let mut settings = self.table.settings.clone();
        settings.base_time_ms = share.base_time_ms;
        let pace = self.table.rate_limit.then_some(Pace {
            start_us: share.started_us,
            rate: settings.rate,
        });
        let next = match position {
            None => share.index,
            Some(Position(bytes)) => u64::from_le_bytes(
                bytes
                    .as_slice()
                    .try_into()
                    .map_err(|_| Error::internal("a position of events must have eight bytes"))?,
            ),
        };
        Ok(Box::new(NexmarkReader {
            batch_rows_max: (CHUNK_BYTES_MAX as u64 / settings.event_bytes_max()).max(1),
            batches: Batches::new(settings, &self.wanted)?,
            next,
            step: share.count,
            end: self.table.events.unwrap_or(super::settings::EVENTS_MAX),
            pace,
            clock: Arc::clone(&self.clock),
        }))
    }
}

struct NexmarkReader {
    batches: Batches,
    /// Events that a batch may have without being too large.
    batch_rows_max: u64,
    /// The number of the next event.
    next: u64,
    step: u64,
    end: u64,
    pace: Option<Pace>,
    clock: Arc<dyn Clock>,
}

impl SplitReader for NexmarkReader {
    fn read(&mut self, rows_max: usize) -> Result<ReadOutcome, Error> {
        if self.next >= self.end {
            return Ok(ReadOutcome::End);
        }
        let mut end = self.end;
        if let Some(pace) = self.pace {
            let now_us = self.clock.now_us();
            end = end.min(pace.due(now_us));
            if self.next >= end {
                return Ok(ReadOutcome::Pending(pace.wait(self.next, now_us)));
            }
        }
        let left = (end - self.next).div_ceil(self.step);
        let rows = left.min(rows_max.max(1) as u64).min(self.batch_rows_max);
        let batch = self.batches.make(self.next, self.step, rows as usize)?;
        self.next += rows * self.step;
        Ok(ReadOutcome::Rows(batch))
    }

    fn position(&self) -> Position {
        Position(self.next.to_le_bytes().to_vec())
    }
}
