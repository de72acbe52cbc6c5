//! Expressions: operators by precedence, and what they stand between.
//!
//! The precedences are Calcite's. The functions that call each other for every level of nesting hand on boxes, so that
//! a level costs little stack.

use model::{Diagnostic, Span, TypeKind};

use super::tree::{
    binary, boxed, chain, chain_height, difference, is_subquery, plain_call, push, push_pair, row, semantics,
    subquery,
};
use super::{Parsed, Parser, object_name};
use crate::ast::{BinaryOperator, Expr, ExprKind, FunctionCall, Literal, TypeName, UnaryOperator};
use crate::keywords;
use crate::lexer::TokenKind;

const OR: u8 = 22;
pub(super) const AND: u8 = 24;
const NOT: u8 = 26;
const IS: u8 = 28;
pub(super) const COMPARISON: u8 = 30;
/// IN, BETWEEN, LIKE and SIMILAR TO.
pub(super) const PREDICATE: u8 = 32;
const SUM: u8 = 40;
/// `||` binds like `*`.
const PRODUCT: u8 = 60;

/// Operators that Flink's parser takes and that have no function behind them here.
const UNSUPPORTED_OPERATORS: &[&[&str]] = &[
    &["ILIKE"],
    &["RLIKE"],
    &["NOT", "ILIKE"],
    &["NOT", "RLIKE"],
    &["MEMBER", "OF"],
    &["SUBMULTISET", "OF"],
    &["NOT", "SUBMULTISET", "OF"],
    &["MULTISET"],
    &["CONTAINS"],
    &["EQUALS"],
    &["PRECEDES"],
    &["SUCCEEDS"],
    &["IMMEDIATELY", "PRECEDES"],
    &["IMMEDIATELY", "SUCCEEDS"],
    &["FORMAT", "JSON"],
];

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        Ok(*self.boxed_expression()?)
    }

    pub(super) fn boxed_expression(&mut self) -> Parsed<Box<Expr>> {
        self.deeper(|parser| parser.operators(0))
    }

    /// Operators that bind at least as strongly as `least`, and what stands between them.
    pub(super) fn operators(&mut self, least: u8) -> Parsed<Box<Expr>> {
        let mut left = self.prefix()?;
        loop {
            if let Some((operator, precedence)) = self.binary_operator() {
                if precedence < least {
                    return Ok(left);
                }
                left = match operator {
                    BinaryOperator::And | BinaryOperator::Or => {
                        self.logical_chain(left, operator, precedence)?
                    }
                    _ => self.binary(left, operator, precedence)?,
                };
            } else if PREDICATE >= least && self.at_predicate() {
                left = self.predicate(left)?;
            } else if IS >= least && self.at("IS") && !self.at_is_distinct() {
                left = self.is_test(left)?;
            } else if COMPARISON >= least && self.at_is_distinct() {
                left = self.is_distinct(left)?;
            } else {
                self.refuse_foreign_operator()?;
                return Ok(left);
            }
        }
    }

    /// An operand on the right side: its height counts beside that of the left side, not on top of it.
    pub(super) fn operand(&mut self, least: u8) -> Parsed<Box<Expr>> {
        let left = std::mem::replace(&mut self.tallest, 0);
        let operand = self.operators(least);
        self.tallest = self.tallest.max(left);
        operand
    }

    fn binary_operator(&self) -> Option<(BinaryOperator, u8)> {
        Some(match self.peek() {
            TokenKind::Equal => (BinaryOperator::Equal, COMPARISON),
            TokenKind::NotEqual => (BinaryOperator::NotEqual, COMPARISON),
            TokenKind::Less => (BinaryOperator::Less, COMPARISON),
            TokenKind::LessOrEqual => (BinaryOperator::LessOrEqual, COMPARISON),
            TokenKind::Greater => (BinaryOperator::Greater, COMPARISON),
            TokenKind::GreaterOrEqual => (BinaryOperator::GreaterOrEqual, COMPARISON),
            TokenKind::Plus => (BinaryOperator::Plus, SUM),
            TokenKind::Minus => (BinaryOperator::Minus, SUM),
            TokenKind::Star => (BinaryOperator::Multiply, PRODUCT),
            TokenKind::Slash => (BinaryOperator::Divide, PRODUCT),
            TokenKind::Percent => (BinaryOperator::Modulo, PRODUCT),
            TokenKind::Concat => (BinaryOperator::Concat, PRODUCT),
            TokenKind::Word if self.at("AND") => (BinaryOperator::And, AND),
            TokenKind::Word if self.at("OR") => (BinaryOperator::Or, OR),
            _ => return None,
        })
    }

    fn binary(&mut self, left: Box<Expr>, operator: BinaryOperator, precedence: u8) -> Parsed<Box<Expr>> {
        let sign = self.bump().span;
        if precedence == COMPARISON
            && self.at_any(&["ALL", "ANY", "SOME"])
            && self.nth_kind(1) == TokenKind::LeftParen
        {
            return Err(self
                .unsupported(sign.to(self.span()), "a comparison with ALL, ANY or SOME")
                .hint("use IN, EXISTS, or MIN and MAX in a subquery"));
        }
        let right = self.operand(precedence + 1)?;
        self.grow()?;
        Ok(binary(operator, left, right))
    }

    /// `a AND b AND ...`
    fn logical_chain(
        &mut self,
        first: Box<Expr>,
        operator: BinaryOperator,
        precedence: u8,
    ) -> Parsed<Box<Expr>> {
        let word = if operator == BinaryOperator::And {
            "AND"
        } else {
            "OR"
        };
        let mut operands = vec![first];
        while self.eat(word) {
            operands.push(self.operand(precedence + 1)?);
        }
        for _ in 0..chain_height(operands.len()) {
            self.grow()?;
        }
        Ok(chain(operands, &mut |left, right| binary(operator, left, right)))
    }

    fn prefix(&mut self) -> Parsed<Box<Expr>> {
        let start = self.span();
        let (operator, operand) = match self.peek() {
            TokenKind::Minus | TokenKind::Plus => {
                let operator = if self.bump().kind == TokenKind::Minus {
                    UnaryOperator::Minus
                } else {
                    UnaryOperator::Plus
                };
                (operator, self.deeper(|parser| parser.prefix())?)
            }
            TokenKind::Word if self.at("NOT") => {
                self.bump();
                (UnaryOperator::Not, self.deeper(|parser| parser.operators(NOT))?)
            }
            _ => return self.postfix(),
        };
        Ok(boxed(ExprKind::Unary { operator, operand }, self.since(start)))
    }

    /// An operand with its `[index]`es and `.field`s.
    fn postfix(&mut self) -> Parsed<Box<Expr>> {
        let start = self.span();
        let mut operand = self.primary()?;
        loop {
            match self.peek() {
                TokenKind::LeftBracket => {
                    self.bump();
                    let index = self.boxed_expression()?;
                    self.expect_kind(TokenKind::RightBracket, "']'")?;
                    self.grow()?;
                    operand = boxed(ExprKind::Index { operand, index }, self.since(start));
                }
                TokenKind::Dot => {
                    self.bump();
                    let field = self.name("the name of a field after '.'")?;
                    if self.peek() == TokenKind::LeftParen {
                        return Err(self.unsupported(field.span, "a call on a value"));
                    }
                    self.grow()?;
                    operand = boxed(ExprKind::Field { operand, field }, self.since(start));
                }
                _ => return Ok(operand),
            }
        }
    }

    /// An operand with its sign.
    pub(super) fn bare_value(&mut self) -> Parsed<Box<Expr>> {
        self.deeper(|parser| parser.prefix())
    }

    /// An operand without operators around it.
    pub(super) fn bare_operand(&mut self) -> Parsed<Box<Expr>> {
        self.deeper(|parser| parser.postfix())
    }

    fn primary(&mut self) -> Parsed<Box<Expr>> {
        match self.peek() {
            TokenKind::LeftParen => self.parenthesized(),
            TokenKind::Word => self.word_expression(),
            TokenKind::QuotedName => self.name_or_call(),
            TokenKind::Integer | TokenKind::Decimal | TokenKind::Double => self.number(),
            TokenKind::String
            | TokenKind::UnicodeString
            | TokenKind::CharsetString
            | TokenKind::NationalString
            | TokenKind::BinaryString => self.string_literal(),
            TokenKind::Question => Err(self.unsupported(self.span(), "the parameter '?'")),
            TokenKind::LeftBrace => Err(self.unsupported(self.span(), "an escape in braces")),
            _ => Err(self.expected("an expression")),
        }
    }

    /// What begins with a word that may be a keyword.
    fn word_expression(&mut self) -> Parsed<Box<Expr>> {
        let start = self.span();
        let word = self.text_of(start).to_ascii_uppercase();
        let next = self.nth_kind(1);
        match word.as_str() {
            "NULL" => self.constant(Literal::Null),
            "TRUE" => self.constant(Literal::Boolean(true)),
            "FALSE" => self.constant(Literal::Boolean(false)),
            "UNKNOWN" => self.unknown(),
            "CASE" => self.case(),
            "CAST" | "TRY_CAST" => self.cast(word == "TRY_CAST"),
            "SAFE_CAST" => Err(self.unsupported(start, "SAFE_CAST").hint("use TRY_CAST")),
            "INTERVAL" => self.interval(),
            "DATE" | "TIME" | "TIMESTAMP" if next == TokenKind::String => self.datetime_literal(&word),
            "TIMESTAMP" if self.nth_is(1, "WITH") => Err(self
                .unsupported(start, "a literal with time zone")
                .hint("use CAST('...' AS TIMESTAMP_LTZ(3))")),
            "EXISTS" if next == TokenKind::LeftParen => self.exists(),
            "ROW" if next == TokenKind::LeftParen => self.row(),
            "ARRAY" if next == TokenKind::LeftBracket => self.array(),
            "MAP" if next == TokenKind::LeftBracket => self.map(),
            "ARRAY" | "MAP" if next == TokenKind::LeftParen && self.starts_query(2) => {
                Err(self.unsupported(start, &format!("{word} of a query")))
            }
            "ARRAY" if next == TokenKind::LeftParen => self.call(),
            "MULTISET" if matches!(next, TokenKind::LeftBracket | TokenKind::LeftParen) => {
                Err(self.unsupported(start, "a literal MULTISET").hint("use COLLECT"))
            }
            "UNIQUE" | "PERIOD" if next == TokenKind::LeftParen => Err(self.unsupported(start, &word)),
            "NEXT" | "CURRENT" if self.nth_is(1, "VALUE") => Err(self.unsupported(start, "a sequence")),
            "RUNNING" if next == TokenKind::LeftParen => self.match_semantics(),
            _ if next == TokenKind::LeftParen => self.call(),
            "FINAL" | "RUNNING"
                if next == TokenKind::Word
                    && matches!(self.nth_kind(2), TokenKind::LeftParen | TokenKind::Dot) =>
            {
                self.match_semantics()
            }
            _ if keywords::is_context_variable(&word) => self.context_variable(),
            _ => self.name_or_call(),
        }
    }

    /// `a.b.c`, or the call of a function with such a name.
    fn name_or_call(&mut self) -> Parsed<Box<Expr>> {
        let mut parts = vec![self.name("an expression")?];
        while self.peek() == TokenKind::Dot {
            self.bump();
            parts.push(self.name("a name after '.'")?);
        }
        let name = object_name(parts);
        if self.peek() == TokenKind::LeftParen {
            return self.deeper(|parser| parser.call_of(name));
        }
        let span = name.span;
        Ok(boxed(ExprKind::Name(name), span))
    }

    /// The call of a function whose name may be a reserved word.
    fn call(&mut self) -> Parsed<Box<Expr>> {
        self.deeper(|parser| parser.call_of_word())
    }

    fn context_variable(&mut self) -> Parsed<Box<Expr>> {
        let name = self.any_name()?;
        let span = name.span;
        let call = FunctionCall {
            parentheses: false,
            ..plain_call(object_name(vec![name]), span)
        };
        Ok(boxed(ExprKind::Function(call), span))
    }

    /// `FINAL LAST(...)`: a call of FINAL without parentheses, the call of LAST its argument.
    fn match_semantics(&mut self) -> Parsed<Box<Expr>> {
        let name = self.any_name()?;
        let argument = self.deeper(|parser| parser.primary())?;
        let span = self.since(name.span);
        Ok(semantics(name, argument, span))
    }

    /// `(expression)`, `(a, b)`, or a query that is a value.
    fn parenthesized(&mut self) -> Parsed<Box<Expr>> {
        let start = self.left_paren()?;
        if self.starts_query(0) {
            let query = self.query()?;
            self.right_paren()?;
            return Ok(subquery(query, self.since(start)));
        }
        let first = self.boxed_expression()?;
        if self.continues_query() && is_subquery(&first) {
            // `((SELECT ...) UNION ...)`: the first query looked like a value.
            let query = self.query_behind(first)?;
            self.right_paren()?;
            return Ok(subquery(query, self.since(start)));
        }
        if self.peek() != TokenKind::Comma {
            self.list_end()?;
            return self.difference(start, first);
        }
        let fields = self.rest_of_list(first)?;
        self.list_end()?;
        Ok(row(fields, false, self.since(start)))
    }

    /// What stands in parentheses, which belong to its place: the text there must read as the same expression.
    ///
    /// `(a - b) DAY TO SECOND` is the difference of two times, as an interval.
    fn difference(&mut self, start: Span, mut operand: Box<Expr>) -> Parsed<Box<Expr>> {
        operand.span = self.since(start);
        if !self.at_any(&["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"]) {
            return Ok(operand);
        }
        match operand.kind {
            ExprKind::Binary {
                operator: BinaryOperator::Minus,
                left,
                right,
            } => {
                let data_type = self.interval_type_here()?;
                self.grow()?;
                Ok(difference(left, right, data_type, self.since(start)))
            }
            kind => {
                operand.kind = kind;
                Ok(operand)
            }
        }
    }

    /// `, b, c` behind `a`.
    pub(super) fn rest_of_list(&mut self, first: Box<Expr>) -> Parsed<Vec<Expr>> {
        let mut list = Vec::new();
        push(&mut list, first);
        while self.eat_kind(TokenKind::Comma) {
            let item = self.boxed_expression()?;
            push(&mut list, item);
        }
        Ok(list)
    }

    /// `a, b, c`
    pub(super) fn expressions(&mut self) -> Parsed<Vec<Expr>> {
        let first = self.boxed_expression()?;
        self.rest_of_list(first)
    }

    fn row(&mut self) -> Parsed<Box<Expr>> {
        let start = self.bump().span;
        self.left_paren()?;
        let fields = self.expressions()?;
        self.list_end()?;
        Ok(row(fields, true, self.since(start)))
    }

    fn array(&mut self) -> Parsed<Box<Expr>> {
        let start = self.bump().span;
        let elements = self.bracketed()?;
        Ok(boxed(ExprKind::Array(elements), self.since(start)))
    }

    fn map(&mut self) -> Parsed<Box<Expr>> {
        let start = self.bump().span;
        let elements = self.bracketed()?;
        let span = self.since(start);
        if elements.len() % 2 != 0 {
            return Err(Diagnostic::validation(span, "a MAP needs as many values as keys")
                .hint("write MAP[key, value, key, value, ...]"));
        }
        let mut entries = Vec::with_capacity(elements.len() / 2);
        let mut elements = elements.into_iter();
        while let (Some(key), Some(value)) = (elements.next(), elements.next()) {
            entries.push((key, value));
        }
        Ok(boxed(ExprKind::Map(entries), span))
    }

    fn bracketed(&mut self) -> Parsed<Vec<Expr>> {
        self.expect_kind(TokenKind::LeftBracket, "'['")?;
        if self.eat_kind(TokenKind::RightBracket) {
            return Ok(Vec::new());
        }
        let elements = self.expressions()?;
        self.expect_kind(TokenKind::RightBracket, "',' or ']'")?;
        Ok(elements)
    }

    fn exists(&mut self) -> Parsed<Box<Expr>> {
        let start = self.bump().span;
        let operand = self.parenthesized()?;
        let span = self.since(start);
        match operand.kind {
            ExprKind::ScalarSubquery(query) => Ok(boxed(ExprKind::Exists { query }, span)),
            _ => Err(Diagnostic::validation(span, "EXISTS needs a query").hint("write EXISTS (SELECT ...)")),
        }
    }

    /// UNKNOWN is the BOOLEAN that is NULL.
    fn unknown(&mut self) -> Parsed<Box<Expr>> {
        let span = self.span();
        let operand = self.constant(Literal::Null)?;
        let data_type = TypeName {
            data_type: TypeKind::Boolean.nullable(),
            span,
        };
        Ok(boxed(
            ExprKind::Cast {
                operand,
                data_type,
                is_try: false,
            },
            span,
        ))
    }

    fn case(&mut self) -> Parsed<Box<Expr>> {
        let start = self.bump().span;
        let operand = if self.at("WHEN") {
            None
        } else {
            Some(self.boxed_expression()?)
        };
        let mut branches = Vec::new();
        while self.eat("WHEN") {
            let condition = self.boxed_expression()?;
            if self.peek() == TokenKind::Comma {
                return Err(self.several_values());
            }
            self.expect("THEN")?;
            let value = self.boxed_expression()?;
            push_pair(&mut branches, condition, value);
        }
        if branches.is_empty() {
            return Err(self.expected_words(&["WHEN"]));
        }
        let otherwise = if self.eat("ELSE") {
            Some(self.boxed_expression()?)
        } else {
            None
        };
        if !self.eat("END") {
            let words: &[&str] = if otherwise.is_some() {
                &["END"]
            } else {
                &["WHEN", "ELSE", "END"]
            };
            return Err(self.expected_words(words));
        }
        Ok(boxed(
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            },
            self.since(start),
        ))
    }

    fn several_values(&self) -> Diagnostic {
        self.unsupported(self.span(), "WHEN with several values")
            .hint("write one WHEN for each")
    }

    fn cast(&mut self, is_try: bool) -> Parsed<Box<Expr>> {
        let start = self.bump().span;
        self.left_paren()?;
        let operand = self.boxed_expression()?;
        self.expect("AS")?;
        let data_type = self.cast_type()?;
        self.right_paren()?;
        Ok(boxed(
            ExprKind::Cast {
                operand,
                data_type,
                is_try,
            },
            self.since(start),
        ))
    }

    /// A node over `operand` that reaches to the last token taken.
    pub(super) fn folded(
        &mut self,
        operand: Box<Expr>,
        kind: impl FnOnce(Box<Expr>) -> ExprKind,
    ) -> Parsed<Box<Expr>> {
        self.grow()?;
        let span = self.since(operand.span);
        Ok(boxed(kind(operand), span))
    }

    /// Operators of other dialects, and those that Flink only parses.
    fn refuse_foreign_operator(&self) -> Parsed<()> {
        let span = self.span();
        match self.peek() {
            TokenKind::BangEqual => {
                Err(Diagnostic::parse(span, "'!=' is not an operator of Flink SQL").hint("write <>"))
            }
            TokenKind::Colon if self.nth_kind(1) == TokenKind::Colon => Err(Diagnostic::parse(
                span.to(self.nth(1).span),
                "'::' is not an operator of Flink SQL",
            )
            .hint("write CAST(x AS type)")),
            TokenKind::Equal => Ok(()),
            TokenKind::Word if self.at("AT") => {
                Err(Diagnostic::parse(span, "AT TIME ZONE is not part of Flink SQL")
                    .hint("use CONVERT_TZ, or CAST to TIMESTAMP_LTZ and the session's time zone"))
            }
            TokenKind::Word => match UNSUPPORTED_OPERATORS.iter().find(|words| self.at_all(words)) {
                Some(words) => Err(self.unsupported(span, &words.join(" "))),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}
