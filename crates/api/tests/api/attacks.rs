//! What an attacker would send, and what comes of it: a refusal, and nothing else.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::fixture::{PASSWORD, Server, deployment, draft, jar};

const SECRET: &str = "swordfish-8d1f";
const NESTED: usize = 10_000;

#[tokio::test]
async fn sql_in_names_searches_filters_and_cursors_is_text() {
    let server = Server::with_users().await;
    let olga = server.signed_in("olga").await;
    let names = [
        "'; DROP TABLE drafts; --",
        "\" OR 1=1 --",
        "100%",
        "under_score",
        "back\\slash",
        "Robert'); DELETE FROM users; --",
    ];
    for name in names {
        let made = olga
            .post("/workspaces/shop/drafts", json!({ "name": name, "sql": name }))
            .await
            .expect(201);
        assert_eq!(made.json["name"], name);
        let search = name
            .bytes()
            .map(|byte| format!("%{byte:02x}"))
            .collect::<String>();
        let found = olga
            .get(&format!("/workspaces/shop/drafts?q={search}"))
            .await
            .expect(200);
        assert_eq!(found.names(), [name]);
    }
    // A wildcard is a character like others.
    assert_eq!(
        olga.get("/workspaces/shop/drafts?q=%25")
            .await
            .expect(200)
            .names(),
        ["100%"]
    );
    assert_eq!(
        olga.get("/workspaces/shop/drafts?q=_").await.expect(200).names(),
        ["under_score"]
    );
    let injected = "x%27%20OR%201%3D1%20--";
    olga.get(&format!("/workspaces/shop/deployments?phase={injected}"))
        .await
        .expect(400);
    olga.get(&format!("/workspaces/shop/deployments?draft_id={injected}"))
        .await
        .expect(400);
    olga.get(&format!("/workspaces/shop/drafts?cursor={injected}"))
        .await
        .expect(400);
    olga.get(&format!("/workspaces/shop/drafts?limit={injected}"))
        .await
        .expect(400);
    olga.get(&format!("/workspaces/shop/drafts/{injected}"))
        .await
        .expect(404);
    olga.get(&format!("/workspaces/{injected}/drafts"))
        .await
        .expect(404);
    for noun in ["secrets", "connections", "members", "artifacts"] {
        let path = format!("/workspaces/shop/{noun}");
        assert!(olga.get(&format!("{path}?q={injected}")).await.expect(200).json["items"] == json!([]));
        olga.delete(&format!("{path}/{injected}")).await.expect(404);
    }
    olga.put(
        &format!("/workspaces/shop/secrets/{injected}"),
        json!({ "value": "x" }),
    )
    .await
    .expect(422);
    let table = format!("/workspaces/shop/catalog/tables/{injected}/{injected}/{injected}");
    olga.get(&table).await.expect(404);
    olga.get(&format!("{table}/sample")).await.expect(404);
    assert_eq!(
        olga.get("/workspaces/shop/drafts")
            .await
            .expect(200)
            .names()
            .len(),
        names.len()
    );
}

#[tokio::test]
async fn bodies_beyond_their_bounds_are_refused() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    let post = async |client: &crate::fixture::Client, path: &str, bytes: usize| {
        let client = client.with("content-type", "application/json");
        client
            .raw(Method::POST, path, Body::from(vec![b' '; bytes]))
            .await
    };
    // Nobody signed in must send so much.
    post(&server.client(), "/session", 17 << 10).await.expect(413);
    post(&dev, "/workspaces/shop/drafts", 9 << 20).await.expect(413);
    post(
        &dev.with("idempotency-key", "k"),
        "/workspaces/shop/drafts",
        9 << 20,
    )
    .await
    .expect(413);
    // Refused before it is sent, as far as it says how much that is.
    let announced = dev.with("content-length", "99999999999");
    post(&announced, "/workspaces/shop/drafts", 1).await.expect(413);
    let upload = dev.with("content-type", "application/octet-stream");
    let upload = upload.with("content-length", "99999999999");
    let path = "/workspaces/shop/artifacts?name=x.jar";
    upload.raw(Method::POST, path, Body::from("x")).await.expect(413);

    let long = json!({ "name": "long", "sql": " ".repeat((1 << 20) + 1) });
    dev.post("/workspaces/shop/drafts", long.clone())
        .await
        .expect(422);
    dev.post("/workspaces/shop/validate", json!({ "sql": long["sql"] }))
        .await
        .expect(422);
    dev.post("/workspaces/shop/preview", json!({ "sql": long["sql"] }))
        .await
        .expect(422);
    let olga = server.signed_in("olga").await;
    let value = json!({ "value": "x".repeat((1 << 16) + 1) });
    olga.put("/workspaces/shop/secrets/long", value).await.expect(422);
}

