//! A query's text with every table name complete, so that it means the same wherever it is read again.
//!
//! Names of common table expressions stay as they are. What is selected by a bare `*` at the top is spelt out, so
//! that a view keeps its columns when a table gains some.

use model::Span;
use sql::ast::{
    Argument, ArgumentValue, Expr, ExprKind, FunctionCall, GroupItem, JsonBehavior, ObjectName, OrderItem,
    OverClause, OverWindow, Query, QueryBody, Select, SelectItem, TableRef, TableRefKind,
};

use crate::bind;
use crate::catalog::{CatalogStore, ObjectPath};
use crate::show;

/// A piece of text and what stands there instead.
type Edit = (Span, String);

/// The query's text with complete names.
pub fn complete_names(query: &Query, text: &str, catalog: &CatalogStore) -> String {
    rewritten(query, text, table_names(query, catalog))
}

/// As [`complete_names`], with the outermost `*` spelt out as well; `None` if there is none, or if what it stands
/// for cannot be told.
pub fn star_expanded(query: &Query, text: &str, catalog: &CatalogStore) -> Option<String> {
    let QueryBody::Select(select) = &query.body else {
        return None;
    };
    let mut stars = select.items.iter().filter_map(|item| match item {
        SelectItem::Wildcard {
            qualifier: None,
            span,
        } => Some(*span),
        _ => None,
    });
    let span = stars.next()?;
    let columns = show::query_star(query, text, catalog)?;
    if stars.next().is_some() || columns.is_empty() {
        return None;
    }
    let mut edits = table_names(query, catalog);
    edits.push((span, columns.join(", ")));
    Some(rewritten(query, text, edits))
}

fn table_names(query: &Query, catalog: &CatalogStore) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut called = Vec::new();
    Walk {
        visit: &mut |name| edits.push((name.span, complete(&catalog.resolve(name)))),
        calls: &mut |name| called.push(name),
        ctes: Vec::new(),
    }
    .query(query);
    for name in called {
        if let Some(path) = bind::function_called(name, catalog) {
            edits.push((name.span, complete(&path)));
        }
    }
    edits
}

fn rewritten(query: &Query, text: &str, edits: Vec<Edit>) -> String {
    edited(query.span, text, edits)
}

/// What stands at a place, with these pieces of it replaced.
pub fn edited(whole: Span, text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(span, _)| span.start);
    let between = |start: u32, end: u32| Span { start, end }.text(text);
    let mut rewritten = String::new();
    let mut at = whole.start;
    for (span, replacement) in &edits {
        rewritten.push_str(between(at, span.start));
        rewritten.push_str(replacement);
        at = span.end;
    }
    rewritten.push_str(between(at, whole.end));
    rewritten
}

pub fn complete(path: &ObjectPath) -> String {
    [&path.catalog, &path.database, &path.object]
        .map(|part| sql::quote_identifier(part))
        .join(".")
}

/// Calls `visit` with the name of every table or view that the query reads.
pub fn visit_tables<'a>(query: &'a Query, visit: &mut dyn FnMut(&'a ObjectName)) {
    Walk {
        visit,
        calls: &mut |_| {},
        ctes: Vec::new(),
    }
    .query(query);
}

struct Walk<'a, 'v> {
    visit: &'v mut dyn FnMut(&'a ObjectName),
    /// Called with the names of functions.
    calls: &'v mut dyn FnMut(&'a ObjectName),
    /// Names that hide tables, the innermost last.
    ctes: Vec<&'a str>,
}

