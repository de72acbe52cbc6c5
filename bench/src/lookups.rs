//! Lookups in a service that sometimes hangs, beside one that never does: what each policy for those that take too long
//! leaves of the speed, and whether the rows are those that the policy promises.
//!
//! The service is a small one of our own, over HTTP on loopback. It takes its time for every answer, so that the places for
//! requests under way are what bounds the speed, and gives no answer at all to one key in a hundred.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use runner::{Restore, Runner};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::state::{DEPLOYMENT, PARALLELISM, Place};
use crate::{oceanus, say};

#[derive(Debug, Args)]
pub struct Options {
    /// Seconds that each run is measured for, behind as many that it gets going in.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Runs with a service that hangs, and as many with one that does not, of each policy.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// How long the service takes for an answer, ms. Its timer is right to about one of them.
    #[arg(long, default_value_t = 50)]
    latency_ms: u64,
    /// How long a lookup may take, ms.
    #[arg(long, default_value_t = 2000)]
    timeout_ms: u64,
    /// Rows of the run whose results are counted.
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
}

/// One key in so many is never answered, about.
const HANGS_EVERY: u64 = 100;

/// Keys that hang are dealt out as by chance, so that every shard meets as many of them.
fn hangs(id: u64) -> bool {
    (id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).is_multiple_of(HANGS_EVERY)
}

