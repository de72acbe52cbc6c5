//! Which files a bundle has, and how large they may be.
//!
//! A path is one of the layout or it is refused: there is no path that leads anywhere else.

use std::collections::BTreeMap;

use model::suggest::did_you_mean;
use model::{Diagnostic, ErrorKind};

use super::FileDiagnostic;
use super::yaml::YAML_BYTES_MAX;

pub const WORKSPACE: &str = "workspace.yaml";
pub const CATALOG: &str = "catalog.sql";
pub const SECRETS: &str = "secrets.yaml";
pub const CONNECTIONS: &str = "connections";
pub const JOBS: &str = "jobs";

pub const FILES_MAX: usize = 25_000;
/// Of all files together.
pub const BYTES_MAX: usize = 64 << 20;
/// What to do about a workspace that no bundle holds.
pub const SPLIT_HINT: &str = "move some of its jobs into another workspace";
/// Of one file of SQL; the same as of a draft.
pub const SQL_BYTES_MAX: usize = store::SQL_BYTES_MAX;
const STEM_LENGTH_MAX: usize = 200;
/// Faults of files that are told; a wrong folder has thousands.
const FAULTS_MAX: usize = 20;

/// What a path stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    Workspace,
    Catalog,
    Secrets,
    Connection {
        stem: &'a str,
    },
    JobText {
        stem: &'a str,
    },
    JobSettings {
        stem: &'a str,
    },
    /// For people: passed over.
    Note,
}

