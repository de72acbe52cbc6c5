//! Calls that mean something of their own in MATCH_RECOGNIZE: navigation, aggregates, the time of the match.

use graph::{Expr, Lookup, MatchEnd};
use model::{Diagnostic, Span, TimeAttribute, TypeKind};
use sql::ast::{ArgumentValue, ExprKind, FunctionCall};

use super::aggregation::form;
use super::expression::ExprBinder;
use super::functions::is_aggregate;
use super::match_expression::{Mode, Whose, resolve};
use super::scope::Resolved;
use super::{literal, unsupported};

/// Aggregates that are not NULL even of no rows.
const OF_NO_ROWS: &[&str] = &["COUNT", "COLLECT", "JSON_OBJECTAGG", "JSON_ARRAYAGG"];

impl ExprBinder<'_> {
    /// A call that means something of its own in MATCH_RECOGNIZE; none if it is like any other.
    pub(super) fn match_call(
        &mut self,
        name: &str,
        call: &FunctionCall,
        span: Span,
    ) -> Result<Option<Expr>, Diagnostic> {
        if self.matching.is_none() {
            return Ok(None);
        }
        Ok(Some(match name {
            "FINAL" | "RUNNING" => self.semantics(name, call, span)?,
            "FIRST" => self.navigation("FIRST", MatchEnd::First, call, span)?,
            "LAST" => self.navigation("LAST", MatchEnd::Last, call, span)?,
            "PREV" => self.physical("PREV", call, span)?,
            "NEXT" => self.physical("NEXT", call, span)?,
            "CLASSIFIER" | "MATCH_NUMBER" => {
                return Err(Diagnostic::validation(
                    span,
                    format!("{name} is not supported in MATCH_RECOGNIZE"),
                )
                .hint("tell apart which variable took a row by COUNT of one of its columns"));
            }
            "MATCH_ROWTIME" => self.match_rowtime(call, span)?,
            "MATCH_PROCTIME" => {
                if let Some(argument) = call.arguments.first() {
                    return Err(Diagnostic::validation(
                        argument.span,
                        "MATCH_PROCTIME takes no arguments",
                    ));
                }
                self.call("PROCTIME", Vec::new(), span)?
            }
            _ if is_aggregate(name) && call.over.is_none() => self.match_aggregate(name, call, span)?,
            _ => return Ok(None),
        }))
    }

    /// `FINAL LAST(A.x)`, which says nothing new where each match gives one row.
    fn semantics(&mut self, name: &str, call: &FunctionCall, span: Span) -> Result<Expr, Diagnostic> {
        let condition = self
            .matching
            .as_ref()
            .is_some_and(|matching| matching.condition_of.is_some());
        if condition || name == "RUNNING" {
            return Err(
                Diagnostic::validation(span, format!("{name} is not supported in {}", self.clause)).hint(
                    match condition {
                        true => "leave it out: conditions look at the rows taken so far",
                        false => "leave it out: measures look at all rows of the match",
                    },
                ),
            );
        }
        match call.arguments.as_slice() {
            [only] => match &only.value {
                ArgumentValue::Expression(expr) => self.value(expr),
                _ => Err(Diagnostic::validation(only.span, format!("{name} takes a value"))),
            },
            _ => Err(Diagnostic::validation(
                span,
                format!("{name} takes a call of FIRST or LAST"),
            )),
        }
    }

    /// The value and the offset of FIRST and its like.
    fn navigated<'c>(
        &mut self,
        name: &str,
        call: &'c FunctionCall,
        span: Span,
    ) -> Result<(&'c sql::ast::Expr, Option<i64>), Diagnostic> {
        super::call::refuse_aggregate_clauses(name, call)?;
        let mut expressions = Vec::with_capacity(2);
        for argument in &call.arguments {
            match &argument.value {
                ArgumentValue::Expression(expr) if argument.name.is_none() => expressions.push(expr),
                _ => {
                    return Err(Diagnostic::validation(
                        argument.span,
                        format!("{name} takes values"),
                    ));
                }
            }
        }
        let (value, offset) = match expressions.as_slice() {
            [value] => (*value, None),
            [value, offset] => (*value, Some(*offset)),
            _ => {
                return Err(Diagnostic::validation(
                    span,
                    format!("{name} takes a column and a number of rows"),
                )
                .hint(format!("write {name}(A.x), or {name}(A.x, 1)")));
            }
        };
        let Some(written) = offset else {
            return Ok((value, None));
        };
        let rows = match &written.kind {
            ExprKind::Literal(_) | ExprKind::Unary { .. } => literal::integer(&self.bind(written)?),
            _ => None,
        };
        match rows {
            Some(rows) if rows >= 0 => Ok((value, Some(rows))),
            Some(_) => Err(Diagnostic::validation(
                written.span,
                format!("{name} takes a number of rows that is not negative"),
            )),
            None => Err(
                Diagnostic::parse(written.span, format!("{name} takes a constant number of rows"))
                    .hint(format!("write {name}(A.x, 1)")),
            ),
        }
    }

    fn navigation(
        &mut self,
        name: &'static str,
        end: MatchEnd,
        call: &FunctionCall,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        let (value, offset) = self.navigated(name, call, span)?;
        let offset = usize::try_from(offset.unwrap_or(0)).unwrap_or(usize::MAX);
        self.at_row(
            Mode::Row {
                end,
                offset,
                by: Some(name),
            },
            name,
            value,
            span,
        )
    }

    /// PREV and NEXT, which go by the rows of the input.
    fn physical(&mut self, name: &'static str, call: &FunctionCall, span: Span) -> Result<Expr, Diagnostic> {
        let (value, offset) = self.navigated(name, call, span)?;
        if offset != Some(0) {
            return Err(Diagnostic::validation(
                span,
                format!("{name} is not supported: rows of the input are not looked at by their distance"),
            )
            .hint("write LAST(A.x, 1) for the row before the last that A took"));
        }
        let last = Mode::Row {
            end: MatchEnd::Last,
            offset: 0,
            by: Some(name),
        };
        self.at_row(last, name, value, span)
    }

    /// An expression over another row.
    fn at_row(
        &mut self,
        mode: Mode,
        name: &str,
        value: &sql::ast::Expr,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        let Some(matching) = &mut self.matching else {
            return Err(Diagnostic::validation(
                span,
                format!("{name} is allowed in MATCH_RECOGNIZE only"),
            ));
        };
        match matching.mode {
            Mode::Row { by: None, .. } => {}
            Mode::Row { by: Some(outer), .. } => {
                return Err(
                    Diagnostic::validation(span, format!("{name} cannot stand in {outer}"))
                        .hint("look at one row only"),
                );
            }
            Mode::Rows => {
                return Err(Diagnostic::validation(
                    span,
                    format!("{name} cannot stand in an aggregate function"),
                )
                .hint("aggregate the column itself"));
            }
        }
        let around = std::mem::replace(&mut matching.mode, mode);
        let outcome = self.value(value);
        let Some(matching) = &mut self.matching else {
            return outcome;
        };
        matching.mode = around;
        let bound = outcome?;
        let mut variables: Vec<Option<usize>> = Vec::new();
        bound.visit_columns(&mut |index| {
            if let Some(Lookup::Row { variable, .. }) = matching.lookups.get(index) {
                variables.push(*variable);
            }
        });
        variables.dedup();
        match variables.len() {
            0 | 1 => Ok(bound),
            _ => Err(Diagnostic::validation(
                value.span,
                format!("{name} looks at the rows of one variable, these are of several"),
            )
            .hint("call it for each of them")),
        }
    }

    fn match_rowtime(&mut self, call: &FunctionCall, span: Span) -> Result<Expr, Diagnostic> {
        let of_column = match call.arguments.as_slice() {
            [] => None,
            [argument] => {
                let name = match &argument.value {
                    ArgumentValue::Expression(expr) => match &expr.kind {
                        ExprKind::Name(name) => Some(name),
                        _ => None,
                    },
                    _ => None,
                };
                let resolved = match name {
                    Some(name) => Some(resolve(self.scope, name)?),
                    None => None,
                };
                let is_time = |found: &Resolved| found.time_attribute == Some(TimeAttribute::Rowtime);
                let Some(found) = resolved.filter(is_time) else {
                    return Err(Diagnostic::validation(
                        argument.span,
                        "MATCH_ROWTIME takes an event-time attribute",
                    )
                    .hint("write MATCH_ROWTIME()"));
                };
                Some(found.expression.data_type())
            }
            [_, more, ..] => {
                return Err(Diagnostic::validation(
                    more.span,
                    "MATCH_ROWTIME takes at most 1 argument",
                ));
            }
        };
        let Some(matching) = &mut self.matching else {
            return Err(Diagnostic::validation(
                span,
                "MATCH_ROWTIME is allowed in MATCH_RECOGNIZE only",
            ));
        };
        if !matching.by_event_time {
            return Err(
                Diagnostic::validation(span, "MATCH_ROWTIME needs rows in the order of event time")
                    .hint("use MATCH_PROCTIME()"),
            );
        }
        // Without the column the time of an instant is told as it is in UTC, as in Flink.
        let data_type = of_column.unwrap_or(TypeKind::Timestamp(3).not_null());
        Ok(matching.look_up(Lookup::Rowtime(data_type.clone()), data_type))
    }

    fn match_aggregate(&mut self, name: &str, call: &FunctionCall, span: Span) -> Result<Expr, Diagnostic> {
        if call.distinct {
            return Err(Diagnostic::validation(
                span,
                "DISTINCT aggregates are not supported in MATCH_RECOGNIZE",
            )
            .hint("leave out DISTINCT"));
        }
        if let Some(filter) = &call.filter {
            return Err(unsupported(
                filter.span,
                "FILTER in MATCH_RECOGNIZE",
                "aggregate a CASE that is NULL for the other rows",
            ));
        }
        let form = form(name, call, span)?;
        let Some(matching) = &mut self.matching else {
            return Err(Diagnostic::validation(span, "a match is not at hand"));
        };
        match matching.mode {
            Mode::Row { by: None, .. } => {}
            Mode::Row { by: Some(outer), .. } => {
                return Err(Diagnostic::validation(
                    span,
                    format!("aggregate function {name} cannot stand in {outer}"),
                )
                .hint("look at a column"));
            }
            Mode::Rows => {
                return Err(Diagnostic::validation(span, "aggregates cannot be nested")
                    .hint("aggregate in a query over the matches"));
            }
        }
        let around = std::mem::replace(&mut matching.mode, Mode::Rows);
        let clause = std::mem::replace(&mut self.clause, "an aggregate function");
        let outcome = self.aggregate_parts(&form, call, span);
        self.clause = clause;
        let Some(matching) = &mut self.matching else {
            return Err(Diagnostic::validation(span, "a match is not at hand"));
        };
        matching.mode = around;
        let mut bound = outcome?;
        let arguments: Vec<&Expr> = bound.arguments.iter().collect();
        let variable = match matching.whose(&arguments) {
            Whose::Ones(variable) => variable,
            // COUNT(*)
            Whose::Nobodys if bound.arguments.is_empty() => None,
            Whose::Nobodys => {
                return Err(Diagnostic::validation(
                    span,
                    format!("{name} aggregates the rows of a variable, this names none"),
                )
                .hint(format!("write {name}(A.x), where A is a variable of the pattern")));
            }
            Whose::Several => {
                return Err(Diagnostic::validation(
                    span,
                    format!("{name} aggregates the rows of one variable, these are of several"),
                )
                .hint("aggregate each of them by itself"));
            }
        };
        let width = matching.width;
        bound.arguments = bound
            .arguments
            .into_iter()
            .map(|argument| {
                argument.transform(&mut |expression| match expression {
                    Expr::Column { index, data_type } => Expr::column(index % width, data_type),
                    other => other,
                })
            })
            .collect();
        // There may be no rows.
        let data_type = bound.result.clone().or_nullable(!OF_NO_ROWS.contains(&name));
        Ok(matching.look_up(
            Lookup::Aggregate {
                variable,
                call: bound,
            },
            data_type,
        ))
    }
}
