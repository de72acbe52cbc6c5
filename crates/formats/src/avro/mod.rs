//! The format `avro`: records in Avro's binary encoding, with the options, the schemas and the bytes of Flink's.
//!
//! A record has no name or number of its schema with it. Its writer's schema is the one that Flink derives of the
//! table, and the fields are those of the table in their order.

mod confluent;
mod decode;
mod encode;
mod resolve;
mod schema;

use arrow_array::RecordBatch;
use dataflow::format::DecodeError;
use dataflow::{
    Chunk, Decoder, DecoderRequest, Encoder, EncoderRequest, Error, Format, OptionDoc, OptionError, Options,
};
use model::Schema;

pub use self::confluent::{AvroConfluent, Open, Registered, SchemaRegistry};
use self::encode::Write;
use self::resolve::Step;
use self::schema::{AvroSchema, TimeMapping};
use crate::column::Columns;

#[derive(Debug)]
pub struct Avro;

const LEGACY: &str = "timestamp_mapping.legacy";
const ENCODING: &str = "encoding";
const CODEC: &str = "codec";

impl Format for Avro {
    fn name(&self) -> &'static str {
        "avro"
    }

    fn options(&self) -> Vec<OptionDoc> {
        let option = |key, default, doc| OptionDoc {
            key,
            required: false,
            default,
            doc,
        };
        vec![
            option(
                "avro.encoding",
                "binary",
                "How records of messages are written: 'binary'.",
            ),
            option("avro.timestamp_mapping.legacy", "true", LEGACY_DOC),
        ]
    }

    fn splittable(&self, _options: &Options) -> bool {
        false
    }

    fn is_of_messages(&self) -> bool {
        true
    }

    fn decoder(&self, request: &DecoderRequest<'_>) -> Result<Box<dyn Decoder>, OptionError> {
        let times = read_options(request.options)?;
        let written = of_table(request.physical, times)?;
        let step = resolve::resolve(&written, request.schema, times).map_err(unfit)?;
        Ok(Box::new(AvroDecoder {
            written,
            step,
            columns: Columns::new(request.schema),
        }))
    }

    fn encoder(&self, request: &EncoderRequest<'_>) -> Result<Box<dyn Encoder>, OptionError> {
        let times = read_options(request.options)?;
        let schema = of_table(request.schema, times)?;
        let write = encode::plan(&schema, request.schema, times).map_err(unfit)?;
        Ok(Box::new(AvroEncoder { write }))
    }
}

const LEGACY_DOC: &str = "Whether TIMESTAMP is an instant in Avro, as before Flink 1.19, and TIMESTAMP_LTZ is refused; \
                          otherwise TIMESTAMP is a local timestamp, and TIMESTAMP_LTZ an instant.";

fn unfit(message: String) -> OptionError {
    OptionError::new("format", message)
}

fn of_table(schema: &Schema, times: TimeMapping) -> Result<AvroSchema, OptionError> {
    let text = schema::of_table(schema, times)?.to_string();
    AvroSchema::parse(&text).map_err(unfit)
}

fn read_options(options: &Options) -> Result<TimeMapping, OptionError> {
    options.prefixed("avro.", |avro| {
        if avro.get(CODEC).is_some() {
            let message = "option 'avro.codec' is about files, which are not read or written in Avro yet";
            return Err(OptionError::new("avro.codec", message).hint("take it out"));
        }
        if avro.one_of(ENCODING, &[("binary", false), ("json", true)])? == Some(true) {
            let message = "option 'avro.encoding' = 'json' is not supported yet";
            return Err(OptionError::new("avro.encoding", message).hint("use 'binary'"));
        }
        Ok(TimeMapping {
            legacy: avro.boolean(LEGACY)?.unwrap_or(true),
        })
    })
}

#[derive(Debug)]
struct AvroDecoder {
    written: AvroSchema,
    step: Step,
    columns: Columns,
}

impl Decoder for AvroDecoder {
    fn decode_stream(&mut self, _: &[u8], _: bool, _: usize) -> Result<usize, DecodeError> {
        Err(no_stream())
    }

    fn decode_message(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        datum(&self.written, &self.step, message, 0, &mut self.columns)
    }

    fn rows(&self) -> usize {
        self.columns.rows
    }

    fn take(&mut self) -> Result<RecordBatch, Error> {
        self.columns.take()
    }
}

/// Reads a message whose record begins behind `before` bytes.
fn datum(
    written: &AvroSchema,
    step: &Step,
    message: &[u8],
    before: usize,
    columns: &mut Columns,
) -> Result<(), DecodeError> {
    decode::datum(written, step, &message[before..], columns).map_err(|fault| DecodeError {
        message: format!("invalid Avro: {}", fault.message),
        offset: fault.offset + before,
        record: Some(0..message.len()),
    })
}

fn no_stream() -> DecodeError {
    DecodeError {
        message: "records of Avro do not stand one behind the other: files of Avro are not read yet"
            .to_string(),
        offset: 0,
        record: None,
    }
}

#[derive(Debug)]
struct AvroEncoder {
    write: Write,
}

impl Encoder for AvroEncoder {
    fn encode(&mut self, _: &Chunk, _: &mut Vec<u8>) -> Result<(), Error> {
        Err(encode::internal(
            "records of Avro do not stand one behind the other",
        ))
    }

    fn encode_message(&mut self, chunk: &Chunk, row: usize, out: &mut Vec<u8>) -> Result<bool, Error> {
        write_row(&self.write, chunk, row, out)?;
        Ok(true)
    }
}

fn write_row(write: &Write, chunk: &Chunk, row: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    encode::row(write, chunk.batch.columns(), row, out).map_err(|fault| Error::Data {
        message: format!("a row cannot be written in Avro: {fault}"),
        place: format!("row {row} of a batch"),
    })
}
