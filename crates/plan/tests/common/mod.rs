//! A session over connectors that do nothing, and plans as text.

use std::sync::Arc;

use dataflow::{
    Boundedness, Connector, Error, OptionDoc, OptionError, Position, Registry, ScanRequest, Sink,
    SinkRequest, SinkWriter, Source, Split, SplitReader, TableDescriptor,
};
use model::{ChangelogMode, DataType, Diagnostic, TypeKind};
use plan::session::{Outcome, Session};
use stdx::ManualClock;

pub const TABLES: &str = "
CREATE TABLE bids (
  id INT NOT NULL, auction STRING, price DECIMAL(10, 2), ts TIMESTAMP(3), twice AS id * 2, p AS PROCTIME(),
  nest ROW<a INT, b ROW<c STRING, d BIGINT>>, ltz TIMESTAMP_LTZ(3), place STRING METADATA FROM 'path',
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'stub');
CREATE TABLE others (id INT, name STRING, d DATE) WITH ('connector' = 'stub');
CREATE TABLE sink (id BIGINT, name STRING, n INT NOT NULL) WITH ('connector' = 'stub');
CREATE TABLE parts (a INT, b STRING) PARTITIONED BY (b) WITH ('connector' = 'stub');
";

#[derive(Debug)]
struct Stub;

impl Connector for Stub {
    fn name(&self) -> &'static str {
        "stub"
    }

    fn options(&self) -> Vec<OptionDoc> {
        Vec::new()
    }

    fn metadata(&self, _: &TableDescriptor<'_>) -> Vec<(&'static str, DataType, &'static str)> {
        vec![("path", TypeKind::STRING.not_null(), "the path")]
    }

    fn meets_unreadable(&self) -> bool {
        true
    }

    fn source(&self, table: &TableDescriptor<'_>, _: &ScanRequest) -> Result<Option<Arc<dyn Source>>, Error> {
        check(table)?;
        Ok(Some(Arc::new(Stub)))
    }

    fn sink(&self, table: &TableDescriptor<'_>, _: &SinkRequest) -> Result<Option<Arc<dyn Sink>>, Error> {
        check(table)?;
        Ok(Some(Arc::new(Stub)))
    }
}

fn check(table: &TableDescriptor<'_>) -> Result<(), OptionError> {
    table.options.get("connector");
    table.options.get("rows");
    table.options.finish()
}

impl Source for Stub {
    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn splits(&self, _: usize) -> Result<Vec<Split>, Error> {
        Ok(Vec::new())
    }

    fn open(&self, _: &Split, _: Option<&Position>) -> Result<Box<dyn SplitReader>, Error> {
        Err(Error::internal("the stub has no splits"))
    }
}

impl Sink for Stub {
    fn changelog_mode(&self, _: ChangelogMode) -> ChangelogMode {
        ChangelogMode::INSERT_ONLY
    }

    fn writer(&self, _: usize, _: usize) -> Result<Box<dyn SinkWriter>, Error> {
        Err(Error::internal("the stub has no writers"))
    }
}

/// The plan of a statement over the tables and what was run `before`, or its diagnostic as a terminal shows it.
pub fn plan_after(before: &str, statement: &str) -> String {
    match outcome_after(before, statement) {
        Ok(Outcome::Query(query)) => plan::explain::graph_text(&query.graph, &[]),
        Ok(Outcome::Insert(graph)) => plan::explain::graph_text(&graph, &[]),
        Ok(_) => "ok".to_string(),
        Err(diagnostic) => diagnostic.render("q", statement),
    }
}

pub fn outcome_after(before: &str, statement: &str) -> Result<Outcome, Diagnostic> {
    let mut registry = Registry::default();
    registry.add_connector(Arc::new(Stub));
    let mut session = Session::new(Arc::new(registry), Arc::new(ManualClock::at_ms(0)));
    for text in [TABLES, before] {
        session.begin_script();
        let script = sql::parse_script(text);
        assert!(script.diagnostics.is_empty(), "{:?}", script.diagnostics);
        for parsed in &script.statements {
            if let Err(diagnostic) = session.execute(text, parsed) {
                panic!("{}", diagnostic.render("setup", text));
            }
        }
    }
    session.begin_script();
    sql::parse_statement(statement).and_then(|parsed| session.execute(statement, &parsed))
}

/// What becomes of the state of one statement in another, which stand before and behind a line `==>`.
pub fn verdict_after(before: &str, statements: &str) -> String {
    let (old, new) = statements.split_once("\n==>\n").expect("two statements");
    let graph = |statement: &str| match outcome_after(before, statement) {
        Ok(Outcome::Insert(graph)) => graph,
        Ok(Outcome::Query(query)) => query.graph,
        Ok(_) => panic!("it gives no rows: {statement}"),
        Err(diagnostic) => panic!("{}", diagnostic.render("q", statement)),
    };
    let verdict = plan::verdict::state_verdict(&[&graph(old)], &[&graph(new)]);
    let place = |span: Option<model::Span>, text: &str| match span {
        Some(span) => text[span.start as usize..span.end as usize].replace('\n', " "),
        None => "-".to_string(),
    };
    let mut told = String::new();
    for part in verdict {
        let fate = format!("{:?}", part.fate).to_lowercase();
        told.push_str(&format!(
            "{:?} {}: {fate} ({})\n",
            part.part, part.name, part.keeps
        ));
        if let Some(reason) = part.reason {
            told.push_str(&format!("  {reason}\n"));
        }
        if fate == "reset" || fate == "new" || fate == "gone" {
            told.push_str(&format!(
                "  {{{}}} => {{{}}}\n",
                place(part.before, old),
                place(part.after, new)
            ));
        }
    }
    told
}
