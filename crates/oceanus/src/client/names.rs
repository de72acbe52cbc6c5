//! The parts of the API's nouns that commands look at.

use serde::Deserialize;
use serde_json::Value;

use super::failure::{Found, Result, Texts};
use super::http::read_as;

#[derive(Debug, Clone, Deserialize)]
pub struct Draft {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub sql: String,
    #[serde(default)]
    pub settings: serde_json::Map<String, Value>,
    pub revision: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Deployment {
    pub id: String,
    pub name: String,
    pub draft_id: String,
    pub version: u32,
    pub parallelism: Option<u32>,
    pub desired: String,
    pub phase: String,
    pub revision: u64,
    pub generation: u64,
    pub observed_generation: u64,
    #[serde(default)]
    pub conditions: Vec<Condition>,
    pub last_error: Option<Fault>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Condition {
    pub kind: String,
    pub message: String,
}

/// Why a run ended: one message, or what is wrong at which places.
#[derive(Debug, Clone, Deserialize)]
pub struct Fault {
    pub message: Option<String>,
    pub hint: Option<String>,
    #[serde(default)]
    pub diagnostics: Vec<Found>,
}

impl Draft {
    pub fn of(value: &Value) -> Result<Draft> {
        read_as(value.clone())
    }
}

impl Deployment {
    pub fn of(value: &Value) -> Result<Deployment> {
        read_as(value.clone())
    }

    /// Whether the platform has looked at what was asked for last, and is done with it.
    pub fn is_settled(&self) -> bool {
        let is_moving = matches!(
            self.phase.as_str(),
            "pending" | "starting" | "recovering" | "rescaling" | "stopping"
        );
        self.observed_generation == self.generation && !is_moving
    }

    /// Why it is where it is, on one line; empty if there is nothing to say.
    pub fn reason(&self) -> String {
        let conditions = self.conditions.iter().map(|condition| condition.message.as_str());
        let failure = self.last_error.iter().filter_map(Fault::headline);
        conditions.chain(failure).next().unwrap_or_default().to_string()
    }
}

impl Fault {
    /// The one thing to say of it.
    pub fn headline(&self) -> Option<&str> {
        let first = self.diagnostics.first().map(|found| found.message.as_str());
        self.message.as_deref().or(first)
    }

    /// All of it, underlined in the text it is about.
    pub fn render(&self, texts: &Texts) -> String {
        let mut text: String = self.diagnostics.iter().map(|found| found.render(texts)).collect();
        if text.is_empty() {
            let message = self.message.as_deref().unwrap_or("it failed without a word");
            text = super::message_with_hint("error", message, self.hint.as_deref());
        }
        text
    }
}

/// A field as a cell: texts as they are, numbers and truth values in words, what is missing as nothing.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_settled_when_the_newest_wish_was_seen_and_nothing_moves() {
        let mut deployment: Deployment = serde_json::from_str(
            r#"{"id":"d","name":"n","draft_id":"j","version":1,"parallelism":null,"desired":"running","phase":"running",
                "revision":3,"generation":2,"observed_generation":2,
                "conditions":[],"last_error":{"cause":"runtime","diagnostics":[{"severity":"error","kind":"runtime",
                "message":"/ by zero","hint":null,"span":null}]}}"#,
        )
        .unwrap();
        assert!(deployment.is_settled());
        assert_eq!(deployment.reason(), "/ by zero");
        deployment.generation = 3;
        assert!(!deployment.is_settled());
        deployment.observed_generation = 3;
        deployment.phase = "recovering".to_string();
        assert!(!deployment.is_settled());
    }
}
