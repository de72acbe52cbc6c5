//! Options: `('key' = 'value', ...)`.

use super::{Parsed, Parser};
use crate::ast::{OptionEntry, Text};
use crate::lexer::TokenKind;

impl Parser<'_> {
    /// `[WITH ('key' = 'value', ...)]`
    pub(super) fn with_options(&mut self) -> Parsed<Vec<OptionEntry>> {
        if self.eat("WITH") {
            self.options()
        } else {
            Ok(Vec::new())
        }
    }

    /// `('key' = 'value', ...)`, perhaps empty.
    pub(super) fn options(&mut self) -> Parsed<Vec<OptionEntry>> {
        self.left_paren()?;
        if self.eat_kind(TokenKind::RightParen) {
            return Ok(Vec::new());
        }
        let options = self.comma_list(|parser| parser.option_entry())?;
        self.list_end()?;
        Ok(options)
    }

    fn option_entry(&mut self) -> Parsed<OptionEntry> {
        let key = self.option_string("an option's key as a string")?;
        if self.peek() != TokenKind::Equal {
            let message = format!("'=' behind the key '{}'", key.value);
            return Err(self
                .expected(&message)
                .hint(format!("write '{}' = '...'", key.value)));
        }
        self.bump();
        Ok(OptionEntry {
            key,
            value: self.option_string("an option's value as a string")?,
        })
    }

    /// A string; anything else up to the next `=`, `,` or `)` is shown in the quotes that it lacks.
    fn option_string(&mut self, what: &str) -> Parsed<Text> {
        if matches!(
            self.peek(),
            TokenKind::Word | TokenKind::Integer | TokenKind::Decimal | TokenKind::QuotedName
        ) {
            let mut end = self.span();
            let mut n = 1;
            while self.nth(n).span.start == end.end
                && !matches!(
                    self.nth_kind(n),
                    TokenKind::Equal | TokenKind::Comma | TokenKind::RightParen | TokenKind::End
                )
            {
                end = self.nth(n).span;
                n += 1;
            }
            let bare = self.text_of(self.span().to(end)).replace('`', "");
            return Err(self
                .expected(what)
                .hint(format!("write '{bare}' in single quotes")));
        }
        self.string(what)
    }
}
