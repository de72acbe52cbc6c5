//! Any bytes through the decoders of changelogs, strict and lenient.
#![no_main]

mod decode;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use model::Schema;

static SCHEMA: LazyLock<Schema> = LazyLock::new(decode::every_type);
const FORMATS: &[(&str, &[(&str, &str)])] = &[
    ("debezium-json", &[("debezium-json.ignore-parse-errors", "true")]),
    ("ogg-json", &[("ogg-json.ignore-parse-errors", "true")]),
    ("canal-json", &[("canal-json.ignore-parse-errors", "true"), ("canal-json.table.include", "a.*")]),
    ("maxwell-json", &[("maxwell-json.ignore-parse-errors", "true")]),
];

fuzz_target!(|bytes: &[u8]| {
    let formats = formats::all();
    for (name, lenient) in FORMATS {
        let format = formats.iter().find(|format| format.name() == *name).expect("the format is there");
        decode::decode(format.as_ref(), &SCHEMA, &[], bytes);
        decode::decode(format.as_ref(), &SCHEMA, lenient, bytes);
    }
});
