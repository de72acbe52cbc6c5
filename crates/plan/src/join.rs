//! Conditions of joins: which of them can be met before the join, and which make keys.
//!
//! As in Flink, what speaks of one input alone filters that input where this keeps the rows of the result, and
//! equality of a column of each input makes a key. Conditions of WHERE become conditions of inner joins.

use graph::{Expr, Join, JoinKey, JoinKind, JoinTime};
use model::{DataType, Field, TypeKind};

use crate::bind::{SUBQUERY_BASE, and, cast, substitute};
use crate::logical::{Plan, PlanKind};

/// Which inputs an expression speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Neither,
    Left,
    Right,
    Both,
}

impl Side {
    /// Of what looks at both.
    pub fn and(self, other: Side) -> Side {
        match (self, other) {
            (one, other) if one == other => one,
            (Side::Neither, side) | (side, Side::Neither) => side,
            _ => Side::Both,
        }
    }

    /// Of an expression over `width` left columns and the right ones behind them.
    pub fn of(expression: &Expr, width: usize) -> Side {
        let (mut left, mut right) = (false, false);
        expression.visit_columns(&mut |index| {
            left |= index < width;
            right |= index >= width;
        });
        match (left, right) {
            (false, false) => Side::Neither,
            (true, false) => Side::Left,
            (false, true) => Side::Right,
            (true, true) => Side::Both,
        }
    }
}

/// As [`Side::of`]. A version is found first, and then asked for more: what is asked of it filters no versions.
fn side_in(join: &Join, condition: &Expr, width: usize) -> Side {
    match (join.time, Side::of(condition, width)) {
        (JoinTime::Temporal(_), Side::Right) => Side::Both,
        (_, side) => side,
    }
}

/// The operands of AND, or the condition itself.
pub(crate) fn conjuncts(condition: Expr) -> Vec<Expr> {
    match condition {
        Expr::And(operands) => operands.into_iter().flat_map(conjuncts).collect(),
        other => vec![other],
    }
}

pub(crate) fn all_of(conditions: Vec<Expr>) -> Option<Expr> {
    (!conditions.is_empty()).then(|| and(conditions))
}

/// Lets a join meet as many of these conditions on its result as it can. Gives back the others.
pub(crate) fn absorb(plan: Plan, conditions: Vec<Expr>) -> (Plan, Vec<Expr>) {
    let plan = match plan.kind {
        PlanKind::Unnest { .. } => return absorb_below(plan, conditions),
        _ => plan,
    };
    let Plan {
        kind: PlanKind::Join { left, right, join },
        schema,
        span,
    } = plan
    else {
        return (plan, conditions);
    };
    let width = left.schema.len();
    let sources: Vec<Expr> = join
        .outputs
        .iter()
        .map(|&output| match output.checked_sub(width) {
            None => left.column(output),
            Some(output) => Expr::column(width + output, right.column_type(output)),
        })
        .collect();
    let mut parts = Parts::default();
    let mut above = Vec::new();
    for condition in conditions {
        let below = substitute(condition.clone(), &sources);
        let side = side_in(&join, &below, width);
        match (join.kind, side) {
            _ if !condition.is_deterministic() => above.push(condition),
            (JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti, Side::Left) => {
                parts.left.push(below);
            }
            (JoinKind::Inner | JoinKind::Right, Side::Right) => parts.right.push(below),
            (JoinKind::Inner, Side::Both | Side::Neither) => parts.both.push(below),
            _ => above.push(condition),
        }
    }
    (parts.join(*left, *right, *join, schema, span), above)
}

