//! The catalog that a bundle asks for.
//!
//! `catalog.sql` declares: every statement makes something or says where names belong, and nothing is declared
//! twice. It is read by itself, so that it means the same in every workspace. A file that makes sense only together
//! with what a workspace has is taken as well, as long as nothing is pruned. An object that is broken in the
//! workspace and is declared in the same words stays as it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use dataflow::Registry;
use model::{Diagnostic, ErrorKind, Severity, Span};
use plan::catalog::{CatalogObject, ObjectPath};
use plan::{CatalogKind, CatalogStatement, Outcome, Session};
use sql::ast::{ObjectName, Statement, StatementKind};
use stdx::Clock;

use crate::catalog::{Loaded, execute, is_temporary, not_temporary};

/// The statements of a workspace's catalog after the bundle, and what is wrong with the file.
pub struct Merged {
    pub statements: Vec<CatalogStatement>,
    /// Those of them that hold.
    pub holding: Vec<CatalogStatement>,
    /// What the file stands on, for who checks its tables: nothing, unless it makes no sense by itself.
    pub base: Vec<CatalogStatement>,
    /// The file without what is broken in it and stays so; places are the same in it.
    pub checkable: String,
    /// About the file's text, warnings among them.
    pub faults: Vec<Diagnostic>,
}

impl Merged {
    /// There are faults, and nobody goes on with the rest.
    fn refused(existing: &[CatalogStatement], faults: Vec<Diagnostic>) -> Merged {
        Merged {
            statements: existing.to_vec(),
            holding: Vec::new(),
            base: Vec::new(),
            checkable: String::new(),
            faults,
        }
    }
}

pub fn merge(
    registry: &Arc<Registry>,
    clock: &Arc<dyn Clock>,
    existing: &[CatalogStatement],
    text: &str,
    prune: bool,
) -> Merged {
    let script = sql::parse_script(text);
    if !script.diagnostics.is_empty() {
        return Merged::refused(existing, script.diagnostics);
    }
    let load = |statements| Loaded::new(Arc::clone(registry), Arc::clone(clock), statements).into_session();
    let mut declared = Declaration::new(load(Vec::new()), existing);
    declared.read(text, &script.statements);
    if declared.has_errors() && !prune {
        declared = Declaration::new(load(existing.to_vec()), existing);
        declared.read(text, &script.statements);
    }
    if declared.has_errors() {
        return Merged::refused(existing, declared.faults);
    }
    let mut statements = declared.statements();
    let checkable = declared.checkable(text);
    let mut base = Vec::new();
    if !prune {
        let named: BTreeSet<&Vec<String>> = statements.iter().map(|statement| &statement.path).collect();
        let others: Vec<CatalogStatement> = existing
            .iter()
            .filter(|statement| !named.contains(&statement.path))
            .cloned()
            .collect();
        if !declared.began_empty {
            base = Loaded::new(Arc::clone(registry), Arc::clone(clock), others.clone()).holding();
        }
        statements.extend(others);
        statements.sort_by_key(|statement| rank(statement.kind));
    }
    let was_broken: BTreeSet<Vec<String>> = broken_paths(registry, clock, existing);
    let loaded = Loaded::new(Arc::clone(registry), Arc::clone(clock), statements);
    let mut faults = declared.faults;
    for broken in loaded.broken() {
        if was_broken.contains(&broken.statement.path) {
            continue;
        }
        let message = format!(
            "{} '{}', which the bundle does not declare, would not hold any more: {}",
            broken.statement.kind.name(),
            broken.statement.path.join("."),
            broken.fault.message
        );
        let fault = Diagnostic::error(ErrorKind::Validation, message);
        faults.push(fault.hint("declare it too, or drop it first"));
    }
    Merged {
        statements: loaded.statements(),
        holding: loaded.holding(),
        base,
        checkable,
        faults,
    }
}

fn broken_paths(
    registry: &Arc<Registry>,
    clock: &Arc<dyn Clock>,
    existing: &[CatalogStatement],
) -> BTreeSet<Vec<String>> {
    let loaded = Loaded::new(Arc::clone(registry), Arc::clone(clock), existing.to_vec());
    let broken = loaded.broken().iter();
    broken.map(|broken| broken.statement.path.clone()).collect()
}

/// What holds others stands before them.
fn rank(kind: CatalogKind) -> u8 {
    match kind {
        CatalogKind::Catalog => 0,
        CatalogKind::Database => 1,
        CatalogKind::Table => 2,
        CatalogKind::Function => 3,
        CatalogKind::View => 4,
    }
}

/// A session that the file is executed in.
struct Declaration<'a> {
    session: Session,
    /// Whether the session had no objects before; else those that are not declared are left out at the end.
    began_empty: bool,
    existing: &'a [CatalogStatement],
    named: BTreeSet<Vec<String>>,
    /// What does not hold and did not hold before, as it was, and where it stands in the file.
    kept: Vec<(CatalogStatement, Span)>,
    faults: Vec<Diagnostic>,
}

