//! Topics as tables of upserts.

use std::sync::Arc;

use dataflow::{Chunk, Source};
use model::{ChangelogMode, RowKind, TypeKind};

use crate::sink::chunk;
use crate::support::*;

const LATEST_END: (&str, &str) = ("scan.bounded.mode", "latest-offset");

fn table(topic: &str, options: &[(&str, &str)]) -> Table {
    let mut all = vec![
        ("topic", topic),
        ("key.format", "json"),
        ("value.format", "json"),
        LATEST_END,
    ];
    all.extend(options);
    Table::new("upsert-kafka", id_and_name(), &all).with_primary_key(&["id"])
}

fn changes(rows: &[(RowKind, i32, &str)]) -> Chunk {
    let values: Vec<(i32, &str)> = rows.iter().map(|(_, id, name)| (*id, *name)).collect();
    Chunk {
        kinds: Some(rows.iter().map(|(kind, ..)| *kind).collect()),
        ..chunk(&values)
    }
}

fn write(table: &Table, rows: &[(RowKind, i32, &str)]) {
    let mut writer = table.sink().unwrap().writer(0, 1).unwrap();
    writer.write(&changes(rows)).unwrap();
    writer.prepare(None).unwrap();
}

const ROWS: [(RowKind, i32, &str); 4] = [
    (RowKind::Insert, 1, "one"),
    (RowKind::Insert, 2, "two"),
    (RowKind::UpdateAfter, 1, "uno"),
    (RowKind::Delete, 2, "two"),
];

#[test]
fn deletions_are_tombstones_and_come_back_as_deletions() {
    let topic = topic(1);
    let table = table(&topic, &[]);
    let sink = table.sink().unwrap();
    assert_eq!(sink.changelog_mode(ChangelogMode::ALL), ChangelogMode::UPSERT);
    write(&table, &ROWS);
    assert_eq!(
        texts(&records(&topic)),
        [
            r#"{"id":1}={"id":1,"name":"one"}"#,
            r#"{"id":2}={"id":2,"name":"two"}"#,
            r#"{"id":1}={"id":1,"name":"uno"}"#,
            r#"{"id":2}=-"#,
        ]
    );
    let source = table.source().unwrap();
    let mode = source.changelog_mode();
    assert!(mode.update_after && mode.delete && !mode.insert && !mode.update_before);
    assert_eq!(
        read_bounded(&*source).unwrap(),
        ["+U 1|one", "+U 2|two", "+U 1|uno", "-D 2|-"]
    );
    let source: Arc<dyn Source> = table.scan(&["name"], &["offset"]).unwrap();
    assert_eq!(
        read_bounded(&*source).unwrap(),
        ["+U one|0", "+U two|1", "+U uno|2", "-D -|3"]
    );
}

#[test]
fn a_key_may_stand_in_the_key_alone_under_another_name() {
    let topic = topic(1);
    let columns = schema(&[("k_id", TypeKind::Int), ("id", TypeKind::STRING)]);
    let options = [
        ("topic", topic.as_str()),
        ("key.format", "json"),
        ("key.fields-prefix", "k_"),
        ("value.format", "json"),
        ("value.fields-include", "EXCEPT_KEY"),
        LATEST_END,
    ];
    let table = Table::new("upsert-kafka", columns, &options).with_primary_key(&["k_id"]);
    write(&table, &ROWS);
    assert_eq!(texts(&records(&topic))[0], r#"{"id":1}={"id":"one"}"#);
    let source = table.source().unwrap();
    assert_eq!(
        read_bounded(&*source).unwrap(),
        ["+U 1|one", "+U 2|two", "+U 1|uno", "-D 2|-"]
    );
}

#[test]
fn a_message_without_a_key_has_no_row() {
    let topic = topic(1);
    put_values(&topic, 0, &[r#"{"id":1,"name":"one"}"#]);
    let source = table(&topic, &[]).source().unwrap();
    let mut reader = source.open(&source.splits(1).unwrap()[0], None).unwrap();
    let readout = read_some(&mut *reader, usize::MAX, 10).unwrap();
    assert!(readout.chunks.is_empty());
    assert_eq!(reader.skipped(), 1);
}

#[test]
fn of_changes_that_are_held_back_the_last_of_each_key_is_written() {
    let topic = topic(1);
    let options = [
        ("sink.buffer-flush.max-rows", "3"),
        ("sink.buffer-flush.interval", "1 h"),
    ];
    let table = table(&topic, &options);
    let mut writer = table.sink().unwrap().writer(0, 1).unwrap();
    writer.write(&changes(&ROWS)).unwrap();
    assert!(records(&topic).is_empty());
    writer.prepare(Some(1)).unwrap();
    let first = [r#"{"id":1}={"id":1,"name":"uno"}"#, r#"{"id":2}=-"#];
    assert_eq!(texts(&records(&topic)), first);
    let rows = [
        (RowKind::Insert, 3, "x"),
        (RowKind::Insert, 4, "x"),
        (RowKind::Insert, 5, "x"),
    ];
    writer.write(&changes(&rows)).unwrap();
    writer.prepare(Some(2)).unwrap();
    assert_eq!(records(&topic).len(), 5);
}
