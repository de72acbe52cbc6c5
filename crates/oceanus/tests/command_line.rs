//! The command line through its front door: what stands on standard output, what on standard error, and the exit code.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs SQL from standard input.
fn run(sql: &str, arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_oceanus"))
        .args(["run", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut input = child.stdin.take().expect("standard input is piped");
    input.write_all(sql.as_bytes()).expect("the text is taken");
    drop(input);
    child.wait_with_output().expect("the binary ends")
}

fn check(sql: &str, code: i32, output: &str, complaint: &str) {
    let result = run(sql, &["--format", "json"]);
    assert_eq!(String::from_utf8_lossy(&result.stderr), complaint, "{sql}");
    assert_eq!(String::from_utf8_lossy(&result.stdout), output, "{sql}");
    assert_eq!(result.status.code(), Some(code), "{sql}");
}

#[test]
fn rows_are_json_objects_and_nothing_else_is_on_standard_output() {
    check(
        "SELECT 1 AS a, CAST(NULL AS STRING) AS b, 9007199254740993 AS c, TIMESTAMP '2026-01-01 00:00:00.5' AS d;",
        0,
        "{\"op\":\"+I\",\"row\":{\"a\":1,\"b\":null,\"c\":9007199254740993,\"d\":\"2026-01-01 00:00:00.5\"}}\n",
        "",
    );
}

#[test]
fn an_unknown_column_is_underlined_and_a_near_name_offered() {
    check(
        "SELECT pric FROM (VALUES (1)) AS t (price);",
        2,
        "",
        "<stdin>:1:8: error: column 'pric' not found\n  |\n1 | SELECT pric FROM (VALUES (1)) AS t (price);\n  |        ^^^^\n  = help: did you mean 'price'?\n",
    );
}

#[test]
fn nothing_runs_if_a_statement_does_not_parse() {
    let result = run("SELECT 1; SELEC 2;", &["--format", "json"]);
    assert_eq!(result.status.code(), Some(2));
    assert!(result.stdout.is_empty());
    let complaint = String::from_utf8_lossy(&result.stderr);
    assert!(
        complaint.contains("<stdin>:1:11: error:") && complaint.contains("did you mean 'SELECT'?"),
        "{complaint}"
    );
}

#[test]
fn a_job_that_fails_has_an_exit_code_of_its_own() {
    let result = run(
        "SELECT 1 / a AS x FROM (VALUES (1), (0)) AS t (a);",
        &["--format", "json"],
    );
    assert_eq!(
        result.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&result.stderr)
    );
    assert!(String::from_utf8_lossy(&result.stderr).contains("/ by zero"));
}

#[test]
fn settings_are_checked() {
    let result = run("SELECT 1;", &["--set", "parallelism.default=none"]);
    assert_eq!(result.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&result.stderr).contains("parallelism.default"));
}
