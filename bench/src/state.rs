//! A job with much state: what its checkpoints cost, how large they are, and how long a change of parallelism keeps it
//! from writing.
//!
//! What else a machine does meanwhile takes more from one run than from another. So runs without checkpoints and with them
//! take turns, and the cost is that of the best stretches: each is as long as from one checkpoint to the next. What all of
//! them together say stands beside it.
//!
//! The job groups rows by key. All keys come once, and then again: few of them, all alike, or as Zipf has it, the first
//! more often than the second, and so on.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use embedded::EmbeddedRunner;
use model::AddressRules;
use runner::{Metrics, NodeMetrics, Program, Restore, RunKey, RunState, Runner};

use crate::{oceanus, say};

#[derive(Debug, Args)]
pub struct Options {
    /// Keys that the job holds.
    #[arg(long, default_value_t = 12_000_000)]
    keys: u64,
    /// Seconds that each run is measured for.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(10..))]
    seconds: u64,
    /// Runs without checkpoints, and as many with them.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Only these: few, zipf, uniform.
    distributions: Vec<String>,
}

/// Which keys come, from a number `u` between 0 and 1.
pub(crate) const DISTRIBUTIONS: [(&str, &str); 3] = [
    ("few", "u * ${keys} / 100"),
    ("zipf", "EXP(u * LN(${keys}))"),
    ("uniform", "u * ${keys}"),
];
const JOB: &str = "
SET 'execution.checkpointing.interval' = '${interval}';
${settings}
CREATE TABLE numbers (id BIGINT, u DOUBLE) WITH (
  'connector' = 'datagen', 'rows-per-second' = '1000000000',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '9000000000000000',
  'fields.u.min' = '0', 'fields.u.max' = '1');
CREATE TABLE sink (k BIGINT, n BIGINT, total BIGINT, low DOUBLE, high DOUBLE) WITH ('connector' = 'blackhole');
INSERT INTO sink
SELECT k, COUNT(*), SUM(id), MIN(u), MAX(u)
FROM (SELECT CASE WHEN id < ${keys} THEN id ELSE CAST(${key} AS BIGINT) END AS k, id, u FROM numbers)
GROUP BY k;";
pub(crate) const NEVER: &str = "0 s";
pub(crate) const INTERVAL: &str = "10 s";
const STRETCH: Duration = Duration::from_secs(10);
pub(crate) const PARALLELISM: u32 = 2;
const POLL: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(600);

pub fn run(binary: &Path, scratch: &Path, options: &Options) -> Result<()> {
    let known = DISTRIBUTIONS.map(|(name, _)| name);
    if let Some(unknown) = options
        .distributions
        .iter()
        .find(|name| !known.contains(&name.as_str()))
    {
        bail!(
            "there is no distribution '{unknown}'; known: {}",
            known.join(", ")
        );
    }
    say(&format!(
        "{} keys, parallelism {PARALLELISM}, {} times {} s measured, a checkpoint every {INTERVAL}\n\n\
         | keys that change | state, MiB | rows/s without | rows/s with | cost | cost, all | checkpoints, MiB | took, ms | \
         pause 2 to 1, s | pause 1 to 2, s |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        options.keys, options.rounds, options.seconds
    ))?;
    for (name, key) in DISTRIBUTIONS {
        if options.distributions.is_empty() || options.distributions.iter().any(|wanted| wanted == name) {
            say(&measure(binary, scratch, options, name, key)?)?;
        }
    }
    Ok(())
}

/// The job, with settings of its own; its interval between checkpoints is still to be put in.
pub(crate) fn job(key: &str, keys: u64, settings: &str) -> String {
    JOB.replace("${key}", key)
        .replace("${keys}", &keys.to_string())
        .replace("${settings}", settings)
}

