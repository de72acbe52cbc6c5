//! Keys are forgotten when their frames are over, and no result shows it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow_array::{BooleanArray, TimestampMicrosecondArray};
use dataflow::{Accumulator, AggregateFunction, TakesBack};
use graph::{AggregateCall, Exchange, Expr, Graph, Input, Operator as GraphOperator, SortKey};
use model::{RowKind, TypeKind};
use stdx::{Clock, ManualClock};

use super::*;
use crate::job::JobOptions;
use crate::testing::{node, schema};

const STEP_MS: i64 = 100;
const DISTANCE_MS: i64 = 1_000;
/// So many rows of a key come one after the other, and then those of the next one of so many keys.
const ROWS_OF_KEY: i64 = 20;
const KEYS: i64 = 7;

/// A sum that counts the values that it takes in, or back.
#[derive(Debug, Clone)]
struct Sum {
    takes_back: TakesBack,
    looks: Arc<AtomicUsize>,
}

struct Sums {
    sums: Vec<i64>,
    looks: Arc<AtomicUsize>,
}

impl AggregateFunction for Sum {
    fn name(&self) -> &str {
        "SUM"
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Sums {
            sums: Vec::new(),
            looks: self.looks.clone(),
        })
    }

    fn takes_back(&self) -> TakesBack {
        self.takes_back
    }
}

impl Accumulator for Sums {
    fn resize(&mut self, groups: usize) {
        self.sums.resize(groups, 0);
    }

    fn update(
        &mut self,
        groups: &[u32],
        arguments: &[ArrayRef],
        _: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        self.looks.fetch_add(groups.len(), Ordering::Relaxed);
        let values = arguments[0].as_primitive::<Int64Type>().values();
        for (row, group) in groups.iter().enumerate() {
            let adds = kinds.is_none_or(|kinds| kinds[row].is_addition());
            self.sums[*group as usize] += if adds { values[row] } else { -values[row] };
        }
        Ok(())
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        self.update(groups, state, None, None)
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        let sums = groups.values().iter().map(|group| self.sums[*group as usize]);
        Ok(Arc::new(Int64Array::from_iter_values(sums)))
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        Ok(vec![self.evaluate(groups)?])
    }

    fn clear(&mut self, groups: &[u32]) {
        for group in groups {
            self.sums[*group as usize] = 0;
        }
    }

    fn size_bytes(&self) -> usize {
        self.sums.capacity() * 8
    }
}

fn sum(takes_back: TakesBack) -> Sum {
    Sum {
        takes_back,
        looks: Arc::default(),
    }
}

fn operator(
    by: OverOrder,
    sum: &Sum,
    clock: &Arc<ManualClock>,
    restored: Option<&OperatorSnapshot>,
) -> OverByTime {
    let frame = Frame::Range(DISTANCE_MS);
    let functions = vec![OverFunction::Aggregate(AggregateCall {
        function: Arc::new(sum.clone()),
        arguments: vec![Expr::column(1, TypeKind::BigInt.nullable())],
        filter: None,
        result: TypeKind::BigInt.nullable(),
        state_types: vec![TypeKind::BigInt.nullable()],
        retracting: None,
        name: "total".to_string(),
    })];
    let over = GraphOperator::Over {
        partition: vec![0],
        order: vec![SortKey {
            column: 2,
            descending: false,
            nulls_first: true,
        }],
        by,
        frame,
        functions: functions.clone(),
    };
    let input = Input {
        node: 0,
        exchange: Exchange::Hash(vec![0]),
    };
    let rows = GraphOperator::Values { rows: Vec::new() };
    let graph = Graph {
        nodes: vec![
            node(rows, Vec::new(), &["k", "v", "t"]),
            node(over, vec![input], &["k", "v", "t", "total"]),
        ],
    };
    let build = Build {
        graph: &graph,
        node: &graph.nodes[1],
        shard: 0,
        shards: 1,
        context: &Arc::new(EvaluationContext::new(chrono_tz::UTC, clock.clone())),
        options: &JobOptions::default(),
        restored,
        incoming: None,
        shared: &Arc::new(crate::shared::Shared::new(1, Vec::new(), 128, 0)),
    };
    OverByTime::new(&build, &[0], by, frame, &functions).unwrap()
}

fn by_event_time(takes_back: TakesBack, restored: Option<&OperatorSnapshot>) -> OverByTime {
    let clock = Arc::new(ManualClock::at_ms(0));
    operator(OverOrder::Rowtime(2), &sum(takes_back), &clock, restored)
}

fn key_of(id: i64) -> i64 {
    (id / ROWS_OF_KEY) % KEYS
}

/// Rows a tenth of a second apart, the number of each its value.
fn rows(ids: std::ops::Range<i64>) -> Chunk {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(ids.clone().map(key_of))),
        Arc::new(Int64Array::from_iter_values(ids.clone())),
        Arc::new(TimestampMicrosecondArray::from_iter_values(
            ids.map(|id| (id + 1) * STEP_MS * 1000),
        )),
    ];
    let schema = schema(&["k", "v", "t"]).arrow();
    Chunk::inserts(RecordBatch::try_new(schema, columns).unwrap())
}

/// The values of rows with their sums.
fn found(out: Output) -> Vec<(i64, i64)> {
    let mut found = Vec::new();
    for message in out.messages {
        if let dataflow::Message::Data(chunk) = message {
            let column = |index: usize| chunk.batch.column(index).as_primitive::<Int64Type>();
            let values = column(1).values().iter().copied();
            found.extend(values.zip(column(3).values().iter().copied()));
        }
    }
    found.sort_unstable();
    found
}

