//! `IS NULL` and `IS NOT NULL`, and what is known of `COALESCE`, `IFNULL`, `NULLIF`, `IF` and `CASE`.
//!
//! The planner rewrites the latter to `CASE`, so that only the branch that is taken is computed; their binders
//! here tell result types, and their code serves callers that have all branches computed already.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::BooleanBuffer;
use arrow_select::interleave::interleave;
use dataflow::{Argument, BoundScalar, Error, SignatureError, Value};
use model::{DataType, TypeKind};

use super::compare::{Comparison, compare_function, meeting_types};
use crate::cast::{CastMode, cast};
use crate::definition::Scalar;
use crate::kernel::{Call, Flags, fallible_kernel, kernel};
use crate::signature::{Slot, bound_as, check_count, coerce, coerce_one};
use crate::types::common_type;

pub(crate) const LIST: &[Scalar] = &[
    Scalar {
        name: "IS NULL",
        signatures: &["a IS NULL"],
        doc: "Whether the value is NULL.",
        example: ("CAST(NULL AS INT) IS NULL", "TRUE"),
        category: "comparison",
        bind: |arguments| bind_is_null("IS NULL", arguments, true),
    },
    Scalar {
        name: "IS NOT NULL",
        signatures: &["a IS NOT NULL"],
        doc: "Whether the value is not NULL.",
        example: ("1 IS NOT NULL", "TRUE"),
        category: "comparison",
        bind: |arguments| bind_is_null("IS NOT NULL", arguments, false),
    },
    Scalar {
        name: "COALESCE",
        signatures: &["COALESCE(value, value [, ...])"],
        doc: "The first argument that is not NULL.",
        example: ("COALESCE(CAST(NULL AS INT), 5)", "5"),
        category: "conditional",
        bind: bind_coalesce,
    },
    Scalar {
        name: "IFNULL",
        signatures: &["IFNULL(value, otherwise)"],
        doc: "The value, or the second argument where the value is NULL.",
        example: ("IFNULL(CAST(NULL AS INT), 5)", "5"),
        category: "conditional",
        bind: |arguments| {
            check_count("IFNULL", arguments, 2, 2)?;
            bind_coalesce(arguments)
        },
    },
    Scalar {
        name: "NULLIF",
        signatures: &["NULLIF(value, other)"],
        doc: "NULL if both are equal, else the first.",
        example: ("NULLIF(5, 0)", "5"),
        category: "conditional",
        bind: bind_nullif,
    },
    Scalar {
        name: "IF",
        signatures: &["IF(condition, then, otherwise)"],
        doc: "The second argument where the condition is true, else the third.",
        example: ("IF(5 > 3, 5, 3)", "5"),
        category: "conditional",
        bind: bind_if,
    },
];

fn bind_is_null(
    name: &'static str,
    arguments: &[Argument],
    wanted: bool,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 1, &[Slot::Any])?;
    let function = kernel(name, move |call| {
        let value = call.value(0)?;
        let bits = match (value.array().logical_nulls(), value) {
            (Some(nulls), Value::Array(_)) if wanted => !nulls.inner(),
            (Some(nulls), Value::Array(_)) => nulls.inner().clone(),
            (Some(nulls), Value::Constant(_)) => {
                let found = nulls.is_null(0);
                BooleanBuffer::collect_bool(call.rows, |_| found == wanted)
            }
            (None, _) => BooleanBuffer::collect_bool(call.rows, |_| !wanted),
        };
        Ok(Arc::new(BooleanArray::new(bits, None)))
    });
    Ok(bound_as(types, TypeKind::Boolean.not_null(), function))
}

fn all_common(name: &str, arguments: &[Argument]) -> Result<DataType, SignatureError> {
    let types: Vec<DataType> = arguments
        .iter()
        .map(|argument| argument.data_type.clone())
        .collect();
    common_type(&types).ok_or_else(|| {
        let names: Vec<String> = types.iter().map(|t| t.kind.to_string()).collect();
        SignatureError::new(format!(
            "the arguments of {name} have no type in common: {}",
            names.join(", ")
        ))
        .hint("cast them to one type with CAST(x AS type)")
    })
}

fn bind_coalesce(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("COALESCE", arguments, 1, usize::MAX)?;
    let common = all_common("COALESCE", arguments)?;
    let nullable = arguments.iter().all(|argument| argument.data_type.nullable);
    let types = arguments
        .iter()
        .map(|argument| common.clone().with_nullable(argument.data_type.nullable))
        .collect();
    let function = kernel("COALESCE", |call| {
        choose(call, 0..call.len(), |row| {
            (0..call.len()).find(|&index| !call.arguments[index].is_null(row))
        })
    });
    Ok(bound_as(types, common.with_nullable(nullable), function))
}

fn bind_nullif(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("NULLIF", arguments, 2, 2)?;
    let (a, b) = (&arguments[0].data_type, &arguments[1].data_type);
    let Some((left, right)) = meeting_types(&a.kind, &b.kind) else {
        return Err(SignatureError::new(format!(
            "NULLIF cannot compare {} and {}",
            a.kind, b.kind
        )));
    };
    let Some(equal) = compare_function(Comparison::Equal, &left, &right) else {
        return Err(SignatureError::new(format!(
            "NULLIF cannot compare {} and {}",
            a.kind, b.kind
        )));
    };
    let sides = [(a.clone(), left.nullable()), (b.clone(), right.nullable())];
    let result = a.clone().with_nullable(true);
    let types = vec![a.clone(), b.clone()];
    let function = fallible_kernel("NULLIF", move |call| {
        let mut compared = Vec::with_capacity(2);
        for ((from, to), value) in sides.iter().zip(call.arguments) {
            let cast = cast(from, to, CastMode::Implicit).map_err(|error| Error::internal(error.message))?;
            let value = std::slice::from_ref(value);
            compared.push(cast.function.evaluate(value, call.rows, call.context)?);
        }
        let same = equal.evaluate(&compared, call.rows, call.context)?;
        let same = Flags::of(&same)?;
        choose(call, 0..1, |row| (same.get(row) != Some(true)).then_some(0))
    });
    Ok(bound_as(types, result, function))
}

fn bind_if(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("IF", arguments, 3, 3)?;
    let condition = coerce_one("IF", 0, &arguments[0], Slot::Boolean)?;
    let common = all_common("IF", &arguments[1..])?;
    let result = common.clone().or_nullable(condition.nullable);
    let types = vec![condition, common.clone(), common];
    let function = kernel("IF", |call| {
        let condition = call.flags(0)?;
        choose(call, 1..3, |row| {
            Some(if condition.get(row) == Some(true) { 1 } else { 2 })
        })
    });
    Ok(bound_as(types, result, function))
}

/// Picks an argument a row; NULL for `None`. All `among` have one type.
fn choose(
    call: &Call<'_>,
    among: std::ops::Range<usize>,
    pick: impl Fn(usize) -> Option<usize>,
) -> Result<ArrayRef, Error> {
    let first = among.start;
    let mut arrays: Vec<&dyn Array> = Vec::with_capacity(among.len() + 1);
    for index in among {
        arrays.push(call.value(index)?.array().as_ref());
    }
    let null = arrow_array::new_null_array(arrays[0].data_type(), 1);
    let null_index = arrays.len();
    arrays.push(null.as_ref());
    let picks: Vec<(usize, usize)> = (0..call.rows)
        .map(|row| match pick(row) {
            Some(index) => (index - first, call.arguments[index].index(row)),
            None => (null_index, 0),
        })
        .collect();
    interleave(&arrays, &picks).map_err(|error| Error::internal(error.to_string()))
}
