//! The REST interface, as far as it is measured.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use ureq::http::{Request, Response};
use ureq::{Agent, Body};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// A server, and who asks it. Connections stay open between requests, as those of a browser do.
#[derive(Clone)]
pub struct Api {
    agent: Agent,
    base: String,
    /// Without one the server must be in single-user mode.
    token: Option<String>,
}

impl Api {
    /// `url` is `http://HOST:PORT`.
    pub fn new(url: &str, token: Option<String>) -> Api {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(ANSWER_TIMEOUT));
        Api {
            agent: config.build().new_agent(),
            base: format!("{url}/api/v1"),
            token,
        }
    }

    pub fn get(&self, path: &str) -> Result<Value> {
        let answer = self.send("GET", path, None, None)?;
        Ok(serde_json::from_str(&read(answer)?)?)
    }

    /// How long it takes until the last byte of the answer is here.
    pub fn time(&self, path: &str) -> Result<Duration> {
        let started = Instant::now();
        let answer = self.send("GET", path, None, None)?;
        read(answer).with_context(|| path.to_string())?;
        Ok(started.elapsed())
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.send("POST", path, Some(body), None)?;
        Ok(serde_json::from_str(&read(answer)?)?)
    }

    pub fn patch(&self, path: &str, revision: u64, body: &Value) -> Result<Value> {
        let answer = self.send("PATCH", path, Some(body), Some(revision))?;
        Ok(serde_json::from_str(&read(answer)?)?)
    }

    /// Sends a request whose answer is a stream of events, and waits for the first one of a name. Leaves then.
    pub fn first_event(&self, path: &str, body: &Value, name: &str) -> Result<()> {
        let answer = self.send("POST", path, Some(body), None)?;
        let status = answer.status();
        ensure!(status.is_success(), "{path} was refused: {}", read(answer)?);
        let wanted = format!("event: {name}");
        for line in BufReader::new(answer.into_body().into_reader()).lines() {
            if line? == wanted {
                return Ok(());
            }
        }
        anyhow::bail!("{path} ended without an event '{name}'")
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        revision: Option<u64>,
    ) -> Result<Response<Body>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        request = match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request.header("x-csrf-token", "bench"),
        };
        if let Some(revision) = revision {
            request = request.header("if-match", format!("\"{revision}\""));
        }
        Ok(match body {
            Some(body) => {
                let request = request
                    .header("content-type", "application/json")
                    .body(body.to_string())?;
                self.agent.run(request)?
            }
            None => self.agent.run(request.body(())?)?,
        })
    }
}

/// The body of an answer that is no refusal.
fn read(mut answer: Response<Body>) -> Result<String> {
    let text = answer.body_mut().read_to_string()?;
    ensure!(
        answer.status().is_success(),
        "refused with {}: {text}",
        answer.status()
    );
    Ok(text)
}
