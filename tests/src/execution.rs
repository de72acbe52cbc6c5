//! Runs a case on the embedded engine: on one thread, in an order that a seed decides.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, anyhow};
use dataflow::{Chunk, Committable, Epoch, Error, EvaluationContext, Sink, SinkWriter};
use engine::{Job, JobOptions, Progress};
use formats::json::{EncodeOptions, RowEncoder};
use graph::{Exchange, Graph};
use model::{ChangelogMode, Diagnostic, ErrorKind, Schema};
use plan::session::{self, Session};
use stdx::{ManualClock, Random};

use crate::case::{Outcome, normal};

/// How the jobs of a case are run.
#[derive(Debug, Clone, Copy)]
pub struct Mode {
    pub parallelism: usize,
    pub chunk_rows: usize,
    /// Take a snapshot in mid-stream, drop the job, and go on from the snapshot at this parallelism.
    pub restore_at: Option<usize>,
    pub seed: u64,
}

/// 2026-01-01 00:00:00 UTC.
pub(crate) const STARTED_MS: i64 = 1_767_225_600_000;

/// Steps after which a job that has not ended is taken for one that never will.
const STEPS_MAX: usize = 5_000_000;

/// Runs all statements of a case in order up to the first that fails.
pub fn run(text: &str, mode: Mode, temporary: &Path) -> Result<Outcome> {
    let data = crate::case::folder().join("data");
    let text = text
        .replace("${data}", &data.display().to_string())
        .replace("${tmp}", &temporary.display().to_string())
        .replace("${user}", "oceanus");
    let console = Arc::new(Mutex::new(std::io::sink()));
    let registry = Arc::new(embedded::wiring::registry(console));
    // Time stands still while there is work, so that nothing depends on how fast this machine is.
    let clock = Arc::new(ManualClock::at_ms(STARTED_MS));
    let mut session = Session::new(registry, clock);
    session
        .set("table.local-time-zone", "UTC")
        .map_err(|diagnostic| anyhow!("{diagnostic}"))?;
    session.begin_script();

    let script = sql::parse_script(&text);
    let broken = script.diagnostics.first();
    let mut outcome = Outcome::default();
    let mut number = 0;
    for statement in &script.statements {
        number += 1;
        let place = |diagnostic: &Diagnostic| diagnostic.span.map_or(0, |span| span.start);
        if broken.is_some_and(|diagnostic| place(diagnostic) < statement.span.start) {
            number -= 1;
            break;
        }
        let step = execute(&mut session, &text, statement, mode);
        match step {
            Ok(None) => {}
            Ok(Some(mut rows)) => {
                // Places stand in the recorded rows as they stand in the text.
                for row in &mut rows {
                    *row = row
                        .replace(&data.display().to_string(), "${data}")
                        .replace(&temporary.display().to_string(), "${tmp}");
                }
                rows.sort_unstable();
                outcome.rows.insert(number, rows);
            }
            Err(kind) => {
                outcome.error = Some((number, kind.name().to_string()));
                return Ok(outcome);
            }
        }
    }
    if let Some(diagnostic) = broken {
        outcome.error = Some((number + 1, failed(diagnostic, &text).name().to_string()));
    }
    Ok(outcome)
}

/// What went wrong with a statement; kept for the report of a failed case.
pub fn explain(text: &str, temporary: &Path) -> String {
    LAST_FAILURE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clear();
    let mode = Mode {
        parallelism: 1,
        chunk_rows: 4096,
        restore_at: None,
        seed: 0,
    };
    let outcome = run(text, mode, temporary);
    let failure = LAST_FAILURE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    match outcome {
        Ok(_) => failure,
        Err(error) => format!("{failure}{error:#}"),
    }
}

static LAST_FAILURE: Mutex<String> = Mutex::new(String::new());

fn failed(diagnostic: &Diagnostic, text: &str) -> ErrorKind {
    *LAST_FAILURE.lock().unwrap_or_else(PoisonError::into_inner) = diagnostic.render("case.sql", text);
    diagnostic.kind
}

fn execute(
    session: &mut Session,
    text: &str,
    statement: &sql::ast::Statement,
    mode: Mode,
) -> Result<Option<Vec<String>>, ErrorKind> {
    let outcome = session
        .execute(text, statement)
        .map_err(|diagnostic| failed(&diagnostic, text))?;
    let runtime = |error: Error| failed(&embedded::runtime_diagnostic(error), text);
    match outcome {
        session::Outcome::Done { .. } => Ok(None),
        session::Outcome::Rows { schema, rows } => encode(&schema, &[Chunk::inserts(rows)])
            .map(Some)
            .map_err(runtime),
        session::Outcome::Query(query) => {
            let rows = Arc::new(Collected::default());
            let schema = query.schema.clone();
            let sink = Arc::new(CollectedSink(rows.clone()));
            let graph = query.into_graph("result", sink, Exchange::Forward);
            run_job(&graph, &session.context(), mode, Some(&rows)).map_err(runtime)?;
            let chunks = rows.take();
            encode(&schema, &chunks)
                .and_then(collapse)
                .map(Some)
                .map_err(runtime)
        }
        session::Outcome::Insert(graph) => {
            run_job(&graph, &session.context(), mode, None).map_err(runtime)?;
            Ok(None)
        }
    }
}

