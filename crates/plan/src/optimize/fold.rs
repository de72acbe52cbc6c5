//! Calls over constants are computed once, while planning. What fails stays where it is and fails at run time.

use arrow_array::{Array, BooleanArray};
use dataflow::{EvaluationContext, Value};
use graph::Expr;
use model::TypeKind;

use crate::bind::literal;
use crate::logical::Plan;

/// Functions that make much out of little are left to be computed where their results are needed.
const MULTIPLIERS: &[&str] = &["REPEAT", "LPAD", "RPAD"];

/// Larger constants stay out of the plan.
const FOLDED_BYTES_MAX: usize = 64 * 1024;

pub(super) fn constants(plan: Plan, context: &EvaluationContext) -> Plan {
    let plan = plan.map_inputs(&mut |input| constants(input, context));
    plan.map_expressions(&mut |expression| expression.transform(&mut |inner| fold(inner, context)))
}

fn fold(expression: Expr, context: &EvaluationContext) -> Expr {
    match expression {
        Expr::Call {
            function,
            arguments,
            data_type,
            span,
        } => {
            let literals: Option<Vec<Value>> = arguments
                .iter()
                .map(|argument| match argument {
                    Expr::Literal { value, .. } => Some(Value::Constant(value.clone())),
                    _ => None,
                })
                .collect();
            if let Some(literals) = literals {
                let fixed = function.is_deterministic()
                    && !MULTIPLIERS.contains(&function.name())
                    && !is_filled_up(&data_type.kind);
                if fixed && let Ok(value) = function.evaluate(&literals, 1, context) {
                    let array = value.array().clone();
                    let bytes = array.to_data().get_slice_memory_size().unwrap_or_default();
                    if array.len() == 1
                        && *array.data_type() == data_type.arrow()
                        && bytes <= FOLDED_BYTES_MAX
                    {
                        return Expr::Literal {
                            value: array,
                            data_type,
                        };
                    }
                }
            }
            Expr::Call {
                function,
                arguments,
                data_type,
                span,
            }
        }
        Expr::And(operands) => decide(operands, false),
        Expr::Or(operands) => decide(operands, true),
        Expr::Case {
            branches,
            otherwise,
            data_type,
        } => {
            let mut kept = Vec::with_capacity(branches.len());
            let mut otherwise = otherwise;
            for (condition, result) in branches {
                match constant_truth(&condition) {
                    Some(Some(true)) => {
                        otherwise = Some(Box::new(result));
                        break;
                    }
                    Some(_) => {}
                    None => kept.push((condition, result)),
                }
            }
            match otherwise {
                Some(only) if kept.is_empty() => *only,
                None if kept.is_empty() => literal::null(data_type),
                otherwise => Expr::Case {
                    branches: kept,
                    otherwise,
                    data_type,
                },
            }
        }
        other => other,
    }
}

/// A cast to such a type fills the value up to its length.
fn is_filled_up(kind: &TypeKind) -> bool {
    matches!(kind, TypeKind::Char(length) | TypeKind::Binary(length) if *length as usize > FOLDED_BYTES_MAX)
}

/// AND (`deciding` false) or OR (`deciding` true): what stands behind a deciding operand is never evaluated, the
/// opposite changes nothing.
fn decide(operands: Vec<Expr>, deciding: bool) -> Expr {
    let mut kept = Vec::with_capacity(operands.len());
    for operand in operands {
        match constant_truth(&operand) {
            Some(Some(value)) if value != deciding => {}
            Some(Some(_)) => {
                kept.push(operand);
                break;
            }
            _ => kept.push(operand),
        }
    }
    if kept.len() == 1
        && let Some(only) = kept.pop()
    {
        return only;
    }
    match (kept.is_empty(), deciding) {
        (true, _) => literal::boolean(!deciding),
        (false, true) => Expr::Or(kept),
        (false, false) => Expr::And(kept),
    }
}

/// `Some(None)` for a NULL.
fn constant_truth(expression: &Expr) -> Option<Option<bool>> {
    let Expr::Literal { value, .. } = expression else {
        return None;
    };
    if value.is_null(0) {
        return Some(None);
    }
    let array = value.as_any().downcast_ref::<BooleanArray>()?;
    Some(Some(array.value(0)))
}
