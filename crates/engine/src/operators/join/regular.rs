//! Joins whose rows wait for ever: each row is kept until it is taken back, or until it expires.
//!
//! Follows Flink's StreamingJoinOperator and StreamingSemiAntiJoinOperator row by row: where rows without a match
//! are given, every row counts what it matches, and what was given with NULLs is taken back with the first match
//! and given again with the last one gone.

use std::ops::Range;

use arrow_array::{BooleanArray, RecordBatch};
use dataflow::{Chunk, Epoch, Error};
use graph::{Join, JoinKind};
use model::RowKind;
use state::{Extent, JoinInput, JoinTable, Moment, NO_ROW, OperatorSnapshot};

use super::TABLES;
use super::pairs::{in_order, key_columns, take_columns};
use super::stage::Stage;
use super::walk::Walk;
use crate::expiry::Expiry;
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::operators::Build;

pub(super) struct RegularJoin {
    rule: Rule,
    table: JoinTable,
    stage: Stage,
    /// By input.
    expiries: [Expiry; 2],
    pending: Option<Pending>,
}

/// What becomes of rows with and without a match.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// Pairs are given; otherwise left rows are.
    gives_pairs: bool,
    /// By input: rows without a match are given with NULLs.
    keeps: [bool; 2],
    is_anti: bool,
}

/// A chunk of which not all pairs were given.
struct Pending {
    input: usize,
    chunk: Chunk,
    walk: Walk,
    /// The numbers of its rows.
    rows: Vec<u32>,
    /// How many rows the row at hand has matched.
    matches: u32,
    /// By input: the moment at which it is worked on.
    moments: [Moment; 2],
}

/// Rows to be given: places in the chunk at hand, and numbers of rows of the other input.
#[derive(Default)]
struct Given {
    own: Vec<u32>,
    other: Vec<u32>,
    kinds: Vec<RowKind>,
}

impl Given {
    #[inline]
    fn add(&mut self, own: u32, other: u32, kind: RowKind, count: u32) {
        for _ in 0..count {
            self.own.push(own);
            self.other.push(other);
            self.kinds.push(kind);
        }
    }
}

impl RegularJoin {
    pub fn new(build: &Build<'_>, join: &Join) -> Result<RegularJoin, Error> {
        let (left, right) = (build.nth_input(0)?, build.nth_input(1)?);
        let rule = Rule {
            gives_pairs: join.kind.has_right(),
            keeps: [join.kind.keeps_left(), join.kind.keeps_right()],
            is_anti: join.kind == JoinKind::Anti,
        };
        let stage = Stage::new(build, join)?;
        let expiries = [build.expiry(0), build.expiry(1)];
        let input = |number: usize, node: &graph::Node| JoinInput {
            schema: stage.schemas[number].clone(),
            keys: stage.keys[number].clone(),
            only_grows: node.changelog.is_insert_only() && !expiries[number].is_on(),
            counts_matches: rule.keeps[number] || (!rule.gives_pairs && number == 0),
        };
        let inputs = [input(0, left), input(1, right)];
        let mut table = JoinTable::new(stage.codec()?, inputs, stage.key_groups, build.state_budget())
            .map_err(arrow_error)?;
        let moments = [expiries[0].moment(), expiries[1].moment()];
        for (side, name) in TABLES.iter().enumerate() {
            for batch in build.restored(name) {
                table.restore(side, &batch, moments)?;
            }
        }
        Ok(RegularJoin {
            rule,
            table,
            stage,
            expiries,
            pending: None,
        })
    }

    /// Rows whose key agrees with nothing.
    fn apart(&self, input: usize, chunk: &Chunk, rows: Vec<u32>, out: &mut Output) -> Result<(), Error> {
        let is_given = if self.rule.gives_pairs {
            self.rule.keeps[input]
        } else {
            self.rule.is_anti && input == 0
        };
        if !is_given {
            return Ok(());
        }
        let mut given = Given::default();
        for row in rows {
            given.add(row, NO_ROW, self.alone(chunk.kind(row as usize)), 1);
        }
        self.send(input, &chunk.batch, &given, out)
    }

