//! Which options go together. Nothing here dials.

use std::sync::Arc;

use dataflow::{Boundedness, Error, OptionError, Source};
use model::{Field, Schema, TypeKind};

use crate::testing::TestTable;

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("number", TypeKind::BigInt.nullable()),
        Field::new("text", TypeKind::STRING.nullable()),
    ])
}

const SERVERS: (&str, &str) = ("properties.bootstrap.servers", "localhost:9092");
const BASE: [(&str, &str); 4] = [
    SERVERS,
    ("topic", "t"),
    ("format", "lines"),
    ("scan.startup.mode", "earliest-offset"),
];

/// The base without some of its options, and with others.
fn options<'a>(without: &[&str], with: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let base = BASE.into_iter().filter(|(key, _)| !without.contains(key));
    base.chain(with.iter().copied()).collect()
}

fn source(without: &[&str], with: &[(&str, &str)]) -> Result<Arc<dyn Source>, Error> {
    TestTable::new("kafka", schema(), &options(without, with)).scan()
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> OptionError {
    match result.unwrap_err() {
        Error::Option(error) => {
            assert!(error.hint.is_some(), "no hint: {error}");
            error
        }
        other => panic!("{other}"),
    }
}

const UPSERT: [(&str, &str); 4] = [
    SERVERS,
    ("topic", "t"),
    ("key.format", "lines"),
    ("value.format", "lines"),
];

fn upsert(with: &[(&str, &str)]) -> TestTable {
    let all: Vec<(&str, &str)> = UPSERT.into_iter().chain(with.iter().copied()).collect();
    TestTable::new("upsert-kafka", schema(), &all).with_primary_key(&["number"])
}

#[test]
fn tables_are_planned_without_a_broker() {
    let unbounded = source(&[], &[]).unwrap();
    assert_eq!(unbounded.boundedness(), Boundedness::Unbounded);
    assert_eq!(unbounded.discovery_interval().unwrap().as_secs(), 300);
    let never = source(&[], &[("scan.topic-partition-discovery.interval", "0")]).unwrap();
    assert_eq!(never.discovery_interval(), None);
    let bounded = source(&[], &[("scan.bounded.mode", "latest-offset")]).unwrap();
    assert_eq!(bounded.boundedness(), Boundedness::Bounded);
    TestTable::new("kafka", schema(), &BASE).insert().unwrap();
    // Where reading would begin is of no interest to who writes.
    TestTable::new("kafka", schema(), &options(&["scan.startup.mode"], &[]))
        .insert()
        .unwrap();
    upsert(&[]).scan().unwrap();
    upsert(&[]).insert().unwrap();
}

#[test]
fn what_is_missing_or_does_not_go_together_is_refused_with_a_hint() {
    let cases: [(&[&str], &[(&str, &str)], &str); 18] = [
        (&["topic"], &[], "option 'topic' is missing"),
        (
            &[],
            &[("topic-pattern", "a")],
            "options 'topic' and 'topic-pattern' cannot be set together",
        ),
        (
            &["topic"],
            &[("topic-pattern", "(")],
            "option 'topic-pattern' must be a regular expression, got '('",
        ),
        (
            &["topic"],
            &[("topic", "a,b")],
            "option 'topic': 'a,b' is no name of a topic",
        ),
        (
            &["properties.bootstrap.servers"],
            &[],
            "option 'properties.bootstrap.servers' is missing",
        ),
        (&["format"], &[], "option 'format' is missing"),
        (
            &[],
            &[("value.format", "lines")],
            "options 'format' and 'value.format' mean the same",
        ),
        (
            &[],
            &[("key.fields", "number")],
            "option 'key.fields' needs 'key.format'",
        ),
        (
            &[],
            &[("key.format", "lines")],
            "option 'key.format' needs 'key.fields': the columns that stand in the key",
        ),
        (
            &[],
            &[("key.format", "lines"), ("key.fields", "id")],
            "option 'key.fields': the table has no physical column 'id'",
        ),
        (
            &[],
            &[
                ("key.format", "lines"),
                ("key.fields", "number"),
                ("key.fields-prefix", "k_"),
                ("value.fields-include", "EXCEPT_KEY"),
            ],
            "column 'number' of the key does not begin with 'key.fields-prefix' = 'k_'",
        ),
        (
            &["scan.startup.mode"],
            &[],
            "option 'properties.group.id' is missing, which 'scan.startup.mode' = 'group-offsets' needs",
        ),
        (
            &["scan.startup.mode"],
            &[("scan.startup.mode", "timestamp")],
            "option 'scan.startup.timestamp-millis' is missing, which 'scan.startup.mode' = 'timestamp' needs",
        ),
        (
            &[],
            &[("scan.bounded.mode", "specific-offsets")],
            "option 'scan.bounded.specific-offsets' is missing, which 'scan.bounded.mode' = 'specific-offsets' needs",
        ),
        (
            &["topic"],
            &[
                ("topic", "a;b"),
                ("scan.bounded.mode", "specific-offsets"),
                ("scan.bounded.specific-offsets", "partition:0,offset:1"),
            ],
            "option 'scan.bounded.specific-offsets' needs a table of a single topic",
        ),
        (
            &[],
            &[("scan.parallelism", "2")],
            "option 'scan.parallelism' is not supported: the table runs at the parallelism of the job",
        ),
        (
            &[],
            &[
                ("sink.partitioner", "round-robin"),
                ("key.format", "lines"),
                ("key.fields", "number"),
            ],
            "option 'sink.partitioner' = 'round-robin' is only for a table without 'key.fields'",
        ),
        (
            &[],
            &[("sink.partitioner", "org.example.Mine")],
            "option 'sink.partitioner' must be default, fixed or round-robin, got 'org.example.Mine'",
        ),
    ];
    for (without, with, message) in cases {
        assert_eq!(refused(source(without, with)).message, message);
    }
}

#[test]
fn an_option_of_neither_side_is_unknown() {
    let error = refused(source(&[], &[("scan.startup.mod", "earliest-offset")]));
    assert_eq!(error.message, "option 'scan.startup.mod' is not known here");
    assert_eq!(error.hint.as_deref(), Some("did you mean 'scan.startup.mode'?"));
    let error = refused(upsert(&[("scan.startup.mode", "earliest-offset")]).scan());
    assert_eq!(error.message, "option 'scan.startup.mode' is not known here");
    let error = refused(upsert(&[("format", "lines")]).scan());
    assert_eq!(error.message, "option 'format' is not known here");
}

#[test]
fn options_of_formats_have_the_prefix_of_their_part() {
    source(&[], &[("lines.skip-remarks", "true")]).unwrap();
    let parted = [
        ("value.format", "lines"),
        ("value.lines.skip-remarks", "true"),
        ("key.format", "lines"),
        ("key.fields", "number"),
        ("key.lines.skip-remarks", "true"),
    ];
    source(&["format"], &parted).unwrap();
    let error = refused(source(&[], &[("value.lines.skip-remarks", "true")]));
    assert_eq!(
        error.message,
        "option 'value.lines.skip-remarks' is not known here"
    );
    let error = source(&[], &[("lines.skip-remarks", "maybe")]).unwrap_err();
    assert!(error.to_string().contains("must be 'true' or 'false'"), "{error}");
}

#[test]
fn upserts_need_a_key_and_formats_without_changes() {
    let all: Vec<(&str, &str)> = UPSERT.to_vec();
    let error = refused(TestTable::new("upsert-kafka", schema(), &all).scan());
    assert_eq!(
        error.message,
        "a table of 'upsert-kafka' needs a primary key: it stands in the key of messages"
    );
    let error = refused(upsert(&[("sink.buffer-flush.max-rows", "10")]).insert());
    assert_eq!(
        error.message,
        "options 'sink.buffer-flush.max-rows' and 'sink.buffer-flush.interval' must both be greater than zero, \
         or neither"
    );
    let error = refused(upsert(&[("key.fields-prefix", "k_")]).scan());
    assert!(
        error.message.starts_with("option 'key.fields-prefix' needs"),
        "{error}"
    );
    let with_key = TestTable::new("kafka", schema(), &BASE).with_primary_key(&["number"]);
    let error = refused(with_key.scan());
    assert_eq!(
        error.message,
        "a table of 'kafka' cannot have a primary key with the format 'lines', which has no updates"
    );
}

const EXACTLY_ONCE: (&str, &str) = ("sink.delivery-guarantee", "exactly-once");
const PREFIX: (&str, &str) = ("sink.transactional-id-prefix", "p");

#[test]
fn exactly_once_needs_a_prefix() {
    let insert = |with: &[(&str, &str)]| TestTable::new("kafka", schema(), &options(&[], with)).insert();
    let error = refused(insert(&[EXACTLY_ONCE]));
    assert_eq!(
        error.message,
        "option 'sink.transactional-id-prefix' is missing, which 'sink.delivery-guarantee' = 'exactly-once' needs"
    );
    let error = refused(insert(&[EXACTLY_ONCE, ("sink.transactional-id-prefix", "")]));
    assert_eq!(
        error.message,
        "option 'sink.transactional-id-prefix' must not be empty"
    );
    assert!(insert(&[EXACTLY_ONCE, PREFIX]).unwrap().transaction().is_some());
    let table = upsert(&[EXACTLY_ONCE, PREFIX]);
    assert!(table.insert().unwrap().transaction().is_some());
    // Without it a prefix has no effect, as in Flink; nor has it on who reads.
    assert!(insert(&[PREFIX]).unwrap().transaction().is_none());
    source(&[], &[EXACTLY_ONCE]).unwrap();
}

#[test]
fn exactly_once_does_not_go_together_with_records_that_may_be_lost() {
    for (key, value, needed) in [
        ("properties.enable.idempotence", "false", "true"),
        ("properties.acks", "1", "all"),
        ("properties.retries", "0", "2147483647"),
        ("properties.max.in.flight.requests.per.connection", "6", "5"),
    ] {
        let with = [EXACTLY_ONCE, PREFIX, (key, value)];
        let error = refused(TestTable::new("kafka", schema(), &options(&[], &with)).insert());
        assert_eq!(error.key.as_deref(), Some(key));
        assert_eq!(error.hint, Some(format!("remove it, or set it to {needed}")));
    }
}
