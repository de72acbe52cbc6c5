//! Jobs as a whole: expressions, unions, sources that pause and grow, back-pressure, stops and failures.

mod support;

use std::sync::Arc;
use std::time::Duration;

use dataflow::Error;
use engine::{Control, Job, JobOptions, Progress};
use graph::{Exchange, Expr, Graph, Operator, Window};
use model::TypeKind;
use stdx::{ManualClock, Random, SystemClock};
use support::functions::call;
use support::source::multiset;
use support::*;

fn rows(count: i64) -> Vec<TestRow> {
    (0..count)
        .map(|n| TestRow {
            k: Some(n % 7),
            s: Some(format!("s{}", n % 5)),
            v: (n % 11 != 0).then_some(n),
            t: Some(n * 10),
        })
        .collect()
}

fn options(parallelism: usize, chunk_rows: usize) -> JobOptions {
    JobOptions {
        parallelism,
        chunk_rows,
        ..JobOptions::default()
    }
}

fn step(graph: &Graph, options: JobOptions, seed: u64) -> Result<engine::JobEnd, Error> {
    let mut stepper = Job::new(graph, context(), options)?.into_stepper();
    stepper.run(&mut Random::new(seed))?;
    stepper.finish()
}

fn boolean() -> model::DataType {
    TypeKind::Boolean.nullable()
}

fn v() -> Expr {
    column(2, bigint())
}

/// Runs one expression over `count` rows and returns its values.
fn evaluate(expr: Expr, filter: Option<Expr>, count: i64) -> Result<Vec<String>, Error> {
    let mut all = None;
    for chunk_rows in [1, 3, 4096] {
        let sink = TestSink::default();
        let mut builder = Builder::default();
        let source = builder.source(Arc::new(TestSource::of(vec![rows(count)])), None);
        let calc = builder.calc(source, filter.clone(), vec![("x", expr.clone())]);
        builder.sink(calc, Exchange::Forward, Arc::new(sink.clone()));
        step(&builder.graph, options(1, chunk_rows), 1)?;
        let rows = sink.rows();
        assert_eq!(all.get_or_insert(rows.clone()), &rows);
    }
    Ok(all.unwrap_or_default())
}

#[test]
fn a_branch_that_can_fail_sees_its_own_rows_only() {
    let divided = || call(Call::Divide, vec![number(100), v()], bigint());
    let is_null = |operand: Expr| call(Call::IsNull, vec![operand], boolean());
    let positive = || call(Call::Greater, vec![v(), number(0)], boolean());
    let remainder = || call(Call::Plus, vec![v(), number(-1)], bigint());
    // v is NULL, 1, 2, 3, ...; v - 1 is zero once.
    let risky = call(Call::Divide, vec![number(6), remainder()], bigint());
    assert!(evaluate(risky.clone(), None, 5).is_err());
    let case = Expr::Case {
        branches: vec![
            (is_null(v()), number(-1)),
            (
                call(Call::Greater, vec![v(), number(1)], boolean()),
                risky.clone(),
            ),
        ],
        otherwise: Some(Box::new(divided())),
        data_type: bigint(),
    };
    assert_eq!(evaluate(case, None, 5).unwrap(), ["-1", "100", "6", "3", "2"]);
    let no_otherwise = Expr::Case {
        branches: vec![(
            call(Call::Greater, vec![v(), number(2)], boolean()),
            risky.clone(),
        )],
        otherwise: None,
        data_type: bigint(),
    };
    assert_eq!(
        evaluate(no_otherwise, None, 5).unwrap(),
        ["-", "-", "-", "3", "2"]
    );
    let guarded = Expr::And(vec![
        call(Call::Greater, vec![v(), number(1)], boolean()),
        call(Call::Greater, vec![risky.clone(), number(2)], boolean()),
    ]);
    assert_eq!(evaluate(v(), Some(guarded.clone()), 5).unwrap(), ["2", "3"]);
    let either = Expr::Or(vec![
        call(Call::Greater, vec![number(2), v()], boolean()),
        call(Call::Greater, vec![risky.clone(), number(2)], boolean()),
    ]);
    assert_eq!(evaluate(v(), Some(either), 5).unwrap(), ["1", "2", "3"]);
    // The filter keeps rows from the columns.
    let filter = call(Call::Greater, vec![v(), number(1)], boolean());
    assert_eq!(evaluate(risky, Some(filter), 5).unwrap(), ["6", "3", "2"]);
    // NULL AND false is false, NULL AND true is NULL: neither passes, both negate alike here.
    let three_valued = Expr::Or(vec![is_null(v()), Expr::And(vec![positive(), guarded])]);
    assert_eq!(evaluate(v(), Some(three_valued), 5).unwrap(), ["-", "2", "3"]);
}

