//! Broken records in messages.

/// Characters of a broken record that a message shows.
const SHOWN_CHARACTERS_MAX: usize = 120;

/// The text of a record in quotes, shortened.
pub fn shown(record: &[u8]) -> String {
    // A character takes four bytes at most.
    let front = &record[..record.len().min((SHOWN_CHARACTERS_MAX + 1) * 4)];
    let text = String::from_utf8_lossy(front);
    let text = text.trim_end_matches('\r');
    match text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        Some((end, _)) => format!("'{}...'", &text[..end]),
        None => format!("'{text}'"),
    }
}
