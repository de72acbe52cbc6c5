//! Servers that die at the wrong moment, stores that forget, workers that hang.

use std::sync::Arc;
use std::time::Duration;

use jobs::Error;
use model::phase::{DesiredState, PhaseName};
use runner::{RunKey, Runner};
use stdx::{Random, SystemClock};
use store::{ConditionKind, MasterKey, NewConnection, NewRun, Options, PageRequest, Run, Store};

use crate::support::{Server, ShiftedClock, counting, rows_below, signal, until, wanted, worker_of};

fn key(run: &Run) -> RunKey {
    RunKey {
        run_id: run.id.to_string(),
        epoch: run.epoch,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_an_old_copy_of_the_store_does_not_know_are_stopped_and_stay_behind() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let (server, draft) = counting(data).await;
    let id = server.deploy("count", draft, 1).await.id;
    server.change(id, wanted(DesiredState::Stopped)).await;
    server.reach(id, PhaseName::Stopped).await;
    let before = server.store.deployments().get("w", id).await.unwrap().epoch;
    let copy = data.join("copy.db");
    server.store.backup(&copy).await.unwrap();

    // What the copy does not know: two attempts of the deployment, and another deployment.
    server.change(id, wanted(DesiredState::Running)).await;
    server.reach(id, PhaseName::Running).await;
    let first = server.store.runs().latest(id).await.unwrap().unwrap();
    signal(worker_of(data, &first.id.to_string()), libc::SIGKILL);
    loop {
        let latest = server.store.runs().latest(id).await.unwrap().unwrap();
        if latest.id != first.id && latest.phase == PhaseName::Running {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let forgotten = server.store.runs().latest(id).await.unwrap().unwrap();
    let other = server.deploy("other", draft, 1).await.id;
    server.reach(other, PhaseName::Running).await;
    let others = server.store.runs().latest(other).await.unwrap().unwrap();
    server.stop().await;
    store::restore(&copy, &data.join("oceanus.db")).await.unwrap();

    let server = Server::start(data).await;
    for run in [&forgotten, &others] {
        until("an orphan goes on", || {
            server.runner.observe(&key(run)).unwrap().is_over()
        })
        .await;
    }
    let page = PageRequest {
        q: Some("run.stop".to_string()),
        ..PageRequest::default()
    };
    let mut audited = Vec::new();
    while audited.len() < 2 {
        let events = server.store.audit().list(None, &page).await.unwrap().items;
        audited = events.into_iter().map(|event| event.subject).collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    audited.sort();
    let mut expected = [forgotten.id.to_string(), others.id.to_string()];
    expected.sort();
    assert_eq!(audited, expected);

    // Asked for again, it runs above all that ran before, at the first go.
    server.change(id, wanted(DesiredState::Running)).await;
    server.reach(id, PhaseName::Running).await;
    let latest = server.store.runs().latest(id).await.unwrap().unwrap();
    assert!(latest.epoch > forgotten.epoch && forgotten.epoch > before + 1);
    assert_eq!(server.run_ids(id).await.len() as u64, before + 1);
    server.change(id, wanted(DesiredState::Stopped)).await;
    server.reach(id, PhaseName::Stopped).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_was_written_down_before_its_server_died_is_the_one_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let (server, draft) = counting(data).await;
    server.stop().await;
    // As a server does that dies right behind it: the deployment has not moved yet.
    let options = Options::new(data, MasterKey::new([7; 32]));
    let store = Store::open(options, Arc::new(SystemClock), Random::new(5))
        .await
        .unwrap();
    let new = store::NewDeployment {
        name: "count".to_string(),
        draft_id: draft,
        version: 1,
        cluster: None,
        engine: "embedded".to_string(),
        parallelism: None,
        desired: DesiredState::Running,
        savepoint: None,
        drops_state: false,
    };
    let id = store.deployments().create("w", new, "tester").await.unwrap().id;
    let new = NewRun {
        attempt: 1,
        version: 1,
        parallelism: 1,
        memory_bytes_max: 1 << 30,
        epoch_above: 0,
    };
    let written = store.runs().create(id, new).await.unwrap();
    store.close().await;

    let server = Server::start(data).await;
    server.reach(id, PhaseName::Running).await;
    assert_eq!(server.run_ids(id).await, [written.id.to_string()]);
    server.change(id, wanted(DesiredState::Stopped)).await;
    server.reach(id, PhaseName::Stopped).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_hangs_is_left_alone_until_it_shall_stop() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let (server, draft) = counting(data).await;
    let id = server.deploy("count", draft, 1).await.id;
    server.reach(id, PhaseName::Running).await;
    let run = server.store.runs().latest(id).await.unwrap().unwrap();
    let process = worker_of(data, &run.id.to_string());
    server.stop().await;
    let clock = Arc::new(ShiftedClock::default());
    let server = Server::start_at(data, clock.clone()).await;
    signal(process, libc::SIGSTOP);
    let is_silent = async || {
        let read = server.store.deployments().get("w", id).await.unwrap();
        let kinds = read.conditions.iter().map(|condition| condition.kind);
        kinds.into_iter().any(|kind| kind == ConditionKind::Unreachable)
    };
    while !is_silent().await {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // However long: nothing is started in its place.
    clock.set_ahead(Duration::from_secs(3600));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(is_silent().await && server.run_ids(id).await.len() == 1);

    server.change(id, wanted(DesiredState::Stopped)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(
        !server.runner.observe(&key(&run)).unwrap().is_over(),
        "it has its time"
    );
    until("it was not ended", || {
        // Its patience is over as soon as it was asked.
        clock.set_ahead(Duration::from_secs(61));
        server.runner.observe(&key(&run)).unwrap().is_over()
    })
    .await;
    server.reach(id, PhaseName::Stopped).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_run_waits_for_a_person_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let server = Server::start(data).await;
    server.workspace().await;
    let connection = |path: &str| NewConnection {
        kind: "filesystem".to_string(),
        options: [("path", path), ("format", "csv")]
            .into_iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect(),
    };
    let connections = server.store.connections();
    connections
        .put("w", "lake", connection("seen"), "tester")
        .await
        .unwrap();
    let tables = "CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '50');
        CREATE TABLE seen (n BIGINT) WITH ('connector' = 'filesystem', 'connection' = 'lake')";
    server.jobs.execute_catalog("tester", "w", tables).await.unwrap();
    let draft = server
        .draft("count", "INSERT INTO seen SELECT n FROM ticks")
        .await;
    server
        .jobs
        .create_version("tester", "w", draft, "")
        .await
        .unwrap();
    connections.delete("w", "lake", "tester").await.unwrap();
    let id = server.deploy("count", draft, 1).await.id;
    let failed = server.reach(id, PhaseName::Failed).await;
    let told = failed.last_error.unwrap().to_string();
    assert!(told.contains("connection 'lake' not found"), "{told}");
    let settled = server.store.deployments().get("w", id).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(server.store.deployments().get("w", id).await.unwrap(), settled);

    // Connections are read at each start.
    connections
        .put("w", "lake", connection("elsewhere"), "tester")
        .await
        .unwrap();
    server.change(id, wanted(DesiredState::Running)).await;
    server.reach(id, PhaseName::Running).await;
    let elsewhere = data.join("files/w/elsewhere");
    until("no rows", || !rows_below(&elsewhere).is_empty()).await;
    let table = server
        .jobs
        .table(
            "w",
            &jobs::ObjectPath {
                catalog: "default_catalog".to_string(),
                database: "default_database".to_string(),
                object: "seen".to_string(),
            },
        )
        .await
        .unwrap();
    let plan = format!("{:?}", server.jobs.plan("w", id).await.unwrap());
    let log = server.jobs.logs("w", id, None, 0).await.unwrap().lines.join("\n");
    for shown in [&table.ddl, &plan, &log] {
        assert!(!shown.contains("elsewhere"), "{shown}");
    }
    assert!(table.ddl.contains("'connection' = 'lake'"), "{}", table.ddl);
    server.change(id, wanted(DesiredState::Stopped)).await;
    server.reach(id, PhaseName::Stopped).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_deleted_only_when_nothing_of_it_runs_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let (server, draft) = counting(data).await;
    let id = server.deploy("count", draft, 1).await.id;
    server.reach(id, PhaseName::Running).await;
    let read = server.store.deployments().get("w", id).await.unwrap();
    let refused = server
        .jobs
        .delete_deployment("tester", "w", id, read.revision)
        .await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    server.change(id, wanted(DesiredState::Stopped)).await;
    server.reach(id, PhaseName::Stopped).await;
    server.change(id, wanted(DesiredState::Running)).await;
    server.reach(id, PhaseName::Running).await;
    server.change(id, wanted(DesiredState::Stopped)).await;
    let read = server.reach(id, PhaseName::Stopped).await;
    let folders = || std::fs::read_dir(data.join("runs")).unwrap().count();
    assert_eq!(folders(), 2);
    server
        .jobs
        .delete_deployment("tester", "w", id, read.revision)
        .await
        .unwrap();
    assert_eq!(folders(), 0);
    server.stop().await;
}
