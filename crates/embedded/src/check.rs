//! What is wrong with a program, and how it would be run.

use std::sync::{Arc, Mutex};

use connectors::{Console, Stream};
use model::Diagnostic;
use plan::Config;
use plan::session::{Outcome, Session};
use runner::{CheckReport, Program, Purpose, StatementSummary};
use sql::ast::{Statement, StatementKind};
use stdx::Clock;

use crate::planning::{self, tell, warning};
use crate::restart;
use crate::summary::{self, PlannedJob, summarise};

/// Checks on a thread with room enough.
pub fn check(program: &Program, purpose: Purpose, clock: Arc<dyn Clock>) -> CheckReport {
    if let Some(fault) = program.size_fault() {
        return CheckReport {
            diagnostics: vec![fault],
            ..CheckReport::default()
        };
    }
    planning::on_large_stack(|| plan(program, purpose, clock).report).unwrap_or_else(|message| {
        tracing::error!(message, "a check failed");
        CheckReport {
            diagnostics: vec![runner::Diagnostic::error(
                runner::Kind::Validation,
                program.secrets.redact(&message),
            )],
            ..CheckReport::default()
        }
    })
}

/// A check, and what it was made of.
#[derive(Default)]
pub struct Checked {
    pub report: CheckReport,
    pub jobs: Vec<PlannedJob>,
    /// The program says that state may be dropped which it has no use for.
    pub drops_state: bool,
}

/// To be called where there is room for deep recursion.
pub fn plan(program: &Program, purpose: Purpose, clock: Arc<dyn Clock>) -> Checked {
    let text = program.sql.as_str();
    let script = sql::parse_script(text);
    let mut report = CheckReport {
        statements: script
            .statements
            .iter()
            .map(|statement| describe(statement, text))
            .collect(),
        ..CheckReport::default()
    };
    let mut checker = match planning::open(program, nowhere(), clock) {
        Ok(session) => Checker {
            session,
            purpose,
            jobs: Vec::new(),
            found: script.diagnostics.clone(),
        },
        Err(fault) => {
            report.diagnostics = script
                .diagnostics
                .iter()
                .map(|fault| tell(fault, program, Some(text)))
                .collect();
            report.diagnostics.push(fault);
            return Checked {
                report,
                ..Checked::default()
            };
        }
    };
    checker.statements(text, &script);
    if purpose == Purpose::Deployment && checker.jobs.is_empty() && !checker.has_errors() {
        checker.found.push(
            Diagnostic::error(
                model::ErrorKind::Validation,
                "the script writes no rows: there is nothing to run",
            )
            .hint("add an INSERT INTO a table"),
        );
    }
    checker
        .found
        .sort_by_key(|fault| fault.span.map_or(u32::MAX, |span| span.start));
    if !checker.has_errors() && !checker.jobs.is_empty() {
        report.plan = Some(summarise(&checker.jobs, text));
    }
    report.restart = restart::strategy(checker.session.config());
    report.diagnostics = checker
        .found
        .iter()
        .map(|fault| tell(fault, program, Some(text)))
        .collect();
    Checked {
        report,
        drops_state: drops_state(checker.session.config()),
        jobs: checker.jobs,
    }
}

/// Whether state may be dropped that a program has no use for.
pub fn drops_state(config: &Config) -> bool {
    config
        .boolean("execution.state-recovery.ignore-unclaimed-state")
        .unwrap_or(false)
}

struct Checker {
    session: Session,
    purpose: Purpose,
    jobs: Vec<PlannedJob>,
    found: Vec<Diagnostic>,
}

impl Checker {
    fn has_errors(&self) -> bool {
        self.found
            .iter()
            .any(|fault| fault.severity == model::Severity::Error)
    }

