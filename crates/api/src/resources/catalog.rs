//! Catalogs, databases, tables and views of a workspace, and the first rows of a table.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use jobs::ObjectPath;
use jobs::catalog as known;
use runner::PreviewEvent;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::Role;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::preview::{ChangelogRow, ColumnType, read};
use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::{Json, Path, Query};
use crate::problem::{Problem, Result};
use crate::routes::Routes;

const SAMPLE_ROWS_DEFAULT: u64 = 20;
const SAMPLE_ROWS_MAX: u64 = 200;
/// A table may have no rows yet: what has come by then is the sample.
const SAMPLE_TIME_MAX: Duration = Duration::from_secs(5);
/// Somebody else may change the catalog at the same time.
const TRIES_MAX: usize = 5;

#[derive(Debug, Serialize, ToSchema)]
struct CatalogTree {
    catalogs: Vec<CatalogNode>,
}

#[derive(Debug, Serialize, ToSchema)]
struct CatalogNode {
    name: String,
    databases: Vec<DatabaseNode>,
}

#[derive(Debug, Serialize, ToSchema)]
struct DatabaseNode {
    name: String,
    tables: Vec<TableNode>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TableNode {
    name: String,
    kind: TableKind,
    /// Of a table; a view has none.
    #[schema(required)]
    connector: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TableKind {
    Table,
    View,
}

#[derive(Debug, Serialize, ToSchema)]
struct TableDetail {
    kind: TableKind,
    /// The statement that makes it.
    ddl: String,
    columns: Vec<ColumnDetail>,
    /// Of a table; a view has none.
    options: BTreeMap<String, String>,
    #[schema(required)]
    comment: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ColumnDetail {
    name: String,
    #[serde(rename = "type")]
    data_type: String,
    /// `physical`, `computed` or `metadata`.
    kind: &'static str,
    #[schema(required)]
    comment: Option<String>,
}

/// The first rows of a table. BIGINT and DECIMAL are texts in them.
#[derive(Debug, Serialize, ToSchema)]
struct Sample {
    columns: Vec<ColumnType>,
    #[schema(value_type = Vec<BTreeMap<String, serde_json::Value>>)]
    rows: Vec<Box<RawValue>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CatalogStatements {
    /// CREATE, ALTER, DROP and USE, separated by semicolons: all of them are executed, or none.
    sql: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogMessages {
    /// What each statement has done.
    pub messages: Vec<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct TablePath {
    catalog: String,
    database: String,
    table: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SampleQuery {
    /// At most this many rows.
    #[param(minimum = 1, maximum = 200, default = 20)]
    rows: Option<u64>,
}

impl From<TablePath> for ObjectPath {
    fn from(path: TablePath) -> ObjectPath {
        ObjectPath {
            catalog: path.catalog,
            database: path.database,
            object: path.table,
        }
    }
}

impl From<known::TableKind> for TableKind {
    fn from(kind: known::TableKind) -> TableKind {
        match kind {
            known::TableKind::Table => TableKind::Table,
            known::TableKind::View => TableKind::View,
        }
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Role(Role::Viewer), routes!(get_catalog))
        .add(Need::Role(Role::Viewer), routes!(get_table))
        .add(Need::Role(Role::Viewer), routes!(sample_table))
        .add_creating(Need::Role(Role::Developer), routes!(execute_catalog_statements))
}

/// All catalogs with what is in them
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/catalog",
    tag = "catalog",
    responses((status = 200, description = "The tree", body = CatalogTree))
)]
async fn get_catalog(State(app): State<App>, at: InWorkspace) -> Result<Json<CatalogTree>> {
    let tree = app.jobs.catalog(&at.name).await?;
    let table = |table: known::TableNode| TableNode {
        name: table.name,
        kind: table.kind.into(),
        connector: table.connector,
    };
    let database = |database: known::DatabaseNode| DatabaseNode {
        name: database.name,
        tables: database.tables.into_iter().map(table).collect(),
    };
    let catalog = |catalog: known::CatalogNode| CatalogNode {
        name: catalog.name,
        databases: catalog.databases.into_iter().map(database).collect(),
    };
    Ok(Json(CatalogTree {
        catalogs: tree.catalogs.into_iter().map(catalog).collect(),
    }))
}

/// A table or view
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/catalog/tables/{catalog}/{database}/{table}",
    tag = "catalog",
    params(TablePath),
    responses((status = 200, description = "The table", body = TableDetail))
)]
async fn get_table(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<TablePath>,
) -> Result<Json<TableDetail>> {
    let table = app.jobs.table(&at.name, &path.into()).await?;
    let column = |column: known::ColumnDetail| ColumnDetail {
        name: column.name,
        data_type: column.data_type,
        kind: column.kind,
        comment: column.comment,
    };
    Ok(Json(TableDetail {
        kind: table.kind.into(),
        ddl: table.ddl,
        columns: table.columns.into_iter().map(column).collect(),
        options: table.options,
        comment: table.comment,
    }))
}

/// The first rows of a table
///
/// Waits for them a few seconds at most.
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/catalog/tables/{catalog}/{database}/{table}/sample",
    tag = "catalog",
    params(TablePath, SampleQuery),
    responses(
        (status = 200, description = "Rows", body = Sample),
        (status = 422, description = "The table cannot be read", body = Problem,
         content_type = "application/problem+json"),
    )
)]
async fn sample_table(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<TablePath>,
    Query(query): Query<SampleQuery>,
) -> Result<Json<Sample>> {
    let rows_max = query.rows.unwrap_or(SAMPLE_ROWS_DEFAULT);
    if !(1..=SAMPLE_ROWS_MAX).contains(&rows_max) {
        return Err(Problem::malformed(format!(
            "rows must be 1 to {SAMPLE_ROWS_MAX}, got {rows_max}"
        )));
    }
    let mut events = read(app.jobs.sample(&at.name, &path.into(), rows_max).await?);
    let mut sample = Sample {
        columns: Vec::new(),
        rows: Vec::new(),
    };
    let collected = async {
        while let Some(event) = events.recv().await {
            match event {
                PreviewEvent::Schema { columns } => {
                    sample.columns = columns.into_iter().map(ColumnType::from).collect();
                }
                PreviewEvent::Rows { rows } => {
                    for row in rows {
                        let row: ChangelogRow =
                            serde_json::from_str(row.get()).map_err(|fault| Problem::logged(&fault))?;
                        sample.rows.push(row.row.to_owned());
                    }
                }
                PreviewEvent::Statistics { .. } => {}
                PreviewEvent::End { .. } => break,
                PreviewEvent::Failed { diagnostics } => {
                    let failed = jobs::Error::diagnosed("the table cannot be read", diagnostics);
                    return Err(Problem::from(failed));
                }
            }
        }
        Ok(())
    };
    match tokio::time::timeout(SAMPLE_TIME_MAX, collected).await {
        Ok(Err(problem)) => Err(problem),
        // What has come until now is what there is.
        Ok(Ok(())) | Err(_) => Ok(Json(sample)),
    }
}

/// Change the catalog
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/catalog/statements",
    tag = "catalog",
    request_body = CatalogStatements,
    responses((status = 200, description = "What was done", body = CatalogMessages))
)]
async fn execute_catalog_statements(
    State(app): State<App>,
    at: InWorkspace,
    Json(statements): Json<CatalogStatements>,
) -> Result<Json<CatalogMessages>> {
    let actor = at.actor();
    let mut tries = 0;
    loop {
        tries += 1;
        match app.jobs.execute_catalog(&actor, &at.name, &statements.sql).await {
            // Nothing of it was done: the statements are looked at anew over what is there now.
            Err(jobs::Error::Stale { .. }) if tries < TRIES_MAX => {}
            Err(jobs::Error::Stale { .. }) => {
                return Err(Problem::unavailable("the catalog is being changed by others"));
            }
            done => {
                let messages = done?;
                return Ok(Json(CatalogMessages { messages }));
            }
        }
    }
}
