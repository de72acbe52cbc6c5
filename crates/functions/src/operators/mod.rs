//! Operators, which are functions whose names are signs.

mod arithmetic;
mod compare;
mod decimals;
mod in_list;
mod like;
mod logic;
mod nulls;
mod time_arithmetic;

use crate::definition::Scalar;


pub(crate) fn list() -> Vec<&'static Scalar> {
    [
        arithmetic::LIST,
        compare::LIST,
        in_list::LIST,
        like::LIST,
        logic::LIST,
        nulls::LIST,
    ]
    .into_iter()
    .flatten()
    .collect()
}
