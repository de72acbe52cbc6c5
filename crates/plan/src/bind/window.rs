//! The window functions over tables: TUMBLE, HOP, CUMULATE and SESSION.

use graph::{Expr, Window, WindowTime};
use model::suggest::did_you_mean;
use model::{DataType, Diagnostic, Field, Schema, Span, TimeAttribute, TypeKind};
use sql::ast::{self, Argument, ArgumentValue, FunctionCall, Ident, TableRef};

use super::query::{Bound, Boxed, QueryBinder, Windowed};
use super::scope::{Scope, list_of};
use crate::logical::{Plan, PlanKind};

pub(super) fn is_window_function(name: &str) -> bool {
    parameters(name).is_some()
}

/// Names of the parameters in their order; the last one may be left out where there is an OFFSET.
fn parameters(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "TUMBLE" => &["DATA", "TIMECOL", "SIZE", "OFFSET"],
        "HOP" => &["DATA", "TIMECOL", "SLIDE", "SIZE", "OFFSET"],
        "CUMULATE" => &["DATA", "TIMECOL", "STEP", "SIZE", "OFFSET"],
        "SESSION" => &["DATA", "TIMECOL", "GAP"],
        _ => return None,
    })
}

fn signature(name: &str) -> String {
    let intervals = match name {
        "TUMBLE" => "size [, offset]",
        "HOP" => "slide, size [, offset]",
        "CUMULATE" => "step, size [, offset]",
        _ => return "write SESSION(TABLE t [PARTITION BY key], DESCRIPTOR(ts), gap)".to_string(),
    };
    format!("write {name}(TABLE t, DESCRIPTOR(ts), {intervals})")
}

