//! What is generated for a column, read from its options.
//!
//! Follows RandomGeneratorVisitor and SequenceGeneratorVisitor of Flink: which options a type has, their
//! defaults, and what a nested type is called (`fields.a.element`, `.key`, `.value`, `.name-of-field`).

use std::time::Duration;

use dataflow::{OptionError, Options};
use model::data_type::LENGTH_MAX;
use model::{DataType, RowField, TypeKind};

const TEXT_LENGTH: u32 = 100;
const COLLECTION_LENGTH: u32 = 3;
/// The longest text or collection that is generated.
const GENERATED_LENGTH_MAX: i64 = 16 << 20;
/// What a number takes together with what it is made from.
const VALUE_BYTES: u64 = 32;

/// How the values of a column or of what is nested in it are made.
#[derive(Debug, Clone)]
pub struct Generator {
    pub data_type: DataType,
    pub null_rate: f32,
    pub values: Values,
}

#[derive(Debug, Clone)]
pub enum Values {
    /// From this value on, one more each row.
    Sequence {
        start: i64,
    },
    Boolean,
    /// Integers, and intervals as integers.
    Integer {
        min: i64,
        max: i64,
    },
    Float {
        min: f64,
        max: f64,
    },
    /// Hexadecimal digits, or bytes.
    Text {
        length: u32,
        varies: bool,
    },
    /// The current time, set back by less than this.
    Time {
        past_ms_max: i64,
    },
    Array {
        element: Box<Generator>,
        length: u32,
    },
    Map {
        key: Box<Generator>,
        value: Box<Generator>,
        length: u32,
    },
    /// Each field with its place in the declared row, which names its random numbers.
    Row(Vec<(u64, Generator)>),
}

impl Generator {
    /// About how many bytes it takes to make a value, at most.
    pub fn value_bytes(&self) -> u64 {
        let inner = match &self.values {
            Values::Text { length, .. } => u64::from(*length),
            Values::Array { element, length } => element.value_bytes().saturating_mul(u64::from(*length)),
            Values::Map { key, value, length } => {
                let entry = key.value_bytes().saturating_add(value.value_bytes());
                entry.saturating_mul(u64::from(*length))
            }
            Values::Row(fields) => {
                let fields = fields.iter().map(|(_, field)| field.value_bytes());
                fields.fold(0, u64::saturating_add)
            }
            _ => 0,
        };
        inner.saturating_add(VALUE_BYTES)
    }

    /// The same generator for a ROW of which only some fields are wanted; `None` if it has no such fields.
    pub fn prune(&self, wanted: &DataType) -> Option<Generator> {
        if self.data_type.same_kind(wanted) {
            return Some(self.clone());
        }
        let (Values::Row(generators), TypeKind::Row(given), TypeKind::Row(fields)) =
            (&self.values, &self.data_type.kind, &wanted.kind)
        else {
            return None;
        };
        let prune = |field: &RowField| {
            let place = given.iter().position(|given| given.name == field.name)?;
            Some((generators[place].0, generators[place].1.prune(&field.data_type)?))
        };
        Some(Generator {
            data_type: wanted.clone(),
            null_rate: self.null_rate,
            values: Values::Row(fields.iter().map(prune).collect::<Option<_>>()?),
        })
    }
}

/// The generator of a column, and how many values it has if that is limited.
pub fn read(
    name: &str,
    data_type: &DataType,
    options: &Options,
) -> Result<(Generator, Option<u64>), OptionError> {
    let kind = format!("fields.{name}.kind");
    let sequence = options.one_of(&kind, &[("random", false), ("sequence", true)])?;
    if sequence == Some(true) {
        return read_sequence(name, data_type, options);
    }
    Ok((read_random(name, data_type, options)?, None))
}

