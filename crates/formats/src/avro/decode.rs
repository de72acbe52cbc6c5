//! Records of Avro's binary encoding into columns.
//!
//! Whatever the bytes say, no more is read than there is: lengths are compared with what is left before anything is
//! made of them.

use super::resolve::{FieldStep, Record, Step};
use super::schema::{AvroSchema, Shape, TypeId, Unit};
use crate::column::{Column, Columns, Map};

/// Records, arrays and maps within each other that are passed over, at most: a schema may hold itself.
const SKIP_DEPTH_MAX: usize = 256;
/// Values without bytes, such as null or a record of nothing, that one record may have, whatever they stand in: they
/// cost time and memory, and no input.
const EMPTY_VALUES_MAX: usize = 1 << 16;

/// Reads one record, behind which nothing may stand.
pub fn datum(schema: &AvroSchema, step: &Step, bytes: &[u8], columns: &mut Columns) -> Result<(), Fault> {
    let mut input = Input::new(bytes);
    let read = row(schema, step, &mut input, &mut columns.fields);
    if let Err(fault) = read {
        columns.roll_back();
        return Err(fault);
    }
    if input.at < bytes.len() {
        columns.roll_back();
        let left = bytes.len() - input.at;
        return Err(input.fault(format!("{left} bytes stand behind the record")));
    }
    columns.rows += 1;
    Ok(())
}

/// What is wrong, and at which byte.
#[derive(Debug)]
pub struct Fault {
    pub message: String,
    pub offset: usize,
}

pub struct Input<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
    /// Values so far that had no bytes.
    empty: usize,
}

impl<'a> Input<'a> {
    fn new(bytes: &'a [u8]) -> Input<'a> {
        Input {
            bytes,
            at: 0,
            empty: 0,
        }
    }

    /// Counts a value that began at `start`, if it had no bytes.
    #[inline]
    fn count(&mut self, start: usize) -> Result<(), Fault> {
        if self.at > start {
            return Ok(());
        }
        self.empty += 1;
        match self.empty > EMPTY_VALUES_MAX {
            true => Err(self.fault(format!("more than {EMPTY_VALUES_MAX} values without bytes"))),
            false => Ok(()),
        }
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault {
            message: message.into(),
            offset: self.at.min(self.bytes.len()),
        }
    }

    fn ends(&self) -> Fault {
        self.fault("the record ends too soon")
    }

    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let rest = &self.bytes[self.at..];
        if count > rest.len() {
            return Err(self.ends());
        }
        self.at += count;
        Ok(&rest[..count])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let taken = self.take(N)?;
        // It was asked for so many.
        taken.try_into().map_err(|_| self.ends())
    }

