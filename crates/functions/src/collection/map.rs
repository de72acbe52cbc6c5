//! `MAP_KEYS`, `MAP_VALUES`, `MAP_ENTRIES`, `MAP_FROM_ARRAYS`, `MAP_UNION`.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, ListArray, StructArray, UInt32Array};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType as ArrowType;
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::{DataType, RowField, TypeKind};

use super::construct::{map_of, maps_of};
use super::lists::{Lists, array_of, element_of, internal};
use crate::definition::Scalar;
use crate::kernel::{fallible_kernel, kernel};
use crate::signature::{bound_as, check_count, mismatch};
use crate::types::common_type;

macro_rules! function {
    ($name:literal, $signature:literal, $doc:literal, $example:expr, $bind:expr) => {
        Scalar {
            name: $name,
            signatures: &[$signature],
            doc: $doc,
            example: $example,
            category: "collection",
            bind: $bind,
        }
    };
}

pub(super) const LIST: &[Scalar] = &[
    function!(
        "MAP_KEYS",
        "MAP_KEYS(map)",
        "The keys of the map as an array.",
        ("MAP_KEYS(MAP['a', 1])", "[a]"),
        |arguments| bind_part("MAP_KEYS", arguments, Part::Keys)
    ),
    function!(
        "MAP_VALUES",
        "MAP_VALUES(map)",
        "The values of the map as an array.",
        ("MAP_VALUES(MAP['a', 1])", "[1]"),
        |arguments| bind_part("MAP_VALUES", arguments, Part::Values)
    ),
    function!(
        "MAP_ENTRIES",
        "MAP_ENTRIES(map)",
        "The entries of the map as an array of rows.",
        ("MAP_ENTRIES(MAP['a', 1])", "[(a, 1)]"),
        |arguments| bind_part("MAP_ENTRIES", arguments, Part::Entries)
    ),
    function!(
        "MAP_FROM_ARRAYS",
        "MAP_FROM_ARRAYS(keys, values)",
        "A map from an array of keys and one of values, which must be as long.",
        ("MAP_FROM_ARRAYS(ARRAY['a'], ARRAY[1])", "{a=1}"),
        bind_from_arrays
    ),
    function!(
        "MAP_UNION",
        "MAP_UNION(map [, ...])",
        "The entries of all maps; of equal keys the last map's counts.",
        ("MAP_UNION(MAP['a', 1], MAP['b', 2])", "{a=1, b=2}"),
        bind_union
    ),
];

#[derive(Debug, Clone, Copy)]
enum Part {
    Keys,
    Values,
    Entries,
}

fn key_and_value<'a>(
    name: &str,
    index: usize,
    argument: &'a Argument,
) -> Result<(&'a DataType, &'a DataType), SignatureError> {
    match &argument.data_type.kind {
        TypeKind::Map(key, value) => Ok((key, value)),
        _ => Err(mismatch(name, index, "a map", &argument.data_type)),
    }
}

fn bind_part(name: &'static str, arguments: &[Argument], part: Part) -> Result<BoundScalar, SignatureError> {
    check_count(name, arguments, 1, 1)?;
    let (key, value) = key_and_value(name, 0, &arguments[0])?;
    let element = match part {
        Part::Keys => key.clone(),
        Part::Values => value.clone(),
        Part::Entries => TypeKind::Row(vec![
            RowField::new("key", key.clone()),
            RowField::new("value", value.clone()),
        ])
        .nullable(),
    };
    let given = arguments[0].data_type.clone();
    let result = array_of(element.clone(), given.nullable);
    let (arrow, element) = (result.arrow(), element.arrow());
    let function = kernel(name, move |call| {
        let maps = maps_of(call.value(0)?, call.rows)?;
        let ArrowType::List(field) = &arrow else {
            return Err(Error::internal("an array is no list"));
        };
        let values: ArrayRef = match (part, &element) {
            (Part::Keys, _) => maps.keys().clone(),
            (Part::Values, _) => maps.values().clone(),
            (Part::Entries, ArrowType::Struct(fields)) => Arc::new(
                StructArray::try_new(
                    fields.clone(),
                    vec![maps.keys().clone(), maps.values().clone()],
                    None,
                )
                .map_err(internal)?,
            ),
            (Part::Entries, _) => return Err(Error::internal("an entry is no row")),
        };
        Ok(Arc::new(
            ListArray::try_new(
                field.clone(),
                maps.offsets().clone(),
                values,
                maps.nulls().cloned(),
            )
            .map_err(internal)?,
        ))
    });
    Ok(bound_as(vec![given], result, function))
}

