//! URLs and their parts.

use dataflow::{Argument, BoundScalar, SignatureError};

use super::{nullable_text, text_to_text};
use crate::build;
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{Slot, coerce};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "URL_ENCODE",
        signatures: &["URL_ENCODE(text)"],
        doc: "The text as it may stand in a URL's form data; a space becomes '+'.",
        example: ("URL_ENCODE('a b')", "a+b"),
        category: "string",
        bind: |arguments| {
            let mut bound = text_to_text("URL_ENCODE", arguments, url_encode)?;
            bound.result.nullable = true;
            Ok(bound)
        },
    },
    Scalar {
        name: "URL_DECODE",
        signatures: &["URL_DECODE(text)"],
        doc: "The text that a URL's form data stands for; NULL if it is malformed.",
        example: ("URL_DECODE('a%20b')", "a b"),
        category: "string",
        bind: |arguments| {
            text_to_text("URL_DECODE", arguments, url_decode).map(|mut bound| {
                bound.result.nullable = true;
                bound
            })
        },
    },
    Scalar {
        name: "PARSE_URL",
        signatures: &["PARSE_URL(url, part [, key])"],
        doc: "A part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, AUTHORITY, FILE or USERINFO; with a key, that parameter of the query.",
        example: ("PARSE_URL('http://x.org/a?k=v', 'QUERY', 'k')", "v"),
        category: "string",
        bind: bind_parse_url,
    },
];

fn url_encode(text: &str, out: &mut String) -> Option<()> {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(char::from(DIGITS[usize::from(byte >> 4)]));
                out.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
        }
    }
    Some(())
}

fn url_decode(text: &str, out: &mut String) -> Option<()> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                (digit()? << 4 | digit()?) as u8
            }
            other => other,
        });
    }
    out.push_str(&String::from_utf8_lossy(&decoded));
    Some(())
}

fn bind_parse_url(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("PARSE_URL", arguments, 2, &[Slot::Text, Slot::Text, Slot::Text])?;
    let function = kernel("PARSE_URL", |call| {
        let (url, part, key) = (call.text(0)?, call.text(1)?, call.text_opt(2)?);
        build::strings(call.rows, |row, out| {
            let (Some(url), Some(part)) = (url.get(row), part.get(row)) else {
                return Ok(None);
            };
            let Some(url) = Url::parse(url) else {
                return Ok(None);
            };
            let found = match &key {
                None => url.part(part),
                Some(key) => match (part, key.get(row)) {
                    ("QUERY", Some(key)) => url.parameter(key),
                    _ => None,
                },
            };
            Ok(found.map(|found| out.push_str(&found)))
        })
    });
    Ok(nullable_text(types, function))
}

/// A URL as `java.net.URL` takes it apart.
struct Url<'a> {
    protocol: &'a str,
    authority: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    reference: Option<&'a str>,
}

impl<'a> Url<'a> {
    fn parse(text: &'a str) -> Option<Url<'a>> {
        let (protocol, rest) = text.trim().split_once(':')?;
        // Java knows no others out of the box.
        if !["http", "https", "ftp", "file", "jar", "mailto"]
            .contains(&protocol.to_ascii_lowercase().as_str())
        {
            return None;
        }
        let (rest, reference) = match rest.split_once('#') {
            Some((rest, reference)) => (rest, Some(reference)),
            None => (rest, None),
        };
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None => ("", rest),
        };
        Some(Url {
            protocol,
            authority,
            path,
            query,
            reference,
        })
    }

    fn part(&self, name: &str) -> Option<String> {
        let user = self.authority.rsplit_once('@').map(|(user, _)| user);
        match name {
            "HOST" => {
                let host = self
                    .authority
                    .rsplit_once('@')
                    .map_or(self.authority, |(_, host)| host);
                let end = host.rfind(']').map_or(0, |bracket| bracket + 1);
                let host = host[end..].find(':').map_or(host, |colon| &host[..end + colon]);
                Some(host.to_string())
            }
            "PATH" => Some(self.path.to_string()),
            "QUERY" => self.query.map(str::to_string),
            "REF" => self.reference.map(str::to_string),
            "PROTOCOL" => Some(self.protocol.to_string()),
            "AUTHORITY" => Some(self.authority.to_string()),
            "FILE" => Some(match self.query {
                Some(query) => format!("{}?{query}", self.path),
                None => self.path.to_string(),
            }),
            "USERINFO" => user.map(str::to_string),
            _ => None,
        }
    }

    fn parameter(&self, key: &str) -> Option<String> {
        let mut pairs = self.query?.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value.to_string())
    }
}
