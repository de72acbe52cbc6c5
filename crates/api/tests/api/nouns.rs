//! A walk through each noun, as a person or a program would go.

use axum::body::Body;
use axum::http::Method;
use serde_json::json;

use crate::fixture::{Client, Server, deployment, draft, jar, until};

#[tokio::test]
async fn workspaces_are_added_looked_at_and_removed() {
    let server = Server::with_users().await;
    let ann = server.signed_in("ann").await;
    let body = json!({ "name": "lab", "display_name": "The lab" });
    let made = ann.post("/workspaces", body.clone()).await.expect(201);
    assert_eq!(made.header("location"), "/api/v1/workspaces/lab");
    assert_eq!(made.json["created_at"], "2025-11-29T09:00:00.000Z");
    let again = ann.post("/workspaces", body).await.expect(409);
    assert_eq!(again.json["detail"], "workspace 'lab' already exists");
    let wrong = json!({ "name": "No Name", "display_name": "x" });
    let refused = ann.post("/workspaces", wrong).await.expect(422);
    assert!(
        refused.json["detail"].as_str().unwrap().contains("got 'No Name'"),
        "{}",
        refused.text()
    );

    assert_eq!(
        ann.get("/workspaces").await.expect(200).names(),
        ["lab", "other", "shop"]
    );
    let olga = server.signed_in("olga").await;
    assert_eq!(olga.get("/workspaces").await.expect(200).names(), ["shop"]);
    deployment(&olga, "shop", "count").await;
    let detail = olga.get("/workspaces/shop").await.expect(200).json;
    assert_eq!(detail["role"], "owner");
    assert_eq!(detail["phases"], json!({ "stopped": 1 }));
    assert_eq!(detail["counts"]["drafts"], 1);
    assert_eq!(detail["counts"]["members"], 4);

    ann.delete("/workspaces/lab").await.expect(204);
    ann.get("/workspaces/lab").await.expect(404);
}

#[tokio::test]
async fn drafts_are_written_saved_kept_and_rolled_back() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    let made = draft(&dev, "shop", "count").await;
    let path = format!("/workspaces/shop/drafts/{}", made.id());
    assert_eq!(made.header("location"), format!("/api/v1{path}"));
    assert_eq!(made.header("etag"), "\"1\"");
    assert_eq!(made.json["updated_by"], "dev");
    let first = dev
        .post(&format!("{path}/versions"), json!({ "comment": "first" }))
        .await
        .expect(201);
    assert_eq!(
        (&first.json["number"], &first.json["created_by"]),
        (&json!(1), &json!("dev"))
    );

    let sql = made.json["sql"]
        .as_str()
        .unwrap()
        .replace("SELECT n", "SELECT -n");
    let saved = json!({ "name": "count down", "sql": sql, "settings": { "table.local-time-zone": "UTC" } });
    let saved = dev.at(1).put(&path, saved).await.expect(200);
    assert_eq!((saved.revision(), saved.header("etag")), (2, "\"2\""));
    // Settings that are left out stay.
    let autosaved = json!({ "name": "count down", "sql": "SELECT wrong" });
    let autosaved = dev
        .at(2)
        .put(&format!("{path}?autosave=true"), autosaved)
        .await
        .expect(200);
    assert_eq!(autosaved.json["settings"]["table.local-time-zone"], "UTC");

    let refused = dev.post(&format!("{path}/versions"), json!({})).await.expect(422);
    let diagnostic = &refused.json["diagnostics"][0];
    assert_eq!(
        (&diagnostic["span"]["line"], &diagnostic["span"]["column"]),
        (&json!(1), &json!(8))
    );

    let back = dev
        .post(&format!("{path}/rollback"), json!({ "version": 1 }))
        .await
        .expect(200);
    assert_eq!(back.json["sql"], made.json["sql"]);
    assert_eq!(back.header("etag"), "\"4\"");

    let versions = dev.get(&format!("{path}/versions")).await.expect(200);
    assert_eq!(versions.json["items"][0]["comment"], "first");
    assert!(versions.json["items"][0].get("sql").is_none());
    let version = dev.get(&format!("{path}/versions/1")).await.expect(200);
    assert_eq!(version.json["sql"], made.json["sql"]);
    dev.at(4)
        .put(&path, json!({ "name": "count", "sql": sql }))
        .await
        .expect(200);
    dev.post(&format!("{path}/versions"), json!({ "comment": "second" }))
        .await
        .expect(201);
    let diff = dev
        .get(&format!("{path}/versions/2/diff?against=1"))
        .await
        .expect(200);
    let ops: Vec<&str> = diff.json["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["op"].as_str().unwrap())
        .collect();
    assert_eq!(ops, [" ", " ", "-", "+"]);
    let estimate = dev
        .post(&format!("{path}/versions/1/estimate"), json!(null))
        .await
        .expect(200);
    assert_eq!(estimate.json["parallelism"], 1);
    assert!(!estimate.json["reasons"].as_array().unwrap().is_empty());

    dev.delete(&path).await.expect(428);
    dev.at(4).delete(&path).await.expect(412);
    dev.at(5).delete(&path).await.expect(204);
    dev.get(&path).await.expect(404);
}

