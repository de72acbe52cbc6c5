//! CSV records into columns.
//!
//! Fields are found by their place among the physical columns. Only wanted ones are looked at.

use arrow_array::RecordBatch;
use dataflow::format::DecodeError;
use dataflow::{Decoder, Error};
use model::{DataType, Schema, TypeKind};

use super::convert;
use super::scan::{Fault, Found, Grammar, Scanner, Stops};
use crate::column::{Column, Columns, List, Row};
use crate::utf8::Checked;

/// A record this long has surely lost its closing quote.
const RECORD_BYTES_MAX: usize = 256 << 20;

#[derive(Debug, Clone)]
pub struct Rules {
    pub grammar: Grammar,
    /// Between the elements of an array and the fields of a row.
    pub element_delimiter: Vec<u8>,
    pub null_literal: Option<Vec<u8>>,
    pub empty_is_null: bool,
    /// A value that cannot be converted is NULL.
    pub ignore_errors: bool,
    pub ignore_trailing: bool,
    pub allow_trailing_delimiter: bool,
    pub fail_on_missing: bool,
}

/// A wanted column: where its field stands and what it may hold.
#[derive(Debug)]
struct Wanted {
    field: usize,
    name: String,
    type_text: String,
    /// The fields of a row that are wanted: their places.
    inner: Vec<Wanted>,
    /// How many fields the row has in the data.
    inner_fields: usize,
}

impl Wanted {
    fn new(name: &str, data_type: &DataType, physical: Option<&DataType>, field: usize) -> Wanted {
        let (inner, inner_fields) = match (&data_type.kind, physical.map(|physical| &physical.kind)) {
            (TypeKind::Row(fields), Some(TypeKind::Row(all))) => {
                let inner = fields
                    .iter()
                    .map(|field| {
                        let place = all.iter().position(|other| other.name == field.name);
                        let place = place.unwrap_or(usize::MAX);
                        Wanted::new(&field.name, &field.data_type, None, place)
                    })
                    .collect();
                (inner, all.len())
            }
            _ => (Vec::new(), 0),
        };
        Wanted {
            field,
            name: name.to_string(),
            type_text: data_type.kind.to_string(),
            inner,
            inner_fields,
        }
    }
}

#[derive(Debug)]
pub struct CsvDecoder {
    rules: Rules,
    wanted: Vec<Wanted>,
    /// How many fields a record has.
    physical: usize,
    scanner: Scanner,
    columns: Columns,
    skipped: u64,
    started: bool,
}

impl CsvDecoder {
    pub fn new(schema: &Schema, physical: &Schema, rules: Rules) -> CsvDecoder {
        let wanted = schema.fields.iter().map(|field| {
            let place = physical.index_of(&field.name);
            let data_type = place.map(|place| &physical.fields[place].data_type);
            let place = place.unwrap_or(usize::MAX);
            Wanted::new(&field.name, &field.data_type, data_type, place)
        });
        CsvDecoder {
            wanted: wanted.collect(),
            physical: physical.len(),
            scanner: Scanner::new(rules.grammar),
            columns: Columns::new(schema),
            skipped: 0,
            started: false,
            rules,
        }
    }

    fn records(
        &mut self,
        bytes: &[u8],
        start: usize,
        end: bool,
        rows_max: usize,
        records_max: usize,
    ) -> Result<usize, DecodeError> {
        let mut stops = Stops::new(bytes, &self.rules.grammar);
        let mut checked = Checked::from(start);
        let mut at = start;
        let mut records = 0;
        while at < bytes.len() && self.columns.rows < rows_max && records < records_max {
            match self.scanner.record(&mut stops, at, end) {
                Found::Part if bytes.len() - at > RECORD_BYTES_MAX => {
                    return Err(DecodeError {
                        message: format!(
                            "a record is longer than {} MiB: is a quote not closed",
                            RECORD_BYTES_MAX >> 20
                        ),
                        offset: at,
                        record: None,
                    });
                }
                Found::Part => break,
                Found::Nothing { next } => at = next,
                Found::Record { next, fault } => {
                    records += 1;
                    let fault = fault.or_else(|| {
                        let offset = checked.fault(bytes, at, next)?;
                        Some(Fault {
                            offset,
                            message: "the record is not UTF-8".to_string(),
                        })
                    });
                    let outcome = match fault {
                        Some(fault) => Err(fault),
                        None => self.row(bytes, at),
                    };
                    if let Err(fault) = outcome {
                        self.columns.roll_back();
                        if !self.rules.ignore_errors {
                            return Err(DecodeError {
                                message: fault.message,
                                offset: fault.offset,
                                record: Some(at..next),
                            });
                        }
                        self.skipped += 1;
                    }
                    at = next;
                }
            }
        }
        Ok(at)
    }

