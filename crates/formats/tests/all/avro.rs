//! `avro` and `avro-confluent`: the bytes of Flink 2.3, and records that others have written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use dataflow::format::DecodeError;
use dataflow::{Chunk, Decoder, DecoderRequest, Encoder, EncoderRequest, Error, Format, OptionError};
use formats::avro::{AvroConfluent, Registered, SchemaRegistry};
use stdx::Random;

use crate::kit::{context, decoder, encoder, options, rows, schema, try_decoder};

/// All types that have a form.
const COLUMNS: &str = "b BOOLEAN, t TINYINT, s SMALLINT, i INT!, l BIGINT, f FLOAT, d DOUBLE!, x STRING, \
    y BYTES, p DECIMAL(10, 2), da DATE, ti TIME(3), ts TIMESTAMP(3), ar ARRAY<INT>, m MAP<STRING, BIGINT>, \
    r ROW<u STRING, v INT!, w ARRAY<ROW<z INT>>>, ms MULTISET<STRING>";
/// What Flink's `AvroRowDataSerializationSchema` makes of rows of them.
const WRITTEN: [(&str, &str); 3] = [
    (
        "0201020502d804e0c50802ffc7afa025020000c03f00000000000002c0020e5ac3bc72696368020600ff100204cfc702d4bf020286e5f52a\
         0286c596e2f16602060202000201000202026b020e00020204696e120204020208000002020271020400",
        "(true, -3, 300, 70000, -5000000000, 1.5, -2.25, 'Zürich', x'00ff10', -123.45, 20458, 45005123, \
         2026-01-05T12:30:05.123, [1, NULL, -1], {'k'=7}, ('in', 9, [(4), NULL]), {'q'=2})",
    ),
    (
        "000000000000000000000000000000000000000000000000",
        "(NULL, NULL, NULL, 0, NULL, NULL, 0.0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    ),
    (
        "020002fe0102ffff03ffffffff0f02feffffffffffffffff01020000c07f000000000000f0ff020002000204008002010200\
         020102000200020001000200",
        "(false, 127, -32768, -2147483648, 9223372036854775807, NaN, -Infinity, '', x'', 1.28, -1, 0, \
         1969-12-31T23:59:59.999, [], {}, (NULL, -1, NULL), {})",
    ),
];

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn written(encoder: &mut dyn Encoder, chunk: &Chunk, row: usize) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    match encoder.encode_message(chunk, row, &mut out) {
        Ok(true) => Ok(out),
        Ok(false) => Err("it has no bytes".to_string()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn what_flink_has_written_is_read_and_written_the_same() {
    let schema = schema(COLUMNS);
    let mut decoder = decoder("avro", &[], COLUMNS);
    for (hex, _) in WRITTEN {
        decoder.decode_message(&bytes(hex)).unwrap();
    }
    let batch = decoder.take().unwrap();
    let expected: Vec<&str> = WRITTEN.iter().map(|(_, row)| *row).collect();
    assert_eq!(rows(&batch, &schema), expected);
    let mut encoder = encoder("avro", &[], &schema);
    let chunk = Chunk::inserts(batch);
    for (row, (hex, _)) in WRITTEN.iter().enumerate() {
        assert_eq!(written(&mut *encoder, &chunk, row).unwrap(), bytes(hex));
    }
}

#[test]
fn only_the_columns_wanted_are_read() {
    let physical = schema(COLUMNS);
    for columns in [
        "ms MULTISET<STRING>",
        "r ROW<w ARRAY<ROW<z INT>>>",
        "ts TIMESTAMP(3), b BOOLEAN",
    ] {
        let wanted = schema(columns);
        let mut decoder = try_decoder("avro", &[], &wanted, &physical).unwrap();
        decoder.decode_message(&bytes(WRITTEN[0].0)).unwrap();
        let found = rows(&decoder.take().unwrap(), &wanted);
        let expected = match columns.split(' ').next() {
            Some("ms") => "({'q'=2})",
            Some("r") => "(([(4), NULL]))",
            _ => "(2026-01-05T12:30:05.123, true)",
        };
        assert_eq!(found, [expected]);
    }
}

#[test]
fn without_the_old_mapping_times_are_told_to_their_precision() {
    let columns = "a TIMESTAMP(3), b TIMESTAMP_LTZ(3), c TIMESTAMP(6), d TIMESTAMP_LTZ(9)";
    let legacy = [("avro.timestamp_mapping.legacy", "false")];
    // The first two are what Flink writes; for more digits it writes milliseconds, too, whatever its schema says.
    let hex = "0286c596e2f1660286c596e2f166";
    let schema = schema(columns);
    let mut decoder = try_decoder("avro", &legacy, &schema, &schema).unwrap();
    let mut message = bytes(hex);
    let micros: i64 = 1_767_616_205_123_456;
    for units in [micros, micros * 1_000 + 789] {
        message.push(2);
        let mut rest = (units as u64) << 1;
        while rest >= 0x80 {
            message.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        message.push(rest as u8);
    }
    decoder.decode_message(&message).unwrap();
    let batch = decoder.take().unwrap();
    let time = "2026-01-05T12:30:05.123";
    assert_eq!(
        rows(&batch, &schema),
        [format!("({time}, {time}, {time}456, {time}456789)")]
    );
    let mut encoder = encoder("avro", &legacy, &schema);
    assert_eq!(
        written(&mut *encoder, &Chunk::inserts(batch), 0).unwrap(),
        message
    );
    for (columns, fault) in [
        (
            "c TIMESTAMP(6)",
            "has no form for the type TIMESTAMP(6); with 'avro.timestamp_mapping.legacy' = 'false'",
        ),
        (
            "c TIMESTAMP_LTZ(3)",
            "has no form for the type TIMESTAMP_LTZ(3); with",
        ),
        ("c MAP<INT, INT>", "keys of maps must be texts"),
        ("c INTERVAL DAY TO SECOND", "has no form for"),
    ] {
        let schema = self::schema(columns);
        let Err(error) = try_decoder("avro", &[], &schema, &schema) else {
            panic!("accepted: {columns}");
        };
        assert!(error.message.starts_with("column 'c': "), "{}", error.message);
        assert!(error.message.contains(fault), "{}", error.message);
    }
}

#[test]
fn a_record_that_is_cut_or_torn_leaves_nothing_behind() {
    let schema = schema(COLUMNS);
    let whole = bytes(WRITTEN[0].0);
    let mut decoder = decoder("avro", &[], COLUMNS);
    let seed = 5;
    let mut random = Random::new(seed);
    for round in 0..3_000 {
        let mut torn = whole.clone();
        match random.below(3) {
            0 => torn.truncate(random.below(whole.len() as u64) as usize),
            1 => torn.push(random.below(256) as u8),
            _ => {
                for _ in 0..=random.below(3) {
                    torn[random.below(whole.len() as u64) as usize] = random.below(256) as u8;
                }
            }
        }
        // Some are whole records all the same.
        let before = decoder.rows();
        if let Err(DecodeError { offset, record, .. }) = decoder.decode_message(&torn) {
            assert!(
                offset <= torn.len() && record == Some(0..torn.len()),
                "seed {seed}, round {round}"
            );
            assert_eq!(decoder.rows(), before);
        }
        decoder.decode_message(&whole).unwrap();
        let last = rows(&decoder.take().unwrap(), &schema).pop();
        assert_eq!(last.as_deref(), Some(WRITTEN[0].1), "seed {seed}, round {round}");
    }
    for cut in 0..whole.len() {
        assert!(decoder.decode_message(&whole[..cut]).is_err(), "{cut} bytes");
    }
}

/// The number of something that is no schema.
const UNFIT: u32 = 9;

/// A registry in memory.
#[derive(Debug, Default)]
struct Known {
    schemas: Mutex<BTreeMap<u32, String>>,
    registered: Mutex<Vec<(String, String)>>,
    asked: Mutex<Vec<u32>>,
    is_away: bool,
}

impl SchemaRegistry for Known {
    fn schema(&self, id: u32) -> Result<Registered, Error> {
        if self.is_away {
            return Err(Error::io(
                "ask the registry",
                std::io::ErrorKind::ConnectionRefused.into(),
            ));
        }
        self.asked.lock().unwrap().push(id);
        if id == UNFIT {
            return Ok(Registered::Unfit("it is none of Avro".to_string()));
        }
        let schemas = self.schemas.lock().unwrap();
        let schema = schemas.get(&id).cloned();
        Ok(schema.map_or(Registered::Unknown, Registered::Schema))
    }

    fn register(&self, subject: &str, schema: &str) -> Result<u32, Error> {
        let mut registered = self.registered.lock().unwrap();
        registered.push((subject.to_string(), schema.to_string()));
        Ok(40 + registered.len() as u32)
    }
}

impl Known {
    fn of(schema: &str) -> Arc<Known> {
        let known = Known::default();
        known.schemas.lock().unwrap().insert(7, schema.to_string());
        Arc::new(known)
    }

    fn format(self: &Arc<Known>) -> AvroConfluent {
        let registry = Arc::clone(self);
        AvroConfluent::new(Box::new(move |_| Ok(registry.clone())), Vec::new())
    }

    fn decoder(self: &Arc<Known>, columns: &str) -> Box<dyn Decoder> {
        let schema = schema(columns);
        let request = DecoderRequest {
            schema: &schema,
            physical: &schema,
            options: &options(&[]),
            context: &context(),
            faults_at_once: false,
        };
        self.format().decoder(&request).unwrap()
    }

    fn encoder(
        self: &Arc<Known>,
        columns: &str,
        entries: &[(&str, &str)],
        subject: Option<&str>,
    ) -> Result<Box<dyn Encoder>, OptionError> {
        let schema = schema(columns);
        let request = EncoderRequest {
            schema: &schema,
            options: &options(entries),
            context: &context(),
            subject,
        };
        self.format().encoder(&request)
    }
}

/// The rows of records of a schema; the fault of the first that cannot be read.
fn evolved(written: &str, columns: &str, records: &[&str]) -> Result<Vec<String>, String> {
    let known = Known::of(written);
    let mut decoder = known.decoder(columns);
    for record in records {
        let message = [&[0, 0, 0, 0, 7], bytes(record).as_slice()].concat();
        decoder.decode_message(&message).map_err(|error| {
            assert_eq!(error.record, Some(0..message.len()));
            error.message
        })?;
    }
    assert_eq!(*known.asked.lock().unwrap(), [7]);
    Ok(rows(&decoder.take().unwrap(), &schema(columns)))
}

fn record(fields: &str) -> String {
    format!(r#"{{"type": "record", "name": "r", "namespace": "n", "fields": [{fields}]}}"#)
}

#[test]
fn fields_go_by_their_names_and_what_is_missing_is_null() {
    let fields = r#"{"name": "gone", "type": {"type": "map", "values": ["null", "double"]}},
        {"name": "b", "type": "string"}, {"name": "a", "type": "int"},
        {"name": "more", "type": {"type": "array", "items": {"type": "record", "name": "list", "fields": [
            {"name": "of", "type": "bytes"}, {"name": "next", "type": ["null", "list"]}]}}}"#;
    // A map of two entries, one of them null; 'x'; 5; two records, of which the first holds another.
    let hex = "04 026b 02 000000000000f03f 026c 00 00 0278 0a 04 02ff 02 00 00 02aa 00 00";
    let columns = "a BIGINT, b STRING, c STRING";
    assert_eq!(
        evolved(&record(fields), columns, &[hex, hex]).unwrap(),
        ["(5, 'x', NULL)", "(5, 'x', NULL)"]
    );
    let fault = evolved(&record(fields), "a BIGINT, c INT!", &[hex]).unwrap_err();
    assert_eq!(
        fault,
        "schema 7: the writer has no field 'c', which is NOT NULL in the table"
    );
}

#[test]
fn numbers_widen_and_times_and_decimals_are_converted() {
    let long = |logical: &str| format!(r#"{{"type": "long", "logicalType": "{logical}"}}"#);
    let micros = long("timestamp-micros");
    let nanos = long("local-timestamp-nanos");
    let time = long("time-micros");
    let decimal = r#"{"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 3}"#;
    let fixed =
        r#"{"type": "fixed", "name": "f", "size": 3, "logicalType": "decimal", "precision": 5, "scale": 1}"#;
    let symbols = r#"{"type": "enum", "name": "e", "symbols": ["RED", "GREEN"]}"#;
    let cases = [
        ("\"int\"", "BIGINT", "09", "-5"),
        ("\"int\"", "DOUBLE", "09", "-5.0"),
        ("\"int\"", "FLOAT", "02", "1.0"),
        ("\"long\"", "DOUBLE", "04", "2.0"),
        ("\"float\"", "DOUBLE", "0000c03f", "1.5"),
        ("\"bytes\"", "STRING", "0241", "'A'"),
        ("\"string\"", "BYTES", "0241", "x'41'"),
        (symbols, "STRING", "02", "'GREEN'"),
        (
            "{\"type\": \"fixed\", \"name\": \"f\", \"size\": 2}",
            "BYTES",
            "abcd",
            "x'abcd'",
        ),
        (&micros, "TIMESTAMP(3)", "80897a", "1970-01-01T00:00:01"),
        (&nanos, "TIMESTAMP(3)", "8094ebdc03", "1970-01-01T00:00:00.500"),
        ("\"long\"", "TIMESTAMP(3)", "02", "1970-01-01T00:00:00.001"),
        (&time, "TIME(3)", "80897a", "1000"),
        (decimal, "DECIMAL(10, 2)", "0404d2", "1.23"),
        (decimal, "DECIMAL(10, 4)", "04fb2e", "-1.2340"),
        (fixed, "DECIMAL(10, 2)", "fffffe", "-0.20"),
        (r#"["string", "null", "int"]"#, "STRING", "02", "NULL"),
        (r#"["int", "long"]"#, "BIGINT", "0204", "2"),
        (r#"{"type": ["null", "string"]}"#, "STRING", "020241", "'A'"),
    ];
    for (written, column, hex, expected) in cases {
        let written = record(&format!(r#"{{"name": "a", "type": {written}}}"#));
        let found = evolved(&written, &format!("a {column}"), &[hex]);
        assert_eq!(
            found.as_deref(),
            Ok(&[format!("({expected})")][..]),
            "{written} as {column}"
        );
    }
    let faults = [
        (
            "\"string\"",
            "INT",
            "00",
            "field 'a': it was written as string, which is not read as INT",
        ),
        (
            "\"long\"",
            "INT",
            "00",
            "field 'a': it was written as long, which is not read as INT",
        ),
        (
            "\"int\"",
            "TINYINT",
            "8002",
            "field 'a': 128 has no room in the column",
        ),
        (
            r#"["null", "int"]"#,
            "INT!",
            "00",
            "field 'a': it is null, and the column is NOT NULL",
        ),
        (
            r#"["null", "string", "int"]"#,
            "STRING",
            "0402",
            "it was written as int, which is not read as STRING",
        ),
        (r#"["null", "string"]"#, "STRING", "06", "a union has no branch 3"),
        (
            decimal,
            "DECIMAL(2, 1)",
            "0430d4",
            "a decimal has no room in DECIMAL(2, 1)",
        ),
        ("\"string\"", "STRING", "02ff", "a text is not UTF-8"),
        ("\"string\"", "STRING", "ffffffffffffffffff01", "a length of -"),
        (
            "\"string\"",
            "STRING",
            "feffffffffffffffff01",
            "the record ends too soon",
        ),
        ("\"boolean\"", "BOOLEAN", "02", "a boolean is 2"),
    ];
    for (written, column, hex, expected) in faults {
        let written = record(&format!(r#"{{"name": "a", "type": {written}}}"#));
        let fault = evolved(&written, &format!("a {column}"), &[hex]).unwrap_err();
        assert!(fault.contains(expected), "{written} as {column}: {fault}");
    }
}

#[test]
fn a_schema_that_is_none_or_is_not_known_is_the_fault_of_its_messages() {
    let union = |branches: &str| record(&format!(r#"{{"name": "a", "type": {branches}}}"#));
    for (schema, expected) in [
        ("\"string\"", "it was written as string, not as a record"),
        ("{", "it is no JSON"),
        ("\"unheard.of\"", "the type 'unheard.of' is not known"),
        (r#"{"type": "array"}"#, "has no \"items\""),
        (
            r#"{"type": "record", "name": "r", "fields": [{"name": "a"}]}"#,
            "field 'a' has no type",
        ),
        (
            &union(r#"{"type": "fixed", "name": "f", "size": 1048577}"#),
            "the type 'n.f' has more than 1048576 bytes",
        ),
        (&" ".repeat((1 << 20) + 1), "its text has more than 1048576 bytes"),
        (
            &union(r#"["int", {"type": "int", "logicalType": "date"}]"#),
            "a union has 'int' twice",
        ),
        (
            &union(r#"["null", {"type": "fixed", "name": "f", "size": 1}, "n.f"]"#),
            "a union has 'n.f' twice",
        ),
        (
            &union(r#"["null", "r", {"type": "r"}]"#),
            "a union has 'n.r' twice",
        ),
        (
            &union(r#"["null", ["int"]]"#),
            "a union stands right within a union",
        ),
        (
            &union(r#"["null", {"type": ["int"]}]"#),
            "a union stands right within a union",
        ),
        (
            &record(r#"{"name": "a", "type": "int"}, {"name": "a", "type": "int"}"#),
            "the type 'n.r' has two fields 'a'",
        ),
    ] {
        let fault = evolved(schema, "a INT", &["00"]).unwrap_err();
        assert!(
            fault.starts_with("schema 7: ") && fault.contains(expected),
            "{fault}"
        );
    }
    let deep = format!(
        "{}\"int\"{}",
        r#"{"type": "array", "items": "#.repeat(500),
        "}".repeat(500)
    );
    assert!(evolved(&deep, "a INT", &["00"]).is_err());
    let known = Known::of("\"int\"");
    let mut decoder = known.decoder("a INT");
    let mut fault = |message: &[u8]| decoder.decode_message(message).unwrap_err();
    for message in [&b""[..], b"\x01\0\0\0\x07\0", b"\0\0\0\x07"] {
        let fault = fault(message);
        assert_eq!(
            fault.message,
            "it does not begin with a zero and the number of a schema"
        );
        assert_eq!(fault.record, Some(0..message.len()));
    }
    let unknown = fault(b"\0\0\0\0\x08\0");
    assert_eq!(unknown.message, "the registry has no schema 8 of Avro");
    assert!(unknown.record.is_some());
    // What is none is not asked for again.
    for _ in 0..2 {
        let unfit = fault(b"\0\0\0\0\x09\0");
        assert_eq!(unfit.message, "schema 9: it is none of Avro");
        assert!(unfit.record.is_some());
    }
    // It is not even asked for what no registry counts to.
    let beyond = fault(b"\0\x80\0\0\0\0");
    assert_eq!(beyond.message, "the registry has no schema 2147483648 of Avro");
    assert!(beyond.record.is_some());
    assert_eq!(*known.asked.lock().unwrap(), [8, UNFIT]);
    // It may hear of it later.
    let late = record(r#"{"name": "a", "type": "int"}"#);
    known.schemas.lock().unwrap().insert(8, late);
    decoder.decode_message(b"\0\0\0\0\x08\x04").unwrap();
    assert_eq!(rows(&decoder.take().unwrap(), &schema("a INT")), ["(2)"]);
}

#[test]
fn a_thousand_schemas_are_remembered() {
    let known = Arc::new(Known::default());
    let ids = 1_000..2_001;
    let schemas = ids.clone().map(|id| (id, "\"int\"".to_string()));
    *known.schemas.lock().unwrap() = schemas.collect();
    let mut decoder = known.decoder("a INT");
    let mut asked = |id: u32| {
        let message = [&[0], &id.to_be_bytes()[..]].concat();
        assert!(decoder.decode_message(&message).is_err());
        known.asked.lock().unwrap().len()
    };
    for id in ids.clone().take(1_000) {
        asked(id);
    }
    assert_eq!(asked(1_000), 1_000);
    assert_eq!(asked(2_000), 1_001);
    assert_eq!(asked(1_000), 1_002);
    assert_eq!(asked(2_000), 1_002);
}

#[test]
fn that_a_registry_is_away_is_not_the_fault_of_a_message() {
    let known = Arc::new(Known {
        is_away: true,
        ..Known::default()
    });
    let fault = known
        .decoder("a INT")
        .decode_message(b"\0\0\0\0\x07\0")
        .unwrap_err();
    assert_eq!(fault.record, None);
    assert!(fault.message.contains("ask the registry"), "{}", fault.message);
}

/// The one that Flink derives of such a table.
const DERIVED: &str = r#"{"type":"record","name":"record","namespace":"org.apache.flink.avro.generated","fields":[{"name":"b","type":["null","boolean"],"default":null},{"name":"t","type":["null","int"],"default":null},{"name":"s","type":["null","int"],"default":null},{"name":"i","type":"int"},{"name":"l","type":["null","long"],"default":null},{"name":"f","type":["null","float"],"default":null},{"name":"d","type":"double"},{"name":"x","type":["null","string"],"default":null},{"name":"y","type":["null","bytes"],"default":null},{"name":"p","type":["null",{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}],"default":null},{"name":"da","type":["null",{"type":"int","logicalType":"date"}],"default":null},{"name":"ti","type":["null",{"type":"int","logicalType":"time-millis"}],"default":null},{"name":"ts","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"ar","type":["null",{"type":"array","items":["null","int"]}],"default":null},{"name":"m","type":["null",{"type":"map","values":["null","long"]}],"default":null},{"name":"r","type":["null",{"type":"record","name":"record_r","fields":[{"name":"u","type":["null","string"],"default":null},{"name":"v","type":"int"},{"name":"w","type":["null",{"type":"array","items":["null",{"type":"record","name":"record_r_w","fields":[{"name":"z","type":["null","int"],"default":null}]}]}],"default":null}]}],"default":null},{"name":"ms","type":["null",{"type":"map","values":["null","int"]}],"default":null}]}"#;

#[test]
fn what_is_written_has_the_schema_that_flink_derives_and_its_number() {
    let known = Arc::new(Known::default());
    let mut decoder = decoder("avro", &[], COLUMNS);
    decoder.decode_message(&bytes(WRITTEN[0].0)).unwrap();
    let chunk = Chunk::inserts(decoder.take().unwrap());
    let mut encoder = known.encoder(COLUMNS, &[], Some("t-value")).unwrap();
    assert!(known.registered.lock().unwrap().is_empty());
    for _ in 0..2 {
        let expected = [&[0, 0, 0, 0, 41], bytes(WRITTEN[0].0).as_slice()].concat();
        assert_eq!(written(&mut *encoder, &chunk, 0).unwrap(), expected);
    }
    let registered = known.registered.lock().unwrap().clone();
    assert_eq!(registered, [("t-value".to_string(), DERIVED.to_string())]);
    // What an option says stands above.
    let entries = [("avro-confluent.subject", "other")];
    let mut encoder = known.encoder(COLUMNS, &entries, Some("t-value")).unwrap();
    written(&mut *encoder, &chunk, 0).unwrap();
    assert_eq!(known.registered.lock().unwrap()[1].0, "other");
    let Err(error) = known.encoder(COLUMNS, &[], None) else {
        panic!("there is no subject");
    };
    assert_eq!(error.message, "option 'avro-confluent.subject' is missing");
}

#[test]
fn rows_are_written_by_a_schema_that_is_given() {
    let given = record(
        r#"{"name": "id", "type": "long"}, {"name": "none", "type": ["int", "null"]},
           {"name": "color", "type": [{"type": "enum", "name": "c", "symbols": ["RED", "GREEN"]}, "null"]},
           {"name": "price", "type": {"type": "fixed", "name": "d", "size": 3, "logicalType": "decimal",
            "precision": 6, "scale": 1}}"#,
    );
    let columns = "color STRING, id INT, price DECIMAL(6, 2)";
    let entries = [("avro-confluent.schema", given.as_str())];
    let known = Known::of(&given);
    let mut encoder = known.encoder(columns, &entries, Some("s")).unwrap();
    let mut rows_of = crate::kit::decoder("json", &[], columns);
    for row in [
        r#"{"color": "GREEN", "id": 3, "price": -0.25}"#,
        r#"{"id": 4, "price": 100}"#,
        r#"{"color": "BLUE", "id": 5, "price": 1}"#,
        r#"{"color": "RED", "price": 1}"#,
    ] {
        rows_of.decode_message(row.as_bytes()).unwrap();
    }
    let chunk = Chunk::inserts(rows_of.take().unwrap());
    let mut write = |row| written(&mut *encoder, &chunk, row);
    assert_eq!(write(0).unwrap(), bytes("0000000029 06 02 00 02 fffffd"));
    assert_eq!(write(1).unwrap(), bytes("0000000029 08 02 02 0003e8"));
    assert!(
        write(2)
            .unwrap_err()
            .contains("field 'color': 'BLUE' is no symbol of it")
    );
    assert!(
        write(3)
            .unwrap_err()
            .contains("field 'id': it is NULL, which the schema does not allow")
    );
    for (columns, fault) in [
        ("id INT, more INT", "the schema has no field for column 'more'"),
        ("id STRING", "field 'id': STRING cannot be written as long"),
        (
            "id INT",
            "field 'price': no column is written to it, and it cannot be null",
        ),
    ] {
        let Err(error) = known.encoder(columns, &entries, Some("s")) else {
            panic!("accepted: {columns}");
        };
        assert_eq!(error.key.as_deref(), Some("avro-confluent.schema"));
        assert!(error.message.contains(fault), "{}", error.message);
    }
    // Keys must be texts.
    let map = record(r#"{"name": "a", "type": ["null", {"type": "map", "values": "int"}]}"#);
    let entries = [("avro-confluent.schema", map.as_str())];
    assert!(known.encoder("a MAP<STRING, INT>", &entries, Some("s")).is_ok());
    for column in ["MAP<INT, INT>", "MAP<BYTES, INT>", "MULTISET<INT>"] {
        let Err(error) = known.encoder(&format!("a {column}"), &entries, Some("s")) else {
            panic!("accepted: {column}");
        };
        let fault = format!("field 'a': {column} cannot be written as map");
        assert!(error.message.contains(&fault), "{}", error.message);
    }
}
