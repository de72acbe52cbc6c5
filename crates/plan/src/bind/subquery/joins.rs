//! The sub-queries of a clause: what stands for them while it is bound, and how their rows are joined.

use graph::{Expr, JoinKind};
use model::{Diagnostic, Span};
use sql::ast;

use super::super::expression::ExprBinder;
use super::super::join::{joined, windows_of};
use super::super::query::{Bound, QueryBinder};
use super::super::scope::{Scope, WindowTree};
use super::super::{literal, unsupported};
use super::correlated::Key;
use super::misplaced;
use super::value::{Asking, Node, Value};
use crate::join::{self, Side};
use crate::logical::Plan;

/// Positions of what is no column of the input: so many for each sub-query.
pub(crate) const SUBQUERY_BASE: usize = 1 << 26;
const COLUMNS_MAX: usize = 1 << 10;

/// The sub-queries of a clause.
#[derive(Debug, Default)]
pub(in crate::bind) struct Subqueries {
    pub(super) found: Vec<Found>,
    joins: Vec<Joined>,
}

#[derive(Debug)]
pub(super) struct Found {
    /// The address of the node, which stays where it is while its clause is bound.
    pub node: usize,
    pub value: Value,
    pub keys: Vec<Key>,
    /// What it became where it was bound, and whether that was over results of a grouping.
    pub bound: Option<(Expr, bool)>,
}

/// The rows of a sub-query as the right input of a join.
#[derive(Debug)]
struct Joined {
    rows: Plan,
    /// What must be equal: an expression over the rows around, a column of these, and whether NULL equals NULL.
    on: Vec<(Expr, usize, bool)>,
    /// Whether it is asked for results of a grouping.
    above: bool,
    span: Span,
    /// Where its columns begin, once it is joined.
    place: Option<usize>,
}

impl Subqueries {
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether some sub-query was asked for results of a grouping, or for its input.
    pub fn any(&self, above: bool) -> bool {
        self.joins.iter().any(|join| join.above == above)
    }

    /// Whether an expression needs what a sub-query gives.
    pub fn are_in(&self, expression: &Expr) -> bool {
        let mut found = false;
        expression.visit_columns(&mut |index| {
            found |= number_of(index).is_some_and(|number| number < self.joins.len());
        });
        found
    }

    /// Passes what is compared with rows of sub-queries through `change`.
    pub fn map_operands(
        &mut self,
        above: bool,
        mut change: impl FnMut(Expr, Span) -> Result<Expr, Diagnostic>,
    ) -> Result<(), Diagnostic> {
        for join in self.joins.iter_mut().filter(|join| join.above == above) {
            for (operand, _, _) in &mut join.on {
                *operand = change(operand.clone(), join.span)?;
            }
        }
        Ok(())
    }

    /// An expression whose sub-queries have been joined.
    pub fn placed(&self, expression: Expr) -> Expr {
        expression.transform(&mut |expression| match expression {
            Expr::Column { index, data_type } => {
                let place = number_of(index).and_then(|number| self.joins.get(number)?.place);
                match place {
                    Some(place) => Expr::column(place + index % COLUMNS_MAX, data_type),
                    None => Expr::column(index, data_type),
                }
            }
            other => other,
        })
    }

    fn join(&mut self, rows: &Plan, on: Vec<(Expr, usize, bool)>, above: bool, span: Span) -> Vec<Expr> {
        let base = SUBQUERY_BASE + self.joins.len() * COLUMNS_MAX;
        self.joins.push(Joined {
            rows: rows.clone(),
            on,
            above,
            span,
            place: None,
        });
        let fields = rows.schema.fields.iter().enumerate();
        fields
            .map(|(column, field)| Expr::column(base + column, field.data_type.clone().or_nullable(true)))
            .collect()
    }

    /// Which side of a join each of them goes by. Where one asks for the value of another, both go by the same.
    fn sides(&self, width: usize) -> Vec<Side> {
        let mut sides = vec![Side::Neither; self.joins.len()];
        let mut pairs = Vec::new();
        for (number, join) in self.joins.iter().enumerate() {
            for (operand, _, _) in &join.on {
                operand.visit_columns(&mut |index| match number_of(index) {
                    Some(other) => pairs.push((number, other)),
                    None if index < width => sides[number] = sides[number].and(Side::Left),
                    None => sides[number] = sides[number].and(Side::Right),
                });
            }
        }
        // Each pass brings at least one of them its side.
        for _ in 0..self.joins.len() {
            for &(one, other) in &pairs {
                let side = sides[one].and(sides[other]);
                sides[one] = side;
                sides[other] = side;
            }
        }
        sides
    }
}

/// The inputs of a join, and its condition over the columns of both.
pub(in crate::bind) struct JoinSides {
    pub left: (Scope, Bound),
    pub right: (Scope, Bound),
    pub condition: Expr,
}

