//! Ranked, sorted and limited rows: which operator does it, and what Flink refuses.

use graph::{Exchange, Input, NodeId, Operator, OverFunction, RankRange, RankWindow, SortKey};
use model::{Diagnostic, TimeAttribute};

use super::layout::GraphBuilder;
use crate::logical::{Plan, Rank};
use crate::optimize::RANK_END_NONE;

impl GraphBuilder<'_> {
    pub(super) fn rank(&mut self, plan: &Plan, input: &Plan, rank: &Rank) -> Result<NodeId, Diagnostic> {
        let fault = |message: &str| Diagnostic::validation(plan.span, message);
        if !matches!(rank.function, OverFunction::RowNumber) {
            let name = rank.function.name();
            return Err(fault(&format!(
                "{name} on a stream is not supported to find the first rows"
            ))
            .hint("use ROW_NUMBER"));
        }
        if rank.range.end == RANK_END_NONE {
            return Err(fault("the rank has no upper bound, which would keep all rows")
                .hint("compare ROW_NUMBER with a greatest number, such as rn <= 10"));
        }
        if rank.range.end <= 0 {
            return Err(fault("ranks count from one, so that none is wanted here")
                .hint("compare ROW_NUMBER with a number from 1 on"));
        }
        let node = self.plan(input)?;
        let is_insert_only = self.node(node).changelog.is_insert_only();
        let input_of = |node| Input {
            node,
            exchange: if rank.partition.is_empty() {
                Exchange::Single
            } else {
                Exchange::Hash(rank.partition.clone())
            },
        };
        let time = sole_time(input, &rank.order);
        let sole = rank.range.is_first() && !rank.rank_number;
        let operator = match (rank.window, time) {
            (Some(window), _) => {
                if !window.is_rowtime {
                    return Err(
                        fault("ranking rows in windows of processing time is not supported")
                            .hint("go by event time"),
                    );
                }
                if !is_insert_only {
                    return Err(fault("ranking rows in windows does not take updates")
                        .hint("leave window_start and window_end out of PARTITION BY"));
                }
                let newest_first =
                    sole && matches!(time, Some((_, TimeAttribute::Rowtime))) && rank.order[0].descending;
                Operator::WindowTopN {
                    window: RankWindow {
                        newest_first,
                        ..window.window
                    },
                    partition: rank.partition.clone(),
                    order: rank.order.clone(),
                    range: rank.range,
                    rank_number: rank.rank_number,
                }
            }
            (None, Some((column, attribute))) if sole && is_insert_only => Operator::Deduplicate {
                partition: rank.partition.clone(),
                rowtime: (attribute == TimeAttribute::Rowtime).then_some(column),
                keep_last: rank.order[0].descending,
                tells_each: false,
            },
            _ => Operator::TopN {
                partition: rank.partition.clone(),
                order: rank.order.clone(),
                range: rank.range,
                rank_number: rank.rank_number,
            },
        };
        Ok(self.add(operator, vec![input_of(node)], plan.schema.clone(), plan.span, ""))
    }

    pub(super) fn limit(
        &mut self,
        plan: &Plan,
        input: &Plan,
        range: RankRange,
    ) -> Result<NodeId, Diagnostic> {
        let node = self.plan(input)?;
        let operator = if self.node(node).changelog.is_insert_only() {
            Operator::Limit { range }
        } else {
            // A row that is taken back makes room for another.
            Operator::TopN {
                partition: Vec::new(),
                order: Vec::new(),
                range,
                rank_number: false,
            }
        };
        let input = Input {
            node,
            exchange: Exchange::Single,
        };
        Ok(self.add(operator, vec![input], plan.schema.clone(), plan.span, ""))
    }

    pub(super) fn sort(
        &mut self,
        plan: &Plan,
        input: &Plan,
        order: &[SortKey],
    ) -> Result<NodeId, Diagnostic> {
        let fault = |message: &str| Diagnostic::validation(plan.span, message);
        let Some((first, rest)) = order.split_first() else {
            return self.plan(input);
        };
        let attribute = input.schema.fields[first.column].time_attribute;
        let Some(attribute) = attribute.filter(|_| !first.descending) else {
            return Err(
                fault("sorting a stream by other than an ascending time attribute is not supported")
                    .hint("put a time attribute first in ORDER BY, or add a LIMIT"),
            );
        };
        let node = self.plan(input)?;
        if !self.node(node).changelog.is_insert_only() {
            return Err(fault("sorting by time does not take updates").hint("add a LIMIT"));
        }
        let input = Input {
            node,
            exchange: Exchange::Single,
        };
        let operator = match attribute {
            TimeAttribute::Rowtime => Operator::TemporalSort {
                time: first.column,
                order: rest.to_vec(),
            },
            // Rows come in the order of processing time.
            TimeAttribute::Proctime => Operator::Union,
        };
        Ok(self.add(operator, vec![input], plan.schema.clone(), plan.span, ""))
    }
}

/// The time attribute that alone makes an order.
fn sole_time(input: &Plan, order: &[SortKey]) -> Option<(usize, TimeAttribute)> {
    let [key] = order else { return None };
    let attribute = input.schema.fields[key.column].time_attribute?;
    Some((key.column, attribute))
}
