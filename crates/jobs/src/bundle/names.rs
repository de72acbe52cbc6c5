//! Names of jobs and connections as names of files.
//!
//! A file's name is safe on every file system: small letters, digits, `-`, `_`, short, none that Windows keeps for
//! itself. The true name stands in the file. Which file a name gets depends on the set of names alone, not on their
//! order; names that would share a file are told apart by a piece of their hash.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

const STEM_LENGTH_MAX: usize = 60;
/// Of the hash, at first; more if even these are the same.
const HASH_LENGTH: usize = 6;
const HASH_LENGTH_MAX: usize = 64;

/// Names that Windows gives to devices, whatever stands behind the dot.
const KEPT_BY_WINDOWS: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The stem of each name's file.
pub fn stems<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, String> {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let mut sharing: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for &name in &names {
        sharing.entry(stem(name)).or_default().push(name);
    }
    let mut stems = BTreeMap::new();
    let mut taken = BTreeSet::new();
    let mut hashed = Vec::new();
    for (stem, sharers) in sharing {
        for &name in &sharers {
            // Whoever is called exactly like the file keeps it.
            if sharers.len() == 1 || name == stem {
                taken.insert(stem.clone());
                stems.insert(name, stem.clone());
            } else {
                hashed.push((name, stem.clone()));
            }
        }
    }
    for (name, stem) in hashed {
        let hash = hash(name);
        let own = (HASH_LENGTH..=HASH_LENGTH_MAX)
            .map(|length| format!("{stem}-{}", &hash[..length]))
            .find(|own| !taken.contains(own))
            .unwrap_or_else(|| format!("{stem}-{hash}"));
        taken.insert(own.clone());
        stems.insert(name, own);
    }
    stems
}

fn stem(name: &str) -> String {
    let mut stem = String::new();
    for character in name.chars() {
        let character = character.to_ascii_lowercase();
        if character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_' {
            stem.push(character);
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
        if stem.len() >= STEM_LENGTH_MAX {
            break;
        }
    }
    let stem = stem.trim_end_matches('-').to_string();
    let is_port = (stem.starts_with("com") || stem.starts_with("lpt"))
        && stem.len() == 4
        && stem.ends_with(|last: char| last.is_ascii_digit());
    if stem.is_empty() {
        "unnamed".to_string()
    } else if is_port || KEPT_BY_WINDOWS.contains(&stem.as_str()) {
        format!("{stem}-")
    } else {
        stem
    }
}

fn hash(name: &str) -> String {
    Sha256::digest(name.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_like_what_they_hold() {
        let named = stems([
            "Top auctions",
            "q7",
            "Größe (neu)",
            "../../etc/passwd",
            "日本",
            "NUL",
            "com1",
        ]);
        let expected = [
            ("../../etc/passwd", "etc-passwd"),
            ("Größe (neu)", "gr-e-neu"),
            ("NUL", "nul-"),
            ("Top auctions", "top-auctions"),
            ("com1", "com1-"),
            ("q7", "q7"),
            ("日本", "unnamed"),
        ];
        let found: Vec<(&str, &str)> = named.iter().map(|(name, stem)| (*name, stem.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn names_that_would_share_a_file_are_told_apart_in_any_order() {
        let names = ["a b", "A b", "a-b", "日本", "中国"];
        let named = stems(names);
        assert_eq!(named["a-b"], "a-b");
        let files: BTreeSet<&String> = named.values().collect();
        assert_eq!(files.len(), names.len(), "{named:?}");
        assert!(named["a b"].starts_with("a-b-") && named["日本"].starts_with("unnamed-"));
        assert_eq!(stems(names.into_iter().rev()), named);
        // A name that looks like another's piece of a hash is in nobody's way.
        let tricky = named["a b"].clone();
        let with_tricky = stems(names.into_iter().chain([tricky.as_str()]));
        assert_eq!(with_tricky[tricky.as_str()], tricky);
        assert_eq!(
            with_tricky.values().collect::<BTreeSet<_>>().len(),
            names.len() + 1
        );
    }

    #[test]
    fn long_names_get_short_files() {
        let long = "x".repeat(200);
        let longer = format!("{long}y");
        let named = stems([long.as_str(), longer.as_str()]);
        assert!(
            named
                .values()
                .all(|stem| stem.len() <= STEM_LENGTH_MAX + 1 + HASH_LENGTH)
        );
        assert_ne!(named[long.as_str()], named[longer.as_str()]);
    }
}
