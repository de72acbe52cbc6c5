//! INSERT.

use super::{Parsed, Parser};
use crate::ast::{Expr, Ident, Insert, ObjectName, OnConflict};
use crate::lexer::TokenKind;

impl Parser<'_> {
    pub(super) fn insert(&mut self) -> Parsed<Insert> {
        let start = self.bump().span;
        let overwrite = self.eat("OVERWRITE");
        if !overwrite {
            self.expect_or("INTO", &["INTO", "OVERWRITE"])?;
        }
        if self.at_any(&["TABLE", "INTO"]) && self.nth_is_name(1) {
            let word = self.text_of(self.span()).to_ascii_uppercase();
            return Err(self
                .expected("the name of a table")
                .hint(format!("leave {word} away")));
        }
        let table = self.object_name("the name of a table")?;
        let hints = self.hints()?;
        let partition = if self.eat("PARTITION") {
            self.paren_list(|parser| parser.partition_entry())?
        } else {
            Vec::new()
        };
        let has_columns = self.peek() == TokenKind::LeftParen
            && self.nth_kind(1) != TokenKind::LeftParen
            && !self.starts_query(1);
        let columns = if has_columns {
            self.paren_list(|parser| parser.target_column())?
        } else {
            Vec::new()
        };
        if self.at("PARTITION") && has_columns {
            return Err(self
                .expected("a query")
                .hint("PARTITION stands before the columns"));
        }
        let query = *self.query()?;
        let on_conflict = self.on_conflict()?;
        Ok(Insert {
            table,
            overwrite,
            hints,
            partition,
            columns,
            query,
            on_conflict,
            span: self.since(start),
        })
    }

    fn partition_entry(&mut self) -> Parsed<(Ident, Expr)> {
        let name = self.name("the name of a column")?;
        self.expect_kind(TokenKind::Equal, "'='")?;
        let value = self.bare_value()?;
        Ok((name, *value))
    }

    fn target_column(&mut self) -> Parsed<Ident> {
        let ObjectName { mut parts, span } = self.object_name("the name of a column")?;
        match (parts.pop(), parts.is_empty()) {
            (Some(column), true) => Ok(column),
            _ => Err(self.unsupported(span, "INSERT into a part of a column")),
        }
    }

    fn on_conflict(&mut self) -> Parsed<Option<OnConflict>> {
        if !self.eat("ON") {
            return Ok(None);
        }
        self.expect_all(&["CONFLICT", "DO"])?;
        if self.eat("NOTHING") {
            return Ok(Some(OnConflict::Nothing));
        }
        if self.eat("ERROR") {
            return Ok(Some(OnConflict::Error));
        }
        self.expect_or("DEDUPLICATE", &["NOTHING", "ERROR", "DEDUPLICATE"])?;
        Ok(Some(OnConflict::Deduplicate))
    }
}