#[test]
fn rows_with_a_null_where_none_may_be_are_left_out_and_counted() {
    for parallelism in [1, 2, 3] {
        for chunk_rows in [1, 3, 4096] {
            let sink = TestSink::default();
            let mut builder = Builder::default();
            // Every eleventh `v` is NULL.
            let source = builder.source(Arc::new(TestSource::of(vec![rows(55), rows(3)])), None);
            let calc = builder.calc(source, None, vec![("v", v())]);
            let enforcer = builder.add(
                Operator::NotNullEnforcer { columns: vec![0] },
                vec![(calc, Exchange::Forward)],
                vec![("v", TypeKind::BigInt.not_null())],
            );
            builder.sink(enforcer, Exchange::Forward, Arc::new(sink.clone()));
            let end = step(&builder.graph, options(parallelism, chunk_rows), 1).unwrap();
            assert_eq!(end.statistics.null_rows_dropped, 6);
            assert_eq!(end.statistics.rows_out, 52);
            assert!(sink.rows().iter().all(|row| row != "-"));
        }
    }
}

#[test]
fn fixed_rows_are_sent_once_whatever_the_parallelism() {
    for parallelism in [1, 2, 3] {
        let sink = TestSink::default();
        let mut builder = Builder::default();
        let values = Operator::Values {
            rows: (0..10).map(|n| vec![number(n), number(n * n)]).collect(),
        };
        let values = builder.add(values, vec![], vec![("n", bigint()), ("square", bigint())]);
        builder.sink(values, Exchange::Forward, Arc::new(sink.clone()));
        step(&builder.graph, options(parallelism, 3), 5).unwrap();
        let expected: Vec<String> = (0..10).map(|n| format!("{n} {}", n * n)).collect();
        assert_eq!(sink.rows(), expected);
        assert_eq!(sink.ended(), 1);
    }
}

/// Two sources, one of them used twice, joined into one window.
fn diamond(sink: &TestSink, lanes: Vec<Vec<TestRow>>) -> Graph {
    let mut builder = Builder::default();
    let one = builder.source(Arc::new(TestSource::of(lanes.clone())), Some(0));
    let mut second = TestSource::of(lanes);
    second.pending_every = Some(3);
    let two = builder.source(Arc::new(second), Some(50));
    let fields = [
        ("k", bigint()),
        ("s", text()),
        ("v", bigint()),
        ("t", timestamp()),
    ];
    let all = || {
        fields
            .iter()
            .enumerate()
            .map(|(index, (name, kind))| (*name, column(index, kind.clone())))
    };
    let filter = call(Call::Greater, vec![v(), number(20)], boolean());
    let calc = builder.calc(one, Some(filter), all().collect());
    let inputs = vec![
        (one, Exchange::Forward),
        (calc, Exchange::Forward),
        (two, Exchange::Hash(vec![1])),
    ];
    let union = builder.add(Operator::Union, inputs, fields.to_vec());
    let window = Window::Tumble {
        size_ms: 100,
        offset_ms: 0,
    };
    let global = builder.aggregate(union, window, rowtime(), vec![("k", column(0, bigint()))]);
    builder.sink(global, Exchange::Single, Arc::new(sink.clone()));
    builder.graph
}

