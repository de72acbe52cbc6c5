//! Versions: what a draft was at a time, with the catalog of then. They never change.

use model::id::DraftId;
use runner::Purpose;
use store::{Draft, NewVersion, Version};

use crate::{DiffLine, Error, Jobs, Result, diff};

impl Jobs {
    /// Keeps the draft as it is now. A text that could not be deployed is refused with its diagnostics.
    pub async fn create_version(
        &self,
        actor: &str,
        workspace: &str,
        draft: DraftId,
        comment: &str,
    ) -> Result<Version> {
        let read = self.inner.store.drafts().get(workspace, draft).await?;
        let catalog_ddl = self.catalog_ddl(workspace).await?;
        let program = self
            .program_over(workspace, &read.sql, &catalog_ddl, &read.settings)
            .await?;
        let report = self
            .ask_in_turn(move |runner| runner.check(&program, Purpose::Deployment))
            .await?;
        if report.has_errors() {
            return Err(Error::diagnosed(
                "the draft has errors and cannot become a version",
                report.diagnostics,
            ));
        }
        let new = NewVersion {
            comment: comment.to_string(),
            catalog_ddl,
            // What was checked is what is kept.
            revision: Some(read.revision),
        };
        Ok(self
            .inner
            .store
            .versions()
            .create(workspace, draft, new, actor)
            .await?)
    }

    /// What changed from version `against` to version `number`.
    pub async fn diff(
        &self,
        workspace: &str,
        draft: DraftId,
        number: u32,
        against: u32,
    ) -> Result<Vec<DiffLine>> {
        let versions = self.inner.store.versions();
        let to = versions.get(workspace, draft, number).await?;
        let from = versions.get(workspace, draft, against).await?;
        tokio::task::spawn_blocking(move || diff::lines(&from.sql, &to.sql))
            .await
            .map_err(|panic| Error::Internal(format!("no difference could be made: {panic}")))
    }

    /// Gives the draft the text and the settings of a version.
    pub async fn roll_back(
        &self,
        actor: &str,
        workspace: &str,
        draft: DraftId,
        version: u32,
    ) -> Result<Draft> {
        let store = &self.inner.store;
        let version = store.versions().get(workspace, draft, version).await?;
        let read = store.drafts().get(workspace, draft).await?;
        let change = store::DraftChange {
            sql: Some(version.sql),
            settings: Some(version.settings),
            ..store::DraftChange::default()
        };
        Ok(store
            .drafts()
            .update(workspace, draft, read.revision, change, actor)
            .await?)
    }
}
