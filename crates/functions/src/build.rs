//! Results, row by row, without an allocation per row.
//!
//! One value has at most [`RESULT_BYTES_MAX`] bytes, so that a row cannot take all memory. What can make much out of
//! little checks it before the value is there, with [`check_length`].

use std::sync::Arc;

use arrow_array::{ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, PrimitiveArray, StringArray};
use arrow_buffer::{BooleanBufferBuilder, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType as ArrowType;
use dataflow::Error;

pub(crate) const RESULT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Refuses a result of `function` with so many bytes if they are too many.
#[inline]
pub(crate) fn check_length(function: &str, bytes: usize) -> Result<(), Error> {
    if bytes <= RESULT_BYTES_MAX {
        return Ok(());
    }
    Err(Error::evaluation(format!(
        "the result of {function} exceeds {RESULT_BYTES_MAX} bytes"
    )))
}

/// Which rows are NULL; costs nothing until the first one.
pub(crate) struct Nulls {
    builder: Option<BooleanBufferBuilder>,
    rows: usize,
}

impl Nulls {
    pub fn new() -> Self {
        Nulls {
            builder: None,
            rows: 0,
        }
    }

    #[inline]
    pub fn valid(&mut self) {
        self.rows += 1;
        if let Some(builder) = &mut self.builder {
            builder.append(true);
        }
    }

    #[inline]
    pub fn null(&mut self) {
        let rows = self.rows;
        let builder = self.builder.get_or_insert_with(|| {
            let mut builder = BooleanBufferBuilder::new(rows + 64);
            builder.append_n(rows, true);
            builder
        });
        builder.append(false);
        self.rows += 1;
    }

    pub fn finish(self) -> Option<NullBuffer> {
        self.builder.map(|mut builder| NullBuffer::new(builder.finish()))
    }
}

/// Builds text: the closure appends a row's text, and says `None` for NULL.
pub(crate) fn strings(
    rows: usize,
    mut row: impl FnMut(usize, &mut String) -> Result<Option<()>, Error>,
) -> Result<ArrayRef, Error> {
    let mut values = String::with_capacity(rows * 8);
    let mut offsets: Vec<i32> = Vec::with_capacity(rows + 1);
    offsets.push(0);
    let mut nulls = Nulls::new();
    for index in 0..rows {
        let start = values.len();
        match row(index, &mut values)? {
            Some(()) => {
                check_length("a function", values.len() - start)?;
                nulls.valid();
            }
            None => {
                values.truncate(start);
                nulls.null();
            }
        }
        offsets.push(offset(values.len())?);
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    StringArray::try_new(offsets, Buffer::from_vec(values.into_bytes()), nulls.finish())
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(|error| Error::internal(error.to_string()))
}

/// Builds bytes, like [`strings`].
pub(crate) fn binaries(
    rows: usize,
    mut row: impl FnMut(usize, &mut Vec<u8>) -> Result<Option<()>, Error>,
) -> Result<ArrayRef, Error> {
    let mut values = Vec::with_capacity(rows * 8);
    let mut offsets: Vec<i32> = Vec::with_capacity(rows + 1);
    offsets.push(0);
    let mut nulls = Nulls::new();
    for index in 0..rows {
        let start = values.len();
        match row(index, &mut values)? {
            Some(()) => {
                check_length("a function", values.len() - start)?;
                nulls.valid();
            }
            None => {
                values.truncate(start);
                nulls.null();
            }
        }
        offsets.push(offset(values.len())?);
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    BinaryArray::try_new(offsets, Buffer::from_vec(values), nulls.finish())
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(|error| Error::internal(error.to_string()))
}

fn offset(length: usize) -> Result<i32, Error> {
    i32::try_from(length).map_err(|_| Error::evaluation("the text of one chunk exceeds 2 GiB"))
}

/// Builds numbers: `None` for NULL.
pub(crate) fn numbers<T: ArrowPrimitiveType>(
    rows: usize,
    mut row: impl FnMut(usize) -> Result<Option<T::Native>, Error>,
) -> Result<PrimitiveArray<T>, Error> {
    let mut values: Vec<T::Native> = Vec::with_capacity(rows);
    let mut nulls = Nulls::new();
    for index in 0..rows {
        match row(index)? {
            Some(value) => {
                values.push(value);
                nulls.valid();
            }
            None => {
                values.push(T::Native::default());
                nulls.null();
            }
        }
    }
    Ok(PrimitiveArray::new(ScalarBuffer::from(values), nulls.finish()))
}

/// Builds numbers of an Arrow type with parameters: decimals, timestamps with a zone.
pub(crate) fn numbers_as<T: ArrowPrimitiveType>(
    rows: usize,
    as_type: &ArrowType,
    row: impl FnMut(usize) -> Result<Option<T::Native>, Error>,
) -> Result<ArrayRef, Error> {
    Ok(Arc::new(numbers::<T>(rows, row)?.with_data_type(as_type.clone())))
}

/// Builds booleans: `None` for NULL.
pub(crate) fn flags(
    rows: usize,
    mut row: impl FnMut(usize) -> Result<Option<bool>, Error>,
) -> Result<ArrayRef, Error> {
    let mut values = BooleanBufferBuilder::new(rows);
    let mut nulls = Nulls::new();
    for index in 0..rows {
        match row(index)? {
            Some(value) => {
                values.append(value);
                nulls.valid();
            }
            None => {
                values.append(false);
                nulls.null();
            }
        }
    }
    Ok(Arc::new(BooleanArray::new(values.finish(), nulls.finish())))
}
