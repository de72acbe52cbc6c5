//! Flink's SQL types, and how each is held in Arrow.

use std::fmt;
use std::sync::Arc;

use arrow_schema::{DataType as ArrowType, Field as ArrowField, Fields, IntervalUnit, TimeUnit};

/// The length of `STRING` and `BYTES`.
pub const LENGTH_MAX: u32 = i32::MAX as u32;
pub const DECIMAL_PRECISION_MAX: u8 = 38;

/// A type with its nullability.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DataType {
    pub kind: TypeKind,
    pub nullable: bool,
}

/// A type without its nullability.
///
/// How values are held in Arrow:
/// `CHAR`, `VARCHAR`: Utf8 (a `CHAR` is padded when it is made). `BINARY`, `VARBINARY`: Binary.
/// `DECIMAL(p, s)`: Decimal128(p, s). `DATE`: Date32. `TIME`: Time32 in milliseconds, as in Flink.
/// `TIMESTAMP(p)`: Timestamp without zone, microseconds up to p = 6, nanoseconds above.
/// `TIMESTAMP_LTZ(p)`: the same with zone "UTC". Intervals: months as Interval(YearMonth),
/// day-time ones as Duration(Millisecond). `ROW`: Struct. `MULTISET<T>`: Map<T, Int32>.
/// `VARIANT`: Utf8, its JSON in one form. `BITMAP`: Binary, in the portable form of Roaring bitmaps with runs where they are shorter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TypeKind {
    Null,
    Boolean,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Float,
    Double,
    Decimal {
        precision: u8,
        scale: u8,
    },
    Char(u32),
    Varchar(u32),
    Binary(u32),
    Varbinary(u32),
    Date,
    Time(u8),
    Timestamp(u8),
    TimestampLtz(u8),
    IntervalYearMonth,
    IntervalDayTime,
    /// A set of 32-bit integers.
    Bitmap,
    /// A value of JSON.
    Variant,
    Array(Box<DataType>),
    Multiset(Box<DataType>),
    Map(Box<DataType>, Box<DataType>),
    Row(Vec<RowField>),
}

/// A field of a `ROW` type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowField {
    pub name: String,
    pub data_type: DataType,
    pub description: Option<String>,
}

impl RowField {
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        RowField {
            name: name.into(),
            data_type,
            description: None,
        }
    }
}

impl TypeKind {
    pub const STRING: TypeKind = TypeKind::Varchar(LENGTH_MAX);
    pub const BYTES: TypeKind = TypeKind::Varbinary(LENGTH_MAX);

    pub fn nullable(self) -> DataType {
        DataType {
            kind: self,
            nullable: true,
        }
    }

    pub fn not_null(self) -> DataType {
        DataType {
            kind: self,
            nullable: false,
        }
    }

    pub fn is_string(&self) -> bool {
        matches!(self, TypeKind::Char(_) | TypeKind::Varchar(_))
    }

    pub fn is_binary(&self) -> bool {
        matches!(self, TypeKind::Binary(_) | TypeKind::Varbinary(_))
    }

    pub fn is_integer(&self) -> bool {
        matches!(
            self,
            TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::Int | TypeKind::BigInt
        )
    }

    /// Integers and decimals.
    pub fn is_exact_numeric(&self) -> bool {
        self.is_integer() || matches!(self, TypeKind::Decimal { .. })
    }

    pub fn is_approximate_numeric(&self) -> bool {
        matches!(self, TypeKind::Float | TypeKind::Double)
    }

    pub fn is_numeric(&self) -> bool {
        self.is_exact_numeric() || self.is_approximate_numeric()
    }

