//! Makes batches of events, only the columns and fields that are wanted.

use std::sync::Arc;

use arrow_array::types::{TimestampMicrosecondType, TimestampNanosecondType};
use arrow_array::{
    ArrayRef, Int32Array, Int64Array, PrimitiveArray, RecordBatch, RecordBatchOptions, StringArray,
    StructArray,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType as ArrowType, Fields, SchemaRef};
use dataflow::{Error, OptionError};
use model::suggest::did_you_mean;
use model::{DataType, RowField, Schema, TypeKind};

use super::event::{Event, Kind};
use super::settings::Settings;
use super::text::Channels;

/// Makes the wanted columns of events.
pub struct Batches {
    settings: Settings,
    channels: Option<Channels>,
    schema: SchemaRef,
    columns: Vec<Column>,
}

enum Column {
    EventType,
    Row {
        kind: Kind,
        arrow: Fields,
        fields: Vec<Value>,
    },
}

/// How a field is made.
#[derive(Clone, Copy)]
enum Value {
    Number(fn(&Settings, &Event) -> i64),
    /// Milliseconds, delivered with this precision and zone.
    Time(fn(&Settings, &Event) -> i64, u8, bool),
    Text(fn(&Settings, &Event, &mut Vec<u8>)),
    Channel,
    Url,
}

impl Batches {
    pub fn new(settings: Settings, wanted: &Schema) -> Result<Self, OptionError> {
        let known = super::schema();
        let mut columns = Vec::with_capacity(wanted.len());
        for field in &wanted.fields {
            let place = known.index_of(&field.name);
            let Some(place) = place else {
                return Err(unknown(&field.name, "column", known.names().collect()));
            };
            columns.push(match (place, &field.data_type.kind) {
                (0, TypeKind::Int) => Column::EventType,
                (1.., TypeKind::Row(fields)) => row_column(
                    [Kind::Person, Kind::Auction, Kind::Bid][place - 1],
                    &field.name,
                    fields,
                )?,
                _ => {
                    return Err(wrong_type(
                        &field.name,
                        &field.data_type,
                        &known.fields[place].data_type,
                    ));
                }
            });
        }
        let values = columns.iter().flat_map(|column| match column {
            Column::EventType => [].iter(),
            Column::Row { fields, .. } => fields.iter(),
        });
        let channels = values
            .clone()
            .any(|value| matches!(value, Value::Channel | Value::Url));
        Ok(Batches {
            channels: channels.then(|| Channels::new(settings.seed)),
            settings,
            schema: wanted.arrow(),
            columns,
        })
    }

