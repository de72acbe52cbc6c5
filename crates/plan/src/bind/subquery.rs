//! Sub-queries in WHERE: IN and EXISTS are semi joins, NOT IN and NOT EXISTS are anti joins.
//!
//! They must hold for every row that is given, so that they stand alone or beside other conditions with AND. What a
//! sub-query asks of the row around it in its own WHERE becomes a condition of the join.

use graph::{Expr, JoinKind};
use model::{Diagnostic, Span};
use sql::ast::{self, BinaryOperator, ExprKind, Query, QueryBody, Select, UnaryOperator};

use super::expression::or;
use super::join::{joined, windows_of};
use super::query::{Bound, QueryBinder};
use super::scope::{Scope, WindowTree, shifted};
use super::select::{Item, is_grouped, list_items};
use super::unsupported;
use crate::join;

/// IN or EXISTS.
struct Membership<'a> {
    /// `None`: it is enough that there is a row.
    operand: Option<&'a ast::Expr>,
    query: &'a Query,
    negated: bool,
    span: Span,
}

/// A sub-query as the right input of a join.
struct Members {
    scope: Scope,
    bound: Bound,
    /// Over the columns of the query around and those of the sub-query behind them.
    conditions: Vec<Expr>,
    values: Vec<Expr>,
}

impl QueryBinder<'_> {
    /// Sub-queries become joins, which keep the columns and their places; all else is given back.
    pub(super) fn where_clause(
        &mut self,
        filter: Option<&ast::Expr>,
        scope: Scope,
        bound: Bound,
    ) -> Result<(Scope, Bound, Option<Expr>), Diagnostic> {
        let Some(filter) = filter else {
            return Ok((scope, bound, None));
        };
        let mut parts = Vec::new();
        conjuncts(filter, &mut parts);
        if parts.iter().all(|part| membership(part).is_none()) {
            let filter = self.expressions(&scope, "WHERE").condition(filter)?;
            return Ok((scope, bound, Some(filter)));
        }
        let (mut scope, mut bound) = (scope, bound);
        let mut conditions = Vec::new();
        for part in parts {
            match membership(part) {
                Some(membership) => (scope, bound) = self.members_join(&membership, scope, bound)?,
                None => conditions.push(self.expressions(&scope, "WHERE").condition(part)?),
            }
        }
        Ok((scope, bound, join::all_of(conditions)))
    }

    fn members_join(
        &mut self,
        membership: &Membership<'_>,
        scope: Scope,
        bound: Bound,
    ) -> Result<(Scope, Bound), Diagnostic> {
        let span = membership.span;
        let members = self.deeper(span, |binder| binder.members(membership.query, &scope, &bound))?;
        let mut conditions = members.conditions;
        if let Some(operand) = membership.operand {
            let operands: &[ast::Expr] = match &operand.kind {
                ExprKind::Row { fields, .. } => fields,
                _ => std::slice::from_ref(operand),
            };
            if operands.len() != members.values.len() {
                let message = format!(
                    "{} values are looked for among rows of {} columns",
                    operands.len(),
                    members.values.len()
                );
                return Err(Diagnostic::validation(span, message));
            }
            let mut binder = self.expressions(&scope, "WHERE");
            for (operand, value) in operands.iter().zip(members.values) {
                let place = operand.span;
                let operand = binder.bind(operand)?;
                let equal = binder.compare("=", operand.clone(), value.clone(), place)?;
                conditions.push(if membership.negated {
                    // Whoever may be equal to something unknown is not known to be absent.
                    let mut unless = vec![equal];
                    for side in [operand, value] {
                        if side.data_type().nullable {
                            unless.push(binder.call("IS NULL", vec![side], place)?);
                        }
                    }
                    or(unless)
                } else {
                    equal
                });
            }
        }
        let kind = if membership.negated {
            JoinKind::Anti
        } else {
            JoinKind::Semi
        };
        let windows = WindowTree::Join(Box::new([
            windows_of(&scope, &bound),
            windows_of(&members.scope, &members.bound),
        ]));
        self.budget.unfold(1, span)?;
        let plan = joined(
            bound.plan,
            members.bound.plan,
            kind,
            join::all_of(conditions),
            self.at(span),
        );
        Ok((Scope { windows, ..scope }, Bound::plain(plan)))
    }

    fn members(&mut self, query: &Query, outer: &Scope, around: &Bound) -> Result<Members, Diagnostic> {
        let width = around.plan.schema.len();
        if let Some(select) = plain_select(query)
            && let Some(from) = &select.from
        {
            let (inner, bound) = *self.from(from)?;
            let around = Scope {
                windows: WindowTree::default(),
                ..outer.around(inner.clone())
            };
            return self.members_of_select(select, around, inner, bound, width);
        }
        let bound = *self.boxed_query(query)?;
        let columns = bound.plan.columns();
        Ok(Members {
            scope: Scope::default(),
            bound,
            conditions: Vec::new(),
            values: columns.into_iter().map(|column| shifted(column, width)).collect(),
        })
    }

    /// A sub-query that may speak of the row around it: conditions and values are bound over both.
    fn members_of_select(
        &mut self,
        select: &Select,
        around: Scope,
        inner: Scope,
        bound: Bound,
        width: usize,
    ) -> Result<Members, Diagnostic> {
        let mut conditions = Vec::new();
        let (mut inner, mut bound) = (inner, bound);
        let mut parts = Vec::new();
        if let Some(filter) = &select.filter {
            conjuncts(filter, &mut parts);
        }
        for part in parts {
            match membership(part) {
                Some(membership) => (inner, bound) = self.members_join(&membership, inner, bound)?,
                None => {
                    let condition = self.expressions(&around, "WHERE").condition(part)?;
                    conditions.extend(join::conjuncts(condition));
                }
            }
        }
        let mut values = Vec::new();
        for item in list_items(select, &inner)? {
            values.push(match item {
                Item::Column(column, _) => shifted(column, width),
                Item::Expression(expr, _) => self.expressions(&around, "SELECT").bind(expr)?,
            });
        }
        // What it asks of its own rows alone decides about the joins in it.
        let (own, of_both): (Vec<Expr>, Vec<Expr>) = conditions
            .into_iter()
            .partition(|condition| join::Side::of(condition, width) == join::Side::Right);
        let own = own.into_iter().map(|condition| join::back(condition, width));
        let (inner, bound, rest) = self.settled(inner, bound, join::all_of(own.collect()))?;
        let windowed = bound.windowed.clone();
        let plan = join::filtered(bound.plan, rest.map(join::conjuncts).unwrap_or_default());
        Ok(Members {
            scope: inner,
            bound: Bound { plan, windowed },
            conditions: of_both,
            values,
        })
    }
}

