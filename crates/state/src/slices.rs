//! Aggregates by slice of time and key.
//!
//! Every slice has a set of keys of its own, which goes away as a whole when the slice does; the groups of all
//! slices share the accumulators, so that a chunk that spans slices is taken in at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use dataflow::Error;

use crate::snapshot::{SNAPSHOT_ROWS_MAX, Share, TableSnapshot};
use crate::{Aggregates, Extent, KeyCodec, KeySet, Keys};

/// Key sets kept for slices to come, so that memory is not asked for anew with every slice.
const SPARE_SETS_MAX: usize = 4;

/// Half-open, in milliseconds. Ordered by end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SliceId {
    pub end: i64,
    pub start: i64,
}

/// The keys of a slice; the key with number `n` has group `groups[n]`.
pub struct Slice {
    pub keys: KeySet,
    pub groups: Vec<u32>,
}

pub struct SliceTable {
    codec: KeyCodec,
    pub aggregates: Aggregates,
    slices: BTreeMap<SliceId, Slice>,
    spare: Vec<KeySet>,
    numbers: Vec<u32>,
    /// The slices of the last snapshot.
    told: Option<BTreeSet<SliceId>>,
}

impl SliceTable {
    pub fn new(codec: KeyCodec, aggregates: Aggregates) -> SliceTable {
        SliceTable {
            codec,
            aggregates,
            slices: BTreeMap::new(),
            spare: Vec::new(),
            numbers: Vec::new(),
            told: None,
        }
    }

    pub fn codec(&self) -> &KeyCodec {
        &self.codec
    }

