//! Queries: common table expressions, set operations, VALUES.

use std::cell::RefCell;
use std::rc::Rc;

use chrono_tz::Tz;
use graph::{Expr, Window};
use model::{DataType, Diagnostic, Field, Schema, Span};
use sql::ast::{self, Cte, QueryBody, TableRefKind};

use super::budget::{Budget, too_large};
use super::expression::ExprBinder;
use super::hints::SelectHints;
use super::late_rows::Redirected;
use super::scope::Scope;
use super::types::common_type;
use super::unsupported;
use crate::logical::{Plan, PlanKind};
use crate::session::Environment;

/// How many operators a query may unfold to.
const PLAN_NODES_MAX: usize = 10_000;

/// How many operators may stand over each other: whoever walks a plan by recursion goes this deep.
const PLAN_DEPTH_MAX: usize = 200;

/// How deep queries may stand in each other, through views too: binding calls itself as deep.
const QUERY_DEPTH_MAX: usize = 100;

pub(crate) struct QueryBinder<'a> {
    pub(super) env: &'a Environment<'a>,
    /// Where the text at hand uses the text being bound, if they are not the same.
    pub(super) place: Option<Span>,
    /// Those in scope, the nearest last.
    ctes: Vec<(String, Bound)>,
    /// How many views the text being bound stands in.
    pub(super) views: usize,
    /// How many queries stand around what is being bound, those of views too.
    depth: usize,
    /// `depth` where this binder began.
    outermost: usize,
    pub(super) budget: Rc<Budget>,
    /// Of the SELECT at hand.
    pub(super) hints: Box<SelectHints>,
    /// Rows that go to other tables besides, of all queries of the statement.
    pub(super) redirected: Rc<RefCell<Vec<Redirected>>>,
}

/// A query or table bound.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    pub plan: Plan,
    pub(super) windowed: Option<Windowed>,
}

/// Columns that tell the window of a row.
#[derive(Debug, Clone)]
pub(super) struct Windowed {
    pub starts: Vec<usize>,
    pub ends: Vec<usize>,
    pub times: Vec<usize>,
    /// `window_time` as a column.
    pub time: Field,
    pub time_zone: Option<Tz>,
    /// The window of these rows: behind a grouping one of columns.
    pub window: Window,
    /// What made the window in the first place.
    pub made_by: Window,
    /// The partition of sessions; `None` in it if a column is gone.
    pub session_keys: Vec<Option<usize>>,
}

impl Bound {
    pub fn plain(plan: Plan) -> Bound {
        Bound { plan, windowed: None }
    }
}

impl Windowed {
    /// The window of joined rows, which both inputs tell: the right columns come behind `width` left ones.
    pub fn beside(mut self, right: &Windowed, width: usize) -> Windowed {
        let behind = |columns: &[usize]| columns.iter().map(|column| width + column).collect::<Vec<_>>();
        self.starts.extend(behind(&right.starts));
        self.ends.extend(behind(&right.ends));
        self.times.extend(behind(&right.times));
        self
    }

    /// As seen through a projection; `None` if start or end are gone.
    pub fn through(&self, expressions: &[Expr]) -> Option<Windowed> {
        let follow = |columns: &[usize]| -> Vec<usize> {
            let kept = expressions.iter().enumerate();
            kept.filter(
                |(_, expression)| matches!(expression, Expr::Column { index, .. } if columns.contains(index)),
            )
            .map(|(position, _)| position)
            .collect()
        };
        let starts = follow(&self.starts);
        let ends = follow(&self.ends);
        if starts.is_empty() && ends.is_empty() {
            return None;
        }
        Some(Windowed {
            starts,
            ends,
            times: follow(&self.times),
            session_keys: self
                .session_keys
                .iter()
                .map(|key| follow(&[(*key)?]).first().copied())
                .collect(),
            time: self.time.clone(),
            ..*self
        })
    }
}

/// The functions that call each other for queries in queries hand on boxes, so that a level costs little stack.
pub(super) type Boxed<T> = Result<Box<T>, Diagnostic>;

impl<'a> QueryBinder<'a> {
    pub fn new(env: &'a Environment<'a>) -> Self {
        QueryBinder {
            env,
            place: None,
            ctes: Vec::new(),
            views: 0,
            depth: 0,
            outermost: 0,
            budget: Rc::default(),
            hints: Box::default(),
            redirected: Rc::default(),
        }
    }

    /// Rows that are to be written besides what the query gives.
    pub fn redirected(&self) -> Vec<Redirected> {
        self.redirected.borrow().clone()
    }

