use std::collections::BTreeSet;

use model::phase::{AnyPhase, Failed, Pending, Running, Stopped, Stopping};
use model::{DeploymentId, PhaseName, RunId};
use serde_json::json;
use store::{NewRun, PageRequest, RunEnd};

use crate::fixture::{START_MS, fixture, is_not_found, is_stale, page};

const RUN: NewRun = NewRun {
    attempt: 1,
    version: 1,
    parallelism: 2,
    memory_bytes_max: 1 << 30,
    epoch_above: 0,
};

#[tokio::test]
async fn a_run_begins_runs_and_ends() {
    let fixture = fixture().await;
    let runs = fixture.store.runs();
    let deployment = fixture.deployment("Bids").await;
    assert_eq!(runs.latest(deployment.id).await.unwrap(), None);
    let made = runs.create(deployment.id, RUN).await.unwrap();
    assert_eq!((made.phase, made.epoch), (PhaseName::Starting, 1));
    assert_eq!((made.started_at, made.ended_at), (START_MS, None));
    assert_eq!((made.parallelism, made.memory_bytes_max), (2, 1 << 30));
    assert_eq!(runs.set_pid(made.id, Some(4711)).await.unwrap().pid, Some(4711));

    let AnyPhase::Starting(starting) = made.phase.typed() else {
        panic!("a new run is starting");
    };
    let running = runs
        .advance(made.id, starting.to::<Running>(), RunEnd::default())
        .await
        .unwrap();
    assert_eq!((running.phase, running.ended_at), (PhaseName::Running, None));
    fixture.pass(7);
    let AnyPhase::Running(phase) = running.phase.typed() else {
        panic!("it runs");
    };
    let end = RunEnd {
        failure: Some(json!({ "cause": "memory", "bytes": 123_456_789_012_i64 })),
    };
    let failed = runs
        .advance(made.id, phase.to::<Failed>(), end.clone())
        .await
        .unwrap();
    assert_eq!(failed.ended_at, Some(START_MS + 7));
    assert_eq!(failed.failure, end.failure);
    assert_eq!(runs.get(deployment.id, made.id).await.unwrap(), failed);
}

#[tokio::test]
async fn an_attempt_stands_above_one_that_is_not_known_here() {
    let fixture = fixture().await;
    let runs = fixture.store.runs();
    let deployment = fixture.deployment("Bids").await;
    let above = |epoch_above| NewRun { epoch_above, ..RUN };
    assert_eq!(runs.create(deployment.id, above(0)).await.unwrap().epoch, 1);
    let made = runs.create(deployment.id, above(7)).await.unwrap();
    assert_eq!(made.epoch, 8);
    assert_eq!(runs.create(deployment.id, above(7)).await.unwrap().epoch, 9);
    assert_eq!(runs.by_id(made.id).await.unwrap(), Some(made));
    assert_eq!(runs.by_id(RunId::new(1, 1)).await.unwrap(), None);
}

#[tokio::test]
async fn runs_made_at_once_have_different_epochs() {
    let fixture = fixture().await;
    let deployment = fixture.deployment("Bids").await;
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let store = fixture.store.clone();
        tasks.push(tokio::spawn(async move {
            store.runs().create(deployment.id, RUN).await
        }));
    }
    let mut epochs = BTreeSet::new();
    for task in tasks {
        epochs.insert(task.await.unwrap().unwrap().epoch);
    }
    assert_eq!(epochs, (1..=20).collect());
    let deployment = fixture.store.deployments().by_id(deployment.id).await.unwrap();
    assert_eq!(deployment.epoch, 20);
    let latest = fixture.store.runs().latest(deployment.id).await.unwrap().unwrap();
    assert_eq!(latest.epoch, 20);
}

#[tokio::test]
async fn an_epoch_is_never_given_again_after_the_file_is_opened_anew() {
    let mut fixture = fixture().await;
    let deployment = fixture.deployment("Bids").await;
    let first = fixture.store.runs().create(deployment.id, RUN).await.unwrap();
    fixture.reopen().await;
    let second = fixture.store.runs().create(deployment.id, RUN).await.unwrap();
    assert!(second.epoch > first.epoch);
    assert_ne!(second.id, first.id);
}

