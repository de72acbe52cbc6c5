//! JSON paths as Flink understands them: Jayway's dialect behind an optional `lax` or `strict`.
//!
//! A path that names one place gives the value there; one that may match several gives an array of them, which is
//! empty where nothing matches. Without a mode a path is strict.

mod compile;
mod filter;

use std::borrow::Cow;

use filter::Condition;

use super::number::BigDecimal;
use super::value::Json;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// What is not there is NULL.
    Lax,
    /// What is not there is an error.
    Strict,
}

/// A path with its mode, which counts even where the path is none.
#[derive(Debug)]
pub(crate) struct JsonPath {
    pub mode: Mode,
    path: Result<Path, PathError>,
}

/// Why a path gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathError {
    /// The text is no path.
    Invalid(String),
    /// The path leads nowhere in this document.
    NotFound,
}

#[derive(Debug)]
pub(super) struct Path {
    tokens: Vec<Token>,
    /// Whether it starts at `@`.
    relative: bool,
}

#[derive(Debug)]
enum Token {
    Fields(Vec<String>),
    Indexes(Vec<i64>),
    Slice {
        from: Option<i64>,
        to: Option<i64>,
    },
    Wildcard,
    /// `..`
    Scan,
    Filter(Condition),
    Function(PathFunction),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PathFunction {
    Length,
    Keys,
    Min,
    Max,
    Average,
    Sum,
    Deviation,
}

impl JsonPath {
    pub fn compile(text: &str) -> JsonPath {
        let (mode, path) = split_mode(text);
        JsonPath {
            mode,
            path: compile::compile(path),
        }
    }

    /// What the path leads to. In lax mode what is not there is JSON's null.
    pub fn read<'d, 't>(&self, document: &'d Json<'t>) -> Result<Cow<'d, Json<'t>>, PathError> {
        let path = self.path.as_ref().map_err(Clone::clone)?;
        path.read(document, document, self.mode == Mode::Lax)
    }
}

/// `lax $.a` as its mode and its path.
pub(crate) fn split_mode(text: &str) -> (Mode, &str) {
    let trimmed = text.trim_start();
    for (word, mode) in [("lax", Mode::Lax), ("strict", Mode::Strict)] {
        if let Some(head) = trimmed.get(..word.len())
            && head.eq_ignore_ascii_case(word)
        {
            let rest = &trimmed[word.len()..];
            let path = rest.trim_start();
            if path.len() < rest.len() && !path.is_empty() {
                return (mode, path);
            }
        }
    }
    (Mode::Strict, text)
}

impl Token {
    fn is_definite(&self, leaf: bool) -> bool {
        match self {
            Token::Fields(names) => names.len() == 1 || leaf,
            Token::Indexes(indexes) => indexes.len() == 1,
            Token::Function(_) => true,
            Token::Slice { .. } | Token::Wildcard | Token::Scan | Token::Filter(_) => false,
        }
    }
}

impl Path {
    fn is_definite(&self) -> bool {
        let last = self.tokens.len().saturating_sub(1);
        self.tokens
            .iter()
            .enumerate()
            .all(|(index, token)| token.is_definite(index == last))
    }

    fn read<'d, 't>(
        &self,
        start: &'d Json<'t>,
        root: &'d Json<'t>,
        lax: bool,
    ) -> Result<Cow<'d, Json<'t>>, PathError> {
        // A function behind `..` is one of all that was found.
        if let Some((Token::Function(function), before)) = self.tokens.split_last()
            && before.iter().any(|token| matches!(token, Token::Scan))
        {
            let mut found = Vec::new();
            Walk::new(before, root, lax).run(start, &mut found)?;
            let all = Json::Array(found.into_iter().map(Cow::into_owned).collect());
            return function.of(&all).map(Cow::Owned);
        }
        let mut found = Vec::new();
        Walk::new(&self.tokens, root, lax).run(start, &mut found)?;
        if !self.is_definite() {
            return Ok(Cow::Owned(Json::Array(
                found.into_iter().map(Cow::into_owned).collect(),
            )));
        }
        match found.pop() {
            Some(value) => Ok(value),
            None if lax => Ok(Cow::Owned(Json::Null)),
            None => Err(PathError::NotFound),
        }
    }
}

type Found<'d, 't> = Vec<Cow<'d, Json<'t>>>;

/// One walk along a path through a document.
struct Walk<'p, 'd, 't> {
    tokens: &'p [Token],
    root: &'d Json<'t>,
    lax: bool,
}

impl<'p, 'd, 't> Walk<'p, 'd, 't> {
    fn new(tokens: &'p [Token], root: &'d Json<'t>, lax: bool) -> Self {
        Walk { tokens, root, lax }
    }

    fn run(&self, start: &'d Json<'t>, found: &mut Found<'d, 't>) -> Result<(), PathError> {
        self.step(0, start, found)
    }

