//! Requests that a server has done and not answered, because it died in between: the next one answers them.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{NewDraft, Store};

use crate::fixture::{Answer, Server};

const KEY: &str = "k-1";
/// Longer than a request usually takes.
const LONG: Duration = Duration::from_secs(600);

/// As requests are told apart that come under the same key.
fn hash(path: &str, body: &Value) -> String {
    let digest = Sha256::digest(format!("POST {path}\n{body}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a request would do is done as by a server that dies before it can answer. Then the request is sent again:
/// while it may still be worked on, and to the next server.
async fn answer_after_death<F, T>(
    server: Server,
    path: &str,
    body: Value,
    work: impl FnOnce(Store, String) -> F,
) -> (Server, Answer)
where
    F: Future<Output = store::Result<T>>,
{
    let ann = server.store.users().by_name("ann").await.unwrap().unwrap();
    let ann = ann.id.to_string();
    let keys = server.store.idempotency();
    keys.claim(&ann, KEY, &hash(path, &body)).await.unwrap();
    keys.work(&ann, KEY, work(server.store.clone(), ann.clone()))
        .await
        .unwrap();
    let client = server.signed_in("ann").await.with("idempotency-key", KEY);
    server.clock.advance(LONG);
    client.post(path, body.clone()).await.expect(409);
    let server = server.restarted().await;
    let client = server.signed_in("ann").await.with("idempotency-key", KEY);
    let answer = client.post(path, body.clone()).await;
    // From now on it is an answer like any other.
    assert_eq!(client.post(path, body).await.bytes, answer.bytes);
    (server, answer)
}

#[tokio::test]
async fn a_draft_that_was_made_is_shown() {
    let server = Server::with_users().await;
    let body = json!({ "name": "once", "sql": "SELECT 1" });
    let path = "/workspaces/shop/drafts";
    let (server, answer) = answer_after_death(server, path, body, |store, by| async move {
        let new = NewDraft {
            name: "once".to_string(),
            sql: "SELECT 1".to_string(),
            settings: Default::default(),
        };
        store.drafts().create("shop", new, &by).await
    })
    .await;
    let answer = answer.expect(201);
    assert_eq!(
        (&answer.json["name"], &answer.json["updated_by"]),
        (&json!("once"), &json!("ann"))
    );
    assert_eq!(
        (answer.header("idempotency-replayed"), answer.header("etag")),
        ("true", "\"1\"")
    );
    assert_eq!(
        answer.header("location"),
        format!("/api/v1{path}/{}", answer.id())
    );
    let ann = server.signed_in("ann").await;
    assert_eq!(ann.get(path).await.expect(200).names(), ["once"]);
}

#[tokio::test]
async fn what_is_shown_only_once_is_lost_and_said_to_be() {
    let server = Server::with_users().await;
    let body = json!({ "name": "ci", "workspace": "shop", "role": "viewer" });
    let (_server, answer) = answer_after_death(server, "/tokens", body, |store, by| async move {
        let new = store::NewToken {
            name: "ci".to_string(),
            user: by.parse().unwrap(),
            workspace: Some("shop".to_string()),
            role: store::Role::Viewer,
            expires_at: None,
        };
        store.tokens().create(new, &by).await
    })
    .await;
    let refused = answer.expect(409);
    assert!(refused.text().contains("token.create"), "{}", refused.text());
}
