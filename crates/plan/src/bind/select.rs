//! SELECT without grouping: the list, `*`, names of results, WHERE.

use std::collections::{HashMap, HashSet};

use graph::Expr;
use model::{Diagnostic, Field, Schema, Span, TypeKind};
use sql::ast::{self, ExprKind, ObjectName, Select, SelectItem};

use super::aggregation::mentions_aggregate;
use super::hints::SelectHints;
use super::over::OverCalls;
use super::query::{Bound, Boxed, QueryBinder};
use super::scope::{Relation, Scope, ambiguous, field_of};
use super::subquery::joins::Subqueries;
use super::subquery::value::Asking;
use super::{hints, literal, unsupported};
use crate::join;
use crate::logical::{Plan, PlanKind};

/// A column of the list before it is bound.
pub(super) enum Item<'a> {
    /// From `*`: bound already.
    Column(Expr, Field),
    Expression(&'a ast::Expr, String),
}

impl QueryBinder<'_> {
    pub(super) fn select(&mut self, select: &Select) -> Boxed<Bound> {
        refuse_clauses(select)?;
        self.hinted(select, |binder| binder.select_with_hints(select))
    }

    /// Binds what belongs to a SELECT: its hints are those that count, and all of them must say something.
    pub(super) fn hinted<T>(
        &mut self,
        select: &Select,
        bind: impl FnOnce(&mut Self) -> Result<T, Diagnostic>,
    ) -> Result<T, Diagnostic> {
        let outer = std::mem::replace(&mut self.hints, SelectHints::of(select)?);
        let outcome = bind(self);
        let own = std::mem::replace(&mut self.hints, outer);
        own.check(outcome)
    }

    /// The names that the FROM of a SELECT gives. It is bound anew by whoever reads its rows.
    pub(super) fn names_of(&mut self, select: &Select, from: &ast::TableRef) -> Result<Scope, Diagnostic> {
        let outer = std::mem::replace(&mut self.hints, SelectHints::of(select)?);
        let redirected = self.redirected.borrow().len();
        let outcome = self.from(from);
        self.redirected.borrow_mut().truncate(redirected);
        self.hints = outer;
        Ok(outcome?.0)
    }

    fn select_with_hints(&mut self, select: &Select) -> Boxed<Bound> {
        match &select.from {
            Some(from) => {
                let source = self.from(from)?;
                self.select_over(select, source)
            }
            None => self.select_without_from(select),
        }
    }

    fn select_over(&mut self, select: &Select, source: Box<(Scope, Bound)>) -> Boxed<Bound> {
        let (scope, bound) = *source;
        let (scope, bound, filter) = self.filtered_from(select.filter.as_ref(), scope, bound)?;
        Ok(Box::new(self.select_from(select, &scope, bound, filter)?))
    }

    fn select_from(
        &mut self,
        select: &Select,
        scope: &Scope,
        bound: Bound,
        filter: Option<Expr>,
    ) -> Result<Bound, Diagnostic> {
        if is_grouped(select) {
            let grouped = self.grouped(select, scope, bound, filter)?;
            return if select.distinct {
                self.distinct(grouped, select.span)
            } else {
                Ok(grouped)
            };
        }
        let items = list_items(select, scope)?;
        let mut expressions = Vec::with_capacity(items.len());
        let mut fields = Vec::with_capacity(items.len());
        let mut over = OverCalls::new(&select.windows);
        let asking = items.iter().filter_map(Item::asking);
        let mut subqueries = self.subqueries(asking, scope, Some(&bound.plan))?;
        let mut binder = self.expressions(scope, "SELECT");
        binder.over = Some(&mut over);
        binder.subqueries = Some(&mut subqueries);
        for item in items {
            match item {
                Item::Column(expression, field) => {
                    expressions.push(expression);
                    fields.push(field);
                }
                Item::Expression(expr, name) => {
                    let timed = binder.item(expr)?;
                    let data_type = timed.expression.data_type();
                    fields.push(Field::new(name, data_type).with_time_attribute(timed.time_attribute));
                    expressions.push(timed.expression);
                }
            }
        }
        let qualify = match &select.qualify {
            Some(qualify) => Some(self.qualify(qualify, scope, &expressions, &fields, &mut over)?),
            None => None,
        };
        let (input, filter) = if over.is_empty() {
            if let Some(qualify) = &select.qualify {
                return Err(Diagnostic::validation(
                    qualify.span,
                    "QUALIFY must contain a function with OVER",
                )
                .hint("filter rows with WHERE"));
            }
            (bound.plan, filter)
        } else {
            let windowed = bound.windowed.as_ref();
            let (plan, change) = self.over(bound.plan, filter, over, windowed, select.span);
            expressions = expressions.into_iter().map(&change).collect();
            subqueries.map_operands(false, |operand, _| Ok(change(operand)))?;
            (plan, qualify.map(change))
        };
        if !subqueries.is_empty() {
            let projected =
                self.with_subqueries(input, filter, expressions, fields, subqueries, select.span)?;
            return if select.distinct {
                self.distinct(projected, select.span)
            } else {
                Ok(projected)
            };
        }
        let windowed = bound
            .windowed
            .as_ref()
            .and_then(|windowed| windowed.through(&expressions));
        let projected = Bound {
            plan: Plan {
                kind: PlanKind::Calc {
                    input: Box::new(input),
                    filter,
                    expressions,
                },
                schema: Schema::new(fields),
                span: self.at(select.span),
            },
            windowed,
        };
        if select.distinct {
            return self.distinct(projected, select.span);
        }
        Ok(projected)
    }

    /// The list over rows joined with those of its sub-queries.
    pub(super) fn with_subqueries(
        &mut self,
        input: Plan,
        filter: Option<Expr>,
        expressions: Vec<Expr>,
        mut fields: Vec<Field>,
        mut subqueries: Subqueries,
        span: Span,
    ) -> Result<Bound, Diagnostic> {
        let (before, behind): (Vec<Expr>, Vec<Expr>) = filter
            .map(join::conjuncts)
            .unwrap_or_default()
            .into_iter()
            .partition(|condition| !subqueries.are_in(condition));
        let input = join::filtered(input, before);
        let input = self.attach(input, &mut subqueries, |_, _| true)?;
        for (expression, field) in expressions.iter().zip(&mut fields) {
            if matches!(expression, Expr::Column { .. }) {
                field.time_attribute = None;
            }
        }
        let behind = behind.into_iter().map(|condition| subqueries.placed(condition));
        let filter = join::all_of(behind.collect());
        Ok(Bound::plain(Plan {
            kind: PlanKind::Calc {
                input: Box::new(input),
                filter,
                expressions: expressions
                    .into_iter()
                    .map(|expression| subqueries.placed(expression))
                    .collect(),
            },
            schema: Schema::new(fields),
            span: self.at(span),
        }))
    }

    /// The condition of QUALIFY, which can name columns of the list too.
    fn qualify(
        &mut self,
        qualify: &ast::Expr,
        scope: &Scope,
        expressions: &[Expr],
        fields: &[Field],
        over: &mut OverCalls,
    ) -> Result<Expr, Diagnostic> {
        let known = over.len();
        let mut binder = self.expressions(scope, "QUALIFY");
        binder.over = Some(over);
        let fault = match binder.condition(qualify) {
            Ok(bound) => return Ok(bound),
            Err(fault) => fault,
        };
        over.truncate(known);
        // A name that a table has means the column of the table.
        let is_taken = |name: &str| scope.fields().any(|field| field.name == name);
        let listed: Vec<Field> = fields
            .iter()
            .enumerate()
            .map(|(number, field)| match is_taken(&field.name) {
                true => Field {
                    name: format!("$listed{number}"),
                    ..field.clone()
                },
                false => field.clone(),
            })
            .collect();
        let listed = scope.with_unnamed(&listed);
        let width = scope.fields().count();
        let mut binder = self.expressions(&listed, "QUALIFY");
        binder.over = Some(over);
        let bound = binder.condition(qualify).map_err(|_| fault)?;
        Ok(bound.transform(&mut |expression| match expression {
            Expr::Column { index, .. } if (width..width + expressions.len()).contains(&index) => {
                expressions[index - width].clone()
            }
            other => other,
        }))
    }

    /// One row, of the list's values. There is no WHERE without FROM.
    fn select_without_from(&mut self, select: &Select) -> Boxed<Bound> {
        if is_grouped(select) {
            return Err(unsupported(
                select.span,
                "grouping without FROM",
                "add a FROM clause",
            ));
        }
        if select.distinct {
            return Err(unsupported(
                select.span,
                "SELECT DISTINCT without FROM",
                "leave out DISTINCT: there is one row",
            ));
        }
        self.budget.unfold(1, select.span)?;
        let scope = Scope::default();
        let mut row = Vec::new();
        let mut fields = Vec::new();
        let items = list_items(select, &scope)?;
        let asking = items.iter().filter_map(Item::asking);
        let mut subqueries = self.subqueries(asking, &scope, None)?;
        let mut binder = self.expressions(&scope, "SELECT");
        binder.subqueries = Some(&mut subqueries);
        for item in items {
            if let Item::Expression(expr, name) = item {
                let timed = binder.item(expr)?;
                let data_type = timed.expression.data_type();
                fields.push(Field::new(name, data_type).with_time_attribute(timed.time_attribute));
                row.push(timed.expression);
            }
        }
        if !subqueries.is_empty() {
            let input = one_row(self.at(select.span));
            let bound = self.with_subqueries(input, None, row, fields, subqueries, select.span)?;
            return Ok(Box::new(bound));
        }
        Ok(Box::new(Bound::plain(Plan {
            kind: PlanKind::Values { rows: vec![row] },
            schema: Schema::new(fields),
            span: self.at(select.span),
        })))
    }
}

