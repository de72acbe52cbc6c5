//! The options of a table of files, with Flink's names.
//!
//! A table is read and written, so that both sides' options are known on either side.

use std::sync::Arc;
use std::time::Duration;

use dataflow::{Format, OptionDoc, OptionError, Options, TableDescriptor};
use regex::Regex;

use super::access::FileAccess;
use super::location::Location;
use crate::refuse;

pub struct FileOptions {
    pub location: Location,
    pub format: Arc<dyn Format>,
    pub default_partition: String,
    pub monitor_interval: Option<Duration>,
    pub path_pattern: Option<Regex>,
    pub rolling: Rolling,
    pub success_file: Option<SuccessFile>,
}

/// When a part file is full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rolling {
    pub file_bytes: u64,
    pub rollover_ms: i64,
    pub inactivity_ms: i64,
    pub check_ms: i64,
}

/// The file that tells that a partition may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuccessFile {
    pub name: String,
    pub delay_ms: i64,
}

const MINUTE: Duration = Duration::from_secs(60);

pub fn docs() -> Vec<OptionDoc> {
    let doc = |key, required, default, doc| OptionDoc {
        key,
        required,
        default,
        doc,
    };
    vec![
        doc(
            "path",
            true,
            "",
            "a file, a folder read with everything below it, or a pattern such as /data/*.json",
        ),
        doc("format", true, "", "how records are written, such as json or csv"),
        doc(
            "partition.default-name",
            false,
            "__DEFAULT_PARTITION__",
            "the folder of rows whose partition column is NULL or empty",
        ),
        doc(
            "source.monitor-interval",
            false,
            "",
            "look for new files this often; without it the files are read once",
        ),
        doc(
            "source.path.regex-pattern",
            false,
            "",
            "read only files whose full path matches",
        ),
        doc(
            "source.report-statistics",
            false,
            "all",
            "accepted; statistics do not change results",
        ),
        doc(
            "sink.rolling-policy.file-size",
            false,
            "128 mb",
            "close a part file of this size",
        ),
        doc(
            "sink.rolling-policy.rollover-interval",
            false,
            "30 min",
            "close a part file this long after its first row",
        ),
        doc(
            "sink.rolling-policy.inactivity-interval",
            false,
            "30 min",
            "close a part file this long after its last row",
        ),
        doc(
            "sink.rolling-policy.check-interval",
            false,
            "1 min",
            "how often the two intervals are looked at",
        ),
        doc(
            "sink.partition-commit.trigger",
            false,
            "process-time",
            "when a partition is complete: process-time",
        ),
        doc(
            "sink.partition-commit.delay",
            false,
            "0 s",
            "wait this long after a partition was made",
        ),
        doc(
            "sink.partition-commit.policy.kind",
            false,
            "",
            "how a complete partition is told: success-file",
        ),
        doc(
            "sink.partition-commit.success-file.name",
            false,
            "_SUCCESS",
            "the name of the file that tells it",
        ),
    ]
}

impl FileOptions {
    pub fn read(table: &TableDescriptor<'_>, access: &FileAccess) -> Result<Self, OptionError> {
        let options = table.options;
        options.get("connector");
        let path = options.require("path")?;
        let format = table.registry.format("format", options.require("format")?)?;
        if format.is_of_messages() {
            let message = format!(
                "option 'format' = '{}' is not possible here: its records stand in messages, not in files",
                format.name()
            );
            return Err(OptionError::new("format", message).hint("such as 'json' or 'csv'"));
        }
        // A format's options count as known on the side that does not read them, too.
        for doc in format.options() {
            options.get(doc.key);
        }
        refuse::parallelism(options, "scan.parallelism")?;
        refuse::parallelism(options, "sink.parallelism")?;
        options.one_of("source.report-statistics", &[("all", ()), ("none", ())])?;
        options.boolean("sink.shuffle-by-partition.enable")?;
        Ok(FileOptions {
            location: Location::parse(path, access)?,
            format: Arc::clone(format),
            default_partition: options
                .get("partition.default-name")
                .unwrap_or("__DEFAULT_PARTITION__")
                .to_string(),
            monitor_interval: positive(options, "source.monitor-interval")?,
            path_pattern: path_pattern(options)?,
            rolling: rolling(options)?,
            success_file: success_file(options, table.partition_keys)?,
        })
    }
}

