//! A rank that is computed for each row and then compared with constants becomes a search for the first rows.
//!
//! Which comparisons count, and which of them are refused, follows Flink's FlinkLogicalRankRule and RankUtil.

use graph::{Expr, Frame, OverFunction, RankRange};

use crate::bind::{and, literal, substitute};
use crate::logical::{OverCall, Plan, PlanKind, Rank};

/// No upper bound was given.
pub(crate) const RANK_END_NONE: i64 = i64::MAX;

pub(super) fn from_filters(plan: Plan) -> Plan {
    let plan = plan.map_inputs(&mut from_filters);
    match &plan.kind {
        PlanKind::Calc { filter: Some(_), .. } => from_filter(plan),
        _ => plan,
    }
}

/// Apart from [`from_filters`], which calls itself, so that it needs no room for this.
fn from_filter(plan: Plan) -> Plan {
    let Plan { kind, schema, span } = plan;
    let PlanKind::Calc {
        input,
        filter: Some(filter),
        expressions,
    } = kind
    else {
        return Plan { kind, schema, span };
    };
    let (input, filter, expressions) = match input.kind {
        PlanKind::Over { .. } => rank(*input, filter, expressions),
        // A projection in between, which could not be merged.
        PlanKind::Calc {
            input: below,
            filter: own,
            expressions: inner,
        } if matches!(below.kind, PlanKind::Over { .. }) => {
            let (down, up) = pass(filter, &inner);
            let joined: Vec<Expr> = own.into_iter().chain(down).collect();
            let (below, own, inner) = if joined.is_empty() {
                (*below, None, inner)
            } else {
                rank(*below, and(joined), inner)
            };
            let middle = Plan {
                kind: PlanKind::Calc {
                    input: Box::new(below),
                    filter: own,
                    expressions: inner,
                },
                ..*input
            };
            (middle, up, expressions)
        }
        kind => (Plan { kind, ..*input }, Some(filter), expressions),
    };
    Plan {
        kind: PlanKind::Calc {
            input: Box::new(input),
            filter,
            expressions,
        },
        schema,
        span,
    }
}

fn conditions(filter: Expr) -> Vec<Expr> {
    match filter {
        Expr::And(operands) => operands.into_iter().flat_map(conditions).collect(),
        other => vec![other],
    }
}

/// The conditions that speak of plain columns of a projection, over its input; and the others.
fn pass(filter: Expr, projection: &[Expr]) -> (Vec<Expr>, Option<Expr>) {
    let (mut down, mut up) = (Vec::new(), Vec::new());
    for condition in conditions(filter) {
        let mut is_plain = !condition.is_fallible() && condition.is_deterministic();
        condition.visit_columns(&mut |index| {
            is_plain &= matches!(projection[index], Expr::Column { .. } | Expr::Literal { .. });
        });
        if is_plain {
            down.push(substitute(condition, projection));
        } else {
            up.push(condition);
        }
    }
    (down, (!up.is_empty()).then(|| and(up)))
}

/// The rows of some ranks, if that is what the filter wants: the new input, and what is left to be done over it.
fn rank(over: Plan, filter: Expr, expressions: Vec<Expr>) -> (Plan, Option<Expr>, Vec<Expr>) {
    let column = over.schema.len() - 1;
    let wanted = conditions(filter.clone());
    let Some((range, left)) = range_of(&over, &wanted, column) else {
        return (over, Some(filter), expressions);
    };
    let Plan {
        kind: PlanKind::Over { input, over, calls },
        mut schema,
        span,
    } = over
    else {
        return (over, Some(filter), expressions);
    };
    let function = calls
        .into_iter()
        .next()
        .map_or(OverFunction::RowNumber, |call| call.function);
    // Where there is one rank, it need not be told.
    let constant = range.start == range.end && matches!(function, OverFunction::RowNumber);
    let told = |expression: Expr| {
        if !constant {
            return expression;
        }
        expression.transform(&mut |expression| match expression {
            Expr::Column { index, .. } if index == column => literal::bigint(range.start),
            other => other,
        })
    };
    if constant {
        schema.fields.pop();
    }
    let rank = Plan {
        kind: PlanKind::Rank {
            input,
            rank: Box::new(Rank {
                function,
                partition: over.partition,
                order: over.order,
                range,
                rank_number: !constant,
                window: over.window,
            }),
        },
        schema,
        span,
    };
    let filter = (!left.is_empty()).then(|| and(left));
    (rank, filter, expressions.into_iter().map(told).collect())
}

/// The ranks that conditions want of the last column, and the conditions that speak of others.
fn range_of(over: &Plan, wanted: &[Expr], column: usize) -> Option<(RankRange, Vec<Expr>)> {
    let PlanKind::Over { over, calls, .. } = &over.kind else {
        return None;
    };
    let [
        OverCall {
            function: OverFunction::RowNumber | OverFunction::Rank | OverFunction::DenseRank,
            ..
        },
    ] = calls.as_slice()
    else {
        return None;
    };
    if !matches!(over.frame, Some(Frame::RangeUnbounded | Frame::RowsUnbounded)) {
        return None;
    }
    let mut range = RankRange {
        start: 1,
        end: RANK_END_NONE,
    };
    let mut left = Vec::new();
    let mut is_bound = false;
    for condition in wanted {
        let Some((low, high)) = bounds(condition, column) else {
            let mut is_other = true;
            condition.visit_columns(&mut |index| is_other &= index != column);
            if !is_other {
                return None;
            }
            left.push(condition.clone());
            continue;
        };
        is_bound = true;
        range.start = range.start.max(low);
        range.end = range.end.min(high);
    }
    if !is_bound {
        return None;
    }
    if range.start > range.end && range.end > 0 {
        // No rank is wanted: the first would do, but none of it passes.
        range = RankRange { start: 1, end: 1 };
        left.push(literal::boolean(false));
    }
    Some((range, left))
}

/// The least and the greatest rank that pass a comparison of the rank with a number.
fn bounds(condition: &Expr, column: usize) -> Option<(i64, i64)> {
    let Expr::Call {
        function, arguments, ..
    } = condition
    else {
        return None;
    };
    let is_rank = |expression: &Expr| matches!(expression, Expr::Column { index, .. } if *index == column);
    let [left, right] = arguments.as_slice() else {
        return None;
    };
    let (number, mirrored) = match (is_rank(left), is_rank(right)) {
        (true, false) => (literal::integer(right)?, false),
        (false, true) => (literal::integer(left)?, true),
        _ => return None,
    };
    let all = (1, RANK_END_NONE);
    Some(match (function.name(), mirrored) {
        ("=", _) => (number, number),
        ("<", false) | (">", true) => (all.0, number.saturating_sub(1)),
        ("<=", false) | (">=", true) => (all.0, number),
        (">", false) | ("<", true) => (number.saturating_add(1), all.1),
        (">=", false) | ("<=", true) => (number, all.1),
        _ => return None,
    })
}
