//! Scans to sources: only what is used is asked of the connector, down to fields of rows.

use std::collections::BTreeMap;

use dataflow::{Error, Options, ScanRequest};
use graph::{Exchange, Expr, Input, NodeId, Operator, SourceNode, WatermarkSpec};
use model::{DataType, Diagnostic, Field, RowField, Schema, Span, TypeKind};

use super::layout::{GraphBuilder, same};
use crate::bind::{describe_table, option_fault};
use crate::logical::{Scan, ScanTable};

/// Changes of a table may come twice.
const CDC_EVENTS_DUPLICATE: &str = "table.exec.source.cdc-events-duplicate";

impl GraphBuilder<'_> {
    pub(super) fn scan(&mut self, scan: &Scan, schema: &Schema, span: Span) -> Result<NodeId, Diagnostic> {
        let table = &scan.table;
        let mut outputs = scan.outputs.clone();
        let mut schema = schema.clone();
        let watermark = match (&table.watermark, scan.rowtime) {
            (Some(watermark), Some(column)) => Some(WatermarkSpec {
                column,
                expression: over_outputs(watermark.expression.clone(), table, &mut outputs, &mut schema),
                interval: watermark.interval,
                idle_timeout: watermark.idle_timeout,
                alignment: watermark.alignment.clone(),
                seen_by_every_row: false,
            }),
            _ => None,
        };
        let wanted = outputs.len();
        let path = table.path.to_string();
        let options = Options::new(table.options.clone());
        let fault = |error: Error| self.table_fault(error, table);
        let connector = self.connector_of(table, &options)?;
        let may_repeat = self.env.config.boolean(CDC_EVENTS_DUPLICATE).unwrap_or(false);
        let normalises = may_repeat || connector.reads_upserts();
        let key = match normalises {
            true => over_key(table, &mut outputs, &mut schema),
            false => Vec::new(),
        };
        let mut usage = Usage::default();
        outputs.iter().for_each(|output| usage.note(output));
        let read = Read::of(table, &usage);
        let expressions = outputs
            .into_iter()
            .map(|output| read.rewrite(output, &usage))
            .collect();
        let request = ScanRequest {
            columns: Schema::new(read.columns.clone()),
            metadata: read.metadata.clone(),
            event_time: watermark.is_some(),
            on_unreadable: self.on_unreadable(table, connector.as_ref())?,
        };
        let source = connector
            .source(&describe_table(self.env, &path, table, &options), &request)
            .map_err(fault)?;
        let Some(source) = source else {
            return Err(Diagnostic::validation(
                table.span,
                format!(
                    "table '{path}' cannot be read: connector '{}' only writes",
                    connector.name()
                ),
            ));
        };
        let mut fields = read.columns;
        fields.extend(
            read.metadata
                .into_iter()
                .map(|(key, data_type)| Field::new(key, data_type)),
        );
        // Two scans with other options are not the same work, though they may share their state's name.
        let details = format!(
            "{:?} {:?} {:?}",
            table.options,
            table.unreadable,
            watermark
                .as_ref()
                .map(|w| (w.interval, w.idle_timeout, &w.alignment))
        );
        let changes = !source.changelog_mode().is_insert_only();
        let operator = Operator::Source(SourceNode {
            table: path,
            source,
            read_schema: Schema::new(fields),
            expressions,
            watermark,
        });
        let mut rows = self.add(operator, Vec::new(), schema.clone(), span, &details);
        self.note_unreadable(rows, table);
        if normalises && changes {
            if key.is_empty() {
                let asks = match may_repeat {
                    true => CDC_EVENTS_DUPLICATE,
                    false => connector.name(),
                };
                let message = format!(
                    "'{asks}' needs a primary key, but table '{}' has none",
                    table.path
                );
                return Err(Diagnostic::validation(table.span, message)
                    .hint("declare PRIMARY KEY (...) NOT ENFORCED in CREATE TABLE"));
            }
            let input = Input {
                node: rows,
                exchange: Exchange::Hash(key.clone()),
            };
            let normalise = Operator::ChangelogNormalize { keys: key };
            rows = self.add(normalise, vec![input], schema.clone(), span, "");
        }
        if schema.len() == wanted {
            return Ok(rows);
        }
        // The columns of the key that nobody else wants are not passed on.
        schema.fields.truncate(wanted);
        let columns = schema.fields.iter().enumerate();
        let operator = Operator::Calc {
            filter: None,
            expressions: columns
                .map(|(index, field)| Expr::column(index, field.data_type.clone()))
                .collect(),
        };
        let input = Input {
            node: rows,
            exchange: Exchange::Forward,
        };
        Ok(self.add(operator, vec![input], schema, span, ""))
    }

    /// The connector that a table names.
    pub(super) fn connector_of(
        &self,
        table: &ScanTable,
        options: &Options,
    ) -> Result<std::sync::Arc<dyn dataflow::Connector>, Diagnostic> {
        let name = options.require("connector");
        let connector = name.and_then(|name| self.env.registry.connector(name));
        let connector = connector.map_err(|error| self.table_fault(error.into(), table))?;
        Ok(connector.clone())
    }

    pub(super) fn table_fault(&self, error: Error, table: &ScanTable) -> Diagnostic {
        match error {
            Error::Option(error) => option_fault(self.env, &table.path, &table.hinted, table.span, error),
            Error::Invalid(diagnostic) => diagnostic.or_at(table.span),
            other => Diagnostic::validation(table.span, format!("table '{}': {other}", table.path)),
        }
    }
}

