//! Statements that are not queries, through the front door.
//!
//! Each case is a script and, line by line, what its statements came to: nothing for those that only changed
//! something, rows with their columns joined by ` | `, or the error with the text it points at.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use dataflow::Registry;
use model::Diagnostic;
use stdx::ManualClock;

use super::{Outcome, Session};

mod alter;
mod create;
mod functions;
mod names;
mod script;
mod stub;

fn session() -> Session {
    let mut registry = Registry::default();
    registry.add_connector(Arc::new(stub::Stub));
    Session::new(Arc::new(registry), Arc::new(ManualClock::at_ms(0)))
}

/// Runs the script up to its first error.
fn run(script: &str) -> String {
    run_in(&mut session(), script)
}

fn run_in(session: &mut Session, script: &str) -> String {
    session.begin_script();
    let parsed = sql::parse_script(script);
    let mut lines: Vec<String> = Vec::new();
    for statement in &parsed.statements {
        match session.execute(script, statement) {
            Ok(Outcome::Done { .. }) => {}
            Ok(Outcome::Rows { rows, .. }) => lines.extend(cells(&rows)),
            Ok(Outcome::Query(_)) => lines.push("query".to_string()),
            Ok(Outcome::Insert(_)) => lines.push("insert".to_string()),
            Err(fault) => {
                lines.push(error(&fault, script));
                break;
            }
        }
    }
    lines.extend(parsed.diagnostics.iter().map(|fault| error(fault, script)));
    lines.join("\n")
}

fn error(fault: &Diagnostic, script: &str) -> String {
    let place = fault.span.map_or("nowhere", |span| span.text(script));
    format!("{} error: {fault} at {place:?}", fault.kind.name())
}

fn cells(rows: &RecordBatch) -> Vec<String> {
    (0..rows.num_rows())
        .map(|row| {
            let cells: Vec<String> = rows
                .columns()
                .iter()
                .map(|column| {
                    if column.is_null(row) {
                        "-".to_string()
                    } else if let Some(texts) = column.as_string_opt::<i32>() {
                        texts.value(row).to_string()
                    } else {
                        column.as_boolean().value(row).to_string()
                    }
                })
                .collect();
            cells.join(" | ")
        })
        .collect()
}

/// The statements change something or fail with this error.
fn refuses(script: &str, expected: &str) {
    assert_eq!(run(script), expected, "{script}");
}

#[test]
fn a_session_time_zone_reaches_evaluation() {
    let mut session = session();
    assert_eq!(session.context().time_zone, chrono_tz::Tz::UTC);
    run_in(&mut session, "SET 'table.local-time-zone' = 'Asia/Shanghai'");
    assert_eq!(session.context().time_zone, chrono_tz::Tz::Asia__Shanghai);
    run_in(&mut session, "RESET 'table.local-time-zone'");
    assert_eq!(session.context().time_zone, chrono_tz::Tz::UTC);
}

#[test]
fn settings_are_listed_and_wrong_ones_are_marked_where_they_stand() {
    assert_eq!(
        run("SET 'pipeline.name' = 'p'; SET 'table.dml-sync' = 'true'; SET; RESET; SET;"),
        "pipeline.name | p\ntable.dml-sync | true"
    );
    refuses(
        "SET 'table.dml-sync' = 'yes'",
        "validation error: 'table.dml-sync' must be 'true' or 'false', got 'yes' at \"'yes'\"",
    );
    refuses(
        "SET 'tabel.dml-sync' = 'yes'",
        "validation error: configuration key 'tabel.dml-sync' is not known (did you mean 'table.dml-sync'?) at \"'tabel.dml-sync'\"",
    );
}

#[test]
fn a_setting_that_does_nothing_yet_is_warned_of_where_it_stands() {
    let mut session = session();
    let script = "SET 'pipeline.max-parallelism' = '256'";
    assert_eq!(run_in(&mut session, script), "");
    let warnings = session.take_warnings();
    assert_eq!(
        warnings[0].render("q", script).lines().next(),
        Some("q:1:5: warning: 'pipeline.max-parallelism' is not honoured yet: a job has 128 key groups")
    );
    assert_eq!((warnings.len(), session.take_warnings().len()), (1, 0));
    session.set("pipeline.max-parallelism", "4").unwrap();
    assert_eq!(session.take_warnings().len(), 1);
}

#[test]
fn user_functions_are_refused_with_a_way_out() {
    refuses(
        "CREATE FUNCTION f AS 'com.example.F'",
        "validation error: Java and Python functions run on Flink, not on the embedded engine (write it in SQL: CREATE FUNCTION f(x INT) RETURNS INT RETURN x + 1; use a built-in function (SHOW FUNCTIONS lists them), or deploy this job to a Flink cluster) at \"f\"",
    );
    assert_eq!(run("DROP FUNCTION IF EXISTS f; SHOW USER FUNCTIONS"), "");
}

#[test]
fn an_option_at_fault_is_marked_in_its_own_script_and_named_from_another() {
    let script = "CREATE TABLE t (a INT) WITH ('connector' = 'x', 'pth' = 'y');";
    let mut session = session();
    run_in(&mut session, script);
    let path = crate::catalog::ObjectPath {
        catalog: "default_catalog".to_string(),
        database: "default_database".to_string(),
        object: "t".to_string(),
    };
    let fault = || dataflow::OptionError::new("pth", "option 'pth' is not known here");
    let name = model::Span::new(0, 1);
    let here = session.environment().option_diagnostic(&path, fault(), name);
    assert_eq!(here.span.map(|span| span.text(script)), Some("'pth' = 'y'"));
    session.begin_script();
    let there = session.environment().option_diagnostic(&path, fault(), name);
    assert_eq!(there.span, Some(name));
    assert_eq!(
        there.message,
        "table 'default_catalog.default_database.t': option 'pth' is not known here"
    );
}
