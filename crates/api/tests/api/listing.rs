//! Pages, revisions and requests that are sent again.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::fixture::{Client, Server, draft};

/// What is made later stands before what is made in the same millisecond.
const TICK: Duration = Duration::from_millis(1);

#[tokio::test]
async fn pages_show_everything_once_whatever_happens_meanwhile() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    for number in 0..23 {
        server.clock.advance(TICK);
        let body = json!({ "name": format!("draft {number}"), "sql": "" });
        dev.post("/workspaces/shop/drafts", body).await.expect(201);
    }
    let mut seen = BTreeSet::new();
    let mut cursor = String::new();
    let mut pages = 0;
    loop {
        let page = dev
            .get(&format!("/workspaces/shop/drafts?limit=5&cursor={cursor}"))
            .await
            .expect(200);
        pages += 1;
        for name in page.names() {
            assert!(seen.insert(name.to_string()), "{name} came twice");
        }
        server.clock.advance(TICK);
        let body = json!({ "name": format!("meanwhile {pages}"), "sql": "" });
        dev.post("/workspaces/shop/drafts", body).await.expect(201);
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = next.to_string(),
            None => break,
        }
    }
    assert_eq!((seen.len(), pages), (23, 5));
    let found = dev.get("/workspaces/shop/drafts?q=DRAFT%202").await.expect(200);
    assert_eq!(found.names(), ["draft 22", "draft 21", "draft 20", "draft 2"]);
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    draft(&dev, "shop", "a").await;
    draft(&dev, "shop", "b").await;
    let page = dev.get("/workspaces/shop/drafts?limit=1").await.expect(200);
    let cursor = page.json["next_cursor"].as_str().unwrap();
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=-1",
        "cursor=xyz",
        &format!("q={}", "x".repeat(201)),
    ] {
        dev.get(&format!("/workspaces/shop/drafts?{query}"))
            .await
            .expect(400);
    }
    // A cursor of one list is none of another.
    dev.get(&format!("/workspaces/shop/deployments?cursor={cursor}"))
        .await
        .expect(400);
    dev.get("/workspaces/shop/drafts?limit=200&q=&cursor=")
        .await
        .expect(200);
}

#[tokio::test]
async fn of_two_who_change_the_same_the_second_is_told() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    let made = draft(&dev, "shop", "count").await;
    let path = format!("/workspaces/shop/drafts/{}", made.id());
    let body = json!({ "name": "count", "sql": "mine" });
    dev.put(&path, body.clone()).await.expect(428);
    for wrong in ["7", "*", "W/\"1\"", "\"x\""] {
        dev.with("if-match", wrong)
            .put(&path, body.clone())
            .await
            .expect(400);
    }
    dev.at(1).put(&path, body.clone()).await.expect(200);
    let stale = dev
        .at(1)
        .put(&path, json!({ "name": "count", "sql": "theirs" }))
        .await
        .expect(412);
    assert_eq!(
        stale.json["detail"],
        "draft 'count' has changed since it was read"
    );
    assert_eq!(dev.get(&path).await.expect(200).json["sql"], "mine");
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_done_once() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    let keyed = dev.with("idempotency-key", "k-1");
    let body = json!({ "name": "once", "sql": "SELECT 1" });
    let path = "/workspaces/shop/drafts";
    let first = keyed.post(path, body.clone()).await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = keyed.post(path, body.clone()).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.bytes, first.bytes);
    for name in ["location", "etag", "content-type"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!(dev.get(path).await.expect(200).names(), ["once"]);
    let other = keyed
        .post(path, json!({ "name": "twice", "sql": "" }))
        .await
        .expect(409);
    assert!(
        other.text().contains("was used for another request"),
        "{}",
        other.text()
    );
    // Without the key it is another request.
    dev.post(path, body.clone()).await.expect(409);
    // A key belongs to whoever sends it.
    let oper = server.signed_in("oper").await.with("idempotency-key", "k-1");
    oper.post(path, json!({ "name": "twice", "sql": "" }))
        .await
        .expect(201);
    for wrong in ["", "a b", &"x".repeat(201)] {
        dev.with("idempotency-key", wrong)
            .post(path, body.clone())
            .await
            .expect(400);
    }
}

#[tokio::test]
async fn what_was_refused_leaves_its_key_free() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await.with("idempotency-key", "k-2");
    let path = "/workspaces/shop/drafts";
    dev.post(path, json!({ "name": "", "sql": "" })).await.expect(422);
    dev.post(path, json!({ "name": "better", "sql": "" }))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_key_is_no_way_around_a_role_that_has_shrunk() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await.with("idempotency-key", "k-3");
    let body = json!({ "name": "mine", "sql": "hidden" });
    dev.post("/workspaces/shop/drafts", body.clone())
        .await
        .expect(201);
    server.member("shop", "dev", store::Role::Viewer).await;
    dev.post("/workspaces/shop/drafts", body).await.expect(403);
}

#[tokio::test]
async fn of_many_at_once_one_does_it() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await.with("idempotency-key", "k-4");
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let client: Client = dev.clone();
        tasks.push(tokio::spawn(async move {
            let body = json!({ "name": "count", "sql": "" });
            client.post("/workspaces/shop/drafts", body).await.status.as_u16()
        }));
    }
    let mut made = 0;
    for task in tasks {
        let status = task.await.unwrap();
        // Done, replayed, or told that it is being done.
        assert!([201, 409].contains(&status), "{status}");
        made += u32::from(status == 201);
    }
    assert!(made >= 1);
    assert_eq!(
        dev.get("/workspaces/shop/drafts").await.expect(200).names(),
        ["count"]
    );
}
