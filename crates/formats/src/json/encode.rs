//! Rows as JSON objects, one a line.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, DurationMillisecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType, TimestampMicrosecondType,
    TimestampNanosecondType,
};
use arrow_array::{Array, RecordBatch};
use dataflow::{Chunk, Encoder, Error};
use model::{DataType, Schema, TypeKind};
use values::temporal::{self, FractionDigits, Instant};
use values::{decimal, number};

use super::text::write_string;
use crate::base64;
use crate::text::write_decimal;

/// What to write for an entry of a map whose key is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NullKeys {
    Fail,
    /// Leave the entry out.
    Drop,
    Literal(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodeOptions {
    /// Timestamps as `2026-01-05T12:30:05.5` instead of with a blank.
    pub iso_timestamps: bool,
    /// Decimals with all digits of their scale; otherwise as short as Java writes them, `1E+5` included.
    pub plain_decimals: bool,
    pub skip_null_fields: bool,
    pub null_keys: NullKeys,
    /// Characters beyond U+FFFF as two escapes, byte for byte what Flink writes.
    pub escape_supplementary: bool,
    /// BIGINT and DECIMAL in quotes: JavaScript reads numbers as doubles and loses their digits.
    pub quote_wide_numbers: bool,
}

impl EncodeOptions {
    /// For people: all digits, all characters, no failing.
    pub fn readable() -> EncodeOptions {
        EncodeOptions {
            iso_timestamps: false,
            plain_decimals: true,
            skip_null_fields: false,
            null_keys: NullKeys::Literal("null".to_string()),
            escape_supplementary: false,
            quote_wide_numbers: false,
        }
    }

    /// For browsers: as for people, and no digit of a number is lost.
    pub fn for_browsers() -> EncodeOptions {
        EncodeOptions {
            quote_wide_numbers: true,
            ..EncodeOptions::readable()
        }
    }
}

/// A type with what is written before each of its values.
#[derive(Debug)]
struct Node {
    kind: TypeKind,
    /// `"name":` of each field of a row.
    labels: Vec<Vec<u8>>,
    children: Vec<Node>,
}

impl Node {
    fn new(kind: &TypeKind, options: &EncodeOptions) -> Node {
        let fields: Vec<(&str, &DataType)> = match kind {
            TypeKind::Array(inner) | TypeKind::Multiset(inner) => vec![("", inner)],
            TypeKind::Map(key, value) => vec![("", key), ("", value)],
            TypeKind::Row(fields) => fields
                .iter()
                .map(|field| (field.name.as_str(), &field.data_type))
                .collect(),
            _ => Vec::new(),
        };
        Node::with_fields(kind.clone(), fields.into_iter(), options)
    }

    fn with_fields<'a>(
        kind: TypeKind,
        fields: impl Iterator<Item = (&'a str, &'a DataType)>,
        options: &EncodeOptions,
    ) -> Node {
        let (labels, children) = fields
            .map(|(name, data_type)| {
                let mut label = Vec::new();
                write_string(name.as_bytes(), options.escape_supplementary, &mut label);
                label.push(b':');
                (label, Node::new(&data_type.kind, options))
            })
            .unzip();
        Node {
            kind,
            labels,
            children,
        }
    }
}

/// Writes rows of one schema as JSON objects.
#[derive(Debug)]
pub struct RowEncoder {
    root: Node,
    options: EncodeOptions,
    scratch: String,
}

impl RowEncoder {
    pub fn new(schema: &Schema, options: EncodeOptions) -> RowEncoder {
        let fields = schema
            .fields
            .iter()
            .map(|field| (field.name.as_str(), &field.data_type));
        RowEncoder {
            root: Node::with_fields(TypeKind::Row(Vec::new()), fields, &options),
            options,
            scratch: String::new(),
        }
    }

    /// Appends row `row` of a batch of the schema, without a line break.
    pub fn encode_row(&mut self, batch: &RecordBatch, row: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        if batch.num_columns() != self.root.children.len() {
            return Err(Error::internal("a batch does not fit the schema of its encoder"));
        }
        let mut writer = Writer {
            options: &self.options,
            scratch: &mut self.scratch,
            out,
        };
        writer.fields(&self.root, |index| batch.column(index).as_ref(), row)
    }
}

/// The format's encoder: every row a line.
#[derive(Debug)]
pub struct JsonEncoder {
    rows: RowEncoder,
}

impl JsonEncoder {
    pub fn new(schema: &Schema, options: EncodeOptions) -> JsonEncoder {
        JsonEncoder {
            rows: RowEncoder::new(schema, options),
        }
    }
}

