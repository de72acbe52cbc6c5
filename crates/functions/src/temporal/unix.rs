//! Unix time, and times of one zone in another. These follow Java's `SimpleDateFormat`: fields overflow, and a
//! local time that happens twice is its second.

use std::sync::Arc;

use arrow_array::types::Int64Type;
use chrono_tz::Tz;
use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;
use values::temporal::Instant;

use super::clock;
use super::format::Patterns;
use super::pattern::{Dialect, Pattern};
use crate::build;
use crate::definition::Scalar;
use crate::kernel::fallible_kernel;
use crate::signature::{Slot, bound, bound_as, coerce};
use crate::zone;

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "UNIX_TIMESTAMP",
        signatures: &["UNIX_TIMESTAMP([text [, pattern]])"],
        doc: "Seconds since 1970 now, or of a text in the session's zone; the least BIGINT if it is no time.",
        example: ("UNIX_TIMESTAMP('1970-01-01 00:00:01')", "1"),
        category: "temporal",
        bind: bind_unix_timestamp,
    },
    Scalar {
        name: "FROM_UNIXTIME",
        signatures: &["FROM_UNIXTIME(seconds [, pattern])"],
        doc: "The text of a time in seconds since 1970, in the session's zone.",
        example: ("FROM_UNIXTIME(44)", "1970-01-01 00:00:44"),
        category: "temporal",
        bind: bind_from_unixtime,
    },
    Scalar {
        name: "CONVERT_TZ",
        signatures: &["CONVERT_TZ(text, from_zone, to_zone)"],
        doc: "A time 'yyyy-MM-dd HH:mm:ss' of one zone as that of another.",
        example: (
            "CONVERT_TZ('1970-01-01 00:00:00', 'UTC', 'America/Los_Angeles')",
            "1969-12-31 16:00:00",
        ),
        category: "temporal",
        bind: bind_convert_tz,
    },
];

const DEFAULT_PATTERN: &str = "yyyy-MM-dd HH:mm:ss";

/// A named zone, or a fixed offset in seconds.
#[derive(Clone, Copy)]
enum Zone {
    Named(Tz),
    Fixed(i64),
}

impl Zone {
    /// As `java.util.TimeZone` reads it: unknown names are GMT.
    fn of(name: &str) -> Zone {
        if let Some(Ok(offset)) = name
            .strip_prefix("GMT")
            .filter(|rest| !rest.is_empty())
            .map(parse_offset)
        {
            return Zone::Fixed(offset);
        }
        name.parse().map_or(Zone::Fixed(0), Zone::Named)
    }

    fn offset_at(self, utc: i64) -> i64 {
        match self {
            Zone::Named(zone) => zone::offset_at(zone, utc),
            Zone::Fixed(offset) => offset,
        }
    }

    fn to_utc(self, local: i64) -> i64 {
        // The offset behind a change is tried first: of two times that is the second.
        let after = self.offset_at(local.saturating_add(86_400));
        let before = self.offset_at(local.saturating_sub(86_400));
        for offset in [after, before] {
            if self.offset_at(local - offset) == offset {
                return local - offset;
            }
        }
        local - before
    }
}

/// `+8`, `+08`, `+0800` or `+08:00`.
fn parse_offset(text: &str) -> Result<i64, ()> {
    let (sign, digits) = match text.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => return Err(()),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2).ok_or(())?,
        None => (digits, "0"),
    };
    let number = |text: &str| text.parse::<i64>().map_err(|_| ());
    match (number(hours)?, number(minutes)?) {
        (hours @ 0..=23, minutes @ 0..=59) => Ok(sign * (hours * 3600 + minutes * 60)),
        _ => Err(()),
    }
}

fn bind_unix_timestamp(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    if arguments.is_empty() {
        return Ok(clock::unix_now());
    }
    let types = coerce("UNIX_TIMESTAMP", arguments, 1, &[Slot::Text, Slot::Text])?;
    let function = fallible_kernel("UNIX_TIMESTAMP", |call| {
        let text = call.text(0)?;
        let mut patterns = call.text_opt(1)?.map(Patterns::simple);
        let default = Pattern::compile(DEFAULT_PATTERN, Dialect::Simple);
        let zone = Zone::Named(call.context.time_zone);
        let seconds = build::numbers::<Int64Type>(call.rows, |row| {
            let Some(text) = text.get(row) else {
                return Ok(None);
            };
            let pattern = match &mut patterns {
                None => default.as_ref(),
                Some(patterns) => patterns.get(row)?,
            };
            let Some(pattern) = pattern else { return Ok(None) };
            Ok(Some(pattern.parse(text, true).map_or(
                i64::MIN,
                |parsed| match parsed.offset {
                    Some(offset) => parsed.local.seconds - offset,
                    None => zone.to_utc(parsed.local.seconds),
                },
            )))
        })?;
        Ok(Arc::new(seconds))
    });
    Ok(bound(types, TypeKind::BigInt, function))
}

fn bind_from_unixtime(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("FROM_UNIXTIME", arguments, 1, &[Slot::BigInt, Slot::Text])?;
    let function = fallible_kernel("FROM_UNIXTIME", |call| {
        let seconds = call.numbers::<Int64Type>(0)?;
        let mut patterns = call.text_opt(1)?.map(Patterns::simple);
        let default = Pattern::compile(DEFAULT_PATTERN, Dialect::Simple);
        let zone = call.context.time_zone;
        build::strings(call.rows, |row, out| {
            let pattern = match &mut patterns {
                None => default.as_ref(),
                Some(patterns) => patterns.get(row)?,
            };
            let (Some(utc), Some(pattern)) = (seconds.get(row), pattern) else {
                return Ok(None);
            };
            let offset = zone::offset_at(zone, utc);
            let local = Instant {
                seconds: utc.saturating_add(offset),
                nanos: 0,
            };
            // Years beyond what a calendar of 64-bit days holds are no times.
            if local.seconds.unsigned_abs() > 1 << 55 {
                return Ok(None);
            }
            pattern.format(local, zone, offset, out);
            Ok(Some(()))
        })
    });
    Ok(bound_as(types, TypeKind::STRING.nullable(), function))
}

fn bind_convert_tz(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("CONVERT_TZ", arguments, 3, &[Slot::Text, Slot::Text, Slot::Text])?;
    let function = fallible_kernel("CONVERT_TZ", |call| {
        let (text, from, to) = (call.text(0)?, call.text(1)?, call.text(2)?);
        let pattern = Pattern::compile(DEFAULT_PATTERN, Dialect::Simple);
        build::strings(call.rows, |row, out| {
            let (Some(text), Some(from), Some(to)) = (text.get(row), from.get(row), to.get(row)) else {
                return Ok(None);
            };
            let Some(pattern) = &pattern else { return Ok(None) };
            let Some(parsed) = pattern.parse(text, true) else {
                return Ok(None);
            };
            let utc = Zone::of(from).to_utc(parsed.local.seconds);
            let local = Instant {
                seconds: utc + Zone::of(to).offset_at(utc),
                nanos: 0,
            };
            pattern.format(local, Tz::UTC, 0, out);
            Ok(Some(()))
        })
    });
    Ok(bound_as(types, TypeKind::STRING.nullable(), function))
}
