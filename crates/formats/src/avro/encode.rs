//! Rows in Avro's binary encoding, by the schema that their table has.
//!
//! A schema given by somebody else may order the branches of its unions otherwise; what is written then is worked out
//! from it once.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef};
use dataflow::Error;
use model::{DataType, Schema, TypeKind};

use super::schema::{AvroSchema, Logical, Shape, TimeMapping, TypeId, Unit};

/// How a column is written.
#[derive(Debug, Clone)]
pub enum Write {
    /// Null, which has no bytes.
    Nothing,
    /// The branch of what is null, if there is one, and of what is not.
    Union {
        null: Option<i64>,
        value: i64,
        of: Box<Write>,
    },
    Boolean,
    TinyInt,
    SmallInt,
    Int,
    Long {
        is_int: bool,
    },
    Float {
        as_double: bool,
    },
    Double,
    Date,
    Time {
        micros: bool,
    },
    Timestamp {
        unit: Unit,
        precision: u8,
    },
    Text,
    Enum(Vec<String>),
    Bytes,
    Fixed(usize),
    Decimal {
        rescale: (u8, usize),
        size: Option<usize>,
    },
    Array(Box<Write>),
    Map(Box<Write>),
    Record(Vec<Field>),
}

/// A field of a record, and the column that it is written of.
#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    /// `None` where no column is: null is written.
    pub column: Option<usize>,
    pub of: Write,
}

/// Works out how rows of a table are written by a schema.
pub fn plan(schema: &AvroSchema, table: &Schema, times: TimeMapping) -> Result<Write, String> {
    let columns = table
        .fields
        .iter()
        .map(|field| (field.name.as_str(), &field.data_type));
    let columns: Vec<(&str, &DataType)> = columns.collect();
    let planner = Planner { schema, times };
    match schema.shape(schema.root) {
        Shape::Union(branches) => {
            let is_record = |branch: &TypeId| matches!(schema.shape(*branch), Shape::Record(_));
            match branches.iter().position(is_record) {
                Some(branch) => Ok(Write::Union {
                    null: None,
                    value: branch as i64,
                    of: Box::new(planner.record(branches[branch], &columns)?),
                }),
                None => Err("the schema is not that of a record".to_string()),
            }
        }
        _ => planner.record(schema.root, &columns),
    }
}

struct Planner<'a> {
    schema: &'a AvroSchema,
    times: TimeMapping,
}

