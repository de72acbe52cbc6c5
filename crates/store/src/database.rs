//! The database file: opening it, its connections, and a transaction that writes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, SqlStr, Sqlite, Transaction};
use stdx::{Clock, Random};
use tokio::sync::RwLock;

use crate::idempotency::Done;
use crate::password::Passwords;
use crate::seal::MasterKey;
use crate::{Error, Result, artifact, check, idempotency};

const READERS_DEFAULT: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a caller waits for a connection. With one writer, that is the queue of those who write.
const CONNECTION_WAIT_MAX: Duration = Duration::from_secs(15);

/// How much an acknowledged change must survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The power going away.
    Power,
    /// The end of this process, however sudden. Faster, and enough for tests.
    Process,
}

#[derive(Debug, Clone)]
pub struct Options {
    pub database: PathBuf,
    /// The folder of uploaded files.
    pub artifacts: PathBuf,
    pub key: MasterKey,
    /// Connections that read.
    pub readers: u32,
    pub durability: Durability,
}

impl Options {
    /// All below one data folder, which is made if there is none.
    pub fn new(folder: &Path, key: MasterKey) -> Options {
        Options {
            database: folder.join("oceanus.db"),
            artifacts: folder.join("artifacts"),
            key,
            readers: READERS_DEFAULT,
            durability: Durability::Power,
        }
    }
}

/// The open database. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    writer: SqlitePool,
    readers: SqlitePool,
    database: PathBuf,
    artifacts: PathBuf,
    /// Shared by those who put files into the folder and name them, alone for those who remove one.
    artifact_files: RwLock<()>,
    key: MasterKey,
    passwords: Passwords,
    clock: Arc<dyn Clock>,
    random: Mutex<Random>,
    /// Held as long as the store is open.
    lock: Mutex<Option<File>>,
}

impl Store {
    /// Opens the database, makes it if there is none, and brings it to this version.
    ///
    /// A database is opened by one process at a time: [`Error::InUse`]. `random` makes ids; what is secret comes
    /// from the operating system.
    pub async fn open(options: Options, clock: Arc<dyn Clock>, random: Random) -> Result<Store> {
        if let Some(folder) = options.database.parent() {
            make_folder(folder)?;
        }
        make_folder(&options.artifacts)?;
        let lock = lock(&options.database)?;
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .acquire_timeout(CONNECTION_WAIT_MAX)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(connect_options(&options.database, options.durability).create_if_missing(true))
            .await?;
        migrations().run(&writer).await.map_err(not_migrated)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .acquire_timeout(CONNECTION_WAIT_MAX)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(connect_options(&options.database, options.durability).read_only(true))
            .await?;
        let store = Store {
            inner: Arc::new(Inner {
                writer,
                readers,
                database: options.database,
                artifacts: options.artifacts,
                artifact_files: RwLock::new(()),
                key: options.key,
                passwords: Passwords::new(),
                clock,
                random: Mutex::new(random),
                lock: Mutex::new(Some(lock)),
            }),
        };
        artifact::remove_old_unreferenced(&store).await?;
        idempotency::give_up_all(&store).await?;
        Ok(store)
    }

    /// Ends all connections. What is under way is waited for; what comes later fails.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
        let mut lock = self.inner.lock.lock().unwrap_or_else(PoisonError::into_inner);
        drop(lock.take());
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Removes sessions and stored answers that have expired, and says how many there were.
    pub async fn remove_expired(&self) -> Result<u64> {
        let mut write = self.write().await?;
        let now = write.now_ms;
        let sessions = sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
            .bind(now)
            .execute(write.connection())
            .await?;
        let answers = idempotency::remove_expired(write.connection(), now).await?;
        write.commit().await?;
        Ok(sessions.rows_affected() + answers)
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.inner.readers
    }

    pub(crate) fn database(&self) -> &Path {
        &self.inner.database
    }

