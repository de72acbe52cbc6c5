//! What a table needs to give rows away: when, which, and where to.

use std::fmt;
use std::sync::Arc;

use arrow_array::{ArrayRef, UInt32Array};
use arrow_select::take::take;
use dataflow::Error;

use super::rows::places;
use super::{Clock, Packed, Sought, SpillFiles, Store, View};
use crate::slices::arrow_error;
use crate::{Extent, KeyCodec, KeySet, Keys};

/// The part of keys that go at once.
const PART: usize = 8;

/// A key has just gone if fewer went since than this part of all that memory has room for.
const JUST_GONE_PART: usize = 2;

/// What a store may hold in memory of what was spilled last: a part of the budget within these bounds.
const RECENT_PART: usize = 16;
const RECENT_BYTES: (usize, usize) = (4 << 10, 8 << 20);

/// Keys whose rows are made bytes at once.
pub(crate) const KEPT_MAX: usize = 1 << 12;

/// The memory that a table may have, and where the rest goes.
#[derive(Debug, Clone)]
pub struct Budget {
    pub bytes: usize,
    pub files: Arc<dyn SpillFiles>,
}

#[derive(Debug)]
pub struct Tier {
    budget: Budget,
    key_groups: u16,
    /// From the first row that was given away.
    active: Option<Active>,
    /// What the table took when keys last went because of it, as long as that is too much.
    last_bytes: usize,
    /// Of a round of sweeps: all keys in memory have had their turn.
    memory_is_swept: bool,
}

struct Active {
    store: Store,
    clock: Clock,
    /// A snapshot has told all of it.
    is_told: bool,
}

/// What has come back.
#[derive(Default)]
pub struct Fetched {
    /// Of its keys.
    pub numbers: Vec<u32>,
    /// What was written of each.
    pub values: Packed,
}

impl Tier {
    pub fn new(budget: Budget, key_groups: u16) -> Tier {
        Tier {
            budget,
            key_groups,
            active: None,
            last_bytes: 0,
            memory_is_swept: false,
        }
    }

    /// Whether anything was ever given away.
    pub fn is_active(&self) -> bool {
        self.active.is_some()
    }

    /// How many of the keys held should go before so many more rows come, given the room that there is for rows and what
    /// the table takes in memory without this.
    pub fn excess(&mut self, held: usize, room: usize, incoming: usize, table_bytes: usize) -> usize {
        let most = self.bytes_max();
        if incoming > room {
            // Tables grow to twice their size.
            if table_bytes * 2 <= most {
                return 0;
            }
            return (incoming - room).max(held / PART).min(held);
        }
        if table_bytes <= most {
            self.last_bytes = 0;
            return 0;
        }
        // Room that was taken is not always given back: then it waits until more is taken.
        let has_helped = table_bytes < self.last_bytes;
        if self.last_bytes > 0 && !has_helped && table_bytes < self.last_bytes + self.last_bytes / PART {
            return 0;
        }
        self.last_bytes = table_bytes;
        held.div_ceil(PART)
    }

    /// Whether a table of so many bytes fits into memory.
    pub fn has_room_for(&self, table_bytes: usize) -> bool {
        table_bytes <= self.bytes_max()
    }

    /// What a table may take.
    fn bytes_max(&self) -> usize {
        let own = self.active.as_ref().map_or(0, Active::size_bytes);
        // What tells where spilled rows are grows as they do.
        self.budget.bytes.saturating_sub(own.max(self.budget.bytes / 4))
    }

    /// Chooses so many of the keys that are there.
    pub fn choose(&mut self, count: usize, keys: &KeySet, is_there: impl Fn(u32) -> bool) -> Vec<u32> {
        let held = keys.len();
        self.activate(keys.high()).clock.choose(count, held, is_there)
    }

    fn activate(&mut self, high: usize) -> &mut Active {
        self.active.get_or_insert_with(|| {
            let recent = self.budget.bytes / RECENT_PART;
            let mut clock = Clock::default();
            clock.make_room(high);
            (0..high as u32).for_each(|number| clock.write(number));
            Active {
                store: Store::new(
                    self.budget.files.clone(),
                    recent.clamp(RECENT_BYTES.0, RECENT_BYTES.1),
                ),
                clock,
                is_told: false,
            }
        })
    }

    /// Those of these keys that the store does not have as they are: their rows are to be kept ([`Tier::keep`]).
    pub fn written(&self, numbers: impl Iterator<Item = u32>) -> Vec<u32> {
        match &self.active {
            None => Vec::new(),
            Some(active) => numbers
                .filter(|number| active.clock.is_written(*number))
                .collect(),
        }
    }

