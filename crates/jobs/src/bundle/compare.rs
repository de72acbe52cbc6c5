//! What has to be done to make a workspace what a bundle says, and all that is wrong with it. Nothing is written.
//!
//! Everything is checked here: the catalog as it would be, every job on it whose version would be new, every number
//! and name. What is left to go wrong later is somebody else's change in between, which stops the work and is told.

mod jobs;

use std::collections::{BTreeMap, BTreeSet};

use model::phase::DesiredState;
use model::{Diagnostic, ErrorKind, Severity, Span};
use plan::CatalogStatement;
use runner::{Connection, Purpose};
use store::{CatalogObject, ConditionKind, Deployment, Draft};

use super::catalog::merge;
use super::declared::{self, Declared};
use super::files;
use super::found::Found;
use super::{Action, Bundle, BundleDiff, Change, FileDiagnostic, render};
use crate::catalog;
use crate::diff::{self, DiffLine};
use crate::programs::object;
use crate::surroundings::secret_names;
use crate::{Jobs, Result};

/// What is to be done, in this order.
#[derive(Debug, Default)]
pub struct Work {
    pub diff: BundleDiff,
    /// The revision that was read, and the whole new catalog.
    pub catalog: Option<(u64, Vec<CatalogObject>)>,
    /// As versions keep it.
    pub catalog_ddl: String,
    pub connections: BTreeMap<String, Connection>,
    pub jobs: Vec<JobWork>,
    /// To be stopped and deleted.
    pub deployments_deleted: Vec<Deployment>,
    pub jobs_deleted: Vec<Draft>,
    pub connections_deleted: Vec<String>,
}

#[derive(Debug)]
pub struct JobWork {
    pub name: String,
    pub sql: String,
    pub settings: BTreeMap<String, String>,
    /// `None` makes a new draft.
    pub draft: Option<Draft>,
    pub has_new_text: bool,
    pub keeps_version: bool,
    /// The number of the version that stands for the text, if none is kept.
    pub latest: Option<u32>,
    pub deployments: Vec<DeploymentWork>,
}

#[derive(Debug)]
pub struct DeploymentWork {
    pub name: String,
    pub desired: DesiredState,
    pub cluster: Option<String>,
    pub parallelism: Option<u32>,
    /// `None`: that of the text.
    pub version: Option<u32>,
    /// `None` makes a new deployment.
    pub before: Option<Deployment>,
}

/// What a version of a job is called among the changes.
pub fn version_name(job: &str, number: u32) -> String {
    format!("{job} v{number}")
}

impl Work {
    fn fault(&mut self, fault: FileDiagnostic) {
        self.diff.diagnostics.push(fault);
    }

    fn change(&mut self, noun: &'static str, name: &str, action: Action, lines: Vec<DiffLine>) {
        self.diff.changes.push(Change {
            noun,
            name: name.to_string(),
            action,
            lines,
        });
    }
}

impl Jobs {
    pub(super) async fn compare(&self, workspace: &str, bundle: &Bundle, prune: bool) -> Result<Work> {
        let mut work = Work::default();
        let declared = match declared::read(bundle) {
            Ok(declared) => declared,
            Err(faults) => {
                work.diff.diagnostics = faults;
                return Ok(work);
            }
        };
        if prune && declared.catalog.is_none() {
            let missing = format!(
                "there is no {}, and pruning would drop the whole catalog",
                files::CATALOG
            );
            let hint = format!("add {}; an empty one drops everything", files::CATALOG);
            work.fault(FileDiagnostic::without_file(missing).hint(hint));
            return Ok(work);
        }
        let found = self.found(workspace).await?;
        let connections = connections_after(&declared, &found, prune);
        let holding = self
            .compare_catalog(
                workspace,
                bundle,
                &declared,
                &found,
                &connections,
                prune,
                &mut work,
            )
            .await?;
        if work.diff.has_errors() {
            return Ok(work);
        }
        compare_connections(bundle, &declared, &found, &mut work);
        self.warn_of_kinds(bundle, &declared, &mut work);
        warn_of_secrets(bundle, &declared, &found, &mut work);
        for (name, job) in &declared.jobs {
            let before = found.jobs.get(name);
            self.compare_job(
                workspace,
                bundle,
                name,
                job,
                before,
                &holding,
                &connections,
                &mut work,
            )
            .await?;
        }
        self.compare_owners(bundle, &declared, &found, &mut work);
        if prune {
            prune_rest(&declared, &found, &mut work);
        }
        Ok(work)
    }

