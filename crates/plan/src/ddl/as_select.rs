//! `CREATE TABLE ... AS SELECT`: a table made for a query, and the job that fills it.
//!
//! If the job cannot be planned the table is not made either.

use indexmap::IndexMap;
use model::{Diagnostic, Field, Schema, Span};
use sql::ast::{ColumnDefinition, CreateTable, Ident, Insert, Query, TableElement};

use super::create_table::{
    columns, declared_key, make_key_not_null, merged_options, origin, partition_names,
};
use super::elements;
use super::like::Strategies;
use super::schema::{self, Places};
use crate::bind;
use crate::build;
use crate::catalog::{CatalogObject, ObjectPath, Table, TableColumn, TableColumnKind};
use crate::session::{Environment, Outcome, Session};

pub fn execute(
    session: &mut Session,
    text: &str,
    create: &CreateTable,
    query: &Query,
    path: ObjectPath,
) -> Result<Outcome, Diagnostic> {
    if create.temporary {
        return Err(Diagnostic::validation(
            create.name.span,
            "CREATE TABLE AS SELECT cannot make a temporary table",
        )
        .hint("create it first, then INSERT INTO it"));
    }
    let env = session.environment();
    let source = bind::query_schema(query, &env)?;
    let table = selected(create, text, query, &source, &env)?;
    let existed = session.catalog.permanent(&path).is_some();
    session
        .catalog
        .create(
            path.clone(),
            CatalogObject::Table(table),
            false,
            create.if_not_exists,
        )
        .map_err(|fault| fault.or_at(create.name.span))?;
    let insert = Insert {
        table: create.name.clone(),
        overwrite: false,
        hints: Vec::new(),
        partition: Vec::new(),
        columns: source
            .names()
            .map(|name| Ident {
                name: name.to_string(),
                quoted: true,
                span: query.span,
            })
            .collect(),
        query: query.clone(),
        on_conflict: None,
        span: create.name.span.to(query.span),
    };
    match build::inserts(std::slice::from_ref(&insert), &session.environment()) {
        Ok(graph) => Ok(Outcome::Insert(graph)),
        Err(fault) => {
            if !existed {
                // A table that was just made is there to be taken away.
                let _ = session.catalog.drop(&path, true, false, true);
            }
            Err(fault)
        }
    }
}

/// The table that takes what the query gives: declared columns first, then those of the query, whose types a
/// declaration of the same name changes.
fn selected(
    create: &CreateTable,
    text: &str,
    query: &Query,
    source: &Schema,
    env: &Environment<'_>,
) -> Result<Table, Diagnostic> {
    let mut places = Places::of(create.name.span);
    let key = declared_key(&create.elements, &mut places)?;
    let mut from_query: IndexMap<String, TableColumn> = IndexMap::new();
    for field in &source.fields {
        let column = TableColumn {
            name: field.name.clone(),
            data_type: field.data_type.clone(),
            kind: TableColumnKind::Physical,
            comment: None,
        };
        if from_query.insert(field.name.clone(), column).is_some() {
            let message = format!("the query gives column '{}' twice", field.name);
            return Err(Diagnostic::validation(query.span, message).hint("rename one with AS"));
        }
    }
    if !create.column_order.is_empty() {
        from_query = reordered(&create.column_order, from_query, create.name.span)?;
    }
    let mut visible: Vec<Field> = source
        .fields
        .iter()
        .map(|field| Field::new(&field.name, field.data_type.clone()))
        .collect();
    let mut first: IndexMap<String, TableColumn> = IndexMap::new();
    for definition in columns(&create.elements) {
        let mut column = elements::column(definition, text, &mut places);
        make_key_not_null(&mut column, key.as_ref());
        let at = definition.name.span;
        if let TableColumnKind::Computed(expression) = &column.kind {
            let place = places.expressions.get(&column.name).copied();
            let bound = schema::bind_text(expression, place, at, "computed column", &visible, env)?;
            column.data_type = bound.data_type();
        }
        visible.retain(|field| field.name != column.name);
        visible.push(Field::new(&column.name, column.data_type.clone()));
        let name = column.name.clone();
        if first.contains_key(&name) {
            return Err(Diagnostic::validation(
                at,
                format!("column '{name}' is declared twice"),
            ));
        }
        if from_query.contains_key(&name) {
            check_takes_query(definition, &column)?;
            from_query.insert(name, column);
        } else {
            first.insert(name, column);
        }
    }
    let mut watermark = None;
    for element in &create.elements {
        if let TableElement::Watermark(definition) = element {
            watermark = Some(elements::watermark(definition, text, &mut places)?);
        }
    }
    let mut table = Table {
        columns: first.into_values().chain(from_query.into_values()).collect(),
        watermark,
        primary_key: key,
        partition_keys: partition_names(&create.partitioned_by, &mut places),
        options: merged_options(create, None, &Strategies::default())?,
        comment: create.comment.as_ref().map(|comment| comment.value.clone()),
        distribution: create
            .distribution
            .as_ref()
            .map(|distribution| elements::distribution(distribution, &mut places)),
        origin: origin(create, None, env),
    };
    schema::resolve(&mut table, &places, env)?;
    Ok(table)
}

/// A column that the query fills must be one that can be written.
fn check_takes_query(definition: &ColumnDefinition, column: &TableColumn) -> Result<(), Diagnostic> {
    let what = match &column.kind {
        TableColumnKind::Computed(_) => "computed",
        TableColumnKind::Metadata { is_virtual: true, .. } => "virtual metadata",
        _ => return Ok(()),
    };
    let message = format!(
        "the query gives column '{}', which a {what} column cannot take",
        column.name
    );
    Err(Diagnostic::validation(definition.name.span, message)
        .hint("rename one of them, or leave the column out"))
}

fn reordered(
    order: &[Ident],
    mut from_query: IndexMap<String, TableColumn>,
    at: Span,
) -> Result<IndexMap<String, TableColumn>, Diagnostic> {
    let mut columns = IndexMap::new();
    for name in order {
        let Some(column) = from_query.shift_remove(&name.name) else {
            let message = format!("column '{}' is not among those that the query gives", name.name);
            let names = from_query.keys().map(String::as_str);
            return Err(Diagnostic::validation(name.span, message)
                .maybe_hint(model::suggest::did_you_mean(&name.name, names)));
        };
        columns.insert(name.name.clone(), column);
    }
    match from_query.keys().next() {
        None => Ok(columns),
        Some(missing) => {
            let message = format!("the list of columns leaves out '{missing}', which the query gives");
            Err(
                Diagnostic::validation(order.first().map_or(at, |name| name.span), message)
                    .hint("name every column of the query"),
            )
        }
    }
}
