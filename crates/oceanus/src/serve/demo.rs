//! The demo workspace: `examples/demo`, embedded when the binary was built.

use jobs::Jobs;
use jobs::bundle::Bundle;
use store::{NewWorkspace, PageRequest};

use super::Refusal;

include!(concat!(env!("OUT_DIR"), "/demo.rs"));

const WORKSPACE: &str = "demo";
const ACTOR: &str = "system";

/// Makes the workspace unless there is one of its name with jobs in it: what people have made of it stays. One
/// without was cut off while it was made.
pub async fn make(jobs: &Jobs) -> Result<(), Refusal> {
    let failed =
        |error: &dyn std::fmt::Display| Refusal::new(format!("cannot make the demo workspace: {error}"));
    let new = NewWorkspace {
        name: WORKSPACE.to_string(),
        display_name: "Demo: a live auction house".to_string(),
    };
    match jobs.store().workspaces().create(new, ACTOR).await {
        Ok(_) => {}
        Err(store::Error::Conflict { .. }) => {
            let one = PageRequest {
                limit: 1,
                ..PageRequest::default()
            };
            let drafts = jobs.store().drafts().list(WORKSPACE, &one).await;
            if !drafts.map_err(|error| failed(&error))?.items.is_empty() {
                return Ok(());
            }
        }
        Err(error) => return Err(failed(&error)),
    }
    let files = FILES
        .iter()
        .map(|(path, text)| (path.to_string(), text.to_string()));
    let bundle = Bundle {
        files: files.collect(),
    };
    let report = jobs
        .apply(ACTOR, WORKSPACE, bundle, false)
        .await
        .map_err(|unfinished| failed(&unfinished.error))?;
    if !report.applied {
        let first = report
            .diff
            .diagnostics
            .iter()
            .find(|one| one.diagnostic.is_error());
        let message = first.map_or("its bundle was refused", |one| &one.diagnostic.message);
        return Err(failed(&message));
    }
    tracing::info!(workspace = WORKSPACE, "the demo workspace is there");
    Ok(())
}
