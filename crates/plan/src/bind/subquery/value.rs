//! Sub-queries that stand for values: scalar ones, and IN and EXISTS as conditions among others.
//!
//! The sub-queries of a clause are bound before it is. While its expressions are bound, what a sub-query gives stands as
//! columns of positions that no input has; afterwards the rows are joined with those of the sub-queries, which are at
//! most one for each, and those columns take their place.

use graph::{AggregateCall, Expr};
use model::{Diagnostic, Field, Schema, Span};
use sql::ast::{self, BinaryOperator, ExprKind, Query, QueryBody};

use super::super::functions::bind_aggregate;
use super::super::query::QueryBinder;
use super::super::scope::Scope;
use super::super::{literal, unsupported, walk};
use super::correlated::{Key, is_bare, is_global, select_of};
use super::joins::{Found, Subqueries};
use super::misplaced;
use crate::bind::substitute;
use crate::logical::{Plan, PlanKind};

#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Of rows of a value, the keys and TRUE.
    Scalar {
        rows: Plan,
        /// What the value is where there is no row.
        empty: Option<Expr>,
    },
    /// Of rows of the keys and TRUE.
    Exists { rows: Plan },
    /// Of one row: how many there are.
    Any { count: Plan },
    /// There always is a row.
    Always,
    In {
        /// Of rows of the value, the keys and TRUE.
        rows: Plan,
        /// Of rows of the keys, and how many rows and how many values there are; none where unknown is as good as false.
        counts: Option<Plan>,
        negated: bool,
    },
}

/// The rows of a sub-query: its own columns, then its keys.
struct Rows {
    plan: Plan,
    keys: Vec<Key>,
}

/// An expression that may have sub-queries in it.
#[derive(Clone, Copy)]
pub(in crate::bind) struct Asking<'e> {
    pub expr: &'e ast::Expr,
    /// Whether rows for which it is unknown are left out like those for which it is false.
    pub is_condition: bool,
}

/// Whether there is a sub-query in an expression.
pub(in crate::bind) fn asks(expr: &ast::Expr) -> bool {
    let mut found = false;
    walk::visit(expr, &mut |expr| found |= is_subquery(expr));
    found
}

fn is_subquery(expr: &ast::Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::ScalarSubquery(_) | ExprKind::Exists { .. } | ExprKind::InSubquery { .. }
    )
}

