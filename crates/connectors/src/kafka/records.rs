//! Rows to records: keys and values encoded, with the time, the headers and the topic that metadata columns hold.

use std::ffi::CString;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, TimestampNanosecondType};
use arrow_array::{Array, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use dataflow::{Chunk, Encoder, Error, EvaluationContext, OptionError, Options, SinkRequest};
use model::{DataType, Schema, TypeKind};

use super::client::{Record, Topics};
use super::fields::{Fields, Key};

/// Where the parts of a record stand in a row.
pub struct RecordLayout {
    pub topics: Topics,
    fields: Fields,
    physical: Schema,
    topic: Option<usize>,
    headers: Option<usize>,
    timestamp: Option<(usize, u8)>,
    upsert: bool,
    context: Arc<EvaluationContext>,
}

impl RecordLayout {
    pub fn new(
        fields: Fields,
        topics: Topics,
        request: &SinkRequest,
        upsert: bool,
        context: &Arc<EvaluationContext>,
    ) -> Result<RecordLayout, OptionError> {
        let mut layout = RecordLayout {
            topics,
            fields,
            physical: request.columns.clone(),
            topic: None,
            headers: None,
            timestamp: None,
            upsert,
            context: Arc::clone(context),
        };
        for (place, (key, data_type)) in request.metadata.iter().enumerate() {
            layout.add_metadata(key, data_type, request.columns.len() + place)?;
        }
        if layout.topic.is_none() && layout.only_topic().is_none() {
            return Err(OptionError {
                key: Some("topic".to_string()),
                message: "a table of several topics is written by its metadata column 'topic'".to_string(),
                hint: Some("name one topic, or declare a column: topic STRING METADATA".to_string()),
            });
        }
        Ok(layout)
    }

    fn add_metadata(&mut self, key: &str, data_type: &DataType, column: usize) -> Result<(), OptionError> {
        let wrong_type = |expected: &str| OptionError {
            key: None,
            message: format!("metadata '{key}' cannot be written as {}", data_type.kind),
            hint: Some(format!("declare it as {expected}")),
        };
        match (key, &data_type.kind) {
            ("topic", kind) if self.only_topic().is_none() => {
                if !kind.is_string() {
                    return Err(wrong_type("STRING"));
                }
                self.topic = Some(column);
            }
            ("headers", TypeKind::Map(name, value)) => {
                if !name.kind.is_string()
                    || !matches!(value.kind, TypeKind::Varbinary(_) | TypeKind::Binary(_))
                {
                    return Err(wrong_type("MAP<STRING, BYTES>"));
                }
                self.headers = Some(column);
            }
            ("headers", _) => return Err(wrong_type("MAP<STRING, BYTES>")),
            ("timestamp", TypeKind::TimestampLtz(precision)) => self.timestamp = Some((column, *precision)),
            ("timestamp", _) => return Err(wrong_type("TIMESTAMP_LTZ(3)")),
            _ => {
                return Err(OptionError {
                    key: None,
                    message: format!("metadata '{key}' cannot be written"),
                    hint: Some("declare the column VIRTUAL".to_string()),
                });
            }
        }
        Ok(())
    }

    /// The topic of all records, if there is only one.
    pub fn only_topic(&self) -> Option<&str> {
        match &self.topics {
            Topics::Named(names) if names.len() == 1 => names.first().map(String::as_str),
            _ => None,
        }
    }

    /// What its keys or values are, as others call them, too: by the topic.
    fn subject(&self, part: &str) -> Option<String> {
        self.only_topic().map(|topic| format!("{topic}-{part}"))
    }

    pub fn encoder(&self, options: &Options) -> Result<RecordEncoder, OptionError> {
        let part = |columns: &[usize], schema: Schema, encoder| EncodedPart {
            columns: columns.to_vec(),
            schema: schema.arrow(),
            encoder,
            bytes: Vec::new(),
        };
        let value_schema = self.fields.value_schema(&self.physical);
        let subject = self.subject("value");
        let value = self
            .fields
            .value
            .encoder(options, &value_schema, &self.context, subject.as_deref())?;
        let key = match &self.fields.key {
            Some(key) => Some(self.key_part(key, options)?),
            None => None,
        };
        Ok(RecordEncoder {
            key,
            value: part(&self.fields.value_columns, value_schema, value),
            headers: Vec::new(),
        })
    }

    fn key_part(&self, key: &Key, options: &Options) -> Result<EncodedPart, OptionError> {
        let schema = key.schema(&self.physical);
        Ok(EncodedPart {
            encoder: key
                .part
                .encoder(options, &schema, &self.context, self.subject("key").as_deref())?,
            columns: key.columns.clone(),
            schema: schema.arrow(),
            bytes: Vec::new(),
        })
    }
}

/// The key or the value of records.
struct EncodedPart {
    columns: Vec<usize>,
    schema: SchemaRef,
    encoder: Box<dyn Encoder>,
    /// Of the record at hand.
    bytes: Vec<u8>,
}

impl EncodedPart {
    fn chunk(&self, chunk: &Chunk, with_kinds: bool) -> Result<Chunk, Error> {
        let columns = self
            .columns
            .iter()
            .map(|index| Arc::clone(chunk.batch.column(*index)));
        let options = RecordBatchOptions::new().with_row_count(Some(chunk.rows()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns.collect(), &options)
            .map_err(|error| Error::internal(error.to_string()))?;
        Ok(Chunk {
            batch,
            kinds: chunk.kinds.clone().filter(|_| with_kinds),
        })
    }

    /// The bytes of a row, if it has any.
    fn encode(&mut self, chunk: &Chunk, row: usize) -> Result<Option<&[u8]>, Error> {
        self.bytes.clear();
        let has_bytes = self.encoder.encode_message(chunk, row, &mut self.bytes)?;
        Ok(has_bytes.then_some(self.bytes.as_slice()))
    }
}

pub struct RecordEncoder {
    key: Option<EncodedPart>,
    value: EncodedPart,
    headers: Vec<(CString, Vec<u8>)>,
}

impl RecordEncoder {
    /// Shows the record of every row, in order; its partition is left open.
    pub fn each(
        &mut self,
        layout: &RecordLayout,
        chunk: &Chunk,
        mut show: impl FnMut(Record<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let keys = match &self.key {
            Some(key) => Some(key.chunk(chunk, false)?),
            None => None,
        };
        // A format of upserts sees only what rows are.
        let values = self.value.chunk(chunk, !layout.upsert)?;
        for row in 0..chunk.rows() {
            let is_tombstone = layout.upsert && !chunk.kind(row).is_addition();
            let key = match (&mut self.key, &keys) {
                (Some(key), Some(keys)) => key.encode(keys, row)?,
                _ => None,
            };
            let value = match is_tombstone {
                true => None,
                false => self.value.encode(&values, row)?,
            };
            self.headers.clear();
            if let Some(column) = layout.headers {
                read_headers(chunk, column, row, &mut self.headers)?;
            }
            show(Record {
                topic: topic(layout, chunk, row)?,
                partition: None,
                key,
                value,
                timestamp_ms: timestamp(layout, chunk, row)?,
                headers: &self.headers,
            })?;
        }
        Ok(())
    }
}

fn wrong(message: String, row: usize) -> Error {
    Error::Data {
        message,
        place: format!("row {row} of a batch"),
    }
}

fn topic<'a>(layout: &'a RecordLayout, chunk: &'a Chunk, row: usize) -> Result<&'a str, Error> {
    if let Some(topic) = layout.only_topic() {
        return Ok(topic);
    }
    let column = layout
        .topic
        .ok_or_else(|| Error::internal("there is no column for the topic"))?;
    let column = chunk.batch.column(column);
    if column.is_null(row) {
        return Err(wrong("the metadata column 'topic' is NULL".to_string(), row));
    }
    let topic = column.as_string::<i32>().value(row);
    if layout.topics.contains(topic) {
        return Ok(topic);
    }
    Err(wrong(format!("topic '{topic}' is none of the table's"), row))
}

fn timestamp(layout: &RecordLayout, chunk: &Chunk, row: usize) -> Result<Option<i64>, Error> {
    let Some((column, precision)) = layout.timestamp else {
        return Ok(None);
    };
    let column = chunk.batch.column(column);
    if column.is_null(row) {
        return Ok(None);
    }
    let time_ms = match precision {
        ..=6 => column
            .as_primitive::<TimestampMicrosecondType>()
            .value(row)
            .div_euclid(1_000),
        _ => column
            .as_primitive::<TimestampNanosecondType>()
            .value(row)
            .div_euclid(1_000_000),
    };
    if time_ms <= 0 {
        // librdkafka takes zero for now, which would be another time without anybody noticing.
        let message = "the metadata column 'timestamp' must be after 1970-01-01 00:00:00.000";
        return Err(wrong(message.to_string(), row));
    }
    Ok(Some(time_ms))
}

/// As in Flink, entries whose name or value is NULL are left out.
fn read_headers(
    chunk: &Chunk,
    column: usize,
    row: usize,
    headers: &mut Vec<(CString, Vec<u8>)>,
) -> Result<(), Error> {
    let map = chunk.batch.column(column).as_map();
    if map.is_null(row) {
        return Ok(());
    }
    let offsets = map.value_offsets();
    let (names, values) = (map.keys().as_string::<i32>(), map.values().as_binary::<i32>());
    for entry in offsets[row] as usize..offsets[row + 1] as usize {
        if names.is_null(entry) || values.is_null(entry) {
            continue;
        }
        let name = CString::new(names.value(entry))
            .map_err(|_| wrong("the name of a header has a NUL character in it".to_string(), row))?;
        headers.push((name, values.value(entry).to_vec()));
    }
    Ok(())
}
