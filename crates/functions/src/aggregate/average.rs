//! `AVG`.
//!
//! Integers average to their own type, cut towards zero; the sum behind is a BIGINT. Decimals average with 38
//! digits and at least six after the point.

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

pub(crate) const LIST: &[Aggregate] = &[Aggregate {
    name: "AVG",
    signatures: &["AVG([DISTINCT] number)"],
    doc: "The mean of the values that are not NULL; NULL without any. Integers give an integer, cut off towards zero.",
    example: ("AVG(price)", "14"),
    bind: bind_average,
}];

fn bind_average(arguments: &[Argument], distinct: bool) -> Result<BoundAggregate, SignatureError> {
    let given = one_number("AVG", arguments)?;
    let (sum, result) = match &given.kind {
        TypeKind::Decimal { scale, .. } => (
            TypeKind::Decimal {
                precision: 38,
                scale: *scale,
            },
            TypeKind::Decimal {
                precision: 38,
                scale: (*scale).max(6),
            },
        ),
        TypeKind::Float | TypeKind::Double => (TypeKind::Double, given.kind.clone()),
        other => (TypeKind::BigInt, other.clone()),
    };
    let function = match &given.kind {
        TypeKind::TinyInt => make::<Int8Type>(&sum, &result),
        TypeKind::SmallInt => make::<Int16Type>(&sum, &result),
        TypeKind::Int => make::<Int32Type>(&sum, &result),
        TypeKind::BigInt => make::<Int64Type>(&sum, &result),
        TypeKind::Float => make::<Float32Type>(&sum, &result),
        TypeKind::Double => make::<Float64Type>(&sum, &result),
        _ => make::<Decimal128Type>(&sum, &result),
    };
    let state = vec![sum.not_null(), count_state()];
    bind(
        "AVG",
        given,
        distinct,
        result.nullable().with_nullable(given.nullable),
        state,
        function,
    )
}

fn make<T: Averaged>(sum: &TypeKind, result: &TypeKind) -> Arc<dyn AggregateFunction> {
    let (sum, result) = (sum.clone().nullable(), result.clone().nullable());
    let scale = |data_type: &DataType| match &data_type.kind {
        TypeKind::Decimal { scale, .. } => i32::from(*scale),
        _ => 0,
    };
    let shift = scale(&result) - scale(&sum);
    reversible("AVG", TakesBack::Any, move || {
        Box::new(Average::<T> {
            slots: Vec::new(),
            sum: sum.clone(),
            result: result.clone(),
            shift,
            marker: PhantomData,
        })
    })
}

/// A number, the type its sum is kept in, and how the two divide.
trait Averaged: ArrowPrimitiveType {
    type Sum: ArrowPrimitiveType;

    fn plus(
        sum: <Self::Sum as ArrowPrimitiveType>::Native,
        value: Self::Native,
    ) -> <Self::Sum as ArrowPrimitiveType>::Native;
    fn minus(
        sum: <Self::Sum as ArrowPrimitiveType>::Native,
        value: Self::Native,
    ) -> <Self::Sum as ArrowPrimitiveType>::Native;
    fn combine(
        a: <Self::Sum as ArrowPrimitiveType>::Native,
        b: <Self::Sum as ArrowPrimitiveType>::Native,
    ) -> <Self::Sum as ArrowPrimitiveType>::Native;
    /// `shift` is how many digits the result has more than the sum.
    fn mean(sum: <Self::Sum as ArrowPrimitiveType>::Native, count: i64, shift: i32) -> Option<Self::Native>;
}

macro_rules! averaged_integer {
    ($($arrow:ty: $native:ty),*) => {$(
        impl Averaged for $arrow {
            type Sum = Int64Type;
            #[inline]
            fn plus(sum: i64, value: $native) -> i64 { sum.wrapping_add(i64::from(value)) }
            #[inline]
            fn minus(sum: i64, value: $native) -> i64 { sum.wrapping_sub(i64::from(value)) }
            fn combine(a: i64, b: i64) -> i64 { a.wrapping_add(b) }
            fn mean(sum: i64, count: i64, _: i32) -> Option<$native> {
                sum.checked_div(count).map(|mean| mean as $native)
            }
        }
    )*};
}
averaged_integer!(Int8Type: i8, Int16Type: i16, Int32Type: i32, Int64Type: i64);

