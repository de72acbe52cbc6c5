//! The `path` of a table: a file, a folder read with everything below it, or a pattern.

use std::path::{Path, PathBuf};

use dataflow::OptionError;
use model::suggest::did_you_mean;

use super::access::FileAccess;
use super::glob::{self, Segment};

/// A place in the local file system, absolute.
#[derive(Debug, Clone)]
pub struct Location {
    pub path: PathBuf,
    /// What was written, for messages.
    pub written: String,
    /// What it may lead to.
    pub access: FileAccess,
}

impl Location {
    /// Reads `/data`, `data`, `file:///data` or `file:/data`. A pattern is refused here if all it can match may not
    /// be used; what it does match is looked at again.
    pub fn parse(written: &str, access: &FileAccess) -> Result<Self, OptionError> {
        let local = match written.split_once(':') {
            Some(("file", rest)) => match rest.strip_prefix("//") {
                Some(authority) => match authority.strip_prefix("localhost/") {
                    Some(path) => format!("/{path}"),
                    None if authority.starts_with('/') => authority.to_string(),
                    None => return Err(not_local(written, "a file URI must name no host")),
                },
                None => rest.to_string(),
            },
            Some((scheme, rest)) if rest.starts_with("//") => {
                return Err(not_local(written, &format!("scheme '{scheme}' is not supported")));
            }
            _ => written.to_string(),
        };
        if local.is_empty() {
            return Err(OptionError::new("path", "option 'path' must not be empty")
                .hint("name a file, a folder, or a pattern such as /data/*.json"));
        }
        let path = access
            .absolute(&local)
            .map_err(|cause| OptionError::new("path", format!("path '{written}' cannot be used: {cause}")))?;
        access.check(&path)?;
        Ok(Location {
            path,
            written: written.to_string(),
            access: access.clone(),
        })
    }

    /// The fixed folder a pattern starts from and the pattern below it; `None` if this is a plain path. A path
    /// that exists as it is written is never a pattern.
    pub fn pattern(&self) -> Result<Option<(PathBuf, Vec<Segment>)>, OptionError> {
        if self.path.exists() {
            return Ok(None);
        }
        let mut root = PathBuf::new();
        let mut segments = Vec::new();
        for part in self.path.components() {
            let name = part.as_os_str().to_string_lossy();
            if segments.is_empty() && !glob::is_pattern(&name) {
                root.push(part);
            } else {
                let segment = glob::parse_segment(&name).map_err(|fault| {
                    OptionError::new(
                        "path",
                        format!("path '{}' is not a pattern: {fault}", self.written),
                    )
                })?;
                segments.push(segment);
            }
        }
        Ok((!segments.is_empty()).then_some((root, segments)))
    }

    /// Nothing is there: names what is nearest.
    pub fn missing(&self) -> OptionError {
        let mut error = OptionError::new("path", format!("path '{}' does not exist", self.written));
        let nearest = self.path.ancestors().skip(1).find(|folder| folder.is_dir());
        error.hint = nearest.map(|folder| match self.neighbour(folder) {
            Some(suggestion) => suggestion,
            None => format!("the nearest folder that exists is '{}'", folder.display()),
        });
        error
    }

    /// Flink reads nothing here, and says nothing.
    pub fn hidden(&self) -> OptionError {
        let message = format!(
            "path '{}' is hidden: its name starts with '.' or '_'",
            self.written
        );
        let below = self.written.trim_end_matches('/');
        OptionError::new("path", message).hint(format!("rename it, or read what is in it with '{below}/*'"))
    }

    /// `did you mean` with an entry of the folder, if the missing name is directly in it.
    fn neighbour(&self, folder: &Path) -> Option<String> {
        let missing = self.path.strip_prefix(folder).ok()?.components().next()?;
        let names: Vec<String> = std::fs::read_dir(folder)
            .ok()?
            .take(NEIGHBOURS_MAX)
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        did_you_mean(
            &missing.as_os_str().to_string_lossy(),
            names.iter().map(String::as_str),
        )
    }
}

/// Where the path of a table leads, if it may be used and something is there. Of a pattern only its start is looked
/// for.
pub fn find(written: &str, access: &FileAccess) -> Result<PathBuf, OptionError> {
    let location = Location::parse(written, access)?;
    let there = match location.pattern()? {
        None => location.path.clone(),
        Some((root, _)) => root,
    };
    // `/` is above everything, and tells nothing.
    if there.exists() && there.parent().is_some() {
        return Ok(there);
    }
    Err(location.missing())
}

/// Entries of a folder looked at for a suggestion.
const NEIGHBOURS_MAX: usize = 1_000;

fn not_local(written: &str, why: &str) -> OptionError {
    OptionError::new("path", format!("path '{written}' cannot be read: {why}"))
        .hint("use a local path such as /data/in or file:///data/in")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(written: &str) -> Result<Location, OptionError> {
        Location::parse(written, &FileAccess::everything())
    }

    #[test]
    fn a_file_uri_is_a_local_path_and_other_schemes_are_refused() {
        for written in [
            "/data/in",
            "file:///data/in",
            "file:/data/in",
            "file://localhost/data/in",
        ] {
            assert_eq!(parse(written).unwrap().path, Path::new("/data/in"));
        }
        let error = parse("s3://bucket/in").unwrap_err();
        assert_eq!(error.key.as_deref(), Some("path"));
        assert_eq!(
            error.message,
            "path 's3://bucket/in' cannot be read: scheme 's3' is not supported"
        );
        assert_eq!(
            error.hint.as_deref(),
            Some("use a local path such as /data/in or file:///data/in")
        );
    }

    #[test]
    fn a_path_is_found_where_it_may_be_used() {
        let folder = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(folder.path()).unwrap();
        std::fs::create_dir(root.join("in")).unwrap();
        let access = FileAccess::only(vec![root.clone()], Vec::new());
        assert_eq!(find("in", &access).unwrap(), root.join("in"));
        assert_eq!(find("in/*.csv", &access).unwrap(), root.join("in"));
        assert_eq!(
            find("ni", &access).unwrap_err().message,
            "path 'ni' does not exist"
        );
        assert!(
            find("/etc/passwd", &access)
                .unwrap_err()
                .message
                .contains("lies outside")
        );
        assert!(find("../in", &access).is_err());
    }

    #[test]
    fn a_colon_in_a_name_is_no_scheme() {
        assert_eq!(parse("/data/a:b").unwrap().path, Path::new("/data/a:b"));
    }
}
