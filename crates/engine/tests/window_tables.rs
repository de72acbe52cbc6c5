//! Windows without aggregation, and windows by the wall clock.

mod support;

use std::sync::Arc;
use std::time::Duration;

use engine::{Job, JobOptions, Progress, Snapshot};
use graph::{Exchange, Graph, Operator, Window};
use stdx::{ManualClock, Random};
use support::source::multiset;
use support::*;

fn row(k: i64, v: i64, t: i64) -> TestRow {
    TestRow {
        k: Some(k),
        s: None,
        v: Some(v),
        t: Some(t),
    }
}

fn table(window: Window, keys: Vec<usize>, rows: Vec<TestRow>, sink: &TestSink) -> Graph {
    let mut builder = Builder::default();
    let source = builder.source(Arc::new(TestSource::of(vec![rows])), Some(0));
    let operator = Operator::WindowTable {
        window,
        time: rowtime(),
        keys: keys.clone(),
    };
    let fields = vec![
        ("k", bigint()),
        ("s", text()),
        ("v", bigint()),
        ("t", timestamp()),
        ("window_start", timestamp()),
        ("window_end", timestamp()),
        ("window_time", timestamp()),
    ];
    let exchange = match window {
        Window::Session { .. } if keys.is_empty() => Exchange::Single,
        Window::Session { .. } => Exchange::Hash(keys),
        _ => Exchange::Forward,
    };
    let table = builder.add(operator, vec![(source, exchange)], fields);
    let columns = vec![
        ("v", column(2, bigint())),
        ("window_start", column(4, timestamp())),
        ("window_end", column(5, timestamp())),
        ("window_time", column(6, timestamp())),
    ];
    let calc = builder.calc(table, None, columns);
    builder.sink(calc, Exchange::Forward, Arc::new(sink.clone()));
    builder.graph
}

fn run(graph: &Graph, parallelism: usize, chunk_rows: usize) -> engine::JobEnd {
    let options = JobOptions {
        parallelism,
        chunk_rows,
        ..JobOptions::default()
    };
    let mut stepper = Job::new(graph, context(), options).unwrap().into_stepper();
    stepper.run(&mut Random::new(3)).unwrap();
    stepper.finish().unwrap()
}

#[test]
fn a_row_comes_once_for_each_of_its_windows_however_late() {
    let rows = vec![row(1, 1, 5_000), row(1, 2, 20_000), row(1, 3, 1_000)];
    let window = Window::Hop {
        size_ms: 10_000,
        slide_ms: 5_000,
        offset_ms: 0,
    };
    for chunk_rows in [1, 2, 4096] {
        let sink = TestSink::default();
        run(&table(window, vec![], rows.clone(), &sink), 2, chunk_rows);
        let expected = [
            "1 0 10000 9999",
            "1 5000 15000 14999",
            "2 15000 25000 24999",
            "2 20000 30000 29999",
            "3 -5000 5000 4999",
            "3 0 10000 9999",
        ];
        assert_eq!(multiset(sink.rows()), multiset(expected.map(str::to_string)));
    }
}

#[test]
fn rows_of_a_session_wait_for_its_end_and_keep_their_order() {
    let rows = vec![
        row(1, 1, 1_000),
        row(2, 2, 1_500),
        row(1, 3, 3_000),
        // Alone it would be late; but it touches a session that is open.
        row(1, 4, 2_000),
        row(1, 5, 9_000),
        row(2, 6, 1_000),
        row(2, 7, 9_500),
    ];
    let window = Window::Session { gap_ms: 1_000 };
    for parallelism in [1, 2, 3] {
        for chunk_rows in [1, 3, 4096] {
            let sink = TestSink::default();
            let end = run(
                &table(window, vec![0], rows.clone(), &sink),
                parallelism,
                chunk_rows,
            );
            assert_eq!(end.statistics.late_rows_dropped, 1);
            let mut expected = vec![
                "1 1000 2000 1999",
                "3 2000 4000 3999",
                "4 2000 4000 3999",
                "2 1500 2500 2499",
                "5 9000 10000 9999",
                "7 9500 10500 10499",
            ];
            expected.sort_unstable();
            let mut rows = sink.rows();
            rows.sort_unstable();
            assert_eq!(
                rows, expected,
                "parallelism {parallelism}, chunks of {chunk_rows}"
            );
        }
    }
}

