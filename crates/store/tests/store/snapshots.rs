//! Snapshots of deployments.

use model::{RunId, SnapshotId};
use store::{NewRun, NewSnapshot, PageRequest, Run, SnapshotKind, SnapshotState};

use crate::fixture::{BY, Fixture, fixture, is_not_found, is_stale, page, search};

async fn run_of(fixture: &Fixture, name: &str) -> Run {
    let deployment = fixture.deployment(name).await;
    let new = NewRun {
        attempt: 1,
        version: 1,
        parallelism: 1,
        memory_bytes_max: 1,
        epoch_above: 0,
    };
    fixture.store.runs().create(deployment.id, new).await.unwrap()
}

fn new(run: &Run, kind: SnapshotKind) -> NewSnapshot {
    NewSnapshot {
        run_id: run.id,
        kind,
        location: format!("checkpoints/{}", run.id),
    }
}

#[tokio::test]
async fn a_snapshot_is_written_completed_listed_and_removed() {
    let fixture = fixture().await;
    let run = run_of(&fixture, "count").await;
    let id = run.deployment_id;
    let snapshots = fixture.store.snapshots();
    let mut made = Vec::new();
    for kind in [
        SnapshotKind::Checkpoint,
        SnapshotKind::Savepoint,
        SnapshotKind::Checkpoint,
    ] {
        let by = (kind == SnapshotKind::Savepoint).then_some(BY);
        made.push(snapshots.insert("shop", id, new(&run, kind), by).await.unwrap());
        fixture.pass(1);
    }
    assert!(snapshots.latest(id).await.unwrap().is_none());
    let complete = snapshots.complete(made[1].id, 4096).await.unwrap();
    assert_eq!(
        (complete.state, complete.bytes),
        (SnapshotState::Complete, Some(4096))
    );
    let failed = snapshots.fail(made[2].id).await.unwrap();
    assert_eq!((failed.state, failed.bytes), (SnapshotState::Failed, None));
    is_stale(snapshots.complete(made[2].id, 1).await);
    assert_eq!(snapshots.latest(id).await.unwrap(), Some(complete.clone()));
    assert_eq!(snapshots.get("shop", id, made[1].id).await.unwrap(), complete);

    let first = snapshots.list("shop", id, &page(2)).await.unwrap();
    let ids: Vec<SnapshotId> = first.items.iter().map(|snapshot| snapshot.id).collect();
    assert_eq!(ids, [made[2].id, made[1].id]);
    let next = PageRequest {
        cursor: first.next_cursor,
        ..page(2)
    };
    assert_eq!(snapshots.list("shop", id, &next).await.unwrap().items.len(), 1);
    assert_eq!(
        snapshots
            .list("shop", id, &search("savep"))
            .await
            .unwrap()
            .items
            .len(),
        1
    );

    snapshots.delete("shop", id, made[0].id, None).await.unwrap();
    snapshots.delete("shop", id, made[1].id, Some(BY)).await.unwrap();
    is_not_found(snapshots.get("shop", id, made[1].id).await);
    is_not_found(snapshots.delete("shop", id, made[1].id, Some(BY)).await);
    is_not_found(snapshots.complete(made[1].id, 1).await);

    // The engine's own are nobody's doing.
    let audited = fixture
        .store
        .audit()
        .list(Some("shop"), &search("snapshot."))
        .await
        .unwrap();
    let actions: Vec<&str> = audited.items.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["snapshot.delete", "snapshot.create"]);
}

#[tokio::test]
async fn a_snapshot_of_another_workspace_or_deployment_is_not_found() {
    let fixture = fixture().await;
    let (run, other) = (run_of(&fixture, "count").await, run_of(&fixture, "other").await);
    let id = run.deployment_id;
    let snapshots = fixture.store.snapshots();
    let kind = SnapshotKind::Savepoint;
    let made = snapshots
        .insert("shop", id, new(&run, kind), Some(BY))
        .await
        .unwrap();
    is_not_found(snapshots.insert("other", id, new(&run, kind), Some(BY)).await);
    is_not_found(snapshots.insert("shop", id, new(&other, kind), Some(BY)).await);
    let unknown = NewSnapshot {
        run_id: RunId::new(1, 1),
        ..new(&run, kind)
    };
    is_not_found(snapshots.insert("shop", id, unknown, None).await);
    is_not_found(snapshots.get("other", id, made.id).await);
    is_not_found(snapshots.get("shop", other.deployment_id, made.id).await);
    is_not_found(snapshots.delete("other", id, made.id, Some(BY)).await);
    is_not_found(
        snapshots
            .delete("shop", other.deployment_id, made.id, Some(BY))
            .await,
    );
    for (workspace, deployment) in [("other", id), ("shop", other.deployment_id)] {
        let listed = snapshots.list(workspace, deployment, &page(10)).await.unwrap();
        assert!(listed.items.is_empty());
    }
}

#[tokio::test]
async fn snapshots_go_with_their_deployment() {
    let fixture = fixture().await;
    let run = run_of(&fixture, "count").await;
    let snapshots = fixture.store.snapshots();
    let made = snapshots
        .insert(
            "shop",
            run.deployment_id,
            new(&run, SnapshotKind::Checkpoint),
            None,
        )
        .await
        .unwrap();
    let id = run.deployment_id;
    let runs = fixture.store.runs();
    let model::AnyPhase::Starting(starting) = run.phase.typed() else {
        panic!("{run:?}");
    };
    runs.advance(
        run.id,
        starting.to::<model::phase::Stopped>(),
        store::RunEnd::default(),
    )
    .await
    .unwrap();
    let read = fixture.store.deployments().get("shop", id).await.unwrap();
    fixture
        .store
        .deployments()
        .delete("shop", id, read.revision, BY)
        .await
        .unwrap();
    is_not_found(snapshots.complete(made.id, 1).await);
}
