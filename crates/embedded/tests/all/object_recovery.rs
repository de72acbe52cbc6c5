//! Jobs whose checkpoints and savepoints lie in an object store.

use std::fs;
use std::path::Path;

use runner::{
    End, Restore, RunKey, RunSpec, RunState, Runner, SavepointKey, SavepointState, SavepointTime,
    SnapshotLocation,
};

use crate::object_store::{ACCESS_KEY, Fault, ObjectStore, SECRET_KEY};
use crate::recovery::{COUNTS, attempt, check_counts, die};
use crate::support::{PATIENCE, Place, message, wait_for};

const LONG_ROWS: u64 = 15_000;

/// All rows are state, and no checkpoint leaves any out: at the end they have some 20 MB.
const LONG: &str = "SET 'execution.checkpointing.interval' = '300 ms';
    SET 'execution.checkpointing.incremental' = 'false';
    CREATE TABLE words (id BIGINT, word STRING) WITH (
      'connector' = 'datagen', 'rows-per-second' = '5000', 'number-of-rows' = '15000',
      'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '14999',
      'fields.word.length' = '1500');
    CREATE TABLE lengths (id BIGINT, length INT) WITH (
      'connector' = 'filesystem', 'path' = '${files}/lengths', 'format' = 'csv');
    INSERT INTO lengths SELECT a.id, CHAR_LENGTH(a.word) FROM words a JOIN words b ON a.id = b.id;";

fn place_in(store: &ObjectStore) -> Place {
    Place::keeping_in(SnapshotLocation::S3(Box::new(store.location("state/one"))))
}

fn wait_for_checkpoints(place: &Place, key: &RunKey, count: u64) {
    wait_for("checkpoints", || {
        let metrics = place.runner.metrics(key).ok()?;
        (metrics.checkpoints.completed >= count).then_some(())
    });
}

fn named(id: &str) -> SavepointKey {
    SavepointKey {
        deployment_id: "dp_1".to_string(),
        savepoint_id: id.to_string(),
    }
}

/// Files below a folder that have a text in them, with a bound on what is read.
fn files_with(folder: &Path, text: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files_with(&entry.path(), text, found);
        } else if kind.is_file() {
            let bytes = fs::read(entry.path()).unwrap();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(entry.path().display().to_string());
            }
        }
    }
}

#[test]
fn a_job_that_is_killed_goes_on_from_the_object_store() {
    let store = ObjectStore::new();
    let place = place_in(&store);
    place.runner.probe_snapshots().unwrap();
    for number in 1..=2 {
        let run = attempt(&place, number, COUNTS);
        place.runner.start(&run).unwrap();
        wait_for_checkpoints(&place, &run.key(), 1);
        let text = fs::read(format!("/proc/{}/cmdline", place.pid(&run.key()))).unwrap();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains(SECRET_KEY) && !text.contains(ACCESS_KEY), "{text}");
        // The job outlasts it.
        for (request, fault) in [
            ("PUT checkpoint-", Fault::Busy),
            ("PUT checkpoint-", Fault::AnswerLost),
            ("DELETE checkpoint-", Fault::AnswerLost),
            ("GET list-type", Fault::Busy),
        ] {
            store.fail(request, fault, 1);
        }
        let metrics = place.runner.metrics(&run.key()).unwrap();
        wait_for("the faults to be met", || (store.unused() == 0).then_some(()));
        wait_for_checkpoints(&place, &run.key(), metrics.checkpoints.completed + 2);
        let metrics = place.runner.metrics(&run.key()).unwrap();
        assert_eq!(metrics.checkpoints.failed, 0);
        let state = place.runner.kill(&run.key()).unwrap();
        assert!(matches!(state, RunState::Ended(_)), "{state:?}");
    }
    let last = attempt(&place, 3, COUNTS);
    place.runner.start(&last).unwrap();
    let outcome = place.outcome(&last.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&last.key()));
    assert!(outcome.metrics.checkpoints.restored.is_some());
    check_counts(&place, "killed twice");

    let listed = place.runner.checkpoints("dp_1").unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].origin.as_ref().unwrap().run_id, "rn_3");
    let keys = store.keys();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(
        keys.iter()
            .all(|key| key.starts_with("state/one/checkpoints/dp_1/checkpoint-")),
        "{keys:?}"
    );
    assert_eq!(place.runner.with_checkpoints().unwrap(), ["dp_1"]);
    assert!(!place.data().join("checkpoints").exists());
    for secret in [SECRET_KEY, ACCESS_KEY, "X-Amz-"] {
        let mut found = Vec::new();
        files_with(&place.data(), secret, &mut found);
        assert!(found.is_empty(), "{secret} is in {found:?}");
    }

    place.runner.forget_checkpoints("dp_1").unwrap();
    place.runner.forget_checkpoints("dp_1").unwrap();
    assert!(store.keys().is_empty());
    assert!(place.runner.checkpoints("dp_1").unwrap().is_empty());
    assert!(place.runner.with_checkpoints().unwrap().is_empty());
}

