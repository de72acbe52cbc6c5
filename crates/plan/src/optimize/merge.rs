//! Neighbouring Calcs become one, Calcs over unions go into their inputs, Calcs that do nothing go away.

use graph::Expr;

use crate::bind::{and, substitute};
use crate::logical::{Plan, PlanKind};

/// Merging makes no expressions higher than this: they are walked by recursion.
const EXPRESSION_HEIGHT_MAX: usize = 300;

pub(super) fn calcs(plan: Plan) -> Plan {
    let plan = plan.map_inputs(&mut calcs);
    let Plan { kind, schema, span } = plan;
    let PlanKind::Calc {
        input,
        filter,
        expressions,
    } = kind
    else {
        return Plan { kind, schema, span };
    };
    if filter.is_none() && is_identity(&expressions, &input) {
        return Plan { schema, ..*input };
    }
    match input.kind {
        PlanKind::Calc {
            input: inner_input,
            filter: inner_filter,
            expressions: inner,
        } if can_merge(&inner, &expressions, filter.as_ref()) => {
            let expressions = expressions
                .into_iter()
                .map(|expression| substitute(expression, &inner))
                .collect();
            let outer_filter = filter.map(|filter| substitute(filter, &inner));
            let filters: Vec<Expr> = inner_filter.into_iter().chain(outer_filter).collect();
            let filter = (!filters.is_empty()).then(|| and(filters));
            calcs_here(Plan {
                kind: PlanKind::Calc {
                    input: inner_input,
                    filter,
                    expressions,
                },
                schema,
                span,
            })
        }
        PlanKind::Unnest { input, mut unnest } if filter.is_none() && is_selection(&expressions) => {
            unnest.outputs = selected(&expressions, &unnest.outputs);
            Plan {
                kind: PlanKind::Unnest { input, unnest },
                schema,
                span,
            }
        }
        PlanKind::Join {
            left,
            right,
            mut join,
        } if filter.is_none() && is_selection(&expressions) => {
            join.outputs = selected(&expressions, &join.outputs);
            Plan {
                kind: PlanKind::Join { left, right, join },
                schema,
                span,
            }
        }
        PlanKind::Union { inputs } if is_repeatable(filter.as_ref(), &expressions) => Plan {
            kind: PlanKind::Union {
                inputs: inputs
                    .into_iter()
                    .map(|branch| {
                        calcs_here(Plan {
                            kind: PlanKind::Calc {
                                input: Box::new(branch),
                                filter: filter.clone(),
                                expressions: expressions.clone(),
                            },
                            schema: schema.clone(),
                            span,
                        })
                    })
                    .collect(),
            },
            schema,
            span,
        },
        kind => Plan {
            kind: PlanKind::Calc {
                input: Box::new(Plan { kind, ..*input }),
                filter,
                expressions,
            },
            schema,
            span,
        },
    }
}

/// As [`calcs`], where the input needs no second look.
pub(super) fn calcs_here(plan: Plan) -> Plan {
    if let PlanKind::Calc { input, .. } = &plan.kind
        && !matches!(
            input.kind,
            PlanKind::Calc { .. } | PlanKind::Union { .. } | PlanKind::Join { .. } | PlanKind::Unnest { .. }
        )
    {
        if let PlanKind::Calc {
            filter: None,
            expressions,
            ..
        } = &plan.kind
            && is_identity(expressions, input)
        {
            return calcs(plan);
        }
        return plan;
    }
    calcs(plan)
}

/// Whether it computes nothing.
fn is_selection(expressions: &[Expr]) -> bool {
    expressions
        .iter()
        .all(|expression| matches!(expression, Expr::Column { .. }))
}

/// Of these outputs those that the columns are.
fn selected(columns: &[Expr], outputs: &[usize]) -> Vec<usize> {
    columns
        .iter()
        .filter_map(|expression| match expression {
            Expr::Column { index, .. } => Some(outputs[*index]),
            _ => None,
        })
        .collect()
}

pub(super) fn is_identity(expressions: &[Expr], input: &Plan) -> bool {
    expressions.len() == input.schema.len()
        && expressions.iter().enumerate().all(
            |(position, expression)| matches!(expression, Expr::Column { index, .. } if *index == position),
        )
}

/// An inner expression that costs something is not computed twice, and one that differs from call to call stays
/// where it is.
fn can_merge(inner: &[Expr], outer: &[Expr], filter: Option<&Expr>) -> bool {
    let deepest = |list: &mut dyn Iterator<Item = &Expr>| list.map(height).max().unwrap_or(0);
    if deepest(&mut inner.iter()) + deepest(&mut outer.iter().chain(filter)) > EXPRESSION_HEIGHT_MAX {
        return false;
    }
    let mut uses = vec![0usize; inner.len()];
    for expression in outer.iter().chain(filter) {
        expression.visit_columns(&mut |index| uses[index] += 1);
    }
    inner
        .iter()
        .zip(uses)
        .all(|(expression, uses)| is_cheap(expression) || (uses <= 1 && expression.is_deterministic()))
}

fn height(expression: &Expr) -> usize {
    1 + expression.children().map(height).max().unwrap_or(0)
}

fn is_cheap(expression: &Expr) -> bool {
    match expression {
        Expr::Column { .. } | Expr::Literal { .. } => true,
        Expr::Field { operand, .. } => is_cheap(operand),
        // The clock of processing time: the later it is read the better.
        Expr::Call { function, .. } => function.name() == "PROCTIME",
        _ => false,
    }
}

fn is_repeatable(filter: Option<&Expr>, expressions: &[Expr]) -> bool {
    expressions
        .iter()
        .chain(filter)
        .all(|expression| expression.is_deterministic() || is_cheap(expression))
}
