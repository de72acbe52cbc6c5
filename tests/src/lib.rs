//! What the tests share: the SQL cases of `tests/sql/` and how they are run on the embedded engine, and the platform
//! as somebody outside of it sees it.

pub mod case;
pub mod execution;
pub mod platform;
