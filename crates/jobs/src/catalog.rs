//! A workspace's catalog: kept as the statements that make it, read and changed through a session.

use std::collections::BTreeMap;
use std::sync::Arc;

use dataflow::Registry;
use model::{Diagnostic, Span};
use plan::catalog::{CatalogObject, ObjectPath, Table, TableColumnKind, View};
use plan::{CatalogStatement, Outcome, Session};
use serde::Serialize;
use sql::ast::StatementKind;
use stdx::Clock;

use crate::Error;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogTree {
    pub catalogs: Vec<CatalogNode>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogNode {
    pub name: String,
    pub databases: Vec<DatabaseNode>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatabaseNode {
    pub name: String,
    pub tables: Vec<TableNode>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableNode {
    pub name: String,
    pub kind: TableKind,
    /// Of a table; a view has none.
    pub connector: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    Table,
    View,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableDetail {
    pub kind: TableKind,
    pub ddl: String,
    pub columns: Vec<ColumnDetail>,
    pub options: BTreeMap<String, String>,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnDetail {
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: String,
    pub kind: &'static str,
    pub comment: Option<String>,
}

/// A session that holds a workspace's catalog.
pub struct Loaded {
    registry: Arc<Registry>,
    clock: Arc<dyn Clock>,
    session: Session,
    /// Objects whose statement does not hold any more, kept as they are.
    broken: Vec<Broken>,
}

/// An object whose statement does not hold, such as a view over a table that is gone.
#[derive(Debug, Clone)]
pub struct Broken {
    pub statement: CatalogStatement,
    pub fault: Diagnostic,
}

impl Loaded {
    /// Executes the statements, in an order in which they hold. Those that hold in none are kept aside.
    pub fn new(registry: Arc<Registry>, clock: Arc<dyn Clock>, statements: Vec<CatalogStatement>) -> Loaded {
        let mut session = empty_session(&registry, &clock);
        let mut waiting = statements;
        loop {
            let before = waiting.len();
            let mut broken = Vec::new();
            for statement in waiting {
                if let Err(fault) = execute(&mut session, &statement.ddl) {
                    broken.push(Broken { statement, fault });
                }
            }
            if broken.is_empty() || broken.len() == before {
                return Loaded {
                    registry,
                    clock,
                    session,
                    broken,
                };
            }
            // What one of them lacked another may have made.
            waiting = broken.into_iter().map(|broken| broken.statement).collect();
        }
    }

    /// Executes what a version kept.
    pub fn of_script(registry: Arc<Registry>, clock: Arc<dyn Clock>, text: &str) -> Loaded {
        let mut session = empty_session(&registry, &clock);
        session.begin_script();
        for statement in &sql::parse_script(text).statements {
            // One that does not hold any more makes nothing.
            let _ = session.execute(text, statement);
        }
        Loaded {
            registry,
            clock,
            session,
            broken: Vec::new(),
        }
    }

    pub fn broken(&self) -> &[Broken] {
        &self.broken
    }

    pub fn into_session(self) -> Session {
        self.session
    }

    /// What makes this catalog again without what is broken: a session that executes it meets no fault.
    pub fn holding(&self) -> Vec<CatalogStatement> {
        let mut statements = plan::catalog_statements(&self.session);
        let (registry, clock) = (Arc::clone(&self.registry), Arc::clone(&self.clock));
        let checked = Loaded::new(registry, clock, statements.clone());
        statements.retain(|statement| {
            let is_broken = |broken: &Broken| broken.statement.path == statement.path;
            !checked.broken.iter().any(is_broken)
        });
        statements
    }

    /// What makes this catalog again, each statement behind those it needs.
    pub fn statements(&self) -> Vec<CatalogStatement> {
        let mut statements = plan::catalog_statements(&self.session);
        for Broken {
            statement: broken, ..
        } in &self.broken
        {
            if !statements.iter().any(|statement| statement.path == broken.path) {
                statements.push(broken.clone());
            }
        }
        statements
    }

    /// Executes a person's statements, of which only such are allowed that define something, and whose tables the
    /// runner has checked. What they did is in [`Loaded::statements`]; after an error nothing of it may be kept.
    pub fn define(&mut self, text: &str) -> Result<Vec<String>, Vec<runner::Diagnostic>> {
        let show = |diagnostic: &Diagnostic| runner::Diagnostic::of(diagnostic, text);
        let script = sql::parse_script(text);
        if !script.diagnostics.is_empty() {
            return Err(script.diagnostics.iter().map(show).collect());
        }
        self.session.begin_script();
        let mut messages = Vec::new();
        for statement in &script.statements {
            if !is_definition(&statement.kind) {
                let refused = Diagnostic::validation(statement.span, "this statement defines nothing")
                    .hint("the catalog takes CREATE, ALTER, DROP and USE; queries belong into a draft");
                return Err(vec![show(&refused)]);
            }
            if is_temporary(&statement.kind) {
                return Err(vec![show(&not_temporary(statement.span))]);
            }
            match self.session.execute(text, statement) {
                Ok(Outcome::Done { message }) => messages.push(message),
                Ok(_) => {
                    let refused = Diagnostic::validation(statement.span, "this statement defines nothing");
                    return Err(vec![show(&refused)]);
                }
                Err(diagnostic) => return Err(vec![show(&diagnostic)]),
            }
        }
        // What was dropped or made anew is broken no more.
        let session = &self.session;
        self.broken
            .retain(|broken| match broken.statement.path.as_slice() {
                [catalog, database, object] => {
                    let path = ObjectPath {
                        catalog: catalog.clone(),
                        database: database.clone(),
                        object: object.clone(),
                    };
                    session.catalog().database(catalog, database).is_ok()
                        && session.catalog().get(&path).is_none()
                }
                _ => true,
            });
        Ok(messages)
    }

    pub fn tree(&self) -> CatalogTree {
        let catalogs = self
            .session
            .catalog()
            .catalogs()
            .map(|(name, catalog)| CatalogNode {
                name: name.to_string(),
                databases: catalog
                    .databases
                    .iter()
                    .map(|(name, database)| DatabaseNode {
                        name: name.clone(),
                        tables: database.objects.iter().map(table_node).collect(),
                    })
                    .collect(),
            });
        CatalogTree {
            catalogs: catalogs.collect(),
        }
    }

    pub fn table(&self, path: &ObjectPath) -> Result<TableDetail, Error> {
        let ddl = plan::catalog_statements(&self.session)
            .into_iter()
            .find(|statement| {
                statement.path.iter().map(String::as_str).eq([
                    path.catalog.as_str(),
                    path.database.as_str(),
                    path.object.as_str(),
                ])
            })
            .map(|statement| statement.ddl);
        match (self.session.catalog().permanent(path), ddl) {
            (Some(CatalogObject::Table(table)), Some(ddl)) => Ok(table_detail(table, ddl)),
            (Some(CatalogObject::View(view)), Some(ddl)) => Ok(view_detail(view, ddl)),
            _ => Err(Error::not_found("table", &path.to_string())),
        }
    }
}

/// It knows no connections, secrets and files of a workspace, so that tables cannot be read here: views are bound,
/// and planned by the runner.
fn empty_session(registry: &Arc<Registry>, clock: &Arc<dyn Clock>) -> Session {
    let mut session = Session::new(Arc::clone(registry), Arc::clone(clock));
    session.plan_views(false);
    session
}

/// Planning recurses over trees; their height is bounded, but frames are large where nothing is optimised.
const STACK_BYTES: usize = 32 << 20;

/// Works on statements where there is room for deep recursion, away from threads that must not block.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let worked = tokio::task::spawn_blocking(|| {
        let thread = std::thread::Builder::new()
            .name("catalog".to_string())
            .stack_size(STACK_BYTES)
            .spawn(work)
            .map_err(|error| Error::Internal(format!("cannot start a thread: {error}")))?;
        thread
            .join()
            .map_err(|_| Error::Internal("the catalog could not be worked on".to_string()))
    });
    worked
        .await
        .map_err(|panic| Error::Internal(format!("the catalog could not be worked on: {panic}")))?
}

/// The statements as one text that a session executes.
pub fn script(statements: &[CatalogStatement]) -> String {
    let mut text = String::new();
    for statement in statements {
        text.push_str(statement.ddl.trim_end());
        text.push_str(";\n\n");
    }
    text
}

pub fn execute(session: &mut Session, ddl: &str) -> Result<(), Diagnostic> {
    let script = sql::parse_script(ddl);
    if let Some(diagnostic) = script.diagnostics.into_iter().next() {
        return Err(diagnostic);
    }
    session.begin_script();
    for statement in &script.statements {
        session.execute(ddl, statement)?;
    }
    Ok(())
}

fn is_definition(kind: &StatementKind) -> bool {
    matches!(
        kind,
        StatementKind::CreateTable(_)
            | StatementKind::CreateView(_)
            | StatementKind::CreateFunction(_)
            | StatementKind::DropFunction { .. }
            | StatementKind::CreateCatalog { .. }
            | StatementKind::CreateDatabase { .. }
            | StatementKind::DropTable { .. }
            | StatementKind::DropView { .. }
            | StatementKind::DropCatalog { .. }
            | StatementKind::DropDatabase { .. }
            | StatementKind::AlterTable { .. }
            | StatementKind::AlterView { .. }
            | StatementKind::AlterDatabase { .. }
            | StatementKind::UseCatalog(_)
            | StatementKind::UseDatabase(_)
    )
}

/// Whether it makes or takes away something that ends with its session.
pub fn is_temporary(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::CreateTable(create) => create.temporary,
        StatementKind::CreateView(create) => create.temporary,
        StatementKind::CreateFunction(create) => create.temporary,
        StatementKind::DropTable { temporary, .. }
        | StatementKind::DropView { temporary, .. }
        | StatementKind::DropFunction { temporary, .. } => *temporary,
        _ => false,
    }
}

pub fn not_temporary(span: Span) -> Diagnostic {
    Diagnostic::validation(
        span,
        "what is temporary ends with its session and cannot be kept in the catalog",
    )
    .hint("leave TEMPORARY out, or move the statement into the job that needs it")
}

fn table_node((name, object): (&String, &CatalogObject)) -> TableNode {
    match object {
        CatalogObject::Table(table) => TableNode {
            name: name.clone(),
            kind: TableKind::Table,
            connector: table.options.get("connector").cloned(),
        },
        CatalogObject::View(_) => TableNode {
            name: name.clone(),
            kind: TableKind::View,
            connector: None,
        },
    }
}

fn table_detail(table: &Table, ddl: String) -> TableDetail {
    let columns = table.columns.iter().map(|column| ColumnDetail {
        name: column.name.clone(),
        data_type: column.data_type.to_string(),
        kind: match column.kind {
            TableColumnKind::Physical => "physical",
            TableColumnKind::Computed(_) => "computed",
            TableColumnKind::Metadata { .. } => "metadata",
        },
        comment: column.comment.clone(),
    });
    TableDetail {
        kind: TableKind::Table,
        ddl,
        columns: columns.collect(),
        options: table.options.clone().into_iter().collect(),
        comment: table.comment.clone(),
    }
}

fn view_detail(view: &View, ddl: String) -> TableDetail {
    let columns = view.schema.fields.iter().map(|field| ColumnDetail {
        name: field.name.clone(),
        data_type: field.data_type.to_string(),
        kind: "computed",
        comment: None,
    });
    TableDetail {
        kind: TableKind::View,
        ddl,
        columns: columns.collect(),
        options: BTreeMap::new(),
        comment: view.comment.clone(),
    }
}
