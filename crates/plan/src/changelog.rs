//! What kinds of rows operators emit, and which columns identify a row.
//!
//! Everything planned so far only inserts; the inference stands here so that operators that update have a place
//! to say so.

use graph::{Expr, Node, Operator, WindowProperty};
use model::ChangelogMode;

/// The kinds of rows of an operator over these inputs.
pub(crate) fn mode_of(operator: &Operator, inputs: &[&Node]) -> ChangelogMode {
    match operator {
        Operator::Source(_) | Operator::Values { .. } => ChangelogMode::INSERT_ONLY,
        // A window gives each result once.
        Operator::LocalWindowAggregate { .. } | Operator::GlobalWindowAggregate { .. } => {
            ChangelogMode::INSERT_ONLY
        }
        Operator::Calc { .. }
        | Operator::WindowTable { .. }
        | Operator::Union
        | Operator::NotNullEnforcer { .. }
        | Operator::Sink(_) => inputs
            .iter()
            .map(|input| input.changelog)
            .reduce(ChangelogMode::union)
            .unwrap_or(ChangelogMode::INSERT_ONLY),
    }
}

/// Sets of columns that identify a row of the operator's result.
pub(crate) fn upsert_keys_of(operator: &Operator, inputs: &[&Node]) -> Vec<Vec<usize>> {
    match operator {
        Operator::GlobalWindowAggregate {
            keys,
            aggregates,
            properties,
            ..
        } => {
            let bounds: Vec<usize> = properties
                .iter()
                .enumerate()
                .filter(|(_, property)| matches!(property, WindowProperty::Start | WindowProperty::End))
                .map(|(position, _)| keys + aggregates.len() + position)
                .collect();
            let ends = properties.contains(&WindowProperty::End);
            if !ends {
                return Vec::new();
            }
            vec![(0..*keys).chain(bounds).collect()]
        }
        Operator::Calc { expressions, .. } => {
            let place_of = |column: &usize| {
                expressions.iter().position(
                    |expression| matches!(expression, Expr::Column { index, .. } if index == column),
                )
            };
            inputs
                .iter()
                .flat_map(|input| &input.upsert_keys)
                .filter_map(|key| key.iter().map(place_of).collect())
                .collect()
        }
        Operator::NotNullEnforcer { .. } => inputs
            .iter()
            .flat_map(|input| input.upsert_keys.clone())
            .collect(),
        _ => Vec::new(),
    }
}
