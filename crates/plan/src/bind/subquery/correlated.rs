//! Takes apart a SELECT that speaks of the row around it.
//!
//! Where it asks for equality, the SELECT gives its rows for all keys at once, each key as a column behind its own, and
//! whoever reads it joins by them. Where it asks for anything else, it is joined with the different rows around, and
//! gives what belongs to each of those.

use graph::Expr;
use model::{Diagnostic, Field, Schema, Span};
use sql::ast::{
    self, BinaryOperator, ExprKind, GroupItem, Ident, JoinConstraint, JoinKind, ObjectName, QueryBody,
    Select, SelectItem, TableRef, TableRefKind,
};

use super::super::query::{Bound, Boxed, QueryBinder};
use super::super::scope::Scope;
use super::super::select::is_grouped;
use super::super::{unsupported, walk};
use super::conjuncts;
use crate::logical::{Plan, PlanKind};

/// A SELECT that speaks of itself alone, with the keys behind its columns.
pub(in crate::bind) struct Decorrelated {
    pub select: Box<Select>,
    pub keys: Vec<Key>,
    /// The different rows around, where the SELECT is joined with them.
    around: Option<(String, Bound)>,
}

/// What of the row around a key must be equal to.
#[derive(Debug, Clone)]
pub(in crate::bind) struct Key {
    pub outer: ast::Expr,
    /// Whether NULL equals NULL.
    pub nulls_agree: bool,
}

/// Which of the names in a SELECT mean columns of the query around.
struct Names<'a> {
    inner: &'a Scope,
    outer: &'a Scope,
}

impl QueryBinder<'_> {
    /// `None` if the SELECT speaks of itself alone. `around` gives the rows around, if they can be joined in.
    pub(in crate::bind) fn decorrelated(
        &mut self,
        select: &Select,
        outer: &Scope,
        around: Option<&Plan>,
    ) -> Result<Option<Decorrelated>, Diagnostic> {
        let Some(from) = &select.from else {
            return Ok(None);
        };
        let inner = self.names_of(select, from)?;
        let names = Names { inner: &inner, outer };
        if !walk::expressions_of(select)
            .iter()
            .any(|expr| names.any_outer(expr))
        {
            return Ok(None);
        }
        if let Some(by_keys) = names.by_keys(select) {
            return Ok(Some(by_keys));
        }
        let Some(around) = around else {
            return Err(unsupported(
                select.span,
                "a sub-query that asks more of the row around it than equality in WHERE",
                "compare its columns with those around by '=' in WHERE",
            ));
        };
        self.with_rows_around(select, from, &names, around).map(Some)
    }

    /// Whether a SELECT speaks of the row around it.
    pub(in crate::bind) fn asks_around(
        &mut self,
        select: &Select,
        outer: &Scope,
    ) -> Result<bool, Diagnostic> {
        let Some(from) = &select.from else {
            return Ok(false);
        };
        let inner = self.names_of(select, from)?;
        let names = Names { inner: &inner, outer };
        let expressions = walk::expressions_of(select);
        Ok(expressions.iter().any(|expr| names.any_outer(expr)))
    }

    /// The rows of a SELECT taken apart.
    pub(in crate::bind) fn decorrelated_rows(&mut self, parts: &Decorrelated) -> Boxed<Bound> {
        match &parts.around {
            None => self.select(&parts.select),
            Some((name, rows)) => self.with_cte(name, rows.clone(), |binder| binder.select(&parts.select)),
        }
    }

    fn with_rows_around(
        &mut self,
        select: &Select,
        from: &TableRef,
        names: &Names<'_>,
        around: &Plan,
    ) -> Result<Decorrelated, Diagnostic> {
        let span = select.span;
        let mut wanted: Vec<(ObjectName, Expr)> = Vec::new();
        let mut fault = None;
        for expr in walk::expressions_of(select) {
            walk::visit(expr, &mut |expr| {
                if let Some(name) = names.outer_name(expr) {
                    match names.outer.resolve(name) {
                        Ok(found) => wanted.push((name.clone(), found.expression)),
                        Err(diagnostic) => {
                            fault.get_or_insert(diagnostic);
                        }
                    }
                }
            });
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
        let mut columns: Vec<(ObjectName, Expr)> = Vec::new();
        for (name, expression) in wanted {
            if !columns.iter().any(|(_, known)| is_same(known, &expression)) {
                columns.push((name, expression));
            }
        }
        self.budget.unfold(around.size(), span)?;
        let fields = columns.iter().enumerate();
        let fields =
            fields.map(|(number, (_, expression))| Field::new(column_name(number), expression.data_type()));
        let rows = Plan {
            schema: Schema::new(fields.collect()),
            span: self.at(span),
            kind: PlanKind::Calc {
                input: Box::new(around.clone()),
                filter: None,
                expressions: columns.iter().map(|(_, expression)| expression.clone()).collect(),
            },
        };
        let rows = self.distinct(Bound::plain(rows), span)?;
        let table = format!("$around{}", self.cte_count());

        let mut select = select.clone();
        let place_of = |name: &ObjectName| -> Option<usize> {
            let expression = names.outer.resolve(name).ok()?.expression;
            columns.iter().position(|(_, known)| is_same(known, &expression))
        };
        for expr in walk::expressions_of_mut(&mut select) {
            walk::change(expr, &mut |expr| {
                if let Some(number) = names.outer_name(expr).and_then(place_of) {
                    expr.kind = ExprKind::Name(column_of(&table, number, expr.span));
                }
            });
        }
        select.from = Some(beside(from, &table));
        let mut keys = Vec::with_capacity(columns.len());
        for (number, (outer, _)) in columns.into_iter().enumerate() {
            let inner = ExprKind::Name(column_of(&table, number, span));
            add_key(&mut select, number, ast::Expr { kind: inner, span });
            keys.push(Key {
                outer: ast::Expr {
                    span: outer.span,
                    kind: ExprKind::Name(outer),
                },
                nulls_agree: true,
            });
        }
        Ok(Decorrelated {
            select: Box::new(select),
            keys,
            around: Some((table, rows)),
        })
    }
}

