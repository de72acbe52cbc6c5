//! Flink SQL text to statements.
//!
//! Text becomes lossless tokens, tokens become statements whose every node knows its place.
//! Knows nothing of catalogs, types of columns, or functions.

pub mod ast;
