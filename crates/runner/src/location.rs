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

/// Stores make them of 16 characters and more.
const ACCESS_KEY_LENGTH_HIDDEN_MIN: usize = 16;

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct S3Credentials {
    pub access_key: String,
    pub secret_key: String,
    /// Of credentials that are valid for a while only.
    pub session_token: Option<String>,
}

impl S3Credentials {
    /// What must not be shown in logs. An access key is no secret by itself: a short one may be a word that logs are full
    /// of.
    pub fn hidden(&self) -> impl Iterator<Item = &str> {
        let access_key = Some(&self.access_key).filter(|key| key.len() >= ACCESS_KEY_LENGTH_HIDDEN_MIN);
        access_key
            .into_iter()
            .chain([&self.secret_key])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_access_key_is_not_hidden() {
        let of = |access_key: &str| S3Credentials {
            access_key: access_key.to_string(),
            secret_key: "s".to_string(),
            session_token: Some("t".to_string()),
        };
        assert!(of("oceanus").hidden().eq(["s", "t"]));
        let long = "AKIAIOSFODNN7EXA";
        assert!(of(long).hidden().eq([long, "s", "t"]));
    }
}
