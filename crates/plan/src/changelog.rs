//! What kinds of rows operators emit, and which columns identify a row.
//!
//! The kinds are those of Flink's `FlinkChangelogModeInferenceProgram`. Nodes are made bottom-up as if everybody had to
//! hear what a row was before an update; [`leave_out_before`] then goes top-down and spares those the work whose readers
//! all get along without.

use graph::{Expr, Graph, Node, Operator, WindowProperty};
use model::ChangelogMode;

/// The kinds of rows of an operator over these inputs.
pub(crate) fn mode_of(operator: &Operator, inputs: &[&Node]) -> ChangelogMode {
    match operator {
        Operator::Source(_) | Operator::Values { .. } => ChangelogMode::INSERT_ONLY,
        // A window gives each result once.
        Operator::LocalWindowAggregate { .. } | Operator::GlobalWindowAggregate { .. } => {
            ChangelogMode::INSERT_ONLY
        }
        Operator::GroupAggregate { .. } => group_aggregate_mode(inputs),
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

/// Takes `-U` from the nodes of which no reader needs it.
pub(crate) fn leave_out_before(graph: &mut Graph) {
    // Whoever reads a query that has no sink yet is to see everything.
    let mut needed = vec![true; graph.nodes.len()];
    for node in &graph.nodes {
        node.inputs.iter().for_each(|input| needed[input.node] = false);
    }
    for id in (0..graph.nodes.len()).rev() {
        let node = &graph.nodes[id];
        let needs = needs_before(graph, node, needed[id]);
        for input in &node.inputs {
            needed[input.node] |= needs;
        }
    }
    for (id, is_needed) in needed.into_iter().enumerate() {
        let node = &graph.nodes[id];
        let may_leave_out = match &node.operator {
            Operator::GroupAggregate { .. } => true,
            // These hand on what comes.
            Operator::Calc { .. }
            | Operator::WindowTable { .. }
            | Operator::Union
            | Operator::NotNullEnforcer { .. }
            | Operator::Sink(_) => {
                let inputs = node.inputs.iter().map(|input| &graph.nodes[input.node]);
                !inputs.clone().any(|input| input.changelog.update_before)
            }
            _ => false,
        };
        if may_leave_out && !is_needed {
            graph.nodes[id].changelog.update_before = false;
        }
    }
}

/// Whether a node must be told what a row was before an update, to send what its own readers need.
fn needs_before(graph: &Graph, node: &Node, is_needed: bool) -> bool {
    match &node.operator {
        Operator::Sink(sink) => {
            let given = node.inputs.iter().map(|input| graph.nodes[input.node].changelog);
            let given = given
                .reduce(ChangelogMode::union)
                .unwrap_or(ChangelogMode::INSERT_ONLY);
            sink.sink.changelog_mode(given).update_before
        }
        // An update that makes the condition false must still take away what the row was.
        Operator::Calc { filter, .. } => is_needed || filter.is_some(),
        Operator::Union | Operator::NotNullEnforcer { .. } => is_needed,
        _ => true,
    }
}

/// Results change with every row; they go away with the last row of their key, where rows can go away.
fn group_aggregate_mode(inputs: &[&Node]) -> ChangelogMode {
    let takes_back = inputs.iter().any(|input| !input.changelog.is_insert_only());
    ChangelogMode {
        delete: takes_back,
        ..ChangelogMode::ALL
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
        Operator::GroupAggregate { keys, .. } => vec![(0..keys.len()).collect()],
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
