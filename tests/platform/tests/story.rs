//! The life of a job through the public interface alone: sign in, table, draft, check, version, deploy, rows, stop,
//! edit, upgrade, roll back. The server is the real program, where people sign in; nothing is looked at but answers.

use std::collections::BTreeSet;

use platform::client::{Ask, Client, number, text};
use platform::person::{Notice, Person};
use platform::server::{Place, Server};
use platform::until;
use serde_json::{Value, json};

const WORKSPACE: &str = "story";

const TABLES: &str = "CREATE TABLE numbers (id INT, name STRING)
  WITH ('connector' = 'filesystem', 'path' = 'numbers', 'format' = 'csv');
CREATE TABLE copied (id INT, name STRING)
  WITH ('connector' = 'filesystem', 'path' = 'copied', 'format' = 'csv');
CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '20',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '1000000');
CREATE TABLE seen (n BIGINT)
  WITH ('connector' = 'filesystem', 'path' = 'seen', 'format' = 'csv');";

/// Somebody who works in a workspace of a new server.
fn begin(server: &Server) -> Person {
    let client = server.sign_in();
    client.ask(Ask::post(
        "/workspaces",
        json!({ "name": WORKSPACE, "display_name": "Story" }),
    ));
    Person::new(client, Notice::new(server.address()), WORKSPACE)
}

/// All rows of a table, as an editor shows them.
fn rows(person: &mut Person, table: &str) -> Vec<Value> {
    let (rows, end) = preview(person, &format!("SELECT * FROM {table}"));
    assert_eq!(end, "finished", "the table has more rows than a preview shows");
    rows.into_iter().map(|mut row| row["row"].take()).collect()
}

/// The rows of a text with what becomes of them, and why there are no more.
fn preview(person: &mut Person, sql: &str) -> (Vec<Value>, String) {
    let ask = Ask::post(
        person.at("/preview"),
        json!({ "sql": sql, "settings": {}, "rows_max": 1000 }),
    );
    let mut events = person.client().events(&ask);
    let schema = events.next().expect("the stream begins with the schema");
    assert_eq!(schema.name, "schema", "{schema:?}");
    let mut rows = Vec::new();
    loop {
        let mut event = events.next().expect("the stream says how it ends");
        match event.name.as_str() {
            "rows" => rows.append(event.data["rows"].as_array_mut().expect("rows")),
            "statistics" => {}
            "end" => return (rows, text(&event.data, "reason")),
            _ => panic!("{event:?}"),
        }
    }
}

