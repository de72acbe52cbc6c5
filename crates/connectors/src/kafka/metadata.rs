//! What is known of a message besides its key and value, as columns.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int32Builder, Int64Builder, PrimitiveBuilder, StringBuilder};
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{ArrayRef, MapArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::DataType as ArrowType;
use dataflow::{Error, OptionError};
use model::{DataType, TypeKind};

use super::client::{Message, TimestampType, TopicPartition};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataKey {
    Topic,
    Partition,
    Headers,
    LeaderEpoch,
    Offset,
    Timestamp,
    TimestampType,
}

const KEYS: [(&str, MetadataKey, &str); 7] = [
    (
        "topic",
        MetadataKey::Topic,
        "the topic of the message; written if the table has several",
    ),
    (
        "partition",
        MetadataKey::Partition,
        "the partition of the message",
    ),
    (
        "headers",
        MetadataKey::Headers,
        "the headers of the message; can be written",
    ),
    (
        "leader-epoch",
        MetadataKey::LeaderEpoch,
        "the epoch of the partition's leader, if the broker tells it",
    ),
    (
        "offset",
        MetadataKey::Offset,
        "the place of the message in its partition",
    ),
    (
        "timestamp",
        MetadataKey::Timestamp,
        "the time of the message; can be written",
    ),
    (
        "timestamp-type",
        MetadataKey::TimestampType,
        "what the time means: CreateTime, LogAppendTime or NoTimestampType",
    ),
];

impl MetadataKey {
    pub fn parse(key: &str) -> Result<MetadataKey, OptionError> {
        if let Some((_, found, _)) = KEYS.iter().find(|(known, ..)| *known == key) {
            return Ok(*found);
        }
        let known: Vec<&str> = KEYS.iter().map(|(known, ..)| *known).collect();
        Err(OptionError {
            key: None,
            message: format!("metadata '{key}' not found"),
            hint: model::suggest::did_you_mean(key, known.iter().copied())
                .or_else(|| Some(format!("known metadata: {}", known.join(", ")))),
        })
    }

    fn data_type(self) -> DataType {
        match self {
            MetadataKey::Topic | MetadataKey::TimestampType => TypeKind::STRING.not_null(),
            MetadataKey::Partition => TypeKind::Int.not_null(),
            MetadataKey::Headers => headers_type().not_null(),
            MetadataKey::LeaderEpoch => TypeKind::Int.nullable(),
            MetadataKey::Offset => TypeKind::BigInt.not_null(),
            MetadataKey::Timestamp => TypeKind::TimestampLtz(3).not_null(),
        }
    }

    /// The values of these messages. `data_type` is the type of the key.
    pub fn array(
        self,
        data_type: &DataType,
        place: &TopicPartition,
        messages: &[Message],
    ) -> Result<ArrayRef, Error> {
        Ok(match self {
            MetadataKey::Topic => {
                let mut values = StringBuilder::new();
                messages.iter().for_each(|_| values.append_value(&place.topic));
                Arc::new(values.finish())
            }
            MetadataKey::Partition => {
                let mut values = Int32Builder::new();
                values.append_slice(&vec![place.partition; messages.len()]);
                Arc::new(values.finish())
            }
            MetadataKey::Headers => headers(data_type, messages)?,
            MetadataKey::LeaderEpoch => {
                let mut values = Int32Builder::new();
                for message in messages {
                    values.append_option(message.leader_epoch());
                }
                Arc::new(values.finish())
            }
            MetadataKey::Offset => {
                let mut values = Int64Builder::new();
                for message in messages {
                    values.append_value(message.offset());
                }
                Arc::new(values.finish())
            }
            MetadataKey::Timestamp => {
                let values = PrimitiveBuilder::<TimestampMicrosecondType>::new();
                let mut values = values.with_data_type(data_type.arrow());
                for message in messages {
                    values.append_value(message.timestamp().0.saturating_mul(1000));
                }
                Arc::new(values.finish())
            }
            MetadataKey::TimestampType => {
                let mut values = StringBuilder::new();
                for message in messages {
                    values.append_value(match message.timestamp().1 {
                        TimestampType::None => "NoTimestampType",
                        TimestampType::CreateTime => "CreateTime",
                        TimestampType::LogAppendTime => "LogAppendTime",
                    });
                }
                Arc::new(values.finish())
            }
        })
    }
}

fn headers_type() -> TypeKind {
    TypeKind::Map(
        Box::new(TypeKind::STRING.nullable()),
        Box::new(TypeKind::BYTES.nullable()),
    )
}

/// Key, type and what it is, for those who read.
pub fn readable() -> Vec<(&'static str, DataType, &'static str)> {
    let all = KEYS.iter();
    all.map(|(name, key, doc)| (*name, key.data_type(), *doc))
        .collect()
}

/// Of headers of the same name the last counts, as in Flink.
fn headers(data_type: &DataType, messages: &[Message]) -> Result<ArrayRef, Error> {
    let ArrowType::Map(entries_field, ordered) = data_type.arrow() else {
        return Err(Error::internal("headers are a map"));
    };
    let ArrowType::Struct(fields) = entries_field.data_type() else {
        return Err(Error::internal("the entries of a map are rows"));
    };
    let (mut names, mut values) = (StringBuilder::new(), BinaryBuilder::new());
    let mut lengths = Vec::with_capacity(messages.len());
    let mut entries: Vec<(String, Option<&[u8]>)> = Vec::new();
    for message in messages {
        entries.clear();
        message.each_header(|name, value| {
            let name = name.to_string_lossy();
            match entries.iter_mut().find(|(known, _)| *known == name) {
                Some((_, held)) => *held = value,
                None => entries.push((name.into_owned(), value)),
            }
        });
        lengths.push(entries.len());
        for (name, value) in &entries {
            names.append_value(name);
            values.append_option(*value);
        }
    }
    let columns: Vec<ArrayRef> = vec![Arc::new(names.finish()), Arc::new(values.finish())];
    let fault = |error: arrow_schema::ArrowError| Error::internal(error.to_string());
    let entries = StructArray::try_new(fields.clone(), columns, None).map_err(fault)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    let map = MapArray::try_new(entries_field, offsets, entries, None, ordered).map_err(fault)?;
    Ok(Arc::new(map))
}
