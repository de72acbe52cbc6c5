//! CEIL and FLOOR of times to a unit.

use arrow_array::types::{
    Date32Type, Time32MillisecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;
use values::temporal::{civil_from_days, days_from_civil};

use super::MS_PER_DAY;
use super::columns::{Times, instant_of};
use super::extract::{Unit, sunday_is_zero, unit};
use crate::build;
use crate::kernel::kernel;
use crate::signature::{Slot, bound, coerce_one, literal_text};

/// Binds `CEIL(time, unit)` (`up`) or `FLOOR(time, unit)`.
pub(crate) fn round_to_unit(arguments: &[Argument], up: bool) -> Result<BoundScalar, SignatureError> {
    let name = if up { "CEIL" } else { "FLOOR" };
    let time = coerce_one(name, 0, &arguments[0], Slot::Temporal)?;
    let unit = unit(&literal_text(&arguments[1]).unwrap_or_default())?;
    let kind = time.kind.clone();
    if rounded(unit, 0, up).is_none() {
        return Err(SignatureError::new(format!("{name} does not round to {unit:?}")).argument(1));
    }
    let from = kind.clone();
    let function = kernel(name, move |call| {
        let times = Times::of(call, 0, &from)?;
        let ms = |row: usize| times.ms(row).and_then(|ms| rounded(unit, ms, up));
        let instant = |row: usize| {
            // The offset before rounding is taken off again, even where the rounded time has another.
            let offset = times.ms(row)? - times.utc_ms(row)?;
            Some(instant_of(ms(row)? - offset))
        };
        let arrow = from.arrow();
        match &from {
            TypeKind::Date => build::numbers_as::<Date32Type>(call.rows, &arrow, |row| {
                Ok(ms(row).map(|ms| ms.div_euclid(MS_PER_DAY) as i32))
            }),
            TypeKind::Time(_) => build::numbers_as::<Time32MillisecondType>(call.rows, &arrow, |row| {
                Ok(ms(row).map(|ms| ms.rem_euclid(MS_PER_DAY) as i32))
            }),
            TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) if *p > 6 => {
                let precision = *p;
                build::numbers_as::<TimestampNanosecondType>(call.rows, &arrow, |row| {
                    Ok(instant(row).and_then(|instant| instant.to_unit(precision)))
                })
            }
            _ => build::numbers_as::<TimestampMicrosecondType>(call.rows, &arrow, |row| {
                Ok(instant(row).and_then(|instant| instant.to_unit(6)))
            }),
        }
    });
    Ok(bound(vec![time, TypeKind::STRING.not_null()], kind, function))
}

/// Up to a day by the clock; weeks, months and years by the day alone, the time of day left out.
fn rounded(unit: Unit, ms: i64, up: bool) -> Option<i64> {
    let length = match unit {
        Unit::Millisecond => 1,
        Unit::Second => 1000,
        Unit::Minute => 60_000,
        Unit::Hour => 3_600_000,
        Unit::Day => MS_PER_DAY,
        _ => return rounded_day(unit, ms / MS_PER_DAY, up).map(|day| day * MS_PER_DAY),
    };
    let down = ms.div_euclid(length) * length;
    Some(if up && down < ms { down + length } else { down })
}

fn rounded_day(unit: Unit, day: i64, up: bool) -> Option<i64> {
    let (year, month, _) = civil_from_days(day);
    let (start, next) = match unit {
        Unit::Week => {
            let sunday = day - sunday_is_zero(day);
            (sunday, sunday + 7)
        }
        Unit::Month => (days_from_civil(year, month, 1), first_of(year, month + 1)),
        Unit::Quarter => {
            let first = (month - 1) / 3 * 3 + 1;
            (days_from_civil(year, first, 1), first_of(year, first + 3))
        }
        Unit::Year => (days_from_civil(year, 1, 1), days_from_civil(year + 1, 1, 1)),
        Unit::Decade => years(year.div_euclid(10) * 10, 10),
        Unit::Century => years((year - 1).div_euclid(100) * 100 + 1, 100),
        Unit::Millennium => years((year - 1).div_euclid(1000) * 1000 + 1, 1000),
        _ => return None,
    };
    Some(if up && start < day { next } else { start })
}

/// The first day of a month that may lie in the next year.
fn first_of(year: i64, month: u32) -> i64 {
    if month > 12 {
        days_from_civil(year + 1, month - 12, 1)
    } else {
        days_from_civil(year, month, 1)
    }
}

fn years(first: i64, count: i64) -> (i64, i64) {
    (days_from_civil(first, 1, 1), days_from_civil(first + count, 1, 1))
}
