//! Which keys of a set have changed since the last snapshot.
//!
//! Nothing is noted until a snapshot was taken that says all: what came before it, it says.

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, Field, Schema};
use dataflow::Error;

use crate::slices::arrow_error;
use crate::{KeyCodec, KeySet, SNAPSHOT_ROWS_MAX, TableSnapshot};

/// Keys that are gone are not remembered beyond this, nor beyond as many as are there: to say all is cheaper then.
pub(crate) const GONE_MIN: usize = 1 << 16;

#[derive(Clone)]
pub(crate) struct Changed {
    /// A bit for each number.
    marks: Vec<u64>,
    /// Keys that were removed.
    pub gone: KeySet,
}

impl Changed {
    pub fn new(gone: KeySet) -> Changed {
        Changed {
            marks: Vec::new(),
            gone,
        }
    }

    #[inline]
    pub fn note(&mut self, number: u32) {
        let (word, bit) = place(number);
        if word >= self.marks.len() {
            self.marks.resize(word + 1, 0);
        }
        self.marks[word] |= bit;
    }

    /// Notes all of these, which are below `high`.
    pub fn note_all(&mut self, high: usize, numbers: impl Iterator<Item = u32>) {
        let words = high.div_ceil(64).max(self.marks.len());
        self.marks.resize(words, 0);
        for number in numbers {
            let (word, bit) = place(number);
            self.marks[word] |= bit;
        }
    }

    pub fn forget(&mut self, number: u32) {
        let (word, bit) = place(number);
        if let Some(marks) = self.marks.get_mut(word) {
            *marks &= !bit;
        }
    }

    /// How many are noted.
    pub fn count(&self) -> usize {
        self.marks.iter().map(|marks| marks.count_ones() as usize).sum()
    }

    pub fn into_changes(self) -> KeyChanges {
        let mut numbers = Vec::new();
        for (word, mut marks) in self.marks.into_iter().enumerate() {
            while marks != 0 {
                numbers.push(word as u32 * 64 + marks.trailing_zeros());
                marks &= marks - 1;
            }
        }
        KeyChanges {
            numbers,
            gone: self.gone,
        }
    }

    pub fn size_bytes(&self) -> usize {
        self.marks.capacity() * 8 + self.gone.size_bytes()
    }
}

fn place(number: u32) -> (usize, u64) {
    (number as usize / 64, 1 << (number % 64))
}

/// The keys that were written since a snapshot, and those that were removed.
pub struct KeyChanges {
    /// Of those that are there, in order.
    pub numbers: Vec<u32>,
    gone: KeySet,
}

impl KeyChanges {
    /// Says in a table which rows of before are no more what they were: all of these keys, told by columns of these
    /// names.
    pub fn tell(
        &self,
        table: &mut TableSnapshot,
        names: impl Iterator<Item = String> + Clone,
        keys: &KeySet,
        codec: &KeyCodec,
        key_groups: u16,
    ) -> Result<(), Error> {
        self.tell_gone(table, names.clone(), codec, key_groups)?;
        add(table, names, keys, &self.numbers, codec, key_groups)
    }

    /// The same, of the keys that were removed only.
    pub fn tell_gone(
        &self,
        table: &mut TableSnapshot,
        names: impl Iterator<Item = String> + Clone,
        codec: &KeyCodec,
        key_groups: u16,
    ) -> Result<(), Error> {
        let gone: Vec<u32> = (0..self.gone.high() as u32).collect();
        add(table, names, &self.gone, &gone, codec, key_groups)
    }

    /// The columns of keys that were removed, in parts.
    pub fn gone_columns(&self, codec: &KeyCodec) -> Result<Vec<Vec<ArrayRef>>, ArrowError> {
        let gone: Vec<u32> = (0..self.gone.high() as u32).collect();
        gone.chunks(SNAPSHOT_ROWS_MAX)
            .map(|part| self.gone.columns(codec, part))
            .collect()
    }
}

fn add(
    table: &mut TableSnapshot,
    names: impl Iterator<Item = String>,
    keys: &KeySet,
    numbers: &[u32],
    codec: &KeyCodec,
    key_groups: u16,
) -> Result<(), Error> {
    let types = codec.types().iter().cloned();
    let fields = names
        .zip(types)
        .map(|(name, data_type)| Field::new(name, data_type, true));
    let schema = std::sync::Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    for part in numbers.chunks(SNAPSHOT_ROWS_MAX) {
        let columns = keys.columns(codec, part).map_err(arrow_error)?;
        let batch = RecordBatch::try_new(schema.clone(), columns).map_err(arrow_error)?;
        table.add_changed(&batch, codec.types().len(), key_groups)?;
    }
    Ok(())
}
