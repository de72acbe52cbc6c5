//! Keys by which rows are ordered, encoded once: they compare as bytes.

use std::cmp::Ordering;

use arrow_array::ArrayRef;
use arrow_row::{RowConverter, SortField};
use arrow_schema::{ArrowError, DataType as ArrowType, SortOptions};

/// Bytes of a key that are held in place.
const HEAD_BYTES: usize = 16;

/// What decides about the order of a row. Most keys are a number or two, and need no memory of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    head: u128,
    tail: Box<[u8]>,
}

impl SortKey {
    /// The key of a row where nothing decides about the order.
    pub fn nothing() -> SortKey {
        SortKey {
            head: 0,
            tail: Box::default(),
        }
    }

    fn new(bytes: &[u8]) -> SortKey {
        let mut head = [0; HEAD_BYTES];
        let length = bytes.len().min(HEAD_BYTES);
        head[..length].copy_from_slice(&bytes[..length]);
        SortKey {
            head: u128::from_be_bytes(head),
            tail: bytes[length..].into(),
        }
    }

    pub fn size_bytes(&self) -> usize {
        size_of::<SortKey>() + self.tail.len()
    }
}

impl Ord for SortKey {
    // No key is the beginning of another one: they have one layout, and texts in it have an end of their own.
    fn cmp(&self, other: &SortKey) -> Ordering {
        self.head
            .cmp(&other.head)
            .then_with(|| self.tail.cmp(&other.tail))
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &SortKey) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How columns become keys.
pub struct SortCodec {
    /// `None` where nothing decides about the order.
    converter: Option<RowConverter>,
}

impl SortCodec {
    pub fn new(columns: Vec<(ArrowType, SortOptions)>) -> Result<SortCodec, ArrowError> {
        if columns.is_empty() {
            return Ok(SortCodec { converter: None });
        }
        let fields = columns
            .into_iter()
            .map(|(data_type, options)| SortField::new_with_options(data_type, options));
        Ok(SortCodec {
            converter: Some(RowConverter::new(fields.collect())?),
        })
    }

    /// One key a row; `columns` have the codec's types.
    pub fn encode(&self, columns: &[ArrayRef], rows: usize) -> Result<Vec<SortKey>, ArrowError> {
        match &self.converter {
            None => Ok(vec![SortKey::nothing(); rows]),
            Some(converter) => {
                let encoded = converter.convert_columns(columns)?;
                Ok(encoded.iter().map(|row| SortKey::new(row.data())).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int64Array, StringArray};

    use super::*;

    #[test]
    fn keys_of_any_length_compare_as_their_columns_do() {
        let options = SortOptions {
            descending: true,
            nulls_first: false,
        };
        let codec = SortCodec::new(vec![
            (ArrowType::Int64, options),
            (ArrowType::Utf8, SortOptions::default()),
        ])
        .unwrap();
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(2), None, Some(2)]));
        let texts: ArrayRef = Arc::new(StringArray::from(vec![
            "a",
            "a text of some length, b",
            "a text of some length, a",
            "a",
            "a",
        ]));
        let keys = codec.encode(&[numbers, texts], 5).unwrap();
        let mut order: Vec<usize> = (0..5).collect();
        order.sort_by(|a, b| keys[*a].cmp(&keys[*b]));
        assert_eq!(order, [4, 2, 1, 0, 3]);
    }
}
