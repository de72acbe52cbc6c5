//! The format `avro-confluent`: records in Avro behind the number of their schema, which a registry knows.
//!
//! A message is a zero, the number in four bytes and the record. What it was written by is asked of the registry once,
//! and read as far as the table wants it ([`super::resolve`]). What is written has the schema of the table, or one that an
//! option gives, under the number that the registry gives it. Who asks the registry, and where it may be, is said by
//! whoever makes the format.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::RecordBatch;
use dataflow::format::DecodeError;
use dataflow::{
    Chunk, Decoder, DecoderRequest, Encoder, EncoderRequest, Error, Format, OptionDoc, OptionError, Options,
};
use model::Schema;

use super::encode::Write;
use super::resolve::Step;
use super::schema::{AvroSchema, TimeMapping};
use super::{LEGACY, LEGACY_DOC, datum, encode, no_stream, resolve, schema, write_row};
use crate::column::Columns;

/// Stands before the number.
const MAGIC: u8 = 0;
const FRONT_BYTES: usize = 5;
const SCHEMA_ID_MAX: u32 = i32::MAX as u32;
/// Schemas that are remembered at a time: messages may name any number.
const KNOWN_MAX: usize = 1_000;

/// What a registry says of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// A schema, as JSON.
    Schema(String),
    /// Something that no record can be read by, and why.
    Unfit(String),
    /// Nothing yet.
    Unknown,
}

/// Who knows schemas by their numbers. Asked seldom: what it says of a number that it knows never changes.
pub trait SchemaRegistry: Send + Sync + fmt::Debug {
    fn schema(&self, id: u32) -> Result<Registered, Error>;

    /// The number of a schema under a subject, which it is registered under if need be.
    fn register(&self, subject: &str, schema: &str) -> Result<u32, Error>;
}

/// Reads what options say of a registry, without a prefix.
pub type Open = Box<dyn Fn(&Options) -> Result<Arc<dyn SchemaRegistry>, OptionError> + Send + Sync>;

pub struct AvroConfluent {
    open: Open,
    docs: Vec<OptionDoc>,
}

impl AvroConfluent {
    /// `docs` are those of the options that `open` reads.
    pub fn new(open: Open, docs: Vec<OptionDoc>) -> AvroConfluent {
        AvroConfluent { open, docs }
    }

    fn read<T>(
        &self,
        options: &Options,
        read: impl FnOnce(&Options, Settings) -> Result<T, OptionError>,
    ) -> Result<T, OptionError> {
        options.prefixed("avro-confluent.", |own| {
            let settings = Settings {
                registry: (self.open)(own)?,
                subject: own.get("subject").map(str::to_string),
                schema: own.get("schema").map(str::to_string),
                times: TimeMapping {
                    legacy: own.boolean(LEGACY)?.unwrap_or(true),
                },
            };
            read(own, settings)
        })
    }
}

struct Settings {
    registry: Arc<dyn SchemaRegistry>,
    subject: Option<String>,
    schema: Option<String>,
    times: TimeMapping,
}

impl Settings {
    /// The schema that rows of a table are written by, and its text.
    fn written(&self, table: &Schema) -> Result<(String, Write), OptionError> {
        let key = "avro-confluent.schema";
        let (text, key) = match &self.schema {
            Some(text) => (text.clone(), key),
            None => (schema::of_table(table, self.times)?.to_string(), "format"),
        };
        let wrong = |fault: String| OptionError::new(key, format!("the schema does not fit: {fault}"));
        let parsed = AvroSchema::parse(&text).map_err(wrong)?;
        let write = encode::plan(&parsed, table, self.times).map_err(wrong)?;
        Ok((text, write))
    }
}

