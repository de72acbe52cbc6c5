//! SELECT with GROUP BY: windows recognised, aggregates gathered, grouping sets unfolded.
//!
//! A grouped SELECT becomes: a Calc that computes keys and arguments, an Expand if there are grouping sets, an
//! aggregation, and a Calc for HAVING and the list. Where both bounds of a window are keys the aggregation is one over
//! windows; anywhere else its results are updated as rows come.

use graph::{AggregateCall, Expr, Window, WindowEmit, WindowProperty, WindowTime};
use model::{Diagnostic, Field, Schema, Span, TimeAttribute, TypeKind};
use sql::ast::{self, ArgumentValue, ExprKind, GroupItem, Select};

use super::aggregation::{
    Aggregation, GroupWindow, ResultLayout, is_group_window, mentions_aggregate, property_field,
};
use super::call::{function_name, refuse_window_clauses};
use super::over::OverCalls;
use super::query::{Bound, QueryBinder, Windowed};
use super::scope::Scope;
use super::select::{Item, list_items};
use super::subquery::value::Asking;
use super::window::interval_of;
use super::{literal, unsupported};
use crate::join;
use crate::logical::{Plan, PlanKind};

/// Grouping sets that one GROUP BY may unfold to.
const GROUPING_SETS_MAX: usize = 64;

/// The window that the rows are grouped by.
pub(super) struct Grouping {
    pub window: Window,
    /// What made the window in the first place.
    pub made_by: Window,
    pub time: WindowTime,
    /// Columns of the input that the aggregation needs for the window.
    columns: Vec<usize>,
    properties: Vec<WindowProperty>,
    /// Keys that are columns of the window, and the property that each of them is.
    window_keys: Vec<(usize, WindowProperty)>,
    time_field: Field,
    session_keys: Vec<Option<usize>>,
    /// When results are told besides at the end of the window.
    pub emit: Option<WindowEmit>,
}

