//! What is read, and that reading goes on where it was.

use std::io::Write;

use dataflow::{Boundedness, Error, OnUnreadable, ReadOutcome, Source, Unreadable};
use model::TypeKind;

use crate::support::*;

const EARLIEST: (&str, &str) = ("scan.startup.mode", "earliest-offset");
const LATEST_END: (&str, &str) = ("scan.bounded.mode", "latest-offset");

fn json_table(topic: &str, options: &[(&str, &str)]) -> Table {
    let mut all = vec![("topic", topic), ("format", "json"), EARLIEST];
    all.extend(options);
    Table::new("kafka", id_and_name(), &all)
}

#[test]
fn rows_are_read_in_the_order_of_their_partition_and_bounded_reading_ends() {
    let topic = topic(2);
    put_values(
        &topic,
        0,
        &[r#"{"id":1,"name":"one"}"#, r#"{"id":2,"name":"two"}"#],
    );
    put_values(&topic, 1, &[r#"{"id":3}"#]);
    let source = json_table(&topic, &[LATEST_END]).source().unwrap();
    assert_eq!(source.boundedness(), Boundedness::Bounded);
    assert_eq!(source.discovery_interval(), None);
    let splits = source.splits(4).unwrap();
    let lanes: Vec<&str> = splits.iter().map(|split| split.lane.as_str()).collect();
    assert_eq!(lanes, [format!("{topic}-0"), format!("{topic}-1")]);
    assert_eq!(read_split(&*source, &splits[0]).unwrap(), ["1|one", "2|two"]);
    // What comes after the end was found is not read.
    put_values(&topic, 1, &[r#"{"id":4}"#]);
    assert_eq!(read_split(&*source, &splits[1]).unwrap(), ["3|-"]);
}

#[test]
fn columns_that_nobody_wants_are_not_decoded() {
    let topic = topic(1);
    put_values(&topic, 0, &[r#"{"id":"no number","name":"one"}"#]);
    let table = json_table(&topic, &[LATEST_END]);
    let source = table.scan(&["name"], &[]).unwrap();
    assert_eq!(read_bounded(&*source).unwrap(), ["one"]);
    let counted = table.scan(&[], &[]).unwrap();
    assert_eq!(read_bounded(&*counted).unwrap().len(), 1);
}

#[test]
fn several_topics_and_topics_that_match_are_read() {
    let prefix = unique("many");
    let names = [
        format!("{prefix}-a"),
        format!("{prefix}-b"),
        format!("{prefix}-c"),
    ];
    for (index, name) in names.iter().enumerate() {
        create_topic_at(address(), name, 1);
        put_values(name, 0, &[&format!(r#"{{"id":{index}}}"#)]);
    }
    let both = format!("{};{}", names[0], names[1]);
    let source = json_table(&both, &[LATEST_END]).source().unwrap();
    assert_eq!(read_bounded(&*source).unwrap(), ["0|-", "1|-"]);
    let pattern = format!("{prefix}-[bc]");
    let options = [
        ("topic-pattern", pattern.as_str()),
        ("format", "json"),
        EARLIEST,
        LATEST_END,
    ];
    let source = Table::new("kafka", id_and_name(), &options).source().unwrap();
    assert_eq!(read_bounded(&*source).unwrap(), ["1|-", "2|-"]);
}

#[test]
fn a_reader_waits_for_what_is_yet_to_come() {
    let topic = topic(1);
    let source = json_table(&topic, &[]).source().unwrap();
    assert_eq!(source.boundedness(), Boundedness::Unbounded);
    let splits = source.splits(1).unwrap();
    let mut reader = source.open(&splits[0], None).unwrap();
    assert!(matches!(reader.read(10).unwrap(), ReadOutcome::Pending(_)));
    for name in ["one", "two"] {
        put_values(&topic, 0, &[&format!(r#"{{"id":1,"name":"{name}"}}"#)]);
        let readout = read_some(&mut *reader, 1, 10).unwrap();
        assert_eq!(rows_text(&readout.chunks), [format!("1|{name}")]);
    }
}

#[test]
fn a_position_leads_to_the_next_message_after_every_chunk() {
    let topic = topic(1);
    let values: Vec<String> = (0..50).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
    put_values(&topic, 0, &values.iter().map(String::as_str).collect::<Vec<_>>());
    let table = json_table(&topic, &[LATEST_END]);
    let source = table.source().unwrap();
    let split = &source.splits(1).unwrap()[0];
    let mut rows = Vec::new();
    let mut position = None;
    while rows.len() < 50 {
        // Each time as after a restart.
        let source = table.source().unwrap();
        let mut reader = source.open(split, position.as_ref()).unwrap();
        let readout = read_some(&mut *reader, 1, 7).unwrap();
        assert!(readout.chunks.iter().all(|chunk| chunk.rows() <= 7));
        rows.extend(rows_text(&readout.chunks));
        position = Some(reader.position());
    }
    let expected: Vec<String> = (0..50).map(|id| format!("{id}|-")).collect();
    assert_eq!(rows, expected);
    let mut reader = source.open(split, position.as_ref()).unwrap();
    assert!(matches!(reader.read(7).unwrap(), ReadOutcome::End));
    assert_eq!(Some(reader.position()), position);
}

#[test]
fn partitions_and_topics_that_come_later_are_found_and_read_from_their_beginning() {
    let prefix = unique("later");
    let first = format!("{prefix}-1");
    create_topic_at(address(), &first, 1);
    put_values(&first, 0, &[r#"{"id":1}"#]);
    let pattern = format!("{prefix}-.");
    let options = [
        ("topic-pattern", pattern.as_str()),
        ("format", "json"),
        ("scan.startup.mode", "latest-offset"),
        ("scan.topic-partition-discovery.interval", "1 s"),
    ];
    let source = Table::new("kafka", id_and_name(), &options).source().unwrap();
    assert_eq!(
        source.discovery_interval(),
        Some(std::time::Duration::from_secs(1))
    );
    let before = source.splits(1).unwrap();
    assert_eq!(before.len(), 1);
    grow(&first, 2);
    let second = format!("{prefix}-2");
    create_topic_at(address(), &second, 1);
    put_values(&first, 1, &[r#"{"id":2}"#]);
    put_values(&second, 0, &[r#"{"id":3}"#]);
    let deadline = std::time::Instant::now() + PATIENCE;
    let after = loop {
        let splits = source.splits(1).unwrap();
        if splits.len() == 3 {
            break splits;
        }
        assert!(std::time::Instant::now() < deadline, "{splits:?}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    // What was known stays as it was.
    assert_eq!(after[0], before[0]);
    // Also when a job was down while they came.
    let restored = Table::new("kafka", id_and_name(), &options).source().unwrap();
    restored.restored(&before);
    assert_eq!(restored.splits(1).unwrap(), after);
    for (split, expected) in after[1..].iter().zip(["2|-", "3|-"]) {
        let mut reader = source.open(split, None).unwrap();
        let readout = read_some(&mut *reader, 1, 10).unwrap();
        assert_eq!(rows_text(&readout.chunks), [expected]);
    }
}

#[test]
fn a_message_that_cannot_be_read_is_told_with_its_place_or_counted() {
    let topic = topic(1);
    put_values(&topic, 0, &[r#"{"id":1}"#, "no json", r#"{"id":2}"#]);
    let source = json_table(&topic, &[LATEST_END]).source().unwrap();
    let Err(Error::Data { message, place }) = read_bounded(&*source) else {
        panic!("it is not read");
    };
    assert_eq!(place, format!("topic '{topic}', partition 0, offset 1"));
    assert!(message.contains("'no json'"), "{message}");
    let source = json_table(&topic, &[LATEST_END, ("json.ignore-parse-errors", "true")]);
    let source = source.source().unwrap();
    let split = &source.splits(1).unwrap()[0];
    let mut reader = source.open(split, None).unwrap();
    let readout = read_some(&mut *reader, usize::MAX, 10).unwrap();
    assert_eq!(rows_text(&readout.chunks), ["1|-", "2|-"]);
    assert_eq!(reader.skipped(), 1);
}

#[test]
fn tombstones_have_no_row_but_with_a_format_that_has_one() {
    let topic = topic(1);
    let one = Put {
        key: Some("k"),
        value: Some("1,one"),
        ..Put::default()
    };
    let tombstone = Put {
        value: None,
        ..one.clone()
    };
    put(&topic, &[one, tombstone]);
    let options = [("topic", topic.as_str()), ("format", "csv"), EARLIEST, LATEST_END];
    let source = Table::new("kafka", id_and_name(), &options).source().unwrap();
    assert_eq!(read_bounded(&*source).unwrap(), ["1|one"]);
    let options = [("topic", topic.as_str()), ("format", "raw"), EARLIEST, LATEST_END];
    let columns = schema(&[("text", TypeKind::STRING)]);
    let source = Table::new("kafka", columns, &options).source().unwrap();
    assert_eq!(read_bounded(&*source).unwrap(), ["1,one", "-"]);
}

#[test]
fn changes_keep_their_kinds_with_and_without_metadata() {
    let topic = topic(1);
    put_values(
        &topic,
        0,
        &[
            r#"{"before":null,"after":{"id":1,"name":"a"},"op":"c"}"#,
            r#"{"before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"},"op":"u"}"#,
            r#"{"before":{"id":1,"name":"b"},"after":null,"op":"d"}"#,
        ],
    );
    let options = [
        ("topic", topic.as_str()),
        ("value.format", "debezium-json"),
        EARLIEST,
        LATEST_END,
    ];
    let table = Table::new("kafka", id_and_name(), &options);
    let source = table.source().unwrap();
    assert!(!source.changelog_mode().is_insert_only());
    assert_eq!(
        read_bounded(&*source).unwrap(),
        ["+I 1|a", "-U 1|a", "+U 1|b", "-D 1|b"]
    );
    let source = table.scan(&["name"], &["offset"]).unwrap();
    assert_eq!(
        read_bounded(&*source).unwrap(),
        ["+I a|0", "-U a|1", "+U b|1", "-D b|2"]
    );
}

#[test]
fn a_corrupt_change_is_told_with_its_place() {
    let topic = topic(1);
    put_values(
        &topic,
        0,
        &[
            r#"{"before":null,"after":{"id":1},"op":"c"}"#,
            r#"{"before":null,"after":{"id":1},"op":"?"}"#,
        ],
    );
    let options = [
        ("topic", topic.as_str()),
        ("format", "debezium-json"),
        EARLIEST,
        LATEST_END,
    ];
    let source = Table::new("kafka", id_and_name(), &options).source().unwrap();
    let Err(Error::Data { place, .. }) = read_bounded(&*source) else {
        panic!("it is not read");
    };
    assert_eq!(place, format!("topic '{topic}', partition 0, offsets 0 to 1"));
}

#[test]
fn keys_are_read_beside_values() {
    let topic = topic(1);
    let put_one = |key, value| Put {
        key,
        value: Some(value),
        ..Put::default()
    };
    put(
        &topic,
        &[
            put_one(Some(r#"{"id":1}"#), r#"{"id":10,"name":"one"}"#),
            // As in Flink: without a key there is no row.
            put_one(None, r#"{"id":20,"name":"two"}"#),
            put_one(Some(r#"{"id":3}"#), r#"{"id":30,"name":"three"}"#),
        ],
    );
    let options = [
        ("topic", topic.as_str()),
        ("key.format", "json"),
        ("key.fields", "k_id"),
        ("key.fields-prefix", "k_"),
        ("value.format", "json"),
        ("value.fields-include", "EXCEPT_KEY"),
        EARLIEST,
        LATEST_END,
    ];
    let columns = schema(&[
        ("k_id", TypeKind::Int),
        ("id", TypeKind::Int),
        ("name", TypeKind::STRING),
    ]);
    let table = Table::new("kafka", columns, &options);
    let source = table.source().unwrap();
    assert_eq!(read_bounded(&*source).unwrap(), ["1|10|one", "3|30|three"]);
    let source = table.scan(&["name"], &[]).unwrap();
    assert_eq!(read_bounded(&*source).unwrap(), ["one", "three"]);
    // Where both have it, the value counts.
    let options = [
        ("topic", topic.as_str()),
        ("key.format", "json"),
        ("key.fields", "id"),
        ("value.format", "json"),
        EARLIEST,
        LATEST_END,
    ];
    let source = Table::new("kafka", id_and_name(), &options).source().unwrap();
    assert_eq!(read_bounded(&*source).unwrap(), ["10|one", "30|three"]);
}

#[test]
fn rows_of_transactions_are_read_as_the_isolation_level_says() {
    let topic = topic(1);
    put_in_transactions(&topic, &[r#"{"id":1}"#], &[r#"{"id":2}"#]);
    let read = |options: &[(&str, &str)]| {
        let mut all = vec![LATEST_END];
        all.extend(options);
        let source = json_table(&topic, &all).source().unwrap();
        read_bounded(&*source).unwrap()
    };
    assert_eq!(read(&[]), ["2|-", "1|-"]);
    // The last offset is a mark that nobody sees: it ends all the same.
    assert_eq!(read(&[("properties.isolation.level", "read_committed")]), ["1|-"]);
}

/// Run with `--release --ignored --nocapture` to measure.
#[test]
#[ignore = "measures"]
fn speed() {
    const MESSAGES: usize = 1_000_000;
    let topic = topic(1);
    let columns = schema(&[
        ("auction", TypeKind::BigInt),
        ("bidder", TypeKind::BigInt),
        ("price", TypeKind::BigInt),
        ("channel", TypeKind::STRING),
        ("url", TypeKind::STRING),
        ("extra", TypeKind::STRING),
    ]);
    let value = |index: usize| {
        format!(
            r#"{{"auction":{},"bidder":{index},"price":{},"channel":"Google","url":"https://www.nexmark.com/abo/plk/item.htm?query=1","extra":"{}"}}"#,
            1000 + index % 100,
            index * 7,
            "x".repeat(60)
        )
    };
    let values: Vec<String> = (0..MESSAGES).map(value).collect();
    for part in values.chunks(50_000) {
        put_values(&topic, 0, &part.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let options = [
        ("topic", topic.as_str()),
        ("format", "json"),
        EARLIEST,
        LATEST_END,
    ];
    let table = Table::new("kafka", columns, &options);
    for metadata in [&[] as &[&str], &["offset", "timestamp"]] {
        let source = table
            .scan(&["auction", "bidder", "price", "channel"], metadata)
            .unwrap();
        let splits = source.splits(1).unwrap();
        let mut reader = source.open(&splits[0], None).unwrap();
        let began = std::time::Instant::now();
        let readout = read_some(&mut *reader, usize::MAX, 8192).unwrap();
        let seconds = began.elapsed().as_secs_f64();
        let rows: usize = readout.chunks.iter().map(dataflow::Chunk::rows).sum();
        assert_eq!(rows, MESSAGES);
        let chunks = readout.chunks.len();
        let rate = rows as f64 / seconds / 1e6;
        let line = format!("{rate:.2} M messages/s in {chunks} chunks, metadata {metadata:?}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
}

#[test]
fn compressed_messages_are_read() {
    for codec in ["gzip", "snappy", "lz4", "zstd"] {
        let topic = topic(1);
        let options = [
            ("topic", topic.as_str()),
            ("format", "json"),
            ("properties.compression.type", codec),
            EARLIEST,
            LATEST_END,
        ];
        let table = Table::new("kafka", id_and_name(), &options);
        crate::sink::write(&table, &[(1, "one"), (2, "two")]);
        let source: std::sync::Arc<dyn Source> = table.source().unwrap();
        assert_eq!(read_bounded(&*source).unwrap(), ["1|one", "2|two"], "{codec}");
    }
}

#[test]
fn messages_that_cannot_be_read_are_kept_with_their_offset_or_counted() {
    let topic = topic(1);
    let message = |key: &'static str, value: &'static str| Put {
        key: Some(key),
        value: Some(value),
        ..Put::default()
    };
    let messages = [
        message("1", r#"{"name":"one"}"#),
        message("no number", r#"{"name":"two"}"#),
        message("3", "torn"),
        message("4", r#"{"name":"four"}"#),
    ];
    put(&topic, &messages);
    let options = [
        ("key.format", "csv"),
        ("key.fields", "id"),
        ("value.fields-include", "EXCEPT_KEY"),
    ];
    let table = json_table(&topic, &[&options[..], &[LATEST_END]].concat());
    for (columns, expected, broken) in [
        (&["id", "name"][..], &["1|one", "4|four"][..], vec![1, 2]),
        // Only what is wanted is looked at.
        (&["name"], &["one", "two", "four"], vec![2]),
    ] {
        let source = table
            .scan_on_unreadable(columns, &[], OnUnreadable::Keep)
            .unwrap();
        let mut reader = source.open(&source.splits(1).unwrap()[0], None).unwrap();
        let readout = read_some(&mut *reader, usize::MAX, 4096).unwrap();
        assert_eq!(rows_text(&readout.chunks), expected);
        let all = [("no number", "key: ", 1), ("torn", "value: invalid JSON", 2)];
        let found = reader.take_unreadable();
        let offsets: Vec<i64> = found.iter().map(|unreadable| unreadable.offset).collect();
        assert_eq!(offsets, broken);
        for Unreadable {
            record,
            error,
            split,
            offset,
        } in found
        {
            let (text, front, _) = all.iter().find(|(_, _, own)| *own == offset).unwrap();
            assert_eq!(record.as_deref(), Some(text.as_bytes()));
            assert!(error.starts_with(front), "{error}");
            assert_eq!(split, format!("{topic}-0"));
        }
        assert_eq!(reader.skipped(), 0);
        let source = table
            .scan_on_unreadable(columns, &[], OnUnreadable::Skip)
            .unwrap();
        let mut reader = source.open(&source.splits(1).unwrap()[0], None).unwrap();
        let readout = read_some(&mut *reader, usize::MAX, 1).unwrap();
        assert_eq!(rows_text(&readout.chunks), expected);
        assert_eq!(reader.skipped(), broken.len() as u64);
        assert!(reader.take_unreadable().is_empty());
    }
    let failing = table.scan(&["id", "name"], &[]).unwrap();
    let error = read_bounded(&*failing).unwrap_err().to_string();
    assert!(
        error.contains(&format!("topic '{topic}', partition 0, offset 1")),
        "{error}"
    );
}

#[test]
fn changes_that_cannot_be_read_do_not_spoil_those_beside_them() {
    let topic = topic(1);
    let values = [
        r#"{"after":{"id":1,"name":"one"},"op":"c"}"#,
        r#"{"after":{"id":1,"name":"two"},"op":"x"}"#,
        "torn",
        r#"{"before":{"id":1,"name":"one"},"after":{"id":1,"name":"two"},"op":"u"}"#,
    ];
    put_values(&topic, 0, &values);
    let options = [
        ("topic", topic.as_str()),
        ("format", "debezium-json"),
        EARLIEST,
        LATEST_END,
    ];
    let table = Table::new("kafka", id_and_name(), &options);
    for metadata in [&[][..], &["offset"][..]] {
        let source = table
            .scan_on_unreadable(&["id", "name"], metadata, OnUnreadable::Keep)
            .unwrap();
        let mut reader = source.open(&source.splits(1).unwrap()[0], None).unwrap();
        let readout = read_some(&mut *reader, usize::MAX, 4096).unwrap();
        let rows: Vec<String> = rows_text(&readout.chunks);
        let fronts: Vec<&str> = rows.iter().map(|row| &row[..8]).collect();
        assert_eq!(fronts, ["+I 1|one", "-U 1|one", "+U 1|two"]);
        let found = reader.take_unreadable();
        let offsets: Vec<i64> = found.iter().map(|unreadable| unreadable.offset).collect();
        assert_eq!(offsets, [1, 2]);
        assert!(
            found[0].error.contains("corrupt debezium-json record"),
            "{found:?}"
        );
    }
}
