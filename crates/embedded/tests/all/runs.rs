//! Runs through the front door: real processes, real files.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::support::{PATIENCE, Place, WORKER, impatient_server, message, secrets, server, wait_for};
use runner::{End, FailureCause, Purpose, RunKey, RunState, Runner, RunnerError, Severity, StoppedBy};

const NUMBERS: &str = "CREATE TABLE numbers (id BIGINT) WITH (
  'connector' = 'datagen', 'number-of-rows' = '1000',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '1000');";
const ENDLESS: &str = "CREATE TABLE numbers (id BIGINT) WITH (
  'connector' = 'datagen', 'rows-per-second' = '500',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '100000000');";
const OUT: &str = "CREATE TABLE out_files (id BIGINT) WITH (
  'connector' = 'filesystem', 'path' = '${files}/out', 'format' = 'csv');";
const COPY: &str = "INSERT INTO out_files SELECT id FROM numbers;";

/// Sequences end some day; this does not.
const RANDOM: &str = "CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen');";

fn script(parts: &[&str]) -> String {
    parts.join("\n")
}

#[test]
fn a_bounded_job_runs_to_its_end_and_its_outcome_stays() {
    let place = Place::new();
    let spec = place.spec("rn_1", 1, &script(&[NUMBERS, OUT, COPY]));
    let key = spec.key();
    assert_eq!(place.runner.observe(&key).unwrap(), RunState::Absent);
    place.runner.start(&spec).unwrap();
    let outcome = place.outcome(&key);
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&key));
    assert_eq!(place.lines("out").len(), 1000);
    assert_eq!((outcome.metrics.rows_in, outcome.metrics.rows_out), (1000, 1000));

    // The nodes of the metrics are those of the plan.
    let plan = place
        .runner
        .check(&spec.program, Purpose::Deployment)
        .plan
        .unwrap();
    assert!(plan.is_bounded);
    let planned: Vec<(&str, &str)> = plan
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node.name.as_str()))
        .collect();
    let measured: Vec<(&str, &str)> = outcome
        .metrics
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node.name.as_str()))
        .collect();
    assert_eq!(planned, measured);
    assert_eq!(planned, [("0.0", "Source"), ("0.1", "Sink")]);

    // Another server gives the same answers, and starting again starts nothing.
    let other = server(&place.data());
    assert_eq!(other.start(&spec).unwrap(), RunState::Ended(outcome.clone()));
    assert_eq!(other.metrics(&key).unwrap(), outcome.metrics);
    assert_eq!(other.runs().unwrap(), std::slice::from_ref(&key));
    other.stop(&key, Duration::ZERO).unwrap();
    other.forget(&key).unwrap();
    assert_eq!(other.observe(&key).unwrap(), RunState::Absent);
    assert!(matches!(
        other.logs("rn_1", 0, 100),
        Err(RunnerError::NotFound(_))
    ));
}

#[test]
fn several_inserts_run_one_after_the_other() {
    let place = Place::new();
    let read_back = "CREATE TABLE in_files (id BIGINT) WITH (
        'connector' = 'filesystem', 'path' = '${files}/out', 'format' = 'csv');
      CREATE TABLE sums (total BIGINT) WITH (
        'connector' = 'filesystem', 'path' = '${files}/sums', 'format' = 'csv');
      INSERT INTO sums SELECT id FROM in_files WHERE id > 998;";
    let spec = place.spec("rn_1", 1, &script(&[NUMBERS, OUT, COPY, read_back]));
    place.runner.start(&spec).unwrap();
    let outcome = place.outcome(&spec.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&spec.key()));
    assert_eq!(place.lines("sums"), ["1000", "999"]);
    assert_eq!((outcome.metrics.rows_in, outcome.metrics.rows_out), (2000, 1002));
    assert!(outcome.metrics.nodes.iter().any(|node| node.id == "1.0"));
}

