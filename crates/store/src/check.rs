//! What names and texts may look like, and how long they may be.

use std::collections::BTreeMap;

use crate::{Error, Result};

/// Of one draft.
pub const SQL_BYTES_MAX: usize = 1 << 20;
const TITLE_CHARACTERS_MAX: usize = 200;
const COMMENT_BYTES_MAX: usize = 10_000;
const NAME_BYTES_MAX: usize = 63;
const LOCATION_BYTES_MAX: usize = 4096;
/// Of the settings of a draft or the options of a connection, as JSON.
const MAP_BYTES_MAX: usize = 1 << 16;
/// An option with one of these in its name holds what nobody should read.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "credential",
    "private-key",
];
const SECRET_OPEN: &str = "${secret.";
/// Of an audit event's detail, an error or a condition, as JSON.
const DETAIL_BYTES_MAX: usize = 1 << 18;

/// A name that stands in addresses: `[a-z][a-z0-9-]{0,62}`.
pub(crate) fn slug(what: &'static str, text: &str) -> Result<()> {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let right = text.len() <= NAME_BYTES_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(rest);
    if right {
        return Ok(());
    }
    let message = format!(
        "must be a letter and up to 62 letters, digits and hyphens, all in lower case, got {}",
        shown(text)
    );
    Err(Error::invalid(what, message))
}

/// A name that text refers to, as in `${secret.name}`: `[A-Za-z_][A-Za-z0-9_-]{0,62}`.
pub fn identifier(what: &'static str, text: &str) -> Result<()> {
    let rest = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let right = text.len() <= NAME_BYTES_MAX
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(rest);
    if right {
        return Ok(());
    }
    let message = format!(
        "must be a letter or underscore and up to 62 letters, digits, underscores and hyphens, got {}",
        shown(text)
    );
    Err(Error::invalid(what, message))
}

/// A name to sign in with, in lower case: `[a-z0-9][a-z0-9._@-]{0,62}`.
pub(crate) fn user_name(text: &str) -> Result<()> {
    let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let right = text.len() <= NAME_BYTES_MAX
        && text.starts_with(first)
        && text
            .chars()
            .all(|c| first(c) || matches!(c, '.' | '_' | '@' | '-'));
    if right {
        return Ok(());
    }
    let message = format!(
        "must be a letter or digit and up to 62 of a-z, 0-9, '.', '_', '@' and '-', got {}",
        shown(text)
    );
    Err(Error::invalid("user name", message))
}

/// What people call something: any text on one line.
pub fn title(what: &'static str, text: &str) -> Result<()> {
    let length = text.chars().count();
    if length == 0 || length > TITLE_CHARACTERS_MAX {
        let message = format!("must be 1 to {TITLE_CHARACTERS_MAX} characters, got {length}");
        return Err(Error::invalid(what, message));
    }
    if text.trim() != text || text.chars().any(char::is_control) {
        let message = format!("must be one line with no blanks at its ends, got {}", shown(text));
        return Err(Error::invalid(what, message));
    }
    Ok(())
}

pub(crate) fn comment(text: &str) -> Result<()> {
    bounded("comment", text, COMMENT_BYTES_MAX)
}

pub fn sql(what: &'static str, text: &str) -> Result<()> {
    bounded(what, text, SQL_BYTES_MAX)
}

fn bounded(what: &'static str, text: &str, bytes_max: usize) -> Result<()> {
    if text.len() > bytes_max {
        let message = format!("must be at most {bytes_max} bytes, got {}", text.len());
        return Err(Error::invalid(what, message));
    }
    // SQLite would cut the text there in some of its functions, PostgreSQL refuses it.
    if text.contains('\0') {
        return Err(Error::invalid(what, "must not hold a zero character"));
    }
    Ok(())
}

/// Where something lies that an engine wrote.
pub(crate) fn location(text: &str) -> Result<()> {
    bounded("location", text, LOCATION_BYTES_MAX)
}

/// Settings or options, as JSON.
pub fn map(what: &'static str, map: &BTreeMap<String, String>) -> Result<String> {
    let text = serde_json::to_string(map).map_err(Error::database)?;
    bounded(what, &text, MAP_BYTES_MAX)?;
    Ok(text)
}

/// Options of a connection, as JSON. What should be a secret must refer to one; the message does not repeat it.
pub fn connection_options(options: &BTreeMap<String, String>) -> Result<String> {
    for (name, value) in options {
        let lower = name.to_ascii_lowercase();
        let is_secret = SECRET_WORDS.iter().any(|word| lower.contains(word));
        if is_secret && !value.is_empty() && !value.contains(SECRET_OPEN) {
            let message = format!("'{name}' must refer to a secret, as ${{secret.name}}");
            return Err(Error::invalid("connection option", message));
        }
    }
    map("options", options)
}

/// A value that the store keeps and does not look into, as JSON.
pub(crate) fn json(what: &'static str, value: &impl serde::Serialize) -> Result<String> {
    let text = serde_json::to_string(value).map_err(Error::database)?;
    bounded(what, &text, DETAIL_BYTES_MAX)?;
    Ok(text)
}

/// A text in quotes for a message, its start only if it is long.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    let dots = if start.len() < text.len() { "…" } else { "" };
    format!("'{}{dots}'", start.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_connection_is_a_reference() {
        let check = |name: &str, value: &str| {
            connection_options(&BTreeMap::from([(name.to_string(), value.to_string())]))
        };
        for (name, value) in [
            ("password", "${secret.db}"),
            ("sasl.jaas.Password", "user ${secret.a}"),
            ("password", ""),
            ("path", "hunter2"),
        ] {
            assert!(check(name, value).is_ok(), "{name} {value}");
        }
        for name in ["password", "basic.auth.PASSWD", "api-token", "client_secret"] {
            let error = check(name, "hunter2").unwrap_err().to_string();
            assert!(error.contains(name) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn names_are_what_they_say() {
        for right in ["a", "shop", "a-1-", &"a".repeat(63)] {
            assert!(slug("name", right).is_ok(), "{right}");
        }
        for wrong in ["", "1a", "-a", "A", "a_b", "a b", "é", "a/../b", &"a".repeat(64)] {
            assert!(slug("name", wrong).is_err(), "{wrong}");
        }
        for right in ["_", "kafka_password", "K2-b"] {
            assert!(identifier("name", right).is_ok(), "{right}");
        }
        for wrong in ["", "2k", "a.b", "a}", "a b"] {
            assert!(identifier("name", wrong).is_err(), "{wrong}");
        }
        for right in ["ann", "ann@example.org", "0.a-b_c"] {
            assert!(user_name(right).is_ok(), "{right}");
        }
        for wrong in ["", "Ann", ".ann", "ann'--"] {
            assert!(user_name(wrong).is_err(), "{wrong}");
        }
        for right in ["Top auctions", "'; DROP TABLE drafts; --", "100 % _"] {
            assert!(title("name", right).is_ok(), "{right}");
        }
        for wrong in ["", " a", "a ", "a\nb", "a\0b", &"é".repeat(201)] {
            assert!(title("name", wrong).is_err(), "{wrong}");
        }
    }
}
