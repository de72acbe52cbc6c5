//! What the registry holds: a function's documentation and how it is bound to arguments.

use dataflow::{Argument, BoundAggregate, BoundScalar, FunctionDoc, FunctionKind, SignatureError};

/// A scalar function or operator before its argument types are known.
pub trait ScalarDefinition: Send + Sync {
    fn docs(&self) -> FunctionDoc;

    /// Chooses the implementation for these arguments.
    fn bind(&self, arguments: &[Argument]) -> Result<BoundScalar, SignatureError>;
}

/// An aggregate function before its argument types are known.
pub trait AggregateDefinition: Send + Sync {
    fn docs(&self) -> FunctionDoc;

    /// `COUNT(*)` is `COUNT` without arguments.
    fn bind(&self, arguments: &[Argument], distinct: bool) -> Result<BoundAggregate, SignatureError>;
}

/// One line of a family's list.
pub(crate) struct Scalar {
    pub name: &'static str,
    pub signatures: &'static [&'static str],
    pub doc: &'static str,
    pub example: (&'static str, &'static str),
    pub category: &'static str,
    pub bind: fn(&[Argument]) -> Result<BoundScalar, SignatureError>,
}

/// Binds nothing: the planner writes the function out as CASE, AND, OR and comparisons, so that only what is needed is
/// computed. Its documentation is all that is here.
pub(crate) fn written_out(_: &[Argument]) -> Result<BoundScalar, SignatureError> {
    Err(SignatureError::new(
        "this is written out as other expressions where a query is bound",
    ))
}

impl Scalar {
    /// Whether one of its forms is the call of its name.
    pub fn is_callable(&self) -> bool {
        let forms = self
            .signatures
            .iter()
            .filter_map(|form| form.strip_prefix(self.name));
        forms
            .into_iter()
            .any(|rest| rest.is_empty() || rest.starts_with('('))
    }
}

impl ScalarDefinition for Scalar {
    fn docs(&self) -> FunctionDoc {
        FunctionDoc {
            name: self.name,
            kind: FunctionKind::Scalar,
            signatures: self.signatures,
            doc: self.doc,
            example: self.example,
            category: self.category,
        }
    }

    fn bind(&self, arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
        (self.bind)(arguments).map_err(|error| with_signatures(error, self.signatures))
    }
}

pub(crate) struct Aggregate {
    pub name: &'static str,
    pub signatures: &'static [&'static str],
    pub doc: &'static str,
    pub example: (&'static str, &'static str),
    pub bind: fn(&[Argument], bool) -> Result<BoundAggregate, SignatureError>,
}

impl AggregateDefinition for Aggregate {
    fn docs(&self) -> FunctionDoc {
        FunctionDoc {
            name: self.name,
            kind: FunctionKind::Aggregate,
            signatures: self.signatures,
            doc: self.doc,
            example: self.example,
            category: "aggregate",
        }
    }

    fn bind(&self, arguments: &[Argument], distinct: bool) -> Result<BoundAggregate, SignatureError> {
        (self.bind)(arguments, distinct).map_err(|error| with_signatures(error, self.signatures))
    }
}

/// A person who called a function wrongly is told how it is called.
fn with_signatures(mut error: SignatureError, signatures: &[&str]) -> SignatureError {
    if error.hint.is_none() && !signatures.is_empty() {
        error.hint = Some(format!("write {}", signatures.join(" or ")));
    }
    error
}