/// Conditions on rows hold before their elements are taken out as well.
fn absorb_below(plan: Plan, conditions: Vec<Expr>) -> (Plan, Vec<Expr>) {
    let Plan { kind, schema, span } = plan;
    let PlanKind::Unnest { input, unnest } = kind else {
        return (Plan { kind, schema, span }, conditions);
    };
    let width = input.schema.len();
    let sources: Vec<Expr> = unnest
        .outputs
        .iter()
        .zip(&schema.fields)
        .map(|(&output, field)| Expr::column(output, field.data_type.clone()))
        .collect();
    let (mut below, mut above) = (Vec::new(), Vec::new());
    for condition in conditions {
        let moved = substitute(condition.clone(), &sources);
        if condition.is_deterministic() && Side::of(&moved, width) == Side::Left {
            below.push(moved);
        } else {
            above.push(condition);
        }
    }
    let kind = PlanKind::Unnest {
        input: Box::new(filtered(*input, below)),
        unnest,
    };
    (Plan { kind, schema, span }, above)
}

/// Filters the inputs of a join by what its own condition asks of one of them alone.
pub(crate) fn filter_inputs(plan: Plan) -> Plan {
    let Plan {
        kind: PlanKind::Join {
            left,
            right,
            mut join,
        },
        schema,
        span,
    } = plan
    else {
        return plan;
    };
    let width = left.schema.len();
    let mut parts = Parts::default();
    for condition in join.condition.take().map(conjuncts).unwrap_or_default() {
        let side = side_in(&join, &condition, width);
        match (join.kind, side) {
            _ if !condition.is_deterministic() => parts.both.push(condition),
            (JoinKind::Inner | JoinKind::Right | JoinKind::Semi, Side::Left) => parts.left.push(condition),
            (JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti, Side::Right) => {
                parts.right.push(condition);
            }
            _ => parts.both.push(condition),
        }
    }
    parts.join(*left, *right, *join, schema, span)
}

/// Conditions by what they speak of, over the left columns and the right ones behind them.
#[derive(Default)]
struct Parts {
    left: Vec<Expr>,
    right: Vec<Expr>,
    both: Vec<Expr>,
}

impl Parts {
    fn join(self, left: Plan, right: Plan, mut join: Join, schema: model::Schema, span: model::Span) -> Plan {
        let width = left.schema.len();
        let right_conditions = self.right.into_iter().map(|condition| back(condition, width));
        let right = filtered(right, right_conditions.collect());
        let left = filtered(left, self.left);
        join.condition = all_of(join.condition.into_iter().chain(self.both).collect());
        Plan {
            kind: PlanKind::Join {
                left: Box::new(left),
                right: Box::new(right),
                join: Box::new(join),
            },
            schema,
            span,
        }
    }
}

/// An expression over the right columns alone. What stands for the values of sub-queries goes on doing so.
pub(crate) fn back(expression: Expr, width: usize) -> Expr {
    expression.transform(&mut |expression| match expression {
        Expr::Column { index, data_type } if index < SUBQUERY_BASE => {
            Expr::column(index.saturating_sub(width), data_type)
        }
        other => other,
    })
}

/// The rows of an input that meet conditions. A join below meets them itself where it can.
pub(crate) fn filtered(input: Plan, conditions: Vec<Expr>) -> Plan {
    let (input, conditions) = absorb(input, conditions);
    let Some(filter) = all_of(conditions) else {
        return input;
    };
    Plan {
        schema: input.schema.clone(),
        span: input.span,
        kind: PlanKind::Calc {
            expressions: input.columns(),
            filter: Some(filter),
            input: Box::new(input),
        },
    }
}

