//! Rows as text: one JSON object a line, or an aligned table.

use std::io::{self, Write};

use arrow_array::{Array, RecordBatch};
use dataflow::{Chunk, EvaluationContext, Value};
use functions::CastMode;
use model::{DataType, Schema, TypeKind};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns for people.
    Table,
    /// One JSON object a line for programs: {"op":"+I","row":{...}}.
    Json,
}

/// Prints the rows of one result.
pub trait RowPrinter {
    fn print(&mut self, chunk: &Chunk) -> anyhow::Result<()>;

    /// Prints what the end of the rows allows.
    fn finish(&mut self) -> anyhow::Result<()>;
}

/// A printer of rows of `schema` onto `out`. Longer values than `width_max` are cut in tables.
pub fn printer<'a>(
    format: Format,
    schema: &Schema,
    width_max: usize,
    context: &'a EvaluationContext,
    out: &'a mut dyn Write,
) -> anyhow::Result<Box<dyn RowPrinter + 'a>> {
    Ok(match format {
        Format::Json => {
            let encoder = formats::json::RowEncoder::new(schema, formats::json::EncodeOptions::readable());
            Box::new(JsonPrinter {
                encoder,
                line: Vec::new(),
                out,
            })
        }
        Format::Table => Box::new(TablePrinter::new(schema, width_max, context, out)?),
    })
}

struct JsonPrinter<'a> {
    encoder: formats::json::RowEncoder,
    line: Vec<u8>,
    out: &'a mut dyn Write,
}

impl RowPrinter for JsonPrinter<'_> {
    fn print(&mut self, chunk: &Chunk) -> anyhow::Result<()> {
        self.line.clear();
        for row in 0..chunk.rows() {
            self.line.extend_from_slice(b"{\"op\":\"");
            self.line.extend_from_slice(chunk.kind(row).symbol().as_bytes());
            self.line.extend_from_slice(b"\",\"row\":");
            self.encoder.encode_row(&chunk.batch, row, &mut self.line)?;
            self.line.extend_from_slice(b"}\n");
        }
        self.out.write_all(&self.line)?;
        self.out.flush()?;
        Ok(())
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        Ok(self.out.flush()?)
    }
}

/// Characters that a column takes where the session says nothing.
pub const COLUMN_WIDTH_MAX: usize = 40;
/// How wide columns start out for values that are not there yet.
const COLUMN_WIDTH_MIN: usize = 4;

/// Rows below a header, each column as wide as the widest value seen so far.
struct TablePrinter<'a> {
    context: &'a EvaluationContext,
    out: &'a mut dyn Write,
    width_max: usize,
    columns: Vec<TableColumn>,
    header_printed: bool,
    rows: u64,
}

struct TableColumn {
    name: String,
    right_aligned: bool,
    width: usize,
    to_text: dataflow::BoundScalar,
}

impl<'a> TablePrinter<'a> {
    fn new(
        schema: &Schema,
        width_max: usize,
        context: &'a EvaluationContext,
        out: &'a mut dyn Write,
    ) -> anyhow::Result<TablePrinter<'a>> {
        let mut columns = Vec::new();
        for field in &schema.fields {
            let text = TypeKind::STRING.nullable();
            let to_text = functions::cast(&field.data_type, &text, CastMode::Explicit)
                .map_err(|error| anyhow::anyhow!("column '{}': {}", field.name, error.message))?;
            columns.push(TableColumn {
                name: field.name.clone(),
                right_aligned: field.data_type.kind.is_numeric(),
                width: display_width(&field.name)
                    .max(least_width(&field.data_type))
                    .min(width_max),
                to_text,
            });
        }
        Ok(TablePrinter {
            context,
            out,
            width_max,
            columns,
            header_printed: false,
            rows: 0,
        })
    }

    fn texts(&self, batch: &RecordBatch) -> anyhow::Result<Vec<Vec<String>>> {
        let mut texts = Vec::new();
        for (column, array) in self.columns.iter().zip(batch.columns()) {
            let value = column.to_text.function.evaluate(
                &[Value::Array(array.clone())],
                batch.num_rows(),
                self.context,
            )?;
            let strings = value.array();
            let strings = strings
                .as_any()
                .downcast_ref::<arrow_array::StringArray>()
                .ok_or_else(|| anyhow::anyhow!("a cast to STRING gave {}", strings.data_type()))?;
            let cells = (0..batch.num_rows()).map(|row| {
                let row = value.index(row);
                if strings.is_null(row) {
                    "<NULL>".to_string()
                } else {
                    cell(strings.value(row), self.width_max)
                }
            });
            texts.push(cells.collect());
        }
        Ok(texts)
    }

    fn print_header(&mut self) -> io::Result<()> {
        let mut header = String::from("op");
        let mut rule = String::from("--");
        for column in &self.columns {
            header.push_str("  ");
            header.push_str(&pad(
                &cell(&column.name, self.width_max),
                column.width,
                column.right_aligned,
            ));
            rule.push_str("  ");
            rule.push_str(&"-".repeat(column.width));
        }
        writeln!(self.out, "{}\n{rule}", header.trim_end())
    }
}

