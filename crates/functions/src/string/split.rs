//! Texts taken apart.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{ListBuilder, MapBuilder, MapFieldNames, StringBuilder};
use arrow_array::types::Int32Type;
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use model::TypeKind;

use super::nullable_text;
use super::regex::Patterns;
use crate::build;
use crate::definition::Scalar;
use crate::java_regex::JavaRegex;
use crate::kernel::{Text, fallible_kernel, kernel};
use crate::signature::{Slot, bound, bound_as, check_count, coerce};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "SPLIT_INDEX",
        signatures: &["SPLIT_INDEX(text, separator, index)"],
        doc: "The part of that number between separators, counted from zero; NULL if there is none. The separator is a text or a character code.",
        example: ("SPLIT_INDEX('a/b/c', '/', 1)", "b"),
        category: "string",
        bind: bind_split_index,
    },
    Scalar {
        name: "SPLIT",
        signatures: &["SPLIT(text, separator)"],
        doc: "The parts between separators as an array; every character if the separator is empty.",
        example: ("SPLIT('a,b', ',')", "[a, b]"),
        category: "string",
        bind: bind_split,
    },
    Scalar {
        name: "STR_TO_MAP",
        signatures: &["STR_TO_MAP(text [, pair_separator, key_separator])"],
        doc: "Pairs of keys and values as a map; the separators are regular expressions, ',' and '=' by default.",
        example: ("STR_TO_MAP('a=1,b=2')", "{a=1, b=2}"),
        category: "string",
        bind: bind_str_to_map,
    },
];

fn bind_split_index(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("SPLIT_INDEX", arguments, 3, 3)?;
    if arguments[1].data_type.kind.is_exact_numeric() {
        let types = coerce("SPLIT_INDEX", arguments, 3, &[Slot::Text, Slot::Int, Slot::Int])?;
        let function = kernel("SPLIT_INDEX", |call| {
            let (text, code) = (call.text(0)?, call.numbers::<Int32Type>(1)?);
            let index = call.numbers::<Int32Type>(2)?;
            build::strings(call.rows, |row, out| {
                let (Some(text), Some(code), Some(index)) = (text.get(row), code.get(row), index.get(row))
                else {
                    return Ok(None);
                };
                let (Ok(index), Ok(code @ 1..)) = (usize::try_from(index), u8::try_from(code)) else {
                    return Ok(None);
                };
                if text.is_empty() {
                    return Ok(None);
                }
                Ok(text
                    .split(char::from(code))
                    .nth(index)
                    .map(|part| out.push_str(part)))
            })
        });
        return Ok(nullable_text(types, function));
    }
    let types = coerce("SPLIT_INDEX", arguments, 3, &[Slot::Text, Slot::Text, Slot::Int])?;
    let function = kernel("SPLIT_INDEX", |call| {
        let (text, separator) = (call.text(0)?, call.text(1)?);
        let index = call.numbers::<Int32Type>(2)?;
        build::strings(call.rows, |row, out| {
            let (Some(text), Some(separator), Some(index)) =
                (text.get(row), separator.get(row), index.get(row))
            else {
                return Ok(None);
            };
            let Ok(index) = usize::try_from(index) else {
                return Ok(None);
            };
            Ok(part(text, separator, index).map(|part| out.push_str(part)))
        })
    });
    Ok(nullable_text(types, function))
}

/// Part `index`; an empty text has none, and an empty separator stands for any white space.
fn part<'a>(text: &'a str, separator: &str, mut index: usize) -> Option<&'a str> {
    if text.is_empty() {
        return None;
    }
    if separator.is_empty() {
        return text.split(char::is_whitespace).nth(index);
    }
    if let [byte] = separator.as_bytes() {
        let bytes = text.as_bytes();
        let mut start = 0;
        while index > 0 {
            start += bytes[start..].iter().position(|candidate| candidate == byte)? + 1;
            index -= 1;
        }
        let length = bytes[start..].iter().position(|candidate| candidate == byte);
        return Some(&text[start..length.map_or(text.len(), |length| start + length)]);
    }
    text.split(separator).nth(index)
}

fn bind_split(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("SPLIT", arguments, 2, &[Slot::Text, Slot::Text])?;
    let result = TypeKind::Array(Box::new(TypeKind::STRING.nullable()));
    let function = kernel("SPLIT", |call| {
        let (text, separator) = (call.text(0)?, call.text(1)?);
        let mut lists = ListBuilder::new(StringBuilder::new());
        for row in 0..call.rows {
            let (Some(text), Some(separator)) = (text.get(row), separator.get(row)) else {
                lists.append(false);
                continue;
            };
            if separator.is_empty() {
                let mut buffer = [0; 4];
                text.chars()
                    .for_each(|c| lists.values().append_value(c.encode_utf8(&mut buffer)));
            } else if !text.is_empty() {
                text.split(separator)
                    .for_each(|part| lists.values().append_value(part));
            }
            lists.append(true);
        }
        Ok(Arc::new(lists.finish()) as ArrayRef)
    });
    Ok(bound(types, result, function))
}

