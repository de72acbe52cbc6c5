//! The console's files, over HTTP.

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

use api::{Asset, Console, Encoding, Mode, Settings};
use axum::http::Method;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::fixture::Server;

const PAGE: &str = "<!doctype html><title>Oceanus</title>";
const SCRIPT: &str = "console.log('ocean')";

struct Files;

impl Console for Files {
    fn file(&self, path: &str) -> Option<Asset> {
        let (text, content_type, immutable, encoding) = match path {
            "index.html" => (PAGE.as_bytes().to_vec(), "text/html; charset=utf-8", false, None),
            "assets/index-1a2b.js" => {
                let mut packed = GzEncoder::new(Vec::new(), Compression::best());
                packed.write_all(SCRIPT.as_bytes()).unwrap();
                let packed = packed.finish().unwrap();
                (packed, "text/javascript", true, Some(Encoding::Gzip))
            }
            _ => return None,
        };
        Some(Asset {
            bytes: Cow::Owned(text),
            content_type: Cow::Borrowed(content_type),
            etag: "e-1".to_string(),
            immutable,
            encoding,
        })
    }
}

async fn server(secure: bool) -> Server {
    let settings = Settings {
        secure,
        ..Settings::new(Mode::Users)
    };
    Server::start_with(settings, Some(Arc::new(Files))).await
}

#[tokio::test]
async fn every_page_is_the_console_and_a_missing_file_is_missing() {
    let server = server(false).await;
    let client = server.client();
    for path in ["//", "//jobs", "//ws/shop/jobs/dr_1"] {
        let page = client.get(path).await.expect(200);
        assert_eq!(page.text(), PAGE, "{path}");
        assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
    }
    for path in [
        "//assets/nothing.js",
        "//favicon.ico",
        "//../Cargo.toml",
        "//%2e%2e/%2e%2e/etc/passwd",
        "//assets/..%2f..%2fetc/passwd",
        "//assets//index-1a2b.js",
        "//assets/%00.js",
        "//api",
        "//api/v2/session",
    ] {
        client.get(path).await.expect(404);
    }
    client.get("/nothing").await.expect(404);
    client.send(Method::POST, "//", None).await.expect(405);
}

#[tokio::test]
async fn a_file_is_kept_and_sent_packed_to_those_who_take_it() {
    let server = server(false).await;
    let path = "//assets/index-1a2b.js";
    let plain = server.client().get(path).await.expect(200);
    assert_eq!(
        (plain.text().as_str(), plain.header("content-encoding")),
        (SCRIPT, "")
    );
    let packed = server
        .client()
        .with("accept-encoding", "gzip, br")
        .get(path)
        .await
        .expect(200);
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_ne!(packed.text(), SCRIPT);
    assert_eq!(packed.header("vary"), "accept-encoding");
    assert_eq!(
        packed.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    let kept = server
        .client()
        .with("if-none-match", "\"e-1\"")
        .get(path)
        .await
        .expect(304);
    assert!(kept.bytes.is_empty());
}

#[tokio::test]
async fn answers_tell_browsers_what_not_to_do() {
    let server = server(true).await;
    let page = server.client().get("//").await.expect(200);
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    let data = server.client().get("/session").await.expect(401);
    assert!(
        data.header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    assert_eq!(data.header("cache-control"), "no-store");
    for answer in [page, data] {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    }
    server.user("ann", true).await;
    let body = serde_json::json!({ "name": "ann", "password": crate::fixture::PASSWORD });
    let signed_in = server.client().post("/session", body).await.expect(200);
    assert!(signed_in.header("set-cookie").ends_with("; Secure"));
}
