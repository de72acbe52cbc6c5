//! UNNEST in FROM: rows once for each element of a collection of what stands left of it.

use graph::{Expr, Unnest};
use model::{Diagnostic, Field, Schema, Span};
use sql::ast::{
    self, ExprKind, JoinConstraint, JoinKind, Literal, Select, TableAlias, TableRef, TableRefKind,
};

use super::join::windows_of;
use super::lateral::{keeps_left, named};
use super::query::{Bound, Boxed, QueryBinder};
use super::scope::{Scope, WindowTree};
use super::select::{Item, list_items, one_row};
use super::{substitute, unsupported};
use crate::join::{self, Side};
use crate::logical::{Plan, PlanKind};

/// `UNNEST(collection) [WITH ORDINALITY] AS t(x)`
struct Elements<'a> {
    collection: &'a ast::Expr,
    with_ordinality: bool,
    alias: Option<&'a TableAlias>,
}

impl QueryBinder<'_> {
    /// `left CROSS JOIN UNNEST(collection) AS t(x)`
    pub(super) fn unnest_join(
        &mut self,
        left: &TableRef,
        right: &TableRef,
        kind: JoinKind,
        constraint: &JoinConstraint,
        span: Span,
    ) -> Result<Box<(Scope, Bound)>, Diagnostic> {
        let elements = Elements::of(right)?;
        let keeps = keeps_left(kind, span)?;
        check_constraint(constraint, span)?;
        let left = *self.from(left)?;
        let (scope, mut bound) = self.elements(&elements, left, keeps, span)?;
        let condition = match constraint {
            JoinConstraint::On(condition) if !is_true(condition) => {
                vec![self.element_condition(condition, "the condition of a join", &scope, &bound)?]
            }
            _ => Vec::new(),
        };
        add_conditions(&mut bound.plan, condition);
        Ok(Box::new((scope, bound)))
    }

    /// `FROM UNNEST(ARRAY[1, 2])`: the elements alone.
    pub(super) fn unnest_alone(&mut self, table: &TableRef) -> Boxed<Bound> {
        let elements = Elements {
            alias: None,
            ..Elements::of(table)?
        };
        let left = (Scope::default(), Bound::plain(one_row(self.at(table.span))));
        let (_, mut bound) = self.elements(&elements, left, false, table.span)?;
        bound.plan.schema.fields.remove(0);
        if let PlanKind::Unnest { unnest, .. } = &mut bound.plan.kind {
            unnest.outputs.remove(0);
        }
        Ok(Box::new(bound))
    }

    /// `left CROSS JOIN LATERAL (SELECT ... FROM UNNEST(collection) ...)`
    pub(super) fn lateral_unnest(
        &mut self,
        select: &Select,
        left: (Scope, Bound),
        right: &TableRef,
        keeps: bool,
        constraint: &JoinConstraint,
        span: Span,
    ) -> Result<Box<(Scope, Bound)>, Diagnostic> {
        let Some(table) = &select.from else {
            return Err(unsupported(
                select.span,
                "LATERAL without FROM",
                "add a FROM clause",
            ));
        };
        let (left_scope, left_bound) = left;
        let width = left_bound.plan.schema.len();
        let elements = Elements::of(table)?;
        let (both, mut bound) = self.elements(&elements, (left_scope.clone(), left_bound), keeps, span)?;
        let mut conditions = Vec::new();
        if let Some(filter) = &select.filter {
            conditions.push(self.element_condition(filter, "WHERE", &both, &bound)?);
        }
        let own = bound.plan.schema.fields[width..].to_vec();
        let name = elements.alias.map(|alias| alias.name.name.clone());
        let inner = Scope::of_relation(name.into_iter().collect(), own);
        let mut outputs = bound.plan.columns()[..width].to_vec();
        let mut fields = Vec::new();
        for item in list_items(select, &inner)? {
            let (value, name) = match item {
                Item::Column(column, field) => (super::scope::shifted(column, width), field.name),
                Item::Expression(expr, name) => (self.expressions(&both, "SELECT").value(expr)?, name),
            };
            fields.push(Field::new(name, value.data_type()));
            outputs.push(value);
        }
        let name = named(&mut fields, right.alias.as_ref())?;
        let mut schema = Schema::new(bound.plan.schema.fields[..width].to_vec());
        schema.fields.extend(fields.iter().cloned());
        let scope = Scope {
            windows: both.windows.clone(),
            ..left_scope.beside(Scope::of_relation(name, fields))
        };
        if let JoinConstraint::On(condition) = constraint
            && !is_true(condition)
        {
            let bound_condition = self
                .expressions(&scope, "the condition of a join")
                .condition(condition)?;
            let over_elements = substitute(bound_condition, &outputs);
            conditions.push(of_elements(over_elements, width, condition.span)?);
        }
        add_conditions(&mut bound.plan, conditions);
        let columns: Option<Vec<usize>> = outputs
            .iter()
            .map(|output| match output {
                Expr::Column { index, .. } => Some(*index),
                _ => None,
            })
            .collect();
        // A column of the left side is not NULL where there are no elements.
        let pads_left = |columns: &Vec<usize>| keeps && columns[width..].iter().any(|column| *column < width);
        let columns = columns.filter(|columns| !pads_left(columns));
        if let (Some(columns), PlanKind::Unnest { unnest, .. }) = (columns, &mut bound.plan.kind) {
            unnest.outputs = columns;
            bound.plan.schema = schema;
            return Ok(Box::new((scope, bound)));
        }
        if keeps {
            return Err(unsupported(
                select.span,
                "LEFT JOIN LATERAL that computes with elements or lists columns of its left side",
                "do it in the list of the outer query",
            ));
        }
        let (_, bound, _) = self.settled(both, bound, None)?;
        for (field, source) in schema.fields.iter_mut().zip(&bound.plan.schema.fields[..width]) {
            field.time_attribute = source.time_attribute;
        }
        let plan = Plan {
            span: bound.plan.span,
            kind: PlanKind::Calc {
                input: Box::new(bound.plan),
                filter: None,
                expressions: outputs,
            },
            schema,
        };
        let scope = Scope {
            windows: WindowTree::default(),
            ..scope.over(&plan.schema.fields)
        };
        Ok(Box::new((scope, Bound::plain(plan))))
    }

    /// The rows of the left side with each of their elements.
    fn elements(
        &mut self,
        elements: &Elements<'_>,
        (left_scope, left_bound): (Scope, Bound),
        keeps: bool,
        span: Span,
    ) -> Result<(Scope, Bound), Diagnostic> {
        self.budget.unfold(1, span)?;
        let collection = elements.collection;
        let operand = self.expressions(&left_scope, "UNNEST").value(collection)?;
        let data_type = operand.data_type();
        let ordinality = elements.with_ordinality;
        let Some(mut fields) = Unnest::columns(&data_type, ordinality, keeps) else {
            return Err(Diagnostic::validation(
                collection.span,
                format!(
                    "UNNEST takes an ARRAY, MULTISET or MAP, but this is of type {}",
                    data_type.kind
                ),
            ));
        };
        let name = named(&mut fields, elements.alias)?;
        let windows = windows_of(&left_scope, &left_bound);
        let scope = Scope {
            windows,
            ..left_scope.beside(Scope::of_relation(name, fields.clone()))
        };
        let input = left_bound.plan;
        let mut columns = input.schema.fields.clone();
        columns.extend(fields);
        let plan = Plan {
            kind: PlanKind::Unnest {
                unnest: Box::new(Unnest {
                    operand,
                    ordinality,
                    keeps,
                    condition: None,
                    outputs: (0..columns.len()).collect(),
                }),
                input: Box::new(input),
            },
            schema: Schema::new(columns),
            span: self.at(span),
        };
        let bound = Bound {
            plan,
            windowed: left_bound.windowed,
        };
        Ok((scope, bound))
    }

    /// A condition that elements must meet, over them alone.
    fn element_condition(
        &mut self,
        condition: &ast::Expr,
        clause: &'static str,
        scope: &Scope,
        bound: &Bound,
    ) -> Result<Expr, Diagnostic> {
        let PlanKind::Unnest { input, .. } = &bound.plan.kind else {
            return Err(unsupported(condition.span, "this condition", "filter with WHERE"));
        };
        let width = input.schema.len();
        let bound = self.expressions(scope, clause).condition(condition)?;
        of_elements(bound, width, condition.span)
    }
}