    /// Makes the events `first`, `first + step`, and so on.
    pub fn make(&self, first: u64, step: u64, rows: usize) -> Result<RecordBatch, Error> {
        let internal = |error: ArrowError| Error::internal(error.to_string());
        let numbers = (0..rows as u64).map(|row| first + row * step);
        let events = match self.columns.is_empty() {
            true => Events::default(),
            false => Events::new(numbers.map(|number| self.settings.event(number)), rows),
        };
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            arrays.push(match column {
                Column::EventType => Arc::new(Int32Array::from(events.types.clone())),
                Column::Row { kind, arrow, fields } => {
                    let here = &events.of_kind[*kind as usize];
                    let nulls = NullBuffer::from_iter(events.types.iter().map(|of| *of == *kind as i32));
                    let mut children = Vec::with_capacity(fields.len());
                    for field in fields {
                        children.push(self.array(*field, here, rows, &nulls).map_err(internal)?);
                    }
                    Arc::new(
                        StructArray::try_new_with_length(arrow.clone(), children, Some(nulls), rows)
                            .map_err(internal)?,
                    )
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options).map_err(internal)
    }

    fn array(
        &self,
        value: Value,
        events: &[(u32, Event)],
        rows: usize,
        nulls: &NullBuffer,
    ) -> Result<ArrayRef, ArrowError> {
        let nulls = Some(nulls.clone());
        let numbers = |of: fn(&Settings, &Event) -> i64, factor: i64| -> ScalarBuffer<i64> {
            let mut numbers = vec![0; rows];
            for (row, event) in events {
                numbers[*row as usize] = of(&self.settings, event) * factor;
            }
            numbers.into()
        };
        Ok(match value {
            Value::Number(of) => Arc::new(Int64Array::try_new(numbers(of, 1), nulls)?),
            Value::Time(of, precision, zoned) => {
                let zone = zoned.then(|| Arc::<str>::from("UTC"));
                if precision <= 6 {
                    let numbers = numbers(of, 1_000);
                    let array = PrimitiveArray::<TimestampMicrosecondType>::try_new(numbers, nulls)?;
                    Arc::new(array.with_timezone_opt(zone))
                } else {
                    let numbers = numbers(of, 1_000_000);
                    let array = PrimitiveArray::<TimestampNanosecondType>::try_new(numbers, nulls)?;
                    Arc::new(array.with_timezone_opt(zone))
                }
            }
            Value::Text(push) => texts(events, rows, nulls, |event, out| push(&self.settings, event, out))?,
            Value::Channel | Value::Url => texts(events, rows, nulls, |event, out| {
                // They were made because such a column is wanted.
                if let Some(channels) = &self.channels {
                    let index = self.settings.channel(event);
                    out.extend_from_slice(match value {
                        Value::Channel => channels.name(index),
                        _ => channels.url(index),
                    });
                }
            })?,
        })
    }
}

/// The events of a batch: the type of each, and per kind the rows and events of it.
#[derive(Default)]
struct Events {
    types: Vec<i32>,
    of_kind: [Vec<(u32, Event)>; 3],
}

impl Events {
    fn new(events: impl Iterator<Item = Event>, rows: usize) -> Self {
        let mut all = Events {
            types: Vec::with_capacity(rows),
            of_kind: Default::default(),
        };
        for (row, event) in events.enumerate() {
            all.types.push(event.kind as i32);
            all.of_kind[event.kind as usize].push((row as u32, event));
        }
        all
    }
}

fn texts(
    events: &[(u32, Event)],
    rows: usize,
    nulls: Option<NullBuffer>,
    mut push: impl FnMut(&Event, &mut Vec<u8>),
) -> Result<ArrayRef, ArrowError> {
    let mut bytes = Vec::with_capacity(events.len() * 64);
    let mut offsets: Vec<i32> = Vec::with_capacity(rows + 1);
    let mut end = 0;
    for (row, event) in events {
        offsets.resize(*row as usize + 1, end);
        push(event, &mut bytes);
        end = i32::try_from(bytes.len()).map_err(|_| ArrowError::OffsetOverflowError(bytes.len()))?;
    }
    offsets.resize(rows + 1, end);
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    let array = StringArray::try_new(offsets, Buffer::from_vec(bytes), nulls)?;
    Ok(Arc::new(array))
}

fn row_column(kind: Kind, column: &str, wanted: &[RowField]) -> Result<Column, OptionError> {
    let known = super::fields(kind);
    let mut fields = Vec::with_capacity(wanted.len());
    for field in wanted {
        let Some(expected) = known.iter().find(|known| known.name == field.name) else {
            return Err(unknown(
                &format!("{column}.{}", field.name),
                "field",
                known.iter().map(|field| field.name.as_str()).collect(),
            ));
        };
        let fits = match (&expected.data_type.kind, &field.data_type.kind) {
            (TypeKind::Timestamp(_), given) => given.is_timestamp(),
            (expected, given) if expected.is_string() => given.is_string(),
            (expected, given) => expected == given,
        };
        if !fits {
            return Err(wrong_type(
                &format!("{column}.{}", field.name),
                &field.data_type,
                &expected.data_type,
            ));
        }
        fields.push(value(kind, &field.name, &field.data_type.kind));
    }
    let ArrowType::Struct(arrow) = TypeKind::Row(wanted.to_vec()).arrow() else {
        return Err(OptionError::new(
            "connector",
            format!("column '{column}' is no ROW"),
        ));
    };
    Ok(Column::Row { kind, arrow, fields })
}

/// How a known field is made.
fn value(kind: Kind, name: &str, data_type: &TypeKind) -> Value {
    let time = |of| match data_type {
        TypeKind::TimestampLtz(precision) => Value::Time(of, *precision, true),
        TypeKind::Timestamp(precision) => Value::Time(of, *precision, false),
        _ => Value::Number(of),
    };
    match (kind, name) {
        (_, "dateTime") => time(Settings::time_ms),
        (_, "extra") => Value::Text(Settings::push_extra),
        (Kind::Person, "id") => Value::Number(Settings::person_id),
        (Kind::Person, "name") => Value::Text(Settings::push_name),
        (Kind::Person, "emailAddress") => Value::Text(Settings::push_email),
        (Kind::Person, "creditCard") => Value::Text(Settings::push_card),
        (Kind::Person, "city") => Value::Text(Settings::push_city),
        (Kind::Person, _) => Value::Text(Settings::push_state),
        (Kind::Auction, "id") => Value::Number(Settings::auction_id),
        (Kind::Auction, "itemName") => Value::Text(Settings::push_item),
        (Kind::Auction, "description") => Value::Text(Settings::push_description),
        (Kind::Auction, "initialBid") => Value::Number(Settings::initial_bid),
        (Kind::Auction, "reserve") => Value::Number(Settings::reserve),
        (Kind::Auction, "expires") => time(Settings::expires_ms),
        (Kind::Auction, "seller") => Value::Number(Settings::seller),
        (Kind::Auction, _) => Value::Number(Settings::category),
        (Kind::Bid, "auction") => Value::Number(Settings::auction),
        (Kind::Bid, "bidder") => Value::Number(Settings::bidder),
        (Kind::Bid, "price") => Value::Number(Settings::price),
        (Kind::Bid, "channel") => Value::Channel,
        (Kind::Bid, _) => Value::Url,
    }
}

fn unknown(name: &str, what: &str, names: Vec<&str>) -> OptionError {
    let last = name.rsplit('.').next().unwrap_or(name);
    OptionError {
        key: None,
        message: format!("{what} '{name}' is none of a nexmark event"),
        hint: did_you_mean(last, names.iter().copied())
            .or_else(|| Some(format!("known {what}s: {}", names.join(", ")))),
    }
}

fn wrong_type(name: &str, given: &DataType, expected: &DataType) -> OptionError {
    OptionError {
        key: None,
        message: format!(
            "column '{name}' of a nexmark event must be {}, got {}",
            expected.kind, given.kind
        ),
        hint: None,
    }
}
