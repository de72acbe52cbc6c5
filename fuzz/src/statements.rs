//! Any text: tokens are lossless, parsing never panics, every place lies within the text.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let joined: String = sql::tokenize(text).iter().map(|token| token.text(text)).collect();
    assert_eq!(joined, text);
    let script = sql::parse_script(text);
    for diagnostic in &script.diagnostics {
        if let Some(span) = diagnostic.span {
            assert!(span.start <= span.end && span.end as usize <= text.len(), "{diagnostic:?}");
        }
        diagnostic.render("fuzz.sql", text);
    }
    let _ = sql::parse_expression(text);
    let _ = sql::parse_data_type(text);
    let _ = sql::statement_complete(text);
});
