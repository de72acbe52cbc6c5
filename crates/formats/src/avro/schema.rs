//! Schemas of Avro: read from their JSON, and made from the columns of a table.
//!
//! Types stand in one list and name each other by their place in it, so that a schema may hold itself. The schema of a
//! table is the one that Flink 2.3 derives, by `AvroSchemaConverter`: a nullable type is the union of null and it.

use std::collections::{HashMap, HashSet};

use dataflow::OptionError;
use model::{DataType, Schema, TypeKind};
use serde_json::{Map, Value, json};

/// Types within each other, at most: what is written so deep is no schema that somebody means.
const DEPTH_MAX: usize = 64;
/// Bytes of a schema's text, and of a value of a `fixed`, at most.
const TEXT_BYTES_MAX: usize = 1 << 20;
const FIXED_BYTES_MAX: u64 = 1 << 20;
/// The name of the record that a table's rows are; those within it begin with it.
const RECORD: &str = "record";
const NAMESPACE: &str = "org.apache.flink.avro.generated";

pub type TypeId = usize;

#[derive(Debug, Clone, PartialEq)]
pub struct AvroSchema {
    pub types: Vec<Type>,
    pub root: TypeId,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    pub shape: Shape,
    pub logical: Option<Logical>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Enum(Vec<String>),
    Array(TypeId),
    Map(TypeId),
    Union(Vec<TypeId>),
    Record(Vec<RecordField>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct RecordField {
    pub name: String,
    pub of: TypeId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logical {
    Decimal {
        precision: usize,
        scale: usize,
    },
    Date,
    TimeMillis,
    TimeMicros,
    /// An instant, or a time of no place, in these units.
    Timestamp {
        unit: Unit,
        local: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    /// Nanoseconds in one.
    pub fn nanos(self) -> i64 {
        match self {
            Unit::Millis => 1_000_000,
            Unit::Micros => 1_000,
            Unit::Nanos => 1,
        }
    }

    fn of_precision(precision: u8) -> Unit {
        match precision {
            ..=3 => Unit::Millis,
            4..=6 => Unit::Micros,
            _ => Unit::Nanos,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Unit::Millis => "millis",
            Unit::Micros => "micros",
            Unit::Nanos => "nanos",
        }
    }
}

impl Shape {
    /// As the specification calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Shape::Null => "null",
            Shape::Boolean => "boolean",
            Shape::Int => "int",
            Shape::Long => "long",
            Shape::Float => "float",
            Shape::Double => "double",
            Shape::Bytes => "bytes",
            Shape::String => "string",
            Shape::Fixed(_) => "fixed",
            Shape::Enum(_) => "enum",
            Shape::Array(_) => "array",
            Shape::Map(_) => "map",
            Shape::Union(_) => "union",
            Shape::Record(_) => "record",
        }
    }
}

impl AvroSchema {
    pub fn shape(&self, id: TypeId) -> &Shape {
        &self.types[id].shape
    }

    /// Reads a schema. The fault says what is wrong with it.
    pub fn parse(text: &str) -> Result<AvroSchema, String> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(format!("its text has more than {TEXT_BYTES_MAX} bytes"));
        }
        let value: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
        let mut parser = Parser::default();
        let root = parser.value(&value, "", 0)?;
        parser.check_unions()?;
        Ok(AvroSchema {
            types: parser.types,
            root,
        })
    }
}

#[derive(Default)]
struct Parser {
    types: Vec<Type>,
    /// By full name.
    named: HashMap<String, TypeId>,
}

impl Parser {
    fn add(&mut self, shape: Shape, logical: Option<Logical>) -> TypeId {
        self.types.push(Type { shape, logical });
        self.types.len() - 1
    }

