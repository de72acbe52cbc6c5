//! What has to be done about one job and its deployments.

use std::collections::BTreeMap;

use model::Diagnostic;
use plan::{CatalogStatement, Session};
use runner::{Connection, Program, Purpose, Secrets};

use super::{DeploymentWork, JobWork, Work, difference, version_name};
use crate::bundle::declared::{Declared, DeclaredDeployment, DeclaredJob};
use crate::bundle::found::{Found, FoundJob};
use crate::bundle::render::{self, Shown};
use crate::bundle::{Action, Bundle, FileDiagnostic};
use crate::surroundings::{named_in, secrets_in};
use crate::{Error, Jobs, Result};

/// What stands for a secret that is not there yet, so that a job that names it can be checked all the same.
const SECRET_TO_COME: &str = "secret-to-come";

impl Jobs {
    /// A program as it would be after the bundle was applied.
    pub(super) async fn bundle_program(
        &self,
        workspace: &str,
        sql: &str,
        catalog_ddl: &str,
        settings: BTreeMap<String, String>,
        connections: &BTreeMap<String, Connection>,
    ) -> Result<Program> {
        let connections = named_in([sql, catalog_ddl], connections);
        let names = secrets_in(sql, catalog_ddl, &connections);
        let mut secrets = self.secrets(workspace, &names).await?;
        for name in names {
            secrets.entry(name).or_insert_with(|| SECRET_TO_COME.to_string());
        }
        Ok(Program {
            sql: sql.to_string(),
            catalog_ddl: catalog_ddl.to_string(),
            settings,
            files: self.files(workspace).await?,
            network: self.inner.settings.network.clone(),
            connections,
            secrets: Secrets::new(secrets),
        })
    }

    pub(super) async fn compare_job(
        &self,
        workspace: &str,
        bundle: &Bundle,
        name: &str,
        job: &DeclaredJob,
        before: Option<&FoundJob>,
        holding: &[CatalogStatement],
        connections: &BTreeMap<String, Connection>,
        work: &mut Work,
    ) -> Result<()> {
        let has_new_text =
            before.is_none_or(|before| before.draft.sql != job.sql || before.draft.settings != job.settings);
        let is_latest = before.is_some_and(|before| before.is_latest(&job.sql, &job.settings, holding));
        let keeps_version = job.is_versioned && !is_latest;
        let settings = self.check_settings(bundle, job, work);
        if has_new_text || keeps_version {
            self.check_job(workspace, job, settings, connections, work)
                .await?;
        }
        let text_of = |sql: &str, settings: &BTreeMap<String, String>| {
            let settings = render::settings(settings);
            if settings.is_empty() {
                sql.to_string()
            } else {
                format!("{sql}\n{settings}")
            }
        };
        let from = before.map(|before| text_of(&before.draft.sql, &before.draft.settings));
        let (action, lines) = difference(from, Some(text_of(&job.sql, &job.settings)));
        work.change("job", name, action, lines);
        let latest = before
            .and_then(|before| before.latest.as_ref())
            .map(|latest| latest.number);
        let next = latest.unwrap_or(0) + 1;
        if keeps_version {
            work.change("version", &version_name(name, next), Action::Create, Vec::new());
        }
        let number = if keeps_version {
            Some(next)
        } else {
            latest.filter(|_| is_latest)
        };
        let mut deployments = Vec::new();
        for deployment in &job.deployments {
            let existing = before.and_then(|before| before.deployments.get(&deployment.name));
            self.check_deployment(workspace, bundle, job, deployment, before, number, work)
                .await?;
            let text = render::deployment_text(&Shown {
                name: &deployment.name,
                desired: deployment.desired,
                cluster: deployment.cluster.as_deref(),
                parallelism: deployment.parallelism,
                version: deployment.version.or(number),
            });
            let (action, lines) = difference(existing.map(render::deployment), Some(text));
            work.change("deployment", &deployment.name, action, lines);
            deployments.push(DeploymentWork {
                name: deployment.name.clone(),
                desired: deployment.desired,
                cluster: deployment.cluster.clone(),
                parallelism: deployment.parallelism,
                version: deployment.version,
                before: existing.cloned(),
            });
        }
        work.jobs.push(JobWork {
            name: name.to_string(),
            sql: job.sql.clone(),
            settings: job.settings.clone(),
            draft: before.map(|before| before.draft.clone()),
            has_new_text,
            keeps_version,
            latest: latest.filter(|_| is_latest),
            deployments,
        });
        Ok(())
    }

