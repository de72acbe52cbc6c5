//! Joins in FROM.
//!
//! What the result of a join knows of time depends on its whole condition, WHERE included: the joins of a FROM are
//! [settled](settle) once both are known, and only then is anything bound over them.

use std::collections::HashSet;

use graph::{Expr, Join, JoinKind, JoinTime};
use model::{Diagnostic, Field, Schema, Span};
use sql::ast::{self, Ident, JoinConstraint, ObjectName, TableRef, TableRefKind};

use super::join_time::Inputs;
use super::query::{Bound, QueryBinder, Windowed};
use super::scope::{CommonColumn, Relation, Scope, WindowTree};
use super::state_ttl::input_name;
use super::subquery::value::asks;
use super::version::Version;
use crate::join;
use crate::logical::{Plan, PlanKind};

impl QueryBinder<'_> {
    pub(super) fn join(
        &mut self,
        left: &TableRef,
        right: &TableRef,
        kind: ast::JoinKind,
        constraint: &JoinConstraint,
        span: Span,
    ) -> Result<Box<(Scope, Bound)>, Diagnostic> {
        if let TableRefKind::Unnest { .. } = &right.kind {
            return self.unnest_join(left, right, kind, constraint, span);
        }
        if let TableRefKind::Subquery { lateral: true, .. } = &right.kind {
            return self.lateral_join(left, right, kind, constraint, span);
        }
        self.budget.unfold(1, span)?;
        check_constraint(kind, constraint, span)?;
        let (left_scope, left_bound) = *self.from(left)?;
        let (right_scope, right_bound) = match super::version::without_time(right) {
            Some(right) => *self.from(&right)?,
            None => *self.from(right)?,
        };
        let version = self.version(right, &left_scope, &right_bound.plan)?;
        let mut asked = None;
        let (left_scope, left_bound, right_scope, right_bound) = match constraint {
            JoinConstraint::On(condition) if asks(condition) => {
                let sides =
                    self.asking_condition(condition, (left_scope, left_bound), (right_scope, right_bound))?;
                asked = Some(sides.condition);
                (sides.left.0, sides.left.1, sides.right.0, sides.right.1)
            }
            _ => (left_scope, left_bound, right_scope, right_bound),
        };
        refuse_repeated_names(&left_scope, &right_scope, right.span)?;
        let kind = match kind {
            ast::JoinKind::Inner | ast::JoinKind::Cross | ast::JoinKind::Comma => JoinKind::Inner,
            ast::JoinKind::Left => JoinKind::Left,
            ast::JoinKind::Right => JoinKind::Right,
            ast::JoinKind::Full => JoinKind::Full,
        };
        let names = match constraint {
            JoinConstraint::Using(names) => names.clone(),
            JoinConstraint::Natural => names_in_both(&left_scope, &right_scope, right.span)?,
            JoinConstraint::On(_) | JoinConstraint::None => Vec::new(),
        };
        let mut pairs = Vec::with_capacity(names.len());
        for name in &names {
            pairs.push((
                column_of_side(&left_scope, name, "left")?,
                column_of_side(&right_scope, name, "right")?,
            ));
        }
        let width = left_bound.plan.schema.len();
        let windows = WindowTree::Join(Box::new([
            windows_of(&left_scope, &left_bound),
            windows_of(&right_scope, &right_bound),
        ]));
        let scope = Scope {
            windows,
            ..left_scope.beside(right_scope)
        };
        let mut conditions = Vec::new();
        let mut commons = Vec::new();
        let mut binder = self.expressions(&scope, "the condition of a join");
        for (name, (of_left, of_right)) in names.iter().zip(pairs) {
            let of_right = super::scope::shifted(of_right, width);
            let place = name.span;
            conditions.push(binder.compare("=", of_left.clone(), of_right.clone(), place)?);
            commons.push((name.name.clone(), of_left, of_right, place));
        }
        if let Some(asked) = asked {
            conditions.extend(join::conjuncts(asked));
        } else if let JoinConstraint::On(condition) = constraint {
            conditions.extend(join::conjuncts(binder.condition(condition)?));
        }
        match &version {
            Some(Version::Of(_)) => self.check_version(kind, right, &right_bound.plan, &conditions, width)?,
            Some(Version::Lookup(_)) => self.check_lookup(kind, right)?,
            None => {}
        }
        let mut plan = joined(
            left_bound.plan,
            right_bound.plan,
            kind,
            join::all_of(conditions),
            self.at(span),
        );
        let ttl = [left, right].map(|input| self.hints.ttl.take(input_name(input)));
        if let PlanKind::Join { join, .. } = &mut plan.kind {
            join.ttl = ttl;
            match &version {
                Some(Version::Of(version)) => join.time = JoinTime::Temporal(*version),
                Some(Version::Lookup(lookup)) => join.time = JoinTime::Lookup(lookup.settings),
                None => {}
            }
        }
        if let Some(Version::Lookup(lookup)) = &version {
            plan = self.apart_on_timeout(plan, lookup, right)?;
        }
        let mut scope = scope.over(&plan.schema.fields);
        let is_named = !matches!(constraint, JoinConstraint::Natural);
        let mut block = Vec::with_capacity(commons.len());
        for (name, of_left, of_right, place) in commons {
            let common = self.common_column(&scope, name, of_left, of_right, place)?;
            block.push(CommonColumn { is_named, ..common });
        }
        // Those of the outermost join come first.
        scope.common.splice(0..0, block);
        Ok(Box::new((scope, Bound::plain(plan))))
    }

    /// The first value of both that is not NULL, as Flink gives it.
    fn common_column(
        &mut self,
        scope: &Scope,
        name: String,
        of_left: Expr,
        of_right: Expr,
        span: Span,
    ) -> Result<CommonColumn, Diagnostic> {
        let retyped = |expression: &Expr| match expression {
            Expr::Column { index, data_type } => {
                let field = scope.field(*index);
                let data_type = field.map_or_else(|| data_type.clone(), |field| field.data_type.clone());
                (*index, Expr::column(*index, data_type))
            }
            // Common already to the joins below.
            other => (usize::MAX, other.clone()),
        };
        let ((left, left_value), (right, right_value)) = (retyped(&of_left), retyped(&of_right));
        let value =
            self.expressions(scope, "USING")
                .coalesce("COALESCE", vec![left_value, right_value], span)?;
        Ok(CommonColumn {
            name,
            value,
            columns: [left, right],
            is_named: true,
        })
    }

    /// The joins of a FROM with the conditions of its WHERE. Gives back what remains of those for the rows of the
    /// result, and the names over these.
    pub(super) fn settled(
        &mut self,
        scope: Scope,
        bound: Bound,
        filter: Option<Expr>,
    ) -> Result<(Scope, Bound, Option<Expr>), Diagnostic> {
        if !matches!(bound.plan.kind, PlanKind::Join { .. } | PlanKind::Unnest { .. }) {
            return Ok((scope, bound, filter));
        }
        let conditions = filter.map(join::conjuncts).unwrap_or_default();
        let (plan, above) = join::absorb(bound.plan, conditions);
        let (plan, windowed) = settle(plan, &scope.windows)?;
        let scope = scope.over(&plan.schema.fields);
        Ok((scope, Bound { plan, windowed }, join::all_of(above)))
    }
}

