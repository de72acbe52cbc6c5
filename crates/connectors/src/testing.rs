//! What tests share: tables without a planner, and a format of lines `number text`.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use dataflow::format::DecodeError;
use dataflow::{
    Chunk, Decoder, DecoderRequest, Encoder, EncoderRequest, Error, EvaluationContext, Format, OptionDoc,
    OptionError, Options, ReadOutcome, Registry, ScanRequest, Sink, SinkRequest, Source, Split, SplitReader,
    TableDescriptor,
};
use model::{DataType, Schema};
use stdx::{Clock, ManualClock};

use crate::Console;

/// A table with all connectors and the test format at hand.
pub struct TestTable {
    registry: Registry,
    schema: Schema,
    entries: Vec<(String, String)>,
    partition_keys: Vec<String>,
    primary_key: Vec<String>,
    context: Arc<EvaluationContext>,
}

/// Where manual clocks of tests start: 2026-01-01 00:00:00.
pub const START_MS: i64 = 1_767_225_600_000;

impl TestTable {
    pub fn new(connector: &str, schema: Schema, options: &[(&str, &str)]) -> Self {
        let mut entries = vec![("connector".to_string(), connector.to_string())];
        entries.extend(
            options
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_string())),
        );
        let table = TestTable {
            registry: Registry::default(),
            schema,
            entries,
            partition_keys: Vec::new(),
            primary_key: Vec::new(),
            context: context_at(Arc::new(ManualClock::at_ms(START_MS))),
        };
        table.with_console(Console::standard())
    }

    pub fn with_console(mut self, console: Console) -> Self {
        self.registry = Registry::default();
        for connector in crate::all(console) {
            self.registry.add_connector(connector);
        }
        self.registry.add_format(Arc::new(Lines));
        self
    }

    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.context = context_at(clock);
        self
    }

    pub fn partitioned_by(mut self, keys: &[&str]) -> Self {
        self.partition_keys = keys.iter().map(|key| key.to_string()).collect();
        self
    }

    pub fn with_primary_key(mut self, columns: &[&str]) -> Self {
        self.primary_key = columns.iter().map(|column| column.to_string()).collect();
        self
    }

    /// Shows the table to `use_table` as the planner does.
    pub fn with<T>(&self, use_table: impl FnOnce(&TableDescriptor<'_>) -> T) -> T {
        let options = Options::new(self.entries.iter().cloned().collect());
        use_table(&TableDescriptor {
            path: "default_catalog.default_database.t",
            physical: &self.schema,
            partition_keys: &self.partition_keys,
            primary_key: &self.primary_key,
            options: &options,
            registry: &self.registry,
            context: &self.context,
        })
    }

    fn connector(&self) -> Arc<dyn dataflow::Connector> {
        Arc::clone(self.registry.connector(&self.entries[0].1).unwrap())
    }

    pub fn source(&self, columns: Schema, metadata: &[(&str, DataType)]) -> Result<Arc<dyn Source>, Error> {
        let metadata = metadata.iter().map(|(key, kind)| (key.to_string(), kind.clone()));
        let request = ScanRequest {
            columns,
            metadata: metadata.collect(),
            event_time: true,
            on_unreadable: dataflow::OnUnreadable::Fail,
        };
        self.with(|table| self.connector().source(table, &request))
            .map(|source| source.expect("it reads"))
    }

    /// The source with all columns, for a query that looks at no watermarks.
    pub fn scan_without_event_time(&self) -> Result<Arc<dyn Source>, Error> {
        let request = ScanRequest {
            columns: self.schema.clone(),
            metadata: Vec::new(),
            event_time: false,
            on_unreadable: dataflow::OnUnreadable::Fail,
        };
        self.with(|table| self.connector().source(table, &request))
            .map(|source| source.expect("it reads"))
    }

    /// The source with all columns, which does so with records that it cannot read.
    pub fn scan_on_unreadable(
        &self,
        on_unreadable: dataflow::OnUnreadable,
    ) -> Result<Arc<dyn Source>, Error> {
        let request = ScanRequest {
            columns: self.schema.clone(),
            metadata: Vec::new(),
            event_time: true,
            on_unreadable,
        };
        self.with(|table| self.connector().source(table, &request))
            .map(|source| source.expect("it reads"))
    }

    /// The source with all columns.
    pub fn scan(&self) -> Result<Arc<dyn Source>, Error> {
        self.source(self.schema.clone(), &[])
    }

    pub fn sink(&self, request: &SinkRequest) -> Result<Arc<dyn Sink>, Error> {
        self.with(|table| self.connector().sink(table, request))
            .map(|sink| sink.expect("it writes"))
    }

    /// The sink with all columns.
    pub fn insert(&self) -> Result<Arc<dyn Sink>, Error> {
        self.sink(&SinkRequest {
            columns: self.schema.clone(),
            metadata: Vec::new(),
            static_partition: Vec::new(),
            overwrite: false,
        })
    }
}

fn context_at(clock: Arc<dyn Clock>) -> Arc<EvaluationContext> {
    Arc::new(EvaluationContext::new(chrono_tz::UTC, clock))
}

/// Reads a split to its end.
pub fn read_split(source: &dyn Source, split: &Split, rows_max: usize) -> Result<Vec<RecordBatch>, Error> {
    read_all(&mut *source.open(split, None)?, rows_max)
}

