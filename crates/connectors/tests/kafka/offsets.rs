//! Where reading begins and where it ends.

use crate::support::*;

const TIMES: [i64; 4] = [1_000, 2_000, 3_000, 4_000];

/// A topic of two partitions: ids 0 to 3 in the first, at [`TIMES`], and 10 to 13 in the second.
fn filled() -> String {
    let topic = topic(2);
    for (index, time_ms) in TIMES.iter().enumerate() {
        for partition in 0..2 {
            let value = format!(r#"{{"id":{}}}"#, 10 * partition as usize + index);
            let put_one = Put {
                partition,
                value: Some(&value),
                time_ms: Some(*time_ms),
                ..Put::default()
            };
            put(&topic, &[put_one]);
        }
    }
    topic
}

/// The ids that are read with these options.
fn ids(topic: &str, options: &[(&str, &str)]) -> Vec<String> {
    let mut all = vec![("topic", topic), ("format", "json")];
    all.extend(options);
    let source = Table::new("kafka", id_and_name(), &all)
        .scan(&["id"], &[])
        .unwrap();
    read_bounded(&*source).unwrap()
}

const LATEST_END: (&str, &str) = ("scan.bounded.mode", "latest-offset");

#[test]
fn reading_begins_where_the_mode_says() {
    let topic = filled();
    let begun = |options: &[(&str, &str)]| {
        let mut all = vec![LATEST_END];
        all.extend(options);
        ids(&topic, &all)
    };
    let all = ["0", "1", "2", "3", "10", "11", "12", "13"];
    assert_eq!(begun(&[("scan.startup.mode", "earliest-offset")]), all);
    assert!(begun(&[("scan.startup.mode", "latest-offset")]).is_empty());
    let at = |time| {
        begun(&[
            ("scan.startup.mode", "timestamp"),
            ("scan.startup.timestamp-millis", time),
        ])
    };
    assert_eq!(at("2001"), ["2", "3", "12", "13"]);
    assert!(at("5000").is_empty());
    // A partition that is not named is read from its beginning.
    let specific = begun(&[
        ("scan.startup.mode", "specific-offsets"),
        ("scan.startup.specific-offsets", "partition:0,offset:3"),
    ]);
    assert_eq!(specific, ["3", "10", "11", "12", "13"]);
}

#[test]
fn reading_begins_where_the_group_has_come_to() {
    let topic = filled();
    let group = unique("group");
    commit(&topic, &group, 0, 2);
    let options = [
        ("properties.group.id", group.as_str()),
        ("properties.auto.offset.reset", "earliest"),
        LATEST_END,
    ];
    assert_eq!(ids(&topic, &options), ["2", "3", "10", "11", "12", "13"]);
    let options = [
        ("properties.group.id", group.as_str()),
        ("properties.auto.offset.reset", "latest"),
        LATEST_END,
    ];
    assert_eq!(ids(&topic, &options), ["2", "3"]);
    let options = [
        ("topic", topic.as_str()),
        ("format", "json"),
        ("properties.group.id", group.as_str()),
    ];
    let source = Table::new("kafka", id_and_name(), &options).source().unwrap();
    let (message, hint) = told(source.splits(1));
    assert_eq!(
        message,
        format!("group '{group}' has no committed offset in topic '{topic}', partition 1")
    );
    assert!(hint.unwrap().contains("properties.auto.offset.reset"));
}

#[test]
fn reading_ends_where_the_mode_says() {
    let topic = filled();
    let ended = |options: &[(&str, &str)]| {
        let mut all = vec![("scan.startup.mode", "earliest-offset")];
        all.extend(options);
        ids(&topic, &all)
    };
    let until = |time| {
        ended(&[
            ("scan.bounded.mode", "timestamp"),
            ("scan.bounded.timestamp-millis", time),
        ])
    };
    assert_eq!(until("3000"), ["0", "1", "10", "11"]);
    assert_eq!(until("9000").len(), 8);
    let specific = ended(&[
        ("scan.bounded.mode", "specific-offsets"),
        ("scan.bounded.specific-offsets", "partition:1,offset:2"),
    ]);
    assert_eq!(specific, ["10", "11"]);
    let group = unique("group");
    commit(&topic, &group, 0, 1);
    commit(&topic, &group, 1, 3);
    let options = [
        ("properties.group.id", group.as_str()),
        ("scan.bounded.mode", "group-offsets"),
    ];
    assert_eq!(ended(&options), ["0", "10", "11", "12"]);
}

#[test]
fn where_nothing_is_at_an_offset_reading_goes_on_as_the_mode_says() {
    let topic = filled();
    let begun_beyond = |options: &[(&str, &str)]| {
        let mut all = vec![
            ("topic", topic.as_str()),
            ("format", "json"),
            ("scan.startup.mode", "specific-offsets"),
            ("scan.startup.specific-offsets", "partition:0,offset:100"),
        ];
        all.extend(options);
        let source = Table::new("kafka", id_and_name(), &all)
            .scan(&["id"], &[])
            .unwrap();
        let split = source.splits(1).unwrap().remove(0);
        let mut reader = source.open(&split, None).unwrap();
        let readout = read_some(&mut *reader, 4, 10).unwrap();
        (rows_text(&readout.chunks), readout.ended)
    };
    // Flink's choice for this mode is the beginning.
    let all = ["0", "1", "2", "3"].map(String::from).to_vec();
    assert_eq!(begun_beyond(&[]), (all, false));
    // What begins behind its end is over.
    assert_eq!(
        begun_beyond(&[("scan.bounded.mode", "latest-offset")]),
        (Vec::new(), true)
    );
}

#[test]
fn what_was_found_at_the_start_holds_after_a_restore() {
    let topic = filled();
    let options = [
        ("topic", topic.as_str()),
        ("format", "json"),
        ("scan.startup.mode", "latest-offset"),
    ];
    let table = Table::new("kafka", id_and_name(), &options);
    let split = table.source().unwrap().splits(1).unwrap().remove(0);
    put_values(&topic, 0, &[r#"{"id":4}"#]);
    // Nothing had been read yet, and no position was kept: the split knows where it begins.
    let source = table.source().unwrap();
    let mut reader = source.open(&split, None).unwrap();
    let readout = read_some(&mut *reader, 1, 10).unwrap();
    assert_eq!(rows_text(&readout.chunks), ["4|-"]);
}
