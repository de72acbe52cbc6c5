//! `JSON(...)`: text that is JSON already, for JSON_OBJECT and JSON_ARRAY to put in as it is.

use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;

use super::value::Json;
use crate::build;
use crate::definition::Scalar;
use crate::kernel::fallible_kernel;
use crate::signature::{Slot, bound_as, coerce};

pub(super) const LIST: &[Scalar] = &[Scalar {
    name: "JSON",
    signatures: &["JSON(text)"],
    doc: "The JSON in the text, which JSON_OBJECT and JSON_ARRAY take as it is; NULL of an empty text. Fails if it is broken.",
    example: ("JSON_ARRAY(JSON('{\"a\": 1}'))", "[{\"a\":1}]"),
    category: "json",
    bind: bind_json,
}];

fn bind_json(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("JSON", arguments, 1, &[Slot::Text])?;
    let nullable = types[0].nullable;
    let function = fallible_kernel("JSON", |call| {
        let texts = call.text(0)?;
        build::strings(call.rows, |row, out| {
            // Java's trim cuts everything up to a blank.
            let text = texts.get(row).map(|text| text.trim_matches(|c| c <= ' '));
            let Some(text) = text.filter(|text| !text.is_empty()) else {
                return Ok(None);
            };
            let json = Json::parse(text)
                .ok_or_else(|| Error::evaluation(format!("JSON of '{text}': this is no JSON")))?;
            json.write(out);
            Ok(Some(()))
        })
    });
    Ok(bound_as(
        types,
        TypeKind::STRING.nullable().with_nullable(nullable),
        function,
    ))
}
