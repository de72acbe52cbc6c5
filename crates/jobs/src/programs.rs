//! Texts that people work on: checked, previewed, and given their surroundings: catalog, files and secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plan::catalog::ObjectPath;
use plan::{CatalogKind, CatalogStatement};
use runner::{CheckReport, FileRoots, Preview, PreviewLimits, PreviewRequest, Program, Purpose, Secrets};
use secrecy::ExposeSecret;
use store::{CatalogObject, ObjectKind};

use crate::catalog::{self, CatalogTree, Loaded, TableDetail};
use crate::{Error, Jobs, Result};

/// Bytes of a text that a person may hand in.
pub const SQL_BYTES_MAX: usize = 1 << 20;

const SECRET_OPEN: &str = "${secret.";

impl Jobs {
    /// What is wrong with a text, and how it would be run.
    pub async fn validate(
        &self,
        workspace: &str,
        sql: &str,
        settings: &BTreeMap<String, String>,
    ) -> Result<CheckReport> {
        let program = self.program(workspace, sql, settings).await?;
        self.ask(move |runner| runner.check(&program, Purpose::Draft))
            .await
    }

    /// Rows of the last statement that gives some. Dropping what is returned cancels it.
    pub async fn preview(
        &self,
        workspace: &str,
        sql: &str,
        settings: &BTreeMap<String, String>,
        rows_max: Option<u64>,
    ) -> Result<Box<dyn Preview>> {
        let program = self.program(workspace, sql, settings).await?;
        let mut limits = PreviewLimits::default();
        if let Some(rows_max) = rows_max {
            limits.rows_max = rows_max.clamp(1, limits.rows_max);
        }
        let request = PreviewRequest { program, limits };
        Ok(self.ask(move |runner| runner.preview(request)).await??)
    }

    /// The first rows of a table.
    pub async fn sample(&self, workspace: &str, path: &ObjectPath, rows: u64) -> Result<Box<dyn Preview>> {
        self.table(workspace, path).await?;
        let name = [&path.catalog, &path.database, &path.object]
            .map(|part| sql::quote_identifier(part))
            .join(".");
        let text = format!("SELECT * FROM {name}");
        self.preview(workspace, &text, &BTreeMap::new(), Some(rows)).await
    }

    pub async fn catalog(&self, workspace: &str) -> Result<CatalogTree> {
        Ok(self.load_catalog(workspace).await?.1.tree())
    }

    pub async fn table(&self, workspace: &str, path: &ObjectPath) -> Result<TableDetail> {
        self.load_catalog(workspace).await?.1.table(path)
    }

    /// Executes statements that define something: all of them, or none.
    pub async fn execute_catalog(&self, actor: &str, workspace: &str, text: &str) -> Result<Vec<String>> {
        check_length(text)?;
        let (revision, mut loaded) = self.load_catalog(workspace).await?;
        let messages = loaded
            .define(text)
            .map_err(|diagnostics| Error::diagnosed("the catalog is unchanged", diagnostics))?;
        let objects = loaded
            .statements()
            .into_iter()
            .map(object)
            .collect::<Result<Vec<_>>>()?;
        self.inner
            .store
            .catalog()
            .replace(workspace, revision, objects, actor)
            .await?;
        Ok(messages)
    }

    async fn load_catalog(&self, workspace: &str) -> Result<(u64, Loaded)> {
        let snapshot = self.inner.store.catalog().read(workspace).await?;
        let statements: Vec<CatalogStatement> = snapshot.objects.into_iter().map(statement).collect();
        let (registry, clock) = (Arc::clone(&self.inner.registry), Arc::clone(&self.inner.clock));
        let loaded = tokio::task::spawn_blocking(move || Loaded::new(registry, clock, statements))
            .await
            .map_err(|panic| Error::Internal(format!("the catalog could not be loaded: {panic}")))?;
        Ok((snapshot.revision, loaded))
    }

    /// The text that makes the workspace's catalog as it is now.
    pub(crate) async fn catalog_ddl(&self, workspace: &str) -> Result<String> {
        Ok(catalog::script(
            &self.load_catalog(workspace).await?.1.statements(),
        ))
    }

    /// A text with the workspace's catalog of now.
    pub(crate) async fn program(
        &self,
        workspace: &str,
        sql: &str,
        settings: &BTreeMap<String, String>,
    ) -> Result<Program> {
        check_length(sql)?;
        let ddl = self.catalog_ddl(workspace).await?;
        self.program_over(workspace, sql, &ddl, settings).await
    }

    /// A text with a catalog that was kept for it.
    pub(crate) async fn program_over(
        &self,
        workspace: &str,
        sql: &str,
        catalog_ddl: &str,
        settings: &BTreeMap<String, String>,
    ) -> Result<Program> {
        let mut values = BTreeMap::new();
        for name in secret_names([sql, catalog_ddl]) {
            match self.inner.store.secrets().reveal(workspace, &name).await {
                Ok(secret) => {
                    values.insert(name, secret.expose_secret().to_string());
                }
                // The table that names it says so where it is used.
                Err(store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let files = self.inner.settings.files.join(workspace);
        tokio::fs::create_dir_all(&files)
            .await
            .map_err(|error| Error::Internal(format!("cannot make {}: {error}", files.display())))?;
        let mut allowed = vec![files];
        allowed.extend(self.inner.settings.file_roots.iter().cloned());
        Ok(Program {
            sql: sql.to_string(),
            catalog_ddl: catalog_ddl.to_string(),
            settings: settings.clone(),
            files: FileRoots {
                allowed,
                denied: self.inner.settings.denied.clone(),
            },
            secrets: Secrets::new(values),
        })
    }
}

fn check_length(text: &str) -> Result<()> {
    if text.len() <= SQL_BYTES_MAX {
        return Ok(());
    }
    Err(Error::invalid(format!("the text has more than {SQL_BYTES_MAX} bytes")).with_hint("split the job"))
}

/// Names in `${secret.name}`, wherever they stand.
fn secret_names<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in texts {
        for piece in text.split(SECRET_OPEN).skip(1) {
            if let Some((name, _)) = piece.split_once('}') {
                names.insert(name.to_string());
            }
        }
    }
    names
}

fn statement(object: CatalogObject) -> CatalogStatement {
    let (kind, path) = match object.kind {
        ObjectKind::Catalog => (CatalogKind::Catalog, vec![object.catalog]),
        ObjectKind::Database => (CatalogKind::Database, vec![object.catalog, object.database]),
        ObjectKind::Table => (
            CatalogKind::Table,
            vec![object.catalog, object.database, object.name],
        ),
        ObjectKind::View => (
            CatalogKind::View,
            vec![object.catalog, object.database, object.name],
        ),
    };
    CatalogStatement {
        kind,
        path,
        ddl: object.ddl,
    }
}

fn object(statement: CatalogStatement) -> Result<CatalogObject> {
    let kind = match statement.kind {
        CatalogKind::Catalog => ObjectKind::Catalog,
        CatalogKind::Database => ObjectKind::Database,
        CatalogKind::Table => ObjectKind::Table,
        CatalogKind::View => ObjectKind::View,
    };
    let mut parts = statement.path.into_iter();
    let mut part = || parts.next().unwrap_or_default();
    Ok(CatalogObject {
        kind,
        catalog: part(),
        database: part(),
        name: part(),
        ddl: statement.ddl,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_by_name() {
        let names = secret_names(["a ${secret.one} ${secret.two}${secret.one}", "'${secret.open"]);
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["one", "two"]);
    }
}
