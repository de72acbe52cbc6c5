//! Functions of one array: `ARRAY_CONTAINS`, `ARRAY_SLICE`, `ARRAY_SORT` and so on.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::{DataType, TypeKind};

use super::construct::spread;
use super::lists::{Lists, Picks, Pool, array_of, common_element, element_of};
use crate::build::{self, check_length};
use crate::definition::Scalar;
use crate::kernel::{Call, Flags, Numbers, Text, fallible_kernel, kernel};
use crate::signature::{Slot, bound_as, check_count, coerce_one, mismatch};

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
        "ARRAY_CONTAINS",
        "ARRAY_CONTAINS(array, element)",
        "Whether the array has the element; a NULL element is looked for like any other.",
        ("ARRAY_CONTAINS(ARRAY[1, 2], 2)", "TRUE"),
        bind_contains
    ),
    function!(
        "ARRAY_POSITION",
        "ARRAY_POSITION(array, element)",
        "Where the element stands first, counting from one; zero if nowhere.",
        ("ARRAY_POSITION(ARRAY['a', 'b'], 'b')", "2"),
        bind_position
    ),
    function!(
        "ARRAY_DISTINCT",
        "ARRAY_DISTINCT(array)",
        "The array without repeated elements.",
        ("ARRAY_DISTINCT(ARRAY[1, 2, 1])", "[1, 2]"),
        bind_distinct
    ),
    function!(
        "ARRAY_REVERSE",
        "ARRAY_REVERSE(array)",
        "The array from its end to its start.",
        ("ARRAY_REVERSE(ARRAY[1, 2])", "[2, 1]"),
        bind_reverse
    ),
    function!(
        "ARRAY_APPEND",
        "ARRAY_APPEND(array, element)",
        "The array with one more element at its end.",
        ("ARRAY_APPEND(ARRAY[1], 2)", "[1, 2]"),
        |arguments| bind_grow("ARRAY_APPEND", arguments, false)
    ),
    function!(
        "ARRAY_PREPEND",
        "ARRAY_PREPEND(array, element)",
        "The array with one more element at its start.",
        ("ARRAY_PREPEND(ARRAY[1], 2)", "[2, 1]"),
        |arguments| bind_grow("ARRAY_PREPEND", arguments, true)
    ),
    function!(
        "ARRAY_REMOVE",
        "ARRAY_REMOVE(array, element)",
        "The array without the elements equal to this one.",
        ("ARRAY_REMOVE(ARRAY[1, 2, 1], 1)", "[2]"),
        bind_remove
    ),
    function!(
        "ARRAY_SLICE",
        "ARRAY_SLICE(array, start [, end])",
        "The elements from start to end, both included; positions count from one, negative ones from the end.",
        ("ARRAY_SLICE(ARRAY[1, 2, 3], 2)", "[2, 3]"),
        bind_slice
    ),
    function!(
        "ARRAY_SORT",
        "ARRAY_SORT(array [, ascending [, nulls_first]])",
        "The array in order; NULLs come first when ascending and last when descending, unless stated.",
        ("ARRAY_SORT(ARRAY[2, 1])", "[1, 2]"),
        bind_sort
    ),
    function!(
        "ARRAY_MAX",
        "ARRAY_MAX(array)",
        "The greatest element that is not NULL.",
        ("ARRAY_MAX(ARRAY[1, 3, 2])", "3"),
        |arguments| bind_extreme("ARRAY_MAX", arguments, Ordering::Greater)
    ),
    function!(
        "ARRAY_MIN",
        "ARRAY_MIN(array)",
        "The least element that is not NULL.",
        ("ARRAY_MIN(ARRAY[1, 3, 2])", "1"),
        |arguments| bind_extreme("ARRAY_MIN", arguments, Ordering::Less)
    ),
    function!(
        "ARRAY_JOIN",
        "ARRAY_JOIN(array, separator [, null_text])",
        "The texts of the array joined; NULLs are left out unless a text for them is given.",
        ("ARRAY_JOIN(ARRAY['a', 'b'], ',')", "a,b"),
        bind_join
    ),
];

