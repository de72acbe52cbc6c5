//! Runs a script on Oceanus, in a process of its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::flink::JobRun;
use crate::process;

/// Runs a script to its end. The seconds include the start of the process.
pub fn run(binary: &Path, script: &str, folder: &Path) -> Result<JobRun> {
    fs::create_dir_all(folder)?;
    let file = folder.join("job.sql");
    fs::write(&file, script)?;
    let started = Instant::now();
    let child = Command::new(binary)
        .arg("run")
        .arg(&file)
        .args(["--set", "parallelism.default=2"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let (status, cost) = process::wait(child)?;
    let seconds = started.elapsed().as_secs_f64();
    ensure!(
        status.success(),
        "oceanus ended with {status} on {}",
        file.display()
    );
    Ok(JobRun { seconds, cost })
}
