//! Of the versions of a key no more are kept than can still be asked for.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, TimestampMicrosecondArray};
use dataflow::{EvaluationContext, Message};
use graph::{Exchange, Graph, Input, JoinKey, JoinTime, JoinVersion, Operator as GraphOperator};
use stdx::ManualClock;

use super::*;
use crate::job::JobOptions;
use crate::testing::{node, schema};

/// Rows and versions have a key, a value and a time; the result has both values.
fn operator() -> TemporalJoin {
    let version = JoinVersion { left: 2, right: 2 };
    let join = Join {
        kind: JoinKind::Inner,
        keys: vec![JoinKey {
            left: 0,
            right: 0,
            nulls_agree: false,
        }],
        condition: None,
        outputs: vec![1, 4],
        time: JoinTime::Temporal(version),
        ttl: [None; 2],
    };
    let rows = || {
        node(
            GraphOperator::Values { rows: Vec::new() },
            Vec::new(),
            &["k", "v", "t"],
        )
    };
    let input = |node| Input {
        node,
        exchange: Exchange::Hash(vec![0]),
    };
    let joined = GraphOperator::Join(Box::new(join.clone()));
    let graph = Graph {
        nodes: vec![
            rows(),
            rows(),
            node(joined, vec![input(0), input(1)], &["left", "right"]),
        ],
    };
    let clock = Arc::new(ManualClock::at_ms(0));
    let build = Build {
        graph: &graph,
        node: &graph.nodes[2],
        shard: 0,
        shards: 1,
        context: &Arc::new(EvaluationContext::new(chrono_tz::UTC, clock)),
        options: &JobOptions::default(),
        restored: None,
        incoming: None,
        shared: &Arc::new(crate::shared::Shared::new(1, Vec::new(), 128, 0)),
    };
    TemporalJoin::new(&build, &join, version).unwrap()
}

/// Rows of key 1: kind, value and time.
fn chunk(rows: &[(RowKind, i64, i64)]) -> Chunk {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![1; rows.len()])),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1))),
        Arc::new(TimestampMicrosecondArray::from_iter_values(
            rows.iter().map(|row| row.2 * 1000),
        )),
    ];
    Chunk {
        batch: RecordBatch::try_new(schema(&["k", "v", "t"]).arrow(), columns).unwrap(),
        kinds: Some(rows.iter().map(|row| row.0).collect()),
    }
}

/// Pairs of values.
fn found(out: Output) -> Vec<(i64, i64)> {
    let mut found = Vec::new();
    for message in out.messages {
        if let Message::Data(chunk) = message {
            let column = |index: usize| chunk.batch.column(index).as_primitive::<Int64Type>().values();
            found.extend(column(0).iter().copied().zip(column(1).iter().copied()));
        }
    }
    found
}

#[test]
fn of_versions_of_one_time_the_last_is_kept() {
    let mut operator = operator();
    let mut out = Output::default();
    for value in 0..1_000 {
        let update = [
            (RowKind::UpdateBefore, value - 1, 10),
            (RowKind::UpdateAfter, value, 10),
        ];
        operator.data(1, chunk(&update), &mut out).unwrap();
    }
    let other = [(RowKind::Insert, 5_000, 20), (RowKind::Delete, 5_000, 30)];
    operator.data(1, chunk(&other), &mut out).unwrap();
    assert_eq!(operator.table.all(1, None).len(), 3);
    assert!(operator.gauges().state_bytes < 100_000);
    let rows = [5, 10, 15, 25, 35].map(|time_ms| (RowKind::Insert, time_ms, time_ms));
    operator.data(0, chunk(&rows), &mut out).unwrap();
    operator.watermark(40, &mut out).unwrap();
    assert_eq!(found(out), [(25, 5_000), (15, 999), (10, 999)]);
    // Later ones of a time that is past take the place of the one that is kept, too.
    let again = [(RowKind::Delete, 1, 30), (RowKind::Insert, 2, 30)];
    operator.data(1, chunk(&again), &mut Output::default()).unwrap();
    assert_eq!(operator.table.all(1, None).len(), 1);
    let mut out = Output::default();
    let row = [(RowKind::Insert, 45, 45)];
    operator.data(0, chunk(&row), &mut out).unwrap();
    operator.watermark(50, &mut out).unwrap();
    assert_eq!(found(out), [(45, 2)]);
}
