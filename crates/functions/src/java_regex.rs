//! Java's regular expressions in the syntax of the `regex` crate, or of `fancy-regex` where they need to backtrack.
//!
//! `\d`, `\w`, `\s` and `\b` mean ASCII, `.` stands for anything but the end of a line, and `$` also matches before
//! the end of the last line, as in Java. Looking around, references back to a group, atomic groups and possessive
//! quantifiers backtrack, up to a limit. What has no counterpart is an error, never a pattern that means something
//! else. What is no regular expression in Java either is told apart from that.

use std::iter::Peekable;
use std::ops::Range;
use std::str::Chars;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use ::regex::{Error as RegexError, Regex};
use dataflow::Error;

/// How many steps back a search may take.
const BACKTRACKS_MAX: usize = 1_000_000;

/// A Java regular expression made ready.
#[derive(Debug)]
pub(crate) struct JavaRegex {
    pattern: String,
    engine: Engine,
    has_end: bool,
    /// For what stands before the end of the last line; made when there is one.
    before_line_end: OnceLock<Option<Engine>>,
}

#[derive(Debug)]
enum Engine {
    /// In time that grows with the text.
    Linear(Regex),
    Backtracking {
        regex: fancy_regex::Regex,
        /// Whether a search was given up.
        exhausted: AtomicBool,
    },
}

impl Engine {
    fn find_at(&self, text: &str, start: usize) -> Option<Range<usize>> {
        match self {
            Engine::Linear(regex) => regex.find_at(text, start).map(|found| found.range()),
            Engine::Backtracking { regex, exhausted } => match regex.find_from_pos(text, start) {
                Ok(found) => found.map(|found| found.range()),
                Err(_) => {
                    exhausted.store(true, Ordering::Relaxed);
                    None
                }
            },
        }
    }

    /// Where a group of the match at `start` lies.
    fn group_at(&self, text: &str, start: usize, group: usize) -> Option<Range<usize>> {
        match self {
            Engine::Linear(regex) => Some(regex.captures_at(text, start)?.get(group)?.range()),
            Engine::Backtracking { regex, .. } => {
                let groups = regex.captures_from_pos(text, start).ok()??;
                Some(groups.get(group)?.range())
            }
        }
    }
}

/// A match in a text.
#[derive(Debug)]
pub(crate) struct Found<'r, 't> {
    range: Range<usize>,
    engine: &'r Engine,
    /// What was searched.
    text: &'t str,
}

impl<'t> Found<'_, 't> {
    pub fn start(&self) -> usize {
        self.range.start
    }

    pub fn end(&self) -> usize {
        self.range.end
    }

    pub fn as_str(&self) -> &'t str {
        &self.text[self.range.clone()]
    }

    /// A group, zero for the whole match; `None` if it took no part in it.
    pub fn group(&self, group: usize) -> Option<&'t str> {
        if group == 0 {
            return Some(self.as_str());
        }
        // Finding where a match lies is much cheaper than telling its groups apart.
        let range = self.engine.group_at(self.text, self.range.start, group)?;
        Some(&self.text[range])
    }
}

