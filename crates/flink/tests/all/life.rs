//! Started, watched, stopped, gone on with.

use runner::{End, Restore, RunState, SavepointKey, SavepointState, SavepointTime, StoppedBy};

use crate::cluster::Cluster;
use crate::support::{Place, open, rows_below, stopped};

/// How many numbers there are: a minute of them, where 200 come a second.
const NUMBERS: u64 = 12_000;

/// Numbers in order, so many a second.
fn counting(place: &Place, rate: u32) -> String {
    format!(
        "SET 'execution.checkpointing.interval' = '500 ms';
         CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '{rate}',
           'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '{NUMBERS}');
         CREATE TABLE written (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'csv');
         INSERT INTO written SELECT n FROM numbers",
        place.path("out")
    )
}

#[test]
fn a_bounded_job_runs_to_its_end_and_its_counts_stay() {
    let place = Place::new();
    std::fs::create_dir(place.folder.path().join("in")).unwrap();
    std::fs::write(place.folder.path().join("in/a.csv"), "1,one\n2,two\n3,three\n").unwrap();
    let sql = format!(
        "CREATE TABLE numbers (id INT, name STRING) WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'csv');
         CREATE TABLE copied (id INT, name STRING) WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'csv');
         INSERT INTO copied SELECT id, UPPER(name) FROM numbers WHERE id > 1",
        place.path("in"),
        place.path("out")
    );
    let spec = place.spec("bounded", 1, &sql, 1);
    let report = place.runner.check(&spec.program, runner::Purpose::Deployment);
    assert!(!report.has_errors(), "{:?}", report.diagnostics);
    place.runner.start(&spec).unwrap();
    let outcome = place.ended(&spec.key());
    assert_eq!(outcome.end, End::Finished);
    assert_eq!(rows_below(&place.folder.path().join("out")), ["2,TWO", "3,THREE"]);
    // It is not run again, by whoever asks, and what was counted can still be told.
    assert_eq!(
        place.runner.start(&spec).unwrap(),
        RunState::Ended(outcome.clone())
    );
    let cluster = Cluster::shared();
    let another = open(place.folder.path(), &cluster.address, &cluster.storage());
    assert_eq!(another.observe(&spec.key()).unwrap(), RunState::Ended(outcome));
    assert_eq!(rows_below(&place.folder.path().join("out")).len(), 2);
}

#[test]
fn a_job_goes_on_where_it_stopped_at_another_parallelism_and_loses_nothing() {
    let place = Place::new();
    let sql = counting(&place, 200);
    let spec = place.spec("going-on", 1, &sql, 1);
    place.runner.start(&spec).unwrap();
    place.running(&spec.key());
    place.until("rows are counted", || {
        place.runner.metrics(&spec.key()).unwrap().rows_in > 100
    });
    place.until("there are checkpoints", || {
        place.runner.observe(&spec.key()).unwrap();
        !place.runner.checkpoints("going-on").unwrap().is_empty()
    });
    // Whoever asks again finds the same job.
    assert!(matches!(
        place.runner.start(&spec).unwrap(),
        RunState::Running { .. }
    ));

    place.runner.request_stop(&spec.key()).unwrap();
    assert_eq!(stopped(&place.ended(&spec.key())), StoppedBy::Request);
    let left = place.runner.checkpoints("going-on").unwrap();
    assert!(left[0].origin.as_ref().unwrap().is_last, "{left:?}");

    let wider = place.spec("going-on", 2, &sql, 2);
    place.runner.start(&wider).unwrap();
    place.running(&wider.key());
    let metrics = place.runner.metrics(&wider.key()).unwrap();
    assert!(metrics.checkpoints.restored.is_some(), "{metrics:?}");
    place.until("it has a checkpoint of its own", || {
        place.runner.observe(&wider.key()).unwrap();
        let checkpoints = place.runner.checkpoints("going-on").unwrap();
        let origins = checkpoints
            .iter()
            .filter_map(|checkpoint| checkpoint.origin.as_ref());
        origins.filter(|origin| origin.epoch == 2).count() > 0
    });
    // What it went on from is not needed any more.
    let checkpoints = place.runner.checkpoints("going-on").unwrap();
    assert!(
        checkpoints
            .iter()
            .all(|checkpoint| checkpoint.origin.as_ref().unwrap().epoch == 2),
        "{checkpoints:?}"
    );
    // Ended by force it is gone on with from a checkpoint.
    let killed = place.runner.kill(&wider.key()).unwrap();
    assert!(matches!(killed, RunState::Ended(_)), "{killed:?}");
    let third = place.spec("going-on", 3, &counting(&place, 1_000_000), 1);
    place.runner.start(&third).unwrap();
    assert_eq!(place.ended(&third.key()).end, End::Finished);
    let mut numbers: Vec<u64> = rows_below(&place.folder.path().join("out"))
        .iter()
        .map(|row| row.parse().unwrap())
        .collect();
    numbers.sort_unstable();
    let expected: Vec<u64> = (1..=NUMBERS).collect();
    assert_eq!(numbers, expected, "rows are lost, or come twice");
    place.runner.forget_checkpoints("going-on").unwrap();
    assert!(place.runner.checkpoints("going-on").unwrap().is_empty());
}

#[test]
fn a_savepoint_is_taken_once_and_stays_when_another_deployment_begins_from_it() {
    let place = Place::new();
    let sql = counting(&place, 200);
    let spec = place.spec("saved", 1, &sql, 1);
    place.runner.start(&spec).unwrap();
    place.running(&spec.key());
    let key = SavepointKey {
        deployment_id: "saved".to_string(),
        savepoint_id: "sp-1".to_string(),
    };
    let take = || {
        place
            .runner
            .savepoint(&spec.key(), &key, SavepointTime::Now)
            .unwrap()
    };
    place.until("it is taken", || matches!(take(), SavepointState::Done(_)));
    let SavepointState::Done(origin) = take() else {
        panic!("it was done");
    };
    assert_eq!((origin.epoch, origin.parallelism), (1, 1));
    assert!(origin.bytes > 0);
    let at_stop = SavepointKey {
        deployment_id: "saved".to_string(),
        savepoint_id: "sp-2".to_string(),
    };
    place
        .runner
        .savepoint(&spec.key(), &at_stop, SavepointTime::AtStop)
        .unwrap();
    place.runner.request_stop(&spec.key()).unwrap();
    place.ended(&spec.key());
    assert!(place.runner.find_savepoint(&at_stop).unwrap().is_some());
    assert_eq!(place.runner.savepoints().unwrap(), [key.clone(), at_stop.clone()]);

    let mut other = place.spec("other", 1, &sql, 2);
    other.restore = Restore::Savepoint {
        savepoint: at_stop.clone(),
        since_epoch: 1,
    };
    place.runner.start(&other).unwrap();
    place.running(&other.key());
    let metrics = place.runner.metrics(&other.key()).unwrap();
    assert!(metrics.checkpoints.restored.is_some(), "{metrics:?}");
    place.runner.kill(&other.key()).unwrap();
    for savepoint in [key, at_stop] {
        place.runner.forget_savepoint(&savepoint).unwrap();
        assert_eq!(place.runner.find_savepoint(&savepoint).unwrap(), None);
    }
}
