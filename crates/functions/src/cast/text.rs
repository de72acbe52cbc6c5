//! Casts from text, and to bytes.

use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, BinaryArray, StringArray};
use dataflow::{Error, EvaluationContext};
use model::TypeKind;
use values::{decimal, number, temporal};

use super::number::no_cast;
use super::{Failures, downcast};
use crate::{build, zone};

pub(super) fn cast(
    array: &ArrayRef,
    to: &TypeKind,
    context: &EvaluationContext,
    failures: &mut Failures,
) -> Result<ArrayRef, Error> {
    let texts = downcast::<StringArray>(array)?;
    let rows = texts.len();
    let get = |row: usize| (!texts.is_null(row)).then(|| texts.value(row));
    let arrow = to.arrow();
    macro_rules! parse {
        ($arrow:ty, $read:expr, $message:expr) => {
            build::numbers_as::<$arrow>(rows, &arrow, |row| match get(row) {
                None => Ok(None),
                Some(text) => match $read(text) {
                    Some(value) => Ok(Some(value)),
                    None => failures.fail(row, || $message(text)),
                },
            })
        };
    }
    macro_rules! integer {
        ($arrow:ty, $native:ty) => {
            build::numbers_as::<$arrow>(rows, &arrow, |row| match get(row) {
                None => Ok(None),
                Some(text) => match read_integer(text)
                    .and_then(|value| <$native>::try_from(value).map_err(|_| "Overflow."))
                {
                    Ok(value) => Ok(Some(value)),
                    Err(reason) => failures.fail(row, || format!("For input string: '{text}'. {reason}")),
                },
            })
        };
    }
    match to {
        TypeKind::Boolean => build::flags(rows, |row| match get(row) {
            None => Ok(None),
            Some(text) => match read_boolean(text) {
                Some(value) => Ok(Some(value)),
                None => failures.fail(row, || format!("Cannot parse '{text}' as BOOLEAN.")),
            },
        }),
        TypeKind::TinyInt => integer!(Int8Type, i8),
        TypeKind::SmallInt => integer!(Int16Type, i16),
        TypeKind::Int => integer!(Int32Type, i32),
        TypeKind::BigInt => integer!(Int64Type, i64),
        TypeKind::Float => parse!(
            Float32Type,
            |text: &str| number::parse_f32(java_trim(text)),
            |text| format!("For input string: \"{text}\"")
        ),
        TypeKind::Double => parse!(
            Float64Type,
            |text: &str| number::parse_f64(java_trim(text)),
            |text| format!("For input string: \"{text}\"")
        ),
        TypeKind::Decimal { precision, scale } => parse!(
            Decimal128Type,
            |text: &str| decimal::parse_as(java_trim(text), *precision, *scale),
            |text| format!("For input string: '{text}'. Overflow.")
        ),
        TypeKind::Date => parse!(
            Date32Type,
            |text: &str| temporal::parse_date(text.as_bytes()),
            |text| format!("For input string: '{text}'.")
        ),
        TypeKind::Time(precision) => parse!(
            Time32MillisecondType,
            |text: &str| {
                let ms = temporal::parse_time_ms(text.as_bytes())?;
                Some(super::temporal::truncate_time(ms, *precision))
            },
            |text| format!("Invalid time format: '{text}'. Expected format: HH:mm:ss[.fff]")
        ),
        TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision) => {
            let in_zone = matches!(to, TypeKind::TimestampLtz(_)).then_some(context.time_zone);
            let read = |text: &str| {
                let local = temporal::parse_timestamp(text.as_bytes())?;
                let instant = match in_zone {
                    Some(zone) => zone::instant_to_utc(zone, local),
                    None => local,
                };
                instant.to_unit(*precision)
            };
            let message = |text: &str| format!("Text '{text}' could not be parsed as {to}");
            if *precision <= 6 {
                parse!(TimestampMicrosecondType, read, message)
            } else {
                parse!(TimestampNanosecondType, read, message)
            }
        }
        other => Err(no_cast(&TypeKind::STRING, other)),
    }
}

/// An integer between blanks; digits after a point are checked and dropped.
fn read_integer(text: &str) -> Result<i64, &'static str> {
    const INVALID: &str = "Invalid character found.";
    let trimmed = trim_blanks(text).as_bytes();
    if trimmed.is_empty() {
        return Err("Input is empty.");
    }
    let (whole, fraction) = match trimmed.iter().position(|&byte| byte == b'.') {
        Some(at) => (&trimmed[..at], &trimmed[at + 1..]),
        None => (trimmed, &trimmed[trimmed.len()..]),
    };
    if !fraction.iter().all(u8::is_ascii_digit) {
        return Err(INVALID);
    }
    if let Some(value) = number::parse_i64(whole) {
        return Ok(value);
    }
    let digits = match whole {
        [b'-' | b'+', rest @ ..] => rest,
        _ => whole,
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(INVALID);
    }
    match digits.is_empty() {
        // '.5' and '-.5' are zero, a sign alone is nothing.
        true if trimmed.contains(&b'.') => Ok(0),
        true => Err("Input has only positive or negative symbol."),
        false => Err("Overflow."),
    }
}

/// The words that Flink knows for true and false, in any case.
pub(crate) fn read_boolean(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["t", "true", "y", "yes", "1"]) {
        Some(true)
    } else if is(&["f", "false", "n", "no", "0"]) {
        Some(false)
    } else {
        None
    }
}

fn trim_blanks(text: &str) -> &str {
    text.trim_matches(' ')
}

fn java_trim(text: &str) -> &[u8] {
    text.trim_matches(|character: char| character <= ' ').as_bytes()
}

/// Bytes to the bitmap in them.
pub(super) fn to_bitmap(array: &ArrayRef, failures: &mut Failures) -> Result<ArrayRef, Error> {
    let bytes = downcast::<BinaryArray>(array)?;
    build::binaries(bytes.len(), |row, out| {
        if bytes.is_null(row) {
            return Ok(None);
        }
        match values::bitmap::read(bytes.value(row)) {
            Some(set) => {
                values::bitmap::write(set, out);
                Ok(Some(()))
            }
            None => failures.fail(row, || {
                "cannot cast these bytes to BITMAP: they are none".to_string()
            }),
        }
    })
}

/// Text or bytes to bytes: cut to their length, and filled with zeros to that of a BINARY.
pub(super) fn to_binary(array: &ArrayRef, to: &TypeKind) -> Result<ArrayRef, Error> {
    let (length, padded) = match to {
        TypeKind::Binary(length) => (*length as usize, true),
        TypeKind::Varbinary(length) => (*length as usize, false),
        other => return Err(no_cast(&TypeKind::BYTES, other)),
    };
    if padded && array.null_count() < array.len() {
        build::check_length("CAST", length)?;
    }
    let write = |bytes: &[u8], out: &mut Vec<u8>| {
        let kept = &bytes[..bytes.len().min(length)];
        out.extend_from_slice(kept);
        if padded {
            out.resize(out.len() + length - kept.len(), 0);
        }
    };
    let any = array.as_any();
    if let Some(texts) = any.downcast_ref::<StringArray>() {
        return build::binaries(texts.len(), |row, out| {
            Ok((!texts.is_null(row)).then(|| write(texts.value(row).as_bytes(), out)))
        });
    }
    let bytes = downcast::<BinaryArray>(array)?;
    build::binaries(bytes.len(), |row, out| {
        Ok((!bytes.is_null(row)).then(|| write(bytes.value(row), out)))
    })
}
