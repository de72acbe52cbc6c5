//! The files of a table as a sink, and the commit that makes part files visible.
//!
//! A part file is written under a hidden name, flushed to disk, and renamed when it is committed. A commit that
//! is repeated finds the file renamed and leaves it. An attempt that fails takes its unfinished files with it;
//! hidden files of one that was killed stay hidden. What overwrites does so at the end of the input only: a job
//! that is stopped before replaces nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dataflow::{
    Committable, Committer, EncoderRequest, Error, EvaluationContext, Format, OptionError, Options, Sink,
    SinkRequest, SinkWriter, TableDescriptor,
};
use model::{ChangelogMode, Schema};
use stdx::{Clock, Random};

use super::access::FileAccess;
use super::listing::is_hidden;
use super::options::{FileOptions, Rolling, SuccessFile};
use super::source::{check_partition_type, without_partitions};
use super::writer::{FileWriter, PartitionColumn};

pub struct FileSink {
    root: PathBuf,
    access: FileAccess,
    format: Arc<dyn Format>,
    options: Box<dyn Fn() -> Options + Send + Sync>,
    context: Arc<EvaluationContext>,
    /// The columns in the files, and where they stand in the rows.
    written: Schema,
    written_indices: Arc<[usize]>,
    partitions: Arc<[PartitionColumn]>,
    default_partition: Arc<str>,
    rolling: Rolling,
    success_file: Option<SuccessFile>,
    overwrite: Option<Overwrite>,
}

/// What `INSERT OVERWRITE` replaces.
#[derive(Debug, Clone)]
struct Overwrite {
    /// The folder that is emptied even if no row is written; `None` if only partitions that are written are.
    always: Option<PathBuf>,
}

impl FileSink {
    pub fn new(
        table: &TableDescriptor<'_>,
        request: &SinkRequest,
        options: FileOptions,
    ) -> Result<Self, Error> {
        if let Some((key, _)) = request.metadata.first() {
            let error = OptionError {
                key: None,
                message: format!("metadata '{key}' cannot be written"),
                hint: Some("declare the column VIRTUAL".to_string()),
            };
            return Err(error.into());
        }
        let mut partitions = Vec::new();
        for key in table.partition_keys {
            let index = request.columns.index_of(key);
            let index =
                index.ok_or_else(|| Error::internal(format!("no partition column '{key}' to write")))?;
            let data_type = &request.columns.fields[index].data_type;
            check_partition_type(key, data_type)?;
            partitions.push(PartitionColumn {
                name: key.clone(),
                index,
                kind: data_type.kind.clone(),
            });
        }
        let fields = request.columns.fields.iter().enumerate();
        let written_indices = fields.filter(|(_, field)| !table.partition_keys.contains(&field.name));
        let root = options.location.path;
        if root.is_file() {
            let error = OptionError::new(
                "path",
                format!(
                    "'{}' is a file, but a table is written into a folder",
                    root.display()
                ),
            );
            return Err(error
                .hint("name a folder: it gets a file for each part that is written")
                .into());
        }
        let entries = table.options.entries().clone();
        let sink = FileSink {
            overwrite: request.overwrite.then(|| Overwrite {
                always: emptied_folder(&root, table.partition_keys, &request.static_partition),
            }),
            root,
            access: options.location.access,
            format: options.format,
            options: Box::new(move || Options::new(entries.clone())),
            context: Arc::clone(table.context),
            written_indices: written_indices.map(|(index, _)| index).collect(),
            written: without_partitions(&request.columns, table.partition_keys),
            partitions: partitions.into(),
            default_partition: options.default_partition.into(),
            rolling: options.rolling,
            success_file: options.success_file,
        };
        // Read the options of the format now, so that a wrong one is found before the job runs.
        sink.encoder(table.options)?;
        table.options.finish()?;
        Ok(sink)
    }

    fn encoder(&self, options: &Options) -> Result<Box<dyn dataflow::Encoder>, OptionError> {
        self.format.encoder(&EncoderRequest {
            schema: &self.written,
            options,
            context: &self.context,
            subject: None,
        })
    }
}

/// Without dynamic partitions the folder is known beforehand.
fn emptied_folder(root: &Path, keys: &[String], values: &[(String, String)]) -> Option<PathBuf> {
    let mut folder = String::new();
    for key in keys {
        let (_, value) = values.iter().find(|(name, _)| name == key)?;
        super::partition::push_folder(key, value, &mut folder);
    }
    Some(root.join(folder))
}

/// A name that no other writer has: 32 digits from the time, the process and a count.
fn attempt_name(clock: &dyn Clock) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let seed = (clock.now_us() as u64) ^ (u64::from(std::process::id()) << 40) ^ (count << 56);
    let mut random = Random::new(seed);
    format!("{:016x}{:016x}", random.next_u64(), random.next_u64())
}

