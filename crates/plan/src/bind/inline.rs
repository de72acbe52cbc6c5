//! Calls of functions that are written in SQL: the body takes the place of the call.

use std::sync::Arc;

use graph::Expr;
use model::{Diagnostic, Span};
use sql::ast::{self, ArgumentValue, FunctionCall, ObjectName};

use super::call::refuse_aggregate_clauses;
use super::expression::ExprBinder;
use super::scope::Scope;
use super::{aggregation, functions};
use crate::bind::substitute;
use crate::catalog::{CatalogStore, ObjectPath, SqlFunction};
use crate::session::Environment;

/// How deep functions may call each other.
const FUNCTIONS_NESTED_MAX: usize = 20;

/// The function in SQL that a call means. What is built in comes first, as in Flink.
pub(crate) fn function_called(name: &ObjectName, catalog: &CatalogStore) -> Option<ObjectPath> {
    if let [only] = name.parts.as_slice()
        && is_built_in(&only.name)
    {
        return None;
    }
    if name.parts.len() > 3 {
        return None;
    }
    let path = catalog.function_path(name);
    catalog.function(&path).map(|_| path)
}

pub(crate) fn is_built_in(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ::functions::is_callable(&name)
        || functions::is_aggregate(&name)
        || aggregation::is_group_window(&name)
        || aggregation::is_grouping_function(&name)
        || aggregation::is_window_property(&name)
        || matches!(
            name.as_str(),
            "ROW_NUMBER" | "RANK" | "DENSE_RANK" | "LAG" | "LEAD" | "NTILE" | "CURRENT_DATABASE"
        )
}

/// Whether the body of a function gives what is declared. `body` is its expression in the text at hand.
pub(crate) fn check_function(
    function: &SqlFunction,
    body: &ast::Expr,
    path: &ObjectPath,
    env: &Environment<'_>,
) -> Result<(), Diagnostic> {
    let scope = Scope::of_columns(&function.parameters);
    let mut binder = ExprBinder::new(&scope, None, "the body of a function");
    binder.database = env.catalog.current_database();
    binder.catalog = Some(env.catalog);
    binder.within = vec![path.clone()];
    let bound = binder.bind(body)?;
    binder.coerce(bound, &function.returns, body.span).map(|_| ())
}

impl ExprBinder<'_> {
    /// The value of a call of a function in SQL; `None` if the name means no such.
    pub(super) fn inlined(&mut self, call: &FunctionCall, span: Span) -> Result<Option<Expr>, Diagnostic> {
        let Some(catalog) = self.catalog else {
            return Ok(None);
        };
        let Some(path) = function_called(&call.name, catalog) else {
            return Ok(None);
        };
        let Some(function) = catalog.function(&path).cloned() else {
            return Ok(None);
        };
        refuse_aggregate_clauses(&path.object, call)?;
        if call.over.is_some() {
            return Err(Diagnostic::validation(
                span,
                format!(
                    "OVER must be applied to an aggregate function, '{}' is none",
                    path.object
                ),
            ));
        }
        let arguments = self.arguments_of(&function, &path, call, span)?;
        self.body(&function, path, arguments, span).map(Some)
    }

    /// The arguments in the types of the parameters.
    fn arguments_of(
        &mut self,
        function: &SqlFunction,
        path: &ObjectPath,
        call: &FunctionCall,
        span: Span,
    ) -> Result<Vec<Expr>, Diagnostic> {
        let expected = function.parameters.len();
        if call.arguments.len() != expected {
            let plural = if expected == 1 { "" } else { "s" };
            let names: Vec<String> = function
                .parameters
                .iter()
                .map(|field| format!("{} {}", field.name, field.data_type.kind))
                .collect();
            return Err(Diagnostic::validation(
                span,
                format!(
                    "'{}' takes {expected} argument{plural}, not {}",
                    path.object,
                    call.arguments.len()
                ),
            )
            .hint(format!("it is {}({})", path.object, names.join(", "))));
        }
        let mut arguments = Vec::with_capacity(expected);
        for (argument, parameter) in call.arguments.iter().zip(&function.parameters) {
            match &argument.value {
                ArgumentValue::Expression(expr) if argument.name.is_none() => {
                    let bound = self.bind(expr)?;
                    arguments.push(self.coerce(bound, &parameter.data_type, expr.span)?);
                }
                _ => {
                    return Err(Diagnostic::validation(
                        argument.span,
                        format!("'{}' takes values, in the order of its parameters", path.object),
                    ));
                }
            }
        }
        Ok(arguments)
    }

    fn body(
        &mut self,
        function: &Arc<SqlFunction>,
        path: ObjectPath,
        arguments: Vec<Expr>,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        if self.within.contains(&path) {
            return Err(Diagnostic::validation(
                self.at(span),
                format!("function '{}' calls itself", path.object),
            )
            .hint("a function in SQL takes the place of its call, which would never end"));
        }
        if self.within.len() >= FUNCTIONS_NESTED_MAX {
            return Err(Diagnostic::validation(
                self.at(span),
                format!("functions call each other more than {FUNCTIONS_NESTED_MAX} deep"),
            ));
        }
        let place = self.at(span);
        let scope = Scope::of_columns(&function.parameters);
        let mut binder = ExprBinder::new(&scope, Some(place), "the body of a function");
        binder.budget = self.budget.clone();
        binder.database = self.database;
        binder.catalog = self.catalog;
        binder.within = self.within.clone();
        binder.within.push(path.clone());
        let body = sql::parse_expression(&function.body).and_then(|body| {
            let bound = binder.bind(&body)?;
            binder.coerce(bound, &function.returns, body.span)
        });
        // Faults in the body point at the call: its text is not the one at hand.
        let body = body.map_err(|fault| Diagnostic {
            message: format!("function '{}': {}", path.object, fault.message),
            span: Some(place),
            ..fault
        })?;
        let mut uses = vec![0_usize; arguments.len()];
        body.visit_columns(&mut |column| uses[column] += 1);
        for (argument, uses) in arguments.iter().zip(uses) {
            if uses > 1 && !argument.is_deterministic() {
                return Err(Diagnostic::validation(
                    place,
                    format!(
                        "'{}' uses an argument {uses} times that is another each time",
                        path.object
                    ),
                )
                .hint("compute the argument in a sub-query in FROM first"));
            }
            for _ in 1..uses {
                self.budget.duplicate(argument, place)?;
            }
        }
        Ok(substitute(body, &arguments))
    }
}
