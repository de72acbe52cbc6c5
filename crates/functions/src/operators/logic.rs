//! `NOT`, the tests for TRUE, FALSE and UNKNOWN, and what is to be known of `AND` and `OR`.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray};
use dataflow::Error;
use model::TypeKind;

use crate::build;
use crate::definition::{Scalar, written_out};
use crate::kernel::{Call, kernel};
use crate::signature::{Slot, bound, bound_as, coerce};

macro_rules! truth_test {
    ($name:literal, $signature:literal, $doc:literal, $example:expr, $wanted:expr, $negated:expr) => {
        Scalar {
            name: $name,
            signatures: &[$signature],
            doc: $doc,
            example: $example,
            category: "logic",
            bind: |arguments| {
                let types = coerce($name, arguments, 1, &[Slot::Boolean])?;
                let function = kernel($name, |call| is_truth(call, $wanted, $negated));
                Ok(bound_as(types, TypeKind::Boolean.not_null(), function))
            },
        }
    };
}

pub(crate) const LIST: &[Scalar] = &[
    Scalar {
        name: "NOT",
        signatures: &["NOT a"],
        doc: "The opposite; unknown stays unknown.",
        example: ("NOT TRUE", "FALSE"),
        category: "logic",
        bind: |arguments| {
            let types = coerce("NOT", arguments, 1, &[Slot::Boolean])?;
            Ok(bound(types, TypeKind::Boolean, kernel("NOT", not)))
        },
    },
    Scalar {
        name: "AND",
        signatures: &["a AND b"],
        doc: "True if both are; false if either is, even where the other is unknown.",
        example: ("TRUE AND FALSE", "FALSE"),
        category: "logic",
        bind: written_out,
    },
    Scalar {
        name: "OR",
        signatures: &["a OR b"],
        doc: "True if either is, even where the other is unknown.",
        example: ("TRUE OR FALSE", "TRUE"),
        category: "logic",
        bind: written_out,
    },
    truth_test!(
        "IS TRUE",
        "a IS TRUE",
        "Whether it is true: false for NULL.",
        ("(1 = 1) IS TRUE", "TRUE"),
        Some(true),
        false
    ),
    truth_test!(
        "IS NOT TRUE",
        "a IS NOT TRUE",
        "Whether it is false or unknown.",
        ("(1 = 1) IS NOT TRUE", "FALSE"),
        Some(true),
        true
    ),
    truth_test!(
        "IS FALSE",
        "a IS FALSE",
        "Whether it is false: false for NULL.",
        ("(1 = 2) IS FALSE", "TRUE"),
        Some(false),
        false
    ),
    truth_test!(
        "IS NOT FALSE",
        "a IS NOT FALSE",
        "Whether it is true or unknown.",
        ("(1 = 2) IS NOT FALSE", "FALSE"),
        Some(false),
        true
    ),
    truth_test!(
        "IS UNKNOWN",
        "a IS UNKNOWN",
        "Whether a boolean is NULL.",
        ("(1 = CAST(NULL AS INT)) IS UNKNOWN", "TRUE"),
        None,
        false
    ),
    truth_test!(
        "IS NOT UNKNOWN",
        "a IS NOT UNKNOWN",
        "Whether a boolean is true or false.",
        ("(1 = 1) IS NOT UNKNOWN", "TRUE"),
        None,
        true
    ),
];

fn not(call: &Call<'_>) -> Result<ArrayRef, Error> {
    let value = call.value(0)?;
    let flags = call.flags(0)?;
    if !value.is_constant() {
        let bits = !flags.array.values();
        return Ok(Arc::new(BooleanArray::new(bits, flags.array.nulls().cloned())));
    }
    build::flags(call.rows, |row| Ok(flags.get(row).map(|flag| !flag)))
}

fn is_truth(call: &Call<'_>, wanted: Option<bool>, negated: bool) -> Result<ArrayRef, Error> {
    let flags = call.flags(0)?;
    build::flags(call.rows, |row| Ok(Some((flags.get(row) == wanted) != negated)))
}