#[test]
fn a_catalog_and_settings_are_there_before_the_script() {
    let place = Place::new();
    let mut spec = place.spec("rn_1", 1, COPY);
    spec.program.catalog_ddl = place.text(&script(&[NUMBERS, OUT]));
    spec.program
        .settings
        .insert("table.local-time-zone".to_string(), "Europe/Berlin".to_string());
    place.runner.start(&spec).unwrap();
    assert_eq!(place.outcome(&spec.key()).end, End::Finished);
    assert_eq!(place.lines("out").len(), 1000);

    spec.program
        .settings
        .insert("table.local-time-zone".to_string(), "Europe/Berln".to_string());
    let report = place.runner.check(&spec.program, Purpose::Deployment);
    assert!(
        report.diagnostics[0].message.contains("Europe/Berln"),
        "{report:?}"
    );
    spec.program.settings.clear();
    spec.program.catalog_ddl = "CREATE TABEL t (a INT);".to_string();
    let report = place.runner.check(&spec.program, Purpose::Deployment);
    assert!(
        report.diagnostics[0].message.starts_with("the catalog: "),
        "{report:?}"
    );
    assert_eq!(report.diagnostics[0].span, None, "it has no place in the script");
}

#[test]
fn a_worker_outlives_its_server_and_is_adopted() {
    let place = Place::new();
    let spec = place.spec("rn_1", 3, &script(&[ENDLESS, OUT, COPY]));
    let file = place.files().join("spec.json");
    fs::write(&file, serde_json::to_vec(&spec).unwrap()).unwrap();
    let died = Command::new(WORKER)
        .arg("start-and-die")
        .arg(place.data())
        .arg(&file)
        .status()
        .unwrap();
    assert_eq!(died.code(), None, "it was killed");

    let key = spec.key();
    place.wait_until_running(&key);
    let pid = place.pid(&key);
    place.wait_for_rows(&key, 1);
    // Adopting is starting again: the same process, not another.
    let state = place.runner.start(&spec).unwrap();
    assert!(matches!(state, RunState::Running { .. }), "{state:?}");
    assert_eq!(place.pid(&key), pid);
    assert_eq!(place.runner.runs().unwrap(), std::slice::from_ref(&key));
    // Of a run with another epoch nothing is said.
    let other = RunKey {
        epoch: 4,
        ..key.clone()
    };
    assert!(matches!(
        place.runner.observe(&other),
        Err(RunnerError::Conflict(_))
    ));
    assert!(matches!(place.runner.kill(&other), Err(RunnerError::Conflict(_))));
    let state = place.runner.stop(&key, PATIENCE).unwrap();
    let RunState::Ended(outcome) = state else {
        panic!("{state:?}");
    };
    assert_eq!(
        outcome.end,
        End::Stopped {
            by: StoppedBy::Request
        }
    );
}

#[test]
fn stopping_commits_what_was_read() {
    let place = Place::new();
    // No commit before the stop.
    let slowly = "SET 'execution.checkpointing.interval' = '1 h';";
    let spec = place.spec("rn_1", 1, &script(&[slowly, ENDLESS, OUT, COPY]));
    let key = spec.key();
    place.runner.start(&spec).unwrap();
    place.wait_for_rows(&key, 10);
    let RunState::Ended(outcome) = place.runner.stop(&key, PATIENCE).unwrap() else {
        panic!("it has not ended");
    };
    assert_eq!(
        outcome.end,
        End::Stopped {
            by: StoppedBy::Request
        }
    );
    assert!(outcome.metrics.rows_out >= 10);
    assert_eq!(place.lines("out").len() as u64, outcome.metrics.rows_out);
}

#[test]
fn a_job_without_end_shows_its_rows_soon() {
    let place = Place::new();
    let spec = place.spec("rn_1", 1, &script(&[ENDLESS, OUT, COPY]));
    place.runner.start(&spec).unwrap();
    wait_for("committed rows", || {
        (!place.lines("out").is_empty()).then_some(())
    });
    let metrics = wait_for("a speed", || {
        let metrics = place.runner.metrics(&spec.key()).unwrap();
        (metrics.rows_in_per_second > 0.0).then_some(metrics)
    });
    assert!(metrics.memory_bytes > 0 && metrics.at_ms > 0);
    assert!(matches!(
        place.runner.forget(&spec.key()),
        Err(RunnerError::Conflict(_))
    ));
}

#[test]
fn a_signal_stops_in_order_too() {
    let place = Place::new();
    let spec = place.spec("rn_1", 1, &script(&[ENDLESS, OUT, COPY]));
    place.runner.start(&spec).unwrap();
    place.wait_for_rows(&spec.key(), 10);
    signal(place.pid(&spec.key()), libc::SIGTERM);
    let outcome = place.outcome(&spec.key());
    assert_eq!(
        outcome.end,
        End::Stopped {
            by: StoppedBy::Signal
        }
    );
    assert_eq!(place.lines("out").len() as u64, outcome.metrics.rows_out);
}

