//! Bundles that mean harm: refused before anything is made of them.

use std::time::{Duration, Instant};

use crate::fixture::{Place, bundle, faults};

/// No bundle may keep a server busy for longer, however slow the machine.
const PATIENCE: Duration = Duration::from_secs(20);

async fn refused(place: &Place, path: &str, text: &str) -> String {
    let mut files = bundle(&[("catalog.sql", "")]);
    files.files.insert(path.to_string(), text.to_string());
    let started = Instant::now();
    let report = place.apply("w", &files, true).await;
    assert!(started.elapsed() < PATIENCE, "{path}");
    assert!(!report.applied, "{path}");
    faults(&report.diff).join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_that_lead_elsewhere_are_refused() {
    let place = Place::new().await;
    for path in [
        "../x.sql",
        "/etc/passwd",
        "jobs/../../x.sql",
        "jobs\\x.sql",
        "c:/x.sql",
        "jobs//x.sql",
    ] {
        let told = refused(&place, path, "SELECT 1").await;
        assert!(told.contains("this path is not taken"), "{told}");
    }
    assert!(
        refused(&place, "jobs/x.exe", "")
            .await
            .contains("is no file of a bundle")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn yaml_bombs_do_not_go_off() {
    let place = Place::new().await;
    let mut laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_string();
    for (name, before) in ('b'..='i').zip('a'..='h') {
        laughs.push_str(&format!(
            "{name}: &{name} [{}]\n",
            vec![format!("*{before}"); 9].join(",")
        ));
    }
    for text in [
        laughs.as_str(),
        &"[".repeat(100_000),
        &"{a: ".repeat(50_000),
        &"- ".repeat(100_000),
        &"? ".repeat(100_000),
    ] {
        let told = refused(&place, "secrets.yaml", text).await;
        assert!(told.starts_with("secrets.yaml:1:"), "{told}");
    }
    assert!(
        refused(&place, "secrets.yaml", &"#".repeat(1 << 20))
            .await
            .contains("more than")
    );
    // Names of people are no markup, and no path.
    let told = refused(
        &place,
        "connections/x.yaml",
        "name: ../../etc/x\nkind: filesystem",
    )
    .await;
    assert!(
        told.starts_with("connections/x.yaml:1:7: connection name must be"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_that_is_nested_without_end_is_refused() {
    let place = Place::new().await;
    let deep = format!(
        "INSERT INTO t SELECT {}1{}",
        "(".repeat(10_000),
        ")".repeat(10_000)
    );
    let told = refused(&place, "jobs/deep.sql", &deep).await;
    assert!(told.contains("jobs/deep.sql:1:"), "{told}");
    let deep = format!(
        "CREATE VIEW v AS SELECT {}1{} AS a",
        "(".repeat(10_000),
        ")".repeat(10_000)
    );
    assert!(
        refused(&place, "catalog.sql", &deep)
            .await
            .contains("catalog.sql:1:")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_hold_markup_or_sql_are_names() {
    let place = Place::new().await;
    let name = "'; DROP TABLE drafts; --<script>alert(1)</script>";
    let files = bundle(&[
        ("jobs/x.sql", "INSERT INTO t VALUES (1)"),
        ("jobs/x.yaml", &format!("name: \"{name}\"")),
        (
            "catalog.sql",
            "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole')",
        ),
    ]);
    assert!(place.apply("w", &files, true).await.applied);
    let exported = place.export("w").await;
    assert_eq!(
        exported.files["jobs/drop-table-drafts--script-alert-1-script.yaml"
            .replace("--", "-")
            .as_str()],
        format!("name: \"{name}\"\n")
    );
}
