//! Calls of functions: their arguments, what may follow the parentheses, and the functions with a syntax of their own.

use model::Diagnostic;

use super::tree::{boxed, is_subquery, plain_call, push_positional, subquery, subquery_of};
use super::{Parsed, Parser, object_name};
use crate::ast::{
    Argument, ArgumentValue, Expr, ExprKind, FunctionCall, Ident, NullTreatment, ObjectName, OrderItem,
    TableRef, TableRefKind, TrimSide,
};
use crate::keywords;
use crate::lexer::TokenKind;

impl Parser<'_> {
    /// A call of the word at hand, which may be reserved and may have a syntax of its own.
    pub(super) fn call_of_word(&mut self) -> Parsed<Box<Expr>> {
        let word = self.text_of(self.span()).to_ascii_uppercase();
        match word.as_str() {
            "EXTRACT" => self.extract(),
            "CEIL" | "CEILING" | "FLOOR" => self.round(),
            "POSITION" => self.position_of(),
            "TRIM" => self.trim(),
            "OVERLAY" => self.overlay(),
            "SUBSTRING" => self.substring(),
            "TIMESTAMPADD" | "TIMESTAMPDIFF" => self.timestamp_arithmetic(),
            "JSON_VALUE" | "JSON_QUERY" | "JSON_EXISTS" => self.json_path_call(&word),
            "JSON_OBJECT" | "JSON_OBJECTAGG" => self.json_object_call(&word),
            "JSON_ARRAY" | "JSON_ARRAYAGG" => self.json_array_call(&word),
            "CLASSIFIER" | "MATCH_NUMBER" => {
                let name = self.any_name()?;
                self.left_paren()?;
                self.right_paren()?;
                let span = self.since(name.span);
                Ok(boxed(
                    ExprKind::Function(plain_call(object_name(vec![name]), span)),
                    span,
                ))
            }
            "CONVERT" => Err(self
                .unsupported(self.span(), "CONVERT")
                .hint("use CAST(x AS type)")),
            "GROUPING" | "TRANSLATE" => {
                let name = self.any_name()?;
                self.call_of(object_name(vec![name]))
            }
            "DESCRIPTOR" => Err(Diagnostic::validation(
                self.span(),
                "DESCRIPTOR is only an argument of a table function",
            )),
            "DATE_TRUNC" | "DATETIME_TRUNC" | "TIMESTAMP_TRUNC" | "TIME_TRUNC" => {
                Err(self.unsupported(self.span(), &word).hint("use FLOOR(x TO MONTH)"))
            }
            "DATE_DIFF" | "DATETIME_DIFF" | "TIMESTAMP_DIFF" | "TIME_DIFF" => Err(self
                .unsupported(self.span(), &word)
                .hint("use TIMESTAMPDIFF(DAY, a, b)")),
            "ARRAY" => {
                let name = self.any_name()?;
                self.call_of(object_name(vec![name]))
            }
            _ if keywords::is_reserved_function(&word) => {
                let name = self.any_name()?;
                self.call_of(object_name(vec![name]))
            }
            _ => {
                let name = self.name("an expression")?;
                self.call_of(object_name(vec![name]))
            }
        }
    }

    /// The call of `name`, which is already taken.
    pub(super) fn call_of(&mut self, name: ObjectName) -> Parsed<Box<Expr>> {
        let call = self.function_call(name, false)?;
        Ok(function(call))
    }

    /// Arguments and what follows them. Where tables are called for, a query in parentheses is one.
    pub(super) fn function_call(&mut self, name: ObjectName, of_tables: bool) -> Parsed<Box<FunctionCall>> {
        let start = name.span;
        let mut call = Box::new(plain_call(name, start));
        self.left_paren()?;
        call.distinct = self.eat("DISTINCT");
        let quantified = call.distinct || self.eat("ALL");
        if self.peek() != TokenKind::RightParen || quantified {
            let star = self.span();
            if !quantified && self.eat_kind(TokenKind::Star) {
                call.arguments.push(Argument {
                    name: None,
                    value: ArgumentValue::Wildcard,
                    span: star,
                });
            } else {
                call.arguments = self.comma_list(|parser| parser.argument(of_tables))?;
            }
            call.null_treatment = self.null_treatment();
            if self.at_all(&["ORDER", "BY"]) && is_ordered_aggregate(&call.name) {
                call.order_by = self.order_by()?;
            }
        }
        if self.at("USING") {
            return Err(self.unsupported(self.span(), "a conversion between character sets"));
        }
        self.list_end()?;
        if !of_tables {
            self.behind_call(&mut call)?;
        }
        call.span = self.since(start);
        Ok(call)
    }

    /// `WITHIN GROUP`, `RESPECT | IGNORE NULLS`, `FILTER` and `OVER`.
    fn behind_call(&mut self, call: &mut FunctionCall) -> Parsed<()> {
        if call.null_treatment.is_none() {
            call.null_treatment = self.null_treatment();
        }
        if self.at_all(&["WITHIN", "DISTINCT"]) {
            return Err(self.unsupported(self.span(), "WITHIN DISTINCT"));
        }
        call.within_group = self.within_group()?;
        if self.at("FILTER") && self.nth_kind(1) == TokenKind::LeftParen {
            self.bump();
            self.left_paren()?;
            self.expect("WHERE")?;
            call.filter = Some(self.boxed_expression()?);
            self.right_paren()?;
        }
        if call.null_treatment.is_none() {
            call.null_treatment = self.null_treatment();
        }
        if self.eat("OVER") {
            call.over = Some(self.over_clause()?);
        }
        Ok(())
    }

    fn null_treatment(&mut self) -> Option<NullTreatment> {
        if self.eat_all(&["RESPECT", "NULLS"]) {
            Some(NullTreatment::Respect)
        } else if self.eat_all(&["IGNORE", "NULLS"]) {
            Some(NullTreatment::Ignore)
        } else {
            None
        }
    }

    pub(super) fn within_group(&mut self) -> Parsed<Vec<OrderItem>> {
        if !self.eat_all(&["WITHIN", "GROUP"]) {
            return Ok(Vec::new());
        }
        self.left_paren()?;
        let items = self.order_by()?;
        self.right_paren()?;
        Ok(items)
    }

    // --------------------------------------------------------------------------------------- arguments

    fn argument(&mut self, of_tables: bool) -> Parsed<Argument> {
        let start = self.span();
        let mut name = None;
        if self.nth_kind(1) == TokenKind::Arrow {
            name = Some(self.name("the name of an argument")?);
            self.bump();
        }
        let value = self.argument_value(of_tables)?;
        Ok(Argument {
            name,
            value,
            span: self.since(start),
        })
    }

    fn argument_value(&mut self, of_tables: bool) -> Parsed<ArgumentValue> {
        if self.eat("DEFAULT") {
            return Ok(ArgumentValue::Default);
        }
        if self.at("DESCRIPTOR") && self.nth_kind(1) == TokenKind::LeftParen {
            self.bump();
            return Ok(ArgumentValue::Descriptor(self.name_list("the name of a column")?));
        }
        if self.at("TABLE") {
            return self.table_argument();
        }
        if self.at("MODEL") && self.nth_is_name(1) {
            return Err(self.unsupported(self.span(), "a model"));
        }
        if self.starts_query(0) {
            return self.query_argument(of_tables);
        }
        let mut expression = self.boxed_expression()?;
        if is_subquery(&expression) && self.continues_query() {
            let start = expression.span;
            let query = self.query_behind(expression)?;
            expression = subquery(query, self.since(start));
        }
        if is_subquery(&expression) && (of_tables || self.at_all(&["PARTITION", "BY"])) {
            let span = expression.span;
            let query = subquery_of(expression)?;
            return self.partitioned(subquery_table(query, span));
        }
        if self.at_all(&["PARTITION", "BY"]) {
            return Err(self
                .expected("',' or ')'")
                .hint("a table argument begins with TABLE"));
        }
        Ok(ArgumentValue::Expression(*expression))
    }

    /// `TABLE t [PARTITION BY ...] [ORDER BY ...]`
    fn table_argument(&mut self) -> Parsed<ArgumentValue> {
        let start = self.bump().span;
        let name = self.object_name("the name of a table")?;
        let kind = TableRefKind::Table {
            name,
            hints: Vec::new(),
            system_time: None,
        };
        self.partitioned(TableRef {
            kind,
            alias: None,
            span: self.since(start),
        })
    }

    /// A query without parentheses of its own.
    fn query_argument(&mut self, of_tables: bool) -> Parsed<ArgumentValue> {
        let query = self.query()?;
        let span = query.span;
        if of_tables {
            return self.partitioned(subquery_table(query, span));
        }
        Ok(ArgumentValue::Expression(*subquery(query, span)))
    }

    fn partitioned(&mut self, table: TableRef) -> Parsed<ArgumentValue> {
        let mut partition_by = Vec::new();
        let mut order_by = Vec::new();
        if self.eat_all(&["PARTITION", "BY"]) {
            let names = if self.peek() == TokenKind::LeftParen {
                self.name_list("the name of a column")?
            } else {
                vec![self.name("the name of a column")?]
            };
            partition_by = names.into_iter().map(name_expression).collect();
        }
        if self.at_all(&["ORDER", "BY"]) {
            self.position += 2;
            order_by = if self.eat_kind(TokenKind::LeftParen) {
                let items = self.comma_list(|parser| parser.order_item())?;
                self.list_end()?;
                items
            } else {
                vec![self.order_item()?]
            };
        }
        Ok(ArgumentValue::Table {
            table: Box::new(table),
            partition_by,
            order_by,
        })
    }

    // ---------------------------------------------------------------------------- syntaxes of their own

    /// `EXTRACT(unit FROM x)`
    fn extract(&mut self) -> Parsed<Box<Expr>> {
        let start = self.bump().span;
        self.left_paren()?;
        let (unit, _) = self.time_unit()?;
        self.expect("FROM")?;
        let operand = self.boxed_expression()?;
        self.right_paren()?;
        Ok(boxed(ExprKind::Extract { unit, operand }, self.since(start)))
    }

    /// `CEIL(x)` and `FLOOR(x)`, also `TO unit`.
    fn round(&mut self) -> Parsed<Box<Expr>> {
        let function = self.any_name()?;
        self.left_paren()?;
        let operand = self.boxed_expression()?;
        if self.eat("TO") {
            let (unit, _) = self.time_unit()?;
            self.right_paren()?;
            let span = self.since(function.span);
            return Ok(boxed(
                ExprKind::RoundToUnit {
                    function,
                    operand,
                    unit,
                },
                span,
            ));
        }
        self.right_paren()?;
        let span = self.since(function.span);
        let mut call = plain_call(object_name(vec![function]), span);
        push_positional(&mut call.arguments, operand);
        Ok(boxed(ExprKind::Function(call), span))
    }

    /// `POSITION(a IN b [FROM c])`
    fn position_of(&mut self) -> Parsed<Box<Expr>> {
        let start = self.bump().span;
        self.left_paren()?;
        let needle = self.bare_operand()?;
        self.expect("IN")?;
        let haystack = self.boxed_expression()?;
        let from = if self.eat("FROM") {
            Some(self.boxed_expression()?)
        } else {
            None
        };
        self.right_paren()?;
        Ok(boxed(
            ExprKind::Position {
                needle,
                haystack,
                from,
            },
            self.since(start),
        ))
    }

    /// `TRIM([BOTH | LEADING | TRAILING] [characters] [FROM] x)`
    fn trim(&mut self) -> Parsed<Box<Expr>> {
        let start = self.bump().span;
        self.left_paren()?;
        let side = if self.eat("BOTH") {
            Some(TrimSide::Both)
        } else if self.eat("LEADING") {
            Some(TrimSide::Leading)
        } else if self.eat("TRAILING") {
            Some(TrimSide::Trailing)
        } else {
            None
        };
        let first = if self.at("FROM") && side.is_some() {
            None
        } else {
            Some(self.boxed_expression()?)
        };
        let second = if self.eat("FROM") {
            Some(self.boxed_expression()?)
        } else {
            None
        };
        self.right_paren()?;
        let side = side.unwrap_or(TrimSide::Both);
        let span = self.since(start);
        match (first, second) {
            (characters, Some(operand)) => Ok(boxed(
                ExprKind::Trim {
                    side,
                    characters,
                    operand,
                },
                span,
            )),
            (Some(operand), None) => Ok(boxed(
                ExprKind::Trim {
                    side,
                    characters: None,
                    operand,
                },
                span,
            )),
            (None, None) => Err(self.expected("an expression")),
        }
    }

    /// `OVERLAY(a PLACING b FROM c [FOR d])` is a call with three or four arguments.
    fn overlay(&mut self) -> Parsed<Box<Expr>> {
        let name = self.any_name()?;
        self.left_paren()?;
        let mut arguments = Vec::new();
        self.push_argument(&mut arguments)?;
        self.expect("PLACING")?;
        self.push_argument(&mut arguments)?;
        self.expect("FROM")?;
        self.push_argument(&mut arguments)?;
        if self.eat("FOR") {
            self.push_argument(&mut arguments)?;
        }
        self.right_paren()?;
        self.special_call(name, arguments)
    }

    /// `SUBSTRING(a FROM b [FOR c])` and with commas: a call with two or three arguments.
    fn substring(&mut self) -> Parsed<Box<Expr>> {
        let name = self.any_name()?;
        self.left_paren()?;
        let mut arguments = Vec::new();
        self.push_argument(&mut arguments)?;
        if !self.eat("FROM") && !self.eat_kind(TokenKind::Comma) {
            return Err(self.expected("',' or FROM"));
        }
        self.push_argument(&mut arguments)?;
        if self.eat("FOR") || self.eat_kind(TokenKind::Comma) {
            self.push_argument(&mut arguments)?;
        }
        self.right_paren()?;
        self.special_call(name, arguments)
    }

    /// `TIMESTAMPADD(unit, a, b)` and `TIMESTAMPDIFF(unit, a, b)`
    fn timestamp_arithmetic(&mut self) -> Parsed<Box<Expr>> {
        let name = self.any_name()?;
        self.left_paren()?;
        let (unit, span) = self.time_unit()?;
        let mut arguments = vec![Argument {
            name: None,
            value: ArgumentValue::Unit(unit),
            span,
        }];
        for _ in 0..2 {
            self.expect_kind(TokenKind::Comma, "','")?;
            self.push_argument(&mut arguments)?;
        }
        self.right_paren()?;
        self.special_call(name, arguments)
    }

    /// One expression as a positional argument.
    pub(super) fn push_argument(&mut self, arguments: &mut Vec<Argument>) -> Parsed<()> {
        let argument = self.boxed_expression()?;
        push_positional(arguments, argument);
        Ok(())
    }

    pub(super) fn special_call(&mut self, name: Ident, arguments: Vec<Argument>) -> Parsed<Box<Expr>> {
        let span = self.since(name.span);
        let call = FunctionCall {
            arguments,
            ..plain_call(object_name(vec![name]), span)
        };
        Ok(boxed(ExprKind::Function(call), span))
    }
}

fn function(call: Box<FunctionCall>) -> Box<Expr> {
    let span = call.span;
    boxed(ExprKind::Function(*call), span)
}

fn name_expression(name: Ident) -> Expr {
    let span = name.span;
    Expr {
        kind: ExprKind::Name(object_name(vec![name])),
        span,
    }
}

fn subquery_table(query: Box<crate::ast::Query>, span: model::Span) -> TableRef {
    TableRef {
        kind: TableRefKind::Subquery {
            query,
            lateral: false,
        },
        alias: None,
        span,
    }
}

/// Only ARRAY_AGG takes ORDER BY inside its parentheses.
fn is_ordered_aggregate(name: &ObjectName) -> bool {
    matches!(name.parts.as_slice(), [one] if one.name.eq_ignore_ascii_case("ARRAY_AGG"))
}
