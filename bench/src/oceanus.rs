//! Runs a script on Oceanus, in a process of its own: one that ends with it, or a worker that takes checkpoints.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use embedded::{EmbeddedOptions, EmbeddedRunner};
use model::AddressRules;
use runner::{End, Program, Restore, RunSpec, RunState, Runner};

use crate::flink::JobRun;
use crate::process::{self, Cost};
use crate::workers;

const RUN_TIMEOUT: Duration = Duration::from_secs(900);
/// Rare enough that answering costs the worker nothing that could be seen.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

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
    Ok(JobRun {
        seconds,
        cost,
        tasks_cpu_seconds: cost.cpu_seconds,
    })
}

/// Runs a script to its end in a worker, which takes checkpoints into a data folder of its own. What the process uses
/// from its start to its end counts.
pub fn run_in_worker(
    binary: &Path,
    script: &str,
    settings: &[(&str, &str)],
    folder: &Path,
) -> Result<JobRun> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let runner = runner(binary, folder)?;
    let _cleanup = workers::Cleanup(folder);
    let settings = settings
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()));
    let program = Program {
        sql: script.to_string(),
        settings: settings.collect(),
        network: AddressRules::loopback(),
        ..Program::default()
    };
    let spec = spec("dp_bench", 1, program, 2, Restore::None);
    let before = process::cpu_seconds_of_ended_children()?;
    let started = Instant::now();
    runner.start(&spec)?;
    let mut outcome = None;
    let mut memory_bytes_peak = 0;
    // The worker stays for a moment behind its outcome, and is a child of this process, which the runner waits for.
    loop {
        let state = runner.observe(&spec.key())?;
        if let RunState::Ended(ended) = state {
            outcome.get_or_insert_with(|| (ended, started.elapsed()));
        } else {
            ensure!(!state.is_over(), "the run is lost: {state:?}");
        }
        let workers = workers::of(folder)?;
        if outcome.is_some() && workers.is_empty() {
            break;
        }
        for worker in workers {
            // It may have ended since.
            let peak = process::memory_bytes_peak(worker).unwrap_or(0);
            memory_bytes_peak = memory_bytes_peak.max(peak);
        }
        ensure!(
            started.elapsed() < RUN_TIMEOUT,
            "the run did not end within {RUN_TIMEOUT:?}"
        );
        thread::sleep(POLL_INTERVAL);
    }
    // Waits for the child that was seen to be gone.
    runner.observe(&spec.key())?;
    let (outcome, elapsed) = outcome.context("a run that is over has an outcome")?;
    ensure!(
        outcome.end == End::Finished,
        "the run ended with {:?}",
        outcome.end
    );
    let cpu_seconds = process::cpu_seconds_of_ended_children()? - before;
    Ok(JobRun {
        seconds: elapsed.as_secs_f64(),
        cost: Cost {
            cpu_seconds,
            memory_bytes_peak,
        },
        tasks_cpu_seconds: cpu_seconds,
    })
}

/// A runner whose workers are the measured program, over a data folder.
pub fn runner(binary: &Path, folder: &Path) -> Result<EmbeddedRunner> {
    let mut options = EmbeddedOptions::new(folder)?;
    options.program = binary.to_path_buf();
    Ok(EmbeddedRunner::new(options)?)
}

/// A run of a deployment, without limits.
pub fn spec(deployment: &str, epoch: u64, program: Program, parallelism: u32, restore: Restore) -> RunSpec {
    RunSpec {
        run_id: format!("rn_{epoch}"),
        deployment_id: deployment.to_string(),
        epoch,
        program,
        parallelism: Some(parallelism),
        memory_bytes_max: None,
        lock_wait_ms: 10_000,
        restore,
        drops_state: false,
    }
}
