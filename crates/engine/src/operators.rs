//! The operators, one file each, and how they are made from a graph's nodes.

mod calc;
mod changelog_normalize;
mod group_aggregate;
mod join;
mod not_null_enforcer;
mod sink;
mod sink_upsert_materialize;
mod union;
mod unnest;
mod window_aggregate;
mod window_table;

use std::sync::Arc;

use dataflow::{Error, EvaluationContext};
use graph::{Graph, Node, Operator as GraphOperator};
use model::Schema;
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

impl<'a> Build<'a> {
    /// The columns of the first input.
    fn input(&self) -> Result<&'a Schema, Error> {
        let input = self
            .node
            .inputs
            .first()
            .and_then(|input| self.graph.nodes.get(input.node));
        let input = input.ok_or_else(|| Error::internal(format!("{} has no input", self.node.operator)))?;
        Ok(&input.schema)
    }

    /// The node that feeds an input.
    fn nth_input(&self, number: usize) -> Result<&'a Node, Error> {
        let input = self.node.inputs.get(number);
        input
            .and_then(|input| self.graph.nodes.get(input.node))
            .ok_or_else(|| Error::internal(format!("{} has no input {number}", self.node.operator)))
    }
}

pub(crate) fn build(build: &Build<'_>) -> Result<Box<dyn Operator>, Error> {
    Ok(match &build.node.operator {
        GraphOperator::Calc { filter, expressions } => {
            Box::new(calc::Calc::new(build, filter.as_ref(), expressions))
        }
        GraphOperator::WindowTable { window, time, keys } => {
            window_table::window_table(build, *window, *time, keys)?
        }
        GraphOperator::LocalWindowAggregate {
            window,
            time,
            keys,
            aggregates,
        } => window_aggregate::local(build, *window, *time, keys, aggregates)?,
        GraphOperator::GlobalWindowAggregate {
            window,
            time,
            keys,
            aggregates,
            properties,
        } => window_aggregate::global(build, *window, *time, *keys, aggregates, properties)?,
        GraphOperator::GroupAggregate {
            keys,
            aggregates,
            ttl,
        } => Box::new(group_aggregate::GroupAggregate::new(
            build, keys, aggregates, *ttl,
        )?),
        GraphOperator::Join(join) => join::join(build, join)?,
        GraphOperator::Unnest(node) => Box::new(unnest::Unnest::new(build, node)),
        GraphOperator::Union => Box::new(union::Union),
        GraphOperator::ChangelogNormalize { keys } => {
            Box::new(changelog_normalize::ChangelogNormalize::new(build, keys)?)
        }
        GraphOperator::SinkUpsertMaterialize { keys } => {
            Box::new(sink_upsert_materialize::SinkUpsertMaterialize::new(build, keys)?)
        }
        GraphOperator::NotNullEnforcer { columns } => {
            Box::new(not_null_enforcer::NotNullEnforcer::new(build, columns))
        }
        GraphOperator::Sink(sink) => Box::new(sink::SinkOperator::new(build, sink)?),
        GraphOperator::Source(_) | GraphOperator::Values { .. } => {
            return Err(Error::internal("a source is not an operator"));
        }
    })
}
