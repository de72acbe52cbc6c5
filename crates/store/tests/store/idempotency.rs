use serde_json::json;
use store::{Answer, Claim, Done, NewWorkspace};

use crate::fixture::{fixture, is_conflict, is_invalid, lies_in_files, map};

fn answer() -> Answer {
    Answer {
        status: 201,
        headers: map(&[("etag", "\"1\"")]),
        body: "{\"token\":\"oct_shown-once\"}".to_string(),
    }
}

#[tokio::test]
async fn a_request_that_is_sent_twice_gets_the_same_answer() {
    let mut fixture = fixture().await;
    let keys = fixture.store.idempotency();
    assert_eq!(keys.claim("us_ann", "k1", "hash").await.unwrap(), Claim::New);
    assert_eq!(keys.claim("us_ann", "k1", "hash").await.unwrap(), Claim::InFlight);
    keys.finish("us_ann", "k1", &answer()).await.unwrap();
    fixture.reopen().await;
    let keys = fixture.store.idempotency();
    assert_eq!(
        keys.claim("us_ann", "k1", "hash").await.unwrap(),
        Claim::Answered(answer())
    );
    // An answer is not changed any more.
    let other = Answer {
        status: 500,
        ..answer()
    };
    keys.finish("us_ann", "k1", &other).await.unwrap();
    keys.abandon("us_ann", "k1").await.unwrap();
    assert_eq!(
        keys.claim("us_ann", "k1", "hash").await.unwrap(),
        Claim::Answered(answer())
    );
}

#[tokio::test]
async fn a_key_is_for_one_request_of_one_principal() {
    let fixture = fixture().await;
    let keys = fixture.store.idempotency();
    assert_eq!(keys.claim("us_ann", "k1", "hash").await.unwrap(), Claim::New);
    is_conflict(keys.claim("us_ann", "k1", "other hash").await);
    assert_eq!(
        keys.claim("us_ben", "k1", "other hash").await.unwrap(),
        Claim::New
    );
    keys.finish("us_ann", "k1", &answer()).await.unwrap();
    is_conflict(keys.claim("us_ann", "k1", "other hash").await);
}

#[tokio::test]
async fn of_many_at_once_one_does_the_work() {
    let fixture = fixture().await;
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let store = fixture.store.clone();
        tasks.push(tokio::spawn(async move {
            store.idempotency().claim("us_ann", "k1", "hash").await
        }));
    }
    let mut new = 0;
    for task in tasks {
        match task.await.unwrap().unwrap() {
            Claim::New => new += 1,
            claim => assert_eq!(claim, Claim::InFlight),
        }
    }
    assert_eq!(new, 1);
}

#[tokio::test]
async fn a_claim_is_given_back_and_an_answer_expires() {
    let fixture = fixture().await;
    let keys = fixture.store.idempotency();
    assert_eq!(keys.claim("us_ann", "k1", "hash").await.unwrap(), Claim::New);
    keys.abandon("us_ann", "k1").await.unwrap();
    assert_eq!(keys.claim("us_ann", "k1", "another").await.unwrap(), Claim::New);
    keys.finish("us_ann", "k1", &answer()).await.unwrap();
    fixture.pass(24 * 60 * 60 * 1000 - 1);
    assert!(matches!(
        keys.claim("us_ann", "k1", "another").await.unwrap(),
        Claim::Answered(_)
    ));
    fixture.pass(1);
    assert_eq!(fixture.store.remove_expired().await.unwrap(), 1);
    assert_eq!(keys.claim("us_ann", "k1", "hash").await.unwrap(), Claim::New);
}

