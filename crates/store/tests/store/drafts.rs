use store::{DraftChange, NewDraft, PageRequest, SQL_BYTES_MAX};

use crate::fixture::{
    BY, START_MS, fixture, is_conflict, is_invalid, is_not_found, is_stale, map, new_draft, search,
};

#[tokio::test]
async fn a_draft_is_made_read_changed_and_deleted() {
    let fixture = fixture().await;
    let drafts = fixture.store.drafts();
    let made = fixture.draft("Top auctions").await;
    assert_eq!(made.revision, 1);
    assert_eq!(made.created_at, START_MS);
    assert_eq!(made.updated_by, BY);
    assert_eq!(made.settings, map(&[("parallelism", "2")]));
    assert_eq!(drafts.get("shop", made.id).await.unwrap(), made);

    fixture.pass(5);
    let change = DraftChange {
        sql: Some("SELECT 'ü' -- \"'".to_string()),
        ..DraftChange::default()
    };
    let changed = drafts.update("shop", made.id, 1, change, "us_ben").await.unwrap();
    assert_eq!(changed.revision, 2);
    assert_eq!(changed.sql, "SELECT 'ü' -- \"'");
    assert_eq!(changed.name, "Top auctions");
    assert_eq!(changed.settings, made.settings);
    assert_eq!((changed.created_at, changed.updated_at), (START_MS, START_MS + 5));
    assert_eq!(changed.updated_by, "us_ben");

    drafts.delete("shop", made.id, 2, BY).await.unwrap();
    is_not_found(drafts.get("shop", made.id).await);
}

#[tokio::test]
async fn of_two_who_change_a_draft_the_second_is_told() {
    let fixture = fixture().await;
    let drafts = fixture.store.drafts();
    let draft = fixture.draft("Top auctions").await;
    let write = |sql: &str| DraftChange {
        sql: Some(sql.to_string()),
        ..DraftChange::default()
    };
    drafts
        .update("shop", draft.id, 1, write("mine"), BY)
        .await
        .unwrap();
    is_stale(drafts.update("shop", draft.id, 1, write("yours"), BY).await);
    is_stale(drafts.autosave("shop", draft.id, 1, write("yours"), BY).await);
    is_stale(drafts.delete("shop", draft.id, 1, BY).await);
    is_stale(drafts.delete("shop", draft.id, u64::MAX, BY).await);
    assert_eq!(drafts.get("shop", draft.id).await.unwrap().sql, "mine");
}

#[tokio::test]
async fn of_many_at_once_one_wins() {
    let fixture = fixture().await;
    let draft = fixture.draft("Top auctions").await;
    let mut tasks = Vec::new();
    for writer in 0..20 {
        let store = fixture.store.clone();
        tasks.push(tokio::spawn(async move {
            let change = DraftChange {
                sql: Some(format!("SELECT {writer}")),
                ..DraftChange::default()
            };
            store.drafts().update("shop", draft.id, 1, change, BY).await
        }));
    }
    let mut won = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(draft) => won.push(draft),
            stale => is_stale(stale),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(
        fixture.store.drafts().get("shop", draft.id).await.unwrap(),
        won[0]
    );
}

#[tokio::test]
async fn a_draft_of_another_workspace_is_not_found() {
    let fixture = fixture().await;
    let drafts = fixture.store.drafts();
    let draft = fixture.draft("Top auctions").await;
    is_not_found(drafts.get("other", draft.id).await);
    is_not_found(
        drafts
            .update("other", draft.id, 1, DraftChange::default(), BY)
            .await,
    );
    is_not_found(drafts.delete("other", draft.id, 1, BY).await);
    is_not_found(drafts.create("nowhere", new_draft("a"), BY).await);
    assert_eq!(drafts.get("shop", draft.id).await.unwrap(), draft);
}

#[tokio::test]
async fn a_name_is_taken_once_in_a_workspace() {
    let fixture = fixture().await;
    let drafts = fixture.store.drafts();
    fixture.draft("Bids").await;
    is_conflict(drafts.create("shop", new_draft("Bids"), BY).await);
    drafts.create("other", new_draft("Bids"), BY).await.unwrap();
    let second = fixture.draft("Second").await;
    let rename = DraftChange {
        name: Some("Bids".to_string()),
        ..DraftChange::default()
    };
    is_conflict(drafts.update("shop", second.id, 1, rename, BY).await);
}

