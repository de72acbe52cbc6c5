use model::phase::{AnyPhase, Finished, Pending, Running, Starting, Stopping};
use model::{DesiredState, PhaseName};
use serde_json::json;
use store::{
    Condition, ConditionKind, DeploymentChange, DeploymentFilter, NewDeployment, NewRun, NewVersion,
    Observed, PageRequest,
};

use crate::fixture::{
    BY, Fixture, START_MS, fixture, is_conflict, is_invalid, is_not_found, is_stale, page, search,
};

const RUN: NewRun = NewRun {
    attempt: 1,
    version: 1,
    parallelism: 1,
    memory_bytes_max: 1 << 20,
    epoch_above: 0,
};

/// Gives the deployment a run and brings it to `running`. Answers with the epoch.
async fn run(fixture: &Fixture, id: model::DeploymentId) -> u64 {
    let store = &fixture.store;
    let epoch = store.runs().create(id, RUN).await.unwrap().epoch;
    let AnyPhase::Pending(pending) = store.deployments().by_id(id).await.unwrap().phase.typed() else {
        panic!("a new deployment is pending");
    };
    let starting = pending.to::<Starting>();
    let starting = store
        .deployments()
        .advance(id, epoch, starting, Observed::default())
        .await
        .unwrap();
    let AnyPhase::Starting(starting) = starting.phase.typed() else {
        panic!("it is starting");
    };
    let running = starting.to::<Running>();
    store
        .deployments()
        .advance(id, epoch, running, Observed::default())
        .await
        .unwrap();
    epoch
}

#[tokio::test]
async fn a_new_deployment_is_in_the_phase_that_it_was_wished_for() {
    let fixture = fixture().await;
    let made = fixture.deployment("Bids").await;
    assert_eq!(made.phase, PhaseName::Pending);
    assert_eq!(
        (
            made.revision,
            made.generation,
            made.observed_generation,
            made.epoch
        ),
        (1, 1, 0, 0)
    );
    assert_eq!(made.parallelism, None);
    assert_eq!(made.created_at, START_MS);
    for (desired, phase) in [
        (DesiredState::Suspended, PhaseName::Suspended),
        (DesiredState::Stopped, PhaseName::Stopped),
    ] {
        let new = NewDeployment {
            name: desired.name().to_string(),
            draft_id: made.draft_id,
            version: 1,
            cluster: None,
            engine: "embedded".to_string(),
            parallelism: Some(4),
            desired,
            savepoint: None,
            drops_state: false,
        };
        let deployment = fixture.store.deployments().create("shop", new, BY).await.unwrap();
        assert_eq!((deployment.phase, deployment.parallelism), (phase, Some(4)));
    }
}

#[tokio::test]
async fn a_deployment_is_of_a_version_that_is_there() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let deployment = fixture.deployment("Bids").await;
    let new = |name: &str, version: u32| NewDeployment {
        name: name.to_string(),
        draft_id: deployment.draft_id,
        version,
        cluster: None,
        engine: "embedded".to_string(),
        parallelism: None,
        desired: DesiredState::Running,
        savepoint: None,
        drops_state: false,
    };
    let deployments = store.deployments();
    is_not_found(deployments.create("shop", new("a", 2), BY).await);
    is_not_found(deployments.create("other", new("a", 1), BY).await);
    is_conflict(deployments.create("shop", new("Bids", 1), BY).await);
    is_invalid(deployments.create("shop", new("", 1), BY).await);
    let change = DeploymentChange {
        version: Some(2),
        ..DeploymentChange::default()
    };
    is_not_found(
        deployments
            .change("shop", deployment.id, 1, change.clone(), BY)
            .await,
    );
    store
        .versions()
        .create("shop", deployment.draft_id, NewVersion::default(), BY)
        .await
        .unwrap();
    let upgraded = deployments
        .change("shop", deployment.id, 1, change, BY)
        .await
        .unwrap();
    assert_eq!(
        (upgraded.version, upgraded.revision, upgraded.generation),
        (2, 2, 2)
    );
}

