//! `LIKE` and `SIMILAR TO`.
//!
//! `%` stands for any characters, `_` for one. A pattern that is the same for all rows is prepared once a chunk;
//! the common shapes (`abc`, `abc%`, `%abc`, `%abc%`) need no pattern matching at all.

use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;
use regex::Regex;

use crate::build;
use crate::definition::{Scalar, written_out};
use crate::java_regex::{IN_LINE, JavaRegex};
use crate::kernel::{Call, Text, fallible_kernel};
use crate::signature::{Slot, bound, coerce};

pub(crate) const LIST: &[Scalar] = &[
    Scalar {
        name: "LIKE",
        signatures: &["text LIKE pattern [ESCAPE character]"],
        doc: "Whether the text matches a pattern in which % stands for any characters and _ for one.",
        example: ("'stream' LIKE 'str%'", "TRUE"),
        category: "comparison",
        bind: |arguments| bind("LIKE", arguments, Pattern::like),
    },
    Scalar {
        name: "NOT LIKE",
        signatures: &["text NOT LIKE pattern [ESCAPE character]"],
        doc: "Whether the text does not match a pattern.",
        example: ("'stream' NOT LIKE 'str%'", "FALSE"),
        category: "comparison",
        bind: written_out,
    },
    Scalar {
        name: "SIMILAR TO",
        signatures: &["text SIMILAR TO pattern [ESCAPE character]"],
        doc: "Whether the whole text matches a pattern of SQL: % and _ as in LIKE, and | * + ? {} () [] as in regular expressions.",
        example: ("'abc' SIMILAR TO '(a|b)bc'", "TRUE"),
        category: "comparison",
        bind: |arguments| bind("SIMILAR TO", arguments, Pattern::similar),
    },
    Scalar {
        name: "NOT SIMILAR TO",
        signatures: &["text NOT SIMILAR TO pattern [ESCAPE character]"],
        doc: "Whether the text does not match a pattern of SQL.",
        example: ("'abc' NOT SIMILAR TO '(a|b)bc'", "FALSE"),
        category: "comparison",
        bind: written_out,
    },
];

type Prepare = fn(&str, Option<&str>) -> Result<Pattern, Error>;

fn bind(name: &'static str, arguments: &[Argument], prepare: Prepare) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 2, &[Slot::Text, Slot::Text, Slot::Text])?;
    let function = fallible_kernel(name, move |call| evaluate(call, prepare));
    Ok(bound(types, TypeKind::Boolean, function))
}

fn evaluate(call: &Call<'_>, prepare: Prepare) -> Result<arrow_array::ArrayRef, Error> {
    let texts = call.text(0)?;
    let patterns = call.text(1)?;
    let escapes: Option<Text<'_>> = call.text_opt(2)?;
    // The pattern of the row before; it changes only where patterns are a column.
    let mut prepared: Option<(&str, Option<&str>, Pattern)> = None;
    build::flags(call.rows, |row| {
        let (Some(text), Some(pattern)) = (texts.get(row), patterns.get(row)) else {
            return Ok(None);
        };
        let escape = match &escapes {
            Some(escapes) => match escapes.get(row) {
                Some(escape) => Some(escape),
                None => return Ok(None),
            },
            None => None,
        };
        let matcher = match &mut prepared {
            Some((p, e, matcher)) if *p == pattern && *e == escape => matcher,
            slot => &mut slot.insert((pattern, escape, prepare(pattern, escape)?)).2,
        };
        Ok(Some(matcher.matches(text)))
    })
}

/// A pattern made ready.
#[derive(Debug)]
enum Pattern {
    Exact(String),
    Starts(String),
    Ends(String),
    Contains(String),
    Regex(Regex),
    Similar(JavaRegex),
}

impl Pattern {
    fn matches(&self, text: &str) -> bool {
        match self {
            Pattern::Exact(part) => text == part,
            Pattern::Starts(part) => text.starts_with(part.as_str()),
            Pattern::Ends(part) => text.ends_with(part.as_str()),
            Pattern::Contains(part) => memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some(),
            Pattern::Regex(regex) => regex.is_match(text),
            Pattern::Similar(regex) => regex.is_match(text),
        }
    }

