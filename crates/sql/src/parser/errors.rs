//! What is said of a text that is no SQL.
//!
//! Every message names what was expected and what stands there; a hint follows where the slip is a frequent one.

use model::{Diagnostic, LineColumn, Span, suggest};

use super::Parser;
use crate::keywords;
use crate::lexer::TokenKind;

/// Characters of a token that are shown before it is cut.
const SHOWN_CHARACTERS_MAX: usize = 40;

/// Words that open or join the parts of a query: never meant as a name where one is missing.
#[rustfmt::skip]
const CLAUSES: &[&str] = &[
    "ALL", "AND", "AS", "BETWEEN", "CASE", "CROSS", "DEFAULT", "DISTINCT", "ELSE", "END", "EXCEPT", "FETCH",
    "FOR", "FROM", "FULL", "GROUP", "HAVING", "IN", "INNER", "INSERT", "INTERSECT", "INTO", "IS", "JOIN",
    "LEFT", "LIKE", "LIMIT", "NATURAL", "NOT", "OFFSET", "ON", "OR", "ORDER", "OVER", "QUALIFY", "RIGHT",
    "SELECT", "SET", "TABLE", "THEN", "UNION", "USING", "VALUES", "WHEN", "WHERE", "WINDOW", "WITH",
];

/// What may follow an alias, for the case that the alias is one of these with a slip.
#[rustfmt::skip]
const AFTER_ALIAS: &[&str] = &[
    "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FETCH", "JOIN", "INNER", "LEFT",
    "RIGHT", "FULL", "CROSS", "UNION", "INTERSECT", "EXCEPT", "WINDOW", "QUALIFY", "MATCH_RECOGNIZE", "ON",
    "USING", "AS",
];

