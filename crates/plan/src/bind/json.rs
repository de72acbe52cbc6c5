//! The functions of JSON: what their clauses ask for becomes arguments.
//!
//! A clause is a text, `NULL` of `NULL ON EMPTY`; the type behind RETURNING is a NULL of that type. JSON_OBJECT and
//! JSON_ARRAY are told in front which of their values are JSON already: those that another such call makes.

use graph::Expr;
use model::{DataType, Diagnostic, Span, TypeKind};
use sql::ast::{self, ExprKind, FunctionCall, JsonBehavior, JsonClauses, JsonWrapper};

use super::expression::ExprBinder;
use super::literal;

/// Functions whose result is JSON already where another one takes it in.
const MAKERS: &[&str] = &["JSON_OBJECT", "JSON_ARRAY", "JSON"];

impl ExprBinder<'_> {
    /// Adds what the clauses ask for, or its default, to the arguments of a function of JSON.
    pub fn json_arguments(
        &mut self,
        name: &str,
        call: &FunctionCall,
        arguments: &mut Vec<Expr>,
        spans: &mut Vec<Span>,
    ) -> Result<(), Diagnostic> {
        let clauses = call.json.clone().unwrap_or_default();
        match name {
            "JSON_EXISTS" => arguments.push(behavior(clauses.on_error.as_ref(), "FALSE")),
            "JSON_VALUE" => {
                let returning = returning(&clauses);
                arguments.push(literal::null(returning.clone()));
                for clause in [&clauses.on_empty, &clauses.on_error] {
                    arguments.push(behavior(clause.as_ref(), "NULL"));
                    arguments.push(match clause {
                        Some(JsonBehavior::Default(value)) => self.json_default(value, &returning)?,
                        _ => literal::null(returning.clone()),
                    });
                }
            }
            "JSON_QUERY" => {
                arguments.push(literal::null(returning(&clauses)));
                arguments.push(literal::string(match clauses.wrapper {
                    None | Some(JsonWrapper::Without) => "WITHOUT",
                    Some(JsonWrapper::WithConditional) => "CONDITIONAL",
                    Some(JsonWrapper::WithUnconditional) => "UNCONDITIONAL",
                }));
                arguments.push(behavior(clauses.on_empty.as_ref(), "NULL"));
                arguments.push(behavior(clauses.on_error.as_ref(), "NULL"));
            }
            "JSON_OBJECT" | "JSON_ARRAY" => {
                if name == "JSON_OBJECT"
                    && let Some(place) = arguments.iter().step_by(2).position(literal::is_null_literal)
                {
                    let message = "the name of a field of JSON_OBJECT cannot be NULL";
                    return Err(Diagnostic::validation(spans[2 * place], message));
                }
                let nulls = clauses.null_on_null.unwrap_or(name == "JSON_OBJECT");
                let marks: String = arguments
                    .iter()
                    .map(|argument| if is_json(argument) { 'j' } else { '-' })
                    .collect();
                let added = [
                    literal::string(if nulls { "NULL" } else { "ABSENT" }),
                    literal::string(&marks),
                ];
                arguments.splice(0..0, added);
                spans.splice(0..0, [call.span; 2]);
                return Ok(());
            }
            _ => return Ok(()),
        }
        spans.resize(arguments.len(), call.span);
        Ok(())
    }

    /// A truth value as text is written as Java does, in small letters.
    fn json_default(&mut self, value: &ast::Expr, returning: &DataType) -> Result<Expr, Diagnostic> {
        let bound = self.bind(value)?;
        if !returning.kind.is_string() || bound.data_type().kind != TypeKind::Boolean {
            return Ok(bound);
        }
        let text = self.explicit_cast(bound, &TypeKind::STRING.nullable(), false, value.span)?;
        self.call("LOWER", vec![text], value.span)
    }
}

/// Whether this is `JSON(...)`.
pub(super) fn is_call(expr: &ast::Expr) -> bool {
    let ExprKind::Function(call) = &expr.kind else {
        return false;
    };
    matches!(call.name.parts.as_slice(), [only] if only.name.eq_ignore_ascii_case("JSON"))
}

fn is_json(argument: &Expr) -> bool {
    matches!(argument, Expr::Call { function, .. } if MAKERS.contains(&function.name()))
}

fn returning(clauses: &JsonClauses) -> DataType {
    match &clauses.returning {
        Some(returning) => returning.data_type.clone().with_nullable(true),
        None => TypeKind::STRING.nullable(),
    }
}

fn behavior(behavior: Option<&JsonBehavior>, default: &str) -> Expr {
    literal::string(match behavior {
        None => default,
        Some(JsonBehavior::Null) => "NULL",
        Some(JsonBehavior::Error) => "ERROR",
        Some(JsonBehavior::True) => "TRUE",
        Some(JsonBehavior::False) => "FALSE",
        Some(JsonBehavior::Unknown) => "UNKNOWN",
        Some(JsonBehavior::EmptyArray) => "EMPTY ARRAY",
        Some(JsonBehavior::EmptyObject) => "EMPTY OBJECT",
        Some(JsonBehavior::Default(_)) => "DEFAULT",
    })
}
