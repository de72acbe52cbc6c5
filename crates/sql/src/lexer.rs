//! Text to tokens.
//!
//! Lossless: the texts of the tokens, one after the other, are the text. Nothing here fails: what is no SQL becomes
//! a token of an error kind, and the parser says what is wrong with it.

use model::Span;

use crate::SCRIPT_BYTES_MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

impl Token {
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        self.span.text(source)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    Whitespace,
    /// `-- ...` or `// ...`, without its line break.
    LineComment,
    /// `/* ... */`
    BlockComment,
    /// `/*+ ... */`
    Hint,
    /// A keyword or a name without quotes.
    Word,
    /// `` `name` ``
    QuotedName,
    /// `'text'`
    String,
    /// `U&'\00e9'`
    UnicodeString,
    /// `_UTF8'text'`
    CharsetString,
    /// `N'text'`
    NationalString,
    /// `X'0AFF'`
    BinaryString,
    /// `12`
    Integer,
    /// `1.2`, `1.`, `.2`
    Decimal,
    /// `1E2`
    Double,
    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    Comma,
    Dot,
    Semicolon,
    Colon,
    Equal,
    /// `<>`
    NotEqual,
    /// `!=`, which Flink knows and refuses.
    BangEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `=>`
    Arrow,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    /// `||`
    Concat,
    Bar,
    Caret,
    Question,
    /// `"text"`: no token of Flink's.
    DoubleQuoted,
    UnterminatedString,
    UnterminatedName,
    UnterminatedComment,
    /// Two back quotes with nothing between.
    EmptyName,
    Unknown,
    /// A text that is longer than [`SCRIPT_BYTES_MAX`], as a whole.
    TooLong,
    /// The end of the text; the parser's own.
    End,
}

impl TokenKind {
    /// White space and comments: what a parser passes over.
    pub fn is_trivia(self) -> bool {
        matches!(
            self,
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment
        )
    }

    pub fn is_error(self) -> bool {
        matches!(
            self,
            TokenKind::DoubleQuoted
                | TokenKind::UnterminatedString
                | TokenKind::UnterminatedName
                | TokenKind::UnterminatedComment
                | TokenKind::EmptyName
                | TokenKind::Unknown
                | TokenKind::TooLong
        )
    }
}

/// All tokens of a text, white space and comments included.
pub fn tokenize(text: &str) -> Vec<Token> {
    if text.len() > SCRIPT_BYTES_MAX {
        return vec![Token {
            kind: TokenKind::TooLong,
            span: Span::new(0, text.len()),
        }];
    }
    tokenize_range(text, 0, text.len())
}

/// The tokens of `text[start..end]`, their places counted from the start of `text`.
pub(crate) fn tokenize_range(text: &str, start: usize, end: usize) -> Vec<Token> {
    let mut lexer = Lexer {
        text: &text[..end],
        position: start,
    };
    let mut tokens = Vec::with_capacity((end - start) / 4);
    while lexer.position < end {
        let from = lexer.position;
        let kind = lexer.next();
        tokens.push(Token {
            kind,
            span: Span::new(from, lexer.position),
        });
    }
    tokens
}

struct Lexer<'a> {
    text: &'a str,
    position: usize,
}

