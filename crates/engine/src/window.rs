//! Windows over time: where they lie, and when they close.

pub(crate) mod time;