#[test]
fn two_attempts_of_a_deployment_never_run_at_once() {
    let place = Place::new();
    let first = place.spec("rn_1", 1, &script(&[ENDLESS, OUT, COPY]));
    place.runner.start(&first).unwrap();
    place.wait_until_running(&first.key());

    // The second gives up after its wait.
    let mut second = place.spec("rn_2", 2, &script(&[NUMBERS, OUT, COPY]));
    second.lock_wait_ms = 300;
    let state = place.runner.start(&second).unwrap();
    assert!(
        matches!(state, RunState::Starting | RunState::Ended(_)),
        "{state:?}"
    );
    let outcome = place.outcome(&second.key());
    assert_eq!(cause(&outcome.end), FailureCause::Locked);
    assert_eq!(message(&outcome), "another attempt of this deployment still runs");
    assert_eq!(outcome.started_ms, None);
    place.wait_until_running(&first.key());

    // The third waits long enough.
    let third = place.spec("rn_3", 3, &script(&[NUMBERS, OUT, COPY]));
    assert_eq!(place.runner.start(&third).unwrap(), RunState::Starting);
    assert_eq!(place.runner.observe(&third.key()).unwrap(), RunState::Starting);
    place.runner.stop(&first.key(), PATIENCE).unwrap();
    assert_eq!(place.outcome(&third.key()).end, End::Finished);

    // An attempt from before comes too late.
    let late = place.spec("rn_4", 2, &script(&[NUMBERS, OUT, COPY]));
    place.runner.start(&late).unwrap();
    let outcome = place.outcome(&late.key());
    assert_eq!(cause(&outcome.end), FailureCause::Fenced);
    assert!(!cause(&outcome.end).may_pass());

    // Another deployment does not care.
    let mut other = place.spec("rn_5", 1, &script(&[NUMBERS, OUT, COPY]));
    other.deployment_id = "dp_2".to_string();
    place.runner.start(&other).unwrap();
    assert_eq!(place.outcome(&other.key()).end, End::Finished);
}

#[test]
fn a_killed_worker_is_lost_and_frees_its_deployment() {
    let place = Place::new();
    let spec = place.spec("rn_1", 1, &script(&[ENDLESS, OUT, COPY]));
    let key = spec.key();
    place.runner.start(&spec).unwrap();
    place.wait_until_running(&key);
    signal(place.pid(&key), libc::SIGKILL);
    let message = wait_for("the loss", || match place.runner.observe(&key).unwrap() {
        RunState::Lost { message } => Some(message),
        _ => None,
    });
    assert!(message.contains("left no outcome"), "{message}");
    // It is over, and not begun again.
    let again = place.runner.start(&spec).unwrap();
    assert!(matches!(again, RunState::Lost { .. }), "{again:?}");
    let stopped = place.runner.stop(&key, PATIENCE).unwrap();
    assert!(matches!(stopped, RunState::Lost { .. }), "{stopped:?}");
    let next = place.spec("rn_2", 2, &script(&[NUMBERS, OUT, COPY]));
    place.runner.start(&next).unwrap();
    assert_eq!(place.outcome(&next.key()).end, End::Finished);
    place.runner.forget(&key).unwrap();
}

#[test]
fn a_worker_that_hangs_is_unreachable_and_can_be_killed() {
    let place = Place::new();
    let spec = place.spec("rn_1", 1, &script(&[ENDLESS, OUT, COPY]));
    let key = spec.key();
    place.runner.start(&spec).unwrap();
    place.wait_until_running(&key);
    let pid = place.pid(&key);
    signal(pid, libc::SIGSTOP);
    let runner = impatient_server(&place.data(), Duration::from_millis(200));
    let state = runner.observe(&key).unwrap();
    assert!(matches!(state, RunState::Unreachable { .. }), "{state:?}");
    let state = runner.start(&spec).unwrap();
    assert!(
        matches!(state, RunState::Unreachable { .. }),
        "nothing is started in its place: {state:?}"
    );
    assert!(matches!(runner.metrics(&key), Err(RunnerError::Unreachable(_))));
    signal(pid, libc::SIGCONT);
    place.wait_until_running(&key);

    signal(pid, libc::SIGSTOP);
    let state = runner.stop(&key, Duration::from_millis(100)).unwrap();
    let RunState::Ended(outcome) = &state else {
        panic!("{state:?}");
    };
    assert_eq!(outcome.end, End::Stopped { by: StoppedBy::Kill });
    assert_eq!(place.runner.observe(&key).unwrap(), state);
}