fn measure(binary: &Path, scratch: &Path, options: &Options, name: &str, key: &str) -> Result<String> {
    let window = Duration::from_secs(options.seconds);
    let folder = scratch.join("state");
    let place = Place::new(binary, &folder)?;
    let job = job(key, options.keys, "");
    let mut number = 0;
    let mut start = |interval: &str| -> Result<RunKey> {
        number += 1;
        place.start(
            number,
            &job.replace("${interval}", interval),
            PARALLELISM,
            Restore::None,
        )
    };
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let run = loop {
        let run = start(NEVER)?;
        place.wait(&run, |metrics| metrics.rows_in > options.keys)?;
        without.push(place.watch(&run, window)?);
        place.end(&run)?;
        place.runner.forget_checkpoints(DEPLOYMENT)?;
        let run = start(INTERVAL)?;
        let filled = place.wait(&run, |metrics| metrics.rows_in > options.keys)?;
        // The one under way, and the first that has all keys.
        let completed = filled.checkpoints.completed + 2;
        place.wait(&run, |metrics| metrics.checkpoints.completed >= completed)?;
        with.push(place.watch(&run, window)?);
        if with.len() as u64 >= options.rounds {
            break run;
        }
        place.end(&run)?;
        place.runner.forget_checkpoints(DEPLOYMENT)?;
    };
    let best = |runs: &[Watched]| runs.iter().map(|run| run.best_rows_per_second).fold(0., f64::max);
    let mean = |runs: &[Watched]| runs.iter().map(|run| run.rows_per_second).sum::<f64>() / runs.len() as f64;
    let cost = |of: &dyn Fn(&[Watched]) -> f64| 100.0 * (1.0 - of(&with) / of(&without));
    let (cost, cost_of_all) = (cost(&best), cost(&mean));
    let speeds = [best(&without), best(&with)].map(|speed| speed / 1e6);
    let with = with.pop().context("there is a round")?;
    let job = job.replace("${interval}", INTERVAL);
    let (run, narrower) = place.rescale(&run, number + 1, &job, 1)?;
    let (run, wider) = place.rescale(&run, number + 2, &job, PARALLELISM)?;
    place.runner.kill(&run)?;
    let list = |numbers: &mut dyn Iterator<Item = u64>| {
        numbers
            .map(|number| number.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    Ok(format!(
        "| {name} | {} | {:.2} M | {:.2} M | {cost:.1} % | {cost_of_all:.1} % | {} | {} | {:.1} | {:.1} |",
        with.state_bytes >> 20,
        speeds[0],
        speeds[1],
        list(&mut with.checkpoints.iter().map(|(bytes, _)| bytes >> 20)),
        list(&mut with.checkpoints.iter().map(|(_, duration_ms)| *duration_ms)),
        narrower.as_secs_f64(),
        wider.as_secs_f64(),
    ))
}

pub(crate) const DEPLOYMENT: &str = "dp_state";

/// A data folder with a runner over it, whose workers end with it.
pub(crate) struct Place<'a> {
    folder: &'a Path,
    pub runner: EmbeddedRunner,
}

pub(crate) struct Watched {
    pub rows_per_second: f64,
    /// Of the best stretch of it.
    best_rows_per_second: f64,
    pub state_bytes: u64,
    pub spilled_bytes: u64,
    pub memory_bytes: u64,
    /// Keys that were looked for in files, for each row.
    pub lookups_a_row: f64,
    /// Lookups in outside tables that took too long, for each row.
    pub timed_out_a_row: f64,
    /// Bytes and milliseconds of each that was completed.
    checkpoints: Vec<(u64, u64)>,
}

impl<'a> Place<'a> {
    pub fn new(binary: &Path, folder: &'a Path) -> Result<Place<'a>> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        let runner = oceanus::runner(binary, folder)?;
        Ok(Place { folder, runner })
    }

    pub fn start(&self, number: u64, sql: &str, parallelism: u32, restore: Restore) -> Result<RunKey> {
        let program = Program {
            sql: sql.to_string(),
            network: AddressRules::loopback(),
            ..Program::default()
        };
        let spec = oceanus::spec(DEPLOYMENT, number, program, parallelism, restore);
        self.runner.start(&spec)?;
        Ok(spec.key())
    }

    /// Asks for metrics until they are so.
    pub fn wait(&self, run: &RunKey, is_so: impl Fn(&Metrics) -> bool) -> Result<Metrics> {
        let began = Instant::now();
        loop {
            // One that has just been started does not answer yet.
            if let Ok(metrics) = self.runner.metrics(run)
                && is_so(&metrics)
            {
                return Ok(metrics);
            }
            let state = self.runner.observe(run)?;
            ensure!(!state.is_over(), "the run has ended: {state:?}");
            ensure!(began.elapsed() < PATIENCE, "the run does not get on");
            thread::sleep(POLL);
        }
    }

    pub fn watch(&self, run: &RunKey, window: Duration) -> Result<Watched> {
        let first = self.runner.metrics(run)?;
        let began = Instant::now();
        let mut checkpoints = Vec::new();
        let mut number = first.checkpoints.last_number;
        let mut last = first.clone();
        let (mut stretch, mut stretch_rows, mut best) = (Instant::now(), first.rows_in, 0f64);
        while began.elapsed() < window {
            thread::sleep(POLL);
            last = self.runner.metrics(run)?;
            // The last stretch of a window ends with it.
            if stretch.elapsed() >= STRETCH || began.elapsed() >= window {
                let rows = (last.rows_in - stretch_rows) as f64;
                if stretch.elapsed() >= STRETCH - POLL * 10 {
                    best = best.max(rows / stretch.elapsed().as_secs_f64());
                }
                (stretch, stretch_rows) = (Instant::now(), last.rows_in);
            }
            if last.checkpoints.last_number != number {
                number = last.checkpoints.last_number;
                checkpoints.push((last.checkpoints.last_bytes, last.checkpoints.last_duration_ms));
            }
        }
        let rows = (last.rows_in - first.rows_in) as f64;
        let sum = |metrics: &Metrics, figure: fn(&NodeMetrics) -> u64| {
            metrics.nodes.iter().map(figure).sum::<u64>()
        };
        let a_row = |figure| (sum(&last, figure) - sum(&first, figure)) as f64 / rows;
        Ok(Watched {
            rows_per_second: rows / began.elapsed().as_secs_f64(),
            best_rows_per_second: best,
            lookups_a_row: a_row(|node| node.spill_lookups),
            timed_out_a_row: a_row(|node| node.timed_out_lookups),
            state_bytes: sum(&last, |node| node.state_bytes),
            spilled_bytes: sum(&last, |node| node.spilled_bytes),
            memory_bytes: last.memory_bytes,
            checkpoints,
        })
    }

    pub fn end(&self, run: &RunKey) -> Result<()> {
        self.runner.kill(run)?;
        Ok(self.runner.forget(run)?)
    }

    /// Stops a run and goes on from where it was with another parallelism; how long nothing was written.
    fn rescale(&self, run: &RunKey, number: u64, sql: &str, parallelism: u32) -> Result<(RunKey, Duration)> {
        self.runner.request_stop(run)?;
        let mut written = self.runner.metrics(run)?.rows_out;
        let mut paused = Instant::now();
        loop {
            if let Ok(metrics) = self.runner.metrics(run)
                && metrics.rows_out > written
            {
                (written, paused) = (metrics.rows_out, Instant::now());
            }
            match self.runner.observe(run)? {
                RunState::Ended(_) => break,
                state => ensure!(!state.is_over(), "the run is lost: {state:?}"),
            }
            ensure!(paused.elapsed() < PATIENCE, "the run does not stop");
            thread::sleep(POLL);
        }
        let next = self.start(number, sql, parallelism, Restore::Latest { since_epoch: 1 })?;
        let metrics = self.wait(&next, |metrics| metrics.rows_out > 0)?;
        let pause = paused.elapsed();
        metrics.checkpoints.restored.context("the run began anew")?;
        // So that the next change of parallelism finds it at its pace.
        thread::sleep(Duration::from_secs(5));
        Ok((next, pause))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        for run in self.runner.runs().unwrap_or_default() {
            // Most have ended.
            let _ = self.runner.kill(&run);
        }
        // What stays is removed by the next.
        let _ = fs::remove_dir_all(self.folder);
    }
}
