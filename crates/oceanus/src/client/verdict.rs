//! `oceanus verdict`: what becomes of a deployment's state if another version takes it up. Changes nothing.

use std::path::Path;

use serde_json::{Value, json};

use super::access::Access;
use super::failure::{EXIT_CONFLICT, Failure, Result, Texts};
use super::http::Ask;
use super::jobs::read;
use super::names::{Deployment, cell};
use super::show::{self, Show};

#[derive(Debug, clap::Args)]
pub struct Verdict {
    /// The deployment.
    name: String,
    /// The number of a version, or a file of SQL (`-` for standard input); without it, the version that is wanted.
    what: Option<String>,
    /// Of this savepoint instead of the newest checkpoint.
    #[arg(long, value_name = "ID")]
    from_savepoint: Option<String>,
}

impl Verdict {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let deployment = Deployment::of(&access.named("deployment", "deployments", &self.name)?)?;
        let mut question = json!({});
        let mut texts = Texts::one("", "");
        match self.what.as_deref().map(|what| (what, what.parse::<u32>())) {
            None => {}
            Some((_, Ok(version))) => question["version"] = json!(version),
            Some((file, Err(_))) => {
                let (name, text) = read(Path::new(file))?;
                texts = Texts::one(&name, &text);
                question["sql"] = json!(text);
            }
        }
        if let Some(savepoint) = &self.from_savepoint {
            question["restore"] = json!({ "savepoint": savepoint });
        }
        let verdict = ask(access, &deployment.id, question).map_err(|failure| failure.about(|| texts))?;
        tell(&verdict, show)
    }
}

/// Of a text as the draft of the deployment would have it.
pub fn ask(access: &Access, deployment_id: &str, question: Value) -> Result<Value> {
    let path = access.in_workspace(&["deployments", deployment_id, "verdict"])?;
    access.server.ask(Ask::post(path, question))
}

/// Shows it. That state would be lost is what the exit code says.
pub fn tell(verdict: &Value, show: &mut Show<'_>) -> Result<()> {
    let text = match verdict["of"].is_null() {
        true => "there is no state to go on from: it begins anew\n".to_string(),
        false => text(verdict),
    };
    show.one(&text, verdict)?;
    if verdict["keeps_all"] == json!(true) {
        return Ok(());
    }
    Err(Failure::Told { code: EXIT_CONFLICT })
}

fn text(verdict: &Value) -> String {
    let parts = verdict["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut text = match verdict["of"]["savepoint_id"].as_str() {
        Some(savepoint) => format!(
            "state of savepoint {savepoint} (version {})\n",
            cell(&verdict["of"]["version"])
        ),
        None => format!("state of version {}\n", cell(&verdict["of"]["version"])),
    };
    for part in parts {
        let place = match (&part["after"], &part["before"]) {
            (Value::Null, Value::Null) => String::new(),
            (Value::Null, before) => format!(" (line {} of the old text)", cell(&before["line"])),
            (after, _) => format!(" (line {})", cell(&after["line"])),
        };
        text.push_str(&format!(
            "  {:<10} {} {}{place}\n",
            cell(&part["fate"]),
            cell(&part["kind"]),
            show::clean(&cell(&part["name"]))
        ));
        let reason = cell(&part["reason"]);
        if !reason.is_empty() {
            text.push_str(&format!("             {}\n", show::clean(&reason)));
        }
    }
    text.push_str(
        match (verdict["keeps_all"] == json!(true), verdict["worst"].as_str()) {
            (true, _) => "all state is kept\n",
            (false, Some("impossible")) => "it cannot go on from this state: --without-state begins anew\n",
            (false, _) => "not all state is kept: --allow-reset lets it go, --without-state begins anew\n",
        },
    );
    text
}
