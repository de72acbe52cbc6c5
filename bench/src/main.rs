//! What is measured: the engine beside Flink, on the same SQL and the same files, and the platform under load.
//!
//! `compare` measures the engines between files, `kafka` between topics; `verify` compares their rows, `generate` writes the
//! events that both read; `flat` looks at the memory of long runs, `state` at jobs with much of it, `spill` at one with more
//! than fits into memory, `lookups` at a service that sometimes hangs; `platform` measures the platform.

mod flat;
mod flink;
mod generate;
mod kafka;
mod lookups;
mod oceanus;
mod platform;
mod process;
mod queries;
mod rows;
mod spill;
mod state;
mod workers;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Parser, Subcommand};

use crate::flink::{Cluster, JobRun};
use crate::queries::Tables;

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
    /// The same from topic to topic of Kafka, exactly once; the rows are compared, too.
    Kafka(Options),
    /// Run queries on both engines and compare the rows they write.
    Verify(Options),
    /// Write the events only.
    Generate(Options),
    /// Run queries with bounded state for long and look whether their memory stays flat.
    Flat(flat::Options),
    /// Run a job with much state: what its checkpoints cost, and a change of parallelism.
    State(state::Options),
    /// Run a job with more state than it may hold in memory.
    Spill(spill::Options),
    /// Look rows up in a service that sometimes hangs.
    Lookups(lookups::Options),
    /// Measure the platform, under load and at rest.
    Platform(platform::Options),
    /// The server that `platform` measures under load.
    #[command(hide = true)]
    PlatformHost(platform::host::HostOptions),
}

#[derive(Debug, Args)]
struct Options {
    /// Events in the input.
    #[arg(long, default_value_t = 5_000_000)]
    events: u64,
    /// Runs of each query, of which the best counts, behind one that warms up.
    #[arg(long, default_value_t = 2)]
    runs: usize,
    /// Heap of Flink's tasks. Without it the smallest within 10 % of the best speed is searched for each query, except
    /// between topics, where it is the largest of those tried.
    #[arg(long)]
    heap_mb: Option<u32>,
    /// Leave Flink out.
    #[arg(long)]
    oceanus_only: bool,
    /// Only these queries.
    queries: Vec<String>,
}

/// Flink as it comes, and with every setting that makes these queries faster. Mini-batch is tried apart, for the queries
/// with something that it applies to.
const FLINK_DEFAULT: &[(&str, &str)] = &[];
const FLINK_OBJECT_REUSE: (&str, &str) = ("pipeline.object-reuse", "true");
const FLINK_BEST: &[(&str, &str)] = &[
    FLINK_OBJECT_REUSE,
    (
        "execution.checkpointing.checkpoints-after-tasks-finish.enabled",
        "false",
    ),
];

const FLINK_MINI_BATCH: &[(&str, &str)] = &[
    FLINK_OBJECT_REUSE,
    (
        "execution.checkpointing.checkpoints-after-tasks-finish.enabled",
        "false",
    ),
    ("table.exec.mini-batch.enabled", "true"),
    ("table.exec.mini-batch.allow-latency", "1 s"),
    ("table.exec.mini-batch.size", "5000"),
];

/// Heaps of Flink's tasks to try, and the events to try them on.
const HEAPS_MB: &[u32] = &[4096, 1024, 512, 256, 128];
const HEAP_SEARCH_EVENTS: u64 = 1_000_000;
/// A smaller heap is as good as a larger one if it gives this share of its events per CPU second.
const GOOD_ENOUGH: f64 = 0.9;
/// The heap that rows are verified with: joins without a bound keep all that they have read.
const VERIFY_HEAP_MB: u32 = 6144;

/// Of every fifty events 46 are bids.
const EVENTS_PER_ROUND: u64 = 50;
const BIDS_PER_ROUND: u64 = 46;

fn main() -> Result<()> {
    match CommandLine::parse().action {
        Action::Compare(options) => compare(&Workplace::prepare(&options, &queries::NAMES)?, &options),
        Action::Kafka(options) => kafka::compare(&Workplace::prepare(&options, &kafka::QUERIES)?, &options),
        Action::Verify(options) => verify(&Workplace::prepare(&options, &queries::NAMES)?, &options),
        Action::Generate(options) => {
            let place = Workplace::prepare(&options, &queries::NAMES)?;
            place.events_folder(place.events).map(drop)
        }
        Action::Flat(options) => {
            let root = root()?;
            flat::run(&root, &binary(&root)?, &cache()?.join("bench/scratch"), &options)
        }
        Action::State(options) => {
            let scratch = cache()?.join("bench/scratch");
            state::run(&binary(&root()?)?, &scratch, &options)
        }
        Action::Spill(options) => {
            let scratch = cache()?.join("bench/scratch");
            spill::run(&binary(&root()?)?, &scratch.join("spill"), &options)
        }
        Action::Lookups(options) => {
            let scratch = cache()?.join("bench/scratch");
            lookups::run(&binary(&root()?)?, &scratch.join("lookups"), &options)
        }
        Action::Platform(options) => platform::run(&options),
        Action::PlatformHost(options) => platform::host::run(&options),
    }
}

