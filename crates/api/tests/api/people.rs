//! Signing in and out, passwords, tokens, members; and browsers that were led here.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use serde_json::json;
use store::Role;

use crate::fixture::{NOW_MS, PASSWORD, Server};

#[tokio::test]
async fn a_browser_signs_in_and_out() {
    let server = Server::with_users().await;
    let client = server.client();
    let signed_in = client
        .post("/session", json!({ "name": "dev", "password": PASSWORD }))
        .await
        .expect(200);
    let cookie = signed_in.header("set-cookie");
    for part in [
        "oceanus_session=",
        "; HttpOnly",
        "; SameSite=Strict",
        "; Path=/",
        "; Max-Age=604800",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"));
    assert_eq!(signed_in.header("cache-control"), "no-store");
    assert_eq!(
        signed_in.json["workspaces"],
        json!([
            { "name": "shop", "display_name": "The shop", "role": "developer" }
        ])
    );
    let dev = server.signed_in("dev").await;
    let session = dev.get("/session").await.expect(200).json;
    assert_eq!(
        (&session["user"]["name"], &session["mode"]),
        (&json!("dev"), &json!("users"))
    );
    assert_eq!(session["expires_at"], "2025-12-06T09:00:00.000Z");
    let out = dev.delete("/session").await.expect(204);
    assert!(
        out.header("set-cookie").starts_with("oceanus_session=; "),
        "{}",
        out.header("set-cookie")
    );
    dev.get("/session").await.expect(401);
}

#[tokio::test]
async fn a_new_session_takes_the_place_of_the_browsers_old_one() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    dev.post("/session", json!({ "name": "vera", "password": PASSWORD }))
        .await
        .expect(200);
    dev.get("/session").await.expect(401);
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    server.clock.advance(Duration::from_secs(7 * 24 * 60 * 60 - 1));
    dev.get("/session").await.expect(200);
    server.clock.advance(Duration::from_secs(1));
    dev.get("/session").await.expect(401);
}

#[tokio::test]
async fn a_wrong_password_says_nothing_and_is_written_down_and_too_many_are_stopped() {
    let server = Server::with_users().await;
    let client = server.client();
    let try_with = async |name: &str, password: &str| {
        let body = json!({ "name": name, "password": password });
        client.post("/session", body).await
    };
    let unknown = try_with("nobody", PASSWORD).await.expect(401);
    let wrong = try_with("dev", "hunter2-hunter2").await.expect(401);
    assert_eq!(unknown.bytes, wrong.bytes);
    assert_eq!(wrong.header("www-authenticate"), "Bearer");
    for _ in 0..4 {
        try_with("dev", "hunter2-hunter2").await.expect(401);
    }
    let stopped = try_with("dev", PASSWORD).await.expect(429);
    assert_eq!(stopped.header("retry-after"), "900");
    try_with("vera", PASSWORD).await.expect(200);
    server.clock.advance(Duration::from_secs(900));
    try_with("dev", PASSWORD).await.expect(200);

    let ann = server.signed_in("ann").await;
    let events = ann.get("/audit?q=session.refuse").await.expect(200);
    let items = events.json["items"].as_array().unwrap();
    assert_eq!(items.len(), 6);
    assert_eq!(
        (&items[0]["actor"], &items[0]["subject"]),
        (&json!("anonymous"), &json!("dev"))
    );
    assert!(!events.text().contains("hunter2"));
}

#[tokio::test]
async fn names_that_are_none_are_written_down_as_they_can_be() {
    let server = Server::with_users().await;
    let long = "x\n\u{202e}".repeat(1000);
    for name in ["", " ", "\u{0}", &long, "'; DROP TABLE users; --"] {
        let body = json!({ "name": name, "password": "x" });
        server.client().post("/session", body).await.expect(401);
    }
    server.signed_in("ann").await.get("/audit").await.expect(200);
}