    /// The kind of a row given without a match.
    fn alone(&self, kind: RowKind) -> RowKind {
        match (self.rule.gives_pairs, kind.is_addition()) {
            (false, _) => kind,
            (true, true) => RowKind::Insert,
            (true, false) => RowKind::Delete,
        }
    }

    /// Works on as many pairs as make a chunk. Returns whether all are done.
    fn round(&mut self, pending: &mut Pending, out: &mut Output) -> Result<bool, Error> {
        let side = self.table.side(1 - pending.input);
        let pairs = pending
            .walk
            .candidates(side, pending.moments[1 - pending.input], self.stage.chunk_rows);
        let met = match &self.stage.condition {
            Some(condition) if !pairs.own.is_empty() => {
                let columns = &condition.columns.of;
                let own = take_columns(&pending.chunk.batch, &columns[pending.input], &pairs.own)?;
                let other = side
                    .gather(&columns[1 - pending.input], &pairs.others)
                    .map_err(arrow_error)?;
                let of = in_order(pending.input, own, other);
                Some(condition.met_by(&of, pairs.own.len())?)
            }
            _ => None,
        };
        let mut given = Given::default();
        let mut row = pairs.first_row;
        let mut begin = 0;
        for end in pairs.ends {
            self.match_row(
                pending,
                row,
                &pairs.others[begin..end],
                met.as_ref(),
                begin,
                &mut given,
            );
            self.end_row(pending, row, &mut given);
            pending.matches = 0;
            begin = end;
            row += 1;
        }
        if begin < pairs.others.len() {
            self.match_row(
                pending,
                row,
                &pairs.others[begin..],
                met.as_ref(),
                begin,
                &mut given,
            );
        }
        self.send(pending.input, &pending.chunk.batch, &given, out)?;
        Ok(pending.walk.is_done())
    }

    /// Pairs of one row: those of `others` for which `met` is true behind `from`.
    fn match_row(
        &mut self,
        pending: &mut Pending,
        row: usize,
        others: &[u32],
        met: Option<&BooleanArray>,
        from: usize,
        given: &mut Given,
    ) {
        let input = pending.input;
        let kind = pending.chunk.kind(row);
        let adds = kind.is_addition();
        let Rule {
            gives_pairs,
            keeps,
            is_anti,
        } = self.rule;
        let own_row = row as u32;
        let counts_other = keeps[1 - input] || (!gives_pairs && input == 1);
        let pair_kind = match (adds, keeps[input], keeps[1 - input]) {
            (true, false, false) | (false, false, _) => kind,
            (true, _, _) => RowKind::Insert,
            (false, true, _) => RowKind::Delete,
        };
        for (place, &other) in others.iter().enumerate() {
            if met.is_some_and(|met| !met.value(from + place)) {
                continue;
            }
            let count = self.table.side(1 - input).count(other);
            pending.matches += count;
            if gives_pairs && !adds {
                given.add(own_row, other, pair_kind, count);
            }
            if counts_other {
                let side = self.table.side_mut(1 - input);
                let matched = side.matches(other);
                let changes = matched == u32::from(!adds);
                side.set_matches(
                    other,
                    if adds {
                        matched + 1
                    } else {
                        matched.saturating_sub(1)
                    },
                );
                side.touch(other, pending.moments[1 - input]);
                if changes {
                    let alone = match (gives_pairs, is_anti, adds) {
                        (true, _, true) | (false, true, true) => RowKind::Delete,
                        (true, _, false) | (false, true, false) => RowKind::Insert,
                        (false, false, _) => kind,
                    };
                    given.add(NO_ROW, other, alone, count);
                }
            }
            if gives_pairs && adds {
                given.add(own_row, other, pair_kind, count);
            }
        }
    }

