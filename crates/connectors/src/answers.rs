//! What a service answers for keys, made into rows.
//!
//! Some columns are told by the key itself; the others come out of the answer. A key that the service was not told is
//! compared with what came.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_select::concat::concat_batches;
use arrow_select::filter::{filter, filter_record_batch};
use arrow_select::take::take;
use dataflow::{
    DecoderRequest, Error, EvaluationContext, Format, Found, LookupRequest, OptionError, Options,
    TableDescriptor,
};
use indexmap::IndexMap;
use model::Schema;

use crate::text;

#[derive(Debug, Clone)]
pub struct Answers {
    request: LookupRequest,
    /// Places of the keys that the service was not told.
    untold: Vec<usize>,
    /// What comes out of an answer.
    pub given: Schema,
}

/// How the bytes of an answer are read.
#[derive(Clone)]
pub struct Reading {
    format: Arc<dyn Format>,
    physical: Schema,
    options: IndexMap<String, String>,
    context: Arc<EvaluationContext>,
}

impl Answers {
    /// `told` says which columns the service is told.
    pub fn new(request: &LookupRequest, told: impl Fn(&str) -> bool) -> Answers {
        let keys = &request.keys.fields;
        let untold: Vec<usize> = (0..keys.len())
            .filter(|place| !told(&keys[*place].name))
            .collect();
        let is_key = |name: &str| keys.iter().any(|key| key.name == name && told(name));
        let wanted = request
            .columns
            .fields
            .iter()
            .filter(|column| !is_key(&column.name));
        let mut given: Vec<model::Field> = wanted.cloned().collect();
        for &place in &untold {
            if !given.iter().any(|field| field.name == keys[place].name) {
                given.push(keys[place].clone());
            }
        }
        for field in &mut given {
            field.data_type.nullable = true;
        }
        Answers {
            request: request.clone(),
            untold,
            given: Schema::new(given),
        }
    }

    /// Rows of what was given, each with the place of its key.
    pub fn found(
        &self,
        keys: &RecordBatch,
        mut rows: RecordBatch,
        mut places: Vec<u32>,
    ) -> Result<Found, Error> {
        let fault = |error: arrow_schema::ArrowError| Error::internal(error.to_string());
        if !self.untold.is_empty() {
            let agrees = |row: usize| {
                self.untold.iter().all(|&key| {
                    let field = &self.request.keys.fields[key];
                    let Some(column) = self.given.index_of(&field.name) else {
                        return false;
                    };
                    let kind = &field.data_type.kind;
                    let given = text::of_value(rows.column(column).as_ref(), row, kind);
                    given.is_some()
                        && given == text::of_value(keys.column(key).as_ref(), places[row] as usize, kind)
                })
            };
            let agrees: BooleanArray = (0..rows.num_rows()).map(|row| Some(agrees(row))).collect();
            rows = filter_record_batch(&rows, &agrees).map_err(fault)?;
            let kept = filter(&UInt32Array::from(places), &agrees).map_err(fault)?;
            places = arrow_array::cast::AsArray::as_primitive::<arrow_array::types::UInt32Type>(&kept)
                .values()
                .to_vec();
        }
        let at = UInt32Array::from(places.clone());
        let column = |field: &model::Field| -> Result<ArrayRef, Error> {
            if let Some(given) = self.given.index_of(&field.name) {
                return Ok(rows.column(given).clone());
            }
            let key = self.request.keys.index_of(&field.name);
            let key = key.ok_or_else(|| Error::internal("a column is neither a key nor given"))?;
            take(keys.column(key).as_ref(), &at, None).map_err(fault)
        };
        let columns = self
            .request
            .columns
            .fields
            .iter()
            .map(column)
            .collect::<Result<_, Error>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(places.len()));
        let rows = RecordBatch::try_new_with_options(self.request.columns.arrow(), columns, &options)
            .map_err(fault)?;
        Ok(Found { rows, keys: places })
    }

    /// Messages, each with the place of its key, as rows of what is given.
    pub fn decode(
        &self,
        reading: &Reading,
        messages: &[(u32, Vec<u8>)],
        place: &str,
    ) -> Result<(RecordBatch, Vec<u32>), Error> {
        let options = Options::new(reading.options.clone());
        let mut decoder = reading.format.decoder(&DecoderRequest {
            schema: &self.given,
            physical: &reading.physical,
            options: &options,
            context: &reading.context,
            faults_at_once: false,
        })?;
        let mut batches = Vec::with_capacity(messages.len());
        let mut places = Vec::with_capacity(messages.len());
        for (key, message) in messages {
            let decoded = decoder.decode_message(message);
            // What was answered may be anything, and is not repeated.
            decoded.map_err(|error| Error::Data {
                message: format!("an answer cannot be read: {}", first_words(&error.message)),
                place: place.to_string(),
            })?;
            let rows = decoder.take()?;
            places.extend(std::iter::repeat_n(*key, rows.num_rows()));
            batches.push(rows);
        }
        let rows = concat_batches(&self.given.arrow(), &batches);
        Ok((rows.map_err(|error| Error::internal(error.to_string()))?, places))
    }
}

/// Without the record, which formats put between quotes.
fn first_words(message: &str) -> &str {
    message
        .split([':', '\'', '"'])
        .next()
        .unwrap_or_default()
        .trim_end()
}

