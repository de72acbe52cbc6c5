//! Aggregation over windows in two phases around an exchange by the keys.
//!
//! The first phase aggregates what passes by, and sends on what it has before a watermark could close a window
//! with it; the second merges, and gives a window's results when it closes. What is late is decided by the
//! second phase alone, with the result that Flink's operators have row by row.

mod calls;
pub(super) mod emit;
mod global;
mod global_session;
mod local;
mod local_session;
mod told;
mod updating;

use std::sync::Arc;

use arrow_array::RecordBatch;
use dataflow::{Error, EvaluationContext};
use graph::{AggregateCall, Expr, Window, WindowEmit, WindowProperty, WindowTime};
use model::TimeAttribute;
use state::Aggregates;

pub(super) use self::calls::Calls;
use super::Build;
use crate::operator::Operator;
use crate::window::Slicing;
use crate::window::time::{Zone, milliseconds};

pub(super) fn local(
    build: &Build<'_>,
    window: Window,
    time: WindowTime,
    keys: &[Expr],
    aggregates: &[AggregateCall],
    holds: bool,
) -> Result<Box<dyn Operator>, Error> {
    let time = RowTime::new(build, time);
    Ok(match window {
        Window::Session { gap_ms } => Box::new(local_session::LocalSession::new(
            build, time, gap_ms, keys, aggregates,
        )?),
        _ => Box::new(local::Local::new(build, time, window, keys, aggregates, holds)?),
    })
}

pub(super) fn global(
    build: &Build<'_>,
    window: Window,
    time: WindowTime,
    keys: usize,
    aggregates: &[AggregateCall],
    properties: &[WindowProperty],
    emit: Option<WindowEmit>,
) -> Result<Box<dyn Operator>, Error> {
    let time = RowTime::new(build, time);
    Ok(match (window, Slicing::new(window)) {
        (_, Some(slicing)) => match emit {
            None => Box::new(global::Global::new(
                build, time, slicing, keys, aggregates, properties,
            )?),
            Some(emit) => Box::new(updating::Updating::new(
                build, time, slicing, keys, aggregates, properties, emit,
            )?),
        },
        (Window::Session { gap_ms }, None) => {
            let session =
                global_session::GlobalSession::new(build, time, gap_ms, keys, aggregates, properties);
            Box::new(session?)
        }
        (other, None) => return Err(Error::internal(format!("{other} has no slices"))),
    })
}

/// Where the time of rows comes from.
pub(super) struct RowTime {
    pub attribute: TimeAttribute,
    column: usize,
    pub zone: Zone,
    context: Arc<EvaluationContext>,
}

impl RowTime {
    pub fn new(build: &Build<'_>, time: WindowTime) -> RowTime {
        RowTime {
            attribute: time.attribute,
            column: time.column,
            zone: Zone::new(time.time_zone),
            context: build.context.clone(),
        }
    }

    pub fn is_processing_time(&self) -> bool {
        self.attribute == TimeAttribute::Proctime
    }

    pub fn now_ms(&self) -> i64 {
        self.context.clock.now_ms()
    }

    /// The local time of each row in milliseconds. A row without a time is an error, as in Flink.
    pub fn local_times(&self, batch: &RecordBatch) -> Result<Vec<i64>, Error> {
        if self.is_processing_time() {
            return Ok(vec![self.zone.local_ms(self.now_ms()); batch.num_rows()]);
        }
        let column = batch.column(self.column);
        if column.null_count() > 0 {
            return Err(Error::evaluation(
                "RowTime field should not be null, please convert it to a non-null long value.",
            ));
        }
        let mut times = milliseconds(column)?;
        self.zone.to_local(&mut times);
        Ok(times)
    }

    /// Whether a row has a time.
    pub fn has_time(&self, batch: &RecordBatch, row: usize) -> bool {
        self.is_processing_time() || batch.column(self.column).is_valid(row)
    }

    /// The column of the time, for event time.
    pub fn nulls(&self, batch: &RecordBatch) -> usize {
        if self.is_processing_time() {
            0
        } else {
            batch.column(self.column).null_count()
        }
    }

    /// As [`RowTime::local_times`], with anything where there is no time.
    pub fn local_times_lenient(&self, batch: &RecordBatch) -> Result<Vec<i64>, Error> {
        if self.is_processing_time() {
            return self.local_times(batch);
        }
        let mut times = milliseconds(batch.column(self.column))?;
        self.zone.to_local(&mut times);
        Ok(times)
    }
}

pub(super) fn accumulators(calls: &[AggregateCall]) -> Aggregates {
    Aggregates::new(
        calls
            .iter()
            .map(|call| (call.function.as_ref(), call.state_types.len())),
    )
}
