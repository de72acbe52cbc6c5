//! A chain of snapshots as one: one that says all, and those behind it that say what has changed since.
//!
//! Files are read side by side, a key group of a table at a time, so that a chain can be put together, or gone on from, that
//! does not fit into memory.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::DataType;
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use dataflow::Error;

use super::format::{FileReader, FileWriter, Part, Rows, damaged};
use super::{OperatorId, OperatorSnapshot, SNAPSHOT_ROWS_MAX, Snapshot};
use crate::slices::arrow_error;
use crate::{KeyCodec, KeySet, NO_ROW};

/// Writes what a chain says, the newest file first, as one file that says all.
pub fn merge<R: Read>(files: Vec<R>, label: &[u8], out: &mut impl Write) -> Result<(), Error> {
    let mut reader = SnapshotReader::open(files)?;
    let Snapshot {
        epoch, key_groups, ..
    } = reader.snapshot;
    let mut file = FileWriter::begin(out, label, epoch, key_groups)?;
    for (id, operator) in &reader.snapshot.operators {
        file.operator(*id, operator)?;
    }
    while let Some(rows) = reader.next_rows()? {
        let batches = compact(rows.batches);
        let types = |batch: &RecordBatch| -> Vec<DataType> {
            let schema = batch.schema_ref();
            schema
                .fields()
                .iter()
                .map(|field| field.data_type().clone())
                .collect()
        };
        if batches.windows(2).any(|pair| types(&pair[0]) != types(&pair[1])) {
            return Err(damaged("rows of one table have different columns"));
        }
        file.rows((rows.operator, &rows.table), rows.group, &batches, None)?;
    }
    file.end()
}

/// Reads what a chain says: first all but the rows of tables, then those one key group after the other.
pub struct SnapshotReader<R> {
    /// Of the newest file.
    pub label: Vec<u8>,
    /// Its tables have no rows yet.
    pub snapshot: Snapshot,
    /// The newest first.
    files: Vec<File<R>>,
}

/// Rows of one key group of a table.
#[derive(Debug)]
pub struct GroupRows {
    pub operator: OperatorId,
    pub table: String,
    pub group: u16,
    pub batches: Vec<RecordBatch>,
    /// What they take, about.
    pub bytes: usize,
}

struct File<R> {
    reader: FileReader<R>,
    /// Its next rows, and where they belong.
    next: Option<(Place, Rows)>,
}

/// The order of rows.
type Place = (OperatorId, String, u16);

impl<R: Read> File<R> {
    /// A file behind its operators, and those.
    fn open(
        mut reader: FileReader<R>,
    ) -> Result<(File<R>, BTreeMap<OperatorId, Arc<OperatorSnapshot>>), Error> {
        let mut operators = BTreeMap::new();
        let mut next = None;
        while let Some(part) = reader.next()? {
            match part {
                Part::Operator(id, operator) => {
                    if operators.insert(id, Arc::new(operator)).is_some() {
                        return Err(damaged("its parts are out of order"));
                    }
                }
                Part::Rows(rows) => {
                    next = Some((place(&rows), rows));
                    break;
                }
            }
        }
        Ok((File { reader, next }, operators))
    }

    fn advance(&mut self) -> Result<Option<Rows>, Error> {
        let next = match self.reader.next()? {
            None => None,
            Some(Part::Rows(rows)) => Some((place(&rows), rows)),
            Some(Part::Operator(..)) => return Err(damaged("its parts are out of order")),
        };
        let taken = std::mem::replace(&mut self.next, next);
        if let (Some((before, _)), Some((after, _))) = (&taken, &self.next)
            && before >= after
        {
            return Err(damaged("its parts are out of order"));
        }
        Ok(taken.map(|(_, rows)| rows))
    }

    fn take(&mut self, place: &Place) -> Result<Option<Rows>, Error> {
        match &self.next {
            Some((next, _)) if next == place => self.advance(),
            _ => Ok(None),
        }
    }
}

fn place(rows: &Rows) -> Place {
    (rows.operator, rows.table.clone(), rows.group)
}

impl<R> fmt::Debug for SnapshotReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnapshotReader")
            .field("snapshot", &self.snapshot)
            .field("files", &self.files.len())
            .finish()
    }
}

impl<R: Read> SnapshotReader<R> {
    /// Reads all but rows. The newest file comes first, the last one says all.
    pub fn open(files: Vec<R>) -> Result<SnapshotReader<R>, Error> {
        let mut opened = Vec::with_capacity(files.len());
        let mut newest: Option<(Vec<u8>, Snapshot)> = None;
        for file in files {
            let mut reader = FileReader::begin(file)?;
            let (epoch, key_groups) = reader.head()?;
            let label = std::mem::take(&mut reader.label);
            let (file, operators) = File::open(reader)?;
            opened.push(file);
            // What operators say besides their rows, each says anew every time.
            let (_, newest) = newest.get_or_insert_with(|| {
                let snapshot = Snapshot {
                    epoch,
                    key_groups,
                    operators,
                };
                (label, snapshot)
            });
            if newest.key_groups != key_groups {
                return Err(damaged("the one before it has other key groups"));
            }
        }
        let (label, snapshot) = newest.ok_or_else(|| Error::internal("a chain has a snapshot"))?;
        Ok(SnapshotReader {
            label,
            snapshot,
            files: opened,
        })
    }

    /// Reads to the end, to see whether all can be read.
    pub fn check(mut self) -> Result<(), Error> {
        while self.next_rows()?.is_some() {}
        Ok(())
    }

