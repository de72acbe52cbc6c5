//! MATCH_RECOGNIZE: rows in order, and the patterns in them.

use model::Diagnostic;

use super::table_ref::bare;
use super::tree::put;
use super::{Parsed, Parser};
use crate::ast::{AfterMatch, Expr, ExprKind, Ident, MatchRecognize, Pattern, TableRef, TableRefKind};
use crate::lexer::TokenKind;

impl Parser<'_> {
    /// `MATCH_RECOGNIZE (...)` behind `table`.
    pub(super) fn match_recognize(&mut self, table: Box<TableRef>) -> Parsed<Box<TableRef>> {
        let whole = table.span;
        let start = self.bump().span;
        self.left_paren()?;
        let partition_by = if self.eat("PARTITION") {
            self.expect("BY")?;
            self.expressions()?
        } else {
            Vec::new()
        };
        let order_by = if self.at("ORDER") {
            self.order_by()?
        } else {
            Vec::new()
        };
        let measures = if self.eat("MEASURES") {
            self.comma_list(|parser| parser.measure())?
        } else {
            Vec::new()
        };
        let all_rows_per_match = self.rows_per_match()?;
        let after_match = self.after_match()?;
        let pattern = self.row_pattern()?;
        let mut clause = Box::new(MatchRecognize {
            table: *table,
            partition_by,
            order_by,
            measures,
            all_rows_per_match,
            after_match,
            pattern,
            within: None,
            define: Vec::new(),
            span: start,
        });
        if self.eat("WITHIN") {
            let interval = self.within()?;
            put(&mut clause.within, interval);
        }
        if self.at("SUBSET") {
            return Err(self.unsupported(self.span(), "SUBSET"));
        }
        self.expect("DEFINE")?;
        clause.define = self.comma_list(|parser| parser.definition())?;
        self.list_end()?;
        clause.span = self.since(start);
        Ok(bare(TableRefKind::MatchRecognize(clause), self.since(whole)))
    }

    fn measure(&mut self) -> Parsed<(Expr, Ident)> {
        let expression = self.expression()?;
        self.expect("AS")?;
        Ok((expression, self.name("the name of a measure")?))
    }

    fn definition(&mut self) -> Parsed<(Ident, Expr)> {
        let variable = self.name("a pattern variable")?;
        self.expect("AS")?;
        Ok((variable, self.expression()?))
    }

    fn rows_per_match(&mut self) -> Parsed<bool> {
        if self.eat("ALL") {
            self.expect_all(&["ROWS", "PER", "MATCH"])?;
            return Ok(true);
        }
        if self.eat("ONE") {
            self.expect_all(&["ROW", "PER", "MATCH"])?;
        }
        Ok(false)
    }

    fn after_match(&mut self) -> Parsed<Option<AfterMatch>> {
        if !self.eat("AFTER") {
            return Ok(None);
        }
        self.expect_all(&["MATCH", "SKIP"])?;
        if self.eat("PAST") {
            self.expect_all(&["LAST", "ROW"])?;
            return Ok(Some(AfterMatch::PastLastRow));
        }
        self.expect_or("TO", &["TO", "PAST LAST ROW"])?;
        if self.at("NEXT") {
            self.bump();
            self.expect("ROW")?;
            return Ok(Some(AfterMatch::ToNextRow));
        }
        let first = self.at("FIRST") && self.nth_is_name(1);
        if first || self.at("LAST") && self.nth_is_name(1) {
            self.bump();
        }
        let variable = self.name("a pattern variable")?;
        // A variable alone stands for its last row.
        Ok(Some(if first {
            AfterMatch::ToFirst(variable)
        } else {
            AfterMatch::ToLast(variable)
        }))
    }

    fn within(&mut self) -> Parsed<Box<Expr>> {
        let start = self.span();
        self.expect_or("INTERVAL", &["INTERVAL"])?;
        self.position -= 1;
        let interval = self.interval()?;
        match interval.kind {
            ExprKind::Literal(_) => Ok(interval),
            _ => Err(Diagnostic::parse(
                start.to(interval.span),
                "the length of the interval must be a string",
            )
            .hint("write INTERVAL '1' HOUR")),
        }
    }

    fn row_pattern(&mut self) -> Parsed<Pattern> {
        self.expect("PATTERN")?;
        self.left_paren()?;
        if self.peek() == TokenKind::Caret {
            return Err(self.unsupported(self.span(), "'^' in a pattern"));
        }
        let pattern = self.alternation()?;
        if self.at("$") {
            return Err(self.unsupported(self.span(), "'$' in a pattern"));
        }
        self.expect_kind(
            TokenKind::RightParen,
            "a pattern variable, a quantifier, '|' or ')'",
        )?;
        Ok(pattern)
    }

    fn alternation(&mut self) -> Parsed<Pattern> {
        self.deeper(|parser| {
            let mut branches = vec![parser.sequence()?];
            while parser.eat_kind(TokenKind::Bar) {
                branches.push(parser.sequence()?);
            }
            Ok(one_or(branches, Pattern::Alternation))
        })
    }

    fn sequence(&mut self) -> Parsed<Pattern> {
        let mut factors = vec![self.pattern_factor()?];
        while matches!(
            self.peek(),
            TokenKind::LeftParen | TokenKind::LeftBrace | TokenKind::QuotedName | TokenKind::Word
        ) && !self.at("$")
        {
            factors.push(self.pattern_factor()?);
        }
        Ok(one_or(factors, Pattern::Concat))
    }

    /// One variable or group with its quantifier.
    fn pattern_factor(&mut self) -> Parsed<Pattern> {
        let pattern = match self.peek() {
            TokenKind::LeftParen => {
                self.bump();
                let pattern = self.alternation()?;
                self.right_paren()?;
                pattern
            }
            TokenKind::LeftBrace => {
                self.bump();
                self.expect_kind(TokenKind::Minus, "'{-'")?;
                let pattern = self.alternation()?;
                self.expect_kind(TokenKind::Minus, "'-}'")?;
                self.expect_kind(TokenKind::RightBrace, "'-}'")?;
                Pattern::Exclude(Box::new(pattern))
            }
            TokenKind::Word if self.at("PERMUTE") => return Err(self.unsupported(self.span(), "PERMUTE")),
            _ => Pattern::Variable(self.name("a pattern variable")?),
        };
        let Some((min, max)) = self.quantifier()? else {
            return Ok(pattern);
        };
        let reluctant = self.eat_kind(TokenKind::Question);
        Ok(Pattern::Repeat {
            pattern: Box::new(pattern),
            min,
            max,
            reluctant,
        })
    }

    fn quantifier(&mut self) -> Parsed<Option<(u32, Option<u32>)>> {
        let range = match self.peek() {
            TokenKind::Star => (0, None),
            TokenKind::Plus => (1, None),
            TokenKind::Question => (0, Some(1)),
            // `{-` begins a group that is left out.
            TokenKind::LeftBrace if self.nth_kind(1) != TokenKind::Minus => return self.counted(),
            _ => return Ok(None),
        };
        self.bump();
        Ok(Some(range))
    }

    /// `{n}`, `{n,}`, `{n,m}`, `{,m}`
    fn counted(&mut self) -> Parsed<Option<(u32, Option<u32>)>> {
        let start = self.bump().span;
        let range = if self.eat_kind(TokenKind::Comma) {
            (0, Some(self.unsigned("a number of rows")?.0))
        } else {
            let (min, _) = self.unsigned("a number of rows")?;
            if !self.eat_kind(TokenKind::Comma) {
                (min, Some(min))
            } else if self.peek() == TokenKind::RightBrace {
                (min, None)
            } else {
                (min, Some(self.unsigned("a number of rows or '}'")?.0))
            }
        };
        self.expect_kind(TokenKind::RightBrace, "'}'")?;
        match range {
            (min, Some(max)) if max < min => Err(Diagnostic::validation(
                self.since(start),
                format!("a pattern cannot repeat at least {min} and at most {max} times"),
            )),
            _ => Ok(Some(range)),
        }
    }
}

fn one_or(mut patterns: Vec<Pattern>, many: impl FnOnce(Vec<Pattern>) -> Pattern) -> Pattern {
    match (patterns.len(), patterns.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            patterns.extend(last);
            many(patterns)
        }
    }
}
