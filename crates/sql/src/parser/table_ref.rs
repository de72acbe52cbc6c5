//! What FROM reads: tables, queries, functions, and their joins.

use model::{Diagnostic, Span};

use super::tree::put;
use super::{Parsed, Parser};
use crate::ast::{
    Expr, FunctionCall, JoinConstraint, JoinKind, ObjectName, Query, TableAlias, TableRef, TableRefKind,
};
use crate::lexer::TokenKind;

impl Parser<'_> {
    /// What stands behind FROM.
    pub(super) fn tables(&mut self) -> Parsed<Box<TableRef>> {
        let mut left = self.table_factor()?;
        loop {
            if self.eat_kind(TokenKind::Comma) {
                let right = self.right_table()?;
                left = self.join(left, right, JoinKind::Comma, JoinConstraint::None)?;
            } else if self.at_join() {
                left = self.joined(left)?;
            } else {
                return Ok(left);
            }
        }
    }

    fn at_join(&self) -> bool {
        self.at_any(&["JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL"])
    }

    /// One join behind `left`.
    fn joined(&mut self, left: Box<TableRef>) -> Parsed<Box<TableRef>> {
        let natural = self.eat("NATURAL");
        let kind = self.join_kind()?;
        let right = self.right_table()?;
        let constraint = if natural {
            if self.at_any(&["ON", "USING"]) {
                return Err(Diagnostic::validation(
                    self.span(),
                    "a NATURAL join has no condition",
                ));
            }
            JoinConstraint::Natural
        } else if self.eat("ON") {
            on(self.boxed_expression()?)
        } else if self.eat("USING") {
            JoinConstraint::Using(self.name_list("the name of a column")?)
        } else {
            JoinConstraint::None
        };
        self.join(left, right, kind, constraint)
    }

    fn join_kind(&mut self) -> Parsed<JoinKind> {
        let start = self.span();
        let kind = if self.eat("LEFT") {
            JoinKind::Left
        } else if self.eat("RIGHT") {
            JoinKind::Right
        } else if self.eat("FULL") {
            JoinKind::Full
        } else if self.eat("CROSS") {
            JoinKind::Cross
        } else {
            self.eat("INNER");
            JoinKind::Inner
        };
        if matches!(kind, JoinKind::Left | JoinKind::Right | JoinKind::Full) {
            self.eat("OUTER");
        }
        if self.at("APPLY") {
            let message = "APPLY is not part of Flink SQL";
            return Err(Diagnostic::parse(self.since(start).to(self.span()), message)
                .hint("write CROSS JOIN LATERAL TABLE(f(x))"));
        }
        if self.at_any(&["SEMI", "ANTI"]) {
            return Err(self
                .expected("JOIN")
                .hint("write WHERE x IN (SELECT ...) or WHERE EXISTS (SELECT ...)"));
        }
        self.expect("JOIN")?;
        Ok(kind)
    }

    fn right_table(&mut self) -> Parsed<Box<TableRef>> {
        let left = std::mem::replace(&mut self.tallest, 0);
        let right = self.table_factor();
        self.tallest = self.tallest.max(left);
        right
    }

    fn join(
        &mut self,
        left: Box<TableRef>,
        right: Box<TableRef>,
        kind: JoinKind,
        constraint: JoinConstraint,
    ) -> Parsed<Box<TableRef>> {
        self.grow()?;
        let span = self.since(left.span);
        Ok(bare(
            TableRefKind::Join {
                left,
                right,
                kind,
                constraint,
            },
            span,
        ))
    }

    /// One table with its alias.
    fn table_factor(&mut self) -> Parsed<Box<TableRef>> {
        self.deeper(|parser| parser.table_factor_here())
    }

    fn table_factor_here(&mut self) -> Parsed<Box<TableRef>> {
        let start = self.span();
        let mut table = self.bare_table()?;
        if let TableRefKind::Nested(_) = table.kind {
            if self.at("AS") || self.nth_is_name(0) {
                return Err(
                    Diagnostic::parse(self.span(), "a join in parentheses has no alias")
                        .hint("write (SELECT * FROM ...) AS alias"),
                );
            }
            return Ok(table);
        }
        if self.at("MATCH_RECOGNIZE") {
            table = self.match_recognize(table)?;
        }
        if self.at_any(&["PIVOT", "UNPIVOT", "EXTEND"]) {
            let word = self.text_of(self.span()).to_ascii_uppercase();
            return Err(self.unsupported(self.span(), &word));
        }
        table.alias = self.table_alias()?;
        table.span = self.since(start);
        if self.at("TABLESAMPLE") {
            return Err(self.unsupported(self.span(), "TABLESAMPLE"));
        }
        if table.alias.is_some() && self.at_all(&["FOR", "SYSTEM_TIME"]) {
            return Err(self
                .expected("a join or the end of the query")
                .hint("FOR SYSTEM_TIME AS OF stands before the alias"));
        }
        Ok(table)
    }

    fn table_alias(&mut self) -> Parsed<Option<TableAlias>> {
        let name = if self.eat("AS") {
            self.name("an alias")?
        } else if self.nth_is_name(0) {
            self.bare_alias = Some(self.position);
            self.name("an alias")?
        } else {
            return Ok(None);
        };
        let columns = if self.peek() == TokenKind::LeftParen {
            self.name_list("the name of a column")?
        } else {
            Vec::new()
        };
        Ok(Some(TableAlias { name, columns }))
    }

    /// A table without alias.
    fn bare_table(&mut self) -> Parsed<Box<TableRef>> {
        let start = self.span();
        if self.peek() == TokenKind::LeftParen {
            return self.table_in_parentheses();
        }
        if self.eat("LATERAL") {
            return self.lateral(start);
        }
        if self.at("UNNEST") {
            return self.unnest();
        }
        if self.at("TABLE") {
            return self.table_of_function(start, false);
        }
        let name = self.object_name("a table")?;
        if self.peek() == TokenKind::LeftParen {
            let call = self.function_call(name, true)?;
            return Ok(function(call, false, self.since(start)));
        }
        self.named_table(name)
    }

    fn named_table(&mut self, name: ObjectName) -> Parsed<Box<TableRef>> {
        let start = name.span;
        let hints = self.hints()?;
        let mut system_time = None;
        if self.eat("FOR") {
            self.expect_all(&["SYSTEM_TIME", "AS", "OF"])?;
            let time = self.boxed_expression()?;
            put(&mut system_time, time);
        }
        Ok(bare(
            TableRefKind::Table {
                name,
                hints,
                system_time,
            },
            self.since(start),
        ))
    }

    fn lateral(&mut self, start: Span) -> Parsed<Box<TableRef>> {
        if self.at("TABLE") {
            return self.table_of_function(start, true);
        }
        if self.at("UNNEST") {
            return self.unnest();
        }
        if self.peek() != TokenKind::LeftParen {
            return Err(self.expected("TABLE(function(...)) or a query in parentheses"));
        }
        let mut table = self.table_in_parentheses()?;
        match &mut table.kind {
            TableRefKind::Subquery { lateral, .. } => {
                *lateral = true;
                table.span = self.since(start);
                Ok(table)
            }
            _ => Err(Diagnostic::parse(table.span, "expected a query behind LATERAL")),
        }
    }

    /// `TABLE(f(...))`
    fn table_of_function(&mut self, start: Span, lateral: bool) -> Parsed<Box<TableRef>> {
        self.bump();
        if self.nth_is_name(0) {
            return Err(self.expected("'('").hint("leave TABLE away"));
        }
        self.left_paren()?;
        let name = self.object_name("a table function")?;
        let call = self.function_call(name, true)?;
        self.right_paren()?;
        Ok(function(call, lateral, self.since(start)))
    }

    fn unnest(&mut self) -> Parsed<Box<TableRef>> {
        let start = self.bump().span;
        self.left_paren()?;
        let expression = self.boxed_expression()?;
        if self.peek() == TokenKind::Comma {
            return Err(self.unsupported(start.to(self.span()), "UNNEST of several collections"));
        }
        self.right_paren()?;
        let with_ordinality = self.eat_all(&["WITH", "ORDINALITY"]);
        Ok(unnest(expression, with_ordinality, self.since(start)))
    }

    /// A query or a join in parentheses.
    fn table_in_parentheses(&mut self) -> Parsed<Box<TableRef>> {
        let start = self.left_paren()?;
        if self.starts_query(0) {
            let query = self.query()?;
            self.right_paren()?;
            return Ok(subquery(query, self.since(start)));
        }
        let mut inner = self.table_factor()?;
        while self.at_join() {
            inner = self.joined(inner)?;
        }
        if is_bare_query(&inner) && self.continues_query() {
            let query = self.query_behind_nested(inner.span, query_of(inner)?)?;
            self.right_paren()?;
            return Ok(subquery(query, self.since(start)));
        }
        self.right_paren()?;
        let span = self.since(start);
        match inner.kind {
            TableRefKind::Join { .. } => Ok(nested(inner, span)),
            TableRefKind::Nested(_) => Ok(inner),
            _ if is_bare_query(&inner) => Ok(inner),
            _ => Err(
                Diagnostic::parse(inner.span, "expected a query or a join in parentheses")
                    .hint("leave the parentheses away"),
            ),
        }
    }
}

