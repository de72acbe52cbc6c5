//! A workspace as it is, all that a bundle speaks of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plan::CatalogStatement;
use runner::Connection;
use store::{Deployment, DeploymentFilter, Draft, Version};

use super::uses::used;
use crate::catalog::{self, Loaded};
use crate::surroundings::whole_pages;
use crate::{Jobs, Result};

#[derive(Debug, Clone, Default)]
pub struct Found {
    pub catalog_revision: u64,
    /// As it is stored, in the words of now.
    pub catalog: Vec<CatalogStatement>,
    /// The same without what is broken: what jobs stand on.
    pub holding: Vec<CatalogStatement>,
    pub connections: BTreeMap<String, Connection>,
    pub jobs: BTreeMap<String, FoundJob>,
    pub secrets: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub struct FoundJob {
    pub draft: Draft,
    pub latest: Option<Version>,
    /// The catalog of the latest version, in the words of now.
    pub latest_catalog: Vec<CatalogStatement>,
    /// By name.
    pub deployments: BTreeMap<String, Deployment>,
}

impl FoundJob {
    /// Whether the latest version is this text with these settings, on this catalog as far as it uses one.
    pub fn is_latest(
        &self,
        sql: &str,
        settings: &BTreeMap<String, String>,
        catalog: &[CatalogStatement],
    ) -> bool {
        let Some(latest) = &self.latest else {
            return false;
        };
        let stands_on = |statements| {
            let mut used: Vec<(&[String], &str)> = used(sql, statements)
                .into_iter()
                .map(|statement| (statement.path.as_slice(), statement.ddl.as_str()))
                .collect();
            used.sort_unstable();
            used
        };
        latest.sql == sql
            && latest.settings == *settings
            && stands_on(catalog) == stands_on(&self.latest_catalog)
    }
}

impl Jobs {
    pub(super) async fn found(&self, workspace: &str) -> Result<Found> {
        self.inner.store.workspaces().get(workspace).await?;
        let (catalog_revision, loaded) = self.load_catalog(workspace).await?;
        let (catalog, holding) = catalog::apart(move || (loaded.statements(), loaded.holding())).await?;
        let mut jobs = self.found_jobs(workspace).await?;
        for deployment in self.deployments_of(workspace).await? {
            if let Some(job) = jobs.values_mut().find(|job| job.draft.id == deployment.draft_id) {
                job.deployments.insert(deployment.name.clone(), deployment);
            }
        }
        self.read_catalogs(&mut jobs).await?;
        Ok(Found {
            catalog_revision,
            catalog,
            holding,
            connections: self.connections(workspace).await?,
            jobs,
            secrets: self.names_of_secrets(workspace).await?,
        })
    }

    async fn found_jobs(&self, workspace: &str) -> Result<BTreeMap<String, FoundJob>> {
        let store = &self.inner.store;
        let mut page = whole_pages();
        let mut jobs = BTreeMap::new();
        loop {
            let read = store.drafts().list(workspace, &page).await?;
            for summary in read.items {
                let job = FoundJob {
                    draft: store.drafts().get(workspace, summary.id).await?,
                    latest: store.versions().latest(workspace, summary.id).await?,
                    latest_catalog: Vec::new(),
                    deployments: BTreeMap::new(),
                };
                jobs.insert(job.draft.name.clone(), job);
            }
            page.cursor = read.next_cursor;
            if page.cursor.is_none() {
                return Ok(jobs);
            }
        }
    }

    async fn deployments_of(&self, workspace: &str) -> Result<Vec<Deployment>> {
        let filter = DeploymentFilter {
            workspace: Some(workspace.to_string()),
            ..DeploymentFilter::default()
        };
        let mut page = whole_pages();
        let mut deployments = Vec::new();
        loop {
            let read = self.inner.store.deployments().list(&filter, &page).await?;
            deployments.extend(read.items);
            page.cursor = read.next_cursor;
            if page.cursor.is_none() {
                return Ok(deployments);
            }
        }
    }

    async fn names_of_secrets(&self, workspace: &str) -> Result<BTreeSet<String>> {
        let mut page = whole_pages();
        let mut names = BTreeSet::new();
        loop {
            let read = self.inner.store.secrets().list(workspace, &page).await?;
            names.extend(read.items.into_iter().map(|secret| secret.name));
            page.cursor = read.next_cursor;
            if page.cursor.is_none() {
                return Ok(names);
            }
        }
    }

    /// Reads the catalog of every latest version; most versions share one.
    async fn read_catalogs(&self, jobs: &mut BTreeMap<String, FoundJob>) -> Result<()> {
        let texts: BTreeSet<String> = jobs
            .values()
            .filter_map(|job| Some(job.latest.as_ref()?.catalog_ddl.clone()))
            .collect();
        let (registry, clock) = (self.inner.registry.clone(), self.inner.clock.clone());
        let read: HashMap<String, Vec<CatalogStatement>> = catalog::apart(move || {
            let mut read = HashMap::new();
            for text in texts {
                let statements = Loaded::of_script(registry.clone(), clock.clone(), &text).holding();
                read.insert(text, statements);
            }
            read
        })
        .await?;
        for job in jobs.values_mut() {
            if let Some(latest) = &job.latest {
                job.latest_catalog = read.get(&latest.catalog_ddl).cloned().unwrap_or_default();
            }
        }
        Ok(())
    }
}
