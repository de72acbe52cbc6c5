//! The conditions in `[?(...)]`.
//!
//! `||` binds weakest, then `&&`, then `!`. A value that is not there equals nothing.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::compile::{self, closing};
use super::{Path, PathError};
use crate::java_regex::JavaRegex;
use crate::json::number::BigDecimal;
use crate::json::value::Json;

#[derive(Debug)]
pub(super) enum Condition {
    Or(Vec<Condition>),
    And(Vec<Condition>),
    Not(Box<Condition>),
    Exists(Path),
    Compare(Operand, Comparison, Operand),
    Matches(Operand, JavaRegex),
}

#[derive(Debug)]
pub(super) enum Operand {
    Path(Path),
    Literal(Json<'static>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Contains,
    Size,
    Empty,
    SubsetOf,
    AnyOf,
    NoneOf,
}

pub(super) fn compile(text: &[char]) -> Result<Condition, PathError> {
    let mut compiler = Compiler {
        text,
        position: 0,
        depth: 0,
    };
    let condition = compiler.or()?;
    compiler.skip_blanks();
    if compiler.position < text.len() {
        return Err(compiler.fail());
    }
    Ok(condition)
}

/// How deep conditions may be nested.
const NESTING_MAX: usize = 100;

struct Compiler<'a> {
    text: &'a [char],
    position: usize,
    depth: usize,
}

impl Compiler<'_> {
    fn fail(&self) -> PathError {
        let text: String = self.text.iter().collect();
        PathError::Invalid(format!("'{text}' is no condition"))
    }

    fn skip_blanks(&mut self) {
        while self.text.get(self.position) == Some(&' ') {
            self.position += 1;
        }
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.text.get(self.position).copied()
    }

    fn eat(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let count = word.chars().count();
        let found = self.text[self.position..].iter().take(count).copied();
        let eaten = found.eq(word.chars());
        if eaten {
            self.position += count;
        }
        eaten
    }

    fn or(&mut self) -> Result<Condition, PathError> {
        let mut conditions = vec![self.and()?];
        while self.eat("||") {
            conditions.push(self.and()?);
        }
        Ok(Condition::Or(conditions))
    }

    fn and(&mut self) -> Result<Condition, PathError> {
        let mut conditions = vec![self.not()?];
        while self.eat("&&") {
            conditions.push(self.not()?);
        }
        Ok(Condition::And(conditions))
    }

    fn not(&mut self) -> Result<Condition, PathError> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(self.fail());
        }
        let condition = if self.eat("!") {
            Condition::Not(Box::new(self.not()?))
        } else if self.eat("(") {
            let inner = self.or()?;
            if !self.eat(")") {
                return Err(self.fail());
            }
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Condition, PathError> {
        let left = self.operand()?;
        if matches!(self.peek(), None | Some(')' | '&' | '|')) {
            return match left {
                Operand::Path(path) => Ok(Condition::Exists(path)),
                Operand::Literal(_) => Err(self.fail()),
            };
        }
        if self.eat("=~") {
            return Ok(Condition::Matches(left, self.pattern()?));
        }
        let operator = self.operator()?;
        Ok(Condition::Compare(left, operator, self.operand()?))
    }

    fn operator(&mut self) -> Result<Comparison, PathError> {
        self.skip_blanks();
        // Longer ones first.
        for (sign, comparison) in [
            ("===", Comparison::Equal),
            ("!==", Comparison::NotEqual),
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ] {
            if self.eat(sign) {
                return Ok(comparison);
            }
        }
        let rest = &self.text[self.position..];
        let length = rest.iter().position(|&c| c == ' ').ok_or_else(|| self.fail())?;
        let word: String = rest[..length].iter().collect();
        self.position += length;
        Ok(match word.to_ascii_uppercase().as_str() {
            "IN" => Comparison::In,
            "NIN" => Comparison::NotIn,
            "CONTAINS" => Comparison::Contains,
            "SIZE" => Comparison::Size,
            "EMPTY" => Comparison::Empty,
            "SUBSETOF" => Comparison::SubsetOf,
            "ANYOF" => Comparison::AnyOf,
            "NONEOF" => Comparison::NoneOf,
            _ => return Err(self.fail()),
        })
    }

    fn pattern(&mut self) -> Result<JavaRegex, PathError> {
        if self.peek() != Some('/') {
            return Err(self.fail());
        }
        let start = self.position + 1;
        let end = (start..self.text.len())
            .find(|&place| self.text[place] == '/' && self.text[place - 1] != '\\')
            .ok_or_else(|| self.fail())?;
        let pattern: String = self.text[start..end].iter().collect();
        self.position = end + 1;
        let flags = if self.eat("i") { "(?i)" } else { "" };
        match JavaRegex::compile(&format!("{flags}^(?:{pattern})\\z")) {
            Ok(Some(regex)) => Ok(regex),
            _ => Err(self.fail()),
        }
    }

    fn operand(&mut self) -> Result<Operand, PathError> {
        let first = self.peek().ok_or_else(|| self.fail())?;
        let start = self.position;
        match first {
            '$' | '@' => {
                let end = self.end_of_path();
                let text: String = self.text[start..end].iter().collect();
                self.position = end;
                compile::compile(&text).map(Operand::Path)
            }
            '\'' | '"' => {
                let end = (start + 1..self.text.len())
                    .find(|&place| self.text[place] == first && self.text[place - 1] != '\\')
                    .ok_or_else(|| self.fail())?;
                let mut text = String::new();
                let mut characters = self.text[start + 1..end].iter();
                while let Some(&character) = characters.next() {
                    match character {
                        '\\' => text.extend(characters.next()),
                        _ => text.push(character),
                    }
                }
                self.position = end + 1;
                Ok(Operand::Literal(Json::String(Cow::Owned(text))))
            }
            _ => {
                let end = if matches!(first, '[' | '{') {
                    closing(self.text, start).ok_or_else(|| self.fail())? + 1
                } else {
                    let ends = |c: &char| matches!(c, ' ' | ')' | '&' | '|' | '=' | '<' | '>' | '!');
                    let length = self.text[start..].iter().position(ends);
                    length.map_or(self.text.len(), |length| start + length)
                };
                let text: String = self.text[start..end].iter().collect();
                self.position = end;
                let value = Json::parse(&text).or_else(|| Json::parse(&text.replace('\'', "\"")).map(own));
                value.map(own).map(Operand::Literal).ok_or_else(|| self.fail())
            }
        }
    }

    fn end_of_path(&self) -> usize {
        let mut place = self.position + 1;
        while let Some(&character) = self.text.get(place) {
            match character {
                '[' => match closing(self.text, place) {
                    Some(end) => place = end,
                    None => return self.text.len(),
                },
                '(' if self.text.get(place + 1) == Some(&')') => place += 1,
                ' ' | ')' | '<' | '>' | '=' | '~' | '!' | '&' | '|' => break,
                _ => {}
            }
            place += 1;
        }
        place
    }
}

