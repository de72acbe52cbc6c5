use store::PageRequest;

use crate::fixture::{BY, fixture, is_invalid, is_not_found, search};

#[tokio::test]
async fn an_artifact_is_named_by_what_it_holds() {
    let mut fixture = fixture().await;
    let artifacts = fixture.store.artifacts();
    let made = artifacts
        .put("shop", "job.jar", b"hello".to_vec(), BY)
        .await
        .unwrap();
    assert_eq!(
        made.hash,
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    );
    assert_eq!(made.size_bytes, 5);
    let again = artifacts
        .put("shop", "other.jar", b"hello".to_vec(), BY)
        .await
        .unwrap();
    assert_eq!(again, made);
    fixture.reopen().await;
    let artifacts = fixture.store.artifacts();
    assert_eq!(artifacts.get("shop", &made.hash).await.unwrap(), made);
    assert_eq!(artifacts.bytes("shop", &made.hash).await.unwrap(), b"hello");
    assert!(
        artifacts
            .path(&made)
            .starts_with(fixture.folder.path().join("artifacts"))
    );
    assert_eq!(
        artifacts.list("shop", &search("JAR")).await.unwrap().items,
        [made]
    );
}

#[tokio::test]
async fn an_artifact_of_another_workspace_is_not_found_though_the_bytes_are_shared() {
    let fixture = fixture().await;
    let artifacts = fixture.store.artifacts();
    let made = artifacts
        .put("shop", "job.jar", b"hello".to_vec(), BY)
        .await
        .unwrap();
    is_not_found(artifacts.get("other", &made.hash).await);
    is_not_found(artifacts.bytes("other", &made.hash).await);
    is_not_found(artifacts.bytes("shop", "../../oceanus.db").await);
    artifacts
        .put("other", "job.jar", b"hello".to_vec(), BY)
        .await
        .unwrap();
    artifacts.delete("shop", &made.hash, BY).await.unwrap();
    is_not_found(artifacts.delete("shop", &made.hash, BY).await);
    assert_eq!(artifacts.bytes("other", &made.hash).await.unwrap(), b"hello");
}

#[tokio::test]
async fn files_that_nobody_names_are_removed_at_the_next_start() {
    let mut fixture = fixture().await;
    let artifacts = fixture.store.artifacts();
    let kept = artifacts.put("shop", "kept", b"kept".to_vec(), BY).await.unwrap();
    let gone = artifacts.put("shop", "gone", b"gone".to_vec(), BY).await.unwrap();
    let gone_path = artifacts.path(&gone);
    artifacts.delete("shop", &gone.hash, BY).await.unwrap();
    assert!(gone_path.exists());
    fixture.reopen().await;
    assert!(!gone_path.exists());
    let artifacts = fixture.store.artifacts();
    assert_eq!(artifacts.bytes("shop", &kept.hash).await.unwrap(), b"kept");
    let page = artifacts.list("shop", &PageRequest::default()).await.unwrap();
    assert_eq!(page.items, [kept]);
    is_invalid(artifacts.put("shop", "", b"a".to_vec(), BY).await);
    is_not_found(artifacts.put("nowhere", "a", b"a".to_vec(), BY).await);
}
