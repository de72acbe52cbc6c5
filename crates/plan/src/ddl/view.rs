//! `CREATE VIEW` and `ALTER VIEW`.

use std::collections::HashSet;

use model::{Diagnostic, Field, Schema};
use sql::ast::{AlterView, CreateView, Ident, ObjectName, Query};

use super::expand;
use crate::bind;
use crate::build;
use crate::catalog::{CatalogObject, CatalogStore, ObjectPath, Origin, View};
use crate::session::{Outcome, Session};
use crate::show;

pub fn create(session: &mut Session, text: &str, create: &CreateView) -> Result<Outcome, Diagnostic> {
    super::check_parts(&create.name)?;
    let path = session.catalog.resolve(&create.name);
    let mut view = view_of(session, text, &create.query, &create.columns, &create.name)?;
    view.comment = create.comment.as_ref().map(|comment| comment.value.clone());
    let free = session
        .catalog
        .check_free(&path, create.temporary, create.if_not_exists);
    free.map_err(|fault| fault.or_at(create.name.span))?;
    refuse_cycle(&session.catalog, &path, &create.query, &create.name)?;
    session
        .catalog
        .create(
            path,
            CatalogObject::View(view),
            create.temporary,
            create.if_not_exists,
        )
        .map_err(|fault| fault.or_at(create.name.span))?;
    Ok(Outcome::done("view created"))
}

pub fn alter(
    session: &mut Session,
    text: &str,
    name: &ObjectName,
    action: &AlterView,
) -> Result<Outcome, Diagnostic> {
    super::check_parts(name)?;
    let path = session.catalog.resolve(name);
    if session.catalog.is_temporary(&path) {
        return Err(Diagnostic::validation(
            name.span,
            format!("'{path}' is temporary and cannot be altered"),
        )
        .hint("drop it and create it anew"));
    }
    let comment = match session.catalog.permanent(&path) {
        Some(CatalogObject::View(view)) => view.comment.clone(),
        Some(CatalogObject::Table(_)) => {
            return Err(
                Diagnostic::validation(name.span, format!("'{path}' is a table, not a view"))
                    .hint("use ALTER TABLE"),
            );
        }
        None => return Err(session.catalog.not_found("view", &path).or_at(name.span)),
    };
    match action {
        AlterView::RenameTo(to) => {
            super::check_parts(to)?;
            let target = session.catalog.resolve(to);
            if (&target.catalog, &target.database) != (&path.catalog, &path.database) && to.parts.len() > 1 {
                return Err(Diagnostic::validation(
                    to.span,
                    "a view keeps its catalog and database when it is renamed",
                )
                .hint("create it there anew"));
            }
            let target = ObjectPath {
                object: target.object,
                ..path.clone()
            };
            if let Some(CatalogObject::View(view)) = session.catalog.permanent(&path)
                && let Ok(query) = sql::parse_query(&view.query)
            {
                refuse_cycle(&session.catalog, &target, &query, to)?;
            }
            session
                .catalog
                .rename(&path, &target.object)
                .map_err(|fault| fault.or_at(to.span))?;
            Ok(Outcome::done("view renamed"))
        }
        AlterView::As(query) => {
            let mut view = view_of(session, text, query, &[], name)?;
            view.comment = comment;
            refuse_cycle(&session.catalog, &path, query, name)?;
            session
                .catalog
                .replace(&path, CatalogObject::View(view))
                .map_err(|fault| fault.or_at(name.span))?;
            Ok(Outcome::done("view changed"))
        }
    }
}

fn view_of(
    session: &Session,
    text: &str,
    query: &Query,
    columns: &[Ident],
    name: &ObjectName,
) -> Result<View, Diagnostic> {
    let env = session.environment();
    let schema = bind::query_schema(query, &env)?;
    if columns.is_empty() {
        refuse_same_names(query, text, &session.catalog)?;
    }
    let named = renamed(&schema, columns, query)?;
    // As in Flink, a view is planned when it is made: options of its tables are wrong now, not later.
    if session.plans_views {
        build::query(query, &env)?;
    }
    let complete = expand::complete_names(query, text, &session.catalog);
    let shown = show::query_text(query, text, &session.catalog);
    let frozen = expand::star_expanded(query, text, &session.catalog).filter(|frozen| {
        let again = sql::parse_query(frozen).and_then(|query| bind::query_schema(&query, &env));
        again.is_ok_and(|again| again == schema)
    });
    Ok(View {
        shown: shown.unwrap_or_else(|| complete.clone()),
        query: frozen.unwrap_or(complete),
        schema: named,
        original: query.span.text(text).to_string(),
        comment: None,
        origin: Origin {
            script: session.script,
            name: name.span,
            ..Origin::default()
        },
    })
}

/// The binder gives columns of one name different ones; a view asks for it.
fn refuse_same_names(query: &Query, text: &str, catalog: &CatalogStore) -> Result<(), Diagnostic> {
    let names = show::query_columns(query, text, catalog).unwrap_or_default();
    let mut seen = HashSet::new();
    match names.iter().find(|name| !seen.insert(name.as_str())) {
        None => Ok(()),
        Some(name) => Err(
            Diagnostic::validation(query.span, format!("the view has column '{name}' twice"))
                .hint("rename one with AS, or name the view's columns: CREATE VIEW v (a, b) AS ..."),
        ),
    }
}

/// The columns under the names that the view gives them.
fn renamed(schema: &Schema, columns: &[Ident], query: &Query) -> Result<Schema, Diagnostic> {
    if !columns.is_empty() && columns.len() != schema.len() {
        let at = columns[0].span.to(columns[columns.len() - 1].span);
        let message = format!(
            "the view names {} columns but its query gives {}",
            columns.len(),
            schema.len()
        );
        let given: Vec<&str> = schema.names().collect();
        return Err(Diagnostic::validation(at, message).hint(format!("the query gives {}", given.join(", "))));
    }
    let mut seen = HashSet::new();
    let mut fields = Vec::with_capacity(schema.len());
    for (index, field) in schema.fields.iter().enumerate() {
        let (name, at) = match columns.get(index) {
            Some(column) => (&column.name, column.span),
            None => (&field.name, query.span),
        };
        if !seen.insert(name) {
            return Err(
                Diagnostic::validation(at, format!("the view has column '{name}' twice"))
                    .hint("rename one with AS"),
            );
        }
        fields.push(Field::new(name, field.data_type.clone()).with_time_attribute(field.time_attribute));
    }
    Ok(Schema::new(fields))
}

/// Refuses a view at `path` that would read itself, directly or through other views.
fn refuse_cycle(
    catalog: &CatalogStore,
    path: &ObjectPath,
    query: &Query,
    name: &ObjectName,
) -> Result<(), Diagnostic> {
    let mut pending: Vec<ObjectPath> = Vec::new();
    expand::visit_tables(query, &mut |table| pending.push(catalog.resolve(table)));
    let mut seen = HashSet::new();
    while let Some(next) = pending.pop() {
        if &next == path {
            let message = format!("view '{}' would read itself", path.object);
            return Err(Diagnostic::validation(name.span, message));
        }
        if !seen.insert(next.clone()) {
            continue;
        }
        if let Some(CatalogObject::View(view)) = catalog.get(&next)
            && let Ok(inner) = sql::parse_query(&view.query)
        {
            expand::visit_tables(&inner, &mut |table| pending.push(catalog.resolve(table)));
        }
    }
    Ok(())
}
