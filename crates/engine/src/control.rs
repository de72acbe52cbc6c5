//! The handle by which a running job is watched and steered from outside.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use dataflow::{Epoch, EvaluationContext, WATERMARK_MAX, WATERMARK_MIN};
use graph::{Graph, JoinTime, Operator};
use state::Extent;

use crate::exchange::lock;
use crate::job::Job;
use crate::savepoints::{SavepointKeeper, SavepointTime, Wanted};
use crate::shared::{Counters, Shared};

/// Made before the job runs; clones steer the same job. What is asked before the job runs holds when it does.
#[derive(Debug, Clone, Default)]
pub struct Control {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    stop: AtomicBool,
    job: Mutex<Option<Attached>>,
    /// Asked for before the job runs.
    savepoints: Mutex<Vec<Wanted>>,
}

#[derive(Debug, Clone)]
struct Attached {
    shared: Arc<Shared>,
    nodes: Arc<[NodeLabel]>,
    context: Arc<EvaluationContext>,
}

/// What statistics say of a node besides counts.
#[derive(Debug)]
pub(crate) struct NodeLabel {
    pub name: &'static str,
    pub is_source: bool,
    pub is_sink: bool,
    pub span: model::Span,
}

/// Counts since the job began, or was restored. They are read while shards go on, so that they may be off by a
/// chunk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Rows that sources have read.
    pub rows_in: u64,
    /// Rows that sinks were given.
    pub rows_out: u64,
    /// How far event time has come, in milliseconds: the least watermark of all sources that have one.
    pub watermark: Option<i64>,
    /// Rows whose windows had all closed.
    pub late_rows_dropped: u64,
    /// Late rows that corrected results which were told before.
    pub late_rows_refired: u64,
    /// Rows that went to another table: late ones, unreadable records, and rows whose lookup took too long.
    pub rows_redirected: u64,
    /// Rows without a time, which belong to no window.
    pub null_time_rows_dropped: u64,
    /// Rows with a NULL where none may be, left out before a sink.
    pub null_rows_dropped: u64,
    /// Rows whose lookup took too long, whatever became of them.
    pub lookups_timed_out: u64,
    /// Records that could not be read and were passed over, as the table's options say.
    pub unreadable_rows_dropped: u64,
    /// By node of the graph.
    pub nodes: Vec<NodeStatistics>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStatistics {
    pub name: &'static str,
    pub span: model::Span,
    pub rows_in: u64,
    pub rows_out: u64,
    /// Time spent in it, over all shards.
    pub busy_us: u64,
    pub late_rows_dropped: u64,
    /// Late rows that corrected results which were told before.
    pub late_rows_refired: u64,
    /// Rows that went to another table: late ones, unreadable records, and rows whose lookup took too long.
    pub rows_redirected: u64,
    pub null_time_rows_dropped: u64,
    pub null_rows_dropped: u64,
    /// Rows whose lookup took too long, whatever became of them.
    pub lookups_timed_out: u64,
    pub unreadable_rows_dropped: u64,
    /// State in memory, and in files that it did not fit beside.
    pub state_bytes: u64,
    pub spilled_bytes: u64,
    /// Keys that were looked for in those files.
    pub spill_lookups: u64,
    pub watermark: Option<i64>,
}

impl Control {
    pub fn new() -> Control {
        Control::default()
    }

    /// Ends the job soon and in order: sources stop, what was read is worked off, sinks commit. Windows that
    /// are still open give nothing, and no sink says that its rows are complete.
    pub fn stop(&self) {
        self.inner.stop.store(true, Ordering::Release);
        if let Some(job) = &*lock(&self.inner.job) {
            job.shared.stop();
        }
    }

    /// Starts a checkpoint beside those that come by themselves, and returns its number; `None` if the job does not
    /// run, keeps no snapshots, is stopping, or another is under way.
    pub fn trigger_checkpoint(&self) -> Option<Epoch> {
        let job = lock(&self.inner.job).clone()?;
        if !job.shared.keeps_last() {
            return None;
        }
        let epoch = job.shared.epoch() + 1;
        let now_us = job.context.clock.now_us();
        job.shared
            .start_checkpoint(epoch, Extent::Whole, now_us)
            .then_some(epoch)
    }

    /// Asks for a savepoint. Behind the end of the job nobody hears it.
    pub fn request_savepoint(&self, keeper: Arc<dyn SavepointKeeper>, time: SavepointTime) {
        let wanted = Wanted { keeper, time };
        match &*lock(&self.inner.job) {
            Some(job) => job.shared.want_savepoint(wanted),
            None => lock(&self.inner.savepoints).push(wanted),
        }
    }

    pub fn statistics(&self) -> Statistics {
        match &*lock(&self.inner.job) {
            Some(job) => statistics(&job.shared, &job.nodes),
            None => Statistics::default(),
        }
    }

