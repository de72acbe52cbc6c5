//! The operators, one file each, and how they are made from a graph's nodes.

mod calc;
mod changelog_normalize;
mod changes;
mod deduplicate;
mod group_aggregate;
mod join;
mod late_rows;
mod limit;
mod lookup_join;
mod match_recognize;
mod not_null_enforcer;
mod over;
mod replicate;
mod results;
mod sink;
mod sink_upsert_materialize;
mod temporal_sort;
mod top_n;
mod union;
mod unnest;
mod window_aggregate;
mod window_table;
mod window_top_n;

use std::sync::Arc;

use arrow_array::RecordBatch;
use dataflow::{Error, EvaluationContext};
use graph::{Changes, Graph, JoinTime, Node, Operator as GraphOperator};
use model::Schema;
use state::spill::Budget;
use state::{OperatorId, OperatorSnapshot, Share, compact};

use crate::expiry::Expiry;
use crate::incoming::Incoming;
use crate::job::JobOptions;
use crate::operator::Operator;
use crate::shared::{ShardWaker, Shared};

/// What an operator is made from.
pub(crate) struct Build<'a> {
    pub graph: &'a Graph,
    pub node: &'a Node,
    pub shard: usize,
    pub shards: usize,
    pub context: &'a Arc<EvaluationContext>,
    pub options: &'a JobOptions,
    pub restored: Option<&'a OperatorSnapshot>,
    /// Rows of the snapshot that are yet to come, and by what its operators are named.
    pub incoming: Option<(&'a Incoming, OperatorId)>,
    pub shared: &'a Arc<Shared>,
}

impl<'a> Build<'a> {
    /// The columns of the first input.
    fn input(&self) -> Result<&'a Schema, Error> {
        Ok(&self.input_node()?.schema)
    }

    /// The first input.
    fn input_node(&self) -> Result<&'a Node, Error> {
        let input = self
            .node
            .inputs
            .first()
            .and_then(|input| self.graph.nodes.get(input.node));
        input.ok_or_else(|| Error::internal(format!("{} has no input", self.node.operator)))
    }

    fn share(&self) -> Share {
        Share {
            key_groups: self.options.key_groups,
            shard: self.shard,
            shards: self.shards,
        }
    }

    /// The memory that a table of the operator may have on this shard: what the job has is dealt out evenly.
    fn state_budget(&self) -> Option<Budget> {
        let budget = self.options.state.as_ref()?;
        let operators = self.graph.nodes.iter().filter(|node| spills(&node.operator));
        Some(Budget {
            bytes: budget.bytes / self.shards / operators.count().max(1),
            files: budget.files.clone(),
        })
    }

    /// For somebody outside who has something for the operator.
    fn waker(&self) -> ShardWaker {
        ShardWaker {
            shared: self.shared.clone(),
            shard: self.shard,
        }
    }

    /// How state of an input is forgotten.
    fn expiry(&self, input: usize) -> Expiry {
        Expiry::new(self.node.ttl[input], self.context)
    }

    /// What a table of the snapshot holds for this shard, for operators that may keep it as it comes. It comes once.
    fn restored(&self, table: &str) -> impl Iterator<Item = RecordBatch> + use<'a> {
        self.restored_groups(table)
            .flat_map(|(_, batches)| compact(batches))
    }

    /// The same by key group, in pieces of any size.
    fn restored_groups(&self, table: &str) -> impl Iterator<Item = (u16, Vec<RecordBatch>)> + use<'a> {
        let (share, shard) = (self.share(), self.shard);
        let here = self.restored.and_then(|restored| restored.tables.get(table));
        let here = here.into_iter().flat_map(|table| &table.groups);
        let here = here.filter(move |(group, _)| share.has(**group));
        let here = here.map(|(group, batches)| (*group, batches.clone()));
        let incoming = self
            .incoming
            .map(|(incoming, id)| (incoming, (id, table.to_string())));
        let incoming = std::iter::from_fn(move || {
            let (incoming, table) = incoming.as_ref()?;
            incoming.take(table, shard)
        });
        here.chain(incoming)
    }

    /// How many keys there will be, going by those of the first key group: they are spread evenly over all.
    fn expected(&self, of_first_group: usize) -> usize {
        let keys = of_first_group * self.share().groups().count();
        keys + keys / 16
    }

    /// The node that feeds an input.
    fn nth_input(&self, number: usize) -> Result<&'a Node, Error> {
        let input = self.node.inputs.get(number);
        input
            .and_then(|input| self.graph.nodes.get(input.node))
            .ok_or_else(|| Error::internal(format!("{} has no input {number}", self.node.operator)))
    }
}

