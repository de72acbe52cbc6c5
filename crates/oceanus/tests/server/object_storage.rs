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
    let whole = settings(&store, BUCKET, SECRET_KEY);
    let (without_keys, _) = whole.split_once("access_key").unwrap();
    let file = home.write("settings.toml", without_keys);
    let variables = [
        ("OCEANUS_S3_ACCESS_KEY", ACCESS_KEY),
        ("OCEANUS_S3_SECRET_KEY", SECRET_KEY),
    ];
    let server = home.serve_where(&["--single-user", "--config", &file], &variables);
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
    // What the server knows by its environment does not go by the worker's.
    for pid in home.workers() {
        for file in ["cmdline", "environ"] {
            let text = fs::read(format!("/proc/{pid}/{file}")).unwrap();
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains(SECRET_KEY) && !text.contains(ACCESS_KEY), "{text}");
        }
    }
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
    // A savepoint stays until people delete it, and the place stays this server's.
    let keys = store.keys();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert_eq!(keys[0], "oceanus/oceanus-owner");
    assert!(keys[1].starts_with("oceanus/savepoints/"), "{keys:?}");
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

#[test]
fn a_place_is_of_one_server_and_a_server_has_one_place() {
    const LISTEN: [&str; 3] = ["--single-user", "--listen", "127.0.0.1:0"];
    let store = ObjectStore::new();
    let home = Home::new();
    let text = settings(&store, BUCKET, SECRET_KEY);
    let file = home.write("settings.toml", &text);
    // As long as there is no deployment, every place is right.
    home.serve().end();
    let server = home.serve_with(&["--single-user", "--config", &file]);
    server.run(&["workspaces", "create", "w"]).expect(0);
    server
        .run(&["deploy", &home.write("count.sql", TICKS), "--parallelism", "1"])
        .expect(0);
    server.run(&["stop", "count"]).expect(0);
    server.end();

    let other = Home::new();
    let theirs = other.write("settings.toml", &text);
    let refused = other
        .try_serve(&[&LISTEN[..], &["--config", &theirs]].concat())
        .expect(1)
        .tells("'s3://snapshots/oceanus' at 'http://127.0.0.1:")
        .tells("is the place of another server, ");
    assert!(!refused.err.contains(SECRET_KEY) && !refused.err.contains(ACCESS_KEY));
    // One that follows it says so.
    fs::copy(home.data().join("instance"), other.data().join("instance")).unwrap();
    other.serve_with(&["--single-user", "--config", &theirs]).end();

    let note = home.data().join("state-place");
    let elsewhere = home.write("elsewhere.toml", &text.replace("/oceanus'", "/elsewhere'"));
    for arguments in [&LISTEN[..], &[&LISTEN[..], &["--config", &elsewhere]].concat()] {
        home.try_serve(arguments)
            .expect(1)
            .tells("checkpoints and savepoints of deployments are in 's3://snapshots/oceanus' at 'http://127.0.0.1:")
            .tells("remove the file '");
    }
    let noted = fs::read_to_string(&note).unwrap();
    assert!(
        !noted.contains(SECRET_KEY) && !noted.contains(ACCESS_KEY),
        "{noted}"
    );
    home.serve_with(&["--single-user", "--config", &file]).end();
    fs::remove_file(&note).unwrap();
    home.serve_with(&["--single-user", "--config", &elsewhere]).end();
    assert!(fs::read_to_string(&note).unwrap().contains("elsewhere"));
}
