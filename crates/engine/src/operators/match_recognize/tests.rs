//! What matches keep is let go, and what a snapshot holds goes on where it was.

use std::sync::Arc;

use arrow_array::{BooleanArray, Int64Array, TimestampMicrosecondArray};
use graph::{
    Expr, Graph, Input, Lookup, MatchEnd, MatchExpressions, Operator as GraphOperator, PatternVariable,
    Quantifier,
};
use model::TypeKind;
use stdx::ManualClock;

use super::*;
use crate::job::JobOptions;
use crate::testing::{node, schema};

const STEP_MS: i64 = 100;

fn variable(min: u32, max: Option<u32>, takes: Option<bool>) -> PatternVariable {
    PatternVariable {
        name: "V".to_string(),
        quantifier: Quantifier {
            min,
            max,
            greedy: false,
        },
        condition: takes.map(|takes| MatchExpressions {
            lookups: Vec::new(),
            expressions: vec![Expr::Literal {
                value: Arc::new(BooleanArray::from(vec![takes])),
                data_type: TypeKind::Boolean.not_null(),
            }],
        }),
    }
}

fn matching(variables: Vec<PatternVariable>, within_ms: Option<i64>) -> Matching {
    let last = |end| Lookup::Row {
        variable: None,
        end,
        offset: 0,
        column: 1,
    };
    Matching {
        partition: vec![0],
        rowtime: Some(2),
        order: Vec::new(),
        variables,
        within_ms,
        skip: MatchSkip::PastLastRow,
        measures: MatchExpressions {
            lookups: vec![last(MatchEnd::First), last(MatchEnd::Last)],
            expressions: vec![
                Expr::column(0, TypeKind::BigInt.nullable()),
                Expr::column(1, TypeKind::BigInt.nullable()),
            ],
        },
    }
}

fn operator(matching: &Matching, restored: Option<&OperatorSnapshot>) -> MatchRecognize {
    let input = Input {
        node: 0,
        exchange: graph::Exchange::Hash(vec![0]),
    };
    let rows = GraphOperator::Values { rows: Vec::new() };
    let graph = Graph {
        nodes: vec![
            node(rows, Vec::new(), &["k", "id", "t"]),
            node(
                GraphOperator::Match(Box::new(matching.clone())),
                vec![input],
                &["k", "a", "b"],
            ),
        ],
    };
    let clock = Arc::new(ManualClock::at_ms(0));
    let build = Build {
        graph: &graph,
        node: &graph.nodes[1],
        shard: 0,
        shards: 1,
        context: &Arc::new(EvaluationContext::new(chrono_tz::UTC, clock)),
        options: &JobOptions::default(),
        restored,
        incoming: None,
        shared: &Arc::new(crate::shared::Shared::new(1, Vec::new(), 128, 0)),
    };
    MatchRecognize::new(&build, matching).unwrap()
}

/// Rows of two keys in turn, the number of each its id, a tenth of a second apart.
fn rows(ids: std::ops::Range<i64>) -> Chunk {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(ids.clone().map(|id| id % 2))),
        Arc::new(Int64Array::from_iter_values(ids.clone())),
        Arc::new(TimestampMicrosecondArray::from_iter_values(
            ids.map(|id| id * STEP_MS * 1000),
        )),
    ];
    Chunk::inserts(RecordBatch::try_new(schema(&["k", "id", "t"]).arrow(), columns).unwrap())
}

/// Gives the rows, and after each chunk of ten the watermark; returns the ids of first and last rows of matches.
fn run(
    operator: &mut MatchRecognize,
    ids: std::ops::Range<i64>,
    mut look: impl FnMut(&MatchRecognize),
) -> Vec<(i64, i64)> {
    let mut out = Output::default();
    for from in ids.clone().step_by(10) {
        let to = (from + 10).min(ids.end);
        operator.data(0, rows(from..to), &mut out).unwrap();
        operator.watermark((to - 1) * STEP_MS, &mut out).unwrap();
        assert!(!operator.has_more());
        look(operator);
    }
    found(out)
}

fn found(out: Output) -> Vec<(i64, i64)> {
    let mut found = Vec::new();
    for message in out.messages {
        let dataflow::Message::Data(chunk) = message else {
            continue;
        };
        let column = |index: usize| {
            chunk
                .batch
                .column(index)
                .as_any()
                .downcast_ref::<Int64Array>()
                .unwrap()
        };
        let (first, last) = (column(1).values(), column(2).values());
        found.extend(first.iter().copied().zip(last.iter().copied()));
    }
    found.sort_unstable();
    found
}

#[test]
fn what_is_out_of_time_is_let_go() {
    // Runs take every row and never come to their end.
    let endless = vec![variable(1, None, None), variable(1, Some(1), Some(false))];
    let matching = matching(endless, Some(1_000));
    let mut operator = operator(&matching, None);
    // A second holds five rows of each of two keys, and a run for each with the rows behind it.
    let found = run(&mut operator, 0..2_000, |operator| {
        assert!(
            operator.table.rows.len() <= 10,
            "{} rows",
            operator.table.rows.len()
        );
        assert!(
            operator.table.chains.in_use() <= 30,
            "{} links",
            operator.table.chains.in_use()
        );
    });
    assert_eq!(found, []);
    operator.watermark(i64::MAX, &mut Output::default()).unwrap();
    assert_eq!(operator.table.rows.len(), 0);
    assert_eq!(operator.table.chains.in_use(), 0);
    assert_eq!(operator.table.key_count(), 0);
}

#[test]
fn the_rows_of_matches_are_let_go() {
    let matching = matching(vec![variable(2, Some(2), None)], None);
    let mut operator = operator(&matching, None);
    let found = run(&mut operator, 0..2_000, |operator| {
        assert!(
            operator.table.rows.len() <= 2,
            "{} rows",
            operator.table.rows.len()
        );
    });
    assert_eq!(found.len(), 1_000);
    assert!(found.iter().all(|(first, last)| last - first == 2));
}

#[test]
fn a_snapshot_goes_on_where_it_was() {
    let pattern = vec![variable(1, None, None), variable(3, Some(3), None)];
    let matching = matching(pattern, Some(2_000));
    let whole = run(&mut operator(&matching, None), 0..200, |_| {});
    let mut first = operator(&matching, None);
    let mut found = run(&mut first, 0..70, |_| {});
    first.data(0, rows(70..75), &mut Output::default()).unwrap();
    let snapshot = first.snapshot(1, state::Extent::Whole).unwrap();
    let snapshot = OperatorSnapshot {
        watermark: Some(69 * STEP_MS),
        ..snapshot
    };
    let mut second = operator(&matching, Some(&snapshot));
    assert_eq!(second.table.rows.len(), first.table.rows.len());
    assert_eq!(second.table.chains.in_use(), first.table.chains.in_use());
    found.extend(run(&mut second, 75..200, |_| {}));
    found.sort_unstable();
    assert_eq!(found, whole);
}
