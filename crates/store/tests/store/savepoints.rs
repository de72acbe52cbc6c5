use model::{DesiredState, PhaseName, RunId, SavepointId};
use store::{
    DeploymentChange, PageRequest, RestoreFrom, SavepointEnd, SavepointFilter, SavepointStatus,
    TakenSavepoint,
};

use crate::fixture::{BY, fixture, is_conflict, is_not_found, page, search};

fn taken() -> SavepointEnd {
    SavepointEnd::Done {
        version: 1,
        taken: TakenSavepoint {
            run_id: RunId::new(1, 1),
            epoch: 3,
            parallelism: 2,
            taken_at: 5,
            bytes: 7,
        },
    }
}

#[tokio::test]
async fn a_savepoint_is_pending_until_it_is_settled_and_then_stays_so() {
    let fixture = fixture().await;
    let deployment = fixture.deployment("Bids").await;
    let savepoints = fixture.store.savepoints();
    let made = savepoints
        .create("shop", deployment.id, "first", BY)
        .await
        .unwrap();
    assert_eq!(
        (made.status, made.version, made.taken.clone()),
        (SavepointStatus::Pending, 1, None)
    );
    assert_eq!(savepoints.pending(deployment.id).await.unwrap().len(), 1);
    assert_eq!(savepoints.awaited().await.unwrap(), [deployment.id]);
    savepoints.settle(made.id, taken()).await.unwrap();
    let failed = SavepointEnd::Failed {
        reason: "too late".to_string(),
    };
    savepoints.settle(made.id, failed).await.unwrap();
    let read = savepoints.get("shop", made.id).await.unwrap();
    assert_eq!((read.status, read.reason), (SavepointStatus::Done, None));
    assert_eq!(read.taken.unwrap().bytes, 7);
    assert!(savepoints.awaited().await.unwrap().is_empty());
    is_not_found(savepoints.get("other", made.id).await);
}

#[tokio::test]
async fn so_many_wait_for_a_deployment_and_no_more() {
    let fixture = fixture().await;
    let deployment = fixture.deployment("Bids").await;
    let savepoints = fixture.store.savepoints();
    for _ in 0..8 {
        savepoints.create("shop", deployment.id, "", BY).await.unwrap();
    }
    is_conflict(savepoints.create("shop", deployment.id, "", BY).await);
    let stopped = DeploymentChange {
        desired: Some(DesiredState::Stopped),
        ..DeploymentChange::default()
    };
    let revision = deployment.revision;
    let deployments = fixture.store.deployments();
    deployments
        .change("shop", deployment.id, revision, stopped, BY)
        .await
        .unwrap();
    is_conflict(savepoints.create("shop", deployment.id, "", BY).await);
    // Those that wait when it goes wait no more.
    deployments
        .delete("shop", deployment.id, revision + 1, BY)
        .await
        .unwrap();
    let filter = SavepointFilter {
        status: Some(SavepointStatus::Failed),
        ..SavepointFilter::default()
    };
    let failed = savepoints
        .list("shop", &filter, &PageRequest::default())
        .await
        .unwrap();
    assert_eq!(failed.items.len(), 8);
    assert_eq!(
        failed.items[0].reason.as_deref(),
        Some("the deployment was deleted before it was taken")
    );
}

#[tokio::test]
async fn a_deployment_begins_from_a_savepoint_that_is_done_until_something_else_is_asked_for() {
    let fixture = fixture().await;
    let deployment = fixture.deployment("Bids").await;
    assert_eq!(deployment.phase, PhaseName::Pending);
    let store = &fixture.store;
    let made = store
        .savepoints()
        .create("shop", deployment.id, "", BY)
        .await
        .unwrap();
    let from = |savepoint: Option<SavepointId>| DeploymentChange {
        restore: Some(RestoreFrom { above: 4, savepoint }),
        ..DeploymentChange::default()
    };
    let id = deployment.id;
    let change = store
        .deployments()
        .change("shop", id, 1, from(Some(made.id)), BY)
        .await;
    is_conflict(change);
    store.savepoints().settle(made.id, taken()).await.unwrap();
    let changed = store
        .deployments()
        .change("shop", id, 1, from(Some(made.id)), BY)
        .await
        .unwrap();
    assert_eq!(
        (changed.restore_savepoint, changed.restore_since),
        (Some(made.id), 5)
    );
    assert_eq!(store.savepoints().used_by(made.id).await.unwrap(), [changed]);
    is_conflict(store.savepoints().delete("shop", made.id, &[], BY).await);
    let changed = store
        .deployments()
        .change("shop", id, 2, from(None), BY)
        .await
        .unwrap();
    assert_eq!(changed.restore_savepoint, None);
    store
        .deployments()
        .change("shop", id, 3, from(Some(made.id)), BY)
        .await
        .unwrap();
    store
        .savepoints()
        .delete("shop", made.id, &[id], BY)
        .await
        .unwrap();
    assert_eq!(
        store
            .deployments()
            .get("shop", id)
            .await
            .unwrap()
            .restore_savepoint,
        None
    );
}

#[tokio::test]
async fn many_savepoints_are_read_in_pages_newest_first() {
    let fixture = fixture().await;
    let deployment = fixture.deployment("Bids").await;
    let savepoints = fixture.store.savepoints();
    for number in 0..500 {
        let made = savepoints
            .create("shop", deployment.id, &format!("s{number}"), BY)
            .await
            .unwrap();
        savepoints.settle(made.id, taken()).await.unwrap();
        fixture.pass(1);
    }
    let filter = SavepointFilter {
        deployment_id: Some(deployment.id),
        ..SavepointFilter::default()
    };
    let mut request = page(200);
    let mut names = Vec::new();
    loop {
        let read = savepoints.list("shop", &filter, &request).await.unwrap();
        names.extend(read.items.into_iter().map(|savepoint| savepoint.name));
        request.cursor = read.next_cursor;
        if request.cursor.is_none() {
            break;
        }
    }
    let expected: Vec<String> = (0..500).rev().map(|number| format!("s{number}")).collect();
    assert_eq!(names, expected);
    let found = savepoints.list("shop", &filter, &search("S49")).await.unwrap();
    assert_eq!(found.items.len(), 11);
}
