//! `JSON_OBJECT`, `JSON_ARRAY` and `JSON_STRING`: SQL values as JSON.
//!
//! What is made by JSON_OBJECT, JSON_ARRAY or JSON is put in as it is; any other text becomes a JSON string. Fields
//! stand in the order of their names, and of equal names the last value counts.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, BinaryArray, StringArray};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::{DataType, TypeKind};
use values::temporal::{FractionDigits, Instant};
use values::{decimal, number, temporal};

use super::clause;
use super::number::BigDecimal;
use super::value::Json;
use crate::build;
use crate::definition::Scalar;
use crate::kernel::{Call, fallible_kernel};
use crate::signature::{bound, bound_as, check_count, mismatch};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "JSON_OBJECT",
        signatures: &["JSON_OBJECT([[KEY] name VALUE value [, ...]] [{ NULL | ABSENT } ON NULL])"],
        doc: "A JSON object of these fields; NULLs become null unless stated.",
        example: ("JSON_OBJECT('a' VALUE 1)", "{\"a\":1}"),
        category: "json",
        bind: bind_object,
    },
    Scalar {
        name: "JSON_ARRAY",
        signatures: &["JSON_ARRAY([value [, ...]] [{ NULL | ABSENT } ON NULL])"],
        doc: "A JSON array of these values; NULLs are left out unless stated.",
        example: ("JSON_ARRAY(1, 'a')", "[1,\"a\"]"),
        category: "json",
        bind: bind_array,
    },
    Scalar {
        name: "JSON_STRING",
        signatures: &["JSON_STRING(value)"],
        doc: "The value as JSON.",
        example: ("JSON_STRING(ARRAY[1, 2])", "[1,2]"),
        category: "json",
        bind: bind_string,
    },
];

/// In front of the values stand two texts of the planner: what becomes of NULLs, and a letter for each value, `j` where
/// it is JSON already.
const ADDED: usize = 2;

/// What both constructors have in common.
struct Shape {
    nulls: bool,
    /// A value each.
    values: Vec<(DataType, bool)>,
}

fn shape(name: &str, arguments: &[Argument]) -> Result<Shape, SignatureError> {
    check_count(name, arguments, ADDED, usize::MAX)?;
    let nulls = clause(name, arguments, 0)? == "NULL";
    let marks = clause(name, arguments, 1)?;
    let values = arguments[ADDED..]
        .iter()
        .zip(marks.chars())
        .map(|(argument, mark)| (argument.data_type.clone(), mark == 'j'))
        .collect();
    Ok(Shape { nulls, values })
}

fn bind_object(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let shape = shape("JSON_OBJECT", arguments)?;
    let types: Vec<DataType> = arguments.iter().map(|a| a.data_type.clone()).collect();
    for (index, (data_type, _)) in shape.values.iter().enumerate() {
        if index % 2 == 1 {
            check_type("JSON_OBJECT", index, data_type)?;
        } else if !data_type.kind.is_string() {
            return Err(mismatch("JSON_OBJECT", index, "a string as a name", data_type));
        }
    }
    let function = fallible_kernel("JSON_OBJECT", move |call| {
        build::strings(call.rows, |row, out| {
            let mut fields: Vec<(Cow<'_, str>, Json<'_>)> = Vec::with_capacity(shape.values.len() / 2);
            for (index, pair) in shape.values.chunks_exact(2).enumerate() {
                let place = ADDED + 2 * index;
                let Some(name) = call.text(place)?.get(row) else {
                    return Err(Error::evaluation("the name of a field of JSON_OBJECT is NULL"));
                };
                let value = value_at(call, place + 1, row, &pair[1])?;
                if value == Json::Null && !shape.nulls {
                    continue;
                }
                match fields.iter_mut().find(|(field, _)| field == name) {
                    Some(field) => field.1 = value,
                    None => fields.push((Cow::Borrowed(name), value)),
                }
            }
            Json::Object(fields).write(out);
            Ok(Some(()))
        })
    });
    Ok(bound_as(types, TypeKind::STRING.not_null(), function))
}

