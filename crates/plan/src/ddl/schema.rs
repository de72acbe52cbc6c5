//! Makes a declared table whole: types of computed columns, and the rules that tie columns, watermark, keys and
//! partitions together.
//!
//! CREATE and ALTER end here, so that whatever stands in a catalog has passed the same checks, those of Flink's
//! `DefaultSchemaResolver`.

use std::collections::{HashMap, HashSet};

use graph::Expr;
use model::suggest::did_you_mean;
use model::{DataType, Diagnostic, ErrorKind, Field, Span, TimeAttribute, TypeKind};

use crate::bind::{self, Scope};
use crate::catalog::{Table, TableColumn, TableColumnKind};
use crate::session::Environment;

/// Event times are kept in milliseconds.
pub const TIME_PRECISION_MAX: u8 = 3;

/// Where the parts of a table stand in the statement at hand; what is not there was declared earlier.
#[derive(Debug, Default)]
pub struct Places {
    pub statement: Span,
    pub columns: HashMap<String, Span>,
    /// The expression of a computed column.
    pub expressions: HashMap<String, Span>,
    pub watermark_column: Option<Span>,
    pub watermark_expression: Option<Span>,
    pub key_columns: HashMap<String, Span>,
    pub partition_columns: HashMap<String, Span>,
    pub distribution: Option<Span>,
}

impl Places {
    pub fn of(statement: Span) -> Places {
        Places {
            statement,
            ..Places::default()
        }
    }

    fn column(&self, name: &str) -> Span {
        self.columns.get(name).copied().unwrap_or(self.statement)
    }
}

/// Checks the table and fills in the types of its computed columns.
pub fn resolve(table: &mut Table, places: &Places, env: &Environment<'_>) -> Result<(), Diagnostic> {
    check_duplicates(table, places)?;
    check_metadata_keys(table, places)?;
    let source = source_fields(table);
    for index in 0..table.columns.len() {
        let column = &table.columns[index];
        let TableColumnKind::Computed(expression) = &column.kind else {
            continue;
        };
        let what = format!("computed column '{}'", column.name);
        let place = places.expressions.get(&column.name).copied();
        let bound = bind_text(
            expression,
            place,
            places.column(&column.name),
            &what,
            &source,
            env,
        )?;
        table.columns[index].data_type = bound.data_type();
    }
    check_watermark(table, places, env)?;
    check_primary_key(table, places)?;
    check_partitions(table, places)?;
    check_distribution(table, places)
}

/// What a computed column may refer to: every column that is not computed.
pub fn source_fields(table: &Table) -> Vec<Field> {
    table
        .columns
        .iter()
        .filter(|column| !matches!(column.kind, TableColumnKind::Computed(_)))
        .map(|column| Field::new(&column.name, column.data_type.clone()))
        .collect()
}

/// What a watermark may refer to: every column.
pub fn all_fields(table: &Table) -> Vec<Field> {
    let proctime = |column: &TableColumn| column.is_proctime().then_some(TimeAttribute::Proctime);
    table
        .columns
        .iter()
        .map(|column| {
            Field::new(&column.name, column.data_type.clone()).with_time_attribute(proctime(column))
        })
        .collect()
}

/// Binds an expression that is kept as text. A fault is told at its exact place if the text stands at `place` in
/// the statement at hand, else at `otherwise`, saying `what` it lies in.
pub fn bind_text(
    text: &str,
    place: Option<Span>,
    otherwise: Span,
    what: &str,
    fields: &[Field],
    env: &Environment<'_>,
) -> Result<Expr, Diagnostic> {
    let bound = sql::parse_expression(text)
        .and_then(|expression| bind::expression(&expression, &Scope::of_columns(fields), env));
    bound.map_err(|mut fault| {
        match (place, fault.span) {
            (Some(place), Some(span)) => {
                fault.span = Some(Span {
                    start: place.start + span.start,
                    end: place.start + span.end,
                });
            }
            (Some(place), None) => fault.span = Some(place),
            (None, _) => {
                fault.span = Some(otherwise);
                fault.message = format!("{what} does not fit any more: {}", fault.message);
            }
        }
        // A text that parsed once parses again, so that a fault found here is one of meaning.
        fault.kind = ErrorKind::Validation;
        fault
    })
}

fn check_duplicates(table: &Table, places: &Places) -> Result<(), Diagnostic> {
    let mut seen = HashSet::new();
    for column in &table.columns {
        if !seen.insert(column.name.as_str()) {
            let message = format!("column '{}' is declared twice", column.name);
            return Err(Diagnostic::validation(places.column(&column.name), message));
        }
    }
    Ok(())
}

/// A metadata key feeds one column; without a key it is the column's name.
fn check_metadata_keys(table: &Table, places: &Places) -> Result<(), Diagnostic> {
    let mut columns: HashMap<&str, &str> = HashMap::new();
    for column in &table.columns {
        let TableColumnKind::Metadata { key, .. } = &column.kind else {
            continue;
        };
        let key = key.as_ref().unwrap_or(&column.name);
        if let Some(first) = columns.insert(key, &column.name) {
            let message = format!(
                "columns '{first}' and '{}' are both from the metadata key '{key}'",
                column.name
            );
            return Err(
                Diagnostic::validation(places.column(&column.name), message).hint(format!(
                    "make the second one a computed column: {} AS {}",
                    sql::quote_identifier(&column.name),
                    sql::quote_identifier(first)
                )),
            );
        }
    }
    Ok(())
}

