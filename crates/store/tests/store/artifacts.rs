use std::fs::File;
use std::time::{Duration, SystemTime};

use store::PageRequest;

use crate::fixture::{BY, START_MS, fixture, is_invalid, is_not_found, search};

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
async fn a_file_goes_with_the_last_one_who_has_it() {
    let fixture = fixture().await;
    let artifacts = fixture.store.artifacts();
    let bytes = || b"hello".to_vec();
    let made = artifacts.put("shop", "a.jar", bytes(), BY).await.unwrap();
    artifacts.put("other", "b.jar", bytes(), BY).await.unwrap();
    artifacts.delete("shop", &made.hash, BY).await.unwrap();
    assert!(artifacts.path(&made).exists());
    artifacts.delete("other", &made.hash, BY).await.unwrap();
    assert!(!artifacts.path(&made).exists());
    artifacts.put("shop", "c.jar", bytes(), BY).await.unwrap();
    assert_eq!(artifacts.bytes("shop", &made.hash).await.unwrap(), b"hello");
}

#[tokio::test]
async fn files_that_nobody_names_are_removed_at_a_start_when_they_are_old() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let mut fixture = fixture().await;
    let artifacts = fixture.store.artifacts();
    let kept = artifacts.put("shop", "kept", b"kept".to_vec(), BY).await.unwrap();
    let kept_path = artifacts.path(&kept);
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(START_MS.unsigned_abs());
    let file = |name: &str, age: Duration| {
        let path = kept_path.with_file_name(name);
        let file = File::options().create(true).append(true).open(&path).unwrap();
        file.set_modified(now - age).unwrap();
        path
    };
    file(&kept.hash, 9 * DAY);
    let (old, young) = (file("old", 8 * DAY), file("young", 6 * DAY));
    fixture.reopen().await;
    assert!(!old.exists() && young.exists());
    let artifacts = fixture.store.artifacts();
    assert_eq!(artifacts.bytes("shop", &kept.hash).await.unwrap(), b"kept");
    let page = artifacts.list("shop", &PageRequest::default()).await.unwrap();
    assert_eq!(page.items, [kept]);
    is_invalid(artifacts.put("shop", "", b"a".to_vec(), BY).await);
    is_not_found(artifacts.put("nowhere", "a", b"a".to_vec(), BY).await);
}
