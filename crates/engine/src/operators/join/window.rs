//! Joins of rows of equal windows, given when their window closes.
//!
//! Rows wait by the end of their window, unsorted; what they match is found out when it closes. A row whose window
//! has closed is late: it is dropped and counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, UInt32Array};
use arrow_schema::{Field, Schema, SchemaRef};
use arrow_select::take::take_record_batch;
use dataflow::{Chunk, Epoch, Error, EvaluationContext, WATERMARK_MAX, WATERMARK_MIN};
use graph::{Join, JoinKind, JoinWindow};
use model::TimeAttribute;
use state::{
    Extent, JoinRows, KeyCodec, KeySet, Moment, NO_ROW, OperatorSnapshot, SNAPSHOT_ROWS_MAX, Share,
    TableSnapshot,
};

use super::TABLES;
use super::pairs::{PairColumns, PairCondition, in_order, key_columns, strict_keys, take_columns};
use super::walk::Walk;
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::operators::Build;
use crate::window::time::{Zone, milliseconds};

pub(super) struct WindowJoin {
    kind: JoinKind,
    attribute: TimeAttribute,
    zone: Zone,
    context: Arc<EvaluationContext>,
    codec: KeyCodec,
    schemas: [SchemaRef; 2],
    /// By input: keys, those of them that must not be NULL, and the column of the window's end.
    keys: [Vec<usize>; 2],
    strict: [Vec<usize>; 2],
    ends: [usize; 2],
    condition: Option<PairCondition>,
    outputs: PairColumns,
    schema: SchemaRef,
    chunk_rows: usize,
    share: Share,
    /// The rows of both inputs by the end of their window in local time.
    open: BTreeMap<i64, [Vec<RecordBatch>; 2]>,
    bytes: usize,
    /// Windows that end (in local time) at or before this are closed.
    closed_end: i64,
    late_rows: u64,
    closing: Option<Closing>,
    /// What the last snapshot says of each input, by window.
    told: Option<[BTreeMap<i64, Told>; 2]>,
    /// Windows that have closed since. By processing time they may come again.
    closed: BTreeSet<i64>,
}

/// What a snapshot says of an input's rows of a window, which only grow until it closes.
struct Told {
    batches: usize,
    /// The window's end, as a column of one row.
    end: ArrayRef,
}

/// A window whose pairs are being given.
struct Closing {
    /// The input whose rows are held by their key, while those of the other one come along.
    held: usize,
    numbers: KeySet,
    rows: JoinRows,
    coming: std::vec::IntoIter<RecordBatch>,
    /// What has come, and how far it is.
    batch: Option<(RecordBatch, Walk)>,
    /// What the row at hand has matched.
    matched: bool,
}

/// Rows to be given: places in the batch at hand, and numbers of rows held.
#[derive(Default)]
struct Given {
    own: Vec<u32>,
    other: Vec<u32>,
}

impl WindowJoin {
    pub fn new(build: &Build<'_>, join: &Join, window: JoinWindow) -> Result<WindowJoin, Error> {
        let (left, right) = (build.nth_input(0)?, build.nth_input(1)?);
        let keys = [join.left_keys(), join.right_keys()];
        let key_types = keys[0]
            .iter()
            .map(|&key| left.schema.fields[key].data_type.arrow())
            .collect();
        let (width, right_width) = (left.schema.len(), right.schema.len());
        let mut operator = WindowJoin {
            kind: join.kind,
            attribute: window.attribute,
            zone: Zone::new(window.time_zone),
            context: build.context.clone(),
            codec: KeyCodec::new(key_types).map_err(arrow_error)?,
            schemas: [left.schema.arrow(), right.schema.arrow()],
            keys,
            strict: [
                strict_keys(&join.keys, 0, &left.schema),
                strict_keys(&join.keys, 1, &right.schema),
            ],
            ends: [window.left_end, window.right_end],
            condition: join
                .condition
                .as_ref()
                .map(|condition| PairCondition::new(build, condition, width, width + right_width)),
            outputs: PairColumns::new(&join.outputs, width),
            schema: build.node.schema.arrow(),
            chunk_rows: build.options.chunk_rows,
            share: build.share(),
            open: BTreeMap::new(),
            bytes: 0,
            closed_end: i64::MIN,
            late_rows: 0,
            closing: None,
            told: None,
            closed: BTreeSet::new(),
        };
        if let Some(restored) = build.restored {
            for (input, name) in TABLES.iter().enumerate() {
                for batch in build.restored(name) {
                    let columns = batch.columns()[operator.keys[input].len()..].to_vec();
                    let rows = RecordBatch::try_new(operator.schemas[input].clone(), columns)
                        .map_err(arrow_error)?;
                    operator.take_in(input, rows)?;
                }
            }
            if !operator.is_processing_time() {
                let watermark = restored.watermark.unwrap_or(WATERMARK_MIN);
                operator.closed_end = operator.zone.closed_end_ms(watermark);
            }
        }
        Ok(operator)
    }

