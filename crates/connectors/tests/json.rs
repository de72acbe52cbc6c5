//! The connectors together with a real format: JSON files cut into ranges, and Nexmark events as JSON lines.

use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use connectors::nexmark::{self, Kind, Settings, Stream};
use dataflow::{
    EncoderRequest, Error, EvaluationContext, Options, ReadOutcome, Registry, ScanRequest, SinkRequest,
    TableDescriptor,
};
use model::{Field, RowField, Schema, TypeKind};
use stdx::SystemClock;

fn registry() -> Registry {
    let mut registry = Registry::default();
    let output: connectors::Stream = Arc::new(Mutex::new(Vec::new()));
    for connector in connectors::all(output) {
        registry.add_connector(connector);
    }
    for format in formats::all() {
        registry.add_format(format);
    }
    registry
}

/// A table of JSON files.
struct Table {
    registry: Registry,
    schema: Schema,
    options: Options,
    context: Arc<EvaluationContext>,
}

impl Table {
    fn new(path: &std::path::Path, schema: Schema) -> Self {
        let path = path.to_str().expect("temporary folders have UTF-8 names");
        let options = [("connector", "filesystem"), ("path", path), ("format", "json")];
        Table {
            registry: registry(),
            schema,
            options: Options::new(
                options
                    .map(|(key, value)| (key.to_string(), value.to_string()))
                    .into_iter()
                    .collect(),
            ),
            context: Arc::new(EvaluationContext::new(chrono_tz::UTC, Arc::new(SystemClock))),
        }
    }

    fn descriptor(&self) -> TableDescriptor<'_> {
        TableDescriptor {
            path: "default_catalog.default_database.t",
            physical: &self.schema,
            partition_keys: &[],
            primary_key: &[],
            options: &self.options,
            registry: &self.registry,
            context: &self.context,
        }
    }

    fn read(&self, columns: Schema) -> Result<(usize, Vec<RecordBatch>), Error> {
        let connector = self.registry.connector("filesystem")?;
        let request = ScanRequest {
            columns,
            metadata: Vec::new(),
            event_time: true,
            on_unreadable: dataflow::OnUnreadable::Fail,
        };
        let source = connector
            .source(&self.descriptor(), &request)?
            .expect("files are read");
        let splits = source.splits(1)?;
        let mut batches = Vec::new();
        for split in &splits {
            let mut reader = source.open(split, None)?;
            while let ReadOutcome::Rows(batch) = reader.read(4096)? {
                batches.push(batch);
            }
        }
        Ok((splits.len(), batches))
    }
}

fn temporary() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("json-")
        .tempdir()
        .expect("a folder")
}

#[test]
fn nexmark_events_survive_json_files_read_in_ranges() {
    let folder = temporary();
    let file = folder.path().join("bids.json");
    let settings = Settings::default();
    let stream = Stream::Only(Kind::Bid);
    let table = Table::new(folder.path(), stream.schema());
    let json = table.registry.format("format", "json").unwrap();
    let mut encoder = json
        .encoder(&EncoderRequest {
            schema: &table.schema,
            options: &table.options,
            context: &table.context,
            subject: None,
        })
        .unwrap();
    let mut output = std::fs::File::create(&file).unwrap();
    nexmark::write(&settings, stream, 0..120_000, &mut *encoder, &mut output).unwrap();
    // Only some columns, in another order.
    let wanted = Schema::new(vec![
        table.schema.fields[5].clone(),
        table.schema.fields[2].clone(),
    ]);
    let (splits, found) = table.read(wanted.clone()).unwrap();
    assert!(splits > 1, "the file should be large enough to be cut");
    let expected: Vec<RecordBatch> = nexmark::batches(&settings, stream, 0..120_000)
        .unwrap()
        .map(|batch| batch.unwrap().project(&[5, 2]).unwrap())
        .collect();
    let together =
        |batches: &[RecordBatch]| arrow_select::concat::concat_batches(&wanted.arrow(), batches).unwrap();
    assert_eq!(together(&found), together(&expected));
    let (_, counted) = table.read(Schema::default()).unwrap();
    assert_eq!(
        counted.iter().map(RecordBatch::num_rows).sum::<usize>(),
        120_000 / 50 * 46
    );
}

#[test]
fn nested_rows_are_written_and_read_back_pruned() {
    let folder = temporary();
    let table = Table::new(folder.path(), nexmark::schema());
    let connector = table.registry.connector("filesystem").unwrap();
    let request = SinkRequest {
        columns: nexmark::schema(),
        metadata: Vec::new(),
        static_partition: Vec::new(),
        overwrite: false,
    };
    let sink = connector
        .sink(&table.descriptor(), &request)
        .unwrap()
        .expect("files are written");
    let mut writer = sink.writer(0, 1).unwrap();
    let batch = nexmark::batches(&Settings::default(), Stream::All, 0..500)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    writer.write(&dataflow::Chunk::inserts(batch)).unwrap();
    let committables = writer.prepare(None).unwrap();
    sink.committer()
        .unwrap()
        .expect("files are committed")
        .commit(committables, true)
        .unwrap();
    let id = TypeKind::Row(vec![RowField::new("id", TypeKind::BigInt.nullable())]);
    let (_, found) = table
        .read(Schema::new(vec![Field::new("auction", id.nullable())]))
        .unwrap();
    let ids: Vec<i64> = found
        .iter()
        .flat_map(|batch| {
            use arrow_array::Array;
            use arrow_array::cast::AsArray;
            let rows = batch.column(0).as_struct();
            let ids = rows.column(0).as_primitive::<arrow_array::types::Int64Type>();
            (0..rows.len())
                .filter(|&row| rows.is_valid(row))
                .map(|row| ids.value(row))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(ids, (1000..1030).collect::<Vec<i64>>());
}

#[test]
fn an_option_of_neither_connector_nor_format_is_refused() {
    let folder = temporary();
    let mut table = Table::new(folder.path(), nexmark::schema());
    let mut entries = table.options.entries().clone();
    entries.insert("json.ignore-parse-error".to_string(), "true".to_string());
    table.options = Options::new(entries);
    let Err(Error::Option(error)) = table.read(nexmark::schema()) else {
        panic!("the option is unknown");
    };
    assert_eq!(
        error.message,
        "option 'json.ignore-parse-error' is not known here"
    );
    assert_eq!(
        error.hint.as_deref(),
        Some("did you mean 'json.ignore-parse-errors'?")
    );
}

#[test]
fn an_option_of_the_format_has_its_prefix_once() {
    let folder = temporary();
    for (key, is_known) in [
        ("json.ignore-parse-errors", true),
        ("json.json.ignore-parse-errors", false),
    ] {
        let mut table = Table::new(folder.path(), Schema::default());
        let mut entries = table.options.entries().clone();
        entries.insert(key.to_string(), "true".to_string());
        table.options = Options::new(entries);
        let refused = table.read(Schema::default()).err().map(|error| error.to_string());
        let expected = format!("option '{key}' is not known here");
        assert_eq!(refused, (!is_known).then_some(expected));
    }
}

#[test]
fn broken_json_is_shown_with_its_place() {
    let folder = temporary();
    std::fs::write(folder.path().join("a.json"), "{\"id\": 1}\n{\"id\": }\n").unwrap();
    let table = Table::new(
        folder.path(),
        Schema::new(vec![Field::new("id", TypeKind::BigInt.nullable())]),
    );
    let error = table.read(table.schema.clone()).unwrap_err().to_string();
    let place = format!(": '{{\"id\": }}' ({}/a.json:line 2)", folder.path().display());
    assert!(error.ends_with(&place), "{error}");
}