impl QueryBinder<'_> {
    pub(super) fn window_function(&mut self, name: &str, call: &FunctionCall) -> Boxed<Bound> {
        refuse_clauses(name, call)?;
        let parameters = parameters(name).unwrap_or_default();
        let arguments = by_parameter(name, parameters, call)?;
        let (data, time_column) = (arguments[0], arguments[1]);
        let (Some(data), Some(time_column)) = (data, time_column) else {
            return Err(missing(name, call.span));
        };
        let ArgumentValue::Table {
            table,
            partition_by,
            order_by,
        } = &data.value
        else {
            return Err(
                Diagnostic::validation(data.span, format!("{name} takes a table first"))
                    .hint(signature(name)),
            );
        };
        if let Some(item) = order_by.first() {
            return Err(Diagnostic::validation(
                item.expression.span,
                format!("{name} does not take an order"),
            )
            .hint("rows go into windows by their time column"));
        }
        if let (Some(first), true) = (partition_by.first(), name != "SESSION") {
            return Err(Diagnostic::validation(
                first.span,
                format!("the table of {name} cannot be partitioned"),
            )
            .hint("put the key into GROUP BY instead"));
        }
        let (scope, bound) = *self.deeper(call.span, |binder| binder.window_data(table))?;
        if is_in_windows(&bound.plan) {
            return Err(Diagnostic::validation(
                table.span,
                format!("{name} over the rows of another window function is not supported"),
            )
            .hint("aggregate the inner windows first and go by their window_time"));
        }
        let keys = self.partition(partition_by, &scope)?;
        let time = self.time_column(name, time_column, &scope)?;
        let mut intervals = Vec::new();
        for (parameter, argument) in parameters.iter().zip(&arguments).skip(2) {
            match argument {
                Some(argument) => intervals.push(Some((self.interval(name, argument)?, argument.span))),
                None if *parameter == "OFFSET" => intervals.push(None),
                None => return Err(missing(name, call.span)),
            }
        }
        let window = window_of(name, &intervals, call.span)?;
        Ok(Box::new(self.window_table(bound, window, time, keys, call.span)))
    }

    fn window_data(&mut self, table: &TableRef) -> Boxed<(Scope, Bound)> {
        let (scope, bound) = *self.from(table)?;
        super::select::refuse_ambiguous(&scope, table.span)?;
        Ok(Box::new(super::select::whole_table(scope, bound)))
    }

    fn partition(&mut self, partition_by: &[ast::Expr], scope: &Scope) -> Result<Vec<usize>, Diagnostic> {
        let mut keys = Vec::with_capacity(partition_by.len());
        for key in partition_by {
            // A list of keys may stand in parentheses.
            if let ast::ExprKind::Row { fields, .. } = &key.kind {
                keys.extend(self.partition(fields, scope)?);
                continue;
            }
            match self.expressions(scope, "PARTITION BY").bind(key)? {
                Expr::Column { index, .. } => keys.push(index),
                _ => {
                    return Err(Diagnostic::validation(key.span, "PARTITION BY takes columns")
                        .hint("compute the key in a sub-query first"));
                }
            }
        }
        Ok(keys)
    }

    fn time_column(&self, name: &str, argument: &Argument, scope: &Scope) -> Result<usize, Diagnostic> {
        let ArgumentValue::Descriptor(columns) = &argument.value else {
            return Err(Diagnostic::validation(
                argument.span,
                format!("{name} takes the time column as DESCRIPTOR(column)"),
            )
            .hint(signature(name)));
        };
        let [column] = columns.as_slice() else {
            return Err(Diagnostic::validation(
                argument.span,
                "DESCRIPTOR takes one column here",
            ));
        };
        let fields: Vec<&Field> = scope.fields().collect();
        let Some(index) = fields.iter().position(|field| field.name == column.name) else {
            return Err(self.unknown_time_column(column, &fields));
        };
        let field = fields[index];
        if !field.data_type.kind.is_timestamp() {
            return Err(Diagnostic::validation(
                column.span,
                format!(
                    "the time column of {name} must be TIMESTAMP or TIMESTAMP_LTZ, but '{}' is {}",
                    column.name, field.data_type.kind
                ),
            )
            .maybe_hint(attribute_hint(&fields)));
        }
        if field.time_attribute.is_none() {
            return Err(Diagnostic::validation(
                column.span,
                format!("the time column of {name} must be a time attribute, but '{}' is none", column.name),
            )
            .hint(attribute_hint(&fields).unwrap_or_else(|| {
                "declare a WATERMARK for it in its table; a column that is computed upon is a time attribute no more"
                    .to_string()
            })));
        }
        Ok(index)
    }

    fn unknown_time_column(&self, column: &Ident, fields: &[&Field]) -> Diagnostic {
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        Diagnostic::validation(column.span, format!("column '{}' not found", column.name)).hint(
            did_you_mean(&column.name, names.iter().copied())
                .unwrap_or_else(|| format!("columns of the table: {}", list_of(&names))),
        )
    }

    /// A constant interval, in milliseconds.
    fn interval(&mut self, name: &str, argument: &Argument) -> Result<i64, Diagnostic> {
        let ArgumentValue::Expression(expr) = &argument.value else {
            return Err(
                Diagnostic::validation(argument.span, format!("{name} takes an interval here"))
                    .hint(signature(name)),
            );
        };
        self.constant_interval(name, expr)
    }

    pub(super) fn constant_interval(&mut self, name: &str, expr: &ast::Expr) -> Result<i64, Diagnostic> {
        let scope = Scope::default();
        let bound = self.expressions(&scope, "an interval").bind(expr)?;
        interval_of(name, &bound, expr.span)
    }

    fn window_table(&self, bound: Bound, window: Window, time: usize, keys: Vec<usize>, span: Span) -> Bound {
        let input = bound.plan;
        let column = &input.schema.fields[time];
        let attribute = column.time_attribute.unwrap_or(TimeAttribute::Rowtime);
        let time_type = match attribute {
            TimeAttribute::Proctime => super::aggregation::proctime_type(),
            TimeAttribute::Rowtime => column.data_type.clone().with_nullable(false),
        };
        let time_zone = self.window_time_zone(&column.data_type);
        let bound_type = TypeKind::Timestamp(3).not_null();
        let width = input.schema.len();
        let mut fields = input.schema.fields.clone();
        fields.push(Field::new("window_start", bound_type.clone()));
        fields.push(Field::new("window_end", bound_type));
        let time_field = Field::new("window_time", time_type).with_time_attribute(Some(attribute));
        fields.push(time_field.clone());
        Bound {
            windowed: Some(Windowed {
                starts: vec![width],
                ends: vec![width + 1],
                times: vec![width + 2],
                time: time_field,
                time_zone,
                window,
                made_by: window,
                session_keys: keys.iter().copied().map(Some).collect(),
            }),
            plan: Plan {
                kind: PlanKind::WindowTable {
                    window,
                    time: WindowTime {
                        attribute,
                        column: time,
                        time_zone,
                    },
                    keys,
                    input: Box::new(input),
                },
                schema: Schema::new(fields),
                span: self.at(span),
            },
        }
    }

    /// Windows over instants follow the session's time zone.
    pub(super) fn window_time_zone(&self, time: &DataType) -> Option<chrono_tz::Tz> {
        matches!(time.kind, TypeKind::TimestampLtz(_)).then_some(self.env.context.time_zone)
    }
}

/// Names the columns that would do.
fn attribute_hint(fields: &[&Field]) -> Option<String> {
    let names: Vec<&str> = fields
        .iter()
        .filter(|field| field.time_attribute.is_some())
        .map(|field| field.name.as_str())
        .collect();
    (!names.is_empty()).then(|| format!("time attributes of the table: {}", list_of(&names)))
}

/// The milliseconds of an interval literal.
pub(super) fn interval_of(name: &str, bound: &Expr, span: Span) -> Result<i64, Diagnostic> {
    let fault = |message: String| {
        Err(Diagnostic::validation(span, message).hint("write a literal such as INTERVAL '10' SECOND"))
    };
    match bound.data_type().kind {
        TypeKind::IntervalDayTime => {}
        TypeKind::IntervalYearMonth => {
            return fault(format!(
                "{name} takes intervals of days and smaller units, not of months or years"
            ));
        }
        other => {
            return fault(format!(
                "{name} takes an interval here, but this is of type {other}"
            ));
        }
    }
    let literal = match bound {
        Expr::Literal { value, .. } => value
            .as_any()
            .downcast_ref::<arrow_array::DurationMillisecondArray>()
            .map(|array| array.value(0)),
        _ => None,
    };
    match literal {
        Some(ms) => Ok(ms),
        None => fault(format!("{name} takes constant intervals only")),
    }
}

