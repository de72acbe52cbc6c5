//! Workers that die, and those that go on from what they have left.
//!
//! `OCEANUS_TEST_KILLS=200` kills more often than ten times; a failure names its seed, and `OCEANUS_TEST_SEED` takes it
//! again.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use runner::{End, FailureCause, Restore, RunKey, RunSpec, RunState, Runner, StateFate, StoppedBy};
use stdx::{Clock, Random, SystemClock};

use crate::support::{PATIENCE, Place, message, wait_for};

pub const ROWS: u64 = 30_000;
/// Windows of a hundred numbers each, over numbers that come one behind the other.
pub const COUNTS: &str = "SET 'execution.checkpointing.interval' = '50 ms';
CREATE TABLE numbers (id BIGINT, ts AS TO_TIMESTAMP_LTZ(id, 3), WATERMARK FOR ts AS ts) WITH (
  'connector' = 'datagen', 'rows-per-second' = '10000', 'number-of-rows' = '30000',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '29999');
CREATE TABLE counts (low BIGINT, number BIGINT) WITH (
  'connector' = 'filesystem', 'path' = '${files}/counts', 'format' = 'csv');
CREATE TABLE ids (id BIGINT) WITH (
  'connector' = 'filesystem', 'path' = '${files}/ids', 'format' = 'csv');
EXECUTE STATEMENT SET BEGIN
  INSERT INTO counts SELECT MIN(id), COUNT(*)
    FROM TUMBLE(TABLE numbers, DESCRIPTOR(ts), INTERVAL '0.1' SECOND)
    GROUP BY window_start, window_end, id / 50;
  INSERT INTO ids SELECT id FROM numbers;
END;";

pub fn attempt(place: &Place, number: u64, sql: &str) -> RunSpec {
    RunSpec {
        restore: Restore::Latest { since_epoch: 1 },
        parallelism: Some(number as u32 % 3 + 1),
        ..place.spec(&format!("rn_{number}"), number, sql)
    }
}

pub fn check_counts(place: &Place, what: &str) {
    let mut ids: Vec<u64> = place
        .lines("ids")
        .iter()
        .map(|line| line.parse().unwrap())
        .collect();
    ids.sort_unstable();
    assert!(ids.iter().copied().eq(0..ROWS), "{what}: {} rows", ids.len());
    let mut expected: Vec<String> = (0..ROWS / 50).map(|n| format!("{},50", n * 50)).collect();
    expected.sort();
    assert_eq!(place.lines("counts"), expected, "{what}");
}

/// The checkpoints of the deployment, the oldest first.
fn checkpoints(place: &Place) -> Vec<PathBuf> {
    let folder = place.data().join("checkpoints/dp_1");
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn kill(place: &Place, key: &RunKey) {
    // It may have ended by itself.
    place.runner.kill(key).unwrap();
}

/// Until a moment to die at: from before the first row on, or behind a checkpoint however slow the machine is.
pub fn pause(place: &Place, key: &RunKey, random: &mut Random) {
    if random.chance(0.5) {
        SystemClock.sleep(Duration::from_millis(random.below(1_500)));
        return;
    }
    wait_for("a checkpoint, or the end", || {
        let has_checkpoint = place
            .runner
            .metrics(key)
            .is_ok_and(|metrics| metrics.checkpoints.completed > 0);
        let is_over = place.runner.observe(key).is_ok_and(|state| state.is_over());
        (has_checkpoint || is_over).then_some(())
    });
    SystemClock.sleep(Duration::from_millis(random.below(500)));
}

pub fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect(name))
}