fn check_watermark(table: &Table, places: &Places, env: &Environment<'_>) -> Result<(), Diagnostic> {
    let Some(watermark) = &table.watermark else {
        return Ok(());
    };
    let at = places
        .watermark_column
        .unwrap_or_else(|| places.column(&watermark.column));
    let Some(column) = table.column(&watermark.column) else {
        let message = format!("watermark column '{}' not found", watermark.column);
        return Err(Diagnostic::validation(at, message).maybe_hint(nearest_column(table, &watermark.column)));
    };
    if column.is_proctime() {
        return Err(Diagnostic::validation(at, "a processing time needs no watermark")
            .hint("put the watermark on a column that holds the time of the event"));
    }
    if !is_event_time(&column.data_type) {
        let message = format!(
            "watermark column '{}' must be TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p from 0 to 3, but it is {}",
            column.name, column.data_type.kind
        );
        return Err(Diagnostic::validation(at, message).hint(event_time_hint(column)));
    }
    let place = places.watermark_expression;
    let bound = bind_text(
        &watermark.expression,
        place,
        at,
        "the watermark",
        &all_fields(table),
        env,
    )?;
    let expression_type = bound.data_type();
    let expression_place = place.unwrap_or(at);
    if !is_event_time(&expression_type) {
        let message = format!(
            "a watermark must be TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p from 0 to 3, but this is {expression_type}"
        );
        return Err(Diagnostic::validation(expression_place, message).hint(format!(
            "subtract how late rows may be: {} - INTERVAL '5' SECOND",
            sql::quote_identifier(&column.name)
        )));
    }
    let is_local = |data_type: &DataType| matches!(data_type.kind, TypeKind::TimestampLtz(_));
    // That of the source itself is of whatever type the column is.
    let of_source = bound.calls("SOURCE_WATERMARK");
    if !of_source && is_local(&expression_type) != is_local(&column.data_type) {
        let message = format!(
            "the watermark is {} but its column '{}' is {}",
            expression_type.kind, column.name, column.data_type.kind
        );
        return Err(Diagnostic::validation(expression_place, message).hint("cast it to the column's type"));
    }
    Ok(())
}

fn is_event_time(data_type: &DataType) -> bool {
    matches!(
        data_type.kind,
        TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision) if precision <= TIME_PRECISION_MAX
    )
}

fn event_time_hint(column: &TableColumn) -> String {
    let name = sql::quote_identifier(&column.name);
    let computed = match &column.data_type.kind {
        TypeKind::Timestamp(_) => format!("CAST({name} AS TIMESTAMP(3))"),
        TypeKind::TimestampLtz(_) => format!("CAST({name} AS TIMESTAMP_LTZ(3))"),
        TypeKind::Int | TypeKind::BigInt => format!("TO_TIMESTAMP_LTZ({name}, 3)"),
        _ => format!("TO_TIMESTAMP({name})"),
    };
    format!("add a computed column such as `time` AS {computed} and put the watermark on it")
}

fn check_primary_key(table: &Table, places: &Places) -> Result<(), Diagnostic> {
    let Some(key) = &table.primary_key else {
        return Ok(());
    };
    let mut seen = HashSet::new();
    for name in &key.columns {
        let at = places
            .key_columns
            .get(name)
            .copied()
            .unwrap_or_else(|| places.column(name));
        if !seen.insert(name) {
            let message = format!("column '{name}' stands twice in the primary key");
            return Err(Diagnostic::validation(at, message));
        }
        let Some(column) = table.column(name) else {
            return Err(
                Diagnostic::validation(at, format!("primary key column '{name}' not found"))
                    .maybe_hint(nearest_column(table, name)),
            );
        };
        if !column.is_physical() {
            let message = format!("primary key column '{name}' must be a physical column");
            return Err(Diagnostic::validation(at, message)
                .hint("computed and metadata columns cannot be part of a primary key"));
        }
        if column.data_type.nullable {
            let message = format!("primary key column '{name}' is nullable");
            return Err(Diagnostic::validation(at, message).hint("declare it NOT NULL"));
        }
    }
    Ok(())
}

fn check_partitions(table: &Table, places: &Places) -> Result<(), Diagnostic> {
    for name in &table.partition_keys {
        let at = places
            .partition_columns
            .get(name)
            .copied()
            .unwrap_or_else(|| places.column(name));
        match table.column(name) {
            Some(column) if column.is_physical() => {}
            Some(_) => {
                let message = format!("partition column '{name}' must be a physical column");
                return Err(Diagnostic::validation(at, message));
            }
            None => {
                let message = format!("partition column '{name}' not found");
                return Err(Diagnostic::validation(at, message).maybe_hint(nearest_column(table, name)));
            }
        }
    }
    Ok(())
}

fn check_distribution(table: &Table, places: &Places) -> Result<(), Diagnostic> {
    let Some(distribution) = &table.distribution else {
        return Ok(());
    };
    let at = places.distribution.unwrap_or(places.statement);
    for name in &distribution.columns {
        if !table.column(name).is_some_and(TableColumn::is_physical) {
            let message = format!("bucket column '{name}' must be a physical column of the table");
            return Err(Diagnostic::validation(at, message).maybe_hint(nearest_column(table, name)));
        }
    }
    if distribution.buckets == Some(0) {
        return Err(Diagnostic::validation(
            at,
            "a distributed table needs at least one bucket",
        ));
    }
    Ok(())
}

pub fn nearest_column(table: &Table, name: &str) -> Option<String> {
    did_you_mean(name, table.columns.iter().map(|column| column.name.as_str()))
}
