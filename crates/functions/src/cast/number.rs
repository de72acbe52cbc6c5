//! Casts among numbers and booleans.
//!
//! Integers narrow by dropping their upper bits; floats saturate at INT and BIGINT and wrap below, as Java casts
//! do. Decimals round half up, and are NULL where they do not fit.

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use dataflow::Error;
use model::TypeKind;
use values::{decimal, number};

use super::{Failures, booleans, downcast};
use crate::build;

pub(super) fn cast(
    array: &ArrayRef,
    from: &TypeKind,
    to: &TypeKind,
    failures: &mut Failures,
) -> Result<ArrayRef, Error> {
    match from {
        TypeKind::Boolean => from_boolean(array, to),
        TypeKind::TinyInt => from_integer::<Int8Type>(array, to),
        TypeKind::SmallInt => from_integer::<Int16Type>(array, to),
        TypeKind::Int => from_integer::<Int32Type>(array, to),
        TypeKind::BigInt => from_integer::<Int64Type>(array, to),
        TypeKind::Float => from_float::<Float32Type>(array, to, failures),
        TypeKind::Double => from_float::<Float64Type>(array, to, failures),
        TypeKind::Decimal { scale, .. } => from_decimal(array, *scale, to),
        other => Err(no_cast(other, to)),
    }
}

pub(super) fn no_cast(from: &TypeKind, to: &TypeKind) -> Error {
    Error::internal(format!("there is no cast from {from} to {to}"))
}

/// Maps every value, NULLs too.
fn map<A: ArrowPrimitiveType, B: ArrowPrimitiveType>(
    array: &PrimitiveArray<A>,
    operation: impl Fn(A::Native) -> B::Native,
) -> ArrayRef {
    Arc::new(array.unary::<_, B>(operation))
}

fn from_boolean(array: &ArrayRef, to: &TypeKind) -> Result<ArrayRef, Error> {
    let flags = booleans(array)?;
    let bytes = build::numbers::<Int8Type>(flags.len(), |row| {
        Ok((!flags.is_null(row)).then(|| i8::from(flags.value(row))))
    })?;
    let bytes: ArrayRef = Arc::new(bytes);
    if *to == TypeKind::TinyInt {
        return Ok(bytes);
    }
    from_integer::<Int8Type>(&bytes, to)
}

fn from_integer<A: ArrowPrimitiveType>(array: &ArrayRef, to: &TypeKind) -> Result<ArrayRef, Error>
where
    A::Native: Into<i64>,
{
    let integers = downcast::<PrimitiveArray<A>>(array)?;
    Ok(match to {
        TypeKind::TinyInt => map::<A, Int8Type>(integers, |value| value.into() as i8),
        TypeKind::SmallInt => map::<A, Int16Type>(integers, |value| value.into() as i16),
        TypeKind::Int => map::<A, Int32Type>(integers, |value| value.into() as i32),
        TypeKind::BigInt => map::<A, Int64Type>(integers, |value| value.into()),
        TypeKind::Float => map::<A, Float32Type>(integers, |value| value.into() as f32),
        TypeKind::Double => map::<A, Float64Type>(integers, |value| value.into() as f64),
        TypeKind::Boolean => build::flags(integers.len(), |row| {
            Ok((!integers.is_null(row)).then(|| integers.value(row).into() != 0))
        })?,
        TypeKind::Decimal { precision, scale } => {
            build::numbers_as::<Decimal128Type>(integers.len(), &to.arrow(), |row| {
                if integers.is_null(row) {
                    return Ok(None);
                }
                let value = i128::from(integers.value(row).into());
                Ok(decimal::rescale_half_up(value, 0, i32::from(*scale))
                    .filter(|&value| decimal::fits(value, *precision)))
            })?
        }
        other => return Err(no_cast(&TypeKind::BigInt, other)),
    })
}