    pub(crate) fn artifacts_folder(&self) -> &Path {
        &self.inner.artifacts
    }

    pub(crate) fn artifact_files(&self) -> &RwLock<()> {
        &self.inner.artifact_files
    }

    pub(crate) fn key(&self) -> &MasterKey {
        &self.inner.key
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.inner.clock.now_ms()
    }

    /// A new id, for what is kept elsewhere too.
    pub fn new_id<N: model::id::Noun>(&self, now_ms: i64) -> model::Id<N> {
        // The generator holds after a panic elsewhere too: it is one number.
        let mut random = self.inner.random.lock().unwrap_or_else(PoisonError::into_inner);
        let bits = (u128::from(random.next_u64()) << 64) | u128::from(random.next_u64());
        model::Id::new(now_ms, bits)
    }

    /// Begins a transaction that writes; others wait until it ends. Unless it is committed, nothing of it stays.
    pub(crate) async fn write(&self) -> Result<Write> {
        let transaction = self.inner.writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Write {
            transaction,
            now_ms: self.now_ms(),
        })
    }
}

/// A transaction that writes.
pub(crate) struct Write {
    transaction: Transaction<'static, Sqlite>,
    /// The one time of all that it writes.
    pub now_ms: i64,
}

impl Write {
    pub fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }

    /// Adds what is done here to the audit, with a detail that holds no secrets.
    pub async fn audit(
        &mut self,
        by: &str,
        workspace: Option<&str>,
        action: &'static str,
        subject: impl ToString,
        detail: serde_json::Value,
    ) -> Result<()> {
        let now_ms = self.now_ms;
        let subject = subject.to_string();
        let text = check::json("detail", &detail)?;
        crate::audit::insert(self.connection(), now_ms, by, workspace, action, &subject, &text).await?;
        idempotency::note(self.connection(), || Done {
            action: action.to_string(),
            workspace: workspace.map(str::to_string),
            subject,
            detail,
        })
        .await
    }

    pub async fn commit(self) -> Result<()> {
        Ok(self.transaction.commit().await?)
    }
}

/// Takes the database for this process, until the file is closed or the process ends.
pub(crate) fn lock(database: &Path) -> Result<File> {
    let path = beside(database, ".lock");
    let failed = |cause| Error::io(format!("cannot lock '{}'", path.display()), cause);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::InUse {
            path: database.to_path_buf(),
        }),
        Err(std::fs::TryLockError::Error(cause)) => Err(failed(cause)),
    }
}

/// The path with something behind the file's whole name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

pub(crate) fn connect_options(database: &Path, durability: Durability) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(database)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match durability {
            Durability::Power => SqliteSynchronous::Full,
            Durability::Process => SqliteSynchronous::Normal,
        })
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
}

/// Every migration there is. One that was released is never changed: sqlx compares their hashes.
pub(crate) fn migrations() -> Migrator {
    let migration = |version, name: &'static str, sql: &'static str| {
        let in_transaction = false;
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            SqlStr::from_static(sql),
            in_transaction,
        )
    };
    Migrator::with_migrations(vec![
        migration(1, "begin", include_str!("../migrations/0001_begin.sql")),
        migration(2, "done", include_str!("../migrations/0002_done.sql")),
        migration(3, "snapshots", include_str!("../migrations/0003_snapshots.sql")),
        migration(4, "restore", include_str!("../migrations/0004_restore.sql")),
        migration(5, "savepoints", include_str!("../migrations/0005_savepoints.sql")),
        migration(6, "clusters", include_str!("../migrations/0006_clusters.sql")),
    ])
}

fn not_migrated(cause: MigrateError) -> Error {
    match cause {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => {
            Error::invalid("database", "was written by a newer version of oceanus")
        }
        cause => Error::database(cause),
    }
}

fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .map_err(|cause| Error::io(format!("cannot make the folder '{}'", folder.display()), cause))
}
