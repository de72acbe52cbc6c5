//! Every function by its name.

use std::collections::HashMap;
use std::sync::LazyLock;

use dataflow::FunctionDoc;

use crate::aggregate as aggregates_of;
use crate::definition::{Aggregate, AggregateDefinition, Scalar, ScalarDefinition};
use crate::{collection, math, operators, string, temporal};

/// The families. A new family is a line here.
fn scalars() -> Vec<&'static Scalar> {
    [
        collection::list(),
        operators::list(),
        math::list(),
        string::list(),
        temporal::list(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn aggregates() -> Vec<&'static Aggregate> {
    aggregates_of::list()
}

/// Other names of the same function.
const ALIASES: &[(&str, &str)] = &[];

static SCALARS: LazyLock<HashMap<&'static str, &'static Scalar>> = LazyLock::new(|| {
    let mut map: HashMap<&'static str, &'static Scalar> = scalars()
        .into_iter()
        .map(|scalar| (scalar.name, scalar))
        .collect();
    for (alias, name) in ALIASES {
        if let Some(scalar) = map.get(name).copied() {
            map.insert(alias, scalar);
        }
    }
    map
});

static AGGREGATES: LazyLock<HashMap<&'static str, &'static Aggregate>> = LazyLock::new(|| {
    aggregates()
        .into_iter()
        .map(|aggregate| (aggregate.name, aggregate))
        .collect()
});

/// The scalar function or operator of this name, in any case.
pub fn scalar(name: &str) -> Option<&'static dyn ScalarDefinition> {
    let found = SCALARS.get(name.to_ascii_uppercase().as_str())?;
    Some(*found)
}

/// The aggregate function of this name, in any case.
pub fn aggregate(name: &str) -> Option<&'static dyn AggregateDefinition> {
    let found = AGGREGATES.get(name.to_ascii_uppercase().as_str())?;
    Some(*found)
}

/// All functions, sorted by category and name.
pub fn catalogue() -> Vec<FunctionDoc> {
    let mut docs: Vec<FunctionDoc> = scalars()
        .into_iter()
        .map(ScalarDefinition::docs)
        .chain(aggregates().into_iter().map(AggregateDefinition::docs))
        .collect();
    docs.sort_by_key(|doc| (doc.category, doc.name));
    docs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_stand_once() {
        assert!(scalar("+").is_some());
        assert!(scalar("is null").is_some());
        assert!(aggregate("count").is_some());
        assert!(scalar("NO_SUCH_FUNCTION").is_none());
        let mut names: Vec<&str> = scalars().iter().map(|scalar| scalar.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_function_is_documented() {
        for doc in catalogue() {
            assert!(!doc.signatures.is_empty(), "{}", doc.name);
            assert!(doc.doc.ends_with('.'), "{}", doc.name);
            assert!(!doc.example.0.is_empty(), "{}", doc.name);
        }
    }
}
