//! Rows of a program inside the server, within limits and only as long as somebody reads them.
//!
//! A preview has a thread that looks after its job, and the job's own. All of them end when the limits are
//! reached, when the time is over, or when the reader leaves.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use arrow_array::RecordBatch;
use dataflow::{Chunk, Error};
use engine::{Control, Job, JobEnd, JobOptions};
use formats::json::{EncodeOptions, RowEncoder};
use graph::{Exchange, Graph, Operator, SinkNode};
use model::{Diagnostic, ErrorKind, Schema};
use plan::session::{Outcome, Session};
use runner::{
    EndReason, Next, Preview, PreviewColumn, PreviewEvent, PreviewLimits, PreviewRequest, Program,
    RunnerError,
};
use serde_json::value::RawValue;
use sql::ast::{Statement, StatementKind};
use stdx::Clock;

use crate::check::nowhere;
use crate::collect::CollectSink;
use crate::planning::{self, runtime_diagnostic, tell};

/// Previews that may run at once.
pub const PREVIEWS_MAX: usize = 16;
/// Bytes of keyed state that a preview may hold inside the server.
const STATE_BYTES_MAX: u64 = 256 << 20;
/// What nobody gets more of, whatever is asked for.
const LIMITS_MAX: PreviewLimits = PreviewLimits {
    rows_max: 100_000,
    bytes_max: 64 << 20,
    time_max_ms: 10 * 60 * 1000,
};
/// Events that may wait for the reader.
const EVENTS_WAITING_MAX: usize = 16;
const ROWS_PER_EVENT_MAX: usize = 200;
/// How often the limits are looked at.
const TICK: Duration = Duration::from_millis(20);
const STATISTICS_INTERVAL_MS: i64 = 500;
/// Planning and the job's own thread recurse.
const STACK_BYTES: usize = 32 << 20;

/// How many previews there are.
#[derive(Debug, Default)]
pub struct Slots {
    taken: AtomicUsize,
}

/// The right to one preview; given back when it is dropped.
struct Slot(Arc<Slots>);

impl Slots {
    fn take(self: &Arc<Slots>, slots_max: usize) -> Option<Slot> {
        let more = |taken: usize| (taken < slots_max).then_some(taken + 1);
        let taken = self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        taken.is_ok().then(|| Slot(self.clone()))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Starts a preview. What is wrong with the program is told as its last event.
pub fn open(
    request: PreviewRequest,
    clock: Arc<dyn Clock>,
    slots: &Arc<Slots>,
) -> Result<Box<dyn Preview>, RunnerError> {
    let slot = slots
        .take(PREVIEWS_MAX)
        .ok_or_else(|| RunnerError::Busy(format!("{PREVIEWS_MAX} previews run already")))?;
    let (events, reader) = sync_channel(EVENTS_WAITING_MAX);
    let shared = Arc::new(Shared::default());
    let attendant = Attendant {
        shared: shared.clone(),
        events,
        started_ms: clock.now_ms(),
        clock,
        limits: PreviewLimits {
            rows_max: request.limits.rows_max.min(LIMITS_MAX.rows_max),
            bytes_max: request.limits.bytes_max.min(LIMITS_MAX.bytes_max),
            time_max_ms: request.limits.time_max_ms.min(LIMITS_MAX.time_max_ms),
        },
    };
    let spawned = thread::Builder::new()
        .name("preview".to_string())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            attendant.attend(&request.program);
            drop(slot);
        });
    match spawned {
        Ok(_) => Ok(Box::new(Handle { shared, reader })),
        Err(cause) => Err(RunnerError::io("cannot start a thread", cause)),
    }
}

/// What the reader and the attendant have in common.
#[derive(Debug, Default)]
struct Shared {
    has_left: AtomicBool,
    control: Control,
    /// Kept apart from the queue, so that the end is told even if the reader let the queue fill up.
    last: Mutex<Option<PreviewEvent>>,
}

impl Shared {
    fn last(&self) -> MutexGuard<'_, Option<PreviewEvent>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Handle {
    shared: Arc<Shared>,
    reader: Receiver<PreviewEvent>,
}

