//! What a key with one row has, as bytes.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use arrow_row::RowConverter;
use arrow_schema::{DataType as ArrowType, Field, Schema, SchemaRef};
use dataflow::Error;

use crate::KeyCodec;
use crate::ranked::key_names;
use crate::slices::arrow_error;
use crate::spill::{Form, Packed};

const GIVEN_OUT: u8 = 1;
const HAS_ROW: u8 = 2;

pub(crate) struct SpilledSole<'a> {
    pub written_ms: i64,
    pub time: i64,
    pub given_out: bool,
    pub row: Option<&'a [u8]>,
}

impl<'a> SpilledSole<'a> {
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.written_ms.to_le_bytes());
        out.extend_from_slice(&self.time.to_le_bytes());
        let given_out = if self.given_out { GIVEN_OUT } else { 0 };
        out.push(given_out | self.row.map_or(0, |_| HAS_ROW));
        out.extend_from_slice(self.row.unwrap_or_default());
    }

    pub fn read(value: &'a [u8]) -> SpilledSole<'a> {
        let number = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().unwrap_or_default());
        let (written, rest) = value.split_at(8);
        let (time, rest) = rest.split_at(8);
        SpilledSole {
            written_ms: number(written),
            time: number(time),
            given_out: rest[0] & GIVEN_OUT != 0,
            row: (rest[0] & HAS_ROW != 0).then_some(&rest[1..]),
        }
    }
}

/// Which table of a snapshot is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Told {
    /// The rows that are held, their keys before them.
    Rows,
    /// The keys whose row was given out.
    GivenOut,
    /// The keys, and when they were last written.
    Ages,
}

pub(crate) struct SoleForm {
    told: Told,
    keys: KeyCodec,
    /// The key among the columns of a row.
    key_columns: Vec<usize>,
    converter: Arc<RowConverter>,
    /// Of the table that is told, the key in front.
    schema: SchemaRef,
}

impl SoleForm {
    /// Of rows of `schema`.
    pub fn new(
        told: Told,
        schema: &SchemaRef,
        key_columns: &[usize],
        converter: Arc<RowConverter>,
    ) -> Result<SoleForm, Error> {
        let field = |column: &usize| schema.field(*column).clone();
        let keys = key_columns.iter().zip(key_names(key_columns));
        let mut fields: Vec<Field> = keys.map(|(column, name)| field(column).with_name(name)).collect();
        match told {
            Told::Rows => fields.extend(schema.fields().iter().map(|field| field.as_ref().clone())),
            Told::GivenOut => {}
            Told::Ages => {
                for (place, field) in fields.iter_mut().enumerate() {
                    *field = Field::new(format!("key{place}"), field.data_type().clone(), true);
                }
                fields.push(Field::new("written", ArrowType::Int64, false));
            }
        }
        let types = key_columns
            .iter()
            .map(|column| schema.field(*column).data_type().clone());
        Ok(SoleForm {
            told,
            keys: KeyCodec::new(types.collect()).map_err(arrow_error)?,
            key_columns: key_columns.to_vec(),
            converter,
            schema: Arc::new(Schema::new(fields)),
        })
    }

    fn batch(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch, Error> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(arrow_error)
    }
}

impl Form for SoleForm {
    fn rows(&self, keys: &Packed, values: &Packed) -> Result<RecordBatch, Error> {
        let soles = values.iter().map(SpilledSole::read);
        let told: Vec<(&[u8], SpilledSole<'_>)> = match self.told {
            Told::Rows => {
                let rows: Vec<&[u8]> = soles.filter_map(|sole| sole.row).collect();
                let parser = self.converter.parser();
                let values = rows.iter().map(|row| parser.parse(row));
                let values = self.converter.convert_rows(values).map_err(arrow_error)?;
                let keys = self.key_columns.iter().map(|column| values[*column].clone());
                let columns = keys.chain(values.iter().cloned()).collect();
                return self.batch(columns, rows.len());
            }
            Told::GivenOut => keys
                .iter()
                .zip(soles)
                .filter(|(_, sole)| sole.given_out)
                .collect(),
            // Nobody knows the age of what is kept for ever.
            Told::Ages => {
                let aged = keys.iter().zip(soles);
                aged.filter(|(_, sole)| sole.written_ms != i64::MAX).collect()
            }
        };
        let mut columns = self
            .keys
            .columns_of(told.iter().map(|(key, _)| *key))
            .map_err(arrow_error)?;
        if let Told::Ages = self.told {
            let written = told.iter().map(|(_, sole)| sole.written_ms);
            columns.push(Arc::new(Int64Array::from_iter_values(written)));
        }
        self.batch(columns, told.len())
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
