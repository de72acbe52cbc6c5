//! Messages of a partition to rows: keys and values decoded, metadata beside them.
//!
//! A row comes of a message, of one row of its key and of one of its value. A tombstone has no value: in a table of
//! upserts it deletes what its key names, elsewhere the format decides, and most have no row for it.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_select::concat::concat_batches;
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use dataflow::format::DecodeError;
use dataflow::{Chunk, Decoder, Error, OnUnreadable, Unreadable};
use model::RowKind;

use super::client::{Message, TopicPartition};
use super::layout::{Column, Layout};
use crate::shown::shown;

/// The rows that are held, of messages in their order.
pub struct Rows {
    layout: Arc<Layout>,
    place: TopicPartition,
    value: Box<dyn Decoder>,
    key: Option<Box<dyn Decoder>>,
    /// Values are all there is to a row: the decoder's batch is the result.
    is_plain: bool,
    takes_each: bool,
    /// Those that have rows, where anything but values is wanted of them.
    messages: Vec<Message>,
    joined: Vec<Joined>,
    taken: Vec<Chunk>,
    taken_rows: usize,
    keyless: u64,
    /// Messages passed over that could not be read.
    unread: u64,
    /// Those that are kept.
    unreadable: Vec<Unreadable>,
    /// Of the messages pushed since the last take.
    offsets: std::ops::Range<i64>,
}

/// Where the parts of a row stand.
#[derive(Debug, Clone, Copy)]
struct Joined {
    message: u32,
    key: u32,
    /// `None` for a tombstone.
    value: Option<u32>,
}

impl Rows {
    pub fn new(
        layout: &Arc<Layout>,
        place: &TopicPartition,
        value: Box<dyn Decoder>,
        key: Option<Box<dyn Decoder>>,
    ) -> Rows {
        let is_plain = key.is_none()
            && !layout.upsert
            && layout
                .columns
                .iter()
                .all(|column| matches!(column, Column::Value(_)));
        Rows {
            layout: Arc::clone(layout),
            place: place.clone(),
            value,
            key,
            is_plain,
            // Such a format says how many rows a message has only when they are taken.
            takes_each: !is_plain && !layout.fields.value.format.reads().is_insert_only(),
            messages: Vec::new(),
            joined: Vec::new(),
            taken: Vec::new(),
            taken_rows: 0,
            keyless: 0,
            unread: 0,
            unreadable: Vec::new(),
            offsets: 0..0,
        }
    }

    /// Rows held, or about so many, and messages that could not be read.
    pub fn len(&self) -> usize {
        let rows = match self.is_plain {
            true => self.value.rows(),
            false => self.joined.len(),
        };
        rows + self.unreadable.len()
    }

    /// Records passed over: because the options say so, or for want of a key.
    pub fn skipped(&self) -> u64 {
        let by_formats = self.value.skipped() + self.key.as_ref().map_or(0, |key| key.skipped());
        by_formats + self.keyless + self.unread
    }

    pub fn take_unreadable(&mut self) -> Vec<Unreadable> {
        std::mem::take(&mut self.unreadable)
    }

    pub fn push(&mut self, message: Message) -> Result<(), Error> {
        let offset = message.offset();
        if self.offsets.is_empty() {
            self.offsets.start = offset;
        }
        self.offsets.end = offset + 1;
        if self.is_plain {
            return match decode(&mut *self.value, message.value()) {
                Ok(()) => Ok(()),
                Err(error) => self.broken(error, "value", message.value(), offset),
            };
        }
        self.join(message)
    }

    fn join(&mut self, message: Message) -> Result<(), Error> {
        let offset = message.offset();
        let mut keys = 0..1;
        if let Some(key) = &mut self.key {
            keys.start = key.rows();
            if let Err(error) = decode(&mut **key, message.key()) {
                return self.broken(error, "key", message.key(), offset);
            }
            keys.end = key.rows();
            // As in Flink: a row needs its key.
            if keys.is_empty() {
                self.keyless += u64::from(message.key().is_none());
                return Ok(());
            }
        }
        let index = narrow(self.messages.len());
        let add = |joined: &mut Vec<Joined>, value| {
            for key in keys.clone() {
                joined.push(Joined {
                    message: index,
                    key: narrow(key),
                    value,
                });
            }
        };
        if self.layout.upsert && message.value().is_none() {
            add(&mut self.joined, None);
        } else {
            let before = self.value_rows();
            if let Err(error) = decode(&mut *self.value, message.value()) {
                return self.broken(error, "value", message.value(), offset);
            }
            if self.takes_each {
                let chunk = self.value.take_chunk().map_err(|error| self.place_of(error))?;
                self.taken_rows += chunk.rows();
                self.taken.push(chunk);
            }
            for row in before..self.value_rows() {
                add(&mut self.joined, Some(narrow(row)));
            }
        }
        self.messages.push(message);
        Ok(())
    }

    /// Rows of values so far.
    fn value_rows(&self) -> usize {
        match self.takes_each {
            true => self.taken_rows,
            false => self.value.rows(),
        }
    }