/// The same value, without a text to borrow from.
fn own(value: Json<'_>) -> Json<'static> {
    match value {
        Json::Null => Json::Null,
        Json::Bool(value) => Json::Bool(value),
        Json::Integer(value) => Json::Integer(value),
        Json::BigInteger(digits) => Json::BigInteger(Cow::Owned(digits.into_owned())),
        Json::Decimal(value) => Json::Decimal(value),
        Json::String(text) => Json::String(Cow::Owned(text.into_owned())),
        Json::Array(items) => Json::Array(items.into_iter().map(own).collect()),
        Json::Object(fields) => Json::Object(
            fields
                .into_iter()
                .map(|(name, value)| (Cow::Owned(name.into_owned()), own(value)))
                .collect(),
        ),
        Json::Raw(text) => Json::Raw(Cow::Owned(text.into_owned())),
    }
}

impl Condition {
    pub fn holds(&self, item: &Json<'_>, root: &Json<'_>) -> bool {
        match self {
            Condition::Or(conditions) => conditions.iter().any(|condition| condition.holds(item, root)),
            Condition::And(conditions) => conditions.iter().all(|condition| condition.holds(item, root)),
            Condition::Not(condition) => !condition.holds(item, root),
            Condition::Exists(path) => read(path, item, root).is_some(),
            Condition::Compare(left, operator, right) => {
                let (left, right) = (left.value(item, root), right.value(item, root));
                operator.holds(left.as_deref(), right.as_deref())
            }
            Condition::Matches(operand, regex) => match operand.value(item, root).as_deref() {
                Some(Json::Array(items)) => items.iter().any(|item| regex.is_match(&text_of(item))),
                Some(value) => regex.is_match(&text_of(value)),
                None => regex.is_match(""),
            },
        }
    }
}

fn read<'d, 't>(path: &Path, item: &'d Json<'t>, root: &'d Json<'t>) -> Option<Cow<'d, Json<'t>>> {
    let start = if path.relative { item } else { root };
    path.read(start, root, false).ok()
}

fn text_of(value: &Json<'_>) -> String {
    let mut text = String::new();
    if !matches!(value, Json::Null | Json::Array(_) | Json::Object(_)) {
        value.push_text(&mut text);
    }
    text
}

impl Operand {
    fn value<'d, 't>(&'d self, item: &'d Json<'t>, root: &'d Json<'t>) -> Option<Cow<'d, Json<'t>>> {
        match self {
            Operand::Path(path) => read(path, item, root),
            Operand::Literal(value) => Some(Cow::Borrowed(value)),
        }
    }
}

impl Comparison {
    fn holds(self, left: Option<&Json<'_>>, right: Option<&Json<'_>>) -> bool {
        let is_in = |item: &Json<'_>, list: &[Json<'_>]| list.iter().any(|other| equal(item, other));
        match self {
            Comparison::Equal | Comparison::NotEqual => {
                let equal = matches!((left, right), (Some(left), Some(right)) if equal(left, right));
                equal == (self == Comparison::Equal)
            }
            Comparison::NotIn => !Comparison::In.holds(left, right),
            _ => {
                let (Some(left), Some(right)) = (left, right) else {
                    return false;
                };
                match (self, left, right) {
                    (Comparison::In, item, Json::Array(list)) => is_in(item, list),
                    (Comparison::Contains, Json::Array(list), item) => is_in(item, list),
                    (Comparison::Contains, Json::String(text), Json::String(part)) => {
                        text.contains(part.as_ref())
                    }
                    (Comparison::Size, Json::Array(list), Json::Integer(size)) => list.len() as i64 == *size,
                    (Comparison::Size, Json::String(text), Json::Integer(size)) => {
                        text.encode_utf16().count() as i64 == *size
                    }
                    (Comparison::Empty, Json::Array(list), Json::Bool(empty)) => list.is_empty() == *empty,
                    (Comparison::Empty, Json::Object(fields), Json::Bool(empty)) => {
                        fields.is_empty() == *empty
                    }
                    (Comparison::Empty, Json::String(text), Json::Bool(empty)) => text.is_empty() == *empty,
                    (Comparison::SubsetOf, Json::Array(a), Json::Array(b)) => {
                        a.iter().all(|item| is_in(item, b))
                    }
                    (Comparison::AnyOf, Json::Array(a), Json::Array(b)) => {
                        a.iter().any(|item| is_in(item, b))
                    }
                    (Comparison::NoneOf, Json::Array(a), Json::Array(b)) => {
                        !a.iter().any(|item| is_in(item, b))
                    }
                    (Comparison::Less, a, b) => order(a, b) == Some(Ordering::Less),
                    (Comparison::LessOrEqual, a, b) => order(a, b).is_some_and(Ordering::is_le),
                    (Comparison::Greater, a, b) => order(a, b) == Some(Ordering::Greater),
                    (Comparison::GreaterOrEqual, a, b) => order(a, b).is_some_and(Ordering::is_ge),
                    _ => false,
                }
            }
        }
    }
}

