//! `CREATE FUNCTION` and `DROP FUNCTION`: functions that are written in SQL.

use std::collections::HashSet;

use model::{DataType, Diagnostic, Field};
use sql::ast::{self, CreateFunction, ExprKind, FunctionBody, ObjectName};

use super::check_parts;
use crate::bind;
use crate::catalog::{CatalogStore, ObjectPath, SqlFunction};
use crate::session::{Outcome, Session};

pub fn create(session: &mut Session, text: &str, create: &CreateFunction) -> Result<Outcome, Diagnostic> {
    let name = &create.name;
    let body = match &create.body {
        FunctionBody::Sql(body) => body,
        FunctionBody::Class { .. } => {
            return Err(Diagnostic::validation(
                name.span,
                "Java and Python functions run on Flink, not on the embedded engine",
            )
            .hint(
                "write it in SQL: CREATE FUNCTION f(x INT) RETURNS INT RETURN x + 1; use a built-in function (SHOW \
                 FUNCTIONS lists them), or deploy this job to a Flink cluster",
            ));
        }
    };
    check_parts(name)?;
    if create.system {
        return Err(Diagnostic::validation(
            name.span,
            "a function in SQL belongs to a database, not to the system",
        )
        .hint("write CREATE TEMPORARY FUNCTION"));
    }
    if name.parts.len() == 1 && bind::is_built_in(&name.parts[0].name) {
        let message = format!("there is a built-in function '{}'", name.parts[0].name);
        return Err(Diagnostic::validation(name.span, message).hint("give yours another name"));
    }
    let mut names = HashSet::new();
    let mut parameters = Vec::with_capacity(body.parameters.len());
    for (parameter, data_type) in &body.parameters {
        if !names.insert(&parameter.name) {
            let message = format!("two parameters have the name '{}'", parameter.name);
            return Err(Diagnostic::validation(parameter.span, message));
        }
        parameters.push(Field::new(&parameter.name, nullable(&data_type.data_type)));
    }
    let path = session.catalog.function_path(name);
    let function = SqlFunction {
        parameters,
        returns: nullable(&body.returns.data_type),
        body: complete_names(&body.expression, text, &session.catalog),
    };
    bind::check_function(&function, &body.expression, &path, &session.environment())?;
    session
        .catalog
        .create_function(path, function, create.temporary, create.if_not_exists)
        .map_err(|fault| fault.or_at(name.span))?;
    Ok(Outcome::done("function created"))
}

pub fn drop(
    session: &mut Session,
    name: &ObjectName,
    temporary: bool,
    system: bool,
    if_exists: bool,
) -> Result<Outcome, Diagnostic> {
    check_parts(name)?;
    if system {
        return if if_exists {
            Ok(Outcome::done("no such function"))
        } else {
            Err(Diagnostic::validation(
                name.span,
                "there are no system functions of users",
            ))
        };
    }
    let path: ObjectPath = session.catalog.function_path(name);
    session
        .catalog
        .drop_function(&path, temporary, if_exists)
        .map_err(|fault| fault.or_at(name.span))?;
    Ok(Outcome::done("function dropped"))
}

/// Values may always be NULL: a function says nothing of that.
fn nullable(data_type: &DataType) -> DataType {
    data_type.clone().with_nullable(true)
}

/// The text of an expression in which the names of functions in SQL are complete.
fn complete_names(expression: &ast::Expr, text: &str, catalog: &CatalogStore) -> String {
    let mut edits = Vec::new();
    bind::visit(expression, &mut |expr| {
        if let ExprKind::Function(call) = &expr.kind
            && let Some(path) = bind::function_called(&call.name, catalog)
        {
            edits.push((call.name.span, super::expand::complete(&path)));
        }
    });
    super::expand::edited(expression.span, text, edits)
}
