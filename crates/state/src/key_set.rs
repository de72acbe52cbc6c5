//! Distinct keys, each with a small number: the position of whatever belongs to it.
//!
//! Numbers are dense, count up in the order in which keys were first seen, and are given out again after a key
//! was removed.

use arrow_array::ArrayRef;
use arrow_buffer::NullBuffer;
use arrow_schema::ArrowError;
use hashbrown::HashTable;

use crate::changed::{Changed, GONE_MIN, KeyChanges};
use crate::hash::{hash_bytes, hash_u64};
use crate::keys::{KeyCodec, Keys, Kind, append_bytes};
use crate::{Extent, NO_ROW};

/// Garbage below this is not worth moving bytes for.
const GARBAGE_BYTES_MIN: usize = 1 << 16;

/// Room for so many keys is never too much.
const SPARE_MIN: usize = 1 << 12;

#[derive(Clone)]
pub struct KeySet {
    store: Store,
    free: Vec<u32>,
    /// Numbers ever given out: all are below it.
    high: u32,
    /// What has changed since a snapshot, if one was taken.
    changed: Option<Box<Changed>>,
}

#[derive(Clone)]
enum Store {
    Nothing {
        present: bool,
    },
    Fixed {
        table: HashTable<(u64, u32)>,
        keys: Vec<u64>,
        null: Option<u32>,
    },
    Bytes {
        table: HashTable<(u32, u32)>,
        places: Vec<Place>,
        arena: Vec<u8>,
        garbage: usize,
        null: Option<u32>,
    },
}

#[derive(Clone, Copy)]
struct Place {
    offset: usize,
    length: u32,
    hash: u32,
}

