//! The SQL cases of `tests/sql/` and how they are run on the embedded engine.

pub mod case;
pub mod execution;
