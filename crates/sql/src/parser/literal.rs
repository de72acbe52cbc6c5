//! Numbers, strings, dates and intervals.

use model::{Diagnostic, Span};

use super::tree::boxed;
use super::{Parsed, Parser};
use crate::ast::{BinaryOperator, Expr, ExprKind, IntervalLiteral, Literal, Text, TimeUnit};
use crate::keywords;
use crate::lexer::{Token, TokenKind};

/// Character sets that a string may name before it. All of Flink's strings are Unicode, so that the name is a promise
/// about the text and changes nothing.
const CHARACTER_SETS: &[&str] = &[
    "UTF8",
    "UTF-8",
    "UTF16",
    "UTF-16",
    "UTF-16LE",
    "UTF-16BE",
    "UTF-32",
    "ISO-8859-1",
    "LATIN1",
    "US-ASCII",
    "ASCII",
];

/// The field of an interval, with the fields that may follow it after TO.
const INTERVAL_UNITS: &[(&str, &str, TimeUnit, &[TimeUnit])] = &[
    ("YEAR", "YEARS", TimeUnit::Year, &[TimeUnit::Month]),
    ("QUARTER", "QUARTERS", TimeUnit::Quarter, &[]),
    ("MONTH", "MONTHS", TimeUnit::Month, &[]),
    ("WEEK", "WEEKS", TimeUnit::Week, &[]),
    (
        "DAY",
        "DAYS",
        TimeUnit::Day,
        &[TimeUnit::Hour, TimeUnit::Minute, TimeUnit::Second],
    ),
    (
        "HOUR",
        "HOURS",
        TimeUnit::Hour,
        &[TimeUnit::Minute, TimeUnit::Second],
    ),
    ("MINUTE", "MINUTES", TimeUnit::Minute, &[TimeUnit::Second]),
    ("SECOND", "SECONDS", TimeUnit::Second, &[]),
];

/// Units by name, as EXTRACT and its like take them.
const TIME_UNITS: &[(&str, TimeUnit)] = &[
    ("MILLENNIUM", TimeUnit::Millennium),
    ("CENTURY", TimeUnit::Century),
    ("DECADE", TimeUnit::Decade),
    ("YEAR", TimeUnit::Year),
    ("ISOYEAR", TimeUnit::IsoYear),
    ("QUARTER", TimeUnit::Quarter),
    ("MONTH", TimeUnit::Month),
    ("WEEK", TimeUnit::Week),
    ("DAY", TimeUnit::Day),
    ("DOW", TimeUnit::DayOfWeek),
    ("DAYOFWEEK", TimeUnit::DayOfWeek),
    ("ISODOW", TimeUnit::IsoDayOfWeek),
    ("DOY", TimeUnit::DayOfYear),
    ("DAYOFYEAR", TimeUnit::DayOfYear),
    ("HOUR", TimeUnit::Hour),
    ("MINUTE", TimeUnit::Minute),
    ("SECOND", TimeUnit::Second),
    ("MILLISECOND", TimeUnit::Millisecond),
    ("MICROSECOND", TimeUnit::Microsecond),
    ("NANOSECOND", TimeUnit::Nanosecond),
    ("EPOCH", TimeUnit::Epoch),
    ("SQL_TSI_YEAR", TimeUnit::Year),
    ("SQL_TSI_QUARTER", TimeUnit::Quarter),
    ("SQL_TSI_MONTH", TimeUnit::Month),
    ("SQL_TSI_WEEK", TimeUnit::Week),
    ("SQL_TSI_DAY", TimeUnit::Day),
    ("SQL_TSI_HOUR", TimeUnit::Hour),
    ("SQL_TSI_MINUTE", TimeUnit::Minute),
    ("SQL_TSI_SECOND", TimeUnit::Second),
    ("SQL_TSI_MICROSECOND", TimeUnit::Microsecond),
    ("FRAC_SECOND", TimeUnit::Microsecond),
    ("SQL_TSI_FRAC_SECOND", TimeUnit::Nanosecond),
];

/// Digits that an interval may state for its first field, and for a fraction of seconds.
const LEADING_DIGITS_MAX: u8 = 10;
const FRACTION_DIGITS_MAX: u8 = 9;

