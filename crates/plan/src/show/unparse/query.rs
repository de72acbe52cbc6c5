//! A view's query as Flink writes it back: every column with its table, stars spelt out, clauses on lines of
//! their own.
//!
//! Covers queries of SELECT, joins, grouping, ordering, set operations, subqueries with a name and WITH. For any
//! other the answer is `None`, and the query is shown as it was written, its table names complete.

use std::cell::{Cell, RefCell};

use sql::ast::{
    Expr, ExprKind, GroupItem, JoinConstraint, JoinKind, ObjectName, OrderItem, Query, QueryBody, Select,
    SelectItem, SetOperator, TableRef, TableRefKind,
};

use super::Writer;
use crate::catalog::{CatalogObject, CatalogStore};

/// Names that a query can use for columns.
pub struct Names<'c> {
    catalog: &'c CatalogStore,
    /// The tables of the queries around, the innermost last.
    scopes: RefCell<Vec<Vec<Relation>>>,
    /// Common table expressions, the innermost last.
    ctes: RefCell<Vec<Relation>>,
    /// Something was met that cannot be written.
    failed: Cell<bool>,
}

#[derive(Debug, Clone)]
struct Relation {
    alias: String,
    columns: Vec<String>,
}

pub fn text(query: &Query, source: &str, catalog: &CatalogStore) -> Option<String> {
    let writer = Writer::of_query(source, catalog);
    let text = writer.query(query)?;
    let failed = writer.names.as_ref().is_some_and(|names| names.failed.get());
    (!failed).then_some(text)
}

/// The names of the columns that a query gives, as they are written or derived, the same one perhaps twice.
pub fn columns(query: &Query, source: &str, catalog: &CatalogStore) -> Option<Vec<String>> {
    let writer = Writer::of_query(source, catalog);
    writer.remember_ctes(query)?;
    writer.outputs(&query.body)
}

/// What a bare `*` in the outermost SELECT stands for: columns with their tables.
pub fn star(query: &Query, source: &str, catalog: &CatalogStore) -> Option<Vec<String>> {
    let QueryBody::Select(select) = &query.body else {
        return None;
    };
    let writer = Writer::of_query(source, catalog);
    writer.remember_ctes(query)?;
    let mut relations = Vec::new();
    writer.relations(select.from.as_ref()?, &mut relations)?;
    Some(relations.iter().flat_map(Relation::qualified_columns).collect())
}

impl Relation {
    fn qualified_columns(&self) -> impl Iterator<Item = String> + '_ {
        let alias = sql::quote_identifier(&self.alias);
        self.columns
            .iter()
            .map(move |column| format!("{alias}.{}", sql::quote_identifier(column)))
    }
}

impl Names<'_> {
    pub fn fail(&self) {
        self.failed.set(true);
    }

    /// The name with the table it belongs to.
    pub fn qualified(&self, name: &ObjectName) -> String {
        let quoted = super::quoted(name);
        let Some(first) = name.parts.first() else {
            return quoted;
        };
        for scope in self.scopes.borrow().iter().rev() {
            if name.parts.len() > 1 && scope.iter().any(|relation| relation.alias == first.name) {
                return quoted;
            }
            let mut owners = scope
                .iter()
                .filter(|relation| relation.columns.contains(&first.name));
            match (owners.next(), owners.next()) {
                (Some(owner), None) => return format!("{}.{quoted}", sql::quote_identifier(&owner.alias)),
                (Some(_), Some(_)) => break,
                (None, _) => {}
            }
        }
        self.fail();
        quoted
    }
}

