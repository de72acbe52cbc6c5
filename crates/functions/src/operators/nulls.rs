//! `IS NULL` and `IS NOT NULL`, and what is to be known of `COALESCE`, `IFNULL`, `NULLIF` and `IF`.

use std::sync::Arc;

use arrow_array::{Array, BooleanArray};
use arrow_buffer::BooleanBuffer;
use dataflow::{Argument, BoundScalar, SignatureError, Value};
use model::TypeKind;

use crate::definition::{Scalar, written_out};
use crate::kernel::kernel;
use crate::signature::{Slot, bound_as, coerce};

pub(crate) const LIST: &[Scalar] = &[
    Scalar {
        name: "IS NULL",
        signatures: &["a IS NULL"],
        doc: "Whether the value is NULL.",
        example: ("CAST(NULL AS INT) IS NULL", "TRUE"),
        category: "comparison",
        bind: |arguments| bind_is_null("IS NULL", arguments, true),
    },
    Scalar {
        name: "IS NOT NULL",
        signatures: &["a IS NOT NULL"],
        doc: "Whether the value is not NULL.",
        example: ("1 IS NOT NULL", "TRUE"),
        category: "comparison",
        bind: |arguments| bind_is_null("IS NOT NULL", arguments, false),
    },
    Scalar {
        name: "COALESCE",
        signatures: &["COALESCE(value, value [, ...])"],
        doc: "The first argument that is not NULL.",
        example: ("COALESCE(CAST(NULL AS INT), 5)", "5"),
        category: "conditional",
        bind: written_out,
    },
    Scalar {
        name: "IFNULL",
        signatures: &["IFNULL(value, otherwise)"],
        doc: "The value, or the second argument where the value is NULL.",
        example: ("IFNULL(CAST(NULL AS INT), 5)", "5"),
        category: "conditional",
        bind: written_out,
    },
    Scalar {
        name: "NULLIF",
        signatures: &["NULLIF(value, other)"],
        doc: "NULL if both are equal, else the first.",
        example: ("NULLIF(5, 0)", "5"),
        category: "conditional",
        bind: written_out,
    },
    Scalar {
        name: "IF",
        signatures: &["IF(condition, then, otherwise)"],
        doc: "The second argument where the condition is true, else the third.",
        example: ("IF(5 > 3, 5, 3)", "5"),
        category: "conditional",
        bind: written_out,
    },
];

fn bind_is_null(
    name: &'static str,
    arguments: &[Argument],
    wanted: bool,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 1, &[Slot::Any])?;
    let function = kernel(name, move |call| {
        let value = call.value(0)?;
        let bits = match (value.array().logical_nulls(), value) {
            (Some(nulls), Value::Array(_)) if wanted => !nulls.inner(),
            (Some(nulls), Value::Array(_)) => nulls.inner().clone(),
            (Some(nulls), Value::Constant(_)) => {
                let found = nulls.is_null(0);
                BooleanBuffer::collect_bool(call.rows, |_| found == wanted)
            }
            (None, _) => BooleanBuffer::collect_bool(call.rows, |_| !wanted),
        };
        Ok(Arc::new(BooleanArray::new(bits, None)))
    });
    Ok(bound_as(types, TypeKind::Boolean.not_null(), function))
}
