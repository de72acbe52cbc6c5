//! Columns of dates, times and timestamps as milliseconds of local time.

use arrow_array::types::{
    Date32Type, Time32MillisecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use chrono_tz::Tz;
use dataflow::Error;
use model::TypeKind;
use values::temporal::Instant;

use super::MS_PER_DAY;
use crate::kernel::{Call, Numbers};
use crate::zone;

/// A column of any temporal type.
pub(super) enum Times<'a> {
    Date(Numbers<'a, Date32Type>),
    Time(Numbers<'a, Time32MillisecondType>),
    Micros(Numbers<'a, TimestampMicrosecondType>, Option<Tz>),
    Nanos(Numbers<'a, TimestampNanosecondType>, Option<Tz>),
}

impl<'a> Times<'a> {
    /// The argument at `index`, which is of type `kind`; instants are seen in the session's zone.
    pub fn of(call: &Call<'a>, index: usize, kind: &TypeKind) -> Result<Self, Error> {
        let zone = matches!(kind, TypeKind::TimestampLtz(_)).then_some(call.context.time_zone);
        Ok(match kind {
            TypeKind::Date => Times::Date(call.numbers(index)?),
            TypeKind::Time(_) => Times::Time(call.numbers(index)?),
            TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) if *p > 6 => {
                Times::Nanos(call.numbers(index)?, zone)
            }
            _ => Times::Micros(call.numbers(index)?, zone),
        })
    }

    /// Local time; a date is its midnight, a time of day lies on the first of January 1970.
    pub fn instant(&self, row: usize) -> Option<Instant> {
        let (utc, zone) = match self {
            Times::Date(days) => {
                return Some(Instant {
                    seconds: i64::from(days.get(row)?) * 86_400,
                    nanos: 0,
                });
            }
            Times::Time(times) => (Instant::from_unit(i64::from(times.get(row)?) * 1000, 6), None),
            Times::Micros(times, zone) => (Instant::from_unit(times.get(row)?, 6), *zone),
            Times::Nanos(times, zone) => (Instant::from_unit(times.get(row)?, 9), *zone),
        };
        Some(match zone {
            Some(zone) => zone::instant_to_local(zone, utc),
            None => utc,
        })
    }

    /// Milliseconds of local time since 1970.
    pub fn ms(&self, row: usize) -> Option<i64> {
        self.instant(row).map(ms_of)
    }

    /// Milliseconds since 1970: instants stay in UTC.
    pub fn utc_ms(&self, row: usize) -> Option<i64> {
        match self {
            Times::Micros(times, _) => Some(times.get(row)?.div_euclid(1000)),
            Times::Nanos(times, _) => Some(times.get(row)?.div_euclid(1_000_000)),
            Times::Date(days) => Some(i64::from(days.get(row)?) * MS_PER_DAY),
            Times::Time(times) => Some(i64::from(times.get(row)?)),
        }
    }
}

pub(super) fn ms_of(instant: Instant) -> i64 {
    instant.seconds * 1000 + i64::from(instant.nanos / 1_000_000)
}

pub(super) fn instant_of(ms: i64) -> Instant {
    Instant {
        seconds: ms.div_euclid(1000),
        nanos: (ms.rem_euclid(1000) * 1_000_000) as u32,
    }
}
