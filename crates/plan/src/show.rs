//! Statements that tell what there is: SHOW and DESCRIBE.
//!
//! Columns are named and typed as Flink names them.

mod create;
mod function;
mod pattern;
mod rows;
mod script;
mod unparse;

use model::{Diagnostic, Span};
use sql::ast::{ObjectName, Show, ShowKind};

use crate::catalog::{CatalogObject, TableColumnKind};
use crate::config::Config;
use crate::session::{Outcome, Session};
use pattern::matches;
use rows::{Cell, Rows};

pub use function::describe as describe_function;
pub use rows::one_text;
pub use script::{CatalogKind, CatalogStatement, statements as catalog_statements};
pub use unparse::query::{columns as query_columns, star as query_star, text as query_text};

pub fn execute(session: &Session, show: &Show, span: Span) -> Result<Outcome, Diagnostic> {
    let catalog = &session.catalog;
    let names = match &show.what {
        ShowKind::Catalogs => catalog.catalogs().map(|(name, _)| name.to_string()).collect(),
        ShowKind::CurrentCatalog => return Ok(single("current catalog name", catalog.current_catalog())),
        ShowKind::CurrentDatabase => return Ok(single("current database name", catalog.current_database())),
        ShowKind::Databases => {
            let from = match show.from.as_ref().map(|from| (from, from.parts.as_slice())) {
                None => (catalog.current_catalog(), span),
                Some((from, [name])) => (name.name.as_str(), from.span),
                Some((from, _)) => {
                    return Err(Diagnostic::validation(from.span, "a catalog's name has one part"));
                }
            };
            let databases = &catalog
                .catalog(from.0)
                .map_err(|fault| fault.or_at(from.1))?
                .databases;
            databases.keys().cloned().collect()
        }
        ShowKind::Tables => objects(session, show.from.as_ref(), span, |_| true)?,
        ShowKind::Views => objects(session, show.from.as_ref(), span, |object| !object.is_table())?,
        ShowKind::Columns => {
            let Some(table) = &show.from else {
                return Err(Diagnostic::validation(span, "SHOW COLUMNS needs a table").hint("add FROM table"));
            };
            return columns(session, table, show);
        }
        ShowKind::Functions { user: true } => user_functions(session, show.from.as_ref(), span)?,
        ShowKind::Functions { user: false } => {
            let mut names = user_functions(session, show.from.as_ref(), span)?;
            names.extend(function_names());
            names.sort_unstable();
            names.dedup();
            names
        }
        ShowKind::Modules { full: false } => vec!["core".to_string()],
        ShowKind::Modules { full: true } => {
            let mut rows = Rows::new(&["module name"]).with_boolean("used");
            rows.push(vec![Cell::text("core"), Cell::Boolean(true)]);
            return Ok(rows.finish());
        }
        ShowKind::Partitions(name) => return partitions(session, name),
        ShowKind::CreateTable(name) => return create::table(session, name),
        ShowKind::CreateView(name) => return create::view(session, name),
        ShowKind::CreateFunction(name) => return function::create(session, name),
        ShowKind::CreateCatalog(name) => return create::catalog(session, name),
        ShowKind::Jobs => {
            return Ok(Rows::new(&["job id", "job name", "status", "start time"]).finish());
        }
        ShowKind::Jars => Vec::new(),
    };
    let column = match show.what {
        ShowKind::Catalogs => "catalog name",
        ShowKind::Databases => "database name",
        ShowKind::Views => "view name",
        ShowKind::Functions { .. } => "function name",
        ShowKind::Modules { .. } => "module name",
        ShowKind::Jars => "jars",
        _ => "table name",
    };
    let mut rows = Rows::new(&[column]);
    for name in names {
        if matches(show.like.as_ref(), &name) {
            rows.push(vec![Cell::text(name)]);
        }
    }
    Ok(rows.finish())
}

/// What SET alone lists.
pub fn settings(config: &Config) -> Outcome {
    let mut rows = Rows::new(&["key", "value"]);
    for (key, value) in config.entries() {
        rows.push(vec![Cell::text(key), Cell::text(value)]);
    }
    rows.finish()
}

fn single(column: &str, value: &str) -> Outcome {
    let mut rows = Rows::new(&[column]);
    rows.push(vec![Cell::text(value)]);
    rows.finish()
}

