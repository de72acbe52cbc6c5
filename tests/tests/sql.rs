//! Every SQL case gives the rows that real Flink gave: at parallelism 1, 2 and 3, with chunks of 1, 3 and 4,096
//! rows, and with a snapshot, a drop and a restore at another parallelism in mid-stream.
//!
//! `OCEANUS_TEST_CASE=windows/` runs the cases whose name holds that text; `OCEANUS_TEST_SEEDS=200` tries more
//! schedules of the shards; a failure names its seed.

use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tests::case::{self, Case, Outcome};
use tests::execution::{self, Mode};

#[test]
fn sql_cases_give_the_rows_of_flink() {
    let filter = std::env::var("OCEANUS_TEST_CASE").unwrap_or_default();
    let seeds: u64 = std::env::var("OCEANUS_TEST_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(1);
    let cases: Vec<Case> = case::all()
        .expect("the cases can be read")
        .into_iter()
        .filter(|case| case.name.contains(&filter))
        .collect();
    let pending = case::pending().expect("pending.txt can be read");
    assert!(!cases.is_empty(), "no case has '{filter}' in its name");
    if filter.is_empty() {
        for name in pending.keys() {
            assert!(
                cases.iter().any(|case| case.name == *name),
                "pending.txt names '{name}', which is no case"
            );
        }
    }

    let next = AtomicUsize::new(0);
    let report = Mutex::new((String::new(), 0usize));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let failure = failure(case, seeds);
                    let complaint = match (failure, pending.get(&case.name)) {
                        (None, None) | (Some(_), Some(_)) => continue,
                        (Some(failure), None) => failure,
                        (None, Some(reason)) => format!("passes, but pending.txt lists it: {reason}\n"),
                    };
                    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
                    report.1 += 1;
                    let _ = write!(report.0, "\n=== {}\n{complaint}", case.name);
                }
            });
        }
    });
    let (text, count) = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Ok(file) = std::env::var("OCEANUS_TEST_REPORT") {
        std::fs::write(file, &text).expect("the report can be written");
    }
    assert!(
        count == 0,
        "{count} of {} cases differ from Flink:\n{text}",
        cases.len()
    );
}

fn modes(seeds: u64) -> Vec<Mode> {
    let mut modes = Vec::new();
    for seed in 0..seeds {
        for parallelism in [1, 2, 3] {
            for chunk_rows in [4096, 3, 1] {
                modes.push(Mode {
                    parallelism,
                    chunk_rows,
                    restore_at: None,
                    seed,
                });
            }
            for (chunk_rows, restore_at) in [(1, parallelism % 3 + 1), (3, (parallelism + 1) % 3 + 1)] {
                modes.push(Mode {
                    parallelism,
                    chunk_rows,
                    restore_at: Some(restore_at),
                    seed,
                });
            }
        }
    }
    modes
}

/// How the case fails first, if it does.
fn failure(case: &Case, seeds: u64) -> Option<String> {
    for mode in modes(seeds) {
        let folder = tempfile::Builder::new()
            .prefix("oceanus")
            .tempdir()
            .expect("a folder for the case");
        let outcome = match execution::run(&case.text, mode, folder.path()) {
            Ok(outcome) => outcome,
            Err(error) => return Some(format!("{mode:?}: {error:#}\n")),
        };
        if outcome != case.expected {
            let folder = tempfile::Builder::new()
                .prefix("oceanus")
                .tempdir()
                .expect("a folder for the case");
            let reason = execution::explain(&case.text, folder.path());
            return Some(format!(
                "{mode:?}\n{}{reason}",
                difference(&case.expected, &outcome)
            ));
        }
    }
    None
}

/// At most this many rows of a kind are shown for a statement.
const ROWS_SHOWN_MAX: usize = 5;

fn difference(expected: &Outcome, found: &Outcome) -> String {
    let mut text = String::new();
    if expected.error != found.error {
        let _ = writeln!(
            text,
            "error: expected {:?}, found {:?}",
            expected.error, found.error
        );
    }
    let mut numbers: Vec<&usize> = expected.rows.keys().chain(found.rows.keys()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let empty = Vec::new();
        let wanted = expected.rows.get(number).unwrap_or(&empty);
        let have = found.rows.get(number).unwrap_or(&empty);
        if wanted == have && expected.rows.contains_key(number) == found.rows.contains_key(number) {
            continue;
        }
        let _ = writeln!(
            text,
            "statement {number}: {} rows expected, {} found",
            wanted.len(),
            have.len()
        );
        for (sign, rows, others) in [('-', wanted, have), ('+', have, wanted)] {
            for row in rows
                .iter()
                .filter(|row| !others.contains(row))
                .take(ROWS_SHOWN_MAX)
            {
                let _ = writeln!(text, "  {sign} {row}");
            }
        }
    }
    text
}
