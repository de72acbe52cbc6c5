//! Writes the rows of a shard into part files, one open file a partition.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::SchemaRef;
use arrow_select::take::take_record_batch;
use dataflow::{Chunk, Committable, Encoder, Epoch, Error, SinkWriter};
use model::{ChangelogMode, TypeKind};
use stdx::Clock;

use super::access::FileAccess;
use super::options::Rolling;
use super::partition;
use super::sink::{PartFile, remove_if_there, sync_folder};

/// Part files of a shard that are open at once; beyond it the one unused for longest is closed.
const OPEN_FILES_MAX: usize = 256;
/// Encoded bytes held before they are written.
const PENDING_BYTES: usize = 256 << 10;

#[derive(Debug, Clone)]
pub struct PartitionColumn {
    pub name: String,
    /// In the rows.
    pub index: usize,
    pub kind: TypeKind,
}

pub struct FileWriter {
    root: PathBuf,
    access: FileAccess,
    /// The front of the names of part files.
    prefix: String,
    encoder: Box<dyn Encoder>,
    /// The kinds of rows that the format can write.
    takes: ChangelogMode,
    written_schema: SchemaRef,
    written_indices: Arc<[usize]>,
    partitions: Arc<[PartitionColumn]>,
    default_partition: Arc<str>,
    rolling: Rolling,
    clock: Arc<dyn Clock>,
    /// Whether this replaces files, which only the end of input may do.
    overwrite: bool,
    /// Open files by the folder of their partition.
    open: HashMap<String, OpenFile>,
    /// Files that are complete and wait for the next barrier.
    complete: Vec<PartFile>,
    files: u64,
    checked_ms: i64,
    /// Rows of the chunk by partition; kept for their room.
    groups: Vec<(String, Vec<u32>)>,
}

struct OpenFile {
    file: File,
    path: PathBuf,
    name: String,
    pending: Vec<u8>,
    /// Written and pending.
    bytes: u64,
    created_ms: i64,
    updated_ms: i64,
}

impl FileWriter {
    pub fn new(
        root: PathBuf,
        access: FileAccess,
        prefix: String,
        encoder: Box<dyn Encoder>,
        takes: ChangelogMode,
        written_schema: SchemaRef,
        written_indices: Arc<[usize]>,
        partitions: Arc<[PartitionColumn]>,
        default_partition: Arc<str>,
        rolling: Rolling,
        clock: Arc<dyn Clock>,
        overwrite: bool,
    ) -> Self {
        FileWriter {
            root,
            access,
            prefix,
            encoder,
            takes,
            written_schema,
            written_indices,
            partitions,
            default_partition,
            rolling,
            checked_ms: clock.now_ms(),
            clock,
            overwrite,
            open: HashMap::new(),
            complete: Vec::new(),
            files: 0,
            groups: Vec::new(),
        }
    }

    /// The columns that stand in the file.
    fn project(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let columns = self
            .written_indices
            .iter()
            .map(|index| Arc::clone(batch.column(*index)));
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.written_schema), columns.collect(), &options)
            .map_err(|error| Error::internal(error.to_string()))
    }

    /// Sorts the rows of a chunk into [`FileWriter::groups`]; returns how many of them are in use.
    fn group(&mut self, batch: &RecordBatch) -> Result<usize, Error> {
        let mut used = 0;
        let mut last = 0;
        let mut folder = String::new();
        let mut value = String::new();
        for row in 0..batch.num_rows() {
            folder.clear();
            for column in self.partitions.iter() {
                value.clear();
                partition::push_value(batch.column(column.index), row, &column.kind, &mut value)?;
                let text = if value.is_empty() {
                    &*self.default_partition
                } else {
                    &value
                };
                partition::push_folder(&column.name, text, &mut folder);
            }
            // Rows of a partition mostly come together.
            if used == 0 || self.groups[last].0 != folder {
                last = match self.groups[..used].iter().position(|(name, _)| *name == folder) {
                    Some(found) => found,
                    None => {
                        if used == self.groups.len() {
                            self.groups.push((String::new(), Vec::new()));
                        }
                        let (name, rows) = &mut self.groups[used];
                        name.clone_from(&folder);
                        rows.clear();
                        used += 1;
                        used - 1
                    }
                };
            }
            self.groups[last].1.push(row as u32);
        }
        Ok(used)
    }

    fn append(&mut self, folder: &str, chunk: &Chunk) -> Result<(), Error> {
        let now_ms = self.clock.now_ms();
        if self
            .open
            .get(folder)
            .is_some_and(|file| file.bytes > self.rolling.file_bytes)
        {
            self.close(folder)?;
        }
        if !self.open.contains_key(folder) {
            if self.open.len() >= OPEN_FILES_MAX {
                let oldest = self.open.iter().min_by_key(|(_, file)| file.updated_ms);
                if let Some(oldest) = oldest.map(|(folder, _)| folder.clone()) {
                    self.close(&oldest)?;
                }
            }
            let file = self.create(folder, now_ms)?;
            self.open.insert(folder.to_string(), file);
        }
        let Some(file) = self.open.get_mut(folder) else {
            return Err(Error::internal("a part file was not opened"));
        };
        let before = file.pending.len();
        self.encoder.encode(chunk, &mut file.pending)?;
        file.bytes += (file.pending.len() - before) as u64;
        file.updated_ms = now_ms;
        if file.pending.len() >= PENDING_BYTES {
            file.write_pending()?;
        }
        Ok(())
    }

    fn create(&mut self, folder: &str, now_ms: i64) -> Result<OpenFile, Error> {
        let name = format!("{}-{}", self.prefix, self.files);
        self.files += 1;
        let directory = self.root.join(folder);
        let path = directory.join(PartFile::hidden_name(&name));
        // Checked before any folder is made, too: a link in the way must not have folders made elsewhere.
        self.access.check(&directory)?;
        create_folders(&directory)
            .map_err(|cause| Error::io(format!("write file '{}'", path.display()), cause))?;
        let file = self.access.create_new(&path)?;
        Ok(OpenFile {
            file,
            path,
            name,
            pending: Vec::new(),
            bytes: 0,
            created_ms: now_ms,
            updated_ms: now_ms,
        })
    }

    /// Completes an open file: all its bytes are on disk afterwards.
    fn close(&mut self, folder: &str) -> Result<(), Error> {
        if let Some(file) = self.open.get_mut(folder) {
            file.write_pending()?;
            file.file
                .sync_all()
                .map_err(|cause| Error::io(format!("write file '{}'", file.path.display()), cause))?;
        }
        if let Some(file) = self.open.remove(folder) {
            self.complete.push(PartFile {
                root: self.root.clone(),
                folder: folder.to_string(),
                name: file.name,
            });
        }
        Ok(())
    }

    /// Closes files that are too old or were not written for too long.
    fn roll_by_time(&mut self) -> Result<(), Error> {
        let now_ms = self.clock.now_ms();
        if now_ms < self.checked_ms + self.rolling.check_ms {
            return Ok(());
        }
        self.checked_ms = now_ms;
        let due = self.open.iter().filter(|(_, file)| {
            now_ms - file.created_ms >= self.rolling.rollover_ms
                || now_ms - file.updated_ms >= self.rolling.inactivity_ms
        });
        let due: Vec<String> = due.map(|(folder, _)| folder.clone()).collect();
        due.iter().try_for_each(|folder| self.close(folder))
    }
}

