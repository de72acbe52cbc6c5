//! Workspaces, as far as something of them lies outside of the store.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use runner::Runner;
use store::{Deployment, DeploymentFilter, Run};

use crate::surroundings::whole_pages;
use crate::{Error, Jobs, Result, lock};

/// Before the name of a folder of files that is being removed; no workspace is named so.
const REMOVED: &str = ".removed-";

impl Jobs {
    /// Removes a workspace with all that lies in it, its files too: a later one of this name finds none of them.
    /// Nothing in it may still run.
    pub async fn delete_workspace(&self, actor: &str, name: &str) -> Result<()> {
        // Read before: they go with the workspace.
        let left = self.left_in(name).await?;
        let savepoints = self.savepoints_in(name).await?;
        self.inner.store.workspaces().delete(name, actor).await?;
        // The name is one of a workspace that was there: it leads nowhere else.
        let (files, workspace) = (self.inner.settings.files.clone(), name.to_string());
        tokio::task::spawn_blocking(move || remove_files(&files, &workspace))
            .await
            .map_err(|panic| Error::Internal(format!("files could not be removed: {panic}")))?
            .map_err(|error| {
                Error::Internal(format!(
                    "the workspace '{name}' is gone, but its files could not be removed: {error}"
                ))
            })?;
        // What is left of them on disk is only in the way: nobody finds it by a name.
        for (deployment, engine, runs) in &left {
            self.forget(engine, runs.iter()).await;
            self.forget_checkpoints(engine, deployment.id).await;
        }
        for engine in self.engines().await? {
            for savepoint in &savepoints {
                self.forget_savepoint(&engine, savepoint.clone()).await;
            }
        }
        Ok(())
    }

    /// Its deployments, what runs them, and their runs.
    async fn left_in(&self, workspace: &str) -> Result<Vec<(Deployment, Arc<dyn Runner>, Vec<Run>)>> {
        let filter = DeploymentFilter {
            workspace: Some(workspace.to_string()),
            ..DeploymentFilter::default()
        };
        let mut page = whole_pages();
        let mut left = Vec::new();
        loop {
            let read = self.inner.store.deployments().list(&filter, &page).await?;
            for deployment in read.items {
                // It is weighed anew if it stays.
                lock(&self.inner.weights).remove(&deployment.id);
                let engine = self.engine_of(&deployment).await?;
                let runs = self.runs_of(deployment.id).await?;
                left.push((deployment, engine, runs));
            }
            page.cursor = read.next_cursor;
            if page.cursor.is_none() {
                return Ok(left);
            }
        }
    }
}

/// Takes the folder out of the way at once, and then removes it with all that is in it.
fn remove_files(files: &Path, workspace: &str) -> io::Result<()> {
    let removed = files.join(format!("{REMOVED}{workspace}"));
    // Left there if the machine stopped in between.
    remove_all(&removed)?;
    match fs::rename(files.join(workspace), &removed) {
        Ok(()) => remove_all(&removed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn remove_all(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_with_all_that_is_in_them_and_no_others() {
        let place = tempfile::tempdir().unwrap();
        let files = place.path();
        fs::create_dir_all(files.join("shop/deep")).unwrap();
        fs::write(files.join("shop/deep/file"), "text").unwrap();
        fs::create_dir_all(files.join("other")).unwrap();
        std::os::unix::fs::symlink(files.join("other"), files.join("shop/link")).unwrap();
        fs::write(files.join("other/file"), "text").unwrap();
        // An earlier one was left half removed.
        fs::create_dir_all(files.join(".removed-shop/old")).unwrap();
        remove_files(files, "shop").unwrap();
        let left: Vec<_> = fs::read_dir(files)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["other"]);
        assert_eq!(fs::read_to_string(files.join("other/file")).unwrap(), "text");
        // There need not be any.
        remove_files(files, "shop").unwrap();
    }
}
