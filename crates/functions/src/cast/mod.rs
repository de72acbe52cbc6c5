//! `CAST`, `TRY_CAST` and the casts that Flink makes by itself.
//!
//! A failing value fails an explicit cast and is NULL in a trying one; a decimal that overflows is NULL in both,
//! as in Flink. Casts of arrays, maps and rows cast their parts.

mod nested;
mod number;
mod temporal;
mod text;
mod to_text;

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, new_null_array};
use dataflow::{BoundScalar, Error, EvaluationContext, ScalarFunction, SignatureError, Value};
use model::{DataType, TypeKind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CastMode {
    /// `CAST`: a value that cannot be cast fails the query.
    Explicit,
    /// `TRY_CAST`: a value that cannot be cast is NULL.
    Try,
    /// Made by the planner. Fails like an explicit one, of which it is a harmless kind.
    Implicit,
}

/// The cast from one type to another. The result is nullable if the value is, and always for [`CastMode::Try`].
pub fn cast(from: &DataType, to: &DataType, mode: CastMode) -> Result<BoundScalar, SignatureError> {
    if let Some(reason) = refusal(&from.kind, &to.kind) {
        return Err(reason);
    }
    let nullable = from.nullable || from.kind == TypeKind::Null || mode == CastMode::Try;
    Ok(BoundScalar {
        arguments: vec![from.clone()],
        result: to.clone().with_nullable(nullable),
        function: Arc::new(Cast {
            from: from.clone(),
            to: to.clone(),
            is_try: mode == CastMode::Try,
            fallible: is_fallible(&from.kind, &to.kind),
        }),
    })
}

#[derive(Debug)]
struct Cast {
    from: DataType,
    to: DataType,
    is_try: bool,
    fallible: bool,
}

impl ScalarFunction for Cast {
    fn name(&self) -> &str {
        if self.is_try { "TRY_CAST" } else { "CAST" }
    }

    fn evaluate(
        &self,
        arguments: &[Value],
        _rows: usize,
        context: &EvaluationContext,
    ) -> Result<Value, Error> {
        let [value] = arguments else {
            return Err(Error::internal("a cast takes one argument"));
        };
        let mut failures = Failures::new(self.is_try || context.legacy_cast);
        let result = cast_array(value.array(), &self.from, &self.to, context, &mut failures)?;
        Ok(match value {
            Value::Array(_) => Value::Array(result),
            Value::Constant(_) => Value::Constant(result),
        })
    }

    fn is_fallible(&self) -> bool {
        self.fallible && !self.is_try
    }
}

/// What happens to rows that cannot be cast.
#[derive(Debug)]
pub(crate) struct Failures {
    is_try: bool,
    /// The rows that failed, in order; kept in a trying cast only.
    pub rows: Vec<usize>,
}

impl Failures {
    pub fn new(is_try: bool) -> Self {
        Failures {
            is_try,
            rows: Vec::new(),
        }
    }

    /// For the parts of a value.
    pub fn nested(&self) -> Self {
        Failures::new(self.is_try)
    }

    /// NULL for a trying cast, an error else.
    pub fn fail<T>(&mut self, row: usize, message: impl FnOnce() -> String) -> Result<Option<T>, Error> {
        if self.is_try {
            self.rows.push(row);
            Ok(None)
        } else {
            Err(Error::evaluation(message()))
        }
    }
}

/// Casts a whole array. `to` may differ from `from` in anything that [`cast`] accepts.
pub(crate) fn cast_array(
    array: &ArrayRef,
    from: &DataType,
    to: &DataType,
    context: &EvaluationContext,
    failures: &mut Failures,
) -> Result<ArrayRef, Error> {
    let (a, b) = (&from.kind, &to.kind);
    if a == b || a.arrow() == b.arrow() && is_free(a, b) {
        return Ok(array.clone());
    }
    if *a == TypeKind::Null {
        return Ok(new_null_array(&b.arrow(), array.len()));
    }
    if *b == TypeKind::Bitmap {
        return text::to_bitmap(array, failures);
    }
    if b.is_string() {
        return to_text::cast(array, from, b, context);
    }
    if let Some(result) = nested::cast(array, a, b, context, failures)? {
        return Ok(result);
    }
    if a.is_string() && !b.is_binary() {
        return text::cast(array, b, context, failures);
    }
    if b.is_binary() {
        return text::to_binary(array, b);
    }
    if a.is_datetime() {
        return temporal::cast(array, a, b, context);
    }
    number::cast(array, a, b, failures)
}

/// Doubles as numbers of another type; what is no number there is NULL.
pub(crate) fn from_double(array: &ArrayRef, to: &TypeKind) -> Result<ArrayRef, Error> {
    number::cast(array, &TypeKind::Double, to, &mut Failures::new(true))
}

/// Whether every value of `a` is one of `b` as it stands.
fn is_free(a: &TypeKind, b: &TypeKind) -> bool {
    match (a, b) {
        (TypeKind::Char(m) | TypeKind::Varchar(m), TypeKind::Varchar(n))
        | (TypeKind::Binary(m) | TypeKind::Varbinary(m), TypeKind::Varbinary(n)) => m <= n,
        (TypeKind::Time(p), TypeKind::Time(q))
        | (TypeKind::Timestamp(p), TypeKind::Timestamp(q))
        | (TypeKind::TimestampLtz(p), TypeKind::TimestampLtz(q)) => p <= q,
        _ => false,
    }
}

fn is_fallible(from: &TypeKind, to: &TypeKind) -> bool {
    match (from, to) {
        (TypeKind::Array(a), TypeKind::Array(b)) | (TypeKind::Multiset(a), TypeKind::Multiset(b)) => {
            is_fallible(&a.kind, &b.kind)
        }
        (TypeKind::Map(k1, v1), TypeKind::Map(k2, v2)) => {
            is_fallible(&k1.kind, &k2.kind) || is_fallible(&v1.kind, &v2.kind)
        }
        (TypeKind::Row(a), TypeKind::Row(b)) => a
            .iter()
            .zip(b)
            .any(|(a, b)| is_fallible(&a.data_type.kind, &b.data_type.kind)),
        // What is filled up must not become too long.
        (_, TypeKind::Char(length) | TypeKind::Binary(length))
            if *length as usize > crate::build::RESULT_BYTES_MAX =>
        {
            true
        }
        (a, TypeKind::Bitmap) => a.is_binary(),
        (a, b) if a.is_string() => !b.is_string() && !b.is_binary(),
        // NaN is no decimal.
        (a, TypeKind::Decimal { .. }) => a.is_approximate_numeric(),
        // The years of nanosecond timestamps are few.
        (a, TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p)) => *p > 6 && a.is_datetime(),
        _ => false,
    }
}

