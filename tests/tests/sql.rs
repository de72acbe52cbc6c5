//! Every SQL case gives the rows that real Flink gave: at parallelism 1, 2 and 3, with chunks of 1, 3 and 4,096
//! rows, and with a snapshot, a drop and a restore at another parallelism in mid-stream, once, or again and again: 1, 2,
//! 4, 3. The few cases that depart from Flink (`departures.txt`) give, just as often, what is kept of ours.
//!
//! `OCEANUS_TEST_CASE=windows/` runs the cases whose name holds that text; `OCEANUS_TEST_SEEDS=200` tries more
//! schedules of the shards; a failure names its seed; `OCEANUS_TEST_RECORD=1` keeps what the cases of
//! `departures.txt` give now.

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
    let departures = case::departures().expect("departures.txt can be read");
    let records = std::env::var_os("OCEANUS_TEST_RECORD").is_some();
    assert!(!cases.is_empty(), "no case has '{filter}' in its name");
    if filter.is_empty() {
        for name in departures.keys() {
            assert!(
                cases.iter().any(|case| case.name == *name),
                "departures.txt names '{name}', which is no case"
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
                    if records && departures.contains_key(&case.name) {
                        record(case);
                        continue;
                    }
                    let Some(complaint) = complaint(case, departures.get(&case.name), seeds) else {
                        continue;
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
        "{count} of {} cases differ from what is kept:\n{text}",
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
                    restores: &[],
                    spills: chunk_rows == 1,
                    seed,
                });
            }
            let others: [&[usize]; 2] = match parallelism {
                1 => [&[2], &[3]],
                2 => [&[3], &[1]],
                _ => [&[1], &[2]],
            };
            for (chunk_rows, restores) in [1, 3].into_iter().zip(others) {
                modes.push(Mode {
                    parallelism,
                    chunk_rows,
                    restores,
                    spills: chunk_rows == 3,
                    seed,
                });
            }
        }
        modes.push(Mode {
            parallelism: 1,
            chunk_rows: 1,
            restores: &[2, 4, 3],
            spills: true,
            seed,
        });
    }
    modes
}

fn record(case: &Case) {
    let folder = temporary_folder();
    let outcome = execution::run(&case.text, modes(1)[0], folder.path()).expect("the case runs");
    case::record(case, &outcome).expect("the rows can be written");
}

/// Not hidden by a leading dot, which sources pass over.
fn temporary_folder() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("oceanus")
        .tempdir()
        .expect("a folder for the case")
}

fn complaint(case: &Case, departure: Option<&String>, seeds: u64) -> Option<String> {
    match (departure, &case.ours) {
        (None, None) => failure(case, &case.flink, seeds),
        (Some(reason), Some(ours)) if *ours == case.flink => Some(format!(
            "gives the rows of Flink now, but departures.txt lists it: {reason}\n"
        )),
        (Some(_), Some(ours)) => failure(case, ours, seeds),
        (Some(_), None) => Some("departs from Flink, but nothing is kept of ours\n".to_string()),
        (None, Some(_)) => Some("has rows of ours, but departures.txt does not say why\n".to_string()),
    }
}

/// How the case fails first, if it does.
fn failure(case: &Case, expected: &Outcome, seeds: u64) -> Option<String> {
    for mode in modes(seeds) {
        let folder = temporary_folder();
        let outcome = match execution::run(&case.text, mode, folder.path()) {
            Ok(outcome) => outcome,
            Err(error) => return Some(format!("{mode:?}: {error:#}\n")),
        };
        if outcome != *expected {
            let folder = temporary_folder();
            let reason = execution::explain(&case.text, folder.path());
            return Some(format!("{mode:?}\n{}{reason}", difference(expected, &outcome)));
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
