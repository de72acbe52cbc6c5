//! What a person wrote, and all that is needed to plan it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use model::AddressRules;
use model::secret::{self, OPEN, Piece};
use model::suggest::did_you_mean;
use serde::{Deserialize, Serialize};

use crate::{Connections, Diagnostic, Kind, Unresolved};

/// A script with its surroundings. Written down it holds no secret: secrets travel apart from it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Program {
    pub sql: String,
    /// Statements that make the workspace's catalog again, executed before the script.
    pub catalog_ddl: String,
    /// What the session starts with, as by SET.
    pub settings: BTreeMap<String, String>,
    pub files: FileRoots,
    /// Which network addresses tables may reach; nothing unless it is granted.
    #[serde(default)]
    pub network: AddressRules,
    /// What `'connection' = 'name'` stands for in options of tables.
    #[serde(default)]
    pub connections: Connections,
    /// What `${secret.name}` stands for in options of tables and connections.
    #[serde(skip)]
    pub secrets: Secrets,
}

/// Bytes of a script with its catalog. A line to a worker has room for it however it must be escaped.
pub const PROGRAM_BYTES_MAX: usize = 6 << 20;

impl Program {
    /// What is wrong with a program that is too long.
    pub fn size_fault(&self) -> Option<Diagnostic> {
        let bytes = self.sql.len() + self.catalog_ddl.len();
        (bytes > PROGRAM_BYTES_MAX).then(|| {
            Diagnostic::error(
                Kind::Validation,
                format!("the script and its catalog have {bytes} bytes, more than {PROGRAM_BYTES_MAX}"),
            )
            .hint("split the script into several deployments")
        })
    }
}

/// Which files tables may read and write. Nothing is allowed unless it is named; a denied folder or file stays
/// denied inside an allowed folder. A relative path lies below the first allowed folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FileRoots {
    pub allowed: Vec<PathBuf>,
    pub denied: Vec<PathBuf>,
}

/// Values of secrets by name. Never written, never shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secrets {
    values: BTreeMap<String, String>,
    /// Texts that must not be shown, the longest first.
    shapes: Vec<String>,
}

/// What stands where a secret was.
const REDACTED: &str = "***";

/// Lines of a secret that are shorter than this are shown when they stand alone: they are no part worth hiding
/// (a bracket, a blank line) and would tear holes into every text.
const LINE_LENGTH_HIDDEN_MIN: usize = 4;

impl Secrets {
    pub fn new(values: BTreeMap<String, String>) -> Secrets {
        let mut shapes: Vec<String> = values.values().flat_map(|value| shapes(value)).collect();
        shapes.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        shapes.dedup();
        Secrets { values, shapes }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.values.keys().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of an option with every reference replaced. What a secret itself contains is not looked at again.
    pub fn resolve(&self, key: &str, value: &str) -> Result<String, Unresolved> {
        let mut resolved = String::new();
        for piece in secret::pieces(value) {
            let name = match piece {
                Piece::Text(text) => {
                    resolved.push_str(text);
                    continue;
                }
                Piece::Unfinished(_) => {
                    return Err(Unresolved {
                        message: format!("option '{key}' has '{OPEN}' without its '}}'"),
                        hint: "write ${secret.name}".to_string(),
                    });
                }
                Piece::Reference(name) => name,
            };
            let Some(secret) = self.get(name) else {
                return Err(Unresolved {
                    message: format!("secret '{name}' not found"),
                    hint: did_you_mean(name, self.names())
                        .unwrap_or_else(|| "secrets are made by an owner of the workspace".to_string()),
                });
            };
            resolved.push_str(secret);
        }
        Ok(resolved)
    }

    /// The values, for the one place that sends them to a worker.
    pub fn expose(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// The text without any of the values in it.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for shape in &self.shapes {
            if text.contains(shape.as_str()) {
                text = Cow::Owned(text.replace(shape.as_str(), REDACTED));
            }
        }
        text
    }
}

/// The forms in which a value can come out: as it is, with quotes doubled or escaped, and line by line.
fn shapes(value: &str) -> Vec<String> {
    let mut shapes = vec![value.to_string(), value.trim().to_string()];
    let lines: Vec<&str> = value.lines().map(str::trim).collect();
    if lines.len() > 1 {
        let long = lines.iter().filter(|line| line.len() >= LINE_LENGTH_HIDDEN_MIN);
        shapes.extend(long.map(|line| line.to_string()));
    }
    for plain in shapes.clone() {
        shapes.push(plain.replace('\'', "''"));
        // As `{:?}` and JSON write it, without the quotes around.
        shapes.push(plain.escape_debug().to_string());
        if let Ok(json) = serde_json::to_string(&plain) {
            shapes.push(json[1..json.len() - 1].to_string());
        }
    }
    shapes.retain(|shape| !shape.is_empty());
    shapes
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(values: &[(&str, &str)]) -> Secrets {
        Secrets::new(
            values
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
        )
    }

    #[test]
    fn a_program_is_written_and_shown_without_its_secrets() {
        let program = Program {
            sql: "SELECT 1".to_string(),
            secrets: secrets(&[("db", "hunter2")]),
            ..Program::default()
        };
        let written = serde_json::to_string(&program).unwrap();
        assert!(
            !written.contains("hunter2") && !written.contains("secrets"),
            "{written}"
        );
        let shown = format!("{program:?}");
        assert!(shown.contains("db") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn references_are_replaced_once() {
        let secrets = secrets(&[("user", "scott"), ("password", "${secret.user}")]);
        assert_eq!(
            secrets.resolve("url", "u=${secret.user}&p=${secret.password}&$"),
            Ok("u=scott&p=${secret.user}&$".to_string())
        );
    }

    #[test]
    fn an_unknown_secret_names_its_neighbour() {
        let secrets = secrets(&[("password", "p")]);
        let fault = secrets.resolve("password", "${secret.pasword}").unwrap_err();
        assert_eq!(fault.message, "secret 'pasword' not found");
        assert_eq!(fault.hint, "did you mean 'password'?");
        assert!(secrets.resolve("password", "${secret.password").is_err());
    }

    #[test]
    fn every_form_of_a_value_is_hidden() {
        let secrets = secrets(&[
            ("a", "it's \"x\""),
            ("b", "-----KEY\nAAAABBBB\n--"),
            ("c", "it's"),
        ]);
        assert_eq!(secrets.redact("got 'it''s \"x\"'"), "got '***'");
        assert_eq!(secrets.redact("{\"k\":\"it's \\\"x\\\"\"}"), "{\"k\":\"***\"}");
        assert_eq!(secrets.redact("line AAAABBBB of it"), "line *** of it");
        assert_eq!(secrets.redact("it's -- fine"), "*** -- fine");
        assert!(matches!(secrets.redact("nothing"), Cow::Borrowed(_)));
    }
}