#[tokio::test]
async fn a_claim_stays_in_flight_however_long_its_maker_takes() {
    let fixture = fixture().await;
    let keys = fixture.store.idempotency();
    assert_eq!(keys.claim("us_ann", "k1", "hash").await.unwrap(), Claim::New);
    for milliseconds in [60_000, 30 * 24 * 60 * 60 * 1000] {
        fixture.pass(milliseconds);
        assert_eq!(fixture.store.remove_expired().await.unwrap(), 0);
        assert_eq!(keys.claim("us_ann", "k1", "hash").await.unwrap(), Claim::InFlight);
    }
    keys.finish("us_ann", "k1", &answer()).await.unwrap();
    assert_eq!(fixture.store.remove_expired().await.unwrap(), 1);
}

#[tokio::test]
async fn what_was_done_before_a_crash_is_known_at_once_and_what_was_not_is_done_anew() {
    let mut fixture = fixture().await;
    let keys = fixture.store.idempotency();
    assert_eq!(keys.claim("us_ann", "idle", "hash").await.unwrap(), Claim::New);
    assert_eq!(keys.claim("us_ann", "made", "hash").await.unwrap(), Claim::New);
    let new = NewWorkspace {
        name: "mine".to_string(),
        display_name: "Mine".to_string(),
    };
    let workspaces = fixture.store.workspaces();
    keys.work("us_ann", "made", workspaces.create(new, "us_ann"))
        .await
        .unwrap();
    // Whoever did it may still be about to answer.
    assert_eq!(
        keys.claim("us_ann", "made", "hash").await.unwrap(),
        Claim::InFlight
    );
    fixture.reopen().await;
    let keys = fixture.store.idempotency();
    let done = Claim::Done(Done {
        action: "workspace.create".to_string(),
        workspace: Some("mine".to_string()),
        subject: "mine".to_string(),
        detail: json!({}),
    });
    assert_eq!(keys.claim("us_ann", "made", "hash").await.unwrap(), done);
    is_conflict(keys.claim("us_ann", "made", "other hash").await);
    assert_eq!(keys.claim("us_ann", "idle", "hash").await.unwrap(), Claim::New);
    keys.finish("us_ann", "made", &answer()).await.unwrap();
    assert_eq!(
        keys.claim("us_ann", "made", "hash").await.unwrap(),
        Claim::Answered(answer())
    );
}

#[tokio::test]
async fn work_that_is_undone_is_not_noted_and_a_failure_behind_it_does_not_hide_it() {
    let fixture = fixture().await;
    let keys = fixture.store.idempotency();
    let create = |name: &str| {
        let new = NewWorkspace {
            name: name.to_string(),
            display_name: name.to_string(),
        };
        let store = fixture.store.clone();
        async move { store.workspaces().create(new, "us_ann").await }
    };
    assert_eq!(keys.claim("us_ann", "twice", "hash").await.unwrap(), Claim::New);
    is_conflict(keys.work("us_ann", "twice", create("shop")).await);
    keys.abandon("us_ann", "twice").await.unwrap();
    assert_eq!(keys.claim("us_ann", "twice", "hash").await.unwrap(), Claim::New);

    assert_eq!(keys.claim("us_ann", "late", "hash").await.unwrap(), Claim::New);
    keys.work("us_ann", "late", create("late")).await.unwrap();
    keys.abandon("us_ann", "late").await.unwrap();
    assert!(matches!(
        keys.claim("us_ann", "late", "hash").await.unwrap(),
        Claim::Done(_)
    ));
}

#[tokio::test]
async fn an_answer_is_sealed_and_a_key_is_checked() {
    let fixture = fixture().await;
    let keys = fixture.store.idempotency();
    keys.claim("us_ann", "k1", "hash").await.unwrap();
    keys.finish("us_ann", "k1", &answer()).await.unwrap();
    assert!(!lies_in_files(fixture.folder.path(), "oct_shown-once"));
    for wrong in ["", "a b", "ä", &"k".repeat(201)] {
        is_invalid(keys.claim("us_ann", wrong, "hash").await);
    }
    let long = Answer {
        body: "x".repeat(9 << 20),
        ..answer()
    };
    is_invalid(keys.finish("us_ann", "k1", &long).await);
}
