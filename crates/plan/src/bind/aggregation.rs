//! What a grouped SELECT gathers while its expressions are bound: keys, aggregate calls, properties of windows.
//!
//! Expressions of a grouped SELECT are bound over the rows before grouping, where an aggregate call, a property
//! or the number of the grouping set stands as a column of a position that no input has. Afterwards
//! [`Aggregation::over_result`] puts the columns of the grouped result in their place, and what is left over is a
//! column that was not grouped.

use graph::{AggregateCall, Expr, WindowProperty};
use model::{DataType, Diagnostic, Field, Span, TimeAttribute, TypeKind};
use sql::ast::{ArgumentValue, FunctionCall, NullTreatment};

use super::call::function_name;
use super::expression::{ExprBinder, illegal_null};
use super::functions::bind_aggregate;
use super::literal;
use super::subquery::joins::SUBQUERY_BASE;

/// Positions of what is no column of the input.
const RESULT_BASE: usize = 1 << 28;
const PROPERTY_BASE: usize = 1 << 29;
const GROUPING_SET: usize = 1 << 30;

#[derive(Debug, Default)]
pub(super) struct Aggregation {
    pub keys: Vec<Expr>,
    pub calls: Vec<AggregateCall>,
    /// What the grouped rows can tell of their window.
    pub window: GroupWindow,
    /// Keys of each grouping set; empty where there is but one.
    pub sets: Vec<Vec<usize>>,
    /// Keys other than columns that some grouping set lacks, as text.
    pub nullable_keys: Vec<String>,
    /// Places of the columns that were named, to tell the one that is not grouped.
    pub(super) names: Vec<(String, Span)>,
}

/// The window of grouped rows.
#[derive(Debug, Default)]
pub(super) enum GroupWindow {
    #[default]
    None,
    /// Columns of a window function among the keys.
    Columns,
    /// A call such as `TUMBLE(ts, INTERVAL '1' HOUR)` in GROUP BY.
    Function {
        name: String,
        /// As bound, to compare with the arguments of `TUMBLE_START` and its like.
        arguments: Vec<String>,
        attribute: TimeAttribute,
        time: Field,
    },
}

/// Where the parts of a grouped result stand in it.
#[derive(Debug, Clone)]
pub(super) struct ResultLayout {
    /// For each key the column that holds it; window columns stand for the properties.
    pub keys: Vec<usize>,
    pub calls: usize,
    pub properties: Vec<(WindowProperty, usize)>,
    pub grouping_set: Option<usize>,
    pub fields: Vec<Field>,
}

pub(super) fn is_group_window(name: &str) -> bool {
    matches!(name, "TUMBLE" | "HOP" | "SESSION")
}

pub(super) fn is_grouping_function(name: &str) -> bool {
    matches!(name, "GROUPING" | "GROUPING_ID" | "GROUP_ID")
}

/// `TUMBLE_START` and its like.
pub(super) fn is_window_property(name: &str) -> bool {
    window_property(name).is_some()
}

fn window_property(name: &str) -> Option<(&str, WindowProperty)> {
    let (window, property) = name.split_once('_')?;
    if !is_group_window(window) {
        return None;
    }
    let property = match property {
        "START" => WindowProperty::Start,
        "END" => WindowProperty::End,
        "ROWTIME" => WindowProperty::Rowtime,
        "PROCTIME" => WindowProperty::Proctime,
        _ => return None,
    };
    Some((window, property))
}

fn property_position(property: WindowProperty) -> usize {
    PROPERTY_BASE
        + match property {
            WindowProperty::Start => 0,
            WindowProperty::End => 1,
            WindowProperty::Rowtime => 2,
            WindowProperty::Proctime => 3,
        }
}

