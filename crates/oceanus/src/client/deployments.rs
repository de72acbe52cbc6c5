//! Deployments: listed, looked at, stopped and let run.

use serde_json::{Value, json};

use super::access::Access;
use super::failure::Result;
use super::http::{Ask, read_as};
use super::names::{Deployment, Fault, cell};
use super::savepoints;
use super::show::{self, Show, Table};
use super::wait::{self, Patience, Restore};

/// Runs that `status` shows.
const RUNS_SHOWN: usize = 5;

#[derive(Debug, clap::Args)]
pub struct List {
    /// Only those in this phase, such as running or failed.
    #[arg(long, value_name = "PHASE")]
    phase: Option<String>,
    /// Only those with this in their name.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct Status {
    /// The deployment.
    name: String,
}

#[derive(Debug, clap::Args)]
pub struct Steer {
    /// The deployment.
    name: String,
    /// Take a savepoint of the state in which it stops, and call it so.
    #[arg(
        long,
        value_name = "TEXT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    savepoint: Option<String>,
    #[command(flatten)]
    patience: Patience,
}

#[derive(Debug, clap::Args)]
pub struct Start {
    /// The deployment.
    name: String,
    #[command(flatten)]
    restore: Restore,
    #[command(flatten)]
    patience: Patience,
}

#[derive(Debug, clap::Args)]
pub struct Checkpoints {
    /// The deployment.
    name: String,
}

#[derive(Debug, clap::Args)]
pub struct Rollback {
    /// The deployment.
    name: String,
    /// The version to run.
    version: u32,
    /// Give the job's draft the text of that version too.
    #[arg(long)]
    draft: bool,
    #[command(flatten)]
    restore: Restore,
    #[command(flatten)]
    patience: Patience,
}

#[derive(Debug, clap::Args)]
pub struct Delete {
    /// The deployment.
    name: String,
}

impl List {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let mut ask = Ask::get(access.in_workspace(&["deployments"])?);
        if let Some(phase) = self.phase {
            ask = ask.query("phase", phase);
        }
        if let Some(search) = self.search {
            ask = ask.query("q", search);
        }
        let deployments = access.server.all(ask)?;
        let mut table = Table::new(&["name", "phase", "wanted", "#version", "#parallelism", "why"]);
        for value in &deployments {
            let deployment = Deployment::of(value)?;
            let parallelism = deployment
                .parallelism
                .map_or("auto".to_string(), |number| number.to_string());
            table.row([
                deployment.name.clone(),
                deployment.phase.clone(),
                deployment.desired.clone(),
                deployment.version.to_string(),
                parallelism,
                deployment.reason(),
            ]);
        }
        show.list(&table, &deployments)
    }
}

impl Status {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let value = access.named("deployment", "deployments", &self.name)?;
        let deployment = Deployment::of(&value)?;
        let path = access.in_workspace(&["deployments", &deployment.id])?;
        let runs = access
            .server
            .ask(Ask::get(format!("{path}/runs")).query("limit", RUNS_SHOWN))?;
        if show.is_json() {
            let mut status = value;
            status["runs"] = runs["items"].clone();
            return show.json(&status);
        }
        let condition = deployment
            .conditions
            .iter()
            .map(|condition| format!("{}: {}", condition.kind.replace('_', " "), condition.message))
            .collect::<Vec<_>>()
            .join("; ");
        show.text(&show::pairs(&[
            ("name", deployment.name.clone()),
            ("phase", deployment.phase.clone()),
            ("wanted", deployment.desired.clone()),
            ("version", deployment.version.to_string()),
            ("engine", cell(&value["engine"])),
            ("cluster", cell(&value["cluster"])),
            (
                "parallelism",
                deployment
                    .parallelism
                    .map_or("auto".to_string(), |number| number.to_string()),
            ),
            ("condition", condition),
            ("changed", show::time(&cell(&value["updated_at"]))),
        ]))?;
        let items: Vec<Value> = read_as(runs["items"].clone())?;
        if !items.is_empty() {
            let mut table = Table::new(&[
                "#run", "phase", "#version", "#shards", "#memory", "started", "ended", "why",
            ]);
            for run in &items {
                let failure: Option<Fault> = read_as(run["failure"].clone())?;
                table.row([
                    // Attempts are counted anew after each success; this number comes once.
                    cell(&run["epoch"]),
                    cell(&run["phase"]),
                    cell(&run["version"]),
                    cell(&run["parallelism"]),
                    run["memory_bytes_max"]
                        .as_u64()
                        .map(show::bytes)
                        .unwrap_or_default(),
                    show::time(&cell(&run["started_at"])),
                    show::time(&cell(&run["ended_at"])),
                    failure
                        .as_ref()
                        .and_then(Fault::headline)
                        .unwrap_or_default()
                        .to_string(),
                ]);
            }
            show.text(&format!("\n{}", table.render()))?;
        }
        if deployment.phase == "failed" {
            wait::tell_failure(access, &deployment)?;
        }
        Ok(())
    }
}

