//! Streams of events: previews, deployments, logs; and how they end.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Method;
use serde_json::{Value, json};
use store::Role;
use tokio_stream::StreamExt;

use crate::fixture::{Client, NOW_MS, PATIENCE, Server, deployment, until};

/// More than the engine runs at once.
const MANY: usize = 40;
/// As the interface bounds them.
const STREAMS_MAX: usize = 32;

/// Counts without an end.
const TICKS: &str = "CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '100', \
                     'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '100000000');\n\
                     SELECT n FROM ticks";

/// Events as they come.
struct Stream {
    body: axum::body::BodyDataStream,
    rest: String,
}

impl Stream {
    async fn open(client: &Client, method: Method, path: &str, body: Option<Value>) -> Stream {
        let client = client.with("content-type", "application/json");
        let body = body.map_or(Body::empty(), |body| Body::from(body.to_string()));
        let response = client.open(method, path, body).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        Stream {
            body: response.into_body().into_data_stream(),
            rest: String::new(),
        }
    }

    async fn get(client: &Client, path: &str) -> Stream {
        Stream::open(client, Method::GET, path, None).await
    }

    /// The next event; none at the end of the stream.
    async fn next(&mut self) -> Option<(String, Value)> {
        // Of all chunks together: comments that keep the stream alive are no events.
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some((event, rest)) = self.rest.split_once("\n\n") {
                let (event, rest) = (event.to_string(), rest.to_string());
                self.rest = rest;
                let Some((name, data)) = event.split_once('\n') else {
                    assert!(event.starts_with(':'), "{event}");
                    continue;
                };
                let name = name.strip_prefix("event: ").unwrap();
                let data = data.strip_prefix("data: ").unwrap();
                return Some((name.to_string(), serde_json::from_str(data).unwrap()));
            }
            let chunk: Option<Result<Bytes, _>> = tokio::time::timeout_at(until, self.body.next())
                .await
                .expect("no event comes");
            match chunk {
                Some(chunk) => self.rest.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap()),
                None => return None,
            }
        }
    }

    /// Skips to the next event of this name.
    async fn next_named(&mut self, wanted: &str) -> Value {
        loop {
            let (name, data) = self.next().await.expect("the stream has ended");
            if name == wanted {
                return data;
            }
        }
    }

    async fn ends(mut self) {
        // Bounded as a whole: heartbeats would keep a stream that goes on from ever being given up.
        let ended = async { while self.next().await.is_some() {} };
        tokio::time::timeout(PATIENCE, ended)
            .await
            .expect("the stream goes on");
    }
}

async fn preview(client: &Client, sql: &str) -> Stream {
    let body = json!({ "sql": sql, "settings": {} });
    Stream::open(client, Method::POST, "/workspaces/shop/preview", Some(body)).await
}

#[tokio::test]
async fn a_preview_shows_the_schema_then_rows_then_its_end() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    let sql = "SELECT id, name FROM (VALUES (CAST(9007199254740993 AS BIGINT), '<script>')) AS t(id, name)";
    let mut stream = preview(&dev, sql).await;
    let (name, schema) = stream.next().await.unwrap();
    assert_eq!(name, "schema");
    assert_eq!(schema["columns"][0]["name"], "id");
    assert!(
        schema["columns"][0]["type"]
            .as_str()
            .unwrap()
            .starts_with("BIGINT"),
        "{schema}"
    );
    let rows = stream.next_named("rows").await;
    let row = json!({ "op": "+I", "row": { "id": "9007199254740993", "name": "<script>" } });
    assert_eq!(rows["rows"], json!([row]));
    let end = stream.next_named("end").await;
    assert_eq!(end["reason"], "finished");
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_preview_of_a_wrong_text_fails_with_the_place() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    let mut stream = preview(&dev, "SELECT\n  pric FROM (VALUES (1)) AS t(price)").await;
    let failed = stream.next_named("failed").await;
    assert_eq!(failed["diagnostics"][0]["span"]["line"], 2);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_preview_is_bounded_in_rows_and_tells_how_far_it_is() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    let body = json!({ "sql": TICKS, "rows_max": 3 });
    let mut stream = Stream::open(&dev, Method::POST, "/workspaces/shop/preview", Some(body)).await;
    let mut rows = 0;
    let mut reason = Value::Null;
    while let Some((name, data)) = stream.next().await {
        match name.as_str() {
            "rows" => rows += data["rows"].as_array().unwrap().len(),
            "statistics" => assert_eq!(data["watermark"], Value::Null),
            "end" => reason = data["reason"].clone(),
            _ => {}
        }
    }
    assert_eq!((rows, reason), (3, json!("limit")));
}

#[tokio::test]
async fn a_preview_ends_when_its_reader_leaves() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    // The engine runs far fewer at once: each must be gone soon after its reader is.
    for _ in 0..MANY {
        let mut stream = None;
        until("a preview that nobody reads goes on", async || {
            let body = json!({ "sql": TICKS, "rows_max": 1000 }).to_string();
            let client = dev.with("content-type", "application/json");
            let response = client
                .open(Method::POST, "/workspaces/shop/preview", Body::from(body))
                .await;
            let is_open = response.status() == 200;
            stream = Some(response);
            is_open
        })
        .await;
        drop(stream);
    }
}

