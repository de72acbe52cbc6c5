//! Where a service is.

use dataflow::OptionError;

/// The part of a URL that is the same for all keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    pub is_secure: bool,
    pub host: String,
    pub port: u16,
}

impl Url {
    /// Gives the server, and path and query behind it, of what option `key` says; `hint` shows how it is written.
    pub fn parse(key: &str, url: &str, hint: &str) -> Result<(Url, String), OptionError> {
        // The text itself may hold a password, and is not repeated.
        let fault = |message: &str| OptionError::new(key, format!("option '{key}' {message}")).hint(hint);
        let (scheme, rest) = url
            .trim()
            .split_once("://")
            .ok_or_else(|| fault("has no '://'"))?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(fault("must begin with 'http://' or 'https://'")),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (place, target) = rest.split_at(end);
        if place.contains('@') {
            return Err(
                fault("must not have a user in it").hint("say who asks by other options, not in the URL")
            );
        }
        if place.contains(['{', '}']) {
            return Err(fault("must not have columns in its host"));
        }
        let bracketed = place.starts_with('[');
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !bracketed || host.ends_with(']') => {
                (host, port.parse().map_err(|_| fault("has a port that is none"))?)
            }
            _ => (place, if is_secure { 443 } else { 80 }),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(fault("names no host"));
        }
        let target = target.split('#').next().unwrap_or_default();
        if target
            .chars()
            .any(|character| character.is_control() || character == ' ' || !character.is_ascii())
        {
            return Err(fault(
                "has characters in it that must be written as '%' and digits",
            ));
        }
        let target = match target.starts_with('/') {
            true => target.to_string(),
            false => format!("/{target}"),
        };
        let url = Url {
            is_secure,
            host: host.to_string(),
            port,
        };
        Ok((url, target))
    }

    /// For the header `Host`, and for messages.
    pub fn authority(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        match (self.is_secure, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

/// Appends a value so that it is one segment of a path or one value of a query.
pub fn push_escaped(value: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

/// Whether segments of a path stay segments: none is nothing, or leads elsewhere, but those that always do. `sample` is
/// the same target with harmless values.
pub fn stays_in_place(target: &str, sample: &str) -> bool {
    fn segments(target: &str) -> impl Iterator<Item = &str> {
        target.split('?').next().unwrap_or_default().split('/')
    }
    fn leads_away(segment: &str) -> bool {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        ["", ".", ".."].contains(&plain.as_str())
    }
    segments(target)
        .zip(segments(sample))
        .all(|(segment, sample)| !leads_away(segment) || leads_away(sample))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_server_and_what_is_asked_of_it() {
        for (text, authority, target) in [
            ("http://api", "api", "/"),
            ("https://api:443/u/{id}?x=1", "api", "/u/{id}?x=1"),
            ("http://[::1]:8080?x={a}", "[::1]:8080", "/?x={a}"),
            ("https://api/u#part", "api", "/u"),
        ] {
            let (url, rest) = Url::parse("url", text, "").unwrap();
            assert_eq!((url.authority().as_str(), rest.as_str()), (authority, target));
        }
        for text in [
            "ftp://x",
            "http://u:hidden@x/",
            "http://{host}/",
            "http:///x",
            "http://x/ a",
            "http://x:y/",
        ] {
            let error = Url::parse("url", text, "").unwrap_err();
            assert!(
                error.hint.is_some() && !error.message.contains("hidden"),
                "{text}"
            );
        }
    }

    #[test]
    fn values_stay_in_their_place() {
        let mut out = String::new();
        push_escaped("a/../b?c=1&d=é", &mut out);
        assert_eq!(out, "a%2F..%2Fb%3Fc%3D1%26d%3D%C3%A9");
        for (before, value, behind, stays) in [
            ("/users/", "", "/profile", false),
            ("/users/", ".", "/profile", false),
            ("/users/", "..", "/profile", false),
            ("/users/", "..", "?x=1", false),
            ("/users/", "..", "", false),
            ("/users/%2e", ".", "", false),
            ("/users/", "...", "/profile", true),
            ("/users/u", "..", "/", true),
            ("/users/", "7", "/", true),
            ("/users?id=", "..", "", true),
            ("/users?id=", "", "/../x", true),
        ] {
            let mut target = before.to_string();
            push_escaped(value, &mut target);
            target.push_str(behind);
            let sample = format!("{before}x{behind}");
            assert_eq!(stays_in_place(&target, &sample), stays, "{target}");
        }
    }
}