/// A duration that is not zero.
fn positive(options: &Options, key: &str) -> Result<Option<Duration>, OptionError> {
    match options.duration(key)? {
        Some(Duration::ZERO) => Err(OptionError::new(
            key,
            format!("option '{key}' must be longer than zero"),
        )),
        other => Ok(other),
    }
}

fn path_pattern(options: &Options) -> Result<Option<Regex>, OptionError> {
    let key = "source.path.regex-pattern";
    let Some(pattern) = options.get(key) else {
        return Ok(None);
    };
    match Regex::new(&format!(r"\A(?:{pattern})\z")) {
        Ok(regex) => Ok(Some(regex)),
        Err(_) => {
            let message = format!("option '{key}' must be a regular expression, got '{pattern}'");
            Err(OptionError::new(key, message)
                .hint("it is matched with the full path, such as '/data/.*[.]json'"))
        }
    }
}

fn rolling(options: &Options) -> Result<Rolling, OptionError> {
    let interval = |key: &str, default: Duration| -> Result<i64, OptionError> {
        Ok(positive(options, key)?.unwrap_or(default).as_millis() as i64)
    };
    let key = "sink.rolling-policy.file-size";
    let file_bytes = options.memory_bytes(key)?.unwrap_or(128 << 20);
    if file_bytes == 0 {
        return Err(OptionError::new(
            key,
            format!("option '{key}' must be larger than zero"),
        ));
    }
    // Compaction is refused, its size is of no effect without it.
    if options.boolean("auto-compaction")? == Some(true) {
        let message = "option 'auto-compaction' is not supported: part files stay as they were written";
        return Err(OptionError::new("auto-compaction", message)
            .hint("raise 'sink.rolling-policy.file-size' or the checkpoint interval for larger files"));
    }
    options.memory_bytes("compaction.file-size")?;
    options.integer("compaction.parallelism")?;
    Ok(Rolling {
        file_bytes,
        rollover_ms: interval("sink.rolling-policy.rollover-interval", 30 * MINUTE)?,
        inactivity_ms: interval("sink.rolling-policy.inactivity-interval", 30 * MINUTE)?,
        check_ms: interval("sink.rolling-policy.check-interval", MINUTE)?,
    })
}

fn success_file(options: &Options, partition_keys: &[String]) -> Result<Option<SuccessFile>, OptionError> {
    let key = "sink.partition-commit.trigger";
    if let Some(trigger) = options
        .get(key)
        .filter(|trigger| !trigger.eq_ignore_ascii_case("process-time"))
    {
        let message = format!("option '{key}' = '{trigger}' is not supported, only 'process-time' is");
        return Err(OptionError::new(key, message));
    }
    // These belong to the other trigger and to other policies; Flink passes over them here as well.
    for unused in [
        "partition.time-extractor.kind",
        "partition.time-extractor.class",
        "partition.time-extractor.timestamp-pattern",
        "partition.time-extractor.timestamp-formatter",
        "sink.partition-commit.watermark-time-zone",
        "sink.partition-commit.policy.class",
        "sink.partition-commit.policy.class.parameters",
    ] {
        options.get(unused);
    }
    let delay = options
        .duration("sink.partition-commit.delay")?
        .unwrap_or_default();
    let name = options
        .get("sink.partition-commit.success-file.name")
        .unwrap_or("_SUCCESS");
    let key = "sink.partition-commit.policy.kind";
    let Some(kinds) = options.get(key) else {
        return Ok(None);
    };
    for kind in kinds.split(',').map(str::trim) {
        if !kind.eq_ignore_ascii_case("success-file") {
            let message = format!("option '{key}' = '{kind}' is not supported, only 'success-file' is");
            return Err(OptionError::new(key, message));
        }
    }
    if name.is_empty() || name.contains('/') {
        let key = "sink.partition-commit.success-file.name";
        let message = format!("option '{key}' must be the name of a file, got '{name}'");
        return Err(OptionError::new(key, message));
    }
    Ok((!partition_keys.is_empty()).then(|| SuccessFile {
        name: name.to_string(),
        delay_ms: delay.as_millis() as i64,
    }))
}
