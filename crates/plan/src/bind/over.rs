//! OVER: what a SELECT computes for each row over others.
//!
//! While the list and QUALIFY are bound, a call with OVER stands as a column of a position that no input has.
//! Afterwards the calls become a node of their own over the rows, and the columns of its result take their place.

use graph::{Expr, Frame, OverFunction, RankWindow, SortKey};
use model::{DataType, Diagnostic, Field, Schema, Span, TimeAttribute, TypeKind};
use sql::ast::{self, ArgumentValue, FrameBound, FunctionCall, Ident, OrderItem, OverClause, OverWindow};

use super::aggregation::form;
use super::call::refuse_aggregate_clauses;
use super::expression::ExprBinder;
use super::functions::is_aggregate;
use super::literal;
use super::query::{QueryBinder, Windowed};
use crate::logical::{Over, OverCall, PartitionWindow, Plan, PlanKind};

/// Positions of what is no column of the input.
pub(super) const OVER_BASE: usize = 1 << 27;

/// How deep named windows may refine each other.
const WINDOWS_NESTED_MAX: usize = 100;

/// The calls with OVER of a SELECT. All of them have one window, as in Flink.
#[derive(Debug, Default)]
pub(super) struct OverCalls {
    named: Vec<(Ident, OverWindow)>,
    window: Option<BoundWindow>,
    calls: Vec<OverCall>,
    types: Vec<DataType>,
}

#[derive(Debug)]
struct BoundWindow {
    partition: Vec<Expr>,
    order: Vec<Order>,
    frame: Option<Frame>,
}

#[derive(Debug)]
struct Order {
    expression: Expr,
    descending: bool,
    nulls_first: bool,
}

impl OverCalls {
    pub fn new(named: &[(Ident, OverWindow)]) -> OverCalls {
        OverCalls {
            named: named.to_vec(),
            ..OverCalls::default()
        }
    }

    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Forgets all calls but the first ones.
    pub fn truncate(&mut self, calls: usize) {
        self.calls.truncate(calls);
        self.types.truncate(calls);
    }

    /// The same over other columns.
    pub fn map(
        mut self,
        mut change: impl FnMut(Expr) -> Result<Expr, Diagnostic>,
    ) -> Result<OverCalls, Diagnostic> {
        let mut fault = None;
        let mut change = |expression: Expr| {
            change(expression.clone()).unwrap_or_else(|diagnostic| {
                fault.get_or_insert(diagnostic);
                expression
            })
        };
        self.window = self.window.map(|window| BoundWindow {
            partition: window.partition.into_iter().map(&mut change).collect(),
            order: window
                .order
                .into_iter()
                .map(|order| Order {
                    expression: change(order.expression),
                    ..order
                })
                .collect(),
            ..window
        });
        self.calls = self
            .calls
            .into_iter()
            .map(|call| OverCall {
                function: call.function.map_expressions(&mut change),
                ..call
            })
            .collect();
        match fault {
            Some(fault) => Err(fault),
            None => Ok(self),
        }
    }

    /// A window with those it refines written out.
    fn resolved(&self, clause: &OverClause) -> Result<OverWindow, Diagnostic> {
        let (mut window, mut base) = match clause {
            OverClause::Inline(window) => (window.clone(), window.base.clone()),
            OverClause::Named(name) => {
                let window = self.named(name)?;
                (window.clone(), window.base.clone())
            }
        };
        for _ in 0..WINDOWS_NESTED_MAX {
            let Some(name) = base.take() else {
                return Ok(window);
            };
            let below = self.named(&name)?;
            if !window.partition_by.is_empty() || below.frame.is_some() {
                return Err(Diagnostic::validation(
                    window.span,
                    format!(
                        "a window that refines '{}' cannot be partitioned anew, and '{}' must have no frame",
                        name.name, name.name
                    ),
                ));
            }
            if !window.order_by.is_empty() && !below.order_by.is_empty() {
                return Err(Diagnostic::validation(
                    window.span,
                    format!("window '{}' has an order already", name.name),
                ));
            }
            window.partition_by.clone_from(&below.partition_by);
            if window.order_by.is_empty() {
                window.order_by.clone_from(&below.order_by);
            }
            base.clone_from(&below.base);
        }
        Err(Diagnostic::validation(
            window.span,
            "windows refine each other in a circle",
        ))
    }

    fn named(&self, name: &Ident) -> Result<&OverWindow, Diagnostic> {
        let found = self.named.iter().find(|(known, _)| known.name == name.name);
        found.map(|(_, window)| window).ok_or_else(|| {
            let names = self.named.iter().map(|(known, _)| known.name.as_str());
            Diagnostic::validation(name.span, format!("window '{}' not found", name.name))
                .maybe_hint(model::suggest::did_you_mean(&name.name, names))
        })
    }