/// Makes keys of equalities in the condition. What they compare is computed below the join.
pub(crate) fn with_keys(plan: Plan) -> Plan {
    let Plan {
        kind: PlanKind::Join {
            left,
            right,
            mut join,
        },
        schema,
        span,
    } = plan
    else {
        return plan;
    };
    let width = left.schema.len();
    let (mut left, mut right) = (Computed::over(*left), Computed::over(*right));
    let mut rest = Vec::new();
    for condition in join.condition.take().map(conjuncts).unwrap_or_default() {
        match equality(&condition, width) {
            Some((of_left, of_right, nulls_agree)) => join.keys.push(JoinKey {
                left: left.column(of_left),
                right: right.column(back(of_right, width)),
                nulls_agree,
            }),
            None => rest.push(condition),
        }
    }
    let (left, right) = (left.finish(), right.finish());
    let added = left.schema.len() - width;
    let moved = |index: usize| if index < width { index } else { index + added };
    join.condition = all_of(rest).map(|condition| {
        condition.transform(&mut |expression| match expression {
            Expr::Column { index, data_type } => Expr::column(moved(index), data_type),
            other => other,
        })
    });
    join.outputs
        .iter_mut()
        .for_each(|output| *output = moved(*output));
    Plan {
        kind: PlanKind::Join {
            left: Box::new(left),
            right: Box::new(right),
            join,
        },
        schema,
        span,
    }
}

/// What of the left and what of the right input a condition wants to be equal, and whether NULL equals NULL.
pub(crate) fn equality(condition: &Expr, width: usize) -> Option<(Expr, Expr, bool)> {
    let Expr::Call {
        function, arguments, ..
    } = condition
    else {
        return None;
    };
    let nulls_agree = match function.name() {
        "=" => false,
        "IS NOT DISTINCT FROM" => true,
        _ => return None,
    };
    let [one, other] = arguments.as_slice() else {
        return None;
    };
    if !condition.is_deterministic() {
        return None;
    }
    let (left, right) = match (Side::of(one, width), Side::of(other, width)) {
        (Side::Left, Side::Right) => (one, other),
        (Side::Right, Side::Left) => (other, one),
        _ => return None,
    };
    let (left, right) = same_representation(left.clone(), right.clone())?;
    Some((left, right, nulls_agree))
}

/// Both in a type in which equal values have equal bits.
fn same_representation(left: Expr, right: Expr) -> Option<(Expr, Expr)> {
    let (l, r) = (left.data_type(), right.data_type());
    if l.kind.arrow() == r.kind.arrow() {
        return Some((left, right));
    }
    let (l_digits, r_digits) = (l.kind.decimal_digits()?, r.kind.decimal_digits()?);
    let scale = l_digits.1.max(r_digits.1);
    let whole = (l_digits.0 - l_digits.1).max(r_digits.0 - r_digits.1);
    let precision = whole + scale;
    if precision > model::data_type::DECIMAL_PRECISION_MAX {
        return None;
    }
    let as_decimal = |expression: Expr, from: &DataType| {
        let to = TypeKind::Decimal { precision, scale }
            .nullable()
            .with_nullable(from.nullable);
        let place = model::Span::default();
        cast(expression, &to, functions::CastMode::Explicit, place, place).ok()
    };
    Some((as_decimal(left, &l)?, as_decimal(right, &r)?))
}

/// An input with columns computed behind its own.
struct Computed {
    input: Plan,
    added: Vec<Expr>,
}

impl Computed {
    fn over(input: Plan) -> Computed {
        Computed {
            input,
            added: Vec::new(),
        }
    }

    fn column(&mut self, expression: Expr) -> usize {
        if let Expr::Column { index, .. } = &expression {
            return *index;
        }
        let text = expression.to_string();
        let width = self.input.schema.len();
        let known = self.added.iter().position(|other| other.to_string() == text);
        width
            + known.unwrap_or_else(|| {
                self.added.push(expression);
                self.added.len() - 1
            })
    }

    fn finish(self) -> Plan {
        if self.added.is_empty() {
            return self.input;
        }
        let mut schema = self.input.schema.clone();
        for (number, expression) in self.added.iter().enumerate() {
            schema
                .fields
                .push(Field::new(format!("key${number}"), expression.data_type()));
        }
        let mut expressions = self.input.columns();
        expressions.extend(self.added);
        Plan {
            span: self.input.span,
            schema,
            kind: PlanKind::Calc {
                input: Box::new(self.input),
                filter: None,
                expressions,
            },
        }
    }
}
