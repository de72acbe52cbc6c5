//! The same SQL on the same files, on Flink and on Oceanus, in one run.
//!
//! `compare` measures, `verify` compares rows, `generate` writes the events that both read.

mod flink;
mod generate;
mod oceanus;
mod process;
mod queries;
mod rows;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Parser, Subcommand};

use crate::flink::{Cluster, JobRun};
use crate::queries::SinkTo;

#[derive(Debug, Parser)]
#[command(name = "bench")]
struct CommandLine {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Measure queries on both engines and print the table.
    Compare(Options),
    /// Run queries on both engines and compare the rows they write.
    Verify(Options),
    /// Write the events only.
    Generate(Options),
}

#[derive(Debug, Args)]
struct Options {
    /// Events in the input.
    #[arg(long, default_value_t = 5_000_000)]
    events: u64,
    /// Runs of each query, of which the best counts, behind one that warms up.
    #[arg(long, default_value_t = 2)]
    runs: usize,
    /// Heap of Flink's tasks: the smallest within 10 % of the best speed (bench/README.md tells how it was found).
    #[arg(long, default_value_t = 512)]
    heap_mb: u32,
    /// Leave Flink out.
    #[arg(long)]
    oceanus_only: bool,
    /// Only these queries.
    queries: Vec<String>,
}

/// Flink as it comes, and with every setting that makes these queries faster. Mini-batch does not apply to window
/// aggregates, and none of the queries has another kind.
const FLINK_DEFAULT: &[(&str, &str)] = &[];
const FLINK_BEST: &[(&str, &str)] = &[
    ("pipeline.object-reuse", "true"),
    (
        "execution.checkpointing.checkpoints-after-tasks-finish.enabled",
        "false",
    ),
];

/// Of every fifty events 46 are bids.
const EVENTS_PER_ROUND: u64 = 50;
const BIDS_PER_ROUND: u64 = 46;

fn main() -> Result<()> {
    match CommandLine::parse().action {
        Action::Compare(options) => compare(&Workplace::prepare(&options)?, &options),
        Action::Verify(options) => verify(&Workplace::prepare(&options)?, &options),
        Action::Generate(options) => Workplace::prepare(&options).map(drop),
    }
}

/// Where everything is.
struct Workplace {
    root: PathBuf,
    scratch: PathBuf,
    events: PathBuf,
    binary: PathBuf,
    names: Vec<String>,
}

impl Workplace {
    fn prepare(options: &Options) -> Result<Workplace> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("bench/ has a parent")?
            .to_path_buf();
        let cache = match std::env::var_os("OCEANUS_CACHE") {
            Some(cache) => PathBuf::from(cache),
            None => {
                PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache/oceanus")
            }
        };
        let names: Vec<String> = if options.queries.is_empty() {
            queries::NAMES.iter().map(|name| name.to_string()).collect()
        } else {
            options.queries.clone()
        };
        if let Some(unknown) = names.iter().find(|name| !queries::NAMES.contains(&name.as_str())) {
            bail!(
                "there is no query '{unknown}'; known: {}",
                queries::NAMES.join(", ")
            );
        }
        let events = cache.join(format!("bench/events-{}", options.events));
        generate::events(&events, options.events)?;
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--release", "--quiet", "-p", "oceanus"])
            .current_dir(&root)
            .status()?;
        ensure!(status.success(), "the release binary does not build");
        // This program stands beside the binary it measures.
        let binary = std::env::current_exe()?.with_file_name("oceanus");
        Ok(Workplace {
            scratch: cache.join("bench/scratch"),
            root,
            events,
            binary,
            names,
        })
    }

    fn cluster(&self, heap_mb: u32) -> Result<Cluster> {
        let output = Command::new(self.root.join("tests/oracle/flink-home")).output()?;
        ensure!(
            output.status.success(),
            "Flink could not be assembled: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let home = PathBuf::from(String::from_utf8(output.stdout)?.trim());
        let runner = self.root.join("java/runner");
        let built = Command::new("mvn")
            .args(["-q", "-B", "-ntp", "package"])
            .current_dir(&runner)
            .status()?;
        ensure!(built.success(), "the runner JAR does not build");
        Cluster::start(
            &home,
            &runner.join("target/runner.jar"),
            &self.scratch.join("flink"),
            heap_mb,
        )
    }

    fn script(&self, name: &str, sink: &SinkTo<'_>) -> Result<String> {
        queries::script(&self.root.join("bench/nexmark"), name, &self.events, sink)
    }
}