fn bind_array(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let shape = shape("JSON_ARRAY", arguments)?;
    let types: Vec<DataType> = arguments.iter().map(|a| a.data_type.clone()).collect();
    for (index, (data_type, _)) in shape.values.iter().enumerate() {
        check_type("JSON_ARRAY", index, data_type)?;
    }
    let function = fallible_kernel("JSON_ARRAY", move |call| {
        build::strings(call.rows, |row, out| {
            let mut items = Vec::with_capacity(shape.values.len());
            for (index, value) in shape.values.iter().enumerate() {
                let value = value_at(call, ADDED + index, row, value)?;
                if value != Json::Null || shape.nulls {
                    items.push(value);
                }
            }
            Json::Array(items).write(out);
            Ok(Some(()))
        })
    });
    Ok(bound_as(types, TypeKind::STRING.not_null(), function))
}

fn bind_string(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("JSON_STRING", arguments, 1, 1)?;
    let data_type = arguments[0].data_type.clone();
    check_type("JSON_STRING", 0, &data_type)?;
    let types = vec![data_type.clone()];
    let function = fallible_kernel("JSON_STRING", move |call| {
        let value = call.value(0)?;
        build::strings(call.rows, |row, out| {
            if value.is_null(row) {
                return Ok(None);
            }
            json_of(value.array(), value.index(row), &data_type)?.write(out);
            Ok(Some(()))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}

/// Whether values of the type have JSON.
fn check_type(name: &str, index: usize, data_type: &DataType) -> Result<(), SignatureError> {
    if has_json(data_type) {
        return Ok(());
    }
    Err(mismatch(name, index, "of a type that JSON has", data_type))
}

fn has_json(data_type: &DataType) -> bool {
    match &data_type.kind {
        TypeKind::Date
        | TypeKind::Time(_)
        | TypeKind::IntervalYearMonth
        | TypeKind::IntervalDayTime
        | TypeKind::Bitmap => false,
        TypeKind::Array(element) => has_json(element),
        TypeKind::Multiset(element) => element.kind.is_string(),
        TypeKind::Map(key, value) => key.kind.is_string() && has_json(value),
        TypeKind::Row(fields) => fields.iter().all(|field| has_json(&field.data_type)),
        _ => true,
    }
}

fn value_at<'a>(
    call: &Call<'a>,
    index: usize,
    row: usize,
    (data_type, is_json): &(DataType, bool),
) -> Result<Json<'a>, Error> {
    let value = call.value(index)?;
    if value.is_null(row) || data_type.kind == TypeKind::Null {
        return Ok(Json::Null);
    }
    if *is_json {
        return Ok(call
            .text(index)?
            .get(row)
            .map_or(Json::Null, |text| Json::Raw(Cow::Borrowed(text))));
    }
    json_of(value.array(), value.index(row), data_type)
}

/// A value as JSON; NULL as null.
fn json_of<'a>(array: &'a ArrayRef, row: usize, data_type: &DataType) -> Result<Json<'a>, Error> {
    if array.is_null(row) {
        return Ok(Json::Null);
    }
    let wrong = || Error::internal(format!("a value of {} is held otherwise", data_type.kind));
    Ok(match &data_type.kind {
        TypeKind::Null => Json::Null,
        TypeKind::Boolean => Json::Bool(array.as_boolean_opt().ok_or_else(wrong)?.value(row)),
        TypeKind::TinyInt => Json::Integer(i64::from(array.as_primitive::<Int8Type>().value(row))),
        TypeKind::SmallInt => Json::Integer(i64::from(array.as_primitive::<Int16Type>().value(row))),
        TypeKind::Int => Json::Integer(i64::from(array.as_primitive::<Int32Type>().value(row))),
        TypeKind::BigInt => Json::Integer(array.as_primitive::<Int64Type>().value(row)),
        TypeKind::Float => double(f64::from(array.as_primitive::<Float32Type>().value(row))),
        TypeKind::Double => double(array.as_primitive::<Float64Type>().value(row)),
        TypeKind::Decimal { scale, .. } => {
            let mut text = String::new();
            decimal::write(
                array.as_primitive::<Decimal128Type>().value(row),
                *scale,
                &mut text,
            );
            BigDecimal::parse(&text).map(Json::Decimal).ok_or_else(wrong)?
        }
        TypeKind::Variant => {
            let texts: &StringArray = array.as_string_opt().ok_or_else(wrong)?;
            Json::Raw(Cow::Borrowed(texts.value(row)))
        }
        TypeKind::Char(_) | TypeKind::Varchar(_) => {
            let texts: &StringArray = array.as_string_opt().ok_or_else(wrong)?;
            Json::String(Cow::Borrowed(texts.value(row)))
        }
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => {
            let bytes: &BinaryArray = array.as_binary_opt().ok_or_else(wrong)?;
            Json::String(Cow::Owned(STANDARD.encode(bytes.value(row))))
        }
        TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision) => {
            let unit = if *precision <= 6 {
                array.as_primitive::<TimestampMicrosecondType>().value(row)
            } else {
                array.as_primitive::<TimestampNanosecondType>().value(row)
            };
            let mut text = iso(Instant::from_unit(unit, *precision));
            if matches!(data_type.kind, TypeKind::TimestampLtz(_)) {
                text.push('Z');
            }
            Json::String(Cow::Owned(text))
        }
        TypeKind::Array(element) => {
            let lists = array.as_list_opt::<i32>().ok_or_else(wrong)?;
            let offsets = lists.value_offsets();
            let items = (offsets[row]..offsets[row + 1])
                .map(|index| json_of(lists.values(), index as usize, element))
                .collect::<Result<_, _>>()?;
            Json::Array(items)
        }
        TypeKind::Map(_, value) => map(array, row, value)?,
        TypeKind::Multiset(_) => map(array, row, &TypeKind::Int.not_null())?,
        TypeKind::Row(fields) => {
            let columns = array.as_struct_opt().ok_or_else(wrong)?;
            let fields = fields
                .iter()
                .zip(columns.columns())
                .map(|(field, column)| {
                    let value = json_of(column, row, &field.data_type)?;
                    Ok((Cow::Owned(field.name.clone()), value))
                })
                .collect::<Result<_, Error>>()?;
            Json::Object(fields)
        }
        TypeKind::Date
        | TypeKind::Time(_)
        | TypeKind::IntervalYearMonth
        | TypeKind::IntervalDayTime
        | TypeKind::Bitmap => return Err(wrong()),
    })
}

