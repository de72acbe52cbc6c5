//! The command line through its front door: what stands on standard output, what on standard error, and the exit code.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use oceanus::output::Format;
use oceanus::run::{RunOptions, run_file};

/// Long enough for whatever is to happen at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts to run SQL from standard input.
fn start(sql: &str, arguments: &[&str]) -> Child {
    start_command(sql, &[&["run", "-"], arguments].concat())
}

fn start_command(sql: &str, arguments: &[&str]) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_oceanus"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut input = child.stdin.take().expect("standard input is piped");
    input.write_all(sql.as_bytes()).expect("the text is taken");
    child
}

/// Runs SQL to its end.
fn run(sql: &str, arguments: &[&str]) -> Output {
    start(sql, arguments).wait_with_output().expect("the binary ends")
}

fn check(sql: &str, code: i32, output: &str, complaint: &str) {
    let result = run(sql, &["--format", "json"]);
    let told = String::from_utf8_lossy(&result.stderr);
    // Of a warning the first line is enough: the text that it marks is known.
    let told = if complaint.ends_with('\n') {
        &told
    } else {
        told.lines().next().unwrap_or("")
    };
    assert_eq!(told, complaint, "{sql}");
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
    let complaint = String::from_utf8_lossy(&result.stderr);
    assert!(
        complaint.starts_with("<stdin>:1:8: error: / by zero"),
        "{complaint}"
    );
    assert!(complaint.contains("        ^^^^^\n"), "{complaint}");
    let failed = run(
        "SELECT a, CAST(a AS INT) AS n FROM (VALUES ('1'), ('x')) AS t (a);",
        &[],
    );
    let complaint = String::from_utf8_lossy(&failed.stderr);
    assert!(complaint.starts_with("<stdin>:1:11: error"), "{complaint}");
    assert!(complaint.contains("TRY_CAST"), "{complaint}");
}

#[test]
fn settings_are_checked() {
    let result = run("SELECT 1;", &["--set", "parallelism.default=none"]);
    assert_eq!(result.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&result.stderr).contains("parallelism.default"));
}

#[test]
fn a_reader_that_leaves_ends_the_job() {
    let sql = "CREATE TABLE t (a BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000000');
        SELECT a FROM t;";
    let mut child = start(sql, &["--format", "json", "--set", "parallelism.default=2"]);
    let mut rows = BufReader::new(child.stdout.take().expect("standard output is piped"));
    rows.read_line(&mut String::new()).expect("a row");
    drop(rows);
    let mut complaints = child.stderr.take().expect("standard error is piped");
    let (sender, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut complaint = String::new();
        let read = complaints.read_to_string(&mut complaint);
        sender.send(read.map(|_| complaint))
    });
    let complaint = ended.recv_timeout(PATIENCE);
    // Without effect if it has ended.
    let _ = child.kill();
    let status = child.wait().expect("the binary ends");
    let complaint = complaint.expect("the job ends with its reader").expect("text");
    assert_eq!(complaint, "");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_plan_is_printed_as_it_is_and_long_values_as_far_as_the_session_says() {
    let values = "SELECT REPEAT('x', 50) AS a FROM (VALUES (1)) AS t (b);";
    let text = |sql: &str| String::from_utf8_lossy(&run(sql, &[]).stdout).into_owned();
    let plan = text(&format!("EXPLAIN {values}"));
    assert!(
        plan.starts_with("Calc(select=[REPEAT('x', 50) AS a])\n+- Values"),
        "{plan}"
    );
    let cut = text(values);
    assert!(cut.contains('…') && !cut.contains(&"x".repeat(50)), "{cut}");
    let whole = text(&format!("SET 'table.display.max-column-width' = '60'; {values}"));
    assert!(whole.contains(&"x".repeat(50)), "{whole}");
}

#[test]
fn what_is_piped_into_the_shell_is_a_script() {
    for (sql, code, output, complaint) in [
        ("SELECT 1 AS a", 0, "{\"op\":\"+I\",\"row\":{\"a\":1}}\n", ""),
        ("SELECT 1 AS a;\nSELECT 'abc;", 2, "", "2:8: error"),
        ("SELECT nope;\nSELECT 2;", 2, "", "column 'nope' not found"),
    ] {
        let child = start_command(sql, &["sql", "--format", "json"]);
        let result = child.wait_with_output().expect("the binary ends");
        let complaints = String::from_utf8_lossy(&result.stderr);
        assert!(complaints.contains(complaint), "{sql}: {complaints}");
        assert_eq!(String::from_utf8_lossy(&result.stdout), output, "{sql}");
        assert_eq!(result.status.code(), Some(code), "{sql}");
    }
}

