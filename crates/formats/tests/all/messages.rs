//! What people are told, word for word, and where.

use dataflow::Chunk;

use crate::kit::{decoder, encode, encoder, options, rows, schema, try_decoder};

#[track_caller]
fn refused(format: &str, columns: &str, text: &str, message: &str, offset: usize) {
    let mut decoder = decoder(format, &[], columns);
    let error = decoder.decode_stream(text.as_bytes(), true, 100).unwrap_err();
    assert_eq!(
        (error.message.as_str(), error.offset),
        (message, offset),
        "{text}"
    );
}

#[test]
fn a_json_value_of_the_wrong_kind_names_its_field_and_its_type() {
    let bid = "bid ROW<price BIGINT, at TIMESTAMP(3), tags ARRAY<INT>, d DECIMAL(5, 2)>";
    let message = "field 'bid.price' must be BIGINT, got 'abc'";
    refused("json", bid, "{\"bid\":{\"price\":\"abc\"}}", message, 16);
    refused("json", bid, "{}\n{\"bid\":{\"price\":\"abc\"}}\n", message, 19);
    let message = "field 'bid.at' must be TIMESTAMP(3), got '2026-01-05T10:00:00'; \
                   'json.timestamp-format.standard' = 'ISO-8601' reads it";
    refused(
        "json",
        bid,
        "{\"bid\":{\"at\":\"2026-01-05T10:00:00\"}}",
        message,
        13,
    );
    let message = "invalid JSON: expected a field name in quotes; a record must stand on one line";
    refused("json", "a INT", "{\n  \"a\": 1\n}\n", message, 1);
    refused(
        "csv",
        "id INT",
        "id\n1\n",
        "field 'id' must be INT, got 'id'; if this is a line of names, take it off",
        0,
    );
    let message = "field 'bid.tags' must be INT, got '1.x'";
    refused("json", bid, "{\"bid\":{\"tags\":[1, \"1.x\"]}}", message, 19);
    refused(
        "json",
        bid,
        "{\"bid\":[1]}",
        "field 'bid' must be ROW<`price` BIGINT, `at` TIMESTAMP(3), `tags` ARRAY<INT>, `d` DECIMAL(5, 2)>, got an array",
        7,
    );
    refused(
        "json",
        "a INT",
        "{\"a\":{}}",
        "field 'a' must be INT, got an object",
        5,
    );
    refused(
        "json",
        "a INT",
        "{\"a\":true}",
        "field 'a' must be INT, got 'true'",
        5,
    );
    refused(
        "json",
        "a INT",
        "{\"a\":3000000000}",
        "field 'a' must be INT, got '3000000000'",
        5,
    );
    let long = format!("{{\"a\":\"{}\"}}", "é".repeat(100));
    let message = format!("field 'a' must be INT, got '{}...'", "é".repeat(60));
    refused("json", "a INT", &long, &message, 5);
}

#[test]
fn broken_json_says_what_was_expected_and_where() {
    for (text, message, offset) in [
        ("{\"a\" 1}", "expected ':' after the field name", 5),
        ("{\"a\":1 \"b\":2}", "expected ',' or '}'", 7),
        ("{\"a\":1,}", "expected a field name in quotes", 7),
        ("{\"x\":[1 2]}", "expected ',' or ']'", 8),
        ("{\"x\":{\"y\":1]}", "expected ',' or '}'", 11),
        ("{\"a\":tru}", "expected a value", 5),
        ("{\"x\":truex}", "expected ',' or '}'", 9),
        ("{\"a\":01}", "a number must not begin with 0", 5),
        ("{\"a\":-}", "expected a digit", 6),
        ("{\"a\":1.}", "expected a digit behind the point", 7),
        ("{\"x\":1e}", "expected a digit in the exponent", 7),
        ("{\"x\":\"\\q\"}", "this character cannot be escaped", 7),
        ("{\"x\":\"\\u12g4\"}", "expected a hexadecimal digit", 10),
        ("{\"a\":\"abc", "the string is not closed", 9),
        ("{\"a\":1", "expected ',' or '}'", 6),
        ("12", "expected an object", 0),
        ("   ", "expected an object", 3),
    ] {
        refused("json", "a INT", text, &format!("invalid JSON: {message}"), offset);
        // A broken line spoils nothing on the next.
        let mut decoder = decoder("json", &[("json.ignore-parse-errors", "true")], "a INT");
        let stream = format!("{text}\n{{\"a\":7}}\n");
        decoder.decode_stream(stream.as_bytes(), true, 100).unwrap();
        assert_eq!(decoder.skipped(), 1, "{text}");
        assert_eq!(
            rows(&decoder.take().unwrap(), &schema("a INT")),
            ["(7)"],
            "{text}"
        );
    }
}

