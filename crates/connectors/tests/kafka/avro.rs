//! Keys and values in Avro, with and without a schema registry.

use dataflow::OnUnreadable;
use model::TypeKind;
use rdkafka::message::Message;

use crate::registry;
use crate::sink::write;
use crate::support::*;

const EARLIEST: (&str, &str) = ("scan.startup.mode", "earliest-offset");
const LATEST_END: (&str, &str) = ("scan.bounded.mode", "latest-offset");

fn id_of(bytes: &[u8]) -> u32 {
    assert_eq!(bytes[0], 0);
    u32::from_be_bytes(bytes[1..5].try_into().unwrap())
}

#[test]
fn rows_are_written_and_read_as_records_alone() {
    let topic = topic(1);
    let options = [
        ("topic", topic.as_str()),
        ("format", "avro"),
        EARLIEST,
        LATEST_END,
    ];
    let table = Table::new("kafka", id_and_name(), &options);
    write(&table, &[(1, "one"), (-2, "two")]);
    let found = records(&topic);
    let payloads: Vec<&[u8]> = found.iter().filter_map(|record| record.payload()).collect();
    assert_eq!(
        payloads,
        [b"\x02\x02\x02\x06one".as_slice(), b"\x02\x03\x02\x06two"]
    );
    assert_eq!(
        read_bounded(&*table.source().unwrap()).unwrap(),
        ["1|one", "-2|two"]
    );
}

#[test]
fn keys_and_values_have_schemas_that_the_registry_knows() {
    let topic = topic(1);
    let options = [
        ("topic", topic.as_str()),
        ("key.format", "avro-confluent"),
        ("key.avro-confluent.url", registry::url()),
        ("key.fields", "id"),
        ("value.format", "avro-confluent"),
        ("value.avro-confluent.url", registry::url()),
        EARLIEST,
        LATEST_END,
    ];
    let table = Table::new("kafka", id_and_name(), &options);
    write(&table, &[(1, "one"), (2, "two")]);
    let found = records(&topic);
    let ids: Vec<(u32, u32)> = found
        .iter()
        .map(|record| (id_of(record.key().unwrap()), id_of(record.payload().unwrap())))
        .collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0].0, ids[0].1);
    assert_eq!(&found[0].key().unwrap()[5..], b"\x02\x02");
    assert_eq!(&found[0].payload().unwrap()[5..], b"\x02\x02\x02\x06one");
    // The same schema has the same number, whoever registers it.
    let value = r#"{"type":"record","name":"record","namespace":"org.apache.flink.avro.generated","fields":[{"name":"id","type":["null","int"],"default":null},{"name":"name","type":["null","string"],"default":null}]}"#;
    assert_eq!(registry::register(&format!("{topic}-value"), value), ids[0].1);
    assert_eq!(
        read_bounded(&*table.source().unwrap()).unwrap(),
        ["1|one", "2|two"]
    );
    // Another table of the same topic: wider, with one column more.
    let wider = schema(&[
        ("name", TypeKind::STRING),
        ("id", TypeKind::BigInt),
        ("since", TypeKind::Date),
    ]);
    let options = [
        ("topic", topic.as_str()),
        ("value.format", "avro-confluent"),
        ("value.avro-confluent.url", registry::url()),
        EARLIEST,
        LATEST_END,
    ];
    let table = Table::new("kafka", wider, &options);
    assert_eq!(
        read_bounded(&*table.source().unwrap()).unwrap(),
        ["one|1|-", "two|2|-"]
    );
}

#[test]
fn what_others_write_is_read_by_their_schemas_and_what_is_none_is_kept() {
    let topic = topic(1);
    let first = registry::register(
        &format!("{topic}-value"),
        r#"{"type":"record","name":"User","namespace":"shop","fields":[{"name":"id","type":"int"},{"name":"name","type":"string"}]}"#,
    );
    let second = registry::register(
        &format!("{topic}-value"),
        r#"{"type":"record","name":"User","namespace":"shop","fields":[{"name":"tags","type":{"type":"array","items":"string"},"default":[]},{"name":"name","type":["null","string"],"default":null},{"name":"id","type":"int"}]}"#,
    );
    assert_ne!(first, second);
    let framed = |id: u32, record: &[u8]| [&[0], id.to_be_bytes().as_slice(), record].concat();
    let values = [
        framed(first, b"\x02\x06one"),
        framed(second, b"\x02\x02a\x00\x00\x04"),
        b"torn".to_vec(),
        framed(999_999_999, b"\x02\x06one"),
        framed(first, b"\x02\x06on"),
        framed(second, b"\x00\x02\x0athree\x06"),
    ];
    put_bytes(&topic, &values);
    let options = [
        ("topic", topic.as_str()),
        ("format", "avro-confluent"),
        ("avro-confluent.url", registry::url()),
        EARLIEST,
        LATEST_END,
    ];
    let table = Table::new("kafka", id_and_name(), &options);
    let source = table
        .scan_on_unreadable(&["id", "name"], &[], OnUnreadable::Keep)
        .unwrap();
    let mut reader = source.open(&source.splits(1).unwrap()[0], None).unwrap();
    let readout = read_some(&mut *reader, usize::MAX, 4096).unwrap();
    assert_eq!(rows_text(&readout.chunks), ["1|one", "2|-", "3|three"]);
    let kept = reader.take_unreadable();
    let faults: Vec<(i64, &str)> = kept
        .iter()
        .map(|kept| (kept.offset, kept.error.as_str()))
        .collect();
    assert_eq!(
        faults,
        [
            (
                2,
                "value: it does not begin with a zero and the number of a schema"
            ),
            (3, "value: the registry has no schema 999999999 of Avro"),
            (4, "value: invalid Avro: field 'name': the record ends too soon"),
        ]
    );
    assert_eq!(kept[2].record.as_deref(), Some(values[4].as_slice()));
}

#[test]
fn a_registry_that_is_away_fails_the_job_and_spoils_no_message() {
    let topic = topic(1);
    put_bytes(&topic, &[b"\0\0\0\0\x01\x02".to_vec()]);
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let options = [
        ("topic", topic.as_str()),
        ("format", "avro-confluent"),
        ("avro-confluent.url", &nobody),
        EARLIEST,
        LATEST_END,
    ];
    let table = Table::new("kafka", id_and_name(), &options);
    for policy in [OnUnreadable::Fail, OnUnreadable::Skip, OnUnreadable::Keep] {
        let source = table.scan_on_unreadable(&["id"], &[], policy).unwrap();
        let error = read_bounded(&*source).unwrap_err().to_string();
        assert!(
            error.contains("ask the registry of schemas: reach 127.0.0.1"),
            "{error}"
        );
    }
}
