use store::{NewConnection, PageRequest};

use crate::fixture::{BY, START_MS, fixture, is_invalid, is_not_found, map, search};

fn kafka(servers: &str) -> NewConnection {
    NewConnection {
        kind: "kafka".to_string(),
        options: map(&[("servers", servers), ("password", "${secret.kafka}")]),
    }
}

#[tokio::test]
async fn a_connection_is_made_changed_listed_and_deleted() {
    let fixture = fixture().await;
    let connections = fixture.store.connections();
    connections.put("shop", "main", kafka("a:1"), BY).await.unwrap();
    fixture.pass(3);
    let changed = connections.put("shop", "main", kafka("b:2"), BY).await.unwrap();
    assert_eq!(changed.options["servers"], "b:2");
    assert_eq!(changed.options["password"], "${secret.kafka}");
    assert_eq!((changed.created_at, changed.updated_at), (START_MS, START_MS + 3));
    assert_eq!(connections.get("shop", "main").await.unwrap(), changed);
    let page = connections.list("shop", &PageRequest::default()).await.unwrap();
    assert_eq!(page.items, [changed]);
    assert_eq!(
        connections
            .list("shop", &search("KAF"))
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    is_not_found(connections.get("other", "main").await);
    is_not_found(connections.delete("other", "main", BY).await);
    connections.delete("shop", "main", BY).await.unwrap();
    is_not_found(connections.get("shop", "main").await);
}

#[tokio::test]
async fn names_kinds_and_sizes_are_checked() {
    let fixture = fixture().await;
    let connections = fixture.store.connections();
    is_invalid(connections.put("shop", "no name", kafka("a:1"), BY).await);
    is_invalid(
        connections
            .put("shop", "main", kafka(&"a".repeat(1 << 16)), BY)
            .await,
    );
    let no_kind = NewConnection {
        kind: String::new(),
        options: map(&[]),
    };
    is_invalid(connections.put("shop", "main", no_kind, BY).await);
    let literal = NewConnection {
        kind: "kafka".to_string(),
        options: map(&[("password", "hunter2")]),
    };
    is_invalid(connections.put("shop", "main", literal, BY).await);
    is_not_found(connections.put("nowhere", "main", kafka("a:1"), BY).await);
}

#[tokio::test]
async fn option_values_are_not_audited() {
    let fixture = fixture().await;
    let connections = fixture.store.connections();
    connections
        .put("shop", "main", kafka("careless-password"), BY)
        .await
        .unwrap();
    let events = fixture
        .store
        .audit()
        .list(Some("shop"), &search("connection.put"))
        .await
        .unwrap();
    assert_eq!(events.items.len(), 1);
    assert!(!format!("{events:?}").contains("careless-password"));
}