/// Why there is no such cast; `None` if there is.
fn refusal(from: &TypeKind, to: &TypeKind) -> Option<SignatureError> {
    if is_castable(from, to) {
        return None;
    }
    let error = SignatureError::new(format!("cannot cast {from} to {to}")).argument(0);
    Some(match (from, to) {
        (a, TypeKind::Timestamp(_)) if a.is_numeric() => {
            error.hint("use TO_TIMESTAMP(FROM_UNIXTIME(seconds))")
        }
        (a, TypeKind::TimestampLtz(_)) if a.is_numeric() => {
            error.hint("use TO_TIMESTAMP_LTZ(number, 0 or 3)")
        }
        (TypeKind::Timestamp(_), b) if b.is_numeric() => {
            error.hint("use UNIX_TIMESTAMP(CAST(timestamp AS STRING))")
        }
        _ => error,
    })
}

fn is_castable(from: &TypeKind, to: &TypeKind) -> bool {
    use TypeKind::{
        Array, Bitmap, Boolean, Date, IntervalDayTime, IntervalYearMonth, Map, Multiset, Null, Row, Time,
    };
    if from == to || *from == Null {
        return true;
    }
    // What is in a variant is taken out by other ways.
    if *from == TypeKind::Variant || *to == TypeKind::Variant {
        return false;
    }
    let flat = |kind: &TypeKind| !matches!(kind, Array(_) | Map(..) | Multiset(_) | Row(_));
    match (from, to) {
        (_, b) if b.is_string() => true,
        (Array(a), Array(b)) | (Multiset(a), Multiset(b)) => is_castable(&a.kind, &b.kind),
        (Map(k1, v1), Map(k2, v2)) => is_castable(&k1.kind, &k2.kind) && is_castable(&v1.kind, &v2.kind),
        (Row(a), Row(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| is_castable(&a.data_type.kind, &b.data_type.kind))
        }
        (a, b) if !flat(a) || !flat(b) => false,
        (a, b) if a.is_string() => !matches!(b, IntervalDayTime | IntervalYearMonth | Null | Bitmap),
        (Bitmap, b) => b.is_binary(),
        (a, Bitmap) => a.is_binary(),
        (a, b) if a.is_binary() => b.is_binary(),
        (a, b) if a.is_numeric() || *a == Boolean => b.is_numeric() || *b == Boolean,
        (Date, b) => b.is_timestamp(),
        (Time(_), b) => b.is_timestamp() || matches!(b, Time(_)),
        (a, b) if a.is_timestamp() => b.is_datetime(),
        _ => false,
    }
}

/// A Boolean array as numbers 0 and 1, and the other way around, go through this.
pub(crate) fn downcast<T: 'static>(array: &ArrayRef) -> Result<&T, Error> {
    array
        .as_any()
        .downcast_ref::<T>()
        .ok_or_else(|| Error::internal(format!("a cast was given {:?}", array.data_type())))
}

pub(crate) fn booleans(array: &ArrayRef) -> Result<&BooleanArray, Error> {
    downcast::<BooleanArray>(array)
}
