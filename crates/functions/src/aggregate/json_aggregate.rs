//! `JSON_OBJECTAGG` and `JSON_ARRAYAGG`: values gathered into one JSON text.
//!
//! The planner puts `JSON_STRING` around values, so that what comes here is JSON already. The keys of an object are
//! sorted; a key that comes twice is an error, as in Flink.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, ListArray, StringArray, UInt32Array};
use arrow_buffer::OffsetBuffer;
use arrow_schema::DataType as ArrowType;
use dataflow::{Accumulator, Argument, BoundAggregate, Error, SignatureError};
use model::{RowKind, TypeKind};

use super::listed::{self, Shape};
use super::values::Unfolded;
use super::{argument, for_each, indexes, maker, one};
use crate::build;
use crate::definition::Aggregate;
use crate::signature::{check_count, mismatch};

/// The type of results, as Flink has it; longer ones are not cut.
const TEXT: TypeKind = TypeKind::Varchar(2000);
const OBJECT: &[&str] = &["JSON_OBJECTAGG([KEY] key VALUE value [{ NULL | ABSENT } ON NULL])"];
const OBJECT_DOC: &str = "A JSON object of these keys and values, NULLs too unless they are to be absent.";
const ARRAY: &[&str] = &["JSON_ARRAYAGG(value [{ NULL | ABSENT } ON NULL])"];
const ARRAY_DOC: &str =
    "A JSON array of the values in the order of their arrival, without NULLs unless asked for.";

macro_rules! object {
    ($name:literal, $keeps_nulls:expr) => {
        Aggregate {
            name: $name,
            signatures: OBJECT,
            doc: OBJECT_DOC,
            example: ("JSON_OBJECTAGG(KEY name VALUE price)", "{\"a\":1,\"b\":2}"),
            bind: |arguments, _| bind_object($name, arguments, $keeps_nulls),
        }
    };
}

macro_rules! array {
    ($name:literal, $keeps_nulls:expr) => {
        Aggregate {
            name: $name,
            signatures: ARRAY,
            doc: ARRAY_DOC,
            example: ("JSON_ARRAYAGG(price)", "[5,3,9]"),
            bind: |arguments, distinct| bind_array($name, arguments, distinct, $keeps_nulls),
        }
    };
}

pub(crate) const LIST: &[Aggregate] = &[
    object!("JSON_OBJECTAGG", true),
    object!("JSON_OBJECTAGG NULL ON NULL", true),
    object!("JSON_OBJECTAGG ABSENT ON NULL", false),
    array!("JSON_ARRAYAGG", false),
    array!("JSON_ARRAYAGG NULL ON NULL", true),
    array!("JSON_ARRAYAGG ABSENT ON NULL", false),
];

fn bind_array(
    name: &'static str,
    arguments: &[Argument],
    distinct: bool,
    keeps_nulls: bool,
) -> Result<BoundAggregate, SignatureError> {
    let given = one(name, arguments)?;
    let form = listed::form(name, given, Shape::JsonArray, keeps_nulls)
        .filter(|_| given.kind.is_string())
        .ok_or_else(|| mismatch(name, 0, "JSON text", given))?;
    listed::bind_listed(name, given, distinct, TEXT.not_null(), form, keeps_nulls)
}

fn bind_object(
    name: &'static str,
    arguments: &[Argument],
    keeps_nulls: bool,
) -> Result<BoundAggregate, SignatureError> {
    check_count(name, arguments, 2, 2)?;
    for (index, given) in arguments.iter().enumerate() {
        if !given.data_type.kind.is_string() {
            return Err(mismatch(name, index, "a string", &given.data_type));
        }
    }
    let texts = TypeKind::Array(Box::new(TypeKind::STRING.nullable())).not_null();
    Ok(BoundAggregate {
        arguments: arguments.iter().map(|given| given.data_type.clone()).collect(),
        result: TEXT.not_null(),
        state_types: vec![texts; 4],
        function: maker(name, move || {
            Box::new(Objects {
                keeps_nulls,
                groups: Vec::new(),
                bytes: 0,
            })
        }),
        retracting: None,
    })
}

type Members = BTreeMap<Box<str>, Option<Box<str>>>;

#[derive(Default)]
struct Object {
    members: Members,
    /// Taken back before they came.
    owed: Members,
}

struct Objects {
    keeps_nulls: bool,
    groups: Vec<Object>,
    /// Of all groups together.
    bytes: usize,
}

fn size_of_member(key: &str, value: Option<&str>) -> usize {
    key.len() + value.map_or(0, str::len) + 2 * size_of::<Box<str>>()
}