fn bind_from_arrays(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    const NAME: &str = "MAP_FROM_ARRAYS";
    check_count(NAME, arguments, 2, 2)?;
    let key = element_of(NAME, 0, &arguments[0])?.clone();
    let value = element_of(NAME, 1, &arguments[1])?.clone();
    let types: Vec<DataType> = arguments
        .iter()
        .map(|argument| argument.data_type.clone())
        .collect();
    let nullable = types.iter().any(|t| t.nullable);
    let result = TypeKind::Map(Box::new(key), Box::new(value))
        .nullable()
        .with_nullable(nullable);
    let arrow = result.arrow();
    let function = fallible_kernel(NAME, move |call| {
        let (keys, values) = (Lists::of(call.value(0)?, 0)?, Lists::of(call.value(1)?, 0)?);
        let (mut picked_keys, mut picked_values) = (Vec::new(), Vec::new());
        let mut counts = Vec::with_capacity(call.rows);
        let mut valid = Vec::with_capacity(call.rows);
        for row in 0..call.rows {
            let (Some(k), Some(v)) = (keys.get(row), values.get(row)) else {
                counts.push(0);
                valid.push(false);
                continue;
            };
            if k.len() != v.len() {
                return Err(Error::evaluation(format!(
                    "MAP_FROM_ARRAYS was given {} keys and {} values",
                    k.len(),
                    v.len()
                )));
            }
            counts.push(k.len());
            valid.push(true);
            picked_keys.extend(k.map(|index| index as u32));
            picked_values.extend(v.map(|index| index as u32));
        }
        let gather = |from: &ArrayRef, indexes: Vec<u32>| {
            take(from.as_ref(), &UInt32Array::from(indexes), None).map_err(internal)
        };
        map_of(
            gather(keys.values(), picked_keys)?,
            gather(values.values(), picked_values)?,
            &counts,
            Some(NullBuffer::from(valid)),
            &arrow,
        )
    });
    Ok(bound_as(types, result, function))
}

fn bind_union(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    const NAME: &str = "MAP_UNION";
    check_count(NAME, arguments, 1, usize::MAX)?;
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    for (index, argument) in arguments.iter().enumerate() {
        let (key, value) = key_and_value(NAME, index, argument)?;
        keys.push(key.clone());
        values.push(value.clone());
    }
    let (Some(key), Some(value)) = (common_type(&keys), common_type(&values)) else {
        return Err(SignatureError::new(
            "the maps of MAP_UNION have no type in common",
        ));
    };
    let nullable = arguments.iter().any(|argument| argument.data_type.nullable);
    let kind = TypeKind::Map(Box::new(key), Box::new(value));
    let types: Vec<DataType> = arguments
        .iter()
        .map(|argument| kind.clone().nullable().with_nullable(argument.data_type.nullable))
        .collect();
    let result = kind.nullable().with_nullable(nullable);
    let arrow = result.arrow();
    let function = kernel(NAME, move |call| {
        let maps = call
            .arguments
            .iter()
            .map(|value| maps_of(value, call.rows))
            .collect::<Result<Vec<_>, _>>()?;
        let mut picks: Vec<(usize, usize)> = Vec::new();
        let mut counts = Vec::with_capacity(call.rows);
        let mut valid = Vec::with_capacity(call.rows);
        for row in 0..call.rows {
            let before = picks.len();
            let is_valid = maps.iter().all(|map| map.is_valid(row));
            if is_valid {
                for (index, map) in maps.iter().enumerate() {
                    let offsets = map.value_offsets();
                    picks.extend(
                        (offsets[row] as usize..offsets[row + 1] as usize).map(|entry| (index, entry)),
                    );
                }
            }
            counts.push(picks.len() - before);
            valid.push(is_valid);
        }
        let gather = |part: &dyn Fn(&arrow_array::MapArray) -> ArrayRef| -> Result<ArrayRef, Error> {
            let arrays: Vec<ArrayRef> = maps.iter().map(part).collect();
            let arrays: Vec<&dyn Array> = arrays.iter().map(|array| array.as_ref()).collect();
            interleave(&arrays, &picks).map_err(internal)
        };
        let keys = gather(&|map| map.keys().clone())?;
        let values = gather(&|map| map.values().clone())?;
        map_of(keys, values, &counts, Some(NullBuffer::from(valid)), &arrow)
    });
    Ok(bound_as(types, result, function))
}
