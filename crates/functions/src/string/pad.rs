//! Texts made longer.

use arrow_array::types::Int32Type;
use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use super::push_utf16;
use crate::build::{self, check_length};
use crate::definition::Scalar;
use crate::kernel::fallible_kernel;
use crate::signature::{Slot, bound, coerce};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "LPAD",
        signatures: &["LPAD(text, length, pad)"],
        doc: "The text filled up on the left, or cut, to a length. NULL if the length is negative or the pad empty.",
        example: ("LPAD('7', 3, '0')", "007"),
        category: "string",
        bind: |arguments| bind("LPAD", arguments, true),
    },
    Scalar {
        name: "RPAD",
        signatures: &["RPAD(text, length, pad)"],
        doc: "The text filled up on the right, or cut, to a length. NULL if the length is negative or the pad empty.",
        example: ("RPAD('7', 3, '.')", "7.."),
        category: "string",
        bind: |arguments| bind("RPAD", arguments, false),
    },
    Scalar {
        name: "REPEAT",
        signatures: &["REPEAT(text, times)"],
        doc: "The text so many times.",
        example: ("REPEAT('ab', 2)", "abab"),
        category: "string",
        bind: bind_repeat,
    },
];

fn bind(name: &'static str, arguments: &[Argument], left: bool) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 3, &[Slot::Text, Slot::Int, Slot::Text])?;
    let function = fallible_kernel(name, move |call| {
        let (text, length, pad) = (call.text(0)?, call.numbers::<Int32Type>(1)?, call.text(2)?);
        build::strings(call.rows, |row, out| {
            let (Some(text), Some(length), Some(pad)) = (text.get(row), length.get(row), pad.get(row)) else {
                return Ok(None);
            };
            let Ok(length) = usize::try_from(length) else {
                return Ok(None);
            };
            if pad.is_empty() {
                return Ok(None);
            }
            check_length(name, length)?;
            if text.is_ascii() && pad.is_ascii() {
                let kept = &text[..length.min(text.len())];
                let missing = length - kept.len();
                if !left {
                    out.push_str(kept);
                }
                for _ in 0..missing / pad.len() {
                    out.push_str(pad);
                }
                out.push_str(&pad[..missing % pad.len()]);
                if left {
                    out.push_str(kept);
                }
                return Ok(Some(()));
            }
            // A unit of UTF-16 has up to three bytes.
            check_length(name, length.saturating_mul(3))?;
            let kept: Vec<u16> = text.encode_utf16().take(length).collect();
            let pad: Vec<u16> = pad.encode_utf16().collect();
            let filling = pad.iter().cycle().take(length - kept.len()).copied();
            let units: Vec<u16> = if left {
                filling.chain(kept.iter().copied()).collect()
            } else {
                kept.iter().copied().chain(filling).collect()
            };
            push_utf16(&units, out);
            Ok(Some(()))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}

fn bind_repeat(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("REPEAT", arguments, 2, &[Slot::Text, Slot::Int])?;
    let function = fallible_kernel("REPEAT", |call| {
        let (text, times) = (call.text(0)?, call.numbers::<Int32Type>(1)?);
        build::strings(call.rows, |row, out| {
            let (Some(text), Some(times)) = (text.get(row), times.get(row)) else {
                return Ok(None);
            };
            let times = usize::try_from(times).unwrap_or(0);
            check_length("REPEAT", text.len().saturating_mul(times))?;
            for _ in 0..times {
                out.push_str(text);
            }
            Ok(Some(()))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}
