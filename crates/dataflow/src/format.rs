//! Bytes to batches and back.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use model::{ChangelogMode, Schema};

use crate::{Chunk, Error, EvaluationContext, OptionDoc, OptionError, Options};

#[derive(Debug)]
pub struct DecoderRequest<'a> {
    /// The columns wanted, in this order. A nested ROW may hold only some of its fields: read just those.
    pub schema: &'a Schema,
    /// All physical columns in the order they stand in the data; formats without names (csv) go by it.
    pub physical: &'a Schema,
    /// The options of the table; a format reads its own with [`Options::prefixed`].
    pub options: &'a Options,
    pub context: &'a Arc<EvaluationContext>,
    /// Whatever is wrong with a record must be told when it is decoded. Otherwise some formats, which are faster then,
    /// tell it when rows are taken.
    pub faults_at_once: bool,
}

#[derive(Debug)]
pub struct EncoderRequest<'a> {
    pub schema: &'a Schema,
    pub options: &'a Options,
    pub context: &'a Arc<EvaluationContext>,
    /// What records are that are written here, such as the values of a topic: `orders-value`. Formats whose schemas are
    /// kept elsewhere keep them by it, unless an option says otherwise.
    pub subject: Option<&'a str>,
}

pub trait Format: Send + Sync {
    /// As written in `'format' = '...'`.
    fn name(&self) -> &'static str;

    fn options(&self) -> Vec<OptionDoc>;

    /// Whether a file may be cut at any line break and read from there.
    fn splittable(&self, options: &Options) -> bool;

    /// Whether its records only stand in messages, and not one behind the other in files.
    fn is_of_messages(&self) -> bool {
        false
    }

    /// Whether its decoders and encoders ask another system and wait for the answer, which work that must not wait
    /// cannot use.
    fn asks_others(&self) -> bool {
        false
    }

    /// The kinds of rows that it reads.
    fn reads(&self) -> ChangelogMode {
        ChangelogMode::INSERT_ONLY
    }

    /// The kinds of rows that it can write.
    fn writes(&self) -> ChangelogMode {
        ChangelogMode::INSERT_ONLY
    }

    fn decoder(&self, request: &DecoderRequest<'_>) -> Result<Box<dyn Decoder>, OptionError>;

    fn encoder(&self, request: &EncoderRequest<'_>) -> Result<Box<dyn Encoder>, OptionError>;
}

/// Turns bytes into rows of the requested schema.
pub trait Decoder: Send {
    /// Decodes whole records of a stream of records (one a line, say) from the front of `bytes` until `rows_max`
    /// rows are held or no whole record is left; at the `end` of the input the last record needs no terminator.
    /// Returns how many bytes were used. The caller presents the rest again, with more behind it.
    fn decode_stream(&mut self, bytes: &[u8], end: bool, rows_max: usize) -> Result<usize, DecodeError>;

    /// Decodes one message, as a message queue delivers it.
    fn decode_message(&mut self, message: &[u8]) -> Result<(), DecodeError>;

    /// Decodes a message that has no bytes, not even none: a tombstone. Few formats have a row for it.
    fn decode_null(&mut self) -> Result<(), DecodeError> {
        Ok(())
    }

    /// Rows held. Where a record gives several rows or none, they are not counted before they are taken: about so many.
    fn rows(&self) -> usize;

    /// Records passed over because the options say so, since it was made.
    fn skipped(&self) -> u64 {
        0
    }

    /// Hands out the rows held and starts anew.
    fn take(&mut self) -> Result<RecordBatch, Error>;

    /// As [`Decoder::take`], with the kinds of the rows. One record may have given several rows: an update and what
    /// was before it are not torn apart.
    fn take_chunk(&mut self) -> Result<Chunk, Error> {
        self.take().map(Chunk::inserts)
    }
}

/// A record that cannot be read. Rows decoded before it are held, nothing of it is, and decoding may go on behind it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    pub message: String,
    /// Where it is broken: bytes from the front of what was given to the decoder.
    pub offset: usize,
    /// The record with what ends it, in the same bytes; `None` where it is not known how far it goes, or where the fault
    /// is not its own: then nothing can be read behind it.
    pub record: Option<Range<usize>>,
}

impl DecodeError {
    /// The same in bytes that have `before` more in front.
    pub fn behind(self, before: usize) -> DecodeError {
        DecodeError {
            message: self.message,
            offset: self.offset + before,
            record: self
                .record
                .map(|record| record.start + before..record.end + before),
        }
    }
}

pub trait Encoder: Send {
    /// Appends the rows to `out`, records ended the way the format ends them.
    fn encode(&mut self, chunk: &Chunk, out: &mut Vec<u8>) -> Result<(), Error>;

    /// Appends one row as a message of its own, without what ends a record in a stream. False if the message has no
    /// bytes, not even none. Formats that end records otherwise than with a line break must have their own, and those
    /// that many rows are written with should.
    fn encode_message(&mut self, chunk: &Chunk, row: usize, out: &mut Vec<u8>) -> Result<bool, Error> {
        let one = Chunk {
            batch: chunk.batch.slice(row, 1),
            kinds: chunk.kinds.as_ref().map(|kinds| kinds[row..=row].into()),
        };
        self.encode(&one, out)?;
        if out.last() == Some(&b'\n') {
            out.pop();
        }
        Ok(true)
    }
}