    pub fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }

    /// The slice that ends first.
    pub fn first(&self) -> Option<SliceId> {
        self.slices.first_key_value().map(|(id, _)| *id)
    }

    pub fn slice_ids(&self) -> impl DoubleEndedIterator<Item = SliceId> + '_ {
        self.slices.keys().copied()
    }

    /// Slices whose end lies in `ends`.
    pub fn slices_ending(&self, ends: Range<i64>) -> impl Iterator<Item = (SliceId, &Slice)> + '_ {
        let from = SliceId {
            end: ends.start,
            start: i64::MIN,
        };
        let to = SliceId {
            end: ends.end,
            start: i64::MIN,
        };
        self.slices.range(from..to).map(|(id, slice)| (*id, slice))
    }

    pub fn get(&self, id: SliceId) -> Option<&Slice> {
        self.slices.get(&id)
    }

    /// Appends the group of each of these rows to `groups`: of its key in the slice, made if new. Afterwards
    /// call [`Aggregates::make_room`].
    pub fn groups(&mut self, id: SliceId, keys: &Keys, rows: Range<usize>, groups: &mut Vec<u32>) {
        let slice = self.slices.entry(id).or_insert_with(|| Slice {
            keys: self.spare.pop().unwrap_or_else(|| KeySet::new(&self.codec)),
            groups: Vec::new(),
        });
        self.numbers.clear();
        slice.keys.intern(keys, rows, &mut self.numbers);
        slice.keys.note_all(self.numbers.iter().copied());
        while slice.groups.len() < slice.keys.high() {
            slice.groups.push(self.aggregates.add_group());
        }
        groups.extend(self.numbers.iter().map(|&number| slice.groups[number as usize]));
    }

    /// The numbers in their slice of the keys that [`SliceTable::groups`] was last asked about.
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// Adds what slice `from` holds to slice `into`, which is made if it is not there, and forgets `from`.
    pub fn merge_slice(&mut self, from: SliceId, into: SliceId) -> Result<(), Error> {
        if from == into || !self.slices.contains_key(&from) {
            return Ok(());
        }
        let mut target = match self.slices.remove(&into) {
            Some(target) => target,
            None => self.new_slice(),
        };
        self.merge_into(&[from], &mut target)?;
        self.slices.insert(into, target);
        self.remove(from);
        Ok(())
    }

    /// Merges slices into `merged`, which belongs to no slice; [`SliceTable::discard`] frees it.
    pub fn merge_into(&mut self, ids: &[SliceId], merged: &mut Slice) -> Result<(), Error> {
        for id in ids {
            let Some(source) = self.slices.get(id) else {
                continue;
            };
            self.numbers.clear();
            if merged.groups.is_empty() {
                merged.keys.copy_from(&source.keys);
                self.numbers.extend(0..source.keys.high() as u32);
            } else {
                merged.keys.intern_all_of(&source.keys, &mut self.numbers);
                merged.keys.note_all(self.numbers.iter().copied());
            }
            while merged.groups.len() < merged.keys.high() {
                merged.groups.push(self.aggregates.add_group());
            }
            for number in &mut self.numbers {
                *number = merged.groups[*number as usize];
            }
            self.aggregates.make_room();
            self.aggregates.merge_groups(&source.groups, &self.numbers)?;
        }
        Ok(())
    }

    pub fn new_slice(&mut self) -> Slice {
        Slice {
            keys: self.spare.pop().unwrap_or_else(|| KeySet::new(&self.codec)),
            groups: Vec::new(),
        }
    }

    pub fn discard(&mut self, slice: Slice) {
        self.aggregates.remove_groups(&slice.groups);
        let mut keys = slice.keys;
        if self.spare.len() < SPARE_SETS_MAX {
            keys.clear();
            self.spare.push(keys);
        }
    }

    /// The keys of a part of a slice's groups, by their numbers.
    pub fn key_columns(&self, slice: &Slice, numbers: Range<usize>) -> Result<Vec<ArrayRef>, ArrowError> {
        let numbers: Vec<u32> = (numbers.start as u32..numbers.end as u32).collect();
        slice.keys.columns(&self.codec, &numbers)
    }

    /// Takes a slice out for a while; [`SliceTable::put_back`] must follow.
    pub fn take_out(&mut self, id: SliceId) -> Option<Slice> {
        self.slices.remove(&id)
    }

    pub fn put_back(&mut self, id: SliceId, slice: Slice) {
        self.slices.insert(id, slice);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        while let Some(id) = self.first() {
            self.remove(id);
        }
    }

    /// Forgets a slice and frees its groups.
    pub fn remove(&mut self, id: SliceId) {
        if let Some(slice) = self.slices.remove(&id) {
            self.discard(slice);
        }
    }

    pub fn size_bytes(&self) -> usize {
        let slices: usize = self
            .slices
            .values()
            .map(|slice| slice.keys.size_bytes() + slice.groups.capacity() * 4 + 64)
            .sum();
        slices + self.aggregates.size_bytes()
    }

    /// What is held as batches: keys, state columns, start, end.
    pub fn snapshot(
        &mut self,
        extent: Extent,
        types: &SchemaRef,
        share: Share,
    ) -> Result<TableSnapshot, Error> {
        let fields = types.fields().iter().enumerate();
        let fields = fields.map(|(place, field)| field.as_ref().clone().with_name(format!("c{place}")));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let width = schema.fields().len();
        let keys = self.codec.types().len();
        let there = self.slices.keys().copied().collect();
        let told = self.told.replace(there).filter(|_| extent == Extent::Changes);
        let places: Vec<usize> = (0..keys).chain([width - 2, width - 1]).collect();
        let told_by = Arc::new(schema.project(&places).map_err(arrow_error)?);
        let mut table = match &told {
            None => TableSnapshot::default(),
            Some(_) => {
                let names = told_by.fields().iter().map(|field| field.name().clone());
                TableSnapshot::of_changes_by(names.collect())
            }
        };
        let mut gone = told.clone().unwrap_or_default();
        for (id, slice) in &mut self.slices {
            let changes = match &told {
                None => slice.keys.take_changes(Extent::Whole),
                Some(_) => slice.keys.take_changes(Extent::Changes),
            };
            let numbers: Vec<u32> = match changes.filter(|_| gone.remove(id)) {
                None => (0..slice.groups.len() as u32).collect(),
                Some(changes) => {
                    for columns in changes.gone_columns(&self.codec).map_err(arrow_error)? {
                        let columns = with_slice(columns, *id);
                        let batch = RecordBatch::try_new(told_by.clone(), columns).map_err(arrow_error)?;
                        table.add_changed(&batch, keys, share.key_groups)?;
                    }
                    changes.numbers
                }
            };
            for part in numbers.chunks(SNAPSHOT_ROWS_MAX) {
                let groups = part.iter().map(|number| slice.groups[*number as usize]);
                let groups = UInt32Array::from_iter_values(groups);
                let mut columns = slice.keys.columns(&self.codec, part).map_err(arrow_error)?;
                columns.extend(self.aggregates.state(&groups)?);
                let columns = with_slice(columns, *id);
                let batch = RecordBatch::try_new(schema.clone(), columns).map_err(arrow_error)?;
                table.add(&batch, keys, share.key_groups)?;
            }
        }
        if !gone.is_empty() {
            // All that there was of them, whatever the key.
            let bounds = Arc::new(schema.project(&[width - 2, width - 1]).map_err(arrow_error)?);
            let starts = Int64Array::from_iter_values(gone.iter().map(|id| id.start));
            let ends = Int64Array::from_iter_values(gone.iter().map(|id| id.end));
            let columns: Vec<ArrayRef> = vec![Arc::new(starts), Arc::new(ends)];
            let batch = RecordBatch::try_new(bounds, columns).map_err(arrow_error)?;
            table.add_changed_everywhere(&batch, share);
        }
        Ok(table)
    }
}

fn with_slice(mut columns: Vec<ArrayRef>, id: SliceId) -> Vec<ArrayRef> {
    let rows = columns.first().map_or(1, |column| column.len());
    columns.push(Arc::new(Int64Array::from_value(id.start, rows)));
    columns.push(Arc::new(Int64Array::from_value(id.end, rows)));
    columns
}

pub(crate) fn arrow_error(error: ArrowError) -> Error {
    Error::internal(error.to_string())
}
