//! Which files tables may touch.
//!
//! A path is judged by where it really leads, links followed, and again by what was really opened: a link that is
//! put in its way between the two is found out.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use dataflow::{Error, OptionError};

/// What tables of files may read and write. Cloned freely.
#[derive(Debug, Clone, Default)]
pub struct FileAccess {
    rules: Option<Arc<Rules>>,
}

#[derive(Debug)]
struct Rules {
    allowed: Vec<PathBuf>,
    denied: Vec<PathBuf>,
}

impl FileAccess {
    /// Whatever the process may: for a person's own command line.
    pub fn everything() -> FileAccess {
        FileAccess::default()
    }

    /// Only what lies below one of the allowed folders, and not below a denied one. Relative paths start at the
    /// first allowed folder.
    pub fn only(allowed: Vec<PathBuf>, denied: Vec<PathBuf>) -> FileAccess {
        FileAccess {
            rules: Some(Arc::new(Rules { allowed, denied })),
        }
    }

    /// Where a path of a table stands, before it is looked at.
    pub(super) fn absolute(&self, path: &str) -> io::Result<PathBuf> {
        let start = self.rules.as_ref().and_then(|rules| rules.allowed.first());
        match start {
            Some(start) => std::path::absolute(start.join(path)),
            None => std::path::absolute(path),
        }
    }

    /// Refuses a path that leads outside. What does not exist yet is judged by the folder it would be made in.
    pub(super) fn check(&self, path: &Path) -> Result<(), OptionError> {
        let Some(rules) = &self.rules else {
            return Ok(());
        };
        match real_path(path) {
            Some(real) if rules.permits(&real) => Ok(()),
            _ => Err(rules.refusal(path)),
        }
    }

    /// Opens a file for reading.
    pub(super) fn open(&self, path: &Path) -> Result<File, Error> {
        self.check(path)?;
        let file =
            File::open(path).map_err(|cause| Error::io(format!("read file '{}'", path.display()), cause))?;
        self.check_opened(&file, path)?;
        Ok(file)
    }

    /// Makes a file that must not be there yet.
    pub(super) fn create_new(&self, path: &Path) -> Result<File, Error> {
        let failed = |cause| Error::io(format!("write file '{}'", path.display()), cause);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(failed)?;
        if let Err(refusal) = self.check_opened(&file, path) {
            fs::remove_file(path).map_err(failed)?;
            return Err(refusal.into());
        }
        Ok(file)
    }

    fn check_opened(&self, file: &File, path: &Path) -> Result<(), OptionError> {
        let Some(rules) = &self.rules else {
            return Ok(());
        };
        match fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())) {
            Ok(real) if rules.permits(&real) => Ok(()),
            _ => Err(rules.refusal(path)),
        }
    }
}

impl Rules {
    fn permits(&self, real: &Path) -> bool {
        // Roots may be links themselves, or be made later. One that is not there covers nothing yet.
        let covers = |root: &PathBuf| fs::canonicalize(root).is_ok_and(|root| real.starts_with(root));
        let is_denied = |root: &PathBuf| real.starts_with(root) || covers(root);
        self.allowed.iter().any(covers) && !self.denied.iter().any(is_denied)
    }

    fn refusal(&self, path: &Path) -> OptionError {
        let message = format!(
            "path '{}' lies outside of the folders that tables may use",
            path.display()
        );
        let names: Vec<String> = self
            .allowed
            .iter()
            .map(|root| format!("'{}'", root.display()))
            .collect();
        OptionError::new("path", message).hint(if names.is_empty() {
            "no folder is allowed here: an administrator can allow some".to_string()
        } else {
            format!(
                "use a path below {}, without '..' and without links that lead elsewhere",
                names.join(" or ")
            )
        })
    }
}

/// Where a path leads, links followed. The end of it need not exist. `None` if it climbs up, or if what is there
/// cannot be looked at.
fn real_path(path: &Path) -> Option<PathBuf> {
    if !path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
        return None;
    }
    let mut missing = Vec::new();
    let mut there = path;
    loop {
        match fs::canonicalize(there) {
            Ok(mut real) => {
                real.extend(missing.iter().rev());
                return Some(real);
            }
            // A link that leads nowhere is there: what is made through it would be made elsewhere.
            Err(cause)
                if matches!(
                    cause.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) && !there.is_symlink() =>
            {
                missing.push(there.file_name()?);
                there = there.parent()?;
            }
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct Place {
        // Removed with the test.
        _folder: tempfile::TempDir,
        root: PathBuf,
        outside: PathBuf,
        access: FileAccess,
    }

    fn place() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(folder.path()).unwrap();
        let (root, outside) = (top.join("root"), top.join("root2"));
        fs::create_dir_all(root.join("in")).unwrap();
        fs::create_dir_all(root.join("kept")).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("secret"), "x").unwrap();
        fs::write(root.join("in/a"), "x").unwrap();
        Place {
            _folder: folder,
            access: FileAccess::only(vec![root.clone()], vec![root.join("kept")]),
            root,
            outside,
        }
    }

    #[test]
    fn only_what_lies_below_a_root_may_be_used() {
        let place = place();
        let check = |path: PathBuf, expected: bool| {
            assert_eq!(place.access.check(&path).is_ok(), expected, "{}", path.display());
        };
        check(place.root.clone(), true);
        check(place.root.join("in/a"), true);
        check(place.root.join("new/folder/part-*"), true);
        check(place.root.join("kept"), false);
        check(place.root.join("kept/new"), false);
        check(place.outside.join("secret"), false);
        // It shares its front with the root.
        check(place.outside.clone(), false);
        check(place.root.join("../root2/secret"), false);
        check(place.root.join("in/../in/a"), false);
        check(PathBuf::from("/etc/passwd"), false);
        check(PathBuf::from("in/a"), false);
    }

    #[test]
    fn links_are_judged_by_where_they_lead() {
        let place = place();
        symlink(&place.outside, place.root.join("out")).unwrap();
        symlink(place.root.join("in"), place.root.join("inner")).unwrap();
        symlink(place.outside.join("not-yet"), place.root.join("dangling")).unwrap();
        symlink("loop", place.root.join("loop")).unwrap();
        let check = |path: &str, expected: bool| {
            let path = place.root.join(path);
            assert_eq!(place.access.check(&path).is_ok(), expected, "{}", path.display());
        };
        check("out/secret", false);
        check("out/new/file", false);
        check("inner/a", true);
        check("dangling", false);
        check("dangling/file", false);
        check("loop", false);
        assert!(place.access.open(&place.root.join("out/secret")).is_err());
        place.access.open(&place.root.join("inner/a")).unwrap();
    }

    #[test]
    fn a_file_that_was_opened_elsewhere_is_found_out_and_removed() {
        let place = place();
        symlink(&place.outside, place.root.join("out")).unwrap();
        // As if the folder had been checked before the link was put there.
        place.access.create_new(&place.root.join("out/new")).unwrap_err();
        assert!(!place.outside.join("new").exists());
        place.access.create_new(&place.root.join("in/new")).unwrap();
    }

    #[test]
    fn without_roots_nothing_may_be_used_and_without_rules_everything() {
        let refused = FileAccess::only(Vec::new(), Vec::new())
            .check(Path::new("/tmp/a"))
            .unwrap_err();
        assert_eq!(
            refused.message,
            "path '/tmp/a' lies outside of the folders that tables may use"
        );
        FileAccess::everything().check(Path::new("/tmp/../etc")).unwrap();
    }
}
