//! What was written by one schema as columns of a table: worked out once, before a record is read.
//!
//! As the specification says for a reader's schema: fields go by their names, what the table does not have is passed
//! over, what the writer does not have is NULL where that may be, and numbers widen. Of a union every branch stands for
//! itself: one that does not fit is a fault of the record that takes it. Beyond it an enum is a text, and times and
//! decimals are converted from the writer's units to the column's, which Flink takes for its own.

use model::{DataType, RowField, Schema, TypeKind};

use super::schema::{AvroSchema, Logical, Shape, TimeMapping, TypeId, Unit};

/// How a value is read into its column.
#[derive(Debug, Clone)]
pub enum Step {
    /// There is nothing to read.
    Null,
    Boolean,
    /// A number of the writer's kind into a column of numbers that is at least as wide, or narrower and checked.
    Int,
    Long,
    Float,
    Double,
    /// Days.
    Date,
    /// A time of day of so many microseconds a unit.
    Time {
        is_long: bool,
        micros: i64,
    },
    Timestamp(Unit),
    Bytes,
    Fixed(usize),
    Text,
    Enum(Vec<String>),
    /// Digits with so many behind the point, in bytes or in this many.
    Decimal {
        scale: usize,
        size: Option<usize>,
    },
    Array(Box<Step>),
    Map(Box<Step>),
    /// By branch; a fault where it does not fit.
    Union(Vec<Result<Step, String>>),
    Record(Record),
}

#[derive(Debug, Clone)]
pub struct Record {
    /// In the writer's order.
    pub fields: Vec<FieldStep>,
    /// Columns that the writer does not have.
    pub missing: Vec<usize>,
}

#[derive(Debug, Clone)]
pub enum FieldStep {
    Skip(TypeId),
    Into { column: usize, step: Step, name: String },
}

/// A column wanted: its name, its type and whether NULL may stand in it.
struct Wanted<'a> {
    name: &'a str,
    data_type: &'a DataType,
}

/// Works out how rows of a table are read of what was written by a schema.
pub fn resolve(written: &AvroSchema, table: &Schema, times: TimeMapping) -> Result<Step, String> {
    let wanted = table.fields.iter().map(|field| Wanted {
        name: &field.name,
        data_type: &field.data_type,
    });
    let wanted: Vec<Wanted<'_>> = wanted.collect();
    let resolver = Resolver { written, times };
    match written.shape(written.root) {
        // A row may be told as something or null; it is never null itself.
        Shape::Union(branches) => {
            let branches = branches.iter().map(|branch| match written.shape(*branch) {
                Shape::Record(_) => resolver.record(*branch, &wanted),
                other => Err(format!("it is {}, not a record", other.name())),
            });
            Ok(Step::Union(branches.collect()))
        }
        Shape::Record(_) => resolver.record(written.root, &wanted),
        other => Err(format!("it was written as {}, not as a record", other.name())),
    }
}

struct Resolver<'a> {
    written: &'a AvroSchema,
    times: TimeMapping,
}

