//! Columns that nobody reads are not computed, and not read from the source.
//!
//! A node keeps at least one column, so that its batches have rows. The event time of a table with a watermark is
//! always read: the watermark comes from it.

use graph::{AggregateCall, Expr, Join, JoinKey, JoinTime, Unnest, Window, WindowTime};
use model::{Field, Schema, TimeAttribute, TypeKind};

use crate::logical::{OverCall, Plan, PlanKind, Rank, Scan, moved_keys};

/// Where each old column went.
type Mapping = Vec<Option<usize>>;

pub(super) fn columns(plan: Plan) -> Plan {
    let wanted = vec![true; plan.schema.len()];
    prune(plan, &wanted).0
}

fn prune(plan: Plan, wanted: &[bool]) -> (Plan, Mapping) {
    // Apart from each other, since they call themselves for what stands below: a level needs little room.
    match &plan.kind {
        PlanKind::Calc { .. } => prune_calc(plan, wanted),
        kind if is_ranking(kind) => prune_ranking(plan, wanted),
        _ => prune_other(plan, wanted),
    }
}

fn prune_calc(plan: Plan, wanted: &[bool]) -> (Plan, Mapping) {
    let Plan { kind, schema, span } = plan;
    match kind {
        PlanKind::Calc {
            input,
            filter,
            expressions,
        } => {
            let keep = at_least_one(wanted, &expressions);
            let (kept, mapping) = select(&schema, &keep);
            let expressions = pick(expressions, &keep);
            let used = used_by(expressions.iter().chain(&filter), input.schema.len());
            let (input, below) = prune(*input, &used);
            let kind = PlanKind::Calc {
                input: Box::new(input),
                filter: filter.map(|filter| remap(filter, &below)),
                expressions: remap_all(expressions, &below),
            };
            let plan = Plan {
                kind,
                schema: kept,
                span,
            };
            (plan, mapping)
        }
        kind => prune_other(Plan { kind, schema, span }, wanted),
    }
}

