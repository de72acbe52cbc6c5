//! The web console's files.
//!
//! A path that ends in a name with a dot is a file, or nothing. Every other path is a page of the console, which finds
//! its way by itself from `index.html`. A path reaches the files only if it is plain: no empty part, no dots as a
//! part, no backslash, and nothing escaped twice.

use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;

use crate::app::App;
use crate::problem::{Problem, Result};

const INDEX: &str = "index.html";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Kept, and asked about before it is used.
const REVALIDATED: &str = "no-cache";
/// Of a file that must be unpacked for a reader who takes no packed ones.
const UNPACKED_BYTES_MAX: u64 = 32 << 20;

/// Where the console's files come from.
pub trait Console: Send + Sync + 'static {
    /// The file of this path, such as `assets/index-BVlc4.js`. The path is plain and has no slash at its start.
    fn file(&self, path: &str) -> Option<Asset>;
}

#[derive(Debug, Clone)]
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    pub content_type: Cow<'static, str>,
    /// Changes with the bytes; without quotes.
    pub etag: String,
    /// Whether its name changes with its bytes, so that it may be kept for ever.
    pub immutable: bool,
    /// How the bytes are packed already.
    pub encoding: Option<Encoding>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Gzip,
}

/// Answers whatever is not of the API.
pub fn routes(console: Option<Arc<dyn Console>>) -> Router<App> {
    Router::new().fallback(move |request: Request| {
        let console = console.clone();
        async move {
            match answer(console.as_deref(), &request) {
                Ok(response) => response,
                Err(problem) => problem.into_response(),
            }
        }
    })
}

fn answer(console: Option<&dyn Console>, request: &Request) -> Result<Response> {
    let path = request.uri().path();
    let nothing = || Problem::no_such("there is nothing at this address");
    let console = console.ok_or_else(nothing)?;
    if path == "/api" || path.starts_with("/api/") {
        return Err(nothing());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Problem::wrong_method());
    }
    let path = plain_path(path).ok_or_else(nothing)?;
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let asset = match is_file {
        true => console.file(&path),
        false => console.file(INDEX),
    };
    send(asset.ok_or_else(nothing)?, request.headers())
}

/// The path without its first slash and with nothing escaped, if it leads nowhere else.
fn plain_path(path: &str) -> Option<String> {
    let path = path.strip_prefix('/')?;
    let unescaped = unescape(path)?;
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    let fits = unescaped.is_empty() || unescaped.split('/').all(is_plain);
    let clean = !unescaped.contains(['\\', '%']) && !unescaped.chars().any(char::is_control);
    (fits && clean).then_some(unescaped)
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        bytes.push((high * 16 + low) as u8);
    }
    String::from_utf8(bytes).ok()
}

fn send(asset: Asset, headers: &HeaderMap) -> Result<Response> {
    let text = |text: &str| HeaderValue::try_from(text).map_err(|fault| Problem::logged(&fault));
    let etag = text(&format!("\"{}\"", asset.etag))?;
    let cache = if asset.immutable { IMMUTABLE } else { REVALIDATED };
    let kept = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut response = if kept.into_iter().any(|kept| kept == etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        packed(asset.bytes, asset.encoding, headers)?
    };
    let own = response.headers_mut();
    own.insert(header::ETAG, etag);
    own.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    own.insert(header::CONTENT_TYPE, text(&asset.content_type)?);
    if asset.encoding.is_some() {
        own.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    Ok(response)
}

fn packed(bytes: Cow<'static, [u8]>, encoding: Option<Encoding>, headers: &HeaderMap) -> Result<Response> {
    let bytes = match bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    match encoding {
        None => Ok(Body::from(bytes).into_response()),
        Some(Encoding::Gzip) if takes_gzip(headers) => {
            let coding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
            Ok((coding, Body::from(bytes)).into_response())
        }
        Some(Encoding::Gzip) => {
            let mut unpacked = Vec::new();
            GzDecoder::new(&bytes[..])
                .take(UNPACKED_BYTES_MAX)
                .read_to_end(&mut unpacked)
                .map_err(|fault| Problem::logged(&fault))?;
            Ok(Body::from(unpacked).into_response())
        }
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut codings = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out() {
        for (path, plain) in [
            ("/", ""),
            ("/jobs/dr_1", "jobs/dr_1"),
            ("/assets/a%20b.js", "assets/a b.js"),
        ] {
            assert_eq!(plain_path(path).as_deref(), Some(plain), "{path}");
        }
        for path in [
            "",
            "/../etc/passwd",
            "/a/../../etc/passwd",
            "/%2e%2e/etc/passwd",
            "/..%2fetc%2fpasswd",
            "/%252e%252e/x",
            "/a//b",
            "//etc/passwd",
            "/a/./b",
            "/a\\b",
            "/%5c..%5cx",
            "/a%00.js",
            "/%ff",
            "/%2",
            "/%zz",
        ] {
            assert_eq!(plain_path(path), None, "{path}");
        }
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        let takes = |text: &'static str| {
            let headers = [(header::ACCEPT_ENCODING, HeaderValue::from_static(text))];
            takes_gzip(&headers.into_iter().collect())
        };
        assert!(takes("gzip, deflate, br") && takes("br;q=1.0, GZIP;q=0.5") && takes("*"));
        assert!(!takes("br") && !takes("gzip;q=0") && !takes(""));
    }
}
