//! What is written, and what becomes of it.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, MapBuilder, MapFieldNames, StringBuilder};
use arrow_array::{Array, ArrayRef, Int32Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use dataflow::{Chunk, SinkWriter};
use model::{DataType, RowKind, TypeKind};

use crate::support::*;

/// A chunk of `id, name`.
pub fn chunk(rows: &[(i32, &str)]) -> Chunk {
    let ids: ArrayRef = Arc::new(rows.iter().map(|(id, _)| Some(*id)).collect::<Int32Array>());
    let names: ArrayRef = Arc::new(rows.iter().map(|(_, name)| Some(*name)).collect::<StringArray>());
    Chunk::inserts(RecordBatch::try_new(id_and_name().arrow(), vec![ids, names]).unwrap())
}

pub fn write(table: &Table, rows: &[(i32, &str)]) {
    let mut writer = table.sink().unwrap().writer(0, 1).unwrap();
    writer.write(&chunk(rows)).unwrap();
    writer.prepare(None).unwrap();
}

fn json_table(topic: &str, options: &[(&str, &str)]) -> Table {
    let mut all = vec![
        ("topic", topic),
        ("format", "json"),
        ("scan.startup.mode", "earliest-offset"),
    ];
    all.extend(options);
    Table::new("kafka", id_and_name(), &all)
}

#[test]
fn rows_become_values_without_a_key_and_without_a_line_break() {
    let topic = topic(1);
    write(&json_table(&topic, &[]), &[(1, "one"), (2, "two")]);
    assert_eq!(
        texts(&records(&topic)),
        [r#"-={"id":1,"name":"one"}"#, r#"-={"id":2,"name":"two"}"#]
    );
}

#[test]
fn everything_before_a_barrier_is_delivered_when_it_is_prepared() {
    let topic = topic(3);
    let table = json_table(&topic, &[("properties.linger.ms", "5000")]);
    let mut writer = table.sink().unwrap().writer(0, 1).unwrap();
    for epoch in 1..=2 {
        for id in 0..100 {
            writer.write(&chunk(&[(id, "x")])).unwrap();
        }
        assert!(writer.prepare(Some(epoch)).unwrap().is_empty());
        assert_eq!(records(&topic).len(), 100 * epoch as usize);
    }
}

#[test]
fn keys_choose_the_partition_as_in_java() {
    let topic = topic(4);
    let options = [
        ("topic", topic.as_str()),
        ("key.format", "raw"),
        ("key.fields", "name"),
        ("value.format", "csv"),
        ("scan.startup.mode", "earliest-offset"),
    ];
    let table = Table::new("kafka", id_and_name(), &options);
    write(&table, &[(1, "a"), (2, "b"), (3, "c"), (4, "a")]);
    let found = records(&topic);
    let mut all = texts(&found);
    all.sort();
    assert_eq!(all, ["a=1,a", "a=4,a", "b=2,b", "c=3,c"]);
    let places: Vec<String> = found
        .iter()
        .map(|record| {
            use rdkafka::message::Message;
            let key = String::from_utf8_lossy(record.key().unwrap()).into_owned();
            format!("{key}@{}", record.partition())
        })
        .collect();
    // Utils.toPositive(Utils.murmur2(key)) % 4 of Kafka's Java client.
    for (key, partition) in [
        ("a", murmur2_partition(b"a", 4)),
        ("b", murmur2_partition(b"b", 4)),
    ] {
        assert!(places.contains(&format!("{key}@{partition}")), "{places:?}");
    }
}

/// The hash of Kafka's Java client, for keys of fewer than four bytes.
fn murmur2_partition(key: &[u8], partitions: u32) -> u32 {
    const M: u32 = 0x5bd1_e995;
    assert!(key.len() < 4);
    let mut hash = 0x9747_b28c_u32 ^ key.len() as u32;
    for (index, byte) in key.iter().enumerate().rev() {
        hash ^= u32::from(*byte) << (8 * index);
    }
    if !key.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^= hash >> 15;
    (hash & 0x7fff_ffff) % partitions
}

#[test]
fn a_fixed_partitioner_keeps_a_task_in_its_partition() {
    let topic = topic(3);
    let sink = json_table(&topic, &[("sink.partitioner", "fixed")])
        .sink()
        .unwrap();
    for shard in 0..5 {
        let mut writer = sink.writer(shard, 5).unwrap();
        writer
            .write(&chunk(&[(shard as i32, "x"), (shard as i32, "y")]))
            .unwrap();
        writer.prepare(None).unwrap();
    }
    let counts: Vec<usize> = (0..3)
        .map(|partition| {
            use rdkafka::message::Message;
            let found = records(&topic);
            found
                .iter()
                .filter(|record| record.partition() == partition)
                .count()
        })
        .collect();
    assert_eq!(counts, [4, 4, 2]);
}

#[test]
fn changes_are_written_as_their_format_tells_them() {
    let topic = topic(1);
    let options = [
        ("topic", topic.as_str()),
        ("value.format", "debezium-json"),
        ("scan.startup.mode", "earliest-offset"),
    ];
    let table = Table::new("kafka", id_and_name(), &options);
    let sink = table.sink().unwrap();
    assert!(sink.changelog_mode(model::ChangelogMode::ALL).delete);
    let mut writer = sink.writer(0, 1).unwrap();
    let kinds = Some(Arc::from([RowKind::Insert, RowKind::Delete]));
    let chunk = Chunk {
        kinds,
        ..chunk(&[(1, "a"), (1, "a")])
    };
    writer.write(&chunk).unwrap();
    writer.prepare(None).unwrap();
    assert_eq!(
        texts(&records(&topic)),
        [
            r#"-={"before":null,"after":{"id":1,"name":"a"},"op":"c"}"#,
            r#"-={"before":{"id":1,"name":"a"},"after":null,"op":"d"}"#
        ]
    );
}

/// `id, name`, then headers and a time.
fn chunk_with_metadata(time_us: i64, topics: Option<Vec<&str>>) -> Chunk {
    let names = MapFieldNames {
        entry: "entries".to_string(),
        key: "key".to_string(),
        value: "value".to_string(),
    };
    let mut headers = MapBuilder::new(Some(names), StringBuilder::new(), BinaryBuilder::new());
    headers.keys().append_value("a");
    headers.values().append_value(b"1");
    headers.keys().append_value("none");
    headers.values().append_null();
    headers.append(true).unwrap();
    headers.append(false).unwrap();
    let headers = headers.finish();
    let times = TimestampMicrosecondArray::from(vec![Some(time_us), None]).with_timezone("UTC");
    let chunk = chunk(&[(1, "one"), (2, "two")]);
    let mut columns = chunk.batch.columns().to_vec();
    columns.push(Arc::new(headers));
    columns.push(Arc::new(times));
    if let Some(topics) = topics {
        columns.push(Arc::new(StringArray::from(topics)));
    }
    let fields = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            arrow_schema::Field::new(format!("c{index}"), column.data_type().clone(), true)
        })
        .collect::<Vec<_>>();
    let schema = Arc::new(arrow_schema::Schema::new(fields));
    Chunk::inserts(RecordBatch::try_new(schema, columns).unwrap())
}

