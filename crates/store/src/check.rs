//! What names and texts may look like, and how long they may be.

use std::collections::BTreeMap;

use model::secret;

use crate::{Error, Result};

/// Of one draft.
pub const SQL_BYTES_MAX: usize = 1 << 20;
const TITLE_CHARACTERS_MAX: usize = 200;
const COMMENT_BYTES_MAX: usize = 10_000;
const NAME_BYTES_MAX: usize = 63;
/// Of the settings of a draft or the options of a connection, as JSON.
const MAP_BYTES_MAX: usize = 1 << 16;
/// An option with one of these in its name holds what nobody should read. What parts words (`-`, `_`, `.`) does not
/// count.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "privatekey",
    "accesskey",
    "apikey",
];
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

/// Settings or options, as JSON.
pub fn map(what: &'static str, map: &BTreeMap<String, String>) -> Result<String> {
    let text = serde_json::to_string(map).map_err(Error::database)?;
    bounded(what, &text, MAP_BYTES_MAX)?;
    Ok(text)
}

/// Options of a connection, as JSON. What should be a secret must refer to one; the message does not repeat it.
pub fn connection_options(options: &BTreeMap<String, String>) -> Result<String> {
    for (name, value) in options {
        let message = if is_secret_name(name) && !is_hidden(value) {
            format!("'{name}' must refer to a secret and hold nothing else: ${{secret.name}}")
        } else if let Some(key) = literal_assignment(value) {
            format!(
                "'{name}' has a '{key}' in plain text: make it a secret, and write {key}=${{secret.name}}"
            )
        } else if has_literal_sign_in(value) {
            format!(
                "'{name}' has a password before its '@' in plain text: make it a secret, and write \
                 user:${{secret.name}}@host"
            )
        } else {
            continue;
        };
        return Err(Error::invalid("connection option", message));
    }
    map("options", options)
}

fn is_secret_name(name: &str) -> bool {
    let letters: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    SECRET_WORDS.iter().any(|word| letters.contains(word))
}

/// Whether nothing of a secret can be read here.
fn is_hidden(value: &str) -> bool {
    value.is_empty() || secret::is_reference(value)
}

/// The key of the first `password=...` within a value that is no reference, as in options of a driver.
fn literal_assignment(value: &str) -> Option<&str> {
    for (at, _) in value.match_indices('=') {
        let before = value[..at].trim_end();
        let is_of_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let key = &before[before.trim_end_matches(is_of_key).len()..];
        if !is_secret_name(key) {
            continue;
        }
        let assigned = value[at + 1..].trim_start();
        let assigned = match assigned.chars().next() {
            Some(quote @ ('"' | '\'')) => assigned[1..].split(quote).next(),
            _ => assigned
                .split(|c: char| c.is_whitespace() || matches!(c, '&' | ';' | ',' | '#'))
                .next(),
        };
        if !is_hidden(assigned.unwrap_or_default()) {
            return Some(key);
        }
    }
    None
}

/// Whether a URL in the value says with which password to sign in: `//user:password@host`.
fn has_literal_sign_in(value: &str) -> bool {
    value.match_indices("//").any(|(at, slashes)| {
        let rest = &value[at + slashes.len()..];
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#'));
        let authorities = &rest[..end.unwrap_or(rest.len())];
        let mut parts: Vec<&str> = authorities.split('@').collect();
        // Behind the last '@' stands a host alone.
        parts.pop();
        parts.iter().enumerate().any(|(index, part)| {
            // Further hosts have their own, behind the host before them.
            let user = match (index, part.split_once(',')) {
                (1.., Some((_, user))) => user,
                _ => part,
            };
            user.split_once(':')
                .is_some_and(|(_, password)| !is_hidden(password))
        })
    })
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
            (
                "sasl.jaas.config",
                "L required username=\"u\" password=\"${secret.a}\";",
            ),
            ("url", "jdbc:mysql://db:3306/shop?user=u&password=${secret.a}&x=y"),
            ("uri", "mongodb://u:${secret.a}@a:1,v:${secret.b}@b:2/db?q=a:b@c"),
            ("url", "https://me@example.org:443/a:b@c"),
            ("password", ""),
            ("path", "hunter2"),
        ] {
            assert!(check(name, value).is_ok(), "{name} {value}");
        }
        for (name, value) in [
            ("password", "hunter2"),
            ("password", "hunter2${secret.x}"),
            ("password", "${secret.x"),
            ("basic.auth.PASSWD", "hunter2"),
            ("api-token", "hunter2"),
            ("client_secret", "hunter2"),
            ("s3.access-key", "hunter2"),
            ("ssl.key.passphrase", "hunter2"),
            ("private_key", "hunter2"),
            ("privateKey", "hunter2"),
            (
                "sasl.jaas.config",
                "L required username=\"u\" password = \"hunter2\";",
            ),
            ("sasl.jaas.config", "L required password='${secret.a}hunter2';"),
            ("url", "jdbc:mysql://u:hunter2@db/shop"),
            ("url", "jdbc:mysql://db/shop?user=u&password=hunter2"),
            ("uri", "mongodb://u:${secret.a}@a:1,v:hunter2@b:2/db"),
            ("url", "http://u:hun@ter2@db"),
        ] {
            let error = check(name, value).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
            assert!(
                !error.contains("hunter2") && error.contains("${secret.name}"),
                "{error}"
            );
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
