//! What guards NOT NULL columns of sinks.

use dataflow::{Error, EvaluationContext, ScalarFunction, Value};

pub(crate) const NOT_NULL: &str = "NOT_NULL";

/// Hands its argument on, and fails on NULL.
#[derive(Debug)]
pub(super) struct NotNull {
    pub column: String,
}

impl ScalarFunction for NotNull {
    fn name(&self) -> &str {
        NOT_NULL
    }

    fn evaluate(&self, arguments: &[Value], rows: usize, _: &EvaluationContext) -> Result<Value, Error> {
        let value = &arguments[0];
        let nulls = match value {
            Value::Array(array) => array.null_count() > 0,
            Value::Constant(array) => rows > 0 && array.is_null(0),
        };
        if nulls {
            return Err(Error::evaluation(format!(
                "column '{}' is NOT NULL, but a NULL is written into it (set \
                 'table.exec.sink.not-null-enforcer' = 'DROP' to leave such rows out)",
                self.column
            )));
        }
        Ok(value.clone())
    }
}
