//! Compares the rows that two runs wrote, as multisets, without holding them all.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// What two equal multisets of rows have in common: their number and the sum of their hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest {
    pub rows: u64,
    hashes: u64,
    /// The sum of column `bid_count`, for queries whose windows depend on the wall clock.
    pub bids: u64,
}

/// Digests all visible files below a folder; every line is a row of JSON, compared with its keys and value texts.
pub fn digest(folder: &Path) -> Result<Digest> {
    let mut digest = Digest::default();
    let entries = fs::read_dir(folder).with_context(|| format!("no rows in {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']));
        if hidden || path.is_dir() {
            continue;
        }
        for line in BufReader::with_capacity(1 << 20, fs::File::open(&path)?).lines() {
            let line = line?;
            let mut hasher = DefaultHasher::new();
            line.hash(&mut hasher);
            digest.rows += 1;
            digest.hashes = digest.hashes.wrapping_add(hasher.finish());
            if line.contains("\"bid_count\"") {
                let row: Value = serde_json::from_str(&line)?;
                digest.bids += row["bid_count"].as_u64().unwrap_or(0);
            }
        }
    }
    Ok(digest)
}