fn prune_other(plan: Plan, wanted: &[bool]) -> (Plan, Mapping) {
    let Plan { kind, schema, span } = plan;
    let done = |kind: PlanKind, schema: Schema, mapping: Mapping| (Plan { kind, schema, span }, mapping);
    match kind {
        PlanKind::Scan(scan) => {
            let mut wanted = wanted.to_vec();
            if let Some(rowtime) = scan.rowtime {
                wanted[rowtime] = true;
            }
            let keep = at_least_one(&wanted, &scan.outputs);
            let (kept, mapping) = select(&schema, &keep);
            let scan = Scan {
                outputs: pick(scan.outputs, &keep),
                rowtime: scan.rowtime.and_then(|rowtime| mapping[rowtime]),
                table: scan.table,
            };
            done(PlanKind::Scan(scan), kept, mapping)
        }
        PlanKind::Values { rows } => {
            let keep = match rows.first() {
                Some(first) => at_least_one(wanted, first),
                None => wanted.to_vec(),
            };
            let (kept, mapping) = select(&schema, &keep);
            let rows = rows.into_iter().map(|row| pick(row, &keep)).collect();
            done(PlanKind::Values { rows }, kept, mapping)
        }
        PlanKind::Expand { input, projections } => {
            let keep = match projections.first() {
                Some(first) => at_least_one(wanted, first),
                None => wanted.to_vec(),
            };
            let (kept, mapping) = select(&schema, &keep);
            let projections: Vec<Vec<Expr>> = projections
                .into_iter()
                .map(|projection| pick(projection, &keep))
                .collect();
            let used = used_by(projections.iter().flatten(), input.schema.len());
            let (input, below) = prune(*input, &used);
            let projections = projections
                .into_iter()
                .map(|projection| remap_all(projection, &below))
                .collect();
            let kind = PlanKind::Expand {
                input: Box::new(input),
                projections,
            };
            done(kind, kept, mapping)
        }
        PlanKind::LateRows {
            input,
            window,
            time,
            late,
            pair,
        } => {
            // All is wanted: late rows and others must come from one input.
            let all = vec![true; input.schema.len()];
            let (input, below) = prune(*input, &all);
            let kept = Schema::new(
                below
                    .iter()
                    .zip(&schema.fields)
                    .filter_map(|(place, field)| place.map(|_| field.clone()))
                    .collect(),
            );
            let kind = PlanKind::LateRows {
                input: Box::new(input),
                window,
                time: moved_time(time, &below),
                late,
                pair,
            };
            done(kind, kept, below)
        }
        PlanKind::WindowTable {
            input,
            window,
            time,
            keys,
        } => {
            let width = input.schema.len();
            let mut used = wanted[..width].to_vec();
            if time.attribute == TimeAttribute::Rowtime {
                used[time.column] = true;
            }
            keys.iter().for_each(|key| used[*key] = true);
            let (input, below) = prune(*input, &used);
            let mut mapping = below.clone();
            mapping.extend((0..3).map(|appended| Some(input.schema.len() + appended)));
            let mut fields = vec![None; input.schema.len()];
            for (old, new) in below.iter().enumerate() {
                if let Some(new) = new {
                    fields[*new] = Some(schema.fields[old].clone());
                }
            }
            let mut kept: Vec<_> = fields
                .into_iter()
                .zip(&input.schema.fields)
                .map(|(field, own)| field.unwrap_or_else(|| own.clone()))
                .collect();
            kept.extend_from_slice(&schema.fields[width..]);
            let kind = PlanKind::WindowTable {
                input: Box::new(input),
                window,
                time: moved_time(time, &below),
                keys: keys.into_iter().filter_map(|key| below[key]).collect(),
            };
            done(kind, Schema::new(kept), mapping)
        }
        PlanKind::Aggregate {
            input,
            window,
            time,
            keys,
            aggregates,
            properties,
            emit,
        } => {
            // Keys stay: they say which rows there are.
            let mut keep = wanted.to_vec();
            keep[..keys.len()].fill(true);
            if !keep.contains(&true) && !keep.is_empty() {
                // The start of the window costs least.
                keep[keys.len() + aggregates.len()] = true;
            }
            let (kept, mapping) = select(&schema, &keep);
            let calls_at = keys.len();
            let properties_at = calls_at + aggregates.len();
            let aggregates: Vec<AggregateCall> = pick(aggregates, &keep[calls_at..properties_at]);
            let properties = pick(properties, &keep[properties_at..]);
            let mut used = vec![false; input.schema.len()];
            keys.iter().for_each(|key| used[*key] = true);
            match window {
                Window::Attached { start, end } => {
                    used[start] = true;
                    used[end] = true;
                }
                _ if time.attribute == TimeAttribute::Rowtime => used[time.column] = true,
                _ => {}
            }
            for expression in inputs_of(&aggregates) {
                expression.visit_columns(&mut |index| used[index] = true);
            }
            let (input, below) = prune(*input, &used);
            let place = |column: usize| below[column].unwrap_or_default();
            let kind = PlanKind::Aggregate {
                input: Box::new(input),
                window: match window {
                    Window::Attached { start, end } => Window::Attached {
                        start: place(start),
                        end: place(end),
                    },
                    other => other,
                },
                time: moved_time(time, &below),
                keys: keys.into_iter().map(place).collect(),
                aggregates: remap_calls(aggregates, &below),
                properties,
                emit,
            };
            done(kind, kept, mapping)
        }
        PlanKind::GroupAggregate {
            input,
            keys,
            aggregates,
            ttl,
        } => {
            // Keys stay: they say which rows there are.
            let mut keep = wanted.to_vec();
            keep[..keys.len()].fill(true);
            if !keep.contains(&true) {
                keep[0] = true;
            }
            let (kept, mapping) = select(&schema, &keep);
            let aggregates = pick(aggregates, &keep[keys.len()..]);
            let mut used = used_by(inputs_of(&aggregates), input.schema.len());
            keys.iter().for_each(|key| used[*key] = true);
            let (input, below) = prune(*input, &used);
            let kind = PlanKind::GroupAggregate {
                input: Box::new(input),
                keys: keys
                    .into_iter()
                    .map(|key| below[key].unwrap_or_default())
                    .collect(),
                aggregates: remap_calls(aggregates, &below),
                ttl,
            };
            done(kind, kept, mapping)
        }
        PlanKind::Join { left, right, join } => {
            let mut keep = wanted.to_vec();
            if !keep.contains(&true)
                && let Some(first) = keep.first_mut()
            {
                *first = true;
            }
            let (kept, mapping) = select(&schema, &keep);
            let join = Join {
                outputs: pick(join.outputs.clone(), &keep),
                ..*join
            };
            done(join_of_less(*left, *right, join), kept, mapping)
        }
        PlanKind::Unnest { input, unnest } => {
            let mut keep = wanted.to_vec();
            if !keep.contains(&true)
                && let Some(first) = keep.first_mut()
            {
                *first = true;
            }
            let (kept, mapping) = select(&schema, &keep);
            let outputs = pick(unnest.outputs.clone(), &keep);
            let width = input.schema.len();
            let mut used = used_by(std::iter::once(&unnest.operand), width);
            for &output in outputs.iter().filter(|output| **output < width) {
                used[output] = true;
            }
            let (input, below) = prune(*input, &used);
            let moved = |output: usize| match output.checked_sub(width) {
                None => below[output].unwrap_or_default(),
                Some(element) => input.schema.len() + element,
            };
            let unnest = Unnest {
                operand: remap(unnest.operand.clone(), &below),
                outputs: outputs.into_iter().map(moved).collect(),
                ..*unnest
            };
            let kind = PlanKind::Unnest {
                input: Box::new(input),
                unnest: Box::new(unnest),
            };
            done(kind, kept, mapping)
        }
        PlanKind::Union { inputs } => {
            let mut keep = wanted.to_vec();
            if !keep.contains(&true)
                && let Some(first) = keep.first_mut()
            {
                *first = true;
            }
            let (kept, mapping) = select(&schema, &keep);
            let inputs = inputs
                .into_iter()
                .map(|input| {
                    let (input, below) = prune(input, &keep);
                    only(input, &keep, &below, &kept)
                })
                .collect();
            done(PlanKind::Union { inputs }, kept, mapping)
        }
        // What is taken back must be all that was given.
        PlanKind::Changes { input, changes } => {
            let all = vec![true; input.schema.len()];
            let (input, _) = prune(*input, &all);
            let mapping = (0..schema.len()).map(Some).collect();
            let kind = PlanKind::Changes {
                input: Box::new(input),
                changes,
            };
            done(kind, schema.clone(), mapping)
        }
        PlanKind::Whole { input, shared } => {
            let all = vec![true; input.schema.len()];
            let (input, mapping) = prune(*input, &all);
            let kind = PlanKind::Whole {
                input: Box::new(input),
                shared,
            };
            done(kind, schema.clone(), mapping)
        }
        PlanKind::Match { input, matching } => {
            // The columns of the partition stay: they say which rows belong together.
            let keys = matching.partition.len();
            let mut keep = wanted.to_vec();
            keep[..keys].fill(true);
            if !keep.contains(&true)
                && let Some(first) = keep.first_mut()
            {
                *first = true;
            }
            let (kept, mapping) = select(&schema, &keep);
            let mut matching = *matching;
            matching.measures.expressions = pick(matching.measures.expressions, &keep[keys..]);
            matching.measures.forget_unused();
            let mut used = vec![false; input.schema.len()];
            matching
                .columns()
                .into_iter()
                .for_each(|column| used[column] = true);
            let (input, below) = prune(*input, &used);
            let kind = PlanKind::Match {
                input: Box::new(input),
                matching: Box::new(matching.moved(&|column| below[column].unwrap_or_default())),
            };
            done(kind, kept, mapping)
        }
        // Those of the other functions.
        kind => {
            let mapping = (0..schema.len()).map(Some).collect();
            done(kind, schema.clone(), mapping)
        }
    }
}

