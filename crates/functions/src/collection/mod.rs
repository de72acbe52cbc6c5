//! Functions that make, open and change arrays, maps and rows.

mod access;
mod array;
mod array_sets;
mod construct;
mod greatest;
mod lists;
mod map;

use crate::definition::Scalar;

pub(crate) fn list() -> Vec<&'static Scalar> {
    [
        access::LIST,
        array::LIST,
        array_sets::LIST,
        construct::LIST,
        greatest::LIST,
        map::LIST,
    ]
    .into_iter()
    .flatten()
    .collect()
}