impl<'a> Elements<'a> {
    fn of(table: &'a TableRef) -> Result<Elements<'a>, Diagnostic> {
        match &table.kind {
            TableRefKind::Unnest {
                expression,
                with_ordinality,
            } => Ok(Elements {
                collection: expression,
                with_ordinality: *with_ordinality,
                alias: table.alias.as_ref(),
            }),
            _ => Err(unsupported(table.span, "this table", "write UNNEST(collection)")),
        }
    }
}

/// Flink too takes no condition here that speaks of the rows on the left.
fn of_elements(condition: Expr, width: usize, span: Span) -> Result<Expr, Diagnostic> {
    if Side::of(&condition, width) != Side::Right {
        return Err(unsupported(
            span,
            "a condition of UNNEST on more than its elements",
            "write ON TRUE and filter with WHERE",
        ));
    }
    Ok(join::back(condition, width))
}

fn add_conditions(plan: &mut Plan, conditions: Vec<Expr>) {
    if let PlanKind::Unnest { unnest, .. } = &mut plan.kind {
        unnest.condition = join::all_of(unnest.condition.take().into_iter().chain(conditions).collect());
    }
}

fn is_true(condition: &ast::Expr) -> bool {
    matches!(&condition.kind, ExprKind::Literal(Literal::Boolean(true)))
}

fn check_constraint(constraint: &JoinConstraint, span: Span) -> Result<(), Diagnostic> {
    match constraint {
        JoinConstraint::None | JoinConstraint::On(_) => Ok(()),
        _ => Err(unsupported(
            span,
            "UNNEST with NATURAL or USING",
            "write ON TRUE and filter with WHERE",
        )),
    }
}
