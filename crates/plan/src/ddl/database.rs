//! Catalogs and databases: CREATE, DROP, ALTER, USE.

use indexmap::IndexMap;
use model::suggest::did_you_mean;
use model::{Diagnostic, Span};
use sql::ast::{Ident, ObjectName, OptionEntry, StatementKind, Text};

use crate::catalog::{Catalog, Database};
use crate::session::{Outcome, Session};

/// The only kind of catalog that keeps its objects here.
const IN_MEMORY: &str = "generic_in_memory";
const TYPE: &str = "type";
const DEFAULT_DATABASE: &str = "default-database";
/// The database of a new catalog that names none.
const DATABASE_OF_NEW_CATALOGS: &str = "default";

pub fn execute(session: &mut Session, statement: &StatementKind) -> Option<Result<Outcome, Diagnostic>> {
    let outcome = match statement {
        StatementKind::CreateCatalog {
            name,
            if_not_exists,
            comment,
            options,
        } => create_catalog(session, name, *if_not_exists, comment.as_ref(), options),
        StatementKind::DropCatalog { name, if_exists } => done(
            session.catalog.drop_catalog(&name.name, *if_exists),
            name.span,
            "catalog dropped",
        ),
        StatementKind::UseCatalog(name) => done(
            session.catalog.use_catalog(&name.name),
            name.span,
            "catalog changed",
        ),
        StatementKind::CreateDatabase {
            name,
            if_not_exists,
            comment,
            options,
        } => create_database(session, name, *if_not_exists, comment.as_ref(), options),
        StatementKind::DropDatabase {
            name,
            if_exists,
            cascade,
        } => session.database_of(name).and_then(|(catalog, database)| {
            let dropped = session
                .catalog
                .drop_database(&catalog, &database, *if_exists, *cascade);
            done(dropped, name.span, "database dropped")
        }),
        StatementKind::AlterDatabase { name, options } => alter_database(session, name, options),
        StatementKind::UseDatabase(name) => session.database_of(name).and_then(|(catalog, database)| {
            let used = session.catalog.use_database(Some(&catalog), &database);
            done(used, name.span, "database changed")
        }),
        _ => return None,
    };
    Some(outcome)
}

fn done(result: Result<(), Diagnostic>, at: Span, message: &str) -> Result<Outcome, Diagnostic> {
    match result {
        Ok(()) => Ok(Outcome::done(message)),
        Err(fault) => Err(fault.or_at(at)),
    }
}

fn create_catalog(
    session: &mut Session,
    name: &Ident,
    if_not_exists: bool,
    comment: Option<&Text>,
    entries: &[OptionEntry],
) -> Result<Outcome, Diagnostic> {
    if if_not_exists && session.catalog.catalog(&name.name).is_ok() {
        return Ok(Outcome::done("catalog exists"));
    }
    let Some(kind) = entries.iter().rev().find(|entry| entry.key.value == TYPE) else {
        return Err(
            Diagnostic::validation(name.span, "a catalog needs the option 'type'")
                .hint(format!("add WITH ('{TYPE}' = '{IN_MEMORY}')")),
        );
    };
    if kind.value.value != IN_MEMORY {
        let message = format!("catalog type '{}' not found", kind.value.value);
        let hint = did_you_mean(&kind.value.value, [IN_MEMORY])
            .unwrap_or_else(|| format!("known types: {IN_MEMORY}"));
        return Err(Diagnostic::validation(kind.value.span, message).hint(hint));
    }
    for entry in entries {
        let key = &entry.key.value;
        if key != TYPE && key != DEFAULT_DATABASE {
            let message = format!("option '{key}' is not known to catalogs of type '{IN_MEMORY}'");
            return Err(Diagnostic::validation(entry.key.span, message)
                .maybe_hint(did_you_mean(key, [DEFAULT_DATABASE])));
        }
    }
    let options = option_map(entries);
    let default_database = options
        .get(DEFAULT_DATABASE)
        .map_or(DATABASE_OF_NEW_CATALOGS, String::as_str);
    let catalog = Catalog {
        comment: comment.map(|comment| comment.value.clone()),
        options: options.clone(),
        ..Catalog::in_memory(default_database)
    };
    let created = session.catalog.create_catalog(&name.name, catalog, if_not_exists);
    done(created, name.span, "catalog created")
}

fn create_database(
    session: &mut Session,
    name: &ObjectName,
    if_not_exists: bool,
    comment: Option<&Text>,
    options: &[OptionEntry],
) -> Result<Outcome, Diagnostic> {
    let (catalog, database) = session.database_of(name)?;
    let content = Database {
        options: option_map(options),
        comment: comment.map(|comment| comment.value.clone()),
        ..Database::default()
    };
    let created = session
        .catalog
        .create_database(&catalog, &database, content, if_not_exists);
    done(created, name.span, "database created")
}

fn alter_database(
    session: &mut Session,
    name: &ObjectName,
    options: &[OptionEntry],
) -> Result<Outcome, Diagnostic> {
    let (catalog, database) = session.database_of(name)?;
    let content = session
        .catalog
        .database_mut(&catalog, &database)
        .map_err(|fault| fault.or_at(name.span))?;
    content.options.extend(option_map(options));
    Ok(Outcome::done("database changed"))
}

fn option_map(entries: &[OptionEntry]) -> IndexMap<String, String> {
    entries
        .iter()
        .map(|entry| (entry.key.value.clone(), entry.value.value.clone()))
        .collect()
}
