//! Secrets: set, listed by name, deleted. A value is typed or comes from standard input, and never comes back.

use serde_json::json;
use store::ExposeSecret;

use super::access::Access;
use super::failure::Result;
use super::http::Ask;
use super::names::cell;
use super::prompt;
use super::show::{self, Show, Table};

#[derive(Debug, clap::Args)]
pub struct Secrets {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a secret, or give it another value. SQL names it as ${secret.NAME}.
    Set {
        name: String,
        /// Read the value from standard input; its last line break is not part of it.
        #[arg(long)]
        stdin: bool,
    },
    /// List the names of secrets.
    List,
    /// Delete a secret.
    Delete { name: String },
}

impl Secrets {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        match self.action {
            Action::Set { name, stdin } => {
                let path = access.in_workspace(&["secrets", &name])?;
                let value = prompt::secret(&format!("Value of '{name}'"), stdin)?;
                let body = json!({ "value": value.expose_secret() });
                access.server.ask(Ask::put(path, body))?;
                show.one(&format!("secret '{name}' set\n"), &json!({ "name": name }))
            }
            Action::List => {
                let secrets = access.server.all(Ask::get(access.in_workspace(&["secrets"])?))?;
                let mut table = Table::new(&["name", "made", "changed"]);
                for secret in &secrets {
                    table.row([
                        cell(&secret["name"]),
                        show::time(&cell(&secret["created_at"])),
                        show::time(&cell(&secret["updated_at"])),
                    ]);
                }
                show.list(&table, &secrets)
            }
            Action::Delete { name } => {
                access
                    .server
                    .ask(Ask::delete(access.in_workspace(&["secrets", &name])?))?;
                show.one(&format!("secret '{name}' deleted\n"), &json!({ "name": name }))
            }
        }
    }
}
