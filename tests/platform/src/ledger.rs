//! What the platform has acknowledged, and whether it is still so.
//!
//! Only answers are written down here, never what was merely asked for. Whatever stands here must be found at the
//! server for ever after, whoever was killed in between; and nothing else may be there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::client::{Ask, Client, number, text};
use super::until;

#[derive(Debug, Default)]
pub struct Ledger {
    drafts: BTreeMap<String, Draft>,
    deployments: BTreeMap<String, Deployment>,
    /// Deployments that were deleted.
    gone: BTreeSet<String>,
    /// The newest epoch that was seen of each deployment.
    epochs: BTreeMap<String, u64>,
}

#[derive(Debug, Clone)]
struct Draft {
    content: Value,
    revision: u64,
    /// Texts and comments of its versions, the first first.
    versions: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
struct Deployment {
    acknowledged: Value,
    revision: u64,
}

/// Fields of a draft that are its content.
const CONTENT: [&str; 3] = ["name", "sql", "settings"];
/// Fields of a deployment that people decide about.
const WANTED: [&str; 5] = ["name", "draft_id", "version", "parallelism", "desired"];

impl Ledger {
    pub fn draft(&mut self, answer: &Value) {
        let versions = match self.drafts.get(&text(answer, "id")) {
            Some(known) => known.versions.clone(),
            None => Vec::new(),
        };
        let draft = Draft {
            content: answer.clone(),
            revision: number(answer, "revision"),
            versions,
        };
        self.drafts.insert(text(answer, "id"), draft);
    }

    /// A version is the next of its draft, or it was made twice.
    #[track_caller]
    pub fn version(&mut self, answer: &Value) {
        let draft = self
            .drafts
            .get_mut(&text(answer, "draft_id"))
            .expect("its draft is known");
        draft
            .versions
            .push((text(answer, "sql"), text(answer, "comment")));
        assert_eq!(
            number(answer, "number"),
            draft.versions.len() as u64,
            "the version was made twice: {answer}"
        );
    }

    pub fn deployment(&mut self, answer: &Value) {
        let deployment = Deployment {
            acknowledged: answer.clone(),
            revision: number(answer, "revision"),
        };
        self.deployments.insert(text(answer, "id"), deployment);
    }

    pub fn deleted(&mut self, deployment: &str) {
        self.deployments.remove(deployment);
        self.gone.insert(deployment.to_string());
    }

    /// The revision that a change of this draft or deployment is made from.
    pub fn revision(&self, id: &str) -> u64 {
        match (self.drafts.get(id), self.deployments.get(id)) {
            (Some(draft), _) => draft.revision,
            (_, Some(deployment)) => deployment.revision,
            _ => panic!("{id} is not known"),
        }
    }

    /// How many drafts, versions and deployments there ever were.
    pub fn counts(&self) -> [usize; 3] {
        [
            self.drafts.len(),
            self.drafts.values().map(|draft| draft.versions.len()).sum(),
            self.deployments.len() + self.gone.len(),
        ]
    }

    /// Deployments that should run, as far as was acknowledged.
    pub fn wanted_running(&self) -> Vec<String> {
        let wanted = self.deployments.iter();
        let wanted = wanted.filter(|(_, known)| known.acknowledged["desired"] == "running");
        wanted.map(|(id, _)| id.clone()).collect()
    }

    /// Panics if something that was acknowledged is not so, if there is something else, or if a deployment does not
    /// come to what is wanted of it. The server must be up.
    #[track_caller]
    pub fn check(&mut self, client: &Client, workspace: &str) {
        self.check_drafts(client, workspace);
        self.check_deployments(client, workspace);
        for id in self.deployments.keys().cloned().collect::<Vec<_>>() {
            self.check_phase(client, workspace, &id);
            self.check_runs(client, workspace, &id);
        }
    }

