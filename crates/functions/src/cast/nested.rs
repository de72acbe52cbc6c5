//! Casts of arrays, maps, multisets and rows, part by part.
//!
//! In a trying cast, a part that fails makes its whole value NULL.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, StructArray, UInt32Array};
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType as ArrowType;
use arrow_select::take::take;
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
    let (offsets, elements) = rebased(list.offsets());
    let values = list.values().slice(elements.start, elements.len());
    let values = cast_array(&values, from, to, context, &mut failed)?;
    let rows = owners(&offsets, &failed.rows);
    let nulls = without(list.nulls(), list.len(), &rows);
    failures.rows.extend(rows);
    let ArrowType::List(field) = whole.arrow() else {
        return Err(Error::internal("an array is no list"));
    };
    Ok(Arc::new(
        ListArray::try_new(field, offsets, values, nulls).map_err(internal)?,
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
    let (mut offsets, elements) = rebased(map.offsets());
    let part = |column: &ArrayRef| column.slice(elements.start, elements.len());
    let mut keys = cast_array(&part(map.keys()), from.0, to.0, context, &mut failed)?;
    let mut values = cast_array(&part(map.values()), from.1, to.1, context, &mut failed)?;
    failed.rows.sort_unstable();
    let rows = owners(&offsets, &failed.rows);
    let ArrowType::Map(field, _) = whole.arrow() else {
        return Err(Error::internal("a map is none"));
    };
    let ArrowType::Struct(fields) = field.data_type().clone() else {
        return Err(Error::internal("the entries of a map are no rows"));
    };
    if keys.null_count() > 0 {
        // Keys cannot be NULL, not even those of maps that are NULL as a whole.
        let (shorter, kept) = entries_without(&offsets, &rows);
        keys = take(keys.as_ref(), &kept, None).map_err(internal)?;
        values = take(values.as_ref(), &kept, None).map_err(internal)?;
        offsets = shorter;
        if keys.null_count() > 0 {
            return Err(Error::evaluation("a key of a map is NULL after a cast"));
        }
    }
    let entries = StructArray::try_new(fields, vec![keys, values], None).map_err(internal)?;
    let nulls = without(map.nulls(), map.len(), &rows);
    failures.rows.extend(rows);
    Ok(Arc::new(
        MapArray::try_new(field, offsets, entries, nulls, false).map_err(internal)?,
    ))
}

/// The offsets from zero on, and the elements that they speak of: an array that was cut holds more.
fn rebased(offsets: &OffsetBuffer<i32>) -> (OffsetBuffer<i32>, Range<usize>) {
    let first = offsets.first().copied().unwrap_or(0);
    let last = offsets.last().copied().unwrap_or(0);
    let elements = first as usize..last as usize;
    if first == 0 {
        return (offsets.clone(), elements);
    }
    let moved: Vec<i32> = offsets.iter().map(|offset| offset - first).collect();
    (OffsetBuffer::new(ScalarBuffer::from(moved)), elements)
}

/// The entries of all maps but those in `rows`, which are in order, and the offsets of what is left.
fn entries_without(offsets: &OffsetBuffer<i32>, rows: &[usize]) -> (OffsetBuffer<i32>, UInt32Array) {
    let mut kept: Vec<u32> = Vec::new();
    let mut shorter: Vec<i32> = vec![0];
    for (row, bounds) in offsets.windows(2).enumerate() {
        if rows.binary_search(&row).is_err() {
            kept.extend(bounds[0] as u32..bounds[1] as u32);
        }
        shorter.push(kept.len() as i32);
    }
    (
        OffsetBuffer::new(ScalarBuffer::from(shorter)),
        UInt32Array::from(kept),
    )
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

#[cfg(test)]
mod tests {
    use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringBuilder};
    use stdx::ManualClock;

    use super::*;

    fn context() -> EvaluationContext {
        EvaluationContext::new(chrono_tz::UTC, Arc::new(ManualClock::at_ms(0)))
    }

    fn try_cast(array: &ArrayRef, from: TypeKind, to: TypeKind) -> ArrayRef {
        let (from, to) = (from.nullable(), to.nullable());
        cast_array(array, &from, &to, &context(), &mut Failures::new(true)).unwrap()
    }

    #[test]
    fn a_part_of_an_array_of_arrays_is_cast_as_it_is() {
        let array = |element: TypeKind| TypeKind::Array(Box::new(element.nullable()));
        let mut texts = ListBuilder::new(StringBuilder::new());
        for row in [vec!["x"], vec!["1", "2"], vec!["y", "3"], vec!["4"]] {
            row.iter().for_each(|text| texts.values().append_value(text));
            texts.append(true);
        }
        let texts: ArrayRef = Arc::new(texts.finish().slice(1, 3));
        let numbers = try_cast(&texts, array(TypeKind::STRING), array(TypeKind::Int));
        let numbers = numbers.as_list::<i32>();
        assert_eq!(
            (numbers.is_null(0), numbers.is_null(1), numbers.is_null(2)),
            (false, true, false)
        );
        let first = numbers.value(0);
        assert_eq!(
            first.as_primitive::<arrow_array::types::Int32Type>().values(),
            &[1, 2]
        );
    }

    #[test]
    fn a_map_with_a_key_that_cannot_be_cast_is_null_and_the_others_are_kept() {
        let map = |key: TypeKind| TypeKind::Map(Box::new(key.not_null()), Box::new(TypeKind::Int.nullable()));
        let ArrowType::Map(entries, _) = map(TypeKind::STRING).arrow() else {
            panic!("a map");
        };
        let ArrowType::Struct(fields) = entries.data_type() else {
            panic!("entries");
        };
        let names = arrow_array::builder::MapFieldNames {
            entry: entries.name().clone(),
            key: fields[0].name().clone(),
            value: fields[1].name().clone(),
        };
        let mut texts = MapBuilder::new(Some(names), StringBuilder::new(), Int32Builder::new());
        for row in [
            vec![("0", 0)],
            vec![("1", 10)],
            vec![("x", 20), ("2", 21)],
            vec![("3", 30), ("4", 40)],
        ] {
            for (key, value) in row {
                texts.keys().append_value(key);
                texts.values().append_value(value);
            }
            texts.append(true).unwrap();
        }
        let texts: ArrayRef = Arc::new(texts.finish().slice(1, 3));
        let numbers = try_cast(&texts, map(TypeKind::STRING), map(TypeKind::Int));
        let numbers = numbers.as_map();
        assert_eq!(
            (numbers.is_null(0), numbers.is_null(1), numbers.is_null(2)),
            (false, true, false)
        );
        let keys = |row: usize| -> Vec<i32> {
            let entries = numbers.value(row);
            entries
                .column(0)
                .as_primitive::<arrow_array::types::Int32Type>()
                .values()
                .to_vec()
        };
        assert_eq!((keys(0), keys(2)), (vec![1], vec![3, 4]));
    }
}
