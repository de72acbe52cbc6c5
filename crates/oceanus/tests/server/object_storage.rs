//! A server whose deployments keep their checkpoints and savepoints in an object store.

use std::fs;

use crate::object_store::{ACCESS_KEY, BUCKET, ObjectStore, SECRET_KEY};
use crate::support::{Home, lines_below, until};

const TICKS: &str = "SET 'execution.checkpointing.interval' = '200 ms';
CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '50',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '1000000');
CREATE TABLE seen (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'seen', 'format' = 'csv');
INSERT INTO seen SELECT n FROM ticks;";

/// What a file of settings says.
fn settings(store: &ObjectStore, bucket: &str, secret_key: &str) -> String {
    format!(
        "[execution.checkpointing]\ndir = 's3://{bucket}/oceanus'\n[s3]\nendpoint = '{}'\nregion = 'us-east-1'\n\
         access_key = '{ACCESS_KEY}'\nsecret_key = '{secret_key}'\n",
        store.location("").endpoint
    )
}

#[test]
fn a_job_survives_a_kill_by_what_is_in_the_object_store_and_takes_it_along_when_it_is_deleted() {
    let store = ObjectStore::new();
    let home = Home::new();
    let file = home.write("settings.toml", &settings(&store, BUCKET, SECRET_KEY));
    let server = home.serve_with(&["--single-user", "--config", &file]);
    server.run(&["workspaces", "create", "w"]).expect(0);
    let text = home.write("count.sql", TICKS);
    server.run(&["deploy", &text, "--parallelism", "1"]).expect(0);
    let checkpoints = || {
        let keys = store.keys();
        keys.iter()
            .filter(|key| key.starts_with("oceanus/checkpoints/"))
            .count()
    };
    until("no checkpoint in the store", || checkpoints() > 0);
    let seen = home.data().join("files/w/seen");
    until("no rows", || !lines_below(&seen).is_empty());
    for pid in home.workers() {
        // SAFETY: the process is a worker of this test's own data folder.
        unsafe { libc::kill(pid, libc::SIGKILL) };
    }
    until("no other run", || {
        home.data().join("runs").read_dir().unwrap().count() > 1
    });
    let before = lines_below(&seen).len();
    until("no more rows", || lines_below(&seen).len() > before);
    server.run(&["savepoints", "count", "create"]).expect(0);
    server.run(&["stop", "count"]).expect(0);
    let mut numbers: Vec<u64> = lines_below(&seen)
        .iter()
        .map(|row| row.parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert!(
        numbers.iter().copied().eq(1..=numbers.len() as u64),
        "{numbers:?}"
    );
    assert_eq!(checkpoints(), 2);
    server
        .run(&["checkpoints", "count"])
        .expect(0)
        .shows("at the end of the run");
    server.run(&["delete", "count"]).expect(0);
    until("checkpoints stay", || checkpoints() == 0);
    // A savepoint stays until people delete it.
    assert!(
        store
            .keys()
            .iter()
            .all(|key| key.starts_with("oceanus/savepoints/"))
    );
    assert_eq!(store.keys().len(), 1);
    assert!(!home.data().join("checkpoints").exists());
    let (code, log) = server.end();
    assert_eq!(code, Some(0));
    assert!(!log.contains(SECRET_KEY) && !log.contains(ACCESS_KEY), "{log}");
}

#[test]
fn a_wrong_place_is_told_before_the_server_is_ready() {
    let store = ObjectStore::new();
    let home = Home::new();
    let file = home.write("settings.toml", &settings(&store, "nowhere", SECRET_KEY));
    home.try_serve(&["--single-user", "--listen", "127.0.0.1:0", "--config", &file])
        .expect(1)
        .tells("error: the place of checkpoints cannot be used: list 's3://nowhere/oceanus/checkpoints/': there is no bucket 'nowhere' (404 NoSuchBucket)")
        .tells("= help: see the settings 'execution.checkpointing.dir' and 's3'");
    let file = home.write("settings.toml", &settings(&store, BUCKET, "another-secret"));
    let refused = home
        .try_serve(&["--single-user", "--listen", "127.0.0.1:0", "--config", &file])
        .expect(1)
        .tells("the object store does not know these credentials (403 SignatureDoesNotMatch)");
    assert!(!refused.err.contains("another-secret"), "{}", refused.err);

    // Checkpoints that lie elsewhere are not forgotten.
    let file = home.write("settings.toml", &settings(&store, BUCKET, SECRET_KEY));
    let left = home.data().join("checkpoints/dp_1");
    fs::create_dir_all(&left).unwrap();
    home.serve_with(&["--single-user", "--config", &file]).end();
    fs::write(left.join("checkpoint-000000000001-of-1"), "state").unwrap();
    home.try_serve(&["--single-user", "--listen", "127.0.0.1:0", "--config", &file])
        .expect(1)
        .tells("names another place, but '")
        .tells("stop the deployments and copy");
    home.serve().end();
}