fn is_ranking(kind: &PlanKind) -> bool {
    matches!(
        kind,
        PlanKind::Over { .. }
            | PlanKind::Rank { .. }
            | PlanKind::Limit { .. }
            | PlanKind::Replicate { .. }
            | PlanKind::Sort { .. }
    )
}

fn prune_ranking(plan: Plan, wanted: &[bool]) -> (Plan, Mapping) {
    let Plan { kind, schema, span } = plan;
    let done = |kind: PlanKind, schema: Schema, mapping: Mapping| (Plan { kind, schema, span }, mapping);
    match kind {
        PlanKind::Over { input, over, calls } => {
            let width = input.schema.len();
            let kept_calls = wanted[width..].to_vec();
            if !kept_calls.contains(&true) {
                let (input, mut mapping) = prune(*input, &wanted[..width]);
                mapping.resize(schema.len(), None);
                return (input, mapping);
            }
            let mut used = wanted[..width].to_vec();
            over.columns().into_iter().for_each(|column| used[column] = true);
            let calls = pick(calls, &kept_calls);
            for expression in calls.iter().flat_map(|call| call.function.expressions()) {
                expression.visit_columns(&mut |index| used[index] = true);
            }
            let (input, mut mapping) = prune(*input, &used);
            let calls = calls
                .into_iter()
                .map(|call| OverCall {
                    function: call
                        .function
                        .map_expressions(&mut |expression| remap(expression, &mapping)),
                    ..call
                })
                .collect();
            let place = |column: usize| mapping[column].unwrap_or_default();
            let over = Box::new(over.moved(place));
            let mut kept = input.schema.clone();
            for (call, keep) in kept_calls.iter().enumerate() {
                mapping.push(keep.then_some(kept.len()));
                if *keep {
                    kept.fields.push(schema.fields[width + call].clone());
                }
            }
            let kind = PlanKind::Over {
                over,
                calls,
                input: Box::new(input),
            };
            done(kind, kept, mapping)
        }
        PlanKind::Rank { input, rank } => {
            let width = input.schema.len();
            let mut used = wanted[..width].to_vec();
            rank.columns().into_iter().for_each(|column| used[column] = true);
            let rank_number = rank.rank_number && wanted[width];
            let (input, mut mapping) = prune(*input, &used);
            let rank = rank.moved(|column| mapping[column].unwrap_or_default());
            let mut kept = input.schema.clone();
            if rank_number {
                mapping.push(Some(kept.len()));
                kept.fields.push(schema.fields[width].clone());
            } else {
                mapping.resize(schema.len(), None);
            }
            let kind = PlanKind::Rank {
                rank: Box::new(Rank { rank_number, ..rank }),
                input: Box::new(input),
            };
            done(kind, kept, mapping)
        }
        PlanKind::Limit { input, range } => {
            let (input, mapping) = prune(*input, wanted);
            let kept = input.schema.clone();
            let kind = PlanKind::Limit {
                input: Box::new(input),
                range,
            };
            done(kind, kept, mapping)
        }
        PlanKind::Replicate { input } => {
            let mut used = wanted.to_vec();
            if !used.contains(&true)
                && let Some(first) = used.first_mut()
            {
                *first = true;
            }
            let (kept, mapping) = select(&schema, &used);
            // The number of times.
            used.push(true);
            let (input, below) = prune(*input, &used);
            let kind = PlanKind::Replicate {
                input: Box::new(only(input, &used, &below, &with_last(&kept))),
            };
            done(kind, kept, mapping)
        }
        PlanKind::Sort { input, order } => {
            let mut used = wanted.to_vec();
            order.iter().for_each(|key| used[key.column] = true);
            let (input, mapping) = prune(*input, &used);
            let kept = input.schema.clone();
            let kind = PlanKind::Sort {
                order: moved_keys(order, |column| mapping[column].unwrap_or_default()),
                input: Box::new(input),
            };
            done(kind, kept, mapping)
        }
        kind => {
            let mapping = (0..schema.len()).map(Some).collect();
            done(kind, schema.clone(), mapping)
        }
    }
}