fn read_sequence(
    name: &str,
    data_type: &DataType,
    options: &Options,
) -> Result<(Generator, Option<u64>), OptionError> {
    let bound = |which: &str, low: i64, high: i64| -> Result<i64, OptionError> {
        let key = format!("fields.{name}.{which}");
        match integer(options, &key, low, high)? {
            Some(value) => Ok(value),
            None => Err(OptionError::missing(&key).hint(format!(
                "a sequence needs 'fields.{name}.start' and 'fields.{name}.end'"
            ))),
        }
    };
    let (low, high) = match &data_type.kind {
        TypeKind::TinyInt => (i8::MIN.into(), i8::MAX.into()),
        TypeKind::SmallInt | TypeKind::Float => (i16::MIN.into(), i16::MAX.into()),
        TypeKind::Int | TypeKind::Double | TypeKind::Decimal { .. } => (i32::MIN.into(), i32::MAX.into()),
        kind if *kind == TypeKind::BigInt || kind.is_string() || kind.is_binary() => (i64::MIN, i64::MAX),
        kind => {
            let key = format!("fields.{name}.kind");
            return Err(
                OptionError::new(&key, format!("a sequence of {kind} is not possible"))
                    .hint(format!("use '{key}' = 'random'")),
            );
        }
    };
    let (start, end) = (bound("start", low, high)?, bound("end", low, high)?);
    let count = i128::from(end) - i128::from(start) + 1;
    if count < 2 || count > i128::from(i64::MAX) {
        let key = format!("fields.{name}.end");
        let message = match count < 2 {
            true => format!("option '{key}' must be greater than 'fields.{name}.start', {start}, got {end}"),
            false => format!("the sequence from {start} to {end} is too long"),
        };
        return Err(OptionError::new(&key, message));
    }
    let generator = Generator {
        data_type: data_type.clone(),
        null_rate: 0.0,
        values: Values::Sequence { start },
    };
    Ok((generator, Some(count as u64)))
}

fn read_random(name: &str, data_type: &DataType, options: &Options) -> Result<Generator, OptionError> {
    let kind = &data_type.kind;
    let key = |option: &str| format!("fields.{name}.{option}");
    // Binary types, DATE and TIME are never NULL in Flink.
    let nulls = !kind.is_binary() && !matches!(kind, TypeKind::Date | TypeKind::Time(_));
    let null_rate = if nulls {
        null_rate(options, &key("null-rate"))?
    } else {
        0.0
    };
    let integers =
        |low: i64, high: i64, default_low: i64, default_high: i64| -> Result<Values, OptionError> {
            let min = integer(options, &key("min"), low, high)?.unwrap_or(default_low);
            let max = integer(options, &key("max"), low, high)?.unwrap_or(default_high);
            match min <= max {
                true => Ok(Values::Integer { min, max }),
                false => Err(not_ordered(name, min, max)),
            }
        };
    let length = |default: u32| -> Result<u32, OptionError> {
        let length = integer(options, &key("length"), 0, GENERATED_LENGTH_MAX)?;
        Ok(length.map_or(default, |length| length as u32))
    };
    let nested = |part: &str, data_type: &DataType| -> Result<Box<Generator>, OptionError> {
        Ok(Box::new(read_random(
            &format!("{name}.{part}"),
            data_type,
            options,
        )?))
    };
    let values = match kind {
        TypeKind::Boolean => Values::Boolean,
        TypeKind::TinyInt => integers(i8::MIN.into(), i8::MAX.into(), i8::MIN.into(), i8::MAX.into())?,
        TypeKind::SmallInt => integers(i16::MIN.into(), i16::MAX.into(), i16::MIN.into(), i16::MAX.into())?,
        TypeKind::Int => integers(i32::MIN.into(), i32::MAX.into(), i32::MIN.into(), i32::MAX.into())?,
        TypeKind::BigInt | TypeKind::IntervalDayTime => integers(i64::MIN, i64::MAX, i64::MIN, i64::MAX)?,
        TypeKind::IntervalYearMonth => integers(i32::MIN.into(), i32::MAX.into(), 0, 120_000)?,
        // The least positive number stands for the default, as in Flink: negative ones must be asked for.
        TypeKind::Float => floats(name, options, f32::from_bits(1).into(), f32::MAX.into())?,
        TypeKind::Double => floats(name, options, f64::from_bits(1), f64::MAX)?,
        TypeKind::Decimal { precision, scale } => {
            let greatest =
                10f64.powi(i32::from(*precision) - i32::from(*scale)) - 10f64.powi(-i32::from(*scale));
            match floats(name, options, f64::from_bits(1), f64::MAX)? {
                Values::Float { min, max } => Values::Float {
                    min: min.clamp(-greatest, greatest),
                    max: max.clamp(-greatest, greatest),
                },
                other => other,
            }
        }
        TypeKind::Char(length) | TypeKind::Binary(length) => Values::Text {
            length: *length,
            varies: false,
        },
        TypeKind::Varchar(declared) | TypeKind::Varbinary(declared) => {
            let most = if *declared == LENGTH_MAX {
                TEXT_LENGTH
            } else {
                *declared
            };
            let length = length(most)?;
            if length > *declared {
                let message = format!(
                    "option '{}' must be at most {declared}, as {kind} is, got {length}",
                    key("length")
                );
                return Err(OptionError::new(&key("length"), message));
            }
            let varies = options.boolean(&key("var-len"))?.unwrap_or(false);
            if varies && length < 2 {
                let message = format!(
                    "option '{}' must be at least 2 for lengths that vary, got {length}",
                    key("length")
                );
                return Err(OptionError::new(&key("length"), message));
            }
            Values::Text { length, varies }
        }
        TypeKind::Date | TypeKind::Time(_) => Values::Time { past_ms_max: 0 },
        TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_) => {
            let past = options.duration(&key("max-past"))?.unwrap_or(Duration::ZERO);
            Values::Time {
                past_ms_max: i64::try_from(past.as_millis()).unwrap_or(i64::MAX),
            }
        }
        TypeKind::Array(element) => Values::Array {
            element: nested("element", element)?,
            length: length(COLLECTION_LENGTH)?,
        },
        TypeKind::Multiset(element) => Values::Map {
            key: not_null(name, "element", nested("element", element)?)?,
            value: Box::new(Generator {
                data_type: TypeKind::Int.not_null(),
                null_rate: 0.0,
                values: Values::Integer { min: 0, max: 10 },
            }),
            length: length(COLLECTION_LENGTH)?,
        },
        TypeKind::Map(map_key, value) => Values::Map {
            key: not_null(name, "key", nested("key", map_key)?)?,
            value: nested("value", value)?,
            length: length(COLLECTION_LENGTH)?,
        },
        TypeKind::Row(fields) => {
            let read = |(place, field): (usize, &RowField)| {
                let generator = read_random(&format!("{name}.{}", field.name), &field.data_type, options)?;
                Ok((place as u64, generator))
            };
            Values::Row(
                fields
                    .iter()
                    .enumerate()
                    .map(read)
                    .collect::<Result<_, OptionError>>()?,
            )
        }
        TypeKind::Null | TypeKind::Bitmap | TypeKind::Variant => {
            return Err(OptionError {
                key: None,
                message: format!("column '{name}' of type {kind} cannot be generated"),
                hint: None,
            });
        }
    };
    Ok(Generator {
        data_type: data_type.clone(),
        null_rate,
        values,
    })
}

