//! Parts of arrays, maps and rows: `ITEM` (`x[i]`), `FIELD` (`row.field`), `CARDINALITY`, `ELEMENT`; and what tells of the
//! query itself: `TYPEOF`, `CURRENT_DATABASE`.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::{DataType, TypeKind};

use super::construct::{maps_of, spread};
use super::lists::{Lists, Pool};
use crate::build;
use crate::definition::{Scalar, written_out};
use crate::kernel::{Numbers, fallible_kernel, kernel};
use crate::signature::{Slot, bound_as, check_count, coerce_one, literal_int, literal_text, mismatch};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "ITEM",
        signatures: &["array[index]", "map[key]", "variant[name]", "variant[index]"],
        doc: "The element at an index, which counts from one, or the value of a key; NULL if there is none.",
        example: ("ARRAY['a', 'b'][2]", "b"),
        category: "collection",
        bind: bind_item,
    },
    Scalar {
        name: "FIELD",
        signatures: &["row.field"],
        doc: "A field of a row; NULL where the row is.",
        example: ("CAST(ROW(1, 'a') AS ROW<n INT, s STRING>).s", "a"),
        category: "collection",
        bind: bind_field,
    },
    Scalar {
        name: "CARDINALITY",
        signatures: &["CARDINALITY(array)", "CARDINALITY(map)"],
        doc: "The number of elements or entries.",
        example: ("CARDINALITY(ARRAY[1, 2, 3])", "3"),
        category: "collection",
        bind: bind_cardinality,
    },
    Scalar {
        name: "ELEMENT",
        signatures: &["ELEMENT(array)"],
        doc: "The only element of an array; NULL if it is empty, an error if it has more.",
        example: ("ELEMENT(ARRAY[7])", "7"),
        category: "collection",
        bind: bind_element,
    },
    Scalar {
        name: "TYPEOF",
        signatures: &["TYPEOF(value)", "TYPEOF(value, force_serializable)"],
        doc: "The name of the type of an expression.",
        example: ("TYPEOF(1)", "INT NOT NULL"),
        category: "other",
        bind: bind_typeof,
    },
    Scalar {
        name: "CURRENT_DATABASE",
        signatures: &["CURRENT_DATABASE()"],
        doc: "The current database of the session.",
        example: ("CURRENT_DATABASE()", "default_database"),
        category: "other",
        bind: written_out,
    },
];

fn bind_item(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("ITEM", arguments, 2, 2)?;
    let given = &arguments[0].data_type;
    match &given.kind {
        TypeKind::Variant => crate::json::part_of(arguments),
        TypeKind::Array(element) => {
            if literal_int(&arguments[1]).is_some_and(|index| index < 1) {
                return Err(SignatureError::new("an index into an array must be at least 1").argument(1));
            }
            let index = coerce_one("ITEM", 1, &arguments[1], Slot::BigInt)?;
            let function = kernel("ITEM", |call| {
                let lists = Lists::of(call.value(0)?, 0)?;
                let pool = Pool::of(&[lists.values()])?;
                let indexes: Numbers<'_, Int64Type> = call.numbers(1)?;
                let picks = (0..call.rows)
                    .map(|row| {
                        let elements = lists.get(row)?;
                        let index = usize::try_from(indexes.get(row)?).ok()?.checked_sub(1)?;
                        (index < elements.len()).then(|| (elements.start + index) as u32)
                    })
                    .collect();
                pool.take(picks)
            });
            Ok(bound_as(
                vec![given.clone(), index],
                element.as_ref().clone().with_nullable(true),
                function,
            ))
        }
        TypeKind::Map(key, value) => {
            let wanted = key
                .as_ref()
                .clone()
                .with_nullable(arguments[1].data_type.nullable);
            let function = kernel("ITEM", |call| {
                let maps = maps_of(call.value(0)?, call.rows)?;
                let keys = spread(call.value(1)?, call.rows)?;
                let order = crate::operators::comparator(maps.keys(), &keys)?;
                let pool = Pool::of(&[maps.values()])?;
                let picks = (0..call.rows)
                    .map(|row| {
                        if maps.is_null(row) || keys.is_null(row) {
                            return None;
                        }
                        let offsets = maps.value_offsets();
                        (offsets[row] as usize..offsets[row + 1] as usize)
                            .find(|&entry| order(entry, row).is_eq())
                            .map(|entry| entry as u32)
                    })
                    .collect();
                pool.take(picks)
            });
            Ok(bound_as(
                vec![given.clone(), wanted],
                value.as_ref().clone().with_nullable(true),
                function,
            ))
        }
        _ => Err(mismatch("ITEM", 0, "an array or a map", given)),
    }
}

