//! `JSON_QUERY`: objects and arrays out of JSON.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;

use super::path::Mode;
use super::value::Json;
use super::{Fault, Paths, clause};
use crate::build;
use crate::definition::Scalar;
use crate::kernel::{Call, fallible_kernel};
use crate::signature::{Slot, bound_as, coerce};

pub(super) const LIST: &[Scalar] = &[Scalar {
    name: "JSON_QUERY",
    signatures: &[
        "JSON_QUERY(json, path [RETURNING type] [{ WITHOUT | WITH [UNCONDITIONAL | CONDITIONAL] } [ARRAY] WRAPPER] [{ NULL | EMPTY ARRAY | EMPTY OBJECT | ERROR } ON EMPTY] [{ NULL | EMPTY ARRAY | EMPTY OBJECT | ERROR } ON ERROR])",
    ],
    doc: "The object or array that the path leads to, as STRING or ARRAY<STRING>; NULL where there is none, unless stated.",
    example: ("JSON_QUERY('{\"a\": [1]}', '$.a')", "[1]"),
    category: "json",
    bind: bind_query,
}];

const NAME: &str = "JSON_QUERY";
/// Where the arguments stand that the planner adds; the first of them is a NULL of the type asked for.
const RETURNING: usize = 2;
const WRAPPER: usize = 3;
const ON_EMPTY: usize = 4;
const ON_ERROR: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrapper {
    Without,
    Conditional,
    Unconditional,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behavior {
    Null,
    Error,
    EmptyArray,
    EmptyObject,
}

fn behavior(arguments: &[Argument], index: usize) -> Result<Behavior, SignatureError> {
    Ok(match clause(NAME, arguments, index)?.as_str() {
        "NULL" => Behavior::Null,
        "ERROR" => Behavior::Error,
        "EMPTY ARRAY" => Behavior::EmptyArray,
        _ => Behavior::EmptyObject,
    })
}

#[derive(Debug, Clone, Copy)]
struct Clauses {
    wrapper: Wrapper,
    on_empty: Behavior,
    on_error: Behavior,
}

fn bind_query(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let slots = [
        Slot::Text,
        Slot::Text,
        Slot::Any,
        Slot::Text,
        Slot::Text,
        Slot::Text,
    ];
    let types = coerce(NAME, arguments, slots.len(), &slots)?;
    let clauses = Clauses {
        wrapper: match clause(NAME, arguments, WRAPPER)?.as_str() {
            "WITHOUT" => Wrapper::Without,
            "CONDITIONAL" => Wrapper::Conditional,
            _ => Wrapper::Unconditional,
        },
        on_empty: behavior(arguments, ON_EMPTY)?,
        on_error: behavior(arguments, ON_ERROR)?,
    };
    let result = arguments[RETURNING].data_type.kind.clone();
    let function = match &result {
        TypeKind::Varchar(_) => fallible_kernel(NAME, move |call| {
            let mut rows = Rows::new(call, clauses)?;
            build::strings(call.rows, |row, out| match rows.get(row, |_| Ok(()))? {
                Some(json) => {
                    out.push_str(&json);
                    Ok(Some(()))
                }
                None => Ok(None),
            })
        }),
        TypeKind::Array(element) if element.kind.is_string() => {
            if clauses.on_empty == Behavior::EmptyObject || clauses.on_error == Behavior::EmptyObject {
                return Err(SignatureError::new(format!(
                    "EMPTY OBJECT is no value of RETURNING {result} of {NAME}"
                ))
                .hint("use EMPTY ARRAY"));
            }
            let field = match result.arrow() {
                arrow_schema::DataType::List(field) => field,
                _ => return Err(SignatureError::new("an array is no list")),
            };
            fallible_kernel(NAME, move |call| {
                let mut rows = Rows::new(call, clauses)?;
                let mut lists = ListBuilder::new(StringBuilder::new()).with_field(field.clone());
                for row in 0..call.rows {
                    let is_array = |json: &Json<'_>| match json {
                        Json::Array(_) => Ok(()),
                        _ => Err(Fault::Kind("array")),
                    };
                    let Some(text) = rows.get(row, is_array)? else {
                        lists.append_null();
                        continue;
                    };
                    // It was written just now.
                    if let Some(Json::Array(items)) = Json::parse(&text) {
                        for item in &items {
                            match item {
                                Json::Null => lists.values().append_null(),
                                item => {
                                    let mut text = String::new();
                                    item.push_text(&mut text);
                                    lists.values().append_value(text);
                                }
                            }
                        }
                    }
                    lists.append(true);
                }
                Ok(Arc::new(lists.finish()))
            })
        }
        other => {
            return Err(
                SignatureError::new(format!("RETURNING of {NAME} cannot be {other}"))
                    .hint("use STRING or ARRAY<STRING>"),
            );
        }
    };
    Ok(bound_as(types, result.nullable(), function))
}

struct Rows<'a> {
    texts: crate::kernel::Text<'a>,
    paths: Paths<'a>,
    clauses: Clauses,
}

impl<'a> Rows<'a> {
    fn new(call: &Call<'a>, clauses: Clauses) -> Result<Self, Error> {
        Ok(Rows {
            texts: call.text(0)?,
            paths: Paths::new(call.text(1)?),
            clauses,
        })
    }

    /// The JSON of a row, if `check` lets it pass.
    fn get(
        &mut self,
        row: usize,
        check: impl Fn(&Json<'_>) -> Result<(), Fault>,
    ) -> Result<Option<Cow<'static, str>>, Error> {
        let (Some(text), Some(path)) = (self.texts.get(row), self.paths.get(row)) else {
            return Ok(None);
        };
        let lax = path.mode == Mode::Lax;
        let wrapper = self.clauses.wrapper;
        let found = super::scalar::look_up(text, path, |found| {
            let Some(json) = found else {
                return Ok(None);
            };
            let wrapped = match wrapper {
                Wrapper::Without => Cow::Borrowed(json),
                Wrapper::Conditional if matches!(json, Json::Array(_)) => Cow::Borrowed(json),
                Wrapper::Conditional | Wrapper::Unconditional => Cow::Owned(Json::Array(vec![json.clone()])),
            };
            if wrapped.is_scalar() {
                return if lax {
                    Ok(None)
                } else {
                    Err(Fault::Kind("object or array"))
                };
            }
            check(&wrapped)?;
            let mut out = String::new();
            wrapped.write(&mut out);
            Ok(Some(out))
        });
        let (behavior, fault) = match found {
            Ok(Some(json)) => return Ok(Some(Cow::Owned(json))),
            Ok(None) => (self.clauses.on_empty, None),
            Err(fault) => (self.clauses.on_error, Some(fault)),
        };
        match behavior {
            Behavior::Null => Ok(None),
            Behavior::EmptyArray => Ok(Some(Cow::Borrowed("[]"))),
            Behavior::EmptyObject => Ok(Some(Cow::Borrowed("{}"))),
            Behavior::Error => Err(match fault {
                Some(fault) => fault.error(NAME),
                None => Error::evaluation(format!("{NAME}: the path leads nowhere in this JSON")),
            }),
        }
    }
}
