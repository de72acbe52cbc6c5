//! Users: added, listed, deleted, given passwords.

use serde_json::{Value, json};
use store::ExposeSecret;

use super::access::Access;
use super::failure::{Failure, Result};
use super::http::{Ask, path};
use super::names::cell;
use super::prompt;
use super::show::{self, Show, Table};

#[derive(Debug, clap::Args)]
pub struct Users {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Add a user.
    Add {
        /// Small letters, digits, '.', '_', '@' and '-'.
        name: String,
        /// Let them keep users and workspaces, and own every workspace.
        #[arg(long)]
        admin: bool,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the users.
    List,
    /// Set a password: your own, or as an administrator somebody else's. Ends that user's sessions.
    Passwd {
        /// The user; without it, you.
        name: Option<String>,
        /// Read from standard input: your own password on its first line, the new one on its last. For somebody
        /// else only the new one.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Delete a user.
    Delete { name: String },
}

impl Users {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        match self.action {
            Action::Add {
                name,
                admin,
                password_stdin,
            } => {
                let password = prompt::new_password(&format!("Password of '{name}'"), password_stdin)?;
                let body = json!({ "name": name, "password": password.expose_secret(), "is_admin": admin });
                let made = access.server.ask(Ask::post("/users", body))?;
                show.one(&format!("user '{name}' added\n"), &made)
            }
            Action::List => {
                let users = access.server.all(Ask::get("/users"))?;
                let mut table = Table::new(&["name", "administrator", "added"]);
                for user in &users {
                    table.row([
                        cell(&user["name"]),
                        if user["is_admin"] == true { "yes" } else { "" }.to_string(),
                        show::time(&cell(&user["created_at"])),
                    ]);
                }
                show.list(&table, &users)
            }
            Action::Passwd { name, password_stdin } => passwd(access, name.as_deref(), password_stdin, show),
            Action::Delete { name } => {
                let user = named(access, &name)?;
                access
                    .server
                    .ask(Ask::delete(path(&["users", &cell(&user["id"])])))?;
                show.one(&format!("user '{name}' deleted\n"), &user)
            }
        }
    }
}

fn passwd(access: &Access, name: Option<&str>, from_stdin: bool, show: &mut Show<'_>) -> Result<()> {
    let me = access.server.ask(Ask::get("/session"))?["user"].take();
    let user = match name {
        Some(name) if me["name"] != name => named(access, name)?,
        _ => me.clone(),
    };
    let is_own = user["id"] == me["id"];
    let name = cell(&user["name"]);
    let (current, new) = match (is_own, from_stdin) {
        (true, false) => {
            let current = prompt::secret("Your password now", false)?;
            (Some(current), prompt::new_password("Your new password", false)?)
        }
        (true, true) => {
            let both = prompt::secret("", true)?;
            match both.expose_secret().split_once('\n') {
                Some((current, new)) => (Some(current.trim_end_matches('\r').into()), new.into()),
                None => {
                    return Err(Failure::wrong(
                        "your own password and the new one stand on two lines",
                    ));
                }
            }
        }
        (false, _) => (
            None,
            prompt::new_password(&format!("New password of '{name}'"), from_stdin)?,
        ),
    };
    let body = json!({
        "password": new.expose_secret(),
        "current_password": current.as_ref().map(|password: &store::SecretString| password.expose_secret()),
    });
    access
        .server
        .ask(Ask::put(path(&["users", &cell(&user["id"]), "password"]), body))?;
    show.one(&format!("password of '{name}' set\n"), &user)
}

fn named(access: &Access, name: &str) -> Result<Value> {
    let users = access.server.all(Ask::get("/users").query("q", name))?;
    let found = users.into_iter().find(|user| user["name"] == name);
    found.ok_or_else(|| {
        Failure::wrong_with_hint(
            format!("user '{name}' not found"),
            "`oceanus users list` lists them",
        )
    })
}