#[test]
fn a_process_that_only_has_the_same_id_is_never_killed() {
    let place = Place::new();
    let spec = place.spec("rn_1", 1, &script(&[ENDLESS, OUT, COPY]));
    let key = spec.key();
    place.runner.start(&spec).unwrap();
    place.wait_until_running(&key);
    signal(place.pid(&key), libc::SIGKILL);
    // As if the id had been given to a process that must not die: this one.
    let file = place.run_folder(&key).join("worker.pid");
    let mut worker: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    worker["process"]["pid"] = std::process::id().into();
    fs::write(&file, serde_json::to_vec(&worker).unwrap()).unwrap();
    let state = place.runner.kill(&key).unwrap();
    assert!(matches!(state, RunState::Lost { .. }), "{state:?}");
}

#[test]
fn too_much_memory_fails_the_run_with_its_cause() {
    let place = Place::new();
    let mut spec = place.spec("rn_1", 1, &script(&[ENDLESS, OUT, COPY]));
    spec.memory_bytes_max = Some(1 << 20);
    place.runner.start(&spec).unwrap();
    let outcome = place.outcome(&spec.key());
    assert_eq!(cause(&outcome.end), FailureCause::Memory);
    assert!(
        message(&outcome).ends_with("MiB of memory, more than the 1 MiB it may"),
        "{}",
        message(&outcome)
    );
}

#[test]
fn wrong_text_is_told_with_its_place() {
    let place = Place::new();
    let wrong = "INSERT INTO out_files\n  SELECT idd FROM numbers;";
    let spec = place.spec("rn_1", 1, &script(&[NUMBERS, OUT, wrong]));
    let report = place.runner.check(&spec.program, Purpose::Draft);
    let found = &report.diagnostics[0];
    let span = found.span.unwrap();
    assert_eq!(&spec.program.sql[span.start as usize..span.end as usize], "idd");
    assert_eq!((span.line, span.column), (7, 10));
    assert_eq!(found.hint.as_deref(), Some("did you mean 'id'?"));
    assert_eq!(report.plan, None);
    let kinds: Vec<&str> = report.statements.iter().map(|s| s.kind.as_str()).collect();
    assert_eq!(kinds, ["create_table", "create_table", "insert"]);

    place.runner.start(&spec).unwrap();
    let outcome = place.outcome(&spec.key());
    let End::Failed(failure) = &outcome.end else {
        panic!("{outcome:?}");
    };
    assert_eq!(failure.cause, FailureCause::Invalid);
    assert_eq!(failure.diagnostics, report.diagnostics);
    assert!(
        place.log(&spec.key()).contains("line=7 column=10"),
        "{}",
        place.log(&spec.key())
    );
}

#[test]
fn all_that_is_broken_is_told_but_nothing_that_follows_from_it() {
    let place = Place::new();
    let check = |sql: &str| {
        let report = place.runner.check(&place.program(sql), Purpose::Draft);
        let lines = report
            .diagnostics
            .iter()
            .map(|found| found.span.map_or(0, |span| span.line));
        lines.collect::<Vec<u32>>()
    };
    assert_eq!(
        check("SELEC 1;\nSELECT a FROM nowhere;\nSELECT 1 FORM t;"),
        [1, 3]
    );
    assert_eq!(
        check("SELECT a FROM nowhere;\nSELECT 1;\nSELECT b FROM nowhere;"),
        [1, 3]
    );
    assert_eq!(check("CREATE TABLE t (a INT, a INT);\nSELECT a FROM t;"), [1]);
    assert_eq!(check("SELECT 1;"), [0u32; 0]);
    // Deep nesting is a diagnostic, too.
    let deep = format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(check(&deep), [1]);
}

