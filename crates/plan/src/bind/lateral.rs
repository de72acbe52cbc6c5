//! LATERAL sub-queries in FROM, which may speak of the rows left of them.
//!
//! Such a sub-query becomes the right input of a join: what it asks of the row on the left is the condition. Where it
//! aggregates or ranks, it does so for all keys at once.

use graph::{Expr, JoinKind};
use model::{Diagnostic, Field, Schema, Span};
use sql::ast::{self, JoinConstraint, Query, QueryBody, Select, TableAlias, TableRef, TableRefKind};

use super::join::{check_constraint, joined, windows_of};
use super::query::{Bound, QueryBinder};
use super::scope::{Scope, WindowTree};
use super::select::{Item, is_grouped, list_items};
use super::subquery::correlated::{is_bare, select_of};
use super::subquery::is_row_by_row;
use super::{substitute, unsupported};
use crate::join::{self, Side};
use crate::logical::{Plan, PlanKind};

/// A LATERAL sub-query as the right input of a join.
struct Lateral {
    plan: Plan,
    windows: WindowTree,
    /// Of its columns.
    fields: Vec<Field>,
    /// What they are, over the left columns and those of `plan` behind them.
    items: Vec<Expr>,
    conditions: Vec<Expr>,
}

impl QueryBinder<'_> {
    /// `left CROSS JOIN LATERAL (SELECT ...)`
    pub(super) fn lateral_join(
        &mut self,
        left: &TableRef,
        right: &TableRef,
        kind: ast::JoinKind,
        constraint: &JoinConstraint,
        span: Span,
    ) -> Result<Box<(Scope, Bound)>, Diagnostic> {
        let TableRefKind::Subquery { query, .. } = &right.kind else {
            return Err(unsupported(
                right.span,
                "this LATERAL table",
                "write LATERAL (SELECT ...)",
            ));
        };
        let keeps = keeps_left(kind, span)?;
        check_constraint(kind, constraint, span)?;
        if !matches!(constraint, JoinConstraint::None | JoinConstraint::On(_)) {
            return Err(unsupported(
                span,
                "LATERAL with NATURAL or USING",
                "compare the columns in WHERE",
            ));
        }
        let (left_scope, left_bound) = *self.from(left)?;
        if let Some(select) = elements_of(query) {
            return self.lateral_unnest(select, (left_scope, left_bound), right, keeps, constraint, span);
        }
        self.budget.unfold(1, span)?;
        let mut lateral = self.deeper(span, |binder| {
            binder.lateral(query, &left_scope, &left_bound, keeps)
        })?;
        let name = named(&mut lateral.fields, right.alias.as_ref())?;
        let left_width = left_bound.plan.schema.len();
        let windows = WindowTree::Join(Box::new([windows_of(&left_scope, &left_bound), lateral.windows]));
        let scope = Scope {
            windows,
            ..left_scope.beside(Scope::of_relation(name, lateral.fields.clone()))
        };
        let mut outputs = left_bound.plan.columns();
        outputs.extend(lateral.items.iter().cloned());
        let mut conditions = lateral.conditions;
        if let JoinConstraint::On(condition) = constraint {
            let condition = self
                .expressions(&scope, "the condition of a join")
                .condition(condition)?;
            conditions.extend(
                join::conjuncts(condition)
                    .into_iter()
                    .map(|part| substitute(part, &outputs)),
            );
        }
        let kind = if keeps { JoinKind::Left } else { JoinKind::Inner };
        let condition = join::all_of(conditions);
        let mut fields = left_bound.plan.schema.fields.clone();
        fields.extend(lateral.fields.into_iter().map(|field| Field {
            data_type: field.data_type.clone().or_nullable(keeps),
            ..field
        }));
        let schema = Schema::new(fields);
        let plan = joined(left_bound.plan, lateral.plan, kind, condition, self.at(span));
        Ok(Box::new(
            self.with_outputs(plan, scope, outputs, left_width, schema)?,
        ))
    }

    /// A join of which these are the columns.
    fn with_outputs(
        &mut self,
        mut plan: Plan,
        scope: Scope,
        outputs: Vec<Expr>,
        left_width: usize,
        schema: Schema,
    ) -> Result<(Scope, Bound), Diagnostic> {
        let columns: Option<Vec<usize>> = outputs
            .iter()
            .map(|output| match output {
                Expr::Column { index, .. } => Some(*index),
                _ => None,
            })
            .collect();
        if let (Some(columns), PlanKind::Join { join, .. }) = (columns, &mut plan.kind) {
            join.outputs = columns;
            plan.schema = schema;
            let scope = scope.over(&plan.schema.fields);
            return Ok((scope, Bound::plain(plan)));
        }
        // What is computed over both sides comes after the join has found out what it does with time.
        let both = Scope {
            windows: scope.windows.clone(),
            ..Scope::of_columns(&plan.schema.fields)
        };
        let (_, bound, _) = self.settled(both, Bound::plain(plan), None)?;
        let mut schema = schema;
        let sources = bound.plan.schema.fields.iter().take(left_width);
        for (field, source) in schema.fields.iter_mut().zip(sources) {
            field.time_attribute = source.time_attribute;
        }
        let plan = Plan {
            span: bound.plan.span,
            kind: PlanKind::Calc {
                expressions: outputs,
                filter: None,
                input: Box::new(bound.plan),
            },
            schema,
        };
        let scope = Scope {
            windows: WindowTree::default(),
            ..scope.over(&plan.schema.fields)
        };
        Ok((scope, Bound::plain(plan)))
    }

    fn lateral(
        &mut self,
        query: &Query,
        left_scope: &Scope,
        left: &Bound,
        keeps: bool,
    ) -> Result<Lateral, Diagnostic> {
        let select = select_of(query).filter(|_| query.ctes.is_empty());
        let Some(select) = select.filter(|select| select.from.is_some()) else {
            return self.lateral_alone(query, left);
        };
        if !self.asks_around(select, left_scope)? {
            return self.lateral_alone(query, left);
        }
        if is_bare(query) && is_row_by_row(select) && !select.distinct {
            return self.hinted(select, |binder| {
                binder.lateral_rows(select, left_scope, left, keeps)
            });
        }
        self.lateral_by_keys(query, select, left_scope, left, keeps)
    }

    /// One that speaks of itself alone.
    fn lateral_alone(&mut self, query: &Query, left: &Bound) -> Result<Lateral, Diagnostic> {
        let bound = *self.boxed_query(query)?;
        let width = left.plan.schema.len();
        Ok(Lateral {
            fields: bound.plan.schema.fields.clone(),
            items: columns_behind(&bound.plan, width),
            conditions: Vec::new(),
            windows: WindowTree::Input(bound.windowed),
            plan: bound.plan,
        })
    }

    /// One that filters rows by those on the left.
    fn lateral_rows(
        &mut self,
        select: &Select,
        left_scope: &Scope,
        left: &Bound,
        keeps: bool,
    ) -> Result<Lateral, Diagnostic> {
        let Some(from) = &select.from else {
            return Err(unsupported(
                select.span,
                "LATERAL without FROM",
                "add a FROM clause",
            ));
        };
        let width = left.plan.schema.len();
        let (inner, bound) = *self.from(from)?;
        let around = Scope {
            windows: WindowTree::default(),
            ..left_scope.around(inner.clone())
        };
        let listed = list_items(select, &inner)?;
        let names: Vec<String> = listed.iter().map(|item| item.name().to_string()).collect();
        let own_fields = listed.iter().map(|item| match item {
            Item::Column(_, field) => field.time_attribute,
            Item::Expression(..) => None,
        });
        let attributes: Vec<_> = own_fields.collect();
        let members = self.members_of_select(select, around, inner, bound, width)?;
        let windows = windows_of(&members.scope, &members.bound);
        let mut plan = members.bound.plan;
        let mut added = Vec::new();
        let mut items = Vec::with_capacity(members.values.len());
        for value in members.values {
            items.push(match (&value, Side::of(&value, width)) {
                (Expr::Column { .. }, Side::Right) => value,
                (_, Side::Right | Side::Neither) => {
                    let place = width + plan.schema.len() + added.len();
                    let column = Expr::column(place, value.data_type());
                    added.push(join::back(value, width));
                    column
                }
                _ if keeps => {
                    return Err(unsupported(
                        select.span,
                        "LEFT JOIN LATERAL that lists or computes with columns of its left side",
                        "do it in the list of the outer query",
                    ));
                }
                _ => value,
            });
        }
        let fields = names.into_iter().zip(&items).zip(attributes);
        let fields = fields
            .map(|((name, item), attribute)| {
                Field::new(name, item.data_type()).with_time_attribute(attribute)
            })
            .collect();
        if !added.is_empty() {
            let mut schema = plan.schema.clone();
            for (number, expression) in added.iter().enumerate() {
                let field = Field::new(format!("item${number}"), expression.data_type());
                schema.fields.push(field);
            }
            let mut expressions = plan.columns();
            expressions.extend(added);
            plan = Plan {
                span: plan.span,
                schema,
                kind: PlanKind::Calc {
                    input: Box::new(plan),
                    filter: None,
                    expressions,
                },
            };
        }
        Ok(Lateral {
            plan,
            windows,
            fields,
            items,
            conditions: members.conditions,
        })
    }

    /// One that aggregates or ranks what is equal to something on the left.
    fn lateral_by_keys(
        &mut self,
        query: &Query,
        select: &Select,
        left_scope: &Scope,
        left: &Bound,
        keeps: bool,
    ) -> Result<Lateral, Diagnostic> {
        let is_cut = query.limit.is_some() || query.offset.is_some();
        if is_cut && (query.order_by.is_empty() || keeps) {
            let (what, hint) = if keeps {
                (
                    "LIMIT in LEFT JOIN LATERAL",
                    "rank the rows in a sub-query, and join its first ones",
                )
            } else {
                (
                    "LIMIT without ORDER BY in LATERAL",
                    "say by ORDER BY which rows come first",
                )
            };
            return Err(unsupported(query.span, what, hint));
        }
        let Some(parts) = self.decorrelated(select, left_scope, None)? else {
            return self.lateral_alone(query, left);
        };
        let is_wild = |item: &ast::SelectItem| matches!(item, ast::SelectItem::Wildcard { .. });
        let bound = if is_cut {
            let by_key = Query {
                body: QueryBody::Select(parts.select.clone()),
                ..query.clone()
            };
            // The keys come behind what is listed.
            let width = if select.items.iter().any(is_wild) {
                let redirected = self.redirected.borrow().len();
                let width = self.body(&by_key.body)?.plan.schema.len();
                self.redirected.borrow_mut().truncate(redirected);
                width
            } else {
                parts.select.items.len()
            };
            let partition = (width - parts.keys.len()..width).collect();
            *self.first_of_each(&by_key, partition)?
        } else {
            *self.decorrelated_rows(&parts)?
        };
        let (left_width, width) = (left.plan.schema.len(), bound.plan.schema.len() - parts.keys.len());
        let mut conditions = Vec::with_capacity(parts.keys.len());
        for (number, key) in parts.keys.iter().enumerate() {
            let mut binder = self.expressions(left_scope, "WHERE");
            let outer = binder.bind(&key.outer)?;
            let column = Expr::column(
                left_width + width + number,
                bound.plan.column_type(width + number),
            );
            let name = if key.nulls_agree {
                "IS NOT DISTINCT FROM"
            } else {
                "="
            };
            conditions.push(binder.compare(name, outer, column, key.outer.span)?);
        }
        let mut items = columns_behind(&bound.plan, left_width);
        items.truncate(width);
        Ok(Lateral {
            fields: bound.plan.schema.fields[..width].to_vec(),
            items,
            conditions,
            windows: WindowTree::Input(None),
            plan: bound.plan,
        })
    }
}