fn on(condition: Box<Expr>) -> JoinConstraint {
    JoinConstraint::On(*condition)
}

pub(super) fn bare(kind: TableRefKind, span: Span) -> Box<TableRef> {
    Box::new(TableRef {
        kind,
        alias: None,
        span,
    })
}

fn subquery(query: Box<Query>, span: Span) -> Box<TableRef> {
    bare(
        TableRefKind::Subquery {
            query,
            lateral: false,
        },
        span,
    )
}

fn function(call: Box<FunctionCall>, lateral: bool, span: Span) -> Box<TableRef> {
    bare(TableRefKind::Function { call: *call, lateral }, span)
}

fn unnest(expression: Box<Expr>, with_ordinality: bool, span: Span) -> Box<TableRef> {
    bare(
        TableRefKind::Unnest {
            expression: *expression,
            with_ordinality,
        },
        span,
    )
}

fn nested(table: Box<TableRef>, span: Span) -> Box<TableRef> {
    bare(TableRefKind::Nested(table), span)
}

/// True for a query in parentheses, without alias.
fn is_bare_query(table: &TableRef) -> bool {
    table.alias.is_none() && matches!(table.kind, TableRefKind::Subquery { lateral: false, .. })
}

fn query_of(table: Box<TableRef>) -> Parsed<Box<Query>> {
    match table.kind {
        TableRefKind::Subquery { query, .. } => Ok(query),
        _ => Err(Diagnostic::parse(table.span, "expected a query")),
    }
}
