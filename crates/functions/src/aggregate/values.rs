//! Values of a column as keys: held by the group, compared, counted, and put back into columns.
//!
//! Two values are the same if Java's boxed ones are: floats by their bits, where all NaN are one. Keys have the order
//! of the values, with NaN behind all numbers. Nested values have no keys of their own: see [`super::nested`].

use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, DurationMillisecondType, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType,
    TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array, ListArray, MapArray, StructArray};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType as ArrowType;
use dataflow::Error;
use hashbrown::DefaultHashBuilder;
use indexmap::IndexMap;
use indexmap::map::Entry;
use model::TypeKind;

use super::argument;
use crate::build;

/// How often a group holds each value, in the order of their arrival.
pub(super) type Counts<K> = IndexMap<K, i64, DefaultHashBuilder>;

/// The keys to build a column of; `None` is NULL.
pub(super) type Keys<'a, K> = &'a mut dyn ExactSizeIterator<Item = Option<&'a K>>;

/// How values of a column are held as keys.
pub(super) trait Column: 'static {
    type Key: Hash + Ord + Clone + Send + 'static;

    /// The key of a value that is not NULL.
    fn key(array: &dyn Array, row: usize) -> Self::Key;

    /// Adds or takes one of the value in `row`; says the count before and after.
    fn count(
        map: &mut Counts<Self::Key>,
        array: &dyn Array,
        row: usize,
        by: i64,
    ) -> Result<(i64, i64), Error>;

    fn array(keys: Keys<'_, Self::Key>, as_type: &ArrowType) -> Result<ArrayRef, Error>;

    /// On the heap behind a key.
    fn heap_bytes(key: &Self::Key) -> usize;

    /// On the heap behind the key of the value in `row`.
    fn heap_bytes_of(array: &dyn Array, row: usize) -> usize;
}

/// What is to be made for the column that a type calls for.
pub(super) trait ForColumn {
    type Output;

    fn of<C: Column>(self) -> Self::Output;
}

/// `None` for nested types.
pub(super) fn for_column<F: ForColumn>(kind: &TypeKind, make: F) -> Option<F::Output> {
    Some(match kind {
        TypeKind::TinyInt => make.of::<Primitive<Int8Type>>(),
        TypeKind::SmallInt => make.of::<Primitive<Int16Type>>(),
        TypeKind::Int => make.of::<Primitive<Int32Type>>(),
        TypeKind::BigInt => make.of::<Primitive<Int64Type>>(),
        TypeKind::Float => make.of::<Primitive<Float32Type>>(),
        TypeKind::Double => make.of::<Primitive<Float64Type>>(),
        TypeKind::Decimal { .. } => make.of::<Primitive<Decimal128Type>>(),
        TypeKind::Date => make.of::<Primitive<Date32Type>>(),
        TypeKind::Time(_) => make.of::<Primitive<Time32MillisecondType>>(),
        TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) if *p <= 6 => {
            make.of::<Primitive<TimestampMicrosecondType>>()
        }
        TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_) => make.of::<Primitive<TimestampNanosecondType>>(),
        TypeKind::IntervalYearMonth => make.of::<Primitive<IntervalYearMonthType>>(),
        TypeKind::IntervalDayTime => make.of::<Primitive<DurationMillisecondType>>(),
        TypeKind::Boolean => make.of::<Flags>(),
        kind if kind.is_string() => make.of::<Texts>(),
        kind if kind.is_binary() => make.of::<Binaries>(),
        _ => return None,
    })
}

/// Numbers as keys.
pub(super) trait Bits: Copy {
    type Key: Hash + Ord + Send + Copy + 'static;
    fn bits(self) -> Self::Key;
    fn value(key: Self::Key) -> Self;
}

macro_rules! plain_bits {
    ($($native:ty),*) => {$(
        impl Bits for $native {
            type Key = $native;
            #[inline]
            fn bits(self) -> $native { self }
            #[inline]
            fn value(key: $native) -> $native { key }
        }
    )*};
}
plain_bits!(i8, i16, i32, i64, i128);

macro_rules! float_bits {
    ($($native:ty, $key:ty, $unsigned:ty, $sign:expr);*) => {$(
        impl Bits for $native {
            type Key = $key;

            /// A number of the same order: of a negative float all bits but the sign are turned over.
            #[inline]
            fn bits(self) -> $key {
                let bits = if self.is_nan() { <$native>::NAN } else { self }.to_bits() as $key;
                bits ^ (((bits >> $sign) as $unsigned) >> 1) as $key
            }

            #[inline]
            fn value(key: $key) -> $native {
                <$native>::from_bits((key ^ (((key >> $sign) as $unsigned) >> 1) as $key) as $unsigned)
            }
        }
    )*};
}
float_bits!(f32, i32, u32, 31; f64, i64, u64, 63);