/// Whether rows on the left without any on the right are kept.
pub(super) fn keeps_left(kind: ast::JoinKind, span: Span) -> Result<bool, Diagnostic> {
    match kind {
        ast::JoinKind::Cross | ast::JoinKind::Comma | ast::JoinKind::Inner => Ok(false),
        ast::JoinKind::Left => Ok(true),
        ast::JoinKind::Right | ast::JoinKind::Full => Err(Diagnostic::validation(
            span,
            "a RIGHT or FULL JOIN cannot go by rows of its left side",
        )
        .hint("write CROSS JOIN or LEFT JOIN ... ON TRUE")),
    }
}

/// A SELECT from the elements of a collection, and nothing else.
fn elements_of(query: &Query) -> Option<&Select> {
    let select =
        select_of(query).filter(|select| is_bare(query) && !is_grouped(select) && !select.distinct)?;
    let is_unnest = matches!(
        select.from,
        Some(TableRef {
            kind: TableRefKind::Unnest { .. },
            ..
        })
    );
    (is_unnest && select.qualify.is_none()).then_some(select)
}

fn columns_behind(plan: &Plan, width: usize) -> Vec<Expr> {
    (0..plan.schema.len())
        .map(|column| Expr::column(width + column, plan.column_type(column)))
        .collect()
}

/// The name of a relation, whose columns may get other names with it.
pub(super) fn named(fields: &mut [Field], alias: Option<&TableAlias>) -> Result<Vec<String>, Diagnostic> {
    let Some(alias) = alias else {
        return Ok(Vec::new());
    };
    if !alias.columns.is_empty() {
        if alias.columns.len() != fields.len() {
            let message = format!(
                "'{}' names {} columns, but there are {}",
                alias.name.name,
                alias.columns.len(),
                fields.len()
            );
            return Err(Diagnostic::validation(alias.name.span, message));
        }
        for (field, column) in fields.iter_mut().zip(&alias.columns) {
            field.name.clone_from(&column.name);
        }
    }
    Ok(vec![alias.name.name.clone()])
}
