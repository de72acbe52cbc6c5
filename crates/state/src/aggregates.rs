//! Accumulators of several aggregates side by side, one slot a group in each.

use arrow_array::{ArrayRef, BooleanArray, UInt32Array};
use dataflow::{Accumulator, AggregateFunction, Error};
use model::RowKind;

use crate::Slab;

pub struct Aggregates {
    accumulators: Vec<Box<dyn Accumulator>>,
    /// How many state columns each has.
    widths: Vec<usize>,
    slots: Slab,
    /// Slots the accumulators have room for.
    room: usize,
}

impl Aggregates {
    /// Of these functions, each with the number of its state columns.
    pub fn new<'a>(functions: impl IntoIterator<Item = (&'a dyn AggregateFunction, usize)>) -> Aggregates {
        let (accumulators, widths) = functions
            .into_iter()
            .map(|(function, width)| (function.accumulator(), width))
            .unzip();
        Aggregates {
            accumulators,
            widths,
            slots: Slab::default(),
            room: 0,
        }
    }

    /// An empty group. Call [`Aggregates::make_room`] before it is used.
    pub fn add_group(&mut self) -> u32 {
        self.slots.take()
    }

    pub fn groups(&self) -> usize {
        self.slots.in_use()
    }

    pub fn make_room(&mut self) {
        self.make_room_for(self.slots.high());
    }

    /// Makes room for groups `0..groups`, for those who number groups themselves.
    pub fn make_room_for(&mut self, groups: usize) {
        if groups > self.room {
            self.room = groups;
            for accumulator in &mut self.accumulators {
                accumulator.resize(groups);
            }
        }
    }

    /// Takes in rows with the arguments and the filter of aggregate number `aggregate`.
    pub fn update(
        &mut self,
        aggregate: usize,
        groups: &[u32],
        arguments: &[ArrayRef],
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        self.accumulators[aggregate].update(groups, arguments, filter, kinds)
    }

    /// Takes in partial aggregates: the state columns of all aggregates one after the other.
    pub fn merge(&mut self, groups: &[u32], mut state: &[ArrayRef]) -> Result<(), Error> {
        for (accumulator, &width) in self.accumulators.iter_mut().zip(&self.widths) {
            let (own, rest) = state.split_at(width);
            accumulator.merge(groups, own)?;
            state = rest;
        }
        Ok(())
    }

    /// Merges groups into others, pair by pair: `from[i]` into `into[i]`.
    pub fn merge_groups(&mut self, from: &[u32], into: &[u32]) -> Result<(), Error> {
        let from = UInt32Array::from(from.to_vec());
        for accumulator in &mut self.accumulators {
            let state = accumulator.state(&from)?;
            accumulator.merge(into, &state)?;
        }
        Ok(())
    }

    pub fn evaluate(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        self.accumulators
            .iter()
            .map(|accumulator| accumulator.evaluate(groups))
            .collect()
    }

    /// The state columns of all aggregates, one after the other.
    pub fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        let mut columns = Vec::new();
        for accumulator in &self.accumulators {
            columns.extend(accumulator.state(groups)?);
        }
        Ok(columns)
    }

    /// Empties the groups and gives their slots to the next.
    pub fn remove_groups(&mut self, groups: &[u32]) {
        self.clear(groups);
        self.slots.give_back(groups);
    }

    /// Empties groups, for those who number groups themselves.
    pub fn clear(&mut self, groups: &[u32]) {
        if !groups.is_empty() {
            for accumulator in &mut self.accumulators {
                accumulator.clear(groups);
            }
        }
    }

    pub fn len(&self) -> usize {
        self.accumulators.len()
    }

    pub fn is_empty(&self) -> bool {
        self.accumulators.is_empty()
    }

    pub fn size_bytes(&self) -> usize {
        self.accumulators
            .iter()
            .map(|accumulator| accumulator.size_bytes())
            .sum()
    }
}