impl Format for AvroConfluent {
    fn name(&self) -> &'static str {
        "avro-confluent"
    }

    fn options(&self) -> Vec<OptionDoc> {
        let option = |key, default, doc| OptionDoc {
            key,
            required: false,
            default,
            doc,
        };
        let mut docs = self.docs.clone();
        docs.extend([
            option(
                "avro-confluent.subject",
                "",
                "The subject that the schema of what is written is registered under; in Kafka the topic with '-value' or '-key' behind it unless it is said.",
            ),
            option(
                "avro-confluent.schema",
                "",
                "The schema to write by instead of the table's own; it must have a field for each column.",
            ),
            option("avro-confluent.timestamp_mapping.legacy", "true", LEGACY_DOC),
        ]);
        docs
    }

    fn splittable(&self, _options: &Options) -> bool {
        false
    }

    fn is_of_messages(&self) -> bool {
        true
    }

    fn asks_others(&self) -> bool {
        true
    }

    fn decoder(&self, request: &DecoderRequest<'_>) -> Result<Box<dyn Decoder>, OptionError> {
        self.read(request.options, |_, settings| {
            // What is given must be the table's, though each message says what it was written by.
            settings.written(request.physical)?;
            Ok(Box::new(ConfluentDecoder {
                registry: settings.registry,
                times: settings.times,
                wanted: request.schema.clone(),
                known: HashMap::new(),
                columns: Columns::new(request.schema),
            }) as Box<dyn Decoder>)
        })
    }

    fn encoder(&self, request: &EncoderRequest<'_>) -> Result<Box<dyn Encoder>, OptionError> {
        self.read(request.options, |own, settings| {
            let (schema, write) = settings.written(request.schema)?;
            let subject = match (settings.subject, request.subject) {
                (Some(subject), _) => subject,
                (None, Some(subject)) => subject.to_string(),
                (None, None) => own.require("subject")?.to_string(),
            };
            Ok(Box::new(ConfluentEncoder {
                registry: settings.registry,
                subject,
                schema,
                write,
                id: None,
            }) as Box<dyn Encoder>)
        })
    }
}

struct ConfluentDecoder {
    registry: Arc<dyn SchemaRegistry>,
    times: TimeMapping,
    wanted: Schema,
    /// By number; the fault of one that the table cannot be read of.
    known: HashMap<u32, Result<(AvroSchema, Step), String>>,
    columns: Columns,
}

impl ConfluentDecoder {
    /// Sees to it that it is known what a number stands for; the fault if it stands for nothing. That alone is not
    /// remembered: the next message may come when the registry has heard of it.
    fn learn(&mut self, id: u32) -> Result<Option<String>, Error> {
        if self.known.contains_key(&id) {
            return Ok(None);
        }
        // Registries count with 31 bits, and call a question for more a failure of whoever asks.
        if id > SCHEMA_ID_MAX {
            return Ok(Some(unknown(id)));
        }
        let parsed = match self.registry.schema(id)? {
            Registered::Schema(text) => AvroSchema::parse(&text),
            Registered::Unfit(fault) => Err(fault),
            Registered::Unknown => return Ok(Some(unknown(id))),
        };
        let learnt = parsed
            .and_then(|schema| {
                let step = resolve::resolve(&schema, &self.wanted, self.times)?;
                Ok((schema, step))
            })
            .map_err(|fault| format!("schema {id}: {fault}"));
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(id, learnt);
        Ok(None)
    }
}

fn unknown(id: u32) -> String {
    format!("the registry has no schema {id} of Avro")
}

impl Decoder for ConfluentDecoder {
    fn decode_stream(&mut self, _: &[u8], _: bool, _: usize) -> Result<usize, DecodeError> {
        Err(no_stream())
    }

    fn decode_message(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        let broken = |text: String| DecodeError {
            message: text,
            offset: 0,
            record: Some(0..message.len()),
        };
        let Some((&[MAGIC, a, b, c, d], _)) = message.split_first_chunk::<FRONT_BYTES>() else {
            return Err(broken(
                "it does not begin with a zero and the number of a schema".to_string(),
            ));
        };
        let id = u32::from_be_bytes([a, b, c, d]);
        let learnt = self.learn(id).map_err(|error| DecodeError {
            message: error.to_string(),
            offset: 0,
            // It is not the message's fault.
            record: None,
        })?;
        if let Some(fault) = learnt {
            return Err(broken(fault));
        }
        match self.known.get(&id) {
            Some(Ok((schema, step))) => datum(schema, step, message, FRONT_BYTES, &mut self.columns),
            Some(Err(fault)) => Err(broken(fault.clone())),
            None => Err(broken("internal: its schema is not known".to_string())),
        }
    }

    fn rows(&self) -> usize {
        self.columns.rows
    }

    fn take(&mut self) -> Result<RecordBatch, Error> {
        self.columns.take()
    }
}

struct ConfluentEncoder {
    registry: Arc<dyn SchemaRegistry>,
    subject: String,
    schema: String,
    write: Write,
    id: Option<u32>,
}

impl Encoder for ConfluentEncoder {
    fn encode(&mut self, _: &Chunk, _: &mut Vec<u8>) -> Result<(), Error> {
        Err(encode::internal(
            "records of Avro do not stand one behind the other",
        ))
    }

    fn encode_message(&mut self, chunk: &Chunk, row: usize, out: &mut Vec<u8>) -> Result<bool, Error> {
        let id = match self.id {
            Some(id) => id,
            None => *self
                .id
                .insert(self.registry.register(&self.subject, &self.schema)?),
        };
        out.push(MAGIC);
        out.extend_from_slice(&id.to_be_bytes());
        write_row(&self.write, chunk, row, out)?;
        Ok(true)
    }
}
