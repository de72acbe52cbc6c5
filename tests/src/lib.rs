//! What the tests share: the SQL cases of `tests/sql/` and how they are run on the embedded engine.
//!
//! What stands above the engine is tested in `tests/platform/`, so that whoever works on SQL need not build it.

pub mod case;
pub mod execution;
pub mod live;
pub mod looked;
pub mod real;
pub mod service;