/// A SELECT whose rows are those of its FROM that meet its WHERE.
fn plain_select(query: &Query) -> Option<&Select> {
    let is_plain =
        query.ctes.is_empty() && query.order_by.is_empty() && query.limit.is_none() && query.offset.is_none();
    match &query.body {
        QueryBody::Select(select) if is_plain && !is_grouped(select) => Some(select),
        QueryBody::Nested(inner) if is_plain => plain_select(inner),
        _ => None,
    }
}

fn conjuncts<'a>(condition: &'a ast::Expr, parts: &mut Vec<&'a ast::Expr>) {
    match &condition.kind {
        ExprKind::Binary {
            operator: BinaryOperator::And,
            left,
            right,
        } => {
            conjuncts(left, parts);
            conjuncts(right, parts);
        }
        _ => parts.push(condition),
    }
}

fn membership(condition: &ast::Expr) -> Option<Membership<'_>> {
    let span = condition.span;
    match &condition.kind {
        ExprKind::InSubquery {
            operand,
            query,
            negated,
        } => Some(Membership {
            operand: Some(operand),
            query,
            negated: *negated,
            span,
        }),
        ExprKind::Exists { query } => Some(Membership {
            operand: None,
            query,
            negated: false,
            span,
        }),
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => {
            let inner = membership(operand)?;
            Some(Membership {
                negated: !inner.negated,
                ..inner
            })
        }
        _ => None,
    }
}

/// A sub-query where none can be yet.
pub(super) fn misplaced(span: Span) -> Diagnostic {
    unsupported(
        span,
        "a sub-query inside an expression",
        "IN (SELECT ...) and EXISTS (SELECT ...) can stand in WHERE, alone or with AND; put other sub-queries into FROM",
    )
}