    /// Each setting by itself, so that every fault has its place. Answers with those that are right.
    fn check_settings(
        &self,
        bundle: &Bundle,
        job: &DeclaredJob,
        work: &mut Work,
    ) -> BTreeMap<String, String> {
        let mut session = Session::new(self.inner.registry.clone(), self.inner.clock.clone());
        let mut right = BTreeMap::new();
        for (key, value) in &job.settings {
            match session.set(key, value) {
                Ok(()) => {
                    right.insert(key.clone(), value.clone());
                }
                Err(fault) => {
                    let span = job.setting_spans.get(key).copied().unwrap_or_default();
                    work.fault(bundle.fault(&job.file, &fault.at(span)));
                }
            }
        }
        right
    }

    async fn check_job(
        &self,
        workspace: &str,
        job: &DeclaredJob,
        settings: BTreeMap<String, String>,
        connections: &BTreeMap<String, Connection>,
        work: &mut Work,
    ) -> Result<()> {
        let program = self
            .bundle_program(workspace, &job.sql, &work.catalog_ddl, settings, connections)
            .await?;
        let purpose = if job.is_versioned {
            Purpose::Deployment
        } else {
            Purpose::Draft
        };
        let report = self
            .ask_in_turn(move |runner| runner.check(&program, purpose))
            .await?;
        for mut diagnostic in report.diagnostics {
            // A text that is still being worked on may be wrong.
            if !job.is_versioned && diagnostic.is_error() {
                diagnostic.severity = runner::Severity::Warning;
            }
            work.fault(FileDiagnostic {
                file: Some(job.sql_file.clone()),
                diagnostic,
            });
        }
        Ok(())
    }

    async fn check_deployment(
        &self,
        workspace: &str,
        bundle: &Bundle,
        job: &DeclaredJob,
        deployment: &DeclaredDeployment,
        before: Option<&FoundJob>,
        number: Option<u32>,
        work: &mut Work,
    ) -> Result<()> {
        let existing = before.and_then(|before| before.deployments.get(&deployment.name));
        let keeps = existing.is_some_and(|existing| existing.parallelism == deployment.parallelism);
        let fault = match (&deployment.cluster, existing) {
            (cluster, Some(existing)) if existing.cluster != *cluster => Some(
                Diagnostic::validation(
                    deployment.cluster_span,
                    format!("deployment '{}' runs elsewhere, and stays there", deployment.name),
                )
                .hint("give it another name, or delete the deployment first"),
            ),
            (Some(cluster), None) => match self.granted_cluster(workspace, cluster).await {
                Ok(_) => None,
                Err(error @ Error::NotFound { .. }) => Some(
                    Diagnostic::validation(deployment.cluster_span, error.to_string())
                        .hint("an administrator can attach one, and let the workspace use it"),
                ),
                Err(error) => return Err(error),
            },
            _ => None,
        };
        if let Some(fault) = fault {
            work.fault(bundle.fault(&job.file, &fault));
        }
        if !keeps
            && deployment.cluster.is_none()
            && let Err(error) = self.check_parallelism(deployment.parallelism)
        {
            let fault = Diagnostic::validation(deployment.parallelism_span, error.to_string());
            work.fault(bundle.fault(
                &job.file,
                &fault.hint("leave it out: it stays as it was, one at first"),
            ));
        }
        let Some(version) = deployment.version else {
            if number.is_none() {
                let fault = Diagnostic::validation(
                    deployment.name_span,
                    format!("deployment '{}' has no version to run", deployment.name),
                );
                let hint = "remove 'versioned: false' from the job, or give the deployment a 'version'";
                work.fault(bundle.fault(&job.file, &fault.hint(hint)));
            }
            return Ok(());
        };
        let there = match before {
            Some(before) => {
                self.inner
                    .store
                    .versions()
                    .get(workspace, before.draft.id, version)
                    .await
            }
            None => Err(store::Error::NotFound {
                noun: "version",
                name: version.to_string(),
            }),
        };
        match there {
            Ok(_) => Ok(()),
            Err(store::Error::NotFound { .. }) => {
                let message = format!("version {version} is not there");
                let fault = Diagnostic::validation(deployment.version_span, message)
                    .hint("leave 'version' out to run the text that stands in the bundle");
                work.fault(bundle.fault(&job.file, &fault));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A deployment stays with its job.
    pub(super) fn compare_owners(
        &self,
        bundle: &Bundle,
        declared: &Declared,
        found: &Found,
        work: &mut Work,
    ) {
        let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, job) in &found.jobs {
            owners.extend(
                job.deployments
                    .keys()
                    .map(|deployment| (deployment.as_str(), name.as_str())),
            );
        }
        for (name, job) in &declared.jobs {
            for deployment in &job.deployments {
                match owners.get(deployment.name.as_str()) {
                    Some(owner) if owner != name => {
                        let message =
                            format!("deployment '{}' belongs to the job '{owner}'", deployment.name);
                        let fault = Diagnostic::validation(deployment.name_span, message)
                            .hint("give it another name, or delete the other one first");
                        work.fault(bundle.fault(&job.file, &fault));
                    }
                    _ => {}
                }
            }
        }
    }
}
