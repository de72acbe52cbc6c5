//! From a file of SQL to a job that runs, is watched, changed and stopped.

use std::io::{BufRead, BufReader};

use serde_json::Value;

use crate::support::{Home, lines_below, until};

const TICKS: &str = "CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '50',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '1000000');
CREATE TABLE seen (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'seen', 'format' = 'csv');
CREATE TABLE told (n BIGINT) WITH ('connector' = 'print');
";

#[test]
fn a_job_is_deployed_watched_upgraded_rolled_back_and_stopped() {
    let home = Home::new();
    let server = home.serve();
    server
        .run(&["workspaces", "create", "w", "--title", "The W"])
        .expect(0)
        .shows("workspace 'w' made");
    let file = home.write(
        "count.sql",
        &format!("{TICKS}INSERT INTO seen SELECT n FROM ticks;"),
    );
    server
        .run(&["deploy", &file, "--parallelism", "1", "-m", "first"])
        .expect(0)
        .shows("job 'count': version 1\n")
        .shows("deployment 'count': running, version 1\n");
    let seen = home.data().join("files/w/seen");
    until("no rows", || !lines_below(&seen).is_empty());
    server
        .run(&["deployments"])
        .expect(0)
        .shows("NAME   PHASE    WANTED   VERSION  PARALLELISM  WHY\ncount");
    server.run(&["jobs"]).expect(0).shows("count (running)");
    server
        .run(&["metrics", "count"])
        .expect(0)
        .shows("rows read")
        .shows("OPERATOR");
    until("nothing is counted", || {
        server.json(&["metrics", "count"])["rows_in"].as_u64() > Some(0)
    });
    server.run(&["logs", "count"]).expect(0).shows("the run begins");

    // The same again changes nothing.
    let before = server.json(&["status", "count"]);
    server.run(&["deploy", &file]).expect(0).shows("version 1");
    let after = server.json(&["status", "count"]);
    assert_eq!(before["generation"], after["generation"]);

    home.write(
        "count.sql",
        &format!("{TICKS}INSERT INTO seen SELECT -n FROM ticks;"),
    );
    let upgraded = server.json(&["deploy", &file]);
    assert_eq!(
        (&upgraded["version"], &upgraded["phase"]),
        (&2.into(), &"running".into())
    );
    until("no rows of the new version", || {
        lines_below(&seen).iter().any(|row| row.starts_with('-'))
    });
    server
        .run(&["rollback", "count", "1", "--draft"])
        .expect(0)
        .shows("deployment 'count': running, version 1\n");
    server.run(&["deploy", "count"]).expect(0).shows("version 1\n");
    server
        .run(&["rollback", "count", "9"])
        .expect(2)
        .tells("not found");

    server.run(&["restart", "count"]).expect(0).shows("running");
    server.run(&["suspend", "count"]).expect(0).shows("suspended");
    server.run(&["resume", "count"]).expect(0).shows("running");
    server.run(&["delete", "count"]).expect(5).tells("stop it first");
    server
        .run(&["stop", "count"])
        .expect(0)
        .shows("deployment 'count': stopped");
    server
        .run(&["status", "count"])
        .expect(0)
        .shows("phase        stopped")
        .shows("RUN  PHASE");

    // Every number was written once, by whichever version: each run went on where the one before it was.
    let mut numbers: Vec<i64> = lines_below(&seen)
        .iter()
        .map(|row| row.parse::<i64>().unwrap().abs())
        .collect();
    numbers.sort_unstable();
    assert!(
        numbers.iter().copied().eq(1..=numbers.len() as i64),
        "{numbers:?}"
    );
    server
        .run(&["checkpoints", "count"])
        .expect(0)
        .shows("NUMBER")
        .shows("at the end of the run");
    let checkpoints = server.json(&["checkpoints", "count"]);
    assert_eq!(checkpoints.as_array().map(Vec::len), Some(2), "{checkpoints}");
    server
        .run(&["restart", "count", "--without-state"])
        .expect(0)
        .shows("running");
    until("it does not begin anew", || {
        lines_below(&seen).iter().filter(|row| *row == "1").count() == 2
    });
    server.run(&["stop", "count"]).expect(0);
    server.run(&["delete", "count"]).expect(0);
    let left = std::fs::read_dir(home.data().join("checkpoints")).unwrap();
    assert_eq!(left.count(), 0, "checkpoints go with their deployment");
    server
        .run(&["status", "count"])
        .expect(2)
        .tells("deployment 'count' not found");
    server.end();
}