#[test]
fn a_table_is_not_written_into_a_file() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let sql = format!(
        "CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'csv');
        INSERT INTO t VALUES (1);",
        file.path().display()
    );
    let result = run(&sql, &[]);
    let complaint = String::from_utf8_lossy(&result.stderr);
    assert!(
        complaint.contains("is a file, but a table is written into a folder"),
        "{complaint}"
    );
    assert_eq!(result.status.code(), Some(2));
}

#[test]
fn a_mistyped_option_is_found_where_it_is_missing() {
    let result = run(
        "CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'pth' = 'x', 'format' = 'csv'); SELECT a FROM t;",
        &[],
    );
    let complaint = String::from_utf8_lossy(&result.stderr);
    assert!(
        complaint.contains("there is 'pth': did you mean 'path'?"),
        "{complaint}"
    );
}

#[test]
fn a_missing_script_is_named() {
    let result = Command::new(env!("CARGO_BIN_EXE_oceanus"))
        .args(["run", "nowhere.sql"])
        .output()
        .expect("the binary ends");
    let complaint = String::from_utf8_lossy(&result.stderr).into_owned();
    assert!(
        complaint.starts_with("error: cannot read 'nowhere.sql'"),
        "{complaint}"
    );
    assert_eq!(result.status.code(), Some(2));
}

#[test]
fn rows_that_were_dropped_are_told_at_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.json");
    let lines = "{\"a\": 1}\nnonsense\n{\"a\": 2}\n{\"a\": \n";
    std::fs::write(&file, lines).expect("a file");
    let sql = format!(
        "CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'json',
            'json.ignore-parse-errors' = 'true');
        SELECT a FROM t WHERE a > 1;",
        file.display()
    );
    check(
        &sql,
        0,
        "{\"op\":\"+I\",\"row\":{\"a\":2}}\n",
        "<stdin>:3:9: warning: rows were dropped: 2 unreadable",
    );
}

#[test]
fn rows_with_a_null_where_none_may_be_are_told_when_they_are_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let sql = format!(
        "SET 'table.exec.sink.not-null-enforcer' = 'DROP';
        CREATE TABLE t (a INT NOT NULL, b INT) WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'csv');
        INSERT INTO t SELECT * FROM (VALUES (1, 1), (CAST(NULL AS INT), 2), (3, CAST(NULL AS INT))) AS v (a, b);
        SELECT a FROM t;",
        folder.path().join("t").display()
    );
    check(
        &sql,
        0,
        "{\"op\":\"+I\",\"row\":{\"a\":1}}\n{\"op\":\"+I\",\"row\":{\"a\":3}}\n",
        "<stdin>:3:9: warning: rows were dropped: 1 with a NULL where none may be",
    );
}

#[test]
fn a_setting_that_does_nothing_yet_is_warned_of() {
    check(
        "SET 'pipeline.max-parallelism' = '4';",
        0,
        "",
        "<stdin>:1:5: warning: 'pipeline.max-parallelism' is not honoured yet: a job has 128 key groups\n  |\n1 | SET 'pipeline.max-parallelism' = '4';\n  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^\n",
    );
    let result = run(
        "SELECT 1;",
        &["--set", "execution.state-recovery.path=/savepoint"],
    );
    assert_eq!(result.status.code(), Some(2));
}

#[test]
fn the_progress_line_holds_nobody_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.sql");
    let insert = "INSERT INTO t VALUES (1);\n";
    let sql = format!(
        "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');\n{}",
        insert.repeat(20)
    );
    std::fs::write(&file, sql).expect("a file");
    let options = RunOptions {
        format: Format::Json,
        settings: Vec::new(),
        show_progress: true,
    };
    let began = Instant::now();
    let code = run_file(
        &file.display().to_string(),
        &options,
        Arc::new(Mutex::new(std::io::sink())),
    );
    assert_eq!(code, 0);
    // Drawn twice a second, it would take ten seconds.
    assert!(began.elapsed() < Duration::from_secs(8));
}
