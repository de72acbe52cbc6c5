//! Tables read: columns, computed columns, metadata, and the watermark.
//!
//! Computed columns and the watermark are kept as text in the catalog and bound here, over the row that the
//! connector gives; they are part of the scan and cost nothing where they are not used.

use std::sync::Arc;
use std::time::Duration;

use dataflow::{OptionError, Options, TableDescriptor};
use functions::CastMode;
use graph::{Alignment, Expr};
use indexmap::IndexMap;
use model::suggest::did_you_mean;
use model::{DataType, Diagnostic, Field, Schema, Span, TimeAttribute};
use sql::ast::Hint;

use super::expression::ExprBinder;
use super::functions::cast;
use super::hints;
use super::late_rows::LateRows;
use super::lookup::LookupOptions;
use super::query::{Bound, Boxed, QueryBinder};
use super::scope::Scope;
use super::table_options;
use super::unreadable::UnreadableRows;
use crate::catalog::{ObjectPath, Table, TableColumnKind};
use crate::logical::{Plan, PlanKind, Scan, ScanTable, ScanWatermark};
use crate::session::Environment;

impl QueryBinder<'_> {
    pub(super) fn scan(
        &mut self,
        path: &ObjectPath,
        table: &Table,
        hints: &[Hint],
        span: Span,
    ) -> Boxed<Bound> {
        let place = self.at(span);
        hints::refuse_if_disabled(hints, self.env)?;
        let (mut options, hinted) = table_options(&table.options, hints)?;
        let strategy = watermark_strategy(&mut options, self.env)
            .map_err(|error| option_fault(self.env, path, &hinted, place, error))?;
        let late_rows = LateRows::of_options(&mut options)
            .map_err(|error| option_fault(self.env, path, &hinted, place, error))?;
        let unreadable = UnreadableRows::of_options(&mut options)
            .map_err(|error| option_fault(self.env, path, &hinted, place, error))?;
        let lookup = match looks_up(&options, self.env) {
            true => Some(
                LookupOptions::of_options(&mut options)
                    .map_err(|error| option_fault(self.env, path, &hinted, place, error))?,
            ),
            false => None,
        };
        let physical = table.physical_schema();
        let mut scan_table = ScanTable {
            path: path.clone(),
            span: place,
            options,
            hinted,
            metadata: Vec::new(),
            watermark: None,
            late_rows,
            unreadable,
            lookup,
            partition_keys: table.partition_keys.clone(),
            primary_key: primary_key(table),
            physical,
        };
        scan_table.metadata = wanted_metadata(self.env, table, &scan_table)?;

        let outputs = self.column_expressions(path, table, &scan_table, place)?;
        let mut fields = Vec::with_capacity(table.columns.len());
        for (column, expression) in table.columns.iter().zip(&outputs) {
            let data_type = match column.kind {
                TableColumnKind::Computed(_) => expression.data_type(),
                _ => column.data_type.clone(),
            };
            let attribute = match expression {
                Expr::Call { function, .. } if function.name() == "PROCTIME" => Some(TimeAttribute::Proctime),
                _ => None,
            };
            fields.push(Field::new(&column.name, data_type).with_time_attribute(attribute));
        }

        let mut rowtime = None;
        if let Some(watermark) = &table.watermark {
            let fault = |fault: Diagnostic| in_table(path, "the watermark", place, fault);
            let Some(index) = table
                .columns
                .iter()
                .position(|column| column.name == watermark.column)
            else {
                return Err(Diagnostic::validation(
                    place,
                    format!(
                        "table '{path}': the watermark's column '{}' is not there",
                        watermark.column
                    ),
                ));
            };
            let parsed = sql::parse_expression(&watermark.expression).map_err(fault)?;
            let scope = Scope::of_columns(&fields);
            let bound = ExprBinder::new(&scope, Some(place), "a watermark")
                .value(&parsed)
                .map_err(fault)?;
            fields[index].time_attribute = Some(TimeAttribute::Rowtime);
            rowtime = Some(index);
            scan_table.watermark = Some(ScanWatermark {
                expression: substitute(bound, &outputs),
                interval: strategy.interval,
                idle_timeout: strategy.idle_timeout,
                alignment: strategy.alignment,
            });
        }
        Ok(Box::new(Bound::plain(scan_plan(
            scan_table, outputs, rowtime, fields, place,
        ))))
    }

    /// One expression a column, over the table's row.
    fn column_expressions(
        &self,
        path: &ObjectPath,
        table: &Table,
        scan_table: &ScanTable,
        place: Span,
    ) -> Result<Vec<Expr>, Diagnostic> {
        let mut physical = 0;
        let mut metadata = scan_table.physical.len();
        let mut given: Vec<Option<Expr>> = Vec::with_capacity(table.columns.len());
        for column in &table.columns {
            given.push(match &column.kind {
                TableColumnKind::Physical => {
                    physical += 1;
                    Some(Expr::column(physical - 1, column.data_type.clone()))
                }
                TableColumnKind::Metadata { .. } => {
                    metadata += 1;
                    let raw = Expr::column(metadata - 1, scan_table.row_type(metadata - 1));
                    let fault = |fault: Diagnostic| {
                        in_table(path, &format!("metadata column '{}'", column.name), place, fault)
                    };
                    let value =
                        cast(raw, &column.data_type, CastMode::Explicit, place, place).map_err(fault)?;
                    Some(value)
                }
                TableColumnKind::Computed(_) => None,
            });
        }
        // A computed column sees the others, but no computed one.
        let mut visible = Vec::new();
        let mut sources = Vec::new();
        for (column, expression) in table.columns.iter().zip(&given) {
            if let Some(expression) = expression {
                visible.push(Field::new(&column.name, column.data_type.clone()));
                sources.push(expression.clone());
            }
        }
        let scope = Scope::of_columns(&visible);
        let mut outputs = Vec::with_capacity(given.len());
        for (column, expression) in table.columns.iter().zip(given) {
            let (TableColumnKind::Computed(text), None) = (&column.kind, &expression) else {
                outputs.extend(expression);
                continue;
            };
            let fault = |fault: Diagnostic| {
                in_table(path, &format!("computed column '{}'", column.name), place, fault)
            };
            let parsed = sql::parse_expression(text).map_err(fault)?;
            let bound = ExprBinder::new(&scope, Some(place), "a computed column")
                .value(&parsed)
                .map_err(fault)?;
            outputs.push(substitute(bound, &sources));
        }
        Ok(outputs)
    }
}