#[tokio::test]
async fn a_text_is_checked_with_the_place_of_what_is_wrong() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    let wrong = json!({ "sql": "SELECT 1;\nSELECT pric FROM (VALUES (1)) AS t(price)", "settings": {} });
    let report = dev
        .post("/workspaces/shop/validate", wrong)
        .await
        .expect(200)
        .json;
    let diagnostic = &report["diagnostics"][0];
    assert_eq!(diagnostic["kind"], "validation");
    assert_eq!(
        (&diagnostic["span"]["line"], &diagnostic["span"]["column"]),
        (&json!(2), &json!(8))
    );
    assert!(
        diagnostic["hint"].as_str().unwrap().contains("price"),
        "{diagnostic}"
    );
    assert_eq!(report["plan"], json!(null));

    let right = json!({ "sql": "SELECT price FROM (VALUES (1)) AS t(price)" });
    let report = dev
        .post("/workspaces/shop/validate", right)
        .await
        .expect(200)
        .json;
    assert_eq!(report["diagnostics"], json!([]));
    assert_eq!(report["statements"][0]["kind"], "query");
    assert!(!report["plan"]["nodes"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn deployments_are_made_changed_and_deleted() {
    let server = Server::with_users().await;
    let oper = server.signed_in("oper").await;
    let made = deployment(&oper, "shop", "count").await;
    let path = format!("/workspaces/shop/deployments/{}", made.id());
    assert_eq!(made.header("location"), format!("/api/v1{path}"));
    assert_eq!(
        (&made.json["phase"], &made.json["parallelism"]),
        (&json!("stopped"), &json!(null))
    );
    oper.patch(&path, json!({ "desired": "running" }))
        .await
        .expect(428);
    let changed = oper
        .at(1)
        .patch(&path, json!({ "parallelism": 2 }))
        .await
        .expect(200);
    assert_eq!(changed.json["parallelism"], 2);
    let changed = oper
        .at(2)
        .patch(&path, json!({ "parallelism": null, "version": 1 }))
        .await
        .expect(200);
    assert_eq!(
        (&changed.json["parallelism"], changed.header("etag")),
        (&json!(null), "\"3\"")
    );
    oper.at(1)
        .patch(&path, json!({ "desired": "running" }))
        .await
        .expect(412);
    let refused = oper
        .at(3)
        .patch(&path, json!({ "parallelism": 99 }))
        .await
        .expect(422);
    assert_eq!(refused.json["detail"], "parallelism must be from 1 to 4, got 99");
    oper.at(3).patch(&path, json!({ "version": 9 })).await.expect(404);

    let listed = oper
        .get("/workspaces/shop/deployments?phase=stopped,failed")
        .await
        .expect(200);
    assert_eq!(listed.names(), ["count"]);
    let none = oper
        .get("/workspaces/shop/deployments?phase=running")
        .await
        .expect(200);
    assert!(none.names().is_empty());
    let draft = made.json["draft_id"].as_str().unwrap();
    let of_draft = oper
        .get(&format!("/workspaces/shop/deployments?draft_id={draft}"))
        .await
        .expect(200);
    assert_eq!(of_draft.names(), ["count"]);
    oper.get("/workspaces/shop/deployments?phase=asleep")
        .await
        .expect(400);
    let drafts = oper.get("/workspaces/shop/drafts").await.expect(200).json;
    assert_eq!(drafts["items"][0]["deployments"][0]["phase"], "stopped");

    let plan = oper.get(&format!("{path}/plan")).await.expect(200).json;
    assert!(plan["nodes"].as_array().unwrap().len() >= 2, "{plan}");
    assert_eq!(
        oper.get(&format!("{path}/runs")).await.expect(200).json["items"],
        json!([])
    );
    oper.get(&format!("{path}/metrics")).await.expect(404);
    let log = oper.get(&format!("{path}/logs")).await.expect(200).json;
    assert_eq!((&log["run"], &log["lines"]), (&json!(null), &json!([])));
    oper.at(3).delete(&path).await.expect(204);
    oper.get(&path).await.expect(404);
}

#[tokio::test]
async fn a_deployment_that_runs_has_runs_metrics_and_a_log() {
    let server = Server::with_users().await;
    let loop_of = server.jobs.spawn();
    let oper = server.signed_in("oper").await;
    let made = deployment(&oper, "shop", "count").await;
    let path = format!("/workspaces/shop/deployments/{}", made.id());
    oper.at(1)
        .patch(&path, json!({ "desired": "running" }))
        .await
        .expect(200);
    until("it does not run", async || {
        oper.get(&path).await.json["phase"] == "running"
    })
    .await;
    let runs = oper.get(&format!("{path}/runs")).await.expect(200).json;
    assert_eq!(
        (&runs["items"][0]["epoch"], &runs["items"][0]["phase"]),
        (&json!(1), &json!("running"))
    );
    let metrics = oper.get(&format!("{path}/metrics")).await.expect(200).json;
    // A watermark behind the last row has no date.
    assert_eq!(
        (&metrics["rows_in"], &metrics["watermark"]),
        (&json!(7), &json!(null))
    );
    let log = oper.get(&format!("{path}/logs")).await.expect(200).json;
    assert_eq!(log["run"], runs["items"][0]["id"]);
    assert_eq!(log["lines"], json!(["begun", "going on"]));
    let rest = oper
        .get(&format!("{path}/logs?after={}", log["next"]))
        .await
        .expect(200)
        .json;
    assert_eq!(rest["lines"], json!([]));
    let refused = oper.at(2).delete(&path).await.expect(409);
    assert!(
        refused.json["detail"].as_str().unwrap().contains("stop it first"),
        "{}",
        refused.text()
    );
    server.jobs.shut_down();
    loop_of.await.unwrap();
}

#[tokio::test]
async fn the_catalog_is_changed_by_statements_and_shows_rows() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    let files = server.files("shop");
    std::fs::create_dir(files.join("in")).unwrap();
    std::fs::write(files.join("in/a.csv"), "9007199254740993,<script>\n2,two\n").unwrap();
    let sql = "CREATE TABLE items (id BIGINT, name STRING) COMMENT 'what is sold' \
               WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'csv'); \
               CREATE VIEW names AS SELECT name FROM items";
    let done = dev
        .post("/workspaces/shop/catalog/statements", json!({ "sql": sql }))
        .await
        .expect(200);
    assert_eq!(done.json["messages"].as_array().unwrap().len(), 2);
    let tree = dev.get("/workspaces/shop/catalog").await.expect(200).json;
    let tables = &tree["catalogs"][0]["databases"][0]["tables"];
    assert_eq!(
        tables[0],
        json!({ "name": "items", "kind": "table", "connector": "filesystem" })
    );
    assert_eq!(
        tables[1],
        json!({ "name": "names", "kind": "view", "connector": null })
    );
    let (catalog, database) = (
        &tree["catalogs"][0]["name"],
        &tree["catalogs"][0]["databases"][0]["name"],
    );
    let path = format!(
        "/workspaces/shop/catalog/tables/{}/{}/items",
        catalog.as_str().unwrap(),
        database.as_str().unwrap()
    );
    let table = dev.get(&path).await.expect(200).json;
    assert_eq!(
        (&table["columns"][0]["type"], &table["comment"]),
        (&json!("BIGINT"), &json!("what is sold"))
    );
    assert_eq!(table["options"]["format"], "csv");
    let sample = dev.get(&format!("{path}/sample?rows=1")).await.expect(200);
    assert_eq!(
        sample.json["columns"][1],
        json!({ "name": "name", "type": "STRING" })
    );
    assert_eq!(
        sample.json["rows"],
        json!([{ "id": "9007199254740993", "name": "<script>" }])
    );
    dev.get(&format!("{path}/sample?rows=0")).await.expect(400);
    dev.get(&path.replace("items", "nothing")).await.expect(404);

    let wrong = dev
        .post(
            "/workspaces/shop/catalog/statements",
            json!({ "sql": "DROP TABLE items; DROP TABLE nothing" }),
        )
        .await
        .expect(422);
    assert!(
        wrong.json["diagnostics"][0]["span"].is_object(),
        "{}",
        wrong.text()
    );
    // All of it or nothing.
    dev.get(&path).await.expect(200);
}

#[tokio::test]
async fn secrets_are_written_and_never_read() {
    let server = Server::with_users().await;
    let olga = server.signed_in("olga").await;
    let path = "/workspaces/shop/secrets/kafka_password";
    let made = olga.put(path, json!({ "value": "hunter2" })).await.expect(200);
    assert!(!made.text().contains("hunter2"));
    let listed = olga.get("/workspaces/shop/secrets").await.expect(200);
    assert_eq!(listed.names(), ["kafka_password"]);
    assert!(!listed.text().contains("hunter2"));
    olga.get(path).await.expect(405);
    let wrong = olga
        .put("/workspaces/shop/secrets/a.b", json!({ "value": "hunter2" }))
        .await
        .expect(422);
    assert!(!wrong.text().contains("hunter2"));
    for value in [json!(424_242), json!({ "secret": 424_242 }), json!([424_242])] {
        let wrong = olga.put(path, json!({ "value": value })).await.expect(422);
        assert!(!wrong.text().contains("424242"), "{}", wrong.text());
        assert!(wrong.text().contains("value: must be a text"), "{}", wrong.text());
    }
    olga.delete(path).await.expect(204);
    olga.delete(path).await.expect(404);
}

#[tokio::test]
async fn connections_hold_options_and_no_passwords() {
    let server = Server::with_users().await;
    let olga = server.signed_in("olga").await;
    let path = "/workspaces/shop/connections/orders";
    let options = json!({ "url": "https://example.org", "password": "${secret.db}" });
    let made = olga
        .put(path, json!({ "kind": "http", "options": options }))
        .await
        .expect(200);
    assert_eq!(made.json["options"], options);
    assert_eq!(olga.get(path).await.expect(200).json, made.json);
    let literal = json!({ "kind": "http", "options": { "password": "hunter2" } });
    let refused = olga.put(path, literal).await.expect(422);
    assert!(!refused.text().contains("hunter2"), "{}", refused.text());
    assert!(refused.text().contains("${secret."), "{}", refused.text());
    assert_eq!(
        olga.get("/workspaces/shop/connections").await.expect(200).names(),
        ["orders"]
    );
    olga.delete(path).await.expect(204);
    olga.get(path).await.expect(404);
}

#[tokio::test]
async fn a_connection_is_tried() {
    let server = Server::with_users().await;
    let olga = server.signed_in("olga").await;
    std::fs::create_dir(server.files("shop").join("in")).unwrap();
    let path = "/workspaces/shop/connections/place";
    let options = json!({ "path": "in" });
    olga.put(path, json!({ "kind": "filesystem", "options": options }))
        .await
        .expect(200);
    let report = olga
        .post(&format!("{path}/test"), json!(null))
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&report["reachable"], &report["checks"][0]["ok"]),
        (&json!(true), &json!(true)),
        "{report}"
    );
    let options = json!({ "path": "/etc" });
    olga.put(path, json!({ "kind": "filesystem", "options": options }))
        .await
        .expect(200);
    let report = olga
        .post(&format!("{path}/test"), json!(null))
        .await
        .expect(200)
        .json;
    assert_eq!(report["reachable"], false, "{report}");
    olga.post("/workspaces/shop/connections/none/test", json!(null))
        .await
        .expect(404);
}

