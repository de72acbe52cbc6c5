//! The files of a table as a source.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::ArrayRef;
use arrow_array::builder::{PrimitiveBuilder, StringBuilder};
use arrow_array::types::{Int64Type, TimestampMicrosecondType, TimestampNanosecondType};
use arrow_schema::{Field as ArrowField, Schema as ArrowSchema, SchemaRef};
use dataflow::{
    Boundedness, Decoder, DecoderRequest, Error, EvaluationContext, Format, OnUnreadable, OptionError,
    Options, Position, ScanRequest, Source, Split, SplitReader, TableDescriptor,
};
use model::{ChangelogMode, DataType, Schema, TypeKind};
use regex::Regex;

use super::bytes::Compression;
use super::listing::{self, ListedFile};
use super::location::Location;
use super::options::FileOptions;
use super::partition;
use super::range::{self, FileRange, RANGE_BYTES};
use super::reader::{Column, FileReader};

/// A metadata column: its key, its type in Flink and what it is.
pub fn metadata() -> Vec<(&'static str, DataType, &'static str)> {
    vec![
        (
            "file.path",
            TypeKind::STRING.not_null(),
            "the full path of the file",
        ),
        (
            "file.name",
            TypeKind::STRING.not_null(),
            "the name of the file without its folders",
        ),
        (
            "file.size",
            TypeKind::BigInt.not_null(),
            "the size of the file in bytes",
        ),
        (
            "file.modification-time",
            TypeKind::TimestampLtz(3).not_null(),
            "when the file was last written",
        ),
    ]
}

pub struct FileSource {
    location: Location,
    pattern: Option<Regex>,
    monitor_interval: Option<Duration>,
    partition_keys: Vec<String>,
    default_partition: String,
    format: Arc<dyn Format>,
    options: OptionEntries,
    context: Arc<EvaluationContext>,
    /// Columns in the files: all of them, and those wanted.
    physical: Schema,
    decoded: Schema,
    schema: SchemaRef,
    columns: Vec<WantedColumn>,
    range_bytes: u64,
    /// Whether the order of the rows of a file matters.
    event_time: bool,
    on_unreadable: OnUnreadable,
}

/// The options without the marks of what was taken, which cannot be shared between threads.
struct OptionEntries(Box<dyn Fn() -> Options + Send + Sync>);

#[derive(Debug, Clone)]
enum WantedColumn {
    Decoded(usize),
    Partition(String, DataType),
    Metadata(String, DataType),
}

impl FileSource {
    pub fn new(
        table: &TableDescriptor<'_>,
        request: &ScanRequest,
        options: FileOptions,
    ) -> Result<Self, Error> {
        let mut columns = Vec::new();
        let mut decoded = Schema::default();
        for field in &request.columns.fields {
            if table.partition_keys.contains(&field.name) {
                check_partition_type(&field.name, &field.data_type)?;
                columns.push(WantedColumn::Partition(
                    field.name.clone(),
                    field.data_type.clone(),
                ));
            } else {
                columns.push(WantedColumn::Decoded(decoded.len()));
                decoded.fields.push(field.clone());
            }
        }
        let mut arrow_fields = request.columns.arrow().fields().to_vec();
        for (key, data_type) in &request.metadata {
            check_metadata_type(key, data_type)?;
            columns.push(WantedColumn::Metadata(key.clone(), data_type.clone()));
            arrow_fields.push(Arc::new(ArrowField::new(key, data_type.arrow(), true)));
        }
        let entries = table.options.entries().clone();
        let source = FileSource {
            location: options.location,
            pattern: options.path_pattern,
            monitor_interval: options.monitor_interval,
            partition_keys: table.partition_keys.to_vec(),
            default_partition: options.default_partition,
            format: options.format,
            options: OptionEntries(Box::new(move || Options::new(entries.clone()))),
            context: Arc::clone(table.context),
            physical: without_partitions(table.physical, table.partition_keys),
            decoded,
            schema: Arc::new(ArrowSchema::new(arrow_fields)),
            columns,
            range_bytes: RANGE_BYTES,
            event_time: request.event_time,
            on_unreadable: request.on_unreadable,
        };
        // Read the options of the format now, so that a wrong one is found before the job runs.
        source.decoder(table.options)?;
        table.options.finish()?;
        Ok(source)
    }

    #[cfg(test)]
    pub fn with_range_bytes(mut self, range_bytes: u64) -> Self {
        self.range_bytes = range_bytes;
        self
    }

    fn decoder(&self, options: &Options) -> Result<Box<dyn Decoder>, OptionError> {
        self.format.decoder(&DecoderRequest {
            schema: &self.decoded,
            physical: &self.physical,
            options,
            context: &self.context,
            faults_at_once: self.on_unreadable != OnUnreadable::Fail,
        })
    }

    fn cut(&self, file: &ListedFile, splittable: bool) -> Result<Vec<FileRange>, Error> {
        // A file that grows while a folder is watched must not show new ranges: watched files stay whole.
        let whole = !splittable
            || self.monitor_interval.is_some()
            || Compression::of(&file.path)? != Compression::None;
        Ok(if whole {
            vec![FileRange::whole(file)]
        } else {
            range::cut(file, self.range_bytes)
        })
    }