impl Parser<'_> {
    /// `expected {what}, found ...` at the token at hand.
    pub(super) fn expected(&self, what: &str) -> Diagnostic {
        if let Some(diagnostic) = self.broken_token() {
            return diagnostic;
        }
        let message = format!("expected {what}, found {}", self.found());
        Diagnostic::parse(self.span(), message).maybe_hint(self.usual_slip(what))
    }

    /// Like [`Parser::expected`], where only some keywords can follow.
    pub(super) fn expected_words(&self, words: &[&str]) -> Diagnostic {
        let what = match words {
            [] => String::new(),
            [word] => (*word).to_string(),
            [most @ .., last] => format!("{} or {last}", most.join(", ")),
        };
        let mut diagnostic = self.expected(&what);
        if self.peek() == TokenKind::Word && !self.at_any(words) {
            let near = suggest::did_you_mean(self.text_of(self.span()), words.iter().copied());
            diagnostic = diagnostic.maybe_hint(near);
        }
        diagnostic
    }

    /// Where a name is missing. A reserved word in its place can be written in back quotes.
    pub(super) fn expected_name(&self, what: &str) -> Diagnostic {
        let diagnostic = self.expected(what);
        if diagnostic.hint.is_some() || !self.at_reserved() || self.at_any(CLAUSES) {
            return diagnostic;
        }
        let word = self.text_of(self.span());
        let hint = match word.to_ascii_uppercase().as_str() {
            "STRING_AGG" | "GROUP_CONCAT" => "write LISTAGG(x, ',')".to_string(),
            _ => format!("write `{word}` in back quotes"),
        };
        Diagnostic::parse(
            self.span(),
            format!("expected {what}, found the reserved word '{word}'"),
        )
        .hint(hint)
    }

    pub(super) fn at_reserved(&self) -> bool {
        self.peek() == TokenKind::Word && keywords::is_reserved(self.text_of(self.span()))
    }

    /// A part of SQL that Flink's parser takes and that has no place in the tree.
    pub(super) fn unsupported(&self, span: Span, what: &str) -> Diagnostic {
        Diagnostic::validation(span, format!("{what} is not supported"))
    }

    /// The fault of `* AS x` and `* x`, where `x` may be a mistyped FROM.
    pub(super) fn alias_of_wildcard(&mut self) -> Diagnostic {
        let span = self.span();
        if !self.eat("AS") {
            self.bare_alias = Some(self.position);
            self.bump();
            let ends = matches!(
                self.peek(),
                TokenKind::End | TokenKind::Semicolon | TokenKind::Comma | TokenKind::RightParen
            );
            if !ends && !self.at("FROM") {
                return self.expected("FROM");
            }
        }
        self.unsupported(span, "an alias for '*'")
    }

    /// The fault of a token that is wrong wherever it stands.
    fn broken_token(&self) -> Option<Diagnostic> {
        let token = self.token();
        let first = Span {
            start: token.span.start,
            end: token.span.start + 1,
        };
        let text = self.text_of(token.span);
        let diagnostic = match token.kind {
            TokenKind::UnterminatedString => {
                // The prefix of a string is not its quote.
                let quote = token.span.start + text.find('\'').unwrap_or(0) as u32;
                Diagnostic::parse(
                    Span {
                        start: quote,
                        end: quote + 1,
                    },
                    "the string that begins here is not closed",
                )
                .hint("add the closing quote (')")
            }
            TokenKind::UnterminatedName => {
                Diagnostic::parse(first, "the name that begins here is not closed")
                    .hint("add the closing back quote (`)")
            }
            TokenKind::UnterminatedComment => {
                let opening = Span {
                    start: first.start,
                    end: first.start + 2,
                };
                Diagnostic::parse(opening, "the comment that begins here is not closed")
                    .hint("add the closing */")
            }
            TokenKind::EmptyName => Diagnostic::parse(token.span, "a name must not be empty"),
            TokenKind::Unknown => {
                Diagnostic::parse(token.span, format!("unexpected character {}", self.found()))
            }
            TokenKind::TooLong => Diagnostic::parse(
                first,
                format!(
                    "the text has {} bytes, more than the {} allowed",
                    text.len(),
                    crate::SCRIPT_BYTES_MAX
                ),
            ),
            _ => return None,
        };
        Some(diagnostic)
    }

    /// The token at hand, as a message names it.
    fn found(&self) -> String {
        let token = self.token();
        let text = shortened(self.text_of(token.span));
        match token.kind {
            TokenKind::End => format!("the end of {}", self.end_of),
            TokenKind::Semicolon => "';'".to_string(),
            TokenKind::String => format!("the string {text}"),
            TokenKind::Integer | TokenKind::Decimal | TokenKind::Double => format!("the number {text}"),
            TokenKind::Hint => format!("the hint {text}"),
            TokenKind::QuotedName => format!("the name {text}"),
            _ => format!("'{text}'"),
        }
    }

    fn usual_slip(&self, what: &str) -> Option<String> {
        let kind = self.peek();
        if kind == TokenKind::DoubleQuoted {
            return Some("strings stand in single quotes ('), names in back quotes (`)".to_string());
        }
        if kind == TokenKind::BangEqual {
            return Some("write <>".to_string());
        }
        let previous = self.previous()?;
        let ends_part = matches!(
            kind,
            TokenKind::End | TokenKind::Semicolon | TokenKind::RightParen
        ) || self.at_any(CLAUSES) && !self.at_any(&["CASE", "NOT"]);
        if previous.kind == TokenKind::Comma && ends_part {
            return Some("remove the comma before it".to_string());
        }
        if let Some(index) = self.bare_alias
            && index + 1 == self.position
        {
            let alias = self.text_of(self.tokens[index].span);
            if let Some(hint) = suggest::did_you_mean(alias, AFTER_ALIAS.iter().copied()) {
                return Some(hint);
            }
            if self.nth_is_name(0) {
                return Some("is a comma missing before it?".to_string());
            }
        }
        let wants_paren = what.ends_with("')'");
        let at_end = matches!(kind, TokenKind::End | TokenKind::Semicolon);
        if (at_end || wants_paren && ends_part)
            && let Some(open) = self.open_paren()
        {
            let place = LineColumn::of(self.text, open.start as usize);
            return Some(format!(
                "the parenthesis opened at line {}, column {} is not closed",
                place.line, place.column
            ));
        }
        let starts_item = self.nth_is_name(0)
            || matches!(kind, TokenKind::String | TokenKind::Integer | TokenKind::Decimal);
        if what.starts_with("','") && starts_item {
            return Some("is a comma missing before it?".to_string());
        }
        None
    }

    /// The innermost parenthesis before the token at hand that nothing in the statement closes.
    fn open_paren(&self) -> Option<Span> {
        let mut open = Vec::new();
        for token in &self.tokens[self.start.min(self.position)..self.position] {
            match token.kind {
                TokenKind::LeftParen => open.push(token.span),
                TokenKind::RightParen => {
                    open.pop();
                }
                _ => {}
            }
        }
        let mut depth = 0;
        for token in &self.tokens[self.position..] {
            match token.kind {
                TokenKind::LeftParen => depth += 1,
                TokenKind::RightParen if depth > 0 => depth -= 1,
                TokenKind::RightParen => {
                    open.pop();
                }
                TokenKind::Semicolon => break,
                _ => {}
            }
        }
        open.pop()
    }
}

/// On one line, and not longer than a message bears.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    if line.len() == text.len() && line.chars().count() <= SHOWN_CHARACTERS_MAX {
        return text.to_string();
    }
    let start: String = line.chars().take(SHOWN_CHARACTERS_MAX).collect();
    format!("{start}...")
}
