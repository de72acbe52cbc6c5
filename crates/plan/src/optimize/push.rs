//! Conditions on rows go below the window function that repeats the rows, and into joins and their inputs.

use graph::Expr;

use crate::bind::and;
use crate::join;
use crate::logical::{Plan, PlanKind};

pub(super) fn filters(plan: Plan) -> Plan {
    // From above downwards: an input that has got a condition hands it on.
    let plan = here(plan).map_inputs(&mut filters);
    // What a join asks of one input may have come up from below.
    match plan.kind {
        PlanKind::Calc { filter: None, .. } => super::merge::calcs_here(plan),
        _ => plan,
    }
}

/// Makes a key of each equality in the condition of a join.
pub(super) fn keys(plan: Plan) -> Plan {
    join::with_keys(plan.map_inputs(&mut keys))
}

fn here(plan: Plan) -> Plan {
    let Plan { kind, schema, span } = plan;
    match kind {
        PlanKind::Join { .. } => merged(join::filter_inputs(Plan { kind, schema, span })),
        PlanKind::Calc {
            input,
            filter: Some(filter),
            expressions,
        } if matches!(input.kind, PlanKind::Join { .. } | PlanKind::Unnest { .. }) => {
            let (input, above) = join::absorb(*input, join::conjuncts(filter));
            Plan {
                kind: PlanKind::Calc {
                    input: Box::new(input),
                    filter: join::all_of(above),
                    expressions,
                },
                schema,
                span,
            }
        }
        PlanKind::Calc {
            input,
            filter: Some(filter),
            expressions,
        } => match input.kind {
            // Sessions are made of the rows: taking some away makes others.
            PlanKind::WindowTable {
                input: rows,
                window,
                time,
                keys,
            } if !window.is_session() => {
                let (below, above) = split(filter, rows.schema.len());
                let rows = match below {
                    Some(below) => Box::new(Plan {
                        schema: rows.schema.clone(),
                        span: rows.span,
                        kind: PlanKind::Calc {
                            expressions: rows.columns(),
                            filter: Some(below),
                            input: rows,
                        },
                    }),
                    None => rows,
                };
                Plan {
                    kind: PlanKind::Calc {
                        input: Box::new(Plan {
                            kind: PlanKind::WindowTable {
                                input: rows,
                                window,
                                time,
                                keys,
                            },
                            ..*input
                        }),
                        filter: above,
                        expressions,
                    },
                    schema,
                    span,
                }
            }
            kind => Plan {
                kind: PlanKind::Calc {
                    input: Box::new(Plan { kind, ..*input }),
                    filter: Some(filter),
                    expressions,
                },
                schema,
                span,
            },
        },
        kind => Plan { kind, schema, span },
    }
}

/// A join whose inputs are single Calcs over what they read.
fn merged(plan: Plan) -> Plan {
    plan.map_inputs(&mut |input| match &input.kind {
        PlanKind::Calc {
            input: below,
            filter: Some(_),
            ..
        } if matches!(below.kind, PlanKind::Calc { .. } | PlanKind::Union { .. }) => {
            super::merge::calcs_here(input)
        }
        _ => input,
    })
}

/// What speaks of the first `width` columns only, and the rest. A condition that can fail does not overtake those
/// before it, which may keep it from the rows on which it fails.
fn split(filter: Expr, width: usize) -> (Option<Expr>, Option<Expr>) {
    let conditions = match filter {
        Expr::And(operands) => operands,
        other => vec![other],
    };
    let mut below = Vec::new();
    let mut above = Vec::new();
    for condition in conditions {
        let mut of_rows = true;
        condition.visit_columns(&mut |index| of_rows &= index < width);
        let may_overtake = above.is_empty() || !condition.is_fallible();
        if of_rows && may_overtake && condition.is_deterministic() {
            below.push(condition);
        } else {
            above.push(condition);
        }
    }
    let joined = |conditions: Vec<Expr>| (!conditions.is_empty()).then(|| and(conditions));
    (joined(below), joined(above))
}