    pub fn is_timestamp(&self) -> bool {
        matches!(self, TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_))
    }

    pub fn is_datetime(&self) -> bool {
        self.is_timestamp() || matches!(self, TypeKind::Date | TypeKind::Time(_))
    }

    pub fn is_interval(&self) -> bool {
        matches!(self, TypeKind::IntervalYearMonth | TypeKind::IntervalDayTime)
    }

    /// Digits of a number as a decimal: `(precision, scale)`; `None` for other types and for floats.
    pub fn decimal_digits(&self) -> Option<(u8, u8)> {
        match self {
            TypeKind::TinyInt => Some((3, 0)),
            TypeKind::SmallInt => Some((5, 0)),
            TypeKind::Int => Some((10, 0)),
            TypeKind::BigInt => Some((19, 0)),
            TypeKind::Decimal { precision, scale } => Some((*precision, *scale)),
            _ => None,
        }
    }

    /// Arrow's unit for timestamps of this precision.
    pub fn timestamp_unit(precision: u8) -> TimeUnit {
        if precision <= 6 {
            TimeUnit::Microsecond
        } else {
            TimeUnit::Nanosecond
        }
    }

    pub fn arrow(&self) -> ArrowType {
        match self {
            TypeKind::Null => ArrowType::Null,
            TypeKind::Boolean => ArrowType::Boolean,
            TypeKind::TinyInt => ArrowType::Int8,
            TypeKind::SmallInt => ArrowType::Int16,
            TypeKind::Int => ArrowType::Int32,
            TypeKind::BigInt => ArrowType::Int64,
            TypeKind::Float => ArrowType::Float32,
            TypeKind::Double => ArrowType::Float64,
            TypeKind::Decimal { precision, scale } => ArrowType::Decimal128(*precision, *scale as i8),
            TypeKind::Char(_) | TypeKind::Varchar(_) => ArrowType::Utf8,
            TypeKind::Binary(_) | TypeKind::Varbinary(_) => ArrowType::Binary,
            TypeKind::Date => ArrowType::Date32,
            TypeKind::Time(_) => ArrowType::Time32(TimeUnit::Millisecond),
            TypeKind::Timestamp(p) => ArrowType::Timestamp(Self::timestamp_unit(*p), None),
            TypeKind::TimestampLtz(p) => {
                ArrowType::Timestamp(Self::timestamp_unit(*p), Some(Arc::from("UTC")))
            }
            TypeKind::IntervalYearMonth => ArrowType::Interval(IntervalUnit::YearMonth),
            TypeKind::IntervalDayTime => ArrowType::Duration(TimeUnit::Millisecond),
            TypeKind::Bitmap => ArrowType::Binary,
            TypeKind::Variant => ArrowType::Utf8,
            TypeKind::Array(element) => ArrowType::List(Arc::new(element.arrow_field("item"))),
            TypeKind::Multiset(element) => map_type(element, &TypeKind::Int.not_null()),
            TypeKind::Map(key, value) => map_type(key, value),
            TypeKind::Row(fields) => ArrowType::Struct(
                fields
                    .iter()
                    .map(|field| field.data_type.arrow_field(&field.name))
                    .collect::<Fields>(),
            ),
        }
    }
}

/// Arrow refuses NULL as a map's key; Flink allows it, so that such a key is refused where it is made.
fn map_type(key: &DataType, value: &DataType) -> ArrowType {
    let key = ArrowField::new("key", key.kind.arrow(), false);
    let value = value.arrow_field("value");
    let entries = ArrowField::new(
        "entries",
        ArrowType::Struct(Fields::from(vec![key, value])),
        false,
    );
    ArrowType::Map(Arc::new(entries), false)
}

impl DataType {
    pub fn arrow(&self) -> ArrowType {
        self.kind.arrow()
    }

    /// An Arrow field of this type. Always nullable: a NOT NULL is a promise of the plan, not of the batch.
    pub fn arrow_field(&self, name: &str) -> ArrowField {
        ArrowField::new(name, self.kind.arrow(), true)
    }

    pub fn with_nullable(mut self, nullable: bool) -> DataType {
        self.nullable = nullable;
        self
    }

    /// Nullable if this is or `nullable` says so.
    pub fn or_nullable(mut self, nullable: bool) -> DataType {
        self.nullable |= nullable;
        self
    }