pub(super) struct Primitive<T>(PhantomData<fn() -> T>);

impl<T: ArrowPrimitiveType> Column for Primitive<T>
where
    T::Native: Bits,
{
    type Key = <T::Native as Bits>::Key;

    #[inline]
    fn key(array: &dyn Array, row: usize) -> Self::Key {
        array.as_primitive::<T>().value(row).bits()
    }

    #[inline]
    fn count(
        map: &mut Counts<Self::Key>,
        array: &dyn Array,
        row: usize,
        by: i64,
    ) -> Result<(i64, i64), Error> {
        Ok(step(map, Self::key(array, row), by))
    }

    fn array(keys: Keys<'_, Self::Key>, as_type: &ArrowType) -> Result<ArrayRef, Error> {
        build::numbers_as::<T>(keys.len(), as_type, |_| {
            Ok(keys.next().flatten().map(|&key| T::Native::value(key)))
        })
    }

    fn heap_bytes(_: &Self::Key) -> usize {
        0
    }

    fn heap_bytes_of(_: &dyn Array, _: usize) -> usize {
        0
    }
}

pub(super) struct Flags;

impl Column for Flags {
    type Key = bool;

    fn key(array: &dyn Array, row: usize) -> bool {
        array.as_boolean().value(row)
    }

    fn count(map: &mut Counts<bool>, array: &dyn Array, row: usize, by: i64) -> Result<(i64, i64), Error> {
        Ok(step(map, Self::key(array, row), by))
    }

    fn array(keys: Keys<'_, bool>, _: &ArrowType) -> Result<ArrayRef, Error> {
        build::flags(keys.len(), |_| Ok(keys.next().flatten().copied()))
    }

    fn heap_bytes(_: &bool) -> usize {
        0
    }

    fn heap_bytes_of(_: &dyn Array, _: usize) -> usize {
        0
    }
}

pub(super) struct Texts;

impl Column for Texts {
    type Key = Box<[u8]>;

    fn key(array: &dyn Array, row: usize) -> Box<[u8]> {
        array.as_string::<i32>().value(row).as_bytes().into()
    }

    fn count(
        map: &mut Counts<Box<[u8]>>,
        array: &dyn Array,
        row: usize,
        by: i64,
    ) -> Result<(i64, i64), Error> {
        Ok(count_bytes(
            map,
            array.as_string::<i32>().value(row).as_bytes(),
            by,
        ))
    }

    fn array(keys: Keys<'_, Box<[u8]>>, _: &ArrowType) -> Result<ArrayRef, Error> {
        build::strings(keys.len(), |_, out| {
            // Only text went in.
            Ok(keys
                .next()
                .flatten()
                .map(|key| out.push_str(&String::from_utf8_lossy(key))))
        })
    }

    fn heap_bytes(key: &Box<[u8]>) -> usize {
        key.len()
    }

    fn heap_bytes_of(array: &dyn Array, row: usize) -> usize {
        array.as_string::<i32>().value(row).len()
    }
}

pub(super) struct Binaries;

impl Column for Binaries {
    type Key = Box<[u8]>;

    fn key(array: &dyn Array, row: usize) -> Box<[u8]> {
        array.as_binary::<i32>().value(row).into()
    }

    fn count(
        map: &mut Counts<Box<[u8]>>,
        array: &dyn Array,
        row: usize,
        by: i64,
    ) -> Result<(i64, i64), Error> {
        Ok(count_bytes(map, array.as_binary::<i32>().value(row), by))
    }

    fn array(keys: Keys<'_, Box<[u8]>>, _: &ArrowType) -> Result<ArrayRef, Error> {
        build::binaries(keys.len(), |_, out| {
            Ok(keys.next().flatten().map(|key| out.extend_from_slice(key)))
        })
    }

    fn heap_bytes(key: &Box<[u8]>) -> usize {
        key.len()
    }

    fn heap_bytes_of(array: &dyn Array, row: usize) -> usize {
        array.as_binary::<i32>().value(row).len()
    }
}

/// What is counted down to zero leaves nothing behind.
fn step<K: Hash + Eq>(map: &mut Counts<K>, key: K, by: i64) -> (i64, i64) {
    match map.entry(key) {
        Entry::Occupied(mut entry) => {
            let before = *entry.get();
            let after = before + by;
            if after == 0 {
                // The last value takes its place.
                entry.swap_remove();
            } else {
                entry.insert(after);
            }
            (before, after)
        }
        Entry::Vacant(entry) => {
            entry.insert(by);
            (0, by)
        }
    }
}