impl Names<'_> {
    fn is_outer(&self, name: &ObjectName) -> bool {
        !self.inner.claims(name) && self.outer.claims(name)
    }

    fn outer_name<'e>(&self, expr: &'e ast::Expr) -> Option<&'e ObjectName> {
        match &expr.kind {
            ExprKind::Name(name) if self.is_outer(name) => Some(name),
            _ => None,
        }
    }

    fn any_outer(&self, expr: &ast::Expr) -> bool {
        let mut found = false;
        walk::visit(expr, &mut |expr| found |= self.outer_name(expr).is_some());
        found
    }

    fn any_inner(&self, expr: &ast::Expr) -> bool {
        let mut found = false;
        walk::visit(expr, &mut |expr| {
            found |= match &expr.kind {
                ExprKind::Name(name) => !self.is_outer(name),
                // Nobody has looked what they speak of.
                ExprKind::ScalarSubquery(_) | ExprKind::Exists { .. } | ExprKind::InSubquery { .. } => true,
                _ => false,
            };
        });
        found
    }

    /// The sides of an equality of what is around, first, with what is inside.
    fn equality<'e>(&self, condition: &'e ast::Expr) -> Option<(&'e ast::Expr, &'e ast::Expr, bool)> {
        let (left, right, nulls_agree) = match &condition.kind {
            ExprKind::Binary {
                operator: BinaryOperator::Equal,
                left,
                right,
            } => (left, right, false),
            ExprKind::IsDistinctFrom {
                left,
                right,
                negated: true,
            } => (left, right, true),
            _ => return None,
        };
        let only_outer = |expr: &ast::Expr| self.any_outer(expr) && !self.any_inner(expr);
        let only_inner = |expr: &ast::Expr| self.any_inner(expr) && !self.any_outer(expr);
        if only_outer(left) && only_inner(right) {
            Some((left, right, nulls_agree))
        } else if only_outer(right) && only_inner(left) {
            Some((right, left, nulls_agree))
        } else {
            None
        }
    }

    /// `None` if it asks for more than equalities in WHERE.
    fn by_keys(&self, select: &Select) -> Option<Decorrelated> {
        let mut parts = Vec::new();
        if let Some(filter) = &select.filter {
            conjuncts(filter, &mut parts);
        }
        let mut own = Vec::new();
        let mut pairs = Vec::new();
        for part in parts {
            if self.any_outer(part) {
                pairs.push(self.equality(part)?);
            } else {
                own.push(part.clone());
            }
        }
        let mut inner = Select {
            filter: all_of(own),
            ..select.clone()
        };
        if walk::expressions_of(&inner)
            .iter()
            .any(|expr| self.any_outer(expr))
        {
            return None;
        }
        let mut keys = Vec::with_capacity(pairs.len());
        for (number, (outer, key, nulls_agree)) in pairs.into_iter().enumerate() {
            add_key(&mut inner, number, key.clone());
            keys.push(Key {
                outer: outer.clone(),
                nulls_agree,
            });
        }
        Some(Decorrelated {
            select: Box::new(inner),
            keys,
            around: None,
        })
    }
}