fn bind_str_to_map(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    if arguments.len() == 2 {
        return Err(SignatureError::new("STR_TO_MAP takes 1 or 3 arguments, got 2"));
    }
    let types = coerce("STR_TO_MAP", arguments, 1, &[Slot::Text, Slot::Text, Slot::Text])?;
    let text_type = || Box::new(TypeKind::STRING.nullable());
    let result = TypeKind::Map(text_type(), text_type()).nullable();
    let function = fallible_kernel("STR_TO_MAP", |call| {
        let text = call.text(0)?;
        let mut pair = Separator::of(call.text_opt(1)?, ",")?;
        let mut key = Separator::of(call.text_opt(2)?, "=")?;
        let names = MapFieldNames {
            entry: "entries".into(),
            key: "key".into(),
            value: "value".into(),
        };
        let mut maps = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
        let mut pairs = Pairs::default();
        for row in 0..call.rows {
            let separators = (pair.get(row)?, key.get(row)?);
            let present = match (text.get(row), separators) {
                (Some(text), (Some(Some(pair)), Some(Some(key)))) => {
                    pairs.read(text, pair, key);
                    pair.check()?;
                    key.check()?;
                    true
                }
                _ => false,
            };
            for (key, value) in pairs.list.drain(..) {
                maps.keys().append_value(key);
                maps.values().append_option(value);
            }
            maps.append(present)
                .map_err(|error| Error::internal(error.to_string()))?;
        }
        Ok(Arc::new(maps.finish()) as ArrayRef)
    });
    Ok(bound_as(types, result, function))
}

enum Separator<'a> {
    Default(Option<JavaRegex>),
    Given(Patterns<'a>),
}

impl<'a> Separator<'a> {
    fn of(given: Option<Text<'a>>, default: &str) -> Result<Self, Error> {
        Ok(match given {
            Some(given) => Separator::Given(Patterns::new(given)),
            None => Separator::Default(JavaRegex::compile(default)?),
        })
    }

    fn get(&mut self, row: usize) -> Result<Option<Option<&JavaRegex>>, Error> {
        match self {
            Separator::Default(regex) => Ok(Some(regex.as_ref())),
            Separator::Given(patterns) => patterns.get(row),
        }
    }
}

/// More pairs than this are found by hash.
const SEARCHED_MAX: usize = 16;

/// The pairs of a text, each key once.
#[derive(Default)]
struct Pairs<'a> {
    list: Vec<(&'a str, Option<&'a str>)>,
    parts: Vec<&'a str>,
    /// Where each key stands, once there are many.
    places: HashMap<&'a str, usize>,
}

impl<'a> Pairs<'a> {
    fn read(&mut self, text: &'a str, pair: &JavaRegex, key: &JavaRegex) {
        self.places.clear();
        if text.is_empty() {
            return;
        }
        let mut parts = std::mem::take(&mut self.parts);
        pair.split(text, &mut parts);
        for part in &parts {
            match key.split_once(part) {
                Some((key, value)) => self.put(key, Some(value)),
                None => self.put(part, None),
            }
        }
        self.parts = parts;
    }

    /// A later pair replaces an earlier one of the same key.
    fn put(&mut self, key: &'a str, value: Option<&'a str>) {
        if self.list.len() <= SEARCHED_MAX {
            match self.list.iter_mut().find(|(known, _)| *known == key) {
                Some(known) => known.1 = value,
                None => self.list.push((key, value)),
            }
            return;
        }
        if self.places.is_empty() {
            let known = self.list.iter().enumerate();
            self.places.extend(known.map(|(place, (key, _))| (*key, place)));
        }
        match self.places.entry(key) {
            Entry::Occupied(place) => self.list[*place.get()].1 = value,
            Entry::Vacant(free) => {
                free.insert(self.list.len());
                self.list.push((key, value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_pairs_the_last_one_of_a_key_counts_and_takes_the_place_of_the_first() {
        let mut text: Vec<String> = (0..40).map(|key| format!("{key}=old")).collect();
        text.extend((0..40).rev().map(|key| format!("{key}=new")));
        let text = text.join(",");
        let separator = |pattern: &str| JavaRegex::compile(pattern).unwrap().unwrap();
        let mut pairs = Pairs::default();
        pairs.read(&text, &separator(","), &separator("="));
        assert_eq!(pairs.list.len(), 40);
        for (place, (key, value)) in pairs.list.iter().enumerate() {
            assert_eq!((key.parse(), *value), (Ok(place), Some("new")));
        }
    }
}
