//! Syntax trees to typed plans: names, types and functions resolved against the catalog.
//!
//! Every field of the tree is taken or refused with a diagnostic at its place. What Flink refuses is refused
//! here, what only the embedded engine cannot do yet says so.

mod aggregation;
mod budget;
mod call;
mod changes;
mod compare;
mod emit;
mod expression;
mod from;
mod functions;
mod grouped;
mod hints;
mod inline;
mod join;
mod join_time;
mod json;
mod late_rows;
mod lateral;
pub(crate) mod literal;
mod lookup;
mod match_call;
mod match_expression;
mod matching;
mod order;
mod over;
mod pattern;
mod query;
mod scope;
mod select;
mod sets;
mod state_ttl;
mod subquery;
mod table;
mod types;
mod unnest;
mod unreadable;
mod version;
mod walk;
mod window;

use graph::{Expr, Lookup};
use model::{Diagnostic, Schema, Span, TimeAttribute};
use sql::ast;

pub(crate) use expression::and;
pub(crate) use functions::{bind_aggregate, cast, cast_always};
pub(crate) use hints::table_options;
pub(crate) use inline::{check_function, function_called, is_built_in};
pub(crate) use late_rows::{LateRows, OPTIONS as LATE_ROWS_OPTIONS, Redirected, table_name};
pub(crate) use lookup::LookupOptions;
pub(crate) use query::QueryBinder;
pub use scope::Scope;
pub(crate) use select::unique_names;
pub(crate) use subquery::joins::SUBQUERY_BASE;
pub(crate) use table::{describe_table, looks_up, option_fault, substitute};
pub(crate) use unreadable::{OPTIONS as UNREADABLE_OPTIONS, POLICY as UNREADABLE_POLICY, UnreadableRows};
pub(crate) use walk::visit;

use crate::logical::{Plan, PlanKind};
use crate::session::Environment;
use expression::ExprBinder;

/// A typed scalar expression over the columns of `scope`.
pub fn expression(expr: &ast::Expr, scope: &Scope, env: &Environment<'_>) -> Result<Expr, Diagnostic> {
    let mut binder = ExprBinder::new(scope, None, "an expression");
    binder.database = env.catalog.current_database();
    binder.catalog = Some(env.catalog);
    binder.bind(expr)
}

/// Names, types and time attributes of a query's columns.
pub fn query_schema(query: &ast::Query, env: &Environment<'_>) -> Result<Schema, Diagnostic> {
    let bound = QueryBinder::new(env).query(query)?;
    let mut schema = unique_names(&bound.plan.schema);
    show_shifted_times(&bound.plan, &mut schema);
    Ok(schema)
}

/// Flink shows as time attributes what it takes for none where it is used: an event time plus or minus an interval,
/// and the times of rows in a match.
fn show_shifted_times(plan: &Plan, schema: &mut Schema) {
    for (index, field) in schema.fields.iter_mut().enumerate() {
        field.time_attribute = field.time_attribute.or(shown_time(plan, index));
    }
}

fn shown_time(plan: &Plan, column: usize) -> Option<TimeAttribute> {
    let rowtime = |input: &Plan, column: usize| {
        let attribute = input.schema.fields[column].time_attribute;
        attribute.filter(|attribute| *attribute == TimeAttribute::Rowtime)
    };
    match &plan.kind {
        PlanKind::Calc {
            input, expressions, ..
        } => match expressions.get(column)? {
            Expr::Column { index, .. } => shown_time(input, *index),
            Expr::Call {
                function, arguments, ..
            } => match (function.name(), arguments.first()) {
                ("+" | "-", Some(Expr::Column { index, .. })) => rowtime(input, *index),
                _ => None,
            },
            _ => None,
        },
        PlanKind::Match { input, matching } => {
            let keys = &matching.partition;
            match column.checked_sub(keys.len()) {
                None => rowtime(input, keys[column]),
                Some(measure) => match matching.measures.expressions.get(measure)? {
                    Expr::Column { index, .. } => match matching.measures.lookups.get(*index)? {
                        Lookup::Row { column, .. } => rowtime(input, *column),
                        _ => None,
                    },
                    _ => None,
                },
            }
        }
        _ => None,
    }
}

/// What Flink can do and the embedded engine cannot, yet.
pub(crate) fn unsupported(span: Span, what: &str, hint: &str) -> Diagnostic {
    Diagnostic::validation(
        span,
        format!("{what} is not supported yet by the embedded engine"),
    )
    .hint(hint)
}
