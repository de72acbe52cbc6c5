//! Choosing rows of a chunk, and putting columns together again.

use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array, new_null_array};
use arrow_schema::{ArrowError, DataType as ArrowType};
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use dataflow::{Error, Value};

/// The columns that expressions read; those that nobody reads may be absent.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    columns: Vec<Option<ArrayRef>>,
    rows: usize,
}

/// Rows that matter.
pub(super) enum Selection {
    None,
    All,
    Some(UInt32Array),
}

impl Selection {
    pub fn of(rows: usize, mut matters: impl FnMut(usize) -> bool) -> Selection {
        let chosen: Vec<u32> = (0..rows as u32).filter(|&row| matters(row as usize)).collect();
        match chosen.len() {
            0 => Selection::None,
            all if all == rows => Selection::All,
            _ => Selection::Some(chosen.into()),
        }
    }
}

impl Frame {
    pub fn new(batch: &RecordBatch) -> Frame {
        Frame {
            columns: batch.columns().iter().cloned().map(Some).collect(),
            rows: batch.num_rows(),
        }
    }

    pub fn from_columns(columns: Vec<Option<ArrayRef>>, rows: usize) -> Frame {
        Frame { columns, rows }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn column(&self, index: usize) -> Result<ArrayRef, Error> {
        self.columns
            .get(index)
            .and_then(Clone::clone)
            .ok_or_else(|| Error::internal(format!("column {index} is not there")))
    }

    /// These rows of these columns; the other columns are absent.
    pub fn select(&self, rows: &UInt32Array, columns: &[usize]) -> Result<Frame, Error> {
        let mut selected = vec![None; self.columns.len()];
        for &index in columns {
            selected[index] = Some(take(self.column(index)?.as_ref(), rows, None).map_err(arrow_error)?);
        }
        Ok(Frame {
            columns: selected,
            rows: rows.len(),
        })
    }
}

/// One value a row.
pub(crate) fn expand(value: &Value, rows: usize) -> Result<ArrayRef, Error> {
    match value {
        Value::Array(array) => Ok(array.clone()),
        Value::Constant(array) if rows == 1 => Ok(array.clone()),
        Value::Constant(array) if array.is_null(0) => Ok(new_null_array(array.data_type(), rows)),
        Value::Constant(array) => {
            let zeros = UInt32Array::from_value(0, rows);
            take(array.as_ref(), &zeros, None).map_err(arrow_error)
        }
    }
}

/// Puts together a column of values that were chosen from several: `(which, where)`, or nothing for NULL.
pub(super) fn assemble(
    chosen: &[Option<(usize, usize)>],
    results: &[Value],
    data_type: &ArrowType,
) -> Result<ArrayRef, Error> {
    let null = new_null_array(data_type, 1);
    let mut arrays: Vec<&dyn Array> = Vec::with_capacity(results.len() + 1);
    // A NULL literal may come without a type of its own.
    let untyped: Vec<bool> = results
        .iter()
        .map(|result| result.array().data_type() == &ArrowType::Null && *data_type != ArrowType::Null)
        .collect();
    for (result, &untyped) in results.iter().zip(&untyped) {
        arrays.push(if untyped {
            null.as_ref()
        } else {
            result.array().as_ref()
        });
    }
    arrays.push(null.as_ref());
    if let [only] = results
        && let Value::Array(array) = only
        && !untyped[0]
        && array.len() == chosen.len()
        && chosen
            .iter()
            .enumerate()
            .all(|(row, choice)| *choice == Some((0, row)))
    {
        return Ok(array.clone());
    }
    let indices: Vec<(usize, usize)> = chosen
        .iter()
        .map(|choice| match choice {
            Some((which, place)) => (*which, if untyped[*which] { 0 } else { *place }),
            None => (results.len(), 0),
        })
        .collect();
    interleave(&arrays, &indices).map_err(arrow_error)
}

pub(crate) fn arrow_error(error: ArrowError) -> Error {
    Error::internal(error.to_string())
}
