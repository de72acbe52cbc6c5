//! Walks over syntax trees.

use sql::ast::{ArgumentValue, Expr, ExprKind, JsonBehavior};

/// Calls `see` with an expression and with everything inside of it, sub-queries left out.
pub(super) fn visit(expr: &Expr, see: &mut impl FnMut(&Expr)) {
    see(expr);
    for child in children(expr) {
        visit(child, see);
    }
}

fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Name(_) | ExprKind::Literal(_) | ExprKind::Exists { .. } | ExprKind::ScalarSubquery(_) => {
            Vec::new()
        }
        ExprKind::Unary { operand, .. }
        | ExprKind::IsNull { operand, .. }
        | ExprKind::IsTruth { operand, .. }
        | ExprKind::IsJson { operand, .. }
        | ExprKind::InSubquery { operand, .. }
        | ExprKind::Cast { operand, .. }
        | ExprKind::Extract { operand, .. }
        | ExprKind::RoundToUnit { operand, .. }
        | ExprKind::Field { operand, .. } => vec![operand],
        ExprKind::Binary { left, right, .. }
        | ExprKind::Difference { left, right, .. }
        | ExprKind::IsDistinctFrom { left, right, .. } => {
            vec![left, right]
        }
        ExprKind::Between {
            operand, low, high, ..
        } => vec![operand, low, high],
        ExprKind::InList { operand, list, .. } => std::iter::once(operand.as_ref()).chain(list).collect(),
        ExprKind::Like {
            operand,
            pattern,
            escape,
            ..
        } => [operand, pattern]
            .into_iter()
            .chain(escape)
            .map(Box::as_ref)
            .collect(),
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => operand
            .as_deref()
            .into_iter()
            .chain(
                branches
                    .iter()
                    .flat_map(|(condition, result)| [condition, result]),
            )
            .chain(otherwise.as_deref())
            .collect(),
        ExprKind::Function(call) => {
            let mut children = Vec::new();
            for argument in &call.arguments {
                match &argument.value {
                    ArgumentValue::Expression(expr) => children.push(expr),
                    ArgumentValue::KeyValue { key, value } => children.extend([key, value]),
                    _ => {}
                }
            }
            children.extend(call.filter.as_deref());
            if let Some(clauses) = &call.json {
                for clause in [&clauses.on_empty, &clauses.on_error] {
                    if let Some(JsonBehavior::Default(value)) = clause {
                        children.push(value);
                    }
                }
            }
            children
        }
        ExprKind::Position {
            needle,
            haystack,
            from,
        } => [needle, haystack]
            .into_iter()
            .chain(from)
            .map(Box::as_ref)
            .collect(),
        ExprKind::Trim {
            characters, operand, ..
        } => characters
            .as_deref()
            .into_iter()
            .chain(std::iter::once(operand.as_ref()))
            .collect(),
        ExprKind::Overlaps { left, right } => vec![&left.0, &left.1, &right.0, &right.1],
        ExprKind::Row { fields, .. } => fields.iter().collect(),
        ExprKind::Array(elements) => elements.iter().collect(),
        ExprKind::Map(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
        ExprKind::Index { operand, index } => vec![operand, index],
    }
}
