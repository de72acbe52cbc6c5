//! A workspace as files: exported, compared, imported.

use serde_json::{Value, json};

use crate::fixture::{Answer, Client, Server, draft, until};

/// The operation at its end.
async fn ended(client: &Client, begun: &Answer) -> Value {
    let path = begun.header("location").strip_prefix("/api/v1").unwrap();
    let mut operation = Value::Null;
    until("the operation goes on", async || {
        operation = client.get(path).await.json;
        operation["status"] != "running"
    })
    .await;
    operation
}

#[tokio::test]
async fn what_is_exported_is_imported_elsewhere() {
    let server = Server::with_users().await;
    let olga = server.signed_in("olga").await;
    let otto = server.signed_in("otto").await;
    draft(&olga, "shop", "count").await;
    let exported = olga.get("/workspaces/shop/export").await.expect(200).json;
    assert!(exported["files"]["jobs/count.sql"].is_string(), "{exported}");
    let body = json!({ "files": exported["files"], "prune": false });

    let same = olga
        .post("/workspaces/shop/import/diff", body.clone())
        .await
        .expect(200)
        .json;
    let changes = same["changes"].as_array().unwrap();
    assert!(
        changes.iter().all(|change| change["action"] == "unchanged"),
        "{same}"
    );
    let diff = otto
        .post("/workspaces/other/import/diff", body.clone())
        .await
        .expect(200)
        .json;
    let job = diff["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|change| change["noun"] == "job")
        .unwrap();
    assert_eq!(
        (&job["action"], &job["lines"][0]["op"]),
        (&json!("create"), &json!("+"))
    );
    assert_eq!(
        otto.get("/workspaces/other/drafts").await.expect(200).json["items"],
        json!([])
    );

    let keyed = otto.with("idempotency-key", "import-1");
    let begun = keyed
        .post("/workspaces/other/import", body.clone())
        .await
        .expect(202);
    assert_eq!(begun.json["kind"], "import");
    let done = ended(&otto, &begun).await;
    assert_eq!(done["status"], "succeeded", "{done}");
    assert_eq!(done["result"]["applied"], true);
    assert!(done["ended_at"].is_string());
    assert_eq!(
        otto.get("/workspaces/other/drafts").await.expect(200).names(),
        ["count"]
    );
    let again = keyed.post("/workspaces/other/import", body).await.expect(202);
    assert_eq!(again.id(), begun.id());
}

#[tokio::test]
async fn files_with_a_fault_change_nothing_and_say_where_it_is() {
    let server = Server::with_users().await;
    let olga = server.signed_in("olga").await;
    let files = json!({
        "workspace.yaml": "format: 1\n",
        "jobs/good.sql": "SELECT 1",
        "jobs/good.yaml": "name: good\nversioned: false\n",
        "connections/db.yaml": "name: db\nkind: http\noptions:\n  password: hunter2\n",
    });
    let body = json!({ "files": files });
    let diff = olga
        .post("/workspaces/shop/import/diff", body.clone())
        .await
        .expect(200);
    assert_eq!(
        diff.json["diagnostics"][0]["file"],
        "connections/db.yaml",
        "{}",
        diff.text()
    );
    assert!(diff.json["diagnostics"][0]["span"]["line"].is_number());
    let begun = olga.post("/workspaces/shop/import", body).await.expect(202);
    let done = ended(&olga, &begun).await;
    assert_eq!(
        (&done["status"], &done["result"]["applied"]),
        (&json!("failed"), &json!(false))
    );
    assert_eq!(done["problem"]["status"], 422);
    assert!(!done.to_string().contains("hunter2"), "{done}");
    assert_eq!(
        olga.get("/workspaces/shop/drafts").await.expect(200).json["items"],
        json!([])
    );
}

#[tokio::test]
async fn paths_that_lead_out_are_faults() {
    let server = Server::with_users().await;
    let olga = server.signed_in("olga").await;
    for path in [
        "../x.sql",
        "/etc/passwd",
        "jobs/../../x.sql",
        "jobs\\x.sql",
        "jobs/a/b.sql",
        "jobs/\u{0}.sql",
        "",
    ] {
        let body = json!({ "files": { "workspace.yaml": "format: 1\n", path: "SELECT 1" } });
        let diff = olga
            .post("/workspaces/shop/import/diff", body)
            .await
            .expect(200)
            .json;
        assert_ne!(diff["diagnostics"], json!([]), "{path}");
    }
}
