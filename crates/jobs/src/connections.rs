//! Connections of a workspace, tried.

use runner::{Connection, ConnectionReport, ConnectionTest, Secrets};

use crate::surroundings::secret_names;
use crate::{Jobs, Result};

impl Jobs {
    /// Whether what a connection leads to is there: every address in its options that jobs may reach is dialled.
    pub async fn test_connection(&self, workspace: &str, name: &str) -> Result<ConnectionReport> {
        let read = self.inner.store.connections().get(workspace, name).await?;
        let names = secret_names(read.options.values().map(String::as_str));
        let test = ConnectionTest {
            connection: Connection {
                kind: read.kind,
                options: read.options,
            },
            files: self.files(workspace).await?,
            network: self.inner.settings.network.clone(),
            secrets: Secrets::new(self.secrets(workspace, &names).await?),
        };
        self.ask_in_turn(move |runner| runner.test_connection(&test))
            .await
    }
}