impl Planner<'_> {
    fn record(&self, id: TypeId, columns: &[(&str, &DataType)]) -> Result<Write, String> {
        let Shape::Record(fields) = self.schema.shape(id) else {
            return Err(format!(
                "the schema has {}, not a record",
                self.schema.shape(id).name()
            ));
        };
        for (name, _) in columns {
            if !fields.iter().any(|field| field.name == *name) {
                return Err(format!("the schema has no field for column '{name}'"));
            }
        }
        let mut written = Vec::with_capacity(fields.len());
        for field in fields {
            let column = columns.iter().position(|(name, _)| *name == field.name);
            let of = match column {
                Some(column) => self.value(field.of, columns[column].1),
                None => self.value(field.of, &TypeKind::Null.nullable()),
            };
            written.push(Field {
                name: field.name.clone(),
                column,
                of: of.map_err(|fault| format!("field '{}': {fault}", field.name))?,
            });
        }
        Ok(Write::Record(written))
    }

    fn value(&self, id: TypeId, data_type: &DataType) -> Result<Write, String> {
        let shape = self.schema.shape(id);
        if let Shape::Union(branches) = shape {
            let is_null = |branch: &TypeId| *self.schema.shape(*branch) == Shape::Null;
            let null = branches.iter().position(is_null).map(|branch| branch as i64);
            if data_type.kind == TypeKind::Null {
                let value = null.ok_or("no column is written to it, and it cannot be null")?;
                return Ok(Write::Union {
                    null,
                    value,
                    of: Box::new(Write::Nothing),
                });
            }
            let mut first_fault = None;
            for (branch, of) in branches.iter().enumerate().filter(|(_, of)| !is_null(of)) {
                match self.value(*of, &data_type.clone().with_nullable(false)) {
                    Ok(of) => {
                        return Ok(Write::Union {
                            null,
                            value: branch as i64,
                            of: Box::new(of),
                        });
                    }
                    Err(fault) => first_fault = first_fault.or(Some(fault)),
                }
            }
            return Err(first_fault.unwrap_or_else(|| "the union has only null in it".to_string()));
        }
        let logical = self.schema.types[id].logical;
        Ok(match (&data_type.kind, shape) {
            (TypeKind::Null, Shape::Null) => Write::Nothing,
            (TypeKind::Null, _) => {
                return Err("no column is written to it, and it cannot be null".to_string());
            }
            (TypeKind::Boolean, Shape::Boolean) => Write::Boolean,
            (TypeKind::TinyInt, Shape::Int | Shape::Long) => Write::TinyInt,
            (TypeKind::SmallInt, Shape::Int | Shape::Long) => Write::SmallInt,
            (TypeKind::Int, Shape::Int | Shape::Long) => Write::Int,
            (TypeKind::BigInt, Shape::Long) => Write::Long { is_int: false },
            (TypeKind::BigInt, Shape::Int) => Write::Long { is_int: true },
            (TypeKind::Float, Shape::Float) => Write::Float { as_double: false },
            (TypeKind::Float, Shape::Double) => Write::Float { as_double: true },
            (TypeKind::Double, Shape::Double) => Write::Double,
            (TypeKind::Date, Shape::Int) => Write::Date,
            (TypeKind::Time(_), Shape::Int) => Write::Time { micros: false },
            (TypeKind::Time(_), Shape::Long) if logical == Some(Logical::TimeMicros) => {
                Write::Time { micros: true }
            }
            (TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision), Shape::Long) => {
                Write::Timestamp {
                    unit: match logical {
                        Some(Logical::Timestamp { unit, .. }) => unit,
                        _ => self.times.unit(*precision),
                    },
                    precision: *precision,
                }
            }
            (TypeKind::Char(_) | TypeKind::Varchar(_), Shape::String) => Write::Text,
            (TypeKind::Char(_) | TypeKind::Varchar(_), Shape::Enum(symbols)) => Write::Enum(symbols.clone()),
            (TypeKind::Binary(_) | TypeKind::Varbinary(_), Shape::Bytes) => Write::Bytes,
            (TypeKind::Binary(_) | TypeKind::Varbinary(_), Shape::Fixed(size)) => Write::Fixed(*size),
            (TypeKind::Decimal { scale, .. }, Shape::Bytes | Shape::Fixed(_)) => Write::Decimal {
                rescale: match logical {
                    Some(Logical::Decimal { scale: written, .. }) => (*scale, written),
                    _ => (*scale, usize::from(*scale)),
                },
                size: match shape {
                    Shape::Fixed(size) => Some(*size),
                    _ => None,
                },
            },
            (TypeKind::Array(element), Shape::Array(items)) => {
                Write::Array(Box::new(self.value(*items, element)?))
            }
            (TypeKind::Map(key, value), Shape::Map(values)) if key.kind.is_string() => {
                Write::Map(Box::new(self.value(*values, value)?))
            }
            (TypeKind::Multiset(element), Shape::Map(values)) if element.kind.is_string() => {
                Write::Map(Box::new(self.value(*values, &TypeKind::Int.not_null())?))
            }
            (TypeKind::Row(fields), Shape::Record(_)) => {
                let columns = fields.iter().map(|field| (field.name.as_str(), &field.data_type));
                self.record(id, &columns.collect::<Vec<_>>())?
            }
            (kind, shape) => return Err(format!("{kind} cannot be written as {}", shape.name())),
        })
    }
}