impl Reading {
    /// The format that the option `format` asks for, its options checked.
    pub fn of(table: &TableDescriptor<'_>, name: &str) -> Result<Reading, OptionError> {
        let format = Arc::clone(table.registry.format("format", name)?);
        if !format.reads().is_insert_only() {
            return Err(OptionError::new(
                "format",
                format!("format '{name}' reads changes, but answers are rows"),
            ));
        }
        // Answers are read on the threads that all connections share: the answer that is waited for there may never
        // come.
        if format.asks_others() {
            return Err(OptionError::new(
                "format",
                format!("format '{name}' asks another system, which lookups cannot wait for"),
            )
            .hint("use a format that has all it needs in the answer: 'avro' or 'json'"));
        }
        // A wrong option is found before the job runs.
        format.decoder(&DecoderRequest {
            schema: table.physical,
            physical: table.physical,
            options: table.options,
            context: table.context,
            faults_at_once: false,
        })?;
        Ok(Reading {
            format,
            physical: table.physical.clone(),
            options: table.options.entries().clone(),
            context: table.context.clone(),
        })
    }
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Reading").field(&self.format.name()).finish()
    }
}

/// A text with names of columns between braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Texts, and behind each but the last a column.
    texts: Vec<String>,
    pub columns: Vec<String>,
}

impl Template {
    /// Reads what option `key` says. Columns must be among the table's, of types that have a text.
    pub fn read(table: &TableDescriptor<'_>, key: &str, text: &str) -> Result<Template, OptionError> {
        let fault = |message: String| OptionError::new(key, format!("option '{key}' {message}"));
        let mut template = Template {
            texts: Vec::new(),
            columns: Vec::new(),
        };
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, behind) = behind
                .split_once('}')
                .ok_or_else(|| fault("has '{' without '}'".to_string()))?;
            let Some(place) = table.physical.index_of(name) else {
                let names: Vec<&str> = table.physical.names().collect();
                let mut error = fault(format!("names '{name}', which is no column"));
                error.hint = model::suggest::did_you_mean(name, names.iter().copied());
                return Err(error);
            };
            let kind = &table.physical.fields[place].data_type.kind;
            if !text::is_supported(kind) || text::is_bytes(kind) {
                return Err(fault(format!("names '{name}', which is {kind} and has no text")));
            }
            template.texts.push(before.to_string());
            template.columns.push(name.to_string());
            rest = behind;
        }
        template.texts.push(rest.to_string());
        Ok(template)
    }

    /// Whether there is a text between any two columns.
    pub fn is_separated(&self) -> bool {
        let between = self
            .texts
            .iter()
            .skip(1)
            .take(self.columns.len().saturating_sub(1));
        between.into_iter().all(|text| !text.is_empty())
    }

    /// Whether the text for a row of keys is that of no other row: behind each value but the last, the text that follows
    /// it begins there, and not before.
    pub fn is_clear(&self, keys: &Schema, batch: &RecordBatch, row: usize) -> bool {
        let between = self.columns.iter().zip(&self.texts[1..]);
        let mut between = between.take(self.columns.len().saturating_sub(1));
        between.all(|(name, text)| {
            let Some(place) = keys.index_of(name) else {
                return true;
            };
            let kind = &keys.fields[place].data_type.kind;
            let value = text::of_value(batch.column(place).as_ref(), row, kind).unwrap_or_default();
            format!("{value}{text}").find(text) == Some(value.len())
        })
    }

    /// The text with the same value for all columns.
    pub fn filled_with(&self, value: &str) -> String {
        self.texts.join(value)
    }

    /// The text for a row of keys.
    pub fn fill(
        &self,
        keys: &Schema,
        batch: &RecordBatch,
        row: usize,
        escape: impl Fn(&str, &mut String),
    ) -> String {
        let mut filled = String::new();
        for (number, text) in self.texts.iter().enumerate() {
            filled.push_str(text);
            let Some(place) = self.columns.get(number).and_then(|name| keys.index_of(name)) else {
                continue;
            };
            let value = text::of_value(
                batch.column(place).as_ref(),
                row,
                &keys.fields[place].data_type.kind,
            );
            escape(&value.unwrap_or_default(), &mut filled);
        }
        filled
    }

    /// Refuses a lookup that does not give all of its columns.
    pub fn check(&self, key: &str, request: &LookupRequest) -> Result<(), OptionError> {
        let missing = self
            .columns
            .iter()
            .find(|name| request.keys.index_of(name).is_none());
        match missing {
            None => Ok(()),
            Some(name) => Err(OptionError {
                key: None,
                message: format!("a lookup must compare '{name}' with a value: option '{key}' needs it"),
                hint: Some(format!("write ON t.{name} = ... with a value of the same type")),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use dataflow::Registry;
    use model::TypeKind;

    use super::*;
    use crate::network::NetworkAccess;
    use crate::testing::TestTable;

    #[test]
    fn a_format_that_asks_a_registry_reads_no_answers() {
        let columns = Schema::new(vec![model::Field::new("id", TypeKind::Int.nullable())]);
        let entries = [("avro-confluent.url", "http://registry:8081")];
        let mut registry = Registry::default();
        registry.add_format(crate::schema_registry::avro_confluent(NetworkAccess::everything()));
        registry.add_format(Arc::new(formats::avro::Avro));
        TestTable::new("http", columns, &entries).with(|table| {
            let table = TableDescriptor {
                registry: &registry,
                ..*table
            };
            let refused = Reading::of(&table, "avro-confluent").unwrap_err();
            assert_eq!(refused.key.as_deref(), Some("format"));
            assert!(
                refused.message.contains("'avro-confluent' asks another system"),
                "{}",
                refused.message
            );
            assert!(refused.hint.is_some());
            Reading::of(&table, "avro").unwrap();
        });
    }
}
