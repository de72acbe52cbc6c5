//! Changelogs as JSON: rows with their kinds, and back.

use dataflow::{Chunk, Decoder};
use model::RowKind;

use crate::kit::{context, decoder, encoder, format, options, rows, schema};

const COLUMNS: &str = "id INT, name STRING, weight DOUBLE";

#[track_caller]
fn shown(chunk: &Chunk) -> Vec<String> {
    let rows = rows(&chunk.batch, &schema(COLUMNS));
    let kinds = (0..chunk.rows()).map(|row| chunk.kind(row).symbol());
    kinds
        .zip(rows)
        .map(|(kind, row)| format!("{kind}{row}"))
        .collect()
}

fn read(mut decoder: Box<dyn Decoder>, text: &str) -> Result<Vec<String>, String> {
    let mut at = 0;
    let mut all = Vec::new();
    while at < text.len() {
        let used = decoder.decode_stream(&text.as_bytes()[at..], true, 3);
        let used = used.map_err(|error| error.message)?;
        at += used;
        if used == 0 {
            break;
        }
        let chunk = decoder.take_chunk().map_err(|error| error.to_string())?;
        all.extend(shown(&chunk));
    }
    Ok(all)
}

#[test]
fn an_update_gives_what_was_and_what_is() {
    let debezium = r#"{"before":null,"after":{"id":1,"name":"a","weight":1.5},"op":"c"}

{"op":"u","before":{"id":1,"name":"a","weight":1.5},"after":{"id":1,"name":"b","weight":null},"ts_ms":7}
{"before":{"id":1,"name":"b","weight":null},"after":null,"op":"d"}
{"before":null,"after":{"id":2,"name":"r","weight":2},"op":"r"}
"#;
    let expected = [
        "+I(1, 'a', 1.5)",
        "-U(1, 'a', 1.5)",
        "+U(1, 'b', NULL)",
        "-D(1, 'b', NULL)",
        "+I(2, 'r', 2.0)",
    ];
    assert_eq!(
        read(decoder("debezium-json", &[], COLUMNS), debezium).unwrap(),
        expected
    );
    let ogg = debezium
        .replace("\"op\":\"c\"", "\"op_type\":\"I\"")
        .replace("\"op\":\"r\"", "\"op_type\":\"I\"")
        .replace("\"op\":\"u\"", "\"op_type\":\"U\"")
        .replace("\"op\":\"d\"", "\"op_type\":\"D\"");
    assert_eq!(read(decoder("ogg-json", &[], COLUMNS), &ogg).unwrap(), expected);
    let wrapped: String = debezium
        .lines()
        .map(|line| match line {
            "" => "\n".to_string(),
            line => format!("{{\"schema\":{{}},\"payload\":{line}}}\n"),
        })
        .collect();
    let schema_included = decoder(
        "debezium-json",
        &[("debezium-json.schema-include", "true")],
        COLUMNS,
    );
    assert_eq!(read(schema_included, &wrapped).unwrap(), expected);
}

#[test]
fn what_did_not_change_is_taken_from_what_is() {
    let canal = r#"{"data":[{"id":"1","name":"a","weight":"1.5"},{"id":"2","name":null,"weight":"2"}],"old":null,"type":"INSERT","table":"t"}
{"data":[{"id":"1","name":"b","weight":"1.5"}],"old":[{"name":"a"}],"type":"UPDATE","table":"t"}
{"data":[{"id":"2","name":"c","weight":"2"}],"old":[{"name":null}],"type":"UPDATE","table":"t"}
{"data":null,"old":null,"type":"CREATE","table":"t"}
{"data":[{"id":"9","name":"z","weight":"1"}],"old":null,"type":"INSERT","table":"u"}
{"data":[{"id":"2","name":"c","weight":"2"}],"old":null,"type":"DELETE","table":"t"}
"#;
    let expected = [
        "+I(1, 'a', 1.5)",
        "+I(2, NULL, 2.0)",
        "-U(1, 'a', 1.5)",
        "+U(1, 'b', 1.5)",
        "-U(2, NULL, 2.0)",
        "+U(2, 'c', 2.0)",
        "-D(2, 'c', 2.0)",
    ];
    let only_t = decoder("canal-json", &[("canal-json.table.include", "t|v")], COLUMNS);
    assert_eq!(read(only_t, canal).unwrap(), expected);
    let maxwell = r#"{"data":{"id":1,"name":"a","weight":1.5},"type":"insert"}
{"data":{"id":1,"name":"b","weight":null},"old":{"name":"a","weight":1.5},"type":"update"}
{"data":{"id":1,"name":"b","weight":3},"old":{"weight":null},"type":"update"}
{"data":{"id":1,"name":"b","weight":3},"type":"delete"}
"#;
    let expected = [
        "+I(1, 'a', 1.5)",
        "-U(1, 'a', 1.5)",
        "+U(1, 'b', NULL)",
        "-U(1, 'b', NULL)",
        "+U(1, 'b', 3.0)",
        "-D(1, 'b', 3.0)",
    ];
    assert_eq!(
        read(decoder("maxwell-json", &[], COLUMNS), maxwell).unwrap(),
        expected
    );
}