impl std::fmt::Debug for FileSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileSink")
            .field("path", &self.root)
            .field("format", &self.format.name())
            .finish_non_exhaustive()
    }
}

impl Sink for FileSink {
    fn changelog_mode(&self, _requested: ChangelogMode) -> ChangelogMode {
        self.format.writes()
    }

    fn writer(&self, shard: usize, _shards: usize) -> Result<Box<dyn SinkWriter>, Error> {
        Ok(Box::new(FileWriter::new(
            self.root.clone(),
            self.access.clone(),
            // Drawn anew for each writer: a restored one must not write over what its predecessor committed.
            format!("part-{}-{shard}", attempt_name(&*self.context.clock)),
            self.encoder(&(self.options)())?,
            self.format.writes(),
            self.written.arrow(),
            Arc::clone(&self.written_indices),
            Arc::clone(&self.partitions),
            Arc::clone(&self.default_partition),
            self.rolling.clone(),
            Arc::clone(&self.context.clock),
            self.overwrite.is_some(),
        )))
    }

    fn committer(&self) -> Result<Option<Box<dyn Committer>>, Error> {
        Ok(Some(Box::new(FileCommitter {
            root: self.root.clone(),
            access: self.access.clone(),
            success_file: self.success_file.clone(),
            overwrite: self.overwrite.clone(),
            clock: Arc::clone(&self.context.clock),
            partitions: BTreeMap::new(),
            held: BTreeSet::new(),
        })))
    }
}

/// A part file that is complete: where it is in its folder, and what it will be called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartFile {
    /// The table's folder when it was written: the table may have another one when it is committed.
    pub root: PathBuf,
    /// Below the table's folder, ending with `/`; empty without partitions.
    pub folder: String,
    pub name: String,
}

impl PartFile {
    pub fn hidden_name(name: &str) -> String {
        format!(".{name}.inprogress")
    }

    fn place(&self) -> PathBuf {
        self.root.join(&self.folder)
    }

    pub fn committable(&self) -> Committable {
        // The first two can hold no line break: partition folders are escaped, names are ours.
        let root = self.root.display();
        Committable(format!("{}\n{}\n{root}", self.folder, self.name).into_bytes())
    }
}

/// What a committer is given.
enum Task {
    /// A part file to be made visible.
    Part(PartFile),
    /// A partition whose success file is still to be written, and when it was first seen.
    Success { folder: String, seen_ms: i64 },
}

impl Task {
    fn committable(&self) -> Committable {
        match self {
            Task::Part(part) => part.committable(),
            // As a part file without a name.
            Task::Success { folder, seen_ms } => Committable(format!("{folder}\n\n{seen_ms}").into_bytes()),
        }
    }

    fn parse(committable: &Committable) -> Result<Self, Error> {
        let text = std::str::from_utf8(&committable.0).ok();
        let task = text.and_then(|text| {
            let (folder, rest) = text.split_once('\n')?;
            let folder = folder.to_string();
            Some(match rest.strip_prefix('\n') {
                Some(seen_ms) => Task::Success {
                    folder,
                    seen_ms: seen_ms.parse().ok()?,
                },
                None => {
                    let (name, root) = rest.split_once('\n')?;
                    Task::Part(PartFile {
                        root: PathBuf::from(root),
                        folder,
                        name: name.to_string(),
                    })
                }
            })
        });
        task.ok_or_else(|| Error::internal("a committable is no part file"))
    }
}

struct FileCommitter {
    root: PathBuf,
    access: FileAccess,
    success_file: Option<SuccessFile>,
    overwrite: Option<Overwrite>,
    clock: Arc<dyn Clock>,
    /// Partitions without their success file yet, and when they were first seen.
    partitions: BTreeMap<String, i64>,
    /// Parts that will replace what is there when the input has ended. A snapshot knows of them.
    held: BTreeSet<PartFile>,
}

impl FileCommitter {
    /// The part files among what was committed; partitions are noted.
    fn take_in(&mut self, committables: &[Committable]) -> Result<Vec<PartFile>, Error> {
        let mut parts = Vec::new();
        for committable in committables {
            match Task::parse(committable)? {
                Task::Part(part) => parts.push(part),
                Task::Success { folder, seen_ms } => {
                    let first_ms = self.partitions.entry(folder).or_insert(seen_ms);
                    *first_ms = seen_ms.min(*first_ms);
                }
            }
        }
        Ok(parts)
    }

    /// Gives part files their visible names, for good.
    fn publish(&self, parts: &[PartFile]) -> Result<(), Error> {
        let mut folders = BTreeSet::new();
        for part in parts {
            let folder = part.place();
            self.access.check(&folder)?;
            rename_part(&folder, &part.name)?;
            folders.insert(folder);
        }
        for folder in folders {
            sync_folder(&folder)
                .map_err(|cause| Error::io(format!("write folder '{}'", folder.display()), cause))?;
        }
        Ok(())
    }

