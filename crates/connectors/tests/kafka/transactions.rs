//! Rows that are visible exactly once: what a reader of committed rows sees, whatever becomes of the attempts that write.

use std::sync::Arc;
use std::time::Instant;

use dataflow::{Sink, SinkWriter, Transaction};

use crate::sink::chunk;
use crate::support::*;

const LATEST_END: (&str, &str) = ("scan.bounded.mode", "latest-offset");

/// A table of JSON at a broker, written in transactions.
fn table_at(address: &str, topic: &str, prefix: &str, options: &[(&str, &str)]) -> Table {
    let mut all = vec![
        ("topic", topic),
        ("format", "json"),
        ("scan.startup.mode", "earliest-offset"),
        ("sink.delivery-guarantee", "exactly-once"),
        ("sink.transactional-id-prefix", prefix),
        ("properties.isolation.level", "read_committed"),
        LATEST_END,
    ];
    all.extend(options);
    Table::at(address, "kafka", id_and_name(), &all)
}

fn table(topic: &str, prefix: &str) -> Table {
    table_at(address(), topic, prefix, &[])
}

/// What a process holds: a registry of its own, so that nothing is shared with the others.
struct Attempt {
    transaction: Arc<dyn Transaction>,
    writers: Vec<Box<dyn SinkWriter>>,
    // Dropped last, as whatever built a job.
    _sink: Arc<dyn Sink>,
}

impl Attempt {
    fn of(table: &Table, shards: usize) -> Attempt {
        let sink = table.sink().unwrap();
        Attempt {
            transaction: sink.transaction().unwrap(),
            writers: (0..shards)
                .map(|shard| sink.writer(shard, shards).unwrap())
                .collect(),
            _sink: sink,
        }
    }

    fn write(&mut self, shard: usize, ids: &[i32]) {
        let rows: Vec<(i32, &str)> = ids.iter().map(|id| (*id, "x")).collect();
        self.writers[shard].write(&chunk(&rows)).unwrap();
    }

    fn barrier(&mut self, epoch: u64) {
        for writer in &mut self.writers {
            assert!(writer.prepare(Some(epoch)).unwrap().is_empty());
        }
    }

    fn end(&mut self) {
        for writer in &mut self.writers {
            writer.prepare(None).unwrap();
        }
    }
}

/// The ids that a reader of committed rows sees, in order. It comes to its end, too.
fn visible(table: &Table) -> Vec<i32> {
    let rows = read_bounded(&*table.source().unwrap()).unwrap();
    let ids = rows.iter().map(|row| row.split('|').next().unwrap().parse());
    let mut ids: Vec<i32> = ids.collect::<Result<_, _>>().unwrap();
    ids.sort_unstable();
    ids
}

#[test]
fn rows_are_visible_when_their_epoch_is_committed() {
    let table = table(&topic(2), &unique("visible"));
    let mut attempt = Attempt::of(&table, 2);
    assert_eq!(attempt.transaction.begin().unwrap(), None);
    assert_eq!(attempt.transaction.begin().unwrap(), None);
    attempt.write(0, &[1]);
    attempt.write(1, &[2]);
    attempt.barrier(1);
    // Rows behind the barrier do not wait for the commit.
    attempt.write(1, &[3]);
    assert!(visible(&table).is_empty());
    attempt.transaction.commit(1, false).unwrap();
    assert_eq!(visible(&table), [1, 2]);
    attempt.write(0, &[4]);
    attempt.barrier(2);
    attempt.write(0, &[5]);
    attempt.transaction.commit(2, false).unwrap();
    assert_eq!(visible(&table), [1, 2, 3, 4]);
    attempt.end();
    attempt.transaction.commit(3, true).unwrap();
    assert_eq!(visible(&table), [1, 2, 3, 4, 5]);
    // Nothing is left open that a reader would wait behind.
    drop(attempt);
    assert_eq!(visible(&table), [1, 2, 3, 4, 5]);
}

