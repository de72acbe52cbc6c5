//! `IN` and `NOT IN` over a list of values.
//!
//! Lists of literals become a hash set on first use; short ones, and those with other expressions, are searched
//! from the front. A value that is not found in a list with a NULL is unknown.

use std::sync::{Arc, OnceLock};

use arrow_array::types::{Date32Type, Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{ArrayRef, cast::AsArray};
use dataflow::{Argument, BoundScalar, Error, ScalarFunction, SignatureError, Value};
use hashbrown::HashSet;
use model::{DataType, TypeKind};

use super::compare::{Comparison, compare_function};
use crate::build;
use crate::definition::Scalar;
use crate::kernel::{Bytes, Call, Flags, Numbers, kernel};
use crate::signature::{any_nullable, bound_as, check_count};
use crate::types::common_type;

pub(crate) const LIST: &[Scalar] = &[
    Scalar {
        name: "IN",
        signatures: &["a IN (b [, ...])"],
        doc: "Whether the value equals one of the list; unknown if it equals none and the list has a NULL.",
        example: ("2 IN (1, 2, 3)", "TRUE"),
        category: "comparison",
        bind: |arguments| bind("IN", arguments, false),
    },
    Scalar {
        name: "NOT IN",
        signatures: &["a NOT IN (b [, ...])"],
        doc: "Whether the value equals none of the list; unknown if the list has a NULL.",
        example: ("2 NOT IN (1, 3)", "TRUE"),
        category: "comparison",
        bind: |arguments| bind("NOT IN", arguments, true),
    },
];

fn bind(name: &'static str, arguments: &[Argument], negated: bool) -> Result<BoundScalar, SignatureError> {
    check_count(name, arguments, 2, usize::MAX)?;
    let types: Vec<DataType> = arguments
        .iter()
        .map(|argument| argument.data_type.clone())
        .collect();
    let first = &types[0].kind;
    let reads_text = first.is_datetime() && types[1..].iter().all(|t| t.kind.is_string() || t.kind == *first);
    let common = if reads_text {
        Some(types[0].clone())
    } else {
        common_type(&types)
    };
    let Some(common) = common else {
        return Err(
            SignatureError::new(format!("the list of {name} has no type in common with {first}"))
                .hint("cast the values to one type with CAST(x AS type)"),
        );
    };
    let casts: Vec<DataType> = types
        .iter()
        .map(|t| common.clone().with_nullable(t.nullable))
        .collect();
    let literals = arguments[1..].iter().all(|argument| argument.literal.is_some());
    let equal = compare_function(Comparison::Equal, &common.kind, &common.kind)
        .ok_or_else(|| SignatureError::new(format!("values of {} cannot be compared", common.kind)))?;
    let kind = common.kind.clone();
    let cached: OnceLock<Option<Set>> = OnceLock::new();
    let function = kernel(name, move |call| {
        if literals && let Some(set) = cached.get_or_init(|| Set::of(&kind, &call.arguments[1..])) {
            return set.search(call, negated);
        }
        search(call, &equal, negated)
    });
    let result = TypeKind::Boolean
        .nullable()
        .with_nullable(any_nullable(arguments));
    Ok(bound_as(casts, result, function))
}

/// Compares with every value of the list, a column at a time.
fn search(call: &Call<'_>, equal: &Arc<dyn ScalarFunction>, negated: bool) -> Result<ArrayRef, Error> {
    let mut found = vec![false; call.rows];
    let mut unknown = vec![false; call.rows];
    for candidate in &call.arguments[1..] {
        let pair = [call.arguments[0].clone(), candidate.clone()];
        let same = equal.evaluate(&pair, call.rows, call.context)?;
        let same = Flags::of(&same)?;
        for row in 0..call.rows {
            match same.get(row) {
                Some(flag) => found[row] |= flag,
                None => unknown[row] = true,
            }
        }
    }
    build::flags(call.rows, |row| {
        Ok(if found[row] {
            Some(!negated)
        } else {
            (!unknown[row]).then_some(negated)
        })
    })
}

/// The values of a list of literals.
#[derive(Debug)]
struct Set {
    values: Values,
    has_null: bool,
}

#[derive(Debug)]
enum Values {
    Integers(HashSet<i64>),
    Bytes(HashSet<Box<[u8]>>),
}

impl Set {
    fn of(kind: &TypeKind, list: &[Value]) -> Option<Set> {
        let has_null = list.iter().any(|value| value.is_null(0));
        let present = || list.iter().filter(|value| !value.is_null(0));
        let values = match kind {
            TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::Int | TypeKind::BigInt | TypeKind::Date => {
                Values::Integers(
                    present()
                        .map(|value| integer(value.array(), 0))
                        .collect::<Option<_>>()?,
                )
            }
            TypeKind::Char(_) | TypeKind::Varchar(_) => Values::Bytes(
                present()
                    .map(|value| Some(value.array().as_string_opt::<i32>()?.value(0).as_bytes().into()))
                    .collect::<Option<_>>()?,
            ),
            _ => return None,
        };
        Some(Set { values, has_null })
    }

    fn search(&self, call: &Call<'_>, negated: bool) -> Result<ArrayRef, Error> {
        let missing = (!self.has_null).then_some(negated);
        let answer = |found: bool| if found { Some(!negated) } else { missing };
        match &self.values {
            Values::Bytes(set) => {
                let column = Bytes::of(call.value(0)?)?;
                build::flags(call.rows, |row| {
                    Ok(column.get(row).and_then(|bytes| answer(set.contains(bytes))))
                })
            }
            Values::Integers(set) => {
                let value = call.value(0)?;
                // A handful of values is found faster by looking at all of them.
                let few: Option<Vec<i64>> = (set.len() <= 8).then(|| set.iter().copied().collect());
                let contains = |wanted: i64| match &few {
                    Some(few) => few.contains(&wanted),
                    None => set.contains(&wanted),
                };
                macro_rules! typed {
                    ($($arrow:ty),*) => {$(
                        if value.array().as_primitive_opt::<$arrow>().is_some() {
                            let column: Numbers<'_, $arrow> = call.numbers(0)?;
                            return build::flags(call.rows, |row| {
                                Ok(column.get(row).and_then(|value| answer(contains(i64::from(value)))))
                            });
                        }
                    )*};
                }
                typed!(Int64Type, Int32Type, Date32Type, Int16Type, Int8Type);
                Err(Error::internal("IN over integers was given something else"))
            }
        }
    }
}

fn integer(array: &ArrayRef, row: usize) -> Option<i64> {
    macro_rules! typed {
        ($($arrow:ty),*) => {$(
            if let Some(array) = array.as_primitive_opt::<$arrow>() {
                return Some(i64::from(array.value(row)));
            }
        )*};
    }
    typed!(Int64Type, Int32Type, Date32Type, Int16Type, Int8Type);
    None
}
