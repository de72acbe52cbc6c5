//! Puts rows together with what an outside table answers for their keys, without ever waiting for it.
//!
//! A row that comes stands in a store until its key is answered and its turn has come to be sent. Keys that several rows
//! wait for are asked once. Watermarks stand between the rows they came between, and never leave before or behind one of
//! the others. What waits is all the state: after a restore it is asked for again.

mod asking;
mod keys;
mod queue;
mod whole;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Int8Array, Int64Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType as ArrowType, Field, Schema as ArrowSchema, SchemaRef};
use arrow_select::interleave::interleave_record_batch;
use dataflow::{Chunk, Epoch, Error, EvaluationContext};
use graph::{JoinKind, KeyValue, LookupJoin as Node, OnTimeout};
use model::RowKind;
use state::{Extent, NO_ROW, OperatorSnapshot, RowStore, SNAPSHOT_ROWS_MAX, TableSnapshot};

use self::keys::{AnswerId, Asked, Keys};
use self::queue::Queue;
use super::Build;
use super::calc::true_only;
use crate::expression::{Expression, Frame, arrow_error, columns_of};
use crate::operator::{Gauges, Moved, Operator, Output, ROUND_CHUNKS_MAX};

/// The table's name in snapshots: rows that wait.
const ROWS: &str = "rows";
/// Rows that wait, answered ones included, above which no more are taken in: a chunk more may be there.
const WAITING_ROWS_MAX: usize = 1 << 14;

pub(super) struct LookupJoin {
    width: usize,
    /// Of each key: a column of the input, or what stands for it.
    key_columns: Vec<usize>,
    asks: Option<Expression>,
    condition: Option<Condition>,
    keeps_left: bool,
    outputs: Vec<usize>,
    tells_timeout: bool,
    on_timeout: OnTimeout,
    partition: Vec<usize>,
    schema: SchemaRef,
    rows: RowStore,
    /// By the number of a row.
    held: Vec<Held>,
    /// Counts up as rows come.
    next: u64,
    queue: Queue,
    keys: Keys,
    context: Arc<EvaluationContext>,
    chunk_rows: usize,
    key_groups: u16,
    timed_out: u64,
    redirected: u64,
}

/// What is known of a row besides its columns.
#[derive(Debug, Clone, Copy)]
struct Held {
    kind: RowKind,
    place: u64,
    segment: u64,
    answer: Option<AnswerId>,
    /// It has not left.
    waits: bool,
}

/// What pairs must meet besides their keys.
struct Condition {
    holds: Expression,
    columns: Vec<usize>,
}

/// Rows of both sides, and whether the lookup took too long.
#[derive(Default)]
struct Pairs {
    left: Vec<u32>,
    right: Vec<u32>,
    timed_out: Vec<bool>,
}

impl Pairs {
    fn add(&mut self, left: u32, right: u32, timed_out: bool) {
        self.left.push(left);
        self.right.push(right);
        self.timed_out.push(timed_out);
    }
}

impl LookupJoin {
    pub fn new(build: &Build<'_>, node: &Node) -> Result<LookupJoin, Error> {
        let input = build.input()?;
        let key_columns = node.keys.iter().filter_map(|key| match key.value {
            KeyValue::Column(column) => Some(column),
            KeyValue::Constant(_) => None,
        });
        let mut operator = LookupJoin {
            width: input.len(),
            key_columns: key_columns.collect(),
            asks: node.asks.as_ref().map(Expression::new),
            condition: node.condition.as_ref().map(|condition| Condition {
                holds: Expression::new(condition),
                columns: columns_of([condition]),
            }),
            keeps_left: node.kind == JoinKind::Left,
            outputs: node.outputs.clone(),
            tells_timeout: node.tells_timeout,
            on_timeout: node.settings.on_timeout,
            partition: node.partition.clone(),
            schema: build.node.schema.arrow(),
            rows: RowStore::new(input.arrow()),
            held: Vec::new(),
            next: 0,
            queue: Queue::new(node.settings.ordered),
            keys: Keys::new(build, node)?,
            context: build.context.clone(),
            chunk_rows: build.options.chunk_rows,
            key_groups: build.options.key_groups,
            timed_out: 0,
            redirected: 0,
        };
        operator.restore(build)?;
        Ok(operator)
    }

