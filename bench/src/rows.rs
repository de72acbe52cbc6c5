//! Compares the rows that two runs wrote, as multisets, without holding them all.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// What two equal multisets of rows have in common: their number and the sum of their hashes. A row that is taken back
/// is taken off both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest {
    pub rows: u64,
    hashes: u64,
    /// The sum of column `bid_count`, for queries whose windows depend on the wall clock.
    pub bids: u64,
}

impl Digest {
    /// Adds a row or takes it off.
    pub fn count(&mut self, row: &impl Hash, adds: bool) {
        let mut hasher = DefaultHasher::new();
        row.hash(&mut hasher);
        let (count, hash) = if adds {
            (1, hasher.finish())
        } else {
            (u64::MAX, hasher.finish().wrapping_neg())
        };
        self.rows = self.rows.wrapping_add(count);
        self.hashes = self.hashes.wrapping_add(hash);
    }
}

/// Digests all visible files below a folder; every line is a change in Debezium's JSON, its row compared with its keys
/// and value texts, and with the partition that its folder names.
pub fn digest(folder: &Path) -> Result<Digest> {
    let mut digest = Digest::default();
    add_folder(folder, "", &mut digest)?;
    Ok(digest)
}

fn add_folder(folder: &Path, partition: &str, digest: &mut Digest) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("no rows in {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(['.', '_']) {
            continue;
        }
        if path.is_dir() {
            add_folder(&path, &format!("{partition}/{name}"), digest)?;
        } else {
            add_file(&path, partition, digest)?;
        }
    }
    Ok(())
}

fn add_file(path: &Path, partition: &str, digest: &mut Digest) -> Result<()> {
    for line in BufReader::with_capacity(1 << 20, fs::File::open(path)?).lines() {
        let line = line?;
        let (adds, row) = change(&line).with_context(|| format!("no change: {line}"))?;
        digest.count(&(partition, row), adds);
        if row.contains("\"bid_count\"") {
            let row: Value = serde_json::from_str(row)?;
            digest.bids += row["bid_count"].as_u64().unwrap_or(0);
        }
    }
    Ok(())
}

/// Whether a line adds its row, and the row's text.
fn change(line: &str) -> Option<(bool, &str)> {
    let added = line
        .strip_prefix("{\"before\":null,\"after\":")
        .and_then(|rest| rest.strip_suffix(",\"op\":\"c\"}"));
    if let Some(row) = added {
        return Some((true, row));
    }
    let row = line
        .strip_prefix("{\"before\":")?
        .strip_suffix(",\"after\":null,\"op\":\"d\"}")?;
    Some((false, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_taken_back_leaves_no_trace() {
        let digest_of = |lines: &str| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("part"), lines).unwrap();
            digest(folder.path()).unwrap()
        };
        let kept = "{\"before\":null,\"after\":{\"a\":1},\"op\":\"c\"}\n";
        let other = "{\"before\":null,\"after\":{\"a\":2},\"op\":\"c\"}\n";
        let taken = "{\"before\":{\"a\":2},\"after\":null,\"op\":\"d\"}\n";
        assert_eq!(digest_of(&format!("{kept}{other}{taken}")), digest_of(kept));
        assert_ne!(digest_of(&format!("{kept}{other}")), digest_of(kept));
    }

    #[test]
    fn the_partition_counts_and_hidden_files_do_not() {
        let digest_of = |file: &str| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{\"before\":null,\"after\":{\"a\":1},\"op\":\"c\"}\n").unwrap();
            digest(folder.path()).unwrap()
        };
        assert_eq!(digest_of("day=1/part-0"), digest_of("day=1/part-1"));
        assert_ne!(digest_of("day=1/part"), digest_of("day=2/part"));
        assert_eq!(digest_of("day=1/.part"), Digest::default());
    }
}