    /// What becomes of a message whose key or value cannot be read.
    fn broken(
        &mut self,
        error: DecodeError,
        what: &str,
        bytes: Option<&[u8]>,
        offset: i64,
    ) -> Result<(), Error> {
        let place = || self.place_at(&format!("offset {offset}"));
        if error.record.is_none() {
            // It is not the message's fault.
            return Err(Error::Data {
                message: error.message,
                place: place(),
            });
        }
        match self.layout.on_unreadable {
            OnUnreadable::Fail => Err(Error::Data {
                message: format!("{}: {what} {}", error.message, shown(bytes.unwrap_or_default())),
                place: place(),
            }),
            OnUnreadable::Skip => {
                self.unread += 1;
                Ok(())
            }
            OnUnreadable::Keep => {
                self.unreadable.push(Unreadable {
                    record: bytes.map(<[u8]>::to_vec),
                    error: format!("{what}: {}", error.message),
                    split: self.place.to_string(),
                    offset,
                });
                Ok(())
            }
        }
    }

    fn place_at(&self, offset: &str) -> String {
        let TopicPartition { topic, partition } = &self.place;
        format!("topic '{topic}', partition {partition}, {offset}")
    }

    /// What is found out only when rows are taken is told with the messages that they are of.
    fn place_of(&self, error: Error) -> Error {
        let Error::Evaluation { message, call: None } = error else {
            return error;
        };
        let last = self.offsets.end - 1;
        let offsets = match self.offsets.start == last || self.takes_each {
            true => format!("offset {last}"),
            false => format!("offsets {} to {last}", self.offsets.start),
        };
        Error::Data {
            message,
            place: self.place_at(&offsets),
        }
    }

    /// Hands out the rows held, and forgets the messages.
    pub fn take(&mut self) -> Result<Chunk, Error> {
        let chunk = if self.is_plain {
            self.value.take_chunk().map_err(|error| self.place_of(error))
        } else {
            self.assemble()
        };
        self.offsets = 0..0;
        self.messages.clear();
        self.joined.clear();
        chunk
    }

    fn assemble(&mut self) -> Result<Chunk, Error> {
        let keys = match &mut self.key {
            Some(key) => Some(key.take()?),
            None => None,
        };
        let (values, kinds) = self.values()?;
        let rows = self.joined.len();
        let messages: UInt32Array = self.joined.iter().map(|row| Some(row.message)).collect();
        let key_rows: UInt32Array = self.joined.iter().map(|row| Some(row.key)).collect();
        let value_rows: UInt32Array = self.joined.iter().map(|row| row.value).collect();
        let key_column = |index: usize| -> Result<&ArrayRef, Error> {
            let keys = keys
                .as_ref()
                .ok_or_else(|| Error::internal("no key is decoded"))?;
            Ok(keys.column(index))
        };
        let mut columns = Vec::with_capacity(self.layout.columns.len());
        for column in &self.layout.columns {
            columns.push(match column {
                Column::Key(index) => chosen(key_column(*index)?, &key_rows)?,
                Column::Value(index) => chosen(values.column(*index), &value_rows)?,
                Column::Either { key, value } => {
                    let sources = [values.column(*value).as_ref(), key_column(*key)?.as_ref()];
                    let places = self.joined.iter().map(|row| match row.value {
                        Some(value) => (0, value as usize),
                        None => (1, row.key as usize),
                    });
                    interleave(&sources, &places.collect::<Vec<_>>()).map_err(arrow_fault)?
                }
                Column::Metadata(key, data_type) => {
                    chosen(&key.array(data_type, &self.place, &self.messages)?, &messages)?
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.layout.schema), columns, &options)
            .map_err(arrow_fault)?;
        let kinds: Option<Arc<[RowKind]>> = match (self.layout.upsert, kinds) {
            (true, _) => {
                let kind = |row: &Joined| match row.value {
                    Some(_) => RowKind::UpdateAfter,
                    None => RowKind::Delete,
                };
                Some(self.joined.iter().map(kind).collect())
            }
            (false, Some(kinds)) => {
                let kind = |row: &Joined| {
                    let place = row.value.and_then(|value| kinds.get(value as usize));
                    place.copied().unwrap_or(RowKind::Insert)
                };
                Some(self.joined.iter().map(kind).collect())
            }
            (false, None) => None,
        };
        Ok(Chunk { batch, kinds })
    }

    /// All values, and their kinds if the format tells any.
    fn values(&mut self) -> Result<(RecordBatch, Option<Vec<RowKind>>), Error> {
        if !self.takes_each {
            return Ok((self.value.take()?, None));
        }
        let taken = std::mem::take(&mut self.taken);
        self.taken_rows = 0;
        let kinds = taken
            .iter()
            .flat_map(|chunk| (0..chunk.rows()).map(|row| chunk.kind(row)))
            .collect();
        let batches = taken.iter().map(|chunk| &chunk.batch);
        let values = concat_batches(&self.layout.value.arrow(), batches).map_err(arrow_fault)?;
        Ok((values, Some(kinds)))
    }
}

fn decode(decoder: &mut dyn Decoder, bytes: Option<&[u8]>) -> Result<(), DecodeError> {
    match bytes {
        Some(bytes) => decoder.decode_message(bytes),
        None => decoder.decode_null(),
    }
}

/// The rows of a column that are asked for, NULL for none. All of them in their order is the column itself.
fn chosen(column: &ArrayRef, rows: &UInt32Array) -> Result<ArrayRef, Error> {
    let is_whole = column.len() == rows.len()
        && rows.null_count() == 0
        && rows
            .values()
            .iter()
            .enumerate()
            .all(|(index, row)| *row as usize == index);
    match is_whole {
        true => Ok(Arc::clone(column)),
        false => take(column, rows, None).map_err(arrow_fault),
    }
}

/// Chunks have far fewer rows.
fn narrow(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn arrow_fault(error: arrow_schema::ArrowError) -> Error {
    Error::internal(error.to_string())
}