    pub(crate) fn attach(&self, job: &Job) {
        let mut attached = lock(&self.inner.job);
        for wanted in lock(&self.inner.savepoints).drain(..) {
            job.shared.want_savepoint(wanted);
        }
        *attached = Some(Attached {
            shared: job.shared.clone(),
            nodes: job.labels.clone(),
            context: job.context.clone(),
        });
        drop(attached);
        if self.inner.stop.load(Ordering::Acquire) {
            job.shared.stop();
        }
    }
}

pub(crate) fn labels(graph: &Graph) -> Arc<[NodeLabel]> {
    graph
        .nodes
        .iter()
        .map(|node| NodeLabel {
            name: match &node.operator {
                Operator::Source(_) => "source",
                Operator::Values { .. } => "values",
                Operator::Calc { .. } => "calc",
                Operator::WindowTable { .. } => "window_table",
                Operator::LateRows { .. } => "late_rows",
                Operator::UnreadableRows => "unreadable_rows",
                Operator::LocalWindowAggregate { .. } => "local_window_aggregate",
                Operator::GlobalWindowAggregate { .. } => "global_window_aggregate",
                Operator::GroupAggregate { .. } => "group_aggregate",
                Operator::Join(join) => match join.time {
                    JoinTime::Regular => "join",
                    JoinTime::Interval(_) => "interval_join",
                    JoinTime::Window(_) => "window_join",
                    JoinTime::Temporal(_) => "temporal_join",
                    JoinTime::Lookup(_) => "lookup_join",
                },
                Operator::LookupJoin(_) => "lookup_join",
                Operator::Unnest(_) => "unnest",
                Operator::TopN { .. } => "top_n",
                Operator::WindowTopN { .. } => "window_top_n",
                Operator::Deduplicate { .. } => "deduplicate",
                Operator::Over { .. } => "over",
                Operator::Match(_) => "match_recognize",
                Operator::Limit { .. } => "limit",
                Operator::Replicate => "replicate",
                Operator::Changes(_) => "changes",
                Operator::TemporalSort { .. } => "temporal_sort",
                Operator::Union => "union",
                Operator::ChangelogNormalize { .. } => "changelog_normalize",
                Operator::SinkUpsertMaterialize { .. } => "sink_upsert_materialize",
                Operator::NotNullEnforcer { .. } => "not_null_enforcer",
                Operator::Sink(_) => "sink",
            },
            is_source: matches!(node.operator, Operator::Source(_) | Operator::Values { .. }),
            is_sink: matches!(node.operator, Operator::Sink(_)),
            span: node.span,
        })
        .collect()
}

pub(crate) fn statistics(shared: &Shared, labels: &[NodeLabel]) -> Statistics {
    let mut all = Statistics::default();
    for (label, shards) in labels.iter().zip(&shared.counters) {
        let sum = |field: fn(&Counters) -> &std::sync::atomic::AtomicU64| {
            shards
                .iter()
                .map(|counters| field(counters).load(Ordering::Relaxed))
                .sum::<u64>()
        };
        // The end of time says nothing about how far the rows had come.
        let watermark = shards
            .iter()
            .map(|counters| counters.watermark.load(Ordering::Relaxed))
            .filter(|&time_ms| time_ms != WATERMARK_MIN && time_ms != WATERMARK_MAX)
            .min();
        let node = NodeStatistics {
            name: label.name,
            span: label.span,
            rows_in: sum(|counters| &counters.rows_in),
            rows_out: sum(|counters| &counters.rows_out),
            busy_us: sum(|counters| &counters.busy_us),
            late_rows_dropped: sum(|counters| &counters.late_rows_dropped),
            late_rows_refired: sum(|counters| &counters.late_rows_refired),
            rows_redirected: sum(|counters| &counters.rows_redirected),
            null_time_rows_dropped: sum(|counters| &counters.null_time_rows_dropped),
            null_rows_dropped: sum(|counters| &counters.null_rows_dropped),
            lookups_timed_out: sum(|counters| &counters.lookups_timed_out),
            unreadable_rows_dropped: sum(|counters| &counters.unreadable_rows_dropped),
            state_bytes: sum(|counters| &counters.state_bytes),
            spilled_bytes: sum(|counters| &counters.spilled_bytes),
            spill_lookups: sum(|counters| &counters.spill_lookups),
            watermark,
        };
        if label.is_source {
            all.rows_in += node.rows_in;
            all.watermark = match (all.watermark, watermark) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        if label.is_sink {
            all.rows_out += node.rows_in;
        }
        all.late_rows_dropped += node.late_rows_dropped;
        all.late_rows_refired += node.late_rows_refired;
        all.rows_redirected += node.rows_redirected;
        all.null_time_rows_dropped += node.null_time_rows_dropped;
        all.null_rows_dropped += node.null_rows_dropped;
        all.lookups_timed_out += node.lookups_timed_out;
        all.unreadable_rows_dropped += node.unreadable_rows_dropped;
        all.nodes.push(node);
    }
    all
}
