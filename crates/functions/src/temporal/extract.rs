//! EXTRACT, and the functions named after its units.

use std::sync::Arc;

use arrow_array::types::Int64Type;
use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;
use model::suggest::did_you_mean;
use values::temporal::{civil_from_days, days_from_civil};

use super::MS_PER_DAY;
use super::columns::Times;
use crate::build;
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{Slot, bound, check_count, coerce_one, literal_text};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "EXTRACT",
        signatures: &["EXTRACT(unit FROM time)"],
        doc: "A part of a date, time or timestamp as BIGINT: YEAR, QUARTER, MONTH, WEEK, DAY, DOY, DOW, HOUR, MINUTE, SECOND and others.",
        example: ("EXTRACT(DAY FROM DATE '2006-06-05')", "5"),
        category: "temporal",
        bind: |arguments| {
            check_count("EXTRACT", arguments, 2, 2)?;
            let name = literal_text(&arguments[0]).unwrap_or_default();
            bind("EXTRACT", unit(&name)?, &arguments[1..], 1)
        },
    },
    named(
        "YEAR",
        &["YEAR(time)"],
        "The year.",
        ("YEAR(DATE '1994-09-27')", "1994"),
        |a| bind("YEAR", Unit::Year, a, 0),
    ),
    named(
        "QUARTER",
        &["QUARTER(time)"],
        "The quarter of the year, 1 to 4.",
        ("QUARTER(DATE '1994-09-27')", "3"),
        |a| bind("QUARTER", Unit::Quarter, a, 0),
    ),
    named(
        "MONTH",
        &["MONTH(time)"],
        "The month, 1 to 12.",
        ("MONTH(DATE '1994-09-27')", "9"),
        |a| bind("MONTH", Unit::Month, a, 0),
    ),
    named(
        "WEEK",
        &["WEEK(time)"],
        "The week of the year by ISO 8601, 1 to 53.",
        ("WEEK(DATE '1994-09-27')", "39"),
        |a| bind("WEEK", Unit::Week, a, 0),
    ),
    named(
        "DAYOFYEAR",
        &["DAYOFYEAR(time)"],
        "The day of the year.",
        ("DAYOFYEAR(DATE '1994-09-27')", "270"),
        |a| bind("DAYOFYEAR", Unit::DayOfYear, a, 0),
    ),
    named(
        "DAYOFMONTH",
        &["DAYOFMONTH(time)"],
        "The day of the month.",
        ("DAYOFMONTH(DATE '1994-09-27')", "27"),
        |a| bind("DAYOFMONTH", Unit::Day, a, 0),
    ),
    named(
        "DAYOFWEEK",
        &["DAYOFWEEK(time)"],
        "The day of the week, 1 for Sunday.",
        ("DAYOFWEEK(DATE '1994-09-27')", "3"),
        |a| bind("DAYOFWEEK", Unit::DayOfWeek, a, 0),
    ),
    named(
        "HOUR",
        &["HOUR(time)"],
        "The hour, 0 to 23.",
        ("HOUR(TIME '13:14:15')", "13"),
        |a| bind("HOUR", Unit::Hour, a, 0),
    ),
    named(
        "MINUTE",
        &["MINUTE(time)"],
        "The minute, 0 to 59.",
        ("MINUTE(TIME '13:14:15')", "14"),
        |a| bind("MINUTE", Unit::Minute, a, 0),
    ),
    named(
        "SECOND",
        &["SECOND(time)"],
        "The second, 0 to 59.",
        ("SECOND(TIME '13:14:15')", "15"),
        |a| bind("SECOND", Unit::Second, a, 0),
    ),
];

