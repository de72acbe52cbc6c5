//! A catalog as statements that make it again.

use std::sync::Arc;

use model::Diagnostic;

use super::create;
use crate::catalog::store::DEFAULT_CATALOG;
use crate::catalog::{CatalogObject, CatalogStore, ObjectPath, View};
use crate::session::Session;

/// An object of a catalog, and the statement that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogStatement {
    pub kind: CatalogKind,
    /// Its complete name: one part for a catalog, two for a database, three for what is in it.
    pub path: Vec<String>,
    pub ddl: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogKind {
    Catalog,
    Database,
    Table,
    Function,
    View,
}

impl CatalogKind {
    pub fn name(self) -> &'static str {
        match self {
            CatalogKind::Catalog => "catalog",
            CatalogKind::Database => "database",
            CatalogKind::Table => "table",
            CatalogKind::Function => "function",
            CatalogKind::View => "view",
        }
    }
}

/// Statements that make all permanent objects again, each behind those it needs.
pub fn statements(session: &Session) -> Vec<CatalogStatement> {
    let mut statements = Vec::new();
    let mut tables = Vec::new();
    let mut views = Vec::new();
    for (name, catalog) in session.catalog.catalogs() {
        if name != DEFAULT_CATALOG {
            statements.push(CatalogStatement {
                kind: CatalogKind::Catalog,
                path: vec![name.to_string()],
                ddl: create::catalog_text(name, catalog),
            });
        }
        for (database, content) in &catalog.databases {
            statements.push(CatalogStatement {
                kind: CatalogKind::Database,
                path: vec![name.to_string(), database.clone()],
                ddl: create::database_text(name, database, content),
            });
            for (function, content) in &content.functions {
                let path = ObjectPath {
                    catalog: name.to_string(),
                    database: database.clone(),
                    object: function.clone(),
                };
                let ddl = content.statement(&path, false);
                views.push(statement(CatalogKind::Function, &path, ddl));
            }
            for (object, content) in &content.objects {
                let path = ObjectPath {
                    catalog: name.to_string(),
                    database: database.clone(),
                    object: object.clone(),
                };
                match content {
                    CatalogObject::Table(table) => tables.push(statement(
                        CatalogKind::Table,
                        &path,
                        create::table_text(&path, table, false),
                    )),
                    CatalogObject::View(view) => {
                        views.push(statement(CatalogKind::View, &path, view_text(&path, view)));
                    }
                }
            }
        }
    }
    statements.append(&mut tables);
    in_order(session, &mut statements, views);
    statements
}

fn statement(kind: CatalogKind, path: &ObjectPath, ddl: String) -> CatalogStatement {
    CatalogStatement {
        kind,
        path: vec![path.catalog.clone(), path.database.clone(), path.object.clone()],
        ddl,
    }
}

/// With the query whose names are complete, so that it means the same whatever the current database is.
fn view_text(path: &ObjectPath, view: &View) -> String {
    create::view_text(path, view, &view.query, false)
}

/// Puts views and functions behind what they use, by trying: one that does not bind yet waits for the next round. Those that never bind, because something they read is gone, come last, so that nothing is lost.
fn in_order(session: &Session, statements: &mut Vec<CatalogStatement>, mut views: Vec<CatalogStatement>) {
    let mut scratch = Session::new(Arc::clone(&session.registry), Arc::clone(&session.clock));
    // Only their order is looked for: it was checked before that they can be planned.
    scratch.plan_views(false);
    scratch.config = session.config.clone();
    scratch.catalog = without_views(&session.catalog);
    while !views.is_empty() {
        let waiting = views.len();
        let mut later = Vec::new();
        for view in views {
            match execute(&mut scratch, &view.ddl) {
                Ok(()) => statements.push(view),
                Err(_) => later.push(view),
            }
        }
        if later.len() == waiting {
            statements.append(&mut later);
        }
        views = later;
    }
}

fn without_views(catalog: &CatalogStore) -> CatalogStore {
    let mut catalog = catalog.clone();
    catalog.retain_permanent(CatalogObject::is_table);
    catalog.forget_functions();
    catalog
}

fn execute(session: &mut Session, ddl: &str) -> Result<(), Diagnostic> {
    let script = sql::parse_script(ddl);
    if let Some(fault) = script.diagnostics.into_iter().next() {
        return Err(fault);
    }
    for statement in &script.statements {
        session.execute(ddl, statement)?;
    }
    Ok(())
}
