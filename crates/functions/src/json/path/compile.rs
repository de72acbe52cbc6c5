//! The text of a path to its tokens.

use super::filter;
use super::{Path, PathError, PathFunction, Token};

pub(super) fn compile(text: &str) -> Result<Path, PathError> {
    let trimmed = text.trim_matches(' ');
    let text = if trimmed.starts_with(['$', '@']) {
        trimmed.to_string()
    } else if trimmed.is_empty() {
        return Err(invalid("a path cannot be empty"));
    } else {
        format!("$.{trimmed}")
    };
    if text.ends_with('.') {
        return Err(invalid("a path must not end with '.'"));
    }
    let mut compiler = Compiler {
        characters: text.chars().collect(),
        position: 1,
        tokens: Vec::new(),
    };
    if compiler.characters.len() > 1 {
        if !matches!(compiler.current(), Some('.' | '[')) {
            return Err(compiler.fail("expected '.' or '['"));
        }
        compiler.token()?;
        // One more character is passed over, as the library does.
        while compiler.position + 1 < compiler.characters.len() {
            compiler.token()?;
        }
    }
    Ok(Path {
        relative: text.starts_with('@'),
        tokens: compiler.tokens,
    })
}

fn invalid(message: impl Into<String>) -> PathError {
    PathError::Invalid(message.into())
}

struct Compiler {
    characters: Vec<char>,
    position: usize,
    tokens: Vec<Token>,
}

impl Compiler {
    fn current(&self) -> Option<char> {
        self.characters.get(self.position).copied()
    }

    fn fail(&self, message: &str) -> PathError {
        invalid(format!("{message} at position {}", self.position))
    }

    fn text(&self, from: usize, to: usize) -> String {
        self.characters[from..to].iter().collect()
    }

    /// The place of the next character behind `position` that is no blank.
    fn significant(&self, position: usize) -> Option<usize> {
        (position + 1..self.characters.len()).find(|&place| self.characters[place] != ' ')
    }

    fn token(&mut self) -> Result<(), PathError> {
        if self.current() == Some('.') {
            if self.characters.get(self.position + 1) == Some(&'.') {
                self.tokens.push(Token::Scan);
                self.position += 2;
            } else {
                self.position += 1;
            }
        }
        match self.current() {
            Some('[') => self.bracket(),
            Some('*') => {
                self.position += 1;
                self.tokens.push(Token::Wildcard);
                Ok(())
            }
            Some('.' | ' ') | None => Err(self.fail("expected a name")),
            Some(_) => self.name(),
        }
    }

    /// `name` or `name()`
    fn name(&mut self) -> Result<(), PathError> {
        let start = self.position;
        let end = (start..self.characters.len())
            .find(|&place| matches!(self.characters[place], '.' | '[' | '(' | ' '))
            .unwrap_or(self.characters.len());
        let name = self.text(start, end);
        match self.characters.get(end) {
            Some(' ') => {
                return Err(self.fail("a name with blanks is written as ['my name'], and one is not"));
            }
            Some('(') => {
                if self.characters.get(end + 1) != Some(&')') {
                    return Err(self.fail("functions of paths take no arguments here"));
                }
                self.position = end + 2;
                let function = match name.as_str() {
                    "length" | "size" => PathFunction::Length,
                    "keys" => PathFunction::Keys,
                    "min" => PathFunction::Min,
                    "max" => PathFunction::Max,
                    "avg" => PathFunction::Average,
                    "sum" => PathFunction::Sum,
                    "stddev" => PathFunction::Deviation,
                    _ => return Err(invalid(format!("there is no function '{name}' of paths"))),
                };
                self.tokens.push(Token::Function(function));
            }
            _ => {
                self.position = end;
                self.tokens.push(Token::Fields(vec![name]));
            }
        }
        Ok(())
    }