    fn is_processing_time(&self) -> bool {
        self.attribute == TimeAttribute::Proctime
    }

    /// Puts rows to their windows; late ones are dropped and counted.
    fn take_in(&mut self, input: usize, batch: RecordBatch) -> Result<(), Error> {
        let column = batch.column(self.ends[input]);
        let ends = milliseconds(column)?;
        let mut windows: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for (row, &end) in ends.iter().enumerate() {
            if column.is_null(row) {
                continue;
            }
            if !self.is_processing_time() && end <= self.closed_end {
                self.late_rows += 1;
                continue;
            }
            windows.entry(end).or_default().push(row as u32);
        }
        for (end, rows) in windows {
            let part = if rows.len() == batch.num_rows() {
                batch.clone()
            } else {
                take_record_batch(&batch, &UInt32Array::from(rows)).map_err(arrow_error)?
            };
            self.bytes += part.get_array_memory_size();
            self.open.entry(end).or_default()[input].push(part);
        }
        Ok(())
    }

    /// Gives the rows of closed windows in the order of their ends, as many as one piece of work may.
    fn fire(&mut self, out: &mut Output) -> Result<(), Error> {
        for _ in 0..ROUND_CHUNKS_MAX {
            let mut closing = match self.closing.take() {
                Some(closing) => closing,
                None => match self.next_closing()? {
                    Some(closing) => closing,
                    None => return Ok(()),
                },
            };
            if !self.round(&mut closing, out)? {
                self.closing = Some(closing);
            }
        }
        // There may be nothing left, which the next piece of work finds out.
        if self.closing.is_none() {
            self.closing = self.next_closing()?;
        }
        Ok(())
    }

    fn next_closing(&mut self) -> Result<Option<Closing>, Error> {
        let Some(first) = self.open.first_entry() else {
            return Ok(None);
        };
        if *first.key() > self.closed_end {
            return Ok(None);
        }
        let (end, sides) = first.remove_entry();
        if self.told.is_some() {
            self.closed.insert(end);
        }
        let rows = |batches: &[RecordBatch]| batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        let held = match self.kind {
            JoinKind::Right => 0,
            JoinKind::Inner if rows(&sides[0]) < rows(&sides[1]) => 0,
            _ => 1,
        };
        for batch in sides.iter().flatten() {
            self.bytes -= batch.get_array_memory_size();
        }
        let mut numbers = KeySet::new(&self.codec);
        let mut held_rows =
            JoinRows::new(&self.schemas[held], true, self.kind == JoinKind::Full).map_err(arrow_error)?;
        let [left, right] = sides;
        let (kept, coming) = if held == 0 { (left, right) } else { (right, left) };
        for batch in kept {
            let keys = self.numbers(&mut numbers, held, &batch)?;
            let rows = held_rows
                .begin(batch.columns(), batch.num_rows(), numbers.high())
                .map_err(arrow_error)?;
            let valid = self.valid_keys(held, &batch);
            for (row, (key, number)) in keys.into_iter().zip(rows).enumerate() {
                // What agrees with nothing is found by nobody, and has no match in the end.
                if valid.as_ref().is_none_or(|valid| valid[row]) {
                    held_rows.add(key, number, 0, Moment::TIMELESS);
                }
            }
        }
        Ok(Some(Closing {
            held,
            numbers,
            rows: held_rows,
            coming: coming.into_iter(),
            batch: None,
            matched: false,
        }))
    }