/// Whether an operator spills state that does not fit into its memory.
fn spills(operator: &GraphOperator) -> bool {
    match operator {
        GraphOperator::GroupAggregate { keys, .. }
        | GraphOperator::Deduplicate { partition: keys, .. }
        | GraphOperator::TopN { partition: keys, .. } => !keys.is_empty(),
        GraphOperator::ChangelogNormalize { .. } | GraphOperator::SinkUpsertMaterialize { .. } => true,
        GraphOperator::Join(join) => matches!(join.time, JoinTime::Regular) && !join.keys.is_empty(),
        _ => false,
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
        GraphOperator::LateRows { window, time, late } => {
            Box::new(late_rows::LateRows::new(build, *window, *time, *late)?)
        }
        GraphOperator::LocalWindowAggregate {
            window,
            time,
            keys,
            aggregates,
            holds,
        } => window_aggregate::local(build, *window, *time, keys, aggregates, *holds)?,
        GraphOperator::GlobalWindowAggregate {
            window,
            time,
            keys,
            aggregates,
            properties,
            emit,
        } => window_aggregate::global(build, *window, *time, *keys, aggregates, properties, *emit)?,
        GraphOperator::GroupAggregate { keys, aggregates } => {
            Box::new(group_aggregate::GroupAggregate::new(build, keys, aggregates)?)
        }
        GraphOperator::Join(join) => join::join(build, join)?,
        GraphOperator::LookupJoin(node) => Box::new(lookup_join::LookupJoin::new(build, node)?),
        GraphOperator::Unnest(node) => Box::new(unnest::Unnest::new(build, node)),
        GraphOperator::TopN {
            partition,
            order,
            range,
            rank_number,
        } => Box::new(top_n::TopN::new(build, partition, order, *range, *rank_number)?),
        GraphOperator::WindowTopN {
            window,
            partition,
            order,
            range,
            rank_number,
        } => Box::new(window_top_n::WindowTopN::new(
            build,
            *window,
            partition,
            order,
            *range,
            *rank_number,
        )?),
        GraphOperator::Deduplicate {
            partition,
            rowtime,
            keep_last,
            tells_each,
        } => Box::new(deduplicate::Deduplicate::new(
            build,
            partition,
            *rowtime,
            *keep_last,
            *tells_each,
        )?),
        GraphOperator::Over {
            partition,
            order,
            by,
            frame,
            functions,
        } => over::over(build, partition, order, *by, *frame, functions)?,
        GraphOperator::Match(matching) => Box::new(match_recognize::MatchRecognize::new(build, matching)?),
        GraphOperator::Limit { range } => Box::new(limit::Limit::new(build, *range)),
        GraphOperator::Changes(Changes::ToCodes(codes)) => Box::new(changes::ToCodes::new(build, codes)),
        GraphOperator::Changes(Changes::FromCodes { column, codes }) => {
            Box::new(changes::FromCodes::new(build, *column, codes))
        }
        GraphOperator::Replicate => Box::new(replicate::Replicate::new(build)),
        GraphOperator::TemporalSort { time, order } => {
            Box::new(temporal_sort::TemporalSort::new(build, *time, order)?)
        }
        // Rows of several, or of one that gives some of its rows to nobody else: they are passed on as they are.
        GraphOperator::Union | GraphOperator::UnreadableRows => Box::new(union::Union),
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