#[test]
fn a_missing_field_is_named_if_it_must_be_there() {
    let options = [("json.fail-on-missing-field", "true")];
    let mut decoder = decoder("json", &options, "a ROW<b INT, c INT>, d INT");
    let error = decoder.decode_message(b"{\"a\":{\"b\":1},\"d\":2}").unwrap_err();
    assert_eq!(error.message, "field 'a.c' is missing");
    let error = decoder
        .decode_message(b"{\"a\":{\"b\":1,\"c\":null}}")
        .unwrap_err();
    assert_eq!(error.message, "field 'd' is missing");
    assert_eq!(decoder.rows(), 0);
}

#[test]
fn bytes_that_are_no_text_are_refused_wherever_they_stand() {
    let good = b"{\"a\":1}\n".repeat(10_000);
    let mut stream = good.clone();
    stream.extend_from_slice(b"{\"x\":\"\xff\",\"a\":2}\n");
    stream.extend_from_slice(&good);
    let mut strict = decoder("json", &[], "a INT");
    let error = strict.decode_stream(&stream, true, usize::MAX).unwrap_err();
    assert_eq!(
        (error.message.as_str(), error.offset),
        ("the record is not UTF-8", good.len() + 6)
    );
    let mut lenient = decoder("json", &[("json.ignore-parse-errors", "true")], "a INT");
    assert_eq!(lenient.decode_stream(&stream, true, usize::MAX), Ok(stream.len()));
    assert_eq!((lenient.rows(), lenient.skipped()), (20_000, 1));

    let mut csv = decoder("csv", &[("csv.ignore-parse-errors", "true")], "a INT, b STRING");
    let stream = [
        b"1,a\n".repeat(20_000),
        b"2,\xff\n".to_vec(),
        b"3,c\n".repeat(20_000),
    ]
    .concat();
    assert_eq!(csv.decode_stream(&stream, true, usize::MAX), Ok(stream.len()));
    assert_eq!((csv.rows(), csv.skipped()), (40_000, 1));
}

#[test]
fn csv_faults_name_field_and_place() {
    refused(
        "csv",
        "a INT, b STRING",
        "1,x\nz,y\n",
        "field 'a' must be INT, got 'z'",
        4,
    );
    refused(
        "csv",
        "a INT, b STRING",
        "1\n",
        "a record must have 2 fields, got 1",
        0,
    );
    refused(
        "csv",
        "a INT, b STRING",
        "1,x,y\n",
        "a record must have 2 fields, got 3",
        0,
    );
    refused(
        "csv",
        "a STRING",
        "\"x\"y\n",
        "expected ',' or the end of the line behind the closing quote",
        3,
    );
    refused("csv", "a STRING", "\"xy\n", "the quoted field is not closed", 0);
    refused(
        "csv",
        "a ROW<b INT, c INT>",
        "1;x\n",
        "field 'a.c' must be INT, got 'x'",
        0,
    );
    refused(
        "csv",
        "a ROW<b INT, c INT>",
        "1\n",
        "field 'a' must have 2 parts, got 1",
        0,
    );
    refused(
        "csv",
        "a ARRAY<INT>",
        "1;x\n",
        "field 'a' must be ARRAY<INT>, got '1;x'",
        0,
    );
}

#[test]
fn raw_numbers_need_their_bytes() {
    refused(
        "raw",
        "a INT",
        "12\n",
        "field 'a' must be INT of 4 bytes, got 2 bytes",
        0,
    );
    let mut decoder = decoder("raw", &[("raw.endianness", "little-endian")], "a INT");
    decoder.decode_message(&[1, 2, 0, 0]).unwrap();
    assert_eq!(rows(&decoder.take().unwrap(), &schema("a INT")), ["(513)"]);
}

#[test]
fn raw_lines_are_rows_even_empty_ones() {
    let mut utf8 = decoder("raw", &[], "a STRING");
    utf8.decode_stream(b"x,y\r\n\n{\xff}", true, 10).unwrap();
    let batch = utf8.take().unwrap();
    assert_eq!(
        rows(&batch, &schema("a STRING")),
        ["('x,y')", "('')", "('{\u{fffd}}')"]
    );
    assert_eq!(
        encode("raw", &[], &schema("a STRING"), &batch),
        "x,y\n\n{\u{fffd}}\n".as_bytes()
    );
    let mut latin = decoder("raw", &[("raw.charset", "iso-8859-1")], "a STRING");
    latin.decode_message(b"\xe9t\xe9").unwrap();
    let batch = latin.take().unwrap();
    assert_eq!(rows(&batch, &schema("a STRING")), ["('été')"]);
    let entries = [("raw.charset", "UTF-16LE")];
    assert_eq!(
        encode("raw", &entries, &schema("a STRING"), &batch),
        b"\xe9\0t\0\xe9\0\n"
    );
}