impl ExprBinder<'_> {
    pub fn aggregate_call(
        &mut self,
        name: &str,
        call: &FunctionCall,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        let form = form(name, call, span)?;
        let name = form.as_str();
        // Arguments and filter are bound over the rows, where no further aggregate may stand.
        let Some(aggregation) = self.aggregation.take() else {
            return Err(Diagnostic::validation(
                span,
                format!("aggregate function {name} is not allowed in {}", self.clause),
            )
            .hint(match self.clause {
                "WHERE" => "filter results of aggregates with HAVING",
                "an aggregate function" | "FILTER" => {
                    "aggregates cannot be nested: aggregate in a sub-query first"
                }
                _ => "aggregate in a sub-query first",
            }));
        };
        let clause = std::mem::replace(&mut self.clause, "an aggregate function");
        let bound = self.aggregate_parts(name, call, span);
        self.clause = clause;
        let outcome = bound.map(|call| aggregation.add(call));
        self.aggregation = Some(aggregation);
        outcome
    }

    pub(super) fn aggregate_parts(
        &mut self,
        name: &str,
        call: &FunctionCall,
        span: Span,
    ) -> Result<AggregateCall, Diagnostic> {
        let mut arguments = Vec::new();
        let mut spans = Vec::new();
        for argument in &call.arguments {
            if let Some(ident) = &argument.name {
                return Err(Diagnostic::validation(
                    ident.span,
                    format!("{name} takes no named arguments"),
                ));
            }
            match &argument.value {
                ArgumentValue::Expression(expr) => arguments.push(self.value(expr)?),
                ArgumentValue::Wildcard if name == "COUNT" && call.arguments.len() == 1 && !call.distinct => {
                }
                ArgumentValue::KeyValue { key, value } => {
                    arguments.push(self.value(key)?);
                    spans.push(argument.span);
                    arguments.push(self.value(value)?);
                }
                _ => {
                    return Err(
                        Diagnostic::validation(argument.span, format!("{name} cannot take this"))
                            .hint(format!("give {name} an expression")),
                    );
                }
            }
            spans.push(argument.span);
        }
        if name == "COUNT" && call.arguments.is_empty() {
            return Err(Diagnostic::validation(span, "COUNT takes 1 argument").hint("write COUNT(*)"));
        }
        if name == "COUNT" && arguments.len() > 1 {
            return Err(
                Diagnostic::validation(span, "COUNT of several columns is not supported")
                    .hint("count one column, or COUNT(DISTINCT a || '|' || b)"),
            );
        }
        let filter = match &call.filter {
            Some(filter) => {
                self.clause = "FILTER";
                Some(self.condition(filter)?)
            }
            None => None,
        };
        // What goes into JSON is JSON already: texts in quotes, numbers as they are.
        let json = match name {
            name if name.starts_with("JSON_OBJECTAGG") => arguments.get_mut(1),
            name if name.starts_with("JSON_ARRAYAGG") => arguments.get_mut(0),
            _ => None,
        };
        if let Some(argument) = json {
            let value = argument.clone();
            *argument = self.call("JSON_STRING", vec![value], span)?;
        }
        let bound = bind_aggregate(name, &arguments, call.distinct, &spans, span)?;
        let mut cast = Vec::with_capacity(arguments.len());
        for ((argument, to), place) in arguments.into_iter().zip(&bound.arguments).zip(&spans) {
            cast.push(self.coerce(argument, to, *place)?);
        }
        Ok(AggregateCall {
            function: bound.function,
            arguments: cast,
            filter,
            result: bound.result,
            state_types: bound.state_types,
            retracting: bound.retracting,
            name: if call.distinct {
                format!("{name} DISTINCT")
            } else {
                name.to_string()
            },
        })
    }

    /// `TUMBLE_START(...)`, `GROUPING(...)` and their like.
    pub fn group_property(
        &mut self,
        name: &str,
        call: &FunctionCall,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        let Some(aggregation) = self.aggregation.take() else {
            return Err(
                Diagnostic::validation(span, format!("{name} is not allowed in {}", self.clause))
                    .hint("it belongs into the SELECT list or HAVING of a query with GROUP BY"),
            );
        };
        let mut arguments = Vec::with_capacity(call.arguments.len());
        let mut outcome = Ok(());
        for argument in &call.arguments {
            match &argument.value {
                ArgumentValue::Expression(expr) if argument.name.is_none() => match self.value(expr) {
                    Ok(bound) => arguments.push((bound, expr.span)),
                    Err(diagnostic) => outcome = outcome.and(Err(diagnostic)),
                },
                _ => outcome = outcome.and(Err(illegal_null(argument.span))),
            }
        }
        let property = outcome.and_then(|()| match window_property(name) {
            Some((window, property)) => aggregation.window_property(name, window, property, &arguments, span),
            None => aggregation.grouping(name, &arguments, span),
        });
        self.aggregation = Some(aggregation);
        property
    }
}

impl Aggregation {
    /// Passes what aggregates read through `change`.
    pub fn map_arguments(&mut self, change: impl Fn(Expr) -> Expr) {
        for call in &mut self.calls {
            call.arguments = std::mem::take(&mut call.arguments)
                .into_iter()
                .map(&change)
                .collect();
            call.filter = call.filter.take().map(&change);
        }
    }