pub fn read_all(reader: &mut dyn SplitReader, rows_max: usize) -> Result<Vec<RecordBatch>, Error> {
    let mut batches = Vec::new();
    loop {
        match reader.read(rows_max)? {
            ReadOutcome::Rows(batch) => {
                assert!((1..=rows_max).contains(&batch.num_rows()));
                batches.push(batch);
            }
            ReadOutcome::Changes(_) => panic!("only inserts are read"),
            ReadOutcome::Pending(_) => panic!("nothing to wait for"),
            ReadOutcome::End => return Ok(batches),
        }
    }
}

/// Reads all splits, in order.
pub fn read_source(source: &dyn Source, rows_max: usize) -> Result<Vec<RecordBatch>, Error> {
    let mut batches = Vec::new();
    for split in source.splits(1)? {
        batches.extend(read_split(source, &split, rows_max)?);
    }
    Ok(batches)
}

/// The rows of batches as `print` shows them.
pub fn rows_text(schema: &[DataType], batches: &[RecordBatch]) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let mut text = String::new();
            for (index, (column, data_type)) in batch.columns().iter().zip(schema).enumerate() {
                crate::print::java::separate(index, &mut text);
                crate::print::java::write_value(column, row, data_type, &mut text);
            }
            rows.push(text);
        }
    }
    rows
}

/// Lines of a number and a text; either may be left out of the wanted columns. Lines that begin with `#` are passed
/// over if the options say so.
struct Lines;

impl Format for Lines {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn options(&self) -> Vec<OptionDoc> {
        Vec::new()
    }

    fn splittable(&self, options: &Options) -> bool {
        options.get("lines.whole").is_none()
    }

    fn decoder(&self, request: &DecoderRequest<'_>) -> Result<Box<dyn Decoder>, OptionError> {
        request.options.boolean("lines.whole")?;
        let skips_remarks = request.options.boolean("lines.skip-remarks")?.unwrap_or(false);
        let wanted = request.schema.fields.iter().map(|field| {
            let index = request.physical.index_of(&field.name);
            index.expect("a wanted column is a physical one")
        });
        Ok(Box::new(LineDecoder {
            schema: request.schema.clone(),
            wanted: wanted.collect(),
            rows: Vec::new(),
            skips_remarks,
            skipped: 0,
        }))
    }

    fn encoder(&self, request: &EncoderRequest<'_>) -> Result<Box<dyn Encoder>, OptionError> {
        request.options.boolean("lines.whole")?;
        Ok(Box::new(LineEncoder {
            types: request
                .schema
                .fields
                .iter()
                .map(|field| field.data_type.clone())
                .collect(),
        }))
    }
}

struct LineDecoder {
    schema: Schema,
    wanted: Vec<usize>,
    rows: Vec<(i64, String)>,
    skips_remarks: bool,
    skipped: u64,
}

impl Decoder for LineDecoder {
    fn decode_stream(&mut self, bytes: &[u8], end: bool, rows_max: usize) -> Result<usize, DecodeError> {
        let mut used = 0;
        while self.rows.len() < rows_max && used < bytes.len() {
            let rest = &bytes[used..];
            let length = match rest.iter().position(|&byte| byte == b'\n') {
                Some(length) => length + 1,
                None if end => rest.len(),
                None => break,
            };
            self.decode_message(&rest[..length])
                .map_err(|error| error.behind(used))?;
            used += length;
        }
        Ok(used)
    }

    fn decode_message(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        if self.skips_remarks && message.first() == Some(&b'#') {
            self.skipped += 1;
            return Ok(());
        }
        let line = String::from_utf8_lossy(message);
        let line = line.trim_end_matches('\n');
        let (number, text) = line.split_once(' ').unwrap_or((line, ""));
        let number = number.parse().map_err(|_| DecodeError {
            message: format!("'{number}' is no number"),
            offset: 0,
            record: Some(0..message.len()),
        })?;
        self.rows.push((number, text.to_string()));
        Ok(())
    }

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }

    fn take(&mut self) -> Result<RecordBatch, Error> {
        let rows = std::mem::take(&mut self.rows);
        let columns = self.wanted.iter().map(|index| -> ArrayRef {
            if *index == 0 {
                let mut numbers = Int64Builder::new();
                rows.iter().for_each(|(number, _)| numbers.append_value(*number));
                Arc::new(numbers.finish())
            } else {
                let mut texts = StringBuilder::new();
                rows.iter().for_each(|(_, text)| texts.append_value(text));
                Arc::new(texts.finish())
            }
        });
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        RecordBatch::try_new_with_options(self.schema.arrow(), columns.collect(), &options)
            .map_err(|error| Error::internal(error.to_string()))
    }
}

struct LineEncoder {
    types: Vec<DataType>,
}

impl Encoder for LineEncoder {
    fn encode(&mut self, chunk: &Chunk, out: &mut Vec<u8>) -> Result<(), Error> {
        assert_eq!(chunk.batch.num_columns(), self.types.len());
        for row in 0..chunk.rows() {
            let number = chunk.batch.column(0).as_primitive::<Int64Type>().value(row);
            let text = match chunk.batch.columns().get(1) {
                Some(column) => column.as_string::<i32>().value(row),
                None => "",
            };
            out.extend_from_slice(format!("{number} {text}\n").as_bytes());
        }
        Ok(())
    }
}
