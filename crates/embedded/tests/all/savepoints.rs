//! Savepoints: taken while a job runs or as it stops, and gone on from later, by whomever.

use std::collections::BTreeMap;
use std::fs;

use runner::{
    End, Restore, RunKey, RunSpec, Runner, SavepointKey, SavepointOrigin, SavepointState, SavepointTime,
};

use crate::recovery::{COUNTS, ROWS, attempt, check_counts};
use crate::support::{PATIENCE, Place, message, wait_for};

/// Checkpoints say what has changed; a savepoint says all.
fn counts() -> String {
    format!("SET 'execution.checkpointing.incremental' = 'true'; {COUNTS}")
}

fn named(id: &str) -> SavepointKey {
    SavepointKey {
        deployment_id: "dp_1".to_string(),
        savepoint_id: id.to_string(),
    }
}

/// Asks until it is no longer pending.
fn settled(place: &Place, run: &RunKey, id: &str, time: SavepointTime) -> SavepointState {
    wait_for("the savepoint", || {
        match place.runner.savepoint(run, &named(id), time).unwrap() {
            SavepointState::Pending {} => None,
            state => Some(state),
        }
    })
}

fn done(state: SavepointState) -> SavepointOrigin {
    match state {
        SavepointState::Done(origin) => origin,
        state => panic!("{state:?}"),
    }
}

fn from_savepoint(place: &Place, number: u64, id: &str) -> RunSpec {
    RunSpec {
        restore: Restore::Savepoint {
            savepoint: named(id),
            since_epoch: number,
        },
        ..attempt(place, number, &counts())
    }
}

/// How often each id was written.
fn times(place: &Place) -> BTreeMap<u64, usize> {
    let mut times = BTreeMap::new();
    for line in place.lines("ids") {
        *times.entry(line.parse().unwrap()).or_default() += 1;
    }
    times
}

#[test]
fn a_job_goes_on_behind_a_savepoint_and_another_begins_from_it() {
    let place = Place::new();
    let first = RunSpec {
        // So that the ids are read in order.
        parallelism: Some(1),
        ..attempt(&place, 1, &counts())
    };
    place.runner.start(&first).unwrap();
    place.wait_for_rows(&first.key(), 5_000);
    let origin = done(settled(&place, &first.key(), "sp_1", SavepointTime::Now));
    assert_eq!((origin.run_id.as_str(), origin.epoch), ("rn_1", 1));
    assert_eq!(origin.parallelism, first.parallelism.unwrap() as usize);
    assert!(origin.bytes > 0);
    // Whoever asks again is told the same.
    let again = settled(&place, &first.key(), "sp_1", SavepointTime::Now);
    assert_eq!(done(again), origin);
    let rows = place.runner.metrics(&first.key()).unwrap().rows_out;
    place.wait_for_rows(&first.key(), rows + 5_000);
    place.runner.stop(&first.key(), PATIENCE).unwrap();
    let written = place.lines("ids").len() as u64;

    // Killed before its first checkpoint or behind it, it goes on from what it has.
    let second = from_savepoint(&place, 2, "sp_1");
    place.runner.start(&second).unwrap();
    wait_for("the savepoint to be gone on from", || {
        let metrics = place.runner.metrics(&second.key()).ok()?;
        (metrics.checkpoints.restored_savepoint.as_deref() == Some("sp_1")).then_some(())
    });
    place.runner.kill(&second.key()).unwrap();
    let third = RunSpec {
        restore: second.restore.clone(),
        ..attempt(&place, 3, &counts())
    };
    place.runner.start(&third).unwrap();
    let outcome = place.outcome(&third.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&third.key()));
    let times = times(&place);
    assert!(times.keys().copied().eq(0..ROWS), "{} ids", times.len());
    // What came between the savepoint and the stop is there twice, and it is one piece.
    let twice: Vec<u64> = times
        .iter()
        .filter(|(_, n)| **n == 2)
        .map(|(id, _)| *id)
        .collect();
    assert!(times.values().all(|&n| n <= 2));
    assert!(
        twice[0] > 0 && twice.iter().copied().eq(twice[0]..written),
        "{} to {written}",
        twice[0]
    );
    assert_eq!(place.runner.find_savepoint(&named("sp_1")).unwrap(), Some(origin));
}