#[test]
fn a_deployment_must_write_somewhere() {
    let place = Place::new();
    let check = |sql: &str| {
        let report = place.runner.check(&place.program(sql), Purpose::Deployment);
        report.diagnostics.first().map(|found| found.message.clone())
    };
    assert_eq!(
        check("SELECT 1;").as_deref(),
        Some("a deployment has nobody to give the rows of a query to")
    );
    assert_eq!(
        check(NUMBERS).as_deref(),
        Some("the script writes no rows: there is nothing to run")
    );
    assert_eq!(
        check(&script(&[RANDOM, OUT, COPY, COPY])).as_deref(),
        Some("this statement never runs: it waits for statement 3, whose input never ends")
    );
    let draft = place.runner.check(
        &place.program(&script(&[RANDOM, OUT, COPY, COPY])),
        Purpose::Draft,
    );
    assert_eq!(draft.diagnostics[0].severity, Severity::Warning);
    assert!(draft.plan.is_some());
    let set = format!("BEGIN STATEMENT SET; {COPY} {COPY} END;");
    assert_eq!(check(&script(&[RANDOM, OUT, &set])), None);
}

#[test]
fn a_failed_job_says_where_and_why() {
    let place = Place::new();
    fs::write(place.files().join("in.csv"), "1\nx\n").unwrap();
    let read = "CREATE TABLE numbers (id BIGINT) WITH (
      'connector' = 'filesystem', 'path' = '${files}/in.csv', 'format' = 'csv');";
    let spec = place.spec("rn_1", 1, &script(&[read, OUT, COPY]));
    place.runner.start(&spec).unwrap();
    let outcome = place.outcome(&spec.key());
    assert_eq!(cause(&outcome.end), FailureCause::Runtime);
    assert!(
        message(&outcome).contains("in.csv:line 2"),
        "{}",
        message(&outcome)
    );
    assert_eq!(
        place.lines("out").len(),
        0,
        "nothing is committed after a failure"
    );
}