impl QueryBinder<'_> {
    pub(super) fn grouped(
        &mut self,
        select: &Select,
        scope: &Scope,
        bound: Bound,
        filter: Option<Expr>,
    ) -> Result<Bound, Diagnostic> {
        let mut aggregation = Aggregation::default();
        let (sets, group_function) = self.group_keys(select, scope, &mut aggregation)?;
        let grouping = match group_function {
            Some((name, call)) => {
                if sets.len() > 1 {
                    return Err(unsupported(
                        call.span,
                        &format!("{name} in GROUP BY together with grouping sets"),
                        "use the window function TABLE(TUMBLE(...)) and group by window_start and window_end",
                    ));
                }
                Some(self.group_function(&name, call, scope, &mut aggregation)?)
            }
            None => window_of_keys(select, &bound, &sets, &mut aggregation)?,
        };
        if sets.len() > 1 {
            aggregation.sets = sets.clone();
            aggregation.nullable_keys = aggregation
                .keys
                .iter()
                .enumerate()
                .filter(|(key, expression)| {
                    !matches!(expression, Expr::Column { .. }) && sets.iter().any(|set| !set.contains(key))
                })
                .map(|(_, expression)| expression.to_string())
                .collect();
        }

        // What can be missing from a grouping set is nullable in the list.
        let list_scope = with_nullable_keys(scope, &aggregation, &sets);
        let mut items = Vec::new();
        let mut having = None;
        let mut over = OverCalls::new(&select.windows);
        let listed = list_items(select, &list_scope)?;
        let of_having = select.having.iter().map(|expr| Asking {
            expr,
            is_condition: true,
        });
        let asking = listed.iter().filter_map(Item::asking).chain(of_having);
        let mut subqueries = self.subqueries(asking, &list_scope, Some(&bound.plan))?;
        {
            let mut binder = self.expressions(&list_scope, "SELECT");
            binder.aggregation = Some(&mut aggregation);
            binder.over = Some(&mut over);
            binder.subqueries = Some(&mut subqueries);
            for item in listed {
                match item {
                    Item::Column(expression, field) => items.push((expression, field.name, select.span)),
                    Item::Expression(expr, name) => {
                        items.push((binder.item(expr)?.expression, name, expr.span));
                    }
                }
            }
            binder.over = None;
            if let Some(condition) = &select.having {
                binder.clause = "HAVING";
                having = Some((binder.condition(condition)?, condition.span));
            }
        }
        let span = self.at(select.span);
        let mut grouping = grouping;
        let (bound, filter) = match &mut grouping {
            Some(grouping) => self.with_emit(grouping, &aggregation, bound, filter, select.span)?,
            None => (bound, filter),
        };
        if aggregation.keys.is_empty() && aggregation.calls.is_empty() {
            // Somebody must tell whether there are rows.
            aggregation.count_rows(select.span)?;
        }
        let (mut plan, mut filter) = (bound.plan, filter);
        if subqueries.any(false) {
            if grouping.is_some() {
                return Err(unsupported(
                    select.span,
                    "a sub-query in an aggregate function over windows",
                    "join with the sub-query in FROM",
                ));
            }
            plan = join::filtered(plan, filter.take().map(join::conjuncts).unwrap_or_default());
            plan = self.attach(plan, &mut subqueries, |_, above| !above)?;
            aggregation.map_arguments(|argument| subqueries.placed(argument));
        }
        let (result, layout, windowed) =
            self.aggregate(plan, filter, &aggregation, grouping.as_ref(), &sets, span)?;

        let empty = Scope::default();
        let mut binder = self.expressions(&empty, "SELECT");
        let mut equals = |left: Expr, right: Expr| binder.call("=", vec![left, right], span);
        let mut expressions = Vec::with_capacity(items.len());
        let mut fields = Vec::with_capacity(items.len());
        for (expression, name, place) in items {
            let changed = aggregation.over_result(expression, &layout, place, &mut equals)?;
            let attribute = match &changed {
                // The result of a call with OVER is no column of the grouped rows yet.
                Expr::Column { index, .. } => {
                    layout.fields.get(*index).and_then(|field| field.time_attribute)
                }
                Expr::Call { function, .. } if function.name() == "PROCTIME" => Some(TimeAttribute::Proctime),
                _ => None,
            };
            fields.push(Field::new(name, changed.data_type()).with_time_attribute(attribute));
            expressions.push(changed);
        }
        let having = match having {
            Some((condition, place)) => {
                Some(aggregation.over_result(condition, &layout, place, &mut equals)?)
            }
            None => None,
        };
        subqueries.map_operands(true, |operand, place| {
            aggregation.over_result(operand, &layout, place, &mut equals)
        })?;
        let (input, filter) = if over.is_empty() {
            (result, having)
        } else {
            if let Some(having) = &having
                && subqueries.are_in(having)
            {
                return Err(unsupported(
                    select.span,
                    "a sub-query in HAVING beside OVER",
                    "compute what is with OVER in an outer query",
                ));
            }
            let over =
                over.map(|expression| aggregation.over_result(expression, &layout, span, &mut equals))?;
            let (plan, change) = self.over(result, having, over, windowed.as_ref(), select.span);
            expressions = expressions.into_iter().map(change).collect();
            (plan, None)
        };
        if subqueries.any(true) {
            return self.with_subqueries(input, filter, expressions, fields, subqueries, select.span);
        }
        let windowed = windowed.and_then(|windowed| windowed.through(&expressions));
        Ok(Bound {
            plan: Plan {
                kind: PlanKind::Calc {
                    input: Box::new(input),
                    filter,
                    expressions,
                },
                schema: Schema::new(fields),
                span,
            },
            windowed,
        })
    }

    /// SELECT DISTINCT: a grouping by all columns.
    pub(super) fn distinct(&mut self, bound: Bound, span: Span) -> Result<Bound, Diagnostic> {
        let width = bound.plan.schema.len();
        let mut aggregation = Aggregation {
            keys: bound.plan.columns(),
            ..Aggregation::default()
        };
        let sets = vec![(0..width).collect::<Vec<usize>>()];
        let grouping = attached_window(&bound, &sets, &mut aggregation, span)?;
        let schema = bound.plan.schema.clone();
        let place = self.at(span);
        let (result, layout, windowed) =
            self.aggregate(bound.plan, None, &aggregation, grouping.as_ref(), &sets, place)?;
        let expressions: Vec<Expr> = layout
            .keys
            .iter()
            .map(|column| Expr::column(*column, layout.fields[*column].data_type.clone()))
            .collect();
        let fields = schema
            .fields
            .iter()
            .zip(&layout.keys)
            .map(|(field, column)| {
                Field::new(&field.name, field.data_type.clone())
                    .with_time_attribute(layout.fields[*column].time_attribute)
            })
            .collect();
        let windowed = windowed.and_then(|windowed| windowed.through(&expressions));
        Ok(Bound {
            plan: Plan {
                kind: PlanKind::Calc {
                    input: Box::new(result),
                    filter: None,
                    expressions,
                },
                schema: Schema::new(fields),
                span: place,
            },
            windowed,
        })
    }

    /// Binds the keys; gives the grouping sets as positions among them, and the call of a window in GROUP BY.
    fn group_keys<'b>(
        &mut self,
        select: &'b Select,
        scope: &Scope,
        aggregation: &mut Aggregation,
    ) -> Result<(Vec<Vec<usize>>, Option<(String, &'b ast::FunctionCall)>), Diagnostic> {
        let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
        let mut function = None;
        for item in &select.group_by {
            if let GroupItem::Expression(ast::Expr {
                kind: ExprKind::Function(call),
                ..
            }) = item
            {
                // One that has a path is none of these.
                let name = function_name(&call.name).unwrap_or_default();
                if is_group_window(&name) {
                    if function.is_some() {
                        return Err(Diagnostic::validation(
                            call.span,
                            "GROUP BY takes a single window",
                        ));
                    }
                    function = Some((name, call));
                    continue;
                }
            }
            let alternatives = self.grouping_item(item, scope, aggregation)?;
            if sets.len() * alternatives.len() > GROUPING_SETS_MAX {
                return Err(Diagnostic::validation(
                    select.span,
                    format!("GROUP BY unfolds to more than {GROUPING_SETS_MAX} grouping sets"),
                ));
            }
            sets = sets
                .iter()
                .flat_map(|set| {
                    alternatives.iter().map(|alternative| {
                        let mut joined = set.clone();
                        joined.extend(alternative.iter().filter(|key| !set.contains(key)));
                        joined
                    })
                })
                .collect();
        }
        Ok((sets, function))
    }

    /// The sets that an item of GROUP BY stands for.
    fn grouping_item(
        &mut self,
        item: &GroupItem,
        scope: &Scope,
        aggregation: &mut Aggregation,
    ) -> Result<Vec<Vec<usize>>, Diagnostic> {
        Ok(match item {
            GroupItem::Expression(expr) => {
                vec![self.keys_of(std::slice::from_ref(expr), scope, aggregation)?]
            }
            GroupItem::Tuple { items, .. } => vec![self.keys_of(items, scope, aggregation)?],
            GroupItem::GroupingSets { sets, .. } => {
                let mut all = Vec::new();
                for set in sets {
                    all.extend(self.grouping_item(set, scope, aggregation)?);
                }
                all
            }
            GroupItem::Rollup { items, .. } => {
                let parts = self.grouping_parts(items, scope, aggregation)?;
                (0..=parts.len())
                    .rev()
                    .map(|length| parts[..length].concat())
                    .collect()
            }
            GroupItem::Cube { items, span } => {
                let parts = self.grouping_parts(items, scope, aggregation)?;
                if 1usize
                    .checked_shl(parts.len() as u32)
                    .is_none_or(|count| count > GROUPING_SETS_MAX)
                {
                    return Err(Diagnostic::validation(
                        *span,
                        format!("CUBE unfolds to more than {GROUPING_SETS_MAX} grouping sets"),
                    ));
                }
                (0..1usize << parts.len())
                    .map(|left_out| {
                        let kept = parts.iter().enumerate();
                        kept.filter(|(index, _)| left_out >> (parts.len() - 1 - index) & 1 == 0)
                            .flat_map(|(_, part)| part.clone())
                            .collect()
                    })
                    .collect()
            }
        })
    }

    fn grouping_parts(
        &mut self,
        items: &[GroupItem],
        scope: &Scope,
        aggregation: &mut Aggregation,
    ) -> Result<Vec<Vec<usize>>, Diagnostic> {
        items
            .iter()
            .map(|item| Ok(self.grouping_item(item, scope, aggregation)?.concat()))
            .collect()
    }

    fn keys_of(
        &mut self,
        exprs: &[ast::Expr],
        scope: &Scope,
        aggregation: &mut Aggregation,
    ) -> Result<Vec<usize>, Diagnostic> {
        let mut keys = Vec::with_capacity(exprs.len());
        for expr in exprs {
            if mentions_aggregate(expr) {
                return Err(Diagnostic::validation(
                    expr.span,
                    "an aggregate function is not allowed in GROUP BY",
                ));
            }
            let key = self.expressions(scope, "GROUP BY").value(expr)?;
            let text = key.to_string();
            let known = aggregation
                .keys
                .iter()
                .position(|known| known.to_string() == text);
            keys.push(known.unwrap_or_else(|| {
                aggregation.keys.push(key);
                aggregation.keys.len() - 1
            }));
        }
        Ok(keys)
    }

    /// `GROUP BY TUMBLE(ts, INTERVAL '1' HOUR)` and its like.
    fn group_function(
        &mut self,
        name: &str,
        call: &ast::FunctionCall,
        scope: &Scope,
        aggregation: &mut Aggregation,
    ) -> Result<Grouping, Diagnostic> {
        let usage = match name {
            "TUMBLE" => "write TUMBLE(ts, size)",
            "HOP" => "write HOP(ts, slide, size)",
            _ => "write SESSION(ts, gap)",
        };
        refuse_window_clauses(name, call)?;
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            match &argument.value {
                ArgumentValue::Expression(expr) if argument.name.is_none() => {
                    arguments.push((self.expressions(scope, "GROUP BY").value(expr)?, expr.span));
                }
                _ => {
                    return Err(Diagnostic::validation(
                        argument.span,
                        format!("{name} in GROUP BY takes values"),
                    )
                    .hint(usage));
                }
            }
        }
        let expected = if name == "HOP" { 3 } else { 2 };
        if arguments.len() == expected + 1 {
            return Err(unsupported(
                arguments[expected].1,
                &format!("an alignment of {name} in GROUP BY"),
                "use the window function in FROM, which takes an offset",
            ));
        }
        if arguments.len() != expected {
            return Err(Diagnostic::validation(
                call.span,
                format!("{name} in GROUP BY takes {expected} arguments"),
            )
            .hint(usage));
        }
        let (time, time_span) = &arguments[0];
        let field = match time {
            Expr::Column { index, .. } => scope.field(*index).map(|field| (*index, field.clone())),
            _ => None,
        };
        let Some((column, field, attribute)) =
            field.and_then(|(index, field)| Some((index, field.clone(), field.time_attribute?)))
        else {
            return Err(Diagnostic::validation(
                *time_span,
                format!("{name} in GROUP BY goes by a time attribute, but this is none"),
            )
            .hint("name the column that has a WATERMARK, or one that is PROCTIME()"));
        };
        let mut lengths = Vec::new();
        for (argument, span) in &arguments[1..] {
            let ms = interval_of(name, argument, *span)?;
            if ms <= 0 {
                return Err(Diagnostic::validation(
                    *span,
                    format!("{name} takes positive intervals, but got {ms} ms"),
                ));
            }
            lengths.push(ms);
        }
        let window = match name {
            "TUMBLE" => Window::Tumble {
                size_ms: lengths[0],
                offset_ms: 0,
            },
            "HOP" => Window::Hop {
                slide_ms: lengths[0],
                size_ms: lengths[1],
                offset_ms: 0,
            },
            _ => Window::Session { gap_ms: lengths[0] },
        };
        let time_zone = self.window_time_zone(&field.data_type);
        aggregation.window = GroupWindow::Function {
            name: name.to_string(),
            arguments: arguments
                .iter()
                .map(|(argument, _)| argument.to_string())
                .collect(),
            attribute,
            time: field.clone(),
        };
        Ok(Grouping {
            window,
            made_by: window,
            time: WindowTime {
                attribute,
                column,
                time_zone,
            },
            columns: vec![column],
            properties: properties(attribute, true),
            window_keys: Vec::new(),
            time_field: field,
            session_keys: Vec::new(),
            emit: None,
        })
    }

    /// Builds what computes keys and arguments, and the aggregation over it.
    fn aggregate(
        &mut self,
        input: Plan,
        filter: Option<Expr>,
        aggregation: &Aggregation,
        grouping: Option<&Grouping>,
        sets: &[Vec<usize>],
        span: Span,
    ) -> Result<(Plan, ResultLayout, Option<Windowed>), Diagnostic> {
        let is_window_key = |key: usize| {
            let keys = grouping.map_or(&[][..], |grouping| &grouping.window_keys);
            keys.iter().find(|(window_key, _)| *window_key == key)
        };
        let window_columns = grouping.map_or(&[][..], |grouping| &grouping.columns);
        let keys: Vec<usize> = (0..aggregation.keys.len())
            .filter(|key| is_window_key(*key).is_none())
            .collect();

        // Keys first, then the columns of the window, then arguments and filters, each once.
        let mut expressions: Vec<Expr> = Vec::new();
        let mut fields: Vec<Field> = Vec::new();
        for key in &keys {
            let expression = aggregation.keys[*key].clone();
            let name = match &expression {
                Expr::Column { index, .. } => input.schema.fields[*index].name.clone(),
                _ => format!("key${key}"),
            };
            fields.push(Field::new(name, expression.data_type()));
            expressions.push(expression);
        }
        let window_at = expressions.len();
        for column in window_columns {
            fields.push(input.schema.fields[*column].clone());
            expressions.push(input.column(*column));
        }
        let mut place_of = |expression: &Expr| -> Expr {
            let text = expression.to_string();
            let data_type = expression.data_type();
            if matches!(expression, Expr::Literal { .. }) {
                return expression.clone();
            }
            let arguments_at = window_at + window_columns.len();
            let known = expressions[arguments_at..]
                .iter()
                .position(|other| other.to_string() == text);
            let index = match known {
                Some(index) => arguments_at + index,
                None => {
                    let name = match expression {
                        Expr::Column { index, .. } => input.schema.fields[*index].name.clone(),
                        _ => format!("argument${}", expressions.len()),
                    };
                    fields.push(Field::new(name, data_type.clone()));
                    expressions.push(expression.clone());
                    expressions.len() - 1
                }
            };
            Expr::column(index, data_type)
        };
        let mut calls: Vec<AggregateCall> = Vec::with_capacity(aggregation.calls.len());
        for call in &aggregation.calls {
            calls.push(AggregateCall {
                arguments: call.arguments.iter().map(&mut place_of).collect(),
                filter: call.filter.as_ref().map(&mut place_of),
                ..call.clone()
            });
        }
        let mut prepared = Plan {
            kind: PlanKind::Calc {
                input: Box::new(input),
                filter,
                expressions,
            },
            schema: Schema::new(fields),
            span,
        };
        let unfolded = sets.len() > 1;
        if unfolded {
            prepared = expand(prepared, &keys, sets);
            for call in &mut calls {
                let shift = |expression: Expr| shift_columns(expression, window_at, 1);
                call.arguments = std::mem::take(&mut call.arguments)
                    .into_iter()
                    .map(shift)
                    .collect();
                call.filter = call.filter.take().map(shift);
            }
        }
        let window_at = window_at + usize::from(unfolded);
        let mut result_fields: Vec<Field> = prepared.schema.fields[..window_at].to_vec();
        let calls_at = result_fields.len();
        for (index, call) in calls.iter_mut().enumerate() {
            result_fields.push(Field::new(format!("agg${index}"), call.result.clone()));
        }
        let mut property_columns = Vec::new();
        if let Some(grouping) = grouping {
            for property in &grouping.properties {
                property_columns.push((*property, result_fields.len()));
                result_fields.push(property_field(*property, &grouping.time_field));
            }
        }
        let column_of = |property: WindowProperty| {
            property_columns
                .iter()
                .find(|(other, _)| *other == property)
                .map(|(_, column)| *column)
        };
        let mut next_key = 0;
        let key_places: Vec<usize> = (0..aggregation.keys.len())
            .map(|key| match is_window_key(key) {
                // Every property that a key stands for is among the properties.
                Some((_, property)) => column_of(*property).unwrap_or_default(),
                None => {
                    next_key += 1;
                    next_key - 1
                }
            })
            .collect();
        let layout = ResultLayout {
            keys: key_places,
            calls: calls_at,
            properties: property_columns.clone(),
            grouping_set: unfolded.then_some(keys.len()),
            fields: result_fields.clone(),
        };
        let windowed = grouping.map(|grouping| grouping.of_result(&property_columns, aggregation, &keys));
        let key_columns = (0..window_at).collect();
        let input = Box::new(prepared);
        let kind = match grouping {
            None => PlanKind::GroupAggregate {
                input,
                keys: key_columns,
                aggregates: calls,
                ttl: self.hints.group_ttl(),
            },
            Some(grouping) => {
                let (window, time) = grouping.window_at(window_at);
                PlanKind::Aggregate {
                    input,
                    window,
                    time,
                    keys: key_columns,
                    aggregates: calls,
                    properties: grouping.properties.clone(),
                    emit: grouping.emit.map(Box::new),
                }
            }
        };
        let result = Plan {
            kind,
            schema: Schema::new(result_fields),
            span,
        };
        Ok((result, layout, windowed))
    }
}