/// Whether its rows come from a window function without an aggregation in between. Flink fails on such plans.
fn is_in_windows(plan: &Plan) -> bool {
    match &plan.kind {
        PlanKind::WindowTable { .. } => true,
        PlanKind::Aggregate { .. } | PlanKind::GroupAggregate { .. } => false,
        _ => plan.inputs().into_iter().any(is_in_windows),
    }
}

fn refuse_clauses(name: &str, call: &FunctionCall) -> Result<(), Diagnostic> {
    if call.distinct
        || !call.order_by.is_empty()
        || !call.within_group.is_empty()
        || call.null_treatment.is_some()
        || call.filter.is_some()
        || call.over.is_some()
        || call.json.is_some()
    {
        return Err(Diagnostic::validation(
            call.span,
            format!("{name} takes a table, a time column and intervals only"),
        )
        .hint(signature(name)));
    }
    Ok(())
}

/// The arguments by their parameters' position.
fn by_parameter<'a>(
    name: &str,
    parameters: &[&str],
    call: &'a FunctionCall,
) -> Result<Vec<Option<&'a Argument>>, Diagnostic> {
    let mut by_parameter: Vec<Option<&Argument>> = vec![None; parameters.len()];
    let named = call
        .arguments
        .iter()
        .filter(|argument| argument.name.is_some())
        .count();
    if named > 0 && named < call.arguments.len() {
        return Err(Diagnostic::validation(
            call.span,
            "give all arguments by name, or none of them",
        ));
    }
    for (position, argument) in call.arguments.iter().enumerate() {
        let index = match &argument.name {
            None if position < parameters.len() => position,
            None => {
                return Err(Diagnostic::validation(
                    argument.span,
                    format!("{name} takes no further argument"),
                )
                .hint(signature(name)));
            }
            Some(ident) => {
                let found = parameters.iter().position(|parameter| *parameter == ident.name);
                match found {
                    // Flink looks for the time column in what stands first.
                    Some(0) if position > 0 => {
                        return Err(Diagnostic::validation(
                            argument.span,
                            format!("the table must be the first argument of {name}"),
                        )
                        .hint("put DATA => TABLE t before the other arguments"));
                    }
                    Some(index) => index,
                    None => {
                        return Err(Diagnostic::validation(
                            ident.span,
                            format!("{name} has no argument '{}'", ident.name),
                        )
                        .hint(format!("its arguments, in upper case: {}", parameters.join(", "))));
                    }
                }
            }
        };
        if by_parameter[index].replace(argument).is_some() {
            return Err(Diagnostic::validation(
                argument.span,
                format!("argument '{}' is given twice", parameters[index]),
            ));
        }
    }
    Ok(by_parameter)
}

fn missing(name: &str, span: Span) -> Diagnostic {
    Diagnostic::validation(span, format!("an argument of {name} is missing")).hint(signature(name))
}

fn window_of(name: &str, intervals: &[Option<(i64, Span)>], span: Span) -> Result<Window, Diagnostic> {
    let interval = |position: usize| intervals.get(position).copied().flatten();
    let positive = |position: usize, what: &str| match interval(position) {
        Some((ms, _)) if ms > 0 => Ok(ms),
        Some((ms, place)) => Err(Diagnostic::validation(
            place,
            format!("{name} requires {what} to be positive, but got {ms} ms"),
        )),
        None => Err(missing(name, span)),
    };
    let offset_ms = |position| interval(position).map_or(0, |(ms, _): (i64, Span)| ms);
    Ok(match name {
        "TUMBLE" => {
            let size_ms = positive(0, "size")?;
            let offset_ms = offset_ms(1);
            if offset_ms.abs() >= size_ms {
                let place = interval(1).map_or(span, |(_, place)| place);
                return Err(Diagnostic::validation(
                    place,
                    format!("TUMBLE requires abs(offset) < size, but got size {size_ms} ms and offset {offset_ms} ms"),
                )
                .hint("windows repeat every size: take the remainder of the offset"));
            }
            Window::Tumble { size_ms, offset_ms }
        }
        "HOP" => Window::Hop {
            slide_ms: positive(0, "slide")?,
            size_ms: positive(1, "size")?,
            offset_ms: offset_ms(2),
        },
        "CUMULATE" => {
            let step_ms = positive(0, "step")?;
            let size_ms = positive(1, "size")?;
            if size_ms % step_ms != 0 {
                let place = interval(1).map_or(span, |(_, place)| place);
                return Err(Diagnostic::validation(
                    place,
                    format!(
                        "CUMULATE requires size to be a multiple of step, but got size {size_ms} ms and step {step_ms} ms"
                    ),
                ));
            }
            Window::Cumulate {
                size_ms,
                step_ms,
                offset_ms: offset_ms(2),
            }
        }
        _ => Window::Session {
            gap_ms: positive(0, "gap")?,
        },
    })
}
