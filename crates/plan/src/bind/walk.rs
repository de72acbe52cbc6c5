//! Walks over syntax trees.

use sql::ast::{ArgumentValue, Expr, ExprKind, GroupItem, JsonBehavior, Select, SelectItem};

/// Calls `see` with an expression and with everything inside of it, sub-queries left out.
pub(crate) fn visit<'e>(expr: &'e Expr, see: &mut impl FnMut(&'e Expr)) {
    see(expr);
    for child in children(expr) {
        visit(child, see);
    }
}

/// As [`visit`], and what is seen can be replaced.
pub(super) fn change(expr: &mut Expr, replace: &mut impl FnMut(&mut Expr)) {
    replace(expr);
    for child in children_mut(expr) {
        change(child, replace);
    }
}

/// The same walk over what is only read and over what is changed.
macro_rules! walk {
    ($($mutable:ident)?; $expressions_of:ident, $keys_of:ident, $children:ident) => {
        /// The expressions of a SELECT, those of its FROM and of its windows left out.
        pub(super) fn $expressions_of(select: &$($mutable)? Select) -> Vec<&$($mutable)? Expr> {
            let mut all = Vec::new();
            for item in &$($mutable)? select.items {
                if let SelectItem::Expression { expression, .. } = item {
                    all.push(expression);
                }
            }
            all.extend(&$($mutable)? select.filter);
            for item in &$($mutable)? select.group_by {
                $keys_of(item, &mut all);
            }
            all.extend(&$($mutable)? select.having);
            all.extend(&$($mutable)? select.qualify);
            all
        }

        fn $keys_of<'a>(item: &'a $($mutable)? GroupItem, all: &mut Vec<&'a $($mutable)? Expr>) {
            match item {
                GroupItem::Expression(expr) => all.push(expr),
                GroupItem::Tuple { items, .. } => all.extend(items),
                GroupItem::GroupingSets { sets: items, .. }
                | GroupItem::Rollup { items, .. }
                | GroupItem::Cube { items, .. } => {
                    for item in items {
                        $keys_of(item, all);
                    }
                }
            }
        }

        fn $children(expr: &$($mutable)? Expr) -> Vec<&$($mutable)? Expr> {
            let mut all: Vec<&$($mutable)? Expr> = Vec::new();
            match &$($mutable)? expr.kind {
                ExprKind::Name(_)
                | ExprKind::Literal(_)
                | ExprKind::Exists { .. }
                | ExprKind::ScalarSubquery(_) => {}
                ExprKind::Unary { operand, .. }
                | ExprKind::IsNull { operand, .. }
                | ExprKind::IsTruth { operand, .. }
                | ExprKind::IsJson { operand, .. }
                | ExprKind::InSubquery { operand, .. }
                | ExprKind::Cast { operand, .. }
                | ExprKind::Extract { operand, .. }
                | ExprKind::RoundToUnit { operand, .. }
                | ExprKind::Field { operand, .. } => all.push(operand),
                ExprKind::Binary { left, right, .. }
                | ExprKind::Difference { left, right, .. }
                | ExprKind::IsDistinctFrom { left, right, .. } => {
                    all.push(left);
                    all.push(right);
                }
                ExprKind::Between { operand, low, high, .. } => {
                    all.push(operand);
                    all.push(low);
                    all.push(high);
                }
                ExprKind::InList { operand, list, .. } => {
                    all.push(operand);
                    all.extend(list);
                }
                ExprKind::Like { operand, pattern, escape, .. } => {
                    all.push(operand);
                    all.push(pattern);
                    if let Some(escape) = escape {
                        all.push(escape);
                    }
                }
                ExprKind::Case { operand, branches, otherwise } => {
                    if let Some(operand) = operand {
                        all.push(operand);
                    }
                    for (condition, result) in branches {
                        all.extend([condition, result]);
                    }
                    if let Some(otherwise) = otherwise {
                        all.push(otherwise);
                    }
                }
                ExprKind::Function(call) => {
                    for argument in &$($mutable)? call.arguments {
                        match &$($mutable)? argument.value {
                            ArgumentValue::Expression(expr) => all.push(expr),
                            ArgumentValue::KeyValue { key, value } => all.extend([key, value]),
                            _ => {}
                        }
                    }
                    if let Some(filter) = &$($mutable)? call.filter {
                        all.push(filter);
                    }
                    if let Some(clauses) = &$($mutable)? call.json {
                        for behavior in [&$($mutable)? clauses.on_empty, &$($mutable)? clauses.on_error] {
                            if let Some(JsonBehavior::Default(value)) = behavior {
                                all.push(value);
                            }
                        }
                    }
                }
                ExprKind::Position { needle, haystack, from } => {
                    all.push(needle);
                    all.push(haystack);
                    if let Some(from) = from {
                        all.push(from);
                    }
                }
                ExprKind::Trim { characters, operand, .. } => {
                    if let Some(characters) = characters {
                        all.push(characters);
                    }
                    all.push(operand);
                }
                ExprKind::Overlaps { left, right } => {
                    for (from, to) in [&$($mutable)? **left, &$($mutable)? **right] {
                        all.extend([from, to]);
                    }
                }
                ExprKind::Row { fields: inner, .. } | ExprKind::Array(inner) => all.extend(inner),
                ExprKind::Map(entries) => {
                    for (key, value) in entries {
                        all.extend([key, value]);
                    }
                }
                ExprKind::Index { operand, index } => {
                    all.push(operand);
                    all.push(index);
                }
            }
            all
        }
    };
}

walk!(; expressions_of, keys_of, children);
walk!(mut; expressions_of_mut, keys_of_mut, children_mut);
