use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use store::{Error, MasterKey, PageRequest};

use crate::fixture::{BY, fixture, is_invalid, new_draft, open, page};

#[tokio::test]
async fn everything_is_there_when_the_file_is_opened_again() {
    let mut fixture = fixture().await;
    let draft = fixture.draft("Top auctions").await;
    let deployment = fixture.deployment("Bids").await;
    let user = fixture.user("ann", true).await;
    fixture.reopen().await;
    let store = &fixture.store;
    assert_eq!(store.drafts().get("shop", draft.id).await.unwrap(), draft);
    assert_eq!(
        store.deployments().get("shop", deployment.id).await.unwrap(),
        deployment
    );
    assert_eq!(store.users().get(user.id).await.unwrap(), user);
    assert_eq!(
        store
            .workspaces()
            .list(&PageRequest::default())
            .await
            .unwrap()
            .items
            .len(),
        2
    );
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_store_that_was_never_closed() {
    let fixture = fixture().await;
    let draft = fixture.draft("Top auctions").await;
    // As the next process finds the files if this one is killed.
    let copy = tempfile::tempdir().unwrap();
    for name in ["oceanus.db", "oceanus.db-wal"] {
        std::fs::copy(fixture.folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let store = open(copy.path(), 1, &fixture.clock).await.unwrap();
    assert_eq!(store.drafts().get("shop", draft.id).await.unwrap(), draft);
}

#[tokio::test]
async fn a_database_is_opened_once_at_a_time() {
    let fixture = fixture().await;
    let second = open(fixture.folder.path(), 1, &fixture.clock).await;
    assert!(matches!(second, Err(Error::InUse { .. })), "{second:?}");
    fixture.store.close().await;
    assert!(open(fixture.folder.path(), 1, &fixture.clock).await.is_ok());
}

#[tokio::test]
async fn a_closed_store_answers_with_an_error() {
    let fixture = fixture().await;
    fixture.store.close().await;
    let result = fixture.store.workspaces().get("shop").await;
    assert!(matches!(result, Err(Error::Database(_))), "{result:?}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("oceanus.db"), "hello ".repeat(1000)).unwrap();
    let clock = fixture().await.clock;
    assert!(open(folder.path(), 1, &clock).await.is_err());
}

#[tokio::test]
async fn a_change_that_is_given_up_half_way_is_done_or_not_and_blocks_nobody() {
    let fixture = fixture().await;
    let drafts = fixture.store.drafts();
    for attempt in 0..200 {
        let new = new_draft(&format!("draft {attempt}"));
        // The caller leaves at some step: before the transaction, inside of it, or while it commits.
        let patience = Duration::from_micros(attempt * 3);
        let _ = tokio::time::timeout(patience, drafts.create("shop", new, BY)).await;
    }
    let last = fixture.draft("The last one").await;
    let there = drafts.list("shop", &page(200)).await.unwrap().items;
    assert!(there.iter().any(|draft| draft.id == last.id));
    let there: BTreeSet<String> = there.iter().map(|draft| draft.id.to_string()).collect();
    let events = fixture
        .store
        .audit()
        .list(Some("shop"), &page(200))
        .await
        .unwrap();
    let audited = events
        .items
        .into_iter()
        .filter(|event| event.action == "draft.create");
    let audited: BTreeSet<String> = audited.map(|event| event.subject).collect();
    assert_eq!(there, audited, "a change and its audit are one");
}

#[test]
fn a_key_file_is_made_once_and_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("oceanus.key");
    let made = MasterKey::read_or_create(&path).unwrap();
    let read = MasterKey::read_or_create(&path).unwrap();
    assert_eq!(made.id(), read.id());
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    is_invalid(MasterKey::read_or_create(&path));
}

#[test]
fn what_is_no_key_file_is_not_taken_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("oceanus.key");
    for wrong in [
        "",
        "hunter2",
        "oceanus-master-key-1 AAAA",
        "oceanus-master-key-1 ???",
    ] {
        std::fs::write(&path, wrong).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        is_invalid(MasterKey::read_or_create(&path));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), wrong);
    }
}

#[test]
fn a_key_does_not_show_itself() {
    let shown = format!("{:?}", MasterKey::new([171; 32]));
    assert!(!shown.contains("171") && !shown.contains("ab, ab"), "{shown}");
}
