//! `MIN`, `MAX`, `FIRST_VALUE` and `LAST_VALUE`: aggregates that keep one of their values.
//!
//! They keep no more than that value, so that rows cannot be taken back out. Where rows are, the forms in `sorted` and
//! `listed` are used, which keep all values.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, DurationMillisecondType, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType,
    TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, BinaryArray, BooleanArray, PrimitiveArray, StringArray, UInt32Array};
use dataflow::{Accumulator, AggregateFunction, Argument, BoundAggregate, Error, SignatureError};
use model::{DataType, RowKind, TypeKind};

use super::{argument, cannot_retract, for_each, listed, maker, one, sorted};
use crate::build;
use crate::definition::Aggregate;

pub(crate) const LIST: &[Aggregate] = &[
    Aggregate {
        name: "MIN",
        signatures: &["MIN(value)"],
        doc: "The least value that is not NULL; NULL without any.",
        example: ("MIN(price)", "3"),
        bind: |arguments, _| bind_kept("MIN", Keep::Least, arguments),
    },
    Aggregate {
        name: "MAX",
        signatures: &["MAX(value)"],
        doc: "The greatest value that is not NULL; NULL without any.",
        example: ("MAX(price)", "30"),
        bind: |arguments, _| bind_kept("MAX", Keep::Greatest, arguments),
    },
    Aggregate {
        name: "FIRST_VALUE",
        signatures: &["FIRST_VALUE(value)"],
        doc: "The first value to arrive that is not NULL.",
        example: ("FIRST_VALUE(price)", "5"),
        bind: |arguments, _| bind_kept("FIRST_VALUE", Keep::First, arguments),
    },
    Aggregate {
        name: "LAST_VALUE",
        signatures: &["LAST_VALUE(value)"],
        doc: "The last value to arrive that is not NULL.",
        example: ("LAST_VALUE(price)", "9"),
        bind: |arguments, _| bind_kept("LAST_VALUE", Keep::Last, arguments),
    },
];

/// Which value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Least,
    Greatest,
    First,
    Last,
}

fn bind_kept(
    name: &'static str,
    keep: Keep,
    arguments: &[Argument],
) -> Result<BoundAggregate, SignatureError> {
    let given = one(name, arguments)?;
    let function = match keep {
        Keep::Least => choose::<Least>(name, given),
        Keep::Greatest => choose::<Greatest>(name, given),
        Keep::First => choose::<First>(name, given),
        Keep::Last => choose::<Last>(name, given),
    }
    .ok_or_else(|| crate::signature::mismatch(name, 0, "a value that has an order", given))?;
    let retracting = match keep {
        Keep::Least => sorted::form(name, given, false),
        Keep::Greatest => sorted::form(name, given, true),
        Keep::First => listed::form(name, given, listed::Shape::First, false),
        Keep::Last => listed::form(name, given, listed::Shape::Last, false),
    };
    Ok(BoundAggregate {
        arguments: vec![given.clone()],
        result: given.clone(),
        state_types: vec![given.clone().with_nullable(true)],
        function,
        retracting,
    })
}

fn choose<P: Policy>(name: &'static str, given: &DataType) -> Option<Arc<dyn AggregateFunction>> {
    Some(match &given.kind {
        TypeKind::TinyInt => numbers::<Int8Type, P>(name, given),
        TypeKind::SmallInt => numbers::<Int16Type, P>(name, given),
        TypeKind::Int => numbers::<Int32Type, P>(name, given),
        TypeKind::BigInt => numbers::<Int64Type, P>(name, given),
        TypeKind::Float => numbers::<Float32Type, P>(name, given),
        TypeKind::Double => numbers::<Float64Type, P>(name, given),
        TypeKind::Decimal { .. } => numbers::<Decimal128Type, P>(name, given),
        TypeKind::Date => numbers::<Date32Type, P>(name, given),
        TypeKind::Time(_) => numbers::<Time32MillisecondType, P>(name, given),
        TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) if *p <= 6 => {
            numbers::<TimestampMicrosecondType, P>(name, given)
        }
        TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_) => {
            numbers::<TimestampNanosecondType, P>(name, given)
        }
        TypeKind::IntervalYearMonth => numbers::<IntervalYearMonthType, P>(name, given),
        TypeKind::IntervalDayTime => numbers::<DurationMillisecondType, P>(name, given),
        TypeKind::Boolean => maker(name, move || {
            Box::new(Flags::<P> {
                name,
                slots: Vec::new(),
                marker: PhantomData,
            })
        }),
        kind if kind.is_string() || kind.is_binary() => {
            let is_text = kind.is_string();
            maker(name, move || {
                Box::new(Bytes::<P> {
                    name,
                    is_text,
                    slots: Vec::new(),
                    heap_bytes: 0,
                    marker: PhantomData,
                })
            })
        }
        _ => return None,
    })
}

fn numbers<T: ArrowPrimitiveType, P: Policy>(
    name: &'static str,
    given: &DataType,
) -> Arc<dyn AggregateFunction>
where
    T::Native: PartialOrd,
{
    let given = given.clone();
    maker(name, move || {
        Box::new(Numbers::<T, P> {
            name,
            result: given.clone(),
            values: Vec::new(),
            present: Vec::new(),
            marker: PhantomData,
        })
    })
}

/// Whether a new value takes the place of the one that is kept.
trait Policy: Send + 'static {
    fn replaces<V: PartialOrd + ?Sized>(new: &V, kept: &V) -> bool;
}

struct Least;
struct Greatest;
struct First;
struct Last;

impl Policy for Least {
    #[inline]
    fn replaces<V: PartialOrd + ?Sized>(new: &V, kept: &V) -> bool {
        new < kept
    }
}

