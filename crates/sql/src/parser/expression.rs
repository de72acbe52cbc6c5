//! Expressions: operators by precedence, and what they stand between.
//!
//! The precedences are Calcite's. The functions that call each other for every level of nesting hand on boxes, so that
//! a level costs little stack.

use model::{Diagnostic, Span, TypeKind};

use super::{Parsed, Parser, object_name};
use crate::ast::{
    Argument, ArgumentValue, BinaryOperator, Expr, ExprKind, FunctionCall, Ident, JsonKind, Literal,
    ObjectName, Query, TypeName, UnaryOperator,
};
use crate::keywords;
use crate::lexer::TokenKind;

const OR: u8 = 22;
const AND: u8 = 24;
const NOT: u8 = 26;
const IS: u8 = 28;
const COMPARISON: u8 = 30;
/// IN, BETWEEN, LIKE and SIMILAR TO.
const PREDICATE: u8 = 32;
const SUM: u8 = 40;
/// `||` binds like `*`.
const PRODUCT: u8 = 60;

/// Chains of AND, OR and UNION ALL longer than this become balanced trees, so that any length of them is fine.
pub(super) const LEFT_DEEP_CHAIN_MAX: usize = 32;

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
    fn operators(&mut self, least: u8) -> Parsed<Box<Expr>> {
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
    fn operand(&mut self, least: u8) -> Parsed<Box<Expr>> {
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
            "FINAL" | "RUNNING" if self.nth_kind(2) == TokenKind::LeftParen && next == TokenKind::Word => {
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

    /// `(a - b) DAY TO SECOND`: the difference of two times, as an interval.
    fn difference(&mut self, start: Span, operand: Box<Expr>) -> Parsed<Box<Expr>> {
        let minus = matches!(
            &operand.kind,
            ExprKind::Binary {
                operator: BinaryOperator::Minus,
                ..
            }
        );
        if !minus || !self.at_any(&["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"]) {
            return Ok(operand);
        }
        let data_type = self.interval_type_here()?;
        self.grow()?;
        Ok(boxed(
            ExprKind::Cast {
                operand,
                data_type,
                is_try: false,
            },
            self.since(start),
        ))
    }

    /// `, b, c` behind `a`.
    fn rest_of_list(&mut self, first: Box<Expr>) -> Parsed<Vec<Expr>> {
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

    // -------------------------------------------------------------------------------------- predicates

    fn at_predicate(&self) -> bool {
        let n = usize::from(self.at("NOT"));
        ["IN", "BETWEEN", "LIKE"].iter().any(|word| self.nth_is(n, word))
            || self.nth_is(n, "SIMILAR") && self.nth_is(n + 1, "TO")
            || self.at("OVERLAPS")
    }

    fn predicate(&mut self, operand: Box<Expr>) -> Parsed<Box<Expr>> {
        let negated = self.eat("NOT");
        let word = self.bump().span;
        match self.text_of(word).to_ascii_uppercase().as_str() {
            "IN" => self.in_list(operand, negated),
            "BETWEEN" => self.between(operand, negated),
            "OVERLAPS" => self.overlaps(operand),
            "SIMILAR" => {
                self.bump();
                self.like(operand, true, negated)
            }
            _ => self.like(operand, false, negated),
        }
    }

    fn in_list(&mut self, operand: Box<Expr>, negated: bool) -> Parsed<Box<Expr>> {
        self.left_paren()?;
        if self.starts_query(0) {
            let query = self.query()?;
            self.right_paren()?;
            return self.folded(operand, |operand| ExprKind::InSubquery {
                operand,
                query,
                negated,
            });
        }
        let first = self.boxed_expression()?;
        if is_subquery(&first) && self.peek() != TokenKind::Comma {
            // Parentheses around the one query do not make a list of it.
            let query = if self.continues_query() {
                self.query_behind(first)?
            } else {
                subquery_of(first)?
            };
            self.right_paren()?;
            return self.folded(operand, |operand| ExprKind::InSubquery {
                operand,
                query,
                negated,
            });
        }
        let list = self.rest_of_list(first)?;
        self.list_end()?;
        self.folded(operand, |operand| ExprKind::InList {
            operand,
            list,
            negated,
        })
    }

    fn between(&mut self, operand: Box<Expr>, negated: bool) -> Parsed<Box<Expr>> {
        let symmetric = self.eat("SYMMETRIC");
        if !symmetric {
            self.eat("ASYMMETRIC");
        }
        let low = self.deeper(|parser| parser.operators(AND + 1))?;
        self.expect("AND")?;
        let high = self.operand(PREDICATE + 1)?;
        self.folded(operand, |operand| ExprKind::Between {
            operand,
            low,
            high,
            symmetric,
            negated,
        })
    }

    fn like(&mut self, operand: Box<Expr>, similar: bool, negated: bool) -> Parsed<Box<Expr>> {
        if self.at_any(&["ALL", "ANY", "SOME"]) && self.nth_kind(1) == TokenKind::LeftParen {
            return Err(self.unsupported(self.span(), "LIKE with ALL, ANY or SOME"));
        }
        // LIKE leans to the right.
        let pattern = self.deeper(|parser| parser.operators(PREDICATE))?;
        let escape = if self.eat("ESCAPE") {
            Some(self.operand(PREDICATE + 1)?)
        } else {
            None
        };
        self.folded(operand, |operand| ExprKind::Like {
            operand,
            pattern,
            escape,
            similar,
            negated,
        })
    }

    fn overlaps(&mut self, left: Box<Expr>) -> Parsed<Box<Expr>> {
        let right = self.operand(COMPARISON + 1)?;
        self.grow()?;
        let span = left.span.to(right.span);
        match (pair(left), pair(right)) {
            (Some(left), Some(right)) => Ok(boxed(ExprKind::Overlaps { left, right }, span)),
            _ => Err(Diagnostic::validation(span, "OVERLAPS needs two periods")
                .hint("write (a, b) OVERLAPS (c, d)")),
        }
    }

    fn at_is_distinct(&self) -> bool {
        self.at_all(&["IS", "DISTINCT", "FROM"]) || self.at_all(&["IS", "NOT", "DISTINCT", "FROM"])
    }

    fn is_distinct(&mut self, left: Box<Expr>) -> Parsed<Box<Expr>> {
        self.bump();
        let negated = self.eat("NOT");
        self.expect_all(&["DISTINCT", "FROM"])?;
        let right = self.operand(COMPARISON + 1)?;
        self.folded(left, |left| ExprKind::IsDistinctFrom { left, right, negated })
    }

    fn is_test(&mut self, operand: Box<Expr>) -> Parsed<Box<Expr>> {
        self.bump();
        let negated = self.eat("NOT");
        let word = self.text_of(self.span()).to_ascii_uppercase();
        let truth = |value| {
            move |operand| ExprKind::IsTruth {
                operand,
                value,
                negated,
            }
        };
        match word.as_str() {
            "NULL" => {
                self.bump();
                self.folded(operand, |operand| ExprKind::IsNull { operand, negated })
            }
            "TRUE" => {
                self.bump();
                self.folded(operand, truth(Some(true)))
            }
            "FALSE" => {
                self.bump();
                self.folded(operand, truth(Some(false)))
            }
            "UNKNOWN" => {
                self.bump();
                self.folded(operand, truth(None))
            }
            "JSON" => {
                self.bump();
                let kind = self.json_kind();
                self.folded(operand, |operand| ExprKind::IsJson {
                    operand,
                    kind,
                    negated,
                })
            }
            "A" | "EMPTY" => Err(self.unsupported(self.span(), "a test of a multiset")),
            _ => Err(self.expected_words(&["NULL", "TRUE", "FALSE", "UNKNOWN", "JSON", "DISTINCT FROM"])),
        }
    }

    fn json_kind(&mut self) -> JsonKind {
        if self.eat("SCALAR") {
            JsonKind::Scalar
        } else if self.eat("ARRAY") {
            JsonKind::Array
        } else if self.eat("OBJECT") {
            JsonKind::Object
        } else {
            self.eat("VALUE");
            JsonKind::Value
        }
    }

    /// A node over `operand` that reaches to the last token taken.
    fn folded(&mut self, operand: Box<Expr>, kind: impl FnOnce(Box<Expr>) -> ExprKind) -> Parsed<Box<Expr>> {
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

pub(super) fn boxed(kind: ExprKind, span: Span) -> Box<Expr> {
    Box::new(Expr { kind, span })
}

fn binary(operator: BinaryOperator, left: Box<Expr>, right: Box<Expr>) -> Box<Expr> {
    let span = left.span.to(right.span);
    boxed(
        ExprKind::Binary {
            operator,
            left,
            right,
        },
        span,
    )
}

fn row(fields: Vec<Expr>, explicit: bool, span: Span) -> Box<Expr> {
    boxed(ExprKind::Row { fields, explicit }, span)
}

pub(super) fn subquery(query: Box<Query>, span: Span) -> Box<Expr> {
    boxed(ExprKind::ScalarSubquery(query), span)
}

/// The query of a [`is_subquery`].
pub(super) fn subquery_of(expression: Box<Expr>) -> Parsed<Box<Query>> {
    match expression.kind {
        ExprKind::ScalarSubquery(query) => Ok(query),
        _ => Err(Diagnostic::parse(expression.span, "expected a query")),
    }
}

/// Unpacks a box into its place, so that the caller needs no room for what is in it.
pub(super) fn push(list: &mut Vec<Expr>, item: Box<Expr>) {
    list.push(*item);
}

pub(super) fn push_pair(list: &mut Vec<(Expr, Expr)>, first: Box<Expr>, second: Box<Expr>) {
    list.push((*first, *second));
}

pub(super) fn put(place: &mut Option<Expr>, expression: Box<Expr>) {
    *place = Some(*expression);
}

pub(super) fn is_subquery(expression: &Expr) -> bool {
    matches!(expression.kind, ExprKind::ScalarSubquery(_))
}

fn pair(expression: Box<Expr>) -> Option<Box<(Expr, Expr)>> {
    let ExprKind::Row { mut fields, .. } = expression.kind else {
        return None;
    };
    match (fields.pop(), fields.pop(), fields.pop()) {
        (Some(second), Some(first), None) => Some(Box::new((first, second))),
        _ => None,
    }
}

pub(super) fn plain_call(name: ObjectName, span: Span) -> FunctionCall {
    FunctionCall {
        name,
        parentheses: true,
        distinct: false,
        arguments: Vec::new(),
        order_by: Vec::new(),
        within_group: Vec::new(),
        null_treatment: None,
        filter: None,
        over: None,
        json: None,
        span,
    }
}

fn semantics(name: Ident, argument: Box<Expr>, span: Span) -> Box<Expr> {
    let mut call = FunctionCall {
        parentheses: false,
        ..plain_call(object_name(vec![name]), span)
    };
    push_positional(&mut call.arguments, argument);
    boxed(ExprKind::Function(call), span)
}

pub(super) fn push_positional(arguments: &mut Vec<Argument>, expression: Box<Expr>) {
    let span = expression.span;
    arguments.push(Argument {
        name: None,
        value: ArgumentValue::Expression(*expression),
        span,
    });
}

/// The height that [`chain`] puts above its items.
pub(super) fn chain_height(items: usize) -> usize {
    if items <= LEFT_DEEP_CHAIN_MAX {
        items.saturating_sub(1)
    } else {
        items.next_power_of_two().ilog2() as usize
    }
}

/// One tree of `items` under an associative operator: left-deep, or balanced if the chain is long. Not for no items.
pub(super) fn chain<T>(items: Vec<T>, combine: &mut impl FnMut(T, T) -> T) -> T {
    let mut level = items;
    if level.len() > LEFT_DEEP_CHAIN_MAX {
        while level.len() > 1 {
            let mut above = Vec::with_capacity(level.len().div_ceil(2));
            let mut pairs = level.into_iter();
            while let Some(left) = pairs.next() {
                above.push(match pairs.next() {
                    Some(right) => combine(left, right),
                    None => left,
                });
            }
            level = above;
        }
    }
    level.into_iter().reduce(combine).expect("a chain has an item")
}
