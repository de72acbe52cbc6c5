//! One attempt of a deployment at a time, and never an older one after a newer.
//!
//! The file is locked as long as the process lives, whatever becomes of it. It holds the epoch of the last attempt
//! that had it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use runner::{RunSpec, StoppedBy};
use stdx::Countdown;
use stdx::file::make_folder;

use super::shared::Shared;
use crate::folder::RunFolder;

const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// All of it is written at once, so that no death leaves a half of it.
const RECORD_BYTES: usize = 96;

pub enum Taken {
    /// Held until it is dropped.
    Yes(File),
    /// Another attempt held it all the time.
    Locked,
    /// A later attempt had it.
    Fenced {
        epoch: u64,
    },
    Stopped(StoppedBy),
}

/// Opens the lock of the run's deployment, which a confined job could not make.
pub fn open(spec: &RunSpec, folder: &RunFolder) -> io::Result<File> {
    let path = folder.data()?.lock(&spec.deployment_id);
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
}

/// Waits for the lock as long as the spec allows.
pub fn take(file: File, spec: &RunSpec, shared: &Shared) -> io::Result<Taken> {
    let mut wait = Countdown::new(&*shared.clock, Duration::from_millis(spec.lock_wait_ms));
    let mut has_waited = false;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {}
        }
        if !has_waited {
            has_waited = true;
            tracing::info!("waiting for another attempt of the deployment to end");
        }
        if wait.is_over(&*shared.clock) {
            return Ok(Taken::Locked);
        }
        if let Some(by) = shared.wait_for_stop(LOOK_INTERVAL) {
            return Ok(Taken::Stopped(by));
        }
    }
    if let Some((epoch, run_id)) = read_record(&file)?
        && (epoch > spec.epoch || epoch == spec.epoch && run_id != spec.run_id)
    {
        return Ok(Taken::Fenced { epoch });
    }
    let record = format!("{} {}", spec.epoch, spec.run_id);
    file.write_all_at(
        format!("{record:<width$}\n", width = RECORD_BYTES - 1).as_bytes(),
        0,
    )?;
    file.sync_all()?;
    Ok(Taken::Yes(file))
}

/// The epoch of the last attempt that had the lock. Whoever has it now goes on.
pub fn last_epoch(path: &Path) -> io::Result<Option<u64>> {
    match File::open(path) {
        Ok(file) => Ok(read_record(&file)?.map(|(epoch, _)| epoch)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_record(file: &File) -> io::Result<Option<(u64, String)>> {
    let mut record = [0; RECORD_BYTES];
    if file.metadata()?.len() < record.len() as u64 {
        return Ok(None);
    }
    file.read_exact_at(&mut record, 0)?;
    let text = String::from_utf8_lossy(&record);
    let (epoch, run_id) = text.trim().split_once(' ').unwrap_or_default();
    match epoch.parse() {
        Ok(epoch) => Ok(Some((epoch, run_id.to_string()))),
        Err(_) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the lock of the deployment is not understood",
        )),
    }
}
