//! Sub-queries in WHERE: IN and EXISTS are semi joins, NOT IN and NOT EXISTS are anti joins.
//!
//! Those must hold for every row that is given, so that they stand alone or beside other conditions with AND. What such
//! a sub-query asks of the row around it in its own WHERE becomes a condition of the join. Any other sub-query stands for
//! a value ([`value`]).

pub(super) mod correlated;
pub(crate) mod joins;
pub(super) mod value;

use graph::{Expr, JoinKind};
use model::{Diagnostic, Schema, Span};
use sql::ast::{self, BinaryOperator, ExprKind, Query, QueryBody, Select, UnaryOperator};

use super::expression::or;
use super::join::{joined, windows_of};
use super::query::{Bound, QueryBinder};
use super::scope::{Scope, WindowTree, shifted};
use super::select::{Item, is_grouped, list_items};
use super::{unsupported, walk};
use crate::join;
use crate::logical::{Plan, PlanKind};
use value::{Asking, asks};

/// IN or EXISTS.
struct Membership<'a> {
    /// `None`: it is enough that there is a row.
    operand: Option<&'a ast::Expr>,
    query: &'a Query,
    negated: bool,
    span: Span,
}

/// A sub-query as the right input of a join.
pub(super) struct Members {
    pub scope: Scope,
    pub bound: Bound,
    /// Over the columns of the query around and those of the sub-query behind them.
    pub conditions: Vec<Expr>,
    pub values: Vec<Expr>,
}

impl QueryBinder<'_> {
    /// The joins of a FROM with the conditions of its WHERE. Gives back what remains of those for the rows of the
    /// result, and the names over these.
    pub(super) fn filtered_from(
        &mut self,
        filter: Option<&ast::Expr>,
        scope: Scope,
        bound: Bound,
    ) -> Result<(Scope, Bound, Option<Expr>), Diagnostic> {
        let Some(filter) = filter else {
            return self.settled(scope, bound, None);
        };
        if !asks(filter) {
            let filter = self.expressions(&scope, "WHERE").condition(filter)?;
            return self.settled(scope, bound, Some(filter));
        }
        let (mut scope, mut bound) = (scope, bound);
        let (mut conditions, mut asking) = (Vec::new(), Vec::new());
        let mut parts = Vec::new();
        conjuncts(filter, &mut parts);
        for part in parts {
            match self.joinable(part, &scope)? {
                Some(membership) => (scope, bound) = self.members_join(&membership, scope, bound)?,
                None if asks(part) => asking.push(part),
                None => conditions.push(self.expressions(&scope, "WHERE").condition(part)?),
            }
        }
        let (scope, bound, filter) = self.settled(scope, bound, join::all_of(conditions))?;
        self.asked(asking, scope, bound, filter)
    }

    /// IN or EXISTS that a join can tell by itself.
    fn joinable<'e>(
        &mut self,
        part: &'e ast::Expr,
        scope: &Scope,
    ) -> Result<Option<Membership<'e>>, Diagnostic> {
        let Some(membership) = membership(part) else {
            return Ok(None);
        };
        let in_operand = membership.operand.is_some_and(asks);
        if in_operand
            || (plain_select(membership.query).is_none() && self.speaks_of(membership.query, scope)?)
        {
            return Ok(None);
        }
        Ok(Some(membership))
    }

    /// The rows that meet conditions with sub-queries in them.
    fn asked(
        &mut self,
        asking: Vec<&ast::Expr>,
        scope: Scope,
        bound: Bound,
        filter: Option<Expr>,
    ) -> Result<(Scope, Bound, Option<Expr>), Diagnostic> {
        let Some(first) = asking.first() else {
            return Ok((scope, bound, filter));
        };
        let span = first.span;
        let plan = join::filtered(bound.plan, filter.map(join::conjuncts).unwrap_or_default());
        let conditions = asking.iter().map(|expr| Asking {
            expr,
            is_condition: true,
        });
        let mut subqueries = self.subqueries(conditions, &scope, Some(&plan))?;
        let mut filter = Vec::with_capacity(asking.len());
        let mut binder = self.expressions(&scope, "WHERE");
        binder.subqueries = Some(&mut subqueries);
        for expr in asking {
            filter.push(binder.condition(expr)?);
        }
        let width = plan.schema.len();
        let plan = self.attach(plan, &mut subqueries, |_, _| true)?;
        let filter = filter.into_iter().map(|condition| subqueries.placed(condition));
        let plan = Plan {
            span: self.at(span),
            schema: Schema::new(plan.schema.fields[..width].to_vec()),
            kind: PlanKind::Calc {
                expressions: plan.columns()[..width].to_vec(),
                filter: join::all_of(filter.collect()),
                input: Box::new(plan),
            },
        };
        let scope = Scope {
            windows: WindowTree::default(),
            ..scope.over(&plan.schema.fields)
        };
        Ok((scope, Bound::plain(plan), None))
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
        let mut plan = joined(
            bound.plan,
            members.bound.plan,
            kind,
            join::all_of(conditions),
            self.at(span),
        );
        if let PlanKind::Join { join, .. } = &mut plan.kind {
            join.ttl[0] = self.hints.group_ttl();
        }
        Ok((Scope { windows, ..scope }, Bound::plain(plan)))
    }

    fn members(&mut self, query: &Query, outer: &Scope, around: &Bound) -> Result<Members, Diagnostic> {
        let width = around.plan.schema.len();
        if let Some(select) = plain_select(query)
            && let Some(from) = &select.from
        {
            return self.hinted(select, |binder| {
                let (inner, bound) = *binder.from(from)?;
                let around = Scope {
                    windows: WindowTree::default(),
                    ..outer.around(inner.clone())
                };
                binder.members_of_select(select, around, inner, bound, width)
            });
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
    pub(super) fn members_of_select(
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
        let mut asking = Vec::new();
        for part in parts {
            match self.joinable(part, &inner)? {
                Some(membership) => (inner, bound) = self.members_join(&membership, inner, bound)?,
                None if asks(part) => asking.push(part),
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
        let (inner, bound, rest) = self.asked(asking, inner, bound, rest)?;
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
        QueryBody::Select(select) if is_plain && is_row_by_row(select) => Some(select),
        QueryBody::Nested(inner) if is_plain => plain_select(inner),
        _ => None,
    }
}

/// Whether a SELECT looks at one row of its FROM at a time.
pub(super) fn is_row_by_row(select: &Select) -> bool {
    let mut has_over = false;
    for expr in walk::expressions_of(select) {
        walk::visit(expr, &mut |expr| {
            has_over |= matches!(&expr.kind, ExprKind::Function(call) if call.over.is_some());
        });
    }
    select.qualify.is_none() && !has_over && !is_grouped(select)
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
        "a sub-query at this place",
        "sub-queries can stand in the list of SELECT, in WHERE, in HAVING and in the condition of a join",
    )
}