#[test]
fn rows_without_a_time_are_dropped_and_counted() {
    let untimed = |v| TestRow {
        t: None,
        ..row(1, v, 0)
    };
    let rows = vec![
        untimed(1),
        row(1, 2, 1_000),
        untimed(3),
        row(1, 4, 1_100),
        untimed(5),
    ];
    let windows = [
        Window::Tumble {
            size_ms: 2_000,
            offset_ms: 0,
        },
        Window::Cumulate {
            size_ms: 2_000,
            step_ms: 2_000,
            offset_ms: 0,
        },
        Window::Session { gap_ms: 1_000 },
    ];
    for window in windows {
        for chunk_rows in [1, 2, 4096] {
            let sink = TestSink::default();
            let mut graph = table(window, vec![0], rows.clone(), &sink);
            // With a watermark the source itself would refuse them.
            if let Operator::Source(source) = &mut graph.nodes[0].operator {
                source.watermark = None;
            }
            let end = run(&graph, 1, chunk_rows);
            assert_eq!(end.statistics.null_time_rows_dropped, 3, "{window}");
            assert_eq!(end.statistics.late_rows_dropped, 0, "{window}");
            assert_eq!(sink.rows().len(), 2, "{window}");
        }
    }
}

#[test]
fn waiting_rows_are_part_of_snapshots() {
    for seed in 0..200 {
        let random = &mut Random::new(seed);
        let mut now = 0;
        let rows: Vec<TestRow> = (0..100)
            .map(|v| {
                now += random.between(0, 100);
                row(random.between(0, 3), v, now)
            })
            .collect();
        let window = Window::Session {
            gap_ms: random.between(10, 300),
        };
        let keys = if random.chance(0.5) { vec![0] } else { vec![] };
        let expected = TestSink::default();
        run(&table(window, keys.clone(), rows.clone(), &expected), 1, 4096);
        let sink = TestSink::default();
        let graph = table(window, keys, rows, &sink);
        let mut snapshot: Option<Snapshot> = None;
        for epoch in 1.. {
            let options = JobOptions {
                parallelism: random.between(1, 3) as usize,
                chunk_rows: random.between(1, 20) as usize,
                ..JobOptions::default()
            };
            let job = match &snapshot {
                None => Job::new(&graph, context(), options).unwrap(),
                Some(snapshot) => Job::restore(&graph, context(), options, snapshot).unwrap(),
            };
            let mut stepper = job.into_stepper();
            for _ in 0..random.below(30) {
                stepper.step(random).unwrap();
            }
            snapshot = None;
            if epoch < 4 && stepper.start_checkpoint(epoch) {
                while snapshot.is_none() {
                    stepper.step(random).unwrap();
                    snapshot = stepper.take_snapshot();
                }
                continue;
            }
            stepper.run(random).unwrap();
            stepper.finish().unwrap();
            break;
        }
        assert_eq!(multiset(sink.rows()), multiset(expected.rows()), "seed {seed}");
    }
}

fn by_the_clock(window: Window, unbounded: bool, sink: &TestSink) -> Graph {
    let mut builder = Builder::default();
    let mut source = TestSource::of(vec![(0..10).map(|v| row(v % 2, v, 0)).collect()]);
    source.unbounded = unbounded;
    let source = builder.source(Arc::new(source), None);
    let global = builder.aggregate(source, window, proctime(), vec![("k", column(0, bigint()))]);
    builder.sink(global, Exchange::Forward, Arc::new(sink.clone()));
    builder.graph
}

#[test]
fn the_clock_closes_windows_without_a_word_from_the_input() {
    for window in [
        Window::Tumble {
            size_ms: 1_000,
            offset_ms: 0,
        },
        Window::Session { gap_ms: 700 },
    ] {
        let sink = TestSink::default();
        let clock = Arc::new(ManualClock::at_ms(5_300));
        let context = context_with(clock.clone());
        let options = JobOptions {
            parallelism: 2,
            ..JobOptions::default()
        };
        let job = Job::new(&by_the_clock(window, true, &sink), context, options).unwrap();
        let mut stepper = job.into_stepper();
        let random = &mut Random::new(4);
        let mut waits = 0;
        while sink.written().is_empty() {
            if let Progress::Waiting(wait) = stepper.step(random).unwrap() {
                waits += 1;
                assert!(waits < 1_000);
                clock.advance(wait.unwrap_or(Duration::from_millis(1)));
            }
        }
        // A session's timer stands at its last millisecond, as that of every window.
        let start = if window.is_session() { 5_300 } else { 5_000 };
        let mut rows = sink.written();
        while rows.len() < 2 {
            stepper.step(random).unwrap();
            rows = sink.written();
        }
        rows.sort_unstable();
        assert_eq!(
            rows,
            [
                format!("0 5 20 20 {start} 6000"),
                format!("1 5 25 - {start} 6000")
            ]
        );
    }
}

#[test]
fn windows_by_the_clock_give_what_they_have_when_the_input_ends() {
    let window = Window::Cumulate {
        size_ms: 3_600_000,
        step_ms: 1_800_000,
        offset_ms: 0,
    };
    let sink = TestSink::default();
    run(&by_the_clock(window, false, &sink), 2, 3);
    let expected = [
        "0 5 20 20 0 1800000",
        "0 5 20 20 0 3600000",
        "1 5 25 - 0 1800000",
        "1 5 25 - 0 3600000",
    ];
    assert_eq!(multiset(sink.rows()), multiset(expected.map(str::to_string)));
}
