//! Predicates: IN, BETWEEN, LIKE, SIMILAR TO, OVERLAPS, and the tests behind IS.

use model::Diagnostic;

use super::expression::{AND, COMPARISON, PREDICATE};
use super::tree::{boxed, is_subquery, pair, subquery_of};
use super::{Parsed, Parser};
use crate::ast::{Expr, ExprKind, JsonKind};
use crate::lexer::TokenKind;

impl Parser<'_> {
    pub(super) fn at_predicate(&self) -> bool {
        let n = usize::from(self.at("NOT"));
        ["IN", "BETWEEN", "LIKE"].iter().any(|word| self.nth_is(n, word))
            || self.nth_is(n, "SIMILAR") && self.nth_is(n + 1, "TO")
            || self.at("OVERLAPS")
    }

    pub(super) fn predicate(&mut self, operand: Box<Expr>) -> Parsed<Box<Expr>> {
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

    pub(super) fn at_is_distinct(&self) -> bool {
        self.at_all(&["IS", "DISTINCT", "FROM"]) || self.at_all(&["IS", "NOT", "DISTINCT", "FROM"])
    }

    pub(super) fn is_distinct(&mut self, left: Box<Expr>) -> Parsed<Box<Expr>> {
        self.bump();
        let negated = self.eat("NOT");
        self.expect_all(&["DISTINCT", "FROM"])?;
        let right = self.operand(COMPARISON + 1)?;
        self.folded(left, |left| ExprKind::IsDistinctFrom { left, right, negated })
    }

    pub(super) fn is_test(&mut self, operand: Box<Expr>) -> Parsed<Box<Expr>> {
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
}
