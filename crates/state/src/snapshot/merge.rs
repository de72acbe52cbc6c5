//! A chain of snapshots as one: one that says all, and those behind it that say what has changed since.
//!
//! Files are read side by side, a key group of a table at a time, so that a chain can be put together that does not fit
//! into memory.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use dataflow::{Epoch, Error};

use super::format::{FileReader, FileWriter, Part, Rows, damaged};
use super::{OperatorId, OperatorSnapshot, SNAPSHOT_ROWS_MAX, Snapshot};
use crate::slices::arrow_error;
use crate::{KeyCodec, KeySet, NO_ROW};

/// What a chain says, the newest file first, and the label of that. The last file says all.
pub fn read_chain<R: Read>(files: Vec<R>) -> Result<(Vec<u8>, Snapshot), Error> {
    let mut chain = Chain::open(files)?;
    let mut snapshot = Snapshot {
        epoch: chain.epoch,
        key_groups: chain.key_groups,
        ..Snapshot::default()
    };
    let mut current: Option<(OperatorId, OperatorSnapshot)> = None;
    while let Some(part) = chain.next()? {
        match (part, &mut current) {
            (Part::Operator(id, operator), current) => {
                if let Some((id, operator)) = current.replace((id, operator)) {
                    snapshot.operators.insert(id, Arc::new(operator));
                }
            }
            (Part::Rows(rows), Some((_, operator))) => {
                let table = operator.tables.entry(rows.table).or_default();
                table.groups.insert(rows.group, rows.rows);
            }
            (Part::Rows(_), None) => return Err(damaged("its parts are out of order")),
        }
    }
    if let Some((id, operator)) = current {
        snapshot.operators.insert(id, Arc::new(operator));
    }
    Ok((chain.label, snapshot))
}

/// Writes what a chain says, the newest file first, as one file that says all.
pub fn merge<R: Read>(files: Vec<R>, label: &[u8], out: &mut impl Write) -> Result<(), Error> {
    let mut chain = Chain::open(files)?;
    let mut file = FileWriter::begin(out, label, chain.epoch, chain.key_groups)?;
    while let Some(part) = chain.next()? {
        match part {
            Part::Operator(id, operator) => file.operator(id, &operator, operator.tables.keys())?,
            Part::Rows(rows) => file.rows(&rows.table, rows.group, &rows.rows, None)?,
        }
    }
    file.end()
}

/// The parts of a chain, in order.
struct Chain<R> {
    /// The newest first.
    files: Vec<File<R>>,
    label: Vec<u8>,
    epoch: Epoch,
    key_groups: u16,
    /// The operator whose rows follow, if the newest file has it; of its tables only the names.
    current: Option<(OperatorId, OperatorSnapshot)>,
}

struct File<R> {
    reader: FileReader<R>,
    /// Where its next part belongs, and the part.
    next: Option<(Place, Part)>,
    operator: Option<OperatorId>,
}

/// The order of parts: an operator, then its rows by table and key group.
type Place = (OperatorId, Option<(String, u16)>);

impl<R: Read> File<R> {
    fn advance(&mut self) -> Result<Option<Part>, Error> {
        let next = match self.reader.next()? {
            None => None,
            Some(part) => {
                let place = match (&part, self.operator) {
                    (Part::Operator(id, _), _) => (*id, None),
                    (Part::Rows(rows), Some(id)) => (id, Some((rows.table.clone(), rows.group))),
                    (Part::Rows(_), None) => return Err(damaged("its parts are out of order")),
                };
                self.operator = Some(place.0);
                Some((place, part))
            }
        };
        let taken = std::mem::replace(&mut self.next, next);
        if let (Some((before, _)), Some((after, _))) = (&taken, &self.next)
            && before >= after
        {
            return Err(damaged("its parts are out of order"));
        }
        Ok(taken.map(|(_, part)| part))
    }

    fn take(&mut self, place: &Place) -> Result<Option<Part>, Error> {
        match &self.next {
            Some((next, _)) if next == place => self.advance(),
            _ => Ok(None),
        }
    }
}

impl<R: Read> Chain<R> {
    fn open(files: Vec<R>) -> Result<Chain<R>, Error> {
        let mut opened = Vec::with_capacity(files.len());
        let mut newest: Option<(Vec<u8>, Epoch, u16)> = None;
        for file in files {
            let mut reader = FileReader::begin(file)?;
            let (epoch, key_groups) = reader.head()?;
            match &newest {
                None => newest = Some((reader.label.clone(), epoch, key_groups)),
                Some((_, _, expected)) if *expected == key_groups => {}
                Some(_) => return Err(damaged("the one before it has other key groups")),
            }
            let mut file = File {
                reader,
                next: None,
                operator: None,
            };
            file.advance()?;
            opened.push(file);
        }
        let (label, epoch, key_groups) = newest.ok_or_else(|| Error::internal("a chain has a snapshot"))?;
        Ok(Chain {
            files: opened,
            label,
            epoch,
            key_groups,
            current: None,
        })
    }

    fn next(&mut self) -> Result<Option<Part>, Error> {
        loop {
            let places = self.files.iter().filter_map(|file| file.next.as_ref());
            let Some(place) = places.map(|(place, _)| place).min().cloned() else {
                return Ok(None);
            };
            let mut parts = Vec::with_capacity(self.files.len());
            for (age, file) in self.files.iter_mut().enumerate() {
                if let Some(part) = file.take(&place)? {
                    parts.push((age, part));
                }
            }
            let mut rows = Vec::with_capacity(parts.len());
            for (age, part) in parts {
                match part {
                    // What operators say besides their rows, each says anew every time.
                    Part::Operator(id, operator) if age == 0 => {
                        self.current = Some((id, operator.clone()));
                        return Ok(Some(Part::Operator(id, operator)));
                    }
                    Part::Operator(..) => {}
                    Part::Rows(part) => rows.push(part),
                }
            }
            let Some((table, group)) = place.1 else {
                continue;
            };
            let is_held = |(id, operator): &(OperatorId, OperatorSnapshot)| {
                *id == place.0 && operator.tables.contains_key(&table)
            };
            if self.current.as_ref().is_some_and(is_held) {
                let rows = combine(rows)?;
                if !rows.is_empty() {
                    return Ok(Some(Part::Rows(Rows {
                        table,
                        group,
                        rows,
                        changed: None,
                        told_by: Vec::new(),
                    })));
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
    let rows: Vec<RecordBatch> = rows.filter(|batch| batch.num_rows() > 0).collect();
    compact(rows)
}

/// Few batches instead of many small ones.
fn compact(rows: Vec<RecordBatch>) -> Result<Vec<RecordBatch>, Error> {
    if rows.len() < 2 {
        return Ok(rows);
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
        compact.push(concat_batches(&schema, &rows[from..to]).map_err(arrow_error)?);
        from = to;
    }
    Ok(compact)
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