impl Resolver<'_> {
    fn record(&self, id: TypeId, wanted: &[Wanted<'_>]) -> Result<Step, String> {
        let Shape::Record(written) = self.written.shape(id) else {
            return Err(format!("it is {}, not a record", self.written.shape(id).name()));
        };
        let mut fields = Vec::with_capacity(written.len());
        let mut is_read = vec![false; wanted.len()];
        for field in written {
            match wanted.iter().position(|column| column.name == field.name) {
                None => fields.push(FieldStep::Skip(field.of)),
                Some(column) => {
                    let step = self
                        .value(field.of, wanted[column].data_type)
                        .map_err(|fault| format!("field '{}': {fault}", field.name))?;
                    is_read[column] = true;
                    fields.push(FieldStep::Into {
                        column,
                        step,
                        name: field.name.clone(),
                    });
                }
            }
        }
        let mut missing = Vec::new();
        for (column, is_read) in is_read.into_iter().enumerate() {
            if is_read {
                continue;
            }
            if !wanted[column].data_type.nullable {
                return Err(format!(
                    "the writer has no field '{}', which is NOT NULL in the table",
                    wanted[column].name
                ));
            }
            missing.push(column);
        }
        Ok(Step::Record(Record { fields, missing }))
    }

    fn value(&self, id: TypeId, data_type: &DataType) -> Result<Step, String> {
        let written = &self.written.types[id];
        let unfit = || {
            Err(format!(
                "it was written as {}, which is not read as {}",
                written.shape.name(),
                data_type.kind
            ))
        };
        if let Shape::Union(branches) = &written.shape {
            let branches: Vec<Result<Step, String>> = branches
                .iter()
                .map(|branch| self.value(*branch, data_type))
                .collect();
            let reads = branches
                .iter()
                .any(|branch| matches!(branch, Ok(step) if !matches!(step, Step::Null)));
            if !reads {
                let fault = branches.into_iter().find_map(Result::err);
                return fault.map_or_else(unfit, Err);
            }
            return Ok(Step::Union(branches));
        }
        Ok(match (&data_type.kind, &written.shape) {
            (TypeKind::Null, Shape::Null) => Step::Null,
            (_, Shape::Null) if data_type.nullable => Step::Null,
            (_, Shape::Null) => return Err("it is null, and the column is NOT NULL".to_string()),
            (TypeKind::Boolean, Shape::Boolean) => Step::Boolean,
            (TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::Int, Shape::Int) => Step::Int,
            (TypeKind::BigInt | TypeKind::Float | TypeKind::Double, Shape::Int) => Step::Int,
            (TypeKind::BigInt | TypeKind::Float | TypeKind::Double, Shape::Long) => Step::Long,
            (TypeKind::Float | TypeKind::Double, Shape::Float) => Step::Float,
            (TypeKind::Double, Shape::Double) => Step::Double,
            (TypeKind::Date, Shape::Int) => Step::Date,
            (TypeKind::Time(_), Shape::Int) => Step::Time {
                is_long: false,
                micros: 1_000,
            },
            (TypeKind::Time(_), Shape::Long) if written.logical == Some(Logical::TimeMicros) => Step::Time {
                is_long: true,
                micros: 1,
            },
            (TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision), Shape::Long) => {
                match written.logical {
                    Some(Logical::Timestamp { unit, .. }) => Step::Timestamp(unit),
                    Some(_) => return unfit(),
                    None => Step::Timestamp(self.times.unit(*precision)),
                }
            }
            (TypeKind::Char(_) | TypeKind::Varchar(_), Shape::String | Shape::Bytes) => Step::Text,
            (TypeKind::Char(_) | TypeKind::Varchar(_), Shape::Enum(symbols)) => Step::Enum(symbols.clone()),
            (TypeKind::Binary(_) | TypeKind::Varbinary(_), Shape::Bytes | Shape::String) => Step::Bytes,
            (TypeKind::Binary(_) | TypeKind::Varbinary(_), Shape::Fixed(size)) => Step::Fixed(*size),
            (TypeKind::Decimal { scale, .. }, Shape::Bytes | Shape::Fixed(_)) => Step::Decimal {
                scale: match written.logical {
                    Some(Logical::Decimal { scale, .. }) => scale,
                    _ => usize::from(*scale),
                },
                size: match written.shape {
                    Shape::Fixed(size) => Some(size),
                    _ => None,
                },
            },
            (TypeKind::Array(element), Shape::Array(items)) => {
                Step::Array(Box::new(self.value(*items, element)?))
            }
            (TypeKind::Map(key, value), Shape::Map(values)) if key.kind.is_string() => {
                Step::Map(Box::new(self.value(*values, value)?))
            }
            (TypeKind::Multiset(element), Shape::Map(values)) if element.kind.is_string() => {
                Step::Map(Box::new(self.value(*values, &TypeKind::Int.not_null())?))
            }
            (TypeKind::Row(fields), Shape::Record(_)) => self.record(id, &wanted(fields))?,
            _ => return unfit(),
        })
    }
}

fn wanted(fields: &[RowField]) -> Vec<Wanted<'_>> {
    let wanted = fields.iter().map(|field| Wanted {
        name: &field.name,
        data_type: &field.data_type,
    });
    wanted.collect()
}
