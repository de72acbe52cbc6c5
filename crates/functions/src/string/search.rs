//! Where a text stands in another.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use super::{length_of, offset_of, texts_to_flag, texts_to_number};
use crate::build;
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{Slot, bound, coerce};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "POSITION",
        signatures: &["POSITION(part IN text)"],
        doc: "Where the part begins, counted from one; 0 if it is not there.",
        example: ("POSITION('re' IN 'stream')", "3"),
        category: "string",
        bind: |arguments| bind_locate("POSITION", arguments),
    },
    Scalar {
        name: "LOCATE",
        signatures: &["LOCATE(part, text [, from])"],
        doc: "Where the part begins at or behind a position, counted from one; 0 if it is not there.",
        example: ("LOCATE('a', 'banana', 3)", "4"),
        category: "string",
        bind: |arguments| bind_locate("LOCATE", arguments),
    },
    Scalar {
        name: "INSTR",
        signatures: &["INSTR(text, part)"],
        doc: "Where the part begins, counted from one; 0 if it is not there.",
        example: ("INSTR('stream', 're')", "3"),
        category: "string",
        bind: |arguments| {
            let slots = [Slot::Text, Slot::Text];
            texts_to_number::<Int32Type>("INSTR", arguments, &slots, TypeKind::Int, |texts| {
                Some(locate(texts[1], texts[0], 1))
            })
        },
    },
    Scalar {
        name: "STARTSWITH",
        signatures: &["STARTSWITH(text, start)"],
        doc: "Whether the text begins with the other.",
        example: ("STARTSWITH('stream', 'st')", "TRUE"),
        category: "string",
        bind: |arguments| {
            texts_to_flag("STARTSWITH", arguments, &[Slot::Text, Slot::Text], |texts| {
                Some(texts[0].starts_with(texts[1]))
            })
        },
    },
    Scalar {
        name: "ENDSWITH",
        signatures: &["ENDSWITH(text, end)"],
        doc: "Whether the text ends with the other.",
        example: ("ENDSWITH('stream', 'am')", "TRUE"),
        category: "string",
        bind: |arguments| {
            texts_to_flag("ENDSWITH", arguments, &[Slot::Text, Slot::Text], |texts| {
                Some(texts[0].ends_with(texts[1]))
            })
        },
    },
];

fn bind_locate(name: &'static str, arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 2, &[Slot::Text, Slot::Text, Slot::Int])?;
    let function = kernel(name, |call| {
        let (part, text) = (call.text(0)?, call.text(1)?);
        let from = call.numbers_opt::<Int32Type>(2)?;
        let positions = build::numbers::<Int32Type>(call.rows, |row| {
            let (Some(part), Some(text)) = (part.get(row), text.get(row)) else {
                return Ok(None);
            };
            let from = match &from {
                None => 1,
                Some(from) => match from.get(row) {
                    Some(from) => from,
                    None => return Ok(None),
                },
            };
            Ok(Some(locate(part, text, from)))
        })?;
        Ok(Arc::new(positions))
    });
    Ok(bound(types, TypeKind::Int, function))
}

/// An empty part is found at once, wherever the search begins.
fn locate(part: &str, text: &str, from: i32) -> i32 {
    if part.is_empty() {
        return 1;
    }
    // The least number wraps around, as in Flink.
    let skipped = usize::try_from(from.wrapping_sub(1)).unwrap_or(0);
    let start = offset_of(text, skipped);
    text[start..]
        .find(part)
        .map_or(0, |found| (length_of(&text[..start + found]) + 1) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_begins_anywhere() {
        for (from, found) in [
            (i32::MIN, 0),
            (-1, 2),
            (0, 2),
            (1, 2),
            (3, 4),
            (7, 0),
            (i32::MAX, 0),
        ] {
            assert_eq!(locate("a", "banana", from), found, "{from}");
        }
    }
}
