//! A job with more state than it may hold in memory: how fast it is beside one that may hold all of it, and whether its
//! results are right.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use runner::{Restore, Runner};

use crate::say;
use crate::state::{DEPLOYMENT, DISTRIBUTIONS, INTERVAL, NEVER, PARALLELISM, Place, Watched, job};

#[derive(Debug, Args)]
pub struct Options {
    /// Keys that the job holds.
    #[arg(long, default_value_t = 20_000_000)]
    keys: u64,
    /// The part of its state that fits into memory: one in so many.
    #[arg(long, default_value_t = 10)]
    part: u64,
    /// Seconds that each run is measured for, behind as many that it gets going in.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Only these: few, zipf, uniform.
    distributions: Vec<String>,
}

/// Rows of the run whose results are added up, besides those that bring each key once.
const AGAIN: u64 = 10_000_000;

const SUMMED: &str = "
SET 'taskmanager.memory.managed.size' = '${budget} b';
SET 'parallelism.default' = '2';
CREATE TABLE numbers (id BIGINT, u DOUBLE) WITH (
  'connector' = 'datagen', 'rows-per-second' = '1000000000',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '${last}',
  'fields.u.min' = '0', 'fields.u.max' = '1');
SELECT COUNT(*), SUM(n), SUM(total) FROM (
  SELECT k, COUNT(*) AS n, SUM(id) AS total, MIN(u) AS low, MAX(u) AS high
  FROM (SELECT CASE WHEN id < ${keys} THEN id ELSE CAST(EXP(u * LN(${keys})) AS BIGINT) END AS k, id, u FROM numbers)
  GROUP BY k);";

pub fn run(binary: &Path, scratch: &Path, options: &Options) -> Result<()> {
    let place = Place::new(binary, scratch)?;
    say(&format!(
        "{} keys, parallelism {PARALLELISM}, {} s measured, memory for one in {} of them\n\n\
         | keys that come | state in memory, MiB | rows/s | budget, MiB | state, MiB | in files, MiB | process, MiB | \
         looked up, % of rows | rows/s | of the speed in memory | with checkpoints, rows/s |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        options.keys, options.seconds, options.part
    ))?;
    let mut budget = 0;
    let mut numbers = 1..;
    let mut measure = |key: &str, settings: &str, interval: &str| -> Result<Watched> {
        let sql = job(key, options.keys, settings).replace("${interval}", interval);
        let number = numbers.next().context("numbers do not end")?;
        let run = place.start(number, &sql, PARALLELISM, Restore::None)?;
        place.wait(&run, |metrics| metrics.rows_in > options.keys)?;
        place.watch(&run, Duration::from_secs(options.seconds))?;
        let watched = place.watch(&run, Duration::from_secs(options.seconds))?;
        place.end(&run)?;
        place.runner.forget_checkpoints(DEPLOYMENT)?;
        Ok(watched)
    };
    for (name, key) in DISTRIBUTIONS {
        if !options.distributions.is_empty() && !options.distributions.iter().any(|wanted| wanted == name) {
            continue;
        }
        let whole = measure(key, "", NEVER)?;
        budget = whole.state_bytes / options.part;
        let settings = format!("SET 'taskmanager.memory.managed.size' = '{budget} b';");
        let part = measure(key, &settings, NEVER)?;
        let kept = measure(key, &settings, INTERVAL)?;
        say(&format!(
            "| {name} | {} | {:.2} M | {} | {} | {} | {} | {:.1} | {:.2} M | {:.2} | {:.2} M |",
            whole.state_bytes >> 20,
            whole.rows_per_second / 1e6,
            budget >> 20,
            part.state_bytes >> 20,
            part.spilled_bytes >> 20,
            part.memory_bytes >> 20,
            100.0 * part.lookups_a_row,
            part.rows_per_second / 1e6,
            part.rows_per_second / whole.rows_per_second,
            kept.rows_per_second / 1e6,
        ))?;
    }
    if budget == 0 {
        bail!(
            "known distributions: {}",
            DISTRIBUTIONS.map(|(name, _)| name).join(", ")
        );
    }
    drop(place);
    add_up(binary, scratch, options, budget)
}

/// Runs to the end and looks whether every row was counted once, and for one key.
fn add_up(binary: &Path, scratch: &Path, options: &Options, budget: u64) -> Result<()> {
    let rows = options.keys + AGAIN;
    let sql = SUMMED
        .replace("${budget}", &budget.to_string())
        .replace("${keys}", &options.keys.to_string())
        .replace("${last}", &(rows - 1).to_string());
    fs::create_dir_all(scratch)?;
    let script = scratch.join("summed.sql");
    fs::write(&script, sql)?;
    let began = Instant::now();
    let output = Command::new(binary)
        .args(["run", "--format", "json"])
        .arg(&script)
        .output()
        .context("cannot start oceanus")?;
    ensure!(
        output.status.success(),
        "the job fails: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told = String::from_utf8_lossy(&output.stdout);
    let last = told.lines().last().unwrap_or_default();
    let expected = [options.keys, rows, (rows - 1) * rows / 2];
    say(&format!(
        "\n{rows} rows of Zipf keys to the end on the same budget in {:.0} s: keys, rows and their sum are {last}",
        began.elapsed().as_secs_f64()
    ))?;
    ensure!(
        expected.iter().all(|number| last.contains(&number.to_string())),
        "expected were {expected:?}"
    );
    Ok(())
}
