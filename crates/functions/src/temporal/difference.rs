//! TIMESTAMPADD, TIMESTAMPDIFF and the difference of two times as an interval.

use std::sync::Arc;

use arrow_array::types::{
    Date32Type, DurationMillisecondType, Int32Type, IntervalYearMonthType, Time32MillisecondType,
    TimestampMicrosecondType, TimestampNanosecondType,
};
use dataflow::{Argument, BoundScalar, SignatureError};
use model::{DataType, TypeKind};

use super::MS_PER_DAY;
use super::columns::Times;
use super::extract::{Unit, unit};
use crate::build;
use crate::calendar::{add_months, months_between};
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{Slot, bound, check_count, coerce_one, literal_text};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "TIMESTAMPADD",
        signatures: &["TIMESTAMPADD(unit, number, time)"],
        doc: "The time moved by so many units.",
        example: ("TIMESTAMPADD(DAY, 1, DATE '2024-02-28')", "2024-02-29"),
        category: "temporal",
        bind: bind_add,
    },
    Scalar {
        name: "TIMESTAMPDIFF",
        signatures: &["TIMESTAMPDIFF(unit, from, to)"],
        doc: "How many whole units lie between two times.",
        example: ("TIMESTAMPDIFF(DAY, DATE '2024-02-28', DATE '2024-03-01')", "2"),
        category: "temporal",
        bind: bind_difference,
    },
    Scalar {
        name: "BETWEEN TIMES",
        signatures: &["(to - from) DAY TO SECOND", "(to - from) YEAR TO MONTH"],
        doc: "The time between two dates, times or timestamps, in milliseconds or in whole months.",
        example: (
            "CAST((DATE '2024-03-01' - DATE '2024-02-28') DAY TO SECOND AS STRING)",
            "+2 00:00:00.000",
        ),
        category: "temporal",
        bind: bind_between,
    },
];

/// A unit as a number of months or of milliseconds.
#[derive(Clone, Copy)]
enum Step {
    Months(i64),
    Ms(i64),
}

fn step(name: &str, argument: &Argument) -> Result<Step, SignatureError> {
    let unit = unit(&literal_text(argument).unwrap_or_default())?;
    Ok(match unit {
        Unit::Year => Step::Months(12),
        Unit::Quarter => Step::Months(3),
        Unit::Month => Step::Months(1),
        Unit::Week => Step::Ms(7 * MS_PER_DAY),
        Unit::Day => Step::Ms(MS_PER_DAY),
        Unit::Hour => Step::Ms(3_600_000),
        Unit::Minute => Step::Ms(60_000),
        Unit::Second => Step::Ms(1000),
        Unit::Millisecond => Step::Ms(1),
        _ => return Err(SignatureError::new(format!("{name} does not count in {unit:?}")).argument(0)),
    })
}

fn bind_add(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("TIMESTAMPADD", arguments, 3, 3)?;
    let step = step("TIMESTAMPADD", &arguments[0])?;
    let number = coerce_one("TIMESTAMPADD", 1, &arguments[1], Slot::Int)?;
    let time = coerce_one("TIMESTAMPADD", 2, &arguments[2], Slot::Temporal)?;
    let from = time.kind.clone();
    let to = match (&from, step) {
        // Hours and less do not fit into a date.
        (TypeKind::Date, Step::Ms(ms)) if ms % MS_PER_DAY != 0 => TypeKind::Timestamp(6),
        (kind, _) => kind.clone(),
    };
    let result = to.clone();
    let function = kernel("TIMESTAMPADD", move |call| {
        let (numbers, times) = (call.numbers::<Int32Type>(1)?, Times::of(call, 2, &from)?);
        let moved = |row: usize| {
            let (number, ms) = (i64::from(numbers.get(row)?), times.utc_ms(row)?);
            Some(match step {
                Step::Ms(length) => ms.checked_add(length.checked_mul(number)?)?,
                Step::Months(months) => add_months(ms.div_euclid(MS_PER_DAY), months.checked_mul(number)?)
                    .checked_mul(MS_PER_DAY)?
                    .checked_add(ms.rem_euclid(MS_PER_DAY))?,
            })
        };
        let arrow = to.arrow();
        match &to {
            TypeKind::Date => build::numbers_as::<Date32Type>(call.rows, &arrow, |row| {
                Ok(moved(row).map(|ms| ms.div_euclid(MS_PER_DAY) as i32))
            }),
            TypeKind::Time(_) => build::numbers_as::<Time32MillisecondType>(call.rows, &arrow, |row| {
                Ok(moved(row).map(|ms| ms.rem_euclid(MS_PER_DAY) as i32))
            }),
            TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) if *p > 6 => {
                let original = call.numbers_opt::<TimestampNanosecondType>(2)?;
                build::numbers_as::<TimestampNanosecondType>(call.rows, &arrow, |row| {
                    let below = original
                        .as_ref()
                        .and_then(|o| o.get(row))
                        .map_or(0, |ns| ns.rem_euclid(1_000_000));
                    Ok(moved(row).and_then(|ms| ms.checked_mul(1_000_000)?.checked_add(below)))
                })
            }
            _ => {
                let original = match from {
                    TypeKind::Date => None,
                    _ => call.numbers_opt::<TimestampMicrosecondType>(2)?,
                };
                build::numbers_as::<TimestampMicrosecondType>(call.rows, &arrow, |row| {
                    let below = original
                        .as_ref()
                        .and_then(|o| o.get(row))
                        .map_or(0, |us| us.rem_euclid(1000));
                    Ok(moved(row).and_then(|ms| ms.checked_mul(1000)?.checked_add(below)))
                })
            }
        }
    });
    Ok(bound(
        vec![TypeKind::STRING.not_null(), number, time],
        result,
        function,
    ))
}

