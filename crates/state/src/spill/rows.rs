//! What was spilled, as rows of snapshots.

use std::fmt;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_row::{RowConverter, Rows, SortField};
use arrow_schema::{DataType as ArrowType, SchemaRef};
use dataflow::Error;

use super::run::Place;
use super::{Packed, View};
use crate::hash::hash_bytes;
use crate::slices::arrow_error;
use crate::{Extent, KeyCodec, SNAPSHOT_ROWS_MAX, Share, hash_columns, key_group};

/// Where key groups begin in places.
const GROUP_SHIFT: u32 = 48;

/// Where keys stand, given their columns and, in the same order, their bytes.
pub(super) fn places<'a>(
    columns: &[ArrayRef],
    keys: impl ExactSizeIterator<Item = &'a [u8]>,
    key_groups: u16,
) -> Result<Vec<Place>, Error> {
    let hashes = hash_columns(columns, keys.len()).map_err(arrow_error)?;
    let places = hashes.into_iter().zip(keys).map(|(hash, key)| {
        let group = key_group(hash, key_groups);
        u64::from(group) << GROUP_SHIFT | hash_bytes(key) >> (64 - GROUP_SHIFT)
    });
    Ok(places.collect())
}

/// How a table writes what it has of a key as bytes: what they say in a snapshot.
pub trait Form: Send + Sync {
    /// The rows of keys, key columns first, given what was written of each.
    fn rows(&self, keys: &Packed, values: &Packed) -> Result<RecordBatch, Error>;

    /// The columns of keys.
    fn keys(&self, keys: &Packed) -> Result<RecordBatch, Error>;

    /// A key has one row, which takes the place of the one before it.
    fn is_row_for_row(&self) -> bool;
}

/// A table with one row a key.
pub struct OneRow {
    /// Of the rows: key columns first.
    schema: SchemaRef,
    keys: KeyCodec,
    values: RowConverter,
}

impl OneRow {
    /// `None`: values of some column cannot be written as bytes.
    pub fn new(schema: &SchemaRef, keys: usize) -> Option<OneRow> {
        let types = |fields: &[Arc<arrow_schema::Field>]| -> Vec<ArrowType> {
            fields.iter().map(|field| field.data_type().clone()).collect()
        };
        let (key, value) = schema.fields().split_at(keys);
        let values: Vec<SortField> = types(value).into_iter().map(SortField::new).collect();
        if !RowConverter::supports_fields(&values) {
            return None;
        }
        Some(OneRow {
            schema: schema.clone(),
            keys: KeyCodec::new(types(key)).ok()?,
            values: RowConverter::new(values).ok()?,
        })
    }

    /// The values of rows, given the columns behind their keys.
    pub fn values(&self, columns: &[ArrayRef]) -> Result<Rows, Error> {
        self.values.convert_columns(columns).map_err(arrow_error)
    }

    /// The columns of values.
    pub fn columns(&self, values: &Packed) -> Result<Vec<ArrayRef>, Error> {
        let parser = self.values.parser();
        let rows = values.iter().map(|value| parser.parse(value));
        self.values.convert_rows(rows).map_err(arrow_error)
    }
}

impl Form for OneRow {
    fn rows(&self, keys: &Packed, values: &Packed) -> Result<RecordBatch, Error> {
        let mut columns = self.keys.columns_of(keys.iter()).map_err(arrow_error)?;
        columns.extend(self.columns(values)?);
        RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)
    }

    fn keys(&self, keys: &Packed) -> Result<RecordBatch, Error> {
        let columns = self.keys.columns_of(keys.iter()).map_err(arrow_error)?;
        let places: Vec<usize> = (0..columns.len()).collect();
        let schema = self.schema.project(&places).map_err(arrow_error)?;
        RecordBatch::try_new(Arc::new(schema), columns).map_err(arrow_error)
    }

    fn is_row_for_row(&self) -> bool {
        true
    }
}

/// Rows of a table that were spilled, as they were at a moment.
#[derive(Clone)]
pub struct SpilledRows {
    form: Arc<dyn Form>,
    view: View,
    /// All rows, or what has changed: that of another shard may say the other.
    pub extent: Extent,
    /// The shard whose rows these are, once it is known.
    pub share: Option<Share>,
}

impl SpilledRows {
    pub fn new(form: Arc<dyn Form>, extent: Extent, view: View) -> SpilledRows {
        SpilledRows {
            form,
            view,
            extent,
            share: None,
        }
    }

    /// The rows of a key group, and the columns of the keys whose rows of before are no more, apart from those that
    /// the rows tell themselves.
    pub fn of_group(&self, group: u16) -> Result<(Vec<RecordBatch>, Vec<RecordBatch>), Error> {
        if self.share.is_some_and(|share| !share.has(group)) {
            return Ok((Vec::new(), Vec::new()));
        }
        let from = u64::from(group) << GROUP_SHIFT;
        let to = from | ((1 << GROUP_SHIFT) - 1);
        let mut told = Told::default();
        let (mut rows, mut keys) = (Vec::new(), Vec::new());
        self.view.records(from, to, |record| {
            if let Some(value) = record.value {
                told.keys.add(record.key);
                told.values.add(value);
            }
            let tells_itself = record.value.is_some() && self.form.is_row_for_row();
            if self.extent == Extent::Changes && !tells_itself {
                told.changed.add(record.key);
            }
            if told.keys.len() == SNAPSHOT_ROWS_MAX || told.changed.len() == SNAPSHOT_ROWS_MAX {
                self.tell(&mut told, &mut rows, &mut keys)?;
            }
            Ok(())
        })?;
        self.tell(&mut told, &mut rows, &mut keys)?;
        Ok((rows, keys))
    }

    fn tell(
        &self,
        told: &mut Told,
        rows: &mut Vec<RecordBatch>,
        keys: &mut Vec<RecordBatch>,
    ) -> Result<(), Error> {
        if !told.keys.is_empty() {
            rows.push(self.form.rows(&told.keys, &told.values)?);
        }
        if !told.changed.is_empty() {
            keys.push(self.form.keys(&told.changed)?);
        }
        *told = Told::default();
        Ok(())
    }
}

impl fmt::Debug for SpilledRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpilledRows").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Told {
    keys: Packed,
    /// Of those keys.
    values: Packed,
    /// Keys whose rows of before are no more.
    changed: Packed,
}
