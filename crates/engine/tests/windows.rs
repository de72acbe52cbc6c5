//! Windows, against a reference that takes rows one at a time by Flink's rules: at parallelism 1, 2 and 3, with
//! chunks of 1, 3 and 4,096 rows, in random schedules, and across a snapshot restored at another parallelism.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use dataflow::Error;
use engine::{Job, JobOptions, Progress, Snapshot};
use graph::{Exchange, Expr, Graph, Operator, Window, WindowTime};
use model::TypeKind;
use state::SnapshotReader;
use stdx::Random;
use support::functions::call;
use support::source::multiset;
use support::*;

#[derive(Debug, Clone)]
struct Case {
    window: Window,
    /// Which of k and s are keys.
    keys: Vec<usize>,
    delay_ms: i64,
    /// Through a window table and attached windows, instead of directly.
    attached: bool,
    filtered: bool,
    lanes: Vec<Vec<TestRow>>,
}

fn random_window(random: &mut Random) -> Window {
    let step = random.between(1, 400);
    let times = random.between(1, 6);
    let offset_ms = random.between(-step + 1, step - 1);
    match random.below(6) {
        0 => Window::Tumble {
            size_ms: step * times,
            offset_ms,
        },
        1 | 2 => Window::Hop {
            size_ms: step * times,
            slide_ms: step,
            offset_ms,
        },
        3 => Window::Hop {
            size_ms: random.between(50, 1000),
            slide_ms: random.between(50, 500),
            offset_ms: 0,
        },
        4 => Window::Cumulate {
            size_ms: step * times,
            step_ms: step,
            offset_ms,
        },
        _ => Window::Session {
            gap_ms: random.between(1, 600),
        },
    }
}

fn random_rows(random: &mut Random, rows: usize, disorder_ms: i64) -> Vec<TestRow> {
    let mut now_ms = random.between(-500, 3_000);
    (0..rows)
        .map(|_| {
            now_ms += if random.chance(0.02) {
                random.between(500, 3_000)
            } else {
                random.between(0, 60)
            };
            let k = random.between(0, 5);
            TestRow {
                k: (k > 0).then_some(k),
                s: random.chance(0.9).then(|| format!("key{}", random.below(3))),
                v: random.chance(0.9).then(|| random.between(-10, 10)),
                t: Some(now_ms - random.between(0, disorder_ms)),
            }
        })
        .collect()
}

fn random_case(random: &mut Random) -> Case {
    let window = random_window(random);
    let keys = [vec![], vec![0], vec![1], vec![0, 1], vec![1, 0]][random.below(5) as usize].clone();
    // One lane with rows that come too late, or several where none does.
    let lanes = if random.chance(0.6) {
        1
    } else {
        random.between(2, 5) as usize
    };
    let disorder_ms = if random.chance(0.2) {
        0
    } else {
        random.between(1, 1_000)
    };
    let rows = random.between(0, 250) as usize;
    let delay_ms = match lanes {
        1 => random.between(0, 400),
        _ => disorder_ms + 1_000,
    };
    Case {
        attached: !window.is_session() && random.chance(0.3),
        window,
        keys,
        delay_ms,
        filtered: random.chance(0.3),
        lanes: (0..lanes)
            .map(|_| random_rows(random, rows, disorder_ms))
            .collect(),
    }
}