impl Policy for Greatest {
    #[inline]
    fn replaces<V: PartialOrd + ?Sized>(new: &V, kept: &V) -> bool {
        new > kept
    }
}

impl Policy for First {
    #[inline]
    fn replaces<V: PartialOrd + ?Sized>(_: &V, _: &V) -> bool {
        false
    }
}

impl Policy for Last {
    #[inline]
    fn replaces<V: PartialOrd + ?Sized>(_: &V, _: &V) -> bool {
        true
    }
}

struct Numbers<T: ArrowPrimitiveType, P> {
    name: &'static str,
    result: DataType,
    values: Vec<T::Native>,
    present: Vec<bool>,
    marker: PhantomData<fn() -> (T, P)>,
}

impl<T: ArrowPrimitiveType, P: Policy> Numbers<T, P>
where
    T::Native: PartialOrd,
{
    fn take_in(
        &mut self,
        groups: &[u32],
        array: &PrimitiveArray<T>,
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        let new = &array.values()[..groups.len()];
        let (values, present, name) = (self.values.as_mut_slice(), self.present.as_mut_slice(), self.name);
        for_each(groups, array.nulls(), filter, kinds, |row, group, adds| {
            if !adds {
                return Err(cannot_retract(name));
            }
            if !present[group] || P::replaces(&new[row], &values[group]) {
                values[group] = new[row];
                present[group] = true;
            }
            Ok(())
        })
    }
}

impl<T: ArrowPrimitiveType, P: Policy> Accumulator for Numbers<T, P>
where
    T::Native: PartialOrd,
{
    fn resize(&mut self, groups: usize) {
        if groups > self.values.len() {
            self.values.resize(groups, T::Native::default());
            self.present.resize(groups, false);
        }
    }

    fn update(
        &mut self,
        groups: &[u32],
        arguments: &[ArrayRef],
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        let array = argument::<PrimitiveArray<T>>(arguments, 0)?;
        self.take_in(groups, array, filter, kinds)
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let array = argument::<PrimitiveArray<T>>(state, 0)?;
        self.take_in(groups, array, None, None)
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        build::numbers_as::<T>(groups.len(), &self.result.arrow(), |row| {
            let group = groups.value(row) as usize;
            Ok(self.present[group].then(|| self.values[group]))
        })
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        Ok(vec![self.evaluate(groups)?])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            self.present[group as usize] = false;
        }
    }

    fn size_bytes(&self) -> usize {
        self.values.capacity() * size_of::<T::Native>() + self.present.capacity()
    }
}

struct Flags<P> {
    name: &'static str,
    slots: Vec<Option<bool>>,
    marker: PhantomData<fn() -> P>,
}

impl<P: Policy> Accumulator for Flags<P> {
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
        let array = argument::<BooleanArray>(arguments, 0)?;
        let (slots, name) = (self.slots.as_mut_slice(), self.name);
        for_each(groups, array.nulls(), filter, kinds, |row, group, adds| {
            if !adds {
                return Err(cannot_retract(name));
            }
            let new = array.value(row);
            match &mut slots[group] {
                Some(kept) if !P::replaces(&new, kept) => {}
                slot => *slot = Some(new),
            }
            Ok(())
        })
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        self.update(groups, state, None, None)
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        build::flags(groups.len(), |row| Ok(self.slots[groups.value(row) as usize]))
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        Ok(vec![self.evaluate(groups)?])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            self.slots[group as usize] = None;
        }
    }

    fn size_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Option<bool>>()
    }
}

struct Bytes<P> {
    name: &'static str,
    is_text: bool,
    slots: Vec<Option<Vec<u8>>>,
    heap_bytes: usize,
    marker: PhantomData<fn() -> P>,
}

impl<P: Policy> Bytes<P> {
    fn offer(&mut self, group: usize, new: &[u8]) {
        match &mut self.slots[group] {
            Some(kept) => {
                if P::replaces(new, kept.as_slice()) {
                    // The room of the old value serves the new one.
                    let before = kept.capacity();
                    kept.clear();
                    kept.extend_from_slice(new);
                    self.heap_bytes += kept.capacity() - before;
                }
            }
            slot => {
                self.heap_bytes += new.len();
                *slot = Some(new.to_vec());
            }
        }
    }
}

impl<P: Policy> Accumulator for Bytes<P> {
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
        let refuse = |adds: bool| if adds { Ok(()) } else { Err(cannot_retract(name)) };
        if self.is_text {
            let array = argument::<StringArray>(arguments, 0)?;
            for_each(groups, array.nulls(), filter, kinds, |row, group, adds| {
                refuse(adds)?;
                self.offer(group, array.value(row).as_bytes());
                Ok(())
            })
        } else {
            let array = argument::<BinaryArray>(arguments, 0)?;
            for_each(groups, array.nulls(), filter, kinds, |row, group, adds| {
                refuse(adds)?;
                self.offer(group, array.value(row));
                Ok(())
            })
        }
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        self.update(groups, state, None, None)
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        let kept = |row: usize| self.slots[groups.value(row) as usize].as_deref();
        if self.is_text {
            build::strings(groups.len(), |row, out| {
                // Only text went in.
                Ok(kept(row).map(|bytes| out.push_str(&String::from_utf8_lossy(bytes))))
            })
        } else {
            build::binaries(groups.len(), |row, out| {
                Ok(kept(row).map(|bytes| out.extend_from_slice(bytes)))
            })
        }
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        Ok(vec![self.evaluate(groups)?])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            if let Some(kept) = self.slots[group as usize].take() {
                self.heap_bytes = self.heap_bytes.saturating_sub(kept.capacity());
            }
        }
    }

    fn size_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Option<Vec<u8>>>() + self.heap_bytes
    }
}