/// What is kept from one run to the next lies below.
fn cache() -> Result<PathBuf> {
    Ok(match std::env::var_os("OCEANUS_CACHE") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache/oceanus"),
    })
}

/// The project's folder.
fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    Ok(root.context("bench/ has a parent")?.to_path_buf())
}

/// The release binary, built unless it is up to date. This program stands beside it.
fn binary(root: &Path) -> Result<PathBuf> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--quiet", "-p", "oceanus"])
        .current_dir(root)
        .status()?;
    ensure!(status.success(), "the release binary does not build");
    Ok(std::env::current_exe()?.with_file_name("oceanus"))
}

/// Where a query's rows go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SinkTo {
    /// Nowhere; those of a query that is about writing files, to CSV files.
    Blackhole,
    /// Files with changes in Debezium's JSON.
    Changes,
}

/// Where everything is.
struct Workplace {
    root: PathBuf,
    scratch: PathBuf,
    cache: PathBuf,
    events: u64,
    binary: PathBuf,
    names: Vec<String>,
}

impl Workplace {
    fn prepare(options: &Options, all: &[&str]) -> Result<Workplace> {
        let root = root()?;
        let cache = cache()?;
        let names: Vec<String> = if options.queries.is_empty() {
            all.iter().map(|name| name.to_string()).collect()
        } else {
            options.queries.clone()
        };
        if let Some(unknown) = names.iter().find(|name| !all.contains(&name.as_str())) {
            bail!("there is no query '{unknown}'; known: {}", all.join(", "));
        }
        Ok(Workplace {
            scratch: cache.join("bench/scratch"),
            binary: binary(&root)?,
            root,
            cache,
            events: options.events,
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
            .stdout(Stdio::null())
            .status()?;
        ensure!(built.success(), "the runner JAR does not build");
        Cluster::start(
            &home,
            &runner.join("target/runner.jar"),
            &self.scratch.join("flink"),
            heap_mb,
        )
    }

    /// The query over files with so many events, which are written first if need be.
    fn script(&self, name: &str, events: u64, sink: SinkTo) -> Result<String> {
        let side_input = self.cache.join("bench/side-input.csv");
        generate::side_input(&side_input)?;
        let written = |format| queries::files(&self.rows_folder(), format);
        let (sink, files) = match sink {
            SinkTo::Blackhole => ("'connector' = 'blackhole'".to_string(), written("csv")),
            SinkTo::Changes => (written("debezium-json"), written("debezium-json")),
        };
        let tables = Tables {
            events: queries::files(&self.events_folder(events)?, "json"),
            side_input: side_input.display().to_string(),
            sink,
            files,
        };
        queries::script(&self.queries_folder(), name, &tables)
    }

    fn queries_folder(&self) -> PathBuf {
        self.root.join("bench/nexmark")
    }

    /// Where a run leaves its files.
    fn rows_folder(&self) -> PathBuf {
        self.scratch.join("rows")
    }

    /// Takes away what an earlier run has left.
    fn clear_rows(&self) -> Result<()> {
        let folder = self.rows_folder();
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        Ok(())
    }

    fn events_folder(&self, events: u64) -> Result<PathBuf> {
        let folder = self.cache.join(format!("bench/events-{events}"));
        generate::events(&folder, events)?;
        Ok(folder)
    }
}

fn compare(place: &Workplace, options: &Options) -> Result<()> {
    let heaps = match (options.oceanus_only, options.heap_mb) {
        (true, _) => Vec::new(),
        (false, Some(heap_mb)) => vec![heap_mb; place.names.len()],
        (false, None) => smallest_heaps(place)?,
    };
    say(&format!(
        "{} events, parallelism 2; events/s, thousand events per CPU second, MiB at peak (Flink: task heap)\n\n\
         | query | Flink default | Flink best | Oceanus | per CPU s against best | memory against best |\n\
         | --- | --- | --- | --- | --- | --- |",
        options.events
    ))?;
    let mut ratios = Vec::new();
    let mut running: Option<(u32, Cluster)> = None;
    for (index, name) in place.names.iter().enumerate() {
        let script = place.script(name, place.events, SinkTo::Blackhole)?;
        let ours = best(options.runs, || {
            place.clear_rows()?;
            oceanus::run(&place.binary, &script, &place.scratch)
        })?;
        let Some(&heap_mb) = heaps.get(index) else {
            say(&format!("| {name} | | | {} | | |", cell(&ours, options.events)))?;
            continue;
        };
        if running.as_ref().is_none_or(|(with, _)| *with != heap_mb) {
            drop(running.take());
        }
        let (_, cluster) = match &mut running {
            Some(running) => running,
            none => none.insert((heap_mb, place.cluster(heap_mb)?)),
        };
        let statements = queries::statements(&script);
        let run = |settings| {
            place.clear_rows()?;
            cluster.run(&statements, settings)
        };
        run(FLINK_BEST).with_context(|| name.clone())?;
        let default = best(options.runs, || run(FLINK_DEFAULT))?;
        let mut tuned = best(options.runs, || run(FLINK_BEST))?;
        if queries::MINI_BATCHED.contains(&name.as_str()) {
            let batched = best(options.runs, || run(FLINK_MINI_BATCH))?;
            tuned = cheaper(tuned, batched);
        }
        let best = cheaper(tuned, default);
        let ratio = best.cost.cpu_seconds / ours.cost.cpu_seconds;
        let memory = ours.cost.memory_bytes_peak as f64 / best.cost.memory_bytes_peak as f64;
        ratios.push(ratio);
        say(&format!(
            "| {name} | {} | {} (heap {heap_mb}) | {} | {ratio:.1} | {memory:.2} |",
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

/// For each query the smallest heap with which Flink is as fast as with any, within a tenth.
fn smallest_heaps(place: &Workplace) -> Result<Vec<u32>> {
    let mut speeds = vec![Vec::new(); place.names.len()];
    for &heap_mb in HEAPS_MB {
        let cluster = place.cluster(heap_mb)?;
        for (name, speeds) in place.names.iter().zip(&mut speeds) {
            let script = place.script(name, HEAP_SEARCH_EVENTS, SinkTo::Blackhole)?;
            let statements = queries::statements(&script);
            // One run warms up; a heap that is too small for the query makes it fail.
            let run = || {
                place.clear_rows()?;
                cluster.run(&statements, FLINK_BEST)
            };
            match run().and_then(|_| best(2, run)) {
                Ok(run) => speeds.push(HEAP_SEARCH_EVENTS as f64 / run.cost.cpu_seconds),
                Err(error) => {
                    say(&format!("{name} with a heap of {heap_mb} MiB: {error:#}\n"))?;
                    speeds.push(0.0);
                }
            }
        }
    }
    let mut heaps = Vec::new();
    say(&format!(
        "Flink's thousand events per CPU second by task heap (MiB {HEAPS_MB:?}), and the heap taken\n"
    ))?;
    for (name, speeds) in place.names.iter().zip(&speeds) {
        let best = speeds.iter().copied().fold(0.0, f64::max);
        let (heap_mb, _) = HEAPS_MB
            .iter()
            .zip(speeds)
            .rfind(|(_, speed)| **speed >= GOOD_ENOUGH * best && best > 0.0)
            .with_context(|| format!("{name} failed with every heap"))?;
        let listed: Vec<String> = speeds.iter().map(|speed| format!("{:.0}", speed / 1e3)).collect();
        say(&format!("- {name}: {}: {heap_mb}", listed.join(", ")))?;
        heaps.push(*heap_mb);
    }
    say("")?;
    Ok(heaps)
}

fn cheaper(one: JobRun, other: JobRun) -> JobRun {
    if one.cost.cpu_seconds <= other.cost.cpu_seconds {
        one
    } else {
        other
    }
}

fn verify(place: &Workplace, options: &Options) -> Result<()> {
    let cluster = place.cluster(options.heap_mb.unwrap_or(VERIFY_HEAP_MB))?;
    let mut different = Vec::new();
    for name in &place.names {
        let mut digests = Vec::new();
        for engine in ["flink", "oceanus"] {
            place.clear_rows()?;
            let script = place.script(name, place.events, SinkTo::Changes)?;
            match engine {
                "flink" => cluster.run(&queries::statements(&script), FLINK_BEST).map(drop)?,
                _ => oceanus::run(&place.binary, &script, &place.scratch).map(drop)?,
            }
            digests.push(rows::digest(&place.rows_folder())?);
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
    place.clear_rows()?;
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
