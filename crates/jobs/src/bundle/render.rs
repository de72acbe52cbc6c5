//! A workspace as files. The same workspace gives the same bytes.

use std::collections::BTreeMap;

use model::phase::DesiredState;
use plan::CatalogStatement;
use runner::Connection;
use store::Deployment;

use super::Bundle;
use super::declared::FORMAT;
use super::files;
use super::found::{Found, FoundJob};
use super::names::stems;
use super::write::Writer;
use crate::catalog;

pub fn bundle(found: &Found) -> Bundle {
    let mut texts = BTreeMap::new();
    texts.insert(files::WORKSPACE.to_string(), workspace());
    texts.insert(files::CATALOG.to_string(), catalog::script(&found.catalog));
    texts.insert(files::SECRETS.to_string(), secrets(found));
    let connections = stems(found.connections.keys().map(String::as_str));
    for (name, connection) in &found.connections {
        let path = format!("{}/{}.yaml", files::CONNECTIONS, connections[name.as_str()]);
        texts.insert(path, self::connection(name, connection));
    }
    let jobs = stems(found.jobs.keys().map(String::as_str));
    for (name, job) in &found.jobs {
        let path = format!("{}/{}", files::JOBS, jobs[name.as_str()]);
        texts.insert(format!("{path}.sql"), job.draft.sql.clone());
        texts.insert(format!("{path}.yaml"), self::job(name, job, &found.holding));
    }
    Bundle { files: texts }
}

fn workspace() -> String {
    let mut out = Writer::new();
    out.number(0, "format", FORMAT);
    out.finish()
}

fn secrets(found: &Found) -> String {
    let mut out = Writer::new();
    if found.secrets.is_empty() {
        out.empty_list(0, "secrets");
    } else {
        out.key(0, "secrets");
        for name in &found.secrets {
            out.item(1, name);
        }
    }
    out.finish()
}

pub fn connection(name: &str, connection: &Connection) -> String {
    let mut out = Writer::new();
    out.entry(0, "name", name);
    out.entry(0, "kind", &connection.kind);
    texts(&mut out, "options", &connection.options);
    out.finish()
}

fn job(name: &str, job: &FoundJob, catalog: &[CatalogStatement]) -> String {
    let draft = &job.draft;
    let is_latest = job.is_latest(&draft.sql, &draft.settings, catalog);
    let mut out = Writer::new();
    out.entry(0, "name", name);
    if !is_latest {
        out.boolean(0, "versioned", false);
    }
    texts(&mut out, "settings", &draft.settings);
    if !job.deployments.is_empty() {
        out.key(0, "deployments");
    }
    for deployment in job.deployments.values() {
        // One that does not run what stands in the text says which version it runs.
        let follows = is_latest
            && job
                .latest
                .as_ref()
                .is_some_and(|latest| latest.number == deployment.version);
        let version = (!follows).then_some(deployment.version);
        let shown = Shown {
            version,
            ..Shown::of(deployment)
        };
        write_deployment(&mut out, 1, &shown);
    }
    out.finish()
}

/// A deployment as it is compared: always with its version.
pub fn deployment(deployment: &Deployment) -> String {
    deployment_text(&Shown::of(deployment))
}

/// What a bundle says of a deployment.
#[derive(Debug)]
pub struct Shown<'a> {
    pub name: &'a str,
    pub desired: DesiredState,
    pub cluster: Option<&'a str>,
    pub parallelism: Option<u32>,
    pub version: Option<u32>,
}

impl Shown<'_> {
    fn of(deployment: &Deployment) -> Shown<'_> {
        Shown {
            name: &deployment.name,
            desired: deployment.desired,
            cluster: deployment.cluster.as_deref(),
            parallelism: deployment.parallelism,
            version: Some(deployment.version),
        }
    }
}

pub fn deployment_text(shown: &Shown<'_>) -> String {
    let mut out = Writer::new();
    write_deployment(&mut out, 0, shown);
    out.finish()
}

fn write_deployment(out: &mut Writer, depth: usize, shown: &Shown<'_>) {
    out.item_entry(depth, "name", shown.name);
    out.entry(depth + 1, "desired", shown.desired.name());
    if let Some(cluster) = shown.cluster {
        out.entry(depth + 1, "cluster", cluster);
    }
    if let Some(parallelism) = shown.parallelism {
        out.number(depth + 1, "parallelism", parallelism.into());
    }
    if let Some(version) = shown.version {
        out.number(depth + 1, "version", version.into());
    }
}

pub fn settings(settings: &BTreeMap<String, String>) -> String {
    let mut out = Writer::new();
    texts(&mut out, "settings", settings);
    out.finish()
}

/// Nothing if there are none.
fn texts(out: &mut Writer, key: &str, texts: &BTreeMap<String, String>) {
    if texts.is_empty() {
        return;
    }
    out.key(0, key);
    for (key, text) in texts {
        out.entry(1, key, text);
    }
}