/// What each file is, or all that is wrong with them.
pub fn classify(
    files: &BTreeMap<String, String>,
) -> Result<Vec<(Kind<'_>, &str, &str)>, Vec<FileDiagnostic>> {
    if let Some(message) = too_large(files) {
        return Err(vec![FileDiagnostic::without_file(message)]);
    }
    let mut found = Vec::with_capacity(files.len());
    let mut faults = Vec::new();
    for (path, text) in files {
        match kind(path).and_then(|kind| check_size(kind, text).map(|()| kind)) {
            Ok(Kind::Note) => {}
            Ok(kind) => found.push((kind, path.as_str(), text.as_str())),
            Err(fault) => faults.push(FileDiagnostic::of(&shown(path), "", &fault)),
        }
        if faults.len() == FAULTS_MAX {
            break;
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// What is to be said of more files, or larger ones, than a bundle has.
pub fn too_large(files: &BTreeMap<String, String>) -> Option<String> {
    let bytes: usize = files.values().map(String::len).sum();
    (files.len() > FILES_MAX || bytes > BYTES_MAX).then(|| {
        format!(
            "a bundle has at most {FILES_MAX} files and {BYTES_MAX} bytes, this one has {} and {bytes}",
            files.len()
        )
    })
}

fn kind(path: &str) -> Result<Kind<'_>, Diagnostic> {
    let parts: Vec<&str> = path.split('/').collect();
    if parts.iter().any(|part| !is_plain(part)) {
        return Err(
            refuse("this path is not taken: it must name a file inside of the bundle")
                .hint("paths have '/' between names, and none of '..', '\\', ':' or a '/' at their start"),
        );
    }
    if path.ends_with(".md") {
        return Ok(Kind::Note);
    }
    match parts.as_slice() {
        [WORKSPACE] => Ok(Kind::Workspace),
        [CATALOG] => Ok(Kind::Catalog),
        [SECRETS] => Ok(Kind::Secrets),
        [CONNECTIONS, file] => match file.strip_suffix(".yaml") {
            Some(stem) if is_stem(stem) => Ok(Kind::Connection { stem }),
            _ => Err(unknown(path, "a connection is a file 'connections/NAME.yaml'")),
        },
        [JOBS, file] => {
            if let Some(stem) = file.strip_suffix(".sql").filter(|stem| is_stem(stem)) {
                Ok(Kind::JobText { stem })
            } else if let Some(stem) = file.strip_suffix(".yaml").filter(|stem| is_stem(stem)) {
                Ok(Kind::JobSettings { stem })
            } else {
                Err(unknown(
                    path,
                    "a job is the files 'jobs/NAME.sql' and 'jobs/NAME.yaml'",
                ))
            }
        }
        [first, ..] => {
            let known = [WORKSPACE, CATALOG, SECRETS, CONNECTIONS, JOBS];
            let hint =
                did_you_mean(first, known).unwrap_or_else(|| format!("known are {}", known.join(", ")));
            Err(unknown(path, &hint))
        }
        [] => Err(unknown(path, "it has no name")),
    }
}

fn is_plain(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.chars().any(|c| matches!(c, '\\' | ':') || c.is_control())
}

fn is_stem(stem: &str) -> bool {
    !stem.is_empty() && stem.len() <= STEM_LENGTH_MAX
}

fn check_size(kind: Kind<'_>, text: &str) -> Result<(), Diagnostic> {
    let bytes_max = match kind {
        Kind::Catalog | Kind::JobText { .. } => SQL_BYTES_MAX,
        Kind::Workspace | Kind::Secrets | Kind::Connection { .. } | Kind::JobSettings { .. } => {
            YAML_BYTES_MAX
        }
        Kind::Note => return Ok(()),
    };
    if text.len() <= bytes_max {
        return Ok(());
    }
    Err(refuse(format!(
        "the file has {} bytes, more than {bytes_max}",
        text.len()
    )))
}

fn unknown(path: &str, hint: &str) -> Diagnostic {
    refuse(format!("'{}' is no file of a bundle", shown(path))).hint(hint)
}

fn refuse(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(ErrorKind::Validation, message)
}

/// A path for a message: on one line, and its start only if it is long.
fn shown(path: &str) -> String {
    path.chars()
        .take(STEM_LENGTH_MAX)
        .flat_map(char::escape_debug)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Result<Kind<'_>, String> {
        kind(path).map_err(|fault| format!("{} ({})", fault.message, fault.hint.unwrap_or_default()))
    }

    #[test]
    fn a_path_is_one_of_the_layout() {
        assert_eq!(of("workspace.yaml"), Ok(Kind::Workspace));
        assert_eq!(of("connections/shop.yaml"), Ok(Kind::Connection { stem: "shop" }));
        assert_eq!(of("jobs/a.b.sql"), Ok(Kind::JobText { stem: "a.b" }));
        assert_eq!(of("jobs/a.yaml"), Ok(Kind::JobSettings { stem: "a" }));
        assert_eq!(of("docs/README.md"), Ok(Kind::Note));
        assert_eq!(
            of("job/a.sql").unwrap_err(),
            "'job/a.sql' is no file of a bundle (did you mean 'jobs'?)"
        );
        for wrong in [
            "jobs/a.sh",
            "jobs/.sql",
            "jobs/a/b.sql",
            "jobs",
            "catalog.sql/x",
            "x.yaml",
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        for wrong in [
            "",
            "/etc/passwd",
            "../workspace.yaml",
            "jobs/../../a.sql",
            "jobs//a.sql",
            "./catalog.sql",
            "jobs\\a.sql",
            "C:/jobs/a.sql",
            "jobs/a\0.sql",
            "jobs/a\n.sql",
            "../README.md",
        ] {
            assert!(
                of(wrong).unwrap_err().starts_with("this path is not taken"),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn too_many_and_too_large_files_are_refused() {
        let told =
            |files: BTreeMap<String, String>| classify(&files).unwrap_err()[0].diagnostic.message.clone();
        let many = (0..=FILES_MAX)
            .map(|n| (format!("jobs/{n}.sql"), String::new()))
            .collect();
        assert!(told(many).contains("at most 25000 files"));
        let large = BTreeMap::from([("catalog.sql".to_string(), "x".repeat(SQL_BYTES_MAX + 1))]);
        assert!(told(large).contains("more than 1048576"));
        let notes = (0..65)
            .map(|n| (format!("{n}.md"), "x".repeat(1 << 20)))
            .collect();
        assert!(told(notes).contains("bytes"));
        let wrong = (0..1000).map(|n| (format!("{n}.txt"), String::new())).collect();
        assert_eq!(classify(&wrong).unwrap_err().len(), FAULTS_MAX);
    }
}
