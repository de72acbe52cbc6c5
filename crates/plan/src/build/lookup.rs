//! Lookup joins: the table right of the join becomes what is asked, and no source.

use dataflow::{Boundedness, Error, LookupRequest, Options, ScanRequest};
use graph::{
    Asked, Exchange, Expr, Input, Join, JoinTime, KeyValue, LookupJoin, LookupKey, NodeId, OnTimeout,
    Operator, WholeCache, WholeTable,
};
use model::{Diagnostic, Field, Schema, TypeKind};

use super::layout::GraphBuilder;
use crate::bind::{describe_table, substitute};
use crate::join::{Side, all_of, conjuncts};
use crate::logical::{Plan, PlanKind, ScanTable};

/// A table of which rows and columns are selected, as expressions over its own row.
struct Selected<'a> {
    table: &'a ScanTable,
    columns: Vec<Expr>,
    conditions: Vec<Expr>,
}

impl<'a> Selected<'a> {
    fn of(plan: &'a Plan) -> Option<Selected<'a>> {
        match &plan.kind {
            PlanKind::Scan(scan) => Some(Selected {
                table: &scan.table,
                columns: scan.outputs.clone(),
                conditions: Vec::new(),
            }),
            PlanKind::Calc {
                input,
                filter,
                expressions,
            } => {
                let mut below = Selected::of(input)?;
                let over_row = |expression: &Expr| substitute(expression.clone(), &below.columns);
                let filter = filter.iter().map(over_row).flat_map(conjuncts);
                let conditions: Vec<Expr> = filter.collect();
                let columns = expressions.iter().map(over_row).collect();
                below.conditions.extend(conditions);
                below.columns = columns;
                Some(below)
            }
            _ => None,
        }
    }
}

impl GraphBuilder<'_> {
    pub(super) fn lookup_join(
        &mut self,
        plan: &Plan,
        left: &Plan,
        right: &Plan,
        join: &Join,
    ) -> Result<NodeId, Diagnostic> {
        let JoinTime::Lookup(mut settings) = join.time else {
            return Err(Diagnostic::validation(plan.span, "this join is no lookup"));
        };
        let Some(selected) = Selected::of(right) else {
            return Err(Diagnostic::validation(
                right.span,
                "versions at processing time are looked up in a table, which this is not",
            ));
        };
        let input = self.plan(left)?;
        let has_changes = !self.node(input).changelog.is_insert_only();
        if settings.on_timeout == OnTimeout::Redirect {
            self.refuse_changes(input, left.span, "a lookup that redirects rows")?;
        }
        // What is taken back must not overtake what was given.
        settings.ordered |= has_changes;
        let width = left.schema.len();
        let table = selected.table;
        let mut keys = Vec::new();
        let mut rest: Vec<Expr> = join.condition.clone().map(conjuncts).unwrap_or_default();
        for key in &join.keys {
            let value = KeyValue::Column(key.left);
            match key_column(table, &selected.columns[key.right]) {
                Some(column) if !key.nulls_agree && !is_known(&keys, column) => keys.push((column, value)),
                _ => {
                    let place = plan.span;
                    let right = Expr::column(width + key.right, right.column_type(key.right));
                    let name = if key.nulls_agree {
                        "IS NOT DISTINCT FROM"
                    } else {
                        "="
                    };
                    rest.push(compare(name, left.column(key.left), right, place)?);
                }
            }
        }
        let mut filters = Vec::new();
        for condition in selected.conditions {
            match constant_key(table, &condition) {
                Some((column, literal)) if !is_known(&keys, column) => {
                    keys.push((column, KeyValue::Constant(literal)));
                }
                _ => filters.push(condition),
            }
        }
        if !keys.iter().any(|(_, value)| matches!(value, KeyValue::Column(_))) && keys.is_empty() {
            return Err(Diagnostic::validation(
                plan.span,
                format!(
                    "a lookup in '{}' goes by equal columns, but the condition names none",
                    table.path
                ),
            )
            .hint("compare a column of the table with a value of the same type: ON t.id = o.id"));
        }
        keys.sort_by_key(|(column, _)| *column);
        let (asks, rest): (Vec<Expr>, Vec<Expr>) = rest
            .into_iter()
            .partition(|condition| condition.is_deterministic() && Side::of(condition, width) == Side::Left);
        let used = used_columns(table, selected.columns.iter().chain(&filters), plan)?;
        let given = Schema::new(
            used.iter()
                .map(|column| table.physical.fields[*column].clone())
                .collect(),
        );
        let over_given = |expression: Expr| {
            expression.transform(&mut |expression| match expression {
                Expr::Column { index, data_type } => Expr::column(
                    used.iter()
                        .position(|column| *column == index)
                        .unwrap_or_default(),
                    data_type,
                ),
                other => other,
            })
        };
        let request = LookupRequest {
            keys: Schema::new(
                keys.iter()
                    .map(|(column, _)| {
                        let field = &table.physical.fields[*column];
                        Field::new(&field.name, field.data_type.clone().with_nullable(false))
                    })
                    .collect(),
            ),
            columns: given.clone(),
        };
        let asked = match settings.whole {
            None => Asked::Lookup(self.lookup_of(table, &request)?),
            Some(whole) => Asked::Whole(self.whole_table(table, &request, whole)?),
        };
        let of_left = keys.iter().filter_map(|(_, value)| match value {
            KeyValue::Column(column) => Some(*column),
            KeyValue::Constant(_) => None,
        });
        let of_left: Vec<usize> = of_left.collect();
        let (partition, exchange) = if settings.shuffles && !has_changes && !of_left.is_empty() {
            (of_left.clone(), Exchange::Hash(of_left))
        } else if has_changes {
            let node = self.node(input);
            let key = node.upsert_keys.first().cloned();
            let columns = key.unwrap_or_else(|| (0..node.schema.len()).collect());
            (columns.clone(), Exchange::Hash(columns))
        } else {
            (of_left, Exchange::Forward)
        };
        let is_key = |name: &String| {
            keys.iter()
                .any(|(column, _)| table.physical.fields[*column].name == *name)
        };
        let operator = LookupJoin {
            table: table.path.to_string(),
            asked,
            kind: join.kind,
            is_unique: !table.primary_key.is_empty() && table.primary_key.iter().all(is_key),
            keys: keys
                .into_iter()
                .map(|(column, value)| LookupKey {
                    name: table.physical.fields[column].name.clone(),
                    value,
                })
                .collect(),
            asks: all_of(asks),
            filter: all_of(filters).map(over_given),
            columns: selected.columns.into_iter().map(over_given).collect(),
            given,
            condition: all_of(rest),
            outputs: join.outputs.clone(),
            tells_timeout: settings.on_timeout == OnTimeout::Redirect,
            partition,
            settings,
        };
        let details = format!("{:?} {settings:?}", table.options);
        let input = Input {
            node: input,
            exchange,
        };
        let operator = Operator::LookupJoin(Box::new(operator));
        Ok(self.add(operator, vec![input], plan.schema.clone(), plan.span, &details))
    }

