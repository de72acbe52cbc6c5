//! When things were last written, and which of them have not been for so long that they are forgotten.
//!
//! Things go by small numbers: those of keys, or of rows. One that is over counts as gone from that moment on, whether
//! it has been swept yet or not: whoever finds it asks [`Ages::is_over`]. As Flink's state with a time to live that is
//! refreshed when it is created and written, and never returned when it has expired.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Int64Array, RecordBatch};
use arrow_schema::{DataType as ArrowType, Field, Schema};
use dataflow::Error;

use crate::slices::arrow_error;
use crate::snapshot::{SNAPSHOT_ROWS_MAX, TableSnapshot};
use crate::{KeyChanges, KeyCodec, KeySet};

/// Nothing is there, or nobody knows how old it is.
const NONE: i64 = i64::MAX;

/// The moment at which state is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub now_ms: i64,
    /// What was last written at this time or before is over.
    pub over_ms: i64,
}

impl Moment {
    /// Of state that is kept for ever.
    pub const TIMELESS: Moment = Moment {
        now_ms: NONE,
        over_ms: i64::MIN,
    };

    /// Whether anything can be over.
    #[inline]
    pub fn expires(self) -> bool {
        self.over_ms != i64::MIN
    }
}

/// Takes no memory as long as nothing expires.
#[derive(Debug, Default)]
pub struct Ages {
    written_ms: Vec<i64>,
    held: usize,
    /// The number that is looked at next.
    swept: usize,
}

impl Ages {
    /// Notes that something is written now.
    #[inline]
    pub fn touch(&mut self, number: u32, moment: Moment) {
        if moment.expires() {
            self.set(number, moment.now_ms);
        }
    }

    fn set(&mut self, number: u32, written_ms: i64) {
        let number = number as usize;
        if self.written_ms.len() <= number {
            self.written_ms.resize(number + 1, NONE);
        }
        self.held += usize::from(self.written_ms[number] == NONE);
        self.written_ms[number] = written_ms;
    }

    /// What has this number is gone.
    #[inline]
    pub fn forget(&mut self, number: u32) {
        if let Some(written_ms) = self.written_ms.get_mut(number as usize)
            && *written_ms != NONE
        {
            *written_ms = NONE;
            self.held -= 1;
        }
    }

    #[inline]
    pub fn is_over(&self, number: u32, moment: Moment) -> bool {
        moment.expires()
            && self
                .written_ms
                .get(number as usize)
                .is_some_and(|written_ms| *written_ms <= moment.over_ms)
    }

    /// Whether the age of what has this number is known.
    pub fn holds(&self, number: u32) -> bool {
        self.written_ms
            .get(number as usize)
            .is_some_and(|written_ms| *written_ms != NONE)
    }

    pub fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// When it was last written; `i64::MAX` if nobody knows.
    pub fn written_ms(&self, number: u32) -> i64 {
        self.written_ms.get(number as usize).copied().unwrap_or(NONE)
    }

    /// Takes over what [`Ages::written_ms`] said of it; what nobody knows the age of is as if written now.
    pub fn restore_one(&mut self, number: u32, written_ms: i64, moment: Moment) {
        if moment.expires() {
            self.set(number, written_ms.min(moment.now_ms));
        }
    }

    /// Looks at some, others each time, and appends those that are over to `over`: they are the caller's to forget.
    /// Returns whether all have had their turn.
    pub fn sweep(&mut self, looks: usize, moment: Moment, over: &mut Vec<u32>) -> bool {
        let end = self.written_ms.len().min(self.swept.saturating_add(looks));
        for number in self.swept.min(end)..end {
            if self.written_ms[number] <= moment.over_ms {
                over.push(number as u32);
            }
        }
        self.swept = end;
        if end < self.written_ms.len() {
            return false;
        }
        self.swept = 0;
        // Numbers at the end that nothing has any more.
        while self.written_ms.last() == Some(&NONE) {
            self.written_ms.pop();
        }
        if self.written_ms.capacity() > 2 * self.written_ms.len() {
            self.written_ms.shrink_to_fit();
        }
        true
    }

    pub fn size_bytes(&self) -> usize {
        self.written_ms.capacity() * 8
    }

