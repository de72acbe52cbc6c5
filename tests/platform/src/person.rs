//! Somebody who works with the platform while its processes are killed around them.
//!
//! Every request is sent until it is answered, as a good client does: one that makes something under the same
//! idempotency key, one that changes something from the revision that was read. Whatever was answered stands in the
//! ledger.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::client::{Answer, Ask, Client, number, text};
use super::ledger::Ledger;
use super::until;

/// What somebody who works with the platform and somebody who kills its processes tell each other.
#[derive(Debug, Clone)]
pub struct Notice(Arc<Noted>);

#[derive(Debug)]
struct Noted {
    /// Where the server is now.
    address: Mutex<SocketAddr>,
    /// Requests so far that change something: the last of them may be under way.
    changes: AtomicU64,
}

impl Notice {
    pub fn new(address: SocketAddr) -> Notice {
        Notice(Arc::new(Noted {
            address: Mutex::new(address),
            changes: AtomicU64::new(0),
        }))
    }

    pub fn set_address(&self, address: SocketAddr) {
        *self.0.address.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }

    pub fn address(&self) -> SocketAddr {
        *self.0.address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }
}

pub struct Person {
    client: Client,
    notice: Notice,
    workspace: String,
    pub ledger: Ledger,
    /// Requests so far that were to make something.
    keys: u64,
    /// Requests that were sent again because no answer had come.
    pub repeated: u64,
    /// Of those, requests that had been done although no answer had come.
    pub were_done: u64,
}

impl Person {
    pub fn new(client: Client, notice: Notice, workspace: &str) -> Person {
        Person {
            client,
            notice,
            workspace: workspace.to_string(),
            ledger: Ledger::default(),
            keys: 0,
            repeated: 0,
            were_done: 0,
        }
    }

    /// A client for the server as it is now.
    pub fn client(&mut self) -> &Client {
        let address = self.notice.address();
        if address != self.client.address() {
            self.client = self.client.moved_to(address);
        }
        &self.client
    }

    pub fn workspace(&self) -> &str {
        &self.workspace
    }

    /// A path below the workspace.
    pub fn at(&self, path: &str) -> String {
        format!("/workspaces/{}{path}", self.workspace)
    }

    /// Executes statements of the catalog.
    pub fn execute(&mut self, sql: &str) {
        self.make(Ask::post(self.at("/catalog/statements"), json!({ "sql": sql })))
            .expect_success();
    }

    pub fn create_draft(&mut self, name: &str, sql: &str) -> String {
        let ask = Ask::post(
            self.at("/drafts"),
            json!({ "name": name, "sql": sql, "settings": {} }),
        );
        let made = self.make(ask).expect_success();
        self.ledger.draft(&made);
        text(&made, "id")
    }

    pub fn save_draft(&mut self, draft: &str, name: &str, sql: &str) {
        let path = self.at(&format!("/drafts/{draft}"));
        let body = json!({ "name": name, "sql": sql, "settings": {} });
        let saved = self.change(Ask::put(&path, body.clone()), draft, |found| {
            found["sql"] == body["sql"]
        });
        self.ledger.draft(&saved);
    }

    pub fn validate(&mut self, sql: &str) -> Value {
        let ask = Ask::post(self.at("/validate"), json!({ "sql": sql, "settings": {} }));
        self.until_answered(&ask).expect_success()
    }

    /// The number of the new version.
    pub fn create_version(&mut self, draft: &str, comment: &str) -> u64 {
        let ask = Ask::post(
            self.at(&format!("/drafts/{draft}/versions")),
            json!({ "comment": comment }),
        );
        let made = self.make(ask).expect_success();
        self.ledger.version(&made);
        number(&made, "number")
    }

    pub fn deploy(&mut self, name: &str, draft: &str, version: u64) -> String {
        let body = json!({
            "name": name, "draft_id": draft, "version": version, "parallelism": 1, "desired": "running",
        });
        let made = self
            .make(Ask::post(self.at("/deployments"), body))
            .expect_success();
        self.ledger.deployment(&made);
        text(&made, "id")
    }

