//! Dates, times and timestamps moved by intervals, and intervals added and multiplied.

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, DurationMillisecondType, Int64Type, IntervalYearMonthType,
    Time32MillisecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{ArrayRef, PrimitiveArray};
use arrow_buffer::ScalarBuffer;
use dataflow::{Argument, BoundScalar, Error, ScalarFunction, SignatureError};
use model::{DataType, TypeKind};
use values::temporal::MS_PER_DAY;

use super::arithmetic::{Operation, binary, union_nulls};
use crate::calendar;
use crate::kernel::{Call, Numbers, kernel};
use crate::signature::{any_nullable, bound_as};

/// `None` if these are no times and intervals.
pub(super) fn bind(
    operation: Operation,
    arguments: &[Argument],
) -> Option<Result<BoundScalar, SignatureError>> {
    let (a, b) = (&arguments[0].data_type, &arguments[1].data_type);
    let nullable = any_nullable(arguments);
    let negative = operation == Operation::Subtract;
    let additive = matches!(operation, Operation::Add | Operation::Subtract);
    let given = || vec![a.clone(), b.clone()];
    let of = |kind: &TypeKind| kind.clone().nullable().with_nullable(nullable);
    let (result, types, function) = match (&a.kind, &b.kind) {
        (time, interval) if additive && time.is_datetime() && interval.is_interval() => (
            time,
            given(),
            move_time(operation.sign(), time, interval, 0, negative)?,
        ),
        (interval, time) if operation == Operation::Add && time.is_datetime() && interval.is_interval() => {
            (time, given(), move_time("+", time, interval, 1, false)?)
        }
        (x, y) if additive && x == y && x.is_interval() => (x, given(), add_intervals(x, negative)),
        (interval, number)
            if operation == Operation::Multiply && interval.is_interval() && number.is_exact_numeric() =>
        {
            (interval, vec![a.clone(), as_bigint(b)], scale(interval, 0))
        }
        (number, interval)
            if operation == Operation::Multiply && interval.is_interval() && number.is_exact_numeric() =>
        {
            (interval, vec![as_bigint(a), b.clone()], scale(interval, 1))
        }
        (x, y) if negative && x.is_datetime() && y.is_datetime() => {
            return Some(Err(SignatureError::new(format!("cannot subtract {y} from {x}"))
                .hint("use TIMESTAMPDIFF(unit, from, to)")));
        }
        _ => return None,
    };
    Some(Ok(bound_as(types, of(result), function)))
}

fn as_bigint(given: &DataType) -> DataType {
    TypeKind::BigInt.nullable().with_nullable(given.nullable)
}

fn move_time(
    name: &'static str,
    time: &TypeKind,
    interval: &TypeKind,
    time_index: usize,
    negative: bool,
) -> Option<Arc<dyn ScalarFunction>> {
    let months = *interval == TypeKind::IntervalYearMonth;
    let at = time_index;
    Some(match time {
        TypeKind::Date if months => moved::<Date32Type, IntervalYearMonthType>(name, at, move |day, by| {
            calendar::add_months(i64::from(day), signed(i64::from(by), negative)) as i32
        }),
        TypeKind::Date => moved::<Date32Type, DurationMillisecondType>(name, at, move |day, by| {
            day.wrapping_add((signed(by, negative) / MS_PER_DAY) as i32)
        }),
        TypeKind::Time(_) if months => {
            moved::<Time32MillisecondType, IntervalYearMonthType>(name, at, |time, _| time)
        }
        TypeKind::Time(_) => {
            moved::<Time32MillisecondType, DurationMillisecondType>(name, at, move |time, by| {
                i64::from(time)
                    .wrapping_add(signed(by, negative))
                    .rem_euclid(MS_PER_DAY) as i32
            })
        }
        TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) => {
            let (per_ms, fine) = if *p <= 6 { (1000, false) } else { (1_000_000, true) };
            let add_months = move |value: i64, by: i32| {
                let per_day = MS_PER_DAY * per_ms;
                let day = value.div_euclid(per_day);
                let moved = calendar::add_months(day, signed(i64::from(by), negative));
                moved
                    .wrapping_mul(per_day)
                    .wrapping_add(value.rem_euclid(per_day))
            };
            let add_ms =
                move |value: i64, by: i64| value.wrapping_add(signed(by, negative).wrapping_mul(per_ms));
            match (months, fine) {
                (true, false) => {
                    moved::<TimestampMicrosecondType, IntervalYearMonthType>(name, at, add_months)
                }
                (true, true) => moved::<TimestampNanosecondType, IntervalYearMonthType>(name, at, add_months),
                (false, false) => {
                    moved::<TimestampMicrosecondType, DurationMillisecondType>(name, at, add_ms)
                }
                (false, true) => moved::<TimestampNanosecondType, DurationMillisecondType>(name, at, add_ms),
            }
        }
        _ => return None,
    })
}

fn signed(value: i64, negative: bool) -> i64 {
    if negative { value.wrapping_neg() } else { value }
}

/// A kernel over a time and an interval, of which the time stands at `time_index`.
fn moved<T: ArrowPrimitiveType, I: ArrowPrimitiveType>(
    name: &'static str,
    time_index: usize,
    operation: impl Fn(T::Native, I::Native) -> T::Native + Send + Sync + 'static,
) -> Arc<dyn ScalarFunction> {
    kernel(name, move |call| mixed::<T, I>(call, time_index, &operation))
}

/// Applies a total operation to two columns of different types; the result has the type of the first.
fn mixed<T: ArrowPrimitiveType, I: ArrowPrimitiveType>(
    call: &Call<'_>,
    first: usize,
    operation: impl Fn(T::Native, I::Native) -> T::Native,
) -> Result<ArrayRef, Error> {
    use arrow_array::Array;
    let a: Numbers<'_, T> = call.numbers(first)?;
    let b: Numbers<'_, I> = call.numbers(1 - first)?;
    let (x, y) = (a.values(), b.values());
    let result: Vec<T::Native> = (0..call.rows)
        .map(|row| {
            operation(
                x[if a.constant { 0 } else { row }],
                y[if b.constant { 0 } else { row }],
            )
        })
        .collect();
    let nulls = union_nulls(call.rows, &a, &b);
    Ok(Arc::new(
        PrimitiveArray::<T>::new(ScalarBuffer::from(result), nulls)
            .with_data_type(a.array.data_type().clone()),
    ))
}

fn add_intervals(kind: &TypeKind, negative: bool) -> Arc<dyn ScalarFunction> {
    let name = if negative { "-" } else { "+" };
    if *kind == TypeKind::IntervalYearMonth {
        kernel(name, move |call| {
            binary::<IntervalYearMonthType, IntervalYearMonthType>(call, |a, b| {
                if negative {
                    a.wrapping_sub(b)
                } else {
                    a.wrapping_add(b)
                }
            })
        })
    } else {
        kernel(name, move |call| {
            binary::<DurationMillisecondType, DurationMillisecondType>(call, |a, b| {
                if negative {
                    a.wrapping_sub(b)
                } else {
                    a.wrapping_add(b)
                }
            })
        })
    }
}

fn scale(interval: &TypeKind, at: usize) -> Arc<dyn ScalarFunction> {
    if *interval == TypeKind::IntervalYearMonth {
        moved::<IntervalYearMonthType, Int64Type>("*", at, |months, by| months.wrapping_mul(by as i32))
    } else {
        moved::<DurationMillisecondType, Int64Type>("*", at, i64::wrapping_mul)
    }
}
