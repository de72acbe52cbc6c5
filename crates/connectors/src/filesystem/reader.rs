//! Reads the rows of a file or of a range of one.
//!
//! The position is the number of bytes whose rows were returned, so that reading resumes at the next record. A read
//! uses a bounded number of bytes, whatever is in them: where all records are passed over it comes back without
//! rows.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::SchemaRef;
use arrow_select::take::take;
use dataflow::format::DecodeError;
use dataflow::{
    CHUNK_BYTES_MAX, Chunk, Decoder, Error, OnUnreadable, Position, ReadOutcome, SplitReader, Unreadable,
};

use super::access::FileAccess;
use super::bytes::{self, Bytes};
use super::range::FileRange;
use crate::shown::shown;

/// Where a column of the result comes from.
#[derive(Debug, Clone)]
pub enum Column {
    /// A column of the decoder.
    Decoded(usize),
    /// The same value for all rows of the file: an array of length one.
    Constant(ArrayRef),
}

pub struct FileReader {
    range: FileRange,
    access: FileAccess,
    bytes: Bytes,
    decoder: Box<dyn Decoder>,
    schema: SchemaRef,
    columns: Vec<Column>,
    /// The constant columns repeated, as long as the longest batch so far.
    repeated: Vec<ArrayRef>,
    done: bool,
    on_unreadable: OnUnreadable,
    /// Records passed over that could not be read.
    unread: u64,
    /// Those that are kept.
    unreadable: Vec<Unreadable>,
}

impl FileReader {
    pub fn open(
        range: FileRange,
        position: Option<&Position>,
        decoder: Box<dyn Decoder>,
        schema: SchemaRef,
        columns: Vec<Column>,
        access: FileAccess,
        on_unreadable: OnUnreadable,
    ) -> Result<Self, Error> {
        let position = match position {
            None => None,
            Some(Position(bytes)) => Some(u64::from_le_bytes(bytes.as_slice().try_into().map_err(|_| {
                Error::internal(format!("a position in '{}' must have eight bytes", range.path))
            })?)),
        };
        Ok(FileReader {
            bytes: Bytes::open(&range, position, &access)?,
            range,
            access,
            decoder,
            schema,
            columns,
            repeated: Vec::new(),
            done: false,
            on_unreadable,
            unread: 0,
            unreadable: Vec::new(),
        })
    }

    /// Decodes until there are `rows_max` rows, enough bytes were used, or they have ended.
    fn decode(&mut self, rows_max: usize) -> Result<(), Error> {
        let began = self.bytes.position();
        while !self.done
            && self.decoder.rows() + self.unreadable.len() < rows_max
            && self.bytes.position() - began < CHUNK_BYTES_MAX as u64
        {
            let at_end = self.bytes.at_end();
            let held = self.bytes.held();
            if !held.is_empty() {
                // Records that could not be read count, too.
                let rows_max = rows_max - self.unreadable.len();
                let used = match self.decoder.decode_stream(held, at_end, rows_max) {
                    Ok(used) => used,
                    Err(error) => self.pass_over(error)?,
                };
                self.bytes.advance(used);
                if used > 0 {
                    continue;
                }
            }
            if at_end {
                // What a decoder leaves at the end holds no record.
                let rest = self.bytes.held().len();
                self.bytes.advance(rest);
                self.done = true;
            } else {
                self.bytes.fill()?;
            }
        }
        Ok(())
    }

    /// Does with a record that cannot be read what is asked. Returns how many bytes were used to its end.
    fn pass_over(&mut self, error: DecodeError) -> Result<usize, Error> {
        let record = match (&error.record, self.on_unreadable) {
            (None, _) | (_, OnUnreadable::Fail) => return Err(self.broken(error)),
            (Some(record), OnUnreadable::Skip) => {
                self.unread += 1;
                return Ok(record.end);
            }
            (Some(record), OnUnreadable::Keep) => record.clone(),
        };
        let bytes = &self.bytes.held()[record.clone()];
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let offset = self.bytes.position() + record.start as u64;
        self.unreadable.push(Unreadable {
            record: Some(bytes.to_vec()),
            error: error.message,
            split: self.range.path.clone(),
            offset: i64::try_from(offset).unwrap_or(i64::MAX),
        });
        Ok(record.end)
    }

    /// Names the place of a broken record and shows it. Counts lines, which is worth it only now.
    fn broken(&self, error: DecodeError) -> Error {
        let held = self.bytes.held();
        let at = error.offset.min(held.len());
        let start = held[..at]
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        let length = held[at..].iter().position(|&byte| byte == b'\n');
        let record = &held[start..length.map_or(held.len(), |length| at + length)];
        let position = self.bytes.position() + start as u64;
        let line = match self.range.start {
            0 => bytes::line_number(&self.range, position, &self.access).ok(),
            _ => None,
        };
        let place = match line {
            Some(line) => format!("{}:line {line}", self.range.path),
            None => format!("{}:byte {position}", self.range.path),
        };
        Error::Data {
            message: format!("{}: {}", error.message, shown(record)),
            place,
        }
    }

    fn assemble(&mut self, batch: RecordBatch) -> Result<RecordBatch, Error> {
        let rows = batch.num_rows();
        if self.repeated.first().is_none_or(|column| column.len() < rows) {
            let indices = UInt32Array::from(vec![0; rows]);
            self.repeated.clear();
            for column in &self.columns {
                if let Column::Constant(value) = column {
                    let repeated =
                        take(value, &indices, None).map_err(|error| Error::internal(error.to_string()))?;
                    self.repeated.push(repeated);
                }
            }
        }
        let mut constants = self.repeated.iter();
        let mut columns = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            match column {
                Column::Decoded(index) => columns.push(Arc::clone(batch.column(*index))),
                Column::Constant(_) => columns.extend(constants.next().map(|column| column.slice(0, rows))),
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|error| Error::internal(error.to_string()))
    }
}

impl SplitReader for FileReader {
    fn read(&mut self, rows_max: usize) -> Result<ReadOutcome, Error> {
        self.decode(rows_max.max(1))?;
        if self.decoder.rows() == 0 {
            return Ok(match self.done {
                true => ReadOutcome::End,
                false => ReadOutcome::Pending(Duration::ZERO),
            });
        }
        let Chunk { batch, kinds } = self.decoder.take_chunk()?;
        if batch.num_rows() == 0 {
            // All records were passed over.
            return Ok(ReadOutcome::Pending(Duration::ZERO));
        }
        let batch = self.assemble(batch)?;
        Ok(match kinds {
            None => ReadOutcome::Rows(batch),
            kinds => ReadOutcome::Changes(Chunk { batch, kinds }),
        })
    }

    fn skipped(&self) -> u64 {
        self.decoder.skipped() + self.unread
    }

    fn take_unreadable(&mut self) -> Vec<Unreadable> {
        std::mem::take(&mut self.unreadable)
    }

    fn position(&self) -> Position {
        Position(self.bytes.position().to_le_bytes().to_vec())
    }
}