impl JavaRegex {
    /// `None` if Java has no such pattern; an error if only Java has it.
    pub fn compile(pattern: &str) -> Result<Option<JavaRegex>, Error> {
        let unsupported = |what: &str| {
            Error::evaluation(format!(
                "{what} is not supported in regular expressions: '{pattern}'"
            ))
        };
        let (translated, has_end) = match translate(pattern, End::OfText, Dialect::Linear) {
            Ok(translated) => translated,
            Err(Refusal::Invalid) => return Ok(None),
            Err(Refusal::Unsupported(what)) => return Err(unsupported(what)),
            Err(Refusal::Backtracks(what)) => {
                let translated = match translate(pattern, End::OfText, Dialect::Backtracking) {
                    Ok((translated, _)) => translated,
                    Err(Refusal::Invalid) => return Ok(None),
                    Err(Refusal::Unsupported(what) | Refusal::Backtracks(what)) => {
                        return Err(unsupported(what));
                    }
                };
                let regex = fancy_regex::RegexBuilder::new(&translated)
                    .backtrack_limit(BACKTRACKS_MAX)
                    .build()
                    .map_err(|_| unsupported(what))?;
                return Ok(Some(JavaRegex {
                    pattern: pattern.to_string(),
                    engine: Engine::Backtracking {
                        regex,
                        exhausted: AtomicBool::new(false),
                    },
                    has_end: false,
                    before_line_end: OnceLock::new(),
                }));
            }
        };
        match Regex::new(&translated) {
            Ok(regex) => Ok(Some(JavaRegex {
                pattern: pattern.to_string(),
                engine: Engine::Linear(regex),
                has_end,
                before_line_end: OnceLock::new(),
            })),
            Err(RegexError::CompiledTooBig(_)) => Err(Error::evaluation(format!(
                "the regular expression is too large: '{pattern}'"
            ))),
            Err(_) => Ok(None),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.pattern.is_empty()
    }

    /// How many groups there are, the whole match among them.
    pub fn groups(&self) -> usize {
        match &self.engine {
            Engine::Linear(regex) => regex.captures_len(),
            Engine::Backtracking { regex, .. } => regex.captures_len(),
        }
    }

    /// Whether the searches since the last check came to an end; an error if one was given up.
    pub fn check(&self) -> Result<(), Error> {
        match &self.engine {
            Engine::Backtracking { exhausted, .. } if exhausted.swap(false, Ordering::Relaxed) => {
                Err(Error::evaluation(format!(
                    "the regular expression goes back more than {BACKTRACKS_MAX} steps: '{}'",
                    self.pattern
                )))
            }
            _ => Ok(()),
        }
    }

    pub fn is_match(&self, text: &str) -> bool {
        let of_whole = match &self.engine {
            Engine::Linear(regex) => regex.is_match(text),
            backtracking => backtracking.find_at(text, 0).is_some(),
        };
        of_whole
            || self
                .before_line_end(text)
                .is_some_and(|(engine, line)| engine.find_at(line, 0).is_some())
    }

    pub fn find<'t>(&self, text: &'t str) -> Option<Found<'_, 't>> {
        self.find_at(text, 0)
    }

    /// All matches, as `Matcher.find` goes from one to the next: one that is empty may follow at the end of another.
    pub fn find_all<'r, 't>(&'r self, text: &'t str) -> impl Iterator<Item = Found<'r, 't>> {
        let mut next = Some(0);
        std::iter::from_fn(move || {
            let found = self.find_at(text, next?)?;
            next = if found.range.is_empty() {
                let behind = &text[found.end()..];
                behind.chars().next().map(|first| found.end() + first.len_utf8())
            } else {
                Some(found.end())
            };
            Some(found)
        })
    }

    /// The parts between matches, as `String.split` gives them: none that are empty at the end, and none before an
    /// empty match at the start.
    pub fn split<'t>(&self, text: &'t str, parts: &mut Vec<&'t str>) {
        parts.clear();
        let mut behind = 0;
        for found in self.find_all(text) {
            if found.end() == 0 {
                continue;
            }
            parts.push(&text[behind..found.start()]);
            behind = found.end();
        }
        parts.push(&text[behind..]);
        if behind > 0 {
            while parts.last().is_some_and(|part| part.is_empty()) {
                parts.pop();
            }
        }
    }

    /// As `split` into two parts at most; empty ones stay.
    pub fn split_once<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let found = self.find_all(text).find(|found| found.end() > 0)?;
        Some((&text[..found.start()], &text[found.end()..]))
    }

    fn find_at<'t>(&self, text: &'t str, start: usize) -> Option<Found<'_, 't>> {
        let of = |engine, text: &'t str, range| Found { range, engine, text };
        let found = self
            .engine
            .find_at(text, start)
            .map(|range| of(&self.engine, text, range));
        let Some((engine, line)) = self.before_line_end(text).filter(|(_, line)| start <= line.len()) else {
            return found;
        };
        // Where both begin, the pattern itself has taken the end of the line in.
        let before = engine
            .find_at(line, start)
            .filter(|before| found.as_ref().is_none_or(|found| before.start < found.start()));
        match before {
            Some(before) => Some(of(engine, line, before)),
            None => found,
        }
    }

    /// There is no way to look ahead for the end of the last line. So what stands before it is searched by itself.
    #[inline]
    fn before_line_end<'t>(&self, text: &'t str) -> Option<(&Engine, &'t str)> {
        if !self.has_end {
            return None;
        }
        let line = text
            .strip_suffix("\r\n")
            .or_else(|| text.strip_suffix(LINE_ENDS))?;
        let compile = || {
            let translated = translate(&self.pattern, End::OfLine, Dialect::Linear).ok()?.0;
            Regex::new(&translated).ok().map(Engine::Linear)
        };
        Some((self.before_line_end.get_or_init(compile).as_ref()?, line))
    }
}