fn number_of(value: &Json<'_>) -> Option<BigDecimal> {
    match value {
        Json::Integer(value) => BigDecimal::parse(&value.to_string()),
        Json::BigInteger(digits) => BigDecimal::parse(digits),
        Json::Decimal(value) => Some(value.clone()),
        _ => None,
    }
}

/// A string equals a number that it is the text of; numbers are equal by value.
fn equal(a: &Json<'_>, b: &Json<'_>) -> bool {
    if let (Some(a), Some(b)) = (number_of(a), number_of(b)) {
        return a.compare(&b).is_eq();
    }
    match (a, b) {
        (Json::String(text), other) if number_of(other).is_some() => *text == text_of(other),
        (number, Json::String(text)) if number_of(number).is_some() => {
            let other = BigDecimal::parse(text);
            other.is_some_and(|other| number_of(number).is_some_and(|number| number.compare(&other).is_eq()))
        }
        _ => a == b,
    }
}

fn order(a: &Json<'_>, b: &Json<'_>) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (number_of(a), number_of(b)) {
        return Some(a.compare(&b));
    }
    let textual = |value: &Json<'_>| matches!(value, Json::String(_)) || number_of(value).is_some();
    (textual(a) && textual(b)).then(|| text_of(a).encode_utf16().cmp(text_of(b).encode_utf16()))
}
