//! Waits until a deployment is as it was asked to be.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use serde_json::{Value, json};
use stdx::{Clock, SystemClock};

use super::access::Access;
use super::failure::{EXIT_FAILED, Failure, Result, Texts};
use super::http::Ask;
use super::names::{Deployment, cell};
use super::show::Show;

/// How often it is looked.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// How long a job must have gone on before it counts as running: many a fault comes with the first rows.
const STEADY_MS: i64 = 1_000;

#[derive(Debug, Clone, clap::Args)]
pub struct Patience {
    /// Return at once, whatever becomes of it.
    #[arg(long)]
    no_wait: bool,
    /// How long to wait, in seconds.
    #[arg(
        long,
        default_value_t = 120,
        value_name = "SECONDS",
        conflicts_with = "no_wait"
    )]
    timeout: u64,
}

/// What a run that is asked for goes on from.
#[derive(Debug, Clone, clap::Args)]
pub struct Restore {
    /// Begin anew: go on from no checkpoint.
    #[arg(long)]
    without_state: bool,
    /// Go on from this savepoint, of this deployment or of another one of the workspace.
    #[arg(long, value_name = "ID", conflicts_with = "without_state")]
    from_savepoint: Option<String>,
    /// Drop state that the version has no use for. `oceanus verdict` tells which.
    #[arg(long, conflicts_with = "without_state")]
    allow_reset: bool,
}

impl Restore {
    /// Adds it to a change of a deployment.
    pub fn add_to(&self, mut change: Value) -> Value {
        if self.without_state {
            change["restore"] = json!("none");
        }
        if let Some(savepoint) = &self.from_savepoint {
            change["restore"] = json!({ "savepoint": savepoint });
        }
        if self.allow_reset {
            change["allow_reset"] = json!(true);
        }
        change
    }

    pub fn is_asked_for(&self) -> bool {
        self.without_state || self.from_savepoint.is_some()
    }
}

/// Asks for a change of a deployment as it is now: again if it changed in between, since what was asked for does not
/// depend on how it was.
pub fn change(access: &Access, id: &str, change: &Value) -> Result<Value> {
    /// The loop of the server writes too; people do not write so often.
    const TRIES: usize = 5;
    let path = access.in_workspace(&["deployments", id])?;
    for _ in 1..TRIES {
        match change_once(access, &path, change) {
            Err(failure) if failure.is_status(412) => {}
            other => return other,
        }
    }
    change_once(access, &path, change)
}

fn change_once(access: &Access, path: &str, change: &Value) -> Result<Value> {
    let read = Deployment::of(&access.server.ask(Ask::get(path))?)?;
    let changed = access
        .server
        .ask(Ask::patch(path, change.clone()).at_revision(read.revision));
    changed.map_err(hint_at_state)
}

/// What to do about state that would be lost.
pub fn hint_at_state(failure: Failure) -> Failure {
    failure.hint_at_kind(
        "state-not-kept",
        "`oceanus verdict` tells more; --allow-reset lets it go, --without-state begins anew",
    )
}

impl Patience {
    /// Waits, unless it shall not, and shows how the deployment is then. That it failed is a failure of the command
    /// too if it was meant to run.
    pub fn wait(&self, access: &Access, changed: Value, show: &mut Show<'_>) -> Result<()> {
        if self.no_wait {
            let deployment = Deployment::of(&changed)?;
            let text = format!(
                "deployment '{}': {} wanted\n",
                deployment.name, deployment.desired
            );
            return show.one(&text, &changed);
        }
        let value = self.until_settled(access, changed, show)?;
        let value = until_steady(access, value)?;
        let deployment = Deployment::of(&value)?;
        let is_wanted = deployment.desired == "running";
        if is_wanted && matches!(deployment.phase.as_str(), "failed" | "recovering") {
            if show.is_json() {
                show.json(&value)?;
            }
            tell_failure(access, &deployment)?;
            return Err(Failure::Told { code: EXIT_FAILED });
        }
        let text = format!(
            "deployment '{}': {}, version {}\n",
            deployment.name, deployment.phase, deployment.version
        );
        show.one(&text, &value)
    }

    /// Waits until a savepoint is done or failed, unless it shall not wait; answers how it was at the last look.
    pub fn until_taken(&self, access: &Access, asked: Value) -> Result<Value> {
        let path = access.in_workspace(&["savepoints", &cell(&asked["id"])])?;
        let clock = SystemClock;
        let until_ms = clock.now_ms() + (self.timeout.min(u64::from(u32::MAX)) * 1000) as i64;
        let mut value = asked;
        while !self.no_wait && value["status"] == "pending" {
            if clock.now_ms() >= until_ms {
                return Err(Failure::Unavailable {
                    message: format!(
                        "savepoint {} is still pending after {} s",
                        cell(&value["id"]),
                        self.timeout
                    ),
                    hint: Some(format!(
                        "`oceanus savepoints {}` shows what becomes of it",
                        cell(&value["deployment_name"])
                    )),
                });
            }
            clock.sleep(LOOK_INTERVAL);
            value = access.server.ask(Ask::get(path.as_str()))?;
        }
        Ok(value)
    }

