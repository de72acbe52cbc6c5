//! Statements that change catalogs: each checks everything first and then changes one thing.

mod alter_table;
mod as_select;
mod create_table;
mod database;
mod elements;
mod expand;
mod function;
mod like;
mod schema;
mod view;

use model::Diagnostic;
use sql::ast::{ObjectName, StatementKind};

use crate::session::{Outcome, Session};

/// Executes a statement that defines something; `None` if it is of another sort.
pub fn execute(
    session: &mut Session,
    text: &str,
    statement: &StatementKind,
) -> Option<Result<Outcome, Diagnostic>> {
    let outcome = match statement {
        StatementKind::CreateTable(create) => create_table::execute(session, text, create),
        StatementKind::AlterTable {
            name,
            if_exists,
            action,
        } => alter_table::execute(session, text, name, *if_exists, action),
        StatementKind::CreateView(create) => view::create(session, text, create),
        StatementKind::AlterView { name, action } => view::alter(session, text, name, action),
        StatementKind::DropTable {
            name,
            temporary,
            if_exists,
        } => drop_object(session, name, true, *temporary, *if_exists),
        StatementKind::DropView {
            name,
            temporary,
            if_exists,
        } => drop_object(session, name, false, *temporary, *if_exists),
        StatementKind::CreateCatalog { .. }
        | StatementKind::DropCatalog { .. }
        | StatementKind::CreateDatabase { .. }
        | StatementKind::DropDatabase { .. }
        | StatementKind::AlterDatabase { .. }
        | StatementKind::UseCatalog(_)
        | StatementKind::UseDatabase(_) => return database::execute(session, statement),
        StatementKind::CreateFunction(create) => function::create(session, text, create),
        StatementKind::DropFunction {
            name,
            temporary,
            system,
            if_exists,
        } => function::drop(session, name, *temporary, *system, *if_exists),
        _ => return None,
    };
    Some(outcome)
}

fn drop_object(
    session: &mut Session,
    name: &ObjectName,
    is_table: bool,
    temporary: bool,
    if_exists: bool,
) -> Result<Outcome, Diagnostic> {
    check_parts(name)?;
    let path = session.catalog.resolve(name);
    session
        .catalog
        .drop(&path, is_table, temporary, if_exists)
        .map_err(|fault| fault.or_at(name.span))?;
    Ok(Outcome::done(if is_table {
        "table dropped"
    } else {
        "view dropped"
    }))
}

/// A table or a view is named by at most three parts, none of them empty.
pub fn check_parts(name: &ObjectName) -> Result<(), Diagnostic> {
    if name.parts.is_empty() || name.parts.len() > 3 {
        return Err(Diagnostic::validation(name.span, "a name has one to three parts")
            .hint("write catalog.database.name, database.name, or name"));
    }
    match name.parts.iter().find(|part| part.name.trim().is_empty()) {
        Some(blank) => Err(Diagnostic::validation(blank.span, "a name must not be blank")),
        None => Ok(()),
    }
}
