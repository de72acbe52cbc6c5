//! Generated rows as a source: split `i` of `n` has every `n`th row from the `i`th on.
//!
//! A sequence is dealt out to shards the same way as in Flink. How many splits there are is settled when a job
//! starts for the first time; a split carries the seed and the start.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use chrono::{Offset, TimeZone};
use chrono_tz::Tz;
use dataflow::{
    Boundedness, CHUNK_BYTES_MAX, Error, EvaluationContext, OptionError, Position, ReadOutcome, ScanRequest,
    Source, Split, SplitReader, TableDescriptor,
};

use super::columns::{Rows, mix};
use super::field::{self, Generator};
use crate::pace::Pace;
use crate::refuse;

/// 2026-01-01 00:00:00: when rows of a given seed begin.
const FIXED_START_MS: i64 = 1_767_225_600_000;
/// The most rows.
const ROWS_MAX: u64 = 1 << 62;

pub struct DatagenSource {
    /// The wanted columns with their place in the table, which names their random numbers.
    columns: Arc<[(u64, Generator)]>,
    schema: SchemaRef,
    /// Rows that a batch may have without being too large.
    batch_rows_max: u64,
    rows: Option<u64>,
    rate: u64,
    seed: u64,
    /// Whether times follow from row numbers instead of the clock.
    fixed: bool,
    context: Arc<EvaluationContext>,
}

impl DatagenSource {
    pub fn new(table: &TableDescriptor<'_>, request: &ScanRequest) -> Result<Self, Error> {
        let options = table.options;
        options.get("connector");
        refuse::parallelism(options, "scan.parallelism")?;
        refuse_waveform(options)?;
        let at_least = |key: &str, low: i64| -> Result<Option<u64>, OptionError> {
            match options.integer(key)? {
                Some(value) if value < low => Err(OptionError::new(
                    key,
                    format!("option '{key}' must be at least {low}, got {value}"),
                )),
                value => Ok(value.map(|value| value as u64)),
            }
        };
        let rate = at_least("rows-per-second", 1)?.unwrap_or(10_000);
        let mut rows = at_least("number-of-rows", 0)?;
        let random_seed = options.integer("random-seed")?;
        // All columns are read, wanted or not: their options count, and the shortest sequence ends the rows.
        let mut generators = Vec::with_capacity(table.physical.len());
        for column in &table.physical.fields {
            let (generator, count) = field::read(&column.name, &column.data_type, options)?;
            generators.push(generator);
            rows = match (rows, count) {
                (Some(rows), Some(count)) => Some(rows.min(count)),
                (rows, count) => rows.or(count),
            };
        }
        options.finish()?;
        refuse::metadata(request)?;
        let mut columns = Vec::with_capacity(request.columns.len());
        for column in &request.columns.fields {
            let place = table.physical.index_of(&column.name);
            let place = place.ok_or_else(|| Error::internal(format!("no column '{}'", column.name)))?;
            let generator = generators[place].prune(&column.data_type);
            let generator = generator.ok_or_else(|| {
                Error::internal(format!("column '{}' is no {}", column.name, column.data_type))
            })?;
            columns.push((place as u64, generator));
        }
        let sizes = columns.iter().map(|(_, generator)| generator.value_bytes());
        let row_bytes = sizes.fold(1, u64::saturating_add);
        Ok(DatagenSource {
            columns: columns.into(),
            batch_rows_max: (CHUNK_BYTES_MAX as u64 / row_bytes).max(1),
            schema: request.columns.arrow(),
            rows,
            rate,
            seed: random_seed.map_or(table.context.started_us as u64, |seed| seed as u64),
            fixed: random_seed.is_some(),
            context: Arc::clone(table.context),
        })
    }
}

/// Options of Flink that change the rate in waves.
fn refuse_waveform(options: &dataflow::Options) -> Result<(), OptionError> {
    if options.boolean("waveform-function-enabled")? == Some(true) {
        let key = "waveform-function-enabled";
        return Err(OptionError::new(
            key,
            format!("option '{key}' is not supported: the rate does not change"),
        ));
    }
    // Without waves these are of no effect in Flink as well.
    options.duration("period")?;
    options.integer("floating-gap")?;
    Ok(())
}

impl std::fmt::Debug for DatagenSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatagenSource")
            .field("rows", &self.rows)
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}

/// A share of the rows, written into the payload of a split.
struct Share {
    index: u64,
    count: u64,
    seed: u64,
    started_us: i64,
}

impl Share {
    fn parse(payload: &str) -> Option<Self> {
        let mut parts = payload.split(' ');
        let share = Share {
            index: parts.next()?.parse().ok()?,
            count: parts.next()?.parse().ok()?,
            seed: parts.next()?.parse().ok()?,
            started_us: parts.next()?.parse().ok()?,
        };
        (share.index < share.count).then_some(share)
    }
}