impl<'a> Walk<'a, '_> {
    fn query(&mut self, query: &'a Query) {
        let outer = self.ctes.len();
        for cte in &query.ctes {
            if query.recursive {
                self.ctes.push(&cte.name.name);
            }
            self.query(&cte.query);
            if !query.recursive {
                self.ctes.push(&cte.name.name);
            }
        }
        self.body(&query.body);
        self.order(&query.order_by);
        self.maybe(query.limit.as_ref());
        self.maybe(query.offset.as_ref());
        self.ctes.truncate(outer);
    }

    fn body(&mut self, body: &'a QueryBody) {
        match body {
            QueryBody::Select(select) => self.select(select),
            QueryBody::Values { rows, .. } => rows.iter().for_each(|row| self.all(row)),
            QueryBody::SetOperation { left, right, .. } => {
                self.body(left);
                self.body(right);
            }
            QueryBody::Nested(query) => self.query(query),
            QueryBody::Table(name) => self.name(name),
        }
    }

    fn select(&mut self, select: &'a Select) {
        for item in &select.items {
            if let SelectItem::Expression { expression, .. } = item {
                self.expression(expression);
            }
        }
        if let Some(from) = &select.from {
            self.table(from);
        }
        self.maybe(select.filter.as_ref());
        select.group_by.iter().for_each(|item| self.group(item));
        self.maybe(select.having.as_ref());
        select.windows.iter().for_each(|(_, window)| self.window(window));
        self.maybe(select.qualify.as_ref());
    }

    fn group(&mut self, item: &'a GroupItem) {
        match item {
            GroupItem::Expression(expression) => self.expression(expression),
            GroupItem::GroupingSets { sets: items, .. }
            | GroupItem::Rollup { items, .. }
            | GroupItem::Cube { items, .. } => items.iter().for_each(|item| self.group(item)),
            GroupItem::Tuple { items, .. } => self.all(items),
        }
    }

    fn table(&mut self, table: &'a TableRef) {
        match &table.kind {
            TableRefKind::Table {
                name, system_time, ..
            } => {
                self.name(name);
                self.maybe(system_time.as_ref());
            }
            TableRefKind::Subquery { query, .. } => self.query(query),
            TableRefKind::Function { call, .. } => self.call(call),
            TableRefKind::Unnest { expression, .. } => self.expression(expression),
            TableRefKind::Join {
                left,
                right,
                constraint,
                ..
            } => {
                self.table(left);
                self.table(right);
                if let sql::ast::JoinConstraint::On(condition) = constraint {
                    self.expression(condition);
                }
            }
            TableRefKind::MatchRecognize(matching) => {
                self.table(&matching.table);
                self.all(&matching.partition_by);
                self.order(&matching.order_by);
                matching
                    .measures
                    .iter()
                    .for_each(|(measure, _)| self.expression(measure));
                self.maybe(matching.within.as_ref());
                matching
                    .define
                    .iter()
                    .for_each(|(_, condition)| self.expression(condition));
            }
            TableRefKind::Nested(table) => self.table(table),
        }
    }

    fn name(&mut self, name: &'a ObjectName) {
        let hidden = matches!(name.parts.as_slice(), [only] if self.ctes.contains(&only.name.as_str()));
        if !hidden {
            (self.visit)(name);
        }
    }

    fn all(&mut self, expressions: &'a [Expr]) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn maybe(&mut self, expression: Option<&'a Expr>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    fn order(&mut self, items: &'a [OrderItem]) {
        for item in items {
            self.expression(&item.expression);
        }
    }

    fn window(&mut self, window: &'a OverWindow) {
        self.all(&window.partition_by);
        self.order(&window.order_by);
    }

    fn call(&mut self, call: &'a FunctionCall) {
        (self.calls)(&call.name);
        for Argument { value, .. } in &call.arguments {
            match value {
                ArgumentValue::Expression(expression) => self.expression(expression),
                ArgumentValue::Table {
                    table,
                    partition_by,
                    order_by,
                } => {
                    self.table(table);
                    self.all(partition_by);
                    self.order(order_by);
                }
                ArgumentValue::KeyValue { key, value } => {
                    self.expression(key);
                    self.expression(value);
                }
                ArgumentValue::Wildcard
                | ArgumentValue::Descriptor(_)
                | ArgumentValue::Unit(_)
                | ArgumentValue::Default => {}
            }
        }
        self.order(&call.order_by);
        self.order(&call.within_group);
        self.maybe(call.filter.as_deref());
        if let Some(OverClause::Inline(window)) = &call.over {
            self.window(window);
        }
        if let Some(json) = &call.json {
            for behavior in [&json.on_empty, &json.on_error].into_iter().flatten() {
                if let JsonBehavior::Default(expression) = behavior {
                    self.expression(expression);
                }
            }
        }
    }

    fn expression(&mut self, expression: &'a Expr) {
        match &expression.kind {
            ExprKind::Name(_) | ExprKind::Literal(_) => {}
            ExprKind::Unary { operand, .. }
            | ExprKind::IsNull { operand, .. }
            | ExprKind::IsTruth { operand, .. }
            | ExprKind::IsJson { operand, .. }
            | ExprKind::Cast { operand, .. }
            | ExprKind::Extract { operand, .. }
            | ExprKind::RoundToUnit { operand, .. }
            | ExprKind::Field { operand, .. } => self.expression(operand),
            ExprKind::Binary { left, right, .. }
            | ExprKind::Difference { left, right, .. }
            | ExprKind::IsDistinctFrom { left, right, .. } => {
                self.expression(left);
                self.expression(right);
            }
            ExprKind::Between {
                operand, low, high, ..
            } => {
                self.expression(operand);
                self.expression(low);
                self.expression(high);
            }
            ExprKind::InList { operand, list, .. } => {
                self.expression(operand);
                self.all(list);
            }
            ExprKind::InSubquery { operand, query, .. } => {
                self.expression(operand);
                self.query(query);
            }
            ExprKind::Exists { query } | ExprKind::ScalarSubquery(query) => self.query(query),
            ExprKind::Like {
                operand,
                pattern,
                escape,
                ..
            } => {
                self.expression(operand);
                self.expression(pattern);
                self.maybe(escape.as_deref());
            }
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => {
                self.maybe(operand.as_deref());
                for (condition, result) in branches {
                    self.expression(condition);
                    self.expression(result);
                }
                self.maybe(otherwise.as_deref());
            }
            ExprKind::Function(call) => self.call(call),
            ExprKind::Position {
                needle,
                haystack,
                from,
            } => {
                self.expression(needle);
                self.expression(haystack);
                self.maybe(from.as_deref());
            }
            ExprKind::Trim {
                characters, operand, ..
            } => {
                self.maybe(characters.as_deref());
                self.expression(operand);
            }
            ExprKind::Overlaps { left, right } => {
                for side in [left, right] {
                    self.expression(&side.0);
                    self.expression(&side.1);
                }
            }
            ExprKind::Row { fields, .. } => self.all(fields),
            ExprKind::Array(elements) => self.all(elements),
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    self.expression(key);
                    self.expression(value);
                }
            }
            ExprKind::Index { operand, index } => {
                self.expression(operand);
                self.expression(index);
            }
        }
    }
}
