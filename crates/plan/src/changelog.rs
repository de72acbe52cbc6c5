//! What kinds of rows operators emit, and which columns identify a row.
//!
//! The kinds are those of Flink's `FlinkChangelogModeInferenceProgram`. Nodes are made bottom-up as if everybody had to
//! hear what a row was before an update; [`leave_out_before`] then goes top-down and spares those the work whose readers
//! all get along without.

use graph::{Changes, Expr, Graph, Join, JoinKind, JoinTime, Node, Operator, OverOrder, WindowProperty};
use model::ChangelogMode;

use crate::build::NOT_NULL;

/// The kinds of rows of an operator over these inputs.
pub(crate) fn mode_of(operator: &Operator, inputs: &[&Node]) -> ChangelogMode {
    match operator {
        Operator::Source(source) => source.source.changelog_mode(),
        Operator::Values { .. } | Operator::UnreadableRows => ChangelogMode::INSERT_ONLY,
        Operator::ChangelogNormalize { .. } => ChangelogMode::ALL,
        Operator::SinkUpsertMaterialize { .. } => ChangelogMode::UPSERT,
        // A window gives each result once, unless it is told to give it before its end, or again.
        Operator::LocalWindowAggregate { .. } | Operator::GlobalWindowAggregate { emit: None, .. } => {
            ChangelogMode::INSERT_ONLY
        }
        Operator::GlobalWindowAggregate { emit: Some(emit), .. } => ChangelogMode {
            delete: emit.takes_back,
            ..ChangelogMode::ALL
        },
        Operator::GroupAggregate { .. } => group_aggregate_mode(inputs),
        Operator::Join(join) => {
            let both = inputs
                .iter()
                .map(|input| input.changelog)
                .fold(ChangelogMode::INSERT_ONLY, ChangelogMode::union);
            match (join.time, join.kind) {
                (JoinTime::Interval(_) | JoinTime::Window(_) | JoinTime::Temporal(_), _) => {
                    ChangelogMode::INSERT_ONLY
                }
                (JoinTime::Regular, JoinKind::Inner | JoinKind::Semi) | (JoinTime::Lookup(_), _) => both,
                // Rows without a match go away when one comes.
                (JoinTime::Regular, _) => ChangelogMode::ALL,
            }
        }
        Operator::WindowTopN { .. } | Operator::TemporalSort { .. } | Operator::Match(_) => {
            ChangelogMode::INSERT_ONLY
        }
        Operator::Over {
            by: OverOrder::Columns,
            ..
        }
        | Operator::TopN { .. } => ChangelogMode::ALL,
        // The results of a row are told once.
        Operator::Over { .. } => ChangelogMode::INSERT_ONLY,
        Operator::Deduplicate { keep_last: false, .. } => ChangelogMode::INSERT_ONLY,
        // A row of a key is replaced, and never gone.
        Operator::Deduplicate { keep_last: true, .. } => ChangelogMode {
            delete: false,
            ..ChangelogMode::ALL
        },
        // More of a row, or less, is no update.
        Operator::Replicate => ChangelogMode {
            insert: true,
            delete: inputs.iter().any(|input| !input.changelog.is_insert_only()),
            update_before: false,
            update_after: false,
        },
        Operator::Changes(Changes::ToCodes(_)) => ChangelogMode::INSERT_ONLY,
        Operator::Changes(Changes::FromCodes { .. }) => ChangelogMode::ALL,
        Operator::Calc { .. }
        | Operator::Limit { .. }
        | Operator::WindowTable { .. }
        | Operator::LateRows { .. }
        | Operator::LookupJoin(_)
        | Operator::Unnest(_)
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
            Operator::GroupAggregate { .. } | Operator::GlobalWindowAggregate { .. } => true,
            // These hand on what comes.
            Operator::Calc { .. }
            | Operator::WindowTable { .. }
            | Operator::LateRows { .. }
            | Operator::LookupJoin(_)
            | Operator::Unnest(_)
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
            emit,
            ..
        } => {
            // Windows that tell changes do not tell their count of rows.
            let results = aggregates.len() - usize::from(emit.is_some());
            let bounds: Vec<usize> = properties
                .iter()
                .enumerate()
                .filter(|(_, property)| matches!(property, WindowProperty::Start | WindowProperty::End))
                .map(|(position, _)| keys + results + position)
                .collect();
            let ends = properties.contains(&WindowProperty::End);
            if !ends {
                return Vec::new();
            }
            vec![(0..*keys).chain(bounds).collect()]
        }
        Operator::GroupAggregate { keys, .. } => vec![(0..keys.len()).collect()],
        Operator::ChangelogNormalize { keys } | Operator::SinkUpsertMaterialize { keys } => {
            vec![keys.clone()]
        }
        Operator::Calc { expressions, .. } => {
            let place_of = |column: &usize| {
                expressions
                    .iter()
                    .position(|expression| column_of(expression) == Some(*column))
            };
            inputs
                .iter()
                .flat_map(|input| &input.upsert_keys)
                .filter_map(|key| key.iter().map(place_of).collect())
                .collect()
        }
        // A row that has one match at most goes on being identified by what identified it.
        Operator::LookupJoin(join) if join.is_unique => {
            let place_of = |column: &usize| join.outputs.iter().position(|output| output == column);
            let keys = keys_of_inputs(inputs);
            keys.iter()
                .filter_map(|key| key.iter().map(place_of).collect())
                .collect()
        }
        Operator::Join(join) => match inputs {
            [left, right] => join_keys(join, left, right),
            _ => Vec::new(),
        },
        Operator::NotNullEnforcer { .. }
        | Operator::Limit { .. }
        | Operator::TemporalSort { .. }
        | Operator::Over { .. } => keys_of_inputs(inputs),
        // After Flink's getRankUniqueKeys.
        Operator::Deduplicate { partition, .. } => with_key(partition.clone(), inputs),
        Operator::TopN {
            partition,
            range,
            rank_number,
            ..
        }
        | Operator::WindowTopN {
            partition,
            range,
            rank_number,
            ..
        } => {
            if range.start == range.end {
                with_key(partition.clone(), inputs)
            } else if *rank_number {
                let rank = inputs.first().map_or(0, |input| input.schema.len());
                with_key(partition.iter().copied().chain([rank]).collect(), inputs)
            } else {
                keys_of_inputs(inputs)
            }
        }
        _ => Vec::new(),
    }
}