impl Source for DatagenSource {
    fn boundedness(&self) -> Boundedness {
        match self.rows {
            Some(_) => Boundedness::Bounded,
            None => Boundedness::Unbounded,
        }
    }

    fn splits(&self, parallelism: usize) -> Result<Vec<Split>, Error> {
        let count = parallelism.max(1);
        let split = |index: usize| Split {
            id: format!("rows-{index}-of-{count}"),
            lane: format!("rows-{index}-of-{count}"),
            payload: format!("{index} {count} {} {}", self.seed, self.context.started_us),
        };
        Ok((0..count).map(split).collect())
    }

    fn open(&self, split: &Split, position: Option<&Position>) -> Result<Box<dyn SplitReader>, Error> {
        let share = Share::parse(&split.payload)
            .ok_or_else(|| Error::internal(format!("'{}' is no share of rows", split.payload)))?;
        let next = match position {
            None => share.index,
            Some(Position(bytes)) => u64::from_le_bytes(
                bytes
                    .as_slice()
                    .try_into()
                    .map_err(|_| Error::internal("a position of rows must have eight bytes"))?,
            ),
        };
        Ok(Box::new(DatagenReader {
            columns: Arc::clone(&self.columns),
            schema: Arc::clone(&self.schema),
            batch_rows_max: self.batch_rows_max,
            next,
            step: share.count,
            end: self.rows.unwrap_or(ROWS_MAX),
            seed: share.seed,
            pace: Pace {
                start_us: share.started_us,
                rate: self.rate,
            },
            fixed: self.fixed,
            context: Arc::clone(&self.context),
        }))
    }
}

struct DatagenReader {
    columns: Arc<[(u64, Generator)]>,
    schema: SchemaRef,
    batch_rows_max: u64,
    /// The number of the next row.
    next: u64,
    step: u64,
    end: u64,
    seed: u64,
    pace: Pace,
    fixed: bool,
    context: Arc<EvaluationContext>,
}

impl DatagenReader {
    fn make(&self, rows: usize, now_us: i64) -> Result<RecordBatch, Error> {
        let numbers: Vec<u64> = (0..rows as u64).map(|row| self.next + row * self.step).collect();
        let instants_ms: Vec<i64> = match self.fixed {
            true => {
                let after_ms =
                    |number: &u64| (u128::from(*number) * 1_000 / u128::from(self.pace.rate)) as i64;
                numbers
                    .iter()
                    .map(|number| FIXED_START_MS.saturating_add(after_ms(number)))
                    .collect()
            }
            false => vec![now_us.div_euclid(1_000); rows],
        };
        // The offset does not change within a batch of the same instant.
        let first_offset_ms = offset_ms(self.context.time_zone, instants_ms.first().copied().unwrap_or(0));
        let local = |instant: &i64| match self.fixed {
            true => instant.saturating_add(offset_ms(self.context.time_zone, *instant)),
            false => instant.saturating_add(first_offset_ms),
        };
        let times_ms: Vec<i64> = instants_ms.iter().map(local).collect();
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (place, generator) in self.columns.iter() {
            let column = mix(self.seed, *place);
            let seeds: Vec<u64> = numbers.iter().map(|number| mix(column, *number)).collect();
            arrays.push(generator.make(&Rows {
                numbers: &numbers,
                seeds: &seeds,
                times_ms: &times_ms,
                instants_ms: &instants_ms,
            })?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| Error::internal(error.to_string()))
    }
}

/// How far local time is ahead of UTC.
fn offset_ms(zone: Tz, instant_ms: i64) -> i64 {
    match zone.timestamp_millis_opt(instant_ms).single() {
        Some(time) => i64::from(time.offset().fix().local_minus_utc()) * 1_000,
        None => 0,
    }
}

impl SplitReader for DatagenReader {
    fn read(&mut self, rows_max: usize) -> Result<ReadOutcome, Error> {
        if self.next >= self.end {
            return Ok(ReadOutcome::End);
        }
        let now_us = self.context.clock.now_us();
        let end = self.end.min(self.pace.due(now_us));
        if self.next >= end {
            return Ok(ReadOutcome::Pending(self.pace.wait(self.next, now_us)));
        }
        let left = (end - self.next).div_ceil(self.step);
        let rows = left.min(rows_max.max(1) as u64).min(self.batch_rows_max);
        let batch = self.make(rows as usize, now_us)?;
        self.next += rows * self.step;
        Ok(ReadOutcome::Rows(batch))
    }

    fn position(&self) -> Position {
        Position(self.next.to_le_bytes().to_vec())
    }
}
