//! Work comes in pieces: what an operator has to send, and what a reader passes over, holds nobody up.

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::{Job, JobOptions, Progress, Stepper};
use graph::{Alignment, Exchange, Graph, Operator, Window};
use stdx::{ManualClock, Random};
use support::*;

const CHUNK_ROWS: usize = 10;
/// An operator sends eight chunks in one step, and has up to one in hand.
const STEP_ROWS_MAX: usize = 9 * CHUNK_ROWS;

fn options() -> JobOptions {
    JobOptions {
        chunk_rows: CHUNK_ROWS,
        ..JobOptions::default()
    }
}

fn rows(count: i64) -> Vec<TestRow> {
    (0..count)
        .map(|n| TestRow {
            k: Some(n),
            s: None,
            v: Some(n),
            t: Some(5_000),
        })
        .collect()
}

fn with_window(builder: &mut Builder, window: Window, input: usize) -> usize {
    let mut fields = vec![
        ("k", bigint()),
        ("s", text()),
        ("v", bigint()),
        ("t", timestamp()),
    ];
    for name in ["window_start", "window_end", "window_time"] {
        fields.push((name, timestamp()));
    }
    let operator = Operator::WindowTable {
        window,
        time: rowtime(),
        keys: vec![],
    };
    builder.add(operator, vec![(input, Exchange::Single)], fields)
}

/// Runs to the end, looking after each step; returns how many rows were written.
fn run(graph: &Graph, sink: &TestSink, options: JobOptions, mut look: impl FnMut(&Stepper, usize)) -> usize {
    let random = &mut Random::new(3);
    let mut stepper = Job::new(graph, context(), options).unwrap().into_stepper();
    let mut written = 0;
    loop {
        match stepper.step(random).unwrap() {
            Progress::Ended => break,
            Progress::Waiting(wait) => assert!(wait.is_some(), "all shards wait for each other"),
            Progress::Worked => {}
        }
        let now = sink.written_rows();
        look(&stepper, now - written);
        written = now;
    }
    let end = stepper.finish().unwrap();
    assert_eq!(end.statistics.rows_out, sink.rows().len() as u64);
    sink.rows().len()
}

fn few_at_a_time(_: &Stepper, rows: usize) {
    assert!(rows <= STEP_ROWS_MAX, "{rows} rows in one step");
}

const MANY: Window = Window::Hop {
    size_ms: 2_000,
    slide_ms: 1,
    offset_ms: 0,
};

#[test]
fn a_row_in_very_many_windows_is_sent_in_parts() {
    let sink = TestSink::default();
    let mut builder = Builder::default();
    let source = builder.source(Arc::new(TestSource::of(vec![rows(5)])), Some(0));
    let table = with_window(&mut builder, MANY, source);
    builder.sink(table, Exchange::Forward, Arc::new(sink.clone()));
    assert_eq!(run(&builder.graph, &sink, options(), few_at_a_time), 10_000);
}

#[test]
fn windows_that_close_at_once_are_sent_in_parts() {
    let session = Window::Session { gap_ms: 1_000 };
    let tumble = Window::Tumble {
        size_ms: 1_000,
        offset_ms: 0,
    };
    let cumulate = Window::Cumulate {
        size_ms: 10_000,
        step_ms: 10,
        offset_ms: 0,
    };
    // Five seconds are left of the cumulating windows.
    for (window, count, expected) in [
        (MANY, 7, 14_000),
        (cumulate, 7, 3_500),
        (tumble, 3_000, 3_000),
        (session, 3_000, 3_000),
    ] {
        let sink = TestSink::default();
        let mut builder = Builder::default();
        let source = builder.source(Arc::new(TestSource::of(vec![rows(count)])), Some(1_000));
        let global = builder.count(source, window, rowtime(), vec![("k", column(0, bigint()))]);
        builder.sink(global, Exchange::Forward, Arc::new(sink.clone()));
        assert_eq!(
            run(&builder.graph, &sink, options(), few_at_a_time),
            expected,
            "{window}"
        );
    }
}

#[test]
fn rows_of_a_session_that_closes_are_sent_in_parts() {
    let sink = TestSink::default();
    let mut builder = Builder::default();
    let source = builder.source(Arc::new(TestSource::of(vec![rows(3_000)])), Some(0));
    let table = with_window(&mut builder, Window::Session { gap_ms: 1_000 }, source);
    builder.sink(table, Exchange::Forward, Arc::new(sink.clone()));
    assert_eq!(run(&builder.graph, &sink, options(), few_at_a_time), 3_000);
}