impl Steer {
    pub fn stop(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        self.steer("stopped", access, show)
    }

    pub fn suspend(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        self.steer("suspended", access, show)
    }

    fn steer(self, desired: &str, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let deployment = Deployment::of(&access.named("deployment", "deployments", &self.name)?)?;
        let mut change = wait::wish(desired);
        if let Some(name) = &self.savepoint {
            change["savepoint"] = json!({ "name": name });
        }
        let changed = wait::change(access, &deployment.id, &change)?;
        if self.savepoint.is_none() {
            return self.patience.wait(access, changed, show);
        }
        let asked = savepoints::newest_at_stop(access, &deployment.id)?;
        let mut value = self.patience.until_settled_or_at_once(access, changed, show)?;
        let savepoint = self.patience.until_taken(access, asked)?;
        let text = format!(
            "deployment '{}': {}\n{}",
            deployment.name,
            cell(&value["phase"]),
            savepoints::line(&savepoint)
        );
        value["savepoint"] = savepoint.clone();
        show.one(&text, &value)?;
        savepoints::check(&savepoint)
    }
}

impl Start {
    pub fn resume(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let deployment = Deployment::of(&access.named("deployment", "deployments", &self.name)?)?;
        let changed = wait::change(
            access,
            &deployment.id,
            &self.restore.add_to(wait::wish("running")),
        )?;
        self.patience.wait(access, changed, show)
    }

    /// Two wishes one after the other: whoever breaks it off in between leaves it suspended.
    pub fn restart(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let deployment = Deployment::of(&access.named("deployment", "deployments", &self.name)?)?;
        let suspended = wait::change(access, &deployment.id, &wait::wish("suspended"))?;
        self.patience.until_settled(access, suspended, show)?;
        let running = wait::change(
            access,
            &deployment.id,
            &self.restore.add_to(wait::wish("running")),
        )?;
        self.patience.wait(access, running, show)
    }
}

impl Checkpoints {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let deployment = Deployment::of(&access.named("deployment", "deployments", &self.name)?)?;
        let path = access.in_workspace(&["deployments", &deployment.id, "checkpoints"])?;
        let checkpoints = access.server.all(Ask::get(path))?;
        let mut table = Table::new(&["#number", "taken", "#size", "#shards", "run", "what"]);
        for checkpoint in &checkpoints {
            let origin = &checkpoint["origin"];
            let what = match (origin.is_null(), origin["is_last"] == json!(true)) {
                (true, _) => "damaged",
                (false, true) => "at the end of the run",
                (false, false) => "",
            };
            table.row([
                cell(&checkpoint["number"]),
                show::time(&cell(&origin["taken_at"])),
                checkpoint["bytes"].as_u64().map(show::bytes).unwrap_or_default(),
                cell(&origin["parallelism"]),
                cell(&origin["run_id"]),
                what.to_string(),
            ]);
        }
        show.list(&table, &checkpoints)
    }
}

impl Rollback {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let deployment = Deployment::of(&access.named("deployment", "deployments", &self.name)?)?;
        let change = self
            .restore
            .add_to(json!({ "version": self.version, "desired": "running" }));
        let changed = wait::change(access, &deployment.id, &change)?;
        if self.draft {
            let path = access.in_workspace(&["drafts", &deployment.draft_id, "rollback"])?;
            access
                .server
                .ask(Ask::post(path, json!({ "version": self.version })))?;
        }
        self.patience.wait(access, changed, show)
    }
}

impl Delete {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let value = access.named("deployment", "deployments", &self.name)?;
        let deployment = Deployment::of(&value)?;
        let path = access.in_workspace(&["deployments", &deployment.id])?;
        access
            .server
            .ask(Ask::delete(path).at_revision(deployment.revision))?;
        show.one(&format!("deployment '{}' deleted\n", deployment.name), &value)
    }
}
