//! Parts of a text by position.

use arrow_array::types::Int32Type;
use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use super::{length_max, length_of, offset_of, push_utf16};
use crate::build;
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{Slot, bound, bound_as, coerce};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "SUBSTRING",
        signatures: &[
            "SUBSTRING(text FROM start [FOR length])",
            "SUBSTRING(text, start [, length])",
        ],
        doc: "A part of the text; positions count from one, negative ones from the end. NULL for a negative length.",
        example: ("SUBSTRING('stream', 2, 3)", "tre"),
        category: "string",
        bind: |arguments| bind_substring("SUBSTRING", arguments),
    },
    Scalar {
        name: "SUBSTR",
        signatures: &["SUBSTR(text, start [, length])"],
        doc: "A part of the text; positions count from one, negative ones from the end.",
        example: ("SUBSTR('stream', -3)", "eam"),
        category: "string",
        bind: |arguments| bind_substring("SUBSTR", arguments),
    },
    Scalar {
        name: "LEFT",
        signatures: &["LEFT(text, length)"],
        doc: "The first characters of the text.",
        example: ("LEFT('stream', 2)", "st"),
        category: "string",
        bind: |arguments| bind_end("LEFT", arguments, true),
    },
    Scalar {
        name: "RIGHT",
        signatures: &["RIGHT(text, length)"],
        doc: "The last characters of the text.",
        example: ("RIGHT('stream', 2)", "am"),
        category: "string",
        bind: |arguments| bind_end("RIGHT", arguments, false),
    },
    Scalar {
        name: "OVERLAY",
        signatures: &["OVERLAY(text PLACING replacement FROM start [FOR length])"],
        doc: "The text with a part of it replaced; the length is that of the replacement if none is given.",
        example: ("OVERLAY('stream' PLACING 'XX' FROM 2 FOR 3)", "sXXam"),
        category: "string",
        bind: bind_overlay,
    },
];

fn bind_substring(name: &'static str, arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 2, &[Slot::Text, Slot::Int, Slot::Int])?;
    let function = kernel(name, |call| {
        let (text, start) = (call.text(0)?, call.numbers::<Int32Type>(1)?);
        let length = call.numbers_opt::<Int32Type>(2)?;
        build::strings(call.rows, |row, out| {
            let (Some(text), Some(start)) = (text.get(row), start.get(row)) else {
                return Ok(None);
            };
            let length = match &length {
                None => i32::MAX,
                Some(length) => match length.get(row) {
                    Some(length) if length >= 0 => length,
                    _ => return Ok(None),
                },
            };
            out.push_str(substring(text, start, length as usize));
            Ok(Some(()))
        })
    });
    let result = TypeKind::Varchar(length_max(&types[0].kind)).nullable();
    Ok(bound_as(types, result, function))
}

fn substring(text: &str, start: i32, length: usize) -> &str {
    let skipped = match start {
        1.. => start as usize - 1,
        0 => 0,
        _ => match length_of(text).checked_sub(start.unsigned_abs() as usize) {
            Some(skipped) => skipped,
            None => return "",
        },
    };
    let rest = &text[offset_of(text, skipped)..];
    &rest[..offset_of(rest, length)]
}

fn bind_end(name: &'static str, arguments: &[Argument], left: bool) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 2, &[Slot::Text, Slot::Int])?;
    let function = kernel(name, move |call| {
        let (text, length) = (call.text(0)?, call.numbers::<Int32Type>(1)?);
        build::strings(call.rows, |row, out| {
            let (Some(text), Some(length)) = (text.get(row), length.get(row)) else {
                return Ok(None);
            };
            let length = usize::try_from(length).unwrap_or(0);
            out.push_str(if left {
                &text[..offset_of(text, length)]
            } else {
                &text[offset_of(text, length_of(text).saturating_sub(length))..]
            });
            Ok(Some(()))
        })
    });
    let result = TypeKind::Varchar(length_max(&types[0].kind)).nullable();
    Ok(bound_as(types, result, function))
}

fn bind_overlay(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce(
        "OVERLAY",
        arguments,
        3,
        &[Slot::Text, Slot::Text, Slot::Int, Slot::Int],
    )?;
    let function = kernel("OVERLAY", |call| {
        let (text, placed, start) = (call.text(0)?, call.text(1)?, call.numbers::<Int32Type>(2)?);
        let length = call.numbers_opt::<Int32Type>(3)?;
        build::strings(call.rows, |row, out| {
            let (Some(text), Some(placed), Some(start)) = (text.get(row), placed.get(row), start.get(row))
            else {
                return Ok(None);
            };
            let length = match &length {
                None => None,
                Some(length) => match length.get(row) {
                    Some(length) => Some(length),
                    None => return Ok(None),
                },
            };
            overlay(text, placed, start, length, out);
            Ok(Some(()))
        })
    });
    let length = length_max(&types[0].kind).saturating_add(length_max(&types[1].kind));
    let kind = TypeKind::Varchar(length.min(model::data_type::LENGTH_MAX));
    Ok(bound(types, kind, function))
}

/// Counts UTF-16 units. What stands behind the replaced part is kept only if that part lies within the text and
/// is not empty, as in Flink.
fn overlay(text: &str, placed: &str, start: i32, length: Option<i32>, out: &mut String) {
    let units: Vec<u16> = text.encode_utf16().collect();
    if start <= 0 || start as usize > units.len() {
        out.push_str(text);
        return;
    }
    let start = start as usize;
    let length = length.map_or_else(|| placed.encode_utf16().count() as i64, i64::from);
    push_utf16(&units[..start - 1], out);
    out.push_str(placed);
    if length > 0 && start as i64 + length <= units.len() as i64 {
        push_utf16(&units[start - 1 + length as usize..], out);
    }
}