    /// Adds `COUNT(*)`.
    pub fn count_rows(&mut self, span: Span) -> Result<(), Diagnostic> {
        let bound = bind_aggregate("COUNT", &[], false, &[], span)?;
        self.add(AggregateCall {
            function: bound.function,
            arguments: Vec::new(),
            filter: None,
            result: bound.result,
            state_types: bound.state_types,
            retracting: None,
            name: "COUNT".to_string(),
        });
        Ok(())
    }

    /// The call's column, one that is there already if it computes the same.
    fn add(&mut self, call: AggregateCall) -> Expr {
        let same = |other: &AggregateCall| {
            describe(other) == describe(&call)
                && other.state_types == call.state_types
                && other.result == call.result
        };
        let data_type = call.result.clone();
        let index = match self.calls.iter().position(same) {
            Some(index) => index,
            None => {
                self.calls.push(call);
                self.calls.len() - 1
            }
        };
        Expr::column(RESULT_BASE + index, data_type)
    }

    /// An expression over the rows as what it is in a grouped result: a key that some grouping set lacks can be NULL.
    pub fn as_grouped(&self, expression: Expr) -> Expr {
        if self.nullable_keys.is_empty() || !self.nullable_keys.contains(&expression.to_string()) {
            return expression;
        }
        match expression {
            Expr::Literal { value, data_type } => Expr::Literal {
                value,
                data_type: data_type.with_nullable(true),
            },
            Expr::Call {
                function,
                arguments,
                data_type,
                span,
            } => Expr::Call {
                function,
                arguments,
                data_type: data_type.with_nullable(true),
                span,
            },
            Expr::Field {
                operand,
                index,
                data_type,
            } => Expr::Field {
                operand,
                index,
                data_type: data_type.with_nullable(true),
            },
            Expr::Case {
                branches,
                otherwise,
                data_type,
            } => Expr::Case {
                branches,
                otherwise,
                data_type: data_type.with_nullable(true),
            },
            // These have no type of their own.
            connective @ (Expr::And(_) | Expr::Or(_)) => Expr::Case {
                data_type: TypeKind::Boolean.nullable(),
                branches: Vec::new(),
                otherwise: Some(Box::new(connective)),
            },
            column @ Expr::Column { .. } => column,
        }
    }

    pub fn note_name(&mut self, expression: &Expr, span: Span) {
        expression.visit_columns(&mut |index| self.names.push((format!("${index}"), span)));
    }

    fn window_property(
        &self,
        name: &str,
        window: &str,
        property: WindowProperty,
        arguments: &[(Expr, Span)],
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        let matching = format!("call {window} with the same arguments in GROUP BY");
        let GroupWindow::Function {
            name: own,
            arguments: own_arguments,
            attribute,
            time,
        } = &self.window
        else {
            return Err(Diagnostic::validation(
                span,
                format!("{name} has no {window} in GROUP BY to speak of"),
            )
            .hint(matching));
        };
        let same = arguments.len() == own_arguments.len()
            && arguments
                .iter()
                .zip(own_arguments)
                .all(|((expression, _), own)| expression.to_string() == *own);
        if own != window || !same {
            return Err(
                Diagnostic::validation(span, format!("{name} does not match the {own} in GROUP BY"))
                    .hint(matching),
            );
        }
        match (property, attribute) {
            (WindowProperty::Rowtime, TimeAttribute::Proctime) => {
                return Err(
                    Diagnostic::validation(span, format!("{name} needs an event-time window"))
                        .hint(format!("use {window}_PROCTIME")),
                );
            }
            (WindowProperty::Proctime, TimeAttribute::Rowtime) => {
                return Err(
                    Diagnostic::validation(span, format!("{name} needs a processing-time window"))
                        .hint(format!("use {window}_ROWTIME")),
                );
            }
            _ => {}
        }
        Ok(Expr::column(
            property_position(property),
            property_field(property, time).data_type,
        ))
    }