impl Preview for Handle {
    fn next(&mut self, wait: Duration) -> Next {
        let event = match self.reader.try_recv() {
            Err(TryRecvError::Empty) => self.reader.recv_timeout(wait),
            Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
            Ok(event) => Ok(event),
        };
        match event {
            Ok(event) => Next::Event(event),
            Err(RecvTimeoutError::Timeout) => Next::Pending,
            Err(RecvTimeoutError::Disconnected) => match self.shared.last().take() {
                Some(last) => Next::Event(last),
                None => Next::Over,
            },
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.has_left.store(true, Ordering::Release);
        self.shared.control.stop();
    }
}

/// Why a preview is over.
enum Stop {
    End(EndReason),
    Failed(Vec<runner::Diagnostic>),
    ReaderLeft,
}

/// Looks after one preview.
struct Attendant {
    shared: Arc<Shared>,
    events: SyncSender<PreviewEvent>,
    clock: Arc<dyn Clock>,
    started_ms: i64,
    limits: PreviewLimits,
}

/// A job under way, and where its rows come out.
struct Running {
    thread: thread::JoinHandle<Result<JobEnd, Error>>,
    rows: Receiver<Chunk>,
    span: model::Span,
}

impl Attendant {
    fn attend(self, program: &Program) {
        let running = match self.begin(program) {
            Ok(running) => running,
            Err(stop) => return self.finish(stop),
        };
        let (schema, running) = running;
        let stop = match self.pass_rows(program, &schema, &running) {
            Ok(None) => {
                // The queue has ended, so that the job has.
                let span = running.span;
                return self.finish(match running.thread.join() {
                    Ok(Ok(_)) => Stop::End(EndReason::Finished),
                    Ok(Err(error)) => self.failed(runtime_diagnostic(error).or_at(span), program),
                    Err(panic) => self.failed(
                        Diagnostic::runtime(planning::panic_message(&*panic)).at(span),
                        program,
                    ),
                });
            }
            Ok(Some(reason)) => Stop::End(reason),
            Err(stop) => stop,
        };
        self.shared.control.stop();
        // Writers that wait for room in the queue find that nobody reads.
        drop(running.rows);
        self.finish(stop);
        // The reader need not wait for the job's threads.
        drop(self.events);
        // Its complaint that nobody reads is no news.
        let _ = running.thread.join();
    }

    fn finish(&self, stop: Stop) {
        if matches!(stop, Stop::End(_)) {
            // Lost if there is no room: only the end matters then.
            let _ = self.events.try_send(self.statistics());
        }
        *self.shared.last() = match stop {
            Stop::End(reason) => Some(PreviewEvent::End { reason }),
            Stop::Failed(diagnostics) => Some(PreviewEvent::Failed { diagnostics }),
            Stop::ReaderLeft => None,
        };
    }

    fn failed(&self, fault: Diagnostic, program: &Program) -> Stop {
        Stop::Failed(vec![tell(&fault, program, Some(&program.sql))])
    }

    /// Plans and starts the job. A statement that answers at once has answered, and the preview is over.
    fn begin(&self, program: &Program) -> Result<(Schema, Running), Stop> {
        let text = program.sql.as_str();
        let script = sql::parse_script(text);
        if !script.diagnostics.is_empty() {
            let told = script
                .diagnostics
                .iter()
                .map(|fault| tell(fault, program, Some(text)));
            return Err(Stop::Failed(told.collect()));
        }
        let mut session = planning::open(program, nowhere(), self.clock.clone())
            .map_err(|fault| Stop::Failed(vec![fault]))?;
        let fault = |fault| self.failed(fault, program);
        let (last, statement) = asked_for(&script.statements).ok_or_else(|| {
            fault(
                Diagnostic::error(
                    ErrorKind::Validation,
                    "the script has no statement that gives rows",
                )
                .hint("add a SELECT or an INSERT"),
            )
        })?;
        for earlier in &script.statements[..last] {
            if changes_session(&earlier.kind) {
                session.execute(text, earlier).map_err(fault)?;
            }
        }
        let outcome = session.execute(text, &statement).map_err(fault)?;
        let (schema, graph, rows) = match outcome {
            Outcome::Done { .. } => return Err(Stop::End(EndReason::Finished)),
            Outcome::Rows { schema, rows } => return Err(self.answer(program, &schema, rows)),
            Outcome::Query(query) => {
                let (sink, rows) = CollectSink::new();
                let schema = query.schema.clone();
                (
                    schema,
                    query.into_graph("preview", Arc::new(sink), Exchange::Forward),
                    rows,
                )
            }
            Outcome::Insert(graph) => into_preview(graph).ok_or_else(|| {
                fault(Diagnostic::validation(
                    statement.span,
                    "the statement writes into no table",
                ))
            })?,
        };
        self.send_schema(&schema)?;
        let span = statement.span;
        let place = |error| self.failed(runtime_diagnostic(error).or_at(span), program);
        let job = self.job(&graph, &session).map_err(place)?;
        // The queue of rows ends when the last holder of its sink is gone: the shards of the job.
        drop(graph);
        let control = self.shared.control.clone();
        let thread = thread::Builder::new()
            .name("preview-job".to_string())
            .spawn(move || job.run(&control))
            .map_err(|cause| place(Error::io("cannot start a thread", cause)))?;
        Ok((schema, Running { thread, rows, span }))
    }

