//! Keys of a chunk, encoded once.
//!
//! One column of a type that fits 64 bits is held as numbers, one column of text or bytes as it is, and
//! anything else in Arrow's row format. Equal keys have equal encodings and the other way round.

use std::fmt;

use arrow_array::builder::BinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryArray, BooleanArray, StringArray, make_array};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer};
use arrow_data::ArrayData;
use arrow_row::{RowConverter, Rows, SortField};
use arrow_schema::{ArrowError, DataType as ArrowType};

use crate::hash::{fixed_bits, is_fixed};

/// How keys of some types are encoded and decoded.
pub struct KeyCodec {
    types: Vec<ArrowType>,
    kind: Kind,
}

pub(crate) enum Kind {
    Nothing,
    Fixed,
    Bytes,
    Rows(RowConverter),
}

/// The keys of a chunk.
pub enum Keys {
    /// No key columns: all rows are alike.
    Nothing,
    Fixed {
        bits: Vec<u64>,
        nulls: Option<NullBuffer>,
    },
    Bytes(BinaryArray),
    Rows(Rows),
}

impl KeyCodec {
    pub fn new(types: Vec<ArrowType>) -> Result<KeyCodec, ArrowError> {
        let kind = match types.as_slice() {
            [] => Kind::Nothing,
            [one] if is_fixed(one) => Kind::Fixed,
            [ArrowType::Utf8 | ArrowType::Binary] => Kind::Bytes,
            _ => {
                let fields = types.iter().map(|data_type| SortField::new(data_type.clone()));
                Kind::Rows(RowConverter::new(fields.collect())?)
            }
        };
        Ok(KeyCodec { types, kind })
    }

    /// Of the key columns.
    pub fn types(&self) -> &[ArrowType] {
        &self.types
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// `columns` have the codec's types.
    pub fn encode(&self, columns: &[ArrayRef]) -> Result<Keys, ArrowError> {
        match &self.kind {
            Kind::Nothing => Ok(Keys::Nothing),
            Kind::Fixed => Ok(Keys::Fixed {
                bits: fixed_bits(columns[0].as_ref())
                    .ok_or_else(|| ArrowError::ComputeError("key column changed its type".to_string()))?,
                nulls: columns[0].nulls().filter(|nulls| nulls.null_count() > 0).cloned(),
            }),
            Kind::Bytes => Ok(Keys::Bytes(match columns[0].data_type() {
                ArrowType::Utf8 => {
                    let text = columns[0].as_string::<i32>();
                    BinaryArray::new(
                        text.offsets().clone(),
                        text.values().clone(),
                        text.nulls().cloned(),
                    )
                }
                _ => columns[0].as_binary::<i32>().clone(),
            })),
            Kind::Rows(converter) => converter.convert_columns(columns).map(Keys::Rows),
        }
    }

    /// A column from its numbers; `null` tells where NULLs stand.
    pub(crate) fn fixed_column(
        &self,
        bits: impl ExactSizeIterator<Item = u64>,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef, ArrowError> {
        let rows = bits.len();
        let data_type = &self.types[0];
        if *data_type == ArrowType::Boolean {
            let values: BooleanBuffer = bits.map(|bits| bits != 0).collect();
            return Ok(std::sync::Arc::new(BooleanArray::new(values, nulls)));
        }
        let buffer = match data_type.primitive_width() {
            Some(1) => Buffer::from_iter(bits.map(|bits| bits as u8)),
            Some(2) => Buffer::from_iter(bits.map(|bits| bits as u16)),
            Some(4) => Buffer::from_iter(bits.map(|bits| bits as u32)),
            _ => Buffer::from_iter(bits),
        };
        let data = ArrayData::builder(data_type.clone())
            .len(rows)
            .add_buffer(buffer)
            .nulls(nulls)
            .build()?;
        Ok(make_array(data))
    }

    /// Columns from encoded bytes; `None` is a NULL (of a single column).
    pub(crate) fn byte_columns<'a>(
        &self,
        values: impl Iterator<Item = Option<&'a [u8]>>,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        match &self.kind {
            Kind::Rows(converter) => {
                let parser = converter.parser();
                converter.convert_rows(values.map(|bytes| parser.parse(bytes.unwrap_or_default())))
            }
            _ => {
                let mut builder = BinaryBuilder::new();
                values.for_each(|value| builder.append_option(value));
                let array = builder.finish();
                if self.types[0] == ArrowType::Binary {
                    return Ok(vec![std::sync::Arc::new(array)]);
                }
                let (offsets, values, nulls): (OffsetBuffer<i32>, Buffer, Option<NullBuffer>) =
                    array.into_parts();
                Ok(vec![std::sync::Arc::new(StringArray::try_new(
                    offsets, values, nulls,
                )?)])
            }
        }
    }
}

/// Of a text or bytes that are there: a NULL is no bytes at all.
const IS_THERE: u8 = 1;

impl Keys {
    /// Appends the key of a row as bytes. Equal keys have equal bytes and the other way round.
    pub(crate) fn append_bytes(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Keys::Nothing => {}
            Keys::Fixed { bits, nulls } => {
                if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                    out.extend_from_slice(&bits[row].to_le_bytes());
                }
            }
            Keys::Bytes(array) => {
                append_bytes(array.is_valid(row).then(|| array.value(row)), out);
            }
            Keys::Rows(rows) => out.extend_from_slice(rows.row(row).data()),
        }
    }
}

/// Of a single text or bytes.
pub(crate) fn append_bytes(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    if let Some(bytes) = bytes {
        out.push(IS_THERE);
        out.extend_from_slice(bytes);
    }
}

impl KeyCodec {
    /// Key columns from keys as [`Keys::append_bytes`] writes them.
    pub(crate) fn columns_of<'a>(
        &self,
        keys: impl ExactSizeIterator<Item = &'a [u8]>,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        match &self.kind {
            Kind::Nothing => Ok(Vec::new()),
            Kind::Fixed => {
                let keys: Vec<Option<u64>> = keys
                    .map(|key| key.try_into().ok().map(u64::from_le_bytes))
                    .collect();
                let nulls = keys
                    .contains(&None)
                    .then(|| keys.iter().map(Option::is_some).collect());
                let bits = keys.iter().map(|key| key.unwrap_or_default());
                Ok(vec![self.fixed_column(bits, nulls)?])
            }
            Kind::Bytes => self.byte_columns(keys.map(|key| key.split_first().map(|(_, bytes)| bytes))),
            Kind::Rows(_) => self.byte_columns(keys.map(Some)),
        }
    }
}

impl fmt::Debug for KeyCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCodec").field("types", &self.types).finish()
    }
}
