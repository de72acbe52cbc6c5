//! References to secrets in text: `${secret.name}`.

/// What a reference begins with; it ends at the next `}`.
pub const OPEN: &str = "${secret.";

/// A part of a text with references in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// The name of the secret that stands here.
    Reference(&'a str),
    /// A reference without its end: the last piece.
    Unfinished(&'a str),
}

/// The text as it reads from left to right. Empty pieces of text are left out.
pub fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let start = rest.find(OPEN).unwrap_or(rest.len());
        if start > 0 {
            let (before, behind) = rest.split_at(start);
            rest = behind;
            return Some(Piece::Text(before));
        }
        match rest[OPEN.len()..].split_once('}') {
            Some((name, behind)) => {
                rest = behind;
                Some(Piece::Reference(name))
            }
            None => Some(Piece::Unfinished(std::mem::take(&mut rest))),
        }
    })
}

/// Names that the text refers to, in its order.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Reference(name) => Some(name),
        Piece::Text(_) | Piece::Unfinished(_) => None,
    })
}

/// Whether the text is one reference and nothing else.
pub fn is_reference(text: &str) -> bool {
    let mut pieces = pieces(text);
    matches!(pieces.next(), Some(Piece::Reference(name)) if !name.is_empty()) && pieces.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_from_text() {
        use Piece::{Reference, Text, Unfinished};
        let found = |text| pieces(text).collect::<Vec<_>>();
        assert_eq!(found(""), []);
        assert_eq!(found("a$}"), [Text("a$}")]);
        assert_eq!(
            found("u=${secret.a}${secret.b}&"),
            [Text("u="), Reference("a"), Reference("b"), Text("&")]
        );
        assert_eq!(
            found("${secret.a} ${secret.b"),
            [Reference("a"), Text(" "), Unfinished("${secret.b")]
        );
        assert_eq!(
            names("${secret.b}, ${secret.a} ${secret.").collect::<Vec<_>>(),
            ["b", "a"]
        );
    }

    #[test]
    fn a_reference_is_nothing_but_one() {
        assert!(is_reference("${secret.a}"));
        for other in [
            "",
            "${secret.}",
            "a${secret.a}",
            "${secret.a}a",
            "${secret.a}${secret.b}",
            "${secret.a",
        ] {
            assert!(!is_reference(other), "{other}");
        }
    }
}
