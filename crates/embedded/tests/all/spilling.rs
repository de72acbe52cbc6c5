//! Jobs with more state than they may hold in memory.

use runner::{End, FailureCause, RunKey, Runner};
use stdx::Random;

use super::recovery::{SmallDisk, attempt, pause};
use super::support::{Place, wait_for};

const ROWS: u64 = 120_000;

/// Each number is a key of its own, on both sides of a join and behind it: of 120,000 keys some hundred fit into memory.
/// Without a budget they are 10 MB.
const SUMS: &str = "SET 'taskmanager.memory.managed.size' = '128 kb';
    SET 'execution.checkpointing.interval' = '100 ms';
    SET 'execution.checkpointing.incremental' = 'true';
    CREATE TABLE numbers (id BIGINT) WITH (
      'connector' = 'datagen', 'rows-per-second' = '60000', 'number-of-rows' = '120000',
      'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '119999');
    CREATE TABLE sums (id BIGINT, total BIGINT) WITH (
      'connector' = 'filesystem', 'path' = '${files}/sums', 'format' = 'csv');
    INSERT INTO sums SELECT a.id, a.id + b.id FROM numbers a JOIN numbers b ON a.id = b.id;";

fn check_sums(place: &Place) {
    let sums = place.pairs("sums");
    let missing = (0..ROWS).filter(|id| sums.binary_search(&(*id, 2 * id)).is_err());
    let twice = sums.windows(2).filter(|pair| pair[0] == pair[1]);
    let wrong = sums.iter().filter(|(id, total)| *total != 2 * id);
    let faults = [missing.count(), twice.count(), wrong.count()];
    assert_eq!(faults, [0; 3], "rows that are missing, there twice, and wrong");
}

fn spilled_bytes(place: &Place, key: &RunKey) -> u64 {
    let metrics = place.runner.metrics(key);
    let nodes = metrics.map(|metrics| metrics.nodes).unwrap_or_default();
    nodes.iter().map(|node| node.spilled_bytes).sum()
}

#[test]
fn state_that_does_not_fit_is_spilled_and_survives_deaths() {
    let place = Place::new();
    let random = &mut Random::new(7);
    for number in 1..=3 {
        let run = attempt(&place, number, SUMS);
        place.runner.start(&run).unwrap();
        wait_for("spilled state", || {
            (spilled_bytes(&place, &run.key()) > 0 || number > 1).then_some(())
        });
        pause(&place, &run.key(), random);
        place.runner.kill(&run.key()).unwrap();
    }
    let last = attempt(&place, 4, SUMS);
    place.runner.start(&last).unwrap();
    let outcome = place.outcome(&last.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&last.key()));
    assert!(outcome.metrics.checkpoints.restored.is_some());
    check_sums(&place);
}

#[test]
fn a_disk_that_is_full_of_spilled_state_fails_the_run_and_loses_nothing() {
    let place = Place::new();
    let first = attempt(&place, 1, SUMS);
    let disk = SmallDisk::mount(place.run_folder(&first.key()).join("spilled"), 1_000);
    place.runner.start(&first).unwrap();
    let outcome = place.outcome(&first.key());
    let End::Failed(failure) = &outcome.end else {
        panic!("{:?}\n{}", outcome.end, place.log(&first.key()));
    };
    assert_eq!(failure.cause, FailureCause::Runtime);
    let message = &failure.diagnostics[0].message;
    assert!(
        message.contains("cannot write spilled state") && message.contains("No space left on device"),
        "{message}"
    );
    drop(disk);
    let second = attempt(&place, 2, SUMS);
    place.runner.start(&second).unwrap();
    let outcome = place.outcome(&second.key());
    assert_eq!(outcome.end, End::Finished, "{}", place.log(&second.key()));
    check_sums(&place);
    let held: u64 = outcome.metrics.nodes.iter().map(|node| node.state_bytes).sum();
    let spilled: u64 = outcome.metrics.nodes.iter().map(|node| node.spilled_bytes).sum();
    // A chunk of keys must fit on both sides, whatever the budget: that is a third of all of them, or less.
    assert!(held < 5 << 20, "{held} bytes in memory");
    assert!(spilled > 1 << 20, "{spilled} bytes in files");
}
