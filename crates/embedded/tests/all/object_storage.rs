//! Snapshots in an object store, and all that can go wrong on the way there.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dataflow::Error;
use embedded::{Patience, SnapshotKind, Snapshots};
use runner::{S3Location, SnapshotLocation};
use state::Storage;
use stdx::{Clock, SystemClock};

use crate::object_store::{ACCESS_KEY, Fault, ObjectStore, SECRET_KEY};

/// Of an upload.
const PART_BYTES: usize = 8 << 20;

/// Short enough for a test, and long enough for a slow machine.
const PATIENCE: Patience = Patience {
    attempts: 4,
    pause: Duration::from_millis(1),
    pause_max: Duration::from_millis(2),
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(30),
    completion: Duration::from_secs(30),
    body: Duration::from_secs(30),
};

type Place = Arc<dyn Storage>;

fn snapshots_at(location: &S3Location, patience: Patience, clock: Arc<dyn Clock>) -> Snapshots {
    let location = SnapshotLocation::S3(Box::new(location.clone()));
    Snapshots::new(&location, patience, clock).unwrap()
}

fn snapshots(store: &ObjectStore) -> Snapshots {
    snapshots_at(&store.location("p"), PATIENCE, Arc::new(SystemClock))
}

/// Where the checkpoints of a deployment lie.
fn at(store: &ObjectStore) -> Place {
    snapshots(store).at(SnapshotKind::Checkpoints, "dp_1")
}

/// No two blocks of it are alike.
fn bytes_of(length: usize) -> Vec<u8> {
    let words = (0..length as u64 / 8 + 1).flat_map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    words.take(length).collect()
}

fn put(storage: &Place, name: &str, bytes: &[u8]) -> Result<u64, Error> {
    storage.put(name, &mut |out| {
        // In pieces that do not fit into parts.
        bytes
            .chunks(1_000_003)
            .try_for_each(|piece| out.write_all(piece))
            .map_err(|cause| Error::io("write", cause))
    })
}

