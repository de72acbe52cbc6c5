//! Which server and which workspace a command is for, and as whom.
//!
//! What is said on the command line or in the environment goes before what a login has kept.

use serde_json::Value;
use store::SecretString;

use super::Options;
use super::credentials::Logins;
use super::failure::{Failure, Result};
use super::http::{Ask, Credentials, Server, path};

/// Where `oceanus serve` listens unless it is told otherwise.
pub const URL_DEFAULT: &str = "http://127.0.0.1:8180";
const TOKEN_VARIABLE: &str = "OCEANUS_TOKEN";

pub struct Access {
    pub server: Server,
    workspace: Option<String>,
}

impl Access {
    pub fn new(options: &Options) -> Result<Access> {
        let logins = Logins::read(Logins::folder())?;
        let url = url(options, &logins);
        let login = logins.get(&url);
        let credentials = match (token_variable(), login.and_then(|login| login.token.as_ref())) {
            (Some(token), _) => Credentials::Token(token),
            (None, Some(token)) => Credentials::Token(token.text.clone()),
            (None, None) => Credentials::None,
        };
        let kept_ca_file = login.and_then(|login| login.ca_file.as_deref());
        let ca_file = options.ca_file.as_deref().or(kept_ca_file);
        let kept_workspace = login.and_then(|login| login.workspace.clone());
        Ok(Access {
            server: Server::new(&url, credentials, ca_file)?,
            workspace: options.workspace.clone().or(kept_workspace),
        })
    }

    /// The workspace that is meant: the one that was named, or the only one there is.
    pub fn workspace(&self) -> Result<String> {
        if let Some(workspace) = &self.workspace {
            return Ok(workspace.clone());
        }
        let workspaces = self.server.all(Ask::get("/workspaces"))?;
        let names: Vec<&str> = workspaces
            .iter()
            .filter_map(|workspace| workspace["name"].as_str())
            .collect();
        match names.as_slice() {
            [name] => Ok(name.to_string()),
            [] => Err(Failure::wrong_with_hint(
                "there is no workspace that you are a member of",
                "an owner of a workspace makes you a member; an administrator makes one with `oceanus workspaces create NAME`",
            )),
            names => Err(Failure::wrong_with_hint(
                "there are several workspaces: say which one with --workspace or OCEANUS_WORKSPACE",
                format!("they are {}", names.join(", ")),
            )),
        }
    }

    /// The path of something in the workspace.
    pub fn in_workspace(&self, parts: &[&str]) -> Result<String> {
        let workspace = self.workspace()?;
        Ok(path(&[&["workspaces", &workspace], parts].concat()))
    }

    /// The one of a workspace's things that has exactly this name.
    pub fn named(&self, noun: &str, plural: &str, name: &str) -> Result<Value> {
        let found = self.find(plural, name)?;
        found.ok_or_else(|| {
            Failure::wrong_with_hint(
                format!("{noun} '{}' not found", super::show::clean(name)),
                format!(
                    "`oceanus {}` lists what there is",
                    if noun == "job" { "jobs" } else { plural }
                ),
            )
        })
    }

    /// As [`Access::named`], but there may be none.
    pub fn find(&self, plural: &str, name: &str) -> Result<Option<Value>> {
        let items = self
            .server
            .all(Ask::get(self.in_workspace(&[plural])?).query("q", name))?;
        Ok(items.into_iter().find(|item| item["name"] == name))
    }
}

/// The server that a command is for.
pub fn url(options: &Options, logins: &Logins) -> String {
    let url = options.url.as_deref().or(logins.current()).unwrap_or(URL_DEFAULT);
    url.trim_end_matches('/').to_string()
}

fn token_variable() -> Option<SecretString> {
    let token = std::env::var(TOKEN_VARIABLE).ok()?;
    (!token.trim().is_empty()).then(|| SecretString::from(token.trim()))
}