/// The SELECT that a query consists of.
pub(in crate::bind) fn select_of(query: &ast::Query) -> Option<&Select> {
    match &query.body {
        QueryBody::Select(select) => Some(select),
        QueryBody::Nested(inner) if is_bare(query) => select_of(inner),
        _ => None,
    }
}

/// Whether a query is nothing but its body.
pub(in crate::bind) fn is_bare(query: &ast::Query) -> bool {
    query.ctes.is_empty() && query.order_by.is_empty() && query.limit.is_none() && query.offset.is_none()
}

/// Whether a SELECT aggregates all its rows into one.
pub(in crate::bind) fn is_global(select: &Select) -> bool {
    is_grouped(select) && select.group_by.is_empty()
}

/// Lists a key behind all else, and groups by it where the SELECT is grouped. OVER goes over the rows of all keys, as in
/// Flink.
fn add_key(select: &mut Select, number: usize, key: ast::Expr) {
    if is_grouped(select) {
        select.group_by.push(GroupItem::Expression(key.clone()));
    }
    let name = Ident {
        name: format!("$key{number}"),
        quoted: true,
        span: key.span,
    };
    select.items.push(SelectItem::Expression {
        expression: key,
        alias: Some(name),
    });
}

fn is_same(one: &Expr, other: &Expr) -> bool {
    one.to_string() == other.to_string()
}

fn column_name(number: usize) -> String {
    format!("c{number}")
}

fn quoted(name: impl Into<String>, span: Span) -> Ident {
    Ident {
        name: name.into(),
        quoted: true,
        span,
    }
}

fn column_of(table: &str, number: usize, span: Span) -> ObjectName {
    ObjectName {
        parts: vec![quoted(table, span), quoted(column_name(number), span)],
        span,
    }
}

fn beside(from: &TableRef, table: &str) -> TableRef {
    let span = from.span;
    let rows = TableRef {
        kind: TableRefKind::Table {
            name: ObjectName {
                parts: vec![quoted(table, span)],
                span,
            },
            hints: Vec::new(),
            system_time: None,
        },
        alias: None,
        span,
    };
    TableRef {
        kind: TableRefKind::Join {
            left: Box::new(from.clone()),
            right: Box::new(rows),
            kind: JoinKind::Cross,
            constraint: JoinConstraint::None,
        },
        alias: None,
        span,
    }
}

fn all_of(conditions: Vec<ast::Expr>) -> Option<ast::Expr> {
    conditions.into_iter().reduce(|left, right| ast::Expr {
        span: left.span.to(right.span),
        kind: ExprKind::Binary {
            operator: BinaryOperator::And,
            left: Box::new(left),
            right: Box::new(right),
        },
    })
}
