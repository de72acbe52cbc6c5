//! Any bytes through the csv decoder, strict and lenient.
#![no_main]

mod decode;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use model::Schema;

static SCHEMA: LazyLock<Schema> = LazyLock::new(decode::every_type);
const LENIENT: &[(&str, &str)] =
    &[("csv.ignore-parse-errors", "true"), ("csv.allow-comments", "true"), ("csv.escape-character", "\\"), ("csv.null-literal", "n")];

fuzz_target!(|bytes: &[u8]| {
    let formats = formats::all();
    let format = formats.iter().find(|format| format.name() == "csv").expect("the format is there");
    decode::decode(format.as_ref(), &SCHEMA, &[], bytes);
    decode::decode(format.as_ref(), &SCHEMA, LENIENT, bytes);
});