/// The types of an array and an element, which take part in the common element type.
fn array_and_element(
    name: &str,
    arguments: &[Argument],
) -> Result<(Vec<DataType>, DataType), SignatureError> {
    check_count(name, arguments, 2, 2)?;
    let element = element_of(name, 0, &arguments[0])?;
    let common = common_element(name, element, &arguments[1].data_type, 1)?;
    let kind = common.clone().with_nullable(element.nullable);
    let types = vec![
        array_of(kind, arguments[0].data_type.nullable),
        common.clone().with_nullable(arguments[1].data_type.nullable),
    ];
    Ok((types, common))
}

/// The array and, in the pool behind its elements, one element a row.
fn lists_and_elements<'a>(call: &Call<'a>) -> Result<(Lists<'a>, Pool, usize), Error> {
    let lists = Lists::of(call.value(0)?, 0)?;
    let elements = spread(call.value(1)?, call.rows)?;
    let base = lists.values().len();
    let pool = Pool::of(&[lists.values(), &elements])?;
    Ok((lists, pool, base))
}

fn bind_contains(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let (types, _) = array_and_element("ARRAY_CONTAINS", arguments)?;
    let result = TypeKind::Boolean.nullable().with_nullable(types[0].nullable);
    let function = kernel("ARRAY_CONTAINS", |call| {
        let (lists, pool, base) = lists_and_elements(call)?;
        build::flags(call.rows, |row| {
            Ok(lists
                .get(row)
                .map(|mut elements| elements.any(|element| pool.same(element, base + row))))
        })
    });
    Ok(bound_as(types, result, function))
}

fn bind_position(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let (types, _) = array_and_element("ARRAY_POSITION", arguments)?;
    let nullable = types.iter().any(|t| t.nullable);
    let function = kernel("ARRAY_POSITION", |call| {
        let (lists, pool, base) = lists_and_elements(call)?;
        let positions = build::numbers::<Int32Type>(call.rows, |row| {
            let Some(mut elements) = lists.get(row).filter(|_| !pool.is_null(base + row)) else {
                return Ok(None);
            };
            let found = elements.position(|element| pool.same(element, base + row));
            Ok(Some(found.map_or(0, |at| at as i32 + 1)))
        })?;
        Ok(Arc::new(positions))
    });
    Ok(bound_as(
        types,
        TypeKind::Int.nullable().with_nullable(nullable),
        function,
    ))
}

/// A function of one array to another of its type.
fn bind_same(
    name: &'static str,
    arguments: &[Argument],
    row: impl Fn(std::ops::Range<usize>, &Pool, &mut Picks) + Send + Sync + 'static,
) -> Result<BoundScalar, SignatureError> {
    check_count(name, arguments, 1, 1)?;
    element_of(name, 0, &arguments[0])?;
    let given = arguments[0].data_type.clone();
    let arrow = given.arrow();
    let function = kernel(name, move |call| {
        let lists = Lists::of(call.value(0)?, 0)?;
        let pool = Pool::of(&[lists.values()])?;
        let mut picks = Picks::new(call.rows);
        for index in 0..call.rows {
            match lists.get(index) {
                Some(elements) => {
                    row(elements, &pool, &mut picks);
                    picks.end_row();
                }
                None => picks.null_row(),
            }
        }
        picks.finish(&pool, &arrow)
    });
    Ok(bound_as(vec![given.clone()], given, function))
}

fn bind_distinct(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    bind_same("ARRAY_DISTINCT", arguments, |elements, pool, picks| {
        for element in elements {
            picks.push(element);
        }
        picks.keep_first(pool);
    })
}

fn bind_reverse(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    bind_same("ARRAY_REVERSE", arguments, |elements, _, picks| {
        for element in elements.rev() {
            picks.push(element);
        }
    })
}