#[test]
fn rows_of_a_writer_keep_their_order_across_barriers() {
    let table = table(&topic(1), &unique("order"));
    let mut attempt = Attempt::of(&table, 1);
    attempt.transaction.begin().unwrap();
    for epoch in 1..=20 {
        let id = i32::try_from(epoch).unwrap() * 2;
        attempt.write(0, &[id]);
        attempt.barrier(epoch);
        attempt.write(0, &[id + 1]);
        attempt.transaction.commit(epoch, false).unwrap();
    }
    attempt.end();
    attempt.transaction.commit(21, true).unwrap();
    let rows = read_bounded(&*table.source().unwrap()).unwrap();
    let expected: Vec<String> = (2..42).map(|id| format!("{id}|x")).collect();
    assert_eq!(rows, expected);
}

#[test]
fn epochs_without_rows_are_noted_and_go_on_growing() {
    let table = table(&topic(1), &unique("empty"));
    let mut attempt = Attempt::of(&table, 1);
    assert_eq!(attempt.transaction.begin().unwrap(), None);
    for epoch in [1, 2, 7] {
        attempt.barrier(epoch);
        attempt.transaction.commit(epoch, false).unwrap();
    }
    // To note one again, or one before it, is a fault.
    assert!(attempt.transaction.commit(7, false).is_err());
    drop(attempt);
    let mut next = Attempt::of(&table, 1);
    assert_eq!(next.transaction.begin().unwrap(), Some(7));
    next.end();
    next.transaction.commit(8, true).unwrap();
    drop(next);
    assert_eq!(Attempt::of(&table, 1).transaction.begin().unwrap(), Some(8));
}

#[test]
fn an_attempt_that_died_leaves_nothing_but_what_it_committed() {
    let (topic, prefix) = (topic(1), unique("died"));
    let mut dying = Attempt::of(&table(&topic, &prefix), 1);
    dying.transaction.begin().unwrap();
    dying.write(0, &[1]);
    dying.barrier(1);
    dying.transaction.commit(1, false).unwrap();
    dying.write(0, &[2]);
    dying.barrier(2);
    dying.write(0, &[3]);
    drop(dying);
    // Readers do not wait for what it left.
    let table = table(&topic, &prefix);
    assert_eq!(visible(&table), [1]);
    let mut next = Attempt::of(&table, 2);
    assert_eq!(next.transaction.begin().unwrap(), Some(1));
    next.write(1, &[4]);
    next.barrier(2);
    next.transaction.commit(2, false).unwrap();
    assert_eq!(visible(&table), [1, 4]);
}

#[test]
fn an_attempt_that_is_still_alive_is_shut_out() {
    // By the one producer and by the other.
    for committed in [0, 1] {
        let (topic, prefix) = (topic(1), unique("alive"));
        let mut old = Attempt::of(&table(&topic, &prefix), 1);
        assert_eq!(old.transaction.begin().unwrap(), None);
        // Somebody notes where it begins, so that there is a note.
        old.transaction.note(0).unwrap();
        for epoch in 1..=committed {
            old.barrier(epoch);
            old.transaction.commit(epoch, false).unwrap();
        }
        old.write(0, &[1]);
        old.barrier(committed + 1);
        old.write(0, &[2]);

        let table = table(&topic, &prefix);
        let mut new = Attempt::of(&table, 1);
        assert_eq!(new.transaction.begin().unwrap(), Some(committed));
        let (message, hint) = told(old.transaction.commit(committed + 1, false));
        assert!(message.contains("another attempt, or another job"), "{message}");
        assert!(hint.unwrap().contains("a prefix of its own"));
        assert!(old.transaction.commit(committed + 2, false).is_err());
        assert!(old.transaction.commit(committed + 2, true).is_err());
        assert!(visible(&table).is_empty());

        new.write(0, &[3]);
        new.end();
        new.transaction.commit(committed + 1, true).unwrap();
        drop(old);
        assert_eq!(visible(&table), [3]);
        assert_eq!(new.transaction.begin().unwrap(), Some(committed + 1));
    }
}

