//! Groups of sources that do not run away from each other in event time.
//!
//! What is read ahead of the others waits in the state of the operators that follow, until the others come as far.
//! A group bounds that: of its lanes, on whatever shard, none is read that is further ahead than the group allows.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use dataflow::WATERMARK_MIN;
use graph::{Alignment, Graph, NodeId, Operator};

/// How far each member has come.
#[derive(Debug)]
struct Group {
    reached: Vec<AtomicI64>,
}

/// A source on one shard, in its group.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    group: Arc<Group>,
    place: usize,
    drift_ms: i64,
}

impl Member {
    /// Tells the others how far it has come.
    pub fn tell(&self, reached: i64) {
        self.group.reached[self.place].store(reached, Ordering::Relaxed);
    }

    /// The watermark past which a lane must wait.
    pub fn bound(&self) -> i64 {
        let reached = self.group.reached.iter();
        let least = reached.map(|reached| reached.load(Ordering::Relaxed)).min();
        least.unwrap_or(WATERMARK_MIN).saturating_add(self.drift_ms)
    }
}

/// The members of a job, by source and shard.
#[derive(Debug)]
pub(crate) struct Members(HashMap<NodeId, Vec<Member>>);

impl Members {
    pub fn new(graph: &Graph, shards: usize) -> Members {
        let mut groups: HashMap<&str, Vec<(NodeId, &Alignment)>> = HashMap::new();
        for (id, node) in graph.nodes.iter().enumerate() {
            if let Operator::Source(source) = &node.operator
                && let Some(watermark) = &source.watermark
                && let Some(alignment) = &watermark.alignment
            {
                groups.entry(&alignment.group).or_default().push((id, alignment));
            }
        }
        let mut members = HashMap::new();
        for sources in groups.values() {
            let reached = (0..sources.len() * shards).map(|_| AtomicI64::new(WATERMARK_MIN));
            let group = Arc::new(Group {
                reached: reached.collect(),
            });
            for (number, (id, alignment)) in sources.iter().enumerate() {
                let member = |shard| Member {
                    group: Arc::clone(&group),
                    place: number * shards + shard,
                    drift_ms: i64::try_from(alignment.drift_max.as_millis()).unwrap_or(i64::MAX),
                };
                members.insert(*id, (0..shards).map(member).collect());
            }
        }
        Members(members)
    }

    pub fn of(&self, node: NodeId, shard: usize) -> Option<Member> {
        Some(self.0.get(&node)?[shard].clone())
    }
}
