//! How a program would be run: its operators and how they are connected.

use serde::Serialize;
use utoipa::ToSchema;

use super::diagnostic::Span;

#[derive(Debug, Serialize, ToSchema)]
pub struct Plan {
    /// Inputs stand before those who read them.
    nodes: Vec<PlanNode>,
    edges: Vec<PlanEdge>,
    /// Whether all sources end.
    is_bounded: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct PlanNode {
    /// The same in metrics.
    id: String,
    name: String,
    /// One line of EXPLAIN.
    detail: String,
    inputs: Vec<String>,
    /// What it keeps between rows, if anything.
    #[schema(required)]
    state: Option<String>,
    /// The statement it belongs to, counted from zero.
    statement: usize,
    #[schema(required)]
    span: Option<Span>,
}

#[derive(Debug, Serialize, ToSchema)]
struct PlanEdge {
    from: String,
    to: String,
    /// How rows travel: `forward`, `hash[$0]`, `single`.
    exchange: String,
}

impl From<runner::PlanSummary> for Plan {
    fn from(plan: runner::PlanSummary) -> Plan {
        let node = |node: runner::PlanNode| PlanNode {
            id: node.id,
            name: node.name,
            detail: node.detail,
            inputs: node.inputs,
            state: node.state,
            statement: node.statement,
            span: node.span.map(Span::from),
        };
        let edge = |edge: runner::PlanEdge| PlanEdge {
            from: edge.from,
            to: edge.to,
            exchange: edge.exchange,
        };
        Plan {
            nodes: plan.nodes.into_iter().map(node).collect(),
            edges: plan.edges.into_iter().map(edge).collect(),
            is_bounded: plan.is_bounded,
        }
    }
}