    fn numbers(&self, set: &mut KeySet, input: usize, batch: &RecordBatch) -> Result<Vec<u32>, Error> {
        let keys = self
            .codec
            .encode(&key_columns(batch, &self.keys[input]))
            .map_err(arrow_error)?;
        let mut numbers = Vec::with_capacity(batch.num_rows());
        set.intern(&keys, 0..batch.num_rows(), &mut numbers);
        Ok(numbers)
    }

    /// Which rows have no NULL in their key; `None` if none has.
    fn valid_keys(&self, input: usize, batch: &RecordBatch) -> Option<Vec<bool>> {
        let columns: Vec<&ArrayRef> = self.strict[input]
            .iter()
            .map(|&column| batch.column(column))
            .filter(|column| column.null_count() > 0)
            .collect();
        if columns.is_empty() {
            return None;
        }
        let is_valid = |row: usize| columns.iter().all(|column| column.is_valid(row));
        Some((0..batch.num_rows()).map(is_valid).collect())
    }

    /// Gives about a chunk of pairs. Returns whether the window has been given.
    fn round(&self, closing: &mut Closing, out: &mut Output) -> Result<bool, Error> {
        if closing.batch.is_none() {
            let Some(batch) = closing.coming.next() else {
                self.send_unmatched(closing, out)?;
                return Ok(true);
            };
            let mut keys = self.numbers(&mut closing.numbers, 1 - closing.held, &batch)?;
            if let Some(valid) = self.valid_keys(1 - closing.held, &batch) {
                for (key, valid) in keys.iter_mut().zip(valid) {
                    if !valid {
                        *key = NO_ROW;
                    }
                }
            }
            closing.batch = Some((batch, Walk::new(keys)));
        }
        let Some((batch, mut walk)) = closing.batch.take() else {
            return Ok(false);
        };
        let input = 1 - closing.held;
        let pairs = walk.candidates(&closing.rows, Moment::TIMELESS, self.chunk_rows);
        let met = match &self.condition {
            Some(condition) if !pairs.own.is_empty() => {
                let own = take_columns(&batch, &condition.columns.of[input], &pairs.own)?;
                let other = closing
                    .rows
                    .gather(&condition.columns.of[closing.held], &pairs.others)
                    .map_err(arrow_error)?;
                Some(condition.met_by(&in_order(input, own, other), pairs.own.len())?)
            }
            _ => None,
        };
        let mut given = Given::default();
        let mut begin = 0;
        let mut row = pairs.first_row;
        for end in pairs.ends {
            self.match_row(
                closing,
                row,
                &pairs.others[begin..end],
                met.as_ref(),
                begin,
                &mut given,
            );
            self.end_row(closing, row, &mut given);
            closing.matched = false;
            begin = end;
            row += 1;
        }
        self.match_row(
            closing,
            row,
            &pairs.others[begin..],
            met.as_ref(),
            begin,
            &mut given,
        );
        self.send(closing, &batch, &given, out)?;
        if !walk.is_done() {
            closing.batch = Some((batch, walk));
        }
        Ok(false)
    }

    fn match_row(
        &self,
        closing: &mut Closing,
        row: usize,
        others: &[u32],
        met: Option<&BooleanArray>,
        from: usize,
        given: &mut Given,
    ) {
        for (place, &other) in others.iter().enumerate() {
            if met.is_some_and(|met| !met.value(from + place)) {
                continue;
            }
            closing.matched = true;
            if self.kind == JoinKind::Full {
                closing.rows.set_matches(other, 1);
            }
            if self.kind.has_right() {
                given.own.push(row as u32);
                given.other.push(other);
            }
        }
    }

    fn end_row(&self, closing: &Closing, row: usize, given: &mut Given) {
        let is_given = match self.kind {
            JoinKind::Inner => false,
            JoinKind::Semi => closing.matched,
            JoinKind::Left | JoinKind::Right | JoinKind::Full | JoinKind::Anti => !closing.matched,
        };
        if is_given {
            given.own.push(row as u32);
            given.other.push(NO_ROW);
        }
    }

    /// Rows held that nothing came for.
    fn send_unmatched(&self, closing: &Closing, out: &mut Output) -> Result<(), Error> {
        if self.kind != JoinKind::Full {
            return Ok(());
        }
        let rows = closing.rows.all().into_iter();
        let other: Vec<u32> = rows.filter(|&row| closing.rows.matches(row) == 0).collect();
        let own = vec![NO_ROW; other.len()];
        let nothing = RecordBatch::new_empty(self.schemas[1 - closing.held].clone());
        self.send(closing, &nothing, &Given { own, other }, out)
    }

