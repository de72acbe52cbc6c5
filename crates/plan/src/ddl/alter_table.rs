//! `ALTER TABLE`.
//!
//! A changed copy of the table is made whole and checked like a new one before it takes the old one's place.
//! Temporary tables cannot be altered, as in Flink.

use std::collections::HashSet;

use model::{Diagnostic, Span};
use sql::ast::{
    AlterElement, AlterTable, ColumnKind, ColumnPosition, Distribution, Ident, ObjectName, OptionEntry,
    TableElement, Text,
};

use super::create_table::add_option_places;
use super::elements;
use super::schema::{self, Places, nearest_column};
use crate::catalog::{CatalogObject, ObjectPath, Table, TableColumnKind};
use crate::session::{Environment, Outcome, Session};

pub fn execute(
    session: &mut Session,
    text: &str,
    name: &ObjectName,
    if_exists: bool,
    action: &AlterTable,
) -> Result<Outcome, Diagnostic> {
    super::check_parts(name)?;
    let path = session.catalog.resolve(name);
    let Some(old) = alterable(session, name, &path, if_exists)? else {
        return Ok(Outcome::done("no such table"));
    };
    if let AlterTable::RenameTo(to) = action {
        return rename(session, name, &path, to);
    }
    let env = session.environment();
    let mut table = old.clone();
    let mut places = Places::of(name.span);
    match action {
        // Renamed above.
        AlterTable::RenameTo(_) => {}
        AlterTable::RenameColumn { from, to } => rename_column(&mut table, from, to, &env)?,
        AlterTable::SetOptions(options) => set_options(&mut table, options, &env),
        AlterTable::ResetOptions(keys) => reset_options(&mut table, keys, name)?,
        AlterTable::Add(elements) => add(&mut table, elements, text, &mut places)?,
        AlterTable::Modify(elements) => modify(&mut table, elements, text, &mut places)?,
        AlterTable::DropColumns(columns) => drop_columns(&mut table, columns, &env)?,
        AlterTable::DropWatermark => match table.watermark.take() {
            Some(_) => {}
            None => return Err(missing(name.span, "watermark")),
        },
        AlterTable::DropPrimaryKey => match table.primary_key.take() {
            Some(_) => {}
            None => return Err(missing(name.span, "primary key")),
        },
        AlterTable::DropConstraint(constraint) => drop_constraint(&mut table, constraint)?,
        AlterTable::AddDistribution(distribution) => {
            if table.distribution.is_some() {
                return Err(
                    Diagnostic::validation(distribution.span, "the table is distributed already")
                        .hint("say MODIFY DISTRIBUTION, or DROP DISTRIBUTION first"),
                );
            }
            set_distribution(&mut table, distribution, &mut places);
        }
        AlterTable::ModifyDistribution(distribution) => {
            if table.distribution.is_none() {
                return Err(
                    Diagnostic::validation(distribution.span, "the table is not distributed")
                        .hint("say ADD DISTRIBUTION"),
                );
            }
            set_distribution(&mut table, distribution, &mut places);
        }
        AlterTable::DropDistribution => match table.distribution.take() {
            Some(_) => {}
            None => return Err(missing(name.span, "distribution")),
        },
    }
    if let Some(key) = table.primary_key.clone() {
        for column in &mut table.columns {
            if column.is_physical() && key.columns.contains(&column.name) {
                column.data_type.nullable = false;
            }
        }
    }
    schema::resolve(&mut table, &places, &env)?;
    session
        .catalog
        .replace(&path, CatalogObject::Table(table))
        .map_err(|fault| fault.or_at(name.span))?;
    Ok(Outcome::done("table changed"))
}

/// The permanent table to alter; `None` if there is none and that is allowed.
fn alterable<'a>(
    session: &'a Session,
    name: &ObjectName,
    path: &ObjectPath,
    if_exists: bool,
) -> Result<Option<&'a Table>, Diagnostic> {
    if session.catalog.is_temporary(path) {
        if if_exists {
            return Ok(None);
        }
        return Err(Diagnostic::validation(
            name.span,
            format!("'{path}' is temporary and cannot be altered"),
        )
        .hint("drop it and create it anew"));
    }
    match session.catalog.permanent(path) {
        Some(CatalogObject::Table(table)) => Ok(Some(table)),
        Some(CatalogObject::View(_)) => Err(Diagnostic::validation(
            name.span,
            format!("'{path}' is a view, not a table"),
        )
        .hint("use ALTER VIEW")),
        None if if_exists => Ok(None),
        None => Err(session.catalog.not_found("table", path).or_at(name.span)),
    }
}

