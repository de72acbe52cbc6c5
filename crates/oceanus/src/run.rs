//! Runs statements: `oceanus run FILE.sql`, and each line of the shell.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use dataflow::{Chunk, Error, EvaluationContext};
use embedded::collect::CollectSink;
use embedded::memory::state_budget;
use embedded::{runtime_diagnostic, wiring};
use engine::{Control, Job, JobOptions, Statistics};
use graph::{Exchange, Graph};
use model::{Diagnostic, ErrorKind, Schema, Severity};
use plan::session::{Outcome, Session};
use sql::ast::Statement;
use stdx::SystemClock;

use crate::output::{self, Format};

pub const EXIT_OK: u8 = 0;
pub const EXIT_JOB_FAILED: u8 = 1;
pub const EXIT_WRONG_INPUT: u8 = 2;
pub const EXIT_INTERRUPTED: u8 = 130;

/// How often the progress line is drawn anew.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

pub type Output = Arc<Mutex<dyn Write + Send>>;

#[derive(Debug, Clone)]
pub struct RunOptions {
    pub format: Format,
    pub settings: Vec<(String, String)>,
    pub show_progress: bool,
}

/// Why a statement did not run to its end.
#[derive(Debug)]
pub enum Failure {
    Diagnostic(Diagnostic),
    Interrupted,
    /// Whoever reads the rows has read enough, as `head` does.
    ReaderLeft,
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Failure::Diagnostic(diagnostic)
    }
}

impl Failure {
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Interrupted => EXIT_INTERRUPTED,
            Failure::ReaderLeft => EXIT_OK,
            Failure::Diagnostic(diagnostic) if diagnostic.kind == ErrorKind::Runtime => EXIT_JOB_FAILED,
            Failure::Diagnostic(_) => EXIT_WRONG_INPUT,
        }
    }
}

/// A session, and the jobs it has running.
pub struct Runner {
    pub session: Session,
    format: Format,
    show_progress: bool,
    output: Output,
    /// The job that Ctrl-C stops.
    current: Arc<Mutex<Current>>,
    /// What jobs have left to say.
    warnings: Mutex<Vec<Diagnostic>>,
}

#[derive(Default)]
struct Current {
    job: Option<Control>,
    interrupted: bool,
}

/// Runs a whole file and returns the exit code. Diagnostics go to standard error.
pub fn run_file(file: &str, options: &RunOptions, output: Output) -> u8 {
    let (name, text) = match read_text(file) {
        Ok(read) => read,
        Err(error) => {
            complain(&format!("error: cannot read '{file}': {error}\n"));
            return EXIT_WRONG_INPUT;
        }
    };
    let mut runner = match Runner::new(options, output) {
        Ok(runner) => runner,
        Err(diagnostic) => {
            complain(&diagnostic.render("--set", ""));
            return EXIT_WRONG_INPUT;
        }
    };
    runner.stop_on_interrupt();
    embedded::explain_failing_disk();
    let script = sql::parse_script(&text);
    if !script.diagnostics.is_empty() {
        // Nothing has run yet: a half-executed script would be worse than none.
        for diagnostic in &script.diagnostics {
            complain(&diagnostic.render(&name, &text));
        }
        return EXIT_WRONG_INPUT;
    }
    runner.session.begin_script();
    for statement in &script.statements {
        let outcome = runner.execute(&text, statement);
        runner.warn(&name, &text);
        if let Err(failure) = outcome {
            if let Failure::Diagnostic(diagnostic) = &failure {
                complain(&diagnostic.render(&name, &text));
            }
            return failure.exit_code();
        }
    }
    EXIT_OK
}

fn read_text(file: &str) -> std::io::Result<(String, String)> {
    if file == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(("<stdin>".to_string(), text));
    }
    Ok((file.to_string(), std::fs::read_to_string(file)?))
}