    /// Makes the fields that the scanner holds a row.
    fn row(&mut self, bytes: &[u8], at: usize) -> Result<(), Fault> {
        let fields = self.scanner.len();
        let fault = |message: String| Fault { offset: at, message };
        if fields > self.physical && !self.rules.ignore_trailing {
            let trailing = fields == self.physical + 1
                && self.rules.allow_trailing_delimiter
                && self.scanner.field(bytes, self.physical).is_empty();
            if !trailing {
                return Err(fault(wrong_length(fields, self.physical)));
            }
        }
        if fields < self.physical && self.rules.fail_on_missing {
            return Err(fault(wrong_length(fields, self.physical)));
        }
        // As in Flink, which compares with the columns wanted: a projection may make a short record long enough.
        if fields < self.wanted.len() && !self.rules.ignore_errors {
            return Err(fault(wrong_length(fields, self.physical)));
        }
        let row = self.columns.rows;
        for (wanted, column) in self.wanted.iter().zip(&mut self.columns.fields) {
            if wanted.field >= fields {
                column.push_null();
                continue;
            }
            let text = self.scanner.field(bytes, wanted.field);
            if let Err(message) = value(&self.rules, wanted, column, text) {
                if !self.rules.ignore_errors {
                    return Err(fault(message));
                }
                column.truncate(row);
                column.push_null();
            }
        }
        self.columns.rows += 1;
        Ok(())
    }
}

fn wrong_length(fields: usize, physical: usize) -> String {
    format!("a record must have {physical} fields, got {fields}")
}

#[inline(always)]
fn value(rules: &Rules, wanted: &Wanted, column: &mut Column, text: &[u8]) -> Result<(), String> {
    match column {
        Column::Array(column) => list(rules, wanted, column, text),
        Column::Row(_) if text.is_empty() => {
            column.push_null();
            Ok(())
        }
        Column::Row(column) => row(rules, wanted, column, text),
        _ => scalar(rules, column, text).map_err(|()| wrong_value(&wanted.name, &wanted.type_text, text)),
    }
}

#[cold]
fn wrong_value(name: &str, type_text: &str, text: &[u8]) -> String {
    let advice = match text.eq_ignore_ascii_case(name.as_bytes()) {
        true => "; if this is a line of names, take it off",
        false => "",
    };
    format!(
        "field '{name}' must be {type_text}, got {}{advice}",
        crate::quote(text)
    )
}

#[inline(always)]
fn scalar(rules: &Rules, column: &mut Column, text: &[u8]) -> Result<(), ()> {
    let null = rules.null_literal.as_deref() == Some(text) || (rules.empty_is_null && text.is_empty());
    if null {
        column.push_null();
    } else if !convert::push(column, text) {
        return Err(());
    }
    Ok(())
}

/// The parts of a field between delimiters; none of an empty field.
fn parts<'a>(rules: &'a Rules, text: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let delimiter = rules.element_delimiter.as_slice();
    let mut rest = (!text.is_empty()).then_some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let part = match memchr::memmem::find(text, delimiter) {
            Some(at) if !delimiter.is_empty() => {
                rest = Some(&text[at + delimiter.len()..]);
                &text[..at]
            }
            _ => {
                rest = None;
                text
            }
        };
        Some(if rules.grammar.trim {
            crate::text::java_trim(part)
        } else {
            part
        })
    })
}

fn list(rules: &Rules, wanted: &Wanted, column: &mut List, text: &[u8]) -> Result<(), String> {
    for part in parts(rules, text) {
        if scalar(rules, &mut column.elements, part).is_err() {
            if !rules.ignore_errors {
                return Err(wrong_value(&wanted.name, &wanted.type_text, text));
            }
            column.elements.push_null();
        }
    }
    column.ends.push(column.elements.len());
    Ok(())
}

fn row(rules: &Rules, wanted: &Wanted, column: &mut Row, text: &[u8]) -> Result<(), String> {
    let length = parts(rules, text).count();
    if length < wanted.inner_fields && !rules.ignore_errors {
        return Err(format!(
            "field '{}' must have {} parts, got {length}",
            wanted.name, wanted.inner_fields
        ));
    }
    for (inner, field) in wanted.inner.iter().zip(&mut column.fields) {
        let Some(part) = parts(rules, text).nth(inner.field) else {
            field.push_null();
            continue;
        };
        if scalar(rules, field, part).is_err() {
            if !rules.ignore_errors {
                let name = format!("{}.{}", wanted.name, inner.name);
                return Err(wrong_value(&name, &inner.type_text, part));
            }
            field.push_null();
        }
    }
    column.close();
    Ok(())
}

impl Decoder for CsvDecoder {
    fn decode_stream(&mut self, bytes: &[u8], end: bool, rows_max: usize) -> Result<usize, DecodeError> {
        const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];
        let mut start = 0;
        if !self.started {
            if !end && bytes.len() < 3 && BYTE_ORDER_MARK.starts_with(bytes) {
                return Ok(0);
            }
            if bytes.starts_with(BYTE_ORDER_MARK) {
                start = 3;
            }
            self.started = true;
        }
        self.records(bytes, start, end, rows_max, usize::MAX)
    }

    /// Reads the first record of the message; what follows it is not looked at, as in Flink.
    fn decode_message(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        let (rows, skipped) = (self.columns.rows, self.skipped);
        self.records(message, 0, true, usize::MAX, 1)?;
        if self.columns.rows == rows && self.skipped == skipped {
            if !self.rules.ignore_errors {
                return Err(DecodeError {
                    message: "the message holds no record".to_string(),
                    offset: 0,
                    record: Some(0..message.len()),
                });
            }
            self.skipped += 1;
        }
        Ok(())
    }

    fn rows(&self) -> usize {
        self.columns.rows
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }

    fn take(&mut self) -> Result<RecordBatch, Error> {
        self.columns.take()
    }
}
