//! Where the binder meets the library of functions: signatures become calls, faults become diagnostics.

use dataflow::{Argument, BoundAggregate, BoundScalar, SignatureError};
use functions::CastMode;
use graph::Expr;
use model::{DataType, Diagnostic, Span, TypeKind};

use super::expression::ExprBinder;
use super::literal;

impl ExprBinder<'_> {
    /// A call of the scalar function or operator `name`, its arguments cast to what its signature asks for.
    pub fn call(&mut self, name: &str, arguments: Vec<Expr>, span: Span) -> Result<Expr, Diagnostic> {
        let spans = vec![span; arguments.len()];
        self.call_at(name, arguments, &spans, span)
    }

    /// As [`ExprBinder::call`], where each argument has a place of its own.
    pub fn call_at(
        &mut self,
        name: &str,
        arguments: Vec<Expr>,
        spans: &[Span],
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        let Some(function) = functions::scalar(name) else {
            let message = format!("function '{name}' is not supported yet by the embedded engine");
            return Err(Diagnostic::validation(span, message));
        };
        let described: Vec<Argument> = arguments.iter().map(describe).collect();
        let bound = function
            .bind(&described)
            .map_err(|error| signature_diagnostic(error, spans, span))?;
        let mut cast = Vec::with_capacity(arguments.len());
        for ((argument, to), place) in arguments.into_iter().zip(&bound.arguments).zip(spans) {
            cast.push(self.coerce(argument, to, *place)?);
        }
        Ok(Expr::Call {
            function: bound.function,
            arguments: cast,
            data_type: bound.result,
            span: self.at(span),
        })
    }

    /// An implicit cast, left out where the types agree but for nullability.
    pub fn coerce(&mut self, operand: Expr, to: &DataType, span: Span) -> Result<Expr, Diagnostic> {
        self.cast(operand, to, CastMode::Implicit, span)
    }

    /// CAST and TRY_CAST.
    pub fn explicit_cast(
        &mut self,
        operand: Expr,
        to: &DataType,
        is_try: bool,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        let nullable = operand.data_type().nullable || is_try;
        let to = to.clone().with_nullable(nullable);
        let mode = if is_try { CastMode::Try } else { CastMode::Explicit };
        self.cast(operand, &to, mode, span)
    }

    fn cast(&mut self, operand: Expr, to: &DataType, mode: CastMode, span: Span) -> Result<Expr, Diagnostic> {
        cast(operand, to, mode, span, self.at(span))
    }
}

/// `place` is where errors at run time point.
pub(crate) fn cast(
    operand: Expr,
    to: &DataType,
    mode: CastMode,
    span: Span,
    place: Span,
) -> Result<Expr, Diagnostic> {
    let from = operand.data_type();
    if from.kind == TypeKind::Null {
        return Ok(literal::null(to.clone()));
    }
    if from.same_kind(to) || (mode == CastMode::Implicit && fits(&from.kind, &to.kind)) {
        return Ok(operand);
    }
    let BoundScalar { function, result, .. } =
        functions::cast(&from, to, mode).map_err(|error| signature_diagnostic(error, &[span], span))?;
    Ok(Expr::Call {
        function,
        arguments: vec![operand],
        data_type: result,
        span: place,
    })
}

/// A cast that is made even where the types agree, so that texts get the length their type says.
pub(crate) fn cast_always(operand: Expr, to: &DataType, place: Span) -> Result<Expr, Diagnostic> {
    let from = operand.data_type();
    let unbounded = if to.kind.is_binary() {
        TypeKind::BYTES
    } else {
        TypeKind::STRING
    };
    let unbounded = unbounded.nullable().with_nullable(from.nullable);
    let bound = functions::cast(&unbounded, to, CastMode::Explicit)
        .map_err(|error| signature_diagnostic(error, &[place], place))?;
    Ok(Expr::Call {
        function: bound.function,
        arguments: vec![operand],
        data_type: bound.result,
        span: place,
    })
}

/// A string needs no cast to a wider VARCHAR: both are held alike.
fn fits(from: &TypeKind, to: &TypeKind) -> bool {
    match (from, to) {
        (TypeKind::Char(n) | TypeKind::Varchar(n), TypeKind::Varchar(m)) => n <= m,
        (TypeKind::Binary(n) | TypeKind::Varbinary(n), TypeKind::Varbinary(m)) => n <= m,
        _ => false,
    }
}

pub(crate) fn is_aggregate(name: &str) -> bool {
    functions::aggregate(name).is_some() && functions::is_callable(name)
}

pub(crate) fn bind_aggregate(
    name: &str,
    arguments: &[Expr],
    distinct: bool,
    spans: &[Span],
    span: Span,
) -> Result<BoundAggregate, Diagnostic> {
    let Some(function) = functions::aggregate(name) else {
        let message = format!("aggregate function '{name}' is not supported yet by the embedded engine");
        return Err(Diagnostic::validation(span, message));
    };
    let described: Vec<Argument> = arguments.iter().map(describe).collect();
    function
        .bind(&described, distinct)
        .map_err(|error| signature_diagnostic(error, spans, span))
}

fn describe(argument: &Expr) -> Argument {
    let literal = match argument {
        Expr::Literal { value, .. } => Some(value.clone()),
        _ => None,
    };
    Argument {
        data_type: argument.data_type(),
        literal,
    }
}

fn signature_diagnostic(error: SignatureError, spans: &[Span], span: Span) -> Diagnostic {
    let place = error
        .argument
        .and_then(|index| spans.get(index))
        .copied()
        .unwrap_or(span);
    Diagnostic::validation(place, error.message).maybe_hint(error.hint)
}
