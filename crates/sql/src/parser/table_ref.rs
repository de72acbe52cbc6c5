//! What FROM reads: tables, queries, functions, and their joins.

use model::{Diagnostic, Span};

use super::{Parsed, Parser};
use crate::ast::{FunctionCall, JoinConstraint, JoinKind, Query, TableAlias, TableRef, TableRefKind};
use crate::lexer::TokenKind;

impl Parser<'_> {
    /// What stands behind FROM.
    pub(super) fn from_clause(&mut self) -> Parsed<TableRef> {
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
    fn joined(&mut self, left: TableRef) -> Parsed<TableRef> {
        let natural = self.eat("NATURAL");
        let kind = self.join_kind()?;
        let right = self.right_table()?;
        let constraint = if natural {
            JoinConstraint::Natural
        } else if self.eat("ON") {
            JoinConstraint::On(self.expression()?)
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

    fn right_table(&mut self) -> Parsed<TableRef> {
        let left = std::mem::replace(&mut self.tallest, 0);
        let right = self.table_factor();
        self.tallest = self.tallest.max(left);
        right
    }

    fn join(
        &mut self,
        left: TableRef,
        right: TableRef,
        kind: JoinKind,
        constraint: JoinConstraint,
    ) -> Parsed<TableRef> {
        self.grow()?;
        let span = self.since(left.span);
        let kind = TableRefKind::Join {
            left: Box::new(left),
            right: Box::new(right),
            kind,
            constraint,
        };
        Ok(TableRef {
            kind,
            alias: None,
            span,
        })
    }

    /// One table with its alias.
    fn table_factor(&mut self) -> Parsed<TableRef> {
        self.deeper(|parser| parser.table_factor_here())
    }

    fn table_factor_here(&mut self) -> Parsed<TableRef> {
        let start = self.span();
        let mut table = TableRef {
            kind: self.table_kind()?,
            alias: None,
            span: self.since(start),
        };
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
            let pattern = self.match_recognize(table)?;
            table = TableRef {
                kind: pattern,
                alias: None,
                span: self.since(start),
            };
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

    fn table_kind(&mut self) -> Parsed<TableRefKind> {
        if self.peek() == TokenKind::LeftParen {
            return self.table_in_parentheses();
        }
        if self.eat("LATERAL") {
            return self.lateral();
        }
        if self.at("UNNEST") {
            return self.unnest();
        }
        if self.at("TABLE") {
            return Ok(TableRefKind::Function {
                call: self.table_of_function()?,
                lateral: false,
            });
        }
        let name = self.object_name("a table")?;
        if self.peek() == TokenKind::LeftParen {
            return Ok(TableRefKind::Function {
                call: self.function_call(name, true)?,
                lateral: false,
            });
        }
        let hints = self.hints()?;
        let system_time = if self.eat("FOR") {
            self.expect_all(&["SYSTEM_TIME", "AS", "OF"])?;
            Some(self.expression()?)
        } else {
            None
        };
        Ok(TableRefKind::Table {
            name,
            hints,
            system_time,
        })
    }

    fn lateral(&mut self) -> Parsed<TableRefKind> {
        if self.at("TABLE") {
            return Ok(TableRefKind::Function {
                call: self.table_of_function()?,
                lateral: true,
            });
        }
        if self.at("UNNEST") {
            return self.unnest();
        }
        let start = self.span();
        if self.peek() != TokenKind::LeftParen {
            return Err(self.expected("TABLE(function(...)) or a query in parentheses"));
        }
        match self.table_in_parentheses()? {
            TableRefKind::Subquery { query, .. } => Ok(TableRefKind::Subquery { query, lateral: true }),
            _ => Err(Diagnostic::parse(start, "expected a query behind LATERAL")),
        }
    }

    /// `TABLE(f(...))`
    fn table_of_function(&mut self) -> Parsed<FunctionCall> {
        self.bump();
        if self.nth_is_name(0) {
            return Err(self.expected("'('").hint("leave TABLE away"));
        }
        self.left_paren()?;
        let name = self.object_name("a table function")?;
        let call = self.function_call(name, true)?;
        self.right_paren()?;
        Ok(call)
    }

    fn unnest(&mut self) -> Parsed<TableRefKind> {
        let start = self.bump().span;
        self.left_paren()?;
        let expression = self.expression()?;
        if self.peek() == TokenKind::Comma {
            return Err(self.unsupported(start.to(self.span()), "UNNEST of several collections"));
        }
        self.right_paren()?;
        let with_ordinality = self.eat_all(&["WITH", "ORDINALITY"]);
        Ok(TableRefKind::Unnest {
            expression,
            with_ordinality,
        })
    }

    /// A query or a join in parentheses.
    fn table_in_parentheses(&mut self) -> Parsed<TableRefKind> {
        self.left_paren()?;
        if self.starts_query(0) {
            let query = self.query()?;
            self.right_paren()?;
            return Ok(subquery(query));
        }
        let mut inner = self.table_factor()?;
        while self.at_join() {
            inner = self.joined(inner)?;
        }
        let bare = inner.alias.is_none();
        let span: Span = inner.span;
        match inner.kind {
            TableRefKind::Subquery {
                query,
                lateral: false,
            } if bare => {
                if !self.continues_query() {
                    self.right_paren()?;
                    return Ok(TableRefKind::Subquery {
                        query,
                        lateral: false,
                    });
                }
                let query = self.query_behind_nested(span, query)?;
                self.right_paren()?;
                Ok(subquery(query))
            }
            TableRefKind::Join { .. } => {
                self.right_paren()?;
                Ok(TableRefKind::Nested(Box::new(inner)))
            }
            nested @ TableRefKind::Nested(_) => {
                self.right_paren()?;
                Ok(nested)
            }
            _ => {
                self.right_paren()?;
                Err(
                    Diagnostic::parse(span, "expected a query or a join in parentheses")
                        .hint("leave the parentheses away"),
                )
            }
        }
    }
}

fn subquery(query: Query) -> TableRefKind {
    TableRefKind::Subquery {
        query: Box::new(query),
        lateral: false,
    }
}
