//! A case: a `.sql` file, and beside it the rows that real Flink gave (`.rows`). Where Oceanus departs from Flink,
//! `departures.txt` says why, and `.ours` keeps what Oceanus gives.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Case {
    /// `windows/tumble`, without the ending.
    pub name: String,
    pub text: String,
    /// What Flink gave.
    pub flink: Outcome,
    /// What Oceanus gives where that is something else.
    pub ours: Option<Outcome>,
}

/// What a case gives: rows of the statements that have some, and the statement that fails, if one does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// By number of the statement, counted from one; rows in the order of their text.
    pub rows: BTreeMap<usize, Vec<String>>,
    /// The number of the statement, and the kind: `parse`, `validation` or `runtime`.
    pub error: Option<(usize, String)>,
}

/// `tests/sql`
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sql")
}

/// All cases, in the order of their names.
pub fn all() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for topic in std::fs::read_dir(folder())? {
        let topic = topic?.path();
        if !topic.is_dir() || topic.file_name().is_some_and(|name| name == "data") {
            continue;
        }
        for file in std::fs::read_dir(&topic)? {
            let file = file?.path();
            if file.extension().is_some_and(|ending| ending == "sql") {
                cases.push(read(&file)?);
            }
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

fn read(file: &Path) -> Result<Case> {
    let name = file
        .strip_prefix(folder())?
        .with_extension("")
        .display()
        .to_string();
    let text = std::fs::read_to_string(file)?;
    let rows = file.with_extension("rows");
    let recorded =
        std::fs::read_to_string(&rows).with_context(|| format!("{} is missing", rows.display()))?;
    let flink = parse(&recorded).with_context(|| name.clone())?;
    let departure = file.with_extension("ours");
    let ours = if departure.exists() {
        Some(parse(&std::fs::read_to_string(departure)?).with_context(|| name.clone())?)
    } else {
        None
    };
    Ok(Case {
        name,
        text,
        flink,
        ours,
    })
}

/// Cases that give something else than on Flink, with the reason: lines of `name: reason`.
pub fn departures() -> Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(folder().join("departures.txt"))?;
    let mut departures = BTreeMap::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (name, reason) = line
            .split_once(": ")
            .with_context(|| format!("no reason in '{line}'"))?;
        departures.insert(name.to_string(), reason.to_string());
    }
    Ok(departures)
}

/// Keeps what Oceanus gives for a case that departs from Flink.
pub fn record(case: &Case, outcome: &Outcome) -> Result<()> {
    let mut text = String::new();
    for (number, rows) in &outcome.rows {
        writeln!(text, "-- statement {number}")?;
        for row in rows {
            writeln!(text, "{row}")?;
        }
    }
    if let Some((number, kind)) = &outcome.error {
        writeln!(text, "-- error {number} {kind}")?;
    }
    std::fs::write(folder().join(format!("{}.ours", case.name)), text)?;
    Ok(())
}

fn parse(text: &str) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut current = None;
    for line in text.lines() {
        if let Some(number) = line.strip_prefix("-- statement ") {
            let number = number.trim().parse()?;
            current = Some(number);
            outcome.rows.insert(number, Vec::new());
        } else if let Some(error) = line.strip_prefix("-- error ") {
            let (number, kind) = error.trim().split_once(' ').context("an error without a kind")?;
            outcome.error = Some((number.parse()?, kind.to_string()));
            current = None;
        } else if let (Some(number), true) = (current, line.starts_with('{')) {
            outcome.rows.entry(number).or_default().push(normal(line)?);
        } else if !line.starts_with('#') && !line.trim().is_empty() {
            bail!("unexpected line '{line}'");
        }
    }
    outcome.rows.values_mut().for_each(|rows| rows.sort_unstable());
    Ok(outcome)
}

/// A row with the keys of its maps in order, so that only their content counts. Numbers keep their text.
pub fn normal(row: &str) -> Result<String> {
    let mut value: Value = serde_json::from_str(row).with_context(|| format!("no JSON: {row}"))?;
    // The columns themselves keep their order.
    if let Some(columns) = value.get_mut("row").and_then(Value::as_object_mut) {
        columns.values_mut().for_each(sort_keys);
    }
    Ok(value.to_string())
}

fn sort_keys(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(sort_keys);
            object.sort_keys();
        }
        Value::Array(values) => values.iter_mut().for_each(sort_keys),
        _ => {}
    }
}
