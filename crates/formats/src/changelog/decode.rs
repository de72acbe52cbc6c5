//! Envelopes to rows with their kinds.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch, StringArray, StructArray};
use arrow_select::concat::concat_batches;
use dataflow::format::DecodeError;
use dataflow::{Chunk, Decoder, Error, OptionError};
use model::{Field, RowField, RowKind, Schema, TypeKind};
use regex::Regex;

use super::Envelope;
use super::envelope::Operation;
use super::merge::{Changes, Present};
use super::options::Settings;
use crate::json::{JsonDecoder, Rules, check_types, has_decimal};

pub(super) struct ChangelogDecoder {
    envelope: Envelope,
    rows: Schema,
    /// Reads the envelopes.
    inner: JsonDecoder,
    /// Reads which columns were there before an update, if it holds the changed ones only.
    names: Option<JsonDecoder>,
    schema_include: bool,
    /// Regular expressions for further columns of the envelope.
    filters: Vec<Regex>,
    ignore_errors: bool,
    skipped: u64,
    /// Envelopes become rows one by one, so that what is wrong with one is told with its place.
    one_by_one: bool,
    /// The rows of those.
    held: Vec<Chunk>,
    held_rows: usize,
}

impl ChangelogDecoder {
    pub fn new(
        envelope: Envelope,
        schema: &Schema,
        settings: Settings,
        one_by_one: bool,
    ) -> Result<Self, OptionError> {
        check_types(schema)?;
        let exact_fractions = schema.fields.iter().any(|field| has_decimal(&field.data_type));
        let rules = Rules {
            exact_fractions,
            ..settings.rules
        };
        let (mut further, mut filters) = (Vec::new(), Vec::new());
        for (name, filter) in [("database", settings.database), ("table", settings.table)] {
            if let Some(filter) = filter {
                further.push(name);
                filters.push(filter);
            }
        }
        let mut record = envelope.schema(schema, &further);
        if settings.schema_include {
            let fields = record.fields.into_iter();
            let payload = fields
                .map(|field| RowField::new(field.name, field.data_type))
                .collect();
            record = Schema::new(vec![Field::new("payload", TypeKind::Row(payload).nullable())]);
        }
        let names = envelope.before_is_partial().then(|| {
            let text = || Box::new(TypeKind::STRING.nullable());
            let held = TypeKind::Map(text(), text()).nullable();
            let (_, before) = envelope.rows_keys();
            let before = Schema::new(vec![Field::new(before, envelope.of_rows(held))]);
            JsonDecoder::new(&before, rules)
        });
        Ok(ChangelogDecoder {
            envelope,
            rows: schema.clone(),
            inner: JsonDecoder::new(&record, rules),
            names,
            schema_include: settings.schema_include,
            filters,
            ignore_errors: rules.ignore_errors,
            skipped: 0,
            one_by_one,
            held: Vec::new(),
            held_rows: 0,
        })
    }

    /// The rows of the envelopes read.
    fn taken(&mut self) -> Result<Chunk, Error> {
        let records = self.inner.take()?;
        let present = match &mut self.names {
            Some(names) => Some(Present::new(&names.take()?, &records, &self.rows)?),
            None => None,
        };
        self.changes(&records, present.as_ref())
    }

