//! Windows of OVER: named, inline, and their frames.

use super::{Parsed, Parser};
use crate::ast::{FrameBound, OverClause, OverFrame, OverWindow};
use crate::lexer::TokenKind;

impl Parser<'_> {
    /// What follows OVER.
    pub(super) fn over_clause(&mut self) -> Parsed<OverClause> {
        if self.peek() == TokenKind::LeftParen {
            return Ok(OverClause::Inline(self.over_window()?));
        }
        Ok(OverClause::Named(self.name("a window")?))
    }

    /// `([base] [PARTITION BY ...] [ORDER BY ...] [ROWS | RANGE ...])`
    pub(super) fn over_window(&mut self) -> Parsed<OverWindow> {
        let start = self.left_paren()?;
        let base = if self.nth_is_name(0) {
            Some(self.name("a window")?)
        } else {
            None
        };
        let mut partition_by = Vec::new();
        if self.eat("PARTITION") {
            self.expect("BY")?;
            partition_by = self.expressions()?;
        }
        let order_by = if self.at("ORDER") {
            self.order_by()?
        } else {
            Vec::new()
        };
        let frame = if self.at_any(&["ROWS", "RANGE"]) {
            Some(self.frame()?)
        } else {
            None
        };
        if self.at_any(&["ALLOW", "DISALLOW"]) {
            return Err(self.unsupported(self.span(), "ALLOW PARTIAL"));
        }
        self.right_paren()?;
        Ok(OverWindow {
            base,
            partition_by,
            order_by,
            frame,
            span: self.since(start),
        })
    }

    fn frame(&mut self) -> Parsed<OverFrame> {
        let rows = self.eat("ROWS");
        if !rows {
            self.expect("RANGE")?;
        }
        if self.eat("BETWEEN") {
            let start = self.frame_bound()?;
            self.expect("AND")?;
            let end = self.frame_bound()?;
            return Ok(OverFrame {
                rows,
                start,
                end: Some(end),
            });
        }
        Ok(OverFrame {
            rows,
            start: self.frame_bound()?,
            end: None,
        })
    }

    fn frame_bound(&mut self) -> Parsed<FrameBound> {
        if self.eat_all(&["CURRENT", "ROW"]) {
            return Ok(FrameBound::CurrentRow);
        }
        if self.eat("UNBOUNDED") {
            if self.eat("PRECEDING") {
                return Ok(FrameBound::UnboundedPreceding);
            }
            self.expect_or("FOLLOWING", &["PRECEDING", "FOLLOWING"])?;
            return Ok(FrameBound::UnboundedFollowing);
        }
        let distance = self.boxed_expression()?;
        if self.eat("PRECEDING") {
            return Ok(FrameBound::Preceding(distance));
        }
        self.expect_or("FOLLOWING", &["PRECEDING", "FOLLOWING"])?;
        Ok(FrameBound::Following(distance))
    }
}
