//! Previews: rows within limits, nothing written, nothing left running.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::{Place, read, secrets, wait_for};
use runner::{EndReason, Next, PreviewEvent, PreviewLimits, PreviewRequest, Program, Runner, RunnerError};

const ENDLESS: &str = "CREATE TABLE numbers (id BIGINT, word STRING) WITH (
  'connector' = 'datagen', 'rows-per-second' = '100000',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '9007199254740993', 'fields.id.end' = '9107199254740993');";

fn preview(place: &Place, program: Program, limits: PreviewLimits) -> Vec<PreviewEvent> {
    read(place.runner.preview(PreviewRequest { program, limits }).unwrap())
}

fn rows(events: &[PreviewEvent]) -> Vec<String> {
    events
        .iter()
        .flat_map(|event| match event {
            PreviewEvent::Rows { rows } => rows.iter().map(|row| row.get().to_string()).collect(),
            _ => Vec::new(),
        })
        .collect()
}

fn end(events: &[PreviewEvent]) -> EndReason {
    match events.last() {
        Some(PreviewEvent::End { reason }) => *reason,
        other => panic!("it did not end: {other:?}"),
    }
}

fn failure(events: &[PreviewEvent]) -> &runner::Diagnostic {
    match events.last() {
        Some(PreviewEvent::Failed { diagnostics }) => &diagnostics[0],
        other => panic!("it did not fail: {other:?}"),
    }
}

#[test]
fn rows_come_behind_their_schema_and_wide_numbers_keep_their_digits() {
    let place = Place::new();
    let program = place.program(
        "SELECT * FROM (VALUES (9007199254740993, 1.50, 'x', 7), (1, 2.25, CAST(NULL AS STRING), 8)) AS t(b, d, s, i)",
    );
    let events = preview(&place, program, PreviewLimits::default());
    let names: Vec<&str> = events.iter().map(PreviewEvent::name).collect();
    assert_eq!(names, ["schema", "rows", "statistics", "end"]);
    let schema = serde_json::to_value(&events[0]).unwrap();
    assert_eq!(schema["columns"][0]["name"], "b");
    assert!(
        schema["columns"][0]["type"]
            .as_str()
            .unwrap()
            .starts_with("BIGINT"),
        "{schema}"
    );
    let mut rows = rows(&events);
    rows.sort();
    assert_eq!(
        rows,
        [
            r#"{"op":"+I","row":{"b":"1","d":"2.25","s":null,"i":8}}"#,
            r#"{"op":"+I","row":{"b":"9007199254740993","d":"1.50","s":"x","i":7}}"#,
        ]
    );
    assert_eq!(end(&events), EndReason::Finished);
}

#[test]
fn a_preview_ends_at_its_limit_of_rows_or_bytes() {
    let place = Place::new();
    let program = place.program(&format!("{ENDLESS} SELECT id FROM numbers"));
    let limits = PreviewLimits {
        rows_max: 1234,
        ..PreviewLimits::default()
    };
    let events = preview(&place, program.clone(), limits);
    assert_eq!((rows(&events).len(), end(&events)), (1234, EndReason::Limit));
    assert!(rows(&events)[0].contains("\"9007199254740993\""));
    let limits = PreviewLimits {
        bytes_max: 1_000,
        ..PreviewLimits::default()
    };
    let events = preview(&place, program, limits);
    let bytes: usize = rows(&events).iter().map(String::len).sum();
    assert!((900..=1_000).contains(&bytes), "{bytes}");
    assert_eq!(end(&events), EndReason::Limit);
}

