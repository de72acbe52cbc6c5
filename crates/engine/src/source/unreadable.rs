//! Records that could not be read, as rows of [`graph::unreadable_schema`].

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use dataflow::{Error, Unreadable};

use crate::expression::arrow_error;

pub(super) fn rows(table: &str, records: &[Unreadable], now_us: i64) -> Result<RecordBatch, Error> {
    let bytes = records.iter().map(|record| record.record.as_deref());
    // The precision of the column is a millisecond.
    let read_at = now_us - now_us.rem_euclid(1_000);
    let columns: Vec<ArrayRef> = vec![
        text(records.iter().map(|_| table)),
        text(records.iter().map(|record| record.split.as_str())),
        Arc::new(Int64Array::from_iter_values(
            records.iter().map(|record| record.offset),
        )),
        Arc::new(bytes.collect::<BinaryArray>()),
        text(records.iter().map(|record| record.error.as_str())),
        Arc::new(TimestampMicrosecondArray::from(vec![read_at; records.len()]).with_timezone("UTC")),
    ];
    RecordBatch::try_new(graph::unreadable_schema().arrow(), columns).map_err(arrow_error)
}

fn text<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}
