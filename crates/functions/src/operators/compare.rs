//! `= <> < <= > >=` and `IS [NOT] DISTINCT FROM`.
//!
//! Numbers of different types meet in the wider one, decimals are compared exactly, texts by their bytes. A text
//! beside a date or time is read as one. Rows, arrays and maps know equality only.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, DurationMillisecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType, TimestampMicrosecondType,
    TimestampNanosecondType,
};
use arrow_array::{ArrayRef, BooleanArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::SortOptions;
use dataflow::{Argument, BoundScalar, Error, ScalarFunction, SignatureError, Value};
use model::{DataType, TypeKind};

use super::arithmetic::{cannot_apply, union_nulls};
use super::decimals::{self, Decimals};
use crate::build;
use crate::definition::Scalar;
use crate::kernel::{Bytes, Call, Flags, Numbers, kernel};
use crate::signature::{any_nullable, bound_as, check_count};
use crate::types::common_type;

macro_rules! comparison {
    ($name:literal, $variant:ident, $signature:literal, $doc:literal, $example:expr) => {
        Scalar {
            name: $name,
            signatures: &[$signature],
            doc: $doc,
            example: $example,
            category: "comparison",
            bind: |arguments| bind(Comparison::$variant, arguments),
        }
    };
}

pub(crate) const LIST: &[Scalar] = &[
    comparison!(
        "=",
        Equal,
        "a = b",
        "Whether both are equal; unknown if either is NULL.",
        ("1 = 1.0", "TRUE")
    ),
    comparison!(
        "<>",
        NotEqual,
        "a <> b",
        "Whether they differ; unknown if either is NULL.",
        ("'a' <> 'b'", "TRUE")
    ),
    comparison!("<", Less, "a < b", "Whether a is less than b.", ("1 < 2", "TRUE")),
    comparison!(
        "<=",
        LessOrEqual,
        "a <= b",
        "Whether a is at most b.",
        ("2 <= 2", "TRUE")
    ),
    comparison!(
        ">",
        Greater,
        "a > b",
        "Whether a is greater than b.",
        ("'b' > 'a'", "TRUE")
    ),
    comparison!(
        ">=",
        GreaterOrEqual,
        "a >= b",
        "Whether a is at least b.",
        ("1 >= 2", "FALSE")
    ),
    comparison!(
        "IS DISTINCT FROM",
        Distinct,
        "a IS DISTINCT FROM b",
        "Whether they differ, where NULL equals NULL; never unknown.",
        ("1 IS DISTINCT FROM 2", "TRUE")
    ),
    comparison!(
        "IS NOT DISTINCT FROM",
        NotDistinct,
        "a IS NOT DISTINCT FROM b",
        "Whether they are equal, where NULL equals NULL; never unknown.",
        ("1 IS NOT DISTINCT FROM 1", "TRUE")
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Distinct,
    NotDistinct,
}

impl Comparison {
    fn name(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "<>",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
            Comparison::Distinct => "IS DISTINCT FROM",
            Comparison::NotDistinct => "IS NOT DISTINCT FROM",
        }
    }

    fn is_equality(self) -> bool {
        !matches!(
            self,
            Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual
        )
    }

    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Equal | Comparison::NotDistinct => ordering.is_eq(),
            Comparison::NotEqual | Comparison::Distinct => ordering.is_ne(),
            Comparison::Less => ordering.is_lt(),
            Comparison::LessOrEqual => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

fn bind(comparison: Comparison, arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count(comparison.name(), arguments, 2, 2)?;
    let (a, b) = (&arguments[0].data_type, &arguments[1].data_type);
    let (left, right) =
        meeting_types(&a.kind, &b.kind).ok_or_else(|| cannot_apply(comparison.name(), &a.kind, &b.kind))?;
    let function = compare_function(comparison, &left, &right)
        .ok_or_else(|| cannot_apply(comparison.name(), &a.kind, &b.kind))?;
    let distinct = matches!(comparison, Comparison::Distinct | Comparison::NotDistinct);
    let result = DataType {
        kind: TypeKind::Boolean,
        nullable: !distinct && any_nullable(arguments),
    };
    let types = vec![
        left.nullable()
            .with_nullable(a.nullable || a.kind == TypeKind::Null),
        right
            .nullable()
            .with_nullable(b.nullable || b.kind == TypeKind::Null),
    ];
    Ok(bound_as(types, result, function))
}

/// To what both sides are cast before they are compared. Decimals keep their scales.
pub(crate) fn meeting_types(a: &TypeKind, b: &TypeKind) -> Option<(TypeKind, TypeKind)> {
    let both = |kind: TypeKind| Some((kind.clone(), kind));
    match (a, b) {
        (TypeKind::Null, TypeKind::Null) => both(TypeKind::Boolean),
        (TypeKind::Null, b) => both(b.clone()),
        (a, TypeKind::Null) => both(a.clone()),
        (a, b) if a.is_string() && b.is_string() => Some((a.clone(), b.clone())),
        (a, b) if a.is_binary() && b.is_binary() => Some((a.clone(), b.clone())),
        (a, b) if a.is_string() && b.is_datetime() => both(readable(b)),
        (a, b) if a.is_datetime() && b.is_string() => both(readable(a)),
        (a, b) if a.is_exact_numeric() && b.is_exact_numeric() && !(a.is_integer() && b.is_integer()) => {
            let decimal = |(precision, scale)| TypeKind::Decimal { precision, scale };
            Some((decimal(a.decimal_digits()?), decimal(b.decimal_digits()?)))
        }
        (a, b) => {
            let common = common_type(&[a.clone().nullable(), b.clone().nullable()])?;
            both(common.kind)
        }
    }
}

/// A text beside a timestamp is read with all its digits.
fn readable(kind: &TypeKind) -> TypeKind {
    match kind {
        TypeKind::Timestamp(p) => TypeKind::Timestamp((*p).max(3)),
        TypeKind::TimestampLtz(p) => TypeKind::TimestampLtz((*p).max(3)),
        other => other.clone(),
    }
}

/// The comparison of two columns of types that [`meeting_types`] gave; `None` if they cannot be compared so.
pub(crate) fn compare_function(
    comparison: Comparison,
    a: &TypeKind,
    b: &TypeKind,
) -> Option<Arc<dyn ScalarFunction>> {
    let name = comparison.name();
    Some(match a {
        TypeKind::Boolean => kernel(name, move |call| {
            let (a, b) = (Flags::of(call.value(0)?)?, Flags::of(call.value(1)?)?);
            rows(
                comparison,
                call.rows,
                |row| a.get(row),
                |row| b.get(row),
                |a, b| a.cmp(&b),
            )
        }),
        TypeKind::TinyInt => numbers::<Int8Type>(comparison),
        TypeKind::SmallInt => numbers::<Int16Type>(comparison),
        TypeKind::Int => numbers::<Int32Type>(comparison),
        TypeKind::BigInt => numbers::<Int64Type>(comparison),
        TypeKind::Float => numbers::<Float32Type>(comparison),
        TypeKind::Double => numbers::<Float64Type>(comparison),
        TypeKind::Date => numbers::<Date32Type>(comparison),
        TypeKind::Time(_) => numbers::<Time32MillisecondType>(comparison),
        TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) if *p <= 6 => {
            numbers::<TimestampMicrosecondType>(comparison)
        }
        TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_) => numbers::<TimestampNanosecondType>(comparison),
        TypeKind::IntervalYearMonth => numbers::<IntervalYearMonthType>(comparison),
        TypeKind::IntervalDayTime => numbers::<DurationMillisecondType>(comparison),
        TypeKind::Decimal { .. } => {
            let (s1, s2) = (i32::from(a.decimal_digits()?.1), i32::from(b.decimal_digits()?.1));
            kernel(name, move |call| {
                let (a, b): (Decimals<'_>, Decimals<'_>) = (call.numbers(0)?, call.numbers(1)?);
                rows(
                    comparison,
                    call.rows,
                    |row| a.get(row),
                    |row| b.get(row),
                    |a, b| decimals::compare(a, s1, b, s2),
                )
            })
        }
        TypeKind::Char(_) | TypeKind::Varchar(_) | TypeKind::Binary(_) | TypeKind::Varbinary(_) => {
            kernel(name, move |call| {
                let (a, b) = (Bytes::of(call.value(0)?)?, Bytes::of(call.value(1)?)?);
                rows(
                    comparison,
                    call.rows,
                    |row| a.get(row),
                    |row| b.get(row),
                    <[u8]>::cmp,
                )
            })
        }
        TypeKind::Array(_) | TypeKind::Map(..) | TypeKind::Multiset(_) | TypeKind::Row(_)
            if comparison.is_equality() =>
        {
            kernel(name, move |call| nested(comparison, call))
        }
        _ => return None,
    })
}

