//! Joins whose rows wait for ever: each row is kept until it is taken back.
//!
//! Follows Flink's StreamingJoinOperator and StreamingSemiAntiJoinOperator row by row: where rows without a match
//! are given, every row counts what it matches, and what was given with NULLs is taken back with the first match
//! and given again with the last one gone.

use std::ops::Range;

use arrow_array::{Array, BooleanArray, RecordBatch, UInt32Array};
use arrow_buffer::NullBuffer;
use arrow_schema::SchemaRef;
use dataflow::{Chunk, Epoch, Error};
use graph::{Join, JoinKind};
use model::RowKind;
use state::{JoinInput, JoinTable, KeyCodec, NO_ROW, OperatorSnapshot};

use super::TABLES;
use super::pairs::{PairColumns, PairCondition, in_order, key_columns, strict_keys, take_columns};
use super::walk::Walk;
use crate::exchange::take_rows;
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::operators::Build;

pub(super) struct RegularJoin {
    rule: Rule,
    table: JoinTable,
    /// By input: its columns, the keys among them, and those of the keys that must not be NULL.
    schemas: [SchemaRef; 2],
    keys: [Vec<usize>; 2],
    strict: [Vec<usize>; 2],
    condition: Option<PairCondition>,
    outputs: PairColumns,
    schema: SchemaRef,
    chunk_rows: usize,
    key_groups: u16,
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
        let keys = [join.left_keys(), join.right_keys()];
        let key_types = keys[0]
            .iter()
            .map(|&key| left.schema.fields[key].data_type.arrow())
            .collect();
        let schemas = [left.schema.arrow(), right.schema.arrow()];
        let input = |number: usize, node: &graph::Node| JoinInput {
            schema: schemas[number].clone(),
            only_grows: node.changelog.is_insert_only(),
            counts_matches: rule.keeps[number] || (!rule.gives_pairs && number == 0),
        };
        let codec = KeyCodec::new(key_types).map_err(arrow_error)?;
        let table = JoinTable::new(codec, [input(0, left), input(1, right)]).map_err(arrow_error)?;
        let (width, right_width) = (left.schema.len(), right.schema.len());
        let mut operator = RegularJoin {
            rule,
            table,
            keys,
            strict: [
                strict_keys(&join.keys, 0, &left.schema),
                strict_keys(&join.keys, 1, &right.schema),
            ],
            condition: join
                .condition
                .as_ref()
                .map(|condition| PairCondition::new(build, condition, width, width + right_width)),
            outputs: PairColumns::new(&join.outputs, width),
            schemas,
            schema: build.node.schema.arrow(),
            chunk_rows: build.options.chunk_rows,
            key_groups: build.options.key_groups,
            pending: None,
        };
        if let Some(restored) = build.restored {
            for (side, name) in TABLES.iter().enumerate() {
                if let Some(table) = restored.tables.get(*name) {
                    for batch in table.of_shard(operator.key_groups, build.shard, build.shards) {
                        let keys = operator.keys[side].len();
                        operator.table.restore(side, batch, keys)?;
                    }
                }
            }
        }
        Ok(operator)
    }

    /// Deals with rows whose key agrees with nothing, and gives back the others.
    fn with_keys(&self, input: usize, chunk: Chunk, out: &mut Output) -> Result<Chunk, Error> {
        let mut valid: Option<NullBuffer> = None;
        for &column in &self.strict[input] {
            let nulls = chunk.batch.column(column).logical_nulls();
            valid = NullBuffer::union(valid.as_ref(), nulls.as_ref());
        }
        let Some(valid) = valid.filter(|valid| valid.null_count() > 0) else {
            return Ok(chunk);
        };
        let rows_where = |is_valid: bool| -> Vec<u32> {
            (0..chunk.rows() as u32)
                .filter(|&row| valid.is_valid(row as usize) == is_valid)
                .collect()
        };
        let is_given = if self.rule.gives_pairs {
            self.rule.keeps[input]
        } else {
            self.rule.is_anti && input == 0
        };
        if is_given {
            let mut given = Given::default();
            for row in rows_where(false) {
                given.add(row, NO_ROW, self.alone(chunk.kind(row as usize)), 1);
            }
            self.send(input, &chunk.batch, &given, out)?;
        }
        take_rows(&chunk, &UInt32Array::from(rows_where(true)))
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
        let pairs = pending.walk.candidates(side, self.chunk_rows);
        let met = match &self.condition {
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
        if kind.is_addition() {
            self.table.side_mut(input).add(key, number, pending.matches);
        } else {
            self.table.retract(input, key, number);
        }
    }

    fn send(&self, input: usize, batch: &RecordBatch, given: &Given, out: &mut Output) -> Result<(), Error> {
        let mut from = 0;
        while from < given.own.len() {
            let to = given.own.len().min(from + self.chunk_rows);
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
        let own = take_columns(batch, &self.outputs.of[input], &given.own[range.clone()])?;
        let other = self
            .table
            .side(1 - input)
            .gather(&self.outputs.of[1 - input], &given.other[range.clone()])
            .map_err(arrow_error)?;
        let of = in_order(input, own, other);
        let columns = self.outputs.put_together(&of).collect();
        let kinds = &given.kinds[range];
        let only_inserts = kinds.iter().all(|kind| *kind == RowKind::Insert);
        Ok(Chunk {
            batch: RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)?,
            kinds: (!only_inserts).then(|| kinds.into()),
        })
    }
}

impl Operator for RegularJoin {
    fn data(&mut self, input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let chunk = self.with_keys(input, chunk, out)?;
        if chunk.rows() == 0 {
            return Ok(());
        }
        let keys = key_columns(&chunk.batch, &self.keys[input]);
        let (keys, rows) = self
            .table
            .begin(input, &keys, chunk.batch.columns(), chunk.rows())
            .map_err(arrow_error)?;
        self.pending = Some(Pending {
            input,
            chunk,
            walk: Walk::new(keys),
            rows,
            matches: 0,
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
                self.table.finish(pending.input);
                return Ok(());
            }
        }
        self.pending = Some(pending);
        Ok(())
    }

    fn snapshot(&mut self, _epoch: Epoch) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        for (side, name) in TABLES.iter().enumerate() {
            let table = self
                .table
                .snapshot(side, &self.schemas[side], &self.keys[side], self.key_groups)?;
            snapshot.tables.insert((*name).to_string(), table);
        }
        Ok(snapshot)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            state_bytes: self.table.size_bytes(),
            ..Gauges::default()
        }
    }
}
