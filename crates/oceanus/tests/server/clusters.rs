//! Jobs on a real Flink cluster, through the command line: deployed, watched, rescaled, upgraded, rolled back, stopped.

#[path = "../../../../tests/flink/cluster.rs"]
#[allow(dead_code)] // Parts of it are for other tests.
mod flink;

use crate::support::{Home, lines_below, until};
use flink::Cluster;

/// A minute of numbers, in files that are told soon.
const TICKS: &str = "SET 'execution.checkpointing.interval' = '500 ms';
CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '100',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '6000');
CREATE TABLE seen (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'seen', 'format' = 'csv',
  'sink.rolling-policy.rollover-interval' = '1 s', 'sink.rolling-policy.check-interval' = '500 ms');
";

#[test]
fn a_job_lives_on_a_cluster_as_it_would_here() {
    let cluster = Cluster::shared();
    let home = Home::new();
    let server = home.serve();
    for workspace in ["w", "other"] {
        server.run(&["workspaces", "create", workspace]).expect(0);
    }
    server
        .run(&[
            "clusters",
            "put",
            "flink",
            "flink:8081",
            "--storage",
            &cluster.storage(),
        ])
        .expect(2)
        .tells("address 'flink:8081' is no place of a JobManager");
    server
        .run(&[
            "clusters",
            "put",
            "flink",
            &cluster.address,
            "--storage",
            &cluster.storage(),
            "--grant",
            "w",
        ])
        .expect(0)
        .shows("cluster 'flink': Flink 2.3.0, 4 of 4 slots free");
    let file = home.write(
        "count.sql",
        &format!("{TICKS}INSERT INTO seen SELECT ABS(n) FROM ticks;"),
    );
    // Who was not granted it does not learn that it is there.
    server
        .run(&["deploy", &file, "--cluster", "flink", "--workspace", "other"])
        .expect(2)
        .tells("cluster 'flink' not found");
    server
        .run(&["deploy", &file, "--cluster", "flink", "--workspace", "w"])
        .expect(0)
        .shows("deployment 'count': running, version 1\n");
    let at = |command: &[&str]| -> Vec<String> {
        let rest = ["--workspace", "w"];
        command.iter().chain(&rest).map(ToString::to_string).collect()
    };
    let run = |command: &[&str]| {
        let command = at(command);
        server.run(&command.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let json = |command: &[&str]| {
        let command = at(command);
        server.json(&command.iter().map(String::as_str).collect::<Vec<_>>())
    };
    run(&["status", "count"])
        .expect(0)
        .shows("engine       flink")
        .shows("cluster      flink");
    run(&["clusters", "list"]).expect(0).shows("3 of 4 slots free");
    until("nothing is counted", || {
        json(&["metrics", "count"])["rows_in"].as_u64() > Some(0)
    });
    let seen = home.data().join("files/w/seen");
    until("no rows", || !lines_below(&seen).is_empty());

    run(&["savepoints", "count", "create", "--title", "before"]).expect(0);
    run(&["deploy", &file, "--parallelism", "2"])
        .expect(0)
        .shows("running");
    run(&["clusters", "list"]).expect(0).shows("2 of 4 slots free");
    run(&["deploy", &file, "--parallelism", "9", "--no-wait"]).expect(0);
    until("it is not told to wait", || {
        run(&["status", "count"])
            .expect(0)
            .out
            .contains("needs 9 slots of cluster 'flink', which has 4 free of 4; until there is room")
    });
    run(&["deploy", &file, "--parallelism", "1"])
        .expect(0)
        .shows("running");

    home.write(
        "count.sql",
        &format!("{TICKS}INSERT INTO seen SELECT -n FROM ticks;"),
    );
    run(&["deploy", &file]).expect(0).shows("version 2");
    until("no rows of the new version", || {
        lines_below(&seen).iter().any(|row| row.starts_with('-'))
    });
    run(&["rollback", "count", "1"]).expect(0).shows("version 1");
    server
        .run(&["clusters", "delete", "flink"])
        .expect(5)
        .tells("has deployments, 'count' among them");
    until("it is not finished", || {
        json(&["status", "count"])["phase"] == "finished"
    });
    // Each number was written once, by whichever version.
    let mut numbers: Vec<i64> = lines_below(&seen)
        .iter()
        .map(|row| row.parse::<i64>().unwrap().abs())
        .collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(1..=6000), "{} rows", numbers.len());
    run(&["stop", "count"]).expect(0);
    run(&["delete", "count"]).expect(0);
    server.run(&["clusters", "delete", "flink"]).expect(0);
}