macro_rules! averaged_float {
    ($($arrow:ty: $native:ty),*) => {$(
        impl Averaged for $arrow {
            type Sum = Float64Type;
            #[inline]
            fn plus(sum: f64, value: $native) -> f64 { sum + f64::from(value) }
            #[inline]
            fn minus(sum: f64, value: $native) -> f64 { sum - f64::from(value) }
            fn combine(a: f64, b: f64) -> f64 { a + b }
            fn mean(sum: f64, count: i64, _: i32) -> Option<$native> {
                Some((sum / count as f64) as $native)
            }
        }
    )*};
}
averaged_float!(Float32Type: f32, Float64Type: f64);

impl Averaged for Decimal128Type {
    type Sum = Decimal128Type;

    #[inline]
    fn plus(sum: i128, value: i128) -> i128 {
        sum.saturating_add(value)
    }

    #[inline]
    fn minus(sum: i128, value: i128) -> i128 {
        sum.saturating_sub(value)
    }

    fn combine(a: i128, b: i128) -> i128 {
        a.saturating_add(b)
    }

    fn mean(sum: i128, count: i64, shift: i32) -> Option<i128> {
        let power = decimal::power_of_ten(u32::try_from(shift).ok()?)?;
        let count = i128::from(count);
        // A sum too long to be shifted is divided first; what is lost then is beyond its 38 digits.
        let mean = match sum.checked_mul(power) {
            Some(shifted) => decimal::divide_half_up(shifted, count),
            None => (sum / count)
                .checked_mul(power)?
                .checked_add(decimal::divide_half_up((sum % count).checked_mul(power)?, count))?,
        };
        decimal::fits(mean, 38).then_some(mean)
    }
}

struct Average<T: Averaged> {
    /// Sum and count of each group.
    slots: Vec<(<T::Sum as ArrowPrimitiveType>::Native, i64)>,
    sum: DataType,
    result: DataType,
    shift: i32,
    marker: PhantomData<fn() -> T>,
}

impl<T: Averaged> Accumulator for Average<T> {
    fn resize(&mut self, groups: usize) {
        if groups > self.slots.len() {
            self.slots.resize(groups, Default::default());
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
            let (sum, count) = &mut slots[group];
            if adds {
                *sum = T::plus(*sum, values[row]);
                *count += 1;
            } else {
                *sum = T::minus(*sum, values[row]);
                *count -= 1;
            }
            Ok(())
        })
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let sums = argument::<PrimitiveArray<T::Sum>>(state, 0)?;
        let counts = argument::<Int64Array>(state, 1)?;
        for (row, &group) in groups.iter().enumerate() {
            let (sum, count) = &mut self.slots[group as usize];
            *sum = T::combine(*sum, sums.value(row));
            *count += counts.value(row);
        }
        Ok(())
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        build::numbers_as::<T>(groups.len(), &self.result.arrow(), |row| {
            let (sum, count) = self.slots[groups.value(row) as usize];
            Ok(if count > 0 {
                T::mean(sum, count, self.shift)
            } else {
                None
            })
        })
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        let sums =
            PrimitiveArray::<T::Sum>::from_iter_values(indexes(groups).map(|group| self.slots[group].0))
                .with_data_type(self.sum.arrow());
        let counts = Int64Array::from_iter_values(indexes(groups).map(|group| self.slots[group].1));
        Ok(vec![Arc::new(sums), Arc::new(counts)])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            self.slots[group as usize] = Default::default();
        }
    }

    fn size_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<(<T::Sum as ArrowPrimitiveType>::Native, i64)>()
    }
}