/// What ends a line in Java.
const LINE_ENDS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// Any character that ends no line.
pub(crate) const IN_LINE: &str = "[^\\n\\r\\x{85}\\x{2028}\\x{2029}]";

const DIGIT: &str = "[0-9]";
const WORD: &str = "[a-zA-Z0-9_]";
const SPACE: &str = "[\\x20\\t\\n\\x0B\\f\\r]";
const HORIZONTAL: &str = "[\\x20\\t\\x{A0}\\x{1680}\\x{180e}\\x{2000}-\\x{200a}\\x{202f}\\x{205f}\\x{3000}]";
const VERTICAL: &str = "[\\n\\x0B\\f\\r\\x{85}\\x{2028}\\x{2029}]";

/// Java's POSIX classes, which are ASCII.
const POSIX_CLASSES: &[(&str, &str)] = &[
    ("Lower", "[a-z]"),
    ("Upper", "[A-Z]"),
    ("ASCII", "[\\x00-\\x7F]"),
    ("Alpha", "[a-zA-Z]"),
    ("Digit", DIGIT),
    ("Alnum", "[a-zA-Z0-9]"),
    ("Punct", "[!-/:-@\\[-`{-~]"),
    ("Graph", "[!-~]"),
    ("Print", "[\\x20-~]"),
    ("Blank", "[\\x20\\t]"),
    ("Cntrl", "[\\x00-\\x1F\\x7F]"),
    ("XDigit", "[0-9a-fA-F]"),
    ("Space", SPACE),
];

/// What is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// A whole text.
    OfText,
    /// A text without the end of its last line.
    OfLine,
}

/// Whose syntax is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Linear,
    Backtracking,
}

/// What holds inside of a group.
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    /// `(?m)`
    multi_line: bool,
    /// `(?s)`
    dot_all: bool,
}

/// Why a pattern has no translation.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// Java refuses it too.
    Invalid,
    /// Java knows it, and so does the dialect that backtracks.
    Backtracks(&'static str),
    /// Java knows it.
    Unsupported(&'static str),
}

/// The pattern for the `regex` crate, and whether it speaks of the end.
fn translate(pattern: &str, end: End, dialect: Dialect) -> Result<(String, bool), Refusal> {
    let mut translation = Translation {
        characters: pattern.chars().peekable(),
        // Lines end as in Java, not just with '\n'.
        out: String::with_capacity(pattern.len() + 16),
        end,
        dialect,
        has_end: false,
        class_depth: 0,
        flags: vec![Flags::default()],
        quantifiable: false,
    };
    if dialect == Dialect::Linear {
        translation.out.push_str("(?R)");
    }
    translation.run()?;
    Ok((translation.out, translation.has_end))
}

struct Translation<'a> {
    characters: Peekable<Chars<'a>>,
    out: String,
    end: End,
    dialect: Dialect,
    has_end: bool,
    class_depth: usize,
    /// For each group that is open, the pattern itself first.
    flags: Vec<Flags>,
    /// Whether a quantifier may follow.
    quantifiable: bool,
}