    fn value(&mut self, value: &Value, namespace: &str, depth: usize) -> Result<TypeId, String> {
        if depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} types stand within each other"));
        }
        match value {
            Value::String(name) => self.by_name(name, namespace),
            Value::Array(branches) => {
                let mut ids = Vec::with_capacity(branches.len());
                for branch in branches {
                    ids.push(self.value(branch, namespace, depth + 1)?);
                }
                Ok(self.add(Shape::Union(ids), None))
            }
            Value::Object(object) => self.object(object, namespace, depth),
            other => Err(format!("'{other}' is no type")),
        }
    }

    /// Refuses unions right within unions, and those of which a branch could be another: types with names go by them,
    /// the others by what they are.
    fn check_unions(&self) -> Result<(), String> {
        for own in &self.types {
            let Shape::Union(branches) = &own.shape else {
                continue;
            };
            let mut seen = HashSet::new();
            for &branch in branches {
                let shape = &self.types[branch].shape;
                let name = match shape {
                    Shape::Union(_) => return Err("a union stands right within a union".to_string()),
                    Shape::Fixed(_) | Shape::Enum(_) | Shape::Record(_) => Some(branch),
                    _ => None,
                };
                if !seen.insert((shape.name(), name)) {
                    let named = self.named.iter().find(|(_, id)| name == Some(**id));
                    let told = named.map_or(shape.name(), |(name, _)| name.as_str());
                    return Err(format!("a union has '{told}' twice"));
                }
            }
        }
        Ok(())
    }

    fn by_name(&mut self, name: &str, namespace: &str) -> Result<TypeId, String> {
        if let Some(shape) = primitive(name) {
            return Ok(self.add(shape, None));
        }
        let full = full_name(name, namespace);
        let known = self.named.get(&full).or_else(|| self.named.get(name));
        known
            .copied()
            .ok_or_else(|| format!("the type '{name}' is not known"))
    }

    fn object(
        &mut self,
        object: &Map<String, Value>,
        namespace: &str,
        depth: usize,
    ) -> Result<TypeId, String> {
        let name = match object.get("type") {
            Some(Value::String(name)) => name.as_str(),
            Some(inner @ (Value::Object(_) | Value::Array(_))) => {
                return self.value(inner, namespace, depth + 1);
            }
            _ => return Err("a type has no \"type\"".to_string()),
        };
        let inner = |key: &str| {
            object
                .get(key)
                .ok_or_else(|| format!("a type {name} has no \"{key}\""))
        };
        match name {
            "array" => {
                let items = self.value(inner("items")?, namespace, depth + 1)?;
                Ok(self.add(Shape::Array(items), None))
            }
            "map" => {
                let values = self.value(inner("values")?, namespace, depth + 1)?;
                Ok(self.add(Shape::Map(values), None))
            }
            "fixed" | "enum" | "record" | "error" => self.named(name, object, namespace, depth),
            _ => {
                let Some(shape) = primitive(name) else {
                    return self.by_name(name, namespace);
                };
                let logical = logical(object, &shape);
                Ok(self.add(shape, logical))
            }
        }
    }

    fn named(
        &mut self,
        kind: &str,
        object: &Map<String, Value>,
        namespace: &str,
        depth: usize,
    ) -> Result<TypeId, String> {
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        let name = text("name").ok_or_else(|| format!("a type {kind} has no name"))?;
        let full = full_name(name, text("namespace").unwrap_or(namespace));
        // Its place is known before what stands in it, which may be itself.
        let id = self.add(Shape::Null, None);
        if self.named.insert(full.clone(), id).is_some() {
            return Err(format!("the type '{full}' is defined twice"));
        }
        let namespace = full.rsplit_once('.').map_or("", |(front, _)| front).to_string();
        let missing = |key: &str| format!("the type '{full}' has no \"{key}\"");
        let shape = match kind {
            "fixed" => {
                let size = object.get("size").and_then(Value::as_u64);
                let size = size.ok_or_else(|| missing("size"))?;
                if size > FIXED_BYTES_MAX {
                    return Err(format!("the type '{full}' has more than {FIXED_BYTES_MAX} bytes"));
                }
                Shape::Fixed(size as usize)
            }
            "enum" => {
                let symbols = object.get("symbols").and_then(Value::as_array);
                let symbols = symbols.ok_or_else(|| missing("symbols"))?.iter();
                let symbols = symbols.map(|symbol| symbol.as_str().map(str::to_string));
                Shape::Enum(symbols.collect::<Option<_>>().ok_or_else(|| missing("symbols"))?)
            }
            _ => {
                let fields = object.get("fields").and_then(Value::as_array);
                let mut own = Vec::new();
                let mut names = HashSet::new();
                for field in fields.ok_or_else(|| missing("fields"))? {
                    let name = field.get("name").and_then(Value::as_str);
                    let name = name.ok_or_else(|| format!("a field of '{full}' has no name"))?;
                    if !names.insert(name) {
                        return Err(format!("the type '{full}' has two fields '{name}'"));
                    }
                    let of = field
                        .get("type")
                        .ok_or_else(|| format!("field '{name}' has no type"))?;
                    let of = self
                        .value(of, &namespace, depth + 1)
                        .map_err(|fault| format!("field '{name}': {fault}"))?;
                    own.push(RecordField {
                        name: name.to_string(),
                        of,
                    });
                }
                Shape::Record(own)
            }
        };
        let logical = logical(object, &shape);
        self.types[id] = Type { shape, logical };
        Ok(id)
    }
}