    fn check_drafts(&self, client: &Client, workspace: &str) {
        let found = client.list(&format!("/workspaces/{workspace}/drafts"));
        let ids: BTreeSet<String> = found.iter().map(|draft| text(draft, "id")).collect();
        let known: BTreeSet<String> = self.drafts.keys().cloned().collect();
        assert_eq!(
            ids, known,
            "drafts that are there, and those that were acknowledged"
        );
        for (id, known) in &self.drafts {
            let path = format!("/workspaces/{workspace}/drafts/{id}");
            let found = client.get(&path);
            assert_eq!(number(&found, "revision"), known.revision, "{found}");
            for field in CONTENT {
                assert_eq!(found[field], known.content[field], "'{field}' of {found}");
            }
            let numbers: Vec<u64> = client
                .list(&format!("{path}/versions"))
                .iter()
                .map(|version| number(version, "number"))
                .collect();
            let expected: Vec<u64> = (1..=known.versions.len() as u64).rev().collect();
            assert_eq!(numbers, expected, "versions of {id}");
            for (index, (sql, comment)) in known.versions.iter().enumerate() {
                let version = client.get(format!("{path}/versions/{}", index + 1));
                assert_eq!(
                    (&text(&version, "sql"), &text(&version, "comment")),
                    (sql, comment)
                );
            }
        }
    }

    fn check_deployments(&self, client: &Client, workspace: &str) {
        let found = client.list(&format!("/workspaces/{workspace}/deployments"));
        let ids: BTreeSet<String> = found.iter().map(|deployment| text(deployment, "id")).collect();
        let known: BTreeSet<String> = self.deployments.keys().cloned().collect();
        assert_eq!(
            ids, known,
            "deployments that are there, and those that were acknowledged"
        );
        for deployment in &found {
            let known = &self.deployments[&text(deployment, "id")];
            assert_eq!(number(deployment, "revision"), known.revision, "{deployment}");
            for field in WANTED {
                assert_eq!(
                    deployment[field], known.acknowledged[field],
                    "'{field}' of {deployment}"
                );
            }
        }
        for id in &self.gone {
            let path = format!("/workspaces/{workspace}/deployments/{id}");
            let answer = client.send(&Ask::get(path)).expect("the server is up");
            assert_eq!(answer.status, 404, "it was deleted: {}", answer.body);
        }
    }

    fn check_phase(&self, client: &Client, workspace: &str, id: &str) {
        let path = format!("/workspaces/{workspace}/deployments/{id}");
        let mut last = Value::Null;
        let what = format!("deployment {id} comes to what is wanted of it");
        let arrived = || {
            last = client.get(&path);
            has_arrived(&last).then_some(())
        };
        until(&what, arrived);
        assert!(last["conditions"].as_array().is_some_and(Vec::is_empty), "{last}");
    }

    /// Attempts follow each other: no epoch twice, none backwards, none before the one of before is over.
    fn check_runs(&mut self, client: &Client, workspace: &str, id: &str) {
        let runs = client.list(&format!("/workspaces/{workspace}/deployments/{id}/runs"));
        for pair in runs.windows(2) {
            let (later, earlier) = (&pair[0], &pair[1]);
            assert!(
                number(later, "epoch") > number(earlier, "epoch"),
                "{later} after {earlier}"
            );
            // RFC 3339 in UTC with as many digits each: texts are in the order of time.
            let ended_at = earlier["ended_at"].as_str();
            assert!(
                ended_at.is_some_and(|ended_at| ended_at <= text(later, "started_at").as_str()),
                "{earlier} was not over before {later}"
            );
        }
        let newest = runs.first().map_or(0, |run| number(run, "epoch"));
        let seen = self.epochs.insert(id.to_string(), newest);
        assert!(
            seen.is_none_or(|seen| seen <= newest),
            "the epoch of {id} fell to {newest}"
        );
    }
}

/// Whether a deployment is as it should be. A job whose input has ended is done.
fn has_arrived(deployment: &Value) -> bool {
    let is_current = deployment["generation"] == deployment["observed_generation"];
    let phase = text(deployment, "phase");
    is_current
        && match text(deployment, "desired").as_str() {
            "running" => matches!(phase.as_str(), "running" | "finished"),
            desired => phase == desired,
        }
}
