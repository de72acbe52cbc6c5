//! UNION, INTERSECT and EXCEPT.
//!
//! UNION is a grouping of all rows by all columns. The others count how often each row is on either side, and keep
//! those whose counts are right; with ALL they give each as often as the counts say. NULL is like NULL.

use graph::{AggregateCall, Expr};
use model::{Diagnostic, Field, Schema, Span, TypeKind};
use sql::ast::{QueryBody, SetOperator};

use super::functions::bind_aggregate;
use super::query::{Bound, Boxed, QueryBinder};
use super::scope::Scope;
use super::{and, literal};
use crate::logical::{Plan, PlanKind};

impl QueryBinder<'_> {
    pub(super) fn set_operation(
        &mut self,
        operator: SetOperator,
        all: bool,
        left: &QueryBody,
        right: &QueryBody,
        span: Span,
    ) -> Boxed<Bound> {
        let name = match (operator, all) {
            (SetOperator::Union, true) => "UNION ALL",
            (SetOperator::Union, false) => "UNION",
            (SetOperator::Intersect, true) => "INTERSECT ALL",
            (SetOperator::Intersect, false) => "INTERSECT",
            (SetOperator::Except, true) => "EXCEPT ALL",
            (SetOperator::Except, false) => "EXCEPT",
        };
        let inputs = self.sides(operator, all, left, right)?;
        self.combined(inputs, operator, all, name, span)
    }

    /// A chain of unions leans to the left: it is taken apart in a loop, and put together as one.
    fn sides(
        &mut self,
        operator: SetOperator,
        all: bool,
        left: &QueryBody,
        right: &QueryBody,
    ) -> Result<Vec<Bound>, Diagnostic> {
        let mut bodies = vec![right];
        let mut rest = left;
        while let QueryBody::SetOperation {
            operator: SetOperator::Union,
            all: inner,
            left,
            right,
            ..
        } = rest
            && operator == SetOperator::Union
            && *inner == all
        {
            bodies.push(right);
            rest = left;
        }
        bodies.push(rest);
        let mut inputs = Vec::with_capacity(bodies.len());
        for body in bodies.into_iter().rev() {
            inputs.push(*self.body(body)?);
        }
        Ok(inputs)
    }

    fn combined(
        &mut self,
        inputs: Vec<Bound>,
        operator: SetOperator,
        all: bool,
        name: &str,
        span: Span,
    ) -> Boxed<Bound> {
        match operator {
            SetOperator::Union if all => self.union(inputs, name, span),
            SetOperator::Union => {
                let union = *self.union(inputs, name, span)?;
                Ok(Box::new(self.distinct(union, span)?))
            }
            SetOperator::Intersect | SetOperator::Except => self.by_counts(inputs, operator, all, name, span),
        }
    }

    /// INTERSECT and EXCEPT of two sides.
    fn by_counts(
        &mut self,
        inputs: Vec<Bound>,
        operator: SetOperator,
        all: bool,
        name: &str,
        span: Span,
    ) -> Boxed<Bound> {
        let width = inputs[0].plan.schema.len();
        let sides = inputs
            .into_iter()
            .enumerate()
            .map(|(side, input)| Bound::plain(marked(input.plan, side == 0)))
            .collect();
        let rows = self.union(sides, name, span)?.plan;
        let place = self.at(span);
        let mut fields: Vec<Field> = rows.schema.fields[..width].to_vec();
        let mut aggregates = Vec::with_capacity(2);
        for side in 0..2 {
            let bound = bind_aggregate("COUNT", &[], false, &[], span)?;
            fields.push(Field::new(format!("side${side}"), bound.result.clone()));
            aggregates.push(AggregateCall {
                function: bound.function,
                arguments: Vec::new(),
                filter: Some(rows.column(width + side)),
                result: bound.result,
                state_types: bound.state_types,
                name: "COUNT".to_string(),
                retracting: bound.retracting,
            });
        }
        for field in &mut fields {
            field.time_attribute = None;
        }
        let counted = Plan {
            kind: PlanKind::GroupAggregate {
                input: Box::new(rows),
                keys: (0..width).collect(),
                aggregates,
                ttl: None,
            },
            schema: Schema::new(fields.clone()),
            span: place,
        };
        let (first, second) = (counted.column(width), counted.column(width + 1));
        let scope = Scope::default();
        let mut binder = self.expressions(&scope, "SELECT");
        let mut compare =
            |name: &str, left: &Expr, right: Expr| binder.call(name, vec![left.clone(), right], span);
        let none = || literal::bigint(0);
        let (filter, times) = match operator {
            SetOperator::Intersect => {
                let fewer = compare("<", &first, second.clone())?;
                let times = Expr::Case {
                    data_type: first.data_type(),
                    branches: vec![(fewer, first.clone())],
                    otherwise: Some(Box::new(second.clone())),
                };
                let filter = and(vec![
                    compare(">", &first, none())?,
                    compare(">", &second, none())?,
                ]);
                (filter, times)
            }
            _ if all => (
                compare(">", &first, second.clone())?,
                compare("-", &first, second.clone())?,
            ),
            _ => {
                let filter = and(vec![
                    compare(">", &first, none())?,
                    compare("=", &second, none())?,
                ]);
                (filter, none())
            }
        };
        let mut expressions = counted.columns()[..width].to_vec();
        fields.truncate(width);
        let schema = Schema::new(fields.clone());
        if all {
            expressions.push(times);
            fields.push(Field::new("times", TypeKind::BigInt.not_null()));
        }
        let kept = Plan {
            kind: PlanKind::Calc {
                input: Box::new(counted),
                filter: Some(filter),
                expressions,
            },
            schema: Schema::new(fields),
            span: place,
        };
        let plan = if all {
            Plan {
                kind: PlanKind::Replicate {
                    input: Box::new(kept),
                },
                schema,
                span: place,
            }
        } else {
            kept
        };
        Ok(Box::new(Bound::plain(plan)))
    }
}

/// Rows with two columns that tell the side they are on.
fn marked(plan: Plan, is_first: bool) -> Plan {
    let mut expressions = plan.columns();
    let mut fields = plan.schema.fields.clone();
    for side in [is_first, !is_first] {
        expressions.push(literal::boolean(side));
        fields.push(Field::new("side", TypeKind::Boolean.not_null()));
    }
    Plan {
        span: plan.span,
        kind: PlanKind::Calc {
            input: Box::new(plan),
            filter: None,
            expressions,
        },
        schema: Schema::new(fields),
    }
}
