//! Bitmaps out of two, and how large they are.

use std::sync::Arc;

use arrow_array::types::Int64Type;
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;
use roaring::RoaringBitmap;
use values::bitmap;

use super::bitmaps;
use crate::build;
use crate::definition::Scalar;
use crate::kernel::fallible_kernel;
use crate::signature::bound;

macro_rules! of_two {
    ($name:literal, $signature:literal, $doc:literal, $example:expr, $operation:expr) => {
        Scalar {
            name: $name,
            signatures: &[$signature],
            doc: $doc,
            example: $example,
            category: "bitmap",
            bind: |arguments| bind_of_two($name, arguments, $operation),
        }
    };
}

pub(super) const LIST: &[Scalar] = &[
    of_two!(
        "BITMAP_AND",
        "BITMAP_AND(bitmap1, bitmap2)",
        "The integers that are in both bitmaps.",
        (
            "BITMAP_TO_STRING(BITMAP_AND(BITMAP_BUILD(ARRAY[1, 2]), BITMAP_BUILD(ARRAY[2, 3])))",
            "{2}"
        ),
        |a, b| a & b
    ),
    of_two!(
        "BITMAP_ANDNOT",
        "BITMAP_ANDNOT(bitmap1, bitmap2)",
        "The integers that are in the first bitmap and not in the second.",
        (
            "BITMAP_TO_STRING(BITMAP_ANDNOT(BITMAP_BUILD(ARRAY[1, 2]), BITMAP_BUILD(ARRAY[2, 3])))",
            "{1}"
        ),
        |a, b| a - b
    ),
    of_two!(
        "BITMAP_OR",
        "BITMAP_OR(bitmap1, bitmap2)",
        "The integers that are in one of the bitmaps.",
        (
            "BITMAP_TO_STRING(BITMAP_OR(BITMAP_BUILD(ARRAY[1, 2]), BITMAP_BUILD(ARRAY[2, 3])))",
            "{1,2,3}"
        ),
        |a, b| a | b
    ),
    of_two!(
        "BITMAP_XOR",
        "BITMAP_XOR(bitmap1, bitmap2)",
        "The integers that are in one bitmap only.",
        (
            "BITMAP_TO_STRING(BITMAP_XOR(BITMAP_BUILD(ARRAY[1, 2]), BITMAP_BUILD(ARRAY[2, 3])))",
            "{1,3}"
        ),
        |a, b| a ^ b
    ),
    Scalar {
        name: "BITMAP_CARDINALITY",
        signatures: &["BITMAP_CARDINALITY(bitmap)"],
        doc: "How many integers are in the bitmap.",
        example: ("BITMAP_CARDINALITY(BITMAP_BUILD(ARRAY[1, 2, 2]))", "2"),
        category: "bitmap",
        bind: bind_cardinality,
    },
];

fn bind_of_two(
    name: &'static str,
    arguments: &[Argument],
    operation: fn(RoaringBitmap, RoaringBitmap) -> RoaringBitmap,
) -> Result<BoundScalar, SignatureError> {
    let types = bitmaps(name, arguments, 2)?;
    let function = fallible_kernel(name, move |call| {
        let (left, right) = (call.bytes(0)?, call.bytes(1)?);
        build::binaries(call.rows, |row, out| {
            let (Some(left), Some(right)) = (left.get(row), right.get(row)) else {
                return Ok(None);
            };
            bitmap::write(operation(set_of(left)?, set_of(right)?), out);
            Ok(Some(()))
        })
    });
    Ok(bound(types, TypeKind::Bitmap, function))
}

fn bind_cardinality(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = bitmaps("BITMAP_CARDINALITY", arguments, 1)?;
    let function = fallible_kernel("BITMAP_CARDINALITY", |call| {
        let sets = call.bytes(0)?;
        let numbers = build::numbers::<Int64Type>(call.rows, |row| {
            let set = sets.get(row).map(set_of).transpose()?;
            Ok(set.map(|set| set.len() as i64))
        })?;
        Ok(Arc::new(numbers))
    });
    Ok(bound(types, TypeKind::BigInt, function))
}

pub(super) fn set_of(bytes: &[u8]) -> Result<RoaringBitmap, Error> {
    bitmap::read(bytes).ok_or_else(|| Error::internal("a bitmap is broken"))
}
