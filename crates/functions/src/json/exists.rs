//! `JSON_EXISTS`.

use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use super::{Paths, clause};
use crate::build;
use crate::definition::Scalar;
use crate::kernel::fallible_kernel;
use crate::signature::{Slot, bound_as, coerce};

pub(super) const LIST: &[Scalar] = &[Scalar {
    name: "JSON_EXISTS",
    signatures: &["JSON_EXISTS(json, path [{ TRUE | FALSE | UNKNOWN | ERROR } ON ERROR])"],
    doc: "Whether the path leads to something in the JSON; a strict path that leads nowhere is an error, which is false unless stated.",
    example: ("JSON_EXISTS('{\"a\": 1}', '$.a')", "TRUE"),
    category: "json",
    bind: bind_exists,
}];

fn bind_exists(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    const NAME: &str = "JSON_EXISTS";
    let types = coerce(NAME, arguments, 3, &[Slot::Text, Slot::Text, Slot::Text])?;
    let on_error = clause(NAME, arguments, 2)?;
    let function = fallible_kernel(NAME, move |call| {
        let (text, mut paths) = (call.text(0)?, Paths::new(call.text(1)?));
        build::flags(call.rows, |row| {
            let (Some(text), Some(path)) = (text.get(row), paths.get(row)) else {
                return Ok(None);
            };
            let fault = match super::scalar::look_up(text, path, |found| Ok(found.is_some())) {
                Ok(exists) => return Ok(Some(exists)),
                Err(fault) => fault,
            };
            match on_error.as_str() {
                "TRUE" => Ok(Some(true)),
                "FALSE" => Ok(Some(false)),
                "UNKNOWN" => Ok(None),
                _ => Err(fault.error(NAME)),
            }
        })
    });
    Ok(bound_as(types, TypeKind::Boolean.nullable(), function))
}
