//! The server's log: on standard error, a line for each event, its values as fields.

use std::io::IsTerminal;

use stdx::{Clock, SystemClock};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::time::rfc3339;

/// Begins to log what `level` lets through.
pub fn begin(level: &str) {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_timer(Timestamps)
        .with_env_filter(EnvFilter::new(level))
        .finish();
    // Tests that start a server within themselves have begun already.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

struct Timestamps;

impl FormatTime for Timestamps {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        out.write_str(&rfc3339(SystemClock.now_ms()))
    }
}
