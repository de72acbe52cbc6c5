//! A store with a workspace, and jobs over it whose loop does not run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use embedded::{EmbeddedOptions, EmbeddedRunner, wiring};
use jobs::bundle::Action;
use jobs::{Bundle, BundleDiff, BundleReport, Jobs, JobsSettings, NewDeployment};
use model::id::{DeploymentId, DraftId};
use model::phase::DesiredState;
use runner::NoClusters;
use stdx::{Random, SystemClock};
use store::{MasterKey, NewConnection, NewDraft, NewWorkspace, Options, PageRequest, SecretString, Store};

pub const ACTOR: &str = "tester";

pub struct Place {
    // Removed with the test.
    folder: tempfile::TempDir,
    pub store: Store,
    pub jobs: Jobs,
}

impl Place {
    /// With the workspaces `w` and `v`.
    pub async fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let options = Options::new(data, MasterKey::new([7; 32]));
        let store = Store::open(options, Arc::new(SystemClock), Random::new(1))
            .await
            .unwrap();
        let options = EmbeddedOptions {
            // Nothing is started.
            program: PathBuf::from("/nonexistent"),
            ..EmbeddedOptions::new(data).unwrap()
        };
        let settings = JobsSettings {
            capacity_cores: 4,
            capacity_memory_bytes: 4 << 30,
            workspace_cores: 2,
            workspace_memory_bytes: 4 << 30,
            files: data.join("files"),
            file_roots: Vec::new(),
            denied: Vec::new(),
            network: model::AddressRules::loopback(),
        };
        let jobs = Jobs::new(
            store.clone(),
            Arc::new(EmbeddedRunner::new(options).unwrap()),
            Arc::new(NoClusters),
            Arc::new(wiring::registry(Arc::new(Mutex::new(std::io::sink())))),
            Arc::new(SystemClock),
            settings,
        );
        for name in ["w", "v"] {
            let new = NewWorkspace {
                name: name.to_string(),
                display_name: name.to_uppercase(),
            };
            store.workspaces().create(new, ACTOR).await.unwrap();
        }
        Place { folder, store, jobs }
    }

    /// Where workspaces have their files.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    pub async fn define(&self, sql: &str) {
        self.jobs.execute_catalog(ACTOR, "w", sql).await.unwrap();
    }

    pub async fn secret(&self, name: &str) {
        let value = SecretString::from("hunter2");
        self.store.secrets().put("w", name, &value, ACTOR).await.unwrap();
    }

    pub async fn connection(&self, name: &str, kind: &str, options: &[(&str, &str)]) {
        let new = NewConnection {
            kind: kind.to_string(),
            options: map(options),
        };
        self.store.connections().put("w", name, new, ACTOR).await.unwrap();
    }

    pub async fn draft(&self, name: &str, sql: &str, settings: &[(&str, &str)]) -> DraftId {
        let new = NewDraft {
            name: name.to_string(),
            sql: sql.to_string(),
            settings: map(settings),
        };
        self.store.drafts().create("w", new, ACTOR).await.unwrap().id
    }

    pub async fn edit(&self, draft: DraftId, sql: &str) {
        let read = self.store.drafts().get("w", draft).await.unwrap();
        let change = store::DraftChange {
            sql: Some(sql.to_string()),
            ..store::DraftChange::default()
        };
        self.store
            .drafts()
            .update("w", draft, read.revision, change, ACTOR)
            .await
            .unwrap();
    }

    pub async fn version(&self, draft: DraftId) {
        self.jobs.create_version(ACTOR, "w", draft, "").await.unwrap();
    }

    pub async fn deploy(&self, name: &str, draft: DraftId, version: u32) -> DeploymentId {
        let new = NewDeployment {
            name: name.to_string(),
            draft_id: draft,
            version,
            cluster: None,
            parallelism: None,
            desired: DesiredState::Stopped,
            savepoint: None,
            allow_reset: false,
        };
        self.jobs.create_deployment(ACTOR, "w", new).await.unwrap().id
    }

    pub async fn export(&self, workspace: &str) -> Bundle {
        self.jobs.export(workspace).await.unwrap()
    }

    pub async fn diff(&self, workspace: &str, bundle: &Bundle, prune: bool) -> BundleDiff {
        self.jobs.bundle_diff(workspace, bundle, prune).await.unwrap()
    }

    pub async fn apply(&self, workspace: &str, bundle: &Bundle, prune: bool) -> BundleReport {
        // What would be done is what is done.
        let shown = self.diff(workspace, bundle, prune).await;
        let report = self
            .jobs
            .apply(ACTOR, workspace, bundle.clone(), prune)
            .await
            .unwrap();
        assert_eq!(report.diff, shown);
        report
    }

    /// Every number that a write would raise.
    pub async fn revisions(&self, workspace: &str) -> Vec<String> {
        let mut revisions = Vec::new();
        let catalog = self.store.catalog().read(workspace).await.unwrap();
        revisions.push(format!("catalog {}", catalog.revision));
        let page = PageRequest::default();
        for draft in self.store.drafts().list(workspace, &page).await.unwrap().items {
            let latest = self.store.versions().latest(workspace, draft.id).await.unwrap();
            revisions.push(format!(
                "{} {} v{}",
                draft.name,
                draft.revision,
                latest.map_or(0, |latest| latest.number)
            ));
        }
        let filter = store::DeploymentFilter {
            workspace: Some(workspace.to_string()),
            ..store::DeploymentFilter::default()
        };
        for one in self.store.deployments().list(&filter, &page).await.unwrap().items {
            revisions.push(format!("{} {} v{}", one.name, one.revision, one.version));
        }
        for one in self
            .store
            .connections()
            .list(workspace, &page)
            .await
            .unwrap()
            .items
        {
            revisions.push(format!("{} {}", one.name, one.updated_at));
        }
        revisions
    }
}

pub fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

pub fn bundle(files: &[(&str, &str)]) -> Bundle {
    let mut files = map(files);
    files
        .entry("workspace.yaml".to_string())
        .or_insert_with(|| "format: 1\n".to_string());
    Bundle { files }
}

/// `create table c.d.t`, for all that is not unchanged.
pub fn changes(diff: &BundleDiff) -> Vec<String> {
    let mut shown = Vec::new();
    for change in &diff.changes {
        let action = match change.action {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
            Action::Unchanged => continue,
        };
        shown.push(format!("{action} {} {}", change.noun, change.name));
    }
    shown
}

/// `file:line:column: message (hint)`
pub fn faults(diff: &BundleDiff) -> Vec<String> {
    let mut shown = Vec::new();
    for one in &diff.diagnostics {
        let mut text = one.file.clone().unwrap_or_default();
        if let Some(place) = &one.diagnostic.span {
            text.push_str(&format!(":{}:{}", place.line, place.column));
        }
        text.push_str(&format!(": {}", one.diagnostic.message));
        if let Some(hint) = &one.diagnostic.hint {
            text.push_str(&format!(" ({hint})"));
        }
        shown.push(text);
    }
    shown
}