/// Writes to standard error; there is nobody left to tell if that fails.
pub fn complain(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

impl Runner {
    pub fn new(options: &RunOptions, output: Output) -> Result<Runner, Diagnostic> {
        let registry = Arc::new(wiring::registry(output.clone()));
        let mut session = Session::new(registry, Arc::new(SystemClock));
        for (key, value) in &options.settings {
            session.set(key, value)?;
        }
        let mut runner = Runner {
            session,
            format: options.format,
            show_progress: options.show_progress,
            output,
            current: Arc::default(),
            warnings: Mutex::default(),
        };
        runner.warn("--set", "");
        Ok(runner)
    }

    /// Tells what the session has to say about its settings, and jobs about their rows.
    pub fn warn(&mut self, name: &str, text: &str) {
        let of_jobs = std::mem::take(&mut *lock(&self.warnings));
        for warning in self.session.take_warnings().into_iter().chain(of_jobs) {
            complain(&warning.render(name, text));
        }
    }

    /// From now on Ctrl-C stops the running job instead of the process; without a job it ends the process.
    pub fn stop_on_interrupt(&self) {
        let current = Arc::clone(&self.current);
        let handler = move || {
            let mut current = lock(&current);
            match &current.job {
                // A second Ctrl-C does not wait for the job any more.
                Some(job) if !current.interrupted => {
                    job.stop();
                    current.interrupted = true;
                }
                _ => std::process::exit(i32::from(EXIT_INTERRUPTED)),
            }
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            complain(&format!(
                "warning: Ctrl-C will not stop jobs gracefully: {error}\n"
            ));
        }
    }

    /// Runs one statement of `text` and prints what it returns.
    pub fn execute(&mut self, text: &str, statement: &Statement) -> Result<(), Failure> {
        match self.session.execute(text, statement)? {
            Outcome::Done { .. } => Ok(()),
            Outcome::Rows { schema, rows } => {
                if self.format == Format::Table
                    && let Some(text) = output::long_text(&schema, &rows)
                {
                    return self.print_text(text);
                }
                let (sender, receiver) = std::sync::mpsc::sync_channel(1);
                if rows.num_rows() > 0 {
                    // There is room for one chunk, and nobody else has the sender.
                    let _ = sender.send(Chunk::inserts(rows));
                }
                drop(sender);
                self.print_rows(&schema, &receiver)
            }
            Outcome::Query(query) => {
                let (sink, rows) = CollectSink::new();
                let schema = query.schema.clone();
                let graph = query.into_graph("result", Arc::new(sink), Exchange::Forward);
                // The rows move into it: when printing fails nobody holds their end any more, and the job can stop.
                self.run_job(statement, graph, move |runner, _| {
                    runner.print_rows(&schema, &rows)
                })
            }
            Outcome::Insert(graph) => {
                let show_progress = self.show_progress;
                self.run_job(statement, graph, |_, job| {
                    if show_progress {
                        draw_progress(job);
                    }
                    Ok(())
                })
            }
        }
    }

    /// Runs a job on threads of its own while `attend` looks after what it gives.
    fn run_job(
        &self,
        statement: &Statement,
        graph: Graph,
        attend: impl FnOnce(&Runner, &RunningJob) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let place = |error: Error| runtime_diagnostic(error).or_at(statement.span);
        let context = self.session.context();
        let job = Job::new(&graph, context, self.job_options()).map_err(place)?;
        // The collect sink's queue ends when the last holder of the sink is gone: the job's shards.
        drop(graph);
        let control = Control::new();
        lock(&self.current).job = Some(control.clone());
        let steered = control.clone();
        let (running_still, end) = std::sync::mpsc::channel::<()>();
        let handle = thread::Builder::new().name("job".to_string()).spawn(move || {
            // Gone when the job is, however it ends.
            let _running_still = running_still;
            job.run(&steered)
        });
        let running = match handle {
            Ok(handle) => RunningJob { handle, control, end },
            Err(error) => return Err(place(Error::io("cannot start a thread", error)).into()),
        };
        let attended = attend(self, &running);
        if attended.is_err() {
            running.control.stop();
        }
        let outcome = running.handle.join();
        let interrupted = {
            let mut current = lock(&self.current);
            current.job = None;
            std::mem::take(&mut current.interrupted)
        };
        match outcome {
            Ok(Ok(end)) => {
                let warnings = [dropped_rows(&end.statistics), slow_lookups(&end.statistics)];
                let warnings = warnings.into_iter().flatten();
                lock(&self.warnings).extend(warnings.map(|warning| warning.at(statement.span)));
            }
            // When printing failed, the job's own complaint is only that nobody read its rows.
            Ok(Err(error)) if attended.is_ok() => return Err(place(error).into()),
            Ok(Err(_)) => {}
            Err(_) => return Err(place(Error::internal("the job panicked")).into()),
        }
        attended?;
        if interrupted {
            Err(Failure::Interrupted)
        } else {
            Ok(())
        }
    }

    fn print_text(&self, text: &str) -> Result<(), Failure> {
        writeln!(Writer { output: &self.output }, "{}", text.trim_end())
            .map_err(|error| cannot_print(error.into()))
    }

    /// Characters that a column of a table may take.
    fn column_width_max(&self) -> usize {
        let config = self.session.config();
        let keys = [
            "table.display.max-column-width",
            "sql-client.display.max-column-width",
        ];
        let width = keys.iter().find_map(|key| config.get(key)?.trim().parse().ok());
        width.unwrap_or(output::COLUMN_WIDTH_MAX)
    }

    fn job_options(&self) -> JobOptions {
        let mut options = JobOptions::default();
        let configured = self.session.config().parallelism();
        options.parallelism = configured.map_or_else(
            || default_parallelism(thread::available_parallelism().map_or(1, usize::from), &options),
            |parallelism| parallelism as usize,
        );
        options.state = state_budget(self.session.config(), None, &std::env::temp_dir());
        options
    }

    fn print_rows(&self, schema: &Schema, rows: &Receiver<Chunk>) -> Result<(), Failure> {
        let context: Arc<EvaluationContext> = self.session.context();
        let print = || -> anyhow::Result<()> {
            let mut writer = Writer { output: &self.output };
            let mut printer = output::printer(
                self.format,
                schema,
                self.column_width_max(),
                &context,
                &mut writer,
            )?;
            while let Ok(chunk) = rows.recv() {
                printer.print(&chunk)?;
            }
            printer.finish()
        };
        print().map_err(cannot_print)
    }
}

fn cannot_print(error: anyhow::Error) -> Failure {
    match error.downcast_ref::<io::Error>() {
        Some(error) if error.kind() == io::ErrorKind::BrokenPipe => Failure::ReaderLeft,
        _ => Failure::Diagnostic(Diagnostic::runtime(format!("cannot print rows: {error}"))),
    }
}

/// Takes the lock for each write only, so that `print` tables and results can share the output.
struct Writer<'a> {
    output: &'a Output,
}

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lock(self.output).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        lock(self.output).flush()
    }
}

