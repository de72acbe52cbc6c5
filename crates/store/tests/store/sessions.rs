use std::time::Duration;

use store::ExposeSecret;

use crate::fixture::{BY, START_MS, fixture, is_not_found, lies_in_files, nobody};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_session_is_found_until_it_is_ended() {
    let mut fixture = fixture().await;
    let ann = fixture.user("ann", false).await;
    let new = fixture.store.sessions().create(ann.id, MINUTE).await.unwrap();
    assert_eq!(new.expires_at, START_MS + 60_000);
    fixture.reopen().await;
    let sessions = fixture.store.sessions();
    let id = new.id.expose_secret();
    let found = sessions.find(id).await.unwrap().unwrap();
    assert_eq!(found.user, ann);
    assert_eq!(found.csrf_token, new.csrf_token);
    assert_eq!(
        (found.created_at, found.expires_at),
        (START_MS, START_MS + 60_000)
    );
    sessions.end(id).await.unwrap();
    assert_eq!(sessions.find(id).await.unwrap(), None);
    sessions.end(id).await.unwrap();
    is_not_found(sessions.create(nobody(), MINUTE).await);
}

#[tokio::test]
async fn a_session_expires_and_is_removed() {
    let fixture = fixture().await;
    let ann = fixture.user("ann", false).await;
    let sessions = fixture.store.sessions();
    let short = sessions.create(ann.id, MINUTE).await.unwrap();
    let long = sessions.create(ann.id, 2 * MINUTE).await.unwrap();
    fixture.pass(59_999);
    assert!(sessions.find(short.id.expose_secret()).await.unwrap().is_some());
    assert_eq!(fixture.store.remove_expired().await.unwrap(), 0);
    fixture.pass(1);
    assert!(sessions.find(short.id.expose_secret()).await.unwrap().is_none());
    assert!(sessions.find(long.id.expose_secret()).await.unwrap().is_some());
    assert_eq!(fixture.store.remove_expired().await.unwrap(), 1);
}

#[tokio::test]
async fn ids_and_tokens_are_random_and_never_stored() {
    let fixture = fixture().await;
    let ann = fixture.user("ann", false).await;
    let sessions = fixture.store.sessions();
    let first = sessions.create(ann.id, MINUTE).await.unwrap();
    let second = sessions.create(ann.id, MINUTE).await.unwrap();
    assert_ne!(first.id.expose_secret(), second.id.expose_secret());
    assert_ne!(first.csrf_token, second.csrf_token);
    assert_eq!(first.id.expose_secret().len(), 43);
    assert!(!format!("{first:?}").contains(first.id.expose_secret()));
    for text in [first.id.expose_secret(), first.csrf_token.as_str()] {
        assert!(!lies_in_files(fixture.folder.path(), text));
    }
}

#[tokio::test]
async fn what_is_no_session_is_not_found() {
    let fixture = fixture().await;
    let ann = fixture.user("ann", false).await;
    let sessions = fixture.store.sessions();
    let new = sessions.create(ann.id, MINUTE).await.unwrap();
    let id = new.id.expose_secret();
    for wrong in [
        "",
        "x",
        "' OR '1'='1",
        &id[1..],
        &id.to_uppercase(),
        &new.csrf_token,
    ] {
        assert_eq!(sessions.find(wrong).await.unwrap(), None, "{wrong}");
    }
}

#[tokio::test]
async fn sessions_end_with_their_user_alone() {
    let fixture = fixture().await;
    let ann = fixture.user("ann", false).await;
    let ben = fixture.user("ben", false).await;
    let sessions = fixture.store.sessions();
    let anns = sessions.create(ann.id, MINUTE).await.unwrap();
    let bens = sessions.create(ben.id, MINUTE).await.unwrap();
    fixture.store.users().delete(ben.id, BY).await.unwrap();
    assert!(sessions.find(bens.id.expose_secret()).await.unwrap().is_none());
    assert!(sessions.find(anns.id.expose_secret()).await.unwrap().is_some());
}