    /// Rows that waited, in the order in which they came on their shard.
    fn restore(&mut self, build: &Build<'_>) -> Result<(), Error> {
        let keys = self.partition.len();
        let batches: Vec<RecordBatch> = build.restored(ROWS).collect();
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        let mut order: Vec<(i64, usize, usize)> = Vec::new();
        for (number, batch) in batches.iter().enumerate() {
            let places = batch.column(keys).as_primitive::<Int64Type>().values();
            order.extend(
                places
                    .iter()
                    .enumerate()
                    .map(|(row, &place)| (place, number, row)),
            );
        }
        order.sort_unstable();
        for part in order.chunks(SNAPSHOT_ROWS_MAX) {
            let indices: Vec<(usize, usize)> = part.iter().map(|&(_, batch, row)| (batch, row)).collect();
            let batch = interleave_record_batch(&batches, &indices).map_err(arrow_error)?;
            let codes = batch.column(keys + 1).as_primitive::<Int8Type>().values();
            let kinds = codes
                .iter()
                .map(|&code| kind_of(code))
                .collect::<Result<_, Error>>()?;
            let columns = batch.columns()[keys + 2..].to_vec();
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let batch = RecordBatch::try_new_with_options(self.rows.schema().clone(), columns, &options)
                .map_err(arrow_error)?;
            self.take_in(&Chunk {
                batch,
                kinds: Some(kinds),
            })?;
        }
        Ok(())
    }

    /// Notes rows and the keys that they wait for.
    fn take_in(&mut self, chunk: &Chunk) -> Result<(), Error> {
        let now_us = self.context.clock.now_us();
        let columns: Vec<ArrayRef> = self
            .key_columns
            .iter()
            .map(|column| chunk.batch.column(*column).clone())
            .collect();
        let asks = match &self.asks {
            Some(asks) => Some(true_only(
                asks.condition(&Frame::new(&chunk.batch), &self.context)?,
            )),
            None => None,
        };
        let asked = |row: usize| {
            // NULL equals nothing.
            columns.iter().all(|column| column.is_valid(row))
                && asks.as_ref().is_none_or(|asks| asks.value(row))
        };
        let asked: Vec<bool> = (0..chunk.rows()).map(asked).collect();
        let numbers = self.keys.numbers(&columns, &asked)?;
        self.rows.open(&chunk.batch);
        for (row, number) in numbers.into_iter().enumerate() {
            let kept = self.rows.keep(row);
            let mut held = Held {
                kind: chunk.kind(row),
                place: self.next,
                segment: self.queue.add(kept),
                answer: None,
                waits: true,
            };
            self.next += 1;
            let is_answered = match number {
                None => true,
                Some(number) => match self.keys.ask(number, kept, now_us)? {
                    Asked::Answered(answer) => {
                        held.answer = Some(answer);
                        true
                    }
                    Asked::Waits => false,
                },
            };
            match self.held.get_mut(kept as usize) {
                Some(place) => *place = held,
                None => self.held.push(held),
            }
            if is_answered {
                self.queue.answered(kept, held.segment);
            }
        }
        self.rows.close()
    }

    /// Asks for what is wanted, takes in what was answered, and sends what can be.
    fn work(&mut self, out: &mut Output) -> Result<(), Error> {
        let now_us = self.context.clock.now_us();
        for (row, answer) in self.keys.work(now_us, &self.context)? {
            let held = &mut self.held[row as usize];
            held.answer = Some(answer);
            self.queue.answered(row, held.segment);
        }
        let before = out.messages.len();
        while out.messages.len() - before < ROUND_CHUNKS_MAX && self.queue.has_ready() {
            self.send(out)?;
        }
        Ok(())
    }