    /// All matches of a row are known.
    fn end_row(&mut self, pending: &Pending, row: usize, given: &mut Given) {
        let input = pending.input;
        let kind = pending.chunk.kind(row);
        let is_matched = pending.matches > 0;
        let is_given = if self.rule.gives_pairs {
            self.rule.keeps[input] && !is_matched
        } else {
            input == 0 && is_matched != self.rule.is_anti
        };
        if is_given {
            given.add(row as u32, NO_ROW, self.alone(kind), 1);
        }
        let (key, number) = (pending.walk.key(row), pending.rows[row]);
        let moment = pending.moments[input];
        self.table.expire(input, key, number, moment);
        if kind.is_addition() {
            self.table
                .side_mut(input)
                .add(key, number, pending.matches, moment);
        } else {
            self.table.retract(input, key, number, moment);
        }
    }

    fn send(&self, input: usize, batch: &RecordBatch, given: &Given, out: &mut Output) -> Result<(), Error> {
        let mut from = 0;
        while from < given.own.len() {
            let to = given.own.len().min(from + self.stage.chunk_rows);
            out.chunk(self.chunk(input, batch, given, from..to)?);
            from = to;
        }
        Ok(())
    }

    fn chunk(
        &self,
        input: usize,
        batch: &RecordBatch,
        given: &Given,
        range: Range<usize>,
    ) -> Result<Chunk, Error> {
        let own = take_columns(batch, &self.stage.outputs.of[input], &given.own[range.clone()])?;
        let other = self
            .table
            .side(1 - input)
            .gather(&self.stage.outputs.of[1 - input], &given.other[range.clone()])
            .map_err(arrow_error)?;
        let of = in_order(input, own, other);
        let kinds = &given.kinds[range];
        let only_inserts = kinds.iter().all(|kind| *kind == RowKind::Insert);
        Ok(Chunk {
            batch: self.stage.batch(&of)?,
            kinds: (!only_inserts).then(|| kinds.into()),
        })
    }
}

impl Operator for RegularJoin {
    fn data(&mut self, input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let stage = &self.stage;
        let chunk = stage.with_keys(input, chunk, |chunk, rows| self.apart(input, chunk, rows, out))?;
        if chunk.rows() == 0 {
            return Ok(());
        }
        let keys = key_columns(&chunk.batch, &self.stage.keys[input]);
        let moments = [self.expiries[0].moment(), self.expiries[1].moment()];
        let (keys, rows) = self
            .table
            .begin(input, &keys, chunk.batch.columns(), chunk.rows(), moments)?;
        self.pending = Some(Pending {
            input,
            chunk,
            walk: Walk::new(keys),
            rows,
            matches: 0,
            moments,
        });
        self.resume(out)
    }

    fn has_more(&self) -> bool {
        self.pending.is_some()
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        let Some(mut pending) = self.pending.take() else {
            return Ok(());
        };
        for _ in 0..ROUND_CHUNKS_MAX {
            if self.round(&mut pending, out)? {
                return self.table.finish(pending.input);
            }
        }
        self.pending = Some(pending);
        Ok(())
    }

    fn snapshot(&mut self, _epoch: Epoch, extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        for (name, table) in TABLES.iter().zip(self.table.snapshot(extent)?) {
            snapshot.tables.insert((*name).to_string(), table);
        }
        Ok(snapshot)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        let tick = |side: usize| self.expiries[side].next_tick_ms(self.table.has_ages(side));
        [tick(0), tick(1)].into_iter().flatten().min()
    }

    fn tick(&mut self, now_ms: i64, _out: &mut Output) -> Result<(), Error> {
        let table = &mut self.table;
        for (side, expiry) in self.expiries.iter_mut().enumerate() {
            expiry.sweep(now_ms, |looks, moment| table.sweep(side, looks, moment))?;
        }
        Ok(())
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            state_bytes: self.table.size_bytes(),
            ..Gauges::of_tier(self.table.tier())
        }
    }
}
