//! A workspace's catalog: the statements that make it, each with the path of what it makes.
//!
//! The order matters, because a view stands behind what it reads: a catalog is read and written as a whole. The
//! revision is raised by every change, and whoever changes it names the one that was read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde_json::json;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Row};

use crate::{Error, Result, Store, check, row};

const NOUN: &str = "catalog";
const OBJECTS_MAX: usize = 10_000;
const PATH_PART_CHARACTERS_MAX: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectKind {
    Catalog,
    Database,
    Table,
    Function,
    View,
}

/// Where an object lies; what its kind has no part for is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ObjectPath {
    pub catalog: String,
    pub database: String,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogObject {
    pub kind: ObjectKind,
    pub catalog: String,
    /// Empty for a catalog.
    pub database: String,
    /// Empty for a catalog and a database.
    pub name: String,
    /// The statement that makes it.
    pub ddl: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogSnapshot {
    /// 0 if nothing was ever written.
    pub revision: u64,
    /// In the order that makes the catalog.
    pub objects: Vec<CatalogObject>,
}

#[derive(Debug, Clone, Copy)]
pub struct Catalog<'a> {
    pub(crate) store: &'a Store,
}

impl Catalog<'_> {
    pub async fn read(&self, workspace: &str) -> Result<CatalogSnapshot> {
        // Both in one transaction, so that they belong together.
        let mut transaction = self.store.readers().begin().await?;
        let snapshot = read(&mut transaction, workspace).await?;
        transaction.commit().await?;
        Ok(snapshot)
    }

    pub async fn object(&self, workspace: &str, path: &ObjectPath) -> Result<CatalogObject> {
        sqlx::query_as(
            "SELECT * FROM catalog_objects
             WHERE workspace = $1 AND catalog = $2 AND database_name = $3 AND name = $4",
        )
        .bind(workspace)
        .bind(&path.catalog)
        .bind(&path.database)
        .bind(&path.name)
        .fetch_optional(self.store.readers())
        .await?
        .ok_or_else(|| Error::not_found("catalog object", path))
    }

    /// Makes these objects the workspace's catalog, in this order, and answers with its new revision. Writes only
    /// what differs; if nothing does, the revision stays.
    pub async fn replace(
        &self,
        workspace: &str,
        revision: u64,
        objects: Vec<CatalogObject>,
        by: &str,
    ) -> Result<u64> {
        check_catalog(&objects)?;
        let mut write = self.store.write().await?;
        let before = read(write.connection(), workspace).await?;
        if before.revision != revision {
            return Err(Error::stale(NOUN, workspace));
        }
        if before.objects == objects {
            return Ok(revision);
        }
        let revision: i64 = sqlx::query_scalar(
            "INSERT INTO catalogs (workspace, revision) VALUES ($1, 1)
             ON CONFLICT (workspace) DO UPDATE SET revision = catalogs.revision + 1 RETURNING revision",
        )
        .bind(workspace)
        .fetch_one(write.connection())
        .await
        .map_err(|cause| Error::or_refers(cause, || Error::not_found("workspace", workspace)))?;

        let old: BTreeMap<ObjectPath, (usize, &CatalogObject)> = before
            .objects
            .iter()
            .enumerate()
            .map(|(position, object)| (object.path(), (position, object)))
            .collect();
        let kept: BTreeSet<ObjectPath> = objects.iter().map(CatalogObject::path).collect();
        let mut put = Vec::new();
        let mut dropped = Vec::new();
        for path in old.keys().filter(|path| !kept.contains(path)) {
            delete(write.connection(), workspace, path).await?;
            dropped.push(path.to_string());
        }
        for (position, object) in objects.iter().enumerate() {
            let path = object.path();
            let known = old.get(&path);
            if known != Some(&(position, object)) {
                upsert(write.connection(), workspace, position, object).await?;
            }
            if known.map(|(_, known)| *known) != Some(object) {
                put.push(path.to_string());
            }
        }
        // The statements themselves may be long, and may hold what should not be spread.
        let detail = json!({ "revision": revision, "put": put, "dropped": dropped });
        write
            .audit(by, Some(workspace), "catalog.update", workspace, detail)
            .await?;
        write.commit().await?;
        Ok(revision.unsigned_abs())
    }
}

impl CatalogObject {
    pub fn path(&self) -> ObjectPath {
        ObjectPath {
            catalog: self.catalog.clone(),
            database: self.database.clone(),
            name: self.name.clone(),
        }
    }
}

impl CatalogSnapshot {
    /// All statements as one text.
    pub fn ddl(&self) -> String {
        let mut text = String::new();
        for object in &self.objects {
            text.push_str(object.ddl.trim_end().trim_end_matches(';'));
            text.push_str(";\n");
        }
        text
    }
}