#[test]
fn a_log_and_its_counts_are_followed() {
    let home = Home::new();
    let server = home.serve();
    server.run(&["workspaces", "create", "w"]).expect(0);
    let file = home.write(
        "tell.sql",
        &format!("{TICKS}INSERT INTO told SELECT n FROM ticks;"),
    );
    server.run(&["deploy", &file]).expect(0);

    let mut follower = server.start(&["logs", "tell", "-f"]);
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("the run begins"));
    let rows: Vec<String> = lines
        .map(Result::unwrap)
        .filter(|line| line.starts_with("+I["))
        .take(60)
        .collect();
    // More than a second of rows, none twice and none left out.
    let numbers = (1..=60).map(|n| format!("+I[{n}]"));
    assert_eq!(rows, numbers.collect::<Vec<_>>());
    follower.kill().unwrap();
    follower.wait().unwrap();

    let mut watcher = server.start(&["metrics", "tell", "-w", "--output", "json"]);
    let lines = BufReader::new(watcher.stdout.take().unwrap()).lines();
    let counts: Vec<u64> = lines
        .take(3)
        .map(|line| {
            serde_json::from_str::<Value>(&line.unwrap()).unwrap()["rows_in"]
                .as_u64()
                .unwrap()
        })
        .collect();
    assert!(counts.is_sorted() && counts[0] < counts[2], "{counts:?}");
    watcher.kill().unwrap();
    watcher.wait().unwrap();

    // Whoever asked for one run only is done when it is over.
    let mut follower = server.start(&["logs", "tell", "-f", "--run", "1"]);
    let lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let reader = std::thread::spawn(move || {
        lines
            .map(Result::unwrap)
            .filter(|line| line.starts_with("+I["))
            .count()
    });
    server.run(&["stop", "tell"]).expect(0);
    assert!(reader.join().unwrap() >= 60);
    assert_eq!(follower.wait().unwrap().code(), Some(0));
    server.end();
}