#[test]
fn secrets_are_used_and_never_shown() {
    const VALUE: &str = "s3cr3t-Value!";
    let place = Place::new();
    let printed = "CREATE TABLE printed (id BIGINT) WITH (
      'connector' = 'print', 'print-identifier' = 'id=${secret.word}');
      INSERT INTO printed SELECT id FROM numbers;";
    let mut spec = place.spec("rn_1", 1, &script(&[NUMBERS, printed]));
    spec.program.secrets = secrets(&[("word", VALUE)]);
    place.runner.start(&spec).unwrap();
    let outcome = place.outcome(&spec.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&spec.key()));
    assert!(
        place.log(&spec.key()).contains("id=***> +I[1000]"),
        "{}",
        place.log(&spec.key())
    );

    // Where the value is wrong, the message would show it.
    let broken = "CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '${secret.word}');";
    let mut wrong = place.spec("rn_2", 2, &script(&[broken, OUT, COPY]));
    wrong.program.secrets = spec.program.secrets.clone();
    let report = place.runner.check(&wrong.program, Purpose::Deployment);
    assert!(report.diagnostics[0].message.contains("***"), "{report:?}");
    let span = report.diagnostics[0].span.unwrap();
    assert_eq!(
        &wrong.program.sql[span.start as usize..span.end as usize],
        "'rows-per-second' = '${secret.word}'"
    );
    place.runner.start(&wrong).unwrap();
    let failed = place.outcome(&wrong.key());
    assert!(message(&failed).contains("***"), "{failed:?}");
    let mut missing = place.program(&script(&[broken, OUT, COPY]));
    missing.secrets = secrets(&[("wort", VALUE)]);
    let report = place.runner.check(&missing, Purpose::Deployment);
    assert_eq!(report.diagnostics[0].message, "secret 'word' not found");

    // A run that goes on shows it nowhere either.
    let mut running = place.spec("rn_3", 3, &script(&[ENDLESS, printed]));
    running.program.secrets = spec.program.secrets.clone();
    place.runner.start(&running).unwrap();
    place.wait_for_rows(&running.key(), 1);
    for file in ["cmdline", "environ"] {
        let text = fs::read(format!("/proc/{}/{file}", place.pid(&running.key()))).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains(VALUE), "{file}");
    }
    place.runner.stop(&running.key(), PATIENCE).unwrap();
    for shown in [
        format!("{report:?}"),
        format!("{outcome:?}{failed:?}"),
        format!("{spec:?}"),
    ] {
        assert!(!shown.contains(VALUE), "{shown}");
    }
    for run in ["rn_1", "rn_2", "rn_3"] {
        for entry in fs::read_dir(place.data().join("runs").join(run)).unwrap() {
            let path = entry.unwrap().path();
            // A socket cannot be read.
            if let Ok(bytes) = fs::read(&path) {
                assert!(
                    !String::from_utf8_lossy(&bytes).contains(VALUE),
                    "{}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn files_outside_of_the_roots_are_refused() {
    let place = Place::new();
    fs::create_dir(place.outside()).unwrap();
    fs::write(place.outside().join("a.csv"), "7\n").unwrap();
    let outside = place.outside().to_str().unwrap().to_string();
    let read = |path: &str| {
        place.program(&script(&[
            &format!(
                "CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'csv');"
            ),
            OUT,
            COPY,
        ]))
    };
    let refused = |path: &str| {
        let report = place.runner.check(&read(path), Purpose::Deployment);
        let found = report
            .diagnostics
            .first()
            .unwrap_or_else(|| panic!("{path} was not refused"));
        assert!(
            found
                .message
                .contains("lies outside of the folders that tables may use"),
            "{path}: {}",
            found.message
        );
    };
    std::os::unix::fs::symlink(place.outside(), place.files().join("link")).unwrap();
    let files = place.files().to_str().unwrap().to_string();
    refused(&outside);
    refused(&format!("file://{outside}/a.csv"));
    refused(&format!("{files}/../outside/a.csv"));
    refused("../outside/a.csv");
    refused(&format!("{files}/link/a.csv"));
    refused(&format!("{files}/link/*.csv"));
    refused("/etc/passwd");
    refused("/");
    // Written files are kept inside as well.
    let write = OUT.replace("${files}/out", "${files}/link/out");
    let report = place.runner.check(
        &place.program(&script(&[NUMBERS, &write, COPY])),
        Purpose::Deployment,
    );
    assert!(
        report.diagnostics[0].message.contains("lies outside"),
        "{report:?}"
    );
    // Without any root nothing may be touched.
    let mut nowhere = read(&format!("{files}/a.csv"));
    nowhere.files.allowed.clear();
    let report = place.runner.check(&nowhere, Purpose::Deployment);
    assert!(
        report.diagnostics[0].message.contains("lies outside"),
        "{report:?}"
    );

    // A link among files that are read is found when they are listed, in the worker.
    fs::create_dir(place.files().join("mixed")).unwrap();
    fs::write(place.files().join("mixed/b.csv"), "8\n").unwrap();
    std::os::unix::fs::symlink(place.outside().join("a.csv"), place.files().join("mixed/a.csv")).unwrap();
    let mut spec = place.spec("rn_1", 1, "");
    spec.program = read(&format!("{files}/mixed"));
    place.runner.start(&spec).unwrap();
    let outcome = place.outcome(&spec.key());
    assert!(message(&outcome).contains("lies outside"), "{outcome:?}");
    assert_eq!(place.lines("out").len(), 0);

    // Relative paths lie below the first root.
    fs::remove_file(place.files().join("mixed/a.csv")).unwrap();
    let mut spec = place.spec("rn_2", 2, "");
    spec.program = read("mixed");
    place.runner.start(&spec).unwrap();
    assert_eq!(place.outcome(&spec.key()).end, End::Finished);
    assert_eq!(place.lines("out"), ["8"]);
}

#[test]
fn the_servers_own_files_are_out_of_reach_even_below_a_root() {
    let place = Place::new();
    fs::write(place.data().join("oceanus.db"), "x\n").unwrap();
    let check = |path: &str| {
        let mut program = place.program(&format!(
            "CREATE TABLE t (a STRING) WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'raw'); SELECT * FROM t;"
        ));
        program.files.allowed = vec![place.data()];
        let report = place.runner.check(&program, Purpose::Draft);
        report.diagnostics.first().map(|found| found.message.clone())
    };
    assert_eq!(check("mine"), None);
    for path in [
        "oceanus.db",
        "oceanus.db-wal",
        "runs/rn_1/spec.json",
        "deployments",
    ] {
        let message = check(path).unwrap_or_else(|| panic!("{path} was not refused"));
        assert!(message.contains("lies outside"), "{message}");
    }
}

#[test]
fn ids_that_lead_out_of_the_data_folder_are_refused() {
    let place = Place::new();
    for id in ["../x", "a/b", "", "."] {
        let spec = place.spec(id, 1, COPY);
        assert!(
            matches!(place.runner.start(&spec), Err(RunnerError::Invalid(_))),
            "{id:?}"
        );
        assert!(
            matches!(place.runner.logs(id, 0, 10), Err(RunnerError::Invalid(_))),
            "{id:?}"
        );
        let mut spec = place.spec("rn_1", 1, COPY);
        spec.deployment_id = id.to_string();
        assert!(
            matches!(place.runner.start(&spec), Err(RunnerError::Invalid(_))),
            "{id:?}"
        );
    }
    assert_eq!(place.runner.runs().unwrap(), []);
}

#[test]
fn a_worker_that_cannot_begin_says_why() {
    let place = Place::new();
    let mut options = embedded::EmbeddedOptions::new(&place.data()).unwrap();
    options.program = "/bin/false".into();
    let broken = embedded::EmbeddedRunner::new(options).unwrap();
    let fault = broken.start(&place.spec("rn_1", 1, COPY)).unwrap_err();
    assert!(fault.to_string().contains("could not begin"), "{fault}");
    // Nothing was lost: the same run may be started again.
    let spec = place.spec("rn_1", 1, COPY);
    assert_eq!(place.runner.observe(&spec.key()).unwrap(), RunState::Absent);
}

#[test]
fn a_folder_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let spec = place.spec("rn_1", 1, &script(&[ENDLESS, OUT, COPY]));
    place.runner.start(&spec).unwrap();
    place.wait_until_running(&spec.key());
    let folder = place.run_folder(&spec.key());
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for name in ["spec.json", "worker.sock", "worker.pid", "log"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
    let environment = fs::read(format!("/proc/{}/environ", place.pid(&spec.key()))).unwrap();
    let environment = String::from_utf8_lossy(&environment);
    assert!(
        !environment.contains("HOME=") && !environment.contains("CARGO"),
        "{environment}"
    );
}

fn cause(end: &End) -> FailureCause {
    match end {
        End::Failed(failure) => failure.cause,
        end => panic!("the run has not failed: {end:?}"),
    }
}

fn signal(pid: i32, signal: i32) {
    // SAFETY: sends a signal to a worker of this test.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
}

#[test]
fn a_program_that_is_too_long_is_refused_before_anything_is_made() {
    let place = Place::new();
    let mut spec = place.spec("rn_1", 1, COPY);
    spec.program.sql = "-".repeat(runner::PROGRAM_BYTES_MAX + 1);
    assert!(matches!(place.runner.start(&spec), Err(RunnerError::Invalid(_))));
    assert!(place.runner.check(&spec.program, Purpose::Draft).has_errors());
    assert_eq!(place.runner.runs().unwrap(), []);
    // Just short enough, and each character takes six.
    spec.program.sql = format!("--{}\n{COPY}", "\u{1}".repeat(runner::PROGRAM_BYTES_MAX - 100));
    place.runner.start(&spec).unwrap();
    let outcome = place.outcome(&spec.key());
    assert!(message(&outcome).contains("out_files"), "{}", message(&outcome));
}

#[test]
fn a_log_is_read_on_from_where_reading_stopped() {
    let place = Place::new();
    let printed = "CREATE TABLE printed (id BIGINT) WITH ('connector' = 'print');
      INSERT INTO printed SELECT id FROM numbers;";
    let spec = place.spec("rn_1", 1, &script(&[NUMBERS, printed]));
    place.runner.start(&spec).unwrap();
    place.outcome(&spec.key());
    let whole = place.runner.logs("rn_1", 0, 1 << 20).unwrap();
    assert!(whole.lines[0].contains("the run begins"), "{}", whole.lines[0]);
    assert!(whole.lines.contains(&"+I[1000]".to_string()));
    let (mut lines, mut next) = (Vec::new(), 0);
    loop {
        let page = place.runner.logs("rn_1", next, 300).unwrap();
        assert!(!page.skipped);
        next = page.next;
        if page.lines.is_empty() {
            break;
        }
        lines.extend(page.lines);
    }
    assert_eq!((lines, next), (whole.lines, whole.next));
}
