use model::PhaseName;
use model::phase::{AnyPhase, Starting, Stopped};
use store::{NewRun, NewWorkspace, Observed, PageRequest, Role, RunEnd};

use crate::fixture::{BY, fixture, is_conflict, is_invalid, is_not_found, new_draft, new_workspace, search};

#[tokio::test]
async fn a_workspace_is_made_found_listed_and_deleted() {
    let fixture = fixture().await;
    let workspaces = fixture.store.workspaces();
    let made = workspaces.create(new_workspace("audit-2"), BY).await.unwrap();
    assert_eq!(workspaces.get("audit-2").await.unwrap(), made);
    let names: Vec<String> = workspaces
        .list(&PageRequest::default())
        .await
        .unwrap()
        .items
        .into_iter()
        .map(|workspace| workspace.name)
        .collect();
    assert_eq!(names, ["audit-2", "other", "shop"]);
    assert_eq!(workspaces.list(&search("THE SH")).await.unwrap().items.len(), 1);
    workspaces.delete("audit-2", BY).await.unwrap();
    is_not_found(workspaces.get("audit-2").await);
    is_not_found(workspaces.delete("audit-2", BY).await);
}

#[tokio::test]
async fn a_name_is_taken_once_and_has_to_fit_into_an_address() {
    let fixture = fixture().await;
    let workspaces = fixture.store.workspaces();
    is_conflict(workspaces.create(new_workspace("shop"), BY).await);
    for wrong in ["", "Shop", "a b", "../etc", "a'--", "ä", &"a".repeat(64)] {
        is_invalid(workspaces.create(new_workspace(wrong), BY).await);
    }
    let no_title = NewWorkspace {
        name: "fine".to_string(),
        display_name: String::new(),
    };
    is_invalid(workspaces.create(no_title, BY).await);
}

#[tokio::test]
async fn a_workspace_takes_all_that_lies_in_it_along() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let deployment = fixture.deployment("Bids").await;
    let user = fixture.user("ann", false).await;
    store
        .members()
        .put("shop", user.id, Role::Owner, BY)
        .await
        .unwrap();
    store
        .secrets()
        .put("shop", "password", &"hunter2".into(), BY)
        .await
        .unwrap();
    let kept = store
        .drafts()
        .create("other", new_draft("Kept"), BY)
        .await
        .unwrap();
    store.workspaces().delete("shop", BY).await.unwrap();
    is_not_found(store.deployments().by_id(deployment.id).await);
    is_not_found(store.secrets().reveal("shop", "password").await);
    assert_eq!(store.members().role("shop", user.id).await.unwrap(), None);
    assert_eq!(store.drafts().get("other", kept.id).await.unwrap(), kept);

    // Of the same name, and yet another one.
    store
        .workspaces()
        .create(new_workspace("shop"), BY)
        .await
        .unwrap();
    let drafts = store
        .drafts()
        .list("shop", &PageRequest::default())
        .await
        .unwrap();
    assert!(drafts.items.is_empty());
    // What was done stays known.
    let events = store
        .audit()
        .list(Some("shop"), &PageRequest::default())
        .await
        .unwrap();
    assert!(
        events
            .items
            .iter()
            .any(|event| event.action == "workspace.delete")
    );
    assert!(
        events
            .items
            .iter()
            .any(|event| event.action == "deployment.create")
    );
}

#[tokio::test]
async fn a_workspace_in_which_something_runs_is_not_deleted() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let deployment = fixture.deployment("Bids").await;
    let new = NewRun {
        attempt: 1,
        version: 1,
        parallelism: 1,
        memory_bytes_max: 1 << 20,
        epoch_above: 0,
    };
    let run = store.runs().create(deployment.id, new).await.unwrap();
    let AnyPhase::Pending(pending) = deployment.phase.typed() else {
        panic!("a new deployment is pending");
    };
    let starting = store
        .deployments()
        .advance(
            deployment.id,
            run.epoch,
            pending.to::<Starting>(),
            Observed::default(),
        )
        .await
        .unwrap();
    is_conflict(store.workspaces().delete("shop", BY).await);

    let AnyPhase::Starting(starting) = starting.phase.typed() else {
        panic!("it is starting");
    };
    let to_stopped = starting.to::<Stopped>();
    store
        .deployments()
        .advance(deployment.id, run.epoch, to_stopped, Observed::default())
        .await
        .unwrap();
    store
        .runs()
        .advance(run.id, to_stopped, RunEnd::default())
        .await
        .unwrap();
    assert_eq!(
        store.deployments().by_id(deployment.id).await.unwrap().phase,
        PhaseName::Stopped
    );
    store.workspaces().delete("shop", BY).await.unwrap();
}
