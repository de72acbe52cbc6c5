//! JSON documents by chance, whole and mutilated: the same verdict as serde_json's, the same values, no panic.
//!
//! Known differences, all of them Flink's: control characters may stand in strings, half a surrogate pair becomes
//! `?`, and what follows the first value of a record is only asked to be UTF-8.

use serde_json::Value;
use stdx::Random;

use crate::kit::{decoder, rows, schema};

const COLUMNS: &str = "a STRING, b STRING, `key with é` STRING, n ROW<a STRING, c STRING>, l ARRAY<STRING>, \
                       m MAP<STRING, STRING>";

struct Writer<'a> {
    random: &'a mut Random,
    out: String,
}

impl Writer<'_> {
    fn pick<'b>(&mut self, choices: &[&'b str]) -> &'b str {
        choices[self.random.below(choices.len() as u64) as usize]
    }

    fn blank(&mut self) {
        if self.random.chance(0.15) {
            let blank = self.pick(&[" ", "  ", "\t", "\r", "\n", " \n "]);
            self.out.push_str(blank);
        }
    }

    fn string(&mut self) {
        self.out.push('"');
        for _ in 0..self.random.below(8) {
            let piece = self.pick(&[
                "a",
                "plain text ",
                "\\n",
                "\\\"",
                "\\\\",
                "\\/",
                "\\b\\f\\r\\t",
                "\\u0041",
                "\\u00e9",
                "\\ud83d\\ude00",
                "é",
                "日本",
                "😀",
                "{",
                "}",
                "[",
                "]",
                ",",
                ":",
                "'",
                "0123456789012345678901234567890123456789",
            ]);
            self.out.push_str(piece);
        }
        self.out.push('"');
    }

    fn key(&mut self) {
        if self.random.chance(0.2) {
            self.string();
        } else {
            let key = self.pick(&[
                "a",
                "b",
                "c",
                "key with é",
                "\\u0061",
                "x",
                "person",
                "n",
                "l",
                "m",
                "",
            ]);
            self.out.push_str(&format!("\"{key}\""));
        }
    }

    fn value(&mut self, depth: u32) {
        self.blank();
        match self.random.below(if depth == 0 { 6 } else { 9 }) {
            0 => self.string(),
            1 => {
                let number = self.pick(&[
                    "0",
                    "-0",
                    "12",
                    "-7",
                    "1234567890123456789012",
                    "1.5",
                    "-0.25",
                    "1e3",
                    "2.5E-7",
                ]);
                self.out.push_str(number);
            }
            2 => self.out.push_str("null"),
            3 => self.out.push_str("true"),
            4 => self.out.push_str("false"),
            5 => {
                let number = self.random.next_u64() >> self.random.below(64);
                self.out.push_str(&number.to_string());
            }
            6 => {
                self.out.push('[');
                for element in 0..self.random.below(4) {
                    if element > 0 {
                        self.out.push(',');
                    }
                    self.value(depth - 1);
                }
                self.blank();
                self.out.push(']');
            }
            _ => self.object(depth - 1),
        }
        self.blank();
    }

    fn object(&mut self, depth: u32) {
        self.out.push('{');
        for entry in 0..self.random.below(7) {
            if entry > 0 {
                self.out.push(',');
            }
            self.blank();
            self.key();
            self.blank();
            self.out.push(':');
            self.value(depth);
        }
        self.blank();
        self.out.push('}');
    }
}

fn mutilate(random: &mut Random, document: &mut Vec<u8>) {
    const BYTES: &[u8] = b"\"\\{}[]:,0123456789.eE+-truefalsn u/\xff\xc3\x00";
    for _ in 0..random.below(4) {
        if document.is_empty() {
            return;
        }
        let at = random.below(document.len() as u64) as usize;
        match random.below(4) {
            0 => drop(document.remove(at)),
            1 => document.insert(at, BYTES[random.below(BYTES.len() as u64) as usize]),
            2 => document[at] = BYTES[random.below(BYTES.len() as u64) as usize],
            _ => document.truncate(at),
        }
    }
}

/// What serde_json makes of the first value; `None` if the two need not agree.
fn reference(document: &[u8]) -> Option<Result<Value, String>> {
    let mut values = serde_json::Deserializer::from_slice(document).into_iter::<Value>();
    match values.next()? {
        Ok(value @ Value::Object(_)) => Some(Ok(value)),
        // Bare values and lists of them are no records.
        Ok(_) => None,
        Err(error) => {
            let message = error.to_string();
            let allowed = message.contains("control character")
                || message.contains("surrogate")
                || message.contains("hex escape");
            (!allowed).then_some(Err(message))
        }
    }
}

/// A scalar as a STRING column holds it. Fractions and nested values are written anew and not compared.
fn scalar(value: Option<&Value>) -> Option<String> {
    match value {
        None | Some(Value::Null) => Some("NULL".to_string()),
        Some(Value::String(text)) => Some(format!("'{}'", crate::kit::visible(text))),
        Some(Value::Bool(value)) => Some(format!("'{value}'")),
        Some(Value::Number(number)) => {
            let text = number.to_string();
            (!text.contains(['.', 'e', 'E'])).then(|| format!("'{text}'"))
        }
        Some(_) => None,
    }
}