fn run_job(
    graph: &Graph,
    context: &Arc<EvaluationContext>,
    mode: Mode,
    collected: Option<&Arc<Collected>>,
) -> Result<(), Error> {
    let options = |parallelism| JobOptions {
        parallelism,
        chunk_rows: mode.chunk_rows,
        ..JobOptions::default()
    };
    let mut random = Random::new(mode.seed);
    let mut job = Job::new(graph, context.clone(), options(mode.parallelism))?.into_stepper();
    if let Some(parallelism) = mode.restore_at {
        // Somewhere in the stream: cases are small, so that a few steps lead into the middle of them.
        let steps = random.below(40);
        let mut ended = false;
        for _ in 0..steps {
            match job.step(&mut random)? {
                Progress::Ended => {
                    ended = true;
                    break;
                }
                Progress::Worked => {}
                Progress::Waiting(_) => break,
            }
        }
        if !ended && job.start_checkpoint(1) {
            let mut snapshot = None;
            for _ in 0..STEPS_MAX {
                snapshot = job.take_snapshot();
                if snapshot.is_some() || job.step(&mut random)? == Progress::Ended {
                    break;
                }
            }
            if snapshot.is_none() {
                snapshot = job.take_snapshot();
            }
            if let Some(snapshot) = snapshot {
                job.commit(1)?;
                // What was written behind the barrier is forgotten with the job.
                drop(job);
                if let Some(collected) = collected {
                    collected.roll_back();
                }
                job = Job::restore(graph, context.clone(), options(parallelism), &snapshot)?.into_stepper();
            }
        }
    }
    job.run(&mut random)?;
    job.finish().map(drop)
}

/// Keeps rows; those behind a barrier can be forgotten.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    state: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    chunks: Vec<Chunk>,
    /// Rows that a shard wrote since its last barrier.
    pending: Vec<(usize, Chunk)>,
}

impl Collected {
    fn lock(&self) -> std::sync::MutexGuard<'_, Rows> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn roll_back(&self) {
        self.lock().pending.clear();
    }

    pub(crate) fn take(&self) -> Vec<Chunk> {
        let mut state = self.lock();
        let pending = std::mem::take(&mut state.pending);
        state.chunks.extend(pending.into_iter().map(|(_, chunk)| chunk));
        std::mem::take(&mut state.chunks)
    }

    /// What the shard wrote so far stays.
    fn keep(&self, shard: usize) {
        let mut state = self.lock();
        let (kept, pending) = std::mem::take(&mut state.pending)
            .into_iter()
            .partition(|(s, _)| *s == shard);
        state.pending = pending;
        let kept: Vec<(usize, Chunk)> = kept;
        state.chunks.extend(kept.into_iter().map(|(_, chunk)| chunk));
    }
}

#[derive(Debug)]
pub(crate) struct CollectedSink(pub(crate) Arc<Collected>);

impl Sink for CollectedSink {
    fn changelog_mode(&self, requested: ChangelogMode) -> ChangelogMode {
        requested
    }

    fn writer(&self, shard: usize, _shards: usize) -> Result<Box<dyn SinkWriter>, Error> {
        Ok(Box::new(CollectedWriter {
            shard,
            rows: self.0.clone(),
            has_seen_barrier: false,
        }))
    }
}

struct CollectedWriter {
    shard: usize,
    rows: Arc<Collected>,
    /// A barrier has passed: what comes behind it belongs to no snapshot.
    has_seen_barrier: bool,
}

impl SinkWriter for CollectedWriter {
    fn write(&mut self, chunk: &Chunk) -> Result<(), Error> {
        self.rows.lock().pending.push((self.shard, chunk.clone()));
        Ok(())
    }

    fn prepare(&mut self, epoch: Option<Epoch>) -> Result<Vec<Committable>, Error> {
        // A shard that ends before a barrier reaches it is part of the snapshot with all it wrote.
        if epoch.is_some() || !self.has_seen_barrier {
            self.rows.keep(self.shard);
        }
        self.has_seen_barrier |= epoch.is_some();
        Ok(Vec::new())
    }
}

pub(crate) fn encode(schema: &Schema, chunks: &[Chunk]) -> Result<Vec<String>, Error> {
    let mut options = EncodeOptions::readable();
    options.null_keys = formats::json::NullKeys::Fail;
    let mut encoder = RowEncoder::new(schema, options);
    let mut rows = Vec::new();
    for chunk in chunks {
        for row in 0..chunk.rows() {
            let mut line = format!("{{\"op\":\"{}\",\"row\":", chunk.kind(row)).into_bytes();
            encoder.encode_row(&chunk.batch, row, &mut line)?;
            line.push(b'}');
            let line = String::from_utf8_lossy(&line);
            rows.push(normal(&line).map_err(|error| Error::internal(format!("{error:#}")))?);
        }
    }
    Ok(rows)
}

/// What is left of a changelog once every retraction has taken its row away, as insertions.
///
/// The order of rows of several shards is not kept by whoever collects them, so that rows are counted: each must have
/// been added at least as often as it was taken away.
fn collapse(changes: Vec<String>) -> Result<Vec<String>, Error> {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for change in changes {
        // A change begins with its kind: `{"op":"+I",...`
        let (head, row) = change.split_at(OPERATION.end);
        let adds = head[OPERATION].starts_with('+');
        *counts.entry(row.to_string()).or_default() += if adds { 1 } else { -1 };
    }
    let mut rows = Vec::new();
    for (row, count) in counts {
        let count = usize::try_from(count)
            .map_err(|_| Error::internal(format!("retracts a row that is not there: {row}")))?;
        rows.extend(std::iter::repeat_n(format!("{{\"op\":\"+I{row}"), count));
    }
    Ok(rows)
}

/// Where the kind stands in a change.
const OPERATION: std::ops::Range<usize> = 7..9;
