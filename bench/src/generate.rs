//! Writes the events that both engines read: JSON lines in two files, each in the order of time.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use chrono_tz::Tz;
use connectors::nexmark::{self, Settings, Stream};
use dataflow::{EncoderRequest, EvaluationContext, Options};
use stdx::SystemClock;

/// Blocks of this many events go to the files in turn, so that both cover the same time.
const BLOCK_EVENTS: u64 = 1000;
const FILES: u64 = 2;

/// Keys of the side input, which bids are joined with.
const SIDE_KEYS: u64 = 10_000;

/// Writes the side input, a file of `key,value,since`, unless it is there already.
pub fn side_input(file: &Path) -> Result<()> {
    if file.exists() {
        return Ok(());
    }
    let rows: String = (0..SIDE_KEYS)
        .map(|key| format!("{key},side {key},1970-01-01 00:00:00.000\n"))
        .collect();
    let unfinished = file.with_extension("unfinished");
    fs::write(&unfinished, rows)?;
    Ok(fs::rename(&unfinished, file)?)
}

/// Writes the files unless they are there already.
pub fn events(folder: &Path, count: u64) -> Result<()> {
    if folder.exists() {
        return Ok(());
    }
    let unfinished = folder.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir_all(&unfinished)?;
    let formats = formats::all();
    let json = formats
        .iter()
        .find(|format| format.name() == "json")
        .context("there is no json format")?;
    let context = Arc::new(EvaluationContext::new(Tz::UTC, Arc::new(SystemClock)));
    let (settings, options, schema) = (Settings::default(), Options::default(), nexmark::schema());
    let request = EncoderRequest {
        schema: &schema,
        options: &options,
        context: &context,
        subject: None,
    };
    let mut encoder = json.encoder(&request)?;
    let mut files = Vec::new();
    for file in 0..FILES {
        let path = unfinished.join(format!("events-{file}.json"));
        files.push(BufWriter::with_capacity(1 << 20, fs::File::create(path)?));
    }
    let mut first = 0;
    while first < count {
        let last = (first + BLOCK_EVENTS).min(count);
        let file = &mut files[(first / BLOCK_EVENTS % FILES) as usize];
        nexmark::write(&settings, Stream::All, first..last, encoder.as_mut(), file)?;
        first = last;
    }
    for mut file in files {
        file.flush()?;
    }
    Ok(fs::rename(&unfinished, folder)?)
}