#[test]
fn raw_cannot_write_null() {
    let columns = schema("a STRING");
    let mut json = decoder("json", &[], "a STRING");
    json.decode_message(b"{}").unwrap();
    let chunk = Chunk::inserts(json.take().unwrap());
    let error = encoder("raw", &[], &columns)
        .encode(&chunk, &mut Vec::new())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the format raw has no bytes for NULL (row 0 of a batch)"
    );
}

#[test]
fn files_of_csv_always_have_short_decimals() {
    let columns = schema("a DECIMAL(10, 2)");
    let mut json = decoder("json", &[], "a DECIMAL(10, 2)");
    json.decode_message(b"{\"a\":1000}").unwrap();
    let batch = json.take().unwrap();
    let plain = ("csv.write-bigdecimal-in-scientific-notation", "false");
    assert_eq!(encode("csv", &[], &columns, &batch), b"1E+3\n");
    assert_eq!(encode("csv", &[plain], &columns, &batch), b"1000.00\n");
    assert_eq!(
        encode("csv", &[plain, ("connector", "filesystem")], &columns, &batch),
        b"1E+3\n"
    );
}

#[track_caller]
fn option_refused(format: &str, entries: &[(&str, &str)], columns: &str, message: &str) {
    let schema = schema(columns);
    let error = try_decoder(format, entries, &schema, &schema)
        .err()
        .expect("an error");
    assert_eq!(error.message, message);
}

#[test]
fn wrong_options_and_types_are_refused_before_anything_is_read() {
    let both = [
        ("json.fail-on-missing-field", "true"),
        ("json.ignore-parse-errors", "true"),
    ];
    option_refused(
        "json",
        &both,
        "a INT",
        "options 'json.fail-on-missing-field' and 'json.ignore-parse-errors' cannot both be true",
    );
    option_refused(
        "json",
        &[("json.timestamp-format.standard", "RFC")],
        "a INT",
        "option 'json.timestamp-format.standard' must be one of 'SQL', 'ISO-8601', got 'RFC'",
    );
    option_refused(
        "json",
        &[("json.ignore-errors", "true")],
        "a INT",
        "option 'json.ignore-errors' is not known here",
    );
    option_refused(
        "json",
        &[],
        "a ARRAY<MAP<INT, INT>>",
        "column 'a': the format json needs keys of a map to be strings, got MAP<INT, INT>",
    );
    option_refused(
        "csv",
        &[("csv.field-delimiter", "||")],
        "a INT",
        "option 'csv.field-delimiter' must be a single ASCII character, got '||'",
    );
    option_refused(
        "csv",
        &[
            ("csv.disable-quote-character", "true"),
            ("csv.quote-character", "'"),
        ],
        "a INT",
        "option 'csv.quote-character' cannot be set if 'csv.disable-quote-character' is true",
    );
    option_refused(
        "csv",
        &[],
        "a MAP<STRING, INT>",
        "column 'a': the format csv has no form for the type MAP<STRING, INT>",
    );
    option_refused(
        "csv",
        &[],
        "a TIME(6)",
        "column 'a': the format csv takes TIME up to a precision of 3, got TIME(6)",
    );
    option_refused(
        "raw",
        &[],
        "a INT, b INT",
        "the format raw needs a table of one physical column, got 2",
    );
    option_refused(
        "raw",
        &[],
        "a DATE",
        "column 'a': the format raw has no form for the type DATE",
    );
}

#[test]
fn every_documented_option_is_taken() {
    for format in formats::all() {
        let columns = schema("a STRING");
        for doc in format.options() {
            if doc.default.is_empty() || doc.key == "csv.quote-character" {
                continue;
            }
            try_decoder(format.name(), &[(doc.key, doc.default)], &columns, &columns)
                .unwrap_or_else(|error| panic!("{}: {error}", doc.key));
        }
    }
    assert!(options(&[]).finish().is_ok());
}

#[test]
fn values_may_be_nested_a_thousand_deep_and_no_deeper() {
    for (depth, fine) in [(998, true), (999, true), (1000, false)] {
        let nested = format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        for columns in ["a INT", "x STRING"] {
            let read = decoder("json", &[], columns).decode_message(nested.as_bytes());
            assert_eq!(read.is_ok(), fine, "{depth} {columns}");
        }
    }
}

#[test]
fn rows_are_counted_where_no_column_is_wanted() {
    let wanted = schema("");
    let mut json = try_decoder("json", &[], &wanted, &schema("a INT")).unwrap();
    json.decode_stream(b"{\"a\":1}\n\n{\"b\":[2]}", true, 10).unwrap();
    assert_eq!(json.take().unwrap().num_rows(), 2);
    let mut csv = try_decoder("csv", &[], &wanted, &schema("a INT, b INT")).unwrap();
    csv.decode_stream(b"1,2\n3,4\n", true, 10).unwrap();
    assert_eq!(csv.take().unwrap().num_rows(), 2);
}
