//! Regular expressions with Java's classes.
//!
//! `\d`, `\w`, `\s` and `\b` mean ASCII, as in Java. A pattern that is no regular expression gives NULL, or false
//! where a truth value is asked for, as in Flink.

use std::sync::Arc;

use ::regex::Regex;
use arrow_array::ArrayRef;
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::Int32Type;
use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use super::{length_of, nullable_text, push_utf16};
use crate::build;
use crate::definition::Scalar;
use crate::kernel::{Text, kernel};
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
                regex.find_iter(text).count()
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
pub(crate) struct Patterns<'a> {
    patterns: Text<'a>,
    last: Option<(&'a str, Option<Regex>)>,
}

impl<'a> Patterns<'a> {
    pub fn new(patterns: Text<'a>) -> Self {
        Patterns { patterns, last: None }
    }

    /// `None` if the pattern is NULL; `Some(None)` if it is no regular expression.
    fn get(&mut self, row: usize) -> Option<Option<&Regex>> {
        let pattern = self.patterns.get(row)?;
        if self.last.as_ref().is_none_or(|(last, _)| *last != pattern) {
            self.last = Some((pattern, compile(pattern)));
        }
        Some(self.last.as_ref().and_then(|(_, regex)| regex.as_ref()))
    }
}

/// Compiles a Java regular expression; `None` if it is none, or uses what has no counterpart here.
pub(crate) fn compile(pattern: &str) -> Option<Regex> {
    Regex::new(&translate(pattern)).ok()
}

/// Java's escapes in the syntax of the `regex` crate.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut characters = pattern.chars().peekable();
    let mut class_depth = 0usize;
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('d') => out.push_str("[0-9]"),
                Some('D') => out.push_str("[^0-9]"),
                Some('w') => out.push_str("[a-zA-Z0-9_]"),
                Some('W') => out.push_str("[^a-zA-Z0-9_]"),
                Some('s') => out.push_str("[ \\t\\n\\x0B\\f\\r]"),
                Some('S') => out.push_str("[^ \\t\\n\\x0B\\f\\r]"),
                Some('h') => out.push_str(
                    "[ \\t\\x{A0}\\x{1680}\\x{180e}\\x{2000}-\\x{200a}\\x{202f}\\x{205f}\\x{3000}]",
                ),
                Some('b') if class_depth == 0 => out.push_str("(?-u:\\b)"),
                Some('B') if class_depth == 0 => out.push_str("\\B"),
                Some('Z') => out.push_str("\\n?\\z"),
                Some('e') => out.push_str("\\x1B"),
                // Everything up to \E is literal.
                Some('Q') => {
                    let rest: String = characters.by_ref().collect();
                    let (quoted, behind) = rest.split_once("\\E").unwrap_or((&rest, ""));
                    out.push_str(&::regex::escape(quoted));
                    out.push_str(&translate(behind));
                    return out;
                }
                Some(other) if other.is_ascii_alphanumeric() => {
                    out.push('\\');
                    out.push(other);
                }
                // Java takes any escaped sign literally; so does `regex`, but only for its own signs.
                Some(other) => out.push_str(&::regex::escape(other.encode_utf8(&mut [0; 4]))),
                None => out.push('\\'),
            },
            '[' => {
                class_depth += 1;
                out.push('[');
                if characters.peek() == Some(&'^') {
                    characters.next();
                    out.push('^');
                }
            }
            ']' => {
                class_depth = class_depth.saturating_sub(1);
                out.push(']');
            }
            // `regex` knows set operators that Java does not.
            '-' | '~' if class_depth > 0 && characters.peek() == Some(&character) => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    out
}