/// All 64 bits of a table's hash from the 32 that are kept.
#[inline(always)]
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl KeySet {
    pub fn new(codec: &KeyCodec) -> KeySet {
        let store = match codec.kind() {
            Kind::Nothing => Store::Nothing { present: false },
            Kind::Fixed => Store::Fixed {
                table: HashTable::new(),
                keys: Vec::new(),
                null: None,
            },
            Kind::Bytes | Kind::Rows(_) => Store::Bytes {
                table: HashTable::new(),
                places: Vec::new(),
                arena: Vec::new(),
                garbage: 0,
                null: None,
            },
        };
        KeySet::of(store)
    }

    fn of(store: Store) -> KeySet {
        KeySet {
            store,
            free: Vec::new(),
            high: 0,
            changed: None,
        }
    }

    /// Keys held.
    pub fn len(&self) -> usize {
        self.high as usize - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All numbers are below it.
    pub fn high(&self) -> usize {
        self.high as usize
    }

    /// Notes that what belongs to a key is written.
    #[inline]
    pub fn note(&mut self, number: u32) {
        if let Some(changed) = &mut self.changed {
            changed.note(number);
        }
    }

    /// As [`KeySet::note`], of several keys.
    pub fn note_all(&mut self, numbers: impl Iterator<Item = u32>) {
        if let Some(changed) = &mut self.changed {
            changed.note_all(self.high as usize, numbers);
        }
    }

    /// How many of the keys held are as they were when [`KeySet::take_changes`] was last asked, as far as is known.
    pub fn unchanged(&self) -> usize {
        let changed = self.changed.as_ref();
        let changes = changed.map(|changed| changed.count() + changed.gone.len());
        changes.map_or(0, |changes| self.len().saturating_sub(changes))
    }

    /// What has changed since this was last asked; `None`: all is to be said.
    pub fn take_changes(&mut self, extent: Extent) -> Option<KeyChanges> {
        // Without key columns there is at most one row to say.
        let fresh = self
            .store
            .empty()
            .map(|gone| Box::new(Changed::new(KeySet::of(gone))));
        let changed = std::mem::replace(&mut self.changed, fresh);
        match extent {
            Extent::Whole => None,
            Extent::Changes => changed.map(|changed| changed.into_changes()),
        }
    }

    /// Forgets all keys and keeps the memory.
    pub fn clear(&mut self) {
        self.changed = None;
        self.free.clear();
        self.high = 0;
        match &mut self.store {
            Store::Nothing { present } => *present = false,
            Store::Fixed { table, keys, null } => {
                table.clear();
                keys.clear();
                *null = None;
            }
            Store::Bytes {
                table,
                places,
                arena,
                garbage,
                null,
            } => {
                table.clear();
                places.clear();
                arena.clear();
                *garbage = 0;
                *null = None;
            }
        }
    }

    /// Appends the number of each of these rows' keys to `out`; keys not seen before are added.
    pub fn intern(&mut self, keys: &Keys, rows: std::ops::Range<usize>, out: &mut Vec<u32>) {
        match (&mut self.store, keys) {
            (Store::Nothing { present }, _) => {
                if !*present && !rows.is_empty() {
                    *present = true;
                    self.high = 1;
                    self.free.clear();
                }
                out.extend(rows.map(|_| 0));
            }
            (
                Store::Fixed {
                    table, keys: held, ..
                },
                Keys::Fixed { bits, nulls: None },
            ) => {
                let (free, high) = (&mut self.free, &mut self.high);
                out.extend(
                    bits[rows]
                        .iter()
                        .map(|&key| add_fixed(table, held, free, high, key)),
                );
            }
            (
                Store::Fixed {
                    table,
                    keys: held,
                    null,
                },
                Keys::Fixed {
                    bits,
                    nulls: Some(nulls),
                },
            ) => {
                let (free, high) = (&mut self.free, &mut self.high);
                out.extend(rows.map(|row| {
                    if nulls.is_valid(row) {
                        return add_fixed(table, held, free, high, bits[row]);
                    }
                    *null.get_or_insert_with(|| {
                        let number = next_number(free, high);
                        place(held, number, 0);
                        number
                    })
                }));
            }
            (store @ Store::Bytes { .. }, Keys::Bytes(array)) => {
                for row in rows {
                    let bytes = arrow_array::Array::is_valid(array, row).then(|| array.value(row));
                    out.push(add_bytes(store, &mut self.free, &mut self.high, bytes));
                }
            }
            (store @ Store::Bytes { .. }, Keys::Rows(encoded)) => {
                for row in rows {
                    let bytes = Some(encoded.row(row).data());
                    out.push(add_bytes(store, &mut self.free, &mut self.high, bytes));
                }
            }
            // A set and the keys given to it come from one codec.
            _ => debug_assert!(false, "keys of another codec"),
        }
    }

    /// Appends the number of each of these rows' keys to `out`; [`NO_ROW`] for those that are not held.
    pub fn find(&self, keys: &Keys, rows: std::ops::Range<usize>, out: &mut Vec<u32>) {
        out.extend(rows.map(|row| match (&self.store, keys) {
            (Store::Nothing { present: true }, _) => 0,
            (Store::Fixed { table, null, .. }, Keys::Fixed { bits, nulls }) => {
                if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                    return null.unwrap_or(NO_ROW);
                }
                let key = bits[row];
                let found = table.find(hash_u64(key), |held| held.0 == key);
                found.map_or(NO_ROW, |held| held.1)
            }
            (store @ Store::Bytes { .. }, Keys::Bytes(array)) => {
                let bytes = arrow_array::Array::is_valid(array, row).then(|| array.value(row));
                find_bytes(store, bytes)
            }
            (store @ Store::Bytes { .. }, Keys::Rows(encoded)) => {
                find_bytes(store, Some(encoded.row(row).data()))
            }
            _ => NO_ROW,
        }));
    }

    /// Becomes a copy of another set, its numbers included. Cheaper than interning all its keys.
    pub fn copy_from(&mut self, other: &KeySet) {
        self.changed = None;
        self.store.clone_from(&other.store);
        self.free.clone_from(&other.free);
        self.high = other.high;
    }

    /// As [`KeySet::intern`], with all keys of another set; to be used where nothing was removed from it.
    pub fn intern_all_of(&mut self, other: &KeySet, out: &mut Vec<u32>) {
        match (&mut self.store, &other.store) {
            (Store::Nothing { .. }, Store::Nothing { .. }) => {
                self.intern(&Keys::Nothing, 0..other.high(), out)
            }
            (
                Store::Fixed { table, keys, null },
                Store::Fixed {
                    keys: others,
                    null: others_null,
                    ..
                },
            ) => {
                let (free, high) = (&mut self.free, &mut self.high);
                out.extend(others.iter().enumerate().map(|(index, &key)| {
                    if *others_null != Some(index as u32) {
                        return add_fixed(table, keys, free, high, key);
                    }
                    *null.get_or_insert_with(|| {
                        let number = next_number(free, high);
                        place(keys, number, 0);
                        number
                    })
                }));
            }
            (
                store @ Store::Bytes { .. },
                Store::Bytes {
                    places,
                    arena,
                    null: others_null,
                    ..
                },
            ) => {
                for (index, at) in places.iter().enumerate() {
                    let bytes = (*others_null != Some(index as u32))
                        .then(|| &arena[at.offset..at.offset + at.length as usize]);
                    out.push(add_bytes(store, &mut self.free, &mut self.high, bytes));
                }
            }
            _ => debug_assert!(false, "sets of different codecs"),
        }
    }

    /// Forgets a key; its number goes to the next new one. The number must be in use.
    pub fn remove(&mut self, number: u32) {
        let held = self.len();
        if let Some(changed) = &mut self.changed {
            changed.forget(number);
            changed.gone.adopt(&self.store, number);
            if changed.gone.len() > GONE_MIN.max(held) {
                self.changed = None;
            }
        }
        match &mut self.store {
            Store::Nothing { present } => *present = false,
            Store::Fixed { table, keys, null } => {
                if *null == Some(number) {
                    *null = None;
                } else {
                    let key = keys[number as usize];
                    if let Ok(entry) = table.find_entry(hash_u64(key), |held| held.0 == key) {
                        entry.remove();
                    }
                }
            }
            Store::Bytes {
                table,
                places,
                garbage,
                null,
                ..
            } => {
                let at = &mut places[number as usize];
                if *null == Some(number) {
                    *null = None;
                } else if let Ok(entry) = table.find_entry(spread(at.hash), |held| held.1 == number) {
                    entry.remove();
                }
                *garbage += at.length as usize;
                at.length = 0;
            }
        }
        self.free.push(number);
        self.collect_garbage();
    }

    /// Takes in a key of another set.
    fn adopt(&mut self, other: &Store, number: u32) {
        let (free, high) = (&mut self.free, &mut self.high);
        match (&mut self.store, other) {
            (
                Store::Fixed { table, keys, null },
                Store::Fixed {
                    keys: others,
                    null: others_null,
                    ..
                },
            ) => {
                if *others_null == Some(number) {
                    null.get_or_insert_with(|| {
                        let number = next_number(free, high);
                        place(keys, number, 0);
                        number
                    });
                } else {
                    add_fixed(table, keys, free, high, others[number as usize]);
                }
            }
            (
                store @ Store::Bytes { .. },
                Store::Bytes {
                    places, arena, null, ..
                },
            ) => {
                let at = &places[number as usize];
                let bytes =
                    (*null != Some(number)).then(|| &arena[at.offset..at.offset + at.length as usize]);
                add_bytes(store, free, high, bytes);
            }
            _ => debug_assert!(false, "sets of different codecs"),
        }
    }

    /// Appends a key as bytes, as [`Keys::append_bytes`] does.
    pub(crate) fn append_key(&self, codec: &KeyCodec, number: u32, out: &mut Vec<u8>) {
        match &self.store {
            Store::Nothing { .. } => {}
            Store::Fixed { keys, null, .. } => {
                if *null != Some(number) {
                    out.extend_from_slice(&keys[number as usize].to_le_bytes());
                }
            }
            Store::Bytes {
                places, arena, null, ..
            } => {
                let at = places[number as usize];
                let bytes = &arena[at.offset..at.offset + at.length as usize];
                match codec.kind() {
                    Kind::Rows(_) => out.extend_from_slice(bytes),
                    _ => append_bytes((*null != Some(number)).then_some(bytes), out),
                }
            }
        }
    }

    /// How many keys can be added before it needs more memory for them, apart from the bytes of texts.
    pub fn room(&self) -> usize {
        match &self.store {
            Store::Nothing { .. } => usize::MAX,
            Store::Fixed { table, .. } => table.capacity() - table.len(),
            Store::Bytes { table, .. } => table.capacity() - table.len(),
        }
    }

    /// Makes room for so many more keys, as large as those that are there.
    pub fn reserve(&mut self, keys: usize) {
        let held = self.len();
        match &mut self.store {
            Store::Nothing { .. } => {}
            Store::Fixed {
                table, keys: bits, ..
            } => {
                table.reserve(keys, |held| hash_u64(held.0));
                bits.reserve(keys);
            }
            Store::Bytes {
                table, places, arena, ..
            } => {
                table.reserve(keys, |held| spread(held.0));
                places.reserve(keys);
                arena.reserve(arena.len() / held.max(1) * keys);
            }
        }
    }

    /// Forgets keys that are kept elsewhere: they do not count as removed. What has changed is not noted from here on,
    /// until the next snapshot.
    pub fn give_away(&mut self, numbers: &[u32]) {
        self.changed = None;
        match &mut self.store {
            Store::Nothing { present } => *present &= numbers.is_empty(),
            Store::Fixed { null, .. } => {
                *null = null.filter(|null| !numbers.contains(null));
            }
            Store::Bytes {
                places,
                garbage,
                null,
                ..
            } => {
                *null = null.filter(|null| !numbers.contains(null));
                for number in numbers {
                    let at = &mut places[*number as usize];
                    *garbage += at.length as usize;
                    at.length = 0;
                }
            }
        }
        self.free.extend_from_slice(numbers);
        self.settle();
        self.collect_garbage();
    }

    /// Makes the table of keys anew where it is, so that places of keys that were removed are places again.
    fn settle(&mut self) {
        let mut is_free = vec![0u64; (self.high as usize).div_ceil(64)];
        let (word_of, bit_of) = (
            |number: u32| number as usize / 64,
            |number: u32| 1 << (number % 64),
        );
        self.free
            .iter()
            .for_each(|number| is_free[word_of(*number)] |= bit_of(*number));
        let is_held = |number: u32| is_free[word_of(number)] & bit_of(number) == 0;
        // They go back in the order in which they stand: to where the one before went, or near it.
        match &mut self.store {
            Store::Nothing { .. } => {}
            Store::Fixed { table, .. } => {
                let mut held = Vec::with_capacity(table.len());
                held.extend(table.iter().copied().filter(|held| is_held(held.1)));
                table.clear();
                for held in held {
                    table.insert_unique(hash_u64(held.0), held, |held| hash_u64(held.0));
                }
            }
            Store::Bytes { table, .. } => {
                let mut held = Vec::with_capacity(table.len());
                held.extend(table.iter().copied().filter(|held| is_held(held.1)));
                table.clear();
                for held in held {
                    table.insert_unique(spread(held.0), held, |held| spread(held.0));
                }
            }
        }
    }

    /// Gives back room that is not needed any more, where it is much: places of keys stay what they are.
    pub fn shrink(&mut self) {
        let held = self.len();
        match &mut self.store {
            Store::Nothing { .. } => {}
            Store::Fixed { table, .. } => {
                if table.capacity() > SPARE_MIN.max(held * 4) {
                    table.shrink_to(held, |entry| hash_u64(entry.0));
                }
            }
            Store::Bytes { table, .. } => {
                if table.capacity() > SPARE_MIN.max(held * 4) {
                    table.shrink_to(held, |entry| spread(entry.0));
                }
            }
        }
    }

    fn collect_garbage(&mut self) {
        let Store::Bytes {
            places,
            arena,
            garbage,
            ..
        } = &mut self.store
        else {
            return;
        };
        if *garbage < GARBAGE_BYTES_MIN || *garbage * 2 < arena.len() {
            return;
        }
        let mut compact = Vec::with_capacity(arena.len() - *garbage);
        for at in places.iter_mut() {
            let bytes = &arena[at.offset..at.offset + at.length as usize];
            at.offset = compact.len();
            compact.extend_from_slice(bytes);
        }
        *arena = compact;
        *garbage = 0;
    }

    /// The key columns of these numbers, in their order.
    pub fn columns(&self, codec: &KeyCodec, numbers: &[u32]) -> Result<Vec<ArrayRef>, ArrowError> {
        match &self.store {
            Store::Nothing { .. } => Ok(Vec::new()),
            Store::Fixed { keys, null, .. } => {
                let nulls = null.and_then(|null| {
                    numbers.contains(&null).then(|| {
                        numbers
                            .iter()
                            .map(|&number| number != null)
                            .collect::<NullBuffer>()
                    })
                });
                let bits = numbers.iter().map(|&number| keys[number as usize]);
                Ok(vec![codec.fixed_column(bits, nulls)?])
            }
            Store::Bytes {
                places, arena, null, ..
            } => codec.byte_columns(numbers.iter().map(|&number| {
                let at = places[number as usize];
                (*null != Some(number)).then(|| &arena[at.offset..at.offset + at.length as usize])
            })),
        }
    }

    pub fn size_bytes(&self) -> usize {
        let store = match &self.store {
            Store::Nothing { .. } => 0,
            Store::Fixed { table, keys, .. } => table.allocation_size() + keys.capacity() * 8,
            Store::Bytes {
                table, places, arena, ..
            } => table.allocation_size() + places.capacity() * size_of::<Place>() + arena.capacity(),
        };
        let changed = self.changed.as_ref().map_or(0, |changed| changed.size_bytes());
        store + self.free.capacity() * 4 + changed
    }
}

