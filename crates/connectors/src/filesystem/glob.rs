//! Patterns over paths: `*` and `?` within a name, `[a-z]` and `[!a-z]` for one character, `**` for any number
//! of folders.
//!
//! Matching is linear in pattern times name, so that a hostile pattern cannot stall the listing.

/// One name of a path pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// `**`
    AnyFolders,
    Name(Vec<Token>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Star,
    Any,
    Literal(char),
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

pub fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// Reads one name of a pattern. The error tells what is wrong with it.
pub fn parse_segment(text: &str) -> Result<Segment, String> {
    if text == "**" {
        return Ok(Segment::AnyFolders);
    }
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        match characters[at] {
            '*' => {
                if tokens.last() != Some(&Token::Star) {
                    tokens.push(Token::Star);
                }
            }
            '?' => tokens.push(Token::Any),
            '[' => {
                let (class, last) =
                    parse_class(&characters, at).ok_or_else(|| format!("'[' without its ']' in '{text}'"))?;
                tokens.push(class);
                at = last;
            }
            literal => tokens.push(Token::Literal(literal)),
        }
        at += 1;
    }
    Ok(Segment::Name(tokens))
}

/// The class that opens at `open`, and where its closing bracket stands.
fn parse_class(characters: &[char], open: usize) -> Option<(Token, usize)> {
    let negated = characters.get(open + 1) == Some(&'!');
    let first = open + 1 + usize::from(negated);
    // A closing bracket in the first place is a member, as in `[]]`.
    let close = (first + 1..characters.len()).find(|&at| characters[at] == ']')?;
    let members = &characters[first..close];
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < members.len() {
        if at + 2 < members.len() && members[at + 1] == '-' {
            ranges.push((members[at], members[at + 2]));
            at += 3;
        } else {
            ranges.push((members[at], members[at]));
            at += 1;
        }
    }
    Some((Token::Class { negated, ranges }, close))
}

impl Token {
    fn matches_one(&self, character: char) -> bool {
        match self {
            Token::Star => false,
            Token::Any => true,
            Token::Literal(literal) => *literal == character,
            Token::Class { negated, ranges } => {
                ranges
                    .iter()
                    .any(|&(low, high)| (low..=high).contains(&character))
                    != *negated
            }
        }
    }
}

/// Whether the tokens match the whole name.
pub fn matches(tokens: &[Token], name: &str) -> bool {
    let characters: Vec<char> = name.chars().collect();
    let (mut token, mut at) = (0, 0);
    // Where to go on if what follows the last star does not match: after that star, one character further.
    let mut retry: Option<(usize, usize)> = None;
    while at < characters.len() {
        if token < tokens.len() && tokens[token] == Token::Star {
            retry = Some((token + 1, at));
            token += 1;
        } else if token < tokens.len() && tokens[token].matches_one(characters[at]) {
            token += 1;
            at += 1;
        } else if let Some((after_star, from)) = retry {
            token = after_star;
            at = from + 1;
            retry = Some((after_star, at));
        } else {
            return false;
        }
    }
    tokens[token..].iter().all(|rest| *rest == Token::Star)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, name: &str, expected: bool) {
        let Segment::Name(tokens) = parse_segment(pattern).unwrap() else {
            panic!("{pattern} is not one name");
        };
        assert_eq!(matches(&tokens, name), expected, "{pattern} against {name}");
    }

    #[test]
    fn a_pattern_matches_whole_names() {
        check("*.json", "a.json", true);
        check("*.json", "a.json.gz", false);
        check("a?c", "abc", true);
        check("a?c", "ac", false);
        check("[a-c]x[!0-9]", "bxy", true);
        check("[a-c]x[!0-9]", "bx7", false);
        check("[]]", "]", true);
        check("*a*b*", "xxaxxbxx", true);
        check("*a*b*", "xxbxxaxx", false);
        check("*", "", true);
        check("日?", "日本", true);
    }

    #[test]
    fn an_open_class_is_refused() {
        assert_eq!(
            parse_segment("a[bc").unwrap_err(),
            "'[' without its ']' in 'a[bc'"
        );
    }
}