    /// Up to the first statement without which the rest makes no sense: one that is broken, or a definition that
    /// is refused.
    fn statements(&mut self, text: &str, script: &sql::Script) {
        let broken = script
            .diagnostics
            .iter()
            .filter_map(|fault| fault.span)
            .map(|span| span.start)
            .min();
        for (index, statement) in script.statements.iter().enumerate() {
            if broken.is_some_and(|place| place < statement.span.start) {
                return;
            }
            match self.session.execute(text, statement) {
                Ok(outcome) => self.outcome(index, statement, outcome),
                Err(fault) => {
                    self.found.push(fault);
                    if !runs_job(&statement.kind) {
                        return;
                    }
                }
            }
        }
    }

    fn outcome(&mut self, index: usize, statement: &Statement, outcome: Outcome) {
        let graph = match outcome {
            Outcome::Done { .. } | Outcome::Rows { .. } => return,
            Outcome::Query(_) if self.purpose == Purpose::Deployment => {
                self.found.push(
                    Diagnostic::validation(
                        statement.span,
                        "a deployment has nobody to give the rows of a query to",
                    )
                    .hint("write them into a table with INSERT INTO; a preview shows rows"),
                );
                return;
            }
            Outcome::Query(query) => query.graph,
            Outcome::Insert(graph) => graph,
        };
        if let Some(endless) = self.jobs.iter().find(|job| !summary::is_bounded(&job.graph)) {
            let message = format!(
                "this statement never runs: it waits for statement {}, whose input never ends",
                endless.statement + 1
            );
            let mut fault = warning(statement.span, &message).hint("put both into one statement set");
            if self.purpose == Purpose::Deployment {
                fault.severity = model::Severity::Error;
            }
            self.found.push(fault);
        }
        self.jobs.push(PlannedJob {
            statement: index,
            graph,
        });
    }
}

/// Whether the statement is a job, on which no later statement depends.
pub fn runs_job(kind: &StatementKind) -> bool {
    matches!(
        kind,
        StatementKind::Query(_) | StatementKind::Insert(_) | StatementKind::StatementSet { .. }
    )
}

/// A console that nobody reads: a check prints nothing.
pub fn nowhere() -> Console {
    let output: Stream = Arc::new(Mutex::new(std::io::sink()));
    Console {
        error: output.clone(),
        output,
    }
}

fn describe(statement: &Statement, text: &str) -> StatementSummary {
    StatementSummary {
        kind: kind_name(&statement.kind).to_string(),
        start: statement.span.start,
        end: statement.span.end,
        line: model::LineColumn::of(text, statement.span.start as usize).line as u32,
    }
}

fn kind_name(kind: &StatementKind) -> &'static str {
    match kind {
        StatementKind::CreateTable(create) if create.query.is_some() => "create_table_as_select",
        StatementKind::CreateTable(_) => "create_table",
        StatementKind::CreateView(_) => "create_view",
        StatementKind::CreateCatalog { .. } => "create_catalog",
        StatementKind::CreateDatabase { .. } => "create_database",
        StatementKind::CreateFunction(_) => "create_function",
        StatementKind::DropTable { .. } => "drop_table",
        StatementKind::DropView { .. } => "drop_view",
        StatementKind::DropCatalog { .. } => "drop_catalog",
        StatementKind::DropDatabase { .. } => "drop_database",
        StatementKind::DropFunction { .. } => "drop_function",
        StatementKind::AlterTable { .. } => "alter_table",
        StatementKind::AlterView { .. } => "alter_view",
        StatementKind::AlterDatabase { .. } => "alter_database",
        StatementKind::UseCatalog(_) => "use_catalog",
        StatementKind::UseDatabase(_) => "use_database",
        StatementKind::Show(_) => "show",
        StatementKind::Describe { .. } => "describe",
        StatementKind::DescribeFunction { .. } => "describe_function",
        StatementKind::Set(_) => "set",
        StatementKind::Reset(_) => "reset",
        StatementKind::Query(_) => "query",
        StatementKind::Insert(_) => "insert",
        StatementKind::StatementSet { .. } => "statement_set",
        StatementKind::Explain { .. } => "explain",
    }
}
