//! SHOW CREATE: the statement that makes an object again, in Flink's layout.

use indexmap::IndexMap;
use model::{DataType, Diagnostic, TypeKind};
use sql::ast::{Ident, ObjectName};

use super::{extras, one_text, unparse};
use crate::catalog::{
    Catalog, CatalogObject, Database, ObjectPath, Table, TableColumn, TableColumnKind, TableDistribution,
    View,
};
use crate::ddl::check_parts;
use crate::session::{Outcome, Session};

pub fn table(session: &Session, name: &ObjectName) -> Result<Outcome, Diagnostic> {
    check_parts(name)?;
    let path = session.catalog.resolve(name);
    match session.catalog.get(&path) {
        Some(CatalogObject::Table(table)) => Ok(one_text(table_text(
            &path,
            table,
            session.catalog.is_temporary(&path),
        ))),
        Some(CatalogObject::View(_)) => Err(Diagnostic::validation(
            name.span,
            format!("'{path}' is a view, not a table"),
        )
        .hint("use SHOW CREATE VIEW")),
        None => Err(session.catalog.not_found("table", &path).or_at(name.span)),
    }
}

pub fn view(session: &Session, name: &ObjectName) -> Result<Outcome, Diagnostic> {
    check_parts(name)?;
    let path = session.catalog.resolve(name);
    let view = match session.catalog.get(&path) {
        Some(CatalogObject::View(view)) => view,
        Some(CatalogObject::Table(_)) => {
            return Err(
                Diagnostic::validation(name.span, format!("'{path}' is a table, not a view"))
                    .hint("use SHOW CREATE TABLE"),
            );
        }
        None => return Err(session.catalog.not_found("view", &path).or_at(name.span)),
    };
    let temporary = session.catalog.is_temporary(&path);
    Ok(one_text(view_text(&path, view, &view.shown, temporary)))
}

pub fn catalog(session: &Session, name: &Ident) -> Result<Outcome, Diagnostic> {
    let catalog = session
        .catalog
        .catalog(&name.name)
        .map_err(|fault| fault.or_at(name.span))?;
    if catalog.options.is_empty() {
        let message = format!("catalog '{}' was not made by a statement", name.name);
        return Err(Diagnostic::validation(name.span, message));
    }
    Ok(one_text(catalog_text(&name.name, catalog)))
}

pub fn catalog_text(name: &str, catalog: &Catalog) -> String {
    let mut text = format!("CREATE CATALOG {}\n", sql::quote_identifier(name));
    push_comment(&mut text, catalog.comment.as_deref());
    push_options(&mut text, &catalog.options);
    text
}

/// Flink has no SHOW CREATE DATABASE. It may be there already: catalogs begin with one.
pub fn database_text(catalog: &str, name: &str, database: &Database) -> String {
    let path = [catalog, name].map(sql::quote_identifier).join(".");
    let mut text = format!("CREATE DATABASE IF NOT EXISTS {path}\n");
    push_comment(&mut text, database.comment.as_deref());
    push_options(&mut text, &database.options);
    text
}

pub fn view_text(path: &ObjectPath, view: &View, query: &str, temporary: bool) -> String {
    let columns: Vec<String> = view
        .schema
        .names()
        .map(|name| format!("  {}", sql::quote_identifier(name)))
        .collect();
    let mut text = head("VIEW", path, temporary);
    text.push_str(&columns.join(",\n"));
    text.push_str("\n)\n");
    push_comment(&mut text, view.comment.as_deref());
    text.push_str(&format!("AS {query}\n"));
    text
}

