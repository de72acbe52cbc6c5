//! Savepoints: listed, taken, looked at, deleted.

use serde_json::{Value, json};

use super::access::Access;
use super::failure::{EXIT_FAILED, Failure, Result};
use super::http::Ask;
use super::names::{Deployment, cell};
use super::show::{self, Show, Table};
use super::wait::Patience;

#[derive(Debug, clap::Args)]
pub struct Savepoints {
    /// The deployment; it may be gone.
    name: String,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List them, the newest first.
    List,
    /// Take one; the deployment goes on.
    Create {
        /// What people call it.
        #[arg(long, default_value = "", value_name = "TEXT")]
        title: String,
        #[command(flatten)]
        patience: Patience,
    },
    /// Show one.
    Show {
        /// As the list has it.
        id: String,
    },
    /// Delete one that no deployment goes on from.
    Delete {
        /// As the list has it.
        id: String,
    },
}

impl Savepoints {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        match self.action.as_ref().unwrap_or(&Action::List) {
            Action::List => self.list(access, show),
            Action::Create { title, patience } => {
                let deployment = Deployment::of(&access.named("deployment", "deployments", &self.name)?)?;
                let path = access.in_workspace(&["deployments", &deployment.id, "savepoints"])?;
                let asked = access.server.ask(Ask::post(path, json!({ "name": title })))?;
                tell(&patience.until_taken(access, asked)?, show)
            }
            Action::Show { id } => {
                let savepoint = self.find(access, id)?;
                let taken = &savepoint["taken"];
                let text = show::pairs(&[
                    ("id", cell(&savepoint["id"])),
                    ("name", cell(&savepoint["name"])),
                    ("deployment", cell(&savepoint["deployment_name"])),
                    ("version", cell(&savepoint["version"])),
                    ("status", cell(&savepoint["status"])),
                    ("why", cell(&savepoint["reason"])),
                    ("asked for by", cell(&savepoint["created_by"])),
                    ("asked for", show::time(&cell(&savepoint["created_at"]))),
                    ("taken", show::time(&cell(&taken["taken_at"]))),
                    ("run", cell(&taken["run_id"])),
                    ("shards", cell(&taken["parallelism"])),
                    ("size", size(&savepoint)),
                ]);
                show.one(&text, &savepoint)
            }
            Action::Delete { id } => {
                let savepoint = self.find(access, id)?;
                access
                    .server
                    .ask(Ask::delete(access.in_workspace(&["savepoints", id])?))?;
                show.one(&format!("savepoint {id} deleted\n"), &savepoint)
            }
        }
    }

    fn list(&self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let ask = Ask::get(access.in_workspace(&["savepoints"])?);
        let savepoints = match access.find("deployments", &self.name)? {
            Some(deployment) => {
                let id = cell(&deployment["id"]);
                access.server.all(ask.query("deployment_id", id))?
            }
            // They outlive it.
            None => {
                let mut found = access.server.all(ask.query("q", &self.name))?;
                found.retain(|savepoint| savepoint["deployment_name"] == json!(self.name));
                found
            }
        };
        let mut table = Table::new(&["id", "name", "status", "#version", "taken", "#size", "by", "what"]);
        for savepoint in &savepoints {
            let what = match (savepoint["at_stop"] == json!(true), cell(&savepoint["reason"])) {
                (_, reason) if !reason.is_empty() => reason,
                (true, _) => "at a stop".to_string(),
                (false, _) => String::new(),
            };
            table.row([
                cell(&savepoint["id"]),
                cell(&savepoint["name"]),
                cell(&savepoint["status"]),
                cell(&savepoint["version"]),
                show::time(&cell(&savepoint["taken"]["taken_at"])),
                size(savepoint),
                cell(&savepoint["created_by"]),
                what,
            ]);
        }
        show.list(&table, &savepoints)
    }

    /// One of this deployment, so that a mistyped id does not hit another's.
    fn find(&self, access: &Access, id: &str) -> Result<Value> {
        let path = access.in_workspace(&["savepoints", id])?;
        let savepoint = access.server.ask(Ask::get(path))?;
        let is_meant = match access.find("deployments", &self.name)? {
            Some(deployment) => deployment["id"] == savepoint["deployment_id"],
            None => savepoint["deployment_name"] == json!(self.name),
        };
        if is_meant {
            return Ok(savepoint);
        }
        Err(Failure::wrong_with_hint(
            format!(
                "savepoint {id} is of deployment '{}', not of '{}'",
                cell(&savepoint["deployment_name"]),
                self.name
            ),
            "name the deployment that it was taken of",
        ))
    }
}

/// The one that was asked for with a stop just now.
pub fn newest_at_stop(access: &Access, deployment_id: &str) -> Result<Value> {
    let ask = Ask::get(access.in_workspace(&["savepoints"])?).query("deployment_id", deployment_id);
    let savepoints = access.server.all(ask)?;
    let found = savepoints
        .into_iter()
        .find(|savepoint| savepoint["at_stop"] == json!(true));
    found.ok_or_else(|| Failure::wrong("the savepoint is not there any more: somebody has deleted it"))
}

/// What has become of a savepoint. That it failed is a failure of the command.
pub fn tell(savepoint: &Value, show: &mut Show<'_>) -> Result<()> {
    show.one(&line(savepoint), savepoint)?;
    check(savepoint)
}

pub fn line(savepoint: &Value) -> String {
    let (id, status) = (cell(&savepoint["id"]), cell(&savepoint["status"]));
    match size(savepoint).as_str() {
        "" => format!("savepoint {id}: {status}\n"),
        size => format!("savepoint {id}: {status}, {size}\n"),
    }
}

pub fn check(savepoint: &Value) -> Result<()> {
    if savepoint["status"] != "failed" {
        return Ok(());
    }
    let message = format!("no savepoint was taken: {}", cell(&savepoint["reason"]));
    crate::run::complain(&super::message_with_hint("error", &message, None));
    Err(Failure::Told { code: EXIT_FAILED })
}

fn size(savepoint: &Value) -> String {
    savepoint["taken"]["bytes"]
        .as_u64()
        .map(show::bytes)
        .unwrap_or_default()
}
