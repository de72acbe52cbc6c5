//! What a join has of a key, as bytes: the rows of both inputs, so that they are spilled and come back together.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::{ArrowError, SchemaRef};
use dataflow::Error;

use crate::KeyCodec;
use crate::slices::arrow_error;
use crate::spill::{Form, Packed};

/// Behind the columns of a row in snapshots: how often it is there, what it matches, and when it was last written.
pub(crate) const BEHIND_COLUMNS: usize = 3;

/// A row of one input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpilledRow<'a> {
    pub count: u32,
    pub matches: u32,
    pub written_ms: i64,
    /// Its columns, as the codec of its side has them.
    pub bytes: &'a [u8],
}

impl<'a> SpilledRow<'a> {
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&self.matches.to_le_bytes());
        out.extend_from_slice(&self.written_ms.to_le_bytes());
        write_number(self.bytes.len(), out);
        out.extend_from_slice(self.bytes);
    }

    fn read(value: &mut &'a [u8]) -> SpilledRow<'a> {
        let count = read_number(value);
        let matches = read_number(value);
        let (written, rest) = value.split_at(8);
        *value = rest;
        let length = read_number(value);
        let (bytes, rest) = value.split_at(length as usize);
        *value = rest;
        SpilledRow {
            count,
            matches,
            written_ms: i64::from_le_bytes(written.try_into().unwrap_or_default()),
            bytes,
        }
    }
}

/// In front of the rows of a side: how many they are.
pub(crate) fn write_number(number: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(number as u32).to_le_bytes());
}

fn read_number(value: &mut &[u8]) -> u32 {
    let (number, rest) = value.split_at(4);
    *value = rest;
    u32::from_le_bytes(number.try_into().unwrap_or_default())
}

/// The rows of a value, each with its side.
pub(crate) fn rows_of(mut value: &[u8]) -> impl Iterator<Item = (usize, SpilledRow<'_>)> {
    let mut side = 0;
    let mut left = read_number(&mut value);
    std::iter::from_fn(move || {
        if left == 0 && side == 0 {
            side = 1;
            left = read_number(&mut value);
        }
        left = left.checked_sub(1)?;
        Some((side, SpilledRow::read(&mut value)))
    })
}

/// How the rows of one input stand in snapshots.
pub(crate) struct JoinForm {
    side: usize,
    /// Of the key, and of all columns of a row.
    keys: KeyCodec,
    columns: KeyCodec,
    /// The key among the columns.
    key_columns: Vec<usize>,
    /// Of rows of snapshots: the key columns, all columns, and what stands behind them.
    schema: SchemaRef,
}

impl JoinForm {
    pub fn new(side: usize, schema: SchemaRef, key_columns: Vec<usize>) -> Result<JoinForm, ArrowError> {
        let (keys, rest) = schema.fields().split_at(key_columns.len());
        let columns = &rest[..rest.len() - BEHIND_COLUMNS];
        let codec = |fields: &[Arc<arrow_schema::Field>]| {
            KeyCodec::new(fields.iter().map(|field| field.data_type().clone()).collect())
        };
        Ok(JoinForm {
            side,
            keys: codec(keys)?,
            columns: codec(columns)?,
            key_columns,
            schema,
        })
    }

    /// The columns of rows.
    pub fn columns<'a>(
        &self,
        rows: impl ExactSizeIterator<Item = &'a [u8]>,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        self.columns.columns_of(rows)
    }
}

impl Form for JoinForm {
    fn rows(&self, _keys: &Packed, values: &Packed) -> Result<RecordBatch, Error> {
        let rows = values.iter().flat_map(rows_of);
        let rows = rows.filter(|(side, _)| *side == self.side).map(|(_, row)| row);
        let rows: Vec<SpilledRow<'_>> = rows.collect();
        let values = self
            .columns(rows.iter().map(|row| row.bytes))
            .map_err(arrow_error)?;
        let keys = self.key_columns.iter().map(|column| values[*column].clone());
        let mut columns: Vec<ArrayRef> = keys.collect();
        columns.extend(values);
        let counts = rows.iter().map(|row| row.count);
        columns.push(Arc::new(UInt32Array::from_iter_values(counts)));
        let matches = rows.iter().map(|row| row.matches);
        columns.push(Arc::new(UInt32Array::from_iter_values(matches)));
        let written = rows.iter().map(|row| row.written_ms);
        columns.push(Arc::new(Int64Array::from_iter_values(written)));
        RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)
    }

    fn keys(&self, keys: &Packed) -> Result<RecordBatch, Error> {
        let columns = self.keys.columns_of(keys.iter()).map_err(arrow_error)?;
        let places: Vec<usize> = (0..columns.len()).collect();
        let schema = self.schema.project(&places).map_err(arrow_error)?;
        RecordBatch::try_new(Arc::new(schema), columns).map_err(arrow_error)
    }

    fn is_row_for_row(&self) -> bool {
        false
    }
}