const fn named(
    name: &'static str,
    signatures: &'static [&'static str],
    doc: &'static str,
    example: (&'static str, &'static str),
    bind: fn(&[Argument]) -> Result<BoundScalar, SignatureError>,
) -> Scalar {
    Scalar {
        name,
        signatures,
        doc,
        example,
        category: "temporal",
        bind,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Millennium,
    Century,
    Decade,
    Year,
    IsoYear,
    Quarter,
    Month,
    Week,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Epoch,
}

const UNITS: &[(&str, Unit)] = &[
    ("MILLENNIUM", Unit::Millennium),
    ("CENTURY", Unit::Century),
    ("DECADE", Unit::Decade),
    ("YEAR", Unit::Year),
    ("ISOYEAR", Unit::IsoYear),
    ("QUARTER", Unit::Quarter),
    ("MONTH", Unit::Month),
    ("WEEK", Unit::Week),
    ("DAY", Unit::Day),
    ("DOW", Unit::DayOfWeek),
    ("ISODOW", Unit::IsoDayOfWeek),
    ("DOY", Unit::DayOfYear),
    ("HOUR", Unit::Hour),
    ("MINUTE", Unit::Minute),
    ("SECOND", Unit::Second),
    ("MILLISECOND", Unit::Millisecond),
    ("MICROSECOND", Unit::Microsecond),
    ("NANOSECOND", Unit::Nanosecond),
    ("EPOCH", Unit::Epoch),
];

/// The unit of a name; plural names and those of SQL's time stamp functions (`SQL_TSI_DAY`) count too.
pub(super) fn unit(name: &str) -> Result<Unit, SignatureError> {
    let upper = name.to_ascii_uppercase();
    let plain = upper.strip_prefix("SQL_TSI_").unwrap_or(&upper);
    let singular = plain.strip_suffix('S').unwrap_or(plain);
    let found = UNITS.iter().find(|(unit, _)| *unit == plain || *unit == singular);
    found.map(|(_, unit)| *unit).ok_or_else(|| {
        let mut error = SignatureError::new(format!("'{name}' is no unit of time")).argument(0);
        error.hint = did_you_mean(name, UNITS.iter().map(|(unit, _)| *unit));
        error
    })
}

/// `arguments` holds the time alone; in the call it stands at `index`.
fn bind(
    name: &'static str,
    unit: Unit,
    arguments: &[Argument],
    index: usize,
) -> Result<BoundScalar, SignatureError> {
    check_count(name, arguments, 1, 1)?;
    let time = coerce_one(name, index, &arguments[0], Slot::Temporal)?;
    let kind = time.kind.clone();
    let is_date = kind == TypeKind::Date;
    let is_time = matches!(kind, TypeKind::Time(_));
    let dated = !matches!(
        unit,
        Unit::Hour
            | Unit::Minute
            | Unit::Second
            | Unit::Millisecond
            | Unit::Microsecond
            | Unit::Nanosecond
            | Unit::Epoch
    );
    if (is_time && dated) || (is_date && !dated && unit != Unit::Epoch) {
        return Err(
            SignatureError::new(format!("{name} cannot take {unit:?} out of {kind}")).argument(index),
        );
    }
    let function = kernel(name, move |call| {
        let times = Times::of(call, index, &kind)?;
        let parts = build::numbers::<Int64Type>(call.rows, |row| Ok(times.ms(row).map(|ms| part(unit, ms))))?;
        Ok(Arc::new(parts))
    });
    let mut types = vec![time];
    if index == 1 {
        types.insert(0, TypeKind::STRING.not_null());
    }
    Ok(bound(types, TypeKind::BigInt, function))
}

fn part(unit: Unit, ms: i64) -> i64 {
    let days = ms / MS_PER_DAY;
    match unit {
        Unit::Hour => ms % MS_PER_DAY / 3_600_000,
        Unit::Minute => ms % 3_600_000 / 60_000,
        Unit::Second => ms % 60_000 / 1000,
        Unit::Millisecond => ms % 1000,
        Unit::Microsecond => ms % 1000 * 1000,
        Unit::Nanosecond => ms % 1000 * 1_000_000,
        Unit::Epoch => ms / 1000,
        _ => date_part(unit, days),
    }
}

fn date_part(unit: Unit, days: i64) -> i64 {
    let (year, month, day) = civil_from_days(days);
    match unit {
        Unit::Millennium => (year + 999) / 1000,
        Unit::Century => (year + 99) / 100,
        Unit::Decade => year / 10,
        Unit::Year => year,
        Unit::IsoYear => iso_week(days).0,
        Unit::Quarter => i64::from(month.div_ceil(3)),
        Unit::Month => i64::from(month),
        Unit::Week => iso_week(days).1,
        Unit::Day => i64::from(day),
        Unit::DayOfWeek => sunday_is_zero(days) + 1,
        Unit::IsoDayOfWeek => monday_is_zero(days) + 1,
        _ => day_of_year(days),
    }
}

pub(super) fn day_of_year(days: i64) -> i64 {
    days - days_from_civil(civil_from_days(days).0, 1, 1) + 1
}

/// The first of January 1970 was a Thursday.
pub(super) fn sunday_is_zero(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

fn monday_is_zero(days: i64) -> i64 {
    (days + 3).rem_euclid(7)
}

/// Year and week by ISO 8601: a week belongs to the year of its Thursday.
fn iso_week(days: i64) -> (i64, i64) {
    let thursday = days - monday_is_zero(days) + 3;
    let year = civil_from_days(thursday).0;
    (year, (thursday - days_from_civil(year, 1, 1)) / 7 + 1)
}