fn rename(
    session: &mut Session,
    name: &ObjectName,
    path: &ObjectPath,
    to: &ObjectName,
) -> Result<Outcome, Diagnostic> {
    super::check_parts(to)?;
    let target = ObjectPath {
        catalog: path.catalog.clone(),
        database: path.database.clone(),
        object: session.catalog.resolve(to).object,
    };
    if to.parts.len() > 1 {
        let written = session.catalog.resolve(to);
        if (&written.catalog, &written.database) != (&path.catalog, &path.database) {
            return Err(Diagnostic::validation(
                to.span,
                "a table keeps its catalog and database when it is renamed",
            )
            .hint("create it there with LIKE instead"));
        }
    }
    session
        .catalog
        .rename(path, &target.object)
        .map_err(|fault| fault.or_at(to.span.to(name.span)))?;
    Ok(Outcome::done("table renamed"))
}

fn missing(at: Span, what: &str) -> Diagnostic {
    Diagnostic::validation(at, format!("the table has no {what}"))
}

fn set_distribution(table: &mut Table, distribution: &Distribution, places: &mut Places) {
    table.distribution = Some(elements::distribution(distribution, places));
}

fn set_options(table: &mut Table, options: &[OptionEntry], env: &Environment<'_>) {
    for entry in options {
        table
            .options
            .insert(entry.key.value.clone(), entry.value.value.clone());
        table.origin.options.remove(&entry.key.value);
    }
    if table.origin.script == env.script {
        add_option_places(&mut table.origin, options);
    }
}

fn reset_options(table: &mut Table, keys: &[Text], name: &ObjectName) -> Result<(), Diagnostic> {
    if keys.is_empty() {
        return Err(Diagnostic::validation(
            name.span,
            "RESET needs at least one option",
        ));
    }
    for key in keys {
        if key.value == "connector" {
            return Err(
                Diagnostic::validation(key.span, "option 'connector' cannot be reset")
                    .hint("a table needs a connector: SET another one"),
            );
        }
        table.options.shift_remove(&key.value);
        table.origin.options.remove(&key.value);
    }
    Ok(())
}

// -------------------------------------------------------------------------------------------- ADD, MODIFY

fn add(
    table: &mut Table,
    elements: &[AlterElement],
    text: &str,
    places: &mut Places,
) -> Result<(), Diagnostic> {
    check_named_once(elements)?;
    for AlterElement { element, position } in elements {
        match element {
            TableElement::Column(definition) => {
                let at = definition.name.span;
                if table.column(&definition.name.name).is_some() {
                    let message = format!("column '{}' already exists", definition.name.name);
                    return Err(Diagnostic::validation(at, message).hint("use MODIFY to change it"));
                }
                let column = elements::column(definition, text, places);
                let index = index_of(table, position.as_ref())?.unwrap_or(table.columns.len());
                table.columns.insert(index, column);
                if let ColumnKind::Physical {
                    primary_key: Some(key),
                    ..
                } = &definition.kind
                {
                    refuse_second_key(table, key.span)?;
                    let on = (definition.name.name.as_str(), at);
                    table.primary_key = Some(elements::primary_key(key, Some(on), places)?);
                }
            }
            TableElement::Watermark(definition) => {
                if table.watermark.is_some() {
                    return Err(
                        Diagnostic::validation(definition.span, "the table has a watermark already")
                            .hint("say MODIFY WATERMARK, or DROP WATERMARK first"),
                    );
                }
                table.watermark = Some(elements::watermark(definition, text, places)?);
            }
            TableElement::PrimaryKey(key) => {
                let declared = elements::primary_key(key, None, places)?;
                refuse_second_key(table, key.span)?;
                table.primary_key = Some(declared);
            }
        }
    }
    Ok(())
}

