//! Makes the values of a column for a batch of rows.
//!
//! Every value draws from a stream of its own, named by seed, row and place in the row: what is made does not
//! depend on which other columns are.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, DurationMillisecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType, TimestampMicrosecondType,
    TimestampNanosecondType,
};
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, ListArray, MapArray, PrimitiveArray,
    StringArray, StructArray,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType as ArrowType};
use dataflow::Error;
use model::TypeKind;
use stdx::Random;
use values::{decimal, number};

use super::field::{Generator, Values};

/// The rows of a batch: their numbers, what names their random streams, and the time at which they are made.
pub struct Rows<'a> {
    pub numbers: &'a [u64],
    pub seeds: &'a [u64],
    /// Local milliseconds since 1970.
    pub times_ms: &'a [i64],
    /// The same in UTC.
    pub instants_ms: &'a [i64],
}

/// Mixes a place into a seed.
pub fn mix(seed: u64, place: u64) -> u64 {
    Random::new(seed ^ place.wrapping_mul(0x9FB2_1C65_1E98_DF25)).next_u64()
}

/// The place of the choice whether a value is NULL, apart from the value itself.
const NULL_PLACE: u64 = u64::MAX;

impl Generator {
    pub fn make(&self, rows: &Rows<'_>) -> Result<ArrayRef, Error> {
        self.array(rows)
            .map_err(|error| Error::internal(error.to_string()))
    }

    fn array(&self, rows: &Rows<'_>) -> Result<ArrayRef, ArrowError> {
        let nulls = (self.null_rate > 0.0).then(|| {
            let present = rows
                .seeds
                .iter()
                .map(|seed| Random::new(mix(*seed, NULL_PLACE)).unit() >= f64::from(self.null_rate));
            NullBuffer::from_iter(present)
        });
        let seeds = || rows.seeds.iter().map(|seed| Random::new(*seed));
        match &self.values {
            Values::Sequence { start } => self.sequence(*start, rows),
            Values::Boolean => {
                let bits = seeds().map(|mut random| random.below(2) == 0);
                Ok(Arc::new(BooleanArray::new(bits.collect(), nulls)))
            }
            Values::Integer { min, max } => {
                let numbers = seeds().map(|mut random| random.between(*min, *max));
                self.integers(numbers, nulls)
            }
            Values::Float { min, max } => {
                let numbers = seeds().map(|mut random| uniform(&mut random, *min, *max));
                self.floats(numbers, nulls)
            }
            Values::Text { length, varies } => self.texts(*length, *varies, rows, nulls),
            Values::Time { past_ms_max } => self.times(*past_ms_max, rows, nulls),
            Values::Array { element, length } => {
                let values = element.repeated(rows, *length, 0)?;
                let ArrowType::List(field) = self.data_type.arrow() else {
                    return Err(mismatch(self));
                };
                let offsets = even_offsets(rows.seeds.len(), *length)?;
                Ok(Arc::new(ListArray::try_new(field, offsets, values, nulls)?))
            }
            Values::Map { key, value, length } => self.map(key, value, *length, rows, nulls),
            Values::Row(fields) => {
                let ArrowType::Struct(arrow) = self.data_type.arrow() else {
                    return Err(mismatch(self));
                };
                let mut children = Vec::with_capacity(fields.len());
                for (place, field) in fields {
                    let seeds: Vec<u64> = rows.seeds.iter().map(|seed| mix(*seed, *place + 1)).collect();
                    children.push(field.array(&Rows {
                        seeds: &seeds,
                        ..*rows
                    })?);
                }
                let length = rows.seeds.len();
                Ok(Arc::new(StructArray::try_new_with_length(
                    arrow, children, nulls, length,
                )?))
            }
        }
    }

    /// `length` values for each row, one row after the other.
    fn repeated(&self, rows: &Rows<'_>, length: u32, place: u64) -> Result<ArrayRef, ArrowError> {
        let of_rows = |values: &[i64]| -> Vec<i64> {
            values
                .iter()
                .flat_map(|value| std::iter::repeat_n(*value, length as usize))
                .collect()
        };
        let seeds: Vec<u64> = rows
            .seeds
            .iter()
            .flat_map(|seed| (0..u64::from(length)).map(move |index| mix(*seed, place + 2 * index + 1)))
            .collect();
        self.array(&Rows {
            numbers: &[],
            seeds: &seeds,
            times_ms: &of_rows(rows.times_ms),
            instants_ms: &of_rows(rows.instants_ms),
        })
    }