#[test]
fn tables_of_a_job_are_committed_together() {
    let (a, b, prefix) = (topic(1), topic(1), unique("together"));
    let one = table(&a, &prefix);
    let other = one
        .like(
            "upsert-kafka",
            &[
                ("topic", &b),
                ("key.format", "json"),
                ("value.format", "json"),
                ("sink.delivery-guarantee", "exactly-once"),
                ("sink.transactional-id-prefix", &prefix),
                ("properties.isolation.level", "read_committed"),
                LATEST_END,
            ],
        )
        .with_primary_key(&["id"]);
    let (mut first, mut second) = (Attempt::of(&one, 1), Attempt::of(&other, 1));
    assert!(Arc::ptr_eq(&first.transaction, &second.transaction));
    first.transaction.begin().unwrap();
    first.write(0, &[1]);
    second.write(0, &[2]);
    first.barrier(1);
    second.barrier(1);
    assert_eq!((visible(&one), upserts(&other)), (vec![], 0));
    first.transaction.commit(1, false).unwrap();
    assert_eq!((visible(&one), upserts(&other)), (vec![1], 1));

    let elsewhere = one.like("kafka", &options(&a, "another-prefix"));
    assert!(!Arc::ptr_eq(
        &first.transaction,
        &elsewhere.sink().unwrap().transaction().unwrap()
    ));
    // Two clients of one id would shut each other out.
    let mut unlike = options(&a, &prefix);
    unlike.push(("properties.linger.ms", "7"));
    let (message, hint) = told(one.like("kafka", &unlike).sink());
    assert!(
        message.contains("'properties.linger.ms' is not the same"),
        "{message}"
    );
    assert!(hint.is_some());
}

fn options<'a>(topic: &'a str, prefix: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("topic", topic),
        ("format", "json"),
        ("sink.delivery-guarantee", "exactly-once"),
        ("sink.transactional-id-prefix", prefix),
    ]
}

/// How many changes a reader of committed rows sees.
fn upserts(table: &Table) -> usize {
    read_bounded(&*table.source().unwrap()).unwrap().len()
}

#[test]
fn a_job_of_the_same_process_does_not_commit_what_one_before_it_left() {
    let table = table(&topic(1), &unique("again"));
    let mut failed = Attempt::of(&table, 1);
    let transaction = Arc::clone(&failed.transaction);
    transaction.begin().unwrap();
    failed.write(0, &[1]);
    failed.barrier(1);
    transaction.commit(1, false).unwrap();
    failed.write(0, &[2]);
    drop(failed);
    let mut next = Attempt::of(&table, 1);
    assert!(Arc::ptr_eq(&transaction, &next.transaction));
    assert_eq!(transaction.begin().unwrap(), Some(1));
    next.write(0, &[3]);
    next.end();
    transaction.commit(2, true).unwrap();
    // And a job behind one that has ended goes on with the same clients.
    let mut last = Attempt::of(&table, 1);
    assert_eq!(transaction.begin().unwrap(), Some(2));
    last.write(0, &[4]);
    last.end();
    transaction.commit(3, true).unwrap();
    assert_eq!(visible(&table), [1, 3, 4]);
}

#[test]
fn rows_out_of_turn_are_refused() {
    let table = table(&topic(1), &unique("turn"));
    let mut attempt = Attempt::of(&table, 2);
    let error = attempt.writers[0].write(&chunk(&[(0, "x")])).unwrap_err();
    assert!(error.to_string().contains("have not begun"), "{error}");
    attempt.transaction.begin().unwrap();
    attempt.write(0, &[1]);
    attempt.barrier(1);
    attempt.write(0, &[2]);
    // Two epochs cannot be the last one together.
    let error = attempt.transaction.commit(2, true).unwrap_err();
    assert!(error.to_string().contains("rows of two epochs"), "{error}");
    assert!(attempt.transaction.commit(1, false).is_err());
    drop(attempt);

    let mut attempt = Attempt::of(&table, 1);
    attempt.transaction.begin().unwrap();
    attempt.barrier(1);
    attempt.barrier(2);
    let error = attempt.writers[0].write(&chunk(&[(0, "x")])).unwrap_err();
    assert!(error.to_string().contains("behind 2 barriers when 0"), "{error}");
}

#[test]
fn a_record_that_the_broker_refuses_fails_its_epoch() {
    let large = [("properties.max.request.size", "10000000")];
    let table = table_at(address(), &topic(1), &unique("refused"), &large);
    let mut attempt = Attempt::of(&table, 1);
    attempt.transaction.begin().unwrap();
    attempt.write(0, &[1]);
    let long = "x".repeat(2 << 20);
    // Whichever comes behind the broker's answer tells of it.
    let written = attempt.writers[0].write(&chunk(&[(2, &long)]));
    let prepared = written.and_then(|()| attempt.writers[0].prepare(Some(1)).map(drop));
    let error = prepared.unwrap_err().to_string();
    assert!(error.contains("deliver records to Kafka: topic"), "{error}");
    let error = attempt.transaction.commit(1, false).unwrap_err().to_string();
    assert!(error.contains("deliver records to Kafka: topic"), "{error}");
    drop(attempt);
    assert!(visible(&table).is_empty());
}