#[tokio::test]
async fn json_that_is_deep_or_broken_is_refused() {
    let server = Server::with_users().await;
    let dev = server
        .signed_in("dev")
        .await
        .with("content-type", "application/json");
    let post = async |text: String| {
        dev.raw(Method::POST, "/workspaces/shop/drafts", Body::from(text))
            .await
    };
    post(format!("{}{}", "[".repeat(NESTED), "]".repeat(NESTED)))
        .await
        .expect(422);
    let deep = "{\"a\":".repeat(NESTED) + "1" + &"}".repeat(NESTED);
    post(format!("{{\"settings\":{deep},\"name\":\"x\",\"sql\":\"\"}}"))
        .await
        .expect(422);
    for broken in [
        "",
        "{",
        "nonsense",
        "{\"name\":\"x\",\"sql\":\"\"} trailing",
        "{\"name\":\"\u{0}",
    ] {
        post(broken.to_string()).await.expect(400);
    }
    post("{\"name\":\"x\",\"sql\":\"\",\"naem\":1}".to_string())
        .await
        .expect(422);
    let refused = post("{\"name\":7,\"sql\":\"\"}".to_string()).await.expect(422);
    assert!(
        refused.json["detail"].as_str().unwrap().starts_with("name: "),
        "{}",
        refused.text()
    );
    let invalid_text = dev.raw(
        Method::POST,
        "/workspaces/shop/drafts",
        Body::from(vec![b'"', 0xff, b'"']),
    );
    assert!([400, 422].contains(&invalid_text.await.status.as_u16()));
}

#[tokio::test]
async fn sql_that_is_ten_thousand_deep_is_a_diagnostic() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    let nested = |open: &str, middle: &str, close: &str| {
        format!("SELECT {}{middle}{}", open.repeat(NESTED), close.repeat(NESTED))
    };
    let deep = [
        nested("(", "1", ")"),
        nested("ABS(", "1", ")"),
        nested("NOT ", "TRUE", ""),
        nested("- ", "1", ""),
        nested("CASE WHEN TRUE THEN ", "1", " END"),
        nested("ARRAY[", "1", "]"),
        format!("SELECT 1{}", " + 1".repeat(NESTED)),
        format!(
            "SELECT * FROM {}t{}",
            "(SELECT * FROM ".repeat(NESTED),
            ") AS x".repeat(NESTED)
        ),
        format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(NESTED)),
        format!(
            "CREATE TABLE t (a {}INT{})",
            "ARRAY<".repeat(NESTED),
            ">".repeat(NESTED)
        ),
        "/*".repeat(NESTED),
    ];
    for sql in deep {
        let start: String = sql.chars().take(60).collect();
        let report = dev.post("/workspaces/shop/validate", json!({ "sql": sql })).await;
        assert_eq!(report.status, 200, "{start}");
        let statements = dev
            .post("/workspaces/shop/catalog/statements", json!({ "sql": sql }))
            .await;
        assert_eq!(statements.status, 422, "{start}");
        let preview = dev.post("/workspaces/shop/preview", json!({ "sql": sql })).await;
        assert_eq!(preview.status, 200, "{start}");
        let said = report.json["diagnostics"] != json!([]);
        // What is long without being deep may be right.
        let may_be_right = start.starts_with("SELECT 1");
        assert!(said || may_be_right, "{start}");
    }
}

