//! A recursive-descent parser over the tokens of a text.
//!
//! Two bounds keep deep texts from overflowing a stack, here and in whoever walks the tree later: [`NESTING_MAX`] on
//! how deep the parser calls itself, and [`TREE_HEIGHT_MAX`] on the height of what it returns. The second is not
//! implied by the first: `a + a + ...` is parsed in a loop, and yet its tree is as high as the chain is long.

mod data_type;
mod errors;
mod expression;
mod function;
mod hint;
mod insert;
mod json;
mod literal;
mod match_recognize;
mod options;
mod predicate;
mod query;
mod script;
mod show;
mod statement;
mod table;
mod table_ref;
mod tree;
mod window;

pub(crate) use script::{script, statement_complete};

use model::{Diagnostic, Span};

use crate::ast::{Expr, Ident, ObjectName, Query, Statement, Text, TypeName};
use crate::keywords;
use crate::lexer::{Token, TokenKind, tokenize, tokenize_range};
use crate::{IDENTIFIER_LENGTH_MAX, NESTING_MAX, TREE_HEIGHT_MAX};

const STATEMENT_END: &str = "';' or the end of the statement";

pub(crate) type Parsed<T> = Result<T, Diagnostic>;

pub(crate) struct Parser<'a> {
    text: &'a str,
    /// Without white space and comments; the last is [`TokenKind::End`].
    tokens: Vec<Token>,
    position: usize,
    /// Where the statement at hand began.
    start: usize,
    nesting: usize,
    /// The height of the highest finished tree of the node at hand.
    tallest: usize,
    /// The last name that was taken for an alias without AS; perhaps a mistyped keyword.
    bare_alias: Option<usize>,
    /// What ends where the tokens end.
    end_of: &'static str,
    /// Diagnostics of a block of statements, all but the first, which is the block's own.
    further: Vec<Diagnostic>,
    /// True if the parser has already gone on behind the fault that it returns.
    recovered: bool,
    /// True if it is known that no END of a block follows.
    no_block_end: bool,
}

/// Parses all of `text` with `parse`; `end` says what must stand behind it.
fn whole<'a, T>(text: &'a str, end: &str, parse: impl FnOnce(&mut Parser<'a>) -> Parsed<T>) -> Parsed<T> {
    let mut parser = Parser::new(text);
    let tree = parse(&mut parser)?;
    match parser.peek() {
        TokenKind::End => Ok(tree),
        _ => Err(parser.expected(end)),
    }
}

/// Parses one statement, with or without a `;` behind it.
pub(crate) fn statement(text: &str) -> Parsed<Statement> {
    whole(text, STATEMENT_END, |parser| {
        let statement = parser.statement()?;
        parser.eat_kind(TokenKind::Semicolon);
        Ok(statement)
    })
}

pub(crate) fn expression(text: &str) -> Parsed<Expr> {
    whole(text, "an operator or the end of the expression", |parser| {
        parser.expression()
    })
}

pub(crate) fn query(text: &str) -> Parsed<Query> {
    whole(text, "the end of the query", |parser| Ok(*parser.query()?))
}

