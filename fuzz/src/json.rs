//! Any bytes through the json decoder, strict and lenient.
#![no_main]

mod decode;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use model::Schema;

static SCHEMA: LazyLock<Schema> = LazyLock::new(decode::every_type);
const LENIENT: &[(&str, &str)] =
    &[("json.ignore-parse-errors", "true"), ("json.timestamp-format.standard", "ISO-8601")];

fuzz_target!(|bytes: &[u8]| {
    let formats = formats::all();
    let format = formats.iter().find(|format| format.name() == "json").expect("the format is there");
    decode::decode(format.as_ref(), &SCHEMA, &[], bytes);
    decode::decode(format.as_ref(), &SCHEMA, LENIENT, bytes);
});