fn full_name(name: &str, namespace: &str) -> String {
    match name.contains('.') || namespace.is_empty() {
        true => name.to_string(),
        false => format!("{namespace}.{name}"),
    }
}

fn primitive(name: &str) -> Option<Shape> {
    Some(match name {
        "null" => Shape::Null,
        "boolean" => Shape::Boolean,
        "int" => Shape::Int,
        "long" => Shape::Long,
        "float" => Shape::Float,
        "double" => Shape::Double,
        "bytes" => Shape::Bytes,
        "string" => Shape::String,
        _ => return None,
    })
}

/// What a type means besides. As the specification says, what is not understood is passed over.
fn logical(object: &Map<String, Value>, shape: &Shape) -> Option<Logical> {
    let name = object.get("logicalType")?.as_str()?;
    let number = |key: &str| {
        object
            .get(key)
            .and_then(Value::as_u64)
            .map(|number| number as usize)
    };
    Some(match (name, shape) {
        ("decimal", Shape::Bytes | Shape::Fixed(_)) => Logical::Decimal {
            precision: number("precision")?,
            scale: number("scale").unwrap_or(0),
        },
        ("date", Shape::Int) => Logical::Date,
        ("time-millis", Shape::Int) => Logical::TimeMillis,
        ("time-micros", Shape::Long) => Logical::TimeMicros,
        (name, Shape::Long) => {
            let (name, local) = match name.strip_prefix("local-") {
                Some(rest) => (rest, true),
                None => (name, false),
            };
            let unit = match name {
                "timestamp-millis" => Unit::Millis,
                "timestamp-micros" => Unit::Micros,
                "timestamp-nanos" => Unit::Nanos,
                _ => return None,
            };
            Logical::Timestamp { unit, local }
        }
        _ => return None,
    })
}

/// How times of a table are told in Avro: `avro.timestamp_mapping.legacy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeMapping {
    /// `TIMESTAMP` is an instant, and `TIMESTAMP_LTZ` cannot be told.
    pub legacy: bool,
}

impl TimeMapping {
    /// In which a time is told whose unit nobody says.
    pub fn unit(self, precision: u8) -> Unit {
        match self.legacy {
            true => Unit::Millis,
            false => Unit::of_precision(precision),
        }
    }
}

/// The schema of a table's rows, as JSON.
pub fn of_table(schema: &Schema, times: TimeMapping) -> Result<Value, OptionError> {
    let fields = schema
        .fields
        .iter()
        .map(|field| (field.name.as_str(), &field.data_type));
    record(RECORD, fields, times).map_err(|message| OptionError::new("format", message))
}

