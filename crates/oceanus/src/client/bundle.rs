//! A workspace as a folder of SQL and YAML: written, compared, applied.
//!
//! Only files of a bundle are read and written: `.sql` and `.yaml` at the places that the server names. Whatever else
//! lies in the folder, such as a README or a repository, is left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use stdx::{Clock, SystemClock};

use super::access::Access;
use super::failure::{EXIT_FAILED, EXIT_WRONG_INPUT, Failure, Found, Result, Texts};
use super::http::{Ask, path, read_as};
use super::names::cell;
use super::show::{self, Show};

/// The file that says that a folder is a bundle.
const MARK: &str = "workspace.yaml";
const ENDINGS: [&str; 2] = ["sql", "yaml"];
/// Folders that hold others in a bundle; none lies deeper.
const DEPTH_MAX: usize = 2;
/// How often it is asked whether an import is over.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
const IMPORT_TIME_MAX_MS: i64 = 10 * 60_000;

#[derive(Debug, clap::Args)]
pub struct Export {
    /// The folder, which is made if there is none. Files of an earlier export that are not needed any more are
    /// removed from it.
    folder: PathBuf,
    /// Write into a folder that holds files and is no bundle.
    #[arg(long)]
    force: bool,
}

#[derive(Debug, clap::Args)]
pub struct Apply {
    /// The folder.
    #[arg(long = "folder", short = 'f', value_name = "DIR")]
    folder: PathBuf,
    /// Delete what the folder does not have.
    #[arg(long)]
    prune: bool,
}

#[derive(Debug, clap::Args)]
pub struct Diff {
    /// The folder.
    #[arg(long = "folder", short = 'f', value_name = "DIR")]
    folder: PathBuf,
    /// Show also what `apply --prune` would delete.
    #[arg(long)]
    prune: bool,
    /// End with 1 if there are changes.
    #[arg(long)]
    exit_code: bool,
}

impl Export {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let mut answer = access.server.ask(Ask::get(access.in_workspace(&["export"])?))?;
        let files: BTreeMap<String, String> = read_as(answer["files"].take())?;
        let before = self.files_before()?;
        for (path, text) in &files {
            let target = inside(&self.folder, path)?;
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error))?;
            }
            fs::write(&target, text).map_err(|error| cannot("write", &target, &error))?;
        }
        let stale: Vec<&String> = before.keys().filter(|path| !files.contains_key(*path)).collect();
        for path in &stale {
            let target = inside(&self.folder, path)?;
            fs::remove_file(&target).map_err(|error| cannot("remove", &target, &error))?;
        }
        let written = show::count(files.len(), "file");
        let removed = match stale.len() {
            0 => String::new(),
            many => format!(", {} removed", show::count(many, "file")),
        };
        let text = format!("{}: {written} written{removed}\n", self.folder.display());
        let names: BTreeSet<&String> = files.keys().collect();
        show.one(&text, &json!({ "files": names, "removed": stale }))
    }

    /// What an earlier export has left.
    fn files_before(&self) -> Result<BTreeMap<String, String>> {
        let mut entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(cannot("read", &self.folder, &error)),
        };
        if self.folder.join(MARK).is_file() {
            return read(&self.folder);
        }
        let is_foreign = |name: &std::ffi::OsStr| !name.to_string_lossy().starts_with('.');
        let holds_others = entries.any(|entry| entry.is_ok_and(|entry| is_foreign(&entry.file_name())));
        match holds_others && !self.force {
            true => Err(Failure::wrong_with_hint(
                format!("'{}' holds files and has no {MARK}", self.folder.display()),
                "name another folder, or say --force",
            )),
            false => Ok(BTreeMap::new()),
        }
    }
}

impl Apply {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let files = bundle(&self.folder)?;
        let texts = Texts::files(files.clone());
        let body = json!({ "files": files, "prune": self.prune });
        let begun = access
            .server
            .ask(Ask::post(access.in_workspace(&["import"])?, body))
            .map_err(|failure| failure.about(|| texts.clone()))?;
        let operation = until_over(access, begun)?;
        let result = &operation["result"];
        tell(&result["diagnostics"], &texts)?;
        if operation["status"] != "succeeded" {
            let problem = operation["problem"].to_string();
            let problem = super::failure::Problem::of_answer(500, &problem);
            return Err(Failure::refused(problem).about(|| texts));
        }
        let changes = result["changes"].as_array().map_or(&[][..], Vec::as_slice);
        show.one(&summary(changes, false), result)
    }
}

impl Diff {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let files = bundle(&self.folder)?;
        let texts = Texts::files(files.clone());
        let body = json!({ "files": files, "prune": self.prune });
        let diff = access
            .server
            .ask(Ask::post(access.in_workspace(&["import", "diff"])?, body))
            .map_err(|failure| failure.about(|| texts.clone()))?;
        let is_wrong = tell(&diff["diagnostics"], &texts)?;
        let changes = diff["changes"].as_array().map_or(&[][..], Vec::as_slice);
        show.one(&summary(changes, true), &diff)?;
        if is_wrong {
            return Err(Failure::Told {
                code: EXIT_WRONG_INPUT,
            });
        }
        match self.exit_code && changes.iter().any(is_change) {
            true => Err(Failure::Told { code: EXIT_FAILED }),
            false => Ok(()),
        }
    }
}

/// The files of a folder that is meant to be a bundle.
fn bundle(folder: &Path) -> Result<BTreeMap<String, String>> {
    let files = read(folder)?;
    match files.contains_key(MARK) {
        true => Ok(files),
        false => Err(Failure::wrong_with_hint(
            format!("'{}' is no bundle: it has no {MARK}", folder.display()),
            "`oceanus export DIR` writes one",
        )),
    }
}

