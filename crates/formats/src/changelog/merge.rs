//! Rows gathered from what counts now and from what was before.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StructArray};
use arrow_select::interleave::interleave;
use dataflow::{Chunk, Error};
use model::{RowKind, Schema};

/// Where a row comes from.
#[derive(Debug, Clone, Copy)]
enum Origin {
    Now(usize),
    Before(usize),
    /// What was before as far as the record says it, and for the rest what is now.
    Merged {
        record: usize,
        before: usize,
        now: usize,
    },
}

#[derive(Debug, Default)]
pub(super) struct Changes {
    origins: Vec<Origin>,
    kinds: Vec<RowKind>,
}

impl Changes {
    pub fn now(&mut self, row: usize, kind: RowKind) {
        self.origins.push(Origin::Now(row));
        self.kinds.push(kind);
    }

    pub fn before(&mut self, row: usize, kind: RowKind) {
        self.origins.push(Origin::Before(row));
        self.kinds.push(kind);
    }

    /// The row before an update, told by the columns that changed.
    pub fn merged(&mut self, record: usize, before: usize, now: usize) {
        self.origins.push(Origin::Merged { record, before, now });
        self.kinds.push(RowKind::UpdateBefore);
    }

    pub fn into_chunk(
        self,
        schema: &Schema,
        now: &StructArray,
        before: &StructArray,
        present: Option<&Present>,
    ) -> Result<Chunk, Error> {
        let rows = self.origins.len();
        let in_order =
            |(row, origin): (usize, &Origin)| matches!(origin, Origin::Now(place) if *place == row);
        let as_they_are = rows == now.len() && self.origins.iter().enumerate().all(in_order);
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.len());
        for column in 0..schema.len() {
            let (new, old) = (now.column(column), before.column(column));
            if as_they_are {
                columns.push(new.clone());
                continue;
            }
            let place = |origin: &Origin| match *origin {
                Origin::Now(row) => (0, row),
                Origin::Before(row) => (1, row),
                Origin::Merged { record, before, now } => {
                    let is_told =
                        old.is_valid(before) || present.is_some_and(|present| present.tells(column, record));
                    if is_told { (1, before) } else { (0, now) }
                }
            };
            let places: Vec<(usize, usize)> = self.origins.iter().map(place).collect();
            let gathered = interleave(&[new.as_ref(), old.as_ref()], &places);
            columns.push(gathered.map_err(|error| Error::internal(error.to_string()))?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(schema.arrow(), columns, &options)
            .map_err(|error| Error::internal(error.to_string()))?;
        let all_inserts = self.kinds.iter().all(|kind| *kind == RowKind::Insert);
        Ok(Chunk {
            batch,
            kinds: (!all_inserts).then(|| self.kinds.into()),
        })
    }
}

/// Which columns a record tells of the row before an update: a NULL there is one, and what is missing did not change.
pub(super) struct Present {
    /// By record and column.
    told: Vec<Vec<bool>>,
}

impl Present {
    /// From maps, or lists of maps, whose keys are the names of what is told.
    pub fn new(names: &RecordBatch, records: &RecordBatch, schema: &Schema) -> Result<Present, Error> {
        if names.num_rows() != records.num_rows() {
            return Err(Error::internal("envelopes were read twice, and not the same"));
        }
        let column = names.column(0);
        let lists = column.as_list_opt::<i32>();
        let maps = match lists {
            Some(lists) => lists.values().as_map_opt(),
            None => column.as_map_opt(),
        };
        let maps = maps.ok_or_else(|| Error::internal("an envelope is not around maps"))?;
        let keys = maps.keys().as_string::<i32>();
        let mut told = vec![vec![false; schema.len()]; names.num_rows()];
        for (record, told) in told.iter_mut().enumerate() {
            let elements = match lists {
                Some(lists) => lists.offsets()[record] as usize..lists.offsets()[record + 1] as usize,
                None => record..record + 1,
            };
            let entries = maps.offsets()[elements.start] as usize..maps.offsets()[elements.end] as usize;
            for entry in entries {
                // As Flink does, a name that any of the record's rows has counts for all of them.
                if let Some(column) = schema.index_of(keys.value(entry)) {
                    told[column] = true;
                }
            }
        }
        Ok(Present { told })
    }

    fn tells(&self, column: usize, record: usize) -> bool {
        self.told[record][column]
    }
}