/// Files that were not handed out belong to nobody: whoever fails takes them away.
impl Drop for FileWriter {
    fn drop(&mut self) {
        let complete = self.complete.iter().map(|part| {
            let folder = self.root.join(&part.folder);
            folder.join(PartFile::hidden_name(&part.name))
        });
        for path in self.open.values().map(|file| file.path.clone()).chain(complete) {
            if let Err(cause) = remove_if_there(&path) {
                tracing::warn!(path = %path.display(), %cause, "an unfinished file stays");
            }
        }
    }
}

impl OpenFile {
    fn write_pending(&mut self) -> Result<(), Error> {
        self.file
            .write_all(&self.pending)
            .map_err(|cause| Error::io(format!("write file '{}'", self.path.display()), cause))?;
        self.pending.clear();
        Ok(())
    }
}

/// Makes a folder and those above it, each of them known to the one above after a crash.
fn create_folders(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        create_folders(parent)?;
    }
    match fs::create_dir(folder) {
        // Another shard was faster.
        Err(_) if folder.is_dir() => return Ok(()),
        other => other?,
    }
    folder.parent().map_or(Ok(()), sync_folder)
}

impl SinkWriter for FileWriter {
    fn write(&mut self, chunk: &Chunk) -> Result<(), Error> {
        if let Some(kinds) = &chunk.kinds
            && let Some(kind) = kinds.iter().find(|kind| !self.takes.contains(**kind))
        {
            return Err(Error::internal(format!("files of this format take no {kind}")));
        }
        if chunk.rows() == 0 {
            return Ok(());
        }
        self.roll_by_time()?;
        if self.partitions.is_empty() {
            let batch = self.project(&chunk.batch)?;
            let kinds = chunk.kinds.clone();
            return self.append("", &Chunk { batch, kinds });
        }
        let used = self.group(&chunk.batch)?;
        let projected = self.project(&chunk.batch)?;
        let mut groups = std::mem::take(&mut self.groups);
        let mut outcome = Ok(());
        for (folder, rows) in &mut groups[..used] {
            let part = if rows.len() == projected.num_rows() {
                Chunk {
                    batch: projected.clone(),
                    kinds: chunk.kinds.clone(),
                }
            } else {
                let kinds = chunk.kinds.as_ref();
                let kinds = kinds.map(|kinds| rows.iter().map(|row| kinds[*row as usize]).collect());
                let indices = UInt32Array::from(std::mem::take(rows));
                let batch = take_record_batch(&projected, &indices);
                let batch = batch.map_err(|error| Error::internal(error.to_string()))?;
                Chunk { batch, kinds }
            };
            outcome = self.append(folder, &part);
            if outcome.is_err() {
                break;
            }
        }
        self.groups = groups;
        outcome
    }

    fn flush(&mut self) -> Result<(), Error> {
        // Part files are hidden until they are committed: there is nothing to hand over, only time to look at.
        self.roll_by_time()
    }

    fn prepare(&mut self, epoch: Option<Epoch>) -> Result<Vec<Committable>, Error> {
        if self.overwrite && epoch.is_some() {
            return Err(Error::Option(dataflow::OptionError {
                key: None,
                message:
                    "INSERT OVERWRITE into files cannot take part in a checkpoint: it replaces them when \
                          its input has ended"
                        .to_string(),
                hint: None,
            }));
        }
        let folders: Vec<String> = self.open.keys().cloned().collect();
        for folder in &folders {
            self.close(folder)?;
        }
        let mut complete = std::mem::take(&mut self.complete);
        complete.sort_by(|a, b| (&a.folder, &a.name).cmp(&(&b.folder, &b.name)));
        Ok(complete.iter().map(PartFile::committable).collect())
    }
}