#[tokio::test]
async fn a_change_of_what_is_desired_raises_the_generation_and_a_new_name_does_not() {
    let fixture = fixture().await;
    let deployments = fixture.store.deployments();
    let made = fixture.deployment("Bids").await;
    let rename = DeploymentChange {
        name: Some("All bids".to_string()),
        ..DeploymentChange::default()
    };
    let renamed = deployments.change("shop", made.id, 1, rename, BY).await.unwrap();
    assert_eq!((renamed.revision, renamed.generation), (2, 1));
    let stop = DeploymentChange {
        desired: Some(DesiredState::Stopped),
        ..DeploymentChange::default()
    };
    let stopped = deployments
        .change("shop", made.id, 2, stop.clone(), BY)
        .await
        .unwrap();
    assert_eq!((stopped.revision, stopped.generation), (3, 2));
    assert_eq!(stopped.desired, DesiredState::Stopped);
    // To ask again is to ask anew.
    let again = deployments
        .change("shop", made.id, 3, stop.clone(), BY)
        .await
        .unwrap();
    assert_eq!(again.generation, 3);
    is_stale(deployments.change("shop", made.id, 3, stop.clone(), BY).await);
    is_not_found(deployments.change("other", made.id, 4, stop, BY).await);
    let automatic = DeploymentChange {
        parallelism: Some(Some(3)),
        ..DeploymentChange::default()
    };
    let fixed = deployments
        .change("shop", made.id, 4, automatic, BY)
        .await
        .unwrap();
    assert_eq!(fixed.parallelism, Some(3));
    let automatic = DeploymentChange {
        parallelism: Some(None),
        ..DeploymentChange::default()
    };
    let freed = deployments
        .change("shop", made.id, 5, automatic, BY)
        .await
        .unwrap();
    assert_eq!(freed.parallelism, None);
    let none = DeploymentChange {
        parallelism: Some(Some(0)),
        ..DeploymentChange::default()
    };
    is_invalid(deployments.change("shop", made.id, 6, none, BY).await);
}

#[tokio::test]
async fn what_is_observed_is_kept_and_never_makes_a_persons_change_stale() {
    let fixture = fixture().await;
    let deployments = fixture.store.deployments();
    let made = fixture.deployment("Bids").await;
    let epoch = run(&fixture, made.id).await;
    let observed = Observed {
        observed_generation: 1,
        conditions: vec![Condition {
            kind: ConditionKind::Unreachable,
            since: START_MS,
            message: "no answer for 10 s".to_string(),
        }],
        last_error: Some(json!({ "message": "gone", "span": { "line": 3, "ratio": 0.5 } })),
    };
    fixture.pass(10);
    let seen = deployments
        .observe(made.id, epoch, observed.clone())
        .await
        .unwrap();
    assert_eq!(seen.phase, PhaseName::Running);
    assert_eq!(seen.conditions, observed.conditions);
    assert_eq!(seen.last_error, observed.last_error);
    assert_eq!(
        (seen.revision, seen.observed_generation, seen.updated_at),
        (1, 1, START_MS + 10)
    );
    // Nothing new is not written.
    fixture.pass(10);
    let again = deployments.observe(made.id, epoch, observed).await.unwrap();
    assert_eq!(again, seen);
    let stop = DeploymentChange {
        desired: Some(DesiredState::Stopped),
        ..DeploymentChange::default()
    };
    assert!(
        deployments
            .change("shop", made.id, made.revision, stop, BY)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn who_observes_an_older_run_changes_nothing() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let made = fixture.deployment("Bids").await;
    let old = run(&fixture, made.id).await;
    let new = store.runs().create(made.id, RUN).await.unwrap().epoch;
    let AnyPhase::Running(running) = store.deployments().by_id(made.id).await.unwrap().phase.typed() else {
        panic!("it runs");
    };
    let finished = running.to::<Finished>();
    let deployments = store.deployments();
    is_stale(
        deployments
            .advance(made.id, old, finished, Observed::default())
            .await,
    );
    is_stale(deployments.observe(made.id, old, Observed::default()).await);
    is_stale(deployments.observe(made.id, new + 1, Observed::default()).await);
    assert_eq!(
        deployments.by_id(made.id).await.unwrap().phase,
        PhaseName::Running
    );
    deployments
        .advance(made.id, new, finished, Observed::default())
        .await
        .unwrap();
    is_not_found(
        deployments
            .advance(model::DeploymentId::new(1, 1), new, finished, Observed::default())
            .await,
    );
}

#[tokio::test]
async fn a_move_from_a_phase_that_was_left_is_stale() {
    let fixture = fixture().await;
    let deployments = fixture.store.deployments();
    let made = fixture.deployment("Bids").await;
    let AnyPhase::Pending(pending) = made.phase.typed() else {
        panic!("a new deployment is pending");
    };
    let epoch = run(&fixture, made.id).await;
    let late = pending.to::<Starting>();
    is_stale(
        deployments
            .advance(made.id, epoch, late, Observed::default())
            .await,
    );
    assert_eq!(
        deployments.by_id(made.id).await.unwrap().phase,
        PhaseName::Running
    );
}

#[tokio::test]
async fn what_may_run_is_not_deleted() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let deployments = store.deployments();
    let made = fixture.deployment("Bids").await;
    let epoch = run(&fixture, made.id).await;
    is_conflict(deployments.delete("shop", made.id, 1, BY).await);
    let AnyPhase::Running(running) = deployments.by_id(made.id).await.unwrap().phase.typed() else {
        panic!("it runs");
    };
    let stopping = running.to::<Stopping>();
    deployments
        .advance(made.id, epoch, stopping, Observed::default())
        .await
        .unwrap();
    is_conflict(deployments.delete("shop", made.id, 1, BY).await);
    let AnyPhase::Stopping(stopping) = deployments.by_id(made.id).await.unwrap().phase.typed() else {
        panic!("it is stopping");
    };
    let stopped = stopping.to::<Finished>();
    deployments
        .advance(made.id, epoch, stopped, Observed::default())
        .await
        .unwrap();
    // Its run has not come to its end yet.
    is_conflict(deployments.delete("shop", made.id, 1, BY).await);
    let run = store.runs().latest(made.id).await.unwrap().unwrap();
    let AnyPhase::Starting(starting) = run.phase.typed() else {
        panic!("nobody moved the run");
    };
    store
        .runs()
        .advance(run.id, starting.to::<Finished>(), store::RunEnd::default())
        .await
        .unwrap();
    is_stale(deployments.delete("shop", made.id, 2, BY).await);
    is_not_found(deployments.delete("other", made.id, 1, BY).await);
    deployments.delete("shop", made.id, 1, BY).await.unwrap();
    is_not_found(deployments.get("shop", made.id).await);
    is_not_found(store.runs().get(made.id, run.id).await);
}

