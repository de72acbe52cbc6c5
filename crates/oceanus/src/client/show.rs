//! What commands print: aligned tables for people, the server's JSON for programs.

use std::io::{self, Write};

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::failure::{Failure, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns for people.
    #[default]
    Table,
    /// JSON for programs; what goes on and on is one object a line.
    Json,
}

/// Standard output, in the form that was asked for.
pub struct Show<'a> {
    pub format: Format,
    out: &'a mut dyn Write,
}

impl<'a> Show<'a> {
    pub fn new(format: Format, out: &'a mut dyn Write) -> Show<'a> {
        Show { format, out }
    }

    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// A table, or the values that it was made of.
    pub fn list(&mut self, table: &Table, values: &[Value]) -> Result<()> {
        match self.format {
            Format::Table => self.text(&table.render()),
            Format::Json => self.json(&Value::Array(values.to_vec())),
        }
    }

    /// Text for people, or the value that it tells of.
    pub fn one(&mut self, text: &str, value: &Value) -> Result<()> {
        match self.format {
            Format::Table => self.text(text),
            Format::Json => self.json(value),
        }
    }

    pub fn text(&mut self, text: &str) -> Result<()> {
        self.write(text.as_bytes())
    }

    pub fn json(&mut self, value: &Value) -> Result<()> {
        self.write(format!("{value:#}\n").as_bytes())
    }

    /// One of many objects.
    pub fn json_line(&mut self, value: &Value) -> Result<()> {
        self.write(format!("{value}\n").as_bytes())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.out.write_all(bytes).and_then(|()| self.out.flush());
        written.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ReaderLeft,
            _ => Failure::local("cannot write to standard output", error),
        })
    }
}

/// Cells below headings. A heading that begins with `#` has numbers below it, aligned to the right.
#[derive(Debug)]
pub struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(headings: &[&'static str]) -> Table {
        Table {
            headings: headings.to_vec(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().map(|cell| clean(&cell)).collect();
        debug_assert_eq!(cells.len(), self.headings.len());
        self.rows.push(cells);
    }

    pub fn render(&self) -> String {
        let headings: Vec<String> = self
            .headings
            .iter()
            .map(|heading| heading.trim_start_matches('#').to_uppercase())
            .collect();
        let widths: Vec<usize> = (0..headings.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| row[column].width());
                cells.chain([headings[column].width()]).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for row in std::iter::once(&headings).chain(&self.rows) {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let room = " ".repeat(widths[column].saturating_sub(cell.width()));
                if column > 0 {
                    line.push_str("  ");
                }
                match self.headings[column].starts_with('#') {
                    true => line.extend([room.as_str(), cell]),
                    false => line.extend([cell, room.as_str()]),
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Names and values below each other; values that are empty are left out.
pub fn pairs(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let shown = pairs.iter().filter(|(_, value)| !value.is_empty());
    shown
        .map(|(name, value)| format!("{name:width$}  {}\n", clean(value)))
        .collect()
}

/// One line that cannot steer a terminal.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect()
}

/// `2026-11-29T09:00:00.000Z` as `2026-11-29 09:00:00`.
pub fn time(text: &str) -> String {
    let whole = text.split(['.', 'Z']).next().unwrap_or(text);
    whole.replacen('T', " ", 1)
}

pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if amount < 1024.0 {
            break;
        }
        amount /= 1024.0;
        unit = next;
    }
    format!("{amount:.1} {unit}")
}

/// `1 job`, `2 jobs`.
pub fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_control_characters_do_no_harm() {
        let mut table = Table::new(&["name", "#rows", "state"]);
        table.row(["größe".to_string(), "7".to_string(), "running".to_string()]);
        table.row(["a\x1b[2J".to_string(), "12345".to_string(), String::new()]);
        assert_eq!(
            table.render(),
            "NAME    ROWS  STATE\ngröße      7  running\na [2J  12345\n"
        );
    }

    #[test]
    fn amounts_and_times_are_short() {
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(12 << 30), "12.0 GiB");
        assert_eq!(time("2026-11-29T09:00:00.123Z"), "2026-11-29 09:00:00");
        assert_eq!(count(1, "job"), "1 job");
        assert_eq!(count(0, "job"), "0 jobs");
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let text = pairs(&[
            ("name", "a".to_string()),
            ("failure", String::new()),
            ("phase", "running".to_string()),
        ]);
        assert_eq!(text, "name     a\nphase    running\n");
    }
}