/// The outputs that are the primary key; what they lack of it is added to them.
fn over_key(table: &ScanTable, outputs: &mut Vec<Expr>, schema: &mut Schema) -> Vec<usize> {
    let columns = table
        .primary_key
        .iter()
        .filter_map(|name| table.physical.index_of(name));
    let places = columns.map(|column| {
        let column = Expr::column(column, table.row_type(column));
        match over_outputs(column, table, outputs, schema) {
            Expr::Column { index, .. } => index,
            _ => 0,
        }
    });
    places.collect()
}

/// The expression over the outputs; what they lack is added to them.
fn over_outputs(expression: Expr, table: &ScanTable, outputs: &mut Vec<Expr>, schema: &mut Schema) -> Expr {
    let text = expression.to_string();
    if let Some(index) = outputs.iter().position(|output| same(output, &text)) {
        return Expr::column(index, expression.data_type());
    }
    match expression {
        Expr::Column { index, data_type } => {
            let name = match table.physical.fields.get(index) {
                Some(field) => field.name.clone(),
                None => table.metadata[index - table.physical.len()].0.clone(),
            };
            outputs.push(Expr::column(index, data_type.clone()));
            schema.fields.push(Field::new(name, data_type.clone()));
            Expr::column(outputs.len() - 1, data_type)
        }
        literal @ Expr::Literal { .. } => literal,
        Expr::Call {
            function,
            arguments,
            data_type,
            span,
        } => Expr::Call {
            function,
            arguments: arguments
                .into_iter()
                .map(|argument| over_outputs(argument, table, outputs, schema))
                .collect(),
            data_type,
            span,
        },
        Expr::Field {
            operand,
            index,
            data_type,
        } => Expr::Field {
            operand: Box::new(over_outputs(*operand, table, outputs, schema)),
            index,
            data_type,
        },
        Expr::And(operands) => Expr::And(
            operands
                .into_iter()
                .map(|operand| over_outputs(operand, table, outputs, schema))
                .collect(),
        ),
        Expr::Or(operands) => Expr::Or(
            operands
                .into_iter()
                .map(|operand| over_outputs(operand, table, outputs, schema))
                .collect(),
        ),
        Expr::Case {
            branches,
            otherwise,
            data_type,
        } => Expr::Case {
            branches: branches
                .into_iter()
                .map(|(condition, result)| {
                    (
                        over_outputs(condition, table, outputs, schema),
                        over_outputs(result, table, outputs, schema),
                    )
                })
                .collect(),
            otherwise: otherwise.map(|otherwise| Box::new(over_outputs(*otherwise, table, outputs, schema))),
            data_type,
        },
    }
}

/// Which columns of the table's row are used, and which of their fields.
#[derive(Debug, Default)]
struct Usage {
    columns: BTreeMap<usize, Fields>,
}

#[derive(Debug, Clone)]
enum Fields {
    Whole,
    Some(BTreeMap<usize, Fields>),
}

impl Usage {
    fn note(&mut self, expression: &Expr) {
        if let Some((column, path)) = path_of(expression) {
            self.columns
                .entry(column)
                .or_insert_with(|| Fields::Some(BTreeMap::new()))
                .note(&path);
            return;
        }
        expression.children().for_each(|child| self.note(child));
    }
}

impl Fields {
    fn note(&mut self, path: &[usize]) {
        match (path.split_first(), &mut *self) {
            (None, _) => *self = Fields::Whole,
            (_, Fields::Whole) => {}
            (Some((first, rest)), Fields::Some(fields)) => fields
                .entry(*first)
                .or_insert_with(|| Fields::Some(BTreeMap::new()))
                .note(rest),
        }
    }

    /// The type with only the fields used.
    fn prune(&self, data_type: &DataType) -> DataType {
        let (Fields::Some(used), TypeKind::Row(fields)) = (self, &data_type.kind) else {
            return data_type.clone();
        };
        let kept = used
            .iter()
            .map(|(index, inner)| RowField {
                data_type: inner.prune(&fields[*index].data_type),
                ..fields[*index].clone()
            })
            .collect();
        DataType {
            kind: TypeKind::Row(kept),
            nullable: data_type.nullable,
        }
    }
}

