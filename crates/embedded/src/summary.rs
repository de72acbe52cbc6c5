//! Graphs as the platform sees them: nodes with a line each.

use dataflow::Boundedness;
use graph::{Graph, Operator};
use plan::explain;
use runner::{Place, PlanEdge, PlanNode, PlanSummary};

/// A job of a program: the statement that asked for it, and what it does.
pub struct PlannedJob {
    pub statement: usize,
    pub graph: Graph,
}

/// The jobs of a script in order; `text` is the script.
pub fn summarise(jobs: &[PlannedJob], text: &str) -> PlanSummary {
    let mut summary = PlanSummary {
        is_bounded: jobs.iter().all(|job| is_bounded(&job.graph)),
        ..PlanSummary::default()
    };
    for (number, job) in jobs.iter().enumerate() {
        for (id, node) in job.graph.nodes.iter().enumerate() {
            let detail = explain::node_text(&job.graph, id);
            summary.nodes.push(PlanNode {
                id: node_id(number, id),
                name: name_of(&detail),
                inputs: node
                    .inputs
                    .iter()
                    .map(|input| node_id(number, input.node))
                    .collect(),
                state: explain::state_kept(node),
                statement: job.statement,
                span: Some(Place::of(node.span, text)),
                detail,
            });
            for input in &node.inputs {
                let given = &job.graph.nodes[input.node].schema;
                summary.edges.push(PlanEdge {
                    from: node_id(number, input.node),
                    to: node_id(number, id),
                    exchange: explain::exchange(&input.exchange, given),
                });
            }
        }
    }
    summary
}

/// The same in plans and in metrics.
pub fn node_id(job: usize, node: usize) -> String {
    format!("{job}.{node}")
}

/// Names of a graph's nodes by their number.
pub fn node_names(graph: &Graph) -> Vec<String> {
    (0..graph.nodes.len())
        .map(|id| name_of(&explain::node_text(graph, id)))
        .collect()
}

pub fn is_bounded(graph: &Graph) -> bool {
    graph.nodes.iter().all(|node| match &node.operator {
        Operator::Source(source) => source.source.boundedness() == Boundedness::Bounded,
        _ => true,
    })
}

/// `Source(table=[...])` is a `Source`.
fn name_of(detail: &str) -> String {
    detail.split('(').next().unwrap_or(detail).to_string()
}
