//! Bitmaps from arrays and bytes, and back.

use std::sync::Arc;

use arrow_array::Array;
use arrow_array::builder::{ArrayBuilder, Int32Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;
use roaring::RoaringBitmap;
use values::bitmap;

use super::bitmaps;
use super::sets::set_of;
use crate::build;
use crate::definition::Scalar;
use crate::kernel::{fallible_kernel, kernel};
use crate::signature::{Slot, bound, check_count, coerce, mismatch};
use crate::types::can_cast_implicitly;

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "BITMAP_BUILD",
        signatures: &["BITMAP_BUILD(array)"],
        doc: "The bitmap of the integers in an array of INT; NULLs are left out.",
        example: ("BITMAP_TO_STRING(BITMAP_BUILD(ARRAY[3, 1, 3]))", "{1,3}"),
        category: "bitmap",
        bind: bind_build,
    },
    Scalar {
        name: "BITMAP_TO_ARRAY",
        signatures: &["BITMAP_TO_ARRAY(bitmap)"],
        doc: "The integers in the bitmap, in order of their unsigned value.",
        example: ("BITMAP_TO_ARRAY(BITMAP_BUILD(ARRAY[-1, 1]))", "[1, -1]"),
        category: "bitmap",
        bind: bind_to_array,
    },
    Scalar {
        name: "BITMAP_FROM_BYTES",
        signatures: &["BITMAP_FROM_BYTES(bytes)"],
        doc: "The bitmap in bytes of the portable form of Roaring bitmaps; fails if they are none.",
        example: (
            "BITMAP_TO_STRING(BITMAP_FROM_BYTES(BITMAP_TO_BYTES(BITMAP_BUILD(ARRAY[1]))))",
            "{1}",
        ),
        category: "bitmap",
        bind: bind_from_bytes,
    },
    Scalar {
        name: "BITMAP_TO_BYTES",
        signatures: &["BITMAP_TO_BYTES(bitmap)"],
        doc: "The bitmap as bytes of the portable form of Roaring bitmaps.",
        example: (
            "HEX(BITMAP_TO_BYTES(BITMAP_BUILD(ARRAY[1])))",
            "3A3000000100000000000000100000000100",
        ),
        category: "bitmap",
        bind: bind_to_bytes,
    },
    Scalar {
        name: "BITMAP_TO_STRING",
        signatures: &["BITMAP_TO_STRING(bitmap)"],
        doc: "The integers in the bitmap as text, unsigned; a long text is cut.",
        example: ("BITMAP_TO_STRING(BITMAP_BUILD(ARRAY[1, -1]))", "{1,4294967295}"),
        category: "bitmap",
        bind: bind_to_string,
    },
];

fn bind_build(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("BITMAP_BUILD", arguments, 1, 1)?;
    let given = &arguments[0].data_type;
    let wanted = TypeKind::Array(Box::new(TypeKind::Int.nullable()))
        .nullable()
        .with_nullable(given.nullable);
    if !can_cast_implicitly(given, &wanted) {
        return Err(mismatch("BITMAP_BUILD", 0, "an array of INT", given));
    }
    let function = kernel("BITMAP_BUILD", |call| {
        let value = call.value(0)?;
        let lists = value
            .array()
            .as_list_opt::<i32>()
            .ok_or_else(|| Error::internal("BITMAP_BUILD was given no array"))?;
        let numbers = lists.values().as_primitive::<Int32Type>();
        let offsets = lists.value_offsets();
        build::binaries(call.rows, |row, out| {
            let row = value.index(row);
            if lists.is_null(row) {
                return Ok(None);
            }
            let set: RoaringBitmap = (offsets[row] as usize..offsets[row + 1] as usize)
                .filter(|&index| !numbers.is_null(index))
                .map(|index| numbers.value(index).cast_unsigned())
                .collect();
            bitmap::write(set, out);
            Ok(Some(()))
        })
    });
    Ok(bound(vec![wanted], TypeKind::Bitmap, function))
}

fn bind_to_array(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = bitmaps("BITMAP_TO_ARRAY", arguments, 1)?;
    let kind = TypeKind::Array(Box::new(TypeKind::Int.nullable()));
    let function = fallible_kernel("BITMAP_TO_ARRAY", |call| {
        let sets = call.bytes(0)?;
        let mut lists = ListBuilder::new(Int32Builder::new());
        for row in 0..call.rows {
            let Some(bytes) = sets.get(row) else {
                lists.append_null();
                continue;
            };
            let set = set_of(bytes)?;
            if lists.values().len() as u64 + set.len() > i32::MAX as u64 {
                return Err(Error::evaluation("the bitmap has too many integers for an array"));
            }
            for value in set {
                lists.values().append_value(value.cast_signed());
            }
            lists.append(true);
        }
        Ok(Arc::new(lists.finish()))
    });
    Ok(bound(types, kind, function))
}

fn bind_from_bytes(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("BITMAP_FROM_BYTES", arguments, 1, &[Slot::Binary])?;
    let function = fallible_kernel("BITMAP_FROM_BYTES", |call| {
        let bytes = call.bytes(0)?;
        build::binaries(call.rows, |row, out| {
            let Some(bytes) = bytes.get(row) else {
                return Ok(None);
            };
            let set = bitmap::read(bytes)
                .ok_or_else(|| Error::evaluation("BITMAP_FROM_BYTES: these bytes are no bitmap"))?;
            bitmap::write(set, out);
            Ok(Some(()))
        })
    });
    Ok(bound(types, TypeKind::Bitmap, function))
}

fn bind_to_bytes(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = bitmaps("BITMAP_TO_BYTES", arguments, 1)?;
    let function = kernel("BITMAP_TO_BYTES", |call| {
        let bytes = call.bytes(0)?;
        build::binaries(call.rows, |row, out| {
            Ok(bytes.get(row).map(|bytes| out.extend_from_slice(bytes)))
        })
    });
    Ok(bound(types, TypeKind::BYTES, function))
}

fn bind_to_string(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = bitmaps("BITMAP_TO_STRING", arguments, 1)?;
    let function = kernel("BITMAP_TO_STRING", |call| {
        let bytes = call.bytes(0)?;
        build::strings(call.rows, |row, out| {
            Ok(bytes.get(row).map(|bytes| bitmap::write_text(bytes, out)))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}