fn get(storage: &Place, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    storage.open(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn what_is_written_is_read_whatever_its_length() {
    let store = ObjectStore::new();
    let storage = at(&store);
    for length in [
        0,
        1,
        16 << 10,
        (16 << 10) + 1,
        PART_BYTES,
        PART_BYTES + 1,
        2 * PART_BYTES + 4711,
    ] {
        let bytes = bytes_of(length);
        assert_eq!(put(&storage, "one", &bytes).unwrap(), length as u64);
        assert!(get(&storage, "one") == bytes, "{length} bytes");
        assert_eq!(storage.list().unwrap(), [("one".to_string(), length as u64)]);
    }
    // Only those that are larger than a part are uploaded in some.
    assert_eq!(store.seen("POST /snapshots/p/checkpoints/dp_1/one uploads"), 2);
    assert_eq!(store.seen("PUT /snapshots/p/checkpoints/dp_1/one partNumber"), 5);
    assert!(store.uploads().is_empty());
    assert_eq!(store.keys(), ["p/checkpoints/dp_1/one"]);
    // Where nothing fails, requests follow each other on the same connection.
    assert_eq!(store.connections(), 1);
}

#[test]
fn an_object_is_there_whole_or_not_at_all() {
    let store = ObjectStore::new();
    let storage = at(&store);
    put(&storage, "one", b"whole").unwrap();
    for length in [10, 3 * PART_BYTES] {
        let half = bytes_of(length);
        let fault = storage
            .put("one", &mut |out| {
                out.write_all(&half).map_err(|cause| Error::io("write", cause))?;
                Err(Error::internal("it went wrong"))
            })
            .unwrap_err();
        assert_eq!(fault.to_string(), "internal error: it went wrong");
        assert_eq!(get(&storage, "one"), b"whole");
        assert!(store.uploads().is_empty(), "{length} bytes");
    }
    storage.remove("one").unwrap();
    storage.remove("one").unwrap();
    assert!(storage.list().unwrap().is_empty());
    let Err(Error::Io { cause, .. }) = storage.open("one") else {
        panic!("it is gone");
    };
    assert_eq!(cause.kind(), io::ErrorKind::NotFound);
}

#[test]
fn uploads_that_a_death_has_left_are_given_up_by_the_next_writer() {
    let store = ObjectStore::new();
    let snapshots = snapshots(&store);
    let deployments = ["dp_1", "dp_1", "dp_1", "dp_10", "dp_1", "dp_1"];
    for (number, deployment) in deployments.into_iter().enumerate() {
        let storage = snapshots.at(SnapshotKind::Checkpoints, deployment);
        // Nobody is there any more to finish it, or to give it up.
        let died = catch_unwind(AssertUnwindSafe(|| {
            storage.put(&format!("n{}", number / 2), &mut |out| {
                out.write_all(&bytes_of(PART_BYTES + 1)).unwrap();
                std::panic::panic_any("death")
            })
        }));
        died.unwrap_err();
    }
    assert_eq!(store.uploads().len(), deployments.len());
    at(&store).list().unwrap();
    assert_eq!(store.uploads().len(), deployments.len());
    let storage = snapshots.open(SnapshotKind::Checkpoints, "dp_1").unwrap();
    assert_eq!(store.uploads(), ["p/checkpoints/dp_10/n1"]);
    assert!(storage.list().unwrap().is_empty());
}

#[test]
fn long_lists_come_page_by_page() {
    let store = ObjectStore::new();
    let storage = at(&store);
    for folder in [
        "p/checkpoints/dp_1/within",
        "p/checkpoints/dp_2",
        "p/savepoints/dp_10",
    ] {
        std::fs::create_dir_all(store.bucket().join(folder)).unwrap();
        std::fs::write(store.bucket().join(folder).join("another"), "x").unwrap();
    }
    let names: Vec<String> = (0..2_100).map(|n| format!("n{n:04}")).collect();
    for name in &names {
        std::fs::write(store.bucket().join("p/checkpoints/dp_1").join(name), "abc").unwrap();
    }
    let mut listed = storage.list().unwrap();
    listed.sort();
    assert!(listed.iter().map(|(name, _)| name).eq(&names), "{}", listed.len());
    assert!(listed.iter().all(|(_, bytes)| *bytes == 3));
    assert_eq!(store.seen("GET list-type=2"), 3);
    let snapshots = snapshots(&store);
    let mut found = snapshots.deployments(SnapshotKind::Checkpoints).unwrap();
    found.sort();
    assert_eq!(found, ["dp_1", "dp_2"]);
    assert_eq!(
        snapshots.deployments(SnapshotKind::Savepoints).unwrap(),
        ["dp_10"]
    );
    snapshots.remove_checkpoints("dp_2").unwrap();
    snapshots.remove_checkpoints("dp_2").unwrap();
    assert_eq!(
        snapshots.deployments(SnapshotKind::Checkpoints).unwrap(),
        ["dp_1"]
    );
}

#[test]
fn what_fails_for_a_while_is_tried_again() {
    let store = ObjectStore::new();
    let storage = at(&store);
    let bytes = bytes_of(2 * PART_BYTES + 5);
    // Each request of an upload, one after the other, in the ways in which it can fail.
    for (request, fault) in [
        ("POST one uploads", Fault::Busy),
        ("PUT one partNumber=1", Fault::AnswerLost),
        ("PUT one partNumber=2", Fault::Busy),
        ("PUT one partNumber=3", Fault::Torn(0)),
        ("POST one uploadId", Fault::AnswerLost),
    ] {
        store.fail(request, fault, 2);
    }
    assert_eq!(put(&storage, "one", &bytes).unwrap(), bytes.len() as u64);
    assert_eq!(store.seen("PUT one partNumber=1&"), 3);
    assert_eq!(store.keys(), ["p/checkpoints/dp_1/one"]);
    store.fail("GET list-type", Fault::Torn(40), 2);
    assert_eq!(storage.list().unwrap().len(), 1);
    // It is gone on behind what has come.
    store.fail("GET /snapshots/p/checkpoints/dp_1/one", Fault::Torn(1_000), 1);
    store.fail("GET /snapshots/p/checkpoints/dp_1/one", Fault::Torn(10_000), 1);
    store.fail("GET /snapshots/p/checkpoints/dp_1/one", Fault::AnswerLost, 1);
    assert!(get(&storage, "one") == bytes);
    store.fail("DELETE one", Fault::AnswerLost, 3);
    storage.remove("one").unwrap();
    assert!(store.keys().is_empty());
}

#[test]
fn what_fails_all_the_time_is_given_up_and_nothing_is_left() {
    let store = ObjectStore::new();
    let storage = at(&store);
    store.fail("PUT small", Fault::Busy, 4);
    let fault = put(&storage, "small", b"abc").unwrap_err().to_string();
    assert_eq!(
        fault,
        "write 's3://snapshots/p/checkpoints/dp_1/small': the object store refused it (503 SlowDown), 4 times"
    );
    assert_eq!(store.seen("PUT small"), 4);
    store.fail("PUT large partNumber=2", Fault::AnswerLost, 4);
    let fault = put(&storage, "large", &bytes_of(3 * PART_BYTES)).unwrap_err();
    let fault = fault.to_string();
    assert!(
        fault.starts_with(
            "write 's3://snapshots/p/checkpoints/dp_1/large': the object store cannot be reached: "
        ),
        "{fault}"
    );
    assert!(store.uploads().is_empty());
    assert!(store.keys().is_empty());
    // A reader that fails in the middle has not come to the end of the object.
    put(&storage, "one", &bytes_of(100_000)).unwrap();
    let mut reader = storage.open("one").unwrap();
    store.fail("GET one", Fault::Torn(7), 4);
    let cause = reader.read_to_end(&mut Vec::new()).unwrap_err();
    assert_ne!(cause.kind(), io::ErrorKind::UnexpectedEof);
    assert_ne!(cause.kind(), io::ErrorKind::NotFound);
}

#[test]
fn parts_are_put_together_when_the_store_says_so_or_has_the_object() {
    let store = ObjectStore::new();
    let storage = at(&store);
    let bytes = bytes_of(PART_BYTES + 5);
    // Something between the store and us has answered for it.
    store.fail("POST one uploadId", Fault::Answer(200, "<html></html>"), 2);
    store.fail("POST one uploadId", Fault::Answer(200, ""), 1);
    put(&storage, "one", &bytes).unwrap();
    assert!(get(&storage, "one") == bytes);
    assert_eq!(store.seen("POST one uploadId"), 4);
    // It has done it, and what it says is lost, and it cannot be asked for a moment.
    store.fail("POST two uploadId", Fault::DoneWith("<html></html>"), 1);
    store.fail("HEAD two", Fault::Busy, 2);
    put(&storage, "two", &bytes).unwrap();
    assert_eq!(store.seen("POST two uploadId"), 1);
    store.fail("POST three uploadId", Fault::AnswerLost, 1);
    store.fail("HEAD three", Fault::Busy, 3);
    put(&storage, "three", &bytes).unwrap();
    assert_eq!(store.unused(), 0);
    // Where it cannot be asked at all, that is what has failed.
    store.fail("POST four uploadId", Fault::AnswerLost, 1);
    store.fail("HEAD four", Fault::Busy, 4);
    let fault = put(&storage, "four", &bytes).unwrap_err().to_string();
    assert!(fault.contains("(503)"), "{fault}");
    // And it is not left there though it was said to have failed.
    assert_eq!(
        store.keys(),
        ["one", "three", "two"].map(|name| format!("p/checkpoints/dp_1/{name}"))
    );
    // An answer that says nothing of it makes it no object.
    store.fail("POST five uploadId", Fault::Answer(200, ""), 4);
    put(&storage, "five", &bytes).unwrap_err();
    assert!(store.uploads().is_empty());
}

#[test]
fn what_may_have_been_written_though_it_failed_is_taken_back() {
    let store = ObjectStore::new();
    let storage = at(&store);
    store.fail("PUT one", Fault::AnswerLost, 4);
    put(&storage, "one", b"abc").unwrap_err();
    assert!(store.keys().is_empty());
    // Once is enough.
    store.fail("PUT two", Fault::AnswerLost, 4);
    store.fail("DELETE two", Fault::Busy, 1);
    put(&storage, "two", b"abc").unwrap_err();
    assert_eq!(store.seen("DELETE two"), 1);
}

#[test]
fn what_is_damaged_on_the_way_or_answered_by_nobody_who_knows_is_tried_again() {
    let store = ObjectStore::new();
    let storage = at(&store);
    for code in [
        "<Error><Code>BadDigest</Code></Error>",
        "<Error><Code>IncompleteBody</Code></Error>",
    ] {
        store.fail("PUT one", Fault::Answer(400, code), 1);
    }
    store.fail("PUT one", Fault::Answer(404, "default backend"), 1);
    put(&storage, "one", b"abc").unwrap();
    store.fail("GET dp_1/one", Fault::Answer(404, "default backend"), 2);
    assert_eq!(get(&storage, "one"), b"abc");
    store.fail("DELETE one", Fault::Answer(404, ""), 2);
    storage.remove("one").unwrap();
    assert!(store.keys().is_empty());
    store.fail("GET list-type", Fault::Answer(404, ""), 2);
    assert!(storage.list().unwrap().is_empty());
    assert_eq!(store.unused(), 0);
    // One that stays so is not taken for an object that is gone.
    put(&storage, "two", b"abc").unwrap();
    store.fail("GET dp_1/two", Fault::Answer(404, ""), 4);
    let Err(Error::Io { cause, .. }) = storage.open("two") else {
        panic!("it was not given");
    };
    assert_ne!(cause.kind(), io::ErrorKind::NotFound);
}

#[test]
fn uploads_that_cannot_be_cleared_away_keep_nobody_from_going_on() {
    let store = ObjectStore::new();
    let snapshots = snapshots(&store);
    let storage = snapshots.at(SnapshotKind::Checkpoints, "dp_1");
    put(&storage, "one", b"abc").unwrap();
    for name in ["two", "three"] {
        let died = catch_unwind(AssertUnwindSafe(|| {
            storage.put(name, &mut |out| {
                out.write_all(&bytes_of(PART_BYTES + 1)).unwrap();
                std::panic::panic_any("death")
            })
        }));
        died.unwrap_err();
    }
    for (request, fault, times) in [
        ("GET uploads=", Fault::Busy, 4),
        ("GET uploads=", Fault::Answer(403, ""), 1),
        ("GET uploads=", Fault::Answer(200, "<html></html>"), 1),
    ] {
        store.fail(request, fault, times);
        snapshots.open(SnapshotKind::Checkpoints, "dp_1").unwrap();
        assert_eq!(store.unused(), 0);
    }
    assert_eq!(store.uploads().len(), 2);
    // One that cannot be given up does not keep the others.
    store.fail("DELETE uploadId", Fault::Busy, 1);
    snapshots.remove_checkpoints("dp_1").unwrap();
    assert_eq!(store.seen("DELETE uploadId"), 2);
    assert_eq!(store.uploads().len(), 1);
    assert!(store.keys().is_empty());
}

#[test]
fn a_store_that_is_silent_is_not_waited_for_without_end() {
    let store = ObjectStore::new();
    let impatient = Patience {
        attempts: 2,
        answer: Duration::from_millis(300),
        ..PATIENCE
    };
    let snapshots = snapshots_at(&store.location("p"), impatient, Arc::new(SystemClock));
    let storage = snapshots.at(SnapshotKind::Checkpoints, "dp_1");
    let began = Instant::now();
    store.fail("PUT one", Fault::Silence, 2);
    let fault = put(&storage, "one", b"abc").unwrap_err().to_string();
    assert!(fault.contains("did not answer in time"), "{fault}");
    assert!(began.elapsed() < Duration::from_secs(20));
    // One that is slow, but within the time, is waited for.
    store.fail("PUT one", Fault::Slow(Duration::from_millis(50)), 1);
    put(&storage, "one", b"abc").unwrap();
    assert_eq!(store.seen("PUT one"), 3);
}

#[test]
fn another_object_in_its_place_is_not_read_as_the_rest() {
    let store = ObjectStore::new();
    let storage = at(&store);
    put(&storage, "one", &bytes_of(100_000)).unwrap();
    let mut reader = storage.open("one").unwrap();
    put(&storage, "one", &bytes_of(200_000)).unwrap();
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap_err();
    assert!(bytes_of(100_000).starts_with(&bytes));
}

/// A clock that is wrong.
#[derive(Debug)]
struct Shifted(i64);

impl Clock for Shifted {
    fn now_us(&self) -> i64 {
        SystemClock.now_us() + self.0
    }

    fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration);
    }
}