/// What follows INTERVAL and its text: `DAY(p) TO SECOND(p)`.
pub(super) struct IntervalQualifier {
    pub(super) from: TimeUnit,
    pub(super) from_precision: Option<u8>,
    pub(super) to: Option<TimeUnit>,
    /// Also the second number of `SECOND(p, s)`.
    pub(super) to_precision: Option<u8>,
}

impl Parser<'_> {
    /// The word at hand as a literal.
    pub(super) fn constant(&mut self, literal: Literal) -> Parsed<Box<Expr>> {
        Ok(boxed(ExprKind::Literal(literal), self.bump().span))
    }

    pub(super) fn number(&mut self) -> Parsed<Box<Expr>> {
        let token = self.bump();
        let text = self.text_of(token.span).to_string();
        let literal = match token.kind {
            TokenKind::Integer => Literal::Integer(text),
            TokenKind::Decimal => Literal::Decimal(text),
            _ => Literal::Double(text),
        };
        let next = self.token();
        // `1e`, `1a`: glued to a number, a word is a slip and no alias.
        if next.kind == TokenKind::Word && next.span.start == token.span.end {
            let span = token.span.to(next.span);
            return Err(
                Diagnostic::parse(span, format!("'{}' is not a number", self.text_of(span)))
                    .hint("a name that begins with a digit stands in back quotes"),
            );
        }
        Ok(boxed(ExprKind::Literal(literal), token.span))
    }

    /// A string where only a string can stand.
    pub(super) fn string(&mut self, what: &str) -> Parsed<Text> {
        match self.peek() {
            TokenKind::String
            | TokenKind::UnicodeString
            | TokenKind::CharsetString
            | TokenKind::NationalString => {
                let token = self.bump();
                Ok(Text {
                    value: self.string_value(token)?,
                    span: token.span,
                })
            }
            _ => Err(self.expected(what)),
        }
    }

    pub(super) fn string_literal(&mut self) -> Parsed<Box<Expr>> {
        let first = self.bump();
        if first.kind == TokenKind::BinaryString {
            let bytes = self.bytes_value(first)?;
            return Ok(boxed(ExprKind::Literal(Literal::Bytes(bytes)), first.span));
        }
        let mut parts = vec![self.inner(first)?];
        let mut last = first.span;
        // A string goes on in the next one, if that stands on another line.
        while self.peek() == TokenKind::String {
            let next = self.bump();
            let between = self
                .text
                .get(last.end as usize..next.span.start as usize)
                .unwrap_or("");
            if !between.contains(['\n', '\r']) {
                return Err(Diagnostic::validation(
                    next.span,
                    "a string goes on in another only on a new line",
                )
                .hint("join strings with ||"));
            }
            parts.push(self.inner(next)?);
            last = next.span;
        }
        let span = first.span.to(last);
        // The escape is that of all parts.
        let escape = match self.custom_escape(first)? {
            None if first.kind == TokenKind::UnicodeString => Some('\\'),
            custom => custom,
        };
        let mut value = String::new();
        for part in parts {
            match escape {
                Some(escape) => value.push_str(&unescaped(&part, escape, span)?),
                None => value.push_str(&part),
            }
        }
        let span = self.since(first.span);
        Ok(boxed(ExprKind::Literal(Literal::String(value)), span))
    }

    fn string_value(&self, token: Token) -> Parsed<String> {
        let inner = self.inner(token)?;
        match token.kind {
            TokenKind::UnicodeString => unescaped(&inner, '\\', token.span),
            _ => Ok(inner),
        }
    }

    /// What stands between the quotes of a string.
    fn inner(&self, token: Token) -> Parsed<String> {
        let text = self.text_of(token.span);
        let quote = text.find('\'').unwrap_or(0);
        if token.kind == TokenKind::CharsetString {
            let charset = &text[1..quote];
            if !CHARACTER_SETS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(charset))
            {
                return Err(
                    Diagnostic::parse(token.span, format!("character set '{charset}' is not known"))
                        .hint("leave it away: all strings are Unicode"),
                );
            }
        }
        let inner = text.get(quote + 1..text.len() - 1).unwrap_or("");
        Ok(inner.replace("''", "'"))
    }

    /// `UESCAPE '!'` behind a `U&'...'`
    fn custom_escape(&mut self, first: Token) -> Parsed<Option<char>> {
        if !self.at("UESCAPE") {
            return Ok(None);
        }
        let word = self.bump().span;
        let escape = self.string("the escape as a string")?;
        let mut characters = escape.value.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) if first.kind == TokenKind::UnicodeString => Ok(Some(character)),
            _ => Err(Diagnostic::parse(
                word.to(escape.span),
                "UESCAPE follows a U&'...' and names one character",
            )),
        }
    }

    fn bytes_value(&self, token: Token) -> Parsed<Vec<u8>> {
        let text = self.text_of(token.span);
        let digits = text.get(2..text.len() - 1).unwrap_or("").as_bytes();
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(Diagnostic::parse(
                token.span,
                "a binary string has only the digits 0-9 and A-F",
            ));
        }
        if digits.len() % 2 != 0 {
            return Err(Diagnostic::validation(
                token.span,
                "a binary string needs two digits for each byte",
            ));
        }
        let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
        Ok(digits
            .chunks_exact(2)
            .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
            .collect())
    }

    /// `DATE '...'`, `TIME '...'`, `TIMESTAMP '...'`
    pub(super) fn datetime_literal(&mut self, word: &str) -> Parsed<Box<Expr>> {
        let start = self.bump().span;
        let text = self.string("a string")?;
        let literal = match word {
            "DATE" => Literal::Date(text),
            "TIME" => Literal::Time(text),
            _ => Literal::Timestamp(text),
        };
        Ok(boxed(ExprKind::Literal(literal), self.since(start)))
    }

    /// `INTERVAL '1' DAY`; `INTERVAL x DAY` is as much as `x * INTERVAL '1' DAY`.
    pub(super) fn interval(&mut self) -> Parsed<Box<Expr>> {
        let start = self.bump().span;
        let sign = self.token();
        let negative = self.eat_kind(TokenKind::Minus);
        let signed = negative || self.eat_kind(TokenKind::Plus);
        if self.peek() == TokenKind::String {
            let text = self.string("a string")?;
            let qualifier = self
                .interval_qualifier()
                .map_err(|fault| match text.value.split_once(' ') {
                    Some((amount, unit)) if unit.chars().all(char::is_alphabetic) => {
                        let unit = unit.to_ascii_uppercase();
                        fault.hint(format!(
                            "write INTERVAL '{amount}' {}",
                            unit.trim_end_matches('S')
                        ))
                    }
                    _ => fault,
                })?;
            return Ok(interval(negative, text, qualifier, self.since(start)));
        }
        if signed {
            self.position -= 1;
        }
        let factor = self.interval_factor(sign)?;
        let unit = self.span();
        let qualifier = self.interval_qualifier()?;
        let one = interval(
            false,
            Text {
                value: "1".to_string(),
                span: unit,
            },
            qualifier,
            self.since(unit),
        );
        let kind = ExprKind::Binary {
            operator: BinaryOperator::Multiply,
            left: factor,
            right: one,
        };
        Ok(boxed(kind, self.since(start)))
    }

    /// A number, a name, or anything in parentheses.
    fn interval_factor(&mut self, first: Token) -> Parsed<Box<Expr>> {
        match first.kind {
            TokenKind::Minus | TokenKind::Plus => {
                let negative = self.bump().kind == TokenKind::Minus;
                let operand = self.number_only()?;
                if !negative {
                    return Ok(operand);
                }
                let operator = crate::ast::UnaryOperator::Minus;
                Ok(boxed(
                    ExprKind::Unary { operator, operand },
                    self.since(first.span),
                ))
            }
            TokenKind::LeftParen => {
                self.bump();
                let factor = self.boxed_expression()?;
                self.right_paren()?;
                Ok(factor)
            }
            TokenKind::QuotedName | TokenKind::Word if self.nth_is_name(0) => {
                let name = self.object_name("a name")?;
                let span = name.span;
                Ok(boxed(ExprKind::Name(name), span))
            }
            _ => self.number_only(),
        }
    }

    fn number_only(&mut self) -> Parsed<Box<Expr>> {
        match self.peek() {
            TokenKind::Integer | TokenKind::Decimal | TokenKind::Double => self.number(),
            _ => Err(self.expected("the length of the interval as a string")),
        }
    }

    pub(super) fn interval_qualifier(&mut self) -> Parsed<IntervalQualifier> {
        let (from, follow) = self.interval_unit(None)?;
        let mut qualifier = IntervalQualifier {
            from,
            from_precision: None,
            to: None,
            to_precision: None,
        };
        if self.eat_kind(TokenKind::LeftParen) {
            qualifier.from_precision = Some(self.interval_precision(LEADING_DIGITS_MAX)?);
            if from == TimeUnit::Second && self.eat_kind(TokenKind::Comma) {
                qualifier.to_precision = Some(self.interval_precision(FRACTION_DIGITS_MAX)?);
            }
            self.right_paren()?;
        }
        if !follow.is_empty() && self.eat("TO") {
            let (to, _) = self.interval_unit(Some(follow))?;
            qualifier.to = Some(to);
            if to == TimeUnit::Second && self.eat_kind(TokenKind::LeftParen) {
                qualifier.to_precision = Some(self.interval_precision(FRACTION_DIGITS_MAX)?);
                self.right_paren()?;
            }
        }
        Ok(qualifier)
    }

    fn interval_unit(&mut self, allowed: Option<&[TimeUnit]>) -> Parsed<(TimeUnit, &'static [TimeUnit])> {
        let fits = |unit: &TimeUnit| allowed.is_none_or(|allowed| allowed.contains(unit));
        let found = INTERVAL_UNITS
            .iter()
            .find(|(one, many, unit, _)| fits(unit) && (self.at(one) || self.at(many)));
        match found {
            Some((_, _, unit, follow)) => {
                self.bump();
                Ok((*unit, follow))
            }
            None => {
                let names: Vec<&str> = INTERVAL_UNITS
                    .iter()
                    .filter(|(_, _, unit, _)| fits(unit))
                    .map(|(one, ..)| *one)
                    .collect();
                Err(self.expected_words(&names))
            }
        }
    }

    fn interval_precision(&mut self, most: u8) -> Parsed<u8> {
        let (number, span) = self.unsigned("a number of digits")?;
        match u8::try_from(number) {
            Ok(number) if (1..=most).contains(&number) => Ok(number),
            _ => Err(Diagnostic::validation(
                span,
                format!("this part of an interval has 1 to {most} digits, not {number}"),
            )),
        }
    }

    /// A unit by its name: `DAY` in `EXTRACT(DAY FROM x)`.
    pub(super) fn time_unit(&mut self) -> Parsed<(TimeUnit, Span)> {
        if !matches!(self.peek(), TokenKind::Word | TokenKind::QuotedName) {
            return Err(self.expected("a unit of time"));
        }
        let word = self.text_of(self.span());
        if keywords::is_reserved(word) && !TIME_UNITS.iter().any(|(name, _)| name.eq_ignore_ascii_case(word))
        {
            return Err(self.expected("a unit of time"));
        }
        let name = self.any_name()?;
        match TIME_UNITS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(&name.name))
        {
            Some((_, unit)) => Ok((*unit, name.span)),
            None => Err(Diagnostic::validation(
                name.span,
                format!("unit of time '{}' is not known", name.name),
            )
            .maybe_hint(model::suggest::did_you_mean(
                &name.name,
                TIME_UNITS.iter().map(|(name, _)| *name),
            ))),
        }
    }
}