/// The column that an expression hands on as it is, guarded against NULL or not.
fn column_of(expression: &Expr) -> Option<usize> {
    match expression {
        Expr::Column { index, .. } => Some(*index),
        Expr::Call {
            function, arguments, ..
        } if function.name() == NOT_NULL => column_of(arguments.first()?),
        _ => None,
    }
}

/// As Flink's FlinkRelMdUpsertKeys: keys of an input count if they hold its join key, since only then its changes
/// stay in their order.
fn join_keys(join: &Join, left: &Node, right: &Node) -> Vec<Vec<usize>> {
    let of_input = |input: &Node, equal: &[usize], offset: usize| -> Vec<Vec<usize>> {
        input
            .upsert_keys
            .iter()
            .filter(|key| equal.iter().all(|column| key.contains(column)))
            .map(|key| key.iter().map(|column| offset + column).collect())
            .collect()
    };
    let is_unique = |input: &Node, equal: &[usize]| {
        let mut keys = input.upsert_keys.iter();
        keys.any(|key| key.iter().all(|column| equal.contains(column)))
    };
    let (on_left, on_right) = (join.left_keys(), join.right_keys());
    let left_keys = of_input(left, &on_left, 0);
    let right_keys = of_input(right, &on_right, left.schema.len());
    let mut keys = Vec::new();
    if join.kind.has_right() {
        for left_key in &left_keys {
            for right_key in &right_keys {
                keys.push(left_key.iter().chain(right_key).copied().collect());
            }
        }
        if is_unique(right, &on_right) && !join.kind.keeps_right() {
            keys.extend(left_keys);
        }
        if is_unique(left, &on_left) && !join.kind.keeps_left() {
            keys.extend(right_keys);
        }
    } else {
        keys = left_keys;
    }
    let place_of = |column: &usize| join.outputs.iter().position(|output| output == column);
    keys.iter()
        .filter_map(|key: &Vec<usize>| key.iter().map(place_of).collect())
        .collect()
}

fn keys_of_inputs(inputs: &[&Node]) -> Vec<Vec<usize>> {
    inputs
        .iter()
        .flat_map(|input| input.upsert_keys.clone())
        .collect()
}

/// A key of the operator's own before those of its input.
fn with_key(key: Vec<usize>, inputs: &[&Node]) -> Vec<Vec<usize>> {
    let mut keys = vec![key];
    for other in keys_of_inputs(inputs) {
        if !keys.contains(&other) {
            keys.push(other);
        }
    }
    keys
}
