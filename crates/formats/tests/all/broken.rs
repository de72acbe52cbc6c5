//! Records that cannot be read, and going on behind them.

use dataflow::{Decoder, DecoderRequest};
use stdx::Random;

use crate::kit::{context, format, options, rows, schema};

struct Records {
    format: &'static str,
    columns: &'static str,
    good: &'static [&'static str],
    broken: &'static [&'static str],
}

const RECORDS: [Records; 5] = [
    Records {
        format: "json",
        columns: "id INT, name STRING, tags ARRAY<INT>, r ROW<x INT, y STRING>",
        good: &[
            r#"{"id":1,"name":"one","tags":[1,2],"r":{"x":1,"y":"z"}}"#,
            r#"{"name":null}"#,
            "{}",
            "",
        ],
        broken: &[
            r#"{"id":1,"name":"one","tags":[1,"x"],"r":{"x":1}}"#,
            r#"{"id":7,"r":{"y":"begun","x":"no number"}}"#,
            "{\"id\":7,\"name\":\"begun",
            "{",
            "torn",
        ],
    },
    Records {
        format: "csv",
        columns: "id INT, name STRING",
        good: &["1,one", "2,\"two\nlines\"", "3,"],
        broken: &["x,one", "1,2,3", "1,\"a\"b"],
    },
    Records {
        format: "raw",
        columns: "id INT",
        good: &["abcd", "0000"],
        broken: &["abc", "", "abcde"],
    },
    Records {
        format: "debezium-json",
        columns: "id INT, name STRING",
        good: &[
            r#"{"before":null,"after":{"id":1,"name":"a"},"op":"c"}"#,
            r#"{"before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"},"op":"u"}"#,
            r#"{"before":{"id":1,"name":"b"},"after":null,"op":"d"}"#,
        ],
        // The first three are whole JSON.
        broken: &[
            r#"{"before":null,"after":{"id":1,"name":"a"},"op":"x"}"#,
            r#"{"before":null,"after":{"id":1,"name":"a"},"op":"u"}"#,
            r#"{"after":{"id":1}}"#,
            r#"{"after":{"id":"x"},"op":"c"}"#,
            "torn",
        ],
    },
    Records {
        format: "maxwell-json",
        columns: "id INT, name STRING",
        good: &[
            r#"{"data":{"id":1,"name":"a"},"type":"insert"}"#,
            r#"{"data":{"id":1,"name":"b"},"old":{"name":"a"},"type":"update"}"#,
        ],
        broken: &[
            r#"{"data":{"id":1,"name":"b"},"type":"update"}"#,
            r#"{"data":{"id":1,"name":"b"},"old":5,"type":"update"}"#,
            r#"{"data":{"id":1},"type":"twist"}"#,
        ],
    },
];

impl Records {
    fn decoder(&self) -> Box<dyn Decoder> {
        let schema = schema(self.columns);
        let request = DecoderRequest {
            schema: &schema,
            physical: &schema,
            options: &options(&[]),
            context: &context(),
            faults_at_once: true,
        };
        format(self.format).decoder(&request).unwrap()
    }

    fn taken(&self, decoder: &mut dyn Decoder) -> Vec<String> {
        let chunk = decoder.take_chunk().unwrap();
        let kinds = (0..chunk.rows()).map(|row| chunk.kind(row).symbol());
        let rows = rows(&chunk.batch, &schema(self.columns));
        kinds
            .zip(rows)
            .map(|(kind, row)| format!("{kind}{row}"))
            .collect()
    }

    /// Reads a stream in blocks, going on behind what is broken: the rows, and the broken records.
    fn read(&self, text: &str, random: &mut Random) -> (Vec<String>, Vec<String>) {
        let bytes = text.as_bytes();
        let mut decoder = self.decoder();
        let (mut found, mut broken) = (Vec::new(), Vec::new());
        let (mut at, mut held) = (0, 0);
        loop {
            let rows_max = decoder.rows() + 1 + random.below(6) as usize;
            let is_end = held == bytes.len();
            match decoder.decode_stream(&bytes[at..held], is_end, rows_max) {
                Ok(0) if is_end => break,
                Ok(0) => held = bytes.len().min(held + 1 + random.below(90) as usize),
                Ok(used) => at += used,
                Err(error) => {
                    let record = error
                        .record
                        .unwrap_or_else(|| panic!("{text:?}: {}", error.message));
                    assert!(
                        record.contains(&error.offset) || error.offset == record.end,
                        "{text:?}"
                    );
                    let shown = &bytes[at..held][record.clone()];
                    broken.push(String::from_utf8_lossy(shown).trim_end_matches('\n').to_string());
                    at += record.end;
                }
            }
            if random.chance(0.3) || decoder.rows() >= rows_max {
                found.extend(self.taken(&mut *decoder));
            }
        }
        found.extend(self.taken(&mut *decoder));
        (found, broken)
    }
}

#[test]
fn rows_around_broken_records_are_those_without_them() {
    let seed = 11;
    let mut random = Random::new(seed);
    for records in &RECORDS {
        for round in 0..100 {
            let (mut all, mut good, mut broken) = (String::new(), String::new(), Vec::new());
            for _ in 0..random.below(30) {
                if random.chance(0.4) {
                    let record = records.broken[random.below(records.broken.len() as u64) as usize];
                    all.push_str(&format!("{record}\n"));
                    broken.push(record.to_string());
                } else {
                    let record = records.good[random.below(records.good.len() as u64) as usize];
                    all.push_str(&format!("{record}\n"));
                    good.push_str(&format!("{record}\n"));
                }
            }
            let name = format!("{}, seed {seed}, round {round}: {all:?}", records.format);
            let (expected, none) = records.read(&good, &mut random);
            assert!(none.is_empty(), "{name}: {none:?}");
            assert_eq!(records.read(&all, &mut random), (expected, broken), "{name}");
        }
    }
}

#[test]
fn messages_around_broken_ones_are_read() {
    for records in &RECORDS {
        let mut expected = records.decoder();
        let mut decoder = records.decoder();
        for (index, good) in records.good.iter().enumerate() {
            for broken in records.broken {
                let broken = broken.as_bytes();
                let error = decoder.decode_message(broken).unwrap_err();
                assert!(!error.message.is_empty());
            }
            if records.format == "csv" && index == 1 {
                // Of a message only the first record counts.
                continue;
            }
            decoder.decode_message(good.as_bytes()).unwrap();
            expected.decode_message(good.as_bytes()).unwrap();
        }
        let found = records.taken(&mut *decoder);
        assert_eq!(found, records.taken(&mut *expected), "{}", records.format);
        assert!(!found.is_empty());
    }
}