    /// Keeps in the store what `value` says of each of these keys, given its place among them.
    pub fn keep<'a>(
        &mut self,
        keys: &KeySet,
        codec: &KeyCodec,
        numbers: &[u32],
        value: impl Fn(usize) -> &'a [u8],
    ) -> Result<(), Error> {
        let (packed, places) = self.places(keys, codec, numbers)?;
        let active = self.activate(keys.high());
        for (row, (&number, place)) in numbers.iter().zip(places).enumerate() {
            active.store.put(place, packed.get(row), value(row))?;
            active.clock.keep(number);
        }
        Ok(())
    }

    /// The bytes of keys, and their places.
    fn places(&self, keys: &KeySet, codec: &KeyCodec, numbers: &[u32]) -> Result<(Packed, Vec<u64>), Error> {
        let mut packed = Packed::default();
        for number in numbers {
            packed.add_with(|bytes| keys.append_key(codec, *number, bytes));
        }
        let columns = keys.columns(codec, numbers).map_err(arrow_error)?;
        let places = places(&columns, packed.iter(), self.key_groups)?;
        Ok((packed, places))
    }

    /// Keys are forgotten: those that went ([`Tier::keep`]), or those that have no rows any more.
    pub fn gone(&mut self, numbers: &[u32]) {
        if let Some(active) = &mut self.active {
            numbers.iter().for_each(|number| active.clock.forget(*number));
        }
    }

    /// Keys have no rows any more, neither here nor in the store. To be called before they are forgotten.
    pub fn remove(&mut self, keys: &KeySet, codec: &KeyCodec, numbers: &[u32]) -> Result<(), Error> {
        let is_kept = |number: &u32| {
            let active = self.active.as_ref();
            active.is_some_and(|active| active.clock.is_kept(*number))
        };
        let kept: Vec<u32> = numbers.iter().copied().filter(is_kept).collect();
        if !kept.is_empty() {
            let (packed, places) = self.places(keys, codec, &kept)?;
            let active = self.activate(keys.high());
            for (row, place) in places.into_iter().enumerate() {
                active.store.remove(place, packed.get(row))?;
            }
        }
        self.gone(numbers);
        Ok(())
    }

    /// Looks for what was spilled of the keys of a chunk that are not here, given their numbers, which are below `high`,
    /// row by row. All of them are to be written, or removed, before this is called again.
    pub fn fetch(
        &mut self,
        high: usize,
        keys: &Keys,
        columns: &[ArrayRef],
        numbers: &[u32],
        is_here: impl Fn(u32) -> bool,
    ) -> Result<Fetched, Error> {
        let mut fetched = Fetched::default();
        let Some(active) = &mut self.active else {
            return Ok(fetched);
        };
        active.clock.make_room(high);
        let mut packed = Packed::default();
        let mut wanted = Vec::new();
        for (row, &number) in numbers.iter().enumerate() {
            if !active.clock.is_new(number) && !is_here(number) {
                active.clock.come(number);
                packed.add_with(|bytes| keys.append_bytes(row, bytes));
                wanted.push((row as u32, number));
            }
        }
        if wanted.is_empty() {
            return Ok(fetched);
        }
        let rows = UInt32Array::from_iter_values(wanted.iter().map(|(row, _)| *row));
        let columns = columns
            .iter()
            .map(|column| take(column.as_ref(), &rows, None).map_err(arrow_error));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let places = places(&columns, packed.iter(), self.key_groups)?;
        let sought = places.into_iter().zip(wanted).enumerate();
        let sought = sought.map(|(row, (place, (_, number)))| Sought {
            place,
            key: packed.range(row),
            number,
        });
        active
            .store
            .find(packed.bytes(), sought.collect(), |number, value, since| {
                fetched.numbers.push(number);
                fetched.values.add(value);
                active.clock.come_back(number, since < high / JUST_GONE_PART);
            })?;
        Ok(fetched)
    }

    /// Notes that keys have come of which the store has nothing.
    pub fn come(&mut self, high: usize, numbers: &[u32]) {
        if let Some(active) = &mut self.active {
            active.clock.make_room(high);
            numbers.iter().for_each(|number| active.clock.come(*number));
        }
    }

    /// Notes that a key is written.
    #[inline]
    pub fn write(&mut self, number: u32) {
        if let Some(active) = &mut self.active {
            active.clock.write(number);
        }
    }

    /// Notes that the keys of a chunk are written, given the number of each of its rows.
    pub fn write_all(&mut self, numbers: &[u32]) {
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().for_each(|number| self.write(number));
    }

    /// What the store has, or what of it has changed since this was last asked. All that was written is to be kept in it
    /// before.
    pub fn view(&mut self, extent: Extent) -> Result<(Extent, View), Error> {
        let active = self.activate(0);
        let is_told = std::mem::replace(&mut active.is_told, true);
        match extent {
            Extent::Changes if is_told => Ok((Extent::Changes, active.store.view_of_changes()?)),
            _ => Ok((Extent::Whole, active.store.view()?)),
        }
    }

    /// Goes on with a round of sweeps: once all keys in memory have had their turn, with forgetting what is over in the
    /// store, by about so many keys. Returns whether all have had their turn.
    pub fn sweep(
        &mut self,
        memory_is_swept: bool,
        looks: usize,
        is_over: impl Fn(&[u8]) -> bool,
    ) -> Result<bool, Error> {
        self.memory_is_swept |= memory_is_swept;
        if !self.memory_is_swept {
            return Ok(false);
        }
        if let Some(active) = &mut self.active
            && !active.store.sweep(looks, is_over)?
        {
            return Ok(false);
        }
        self.memory_is_swept = false;
        Ok(true)
    }

    /// In memory.
    pub fn size_bytes(&self) -> usize {
        self.active.as_ref().map_or(0, Active::size_bytes)
    }

    /// On disk.
    pub fn spilled_bytes(&self) -> u64 {
        self.active.as_ref().map_or(0, |active| active.store.disk_bytes())
    }

    /// Keys that were looked for in the store.
    pub fn lookups(&self) -> u64 {
        self.active.as_ref().map_or(0, |active| active.store.lookups())
    }
}

impl Active {
    fn size_bytes(&self) -> usize {
        self.store.size_bytes() + self.clock.size_bytes()
    }
}

impl fmt::Debug for Active {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}
