//! What is in a JAR, and whether it may be kept.

use std::fmt;

use super::archive::{Archive, Entry};

/// What to do about a JAR that is refused.
pub const HINT: &str = "build it anew with your build tool, and upload the file as it comes out";

/// Entries of an archive and of those inside it together.
const ENTRIES_MAX: usize = 65_000;
/// Bytes of all entries together when they are unpacked, archives inside the archive included.
const UNPACKED_BYTES_MAX: u64 = 1 << 30;
/// How many times larger than itself an archive may become. Texts shrink to a tenth, what only looks like a file to a
/// thousandth.
const RATIO_MAX: u64 = 100;
/// Below this much nobody minds the ratio.
const RATIO_FREE_BYTES: u64 = 16 << 20;
/// A JAR may hold JARs, as Flink's own do; those hold none.
const DEPTH_MAX: usize = 1;
/// Of an archive inside the archive, which is unpacked into memory to be looked through.
const INNER_BYTES_MAX: u64 = 64 << 20;
const MANIFEST: &str = "META-INF/MANIFEST.MF";
const MANIFEST_BYTES_MAX: u64 = 1 << 20;
const CLASS_LENGTH_MAX: usize = 512;
const ARCHIVE_ENDINGS: [&str; 5] = [".jar", ".zip", ".war", ".ear", ".aar"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jar {
    pub entries: usize,
    pub unpacked_bytes: u64,
    /// What the manifest says is run.
    pub main_class: Option<String>,
}

/// Why it is not kept. Goes on behind `the file: `.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Outermost first.
    entries: Vec<String>,
    message: String,
}

impl Fault {
    pub fn new(message: impl Into<String>) -> Fault {
        Fault {
            entries: Vec::new(),
            message: message.into(),
        }
    }

    pub fn of(entry: &str, message: impl Into<String>) -> Fault {
        Fault::new(message).inside(entry)
    }

    pub fn truncated() -> Fault {
        Fault::new("it is cut off: not all of it was uploaded")
    }

    pub fn no_archive() -> Fault {
        Fault::new("it is no JAR: a JAR is a zip archive")
    }

    fn inside(mut self, entry: &str) -> Fault {
        self.entries.insert(0, shown(entry));
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            write!(f, "entry '{entry}': ")?;
        }
        f.write_str(&self.message)
    }
}

/// A name for a message.
fn shown(name: &str) -> String {
    const SHOWN_CHARACTERS_MAX: usize = 120;
    let start: String = name.chars().take(SHOWN_CHARACTERS_MAX).collect();
    start.escape_debug().to_string()
}

/// Looks through all of it. Needs time and memory within the bounds above, whatever the bytes are.
pub fn check(bytes: &[u8]) -> Result<Jar, Fault> {
    let mut budget = Budget {
        entries: ENTRIES_MAX,
        unpacked_bytes: UNPACKED_BYTES_MAX,
    };
    let main_class = check_level(bytes, DEPTH_MAX, &mut budget)?;
    Ok(Jar {
        entries: ENTRIES_MAX - budget.entries,
        unpacked_bytes: UNPACKED_BYTES_MAX - budget.unpacked_bytes,
        main_class,
    })
}

/// What may still come.
struct Budget {
    entries: usize,
    unpacked_bytes: u64,
}

fn check_level(bytes: &[u8], depth: usize, budget: &mut Budget) -> Result<Option<String>, Fault> {
    let archive = Archive::read(bytes, budget.entries)?;
    budget.entries -= archive.entries.len();
    // What they say is looked at before anything is unpacked; that they say the truth is seen then.
    let said: u64 = archive.entries.iter().map(|entry| entry.unpacked_bytes).sum();
    if said > RATIO_FREE_BYTES && said / RATIO_MAX > bytes.len() as u64 {
        return Err(Fault::new(format!(
            "it has {} bytes and would become {said}, more than {RATIO_MAX} times as many",
            bytes.len()
        )));
    }
    budget.unpacked_bytes = budget.unpacked_bytes.checked_sub(said).ok_or_else(|| {
        Fault::new(format!(
            "unpacked it would have more than {UNPACKED_BYTES_MAX} bytes"
        ))
    })?;
    let mut main_class = None;
    for entry in &archive.entries {
        if is_archive(entry) {
            let Some(depth) = depth.checked_sub(1) else {
                return Err(Fault::of(
                    entry.name,
                    "archives lie in archives that lie in archives",
                ));
            };
            if !entry.begins_as_archive()? {
                return Err(Fault::no_archive().inside(entry.name));
            }
            let inner = entry.unpack(INNER_BYTES_MAX)?;
            check_level(&inner, depth, budget).map_err(|fault| fault.inside(entry.name))?;
        } else if entry.name.eq_ignore_ascii_case(MANIFEST) {
            main_class = read_manifest(entry)?;
        } else {
            entry.verify()?;
        }
    }
    Ok(main_class)
}

fn is_archive(entry: &Entry<'_>) -> bool {
    let name = entry.name.to_ascii_lowercase();
    !entry.is_folder() && ARCHIVE_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// `Main-Class` of the first section. A line that begins with a blank goes on with the one before.
fn read_manifest(entry: &Entry<'_>) -> Result<Option<String>, Fault> {
    let bytes = entry.unpack(MANIFEST_BYTES_MAX)?;
    let text = String::from_utf8_lossy(&bytes)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let section = text.split("\n\n").next().unwrap_or_default().replace("\n ", "");
    for line in section.lines() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        if key.eq_ignore_ascii_case("Main-Class") {
            let class = value.trim();
            if !is_class_name(class) {
                return Err(Fault::of(
                    entry.name,
                    format!("'{}' is no name of a class", shown(class)),
                ));
            }
            return Ok(Some(class.to_string()));
        }
    }
    Ok(None)
}

fn is_class_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let starts = part.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$'));
        starts
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
    };
    name.len() <= CLASS_LENGTH_MAX && name.split('.').all(is_part)
}

#[cfg(test)]
mod tests;
