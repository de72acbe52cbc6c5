//! Prints how fast json is decoded on one core, next to simd-json's tape over the same bytes; and csv, and writing.
//!
//! `cargo run --release -p formats --example decode_speed [rounds]`

#![allow(clippy::print_stdout)]

use std::sync::Arc;
use std::time::Instant;

use arrow_array::RecordBatch;
use dataflow::{Chunk, DecoderRequest, EncoderRequest, EvaluationContext, Format, Options};
use indexmap::IndexMap;
use model::{Field, RowField, Schema, TypeKind};
use stdx::SystemClock;

const ROWS: usize = 40_000;
const ROWS_MAX: usize = 8192;

/// What a file connector hands over at a time.
const BLOCK_BYTES: usize = 256 * 1024;

fn main() {
    let rounds = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(10);
    let nested = nexmark_lines();
    let flat = flat_lines();
    println!("nexmark bids, nested, {} bytes a line", nested.len() / ROWS);
    let tape = measure("simd-json tape", &nested, rounds, || tape(&nested));
    let bid = |fields: &[usize]| {
        let all = bid_fields();
        let kind = TypeKind::Row(fields.iter().map(|&index| all[index].clone()).collect());
        Schema::new(vec![Field::new("bid", kind.nullable())])
    };
    let full = bid(&[0, 1, 2, 4, 5]);
    compare("5 of 7 columns", &nested, rounds, &full, tape);
    compare(
        "7 of 7 columns",
        &nested,
        rounds,
        &bid(&[0, 1, 2, 3, 4, 5, 6]),
        tape,
    );
    compare("1 column (price)", &nested, rounds, &bid(&[2]), tape);
    compare("no column", &nested, rounds, &Schema::default(), tape);

    println!("bids, flat, {} bytes a line", flat.len() / ROWS);
    let tape_speed = measure("simd-json tape", &flat, rounds, || self::tape(&flat));
    let flat_schema = |wanted: &[usize]| {
        let all = bid_fields();
        Schema::new(
            wanted
                .iter()
                .map(|&index| Field::new(all[index].name.clone(), all[index].data_type.clone()))
                .collect(),
        )
    };
    let all = flat_schema(&[0, 1, 2, 3, 4, 5, 6]);
    compare("7 columns", &flat, rounds, &all, tape_speed);
    compare(
        "5 columns",
        &flat,
        rounds,
        &flat_schema(&[0, 1, 2, 4, 5]),
        tape_speed,
    );
    compare("1 column (price)", &flat, rounds, &flat_schema(&[2]), tape_speed);

    println!("the same bids written, and csv");
    let batch = decode("json", &flat, &all, ROWS).pop().expect("there is a batch");
    for name in ["json", "csv"] {
        let mut text = Vec::new();
        measure(&format!("write {name}"), &flat, rounds, || {
            text.clear();
            write(name, &all, &batch, &mut text);
            ROWS
        });
        println!("    {} bytes a line", text.len() / ROWS);
        if name == "csv" {
            measure("read csv", &text, rounds, || {
                rows_of(&decode(name, &text, &all, ROWS_MAX))
            });
            let one = flat_schema(&[2]);
            measure("read csv, 1 column", &text, rounds, || {
                rows_of(&decode_projected(name, &text, &one, &all, ROWS_MAX))
            });
        }
    }
}

fn rows_of(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

fn context() -> Arc<EvaluationContext> {
    Arc::new(EvaluationContext::new(chrono_tz::UTC, Arc::new(SystemClock)))
}

fn format(name: &str) -> Arc<dyn Format> {
    let found = formats::all().into_iter().find(|format| format.name() == name);
    found.expect("there is such a format")
}

fn write(name: &str, schema: &Schema, batch: &RecordBatch, out: &mut Vec<u8>) {
    let request = EncoderRequest {
        schema,
        options: &Options::new(IndexMap::new()),
        context: &context(),
        subject: None,
    };
    let mut encoder = format(name).encoder(&request).expect("the options are right");
    encoder
        .encode(&Chunk::inserts(batch.clone()), out)
        .expect("the rows can be written");
}

fn decode(name: &str, lines: &[u8], schema: &Schema, rows_max: usize) -> Vec<RecordBatch> {
    decode_projected(name, lines, schema, schema, rows_max)
}

/// Decodes lines block by block, as from a file.
fn decode_projected(
    name: &str,
    lines: &[u8],
    schema: &Schema,
    physical: &Schema,
    rows_max: usize,
) -> Vec<RecordBatch> {
    let request = DecoderRequest {
        schema,
        physical,
        options: &Options::new(IndexMap::new()),
        context: &context(),
        faults_at_once: false,
    };
    let mut decoder = format(name).decoder(&request).expect("the options are right");
    let mut batches = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let end = (at + BLOCK_BYTES).min(lines.len());
        loop {
            at += decoder
                .decode_stream(&lines[at..end], end == lines.len(), rows_max)
                .expect("the lines are right");
            if decoder.rows() < rows_max {
                break;
            }
            batches.push(decoder.take().expect("the rows make a batch"));
        }
    }
    if decoder.rows() > 0 {
        batches.push(decoder.take().expect("the rows make a batch"));
    }
    batches
}

