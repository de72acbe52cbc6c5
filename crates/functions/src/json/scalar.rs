//! `JSON_VALUE`: a scalar out of JSON.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::types::{Float64Type, Int32Type};
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;

use super::path::{JsonPath, Mode, PathError};
use super::value::Json;
use super::{Fault, Paths, clause};
use crate::build;
use crate::definition::Scalar;
use crate::kernel::{Call, Flags, Numbers, Text, fallible_kernel};
use crate::signature::{Slot, bound_as, check_count, coerce_one};

pub(super) const LIST: &[Scalar] = &[Scalar {
    name: "JSON_VALUE",
    signatures: &[
        "JSON_VALUE(json, path [RETURNING type] [{ NULL | ERROR | DEFAULT value } ON EMPTY] [{ NULL | ERROR | DEFAULT value } ON ERROR])",
    ],
    doc: "The scalar that the path leads to, as STRING, BOOLEAN, INTEGER or DOUBLE; NULL where there is none, unless stated.",
    example: ("JSON_VALUE('{\"a\": 1}', '$.a')", "1"),
    category: "json",
    bind: bind_value,
}];

const NAME: &str = "JSON_VALUE";
/// Where the arguments stand: what the planner adds begins with a NULL of the type asked for.
const RETURNING: usize = 2;
const ON_EMPTY: usize = 3;
const EMPTY_DEFAULT: usize = 4;
const ON_ERROR: usize = 5;
const ERROR_DEFAULT: usize = 6;

/// What is to happen where there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behavior {
    Null,
    Error,
    Default,
}

fn behavior(arguments: &[Argument], index: usize) -> Result<Behavior, SignatureError> {
    Ok(match clause(NAME, arguments, index)?.as_str() {
        "NULL" => Behavior::Null,
        "ERROR" => Behavior::Error,
        _ => Behavior::Default,
    })
}

fn bind_value(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count(NAME, arguments, 7, 7)?;
    let result = arguments[RETURNING].data_type.kind.clone();
    let default = match result {
        TypeKind::Varchar(_) => Slot::ToText,
        TypeKind::Boolean => Slot::Boolean,
        TypeKind::Int => Slot::Int,
        TypeKind::Double => Slot::Double,
        other => {
            let message = format!("RETURNING of {NAME} cannot be {other}");
            return Err(SignatureError::new(message).hint("use STRING, BOOLEAN, INTEGER or DOUBLE"));
        }
    };
    let slots = [
        Slot::Text,
        Slot::Text,
        Slot::Any,
        Slot::Text,
        default,
        Slot::Text,
        default,
    ];
    let types = arguments
        .iter()
        .zip(slots)
        .enumerate()
        .map(|(index, (argument, slot))| coerce_one(NAME, index, argument, slot))
        .collect::<Result<Vec<_>, _>>()?;
    let on_empty = behavior(arguments, ON_EMPTY)?;
    let on_error = behavior(arguments, ON_ERROR)?;
    let kind = result.clone();
    let function = fallible_kernel(NAME, move |call| {
        let mut values = Values {
            texts: call.text(0)?,
            paths: Paths::new(call.text(1)?),
            on_empty,
            on_error,
        };
        evaluate(call, &kind, &mut values)
    });
    Ok(bound_as(types, result.nullable(), function))
}