    /// Whether all tokens before this one lead to one place.
    fn definite_until(&self, index: usize) -> bool {
        self.tokens[..index].iter().all(|token| token.is_definite(false))
    }

    /// What does not fit is an error where the way to it is one, and passed over elsewhere.
    fn misfit(&self, index: usize) -> Result<(), PathError> {
        if self.lax || !self.definite_until(index) {
            Ok(())
        } else {
            Err(PathError::NotFound)
        }
    }

    fn step(&self, index: usize, model: &'d Json<'t>, found: &mut Found<'d, 't>) -> Result<(), PathError> {
        let Some(token) = self.tokens.get(index) else {
            found.push(Cow::Borrowed(model));
            return Ok(());
        };
        let leaf = index + 1 == self.tokens.len();
        match token {
            Token::Fields(names) => {
                let Json::Object(fields) = model else {
                    return self.misfit(index);
                };
                match names.as_slice() {
                    [name] => match model.field(name) {
                        Some(value) => self.step(index + 1, value, found),
                        None if leaf => Ok(()),
                        None => self.misfit(index),
                    },
                    names if leaf => {
                        let picked = names
                            .iter()
                            .filter_map(|name| fields.iter().find(|(field, _)| field == name).cloned());
                        found.push(Cow::Owned(Json::Object(picked.collect())));
                        Ok(())
                    }
                    names => names
                        .iter()
                        .filter_map(|name| model.field(name))
                        .try_for_each(|value| self.step(index + 1, value, found)),
                }
            }
            Token::Indexes(indexes) => {
                let Json::Array(items) = model else {
                    return self.misfit(index);
                };
                indexes
                    .iter()
                    .try_for_each(|&at| self.item(index, items, at, found))
            }
            Token::Slice { from, to } => {
                let Json::Array(items) = model else {
                    return self.misfit(index);
                };
                let length = items.len() as i64;
                let (from, to) = match (*from, *to) {
                    (Some(from), Some(to)) => (from, to.min(length)),
                    (Some(from), None) => (if from < 0 { (length + from).max(0) } else { from }, length),
                    (None, Some(to)) => (0, if to < 0 { length + to } else { to.min(length) }),
                    (None, None) => (0, length),
                };
                (from..to).try_for_each(|at| self.item(index, items, at, found))
            }
            Token::Wildcard => {
                let each =
                    |value: &'d Json<'t>, found: &mut Found<'d, 't>| match self.step(index + 1, value, found)
                    {
                        Err(PathError::NotFound) => Ok(()),
                        other => other,
                    };
                match model {
                    Json::Object(fields) => fields.iter().try_for_each(|(_, value)| each(value, found)),
                    Json::Array(items) => items.iter().try_for_each(|value| each(value, found)),
                    _ => Ok(()),
                }
            }
            Token::Scan => self.scan(index + 1, model, found),
            Token::Filter(condition) => match model {
                Json::Object(_) => {
                    if condition.holds(model, self.root) {
                        self.step(index + 1, model, found)
                    } else {
                        Ok(())
                    }
                }
                Json::Array(items) => items
                    .iter()
                    .filter(|item| condition.holds(item, self.root))
                    .try_for_each(|item| self.step(index + 1, item, found)),
                _ if self.definite_until(index) => Err(PathError::NotFound),
                _ => Ok(()),
            },
            Token::Function(function) => {
                found.push(Cow::Owned(function.of(model)?));
                Ok(())
            }
        }
    }

    fn item(
        &self,
        index: usize,
        items: &'d [Json<'t>],
        at: i64,
        found: &mut Found<'d, 't>,
    ) -> Result<(), PathError> {
        let at = if at < 0 { at + items.len() as i64 } else { at };
        match usize::try_from(at).ok().and_then(|at| items.get(at)) {
            Some(item) => self.step(index + 1, item, found),
            None => Ok(()),
        }
    }

    /// The token behind `..` at `model` and at everything in it.
    fn scan(&self, index: usize, model: &'d Json<'t>, found: &mut Found<'d, 't>) -> Result<(), PathError> {
        let Some(token) = self.tokens.get(index) else {
            return Ok(());
        };
        let leaf = index + 1 == self.tokens.len();
        match model {
            Json::Object(fields) => {
                let matches = match token {
                    Token::Fields(names) if names.len() > 1 && !leaf => true,
                    Token::Fields(names) => names.iter().all(|name| model.field(name).is_some()),
                    Token::Wildcard => true,
                    Token::Filter(condition) => condition.holds(model, self.root),
                    _ => false,
                };
                if matches {
                    self.step(index, model, found)?;
                }
                fields
                    .iter()
                    .try_for_each(|(_, value)| self.scan(index, value, found))
            }
            Json::Array(items) => {
                let matches = match token {
                    Token::Indexes(_) | Token::Slice { .. } | Token::Wildcard => true,
                    Token::Filter(condition) => condition.holds(model, self.root),
                    _ => false,
                };
                if matches && leaf {
                    self.step(index, model, found)?;
                } else if matches {
                    // The library goes on from every item here, whatever the index.
                    items
                        .iter()
                        .try_for_each(|item| self.step(index + 1, item, found))?;
                }
                items.iter().try_for_each(|value| self.scan(index, value, found))
            }
            _ => Ok(()),
        }
    }
}

