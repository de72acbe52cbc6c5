//! `IS JSON`: whether a text is JSON. A NULL is none.

use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use super::value::Json;
use crate::build;
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{Slot, bound_as, coerce};

macro_rules! test_of {
    ($name:literal, $signature:expr, $doc:literal, $example:expr, $test:expr) => {
        Scalar {
            name: $name,
            signatures: $signature,
            doc: $doc,
            example: $example,
            category: "json",
            bind: |arguments| bind($name, arguments, $test),
        }
    };
}

pub(super) const LIST: &[Scalar] = &[
    test_of!(
        "IS JSON VALUE",
        &["text IS [NOT] JSON [VALUE]"],
        "Whether the text begins with a JSON value.",
        ("'{}' IS JSON", "TRUE"),
        |_| true
    ),
    test_of!(
        "IS JSON SCALAR",
        &["text IS [NOT] JSON SCALAR"],
        "Whether the text begins with a JSON string, number, truth value or null.",
        ("'1' IS JSON SCALAR", "TRUE"),
        |json| json.is_scalar()
    ),
    test_of!(
        "IS JSON ARRAY",
        &["text IS [NOT] JSON ARRAY"],
        "Whether the text begins with a JSON array.",
        ("'[1]' IS JSON ARRAY", "TRUE"),
        |json| matches!(json, Json::Array(_))
    ),
    test_of!(
        "IS JSON OBJECT",
        &["text IS [NOT] JSON OBJECT"],
        "Whether the text begins with a JSON object.",
        ("'{}' IS JSON OBJECT", "TRUE"),
        |json| matches!(json, Json::Object(_))
    ),
];

fn bind(
    name: &'static str,
    arguments: &[Argument],
    test: fn(&Json<'_>) -> bool,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 1, &[Slot::Text])?;
    let function = kernel(name, move |call| {
        let text = call.text(0)?;
        build::flags(call.rows, |row| {
            let json = text.get(row).and_then(Json::parse);
            Ok(Some(json.is_some_and(|json| test(&json))))
        })
    });
    Ok(bound_as(types, TypeKind::Boolean.not_null(), function))
}