pub(crate) fn data_type(text: &str) -> Parsed<TypeName> {
    whole(text, "the end of the type", |parser| parser.any_data_type())
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Parser::over(text, tokenize(text), text.len())
    }

    /// A parser of a part of the text, such as what is inside a hint.
    fn part(text: &'a str, start: usize, end: usize) -> Self {
        Parser::over(text, tokenize_range(text, start, end), end)
    }

    fn over(text: &'a str, mut tokens: Vec<Token>, end: usize) -> Self {
        tokens.retain(|token| !token.kind.is_trivia());
        tokens.push(Token {
            kind: TokenKind::End,
            span: Span::new(end, end),
        });
        Parser {
            text,
            tokens,
            position: 0,
            start: 0,
            nesting: 0,
            tallest: 0,
            bare_alias: None,
            end_of: "the text",
            further: Vec::new(),
            recovered: false,
            no_block_end: false,
        }
    }

    // ------------------------------------------------------------------------------------------ looking

    fn token(&self) -> Token {
        self.nth(0)
    }

    /// The token `n` places on; the end if there are fewer.
    fn nth(&self, n: usize) -> Token {
        let last = self.tokens.len() - 1;
        self.tokens[(self.position + n).min(last)]
    }

    fn peek(&self) -> TokenKind {
        self.token().kind
    }

    fn span(&self) -> Span {
        self.token().span
    }

    /// The token before the one at hand.
    fn previous(&self) -> Option<Token> {
        self.position.checked_sub(1).map(|index| self.tokens[index])
    }

    /// From `start` to the end of the last token taken.
    fn since(&self, start: Span) -> Span {
        match self.previous() {
            Some(previous) if previous.span.end >= start.end => start.to(previous.span),
            _ => start,
        }
    }

    fn text_of(&self, span: Span) -> &'a str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }

    fn nth_is(&self, n: usize, word: &str) -> bool {
        let token = self.nth(n);
        token.kind == TokenKind::Word && self.text_of(token.span).eq_ignore_ascii_case(word)
    }

    fn at(&self, word: &str) -> bool {
        self.nth_is(0, word)
    }

    fn at_all(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(n, word)| self.nth_is(n, word))
    }

    fn at_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.at(word))
    }

    fn nth_kind(&self, n: usize) -> TokenKind {
        self.nth(n).kind
    }

    /// True if the token `n` places on can be a name.
    fn nth_is_name(&self, n: usize) -> bool {
        let token = self.nth(n);
        match token.kind {
            TokenKind::QuotedName => true,
            TokenKind::Word => !keywords::is_reserved(self.text_of(token.span)),
            _ => false,
        }
    }

    // ------------------------------------------------------------------------------------------- taking

    /// Takes the token at hand, whatever it is; the end stays.
    fn bump(&mut self) -> Token {
        let token = self.token();
        if token.kind != TokenKind::End {
            self.position += 1;
        }
        token
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.at(word);
        if found {
            self.position += 1;
        }
        found
    }

    /// Takes all of `words` or none.
    fn eat_all(&mut self, words: &[&str]) -> bool {
        let found = self.at_all(words);
        if found {
            self.position += words.len();
        }
        found
    }

    fn eat_kind(&mut self, kind: TokenKind) -> bool {
        let found = self.peek() == kind;
        if found {
            self.position += 1;
        }
        found
    }

    fn expect(&mut self, word: &str) -> Parsed<Span> {
        if self.at(word) {
            Ok(self.bump().span)
        } else {
            Err(self.expected_words(&[word]))
        }
    }

    /// Takes `word`, the last of the `possible` ones to be tried.
    fn expect_or(&mut self, word: &str, possible: &[&str]) -> Parsed<Span> {
        if self.at(word) {
            Ok(self.bump().span)
        } else {
            Err(self.expected_words(possible))
        }
    }

    fn expect_all(&mut self, words: &[&str]) -> Parsed<()> {
        words.iter().try_for_each(|word| self.expect(word).map(drop))
    }

    fn expect_kind(&mut self, kind: TokenKind, what: &str) -> Parsed<Span> {
        if self.peek() == kind {
            Ok(self.bump().span)
        } else {
            Err(self.expected(what))
        }
    }

    fn left_paren(&mut self) -> Parsed<Span> {
        self.expect_kind(TokenKind::LeftParen, "'('")
    }

    fn right_paren(&mut self) -> Parsed<Span> {
        self.expect_kind(TokenKind::RightParen, "')'")
    }

    /// The end of a list whose items are separated by commas.
    fn list_end(&mut self) -> Parsed<Span> {
        self.expect_kind(TokenKind::RightParen, "',' or ')'")
    }

    /// One or more items with commas between.
    fn comma_list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = Vec::new();
        loop {
            items.push(item(self)?);
            if !self.eat_kind(TokenKind::Comma) {
                return Ok(items);
            }
        }
    }

    /// `(item, ...)`, not empty.
    fn paren_list<T>(&mut self, item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.left_paren()?;
        let items = self.comma_list(item)?;
        self.list_end()?;
        Ok(items)
    }

    fn name(&mut self, what: &str) -> Parsed<Ident> {
        if !self.nth_is_name(0) {
            return Err(self.expected_name(what));
        }
        self.any_name()
    }

    /// The word or quoted name at hand as a name, reserved or not.
    fn any_name(&mut self) -> Parsed<Ident> {
        let token = self.bump();
        let text = self.text_of(token.span);
        let quoted = token.kind == TokenKind::QuotedName;
        let name = if quoted {
            text[1..text.len() - 1].replace("``", "`")
        } else {
            text.to_string()
        };
        if name.chars().count() > IDENTIFIER_LENGTH_MAX {
            let message = format!("a name must not have more than {IDENTIFIER_LENGTH_MAX} characters");
            return Err(Diagnostic::parse(token.span, message));
        }
        Ok(Ident {
            name,
            quoted,
            span: token.span,
        })
    }

    /// `a.b.c`
    fn object_name(&mut self, what: &str) -> Parsed<ObjectName> {
        let mut parts = vec![self.name(what)?];
        while self.peek() == TokenKind::Dot {
            self.bump();
            parts.push(self.name("a name after '.'")?);
        }
        Ok(object_name(parts))
    }

    fn name_list(&mut self, what: &str) -> Parsed<Vec<Ident>> {
        self.paren_list(|parser| parser.name(what))
    }

    fn unsigned(&mut self, what: &str) -> Parsed<(u32, Span)> {
        if self.peek() != TokenKind::Integer {
            return Err(self.expected(what));
        }
        let span = self.bump().span;
        match self.text_of(span).parse() {
            Ok(number) if number <= i32::MAX as u32 => Ok((number, span)),
            _ => Err(Diagnostic::parse(
                span,
                format!("{} is more than the {} allowed", self.text_of(span), i32::MAX),
            )),
        }
    }

    /// `COMMENT 'text'`
    fn comment(&mut self) -> Parsed<Option<Text>> {
        if self.eat("COMMENT") {
            Ok(Some(self.string("a comment as a string")?))
        } else {
            Ok(None)
        }
    }

    fn if_exists(&mut self) -> bool {
        self.eat_all(&["IF", "EXISTS"])
    }

    fn if_not_exists(&mut self) -> bool {
        self.eat_all(&["IF", "NOT", "EXISTS"])
    }

    // ---------------------------------------------------------------------------------------- bounding

    /// Runs `parse` one level deeper: the tree it returns stands one above the trees in it.
    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting >= NESTING_MAX {
            let message = format!("the statement is nested more than {NESTING_MAX} levels deep");
            return Err(Diagnostic::parse(self.span(), message).hint("split it with views or WITH"));
        }
        self.nesting += 1;
        let outer = std::mem::replace(&mut self.tallest, 0);
        let tree = parse(self);
        self.nesting -= 1;
        let grown = self.grow();
        self.tallest = self.tallest.max(outer);
        grown.and(tree)
    }

    /// Puts a node above all trees finished so far on this level.
    fn grow(&mut self) -> Parsed<()> {
        self.tallest += 1;
        if self.tallest > TREE_HEIGHT_MAX {
            let message =
                format!("a chain of more than {TREE_HEIGHT_MAX} operators, joins or queries is too long");
            return Err(
                Diagnostic::parse(self.span(), message).hint("split it with parentheses, views or WITH")
            );
        }
        Ok(())
    }
}

/// Not empty, by construction.
fn object_name(parts: Vec<Ident>) -> ObjectName {
    let span = match (parts.first(), parts.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => Span::default(),
    };
    ObjectName { parts, span }
}
