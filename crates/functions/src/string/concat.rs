//! Texts put together, or picked from a list.

use arrow_array::types::Int32Type;
use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use crate::build::{self, check_length};
use crate::definition::Scalar;
use crate::kernel::{Text, fallible_kernel, kernel};
use crate::signature::{Slot, bound, bound_as, check_count, coerce_one};
use crate::types::common_type;

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "CONCAT",
        signatures: &["CONCAT(text, ...)"],
        doc: "The texts one behind the other; NULL if one is NULL.",
        example: ("CONCAT('a', 'b', 'c')", "abc"),
        category: "string",
        bind: bind_concat,
    },
    Scalar {
        name: "CONCAT_WS",
        signatures: &["CONCAT_WS(separator, text, ...)"],
        doc: "The texts with the separator between them, NULLs left out; NULL if the separator is NULL.",
        example: ("CONCAT_WS('-', 'a', NULL, 'b')", "a-b"),
        category: "string",
        bind: bind_concat_ws,
    },
    Scalar {
        name: "ELT",
        signatures: &["ELT(index, text, ...)"],
        doc: "The text of that number, counted from one; NULL if there is none.",
        example: ("ELT(2, 'a', 'b')", "b"),
        category: "string",
        bind: bind_elt,
    },
];

fn bind_concat(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("CONCAT", arguments, 1, usize::MAX)?;
    let types = all_text("CONCAT", arguments, 0)?;
    let function = kernel("CONCAT", |call| {
        let texts = (0..call.len())
            .map(|index| call.text(index))
            .collect::<Result<Vec<Text<'_>>, _>>()?;
        build::strings(call.rows, |row, out| {
            for text in &texts {
                match text.get(row) {
                    Some(text) => out.push_str(text),
                    None => return Ok(None),
                }
            }
            Ok(Some(()))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}

fn bind_concat_ws(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("CONCAT_WS", arguments, 1, usize::MAX)?;
    let types = all_text("CONCAT_WS", arguments, 0)?;
    let function = fallible_kernel("CONCAT_WS", |call| {
        let separator = call.text(0)?;
        let texts = (1..call.len())
            .map(|index| call.text(index))
            .collect::<Result<Vec<Text<'_>>, _>>()?;
        build::strings(call.rows, |row, out| {
            let Some(separator) = separator.get(row) else {
                return Ok(None);
            };
            let start = out.len();
            let mut first = true;
            for text in texts.iter().filter_map(|text| text.get(row)) {
                if !first {
                    out.push_str(separator);
                }
                first = false;
                out.push_str(text);
            }
            check_length("CONCAT_WS", out.len() - start)?;
            Ok(Some(()))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}

fn bind_elt(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("ELT", arguments, 2, usize::MAX)?;
    let mut types = vec![coerce_one("ELT", 0, &arguments[0], Slot::Int)?];
    types.extend(all_text("ELT", arguments, 1)?);
    let function = kernel("ELT", |call| {
        let index = call.numbers::<Int32Type>(0)?;
        let texts = (1..call.len())
            .map(|index| call.text(index))
            .collect::<Result<Vec<Text<'_>>, _>>()?;
        build::strings(call.rows, |row, out| {
            let picked = index
                .get(row)
                .and_then(|index| usize::try_from(index).ok()?.checked_sub(1));
            let text = picked
                .and_then(|index| texts.get(index))
                .and_then(|text| text.get(row));
            Ok(text.map(|text| out.push_str(text)))
        })
    });
    let result = common_type(&types[1..]).unwrap_or(TypeKind::STRING.nullable());
    Ok(bound_as(types, result.with_nullable(true), function))
}

fn all_text(name: &str, arguments: &[Argument], skip: usize) -> Result<Vec<model::DataType>, SignatureError> {
    arguments
        .iter()
        .enumerate()
        .skip(skip)
        .map(|(index, argument)| coerce_one(name, index, argument, Slot::Text))
        .collect()
}