/// The windows of an input of a join.
pub(super) fn windows_of(scope: &Scope, bound: &Bound) -> WindowTree {
    match &scope.windows {
        WindowTree::Input(_) => WindowTree::Input(bound.windowed.clone()),
        joined @ WindowTree::Join(_) => joined.clone(),
    }
}

/// Finds out what the joins of a FROM do with time, those below first.
fn settle(plan: Plan, windows: &WindowTree) -> Result<(Plan, Option<Windowed>), Diagnostic> {
    if let PlanKind::Unnest { input, unnest } = plan.kind {
        let (input, windowed) = settle(*input, windows)?;
        let mut schema = plan.schema;
        for (&output, field) in unnest.outputs.iter().zip(&mut schema.fields) {
            let source = input.schema.fields.get(output);
            field.time_attribute = source.and_then(|source| source.time_attribute);
        }
        let kind = PlanKind::Unnest {
            input: Box::new(input),
            unnest,
        };
        let span = plan.span;
        return Ok((Plan { kind, schema, span }, windowed));
    }
    let inputs = match windows {
        WindowTree::Input(windowed) => return Ok((plan, windowed.clone())),
        WindowTree::Join(inputs) => inputs,
    };
    let Plan { kind, schema, span } = match plan.kind {
        PlanKind::Join { .. } => join::filter_inputs(plan),
        _ => plan,
    };
    match kind {
        // What filters a join that it could not become a part of.
        PlanKind::Calc {
            input,
            filter,
            expressions,
        } => {
            let (input, windowed) = settle(*input, windows)?;
            let schema = input.schema.clone();
            let kind = PlanKind::Calc {
                input: Box::new(input),
                filter,
                expressions,
            };
            Ok((Plan { kind, schema, span }, windowed))
        }
        PlanKind::Join {
            left,
            right,
            mut join,
        } => {
            let (left, left_windowed) = settle(*left, &inputs[0])?;
            let (right, right_windowed) = settle(*right, &inputs[1])?;
            let both = Inputs {
                left: &left.schema.fields,
                right: &right.schema.fields,
                windows: [left_windowed.as_ref(), right_windowed.as_ref()],
            };
            let conditions = join.condition.take().map(join::conjuncts).unwrap_or_default();
            let (time, rest) = match join.time {
                JoinTime::Temporal(_) | JoinTime::Lookup(_) => (join.time, conditions),
                _ => both.join_time(join.kind, conditions, span)?,
            };
            join.time = time;
            join.condition = join::all_of(rest);
            let width = left.schema.len();
            let mut schema = schema;
            for (&output, field) in join.outputs.iter().zip(&mut schema.fields) {
                field.time_attribute = match (time, output.checked_sub(width)) {
                    (JoinTime::Regular, _) | (JoinTime::Temporal(_) | JoinTime::Lookup(_), Some(_)) => None,
                    (_, None) => left.schema.fields[output].time_attribute,
                    (_, Some(output)) => right.schema.fields[output].time_attribute,
                };
            }
            let windowed = match (time, left_windowed, right_windowed) {
                (JoinTime::Window(_), Some(left), Some(right)) if join.kind.has_right() => {
                    Some(left.beside(&right, width))
                }
                (JoinTime::Window(_) | JoinTime::Lookup(_), left, _) => left,
                _ => None,
            };
            let kind = PlanKind::Join {
                left: Box::new(left),
                right: Box::new(right),
                join,
            };
            Ok((Plan { kind, schema, span }, windowed))
        }
        kind => Ok((Plan { kind, schema, span }, None)),
    }
}

