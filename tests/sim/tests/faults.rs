//! Whatever happens, a job ends with the rows that it would have had.
//!
//! `OCEANUS_TEST_SEEDS=10000` tries more lives than two hundred; a failure names its seed, and
//! `OCEANUS_TEST_SEED` lives it again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use sim::{Bug, PROGRAMS, Report, run};

const SEEDS: u64 = 200;

fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect(name))
}

/// Lives of these seeds, on all cores.
fn lives(seeds: std::ops::Range<u64>, bug: Option<Bug>) -> Vec<(u64, Report)> {
    let next = AtomicU64::new(seeds.start);
    let reports = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let report = run(seed, bug).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
                    reports
                        .lock()
                        .expect("no worker panics in here")
                        .push((seed, report));
                }
            });
        }
    });
    reports.into_inner().expect("no worker panics in here")
}

#[test]
fn no_row_is_lost_and_none_comes_twice() {
    let seeds = match given("OCEANUS_TEST_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..given("OCEANUS_TEST_SEEDS").unwrap_or(SEEDS),
    };
    let single = seeds.end - seeds.start == 1;
    let reports = lives(seeds, None);
    let mut faults = Vec::new();
    for (seed, report) in &reports {
        if let Some(difference) = &report.difference {
            faults.push(format!(
                "OCEANUS_TEST_SEED={seed}, {}, after {} attempts:\n{difference}",
                report.program, report.attempts
            ));
        }
    }
    assert!(
        faults.is_empty(),
        "{} of {} lives went wrong\n{}",
        faults.len(),
        reports.len(),
        faults.join("\n")
    );
    if single {
        return;
    }
    // Or nothing was tried.
    assert!(reports.iter().any(|(_, report)| report.spills > 0));
    for (program, _) in PROGRAMS {
        let of_it = reports.iter().filter(|(_, report)| report.program == program);
        assert!(
            of_it.map(|(_, report)| report.restored).sum::<usize>() > 0,
            "{program}"
        );
    }
}

#[test]
fn a_bug_in_the_protocol_is_found() {
    for bug in [Bug::AcknowledgedTooSoon, Bug::CommitsForgotten] {
        let reports = lives(0..40, Some(bug));
        let found = reports
            .iter()
            .filter(|(_, report)| report.difference.is_some())
            .count();
        assert!(found > 0, "{bug:?} is found by none of {} seeds", reports.len());
    }
}

#[test]
fn a_seed_gives_the_same_life_again() {
    for seed in 0..5 {
        let lives: Vec<String> = (0..2)
            .map(|_| format!("{:?}", run(seed, None).unwrap()))
            .collect();
        assert_eq!(lives[0], lives[1], "seed {seed}");
    }
}
