//! The queries: files in `bench/nexmark/`, the same text for both engines.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

pub const NAMES: [&str; 25] = [
    "q0",
    "q1",
    "q2",
    "q3",
    "q4",
    "q5",
    "q7",
    "q8",
    "q9",
    "q10",
    "q11",
    "q12",
    "q13",
    "q14",
    "q15",
    "q16",
    "q17",
    "q18",
    "q19",
    "q20",
    "q21",
    "q22",
    "q23",
    "window_max",
    "distinct",
];

/// Those with operators that Flink can run in mini-batches.
pub const MINI_BATCHED: [&str; 10] = ["q3", "q4", "q7", "q9", "q15", "q16", "q17", "q18", "q20", "q23"];

/// Where a query's rows go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinkTo {
    /// Nowhere; those of a query that is about writing files, to CSV files.
    Blackhole,
    /// Files with changes in Debezium's JSON.
    Changes,
}

/// What a query's text names.
pub struct Paths<'a> {
    pub events: &'a Path,
    pub side_input: &'a Path,
    /// The folder for files that it writes.
    pub rows: &'a Path,
}

/// The whole script of a query: tables, sink, insert.
pub fn script(folder: &Path, name: &str, paths: &Paths<'_>, sink: SinkTo) -> Result<String> {
    let read = |file: String| {
        let path = folder.join(&file);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let files = |format| {
        let path = paths.rows.display();
        format!("'connector' = 'filesystem', 'path' = '{path}', 'format' = '{format}'")
    };
    let (sink, files) = match sink {
        SinkTo::Blackhole => ("'connector' = 'blackhole'".to_string(), files("csv")),
        SinkTo::Changes => (files("debezium-json"), files("debezium-json")),
    };
    let text = read("tables.sql".to_string())? + "\n" + &read(format!("{name}.sql"))?;
    Ok(text
        .replace("${events}", &paths.events.display().to_string())
        .replace("${side_input}", &paths.side_input.display().to_string())
        .replace("${files}", &files)
        .replace("${sink}", &sink))
}

/// The statements of a script, for an engine that wants them one by one. The queries hold no `;` in strings.
pub fn statements(script: &str) -> Vec<String> {
    let without_comments: Vec<&str> = script.lines().filter(|line| !line.starts_with("--")).collect();
    let text = without_comments.join("\n");
    text.split(';')
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_string)
        .collect()
}