    fn send(
        &self,
        closing: &Closing,
        batch: &RecordBatch,
        given: &Given,
        out: &mut Output,
    ) -> Result<(), Error> {
        let input = 1 - closing.held;
        let pieces = given
            .own
            .chunks(self.chunk_rows)
            .zip(given.other.chunks(self.chunk_rows));
        for (own, other) in pieces {
            let own = take_columns(batch, &self.outputs.of[input], own)?;
            let other = closing
                .rows
                .gather(&self.outputs.of[closing.held], other)
                .map_err(arrow_error)?;
            let of = in_order(input, own, other);
            let columns = self.outputs.put_together(&of).collect();
            let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)?;
            out.chunk(Chunk::inserts(batch));
        }
        Ok(())
    }
}

impl WindowJoin {
    fn tell(&self, input: usize) -> BTreeMap<i64, Told> {
        let windows = self.open.iter().filter_map(|(end, sides)| {
            let first = sides[input].first()?;
            let told = Told {
                batches: sides[input].len(),
                end: first.column(self.ends[input]).slice(0, 1),
            };
            Some((*end, told))
        });
        windows.collect()
    }

    /// The rows of an input, those that have come since `before` was told.
    fn table(&self, input: usize, before: Option<&BTreeMap<i64, Told>>) -> Result<TableSnapshot, Error> {
        let keys = self.keys[input].len();
        let mut table = match before {
            None => TableSnapshot::default(),
            Some(_) => TableSnapshot::of_changes(),
        };
        let closed = before
            .into_iter()
            .flatten()
            .filter(|(end, _)| self.closed.contains(end));
        for (_, told) in closed {
            let name = column_name(keys + self.ends[input]);
            let end = RecordBatch::try_from_iter([(name, told.end.clone())]).map_err(arrow_error)?;
            table.add_changed_everywhere(&end, self.share);
        }
        for (end, sides) in &self.open {
            let told = before
                .and_then(|before| before.get(end))
                .filter(|_| !self.closed.contains(end))
                .map_or(0, |told| told.batches);
            for batch in sides[input].iter().skip(told) {
                debug_assert!(batch.num_rows() <= SNAPSHOT_ROWS_MAX);
                // The keys stand in front once more: tables are cut by their first columns.
                let mut columns = key_columns(batch, &self.keys[input]);
                columns.extend_from_slice(batch.columns());
                let fields = columns.iter().enumerate();
                let fields: Vec<Field> = fields
                    .map(|(index, column)| Field::new(column_name(index), column.data_type().clone(), true))
                    .collect();
                let batch =
                    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(arrow_error)?;
                table.add(&batch, keys, self.share.key_groups)?;
            }
        }
        Ok(table)
    }
}

fn column_name(index: usize) -> String {
    format!("c{index}")
}

impl Operator for WindowJoin {
    fn data(&mut self, input: usize, chunk: Chunk, _out: &mut Output) -> Result<(), Error> {
        self.take_in(input, chunk.batch)
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
        if self.is_processing_time() && time_ms != WATERMARK_MAX {
            return Ok(());
        }
        self.closed_end = self.closed_end.max(self.zone.closed_end_ms(time_ms));
        self.fire(out)
    }

    fn has_more(&self) -> bool {
        self.closing.is_some()
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        self.fire(out)
    }

    fn snapshot(&mut self, _epoch: Epoch, extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let told = [self.tell(0), self.tell(1)];
        let before = self.told.replace(told).filter(|_| extent == Extent::Changes);
        for (input, name) in TABLES.iter().enumerate() {
            let before = before.as_ref().map(|before| &before[input]);
            snapshot
                .tables
                .insert((*name).to_string(), self.table(input, before)?);
        }
        self.closed.clear();
        Ok(snapshot)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        if !self.is_processing_time() {
            return None;
        }
        let (end, _) = self.open.first_key_value()?;
        Some(self.zone.timer_ms(end.saturating_sub(1)))
    }

    fn tick(&mut self, _now_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.closed_end = self.zone.closed_end_ms(self.context.clock.now_ms());
        self.fire(out)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            late_rows_dropped: self.late_rows,
            state_bytes: self.bytes,
            ..Gauges::default()
        }
    }
}