#[test]
fn a_job_that_stops_with_a_savepoint_loses_and_repeats_nothing() {
    let place = Place::new();
    let first = attempt(&place, 1, &counts());
    place.runner.start(&first).unwrap();
    place.wait_for_rows(&first.key(), 5_000);
    let state = place
        .runner
        .savepoint(&first.key(), &named("sp_1"), SavepointTime::AtStop)
        .unwrap();
    assert_eq!(state, SavepointState::Pending {});
    let rows = place.runner.metrics(&first.key()).unwrap().rows_out;
    place.wait_for_rows(&first.key(), rows + 3_000);
    assert_eq!(place.runner.find_savepoint(&named("sp_1")).unwrap(), None);
    place.runner.stop(&first.key(), PATIENCE).unwrap();
    done(settled(&place, &first.key(), "sp_1", SavepointTime::AtStop));
    // It needs nothing of the deployment it was taken of but itself.
    place.runner.forget_checkpoints("dp_1").unwrap();
    let second = RunSpec {
        deployment_id: "dp_2".to_string(),
        ..from_savepoint(&place, 2, "sp_1")
    };
    place.runner.start(&second).unwrap();
    let outcome = place.outcome(&second.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&second.key()));
    check_counts(&place, "from a savepoint of another deployment");
}

#[test]
fn a_savepoint_that_a_death_came_before_is_taken_by_the_next_run_once() {
    let place = Place::new();
    let first = attempt(&place, 1, &counts());
    place.runner.start(&first).unwrap();
    // Before it can be taken, mostly: the job may just begin.
    place
        .runner
        .savepoint(&first.key(), &named("sp_1"), SavepointTime::Now)
        .unwrap();
    place.runner.kill(&first.key()).unwrap();
    let before = place
        .runner
        .savepoint(&first.key(), &named("sp_1"), SavepointTime::Now)
        .unwrap();
    let second = attempt(&place, 2, &counts());
    place.runner.start(&second).unwrap();
    let after = done(settled(&place, &second.key(), "sp_1", SavepointTime::Now));
    match before {
        SavepointState::Done(origin) => assert_eq!(origin, after),
        SavepointState::NotTaken {} => assert_eq!(after.run_id, "rn_2"),
        state => panic!("{state:?}"),
    }
    assert_eq!(place.runner.savepoints().unwrap(), [named("sp_1")]);
    place.runner.forget_savepoint(&named("sp_1")).unwrap();
    place.runner.forget_savepoint(&named("sp_1")).unwrap();
    assert!(place.runner.savepoints().unwrap().is_empty());
}

#[test]
fn a_savepoint_that_cannot_be_written_fails_and_the_job_goes_on() {
    let place = Place::new();
    let first = attempt(&place, 1, &counts());
    place.runner.start(&first).unwrap();
    place.wait_until_running(&first.key());
    fs::remove_dir_all(place.data().join("savepoints/dp_1")).unwrap();
    let state = settled(&place, &first.key(), "sp_1", SavepointTime::Now);
    let SavepointState::Failed { message } = state else {
        panic!("{state:?}");
    };
    assert!(message.starts_with("write '"), "{message}");
    let outcome = place.outcome(&first.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&first.key()));
    assert_eq!(outcome.failed_savepoints["sp_1"], message);
    check_counts(&place, "a failed savepoint");
    // It is known behind the end, too; one that nobody has tried is not taken any more.
    let state = settled(&place, &first.key(), "sp_1", SavepointTime::Now);
    assert_eq!(state, SavepointState::Failed { message });
    let state = settled(&place, &first.key(), "sp_2", SavepointTime::Now);
    assert_eq!(state, SavepointState::NotTaken {});
}

#[test]
fn a_savepoint_that_is_gone_or_damaged_fails_the_run_for_good() {
    let place = Place::new();
    let first = from_savepoint(&place, 1, "sp_1");
    place.runner.start(&first).unwrap();
    assert_eq!(
        message(&place.outcome(&first.key())),
        "savepoint sp_1 is not there any more"
    );
    fs::write(place.data().join("savepoints/dp_1/sp_1"), "no savepoint").unwrap();
    let second = from_savepoint(&place, 2, "sp_1");
    place.runner.start(&second).unwrap();
    assert_eq!(
        message(&place.outcome(&second.key())),
        "savepoint sp_1 cannot be read: the snapshot is damaged: it is no snapshot"
    );
}
