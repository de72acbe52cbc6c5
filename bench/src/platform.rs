//! The platform under load and at rest: lists, reconciliation, memory, and how long people wait.
//!
//! Two servers are measured, each a process of its own that is reached over loopback. The first holds ten thousand
//! drafts and a thousand deployments, of which a hundred are real worker processes and the rest are simulated by its
//! runner: see [`host`]. The second is the program itself, `oceanus serve`, with nothing else to do.

mod api;
mod figures;
pub mod host;
mod latency;
mod load;
mod simulated;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::platform::figures::Table;
use crate::say;

#[derive(Debug, Args)]
pub struct Options {
    /// Drafts in the workspace.
    #[arg(long, default_value_t = 10_000)]
    drafts: usize,
    /// Deployments of them that are simulated.
    #[arg(long, default_value_t = 900)]
    simulated: usize,
    /// Deployments of them with a worker process.
    #[arg(long, default_value_t = 100)]
    real: usize,
    /// Requests of each list, and twenty times as many as changes.
    #[arg(long, default_value_t = 400)]
    requests: usize,
    /// How often each latency is measured; the median counts.
    #[arg(long, default_value_t = 20)]
    samples: usize,
    /// Measure only what holds this text in its name: `load` or `latency`.
    #[arg(long)]
    only: Option<String>,
}

/// Measures all of it, prints the table, and fails if a goal is missed.
pub fn run(options: &Options) -> Result<()> {
    let place = Place::prepare()?;
    let mut table = Table::default();
    let wanted = |part: &str| {
        options
            .only
            .as_ref()
            .is_none_or(|only| part.contains(only.as_str()))
    };
    if wanted("latency") {
        latency::measure(&place, options.samples, &mut table)?;
    }
    if wanted("load") {
        load::measure(&place, options, &mut table)?;
    }
    say(&table.to_string())?;
    ensure!(table.is_met(), "not every goal is met");
    Ok(())
}

/// Where everything is.
struct Place {
    /// Emptied at the start.
    scratch: PathBuf,
    /// The program that is measured, in its release form.
    oceanus: PathBuf,
}

impl Place {
    fn prepare() -> Result<Place> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("bench/ has a parent")?;
        let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--release", "--quiet", "-p", "oceanus"])
            .current_dir(root)
            .status()?;
        ensure!(built.success(), "the release binary does not build");
        let scratch = crate::cache()?.join("bench/platform");
        if scratch.exists() {
            fs::remove_dir_all(&scratch)?;
        }
        fs::create_dir_all(&scratch)?;
        Ok(Place {
            scratch,
            // This program stands beside it.
            oceanus: std::env::current_exe()?.with_file_name("oceanus"),
        })
    }
}
