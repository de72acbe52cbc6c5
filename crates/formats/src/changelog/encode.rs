//! Rows with their kinds as envelopes, one a line.

use dataflow::{Chunk, Encoder, Error, OptionError};
use model::Schema;

use super::Envelope;
use super::options::Settings;
use crate::json::{RowEncoder, check_types};

#[derive(Debug)]
pub(super) struct ChangelogEncoder {
    envelope: Envelope,
    rows: RowEncoder,
}

impl ChangelogEncoder {
    pub fn new(envelope: Envelope, schema: &Schema, settings: Settings) -> Result<Self, OptionError> {
        check_types(schema)?;
        Ok(ChangelogEncoder {
            envelope,
            rows: RowEncoder::new(schema, settings.encode),
        })
    }
}

impl Encoder for ChangelogEncoder {
    fn encode(&mut self, chunk: &Chunk, out: &mut Vec<u8>) -> Result<(), Error> {
        for row in 0..chunk.rows() {
            self.encode_message(chunk, row, out)?;
            out.push(b'\n');
        }
        Ok(())
    }

    fn encode_message(&mut self, chunk: &Chunk, row: usize, out: &mut Vec<u8>) -> Result<bool, Error> {
        let (before, behind) = self.envelope.around(chunk.kind(row));
        out.extend_from_slice(before.as_bytes());
        self.rows.encode_row(&chunk.batch, row, out)?;
        out.extend_from_slice(behind.as_bytes());
        Ok(true)
    }
}
