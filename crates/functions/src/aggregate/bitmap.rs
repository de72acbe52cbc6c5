//! Aggregates of bitmaps: `BITMAP_BUILD_AGG` of integers, `BITMAP_OR_AGG` and its like of bitmaps, and how many
//! integers are in what each of them makes.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, BinaryArray, BooleanArray, UInt32Array};
use dataflow::{Accumulator, Argument, BoundAggregate, Error, SignatureError};
use model::{RowKind, TypeKind};
use roaring::RoaringBitmap;
use values::bitmap;

use super::{argument, bind, cannot_retract, for_each, maker, one};
use crate::build;
use crate::definition::Aggregate;
use crate::signature::mismatch;

macro_rules! aggregate {
    ($name:literal, $signature:literal, $doc:literal, $example:expr, $combine:expr, $result:expr) => {
        Aggregate {
            name: $name,
            signatures: &[$signature],
            doc: $doc,
            example: $example,
            bind: |arguments, distinct| bind_bitmap($name, arguments, distinct, $combine, $result),
        }
    };
}

pub(crate) const LIST: &[Aggregate] = &[
    aggregate!(
        "BITMAP_BUILD_AGG",
        "BITMAP_BUILD_AGG(integer)",
        "The bitmap of the integers.",
        ("BITMAP_BUILD_AGG(x)", "{1,2}"),
        Combine::Build,
        TypeKind::Bitmap
    ),
    aggregate!(
        "BITMAP_BUILD_CARDINALITY_AGG",
        "BITMAP_BUILD_CARDINALITY_AGG(integer)",
        "How many different integers there are.",
        ("BITMAP_BUILD_CARDINALITY_AGG(x)", "2"),
        Combine::Build,
        TypeKind::BigInt
    ),
    aggregate!(
        "BITMAP_AND_AGG",
        "BITMAP_AND_AGG(bitmap)",
        "The integers that are in all bitmaps.",
        ("BITMAP_AND_AGG(b)", "{2}"),
        Combine::And,
        TypeKind::Bitmap
    ),
    aggregate!(
        "BITMAP_AND_CARDINALITY_AGG",
        "BITMAP_AND_CARDINALITY_AGG(bitmap)",
        "How many integers are in all bitmaps.",
        ("BITMAP_AND_CARDINALITY_AGG(b)", "1"),
        Combine::And,
        TypeKind::BigInt
    ),
    aggregate!(
        "BITMAP_OR_AGG",
        "BITMAP_OR_AGG(bitmap)",
        "The integers that are in one of the bitmaps.",
        ("BITMAP_OR_AGG(b)", "{1,2,3}"),
        Combine::Or,
        TypeKind::Bitmap
    ),
    aggregate!(
        "BITMAP_OR_CARDINALITY_AGG",
        "BITMAP_OR_CARDINALITY_AGG(bitmap)",
        "How many integers are in one of the bitmaps.",
        ("BITMAP_OR_CARDINALITY_AGG(b)", "3"),
        Combine::Or,
        TypeKind::BigInt
    ),
    aggregate!(
        "BITMAP_XOR_AGG",
        "BITMAP_XOR_AGG(bitmap)",
        "The integers that are in an odd number of the bitmaps.",
        ("BITMAP_XOR_AGG(b)", "{1,3}"),
        Combine::Xor,
        TypeKind::Bitmap
    ),
    aggregate!(
        "BITMAP_XOR_CARDINALITY_AGG",
        "BITMAP_XOR_CARDINALITY_AGG(bitmap)",
        "How many integers are in an odd number of the bitmaps.",
        ("BITMAP_XOR_CARDINALITY_AGG(b)", "2"),
        Combine::Xor,
        TypeKind::BigInt
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Combine {
    /// Adds integers; partial results are united.
    Build,
    And,
    Or,
    Xor,
}

fn bind_bitmap(
    name: &'static str,
    arguments: &[Argument],
    distinct: bool,
    combine: Combine,
    result: TypeKind,
) -> Result<BoundAggregate, SignatureError> {
    let given = one(name, arguments)?;
    let (wanted, what) = match combine {
        Combine::Build => (TypeKind::Int, "an INT"),
        Combine::And | Combine::Or | Combine::Xor => (TypeKind::Bitmap, "a bitmap"),
    };
    if given.kind != wanted {
        return Err(mismatch(name, 0, what, given));
    }
    let counts = result == TypeKind::BigInt;
    let function = maker(name, move || {
        Box::new(Bitmaps {
            name,
            combine,
            counts,
            slots: Vec::new(),
        })
    });
    let state = vec![TypeKind::Bitmap.nullable()];
    bind(name, given, distinct, result.nullable(), state, function)
}

struct Bitmaps {
    name: &'static str,
    combine: Combine,
    /// Whether the result is how many integers there are.
    counts: bool,
    slots: Vec<Option<RoaringBitmap>>,
}

impl Bitmaps {
    fn take_in(&mut self, group: usize, bytes: &[u8]) -> Result<(), Error> {
        let set = bitmap::read(bytes).ok_or_else(|| Error::internal("a bitmap is broken"))?;
        let slot = &mut self.slots[group];
        match slot {
            None => *slot = Some(set),
            Some(so_far) => match self.combine {
                Combine::Build | Combine::Or => *so_far |= set,
                Combine::And => *so_far &= set,
                Combine::Xor => *so_far ^= set,
            },
        }
        Ok(())
    }

    fn sets(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        build::binaries(groups.len(), |row, out| {
            let set = self.slots[groups.value(row) as usize].as_ref();
            Ok(set.map(|set| bitmap::write(set.clone(), out)))
        })
    }
}

impl Accumulator for Bitmaps {
    fn resize(&mut self, groups: usize) {
        if groups > self.slots.len() {
            self.slots.resize(groups, None);
        }
    }

    fn update(
        &mut self,
        groups: &[u32],
        arguments: &[ArrayRef],
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        let name = self.name;
        if self.combine == Combine::Build {
            let array = arguments
                .first()
                .and_then(|array| array.as_primitive_opt::<Int32Type>())
                .ok_or_else(|| Error::internal(format!("{name} lacks its integers")))?;
            return for_each(groups, array.nulls(), filter, kinds, |row, group, adds| {
                if !adds {
                    return Err(cannot_retract(name));
                }
                let set = self.slots[group].get_or_insert_default();
                set.insert(array.value(row).cast_unsigned());
                Ok(())
            });
        }
        let array = argument::<BinaryArray>(arguments, 0)?;
        for_each(groups, array.nulls(), filter, kinds, |row, group, adds| {
            if !adds {
                return Err(cannot_retract(name));
            }
            self.take_in(group, array.value(row))
        })
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let array = argument::<BinaryArray>(state, 0)?;
        for_each(groups, array.nulls(), None, None, |row, group, _| {
            self.take_in(group, array.value(row))
        })
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        if !self.counts {
            return self.sets(groups);
        }
        let numbers = build::numbers::<Int64Type>(groups.len(), |row| {
            let set = self.slots[groups.value(row) as usize].as_ref();
            Ok(set.map(|set| set.len() as i64))
        })?;
        Ok(Arc::new(numbers))
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        Ok(vec![self.sets(groups)?])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            self.slots[group as usize] = None;
        }
    }

    fn size_bytes(&self) -> usize {
        let sets: usize = self
            .slots
            .iter()
            .flatten()
            .map(RoaringBitmap::serialized_size)
            .sum();
        self.slots.capacity() * size_of::<Option<RoaringBitmap>>() + sets
    }
}
