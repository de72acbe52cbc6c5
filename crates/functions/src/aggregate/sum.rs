//! `SUM`, and `SUM0` whose empty sum is zero.
//!
//! Integers wrap in their own type as in Flink; decimals sum into 38 digits and are NULL beyond.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, PrimitiveArray, UInt32Array};
use dataflow::{Accumulator, AggregateFunction, Argument, BoundAggregate, Error, SignatureError, TakesBack};
use model::{DataType, RowKind, TypeKind};
use values::decimal;

use super::{argument, bind, count_state, for_each, indexes, one_number, reversible};
use crate::build;
use crate::definition::Aggregate;

pub(crate) const LIST: &[Aggregate] = &[
    Aggregate {
        name: "SUM",
        signatures: &["SUM([DISTINCT] number)"],
        doc: "The sum of the values that are not NULL; NULL without any. It has the type of its argument; decimals widen to 38 digits.",
        example: ("SUM(price)", "42"),
        bind: |arguments, distinct| bind_sum("SUM", arguments, distinct, false),
    },
    Aggregate {
        name: "$SUM0",
        signatures: &["$SUM0(number)"],
        doc: "The sum of the values that are not NULL; zero without any.",
        example: ("$SUM0(price)", "0"),
        bind: |arguments, distinct| bind_sum("$SUM0", arguments, distinct, true),
    },
];

fn bind_sum(
    name: &'static str,
    arguments: &[Argument],
    distinct: bool,
    from_zero: bool,
) -> Result<BoundAggregate, SignatureError> {
    let given = one_number(name, arguments)?;
    let kind = sum_kind(&given.kind);
    let function = match &kind {
        TypeKind::TinyInt => make::<Int8Type>(name, &kind, from_zero),
        TypeKind::SmallInt => make::<Int16Type>(name, &kind, from_zero),
        TypeKind::Int => make::<Int32Type>(name, &kind, from_zero),
        TypeKind::BigInt => make::<Int64Type>(name, &kind, from_zero),
        TypeKind::Float => make::<Float32Type>(name, &kind, from_zero),
        TypeKind::Double => make::<Float64Type>(name, &kind, from_zero),
        _ => make::<Decimal128Type>(name, &kind, from_zero),
    };
    let result = kind
        .clone()
        .nullable()
        .with_nullable(given.nullable && !from_zero);
    let state = vec![kind.nullable(), count_state()];
    bind(name, given, distinct, result, state, function)
}

/// The type of a sum.
pub(super) fn sum_kind(kind: &TypeKind) -> TypeKind {
    match kind {
        TypeKind::Decimal { scale, .. } => TypeKind::Decimal {
            precision: 38,
            scale: *scale,
        },
        other => other.clone(),
    }
}

fn make<T: Summable>(name: &'static str, kind: &TypeKind, from_zero: bool) -> Arc<dyn AggregateFunction> {
    let result = kind.clone().nullable();
    reversible(name, TakesBack::Any, move || {
        Box::new(Sum::<T> {
            slots: Vec::new(),
            result: result.clone(),
            from_zero,
            marker: PhantomData,
        })
    })
}

/// Numbers that can be summed and taken back.
pub(super) trait Summable: ArrowPrimitiveType {
    fn plus(a: Self::Native, b: Self::Native) -> Self::Native;
    fn minus(a: Self::Native, b: Self::Native) -> Self::Native;
    /// Whether the sum can be shown.
    fn fits(_: Self::Native) -> bool {
        true
    }
}

macro_rules! summable {
    ($($arrow:ty),*) => {$(
        impl Summable for $arrow {
            #[inline]
            fn plus(a: Self::Native, b: Self::Native) -> Self::Native { a.wrapping_add(b) }
            #[inline]
            fn minus(a: Self::Native, b: Self::Native) -> Self::Native { a.wrapping_sub(b) }
        }
    )*};
}
summable!(Int8Type, Int16Type, Int32Type, Int64Type);

macro_rules! summable_float {
    ($($arrow:ty),*) => {$(
        impl Summable for $arrow {
            #[inline]
            fn plus(a: Self::Native, b: Self::Native) -> Self::Native { a + b }
            #[inline]
            fn minus(a: Self::Native, b: Self::Native) -> Self::Native { a - b }
        }
    )*};
}
summable_float!(Float32Type, Float64Type);

impl Summable for Decimal128Type {
    #[inline]
    fn plus(a: i128, b: i128) -> i128 {
        a.saturating_add(b)
    }

    #[inline]
    fn minus(a: i128, b: i128) -> i128 {
        a.saturating_sub(b)
    }

    fn fits(sum: i128) -> bool {
        decimal::fits(sum, 38)
    }
}

#[derive(Debug, Clone, Copy)]
struct Slot<N> {
    sum: N,
    /// How many values are in the sum.
    count: i64,
}

impl<N: Default> Slot<N> {
    fn empty() -> Self {
        Slot {
            sum: N::default(),
            count: 0,
        }
    }
}

struct Sum<T: Summable> {
    slots: Vec<Slot<T::Native>>,
    result: DataType,
    from_zero: bool,
    marker: PhantomData<fn() -> T>,
}

impl<T: Summable> Accumulator for Sum<T> {
    fn resize(&mut self, groups: usize) {
        if groups > self.slots.len() {
            self.slots.resize(groups, Slot::empty());
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
        let values = &array.values()[..groups.len()];
        let slots = self.slots.as_mut_slice();
        for_each(groups, array.nulls(), filter, kinds, |row, group, adds| {
            let slot = &mut slots[group];
            if adds {
                slot.sum = T::plus(slot.sum, values[row]);
                slot.count += 1;
            } else {
                slot.sum = T::minus(slot.sum, values[row]);
                slot.count -= 1;
            }
            Ok(())
        })
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let sums = argument::<PrimitiveArray<T>>(state, 0)?;
        let counts = argument::<Int64Array>(state, 1)?;
        for (row, &group) in groups.iter().enumerate() {
            let slot = &mut self.slots[group as usize];
            slot.sum = T::plus(slot.sum, sums.value(row));
            slot.count += counts.value(row);
        }
        Ok(())
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        build::numbers_as::<T>(groups.len(), &self.result.arrow(), |row| {
            let slot = self.slots[groups.value(row) as usize];
            Ok(((slot.count > 0 || self.from_zero) && T::fits(slot.sum)).then_some(slot.sum))
        })
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        let sums = PrimitiveArray::<T>::from_iter_values(indexes(groups).map(|group| self.slots[group].sum))
            .with_data_type(self.result.arrow());
        let counts = Int64Array::from_iter_values(indexes(groups).map(|group| self.slots[group].count));
        Ok(vec![Arc::new(sums), Arc::new(counts)])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            self.slots[group as usize] = Slot::empty();
        }
    }

    fn size_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot<T::Native>>()
    }
}