    /// The same type but for nullability, at every depth.
    pub fn same_kind(&self, other: &DataType) -> bool {
        match (&self.kind, &other.kind) {
            (TypeKind::Array(a), TypeKind::Array(b)) | (TypeKind::Multiset(a), TypeKind::Multiset(b)) => {
                a.same_kind(b)
            }
            (TypeKind::Map(ka, va), TypeKind::Map(kb, vb)) => ka.same_kind(kb) && va.same_kind(vb),
            (TypeKind::Row(a), TypeKind::Row(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|(a, b)| a.name == b.name && a.data_type.same_kind(&b.data_type))
            }
            (a, b) => a == b,
        }
    }
}

/// Flink's summary string: `INT NOT NULL`, `STRING`, ``ROW<`a` INT>``.
impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if !self.nullable && self.kind != TypeKind::Null {
            f.write_str(" NOT NULL")?;
        }
        Ok(())
    }
}

impl fmt::Display for TypeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypeKind::Null => f.write_str("NULL"),
            TypeKind::Boolean => f.write_str("BOOLEAN"),
            TypeKind::TinyInt => f.write_str("TINYINT"),
            TypeKind::SmallInt => f.write_str("SMALLINT"),
            TypeKind::Int => f.write_str("INT"),
            TypeKind::BigInt => f.write_str("BIGINT"),
            TypeKind::Float => f.write_str("FLOAT"),
            TypeKind::Double => f.write_str("DOUBLE"),
            TypeKind::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
            TypeKind::Char(n) => write!(f, "CHAR({n})"),
            TypeKind::Varchar(LENGTH_MAX) => f.write_str("STRING"),
            TypeKind::Varchar(n) => write!(f, "VARCHAR({n})"),
            TypeKind::Binary(n) => write!(f, "BINARY({n})"),
            TypeKind::Varbinary(LENGTH_MAX) => f.write_str("BYTES"),
            TypeKind::Varbinary(n) => write!(f, "VARBINARY({n})"),
            TypeKind::Date => f.write_str("DATE"),
            TypeKind::Time(p) => write!(f, "TIME({p})"),
            TypeKind::Timestamp(p) => write!(f, "TIMESTAMP({p})"),
            TypeKind::TimestampLtz(p) => write!(f, "TIMESTAMP_LTZ({p})"),
            TypeKind::IntervalYearMonth => f.write_str("INTERVAL MONTH"),
            TypeKind::IntervalDayTime => f.write_str("INTERVAL SECOND(3)"),
            TypeKind::Bitmap => f.write_str("BITMAP"),
            TypeKind::Variant => f.write_str("VARIANT"),
            TypeKind::Array(element) => write!(f, "ARRAY<{element}>"),
            TypeKind::Multiset(element) => write!(f, "MULTISET<{element}>"),
            TypeKind::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            TypeKind::Row(fields) => {
                f.write_str("ROW<")?;
                for (index, field) in fields.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(
                        f,
                        "{comma}`{}` {}",
                        field.name.replace('`', "``"),
                        field.data_type
                    )?;
                    if let Some(description) = &field.description {
                        write!(f, " '{}'", description.replace('\'', "''"))?;
                    }
                }
                f.write_str(">")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_flink_writes_them() {
        let row = TypeKind::Row(vec![
            RowField::new("a", TypeKind::Int.not_null()),
            RowField::new(
                "b`c",
                TypeKind::Array(Box::new(TypeKind::STRING.nullable())).nullable(),
            ),
        ]);
        assert_eq!(
            row.not_null().to_string(),
            "ROW<`a` INT NOT NULL, `b``c` ARRAY<STRING>> NOT NULL"
        );
        assert_eq!(
            TypeKind::Decimal {
                precision: 10,
                scale: 2
            }
            .nullable()
            .to_string(),
            "DECIMAL(10, 2)"
        );
    }

    #[test]
    fn nullability_does_not_make_another_kind() {
        let a = TypeKind::Array(Box::new(TypeKind::Int.not_null())).nullable();
        let b = TypeKind::Array(Box::new(TypeKind::Int.nullable())).not_null();
        assert!(a.same_kind(&b));
        assert_ne!(a, b);
    }
}
