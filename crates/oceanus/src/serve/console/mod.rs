//! The console's files, embedded when the binary was built.
//!
//! What lies under `assets/` carries a hash in its name: it never changes.

use std::borrow::Cow;

use api::{Asset, Console, Encoding};

include!(concat!(env!("OUT_DIR"), "/console.rs"));

const IMMUTABLE_FOLDER: &str = "assets/";

/// A file as it lies in the binary.
struct File {
    path: &'static str,
    etag: &'static str,
    /// By gzip.
    is_compressed: bool,
    bytes: &'static [u8],
}

#[derive(Debug)]
pub struct Embedded;

impl Console for Embedded {
    fn file(&self, path: &str) -> Option<Asset> {
        // The table is sorted by path.
        let index = FILES.binary_search_by_key(&path, |file| file.path).ok()?;
        let file = &FILES[index];
        Some(Asset {
            bytes: Cow::Borrowed(file.bytes),
            content_type: Cow::Borrowed(content_type(path)),
            etag: file.etag.to_string(),
            immutable: path.starts_with(IMMUTABLE_FOLDER),
            encoding: file.is_compressed.then_some(Encoding::Gzip),
        })
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map" | "webmanifest") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("woff") => "font/woff",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_first_page_and_nothing_else_by_chance() {
        let page = Embedded.file("index.html").unwrap();
        assert_eq!(page.content_type, "text/html; charset=utf-8");
        assert!(!page.immutable && !page.bytes.is_empty());
        assert!(Embedded.file("nothing.js").is_none());
        assert!(Embedded.file("").is_none());
        assert!(FILES.iter().all(|file| Embedded.file(file.path).is_some()));
    }
}
