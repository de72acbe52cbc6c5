//! Processes of the cluster that die, and what is true then.

use runner::{End, RunState};

use crate::cluster::Cluster;
use crate::support::{Place, rows_below};

const NUMBERS: u64 = 6000;

fn counting(place: &Place, rate: u32) -> String {
    format!(
        "SET 'execution.checkpointing.interval' = '500 ms';
         SET 'restart-strategy.type' = 'fixed-delay';
         SET 'restart-strategy.fixed-delay.attempts' = '1000';
         SET 'restart-strategy.fixed-delay.delay' = '200 ms';
         CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '{rate}',
           'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '{NUMBERS}');
         CREATE TABLE written (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'csv');
         INSERT INTO written SELECT n FROM numbers",
        place.path("out")
    )
}

#[test]
fn a_job_outlives_its_task_manager_and_is_lost_with_a_job_manager_that_forgets_it() {
    let mut cluster = Cluster::start();
    let place = Place::at(&cluster.address, &cluster.storage());
    let spec = place.spec("outage", 1, &counting(&place, 50), 1);
    place.runner.start(&spec).unwrap();
    place.running(&spec.key());
    let completed = || {
        // Who looks at the run learns of its checkpoints.
        place.runner.observe(&spec.key()).unwrap();
        let checkpoints = place.runner.checkpoints("outage").unwrap();
        checkpoints.first().map_or(0, |newest| newest.number)
    };
    place.until("there is a checkpoint", || completed() > 0);

    cluster.tell("kill taskmanager");
    place.until("its slots are gone", || {
        place.runner.state().is_ok_and(|state| state.slots_total == 0)
    });
    cluster.tell("start taskmanager");
    let before = completed();
    place.until("there are new checkpoints", || completed() > before + 1);
    // It is the same run all the while.
    assert!(matches!(
        place.runner.observe(&spec.key()).unwrap(),
        RunState::Running { .. }
    ));

    cluster.tell("kill jobmanager");
    place.reach(&spec.key(), |state| matches!(state, RunState::Unreachable { .. }));
    // As long as nothing is known nothing else is started.
    let next = place.spec("outage", 2, &counting(&place, 1_000_000), 1);
    assert!(matches!(
        place.runner.start(&next).unwrap(),
        RunState::Unreachable { .. }
    ));
    cluster.tell("start jobmanager");
    let lost = place.reach(&spec.key(), RunState::is_over);
    assert!(matches!(lost, RunState::Lost { .. }), "{lost:?}");
    place.until("there are slots", || {
        place.runner.state().is_ok_and(|state| state.slots_available == 4)
    });
    place.runner.start(&next).unwrap();
    assert_eq!(place.ended(&next.key()).end, End::Finished);
    let mut numbers: Vec<u64> = rows_below(&place.folder.path().join("out"))
        .iter()
        .map(|row| row.parse().unwrap())
        .collect();
    numbers.sort_unstable();
    let expected: Vec<u64> = (1..=NUMBERS).collect();
    assert_eq!(numbers, expected, "rows are lost, or come twice");
}