#[test]
fn a_time_out_that_the_broker_does_not_allow_is_told() {
    let hour = [("properties.transaction.timeout.ms", "3600000")];
    let table = table_at(address(), &topic(1), &unique("hour"), &hour);
    let (message, hint) = told(Attempt::of(&table, 1).transaction.begin());
    assert_eq!(
        message,
        "option 'properties.transaction.timeout.ms' is more than the cluster allows"
    );
    assert!(hint.unwrap().contains("900000"));
}

#[test]
fn a_transaction_that_times_out_fails_and_the_next_attempt_goes_on() {
    let short = [("properties.transaction.timeout.ms", "1000")];
    let topic = topic(1);
    let table = table_at(address(), &topic, &unique("late"), &short);
    let mut attempt = Attempt::of(&table, 1);
    attempt.transaction.begin().unwrap();
    attempt.write(0, &[1]);
    attempt.barrier(1);
    // What stands behind it is visible once the broker has aborted it.
    put_values(&topic, 0, &[r#"{"id":9}"#]);
    wait_until(|| visible(&table) == [9]);
    let (message, _) = told(attempt.transaction.commit(1, false));
    assert!(
        message.contains("for longer than 'properties.transaction.timeout.ms'"),
        "{message}"
    );
    drop(attempt);
    let mut next = Attempt::of(&table, 1);
    assert_eq!(next.transaction.begin().unwrap(), None);
    next.write(0, &[2]);
    next.end();
    next.transaction.commit(1, true).unwrap();
    assert_eq!(visible(&table), [2, 9]);
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "it does not come");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn a_commit_waits_for_a_broker_that_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(Some(folder.path()));
    let address = broker.address.clone();
    create_topic_at(&address, "t", 1);
    let table = table_at(&address, "t", "p", &[]);
    let mut attempt = Attempt::of(&table, 1);
    attempt.transaction.begin().unwrap();
    attempt.write(0, &[1]);
    attempt.barrier(1);
    attempt.write(0, &[2]);
    drop(broker);
    attempt.write(0, &[3]);
    let committing = std::thread::spawn(move || {
        let outcome = attempt.transaction.commit(1, false);
        (outcome, attempt)
    });
    let _broker = Broker::start(Some(folder.path()));
    let (outcome, mut attempt) = committing.join().unwrap();
    outcome.unwrap();
    assert_eq!(visible(&table), [1]);
    attempt.end();
    attempt.transaction.commit(2, true).unwrap();
    assert_eq!(visible(&table), [1, 2, 3]);
    drop(attempt);
    assert_eq!(Attempt::of(&table, 1).transaction.begin().unwrap(), Some(2));
}

#[test]
fn reading_what_is_committed_ends_before_what_is_open() {
    let (topic, prefix) = (topic(1), unique("open"));
    put_in_transactions(&topic, &[r#"{"id":1}"#], &[r#"{"id":2}"#]);
    let table = table(&topic, &prefix);
    let mut attempt = Attempt::of(&table, 1);
    attempt.transaction.begin().unwrap();
    attempt.write(0, &[3]);
    attempt.barrier(1);
    attempt.transaction.commit(1, false).unwrap();
    attempt.write(0, &[4]);
    attempt.barrier(2);
    drop(attempt);
    // Aborted rows and marks of transactions are the last in the topic, or what is still open is.
    assert_eq!(visible(&table), [1, 3]);
    let mut attempt = Attempt::of(&table, 1);
    attempt.transaction.begin().unwrap();
    attempt.write(0, &[5]);
    let all = table_at(
        address(),
        &topic,
        &prefix,
        &[("properties.isolation.level", "read_uncommitted")],
    );
    wait_until(|| visible(&all) == [1, 2, 3, 4, 5]);
    assert_eq!(visible(&table), [1, 3]);
}
