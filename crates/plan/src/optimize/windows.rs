//! An aggregation over the columns of a window function takes the window over.
//!
//! Rows are then not repeated window by window but aggregated slice by slice. It needs that nothing between the
//! two looks at the window's columns; as in Flink, conditions in between go below the window.

use graph::{AggregateCall, Expr, Window, WindowTime};

use crate::logical::{Plan, PlanKind};

pub(super) fn pull_up(plan: Plan) -> Plan {
    let plan = plan.map_inputs(&mut pull_up);
    let Plan { kind, schema, span } = plan;
    let PlanKind::Aggregate {
        input,
        window: Window::Attached { start, end },
        time,
        keys,
        aggregates,
        properties,
        emit,
    } = kind
    else {
        return Plan { kind, schema, span };
    };
    let used = used_columns(&keys, &aggregates);
    let (input, window, time) = match take_window(&input, start, end, &keys, &used) {
        Some((below, window, own_time)) => (
            below,
            window,
            WindowTime {
                column: start,
                ..own_time
            },
        ),
        None => (*input, Window::Attached { start, end }, time),
    };
    Plan {
        kind: PlanKind::Aggregate {
            input: Box::new(input),
            window,
            time,
            keys,
            aggregates,
            properties,
            emit,
        },
        schema,
        span,
    }
}

/// Columns that an aggregation reads besides those of its window.
fn used_columns(keys: &[usize], aggregates: &[AggregateCall]) -> Vec<usize> {
    let mut used = keys.to_vec();
    for call in aggregates {
        for expression in call.arguments.iter().chain(&call.filter) {
            expression.visit_columns(&mut |index| used.push(index));
        }
    }
    used
}

/// The input without its window function: the time column stands where start and end stood.
fn take_window(
    plan: &Plan,
    start: usize,
    end: usize,
    keys: &[usize],
    used: &[usize],
) -> Option<(Plan, Window, WindowTime)> {
    let (expand, rest) = match &plan.kind {
        PlanKind::Expand { input, projections } => (Some(projections), input.as_ref()),
        _ => (None, plan),
    };
    // Through the Expand, which hands window columns on unchanged.
    let through = |column: usize| -> Option<usize> {
        match expand {
            None => Some(column),
            Some(projections) => {
                let mut sources = projections.iter().map(|projection| match &projection[column] {
                    Expr::Column { index, .. } => Some(*index),
                    _ => None,
                });
                let first = sources.next()??;
                sources.all(|source| source == Some(first)).then_some(first)
            }
        }
    };
    let (start_below, end_below) = (through(start)?, through(end)?);
    let used_below: Vec<usize> = match expand {
        None => used.to_vec(),
        Some(projections) => {
            let mut below = Vec::new();
            for projection in projections {
                for column in used {
                    projection[*column].visit_columns(&mut |index| below.push(index));
                }
            }
            below
        }
    };
    // Sessions are made key by key: no other keys may come out of the Expand.
    let keys = expand.is_none().then_some(keys);
    let (below, window, time) = take_from_calc(rest, start_below, end_below, keys, &used_below)?;
    let plan = match expand {
        None => below,
        Some(projections) => {
            let retype = |expression: &Expr| match expression {
                Expr::Column { index, .. } => below.column(*index),
                other => other.clone(),
            };
            let projections: Vec<Vec<Expr>> = projections
                .iter()
                .map(|projection| projection.iter().map(retype).collect())
                .collect();
            let mut schema = plan.schema.clone();
            for (place, source) in [(start, start_below), (end, end_below)] {
                schema.fields[place] = below.schema.fields[source].clone();
            }
            Plan {
                span: plan.span,
                kind: PlanKind::Expand {
                    input: Box::new(below),
                    projections,
                },
                schema,
            }
        }
    };
    Some((plan, window, time))
}

fn take_from_calc(
    plan: &Plan,
    start: usize,
    end: usize,
    keys: Option<&[usize]>,
    used: &[usize],
) -> Option<(Plan, Window, WindowTime)> {
    let (filter, expressions, table) = match &plan.kind {
        PlanKind::Calc {
            input,
            filter,
            expressions,
        } => (filter.clone(), expressions.clone(), input.as_ref()),
        PlanKind::WindowTable { .. } => (None, plan.columns(), plan),
        _ => return None,
    };
    let PlanKind::WindowTable {
        input,
        window,
        time,
        keys: partition,
    } = &table.kind
    else {
        return None;
    };
    if window.is_session() && !keys.is_some_and(|keys| is_partition(keys, &expressions, partition)) {
        return None;
    }
    let width = input.schema.len();
    let is_column = |expression: &Expr, wanted: usize| matches!(expression, Expr::Column { index, .. } if *index == wanted);
    if !is_column(&expressions[start], width) || !is_column(&expressions[end], width + 1) {
        return None;
    }
    let mut looks_at_window = false;
    let used = used.iter().map(|column| &expressions[*column]);
    for expression in used.chain(&filter) {
        expression.visit_columns(&mut |index| looks_at_window |= index >= width);
    }
    if looks_at_window {
        return None;
    }
    // Whatever else looks at the window is used by nobody.
    let time_column = input.column(time.column);
    let mut schema = plan.schema.clone();
    let mut changed = Vec::with_capacity(expressions.len());
    for (position, expression) in expressions.into_iter().enumerate() {
        let mut of_window = false;
        expression.visit_columns(&mut |index| of_window |= index >= width);
        if of_window {
            schema.fields[position] = input.schema.fields[time.column].clone();
            changed.push(time_column.clone());
        } else {
            changed.push(expression);
        }
    }
    let below = Plan {
        span: plan.span,
        kind: PlanKind::Calc {
            input: input.clone(),
            filter,
            expressions: changed,
        },
        schema,
    };
    Some((below, *window, *time))
}

/// Whether the keys are just the columns that sessions are partitioned by.
fn is_partition(keys: &[usize], expressions: &[Expr], partition: &[usize]) -> bool {
    let mut columns = Vec::with_capacity(keys.len());
    for key in keys {
        match &expressions[*key] {
            Expr::Column { index, .. } => columns.push(*index),
            _ => return false,
        }
    }
    columns.iter().all(|column| partition.contains(column))
        && partition.iter().all(|column| columns.contains(column))
}
