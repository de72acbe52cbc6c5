//! Puts files into the binary: the console's, if it was built, and the demo workspace's.
//!
//! Building the binary never needs Node: without `web/dist` a page takes its place that says how to build it. Files
//! are compressed here, once, and handed to browsers as they are.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

fn main() -> io::Result<()> {
    let crate_folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    let root = crate_folder.join("../..");
    let dist = root.join("web/dist");
    // Cargo runs this script at every build while a folder that it watches is missing. A source tree that cannot be
    // written has nothing built into it either.
    let _ = fs::create_dir(&dist);
    if dist.is_dir() {
        println!("cargo::rerun-if-changed={}", dist.display());
    }
    let console = match dist.join("index.html").is_file() {
        true => dist,
        false => crate_folder.join("src/serve/console/stub"),
    };
    write_console(&console, &out)?;
    let demo = root.join("examples/demo");
    println!("cargo::rerun-if-changed={}", demo.display());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/serve/console/stub");
    write_demo(&demo, &out)
}

fn variable(name: &str) -> io::Result<String> {
    std::env::var(name).map_err(|error| io::Error::other(format!("{name}: {error}")))
}

/// `console.rs`: the table of files, each as it is or, where that is smaller, compressed.
fn write_console(folder: &Path, out: &Path) -> io::Result<()> {
    let packed = out.join("console");
    if packed.exists() {
        fs::remove_dir_all(&packed)?;
    }
    fs::create_dir(&packed)?;
    let mut table = String::from("const FILES: &[File] = &[\n");
    for (index, path) in files_below(folder)?.iter().enumerate() {
        let bytes = fs::read(folder.join(path))?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes)?;
        let compressed = encoder.finish()?;
        let is_compressed = compressed.len() < bytes.len();
        let file = packed.join(index.to_string());
        fs::write(&file, if is_compressed { &compressed } else { &bytes })?;
        let hash = Sha256::digest(&bytes);
        let etag = hash[..8].iter().fold(String::new(), |mut etag, byte| {
            // Writing to a text cannot fail.
            let _ = write!(etag, "{byte:02x}");
            etag
        });
        table.push_str(&format!(
            "    File {{ path: {path:?}, etag: {etag:?}, is_compressed: {is_compressed}, bytes: include_bytes!({file:?}) }},\n",
        ));
    }
    table.push_str("];\n");
    fs::write(out.join("console.rs"), table)
}

/// `demo.rs`: path and text of each file.
fn write_demo(folder: &Path, out: &Path) -> io::Result<()> {
    let folder = fs::canonicalize(folder)?;
    let mut table = String::from("const FILES: &[(&str, &str)] = &[\n");
    for path in files_below(&folder)? {
        table.push_str(&format!(
            "    ({path:?}, include_str!({:?})),\n",
            folder.join(&path)
        ));
    }
    table.push_str("];\n");
    fs::write(out.join("demo.rs"), table)
}

/// Paths with `/` between their parts, sorted, so that the same files give the same binary.
fn files_below(folder: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry
                .file_name()
                .into_string()
                .map_err(|name| io::Error::other(format!("{}: the name is not UTF-8", name.display())))?;
            let path = format!("{prefix}{name}");
            match entry.file_type()?.is_dir() {
                true => folders.push((entry.path(), format!("{path}/"))),
                false => files.push(path),
            }
        }
    }
    files.sort();
    Ok(files)
}
