//! A copy of the database in one file, and the way back.
//!
//! A copy is of one moment, can be made while the server runs, and is there whole or not at all. It holds neither the
//! master key nor uploaded files: without the key its secrets cannot be opened.

use std::fs::File;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::database::{beside, lock, migrations};
use crate::{Error, Result, Store};

const REPLACED: &str = ".replaced";
/// Behind the name of a copy that is not whole yet; one that was left by a death in between is made anew.
const PART: &str = ".part";

impl Store {
    /// Copies the database into a new file.
    pub async fn backup(&self, to: &Path) -> Result<()> {
        backup_file(self.database(), to).await
    }
}

/// Copies a database, whether a server has it open or not, into a new file.
pub async fn backup_file(database: &Path, to: &Path) -> Result<()> {
    require_file(database)?;
    if to.exists() {
        return Err(Error::conflict("file", to.display(), "already exists"));
    }
    let failed = |cause| Error::io(format!("cannot write '{}'", to.display()), cause);
    let part = beside(to, PART);
    remove_if_there(&part).map_err(failed)?;
    let path = part
        .to_str()
        .ok_or_else(|| Error::invalid("file name", "must be UTF-8"))?;
    let mut connection = open(database).await?;
    sqlx::query("VACUUM INTO $1")
        .bind(path)
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    let whole = File::open(&part).and_then(|file| file.sync_all());
    whole.and_then(|()| std::fs::rename(&part, to)).map_err(failed)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = File::open(folder.unwrap_or(Path::new(".")));
    folder.and_then(|folder| folder.sync_all()).map_err(failed)
}

fn remove_if_there(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause),
        _ => Ok(()),
    }
}

/// Puts a copy in the place of the database, which no server may have open.
///
/// The copy is checked first. What was there is kept beside it, with `.replaced` behind its name.
pub async fn restore(backup: &Path, database: &Path) -> Result<()> {
    require_file(backup)?;
    let held = lock(database)?;
    check_copy(backup).await?;
    let incoming = beside(database, ".incoming");
    let failed = |cause| Error::io(format!("cannot restore '{}'", database.display()), cause);
    remove_if_there(&incoming).map_err(failed)?;
    backup_file(backup, &incoming).await?;
    // The log belongs to the database: they go together, the log first, so that none is left for the new one.
    for suffix in ["-wal", "-shm", ""] {
        let old = beside(database, suffix);
        let kept = beside(database, &format!("{REPLACED}{suffix}"));
        match std::fs::rename(&old, &kept) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(failed(cause)),
            _ => {}
        }
    }
    std::fs::rename(&incoming, database).map_err(failed)?;
    drop(held);
    Ok(())
}

/// Refuses a file that is damaged, or is no database of ours, or of a newer version.
async fn check_copy(backup: &Path) -> Result<()> {
    let not_ours = |_| Error::invalid("backup", "is not a database of oceanus");
    let mut connection = open(backup).await.map_err(not_ours)?;
    let checked: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_one(&mut connection)
        .await
        .map_err(|cause| not_ours(cause.into()))?;
    if checked != "ok" {
        return Err(Error::invalid("backup", format!("is damaged: {checked}")));
    }
    let version: Option<i64> = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations")
        .fetch_one(&mut connection)
        .await
        .map_err(|cause| not_ours(cause.into()))?;
    let newest = migrations().iter().map(|migration| migration.version).max();
    if version.is_none() || version > newest {
        return Err(Error::invalid(
            "backup",
            "was written by a newer version of oceanus",
        ));
    }
    connection.close().await?;
    Ok(())
}

async fn open(database: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .read_only(true)
        .disable_statement_logging();
    Ok(options.connect().await?)
}

fn require_file(path: &Path) -> Result<()> {
    if path.is_file() {
        return Ok(());
    }
    Err(Error::not_found("file", path.display()))
}