impl<'a> Declaration<'a> {
    fn new(session: Session, existing: &'a [CatalogStatement]) -> Declaration<'a> {
        let began_empty = plan::catalog_statements(&session)
            .iter()
            .all(|statement| statement.kind == CatalogKind::Database);
        Declaration {
            session,
            began_empty,
            existing,
            named: BTreeSet::new(),
            kept: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn has_errors(&self) -> bool {
        self.faults.iter().any(|fault| fault.severity == Severity::Error)
    }

    /// Goes on behind a fault, so that all are told at once; what stands on something faulty is told as well.
    fn read(&mut self, text: &str, statements: &[Statement]) {
        self.session.begin_script();
        for statement in statements {
            if let Err(mut fault) = self.declare(text, statement) {
                let written = statement.span.text(text).trim();
                let as_before = self.existing.iter().find(|known| known.ddl.trim() == written);
                if let Some(known) = as_before {
                    fault.severity = Severity::Warning;
                    self.kept.push((known.clone(), statement.span));
                }
                self.faults.push(fault.or_at(statement.span));
            }
        }
    }

    fn declare(&mut self, text: &str, statement: &Statement) -> Result<(), Diagnostic> {
        if is_temporary(&statement.kind) {
            return Err(not_temporary(statement.span));
        }
        match &statement.kind {
            StatementKind::CreateTable(create) if create.query.is_none() => self.make_room(&create.name)?,
            StatementKind::CreateView(create) => self.make_room(&create.name)?,
            StatementKind::CreateFunction(create) => self.make_room_for_function(&create.name)?,
            StatementKind::CreateDatabase { name, .. } => {
                let path = self.database_path(name);
                self.name_once(name.span, path.clone())?;
                if let [catalog, database] = path.as_slice()
                    && self.session.catalog().database(catalog, database).is_ok()
                {
                    return Ok(());
                }
            }
            StatementKind::CreateCatalog { name, .. } => {
                self.name_once(name.span, vec![name.name.clone()])?;
                if self.session.catalog().catalog(&name.name).is_ok() {
                    return Ok(());
                }
            }
            StatementKind::UseCatalog(_) | StatementKind::UseDatabase(_) => {}
            _ => {
                return Err(Diagnostic::validation(
                    statement.span,
                    "catalog.sql declares what there is, and this does not",
                )
                .hint("it takes CREATE of catalogs, databases, tables, views and functions, and USE"));
            }
        }
        match self.session.execute(text, statement)? {
            Outcome::Done { .. } => Ok(()),
            _ => Err(Diagnostic::validation(
                statement.span,
                "this statement declares nothing",
            )),
        }
    }

    /// Takes away what stands in the place of a table or view that is declared.
    fn make_room(&mut self, name: &ObjectName) -> Result<(), Diagnostic> {
        let path = self.session.catalog().resolve(name);
        self.name_once(
            name.span,
            vec![path.catalog.clone(), path.database.clone(), path.object.clone()],
        )?;
        let word = match self.session.catalog().permanent(&path) {
            None => return Ok(()),
            Some(CatalogObject::Table(_)) => "TABLE",
            Some(CatalogObject::View(_)) => "VIEW",
        };
        let dropped = execute(&mut self.session, &format!("DROP {word} {}", quoted(&path)));
        self.session.begin_script();
        dropped
    }

    /// Takes away a function in the place of one that is declared.
    fn make_room_for_function(&mut self, name: &ObjectName) -> Result<(), Diagnostic> {
        let path = self.session.catalog().function_path(name);
        self.name_once(
            name.span,
            vec![path.catalog.clone(), path.database.clone(), path.object.clone()],
        )?;
        if self.session.catalog().function(&path).is_none() {
            return Ok(());
        }
        let dropped = execute(&mut self.session, &format!("DROP FUNCTION {}", quoted(&path)));
        self.session.begin_script();
        dropped
    }

    fn name_once(&mut self, span: Span, path: Vec<String>) -> Result<(), Diagnostic> {
        let shown = path.join(".");
        if self.named.insert(path) {
            return Ok(());
        }
        Err(
            Diagnostic::validation(span, format!("'{shown}' is declared twice"))
                .hint("remove one of the two"),
        )
    }

    fn database_path(&self, name: &ObjectName) -> Vec<String> {
        let mut path: Vec<String> = name.parts.iter().map(|part| part.name.clone()).collect();
        if path.len() == 1 {
            path.insert(0, self.session.catalog().current_catalog().to_string());
        }
        path
    }

    /// The text with blanks where something stands that does not hold.
    fn checkable(&self, text: &str) -> String {
        let mut checkable = text.to_string();
        for (_, span) in &self.kept {
            let (start, end) = (span.start as usize, span.end as usize);
            let blank = |byte: u8| if byte == b'\n' { '\n' } else { ' ' };
            let blanks: String = text[start..end].bytes().map(blank).collect();
            checkable.replace_range(start..end, &blanks);
        }
        checkable
    }

    fn statements(&self) -> Vec<CatalogStatement> {
        let mut statements = plan::catalog_statements(&self.session);
        statements.retain(|statement| self.began_empty || self.named.contains(&statement.path));
        statements.extend(self.kept.iter().map(|(statement, _)| statement.clone()));
        statements
    }
}

fn quoted(path: &ObjectPath) -> String {
    [&path.catalog, &path.database, &path.object]
        .map(|part| sql::quote_identifier(part))
        .join(".")
}
