//! Workspaces: listed, made, deleted.

use serde_json::json;

use super::access::Access;
use super::failure::Result;
use super::http::{Ask, path};
use super::names::cell;
use super::show::{self, Show, Table};

#[derive(Debug, clap::Args)]
pub struct Workspaces {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List those that you are a member of.
    List,
    /// Make one.
    Create {
        /// Stands in addresses and never changes: small letters, digits and hyphens.
        name: String,
        /// What people call it; without it, its name.
        #[arg(long, value_name = "TEXT")]
        title: Option<String>,
    },
    /// Delete one with all that is in it. Nothing in it may still run.
    Delete {
        name: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

impl Workspaces {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        match self.action.unwrap_or(Action::List) {
            Action::List => {
                let workspaces = access.server.all(Ask::get("/workspaces"))?;
                let mut table = Table::new(&["name", "title", "made"]);
                for workspace in &workspaces {
                    table.row([
                        cell(&workspace["name"]),
                        cell(&workspace["display_name"]),
                        show::time(&cell(&workspace["created_at"])),
                    ]);
                }
                show.list(&table, &workspaces)
            }
            Action::Create { name, title } => {
                let title = title.unwrap_or_else(|| name.clone());
                let body = json!({ "name": name, "display_name": title });
                let made = access.server.ask(Ask::post("/workspaces", body))?;
                show.one(&format!("workspace '{name}' made\n"), &made)
            }
            Action::Delete { name, yes } => {
                let question =
                    format!("Delete the workspace '{name}' with all that is in it? Its name again");
                if !yes && super::prompt::line(&question)? != name {
                    return Err(super::Failure::wrong("nothing was deleted"));
                }
                access.server.ask(Ask::delete(path(&["workspaces", &name])))?;
                show.one(&format!("workspace '{name}' deleted\n"), &json!({ "name": name }))
            }
        }
    }
}
