//! `+ - * / %` on numbers.
//!
//! Integers wrap around as in Java; their division cuts off and fails on zero. Decimals round half up and are
//! NULL where they overflow. Floats follow IEEE 754. Times and intervals are in [`super::time_arithmetic`].

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_buffer::{ArrowNativeType, NullBuffer, ScalarBuffer};
use dataflow::{Argument, BoundScalar, Error, ScalarFunction, SignatureError};
use model::{DataType, TypeKind};

use super::decimals;
use super::time_arithmetic;
use crate::definition::Scalar;
use crate::kernel::{Call, Numbers, fallible_kernel, kernel};
use crate::signature::{any_nullable, bound_as, check_count};

pub(crate) const LIST: &[Scalar] = &[
    Scalar {
        name: "+",
        signatures: &["a + b"],
        doc: "The sum of two numbers or intervals, or a date or time moved by an interval. Integers wrap around; a decimal that overflows is NULL.",
        example: ("1 + 2", "3"),
        category: "arithmetic",
        bind: |arguments| bind(Operation::Add, arguments),
    },
    Scalar {
        name: "-",
        signatures: &["a - b"],
        doc: "The difference of two numbers or intervals, or a date or time moved back by an interval.",
        example: ("3 - 1", "2"),
        category: "arithmetic",
        bind: |arguments| bind(Operation::Subtract, arguments),
    },
    Scalar {
        name: "*",
        signatures: &["a * b"],
        doc: "The product of two numbers, or of an interval and a number.",
        example: ("2 * 3", "6"),
        category: "arithmetic",
        bind: |arguments| bind(Operation::Multiply, arguments),
    },
    Scalar {
        name: "/",
        signatures: &["a / b"],
        doc: "The quotient of two numbers. Integers give an integer, cut off towards zero, and fail on a zero; floats give Infinity.",
        example: ("7 / 2", "3"),
        category: "arithmetic",
        bind: |arguments| bind(Operation::Divide, arguments),
    },
    Scalar {
        name: "%",
        signatures: &["a % b"],
        doc: "The remainder of a division of exact numbers; it has the sign of the dividend.",
        example: ("-7 % 3", "-1"),
        category: "arithmetic",
        bind: |arguments| bind(Operation::Modulo, arguments),
    },
    Scalar {
        name: "MOD",
        signatures: &["MOD(a, b)"],
        doc: "The remainder of a division of exact numbers; it has the sign of the dividend.",
        example: ("MOD(7, 3)", "1"),
        category: "arithmetic",
        bind: |arguments| bind(Operation::Modulo, arguments),
    },
    Scalar {
        name: "NEGATE",
        signatures: &["-a"],
        doc: "The number or interval with its sign turned.",
        example: ("-(1 + 2)", "-3"),
        category: "arithmetic",
        bind: bind_negate,
    },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl Operation {
    pub fn sign(self) -> &'static str {
        match self {
            Operation::Add => "+",
            Operation::Subtract => "-",
            Operation::Multiply => "*",
            Operation::Divide => "/",
            Operation::Modulo => "%",
        }
    }
}

fn bind(operation: Operation, arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count(operation.sign(), arguments, 2, 2)?;
    let (a, b) = (&arguments[0].data_type.kind, &arguments[1].data_type.kind);
    // An untyped NULL takes the type of the other side.
    let (a, b) = match (a, b) {
        (TypeKind::Null, TypeKind::Null) => (&TypeKind::Int, &TypeKind::Int),
        (TypeKind::Null, b) if b.is_numeric() => (b, b),
        (a, TypeKind::Null) if a.is_numeric() => (a, a),
        both => both,
    };
    let nullable = any_nullable(arguments);
    if a.is_numeric() && b.is_numeric() {
        return bind_numbers(operation, a, b, arguments, nullable);
    }
    time_arithmetic::bind(operation, arguments).unwrap_or_else(|| Err(cannot_apply(operation.sign(), a, b)))
}

pub(crate) fn cannot_apply(sign: &str, a: &TypeKind, b: &TypeKind) -> SignatureError {
    SignatureError::new(format!("cannot apply '{sign}' to {a} and {b}"))
        .hint("cast one side with CAST(x AS type)")
}