fn metadata() -> Vec<(&'static str, DataType)> {
    let text = Box::new(TypeKind::STRING.nullable());
    let bytes = Box::new(TypeKind::BYTES.nullable());
    vec![
        ("headers", TypeKind::Map(text, bytes).nullable()),
        ("timestamp", TypeKind::TimestampLtz(3).nullable()),
    ]
}

#[test]
fn headers_and_times_are_written() {
    let topic = topic(1);
    let sink = json_table(&topic, &[]).sink_with(&metadata()).unwrap();
    let mut writer = sink.writer(0, 1).unwrap();
    writer.write(&chunk_with_metadata(1_500_999, None)).unwrap();
    writer.prepare(None).unwrap();
    // The client would write another time than this one.
    let error = writer.write(&chunk_with_metadata(0, None)).unwrap_err();
    assert!(error.to_string().contains("must be after 1970"), "{error}");
    let found = records(&topic);
    use rdkafka::message::Message;
    assert_eq!(headers(&found[0]), [("a".to_string(), "1".to_string())]);
    assert_eq!(found[0].timestamp().to_millis(), Some(1_500));
    assert!(headers(&found[1]).is_empty());
    assert!(found[1].timestamp().to_millis().unwrap() > 1_767_225_600_000);
}

#[test]
fn rows_say_their_topic_if_the_table_has_several() {
    let (a, b) = (topic(1), topic(1));
    let both = format!("{a};{b}");
    let table = json_table(&both, &[]);
    let (message, hint) = told(table.sink());
    assert_eq!(
        message,
        "a table of several topics is written by its metadata column 'topic'"
    );
    assert!(hint.is_some());
    let mut with_topic = metadata();
    with_topic.push(("topic", TypeKind::STRING.nullable()));
    let sink = table.sink_with(&with_topic).unwrap();
    let mut writer = sink.writer(0, 1).unwrap();
    writer
        .write(&chunk_with_metadata(1_500_999, Some(vec![&b, &a])))
        .unwrap();
    writer.prepare(None).unwrap();
    assert_eq!(texts(&records(&a)), [r#"-={"id":2,"name":"two"}"#]);
    assert_eq!(texts(&records(&b)), [r#"-={"id":1,"name":"one"}"#]);
    let elsewhere = chunk_with_metadata(1_500_999, Some(vec!["elsewhere", &a]));
    let error = writer.write(&elsewhere).unwrap_err();
    assert!(
        error.to_string().contains("'elsewhere' is none of the table's"),
        "{error}"
    );
}

#[test]
fn a_record_that_the_broker_refuses_fails_the_epoch() {
    let topic = topic(1);
    let table = json_table(&topic, &[("properties.max.request.size", "10000000")]);
    let mut writer: Box<dyn SinkWriter> = table.sink().unwrap().writer(0, 1).unwrap();
    let long = "x".repeat(2 << 20);
    writer.write(&chunk(&[(1, &long)])).unwrap();
    let error = writer.prepare(Some(1)).unwrap_err().to_string();
    assert!(error.contains(&format!("topic '{topic}'")), "{error}");
}

#[test]
fn a_topic_that_does_not_exist_is_told_when_writing_begins() {
    let table = json_table("not-there", &[]);
    let (message, hint) = told(table.sink().unwrap().writer(0, 1).map(|_| ()));
    assert_eq!(
        message,
        format!("topic 'not-there' does not exist at '{}'", address())
    );
    assert_eq!(hint.as_deref(), Some("create the topic, or correct its name"));
}
