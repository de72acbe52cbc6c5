//! What the kernel lets a job touch.
//!
//! The connectors refuse files outside of a job's roots by themselves; this is the second wall. Once it stands, no
//! code of the job can open the store, the master key, another run or anything else that is not listed here,
//! whatever it was talked into. It cannot be taken down again, and threads inherit it from the one that put it up.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

/// What is asked of the kernel; an older one gives what it has.
const FEATURES: ABI = ABI::V6;

/// What the process reads of the machine: libraries, time zones, names of hosts, certificates, itself.
const READABLE: [&str; 12] = [
    "/usr/lib",
    "/lib",
    "/lib64",
    "/usr/share/zoneinfo",
    "/etc/localtime",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/ssl",
    "/dev/urandom",
    "/proc",
    "/sys/fs/cgroup",
];

/// How much of the wall stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confinement {
    Full,
    /// The kernel knows only a part of it.
    Partial,
    /// The kernel has none: only the connectors' own checks stand.
    None,
}

/// Keeps this thread, and all that it starts from now on, to reading the machine and to working in these folders. A
/// folder that is not there stays out of reach.
pub fn confine(folders: &[PathBuf], program: Option<&Path>) -> Result<Confinement, RulesetError> {
    let readable = READABLE.iter().map(Path::new).chain(program);
    let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
    let work = AccessFs::from_all(FEATURES) & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock);
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(FEATURES))?
        .scope(Scope::from_all(FEATURES))?
        .create()?
        .add_rules(path_beneath_rules(readable, read))?
        .add_rules(path_beneath_rules(folders, work))?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Confinement::Full,
        RulesetStatus::PartiallyEnforced => Confinement::Partial,
        RulesetStatus::NotEnforced => Confinement::None,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;
    use std::thread;

    use super::*;

    #[test]
    fn what_is_not_listed_cannot_be_opened_made_or_removed() {
        let place = tempfile::tempdir().unwrap();
        let (inside, outside) = (place.path().join("inside"), place.path().join("outside"));
        for folder in [&inside, &outside] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("file"), "text").unwrap();
        }
        std::os::unix::fs::symlink(outside.join("file"), inside.join("link")).unwrap();
        let (within, beyond) = (inside.clone(), outside.clone());
        let confined = thread::spawn(move || {
            let confinement = confine(std::slice::from_ref(&within), None).unwrap();
            if confinement == Confinement::None {
                return confinement;
            }
            assert_eq!(fs::read_to_string(within.join("file")).unwrap(), "text");
            fs::write(within.join("new"), "text").unwrap();
            fs::rename(within.join("new"), within.join("renamed")).unwrap();
            let denied = |result: std::io::Result<()>| {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::PermissionDenied);
            };
            denied(fs::read(beyond.join("file")).map(drop));
            denied(fs::read(within.join("link")).map(drop));
            denied(fs::write(beyond.join("new"), "text"));
            denied(fs::remove_file(beyond.join("file")));
            denied(fs::read_dir(&beyond).map(drop));
            denied(fs::read("/etc/passwd").map(drop));
            confinement
        });
        let confinement = confined.join().unwrap();
        // Threads that were there before are as free as they were.
        assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "text");
        // Whether the kernel has it is asked of the kernel, not of the code that is tested.
        let is_there = kernel_version() > 0;
        assert_eq!(confinement != Confinement::None, is_there, "{confinement:?}");
    }

    /// The kernel's version of Landlock; it has none, or it is turned off, if this is not positive.
    fn kernel_version() -> libc::c_long {
        const CREATE_RULESET_VERSION: u32 = 1;
        let attributes = std::ptr::null::<libc::c_void>();
        // SAFETY: with this flag the kernel reads no attributes, and only answers.
        unsafe {
            libc::syscall(
                libc::SYS_landlock_create_ruleset,
                attributes,
                0_usize,
                CREATE_RULESET_VERSION,
            )
        }
    }
}
