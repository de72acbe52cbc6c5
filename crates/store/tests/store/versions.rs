use store::{DraftChange, NewVersion, PageRequest};

use crate::fixture::{BY, fixture, is_invalid, is_not_found, is_stale, page};

fn with_comment(comment: &str) -> NewVersion {
    NewVersion {
        comment: comment.to_string(),
        catalog_ddl: "CREATE TABLE bids (price INT);\n".to_string(),
        revision: None,
    }
}

#[tokio::test]
async fn a_version_keeps_the_draft_of_its_moment() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let draft = fixture.draft("Bids").await;
    let first = store
        .versions()
        .create("shop", draft.id, with_comment("first"), BY)
        .await
        .unwrap();
    let change = DraftChange {
        sql: Some("SELECT 2".to_string()),
        ..DraftChange::default()
    };
    store
        .drafts()
        .update("shop", draft.id, 1, change, BY)
        .await
        .unwrap();
    let second = store
        .versions()
        .create("shop", draft.id, with_comment("second"), "us_ben")
        .await
        .unwrap();
    assert_eq!((first.number, second.number), (1, 2));
    assert_eq!(
        (first.sql.as_str(), second.sql.as_str()),
        ("SELECT 1", "SELECT 2")
    );
    assert_eq!(first.settings, draft.settings);
    assert_eq!(first.catalog_ddl, "CREATE TABLE bids (price INT);\n");
    assert_eq!(second.created_by, "us_ben");
    assert_eq!(store.versions().get("shop", draft.id, 1).await.unwrap(), first);
    assert_eq!(
        store.versions().latest("shop", draft.id).await.unwrap(),
        Some(second)
    );
}

#[tokio::test]
async fn the_content_hash_is_of_the_content() {
    let fixture = fixture().await;
    let versions = fixture.store.versions();
    let draft = fixture.draft("Bids").await;
    let twin = fixture.draft("Bids again").await;
    let first = versions
        .create("shop", draft.id, with_comment("a"), BY)
        .await
        .unwrap();
    let again = versions
        .create("shop", draft.id, with_comment("b"), BY)
        .await
        .unwrap();
    let other = versions
        .create("shop", twin.id, with_comment("c"), BY)
        .await
        .unwrap();
    let without_catalog = versions
        .create("shop", twin.id, NewVersion::default(), BY)
        .await
        .unwrap();
    assert_eq!(first.content_hash, again.content_hash);
    assert_eq!(first.content_hash, other.content_hash);
    assert_ne!(first.content_hash, without_catalog.content_hash);
}

#[tokio::test]
async fn a_version_is_made_of_the_text_that_was_checked_or_not_at_all() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let draft = fixture.draft("Bids").await;
    let change = DraftChange {
        sql: Some("SELECT nonsense".to_string()),
        ..DraftChange::default()
    };
    store
        .drafts()
        .update("shop", draft.id, 1, change, BY)
        .await
        .unwrap();
    let new = NewVersion {
        revision: Some(1),
        ..NewVersion::default()
    };
    is_stale(store.versions().create("shop", draft.id, new, BY).await);
    assert_eq!(store.versions().latest("shop", draft.id).await.unwrap(), None);
}

#[tokio::test]
async fn versions_made_at_once_are_numbered_without_gaps() {
    let fixture = fixture().await;
    let draft = fixture.draft("Bids").await;
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let store = fixture.store.clone();
        tasks.push(tokio::spawn(async move {
            store
                .versions()
                .create("shop", draft.id, NewVersion::default(), BY)
                .await
        }));
    }
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.push(task.await.unwrap().unwrap().number);
    }
    numbers.sort();
    assert_eq!(numbers, (1..=20).collect::<Vec<u32>>());
}

#[tokio::test]
async fn versions_are_listed_newest_first_and_found_in_their_workspace_only() {
    let fixture = fixture().await;
    let versions = fixture.store.versions();
    let draft = fixture.draft("Bids").await;
    for comment in ["one", "two", "three"] {
        versions
            .create("shop", draft.id, with_comment(comment), BY)
            .await
            .unwrap();
    }
    let first = versions.list("shop", draft.id, &page(2)).await.unwrap();
    let numbers: Vec<u32> = first.items.iter().map(|version| version.number).collect();
    assert_eq!(numbers, [3, 2]);
    let request = PageRequest {
        cursor: first.next_cursor,
        ..page(2)
    };
    let second = versions.list("shop", draft.id, &request).await.unwrap();
    assert_eq!(second.items[0].number, 1);
    assert_eq!(second.next_cursor, None);

    is_not_found(versions.get("other", draft.id, 1).await);
    is_not_found(versions.get("shop", draft.id, 4).await);
    is_not_found(versions.create("other", draft.id, with_comment("a"), BY).await);
    assert_eq!(versions.latest("other", draft.id).await.unwrap(), None);
    assert!(
        versions
            .list("other", draft.id, &page(2))
            .await
            .unwrap()
            .items
            .is_empty()
    );
    is_invalid(
        versions
            .create("shop", draft.id, with_comment(&"a".repeat(20_000)), BY)
            .await,
    );
}
