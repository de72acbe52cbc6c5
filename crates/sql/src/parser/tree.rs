//! Nodes of expressions, made in one place.
//!
//! What takes and returns boxes here does so to keep nodes off the stack of the functions that call each other for
//! every level of nesting.

use model::{Diagnostic, Span};

use super::{Parsed, object_name};
use crate::ast::{
    Argument, ArgumentValue, BinaryOperator, Expr, ExprKind, FunctionCall, Ident, ObjectName, Query, TypeName,
};

/// Chains of AND, OR and UNION ALL longer than this become balanced trees, so that any length of them is fine.
const LEFT_DEEP_CHAIN_MAX: usize = 32;

pub(super) fn boxed(kind: ExprKind, span: Span) -> Box<Expr> {
    Box::new(Expr { kind, span })
}

pub(super) fn binary(operator: BinaryOperator, left: Box<Expr>, right: Box<Expr>) -> Box<Expr> {
    let span = left.span.to(right.span);
    boxed(
        ExprKind::Binary {
            operator,
            left,
            right,
        },
        span,
    )
}

pub(super) fn difference(left: Box<Expr>, right: Box<Expr>, data_type: TypeName, span: Span) -> Box<Expr> {
    boxed(
        ExprKind::Difference {
            left,
            right,
            data_type,
        },
        span,
    )
}

pub(super) fn row(fields: Vec<Expr>, explicit: bool, span: Span) -> Box<Expr> {
    boxed(ExprKind::Row { fields, explicit }, span)
}

pub(super) fn subquery(query: Box<Query>, span: Span) -> Box<Expr> {
    boxed(ExprKind::ScalarSubquery(query), span)
}

/// The query of a [`is_subquery`].
pub(super) fn subquery_of(expression: Box<Expr>) -> Parsed<Box<Query>> {
    match expression.kind {
        ExprKind::ScalarSubquery(query) => Ok(query),
        _ => Err(Diagnostic::parse(expression.span, "expected a query")),
    }
}

/// Unpacks a box into its place, so that the caller needs no room for what is in it.
pub(super) fn push(list: &mut Vec<Expr>, item: Box<Expr>) {
    list.push(*item);
}

pub(super) fn push_pair(list: &mut Vec<(Expr, Expr)>, first: Box<Expr>, second: Box<Expr>) {
    list.push((*first, *second));
}

pub(super) fn put(place: &mut Option<Expr>, expression: Box<Expr>) {
    *place = Some(*expression);
}

pub(super) fn is_subquery(expression: &Expr) -> bool {
    matches!(expression.kind, ExprKind::ScalarSubquery(_))
}

pub(super) fn pair(expression: Box<Expr>) -> Option<Box<(Expr, Expr)>> {
    let ExprKind::Row { mut fields, .. } = expression.kind else {
        return None;
    };
    match (fields.pop(), fields.pop(), fields.pop()) {
        (Some(second), Some(first), None) => Some(Box::new((first, second))),
        _ => None,
    }
}

pub(super) fn plain_call(name: ObjectName, span: Span) -> FunctionCall {
    FunctionCall {
        name,
        parentheses: true,
        distinct: false,
        arguments: Vec::new(),
        order_by: Vec::new(),
        within_group: Vec::new(),
        null_treatment: None,
        filter: None,
        over: None,
        json: None,
        span,
    }
}

pub(super) fn semantics(name: Ident, argument: Box<Expr>, span: Span) -> Box<Expr> {
    let mut call = FunctionCall {
        parentheses: false,
        ..plain_call(object_name(vec![name]), span)
    };
    push_positional(&mut call.arguments, argument);
    boxed(ExprKind::Function(call), span)
}

pub(super) fn push_positional(arguments: &mut Vec<Argument>, expression: Box<Expr>) {
    let span = expression.span;
    arguments.push(Argument {
        name: None,
        value: ArgumentValue::Expression(*expression),
        span,
    });
}

/// The height that [`chain`] puts above its items.
pub(super) fn chain_height(items: usize) -> usize {
    if items <= LEFT_DEEP_CHAIN_MAX {
        items.saturating_sub(1)
    } else {
        items.next_power_of_two().ilog2() as usize
    }
}

/// One tree of `items` under an associative operator: left-deep, or balanced if the chain is long. Not for no items.
pub(super) fn chain<T>(items: Vec<T>, combine: &mut impl FnMut(T, T) -> T) -> T {
    let mut level = items;
    if level.len() > LEFT_DEEP_CHAIN_MAX {
        while level.len() > 1 {
            let mut above = Vec::with_capacity(level.len().div_ceil(2));
            let mut pairs = level.into_iter();
            while let Some(left) = pairs.next() {
                above.push(match pairs.next() {
                    Some(right) => combine(left, right),
                    None => left,
                });
            }
            level = above;
        }
    }
    level.into_iter().reduce(combine).expect("a chain has an item")
}
