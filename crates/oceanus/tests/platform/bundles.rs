//! Bundles over jobs that run.

use jobs::Bundle;
use model::phase::PhaseName;

use crate::support::{NUMBERS, Server, rows_below, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_upgrades_what_runs_and_prunes_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let server = Server::start(data).await;
    server.workspace().await;
    let mut bundle = Bundle::default();
    let mut put = |path: &str, text: &str| bundle.files.insert(path.to_string(), text.to_string());
    put("workspace.yaml", "format: 1");
    put("catalog.sql", NUMBERS);
    put("jobs/count.sql", "INSERT INTO seen SELECT n FROM ticks");
    put(
        "jobs/count.yaml",
        "deployments:\n- {name: count, desired: running}",
    );
    let report = server
        .jobs
        .apply("tester", "w", bundle.clone(), false)
        .await
        .unwrap();
    assert!(report.applied, "{report:?}");
    let filter = store::DeploymentFilter::default();
    let page = store::PageRequest::default();
    let id = server
        .store
        .deployments()
        .list(&filter, &page)
        .await
        .unwrap()
        .items[0]
        .id;
    server.reach(id, PhaseName::Running).await;

    let text = "INSERT INTO seen SELECT -n FROM ticks";
    bundle
        .files
        .insert("jobs/count.sql".to_string(), text.to_string());
    server
        .jobs
        .apply("tester", "w", bundle.clone(), false)
        .await
        .unwrap();
    let running = server.reach(id, PhaseName::Running).await;
    assert_eq!(running.version, 2);
    let seen = data.join("files/w/seen");
    until("no rows of the new text", || {
        rows_below(&seen).iter().any(|row| row.starts_with('-'))
    })
    .await;

    bundle.files.remove("jobs/count.sql");
    bundle.files.remove("jobs/count.yaml");
    let report = server
        .jobs
        .apply("tester", "w", bundle.clone(), true)
        .await
        .unwrap();
    assert!(report.applied && report.diff.diagnostics.is_empty(), "{report:?}");
    assert!(
        server
            .store
            .deployments()
            .list(&filter, &page)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    assert!(
        server
            .store
            .drafts()
            .list("w", &page)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    let runs = std::fs::read_dir(data.join("runs")).unwrap().count();
    assert_eq!(runs, 0, "its worker and its logs are gone");
    server.stop().await;
}