fn bind_numbers(
    operation: Operation,
    a: &TypeKind,
    b: &TypeKind,
    arguments: &[Argument],
    nullable: bool,
) -> Result<BoundScalar, SignatureError> {
    let typed = |a: TypeKind, b: TypeKind| {
        vec![
            a.nullable().with_nullable(arguments[0].data_type.nullable),
            b.nullable().with_nullable(arguments[1].data_type.nullable),
        ]
    };
    if a.is_approximate_numeric() || b.is_approximate_numeric() {
        if operation == Operation::Modulo {
            return Err(cannot_apply("%", a, b));
        }
        // Of FLOAT and DOUBLE the left one counts, as in Calcite.
        let kind = match (a, b) {
            (TypeKind::Decimal { .. }, _) | (_, TypeKind::Decimal { .. }) => TypeKind::Double,
            (a, _) if a.is_approximate_numeric() => a.clone(),
            (_, b) => b.clone(),
        };
        let function = if kind == TypeKind::Double {
            floats::<Float64Type>(operation)
        } else {
            floats::<Float32Type>(operation)
        };
        return Ok(bound_as(
            typed(kind.clone(), kind.clone()),
            kind.nullable().with_nullable(nullable),
            function,
        ));
    }
    if a.is_integer() && b.is_integer() {
        let widest = if a.decimal_digits() >= b.decimal_digits() {
            a
        } else {
            b
        };
        // MOD has the type of its second argument: a remainder always fits it.
        let result = if operation == Operation::Modulo { b } else { widest };
        let function = match widest {
            TypeKind::TinyInt => integers::<Int8Type>(operation, result),
            TypeKind::SmallInt => integers::<Int16Type>(operation, result),
            TypeKind::Int => integers::<Int32Type>(operation, result),
            _ => integers::<Int64Type>(operation, result),
        };
        return Ok(bound_as(
            typed(widest.clone(), widest.clone()),
            result.clone().nullable().with_nullable(nullable),
            function,
        ));
    }
    let (Some(digits_a), Some(digits_b)) = (a.decimal_digits(), b.decimal_digits()) else {
        return Err(cannot_apply(operation.sign(), a, b));
    };
    let (result, function) = decimals::arithmetic(operation, digits_a, digits_b);
    let as_decimal = |(precision, scale)| TypeKind::Decimal { precision, scale };
    Ok(bound_as(
        typed(as_decimal(digits_a), as_decimal(digits_b)),
        result.nullable().with_nullable(nullable),
        function,
    ))
}

/// The operations of an integer type.
pub(crate) trait Integer: ArrowPrimitiveType {
    fn add(a: Self::Native, b: Self::Native) -> Self::Native;
    fn subtract(a: Self::Native, b: Self::Native) -> Self::Native;
    fn multiply(a: Self::Native, b: Self::Native) -> Self::Native;
    /// Both wrap: the least value by -1. The divisor must not be zero.
    fn divide(a: Self::Native, b: Self::Native) -> Self::Native;
    fn modulo(a: Self::Native, b: Self::Native) -> Self::Native;
    fn to_i64(a: Self::Native) -> i64;
}

macro_rules! integer {
    ($($arrow:ty: $native:ty),*) => {$(
        impl Integer for $arrow {
            #[inline]
            fn add(a: $native, b: $native) -> $native { a.wrapping_add(b) }
            #[inline]
            fn subtract(a: $native, b: $native) -> $native { a.wrapping_sub(b) }
            #[inline]
            fn multiply(a: $native, b: $native) -> $native { a.wrapping_mul(b) }
            #[inline]
            fn divide(a: $native, b: $native) -> $native { a.wrapping_div(b) }
            #[inline]
            fn modulo(a: $native, b: $native) -> $native { a.wrapping_rem(b) }
            #[inline]
            fn to_i64(a: $native) -> i64 { i64::from(a) }
        }
    )*};
}
integer!(Int8Type: i8, Int16Type: i16, Int32Type: i32, Int64Type: i64);

fn integers<T: Integer>(operation: Operation, result: &TypeKind) -> Arc<dyn ScalarFunction> {
    let result = result.clone();
    match operation {
        Operation::Add => kernel("+", |call| binary::<T, T>(call, T::add)),
        Operation::Subtract => kernel("-", |call| binary::<T, T>(call, T::subtract)),
        Operation::Multiply => kernel("*", |call| binary::<T, T>(call, T::multiply)),
        Operation::Divide => fallible_kernel("/", |call| nonzero_binary::<T, T>(call, T::divide)),
        Operation::Modulo => fallible_kernel("%", move |call| match result {
            TypeKind::TinyInt => nonzero_binary::<T, Int8Type>(call, |a, b| T::to_i64(T::modulo(a, b)) as i8),
            TypeKind::SmallInt => {
                nonzero_binary::<T, Int16Type>(call, |a, b| T::to_i64(T::modulo(a, b)) as i16)
            }
            TypeKind::Int => nonzero_binary::<T, Int32Type>(call, |a, b| T::to_i64(T::modulo(a, b)) as i32),
            _ => nonzero_binary::<T, Int64Type>(call, |a, b| T::to_i64(T::modulo(a, b))),
        }),
    }
}

fn floats<T: ArrowPrimitiveType>(operation: Operation) -> Arc<dyn ScalarFunction>
where
    T::Native: std::ops::Add<Output = T::Native>
        + std::ops::Sub<Output = T::Native>
        + std::ops::Mul<Output = T::Native>
        + std::ops::Div<Output = T::Native>,
{
    match operation {
        Operation::Add => kernel("+", |call| binary::<T, T>(call, |a, b| a + b)),
        Operation::Subtract => kernel("-", |call| binary::<T, T>(call, |a, b| a - b)),
        Operation::Multiply => kernel("*", |call| binary::<T, T>(call, |a, b| a * b)),
        // Modulo of floats is refused when it is bound.
        Operation::Divide | Operation::Modulo => kernel("/", |call| binary::<T, T>(call, |a, b| a / b)),
    }
}