#[tokio::test]
async fn artifacts_are_uploaded_downloaded_and_deleted() {
    let server = Server::with_users().await;
    let dev = server
        .signed_in("dev")
        .await
        .with("content-type", "application/java-archive");
    let path = "/workspaces/shop/artifacts";
    let upload = async |client: &Client, name: &str, bytes: Vec<u8>| {
        let path = format!("{path}?name={name}");
        client.raw(Method::POST, &path, Body::from(bytes)).await
    };
    let bytes = jar("a/Rules.class", b"bytes");
    let made = upload(&dev, "rules.jar", bytes.clone()).await.expect(201);
    assert_eq!(
        (&made.json["name"], &made.json["entries"]),
        (&json!("rules.jar"), &json!(1))
    );
    let again = upload(&dev, "rules.jar", bytes.clone()).await.expect(201);
    assert_eq!(again.json["hash"], made.json["hash"]);
    let own = format!("{path}/{}", made.json["hash"].as_str().unwrap());
    assert_eq!(made.header("location"), format!("/api/v1{own}"));
    let content = dev.get(&format!("{own}/content")).await.expect(200);
    assert_eq!(&content.bytes[..], bytes);
    assert_eq!(content.header("content-disposition"), "attachment");
    assert_eq!(content.header("x-content-type-options"), "nosniff");
    assert_eq!(dev.get(path).await.expect(200).names(), ["rules.jar"]);
    upload(&dev.with("content-type", "text/html"), "rules.jar", bytes.clone())
        .await
        .expect(415);
    upload(&dev, "rules.exe", bytes).await.expect(422);
    upload(&dev, "rules.jar", b"no archive".to_vec())
        .await
        .expect(422);
    let slip = upload(&dev, "rules.jar", jar("../../etc/cron.d/x", b"x"))
        .await
        .expect(422);
    assert!(
        slip.json["detail"].as_str().unwrap().contains("../../etc"),
        "{}",
        slip.text()
    );
    dev.delete(&own).await.expect(204);
    dev.get(&own).await.expect(404);
}