impl Grouping {
    /// The window over rows whose columns for it begin at `column`.
    fn window_at(&self, column: usize) -> (Window, WindowTime) {
        let (window, time_column) = match self.window {
            Window::Attached { .. } => {
                let (start, end) = (column, column + 1);
                (Window::Attached { start, end }, end)
            }
            window => (window, column),
        };
        let time = WindowTime {
            column: time_column,
            ..self.time
        };
        (window, time)
    }

    /// What the results tell of their window: `properties` are its columns, `keys` the keys before them.
    fn of_result(
        &self,
        properties: &[(WindowProperty, usize)],
        aggregation: &Aggregation,
        keys: &[usize],
    ) -> Windowed {
        let column_of = |property: WindowProperty| {
            let found = properties.iter().find(|(other, _)| *other == property);
            found.map(|(_, column)| *column)
        };
        let place_of = |column: usize| {
            keys.iter().position(
                |key| matches!(&aggregation.keys[*key], Expr::Column { index, .. } if *index == column),
            )
        };
        let times = [WindowProperty::Rowtime, WindowProperty::Proctime];
        Windowed {
            starts: column_of(WindowProperty::Start).into_iter().collect(),
            ends: column_of(WindowProperty::End).into_iter().collect(),
            times: times.into_iter().filter_map(column_of).collect(),
            time: self.time_field.clone(),
            time_zone: self.time.time_zone,
            window: self.window,
            made_by: self.made_by,
            session_keys: self
                .session_keys
                .iter()
                .map(|column| place_of((*column)?))
                .collect(),
        }
    }
}

