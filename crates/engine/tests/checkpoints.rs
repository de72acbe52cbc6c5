//! What a snapshot holds, what a restored job makes of it, and what committers are told.

mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, BooleanArray, Int64Array, UInt32Array};
use dataflow::{
    Accumulator, AggregateFunction, Chunk, Committable, Committer, Epoch, Error, Sink, SinkWriter,
};
use engine::{Job, JobOptions, Progress, Snapshot, Stepper};
use graph::{Exchange, Graph, Operator, Window};
use model::{ChangelogMode, RowKind};
use stdx::{ManualClock, Random};
use support::source::multiset;
use support::*;

fn rows(count: i64) -> Vec<TestRow> {
    (0..count).map(|n| row(n % 7, n, n * 10)).collect()
}

fn row(k: i64, v: i64, t: i64) -> TestRow {
    TestRow {
        k: Some(k),
        s: None,
        v: Some(v),
        t: Some(t),
    }
}

fn options(parallelism: usize, chunk_rows: usize) -> JobOptions {
    JobOptions {
        parallelism,
        chunk_rows,
        ..JobOptions::default()
    }
}

/// The snapshot of a checkpoint that begins now.
fn checkpoint(stepper: &mut Stepper, epoch: Epoch, random: &mut Random) -> Snapshot {
    assert!(stepper.start_checkpoint(epoch));
    for _ in 0..100_000 {
        if let Some(snapshot) = stepper.take_snapshot() {
            return snapshot;
        }
        stepper.step(random).unwrap();
    }
    panic!("the barrier does not get through");
}

/// Runs to the end with a few restores on the way, time passing now and then.
fn run_with_restores(graph: &Graph, chunk_rows_max: i64, random: &mut Random) {
    let clock = Arc::new(ManualClock::at_ms(0));
    let mut snapshot: Option<Snapshot> = None;
    for epoch in 1.. {
        let mut options = options(
            random.between(1, 3) as usize,
            random.between(1, chunk_rows_max) as usize,
        );
        options.exchange_bytes_max = 1;
        let context = context_with(clock.clone());
        let job = match &snapshot {
            None => Job::new(graph, context, options),
            Some(snapshot) => Job::restore(graph, context, options, snapshot),
        };
        let mut stepper = job.unwrap().into_stepper();
        let steps = random.below(100);
        let mut taken = None;
        for step in 0.. {
            if random.chance(0.3) {
                clock.advance(std::time::Duration::from_millis(2));
            }
            if step == steps && !(epoch < 4 && stepper.start_checkpoint(epoch)) {
                break;
            }
            taken = stepper.take_snapshot();
            if taken.is_some() || stepper.step(random).unwrap() == Progress::Ended {
                break;
            }
            assert!(step < 100_000, "the barrier does not get through");
        }
        if taken.is_some() {
            snapshot = taken;
            continue;
        }
        stepper.run(random).unwrap();
        stepper.finish().unwrap();
        return;
    }
}

/// Two windows by the clock, joined: barriers come to them at different times.
fn by_the_clock(window: Window, sink: &TestSink) -> Graph {
    let mut builder = Builder::default();
    let mut branches = Vec::new();
    for _ in 0..2 {
        let source = builder.source(Arc::new(TestSource::of(vec![rows(100), rows(80)])), None);
        let global = builder.count(source, window, proctime(), vec![("k", column(0, bigint()))]);
        branches.push((global, Exchange::Forward));
    }
    let union = builder.add(Operator::Union, branches, counted());
    builder.sink(union, Exchange::Forward, Arc::new(sink.clone()));
    builder.graph
}

/// What [`Builder::count`] gives.
fn counted() -> Vec<(&'static str, model::DataType)> {
    vec![
        ("k", bigint()),
        ("c", bigint()),
        ("window_start", timestamp()),
        ("window_end", timestamp()),
    ]
}

#[test]
fn the_clock_closes_no_window_between_barriers() {
    for seed in 0..150 {
        let random = &mut Random::new(seed);
        let sink = TestSink::default();
        let window = Window::Tumble {
            size_ms: 5,
            offset_ms: 0,
        };
        run_with_restores(&by_the_clock(window, &sink), 20, random);
        let mut counts = [0; 7];
        for row in sink.rows() {
            let cells: Vec<usize> = row.split(' ').take(2).map(|cell| cell.parse().unwrap()).collect();
            counts[cells[0]] += cells[1];
        }
        let expected = [54, 54, 52, 50, 50, 50, 50];
        assert_eq!(counts, expected, "seed {seed}");
    }
}