/// A row without any column that could be named.
pub(super) fn one_row(place: Span) -> Plan {
    let value = literal::boolean(true);
    Plan {
        schema: Schema::new(vec![Field::new("$row", value.data_type())]),
        kind: PlanKind::Values {
            rows: vec![vec![value]],
        },
        span: place,
    }
}

fn refuse_clauses(select: &Select) -> Result<(), Diagnostic> {
    hints::check_query_hints(&select.hints)?;
    match &select.qualify {
        Some(qualify) if is_grouped(select) || select.from.is_none() => Err(unsupported(
            qualify.span,
            "QUALIFY with grouping or without FROM",
            "filter in an outer query",
        )),
        _ => Ok(()),
    }
}

pub(super) fn is_grouped(select: &Select) -> bool {
    !select.group_by.is_empty()
        || select.having.is_some()
        || select.items.iter().any(|item| match item {
            SelectItem::Expression { expression, .. } => mentions_aggregate(expression),
            SelectItem::Wildcard { .. } => false,
        })
}

/// The list with `*` written out, and the names of its columns.
pub(super) fn list_items<'a>(select: &'a Select, scope: &Scope) -> Result<Vec<Item<'a>>, Diagnostic> {
    let mut items = Vec::with_capacity(select.items.len());
    // Columns that `*` brings in get numbers behind names that were there already.
    let mut used: HashSet<String> = HashSet::new();
    for item in &select.items {
        let begun = items.len();
        match item {
            SelectItem::Wildcard {
                qualifier: None,
                span,
            } => {
                if scope.relations.is_empty() {
                    return Err(Diagnostic::validation(*span, "'*' needs a FROM clause"));
                }
                refuse_ambiguous(scope, *span)?;
                items.extend(scope.star());
            }
            SelectItem::Wildcard {
                qualifier: Some(qualifier),
                span,
            } => star_of(qualifier, *span, scope, &mut items)?,
            SelectItem::Expression { expression, alias } => {
                let name = match alias {
                    Some(alias) => alias.name.clone(),
                    None => derived_name(expression, items.len()),
                };
                items.push(Item::Expression(expression, name));
            }
        }
        for item in &mut items[begun..] {
            match item {
                Item::Column(_, field) => field.name = unused_name(&field.name, &used),
                Item::Expression(..) => {}
            }
            used.insert(item.name().to_string());
        }
    }
    Ok(items)
}