fn graph(case: &Case, sink: &TestSink) -> Graph {
    let mut builder = Builder::default();
    let source = TestSource::of(case.lanes.clone());
    let mut input = builder.source(Arc::new(source), Some(case.delay_ms));
    let fields = [
        ("k", bigint()),
        ("s", text()),
        ("v", bigint()),
        ("t", timestamp()),
    ];
    if case.filtered {
        let filter = call(
            support::Call::Greater,
            vec![column(2, bigint()), number(-5)],
            TypeKind::Boolean.nullable(),
        );
        let columns = fields
            .iter()
            .enumerate()
            .map(|(index, (name, data_type))| (*name, column(index, data_type.clone())));
        input = builder.calc(input, Some(filter), columns.collect());
    }
    let mut window = case.window;
    if case.attached {
        let mut with_window = fields.to_vec();
        for name in ["window_start", "window_end", "window_time"] {
            with_window.push((name, timestamp()));
        }
        let operator = Operator::WindowTable {
            window,
            time: rowtime(),
            keys: vec![],
        };
        input = builder.add(operator, vec![(input, Exchange::Forward)], with_window);
        window = Window::Attached { start: 4, end: 5 };
    }
    let keys: Vec<(&str, Expr)> = case
        .keys
        .iter()
        .map(|&key| (fields[key].0, column(key, fields[key].1.clone())))
        .collect();
    let global = builder.aggregate(input, window, rowtime(), keys);
    builder.sink(global, Exchange::Forward, Arc::new(sink.clone()));
    builder.graph
}

/// Count, sum, and sum of even values.
#[derive(Debug, Clone, Default)]
struct Group {
    count: i64,
    total: Option<i64>,
    evens: Option<i64>,
}

impl Group {
    fn add(&mut self, row: &TestRow) {
        self.count += 1;
        if let Some(v) = row.v {
            self.total = Some(self.total.unwrap_or(0) + v);
            if v % 2 == 0 {
                self.evens = Some(self.evens.unwrap_or(0) + v);
            }
        }
    }

    fn merge(&mut self, other: &Group) {
        let sum = |one: Option<i64>, other: Option<i64>| match (one, other) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        self.count += other.count;
        self.total = sum(self.total, other.total);
        self.evens = sum(self.evens, other.evens);
    }
}

fn windows_of(window: Window, t: i64) -> Vec<(i64, i64)> {
    let all = |size: i64, slide: i64, offset: i64| -> Vec<(i64, i64)> {
        let mut start = (t - offset).div_euclid(slide) * slide + offset;
        let mut found = Vec::new();
        while start > t - size {
            found.push((start, start + size));
            start -= slide;
        }
        found
    };
    match window {
        Window::Tumble { size_ms, offset_ms } => all(size_ms, size_ms, offset_ms),
        Window::Hop {
            size_ms,
            slide_ms,
            offset_ms,
        } => all(size_ms, slide_ms, offset_ms),
        Window::Cumulate {
            size_ms,
            step_ms,
            offset_ms,
        } => {
            let start = (t - offset_ms).div_euclid(size_ms) * size_ms + offset_ms;
            let ends = (1..=size_ms / step_ms).map(|n| (start, start + n * step_ms));
            ends.filter(|(_, end)| *end > t).collect()
        }
        _ => vec![],
    }
}

