//! JSON values, read and written as Flink's JSON library does.
//!
//! Only the first value of a text is read; what follows it is not looked at. Numbers with a point or an exponent keep
//! their digits. Of fields with the same name the first one's place and the last one's value count. Objects are
//! written with their names in order, so that equal ones have equal texts.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::number::BigDecimal;

/// How deep arrays and objects may be nested.
const NESTING_MAX: usize = 1000;
/// How long a number may be.
const NUMBER_LENGTH_MAX: usize = 1000;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    /// Digits of a whole number beyond 64 bits.
    BigInteger(Cow<'a, str>),
    Decimal(BigDecimal),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
    /// Text that is JSON already.
    Raw(Cow<'a, str>),
}

impl<'a> Json<'a> {
    /// The first value in the text; `None` if it is broken.
    pub fn parse(text: &'a str) -> Option<Json<'a>> {
        Json::parse_with(text, true)
    }

    /// As [`Json::parse`]; a name that stands twice in an object may break it.
    pub fn parse_with(text: &'a str, takes_repeated: bool) -> Option<Json<'a>> {
        let mut reader = Reader {
            text,
            position: 0,
            depth: 0,
            takes_repeated,
        };
        reader.skip_blanks();
        let value = reader.value()?;
        let numeric = matches!(value, Json::Integer(_) | Json::BigInteger(_) | Json::Decimal(_));
        if numeric && !matches!(reader.peek(), None | Some(b' ' | b'\t' | b'\n' | b'\r')) {
            return None;
        }
        Some(value)
    }

    pub fn is_scalar(&self) -> bool {
        !matches!(self, Json::Array(_) | Json::Object(_))
    }

    pub fn field(&self, name: &str) -> Option<&Json<'a>> {
        let Json::Object(fields) = self else {
            return None;
        };
        fields
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value)
    }

    /// A scalar's text as Java gives it: of a string the string itself. Others are written as JSON.
    pub fn push_text(&self, out: &mut String) {
        match self {
            Json::String(text) => out.push_str(text),
            other => other.write(out),
        }
    }

    pub fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Json::Integer(value) => values::number::write_i64(*value, out),
            Json::BigInteger(digits) => out.push_str(digits),
            Json::Decimal(value) => value.write(out),
            Json::String(text) => write_string(text, out),
            Json::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Json::Object(fields) => {
                let mut order: Vec<&(Cow<'a, str>, Json<'a>)> = fields.iter().collect();
                // Java compares UTF-16.
                order.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
                out.push('{');
                for (index, (name, value)) in order.into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_string(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
            Json::Raw(text) => out.push_str(text),
        }
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (index, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[plain..index]);
        plain = index + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            8 => out.push_str("\\b"),
            12 => out.push_str("\\f"),
            _ => out.push_str(&format!("\\u{byte:04X}")),
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

struct Reader<'a> {
    text: &'a str,
    position: usize,
    depth: usize,
    takes_repeated: bool,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.position += 1)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    fn value(&mut self) -> Option<Json<'a>> {
        match self.peek()? {
            b'{' => self.nested(Reader::object),
            b'[' => self.nested(Reader::array),
            b'"' => self.string().map(Json::String),
            b't' => self.word("true").map(|()| Json::Bool(true)),
            b'f' => self.word("false").map(|()| Json::Bool(false)),
            b'n' => self.word("null").map(|()| Json::Null),
            b'-' | b'0'..=b'9' => self.number(),
            _ => None,
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Json<'a>>) -> Option<Json<'a>> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return None;
        }
        self.position += 1;
        self.skip_blanks();
        let value = read(self)?;
        self.depth -= 1;
        Some(value)
    }

    fn object(&mut self) -> Option<Json<'a>> {
        let mut fields = Vec::new();
        if self.eat(b'}').is_some() {
            return Some(Json::Object(fields));
        }
        loop {
            let name = self.string()?;
            self.skip_blanks();
            self.eat(b':')?;
            self.skip_blanks();
            fields.push((name, self.value()?));
            self.skip_blanks();
            if self.eat(b',').is_none() {
                break;
            }
            self.skip_blanks();
        }
        self.eat(b'}')?;
        if is_repeated(&fields) {
            if !self.takes_repeated {
                return None;
            }
            keep_last(&mut fields);
        }
        Some(Json::Object(fields))
    }

    fn array(&mut self) -> Option<Json<'a>> {
        let mut items = Vec::new();
        if self.eat(b']').is_some() {
            return Some(Json::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_blanks();
            if self.eat(b',').is_none() {
                break;
            }
            self.skip_blanks();
        }
        self.eat(b']')?;
        Some(Json::Array(items))
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let rest = self.text[self.position..].strip_prefix(word)?;
        if rest.starts_with(|next: char| next.is_alphanumeric() || next == '_') {
            return None;
        }
        self.position += word.len();
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.position;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        (self.position > start).then_some(())
    }

    fn number(&mut self) -> Option<Json<'a>> {
        let start = self.position;
        let _ = self.eat(b'-');
        let leading_zero = self.peek()? == b'0';
        let whole = self.position;
        self.digits()?;
        if leading_zero && self.position - whole > 1 {
            return None;
        }
        let mut exact = true;
        if self.eat(b'.').is_some() {
            self.digits()?;
            exact = false;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.position += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.position += 1;
            }
            self.digits()?;
            exact = false;
        }
        let text = &self.text[start..self.position];
        if text.len() > NUMBER_LENGTH_MAX {
            return None;
        }
        if !exact {
            return BigDecimal::parse(text).map(Json::Decimal);
        }
        Some(match text.parse() {
            Ok(value) => Json::Integer(value),
            Err(_) => Json::BigInteger(Cow::Borrowed(text)),
        })
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.eat(b'"')?;
        let start = self.position;
        loop {
            match self.peek()? {
                b'"' => {
                    let plain = &self.text[start..self.position];
                    self.position += 1;
                    return Some(Cow::Borrowed(plain));
                }
                b'\\' => return self.escaped(start).map(Cow::Owned),
                0..=31 => return None,
                _ => self.position += 1,
            }
        }
    }

    /// The rest of a string that has escapes in it.
    fn escaped(&mut self, start: usize) -> Option<String> {
        let mut out = self.text[start..self.position].to_string();
        let mut plain = self.position;
        loop {
            match self.peek()? {
                b'"' => {
                    out.push_str(&self.text[plain..self.position]);
                    self.position += 1;
                    return Some(out);
                }
                b'\\' => {
                    out.push_str(&self.text[plain..self.position]);
                    self.position += 1;
                    let escape = self.peek()?;
                    self.position += 1;
                    out.push(match escape {
                        b'b' => '\u{8}',
                        b'f' => '\u{C}',
                        b'n' => '\n',
                        b'r' => '\r',
                        b't' => '\t',
                        b'"' | b'\\' | b'/' => char::from(escape),
                        b'u' => self.unicode()?,
                        _ => return None,
                    });
                    plain = self.position;
                }
                0..=31 => return None,
                _ => self.position += 1,
            }
        }
    }

    fn unit(&mut self) -> Option<u16> {
        let digits = self.text.get(self.position..self.position + 4)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        self.position += 4;
        u16::from_str_radix(digits, 16).ok()
    }

    /// The character behind `\u`. Half a pair that stands alone becomes `?`, as where Java encodes it.
    fn unicode(&mut self) -> Option<char> {
        let first = self.unit()?;
        let before = self.position;
        let mut units = vec![first];
        if (0xD800..0xDC00).contains(&first) && self.text[self.position..].starts_with("\\u") {
            self.position += 2;
            let second = self.unit()?;
            if (0xDC00..0xE000).contains(&second) {
                units.push(second);
            } else {
                self.position = before;
            }
        }
        char::decode_utf16(units)
            .next()
            .map(|decoded| decoded.unwrap_or('?'))
    }
}

