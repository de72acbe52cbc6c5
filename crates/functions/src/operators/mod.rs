//! Operators, which are functions whose names are signs.

mod arithmetic;
mod compare;
mod concat;
mod decimals;
mod in_list;
mod like;
mod logic;
mod nulls;
mod overlaps;
mod time_arithmetic;

use crate::definition::Scalar;

pub(crate) use compare::comparator;

pub(crate) fn list() -> Vec<&'static Scalar> {
    [
        arithmetic::LIST,
        compare::LIST,
        concat::LIST,
        in_list::LIST,
        like::LIST,
        logic::LIST,
        nulls::LIST,
        overlaps::LIST,
    ]
    .into_iter()
    .flatten()
    .collect()
}