/// Applies a total operation to two columns of one type: computed for NULLs too, which costs less than looking.
pub(crate) fn binary<T: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    call: &Call<'_>,
    operation: impl Fn(T::Native, T::Native) -> O::Native,
) -> Result<ArrayRef, Error> {
    let a: Numbers<'_, T> = call.numbers(0)?;
    let b: Numbers<'_, T> = call.numbers(1)?;
    let values: Vec<O::Native> = match (a.constant, b.constant) {
        (false, false) => a
            .values()
            .iter()
            .zip(b.values())
            .map(|(&a, &b)| operation(a, b))
            .collect(),
        (false, true) => {
            let b = b.values()[0];
            a.values().iter().map(|&a| operation(a, b)).collect()
        }
        (true, false) => {
            let a = a.values()[0];
            b.values().iter().map(|&b| operation(a, b)).collect()
        }
        (true, true) => vec![operation(a.values()[0], b.values()[0]); call.rows],
    };
    let nulls = union_nulls(call.rows, &a, &b);
    Ok(Arc::new(PrimitiveArray::<O>::new(
        ScalarBuffer::from(values),
        nulls,
    )))
}

/// NULL where either is.
pub(crate) fn union_nulls<A: ArrowPrimitiveType, B: ArrowPrimitiveType>(
    rows: usize,
    a: &Numbers<'_, A>,
    b: &Numbers<'_, B>,
) -> Option<NullBuffer> {
    let all_null = |constant: bool, nulls: Option<&NullBuffer>| constant && nulls.is_some();
    if all_null(a.constant, a.nulls()) || all_null(b.constant, b.nulls()) {
        return Some(NullBuffer::new_null(rows));
    }
    NullBuffer::union(
        a.nulls().filter(|_| !a.constant),
        b.nulls().filter(|_| !b.constant),
    )
}

/// As [`binary`], for operations that fail on a zero to the right.
fn nonzero_binary<T: Integer, O: ArrowPrimitiveType>(
    call: &Call<'_>,
    operation: impl Fn(T::Native, T::Native) -> O::Native,
) -> Result<ArrayRef, Error> {
    let a: Numbers<'_, T> = call.numbers(0)?;
    let b: Numbers<'_, T> = call.numbers(1)?;
    let zero = T::Native::default();
    let nulls = union_nulls(call.rows, &a, &b);
    let mut values = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let divisor = b.values()[if b.constant { 0 } else { row }];
        if divisor == zero {
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                return Err(division_by_zero());
            }
            values.push(O::Native::usize_as(0));
        } else {
            values.push(operation(a.values()[if a.constant { 0 } else { row }], divisor));
        }
    }
    Ok(Arc::new(PrimitiveArray::<O>::new(
        ScalarBuffer::from(values),
        nulls,
    )))
}

pub(crate) fn division_by_zero() -> Error {
    Error::evaluation("/ by zero")
}

fn bind_negate(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("-", arguments, 1, 1)?;
    let given = &arguments[0].data_type;
    let function = match &given.kind {
        TypeKind::TinyInt => unary::<Int8Type>(i8::wrapping_neg),
        TypeKind::SmallInt => unary::<Int16Type>(i16::wrapping_neg),
        TypeKind::Int => unary::<Int32Type>(i32::wrapping_neg),
        TypeKind::BigInt => unary::<Int64Type>(i64::wrapping_neg),
        TypeKind::Float => unary::<Float32Type>(|value| -value),
        TypeKind::Double => unary::<Float64Type>(|value| -value),
        TypeKind::Decimal { .. } => unary::<arrow_array::types::Decimal128Type>(i128::wrapping_neg),
        TypeKind::IntervalYearMonth => unary::<arrow_array::types::IntervalYearMonthType>(i32::wrapping_neg),
        TypeKind::IntervalDayTime => unary::<arrow_array::types::DurationMillisecondType>(i64::wrapping_neg),
        other => {
            return Err(SignatureError::new(format!("cannot apply '-' to {other}")).argument(0));
        }
    };
    let data_type: DataType = given.clone();
    Ok(bound_as(vec![data_type.clone()], data_type, function))
}

/// One number to one of the same Arrow type.
fn unary<T: ArrowPrimitiveType>(operation: fn(T::Native) -> T::Native) -> Arc<dyn ScalarFunction> {
    kernel("NEGATE", move |call| {
        let a: Numbers<'_, T> = call.numbers(0)?;
        let result = a
            .array
            .unary::<_, T>(operation)
            .with_data_type(a.array.data_type().clone());
        Ok(Arc::new(result))
    })
}