#[tokio::test]
async fn sql_in_a_name_is_a_name() {
    let fixture = fixture().await;
    let drafts = fixture.store.drafts();
    let names = [
        "'; DROP TABLE drafts; --",
        "\" OR 1=1 --",
        "$1 ?1 :a %s",
        "' UNION SELECT password_hash FROM users --",
    ];
    for name in names {
        let draft = fixture.draft(name).await;
        assert_eq!(drafts.get("shop", draft.id).await.unwrap().name, name);
        let found = drafts.list("shop", &search(name)).await.unwrap().items;
        assert_eq!(found.len(), 1, "{name}");
    }
    is_not_found(drafts.create("shop' OR '1'='1", new_draft("a"), BY).await);
    let foreign = drafts
        .list("shop' OR '1'='1", &PageRequest::default())
        .await
        .unwrap();
    assert!(foreign.items.is_empty());
    assert_eq!(
        drafts
            .list("shop", &PageRequest::default())
            .await
            .unwrap()
            .items
            .len(),
        4
    );
}

#[tokio::test]
async fn what_is_too_long_or_no_name_is_refused() {
    let fixture = fixture().await;
    let drafts = fixture.store.drafts();
    for wrong in ["", " a", "a\nb", &"a".repeat(201)] {
        is_invalid(drafts.create("shop", new_draft(wrong), BY).await);
    }
    let sized = |bytes: usize| NewDraft {
        name: format!("{bytes} bytes"),
        sql: "x".repeat(bytes),
        ..NewDraft::default()
    };
    drafts.create("shop", sized(SQL_BYTES_MAX), BY).await.unwrap();
    is_invalid(drafts.create("shop", sized(SQL_BYTES_MAX + 1), BY).await);
    let zero = NewDraft {
        sql: "SELECT '\0'".to_string(),
        ..new_draft("zero")
    };
    is_invalid(drafts.create("shop", zero, BY).await);
    let settings = NewDraft {
        settings: map(&[("a", &"b".repeat(1 << 16))]),
        ..new_draft("settings")
    };
    is_invalid(drafts.create("shop", settings, BY).await);
}

#[tokio::test]
async fn saves_of_an_editor_are_kept_all_and_audited_now_and_then() {
    let fixture = fixture().await;
    let drafts = fixture.store.drafts();
    let draft = fixture.draft("Bids").await;
    for revision in 1..=100 {
        fixture.pass(3_000);
        let change = DraftChange {
            sql: Some(format!("SELECT {revision}")),
            ..DraftChange::default()
        };
        drafts
            .autosave("shop", draft.id, revision, change, BY)
            .await
            .unwrap();
    }
    let saved = drafts.get("shop", draft.id).await.unwrap();
    assert_eq!((saved.revision, saved.sql.as_str()), (101, "SELECT 100"));
    let updates = async || {
        let events = fixture.store.audit();
        events
            .list(Some("shop"), &search("draft.update"))
            .await
            .unwrap()
            .items
            .len()
    };
    assert_eq!(updates().await, 0);

    // Another person's first save is audited, and so is the first after a pause.
    let change = DraftChange {
        sql: Some("SELECT 0".to_string()),
        ..DraftChange::default()
    };
    drafts
        .autosave("shop", draft.id, 101, change.clone(), "us_ben")
        .await
        .unwrap();
    assert_eq!(updates().await, 1);
    fixture.pass(5 * 60 * 1000);
    drafts
        .autosave("shop", draft.id, 102, change, "us_ben")
        .await
        .unwrap();
    assert_eq!(updates().await, 2);
}

#[tokio::test]
async fn deployments_are_found_beside_their_drafts() {
    let fixture = fixture().await;
    let deployments = fixture.store.deployments();
    let bids = fixture.deployment("Bids").await;
    let asks = fixture.deployment("Asks").await;
    let idle = fixture.draft("Idle").await;
    let drafts = [bids.draft_id, idle.id];
    let found = deployments.of_drafts("shop", &drafts, 10).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].id, found[0].draft_id, found[0].name.as_str()),
        (bids.id, bids.draft_id, "Bids")
    );
    let drafts = [bids.draft_id, asks.draft_id];
    assert_eq!(deployments.of_drafts("shop", &drafts, 1).await.unwrap().len(), 1);
    assert!(
        deployments
            .of_drafts("other", &drafts, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(deployments.of_drafts("shop", &[], 10).await.unwrap().is_empty());
    let counts = fixture.store.workspaces().counts("shop").await.unwrap();
    assert_eq!((counts.drafts, counts.deployments), (3, 2));
}

#[tokio::test]
async fn a_draft_that_is_deployed_is_not_deleted() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let deployment = fixture.deployment("Bids").await;
    is_conflict(store.drafts().delete("shop", deployment.draft_id, 1, BY).await);
    assert!(store.versions().get("shop", deployment.draft_id, 1).await.is_ok());
    store
        .deployments()
        .delete("shop", deployment.id, 1, BY)
        .await
        .unwrap();
    store
        .drafts()
        .delete("shop", deployment.draft_id, 1, BY)
        .await
        .unwrap();
    is_not_found(store.versions().get("shop", deployment.draft_id, 1).await);
}
