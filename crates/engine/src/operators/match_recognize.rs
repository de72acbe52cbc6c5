//! MATCH_RECOGNIZE: finds patterns among the rows of a key, in the order of their time.
//!
//! By event time rows wait for the watermark; a row at or behind it is late, dropped and counted. By processing time
//! they are taken as they come. A run that is out of time is forgotten when the watermark passes, and a row when no run
//! stands on it any more.

mod automaton;
mod lookup;
mod step;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use dataflow::{Chunk, Epoch, Error, EvaluationContext};
use graph::{MatchSkip, Matching};
use state::{Extent, MatchTable, OperatorSnapshot};

use self::automaton::Automaton;
use self::lookup::{Lookups, Path, RowCondition, Source};
use self::step::Found;
use super::Build;
use super::top_n::sort_codec;
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::window::time::milliseconds;

pub(super) struct MatchRecognize {
    rowtime: Option<usize>,
    partition: Vec<usize>,
    table: MatchTable,
    matcher: Matcher,
    measures: Lookups,
    schema: SchemaRef,
    watermark: i64,
    late_rows: u64,
    null_time_rows: u64,
    chunk_rows: usize,
    key_groups: u16,
}

/// What finds matches.
struct Matcher {
    automaton: Automaton,
    /// By variable.
    conditions: Vec<Condition>,
    within_ms: Option<i64>,
    skip: MatchSkip,
    context: Arc<EvaluationContext>,
}

/// When a variable takes a row.
enum Condition {
    Always,
    /// It depends on the row alone.
    Row(RowCondition),
    /// It depends on the rows taken before, too.
    Path(Lookups),
}

impl MatchRecognize {
    pub fn new(build: &Build<'_>, matching: &Matching) -> Result<MatchRecognize, Error> {
        let automaton = Automaton::new(&matching.variables);
        let conditions = matching.variables.iter().enumerate();
        let conditions = conditions.map(|(number, variable)| match &variable.condition {
            None => Condition::Always,
            Some(condition) => match RowCondition::new(condition, number) {
                Some(of_row) => Condition::Row(of_row),
                None => Condition::Path(Lookups::new(condition, build.context)),
            },
        });
        let mut operator = MatchRecognize {
            rowtime: matching.rowtime,
            partition: matching.partition.clone(),
            table: MatchTable::new(
                build.input()?.arrow(),
                matching.partition.clone(),
                sort_codec(build, &matching.order)?,
                matching.order.iter().map(|key| key.column).collect(),
                automaton.start,
            )?,
            matcher: Matcher {
                conditions: conditions.collect(),
                automaton,
                // Flink takes no time for no bound.
                within_ms: matching.within_ms.filter(|within_ms| *within_ms > 0),
                skip: matching.skip,
                context: build.context.clone(),
            },
            measures: Lookups::new(&matching.measures, build.context),
            schema: build.node.schema.arrow(),
            watermark: i64::MIN,
            late_rows: 0,
            null_time_rows: 0,
            chunk_rows: build.options.chunk_rows,
            key_groups: build.options.key_groups,
        };
        operator.restore(build)?;
        Ok(operator)
    }

    fn restore(&mut self, build: &Build<'_>) -> Result<(), Error> {
        let (rowtime, context) = (self.rowtime, build.context);
        self.table.restore(
            |name| build.restored(name),
            |batch| times_of(batch, rowtime, context),
        )?;
        if let Some(within_ms) = self.matcher.within_ms {
            let runs: Vec<(i64, u32)> = self
                .table
                .partial_runs()
                .filter(|(_, run)| run.link != state::NO_ROW)
                .map(|(key, run)| (run.start_ms.saturating_add(within_ms), key))
                .collect();
            for (time_ms, key) in runs {
                self.table.expire_at(time_ms, key);
            }
        }
        if let Some(restored) = build.restored {
            self.watermark = restored.watermark.unwrap_or(i64::MIN);
        }
        Ok(())
    }

    /// Until when rows and runs have to be worked off.
    fn now_ms(&self) -> i64 {
        match self.rowtime {
            Some(_) => self.watermark,
            None => i64::MAX,
        }
    }

    fn has_due(&self) -> bool {
        let now_ms = self.now_ms();
        let is_due = |time_ms: Option<i64>| time_ms.is_some_and(|time_ms| time_ms <= now_ms);
        is_due(self.table.first_waiting()) || (self.rowtime.is_some() && is_due(self.table.first_expiry()))
    }