/// The scan gives the table's row and the event time; what else is computed stands in a Calc over it, where a
/// condition may keep it from rows on which it fails.
fn scan_plan(
    table: ScanTable,
    columns: Vec<Expr>,
    rowtime: Option<usize>,
    fields: Vec<Field>,
    span: Span,
) -> Plan {
    let physical = table.physical.fields.iter().cloned();
    let metadata = table.metadata.iter();
    let mut row: Vec<Field> = physical
        .chain(metadata.map(|(key, data_type)| Field::new(key, data_type.clone())))
        .collect();
    let mut outputs: Vec<Expr> = row
        .iter()
        .enumerate()
        .map(|(index, field)| Expr::column(index, field.data_type.clone()))
        .collect();
    let mut expressions = columns.clone();
    let rowtime_output = rowtime.map(|column| match columns[column] {
        Expr::Column { index, .. } => {
            row[index].time_attribute = Some(TimeAttribute::Rowtime);
            index
        }
        _ => {
            let output = outputs.len();
            expressions[column] = Expr::column(output, columns[column].data_type());
            outputs.push(columns[column].clone());
            row.push(fields[column].clone());
            output
        }
    });
    for (expression, field) in expressions.iter().zip(&fields) {
        if let Expr::Column { index, .. } = expression {
            row[*index].name.clone_from(&field.name);
        }
    }
    let scan = Plan {
        kind: PlanKind::Scan(Scan {
            table: Arc::new(table),
            outputs,
            rowtime: rowtime_output,
        }),
        schema: Schema::new(row),
        span,
    };
    Plan {
        kind: PlanKind::Calc {
            input: Box::new(scan),
            filter: None,
            expressions,
        },
        schema: Schema::new(fields),
        span,
    }
}

