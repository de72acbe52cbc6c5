//! What is known of a message besides its key and value.

use crate::support::*;

#[test]
fn metadata_stands_beside_the_columns() {
    let topic = topic(2);
    let put_one = Put {
        partition: 1,
        value: Some(r#"{"id":1}"#),
        time_ms: Some(1_767_225_600_123),
        headers: &[("a", Some("1")), ("b", None), ("a", Some("2"))],
        ..Put::default()
    };
    let other = Put {
        partition: 1,
        value: Some(r#"{"id":2}"#),
        time_ms: Some(1),
        ..Put::default()
    };
    put(&topic, &[put_one, other]);
    let options = [
        ("topic", topic.as_str()),
        ("format", "json"),
        ("scan.startup.mode", "earliest-offset"),
        ("scan.bounded.mode", "latest-offset"),
    ];
    let table = Table::new("kafka", id_and_name(), &options);
    let keys = [
        "topic",
        "partition",
        "offset",
        "timestamp",
        "timestamp-type",
        "leader-epoch",
    ];
    let source = table.scan(&["id"], &keys).unwrap();
    assert_eq!(
        read_bounded(&*source).unwrap(),
        [
            format!("1|{topic}|1|0|2026-01-01T00:00:00.123|CreateTime|0"),
            format!("2|{topic}|1|1|1970-01-01T00:00:00.001|CreateTime|0"),
        ]
    );
    // Of the same name the last one counts.
    let source = table.scan(&[], &["headers"]).unwrap();
    assert_eq!(read_bounded(&*source).unwrap(), ["{a: 32, b: -}", "{}"]);
}

#[test]
fn metadata_that_is_not_known_is_refused_with_its_neighbour() {
    let options = [
        ("topic", "t"),
        ("format", "json"),
        ("scan.startup.mode", "earliest-offset"),
    ];
    let table = Table::at("localhost:1", "kafka", id_and_name(), &options);
    let (message, hint) = told(table.scan(&["id"], &["offsets"]));
    assert_eq!(message, "metadata 'offsets' not found");
    assert_eq!(hint.as_deref(), Some("did you mean 'offset'?"));
}
