//! MATCH_RECOGNIZE: the rows, their order, the pattern, its conditions and the measures.

use graph::{MatchExpressions, MatchSkip, Matching, PatternVariable, SortKey};
use model::suggest::did_you_mean;
use model::{Diagnostic, Field, Schema, TimeAttribute};
use sql::ast::{AfterMatch, ExprKind, Ident, MatchRecognize, OrderItem};

use super::match_expression::{MatchLookups, time_of};
use super::over::direction;
use super::pattern;
use super::query::{Bound, Boxed, QueryBinder};
use super::scope::Scope;
use crate::logical::{Plan, PlanKind};

impl QueryBinder<'_> {
    pub(super) fn match_recognize(&mut self, clause: &MatchRecognize) -> Boxed<Bound> {
        let rows = self.from(&clause.table)?.1.plan;
        if clause.all_rows_per_match {
            return Err(
                Diagnostic::validation(clause.span, "ALL ROWS PER MATCH is not supported").hint(
                    "write ONE ROW PER MATCH, and tell with MEASURES what you want to know of the rows",
                ),
            );
        }
        let columns = Scope::of_columns(&rows.schema.fields);
        let partition = self.match_partition(clause, &columns)?;
        let (rowtime, order) = self.match_order(clause, &columns)?;
        let mut variables = pattern::variables(&clause.pattern)?;
        let skip = skip_of(clause.after_match.as_ref(), &variables)?;
        let within_ms = match &clause.within {
            None => None,
            Some(interval) => {
                let bound = self.expressions(&columns, "WITHIN").value(interval)?;
                Some(super::window::interval_of("WITHIN", &bound, interval.span)?)
            }
        };
        let names: Vec<String> = variables.iter().map(|variable| variable.name.clone()).collect();
        let scope = columns.of_variables(&names);
        self.match_conditions(clause, &scope, rowtime.is_some(), &mut variables)?;
        let mut fields: Vec<Field> = partition
            .iter()
            .map(|column| Field {
                time_attribute: None,
                ..rows.schema.fields[*column].clone()
            })
            .collect();
        let lookups = MatchLookups::new(&variables, rows.schema.len(), None, rowtime.is_some());
        let measures = self.match_measures(clause, &scope, lookups, &mut fields)?;
        let matching = Matching {
            partition,
            rowtime,
            order,
            variables,
            within_ms,
            skip,
            measures,
        };
        Ok(Box::new(Bound::plain(Plan {
            kind: PlanKind::Match {
                input: Box::new(rows),
                matching: Box::new(matching),
            },
            schema: Schema::new(fields),
            span: self.at(clause.span),
        })))
    }

    fn match_partition(&self, clause: &MatchRecognize, columns: &Scope) -> Result<Vec<usize>, Diagnostic> {
        let mut partition = Vec::with_capacity(clause.partition_by.len());
        for key in &clause.partition_by {
            let column = match &key.kind {
                ExprKind::Name(name) => column_of(&columns.resolve(name)?.expression),
                _ => None,
            };
            match column {
                Some(column) if !partition.contains(&column) => partition.push(column),
                Some(_) => {}
                None => {
                    return Err(Diagnostic::validation(
                        key.span,
                        "PARTITION BY of MATCH_RECOGNIZE takes columns only",
                    )
                    .hint("compute it in a sub-query: FROM (SELECT ... FROM t) MATCH_RECOGNIZE (...)"));
                }
            }
        }
        Ok(partition)
    }

    /// The event time, if rows go by it, and what orders those of one time.
    fn match_order(
        &self,
        clause: &MatchRecognize,
        columns: &Scope,
    ) -> Result<(Option<usize>, Vec<SortKey>), Diagnostic> {
        let hint = "write ORDER BY with the column that has a WATERMARK";
        let Some((first, others)) = clause.order_by.split_first() else {
            return Err(Diagnostic::validation(
                clause.span,
                "MATCH_RECOGNIZE needs rows in the order of time",
            )
            .hint(hint));
        };
        let (time, attribute) = self.order_column(first, columns)?;
        let Some(attribute) = attribute else {
            return Err(Diagnostic::validation(
                first.expression.span,
                "the first column of ORDER BY in MATCH_RECOGNIZE must be a time attribute",
            )
            .hint(hint));
        };
        if first.descending {
            return Err(Diagnostic::validation(
                first.expression.span,
                "the time in ORDER BY of MATCH_RECOGNIZE must ascend",
            )
            .hint("leave out DESC"));
        }
        let mut order = Vec::with_capacity(others.len());
        for item in others {
            let (column, _) = self.order_column(item, columns)?;
            if item.nulls_first.is_some() {
                return Err(Diagnostic::validation(
                    item.expression.span,
                    "NULLS FIRST and NULLS LAST are not supported in MATCH_RECOGNIZE",
                )
                .hint("leave it out: NULLs come first, or last behind DESC"));
            }
            let (descending, nulls_first) = direction(item);
            order.push(SortKey {
                column,
                descending,
                nulls_first,
            });
        }
        let rowtime = (attribute == TimeAttribute::Rowtime).then_some(time);
        Ok((rowtime, order))
    }

    fn order_column(
        &self,
        item: &OrderItem,
        columns: &Scope,
    ) -> Result<(usize, Option<TimeAttribute>), Diagnostic> {
        if let ExprKind::Name(name) = &item.expression.kind {
            let resolved = columns.resolve(name)?;
            if let Some(column) = column_of(&resolved.expression) {
                return Ok((column, resolved.time_attribute));
            }
        }
        Err(Diagnostic::validation(
            item.expression.span,
            "ORDER BY of MATCH_RECOGNIZE takes columns only",
        )
        .hint("compute it in a sub-query: FROM (SELECT ... FROM t) MATCH_RECOGNIZE (...)"))
    }

    fn match_conditions(
        &self,
        clause: &MatchRecognize,
        scope: &Scope,
        by_event_time: bool,
        variables: &mut [PatternVariable],
    ) -> Result<(), Diagnostic> {
        let width = scope.fields().count() / (variables.len() + 1);
        for (defined, condition) in &clause.define {
            let number = variable_number(defined, variables)?;
            if variables[number].condition.is_some() {
                return Err(Diagnostic::validation(
                    defined.span,
                    format!("pattern variable '{}' is defined already", defined.name),
                )
                .hint("join both conditions with AND"));
            }
            let mut lookups = MatchLookups::new(variables, width, Some(number), by_event_time);
            let mut binder = self.expressions(scope, "DEFINE");
            binder.matching = Some(&mut lookups);
            let bound = binder.condition(condition)?;
            variables[number].condition = Some(lookups.with_expressions(vec![bound]));
        }
        Ok(())
    }

    /// Adds the columns of the measures to those of the partition.
    fn match_measures(
        &self,
        clause: &MatchRecognize,
        scope: &Scope,
        mut lookups: MatchLookups,
        fields: &mut Vec<Field>,
    ) -> Result<MatchExpressions, Diagnostic> {
        if clause.measures.is_empty() {
            return Err(Diagnostic::validation(
                clause.span,
                "MATCH_RECOGNIZE needs measures, which tell of each match",
            )
            .hint("write MEASURES A.x AS x"));
        }
        let mut binder = self.expressions(scope, "MEASURES");
        binder.matching = Some(&mut lookups);
        let mut expressions = Vec::with_capacity(clause.measures.len());
        for (measure, _) in &clause.measures {
            expressions.push(binder.value(measure)?);
        }
        let measures = lookups.with_expressions(expressions);
        for ((_, name), expression) in clause.measures.iter().zip(&measures.expressions) {
            if fields.iter().any(|field| field.name == name.name) {
                let message = format!("the result has a column named '{}' already", name.name);
                return Err(Diagnostic::validation(name.span, message)
                    .hint("give each measure a name that neither the others nor PARTITION BY have"));
            }
            let attribute = time_of(expression, &measures.lookups);
            fields.push(Field::new(&name.name, expression.data_type()).with_time_attribute(attribute));
        }
        Ok(measures)
    }
}

fn column_of(expression: &graph::Expr) -> Option<usize> {
    match expression {
        graph::Expr::Column { index, .. } => Some(*index),
        _ => None,
    }
}

fn variable_number(name: &Ident, variables: &[PatternVariable]) -> Result<usize, Diagnostic> {
    let found = variables.iter().position(|variable| variable.name == name.name);
    found.ok_or_else(|| {
        let known = variables.iter().map(|variable| variable.name.as_str());
        Diagnostic::validation(
            name.span,
            format!("'{}' is no variable of the pattern", name.name),
        )
        .maybe_hint(did_you_mean(&name.name, known))
    })
}

fn skip_of(after: Option<&AfterMatch>, variables: &[PatternVariable]) -> Result<MatchSkip, Diagnostic> {
    Ok(match after {
        None | Some(AfterMatch::ToNextRow) => MatchSkip::ToNextRow,
        Some(AfterMatch::PastLastRow) => MatchSkip::PastLastRow,
        Some(AfterMatch::ToFirst(name)) => MatchSkip::ToFirst(variable_number(name, variables)?),
        Some(AfterMatch::ToLast(name)) => MatchSkip::ToLast(variable_number(name, variables)?),
    })
}