    /// Sends about a chunk of rows, or what was to be told of time.
    fn send(&mut self, out: &mut Output) -> Result<(), Error> {
        if let Some(moved) = self.queue.take_time() {
            crate::exchange::send_moved(moved, out);
            return Ok(());
        }
        let mut rows = Vec::new();
        let mut pairs = 0;
        while pairs < self.chunk_rows
            && let Some(row) = self.queue.take_row()
        {
            pairs += self.found(row).len().max(1);
            rows.push(row);
        }
        let pairs = self.pairs(&rows)?;
        if !pairs.left.is_empty() {
            out.chunk(self.chunk(&pairs)?);
        }
        for &row in &rows {
            let held = &mut self.held[row as usize];
            held.waits = false;
            if let Some(answer) = held.answer.take() {
                self.keys.release(answer)?;
            }
        }
        self.rows.release(&rows)
    }

    /// Rows that have not left, in the order in which they came.
    fn waiting(&self) -> Vec<u32> {
        let all = 0..self.held.len() as u32;
        let mut rows: Vec<u32> = all.filter(|row| self.held[*row as usize].waits).collect();
        rows.sort_unstable_by_key(|row| self.held[*row as usize].place);
        rows
    }

    fn found(&self, row: u32) -> &[u32] {
        match self.held[row as usize].answer {
            Some(answer) => self.keys.found(answer),
            None => &[],
        }
    }

    /// What comes of rows, in their order.
    fn pairs(&mut self, rows: &[u32]) -> Result<Pairs, Error> {
        let matches = self.matches(rows)?;
        let mut pairs = Pairs::default();
        let mut match_number = 0;
        for &row in rows {
            let answer = self.held[row as usize].answer;
            if answer.is_some_and(|answer| self.keys.is_timed_out(answer)) {
                self.timed_out += 1;
                self.tell_timeouts();
                if self.on_timeout == OnTimeout::Redirect {
                    self.redirected += 1;
                    pairs.add(row, NO_ROW, true);
                    continue;
                }
            }
            let found = answer.map_or(&[][..], |answer| self.keys.found(answer));
            let before = pairs.left.len();
            for &right in found {
                if matches.as_ref().is_none_or(|matches| matches.value(match_number)) {
                    pairs.add(row, right, false);
                }
                match_number += 1;
            }
            if pairs.left.len() == before && self.keeps_left {
                pairs.add(row, NO_ROW, false);
            }
        }
        Ok(pairs)
    }

    /// Tells of the first row whose lookup took too long, of the tenth, and so on.
    fn tell_timeouts(&self) {
        if self
            .timed_out
            .checked_ilog10()
            .is_some_and(|digits| 10u64.pow(digits) == self.timed_out)
        {
            let (table, rows) = (self.keys.table(), self.timed_out);
            tracing::warn!(table, rows, policy = %self.on_timeout, "lookups took too long");
        }
    }

    /// Whether each pair with a row found meets the condition, if there is one.
    fn matches(&self, rows: &[u32]) -> Result<Option<BooleanArray>, Error> {
        let Some(condition) = &self.condition else {
            return Ok(None);
        };
        let mut pairs = Pairs::default();
        for &row in rows {
            for &right in self.found(row) {
                pairs.add(row, right, false);
            }
        }
        let mut columns = vec![None; self.width + self.keys.width()];
        for (&column, array) in condition
            .columns
            .iter()
            .zip(self.columns(&condition.columns, &pairs)?)
        {
            columns[column] = Some(array);
        }
        let frame = Frame::from_columns(columns, pairs.left.len());
        Ok(Some(true_only(condition.holds.condition(&frame, &self.context)?)))
    }

    fn chunk(&self, pairs: &Pairs) -> Result<Chunk, Error> {
        let kinds = || pairs.left.iter().map(|row| self.held[*row as usize].kind);
        let has_changes = kinds().any(|kind| kind != RowKind::Insert);
        let columns = self.columns(&self.outputs, pairs)?;
        let options = RecordBatchOptions::new().with_row_count(Some(pairs.left.len()));
        Ok(Chunk {
            batch: RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
                .map_err(arrow_error)?,
            kinds: has_changes.then(|| kinds().collect()),
        })
    }