#[test]
fn a_job_that_is_killed_again_and_again_writes_every_row_once() {
    let seed = given("OCEANUS_TEST_SEED").unwrap_or_else(|| SystemClock.now_us() as u64);
    let mut left = given("OCEANUS_TEST_KILLS").unwrap_or(10);
    let random = &mut Random::new(seed);
    let sql = format!(
        "SET 'execution.checkpointing.incremental' = '{}'; {COUNTS}",
        random.chance(0.7)
    );
    while left > 0 {
        let place = Place::new();
        let mut restored = 0;
        for number in 1.. {
            let spec = attempt(&place, number, &sql);
            place.runner.start(&spec).unwrap();
            let what = format!("OCEANUS_TEST_SEED={seed} OCEANUS_TEST_KILLS={left}, attempt {number}");
            if left > 0 && random.chance(0.8) {
                pause(&place, &spec.key(), random);
                let state = place.runner.kill(&spec.key()).unwrap();
                let RunState::Ended(outcome) = state else {
                    panic!("{what}: {state:?}");
                };
                restored += u64::from(outcome.metrics.checkpoints.restored.is_some());
                if outcome.end == (End::Stopped { by: StoppedBy::Kill }) {
                    left -= 1;
                    continue;
                }
            }
            let outcome = place.outcome(&spec.key());
            assert_eq!(outcome.end, End::Finished, "{what}\n{}", place.log(&spec.key()));
            restored += u64::from(outcome.metrics.checkpoints.restored.is_some());
            check_counts(&place, &what);
            assert!(
                number < 11 || restored > 0,
                "{what}: none went on from a checkpoint"
            );
            break;
        }
    }
}

#[test]
fn a_job_that_was_stopped_goes_on_where_it_was() {
    let place = Place::new();
    let first = attempt(&place, 1, COUNTS);
    place.runner.start(&first).unwrap();
    place.wait_for_rows(&first.key(), 5_000);
    place.runner.stop(&first.key(), PATIENCE).unwrap();
    let before = place.lines("ids").len() as u64;
    assert!((1..ROWS).contains(&before));

    let second = attempt(&place, 2, COUNTS);
    place.runner.start(&second).unwrap();
    let outcome = place.outcome(&second.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&second.key()));
    // The scan is shared, and gone on with.
    assert_eq!(outcome.metrics.rows_in, ROWS - before);
    assert!(outcome.metrics.checkpoints.restored.is_some());
    check_counts(&place, "stopped once");

    // Who begins anew writes everything again.
    let mut third = attempt(&place, 3, COUNTS);
    third.restore = Restore::Latest { since_epoch: 3 };
    place.runner.start(&third).unwrap();
    let outcome = place.outcome(&third.key());
    assert_eq!(
        (outcome.metrics.checkpoints.restored, outcome.metrics.rows_in),
        (None, ROWS)
    );
    assert_eq!(place.lines("ids").len() as u64, 2 * ROWS);
}

/// Where a first attempt dies, the first time and later, and where the next one does that goes on from what it has left.
const STEPS: [&str; 9] = [
    "checkpoint: its barrier has set out",
    "checkpoint: its barrier has passed",
    "storage: a file is begun",
    "storage: a file is written",
    "storage: a file has its name",
    "checkpoint: it is kept",
    "checkpoint: it is committed",
    "storage: a file is about to go",
    "end: the last checkpoint is kept",
];
const STEPS_OF_A_RESTORE: [&str; 5] = [
    "restore: checkpoints are looked for",
    "restore: one was found",
    "restore: the job is built",
    "restore: earlier attempts are shut out",
    "restore: what was prepared is committed",
];

#[test]
fn a_death_in_any_step_of_a_checkpoint_or_a_restore_loses_and_repeats_nothing() {
    let checkpoints = STEPS
        .iter()
        .flat_map(|step| [1, 3].map(|count| vec![(count, *step)]));
    // Something to go on from, and then a death on the way.
    let restores = STEPS_OF_A_RESTORE.map(|step| vec![(2, "checkpoint: it is kept"), (1, step)]);
    for (case, deaths) in checkpoints.chain(restores).enumerate() {
        // The last checkpoint there is but once.
        if deaths[0] == (3, "end: the last checkpoint is kept") {
            continue;
        }
        let is_incremental = case % 2 == 0;
        let sql = format!("SET 'execution.checkpointing.incremental' = '{is_incremental}'; {COUNTS}");
        let sql = sql.replace("'10000'", "'60000'");
        let place = Place::new();
        let mut number = 0;
        for (count, step) in &deaths {
            number += 1;
            die(&place, number, &sql, *count, step);
        }
        let last = attempt(&place, number + 1, &sql);
        place.runner.start(&last).unwrap();
        let outcome = place.outcome(&last.key());
        assert_eq!(
            outcome.end,
            End::Finished,
            "{deaths:?}\n{}",
            place.log(&last.key())
        );
        check_counts(&place, &format!("{deaths:?}"));
    }
}

