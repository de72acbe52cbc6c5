//! Any bytes through the raw decoder, as text and as a number.
#![no_main]

mod decode;

use libfuzzer_sys::fuzz_target;
use model::{Field, Schema, TypeKind};

fuzz_target!(|bytes: &[u8]| {
    let formats = formats::all();
    let format = formats.iter().find(|format| format.name() == "raw").expect("the format is there");
    for kind in [TypeKind::STRING, TypeKind::BYTES, TypeKind::Int, TypeKind::Double, TypeKind::Boolean] {
        let schema = Schema::new(vec![Field::new("a", kind.nullable())]);
        decode::decode(format.as_ref(), &schema, &[], bytes);
    }
});