fn objects(
    session: &Session,
    from: Option<&ObjectName>,
    span: Span,
    wanted: impl Fn(&CatalogObject) -> bool,
) -> Result<Vec<String>, Diagnostic> {
    let (catalog, database) = match from {
        Some(from) => session.database_of(from)?,
        None => (
            session.catalog.current_catalog().to_string(),
            session.catalog.current_database().to_string(),
        ),
    };
    let objects = session
        .catalog
        .objects_in(&catalog, &database)
        .map_err(|fault| fault.or_at(from.map_or(span, |from| from.span)))?;
    Ok(objects
        .into_iter()
        .filter(|(_, object)| wanted(object))
        .map(|(name, _)| name.to_string())
        .collect())
}

fn user_functions(
    session: &Session,
    from: Option<&ObjectName>,
    span: Span,
) -> Result<Vec<String>, Diagnostic> {
    let (catalog, database) = match from {
        Some(from) => session.database_of(from)?,
        None => (
            session.catalog.current_catalog().to_string(),
            session.catalog.current_database().to_string(),
        ),
    };
    let functions = session
        .catalog
        .functions_in(&catalog, &database)
        .map_err(|fault| fault.or_at(from.map_or(span, |from| from.span)))?;
    Ok(functions.into_keys().map(str::to_string).collect())
}

/// Built-in functions under the names that Flink lists, in lower case.
fn function_names() -> Vec<String> {
    let mut names: Vec<String> = functions::catalogue()
        .iter()
        .filter(|doc| functions::is_callable(doc.name))
        .map(|doc| doc.name.to_lowercase())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn partitions(session: &Session, name: &ObjectName) -> Result<Outcome, Diagnostic> {
    let (path, object) = session.catalog.lookup(name)?;
    match object {
        // Tables of an in-memory catalog have no partitions registered.
        CatalogObject::Table(table) if !table.partition_keys.is_empty() => {
            Ok(Rows::new(&["partition name"]).finish())
        }
        _ => Err(Diagnostic::validation(
            name.span,
            format!("'{path}' is not partitioned"),
        )),
    }
}

pub fn describe(session: &Session, name: &ObjectName) -> Result<Outcome, Diagnostic> {
    let everything = Show {
        what: ShowKind::Columns,
        from: None,
        like: None,
    };
    columns(session, name, &everything)
}

/// One row a column; a column of comments only if there is one.
fn columns(session: &Session, name: &ObjectName, show: &Show) -> Result<Outcome, Diagnostic> {
    let (_, object) = session.catalog.lookup(name)?;
    let (schema, table) = match object {
        CatalogObject::Table(table) => (table.schema(), Some(table)),
        CatalogObject::View(view) => (view.schema.clone(), None),
    };
    let comments = table.is_some_and(|table| table.columns.iter().any(|column| column.comment.is_some()));
    let key = table
        .and_then(|table| table.primary_key.as_ref())
        .map(|key| (&key.columns, format!("PRI({})", key.columns.join(", "))));
    let mut rows =
        Rows::new(&["name", "type"])
            .with_boolean("null")
            .with_texts(&["key", "extras", "watermark"]);
    if comments {
        rows = rows.with_texts(&["comment"]);
    }
    for field in &schema.fields {
        if !matches(show.like.as_ref(), &field.name) {
            continue;
        }
        let column = table.and_then(|table| table.column(&field.name));
        let attribute = match field.time_attribute {
            Some(model::TimeAttribute::Rowtime) => " *ROWTIME*",
            Some(model::TimeAttribute::Proctime) => " *PROCTIME*",
            None => "",
        };
        let in_key = key
            .as_ref()
            .filter(|(columns, _)| columns.contains(&field.name))
            .map(|(_, text)| text.clone());
        let watermark = table
            .and_then(|table| table.watermark.as_ref())
            .filter(|watermark| watermark.column == field.name)
            .map(|watermark| unparse::text(&watermark.expression));
        let mut cells = vec![
            Cell::text(&field.name),
            Cell::text(format!("{}{attribute}", field.data_type.kind)),
            Cell::Boolean(field.data_type.nullable),
            Cell::Text(in_key),
            Cell::Text(column.and_then(|column| extras(&column.kind))),
            Cell::Text(watermark),
        ];
        if comments {
            cells.push(Cell::Text(column.and_then(|column| column.comment.clone())));
        }
        rows.push(cells);
    }
    Ok(rows.finish())
}

/// What a column is beyond its type, as it is declared.
fn extras(kind: &TableColumnKind) -> Option<String> {
    match kind {
        TableColumnKind::Physical => None,
        TableColumnKind::Computed(expression) => Some(format!("AS {}", unparse::text(expression))),
        TableColumnKind::Metadata { key, is_virtual } => {
            let mut text = "METADATA".to_string();
            if let Some(key) = key {
                text.push_str(&format!(" FROM '{}'", key.replace('\'', "''")));
            }
            if *is_virtual {
                text.push_str(" VIRTUAL");
            }
            Some(text)
        }
    }
}