fn number_of(index: usize) -> Option<usize> {
    let beyond = super::super::over::OVER_BASE;
    (SUBQUERY_BASE..beyond)
        .contains(&index)
        .then(|| (index - SUBQUERY_BASE) / COLUMNS_MAX)
}

impl QueryBinder<'_> {
    /// Joins the rows of a plan with those of the sub-queries that are asked for them.
    pub(in crate::bind) fn attach(
        &mut self,
        plan: Plan,
        subqueries: &mut Subqueries,
        is_wanted: impl Fn(usize, bool) -> bool,
    ) -> Result<Plan, Diagnostic> {
        let scope = Scope::default();
        let mut plan = plan;
        for number in 0..subqueries.joins.len() {
            let join = &subqueries.joins[number];
            if join.place.is_some() || !is_wanted(number, join.above) {
                continue;
            }
            let (span, width) = (join.span, plan.schema.len());
            self.budget.unfold(1 + join.rows.size(), span)?;
            let mut binder = self.expressions(&scope, "a sub-query");
            let mut conditions = Vec::with_capacity(join.on.len());
            for (operand, column, nulls_agree) in &join.on {
                let name = if *nulls_agree { "IS NOT DISTINCT FROM" } else { "=" };
                let operand = subqueries.placed(operand.clone());
                let column = Expr::column(width + column, join.rows.column_type(*column));
                conditions.push(binder.compare(name, operand, column, span)?);
            }
            let place = self.at(span);
            plan = joined(
                plan,
                join.rows.clone(),
                JoinKind::Left,
                join::all_of(conditions),
                place,
            );
            // Such a join knows nothing of time.
            plan.schema
                .fields
                .iter_mut()
                .for_each(|field| field.time_attribute = None);
            subqueries.joins[number].place = Some(width);
        }
        Ok(plan)
    }

    /// The condition of a join with sub-queries in it, which become columns of the side that they go by.
    pub(in crate::bind) fn asking_condition(
        &mut self,
        condition: &ast::Expr,
        (left_scope, left): (Scope, Bound),
        (right_scope, right): (Scope, Bound),
    ) -> Result<JoinSides, Diagnostic> {
        let span = condition.span;
        let width = left.plan.schema.len();
        let both = left_scope.clone().beside(right_scope.clone());
        let asking = Asking {
            expr: condition,
            is_condition: false,
        };
        let mut subqueries = self.subqueries([asking], &both, None)?;
        let mut binder = self.expressions(&both, "the condition of a join");
        binder.subqueries = Some(&mut subqueries);
        let condition = binder.condition(condition)?;
        let sides = subqueries.sides(width);
        if sides.contains(&Side::Both) {
            return Err(unsupported(
                span,
                "a sub-query that speaks of both sides of the join",
                "ask for it in WHERE",
            ));
        }
        let (left_scope, left) = self.asked_side(left_scope, left, &mut subqueries, |number| {
            sides[number] == Side::Left
        })?;
        for (join, side) in subqueries.joins.iter_mut().zip(&sides) {
            if *side == Side::Right {
                for (operand, _, _) in &mut join.on {
                    *operand = join::back(operand.clone(), width);
                }
            }
        }
        let (right_scope, right) = self.asked_side(right_scope, right, &mut subqueries, |number| {
            sides[number] != Side::Left
        })?;
        let grown = left.plan.schema.len();
        for (join, side) in subqueries.joins.iter_mut().zip(&sides) {
            if *side != Side::Left {
                join.place = join.place.map(|place| grown + place);
            }
        }
        let condition = condition.transform(&mut |expression| match expression {
            Expr::Column { index, data_type } if (width..SUBQUERY_BASE).contains(&index) => {
                Expr::column(index - width + grown, data_type)
            }
            other => other,
        });
        Ok(JoinSides {
            left: (left_scope, left),
            right: (right_scope, right),
            condition: subqueries.placed(condition),
        })
    }

    /// An input of a join with what its sub-queries give behind its columns.
    fn asked_side(
        &mut self,
        scope: Scope,
        bound: Bound,
        subqueries: &mut Subqueries,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Result<(Scope, Bound), Diagnostic> {
        let width = bound.plan.schema.len();
        let windows = windows_of(&scope, &bound);
        let joins = subqueries.joins.len();
        let mut windows = windows;
        for number in 0..joins {
            if is_wanted(number) {
                windows = WindowTree::Join(Box::new([windows, WindowTree::default()]));
            }
        }
        let plan = self.attach(bound.plan, subqueries, |number, _| is_wanted(number))?;
        if plan.schema.len() == width {
            let windowed = bound.windowed;
            return Ok((scope, Bound { plan, windowed }));
        }
        let hidden = &plan.schema.fields[width..];
        let scope = Scope {
            windows,
            ..scope.over(&plan.schema.fields).with_hidden(hidden)
        };
        Ok((scope, Bound::plain(plan)))
    }
}