#[test]
fn watermarks_of_a_union_are_the_least_of_its_inputs() {
    let expected = TestSink::default();
    step(&diamond(&expected, vec![rows(300)]), options(1, 4096), 0).unwrap();
    for seed in 0..60 {
        let random = &mut Random::new(seed);
        let sink = TestSink::default();
        let options = options(random.between(1, 4) as usize, random.between(1, 100) as usize);
        let end = step(&diamond(&sink, vec![rows(300)]), options, seed).unwrap();
        assert_eq!(multiset(sink.rows()), multiset(expected.rows()), "seed {seed}");
        assert_eq!(end.statistics.late_rows_dropped, 0, "seed {seed}");
    }
}

#[test]
fn barriers_align_across_unions_and_exchanges() {
    let expected = TestSink::default();
    step(
        &diamond(&expected, vec![rows(200), rows(150)]),
        options(1, 4096),
        0,
    )
    .unwrap();
    for seed in 0..60 {
        let random = &mut Random::new(seed);
        let sink = TestSink::default();
        let graph = diamond(&sink, vec![rows(200), rows(150)]);
        let mut snapshot = None;
        for epoch in 1.. {
            let mut options = options(random.between(1, 4) as usize, random.between(1, 40) as usize);
            options.exchange_bytes_max = 1;
            let job = match &snapshot {
                None => Job::new(&graph, context(), options).unwrap(),
                Some(snapshot) => Job::restore(&graph, context(), options, snapshot).unwrap(),
            };
            let mut stepper = job.into_stepper();
            let mut ended = false;
            for _ in 0..random.below(200) {
                ended |= stepper.step(random).unwrap() == Progress::Ended;
            }
            if epoch < 5 && !ended && stepper.start_checkpoint(epoch) {
                snapshot = None;
                for _ in 0..100_000 {
                    stepper.step(random).unwrap();
                    snapshot = stepper.take_snapshot();
                    if snapshot.is_some() {
                        break;
                    }
                }
                assert!(
                    snapshot.is_some(),
                    "seed {seed}: the barrier does not get through"
                );
                continue;
            }
            stepper.run(random).unwrap();
            let end = stepper.finish().unwrap();
            assert_eq!(end.statistics.late_rows_dropped, 0, "seed {seed}, epoch {epoch}");
            break;
        }
        assert_eq!(multiset(sink.rows()), multiset(expected.rows()), "seed {seed}");
    }
}

#[test]
fn queues_stay_near_their_bound_and_nothing_waits_for_ever() {
    for seed in 0..40 {
        let random = &mut Random::new(seed);
        let sink = TestSink::default();
        let mut builder = Builder::default();
        let lanes = (0..4).map(|_| rows(500)).collect();
        let mut input = builder.source(Arc::new(TestSource::of(lanes)), Some(0));
        let fields = [
            ("k", bigint()),
            ("s", text()),
            ("v", bigint()),
            ("t", timestamp()),
        ];
        for key in [0, 1, 0, 2] {
            input = builder.add(
                Operator::Union,
                vec![(input, Exchange::Hash(vec![key]))],
                fields.to_vec(),
            );
        }
        builder.sink(input, Exchange::Forward, Arc::new(sink.clone()));
        let mut options = options(4, 20);
        options.exchange_bytes_max = 100;
        let mut stepper = Job::new(&builder.graph, context(), options)
            .unwrap()
            .into_stepper();
        let mut most = 0;
        loop {
            match stepper.step(random).unwrap() {
                Progress::Worked => most = most.max(stepper.exchange_bytes()),
                Progress::Waiting(wait) => assert!(wait.is_some(), "seed {seed}"),
                Progress::Ended => break,
            }
        }
        stepper.finish().unwrap();
        assert_eq!(sink.rows().len(), 2_000, "seed {seed}");
        // Four exchanges of sixteen queues, each over its bound by what one piece of work sends.
        assert!(most < 4 * 16 * 3_000, "seed {seed}: {most}");
    }
}

