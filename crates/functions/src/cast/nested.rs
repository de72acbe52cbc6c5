//! Casts of arrays, maps, multisets and rows, part by part.
//!
//! In a trying cast, a part that fails makes its whole value NULL.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, StructArray};
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use arrow_schema::{DataType as ArrowType, Fields};
use dataflow::{Error, EvaluationContext};
use model::{DataType, TypeKind};

use super::{Failures, cast_array};

/// `None` if these are no nested types.
pub(super) fn cast(
    array: &ArrayRef,
    from: &TypeKind,
    to: &TypeKind,
    context: &EvaluationContext,
    failures: &mut Failures,
) -> Result<Option<ArrayRef>, Error> {
    Ok(Some(match (from, to) {
        (TypeKind::Array(a), TypeKind::Array(b)) => cast_list(array, a, b, to, context, failures)?,
        (TypeKind::Map(k1, v1), TypeKind::Map(k2, v2)) => {
            cast_map(array, (k1, v1), (k2, v2), to, context, failures)?
        }
        (TypeKind::Multiset(a), TypeKind::Multiset(b)) => {
            let count = TypeKind::Int.not_null();
            cast_map(array, (a, &count), (b, &count), to, context, failures)?
        }
        (TypeKind::Row(a), TypeKind::Row(b)) => {
            let rows = array.as_struct();
            let mut columns = Vec::with_capacity(a.len());
            let mut failed = failures.nested();
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                columns.push(cast_array(
                    rows.column(index),
                    &a.data_type,
                    &b.data_type,
                    context,
                    &mut failed,
                )?);
            }
            failed.rows.sort_unstable();
            failed.rows.dedup();
            let nulls = without(rows.nulls(), rows.len(), &failed.rows);
            failures.rows.append(&mut failed.rows);
            let ArrowType::Struct(fields) = to.arrow() else {
                return Ok(None);
            };
            Arc::new(StructArray::try_new_with_length(fields, columns, nulls, rows.len()).map_err(internal)?)
        }
        _ => return Ok(None),
    }))
}

fn cast_list(
    array: &ArrayRef,
    from: &DataType,
    to: &DataType,
    whole: &TypeKind,
    context: &EvaluationContext,
    failures: &mut Failures,
) -> Result<ArrayRef, Error> {
    let list = array.as_list::<i32>();
    let mut failed = failures.nested();
    let values = cast_array(list.values(), from, to, context, &mut failed)?;
    let rows = owners(list.offsets(), &failed.rows);
    let nulls = without(list.nulls(), list.len(), &rows);
    failures.rows.extend(rows);
    let ArrowType::List(field) = whole.arrow() else {
        return Err(Error::internal("an array is no list"));
    };
    Ok(Arc::new(
        ListArray::try_new(field, list.offsets().clone(), values, nulls).map_err(internal)?,
    ))
}

fn cast_map(
    array: &ArrayRef,
    from: (&DataType, &DataType),
    to: (&DataType, &DataType),
    whole: &TypeKind,
    context: &EvaluationContext,
    failures: &mut Failures,
) -> Result<ArrayRef, Error> {
    let map = array.as_map();
    let mut failed = failures.nested();
    let keys = cast_array(map.keys(), from.0, to.0, context, &mut failed)?;
    let values = cast_array(map.values(), from.1, to.1, context, &mut failed)?;
    failed.rows.sort_unstable();
    let rows = owners(map.offsets(), &failed.rows);
    let ArrowType::Map(field, _) = whole.arrow() else {
        return Err(Error::internal("a map is none"));
    };
    let ArrowType::Struct(fields) = field.data_type().clone() else {
        return Err(Error::internal("the entries of a map are no rows"));
    };
    let fields: Fields = if keys.null_count() > 0 {
        // Only a trying cast leaves such keys, in maps that become NULL as a whole.
        return Err(Error::evaluation("a key of a map cannot be cast"));
    } else {
        fields
    };
    let entries = StructArray::try_new(fields, vec![keys, values], None).map_err(internal)?;
    let nulls = without(map.nulls(), map.len(), &rows);
    failures.rows.extend(rows);
    Ok(Arc::new(
        MapArray::try_new(field, map.offsets().clone(), entries, nulls, false).map_err(internal)?,
    ))
}

/// The rows in whose ranges these elements lie. Elements come in order, or sorted.
fn owners(offsets: &OffsetBuffer<i32>, elements: &[usize]) -> Vec<usize> {
    let mut rows = Vec::new();
    for &element in elements {
        let row = offsets
            .partition_point(|&offset| offset as usize <= element)
            .saturating_sub(1);
        if rows.last() != Some(&row) {
            rows.push(row);
        }
    }
    rows
}

/// These NULLs and those of the rows that failed.
fn without(nulls: Option<&NullBuffer>, length: usize, failed: &[usize]) -> Option<NullBuffer> {
    if failed.is_empty() {
        return nulls.cloned();
    }
    let bits = BooleanBuffer::collect_bool(length, |row| {
        nulls.is_none_or(|nulls| nulls.is_valid(row)) && failed.binary_search(&row).is_err()
    });
    Some(NullBuffer::new(bits))
}

fn internal(error: arrow_schema::ArrowError) -> Error {
    Error::internal(error.to_string())
}