    fn map(
        &self,
        key: &Generator,
        value: &Generator,
        length: u32,
        rows: &Rows<'_>,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef, ArrowError> {
        let ArrowType::Map(entries, sorted) = self.data_type.arrow() else {
            return Err(mismatch(self));
        };
        let ArrowType::Struct(fields) = entries.data_type().clone() else {
            return Err(mismatch(self));
        };
        let (keys, values) = (key.repeated(rows, length, 0)?, value.repeated(rows, length, 1)?);
        // Equal keys of a row become one entry, the last one's value counts, as when a map is filled.
        let (kept, offsets) = distinct_entries(&keys, rows.seeds.len(), length as usize)?;
        let pairs = StructArray::try_new(fields, vec![keys, values], None)?;
        let pairs = arrow_select::take::take(&pairs, &kept, None)?;
        let pairs = pairs.as_struct().clone();
        Ok(Arc::new(MapArray::try_new(
            entries, offsets, pairs, nulls, sorted,
        )?))
    }

    fn sequence(&self, start: i64, rows: &Rows<'_>) -> Result<ArrayRef, ArrowError> {
        let numbers = || {
            rows.numbers
                .iter()
                .map(|number| start.wrapping_add(*number as i64))
        };
        match &self.data_type.kind {
            TypeKind::Float | TypeKind::Double => self.floats(numbers().map(|number| number as f64), None),
            TypeKind::Decimal { precision, scale } => {
                // A number too large for its type is NULL.
                let unscaled = numbers().map(|number| {
                    let value = decimal::rescale_half_up(number.into(), 0, i32::from(*scale))?;
                    decimal::fits(value, *precision).then_some(value)
                });
                let array = PrimitiveArray::<Decimal128Type>::from_iter(unscaled);
                Ok(Arc::new(array.with_data_type(self.data_type.arrow())))
            }
            kind if kind.is_string() => {
                let mut texts = StringBuilder::new();
                let mut text = String::new();
                for value in numbers() {
                    text.clear();
                    number::write_i64(value, &mut text);
                    texts.append_value(&text);
                }
                Ok(Arc::new(texts.finish()))
            }
            kind if kind.is_binary() => {
                let bytes = numbers().map(|value| Some(value.to_be_bytes()));
                Ok(Arc::new(BinaryArray::from_iter(bytes)))
            }
            _ => self.integers(numbers(), None),
        }
    }

