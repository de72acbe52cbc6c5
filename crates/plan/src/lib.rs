//! Statements to operator graphs.
//!
//! A [`session::Session`] takes statements one by one: definitions change its catalog, queries become graphs.
//! Knows no connector, format or function by name but for window functions; runs nothing.

pub mod catalog;
pub mod config;
pub mod session;

pub use config::Config;
pub use session::{Environment, Outcome, Session};