/// What Flink's operators give for the rows, one at a time; and how many rows are late for all their windows.
fn reference(case: &Case) -> (BTreeMap<String, usize>, u64) {
    let mut results = Vec::new();
    let mut late = 0;
    let mut windows: BTreeMap<(String, i64, i64), Group> = BTreeMap::new();
    let mut sessions: BTreeMap<String, Vec<(i64, i64, Group)>> = BTreeMap::new();
    let line = |key: &str, group: &Group, start: i64, end: i64| {
        let text = |value: Option<i64>| value.map_or("-".to_string(), |value| value.to_string());
        let prefix = if key.is_empty() {
            String::new()
        } else {
            format!("{key} ")
        };
        format!(
            "{prefix}{} {} {} {start} {end}",
            group.count,
            text(group.total),
            text(group.evens)
        )
    };
    for rows in &case.lanes {
        let (mut current, mut sent, mut watermark) = (0, 0, i64::MIN);
        for row in rows {
            let t = row.t.unwrap();
            if !case.filtered || row.v.is_some_and(|v| v > -5) {
                let cells: Vec<String> = case
                    .keys
                    .iter()
                    .map(|key| match key {
                        0 => row.k.map_or("-".to_string(), |k| k.to_string()),
                        _ => row.s.clone().unwrap_or("-".to_string()),
                    })
                    .collect();
                let key = cells.join(" ");
                if let Window::Session { gap_ms } = case.window {
                    let open = sessions.entry(key).or_default();
                    let (mut start, mut end, mut group) = (t, t + gap_ms, Group::default());
                    group.add(row);
                    let touches = |session: &(i64, i64, Group)| session.0 <= t + gap_ms && session.1 >= t;
                    for session in open.iter().filter(|session| touches(session)) {
                        start = start.min(session.0);
                        end = end.max(session.1);
                        group.merge(&session.2);
                    }
                    if end - 1 <= watermark {
                        late += 1;
                    } else {
                        open.retain(|session| !touches(session));
                        open.push((start, end, group));
                    }
                } else {
                    let all = windows_of(case.window, t);
                    let open: Vec<_> = all.iter().filter(|(_, end)| end - 1 > watermark).collect();
                    late += u64::from(open.is_empty() && !all.is_empty());
                    for (start, end) in open {
                        windows.entry((key.clone(), *start, *end)).or_default().add(row);
                    }
                }
            }
            current = i64::max(current, t - case.delay_ms);
            if current - sent > 200 {
                sent = current;
                // With several lanes nothing is late: their watermarks need not be followed.
                if case.lanes.len() == 1 {
                    watermark = sent;
                }
                for (key, open) in &mut sessions {
                    for (start, end, group) in open.extract_if(.., |session| session.1 - 1 <= watermark) {
                        results.push(line(key, &group, start, end));
                    }
                }
            }
        }
    }
    for ((key, start, end), group) in &windows {
        results.push(line(key, group, *start, *end));
    }
    for (key, open) in &sessions {
        for (start, end, group) in open {
            results.push(line(key, group, *start, *end));
        }
    }
    (multiset(results), late)
}

fn options(parallelism: usize, chunk_rows: usize) -> JobOptions {
    JobOptions {
        parallelism,
        chunk_rows,
        ..JobOptions::default()
    }
}

#[test]
fn results_are_those_of_taking_rows_one_at_a_time() {
    for seed in 0..60 {
        let random = &mut Random::new(seed);
        let case = random_case(random);
        let (expected, late) = reference(&case);
        for parallelism in [1, 2, 3] {
            for chunk_rows in [1, 3, 4096] {
                let sink = TestSink::default();
                let job =
                    Job::new(&graph(&case, &sink), context(), options(parallelism, chunk_rows)).unwrap();
                let mut stepper = job.into_stepper();
                stepper.run(random).unwrap();
                let end = stepper.finish().unwrap();
                let place = format!(
                    "seed {seed}, parallelism {parallelism}, chunks of {chunk_rows}: {:?}",
                    case.window
                );
                assert_eq!(multiset(sink.rows()), expected, "{place}\n{case:?}");
                let rows: usize = case.lanes.iter().map(Vec::len).sum();
                assert_eq!(end.statistics.rows_in, rows as u64, "{place}");
                assert_eq!(end.statistics.rows_out, sink.rows().len() as u64, "{place}");
                let dropped = end.statistics.late_rows_dropped;
                match case.window {
                    // A row may be late for some of the windows it was given.
                    _ if case.attached => {}
                    Window::Session { .. } => assert_eq!(dropped, late, "{place}"),
                    // Rows of a slice and key may have been put together before it turns out that they are late.
                    _ => assert!(
                        dropped <= late && (dropped > 0) == (late > 0),
                        "{place}: {dropped} of {late}"
                    ),
                }
            }
        }
    }
}

