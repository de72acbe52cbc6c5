//! The OpenAPI document is what is written down beside the code, and says what every route must say.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fixture::Server;

/// `OCEANUS_TEST_RECORD=1 cargo test -p api` writes it anew.
const RECORD: &str = "OCEANUS_TEST_RECORD";

#[test]
fn the_document_is_the_one_that_is_written_down() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let now = api::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os(RECORD).is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == now,
        "the interface has changed: look at it, then write it down with {RECORD}=1"
    );
}

#[test]
fn every_operation_says_what_it_needs_and_how_it_refuses() {
    let document: Value = serde_json::from_str(&api::openapi().to_json().unwrap()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    let mut count = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let label = format!("{method} {path}");
            count += 1;
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_string()), "{label}: {id} is there twice");
            assert!(operation["summary"].is_string(), "{label}");
            assert!(operation["tags"].is_array(), "{label}");
            let needs = operation["x-needs"].as_str().unwrap();
            let is_open = operation["security"].as_array().unwrap().is_empty();
            assert_eq!(is_open, needs == "nothing", "{label}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{label}");
            assert!(responses.contains_key("default"), "{label}");
            assert_eq!(
                is_open,
                !responses.contains_key("401") || path == "/session" && method == "post",
                "{label}"
            );
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            for part in path.split('/').filter_map(|part| part.strip_prefix('{')) {
                let name = part.trim_end_matches('}');
                let found = parameters
                    .iter()
                    .find(|parameter| parameter["name"] == name && parameter["in"] == "path");
                assert!(
                    found.is_some_and(|found| found["required"] == true),
                    "{label}: {name}"
                );
            }
        }
    }
    assert!(count > 50, "{count}");
}

#[test]
fn every_schema_that_is_referred_to_is_there() {
    let document: Value = serde_json::from_str(&api::openapi().to_json().unwrap()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut referred = BTreeSet::new();
    collect(&document, &mut referred);
    for name in &referred {
        assert!(schemas.contains_key(name), "{name}");
    }
    for name in [
        "Draft",
        "DraftSummary",
        "Version",
        "Deployment",
        "Run",
        "Metrics",
        "Plan",
        "Problem",
        "Session",
    ] {
        assert!(schemas.contains_key(name), "{name}");
    }
}

fn collect(value: &Value, referred: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value
                    .as_str()
                    .and_then(|text| text.strip_prefix("#/components/schemas/"))
                {
                    Some(name) if key == "$ref" => {
                        referred.insert(name.to_string());
                    }
                    _ => collect(value, referred),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, referred)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_served_to_everybody() {
    let server = Server::with_users().await;
    let answer = server.client().get("/openapi.json").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.json["info"]["title"], "Oceanus");
}