/// Row by row, through an ordering.
fn rows<T>(
    comparison: Comparison,
    rows: usize,
    a: impl Fn(usize) -> Option<T>,
    b: impl Fn(usize) -> Option<T>,
    compare: impl Fn(T, T) -> Ordering,
) -> Result<ArrayRef, Error> {
    build::flags(rows, |row| {
        Ok(match (comparison, a(row), b(row)) {
            (_, Some(a), Some(b)) => Some(comparison.holds(compare(a, b))),
            (Comparison::Distinct, None, None) => Some(false),
            (Comparison::Distinct, ..) => Some(true),
            (Comparison::NotDistinct, None, None) => Some(true),
            (Comparison::NotDistinct, ..) => Some(false),
            _ => None,
        })
    })
}

fn numbers<T: ArrowPrimitiveType>(comparison: Comparison) -> Arc<dyn ScalarFunction>
where
    T::Native: PartialOrd,
{
    kernel(comparison.name(), move |call| match comparison {
        Comparison::Equal => native::<T>(call, |a, b| a == b),
        Comparison::NotEqual => native::<T>(call, |a, b| a != b),
        Comparison::Less => native::<T>(call, |a, b| a < b),
        Comparison::LessOrEqual => native::<T>(call, |a, b| a <= b),
        Comparison::Greater => native::<T>(call, |a, b| a > b),
        Comparison::GreaterOrEqual => native::<T>(call, |a, b| a >= b),
        Comparison::Distinct | Comparison::NotDistinct => {
            let (a, b): (Numbers<'_, T>, Numbers<'_, T>) = (call.numbers(0)?, call.numbers(1)?);
            build::flags(call.rows, |row| {
                let same = a.get(row) == b.get(row);
                Ok(Some(same == (comparison == Comparison::NotDistinct)))
            })
        }
    })
}

