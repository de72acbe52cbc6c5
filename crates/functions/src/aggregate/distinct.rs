//! DISTINCT in front of any aggregate.
//!
//! Each group counts how often it holds each value. A value that comes for the first time is handed on, one that
//! leaves for good is taken back; the aggregate behind sees nothing else. The state is the counts alone: the
//! aggregate is built from them again. They keep the order in which the values came, so that what goes by the order,
//! such as a text joined or a sum of floats, is the same again.

use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::builder::Int64Builder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, DurationMillisecondType, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType,
    TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Int64Array, MapArray, PrimitiveArray, StringArray,
    StructArray, UInt32Array,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType as ArrowType;
use arrow_select::take::take;
use dataflow::{Accumulator, AggregateFunction, BoundAggregate, Error, SignatureError};
use hashbrown::DefaultHashBuilder;
use indexmap::IndexMap;
use indexmap::map::Entry;
use model::{DataType, RowKind, TypeKind};

use super::{argument, for_each, maker};

pub(super) fn bind(name: &'static str, plain: BoundAggregate) -> Result<BoundAggregate, SignatureError> {
    let value = plain.arguments[0].clone().with_nullable(false);
    let counts = TypeKind::Map(Box::new(value.clone()), Box::new(TypeKind::BigInt.not_null())).not_null();
    let function = match &value.kind {
        TypeKind::TinyInt => numbers::<Int8Type>(name, &plain, &counts),
        TypeKind::SmallInt => numbers::<Int16Type>(name, &plain, &counts),
        TypeKind::Int => numbers::<Int32Type>(name, &plain, &counts),
        TypeKind::BigInt => numbers::<Int64Type>(name, &plain, &counts),
        TypeKind::Float => numbers::<Float32Type>(name, &plain, &counts),
        TypeKind::Double => numbers::<Float64Type>(name, &plain, &counts),
        TypeKind::Decimal { .. } => numbers::<Decimal128Type>(name, &plain, &counts),
        TypeKind::Date => numbers::<Date32Type>(name, &plain, &counts),
        TypeKind::Time(_) => numbers::<Time32MillisecondType>(name, &plain, &counts),
        TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) if *p <= 6 => {
            numbers::<TimestampMicrosecondType>(name, &plain, &counts)
        }
        TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_) => {
            numbers::<TimestampNanosecondType>(name, &plain, &counts)
        }
        TypeKind::IntervalYearMonth => numbers::<IntervalYearMonthType>(name, &plain, &counts),
        TypeKind::IntervalDayTime => numbers::<DurationMillisecondType>(name, &plain, &counts),
        TypeKind::Boolean => make::<Flags>(name, &plain, &counts),
        kind if kind.is_string() => make::<Texts>(name, &plain, &counts),
        kind if kind.is_binary() => make::<Binaries>(name, &plain, &counts),
        other => {
            return Err(
                SignatureError::new(format!("{name}(DISTINCT ...) does not take values of {other}"))
                    .argument(0),
            );
        }
    };
    Ok(BoundAggregate {
        state_types: vec![counts],
        function,
        ..plain
    })
}

fn numbers<T: ArrowPrimitiveType>(
    name: &'static str,
    plain: &BoundAggregate,
    counts: &DataType,
) -> Arc<dyn AggregateFunction>
where
    T::Native: Bits,
{
    make::<Primitive<T>>(name, plain, counts)
}

fn make<C: Column>(
    name: &'static str,
    plain: &BoundAggregate,
    counts: &DataType,
) -> Arc<dyn AggregateFunction> {
    let (inner, counts) = (plain.function.clone(), counts.clone());
    maker(name, move || {
        Box::new(Distinct::<C> {
            inner: inner.accumulator(),
            groups: Vec::new(),
            bytes: 0,
            counts: counts.clone(),
        })
    })
}

/// How often a group holds each value, in the order of their arrival.
type Counts<K> = IndexMap<K, i64, DefaultHashBuilder>;

/// How values of a column are held as keys.
trait Column: 'static {
    type Key: Hash + Eq + Send + 'static;

    /// Adds or takes one of the value in `row`; says the count before and after.
    fn count(
        map: &mut Counts<Self::Key>,
        array: &dyn Array,
        row: usize,
        by: i64,
    ) -> Result<(i64, i64), Error>;
    fn array(
        keys: &mut dyn ExactSizeIterator<Item = &Self::Key>,
        as_type: &ArrowType,
    ) -> Result<ArrayRef, Error>;
    fn heap_bytes(array: &dyn Array, row: usize) -> usize;
}