    /// The table as a source of all its rows.
    fn whole_table(
        &self,
        table: &ScanTable,
        request: &LookupRequest,
        whole: WholeCache,
    ) -> Result<WholeTable, Diagnostic> {
        let path = table.path.to_string();
        let options = Options::new(table.options.clone());
        let fault = |error: Error| self.table_fault(error, table);
        let connector = self.connector_of(table, &options)?;
        let is_wanted = |field: &&Field| {
            let is = |other: &Field| other.name == field.name;
            request.keys.fields.iter().any(is) || request.columns.fields.iter().any(is)
        };
        let read = Schema::new(table.physical.fields.iter().filter(is_wanted).cloned().collect());
        let scan = ScanRequest {
            columns: read.clone(),
            metadata: Vec::new(),
            event_time: false,
            on_unreadable: self.on_unreadable_of_lookup(table, Some(connector.as_ref()))?,
        };
        let source = connector
            .source(&describe_table(self.env, &path, table, &options), &scan)
            .map_err(fault)?;
        let source = source.filter(|source| {
            source.boundedness() == Boundedness::Bounded && source.changelog_mode().is_insert_only()
        });
        let source = source.ok_or_else(|| {
            Diagnostic::validation(
                table.span,
                format!("table '{path}' cannot be read whole to be looked up"),
            )
            .hint("'lookup.cache' = 'FULL' needs a table that comes to its end and only has insertions")
        })?;
        let places = |schema: &Schema| schema.names().filter_map(|name| read.index_of(name)).collect();
        Ok(WholeTable {
            source,
            keys: places(&request.keys),
            given: places(&request.columns),
            read,
            reload: whole.reload,
        })
    }