    /// Asks for what the fields say: `desired`, `version`.
    pub fn change_deployment(&mut self, deployment: &str, fields: Value) {
        let path = self.at(&format!("/deployments/{deployment}"));
        let wanted = fields.clone();
        let is_so = move |found: &Value| {
            let mut fields = wanted.as_object().into_iter().flatten();
            fields.all(|(name, value)| found[name.as_str()] == *value)
        };
        let changed = self.change(Ask::patch(path, fields), deployment, is_so);
        self.ledger.deployment(&changed);
    }

    pub fn delete_deployment(&mut self, deployment: &str) {
        let path = self.at(&format!("/deployments/{deployment}"));
        let repeated_before = self.repeated;
        let ask = Ask::delete(path).at_revision(self.ledger.revision(deployment));
        let answer = self.until_answered(&ask);
        match answer.status {
            // The request of before was done, and nobody heard of it.
            404 if self.repeated > repeated_before => self.were_done += 1,
            _ => {
                answer.expect_success();
            }
        }
        self.ledger.deleted(deployment);
    }

    /// Gives a draft the text of one of its versions again.
    pub fn roll_draft_back(&mut self, draft: &str, version: u64) {
        let ask = Ask::post(
            self.at(&format!("/drafts/{draft}/rollback")),
            json!({ "version": version }),
        );
        let rolled = self.make(ask).expect_success();
        self.ledger.draft(&rolled);
    }

    /// Waits until the deployment is in a phase, on what was last asked of it.
    pub fn reach(&mut self, deployment: &str, phase: &str) -> Value {
        let ask = Ask::get(self.at(&format!("/deployments/{deployment}")));
        let what = format!("deployment {deployment} is {phase}");
        let mut last = Value::Null;
        until(&what, || {
            last = self.until_answered(&ask).expect_success();
            let is_current = last["generation"] == last["observed_generation"];
            assert!(
                phase == "failed" || last["phase"] != "failed",
                "it failed for good, waiting for {phase}: {last}"
            );
            (is_current && last["phase"] == phase).then(|| last.clone())
        })
    }

    /// Sends a request that makes something until it is answered, always under the same key.
    fn make(&mut self, ask: Ask) -> Answer {
        self.keys += 1;
        let ask = ask.once(format!("story-{}", self.keys));
        let repeated_before = self.repeated;
        let answer = self.until_answered(&ask);
        if answer.is_replay {
            assert!(
                self.repeated > repeated_before,
                "{ask} was sent once and answered as sent again"
            );
            self.were_done += 1;
        }
        answer
    }

    /// Changes what was read at the ledger's revision. If no answer came, a look tells whether it was done: one who
    /// sends it again is refused if so.
    fn change(&mut self, ask: Ask, id: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let revision = self.ledger.revision(id);
        let look = Ask::get(ask.path.clone());
        let ask = ask.at_revision(revision);
        let repeated_before = self.repeated;
        let answer = self.until_answered(&ask);
        if answer.status != 412 {
            return answer.expect_success();
        }
        assert!(self.repeated > repeated_before, "{ask} is stale: {}", answer.body);
        let found = self.until_answered(&look).expect_success();
        assert!(
            found["revision"].as_u64() == Some(revision + 1) && is_so(&found),
            "{ask} was done otherwise than it was asked for: {found}"
        );
        self.were_done += 1;
        found
    }

    /// Sends a request until there is an answer to it.
    pub fn until_answered(&mut self, ask: &Ask) -> Answer {
        let what = format!("an answer to {ask}");
        let mut sent = 0;
        let answer = until(&what, || {
            sent += 1;
            if ask.method != "GET" {
                self.notice.0.changes.fetch_add(1, Ordering::AcqRel);
            }
            match self.client().send(ask) {
                Ok(answer) if answer.comes_later => None,
                Ok(answer) => Some(answer),
                Err(_) => None,
            }
        });
        self.repeated += sent - 1;
        answer
    }
}