/// Numbers as bits: values are the same if their bits are, as for Java's boxed floats.
trait Bits: Copy {
    type Key: Hash + Eq + Send + Copy + 'static;
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

impl Bits for f32 {
    type Key = u32;
    fn bits(self) -> u32 {
        if self.is_nan() {
            f32::NAN.to_bits()
        } else {
            self.to_bits()
        }
    }
    fn value(key: u32) -> f32 {
        f32::from_bits(key)
    }
}

impl Bits for f64 {
    type Key = u64;
    fn bits(self) -> u64 {
        if self.is_nan() {
            f64::NAN.to_bits()
        } else {
            self.to_bits()
        }
    }
    fn value(key: u64) -> f64 {
        f64::from_bits(key)
    }
}

struct Primitive<T>(PhantomData<fn() -> T>);

impl<T: ArrowPrimitiveType> Column for Primitive<T>
where
    T::Native: Bits,
{
    type Key = <T::Native as Bits>::Key;

    #[inline]
    fn count(
        map: &mut Counts<Self::Key>,
        array: &dyn Array,
        row: usize,
        by: i64,
    ) -> Result<(i64, i64), Error> {
        let key = array.as_primitive::<T>().value(row).bits();
        Ok(step(map, key, by))
    }

    fn array(
        keys: &mut dyn ExactSizeIterator<Item = &Self::Key>,
        as_type: &ArrowType,
    ) -> Result<ArrayRef, Error> {
        let values = PrimitiveArray::<T>::from_iter_values(keys.map(|&key| T::Native::value(key)));
        Ok(Arc::new(values.with_data_type(as_type.clone())))
    }

    fn heap_bytes(_: &dyn Array, _: usize) -> usize {
        0
    }
}

struct Flags;

impl Column for Flags {
    type Key = bool;

    fn count(map: &mut Counts<bool>, array: &dyn Array, row: usize, by: i64) -> Result<(i64, i64), Error> {
        Ok(step(map, array.as_boolean().value(row), by))
    }

    fn array(keys: &mut dyn ExactSizeIterator<Item = &bool>, _: &ArrowType) -> Result<ArrayRef, Error> {
        Ok(Arc::new(keys.map(|&flag| Some(flag)).collect::<BooleanArray>()))
    }

    fn heap_bytes(_: &dyn Array, _: usize) -> usize {
        0
    }
}

struct Texts;

impl Column for Texts {
    type Key = Box<[u8]>;

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

    fn array(keys: &mut dyn ExactSizeIterator<Item = &Box<[u8]>>, _: &ArrowType) -> Result<ArrayRef, Error> {
        Ok(Arc::new(StringArray::from_iter_values(
            keys.map(|key| String::from_utf8_lossy(key)),
        )))
    }

    fn heap_bytes(array: &dyn Array, row: usize) -> usize {
        array.as_string::<i32>().value(row).len()
    }
}

struct Binaries;

impl Column for Binaries {
    type Key = Box<[u8]>;

    fn count(
        map: &mut Counts<Box<[u8]>>,
        array: &dyn Array,
        row: usize,
        by: i64,
    ) -> Result<(i64, i64), Error> {
        Ok(count_bytes(map, array.as_binary::<i32>().value(row), by))
    }

    fn array(keys: &mut dyn ExactSizeIterator<Item = &Box<[u8]>>, _: &ArrowType) -> Result<ArrayRef, Error> {
        Ok(Arc::new(BinaryArray::from_iter_values(keys)))
    }