    /// The call's column; all calls must have one window.
    fn add(
        &mut self,
        window: BoundWindow,
        call: OverCall,
        result: DataType,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        match &self.window {
            Some(known) if !known.is_same(&window) => {
                return Err(Diagnostic::validation(
                    span,
                    "all calls with OVER in a SELECT must have the same window",
                )
                .hint("compute the others in a sub-query"));
            }
            _ => self.window = Some(window),
        }
        let is_known = |known: &OverCall| is_same(&known.function, &call.function);
        if let Some(known) = self.calls.iter().position(is_known) {
            return Ok(Expr::column(OVER_BASE + known, self.types[known].clone()));
        }
        self.calls.push(call);
        self.types.push(result.clone());
        Ok(Expr::column(OVER_BASE + self.calls.len() - 1, result))
    }
}

impl BoundWindow {
    fn is_same(&self, other: &BoundWindow) -> bool {
        let texts = |window: &BoundWindow| -> (Vec<String>, Vec<String>) {
            let order = window
                .order
                .iter()
                .map(|order| format!("{} {} {}", order.expression, order.descending, order.nulls_first));
            (
                window.partition.iter().map(Expr::to_string).collect(),
                order.collect(),
            )
        };
        self.frame == other.frame && texts(self) == texts(other)
    }
}

/// Whether two calls give the same for every row.
fn is_same(one: &OverFunction, other: &OverFunction) -> bool {
    let expressions = |function: &OverFunction| -> Vec<String> {
        function.expressions().into_iter().map(Expr::to_string).collect()
    };
    let is_settled = one.expressions().into_iter().all(Expr::is_deterministic);
    let details_agree = match (one, other) {
        (OverFunction::Aggregate(one), OverFunction::Aggregate(other)) => {
            one.result == other.result
                && one.state_types == other.state_types
                && one.filter.is_some() == other.filter.is_some()
        }
        (OverFunction::Lag { offset: one, .. }, OverFunction::Lag { offset: other, .. }) => one == other,
        _ => true,
    };
    is_settled && one.name() == other.name() && details_agree && expressions(one) == expressions(other)
}

