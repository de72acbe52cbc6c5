//! The operators, one file each, and how they are made from a graph's nodes.

mod calc;
mod sink;
mod union;

use std::sync::Arc;

use dataflow::{Error, EvaluationContext};
use graph::{Graph, Node, Operator as GraphOperator};
use state::OperatorSnapshot;

use crate::job::JobOptions;
use crate::operator::Operator;

/// What an operator is made from.
pub(crate) struct Build<'a> {
    pub graph: &'a Graph,
    pub node: &'a Node,
    pub shard: usize,
    pub shards: usize,
    pub context: &'a Arc<EvaluationContext>,
    pub options: &'a JobOptions,
    pub restored: Option<&'a OperatorSnapshot>,
}

pub(crate) fn build(build: &Build<'_>) -> Result<Box<dyn Operator>, Error> {
    Ok(match &build.node.operator {
        GraphOperator::Calc { filter, expressions } => {
            Box::new(calc::Calc::new(build, filter.as_ref(), expressions))
        }
        GraphOperator::Union => Box::new(union::Union),
        GraphOperator::Sink(sink) => Box::new(sink::SinkOperator::new(build, sink)?),
        other => return Err(Error::internal(format!("{other} is not an operator"))),
    })
}