impl Lexer<'_> {
    /// Passes over one token, always at least one character long.
    fn next(&mut self) -> TokenKind {
        let rest = &self.text[self.position..];
        let bytes = rest.as_bytes();
        let second = bytes.get(1).copied().unwrap_or(0);
        match bytes[0] {
            b' ' | b'\t' | b'\r' | b'\n' | 0x0C => self.whitespace(),
            b'-' if second == b'-' => self.line_comment(),
            b'/' if second == b'/' => self.line_comment(),
            b'/' if second == b'*' => self.block_comment(),
            b'\'' => self.string(0, TokenKind::String),
            b'u' | b'U' if rest[1..].starts_with("&'") => self.string(2, TokenKind::UnicodeString),
            b'n' | b'N' if second == b'\'' => self.string(1, TokenKind::NationalString),
            b'x' | b'X' if second == b'\'' => self.string(1, TokenKind::BinaryString),
            b'`' => self.quoted_name(),
            b'"' => self.double_quoted(),
            b'0'..=b'9' => self.number(),
            b'.' if second.is_ascii_digit() => self.number(),
            b'<' if second == b'>' => self.take(2, TokenKind::NotEqual),
            b'<' if second == b'=' => self.take(2, TokenKind::LessOrEqual),
            b'>' if second == b'=' => self.take(2, TokenKind::GreaterOrEqual),
            b'!' if second == b'=' => self.take(2, TokenKind::BangEqual),
            b'=' if second == b'>' => self.take(2, TokenKind::Arrow),
            b'|' if second == b'|' => self.take(2, TokenKind::Concat),
            b'(' => self.take(1, TokenKind::LeftParen),
            b')' => self.take(1, TokenKind::RightParen),
            b'[' => self.take(1, TokenKind::LeftBracket),
            b']' => self.take(1, TokenKind::RightBracket),
            b'{' => self.take(1, TokenKind::LeftBrace),
            b'}' => self.take(1, TokenKind::RightBrace),
            b',' => self.take(1, TokenKind::Comma),
            b'.' => self.take(1, TokenKind::Dot),
            b';' => self.take(1, TokenKind::Semicolon),
            b':' => self.take(1, TokenKind::Colon),
            b'=' => self.take(1, TokenKind::Equal),
            b'<' => self.take(1, TokenKind::Less),
            b'>' => self.take(1, TokenKind::Greater),
            b'+' => self.take(1, TokenKind::Plus),
            b'-' => self.take(1, TokenKind::Minus),
            b'*' => self.take(1, TokenKind::Star),
            b'/' => self.take(1, TokenKind::Slash),
            b'%' => self.take(1, TokenKind::Percent),
            b'|' => self.take(1, TokenKind::Bar),
            b'^' => self.take(1, TokenKind::Caret),
            b'?' => self.take(1, TokenKind::Question),
            _ => self.word(),
        }
    }

    fn take(&mut self, bytes: usize, kind: TokenKind) -> TokenKind {
        self.position += bytes;
        kind
    }

    fn whitespace(&mut self) -> TokenKind {
        let rest = &self.text[self.position..];
        let end = rest
            .find(|c: char| !matches!(c, ' ' | '\t' | '\r' | '\n' | '\x0C'))
            .unwrap_or(rest.len());
        self.take(end, TokenKind::Whitespace)
    }

    fn line_comment(&mut self) -> TokenKind {
        let rest = &self.text[self.position..];
        let end = rest.find(['\r', '\n']).unwrap_or(rest.len());
        self.take(end, TokenKind::LineComment)
    }

    fn block_comment(&mut self) -> TokenKind {
        let rest = &self.text[self.position..];
        if rest.starts_with("/*+") {
            return self.hint();
        }
        match rest[2..].find("*/") {
            Some(end) => self.take(end + 4, TokenKind::BlockComment),
            None => self.take(rest.len(), TokenKind::UnterminatedComment),
        }
    }

    /// Quotes in a hint hide an end of comment, as in `/*+ OPTIONS('path' = 'a/*/b') */`.
    fn hint(&mut self) -> TokenKind {
        let rest = &self.text[self.position..];
        let bytes = rest.as_bytes();
        let mut at = 3;
        let mut quote = None;
        while at < bytes.len() {
            match (quote, bytes[at]) {
                (None, b'*') if bytes.get(at + 1) == Some(&b'/') => {
                    return self.take(at + 2, TokenKind::Hint);
                }
                (None, byte @ (b'\'' | b'`')) => quote = Some(byte),
                (Some(open), byte) if byte == open => quote = None,
                _ => {}
            }
            at += 1;
        }
        self.take(rest.len(), TokenKind::UnterminatedComment)
    }

    /// A string after `prefix` bytes; a doubled quote stays inside.
    fn string(&mut self, prefix: usize, kind: TokenKind) -> TokenKind {
        let rest = &self.text[self.position..];
        match closing(rest, prefix, b'\'', false) {
            Some(end) => self.take(end, kind),
            None => self.take(rest.len(), TokenKind::UnterminatedString),
        }
    }

    /// A name in back quotes; it does not cross a line.
    fn quoted_name(&mut self) -> TokenKind {
        let rest = &self.text[self.position..];
        match closing(rest, 0, b'`', true) {
            Some(2) => self.take(2, TokenKind::EmptyName),
            Some(end) => self.take(end, TokenKind::QuotedName),
            None => {
                let line = rest.find(['\r', '\n']).unwrap_or(rest.len());
                self.take(line, TokenKind::UnterminatedName)
            }
        }
    }

    /// Up to the closing quote on the same line, so that one slip does not hide the rest of the text.
    fn double_quoted(&mut self) -> TokenKind {
        let rest = &self.text[self.position..];
        match closing(rest, 0, b'"', true) {
            Some(end) => self.take(end, TokenKind::DoubleQuoted),
            None => {
                let line = rest.find(['\r', '\n']).unwrap_or(rest.len());
                self.take(line, TokenKind::DoubleQuoted)
            }
        }
    }

    fn number(&mut self) -> TokenKind {
        let rest = &self.text[self.position..];
        let bytes = rest.as_bytes();
        let digits = |from: usize| from + bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let mut end = digits(0);
        let mut kind = TokenKind::Integer;
        if bytes.get(end) == Some(&b'.') {
            end = digits(end + 1);
            kind = TokenKind::Decimal;
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            if exponent > end + 1 + sign {
                end = exponent;
                kind = TokenKind::Double;
            }
        }
        self.take(end, kind)
    }

    fn word(&mut self) -> TokenKind {
        let rest = &self.text[self.position..];
        let mut characters = rest.char_indices();
        // The caller saw that there is a character.
        let first = characters.next().map_or('\0', |(_, c)| c);
        if !starts_word(first) {
            return self.take(first.len_utf8(), TokenKind::Unknown);
        }
        let end = characters
            .find(|&(_, c)| !continues_word(c))
            .map_or(rest.len(), |(at, _)| at);
        if first == '_'
            && let Some(bytes) = self.charset_string(rest)
        {
            return self.take(bytes, TokenKind::CharsetString);
        }
        self.take(end, TokenKind::Word)
    }

    /// `_UTF8'...'`: the length of prefix and string. The name of a character set may hold `-`, `.` and `:`.
    fn charset_string(&self, rest: &str) -> Option<usize> {
        let charset = rest[1..]
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'_'))
            .count();
        let prefix = charset + 1;
        if charset == 0 || rest.as_bytes().get(prefix) != Some(&b'\'') {
            return None;
        }
        closing(rest, prefix, b'\'', false)
    }
}

/// The end of what `quote` at byte `open` encloses, a doubled quote standing for one.
fn closing(text: &str, open: usize, quote: u8, one_line: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = open + 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return Some(at + 1);
            }
            at += 1;
        } else if one_line && matches!(bytes[at], b'\r' | b'\n') {
            return None;
        }
        at += 1;
    }
    None
}

fn starts_word(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

fn continues_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}