impl ExprBinder<'_> {
    /// What a sub-query gives for a row.
    pub(in crate::bind) fn subquery(&mut self, expr: &ast::Expr) -> Result<Expr, Diagnostic> {
        let node = Node::of(expr);
        let operand = match &expr.kind {
            ast::ExprKind::InSubquery { operand, .. } => Some(self.value(operand)?),
            _ => None,
        };
        let Some(subqueries) = self.subqueries.take() else {
            return Err(misplaced(expr.span));
        };
        let above = self.aggregation.is_some();
        let outcome = match subqueries
            .found
            .iter()
            .position(|found| found.node == node.address)
        {
            None => Err(misplaced(expr.span)),
            Some(found) => self.subquery_value(subqueries, found, operand, above, expr.span),
        };
        self.subqueries = Some(subqueries);
        outcome
    }

    fn subquery_value(
        &mut self,
        subqueries: &mut Subqueries,
        found: usize,
        operand: Option<Expr>,
        above: bool,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        let Found {
            value, keys, bound, ..
        } = &subqueries.found[found];
        if let Some((bound, is_above)) = bound
            && *is_above == above
        {
            return Ok(bound.clone());
        }
        if above && !keys.is_empty() {
            return Err(unsupported(
                span,
                "a sub-query that speaks of the grouped row around it",
                "aggregate in a sub-query in FROM, and ask for its rows",
            ));
        }
        let (value, keys) = (value.clone(), keys.clone());
        let mut on = Vec::with_capacity(keys.len());
        for (number, key) in keys.iter().enumerate() {
            on.push((self.bind(&key.outer)?, number, key.nulls_agree));
        }
        let behind = |on: &[(Expr, usize, bool)], by: usize| -> Vec<(Expr, usize, bool)> {
            let moved = |(operand, column, nulls_agree): &(Expr, usize, bool)| {
                (operand.clone(), column + by, *nulls_agree)
            };
            on.iter().map(moved).collect()
        };
        let bound = match value {
            Value::Always => literal::boolean(true),
            Value::Any { count } => {
                let columns = subqueries.join(&count, on, above, span);
                let any = self.compare(">", columns[0].clone(), literal::bigint(0), span)?;
                self.case_of(
                    vec![(any, literal::boolean(true))],
                    Some(literal::boolean(false)),
                    span,
                )?
            }
            Value::Exists { rows } => {
                let marker = keys.len();
                let columns = subqueries.join(&rows, on, above, span);
                self.call("IS NOT NULL", vec![columns[marker].clone()], span)?
            }
            Value::Scalar { rows, empty } => {
                let marker = 1 + keys.len();
                let columns = subqueries.join(&rows, behind(&on, 1), above, span);
                let value = columns[0].clone();
                match empty {
                    None => value,
                    Some(empty) => {
                        let is_there = self.call("IS NOT NULL", vec![columns[marker].clone()], span)?;
                        self.case_of(vec![(is_there, value)], Some(empty), span)?
                    }
                }
            }
            Value::In {
                rows,
                counts,
                negated,
            } => {
                let Some(operand) = operand else {
                    return Err(misplaced(span));
                };
                let marker = 1 + keys.len();
                let is_nullable = operand.data_type().nullable || rows.column_type(0).nullable;
                let mut with_operand = vec![(operand.clone(), 0, false)];
                with_operand.extend(behind(&on, 1));
                let columns = subqueries.join(&rows, with_operand, above, span);
                let is_among = self.call("IS NOT NULL", vec![columns[marker].clone()], span)?;
                let found = match counts.filter(|_| is_nullable) {
                    None => is_among,
                    Some(counts) => {
                        let counted = subqueries.join(&counts, on, above, span);
                        let (rows, values) = (counted[keys.len()].clone(), counted[keys.len() + 1].clone());
                        let unknown = literal::null(model::TypeKind::Boolean.nullable());
                        let is_any = self.compare(">", rows.clone(), literal::bigint(0), span)?;
                        let is_empty = self.call("IS NOT TRUE", vec![is_any], span)?;
                        let is_missing = self.call("IS NULL", vec![operand], span)?;
                        let has_nulls = self.compare("<", values, rows, span)?;
                        let branches = vec![
                            (is_empty, literal::boolean(false)),
                            (is_missing, unknown.clone()),
                            (is_among, literal::boolean(true)),
                            (has_nulls, unknown),
                        ];
                        self.case_of(branches, Some(literal::boolean(false)), span)?
                    }
                };
                if negated { self.not(found, span)? } else { found }
            }
        };
        subqueries.found[found].bound = Some((bound.clone(), above));
        Ok(bound)
    }
}