#[test]
fn a_wrong_setting_is_told_without_credentials() {
    let store = ObjectStore::new();
    let right = store.location("p");
    let mut wrong_bucket = right.clone();
    wrong_bucket.bucket = "nowhere".to_string();
    let mut wrong_secret = right.clone();
    wrong_secret.credentials.secret_key = "another-secret".to_string();
    let mut wrong_access = right.clone();
    wrong_access.credentials.access_key = "another-access".to_string();
    let mut nobody_listens = right.clone();
    // Nobody listens at the discard port.
    nobody_listens.endpoint = "http://127.0.0.1:9".to_string();
    let hour_us = 3_600_000_000;
    let mut told = Vec::new();
    for (location, clock_us, expected) in [
        (
            &wrong_bucket,
            0,
            "list 's3://nowhere/p/checkpoints/': there is no bucket 'nowhere' (404 NoSuchBucket)",
        ),
        (
            &wrong_secret,
            0,
            "list 's3://snapshots/p/checkpoints/': the object store does not know these credentials (403 SignatureDoesNotMatch)",
        ),
        (
            &wrong_access,
            0,
            "list 's3://snapshots/p/checkpoints/': the object store does not know these credentials (403 NotSignedUp)",
        ),
        (
            &nobody_listens,
            0,
            "list 's3://snapshots/p/checkpoints/': the object store cannot be reached: ",
        ),
        (
            &right,
            -hour_us,
            "list 's3://snapshots/p/checkpoints/': the clocks of this machine and of the object store differ too much (403 ",
        ),
    ] {
        let snapshots = snapshots_at(location, PATIENCE, Arc::new(Shifted(clock_us)));
        let fault = snapshots.probe().unwrap_err();
        assert!(fault.to_string().starts_with(expected), "{fault}");
        told.push(format!("{fault} {fault:?} {snapshots:?} {location:?}"));
    }
    snapshots(&store).probe().unwrap();
    assert!(store.keys().is_empty());
    for text in told {
        for secret in [
            ACCESS_KEY,
            SECRET_KEY,
            "another-secret",
            "another-access",
            "X-Amz-",
        ] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
