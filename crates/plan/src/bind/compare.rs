//! Comparisons and the casts that Flink puts around their operands.
//!
//! Equality of a number and a string is refused, as Flink refuses it, while an order between them compares
//! numbers. A string beside a date, a time or a timestamp is read as one.

use graph::Expr;
use model::{DataType, Diagnostic, Span, TypeKind};
use sql::ast::{self, ExprKind};

use super::expression::{ExprBinder, and, or};
use super::literal;
use super::types::{common_of_two, common_type};

impl ExprBinder<'_> {
    /// `name` is one of `=`, `<>`, `<`, `<=`, `>`, `>=`, `IS DISTINCT FROM`, `IS NOT DISTINCT FROM`.
    pub fn compare(&mut self, name: &str, left: Expr, right: Expr, span: Span) -> Result<Expr, Diagnostic> {
        let (left, right) = self.comparable(name, left, right, span)?;
        if !name.starts_with("IS") && (literal::is_null_literal(&left) || literal::is_null_literal(&right)) {
            return Ok(literal::null(TypeKind::Boolean.nullable()));
        }
        self.call(name, vec![left, right], span)
    }

    /// Both operands in types that compare.
    fn comparable(
        &mut self,
        name: &str,
        left: Expr,
        right: Expr,
        span: Span,
    ) -> Result<(Expr, Expr), Diagnostic> {
        use TypeKind::*;
        let (l, r) = (left.data_type(), right.data_type());
        let target = match (&l.kind, &r.kind) {
            (Null, Null) => Some(Boolean),
            (Null, other) | (other, Null) => Some(other.clone()),
            (a, b) if a.is_string() && b.is_string() => None,
            (a, b) if a.is_string() && b.is_numeric() => Some(order_type(name, b, &l, &r, span)?),
            (a, b) if a.is_numeric() && b.is_string() => Some(order_type(name, a, &l, &r, span)?),
            (a, other) | (other, a) if a.is_string() && (other.is_datetime() || *other == Boolean) => {
                Some(other.clone())
            }
            (Timestamp(p), TimestampLtz(q)) | (TimestampLtz(q), Timestamp(p)) => {
                Some(TimestampLtz(*p.max(q)))
            }
            (Date, Timestamp(_) | TimestampLtz(_)) | (Timestamp(_) | TimestampLtz(_), Date) => {
                return Err(not_comparable(name, &l, &r, span).hint("CAST the date to TIMESTAMP(3)"));
            }
            // What mixes further is known best by the function itself.
            _ if common_of_two(&l, &r).is_some() => None,
            _ => {
                return Err(not_comparable(name, &l, &r, span).hint("CAST one side to the type of the other"));
            }
        };
        match target {
            None => Ok((left, right)),
            Some(kind) => {
                let left_type = kind.clone().nullable().with_nullable(l.nullable);
                let right_type = kind.nullable().with_nullable(r.nullable);
                Ok((
                    self.cast_for_comparison(left, &left_type, span)?,
                    self.cast_for_comparison(right, &right_type, span)?,
                ))
            }
        }
    }

    /// Strings become dates and numbers here, which no implicit cast does.
    fn cast_for_comparison(&mut self, operand: Expr, to: &DataType, span: Span) -> Result<Expr, Diagnostic> {
        let from = operand.data_type();
        if from.same_kind(to) {
            return Ok(operand);
        }
        if from.kind.is_string() || to.kind.is_timestamp() {
            return self.explicit_cast(operand, to, false, span);
        }
        self.coerce(operand, to, span)
    }

    pub fn between(
        &mut self,
        operand: Expr,
        low: Expr,
        high: Expr,
        symmetric: bool,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        if !symmetric {
            return self.within(operand, low, high, span);
        }
        let copies = (self.duplicate(&low, span)?, self.duplicate(&high, span)?);
        let inside = self.within(self.duplicate(&operand, span)?, copies.0, copies.1, span)?;
        Ok(or(vec![inside, self.within(operand, high, low, span)?]))
    }

    fn within(&mut self, operand: Expr, low: Expr, high: Expr, span: Span) -> Result<Expr, Diagnostic> {
        let copy = self.duplicate(&operand, span)?;
        Ok(and(vec![
            self.compare(">=", copy, low, span)?,
            self.compare("<=", operand, high, span)?,
        ]))
    }

    pub fn in_list(
        &mut self,
        operand: &ast::Expr,
        list: &[ast::Expr],
        negated: bool,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        if let ExprKind::Row { fields, .. } = &operand.kind {
            let mut found = Vec::with_capacity(list.len());
            for item in list {
                let ExprKind::Row { fields: others, .. } = &item.kind else {
                    return Err(Diagnostic::validation(item.span, "a row is expected here")
                        .hint(format!("write {} values in parentheses", fields.len())));
                };
                found.push(self.rows_equal(fields, others, item.span)?);
            }
            let found = or(found);
            return if negated { self.not(found, span) } else { Ok(found) };
        }
        let operand = self.bind(operand)?;
        let data_type = operand.data_type();
        let mut arguments = vec![operand];
        let mut spans = vec![span];
        for item in list {
            let value = self.bind(item)?;
            arguments.push(self.list_value(value, &data_type, item.span)?);
            spans.push(item.span);
        }
        let untyped = |argument: &Expr| argument.data_type().kind == TypeKind::Null;
        if untyped(&arguments[0]) || arguments[1..].iter().all(untyped) {
            return Ok(literal::null(TypeKind::Boolean.nullable()));
        }
        self.call_at(if negated { "NOT IN" } else { "IN" }, arguments, &spans, span)
    }

    /// As Flink does, a value of another type than the operand's is cast to it, whatever gets lost on the way.
    fn list_value(&mut self, value: Expr, operand: &DataType, span: Span) -> Result<Expr, Diagnostic> {
        let from = value.data_type();
        let same_root = std::mem::discriminant(&from.kind) == std::mem::discriminant(&operand.kind)
            || (from.kind.is_string() && operand.kind.is_string());
        let mixes = |kind: &TypeKind| kind.is_numeric() || kind.is_string() || kind.is_datetime();
        if same_root || from.kind == TypeKind::Null || operand.kind == TypeKind::Null {
            return Ok(value);
        }
        if !mixes(&from.kind) || !mixes(&operand.kind) {
            return Ok(value);
        }
        let to = operand.clone().with_nullable(from.nullable);
        self.explicit_cast(value, &to, false, span)
    }

    /// Comparisons between two rows written out, field by field.
    pub fn row_comparison(
        &mut self,
        name: &str,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Result<Option<Expr>, Diagnostic> {
        let (ExprKind::Row { fields, .. }, ExprKind::Row { fields: others, .. }) = (&left.kind, &right.kind)
        else {
            return Ok(None);
        };
        match name {
            "=" => Ok(Some(self.rows_equal(fields, others, span)?)),
            "<>" => {
                let equal = self.rows_equal(fields, others, span)?;
                Ok(Some(self.not(equal, span)?))
            }
            _ => Err(
                Diagnostic::validation(span, format!("rows cannot be compared with '{name}'"))
                    .hint("compare their fields one by one"),
            ),
        }
    }

    fn rows_equal(
        &mut self,
        left: &[ast::Expr],
        right: &[ast::Expr],
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        if left.len() != right.len() {
            let message = format!(
                "rows of {} and of {} fields cannot be compared",
                left.len(),
                right.len()
            );
            return Err(Diagnostic::validation(span, message));
        }
        let mut equal = Vec::with_capacity(left.len());
        for (left, right) in left.iter().zip(right) {
            let (left, right) = (self.bind(left)?, self.bind(right)?);
            equal.push(self.compare("=", left, right, span)?);
        }
        Ok(and(equal))
    }
}

/// The numbers that a string and a number of this type are compared as.
fn order_type(
    name: &str,
    number: &TypeKind,
    left: &DataType,
    right: &DataType,
    span: Span,
) -> Result<TypeKind, Diagnostic> {
    if matches!(name, "=" | "<>") || name.starts_with("IS") {
        let message = format!(
            "'{name}' between {} and {} is not supported",
            left.kind, right.kind
        );
        return Err(Diagnostic::validation(span, message)
            .hint("there is no implicit conversion between numbers and strings: CAST one side"));
    }
    let bigint = TypeKind::BigInt.not_null();
    Ok(match number {
        TypeKind::Float | TypeKind::Double => TypeKind::Double,
        decimal @ TypeKind::Decimal { .. } => {
            common_type([&bigint, &decimal.clone().not_null()]).map_or(TypeKind::Double, |common| common.kind)
        }
        _ => TypeKind::BigInt,
    })
}

fn not_comparable(name: &str, left: &DataType, right: &DataType, span: Span) -> Diagnostic {
    let message = format!("'{name}' cannot be applied to {} and {}", left.kind, right.kind);
    Diagnostic::validation(span, message)
}