/// Runs an attempt that dies when it has reached a step so many times.
pub fn die(place: &Place, number: u64, sql: &str, count: u64, step: &str) {
    let order = place.data().join("die-at");
    fs::write(&order, format!("{count} {step}")).unwrap();
    let spec = attempt(place, number, sql);
    place.runner.start(&spec).unwrap();
    wait_for("a death", || match place.runner.observe(&spec.key()).unwrap() {
        RunState::Lost { .. } => Some(()),
        state => {
            assert!(
                !state.is_over(),
                "{step} was not reached {count} times: {state:?}"
            );
            None
        }
    });
    assert!(!order.exists());
}

/// A folder that holds little.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    pub fn mount(folder: PathBuf, kib: u64) -> SmallDisk {
        fs::create_dir_all(&folder).unwrap();
        let options = format!("size={kib}k,mode=700");
        mount(&["-t", "tmpfs", "-o", &options, "tmpfs", folder.to_str().unwrap()]);
        SmallDisk(folder)
    }

    fn grow(&self, kib: u64) {
        let options = format!("remount,size={kib}k");
        mount(&["-o", &options, self.0.to_str().unwrap()]);
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn mount(arguments: &[&str]) {
    let status = Command::new("mount").args(arguments).status().unwrap();
    assert!(status.success(), "a small disk needs the rights of root");
}

#[test]
fn a_full_disk_fails_the_run_and_loses_nothing() {
    let place = Place::new();
    // Each number is a key of its own, of which the last checkpoints do not fit any more.
    let sql = "SET 'execution.checkpointing.interval' = '50 ms';
        CREATE TABLE numbers (id BIGINT) WITH (
          'connector' = 'datagen', 'rows-per-second' = '60000', 'number-of-rows' = '90000',
          'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '89999');
        CREATE TABLE sums (id BIGINT, total BIGINT) WITH (
          'connector' = 'filesystem', 'path' = '${files}/sums', 'format' = 'csv');
        INSERT INTO sums SELECT a.id, a.id + b.id FROM numbers a JOIN numbers b ON a.id = b.id;";
    let disk = SmallDisk::mount(place.data().join("checkpoints/dp_1"), 3_000);
    let first = attempt(&place, 1, sql);
    place.runner.start(&first).unwrap();
    let outcome = place.outcome(&first.key());
    let End::Failed(failure) = &outcome.end else {
        panic!("{:?}\n{}", outcome.end, place.log(&first.key()));
    };
    assert_eq!(failure.cause, FailureCause::Runtime);
    assert!(
        message(&outcome).contains("No space left on device"),
        "{}",
        message(&outcome)
    );
    assert!(
        outcome.metrics.checkpoints.completed > 0,
        "one was kept before the disk was full"
    );

    disk.grow(100_000);
    let second = attempt(&place, 2, sql);
    place.runner.start(&second).unwrap();
    let outcome = place.outcome(&second.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&second.key()));
    assert!(outcome.metrics.checkpoints.restored.is_some());
    let sums = place.pairs("sums");
    assert!(sums.into_iter().eq((0..90_000).map(|id| (id, 2 * id))));
}

#[test]
fn a_join_that_was_stopped_between_two_checkpoints_holds_no_row_twice() {
    let place = Place::new();
    // Both sides only grow, and rows of the right one are met again and again.
    let sql = "SET 'execution.checkpointing.interval' = '300 ms';
        SET 'execution.checkpointing.incremental' = 'true';
        CREATE TABLE numbers (id BIGINT) WITH (
          'connector' = 'datagen', 'rows-per-second' = '10000', 'number-of-rows' = '30000',
          'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '29999');
        CREATE TABLE names (id BIGINT) WITH (
          'connector' = 'datagen', 'rows-per-second' = '2000', 'number-of-rows' = '4000',
          'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '3999');
        CREATE TABLE ids (id BIGINT) WITH (
          'connector' = 'filesystem', 'path' = '${files}/ids', 'format' = 'csv');
        INSERT INTO ids SELECT a.id FROM numbers a JOIN names b ON a.id % 4000 = b.id;";
    for number in 1..=3 {
        let run = attempt(&place, number, sql);
        place.runner.start(&run).unwrap();
        wait_for("a checkpoint that says changes", || {
            let metrics = place.runner.metrics(&run.key()).ok()?;
            (metrics.checkpoints.completed >= 2).then_some(())
        });
        SystemClock.sleep(Duration::from_millis(150));
        place.runner.stop(&run.key(), PATIENCE).unwrap();
    }
    let last = attempt(&place, 4, sql);
    place.runner.start(&last).unwrap();
    let outcome = place.outcome(&last.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&last.key()));
    let lines = place.lines("ids");
    let mut ids: Vec<u64> = lines.iter().map(|line| line.parse().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids.len() as u64, ROWS);
    assert!(ids.into_iter().eq(0..ROWS));
}

#[test]
fn a_death_behind_the_last_commit_repeats_nothing() {
    let place = Place::new();
    let first = attempt(&place, 1, COUNTS);
    place.runner.start(&first).unwrap();
    assert_eq!(place.outcome(&first.key()).end, End::Finished);
    // As if it had died before it could say so.
    let second = attempt(&place, 2, COUNTS);
    place.runner.start(&second).unwrap();
    let outcome = place.outcome(&second.key());
    assert_eq!((outcome.end, outcome.metrics.rows_in), (End::Finished, 0));
    check_counts(&place, "done twice");
}

#[test]
fn a_damaged_checkpoint_is_passed_over_loudly_and_never_all_of_them() {
    let place = Place::new();
    let first = attempt(&place, 1, COUNTS);
    place.runner.start(&first).unwrap();
    wait_for("checkpoints", || {
        let metrics = place.runner.metrics(&first.key()).unwrap();
        (metrics.checkpoints.completed >= 3).then_some(())
    });
    kill(&place, &first.key());
    let files = checkpoints(&place);
    assert_eq!(files.len(), 2, "so many are retained: {files:?}");
    let listed = place.runner.checkpoints("dp_1").unwrap();
    let origin = listed[0].origin.clone().unwrap();
    assert_eq!((listed.len(), origin.run_id.as_str()), (2, "rn_1"));
    assert!(listed[0].number == listed[1].number + 1 && listed[0].bytes > 0);

    // One bit of the newest, in what is read last.
    let mut bytes = fs::read(&files[1]).unwrap();
    let near_the_end = bytes.len() - 60;
    bytes[near_the_end] ^= 4;
    fs::write(&files[1], bytes).unwrap();
    let second = attempt(&place, 2, COUNTS);
    place.runner.start(&second).unwrap();
    let outcome = place.outcome(&second.key());
    assert_eq!(outcome.end, End::Finished);
    assert_eq!(outcome.metrics.checkpoints.restored, Some(listed[1].number));
    let log = place.log(&second.key());
    assert!(log.contains("a checksum does not fit"), "{log}");
    // What was written since is there twice, which the log says, and nothing is lost.
    let mut ids: Vec<u64> = place
        .lines("ids")
        .iter()
        .map(|line| line.parse().unwrap())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.into_iter().eq(0..ROWS));

    for file in checkpoints(&place) {
        fs::write(file, "not a checkpoint").unwrap();
    }
    let third = attempt(&place, 3, COUNTS);
    place.runner.start(&third).unwrap();
    let outcome = place.outcome(&third.key());
    assert_eq!(
        message(&outcome),
        "none of the 2 checkpoints that are there can be read: the snapshot is damaged: it is no snapshot"
    );
}

#[test]
fn statements_that_were_done_are_not_done_again() {
    let place = Place::new();
    let sql = format!(
        "CREATE TABLE few (id BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '10',
           'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '10');
         CREATE TABLE first_out (id BIGINT) WITH (
           'connector' = 'filesystem', 'path' = '${{files}}/first', 'format' = 'csv');
         INSERT INTO first_out SELECT id FROM few;
         {COUNTS}"
    );
    let first = attempt(&place, 1, &sql);
    place.runner.start(&first).unwrap();
    wait_for("a checkpoint of the second statement", || {
        let metrics = place.runner.metrics(&first.key()).unwrap();
        (metrics.checkpoints.completed >= 3).then_some(())
    });
    kill(&place, &first.key());
    let second = attempt(&place, 2, &sql);
    place.runner.start(&second).unwrap();
    assert_eq!(
        place.outcome(&second.key()).end,
        End::Finished,
        "{}",
        place.log(&second.key())
    );
    assert_eq!(place.lines("first").len(), 10);
    check_counts(&place, "the second statement");
}

#[test]
fn state_that_a_changed_program_does_not_have_is_dropped_only_if_that_is_asked_for() {
    let place = Place::new();
    let first = attempt(&place, 1, COUNTS);
    place.runner.start(&first).unwrap();
    place.wait_for_rows(&first.key(), 1_000);
    place.runner.stop(&first.key(), PATIENCE).unwrap();

    let other = COUNTS.replace("COUNT(*)", "SUM(id)");
    // What is told before is what happens.
    let verdict = place
        .runner
        .compare(&place.program(COUNTS), &place.program(&other));
    let verdict = verdict.unwrap();
    let reset: Vec<&str> = verdict
        .parts
        .iter()
        .filter(|part| part.fate == StateFate::Reset)
        .map(|part| part.name.as_str())
        .collect();
    assert_eq!(
        (verdict.worst(), reset),
        (StateFate::Reset, vec!["windows with GROUP BY"])
    );
    let same = place
        .runner
        .compare(&place.program(COUNTS), &place.program(COUNTS));
    assert!(same.unwrap().keeps_all());
    let wrong = place
        .runner
        .compare(&place.program(COUNTS), &place.program("INSERT INTO x SELECT 1"));
    let wrong = wrong.unwrap_err();
    assert!(wrong[0].message.starts_with("the new version: "), "{wrong:?}");
    let second = attempt(&place, 2, &other);
    place.runner.start(&second).unwrap();
    let outcome = place.outcome(&second.key());
    let End::Failed(failure) = &outcome.end else {
        panic!("{outcome:?}");
    };
    assert_eq!(failure.cause, FailureCause::State);
    assert!(
        message(&outcome).contains("state of operators that the job does not have"),
        "{failure:?}"
    );
    let hint = failure.diagnostics[0].hint.as_deref().unwrap_or_default();
    assert!(
        hint.contains("'execution.state-recovery.ignore-unclaimed-state'"),
        "{hint}"
    );

    let allowed = format!("SET 'execution.state-recovery.ignore-unclaimed-state' = 'true'; {other}");
    let verdict = place
        .runner
        .compare(&place.program(COUNTS), &place.program(&allowed));
    assert!(verdict.unwrap().drops_state);
    // Either the text allows it, or whoever starts it.
    let third = RunSpec {
        drops_state: true,
        ..attempt(&place, 3, &other)
    };
    place.runner.start(&third).unwrap();
    let outcome = place.outcome(&third.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&third.key()));
    // The source went on where it was.
    assert_eq!(place.lines("ids").len() as u64, ROWS);
}