impl QueryBinder<'_> {
    /// The sub-queries in expressions over `scope`. `around` gives its rows, if they can be joined into sub-queries.
    pub(in crate::bind) fn subqueries<'e>(
        &mut self,
        asking: impl IntoIterator<Item = Asking<'e>>,
        scope: &Scope,
        around: Option<&Plan>,
    ) -> Result<Subqueries, Diagnostic> {
        let mut subqueries = Subqueries::default();
        for Asking { expr, is_condition } in asking {
            let mut asserted = Vec::new();
            if is_condition {
                alternatives(expr, &mut asserted);
            }
            let mut nodes = Vec::new();
            walk::visit(expr, &mut |node| {
                if is_subquery(node) {
                    nodes.push(Node::of(node));
                }
            });
            for node in nodes {
                let asserted = asserted.contains(&node.address);
                let (value, keys) =
                    self.deeper(node.span, |binder| binder.value(&node, asserted, scope, around))?;
                subqueries.found.push(Found {
                    node: node.address,
                    value,
                    keys,
                    bound: None,
                });
            }
        }
        Ok(subqueries)
    }

    fn value(
        &mut self,
        node: &Node<'_>,
        is_asserted: bool,
        scope: &Scope,
        around: Option<&Plan>,
    ) -> Result<(Value, Vec<Key>), Diagnostic> {
        let span = node.span;
        let Some(kind) = node.kind else {
            return Err(misplaced(span));
        };
        match kind {
            NodeKind::Scalar(query) => self.scalar(query, scope, around, span),
            NodeKind::Exists(query) => self.exists(query, scope, around, span),
            NodeKind::In(query, negated) => {
                let Rows { plan, keys } = self.subquery_rows(query, scope, around)?;
                require_one_column(&plan, &keys, span)?;
                let is_certain = is_asserted && !negated;
                let counts = if is_certain {
                    None
                } else {
                    let value = plan.column(0);
                    let calls = vec![
                        aggregate_call("COUNT", Vec::new(), span)?,
                        aggregate_call("COUNT", vec![value], span)?,
                    ];
                    Some(grouped_by(plan.clone(), key_columns(&keys), calls, self.at(span)))
                };
                let all = (0..plan.schema.len()).collect();
                let rows = marked(grouped_by(plan, all, Vec::new(), self.at(span)));
                let value = Value::In {
                    rows,
                    counts,
                    negated,
                };
                Ok((value, keys))
            }
        }
    }

    fn scalar(
        &mut self,
        query: &Query,
        scope: &Scope,
        around: Option<&Plan>,
        span: Span,
    ) -> Result<(Value, Vec<Key>), Diagnostic> {
        let Rows { plan, keys } = self.subquery_rows(query, scope, around)?;
        require_one_column(&plan, &keys, span)?;
        let is_one = select_of(query).is_some_and(|select| is_global(select) || select.from.is_none())
            || matches!(&query.body, QueryBody::Values { rows, .. } if rows.len() == 1);
        if is_one {
            let empty = if keys.is_empty() { None } else { of_no_rows(&plan) };
            let rows = marked(plan);
            return Ok((Value::Scalar { rows, empty }, keys));
        }
        // More than one row is an error at run time.
        let call = aggregate_call("SINGLE_VALUE", vec![plan.column(0)], span)?;
        let grouped = grouped_by(plan, key_columns(&keys), vec![call], self.at(span));
        let value = keys.len();
        let order = std::iter::once(value).chain(0..value).collect();
        let rows = marked(picked(grouped, order));
        Ok((Value::Scalar { rows, empty: None }, keys))
    }

    fn exists(
        &mut self,
        query: &Query,
        scope: &Scope,
        around: Option<&Plan>,
        span: Span,
    ) -> Result<(Value, Vec<Key>), Diagnostic> {
        if let Some(select) = select_of(query)
            && is_bare(query)
            && is_global(select)
            && select.having.is_none()
        {
            // It is bound all the same, for what may be wrong with it.
            self.subquery_rows(query, scope, around)?;
            return Ok((Value::Always, Vec::new()));
        }
        let Rows { plan, keys } = self.subquery_rows(query, scope, around)?;
        let place = self.at(span);
        if keys.is_empty() {
            let count = aggregate_call("COUNT", Vec::new(), span)?;
            let count = grouped_by(plan, Vec::new(), vec![count], place);
            return Ok((Value::Any { count }, keys));
        }
        let own = plan.schema.len() - keys.len();
        let only_keys = picked(plan, (own..own + keys.len()).collect());
        let all = (0..keys.len()).collect();
        let rows = marked(grouped_by(only_keys, all, Vec::new(), place));
        Ok((Value::Exists { rows }, keys))
    }

    fn subquery_rows(
        &mut self,
        query: &Query,
        scope: &Scope,
        around: Option<&Plan>,
    ) -> Result<Rows, Diagnostic> {
        // What a WITH of its own names is not known here yet.
        let parts = match select_of(query) {
            Some(select) if query.ctes.is_empty() => self.decorrelated(select, scope, around)?,
            _ => None,
        };
        let Some(parts) = parts else {
            let bound = self.boxed_query(query)?;
            return Ok(Rows {
                plan: bound.plan,
                keys: Vec::new(),
            });
        };
        if !is_bare(query) {
            return Err(unsupported(
                query.span,
                "ORDER BY or LIMIT in a sub-query that speaks of the row around it",
                "take the greatest with MAX, or rank the rows and join them",
            ));
        }
        let bound = self.decorrelated_rows(&parts)?;
        Ok(Rows {
            plan: bound.plan,
            keys: parts.keys,
        })
    }

    /// Whether a sub-query speaks of the row around it.
    pub(in crate::bind) fn speaks_of(&mut self, query: &Query, scope: &Scope) -> Result<bool, Diagnostic> {
        match select_of(query) {
            Some(select) if query.ctes.is_empty() => self.asks_around(select, scope),
            _ => Ok(false),
        }
    }
}

/// A sub-query in an expression.
pub(super) struct Node<'e> {
    pub address: usize,
    kind: Option<NodeKind<'e>>,
    span: Span,
}

#[derive(Clone, Copy)]
enum NodeKind<'e> {
    Scalar(&'e Query),
    Exists(&'e Query),
    /// Whether it is negated.
    In(&'e Query, bool),
}

impl Node<'_> {
    pub fn of(expr: &ast::Expr) -> Node<'_> {
        let kind = match &expr.kind {
            ExprKind::ScalarSubquery(query) => Some(NodeKind::Scalar(query)),
            ExprKind::Exists { query } => Some(NodeKind::Exists(query)),
            ExprKind::InSubquery { query, negated, .. } => Some(NodeKind::In(query, *negated)),
            _ => None,
        };
        Node {
            address: std::ptr::from_ref(expr) as usize,
            kind,
            span: expr.span,
        }
    }
}