/// `table.column-expansion-strategy`: virtual metadata columns that `*` leaves out.
pub(super) fn hidden_columns(table: &Table, env: &Environment<'_>) -> Vec<usize> {
    let strategy = env
        .config
        .get("table.column-expansion-strategy")
        .unwrap_or_default();
    let has = |name: &str| {
        strategy
            .split(';')
            .any(|part| part.trim().eq_ignore_ascii_case(name))
    };
    let own_name = has("EXCLUDE_DEFAULT_VIRTUAL_METADATA_COLUMNS");
    let aliased = has("EXCLUDE_ALIASED_VIRTUAL_METADATA_COLUMNS");
    let columns = table.columns.iter().enumerate();
    columns
        .filter(|(_, column)| match &column.kind {
            TableColumnKind::Metadata {
                key,
                is_virtual: true,
            } => (key.is_none() && own_name) || (key.is_some() && aliased),
            _ => false,
        })
        .map(|(index, _)| index)
        .collect()
}

/// A fault in text that the catalog keeps, told where the table is used.
fn in_table(path: &ObjectPath, what: &str, place: Span, fault: Diagnostic) -> Diagnostic {
    Diagnostic {
        message: format!("table '{path}', {what}: {}", fault.message),
        span: Some(place),
        ..fault
    }
}

/// Each column replaced by what it is computed from.
pub(crate) fn substitute(expression: Expr, sources: &[Expr]) -> Expr {
    expression.transform(&mut |expression| match expression {
        Expr::Column { index, data_type } => match sources.get(index) {
            Some(source) => source.clone(),
            None => Expr::Column { index, data_type },
        },
        other => other,
    })
}

fn primary_key(table: &Table) -> Vec<String> {
    table
        .primary_key
        .as_ref()
        .map(|key| key.columns.clone())
        .unwrap_or_default()
}

/// Whether rows of a table with these options can be looked up: its connector can, or it is read whole for it.
pub(crate) fn looks_up(options: &IndexMap<String, String>, env: &Environment<'_>) -> bool {
    let is_whole = |cache: &String| cache.trim().eq_ignore_ascii_case("FULL");
    if options.get("lookup.cache").is_some_and(is_whole) {
        return true;
    }
    let name = options.get("connector");
    let connector = name.and_then(|name| env.registry.connector(name).ok());
    connector.is_some_and(|connector| connector.looks_up())
}

/// The table as its connector sees it.
pub(crate) fn describe_table<'a>(
    env: &'a Environment<'a>,
    path: &'a str,
    table: &'a ScanTable,
    options: &'a Options,
) -> TableDescriptor<'a> {
    TableDescriptor {
        path,
        physical: &table.physical,
        partition_keys: &table.partition_keys,
        primary_key: &table.primary_key,
        options,
        registry: env.registry,
        context: env.context,
    }
}

/// A fault in the options, at the hint that gave the option if one did.
pub(crate) fn option_fault(
    env: &Environment<'_>,
    path: &ObjectPath,
    hinted: &[(String, Span)],
    place: Span,
    error: OptionError,
) -> Diagnostic {
    let hint = error
        .key
        .as_ref()
        .and_then(|key| hinted.iter().rev().find(|(hinted, _)| hinted == key));
    match hint {
        Some((_, span)) => Diagnostic::validation(*span, error.message).maybe_hint(error.hint),
        None => env.option_diagnostic(path, error, place),
    }
}

