//! Casts among dates, times and timestamps.
//!
//! TIMESTAMP and TIMESTAMP_LTZ meet through the session's time zone. Where Flink divides milliseconds and so cuts
//! towards 1970, for times before it too, that is followed.

use arrow_array::types::{
    ArrowTimestampType, Date32Type, Time32MillisecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use chrono_tz::Tz;
use dataflow::{Error, EvaluationContext};
use model::TypeKind;
use values::temporal::{Instant, MS_PER_DAY, SECONDS_PER_DAY};

use super::downcast;
use super::number::no_cast;
use crate::{build, zone};

pub(super) fn cast(
    array: &ArrayRef,
    from: &TypeKind,
    to: &TypeKind,
    context: &EvaluationContext,
) -> Result<ArrayRef, Error> {
    let zone = context.time_zone;
    match from {
        TypeKind::Date => {
            let days = downcast::<PrimitiveArray<Date32Type>>(array)?;
            let get = |row: usize| Instant {
                seconds: i64::from(days.value(row)) * SECONDS_PER_DAY,
                nanos: 0,
            };
            local_to(array, to, zone, from, get)
        }
        TypeKind::Time(precision) => {
            let times = downcast::<PrimitiveArray<Time32MillisecondType>>(array)?;
            if let TypeKind::Time(wanted) = to {
                let wanted = *wanted.min(precision);
                return build::numbers_as::<Time32MillisecondType>(times.len(), &to.arrow(), |row| {
                    Ok((!times.is_null(row)).then(|| truncate_time(times.value(row), wanted)))
                });
            }
            let get = |row: usize| Instant::from_unit(i64::from(times.value(row)) * 1000, 6);
            local_to(array, to, zone, from, get)
        }
        TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) if *p <= 6 => {
            timestamp_to::<TimestampMicrosecondType>(array, *p, from, to, zone)
        }
        TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) => {
            timestamp_to::<TimestampNanosecondType>(array, *p, from, to, zone)
        }
        other => Err(no_cast(other, to)),
    }
}

fn timestamp_to<T: ArrowTimestampType>(
    array: &ArrayRef,
    precision: u8,
    from: &TypeKind,
    to: &TypeKind,
    zone: Tz,
) -> Result<ArrayRef, Error> {
    let stamps = downcast::<PrimitiveArray<T>>(array)?;
    let instant = |row: usize| Instant::from_unit(stamps.value(row), precision);
    let is_ltz = matches!(from, TypeKind::TimestampLtz(_));
    match to {
        TypeKind::Date => build::numbers_as::<Date32Type>(stamps.len(), &to.arrow(), |row| {
            if stamps.is_null(row) {
                return Ok(None);
            }
            let instant = instant(row);
            let day = if is_ltz {
                zone::to_local(zone, instant.seconds).div_euclid(SECONDS_PER_DAY)
            } else {
                milliseconds(instant) / MS_PER_DAY
            };
            Ok(i32::try_from(day).ok())
        }),
        TypeKind::Time(wanted) => {
            build::numbers_as::<Time32MillisecondType>(stamps.len(), &to.arrow(), |row| {
                if stamps.is_null(row) {
                    return Ok(None);
                }
                let instant = instant(row);
                let ms = if is_ltz {
                    milliseconds(zone::instant_to_local(zone, instant)).rem_euclid(MS_PER_DAY)
                } else {
                    milliseconds(instant) % MS_PER_DAY
                };
                Ok(Some(truncate_time(ms as i32, *wanted)))
            })
        }
        TypeKind::Timestamp(wanted) | TypeKind::TimestampLtz(wanted) => {
            let to_ltz = matches!(to, TypeKind::TimestampLtz(_));
            let convert = |row: usize| {
                let instant = match (is_ltz, to_ltz) {
                    (true, false) => zone::instant_to_local(zone, instant(row)),
                    (false, true) => zone::instant_to_utc(zone, instant(row)),
                    _ => instant(row),
                };
                in_unit(truncate(instant, *wanted), *wanted, to)
            };
            timestamps(stamps, *wanted, to, convert)
        }
        other => Err(no_cast(from, other)),
    }
}

/// From local times to timestamps.
fn local_to(
    array: &ArrayRef,
    to: &TypeKind,
    zone: Tz,
    from: &TypeKind,
    get: impl Fn(usize) -> Instant,
) -> Result<ArrayRef, Error> {
    match to {
        TypeKind::Timestamp(precision) => {
            timestamps(array, *precision, to, |row| in_unit(get(row), *precision, to))
        }
        TypeKind::TimestampLtz(precision) => timestamps(array, *precision, to, |row| {
            in_unit(zone::instant_to_utc(zone, get(row)), *precision, to)
        }),
        other => Err(no_cast(from, other)),
    }
}

fn timestamps(
    source: &dyn Array,
    precision: u8,
    to: &TypeKind,
    convert: impl Fn(usize) -> Result<i64, Error>,
) -> Result<ArrayRef, Error> {
    let row = |row: usize| {
        if source.is_null(row) {
            Ok(None)
        } else {
            convert(row).map(Some)
        }
    };
    if precision <= 6 {
        build::numbers_as::<TimestampMicrosecondType>(source.len(), &to.arrow(), row)
    } else {
        build::numbers_as::<TimestampNanosecondType>(source.len(), &to.arrow(), row)
    }
}

fn in_unit(instant: Instant, precision: u8, to: &TypeKind) -> Result<i64, Error> {
    instant.to_unit(precision).ok_or_else(|| {
        Error::evaluation(format!(
            "a timestamp lies outside of the years 1678 to 2262, which {to} holds; use a precision of at most 6"
        ))
    })
}

fn milliseconds(instant: Instant) -> i64 {
    instant.seconds * 1000 + i64::from(instant.nanos / 1_000_000)
}

/// Cuts the digits that a time of this precision does not have.
pub(crate) fn truncate_time(ms: i32, precision: u8) -> i32 {
    let step = match precision {
        0 => 1000,
        1 => 100,
        2 => 10,
        _ => 1,
    };
    ms / step * step
}

/// Cuts digits: of the milliseconds towards 1970, of what is finer always down.
pub(crate) fn truncate(instant: Instant, precision: u8) -> Instant {
    if precision >= 9 {
        return instant;
    }
    if precision > 3 {
        let ms = instant.nanos / 1_000_000 * 1_000_000;
        let step = 10u32.pow(u32::from(9 - precision));
        let rest = instant.nanos - ms;
        return Instant {
            seconds: instant.seconds,
            nanos: ms + rest / step * step,
        };
    }
    let step = 10i64.pow(u32::from(3 - precision));
    let ms = milliseconds(instant) / step * step;
    Instant {
        seconds: ms.div_euclid(1000),
        nanos: (ms.rem_euclid(1000) * 1_000_000) as u32,
    }
}