pub fn table_text(path: &ObjectPath, table: &Table, temporary: bool) -> String {
    let mut lines: Vec<String> = table.columns.iter().map(column).collect();
    if let Some(watermark) = &table.watermark {
        lines.push(format!(
            "  WATERMARK FOR {} AS {}",
            sql::quote_identifier(&watermark.column),
            unparse::text(&watermark.expression)
        ));
    }
    if let Some(key) = &table.primary_key {
        lines.push(format!(
            "  CONSTRAINT {} PRIMARY KEY ({}) NOT ENFORCED",
            sql::quote_identifier(&key.name),
            quoted(&key.columns)
        ));
    }
    let mut text = head("TABLE", path, temporary);
    text.push_str(&lines.join(",\n"));
    text.push_str("\n)\n");
    push_comment(&mut text, table.comment.as_deref());
    if let Some(distribution) = &table.distribution {
        text.push_str(&distribution_text(distribution));
        text.push('\n');
    }
    if !table.partition_keys.is_empty() {
        text.push_str(&format!("PARTITIONED BY ({})\n", quoted(&table.partition_keys)));
    }
    push_options(&mut text, &table.options);
    text
}

fn head(what: &str, path: &ObjectPath, temporary: bool) -> String {
    let temporary = if temporary { "TEMPORARY " } else { "" };
    let name = [&path.catalog, &path.database, &path.object]
        .map(|part| sql::quote_identifier(part))
        .join(".");
    format!("CREATE {temporary}{what} {name} (\n")
}

fn column(column: &TableColumn) -> String {
    let mut text = format!("  {}", sql::quote_identifier(&column.name));
    if !matches!(column.kind, TableColumnKind::Computed(_)) {
        text.push(' ');
        text.push_str(&type_text(&column.data_type));
    }
    if let Some(extras) = extras(&column.kind) {
        text.push(' ');
        text.push_str(&extras);
    }
    if let Some(comment) = column.comment.as_deref().filter(|comment| !comment.is_empty()) {
        text.push_str(&format!(" COMMENT '{}'", comment.replace('\'', "''")));
    }
    text
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| sql::quote_identifier(name)).collect();
    names.join(", ")
}

fn push_comment(text: &mut String, comment: Option<&str>) {
    if let Some(comment) = comment.filter(|comment| !comment.is_empty()) {
        text.push_str(&format!("COMMENT '{}'\n", comment.replace('\'', "''")));
    }
}

/// Options by the order of their keys.
fn push_options(text: &mut String, options: &IndexMap<String, String>) {
    if options.is_empty() {
        return;
    }
    let mut lines: Vec<(&String, String)> = options
        .iter()
        .map(|(key, value)| {
            let (quoted_key, value) = (key.replace('\'', "''"), value.replace('\'', "''"));
            (key, format!("  '{quoted_key}' = '{value}'"))
        })
        .collect();
    lines.sort_by(|a, b| a.0.cmp(b.0));
    let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    text.push_str(&format!("WITH (\n{}\n)\n", lines.join(",\n")));
}

fn distribution_text(distribution: &TableDistribution) -> String {
    let mut text = "DISTRIBUTED".to_string();
    if !distribution.columns.is_empty() {
        let kind = &distribution.kind;
        text.push_str(&format!(" BY {kind}({})", quoted(&distribution.columns)));
    }
    if let Some(buckets) = distribution.buckets {
        text.push_str(&format!(" INTO {buckets} BUCKETS"));
    }
    text
}

/// Flink's form of a type for storage: like the summary, but with every length and long names.
fn type_text(data_type: &DataType) -> String {
    let kind = match &data_type.kind {
        TypeKind::Varchar(length) => format!("VARCHAR({length})"),
        TypeKind::Varbinary(length) => format!("VARBINARY({length})"),
        TypeKind::TimestampLtz(precision) => format!("TIMESTAMP({precision}) WITH LOCAL TIME ZONE"),
        TypeKind::Array(element) => format!("ARRAY<{}>", type_text(element)),
        TypeKind::Multiset(element) => format!("MULTISET<{}>", type_text(element)),
        TypeKind::Map(key, value) => format!("MAP<{}, {}>", type_text(key), type_text(value)),
        TypeKind::Row(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| {
                    let name = sql::quote_identifier(&field.name);
                    format!("{name} {}", type_text(&field.data_type))
                })
                .collect();
            format!("ROW<{}>", fields.join(", "))
        }
        other => other.to_string(),
    };
    if data_type.nullable {
        kind
    } else {
        format!("{kind} NOT NULL")
    }
}