fn record<'a>(
    name: &str,
    columns: impl Iterator<Item = (&'a str, &'a DataType)>,
    times: TimeMapping,
) -> Result<Value, String> {
    let mut fields = Vec::new();
    for (column, data_type) in columns {
        if !is_name(column) {
            return Err(format!(
                "column '{column}': a name in Avro has letters, digits and '_' in it, and begins with no digit"
            ));
        }
        let of = of_type(data_type, &format!("{name}_{column}"), times)
            .map_err(|fault| format!("column '{column}': {fault}"))?;
        let mut field = json!({ "name": column, "type": of });
        if let (true, Some(field)) = (data_type.nullable, field.as_object_mut()) {
            field.insert("default".to_string(), Value::Null);
        }
        fields.push(field);
    }
    // The namespace of the outermost is that of those within it.
    Ok(match name == RECORD {
        true => json!({ "type": "record", "name": name, "namespace": NAMESPACE, "fields": fields }),
        false => json!({ "type": "record", "name": name, "fields": fields }),
    })
}

fn is_name(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().all(is_inner) && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

fn of_type(data_type: &DataType, name: &str, times: TimeMapping) -> Result<Value, String> {
    let long = |logical: String| json!({ "type": "long", "logicalType": logical });
    let unknown = || {
        let kind = &data_type.kind;
        format!("the format avro has no form for the type {kind}")
    };
    let own = match &data_type.kind {
        TypeKind::Null => return Ok(json!("null")),
        TypeKind::Boolean => json!("boolean"),
        TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::Int => json!("int"),
        TypeKind::BigInt => json!("long"),
        TypeKind::Float => json!("float"),
        TypeKind::Double => json!("double"),
        TypeKind::Char(_) | TypeKind::Varchar(_) => json!("string"),
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => json!("bytes"),
        TypeKind::Date => json!({ "type": "int", "logicalType": "date" }),
        TypeKind::Time(precision) if *precision <= 3 => {
            json!({ "type": "int", "logicalType": "time-millis" })
        }
        TypeKind::Decimal { precision, scale } => json!({
            "type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale
        }),
        TypeKind::Timestamp(precision) if times.legacy => match precision {
            ..=3 => long("timestamp-millis".to_string()),
            _ => {
                return Err(format!(
                    "{}; with 'avro.timestamp_mapping.legacy' = 'false' it has",
                    unknown()
                ));
            }
        },
        TypeKind::Timestamp(precision) => long(format!(
            "local-timestamp-{}",
            Unit::of_precision(*precision).name()
        )),
        TypeKind::TimestampLtz(_) if times.legacy => {
            return Err(format!(
                "{}; with 'avro.timestamp_mapping.legacy' = 'false' it has",
                unknown()
            ));
        }
        TypeKind::TimestampLtz(precision) => {
            long(format!("timestamp-{}", Unit::of_precision(*precision).name()))
        }
        TypeKind::Array(element) => json!({ "type": "array", "items": of_type(element, name, times)? }),
        TypeKind::Map(key, value) if key.kind.is_string() => {
            json!({ "type": "map", "values": of_type(value, name, times)? })
        }
        TypeKind::Multiset(element) if element.kind.is_string() => {
            json!({ "type": "map", "values": ["null", "int"] })
        }
        TypeKind::Map(..) | TypeKind::Multiset(_) => {
            return Err(format!(
                "keys of maps must be texts in Avro, not of {}",
                data_type.kind
            ));
        }
        TypeKind::Row(fields) => {
            let fields = fields.iter().map(|field| (field.name.as_str(), &field.data_type));
            record(name, fields, times)?
        }
        _ => return Err(unknown()),
    };
    Ok(match data_type.nullable {
        true => json!(["null", own]),
        false => own,
    })
}