fn bid_fields() -> Vec<RowField> {
    vec![
        RowField::new("auction", TypeKind::BigInt.nullable()),
        RowField::new("bidder", TypeKind::BigInt.nullable()),
        RowField::new("price", TypeKind::BigInt.nullable()),
        RowField::new("channel", TypeKind::STRING.nullable()),
        RowField::new("url", TypeKind::STRING.nullable()),
        RowField::new("dateTime", TypeKind::Timestamp(3).nullable()),
        RowField::new("extra", TypeKind::STRING.nullable()),
    ]
}

fn compare(name: &str, lines: &[u8], rounds: usize, schema: &Schema, tape: f64) {
    let speed = measure(name, lines, rounds, || {
        rows_of(&decode("json", lines, schema, ROWS_MAX))
    });
    println!("    {:.2} times the tape", speed / tape);
}

fn tape(lines: &[u8]) -> usize {
    // simd-json writes into its input: the copy is not measured against it, since it is a small part.
    let mut copy = lines.to_vec();
    let mut buffers = simd_json::Buffers::default();
    let mut nodes = 0;
    let mut rows = 0;
    for line in copy.split_mut(|&byte| byte == b'\n') {
        if line.is_empty() {
            continue;
        }
        let tape = simd_json::to_tape_with_buffers(line, &mut buffers).expect("the lines are right");
        nodes += tape.0.len();
        rows += 1;
    }
    assert!(nodes > rows);
    rows
}

/// Runs a few rounds and prints the best; returns rows a second.
fn measure(name: &str, lines: &[u8], rounds: usize, mut run: impl FnMut() -> usize) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        let rows = run();
        best = best.min(start.elapsed().as_secs_f64());
        assert_eq!(rows, ROWS);
    }
    let speed = ROWS as f64 / best;
    println!(
        "  {name:20} {:6.0} MB/s {:6.2} M rows/s",
        lines.len() as f64 / best / 1e6,
        speed / 1e6
    );
    speed
}

/// A small generator of its own, so that the lines are the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

fn bid(row: usize, dice: &mut Dice) -> String {
    let channel = ["Google", "Apple", "Facebook", "Baidu", "channel-4711"][dice.roll(5) as usize];
    let path: String = (0..3 + dice.roll(6))
        .map(|_| char::from(b'a' + dice.roll(26) as u8))
        .collect();
    let extra: String = (0..20 + dice.roll(50))
        .map(|_| char::from(b'A' + dice.roll(26) as u8))
        .collect();
    format!(
        "{{\"auction\":{},\"bidder\":{},\"price\":{},\"channel\":\"{channel}\",\
         \"url\":\"https://www.nexmark.com/{path}/item.htm?query=1\",\
         \"dateTime\":\"2026-01-01 {:02}:{:02}:{:02}.{:03}\",\"extra\":\"{extra}\"}}",
        1000 + dice.roll(3000),
        2000 + dice.roll(5000),
        1 + dice.roll(1 << (1 + row % 26)),
        row / 3_600_000 % 24,
        row / 60_000 % 60,
        row / 1000 % 60,
        row % 1000,
    )
}

fn nexmark_lines() -> Vec<u8> {
    let mut dice = Dice(42);
    let mut lines = String::new();
    for row in 0..ROWS {
        let bid = bid(row, &mut dice);
        lines.push_str(&format!(
            "{{\"event_type\":2,\"person\":null,\"auction\":null,\"bid\":{bid}}}\n"
        ));
    }
    lines.into_bytes()
}

fn flat_lines() -> Vec<u8> {
    let mut dice = Dice(42);
    let mut lines = String::new();
    for row in 0..ROWS {
        lines.push_str(&bid(row, &mut dice));
        lines.push('\n');
    }
    lines.into_bytes()
}