/// What is asked of the connector for the table's metadata columns.
fn wanted_metadata(
    env: &Environment<'_>,
    table: &Table,
    scan_table: &ScanTable,
) -> Result<Vec<(String, DataType)>, Diagnostic> {
    let wanted: Vec<(&str, String)> = table
        .columns
        .iter()
        .filter_map(|column| match &column.kind {
            TableColumnKind::Metadata { key, .. } => Some((
                column.name.as_str(),
                key.clone().unwrap_or_else(|| column.name.clone()),
            )),
            _ => None,
        })
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let path = scan_table.path.to_string();
    let options = Options::new(scan_table.options.clone());
    let fault = |error| option_fault(env, &scan_table.path, &scan_table.hinted, scan_table.span, error);
    let name = options.require("connector").map_err(fault)?.to_string();
    let connector = env.registry.connector(&name).map_err(fault)?;
    let available = connector.metadata(&describe_table(env, &path, scan_table, &options));
    let mut metadata = Vec::with_capacity(wanted.len());
    for (column, key) in wanted {
        match available.iter().find(|(known, _, _)| *known == key) {
            Some((_, data_type, _)) => metadata.push((key, data_type.clone())),
            None => {
                let keys: Vec<&str> = available.iter().map(|(known, _, _)| *known).collect();
                let hint = did_you_mean(&key, keys.iter().copied()).unwrap_or_else(|| {
                    if keys.is_empty() {
                        format!("connector '{name}' has no metadata")
                    } else {
                        format!("metadata of connector '{name}': {}", keys.join(", "))
                    }
                });
                return Err(Diagnostic::validation(
                    scan_table.span,
                    format!("table '{path}': there is no metadata '{key}' for column '{column}'"),
                )
                .hint(hint));
            }
        }
    }
    Ok(metadata)
}

struct WatermarkStrategy {
    interval: Duration,
    idle_timeout: Option<Duration>,
    alignment: Option<Alignment>,
}

const WATERMARK_OPTIONS: &str = "scan.watermark.";

/// Takes the options about watermarks away from those of the connector.
fn watermark_strategy(
    options: &mut IndexMap<String, String>,
    env: &Environment<'_>,
) -> Result<WatermarkStrategy, OptionError> {
    let (own, others): (IndexMap<String, String>, IndexMap<String, String>) = std::mem::take(options)
        .into_iter()
        .partition(|(key, _)| key.starts_with(WATERMARK_OPTIONS));
    *options = others;
    let own = Options::new(own);
    let mut strategy = WatermarkStrategy {
        interval: env.config.watermark_interval(),
        idle_timeout: env.config.idle_timeout(),
        alignment: alignment(&own)?,
    };
    let on_event = own.one_of(
        "scan.watermark.emit.strategy",
        &[("on-periodic", false), ("on-event", true)],
    )?;
    if on_event == Some(true) {
        strategy.interval = Duration::ZERO;
    }
    let gap = "scan.watermark.emit.on-event.gap";
    if own.integer(gap)?.is_some_and(|events| events != 1) {
        return Err(OptionError::new(
            gap,
            format!("option '{gap}' is supported with the value 1 only"),
        ));
    }
    if let Some(timeout) = own.duration("scan.watermark.idle-timeout")? {
        strategy.idle_timeout = Some(timeout).filter(|timeout| !timeout.is_zero());
    }
    own.finish()?;
    Ok(strategy)
}

/// How far sources of a group may be apart. Shards compare their watermarks before every read, so that an interval
/// for it is kept in any case.
fn alignment(own: &Options) -> Result<Option<Alignment>, OptionError> {
    let drift = "scan.watermark.alignment.max-drift";
    own.duration("scan.watermark.alignment.update-interval")?;
    let drift_max = own.duration(drift)?;
    let Some(group) = own.get("scan.watermark.alignment.group") else {
        return match drift_max {
            None => Ok(None),
            Some(_) => Err(OptionError::new(
                drift,
                format!("option '{drift}' needs 'scan.watermark.alignment.group'"),
            )
            .hint("name a group: the sources that wait for each other")),
        };
    };
    let Some(drift_max) = drift_max else {
        return Err(OptionError::new(
            "scan.watermark.alignment.group",
            format!("option 'scan.watermark.alignment.group' needs '{drift}'"),
        )
        .hint("say how far sources may be apart, such as '1 min'"));
    };
    Ok(Some(Alignment {
        group: group.to_string(),
        drift_max,
    }))
}
