//! What goes wrong, and how that is told.

use runner::{End, FailureCause, RunState, RunnerError, StoppedBy};

use crate::support::{Place, stopped};

#[test]
fn what_flink_refuses_is_told_at_its_place_in_the_script() {
    let place = Place::new();
    let sql = "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');\n\nINSERT INTO t\nSELECT b\nFROM (VALUES (1)) AS v (a)";
    let refused = place.runner.start(&place.spec("wrong", 1, sql, 1));
    let Err(RunnerError::Invalid(fault)) = refused else {
        panic!("{refused:?}");
    };
    let span = fault.span.unwrap();
    assert_eq!(
        (span.line, span.column, span.end_column),
        (4, 8, 9),
        "{}",
        fault.message
    );
    assert!(
        fault.message.contains("Column 'b' not found"),
        "{}",
        fault.message
    );
}

#[test]
fn state_that_has_no_place_in_the_program_is_told_as_such() {
    let place = Place::new();
    let job = |expression: &str| {
        format!(
            "CREATE TABLE n (id INT) WITH ('connector' = 'datagen', 'rows-per-second' = '10');
             CREATE TABLE t (a INT, c BIGINT) WITH ('connector' = 'blackhole');
             INSERT INTO t SELECT {expression} FROM n"
        )
    };
    let spec = place.spec(
        "changed",
        1,
        &job("id % 10, COUNT(*) OVER (PARTITION BY id % 10 ORDER BY PROCTIME())"),
        1,
    );
    place.runner.start(&spec).unwrap();
    place.running(&spec.key());
    place.runner.request_stop(&spec.key()).unwrap();
    place.ended(&spec.key());
    let next = place.spec("changed", 2, &job("id, 1"), 1);
    place.runner.start(&next).unwrap();
    let End::Failed(failure) = place.ended(&next.key()).end else {
        panic!("it must fail");
    };
    assert_eq!(failure.cause, FailureCause::State);
    let message = &failure.diagnostics[0].message;
    assert!(
        message.contains("Cannot map checkpoint/savepoint state"),
        "{message}"
    );
    // That is asked for with open eyes.
    let mut third = place.spec("changed", 3, &job("id, 1"), 1);
    third.drops_state = true;
    place.runner.start(&third).unwrap();
    place.running(&third.key());
    place.runner.kill(&third.key()).unwrap();
}

#[test]
fn views_that_a_cluster_cannot_have_are_in_nobodys_way_who_does_not_need_them() {
    let place = Place::new();
    let catalog = "CREATE TABLE ours (a INT) WITH ('connector' = 'nexmark');
        CREATE VIEW v AS SELECT a FROM ours;
        CREATE TABLE t (a INT) WITH ('connector' = 'blackhole')";
    let start = |deployment: &str, sql: &str| {
        let mut spec = place.spec(deployment, 1, sql, 1);
        spec.program.catalog_ddl = catalog.to_string();
        place.runner.start(&spec).map(|_| place.ended(&spec.key()).end)
    };
    assert_eq!(
        start("without", "INSERT INTO t VALUES (1)").unwrap(),
        End::Finished
    );
    let Err(RunnerError::Invalid(fault)) = start("with", "INSERT INTO t SELECT a FROM v") else {
        panic!("there is no such view");
    };
    assert!(
        fault.message.contains("Object 'v' not found") && fault.message.contains("identifier 'nexmark'"),
        "{}",
        fault.message
    );
}

#[test]
fn a_job_that_fails_says_why() {
    let place = Place::new();
    let sql = "SET 'restart-strategy.type' = 'none';
        CREATE TABLE n (id INT) WITH ('connector' = 'datagen', 'fields.id.kind' = 'sequence',
          'fields.id.start' = '1', 'fields.id.end' = '100');
        CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');
        INSERT INTO t SELECT CAST(SUBSTRING('x' FROM id) AS INT) FROM n";
    let spec = place.spec("failing", 1, sql, 1);
    place.runner.start(&spec).unwrap();
    let End::Failed(failure) = place.ended(&spec.key()).end else {
        panic!("it must fail");
    };
    assert_eq!(failure.cause, FailureCause::Runtime);
    let message = &failure.diagnostics[0].message;
    assert!(message.contains("NumberFormatException"), "{message}");
    let log = place.runner.logs(&spec.run_id, 0, 1 << 20).unwrap();
    assert!(
        log.lines
            .iter()
            .any(|line| line.contains("NumberFormatException")),
        "{log:?}"
    );
    let rest = place.runner.logs(&spec.run_id, log.next, 1 << 20).unwrap();
    assert_eq!((rest.lines.len(), rest.next), (0, log.next));
}

#[test]
fn a_job_that_is_cancelled_behind_our_back_is_seen_to_be() {
    let place = Place::new();
    let sql = "CREATE TABLE n (id INT) WITH ('connector' = 'datagen', 'rows-per-second' = '10');
        CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');
        INSERT INTO t SELECT id FROM n";
    let spec = place.spec("cancelled", 1, sql, 1);
    place.runner.start(&spec).unwrap();
    place.running(&spec.key());
    cancel_at_the_cluster("cancelled");
    assert_eq!(stopped(&place.ended(&spec.key())), StoppedBy::Signal);
}

#[test]
fn a_cluster_that_does_not_answer_is_unreachable_and_nothing_follows_from_it() {
    // Nobody listens on this port.
    let place = Place::at("http://127.0.0.1:9", "file:///tmp/nowhere");
    let sql = "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole'); INSERT INTO t SELECT 1";
    let spec = place.spec("nowhere", 1, sql, 1);
    assert!(matches!(
        place.runner.start(&spec),
        Ok(RunState::Unreachable { .. })
    ));
    assert!(matches!(
        place.runner.observe(&spec.key()),
        Ok(RunState::Unreachable { .. })
    ));
    assert!(matches!(
        place.runner.kill(&spec.key()),
        Err(RunnerError::Unreachable(_))
    ));
    assert!(matches!(place.runner.state(), Err(RunnerError::Unreachable(_))));
}

/// Cancels the job of a deployment as Flink's own page does.
fn cancel_at_the_cluster(deployment: &str) {
    let address = &crate::cluster::Cluster::shared().address;
    let jobs: serde_json::Value = ureq::get(format!("{address}/jobs/overview"))
        .call()
        .unwrap()
        .body_mut()
        .read_json()
        .unwrap();
    let job = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|job| job["name"].as_str().unwrap().starts_with(deployment))
        .unwrap();
    let id = job["jid"].as_str().unwrap();
    ureq::patch(format!("{address}/jobs/{id}?mode=cancel"))
        .send_empty()
        .unwrap();
}