fn from_float<A: ArrowPrimitiveType>(
    array: &ArrayRef,
    to: &TypeKind,
    failures: &mut Failures,
) -> Result<ArrayRef, Error>
where
    A::Native: Into<f64>,
{
    let floats = downcast::<PrimitiveArray<A>>(array)?;
    Ok(match to {
        TypeKind::TinyInt => map::<A, Int8Type>(floats, |value| value.into() as i32 as i8),
        TypeKind::SmallInt => map::<A, Int16Type>(floats, |value| value.into() as i32 as i16),
        TypeKind::Int => map::<A, Int32Type>(floats, |value| value.into() as i32),
        TypeKind::BigInt => map::<A, Int64Type>(floats, |value| value.into() as i64),
        TypeKind::Float => map::<A, Float32Type>(floats, |value| value.into() as f32),
        TypeKind::Double => map::<A, Float64Type>(floats, |value| value.into()),
        TypeKind::Boolean => build::flags(floats.len(), |row| {
            Ok((!floats.is_null(row)).then(|| floats.value(row).into() != 0.0))
        })?,
        TypeKind::Decimal { precision, scale } => {
            let mut text = String::new();
            build::numbers_as::<Decimal128Type>(floats.len(), &to.arrow(), |row| {
                if floats.is_null(row) {
                    return Ok(None);
                }
                let value: f64 = floats.value(row).into();
                if !value.is_finite() {
                    return failures.fail(row, || format!("cannot cast {value} to {to}"));
                }
                // Through the shortest digits, as `BigDecimal.valueOf` goes.
                text.clear();
                number::write_f64(value, &mut text);
                Ok(decimal::parse_as(text.as_bytes(), *precision, *scale))
            })?
        }
        other => return Err(no_cast(&TypeKind::Double, other)),
    })
}

fn from_decimal(array: &ArrayRef, scale: u8, to: &TypeKind) -> Result<ArrayRef, Error> {
    let decimals = downcast::<PrimitiveArray<Decimal128Type>>(array)?;
    // What Java's `longValue` keeps: the whole part's lower 64 bits.
    let divisor = decimal::power_of_ten(u32::from(scale)).unwrap_or(1);
    let whole = move |value: i128| (value / divisor) as i64;
    Ok(match to {
        TypeKind::TinyInt => map::<_, Int8Type>(decimals, |value| whole(value) as i8),
        TypeKind::SmallInt => map::<_, Int16Type>(decimals, |value| whole(value) as i16),
        TypeKind::Int => map::<_, Int32Type>(decimals, |value| whole(value) as i32),
        TypeKind::BigInt => map::<_, Int64Type>(decimals, whole),
        TypeKind::Float => map::<_, Float32Type>(decimals, |value| to_f64(value, scale) as f32),
        TypeKind::Double => map::<_, Float64Type>(decimals, |value| to_f64(value, scale)),
        TypeKind::Boolean => build::flags(decimals.len(), |row| {
            Ok((!decimals.is_null(row)).then(|| decimals.value(row) != 0))
        })?,
        TypeKind::Decimal {
            precision,
            scale: to_scale,
        } => build::numbers_as::<Decimal128Type>(decimals.len(), &to.arrow(), |row| {
            if decimals.is_null(row) {
                return Ok(None);
            }
            let value = decimals.value(row);
            Ok(
                decimal::rescale_half_up(value, i32::from(scale), i32::from(*to_scale))
                    .filter(|&value| decimal::fits(value, *precision)),
            )
        })?,
        other => return Err(no_cast(&TypeKind::BigInt, other)),
    })
}

/// The nearest double.
pub(crate) fn to_f64(unscaled: i128, scale: u8) -> f64 {
    // Both are exact below these bounds, and one division rounds once.
    if unscaled.unsigned_abs() < 1 << 53 && scale <= 22 {
        return unscaled as f64 / 10f64.powi(i32::from(scale));
    }
    let mut text = String::new();
    decimal::write(unscaled, scale, &mut text);
    text.parse().unwrap_or(f64::NAN)
}