fn compare(place: &Workplace, options: &Options) -> Result<()> {
    let cluster = if options.oceanus_only {
        None
    } else {
        Some(place.cluster(options.heap_mb)?)
    };
    say(&format!(
        "{} events, parallelism 2, Flink's task heap {} MiB; events/s, thousand events per CPU second, MiB at peak\n\n\
         | query | Flink default | Flink best | Oceanus | per CPU s against best | memory against best |\n\
         | --- | --- | --- | --- | --- | --- |",
        options.events, options.heap_mb
    ))?;
    let mut ratios = Vec::new();
    for name in &place.names {
        let script = place.script(name, &SinkTo::Blackhole)?;
        let ours = best(options.runs, || {
            oceanus::run(&place.binary, &script, &place.scratch)
        })?;
        let Some(cluster) = &cluster else {
            say(&format!("| {name} | | | {} | | |", cell(&ours, options.events)))?;
            continue;
        };
        let statements = queries::statements(&script);
        cluster
            .run(&statements, FLINK_BEST)
            .with_context(|| name.clone())?;
        let default = best(options.runs, || cluster.run(&statements, FLINK_DEFAULT))?;
        let tuned = best(options.runs, || cluster.run(&statements, FLINK_BEST))?;
        let tuned = if tuned.cost.cpu_seconds <= default.cost.cpu_seconds {
            tuned
        } else {
            default
        };
        let ratio = tuned.cost.cpu_seconds / ours.cost.cpu_seconds;
        let memory = ours.cost.memory_bytes_peak as f64 / tuned.cost.memory_bytes_peak as f64;
        ratios.push(ratio);
        say(&format!(
            "| {name} | {} | {} | {} | {ratio:.1} | {memory:.2} |",
            cell(&default, options.events),
            cell(&tuned, options.events),
            cell(&ours, options.events),
        ))?;
    }
    if !ratios.is_empty() {
        let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
        say(&format!(
            "\ngeometric mean of events per CPU second against Flink's best: {mean:.1}"
        ))?;
    }
    Ok(())
}

fn verify(place: &Workplace, options: &Options) -> Result<()> {
    let cluster = place.cluster(options.heap_mb)?;
    let mut different = Vec::new();
    for name in &place.names {
        let mut digests = Vec::new();
        for engine in ["flink", "oceanus"] {
            let folder = place.scratch.join(format!("rows/{name}-{engine}"));
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            let script = place.script(name, &SinkTo::Files(&folder))?;
            match engine {
                "flink" => cluster.run(&queries::statements(&script), FLINK_BEST).map(drop)?,
                _ => oceanus::run(&place.binary, &script, &place.scratch).map(drop)?,
            }
            digests.push(rows::digest(&folder)?);
            fs::remove_dir_all(&folder)?;
        }
        // q12's windows are cut by the wall clock, so that only their total says anything. Flink gives nothing for
        // windows of processing time that are still open when its input ends; ours must hold every bid there is.
        let bids = options.events / EVENTS_PER_ROUND * BIDS_PER_ROUND;
        let equal = if name == "q12" {
            digests[1].bids == bids && digests[0].bids <= bids
        } else {
            digests[0] == digests[1]
        };
        let verdict = if equal { "equal" } else { "DIFFERENT" };
        let totals = if name == "q12" {
            format!("{} and {} bids in all", digests[0].bids, digests[1].bids)
        } else {
            format!("{} and {} rows", digests[0].rows, digests[1].rows)
        };
        say(&format!("{name}: {verdict} ({totals})"))?;
        if !equal {
            different.push(name.clone());
        }
    }
    ensure!(
        different.is_empty(),
        "rows differ from Flink's: {}",
        different.join(", ")
    );
    Ok(())
}

/// The run that used least processor time.
fn best(runs: usize, mut run: impl FnMut() -> Result<JobRun>) -> Result<JobRun> {
    let mut best = run()?;
    for _ in 1..runs {
        let next = run()?;
        if next.cost.cpu_seconds < best.cost.cpu_seconds {
            best = next;
        }
    }
    Ok(best)
}

fn cell(run: &JobRun, events: u64) -> String {
    let events = events as f64;
    format!(
        "{:.0} k/s, {:.0} k/CPU s, {} MiB",
        events / run.seconds / 1e3,
        events / run.cost.cpu_seconds / 1e3,
        run.cost.memory_bytes_peak >> 20
    )
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