#[tokio::test]
async fn deployments_are_filtered_counted_and_searched() {
    let fixture = fixture().await;
    let deployments = fixture.store.deployments();
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        fixture.pass(1);
        ids.push(fixture.deployment(name).await.id);
    }
    run(&fixture, ids[0]).await;
    run(&fixture, ids[2]).await;
    let filter = |workspace: Option<&str>, phases: &[PhaseName]| DeploymentFilter {
        workspace: workspace.map(str::to_string),
        phases: phases.to_vec(),
        draft_id: None,
    };
    let names = async |filter: DeploymentFilter, request: PageRequest| {
        let page = deployments.list(&filter, &request).await.unwrap();
        let names: Vec<String> = page.items.into_iter().map(|one| one.name).collect();
        names.join("")
    };
    let all = PageRequest::default;
    assert_eq!(names(filter(Some("shop"), &[]), all()).await, "dcba");
    assert_eq!(
        names(filter(Some("shop"), &[PhaseName::Running]), all()).await,
        "ca"
    );
    assert_eq!(
        names(filter(None, &[PhaseName::Running, PhaseName::Pending]), all()).await,
        "dcba"
    );
    assert_eq!(names(filter(Some("shop"), PhaseName::ALL), all()).await, "dcba");
    assert_eq!(names(filter(None, &[PhaseName::Failed]), all()).await, "");
    assert_eq!(names(filter(Some("other"), &[]), all()).await, "");
    assert_eq!(names(filter(Some("shop"), &[]), search("B")).await, "b");
    let by_draft = DeploymentFilter {
        draft_id: Some(deployments.by_id(ids[3]).await.unwrap().draft_id),
        ..DeploymentFilter::default()
    };
    assert_eq!(names(by_draft, all()).await, "d");

    let first = deployments
        .list(&filter(Some("shop"), &[]), &page(3))
        .await
        .unwrap();
    let request = PageRequest {
        cursor: first.next_cursor,
        ..page(3)
    };
    assert_eq!(names(filter(Some("shop"), &[]), request).await, "a");

    let counts = deployments.phase_counts("shop").await.unwrap();
    assert_eq!(
        counts.into_iter().collect::<Vec<_>>(),
        [(PhaseName::Pending, 2), (PhaseName::Running, 2)]
    );
}

#[tokio::test]
async fn what_is_at_rest_and_was_acted_upon_needs_no_look() {
    let fixture = fixture().await;
    let deployments = fixture.store.deployments();
    let made = fixture.deployment("Bids").await;
    let ids = async || {
        deployments
            .unsettled(&PageRequest::default())
            .await
            .unwrap()
            .items
    };
    assert_eq!(ids().await, [made.id]);
    let epoch = run(&fixture, made.id).await;
    assert_eq!(ids().await, [made.id]);
    let AnyPhase::Running(running) = deployments.by_id(made.id).await.unwrap().phase.typed() else {
        panic!("it runs");
    };
    let observed = |observed_generation: u64| Observed {
        observed_generation,
        ..Observed::default()
    };
    deployments
        .advance(made.id, epoch, running.to::<Finished>(), observed(1))
        .await
        .unwrap();
    assert!(ids().await.is_empty());
    let again = DeploymentChange {
        desired: Some(DesiredState::Running),
        ..DeploymentChange::default()
    };
    deployments.change("shop", made.id, 1, again, BY).await.unwrap();
    assert_eq!(ids().await, [made.id]);
    let AnyPhase::Finished(finished) = deployments.by_id(made.id).await.unwrap().phase.typed() else {
        panic!("it has finished");
    };
    deployments
        .advance(made.id, epoch, finished.to::<Pending>(), observed(2))
        .await
        .unwrap();
    assert_eq!(ids().await, [made.id]);
}