/// BIGINT travels as text.
fn numbers(person: &mut Person, table: &str) -> Vec<i64> {
    let rows = rows(person, table);
    let mut numbers: Vec<i64> = rows
        .iter()
        .map(|row| text(row, "n").parse().expect("a number"))
        .collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_job_lives_from_its_first_draft_to_its_roll_back() {
    let place = Place::new(env!("CARGO_BIN_EXE_oceanus-under-test"));
    let server = Server::start(&place);
    signing_in_needs_the_right_password(&server);
    let mut person = begin(&server);
    person.execute(TABLES);
    rows_flow_from_file_to_file(&mut person);
    rows_flow_from_a_generator_to_a_file(&mut person);
    what_was_done_stands_in_the_audit(&mut person);
    let client = person.client().clone();
    person.ledger.check(&client, WORKSPACE);
    signing_out_ends_the_session(&client);
    server.stop();
}

fn signing_in_needs_the_right_password(server: &Server) {
    let address = server.address();
    let anonymous = Client::anonymous(address);
    let health = anonymous.get("/health");
    assert_eq!(text(&health, "status"), "ok");
    let answer = anonymous
        .send(&Ask::get("/workspaces"))
        .expect("the server is up");
    assert_eq!(answer.status, 401, "{}", answer.body);
    let refused = Client::sign_in(address, "admin", "not the password").expect("the server is up");
    let refused = refused.expect_err("it is another password");
    assert_eq!(refused.status, 401, "{}", refused.body);
}

fn rows_flow_from_file_to_file(person: &mut Person) {
    // The file that is to be copied is written by a job, too.
    let fill = person.create_draft(
        "fill",
        "INSERT INTO numbers VALUES (1, 'one'), (2, 'two'), (3, 'three')",
    );
    let version = person.create_version(&fill, "");
    let fill = person.deploy("fill", &fill, version);
    person.reach(&fill, "finished");

    let wrong = "INSERT INTO copied\nSELECT id, nam FROM numbers WHERE id > 1";
    let draft = person.create_draft("copy", wrong);
    let validation = person.validate(wrong);
    let diagnostic = &validation["diagnostics"][0];
    assert_eq!(diagnostic["severity"], "error", "{validation}");
    assert_eq!(
        (
            number(&diagnostic["span"], "line"),
            number(&diagnostic["span"], "column")
        ),
        (2, 12),
        "{validation}"
    );
    assert!(validation["plan"].is_null(), "{validation}");
    let path = person.at(&format!("/drafts/{draft}/versions"));
    let refused = person
        .client()
        .send(&Ask::post(path, json!({ "comment": "" })))
        .expect("the server is up");
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(number(&refused.body["diagnostics"][0]["span"], "line"), 2);

    let right = "INSERT INTO copied SELECT id, name FROM numbers WHERE id > 1";
    person.save_draft(&draft, "copy", right);
    let validation = person.validate(right);
    assert_eq!(validation["diagnostics"], json!([]), "{validation}");
    assert!(
        !validation["plan"]["nodes"]
            .as_array()
            .expect("it has a plan")
            .is_empty()
    );
    rows_are_seen_before_anything_is_deployed(person);

    let version = person.create_version(&draft, "the first");
    let path = person.at(&format!("/drafts/{draft}/versions/{version}/estimate"));
    let estimate = person.client().ask(Ask::post(path, json!({})));
    assert_eq!(number(&estimate, "parallelism"), 1, "{estimate}");
    let copy = person.deploy("copy", &draft, version);
    person.reach(&copy, "finished");
    let expected = [
        json!({ "id": 2, "name": "two" }),
        json!({ "id": 3, "name": "three" }),
    ];
    assert_eq!(rows(person, "copied"), expected);
    let sample = person.at("/catalog/tables/default_catalog/default_database/copied/sample?rows=1");
    assert_eq!(person.client().get(sample)["rows"], json!([expected[0]]));
    let path = person.at(&format!("/deployments/{copy}/metrics"));
    let metrics = person.client().get(path);
    assert_eq!(
        (number(&metrics, "rows_in"), number(&metrics, "rows_out")),
        (3, 2),
        "{metrics}"
    );
    the_log_tells_of_the_run(person, &copy);
}

fn rows_are_seen_before_anything_is_deployed(person: &mut Person) {
    let (rows, end) = preview(person, "SELECT id, name FROM numbers WHERE id > 1");
    let expected = [
        json!({ "op": "+I", "row": { "id": 2, "name": "two" } }),
        json!({ "op": "+I", "row": { "id": 3, "name": "three" } }),
    ];
    assert_eq!((rows.as_slice(), end.as_str()), (expected.as_slice(), "finished"));
}

fn the_log_tells_of_the_run(person: &mut Person, deployment: &str) {
    let runs = person.at(&format!("/deployments/{deployment}/runs"));
    let runs = person.client().list(&runs);
    assert_eq!(runs.len(), 1, "{runs:?}");
    let run = text(&runs[0], "id");
    let ask = Ask::get(person.at(&format!(
        "/deployments/{deployment}/logs/stream?run={run}&after=0"
    )));
    let mut events = person.client().events(&ask);
    let line = |event: &Value| event["lines"].to_string();
    events.wait_for("a line of the end", |event| {
        event.name == "lines" && line(&event.data).contains("the run has finished")
    });
}

fn rows_flow_from_a_generator_to_a_file(person: &mut Person) {
    let draft = person.create_draft("count", "INSERT INTO seen SELECT n FROM ticks");
    let first = person.create_version(&draft, "up");
    let path = person.at("/events");
    let mut events = person.client().events(&Ask::get(path));
    let count = person.deploy("count", &draft, first);
    events.wait_for("an event of the new deployment", |event| {
        event.name == "deployment" && event.data["id"] == count.as_str()
    });
    person.reach(&count, "running");
    until("rows of the generator", || {
        (numbers(person, "seen").len() > 10).then_some(())
    });

    person.change_deployment(&count, json!({ "desired": "stopped" }));
    person.reach(&count, "stopped");
    // What was read is committed, and nothing twice.
    let seen = numbers(person, "seen");
    let expected: Vec<i64> = (1..=seen.len() as i64).collect();
    assert_eq!(seen, expected);

    person.save_draft(&draft, "count", "INSERT INTO seen SELECT -n FROM ticks");
    let second = person.create_version(&draft, "down");
    assert_eq!((first, second), (1, 2));
    let path = person.at(&format!("/drafts/{draft}/versions/{second}/diff?against={first}"));
    let diff = person.client().get(path);
    let ops: Vec<&Value> = diff["lines"]
        .as_array()
        .expect("it has lines")
        .iter()
        .map(|line| &line["op"])
        .collect();
    assert_eq!(ops, ["-", "+"], "{diff}");

    person.change_deployment(&count, json!({ "version": second, "desired": "running" }));
    let running = person.reach(&count, "running");
    assert_eq!(number(&running, "version"), second);
    until("rows of the new version", || {
        numbers(person, "seen")
            .first()
            .is_some_and(|least| *least < 0)
            .then_some(())
    });

    // An upgrade in place, the other way: the run of the newer version makes room for one of the older.
    let before = numbers(person, "seen").into_iter().filter(|n| *n > 0).count();
    person.change_deployment(&count, json!({ "version": first }));
    person.roll_draft_back(&draft, first);
    let path = person.at(&format!("/drafts/{draft}"));
    assert_eq!(
        text(&person.client().get(path), "sql"),
        "INSERT INTO seen SELECT n FROM ticks"
    );
    let running = person.reach(&count, "running");
    assert_eq!(number(&running, "version"), first);
    until("rows of the older version again", || {
        (numbers(person, "seen").into_iter().filter(|n| *n > 0).count() > before).then_some(())
    });
    person.change_deployment(&count, json!({ "desired": "stopped" }));
    person.reach(&count, "stopped");

    let runs = person.at(&format!("/deployments/{count}/runs"));
    let runs = person.client().list(&runs);
    let versions: Vec<u64> = runs.iter().rev().map(|run| number(run, "version")).collect();
    assert_eq!(versions, [first, second, first], "{runs:?}");
}

fn what_was_done_stands_in_the_audit(person: &mut Person) {
    let path = person.at("/audit");
    let events = person.client().list(&path);
    let count = |action: &str| events.iter().filter(|event| event["action"] == action).count();
    let [drafts, versions, deployments] = person.ledger.counts();
    assert_eq!(
        [
            count("draft.create"),
            count("version.create"),
            count("deployment.create")
        ],
        [drafts, versions, deployments]
    );
    let actors: BTreeSet<&str> = events
        .iter()
        .filter_map(|event| event["actor"].as_str())
        .collect();
    assert_eq!(actors, BTreeSet::from(["admin"]));
}

fn signing_out_ends_the_session(client: &Client) {
    client.ask(Ask::delete("/session"));
    let answer = client.send(&Ask::get("/session")).expect("the server is up");
    assert_eq!(answer.status, 401, "{}", answer.body);
}
