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

/// The expressions of a SELECT, those of its FROM and of its windows left out.
pub(super) fn expressions_of(select: &Select) -> Vec<&Expr> {
    let items = select.items.iter().filter_map(|item| match item {
        SelectItem::Expression { expression, .. } => Some(expression),
        SelectItem::Wildcard { .. } => None,
    });
    let mut all: Vec<&Expr> = items.collect();
    all.extend(&select.filter);
    select.group_by.iter().for_each(|item| keys_of(item, &mut all));
    all.extend(&select.having);
    all.extend(&select.qualify);
    all
}

/// As [`expressions_of`].
pub(super) fn expressions_of_mut(select: &mut Select) -> Vec<&mut Expr> {
    let items = select.items.iter_mut().filter_map(|item| match item {
        SelectItem::Expression { expression, .. } => Some(expression),
        SelectItem::Wildcard { .. } => None,
    });
    let mut all: Vec<&mut Expr> = items.collect();
    all.extend(&mut select.filter);
    for item in &mut select.group_by {
        keys_of_mut(item, &mut all);
    }
    all.extend(&mut select.having);
    all.extend(&mut select.qualify);
    all
}

fn keys_of<'a>(item: &'a GroupItem, all: &mut Vec<&'a Expr>) {
    match item {
        GroupItem::Expression(expr) => all.push(expr),
        GroupItem::Tuple { items, .. } => all.extend(items),
        GroupItem::GroupingSets { sets: items, .. }
        | GroupItem::Rollup { items, .. }
        | GroupItem::Cube { items, .. } => items.iter().for_each(|item| keys_of(item, all)),
    }
}

fn keys_of_mut<'a>(item: &'a mut GroupItem, all: &mut Vec<&'a mut Expr>) {
    match item {
        GroupItem::Expression(expr) => all.push(expr),
        GroupItem::Tuple { items, .. } => all.extend(items),
        GroupItem::GroupingSets { sets: items, .. }
        | GroupItem::Rollup { items, .. }
        | GroupItem::Cube { items, .. } => items.iter_mut().for_each(|item| keys_of_mut(item, all)),
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

fn children_mut(expr: &mut Expr) -> Vec<&mut Expr> {
    match &mut expr.kind {
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
        ExprKind::InList { operand, list, .. } => std::iter::once(operand.as_mut()).chain(list).collect(),
        ExprKind::Like {
            operand,
            pattern,
            escape,
            ..
        } => [operand, pattern]
            .into_iter()
            .chain(escape)
            .map(Box::as_mut)
            .collect(),
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => operand
            .as_deref_mut()
            .into_iter()
            .chain(
                branches
                    .iter_mut()
                    .flat_map(|(condition, result)| [condition, result]),
            )
            .chain(otherwise.as_deref_mut())
            .collect(),
        ExprKind::Function(call) => {
            let mut children = Vec::new();
            for argument in &mut call.arguments {
                match &mut argument.value {
                    ArgumentValue::Expression(expr) => children.push(expr),
                    ArgumentValue::KeyValue { key, value } => children.extend([key, value]),
                    _ => {}
                }
            }
            children.extend(call.filter.as_deref_mut());
            if let Some(clauses) = &mut call.json {
                for clause in [&mut clauses.on_empty, &mut clauses.on_error] {
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
            .map(Box::as_mut)
            .collect(),
        ExprKind::Trim {
            characters, operand, ..
        } => characters
            .as_deref_mut()
            .into_iter()
            .chain(std::iter::once(operand.as_mut()))
            .collect(),
        ExprKind::Overlaps { left, right } => vec![&mut left.0, &mut left.1, &mut right.0, &mut right.1],
        ExprKind::Row { fields, .. } => fields.iter_mut().collect(),
        ExprKind::Array(elements) => elements.iter_mut().collect(),
        ExprKind::Map(entries) => entries.iter_mut().flat_map(|(key, value)| [key, value]).collect(),
        ExprKind::Index { operand, index } => vec![operand, index],
    }
}