impl<'s> Writer<'s> {
    fn of_query(source: &'s str, catalog: &'s CatalogStore) -> Writer<'s> {
        Writer {
            source,
            names: Some(Names {
                catalog,
                scopes: RefCell::default(),
                ctes: RefCell::default(),
                failed: Cell::new(false),
            }),
        }
    }

    /// Makes the columns of a query's common table expressions known.
    fn remember_ctes(&self, query: &Query) -> Option<()> {
        let names = self.names.as_ref()?;
        for cte in &query.ctes {
            let columns = if cte.columns.is_empty() {
                self.outputs(&cte.query.body)?
            } else {
                cte.columns.iter().map(|column| column.name.clone()).collect()
            };
            names.ctes.borrow_mut().push(Relation {
                alias: cte.name.name.clone(),
                columns,
            });
        }
        Some(())
    }

    fn query(&self, query: &Query) -> Option<String> {
        let names = self.names.as_ref()?;
        if query.recursive {
            return None;
        }
        let outer = names.ctes.borrow().len();
        let mut text = String::new();
        for (index, cte) in query.ctes.iter().enumerate() {
            text.push_str(if index == 0 { "WITH " } else { ", " });
            let body = self.query(&cte.query)?;
            let mut columns = self.outputs(&cte.query.body)?;
            let name = sql::quote_identifier(&cte.name.name);
            let mut list = String::new();
            if !cte.columns.is_empty() {
                columns = cte.columns.iter().map(|column| column.name.clone()).collect();
                let quoted: Vec<String> = columns.iter().map(|name| sql::quote_identifier(name)).collect();
                list = format!(" ({})", quoted.join(", "));
            }
            text.push_str(&format!("{name}{list} AS ({body})"));
            names.ctes.borrow_mut().push(Relation {
                alias: cte.name.name.clone(),
                columns,
            });
        }
        if !query.ctes.is_empty() {
            text.push(' ');
        }
        text.push_str(&self.body(&query.body)?);
        if !query.order_by.is_empty() {
            text.push_str(&format!("\nORDER BY {}", self.order(query)?));
        }
        if let Some(offset) = &query.offset {
            text.push_str(&format!("\nOFFSET {} ROWS", self.top(offset)));
        }
        if let Some(limit) = &query.limit {
            text.push_str(&format!("\nFETCH NEXT {} ROWS ONLY", self.top(limit)));
        }
        names.ctes.borrow_mut().truncate(outer);
        Some(text)
    }

    fn body(&self, body: &QueryBody) -> Option<String> {
        match body {
            QueryBody::Select(select) => self.select(select),
            QueryBody::Values { rows, .. } => {
                let rows: Vec<String> = rows
                    .iter()
                    .map(|row| format!("ROW({})", self.list(row)))
                    .collect();
                Some(format!("VALUES {}", rows.join(",\n")))
            }
            QueryBody::SetOperation {
                operator,
                all,
                left,
                right,
                ..
            } => {
                let word = match operator {
                    SetOperator::Union => "UNION",
                    SetOperator::Intersect => "INTERSECT",
                    SetOperator::Except => "EXCEPT",
                };
                // Which of several operators binds first is told by parentheses, which are not kept here.
                if matches!(**right, QueryBody::SetOperation { .. }) {
                    return None;
                }
                let all = if *all { " ALL" } else { "" };
                Some(format!(
                    "{}\n{word}{all}\n{}",
                    self.body(left)?,
                    self.body(right)?
                ))
            }
            QueryBody::Nested(query) if query.order_by.is_empty() && query.limit.is_none() => {
                self.query(query)
            }
            QueryBody::Nested(_) | QueryBody::Table(_) => None,
        }
    }

    fn select(&self, select: &Select) -> Option<String> {
        let names = self.names.as_ref()?;
        if !select.hints.is_empty() || !select.windows.is_empty() || select.qualify.is_some() {
            return None;
        }
        let mut relations = Vec::new();
        let from = match &select.from {
            Some(from) => {
                self.relations(from, &mut relations)?;
                names.scopes.borrow_mut().push(relations.clone());
                format!("\nFROM {}", self.table(from)?)
            }
            None => {
                names.scopes.borrow_mut().push(Vec::new());
                String::new()
            }
        };
        let mut items = Vec::new();
        for item in &select.items {
            match item {
                SelectItem::Wildcard { qualifier, .. } => {
                    let wanted = qualifier
                        .as_ref()
                        .map(|name| name.parts.last().map(|part| &part.name));
                    for relation in &relations {
                        if wanted.is_none_or(|wanted| wanted == Some(&relation.alias)) {
                            items.extend(relation.qualified_columns());
                        }
                    }
                }
                SelectItem::Expression { expression, alias } => {
                    let mut text = self.top(expression);
                    if let Some(alias) = alias {
                        text.push_str(&format!(" AS {}", sql::quote_identifier(&alias.name)));
                    }
                    items.push(text);
                }
            }
        }
        let distinct = if select.distinct { "DISTINCT " } else { "" };
        let mut text = format!("SELECT {distinct}{}{from}", items.join(", "));
        if let Some(filter) = &select.filter {
            text.push_str(&format!("\nWHERE {}", self.top(filter)));
        }
        if !select.group_by.is_empty() {
            let mut keys = Vec::new();
            for item in &select.group_by {
                match item {
                    GroupItem::Expression(expression) => keys.push(self.top(expression)),
                    _ => return None,
                }
            }
            text.push_str(&format!("\nGROUP BY {}", keys.join(", ")));
        }
        if let Some(having) = &select.having {
            text.push_str(&format!("\nHAVING {}", self.top(having)));
        }
        names.scopes.borrow_mut().pop();
        Some(text)
    }

    fn table(&self, table: &TableRef) -> Option<String> {
        let names = self.names.as_ref()?;
        match &table.kind {
            TableRefKind::Table {
                name,
                hints,
                system_time: None,
            } if hints.is_empty() => {
                let alias = table
                    .alias
                    .as_ref()
                    .map_or_else(|| name.parts.last(), |alias| Some(&alias.name))?;
                if table
                    .alias
                    .as_ref()
                    .is_some_and(|alias| !alias.columns.is_empty())
                {
                    return None;
                }
                let full = match self.cte(name) {
                    Some(cte) => sql::quote_identifier(&cte.alias),
                    None => {
                        let path = names.catalog.resolve(name);
                        [&path.catalog, &path.database, &path.object]
                            .map(|part| sql::quote_identifier(part))
                            .join(".")
                    }
                };
                Some(format!("{full} AS {}", sql::quote_identifier(&alias.name)))
            }
            TableRefKind::Subquery {
                query,
                lateral: false,
            } => {
                let alias = table.alias.as_ref().filter(|alias| alias.columns.is_empty())?;
                // It does not see the tables beside it.
                let beside = names.scopes.borrow_mut().pop();
                let text = self.query(query);
                names.scopes.borrow_mut().extend(beside);
                Some(format!(
                    "({}) AS {}",
                    text?,
                    sql::quote_identifier(&alias.name.name)
                ))
            }
            TableRefKind::Join {
                left,
                right,
                kind,
                constraint,
            } => {
                let (left, right) = (self.table(left)?, self.table(right)?);
                let word = match kind {
                    JoinKind::Comma => return Some(format!("{left},\n{right}")),
                    JoinKind::Cross => "CROSS JOIN",
                    JoinKind::Inner => "INNER JOIN",
                    JoinKind::Left => "LEFT JOIN",
                    JoinKind::Right => "RIGHT JOIN",
                    JoinKind::Full => "FULL JOIN",
                };
                match constraint {
                    JoinConstraint::On(condition) => {
                        Some(format!("{left}\n{word} {right} ON {}", self.top(condition)))
                    }
                    JoinConstraint::None => Some(format!("{left}\n{word} {right}")),
                    JoinConstraint::Using(_) | JoinConstraint::Natural => None,
                }
            }
            _ => None,
        }
    }

    /// The tables behind FROM with their columns, in order.
    fn relations(&self, table: &TableRef, relations: &mut Vec<Relation>) -> Option<()> {
        let names = self.names.as_ref()?;
        match &table.kind {
            TableRefKind::Table { name, .. } => {
                let columns = match self.cte(name) {
                    Some(cte) => cte.columns,
                    None => {
                        let schema = match names.catalog.get(&names.catalog.resolve(name))? {
                            CatalogObject::Table(table) => table.schema(),
                            CatalogObject::View(view) => view.schema.clone(),
                        };
                        schema.names().map(str::to_string).collect()
                    }
                };
                let alias = table
                    .alias
                    .as_ref()
                    .map_or_else(|| name.parts.last(), |alias| Some(&alias.name))?;
                relations.push(Relation {
                    alias: alias.name.clone(),
                    columns,
                });
                Some(())
            }
            TableRefKind::Subquery { query, .. } => {
                relations.push(Relation {
                    alias: table.alias.as_ref()?.name.name.clone(),
                    columns: self.outputs(&query.body)?,
                });
                Some(())
            }
            // These show a column once that both sides have.
            TableRefKind::Join {
                constraint: JoinConstraint::Using(_) | JoinConstraint::Natural,
                ..
            } => None,
            TableRefKind::Join { left, right, .. } => {
                self.relations(left, relations)?;
                self.relations(right, relations)
            }
            _ => None,
        }
    }

    fn cte(&self, name: &ObjectName) -> Option<Relation> {
        let [only] = name.parts.as_slice() else {
            return None;
        };
        let names = self.names.as_ref()?;
        let ctes = names.ctes.borrow();
        ctes.iter().rev().find(|cte| cte.alias == only.name).cloned()
    }

    /// The names of the columns that a query gives.
    fn outputs(&self, body: &QueryBody) -> Option<Vec<String>> {
        let select = match body {
            QueryBody::Select(select) => select,
            QueryBody::SetOperation { left, .. } => return self.outputs(left),
            QueryBody::Nested(query) => return self.outputs(&query.body),
            QueryBody::Values { rows, .. } => {
                let width = rows.first().map_or(0, Vec::len);
                return Some((0..width).map(|index| format!("EXPR${index}")).collect());
            }
            QueryBody::Table(_) => return None,
        };
        let mut columns = Vec::new();
        for item in &select.items {
            match item {
                SelectItem::Wildcard { qualifier: None, .. } => {
                    let mut relations = Vec::new();
                    self.relations(select.from.as_ref()?, &mut relations)?;
                    columns.extend(relations.into_iter().flat_map(|relation| relation.columns));
                }
                SelectItem::Wildcard { .. } => return None,
                SelectItem::Expression { expression, alias } => columns.push(match alias {
                    Some(alias) => alias.name.clone(),
                    None => output_name(expression, columns.len()),
                }),
            }
        }
        Some(columns)
    }

    fn order(&self, query: &Query) -> Option<String> {
        let outputs = self.outputs(&query.body)?;
        let mut keys = Vec::new();
        for OrderItem {
            expression,
            descending,
            nulls_first,
        } in &query.order_by
        {
            // Only columns of the result stand here without their table.
            let ExprKind::Name(name) = &expression.kind else {
                return None;
            };
            let [only] = name.parts.as_slice() else {
                return None;
            };
            if !outputs.contains(&only.name) {
                return None;
            }
            let mut key = sql::quote_identifier(&only.name);
            if *descending {
                key.push_str(" DESC");
            }
            match nulls_first {
                Some(true) => key.push_str(" NULLS FIRST"),
                Some(false) => key.push_str(" NULLS LAST"),
                None => {}
            }
            keys.push(key);
        }
        Some(keys.join(", "))
    }
}

fn output_name(expression: &Expr, index: usize) -> String {
    match &expression.kind {
        ExprKind::Name(name) => name
            .parts
            .last()
            .map_or_else(String::new, |part| part.name.clone()),
        ExprKind::Field { field, .. } => field.name.clone(),
        _ => format!("EXPR${index}"),
    }
}