#[test]
fn windows_by_the_clock_that_overlap_are_told_once_whatever_is_restored() {
    for seed in 0..150 {
        let random = &mut Random::new(seed);
        let hop = Window::Hop {
            size_ms: 6,
            slide_ms: 2,
            offset_ms: 0,
        };
        let cumulate = Window::Cumulate {
            size_ms: 6,
            step_ms: 2,
            offset_ms: 0,
        };
        for (window, times) in [(hop, Some(3)), (cumulate, None)] {
            let sink = TestSink::default();
            // One of the two branches alone: a window is told by one operator.
            let mut builder = Builder::default();
            let source = builder.source(Arc::new(TestSource::of(vec![rows(100), rows(80)])), None);
            let counts = builder.count(source, window, proctime(), vec![("k", column(0, bigint()))]);
            builder.sink(counts, Exchange::Forward, Arc::new(sink.clone()));
            run_with_restores(&builder.graph, 20, random);
            let mut told = std::collections::BTreeSet::new();
            let mut count = 0;
            for row in sink.rows() {
                let cells: Vec<&str> = row.split(' ').collect();
                count += cells[1].parse::<usize>().unwrap();
                let window = (cells[0].to_string(), cells[2..].join(" "));
                assert!(told.insert(window), "seed {seed}: {row} is told twice");
            }
            assert!(
                times.is_none_or(|times| count == 180 * times),
                "seed {seed}: {count}"
            );
        }
    }
}

/// Windows that close many at a time, or rows that lie in many, joined with rows that pass by.
fn in_many_windows(lane: Vec<TestRow>, aggregated: bool, sink: &TestSink) -> Graph {
    let mut builder = Builder::default();
    // Without anything that could be late, the rows come in on a shard that is not the first.
    let lanes = if aggregated {
        vec![lane]
    } else {
        vec![vec![], lane]
    };
    let one = builder.source(Arc::new(TestSource::of(lanes)), Some(0));
    let window = Window::Hop {
        size_ms: 400,
        slide_ms: 20,
        offset_ms: 0,
    };
    let columns = |start, end| {
        vec![
            ("k", column(0, bigint())),
            ("c", column(2, bigint())),
            ("window_start", column(start, timestamp())),
            ("window_end", column(end, timestamp())),
        ]
    };
    let many = if aggregated {
        builder.count(one, window, rowtime(), vec![("k", column(0, bigint()))])
    } else {
        let table = with_window(&mut builder, window, (one, Exchange::Forward));
        builder.calc(table, None, columns(4, 5))
    };
    // A queue that only some shards read keeps the others waiting for room.
    builder.sink(many, Exchange::Single, Arc::new(TestSink::default()));
    let two = builder.source(Arc::new(TestSource::of(vec![rows(200), rows(100)])), None);
    let passing = builder.calc(two, None, columns(3, 3));
    let branches = vec![(many, Exchange::Forward), (passing, Exchange::Forward)];
    let union = builder.add(Operator::Union, branches, counted());
    builder.sink(union, Exchange::Forward, Arc::new(sink.clone()));
    builder.graph
}

fn with_window(builder: &mut Builder, window: Window, input: (usize, Exchange)) -> usize {
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
        keys: vec![0],
    };
    builder.add(operator, vec![input], fields)
}

#[test]
fn a_barrier_waits_behind_windows_that_are_closing() {
    for seed in 0..40 {
        let random = &mut Random::new(seed);
        let mut now_ms = 0;
        let lane: Vec<TestRow> = (0..60)
            .map(|v| {
                now_ms += if random.chance(0.3) {
                    random.between(500, 1_500)
                } else {
                    random.between(0, 50)
                };
                row(random.between(0, 5), v, now_ms - random.between(0, 300))
            })
            .collect();
        for aggregated in [false, true] {
            let expected = TestSink::default();
            let graph = in_many_windows(lane.clone(), aggregated, &expected);
            let mut stepper = Job::new(&graph, context(), options(1, 4096))
                .unwrap()
                .into_stepper();
            stepper.run(random).unwrap();
            stepper.finish().unwrap();
            let sink = TestSink::default();
            run_with_restores(&in_many_windows(lane.clone(), aggregated, &sink), 8, random);
            assert_eq!(multiset(sink.rows()), multiset(expected.rows()), "seed {seed}");
        }
    }
}