    /// GROUPING, GROUPING_ID and GROUP_ID, worked out from the number of the grouping set.
    fn grouping(&self, name: &str, arguments: &[(Expr, Span)], span: Span) -> Result<Expr, Diagnostic> {
        if name == "GROUP_ID" {
            if !arguments.is_empty() {
                return Err(Diagnostic::validation(span, "GROUP_ID takes no arguments"));
            }
            let values = (0..self.sets.len())
                .map(|set| {
                    let earlier = &self.sets[..set];
                    earlier
                        .iter()
                        .filter(|other| same_keys(other, &self.sets[set]))
                        .count() as i64
                })
                .collect();
            return Ok(self.by_set(values));
        }
        if arguments.is_empty() {
            return Err(Diagnostic::validation(
                span,
                format!("{name} takes at least 1 argument"),
            ));
        }
        let mut keys = Vec::with_capacity(arguments.len());
        for (argument, place) in arguments {
            let text = argument.to_string();
            match self.keys.iter().position(|key| key.to_string() == text) {
                Some(key) => keys.push(key),
                None => {
                    return Err(Diagnostic::validation(
                        *place,
                        format!("the argument of {name} must be an expression of GROUP BY"),
                    ));
                }
            }
        }
        let values = self
            .sets
            .iter()
            .map(|set| {
                keys.iter()
                    .fold(0i64, |bits, key| (bits << 1) | i64::from(!set.contains(key)))
            })
            .collect();
        Ok(self.by_set(values))
    }

    /// The value that belongs to the row's grouping set.
    fn by_set(&self, values: Vec<i64>) -> Expr {
        let mut values = values.into_iter().enumerate();
        let data_type = TypeKind::BigInt.not_null();
        let Some((_, first)) = values.next() else {
            return literal::bigint(0);
        };
        let is_set = |set: usize| Expr::Field {
            operand: Box::new(Expr::column(GROUPING_SET, TypeKind::BigInt.not_null())),
            index: set,
            data_type: TypeKind::Boolean.not_null(),
        };
        let branches: Vec<(Expr, Expr)> = values
            .map(|(set, value)| (is_set(set), literal::bigint(value)))
            .collect();
        if branches.is_empty() {
            return literal::bigint(first);
        }
        Expr::Case {
            branches,
            otherwise: Some(Box::new(literal::bigint(first))),
            data_type,
        }
    }

    /// The expression over the grouped result.
    ///
    /// `equals` compares the column of the grouping set's number with a number.
    pub fn over_result(
        &self,
        expression: Expr,
        layout: &ResultLayout,
        span: Span,
        equals: &mut impl FnMut(Expr, Expr) -> Result<Expr, Diagnostic>,
    ) -> Result<Expr, Diagnostic> {
        let text = expression.to_string();
        if let Some(key) = self.keys.iter().position(|key| key.to_string() == text) {
            return Ok(layout.column(layout.keys[key]));
        }
        let mut go = |inner: Expr| self.over_result(inner, layout, span, equals);
        match expression {
            // The result of a call with OVER, or what a sub-query gives.
            column @ Expr::Column {
                index: SUBQUERY_BASE..RESULT_BASE,
                ..
            } => Ok(column),
            Expr::Column { index, .. } if (RESULT_BASE..PROPERTY_BASE).contains(&index) => {
                Ok(layout.column(layout.calls + index - RESULT_BASE))
            }
            Expr::Column { index, .. } if (PROPERTY_BASE..GROUPING_SET).contains(&index) => {
                let found = layout
                    .properties
                    .iter()
                    .find(|(property, _)| property_position(*property) == index);
                match found {
                    Some((_, column)) => Ok(layout.column(*column)),
                    None => Err(Diagnostic::validation(
                        span,
                        "this property of the window is not at hand",
                    )),
                }
            }
            Expr::Column { index, .. } => Err(self.not_grouped(index, span)),
            literal @ Expr::Literal { .. } => Ok(literal),
            Expr::Field { operand, index, .. }
                if matches!(
                    *operand,
                    Expr::Column {
                        index: GROUPING_SET,
                        ..
                    }
                ) =>
            {
                match layout.grouping_set {
                    Some(column) => equals(layout.column(column), literal::bigint(index as i64)),
                    None => Ok(literal::boolean(index == 0)),
                }
            }
            Expr::Call {
                function,
                arguments,
                data_type,
                span,
            } => Ok(Expr::Call {
                function,
                arguments: arguments.into_iter().map(go).collect::<Result<_, _>>()?,
                data_type,
                span,
            }),
            Expr::Field {
                operand,
                index,
                data_type,
            } => Ok(Expr::Field {
                operand: Box::new(go(*operand)?),
                index,
                data_type,
            }),
            Expr::And(operands) => Ok(Expr::And(operands.into_iter().map(go).collect::<Result<_, _>>()?)),
            Expr::Or(operands) => Ok(Expr::Or(operands.into_iter().map(go).collect::<Result<_, _>>()?)),
            Expr::Case {
                branches,
                otherwise,
                data_type,
            } => {
                let mut changed = Vec::with_capacity(branches.len());
                for (condition, result) in branches {
                    changed.push((go(condition)?, go(result)?));
                }
                let otherwise = match otherwise {
                    Some(otherwise) => Some(Box::new(go(*otherwise)?)),
                    None => None,
                };
                Ok(Expr::Case {
                    branches: changed,
                    otherwise,
                    data_type,
                })
            }
        }
    }