fn map<'a>(array: &'a ArrayRef, row: usize, value: &DataType) -> Result<Json<'a>, Error> {
    let wrong = || Error::internal("a map is held otherwise");
    let maps = array.as_map_opt().ok_or_else(wrong)?;
    let keys: &StringArray = maps.keys().as_string_opt().ok_or_else(wrong)?;
    let offsets = maps.value_offsets();
    let fields = (offsets[row] as usize..offsets[row + 1] as usize)
        .map(|index| {
            let value = json_of(maps.values(), index, value)?;
            Ok((Cow::Borrowed(keys.value(index)), value))
        })
        .collect::<Result<_, Error>>()?;
    Ok(Json::Object(fields))
}

/// JSON has no numbers for what is none: it becomes a string.
fn double(value: f64) -> Json<'static> {
    let mut text = String::new();
    number::write_f64(value, &mut text);
    match BigDecimal::parse(&text) {
        Some(number) => Json::Decimal(number),
        None => Json::String(Cow::Owned(text)),
    }
}

/// As `ISO_LOCAL_DATE_TIME`: seconds are always there, a fraction in as many digits as it needs.
fn iso(instant: Instant) -> String {
    let mut text = String::new();
    temporal::write_timestamp(instant, 'T', FractionDigits::Shortest, &mut text);
    text
}
