//! Savepoints by a server that dies, of workers that die.

use std::path::Path;

use jobs::{DeploymentChange, NewDeployment, RestoreWish};
use model::SavepointId;
use model::phase::{DesiredState, PhaseName};
use runner::Runner;
use store::{DeploymentFilter, Savepoint, SavepointFilter, SavepointStatus};

use crate::support::{PATIENCE, Server, counting, rows_below, signal, until, wanted, worker_of};

async fn settled(server: &Server, id: SavepointId) -> Savepoint {
    let started = std::time::Instant::now();
    loop {
        let read = server.store.savepoints().get("w", id).await.unwrap();
        if read.status != SavepointStatus::Pending {
            return read;
        }
        assert!(started.elapsed() < PATIENCE, "{read:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn numbers(data: &Path) -> Vec<i64> {
    let rows = rows_below(&data.join("files/w/seen"));
    let mut numbers: Vec<i64> = rows.iter().map(|row| row.parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_died_finds_out_what_became_of_a_savepoint() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let (server, draft) = counting(data).await;
    let id = server.deploy("count", draft, 1).await.id;
    server.reach(id, PhaseName::Running).await;
    // Written down, and the server ends before it can ask for more than the first of them.
    let mut asked = Vec::new();
    for name in ["a", "b", "c"] {
        asked.push(
            server
                .jobs
                .create_savepoint("tester", "w", id, name)
                .await
                .unwrap(),
        );
    }
    server.stop().await;
    let server = Server::start(data).await;
    for savepoint in &asked {
        let settled = settled(&server, savepoint.id).await;
        assert_eq!(settled.status, SavepointStatus::Done, "{settled:?}");
        assert_eq!(settled.version, 1);
    }
    assert_eq!(server.runner.savepoints().unwrap().len(), 3);

    // A worker that dies: the next one takes it.
    let run = server.store.runs().latest(id).await.unwrap().unwrap();
    let pid = worker_of(data, &run.id.to_string());
    signal(pid, libc::SIGSTOP);
    let held = server
        .jobs
        .create_savepoint("tester", "w", id, "held")
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let read = server.store.savepoints().get("w", held.id).await.unwrap();
    assert_eq!(read.status, SavepointStatus::Pending);
    signal(pid, libc::SIGKILL);
    let taken = settled(&server, held.id).await.taken.unwrap();
    assert!(taken.epoch > run.epoch, "{taken:?}");

    // And one that nobody can take any more.
    let run = server.store.runs().latest(id).await.unwrap().unwrap();
    let pid = worker_of(data, &run.id.to_string());
    signal(pid, libc::SIGSTOP);
    let late = server
        .jobs
        .create_savepoint("tester", "w", id, "late")
        .await
        .unwrap();
    server.change(id, wanted(DesiredState::Stopped)).await;
    signal(pid, libc::SIGKILL);
    server.reach(id, PhaseName::Stopped).await;
    let failed = settled(&server, late.id).await;
    assert_eq!(failed.status, SavepointStatus::Failed);
    assert!(failed.reason.unwrap().contains("stopped, failed or finished"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_with_a_savepoint_goes_on_from_it_with_every_row_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let (server, draft) = counting(data).await;
    let id = server.deploy("count", draft, 1).await.id;
    server.reach(id, PhaseName::Running).await;
    until("no rows", || !numbers(data).is_empty()).await;
    let stop = DeploymentChange {
        savepoint_at_stop: Some("night".to_string()),
        ..wanted(DesiredState::Suspended)
    };
    server.change(id, stop).await;
    server.reach(id, PhaseName::Suspended).await;
    let filter = SavepointFilter::default();
    let page = store::PageRequest::default();
    let listed = server.store.savepoints().list("w", &filter, &page).await.unwrap();
    let savepoint = settled(&server, listed.items[0].id).await;
    assert_eq!(
        (savepoint.status, savepoint.at_stop),
        (SavepointStatus::Done, true)
    );
    let before = numbers(data).len();

    // Its deployment may go: another one begins from it.
    let revision = server.store.deployments().get("w", id).await.unwrap().revision;
    server
        .jobs
        .delete_deployment("tester", "w", id, revision)
        .await
        .unwrap();
    let new = NewDeployment {
        name: "again".to_string(),
        draft_id: draft,
        version: 1,
        cluster: None,
        parallelism: None,
        desired: DesiredState::Running,
        savepoint: Some(savepoint.id),
        allow_reset: false,
    };
    let again = server
        .jobs
        .create_deployment("tester", "w", new)
        .await
        .unwrap()
        .id;
    server.reach(again, PhaseName::Running).await;
    until("it does not go on", || numbers(data).len() > before + 10).await;
    // A death before or behind its first checkpoint changes nothing.
    let run = server.store.runs().latest(again).await.unwrap().unwrap();
    signal(worker_of(data, &run.id.to_string()), libc::SIGKILL);
    until("it does not go on", || numbers(data).len() > before + 200).await;
    server.change(again, wanted(DesiredState::Stopped)).await;
    server.reach(again, PhaseName::Stopped).await;
    let seen = numbers(data);
    assert!(seen.iter().copied().eq(1..=seen.len() as i64), "{seen:?}");

    // It has checkpoints of its own, so that the savepoint may go; and then it goes with the workspace.
    server
        .jobs
        .delete_savepoint("tester", "w", savepoint.id)
        .await
        .unwrap();
    assert!(server.runner.savepoints().unwrap().is_empty());
    let read = server.store.deployments().get("w", again).await.unwrap();
    assert_eq!(read.restore_savepoint, None);
    let resume = DeploymentChange {
        restore: RestoreWish::Nothing,
        ..wanted(DesiredState::Running)
    };
    server.change(again, resume).await;
    server.reach(again, PhaseName::Running).await;
    let last = server
        .jobs
        .create_savepoint("tester", "w", again, "")
        .await
        .unwrap();
    assert_eq!(settled(&server, last.id).await.status, SavepointStatus::Done);
    server.change(again, wanted(DesiredState::Stopped)).await;
    server.reach(again, PhaseName::Stopped).await;
    assert_eq!(server.runner.savepoints().unwrap().len(), 1);
    server.jobs.delete_workspace("tester", "w").await.unwrap();
    assert!(server.runner.savepoints().unwrap().is_empty());
    let left = server
        .store
        .deployments()
        .list(&DeploymentFilter::default(), &page)
        .await
        .unwrap();
    assert!(left.items.is_empty());
    server.stop().await;
}