    fn not_grouped(&self, column: usize, span: Span) -> Diagnostic {
        let wanted = format!("${column}");
        let inside = |place: &Span| place.start >= span.start && place.end <= span.end;
        let place = self
            .names
            .iter()
            .rev()
            .find(|(name, place)| *name == wanted && inside(place))
            .or_else(|| self.names.iter().rev().find(|(name, _)| *name == wanted))
            .map_or(span, |(_, place)| *place);
        Diagnostic::validation(place, "this expression is neither grouped nor aggregated")
            .hint("add it to GROUP BY, or put it inside an aggregate function")
    }
}

impl ResultLayout {
    fn column(&self, index: usize) -> Expr {
        Expr::column(index, self.fields[index].data_type.clone())
    }
}

/// A property as a column, given the time column of the window.
pub(super) fn property_field(property: WindowProperty, time: &Field) -> Field {
    let not_null = TypeKind::Timestamp(3).not_null();
    match property {
        WindowProperty::Start => Field::new("window_start", not_null),
        WindowProperty::End => Field::new("window_end", not_null),
        WindowProperty::Rowtime => Field::new("window_time", time.data_type.clone())
            .with_time_attribute(Some(TimeAttribute::Rowtime)),
        WindowProperty::Proctime => {
            Field::new("window_time", proctime_type()).with_time_attribute(Some(TimeAttribute::Proctime))
        }
    }
}

pub(super) fn proctime_type() -> DataType {
    TypeKind::TimestampLtz(3).not_null()
}

/// The name of the aggregate function that the clauses of a call ask for.
pub(super) fn form(name: &str, call: &FunctionCall, span: Span) -> Result<String, Diagnostic> {
    // Flink takes ORDER BY in ARRAY_AGG, and does not heed it: rows are in the order of their arrival.
    let heeds_order = name != "ARRAY_AGG";
    if (!call.order_by.is_empty() && heeds_order) || !call.within_group.is_empty() {
        return Err(super::unsupported(
            span,
            &format!("ORDER BY or WITHIN GROUP in {name}"),
            "leave it out: rows are aggregated in the order they arrive, or in that of their window",
        ));
    }
    let clause = match (
        call.null_treatment,
        call.json.as_ref().map(|clauses| clauses.null_on_null),
    ) {
        (Some(NullTreatment::Ignore), None) => " IGNORE NULLS",
        (Some(NullTreatment::Respect), None) if name == "ARRAY_AGG" => "",
        (Some(NullTreatment::Respect), None) => " RESPECT NULLS",
        (None, Some(Some(true))) => " NULL ON NULL",
        (None, Some(Some(false))) => " ABSENT ON NULL",
        (None, _) => "",
        (Some(_), Some(_)) => " with these clauses",
    };
    let form = format!("{name}{clause}");
    if functions::aggregate(&form).is_none() {
        return Err(
            Diagnostic::validation(span, format!("{name} does not take{clause}"))
                .hint("leave the clause out"),
        );
    }
    Ok(form)
}

fn same_keys(a: &[usize], b: &[usize]) -> bool {
    a.iter().all(|key| b.contains(key)) && b.iter().all(|key| a.contains(key))
}

fn describe(call: &AggregateCall) -> String {
    let arguments: Vec<String> = call.arguments.iter().map(Expr::to_string).collect();
    let filter = call.filter.as_ref().map(Expr::to_string);
    format!("{}({}){filter:?}", call.name, arguments.join(","))
}

/// The aggregate or property functions that an expression calls, at any depth outside of sub-queries.
pub(super) fn mentions_aggregate(expr: &sql::ast::Expr) -> bool {
    let mut found = false;
    super::walk::visit(expr, &mut |expr| {
        if let sql::ast::ExprKind::Function(call) = &expr.kind
            && let Ok(name) = function_name(&call.name)
        {
            found |=
                call.over.is_none() && (super::functions::is_aggregate(&name) || is_grouping_function(&name));
        }
    });
    found
}