#[test]
fn threads_give_what_one_thread_gives() {
    let expected = TestSink::default();
    step(
        &diamond(&expected, vec![rows(5_000), rows(3_000)]),
        options(1, 4096),
        0,
    )
    .unwrap();
    for parallelism in [1, 2, 4] {
        let sink = TestSink::default();
        let graph = diamond(&sink, vec![rows(5_000), rows(3_000)]);
        let context = Arc::new(dataflow::EvaluationContext::new(
            chrono_tz::UTC,
            Arc::new(SystemClock),
        ));
        let mut options = options(parallelism, 100);
        options.exchange_bytes_max = 10_000;
        let control = Control::new();
        let end = Job::new(&graph, context, options).unwrap().run(&control).unwrap();
        assert!(!end.stopped);
        assert_eq!(
            multiset(sink.rows()),
            multiset(expected.rows()),
            "parallelism {parallelism}"
        );
        assert_eq!(control.statistics(), end.statistics);
        assert_eq!(end.statistics.rows_in, 16_000);
    }
}

#[test]
fn a_failing_shard_stops_the_job_and_nothing_is_committed() {
    for parallelism in [1, 3] {
        let sink = TestSink::default();
        let mut builder = Builder::default();
        let mut source = TestSource::of(vec![rows(100), rows(5_000), rows(100_000)]);
        source.fail_at = Some(4_000);
        let source = builder.source(Arc::new(source), Some(0));
        builder.sink(source, Exchange::Hash(vec![0]), Arc::new(sink.clone()));
        let context = Arc::new(dataflow::EvaluationContext::new(
            chrono_tz::UTC,
            Arc::new(SystemClock),
        ));
        let job = Job::new(&builder.graph, context, options(parallelism, 64)).unwrap();
        let error = job.run(&Control::new()).unwrap_err();
        assert!(error.to_string().starts_with("bad row"), "{error}");
        assert!(sink.rows().is_empty());
    }
}

#[test]
fn a_row_without_a_time_fails_the_job() {
    let mut rows = rows(3);
    rows[2].t = None;
    let sink = TestSink::default();
    let mut builder = Builder::default();
    let source = builder.source(Arc::new(TestSource::of(vec![rows])), Some(0));
    builder.sink(source, Exchange::Forward, Arc::new(sink));
    let error = step(&builder.graph, options(1, 4096), 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "RowTime field should not be null, please convert it to a non-null long value."
    );
}

#[test]
fn a_stopped_job_ends_in_order_without_closing_its_windows() {
    let sink = TestSink::default();
    let windows = TestSink::default();
    let mut builder = Builder::default();
    let mut source = TestSource::of(vec![rows(1_000), rows(1_000)]);
    source.unbounded = true;
    let source = builder.source(Arc::new(source), Some(0));
    builder.sink(source, Exchange::Forward, Arc::new(sink.clone()));
    let window = Window::Tumble {
        size_ms: 9_000,
        offset_ms: 0,
    };
    let global = builder.aggregate(source, window, rowtime(), vec![]);
    builder.sink(global, Exchange::Forward, Arc::new(windows.clone()));
    let context = Arc::new(dataflow::EvaluationContext::new(
        chrono_tz::UTC,
        Arc::new(SystemClock),
    ));
    let job = Job::new(&builder.graph, context, options(2, 100)).unwrap();
    let control = Control::new();
    let end = std::thread::scope(|scope| {
        let job = scope.spawn(|| job.run(&control));
        while sink.written().len() < 2_000 || windows.written().is_empty() {
            std::thread::yield_now();
        }
        assert!(sink.rows().is_empty());
        control.stop();
        job.join().unwrap().unwrap()
    });
    assert!(end.stopped);
    assert_eq!(sink.rows().len(), 2_000);
    // Of both lanes the numbers below 900 but multiples of 11, and the even ones of them.
    assert_eq!(windows.rows(), ["1800 736038 368020 0 9000"]);
    assert!(sink.flushes() > 0);
    assert_eq!((sink.ended(), windows.ended()), (0, 0));
}