#[test]
fn lanes_that_had_ended_hold_back_no_event_time_after_a_restore() {
    let random = &mut Random::new(1);
    let mut builder = Builder::default();
    // The last row is late, but not for a lane at sixty seconds.
    let slow = [1_000, 100_000, 70_000].map(|t| row(1, 1, t));
    let source = TestSource::of(vec![slow.to_vec(), vec![row(2, 1, 60_000)]]);
    let is_held = source.is_first_held.clone();
    let source = builder.source(Arc::new(source), Some(0));
    let window = Window::Tumble {
        size_ms: 1_000,
        offset_ms: 0,
    };
    let global = builder.count(source, window, rowtime(), vec![("k", column(0, bigint()))]);
    builder.sink(global, Exchange::Forward, Arc::new(TestSink::default()));
    for is_restored in [false, true] {
        is_held.store(true, Ordering::Relaxed);
        let job = Job::new(&builder.graph, context(), options(1, 10)).unwrap();
        let mut stepper = job.into_stepper();
        while stepper.step(random).unwrap() == Progress::Worked {}
        if is_restored {
            let snapshot = checkpoint(&mut stepper, 1, random);
            let has_ended = |id: &str| {
                let mut splits = snapshot.operators.values().flat_map(|operator| &operator.splits);
                splits.any(|(name, state)| name == id && state.ended)
            };
            assert!(has_ended("1/0") && !has_ended("0/0"));
            let job = Job::restore(&builder.graph, context(), options(1, 10), &snapshot);
            stepper = job.unwrap().into_stepper();
        }
        is_held.store(false, Ordering::Relaxed);
        stepper.run(random).unwrap();
        let end = stepper.finish().unwrap();
        assert_eq!(end.statistics.late_rows_dropped, 1, "restored: {is_restored}");
    }
}

#[test]
fn what_an_earlier_barrier_asked_for_is_not_lost_if_nobody_commits_in_time() {
    for seed in 0..20 {
        let random = &mut Random::new(seed);
        let sink = TestSink::default();
        let mut builder = Builder::default();
        let source = builder.source(Arc::new(TestSource::of(vec![rows(100), rows(50)])), None);
        builder.sink(source, Exchange::Hash(vec![0]), Arc::new(sink.clone()));
        let mut stepper = Job::new(&builder.graph, context(), options(2, 3))
            .unwrap()
            .into_stepper();
        let mut snapshot = None;
        for epoch in 1..4 {
            for _ in 0..10 {
                stepper.step(random).unwrap();
            }
            snapshot = Some(checkpoint(&mut stepper, epoch, random));
        }
        drop(stepper);
        let job = Job::restore(&builder.graph, context(), options(1, 10), &snapshot.unwrap()).unwrap();
        let mut stepper = job.into_stepper();
        stepper.run(random).unwrap();
        stepper.finish().unwrap();
        assert_eq!(sink.rows().len(), 150, "seed {seed}");
    }
}

/// A sink that prepares nothing, and whose committer has something left to do from the first commit on.
#[derive(Debug, Default, Clone)]
struct PatientSink {
    commits: Arc<Mutex<Vec<Vec<Committable>>>>,
}

impl Sink for PatientSink {
    fn changelog_mode(&self, requested: ChangelogMode) -> ChangelogMode {
        requested
    }

    fn writer(&self, _shard: usize, _shards: usize) -> Result<Box<dyn SinkWriter>, Error> {
        Ok(Box::new(self.clone()))
    }

    fn committer(&self) -> Result<Option<Box<dyn Committer>>, Error> {
        Ok(Some(Box::new(self.clone())))
    }
}

impl SinkWriter for PatientSink {
    fn write(&mut self, _chunk: &Chunk) -> Result<(), Error> {
        Ok(())
    }

    fn prepare(&mut self, _epoch: Option<Epoch>) -> Result<Vec<Committable>, Error> {
        Ok(Vec::new())
    }
}

impl Committer for PatientSink {
    fn commit(&mut self, committables: Vec<Committable>, _end_of_input: bool) -> Result<(), Error> {
        self.commits.lock().unwrap().push(committables);
        Ok(())
    }

    fn pending(&self) -> Vec<Committable> {
        vec![Committable(b"later".to_vec())]
    }
}

#[test]
fn committers_are_called_at_every_epoch_and_snapshots_carry_what_they_have_yet_to_do() {
    let random = &mut Random::new(5);
    let sink = PatientSink::default();
    let mut builder = Builder::default();
    let mut source = TestSource::of(vec![rows(1_000)]);
    source.unbounded = true;
    let source = builder.source(Arc::new(source), None);
    builder.sink(source, Exchange::Forward, Arc::new(sink.clone()));
    let mut job = Job::new(&builder.graph, context(), options(2, 3)).unwrap();
    for restored in [false, true] {
        let mut stepper = job.into_stepper();
        let first = if restored { 2 } else { 1 };
        let snapshot = checkpoint(&mut stepper, first, random);
        stepper.commit(first).unwrap();
        assert_eq!(
            snapshot
                .operators
                .values()
                .map(|o| o.committables.len())
                .sum::<usize>(),
            1
        );
        let commits = std::mem::take(&mut *sink.commits.lock().unwrap());
        let beginning = vec![Committable(b"later".to_vec()); usize::from(restored)];
        assert_eq!(commits, [beginning, vec![]]);
        job = Job::restore(&builder.graph, context(), options(1, 3), &snapshot).unwrap();
    }
}