    /// Answers with the catalog that jobs will stand on.
    async fn compare_catalog(
        &self,
        workspace: &str,
        bundle: &Bundle,
        declared: &Declared,
        found: &Found,
        connections: &BTreeMap<String, Connection>,
        prune: bool,
        work: &mut Work,
    ) -> Result<Vec<CatalogStatement>> {
        let Some(text) = declared.catalog.clone() else {
            work.catalog_ddl = catalog::script(&found.holding);
            return Ok(found.holding.clone());
        };
        let (registry, clock) = (self.inner.registry.clone(), self.inner.clock.clone());
        let existing = found.catalog.clone();
        let merged = self
            .apart(move || merge(&registry, &clock, &existing, &text, prune))
            .await?;
        for fault in &merged.faults {
            work.fault(bundle.fault(files::CATALOG, fault));
        }
        if !work.diff.has_errors() {
            let base = catalog::script(&merged.base);
            let program = self
                .bundle_program(workspace, &merged.checkable, &base, BTreeMap::new(), connections)
                .await?;
            let report = self
                .ask_in_turn(move |runner| runner.check(&program, Purpose::Draft))
                .await?;
            work.diff
                .diagnostics
                .extend(report.diagnostics.into_iter().map(|diagnostic| FileDiagnostic {
                    file: Some(files::CATALOG.to_string()),
                    diagnostic,
                }));
        }
        let objects: Vec<CatalogObject> = merged.statements.iter().cloned().map(object).collect();
        if let Err(error) = store::check_catalog(&objects) {
            let fault = Diagnostic::error(ErrorKind::Validation, error.to_string());
            work.fault(bundle.fault(files::CATALOG, &fault));
        }
        let before: BTreeMap<&[String], &CatalogStatement> = by_path(&found.catalog);
        let after: BTreeMap<&[String], &CatalogStatement> = by_path(&merged.statements);
        let paths: BTreeSet<&[String]> = before.keys().chain(after.keys()).copied().collect();
        for path in paths {
            let (from, to) = (before.get(path), after.get(path));
            let Some(noun) = to.or(from).map(|statement| statement.kind.name()) else {
                continue;
            };
            let text =
                |statement: Option<&&CatalogStatement>| statement.map(|statement| statement.ddl.clone());
            let (action, lines) = difference(text(from), text(to));
            work.change(noun, &path.join("."), action, lines);
        }
        work.catalog = Some((found.catalog_revision, objects));
        work.catalog_ddl = catalog::script(&merged.holding);
        Ok(merged.holding)
    }

    fn warn_of_kinds(&self, bundle: &Bundle, declared: &Declared, work: &mut Work) {
        for (name, connection) in &declared.connections {
            if let Err(unknown) = self.inner.registry.connector(&connection.kind) {
                let message = format!("connection '{name}' can serve no table: {}", unknown.message);
                let fault = warning(connection.kind_span, message).maybe_hint(unknown.hint);
                work.fault(bundle.fault(&connection.file, &fault));
            }
        }
    }
}

fn by_path(statements: &[CatalogStatement]) -> BTreeMap<&[String], &CatalogStatement> {
    let pairs = statements
        .iter()
        .map(|statement| (statement.path.as_slice(), statement));
    pairs.collect()
}

/// The connections that there will be.
fn connections_after(declared: &Declared, found: &Found, prune: bool) -> BTreeMap<String, Connection> {
    let mut after = if prune {
        BTreeMap::new()
    } else {
        found.connections.clone()
    };
    for (name, connection) in &declared.connections {
        after.insert(name.clone(), connection.connection());
    }
    after
}

