//! Makes a workspace what a bundle says.
//!
//! The order is that of need: catalog, connections, what is to be gone from the machine, drafts with their versions,
//! deployments; then what nothing refers to any more.

use std::collections::HashSet;
use std::time::Duration;

use model::id::DraftId;
use model::phase::DesiredState;
use serde_json::json;
use store::{Deployment, Draft, DraftChange, NewAuditEvent, NewConnection, NewDraft, NewVersion};

use super::compare::{DeploymentWork, JobWork, Work, version_name};
use super::{Action, Bundle, BundleReport, Change, FileDiagnostic, Unfinished};
use crate::{DeploymentChange, Error, Jobs, NewDeployment, Result};

/// How often, and how many times, it is looked whether deployments that are to be deleted have stopped. Together
/// that is longer than the loop waits before it ends a run by force.
const STOP_LOOK_INTERVAL: Duration = Duration::from_millis(100);
const STOP_LOOKS_MAX: u32 = 900;

const VERSION_COMMENT: &str = "applied from a bundle";

impl Jobs {
    /// Does what [`Jobs::bundle_diff`] shows, if there is no fault. Waits for deployments that are deleted to stop,
    /// within a bound; those that do not are left, and told in a warning.
    pub async fn apply(
        &self,
        actor: &str,
        workspace: &str,
        bundle: Bundle,
        prune: bool,
    ) -> std::result::Result<BundleReport, Unfinished> {
        let mut work = self.compare(workspace, &bundle, prune).await?;
        if work.diff.has_errors() {
            return Ok(BundleReport {
                applied: false,
                diff: work.diff,
            });
        }
        let mut done = Done::default();
        let worked = self.work(actor, workspace, &mut work, &mut done).await;
        let applied: Vec<Change> = match worked {
            Ok(()) => work.diff.changes.clone(),
            Err(_) => done.of(&work.diff.changes),
        };
        let audited = self.audit_import(actor, workspace, &applied, prune, worked.is_ok());
        let audited = audited.await;
        match worked.and(audited) {
            Ok(()) => Ok(BundleReport {
                applied: true,
                diff: work.diff,
            }),
            Err(error) => Err(Unfinished { error, applied }),
        }
    }

    async fn work(&self, actor: &str, workspace: &str, work: &mut Work, done: &mut Done) -> Result<()> {
        let store = &self.inner.store;
        if let Some((revision, objects)) = work.catalog.take() {
            store
                .catalog()
                .replace(workspace, revision, objects, actor)
                .await?;
            done.has_catalog = true;
        }
        for (name, connection) in &work.connections {
            let new = NewConnection {
                kind: connection.kind.clone(),
                options: connection.options.clone(),
            };
            store.connections().put(workspace, name, new, actor).await?;
            done.add("connection", name);
        }
        let left = self
            .delete_deployments(actor, workspace, &work.deployments_deleted, done)
            .await?;
        for job in &work.jobs {
            self.apply_job(actor, workspace, job, &work.catalog_ddl, done)
                .await?;
        }
        for draft in &work.jobs_deleted {
            // Its versions belong to it, and what is left of its deployments still runs one of them.
            if left.iter().all(|deployment| deployment.draft_id != draft.id) {
                store
                    .drafts()
                    .delete(workspace, draft.id, draft.revision, actor)
                    .await?;
                done.add("job", &draft.name);
            }
        }
        for name in &work.connections_deleted {
            store.connections().delete(workspace, name, actor).await?;
            done.add("connection", name);
        }
        for deployment in left {
            let message = format!("deployment '{}' has not stopped yet and stays", deployment.name);
            let told = FileDiagnostic::without_file(message).hint("apply the bundle again to delete it");
            work.diff.diagnostics.push(told.into_warning());
        }
        Ok(())
    }

    async fn apply_job(
        &self,
        actor: &str,
        workspace: &str,
        job: &JobWork,
        catalog_ddl: &str,
        done: &mut Done,
    ) -> Result<()> {
        let store = &self.inner.store;
        let draft = self.apply_draft(actor, workspace, job).await?;
        done.add("job", &job.name);
        let mut latest = job.latest;
        if job.keeps_version {
            let new = NewVersion {
                comment: VERSION_COMMENT.to_string(),
                catalog_ddl: catalog_ddl.to_string(),
                // What was checked is what is kept.
                revision: Some(draft.revision),
            };
            let kept = store.versions().create(workspace, draft.id, new, actor).await?;
            done.add("version", &version_name(&job.name, kept.number));
            latest = Some(kept.number);
        }
        for deployment in &job.deployments {
            let Some(version) = deployment.version.or(latest) else {
                return Err(Error::Internal(format!(
                    "deployment '{}' has no version after all",
                    deployment.name
                )));
            };
            self.apply_deployment(actor, workspace, draft.id, version, deployment)
                .await?;
            done.add("deployment", &deployment.name);
        }
        Ok(())
    }

    async fn apply_draft(&self, actor: &str, workspace: &str, job: &JobWork) -> Result<Draft> {
        let drafts = self.inner.store.drafts();
        Ok(match &job.draft {
            None => {
                let new = NewDraft {
                    name: job.name.clone(),
                    sql: job.sql.clone(),
                    settings: job.settings.clone(),
                };
                drafts.create(workspace, new, actor).await?
            }
            Some(draft) if job.has_new_text => {
                let change = DraftChange {
                    name: None,
                    sql: Some(job.sql.clone()),
                    settings: Some(job.settings.clone()),
                };
                drafts
                    .update(workspace, draft.id, draft.revision, change, actor)
                    .await?
            }
            Some(draft) => draft.clone(),
        })
    }