impl PathFunction {
    fn of<'t>(self, model: &Json<'t>) -> Result<Json<'t>, PathError> {
        match (self, model) {
            (PathFunction::Length, Json::Array(items)) => Ok(Json::Integer(items.len() as i64)),
            (PathFunction::Length, Json::Object(fields)) => Ok(Json::Integer(fields.len() as i64)),
            (PathFunction::Keys, Json::Object(fields)) => Ok(Json::Array(
                fields
                    .iter()
                    .map(|(name, _)| Json::String(name.clone()))
                    .collect(),
            )),
            (PathFunction::Length | PathFunction::Keys, _) => Ok(Json::Null),
            (_, Json::Array(items)) => self.aggregate(items),
            _ => Err(PathError::NotFound),
        }
    }

    /// Of the numbers among the items, as a number with a point.
    fn aggregate<'t>(self, items: &[Json<'t>]) -> Result<Json<'t>, PathError> {
        let numbers: Vec<f64> = items.iter().filter_map(as_f64).collect();
        if numbers.is_empty() {
            return Err(PathError::NotFound);
        }
        let count = numbers.len() as f64;
        let sum: f64 = numbers.iter().sum();
        let result = match self {
            PathFunction::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
            PathFunction::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            PathFunction::Average => sum / count,
            PathFunction::Deviation => {
                let squares: f64 = numbers.iter().map(|number| number * number).sum();
                (squares / count - sum * sum / count / count).sqrt()
            }
            PathFunction::Sum | PathFunction::Length | PathFunction::Keys => sum,
        };
        let mut text = String::new();
        values::number::write_f64(result, &mut text);
        BigDecimal::parse(&text)
            .map(Json::Decimal)
            .ok_or(PathError::NotFound)
    }
}

fn as_f64(value: &Json<'_>) -> Option<f64> {
    match value {
        Json::Integer(value) => Some(*value as f64),
        Json::BigInteger(digits) => digits.parse().ok(),
        Json::Decimal(value) => Some(value.to_f64()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = r#"{"a": {"b": 1, "c": null}, "d": [1, 2, 3], "e": [{"n": 1, "t": "x"}, {"n": 2}, 5],
        "f g": "h"}"#;

    fn read(path: &str) -> String {
        let document = Json::parse(STORE).expect("json");
        let mut out = String::new();
        match JsonPath::compile(path).read(&document).map(Cow::into_owned) {
            Ok(value) => value.write(&mut out),
            Err(PathError::NotFound) => out.push_str("not found"),
            Err(PathError::Invalid(_)) => out.push_str("invalid"),
        }
        out
    }

    #[test]
    fn paths_lead_where_jayways_do() {
        for (path, expected) in [
            ("$.a.b", "1"),
            ("a.b", "1"),
            (" STRICT  $.a.b", "1"),
            ("$['a']['b']", "1"),
            ("$[\"f g\"]", "\"h\""),
            ("$.a['b','c']", r#"{"b":1,"c":null}"#),
            ("$.d[0]", "1"),
            ("$.d[-1]", "3"),
            ("$.d[0,2]", "[1,3]"),
            ("$.d[1:]", "[2,3]"),
            ("$.d[:-1]", "[1,2]"),
            ("$.d[-2:]", "[2,3]"),
            ("$.d[*]", "[1,2,3]"),
            ("$.e[*].n", "[1,2]"),
            ("$..n", "[1,2]"),
            ("$..z", "[]"),
            ("$.e[?(@.n > 1)]", r#"[{"n":2}]"#),
            ("$.e[?(@.n == 1 && @.t =~ /X/i)].t", r#"["x"]"#),
            ("$.e[?(!(@.t))].n", "[2]"),
            ("$.e[?(@.n in [2, 3] || @.t)].n", "[1,2]"),
            ("$.d.length()", "3"),
            ("$.d.sum()", "6.0"),
            ("$.z", "not found"),
            ("$.a.z.y", "not found"),
            ("$.a[0]", "not found"),
            ("lax $.a.z.y", "null"),
            ("lax $.z", "null"),
            ("$.d[9]", "not found"),
            ("$.", "invalid"),
            ("$.a b", "invalid"),
            ("$x", "invalid"),
            ("lax $x", "invalid"),
            ("$.d[", "[1,2,3]"),
            ("$.d[x", "invalid"),
            ("$.e[?(@.n >]", "invalid"),
        ] {
            assert_eq!(read(path), expected, "{path}");
        }
    }
}