#[test]
fn rows_that_wait_are_snapshot_in_batches_of_bounded_size() {
    let random = &mut Random::new(5);
    let mut builder = Builder::default();
    let mut source = TestSource::of(vec![(0..70_000).map(|v| row(1, v, 1_000)).collect()]);
    source.unbounded = true;
    let source = builder.source(Arc::new(source), Some(0));
    let window = Window::Session { gap_ms: 1_000 };
    let table = with_window(&mut builder, window, (source, Exchange::Forward));
    let sink = TestSink::default();
    builder.sink(table, Exchange::Forward, Arc::new(sink.clone()));
    let job = Job::new(&builder.graph, context(), options(1, 4096)).unwrap();
    let mut stepper = job.into_stepper();
    while stepper.step(random).unwrap() == Progress::Worked {}
    let snapshot = checkpoint(&mut stepper, 1, random);
    let tables = snapshot
        .operators
        .values()
        .flat_map(|operator| operator.tables.values());
    let batches = tables.flat_map(|table| table.groups.values().flatten());
    let sizes: Vec<usize> = batches.map(|batch| batch.num_rows()).collect();
    assert_eq!(
        sizes,
        [state::SNAPSHOT_ROWS_MAX, 70_000 - state::SNAPSHOT_ROWS_MAX]
    );
}

/// COUNT that counts how often merged groups are copied out.
#[derive(Debug, Default, Clone)]
struct Watched {
    copies: Arc<AtomicU64>,
}

struct WatchedAccumulator {
    counts: Vec<i64>,
    has_merged: bool,
    copies: Arc<AtomicU64>,
}

impl AggregateFunction for Watched {
    fn name(&self) -> &str {
        "COUNT"
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(WatchedAccumulator {
            counts: Vec::new(),
            has_merged: false,
            copies: self.copies.clone(),
        })
    }
}

impl Accumulator for WatchedAccumulator {
    fn resize(&mut self, groups: usize) {
        self.counts.resize(groups, 0);
    }

    fn update(
        &mut self,
        groups: &[u32],
        _: &[ArrayRef],
        _: Option<&BooleanArray>,
        _: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        groups.iter().for_each(|&group| self.counts[group as usize] += 1);
        Ok(())
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        self.has_merged = true;
        let counts = state[0].as_primitive::<Int64Type>().values();
        for (&group, count) in groups.iter().zip(counts) {
            self.counts[group as usize] += count;
        }
        Ok(())
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        let counts = groups.values().iter().map(|&group| self.counts[group as usize]);
        Ok(Arc::new(Int64Array::from_iter_values(counts)))
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        if self.has_merged && !groups.is_empty() {
            self.copies.fetch_add(1, Ordering::Relaxed);
        }
        Ok(vec![self.evaluate(groups)?])
    }

    fn clear(&mut self, groups: &[u32]) {
        groups.iter().for_each(|&group| self.counts[group as usize] = 0);
    }

    fn size_bytes(&self) -> usize {
        self.counts.capacity() * 8
    }
}

#[test]
fn a_job_that_stops_copies_no_state_unless_a_checkpoint_is_under_way() {
    for seed in 0..20 {
        for with_checkpoint in [false, true] {
            let random = &mut Random::new(seed);
            let watched = Watched::default();
            let mut builder = Builder::default();
            let mut source = TestSource::of(vec![rows(100)]);
            source.unbounded = true;
            let source = builder.source(Arc::new(source), Some(0));
            let window = Window::Tumble {
                size_ms: 1_000_000,
                offset_ms: 0,
            };
            let keys = vec![("k", column(0, bigint()))];
            let calls = vec![aggregate(Arc::new(watched.clone()), vec![], None, "c")];
            let global = builder.aggregates(source, window, rowtime(), keys, calls);
            builder.sink(global, Exchange::Forward, Arc::new(TestSink::default()));
            let mut stepper = Job::new(&builder.graph, context(), options(2, 10))
                .unwrap()
                .into_stepper();
            while !matches!(stepper.step(random).unwrap(), Progress::Waiting(_)) {}
            if with_checkpoint {
                assert!(stepper.start_checkpoint(1));
            }
            stepper.stop();
            assert!(!stepper.start_checkpoint(2));
            stepper.run(random).unwrap();
            let snapshot = stepper.take_snapshot();
            assert_eq!(snapshot.is_some(), with_checkpoint, "seed {seed}");
            let rows: usize = snapshot
                .iter()
                .flat_map(|snapshot| snapshot.operators.values())
                .flat_map(|operator| operator.tables.values())
                .map(|table| table.rows())
                .sum();
            assert_eq!(rows, if with_checkpoint { 7 } else { 0 }, "seed {seed}");
            let copies = watched.copies.load(Ordering::Relaxed);
            assert_eq!(copies > 0, with_checkpoint, "seed {seed}");
        }
    }
}
