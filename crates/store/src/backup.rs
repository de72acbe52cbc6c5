//! A copy of the database in one file, and the way back.
//!
//! A copy is of one moment, can be made while the server runs, and is there whole or not at all. It holds neither the
//! master key nor uploaded files: without the key its secrets cannot be opened.

use std::fs::File;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Row};

use crate::database::{Durability, beside, connect_options, lock, migrations};
use crate::{Error, Result, Store};

const REPLACED: &str = ".replaced";
/// Behind the name of a copy that is not whole yet; one that was left by a death in between is made anew.
const PART: &str = ".part";
/// Behind the name of the copy that is about to become the database.
const INCOMING: &str = ".incoming";
/// What SQLite keeps beside a database that was not closed in order.
const LOGS: [&str; 2] = ["-wal", "-shm"];

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
    sync_folder_of(to).map_err(failed)
}

/// Makes the names in the folder of a file last.
fn sync_folder_of(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn remove_if_there(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause),
        _ => Ok(()),
    }
}

/// Puts a copy in the place of the database, which no server may have open.
///
/// The copy is checked first. What was there is kept beside it, with `.replaced` behind its name. At every moment
/// there is a whole database: the old one until the new one takes its name. One that is damaged is kept as it is.
pub async fn restore(backup: &Path, database: &Path) -> Result<()> {
    require_file(backup)?;
    let held = lock(database)?;
    check_copy(backup).await?;
    let incoming = beside(database, INCOMING);
    remove_if_there(&incoming).map_err(|cause| not_restored(database, cause))?;
    backup_file(backup, &incoming).await?;
    let is_whole = settle(database).await?;
    replace(database, &incoming, is_whole).map_err(|cause| not_restored(database, cause))?;
    drop(held);
    Ok(())
}

fn not_restored(database: &Path, cause: std::io::Error) -> Error {
    Error::io(format!("cannot restore '{}'", database.display()), cause)
}

/// Brings all of the database into its one file, and says whether that is so. It is not if it is damaged.
async fn settle(database: &Path) -> Result<bool> {
    if !database.is_file() {
        return Ok(false);
    }
    let Ok(mut connection) = connect_options(database, Durability::Power).connect().await else {
        return Ok(false);
    };
    let settled = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(&mut connection)
        .await;
    let is_busy = match &settled {
        Ok(row) => row.try_get::<i64, _>(0)? != 0,
        Err(_) => false,
    };
    let closed = connection.close().await;
    if is_busy {
        return Err(Error::InUse {
            path: database.to_path_buf(),
        });
    }
    Ok(settled.is_ok() && closed.is_ok())
}

/// Gives the name of the database to what has come. A log goes before that: the new one must not find it.
fn replace(database: &Path, incoming: &Path, is_whole: bool) -> std::io::Result<()> {
    let kept = beside(database, REPLACED);
    for log in LOGS {
        remove_if_there(&beside(&kept, log))?;
    }
    if database.exists() {
        let keeping = beside(&kept, PART);
        remove_if_there(&keeping)?;
        // Not every file system has links.
        std::fs::hard_link(database, &keeping)
            .or_else(|_| std::fs::copy(database, &keeping).map(|_bytes| ()))?;
        std::fs::rename(&keeping, &kept)?;
        // Still there if the two were one file already, as after a death at the next step.
        remove_if_there(&keeping)?;
    }
    for log in LOGS {
        let old = beside(database, log);
        if is_whole {
            remove_if_there(&old)?;
        } else if old.exists() {
            std::fs::rename(&old, beside(&kept, log))?;
        }
    }
    sync_folder_of(database)?;
    std::fs::rename(incoming, database)?;
    sync_folder_of(database)
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
