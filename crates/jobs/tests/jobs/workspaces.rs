//! Workspaces that go, with what lies outside of the store.

use std::fs;

use jobs::Error;
use store::NewWorkspace;

use crate::fixture::{ACTOR, Place};

#[tokio::test]
async fn a_workspace_inherits_nothing_from_one_of_its_name() {
    let place = Place::new().await;
    // Its folder is made for it.
    place.define("CREATE DATABASE made").await;
    place
        .jobs
        .validate("w", "SELECT 1", &Default::default())
        .await
        .unwrap();
    let files = place.files();
    fs::write(files.join("w/left"), "text").unwrap();
    fs::create_dir_all(files.join("v")).unwrap();
    fs::write(files.join("v/other"), "text").unwrap();
    place.jobs.delete_workspace(ACTOR, "w").await.unwrap();
    assert!(matches!(
        place.jobs.delete_workspace(ACTOR, "w").await,
        Err(Error::NotFound { .. })
    ));
    let new = NewWorkspace {
        name: "w".to_string(),
        display_name: "Another".to_string(),
    };
    place.store.workspaces().create(new, ACTOR).await.unwrap();
    place
        .jobs
        .validate("w", "SELECT 1", &Default::default())
        .await
        .unwrap();
    assert_eq!(fs::read_dir(files.join("w")).unwrap().count(), 0);
    assert!(files.join("v/other").exists());
}