#[tokio::test]
async fn changing_a_password_ends_the_other_sessions() {
    let server = Server::with_users().await;
    let here = server.signed_in("dev").await;
    let there = server.signed_in("dev").await;
    let ann = server.signed_in("ann").await;
    let id = here.get("/session").await.expect(200).json["user"]["id"]
        .as_str()
        .unwrap()
        .to_string();
    let path = format!("/users/{id}/password");
    here.put(&path, json!({ "password": "another one" }))
        .await
        .expect(422);
    let wrong = json!({ "current_password": "wrong", "password": "another one" });
    here.put(&path, wrong).await.expect(422);
    let short = json!({ "current_password": PASSWORD, "password": "short" });
    let refused = here.put(&path, short).await.expect(422);
    assert!(
        refused.text().contains("at least 8 characters"),
        "{}",
        refused.text()
    );
    let right = json!({ "current_password": PASSWORD, "password": "another one" });
    here.put(&path, right).await.expect(204);
    here.get("/session").await.expect(200);
    there.get("/session").await.expect(401);

    // An administrator gives another one without knowing it.
    ann.put(&path, json!({ "password": PASSWORD })).await.expect(204);
    here.get("/session").await.expect(401);
    server.signed_in("dev").await;
}

#[tokio::test]
async fn users_are_added_and_removed_with_all_they_can_do() {
    let server = Server::with_users().await;
    let ann = server.signed_in("ann").await;
    let body = json!({ "name": "new", "password": PASSWORD, "is_admin": false });
    let made = ann.post("/users", body).await.expect(201);
    assert!(!made.text().contains(PASSWORD));
    let path = format!("/users/{}", made.id());
    assert_eq!(ann.get(&path).await.expect(200).json["name"], "new");
    let new = server.signed_in("new").await;
    let token = server.token("new", None, Role::Viewer, None).await;
    assert_eq!(new.get("/workspaces").await.expect(200).json["items"], json!([]));
    ann.put("/workspaces/shop/members/new", json!({ "role": "viewer" }))
        .await
        .expect(200);
    token.get("/workspaces/shop").await.expect(200);
    ann.delete(&path).await.expect(204);
    new.get("/session").await.expect(401);
    token.get("/session").await.expect(401);
    let own = ann.get("/session").await.expect(200).json["user"]["id"]
        .as_str()
        .unwrap()
        .to_string();
    // Nobody can sign in as the user of single-user mode.
    let local = json!({ "name": "local", "password": "correct horse", "is_admin": true });
    ann.post("/users", local).await.expect(422);
    let refused = ann.delete(&format!("/users/{own}")).await.expect(409);
    assert!(
        refused.text().contains("is the last administrator"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn members_are_added_changed_and_removed_by_owners() {
    let server = Server::with_users().await;
    let olga = server.signed_in("olga").await;
    let otto = server.signed_in("otto").await;
    otto.get("/workspaces/shop").await.expect(404);
    let member = olga
        .put("/workspaces/shop/members/otto", json!({ "role": "viewer" }))
        .await
        .expect(200);
    assert_eq!(
        (&member.json["user_name"], &member.json["role"]),
        (&json!("otto"), &json!("viewer"))
    );
    otto.get("/workspaces/shop").await.expect(200);
    olga.put("/workspaces/shop/members/nobody", json!({ "role": "viewer" }))
        .await
        .expect(404);
    olga.put("/workspaces/shop/members/otto", json!({ "role": "king" }))
        .await
        .expect(422);
    let members = olga.get("/workspaces/shop/members").await.expect(200).json;
    assert_eq!(members["items"].as_array().unwrap().len(), 5);
    let id = member.json["user"].as_str().unwrap();
    olga.delete(&format!("/workspaces/shop/members/{id}"))
        .await
        .expect(204);
    otto.get("/workspaces/shop").await.expect(404);
}

#[tokio::test]
async fn a_token_never_has_more_than_its_maker_has_now() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    let make = async |client: &crate::fixture::Client, workspace, role: &str| {
        let body = json!({ "name": "program", "workspace": workspace, "role": role, "expires_at": null });
        client.post("/tokens", body).await
    };
    make(&dev, json!("shop"), "operator").await.expect(403);
    make(&dev, json!("other"), "viewer").await.expect(404);
    make(&dev, json!("nowhere"), "viewer").await.expect(404);
    let made = make(&dev, json!("shop"), "developer").await.expect(201);
    let text = made.json["token"].as_str().unwrap();
    assert!(text.starts_with("oct_"));
    let program = server.client().with("authorization", &format!("Bearer {text}"));
    let session = program.get("/session").await.expect(200).json;
    assert_eq!(
        (&session["csrf_token"], &session["user"]["name"]),
        (&json!(null), &json!("dev"))
    );
    let draft = json!({ "name": "by program", "sql": "" });
    program.post("/workspaces/shop/drafts", draft).await.expect(201);
    program.delete("/session").await.expect(409);

    // A role everywhere is at most the user's own, there and now.
    let made = make(&dev, json!(null), "owner").await.expect(201);
    let text = made.json["token"].as_str().unwrap();
    let wide = server.client().with("authorization", &format!("Bearer {text}"));
    wide.put("/workspaces/shop/secrets/x", json!({ "value": "x" }))
        .await
        .expect(403);
    server.member("shop", "dev", Role::Viewer).await;
    let draft = json!({ "name": "again", "sql": "" });
    program.post("/workspaces/shop/drafts", draft).await.expect(403);

    let listed = dev.get("/tokens").await.expect(200);
    assert_eq!(listed.names(), ["program", "program"]);
    assert!(!listed.text().contains("oct_"));
    dev.delete(&format!("/tokens/{}", made.id())).await.expect(204);
    wide.get("/session").await.expect(401);
}

#[tokio::test]
async fn a_token_makes_no_other_that_reaches_further_or_lasts_longer() {
    let server = Server::with_users().await;
    let hour = NOW_MS + 3_600_000;
    let program = server
        .token("olga", Some("shop"), Role::Developer, Some(hour))
        .await;
    let make = async |workspace, role: &str, expires_at| {
        let body = json!({ "name": "child", "workspace": workspace, "role": role, "expires_at": expires_at });
        program.post("/tokens", body).await
    };
    let within = json!("2025-11-29T09:59:00.000Z");
    make(json!("shop"), "owner", within.clone()).await.expect(403);
    make(json!(null), "viewer", within.clone()).await.expect(403);
    make(json!("shop"), "viewer", json!(null)).await.expect(403);
    make(json!("shop"), "viewer", json!("2025-11-29T10:00:01.000Z"))
        .await
        .expect(403);
    make(json!("shop"), "viewer", json!("2025-11-29T08:00:00.000Z"))
        .await
        .expect(422);
    make(json!("shop"), "viewer", json!("tomorrow")).await.expect(422);
    let child = make(json!("shop"), "viewer", within).await.expect(201);
    // It ends what it made, and no key of its user that opens more.
    program
        .delete(&format!("/tokens/{}", child.id()))
        .await
        .expect(204);
    let olga = server.signed_in("olga").await;
    let body = json!({ "name": "greater", "workspace": "shop", "role": "owner" });
    let greater = olga.post("/tokens", body).await.expect(201);
    program
        .delete(&format!("/tokens/{}", greater.id()))
        .await
        .expect(403);
}

#[tokio::test]
async fn a_name_that_leads_here_from_elsewhere_is_refused() {
    let server = Server::single_user().await;
    for host in [
        "evil.example",
        "evil.example:8180",
        "127.0.0.1.nip.io",
        "localhost.evil.example",
    ] {
        let refused = server
            .local()
            .with("host", host)
            .get("/session")
            .await
            .expect(403);
        assert!(
            refused.json["hint"].as_str().unwrap().contains("hosts"),
            "{}",
            refused.text()
        );
        server.client().with("host", host).get("//").await.expect(403);
    }
    server.local().without("host").get("/session").await.expect(400);
    for host in ["localhost:8180", "[::1]:8180", "127.0.0.1"] {
        server
            .local()
            .with("host", host)
            .get("/session")
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn a_page_of_another_site_neither_reads_nor_changes() {
    let server = Server::single_user().await;
    let local = server.local();
    let body = json!({ "name": "x", "sql": "" });
    let post =
        async |client: &crate::fixture::Client| client.post("/workspaces/shop/drafts", body.clone()).await;
    for origin in [
        "http://evil.example",
        "null",
        "http://127.0.0.1:9999",
        "https://localhost.evil.example",
    ] {
        post(&local.with("origin", origin)).await.expect(403);
        local.with("origin", origin).get("/session").await.expect(403);
    }
    for site in ["cross-site", "same-site"] {
        local
            .with("sec-fetch-site", site)
            .get("/workspaces/shop/drafts")
            .await
            .expect(403);
    }
    // A form of another site can send these, and no header of ours.
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let client = local.with("content-type", media_type);
        let path = "/workspaces/shop/drafts";
        client
            .raw(Method::POST, path, Body::from(body.to_string()))
            .await
            .expect(415);
    }
    let own = local
        .with("origin", "http://127.0.0.1:8180")
        .with("sec-fetch-site", "same-origin");
    post(&own).await.expect(201);

    let users = Server::with_users().await;
    let sign_in = json!({ "name": "dev", "password": PASSWORD });
    let client = users.client().with("origin", "http://evil.example");
    client.post("/session", sign_in).await.expect(403);
}