fn bind_field(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("FIELD", arguments, 2, 2)?;
    let given = &arguments[0].data_type;
    let TypeKind::Row(fields) = &given.kind else {
        return Err(mismatch("FIELD", 0, "a row", given));
    };
    let Some(name) = literal_text(&arguments[1]) else {
        return Err(SignatureError::new("the name of a field must be a literal").argument(1));
    };
    let Some(index) = fields.iter().position(|field| field.name == name) else {
        let hint = model::suggest::did_you_mean(&name, fields.iter().map(|field| field.name.as_str()));
        let mut error =
            SignatureError::new(format!("field '{name}' not found in {}", given.kind)).argument(1);
        error.hint = hint;
        return Err(error);
    };
    let result = fields[index].data_type.clone().or_nullable(given.nullable);
    let function = kernel("FIELD", move |call| {
        let array = spread(call.value(0)?, call.rows)?;
        let rows = array
            .as_struct_opt()
            .ok_or_else(|| Error::internal("a function of rows was given something else"))?;
        field_of(rows, index)
    });
    Ok(bound_as(
        vec![given.clone(), arguments[1].data_type.clone()],
        result,
        function,
    ))
}

/// A field, NULL where its row is.
fn field_of(rows: &arrow_array::StructArray, index: usize) -> Result<ArrayRef, Error> {
    let column = rows.column(index);
    if rows.null_count() == 0 || *column.data_type() == arrow_schema::DataType::Null {
        return Ok(column.clone());
    }
    let nulls = NullBuffer::union(rows.nulls(), column.nulls());
    let data = column.to_data().into_builder().nulls(nulls).build();
    data.map(arrow_array::make_array)
        .map_err(|error| Error::internal(error.to_string()))
}

fn bind_cardinality(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("CARDINALITY", arguments, 1, 1)?;
    let given = &arguments[0].data_type;
    let is_map = match &given.kind {
        TypeKind::Array(_) => false,
        TypeKind::Map(..) | TypeKind::Multiset(_) => true,
        _ => return Err(mismatch("CARDINALITY", 0, "an array or a map", given)),
    };
    let function = kernel("CARDINALITY", move |call| {
        let value = call.value(0)?;
        let offsets: &[i32] = if is_map {
            value.array().as_map().value_offsets()
        } else {
            value.array().as_list::<i32>().value_offsets()
        };
        let counts = build::numbers::<Int32Type>(call.rows, |row| {
            let index = value.index(row);
            Ok((!value.is_null(row)).then(|| offsets[index + 1] - offsets[index]))
        })?;
        Ok(Arc::new(counts))
    });
    Ok(bound_as(
        vec![given.clone()],
        TypeKind::Int.nullable().with_nullable(given.nullable),
        function,
    ))
}

fn bind_element(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("ELEMENT", arguments, 1, 1)?;
    let given = &arguments[0].data_type;
    let element = super::lists::element_of("ELEMENT", 0, &arguments[0])?;
    let function = fallible_kernel("ELEMENT", |call| {
        let lists = Lists::of(call.value(0)?, 0)?;
        let mut picks = Vec::with_capacity(call.rows);
        for row in 0..call.rows {
            picks.push(match lists.get(row) {
                Some(elements) if elements.len() > 1 => {
                    return Err(Error::evaluation("Array has more than one element."));
                }
                Some(elements) if elements.len() == 1 => Some(elements.start as u32),
                _ => None,
            });
        }
        Pool::of(&[lists.values()])?.take(picks)
    });
    let result: DataType = element.clone().or_nullable(given.nullable);
    Ok(bound_as(vec![given.clone()], result, function))
}

fn bind_typeof(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("TYPEOF", arguments, 1, 2)?;
    let name = arguments[0].data_type.to_string();
    let types = arguments
        .iter()
        .map(|argument| argument.data_type.clone())
        .collect();
    let function = kernel("TYPEOF", move |call| {
        build::strings(call.rows, |_, out| {
            out.push_str(&name);
            Ok(Some(()))
        })
    });
    Ok(bound_as(types, TypeKind::STRING.nullable(), function))
}
