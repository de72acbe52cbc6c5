//! Functions of two or more arrays: `ARRAY_CONCAT`, `ARRAY_UNION`, `ARRAY_INTERSECT`, `ARRAY_EXCEPT`.

use dataflow::{Argument, BoundScalar, SignatureError};
use model::DataType;

use super::lists::{Lists, Picks, Pool, array_of, common_element, element_of};
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{bound_as, check_count};

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
        "ARRAY_CONCAT",
        "ARRAY_CONCAT(array [, ...])",
        "The arrays one after the other.",
        ("ARRAY_CONCAT(ARRAY[1], ARRAY[2])", "[1, 2]"),
        |arguments| bind("ARRAY_CONCAT", arguments, Set::Concat)
    ),
    function!(
        "ARRAY_UNION",
        "ARRAY_UNION(array, array)",
        "The elements of either array, without repetition.",
        ("ARRAY_UNION(ARRAY[1], ARRAY[1, 2])", "[1, 2]"),
        |arguments| bind("ARRAY_UNION", arguments, Set::Union)
    ),
    function!(
        "ARRAY_INTERSECT",
        "ARRAY_INTERSECT(array, array)",
        "The elements that both arrays have, without repetition.",
        ("ARRAY_INTERSECT(ARRAY[1, 2], ARRAY[2])", "[2]"),
        |arguments| bind("ARRAY_INTERSECT", arguments, Set::Intersect)
    ),
    function!(
        "ARRAY_EXCEPT",
        "ARRAY_EXCEPT(array, array)",
        "The elements of the first array that the second lacks, without repetition.",
        ("ARRAY_EXCEPT(ARRAY[1, 2], ARRAY[2])", "[1]"),
        |arguments| bind("ARRAY_EXCEPT", arguments, Set::Except)
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Concat,
    Union,
    Intersect,
    Except,
}

fn bind(name: &'static str, arguments: &[Argument], set: Set) -> Result<BoundScalar, SignatureError> {
    if set == Set::Concat {
        check_count(name, arguments, 1, usize::MAX)?;
    } else {
        check_count(name, arguments, 2, 2)?;
    }
    let mut element = element_of(name, 0, &arguments[0])?.clone();
    for (index, argument) in arguments.iter().enumerate().skip(1) {
        element = common_element(name, &element, element_of(name, index, argument)?, index)?;
    }
    let types: Vec<DataType> = arguments
        .iter()
        .map(|argument| array_of(element.clone(), argument.data_type.nullable))
        .collect();
    let nullable = types.iter().any(|t| t.nullable);
    let result = array_of(
        // What is left of the first array has the first one's NULLs.
        match set {
            Set::Except => element
                .clone()
                .with_nullable(element_of(name, 0, &arguments[0])?.nullable),
            _ => element,
        },
        nullable,
    );
    let arrow = result.arrow();
    let function = kernel(name, move |call| {
        let mut lists = Vec::with_capacity(call.len());
        let mut base = 0;
        for value in call.arguments {
            let list = Lists::of(value, base)?;
            base += list.values().len();
            lists.push(list);
        }
        let parts: Vec<_> = lists.iter().map(Lists::values).collect();
        let pool = Pool::of(&parts)?;
        let mut picks = Picks::new(call.rows);
        let mut rows = Vec::with_capacity(lists.len());
        // The elements of the second array in order.
        let mut second: Vec<u32> = Vec::new();
        for row in 0..call.rows {
            rows.clear();
            rows.extend(lists.iter().map_while(|list| list.get(row)));
            if rows.len() < lists.len() {
                picks.null_row();
                continue;
            }
            if matches!(set, Set::Intersect | Set::Except) {
                second.clear();
                second.extend(rows[1].clone().map(|element| element as u32));
                second.sort_unstable_by(|&a, &b| pool.compare(a as usize, b as usize));
                rows.truncate(1);
            }
            for element in rows.iter().cloned().flatten() {
                let found = || second.binary_search_by(|&other| pool.compare(other as usize, element));
                let wanted = match set {
                    Set::Concat | Set::Union => true,
                    Set::Intersect => found().is_ok(),
                    Set::Except => found().is_err(),
                };
                if wanted {
                    picks.push(element);
                }
            }
            if set != Set::Concat {
                picks.keep_first(&pool);
            }
            picks.end_row();
        }
        picks.finish(&pool, &arrow)
    });
    Ok(bound_as(types, result, function))
}