    /// For text of the catalog that the text at hand uses at `place`.
    pub(super) fn inside_view(&self, place: Span) -> QueryBinder<'a> {
        QueryBinder {
            env: self.env,
            place: Some(self.place.unwrap_or(place)),
            ctes: Vec::new(),
            views: self.views + 1,
            depth: self.depth,
            outermost: self.depth,
            budget: self.budget.clone(),
            hints: Box::default(),
            redirected: self.redirected.clone(),
        }
    }

    pub(super) fn at(&self, span: Span) -> Span {
        self.place.unwrap_or(span)
    }

    pub(super) fn expressions<'b>(&'b self, scope: &'b Scope, clause: &'static str) -> ExprBinder<'b> {
        ExprBinder {
            budget: self.budget.clone(),
            database: self.env.catalog.current_database(),
            catalog: Some(self.env.catalog),
            ..ExprBinder::new(scope, self.place, clause)
        }
    }

    /// Binds something a level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        span: Span,
        bind: impl FnOnce(&mut Self) -> Result<T, Diagnostic>,
    ) -> Result<T, Diagnostic> {
        if self.depth >= QUERY_DEPTH_MAX {
            return Err(Diagnostic::validation(
                self.at(span),
                format!("queries stand in each other more than {QUERY_DEPTH_MAX} deep"),
            )
            .hint("use common table expressions, which stand beside each other, and fewer views in views"));
        }
        self.depth += 1;
        let outcome = bind(self);
        self.depth -= 1;
        outcome
    }

    pub(super) fn cte(&self, name: &str) -> Option<&Bound> {
        self.ctes
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, bound)| bound)
    }

    pub(super) fn cte_count(&self) -> usize {
        self.ctes.len()
    }

    /// Binds something where a name means these rows.
    pub(super) fn with_cte<T>(&mut self, name: &str, rows: Bound, bind: impl FnOnce(&mut Self) -> T) -> T {
        self.ctes.push((name.to_string(), rows));
        let outcome = bind(self);
        self.ctes.pop();
        outcome
    }

    pub fn query(&mut self, query: &ast::Query) -> Result<Bound, Diagnostic> {
        Ok(*self.boxed_query(query)?)
    }

    pub(super) fn boxed_query(&mut self, query: &ast::Query) -> Boxed<Bound> {
        if query.recursive {
            return Err(unsupported(query.span, "WITH RECURSIVE", "write the steps out"));
        }
        let outer = self.ctes.len();
        let outcome = self.deeper(query.span, |binder| binder.query_with_ctes(query));
        self.ctes.truncate(outer);
        outcome
    }

    fn query_with_ctes(&mut self, query: &ast::Query) -> Boxed<Bound> {
        for cte in &query.ctes {
            let bound = self.bind_cte(cte)?;
            self.ctes.push((cte.name.name.clone(), *bound));
        }
        let bound = self.ordered(query)?;
        bounded(query, bound)
    }

    /// Whether what is being bound is the statement's query, or that of a view, and stands in no other.
    pub(super) fn is_outermost(&self) -> bool {
        self.depth == self.outermost + 1
    }

    fn bind_cte(&mut self, cte: &Cte) -> Boxed<Bound> {
        let mut bound = self.boxed_query(&cte.query)?;
        if !cte.columns.is_empty() {
            if cte.columns.len() != bound.plan.schema.len() {
                let message = format!(
                    "'{}' names {} columns, but its query has {}",
                    cte.name.name,
                    cte.columns.len(),
                    bound.plan.schema.len()
                );
                return Err(Diagnostic::validation(cte.name.span, message));
            }
            for (field, column) in bound.plan.schema.fields.iter_mut().zip(&cte.columns) {
                field.name.clone_from(&column.name);
            }
        }
        Ok(bound)
    }

    pub(super) fn body(&mut self, body: &QueryBody) -> Boxed<Bound> {
        match body {
            QueryBody::Select(select) => self.select(select),
            QueryBody::Values { rows, span } => self.values(rows, *span),
            QueryBody::SetOperation {
                operator,
                all,
                left,
                right,
                span,
            } => self.set_operation(*operator, *all, left, right, *span),
            QueryBody::Nested(query) => self.boxed_query(query),
            QueryBody::Table(name) => self.table(name),
        }
    }

    /// `TABLE t`
    fn table(&mut self, name: &ast::ObjectName) -> Boxed<Bound> {
        let kind = TableRefKind::Table {
            name: name.clone(),
            hints: Vec::new(),
            system_time: None,
        };
        let table = ast::TableRef {
            kind,
            alias: None,
            span: name.span,
        };
        let (scope, bound) = *self.from(&table)?;
        super::select::refuse_ambiguous(&scope, name.span)?;
        Ok(Box::new(super::select::whole_table(scope, bound).1))
    }

    fn values(&mut self, rows: &[Vec<ast::Expr>], span: Span) -> Boxed<Bound> {
        self.budget.unfold(1, span)?;
        let scope = Scope::default();
        let mut binder = self.expressions(&scope, "VALUES");
        let mut bound: Vec<Vec<Expr>> = Vec::with_capacity(rows.len());
        for row in rows {
            let row = binder.list(row)?;
            if bound.first().is_some_and(|first| first.len() != row.len()) {
                return Err(Diagnostic::validation(
                    span,
                    "the rows of VALUES must have the same number of columns",
                ));
            }
            bound.push(row);
        }
        let width = bound.first().map_or(0, Vec::len);
        let mut fields = Vec::with_capacity(width);
        for column in 0..width {
            let types: Vec<DataType> = bound.iter().map(|row| row[column].data_type()).collect();
            let Some(common) = common_type(&types) else {
                return Err(super::expression::no_common_type(
                    "a column of VALUES",
                    &types,
                    span,
                ));
            };
            fields.push(Field::new(format!("EXPR${column}"), common));
        }
        for (row, written) in bound.iter_mut().zip(rows) {
            for ((value, field), written) in row.iter_mut().zip(&fields).zip(written) {
                let to = field.data_type.clone();
                *value = binder.coerce(value.clone(), &to, written.span)?;
            }
        }
        Ok(Box::new(Bound::plain(Plan {
            kind: PlanKind::Values { rows: bound },
            schema: Schema::new(fields),
            span: self.at(span),
        })))
    }

    pub(super) fn union(&mut self, inputs: Vec<Bound>, name: &str, span: Span) -> Boxed<Bound> {
        let first = &inputs[0].plan.schema;
        let width = first.len();
        if let Some(other) = inputs.iter().find(|input| input.plan.schema.len() != width) {
            let message = format!(
                "the sides of {name} have different numbers of columns: {width} and {}",
                other.plan.schema.len()
            );
            return Err(Diagnostic::validation(span, message));
        }
        let mut fields = Vec::with_capacity(width);
        for column in 0..width {
            let column_name = &first.fields[column].name;
            let sides = || inputs.iter().map(|input| &input.plan.schema.fields[column]);
            let types: Vec<DataType> = sides().map(|field| field.data_type.clone()).collect();
            let Some(common) = common_type(&types) else {
                let what = format!("column {} ('{column_name}') of {name}", column + 1);
                return Err(super::expression::no_common_type(&what, &types, span));
            };
            let attribute = first.fields[column].time_attribute;
            let same =
                sides().all(|field| field.time_attribute == attribute && field.data_type.kind == common.kind);
            fields.push(Field::new(column_name, common).with_time_attribute(attribute.filter(|_| same)));
        }
        let schema = Schema::new(fields);
        let windowed = common_window(&inputs);
        let scope = Scope::default();
        let mut plans = Vec::with_capacity(inputs.len());
        for input in inputs {
            let mut binder = self.expressions(&scope, "UNION ALL");
            let mut expressions = Vec::with_capacity(width);
            let mut changed = false;
            for (index, field) in schema.fields.iter().enumerate() {
                let column = input.plan.column(index);
                let cast = binder.coerce(column, &field.data_type, span)?;
                changed |= !matches!(cast, Expr::Column { .. });
                expressions.push(cast);
            }
            plans.push(if changed {
                Plan {
                    span: input.plan.span,
                    kind: PlanKind::Calc {
                        input: Box::new(input.plan),
                        filter: None,
                        expressions,
                    },
                    schema: schema.clone(),
                }
            } else {
                input.plan
            });
        }
        Ok(Box::new(Bound {
            plan: Plan {
                kind: PlanKind::Union { inputs: plans },
                schema,
                span: self.at(span),
            },
            windowed,
        }))
    }
}

/// The bounds of a plan.
fn bounded(query: &ast::Query, bound: Box<Bound>) -> Boxed<Bound> {
    if bound.plan.size() > PLAN_NODES_MAX {
        return Err(too_large(query.span, PLAN_NODES_MAX));
    }
    if bound.plan.depth() > PLAN_DEPTH_MAX {
        return Err(Diagnostic::validation(
            query.span,
            format!("more than {PLAN_DEPTH_MAX} steps of the query stand over each other"),
        )
        .hint("write what is in between into a table"));
    }
    Ok(bound)
}

/// Windows survive a union if all sides have the same one in the same columns.
fn common_window(inputs: &[Bound]) -> Option<Windowed> {
    let first = inputs[0].windowed.clone()?;
    let same = inputs.iter().all(|input| {
        input.windowed.as_ref().is_some_and(|other| {
            other.window == first.window
                && other.starts == first.starts
                && other.ends == first.ends
                && other.times == first.times
                && other.time.time_attribute == first.time.time_attribute
                && other.time_zone == first.time_zone
        })
    });
    (same && !first.window.is_session()).then_some(first)
}
