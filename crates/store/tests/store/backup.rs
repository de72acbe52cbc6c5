use store::{Error, ExposeSecret};

use crate::fixture::{BY, fixture, is_conflict, is_invalid, is_not_found, lies_in_files, open};

#[tokio::test]
async fn a_copy_is_of_its_moment_and_can_be_put_back() {
    let fixture = fixture().await;
    let store = &fixture.store;
    store
        .secrets()
        .put("shop", "password", &"hunter2".into(), BY)
        .await
        .unwrap();
    let before = fixture.draft("Before").await;
    let copy = fixture.folder.path().join("copy.db");
    store.backup(&copy).await.unwrap();
    let after = fixture.draft("After").await;

    let database = fixture.folder.path().join("oceanus.db");
    let in_use = store::restore(&copy, &database).await;
    assert!(matches!(in_use, Err(Error::InUse { .. })), "{in_use:?}");
    store.close().await;
    store::restore(&copy, &database).await.unwrap();

    let store = open(fixture.folder.path(), 1, &fixture.clock).await.unwrap();
    assert_eq!(store.drafts().get("shop", before.id).await.unwrap(), before);
    is_not_found(store.drafts().get("shop", after.id).await);
    let value = store.secrets().reveal("shop", "password").await.unwrap();
    assert_eq!(value.expose_secret(), "hunter2");
    store.close().await;

    // What was there is kept beside it.
    let replaced = fixture.folder.path().join("oceanus.db.replaced");
    store::restore(&replaced, &database).await.unwrap();
    let store = open(fixture.folder.path(), 1, &fixture.clock).await.unwrap();
    assert_eq!(store.drafts().get("shop", after.id).await.unwrap(), after);
}

#[tokio::test]
async fn a_copy_can_be_made_beside_a_server_and_goes_anywhere() {
    let fixture = fixture().await;
    let draft = fixture.draft("Bids").await;
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("it's a copy.db");
    store::backup_file(&fixture.folder.path().join("oceanus.db"), &copy)
        .await
        .unwrap();
    let restored = elsewhere.path().join("data");
    std::fs::create_dir(&restored).unwrap();
    store::restore(&copy, &restored.join("oceanus.db")).await.unwrap();
    let store = open(&restored, 1, &fixture.clock).await.unwrap();
    assert_eq!(store.drafts().get("shop", draft.id).await.unwrap(), draft);
}

#[tokio::test]
async fn what_a_backup_left_that_died_is_no_copy_and_does_not_stand_in_the_way() {
    let fixture = fixture().await;
    let copy = fixture.folder.path().join("copy.db");
    let part = fixture.folder.path().join("copy.db.part");
    std::fs::write(&part, "half of a copy").unwrap();
    fixture.store.backup(&copy).await.unwrap();
    assert!(!part.exists());
    let database = fixture.folder.path().join("oceanus.db");
    fixture.store.close().await;
    store::restore(&copy, &database).await.unwrap();
}

#[tokio::test]
async fn a_copy_holds_neither_secrets_in_clear_nor_the_key() {
    let fixture = fixture().await;
    fixture
        .store
        .secrets()
        .put("shop", "password", &"correct-horse".into(), BY)
        .await
        .unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy.db");
    fixture.store.backup(&copy).await.unwrap();
    assert!(!lies_in_files(elsewhere.path(), "correct-horse"));
    let restored = elsewhere.path().join("oceanus.db");
    store::restore(&copy, &restored).await.unwrap();
    let store = open(elsewhere.path(), 9, &fixture.clock).await.unwrap();
    let value = store.secrets().reveal("shop", "password").await;
    assert!(matches!(value, Err(Error::Unsealable { .. })), "{value:?}");
}

#[tokio::test]
async fn what_is_there_is_not_overwritten_and_what_is_no_copy_is_refused() {
    let fixture = fixture().await;
    let folder = fixture.folder.path();
    let draft = fixture.draft("Bids").await;
    let taken = folder.join("taken");
    std::fs::write(&taken, "mine").unwrap();
    is_conflict(fixture.store.backup(&taken).await);
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "mine");
    let no_folder = fixture.store.backup(&folder.join("no/such/folder/copy.db")).await;
    assert!(no_folder.is_err());
    fixture.store.close().await;

    let database = folder.join("oceanus.db");
    is_invalid(store::restore(&taken, &database).await);
    is_not_found(store::restore(&folder.join("nothing"), &database).await);
    let copy = folder.join("copy.db");
    store::backup_file(&database, &copy).await.unwrap();
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    for byte in &mut bytes[middle..middle + 8192] {
        *byte = 0xff;
    }
    std::fs::write(&copy, bytes).unwrap();
    is_invalid(store::restore(&copy, &database).await);

    let store = open(folder, 1, &fixture.clock).await.unwrap();
    assert_eq!(store.drafts().get("shop", draft.id).await.unwrap(), draft);
}

#[tokio::test]
async fn what_is_replaced_is_kept_with_what_only_its_log_had() {
    let fixture = fixture().await;
    let folder = fixture.folder.path();
    let copy = folder.join("copy.db");
    fixture.store.backup(&copy).await.unwrap();
    let late = fixture.draft("Late").await;
    // As a server leaves its files that is killed.
    let killed = tempfile::tempdir().unwrap();
    for name in ["oceanus.db", "oceanus.db-wal"] {
        std::fs::copy(folder.join(name), killed.path().join(name)).unwrap();
    }
    let database = killed.path().join("oceanus.db");
    store::restore(&copy, &database).await.unwrap();
    let names = std::fs::read_dir(killed.path()).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["oceanus.db", "oceanus.db.lock", "oceanus.db.replaced"]);
    let replaced = killed.path().join("oceanus.db.replaced");
    store::restore(&replaced, &database).await.unwrap();
    let store = open(killed.path(), 1, &fixture.clock).await.unwrap();
    assert_eq!(store.drafts().get("shop", late.id).await.unwrap(), late);
    store.close().await;

    // One that is damaged is kept as it is, and is no hindrance.
    std::fs::write(&database, "hello ".repeat(1000)).unwrap();
    store::restore(&copy, &database).await.unwrap();
    assert!(std::fs::read(&replaced).unwrap().starts_with(b"hello "));
    let store = open(killed.path(), 1, &fixture.clock).await.unwrap();
    is_not_found(store.drafts().get("shop", late.id).await);
}