impl Store {
    /// An empty one of the same kind; `None` if it holds at most one key.
    fn empty(&self) -> Option<Store> {
        match self {
            Store::Nothing { .. } => None,
            Store::Fixed { .. } => Some(Store::Fixed {
                table: HashTable::new(),
                keys: Vec::new(),
                null: None,
            }),
            Store::Bytes { .. } => Some(Store::Bytes {
                table: HashTable::new(),
                places: Vec::new(),
                arena: Vec::new(),
                garbage: 0,
                null: None,
            }),
        }
    }
}

#[inline(always)]
fn next_number(free: &mut Vec<u32>, high: &mut u32) -> u32 {
    free.pop().unwrap_or_else(|| {
        *high += 1;
        *high - 1
    })
}

#[inline(always)]
fn place<T: Copy>(held: &mut Vec<T>, number: u32, value: T) {
    match held.get_mut(number as usize) {
        Some(at) => *at = value,
        // Numbers count up: this one is the length.
        None => held.push(value),
    }
}

#[inline(always)]
fn add_fixed(
    table: &mut HashTable<(u64, u32)>,
    keys: &mut Vec<u64>,
    free: &mut Vec<u32>,
    high: &mut u32,
    key: u64,
) -> u32 {
    let hash = hash_u64(key);
    if let Some(found) = table.find(hash, |held| held.0 == key) {
        return found.1;
    }
    let number = next_number(free, high);
    place(keys, number, key);
    table.insert_unique(hash, (key, number), |held| hash_u64(held.0));
    number
}

