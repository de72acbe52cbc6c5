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

/// What the text of a query leaves open.
#[derive(Debug)]
pub struct Tables {
    /// Options of the table of events.
    pub events: String,
    /// The file of the side input.
    pub side_input: String,
    /// Options of the table that the rows go to.
    pub sink: String,
    /// The same, for a query that is about writing files.
    pub files: String,
}

/// The options of files below a folder.
pub fn files(folder: &Path, format: &str) -> String {
    format!(
        "'connector' = 'filesystem', 'path' = '{}', 'format' = '{format}'",
        folder.display()
    )
}

/// The whole script of a query: tables, sink, insert.
pub fn script(folder: &Path, name: &str, tables: &Tables) -> Result<String> {
    let read = |file: String| {
        let path = folder.join(&file);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let text = read("tables.sql".to_string())? + "\n" + &read(format!("{name}.sql"))?;
    Ok(text
        .replace("${events}", &tables.events)
        .replace("${side_input}", &tables.side_input)
        .replace("${files}", &tables.files)
        .replace("${sink}", &tables.sink))
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