#[test]
fn a_stop_that_comes_too_late_cuts_nothing_off() {
    let sink = TestSink::default();
    let mut builder = Builder::default();
    let source = builder.source(Arc::new(TestSource::of(vec![rows(10)])), None);
    builder.sink(source, Exchange::Forward, Arc::new(sink.clone()));
    for (steps, is_cut) in [(0, true), (u64::MAX, false)] {
        let job = Job::new(&builder.graph, context(), options(1, 4096)).unwrap();
        let mut stepper = job.into_stepper();
        let random = &mut Random::new(1);
        let mut step = 0;
        while step < steps && stepper.step(random).unwrap() != Progress::Ended {
            step += 1;
        }
        stepper.stop();
        stepper.run(random).unwrap();
        assert_eq!(stepper.finish().unwrap().stopped, is_cut);
        assert_eq!(sink.ended(), u64::from(!is_cut));
    }
}

#[test]
fn records_that_readers_pass_over_are_counted() {
    for parallelism in [1, 2] {
        let mut builder = Builder::default();
        let mut source = TestSource::of(vec![rows(10), rows(20), vec![]]);
        source.unreadable = 7;
        let source = builder.source(Arc::new(source), None);
        builder.sink(source, Exchange::Forward, Arc::new(TestSink::default()));
        let end = step(&builder.graph, options(parallelism, 3), 1).unwrap();
        assert_eq!(end.statistics.unreadable_rows_dropped, 21);
    }
}

#[test]
fn a_silent_lane_holds_nobody_back_once_it_counts_as_idle() {
    let clock = Arc::new(ManualClock::at_ms(0));
    let sink = TestSink::default();
    let mut builder = Builder::default();
    let mut source = TestSource::of(vec![rows(100), vec![]]);
    source.unbounded = true;
    let source = builder.source_with(Arc::new(source), Some(0), Some(Duration::from_secs(1)), None);
    let window = Window::Tumble {
        size_ms: 500,
        offset_ms: 0,
    };
    let global = builder.aggregate(source, window, rowtime(), vec![]);
    builder.sink(global, Exchange::Forward, Arc::new(sink.clone()));
    for parallelism in [1, 2] {
        let before = sink.written().len();
        let job = Job::new(
            &builder.graph,
            context_with(clock.clone()),
            options(parallelism, 10),
        )
        .unwrap();
        let mut stepper = job.into_stepper();
        let random = &mut Random::new(9);
        let began = clock.clone();
        let until = stdx::Clock::now_ms(began.as_ref()) + 900;
        let run_until = |stepper: &mut engine::Stepper, random: &mut Random, until_ms: i64| {
            while stdx::Clock::now_ms(clock.as_ref()) < until_ms {
                if let Progress::Waiting(wait) = stepper.step(random).unwrap() {
                    clock.advance(
                        wait.unwrap()
                            .clamp(Duration::from_millis(1), Duration::from_millis(50)),
                    );
                }
            }
        };
        run_until(&mut stepper, random, until);
        assert_eq!(sink.written().len(), before, "the silent lane counts");
        run_until(&mut stepper, random, until + 900);
        assert_eq!(sink.written().len(), before + 1, "it does not count any more");
        assert_eq!(
            sink.written().last().map(String::as_str),
            Some("50 1115 534 0 500")
        );
    }
}