/// Whether a name stands twice.
fn is_repeated(fields: &[(Cow<'_, str>, Json<'_>)]) -> bool {
    const FEW: usize = 8;
    if fields.len() <= FEW {
        return (1..fields.len())
            .any(|index| fields[..index].iter().any(|(name, _)| *name == fields[index].0));
    }
    let mut names = HashSet::with_capacity(fields.len());
    !fields.iter().all(|(name, _)| names.insert(name.as_ref()))
}

/// Leaves of fields with the same name the first with the value of the last.
fn keep_last(fields: &mut Vec<(Cow<'_, str>, Json<'_>)>) {
    let mut places: HashMap<Cow<'_, str>, usize> = HashMap::new();
    let mut kept: Vec<(Cow<'_, str>, Json<'_>)> = Vec::with_capacity(fields.len());
    for (name, value) in fields.drain(..) {
        match places.get(&name) {
            Some(&place) => kept[place].1 = value,
            None => {
                places.insert(name.clone(), kept.len());
                kept.push((name, value));
            }
        }
    }
    *fields = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Option<String> {
        let mut out = String::new();
        Json::parse(text)?.write(&mut out);
        Some(out)
    }

    #[test]
    fn values_are_written_in_one_way() {
        for (text, expected) in [
            (
                r#" {"b": 1, "a": [1.50, null, true]} "#,
                r#"{"a":[1.50,null,true],"b":1}"#,
            ),
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
            (r#""\u00e9\ud83d\ude00\ud800x\/\u0001""#, "\"é😀?x/\\u0001\""),
            ("-0", "0"),
            ("-0.0", "0.0"),
            ("1e5", "1E+5"),
            ("0.0000001", "1E-7"),
            ("123456789012345678901", "123456789012345678901"),
            ("{} x", "{}"),
            ("1 x", "1"),
        ] {
            assert_eq!(written(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn broken_values_are_none() {
        for text in [
            "",
            " ",
            "x",
            "01",
            "1.",
            ".5",
            "+1",
            "1x",
            "truex",
            "'a'",
            "{a:1}",
            "[1,]",
            "{\"a\":1,}",
            "[1",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\n\"",
            "nul",
            "NaN",
        ] {
            assert_eq!(written(text), None, "{text}");
        }
        assert_eq!(written(&"[".repeat(2000)), None);
    }
}