    fn job(&self, graph: &Graph, session: &Session) -> Result<Job, Error> {
        // One shard: a preview shares the server with all others.
        Job::new(graph, session.context(), JobOptions::default())
    }

    /// Passes rows on until the queue ends (`None`) or a limit is reached.
    fn pass_rows(
        &self,
        program: &Program,
        schema: &Schema,
        running: &Running,
    ) -> Result<Option<EndReason>, Stop> {
        let mut encoder = RowEncoder::new(schema, EncodeOptions::for_browsers());
        let mut budget = Budget::of(&self.limits);
        let mut statistics_ms = self.started_ms;
        loop {
            if self.shared.has_left.load(Ordering::Acquire) {
                return Err(Stop::ReaderLeft);
            }
            let now_ms = self.clock.now_ms();
            if self.time_is_over(now_ms) {
                return Ok(Some(EndReason::Time));
            }
            if now_ms >= statistics_ms + STATISTICS_INTERVAL_MS {
                statistics_ms = now_ms;
                self.check_state(program, running.span)?;
                self.send(self.statistics())?;
            }
            match running.rows.recv_timeout(TICK) {
                Ok(chunk) => {
                    let spent =
                        self.send_rows(&mut encoder, &chunk, &mut budget)
                            .map_err(|stop| match stop {
                                Ok(stop) => stop,
                                Err(error) => {
                                    self.failed(runtime_diagnostic(error).or_at(running.span), program)
                                }
                            })?;
                    if spent {
                        return Ok(Some(EndReason::Limit));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }

    /// Sends the rows of a chunk as far as the budget goes; true if it is spent.
    fn send_rows(
        &self,
        encoder: &mut RowEncoder,
        chunk: &Chunk,
        budget: &mut Budget,
    ) -> Result<bool, Result<Stop, Error>> {
        let mut rows = Vec::new();
        let mut line = Vec::new();
        let mut spent = false;
        for row in 0..chunk.rows() {
            line.clear();
            line.extend_from_slice(b"{\"op\":\"");
            line.extend_from_slice(chunk.kind(row).symbol().as_bytes());
            line.extend_from_slice(b"\",\"row\":");
            encoder.encode_row(&chunk.batch, row, &mut line).map_err(Err)?;
            line.push(b'}');
            if !budget.takes(line.len()) {
                spent = true;
                break;
            }
            let text = String::from_utf8_lossy(&line).into_owned();
            let row = RawValue::from_string(text)
                .map_err(|fault| Err(Error::internal(format!("a row is no JSON: {fault}"))))?;
            rows.push(row);
            if rows.len() == ROWS_PER_EVENT_MAX {
                let rows = std::mem::take(&mut rows);
                self.send(PreviewEvent::Rows { rows }).map_err(Ok)?;
            }
        }
        if !rows.is_empty() {
            self.send(PreviewEvent::Rows { rows }).map_err(Ok)?;
        }
        Ok(spent || budget.is_spent())
    }

    /// The rows of a statement that needs no job, such as SHOW TABLES.
    fn answer(&self, program: &Program, schema: &Schema, rows: RecordBatch) -> Stop {
        let mut encoder = RowEncoder::new(schema, EncodeOptions::for_browsers());
        let mut budget = Budget::of(&self.limits);
        let chunk = Chunk::inserts(rows);
        let sent = self
            .send_schema(schema)
            .map_err(Ok)
            .and_then(|()| self.send_rows(&mut encoder, &chunk, &mut budget));
        match sent {
            Ok(_) if chunk.rows() as u64 > budget.rows_taken => Stop::End(EndReason::Limit),
            Ok(_) => Stop::End(EndReason::Finished),
            Err(Ok(stop)) => stop,
            Err(Err(error)) => self.failed(runtime_diagnostic(error), program),
        }
    }

    fn send_schema(&self, schema: &Schema) -> Result<(), Stop> {
        let columns = schema.fields.iter().map(|field| PreviewColumn {
            name: field.name.clone(),
            data_type: field.data_type.to_string(),
        });
        self.send(PreviewEvent::Schema {
            columns: columns.collect(),
        })
    }

    /// Waits for room as long as there is time, and somebody to read.
    fn send(&self, event: PreviewEvent) -> Result<(), Stop> {
        let mut event = event;
        loop {
            event = match self.events.try_send(event) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(_)) => return Err(Stop::ReaderLeft),
                Err(TrySendError::Full(event)) => event,
            };
            if self.time_is_over(self.clock.now_ms()) {
                return Err(Stop::End(EndReason::Time));
            }
            self.clock.sleep(TICK);
        }
    }

    fn time_is_over(&self, now_ms: i64) -> bool {
        let passed_ms = now_ms.saturating_sub(self.started_ms);
        passed_ms >= self.limits.time_max_ms as i64
    }

    fn statistics(&self) -> PreviewEvent {
        let statistics = self.shared.control.statistics();
        PreviewEvent::Statistics {
            rows_in: statistics.rows_in,
            rows_out: statistics.rows_out,
            watermark: statistics.watermark,
        }
    }

    fn check_state(&self, program: &Program, span: model::Span) -> Result<(), Stop> {
        let statistics = self.shared.control.statistics();
        let state_bytes: u64 = statistics.nodes.iter().map(|node| node.state_bytes).sum();
        if state_bytes <= STATE_BYTES_MAX {
            return Ok(());
        }
        let message = format!(
            "the preview holds more than {} MiB of state",
            STATE_BYTES_MAX >> 20
        );
        let fault = Diagnostic::runtime(message)
            .hint("preview a part of the input, or deploy the job")
            .at(span);
        Err(self.failed(fault, program))
    }
}

/// How much may still be sent.
struct Budget {
    rows: u64,
    bytes: u64,
    rows_taken: u64,
}

impl Budget {
    fn of(limits: &PreviewLimits) -> Budget {
        Budget {
            rows: limits.rows_max,
            bytes: limits.bytes_max,
            rows_taken: 0,
        }
    }

    fn takes(&mut self, bytes: usize) -> bool {
        let bytes = bytes as u64;
        if self.rows == 0 || self.bytes < bytes {
            return false;
        }
        self.rows -= 1;
        self.bytes -= bytes;
        self.rows_taken += 1;
        true
    }

    fn is_spent(&self) -> bool {
        self.rows == 0 || self.bytes == 0
    }
}

/// The last statement that gives rows; of a statement set, its last INSERT.
fn asked_for(statements: &[Statement]) -> Option<(usize, Statement)> {
    let (index, statement) = statements
        .iter()
        .enumerate()
        .rfind(|(_, statement)| gives_rows(&statement.kind))?;
    let statement = match &statement.kind {
        StatementKind::StatementSet { inserts } => {
            let insert = inserts.last()?;
            Statement {
                span: insert.span,
                kind: StatementKind::Insert(insert.clone()),
            }
        }
        _ => statement.clone(),
    };
    Some((index, statement))
}

fn gives_rows(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::Query(_)
        | StatementKind::Insert(_)
        | StatementKind::StatementSet { .. }
        | StatementKind::Show(_)
        | StatementKind::Describe { .. }
        | StatementKind::DescribeFunction { .. }
        | StatementKind::Explain { .. }
        | StatementKind::Set(None) => true,
        StatementKind::CreateTable(create) => create.query.is_some(),
        _ => false,
    }
}

fn changes_session(kind: &StatementKind) -> bool {
    match kind {
        // The table is made though its job is not run.
        StatementKind::CreateTable(_) => true,
        other => !gives_rows(other),
    }
}

/// The job of one INSERT with its sink replaced by the reader: rows come as they would be written.
fn into_preview(mut graph: Graph) -> Option<(Schema, Graph, Receiver<Chunk>)> {
    let (id, table) = graph.sinks().last().map(|(id, sink)| (id, sink.table.clone()))?;
    let (sink, rows) = CollectSink::new();
    let node = &mut graph.nodes[id];
    node.operator = Operator::Sink(SinkNode {
        table,
        sink: Arc::new(sink),
    });
    Some((node.schema.clone(), graph, rows))
}
