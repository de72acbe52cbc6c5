//! Flink SQL's scalar functions, operators, casts and aggregates over Arrow columns.
//!
//! A function is looked up by name, bound once to the types of its arguments, and evaluated a chunk at a time.
//! Names, result types (nullability included), NULL handling and failures are those of Flink 2.3. Nothing here
//! reads a clock or randomness but through the evaluation context.

mod aggregate;
mod bitmap;
mod build;
mod calendar;
mod cast;
mod collection;
mod definition;
mod java_regex;
mod json;
mod kernel;
mod math;
mod operators;
mod registry;
mod signature;
mod string;
mod temporal;
mod types;
mod zone;

pub use cast::{CastMode, cast};
pub use definition::{AggregateDefinition, ScalarDefinition};
pub use registry::{aggregate, catalogue, is_callable, scalar};
pub use types::{can_cast_implicitly, common_type};