fn evaluate(call: &Call<'_>, kind: &TypeKind, values: &mut Values<'_>) -> Result<ArrayRef, Error> {
    let rows = call.rows;
    Ok(match kind {
        TypeKind::Boolean => {
            let defaults = [call.flags(EMPTY_DEFAULT)?, call.flags(ERROR_DEFAULT)?];
            build::flags(rows, |row| {
                let convert = |json: &Json<'_>| match json {
                    Json::Bool(value) => Ok(*value),
                    _ => Err(mismatch(json, "BOOLEAN")),
                };
                values.get(row, convert, |which| Flags::get(&defaults[which], row))
            })?
        }
        TypeKind::Int => {
            let defaults = [
                call.numbers::<Int32Type>(EMPTY_DEFAULT)?,
                call.numbers(ERROR_DEFAULT)?,
            ];
            let numbers = build::numbers::<Int32Type>(rows, |row| {
                let convert = |json: &Json<'_>| match json {
                    Json::Integer(value) => i32::try_from(*value).map_err(|_| mismatch(json, "INTEGER")),
                    _ => Err(mismatch(json, "INTEGER")),
                };
                values.get(row, convert, |which| Numbers::get(&defaults[which], row))
            })?;
            Arc::new(numbers)
        }
        TypeKind::Double => {
            let defaults = [
                call.numbers::<Float64Type>(EMPTY_DEFAULT)?,
                call.numbers(ERROR_DEFAULT)?,
            ];
            let numbers = build::numbers::<Float64Type>(rows, |row| {
                let convert = |json: &Json<'_>| match json {
                    Json::Decimal(value) => Ok(value.to_f64()),
                    _ => Err(mismatch(json, "DOUBLE")),
                };
                values.get(row, convert, |which| Numbers::get(&defaults[which], row))
            })?;
            Arc::new(numbers)
        }
        _ => {
            let defaults = [call.text(EMPTY_DEFAULT)?, call.text(ERROR_DEFAULT)?];
            build::strings(rows, |row, out| {
                let convert = |json: &Json<'_>| {
                    let mut text = String::new();
                    json.push_text(&mut text);
                    Ok(text)
                };
                let default = |which: usize| Text::get(&defaults[which], row).map(str::to_string);
                let value = values.get(row, convert, default)?;
                Ok(value.map(|text| out.push_str(&text)))
            })?
        }
    })
}

fn mismatch(json: &Json<'_>, wanted: &str) -> Fault {
    let mut text = String::new();
    json.write(&mut text);
    Fault::Conversion(format!("{text} is no {wanted}"))
}

struct Values<'a> {
    texts: Text<'a>,
    paths: Paths<'a>,
    on_empty: Behavior,
    on_error: Behavior,
}

impl Values<'_> {
    /// The value of a row. `default` gives that of ON EMPTY for zero and of ON ERROR for one.
    fn get<T>(
        &mut self,
        row: usize,
        convert: impl Fn(&Json<'_>) -> Result<T, Fault>,
        default: impl Fn(usize) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let (Some(text), Some(path)) = (self.texts.get(row), self.paths.get(row)) else {
            return Ok(None);
        };
        let lax = path.mode == Mode::Lax;
        let found = look_up(text, path, |found| match found {
            Some(json) if json.is_scalar() => Ok(Some(convert(json))),
            Some(_) if !lax => Err(Fault::Kind("scalar")),
            _ => Ok(None),
        });
        match found {
            Ok(Some(Ok(value))) => Ok(Some(value)),
            // A value of another type fails, whatever ON ERROR says.
            Ok(Some(Err(fault))) => Err(fault.error(NAME)),
            Ok(None) => match self.on_empty {
                Behavior::Null => Ok(None),
                Behavior::Default => Ok(default(0)),
                Behavior::Error => Err(Error::evaluation(format!(
                    "{NAME}: the path leads nowhere in this JSON"
                ))),
            },
            Err(fault) => match self.on_error {
                Behavior::Null => Ok(None),
                Behavior::Default => Ok(default(1)),
                Behavior::Error => Err(fault.error(NAME)),
            },
        }
    }
}

/// Hands what the path leads to in the text to `take`; `None` where a lax path leads to nothing.
pub(super) fn look_up<R>(
    text: &str,
    path: &JsonPath,
    take: impl FnOnce(Option<&Json<'_>>) -> Result<R, Fault>,
) -> Result<R, Fault> {
    let document = match (Json::parse(text), path.mode) {
        (Some(Json::Null), _) | (None, Mode::Strict) => return Err(Fault::BrokenJson),
        (Some(document), _) => document,
        // Broken JSON is nothing to a lax path, which need not even be one.
        (None, Mode::Lax) => return take(None),
    };
    let found = path.read(&document).map_err(Fault::Path)?;
    match found.as_ref() {
        Json::Null if path.mode == Mode::Strict => Err(Fault::Path(PathError::NotFound)),
        Json::Null => take(None),
        json => take(Some(json)),
    }
}
