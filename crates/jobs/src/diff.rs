//! What has changed from one text to another, line by line.

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffLine {
    /// `+` for a line that came, `-` for one that went, a blank for one that stayed.
    pub op: char,
    pub text: String,
}

/// Lines of both texts together that are compared; the time to do so grows with the square of it. Beyond it the one
/// text goes as a whole and the other comes.
const LINES_MAX: usize = 20_000;

pub fn lines(from: &str, to: &str) -> Vec<DiffLine> {
    if from.lines().count() + to.lines().count() > LINES_MAX {
        let all = |op: char, text: &str| -> Vec<DiffLine> {
            let lines = text.lines().map(|line| DiffLine {
                op,
                text: line.to_string(),
            });
            lines.collect()
        };
        let mut lines = all('-', from);
        lines.append(&mut all('+', to));
        return lines;
    }
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
    #[test]
    fn texts_that_are_too_long_to_compare_go_and_come_as_a_whole() {
        let from = "a\n".repeat(LINES_MAX);
        let shown = lines(&from, "a\nb\n");
        assert_eq!(shown.len(), LINES_MAX + 2);
        assert_eq!((shown[0].op, shown[LINES_MAX].op), ('-', '+'));
    }
}