fn refuse_second_key(table: &Table, at: Span) -> Result<(), Diagnostic> {
    match &table.primary_key {
        None => Ok(()),
        Some(key) => {
            let message = format!(
                "the table has a primary key already: ({})",
                key.columns.join(", ")
            );
            Err(Diagnostic::validation(at, message).hint("DROP PRIMARY KEY first"))
        }
    }
}

fn modify(
    table: &mut Table,
    elements: &[AlterElement],
    text: &str,
    places: &mut Places,
) -> Result<(), Diagnostic> {
    check_named_once(elements)?;
    for AlterElement { element, position } in elements {
        match element {
            TableElement::Column(definition) => {
                let name = &definition.name.name;
                let Some(index) = table.columns.iter().position(|column| &column.name == name) else {
                    let message = format!("column '{name}' not found");
                    return Err(Diagnostic::validation(definition.name.span, message)
                        .maybe_hint(nearest_column(table, name)));
                };
                let mut column = elements::column(definition, text, places);
                if column.comment.is_none() {
                    column.comment = table.columns[index].comment.take();
                }
                if let ColumnKind::Physical {
                    primary_key: Some(key),
                    ..
                } = &definition.kind
                {
                    let on = (name.as_str(), definition.name.span);
                    let declared = elements::primary_key(key, Some(on), places)?;
                    table
                        .primary_key
                        .replace(declared)
                        .ok_or_else(|| missing(key.span, "primary key").hint("say ADD PRIMARY KEY"))?;
                }
                table.columns[index] = column;
                // Behind itself it stays where it is.
                let moves = !matches!(position, Some(ColumnPosition::After(after)) if &after.name == name);
                if let Some(position) = position.as_ref().filter(|_| moves) {
                    index_of(table, Some(position))?;
                    let column = table.columns.remove(index);
                    let to = index_of(table, Some(position))?.unwrap_or(table.columns.len());
                    table.columns.insert(to, column);
                }
            }
            TableElement::Watermark(definition) => {
                if table.watermark.is_none() {
                    return Err(missing(definition.span, "watermark").hint("say ADD WATERMARK"));
                }
                table.watermark = Some(elements::watermark(definition, text, places)?);
            }
            TableElement::PrimaryKey(key) => {
                let declared = elements::primary_key(key, None, places)?;
                if table.primary_key.is_none() {
                    return Err(missing(key.span, "primary key").hint("say ADD PRIMARY KEY"));
                }
                table.primary_key = Some(declared);
            }
        }
    }
    Ok(())
}

fn check_named_once(elements: &[AlterElement]) -> Result<(), Diagnostic> {
    let mut seen = HashSet::new();
    let mut keys = 0;
    let mut watermarks = 0;
    for AlterElement { element, .. } in elements {
        let twice = match element {
            TableElement::Column(column) => (!seen.insert(&column.name.name)).then(|| {
                let message = format!("column '{}' stands twice in the statement", column.name.name);
                Diagnostic::validation(column.name.span, message)
            }),
            TableElement::Watermark(watermark) => {
                watermarks += 1;
                (watermarks > 1).then(|| Diagnostic::validation(watermark.span, "a table has one watermark"))
            }
            TableElement::PrimaryKey(key) => {
                keys += 1;
                (keys > 1).then(|| Diagnostic::validation(key.span, "a table has one primary key"))
            }
        };
        if let Some(fault) = twice {
            return Err(fault);
        }
    }
    Ok(())
}

/// Where a column with this position goes; `None` without one.
fn index_of(table: &Table, position: Option<&ColumnPosition>) -> Result<Option<usize>, Diagnostic> {
    match position {
        None => Ok(None),
        Some(ColumnPosition::First) => Ok(Some(0)),
        Some(ColumnPosition::After(after)) => {
            match table.columns.iter().position(|column| column.name == after.name) {
                Some(index) => Ok(Some(index + 1)),
                None => Err(
                    Diagnostic::validation(after.span, format!("column '{}' not found", after.name))
                        .maybe_hint(nearest_column(table, &after.name)),
                ),
            }
        }
    }
}