#[tokio::test]
async fn no_id_name_or_path_leads_out_of_its_folder() {
    let server = Server::with_users().await;
    let olga = server.signed_in("olga").await;
    let deployed = deployment(&olga, "shop", "count").await;
    let deployment = format!("/workspaces/shop/deployments/{}", deployed.id());
    for out in [
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "..",
        "%00",
        "..%5c..%5cx",
        "%252e%252e%252f",
    ] {
        for path in [
            format!("/workspaces/shop/artifacts/{out}"),
            format!("/workspaces/shop/artifacts/{out}/content"),
            format!("/workspaces/shop/drafts/{out}"),
            format!("/workspaces/shop/deployments/{out}/logs"),
            format!("/workspaces/{out}/drafts"),
            format!("/operations/{out}"),
        ] {
            olga.get(&path).await.expect(404);
        }
        olga.get(&format!("{deployment}/logs?run={out}"))
            .await
            .expect(400);
        olga.get(&format!("{deployment}/logs/stream?run={out}"))
            .await
            .expect(400);
        let upload = olga.with("content-type", "application/octet-stream");
        let path = format!("/workspaces/shop/artifacts?name={out}.jar");
        // A name is only a name: the file is called by its hash.
        let answer = upload
            .raw(Method::POST, &path, Body::from(jar("x", out.as_bytes())))
            .await;
        assert!([201, 422].contains(&answer.status.as_u16()), "{}", answer.text());
    }
    // A table's path stays in the workspace's folder.
    for path in ["../../secret", "/etc", "../other", "a/../../../etc"] {
        let sql = format!(
            "CREATE TABLE out_of (x STRING) WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'raw');\
             SELECT * FROM out_of"
        );
        let stream = olga
            .post("/workspaces/shop/preview", json!({ "sql": sql }))
            .await
            .expect(200)
            .text();
        assert!(stream.contains("event: failed"), "{path}: {stream}");
        assert!(!stream.contains("root:"), "{stream}");
    }
}

#[tokio::test]
async fn a_stored_script_comes_back_as_data() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    let script = "<script>alert(1)</script>";
    let made = dev
        .post(
            "/workspaces/shop/drafts",
            json!({ "name": script, "sql": script }),
        )
        .await
        .expect(201);
    let path = format!("/workspaces/shop/drafts/{}", made.id());
    let wrong = dev
        .post("/workspaces/shop/validate", json!({ "sql": script }))
        .await
        .expect(200);
    let missing = dev
        .get(&format!(
            "/workspaces/shop/drafts/{}",
            script.replace('/', "%2f").replace('<', "%3c").replace('>', "%3e")
        ))
        .await
        .expect(404);
    for answer in [dev.get(&path).await.expect(200), wrong, missing] {
        assert!(
            answer.header("content-type").contains("json"),
            "{}",
            answer.text()
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(
            answer
                .header("content-security-policy")
                .contains("default-src 'none'")
        );
    }
}