#[tokio::test]
async fn every_change_is_in_the_audit_with_the_name_of_its_maker() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    draft(&dev, "shop", "count").await;
    let events = dev.get("/workspaces/shop/audit?limit=1").await.expect(200).json;
    let event = &events["items"][0];
    assert_eq!(
        (&event["action"], &event["actor"]),
        (&json!("draft.create"), &json!("dev"))
    );
    let found = dev.get("/workspaces/shop/audit?q=DEV").await.expect(200).json;
    assert!(!found["items"].as_array().unwrap().is_empty());
    let ann = server.signed_in("ann").await;
    let all = ann.get("/audit").await.expect(200).json;
    assert!(all["items"].as_array().unwrap().len() > 5);
}

#[tokio::test]
async fn functions_are_documented() {
    let server = Server::with_users().await;
    let vera = server.signed_in("vera").await;
    let functions = vera.get("/functions").await.expect(200).json;
    let items = functions["items"].as_array().unwrap();
    let substring = items.iter().find(|item| item["name"] == "SUBSTRING").unwrap();
    assert_eq!(substring["kind"], "scalar");
    assert!(substring["example"]["result"].is_string());
}

#[tokio::test]
async fn one_user_needs_no_session() {
    let server = Server::single_user().await;
    let local = server.local();
    let session = local.get("/session").await.expect(200).json;
    assert_eq!(session["mode"], "single_user");
    assert_eq!(
        (&session["user"]["name"], &session["user"]["is_admin"]),
        (&json!("local"), &json!(true))
    );
    assert_eq!(session["workspaces"][0]["role"], "owner");
    draft(&local, "shop", "count").await;
    local
        .post("/session", json!({ "name": "local", "password": "x" }))
        .await
        .expect(409);
    local.delete("/session").await.expect(409);
    // The same user again and again.
    let listed = local.get("/users").await.expect(200);
    assert_eq!(listed.names(), ["local"]);
}
