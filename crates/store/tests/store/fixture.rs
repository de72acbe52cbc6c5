//! A store in a folder of its own, with a clock that stands still.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model::{DesiredState, UserId};
use stdx::{ManualClock, Random};
use store::{
    Deployment, Draft, Durability, Error, MasterKey, NewDeployment, NewDraft, NewUser, NewVersion,
    NewWorkspace, Options, PageRequest, Store, User,
};
use tempfile::TempDir;

pub const START_MS: i64 = 1_800_000_000_000;
pub const BY: &str = "us_tester";

pub struct Fixture {
    pub folder: TempDir,
    pub clock: Arc<ManualClock>,
    pub store: Store,
}

/// With the workspaces `shop` and `other`.
pub async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(ManualClock::at_ms(START_MS));
    let store = open(folder.path(), 1, &clock).await.expect("a new store opens");
    for name in ["shop", "other"] {
        store
            .workspaces()
            .create(new_workspace(name), BY)
            .await
            .expect("a new workspace");
    }
    Fixture { folder, clock, store }
}

/// `key` is what every byte of the master key is.
pub async fn open(folder: &Path, key: u8, clock: &Arc<ManualClock>) -> Result<Store, Error> {
    let options = Options {
        durability: Durability::Process,
        ..Options::new(folder, MasterKey::new([key; 32]))
    };
    let clock = Arc::clone(clock);
    Store::open(options, clock, Random::new(42)).await
}

impl Fixture {
    /// Closes the store and opens it again.
    pub async fn reopen(&mut self) {
        self.store.close().await;
        self.store = open(self.folder.path(), 1, &self.clock)
            .await
            .expect("the store opens again");
    }

    pub fn pass(&self, milliseconds: u64) {
        self.clock.advance(Duration::from_millis(milliseconds));
    }

    pub async fn draft(&self, name: &str) -> Draft {
        self.store
            .drafts()
            .create("shop", new_draft(name), BY)
            .await
            .expect("a new draft")
    }

    /// A deployment of a draft of the same name, in phase pending.
    pub async fn deployment(&self, name: &str) -> Deployment {
        let draft = self.draft(name).await;
        self.store
            .versions()
            .create("shop", draft.id, NewVersion::default(), BY)
            .await
            .expect("a new version");
        let new = NewDeployment {
            name: name.to_string(),
            draft_id: draft.id,
            version: 1,
            cluster: None,
            engine: "embedded".to_string(),
            parallelism: None,
            desired: DesiredState::Running,
            savepoint: None,
            drops_state: false,
        };
        let deployments = self.store.deployments();
        deployments
            .create("shop", new, BY)
            .await
            .expect("a new deployment")
    }

    /// A user without a password.
    pub async fn user(&self, name: &str, is_admin: bool) -> User {
        let new = NewUser {
            name: name.to_string(),
            password: None,
            is_admin,
        };
        self.store.users().create(new, BY).await.expect("a new user")
    }
}

pub fn new_workspace(name: &str) -> NewWorkspace {
    NewWorkspace {
        name: name.to_string(),
        display_name: format!("The {name}"),
    }
}

pub fn new_draft(name: &str) -> NewDraft {
    NewDraft {
        name: name.to_string(),
        sql: "SELECT 1".to_string(),
        settings: map(&[("parallelism", "2")]),
    }
}

pub fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

pub fn page(limit: u32) -> PageRequest {
    PageRequest {
        limit,
        ..PageRequest::default()
    }
}

pub fn search(q: &str) -> PageRequest {
    PageRequest {
        q: Some(q.to_string()),
        ..PageRequest::default()
    }
}

/// An id that nobody has.
pub fn nobody() -> UserId {
    UserId::new(1, 1)
}

pub fn is_not_found<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::NotFound { .. })), "{result:?}");
}

pub fn is_conflict<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::Conflict { .. })), "{result:?}");
}

pub fn is_stale<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::Stale { .. })), "{result:?}");
}

pub fn is_invalid<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::Invalid { .. })), "{result:?}");
}

/// Whether any file below the folder holds these bytes.
pub fn lies_in_files(folder: &Path, needle: &str) -> bool {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).expect("a file");
            if bytes
                .windows(needle.len())
                .any(|window| window == needle.as_bytes())
            {
                return true;
            }
        }
    }
    false
}
