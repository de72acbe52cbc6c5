//! Looks after the run while it runs: its memory, its speed.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use runner::{Diagnostic, End, FailureCause, Kind, RunFailure};

use super::shared::Shared;
use crate::memory;

const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// Looks over which the speed is taken.
const RATE_LOOKS: usize = 2;

/// The process ends with this code when it has used too much memory.
const EXIT_MEMORY: i32 = 5;

pub fn spawn(shared: Arc<Shared>, memory_bytes_max: Option<u64>) -> io::Result<()> {
    thread::Builder::new()
        .name("keeper".to_string())
        .spawn(move || keep(&shared, memory_bytes_max))
        .map(drop)
}

fn keep(shared: &Shared, memory_bytes_max: Option<u64>) {
    let mut seen: Vec<(i64, u64)> = Vec::with_capacity(RATE_LOOKS + 1);
    loop {
        let metrics = shared.metrics();
        if let Some(limit) = memory_bytes_max
            && metrics.memory_bytes > limit
        {
            memory::give_back();
            let used = shared.metrics().memory_bytes;
            if used > limit {
                fail_for_memory(shared, used, limit);
            }
        }
        seen.push((metrics.at_ms, metrics.rows_in));
        let (first_ms, first_rows) = seen[0];
        if metrics.at_ms > first_ms {
            let rows = metrics.rows_in.saturating_sub(first_rows);
            shared.set_rate(rows as f64 * 1000.0 / (metrics.at_ms - first_ms) as f64);
        }
        if seen.len() > RATE_LOOKS {
            seen.remove(0);
        }
        shared.clock.sleep(LOOK_INTERVAL);
    }
}

/// Ends the process: an orderly end would need more memory still.
fn fail_for_memory(shared: &Shared, used: u64, limit: u64) {
    let diagnostic = Diagnostic::error(
        Kind::Runtime,
        format!(
            "the run used {} MiB of memory, more than the {} MiB it may",
            used >> 20,
            limit >> 20
        ),
    )
    .hint("give the deployment more memory or a lower parallelism, or keep less state: shorter windows, fewer keys");
    let end = End::Failed(RunFailure {
        cause: FailureCause::Memory,
        diagnostics: vec![diagnostic],
    });
    match shared.finish(end) {
        Ok(true) => std::process::exit(EXIT_MEMORY),
        // The run has just ended by itself.
        Ok(false) => {}
        Err(error) => {
            tracing::error!(%error, "cannot write the outcome");
            std::process::exit(EXIT_MEMORY);
        }
    }
}
