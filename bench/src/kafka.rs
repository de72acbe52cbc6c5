//! The engines beside each other from topic to topic of Apache Kafka, exactly once, with a checkpoint every ten seconds.
//!
//! Both read the same topic, of as many partitions as there are parallel tasks, each in the order of time, to the offsets
//! that it ended at; each run writes a topic of its own by transactions. What the broker uses does not count. Of Flink only
//! the TaskManager counts, of Oceanus the whole worker, its planning and its start included.

mod topics;

use anyhow::{Context, Result, bail, ensure};

use crate::flink::{Cluster, JobRun};
use crate::queries::{self, Tables};
use crate::rows::Digest;
use crate::{FLINK_OBJECT_REUSE, HEAPS_MB, Options, Workplace, oceanus, say};

use self::topics::Topics;

pub const QUERIES: [&str; 5] = ["q0", "q2", "q5", "q8", "q11"];

const INPUT: &str = "events";
const CHECKPOINT_INTERVAL: &str = "10 s";

/// With the default of an hour brokers refuse.
const TRANSACTION_TIMEOUT_MS: u32 = 600_000;

pub fn compare(place: &Workplace, options: &Options) -> Result<()> {
    let topics = Topics::start(&place.scratch.join("kafka"))?;
    topics.create(INPUT)?;
    topics.fill(INPUT, &place.events_folder(place.events)?)?;
    let heap_mb = options
        .heap_mb
        .or(HEAPS_MB.iter().max().copied())
        .context("there are heaps to try")?;
    let cluster = match options.oceanus_only {
        true => None,
        false => Some(place.cluster(heap_mb)?),
    };
    let bench = Bench {
        place,
        topics: &topics,
        cluster: cluster.as_ref(),
        runs: options.runs,
    };
    say(&format!(
        "{} events, parallelism 2, exactly once, a checkpoint every {CHECKPOINT_INTERVAL}, Flink's task heap {heap_mb} MiB; \
         events/s, thousand events per CPU second, MiB at peak\n\n\
         | query | rows | Flink | Oceanus | per CPU s | memory |\n| --- | --- | --- | --- | --- | --- |",
        options.events
    ))?;
    let mut ratios = Vec::new();
    for name in &place.names {
        let ours = bench.measure(name, Engine::Oceanus)?;
        let cells = (ours.digest.rows, cell(&ours.run, options.events));
        if bench.cluster.is_none() {
            say(&format!("| {name} | {} | | {} | | |", cells.0, cells.1))?;
            continue;
        }
        let flink = bench.measure(name, Engine::Flink)?;
        ensure!(
            ours.digest == flink.digest,
            "{name}: Oceanus wrote {} rows and Flink {}, and they are not the same",
            ours.digest.rows,
            flink.digest.rows
        );
        let ratio = flink.run.tasks_cpu_seconds / ours.run.tasks_cpu_seconds;
        let memory = ours.run.cost.memory_bytes_peak as f64 / flink.run.cost.memory_bytes_peak as f64;
        ratios.push(ratio);
        say(&format!(
            "| {name} | {} | {} | {} | {ratio:.1} | {memory:.2} |",
            cells.0,
            cell(&flink.run, options.events),
            cells.1,
        ))?;
    }
    if !ratios.is_empty() {
        let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        say(&format!(
            "\nevents per CPU second against Flink's: least {least:.1}, geometric mean {mean:.1}; all rows equal"
        ))?;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    Flink,
    Oceanus,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Engine::Flink => "flink",
            Engine::Oceanus => "oceanus",
        }
    }
}

struct Measured {
    /// The run that used least processor time.
    run: JobRun,
    /// What each run wrote.
    digest: Digest,
}

struct Bench<'a> {
    place: &'a Workplace,
    topics: &'a Topics,
    cluster: Option<&'a Cluster>,
    runs: usize,
}

impl Bench<'_> {
    /// Runs a query once to warm up, and then as often as asked for. Every run must write the same rows.
    fn measure(&self, name: &str, engine: Engine) -> Result<Measured> {
        let run = |number: usize| {
            let topic = format!("{name}-{}-{number}", engine.name());
            self.run(name, engine, &topic)
                .with_context(|| format!("{name} on {}", engine.name()))
        };
        let warm_up = run(0)?;
        let mut best = run(1)?;
        for number in 2..=self.runs {
            let next = run(number)?;
            if next.run.tasks_cpu_seconds < best.run.tasks_cpu_seconds {
                best.run = next.run;
            }
            ensure!(
                next.digest == best.digest,
                "two runs of {name} on {} wrote different rows",
                engine.name()
            );
        }
        ensure!(
            warm_up.digest == best.digest,
            "two runs of {name} on {} wrote different rows",
            engine.name()
        );
        Ok(best)
    }

    fn run(&self, name: &str, engine: Engine, topic: &str) -> Result<Measured> {
        self.topics.create(topic)?;
        let script = self.script(name, topic)?;
        let run = match (engine, self.cluster) {
            (Engine::Flink, Some(cluster)) => {
                let checkpoints = format!("file://{}", self.place.scratch.join("checkpoints").display());
                // Nothing in these queries goes in mini-batches. Transactions are committed behind the last checkpoint,
                // so that one is taken when all tasks have finished.
                let settings = [
                    FLINK_OBJECT_REUSE,
                    ("execution.checkpointing.interval", CHECKPOINT_INTERVAL),
                    ("execution.checkpointing.storage", "filesystem"),
                    ("execution.checkpointing.dir", &checkpoints),
                    ("restart-strategy.type", "none"),
                ];
                cluster.run(&queries::statements(&script), &settings)?
            }
            (Engine::Flink, None) => bail!("there is no Flink"),
            (Engine::Oceanus, _) => oceanus::run_in_worker(
                &self.place.binary,
                &script,
                &[("execution.checkpointing.interval", CHECKPOINT_INTERVAL)],
                &self.place.scratch.join("worker"),
            )?,
        };
        let digest = self.topics.digest(topic)?;
        self.topics.delete(topic)?;
        Ok(Measured { run, digest })
    }

    fn script(&self, name: &str, topic: &str) -> Result<String> {
        let servers = &self.topics.servers();
        let kafka = |topic: &str| {
            format!(
                "'connector' = 'kafka', 'topic' = '{topic}', 'properties.bootstrap.servers' = '{servers}', \
                 'format' = 'json'"
            )
        };
        let tables = Tables {
            events: format!(
                "{}, 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset'",
                kafka(INPUT)
            ),
            sink: format!(
                "{}, 'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = '{topic}', \
                 'properties.transaction.timeout.ms' = '{TRANSACTION_TIMEOUT_MS}'",
                kafka(topic)
            ),
            // None of these queries has such tables.
            side_input: String::new(),
            files: String::new(),
        };
        queries::script(&self.place.queries_folder(), name, &tables)
    }
}

fn cell(run: &JobRun, events: u64) -> String {
    let events = events as f64;
    format!(
        "{:.0} k/s, {:.0} k/CPU s, {} MiB",
        events / run.seconds / 1e3,
        events / run.tasks_cpu_seconds / 1e3,
        run.cost.memory_bytes_peak >> 20
    )
}
