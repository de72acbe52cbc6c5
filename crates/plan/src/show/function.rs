//! SHOW CREATE FUNCTION and DESCRIBE FUNCTION.

use model::Diagnostic;
use sql::ast::ObjectName;

use super::one_text;
use super::rows::{Cell, Rows};
use crate::bind;
use crate::catalog::{ObjectPath, SqlFunction};
use crate::ddl::check_parts;
use crate::session::{Outcome, Session};

pub fn create(session: &Session, name: &ObjectName) -> Result<Outcome, Diagnostic> {
    let (path, function) = found(session, name)?;
    let temporary = session.catalog.is_temporary_function(&path);
    Ok(one_text(function.statement(&path, temporary)))
}

/// What there is to know of a function, a row each; how it computes only if that is asked for.
pub fn describe(session: &Session, name: &ObjectName, extended: bool) -> Result<Outcome, Diagnostic> {
    let mut rows = Rows::new(&["info name", "info value"]);
    let mut row = |name: &str, value: String| rows.push(vec![Cell::text(name), Cell::text(value)]);
    if let [only] = name.parts.as_slice()
        && bind::is_built_in(&only.name)
    {
        row("is system function", "true".to_string());
        row("is temporary", "false".to_string());
        if extended {
            let upper = only.name.to_ascii_uppercase();
            let catalogue = functions::catalogue();
            let doc = catalogue.iter().find(|doc| doc.name == upper);
            for signature in doc.into_iter().flat_map(|doc| doc.signatures) {
                row("signature", signature.to_string());
            }
        }
        return Ok(rows.finish());
    }
    let (path, function) = found(session, name)?;
    row("is system function", "false".to_string());
    row(
        "is temporary",
        session.catalog.is_temporary_function(&path).to_string(),
    );
    row("function language", "SQL".to_string());
    if extended {
        let parameters: Vec<String> = function
            .parameters
            .iter()
            .map(|field| format!("{} {}", field.name, field.data_type.kind))
            .collect();
        row("signature", format!("{}({})", path.object, parameters.join(", ")));
        row("return type", function.returns.kind.to_string());
        row("body", function.body.clone());
    }
    Ok(rows.finish())
}

fn found<'a>(session: &'a Session, name: &ObjectName) -> Result<(ObjectPath, &'a SqlFunction), Diagnostic> {
    check_parts(name)?;
    if let [only] = name.parts.as_slice()
        && bind::is_built_in(&only.name)
    {
        return Err(
            Diagnostic::validation(name.span, format!("'{}' is built in", only.name))
                .hint("no statement makes it; DESCRIBE FUNCTION EXTENDED tells of it"),
        );
    }
    let path = session.catalog.function_path(name);
    match session.catalog.function(&path) {
        Some(function) => Ok((path, function)),
        None => Err(session.catalog.function_not_found(&path).or_at(name.span)),
    }
}