/// A join over no more columns of its inputs than it needs, so that it keeps no others.
fn join_of_less(left: Plan, right: Plan, join: Join) -> PlanKind {
    let width = left.schema.len();
    let mut used = used_by(join.condition.iter(), width + right.schema.len());
    join.outputs.iter().for_each(|output| used[*output] = true);
    for key in &join.keys {
        used[key.left] = true;
        used[width + key.right] = true;
    }
    match join.time {
        JoinTime::Regular | JoinTime::Lookup(_) => {}
        JoinTime::Interval(interval) if interval.attribute == TimeAttribute::Proctime => {}
        JoinTime::Interval(interval) => {
            used[interval.left] = true;
            used[width + interval.right] = true;
        }
        JoinTime::Temporal(version) => {
            used[version.left] = true;
            used[width + version.right] = true;
        }
        JoinTime::Window(window) => {
            used[window.left_end] = true;
            used[width + window.right_end] = true;
        }
    }
    let (used_left, used_right) = used.split_at(width);
    let (left, from_left) = only_used(left, used_left);
    let (right, from_right) = only_used(right, used_right);
    let width = left.schema.len();
    let mapping: Mapping = from_left
        .iter()
        .copied()
        .chain(from_right.iter().map(|place| place.map(|place| width + place)))
        .collect();
    // What is used was kept.
    let of_left = |column: usize| from_left.get(column).copied().flatten().unwrap_or_default();
    let of_right = |column: usize| from_right.get(column).copied().flatten().unwrap_or_default();
    let join = Join {
        ttl: join.ttl,
        kind: join.kind,
        keys: join
            .keys
            .iter()
            .map(|key| JoinKey {
                left: of_left(key.left),
                right: of_right(key.right),
                ..*key
            })
            .collect(),
        condition: join.condition.map(|condition| remap(condition, &mapping)),
        outputs: join
            .outputs
            .iter()
            .map(|output| mapping[*output].unwrap_or_default())
            .collect(),
        time: match join.time {
            time @ (JoinTime::Regular | JoinTime::Lookup(_)) => time,
            JoinTime::Interval(interval) => JoinTime::Interval(graph::JoinInterval {
                left: of_left(interval.left),
                right: of_right(interval.right),
                ..interval
            }),
            JoinTime::Temporal(version) => JoinTime::Temporal(graph::JoinVersion {
                left: of_left(version.left),
                right: of_right(version.right),
            }),
            JoinTime::Window(window) => JoinTime::Window(graph::JoinWindow {
                left_end: of_left(window.left_end),
                right_end: of_right(window.right_end),
                ..window
            }),
        },
    };
    PlanKind::Join {
        left: Box::new(left),
        right: Box::new(right),
        join: Box::new(join),
    }
}