/// Variable-length, zig-zag.
pub fn long(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

pub fn counted(bytes: &[u8], out: &mut Vec<u8>) {
    long(bytes.len() as i64, out);
    out.extend_from_slice(bytes);
}

/// Appends a row of a table.
pub fn row(write: &Write, columns: &[ArrayRef], row: usize, out: &mut Vec<u8>) -> Result<(), String> {
    match write {
        Write::Record(fields) => record(fields, columns, row, out),
        Write::Union { value, of, .. } => {
            long(*value, out);
            self::row(of, columns, row, out)
        }
        _ => Err("internal: a row is written as no record".to_string()),
    }
}

/// The message of a fault that nobody can do anything about.
pub fn internal(message: &str) -> Error {
    Error::internal(message.to_string())
}

fn record(fields: &[Field], columns: &[ArrayRef], row: usize, out: &mut Vec<u8>) -> Result<(), String> {
    for field in fields {
        let written = match field.column {
            Some(column) => value(&field.of, columns[column].as_ref(), row, out),
            None => nothing(&field.of, out),
        };
        written.map_err(|fault| format!("field '{}': {fault}", field.name))?;
    }
    Ok(())
}

/// What is written where no column is.
fn nothing(write: &Write, out: &mut Vec<u8>) -> Result<(), String> {
    match write {
        Write::Nothing => {}
        Write::Union { value, .. } => long(*value, out),
        _ => return Err("it is NULL".to_string()),
    }
    Ok(())
}

fn value(write: &Write, array: &dyn Array, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
    if let Write::Union {
        null,
        value: branch,
        of,
    } = write
    {
        return match (array.is_null(row), null) {
            (true, Some(null)) => {
                long(*null, out);
                Ok(())
            }
            (true, None) => Err("it is NULL, which the schema does not allow".to_string()),
            (false, _) => {
                long(*branch, out);
                value(of, array, row, out)
            }
        };
    }
    if array.is_null(row) {
        return match write {
            Write::Nothing => Ok(()),
            _ => Err("it is NULL, which the schema does not allow".to_string()),
        };
    }
    match write {
        Write::Nothing | Write::Union { .. } => {}
        Write::Boolean => out.push(u8::from(array.as_boolean().value(row))),
        Write::TinyInt => long(i64::from(array.as_primitive::<Int8Type>().value(row)), out),
        Write::SmallInt => long(i64::from(array.as_primitive::<Int16Type>().value(row)), out),
        Write::Int => long(i64::from(array.as_primitive::<Int32Type>().value(row)), out),
        Write::Long { is_int } => {
            let value = array.as_primitive::<Int64Type>().value(row);
            if *is_int && i32::try_from(value).is_err() {
                return Err(format!("{value} has no room in int"));
            }
            long(value, out);
        }
        Write::Float { as_double: false } => {
            out.extend_from_slice(&array.as_primitive::<Float32Type>().value(row).to_le_bytes());
        }
        Write::Float { as_double: true } => {
            let value = f64::from(array.as_primitive::<Float32Type>().value(row));
            out.extend_from_slice(&value.to_le_bytes());
        }
        Write::Double => out.extend_from_slice(&array.as_primitive::<Float64Type>().value(row).to_le_bytes()),
        Write::Date => long(i64::from(array.as_primitive::<Date32Type>().value(row)), out),
        Write::Time { micros } => {
            let millis = i64::from(array.as_primitive::<Time32MillisecondType>().value(row));
            long(if *micros { millis * 1_000 } else { millis }, out);
        }
        Write::Timestamp { unit, precision } => {
            let nanos = match precision {
                ..=6 => i128::from(array.as_primitive::<TimestampMicrosecondType>().value(row)) * 1_000,
                _ => i128::from(array.as_primitive::<TimestampNanosecondType>().value(row)),
            };
            let units = nanos.div_euclid(i128::from(unit.nanos()));
            long(
                i64::try_from(units).map_err(|_| "a time is too far away".to_string())?,
                out,
            );
        }
        Write::Text => counted(array.as_string::<i32>().value(row).as_bytes(), out),
        Write::Enum(symbols) => {
            let text = array.as_string::<i32>().value(row);
            match symbols.iter().position(|symbol| symbol == text) {
                Some(index) => long(index as i64, out),
                None => return Err(format!("{} is no symbol of it", crate::quote(text.as_bytes()))),
            }
        }
        Write::Bytes => counted(array.as_binary::<i32>().value(row), out),
        Write::Fixed(size) => {
            let bytes = array.as_binary::<i32>().value(row);
            if bytes.len() != *size {
                return Err(format!("it has {} bytes, and must have {size}", bytes.len()));
            }
            out.extend_from_slice(bytes);
        }
        Write::Decimal { rescale, size } => {
            let value = array.as_primitive::<Decimal128Type>().value(row);
            decimal(value, *rescale, *size, out)?;
        }
        Write::Array(items) => {
            let array = array.as_list::<i32>();
            let ends = array.value_offsets();
            let range = ends[row] as usize..ends[row + 1] as usize;
            if !range.is_empty() {
                long(range.len() as i64, out);
            }
            for item in range {
                value(items, array.values().as_ref(), item, out)?;
            }
            out.push(0);
        }
        Write::Map(values) => {
            let array = array.as_map();
            let ends = array.value_offsets();
            let range = ends[row] as usize..ends[row + 1] as usize;
            if !range.is_empty() {
                long(range.len() as i64, out);
            }
            for entry in range {
                counted(array.keys().as_string::<i32>().value(entry).as_bytes(), out);
                value(values, array.values().as_ref(), entry, out)?;
            }
            out.push(0);
        }
        Write::Record(fields) => record(fields, array.as_struct().columns(), row, out)?,
    }
    Ok(())
}

/// The fewest bytes that hold it, as Java's `BigInteger` writes it; or so many.
fn decimal(
    value: i128,
    (from, to): (u8, usize),
    size: Option<usize>,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let scale = i32::try_from(to).unwrap_or(i32::MAX);
    let value = values::decimal::rescale_half_up(value, i32::from(from), scale)
        .ok_or_else(|| "a decimal has no room in the schema's".to_string())?;
    let bytes = value.to_be_bytes();
    let fill = if value < 0 { 0xff } else { 0 };
    let mut start = 0;
    while start < 15 && bytes[start] == fill && (bytes[start + 1] & 0x80 != 0) == (value < 0) {
        start += 1;
    }
    let least = &bytes[start..];
    match size {
        None => counted(least, out),
        Some(size) if size < least.len() => return Err(format!("a decimal has no room in {size} bytes")),
        Some(size) => {
            out.extend(std::iter::repeat_n(fill, size - least.len()));
            out.extend_from_slice(least);
        }
    }
    Ok(())
}
