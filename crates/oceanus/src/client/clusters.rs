//! Clusters: attached, listed, forgotten.

use serde_json::{Value, json};

use super::access::Access;
use super::failure::Result;
use super::http::{Ask, path};
use super::names::cell;
use super::show::{Show, Table};

#[derive(Debug, clap::Args)]
pub struct Clusters {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Attach an Apache Flink cluster, or change what is known of it. For administrators.
    Put {
        /// Letters, digits, '_' and '-'.
        name: String,
        /// Where its JobManager's REST interface listens: http://host:8081
        address: String,
        /// Where its checkpoints and savepoints go: an address that all of its machines can reach, as in
        /// file:///shared/folder or s3://bucket/folder
        #[arg(long, value_name = "URL")]
        storage: String,
        /// A workspace that may run jobs on it; once for each.
        #[arg(long = "grant", value_name = "WORKSPACE")]
        workspaces: Vec<String>,
    },
    /// List the clusters that the workspace may use.
    List {
        /// Every cluster, with its address and who may use it. For administrators.
        #[arg(long)]
        all: bool,
    },
    /// Forget a cluster that no deployment has; nothing is stopped there. For administrators.
    Delete { name: String },
}

impl Clusters {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        match self.action {
            Action::Put {
                name,
                address,
                storage,
                workspaces,
            } => {
                let body = json!({ "address": address, "storage": storage, "workspaces": workspaces });
                let put = access.server.ask(Ask::put(path(&["clusters", &name]), body))?;
                show.one(&format!("cluster '{name}': {}\n", state(&put)), &put)
            }
            Action::List { all: true } => {
                let clusters = access.server.all(Ask::get("/clusters"))?;
                let mut table = Table::new(&["name", "state", "address", "storage", "workspaces"]);
                for cluster in &clusters {
                    let workspaces = cluster["workspaces"].as_array().into_iter().flatten();
                    table.row([
                        cell(&cluster["name"]),
                        state(cluster),
                        cell(&cluster["address"]),
                        cell(&cluster["storage"]),
                        workspaces.map(cell).collect::<Vec<_>>().join(", "),
                    ]);
                }
                show.list(&table, &clusters)
            }
            Action::List { all: false } => {
                let clusters = access.server.all(Ask::get(access.in_workspace(&["clusters"])?))?;
                let mut table = Table::new(&["name", "state"]);
                for cluster in &clusters {
                    table.row([cell(&cluster["name"]), state(cluster)]);
                }
                show.list(&table, &clusters)
            }
            Action::Delete { name } => {
                access.server.ask(Ask::delete(path(&["clusters", &name])))?;
                show.one(&format!("cluster '{name}' forgotten\n"), &Value::Null)
            }
        }
    }
}

/// In a few words.
fn state(cluster: &Value) -> String {
    match &cluster["unreachable"] {
        Value::Null => format!(
            "Flink {}, {} of {} slots free",
            cell(&cluster["version"]),
            cell(&cluster["slots_available"]),
            cell(&cluster["slots_total"])
        ),
        why => cell(why),
    }
}
