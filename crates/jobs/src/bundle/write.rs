//! Values as YAML, always in the same words.
//!
//! A text stands without quotes only where every reader of YAML takes it for a text; otherwise it stands in double
//! quotes, on one line.

/// Lines of YAML.
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
}

impl Writer {
    pub fn new() -> Writer {
        Writer::default()
    }

    /// `key: text`, so many levels deep.
    pub fn entry(&mut self, depth: usize, key: &str, text: &str) {
        self.begin(depth);
        self.text
            .push_str(&format!("{}: {}\n", scalar(key), scalar(text)));
    }

    /// `key: 5`, a number that is meant as one.
    pub fn number(&mut self, depth: usize, key: &str, number: u64) {
        self.begin(depth);
        self.text.push_str(&format!("{}: {number}\n", scalar(key)));
    }

    pub fn boolean(&mut self, depth: usize, key: &str, value: bool) {
        self.begin(depth);
        self.text.push_str(&format!("{}: {value}\n", scalar(key)));
    }

    /// `key:`, its value on the lines that follow.
    pub fn key(&mut self, depth: usize, key: &str) {
        self.begin(depth);
        self.text.push_str(&format!("{}:\n", scalar(key)));
    }

    /// `key: []`
    pub fn empty_list(&mut self, depth: usize, key: &str) {
        self.begin(depth);
        self.text.push_str(&format!("{}: []\n", scalar(key)));
    }

    /// `- text`
    pub fn item(&mut self, depth: usize, text: &str) {
        self.begin(depth);
        self.text.push_str(&format!("- {}\n", scalar(text)));
    }

    /// `- key: text`, the first entry of a mapping in a list; those that follow lie one level deeper.
    pub fn item_entry(&mut self, depth: usize, key: &str, text: &str) {
        self.begin(depth);
        self.text
            .push_str(&format!("- {}: {}\n", scalar(key), scalar(text)));
    }

    pub fn finish(self) -> String {
        self.text
    }

    fn begin(&mut self, depth: usize) {
        for _ in 0..depth {
            self.text.push_str("  ");
        }
    }
}

fn scalar(text: &str) -> String {
    if is_plain(text) {
        text.to_string()
    } else {
        quoted(text)
    }
}

/// Words of letters, digits, `_`, `.`, `/` and `-`, one blank between them, that begin with a letter and are nobody's
/// truth value or number.
fn is_plain(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-'))
    };
    let begins = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'/');
    const MEANT_OTHERWISE: [&str; 11] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf",
    ];
    begins
        && text.split(' ').all(is_word)
        && !MEANT_OTHERWISE.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // What readers break lines at, drop, or refuse.
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                quoted.push_str(&format!("\\u{:04X}", character as u32));
            }
            character if character.is_control() => {
                quoted.push_str(&format!("\\u{:04X}", character as u32));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::super::yaml::{self, Value};
    use super::*;

    #[test]
    fn quotes_stand_only_where_they_are_needed() {
        for plain in ["bids", "Top auctions", "kafka.internal", "/data/in", "a-b_c"] {
            assert_eq!(scalar(plain), plain);
        }
        for quoted in [
            "",
            "1",
            "1e3",
            "0x10",
            "no",
            "True",
            "null",
            "~",
            "a: b",
            "a #b",
            "- a",
            " a",
            "a ",
            "a  b",
            "${secret.x}",
            ".5",
            "-",
            "2026-01-01",
            "it's",
        ] {
            assert_eq!(scalar(quoted), format!("\"{quoted}\""));
        }
        assert_eq!(scalar("a\n\"b\"\\\u{7}\u{feff}"), r#""a\n\"b\"\\\u0007\uFEFF""#);
    }

    #[test]
    fn every_text_is_read_as_it_was_written() {
        let mut random = stdx::Random::new(11);
        let characters: Vec<char> = "ab 1:-#[]{}&*!|>'\"%@`\\\n\r\t\0\u{7f}\u{85}\u{2028}\u{feff}ä😀,?~=."
            .chars()
            .collect();
        for round in 0..5_000 {
            let length = random.next_u64() % 12;
            let text: String = (0..length)
                .map(|_| characters[(random.next_u64() % characters.len() as u64) as usize])
                .collect();
            let mut writer = Writer::new();
            writer.entry(0, &format!("k{text}"), &text);
            let written = writer.finish();
            let node =
                yaml::read(&written).unwrap_or_else(|fault| panic!("round {round}: {written:?} {fault:?}"));
            let Value::Map(entries) = node.value else {
                panic!("round {round}: {written:?}");
            };
            assert_eq!(entries[0].key, format!("k{text}"), "round {round}: {written:?}");
            assert_eq!(
                entries[0].value.value,
                Value::Text(text),
                "round {round}: {written:?}"
            );
        }
    }
}