impl Translation<'_> {
    fn run(&mut self) -> Result<(), Refusal> {
        while let Some(character) = self.characters.next() {
            if self.class_depth > 0 {
                self.in_class(character)?;
                continue;
            }
            match character {
                '\\' => self.escape()?,
                '[' => self.open_class(),
                '(' => self.open_group()?,
                ')' => {
                    if self.flags.len() > 1 {
                        self.flags.pop();
                    }
                    self.plain(')');
                }
                '*' | '+' | '?' => self.quantifier(character)?,
                '{' => {
                    if !self.characters.peek().is_some_and(char::is_ascii_digit) {
                        return Err(Refusal::Invalid);
                    }
                    self.out.push('{');
                    for inner in self.characters.by_ref() {
                        self.out.push(inner);
                        if inner == '}' {
                            break;
                        }
                    }
                    self.after_quantifier()?;
                }
                '$' if self.flags().multi_line => self.plain('$'),
                '$' => self.end(),
                '.' if self.flags().dot_all => self.plain('.'),
                '.' => self.part(IN_LINE),
                '|' | '^' => {
                    self.out.push(character);
                    // `^*` is a quantifier of an anchor in Java, and one of nothing behind '|'.
                    self.quantifiable = character == '^';
                }
                _ => self.plain(character),
            }
        }
        Ok(())
    }

    fn flags(&self) -> Flags {
        self.flags.last().copied().unwrap_or_default()
    }

    fn plain(&mut self, character: char) {
        self.out.push(character);
        self.quantifiable = true;
    }

    fn part(&mut self, part: &str) {
        self.out.push_str(part);
        self.quantifiable = true;
    }

    fn end(&mut self) {
        if self.dialect == Dialect::Backtracking {
            return self.part("(?=(?:\\r\\n|[\\n\\r\\x{85}\\x{2028}\\x{2029}])?\\z)");
        }
        self.has_end = true;
        self.part("\\z");
    }

    /// What only the dialect that backtracks has.
    fn backtracks(&self, what: &'static str) -> Result<(), Refusal> {
        match self.dialect {
            Dialect::Linear => Err(Refusal::Backtracks(what)),
            Dialect::Backtracking => Ok(()),
        }
    }

    fn literal(&mut self, character: char) {
        let text = ::regex::escape(character.encode_utf8(&mut [0; 4]));
        self.part(&text);
    }

    fn quantifier(&mut self, character: char) -> Result<(), Refusal> {
        if !self.quantifiable {
            return Err(Refusal::Invalid);
        }
        self.out.push(character);
        self.after_quantifier()
    }

    /// `?` makes a quantifier reluctant, `+` would make it possessive; a further one is none.
    fn after_quantifier(&mut self) -> Result<(), Refusal> {
        self.quantifiable = false;
        match self.characters.peek() {
            Some('+') => {
                self.backtracks("a possessive quantifier")?;
                self.characters.next();
                self.out.push('+');
                Ok(())
            }
            Some('?') => {
                self.characters.next();
                self.out.push('?');
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open_class(&mut self) {
        self.class_depth += 1;
        self.out.push('[');
        if self.characters.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        // A bracket that comes first stands for itself.
        if self.characters.next_if_eq(&']').is_some() {
            self.out.push_str("\\]");
        }
    }

    fn in_class(&mut self, character: char) -> Result<(), Refusal> {
        match character {
            '\\' => self.escape()?,
            '[' => self.open_class(),
            ']' => {
                self.class_depth -= 1;
                self.plain(']');
            }
            // `regex` knows set operators that Java does not.
            '-' | '~' if self.characters.peek() == Some(&character) => {
                self.out.push('\\');
                self.out.push(character);
            }
            _ => self.out.push(character),
        }
        Ok(())
    }

    fn open_group(&mut self) -> Result<(), Refusal> {
        self.quantifiable = false;
        let flags = self.flags();
        self.out.push('(');
        if self.characters.next_if_eq(&'?').is_none() {
            self.flags.push(flags);
            return Ok(());
        }
        self.out.push('?');
        match self.characters.next() {
            Some(sign @ ('=' | '!' | '>')) => {
                self.backtracks(if sign == '>' {
                    "an atomic group"
                } else {
                    "look-ahead"
                })?;
                self.out.push(sign);
                self.flags.push(flags);
                Ok(())
            }
            Some('<') if matches!(self.characters.peek(), Some('=' | '!')) => {
                self.backtracks("look-behind")?;
                self.out.push('<');
                self.out.extend(self.characters.next());
                self.flags.push(flags);
                Ok(())
            }
            Some('<') => {
                self.out.push('<');
                for inner in self.characters.by_ref() {
                    self.out.push(inner);
                    if inner == '>' {
                        break;
                    }
                }
                self.flags.push(flags);
                Ok(())
            }
            Some(first) => self.set_flags(first, flags),
            None => Err(Refusal::Invalid),
        }
    }

    /// `(?i)` holds up to the end of the group around it, `(?i:...)` in its own.
    fn set_flags(&mut self, first: char, mut flags: Flags) -> Result<(), Refusal> {
        let mut next = Some(first);
        let mut on = true;
        while let Some(character) = next {
            match character {
                'm' => flags.multi_line = on,
                's' => flags.dot_all = on,
                'i' | 'x' => {}
                // Case is folded by Unicode here in any case.
                'u' => {
                    next = self.characters.next();
                    continue;
                }
                'd' => return Err(Refusal::Unsupported("the flag (?d)")),
                'U' => return Err(Refusal::Unsupported("the flag (?U)")),
                '-' if on => on = false,
                ':' => {
                    self.close_flags(on, ':');
                    self.flags.push(flags);
                    return Ok(());
                }
                ')' => {
                    self.close_flags(on, ')');
                    if let Some(around) = self.flags.last_mut() {
                        *around = flags;
                    }
                    return Ok(());
                }
                _ => return Err(Refusal::Invalid),
            }
            self.out.push(character);
            next = self.characters.next();
        }
        Err(Refusal::Invalid)
    }

    /// `regex` wants a flag where Java takes none, as in `(?u)` and `(?i-)`.
    fn close_flags(&mut self, on: bool, close: char) {
        if !on && self.out.ends_with('-') {
            self.out.pop();
        }
        if close == ')' && self.out.ends_with('?') {
            self.out.push('u');
        }
        self.out.push(close);
    }

    fn escape(&mut self) -> Result<(), Refusal> {
        let in_class = self.class_depth > 0;
        let Some(character) = self.characters.next() else {
            return Err(Refusal::Invalid);
        };
        match character {
            'd' => self.part(DIGIT),
            'D' => self.part("[^0-9]"),
            'w' => self.part(WORD),
            'W' => self.part("[^a-zA-Z0-9_]"),
            's' => self.part(SPACE),
            'S' => self.negated(SPACE),
            'h' => self.part(HORIZONTAL),
            'H' => self.negated(HORIZONTAL),
            'v' => self.part(VERTICAL),
            'V' => self.negated(VERTICAL),
            'p' | 'P' => self.property(character == 'P')?,
            'Q' => self.quote(),
            'e' => self.part("\\x1B"),
            '0' => self.octal()?,
            'c' => {
                let control = self.characters.next().ok_or(Refusal::Invalid)? as u32 ^ 64;
                self.part(&format!("\\x{{{control:X}}}"));
            }
            'u' => self.unicode()?,
            't' | 'n' | 'r' | 'f' | 'a' | 'x' => {
                self.out.push('\\');
                self.plain(character);
            }
            '1'..='9' if !in_class => {
                self.backtracks("a reference back to a group")?;
                self.part(&format!("(?:\\{character})"));
            }
            'k' if !in_class => {
                self.backtracks("a reference back to a group")?;
                self.out.push_str("(?:\\k");
                for inner in self.characters.by_ref() {
                    self.out.push(inner);
                    if inner == '>' {
                        break;
                    }
                }
                self.part(")");
            }
            'b' if !in_class && self.dialect == Dialect::Backtracking => {
                self.part("(?:(?<=[a-zA-Z0-9_])(?![a-zA-Z0-9_])|(?<![a-zA-Z0-9_])(?=[a-zA-Z0-9_]))")
            }
            'b' if !in_class => self.part("(?-u:\\b)"),
            'B' if !in_class => self.part("\\B"),
            // The end of the text is further on.
            'z' if !in_class && self.end == End::OfLine => self.part("[a&&b]"),
            'A' | 'z' if !in_class => {
                self.out.push('\\');
                self.plain(character);
            }
            'Z' if !in_class => self.end(),
            'R' if !in_class => self.part("(?:\\r\\n|[\\n\\x0B\\f\\r\\x{85}\\x{2028}\\x{2029}])"),
            'G' if !in_class => return Err(Refusal::Unsupported("\\G")),
            'X' if !in_class => return Err(Refusal::Unsupported("\\X")),
            'N' => return Err(Refusal::Unsupported("\\N")),
            'a'..='z' | 'A'..='Z' => return Err(Refusal::Invalid),
            // Java takes any escaped sign literally; so does `regex`, but only for its own signs.
            other => self.literal(other),
        }
        Ok(())
    }

    fn negated(&mut self, class: &str) {
        self.part(&class.replacen('[', "[^", 1));
    }

    /// Everything up to `\E` is literal.
    fn quote(&mut self) {
        while let Some(character) = self.characters.next() {
            if character == '\\' && self.characters.next_if_eq(&'E').is_some() {
                return;
            }
            self.literal(character);
        }
    }

    /// `\uhhhh`, or two of them that are one character.
    fn unicode(&mut self) -> Result<(), Refusal> {
        let high = self.unit()?;
        let mut units = vec![high];
        if (0xD800..0xDC00).contains(&high) {
            let follows =
                self.characters.next_if_eq(&'\\').is_some() && self.characters.next_if_eq(&'u').is_some();
            if !follows {
                return Err(Refusal::Unsupported("half of a character"));
            }
            units.push(self.unit()?);
        }
        let text = String::from_utf16(&units).map_err(|_| Refusal::Unsupported("half of a character"))?;
        text.chars().for_each(|character| self.literal(character));
        Ok(())
    }

    fn unit(&mut self) -> Result<u16, Refusal> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.characters.next().and_then(|digit| digit.to_digit(16));
            unit = unit * 16 + digit.ok_or(Refusal::Invalid)? as u16;
        }
        Ok(unit)
    }

    /// `\0n`, `\0nn` or `\0mnn`
    fn octal(&mut self) -> Result<(), Refusal> {
        let mut code = None;
        for _ in 0..3 {
            let Some(digit) = self.characters.peek().and_then(|digit| digit.to_digit(8)) else {
                break;
            };
            let next = code.unwrap_or(0) * 8 + digit;
            if next > 0o377 {
                break;
            }
            self.characters.next();
            code = Some(next);
        }
        let code = code.ok_or(Refusal::Invalid)?;
        self.part(&format!("\\x{{{code:X}}}"));
        Ok(())
    }

    /// `\p{Alpha}`, `\p{IsLatin}`, `\p{Lu}`, `\pL`
    fn property(&mut self, negated: bool) -> Result<(), Refusal> {
        let mut name = String::new();
        if self.characters.next_if_eq(&'{').is_some() {
            loop {
                match self.characters.next() {
                    Some('}') => break,
                    Some(character) => name.push(character),
                    None => return Err(Refusal::Invalid),
                }
            }
        } else {
            name.push(self.characters.next().ok_or(Refusal::Invalid)?);
        }
        if let Some((_, class)) = POSIX_CLASSES.iter().find(|(posix, _)| *posix == name) {
            if negated {
                self.negated(class);
            } else {
                self.part(class);
            }
            return Ok(());
        }
        let foreign = ["java", "In", "block", "blk"];
        if foreign.iter().any(|prefix| name.starts_with(prefix)) {
            return Err(Refusal::Unsupported("a class of Java's or a block of Unicode"));
        }
        let letter = if negated { 'P' } else { 'p' };
        let name = name.strip_prefix("Is").unwrap_or(&name);
        self.part(&format!("\\{letter}{{{name}}}"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(pattern: &str) -> JavaRegex {
        JavaRegex::compile(pattern).unwrap().unwrap()
    }

    fn matches(pattern: &str, text: &str) -> bool {
        compiled(pattern).is_match(text)
    }

    #[test]
    fn java_classes_are_ascii_and_quotes_are_literal() {
        assert!(matches(r"^\w+$", "abc_1") && !matches(r"^\w+$", "é"));
        assert!(matches(r"^[\d.]+$", "1.5") && !matches(r"\d", "٣"));
        assert!(matches(r"^\Qa.b\E+$", "a.bb") && !matches(r"^\Qa.b\E$", "axb"));
        assert!(matches(r"a\-b\/c", "a-b/c"));
        assert!(matches(r"^\p{Alpha}\p{Punct}\P{Digit}$", "a$é") && !matches(r"\p{Lower}", "é"));
        assert!(matches(
            r"^[\p{Upper}_]\x41\u0042\011\cA$",
            "Z\u{41}\u{42}\t\u{1}"
        ));
        assert!(matches(r"^\p{Lu}\p{IsLatin}$", "Éé") && matches(r"^\uD83D\uDE00$", "😀"));
        assert!(matches("^[]a]+$", "]a") && !matches("^[^]a]+$", "]"));
        assert!(matches("(?i)ABC", "abc") && matches("(?u)a(?i-:b)", "aB") && matches("a(?s:.)b", "a\nb"));
    }

    #[test]
    fn quotes_do_not_deepen_the_stack() {
        let pattern = r"\Qa\E".repeat(1000);
        assert!(matches(&pattern, &"a".repeat(1000)));
        assert_eq!(
            translate(&r"\Q\E".repeat(1_000_000), End::OfText, Dialect::Linear),
            Ok(("(?R)".to_string(), false))
        );
    }

    #[test]
    fn an_end_is_before_the_end_of_the_last_line_too() {
        for (text, end) in [
            ("abc", 3),
            ("abc\n", 3),
            ("abc\r\n", 3),
            ("ab\nc", 4),
            ("c\u{2028}c\u{2028}", 5),
        ] {
            let found = compiled("c$").find(text).map(|found| found.end());
            assert_eq!(found, Some(end), "{text:?}");
        }
        assert!(matches("^a.c$", "abc\n") && !matches("^a.c$", "abc\n\n") && !matches("a$", "a\nb\n"));
        assert!(matches("b$", "a\nb\n") && matches(r"a\Z", "a\n") && !matches(r"a\z", "a\n"));
        assert!(matches(r"a\z", "a") && matches(r"a$|x\z", "a\n") && !matches(r"x$|a\z", "a\n"));
        assert!(matches("(?m)^a$", "b\r\na\r\nc") && !matches("(?m:x)|a$", "a\nb"));
        assert!(!matches("a.b", "a\rb") && !matches("a.b", "a\u{2028}b") && matches("(?s)a.b", "a\u{2028}b"));
        // What the pattern itself takes in stays in.
        assert_eq!(
            compiled(r"\s+$").find("a \n").map(|found| found.range),
            Some(1..3)
        );
        let group = compiled("(.)$").find("ab\nc\n").and_then(|found| found.group(1));
        assert_eq!(group, Some("c"));
    }

    #[test]
    fn matches_follow_each_other_as_in_java() {
        let found = |pattern: &str, text: &str| -> Vec<(usize, usize)> {
            let regex = compiled(pattern);
            regex
                .find_all(text)
                .map(|found| (found.start(), found.end()))
                .collect()
        };
        assert_eq!(found("a*", "aab"), [(0, 2), (2, 2), (3, 3)]);
        assert_eq!(found("é*", "xéé"), [(0, 0), (1, 5), (5, 5)]);
        let mut parts = Vec::new();
        for (pattern, text, expected) in [
            (",", "a,b,,", vec!["a", "b"]),
            (",", ",a", vec!["", "a"]),
            (",", "a", vec!["a"]),
            ("", "ab", vec!["a", "b"]),
            (",", ",", vec![]),
        ] {
            compiled(pattern).split(text, &mut parts);
            assert_eq!(parts, expected, "{text}");
        }
    }

    #[test]
    fn what_looks_around_or_back_is_found_by_backtracking() {
        for (pattern, text, expected) in [
            ("a(?=b)", "ac ab", Some((3, 4))),
            ("(?!a)b|x", "ab", Some((1, 2))),
            ("(?<=a)b", "bab", Some((2, 3))),
            ("(?<!a)b", "ab b", Some((3, 4))),
            (r"(\w)\1", "abccd", Some((2, 4))),
            (r"(?<x>a)\k<x>", "aba a aa", Some((6, 8))),
            ("(?>a|ab)c", "abc", None),
            ("a++a", "aaa", None),
            ("a*+b", "aab", Some((0, 3))),
            ("a?+a", "a", None),
            ("a{2}+b", "aab", Some((0, 3))),
            (r"(?=a)a$", "a\n", Some((0, 1))),
            (r"\bb(?=c)", "abc bc", Some((4, 5))),
        ] {
            let found = compiled(pattern)
                .find(text)
                .map(|found| (found.start(), found.end()));
            assert_eq!(found, expected, "{pattern}");
        }
        let regex = compiled(r"(?<=-)(\d+)(?=-)");
        assert_eq!(regex.find("1-23-4").and_then(|found| found.group(1)), Some("23"));
        let slow = compiled(r"(x+x+)+(?=y)y\1");
        assert!(!slow.is_match(&"x".repeat(200)));
        assert!(slow.check().is_err() && slow.check().is_ok());
    }

    #[test]
    fn what_only_java_has_is_an_error_and_what_it_has_not_is_none() {
        for pattern in [
            r"\Ga",
            "(?U)a",
            r"\p{javaLowerCase}",
            r"\p{InGreek}",
            "a{1000}{1000}{1000}",
        ] {
            let error = JavaRegex::compile(pattern).unwrap_err();
            assert!(error.to_string().contains(pattern), "{error}");
        }
        for pattern in [
            "(", ")", "a**", "*a", "(*a)", "a{", "a{,3}", "[a", r"\y", r"a\", "(?P<x>a)", "(?",
        ] {
            assert!(JavaRegex::compile(pattern).unwrap().is_none(), "{pattern}");
        }
    }
}
