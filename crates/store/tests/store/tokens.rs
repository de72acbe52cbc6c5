use store::{ExposeSecret, NewToken, PageRequest, Role};

use crate::fixture::{BY, START_MS, fixture, is_invalid, is_not_found, lies_in_files, nobody};

fn new_token(name: &str, user: model::UserId) -> NewToken {
    NewToken {
        name: name.to_string(),
        user,
        workspace: Some("shop".to_string()),
        role: Role::Developer,
        expires_at: None,
    }
}

#[tokio::test]
async fn a_token_is_found_by_its_text_until_it_is_deleted() {
    let mut fixture = fixture().await;
    let ann = fixture.user("ann", true).await;
    let (made, text) = fixture
        .store
        .tokens()
        .create(new_token("ci", ann.id), BY)
        .await
        .unwrap();
    assert!(text.expose_secret().starts_with("oct_"));
    assert_eq!(text.expose_secret().len(), 47);
    fixture.reopen().await;
    let tokens = fixture.store.tokens();
    let (found, user) = tokens.find(text.expose_secret()).await.unwrap().unwrap();
    assert_eq!((found, user), (made.clone(), ann.clone()));
    assert_eq!(tokens.get(made.id).await.unwrap().last_used_at, Some(START_MS));
    assert_eq!(made.user, ann.id);
    assert_eq!(
        (made.role, made.workspace.as_deref()),
        (Role::Developer, Some("shop"))
    );
    tokens.delete(made.id, BY).await.unwrap();
    assert_eq!(tokens.find(text.expose_secret()).await.unwrap(), None);
    is_not_found(tokens.delete(made.id, BY).await);
    is_not_found(tokens.get(made.id).await);
}

#[tokio::test]
async fn a_token_expires() {
    let fixture = fixture().await;
    let ann = fixture.user("ann", false).await;
    let tokens = fixture.store.tokens();
    let until = |expires_at: i64| NewToken {
        expires_at: Some(expires_at),
        ..new_token("ci", ann.id)
    };
    is_invalid(tokens.create(until(START_MS), BY).await);
    let (_, text) = tokens.create(until(START_MS + 10), BY).await.unwrap();
    fixture.pass(9);
    assert!(tokens.find(text.expose_secret()).await.unwrap().is_some());
    fixture.pass(1);
    assert!(tokens.find(text.expose_secret()).await.unwrap().is_none());
}

#[tokio::test]
async fn the_last_use_is_known_to_the_minute() {
    let fixture = fixture().await;
    let ann = fixture.user("ann", false).await;
    let tokens = fixture.store.tokens();
    let (made, text) = tokens.create(new_token("ci", ann.id), BY).await.unwrap();
    assert_eq!(made.last_used_at, None);
    for (passes, expected) in [(0, START_MS), (59_999, START_MS), (1, START_MS + 60_000)] {
        fixture.pass(passes);
        tokens.find(text.expose_secret()).await.unwrap().unwrap();
        assert_eq!(tokens.get(made.id).await.unwrap().last_used_at, Some(expected));
    }
}

#[tokio::test]
async fn the_text_is_never_stored_nor_shown() {
    let fixture = fixture().await;
    let ann = fixture.user("ann", false).await;
    let tokens = fixture.store.tokens();
    let (made, text) = tokens.create(new_token("ci", ann.id), BY).await.unwrap();
    assert!(!format!("{made:?} {text:?}").contains(text.expose_secret()));
    assert!(!lies_in_files(fixture.folder.path(), text.expose_secret()));
    let events = fixture
        .store
        .audit()
        .list(None, &PageRequest::default())
        .await
        .unwrap();
    assert!(events.items.iter().any(|event| event.action == "token.create"));
    assert!(!format!("{events:?}").contains(text.expose_secret()));
    for wrong in [
        "",
        "oct_",
        "' OR 1=1 --",
        &text.expose_secret()[4..],
        &made.id.to_string(),
    ] {
        assert_eq!(tokens.find(wrong).await.unwrap(), None);
    }
}

#[tokio::test]
async fn tokens_go_with_their_user_and_their_workspace() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let ann = fixture.user("ann", false).await;
    let ben = fixture.user("ben", false).await;
    let tokens = store.tokens();
    let (_, in_shop) = tokens.create(new_token("a", ann.id), BY).await.unwrap();
    let everywhere = NewToken {
        workspace: None,
        ..new_token("b", ann.id)
    };
    fixture.pass(1);
    let (_, everywhere) = tokens.create(everywhere, BY).await.unwrap();
    let (_, bens) = tokens
        .create(
            NewToken {
                workspace: None,
                ..new_token("c", ben.id)
            },
            BY,
        )
        .await
        .unwrap();
    let of_ann = tokens
        .list(Some(ann.id), &PageRequest::default())
        .await
        .unwrap()
        .items;
    let names: Vec<&str> = of_ann.iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names, ["b", "a"]);
    assert_eq!(
        tokens
            .list(None, &PageRequest::default())
            .await
            .unwrap()
            .items
            .len(),
        3
    );
    store.workspaces().delete("shop", BY).await.unwrap();
    assert_eq!(tokens.find(in_shop.expose_secret()).await.unwrap(), None);
    assert!(tokens.find(everywhere.expose_secret()).await.unwrap().is_some());
    store.users().delete(ann.id, BY).await.unwrap();
    assert_eq!(tokens.find(everywhere.expose_secret()).await.unwrap(), None);
    assert!(tokens.find(bens.expose_secret()).await.unwrap().is_some());
    is_not_found(tokens.create(new_token("d", nobody()), BY).await);
    is_not_found(tokens.create(new_token("e", ben.id), BY).await);
}