/// A column and the fields taken out of it, outermost first.
fn path_of(expression: &Expr) -> Option<(usize, Vec<usize>)> {
    match expression {
        Expr::Column { index, .. } => Some((*index, Vec::new())),
        Expr::Field { operand, index, .. } => {
            let (column, mut path) = path_of(operand)?;
            path.push(*index);
            Some((column, path))
        }
        _ => None,
    }
}

/// What is asked of the connector.
struct Read {
    columns: Vec<Field>,
    metadata: Vec<(String, DataType)>,
    /// Where each column of the table's row stands among what is read.
    places: BTreeMap<usize, usize>,
}

impl Read {
    fn of(table: &ScanTable, usage: &Usage) -> Read {
        let mut columns = Vec::new();
        let mut metadata = Vec::new();
        let mut places = BTreeMap::new();
        let physical = table.physical.len();
        for (column, fields) in &usage.columns {
            if let Some(field) = table.physical.fields.get(*column) {
                places.insert(*column, columns.len());
                columns.push(Field::new(&field.name, fields.prune(&field.data_type)));
            }
        }
        if columns.is_empty() && usage.columns.keys().all(|column| *column < physical) {
            // Rows are counted by some column, the one that is cheapest to hold.
            if let Some((index, field)) = cheapest(&table.physical) {
                places.insert(index, 0);
                columns.push(field.clone());
            }
        }
        for column in usage.columns.keys().filter(|column| **column >= physical) {
            places.insert(*column, columns.len() + metadata.len());
            metadata.push(table.metadata[*column - physical].clone());
        }
        Read {
            columns,
            metadata,
            places,
        }
    }

    /// An expression over the table's row as one over what is read.
    fn rewrite(&self, expression: Expr, usage: &Usage) -> Expr {
        if let Some((column, path)) = path_of(&expression) {
            let place = self.places.get(&column).copied().unwrap_or_default();
            let data_type = match self.columns.get(place) {
                Some(field) => field.data_type.clone(),
                None => self.metadata[place - self.columns.len()].1.clone(),
            };
            let mut result = Expr::column(place, data_type);
            let mut used = usage.columns.get(&column);
            for index in path {
                let position = match used {
                    Some(Fields::Some(fields)) => {
                        fields.keys().position(|field| *field == index).unwrap_or(index)
                    }
                    _ => index,
                };
                used = match used {
                    Some(Fields::Some(fields)) => fields.get(&index),
                    _ => None,
                };
                let outer = result.data_type();
                let data_type = match &outer.kind {
                    TypeKind::Row(fields) => fields[position].data_type.clone().or_nullable(outer.nullable),
                    _ => outer.clone(),
                };
                result = Expr::Field {
                    operand: Box::new(result),
                    index: position,
                    data_type,
                };
            }
            return result;
        }
        match expression {
            leaf @ (Expr::Column { .. } | Expr::Literal { .. }) => leaf,
            Expr::Call {
                function,
                arguments,
                data_type,
                span,
            } => Expr::Call {
                function,
                arguments: self.rewrite_all(arguments, usage),
                data_type,
                span,
            },
            Expr::Field {
                operand,
                index,
                data_type,
            } => Expr::Field {
                operand: Box::new(self.rewrite(*operand, usage)),
                index,
                data_type,
            },
            Expr::And(operands) => Expr::And(self.rewrite_all(operands, usage)),
            Expr::Or(operands) => Expr::Or(self.rewrite_all(operands, usage)),
            Expr::Case {
                branches,
                otherwise,
                data_type,
            } => Expr::Case {
                branches: branches
                    .into_iter()
                    .map(|(condition, result)| (self.rewrite(condition, usage), self.rewrite(result, usage)))
                    .collect(),
                otherwise: otherwise.map(|otherwise| Box::new(self.rewrite(*otherwise, usage))),
                data_type,
            },
        }
    }

    fn rewrite_all(&self, expressions: Vec<Expr>, usage: &Usage) -> Vec<Expr> {
        expressions
            .into_iter()
            .map(|expression| self.rewrite(expression, usage))
            .collect()
    }
}

/// The column that costs least to read: a narrow type before a wide one.
fn cheapest(schema: &Schema) -> Option<(usize, &Field)> {
    let cost = |field: &Field| match field.data_type.kind {
        TypeKind::Boolean | TypeKind::TinyInt => 0,
        TypeKind::SmallInt | TypeKind::Int | TypeKind::BigInt => 1,
        TypeKind::Float | TypeKind::Double | TypeKind::Date => 2,
        TypeKind::Decimal { .. } | TypeKind::Time(_) | TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_) => {
            3
        }
        TypeKind::Char(_) | TypeKind::Varchar(_) => 4,
        _ => 5,
    };
    schema
        .fields
        .iter()
        .enumerate()
        .min_by_key(|(_, field)| cost(field))
}