/// As [`step`], but copies the bytes only if they are new.
fn count_bytes(map: &mut Counts<Box<[u8]>>, bytes: &[u8], by: i64) -> (i64, i64) {
    let Some(count) = map.get_mut(bytes) else {
        map.insert(bytes.into(), by);
        return (0, by);
    };
    let before = *count;
    *count += by;
    if *count == 0 {
        map.swap_remove(bytes);
    }
    (before, before + by)
}

/// Where each of `lengths` ends in the values behind lists or maps.
fn offsets(lengths: impl Iterator<Item = usize>) -> Result<OffsetBuffer<i32>, Error> {
    let mut offsets: Vec<i32> = vec![0];
    let mut end = 0usize;
    for length in lengths {
        end += length;
        offsets.push(
            i32::try_from(end)
                .map_err(|_| Error::evaluation("the values that aggregates hold are too many"))?,
        );
    }
    Ok(OffsetBuffer::new(ScalarBuffer::from(offsets)))
}

fn internal(error: arrow_schema::ArrowError) -> Error {
    Error::internal(error.to_string())
}

/// Lists of values, one for each of `lengths`; `nulls` says which lists are NULL.
pub(super) fn lists<C: Column>(
    keys: &[Option<&C::Key>],
    lengths: impl Iterator<Item = usize>,
    nulls: Option<arrow_buffer::NullBuffer>,
    as_type: &ArrowType,
) -> Result<ArrayRef, Error> {
    let ArrowType::List(item) = as_type else {
        return Err(Error::internal("the values of an aggregate are no list"));
    };
    let values = C::array(&mut keys.iter().copied(), item.data_type())?;
    let lists = ListArray::try_new(item.clone(), offsets(lengths)?, values, nulls).map_err(internal)?;
    Ok(Arc::new(lists))
}

/// Maps from values to counts, BIGINT or INT as the type says, one for each of `lengths`.
pub(super) fn maps<C: Column>(
    keys: &[Option<&C::Key>],
    counts: Vec<i64>,
    lengths: impl Iterator<Item = usize>,
    as_type: &ArrowType,
) -> Result<ArrayRef, Error> {
    let ArrowType::Map(entries_field, _) = as_type else {
        return Err(Error::internal("the counts of an aggregate are no map"));
    };
    let ArrowType::Struct(fields) = entries_field.data_type().clone() else {
        return Err(Error::internal("the entries of a map are no rows"));
    };
    let keys = C::array(&mut keys.iter().copied(), fields[0].data_type())?;
    let counts: ArrayRef = match fields[1].data_type() {
        ArrowType::Int32 => Arc::new(Int32Array::from_iter_values(
            counts.into_iter().map(|count| count as i32),
        )),
        _ => Arc::new(Int64Array::from(counts)),
    };
    let entries = StructArray::try_new(fields, vec![keys, counts], None).map_err(internal)?;
    let offsets = offsets(lengths)?;
    let map = MapArray::try_new(entries_field.clone(), offsets, entries, None, false).map_err(internal)?;
    Ok(Arc::new(map))
}

/// State columns of lists or maps taken apart: the group of each value, the values, and of maps the counts.
pub(super) struct Unfolded {
    pub owners: Vec<u32>,
    pub values: ArrayRef,
    counts: Option<(Int64Array, usize)>,
}

impl Unfolded {
    pub fn lists(groups: &[u32], state: &[ArrayRef], column: usize) -> Result<Unfolded, Error> {
        let lists = argument::<ListArray>(state, column)?;
        let (owners, first) = owners(groups, lists.offsets());
        Ok(Unfolded {
            values: lists.values().slice(first, owners.len()),
            owners,
            counts: None,
        })
    }

    pub fn maps(groups: &[u32], state: &[ArrayRef], column: usize) -> Result<Unfolded, Error> {
        let maps = argument::<MapArray>(state, column)?;
        let (owners, first) = owners(groups, maps.offsets());
        let counts = argument::<Int64Array>(std::slice::from_ref(maps.values()), 0)?.clone();
        Ok(Unfolded {
            values: maps.keys().slice(first, owners.len()),
            owners,
            counts: Some((counts, first)),
        })
    }

    /// How often the value is held; once if it comes from a list.
    pub fn count(&self, row: usize) -> i64 {
        match &self.counts {
            Some((counts, first)) => counts.value(first + row),
            None => 1,
        }
    }
}

fn owners(groups: &[u32], offsets: &OffsetBuffer<i32>) -> (Vec<u32>, usize) {
    let first = offsets.first().copied().unwrap_or(0) as usize;
    let mut owners = Vec::new();
    for (row, &group) in groups.iter().enumerate() {
        let length = (offsets[row + 1] - offsets[row]) as usize;
        owners.extend(std::iter::repeat_n(group, length));
    }
    (owners, first)
}