impl Encoder for JsonEncoder {
    fn encode(&mut self, chunk: &Chunk, out: &mut Vec<u8>) -> Result<(), Error> {
        for row in 0..chunk.rows() {
            self.rows.encode_row(&chunk.batch, row, out)?;
            out.push(b'\n');
        }
        Ok(())
    }

    fn encode_message(&mut self, chunk: &Chunk, row: usize, out: &mut Vec<u8>) -> Result<bool, Error> {
        self.rows.encode_row(&chunk.batch, row, out)?;
        Ok(true)
    }
}

struct Writer<'a> {
    options: &'a EncodeOptions,
    scratch: &'a mut String,
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn fields<'b>(
        &mut self,
        node: &Node,
        column: impl Fn(usize) -> &'b dyn Array,
        row: usize,
    ) -> Result<(), Error> {
        self.out.push(b'{');
        let mut first = true;
        for (index, (label, child)) in node.labels.iter().zip(&node.children).enumerate() {
            let array = column(index);
            if self.options.skip_null_fields && is_null(array, row) {
                continue;
            }
            if !first {
                self.out.push(b',');
            }
            first = false;
            self.out.extend_from_slice(label);
            self.value(child, array, row)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Runs what writes to text and puts it in quotes.
    fn quoted(&mut self, write: impl FnOnce(&mut String)) {
        self.scratch.clear();
        write(self.scratch);
        self.out.push(b'"');
        self.out.extend_from_slice(self.scratch.as_bytes());
        self.out.push(b'"');
    }

    fn plain(&mut self, write: impl FnOnce(&mut String)) {
        self.scratch.clear();
        write(self.scratch);
        self.out.extend_from_slice(self.scratch.as_bytes());
    }

    fn integer(&mut self, value: i64) {
        self.plain(|out| number::write_i64(value, out));
    }

    /// A number that a double may not hold.
    fn wide(&mut self, write: impl FnOnce(&mut String)) {
        if self.options.quote_wide_numbers {
            self.quoted(write);
        } else {
            self.plain(write);
        }
    }

    fn float(&mut self, finite: bool, write: impl FnOnce(&mut String)) {
        if finite {
            self.plain(write);
        } else {
            self.quoted(write);
        }
    }

    fn timestamp(&mut self, array: &dyn Array, row: usize, precision: u8, zone: &str) {
        let value = if precision <= 6 {
            array.as_primitive::<TimestampMicrosecondType>().value(row)
        } else {
            array.as_primitive::<TimestampNanosecondType>().value(row)
        };
        let instant = Instant::from_unit(value, precision);
        let separator = if self.options.iso_timestamps { 'T' } else { ' ' };
        self.quoted(|out| {
            temporal::write_timestamp(instant, separator, FractionDigits::Shortest, out);
            out.push_str(zone);
        });
    }

    fn value(&mut self, node: &Node, array: &dyn Array, row: usize) -> Result<(), Error> {
        if is_null(array, row) {
            self.out.extend_from_slice(b"null");
            return Ok(());
        }
        match &node.kind {
            TypeKind::Null => self.out.extend_from_slice(b"null"),
            TypeKind::Boolean => {
                let text: &[u8] = if array.as_boolean().value(row) {
                    b"true"
                } else {
                    b"false"
                };
                self.out.extend_from_slice(text);
            }
            TypeKind::TinyInt => self.integer(array.as_primitive::<Int8Type>().value(row).into()),
            TypeKind::SmallInt => self.integer(array.as_primitive::<Int16Type>().value(row).into()),
            TypeKind::Int => self.integer(array.as_primitive::<Int32Type>().value(row).into()),
            TypeKind::BigInt => {
                let value = array.as_primitive::<Int64Type>().value(row);
                self.wide(|out| number::write_i64(value, out));
            }
            TypeKind::IntervalYearMonth => {
                self.integer(array.as_primitive::<IntervalYearMonthType>().value(row).into());
            }
            TypeKind::IntervalDayTime => {
                self.integer(array.as_primitive::<DurationMillisecondType>().value(row));
            }
            TypeKind::Float => {
                let value = array.as_primitive::<Float32Type>().value(row);
                self.float(value.is_finite(), |out| number::write_f32(value, out));
            }
            TypeKind::Double => {
                let value = array.as_primitive::<Float64Type>().value(row);
                self.float(value.is_finite(), |out| number::write_f64(value, out));
            }
            TypeKind::Decimal { scale, .. } => {
                let value = array.as_primitive::<Decimal128Type>().value(row);
                if self.options.plain_decimals {
                    self.wide(|out| decimal::write(value, *scale, out));
                } else {
                    self.wide(|out| write_decimal(value, *scale, out));
                }
            }
            TypeKind::Char(_) | TypeKind::Varchar(_) | TypeKind::Variant => write_string(
                array.as_string::<i32>().value(row).as_bytes(),
                self.options.escape_supplementary,
                self.out,
            ),
            // No table of this format has one, nor a variant; it is what a person sees of a result.
            TypeKind::Bitmap => {
                let mut text = String::new();
                values::bitmap::write_text(array.as_binary::<i32>().value(row), &mut text);
                write_string(text.as_bytes(), self.options.escape_supplementary, self.out);
            }
            TypeKind::Binary(_) | TypeKind::Varbinary(_) => {
                self.out.push(b'"');
                base64::encode(array.as_binary::<i32>().value(row), self.out);
                self.out.push(b'"');
            }
            TypeKind::Date => {
                let days = array.as_primitive::<Date32Type>().value(row);
                self.quoted(|out| temporal::write_date(days, out));
            }
            TypeKind::Time(_) => {
                let ms = array.as_primitive::<Time32MillisecondType>().value(row);
                self.quoted(|out| temporal::write_time_ms_with(ms, FractionDigits::Shortest, out));
            }
            TypeKind::Timestamp(precision) => self.timestamp(array, row, *precision, ""),
            TypeKind::TimestampLtz(precision) => self.timestamp(array, row, *precision, "Z"),
            TypeKind::Array(_) => {
                let list = array.as_list::<i32>();
                let offsets = list.value_offsets();
                let elements = list.values().as_ref();
                self.out.push(b'[');
                for element in offsets[row]..offsets[row + 1] {
                    if element != offsets[row] {
                        self.out.push(b',');
                    }
                    self.value(&node.children[0], elements, element as usize)?;
                }
                self.out.push(b']');
            }
            TypeKind::Map(..) | TypeKind::Multiset(_) => self.map(node, array, row)?,
            TypeKind::Row(_) => {
                let columns = array.as_struct().columns();
                self.fields(node, |index| columns[index].as_ref(), row)?;
            }
        }
        Ok(())
    }

    fn map(&mut self, node: &Node, array: &dyn Array, row: usize) -> Result<(), Error> {
        let map = array.as_map();
        let offsets = map.value_offsets();
        let (keys, values) = (map.keys(), map.values().as_ref());
        self.out.push(b'{');
        let mut first = true;
        for entry in offsets[row] as usize..offsets[row + 1] as usize {
            let literal = if is_null(keys.as_ref(), entry) {
                match &self.options.null_keys {
                    NullKeys::Drop => continue,
                    NullKeys::Literal(literal) => Some(literal.as_str()),
                    NullKeys::Fail => return Err(null_key()),
                }
            } else {
                None
            };
            if !first {
                self.out.push(b',');
            }
            first = false;
            self.key(&node.children[0], keys.as_ref(), entry, literal)?;
            self.out.push(b':');
            match &node.kind {
                // A multiset counts its elements.
                TypeKind::Multiset(_) => {
                    self.integer(values.as_primitive::<Int32Type>().value(entry).into());
                }
                _ => self.value(&node.children[1], values, entry)?,
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    fn key(
        &mut self,
        node: &Node,
        keys: &dyn Array,
        entry: usize,
        literal: Option<&str>,
    ) -> Result<(), Error> {
        let supplementary = self.options.escape_supplementary;
        if let Some(literal) = literal {
            write_string(literal.as_bytes(), supplementary, self.out);
        } else if node.kind.is_string() {
            let key = keys.as_string::<i32>().value(entry);
            write_string(key.as_bytes(), supplementary, self.out);
        } else {
            // Only rows printed for people have such keys: their JSON as a string.
            let start = self.out.len();
            self.value(node, keys, entry)?;
            let text = self.out.split_off(start);
            if text.starts_with(b"\"") {
                self.out.extend_from_slice(&text);
            } else {
                write_string(&text, supplementary, self.out);
            }
        }
        Ok(())
    }
}

fn is_null(array: &dyn Array, row: usize) -> bool {
    // Also right for the type NULL, whose arrays have no buffer of nulls.
    array.is_null(row) || *array.data_type() == arrow_schema::DataType::Null
}

fn null_key() -> Error {
    Error::Data {
        message:
            "JSON has no place for a map key that is NULL; option 'json.map-null-key.mode' can drop it or \
                  give it a name"
                .to_string(),
        place: "format json".to_string(),
    }
}