    async fn apply_deployment(
        &self,
        actor: &str,
        workspace: &str,
        draft_id: DraftId,
        version: u32,
        deployment: &DeploymentWork,
    ) -> Result<()> {
        let Some(before) = &deployment.before else {
            let new = NewDeployment {
                name: deployment.name.clone(),
                draft_id,
                version,
                cluster: deployment.cluster.clone(),
                parallelism: deployment.parallelism,
                desired: deployment.desired,
                savepoint: None,
                allow_reset: false,
            };
            self.create_deployment(actor, workspace, new).await?;
            return Ok(());
        };
        // What is asked for again would start a job again that has finished: only what differs is asked for.
        let change = DeploymentChange {
            desired: (before.desired != deployment.desired).then_some(deployment.desired),
            version: (before.version != version).then_some(version),
            parallelism: (before.parallelism != deployment.parallelism).then_some(deployment.parallelism),
            ..DeploymentChange::default()
        };
        let asks = change.desired.is_some() || change.version.is_some() || change.parallelism.is_some();
        if asks {
            self.change_deployment(actor, workspace, before.id, before.revision, change)
                .await?;
        }
        Ok(())
    }

    /// Stops them all, waits for them and deletes them. Answers with those that did not stop in time.
    async fn delete_deployments(
        &self,
        actor: &str,
        workspace: &str,
        deployments: &[Deployment],
        done: &mut Done,
    ) -> Result<Vec<Deployment>> {
        let mut waiting = Vec::new();
        for deployment in deployments {
            if deployment.desired != DesiredState::Stopped {
                let stop = DeploymentChange {
                    desired: Some(DesiredState::Stopped),
                    ..DeploymentChange::default()
                };
                self.change_deployment(actor, workspace, deployment.id, deployment.revision, stop)
                    .await?;
            }
            waiting.push(deployment.clone());
        }
        for _ in 0..STOP_LOOKS_MAX {
            let mut still = Vec::new();
            for deployment in waiting {
                if self.try_delete(actor, workspace, &deployment).await? {
                    done.add("deployment", &deployment.name);
                } else {
                    still.push(deployment);
                }
            }
            waiting = still;
            if waiting.is_empty() {
                break;
            }
            tokio::time::sleep(STOP_LOOK_INTERVAL).await;
        }
        Ok(waiting)
    }

    /// Whether it is gone.
    async fn try_delete(&self, actor: &str, workspace: &str, deployment: &Deployment) -> Result<bool> {
        let read = match self.inner.store.deployments().get(workspace, deployment.id).await {
            Ok(read) => read,
            Err(store::Error::NotFound { .. }) => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        if read.desired != DesiredState::Stopped {
            let message = format!("somebody asks for deployment '{}' while it is deleted", read.name);
            return Err(Error::Conflict(message));
        }
        match self
            .delete_deployment(actor, workspace, deployment.id, read.revision)
            .await
        {
            Ok(()) => Ok(true),
            // It may still run, or it changed just now.
            Err(Error::Conflict(_) | Error::Stale { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn audit_import(
        &self,
        actor: &str,
        workspace: &str,
        applied: &[Change],
        prune: bool,
        is_finished: bool,
    ) -> Result<()> {
        let count = |action: Action| applied.iter().filter(|change| change.action == action).count();
        let event = NewAuditEvent {
            actor: actor.to_string(),
            workspace: Some(workspace.to_string()),
            action: "workspace.import".to_string(),
            subject: workspace.to_string(),
            detail: json!({
                "finished": is_finished,
                "prune": prune,
                "created": count(Action::Create),
                "updated": count(Action::Update),
                "deleted": count(Action::Delete),
            }),
        };
        self.inner.store.audit().append(event).await?;
        Ok(())
    }
}

/// What was done so far of what is to be done.
#[derive(Debug, Default)]
struct Done {
    /// It is replaced as a whole.
    has_catalog: bool,
    others: HashSet<(&'static str, String)>,
}

impl Done {
    fn add(&mut self, noun: &'static str, name: &str) {
        self.others.insert((noun, name.to_string()));
    }

    fn of(&self, changes: &[Change]) -> Vec<Change> {
        let is_done = |change: &&Change| {
            let is_other = matches!(change.noun, "connection" | "job" | "version" | "deployment");
            let is_there = if is_other {
                self.others.contains(&(change.noun, change.name.clone()))
            } else {
                self.has_catalog
            };
            is_there && change.action != Action::Unchanged
        };
        changes.iter().filter(is_done).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_told_apart_from_what_is_left() {
        let change = |noun, name: &str, action| Change {
            noun,
            name: name.to_string(),
            action,
            lines: Vec::new(),
        };
        let changes = [
            change("table", "a.b.t", Action::Create),
            change("connection", "t", Action::Update),
            change("job", "same", Action::Unchanged),
            change("job", "count", Action::Update),
            change("version", "count v2", Action::Create),
            change("deployment", "count", Action::Delete),
        ];
        let mut done = Done::default();
        assert!(done.of(&changes).is_empty());
        done.has_catalog = true;
        assert_eq!(done.of(&changes), changes[..1]);
        done.add("job", "same");
        done.add("job", "count");
        done.add("version", &version_name("count", 2));
        assert_eq!(
            done.of(&changes),
            [changes[0].clone(), changes[3].clone(), changes[4].clone()]
        );
    }
}