/// As frames of a second make them.
fn expected(ids: std::ops::Range<i64>) -> Vec<(i64, i64)> {
    let sum_of = |id: i64| -> i64 {
        let first = (id - DISTANCE_MS / STEP_MS).max(0);
        (first..=id).filter(|other| key_of(*other) == key_of(id)).sum()
    };
    ids.map(|id| (id, sum_of(id))).collect()
}

/// Gives the rows, and after each chunk of ten the watermark.
fn run(
    operator: &mut OverByTime,
    ids: std::ops::Range<i64>,
    mut look: impl FnMut(&OverByTime),
) -> Vec<(i64, i64)> {
    let mut out = Output::default();
    for from in ids.clone().step_by(10) {
        let to = (from + 10).min(ids.end);
        operator.data(0, rows(from..to), &mut out).unwrap();
        operator.watermark(to * STEP_MS, &mut out).unwrap();
        assert!(!operator.has_more());
        look(operator);
    }
    found(out)
}

#[test]
fn keys_are_forgotten_when_their_frames_are_over() {
    let mut operator = by_event_time(TakesBack::Any, None);
    let found = run(&mut operator, 0..2_000, |operator| {
        // A key is forgotten at most a distance and a half after its last row.
        assert!(operator.keys.len() <= 2, "{} keys", operator.keys.len());
        assert!(operator.rows.len() <= 22, "{} rows", operator.rows.len());
        assert!(operator.closing.len() <= 8, "{} times", operator.closing.len());
    });
    assert_eq!(found, expected(0..2_000));
    operator.watermark(i64::MAX, &mut Output::default()).unwrap();
    assert_eq!((operator.keys.len(), operator.rows.len()), (0, 0));
    assert!(operator.closing.is_empty());
}

#[test]
fn a_key_is_forgotten_when_flink_clears_it() {
    let mut operator = by_event_time(TakesBack::Any, None);
    let mut out = Output::default();
    operator.data(0, rows(1..2), &mut out).unwrap();
    // The time of the row, a distance and a half, and one.
    let closes_ms = 2 * STEP_MS + DISTANCE_MS + DISTANCE_MS / 2 + 1;
    operator.watermark(closes_ms - 1, &mut out).unwrap();
    assert_eq!(operator.keys.len(), 1);
    operator.watermark(closes_ms, &mut out).unwrap();
    assert_eq!(operator.keys.len(), 0);
    // So that what was late is not any more.
    operator.data(0, rows(1..2), &mut out).unwrap();
    operator.watermark(closes_ms + 1, &mut out).unwrap();
    assert_eq!((operator.late_rows, operator.keys.len()), (0, 0));
    assert_eq!(found(out), [(1, 1), (1, 1)]);
}

#[test]
fn by_processing_time_the_clock_forgets_keys() {
    let clock = Arc::new(ManualClock::at_ms(0));
    let mut operator = operator(OverOrder::Proctime, &sum(TakesBack::Any), &clock, None);
    let mut out = Output::default();
    for id in 0..2_000 {
        clock.advance(Duration::from_millis(STEP_MS as u64));
        let now_ms = clock.now_ms();
        if operator.next_tick_ms().is_some_and(|at_ms| at_ms <= now_ms) {
            operator.tick(now_ms, &mut out).unwrap();
        }
        operator.data(0, rows(id..id + 1), &mut out).unwrap();
        assert!(operator.keys.len() <= 2, "{} keys", operator.keys.len());
    }
    assert_eq!(found(out), expected(0..2_000));
    clock.advance(Duration::from_millis(2 * DISTANCE_MS as u64));
    operator.tick(clock.now_ms(), &mut Output::default()).unwrap();
    assert_eq!((operator.keys.len(), operator.rows.len()), (0, 0));
    assert_eq!(operator.next_tick_ms(), None);
}

#[test]
fn a_snapshot_holds_no_forgotten_key_and_goes_on_where_it_was() {
    for until in [15, 70, 155] {
        let mut first = by_event_time(TakesBack::Any, None);
        let mut all = run(&mut first, 0..until, |_| {});
        first
            .data(0, rows(until..until + 5), &mut Output::default())
            .unwrap();
        let snapshot = OperatorSnapshot {
            watermark: Some(until * STEP_MS),
            ..first.snapshot(1, state::Extent::Whole).unwrap()
        };
        let mut second = by_event_time(TakesBack::Any, Some(&snapshot));
        assert_eq!(second.keys.len(), first.keys.len());
        assert_eq!(second.rows.len(), first.rows.len());
        all.extend(run(&mut second, until + 5..1_000, |operator| {
            assert!(operator.keys.len() <= 2, "{} keys", operator.keys.len());
        }));
        all.sort_unstable();
        assert_eq!(all, expected(0..1_000));
    }
}

#[test]
fn rows_that_leave_a_frame_are_taken_back_where_the_function_says_so() {
    let looks_with = |takes_back: TakesBack| {
        let sum = sum(takes_back);
        let clock = Arc::new(ManualClock::at_ms(0));
        let mut operator = operator(OverOrder::Rowtime(2), &sum, &clock, None);
        assert_eq!(run(&mut operator, 0..1_000, |_| {}), expected(0..1_000));
        sum.looks.load(Ordering::Relaxed)
    };
    // Each row comes once and leaves at most once.
    assert!(looks_with(TakesBack::Any) <= 2_000);
    assert!(looks_with(TakesBack::Earliest) <= 2_000);
    // Otherwise the ten that are left come again with each row.
    assert!(looks_with(TakesBack::Nothing) > 4_000);
}
