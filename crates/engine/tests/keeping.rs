//! Jobs on threads that keep snapshots of themselves.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dataflow::Error;
use engine::{Checkpointing, Control, Job, JobOptions, SnapshotKeeper, Taken};
use graph::{Exchange, Graph, Window};
use state::Extent;
use stdx::SystemClock;
use support::*;

fn rows(count: i64) -> Vec<TestRow> {
    (0..count)
        .map(|n| TestRow {
            k: Some(n % 7),
            s: None,
            v: Some(n),
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

/// Keeps snapshots in memory, unless it is told to fail.
#[derive(Debug, Default)]
struct Memory {
    taken: Mutex<Vec<Taken>>,
    fails: AtomicBool,
}

impl Memory {
    fn count(&self) -> usize {
        self.taken.lock().unwrap().len()
    }

    fn last(&self) -> Taken {
        self.taken.lock().unwrap().last().unwrap().clone()
    }
}

impl SnapshotKeeper for Memory {
    fn keep(&self, taken: &Taken) -> Result<Extent, Error> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(Error::internal("the disk is full"));
        }
        self.taken.lock().unwrap().push(taken.clone());
        Ok(Extent::Whole)
    }
}

fn kept_in(memory: &Arc<Memory>, interval: Option<Duration>) -> Checkpointing {
    Checkpointing {
        keeper: memory.clone(),
        interval,
        min_pause: Duration::ZERO,
        timeout: Duration::from_secs(600),
        tolerable_failures: 0,
    }
}

/// A source of two lanes that never end, and where its rows go.
fn endless(sink: &TestSink) -> Graph {
    let mut builder = Builder::default();
    let mut source = TestSource::of(vec![rows(1_000), rows(500)]);
    source.unbounded = true;
    let source = builder.source(Arc::new(source), Some(0));
    builder.sink(source, Exchange::Hash(vec![0]), Arc::new(sink.clone()));
    builder.graph
}

fn real_time() -> Arc<dataflow::EvaluationContext> {
    Arc::new(dataflow::EvaluationContext::new(
        chrono_tz::UTC,
        Arc::new(SystemClock),
    ))
}

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let patience = Duration::from_secs(60);
    let began = std::time::Instant::now();
    while !is_so() {
        assert!(began.elapsed() < patience, "waiting for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_running_job_commits_what_a_checkpoint_has_kept() {
    let sink = TestSink::default();
    let graph = endless(&sink);
    let memory = Arc::new(Memory::default());
    let job = Job::new(&graph, real_time(), options(2, 100)).unwrap();
    // None comes by itself.
    let job = job.keep_snapshots(kept_in(&memory, None));
    let control = Control::new();
    std::thread::scope(|scope| {
        let job = scope.spawn(|| job.run(&control));
        wait_for("rows", || sink.written().len() >= 1_500);
        assert!(sink.rows().is_empty());
        control.trigger_checkpoint().unwrap();
        wait_for("a commit", || sink.rows().len() >= 1_500);
        assert_eq!(memory.count(), 1);
        control.stop();
        assert!(job.join().unwrap().unwrap().stopped);
    });
    // Another one was kept at the stop, and from there on nothing is left to read.
    assert_eq!((memory.count(), memory.last().is_last), (2, true));
    assert!(!memory.last().snapshot.has_committables());
    let job = Job::restore(&graph, real_time(), options(3, 100), &memory.last().snapshot).unwrap();
    let control = Control::new();
    control.stop();
    job.run(&control).unwrap();
    assert_eq!(sink.rows().len(), 1_500);
    assert_eq!(sink.written().len(), 1_500);
}

#[test]
fn checkpoints_come_by_themselves() {
    let sink = TestSink::default();
    let memory = Arc::new(Memory::default());
    let job = Job::new(&endless(&sink), real_time(), options(2, 100)).unwrap();
    let job = job.keep_snapshots(kept_in(&memory, Some(Duration::from_millis(5))));
    let control = Control::new();
    std::thread::scope(|scope| {
        let job = scope.spawn(|| job.run(&control));
        wait_for("checkpoints", || memory.count() >= 5);
        wait_for("a commit", || sink.rows().len() >= 1_500);
        control.stop();
        job.join().unwrap().unwrap();
    });
    assert_eq!(sink.rows().len(), 1_500);
    let epochs: Vec<u64> = memory
        .taken
        .lock()
        .unwrap()
        .iter()
        .map(|taken| taken.snapshot.epoch)
        .collect();
    assert!(epochs.windows(2).all(|pair| pair[0] < pair[1]), "{epochs:?}");
}

#[test]
fn a_job_whose_checkpoint_cannot_be_kept_fails_and_commits_nothing() {
    let sink = TestSink::default();
    let memory = Arc::new(Memory::default());
    memory.fails.store(true, Ordering::Relaxed);
    let job = Job::new(&endless(&sink), real_time(), options(2, 100)).unwrap();
    let job = job.keep_snapshots(kept_in(&memory, Some(Duration::from_millis(1))));
    let fault = job.run(&Control::new()).unwrap_err();
    assert_eq!(fault.to_string(), "internal error: the disk is full");
    assert!(sink.rows().is_empty());
}

#[test]
fn the_last_checkpoint_of_a_job_that_has_read_all_holds_no_rows() {
    let sink = TestSink::default();
    let mut builder = Builder::default();
    let source = builder.source(Arc::new(TestSource::of(vec![rows(100), rows(50)])), None);
    let window = Window::Tumble {
        size_ms: 10,
        offset_ms: 0,
    };
    let counted = builder.count(source, window, rowtime(), vec![("k", column(0, bigint()))]);
    builder.sink(counted, Exchange::Forward, Arc::new(sink.clone()));
    let memory = Arc::new(Memory::default());
    let job = Job::new(&builder.graph, context(), options(2, 7)).unwrap();
    let job = job.keep_snapshots(kept_in(&memory, None));
    job.run(&Control::new()).unwrap();
    let last = memory.last();
    assert!(last.is_last);
    let tables = last
        .snapshot
        .operators
        .values()
        .map(|operator| operator.tables.len());
    assert_eq!(tables.sum::<usize>(), 0);
    // Whoever comes after a death in the last commit commits again, and writes nothing twice.
    let rows = sink.rows();
    assert!(!rows.is_empty());
    let job = Job::restore(&builder.graph, context(), options(1, 7), &last.snapshot).unwrap();
    job.run(&Control::new()).unwrap();
    assert_eq!(sink.rows(), rows);
    assert_eq!(sink.ended(), 2);
}
