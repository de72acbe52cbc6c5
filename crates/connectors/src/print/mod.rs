//! Shows rows on the console: `'connector' = 'print'`.
//!
//! A line is `identifier:task> +I[1, abc, null]`; the task counts from one and stands there if there is more
//! than one.

pub mod java;

use std::sync::{Arc, PoisonError};

use dataflow::{
    Chunk, Committable, Connector, Epoch, Error, OptionDoc, ScanRequest, Sink, SinkRequest, SinkWriter,
    Source, TableDescriptor,
};
use model::{ChangelogMode, DataType};

use crate::console::{Console, Stream};
use crate::refuse;

pub struct Print {
    console: Console,
}

impl Print {
    pub fn new(console: Console) -> Self {
        Print { console }
    }
}

impl Connector for Print {
    fn name(&self) -> &'static str {
        "print"
    }

    fn options(&self) -> Vec<OptionDoc> {
        vec![
            OptionDoc {
                key: "print-identifier",
                required: false,
                default: "",
                doc: "stands before every row",
            },
            OptionDoc {
                key: "standard-error",
                required: false,
                default: "false",
                doc: "write to standard error instead of standard output",
            },
        ]
    }

    fn source(
        &self,
        _table: &TableDescriptor<'_>,
        _request: &ScanRequest,
    ) -> Result<Option<Arc<dyn Source>>, Error> {
        Ok(None)
    }

    fn sink(
        &self,
        table: &TableDescriptor<'_>,
        request: &SinkRequest,
    ) -> Result<Option<Arc<dyn Sink>>, Error> {
        let options = table.options;
        options.get("connector");
        refuse::parallelism(options, "sink.parallelism")?;
        let mut identifier = options.get("print-identifier").unwrap_or("").to_string();
        // Flink tells the static partition behind the identifier.
        for key in table.partition_keys {
            if let Some((_, value)) = request.static_partition.iter().find(|(name, _)| name == key) {
                let colon = if identifier.is_empty() { "" } else { ":" };
                identifier.push_str(&format!("{colon}{key}={value}"));
            }
        }
        let stream = match options.boolean("standard-error")? {
            Some(true) => Arc::clone(&self.console.error),
            _ => Arc::clone(&self.console.output),
        };
        options.finish()?;
        let columns = request.columns.fields.iter().map(|field| field.data_type.clone());
        Ok(Some(Arc::new(PrintSink {
            identifier,
            stream,
            types: columns.collect(),
        })))
    }
}

struct PrintSink {
    identifier: String,
    stream: Stream,
    types: Arc<[DataType]>,
}

impl std::fmt::Debug for PrintSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrintSink")
            .field("identifier", &self.identifier)
            .finish_non_exhaustive()
    }
}

impl Sink for PrintSink {
    fn changelog_mode(&self, requested: ChangelogMode) -> ChangelogMode {
        requested
    }

    fn writer(&self, shard: usize, shards: usize) -> Result<Box<dyn SinkWriter>, Error> {
        let mut prefix = self.identifier.clone();
        if shards > 1 {
            let colon = if prefix.is_empty() { "" } else { ":" };
            prefix.push_str(&format!("{colon}{}", shard + 1));
        }
        if !prefix.is_empty() {
            prefix.push_str("> ");
        }
        Ok(Box::new(PrintWriter {
            prefix,
            stream: Arc::clone(&self.stream),
            types: Arc::clone(&self.types),
            lines: String::new(),
        }))
    }
}

struct PrintWriter {
    prefix: String,
    stream: Stream,
    types: Arc<[DataType]>,
    /// The text of a chunk; kept for its room.
    lines: String,
}

impl SinkWriter for PrintWriter {
    fn write(&mut self, chunk: &Chunk) -> Result<(), Error> {
        self.lines.clear();
        for row in 0..chunk.rows() {
            self.lines.push_str(&self.prefix);
            self.lines.push_str(chunk.kind(row).symbol());
            self.lines.push('[');
            for (index, (data_type, column)) in self.types.iter().zip(chunk.batch.columns()).enumerate() {
                java::separate(index, &mut self.lines);
                java::write_value(column, row, data_type, &mut self.lines);
            }
            self.lines.push_str("]\n");
        }
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        stream
            .write_all(self.lines.as_bytes())
            .map_err(|cause| Error::io("print rows", cause))
    }

    fn flush(&mut self) -> Result<(), Error> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        stream.flush().map_err(|cause| Error::io("print rows", cause))
    }

    fn prepare(&mut self, _epoch: Option<Epoch>) -> Result<Vec<Committable>, Error> {
        self.flush()?;
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests;