/// An input with the columns used, of which there is always one, and no others.
fn only_used(input: Plan, used: &[bool]) -> (Plan, Mapping) {
    let mut keep = used.to_vec();
    if !keep.contains(&true)
        && let Some(first) = keep.first_mut()
    {
        *first = true;
    }
    let (kept, mapping) = select(&input.schema, &keep);
    let (input, below) = prune(input, &keep);
    (only(input, &keep, &below, &kept), mapping)
}

/// Columns with the number of times behind them.
fn with_last(schema: &Schema) -> Schema {
    let mut fields = schema.fields.clone();
    fields.push(Field::new("times", TypeKind::BigInt.not_null()));
    Schema::new(fields)
}

/// Just the columns kept, in their order: an input may hold more.
fn only(input: Plan, keep: &[bool], below: &Mapping, kept: &Schema) -> Plan {
    let places: Vec<usize> = below
        .iter()
        .zip(keep)
        .filter(|(_, keep)| **keep)
        .filter_map(|(place, _)| *place)
        .collect();
    if places.len() == input.schema.len() && places.iter().enumerate().all(|(at, place)| at == *place) {
        return input;
    }
    let expressions = places.iter().map(|place| input.column(*place)).collect();
    Plan {
        span: input.span,
        kind: PlanKind::Calc {
            input: Box::new(input),
            filter: None,
            expressions,
        },
        schema: kept.clone(),
    }
}

fn at_least_one(wanted: &[bool], expressions: &[Expr]) -> Vec<bool> {
    let mut keep = wanted.to_vec();
    if !keep.contains(&true) {
        let cheapest = expressions
            .iter()
            .position(|expression| matches!(expression, Expr::Column { .. } | Expr::Literal { .. }))
            .unwrap_or(0);
        if let Some(place) = keep.get_mut(cheapest) {
            *place = true;
        }
    }
    keep
}

fn select(schema: &Schema, keep: &[bool]) -> (Schema, Mapping) {
    let mut next = 0;
    let mapping = keep
        .iter()
        .map(|keep| {
            keep.then(|| {
                next += 1;
                next - 1
            })
        })
        .collect();
    (Schema::new(pick(schema.fields.clone(), keep)), mapping)
}

fn pick<T>(items: Vec<T>, keep: &[bool]) -> Vec<T> {
    items
        .into_iter()
        .zip(keep)
        .filter(|(_, keep)| **keep)
        .map(|(item, _)| item)
        .collect()
}

fn used_by<'a>(expressions: impl Iterator<Item = &'a Expr>, width: usize) -> Vec<bool> {
    let mut used = vec![false; width];
    for expression in expressions {
        expression.visit_columns(&mut |index| used[index] = true);
    }
    used
}

fn remap(expression: Expr, mapping: &Mapping) -> Expr {
    expression.transform(&mut |expression| match expression {
        // What is used was kept.
        Expr::Column { index, data_type } => Expr::column(mapping[index].unwrap_or_default(), data_type),
        other => other,
    })
}

fn remap_all(expressions: Vec<Expr>, mapping: &Mapping) -> Vec<Expr> {
    expressions
        .into_iter()
        .map(|expression| remap(expression, mapping))
        .collect()
}

/// What aggregate calls read.
fn inputs_of(calls: &[AggregateCall]) -> impl Iterator<Item = &Expr> {
    calls
        .iter()
        .flat_map(|call| call.arguments.iter().chain(&call.filter))
}

fn remap_calls(calls: Vec<AggregateCall>, mapping: &Mapping) -> Vec<AggregateCall> {
    calls
        .into_iter()
        .map(|call| AggregateCall {
            arguments: remap_all(call.arguments, mapping),
            filter: call.filter.map(|filter| remap(filter, mapping)),
            ..call
        })
        .collect()
}

fn moved_time(time: WindowTime, mapping: &Mapping) -> WindowTime {
    WindowTime {
        column: mapping[time.column].unwrap_or_default(),
        ..time
    }
}