    fn heap_bytes(array: &dyn Array, row: usize) -> usize {
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

struct Group<K> {
    counts: Counts<K>,
    /// On the heap behind the keys.
    key_bytes: usize,
}

impl<K> Group<K> {
    fn bytes(&self) -> usize {
        // An entry holds its hash too, and has a place in the table of hashes.
        let entry = size_of::<K>() + size_of::<i64>() + 2 * size_of::<usize>();
        self.counts.capacity() * entry + self.key_bytes
    }
}

struct Distinct<C: Column> {
    inner: Box<dyn Accumulator>,
    groups: Vec<Group<C::Key>>,
    /// Of all groups together.
    bytes: usize,
    counts: DataType,
}

impl<C: Column> Distinct<C> {
    /// Counts the values, and hands on those that came or went.
    fn take_in(
        &mut self,
        groups: &[u32],
        array: &ArrayRef,
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
        by: impl Fn(usize) -> i64,
    ) -> Result<(), Error> {
        let mut rows: Vec<u32> = Vec::new();
        let mut changed: Vec<u32> = Vec::new();
        let mut changes: Vec<RowKind> = Vec::new();
        let nulls = array.logical_nulls();
        for_each(groups, nulls.as_ref(), filter, kinds, |row, group, adds| {
            let by = if adds { by(row) } else { -by(row) };
            let held = &mut self.groups[group];
            let (length, bytes) = (held.counts.len(), held.bytes());
            let (before, after) = C::count(&mut held.counts, array.as_ref(), row, by)?;
            if held.counts.len() != length {
                let key_bytes = C::heap_bytes(array.as_ref(), row);
                if held.counts.len() > length {
                    held.key_bytes += key_bytes;
                } else {
                    held.key_bytes -= key_bytes;
                }
                self.bytes = self.bytes + held.bytes() - bytes;
            }
            if (before > 0) != (after > 0) {
                rows.push(row as u32);
                changed.push(group as u32);
                changes.push(if after > 0 {
                    RowKind::Insert
                } else {
                    RowKind::Delete
                });
            }
            Ok(())
        })?;
        if rows.is_empty() {
            return Ok(());
        }
        let values = take(array.as_ref(), &UInt32Array::from(rows), None)
            .map_err(|error| Error::internal(error.to_string()))?;
        let all_inserts = changes.iter().all(|change| change.is_addition());
        let kinds = (!all_inserts).then_some(changes.as_slice());
        self.inner.update(&changed, &[values], None, kinds)
    }
}

impl<C: Column> Accumulator for Distinct<C> {
    fn resize(&mut self, groups: usize) {
        self.inner.resize(groups);
        if groups > self.groups.len() {
            self.groups.resize_with(groups, || Group {
                counts: Counts::default(),
                key_bytes: 0,
            });
        }
    }

    fn update(
        &mut self,
        groups: &[u32],
        arguments: &[ArrayRef],
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        let array = arguments
            .first()
            .ok_or_else(|| Error::internal("DISTINCT lacks its column"))?;
        self.take_in(groups, array, filter, kinds, |_| 1)
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let maps = argument::<MapArray>(state, 0)?;
        let counts = argument::<Int64Array>(&[maps.values().clone()], 0)?.clone();
        let mut owners = Vec::with_capacity(maps.keys().len());
        let first = maps.offsets().first().copied().unwrap_or(0) as usize;
        for (row, &group) in groups.iter().enumerate() {
            let length = (maps.offsets()[row + 1] - maps.offsets()[row]) as usize;
            owners.extend(std::iter::repeat_n(group, length));
        }
        let keys = maps.keys().slice(first, owners.len());
        self.take_in(&owners, &keys, None, None, |row| counts.value(first + row))
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        self.inner.evaluate(groups)
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        let ArrowType::Map(entries_field, _) = self.counts.arrow() else {
            return Err(Error::internal("the counts of DISTINCT are no map"));
        };
        let ArrowType::Struct(fields) = entries_field.data_type().clone() else {
            return Err(Error::internal("the entries of a map are no rows"));
        };
        let mut offsets: Vec<i32> = vec![0];
        let mut keys: Vec<&C::Key> = Vec::new();
        let mut counts = Int64Builder::new();
        for group in super::indexes(groups) {
            for (key, count) in &self.groups[group].counts {
                keys.push(key);
                counts.append_value(*count);
            }
            offsets.push(
                i32::try_from(keys.len())
                    .map_err(|_| Error::evaluation("the distinct values of one snapshot are too many"))?,
            );
        }
        let keys = C::array(&mut keys.into_iter(), fields[0].data_type())?;
        let internal = |error: arrow_schema::ArrowError| Error::internal(error.to_string());
        let entries =
            StructArray::try_new(fields, vec![keys, Arc::new(counts.finish())], None).map_err(internal)?;
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let map = MapArray::try_new(entries_field, offsets, entries, None, false).map_err(internal)?;
        Ok(vec![Arc::new(map)])
    }

    fn clear(&mut self, groups: &[u32]) {
        self.inner.clear(groups);
        for &group in groups {
            let group = &mut self.groups[group as usize];
            self.bytes -= group.bytes();
            group.counts = Counts::default();
            group.key_bytes = 0;
        }
    }

    fn size_bytes(&self) -> usize {
        self.inner.size_bytes() + self.groups.capacity() * size_of::<Group<C::Key>>() + self.bytes
    }
}
