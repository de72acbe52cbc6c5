//! Joins of two inputs.

mod interval;
mod pairs;
mod regular;
mod stage;
mod temporal;
mod timed;
mod walk;
mod window;

use dataflow::Error;
use graph::{Join, JoinTime};

use super::Build;
use crate::operator::Operator;

/// Names of the tables in snapshots, by input.
const TABLES: [&str; 2] = ["left", "right"];

pub(super) fn join(build: &Build<'_>, join: &Join) -> Result<Box<dyn Operator>, Error> {
    Ok(match join.time {
        JoinTime::Regular => Box::new(regular::RegularJoin::new(build, join)?),
        JoinTime::Interval(interval) => Box::new(interval::IntervalJoin::new(build, join, interval)?),
        JoinTime::Temporal(version) => Box::new(temporal::TemporalJoin::new(build, join, version)?),
        JoinTime::Lookup(_) => return Err(Error::internal("a lookup is no join of two inputs")),
        JoinTime::Window(window) => Box::new(window::WindowJoin::new(build, join, window)?),
    })
}
