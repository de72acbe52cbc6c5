//! Hints: `/*+ OPTIONS('k' = 'v'), BROADCAST(t) */`.

use super::{Parsed, Parser};
use crate::ast::{Hint, OptionEntry, Text};
use crate::lexer::TokenKind;

const MARK: u32 = "/*+".len() as u32;
const END: u32 = "*/".len() as u32;

impl Parser<'_> {
    /// The hints of the hint token at hand, if there is one.
    pub(super) fn hints(&mut self) -> Parsed<Vec<Hint>> {
        if self.peek() != TokenKind::Hint {
            return Ok(Vec::new());
        }
        let span = self.bump().span;
        let mut inside = Parser::part(self.text, (span.start + MARK) as usize, (span.end - END) as usize);
        inside.end_of = "the hint";
        let hints = inside.comma_list(|parser| parser.hint())?;
        match inside.peek() {
            TokenKind::End => Ok(hints),
            _ => Err(inside.expected("',' or the end of the hint")),
        }
    }

    fn hint(&mut self) -> Parsed<Hint> {
        let name = self.name("the name of a hint")?;
        let start = name.span;
        let mut hint = Hint {
            name,
            options: Vec::new(),
            arguments: Vec::new(),
            span: start,
        };
        if self.eat_kind(TokenKind::LeftParen) && !self.eat_kind(TokenKind::RightParen) {
            if self.nth_kind(1) == TokenKind::Equal {
                hint.options = self.comma_list(|parser| parser.hint_option())?;
            } else {
                hint.arguments = self.comma_list(|parser| parser.hint_argument())?;
            }
            self.list_end()?;
        }
        hint.span = self.since(start);
        Ok(hint)
    }

    fn hint_option(&mut self) -> Parsed<OptionEntry> {
        let key = if self.nth_is_name(0) {
            let name = self.name("a key")?;
            Text {
                value: name.name,
                span: name.span,
            }
        } else {
            self.string("a key as a string")?
        };
        self.expect_kind(TokenKind::Equal, "'='")?;
        Ok(OptionEntry {
            key,
            value: self.string("a value as a string")?,
        })
    }

    /// A name, a string or a number.
    fn hint_argument(&mut self) -> Parsed<Text> {
        if self.nth_is_name(0) {
            let name = self.name("an argument")?;
            return Ok(Text {
                value: name.name,
                span: name.span,
            });
        }
        let start = self.span();
        let signed = matches!(self.peek(), TokenKind::Minus | TokenKind::Plus);
        if matches!(
            self.nth_kind(usize::from(signed)),
            TokenKind::Integer | TokenKind::Decimal | TokenKind::Double
        ) {
            self.position += 1 + usize::from(signed);
            let span = self.since(start);
            return Ok(Text {
                value: self.text_of(span).to_string(),
                span,
            });
        }
        self.string("an argument")
    }
}