    /// Columns among those of both sides, over pairs.
    fn columns(&self, columns: &[usize], pairs: &Pairs) -> Result<Vec<ArrayRef>, Error> {
        let of_left: Vec<usize> = columns
            .iter()
            .copied()
            .filter(|column| *column < self.width)
            .collect();
        let of_right: Vec<usize> = columns
            .iter()
            .filter_map(|column| column.checked_sub(self.width))
            .collect();
        let mut left = self.rows.gather_columns(&of_left, &pairs.left)?.into_iter();
        let mut right = self.keys.columns(&of_right, &pairs.right)?.into_iter();
        let column = |column: &usize| {
            let array = if *column < self.width {
                left.next()
            } else {
                right.next()
            };
            if self.tells_timeout && *column == self.width {
                return Ok(Arc::new(BooleanArray::from(pairs.timed_out.clone())) as ArrayRef);
            }
            array.ok_or_else(|| Error::internal("a column was asked for and not given"))
        };
        columns.iter().map(column).collect()
    }
}

impl Operator for LookupJoin {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        self.take_in(&chunk)?;
        self.work(out)
    }

    fn hold_time(&mut self, moved: Moved) -> Option<Moved> {
        if self.queue.is_empty() {
            return Some(moved);
        }
        self.queue.add_time(moved);
        None
    }

    fn is_full(&self) -> bool {
        self.keys.is_full() || self.rows.len() >= WAITING_ROWS_MAX
    }

    fn waits_outside(&self) -> bool {
        true
    }

    fn holds_rows(&self) -> bool {
        !self.queue.is_empty()
    }

    fn next_tick_ms(&self) -> Option<i64> {
        if self.queue.has_ready() {
            return Some(i64::MIN);
        }
        let due_us = self.keys.next_due_us()?;
        Some(due_us.div_euclid(1000) + i64::from(due_us.rem_euclid(1000) > 0))
    }

    fn tick(&mut self, _now_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.work(out)
    }

    fn end(&mut self, out: &mut Output) -> Result<(), Error> {
        self.work(out)
    }

    fn snapshot(&mut self, _epoch: Epoch, _extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let rows = self.waiting();
        let mut table = TableSnapshot::default();
        for part in rows.chunks(SNAPSHOT_ROWS_MAX) {
            let batch = self.rows.gather(part)?;
            let held = || part.iter().map(|row| self.held[*row as usize]);
            let mut fields: Vec<Field> = Vec::new();
            let mut columns: Vec<ArrayRef> = Vec::new();
            for &column in &self.partition {
                fields.push(
                    batch
                        .schema()
                        .field(column)
                        .clone()
                        .with_name(format!("key{column}")),
                );
                columns.push(batch.column(column).clone());
            }
            fields.push(Field::new("place", ArrowType::Int64, false));
            columns.push(Arc::new(Int64Array::from_iter_values(
                held().map(|held| held.place as i64),
            )));
            fields.push(Field::new("kind", ArrowType::Int8, false));
            columns.push(Arc::new(Int8Array::from_iter_values(
                held().map(|held| held.kind as i8),
            )));
            fields.extend(batch.schema().fields().iter().map(|field| field.as_ref().clone()));
            columns.extend_from_slice(batch.columns());
            let schema = Arc::new(ArrowSchema::new(fields));
            let batch = RecordBatch::try_new(schema, columns).map_err(arrow_error)?;
            table.add(&batch, self.partition.len(), self.key_groups)?;
        }
        snapshot.tables.insert(ROWS.to_string(), table);
        Ok(snapshot)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            lookups_timed_out: self.timed_out,
            rows_redirected: self.redirected,
            state_bytes: self.rows.size_bytes()
                + self.held.capacity() * size_of::<Held>()
                + self.keys.size_bytes()
                + self.queue.size_bytes(),
            ..Gauges::default()
        }
    }
}

fn kind_of(code: i8) -> Result<RowKind, Error> {
    let all = [
        RowKind::Insert,
        RowKind::UpdateBefore,
        RowKind::UpdateAfter,
        RowKind::Delete,
    ];
    let kind = all.into_iter().find(|kind| *kind as i8 == code);
    kind.ok_or_else(|| Error::internal(format!("no kind of rows has the number {code}")))
}