fn bind_regexp(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("REGEXP", arguments, 2, &[Slot::Text, Slot::Text])?;
    let function = kernel("REGEXP", |call| {
        let (text, mut patterns) = (call.text(0)?, Patterns::new(call.text(1)?));
        build::flags(call.rows, |row| {
            let (Some(text), Some(regex)) = (text.get(row), patterns.get(row)) else {
                return Ok(None);
            };
            Ok(Some(
                !text.is_empty()
                    && regex.is_some_and(|regex| !regex.as_str().is_empty() && regex.is_match(text)),
            ))
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
    let function = kernel("REGEXP_EXTRACT", |call| {
        let (text, mut patterns) = (call.text(0)?, Patterns::new(call.text(1)?));
        let group = call.numbers_opt::<Int32Type>(2)?;
        build::strings(call.rows, |row, out| {
            let group = group.as_ref().map_or(Some(0), |group| group.get(row));
            let (Some(text), Some(Some(regex)), Some(group)) = (text.get(row), patterns.get(row), group)
            else {
                return Ok(None);
            };
            let Ok(group) = usize::try_from(group) else {
                return Ok(None);
            };
            let found = if group == 0 {
                regex.find(text).map(|found| found.as_str())
            } else if let Some(whole) = regex.find(text) {
                // Finding where a match lies is much cheaper than telling its groups apart.
                let groups = regex.captures_at(text, whole.start());
                groups
                    .and_then(|groups| groups.get(group))
                    .map(|found| found.as_str())
            } else {
                None
            };
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
    let function = kernel("REGEXP_EXTRACT_ALL", |call| {
        let (text, mut patterns) = (call.text(0)?, Patterns::new(call.text(1)?));
        let group = call.numbers_opt::<Int32Type>(2)?;
        let mut lists = ListBuilder::new(StringBuilder::new());
        for row in 0..call.rows {
            let group = group.as_ref().map_or(Some(1), |group| group.get(row));
            let (Some(text), Some(Some(regex)), Some(group)) = (text.get(row), patterns.get(row), group)
            else {
                lists.append(false);
                continue;
            };
            match usize::try_from(group) {
                Ok(group) if group < regex.captures_len() => {
                    for found in regex.captures_iter(text) {
                        lists
                            .values()
                            .append_option(found.get(group).map(|found| found.as_str()));
                    }
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
    let function = kernel("REGEXP_REPLACE", |call| {
        let (text, mut patterns, replacement) = (call.text(0)?, Patterns::new(call.text(1)?), call.text(2)?);
        build::strings(call.rows, |row, out| {
            let (Some(text), Some(Some(regex)), Some(replacement)) =
                (text.get(row), patterns.get(row), replacement.get(row))
            else {
                return Ok(None);
            };
            if regex.as_str().is_empty() {
                between_units(text, replacement, out);
                return Ok(Some(()));
            }
            let mut behind = 0;
            for found in regex.find_iter(text) {
                out.push_str(&text[behind..found.start()]);
                out.push_str(replacement);
                behind = found.end();
            }
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
    f: impl Fn(&str, &Regex) -> usize + Send + Sync + 'static,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 2, &[Slot::Text, Slot::Text])?;
    let function = kernel(name, move |call| {
        let (text, mut patterns) = (call.text(0)?, Patterns::new(call.text(1)?));
        let numbers = build::numbers::<Int32Type>(call.rows, |row| {
            let (Some(text), Some(Some(regex))) = (text.get(row), patterns.get(row)) else {
                return Ok(None);
            };
            Ok(Some(f(text, regex) as i32))
        })?;
        Ok(Arc::new(numbers))
    });
    Ok(bound_as(types, TypeKind::Int.nullable(), function))
}

fn bind_substr(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("REGEXP_SUBSTR", arguments, 2, &[Slot::Text, Slot::Text])?;
    let function = kernel("REGEXP_SUBSTR", |call| {
        let (text, mut patterns) = (call.text(0)?, Patterns::new(call.text(1)?));
        build::strings(call.rows, |row, out| {
            let (Some(text), Some(Some(regex))) = (text.get(row), patterns.get(row)) else {
                return Ok(None);
            };
            Ok(regex.find(text).map(|found| out.push_str(found.as_str())))
        })
    });
    Ok(nullable_text(types, function))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_classes_are_ascii_and_quotes_are_literal() {
        let matches = |pattern: &str, text: &str| compile(pattern).is_some_and(|regex| regex.is_match(text));
        assert!(matches(r"^\w+$", "abc_1") && !matches(r"^\w+$", "é"));
        assert!(matches(r"^[\d.]+$", "1.5") && !matches(r"\d", "٣"));
        assert!(matches(r"^\Qa.b\E+$", "a.bb") && !matches(r"^\Qa.b\E$", "axb"));
        assert!(matches(r"a\-b\/c", "a-b/c"));
        assert!(compile("(").is_none());
    }
}
