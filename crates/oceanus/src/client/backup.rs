//! Copies of the metadata database, made and put back beside the server, on its own machine.
//!
//! A copy holds neither the master key nor uploaded files: the first must never lie beside it, and the second are
//! plain files that are copied as such.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::failure::{Failure, Result};
use super::show::Show;
use crate::serve::{DATABASE_FILE, data_folder};

#[derive(Debug, clap::Args)]
pub struct Backup {
    /// The copy, a file that is not there yet.
    file: PathBuf,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, clap::Args)]
pub struct Restore {
    /// The copy.
    file: PathBuf,
    #[command(flatten)]
    data: Data,
}

/// The data folder that is meant.
#[derive(Debug, clap::Args)]
pub struct Data {
    /// The server's data folder; without it that of `oceanus serve`.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Data {
    pub fn folder(&self) -> Result<PathBuf> {
        match data_folder(self.data.as_deref()) {
            Ok(folder) => Ok(folder),
            Err(fault) => Err(Failure::wrong(fault.render().trim_end())),
        }
    }
}

impl Backup {
    pub fn run(self, show: &mut Show<'_>) -> Result<()> {
        let folder = self.data.folder()?;
        let database = database(&folder)?;
        // Hashes of passwords and sealed secrets are in it.
        // SAFETY: sets a number of this process, which has no other thread yet.
        unsafe { libc::umask(0o077) };
        blocking(store::backup_file(&database, &self.file))?;
        let text = format!(
            "{} holds the database of {}\nnot in it: the master key, and the uploaded files in {}\n",
            self.file.display(),
            folder.display(),
            folder.join("artifacts").display()
        );
        show.one(&text, &json!({ "file": self.file, "data": folder }))
    }
}

impl Restore {
    pub fn run(self, show: &mut Show<'_>) -> Result<()> {
        let folder = self.data.folder()?;
        std::fs::create_dir_all(&folder)
            .map_err(|error| Failure::wrong(format!("cannot make '{}': {error}", folder.display())))?;
        // SAFETY: as above.
        unsafe { libc::umask(0o077) };
        let database = folder.join(DATABASE_FILE);
        blocking(store::restore(&self.file, &database))?;
        let text = format!(
            "{} is now as {} was; what was there before is kept as {}.replaced\n",
            database.display(),
            self.file.display(),
            database.display()
        );
        show.one(&text, &json!({ "file": self.file, "data": folder }))
    }
}

/// The database of a folder that has one.
pub fn database(folder: &Path) -> Result<PathBuf> {
    let database = folder.join(DATABASE_FILE);
    match database.is_file() {
        true => Ok(database),
        false => Err(Failure::wrong_with_hint(
            format!("there is no database in '{}'", folder.display()),
            "name the server's data folder with --data",
        )),
    }
}

fn blocking<T>(work: impl Future<Output = store::Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::local("cannot begin", error))?;
    runtime.block_on(work).map_err(|error| match error {
        store::Error::InUse { path } => Failure::Conflict {
            message: format!("a server has '{}' open", path.display()),
            hint: Some("stop it first".to_string()),
        },
        error @ store::Error::Conflict { .. } => Failure::Conflict {
            message: error.to_string(),
            hint: None,
        },
        store::Error::Io { .. } | store::Error::Database(_) => Failure::Local(error.to_string()),
        error => Failure::wrong(error.to_string()),
    })
}