#[tokio::test]
async fn all_that_can_be_said_of_a_fenced_run_is_how_it_ended() {
    let fixture = fixture().await;
    let runs = fixture.store.runs();
    let deployment = fixture.deployment("Bids").await;
    let old = runs.create(deployment.id, RUN).await.unwrap();
    runs.create(deployment.id, RUN).await.unwrap();
    let AnyPhase::Starting(starting) = old.phase.typed() else {
        panic!("a new run is starting");
    };
    is_stale(
        runs.advance(old.id, starting.to::<Running>(), RunEnd::default())
            .await,
    );
    let stopped = runs
        .advance(old.id, starting.to::<Stopped>(), RunEnd::default())
        .await
        .unwrap();
    assert_eq!(stopped.ended_at, Some(START_MS));
}

#[tokio::test]
async fn a_run_that_has_ended_does_not_move_again() {
    let fixture = fixture().await;
    let runs = fixture.store.runs();
    let deployment = fixture.deployment("Bids").await;
    let run = runs.create(deployment.id, RUN).await.unwrap();
    let AnyPhase::Starting(starting) = run.phase.typed() else {
        panic!("a new run is starting");
    };
    runs.advance(run.id, starting.to::<Stopped>(), RunEnd::default())
        .await
        .unwrap();
    // Twice the same.
    is_stale(
        runs.advance(run.id, starting.to::<Stopped>(), RunEnd::default())
            .await,
    );
    // A deployment may go on from there; a run may not.
    let AnyPhase::Stopped(stopped) = PhaseName::Stopped.typed() else {
        panic!("stopped is stopped");
    };
    is_stale(
        runs.advance(run.id, stopped.to::<Pending>(), RunEnd::default())
            .await,
    );
    // From where it never was.
    let AnyPhase::Running(running) = PhaseName::Running.typed() else {
        panic!("running is running");
    };
    is_stale(
        runs.advance(run.id, running.to::<Stopping>(), RunEnd::default())
            .await,
    );
    assert_eq!(
        runs.get(deployment.id, run.id).await.unwrap().phase,
        PhaseName::Stopped
    );
}

#[tokio::test]
async fn runs_are_found_under_their_deployment_only() {
    let fixture = fixture().await;
    let runs = fixture.store.runs();
    let first = fixture.deployment("first").await;
    let second = fixture.deployment("second").await;
    let run = runs.create(first.id, RUN).await.unwrap();
    is_not_found(runs.get(second.id, run.id).await);
    is_not_found(runs.create(DeploymentId::new(1, 1), RUN).await);
    is_not_found(runs.set_pid(RunId::new(1, 1), None).await);
    let AnyPhase::Starting(starting) = run.phase.typed() else {
        panic!("a new run is starting");
    };
    is_not_found(
        runs.advance(RunId::new(1, 1), starting.to::<Running>(), RunEnd::default())
            .await,
    );
}

#[tokio::test]
async fn runs_are_listed_newest_first_and_the_live_ones_of_all() {
    let fixture = fixture().await;
    let runs = fixture.store.runs();
    let first = fixture.deployment("first").await;
    let second = fixture.deployment("second").await;
    for _ in 0..5 {
        fixture.pass(1);
        runs.create(first.id, RUN).await.unwrap();
    }
    fixture.pass(1);
    let other = runs.create(second.id, RUN).await.unwrap();
    let epochs =
        |page: &store::Page<store::Run>| -> Vec<u64> { page.items.iter().map(|run| run.epoch).collect() };
    let newest = runs.list(first.id, &page(3)).await.unwrap();
    assert_eq!(epochs(&newest), [5, 4, 3]);
    let request = PageRequest {
        cursor: newest.next_cursor.clone(),
        ..page(3)
    };
    assert_eq!(epochs(&runs.list(first.id, &request).await.unwrap()), [2, 1]);

    for run in &newest.items {
        let AnyPhase::Starting(starting) = run.phase.typed() else {
            panic!("a new run is starting");
        };
        runs.advance(run.id, starting.to::<Failed>(), RunEnd::default())
            .await
            .unwrap();
    }
    let live = runs.live(&PageRequest::default()).await.unwrap();
    assert_eq!(live.items[0].id, other.id);
    assert_eq!(epochs(&live), [1, 2, 1]);
}
