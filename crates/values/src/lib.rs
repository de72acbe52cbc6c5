//! The text of values: numbers, decimals, bitmaps, dates and times as Java and Flink read and write them.
//!
//! Shared by formats, casts and connectors. Works on bytes and integers, knows no arrays, allocates nothing but
//! the text it is asked for.

pub mod bitmap;
pub mod decimal;
pub mod number;
pub mod temporal;
