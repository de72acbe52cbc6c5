//! Runs a case on the embedded engine: on one thread, in an order that a seed decides.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, anyhow};
use dataflow::{Chunk, Committable, Committer, Epoch, Error, EvaluationContext, Sink, SinkWriter};
use engine::{Job, JobOptions, Progress, Stepper};
use formats::json::{EncodeOptions, RowEncoder};
use graph::{Exchange, Graph};
use model::{ChangelogMode, Diagnostic, ErrorKind, Schema};
use plan::session::{self, Session};
use state::spill::{Budget, SpillFiles, SpillFolder};
use state::{Extent, Snapshot, SnapshotReader};
use stdx::{ManualClock, Random};

use crate::case::{Outcome, normal};

/// How the jobs of a case are run.
#[derive(Debug, Clone, Copy)]
pub struct Mode {
    pub parallelism: usize,
    pub chunk_rows: usize,
    /// Take a snapshot in mid-stream, drop the job, and go on from the snapshot at this parallelism; and so on.
    pub restores: &'static [usize],
    /// State may have no memory: all that can is spilled.
    pub spills: bool,
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
        restores: &[],
        spills: false,
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
    let files: Arc<dyn SpillFiles> = Arc::new(SpillFolder::new(&std::env::temp_dir()));
    let options = |parallelism| JobOptions {
        parallelism,
        chunk_rows: mode.chunk_rows,
        state: mode.spills.then(|| Budget {
            bytes: 0,
            files: files.clone(),
        }),
        ..JobOptions::default()
    };
    let mut random = Random::new(mode.seed);
    let mut job = Job::new(graph, context.clone(), options(mode.parallelism))?.into_stepper();
    let mut epoch = 0;
    for &parallelism in mode.restores {
        let mut chain = Chain::default();
        let mut runs = true;
        // The first snapshot says all, those behind it what has changed.
        for _ in 0..1 + random.below(3) {
            epoch += 1;
            // Somewhere in the stream: cases are small, so that a few steps lead into the middle of them.
            let steps = random.below(40);
            runs =
                step(&mut job, &mut random, steps)? && checkpoint(&mut job, &mut random, epoch, &mut chain)?;
            if !runs {
                break;
            }
            job.commit(epoch)?;
        }
        // What a job that has ended has written behind its last checkpoint stays.
        let Some(mut reader) = chain.reader()?.filter(|_| runs) else {
            break;
        };
        // What was written behind the barrier is forgotten with the job.
        drop(job);
        if let Some(collected) = collected {
            collected.roll_back();
        }
        job = Job::restore_from(graph, context.clone(), options(parallelism), &mut reader)?.into_stepper();
    }
    job.run(&mut random)?;
    job.finish().map(drop)
}

/// Returns whether the job still runs.
fn step(job: &mut Stepper, random: &mut Random, steps: u64) -> Result<bool, Error> {
    for _ in 0..steps {
        match job.step(random)? {
            Progress::Ended => return Ok(false),
            Progress::Worked => {}
            Progress::Waiting(_) => break,
        }
    }
    Ok(true)
}

/// Takes a checkpoint, if there can be one. Returns whether there was.
fn checkpoint(job: &mut Stepper, random: &mut Random, epoch: u64, chain: &mut Chain) -> Result<bool, Error> {
    let extent = match chain.files.is_empty() {
        true => Extent::Whole,
        false => Extent::Changes,
    };
    if !job.start_checkpoint_of(epoch, extent) {
        return Ok(false);
    }
    for _ in 0..STEPS_MAX {
        if let Some((snapshot, extent)) = job.take_checkpoint() {
            chain.add(&snapshot, extent)?;
            return Ok(true);
        }
        if job.step(random)? == Progress::Ended {
            break;
        }
    }
    match job.take_checkpoint() {
        Some((snapshot, extent)) => chain.add(&snapshot, extent).map(|()| true),
        None => Ok(false),
    }
}

/// Snapshots as they are written, one behind the other.
#[derive(Default)]
struct Chain {
    files: Vec<Vec<u8>>,
}

impl Chain {
    fn add(&mut self, snapshot: &Snapshot, extent: Extent) -> Result<(), Error> {
        if extent == Extent::Whole {
            self.files.clear();
        }
        let mut file = Vec::new();
        snapshot.write(&[], &mut file)?;
        self.files.push(file);
        Ok(())
    }

    fn reader(&self) -> Result<Option<SnapshotReader<&[u8]>>, Error> {
        if self.files.is_empty() {
            return Ok(None);
        }
        let files = self.files.iter().rev().map(Vec::as_slice).collect();
        Ok(Some(SnapshotReader::open(files)?))
    }
}

/// Keeps rows; those that were not committed can be forgotten.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    state: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    committed: Vec<Chunk>,
    /// By the number that the committable has.
    prepared: BTreeMap<u64, Vec<Chunk>>,
    /// By the shard that wrote them.
    written: BTreeMap<usize, Vec<Chunk>>,
    last: u64,
}

impl Collected {
    fn lock(&self) -> std::sync::MutexGuard<'_, Rows> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was not committed.
    fn roll_back(&self) {
        let mut rows = self.lock();
        rows.prepared.clear();
        rows.written.clear();
    }

    /// All that was written.
    pub(crate) fn take(&self) -> Vec<Chunk> {
        let mut rows = self.lock();
        let mut taken = std::mem::take(&mut rows.committed);
        taken.extend(std::mem::take(&mut rows.prepared).into_values().flatten());
        taken.extend(std::mem::take(&mut rows.written).into_values().flatten());
        taken
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
        }))
    }

    fn committer(&self) -> Result<Option<Box<dyn Committer>>, Error> {
        Ok(Some(Box::new(CollectedCommitter(self.0.clone()))))
    }
}

struct CollectedWriter {
    shard: usize,
    rows: Arc<Collected>,
}

impl SinkWriter for CollectedWriter {
    fn write(&mut self, chunk: &Chunk) -> Result<(), Error> {
        let mut rows = self.rows.lock();
        rows.written.entry(self.shard).or_default().push(chunk.clone());
        Ok(())
    }

    fn prepare(&mut self, _epoch: Option<Epoch>) -> Result<Vec<Committable>, Error> {
        let mut rows = self.rows.lock();
        rows.last += 1;
        let number = rows.last;
        let written = rows.written.remove(&self.shard).unwrap_or_default();
        rows.prepared.insert(number, written);
        Ok(vec![Committable(number.to_le_bytes().to_vec())])
    }
}

struct CollectedCommitter(Arc<Collected>);

impl Committer for CollectedCommitter {
    fn commit(&mut self, committables: Vec<Committable>, _end_of_input: bool) -> Result<(), Error> {
        let mut rows = self.0.lock();
        for Committable(number) in committables {
            let number = number.as_slice().try_into().map(u64::from_le_bytes);
            let number = number.map_err(|_| Error::internal("a committable of another sink"))?;
            // Committed again after a restore: it is there already.
            let chunks = rows.prepared.remove(&number).unwrap_or_default();
            rows.committed.extend(chunks);
        }
        Ok(())
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
