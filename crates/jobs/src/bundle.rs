//! A workspace as a directory of SQL and YAML, so that teams keep their jobs in git.
//!
//! ```text
//! workspace.yaml           format: 1
//! catalog.sql              CREATE CATALOG, DATABASE, TABLE, VIEW; complete by itself
//! connections/NAME.yaml    name, kind, options
//! jobs/NAME.sql            the text of a job, byte by byte
//! jobs/NAME.yaml           name, versioned, settings, deployments (name, desired, cluster,
//!                          parallelism, version)
//! secrets.yaml             names of secrets that are needed; never a value
//! ```
//!
//! What always holds:
//!
//! - The same workspace gives the same bytes, and applying what was exported changes nothing.
//! - Before the first write everything is checked; a bundle with a fault anywhere changes nothing.
//! - A job whose text, settings or used part of the catalog differ from its latest version gets a new version, and
//!   its deployments follow, unless they name a `version` of their own. A job with `versioned: false` is still being
//!   worked on: its text is kept as a draft only.
//! - What a bundle does not name stays, unless it is pruned. Secrets and artifacts are never pruned.
//! - A bundle is read from outside: every path, number of files, size and depth is bounded before it is looked at.
//!
//! An apply that is cut off half-way is finished by another one.

mod apply;
mod catalog;
mod compare;
mod declared;
mod files;
mod found;
mod names;
mod render;
mod uses;
mod write;
mod yaml;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{DiffLine, Error, Jobs, Result};

pub use files::{BYTES_MAX, FILES_MAX};

/// Texts of files by their paths below the directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bundle {
    pub files: BTreeMap<String, String>,
}

/// What applying a bundle would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct BundleDiff {
    pub changes: Vec<Change>,
    /// With an error among them nothing would be done, and not all changes may be here.
    pub diagnostics: Vec<FileDiagnostic>,
}

/// What applying a bundle has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BundleReport {
    /// False if there was a fault: nothing has changed then.
    pub applied: bool,
    #[serde(flatten)]
    pub diff: BundleDiff,
}

/// Why applying a bundle came to no end, and what it had changed by then. Another one finishes it.
#[derive(Debug)]
pub struct Unfinished {
    pub error: Error,
    pub applied: Vec<Change>,
}

impl From<Error> for Unfinished {
    /// Before the first change.
    fn from(error: Error) -> Unfinished {
        Unfinished {
            error,
            applied: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `catalog`, `database`, `table`, `view`, `connection`, `job`, `version` or `deployment`.
    pub noun: &'static str,
    pub name: String,
    pub action: Action,
    /// None if it is unchanged.
    pub lines: Vec<DiffLine>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Create,
    Update,
    Delete,
    Unchanged,
}

/// A diagnostic, and the file whose text its place counts in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileDiagnostic {
    pub file: Option<String>,
    #[serde(flatten)]
    pub diagnostic: runner::Diagnostic,
}

impl Bundle {
    fn fault(&self, file: &str, fault: &model::Diagnostic) -> FileDiagnostic {
        let text = self.files.get(file).map(String::as_str).unwrap_or_default();
        FileDiagnostic::of(file, text, fault)
    }
}

impl BundleDiff {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|one| one.diagnostic.is_error())
    }

    pub fn has_changes(&self) -> bool {
        self.changes
            .iter()
            .any(|change| change.action != Action::Unchanged)
    }
}

impl FileDiagnostic {
    fn of(file: &str, text: &str, fault: &model::Diagnostic) -> FileDiagnostic {
        FileDiagnostic {
            file: Some(file.to_string()),
            diagnostic: runner::Diagnostic::of(fault, text),
        }
    }

    fn without_file(message: impl Into<String>) -> FileDiagnostic {
        FileDiagnostic {
            file: None,
            diagnostic: runner::Diagnostic::error(runner::Kind::Validation, message),
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> FileDiagnostic {
        self.diagnostic.hint = Some(hint.into());
        self
    }

    fn into_warning(mut self) -> FileDiagnostic {
        self.diagnostic.severity = runner::Severity::Warning;
        self
    }
}

impl Jobs {
    /// Refuses a workspace that is larger than a bundle may be.
    pub async fn export(&self, workspace: &str) -> Result<Bundle> {
        let bundle = render::bundle(&self.found(workspace).await?);
        match files::too_large(&bundle.files) {
            None => Ok(bundle),
            Some(message) => Err(Error::invalid(message).with_hint(files::SPLIT_HINT)),
        }
    }

    /// What [`Jobs::apply`] would do. Writes nothing.
    pub async fn bundle_diff(&self, workspace: &str, bundle: &Bundle, prune: bool) -> Result<BundleDiff> {
        Ok(self.compare(workspace, bundle, prune).await?.diff)
    }
}
