//! Savepoints over HTTP: asked for, looked at, gone on from, deleted.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fixture::{Answer, Client, Server, deployment, until};

/// A server whose loop runs and whose time passes.
async fn server() -> Server {
    let server = Server::with_users().await;
    server.jobs.spawn();
    let clock = server.clock.clone();
    tokio::spawn(async move {
        loop {
            clock.advance(Duration::from_millis(100));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    server
}

/// A deployment that runs; its path, and its answer.
async fn running(client: &Client, name: &str) -> (String, Answer) {
    let made = deployment(client, "shop", name).await;
    let path = format!("/workspaces/shop/deployments/{}", made.id());
    change(client, &path, json!({ "desired": "running" })).await;
    until("it does not run", async || {
        phase(client, &path).await == "running"
    })
    .await;
    (path, made)
}

async fn phase(client: &Client, path: &str) -> String {
    let read = client.get(path).await.expect(200);
    read.json["phase"].as_str().unwrap().to_string()
}

async fn change(client: &Client, path: &str, change: Value) -> Answer {
    loop {
        let read = client.get(path).await.expect(200);
        let changed = client.at(read.revision()).patch(path, change.clone()).await;
        if changed.status != 412 {
            return changed;
        }
    }
}

/// A savepoint that was asked for, once it is done.
async fn done(client: &Client, asked: &Answer) -> Value {
    let path = format!("/workspaces/shop/savepoints/{}", asked.id());
    until("it is not done", async || {
        client.get(&path).await.expect(200).json["status"] == "done"
    })
    .await;
    client.get(&path).await.expect(200).json
}

#[tokio::test]
async fn a_savepoint_is_asked_for_taken_listed_and_deleted() {
    let server = server().await;
    let oper = server.signed_in("oper").await;
    let vera = server.signed_in("vera").await;
    let olga = server.signed_in("olga").await;
    let (path, made) = running(&olga, "count").await;
    let asked = oper
        .post(
            &format!("{path}/savepoints"),
            json!({ "name": "before the sale" }),
        )
        .await
        .expect(202);
    let own = format!("/workspaces/shop/savepoints/{}", asked.id());
    assert_eq!(asked.header("location"), format!("/api/v1{own}"));
    assert_eq!(
        (
            &asked.json["status"],
            &asked.json["taken"],
            &asked.json["created_by"]
        ),
        (&json!("pending"), &Value::Null, &json!("oper"))
    );
    let savepoint = done(&vera, &asked).await;
    assert_eq!(savepoint["taken"]["bytes"], 1_234);
    assert_eq!(savepoint["taken"]["epoch"], 1);
    assert_eq!(
        (
            &savepoint["version"],
            &savepoint["at_stop"],
            &savepoint["deployment_name"]
        ),
        (&json!(1), &json!(false), &json!("count"))
    );

    let list = format!("/workspaces/shop/savepoints?deployment_id={}", made.id());
    let listed = vera.get(&list).await.expect(200).json;
    assert_eq!(listed["items"], json!([savepoint]));
    for (query, count) in [
        ("q=sale", 1),
        ("q=nothing", 0),
        ("status=done", 1),
        ("status=failed", 0),
    ] {
        let listed = vera.get(&format!("{list}&{query}")).await.expect(200).json;
        assert_eq!(listed["items"].as_array().unwrap().len(), count, "{query}");
    }
    vera.get(&format!("{list}&status=lost")).await.expect(400);
    vera.delete(&own).await.expect(403);
    oper.delete(&own).await.expect(204);
    oper.get(&own).await.expect(404);
    oper.delete(&own).await.expect(404);
    let events = olga
        .get("/workspaces/shop/audit?q=savepoint")
        .await
        .expect(200)
        .json;
    let actions: Vec<&str> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["savepoint.delete", "savepoint.create"]);
}

#[tokio::test]
async fn one_request_that_is_sent_twice_takes_one_savepoint() {
    let server = server().await;
    let olga = server.signed_in("olga").await;
    let (path, _) = running(&olga, "count").await;
    let once = olga.with("idempotency-key", "a");
    let first = once
        .post(&format!("{path}/savepoints"), json!({}))
        .await
        .expect(202);
    let second = once
        .post(&format!("{path}/savepoints"), json!({}))
        .await
        .expect(202);
    assert_eq!(first.id(), second.id());
    let listed = olga.get("/workspaces/shop/savepoints").await.expect(200).json;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_deployment_that_does_not_run_has_no_savepoint_taken() {
    let server = server().await;
    let olga = server.signed_in("olga").await;
    let made = deployment(&olga, "shop", "count").await;
    let path = format!("/workspaces/shop/deployments/{}", made.id());
    let refused = olga
        .post(&format!("{path}/savepoints"), json!({}))
        .await
        .expect(409);
    assert_eq!(
        refused.json["detail"],
        "deployment 'count' is stopped: nothing runs that a savepoint could be taken of"
    );
    let refused = change(&olga, &path, json!({ "desired": "stopped", "savepoint": {} })).await;
    assert_eq!(
        refused.expect(409).json["detail"],
        json!("deployment 'count' is stopped: nothing runs that a savepoint could be taken of")
    );
    let refused = change(&olga, &path, json!({ "desired": "running", "savepoint": {} })).await;
    refused.expect(422);
    let refused = change(&olga, &path, json!({ "restore": { "savepoint": "sp_1" } })).await;
    refused.expect(400);
    let unknown = json!({ "restore": { "savepoint": "sp_01jd1kxa000000000000000007" } });
    change(&olga, &path, unknown).await.expect(404);
}

#[tokio::test]
async fn a_deployment_stops_with_a_savepoint_and_others_begin_from_it() {
    let server = server().await;
    let olga = server.signed_in("olga").await;
    let (path, made) = running(&olga, "count").await;
    let stop = json!({ "desired": "suspended", "savepoint": { "name": "for the night" } });
    change(&olga, &path, stop).await.expect(200);
    until("it does not stop", async || {
        phase(&olga, &path).await == "suspended"
    })
    .await;
    let listed = olga.get("/workspaces/shop/savepoints").await.expect(200).json;
    let savepoint = &listed["items"][0];
    assert_eq!(
        (&savepoint["name"], &savepoint["at_stop"], &savepoint["status"]),
        (&json!("for the night"), &json!(true), &json!("done"))
    );

    let id = savepoint["id"].as_str().unwrap();
    let other = json!({
        "name": "other", "draft_id": made.json["draft_id"], "version": 1, "restore": { "savepoint": id }
    });
    let other = olga.post("/workspaces/shop/deployments", other).await.expect(201);
    assert_eq!(other.json["restore_savepoint"], id);
    // The stage takes no checkpoints: it may be needed at any time.
    let own = format!("/workspaces/shop/savepoints/{id}");
    let refused = olga.delete(&own).await.expect(409);
    let detail = refused.json["detail"].as_str().unwrap();
    assert!(
        detail.ends_with("is what the deployment 'other' goes on from: it has no checkpoint yet"),
        "{detail}"
    );
    let anew = json!({ "restore": "none" });
    let other = format!("/workspaces/shop/deployments/{}", other.id());
    let changed = change(&olga, &other, anew).await.expect(200);
    assert_eq!(changed.json["restore_savepoint"], Value::Null);
    let changed = change(
        &olga,
        &path,
        json!({ "desired": "running", "restore": { "savepoint": id } }),
    )
    .await;
    assert_eq!(changed.expect(200).json["restore_savepoint"], id);
    // It outlives its deployment, and what it is of is still known.
    change(&olga, &path, json!({ "desired": "stopped", "restore": "none" }))
        .await
        .expect(200);
    until("it does not stop", async || {
        phase(&olga, &path).await == "stopped"
    })
    .await;
    let revision = olga.get(&path).await.expect(200).revision();
    olga.at(revision).delete(&path).await.expect(204);
    assert_eq!(olga.get(&own).await.expect(200).json["deployment_name"], "count");
    olga.delete(&own).await.expect(204);
}

#[tokio::test]
async fn a_version_that_would_lose_state_is_refused_until_that_is_allowed() {
    let server = server().await;
    let olga = server.signed_in("olga").await;
    let vera = server.signed_in("vera").await;
    let (path, made) = running(&olga, "count").await;
    let draft = format!(
        "/workspaces/shop/drafts/{}",
        made.json["draft_id"].as_str().unwrap()
    );
    let read = olga.get(&draft).await.expect(200);
    let sql = read.json["sql"].as_str().unwrap();
    let version = async |number: u32, sql: String| {
        let revision = olga.get(&draft).await.expect(200).revision();
        let body = json!({ "name": "count", "sql": sql });
        olga.at(revision).put(&draft, body).await.expect(200);
        let kept = olga
            .post(&format!("{draft}/versions"), json!({}))
            .await
            .expect(201);
        assert_eq!(kept.json["number"], number);
    };
    version(2, sql.replace("FROM numbers", "FROM numbers LIMIT 10")).await;
    version(3, sql.replace("FROM numbers", "FROM numbers WHERE n > 5")).await;
    version(
        4,
        sql.replace(
            "INSERT INTO seen",
            "CREATE TABLE other (n BIGINT) WITH ('connector' = 'datagen');\nINSERT INTO seen",
        )
        .replace("FROM numbers", "FROM other"),
    )
    .await;

    let question = format!("{path}/verdict");
    let kept = olga
        .post(&question, json!({ "version": 3 }))
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&kept["keeps_all"], &kept["worst"]),
        (&json!(true), &json!("kept"))
    );
    assert_eq!(kept["of"]["version"], 1);
    let fresh = olga
        .post(&question, json!({ "version": 2 }))
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&fresh["keeps_all"], &fresh["worst"]),
        (&json!(true), &json!("new"))
    );
    let lost = olga
        .post(&question, json!({ "version": 4 }))
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&lost["keeps_all"], &lost["worst"]),
        (&json!(false), &json!("reset"))
    );
    let part = lost["parts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|part| part["fate"] == "reset")
        .unwrap();
    assert_eq!(
        (&part["kind"], &part["name"], &part["after"]),
        (&json!("source"), &json!("numbers"), &Value::Null)
    );
    assert_eq!(part["before"]["line"], 3);
    let anew = json!({ "version": 4, "restore": "none" });
    let anew = olga.post(&question, anew).await.expect(200).json;
    assert_eq!((&anew["of"], &anew["parts"]), (&Value::Null, &json!([])));
    let text = json!({ "sql": sql.replace("FROM numbers", "FROM nowhere") });
    let wrong = olga.post(&question, text).await.expect(422).json;
    assert_eq!(wrong["diagnostics"][0]["span"]["line"], 3, "{wrong}");
    olga.post(&question, json!({ "version": 1, "sql": "" }))
        .await
        .expect(400);
    vera.post(&question, json!({})).await.expect(403);

    let refused = change(&olga, &path, json!({ "version": 4 }))
        .await
        .expect(409)
        .json;
    assert_eq!(
        (&refused["type"], &refused["verdict"]["worst"]),
        (&json!("urn:oceanus:problem:state-not-kept"), &json!("reset"))
    );
    assert_eq!(
        olga.get(&path).await.expect(200).json["version"],
        1,
        "nothing was changed"
    );
    change(&olga, &path, json!({ "version": 3 })).await.expect(200);
    change(&olga, &path, json!({ "version": 4, "allow_reset": true }))
        .await
        .expect(200);

    // The same of a savepoint: in another draft, and for a deployment that is not there yet.
    until("it does not run", async || phase(&olga, &path).await == "running").await;
    let asked = olga
        .post(&format!("{path}/savepoints"), json!({}))
        .await
        .expect(202);
    done(&olga, &asked).await;
    let question = format!("/workspaces/shop/savepoints/{}/verdict", asked.id());
    let body = json!({ "draft_id": made.json["draft_id"], "version": 1 });
    let verdict = olga.post(&question, body).await.expect(200).json;
    assert_eq!(verdict["of"]["savepoint_id"], asked.id());
    let new = json!({
        "name": "other", "draft_id": made.json["draft_id"], "version": 1,
        "restore": { "savepoint": asked.id() }
    });
    let new = olga
        .post("/workspaces/shop/deployments", new)
        .await
        .expect(409)
        .json;
    assert_eq!(new["verdict"], verdict);
}
