//! The functions on JSON, with the clauses that only they have.

use model::Diagnostic;

use super::tree::{boxed, plain_call, push_positional};
use super::{Parsed, Parser, object_name};
use crate::ast::{Argument, ArgumentValue, Expr, ExprKind, JsonBehavior, JsonClauses, JsonWrapper};
use crate::lexer::TokenKind;

impl Parser<'_> {
    /// `JSON_VALUE(x, path clauses...)` and its like.
    pub(super) fn json_path_call(&mut self, word: &str) -> Parsed<Box<Expr>> {
        let name = self.any_name()?;
        self.left_paren()?;
        let mut arguments = Vec::new();
        self.push_argument(&mut arguments)?;
        self.expect_kind(TokenKind::Comma, "','")?;
        self.push_argument(&mut arguments)?;
        if self.at("PASSING") {
            return Err(self.unsupported(self.span(), "PASSING"));
        }
        let mut clauses = JsonClauses::default();
        if word != "JSON_EXISTS" && self.eat("RETURNING") {
            clauses.returning = Some(self.cast_type()?);
        }
        if word == "JSON_QUERY" {
            clauses.wrapper = self.json_wrapper()?;
        }
        while self.peek() != TokenKind::RightParen {
            self.json_behavior(word, &mut clauses)?;
        }
        self.right_paren()?;
        let span = self.since(name.span);
        let mut call = plain_call(object_name(vec![name]), span);
        call.arguments = arguments;
        call.json = some_clauses(clauses);
        Ok(boxed(ExprKind::Function(call), span))
    }

    fn json_wrapper(&mut self) -> Parsed<Option<JsonWrapper>> {
        let wrapper = if self.eat("WITHOUT") {
            JsonWrapper::Without
        } else if self.eat("WITH") {
            if self.eat("CONDITIONAL") {
                JsonWrapper::WithConditional
            } else {
                self.eat("UNCONDITIONAL");
                JsonWrapper::WithUnconditional
            }
        } else {
            return Ok(None);
        };
        self.eat("ARRAY");
        self.expect("WRAPPER")?;
        Ok(Some(wrapper))
    }

    /// `behavior ON EMPTY` or `behavior ON ERROR`
    fn json_behavior(&mut self, word: &str, clauses: &mut JsonClauses) -> Parsed<()> {
        let start = self.span();
        let behavior = match word {
            "JSON_VALUE" if self.eat("DEFAULT") => JsonBehavior::Default(self.boxed_expression()?),
            "JSON_QUERY" if self.eat("EMPTY") => {
                if self.eat("OBJECT") {
                    JsonBehavior::EmptyObject
                } else {
                    self.expect("ARRAY")?;
                    JsonBehavior::EmptyArray
                }
            }
            "JSON_EXISTS" if self.eat("TRUE") => JsonBehavior::True,
            "JSON_EXISTS" if self.eat("FALSE") => JsonBehavior::False,
            "JSON_EXISTS" if self.eat("UNKNOWN") => JsonBehavior::Unknown,
            "JSON_VALUE" | "JSON_QUERY" if self.eat("NULL") => JsonBehavior::Null,
            _ if self.eat("ERROR") => JsonBehavior::Error,
            _ => return Err(self.expected("')'")),
        };
        self.expect("ON")?;
        let slot = if word != "JSON_EXISTS" && self.eat("EMPTY") {
            &mut clauses.on_empty
        } else {
            self.expect("ERROR")?;
            &mut clauses.on_error
        };
        if slot.replace(behavior).is_some() {
            return Err(Diagnostic::validation(
                self.since(start),
                "the same clause stands here twice",
            ));
        }
        Ok(())
    }

    /// `JSON_OBJECT([KEY] k VALUE v, ... [NULL ON NULL])`; JSON_OBJECTAGG takes exactly one pair.
    pub(super) fn json_object_call(&mut self, word: &str) -> Parsed<Box<Expr>> {
        let name = self.any_name()?;
        self.left_paren()?;
        let mut arguments = Vec::new();
        if word == "JSON_OBJECTAGG" {
            arguments.push(self.json_entry()?);
        } else if self.peek() != TokenKind::RightParen && !self.at_null_clause() {
            arguments = self.comma_list(|parser| parser.json_entry())?;
        }
        let null_on_null = self.null_clause();
        self.list_end()?;
        let span = self.since(name.span);
        let mut call = plain_call(object_name(vec![name]), span);
        call.arguments = arguments;
        call.json = some_clauses(JsonClauses {
            null_on_null,
            ..JsonClauses::default()
        });
        Ok(boxed(ExprKind::Function(call), span))
    }

    fn json_entry(&mut self) -> Parsed<Argument> {
        let start = self.span();
        let explicit = self.at("KEY") && self.nth_kind(1) != TokenKind::Dot;
        if explicit {
            self.bump();
        }
        let key = self.expression()?;
        if explicit || self.peek() != TokenKind::Colon {
            self.expect("VALUE")?;
        } else {
            self.bump();
        }
        let value = self.expression()?;
        Ok(Argument {
            name: None,
            value: ArgumentValue::KeyValue { key, value },
            span: self.since(start),
        })
    }

    /// `JSON_ARRAY(a, b, ... [NULL ON NULL])`; JSON_ARRAYAGG takes exactly one value and may order them.
    pub(super) fn json_array_call(&mut self, word: &str) -> Parsed<Box<Expr>> {
        let name = self.any_name()?;
        let start = name.span;
        let mut call = plain_call(object_name(vec![name]), start);
        self.left_paren()?;
        if word == "JSON_ARRAYAGG" {
            self.push_argument(&mut call.arguments)?;
            if self.at_all(&["ORDER", "BY"]) {
                call.order_by = self.order_by()?;
            }
        } else if self.peek() != TokenKind::RightParen && !self.at_null_clause() {
            let items = self.expressions()?;
            items
                .into_iter()
                .for_each(|item| push_positional(&mut call.arguments, Box::new(item)));
        }
        let null_on_null = self.null_clause();
        self.list_end()?;
        if word == "JSON_ARRAYAGG" {
            call.within_group = self.within_group()?;
        }
        call.span = self.since(start);
        call.json = some_clauses(JsonClauses {
            null_on_null,
            ..JsonClauses::default()
        });
        let span = call.span;
        Ok(boxed(ExprKind::Function(call), span))
    }

    fn at_null_clause(&self) -> bool {
        self.at_all(&["NULL", "ON", "NULL"]) || self.at_all(&["ABSENT", "ON", "NULL"])
    }

    fn null_clause(&mut self) -> Option<bool> {
        if self.eat_all(&["NULL", "ON", "NULL"]) {
            Some(true)
        } else if self.eat_all(&["ABSENT", "ON", "NULL"]) {
            Some(false)
        } else {
            None
        }
    }
}

fn some_clauses(clauses: JsonClauses) -> Option<JsonClauses> {
    if clauses == JsonClauses::default() {
        None
    } else {
        Some(clauses)
    }
}