/// The window whose columns are among the keys of GROUP BY.
fn window_of_keys(
    select: &Select,
    bound: &Bound,
    sets: &[Vec<usize>],
    aggregation: &mut Aggregation,
) -> Result<Option<Grouping>, Diagnostic> {
    let place = select
        .group_by
        .iter()
        .map(group_item_span)
        .reduce(Span::to)
        .unwrap_or(select.span);
    attached_window(bound, sets, aggregation, place)
}

/// The window that both bounds of are keys; none if the rows are in no window, or are grouped across windows.
fn attached_window(
    bound: &Bound,
    sets: &[Vec<usize>],
    aggregation: &mut Aggregation,
    place: Span,
) -> Result<Option<Grouping>, Diagnostic> {
    let Some(windowed) = &bound.windowed else {
        return Ok(None);
    };
    let Some(grouping) = attached(windowed, aggregation, sets) else {
        return Ok(None);
    };
    if matches!(windowed.window, Window::Session { .. }) && !sessions_match(&grouping, aggregation, sets) {
        return Ok(None);
    }
    check_window(windowed.window, place)?;
    aggregation.window = GroupWindow::Columns;
    Ok(Some(grouping))
}

fn properties(attribute: TimeAttribute, with_time: bool) -> Vec<WindowProperty> {
    let mut properties = vec![WindowProperty::Start, WindowProperty::End];
    if with_time {
        properties.push(match attribute {
            TimeAttribute::Rowtime => WindowProperty::Rowtime,
            TimeAttribute::Proctime => WindowProperty::Proctime,
        });
    }
    properties
}