    /// Ends runs that are out of time, of some keys.
    fn expire(&mut self, now_ms: i64, found: &mut Vec<Found>) -> Result<Vec<u32>, Error> {
        let keys = self.table.take_expired(now_ms, self.chunk_rows);
        for key in &keys {
            self.matcher.advance(&mut self.table, *key, now_ms, found)?;
        }
        Ok(keys)
    }

    /// Tells matches, and lets go of what is left of them.
    fn finish(&mut self, found: &[Found], keys: Vec<u32>, out: &mut Output) -> Result<(), Error> {
        self.send(found, out)?;
        self.table.rows.let_go()?;
        self.table.forget_idle(keys);
        Ok(())
    }

    fn fire(&mut self, out: &mut Output) -> Result<(), Error> {
        for _ in 0..ROUND_CHUNKS_MAX {
            let now_ms = self.now_ms();
            let due = self.table.take_due(now_ms, self.chunk_rows);
            let mut found = Vec::new();
            let keys: Vec<u32> = if !due.is_empty() {
                self.matcher.work(&mut self.table, &due, &mut found)?;
                due.iter().map(|due| due.key).collect()
            } else if self.rowtime.is_some() {
                self.expire(now_ms, &mut found)?
            } else {
                Vec::new()
            };
            if keys.is_empty() {
                break;
            }
            self.finish(&found, keys, out)?;
        }
        Ok(())
    }

    /// Tells matches: the columns of the partition, then the measures.
    fn send(&mut self, found: &[Found], out: &mut Output) -> Result<(), Error> {
        for part in found.chunks(self.chunk_rows) {
            let table = &self.table;
            let last: Vec<u32> = part.iter().map(|one| table.chains.link(one.link).row).collect();
            let mut columns: Vec<ArrayRef> = self
                .partition
                .iter()
                .map(|column| table.rows.gather_column(*column, &last))
                .collect::<Result<_, _>>()?;
            let paths: Vec<Path> = part
                .iter()
                .map(|one| Path {
                    link: one.link,
                    next: None,
                    time_ms: one.time_ms,
                })
                .collect();
            let source = Source {
                chains: &table.chains,
                rows: &table.rows,
            };
            columns.extend(self.measures.evaluate(&paths, source)?);
            let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)?;
            out.chunk(Chunk::inserts(batch));
        }
        for one in found {
            self.table.chains.release(one.link, &mut self.table.rows);
        }
        Ok(())
    }
}

fn times_of(
    batch: &RecordBatch,
    rowtime: Option<usize>,
    context: &EvaluationContext,
) -> Result<Vec<i64>, Error> {
    match rowtime {
        Some(column) => milliseconds(batch.column(column)),
        None => Ok(vec![context.clock.now_ms(); batch.num_rows()]),
    }
}

impl Operator for MatchRecognize {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let batch = &chunk.batch;
        let times = times_of(batch, self.rowtime, &self.matcher.context)?;
        let time = self.rowtime.map(|column| batch.column(column));
        let (watermark, late_rows, null_time_rows) =
            (self.watermark, &mut self.late_rows, &mut self.null_time_rows);
        self.table.add(batch, &times, |place, time_ms| {
            let Some(time) = time else {
                return true;
            };
            if time.is_null(place) {
                *null_time_rows += 1;
                return false;
            }
            *late_rows += u64::from(time_ms <= watermark);
            time_ms > watermark
        })?;
        match self.rowtime {
            Some(_) => Ok(()),
            None => self.fire(out),
        }
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.watermark = self.watermark.max(time_ms);
        match self.rowtime {
            Some(_) => self.fire(out),
            None => Ok(()),
        }
    }

    fn has_more(&self) -> bool {
        self.has_due()
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        self.fire(out)
    }

    /// Runs end by the wall clock where rows are taken as they come.
    fn next_tick_ms(&self) -> Option<i64> {
        self.table.first_expiry().filter(|_| self.rowtime.is_none())
    }

    fn tick(&mut self, now_ms: i64, out: &mut Output) -> Result<(), Error> {
        let mut found = Vec::new();
        let keys = self.expire(now_ms, &mut found)?;
        self.finish(&found, keys, out)
    }

    fn snapshot(&mut self, _epoch: Epoch, _extent: Extent) -> Result<OperatorSnapshot, Error> {
        self.table.snapshot(self.key_groups)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            late_rows_dropped: self.late_rows,
            null_time_rows_dropped: self.null_time_rows,
            state_bytes: self.table.size_bytes(),
            ..Gauges::default()
        }
    }
}