impl ExprBinder<'_> {
    /// `name(...) OVER ...`
    pub(super) fn over_call(
        &mut self,
        name: &str,
        call: &FunctionCall,
        clause: &OverClause,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        let Some(over) = self.over.take() else {
            return Err(Diagnostic::validation(
                span,
                format!("{name} with OVER is not allowed in {}", self.clause),
            )
            .hint("compute it in the list of a sub-query, or filter by it with QUALIFY"));
        };
        let subqueries = self.subqueries.take();
        let outcome =
            self.over_parts(over, name, call, clause, span)
                .and_then(|(window, function, result)| {
                    over.add(window, OverCall { function, span }, result, span)
                });
        self.subqueries = subqueries;
        self.over = Some(over);
        outcome
    }

    fn over_parts(
        &mut self,
        over: &OverCalls,
        name: &str,
        call: &FunctionCall,
        clause: &OverClause,
        span: Span,
    ) -> Result<(BoundWindow, OverFunction, DataType), Diagnostic> {
        let written = over.resolved(clause)?;
        if let "ROW_NUMBER" | "RANK" | "DENSE_RANK" = name {
            return self.ranking(name, call, &written, span);
        }
        if name == "LAG" {
            return self.lag(call, &written, span);
        }
        if !is_aggregate(name) {
            let of_all_rows = matches!(name, "LEAD" | "NTILE" | "PERCENT_RANK" | "CUME_DIST");
            return Err(if of_all_rows {
                Diagnostic::validation(
                    span,
                    format!("{name} is not computed on a stream: it goes by rows that are still to come"),
                )
                .hint("use LAG, or ROW_NUMBER, which go by the rows before")
            } else {
                Diagnostic::validation(
                    span,
                    format!("OVER must be applied to an aggregate function, {name} is none"),
                )
            });
        }
        let form = form(name, call, span)?;
        let clause = std::mem::replace(&mut self.clause, "an aggregate function");
        let bound = self.aggregate_parts(&form, call, span);
        self.clause = clause;
        let bound = bound?;
        let result = bound.result.clone();
        Ok((
            self.over_window(&written)?,
            OverFunction::Aggregate(bound),
            result,
        ))
    }

    fn ranking(
        &mut self,
        name: &str,
        call: &FunctionCall,
        written: &OverWindow,
        span: Span,
    ) -> Result<(BoundWindow, OverFunction, DataType), Diagnostic> {
        refuse_aggregate_clauses(name, call)?;
        if let Some(argument) = call.arguments.first() {
            return Err(Diagnostic::validation(
                argument.span,
                format!("{name} takes no arguments"),
            ));
        }
        if written.frame.is_some() {
            return Err(Diagnostic::validation(
                written.span,
                format!("ROWS and RANGE are not allowed with {name}"),
            ));
        }
        let mut window = self.over_window(written)?;
        if window.order.is_empty() {
            return Err(Diagnostic::validation(
                span,
                format!("{name} needs an ORDER BY with fields that are not constant"),
            )
            .hint(format!("write {name}() OVER (PARTITION BY ... ORDER BY ...)")));
        }
        let function = match name {
            "ROW_NUMBER" => OverFunction::RowNumber,
            "RANK" => OverFunction::Rank,
            _ => OverFunction::DenseRank,
        };
        if matches!(function, OverFunction::RowNumber) {
            window.frame = Some(Frame::RowsUnbounded);
        }
        Ok((window, function, TypeKind::BigInt.not_null()))
    }

    /// `LAG(value [, offset [, default]])`
    fn lag(
        &mut self,
        call: &FunctionCall,
        written: &OverWindow,
        span: Span,
    ) -> Result<(BoundWindow, OverFunction, DataType), Diagnostic> {
        refuse_aggregate_clauses("LAG", call)?;
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            match &argument.value {
                ArgumentValue::Expression(expr) if argument.name.is_none() => {
                    arguments.push((self.bind(expr)?, expr.span));
                }
                _ => return Err(Diagnostic::validation(argument.span, "LAG takes values")),
            }
        }
        let mut arguments = arguments.into_iter();
        let Some((value, _)) = arguments.next() else {
            return Err(Diagnostic::validation(span, "LAG takes a value")
                .hint("write LAG(value, rows, default), where the last two may be left out"));
        };
        let offset = match arguments.next() {
            None => 1,
            Some((offset, place)) => literal::integer(&offset)
                .and_then(|offset| usize::try_from(offset).ok())
                .ok_or_else(|| {
                    Diagnostic::validation(place, "LAG takes a constant number of rows, not below zero")
                })?,
        };
        let data_type = value.data_type();
        let default = match arguments.next() {
            Some((default, place)) if !literal::is_null_literal(&default) => {
                Some(self.coerce(default, &data_type, place)?)
            }
            _ => None,
        };
        if arguments.next().is_some() {
            return Err(Diagnostic::validation(span, "LAG takes at most 3 arguments"));
        }
        if written.frame.is_some() {
            return Err(Diagnostic::validation(
                written.span,
                "ROWS and RANGE are not allowed with LAG",
            ));
        }
        let is_nullable = default
            .as_ref()
            .is_none_or(|default| default.data_type().nullable);
        let result = data_type.or_nullable(is_nullable);
        let mut window = self.over_window(written)?;
        window.frame = window.frame.map(|_| Frame::RowsUnbounded);
        let function = OverFunction::Lag {
            value,
            offset,
            default,
        };
        Ok((window, function, result))
    }

    fn over_window(&mut self, written: &OverWindow) -> Result<BoundWindow, Diagnostic> {
        let clause = std::mem::replace(&mut self.clause, "PARTITION BY");
        let outcome = self.over_window_parts(written);
        self.clause = clause;
        outcome
    }

    fn over_window_parts(&mut self, written: &OverWindow) -> Result<BoundWindow, Diagnostic> {
        let mut partition: Vec<Expr> = Vec::with_capacity(written.partition_by.len());
        for key in &written.partition_by {
            let key = self.value(key)?;
            let text = key.to_string();
            let is_known = partition.iter().any(|known| known.to_string() == text);
            // What is the same for all rows parts none of them.
            if !is_known && !matches!(key, Expr::Literal { .. }) {
                partition.push(key);
            }
        }
        self.clause = "ORDER BY";
        let mut order = Vec::with_capacity(written.order_by.len());
        for item in &written.order_by {
            let expression = self.value(&item.expression)?;
            if matches!(expression, Expr::Literal { .. }) {
                continue;
            }
            let (descending, nulls_first) = direction(item);
            order.push(Order {
                expression,
                descending,
                nulls_first,
            });
        }
        let frame = match &written.frame {
            None if written.order_by.is_empty() => None,
            None => Some(Frame::RangeUnbounded),
            Some(frame) => self.frame(frame, written.span)?,
        };
        Ok(BoundWindow {
            partition,
            order,
            frame,
        })
    }

    fn frame(&mut self, frame: &ast::OverFrame, span: Span) -> Result<Option<Frame>, Diagnostic> {
        if !matches!(frame.end, None | Some(FrameBound::CurrentRow)) {
            return Ok(None);
        }
        let distance = match &frame.start {
            FrameBound::UnboundedPreceding if frame.rows => return Ok(Some(Frame::RowsUnbounded)),
            FrameBound::UnboundedPreceding => return Ok(Some(Frame::RangeUnbounded)),
            FrameBound::Preceding(distance) => distance,
            // Flink takes none that begins with the current row either.
            FrameBound::CurrentRow | FrameBound::Following(_) | FrameBound::UnboundedFollowing => {
                return Ok(None);
            }
        };
        let bound = self.value(distance)?;
        if !frame.rows {
            return super::window::interval_of("RANGE", &bound, distance.span)
                .map(|distance_ms| Some(Frame::Range(distance_ms)));
        }
        match literal::integer(&bound) {
            Some(rows) if rows >= 0 => Ok(Some(Frame::Rows(rows))),
            _ => Err(Diagnostic::validation(
                span,
                "ROWS takes a number of rows that is constant and not negative",
            )
            .hint("write ROWS BETWEEN 10 PRECEDING AND CURRENT ROW")),
        }
    }
}

