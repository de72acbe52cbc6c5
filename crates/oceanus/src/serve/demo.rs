//! The demo workspace: `examples/demo`, embedded when the binary was built.

use jobs::Jobs;
use jobs::bundle::Bundle;
use store::NewWorkspace;

use super::Refusal;

include!(concat!(env!("OUT_DIR"), "/demo.rs"));

const WORKSPACE: &str = "demo";
const ACTOR: &str = "system";

/// Makes the workspace unless there is one of its name: what people have made of it stays.
pub async fn make(jobs: &Jobs) -> Result<(), Refusal> {
    let failed =
        |error: &dyn std::fmt::Display| Refusal::new(format!("cannot make the demo workspace: {error}"));
    let new = NewWorkspace {
        name: WORKSPACE.to_string(),
        display_name: "Demo: a live auction house".to_string(),
    };
    match jobs.store().workspaces().create(new, ACTOR).await {
        Ok(_) => {}
        Err(store::Error::Conflict { .. }) => return Ok(()),
        Err(error) => return Err(failed(&error)),
    }
    let files = FILES
        .iter()
        .map(|(path, text)| (path.to_string(), text.to_string()));
    let bundle = Bundle {
        files: files.collect(),
    };
    jobs.apply(ACTOR, WORKSPACE, bundle, false)
        .await
        .map_err(|error| failed(&error))?;
    tracing::info!(workspace = WORKSPACE, "the demo workspace is there");
    Ok(())
}