    fn bracket(&mut self) -> Result<(), PathError> {
        let unknown =
            |compiler: &Compiler| compiler.fail("expected a name, an index, '*' or '?' in brackets");
        let Some(first) = self.significant(self.position) else {
            return Err(unknown(self));
        };
        match self.characters[first] {
            quote @ ('\'' | '"') => self.names(first, quote),
            '0'..='9' | '-' | ':' => self.indexes(),
            '*' => {
                let Some(end) = self.significant(first).filter(|&end| self.characters[end] == ']') else {
                    return Err(self.fail("expected ']' behind '*'"));
                };
                self.position = end + 1;
                self.tokens.push(Token::Wildcard);
                Ok(())
            }
            '?' => {
                let open = self
                    .significant(first)
                    .filter(|&open| self.characters[open] == '(')
                    .ok_or_else(|| unknown(self))?;
                let close = closing(&self.characters, open).ok_or_else(|| unknown(self))?;
                let end = self
                    .significant(close)
                    .filter(|&end| self.characters[end] == ']')
                    .ok_or_else(|| unknown(self))?;
                let condition = filter::compile(&self.characters[open + 1..close])?;
                self.position = end + 1;
                self.tokens.push(Token::Filter(condition));
                Ok(())
            }
            _ => Err(unknown(self)),
        }
    }

    /// `['a', 'b']`
    fn names(&mut self, first: usize, quote: char) -> Result<(), PathError> {
        let mut names = Vec::new();
        let mut place = first;
        loop {
            if self.characters.get(place) != Some(&quote) {
                return Err(self.fail("expected a name in quotes"));
            }
            let mut name = String::new();
            place += 1;
            loop {
                match self.characters.get(place) {
                    Some('\\') => {
                        let escaped = self.characters.get(place + 1).copied();
                        name.push(escaped.ok_or_else(|| self.fail("a name is not closed"))?);
                        place += 2;
                    }
                    Some(&character) if character == quote => break,
                    Some(&character) => {
                        name.push(character);
                        place += 1;
                    }
                    None => return Err(self.fail("a name is not closed")),
                }
            }
            names.push(name);
            let next = self.significant(place).ok_or_else(|| self.fail("expected ']'"))?;
            match self.characters[next] {
                ']' => {
                    self.position = next + 1;
                    break;
                }
                ',' => {
                    place = self
                        .significant(next)
                        .ok_or_else(|| self.fail("expected a name"))?
                }
                _ => return Err(self.fail("expected ',' or ']'")),
            }
        }
        self.tokens.push(Token::Fields(names));
        Ok(())
    }

    /// `[0]`, `[0, 2]`, `[1:]`, `[:-1]`, `[1:3]`
    fn indexes(&mut self) -> Result<(), PathError> {
        let end = (self.position..self.characters.len())
            .find(|&place| self.characters[place] == ']')
            .ok_or_else(|| self.fail("expected ']'"))?;
        let text = self.text(self.position + 1, end);
        let number = |text: &str| {
            text.trim()
                .parse::<i32>()
                .map(i64::from)
                .map_err(|_| self.fail(&format!("'{text}' is no index")))
        };
        let token = if text.contains(':') {
            let mut parts = text.trim().split(':');
            let mut bound = || match parts.next().map(str::trim) {
                None | Some("") => Ok(None),
                Some(part) => number(part).map(Some),
            };
            let (from, to) = (bound()?, bound()?);
            if from.is_none() && to.is_none() {
                return Err(self.fail("a slice has a start or an end"));
            }
            Token::Slice { from, to }
        } else {
            Token::Indexes(text.split(',').map(number).collect::<Result<_, _>>()?)
        };
        self.position = end + 1;
        self.tokens.push(token);
        Ok(())
    }
}

/// The parenthesis or bracket that closes the one at `open`; quotes and patterns are passed over.
pub(super) fn closing(characters: &[char], open: usize) -> Option<usize> {
    let (opening, close) = (
        characters[open],
        match characters[open] {
            '(' => ')',
            '{' => '}',
            _ => ']',
        },
    );
    let mut depth = 0;
    let mut place = open;
    while let Some(&character) = characters.get(place) {
        match character {
            '\'' | '"' | '/' => {
                place = (place + 1..characters.len())
                    .find(|&end| characters[end] == character && characters[end - 1] != '\\')?;
            }
            _ if character == opening => depth += 1,
            _ if character == close => {
                depth -= 1;
                if depth == 0 {
                    return Some(place);
                }
            }
            _ => {}
        }
        place += 1;
    }
    None
}