    /// The snapshot with all its rows.
    pub fn read_all(mut self) -> Result<Snapshot, Error> {
        let mut snapshot = self.snapshot.clone();
        while let Some(rows) = self.next_rows()? {
            let operator = snapshot.operators.get_mut(&rows.operator);
            if let Some(table) =
                operator.and_then(|operator| Arc::make_mut(operator).tables.get_mut(&rows.table))
            {
                table.groups.insert(rows.group, rows.batches);
            }
        }
        Ok(snapshot)
    }

    /// The next rows, in the order of operators, their tables, and key groups; `None` behind the last.
    pub fn next_rows(&mut self) -> Result<Option<GroupRows>, Error> {
        loop {
            let places = self.files.iter().filter_map(|file| file.next.as_ref());
            let Some(place) = places.map(|(place, _)| place).min().cloned() else {
                return Ok(None);
            };
            let mut parts = Vec::with_capacity(self.files.len());
            for file in &mut self.files {
                parts.extend(file.take(&place)?);
            }
            let (operator, table, group) = place;
            if group >= self.snapshot.key_groups {
                return Err(damaged("a key group is not one of its own"));
            }
            let newest = self.snapshot.operators.get(&operator);
            if newest.is_some_and(|newest| newest.tables.contains_key(&table)) {
                let bytes = parts.iter().map(|rows| rows.bytes).sum();
                let batches = combine(parts)?;
                if !batches.is_empty() {
                    return Ok(Some(GroupRows {
                        operator,
                        table,
                        group,
                        batches,
                        bytes,
                    }));
                }
            }
        }
    }
}

/// The rows of a key group from what files say of it, the newest first.
fn combine(parts: Vec<Rows>) -> Result<Vec<RecordBatch>, Error> {
    let mut changed = ChangedRows::default();
    let mut kept: Vec<Vec<RecordBatch>> = Vec::with_capacity(parts.len());
    for part in parts {
        let rows = part.rows.iter().map(|batch| changed.without(batch));
        kept.push(rows.collect::<Result<_, _>>()?);
        let Some(batches) = &part.changed else { break };
        batches.iter().try_for_each(|batch| changed.add(batch))?;
        if !part.told_by.is_empty() {
            for batch in &part.rows {
                let columns = part.told_by.iter().map(|name| batch.schema_ref().index_of(name));
                let columns = columns.collect::<Result<Vec<_>, _>>().map_err(arrow_error)?;
                changed.add(&batch.project(&columns).map_err(arrow_error)?)?;
            }
        }
    }
    // Rows that came first stand first.
    let rows = kept.into_iter().rev().flatten();
    Ok(rows.filter(|batch| batch.num_rows() > 0).collect())
}

/// Few batches instead of many small ones that are alike.
pub fn compact(rows: Vec<RecordBatch>) -> Vec<RecordBatch> {
    if rows.len() < 2 {
        return rows;
    }
    let mut compact = Vec::new();
    let mut from = 0;
    while from < rows.len() {
        let schema = rows[from].schema();
        let (mut to, mut count) = (from + 1, rows[from].num_rows());
        while to < rows.len() && count + rows[to].num_rows() <= SNAPSHOT_ROWS_MAX {
            count += rows[to].num_rows();
            to += 1;
        }
        match concat_batches(&schema, &rows[from..to]) {
            Ok(batch) => compact.push(batch),
            // Texts of two gigabytes do not fit into one.
            Err(_) => compact.extend_from_slice(&rows[from..to]),
        }
        from = to;
    }
    compact
}

/// Rows that are not any more what older files say of them.
#[derive(Default)]
struct ChangedRows {
    /// By the names of the columns that tell them.
    by_columns: BTreeMap<Vec<String>, (KeyCodec, KeySet)>,
}

impl ChangedRows {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let schema = batch.schema();
        let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        if !self.by_columns.contains_key(&names) {
            let types = schema.fields().iter().map(|field| field.data_type().clone());
            let codec = KeyCodec::new(types.collect()).map_err(arrow_error)?;
            let keys = KeySet::new(&codec);
            self.by_columns.insert(names.clone(), (codec, keys));
        }
        if let Some((codec, keys)) = self.by_columns.get_mut(&names) {
            let encoded = codec.encode(batch.columns()).map_err(arrow_error)?;
            keys.intern(
                &encoded,
                0..batch.num_rows(),
                &mut Vec::with_capacity(batch.num_rows()),
            );
        }
        Ok(())
    }

    fn without(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let mut stays = vec![true; batch.num_rows()];
        for (names, (codec, keys)) in &self.by_columns {
            let column = |name: &String| {
                let column = batch.column_by_name(name).cloned();
                column.ok_or_else(|| damaged("the one before it has other columns"))
            };
            let columns = names.iter().map(column).collect::<Result<Vec<_>, _>>()?;
            let is_alike = columns.iter().map(|column| column.data_type()).eq(codec.types());
            if !is_alike {
                return Err(damaged("the one before it has columns of other types"));
            }
            let encoded = codec.encode(&columns).map_err(arrow_error)?;
            let mut numbers = Vec::with_capacity(batch.num_rows());
            keys.find(&encoded, 0..batch.num_rows(), &mut numbers);
            for (stays, number) in stays.iter_mut().zip(numbers) {
                *stays &= number == NO_ROW;
            }
        }
        if stays.iter().all(|stays| *stays) {
            return Ok(batch.clone());
        }
        filter_record_batch(batch, &BooleanArray::from(stays)).map_err(arrow_error)
    }
}
