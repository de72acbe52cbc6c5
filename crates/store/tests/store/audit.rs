use serde_json::json;
use store::{NewAuditEvent, PageRequest};

use crate::fixture::{BY, START_MS, fixture, is_conflict, is_invalid, new_draft, page, search};

fn event(action: &str, workspace: Option<&str>) -> NewAuditEvent {
    NewAuditEvent {
        actor: "us_ann".to_string(),
        workspace: workspace.map(str::to_string),
        action: action.to_string(),
        subject: "ann".to_string(),
        detail: json!({ "address": "127.0.0.1", "attempts": 3 }),
    }
}

#[tokio::test]
async fn events_are_added_and_read_newest_first() {
    let mut fixture = fixture().await;
    fixture.pass(4);
    let added = fixture
        .store
        .audit()
        .append(event("session.refused", None))
        .await
        .unwrap();
    assert_eq!(added.at, START_MS + 4);
    fixture.reopen().await;
    let audit = fixture.store.audit();
    let all = audit.list(None, &PageRequest::default()).await.unwrap().items;
    assert_eq!(all[0], added);
    let actions: Vec<&str> = all.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(
        actions,
        ["session.refused", "workspace.create", "workspace.create"]
    );
    let of_shop = audit.list(Some("shop"), &PageRequest::default()).await.unwrap();
    assert_eq!(of_shop.items.len(), 1);
    assert_eq!(of_shop.items[0].actor, BY);

    let first = audit.list(None, &page(2)).await.unwrap();
    let request = PageRequest {
        cursor: first.next_cursor,
        ..page(2)
    };
    assert_eq!(audit.list(None, &request).await.unwrap().items, all[2..]);
    assert_eq!(audit.list(None, &search("REFUSED")).await.unwrap().items.len(), 1);
    assert_eq!(audit.list(None, &search("us_ann")).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn an_event_tells_the_name_of_its_maker_as_long_as_there_is_one() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let ann = fixture.user("ann", false).await;
    let by = ann.id.to_string();
    store
        .drafts()
        .create("shop", new_draft("Bids"), &by)
        .await
        .unwrap();
    let newest = async |q: &str| {
        let mut found = store.audit().list(Some("shop"), &search(q)).await.unwrap();
        found.items.remove(0)
    };
    let event = newest("ANN").await;
    assert_eq!(
        (event.action.as_str(), event.actor_name.as_deref()),
        ("draft.create", Some("ann"))
    );
    store.users().delete(ann.id, BY).await.unwrap();
    let event = newest("draft.create").await;
    assert_eq!((event.actor, event.actor_name), (by, None));
}

#[tokio::test]
async fn what_was_refused_is_not_audited_as_done() {
    let fixture = fixture().await;
    let drafts = fixture.store.drafts();
    let draft = fixture.draft("Bids").await;
    is_conflict(drafts.create("shop", new_draft("Bids"), BY).await);
    drafts.delete("shop", draft.id, 1, BY).await.unwrap();
    let events = fixture
        .store
        .audit()
        .list(Some("shop"), &search("draft."))
        .await
        .unwrap();
    let actions: Vec<(&str, String)> = events
        .items
        .iter()
        .map(|event| (event.action.as_str(), event.subject.clone()))
        .collect();
    let id = draft.id.to_string();
    assert_eq!(actions, [("draft.delete", id.clone()), ("draft.create", id)]);
}

#[tokio::test]
async fn an_event_says_who_and_what() {
    let fixture = fixture().await;
    is_invalid(fixture.store.audit().append(event("", None)).await);
    let large = NewAuditEvent {
        detail: json!("x".repeat(1 << 20)),
        ..event("upload", None)
    };
    is_invalid(fixture.store.audit().append(large).await);
}