    fn integers(
        &self,
        numbers: impl Iterator<Item = i64>,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef, ArrowError> {
        // The bounds were checked against the type.
        match self.data_type.kind {
            TypeKind::TinyInt => primitive::<Int8Type>(self, numbers.map(|number| number as i8), nulls),
            TypeKind::SmallInt => primitive::<Int16Type>(self, numbers.map(|number| number as i16), nulls),
            TypeKind::Int => primitive::<Int32Type>(self, numbers.map(|number| number as i32), nulls),
            TypeKind::BigInt => primitive::<Int64Type>(self, numbers, nulls),
            TypeKind::IntervalYearMonth => {
                primitive::<IntervalYearMonthType>(self, numbers.map(|number| number as i32), nulls)
            }
            TypeKind::IntervalDayTime => primitive::<DurationMillisecondType>(self, numbers, nulls),
            _ => Err(mismatch(self)),
        }
    }

    fn floats(
        &self,
        numbers: impl Iterator<Item = f64>,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef, ArrowError> {
        match self.data_type.kind {
            TypeKind::Float => primitive::<Float32Type>(self, numbers.map(|number| number as f32), nulls),
            TypeKind::Double => primitive::<Float64Type>(self, numbers, nulls),
            TypeKind::Decimal { precision, scale } => {
                let greatest = 10i128.pow(u32::from(precision)) - 1;
                let factor = 10f64.powi(i32::from(scale));
                let unscaled =
                    numbers.map(|number| ((number * factor).trunc() as i128).clamp(-greatest, greatest));
                primitive::<Decimal128Type>(self, unscaled, nulls)
            }
            _ => Err(mismatch(self)),
        }
    }

    fn texts(
        &self,
        length: u32,
        varies: bool,
        rows: &Rows<'_>,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef, ArrowError> {
        let is_string = self.data_type.kind.is_string();
        let mut bytes = Vec::with_capacity(rows.seeds.len().saturating_mul(length as usize).min(1 << 24));
        let mut offsets = Vec::with_capacity(rows.seeds.len() + 1);
        offsets.push(0);
        for seed in rows.seeds {
            let mut random = Random::new(*seed);
            let mut left = match varies {
                // From one to less than the length, as in Flink.
                true => 1 + random.below(u64::from(length) - 1) as usize,
                false => length as usize,
            };
            while left > 0 {
                let bits = random.next_u64();
                let count = if is_string {
                    let count = left.min(16);
                    bytes.extend(
                        (0..count).map(|digit| b"0123456789abcdef"[(bits >> (4 * digit)) as usize & 15]),
                    );
                    count
                } else {
                    let count = left.min(8);
                    bytes.extend_from_slice(&bits.to_le_bytes()[..count]);
                    count
                };
                left -= count;
            }
            let end = i32::try_from(bytes.len()).map_err(|_| ArrowError::OffsetOverflowError(bytes.len()))?;
            offsets.push(end);
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let bytes = Buffer::from_vec(bytes);
        Ok(match is_string {
            true => Arc::new(StringArray::try_new(offsets, bytes, nulls)?),
            false => Arc::new(BinaryArray::try_new(offsets, bytes, nulls)?),
        })
    }

    fn times(
        &self,
        past_ms_max: i64,
        rows: &Rows<'_>,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef, ArrowError> {
        let back = |times: &'_ [i64]| -> Vec<i64> {
            let set_back = |(time, seed): (&i64, &u64)| match past_ms_max {
                0 => *time,
                past => time.saturating_sub_unsigned(Random::new(*seed).below(past as u64 + 1)),
            };
            times.iter().zip(rows.seeds).map(set_back).collect()
        };
        const DAY_MS: i64 = 86_400_000;
        let local = rows.times_ms;
        match self.data_type.kind {
            TypeKind::Date => primitive::<Date32Type>(
                self,
                local.iter().map(|time| time.div_euclid(DAY_MS) as i32),
                nulls,
            ),
            TypeKind::Time(_) => {
                let of_day = local.iter().map(|time| time.rem_euclid(DAY_MS) as i32);
                primitive::<Time32MillisecondType>(self, of_day, nulls)
            }
            // Flink takes the UTC reading of the clock for both kinds of timestamps.
            TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision) if precision <= 6 => {
                let values = back(rows.instants_ms)
                    .into_iter()
                    .map(|time| time.saturating_mul(1_000));
                primitive::<TimestampMicrosecondType>(self, values, nulls)
            }
            TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_) => {
                let values = back(rows.instants_ms)
                    .into_iter()
                    .map(|time| time.saturating_mul(1_000_000));
                primitive::<TimestampNanosecondType>(self, values, nulls)
            }
            _ => Err(mismatch(self)),
        }
    }
}

fn primitive<T: ArrowPrimitiveType>(
    generator: &Generator,
    values: impl Iterator<Item = T::Native>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    let array = PrimitiveArray::<T>::try_new(values.collect(), nulls)?;
    Ok(Arc::new(array.with_data_type(generator.data_type.arrow())))
}

/// A number in `[min, max)`, also if their distance is beyond the greatest number.
fn uniform(random: &mut Random, min: f64, max: f64) -> f64 {
    let share = random.unit();
    (min * (1.0 - share) + max * share).clamp(min, max)
}

fn even_offsets(rows: usize, length: u32) -> Result<OffsetBuffer<i32>, ArrowError> {
    let total = rows as u64 * u64::from(length);
    if i32::try_from(total).is_err() {
        return Err(ArrowError::OffsetOverflowError(total as usize));
    }
    let offsets = (0..=rows as u64).map(|row| (row * u64::from(length)) as i32);
    Ok(OffsetBuffer::new(offsets.collect()))
}

/// Of the entries of each row, those whose key does not come again, and where the rows end.
fn distinct_entries(
    keys: &ArrayRef,
    rows: usize,
    length: usize,
) -> Result<(arrow_array::UInt32Array, OffsetBuffer<i32>), ArrowError> {
    let compare = arrow_ord::ord::make_comparator(keys, keys, arrow_schema::SortOptions::default())?;
    let mut kept = Vec::with_capacity(rows * length);
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0);
    for row in 0..rows {
        let end = (row + 1) * length;
        for index in row * length..end {
            if !(index + 1..end).any(|later| compare(index, later).is_eq()) {
                kept.push(index as u32);
            }
        }
        offsets.push(i32::try_from(kept.len()).map_err(|_| ArrowError::OffsetOverflowError(kept.len()))?);
    }
    Ok((kept.into(), OffsetBuffer::new(ScalarBuffer::from(offsets))))
}

fn mismatch(generator: &Generator) -> ArrowError {
    ArrowError::SchemaError(format!("{} is generated another way", generator.data_type))
}