impl RowPrinter for TablePrinter<'_> {
    fn print(&mut self, chunk: &Chunk) -> anyhow::Result<()> {
        let texts = self.texts(&chunk.batch)?;
        for (column, cells) in self.columns.iter_mut().zip(&texts) {
            let widest = cells.iter().map(|text| display_width(text)).max().unwrap_or(0);
            column.width = column.width.max(widest);
        }
        if !self.header_printed {
            self.print_header()?;
            self.header_printed = true;
        }
        for row in 0..chunk.rows() {
            let mut line = String::from(chunk.kind(row).symbol());
            for (column, cells) in self.columns.iter().zip(&texts) {
                line.push_str("  ");
                line.push_str(&pad(&cells[row], column.width, column.right_aligned));
            }
            writeln!(self.out, "{}", line.trim_end())?;
        }
        self.rows += chunk.rows() as u64;
        self.out.flush()?;
        Ok(())
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        if !self.header_printed {
            self.print_header()?;
        }
        writeln!(
            self.out,
            "({} row{})",
            self.rows,
            if self.rows == 1 { "" } else { "s" }
        )?;
        Ok(self.out.flush()?)
    }
}

/// Columns whose values have a usual width start with it, so that a live table rarely shifts.
fn least_width(data_type: &DataType) -> usize {
    match data_type.kind {
        TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) => 19 + if p > 0 { 1 + p as usize } else { 0 },
        TypeKind::Date => 10,
        TypeKind::BigInt => 8,
        _ => COLUMN_WIDTH_MIN,
    }
}

/// The only value of a result, if it is a text that a table would spoil: one of several lines, or a long one.
pub fn long_text<'a>(schema: &Schema, rows: &'a RecordBatch) -> Option<&'a str> {
    let is_text = schema.len() == 1 && schema.fields[0].data_type.kind.is_string();
    if !is_text || rows.num_rows() != 1 {
        return None;
    }
    let texts = rows
        .column(0)
        .as_any()
        .downcast_ref::<arrow_array::StringArray>()?;
    let text = texts.is_valid(0).then(|| texts.value(0))?;
    (text.contains('\n') || display_width(text) > COLUMN_WIDTH_MAX).then_some(text)
}

/// One line of at most `width_max` columns on the screen; control characters become spaces.
fn cell(text: &str, width_max: usize) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if display_width(&clean) <= width_max {
        return clean;
    }
    let mut cut = String::new();
    let mut width = 1;
    for character in clean.chars() {
        width += character.width().unwrap_or(0);
        if width > width_max {
            break;
        }
        cut.push(character);
    }
    cut.push('…');
    cut
}

fn display_width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

fn pad(text: &str, width: usize, right_aligned: bool) -> String {
    let room = " ".repeat(width.saturating_sub(display_width(text)));
    if right_aligned {
        format!("{room}{text}")
    } else {
        format!("{text}{room}")
    }
}