/// The sub-queries of a condition that leaves rows out for which they are unknown.
fn alternatives(condition: &ast::Expr, found: &mut Vec<usize>) {
    match &condition.kind {
        ExprKind::Binary {
            operator: BinaryOperator::And | BinaryOperator::Or,
            left,
            right,
        } => {
            alternatives(left, found);
            alternatives(right, found);
        }
        _ => found.push(Node::of(condition).address),
    }
}

fn require_one_column(plan: &Plan, keys: &[Key], span: Span) -> Result<(), Diagnostic> {
    match plan.schema.len() - keys.len() {
        1 => Ok(()),
        columns => Err(Diagnostic::validation(
            span,
            format!("a sub-query that stands for a value must have one column, not {columns}"),
        )
        .hint("list one column, or join with the sub-query in FROM")),
    }
}

/// Places of the keys behind a single column.
fn key_columns(keys: &[Key]) -> Vec<usize> {
    (1..=keys.len()).collect()
}

fn aggregate_call(name: &str, arguments: Vec<Expr>, span: Span) -> Result<AggregateCall, Diagnostic> {
    let spans = vec![span; arguments.len()];
    let bound = bind_aggregate(name, &arguments, false, &spans, span)?;
    Ok(AggregateCall {
        function: bound.function,
        arguments,
        filter: None,
        result: bound.result,
        state_types: bound.state_types,
        retracting: bound.retracting,
        name: name.to_string(),
    })
}

/// Groups rows by some columns: these, then the results.
fn grouped_by(input: Plan, keys: Vec<usize>, calls: Vec<AggregateCall>, place: Span) -> Plan {
    // Keys first, as aggregations want them.
    let others = (0..input.schema.len()).filter(|column| !keys.contains(column));
    let order: Vec<usize> = keys.iter().copied().chain(others).collect();
    let moved: Vec<Expr> = (0..input.schema.len())
        .map(|column| {
            let place = order.iter().position(|other| *other == column).unwrap_or(column);
            Expr::column(place, input.column_type(column))
        })
        .collect();
    let input = picked(input, order);
    let mut fields = input.schema.fields[..keys.len()].to_vec();
    let mut aggregates = Vec::with_capacity(calls.len());
    for (number, call) in calls.into_iter().enumerate() {
        fields.push(Field::new(format!("agg${number}"), call.result.clone()));
        aggregates.push(AggregateCall {
            arguments: call
                .arguments
                .into_iter()
                .map(|argument| substitute(argument, &moved))
                .collect(),
            ..call
        });
    }
    Plan {
        kind: PlanKind::GroupAggregate {
            input: Box::new(input),
            keys: (0..keys.len()).collect(),
            aggregates,
            ttl: None,
        },
        schema: Schema::new(fields),
        span: place,
    }
}

/// These columns of a plan, in this order. They tell no time.
fn picked(input: Plan, columns: Vec<usize>) -> Plan {
    let fields = columns.iter().map(|&column| Field {
        time_attribute: None,
        ..input.schema.fields[column].clone()
    });
    Plan {
        schema: Schema::new(fields.collect()),
        span: input.span,
        kind: PlanKind::Calc {
            expressions: columns.iter().map(|&column| input.column(column)).collect(),
            filter: None,
            input: Box::new(input),
        },
    }
}

/// With a column behind the others that is TRUE where there is a row.
fn marked(input: Plan) -> Plan {
    let mut schema = input.schema.clone();
    let marker = literal::boolean(true);
    schema.fields.push(Field::new("$is_there", marker.data_type()));
    let mut expressions = input.columns();
    expressions.push(marker);
    Plan {
        span: input.span,
        schema,
        kind: PlanKind::Calc {
            input: Box::new(input),
            filter: None,
            expressions,
        },
    }
}

/// What the first column of a grouping by keys would be of no rows at all; `None` if that is NULL.
fn of_no_rows(plan: &Plan) -> Option<Expr> {
    let PlanKind::Calc {
        input,
        filter: None,
        expressions,
    } = &plan.kind
    else {
        return None;
    };
    let PlanKind::GroupAggregate { keys, aggregates, .. } = &input.kind else {
        return None;
    };
    let mut columns: Vec<Expr> = (0..keys.len())
        .map(|key| literal::null(input.column_type(key).with_nullable(true)))
        .collect();
    columns.extend(aggregates.iter().map(|call| {
        if call.name.starts_with("COUNT") || call.name == "APPROX_COUNT_DISTINCT" {
            literal::bigint(0)
        } else {
            literal::null(call.result.clone().with_nullable(true))
        }
    }));
    let value = substitute(expressions.first()?.clone(), &columns);
    let is_null = matches!(&value, Expr::Literal { .. }) && literal::is_null_literal(&value);
    (!is_null).then_some(value)
}