    fn lookup_of(
        &self,
        table: &ScanTable,
        request: &LookupRequest,
    ) -> Result<std::sync::Arc<dyn dataflow::Lookup>, Diagnostic> {
        let path = table.path.to_string();
        let options = Options::new(table.options.clone());
        let fault = |error: Error| self.table_fault(error, table);
        let connector = self.connector_of(table, &options)?;
        self.on_unreadable_of_lookup(table, None)?;
        let lookup = match connector.looks_up() {
            true => connector
                .lookup(&describe_table(self.env, &path, table, &options), request)
                .map_err(fault)?,
            false => None,
        };
        lookup.ok_or_else(|| {
            let able = self
                .env
                .registry
                .connectors()
                .filter(|connector| connector.looks_up());
            let able: Vec<&str> = able.map(|connector| connector.name()).collect();
            Diagnostic::validation(
                table.span,
                format!(
                    "table '{path}' cannot be looked up at processing time: connector '{}' cannot do that",
                    connector.name()
                ),
            )
            .hint(format!(
                "connectors that can: {}; other tables are joined by an event time of the left table",
                able.join(", ")
            ))
        })
    }
}

fn is_known(keys: &[(usize, KeyValue)], column: usize) -> bool {
    keys.iter().any(|(known, _)| *known == column)
}

/// The physical column that an expression over the table's row is.
fn key_column(table: &ScanTable, expression: &Expr) -> Option<usize> {
    match expression {
        Expr::Column { index, .. } if *index < table.physical.len() => Some(*index),
        _ => None,
    }
}

/// `column = literal` of the same type.
fn constant_key(table: &ScanTable, condition: &Expr) -> Option<(usize, Expr)> {
    let Expr::Call {
        function, arguments, ..
    } = condition
    else {
        return None;
    };
    let (column, literal) = match (function.name(), arguments.as_slice()) {
        ("=", [column, literal @ Expr::Literal { .. }] | [literal @ Expr::Literal { .. }, column]) => {
            (key_column(table, column)?, literal)
        }
        _ => return None,
    };
    let Expr::Literal { value, data_type } = literal else {
        return None;
    };
    let own = &table.physical.fields[column].data_type.kind;
    let is_text = |kind: &TypeKind| matches!(kind, TypeKind::Char(_) | TypeKind::Varchar(_));
    let agrees = data_type.kind.arrow() == own.arrow() && (is_text(own) || data_type.kind == *own);
    let is_null = arrow_array::Array::is_null(value, 0);
    (agrees && !is_null).then(|| (column, literal.clone()))
}

fn compare(name: &str, left: Expr, right: Expr, span: model::Span) -> Result<Expr, Diagnostic> {
    let arguments = [left.data_type(), right.data_type()].map(dataflow::Argument::of);
    let bound = functions::scalar(name).and_then(|function| function.bind(&arguments).ok());
    let bound =
        bound.ok_or_else(|| Diagnostic::validation(span, "the keys of the lookup cannot be compared"))?;
    Ok(Expr::Call {
        function: bound.function,
        arguments: vec![left, right],
        data_type: bound.result,
        span,
    })
}

/// Physical columns that expressions over the table's row use, in order.
fn used_columns<'e>(
    table: &ScanTable,
    expressions: impl Iterator<Item = &'e Expr>,
    plan: &Plan,
) -> Result<Vec<usize>, Diagnostic> {
    let mut used = Vec::new();
    for expression in expressions {
        expression.visit_columns(&mut |column| used.push(column));
    }
    used.sort_unstable();
    used.dedup();
    if used.last().is_some_and(|last| *last >= table.physical.len()) {
        return Err(Diagnostic::validation(
            plan.span,
            format!("metadata of '{}' cannot be looked up", table.path),
        )
        .hint("leave its metadata columns out of the query"));
    }
    if used.is_empty() {
        // That there is a row is told by some column.
        used.push(0);
    }
    Ok(used)
}
