//! Who this person is on which server, kept between commands.
//!
//! One file in the person's configuration folder, readable by its owner only. A token is sent to the server that it
//! was made by, and to no other.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use store::{ExposeSecret, SecretString};

use super::failure::{Failure, Result};

const FILE: &str = "logins.json";

/// All servers that this person has signed in to.
#[derive(Debug, Default)]
pub struct Logins {
    path: Option<PathBuf>,
    kept: Kept,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// The one that was signed in to last.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    servers: BTreeMap<String, Login>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    pub user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// Taken where a command names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// A token's text, and its id if it was made by a login and goes with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    #[serde(serialize_with = "expose", deserialize_with = "enclose")]
    pub text: SecretString,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

fn expose<S: serde::Serializer>(text: &SecretString, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(text.expose_secret())
}

fn enclose<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

impl Logins {
    /// `$XDG_CONFIG_HOME/oceanus`, or the same below the home folder.
    pub fn folder() -> Option<PathBuf> {
        let set = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let config = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
        Some(config.join("oceanus"))
    }

    /// What is kept in a folder; nothing if there is no such file yet.
    pub fn read(folder: Option<PathBuf>) -> Result<Logins> {
        let Some(path) = folder.map(|folder| folder.join(FILE)) else {
            return Ok(Logins::default());
        };
        let failed = |error| Failure::local(format!("cannot read '{}'", path.display()), error);
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Logins {
                    path: Some(path),
                    kept: Kept::default(),
                });
            }
            Err(error) => return Err(failed(error)),
        };
        if metadata.permissions().mode() & 0o077 != 0 {
            let message = format!("'{}' can be read by others and holds tokens", path.display());
            return Err(Failure::wrong_with_hint(
                message,
                format!("chmod 600 {}", path.display()),
            ));
        }
        let text = fs::read_to_string(&path).map_err(failed)?;
        let kept = serde_json::from_str(&text).map_err(|error| {
            let message = format!("'{}' is not understood: {error}", path.display());
            Failure::wrong_with_hint(message, "remove it and sign in again with `oceanus login`")
        })?;
        Ok(Logins {
            path: Some(path),
            kept,
        })
    }

    pub fn current(&self) -> Option<&str> {
        self.kept.current.as_deref()
    }

    pub fn get(&self, url: &str) -> Option<&Login> {
        self.kept.servers.get(url)
    }

    /// Keeps a login, which is the current one from now on.
    pub fn put(&mut self, url: &str, login: Login) -> Result<()> {
        self.kept.current = Some(url.to_string());
        self.kept.servers.insert(url.to_string(), login);
        self.write()
    }

    pub fn remove(&mut self, url: &str) -> Result<Option<Login>> {
        let removed = self.kept.servers.remove(url);
        if self.kept.current.as_deref() == Some(url) {
            self.kept.current = None;
        }
        self.write()?;
        Ok(removed)
    }

    fn write(&self) -> Result<()> {
        let Some(path) = &self.path else {
            return Err(Failure::wrong_with_hint(
                "there is no home folder to keep the login in",
                "set OCEANUS_URL and OCEANUS_TOKEN instead",
            ));
        };
        let written = serde_json::to_vec_pretty(&self.kept)
            .map_err(std::io::Error::from)
            .and_then(|bytes| write_private(path, &bytes));
        written.map_err(|error| Failure::local(format!("cannot write '{}'", path.display()), error))
    }
}

/// Writes a file that its owner alone can read, whole or not at all.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let unfinished = path.with_extension(format!("{}.new", std::process::id()));
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(token: &str) -> Login {
        Login {
            user: "ada".to_string(),
            token: Some(Token {
                text: SecretString::from(token),
                id: Some("token_1".to_string()),
            }),
            workspace: None,
            ca_file: None,
        }
    }

    #[test]
    fn logins_are_kept_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let below = Some(folder.path().join("oceanus"));
        let mut logins = Logins::read(below.clone()).unwrap();
        logins.put("http://a", login("oct_a")).unwrap();
        logins.put("http://b", login("oct_b")).unwrap();
        let file = folder.path().join("oceanus/logins.json");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

        let mut read = Logins::read(below.clone()).unwrap();
        assert_eq!(read.current(), Some("http://b"));
        let token = read.get("http://a").unwrap().token.clone().unwrap();
        assert_eq!(token.text.expose_secret(), "oct_a");
        assert!(!format!("{read:?}").contains("oct_a"));
        assert!(read.remove("http://b").unwrap().is_some());
        let read = Logins::read(below.clone()).unwrap();
        assert_eq!((read.current(), read.get("http://b").is_some()), (None, false));

        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = Logins::read(below).unwrap_err();
        assert!(
            matches!(&refused, Failure::Wrong { message, .. } if message.contains("can be read by others"))
        );
    }
}
