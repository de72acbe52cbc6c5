//! Windows over time: where they lie, how they are cut into slices, and when they close.

mod slicing;
pub(crate) mod time;

pub(crate) use slicing::{Slicing, Windows};
