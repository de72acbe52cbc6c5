//! Functions of dates and times.
//!
//! Flink computes most of them on milliseconds with Java's `/` and `%`, which cut off towards zero: before 1970
//! parts of a time may be negative and a day one too late. That is kept, as "same rows" demands it.

mod clock;
mod columns;
mod difference;
mod extract;
mod format;
mod parse;
mod pattern;
mod unit;
mod unix;

use crate::definition::Scalar;

pub(crate) use unit::round_to_unit;

pub(crate) fn list() -> Vec<&'static Scalar> {
    [
        clock::LIST,
        difference::LIST,
        extract::LIST,
        format::LIST,
        parse::LIST,
        unix::LIST,
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(crate) const MS_PER_DAY: i64 = 86_400_000;
