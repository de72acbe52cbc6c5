//! What a program needs beside its text: connections, secrets, files.
//!
//! A program is handed what it names and nothing else of its workspace. A name that is not there is no fault here:
//! whoever uses it tells the place.

use std::collections::{BTreeMap, BTreeSet};

use model::secret;
use runner::{Connection, Connections, FileRoots};
use secrecy::ExposeSecret;
use store::{PAGE_ITEMS_MAX, PageRequest};

use crate::{Error, Jobs, Result};

/// Names of connections that a program carries to suggest one of them.
const SUGGESTED_MAX: usize = 500;

impl Jobs {
    /// All connections of the workspace.
    pub(crate) async fn connections(&self, workspace: &str) -> Result<BTreeMap<String, Connection>> {
        let mut page = whole_pages();
        let mut connections = BTreeMap::new();
        loop {
            let read = self.inner.store.connections().list(workspace, &page).await?;
            connections.extend(read.items.into_iter().map(|one| {
                let connection = Connection {
                    kind: one.kind,
                    options: one.options,
                };
                (one.name, connection)
            }));
            page.cursor = read.next_cursor;
            if page.cursor.is_none() {
                return Ok(connections);
            }
        }
    }

    /// The values of these secrets, as far as there are such.
    pub(crate) async fn secrets(
        &self,
        workspace: &str,
        names: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, String>> {
        let mut values = BTreeMap::new();
        for name in names {
            match self.inner.store.secrets().reveal(workspace, name).await {
                Ok(secret) => {
                    values.insert(name.clone(), secret.expose_secret().to_string());
                }
                Err(store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(values)
    }

    /// Where tables of the workspace may read and write. Its own folder is made if there is none.
    pub(crate) async fn files(&self, workspace: &str) -> Result<FileRoots> {
        let own = self.inner.settings.files.join(workspace);
        tokio::fs::create_dir_all(&own)
            .await
            .map_err(|error| Error::Internal(format!("cannot make {}: {error}", own.display())))?;
        let mut allowed = vec![own];
        allowed.extend(self.inner.settings.file_roots.iter().cloned());
        Ok(FileRoots {
            allowed,
            denied: self.inner.settings.denied.clone(),
        })
    }
}

/// The longest pages there are, from the start.
pub fn whole_pages() -> PageRequest {
    PageRequest {
        limit: PAGE_ITEMS_MAX,
        ..PageRequest::default()
    }
}

/// The connections that the texts may name: those whose name stands in quotes somewhere.
pub fn named_in<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    all: &BTreeMap<String, Connection>,
) -> Connections {
    let texts: Vec<&str> = texts.into_iter().collect();
    let is_named = |name: &str| {
        let quoted = format!("'{name}'");
        texts.iter().any(|text| text.contains(&quoted))
    };
    Connections {
        named: all
            .iter()
            .filter(|(name, _)| is_named(name))
            .map(|(name, connection)| (name.clone(), connection.clone()))
            .collect(),
        known: all.keys().take(SUGGESTED_MAX).cloned().collect(),
    }
}

/// The secrets that a program refers to, by itself or through its connections.
pub fn secrets_in(sql: &str, catalog_ddl: &str, connections: &Connections) -> BTreeSet<String> {
    let options = connections
        .named
        .values()
        .flat_map(|connection| connection.options.values());
    secret_names([sql, catalog_ddl].into_iter().chain(options.map(String::as_str)))
}

/// Names in `${secret.name}`, wherever they stand.
pub fn secret_names<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    texts
        .into_iter()
        .flat_map(secret::names)
        .map(str::to_string)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_by_name() {
        let names = secret_names(["a ${secret.one} ${secret.two}${secret.one}", "'${secret.open"]);
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn a_program_is_handed_the_connections_it_names_and_their_secrets() {
        let connection = |secret: &str| Connection {
            kind: "kafka".to_string(),
            options: BTreeMap::from([("password".to_string(), format!("${{secret.{secret}}}"))]),
        };
        let all = BTreeMap::from([
            ("shop".to_string(), connection("shop_password")),
            ("bank".to_string(), connection("bank_password")),
        ]);
        let text = "CREATE TABLE t (a INT) WITH ('connection' = 'shop', 'topic' = '${secret.topic}')";
        let named = named_in([text], &all);
        assert_eq!(named.named.keys().collect::<Vec<_>>(), ["shop"]);
        assert_eq!(named.known, ["bank", "shop"]);
        let secrets = secrets_in(text, "", &named);
        assert_eq!(
            secrets.into_iter().collect::<Vec<_>>(),
            ["shop_password", "topic"]
        );
    }
}
