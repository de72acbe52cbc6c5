//! `[NOT] LIKE` and `[NOT] ILIKE` of SHOW: `%` stands for any text, `_` for one character.

use sql::ast::ShowLike;

/// Whether the name is to be shown.
pub fn matches(like: Option<&ShowLike>, name: &str) -> bool {
    let Some(like) = like else {
        return true;
    };
    let fold = |text: &str| -> Vec<char> {
        if like.ignore_case {
            text.to_lowercase().chars().collect()
        } else {
            text.chars().collect()
        }
    };
    fits(&fold(&like.pattern.value), &fold(name)) != like.negated
}

/// Walks both once; on a mismatch the last `%` takes one character more.
fn fits(pattern: &[char], text: &[char]) -> bool {
    let (mut at, mut in_text) = (0, 0);
    let mut last_any: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match pattern.get(at) {
            Some('%') => {
                last_any = Some((at, in_text));
                at += 1;
            }
            Some('\\') if pattern.get(at + 1) == Some(&text[in_text]) => {
                at += 2;
                in_text += 1;
            }
            Some(&wanted) if wanted != '\\' && (wanted == '_' || wanted == text[in_text]) => {
                at += 1;
                in_text += 1;
            }
            _ => match &mut last_any {
                None => return false,
                Some((any, taken)) => {
                    *taken += 1;
                    at = *any + 1;
                    in_text = *taken;
                }
            },
        }
    }
    pattern[at..].iter().all(|&rest| rest == '%')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_percent_sign_stands_for_any_text_and_an_underscore_for_one_character() {
        let like = |pattern: &str, text: &str| {
            fits(
                &pattern.chars().collect::<Vec<_>>(),
                &text.chars().collect::<Vec<_>>(),
            )
        };
        assert!(like("%", ""));
        assert!(like("w1%", "w1"));
        assert!(like("%o%s", "orders"));
        assert!(like("o_d%", "orders"));
        assert!(like("a\\_b", "a_b"));
        assert!(!like("a\\_b", "axb"));
        assert!(!like("o_", "orders"));
        assert!(!like("", "orders"));
        assert!(like("%aab", "aaaab"));
    }
}