    /// Waits until nothing moves any more, unless it shall not wait.
    pub fn until_settled_or_at_once(
        &self,
        access: &Access,
        changed: Value,
        show: &Show<'_>,
    ) -> Result<Value> {
        match self.no_wait {
            true => Ok(changed),
            false => self.until_settled(access, changed, show),
        }
    }

    /// Waits until nothing moves any more.
    pub fn until_settled(&self, access: &Access, changed: Value, show: &Show<'_>) -> Result<Value> {
        let path = access.in_workspace(&["deployments", &cell(&changed["id"])])?;
        let clock = SystemClock;
        let until_ms = clock.now_ms() + (self.timeout.min(u64::from(u32::MAX)) * 1000) as i64;
        let mut progress = Progress::new(!show.is_json());
        let mut value = changed;
        loop {
            let deployment = Deployment::of(&value)?;
            if deployment.is_settled() {
                progress.clear();
                return Ok(value);
            }
            progress.draw(&deployment);
            if clock.now_ms() >= until_ms {
                progress.clear();
                let reason = deployment.reason();
                let reason = if reason.is_empty() {
                    reason
                } else {
                    format!(": {reason}")
                };
                return Err(Failure::Unavailable {
                    message: format!(
                        "deployment '{}' is still {} after {} s{reason}",
                        deployment.name, deployment.phase, self.timeout
                    ),
                    hint: Some(format!(
                        "`oceanus status {}` shows how it goes on",
                        deployment.name
                    )),
                });
            }
            clock.sleep(LOOK_INTERVAL);
            value = access.server.ask(Ask::get(path.as_str()))?;
        }
    }
}

/// Looks for a moment whether what runs goes on; answers how it was at the last look.
fn until_steady(access: &Access, settled: Value) -> Result<Value> {
    let path = access.in_workspace(&["deployments", &cell(&settled["id"])])?;
    let clock = SystemClock;
    let until_ms = clock.now_ms() + STEADY_MS;
    let mut value = settled;
    while Deployment::of(&value)?.phase == "running" && clock.now_ms() < until_ms {
        clock.sleep(LOOK_INTERVAL);
        value = access.server.ask(Ask::get(path.as_str()))?;
    }
    Ok(value)
}

/// Tells why a deployment failed, underlined in the text of its version.
pub fn tell_failure(access: &Access, deployment: &Deployment) -> Result<()> {
    let path = access.in_workspace(&[
        "drafts",
        &deployment.draft_id,
        "versions",
        &deployment.version.to_string(),
    ])?;
    let version = access.server.ask(Ask::get(path))?;
    let text = cell(&version["sql"]);
    let name = format!("{} (version {})", deployment.name, deployment.version);
    let shown = match &deployment.last_error {
        Some(fault) => fault.render(&Texts::one(&name, &text)),
        None => super::message_with_hint("error", "the run failed without a word", None),
    };
    let hint = format!("`oceanus logs {}` shows what it wrote", deployment.name);
    let what = match deployment.phase.as_str() {
        "recovering" => "failed and is started again",
        _ => "failed",
    };
    let message = format!("deployment '{}' {what}", deployment.name);
    crate::run::complain(&shown);
    crate::run::complain(&super::message_with_hint("error", &message, Some(&hint)));
    Ok(())
}

/// What changes a deployment's wish alone.
pub fn wish(desired: &str) -> Value {
    json!({ "desired": desired })
}

/// On a terminal one line that is drawn over and over; elsewhere a line whenever there is another reason to wait.
struct Progress {
    is_wanted: bool,
    is_drawn: bool,
    last: String,
}

impl Progress {
    fn new(wanted: bool) -> Progress {
        Progress {
            is_wanted: wanted,
            is_drawn: wanted && std::io::stderr().is_terminal(),
            last: String::new(),
        }
    }

    fn draw(&mut self, deployment: &Deployment) {
        if !self.is_wanted {
            return;
        }
        let reason = deployment.reason();
        if !self.is_drawn {
            if !reason.is_empty() && reason != self.last {
                let line = format!("{}: {} … {reason}", deployment.name, deployment.phase);
                self.write(&format!("{}\n", super::show::clean(&line)));
                self.last = reason;
            }
            return;
        }
        let line = match reason.is_empty() {
            true => format!("{}: {} …", deployment.name, deployment.phase),
            false => format!("{}: {} … {reason}", deployment.name, deployment.phase),
        };
        if line != self.last {
            self.write(&format!("\r\x1b[2K{}", super::show::clean(&line)));
            self.last = line;
        }
    }

    fn clear(&mut self) {
        if self.is_drawn && !self.last.is_empty() {
            self.write("\r\x1b[2K");
            self.last.clear();
        }
    }

    /// Nothing depends on it.
    fn write(&self, text: &str) {
        let mut error = std::io::stderr();
        let _ = error.write_all(text.as_bytes());
        let _ = error.flush();
    }
}