    /// Variable-length, zig-zag.
    #[inline]
    pub fn long(&mut self) -> Result<i64, Fault> {
        let mut value: u64 = 0;
        for shift in (0..70).step_by(7) {
            let Some(&byte) = self.bytes.get(self.at) else {
                return Err(self.ends());
            };
            // Of the tenth byte only one bit has room.
            if shift == 63 && byte > 1 {
                break;
            }
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(self.fault("a number is longer than 64 bits"))
    }

    fn int(&mut self) -> Result<i32, Fault> {
        let at = self.at;
        i32::try_from(self.long()?).map_err(|_| Fault {
            message: "a number is longer than 32 bits".to_string(),
            offset: at,
        })
    }

    pub fn length(&mut self) -> Result<usize, Fault> {
        let at = self.at;
        let length = self.long()?;
        usize::try_from(length).map_err(|_| Fault {
            message: format!("a length of {length} bytes"),
            offset: at,
        })
    }

    fn counted(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.length()?;
        self.take(length)
    }

    /// How many items the next block has; none at the end.
    fn block(&mut self) -> Result<u64, Fault> {
        let count = self.long()?;
        if count < 0 {
            // It tells its size in bytes, for whoever passes over it.
            self.long()?;
        }
        Ok(count.unsigned_abs())
    }

    fn branch(&mut self, branches: usize) -> Result<usize, Fault> {
        let at = self.at;
        let branch = self.long()?;
        match usize::try_from(branch) {
            Ok(index) if index < branches => Ok(index),
            _ => Err(Fault {
                message: format!("a union has no branch {branch}"),
                offset: at,
            }),
        }
    }
}

fn row(schema: &AvroSchema, step: &Step, input: &mut Input<'_>, columns: &mut [Column]) -> Result<(), Fault> {
    match step {
        Step::Record(own) => record(schema, own, input, columns),
        Step::Union(branches) => {
            let branch = input.branch(branches.len())?;
            match &branches[branch] {
                Ok(step) => row(schema, step, input, columns),
                Err(fault) => Err(input.fault(fault.clone())),
            }
        }
        _ => Err(input.fault("it is no record")),
    }
}

fn record(
    schema: &AvroSchema,
    record: &Record,
    input: &mut Input<'_>,
    columns: &mut [Column],
) -> Result<(), Fault> {
    for field in &record.fields {
        match field {
            FieldStep::Skip(of) => skip(schema, *of, input, 0)?,
            FieldStep::Into { column, step, name } => {
                value(schema, step, input, &mut columns[*column]).map_err(|fault| Fault {
                    message: format!("field '{name}': {}", fault.message),
                    ..fault
                })?;
            }
        }
    }
    for column in &record.missing {
        columns[*column].push_null();
    }
    Ok(())
}

fn value(schema: &AvroSchema, step: &Step, input: &mut Input<'_>, column: &mut Column) -> Result<(), Fault> {
    let start = input.at;
    match (step, column) {
        (Step::Union(branches), column) => {
            let branch = input.branch(branches.len())?;
            match &branches[branch] {
                Ok(step) => value(schema, step, input, column)?,
                Err(fault) => return Err(input.fault(fault.clone())),
            }
        }
        (Step::Null, column) => column.push_null(),
        (Step::Boolean, Column::Boolean(column)) => match input.array::<1>()?[0] {
            0 => column.push(false),
            1 => column.push(true),
            other => return Err(input.fault(format!("a boolean is {other}"))),
        },
        (Step::Int, column) => {
            let value = input.int()?;
            let narrow = || input.fault(format!("{value} has no room in the column"));
            match column {
                Column::TinyInt(column) => column.push(i8::try_from(value).map_err(|_| narrow())?),
                Column::SmallInt(column) => column.push(i16::try_from(value).map_err(|_| narrow())?),
                Column::Int(column) => column.push(value),
                Column::BigInt(column) => column.push(i64::from(value)),
                Column::Float(column) => column.push(value as f32),
                Column::Double(column) => column.push(f64::from(value)),
                _ => return Err(unplanned(input)),
            }
        }
        (Step::Long, Column::BigInt(column)) => column.push(input.long()?),
        (Step::Long, Column::Float(column)) => column.push(input.long()? as f32),
        (Step::Long, Column::Double(column)) => column.push(input.long()? as f64),
        (Step::Float, Column::Float(column)) => column.push(f32::from_le_bytes(input.array()?)),
        (Step::Float, Column::Double(column)) => column.push(f64::from(f32::from_le_bytes(input.array()?))),
        (Step::Double, Column::Double(column)) => column.push(f64::from_le_bytes(input.array()?)),
        (Step::Date, Column::Date(column)) => column.push(input.int()?),
        (Step::Time { is_long, micros }, Column::Time { values, .. }) => {
            let units = match is_long {
                true => input.long()?,
                false => i64::from(input.int()?),
            };
            let millis = units.checked_mul(*micros).map(|micros| micros.div_euclid(1_000));
            match millis {
                Some(millis @ 0..86_400_000) => values.push(millis as i32),
                _ => return Err(input.fault(format!("{units} is no time of a day"))),
            }
        }
        (Step::Timestamp(unit), Column::Timestamp { values, precision })
        | (Step::Timestamp(unit), Column::TimestampLtz { values, precision }) => {
            let units = input.long()?;
            let Some(time) = timestamp(units, *unit, *precision) else {
                return Err(input.fault(format!("{units} is too far away for a time")));
            };
            values.push(time);
        }
        (Step::Bytes, Column::Bytes(column)) => column.push(input.counted()?),
        (Step::Fixed(size), Column::Bytes(column)) => column.push(input.take(*size)?),
        (Step::Text, Column::Text(column)) => {
            let bytes = input.counted()?;
            if simdutf8::basic::from_utf8(bytes).is_err() {
                return Err(input.fault("a text is not UTF-8"));
            }
            column.push(bytes);
        }
        (Step::Enum(symbols), Column::Text(column)) => {
            let index = input.branch(symbols.len())?;
            column.push(symbols[index].as_bytes());
        }
        (
            Step::Decimal { scale, size },
            Column::Decimal {
                values,
                precision,
                scale: own,
            },
        ) => {
            let bytes = match size {
                Some(size) => input.take(*size)?,
                None => input.counted()?,
            };
            match decimal(bytes, *scale, *precision, *own) {
                Some(value) => values.push(value),
                None => {
                    return Err(input.fault(format!("a decimal has no room in DECIMAL({precision}, {own})")));
                }
            }
        }
        (Step::Array(items), Column::Array(column)) => {
            blocks(input, |input| value(schema, items, input, &mut column.elements))?;
            column.ends.push(column.elements.len());
        }
        (Step::Map(values), Column::Map(column)) => map(schema, values, input, column)?,
        (Step::Record(own), Column::Row(column)) => {
            record(schema, own, input, &mut column.fields)?;
            column.close();
        }
        _ => return Err(unplanned(input)),
    }
    input.count(start)
}

/// Steps are made for their columns.
fn unplanned(input: &Input<'_>) -> Fault {
    input.fault("internal: a value is read into a column that it was not planned for")
}

/// Reads the items of an array or a map.
fn blocks<'a>(
    input: &mut Input<'a>,
    mut item: impl FnMut(&mut Input<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    loop {
        let count = input.block()?;
        if count == 0 {
            return Ok(());
        }
        // As many as there are said to be: each takes of the input, or is counted as one that does not.
        for _ in 0..count {
            item(input)?;
        }
    }
}

/// Of entries with the same key the last counts, as in a map of Java.
fn map(schema: &AvroSchema, values: &Step, input: &mut Input<'_>, column: &mut Map) -> Result<(), Fault> {
    let start = input.at;
    entries(schema, values, input, column, None)?;
    if let Some(keep) = column.kept_entries() {
        let before = column.ends.last();
        column.keys.truncate(before);
        column.values.truncate(before);
        input.at = start;
        entries(schema, values, input, column, Some(&keep))?;
    }
    column.ends.push(column.keys.len());
    Ok(())
}

fn entries(
    schema: &AvroSchema,
    values: &Step,
    input: &mut Input<'_>,
    column: &mut Map,
    keep: Option<&[bool]>,
) -> Result<(), Fault> {
    let mut entry = 0;
    blocks(input, |input| {
        value(schema, &Step::Text, input, &mut column.keys)?;
        value(schema, values, input, &mut column.values)?;
        if keep.is_some_and(|keep| !keep[entry]) {
            column.keys.truncate(column.keys.len() - 1);
            column.values.truncate(column.values.len() - 1);
        }
        entry += 1;
        Ok(())
    })
}

/// Passes over a value that nobody wants.
fn skip(schema: &AvroSchema, of: TypeId, input: &mut Input<'_>, depth: usize) -> Result<(), Fault> {
    if depth > SKIP_DEPTH_MAX {
        return Err(input.fault(format!(
            "more than {SKIP_DEPTH_MAX} values stand within each other"
        )));
    }
    let start = input.at;
    match schema.shape(of) {
        Shape::Null => {}
        Shape::Boolean => {
            input.take(1)?;
        }
        Shape::Int | Shape::Long | Shape::Enum(_) => {
            input.long()?;
        }
        Shape::Float => {
            input.take(4)?;
        }
        Shape::Double => {
            input.take(8)?;
        }
        Shape::Bytes | Shape::String => {
            input.counted()?;
        }
        Shape::Fixed(size) => {
            input.take(*size)?;
        }
        Shape::Array(items) => blocks(input, |input| skip(schema, *items, input, depth + 1))?,
        Shape::Map(values) => blocks(input, |input| {
            input.counted()?;
            skip(schema, *values, input, depth + 1)
        })?,
        Shape::Union(branches) => {
            let branch = input.branch(branches.len())?;
            skip(schema, branches[branch], input, depth + 1)?;
        }
        Shape::Record(fields) => {
            for field in fields {
                skip(schema, field.of, input, depth + 1)?;
            }
        }
    }
    input.count(start)
}

/// A time in the column's unit, cut to its precision.
fn timestamp(units: i64, unit: Unit, precision: u8) -> Option<i64> {
    // Columns hold micros up to a precision of six, and nanos beyond.
    let held_nanos = if precision <= 6 { 1_000 } else { 1 };
    let nanos = i128::from(units) * i128::from(unit.nanos());
    let step = 10_i128.pow(u32::from(9 - precision.min(9)));
    let cut = nanos - nanos.rem_euclid(step);
    i64::try_from(cut.div_euclid(held_nanos)).ok()
}

/// Big-endian, two's complement, with `scale` digits behind the point.
fn decimal(bytes: &[u8], scale: usize, precision: u8, own_scale: u8) -> Option<i128> {
    let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let fill = if is_negative { 0xff } else { 0 };
    let (front, back) = bytes.split_at(bytes.len().saturating_sub(16));
    if front.iter().any(|&byte| byte != fill) {
        return None;
    }
    let mut wide = [fill; 16];
    wide[16 - back.len()..].copy_from_slice(back);
    let unscaled = i128::from_be_bytes(wide);
    if (unscaled < 0) != is_negative {
        return None;
    }
    let scale = i32::try_from(scale).ok()?;
    let value = values::decimal::rescale_half_up(unscaled, scale, i32::from(own_scale))?;
    values::decimal::fits(value, precision).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_to_their_ends() {
        let read = |bytes: &[u8]| {
            let mut input = Input::new(bytes);
            input
                .long()
                .map(|value| (value, input.at))
                .map_err(|fault| fault.message)
        };
        assert_eq!(read(&[0]), Ok((0, 1)));
        assert_eq!(read(&[1]), Ok((-1, 1)));
        assert_eq!(read(&[0x80, 1, 9]), Ok((64, 2)));
        let most = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(read(&most), Ok((i64::MAX, 10)));
        let least = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(read(&least), Ok((i64::MIN, 10)));
        assert_eq!(read(&[0x80]), Err("the record ends too soon".to_string()));
        assert_eq!(
            read(&[0xff; 11]),
            Err("a number is longer than 64 bits".to_string())
        );
    }

    #[test]
    fn decimals_are_put_to_the_scale_of_their_column() {
        assert_eq!(decimal(&[0x04, 0xd2], 2, 5, 2), Some(1234));
        assert_eq!(decimal(&[0xfb, 0x2e], 2, 6, 3), Some(-12340));
        assert_eq!(decimal(&[], 0, 5, 0), Some(0));
        assert_eq!(decimal(&[0xff; 20], 0, 5, 0), Some(-1));
        assert_eq!(decimal(&[0x7f; 17], 0, 38, 0), None);
        assert_eq!(decimal(&[0x04, 0xd2], 0, 3, 0), None);
    }

    #[test]
    fn times_are_put_to_the_unit_of_their_column() {
        assert_eq!(timestamp(1_500, Unit::Millis, 3), Some(1_500_000));
        assert_eq!(timestamp(1_500_999, Unit::Micros, 3), Some(1_500_000));
        assert_eq!(timestamp(-1, Unit::Micros, 3), Some(-1_000));
        assert_eq!(timestamp(1_234_567, Unit::Nanos, 9), Some(1_234_567));
        assert_eq!(timestamp(i64::MAX, Unit::Millis, 9), None);
    }

    #[test]
    fn values_without_bytes_are_counted_whatever_they_stand_in() {
        let fault = |field: &str, bytes: &[u8]| {
            let text = format!(
                r#"{{"type": "record", "name": "r", "fields": [{{"name": "a", "type": {field}}},
                   {{"name": "b", "type": "int"}}]}}"#
            );
            let schema = AvroSchema::parse(&text).unwrap();
            let mut input = Input::new(bytes);
            let read = skip(&schema, schema.root, &mut input, 0);
            read.map(|()| input.at).map_err(|fault| fault.message)
        };
        // Each record holds the one before twice.
        let mut doubled = r#"{"type": "record", "name": "r0", "fields": []}"#.to_string();
        for level in 1..=30 {
            let before = level - 1;
            doubled = format!(
                r#"{{"type": "record", "name": "r{level}", "fields": [{{"name": "a", "type": {doubled}}},
                   {{"name": "b", "type": "r{before}"}}]}}"#
            );
        }
        let too_many = Err("more than 65536 values without bytes".to_string());
        assert_eq!(fault(&doubled, &[0]), too_many);
        // 2^16 and 2^15 nulls, the latter in each of three arrays.
        let nulls = r#"{"type": "array", "items": "null"}"#;
        assert_eq!(fault(nulls, &[0x80, 0x80, 8, 0, 0]), Ok(5));
        assert_eq!(fault(nulls, &[0x82, 0x80, 8, 0, 0]), too_many);
        let arrays = format!(r#"{{"type": "array", "items": {nulls}}}"#);
        let half = [0x80, 0x80, 4, 0];
        assert_eq!(
            fault(&arrays, &[&[4], &half[..], &half, &[0, 0]].concat()),
            Ok(11)
        );
        let thrice = [&[6], &half[..], &half, &half, &[0, 0]].concat();
        assert_eq!(fault(&arrays, &thrice), too_many);
    }
}