#[test]
fn a_savepoint_in_the_object_store_is_taken_begun_from_and_deleted() {
    let store = ObjectStore::new();
    let place = place_in(&store);
    let first = attempt(&place, 1, COUNTS);
    place.runner.start(&first).unwrap();
    place.wait_for_rows(&first.key(), 5_000);
    let at_stop = SavepointTime::AtStop;
    let state = place
        .runner
        .savepoint(&first.key(), &named("sp_1"), at_stop)
        .unwrap();
    assert_eq!(state, SavepointState::Pending {});
    place.runner.stop(&first.key(), PATIENCE).unwrap();
    let state = place
        .runner
        .savepoint(&first.key(), &named("sp_1"), at_stop)
        .unwrap();
    let SavepointState::Done(origin) = state else {
        panic!("{state:?}");
    };
    // It needs nothing of the deployment it was taken of but itself.
    place.runner.forget_checkpoints("dp_1").unwrap();
    assert_eq!(store.keys(), ["state/one/savepoints/dp_1/sp_1"]);
    assert_eq!(place.runner.find_savepoint(&named("sp_1")).unwrap(), Some(origin));
    let second = RunSpec {
        deployment_id: "dp_2".to_string(),
        restore: Restore::Savepoint {
            savepoint: named("sp_1"),
            since_epoch: 2,
        },
        ..attempt(&place, 2, COUNTS)
    };
    place.runner.start(&second).unwrap();
    let outcome = place.outcome(&second.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&second.key()));
    check_counts(&place, "from a savepoint of another deployment");

    assert_eq!(place.runner.savepoints().unwrap(), [named("sp_1")]);
    place.runner.forget_savepoint(&named("sp_1")).unwrap();
    place.runner.forget_savepoint(&named("sp_1")).unwrap();
    assert!(place.runner.savepoints().unwrap().is_empty());
    assert_eq!(place.runner.find_savepoint(&named("sp_1")).unwrap(), None);
    let third = RunSpec {
        deployment_id: "dp_3".to_string(),
        restore: second.restore.clone(),
        ..attempt(&place, 3, COUNTS)
    };
    place.runner.start(&third).unwrap();
    assert_eq!(
        message(&place.outcome(&third.key())),
        "savepoint sp_1 is not there any more"
    );
}

#[test]
fn a_death_in_the_middle_of_an_upload_leaves_nothing_behind() {
    let store = ObjectStore::new();
    let place = place_in(&store);
    die(&place, 1, LONG, 1, "storage: an upload is begun");
    assert_eq!(store.uploads().len(), 1);
    die(&place, 2, LONG, 2, "storage: a part is uploaded");
    // What the first has left is gone, and the second has left another one.
    assert_eq!(store.uploads().len(), 1);
    let last = attempt(&place, 3, LONG);
    place.runner.start(&last).unwrap();
    let outcome = place.outcome(&last.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&last.key()));
    assert!(outcome.metrics.checkpoints.restored.is_some());
    assert!(store.uploads().is_empty());
    let lengths = place.pairs("lengths");
    assert!(lengths.into_iter().eq((0..LONG_ROWS).map(|id| (id, 1_500))));
}

#[test]
fn a_store_that_refuses_fails_the_run_which_says_why() {
    let store = ObjectStore::new();
    let mut location = store.location("state");
    location.credentials.secret_key = "another-secret".to_string();
    let place = Place::keeping_in(SnapshotLocation::S3(Box::new(location)));
    let told = place.runner.probe_snapshots().unwrap_err().to_string();
    assert!(
        told.contains("does not know these credentials (403 SignatureDoesNotMatch)"),
        "{told}"
    );
    let run = attempt(&place, 1, COUNTS);
    place.runner.start(&run).unwrap();
    let outcome = place.outcome(&run.key());
    let told = message(&outcome);
    assert!(
        told.starts_with("the deployment's checkpoints cannot be reached: ")
            && told.contains("'s3://snapshots/state/checkpoints/dp_1/'")
            && told.contains("does not know these credentials"),
        "{told}"
    );
    assert!(!place.log(&run.key()).contains("another-secret"));
}

/// A job is killed once it has a checkpoint, and goes on from that to its end.
fn outlives_a_death(place: &Place, how: &str) {
    place.runner.probe_snapshots().unwrap();
    let run = attempt(place, 1, COUNTS);
    place.runner.start(&run).unwrap();
    wait_for_checkpoints(place, &run.key(), 1);
    place.runner.kill(&run.key()).unwrap();
    let second = attempt(place, 2, COUNTS);
    place.runner.start(&second).unwrap();
    let outcome = place.outcome(&second.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&second.key()));
    assert!(outcome.metrics.checkpoints.restored.is_some());
    check_counts(place, how);
}

#[test]
fn a_store_with_a_certificate_is_spoken_with_by_those_who_know_its_authority() {
    let store = ObjectStore::new_with_tls();
    let mut location = store.location("state");
    location.authorities = None;
    let stranger = Place::keeping_in(SnapshotLocation::S3(Box::new(location)));
    let told = stranger.runner.probe_snapshots().unwrap_err().to_string();
    assert!(told.contains("the object store cannot be reached: "), "{told}");
    assert_eq!(store.seen("GET"), 0);
    let place = place_in(&store);
    outlives_a_death(&place, "by TLS");
}

#[test]
fn another_folder_has_them_as_the_data_folder_would() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::keeping_in(SnapshotLocation::Folder(folder.path().join("state")));
    outlives_a_death(&place, "in another folder");
    assert!(folder.path().join("state/checkpoints/dp_1").is_dir());
    assert!(!place.data().join("checkpoints").exists());
}
