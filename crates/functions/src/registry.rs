//! Every function by its name.

use std::collections::HashMap;
use std::sync::LazyLock;

use dataflow::{FunctionDoc, FunctionKind};

use crate::aggregate as aggregates_of;
use crate::definition::{Aggregate, AggregateDefinition, Scalar, ScalarDefinition};
use crate::{bitmap, collection, json, math, operators, string, temporal};

/// The families. A new family is a line here.
fn scalars() -> Vec<&'static Scalar> {
    [
        bitmap::list(),
        collection::list(),
        operators::list(),
        json::list(),
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

static SCALARS: LazyLock<HashMap<&'static str, &'static Scalar>> = LazyLock::new(|| {
    scalars()
        .into_iter()
        .map(|scalar| (scalar.name, scalar))
        .collect()
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

/// The aggregate function of this name, in any case. A form that a clause asks for has a name of its own, such as
/// `ARRAY_AGG IGNORE NULLS`.
pub fn aggregate(name: &str) -> Option<&'static dyn AggregateDefinition> {
    let found = AGGREGATES.get(name.to_ascii_uppercase().as_str())?;
    Some(*found)
}

/// Whether a query may call the function of this name, in any case. Operators have names of their own, which nobody
/// writes.
pub fn is_callable(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let scalar = SCALARS.get(name.as_str());
    let aggregate = AGGREGATES.contains_key(name.as_str()) && !name.contains(' ');
    aggregate || scalar.is_some_and(|scalar| scalar.is_callable())
}

/// All functions, sorted by category and name.
pub fn catalogue() -> Vec<FunctionDoc> {
    let mut docs: Vec<FunctionDoc> = scalars()
        .into_iter()
        .map(ScalarDefinition::docs)
        .chain(aggregates().into_iter().map(AggregateDefinition::docs))
        .filter(|doc| doc.kind != FunctionKind::Aggregate || !doc.name.contains(' '))
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
    fn operators_are_not_called_by_their_names() {
        for name in [
            "+",
            "||",
            "IS NULL",
            "LIKE",
            "AND",
            "NEGATE",
            "ITEM",
            "FIELD",
            "BETWEEN TIMES",
            "ARRAY",
            "MAP",
            "IS JSON VALUE",
        ] {
            assert!(scalar(name).is_some() && !is_callable(name), "{name}");
        }
        for name in [
            "upper",
            "CURRENT_DATE",
            "COALESCE",
            "POSITION",
            "MOD",
            "PI",
            "COUNT",
            "$SUM0",
        ] {
            assert!(is_callable(name), "{name}");
        }
        let signs = |name: &str| {
            !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let words = [
            "NEGATE", "ITEM", "FIELD", "ARRAY", "MAP", "NOT", "AND", "OR", "IN", "LIKE", "OVERLAPS",
        ];
        for scalar in scalars() {
            let operator = signs(scalar.name) || words.contains(&scalar.name);
            assert_eq!(scalar.is_callable(), !operator, "{}", scalar.name);
        }
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
