//! What has changed from one text to another, line by line.

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffLine {
    /// `+` for a line that came, `-` for one that went, a blank for one that stayed.
    pub op: char,
    pub text: String,
}

pub fn lines(from: &str, to: &str) -> Vec<DiffLine> {
    TextDiff::from_lines(from, to)
        .iter_all_changes()
        .map(|change| DiffLine {
            op: match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Insert => '+',
                ChangeTag::Delete => '-',
            },
            text: change.value().trim_end_matches(['\r', '\n']).to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_and_go_and_stay() {
        let shown: Vec<String> = lines("a\nb\nc", "a\nB\nc\n")
            .iter()
            .map(|line| format!("{}{}", line.op, line.text))
            .collect();
        // A last line without an end is another line than one with it.
        assert_eq!(shown, [" a", "-b", "-c", "+B", "+c"]);
    }
}