struct RunningJob {
    handle: thread::JoinHandle<Result<engine::JobEnd, Error>>,
    control: Control,
    /// Disconnected when the job has ended.
    end: Receiver<()>,
}

/// A shard for each core, as far as a job can have so many.
fn default_parallelism(cores: usize, options: &JobOptions) -> usize {
    cores.min(usize::from(options.key_groups))
}

/// What a job left out, if anything.
fn dropped_rows(statistics: &Statistics) -> Option<Diagnostic> {
    // Late rows of a window and key may have been put together before they turn out to be late.
    let counts = [
        (statistics.late_rows_dropped, "at least ", "late"),
        (statistics.null_time_rows_dropped, "", "without a time"),
        (statistics.null_rows_dropped, "", "with a NULL where none may be"),
        (statistics.unreadable_rows_dropped, "", "unreadable"),
    ];
    let parts: Vec<String> = counts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, least, what)| format!("{least}{} {what}", grouped(*count)))
        .collect();
    if parts.is_empty() {
        return None;
    }
    let warning = Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::runtime(format!("rows were dropped: {}", parts.join(", ")))
    };
    Some(match statistics.late_rows_dropped {
        0 => warning,
        _ => warning
            .hint("LATE_ROWS keeps late rows of windows; a longer delay in WATERMARK lets fewer be late"),
    })
}

/// What became of lookups that took too long, if any did.
fn slow_lookups(statistics: &Statistics) -> Option<Diagnostic> {
    let rows = statistics.lookups_timed_out;
    let warning = Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::runtime(format!("the lookups of {} rows took too long", grouped(rows)))
    };
    (rows > 0)
        .then(|| warning.hint("the hint LOOKUP says how long they may take, and what becomes of such rows"))
}

/// Draws a line with rows, speed and watermark on the terminal until the job ends.
fn draw_progress(job: &RunningJob) {
    let started = Instant::now();
    let mut before = (started, 0);
    while job.end.recv_timeout(PROGRESS_INTERVAL) == Err(RecvTimeoutError::Timeout) {
        let statistics = job.control.statistics();
        let now = Instant::now();
        let rate = (statistics.rows_in - before.1) as f64 / (now - before.0).as_secs_f64();
        before = (now, statistics.rows_in);
        let watermark = statistics.watermark.map_or("none yet".to_string(), |ms| {
            let mut text = String::new();
            let instant = values::temporal::Instant::from_unit(ms * 1000, 3);
            let digits = values::temporal::FractionDigits::Exactly(3);
            values::temporal::write_timestamp(instant, ' ', digits, &mut text);
            text
        });
        complain(&format!(
            "\r\x1b[2K{} rows in, {} out, {} rows/s, watermark {watermark}",
            grouped(statistics.rows_in),
            grouped(statistics.rows_out),
            grouped(rate as u64),
        ));
    }
    let statistics = job.control.statistics();
    complain(&format!(
        "\r\x1b[2K{} rows in, {} out in {:.1} s\n",
        grouped(statistics.rows_in),
        grouped(statistics.rows_out),
        started.elapsed().as_secs_f64()
    ));
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A poisoned lock guards data that is still whole: every critical section here is a plain assignment.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_has_no_more_shards_than_key_groups_however_many_cores_there_are() {
        let options = JobOptions::default();
        assert_eq!(default_parallelism(2, &options), 2);
        assert_eq!(default_parallelism(192, &options), 128);
    }

    #[test]
    fn only_what_was_dropped_is_told() {
        let mut statistics = Statistics::default();
        assert_eq!(dropped_rows(&statistics), None);
        statistics.late_rows_dropped = 1_234;
        statistics.null_time_rows_dropped = 1;
        let warning = dropped_rows(&statistics).unwrap();
        assert_eq!(
            warning.message,
            "rows were dropped: at least 1,234 late, 1 without a time"
        );
        assert_eq!(warning.severity, Severity::Warning);
    }
}