fn unused_name(name: &str, used: &HashSet<String>) -> String {
    let mut numbers = 0..;
    let mut unused = name.to_string();
    while used.contains(&unused) {
        unused = format!("{name}{}", numbers.next().unwrap_or(0));
    }
    unused
}

impl<'a> Item<'a> {
    /// What may have sub-queries in it.
    pub(super) fn asking(&self) -> Option<Asking<'a>> {
        match self {
            Item::Column(..) => None,
            Item::Expression(expr, _) => Some(Asking {
                expr,
                is_condition: false,
            }),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Item::Column(_, field) => &field.name,
            Item::Expression(_, name) => name,
        }
    }
}

impl Scope {
    /// What `*` stands for: columns that joins by name have made one of two come first.
    fn star<'a>(&self) -> Vec<Item<'a>> {
        let mut items: Vec<Item<'a>> = Vec::new();
        let mut names = HashSet::new();
        for common in &self.common {
            if names.insert(&common.name) {
                let field = Field::new(&common.name, common.value.data_type());
                items.push(Item::Column(common.value.clone(), field));
            }
        }
        let is_common = |index: usize| self.common.iter().any(|common| common.columns.contains(&index));
        for relation in &self.relations {
            items.extend(relation.star_without(is_common));
        }
        items
    }
}

