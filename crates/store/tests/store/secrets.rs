use store::{Error, ExposeSecret, PageRequest, SecretString};

use crate::fixture::{BY, START_MS, fixture, is_invalid, is_not_found, lies_in_files, open};

#[tokio::test]
async fn a_secret_is_kept_changed_revealed_and_deleted() {
    let mut fixture = fixture().await;
    let made = fixture
        .store
        .secrets()
        .put("shop", "kafka_password", &"hunter2".into(), BY)
        .await
        .unwrap();
    assert_eq!((made.created_at, made.updated_at), (START_MS, START_MS));
    fixture.pass(5);
    fixture.reopen().await;
    let secrets = fixture.store.secrets();
    let changed = secrets
        .put("shop", "kafka_password", &"correct horse ü".into(), BY)
        .await
        .unwrap();
    assert_eq!((changed.created_at, changed.updated_at), (START_MS, START_MS + 5));
    let value = secrets.reveal("shop", "kafka_password").await.unwrap();
    assert_eq!(value.expose_secret(), "correct horse ü");
    let page = secrets.list("shop", &PageRequest::default()).await.unwrap();
    assert_eq!(page.items, [changed]);
    secrets.delete("shop", "kafka_password", BY).await.unwrap();
    is_not_found(secrets.reveal("shop", "kafka_password").await);
    is_not_found(secrets.delete("shop", "kafka_password", BY).await);
}

#[tokio::test]
async fn a_secret_of_another_workspace_is_not_found() {
    let fixture = fixture().await;
    let secrets = fixture.store.secrets();
    secrets
        .put("shop", "password", &"hunter2".into(), BY)
        .await
        .unwrap();
    is_not_found(secrets.reveal("other", "password").await);
    is_not_found(secrets.delete("other", "password", BY).await);
    is_not_found(secrets.put("nowhere", "password", &"a".into(), BY).await);
}

#[tokio::test]
async fn another_key_opens_nothing_and_says_which_it_is() {
    let fixture = fixture().await;
    fixture
        .store
        .secrets()
        .put("shop", "password", &"hunter2".into(), BY)
        .await
        .unwrap();
    fixture.store.close().await;
    let store = open(fixture.folder.path(), 2, &fixture.clock).await.unwrap();
    let error = store.secrets().reveal("shop", "password").await.unwrap_err();
    assert!(matches!(error, Error::Unsealable { .. }), "{error:?}");
    let other = store::MasterKey::new([1; 32]);
    assert!(error.to_string().contains(other.id()), "{error}");
    // It can be given anew with the key at hand.
    store
        .secrets()
        .put("shop", "password", &"hunter3".into(), BY)
        .await
        .unwrap();
    let value = store.secrets().reveal("shop", "password").await.unwrap();
    assert_eq!(value.expose_secret(), "hunter3");
}

#[tokio::test]
async fn a_value_is_nowhere_on_disk_in_no_audit_and_in_no_message() {
    let fixture = fixture().await;
    let value = "correct-horse-battery-staple";
    let secrets = fixture.store.secrets();
    secrets.put("shop", "password", &value.into(), BY).await.unwrap();
    secrets.put("shop", "password", &value.into(), BY).await.unwrap();
    let wrong_name = secrets
        .put("shop", "no name", &value.into(), BY)
        .await
        .unwrap_err();
    let too_long = SecretString::from(value.repeat(10_000));
    let too_long = secrets.put("shop", "long", &too_long, BY).await.unwrap_err();
    for error in [wrong_name, too_long] {
        assert!(!format!("{error} {error:?}").contains(value));
    }
    let revealed = secrets.reveal("shop", "password").await.unwrap();
    assert!(!format!("{revealed:?}").contains(value));
    let events = fixture
        .store
        .audit()
        .list(None, &PageRequest::default())
        .await
        .unwrap();
    assert!(events.items.iter().any(|event| event.action == "secret.put"));
    assert!(!format!("{events:?}").contains(value));
    assert!(!lies_in_files(fixture.folder.path(), value));
    fixture.store.close().await;
    assert!(!lies_in_files(fixture.folder.path(), value));
}

#[tokio::test]
async fn a_name_has_to_fit_into_a_reference() {
    let fixture = fixture().await;
    let secrets = fixture.store.secrets();
    for wrong in ["", "a.b", "a}", "1a", "a b", "'; --", &"a".repeat(64)] {
        is_invalid(secrets.put("shop", wrong, &"hunter2".into(), BY).await);
    }
}