/// Steps until the snapshot of a checkpoint that begins after `steps`; or to the end, if that comes first.
fn run_to_snapshot(job: Job, steps: u64, epoch: u64, random: &mut Random) -> Option<Snapshot> {
    let mut stepper = job.into_stepper();
    let mut step = 0;
    let mut started = false;
    loop {
        if step == steps {
            started = stepper.start_checkpoint(epoch);
        }
        if started && let Some(snapshot) = stepper.take_snapshot() {
            // Not always: if the process dies before, the restored job commits.
            if random.chance(0.5) {
                stepper.commit(epoch).unwrap();
            }
            // What was written after the barrier is lost, as it would be.
            for _ in 0..random.below(20) {
                stepper.step(random).unwrap();
            }
            return Some(snapshot);
        }
        step += 1;
        match stepper.step(random).unwrap() {
            Progress::Worked => {}
            Progress::Waiting(wait) => assert!(wait.is_some(), "all shards wait for each other"),
            Progress::Ended => {
                if let Some(snapshot) = stepper.take_snapshot() {
                    return Some(snapshot);
                }
                stepper.finish().unwrap();
                return None;
            }
        }
    }
}

#[test]
fn a_job_goes_on_from_a_snapshot_at_another_parallelism() {
    let mut restored = 0;
    for seed in 0..200 {
        let random = &mut Random::new(seed);
        let case = random_case(random);
        let (expected, _) = reference(&case);
        let sink = TestSink::default();
        let graph = graph(&case, &sink);
        let random_options = |random: &mut Random| {
            let chunk_rows = [1, 3, 50, 4096][random.below(4) as usize];
            options(random.between(1, 3) as usize, chunk_rows)
        };
        let mut snapshot: Option<Snapshot> = None;
        let mut epoch = 0;
        loop {
            let options = random_options(random);
            let job = match &snapshot {
                None => Job::new(&graph, context(), options),
                Some(snapshot) => {
                    let mut file = Vec::new();
                    snapshot.write(b"", &mut file).unwrap();
                    let mut reader = SnapshotReader::open(vec![file.as_slice()]).unwrap();
                    Job::restore_from(&graph, context(), options, &mut reader).map_err(Error::from)
                }
            };
            epoch += 1;
            let steps = if epoch < 4 { random.below(100) } else { u64::MAX };
            snapshot = run_to_snapshot(job.unwrap(), steps, epoch, random);
            if snapshot.is_none() {
                break;
            }
            restored += 1;
        }
        assert_eq!(multiset(sink.rows()), expected, "seed {seed}\n{case:?}");
    }
    assert!(restored > 100, "{restored}");
}

#[test]
fn windows_over_instants_follow_the_zone() {
    let zone = chrono_tz::Europe::Berlin;
    let at = |text: &str| {
        chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M")
            .unwrap()
            .and_utc()
            .timestamp_millis()
    };
    let rows: Vec<TestRow> = [
        "2024-03-30 22:30",
        "2024-03-30 23:30",
        "2024-03-31 00:30",
        "2024-03-31 01:30",
        "2024-03-31 22:00",
    ]
    .iter()
    .enumerate()
    .map(|(index, text)| TestRow {
        k: None,
        s: None,
        v: Some(1 << index),
        t: Some(at(text)),
    })
    .collect();
    let mut builder = Builder::default();
    let source = builder.source(Arc::new(TestSource::of(vec![rows])), Some(1000));
    let window = Window::Tumble {
        size_ms: 86_400_000,
        offset_ms: 0,
    };
    let time = WindowTime {
        time_zone: Some(zone),
        ..rowtime()
    };
    let global = builder.aggregate(source, window, time, vec![]);
    let sink = TestSink::default();
    builder.sink(global, Exchange::Forward, Arc::new(sink.clone()));
    let mut stepper = Job::new(&builder.graph, context(), options(2, 3))
        .unwrap()
        .into_stepper();
    stepper.run(&mut Random::new(1)).unwrap();
    stepper.finish().unwrap();
    let day = |text: &str| at(&format!("{text} 00:00"));
    assert_eq!(
        sink.rows(),
        [
            format!("1 1 - {} {}", day("2024-03-30"), day("2024-03-31")),
            format!("3 14 14 {} {}", day("2024-03-31"), day("2024-04-01")),
            format!("1 16 16 {} {}", day("2024-04-01"), day("2024-04-02")),
        ]
    );
}