/// A grouping by the columns of a window; `None` unless both bounds are keys of every set.
fn attached(windowed: &Windowed, aggregation: &Aggregation, sets: &[Vec<usize>]) -> Option<Grouping> {
    let attribute = windowed.time.time_attribute.unwrap_or(TimeAttribute::Rowtime);
    let time_property = match attribute {
        TimeAttribute::Rowtime => WindowProperty::Rowtime,
        TimeAttribute::Proctime => WindowProperty::Proctime,
    };
    let mut window_keys = Vec::new();
    for (key, expression) in aggregation.keys.iter().enumerate() {
        let Expr::Column { index, .. } = expression else {
            continue;
        };
        let property = if windowed.starts.contains(index) {
            WindowProperty::Start
        } else if windowed.ends.contains(index) {
            WindowProperty::End
        } else if windowed.times.contains(index) {
            time_property
        } else {
            continue;
        };
        if sets.iter().all(|set| set.contains(&key)) {
            window_keys.push((key, property));
        }
    }
    let has = |property| window_keys.iter().any(|(_, own)| *own == property);
    if !has(WindowProperty::Start) || !has(WindowProperty::End) {
        return None;
    }
    let start = *windowed.starts.first()?;
    let end = *windowed.ends.first()?;
    Some(Grouping {
        window: Window::Attached { start, end },
        made_by: windowed.made_by,
        time: WindowTime {
            attribute,
            column: end,
            time_zone: windowed.time_zone,
        },
        columns: vec![start, end],
        properties: properties(attribute, has(time_property)),
        window_keys,
        time_field: windowed.time.clone(),
        session_keys: windowed.session_keys.clone(),
        emit: None,
    })
}

