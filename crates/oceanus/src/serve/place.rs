//! Where checkpoints and savepoints lie: always at the same place, which is no other server's.
//!
//! A server that looked for them elsewhere would let its jobs begin anew, and write everything again. Two servers at one
//! place would take each other's state for that of deployments that are gone, and remove it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use embedded::{EmbeddedRunner, SnapshotLocation};
use stdx::file::write_whole;
use store::{DeploymentFilter, PageRequest, Store};

use super::Refusal;
use super::config::Config;

/// In the data folder: what tells its server from others.
pub const INSTANCE_FILE: &str = "instance";
/// In the data folder: where checkpoints and savepoints lie.
pub const PLACE_FILE: &str = "state-place";

/// Refuses a place where they are not, as far as that can be seen without looking there.
pub async fn require_same(config: &Config, store: &Store) -> Result<(), Refusal> {
    if config.snapshots.is_some() {
        require_data_folder_without_state(config)?;
    }
    let file = config.data.join(PLACE_FILE);
    let (now, before) = (name_of(config.snapshots.as_ref()), read(&file)?);
    let Some(before) = before.filter(|before| *before != now) else {
        return Ok(());
    };
    let one = PageRequest {
        limit: 1,
        ..PageRequest::default()
    };
    let deployments = store.deployments().list(&DeploymentFilter::default(), &one).await;
    let deployments =
        deployments.map_err(|error| Refusal::new(format!("deployments cannot be listed: {error}")))?;
    if deployments.items.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(format!(
        "checkpoints and savepoints of deployments are in {before}, and the settings say {now}"
    ))
    .hint(format!(
        "see the settings 'execution.checkpointing.dir' and 's3'; if they were copied there, or the deployments shall begin anew, remove the file '{}'",
        file.display()
    )))
}

/// Takes the place, and notes it.
pub async fn claim(config: &Config, runner: Arc<EmbeddedRunner>) -> Result<(), Refusal> {
    if config.snapshots.is_some() {
        let instance = instance(&config.data)?;
        let asked = instance.clone();
        let owner = match tokio::task::spawn_blocking(move || runner.claim_snapshots(&asked)).await {
            Ok(owner) => owner.map_err(|error| Refusal::new(error.to_string()))?,
            Err(panic) => {
                return Err(Refusal::new(format!(
                    "the place of checkpoints could not be taken: {panic}"
                )));
            }
        };
        if owner != instance {
            return Err(Refusal::new(format!(
                "{} is the place of another server, {owner:?}",
                name_of(config.snapshots.as_ref())
            ))
            .hint(format!(
                "give this server a prefix or a folder of its own; if it follows one that is gone, write '{owner}' into '{}'",
                config.data.join(INSTANCE_FILE).display()
            )));
        }
    }
    write(&config.data.join(PLACE_FILE), &name_of(config.snapshots.as_ref()))
}

/// A place, without anything that is secret.
fn name_of(location: Option<&SnapshotLocation>) -> String {
    match location {
        None => "the data folder".to_string(),
        Some(SnapshotLocation::Folder(folder)) => format!("'{}'", folder.display()),
        Some(SnapshotLocation::S3(location)) => {
            // No credentials are in it: such a setting is refused.
            let endpoint = location.endpoint.trim_end_matches('/');
            format!("'{location}' at '{endpoint}'")
        }
    }
}

/// What tells the server of this data folder from others; made at first.
fn instance(data: &Path) -> Result<String, Refusal> {
    let file = data.join(INSTANCE_FILE);
    if let Some(instance) = read(&file)? {
        return Ok(instance);
    }
    let random =
        || getrandom::u64().map_err(|error| Refusal::new(format!("there is no randomness: {error}")));
    let instance = format!("{:016x}{:016x}", random()?, random()?);
    write(&file, &instance)?;
    Ok(instance)
}

/// `None` if it is not there, or has nothing in it.
fn read(file: &Path) -> Result<Option<String>, Refusal> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text.trim().to_string()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Refusal::new(format!("cannot read '{}': {error}", file.display()))),
    }
}

fn write(file: &Path, text: &str) -> Result<(), Refusal> {
    write_whole(file, format!("{text}\n").as_bytes())
        .map_err(|error| Refusal::new(format!("cannot write '{}': {error}", file.display())))
}

/// Refuses to look for checkpoints elsewhere than where they are.
fn require_data_folder_without_state(config: &Config) -> Result<(), Refusal> {
    for name in ["checkpoints", "savepoints"] {
        let folder = config.data.join(name);
        let failed =
            |error: std::io::Error| Refusal::new(format!("cannot look at '{}': {error}", folder.display()));
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if fs::read_dir(entry.path()).is_ok_and(|mut files| files.next().is_some()) {
                return Err(Refusal::new(format!(
                    "the setting 'execution.checkpointing.dir' names another place, but '{}' has {name} of deployments",
                    folder.display()
                ))
                .hint("stop the deployments and copy 'checkpoints' and 'savepoints' of the data folder there, then move them away; or leave the setting out"));
            }
        }
    }
    Ok(())
}
