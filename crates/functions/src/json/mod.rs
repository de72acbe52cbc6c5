//! Functions of JSON.
//!
//! JSON is text here, as in Flink. What a clause such as `NULL ON EMPTY` asks for comes as a literal argument behind
//! the written ones; the planner puts it there, and a type asked for by `RETURNING` as a NULL of that type.

mod construct;
mod exists;
mod is_json;
mod number;
mod path;
mod query;
mod raw;
mod scalar;
mod value;
mod variant;

use dataflow::{Argument, Error, SignatureError};

use crate::definition::Scalar;
use crate::kernel::Text;
use crate::signature::literal_text;
use path::{JsonPath, PathError};
pub(crate) use variant::part_of;

pub(crate) fn list() -> Vec<&'static Scalar> {
    [
        construct::LIST,
        exists::LIST,
        is_json::LIST,
        query::LIST,
        raw::LIST,
        scalar::LIST,
        variant::LIST,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The paths of a column: the one of the row before is kept, as paths seldom change.
struct Paths<'a> {
    texts: Text<'a>,
    last: Option<(&'a str, JsonPath)>,
}

impl<'a> Paths<'a> {
    fn new(texts: Text<'a>) -> Self {
        Paths { texts, last: None }
    }

    /// `None` if the path is NULL.
    fn get(&mut self, row: usize) -> Option<&JsonPath> {
        let text = self.texts.get(row)?;
        if self.last.as_ref().is_none_or(|(last, _)| *last != text) {
            self.last = Some((text, JsonPath::compile(text)));
        }
        self.last.as_ref().map(|(_, path)| path)
    }
}

/// Why a path gave no value, for ERROR ON ERROR.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    BrokenJson,
    Path(PathError),
    /// The path leads to a value of the wrong kind.
    Kind(&'static str),
    /// The value does not fit the type asked for.
    Conversion(String),
}

impl Fault {
    fn error(&self, function: &str) -> Error {
        let what = match self {
            Fault::BrokenJson => "this is no JSON".to_string(),
            Fault::Path(PathError::NotFound) => "the path leads nowhere in this JSON".to_string(),
            Fault::Path(PathError::Invalid(message)) => format!("this is no path: {message}"),
            Fault::Kind(wanted) => format!("the path leads to no {wanted}"),
            Fault::Conversion(message) => message.clone(),
        };
        Error::evaluation(format!("{function}: {what}"))
    }
}

/// What a clause asks for: a literal that the planner has put there.
fn clause(name: &str, arguments: &[Argument], index: usize) -> Result<String, SignatureError> {
    arguments
        .get(index)
        .and_then(literal_text)
        .ok_or_else(|| SignatureError::new(format!("{name} is missing what its clauses ask for")))
}
