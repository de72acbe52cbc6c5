//! TO_DATE, TO_TIMESTAMP and TO_TIMESTAMP_LTZ. Text that is none of it gives NULL.

use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use chrono_tz::Tz;
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;
use values::temporal::{Instant, parse_date, parse_timestamp};

use super::format::Patterns;
use crate::build;
use crate::definition::Scalar;
use crate::kernel::fallible_kernel;
use crate::signature::{Slot, bound_as, check_count, coerce, coerce_one, literal_int};
use crate::zone;

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "TO_DATE",
        signatures: &["TO_DATE(text [, pattern])"],
        doc: "The date that a text stands for, 'yyyy-MM-dd' by default; NULL if it is none.",
        example: ("TO_DATE('29.02.2024', 'dd.MM.yyyy')", "2024-02-29"),
        category: "temporal",
        bind: bind_to_date,
    },
    Scalar {
        name: "TO_TIMESTAMP",
        signatures: &["TO_TIMESTAMP(text [, pattern])"],
        doc: "The TIMESTAMP(3) that a text stands for, 'yyyy-MM-dd HH:mm:ss' by default; NULL if it is none.",
        example: ("TO_TIMESTAMP('2024-02-29 13:45:59')", "2024-02-29 13:45:59.000"),
        category: "temporal",
        bind: bind_to_timestamp,
    },
    Scalar {
        name: "TO_TIMESTAMP_LTZ",
        signatures: &[
            "TO_TIMESTAMP_LTZ(number [, precision])",
            "TO_TIMESTAMP_LTZ(text [, pattern [, zone]])",
        ],
        doc: "The instant of epoch seconds (precision 0) or milliseconds (precision 3, the default), or the one that a text stands for in a time zone (UTC by default).",
        example: ("TO_TIMESTAMP_LTZ(0, 3)", "1970-01-01 00:00:00.000"),
        category: "temporal",
        bind: bind_to_timestamp_ltz,
    },
];

fn bind_to_date(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("TO_DATE", arguments, 1, &[Slot::Text, Slot::Text])?;
    let function = fallible_kernel("TO_DATE", |call| {
        let text = call.text(0)?;
        let mut patterns = call.text_opt(1)?.map(Patterns::simple);
        build::numbers_as::<Date32Type>(call.rows, &TypeKind::Date.arrow(), |row| {
            let Some(text) = text.get(row) else {
                return Ok(None);
            };
            let Some(patterns) = &mut patterns else {
                return Ok(parse_date(text.as_bytes()));
            };
            let parsed = patterns.get(row)?.and_then(|pattern| pattern.parse(text, true));
            Ok(parsed.and_then(|parsed| i32::try_from(parsed.local.seconds.div_euclid(86_400)).ok()))
        })
    });
    Ok(bound_as(types, TypeKind::Date.nullable(), function))
}

fn bind_to_timestamp(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("TO_TIMESTAMP", arguments, 1, &[Slot::Text, Slot::Text])?;
    let function = fallible_kernel("TO_TIMESTAMP", |call| {
        let text = call.text(0)?;
        let mut patterns = call.text_opt(1)?.map(Patterns::new);
        let arrow = TypeKind::Timestamp(3).arrow();
        build::numbers_as::<TimestampMicrosecondType>(call.rows, &arrow, |row| {
            let Some(text) = text.get(row) else {
                return Ok(None);
            };
            Ok(local(text, row, &mut patterns)?.and_then(|instant| instant.to_unit(3)))
        })
    });
    Ok(bound_as(types, TypeKind::Timestamp(3).nullable(), function))
}

/// Text in the pattern, or in the usual form where it does not fit.
fn local(text: &str, row: usize, patterns: &mut Option<Patterns<'_>>) -> Result<Option<Instant>, Error> {
    let Some(patterns) = patterns else {
        return Ok(parse_timestamp(text.as_bytes()));
    };
    let Some(pattern) = patterns.get(row)? else {
        return Ok(None);
    };
    Ok(match pattern.parse(text, false) {
        Some(parsed) => Some(match parsed.offset {
            Some(offset) => Instant {
                seconds: parsed.local.seconds - offset,
                ..parsed.local
            },
            None => parsed.local,
        }),
        None => parse_timestamp(text.as_bytes()),
    })
}

fn bind_to_timestamp_ltz(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("TO_TIMESTAMP_LTZ", arguments, 1, 3)?;
    let result = TypeKind::TimestampLtz(3).nullable();
    let arrow = result.arrow();
    if arguments[0].data_type.kind.is_string() {
        let types = coerce(
            "TO_TIMESTAMP_LTZ",
            arguments,
            1,
            &[Slot::Text, Slot::Text, Slot::Text],
        )?;
        let function = fallible_kernel("TO_TIMESTAMP_LTZ", move |call| {
            let (text, zones) = (call.text(0)?, call.text_opt(2)?);
            let mut patterns = call.text_opt(1)?.map(Patterns::new);
            build::numbers_as::<TimestampMicrosecondType>(call.rows, &arrow, |row| {
                let Some(text) = text.get(row) else {
                    return Ok(None);
                };
                let zone = match &zones {
                    None => Tz::UTC,
                    Some(zones) => match zones.get(row).map(str::parse::<Tz>) {
                        Some(Ok(zone)) => zone,
                        _ => return Ok(None),
                    },
                };
                let local = local(text, row, &mut patterns)?;
                Ok(local.and_then(|local| zone::instant_to_utc(zone, local).to_unit(3)))
            })
        });
        return Ok(bound_as(types, result, function));
    }
    check_count("TO_TIMESTAMP_LTZ", arguments, 1, 2)?;
    let per_second = match arguments.get(1).map(literal_int) {
        None | Some(Some(3)) => 1000i64,
        Some(Some(0)) => 1,
        Some(_) => {
            return Err(SignatureError::new("the precision of TO_TIMESTAMP_LTZ must be 0 or 3").argument(1));
        }
    };
    let fractional = !arguments[0].data_type.kind.is_integer();
    let number = coerce_one(
        "TO_TIMESTAMP_LTZ",
        0,
        &arguments[0],
        if fractional { Slot::Double } else { Slot::BigInt },
    )?;
    let mut types = vec![number];
    if arguments.len() == 2 {
        types.push(coerce_one("TO_TIMESTAMP_LTZ", 1, &arguments[1], Slot::Int)?);
    }
    let function = fallible_kernel("TO_TIMESTAMP_LTZ", move |call| {
        let us_each = 1_000_000 / per_second;
        if fractional {
            let numbers = call.numbers::<Float64Type>(0)?;
            return build::numbers_as::<TimestampMicrosecondType>(call.rows, &arrow, |row| {
                Ok(numbers
                    .get(row)
                    .and_then(|number| (number as i64).checked_mul(us_each)))
            });
        }
        let numbers = call.numbers::<Int64Type>(0)?;
        build::numbers_as::<TimestampMicrosecondType>(call.rows, &arrow, |row| {
            Ok(numbers.get(row).and_then(|number| number.checked_mul(us_each)))
        })
    });
    Ok(bound_as(types, result, function))
}
