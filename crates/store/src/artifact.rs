//! Artifacts: uploaded files, named by the hash of what they hold.
//!
//! Bytes lie in a folder, once however many workspaces have them; rows say who has them. A file is complete
//! before a row names it, and is removed with the last row that names it. What a death in between left, or a restored
//! database does not know, is removed when the store is opened, but not before it is a week old: the right database
//! may still come back for it.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::seal::{hex, random_bytes};
use crate::{Error, Page, PageRequest, Result, Store, check, row};

const NOUN: &str = "artifact";
pub const ARTIFACT_BYTES_MAX: usize = 256 << 20;
/// How long a file is kept that no row names.
const UNREFERENCED_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// SHA-256 of the bytes, in hex.
    pub hash: String,
    /// As it was called when it was uploaded.
    pub name: String,
    pub size_bytes: u64,
    pub created_at: i64,
}

#[derive(Debug, Clone, Copy)]
pub struct Artifacts<'a> {
    pub(crate) store: &'a Store,
}

impl Artifacts<'_> {
    /// Keeps the bytes. The same bytes under another name stay what they were.
    pub async fn put(&self, workspace: &str, name: &str, bytes: Vec<u8>, by: &str) -> Result<Artifact> {
        check::title("artifact name", name)?;
        let size = bytes.len();
        if size > ARTIFACT_BYTES_MAX {
            let message = format!("must be at most {ARTIFACT_BYTES_MAX} bytes, got {size}");
            return Err(Error::invalid(NOUN, message));
        }
        let folder = self.store.artifacts_folder().to_path_buf();
        // Until a row names the file, nobody removes it.
        let _shared = self.store.artifact_files().read().await;
        let hash = tokio::task::spawn_blocking(move || write_file(&folder, &bytes))
            .await
            .map_err(Error::database)??;
        let mut write = self.store.write().await?;
        let artifact = sqlx::query_as(
            "INSERT INTO artifacts (workspace, hash, name, size_bytes, created_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (workspace, hash) DO UPDATE SET hash = $2 RETURNING *",
        )
        .bind(workspace)
        .bind(&hash)
        .bind(name)
        .bind(size as i64)
        .bind(write.now_ms)
        .fetch_one(write.connection())
        .await
        .map_err(|cause| Error::or_refers(cause, || Error::not_found("workspace", workspace)))?;
        let detail = json!({ "name": name, "size_bytes": size });
        write
            .audit(by, Some(workspace), "artifact.put", &hash, detail)
            .await?;
        write.commit().await?;
        Ok(artifact)
    }

    pub async fn get(&self, workspace: &str, hash: &str) -> Result<Artifact> {
        sqlx::query_as("SELECT * FROM artifacts WHERE workspace = $1 AND hash = $2")
            .bind(workspace)
            .bind(hash)
            .fetch_optional(self.store.readers())
            .await?
            .ok_or_else(|| Error::not_found(NOUN, hash))
    }

    /// By hash. `q` is looked for in names.
    pub async fn list(&self, workspace: &str, request: &PageRequest) -> Result<Page<Artifact>> {
        let range = request.range("artifacts")?;
        let artifacts: Vec<Artifact> = sqlx::query_as(
            r"SELECT * FROM artifacts WHERE workspace = $1 AND hash > $2
              AND lower(name) LIKE lower($3) ESCAPE '\' ORDER BY hash LIMIT $4",
        )
        .bind(workspace)
        .bind(range.ascending())
        .bind(&range.pattern)
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        Ok(range.page(artifacts, |artifact| artifact.hash.clone()))
    }

    pub async fn bytes(&self, workspace: &str, hash: &str) -> Result<Vec<u8>> {
        let artifact = self.get(workspace, hash).await?;
        let path = self.path(&artifact);
        tokio::task::spawn_blocking(move || {
            std::fs::read(&path)
                .map_err(|cause| Error::io(format!("cannot read '{}'", path.display()), cause))
        })
        .await
        .map_err(Error::database)?
    }

    /// Where the bytes lie.
    pub fn path(&self, artifact: &Artifact) -> PathBuf {
        path_of(self.store.artifacts_folder(), &artifact.hash)
    }

    /// Removes the artifact of the workspace, and its file if no other one has it.
    pub async fn delete(&self, workspace: &str, hash: &str, by: &str) -> Result<()> {
        let _alone = self.store.artifact_files().write().await;
        let mut write = self.store.write().await?;
        let deleted = sqlx::query("DELETE FROM artifacts WHERE workspace = $1 AND hash = $2")
            .bind(workspace)
            .bind(hash)
            .execute(write.connection())
            .await?;
        if deleted.rows_affected() == 0 {
            return Err(Error::not_found(NOUN, hash));
        }
        write
            .audit(by, Some(workspace), "artifact.delete", hash, json!({}))
            .await?;
        let others: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM artifacts WHERE hash = $1")
            .bind(hash)
            .fetch_one(write.connection())
            .await?;
        write.commit().await?;
        if others == 0 {
            // Best effort: what is left is removed when the store is opened later.
            let _ = std::fs::remove_file(path_of(self.store.artifacts_folder(), hash));
        }
        Ok(())
    }
}

/// Removes old files that no row names. Nobody else may use the store yet.
pub(crate) async fn remove_old_unreferenced(store: &Store) -> Result<()> {
    let hashes: Vec<String> = sqlx::query_scalar("SELECT DISTINCT hash FROM artifacts")
        .fetch_all(store.readers())
        .await?;
    let known: HashSet<String> = hashes.into_iter().collect();
    let folder = store.artifacts_folder().to_path_buf();
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(store.now_ms().unsigned_abs());
    tokio::task::spawn_blocking(move || {
        let failed = |cause| Error::io(format!("cannot tidy '{}'", folder.display()), cause);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let is_named = entry
                .file_name()
                .to_str()
                .is_some_and(|name| known.contains(name));
            let metadata = entry.metadata().map_err(failed)?;
            // One of the future, as after a clock was put back, is not old.
            let age = now.duration_since(metadata.modified().map_err(failed)?);
            let is_old = age.is_ok_and(|age| age >= UNREFERENCED_KEPT);
            if !is_named && is_old && metadata.is_file() {
                std::fs::remove_file(entry.path()).map_err(failed)?;
            }
        }
        Ok(())
    })
    .await
    .map_err(Error::database)?
}

/// Writes the file under another name first, so that nobody reads half of it. Answers with the hash.
fn write_file(folder: &Path, bytes: &[u8]) -> Result<String> {
    let hash = hex(&Sha256::digest(bytes));
    let path = path_of(folder, &hash);
    if path.exists() {
        return Ok(hash);
    }
    let draft = folder.join(format!("{hash}.{}", hex(&random_bytes::<8>()?)));
    let written = std::fs::File::create_new(&draft)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&draft, &path))
        // The name itself lasts only once its folder does.
        .and_then(|()| std::fs::File::open(folder)?.sync_all());
    if written.is_err() {
        // Best effort: what is left is removed when the store is opened next.
        let _ = std::fs::remove_file(&draft);
    }
    written.map_err(|cause| Error::io(format!("cannot write '{}'", path.display()), cause))?;
    Ok(hash)
}

fn path_of(folder: &Path, hash: &str) -> PathBuf {
    folder.join(hash)
}

impl FromRow<'_, SqliteRow> for Artifact {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Artifact {
            hash: row.try_get("hash")?,
            name: row.try_get("name")?,
            size_bytes: row::number(row, "size_bytes")?,
            created_at: row.try_get("created_at")?,
        })
    }
}