fn bind_grow(
    name: &'static str,
    arguments: &[Argument],
    in_front: bool,
) -> Result<BoundScalar, SignatureError> {
    let (types, common) = array_and_element(name, arguments)?;
    let element = element_of(name, 0, &arguments[0])?;
    // An element that would widen the array is refused, as Flink refuses it.
    if !element.same_kind(&common) {
        return Err(mismatch(
            name,
            1,
            &element.kind.to_string(),
            &arguments[1].data_type,
        ));
    }
    let result = array_of(common, types[0].nullable || arguments[1].data_type.nullable);
    let arrow = result.arrow();
    let function = kernel(name, move |call| {
        let (lists, pool, base) = lists_and_elements(call)?;
        let mut picks = Picks::new(call.rows);
        for row in 0..call.rows {
            let Some(elements) = lists.get(row) else {
                picks.null_row();
                continue;
            };
            if in_front {
                picks.push(base + row);
            }
            for element in elements {
                picks.push(element);
            }
            if !in_front {
                picks.push(base + row);
            }
            picks.end_row();
        }
        picks.finish(&pool, &arrow)
    });
    Ok(bound_as(types, result, function))
}

fn bind_remove(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let (types, _) = array_and_element("ARRAY_REMOVE", arguments)?;
    let result = types[0].clone();
    let arrow = result.arrow();
    let function = kernel("ARRAY_REMOVE", move |call| {
        let (lists, pool, base) = lists_and_elements(call)?;
        let mut picks = Picks::new(call.rows);
        for row in 0..call.rows {
            let Some(elements) = lists.get(row) else {
                picks.null_row();
                continue;
            };
            for element in elements.filter(|&element| !pool.same(element, base + row)) {
                picks.push(element);
            }
            picks.end_row();
        }
        picks.finish(&pool, &arrow)
    });
    Ok(bound_as(types, result, function))
}

fn bind_slice(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("ARRAY_SLICE", arguments, 2, 3)?;
    element_of("ARRAY_SLICE", 0, &arguments[0])?;
    let mut types = vec![arguments[0].data_type.clone()];
    for (index, argument) in arguments.iter().enumerate().skip(1) {
        types.push(coerce_one("ARRAY_SLICE", index, argument, Slot::Int)?);
    }
    let nullable = types.iter().any(|t| t.nullable);
    let result = types[0].clone().with_nullable(nullable);
    let arrow = result.arrow();
    let function = kernel("ARRAY_SLICE", move |call| {
        let lists = Lists::of(call.value(0)?, 0)?;
        let pool = Pool::of(&[lists.values()])?;
        let starts: Numbers<'_, Int32Type> = call.numbers(1)?;
        let ends: Option<Numbers<'_, Int32Type>> = call.numbers_opt(2)?;
        let mut picks = Picks::new(call.rows);
        for row in 0..call.rows {
            let end = match &ends {
                None => Some(i64::MAX),
                Some(ends) => ends.get(row).map(i64::from),
            };
            let (Some(elements), Some(start), Some(end)) = (lists.get(row), starts.get(row), end) else {
                picks.null_row();
                continue;
            };
            let length = elements.len() as i64;
            let start = position(i64::from(start), length).max(1);
            let end = position(end, length).min(length);
            for offset in start..=end {
                picks.push(elements.start + offset as usize - 1);
            }
            picks.end_row();
        }
        picks.finish(&pool, &arrow)
    });
    Ok(bound_as(types, result, function))
}

/// From one on: negative positions count from the end, zero is the first.
fn position(given: i64, length: i64) -> i64 {
    match given {
        0 => 1,
        1.. => given,
        _ => length + given + 1,
    }
}

