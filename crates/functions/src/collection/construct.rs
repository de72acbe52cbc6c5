//! `ARRAY[...]`, `MAP[...]` and `ROW(...)`.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, StructArray, UInt32Array};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType as ArrowType;
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use dataflow::{Argument, BoundScalar, Error, SignatureError, Value};
use model::{DataType, RowField, TypeKind};

use super::lists::internal;
use crate::definition::Scalar;
use crate::kernel::{Call, fallible_kernel, kernel};
use crate::signature::bound_as;
use crate::types::common_element_type;

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "ARRAY",
        signatures: &["ARRAY[value [, ...]]"],
        doc: "An array of these values.",
        example: ("ARRAY[1, 2, 3]", "[1, 2, 3]"),
        category: "collection",
        bind: bind_array,
    },
    Scalar {
        name: "MAP",
        signatures: &["MAP[key, value [, key, value ...]]"],
        doc: "A map of these pairs; of equal keys the last counts.",
        example: ("MAP['a', 1, 'b', 2]", "{a=1, b=2}"),
        category: "collection",
        bind: bind_map,
    },
    Scalar {
        name: "ROW",
        signatures: &["ROW(value [, ...])", "(value, value [, ...])"],
        doc: "A row of these values.",
        example: ("ROW(1, 'a')", "(1, a)"),
        category: "collection",
        bind: bind_row,
    },
];

fn common(name: &str, types: &[DataType]) -> Result<DataType, SignatureError> {
    if types.iter().all(|t| t.kind == TypeKind::Null) {
        return Ok(TypeKind::Null.nullable());
    }
    common_element_type(types).ok_or_else(|| {
        let kinds: Vec<String> = types.iter().map(|t| t.kind.to_string()).collect();
        SignatureError::new(format!(
            "the values of {name} have no type in common: {}",
            kinds.join(", ")
        ))
        .hint("cast them to one type with CAST(x AS type)")
    })
}

fn bind_array(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    if arguments.is_empty() {
        return Err(SignatureError::new("ARRAY takes at least 1 value, got 0"));
    }
    let types: Vec<DataType> = arguments
        .iter()
        .map(|argument| argument.data_type.clone())
        .collect();
    let element = common("ARRAY", &types)?;
    let casts = types
        .iter()
        .map(|t| element.clone().with_nullable(t.nullable))
        .collect();
    let result = TypeKind::Array(Box::new(element)).not_null();
    let arrow = result.arrow();
    let function = kernel("ARRAY", move |call| {
        let ArrowType::List(field) = &arrow else {
            return Err(Error::internal("an array is no list"));
        };
        let width = call.len();
        let values = row_major(call, &(0..width).collect::<Vec<_>>())?;
        let offsets = OffsetBuffer::new(ScalarBuffer::from(
            (0..=call.rows)
                .map(|row| (row * width) as i32)
                .collect::<Vec<_>>(),
        ));
        Ok(Arc::new(
            ListArray::try_new(field.clone(), offsets, values, None).map_err(internal)?,
        ))
    });
    Ok(bound_as(casts, result, function))
}

/// The values of these arguments, row after row.
fn row_major(call: &Call<'_>, among: &[usize]) -> Result<ArrayRef, Error> {
    let mut arrays: Vec<&dyn Array> = Vec::with_capacity(among.len());
    for &index in among {
        arrays.push(call.value(index)?.array().as_ref());
    }
    let mut picks = Vec::with_capacity(call.rows * among.len());
    for row in 0..call.rows {
        for (position, &index) in among.iter().enumerate() {
            picks.push((position, call.arguments[index].index(row)));
        }
    }
    interleave(&arrays, &picks).map_err(internal)
}

fn bind_map(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    if arguments.is_empty() || !arguments.len().is_multiple_of(2) {
        return Err(SignatureError::new(format!(
            "MAP takes pairs of keys and values, got {} values",
            arguments.len()
        )));
    }
    let types: Vec<DataType> = arguments
        .iter()
        .map(|argument| argument.data_type.clone())
        .collect();
    let of_parity =
        |parity: usize| -> Vec<DataType> { types.iter().skip(parity).step_by(2).cloned().collect() };
    let key = common("MAP", &of_parity(0))?;
    let value = common("MAP", &of_parity(1))?;
    let casts = types
        .iter()
        .enumerate()
        .map(|(index, t)| {
            let common = if index % 2 == 0 { &key } else { &value };
            common.clone().with_nullable(t.nullable)
        })
        .collect();
    let result = TypeKind::Map(Box::new(key), Box::new(value)).not_null();
    let arrow = result.arrow();
    let function = fallible_kernel("MAP", move |call| {
        let width = call.len() / 2;
        let keys = row_major(call, &(0..width).map(|pair| pair * 2).collect::<Vec<_>>())?;
        let values = row_major(call, &(0..width).map(|pair| pair * 2 + 1).collect::<Vec<_>>())?;
        let counts: Vec<usize> = vec![width; call.rows];
        map_of(keys, values, &counts, None, &arrow)
    });
    Ok(bound_as(casts, result, function))
}

