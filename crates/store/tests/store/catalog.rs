use store::{CatalogObject, ObjectKind, PageRequest};

use crate::fixture::{BY, fixture, is_conflict, is_invalid, is_not_found, is_stale};

fn object(kind: ObjectKind, path: &str, ddl: &str) -> CatalogObject {
    let mut parts = path.split('.').map(str::to_string);
    CatalogObject {
        kind,
        catalog: parts.next().unwrap_or_default(),
        database: parts.next().unwrap_or_default(),
        name: parts.next().unwrap_or_default(),
        ddl: ddl.to_string(),
    }
}

fn table(name: &str, ddl: &str) -> CatalogObject {
    object(
        ObjectKind::Table,
        &format!("default_catalog.default_database.{name}"),
        ddl,
    )
}

fn view(name: &str, ddl: &str) -> CatalogObject {
    object(
        ObjectKind::View,
        &format!("default_catalog.default_database.{name}"),
        ddl,
    )
}

#[tokio::test]
async fn a_catalog_comes_back_in_its_order() {
    let mut fixture = fixture().await;
    let empty = fixture.store.catalog().read("shop").await.unwrap();
    assert_eq!((empty.revision, empty.objects.len()), (0, 0));
    let objects = vec![
        object(ObjectKind::Database, "default_catalog.z", "CREATE DATABASE z"),
        table("bids", "CREATE TABLE bids (price INT)"),
        view("b_first", "CREATE VIEW b_first AS SELECT * FROM bids;\n"),
        view("a_second", "CREATE VIEW a_second AS SELECT * FROM b_first"),
    ];
    let revision = fixture
        .store
        .catalog()
        .replace("shop", 0, objects.clone(), BY)
        .await
        .unwrap();
    assert_eq!(revision, 1);
    fixture.reopen().await;
    let read = fixture.store.catalog().read("shop").await.unwrap();
    assert_eq!((read.revision, &read.objects), (1, &objects));
    assert_eq!(
        read.ddl(),
        "CREATE DATABASE z;\nCREATE TABLE bids (price INT);\nCREATE VIEW b_first AS SELECT * FROM bids;\n\
         CREATE VIEW a_second AS SELECT * FROM b_first;\n"
    );
    let found = fixture
        .store
        .catalog()
        .object("shop", &objects[2].path())
        .await
        .unwrap();
    assert_eq!(found, objects[2]);
    let other = fixture.store.catalog().read("other").await.unwrap();
    assert!(other.objects.is_empty());
    is_not_found(fixture.store.catalog().object("other", &objects[2].path()).await);
}

#[tokio::test]
async fn objects_are_added_changed_moved_and_dropped() {
    let fixture = fixture().await;
    let catalog = fixture.store.catalog();
    let steps = [
        vec![table("a", "A"), table("b", "B"), view("v", "V")],
        vec![table("b", "B2"), table("c", "C"), view("v", "V")],
        vec![view("v", "V"), table("c", "C"), table("b", "B2")],
        vec![table("v", "V is a table now")],
        vec![],
    ];
    for (revision, objects) in (0..).zip(steps) {
        let next = catalog
            .replace("shop", revision, objects.clone(), BY)
            .await
            .unwrap();
        assert_eq!(next, revision + 1);
        assert_eq!(catalog.read("shop").await.unwrap().objects, objects);
    }
    let events = fixture
        .store
        .audit()
        .list(Some("shop"), &PageRequest::default())
        .await
        .unwrap();
    let second = &events.items[events.items.len() - 3];
    assert_eq!(
        second.detail,
        serde_json::json!({
            "revision": 2,
            "put": ["default_catalog.default_database.b", "default_catalog.default_database.c"],
            "dropped": ["default_catalog.default_database.a"],
        })
    );
}

#[tokio::test]
async fn what_changes_nothing_leaves_the_revision() {
    let fixture = fixture().await;
    let catalog = fixture.store.catalog();
    let objects = vec![table("a", "A")];
    assert_eq!(catalog.replace("shop", 0, objects.clone(), BY).await.unwrap(), 1);
    assert_eq!(catalog.replace("shop", 1, objects, BY).await.unwrap(), 1);
}

#[tokio::test]
async fn a_catalog_that_was_changed_meanwhile_is_not_overwritten() {
    let fixture = fixture().await;
    let catalog = fixture.store.catalog();
    catalog
        .replace("shop", 0, vec![table("a", "A")], BY)
        .await
        .unwrap();
    is_stale(catalog.replace("shop", 0, vec![table("b", "B")], BY).await);
    is_stale(catalog.replace("shop", 2, vec![table("b", "B")], BY).await);
    assert_eq!(catalog.read("shop").await.unwrap().objects, [table("a", "A")]);
    is_not_found(catalog.replace("nowhere", 0, vec![table("a", "A")], BY).await);
}

#[tokio::test]
async fn paths_fit_their_kinds_and_come_once() {
    let fixture = fixture().await;
    let catalog = fixture.store.catalog();
    for wrong in [
        object(ObjectKind::Table, "c.d", "X"),
        object(ObjectKind::View, "c", "X"),
        object(ObjectKind::Database, "c.d.t", "X"),
        object(ObjectKind::Catalog, "", "X"),
        object(ObjectKind::Table, "c..t", "X"),
    ] {
        is_invalid(catalog.replace("shop", 0, vec![wrong], BY).await);
    }
    let twice = vec![table("a", "A"), view("a", "B")];
    is_conflict(catalog.replace("shop", 0, twice, BY).await);
    let long = vec![table("a", &"x".repeat(2 << 20))];
    is_invalid(catalog.replace("shop", 0, long, BY).await);
    // Names may hold anything.
    let odd = vec![table("'; DROP TABLE catalog_objects; --", "A"), table("ä b", "B")];
    catalog.replace("shop", 0, odd.clone(), BY).await.unwrap();
    assert_eq!(catalog.read("shop").await.unwrap().objects, odd);
}
