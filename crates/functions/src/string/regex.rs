//! Functions of Java's regular expressions.
//!
//! A pattern that is no regular expression gives NULL, or false where a truth value is asked for, as in Flink; one
//! that only Java understands fails, and so does a search that goes back too often.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::Int32Type;
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;

use super::{length_of, nullable_text, push_utf16};
use crate::build::{self, check_length};
use crate::definition::Scalar;
use crate::java_regex::JavaRegex;
use crate::kernel::{Text, fallible_kernel};
use crate::signature::{Slot, bound, bound_as, coerce};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "REGEXP",
        signatures: &["REGEXP(text, pattern)"],
        doc: "Whether a part of the text matches the regular expression.",
        example: ("REGEXP('stream', 'r.a')", "TRUE"),
        category: "string",
        bind: bind_regexp,
    },
    Scalar {
        name: "REGEXP_EXTRACT",
        signatures: &["REGEXP_EXTRACT(text, pattern [, group])"],
        doc: "The first match of the regular expression, or of a group in it; NULL if there is none.",
        example: ("REGEXP_EXTRACT('a=1', '(.)=(.)', 2)", "1"),
        category: "string",
        bind: bind_extract,
    },
    Scalar {
        name: "REGEXP_EXTRACT_ALL",
        signatures: &["REGEXP_EXTRACT_ALL(text, pattern [, group])"],
        doc: "All matches of a group (the first by default) as an array.",
        example: ("REGEXP_EXTRACT_ALL('a1b2', '([0-9])')", "[1, 2]"),
        category: "string",
        bind: bind_extract_all,
    },
    Scalar {
        name: "REGEXP_REPLACE",
        signatures: &["REGEXP_REPLACE(text, pattern, replacement)"],
        doc: "The text with every match replaced; the replacement is taken literally.",
        example: ("REGEXP_REPLACE('a1b2', '[0-9]', '#')", "a#b#"),
        category: "string",
        bind: bind_replace,
    },
    Scalar {
        name: "REGEXP_COUNT",
        signatures: &["REGEXP_COUNT(text, pattern)"],
        doc: "How many times the regular expression matches.",
        example: ("REGEXP_COUNT('banana', 'an')", "2"),
        category: "string",
        bind: |arguments| {
            bind_number("REGEXP_COUNT", arguments, |text, regex| {
                regex.find_all(text).count()
            })
        },
    },
    Scalar {
        name: "REGEXP_INSTR",
        signatures: &["REGEXP_INSTR(text, pattern)"],
        doc: "Where the first match begins, counted from one; 0 if there is none.",
        example: ("REGEXP_INSTR('stream', 'r.')", "3"),
        category: "string",
        bind: |arguments| {
            bind_number("REGEXP_INSTR", arguments, |text, regex| {
                regex
                    .find(text)
                    .map_or(0, |found| length_of(&text[..found.start()]) + 1)
            })
        },
    },
    Scalar {
        name: "REGEXP_SUBSTR",
        signatures: &["REGEXP_SUBSTR(text, pattern)"],
        doc: "The first match of the regular expression; NULL if there is none.",
        example: ("REGEXP_SUBSTR('stream', 'r.')", "re"),
        category: "string",
        bind: bind_substr,
    },
];

/// The pattern of the row before, compiled: patterns seldom change from row to row.
pub(super) struct Patterns<'a> {
    patterns: Text<'a>,
    last: Option<(&'a str, Option<JavaRegex>)>,
}

impl<'a> Patterns<'a> {
    pub fn new(patterns: Text<'a>) -> Self {
        Patterns { patterns, last: None }
    }

    /// `None` if the pattern is NULL; `Some(None)` if it is no regular expression.
    pub fn get(&mut self, row: usize) -> Result<Option<Option<&JavaRegex>>, Error> {
        let Some(pattern) = self.patterns.get(row) else {
            return Ok(None);
        };
        if self.last.as_ref().is_none_or(|(last, _)| *last != pattern) {
            self.last = Some((pattern, JavaRegex::compile(pattern)?));
        }
        Ok(Some(self.last.as_ref().and_then(|(_, regex)| regex.as_ref())))
    }
}

fn bind_regexp(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("REGEXP", arguments, 2, &[Slot::Text, Slot::Text])?;
    let function = fallible_kernel("REGEXP", |call| {
        let (text, mut patterns) = (call.text(0)?, Patterns::new(call.text(1)?));
        build::flags(call.rows, |row| {
            let (Some(text), Some(regex)) = (text.get(row), patterns.get(row)?) else {
                return Ok(None);
            };
            let Some(regex) = regex.filter(|regex| !text.is_empty() && !regex.is_empty()) else {
                return Ok(Some(false));
            };
            let matches = regex.is_match(text);
            regex.check()?;
            Ok(Some(matches))
        })
    });
    Ok(bound(types, TypeKind::Boolean, function))
}

