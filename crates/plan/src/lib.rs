//! Statements to operator graphs.
//!
//! A [`session::Session`] takes statements one by one: definitions change its catalog, queries become graphs.
//! Knows no connector, format or function by name but for window functions; runs nothing.

pub mod bind;
pub mod build;
pub mod catalog;
mod changelog;
pub mod config;
mod ddl;
pub mod explain;
mod join;
mod logical;
mod optimize;
pub mod session;
mod show;
pub mod verdict;

pub use config::Config;
pub use session::{Environment, Outcome, Session};
pub use show::{CatalogKind, CatalogStatement, catalog_statements};
