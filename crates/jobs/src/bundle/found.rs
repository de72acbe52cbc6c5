//! A workspace as it is, all that a bundle speaks of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use plan::CatalogStatement;
use runner::Connection;
use store::{Deployment, DeploymentFilter, Draft, Version};

use super::files::{BYTES_MAX, SPLIT_HINT};
use super::uses::used;
use crate::catalog::Loaded;
use crate::surroundings::whole_pages;
use crate::{Error, Jobs, Result};

/// Texts that are in memory for one bundle: of jobs, of their latest versions, and of the catalogs of those.
const READ_BYTES_MAX: usize = 3 * BYTES_MAX;

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
    /// The catalog of the latest version, in the words of now. Most versions share one; its text is not kept.
    pub latest_catalog: Arc<Vec<CatalogStatement>>,
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
        let (catalog, holding) = self
            .apart(move || (loaded.statements(), loaded.holding()))
            .await?;
        let (mut jobs, catalogs) = self.found_jobs(workspace).await?;
        for deployment in self.deployments_of(workspace).await? {
            if let Some(job) = jobs.values_mut().find(|job| job.draft.id == deployment.draft_id) {
                job.deployments.insert(deployment.name.clone(), deployment);
            }
        }
        self.read_catalogs(&mut jobs, catalogs).await?;
        Ok(Found {
            catalog_revision,
            catalog,
            holding,
            connections: self.connections(workspace).await?,
            jobs,
            secrets: self.names_of_secrets(workspace).await?,
        })
    }

    /// Jobs, and the text of each catalog that latest versions stand on, with the names of their jobs.
    async fn found_jobs(
        &self,
        workspace: &str,
    ) -> Result<(BTreeMap<String, FoundJob>, HashMap<String, Vec<String>>)> {
        let store = &self.inner.store;
        let mut page = whole_pages();
        let mut jobs = BTreeMap::new();
        let mut catalogs: HashMap<String, Vec<String>> = HashMap::new();
        let mut room = Room(READ_BYTES_MAX);
        loop {
            let read = store.drafts().list(workspace, &page).await?;
            for summary in read.items {
                let draft = store.drafts().get(workspace, summary.id).await?;
                let mut latest = store.versions().latest(workspace, summary.id).await?;
                room.take(draft.sql.len() + bytes_of(&draft.settings))?;
                if let Some(latest) = &mut latest {
                    room.take(latest.sql.len() + bytes_of(&latest.settings))?;
                    let catalog = std::mem::take(&mut latest.catalog_ddl);
                    if !catalogs.contains_key(&catalog) {
                        room.take(catalog.len())?;
                    }
                    catalogs.entry(catalog).or_default().push(draft.name.clone());
                }
                let job = FoundJob {
                    draft,
                    latest,
                    latest_catalog: Arc::default(),
                    deployments: BTreeMap::new(),
                };
                jobs.insert(job.draft.name.clone(), job);
            }
            page.cursor = read.next_cursor;
            if page.cursor.is_none() {
                return Ok((jobs, catalogs));
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

    /// Reads the catalog of every latest version.
    async fn read_catalogs(
        &self,
        jobs: &mut BTreeMap<String, FoundJob>,
        catalogs: HashMap<String, Vec<String>>,
    ) -> Result<()> {
        let (registry, clock) = (self.inner.registry.clone(), self.inner.clock.clone());
        let read = self
            .apart(move || {
                let read = |(text, names): (String, Vec<String>)| {
                    let loaded = Loaded::of_script(registry.clone(), clock.clone(), &text);
                    (Arc::new(loaded.holding()), names)
                };
                catalogs.into_iter().map(read).collect::<Vec<_>>()
            })
            .await?;
        for (statements, names) in read {
            for name in names {
                if let Some(job) = jobs.get_mut(&name) {
                    job.latest_catalog = Arc::clone(&statements);
                }
            }
        }
        Ok(())
    }
}

/// Bytes that may still be read.
struct Room(usize);

impl Room {
    fn take(&mut self, bytes: usize) -> Result<()> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(|| {
            Error::invalid(format!(
                "the jobs of the workspace with their latest versions have more than {READ_BYTES_MAX} bytes"
            ))
            .with_hint(SPLIT_HINT)
        })?;
        Ok(())
    }
}

fn bytes_of(settings: &BTreeMap<String, String>) -> usize {
    settings.iter().map(|(key, value)| key.len() + value.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_there_is_room_for() {
        let mut room = Room(READ_BYTES_MAX);
        room.take(READ_BYTES_MAX - 1).unwrap();
        room.take(1).unwrap();
        assert!(matches!(room.take(1), Err(Error::Invalid { hint: Some(_), .. })));
    }
}
