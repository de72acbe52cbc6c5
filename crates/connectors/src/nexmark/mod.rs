//! The events of the Nexmark benchmark: `'connector' = 'nexmark'`.
//!
//! People, auctions and bids, as Flink's version of the benchmark makes them (github.com/nexmark/nexmark): the
//! same ids, proportions, hot keys, lengths and times. An event follows from the seed and its number alone, so
//! that any part of the stream can be made anywhere, at any parallelism.

mod batch;
mod event;
mod settings;
mod source;
mod text;

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, RecordBatchOptions};
use arrow_buffer::BooleanBuffer;
use arrow_select::filter::filter_record_batch;
use dataflow::{
    Chunk, Connector, Encoder, Error, OptionDoc, ScanRequest, Sink, SinkRequest, Source, TableDescriptor,
};
use model::{Field, RowField, Schema, TypeKind};

pub use self::event::Kind;
pub use self::settings::Settings;

use self::batch::Batches;

#[derive(Debug)]
pub struct Nexmark;

impl Connector for Nexmark {
    fn name(&self) -> &'static str {
        "nexmark"
    }

    fn options(&self) -> Vec<OptionDoc> {
        settings::docs()
    }

    fn source(
        &self,
        table: &TableDescriptor<'_>,
        request: &ScanRequest,
    ) -> Result<Option<Arc<dyn Source>>, Error> {
        Ok(Some(Arc::new(source::NexmarkSource::new(table, request)?)))
    }

    fn sink(
        &self,
        _table: &TableDescriptor<'_>,
        _request: &SinkRequest,
    ) -> Result<Option<Arc<dyn Sink>>, Error> {
        Ok(None)
    }
}

/// The columns of a table of events.
pub fn schema() -> Schema {
    let row = |kind: Kind| TypeKind::Row(fields(kind)).nullable();
    Schema::new(vec![
        Field::new("event_type", TypeKind::Int.nullable()),
        Field::new("person", row(Kind::Person)),
        Field::new("auction", row(Kind::Auction)),
        Field::new("bid", row(Kind::Bid)),
    ])
}

/// The fields of one kind of event.
pub fn fields(kind: Kind) -> Vec<RowField> {
    let bigint = |name| RowField::new(name, TypeKind::BigInt.nullable());
    let string = |name| RowField::new(name, TypeKind::STRING.nullable());
    let time = |name| RowField::new(name, TypeKind::Timestamp(3).nullable());
    match kind {
        Kind::Person => vec![
            bigint("id"),
            string("name"),
            string("emailAddress"),
            string("creditCard"),
            string("city"),
            string("state"),
            time("dateTime"),
            string("extra"),
        ],
        Kind::Auction => vec![
            bigint("id"),
            string("itemName"),
            string("description"),
            bigint("initialBid"),
            bigint("reserve"),
            time("dateTime"),
            time("expires"),
            bigint("seller"),
            bigint("category"),
            string("extra"),
        ],
        Kind::Bid => vec![
            bigint("auction"),
            bigint("bidder"),
            bigint("price"),
            string("channel"),
            string("url"),
            time("dateTime"),
            string("extra"),
        ],
    }
}

/// What rows of a file are: events of all kinds, or those of one kind with its fields as columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    All,
    Only(Kind),
}

impl Stream {
    pub fn schema(self) -> Schema {
        match self {
            Stream::All => schema(),
            Stream::Only(kind) => {
                let fields = fields(kind).into_iter();
                Schema::new(
                    fields
                        .map(|field| Field::new(field.name, field.data_type))
                        .collect(),
                )
            }
        }
    }
}

/// Rows made at once by [`batches`].
const BATCH_ROWS: u64 = 8_192;

/// The rows of a stream among the events of a range of numbers, in order.
pub fn batches(
    settings: &Settings,
    stream: Stream,
    numbers: Range<u64>,
) -> Result<impl Iterator<Item = Result<RecordBatch, Error>> + use<>, Error> {
    let mut wanted = schema();
    if let Stream::Only(kind) = stream {
        wanted = Schema::new(vec![wanted.fields[1 + kind as usize].clone()]);
    }
    let made = Batches::new(settings.clone(), &wanted)?;
    let flat = stream.schema().arrow();
    let mut next = numbers.start;
    Ok(std::iter::from_fn(move || {
        if next >= numbers.end {
            return None;
        }
        let rows = (numbers.end - next).min(BATCH_ROWS);
        let batch = made.make(next, 1, rows as usize);
        next += rows;
        Some(batch.and_then(|batch| match stream {
            Stream::All => Ok(batch),
            Stream::Only(_) => rows_of_one_kind(&batch, &flat),
        }))
    }))
}

/// Writes them with an encoder, such as the one of the format `json`.
pub fn write(
    settings: &Settings,
    stream: Stream,
    numbers: Range<u64>,
    encoder: &mut dyn Encoder,
    output: &mut dyn Write,
) -> Result<(), Error> {
    let mut bytes = Vec::new();
    for batch in batches(settings, stream, numbers)? {
        bytes.clear();
        encoder.encode(&Chunk::inserts(batch?), &mut bytes)?;
        output
            .write_all(&bytes)
            .map_err(|cause| Error::io("write nexmark events", cause))?;
    }
    Ok(())
}

fn rows_of_one_kind(batch: &RecordBatch, flat: &arrow_schema::SchemaRef) -> Result<RecordBatch, Error> {
    let rows = batch.column(0).as_struct();
    let present = match rows.nulls() {
        Some(nulls) => nulls.inner().clone(),
        None => BooleanBuffer::new_set(rows.len()),
    };
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let columns = rows.columns().to_vec();
    RecordBatch::try_new_with_options(Arc::clone(flat), columns, &options)
        .and_then(|all| filter_record_batch(&all, &present.into()))
        .map_err(|error| Error::internal(error.to_string()))
}

#[cfg(test)]
mod tests;