// -------------------------------------------------------------------------------------------- DROP, RENAME

fn drop_constraint(table: &mut Table, constraint: &Ident) -> Result<(), Diagnostic> {
    match &table.primary_key {
        None => Err(missing(constraint.span, "primary key")),
        Some(key) if key.name == constraint.name => {
            table.primary_key = None;
            Ok(())
        }
        Some(key) => {
            let message = format!("constraint '{}' not found", constraint.name);
            Err(Diagnostic::validation(constraint.span, message)
                .hint(format!("the primary key is named '{}'", key.name)))
        }
    }
}

fn drop_columns(table: &mut Table, columns: &[Ident], env: &Environment<'_>) -> Result<(), Diagnostic> {
    let mut dropped: HashSet<&str> = HashSet::new();
    for column in columns {
        if !dropped.insert(&column.name) {
            let message = format!("column '{}' stands twice in the statement", column.name);
            return Err(Diagnostic::validation(column.span, message));
        }
    }
    for column in columns {
        check_unused(table, column, &dropped, env)?;
        let in_key = |key: &crate::catalog::TablePrimaryKey| key.columns.contains(&column.name);
        if table.primary_key.as_ref().is_some_and(in_key) {
            let message = format!("column '{}' is part of the primary key", column.name);
            return Err(Diagnostic::validation(column.span, message).hint("DROP PRIMARY KEY first"));
        }
    }
    table
        .columns
        .retain(|column| !dropped.contains(column.name.as_str()));
    Ok(())
}

fn rename_column(
    table: &mut Table,
    from: &Ident,
    to: &Ident,
    env: &Environment<'_>,
) -> Result<(), Diagnostic> {
    check_unused(table, from, &HashSet::new(), env)?;
    if table.column(&to.name).is_some() {
        let message = format!("column '{}' already exists", to.name);
        return Err(Diagnostic::validation(to.span, message));
    }
    for column in &mut table.columns {
        if column.name == from.name {
            column.name.clone_from(&to.name);
        }
    }
    for key in table.primary_key.iter_mut().flat_map(|key| &mut key.columns) {
        if *key == from.name {
            key.clone_from(&to.name);
        }
    }
    Ok(())
}

/// Refuses if something else in the table names the column: a computed column that stays, the watermark, the
/// partitions or the distribution.
fn check_unused(
    table: &Table,
    column: &Ident,
    leaving: &HashSet<&str>,
    env: &Environment<'_>,
) -> Result<(), Diagnostic> {
    let name = &column.name;
    let used = |by: String, hint: &str| {
        let message = format!("column '{name}' is used by {by}");
        Err(Diagnostic::validation(column.span, message).hint(hint))
    };
    if table.column(name).is_none() {
        return Err(
            Diagnostic::validation(column.span, format!("column '{name}' not found"))
                .maybe_hint(nearest_column(table, name)),
        );
    }
    let source = schema::source_fields(table);
    let names = |text: &str, fields: &[model::Field]| {
        let bound = schema::bind_text(text, None, column.span, "an expression", fields, env)?;
        let mut found = false;
        bound.visit_columns(&mut |index| found |= fields.get(index).is_some_and(|field| &field.name == name));
        Ok::<bool, Diagnostic>(found)
    };
    for other in &table.columns {
        if let TableColumnKind::Computed(expression) = &other.kind
            && !leaving.contains(other.name.as_str())
            && names(expression, &source)?
        {
            return used(
                format!("computed column '{}'", other.name),
                "change or drop that column first",
            );
        }
    }
    if table.partition_keys.contains(name) {
        return used(
            "the partitions".to_string(),
            "partitions cannot be changed: create the table anew",
        );
    }
    if let Some(watermark) = &table.watermark
        && (&watermark.column == name || names(&watermark.expression, &schema::all_fields(table))?)
    {
        return used("the watermark".to_string(), "DROP WATERMARK first");
    }
    if table
        .distribution
        .as_ref()
        .is_some_and(|distribution| distribution.columns.contains(name))
    {
        return used(
            "the distribution".to_string(),
            "change or drop the distribution first",
        );
    }
    Ok(())
}
