//! Jobs on threads and the clock of the machine, for tests with real services.

use std::sync::{Arc, Mutex};

use anyhow::{Result, anyhow};
use dataflow::{Chunk, Sink};
use engine::{Control, Job, JobOptions, Statistics};
use graph::Exchange;
use model::Diagnostic;
use plan::session::{Outcome, Session};
use stdx::SystemClock;

use crate::execution::{Collected, CollectedSink, encode};
use crate::live::lines;

/// What a text gives: the changes of its last query, in the order of their text, or the rows of its last statement, and what was counted for its last job.
#[derive(Debug, Default)]
pub struct Given {
    pub rows: Vec<String>,
    pub statistics: Statistics,
}

/// Runs all statements in order, each job to its end. A failure is told as a person sees it.
pub fn run(text: &str, parallelism: usize) -> Result<Given> {
    let console = Arc::new(Mutex::new(std::io::sink()));
    let mut session = Session::new(
        Arc::new(embedded::wiring::registry(console)),
        Arc::new(SystemClock),
    );
    session
        .set("table.local-time-zone", "UTC")
        .map_err(|diagnostic| anyhow!("{diagnostic}"))?;
    session.begin_script();
    let told = |diagnostic: &Diagnostic| anyhow!("{}", diagnostic.render("text.sql", text));
    let script = sql::parse_script(text);
    if let Some(broken) = script.diagnostics.first() {
        return Err(told(broken));
    }
    let mut given = Given::default();
    for statement in &script.statements {
        let outcome = session
            .execute(text, statement)
            .map_err(|diagnostic| told(&diagnostic))?;
        let options = JobOptions {
            parallelism,
            ..JobOptions::default()
        };
        let context = session.context();
        let failed = |error: dataflow::Error| told(&embedded::runtime_diagnostic(error));
        match outcome {
            Outcome::Query(query) => {
                let schema = query.schema.clone();
                let rows = Arc::new(Collected::default());
                let sink: Arc<dyn Sink> = Arc::new(CollectedSink(rows.clone()));
                let graph = query.into_graph("result", sink, Exchange::Forward);
                let job = Job::new(&graph, context, options).map_err(failed)?;
                given.statistics = job.run(&Control::new()).map_err(failed)?.statistics;
                given.rows = lines(&schema, &rows)?;
                given.rows.sort_unstable();
            }
            Outcome::Insert(graph) => {
                let job = Job::new(&graph, context, options).map_err(failed)?;
                given.statistics = job.run(&Control::new()).map_err(failed)?.statistics;
            }
            Outcome::Rows { schema, rows } => {
                given.rows = encode(&schema, &[Chunk::inserts(rows)]).map_err(failed)?;
            }
            Outcome::Done { .. } => {}
        }
    }
    Ok(given)
}