fn bind_sort(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("ARRAY_SORT", arguments, 1, 3)?;
    element_of("ARRAY_SORT", 0, &arguments[0])?;
    let mut types = vec![arguments[0].data_type.clone()];
    for (index, argument) in arguments.iter().enumerate().skip(1) {
        types.push(coerce_one("ARRAY_SORT", index, argument, Slot::Boolean)?);
    }
    let nullable = types.iter().any(|t| t.nullable);
    let result = types[0].clone().with_nullable(nullable);
    let arrow = result.arrow();
    let function = kernel("ARRAY_SORT", move |call| {
        let lists = Lists::of(call.value(0)?, 0)?;
        let pool = Pool::of(&[lists.values()])?;
        let flag = |index: usize| call.arguments.get(index).map(Flags::of).transpose();
        let (ascending, nulls_first) = (flag(1)?, flag(2)?);
        let mut picks = Picks::new(call.rows);
        for row in 0..call.rows {
            let ascending = match &ascending {
                None => Some(true),
                Some(flags) => flags.get(row),
            };
            let nulls_first = match &nulls_first {
                None => ascending,
                Some(flags) => flags.get(row),
            };
            let (Some(elements), Some(ascending), Some(nulls_first)) =
                (lists.get(row), ascending, nulls_first)
            else {
                picks.null_row();
                continue;
            };
            for element in elements {
                picks.push(element);
            }
            picks.current_mut().sort_by(|&a, &b| {
                let (a, b) = (a as usize, b as usize);
                match (pool.is_null(a), pool.is_null(b)) {
                    (true, true) => Ordering::Equal,
                    (true, false) if nulls_first => Ordering::Less,
                    (true, false) => Ordering::Greater,
                    (false, true) if nulls_first => Ordering::Greater,
                    (false, true) => Ordering::Less,
                    (false, false) if ascending => pool.compare(a, b),
                    (false, false) => pool.compare(b, a),
                }
            });
            picks.end_row();
        }
        picks.finish(&pool, &arrow)
    });
    Ok(bound_as(types, result, function))
}

fn bind_extreme(
    name: &'static str,
    arguments: &[Argument],
    wanted: Ordering,
) -> Result<BoundScalar, SignatureError> {
    check_count(name, arguments, 1, 1)?;
    let element = element_of(name, 0, &arguments[0])?.clone();
    let function = kernel(name, move |call| {
        let lists = Lists::of(call.value(0)?, 0)?;
        let pool = Pool::of(&[lists.values()])?;
        let picks = (0..call.rows)
            .map(|row| {
                let mut best: Option<usize> = None;
                for element in lists.get(row)?.filter(|&element| !pool.is_null(element)) {
                    if best.is_none_or(|best| pool.compare(element, best) == wanted) {
                        best = Some(element);
                    }
                }
                best.map(|best| best as u32)
            })
            .collect();
        pool.take(picks)
    });
    Ok(bound_as(
        vec![arguments[0].data_type.clone()],
        element.with_nullable(true),
        function,
    ))
}

fn bind_join(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("ARRAY_JOIN", arguments, 2, 3)?;
    let element = element_of("ARRAY_JOIN", 0, &arguments[0])?;
    if !element.kind.is_string() {
        return Err(mismatch(
            "ARRAY_JOIN",
            0,
            "an array of strings",
            &arguments[0].data_type,
        ));
    }
    let mut types = vec![arguments[0].data_type.clone()];
    for (index, argument) in arguments.iter().enumerate().skip(1) {
        types.push(coerce_one("ARRAY_JOIN", index, argument, Slot::Text)?);
    }
    let nullable = types.iter().any(|t| t.nullable);
    let function = fallible_kernel("ARRAY_JOIN", |call| -> Result<ArrayRef, Error> {
        let lists = Lists::of(call.value(0)?, 0)?;
        let texts = lists.values().as_string::<i32>();
        let separators = call.text(1)?;
        let null_texts: Option<Text<'_>> = call.text_opt(2)?;
        build::strings(call.rows, |row, out| {
            let (Some(elements), Some(separator)) = (lists.get(row), separators.get(row)) else {
                return Ok(None);
            };
            let null_text = match &null_texts {
                None => None,
                Some(texts) => match texts.get(row) {
                    Some(text) => Some(text),
                    None => return Ok(None),
                },
            };
            let (start, mut first) = (out.len(), true);
            for element in elements {
                let text = if arrow_array::Array::is_null(texts, element) {
                    null_text
                } else {
                    Some(texts.value(element))
                };
                if let Some(text) = text {
                    if !first {
                        out.push_str(separator);
                    }
                    first = false;
                    out.push_str(text);
                    check_length("ARRAY_JOIN", out.len() - start)?;
                }
            }
            Ok(Some(()))
        })
    });
    Ok(bound_as(
        types,
        TypeKind::STRING.nullable().with_nullable(nullable),
        function,
    ))
}