fn bind_difference(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("TIMESTAMPDIFF", arguments, 3, 3)?;
    let step = step("TIMESTAMPDIFF", &arguments[0])?;
    let types: Vec<DataType> = (1..3)
        .map(|index| coerce_one("TIMESTAMPDIFF", index, &arguments[index], Slot::Temporal))
        .collect::<Result<_, _>>()?;
    let is_instant = |index: usize| matches!(types[index].kind, TypeKind::TimestampLtz(_));
    if is_instant(0) != is_instant(1) {
        return Err(
            SignatureError::new("TIMESTAMPDIFF takes two TIMESTAMP_LTZ or none")
                .argument(2)
                .hint("cast one side, as in CAST(x AS TIMESTAMP_LTZ(3))"),
        );
    }
    let kinds: Vec<TypeKind> = types.iter().map(|t| t.kind.clone()).collect();
    let function = kernel("TIMESTAMPDIFF", move |call| {
        let (from, to) = (Times::of(call, 1, &kinds[0])?, Times::of(call, 2, &kinds[1])?);
        let differences = build::numbers::<Int32Type>(call.rows, |row| {
            Ok(from.utc_ms(row).zip(to.utc_ms(row)).map(|(from, to)| match step {
                Step::Ms(length) => ((to - from) / length) as i32,
                Step::Months(months) => (whole_months(to, from) / months) as i32,
            }))
        })?;
        Ok(Arc::new(differences))
    });
    let mut all = vec![TypeKind::STRING.not_null()];
    all.extend(types);
    Ok(bound(all, TypeKind::Int, function))
}

/// Takes the later time, the earlier one, and 'MONTH' or 'SECOND' for the kind of interval.
fn bind_between(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("-", arguments, 3, 3)?;
    let types: Vec<DataType> = (0..2)
        .map(|index| coerce_one("-", index, &arguments[index], Slot::Temporal))
        .collect::<Result<_, _>>()?;
    if std::mem::discriminant(&types[0].kind) != std::mem::discriminant(&types[1].kind) {
        return Err(SignatureError::new(format!(
            "cannot subtract {} from {}",
            types[1].kind, types[0].kind
        ))
        .hint("cast one side to the type of the other"));
    }
    let months = literal_text(&arguments[2]).as_deref() == Some("MONTH");
    let kinds: Vec<TypeKind> = types.iter().map(|t| t.kind.clone()).collect();
    let function = kernel("BETWEEN TIMES", move |call| {
        let (to, from) = (Times::of(call, 0, &kinds[0])?, Times::of(call, 1, &kinds[1])?);
        let both = |row: usize| to.utc_ms(row).zip(from.utc_ms(row));
        Ok(if months {
            Arc::new(build::numbers::<IntervalYearMonthType>(call.rows, |row| {
                Ok(both(row).map(|(to, from)| whole_months(to, from) as i32))
            })?)
        } else {
            Arc::new(build::numbers::<DurationMillisecondType>(call.rows, |row| {
                Ok(both(row).map(|(to, from)| to.wrapping_sub(from)))
            })?)
        })
    });
    let result = if months {
        TypeKind::IntervalYearMonth
    } else {
        TypeKind::IntervalDayTime
    };
    let mut all = types;
    all.push(TypeKind::STRING.not_null());
    Ok(bound(all, result, function))
}

/// A month is not whole if on its last day the time of day is not reached; so the same day with an earlier time
/// counts as one month back, as in Calcite.
fn whole_months(to: i64, from: i64) -> i64 {
    let (to_day, from_day) = (to.div_euclid(MS_PER_DAY), from.div_euclid(MS_PER_DAY));
    let months = months_between(to_day, from_day);
    let early = to.rem_euclid(MS_PER_DAY) < from.rem_euclid(MS_PER_DAY);
    if early && add_months(from_day, months) == to_day {
        months - 1
    } else {
        months
    }
}