/// Files of SQL and YAML by their paths with `/`, hidden ones aside.
fn read(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    read_below(folder, "", 1, &mut files)?;
    Ok(files)
}

fn read_below(folder: &Path, prefix: &str, depth: usize, files: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| cannot("read", folder, &error))? {
        let entry = entry.map_err(|error| cannot("read", folder, &error))?;
        let path = entry.path();
        let Some(name) = entry.file_name().to_str().map(str::to_string) else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        let kind = entry.file_type().map_err(|error| cannot("read", &path, &error))?;
        if kind.is_dir() {
            if depth < DEPTH_MAX {
                read_below(&path, &format!("{prefix}{name}/"), depth + 1, files)?;
            }
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending.is_some_and(|ending| ENDINGS.contains(&ending)) {
            let text = fs::read_to_string(&path).map_err(|error| cannot("read", &path, &error))?;
            files.insert(format!("{prefix}{name}"), text);
        }
    }
    Ok(())
}

/// Where a file of the server's goes. A path that leads out of the folder is refused, whoever names it.
fn inside(folder: &Path, path: &str) -> Result<PathBuf> {
    let relative = Path::new(path);
    let is_plain = !path.is_empty()
        && relative
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
    match is_plain {
        true => Ok(folder.join(relative)),
        false => Err(Failure::local(
            "the server names a file outside of the folder",
            show::clean(path),
        )),
    }
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::wrong(format!("cannot {what} '{}': {error}", path.display()))
}

fn until_over(access: &Access, begun: Value) -> Result<Value> {
    let at = path(&["operations", &cell(&begun["id"])]);
    let clock = SystemClock;
    let until_ms = clock.now_ms() + IMPORT_TIME_MAX_MS;
    let mut operation = begun;
    while operation["status"] == "running" {
        if clock.now_ms() >= until_ms {
            return Err(Failure::Unavailable {
                message: "the import is not over yet".to_string(),
                hint: Some("`oceanus diff` shows what is still to be done".to_string()),
            });
        }
        clock.sleep(LOOK_INTERVAL);
        operation = access.server.ask(Ask::get(at.as_str()))?;
    }
    Ok(operation)
}

/// Tells diagnostics on standard error; whether one is an error.
fn tell(diagnostics: &Value, texts: &Texts) -> Result<bool> {
    let found: Vec<Found> = match diagnostics {
        Value::Null => Vec::new(),
        diagnostics => read_as(diagnostics.clone())?,
    };
    for found in &found {
        crate::run::complain(&found.render(texts));
    }
    Ok(found.iter().any(Found::is_error))
}

fn is_change(change: &Value) -> bool {
    change["action"] != "unchanged"
}

/// What is made, changed and deleted, each with its lines if they are wanted.
fn summary(changes: &[Value], with_lines: bool) -> String {
    let mut text = String::new();
    for change in changes.iter().filter(|change| is_change(change)) {
        let mark = match change["action"].as_str() {
            Some("create") => "+",
            Some("delete") => "-",
            _ => "~",
        };
        let line = format!("{mark} {} {}", cell(&change["noun"]), cell(&change["name"]));
        text.push_str(&format!("{}\n", show::clean(&line)));
        if !with_lines {
            continue;
        }
        for line in change["lines"].as_array().into_iter().flatten() {
            let line = format!("    {} {}", cell(&line["op"]), show::clean(&cell(&line["text"])));
            text.push_str(&format!("{}\n", line.trim_end()));
        }
    }
    match text.is_empty() {
        true => "nothing to change\n".to_string(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_written_outside_of_the_folder() {
        let folder = Path::new("/tmp/bundle");
        assert_eq!(
            inside(folder, "jobs/a.sql").unwrap(),
            Path::new("/tmp/bundle/jobs/a.sql")
        );
        for path in ["../a.sql", "/etc/passwd", "jobs/../../a", "", "."] {
            assert!(inside(folder, path).is_err(), "{path}");
        }
    }

    #[test]
    fn only_files_of_a_bundle_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        };
        for path in [
            "workspace.yaml",
            "jobs/a.sql",
            "jobs/deep/er.sql",
            "README.md",
            ".git/config.yaml",
            "Makefile",
            "jbos/b.sql",
        ] {
            write(path);
        }
        let found: Vec<String> = bundle(folder.path()).unwrap().into_keys().collect();
        assert_eq!(found, ["jbos/b.sql", "jobs/a.sql", "workspace.yaml"]);
        fs::remove_file(folder.path().join("workspace.yaml")).unwrap();
        assert!(bundle(folder.path()).is_err());
    }

    #[test]
    fn changes_are_told_with_their_lines() {
        let changes = [
            json!({"noun": "job", "name": "a", "action": "update", "lines": [
                {"op": "-", "text": "SELECT 1"}, {"op": "+", "text": "SELECT 2"}]}),
            json!({"noun": "job", "name": "b", "action": "unchanged", "lines": []}),
            json!({"noun": "table", "name": "c", "action": "delete", "lines": []}),
        ];
        assert_eq!(
            summary(&changes, true),
            "~ job a\n    - SELECT 1\n    + SELECT 2\n- table c\n"
        );
        assert_eq!(summary(&changes, false), "~ job a\n- table c\n");
        assert_eq!(summary(&changes[1..2], true), "nothing to change\n");
    }
}
