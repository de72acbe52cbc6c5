//! Rows a second through windows: `cargo run --release -p engine --example window_speed [parallelism] [rows]`.
//!
//! The source hands out batches made beforehand, so that nearly all of the time is the engine's. Event time
//! advances by 10,000 rows a second; keys are drawn from 100,000, a quarter of the rows from the same hundred.
#![allow(clippy::print_stdout)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::sync::Arc;
use std::time::Instant;

use arrow_array::{Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use dataflow::{
    Boundedness, Chunk, Committable, Epoch, Error, EvaluationContext, Position, ReadOutcome, Sink,
    SinkWriter, Source, Split, SplitReader,
};
use engine::{Control, Job, JobOptions};
use graph::{Exchange, Window};
use model::ChangelogMode;
use stdx::{Random, SystemClock};
use support::{Builder, bigint, column, rowtime, text};

const BATCH_ROWS: usize = 4096;

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let parallelism: usize = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let rows: usize = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(10_000_000);
    let only = arguments.next();
    let source = Arc::new(Batches::new(rows, parallelism));
    let tumble = Window::Tumble {
        size_ms: 10_000,
        offset_ms: 0,
    };
    let hop = Window::Hop {
        size_ms: 10_000,
        slide_ms: 2_000,
        offset_ms: 0,
    };
    let session = Window::Session { gap_ms: 10_000 };
    for (name, window, key) in [
        ("pass on", None, 0),
        ("tumble, no key", Some(tumble), 2),
        ("tumble by number", Some(tumble), 0),
        ("tumble by text", Some(tumble), 1),
        ("hop by number", Some(hop), 0),
        ("session by number", Some(session), 0),
        ("session by text", Some(session), 1),
    ] {
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        let mut builder = Builder::default();
        let mut input = builder.source(source.clone(), Some(4_000));
        if let Some(window) = window {
            let keys = match key {
                0 => vec![("k", column(0, bigint()))],
                1 => vec![("s", column(1, text()))],
                _ => vec![],
            };
            input = builder.count(input, window, rowtime(), keys);
        }
        builder.sink(input, Exchange::Forward, Arc::new(Nothing));
        let context = Arc::new(EvaluationContext::new(chrono_tz::UTC, Arc::new(SystemClock)));
        let options = JobOptions {
            parallelism,
            ..JobOptions::default()
        };
        let job = Job::new(&builder.graph, context, options)?;
        let began = Instant::now();
        let end = job.run(&Control::new())?;
        let seconds = began.elapsed().as_secs_f64();
        let busy: u64 = end.statistics.nodes.iter().map(|node| node.busy_us).sum();
        println!(
            "{name:20} {:6.2} M rows/s, {:5.0} ns busy a row, {} rows out, {} late",
            rows as f64 / seconds / 1e6,
            busy as f64 * 1000.0 / rows as f64,
            end.statistics.rows_out,
            end.statistics.late_rows_dropped,
        );
        for node in &end.statistics.nodes {
            println!(
                "    {:28} {:5.0} ns",
                node.name,
                node.busy_us as f64 * 1000.0 / rows as f64
            );
        }
    }
    Ok(())
}

#[derive(Debug)]
struct Batches {
    lanes: Vec<Vec<RecordBatch>>,
}

impl Batches {
    fn new(rows: usize, lanes: usize) -> Batches {
        let mut random = Random::new(1);
        let batches = rows.div_ceil(BATCH_ROWS);
        let mut all: Vec<Vec<RecordBatch>> = vec![Vec::new(); lanes];
        for batch in 0..batches {
            let keys: Vec<i64> = (0..BATCH_ROWS)
                .map(|_| {
                    if random.chance(0.25) {
                        random.between(0, 99)
                    } else {
                        random.between(0, 99_999)
                    }
                })
                .collect();
            let texts = StringArray::from_iter_values(keys.iter().map(|key| format!("user-{key}")));
            let times = (0..BATCH_ROWS).map(|row| {
                let at = (batch * BATCH_ROWS + row) as i64 * 100;
                1_700_000_000_000_000 + at - random.between(0, 2_000_000)
            });
            let times = TimestampMicrosecondArray::from_iter_values(times);
            let values = Int64Array::from_iter_values(keys.iter().map(|key| key % 1000));
            let columns: Vec<arrow_array::ArrayRef> = vec![
                Arc::new(Int64Array::from(keys)),
                Arc::new(texts),
                Arc::new(values),
                Arc::new(times),
            ];
            let schema = support::source::schema().arrow();
            // Invariant: the columns are those of the schema.
            all[batch % lanes].push(RecordBatch::try_new(schema, columns).expect("columns of the schema"));
        }
        Batches { lanes: all }
    }
}

impl Source for Batches {
    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn splits(&self, _parallelism: usize) -> Result<Vec<Split>, Error> {
        Ok((0..self.lanes.len())
            .map(|lane| Split {
                id: lane.to_string(),
                lane: lane.to_string(),
                payload: lane.to_string(),
            })
            .collect())
    }

    fn open(&self, split: &Split, _position: Option<&Position>) -> Result<Box<dyn SplitReader>, Error> {
        let lane: usize = split.payload.parse().unwrap_or(0);
        Ok(Box::new(Reader {
            batches: self.lanes[lane].clone(),
            at: 0,
        }))
    }
}

struct Reader {
    batches: Vec<RecordBatch>,
    at: usize,
}

impl SplitReader for Reader {
    fn read(&mut self, _rows_max: usize) -> Result<ReadOutcome, Error> {
        let Some(batch) = self.batches.get(self.at) else {
            return Ok(ReadOutcome::End);
        };
        self.at += 1;
        Ok(ReadOutcome::Rows(batch.clone()))
    }

    fn position(&self) -> Position {
        Position::default()
    }
}

#[derive(Debug)]
struct Nothing;

impl Sink for Nothing {
    fn changelog_mode(&self, requested: ChangelogMode) -> ChangelogMode {
        requested
    }

    fn writer(&self, _shard: usize, _shards: usize) -> Result<Box<dyn SinkWriter>, Error> {
        Ok(Box::new(Nothing))
    }
}

impl SinkWriter for Nothing {
    fn write(&mut self, _chunk: &Chunk) -> Result<(), Error> {
        Ok(())
    }

    fn prepare(&mut self, _epoch: Option<Epoch>) -> Result<Vec<Committable>, Error> {
        Ok(Vec::new())
    }
}