impl ObjectKind {
    pub const ALL: &'static [ObjectKind] = &[
        ObjectKind::Catalog,
        ObjectKind::Database,
        ObjectKind::Table,
        ObjectKind::Function,
        ObjectKind::View,
    ];

    pub fn name(self) -> &'static str {
        match self {
            ObjectKind::Catalog => "catalog",
            ObjectKind::Database => "database",
            ObjectKind::Table => "table",
            ObjectKind::Function => "function",
            ObjectKind::View => "view",
        }
    }
}

impl FromStr for ObjectKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = ObjectKind::ALL.iter().find(|kind| kind.name() == text);
        found
            .copied()
            .ok_or_else(|| Error::invalid("kind", "must be catalog, database, table, function or view"))
    }
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.catalog)?;
        for part in [&self.database, &self.name] {
            if !part.is_empty() {
                write!(f, ".{part}")?;
            }
        }
        Ok(())
    }
}

async fn read(connection: &mut SqliteConnection, workspace: &str) -> Result<CatalogSnapshot> {
    let revision: Option<i64> = sqlx::query_scalar("SELECT revision FROM catalogs WHERE workspace = $1")
        .bind(workspace)
        .fetch_optional(&mut *connection)
        .await?;
    let objects = sqlx::query_as("SELECT * FROM catalog_objects WHERE workspace = $1 ORDER BY position")
        .bind(workspace)
        .fetch_all(connection)
        .await?;
    Ok(CatalogSnapshot {
        revision: revision.unwrap_or(0).unsigned_abs(),
        objects,
    })
}

async fn upsert(
    connection: &mut SqliteConnection,
    workspace: &str,
    position: usize,
    object: &CatalogObject,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO catalog_objects (workspace, catalog, database_name, name, kind, position, ddl)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workspace, catalog, database_name, name)
         DO UPDATE SET kind = $5, position = $6, ddl = $7",
    )
    .bind(workspace)
    .bind(&object.catalog)
    .bind(&object.database)
    .bind(&object.name)
    .bind(object.kind.name())
    .bind(position as i64)
    .bind(&object.ddl)
    .execute(connection)
    .await?;
    Ok(())
}

async fn delete(connection: &mut SqliteConnection, workspace: &str, path: &ObjectPath) -> Result<()> {
    sqlx::query(
        "DELETE FROM catalog_objects
         WHERE workspace = $1 AND catalog = $2 AND database_name = $3 AND name = $4",
    )
    .bind(workspace)
    .bind(&path.catalog)
    .bind(&path.database)
    .bind(&path.name)
    .execute(connection)
    .await?;
    Ok(())
}

/// The whole must fit into a version, each path must fit its kind, and no path may come twice.
pub fn check_catalog(objects: &[CatalogObject]) -> Result<()> {
    if objects.len() > OBJECTS_MAX {
        let message = format!("must have at most {OBJECTS_MAX} objects, got {}", objects.len());
        return Err(Error::invalid(NOUN, message));
    }
    let bytes: usize = objects.iter().map(|object| object.ddl.len() + 2).sum();
    if bytes > check::SQL_BYTES_MAX {
        let message = format!(
            "must be at most {} bytes of statements, got {bytes}",
            check::SQL_BYTES_MAX
        );
        return Err(Error::invalid(NOUN, message));
    }
    let mut seen = BTreeSet::new();
    for object in objects {
        check::sql("ddl", &object.ddl)?;
        let path = object.path();
        let parts = [&path.catalog, &path.database, &path.name];
        let filled = parts.map(|part| !part.is_empty());
        let fits = match object.kind {
            ObjectKind::Catalog => filled == [true, false, false],
            ObjectKind::Database => filled == [true, true, false],
            ObjectKind::Table | ObjectKind::Function | ObjectKind::View => filled == [true, true, true],
        };
        let too_long = |part: &String| part.chars().count() > PATH_PART_CHARACTERS_MAX || part.contains('\0');
        if !fits || parts.into_iter().any(too_long) {
            let message = format!("must be the path of a {}, got '{path}'", object.kind.name());
            return Err(Error::invalid("path", message));
        }
        if !seen.insert(path) {
            return Err(Error::conflict("catalog object", object.path(), "is there twice"));
        }
    }
    Ok(())
}

impl FromRow<'_, SqliteRow> for CatalogObject {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(CatalogObject {
            kind: row::parsed(row, "kind")?,
            catalog: row.try_get("catalog")?,
            database: row.try_get("database_name")?,
            name: row.try_get("name")?,
            ddl: row.try_get("ddl")?,
        })
    }
}
