//! The metadata database: what the platform remembers. One file for each noun.
//!
//! SQLite in one file, written by one connection and read by several. What always holds:
//!
//! - A change that was acknowledged is on disk.
//! - A change made by a person and its audit event are one transaction.
//! - An id is looked up inside its workspace: an id of another workspace is not found.
//! - A phase is written by a [`model::Move`] only.
//! - Values reach a statement as parameters, never as text; statements are literals.
//! - Every list is a page.
//! - Secrets and stored answers are sealed with the master key; passwords, sessions and tokens are hashed.
//!
//! Knows nothing of HTTP, of engines and of who may do what. No other crate knows the database.
//!
//! ```
//! # async fn example(folder: &std::path::Path) -> Result<(), store::Error> {
//! use std::sync::Arc;
//! use store::{MasterKey, NewWorkspace, Options, PageRequest, Store};
//!
//! let key = MasterKey::read_or_create(&folder.with_extension("key"))?;
//! let clock = Arc::new(stdx::SystemClock);
//! let store = Store::open(Options::new(folder, key), clock, stdx::Random::new(1)).await?;
//! let new = NewWorkspace { name: "shop".to_string(), display_name: "The shop".to_string() };
//! store.workspaces().create(new, "system").await?;
//! let page = store.workspaces().list(&PageRequest::default()).await?;
//! assert_eq!(page.items[0].name, "shop");
//! # Ok(())
//! # }
//! ```

mod artifact;
mod audit;
mod backup;
mod catalog;
pub mod check;
mod cluster;
mod connection;
mod database;
mod deployment;
mod draft;
mod error;
mod idempotency;
mod member;
mod page;
mod password;
mod row;
mod run;
mod savepoint;
mod seal;
mod secret;
mod session;
mod token;
mod user;
mod version;
mod workspace;

pub use artifact::{ARTIFACT_BYTES_MAX, Artifact, Artifacts};
pub use audit::{Audit, AuditEvent, NewAuditEvent};
pub use backup::{backup_file, restore};
pub use catalog::{Catalog, CatalogObject, CatalogSnapshot, ObjectKind, ObjectPath, check_catalog};
pub use check::SQL_BYTES_MAX;
pub use cluster::{Cluster, Clusters, NewCluster};
pub use connection::{Connection, Connections, NewConnection};
pub use database::{Durability, Options, Store};
pub use deployment::{
    Condition, ConditionKind, Deployment, DeploymentChange, DeploymentFilter, DeploymentOfDraft, Deployments,
    NewDeployment, Observed, RestoreFrom,
};
pub use draft::{Draft, DraftChange, DraftSummary, Drafts, NewDraft};
pub use error::{Error, Result};
pub use idempotency::{Answer, Claim, Done, Idempotency};
pub use member::{Member, Members, Role};
pub use page::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX, Page, PageRequest};
pub use run::{NewRun, Run, RunEnd, Runs};
pub use savepoint::{
    Savepoint, SavepointEnd, SavepointFilter, SavepointStatus, SavepointStatusError, Savepoints,
    TakenSavepoint,
};
pub use seal::MasterKey;
pub use secrecy::{ExposeSecret, SecretString};
pub use secret::{Secret, Secrets};
pub use session::{NewSession, Session, Sessions};
pub use token::{NewToken, Token, Tokens};
pub use user::{NewUser, User, Users};
pub use version::{NewVersion, Version, VersionSummary, Versions};
pub use workspace::{NewWorkspace, Workspace, WorkspaceCounts, Workspaces};

/// The nouns, each with its methods.
impl Store {
    pub fn workspaces(&self) -> Workspaces<'_> {
        Workspaces { store: self }
    }

    pub fn drafts(&self) -> Drafts<'_> {
        Drafts { store: self }
    }

    pub fn versions(&self) -> Versions<'_> {
        Versions { store: self }
    }

    pub fn deployments(&self) -> Deployments<'_> {
        Deployments { store: self }
    }

    pub fn runs(&self) -> Runs<'_> {
        Runs { store: self }
    }

    pub fn savepoints(&self) -> Savepoints<'_> {
        Savepoints { store: self }
    }

    pub fn catalog(&self) -> Catalog<'_> {
        Catalog { store: self }
    }

    pub fn secrets(&self) -> Secrets<'_> {
        Secrets { store: self }
    }

    pub fn connections(&self) -> Connections<'_> {
        Connections { store: self }
    }

    pub fn clusters(&self) -> Clusters<'_> {
        Clusters { store: self }
    }

    pub fn users(&self) -> Users<'_> {
        Users { store: self }
    }

    pub fn members(&self) -> Members<'_> {
        Members { store: self }
    }

    pub fn sessions(&self) -> Sessions<'_> {
        Sessions { store: self }
    }

    pub fn tokens(&self) -> Tokens<'_> {
        Tokens { store: self }
    }

    pub fn audit(&self) -> Audit<'_> {
        Audit { store: self }
    }

    pub fn artifacts(&self) -> Artifacts<'_> {
        Artifacts { store: self }
    }

    pub fn idempotency(&self) -> Idempotency<'_> {
        Idempotency { store: self }
    }
}
