//! Where checkpoints and savepoints go.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A place for the checkpoints and savepoints of all deployments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotLocation {
    /// Below a folder of this machine.
    Folder(PathBuf),
    S3(Box<S3Location>),
}

/// A part of a bucket of an S3-compatible object store.
///
/// It holds credentials: it travels to a worker as secrets do, and is never written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct S3Location {
    pub bucket: String,
    /// What all keys begin with, without a slash at either end; may be empty.
    pub prefix: String,
    /// The URL of the store, by `http` or `https`.
    pub endpoint: String,
    pub region: String,
    /// Whether the bucket stands in the path of a URL, not in the name of the host.
    pub is_path_style: bool,
    /// PEM certificates of the authorities that the store's own may come from; `None`: those that browsers know.
    pub authorities: Option<String>,
    pub credentials: S3Credentials,
}

impl fmt::Display for S3Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        match self.prefix.as_str() {
            "" => Ok(()),
            prefix => write!(f, "/{prefix}"),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct S3Credentials {
    pub access_key: String,
    pub secret_key: String,
    /// Of credentials that are valid for a while only.
    pub session_token: Option<String>,
}

impl S3Credentials {
    /// What must not be shown anywhere.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        [&self.access_key, &self.secret_key]
            .into_iter()
            .chain(&self.session_token)
            .map(String::as_str)
    }
}

/// Nothing of them is shown.
impl fmt::Debug for S3Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("S3Credentials(***)")
    }
}
