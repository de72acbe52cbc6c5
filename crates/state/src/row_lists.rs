//! Keys with several rows each, as bytes: when the key was last written, and its rows one behind the other.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use arrow_row::RowConverter;
use arrow_schema::{DataType as ArrowType, Field, Schema, SchemaRef};
use dataflow::Error;

use crate::KeyCodec;
use crate::slices::arrow_error;
use crate::spill::{Form, Packed};

pub(crate) fn write<'a>(written_ms: i64, rows: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    out.extend_from_slice(&written_ms.to_le_bytes());
    for row in rows {
        out.extend_from_slice(&(row.len() as u32).to_le_bytes());
        out.extend_from_slice(row);
    }
}

pub(crate) fn read(value: &[u8]) -> (i64, impl Iterator<Item = &[u8]>) {
    let (written, mut rest) = value.split_at(8);
    let rows = std::iter::from_fn(move || {
        let (length, behind) = rest.split_first_chunk()?;
        let (row, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
        rest = behind;
        Some(row)
    });
    (i64::from_le_bytes(written.try_into().unwrap_or_default()), rows)
}

/// The rows in snapshots.
pub(crate) struct RowLists {
    keys: KeyCodec,
    converter: Arc<RowConverter>,
    /// Columns of a row that stand in front of all of them once more.
    in_front: Vec<usize>,
    /// Of snapshots: the key first.
    schema: SchemaRef,
}

impl RowLists {
    pub fn new(
        keys: KeyCodec,
        converter: Arc<RowConverter>,
        in_front: Vec<usize>,
        schema: SchemaRef,
    ) -> RowLists {
        RowLists {
            keys,
            converter,
            in_front,
            schema,
        }
    }
}

impl Form for RowLists {
    fn rows(&self, _keys: &Packed, values: &Packed) -> Result<RecordBatch, Error> {
        let parser = self.converter.parser();
        let rows = values.iter().flat_map(|value| read(value).1);
        let rows: Vec<_> = rows.map(|row| parser.parse(row)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let all = self.converter.convert_rows(rows).map_err(arrow_error)?;
        let mut columns: Vec<ArrayRef> = self.in_front.iter().map(|column| all[*column].clone()).collect();
        columns.extend(all);
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(arrow_error)
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

/// When the keys were last written, in snapshots.
pub(crate) struct ListAges {
    keys: KeyCodec,
}

impl ListAges {
    pub fn new(keys: KeyCodec) -> ListAges {
        ListAges { keys }
    }

    fn key_fields(&self) -> Vec<Field> {
        let types = self.keys.types().iter().enumerate();
        let fields = types.map(|(place, of)| Field::new(format!("key{place}"), of.clone(), true));
        fields.collect()
    }
}

impl Form for ListAges {
    fn rows(&self, keys: &Packed, values: &Packed) -> Result<RecordBatch, Error> {
        let written = values.iter().map(|value| read(value).0);
        // Nobody knows the age of what is kept for ever.
        let aged = keys
            .iter()
            .zip(written)
            .filter(|(_, written)| *written != i64::MAX);
        let (keys, written): (Vec<&[u8]>, Vec<i64>) = aged.unzip();
        let mut columns = self.keys.columns_of(keys.into_iter()).map_err(arrow_error)?;
        columns.push(Arc::new(Int64Array::from(written)));
        let mut fields = self.key_fields();
        fields.push(Field::new("written", ArrowType::Int64, false));
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(arrow_error)
    }

    fn keys(&self, keys: &Packed) -> Result<RecordBatch, Error> {
        let columns = self.keys.columns_of(keys.iter()).map_err(arrow_error)?;
        let schema = Schema::new(self.key_fields());
        RecordBatch::try_new(Arc::new(schema), columns).map_err(arrow_error)
    }

    fn is_row_for_row(&self) -> bool {
        false
    }
}