fn find_bytes(store: &Store, bytes: Option<&[u8]>) -> u32 {
    let Store::Bytes {
        table,
        places,
        arena,
        null,
        ..
    } = store
    else {
        return NO_ROW;
    };
    let Some(bytes) = bytes else {
        return null.unwrap_or(NO_ROW);
    };
    let hash = (hash_bytes(bytes) >> 32) as u32;
    let is_it = |&(held, number): &(u32, u32)| {
        let at = &places[number as usize];
        held == hash && &arena[at.offset..at.offset + at.length as usize] == bytes
    };
    table.find(spread(hash), is_it).map_or(NO_ROW, |held| held.1)
}

#[inline]
fn add_bytes(store: &mut Store, free: &mut Vec<u32>, high: &mut u32, bytes: Option<&[u8]>) -> u32 {
    let Store::Bytes {
        table,
        places,
        arena,
        null,
        ..
    } = store
    else {
        debug_assert!(false, "bytes go to a store of bytes");
        return 0;
    };
    let Some(bytes) = bytes else {
        return *null.get_or_insert_with(|| {
            let number = next_number(free, high);
            let nothing = Place {
                offset: 0,
                length: 0,
                hash: 0,
            };
            place(places, number, nothing);
            number
        });
    };
    let hash = (hash_bytes(bytes) >> 32) as u32;
    let found = table.find(spread(hash), |&(held_hash, number)| {
        let at = &places[number as usize];
        held_hash == hash && &arena[at.offset..at.offset + at.length as usize] == bytes
    });
    if let Some(&(_, number)) = found {
        return number;
    }
    let number = next_number(free, high);
    let at = Place {
        offset: arena.len(),
        length: bytes.len() as u32,
        hash,
    };
    arena.extend_from_slice(bytes);
    place(places, number, at);
    table.insert_unique(spread(hash), (hash, number), |held| spread(held.0));
    number
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{Array, Int32Array, Int64Array, StringArray};

    use super::*;

    fn check(columns: Vec<ArrayRef>, expected: &[u32]) {
        let types = columns.iter().map(|column| column.data_type().clone()).collect();
        let codec = KeyCodec::new(types).unwrap();
        let mut set = KeySet::new(&codec);
        let rows = columns.first().map_or(expected.len(), |column| column.len());
        let keys = codec.encode(&columns).unwrap();
        let mut numbers = Vec::new();
        set.intern(&keys, 0..rows, &mut numbers);
        assert_eq!(numbers, expected);
        let back = set.columns(&codec, &numbers).unwrap();
        for (back, column) in back.iter().zip(&columns) {
            assert_eq!(back, column);
        }
        let mut copy = KeySet::new(&codec);
        let mut copied = Vec::new();
        copy.intern_all_of(&set, &mut copied);
        assert_eq!(copied, (0..set.high() as u32).collect::<Vec<_>>());
        assert_eq!(copy.columns(&codec, &numbers).unwrap().len(), columns.len());
    }

    #[test]
    fn equal_keys_share_a_number_whatever_their_type() {
        check(vec![], &[0, 0, 0]);
        check(
            vec![Arc::new(Int64Array::from(vec![
                Some(7),
                None,
                Some(0),
                Some(7),
                None,
            ]))],
            &[0, 1, 2, 0, 1],
        );
        check(
            vec![Arc::new(StringArray::from(vec![
                Some("a"),
                None,
                Some(""),
                Some("a"),
            ]))],
            &[0, 1, 2, 0],
        );
        check(
            vec![
                Arc::new(StringArray::from(vec![Some("a"), None, Some("a"), None])),
                Arc::new(Int32Array::from(vec![Some(1), Some(1), Some(2), Some(1)])),
            ],
            &[0, 1, 2, 1],
        );
    }

    #[test]
    fn a_removed_key_gives_its_number_to_the_next() {
        let codec = KeyCodec::new(vec![arrow_schema::DataType::Int64]).unwrap();
        let mut set = KeySet::new(&codec);
        let keys = codec
            .encode(&[Arc::new(Int64Array::from(vec![1, 2, 3, 4]))])
            .unwrap();
        let mut numbers = Vec::new();
        set.intern(&keys, 0..3, &mut numbers);
        set.remove(1);
        assert_eq!(set.len(), 2);
        numbers.clear();
        set.intern(&keys, 3..4, &mut numbers);
        set.intern(&keys, 1..2, &mut numbers);
        assert_eq!(numbers, [1, 3]);
        let columns = set.columns(&codec, &[0, 1, 2, 3]).unwrap();
        assert_eq!(columns[0].as_primitive::<Int64Type>().values(), &[1, 4, 3, 2]);
    }

    #[test]
    fn room_for_more_keys_changes_nothing_of_those_that_are_there() {
        let texts: Vec<String> = (0..1_000).map(|number| format!("key {number}")).collect();
        let columns: [ArrayRef; 3] = [
            Arc::new(StringArray::from(texts)),
            Arc::new(Int64Array::from_iter_values(0..1_000)),
            Arc::new(Int64Array::from(vec![None; 1_000])),
        ];
        for column in columns {
            let codec = KeyCodec::new(vec![column.data_type().clone()]).unwrap();
            let keys = codec.encode(&[column]).unwrap();
            let mut set = KeySet::new(&codec);
            set.reserve(10);
            let (mut before, mut after) = (Vec::new(), Vec::new());
            set.intern(&keys, 0..1_000, &mut before);
            set.reserve(9_000);
            assert!(set.room() >= 9_000);
            set.intern(&keys, 0..1_000, &mut after);
            assert_eq!(before, after);
        }
    }

    #[test]
    fn bytes_of_removed_keys_are_given_back() {
        let codec = KeyCodec::new(vec![arrow_schema::DataType::Utf8]).unwrap();
        let mut set = KeySet::new(&codec);
        for round in 0..200 {
            let texts: Vec<String> = (0..100).map(|n| format!("{round:050}-{n:050}")).collect();
            let keys = codec.encode(&[Arc::new(StringArray::from(texts))]).unwrap();
            let mut numbers = Vec::new();
            set.intern(&keys, 0..100, &mut numbers);
            numbers.into_iter().for_each(|number| set.remove(number));
        }
        assert!(set.is_empty());
        assert!(set.size_bytes() < 400_000, "{}", set.size_bytes());
    }
}