#[test]
fn splits_that_appear_later_are_read_too() {
    let clock = Arc::new(ManualClock::at_ms(0));
    let sink = TestSink::default();
    let mut builder = Builder::default();
    let mut source = TestSource::of(vec![rows(10)]);
    source.unbounded = true;
    source.discovery = Some(Duration::from_millis(100));
    let source = Arc::new(source);
    let node = builder.source(source.clone(), Some(0));
    builder.sink(node, Exchange::Forward, Arc::new(sink.clone()));
    let job = Job::new(&builder.graph, context_with(clock.clone()), options(2, 10)).unwrap();
    let mut stepper = job.into_stepper();
    let random = &mut Random::new(2);
    for step in 0..2_000 {
        if step == 500 {
            source
                .lanes
                .lock()
                .unwrap()
                .extend([vec![rows(5)], vec![rows(7)]]);
        }
        if let Progress::Waiting(wait) = stepper.step(random).unwrap() {
            clock.advance(
                wait.unwrap_or(Duration::from_millis(5))
                    .max(Duration::from_millis(1)),
            );
        }
    }
    assert_eq!(sink.written().len(), 22);
}

#[test]
fn a_look_for_new_splits_may_fail_for_a_while() {
    for (failing, is_fatal) in [(10, false), (11, true)] {
        let clock = Arc::new(ManualClock::at_ms(0));
        let sink = TestSink::default();
        let mut builder = Builder::default();
        let mut source = TestSource::of(vec![rows(10)]);
        source.unbounded = true;
        source.discovery = Some(Duration::from_millis(100));
        let source = Arc::new(source);
        let node = builder.source(source.clone(), Some(0));
        builder.sink(node, Exchange::Forward, Arc::new(sink.clone()));
        let job = Job::new(&builder.graph, context_with(clock.clone()), options(2, 10)).unwrap();
        let mut stepper = job.into_stepper();
        source.lanes.lock().unwrap().push(vec![rows(5)]);
        source
            .failing_lists
            .store(failing, std::sync::atomic::Ordering::Relaxed);
        let random = &mut Random::new(2);
        let mut outcome = Ok(Progress::Worked);
        for _ in 0..2_000 {
            outcome = stepper.step(random);
            match outcome {
                Ok(Progress::Waiting(_)) => clock.advance(Duration::from_millis(10)),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        match outcome {
            Err(error) => assert!(
                is_fatal && error.to_string().starts_with("list splits"),
                "{error}"
            ),
            Ok(_) => assert!(!is_fatal && sink.written().len() == 15),
        }
    }
}

#[test]
fn state_that_nobody_claims_is_not_dropped_without_a_word() {
    let sink = TestSink::default();
    let before = diamond(&sink, vec![rows(100)]);
    let mut stepper = Job::new(&before, context(), options(1, 10))
        .unwrap()
        .into_stepper();
    let random = &mut Random::new(1);
    for _ in 0..10 {
        stepper.step(random).unwrap();
    }
    assert!(stepper.start_checkpoint(1));
    let snapshot = loop {
        if let Some(snapshot) = stepper.take_snapshot() {
            break snapshot;
        }
        stepper.step(random).unwrap();
    };
    let mut builder = Builder::default();
    for delay_ms in [50, 0] {
        let source = builder.source(Arc::new(TestSource::of(vec![rows(100)])), Some(delay_ms));
        builder.sink(source, Exchange::Forward, Arc::new(sink.clone()));
    }
    let refused = Job::restore(&builder.graph, context(), options(1, 10), &snapshot);
    assert!(matches!(refused, Err(Error::Invalid(_))));
    let mut options = options(1, 10);
    options.drop_unclaimed_state = true;
    let mut stepper = Job::restore(&builder.graph, context(), options, &snapshot)
        .unwrap()
        .into_stepper();
    stepper.run(random).unwrap();
    let end = stepper.finish().unwrap();
    // The scans that both jobs have go on where they were, though they stand in another order.
    assert!(end.statistics.rows_in < 200);
}

#[test]
fn more_shards_than_key_groups_are_refused() {
    let sink = TestSink::default();
    let graph = diamond(&sink, vec![rows(1)]);
    assert!(matches!(
        Job::new(&graph, context(), options(129, 10)),
        Err(Error::Invalid(_))
    ));
}
