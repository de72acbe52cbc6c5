//! Jobs: listed, checked, tried out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::access::Access;
use super::failure::{EXIT_FAILED, EXIT_WRONG_INPUT, Failure, Found, Result, Texts};
use super::http::{Ask, read_as};
use super::names::cell;
use super::show::{self, Show, Table};

/// A column of rows that come and go is at most so wide.
const COLUMN_WIDTH_MAX: usize = 40;

#[derive(Debug, clap::Args)]
pub struct List {
    /// Only those with this in their name.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct Validate {
    /// A file of SQL statements, or `-` for standard input.
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct Preview {
    /// A file of SQL statements, or `-` for standard input.
    file: PathBuf,
    /// How many rows at most.
    #[arg(long, default_value_t = 100, value_name = "N")]
    rows: u64,
}

impl List {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let mut ask = Ask::get(access.in_workspace(&["drafts"])?);
        if let Some(search) = self.search {
            ask = ask.query("q", search);
        }
        let drafts = access.server.all(ask)?;
        let deployments = access
            .server
            .all(Ask::get(access.in_workspace(&["deployments"])?))?;
        let mut of_draft: HashMap<&str, Vec<String>> = HashMap::new();
        for deployment in &deployments {
            let shown = format!("{} ({})", cell(&deployment["name"]), cell(&deployment["phase"]));
            of_draft
                .entry(deployment["draft_id"].as_str().unwrap_or_default())
                .or_default()
                .push(shown);
        }
        let mut table = Table::new(&["name", "deployments", "changed", "by"]);
        for draft in &drafts {
            let id = draft["id"].as_str().unwrap_or_default();
            table.row([
                cell(&draft["name"]),
                of_draft
                    .get(id)
                    .map(|deployments| deployments.join(", "))
                    .unwrap_or_default(),
                show::time(&cell(&draft["updated_at"])),
                cell(&draft["updated_by"]),
            ]);
        }
        show.list(&table, &drafts)
    }
}

impl Validate {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let (name, text) = read(&self.file)?;
        let texts = Texts::one(&name, &text);
        let ask = Ask::post(
            access.in_workspace(&["validate"])?,
            json!({ "sql": text, "settings": {} }),
        );
        let report = access
            .server
            .ask(ask)
            .map_err(|failure| failure.about(|| texts.clone()))?;
        let found: Vec<Found> = read_as(report["diagnostics"].clone())?;
        let is_wrong = found.iter().any(Found::is_error);
        if show.is_json() {
            show.json(&report)?;
        } else {
            for found in &found {
                crate::run::complain(&found.render(&texts));
            }
            if !is_wrong {
                let statements = report["statements"].as_array().map_or(0, Vec::len);
                show.text(&format!(
                    "{name}: {} in order\n",
                    show::count(statements, "statement")
                ))?;
            }
        }
        match is_wrong {
            true => Err(Failure::Told {
                code: EXIT_WRONG_INPUT,
            }),
            false => Ok(()),
        }
    }
}

impl Preview {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let (name, text) = read(&self.file)?;
        let texts = Texts::one(&name, &text);
        let body = json!({ "sql": text, "settings": {}, "rows_max": self.rows });
        let ask = Ask::post(access.in_workspace(&["preview"])?, body);
        let events = access
            .server
            .events(ask)
            .map_err(|failure| failure.about(|| texts.clone()))?;
        let mut rows = Rows::default();
        for event in events {
            let event = event.map_err(|error| Failure::Unavailable {
                message: format!("the preview broke off: {error}"),
                hint: None,
            })?;
            let data: Value = serde_json::from_str(&event.data)
                .map_err(|error| Failure::local("the server's answer is not understood", error))?;
            match event.name.as_str() {
                "schema" => rows.columns(&data["columns"]),
                "rows" => rows.print(data["rows"].as_array().map_or(&[], Vec::as_slice), show)?,
                "end" => {
                    if !show.is_json() {
                        let why = match data["reason"].as_str() {
                            Some("limit") => "; there are more",
                            Some("time") => "; the time is over",
                            _ => "",
                        };
                        show.text(&format!("({}{why})\n", show::count(rows.count, "row")))?;
                    }
                    return Ok(());
                }
                "failed" => {
                    let found: Vec<Found> = read_as(data["diagnostics"].clone())?;
                    let shown: String = found.iter().map(|found| found.render(&texts)).collect();
                    crate::run::complain(&shown);
                    let is_runtime = found.iter().any(|found| found.kind.as_deref() == Some("runtime"));
                    return Err(Failure::Told {
                        code: if is_runtime { EXIT_FAILED } else { EXIT_WRONG_INPUT },
                    });
                }
                // Statistics are for those who draw them.
                _ => {}
            }
        }
        Err(Failure::Unavailable {
            message: "the preview ended without a word".to_string(),
            hint: None,
        })
    }
}

/// Rows as they come, below headings that are as wide as the widest value so far.
#[derive(Default)]
struct Rows {
    columns: Vec<(String, usize)>,
    has_headings: bool,
    count: usize,
}

impl Rows {
    fn columns(&mut self, columns: &Value) {
        let names = columns
            .as_array()
            .into_iter()
            .flatten()
            .map(|column| cell(&column["name"]));
        self.columns = names.map(|name| (name.clone(), width(&name))).collect();
    }

    fn print(&mut self, rows: &[Value], show: &mut Show<'_>) -> Result<()> {
        self.count += rows.len();
        if show.is_json() {
            for row in rows {
                show.json_line(row)?;
            }
            return Ok(());
        }
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                let names = self.columns.iter();
                names
                    .map(|(name, _)| short(&value_text(&row["row"][name.as_str()])))
                    .collect()
            })
            .collect();
        for row in &cells {
            for (column, cell) in self.columns.iter_mut().zip(row) {
                column.1 = column.1.max(width(cell)).min(COLUMN_WIDTH_MAX);
            }
        }
        let mut text = String::new();
        if !self.has_headings {
            self.has_headings = true;
            let headings: Vec<String> = self.columns.iter().map(|(name, _)| short(name)).collect();
            text.push_str(&self.line("op", &headings));
        }
        for (row, cells) in rows.iter().zip(&cells) {
            text.push_str(&self.line(row["op"].as_str().unwrap_or("+I"), cells));
        }
        show.text(&text)
    }

    fn line(&self, op: &str, cells: &[String]) -> String {
        let mut line = op.to_string();
        for ((_, column_width), cell) in self.columns.iter().zip(cells) {
            let room = column_width.saturating_sub(width(cell));
            line.push_str(&format!("  {cell}{}", " ".repeat(room)));
        }
        format!("{}\n", line.trim_end())
    }
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "<NULL>".to_string(),
        other => show::clean(&cell(other)),
    }
}

fn short(text: &str) -> String {
    let mut short = String::new();
    for character in text.chars() {
        if width(&short) + 2 > COLUMN_WIDTH_MAX {
            short.push('…');
            break;
        }
        short.push(character);
    }
    short
}

fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// The name of a file for messages, and its text.
pub fn read(file: &Path) -> Result<(String, String)> {
    if file == Path::new("-") {
        let text = std::io::read_to_string(std::io::stdin());
        let text = text.map_err(|error| Failure::wrong(format!("<stdin>: {error}")))?;
        return Ok(("<stdin>".to_string(), text));
    }
    let name = file.display().to_string();
    match std::fs::read_to_string(file) {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(Failure::wrong(format!("{name}: {error}"))),
    }
}
