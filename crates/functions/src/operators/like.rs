//! `LIKE` and `SIMILAR TO`.
//!
//! `%` stands for any characters, `_` for one. A pattern that is the same for all rows is prepared once a chunk;
//! the common shapes (`abc`, `abc%`, `%abc`, `%abc%`) need no pattern matching at all.

use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;
use regex::Regex;

use crate::build;
use crate::definition::Scalar;
use crate::kernel::{Call, Text, fallible_kernel};
use crate::signature::{Slot, bound, coerce};

pub(crate) const LIST: &[Scalar] = &[
    Scalar {
        name: "LIKE",
        signatures: &["text LIKE pattern [ESCAPE character]"],
        doc: "Whether the text matches a pattern in which % stands for any characters and _ for one.",
        example: ("'stream' LIKE 'str%'", "TRUE"),
        category: "comparison",
        bind: |arguments| bind("LIKE", arguments, false),
    },
    Scalar {
        name: "NOT LIKE",
        signatures: &["text NOT LIKE pattern [ESCAPE character]"],
        doc: "Whether the text does not match a pattern.",
        example: ("'stream' NOT LIKE 'str%'", "FALSE"),
        category: "comparison",
        bind: |arguments| bind("NOT LIKE", arguments, true),
    },
    Scalar {
        name: "SIMILAR TO",
        signatures: &["text SIMILAR TO pattern [ESCAPE character]"],
        doc: "Whether the whole text matches a pattern of SQL: % and _ as in LIKE, and | * + ? {} () [] as in regular expressions.",
        example: ("'abc' SIMILAR TO '(a|b)bc'", "TRUE"),
        category: "comparison",
        bind: |arguments| bind("SIMILAR TO", arguments, false),
    },
    Scalar {
        name: "NOT SIMILAR TO",
        signatures: &["text NOT SIMILAR TO pattern [ESCAPE character]"],
        doc: "Whether the text does not match a pattern of SQL.",
        example: ("'abc' NOT SIMILAR TO '(a|b)bc'", "FALSE"),
        category: "comparison",
        bind: |arguments| bind("NOT SIMILAR TO", arguments, true),
    },
];

fn bind(name: &'static str, arguments: &[Argument], negated: bool) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 2, &[Slot::Text, Slot::Text, Slot::Text])?;
    let prepare: fn(&str, Option<&str>) -> Result<Pattern, Error> = if name.ends_with("LIKE") {
        Pattern::like
    } else {
        Pattern::similar
    };
    let function = fallible_kernel(name, move |call| evaluate(call, prepare, negated));
    Ok(bound(types, TypeKind::Boolean, function))
}

fn evaluate(
    call: &Call<'_>,
    prepare: fn(&str, Option<&str>) -> Result<Pattern, Error>,
    negated: bool,
) -> Result<arrow_array::ArrayRef, Error> {
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
        Ok(Some(matcher.matches(text) != negated))
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
}

impl Pattern {
    fn matches(&self, text: &str) -> bool {
        match self {
            Pattern::Exact(part) => text == part,
            Pattern::Starts(part) => text.starts_with(part.as_str()),
            Pattern::Ends(part) => text.ends_with(part.as_str()),
            Pattern::Contains(part) => memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some(),
            Pattern::Regex(regex) => regex.is_match(text),
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
                '_' => regex.push('.'),
                c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        regex.push('$');
        compile(&regex, pattern)
    }

    fn similar(pattern: &str, escape: Option<&str>) -> Result<Pattern, Error> {
        let escape = escape_character(escape)?;
        let mut regex = String::from("(?s)^(?:");
        let mut characters = pattern.chars().peekable();
        let mut in_class = false;
        while let Some(character) = characters.next() {
            match character {
                c if Some(c) == escape => match characters.next() {
                    Some(next) => regex.push_str(&regex::escape(next.encode_utf8(&mut [0; 4]))),
                    None => return Err(invalid_escape(pattern)),
                },
                '%' if !in_class => regex.push_str(".*"),
                '_' if !in_class => regex.push('.'),
                '[' => {
                    in_class = true;
                    regex.push('[');
                    // POSIX names, as in [[:alpha:]] or [:alpha:], are left to the regex engine.
                    if characters.peek() == Some(&':') {
                        regex.push('[');
                        for inner in characters.by_ref() {
                            regex.push(inner);
                            if inner == ']' {
                                break;
                            }
                        }
                        regex.push(']');
                        in_class = false;
                    }
                }
                ']' => {
                    in_class = false;
                    regex.push(']');
                }
                c => regex.push(c),
            }
        }
        regex.push_str(")$");
        compile(&regex, pattern)
    }
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
        .map_err(|_| Error::evaluation(format!("invalid pattern '{pattern}'")))
}