impl Relation {
    /// What `t.*` stands for.
    fn star<'a>(&self) -> Vec<Item<'a>> {
        self.star_without(|_| false)
    }

    fn star_without<'a>(&self, is_left_out: impl Fn(usize) -> bool) -> Vec<Item<'a>> {
        let visible = self.fields.iter().enumerate();
        visible
            .filter(|(index, _)| !self.hidden.contains(index) && !is_left_out(self.offset + index))
            .map(|(index, field)| {
                let column = Expr::column(self.offset + index, field.data_type.clone());
                Item::Column(column, field.clone())
            })
            .collect()
    }
}

/// A table as a whole, `TABLE t`, is what `*` stands for.
pub(super) fn whole_table(scope: Scope, bound: Bound) -> (Scope, Bound) {
    let Some(relation) = scope
        .relations
        .first()
        .filter(|relation| !relation.hidden.is_empty())
    else {
        return (scope, bound);
    };
    let mut expressions = Vec::new();
    let mut fields = Vec::new();
    for item in relation.star() {
        if let Item::Column(expression, field) = item {
            expressions.push(expression);
            fields.push(field);
        }
    }
    let windowed = bound
        .windowed
        .as_ref()
        .and_then(|windowed| windowed.through(&expressions));
    let whole = Bound {
        plan: Plan {
            span: bound.plan.span,
            kind: PlanKind::Calc {
                input: Box::new(bound.plan),
                filter: None,
                expressions,
            },
            schema: Schema::new(fields.clone()),
        },
        windowed,
    };
    (Scope::of_relation(relation.name.clone(), fields), whole)
}

/// `t.*` of a table, or `r.*` of a row.
fn star_of(
    qualifier: &ObjectName,
    span: Span,
    scope: &Scope,
    items: &mut Vec<Item<'_>>,
) -> Result<(), Diagnostic> {
    if let Some(relation) = scope.relation(&qualifier.parts) {
        items.extend(relation.star());
        return Ok(());
    }
    let row = scope.resolve(qualifier)?.expression;
    let data_type = row.data_type();
    let TypeKind::Row(fields) = &data_type.kind else {
        return Err(
            Diagnostic::validation(span, "only tables and rows can be unfolded with '*'")
                .hint(format!("this is of type {}", data_type.kind)),
        );
    };
    for (index, field) in fields.iter().enumerate() {
        let expression = field_of(row.clone(), index, &field.data_type);
        let column = Field::new(&field.name, expression.data_type());
        items.push(Item::Column(expression, column));
    }
    Ok(())
}

/// A column that `*` brings in must be one that could be named.
pub(super) fn refuse_ambiguous(scope: &Scope, span: Span) -> Result<(), Diagnostic> {
    for relation in &scope.relations {
        let mut seen = HashSet::new();
        for field in &relation.fields {
            if !seen.insert(&field.name) {
                return Err(ambiguous(&ast::Ident {
                    name: field.name.clone(),
                    quoted: false,
                    span,
                }));
            }
        }
    }
    Ok(())
}

/// The name that a column without an alias gets.
fn derived_name(expression: &ast::Expr, position: usize) -> String {
    match &expression.kind {
        ExprKind::Name(name) => name.parts.last().map(|part| part.name.clone()),
        ExprKind::Function(call) if !call.parentheses => call.name.parts.last().map(|part| part.name.clone()),
        _ => None,
    }
    .unwrap_or_else(|| format!("EXPR${position}"))
}

/// Names made different by numbers behind them: `a`, `a0`, `a1`.
pub(crate) fn unique_names(schema: &Schema) -> Schema {
    let mut used = HashSet::new();
    // What to try next behind a name, so that many columns of one name do not try all before them again.
    let mut next: HashMap<&str, usize> = HashMap::new();
    let fields = schema
        .fields
        .iter()
        .map(|field| {
            let mut name = field.name.clone();
            while !used.insert(name.clone()) {
                let suffix = next.entry(field.name.as_str()).or_default();
                name = format!("{}{suffix}", field.name);
                *suffix += 1;
            }
            Field {
                name,
                ..field.clone()
            }
        })
        .collect();
    Schema::new(fields)
}