    fn like(pattern: &str, escape: Option<&str>) -> Result<Pattern, Error> {
        let escape = escape_character(escape)?;
        if escape.is_none() && !pattern.contains('_') {
            let inner = pattern.trim_matches('%');
            if !inner.contains('%') {
                let (open, close) = (pattern.starts_with('%'), pattern.ends_with('%'));
                let inner = inner.to_string();
                return Ok(match (open, close) {
                    (false, false) => Pattern::Exact(inner),
                    (false, true) => Pattern::Starts(inner),
                    (true, false) => Pattern::Ends(inner),
                    (true, true) => Pattern::Contains(inner),
                });
            }
        }
        let mut regex = String::from("(?s)^");
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            match character {
                c if Some(c) == escape => match characters.next() {
                    Some(next) if next == '%' || next == '_' || Some(next) == escape => {
                        regex.push_str(&regex::escape(next.encode_utf8(&mut [0; 4])));
                    }
                    _ => return Err(invalid_escape(pattern)),
                },
                '%' => regex.push_str(".*"),
                // As in Java, the end of a line is no character.
                '_' => regex.push_str(IN_LINE),
                c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        regex.push('$');
        compile(&regex, pattern)
    }

    fn similar(pattern: &str, escape: Option<&str>) -> Result<Pattern, Error> {
        let java = format!("\\A(?:{})\\z", java_pattern(pattern, escape_character(escape)?)?);
        match JavaRegex::compile(&java)? {
            Some(regex) => Ok(Pattern::Similar(regex)),
            None => Err(invalid_pattern(pattern)),
        }
    }
}

/// Signs that an escape may stand before, and of which a set takes `^` and `-` only.
const SIMILAR_SIGNS: &str = "[]()|^-+*_%?{}";

/// Names of sets inside of a set, in capitals or small letters.
const SIMILAR_SETS: &[(&str, &str)] = &[
    ("[:ALPHA:]", "\\p{Alpha}"),
    ("[:UPPER:]", "\\p{Upper}"),
    ("[:LOWER:]", "\\p{Lower}"),
    ("[:DIGIT:]", "\\d"),
    ("[:SPACE:]", " "),
    ("[:WHITESPACE:]", "\\s"),
    ("[:ALNUM:]", "\\p{Alnum}"),
];

/// A pattern of SIMILAR TO as Java's, translated as Calcite's `SqlLikeUtils.sqlToRegexSimilar` does: a point and what
/// else it does not know keep the meaning that they have in Java.
fn java_pattern(pattern: &str, escape: Option<char>) -> Result<String, Error> {
    let mut java = String::with_capacity(pattern.len() * 2);
    let mut rest = pattern;
    let mut in_set = false;
    while let Some(character) = rest.chars().next() {
        let here = rest;
        rest = &rest[character.len_utf8()..];
        if Some(character) == escape {
            let next = rest.chars().next().ok_or_else(|| invalid_escape(pattern))?;
            if SIMILAR_SIGNS.contains(next) && !matches!(next, '_' | '%') {
                java.push('\\');
            } else if !SIMILAR_SIGNS.contains(next) && Some(next) != escape {
                return Err(invalid_escape(pattern));
            }
            java.push(next);
            rest = &rest[next.len_utf8()..];
            continue;
        }
        if in_set {
            let named = SIMILAR_SETS
                .iter()
                .find(|(name, _)| here.starts_with(name) || here.starts_with(&name.to_lowercase()));
            match character {
                ']' => {
                    in_set = false;
                    java.push(']');
                }
                '-' | '^' => java.push(character),
                _ => match named {
                    Some((name, set)) => {
                        java.push_str(set);
                        rest = &here[name.len()..];
                    }
                    None if SIMILAR_SIGNS.contains(character) => return Err(invalid_pattern(pattern)),
                    None => java.push(character),
                },
            }
            continue;
        }
        match character {
            '_' => java.push('.'),
            '%' => java.push_str("(?s:.*)"),
            '[' => {
                in_set = true;
                java.push('[');
            }
            ']' => return Err(invalid_pattern(pattern)),
            '\\' | '$' => {
                java.push('\\');
                java.push(character);
            }
            _ => java.push(character),
        }
    }
    if in_set {
        return Err(invalid_pattern(pattern));
    }
    Ok(java)
}

fn escape_character(escape: Option<&str>) -> Result<Option<char>, Error> {
    let Some(escape) = escape else { return Ok(None) };
    let mut characters = escape.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Ok(Some(character)),
        _ => Err(Error::evaluation(format!("invalid escape character '{escape}'"))),
    }
}

fn invalid_escape(pattern: &str) -> Error {
    Error::evaluation(format!("invalid escape sequence in pattern '{pattern}'"))
}

fn compile(regex: &str, pattern: &str) -> Result<Pattern, Error> {
    Regex::new(regex)
        .map(Pattern::Regex)
        .map_err(|_| invalid_pattern(pattern))
}

fn invalid_pattern(pattern: &str) -> Error {
    Error::evaluation(format!("invalid pattern '{pattern}'"))
}
