//! DATE_FORMAT.

use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;
use values::temporal::Instant;

use super::columns::Times;
use super::pattern::{Dialect, Pattern};
use crate::build;
use crate::definition::Scalar;
use crate::kernel::{Text, fallible_kernel};
use crate::signature::{Slot, bound_as, check_count, coerce_one};
use crate::zone;

pub(super) const LIST: &[Scalar] = &[Scalar {
    name: "DATE_FORMAT",
    signatures: &["DATE_FORMAT(time, pattern)"],
    doc: "A timestamp, or a text that is one, in a pattern of Java's DateTimeFormatter.",
    example: (
        "DATE_FORMAT(TIMESTAMP '2024-02-29 13:45:59', 'yyyy/MM/dd')",
        "2024/02/29",
    ),
    category: "temporal",
    bind: bind_date_format,
}];

fn bind_date_format(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("DATE_FORMAT", arguments, 2, 2)?;
    let is_text = arguments[0].data_type.kind.is_string();
    let time = coerce_one(
        "DATE_FORMAT",
        0,
        &arguments[0],
        if is_text { Slot::Text } else { Slot::Temporal },
    )?;
    let pattern = coerce_one("DATE_FORMAT", 1, &arguments[1], Slot::Text)?;
    let kind = time.kind.clone();
    let function = fallible_kernel("DATE_FORMAT", move |call| {
        let mut patterns = Patterns::new(call.text(1)?);
        let zone = call.context.time_zone;
        if is_text {
            let text = call.text(0)?;
            return build::strings(call.rows, |row, out| {
                let Some(pattern) = patterns.get(row)? else {
                    return Ok(None);
                };
                let parsed = text
                    .get(row)
                    .and_then(|text| values::temporal::parse_timestamp(text.as_bytes()));
                // A text is read without its fraction.
                let local = parsed.map(|instant| Instant { nanos: 0, ..instant });
                Ok(local.map(|local| pattern.format(local, chrono_tz::UTC, 0, out)))
            });
        }
        let times = Times::of(call, 0, &kind)?;
        let is_instant = matches!(kind, TypeKind::TimestampLtz(_));
        build::strings(call.rows, |row, out| {
            let Some(pattern) = patterns.get(row)? else {
                return Ok(None);
            };
            let Some(local) = times.instant(row) else {
                return Ok(None);
            };
            let offset = if is_instant {
                zone::offset_at(zone, zone::to_utc(zone, local.seconds))
            } else {
                0
            };
            pattern.format(local, if is_instant { zone } else { chrono_tz::UTC }, offset, out);
            Ok(Some(()))
        })
    });
    Ok(bound_as(
        vec![time, pattern],
        TypeKind::STRING.nullable(),
        function,
    ))
}

/// The pattern of the row before, compiled: patterns seldom change from row to row.
pub(super) struct Patterns<'a> {
    texts: Text<'a>,
    dialect: Dialect,
    last: Option<(&'a str, Pattern)>,
}

impl<'a> Patterns<'a> {
    /// Patterns of `DateTimeFormatter`.
    pub fn new(texts: Text<'a>) -> Self {
        Patterns {
            texts,
            dialect: Dialect::Formatter,
            last: None,
        }
    }

    /// Patterns of `SimpleDateFormat`.
    pub fn simple(texts: Text<'a>) -> Self {
        Patterns {
            dialect: Dialect::Simple,
            ..Patterns::new(texts)
        }
    }

    /// `None` if the pattern is NULL.
    pub fn get(&mut self, row: usize) -> Result<Option<&Pattern>, Error> {
        let Some(text) = self.texts.get(row) else {
            return Ok(None);
        };
        if self.last.as_ref().is_none_or(|(last, _)| *last != text) {
            let wrong = || Error::evaluation(format!("'{text}' is no pattern for dates and times"));
            self.last = Some((text, Pattern::compile(text, self.dialect).ok_or_else(wrong)?));
        }
        Ok(self.last.as_ref().map(|(_, pattern)| pattern))
    }
}