impl Objects {
    fn add(&mut self, group: usize, key: &str, value: Option<&str>) -> Result<(), Error> {
        let object = &mut self.groups[group];
        if object.members.contains_key(key) {
            return Err(Error::evaluation(format!(
                "Key '{key}' is already present. Duplicate keys are not allowed in JSON_OBJECTAGG. Please ensure that keys are unique."
            )));
        }
        if value.is_some() || self.keeps_nulls {
            object.members.insert(key.into(), value.map(Box::from));
            self.bytes += size_of_member(key, value);
        }
        Ok(())
    }

    fn take_back(&mut self, group: usize, key: &str, value: Option<&str>) {
        if value.is_none() && !self.keeps_nulls {
            return;
        }
        let object = &mut self.groups[group];
        if object
            .members
            .get(key)
            .is_some_and(|held| held.as_deref() == value)
        {
            object.members.remove(key);
            self.bytes -= size_of_member(key, value);
        } else if object.owed.insert(key.into(), value.map(Box::from)).is_none() {
            self.bytes += size_of_member(key, value);
        }
    }
}

impl Accumulator for Objects {
    fn resize(&mut self, groups: usize) {
        if groups > self.groups.len() {
            self.groups.resize_with(groups, Object::default);
        }
    }

    fn update(
        &mut self,
        groups: &[u32],
        arguments: &[ArrayRef],
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        let keys = argument::<StringArray>(arguments, 0)?;
        let values = argument::<StringArray>(arguments, 1)?;
        for_each(groups, None, filter, kinds, |row, group, adds| {
            if keys.is_null(row) {
                return Err(Error::evaluation("a key of JSON_OBJECTAGG is NULL"));
            }
            let value = values.is_valid(row).then(|| values.value(row));
            if adds {
                self.add(group, keys.value(row), value)
            } else {
                self.take_back(group, keys.value(row), value);
                Ok(())
            }
        })
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        // What the other part takes back goes first, so that its members can take the place.
        for first in [2, 0] {
            let keys = Unfolded::lists(groups, state, first)?;
            let values = Unfolded::lists(groups, state, first + 1)?;
            let (names, values) = (keys.values.as_string::<i32>(), values.values.as_string::<i32>());
            for (row, &group) in keys.owners.iter().enumerate() {
                let value = values.is_valid(row).then(|| values.value(row));
                let (group, key) = (group as usize, names.value(row));
                if first == 2 {
                    self.take_back(group, key, value);
                    continue;
                }
                let owed = &mut self.groups[group].owed;
                if owed.get(key).is_some_and(|owed| owed.as_deref() == value) {
                    owed.remove(key);
                    self.bytes -= size_of_member(key, value);
                } else {
                    self.add(group, key, value)?;
                }
            }
        }
        Ok(())
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        build::strings(groups.len(), |row, out| {
            out.push('{');
            let members = &self.groups[groups.value(row) as usize].members;
            for (number, (key, value)) in members.iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                out.push_str(value.as_deref().unwrap_or("null"));
            }
            out.push('}');
            Ok(Some(()))
        })
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        let members = || indexes(groups).map(|group| &self.groups[group].members);
        let owed = || indexes(groups).map(|group| &self.groups[group].owed);
        let [keys, values] = columns(members())?;
        let [owed_keys, owed_values] = columns(owed())?;
        Ok(vec![keys, values, owed_keys, owed_values])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            let object = std::mem::take(&mut self.groups[group as usize]);
            let all = object.members.iter().chain(&object.owed);
            self.bytes -= all
                .map(|(key, value)| size_of_member(key, value.as_deref()))
                .sum::<usize>();
        }
    }

    fn size_bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Object>() + self.bytes
    }
}

/// Keys and values as lists.
fn columns<'a>(groups: impl Iterator<Item = &'a Members>) -> Result<[ArrayRef; 2], Error> {
    let ArrowType::List(item) = TypeKind::Array(Box::new(TypeKind::STRING.nullable())).arrow() else {
        return Err(Error::internal("an array is no list"));
    };
    let (mut keys, mut values, mut lengths) = (StringBuilder::new(), StringBuilder::new(), Vec::new());
    for members in groups {
        for (key, value) in members {
            keys.append_value(key);
            values.append_option(value.as_deref());
        }
        lengths.push(members.len());
    }
    let offsets = OffsetBuffer::from_lengths(lengths);
    let list = |texts: StringArray| -> Result<ArrayRef, Error> {
        let list = ListArray::try_new(item.clone(), offsets.clone(), Arc::new(texts), None);
        Ok(Arc::new(
            list.map_err(|error| Error::internal(error.to_string()))?,
        ))
    };
    Ok([list(keys.finish())?, list(values.finish())?])
}

/// A text as JSON, escaped as Jackson does.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Writing to a text does not fail.
            '\0'..='\u{1F}' => drop(write!(out, "\\u{:04X}", u32::from(character))),
            other => out.push(other),
        }
    }
    out.push('"');
}
