//! The platform: what the binary does, as a library, so that tests can do it too.

pub mod client;
pub mod command_line;
pub mod output;
pub mod run;
pub mod serve;
pub mod shell;
mod time;