    /// The ages of keys: their columns, and when they were last written. Of all keys, or of those that have changed.
    pub fn snapshot(
        &self,
        changes: Option<&KeyChanges>,
        keys: &KeySet,
        codec: &KeyCodec,
        key_groups: u16,
    ) -> Result<TableSnapshot, Error> {
        let names = (0..codec.types().len()).map(|place| format!("key{place}"));
        let (mut table, mut held) = match changes {
            None => (
                TableSnapshot::default(),
                (0..self.written_ms.len() as u32).collect(),
            ),
            Some(changes) => {
                let mut table = TableSnapshot::of_changes();
                changes.tell(&mut table, names.clone(), keys, codec, key_groups)?;
                (table, changes.numbers.clone())
            }
        };
        let mut fields: Vec<Field> = names
            .zip(codec.types())
            .map(|(name, data_type)| Field::new(name, data_type.clone(), true))
            .collect();
        fields.push(Field::new("written", ArrowType::Int64, false));
        let schema = Arc::new(Schema::new(fields));
        held.retain(|number| self.holds(*number));
        for part in held.chunks(SNAPSHOT_ROWS_MAX) {
            let mut columns = keys.columns(codec, part).map_err(arrow_error)?;
            let written = part.iter().map(|number| self.written_ms[*number as usize]);
            columns.push(Arc::new(Int64Array::from_iter_values(written)));
            let batch = RecordBatch::try_new(schema.clone(), columns).map_err(arrow_error)?;
            table.add(&batch, codec.types().len(), key_groups)?;
        }
        Ok(table)
    }

    /// Takes in a batch of [`Ages::snapshot`]. The keys are there already: those that are not are passed over.
    pub fn restore(
        &mut self,
        batch: &RecordBatch,
        keys: &mut KeySet,
        codec: &KeyCodec,
        moment: Moment,
    ) -> Result<(), Error> {
        let width = codec.types().len();
        let encoded = codec.encode(&batch.columns()[..width]).map_err(arrow_error)?;
        let known = keys.high() as u32;
        let mut numbers = Vec::with_capacity(batch.num_rows());
        keys.intern(&encoded, 0..batch.num_rows(), &mut numbers);
        self.restore_numbers(&numbers, batch, moment);
        for number in numbers.into_iter().filter(|number| *number >= known) {
            self.forget(number);
            keys.remove(number);
        }
        Ok(())
    }

    /// As [`Ages::restore`], given the numbers of the keys.
    pub fn restore_numbers(&mut self, numbers: &[u32], batch: &RecordBatch, moment: Moment) {
        let written = batch.column(batch.num_columns() - 1);
        let written = written.as_primitive::<Int64Type>().values();
        for (number, written_ms) in numbers.iter().zip(written) {
            self.restore_one(*number, *written_ms, moment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(now_ms: i64) -> Moment {
        Moment {
            now_ms,
            over_ms: now_ms - 10,
        }
    }

    #[test]
    fn what_was_not_written_for_long_enough_is_over_and_swept_once() {
        let mut ages = Ages::default();
        for number in 0..100 {
            ages.touch(number, at(i64::from(number)));
        }
        assert!(ages.is_over(3, at(13)) && !ages.is_over(4, at(13)));
        ages.touch(3, at(13));
        assert!(!ages.is_over(3, at(13)));
        let (mut over, mut rounds) = (Vec::new(), 0);
        while !ages.sweep(30, at(13), &mut over) {
            rounds += 1;
        }
        assert_eq!((over.as_slice(), rounds), ([0, 1, 2].as_slice(), 3));
        (0..100).for_each(|number| ages.forget(number));
        assert!(ages.is_empty());
        ages.sweep(usize::MAX, at(500), &mut over);
        assert_eq!((over.len(), ages.size_bytes()), (3, 0));
    }

    #[test]
    fn state_that_is_kept_for_ever_has_no_age() {
        let mut ages = Ages::default();
        ages.touch(7, Moment::TIMELESS);
        assert!(ages.is_empty() && !ages.is_over(7, Moment::TIMELESS));
        assert_eq!((ages.written_ms(7), ages.size_bytes()), (i64::MAX, 0));
        // It is as if written when it begins to expire.
        ages.restore_one(7, ages.written_ms(7), at(5));
        assert_eq!(ages.written_ms(7), 5);
    }
}