#[test]
fn a_broken_record_fails_or_is_counted() {
    for (record, reason) in [
        (r#"{"after":{"id":1}}"#, "it has no \"op\""),
        (r#"{"after":{"id":1},"op":"x"}"#, "unknown \"op\" value \"x\""),
        (
            r#"{"after":{"id":1},"op":"u"}"#,
            "\"before\" is null though \"op\" is \"u\"",
        ),
        (
            r#"{"after":null,"op":"c"}"#,
            "\"after\" is null though \"op\" is \"c\"",
        ),
        (
            r#"{"after":{"id":1},"op":"d"}"#,
            "\"before\" is null though \"op\" is \"d\"",
        ),
    ] {
        let error = read(decoder("debezium-json", &[], COLUMNS), record).unwrap_err();
        assert_eq!(error, format!("corrupt debezium-json record: {reason}"));
        let lenient = [("debezium-json.ignore-parse-errors", "true")];
        let mut decoder = decoder("debezium-json", &lenient, COLUMNS);
        decoder.decode_message(record.as_bytes()).unwrap();
        assert_eq!(decoder.take_chunk().unwrap().rows(), 0);
        assert_eq!(decoder.skipped(), 1, "{record}");
    }
    let update = r#"{"data":[{"id":1},{"id":2}],"old":[{"id":3}],"type":"UPDATE"}"#;
    assert!(read(decoder("canal-json", &[], COLUMNS), update).is_err());
}

#[test]
fn what_is_written_is_read_again() {
    let text = r#"{"before":null,"after":{"id":1,"name":"a","weight":1.5},"op":"c"}
{"op":"u","before":{"id":1,"name":"a","weight":1.5},"after":{"id":1,"name":"b","weight":2},"ts_ms":7}
"#;
    let mut source = decoder("debezium-json", &[], COLUMNS);
    source.decode_stream(text.as_bytes(), true, 100).unwrap();
    let chunk = source.take_chunk().unwrap();
    for (name, first) in [
        (
            "debezium-json",
            r#"{"before":null,"after":{"id":1,"name":"a","weight":1.5},"op":"c"}"#,
        ),
        (
            "ogg-json",
            r#"{"before":null,"after":{"id":1,"name":"a","weight":1.5},"op_type":"I"}"#,
        ),
        (
            "canal-json",
            r#"{"data":[{"id":1,"name":"a","weight":1.5}],"type":"INSERT"}"#,
        ),
        (
            "maxwell-json",
            r#"{"data":{"id":1,"name":"a","weight":1.5},"type":"insert"}"#,
        ),
    ] {
        let mut out = Vec::new();
        encoder(name, &[], &schema(COLUMNS))
            .encode(&chunk, &mut out)
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().next(), Some(first));
        let expected = ["+I(1, 'a', 1.5)", "-D(1, 'a', 1.5)", "+I(1, 'b', 2.0)"];
        assert_eq!(
            read(decoder(name, &[], COLUMNS), &text).unwrap(),
            expected,
            "{name}"
        );
    }
    assert_eq!(chunk.kind(1), RowKind::UpdateBefore);
}

#[test]
fn records_with_their_schema_are_not_written() {
    let options = options(&[("debezium-json.schema-include", "true")]);
    let error = format("debezium-json").encoder(&dataflow::EncoderRequest {
        schema: &schema(COLUMNS),
        options: &options,
        context: &context(),
        subject: None,
    });
    let message = error.err().map(|error| error.message);
    assert_eq!(
        message.as_deref(),
        Some("option 'debezium-json.schema-include' cannot be true for a table that is written")
    );
}