#[test]
fn a_window_that_closes_waits_for_room_in_a_queue() {
    let sink = TestSink::default();
    let mut builder = Builder::default();
    let source = builder.source(Arc::new(TestSource::of(vec![rows(20)])), Some(1_000));
    let global = builder.count(source, MANY, rowtime(), vec![("k", column(0, bigint()))]);
    let fields = vec![
        ("k", bigint()),
        ("c", bigint()),
        ("window_start", timestamp()),
        ("window_end", timestamp()),
    ];
    let union = builder.add(Operator::Union, vec![(global, Exchange::Hash(vec![2]))], fields);
    builder.sink(union, Exchange::Forward, Arc::new(sink.clone()));
    let options = JobOptions {
        parallelism: 3,
        exchange_bytes_max: 1,
        ..options()
    };
    let mut most = 0;
    let look = |stepper: &Stepper, _| most = most.max(stepper.exchange_bytes());
    assert_eq!(run(&builder.graph, &sink, options, look), 40_000);
    // All of it is more than a megabyte.
    assert!(most < 200_000, "{most}");
}

#[test]
fn a_reader_that_only_gives_way_holds_nobody_up() {
    let sink = TestSink::default();
    let mut builder = Builder::default();
    let mut busy = TestSource::of(vec![vec![], vec![]]);
    busy.gives_way = true;
    let busy = builder.source(Arc::new(busy), None);
    let other = builder.source(Arc::new(TestSource::of(vec![rows(100)])), None);
    for source in [busy, other] {
        builder.sink(source, Exchange::Forward, Arc::new(sink.clone()));
    }
    let job = Job::new(&builder.graph, context(), options()).unwrap();
    let mut stepper = job.into_stepper();
    let random = &mut Random::new(1);
    for _ in 0..200 {
        if let Progress::Waiting(wait) = stepper.step(random).unwrap() {
            assert!(wait.unwrap() <= Duration::from_millis(1));
        }
    }
    assert_eq!(sink.written_rows(), 100);
    stepper.stop();
    stepper.run(random).unwrap();
    assert!(stepper.finish().unwrap().stopped);
}

#[test]
fn a_lane_of_a_group_waits_for_the_others() {
    const LANE_ROWS: i64 = 2_000;
    // Each row is ten milliseconds past the one before it.
    let lane = |name: &str| {
        (0..LANE_ROWS)
            .map(|n| TestRow {
                k: Some(n),
                s: Some(name.to_string()),
                v: None,
                t: Some(n * 10),
            })
            .collect()
    };
    for seed in 0..5 {
        let clock = Arc::new(ManualClock::at_ms(0));
        let sink = TestSink::default();
        let source = TestSource::of(vec![lane("first"), lane("second"), lane("third")]);
        let is_first_held = source.is_first_held.clone();
        let alignment = Alignment {
            group: "all".to_string(),
            drift_max: Duration::from_secs(1),
        };
        let mut builder = Builder::default();
        let source = builder.source_with(Arc::new(source), Some(0), None, Some(alignment));
        builder.sink(source, Exchange::Forward, Arc::new(sink.clone()));
        let options = JobOptions {
            parallelism: 2,
            ..options()
        };
        let job = Job::new(&builder.graph, context_with(clock.clone()), options).unwrap();
        let mut stepper = job.into_stepper();
        let random = &mut Random::new(seed);
        let mut steps = 0;
        loop {
            match stepper.step(random).unwrap() {
                Progress::Ended => break,
                Progress::Waiting(wait) => clock.advance(wait.unwrap().max(Duration::from_micros(1))),
                Progress::Worked => {}
            }
            steps += 1;
            match steps {
                200 => is_first_held.store(true, Ordering::Relaxed),
                3_000 => is_first_held.store(false, Ordering::Relaxed),
                _ => {}
            }
            if steps < 3_000 && steps % 50 == 0 {
                // A second is a hundred rows; a watermark is up to 200 ms old, and rows come in chunks.
                let written = sink.written();
                let rows_of = |name| written.iter().filter(|row| row.contains(name)).count();
                let rows = ["first", "second", "third"].map(rows_of);
                let ahead = rows.iter().max().unwrap() - rows.iter().min().unwrap();
                assert!(ahead <= 100 + 20 + 2 * CHUNK_ROWS, "seed {seed}: {ahead} rows");
            }
        }
        assert_eq!(
            stepper.finish().unwrap().statistics.rows_out,
            3 * LANE_ROWS as u64
        );
    }
}