fn interval(negative: bool, text: Text, qualifier: IntervalQualifier, span: Span) -> Box<Expr> {
    let IntervalQualifier {
        from,
        from_precision,
        to,
        to_precision,
    } = qualifier;
    let literal = IntervalLiteral {
        negative,
        text,
        from,
        from_precision,
        to,
        to_precision,
    };
    boxed(ExprKind::Literal(Literal::Interval(literal)), span)
}

/// Four hexadecimal digits after `escape` are a character; the escape doubled is itself.
fn unescaped(text: &str, escape: char, span: Span) -> Parsed<String> {
    let fault = || {
        Diagnostic::parse(
            span,
            format!("'{escape}' in a Unicode string needs four hexadecimal digits"),
        )
    };
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut characters = text.chars();
    let mut buffer = [0; 2];
    while let Some(character) = characters.next() {
        if character != escape {
            units.extend_from_slice(character.encode_utf16(&mut buffer));
            continue;
        }
        let rest = characters.as_str();
        if rest.starts_with(escape) {
            characters.next();
            units.extend_from_slice(escape.encode_utf16(&mut buffer));
            continue;
        }
        let digits = rest
            .get(..4)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = digits
            .and_then(|digits| u16::from_str_radix(digits, 16).ok())
            .ok_or_else(fault)?;
        characters = rest[4..].chars();
        units.push(unit);
    }
    String::from_utf16(&units)
        .map_err(|_| Diagnostic::parse(span, "a Unicode string has half of a character"))
}