/// Whether rows of `window` can be aggregated by it.
fn check_window(window: Window, place: Span) -> Result<(), Diagnostic> {
    match window {
        Window::Hop {
            size_ms, slide_ms, ..
        } if size_ms % slide_ms != 0 => Err(Diagnostic::validation(
            place,
            format!("aggregating over HOP requires size to be a multiple of slide, but got size {size_ms} ms and slide {slide_ms} ms"),
        )
        .hint("GROUP BY HOP(ts, slide, size) takes any sizes")),
        _ => Ok(()),
    }
}

/// Sessions are grouped by exactly the columns that they are partitioned by.
fn sessions_match(grouping: &Grouping, aggregation: &Aggregation, sets: &[Vec<usize>]) -> bool {
    let mut keys: Vec<Option<usize>> = aggregation
        .keys
        .iter()
        .enumerate()
        .filter(|(key, _)| {
            !grouping
                .window_keys
                .iter()
                .any(|(window_key, _)| window_key == key)
        })
        .map(|(_, expression)| match expression {
            Expr::Column { index, .. } => Some(*index),
            _ => None,
        })
        .collect();
    let mut partition = grouping.session_keys.clone();
    keys.sort_unstable();
    partition.sort_unstable();
    partition.dedup();
    sets.len() == 1 && keys == partition && !keys.contains(&None)
}