/// Maps of so many entries each. Of equal keys in a map the first one's place and the last one's value count.
pub(super) fn map_of(
    keys: ArrayRef,
    values: ArrayRef,
    counts: &[usize],
    nulls: Option<arrow_buffer::NullBuffer>,
    result: &ArrowType,
) -> Result<ArrayRef, Error> {
    if keys.logical_null_count() > 0 {
        return Err(Error::evaluation("a key of a map is NULL"));
    }
    let ArrowType::Map(field, _) = result else {
        return Err(Error::internal("a function of maps has another result"));
    };
    let ArrowType::Struct(fields) = field.data_type() else {
        return Err(Error::internal("the entries of a map are no rows"));
    };
    let order = crate::operators::comparator(&keys, &keys)?;
    let mut picked_keys: Vec<u32> = Vec::with_capacity(keys.len());
    let mut picked_values: Vec<u32> = Vec::with_capacity(keys.len());
    let mut offsets: Vec<i32> = vec![0];
    let mut by_key: Vec<u32> = Vec::new();
    let mut entries: Vec<(u32, u32)> = Vec::new();
    let mut next: u32 = 0;
    for &count in counts {
        let compare = |a: u32, b: u32| order(a as usize, b as usize);
        by_key.clear();
        by_key.extend(next..next + count as u32);
        by_key.sort_unstable_by(|&a, &b| compare(a, b).then(a.cmp(&b)));
        entries.clear();
        for equal in by_key.chunk_by(|&a, &b| compare(a, b).is_eq()) {
            entries.push((equal[0], equal[equal.len() - 1]));
        }
        entries.sort_unstable();
        for (first, last) in &entries {
            picked_keys.push(*first);
            picked_values.push(*last);
        }
        next += count as u32;
        offsets.push(picked_keys.len() as i32);
    }
    let keys = take(keys.as_ref(), &UInt32Array::from(picked_keys), None).map_err(internal)?;
    let values = take(values.as_ref(), &UInt32Array::from(picked_values), None).map_err(internal)?;
    let entries = StructArray::try_new(fields.clone(), vec![keys, values], None).map_err(internal)?;
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Ok(Arc::new(
        MapArray::try_new(field.clone(), offsets, entries, nulls, false).map_err(internal)?,
    ))
}

fn bind_row(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let casts: Vec<DataType> = arguments
        .iter()
        .map(|argument| argument.data_type.clone())
        .collect();
    let fields = casts
        .iter()
        .enumerate()
        .map(|(index, data_type)| RowField::new(format!("EXPR${index}"), data_type.clone()))
        .collect();
    let result = TypeKind::Row(fields).not_null();
    let arrow = result.arrow();
    let function = kernel("ROW", move |call| {
        let ArrowType::Struct(fields) = &arrow else {
            return Err(Error::internal("a row is no struct"));
        };
        let columns = call
            .arguments
            .iter()
            .map(|value| spread(value, call.rows))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Arc::new(
            StructArray::try_new_with_length(fields.clone(), columns, None, call.rows).map_err(internal)?,
        ))
    });
    Ok(bound_as(casts, result, function))
}

/// A value as a whole column.
pub(super) fn spread(value: &Value, rows: usize) -> Result<ArrayRef, Error> {
    match value {
        Value::Array(array) => Ok(array.clone()),
        Value::Constant(array) if rows == 1 => Ok(array.clone()),
        Value::Constant(array) => {
            take(array.as_ref(), &UInt32Array::from(vec![0; rows]), None).map_err(internal)
        }
    }
}

/// A map argument as a column of maps.
pub(super) fn maps_of(value: &Value, rows: usize) -> Result<MapArray, Error> {
    let array = spread(value, rows)?;
    array
        .as_map_opt()
        .cloned()
        .ok_or_else(|| Error::internal("a function of maps was given something else"))
}