/// Whether an item of ORDER BY descends, and whether its NULLs come first: they are low unless it says so.
pub(super) fn direction(item: &OrderItem) -> (bool, bool) {
    let nulls_first = item.nulls_first.unwrap_or(!item.descending);
    (item.descending, nulls_first)
}

impl QueryBinder<'_> {
    /// The node that computes the calls over the rows of `input` that pass `filter`. Gives back how expressions
    /// over the rows become expressions over its result.
    pub(super) fn over(
        &mut self,
        input: Plan,
        filter: Option<Expr>,
        over: OverCalls,
        windowed: Option<&Windowed>,
        span: Span,
    ) -> (Plan, impl Fn(Expr) -> Expr + use<>) {
        let mut expressions = input.columns();
        let mut fields = input.schema.fields.clone();
        let width = expressions.len();
        let mut place_of = |expression: Expr| -> usize {
            let text = expression.to_string();
            if let Some(place) = expressions.iter().position(|known| known.to_string() == text) {
                return place;
            }
            let attribute = match &expression {
                Expr::Call { function, .. } if function.name() == "PROCTIME" => Some(TimeAttribute::Proctime),
                _ => None,
            };
            let field = Field::new(format!("over${}", fields.len()), expression.data_type());
            fields.push(field.with_time_attribute(attribute));
            expressions.push(expression);
            expressions.len() - 1
        };
        let window = over.window.unwrap_or(BoundWindow {
            partition: Vec::new(),
            order: Vec::new(),
            frame: None,
        });
        let partition: Vec<usize> = window.partition.into_iter().map(&mut place_of).collect();
        let order: Vec<SortKey> = window
            .order
            .into_iter()
            .map(|order| SortKey {
                column: place_of(order.expression),
                descending: order.descending,
                nulls_first: order.nulls_first,
            })
            .collect();
        let spot = Over {
            window: windowed.and_then(|windowed| partition_window(windowed, &partition)),
            partition,
            order,
            frame: window.frame,
        };
        let prepared = if filter.is_none() && expressions.len() == width {
            input
        } else {
            Plan {
                span: input.span,
                kind: PlanKind::Calc {
                    input: Box::new(input),
                    filter,
                    expressions,
                },
                schema: Schema::new(fields.clone()),
            }
        };
        let results = prepared.schema.len();
        for (number, data_type) in over.types.into_iter().enumerate() {
            fields.push(Field::new(format!("w0$o{number}"), data_type));
        }
        let plan = Plan {
            kind: PlanKind::Over {
                input: Box::new(prepared),
                over: Box::new(spot),
                calls: over.calls,
            },
            schema: Schema::new(fields),
            span: self.at(span),
        };
        let change = move |expression: Expr| {
            expression.transform(&mut |expression| match expression {
                Expr::Column { index, data_type } if index >= OVER_BASE => {
                    Expr::column(results + index - OVER_BASE, data_type)
                }
                other => other,
            })
        };
        (plan, change)
    }
}

/// The window whose bounds are both among the columns.
fn partition_window(windowed: &Windowed, partition: &[usize]) -> Option<PartitionWindow> {
    let among = |columns: &[usize]| columns.iter().find(|column| partition.contains(column)).copied();
    among(&windowed.starts)?;
    Some(PartitionWindow {
        window: RankWindow {
            end: among(&windowed.ends)?,
            time_zone: windowed.time_zone,
            newest_first: false,
        },
        is_rowtime: windowed.time.time_attribute == Some(TimeAttribute::Rowtime),
    })
}