    fn constant(&self, column: &WantedColumn, range: &FileRange) -> Result<Column, Error> {
        Ok(match column {
            WantedColumn::Decoded(index) => Column::Decoded(*index),
            WantedColumn::Partition(key, data_type) => {
                let value =
                    partition::value_of(&range.path, key).filter(|value| *value != self.default_partition);
                Column::Constant(partition::array(value.as_deref(), data_type, &range.path)?)
            }
            WantedColumn::Metadata(key, data_type) => {
                Column::Constant(metadata_value(key, data_type, range)?)
            }
        })
    }
}

impl std::fmt::Debug for FileSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileSource")
            .field("path", &self.location.written)
            .field("format", &self.format.name())
            .finish_non_exhaustive()
    }
}

impl Source for FileSource {
    fn boundedness(&self) -> Boundedness {
        match self.monitor_interval {
            Some(_) => Boundedness::Unbounded,
            None => Boundedness::Bounded,
        }
    }

    fn changelog_mode(&self) -> ChangelogMode {
        self.format.reads()
    }

    fn splits(&self, _parallelism: usize) -> Result<Vec<Split>, Error> {
        let splittable = self.format.splittable(&(self.options.0)());
        let mut splits = Vec::new();
        for file in listing::list(&self.location, &self.partition_keys, self.pattern.as_ref())? {
            let ranges = self.cut(&file, splittable)?;
            splits.extend(ranges.iter().map(|range| range.split(self.event_time)));
        }
        Ok(splits)
    }

    fn discovery_interval(&self) -> Option<Duration> {
        self.monitor_interval
    }

    fn open(&self, split: &Split, position: Option<&Position>) -> Result<Box<dyn SplitReader>, Error> {
        let range = FileRange::parse(&split.payload)?;
        let mut columns = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            columns.push(self.constant(column, &range)?);
        }
        let decoder = self.decoder(&(self.options.0)())?;
        let access = self.location.access.clone();
        let reader = FileReader::open(
            range,
            position,
            decoder,
            Arc::clone(&self.schema),
            columns,
            access,
            self.on_unreadable,
        )?;
        Ok(Box::new(reader))
    }
}

pub fn without_partitions(schema: &Schema, partition_keys: &[String]) -> Schema {
    let kept = schema
        .fields
        .iter()
        .filter(|field| !partition_keys.contains(&field.name));
    Schema::new(kept.cloned().collect())
}

pub fn check_partition_type(name: &str, data_type: &DataType) -> Result<(), OptionError> {
    if partition::is_supported(&data_type.kind) {
        return Ok(());
    }
    Err(OptionError {
        key: None,
        message: format!(
            "partition column '{name}' of type {} cannot be the name of a folder",
            data_type.kind
        ),
        hint: Some("partition by a string, number, BOOLEAN, DATE or TIMESTAMP column".to_string()),
    })
}

fn check_metadata_type(key: &str, data_type: &DataType) -> Result<(), Error> {
    let Some((_, expected, _)) = metadata().into_iter().find(|(known, ..)| *known == key) else {
        let keys: Vec<&str> = metadata().iter().map(|(key, ..)| *key).collect();
        let error = OptionError {
            key: None,
            message: format!("metadata '{key}' not found"),
            hint: model::suggest::did_you_mean(key, keys.iter().copied())
                .or_else(|| Some(format!("known metadata: {}", keys.join(", ")))),
        };
        return Err(error.into());
    };
    let fits = match (&expected.kind, &data_type.kind) {
        (TypeKind::TimestampLtz(_), TypeKind::TimestampLtz(_)) => true,
        (a, b) => a == b || a.is_string() && b.is_string(),
    };
    if fits {
        return Ok(());
    }
    Err(OptionError {
        key: None,
        message: format!("metadata '{key}' cannot be read as {}", data_type.kind),
        hint: Some(format!("declare it as {expected}")),
    }
    .into())
}

fn metadata_value(key: &str, data_type: &DataType, range: &FileRange) -> Result<ArrayRef, Error> {
    let text = |value: &str| -> ArrayRef {
        let mut builder = StringBuilder::new();
        builder.append_value(value);
        Arc::new(builder.finish())
    };
    Ok(match (key, &data_type.kind) {
        ("file.path", _) => text(&range.path),
        ("file.name", _) => text(range.path.rsplit('/').next().unwrap_or(&range.path)),
        ("file.size", _) => {
            let mut builder = PrimitiveBuilder::<Int64Type>::new();
            builder.append_value(range.size as i64);
            Arc::new(builder.finish())
        }
        ("file.modification-time", TypeKind::TimestampLtz(precision)) if *precision > 6 => {
            let mut builder =
                PrimitiveBuilder::<TimestampNanosecondType>::new().with_data_type(data_type.arrow());
            builder.append_value(range.modified_ms * 1_000_000);
            Arc::new(builder.finish())
        }
        ("file.modification-time", _) => {
            let mut builder =
                PrimitiveBuilder::<TimestampMicrosecondType>::new().with_data_type(data_type.arrow());
            builder.append_value(range.modified_ms * 1_000);
            Arc::new(builder.finish())
        }
        _ => return Err(Error::internal(format!("no metadata '{key}'"))),
    })
}