    /// Removes what is visible in the folders to overwrite, but for what this commit has renamed already.
    fn empty_folders(&self, overwrite: &Overwrite, parts: &[PartFile]) -> Result<(), Error> {
        let mut folders: BTreeSet<PathBuf> = parts.iter().map(PartFile::place).collect();
        folders.extend(overwrite.always.clone());
        let kept: BTreeSet<PathBuf> = parts.iter().map(|part| part.place().join(&part.name)).collect();
        for folder in folders {
            self.access.check(&folder)?;
            let failed = |cause| Error::io(format!("empty folder '{}'", folder.display()), cause);
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
                Err(cause) => return Err(failed(cause)),
            };
            for entry in entries {
                let path = entry.map_err(failed)?.path();
                if is_hidden(&path) || kept.contains(&path) {
                    continue;
                }
                // A link is removed, never what it leads to.
                let kind = fs::symlink_metadata(&path).map_err(failed)?;
                let removed = if kind.is_dir() {
                    fs::remove_dir_all(&path)
                } else {
                    fs::remove_file(&path)
                };
                removed.map_err(failed)?;
            }
        }
        Ok(())
    }

    fn write_success_files(&mut self, parts: &[PartFile], end_of_input: bool) -> Result<(), Error> {
        let Some(success_file) = &self.success_file else {
            return Ok(());
        };
        let now_ms = self.clock.now_ms();
        for part in parts {
            self.partitions.entry(part.folder.clone()).or_insert(now_ms);
        }
        let due = |seen_ms: i64| end_of_input || now_ms >= seen_ms.saturating_add(success_file.delay_ms);
        for (folder, _) in self.partitions.iter().filter(|(_, seen_ms)| due(**seen_ms)) {
            let path = self.root.join(folder).join(&success_file.name);
            self.access.check(&path)?;
            let written = File::create(&path)
                .and_then(|file| file.sync_all())
                .and_then(|()| sync_folder(&self.root.join(folder)));
            match written {
                // Somebody has taken the partition away since: there is nothing to tell of it.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                written => {
                    written.map_err(|cause| Error::io(format!("write file '{}'", path.display()), cause))?
                }
            }
        }
        self.partitions.retain(|_, seen_ms| !due(*seen_ms));
        Ok(())
    }
}

impl Committer for FileCommitter {
    fn commit(&mut self, committables: Vec<Committable>, end_of_input: bool) -> Result<(), Error> {
        let mut parts = self.take_in(&committables)?;
        if let Some(overwrite) = &self.overwrite {
            self.held.extend(parts);
            if !end_of_input {
                return Ok(());
            }
            parts = std::mem::take(&mut self.held).into_iter().collect();
            self.empty_folders(overwrite, &parts)?;
        }
        self.publish(&parts)?;
        self.write_success_files(&parts, end_of_input)
    }

    fn stop(&mut self, committables: Vec<Committable>) -> Result<(), Error> {
        let parts = self.take_in(&committables)?;
        if self.overwrite.is_none() {
            // No success file: the partitions may not be complete.
            return self.publish(&parts);
        }
        for part in parts.iter().filter(|part| !self.held.contains(part)) {
            let path = part.place().join(PartFile::hidden_name(&part.name));
            self.access.check(&path)?;
            remove_if_there(&path)
                .map_err(|cause| Error::io(format!("remove file '{}'", path.display()), cause))?;
        }
        Ok(())
    }

    fn pending(&self) -> Vec<Committable> {
        let partitions = self.partitions.iter().map(|(folder, seen_ms)| {
            let folder = folder.clone();
            let seen_ms = *seen_ms;
            Task::Success { folder, seen_ms }
        });
        let held = self.held.iter().cloned().map(Task::Part);
        partitions.chain(held).map(|task| task.committable()).collect()
    }
}

/// Removes a file; one that is not there is no fault.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Gives a part file its visible name; does nothing if it has it. One that is not there at all was committed before,
/// and taken away by whoever reads the table.
fn rename_part(folder: &Path, name: &str) -> Result<(), Error> {
    let hidden = folder.join(PartFile::hidden_name(name));
    let visible = folder.join(name);
    match fs::rename(&hidden, &visible) {
        Ok(()) => Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            if !visible.exists() {
                tracing::warn!(file = %visible.display(), "a file that was to be committed is gone");
            }
            Ok(())
        }
        Err(cause) => Err(Error::io(format!("commit file '{}'", visible.display()), cause)),
    }
}

/// Makes names in a folder survive a crash of the machine.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