/// Everything that is logged, at every level, by all tests of this program.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// One for the whole program: what a thread without one finds first is else taken to be never logged.
    fn begin() -> &'static Log {
        static LOG: LazyLock<Log> = LazyLock::new(|| {
            let log = Log::default();
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_writer(log.clone())
                .finish();
            tracing::subscriber::set_global_default(subscriber).unwrap();
            log
        });
        &LOG
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn a_secret_is_in_no_answer_no_error_and_no_log() {
    let log = Log::begin();

    let server = Server::with_users().await;
    let olga = server.signed_in("olga").await;
    let mut told = String::new();
    let mut note = |answer: crate::fixture::Answer| {
        told.push_str(&format!("{:?}{}", answer.headers, answer.text()));
        answer
    };
    note(
        olga.put("/workspaces/shop/secrets/place", json!({ "value": SECRET }))
            .await
            .expect(200),
    );
    let connection = json!({ "kind": "filesystem", "options": { "path": "${secret.place}" } });
    note(
        olga.put("/workspaces/shop/connections/store", connection)
            .await
            .expect(200),
    );
    let table = "CREATE TABLE hidden (x STRING) \
                 WITH ('connector' = 'filesystem', 'path' = '${secret.place}', 'format' = 'raw')";
    note(
        olga.post("/workspaces/shop/catalog/statements", json!({ "sql": table }))
            .await
            .expect(200),
    );
    let select = json!({ "sql": "SELECT * FROM hidden" });
    note(
        olga.post("/workspaces/shop/validate", select.clone())
            .await
            .expect(200),
    );
    // The folder is not there, which an error would like to name.
    note(olga.post("/workspaces/shop/preview", select).await.expect(200));
    let explain = json!({ "sql": "EXPLAIN SELECT * FROM hidden; SHOW CREATE TABLE hidden" });
    note(olga.post("/workspaces/shop/preview", explain).await.expect(200));
    let tree = olga.get("/workspaces/shop/catalog").await.expect(200).json;
    let (catalog, database) = (
        &tree["catalogs"][0]["name"],
        &tree["catalogs"][0]["databases"][0]["name"],
    );
    let (catalog, database) = (catalog.as_str().unwrap(), database.as_str().unwrap());
    let path = format!("/workspaces/shop/catalog/tables/{catalog}/{database}/hidden");
    let shown = note(olga.get(&path).await.expect(200));
    assert!(shown.text().contains("${secret.place}"));
    note(olga.get(&format!("{path}/sample")).await);
    let draft = json!({ "name": "uses it", "sql": "INSERT INTO hidden SELECT 'x'" });
    let draft = note(olga.post("/workspaces/shop/drafts", draft).await.expect(201));
    let versions = format!("/workspaces/shop/drafts/{}/versions", draft.id());
    note(olga.post(&versions, json!({})).await.expect(201));
    note(olga.get(&format!("{versions}/1")).await.expect(200));
    let deployment = json!({ "name": "d", "draft_id": draft.id(), "version": 1, "desired": "stopped" });
    let deployment = note(
        olga.post("/workspaces/shop/deployments", deployment)
            .await
            .expect(201),
    );
    note(
        olga.get(&format!("/workspaces/shop/deployments/{}/plan", deployment.id()))
            .await
            .expect(200),
    );
    for path in ["export", "audit", "secrets", "connections"] {
        note(olga.get(&format!("/workspaces/shop/{path}")).await.expect(200));
    }
    let wrong = json!({ "value": { "nested": SECRET } });
    note(
        olga.put("/workspaces/shop/secrets/place", wrong)
            .await
            .expect(422),
    );
    let token = olga
        .post("/tokens", json!({ "name": "t", "role": "viewer" }))
        .await
        .expect(201);
    let token = token.json["token"].as_str().unwrap();
    note(olga.get("/tokens").await.expect(200));
    note(
        server
            .client()
            .with("authorization", &format!("Bearer {token}x"))
            .get("/session")
            .await
            .expect(401),
    );
    note(
        server
            .client()
            .post("/session", json!({ "name": "olga", "password": SECRET }))
            .await
            .expect(401),
    );

    let logged = log.text();
    assert!(logged.contains("answered"), "nothing was logged");
    for (what, text) in [("answers", &told), ("log", &logged)] {
        assert!(!text.contains(SECRET), "{what} hold the secret");
        assert!(!text.contains(PASSWORD), "{what} hold a password");
        assert!(!text.contains(token), "{what} hold a token");
    }
    assert!(!logged.contains("oceanus_session="), "the log holds a cookie");
}

#[tokio::test]
async fn a_search_is_not_logged() {
    let log = Log::begin();
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    draft(&dev, "shop", "count").await;
    dev.get("/workspaces/shop/drafts?q=looking-for-this")
        .await
        .expect(200);
    let logged = log.text();
    let own = logged.lines().filter(|line| line.contains("api::"));
    assert!(own.clone().count() > 0);
    assert!(!own.into_iter().any(|line| line.contains("looking-for-this")));
}

/// What cannot be read says where it cannot, and leaves everything as it was.
#[tokio::test]
async fn a_catalog_that_is_changed_by_a_query_stays_as_it_is() {
    let server = Server::with_users().await;
    let dev = server.signed_in("dev").await;
    for sql in [
        "SELECT 1",
        "INSERT INTO x SELECT 1",
        "SET 'a' = 'b'",
        "SHOW TABLES",
        "garbage",
        "",
    ] {
        let answer = dev
            .post("/workspaces/shop/catalog/statements", json!({ "sql": sql }))
            .await;
        assert!(
            [200, 422].contains(&answer.status.as_u16()),
            "{sql}: {}",
            answer.text()
        );
        if answer.status == 422 {
            assert!(answer.json["diagnostics"][0]["message"].is_string(), "{sql}");
        }
    }
    let tree = dev.get("/workspaces/shop/catalog").await.expect(200).json;
    let tables = &tree["catalogs"][0]["databases"][0]["tables"];
    assert!(
        matches!(tables, Value::Array(tables) if tables.is_empty()),
        "{tree}"
    );
}
