//! Pages of a list.
//!
//! A cursor holds the key of the last item that was seen, so that a page neither repeats nor skips what was there
//! all along, whatever is added or removed in between. Callers hand it back as it is.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{Error, Result};

pub const PAGE_ITEMS_MAX: u32 = 200;
pub const PAGE_ITEMS_DEFAULT: u32 = 50;
const SEARCH_CHARACTERS_MAX: usize = 200;
const CURSOR_BYTES_MAX: usize = 1024;

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many items, 1 to 200.
    pub limit: u32,
    /// From the page before; `None` is the start.
    pub cursor: Option<String>,
    /// Only what holds this text, in either case of letters. No character of it has a meaning of its own.
    pub q: Option<String>,
}

impl Default for PageRequest {
    fn default() -> Self {
        PageRequest {
            limit: PAGE_ITEMS_DEFAULT,
            cursor: None,
            q: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// `None` at the end of the list.
    pub next_cursor: Option<String>,
}

/// A page request that was checked, in the words of a query.
#[derive(Debug)]
pub(crate) struct Range {
    list: &'static str,
    after: Option<String>,
    limit: u32,
    /// For `lower(column) LIKE lower(pattern) ESCAPE '\'`.
    pub pattern: String,
}

impl PageRequest {
    /// `list` tells the cursors of one list from those of another.
    pub(crate) fn range(&self, list: &'static str) -> Result<Range> {
        if !(1..=PAGE_ITEMS_MAX).contains(&self.limit) {
            let message = format!("must be 1 to {PAGE_ITEMS_MAX}, got {}", self.limit);
            return Err(Error::invalid("limit", message));
        }
        let q = self.q.as_deref().unwrap_or("");
        if q.chars().count() > SEARCH_CHARACTERS_MAX {
            let message = format!("must be at most {SEARCH_CHARACTERS_MAX} characters");
            return Err(Error::invalid("search text", message));
        }
        let after = match &self.cursor {
            Some(cursor) => Some(open_cursor(list, cursor).ok_or_else(not_a_cursor)?),
            None => None,
        };
        Ok(Range {
            list,
            after,
            limit: self.limit,
            pattern: contains(q),
        })
    }
}

impl Range {
    /// For `key > $1 ORDER BY key`.
    pub fn ascending(&self) -> &str {
        self.after.as_deref().unwrap_or("")
    }

    /// For `id < $1 ORDER BY id DESC`; every id comes before `~`.
    pub fn descending(&self) -> &str {
        self.after.as_deref().unwrap_or("~")
    }

    /// For `number < $1 ORDER BY number DESC`.
    pub fn descending_number(&self) -> Result<i64> {
        match &self.after {
            Some(after) => after.parse().map_err(|_| not_a_cursor()),
            None => Ok(i64::MAX),
        }
    }

    /// One more than was asked for, to see whether there are more.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    pub fn page<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let limit = self.limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = match items.last() {
            Some(last) if more => Some(make_cursor(self.list, &key(last))),
            _ => None,
        };
        Page { items, next_cursor }
    }
}

fn make_cursor(list: &str, key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}:{key}"))
}

fn open_cursor(list: &str, cursor: &str) -> Option<String> {
    if cursor.len() > CURSOR_BYTES_MAX {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let key = text.strip_prefix(list)?.strip_prefix(':')?;
    Some(key.to_string())
}

fn not_a_cursor() -> Error {
    Error::invalid("cursor", "must be the next_cursor of a page of this list")
}

/// A LIKE pattern for text that holds this text, whatever characters it has.
fn contains(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_of_a_search_stand_for_themselves() {
        assert_eq!(contains(""), "%%");
        assert_eq!(contains("50%_\\"), "%50\\%\\_\\\\%");
    }

    #[test]
    fn a_cursor_belongs_to_its_list() {
        let cursor = make_cursor("drafts", "dr_1");
        assert_eq!(open_cursor("drafts", &cursor).as_deref(), Some("dr_1"));
        assert_eq!(open_cursor("runs", &cursor), None);
        assert_eq!(open_cursor("drafts", "not base64!"), None);
    }
}