/// Each row once for each set: keys that are not in it NULL, and the number of the set behind the keys.
fn expand(input: Plan, keys: &[usize], sets: &[Vec<usize>]) -> Plan {
    let mut fields = input.schema.fields.clone();
    for (column, key) in keys.iter().enumerate() {
        if sets.iter().any(|set| !set.contains(key)) {
            fields[column].data_type.nullable = true;
        }
    }
    fields.insert(
        keys.len(),
        Field::new("grouping_set", TypeKind::BigInt.not_null()),
    );
    let projections = sets
        .iter()
        .enumerate()
        .map(|(number, set)| {
            let mut projection: Vec<Expr> = (0..input.schema.len())
                .map(|column| match keys.get(column) {
                    Some(key) if !set.contains(key) => literal::null(input.column_type(column)),
                    _ => input.column(column),
                })
                .collect();
            projection.insert(keys.len(), literal::bigint(number as i64));
            projection
        })
        .collect();
    Plan {
        span: input.span,
        kind: PlanKind::Expand {
            input: Box::new(input),
            projections,
        },
        schema: Schema::new(fields),
    }
}

fn shift_columns(expression: Expr, from: usize, by: usize) -> Expr {
    expression.transform(&mut |expression| match expression {
        Expr::Column { index, data_type } if index >= from => Expr::column(index + by, data_type),
        other => other,
    })
}

/// The scope in which keys that some grouping set lacks are nullable.
fn with_nullable_keys(scope: &Scope, aggregation: &Aggregation, sets: &[Vec<usize>]) -> Scope {
    let mut scope = scope.clone();
    for (key, expression) in aggregation.keys.iter().enumerate() {
        let Expr::Column { index, .. } = expression else {
            continue;
        };
        if sets.iter().all(|set| set.contains(&key)) {
            continue;
        }
        for relation in &mut scope.relations {
            if let Some(field) = index
                .checked_sub(relation.offset)
                .and_then(|position| relation.fields.get_mut(position))
            {
                field.data_type.nullable = true;
            }
        }
    }
    scope
}

fn group_item_span(item: &GroupItem) -> Span {
    match item {
        GroupItem::Expression(expr) => expr.span,
        GroupItem::GroupingSets { span, .. }
        | GroupItem::Rollup { span, .. }
        | GroupItem::Cube { span, .. }
        | GroupItem::Tuple { span, .. } => *span,
    }
}