/// A NULL as a key of a map has no place in a batch.
fn not_null(name: &str, part: &str, key: Box<Generator>) -> Result<Box<Generator>, OptionError> {
    if key.null_rate == 0.0 {
        return Ok(key);
    }
    let option = format!("fields.{name}.{part}.null-rate");
    Err(OptionError::new(
        &option,
        format!("option '{option}' is not supported: a key must not be NULL"),
    ))
}

fn floats(name: &str, options: &Options, default_min: f64, default_max: f64) -> Result<Values, OptionError> {
    let min = options
        .number(&format!("fields.{name}.min"))?
        .unwrap_or(default_min);
    let max = options
        .number(&format!("fields.{name}.max"))?
        .unwrap_or(default_max);
    match min < max && min.is_finite() && max.is_finite() {
        true => Ok(Values::Float { min, max }),
        false => Err(not_ordered(name, min, max)),
    }
}

fn not_ordered(name: &str, min: impl std::fmt::Display, max: impl std::fmt::Display) -> OptionError {
    let key = format!("fields.{name}.min");
    OptionError::new(
        &key,
        format!("option '{key}' must be less than 'fields.{name}.max', {max}, got {min}"),
    )
}

fn null_rate(options: &Options, key: &str) -> Result<f32, OptionError> {
    match options.number(key)? {
        None => Ok(0.0),
        Some(rate) if (0.0..=1.0).contains(&rate) => Ok(rate as f32),
        Some(rate) => Err(OptionError::new(
            key,
            format!("option '{key}' must be between 0 and 1, got {rate}"),
        )),
    }
}

fn integer(options: &Options, key: &str, low: i64, high: i64) -> Result<Option<i64>, OptionError> {
    match options.integer(key)? {
        Some(value) if !(low..=high).contains(&value) => {
            let message = format!("option '{key}' must be between {low} and {high}, got {value}");
            Err(OptionError::new(key, message))
        }
        value => Ok(value),
    }
}
