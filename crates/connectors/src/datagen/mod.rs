//! Generated rows: `'connector' = 'datagen'`, with Flink's options.
//!
//! Row `n` follows from the seed and `n`, so that shares of the rows are made apart and reading resumes
//! anywhere. Without a `random-seed` the seed is another for each job, and times are those of the clock.

mod columns;
mod field;
mod source;

use std::sync::Arc;

use dataflow::{Connector, Error, OptionDoc, ScanRequest, Sink, SinkRequest, Source, TableDescriptor};

#[derive(Debug)]
pub struct Datagen;

impl Connector for Datagen {
    fn name(&self) -> &'static str {
        "datagen"
    }

    fn options(&self) -> Vec<OptionDoc> {
        let doc = |key, default, doc| OptionDoc {
            key,
            required: false,
            default,
            doc,
        };
        vec![
            doc("rows-per-second", "10000", "how fast rows come"),
            doc(
                "number-of-rows",
                "",
                "how many rows there are; without it there is no end",
            ),
            doc("random-seed", "", "makes the rows the same each time"),
            doc("fields.#.kind", "random", "random or sequence"),
            doc("fields.#.min", "", "the least random number"),
            doc("fields.#.max", "", "the greatest random number"),
            doc("fields.#.max-past", "0", "how far random times lie back at most"),
            doc(
                "fields.#.length",
                "",
                "the length of a text, bytes (100), an array, a map or a multiset (3)",
            ),
            doc(
                "fields.#.var-len",
                "false",
                "lengths of STRING, VARCHAR, BYTES and VARBINARY vary from 1 on",
            ),
            doc("fields.#.null-rate", "0", "the share of NULLs"),
            doc("fields.#.start", "", "where a sequence starts"),
            doc("fields.#.end", "", "where a sequence ends, inclusive"),
        ]
    }

    fn source(
        &self,
        table: &TableDescriptor<'_>,
        request: &ScanRequest,
    ) -> Result<Option<Arc<dyn Source>>, Error> {
        Ok(Some(Arc::new(source::DatagenSource::new(table, request)?)))
    }

    fn sink(
        &self,
        _table: &TableDescriptor<'_>,
        _request: &SinkRequest,
    ) -> Result<Option<Arc<dyn Sink>>, Error> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