#[test]
fn a_preview_ends_when_its_time_is_over() {
    let place = Place::new();
    // A window that does not close.
    let program = place.program(&format!("{ENDLESS} SELECT id FROM numbers WHERE id < 0"));
    let limits = PreviewLimits {
        time_max_ms: 300,
        ..PreviewLimits::default()
    };
    let started = Instant::now();
    let events = preview(&place, program, limits);
    assert_eq!((rows(&events).len(), end(&events)), (0, EndReason::Time));
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_reader_who_leaves_ends_the_preview() {
    let place = Place::new();
    let request = || {
        PreviewRequest {
        // So slow that no limit is reached while this test runs.
        program: place.program(
            "CREATE TABLE slow (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5'); SELECT id FROM slow",
        ),
        limits: PreviewLimits {
            rows_max: u64::MAX,
            bytes_max: u64::MAX,
            time_max_ms: 600_000,
        },
    }
    };
    // As many as there may be, each with its first event read.
    let mut open = Vec::new();
    let fault = loop {
        assert!(open.len() < 1_000, "there is no bound");
        match place.runner.preview(request()) {
            Ok(preview) => open.push(preview),
            Err(fault) => break fault,
        }
    };
    assert!(matches!(fault, RunnerError::Busy(_)), "{fault}");
    for preview in &mut open {
        wait_for("the first event", || {
            match preview.next(Duration::from_millis(100)) {
                Next::Event(_) => Some(()),
                Next::Pending => None,
                Next::Over => panic!("it is over"),
            }
        });
    }
    let count = open.len();
    drop(open);
    // All of them are gone again: there is room for as many.
    let mut open = Vec::new();
    wait_for("room", || {
        open.extend(place.runner.preview(request()).ok());
        (open.len() == count).then_some(())
    });
}

#[test]
fn an_insert_is_previewed_without_writing() {
    let place = Place::new();
    let tables = "CREATE TABLE a (id BIGINT, name STRING) WITH ('connector' = 'filesystem', 'path' = '${files}/a', 'format' = 'json');
      CREATE TABLE b (n INT) WITH ('connector' = 'filesystem', 'path' = '${files}/b', 'format' = 'json');";
    let insert = place.program(&format!(
        "{tables} SELECT 5; INSERT INTO a (name, id) SELECT 'x', 1;"
    ));
    let events = preview(&place, insert, PreviewLimits::default());
    // As it would be written: cast, and in the order of the table.
    assert_eq!(rows(&events), [r#"{"op":"+I","row":{"id":"1","name":"x"}}"#]);
    let set = place.program(&format!(
        "{tables} BEGIN STATEMENT SET; INSERT INTO a SELECT 1, 'x'; INSERT INTO b SELECT 2; END;"
    ));
    let events = preview(&place, set, PreviewLimits::default());
    assert_eq!(rows(&events), [r#"{"op":"+I","row":{"n":2}}"#]);
    let copied = place.program(
        "CREATE TABLE c WITH ('connector' = 'filesystem', 'path' = '${files}/c', 'format' = 'json') AS SELECT 3 AS n;",
    );
    let events = preview(&place, copied, PreviewLimits::default());
    assert_eq!(rows(&events), [r#"{"op":"+I","row":{"n":3}}"#]);
    assert_eq!(
        fs::read_dir(place.files()).unwrap().count(),
        0,
        "nothing was written"
    );
}

#[test]
fn statements_that_answer_at_once_are_previewed_too() {
    let place = Place::new();
    let program = place.program(
        "CREATE TABLE t (a INT) WITH ('connector' = 'print', 'print-identifier' = '${secret.word}'); SHOW TABLES;",
    );
    let events = preview(&place, program, PreviewLimits::default());
    assert_eq!((rows(&events).len(), end(&events)), (1, EndReason::Finished));
    assert!(rows(&events)[0].contains("\"t\""));
    // What is written stays as it is written.
    let mut program = place.program(
        "CREATE TABLE t (a INT) WITH ('connector' = 'print', 'print-identifier' = '${secret.word}'); SHOW CREATE TABLE t;",
    );
    program.secrets = secrets(&[("word", "hunter2")]);
    let shown = rows(&preview(&place, program, PreviewLimits::default())).concat();
    assert!(
        shown.contains("${secret.word}") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let place = Place::new();
    let wrong = |sql: &str| preview(&place, place.program(sql), PreviewLimits::default());
    let events = wrong("SELECT 1;\nSELECT nope FROM (VALUES (1)) AS t(a);");
    let span = failure(&events).span.unwrap();
    assert_eq!((span.line, span.column), (2, 8));
    assert_eq!(failure(&wrong("SELECT 1; SELEC 2")).span.unwrap().column, 11);
    assert_eq!(
        failure(&wrong("CREATE TABLE t (a INT) WITH ('connector' = 'print')")).message,
        "the script has no statement that gives rows"
    );
    // At run time, too.
    let events = wrong("SELECT 1 / a FROM (VALUES (1), (0)) AS t(a)");
    assert_eq!(failure(&events).kind, runner::Kind::Runtime);
    let events = wrong(
        "CREATE TABLE t (a STRING) WITH ('connector' = 'filesystem', 'path' = '/etc', 'format' = 'raw'); SELECT * FROM t",
    );
    assert!(failure(&events).message.contains("lies outside"), "{events:?}");
}