/// All columns of the left rows and, but for SEMI and ANTI, of the right ones behind them.
pub(super) fn joined(left: Plan, right: Plan, kind: JoinKind, condition: Option<Expr>, span: Span) -> Plan {
    let padded = |field: &Field, padded: bool| Field {
        data_type: field.data_type.clone().or_nullable(padded),
        ..field.clone()
    };
    let mut fields: Vec<Field> = left
        .schema
        .fields
        .iter()
        .map(|field| padded(field, kind.keeps_right()))
        .collect();
    if kind.has_right() {
        fields.extend(
            right
                .schema
                .fields
                .iter()
                .map(|field| padded(field, kind.keeps_left())),
        );
    }
    Plan {
        kind: PlanKind::Join {
            join: Box::new(Join {
                kind,
                keys: Vec::new(),
                condition,
                outputs: (0..fields.len()).collect(),
                time: JoinTime::Regular,
                ttl: [None; 2],
            }),
            left: Box::new(left),
            right: Box::new(right),
        },
        schema: Schema::new(fields),
        span,
    }
}

pub(super) fn check_constraint(
    kind: ast::JoinKind,
    constraint: &JoinConstraint,
    span: Span,
) -> Result<(), Diagnostic> {
    match (kind, constraint) {
        (ast::JoinKind::Cross | ast::JoinKind::Comma, JoinConstraint::None) => Ok(()),
        (ast::JoinKind::Cross | ast::JoinKind::Comma, _) => {
            Err(Diagnostic::validation(span, "a CROSS JOIN has no condition")
                .hint("write JOIN ... ON condition"))
        }
        (_, JoinConstraint::None) => Err(Diagnostic::validation(span, "a join needs a condition")
            .hint("write ON condition or USING (columns), or CROSS JOIN for all pairs")),
        _ => Ok(()),
    }
}

fn refuse_repeated_names(left: &Scope, right: &Scope, span: Span) -> Result<(), Diagnostic> {
    let names = |scope: &Scope| -> Vec<String> {
        let named = |relation: &Relation| relation.name.last().cloned();
        scope.relations.iter().filter_map(named).collect()
    };
    let left: HashSet<String> = names(left).into_iter().collect();
    match names(right).into_iter().find(|name| left.contains(name)) {
        None => Ok(()),
        Some(name) => Err(
            Diagnostic::validation(span, format!("'{name}' stands in FROM more than once"))
                .hint("give one of them another name: t AS t2"),
        ),
    }
}

/// The columns that both sides have, in the order of the left one.
fn names_in_both(left: &Scope, right: &Scope, span: Span) -> Result<Vec<Ident>, Diagnostic> {
    let visible = |scope: &Scope| -> Vec<String> {
        let mut names = Vec::new();
        for relation in &scope.relations {
            for (index, field) in relation.fields.iter().enumerate() {
                if !relation.hidden.contains(&index) {
                    names.push(field.name.clone());
                }
            }
        }
        names
    };
    let right: HashSet<String> = visible(right).into_iter().collect();
    let mut seen = HashSet::new();
    Ok(visible(left)
        .into_iter()
        .filter(|name| right.contains(name) && seen.insert(name.clone()))
        .map(|name| Ident {
            name,
            quoted: false,
            span,
        })
        .collect())
}

/// The column of this name that one side of a join by name has.
fn column_of_side(scope: &Scope, name: &Ident, side: &str) -> Result<Expr, Diagnostic> {
    let known = scope.fields().any(|field| field.name == name.name);
    if !known {
        let message = format!("column '{}' not found in the {side} input of the join", name.name);
        return Err(
            Diagnostic::validation(name.span, message).hint("USING takes columns that both inputs have")
        );
    }
    let name = ObjectName {
        parts: vec![name.clone()],
        span: name.span,
    };
    Ok(scope.resolve(&name)?.expression)
}