fn bind_extract(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce(
        "REGEXP_EXTRACT",
        arguments,
        2,
        &[Slot::Text, Slot::Text, Slot::Int],
    )?;
    let function = fallible_kernel("REGEXP_EXTRACT", |call| {
        let (text, mut patterns) = (call.text(0)?, Patterns::new(call.text(1)?));
        let group = call.numbers_opt::<Int32Type>(2)?;
        build::strings(call.rows, |row, out| {
            let group = group.as_ref().map_or(Some(0), |group| group.get(row));
            let (Some(text), Some(Some(regex)), Some(group)) = (text.get(row), patterns.get(row)?, group)
            else {
                return Ok(None);
            };
            let Ok(group) = usize::try_from(group) else {
                return Ok(None);
            };
            let found = regex.find(text).and_then(|found| found.group(group));
            regex.check()?;
            Ok(found.map(|found| out.push_str(found)))
        })
    });
    Ok(nullable_text(types, function))
}

fn bind_extract_all(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce(
        "REGEXP_EXTRACT_ALL",
        arguments,
        2,
        &[Slot::Text, Slot::Text, Slot::Int],
    )?;
    let result = TypeKind::Array(Box::new(TypeKind::STRING.nullable())).nullable();
    let function = fallible_kernel("REGEXP_EXTRACT_ALL", |call| {
        let (text, mut patterns) = (call.text(0)?, Patterns::new(call.text(1)?));
        let group = call.numbers_opt::<Int32Type>(2)?;
        let mut lists = ListBuilder::new(StringBuilder::new());
        for row in 0..call.rows {
            let group = group.as_ref().map_or(Some(1), |group| group.get(row));
            let (Some(text), Some(Some(regex)), Some(group)) = (text.get(row), patterns.get(row)?, group)
            else {
                lists.append(false);
                continue;
            };
            match usize::try_from(group) {
                Ok(group) if group < regex.groups() => {
                    for found in regex.find_all(text) {
                        lists.values().append_option(found.group(group));
                    }
                    regex.check()?;
                    lists.append(true);
                }
                _ => lists.append(false),
            }
        }
        Ok(Arc::new(lists.finish()) as ArrayRef)
    });
    Ok(bound_as(types, result, function))
}

fn bind_replace(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce(
        "REGEXP_REPLACE",
        arguments,
        3,
        &[Slot::Text, Slot::Text, Slot::Text],
    )?;
    let function = fallible_kernel("REGEXP_REPLACE", |call| {
        let (text, mut patterns, replacement) = (call.text(0)?, Patterns::new(call.text(1)?), call.text(2)?);
        build::strings(call.rows, |row, out| {
            let (Some(text), Some(Some(regex)), Some(replacement)) =
                (text.get(row), patterns.get(row)?, replacement.get(row))
            else {
                return Ok(None);
            };
            if regex.is_empty() {
                check_length(
                    "REGEXP_REPLACE",
                    (text.len() + 1).saturating_mul(replacement.len() + 1),
                )?;
                between_units(text, replacement, out);
                return Ok(Some(()));
            }
            let (start, mut behind) = (out.len(), 0);
            for found in regex.find_all(text) {
                out.push_str(&text[behind..found.start()]);
                out.push_str(replacement);
                check_length("REGEXP_REPLACE", out.len() - start)?;
                behind = found.end();
            }
            regex.check()?;
            out.push_str(&text[behind..]);
            Ok(Some(()))
        })
    });
    // NULL for a pattern that is none, though the type does not say so; as in Flink.
    Ok(bound(types, TypeKind::STRING, function))
}

/// The empty pattern matches between any two UTF-16 units, also within a pair, which breaks it.
fn between_units(text: &str, replacement: &str, out: &mut String) {
    out.push_str(replacement);
    for unit in text.encode_utf16() {
        push_utf16(&[unit], out);
        out.push_str(replacement);
    }
}

fn bind_number(
    name: &'static str,
    arguments: &[Argument],
    f: impl Fn(&str, &JavaRegex) -> usize + Send + Sync + 'static,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 2, &[Slot::Text, Slot::Text])?;
    let function = fallible_kernel(name, move |call| {
        let (text, mut patterns) = (call.text(0)?, Patterns::new(call.text(1)?));
        let numbers = build::numbers::<Int32Type>(call.rows, |row| {
            let (Some(text), Some(Some(regex))) = (text.get(row), patterns.get(row)?) else {
                return Ok(None);
            };
            let number = f(text, regex);
            regex.check()?;
            Ok(Some(number as i32))
        })?;
        Ok(Arc::new(numbers))
    });
    Ok(bound_as(types, TypeKind::Int.nullable(), function))
}

fn bind_substr(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("REGEXP_SUBSTR", arguments, 2, &[Slot::Text, Slot::Text])?;
    let function = fallible_kernel("REGEXP_SUBSTR", |call| {
        let (text, mut patterns) = (call.text(0)?, Patterns::new(call.text(1)?));
        build::strings(call.rows, |row, out| {
            let (Some(text), Some(Some(regex))) = (text.get(row), patterns.get(row)?) else {
                return Ok(None);
            };
            let found = regex.find(text);
            regex.check()?;
            Ok(found.map(|found| out.push_str(found.as_str())))
        })
    });
    Ok(nullable_text(types, function))
}