#[test]
fn json_is_accepted_and_refused_as_serde_json_does() {
    let columns = schema(COLUMNS);
    // Of keys written twice the last counts in both.
    let entries = [("json.decode.json-parser.enabled", "false")];
    let mut decoder = decoder("json", &entries, COLUMNS);
    let mut ignoring = crate::kit::decoder(
        "json",
        &[("json.ignore-parse-errors", "true")],
        "a INT, n ROW<a DATE>",
    );
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..20_000 {
        let mut random = Random::new(seed);
        let mut writer = Writer {
            random: &mut random,
            out: String::new(),
        };
        writer.object(4);
        let mut document = writer.out.into_bytes();
        if seed % 2 == 1 {
            mutilate(&mut random, &mut document);
        }
        // Whatever it is, it must not panic, and must leave the decoder in order.
        ignoring.decode_message(&document).unwrap();
        let shown = String::from_utf8_lossy(&document).into_owned();
        let got = decoder.decode_message(&document);
        let batch = decoder.take().unwrap();
        let mut line: Vec<u8> = document.clone();
        line.retain(|&byte| byte != b'\n' && byte != b'\r');
        let by_line = decoder.decode_stream(&line, true, 1000).is_ok();
        let line_rows = decoder.take().unwrap().num_rows();
        match reference(&document) {
            None => {}
            Some(Err(message)) => {
                // Types other than those of a row may still be wrong in ours where serde_json fails later.
                assert!(got.is_err(), "seed {seed}: {message}: {shown}");
                refused += 1;
            }
            // Ours asks that of the whole record, also behind its value.
            Some(Ok(_)) if std::str::from_utf8(&document).is_err() => {}
            Some(Ok(value)) => {
                let object = value.as_object().unwrap();
                let fits =
                    [("n", true), ("l", false), ("m", true)]
                        .iter()
                        .all(|(key, is_object)| match object.get(*key) {
                            None | Some(Value::Null) => true,
                            Some(value) => {
                                if *is_object {
                                    value.is_object()
                                } else {
                                    value.is_array()
                                }
                            }
                        });
                let duplicates = {
                    // An earlier value of a repeated key is read too, and may not fit.
                    let text = String::from_utf8_lossy(&document);
                    ["n", "l", "m"]
                        .iter()
                        .any(|key| text.matches(&format!("\"{key}\"")).count() > 1)
                };
                if !fits || (duplicates && got.is_err()) {
                    continue;
                }
                assert_eq!(got, Ok(()), "seed {seed}: {shown}");
                assert!(by_line && line_rows == 1, "seed {seed}: {shown}");
                let row = &rows(&batch, &columns)[0];
                let expected: Option<Vec<String>> = ["a", "b", "key with é"]
                    .iter()
                    .map(|key| scalar(object.get(*key)))
                    .collect();
                if let Some(expected) = expected {
                    let expected = format!("({}, ", expected.join(", "));
                    assert!(
                        row.starts_with(&expected),
                        "seed {seed}: {shown}\n{row}\n{expected}"
                    );
                }
                accepted += 1;
            }
        }
    }
    assert!(
        accepted > 6_000 && refused > 3_000,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn no_bytes_make_a_decoder_panic() {
    const BYTES: &[u8] = b"\"\"\"{}[]:,,,;;\\\n\r\n0123456789.e+-truefalsn#' u\xff\xc3\xa9\x00a";
    let columns = "a INT, b STRING, n ROW<a INT, b STRING>, l ARRAY<DATE>";
    let json = "{\"a\":1,\"b\":\"x\",\"n\":{\"a\":2},\"l\":[\"2026-01-01\"]}\n";
    for seed in 0..8_000 {
        let mut random = Random::new(seed);
        let mut bytes: Vec<u8> = if seed % 3 == 0 {
            json.repeat(3).into_bytes()
        } else {
            Vec::new()
        };
        for _ in 0..random.below(120) {
            let byte = BYTES[random.below(BYTES.len() as u64) as usize];
            let at = random.below(bytes.len() as u64 + 1) as usize;
            bytes.insert(at, byte);
        }
        for (format, option) in [
            ("json", "json.ignore-parse-errors"),
            ("csv", "csv.ignore-parse-errors"),
        ] {
            for lenient in ["true", "false"] {
                let mut options = vec![(option, lenient)];
                if format == "csv" && seed % 2 == 0 {
                    options.extend([("csv.escape-character", "\\"), ("csv.trim-spaces", "true")]);
                }
                let mut decoder = decoder(format, &options, columns);
                let read = decoder.decode_stream(&bytes, true, usize::MAX);
                if lenient == "true" {
                    assert_eq!(read, Ok(bytes.len()), "{format} seed {seed}");
                }
                let held = decoder.rows();
                assert_eq!(decoder.take().unwrap().num_rows(), held, "{format} seed {seed}");
            }
        }
    }
}