    /// Reads one record, all of it or nothing. `bytes` are a line or a message.
    fn whole(
        &mut self,
        bytes: &[u8],
        read: fn(&mut JsonDecoder, &[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let broken = |message: String| DecodeError {
            message,
            offset: 0,
            record: Some(0..bytes.len()),
        };
        read(&mut self.inner, bytes)?;
        if let Some(names) = &mut self.names
            && let Err(error) = read(names, bytes)
        {
            // What was read of the envelope goes with the rest of it.
            self.inner.take().map_err(|error| broken(error.to_string()))?;
            return Err(error);
        }
        if self.inner.rows() == 0 {
            return Ok(());
        }
        let chunk = self.taken().map_err(|error| {
            broken(match error {
                Error::Evaluation { message, .. } => message,
                other => other.to_string(),
            })
        })?;
        self.held_rows += chunk.rows();
        self.held.push(chunk);
        Ok(())
    }

    /// Reads lines one by one.
    fn lines(&mut self, bytes: &[u8], end: bool, rows_max: usize) -> Result<usize, DecodeError> {
        let mut at = 0;
        while at < bytes.len() && self.rows() < rows_max {
            let next = match memchr::memchr(b'\n', &bytes[at..]) {
                Some(offset) => at + offset + 1,
                None if end => bytes.len(),
                None => break,
            };
            let read = |decoder: &mut JsonDecoder, line: &[u8]| {
                decoder.decode_stream(line, true, usize::MAX).map(|_| ())
            };
            self.whole(&bytes[at..next], read)
                .map_err(|error| error.behind(at))?;
            at = next;
        }
        Ok(at)
    }

    /// The rows of these envelopes.
    fn changes(&mut self, records: &RecordBatch, present: Option<&Present>) -> Result<Chunk, Error> {
        let columns = if self.schema_include {
            records.column(0).as_struct().columns()
        } else {
            records.columns()
        };
        let [now, before, operations, further @ ..] = columns else {
            return Err(Error::internal("an envelope lacks its columns"));
        };
        let payload = self.schema_include.then(|| records.column(0));
        let (now, before) = (Side::new(now)?, Side::new(before)?);
        let operations = operations.as_string::<i32>();
        let mut changes = Changes::default();
        for record in 0..records.num_rows() {
            let outcome = if payload.is_some_and(|payload| payload.is_null(record)) {
                Err("it has no payload".to_string())
            } else {
                self.record(record, &now, &before, operations, further, &mut changes)
            };
            if let Err(reason) = outcome {
                if !self.ignore_errors {
                    return Err(Error::evaluation(format!(
                        "corrupt {} record: {reason}",
                        self.envelope.name()
                    )));
                }
                self.skipped += 1;
            }
        }
        changes.into_chunk(&self.rows, &now.rows, &before.rows, present)
    }

    /// Notes the rows of one record; the reason if it is broken.
    fn record(
        &self,
        record: usize,
        now: &Side,
        before: &Side,
        operations: &StringArray,
        further: &[ArrayRef],
        changes: &mut Changes,
    ) -> Result<(), String> {
        for (column, filter) in further.iter().zip(&self.filters) {
            let column = column.as_string::<i32>();
            if column.is_null(record) {
                return Err("it does not name its database and table".to_string());
            }
            if !filter.is_match(column.value(record)) {
                return Ok(());
            }
        }
        let key = self.envelope.operation_key();
        let (now_key, before_key) = self.envelope.rows_keys();
        if operations.is_null(record) {
            return Err(format!("it has no \"{key}\""));
        }
        let word = operations.value(record);
        let Some(operation) = self.envelope.operation(word) else {
            return Err(format!("unknown \"{key}\" value \"{word}\""));
        };
        let lacks = |name: &str| format!("\"{name}\" is null though \"{key}\" is \"{word}\"");
        match operation {
            Operation::Definition => Ok(()),
            Operation::Insert => {
                let rows = now.rows_of(record).ok_or_else(|| lacks(now_key))?;
                rows.for_each(|row| changes.now(row, RowKind::Insert));
                Ok(())
            }
            Operation::Update => {
                let after = now.rows_of(record).ok_or_else(|| lacks(now_key))?;
                let mut old = before.rows_of(record).ok_or_else(|| lacks(before_key))?;
                if old.len() < after.len() {
                    return Err(lacks(before_key));
                }
                for row in after {
                    if let Some(old) = old.next() {
                        if self.envelope.before_is_partial() {
                            changes.merged(record, old, row);
                        } else {
                            changes.before(old, RowKind::UpdateBefore);
                        }
                        changes.now(row, RowKind::UpdateAfter);
                    }
                }
                Ok(())
            }
            // What is deleted is told as the row that is no more.
            Operation::Delete if self.envelope.before_is_partial() => {
                let rows = now.rows_of(record).ok_or_else(|| lacks(now_key))?;
                rows.for_each(|row| changes.now(row, RowKind::Delete));
                Ok(())
            }
            Operation::Delete => {
                let rows = before.rows_of(record).ok_or_else(|| lacks(before_key))?;
                rows.for_each(|row| changes.before(row, RowKind::Delete));
                Ok(())
            }
        }
    }
}

/// A column of rows, or of lists of rows.
struct Side {
    lists: Option<ListArray>,
    rows: StructArray,
}

impl Side {
    fn new(column: &ArrayRef) -> Result<Side, Error> {
        let lists = column.as_list_opt::<i32>().cloned();
        let rows = match &lists {
            Some(lists) => lists.values(),
            None => column,
        };
        let rows = rows.as_struct_opt().cloned();
        Ok(Side {
            lists,
            rows: rows.ok_or_else(|| Error::internal("an envelope is not around rows"))?,
        })
    }

    /// The places of a record's rows; `None` if there are none, or one of them is NULL.
    fn rows_of(&self, record: usize) -> Option<std::ops::Range<usize>> {
        let places = match &self.lists {
            Some(lists) if lists.is_null(record) => return None,
            Some(lists) => lists.offsets()[record] as usize..lists.offsets()[record + 1] as usize,
            None => record..record + 1,
        };
        places
            .clone()
            .all(|row| self.rows.is_valid(row))
            .then_some(places)
    }
}

impl Decoder for ChangelogDecoder {
    fn decode_stream(&mut self, bytes: &[u8], end: bool, rows_max: usize) -> Result<usize, DecodeError> {
        if self.one_by_one {
            return self.lines(bytes, end, rows_max);
        }
        // A record can give two rows.
        let used = self.inner.decode_stream(bytes, end, rows_max.div_ceil(2))?;
        if let Some(names) = &mut self.names {
            let mut at = 0;
            while at < used {
                let more = names.decode_stream(&bytes[at..used], true, usize::MAX)?;
                if more == 0 {
                    break;
                }
                at += more;
            }
        }
        Ok(used)
    }

    fn decode_message(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        if self.one_by_one {
            return self.whole(message, JsonDecoder::decode_message);
        }
        self.inner.decode_message(message)?;
        match &mut self.names {
            Some(names) => names.decode_message(message),
            None => Ok(()),
        }
    }

    /// As if every record were an update, until it is looked at.
    fn rows(&self) -> usize {
        self.held_rows + 2 * self.inner.rows()
    }

    fn skipped(&self) -> u64 {
        self.inner.skipped() + self.skipped
    }

    fn take(&mut self) -> Result<RecordBatch, Error> {
        Ok(self.take_chunk()?.batch)
    }

    fn take_chunk(&mut self) -> Result<Chunk, Error> {
        if !self.one_by_one {
            return self.taken();
        }
        let held = std::mem::take(&mut self.held);
        self.held_rows = 0;
        let batches = held.iter().map(|chunk| &chunk.batch);
        let batch = concat_batches(&self.rows.arrow(), batches)
            .map_err(|error| Error::internal(error.to_string()))?;
        let all_inserts = held.iter().all(|chunk| chunk.kinds.is_none());
        let kinds = held
            .iter()
            .flat_map(|chunk| (0..chunk.rows()).map(|row| chunk.kind(row)));
        Ok(Chunk {
            batch,
            kinds: (!all_inserts).then(|| kinds.collect()),
        })
    }
}