#[test]
fn a_server_ends_under_its_readers_and_jobs_outlive_it() {
    let home = Home::new();
    let server = home.serve();
    server.run(&["workspaces", "create", "w"]).expect(0);
    let file = home.write(
        "count.sql",
        &format!("{TICKS}INSERT INTO seen SELECT n FROM ticks;"),
    );
    server.run(&["deploy", &file]).expect(0);
    let mut follower = server.start(&["logs", "count", "-f"]);
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("the run begins"));
    let workers = home.workers();
    let (code, log) = server.end();
    assert_eq!(code, Some(0));
    assert!(!log.contains("cut off"), "{log}");
    // It came back for a while, and nobody was there.
    assert_eq!(follower.wait().unwrap().code(), Some(3));

    let seen = home.data().join("files/w/seen");
    let before = lines_below(&seen).len();
    until("it stands still", || lines_below(&seen).len() > before);
    let server = home.serve();
    server
        .run(&["status", "count"])
        .expect(0)
        .shows("phase        running");
    assert_eq!(
        server.json(&["status", "count"])["runs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(home.workers(), workers);
    server.run(&["stop", "count"]).expect(0);
    server.end();
}

#[test]
fn wrong_sql_is_underlined_where_it_is_wrong() {
    let home = Home::new();
    let server = home.serve();
    server.run(&["workspaces", "create", "w"]).expect(0);
    let file = home.write(
        "wrong.sql",
        &format!("{TICKS}INSERT INTO seen\nSELECT m FROM ticks;"),
    );
    let place =
        format!("{file}:6:8: error: column 'm' not found\n  |\n6 | SELECT m FROM ticks;\n  |        ^\n");
    server.run(&["validate", &file]).expect(2).tells(&place);
    server
        .run(&["preview", &file])
        .expect(2)
        .tells("column 'm' not found");
    server
        .run(&["deploy", &file])
        .expect(2)
        .tells(&place)
        .tells("error: ");
    assert_eq!(server.json(&["deployments"]).as_array().unwrap().len(), 0);

    let problem = server.run(&["deploy", &file, "--output", "json"]).expect(2);
    let problem: Value = serde_json::from_str(&problem.err).unwrap();
    assert_eq!(problem["diagnostics"][0]["span"]["line"], 6, "{problem}");

    home.write(
        "wrong.sql",
        "SELECT * FROM (VALUES (1, 'one'), (2, CAST(NULL AS STRING))) AS t (n, name);",
    );
    server
        .run(&["validate", &file])
        .expect(0)
        .shows("1 statement in order");
    server
        .run(&["preview", &file])
        .expect(0)
        .shows("op  n  name\n+I  1  one\n+I  2  <NULL>\n(2 rows)\n");
    let rows = server.run(&["preview", &file, "--output", "json"]).expect(0);
    assert_eq!(
        rows.out,
        "{\"op\":\"+I\",\"row\":{\"n\":1,\"name\":\"one\"}}\n{\"op\":\"+I\",\"row\":{\"n\":2,\"name\":null}}\n"
    );
    server.end();
}

#[test]
fn a_job_that_cannot_run_any_more_fails_its_command() {
    let home = Home::new();
    let server = home.serve();
    server.run(&["workspaces", "create", "w"]).expect(0);
    server
        .run_with(&["secrets", "set", "folder", "--stdin"], "seen")
        .expect(0);
    let text = format!(
        "{}INSERT INTO seen SELECT n FROM ticks;",
        TICKS.replace("'seen'", "'${secret.folder}'")
    );
    let file = home.write("count.sql", &text);
    server.run(&["deploy", &file]).expect(0);
    server.run(&["stop", "count"]).expect(0);
    server.run(&["secrets", "delete", "folder"]).expect(0);
    server
        .run(&["resume", "count"])
        .expect(1)
        .tells("secret 'folder' not found")
        .tells("3 | CREATE TABLE seen")
        .tells("error: deployment 'count' failed");
    server
        .run(&["deployments"])
        .expect(0)
        .shows("failed")
        .shows("secret 'folder' not found");
    server
        .run(&["status", "count"])
        .expect(0)
        .tells("oceanus logs count");
    server.end();
}

#[test]
fn a_job_that_fails_on_a_row_is_tried_again_and_says_why() {
    let home = Home::new();
    let server = home.serve();
    server.run(&["workspaces", "create", "w"]).expect(0);
    home.write("data/files/w/in/rows.csv", "1\nnonsense\n");
    let file = home.write(
        "read.sql",
        "CREATE TABLE numbers (n INT) WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'csv');
CREATE TABLE gone (n INT) WITH ('connector' = 'blackhole');
INSERT INTO gone SELECT n FROM numbers;",
    );
    server
        .run(&["deploy", &file, "--no-wait"])
        .expect(0)
        .shows("running wanted");
    until("it does not say why it waits", || {
        let shown = server.run(&["status", "read"]).expect(0).out;
        shown.contains("recovering") && shown.contains("back off: ") && shown.contains("nonsense")
    });
    server
        .run(&["resume", "read", "--timeout", "0"])
        .expect(3)
        .tells("deployment 'read' is still");
    server.end();
}

#[test]
fn a_server_that_is_not_there_is_told_with_what_to_do() {
    let home = Home::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    home.run(&["jobs", "--url", &url])
        .expect(3)
        .tells(&format!("error: no answer from {url}"))
        .tells("oceanus serve");
    home.run(&["jobs", "--url", "localhost"])
        .expect(2)
        .tells("'localhost' is not the address of a server");
    home.run(&["jobs", "--nonsense"]).expect(2);
}

#[test]
fn a_shell_is_told_how_to_complete() {
    let home = Home::new();
    home.run(&["completion", "bash"])
        .expect(0)
        .shows("oceanus__subcmd__deploy")
        .shows("--parallelism");
    home.run(&["completion", "zsh"])
        .expect(0)
        .shows("#compdef oceanus");
}

#[test]
fn savepoints_are_taken_gone_on_from_and_deleted() {
    let home = Home::new();
    let server = home.serve();
    server.run(&["workspaces", "create", "w"]).expect(0);
    let file = home.write(
        "count.sql",
        &format!("{TICKS}INSERT INTO seen SELECT n FROM ticks;"),
    );
    server.run(&["deploy", &file]).expect(0);
    let seen = home.data().join("files/w/seen");
    until("no rows", || !lines_below(&seen).is_empty());
    let first = server.json(&["savepoints", "count", "create", "--title", "first"]);
    assert_eq!(
        (&first["status"], &first["name"]),
        (&"done".into(), &"first".into())
    );
    let first = first["id"].as_str().unwrap();
    server
        .run(&["savepoints", "count"])
        .expect(0)
        .shows("ID                             NAME   STATUS  VERSION")
        .shows(first);
    server
        .run(&["stop", "count", "--savepoint=for the night"])
        .expect(0)
        .shows("deployment 'count': stopped\nsavepoint sp_");
    let written = lines_below(&seen).len();
    let listed = server.json(&["savepoints", "count"]);
    let last = listed[0]["id"].as_str().unwrap();
    assert_eq!(listed[0]["name"], "for the night");
    server
        .run(&["savepoints", "count", "show", last])
        .expect(0)
        .shows("status        done")
        .shows("version       1");
    server
        .run(&["savepoints", "count", "create"])
        .expect(5)
        .tells("nothing runs that a savepoint could be taken of");

    // On from where it stopped; then once more from the first, so that what came since is there twice.
    server
        .run(&["resume", "count", "--from-savepoint", last])
        .expect(0)
        .shows("running");
    until("it does not go on", || lines_below(&seen).len() > written);
    server
        .run(&["restart", "count", "--from-savepoint", first])
        .expect(0)
        .shows("running");
    let twice = (written - 1).to_string();
    until("it does not go back", || {
        lines_below(&seen).iter().filter(|row| **row == twice).count() == 2
    });
    let ones = lines_below(&seen).iter().filter(|row| *row == "1").count();
    assert_eq!(ones, 1, "what was before the savepoint is not read again");
    server
        .run(&[
            "resume",
            "count",
            "--from-savepoint",
            "sp_01jd1kxa000000000000000007",
        ])
        .expect(2)
        .tells("not found");

    server.run(&["savepoints", "other", "delete", first]).expect(2);
    server
        .run(&["savepoints", "count", "delete", last])
        .expect(0)
        .shows("deleted");
    server.run(&["stop", "count"]).expect(0);
    server.run(&["delete", "count"]).expect(0);
    // It outlives its deployment.
    server.run(&["savepoints", "count"]).expect(0).shows(first);
    server
        .run(&["savepoints", "count", "delete", first])
        .expect(0)
        .shows("deleted");
    let left = std::fs::read_dir(home.data().join("savepoints/")).unwrap();
    let files = left.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
    assert_eq!(files.count(), 0);
    server.end();
}

#[test]
fn a_version_that_would_lose_state_is_told_of_and_refused() {
    let home = Home::new();
    let server = home.serve();
    server.run(&["workspaces", "create", "w"]).expect(0);
    let text = |what: &str| {
        format!("{TICKS}CREATE TABLE sums (k BIGINT, many BIGINT) WITH ('connector' = 'blackhole');\n{what}")
    };
    let file = home.write(
        "sums.sql",
        &text("INSERT INTO sums SELECT MOD(n, 3), COUNT(*) FROM ticks GROUP BY MOD(n, 3);"),
    );
    server
        .run(&["deploy", &file, "--dry-run"])
        .expect(0)
        .shows("deployment 'sums' is not there yet");
    assert!(!server.json(&["jobs"]).to_string().contains("sums"));
    server.run(&["deploy", &file]).expect(0);
    server
        .run(&["verdict", "sums"])
        .expect(0)
        .shows("all state is kept");
    let savepoint = server.json(&["savepoints", "sums", "create"]);
    let savepoint = savepoint["id"].as_str().unwrap();

    home.write(
        "sums.sql",
        &text("INSERT INTO sums SELECT MOD(n, 5), COUNT(*) FROM ticks GROUP BY MOD(n, 5);"),
    );
    server
        .run(&["verdict", "sums", &file])
        .expect(5)
        .shows("state of version 1")
        .shows("kept       source ticks (line 6)")
        .shows("reset      operator GROUP BY (line 6)")
        .shows("it was given (n % 3) and is now given (n % 5)")
        .shows("not all state is kept: --allow-reset lets it go");
    server
        .run(&["deploy", &file, "--dry-run"])
        .expect(5)
        .shows("reset");
    assert_eq!(server.json(&["status", "sums"])["version"], 1);
    server
        .run(&["deploy", &file])
        .expect(5)
        .tells("state would be lost: not all state is kept: GROUP BY:")
        .tells("--allow-reset lets it go");
    let status = server.json(&["status", "sums"]);
    assert_eq!(
        (&status["version"], &status["phase"]),
        (&1.into(), &"running".into())
    );
    server.run(&["verdict", "sums", "2"]).expect(5).shows("reset");
    server
        .run(&["deploy", &file, "--allow-reset"])
        .expect(0)
        .shows("running, version 2");
    // The source has gone on, so that nothing of it is counted twice.
    let upgraded = server.json(&["metrics", "sums"]);
    assert!(
        upgraded["checkpoints"]["restored"].as_u64().is_some(),
        "{upgraded}"
    );

    // Back with the state of then.
    server.run(&["rollback", "sums", "1"]).expect(5).tells("GROUP BY");
    server
        .run(&["verdict", "sums", "1", "--from-savepoint", savepoint])
        .expect(0)
        .shows("all state is kept");
    server
        .run(&["rollback", "sums", "1", "--from-savepoint", savepoint])
        .expect(0)
        .shows("running, version 1");
    let back = server.json(&["metrics", "sums"]);
    assert_eq!(back["checkpoints"]["restored_savepoint"], savepoint);
    server
        .run(&["rollback", "sums", "2", "--without-state"])
        .expect(0)
        .shows("running, version 2");
    server.end();
}