/// The hint of each policy, and what it does with the keys that hang: gives them with NULL, and tells of them elsewhere.
const POLICIES: [(&str, &str, Hanging); 3] = [
    ("null", "'on-timeout' = 'null'", Hanging::Null),
    (
        "null, 2 attempts",
        "'on-timeout' = 'null', 'timeout-attempts' = '2'",
        Hanging::Null,
    ),
    (
        "redirect",
        "'on-timeout' = 'redirect', 'timeout-table' = 'late'",
        Hanging::Elsewhere,
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hanging {
    Null,
    Elsewhere,
}

/// Requests of a shard that may be under way.
const PLACES: u32 = 100;

const JOB: &str = "
CREATE TABLE orders (id BIGINT, p AS PROCTIME()) WITH (
  'connector' = 'datagen', 'rows-per-second' = '1000000000',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '${last}');
CREATE TABLE customers (id BIGINT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH (
  'connector' = 'http', 'url' = '${service}/customers/{id}', 'format' = 'json');
CREATE TABLE named (id BIGINT, name STRING) WITH (${named});
CREATE TABLE late (id BIGINT) WITH (${late});
INSERT INTO named
SELECT /*+ LOOKUP('table' = 'c', 'output-mode' = 'allow_unordered', 'capacity' = '${places}',
  'timeout' = '${timeout} ms', ${policy}) */ o.id, c.name
FROM orders AS o LEFT JOIN customers FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.id;";
const NOWHERE: &str = "'connector' = 'blackhole'";

pub fn run(binary: &Path, scratch: &Path, options: &Options) -> Result<()> {
    let service = Service::start(Duration::from_millis(options.latency_ms))?;
    let window = Duration::from_secs(options.seconds);
    say(&format!(
        "answers after {} ms, one key in {HANGS_EVERY} hangs, time-out {} ms, parallelism {PARALLELISM}, {} times {} s \
         measured; at most {:.1} k rows/s, {PLACES} requests of a shard under way\n\n\
         | policy | rows/s, none hang | rows/s, some hang | of that speed | timed out, % of rows | rows, with NULL, elsewhere |\n\
         | --- | --- | --- | --- | --- | --- |",
        options.latency_ms,
        options.timeout_ms,
        options.rounds,
        options.seconds,
        f64::from(PLACES * PARALLELISM) / options.latency_ms as f64,
    ))?;
    let mut number = 0;
    for (name, hint, hanging) in POLICIES {
        let script = |last: u64, named: &str, late: &str| {
            JOB.replace("${service}", &service.url)
                .replace("${places}", &PLACES.to_string())
                .replace("${timeout}", &options.timeout_ms.to_string())
                .replace("${policy}", hint)
                .replace("${last}", &last.to_string())
                .replace("${named}", named)
                .replace("${late}", late)
        };
        let endless = script(9_000_000_000_000_000, NOWHERE, NOWHERE);
        let (mut healthy, mut disturbed, mut timed_out) = (0., 0., 0.);
        for _ in 0..options.rounds {
            for (some_hang, rows_per_second) in [(false, &mut healthy), (true, &mut disturbed)] {
                service.let_hang(some_hang);
                number += 1;
                let place = Place::new(binary, scratch)?;
                let run = place.start(number, &endless, PARALLELISM, Restore::None)?;
                place.wait(&run, |metrics| metrics.rows_out > 0)?;
                place.watch(&run, window)?;
                let watched = place.watch(&run, window)?;
                place.end(&run)?;
                place.runner.forget_checkpoints(DEPLOYMENT)?;
                *rows_per_second += watched.rows_per_second / options.rounds as f64;
                timed_out += watched.timed_out_a_row / options.rounds as f64;
            }
        }
        let [rows, nulls, elsewhere] = count(binary, scratch, &script, hanging, options.rows)?;
        say(&format!(
            "| {name} | {:.1} k | {:.1} k | {:.2} | {:.2} | {rows}, {nulls}, {elsewhere} |",
            healthy / 1e3,
            disturbed / 1e3,
            disturbed / healthy,
            100. * timed_out,
        ))?;
    }
    Ok(())
}

/// Runs to the end: how many rows there are, how many of them with NULL, and how many that took too long elsewhere. Every
/// row must be there once, and be what the policy promises.
fn count(
    binary: &Path,
    scratch: &Path,
    script: &dyn Fn(u64, &str, &str) -> String,
    hanging: Hanging,
    rows: u64,
) -> Result<[u64; 3]> {
    let folders = ["named", "late"].map(|name| scratch.with_file_name(format!("lookups-{name}")));
    for folder in &folders {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    let files = |folder: &PathBuf| {
        format!(
            "'connector' = 'filesystem', 'path' = '{}', 'format' = 'csv'",
            folder.display()
        )
    };
    let sql = script(rows, &files(&folders[0]), &files(&folders[1]));
    oceanus::run(binary, &sql, scratch)?;
    let [mut named, mut late] = [lines(&folders[0])?, lines(&folders[1])?];
    let (mut expected, mut expected_late) = (Vec::new(), Vec::new());
    for id in 1..=rows {
        match hanging {
            _ if !hangs(id) => expected.push(format!("{id},n{id}")),
            Hanging::Null => expected.push(format!("{id},")),
            Hanging::Elsewhere => expected_late.push(id.to_string()),
        }
    }
    for lines in [&mut named, &mut late, &mut expected, &mut expected_late] {
        lines.sort_unstable();
    }
    ensure!(named == expected, "{}", difference(&named, &expected));
    ensure!(
        late == expected_late,
        "elsewhere {}",
        difference(&late, &expected_late)
    );
    let nulls = named.iter().filter(|line| line.ends_with(',')).count();
    for folder in &folders {
        // The redirected rows have no folder where nothing was redirected.
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    Ok([named.len() as u64, nulls as u64, late.len() as u64])
}

/// Where sorted lines differ first.
fn difference(lines: &[String], expected: &[String]) -> String {
    let at = lines
        .iter()
        .zip(expected)
        .take_while(|(line, expected)| line == expected)
        .count();
    format!(
        "{} lines, expected {}; line {} is {:?}, expected {:?}",
        lines.len(),
        expected.len(),
        at + 1,
        lines.get(at),
        expected.get(at)
    )
}

/// All lines of the files in a folder.
fn lines(folder: &Path) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    if !folder.exists() {
        return Ok(lines);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_hidden = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with(['.', '_']);
        if path.file_name().is_none_or(is_hidden) {
            continue;
        }
        lines.extend(fs::read_to_string(&path)?.lines().map(str::to_string));
    }
    Ok(lines)
}

/// A service that knows every customer, until it is dropped.
struct Service {
    url: String,
    some_hang: Arc<AtomicBool>,
    _runtime: Runtime,
}

impl Service {
    fn start(latency: Duration) -> Result<Service> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let url = format!("http://{}", listener.local_addr()?);
        let some_hang = Arc::new(AtomicBool::new(false));
        let said = some_hang.clone();
        runtime.spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let some_hang = said.clone();
                // Whoever asked has gone, and nobody is left to be told.
                tokio::spawn(async move { serve(connection, latency, &some_hang).await.ok() });
            }
        });
        Ok(Service {
            url,
            some_hang,
            _runtime: runtime,
        })
    }

    /// Whether some keys are not answered from now on.
    fn let_hang(&self, some_hang: bool) {
        self.some_hang.store(some_hang, Ordering::Relaxed);
    }
}

/// Answers what is asked over a connection, one request behind the other.
async fn serve(connection: TcpStream, latency: Duration, some_hang: &AtomicBool) -> Result<()> {
    connection.set_nodelay(true)?;
    let (input, mut output) = connection.into_split();
    let mut input = BufReader::new(input).lines();
    while let Some(line) = input.next_line().await? {
        let id = line
            .split([' ', '/'])
            .filter_map(|part| part.parse::<u64>().ok())
            .next();
        let id = id.with_context(|| format!("'{line}' asks for no customer"))?;
        while input.next_line().await?.is_some_and(|header| !header.is_empty()) {}
        if some_hang.load(Ordering::Relaxed) && hangs(id) {
            // Until whoever asked gives up and closes the connection.
            while input.next_line().await?.is_some() {}
            return Ok(());
        }
        tokio::time::sleep(latency).await;
        let body = format!(r#"{{"id": {id}, "name": "n{id}"}}"#);
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        output.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}
