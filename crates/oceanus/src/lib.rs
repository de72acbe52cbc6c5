//! The platform: what the binary does, as a library, so that tests can do it too.

pub mod output;
pub mod run;
pub mod shell;
