//! UNNEST in FROM: rows once for each element of a collection of what stands left of it.

use graph::Unnest;
use model::{Diagnostic, Schema, Span};
use sql::ast::{self, ExprKind, JoinConstraint, JoinKind, Literal, TableAlias, TableRef, TableRefKind};

use super::join::windows_of;
use super::query::{Bound, QueryBinder};
use super::scope::Scope;
use super::unsupported;
use crate::logical::{Plan, PlanKind};

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
        let TableRefKind::Unnest {
            expression,
            with_ordinality,
        } = &right.kind
        else {
            return Err(unsupported(right.span, "this table", "write UNNEST(collection)"));
        };
        let keeps = match kind {
            JoinKind::Cross | JoinKind::Comma | JoinKind::Inner => false,
            JoinKind::Left => true,
            JoinKind::Right | JoinKind::Full => {
                return Err(Diagnostic::validation(
                    span,
                    "a RIGHT or FULL JOIN cannot go by rows of its left side",
                )
                .hint("write CROSS JOIN UNNEST(...) or LEFT JOIN UNNEST(...) ON TRUE"));
            }
        };
        check_constraint(constraint, span)?;
        self.budget.unfold(1, span)?;
        let (left_scope, left_bound) = *self.from(left)?;
        let operand = self.expressions(&left_scope, "UNNEST").value(expression)?;
        let data_type = operand.data_type();
        let Some(mut fields) = Unnest::columns(&data_type, *with_ordinality, keeps) else {
            return Err(Diagnostic::validation(
                expression.span,
                format!(
                    "UNNEST takes an ARRAY, MULTISET or MAP, but this is of type {}",
                    data_type.kind
                ),
            ));
        };
        let name = match &right.alias {
            Some(alias) => {
                rename(&mut fields, alias)?;
                vec![alias.name.name.clone()]
            }
            None => Vec::new(),
        };
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
                    ordinality: *with_ordinality,
                    keeps,
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
        Ok(Box::new((scope, bound)))
    }
}

fn check_constraint(constraint: &JoinConstraint, span: Span) -> Result<(), Diagnostic> {
    let is_true =
        |condition: &ast::Expr| matches!(&condition.kind, ExprKind::Literal(Literal::Boolean(true)));
    match constraint {
        JoinConstraint::None => Ok(()),
        JoinConstraint::On(condition) if is_true(condition) => Ok(()),
        _ => Err(unsupported(
            span,
            "a condition of UNNEST other than TRUE",
            "write ON TRUE and filter with WHERE",
        )),
    }
}

fn rename(fields: &mut [model::Field], alias: &TableAlias) -> Result<(), Diagnostic> {
    if alias.columns.is_empty() {
        return Ok(());
    }
    if alias.columns.len() != fields.len() {
        let message = format!(
            "'{}' names {} columns, but the elements have {}",
            alias.name.name,
            alias.columns.len(),
            fields.len()
        );
        return Err(Diagnostic::validation(alias.name.span, message));
    }
    for (field, column) in fields.iter_mut().zip(&alias.columns) {
        field.name.clone_from(&column.name);
    }
    Ok(())
}
