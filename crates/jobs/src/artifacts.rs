//! Uploaded JARs: looked through before they are kept.
//!
//! What is kept is really an archive, complete, with names that lead nowhere, without links, without sizes that lie,
//! and small enough when it is unpacked. Nothing is ever unpacked to disk here.

mod archive;
mod jar;

use store::{ARTIFACT_BYTES_MAX, Artifact};

use crate::{Error, Jobs, Result};

pub use jar::Jar;

impl Jobs {
    /// Keeps a JAR that was looked through, and answers with what is in it. One that is not fit to be kept is
    /// [`Error::Invalid`].
    pub async fn keep_artifact(
        &self,
        actor: &str,
        workspace: &str,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<(Artifact, Jar)> {
        if !name.to_ascii_lowercase().ends_with(".jar") {
            return Err(Error::invalid(format!(
                "artifact name must end in '.jar', got '{name}'"
            )));
        }
        if bytes.len() > ARTIFACT_BYTES_MAX {
            return Err(Error::invalid(format!(
                "an artifact has at most {ARTIFACT_BYTES_MAX} bytes, this one has {}",
                bytes.len()
            )));
        }
        let (bytes, checked) = tokio::task::spawn_blocking(move || {
            let checked = jar::check(&bytes);
            (bytes, checked)
        })
        .await
        .map_err(|panic| Error::Internal(format!("the artifact could not be looked through: {panic}")))?;
        let jar = checked
            .map_err(|fault| Error::invalid(format!("'{name}' is not kept: {fault}")).with_hint(jar::HINT))?;
        let artifact = self
            .inner
            .store
            .artifacts()
            .put(workspace, name, bytes, actor)
            .await?;
        Ok((artifact, jar))
    }
}