#[tokio::test]
async fn a_workspace_tells_of_every_change_of_its_own_deployments() {
    let server = Server::with_users().await;
    let olga = server.signed_in("olga").await;
    let otto = server.signed_in("otto").await;
    let mut stream = Stream::get(&olga, "/workspaces/shop/events").await;
    deployment(&otto, "other", "theirs").await;
    let made = deployment(&olga, "shop", "ours").await;
    let (name, changed) = stream.next().await.unwrap();
    assert_eq!(
        (name.as_str(), changed),
        ("deployment", json!({ "id": made.id() }))
    );
    let path = format!("/workspaces/shop/deployments/{}", made.id());
    olga.at(1)
        .patch(&path, json!({ "parallelism": 1 }))
        .await
        .expect(200);
    assert_eq!(stream.next_named("deployment").await, json!({ "id": made.id() }));
}

#[tokio::test]
async fn a_deployment_is_told_at_once_at_every_change_and_until_it_is_gone() {
    let server = Server::with_users().await;
    let oper = server.signed_in("oper").await;
    let made = deployment(&oper, "shop", "count").await;
    let path = format!("/workspaces/shop/deployments/{}", made.id());
    let mut stream = Stream::get(&oper, &format!("{path}/events")).await;
    assert_eq!(stream.next_named("deployment").await["revision"], 1);
    oper.at(1)
        .patch(&path, json!({ "parallelism": 1 }))
        .await
        .expect(200);
    let told = stream.next_named("deployment").await;
    assert_eq!((&told["revision"], &told["parallelism"]), (&json!(2), &json!(1)));
    oper.at(2).delete(&path).await.expect(204);
    stream.ends().await;
    let missing = oper.get(&format!("{path}/events")).await;
    missing.expect(404);
}

#[tokio::test]
async fn what_runs_tells_its_counts_and_its_log() {
    let server = Server::with_users().await;
    let task = server.jobs.spawn();
    let oper = server.signed_in("oper").await;
    let made = deployment(&oper, "shop", "count").await;
    let path = format!("/workspaces/shop/deployments/{}", made.id());
    let mut log = Stream::get(&oper, &format!("{path}/logs/stream")).await;
    let mut events = Stream::get(&oper, &format!("{path}/events")).await;
    oper.at(1)
        .patch(&path, json!({ "desired": "running" }))
        .await
        .expect(200);
    assert_eq!(events.next_named("metrics").await["rows_in"], 7);
    let lines = log.next_named("lines").await;
    assert_eq!(
        (&lines["lines"][0], &lines["next"]),
        (&json!("begun"), &json!(15))
    );
    let run = lines["run"].as_str().unwrap().to_string();
    oper.at(2)
        .patch(&path, json!({ "desired": "stopped" }))
        .await
        .expect(200);
    until("it does not stop", async || {
        // The loop looks again after a while.
        server.clock.advance(Duration::from_millis(100));
        oper.get(&path).await.json["phase"] == "stopped"
    })
    .await;
    // The log of a run that is over ends with its last line.
    let mut of_run = Stream::get(&oper, &format!("{path}/logs/stream?run={run}")).await;
    assert_eq!(of_run.next_named("lines").await["lines"][1], "going on");
    of_run.ends().await;
    // The other goes on with the next run.
    oper.at(3)
        .patch(&path, json!({ "desired": "running" }))
        .await
        .expect(200);
    let next = log.next_named("lines").await;
    assert_ne!(next["run"], json!(run));
    assert_eq!(next["lines"][0], "begun");
    server.jobs.shut_down();
    task.await.unwrap();
}

#[tokio::test]
async fn a_stream_ends_with_what_opened_it() {
    let server = Server::with_users().await;
    let olga = server.signed_in("olga").await;
    let ann = server.signed_in("ann").await;
    let path = "/workspaces/shop/events";

    let browser = server.signed_in("dev").await;
    let stream = Stream::get(&browser, path).await;
    browser.delete("/session").await.expect(204);
    stream.ends().await;

    let made = olga
        .post("/tokens", json!({ "name": "x", "role": "viewer" }))
        .await
        .expect(201);
    let text = format!("Bearer {}", made.json["token"].as_str().unwrap());
    let stream = Stream::get(&server.client().with("authorization", &text), path).await;
    olga.delete(&format!("/tokens/{}", made.id())).await.expect(204);
    stream.ends().await;

    let stream = Stream::get(&server.signed_in("vera").await, path).await;
    olga.delete("/workspaces/shop/members/vera").await.expect(204);
    stream.ends().await;

    // A preview needs more than the role that is left.
    let stream = preview(&server.signed_in("dev").await, TICKS).await;
    let still = Stream::get(&server.signed_in("dev").await, path).await;
    olga.put("/workspaces/shop/members/dev", json!({ "role": "viewer" }))
        .await
        .expect(200);
    stream.ends().await;
    let id = server.store.users().by_name("dev").await.unwrap().unwrap().id;
    ann.delete(&format!("/users/{id}")).await.expect(204);
    still.ends().await;

    let expiring = server
        .token("olga", None, Role::Viewer, Some(NOW_MS + 60_000))
        .await;
    let stream = Stream::get(&expiring, path).await;
    server.clock.advance(Duration::from_secs(60));
    // Looked at with the next change, or the next beat.
    olga.put("/workspaces/shop/members/otto", json!({ "role": "viewer" }))
        .await
        .expect(200);
    stream.ends().await;
}

#[tokio::test]
async fn so_many_streams_are_open_and_no_more() {
    let server = Server::with_users().await;
    let vera = server.signed_in("vera").await;
    let path = "/workspaces/shop/events";
    let mut streams = Vec::new();
    for _ in 0..STREAMS_MAX {
        streams.push(Stream::get(&vera, path).await);
    }
    vera.get(path).await.expect(429);
    // Others have their own.
    Stream::get(&server.signed_in("dev").await, path).await;
    streams.pop();
    until("a stream that was left is still counted", async || {
        vera.open(Method::GET, path, Body::empty()).await.status() == 200
    })
    .await;
}