/// The loop that queries spend their time in: packs bits, looks at NULLs once.
fn native<T: ArrowPrimitiveType>(
    call: &Call<'_>,
    holds: impl Fn(T::Native, T::Native) -> bool,
) -> Result<ArrayRef, Error> {
    let a: Numbers<'_, T> = call.numbers(0)?;
    let b: Numbers<'_, T> = call.numbers(1)?;
    let (x, y) = (a.values(), b.values());
    // Slices of the stated length let the compiler drop the bounds checks.
    let bits = match (a.constant, b.constant) {
        (false, false) => {
            let (x, y) = (&x[..call.rows], &y[..call.rows]);
            BooleanBuffer::collect_bool(call.rows, |row| holds(x[row], y[row]))
        }
        (false, true) => {
            let (x, y) = (&x[..call.rows], y[0]);
            BooleanBuffer::collect_bool(call.rows, |row| holds(x[row], y))
        }
        (true, false) => {
            let (x, y) = (x[0], &y[..call.rows]);
            BooleanBuffer::collect_bool(call.rows, |row| holds(x, y[row]))
        }
        (true, true) => {
            let same = holds(x[0], y[0]);
            BooleanBuffer::collect_bool(call.rows, |_| same)
        }
    };
    let nulls = union_nulls(call.rows, &a, &b);
    Ok(Arc::new(BooleanArray::new(bits, nulls)))
}

/// Equality of rows, arrays and maps, where NULL parts equal each other.
fn nested(comparison: Comparison, call: &Call<'_>) -> Result<ArrayRef, Error> {
    let (a, b) = (call.value(0)?, call.value(1)?);
    let order = comparator(a.array(), b.array())?;
    let valid = |value: &Value, row: usize| !value.is_null(row);
    build::flags(call.rows, |row| {
        let index = (a.index(row), b.index(row));
        Ok(match (comparison, valid(a, row), valid(b, row)) {
            (_, true, true) => Some(comparison.holds(order(index.0, index.1))),
            (Comparison::Distinct, x, y) => Some(x != y),
            (Comparison::NotDistinct, x, y) => Some(x == y),
            _ => None,
        })
    })
}

/// Compares elements of two arrays of one type, at any depth.
pub(crate) fn comparator(
    a: &ArrayRef,
    b: &ArrayRef,
) -> Result<Box<dyn Fn(usize, usize) -> Ordering + Send + Sync>, Error> {
    arrow_ord::ord::make_comparator(a.as_ref(), b.as_ref(), SortOptions::default())
        .map_err(|error| Error::internal(error.to_string()))
}
