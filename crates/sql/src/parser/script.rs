//! Several statements in one text.
//!
//! After a fault the parser goes on behind the next `;`. A `;` inside a statement set is no end: the set ends with an
//! END that begins a statement.

use model::{Diagnostic, Span};

use super::{Parsed, Parser, STATEMENT_END};
use crate::Script;
use crate::ast::{Insert, StatementKind};
use crate::lexer::{Token, TokenKind, tokenize};

/// Words that open a statement set, each written out in the shape in which a `;` first follows inside.
const BLOCK_BEGIN: &str = "BEGIN";
const BLOCK_END: &str = "END";

pub(crate) fn script(text: &str) -> Script {
    let mut parser = Parser::new(text);
    let mut script = Script {
        statements: Vec::new(),
        diagnostics: Vec::new(),
    };
    loop {
        while parser.eat_kind(TokenKind::Semicolon) {}
        if parser.peek() == TokenKind::End {
            return script;
        }
        parser.begin_statement();
        let statement = parser.statement().and_then(|statement| {
            parser.statement_end()?;
            Ok(statement)
        });
        match statement {
            Ok(statement) => script.statements.push(statement),
            Err(diagnostic) => {
                script.diagnostics.push(diagnostic);
                script.diagnostics.append(&mut parser.further);
                parser.recover();
            }
        }
    }
}

/// True if the last token is a `;` that ends a statement.
pub(crate) fn statement_complete(text: &str) -> bool {
    let tokens: Vec<Token> = tokenize(text)
        .into_iter()
        .filter(|token| !token.kind.is_trivia())
        .collect();
    if tokens
        .last()
        .is_none_or(|token| token.kind != TokenKind::Semicolon)
    {
        return false;
    }
    let mut in_block = false;
    for statement in tokens.split(|token| token.kind == TokenKind::Semicolon) {
        let word = |n: usize| statement.get(n).map_or("", |token| token.text(text));
        if in_block {
            in_block = !word(0).eq_ignore_ascii_case(BLOCK_END);
        } else {
            in_block = opens_block(statement, text);
        }
    }
    !in_block
}

/// True if the statement is `BEGIN STATEMENT SET`, or has `STATEMENT SET BEGIN` at or near its start.
fn opens_block(statement: &[Token], text: &str) -> bool {
    let is = |token: &Token, word: &str| {
        token.kind == TokenKind::Word && token.text(text).eq_ignore_ascii_case(word)
    };
    let spells = |tokens: &[Token], words: [&str; 3]| {
        tokens.len() >= 3 && tokens.iter().zip(words).all(|(token, word)| is(token, word))
    };
    spells(statement, ["BEGIN", "STATEMENT", "SET"])
        || statement
            .windows(3)
            .any(|three| spells(three, ["STATEMENT", "SET", "BEGIN"]))
}

impl Parser<'_> {
    fn begin_statement(&mut self) {
        self.start = self.position;
        self.nesting = 0;
        self.tallest = 0;
        self.bare_alias = None;
        self.recovered = false;
    }

    /// A `;` or the end of the text must stand here.
    fn statement_end(&mut self) -> Parsed<()> {
        if self.peek() == TokenKind::End || self.eat_kind(TokenKind::Semicolon) {
            return Ok(());
        }
        Err(self.expected(STATEMENT_END))
    }

    /// Goes on behind the statement at hand, which is broken.
    fn recover(&mut self) {
        if self.recovered {
            self.skip_to_semicolon();
            return;
        }
        self.skip_to_semicolon();
        let skipped = &self.tokens[self.start..self.position];
        if opens_block(skipped, self.text) || skipped.iter().any(|token| self.is_word(token, BLOCK_BEGIN)) {
            self.skip_block();
        }
    }

    /// Up to the next `;`, which stays.
    fn skip_to_semicolon(&mut self) {
        while !matches!(self.peek(), TokenKind::Semicolon | TokenKind::End) {
            self.position += 1;
        }
    }

    /// From a `;` inside a block to the one behind its END. A block without END ends with its first statement.
    fn skip_block(&mut self) {
        if self.no_block_end {
            return;
        }
        let first = self.position;
        while self.peek() == TokenKind::Semicolon {
            self.bump();
            if self.at(BLOCK_END) {
                self.bump();
                return;
            }
            self.skip_to_semicolon();
        }
        // Remembered, so that a text full of such slips is not read to its end for each.
        self.no_block_end = true;
        self.position = first;
    }

    fn is_word(&self, token: &Token, word: &str) -> bool {
        token.kind == TokenKind::Word && self.text_of(token.span).eq_ignore_ascii_case(word)
    }

    /// `BEGIN STATEMENT SET; insert; ... END`
    pub(super) fn begin_statement_set(&mut self) -> Parsed<StatementKind> {
        let begin = self.bump().span;
        self.expect_all(&["STATEMENT", "SET"])?;
        self.expect_kind(TokenKind::Semicolon, "';'")?;
        self.inserts_to_end(begin)
    }

    /// `STATEMENT SET BEGIN insert; ... END`
    pub(super) fn statement_set(&mut self) -> Parsed<StatementKind> {
        self.expect_all(&["STATEMENT", "SET"])?;
        let begin = self.expect("BEGIN")?;
        self.inserts_to_end(begin)
    }

    /// The inserts of a block and its END. All faults in the block are told, not only the first.
    fn inserts_to_end(&mut self, begin: Span) -> Parsed<StatementKind> {
        let mut inserts = Vec::new();
        let mut faults = Vec::new();
        while !self.at(BLOCK_END) {
            if self.peek() == TokenKind::End {
                faults.push(
                    self.expected("INSERT or END")
                        .hint("the statement set is not closed: add END;"),
                );
                break;
            }
            match self.insert_in_block() {
                Ok(insert) => inserts.push(insert),
                Err(fault) => {
                    faults.push(fault);
                    self.skip_to_semicolon();
                }
            }
            self.eat_kind(TokenKind::Semicolon);
        }
        self.eat(BLOCK_END);
        if inserts.is_empty() && faults.is_empty() {
            faults.push(Diagnostic::parse(
                begin.to(self.since(begin)),
                "a statement set needs at least one INSERT",
            ));
        }
        if faults.is_empty() {
            return Ok(StatementKind::StatementSet { inserts });
        }
        self.recovered = true;
        let first = faults.remove(0);
        self.further = faults;
        Err(first)
    }

    fn insert_in_block(&mut self) -> Parsed<Insert> {
        self.nesting = 0;
        self.tallest = 0;
        self.bare_alias = None;
        let start = std::mem::replace(&mut self.start, self.position);
        if !self.at("INSERT") {
            return Err(self.expected_words(&["INSERT", "END"]));
        }
        let insert = self.insert()?;
        if self.peek() != TokenKind::Semicolon {
            return Err(self.expected("';'"));
        }
        self.start = start;
        Ok(insert)
    }
}