fn compare_connections(bundle: &Bundle, declared: &Declared, found: &Found, work: &mut Work) {
    let mut names_by_case: BTreeMap<String, &str> = BTreeMap::new();
    for (name, connection) in &declared.connections {
        if let Some(other) = names_by_case.insert(name.to_lowercase(), name) {
            let message = format!("connections '{other}' and '{name}' differ only in the case of letters");
            work.fault(bundle.fault(&connection.file, &warning(connection.name_span, message)));
        }
        let new = connection.connection();
        let from = found.connections.get(name);
        let (action, lines) = difference(
            from.map(|from| render::connection(name, from)),
            Some(render::connection(name, &new)),
        );
        if from != Some(&new) {
            work.connections.insert(name.clone(), new);
        }
        work.change("connection", name, action, lines);
    }
}

/// Values of secrets never stand in a bundle: a person has to set them.
fn warn_of_secrets(bundle: &Bundle, declared: &Declared, found: &Found, work: &mut Work) {
    let mut told = BTreeSet::new();
    let mut warn = |file: &str, name: &str, span: Span, work: &mut Work| {
        if !found.secrets.contains(name) && told.insert(name.to_string()) {
            let fault = warning(span, format!("secret '{name}' is not set in this workspace"))
                .hint("an owner sets it; what refers to it fails until then");
            work.fault(bundle.fault(file, &fault));
        }
    };
    for secret in &declared.secrets {
        warn(files::SECRETS, &secret.name, secret.span, work);
    }
    let texts = [files::CATALOG]
        .into_iter()
        .chain(
            declared
                .connections
                .values()
                .map(|connection| connection.file.as_str()),
        )
        .chain(declared.jobs.values().map(|job| job.sql_file.as_str()));
    for file in texts {
        let Some(text) = bundle.files.get(file) else {
            continue;
        };
        for name in secret_names([text.as_str()]) {
            let reference = format!("${{secret.{name}}}");
            let start = text.find(&reference).unwrap_or_default();
            warn(file, &name, Span::new(start, start + reference.len()), work);
        }
    }
}

/// What the bundle does not name goes. Secrets and artifacts stay: a bundle cannot bring them back.
fn prune_rest(declared: &Declared, found: &Found, work: &mut Work) {
    let named: BTreeSet<&str> = declared
        .jobs
        .values()
        .flat_map(|job| job.deployments.iter())
        .map(|deployment| deployment.name.as_str())
        .collect();
    for (name, job) in &found.jobs {
        for deployment in job
            .deployments
            .values()
            .filter(|one| !named.contains(one.name.as_str()))
        {
            let silent = deployment
                .conditions
                .iter()
                .find(|condition| condition.kind == ConditionKind::Unreachable);
            if let Some(silent) = silent {
                let message = format!(
                    "deployment '{}', which would be deleted, does not answer: {}",
                    deployment.name, silent.message
                );
                let hint = "bring it back or end its process first, or keep it in the bundle";
                work.fault(FileDiagnostic::without_file(message).hint(hint));
            }
            let (action, lines) = difference(Some(render::deployment(deployment)), None);
            work.change("deployment", &deployment.name, action, lines);
            work.deployments_deleted.push(deployment.clone());
        }
        if !declared.jobs.contains_key(name) {
            let (action, lines) = difference(Some(job.draft.sql.clone()), None);
            work.change("job", name, action, lines);
            work.jobs_deleted.push(job.draft.clone());
        }
    }
    for (name, connection) in &found.connections {
        if !declared.connections.contains_key(name) {
            let (action, lines) = difference(Some(render::connection(name, connection)), None);
            work.change("connection", name, action, lines);
            work.connections_deleted.push(name.clone());
        }
    }
}

fn difference(from: Option<String>, to: Option<String>) -> (Action, Vec<DiffLine>) {
    let action = match (&from, &to) {
        (None, _) => Action::Create,
        (_, None) => Action::Delete,
        (Some(from), Some(to)) if from == to => return (Action::Unchanged, Vec::new()),
        _ => Action::Update,
    };
    let lines = diff::lines(&from.unwrap_or_default(), &to.unwrap_or_default());
    (action, lines)
}

fn warning(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::validation(span, message)
    }
}
