//! The way back in for an administrator who has lost the password: at the data folder, while no server runs.

use serde_json::json;

use super::backup::{Data, database};
use super::failure::{Failure, Result};
use super::prompt;
use super::show::Show;
use crate::serve;

#[derive(Debug, clap::Args)]
pub struct ResetPassword {
    /// The user.
    name: String,
    /// Read the password from standard input.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    data: Data,
}

impl ResetPassword {
    pub fn run(self, show: &mut Show<'_>) -> Result<()> {
        let password =
            prompt::new_password(&format!("New password of '{}'", self.name), self.password_stdin)?;
        let folder = self.data.folder()?;
        database(&folder)?;
        let set = serve::with_store(&folder, async |store| -> store::Result<bool> {
            let user = store.users().by_name(&self.name).await?;
            let Some(user) = user else {
                return Ok(false);
            };
            store.users().set_password(user.id, &password, "system").await?;
            Ok(true)
        });
        match set {
            Ok(Ok(true)) => show.one(
                &format!("password of '{}' set\n", self.name),
                &json!({ "name": self.name }),
            ),
            Ok(Ok(false)) => Err(Failure::wrong(format!("user '{}' not found", self.name))),
            Ok(Err(error)) => Err(Failure::wrong(error.to_string())),
            Err(refusal) => Err(Failure::Conflict {
                message: refusal.message,
                hint: refusal.hint,
            }),
        }
    }
}
