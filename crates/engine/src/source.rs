//! Reads the splits of a source on one shard, and tells how far event time has come.
//!
//! Splits of a lane are read one after the other, lanes side by side: the one that is behind in time goes next, and
//! where there is no event time, lanes that all end are read one after the other.
//! The watermark of the shard is the least of its lanes. A watermark that a row carries follows directly behind
//! it wherever another row could tell the difference, so that what is late does not depend on the size of chunks.

mod alignment;
mod dealer;
mod lane;
mod unreadable;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use dataflow::{
    Boundedness, Chunk, Error, EvaluationContext, Message, ReadOutcome, Source, Unreadable, WATERMARK_MAX,
    WATERMARK_MIN,
};
use graph::{Expr, Node, NodeId, SourceNode};
use state::{LaneState, OperatorId, OperatorSnapshot, SplitState};

use crate::expression::{Expression, Frame, arrow_error};
use crate::operator::Output;
use crate::shard::earlier;
use crate::shared::Shared;
use crate::window::time::milliseconds;

pub(crate) use alignment::{Member, Members};
pub(crate) use dealer::Dealer;
use lane::{Lane, Piece, Rule, pieces};

/// Lanes of a source that a shard reads side by side, if they come to an end.
const OPEN_LANES_MAX: usize = 64;
/// Reads without a row before others get a turn: splits that have ended, or rows that were all passed over.
const EMPTY_READS_MAX: usize = 64;
/// How long a lane that is too far ahead of its group waits before it looks again.
const AHEAD_PAUSE_US: i64 = 1_000;

/// What an inlet did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Poll {
    Sent,
    /// Nothing, and nothing before this time in microseconds unless somebody wakes the shard.
    Waiting(Option<i64>),
}

pub(crate) struct SourceInlet {
    pub node: NodeId,
    pub id: OperatorId,
    shard: usize,
    source: Arc<dyn Source>,
    columns: Columns,
    watermark: Option<Watermark>,
    alignment: Option<Member>,
    chunk_rows: usize,
    dealer: Arc<Dealer>,
    /// Lanes that have not ended; the first ones are read.
    lanes: VecDeque<Lane>,
    open_lanes_max: usize,
    /// Whether lanes equally far take turns. Where nothing depends on it, one is read to its end before the next.
    take_turns: bool,
    /// Splits of lanes that have ended.
    finished: Vec<SplitState>,
    finished_lanes: BTreeMap<String, LaneState>,
    sent_watermark: i64,
    sent_idle: bool,
    /// Counts reads, so that lanes equally far take turns.
    reads: u64,
    /// Records that readers have passed over.
    unreadable_rows: u64,
    /// Records that could not be read and go to another table, and how many there were.
    unreadable: Vec<Unreadable>,
    redirected_rows: u64,
    table: String,
}

struct Columns {
    expressions: Vec<Expression>,
    /// The source's columns as they are.
    are_identity: bool,
    schema: SchemaRef,
}

struct Watermark {
    column: usize,
    expression: Expression,
    interval_ms: i64,
    seen_by_every_row: bool,
    idle_timeout_us: Option<i64>,
}

impl SourceInlet {
    pub fn new(
        node: NodeId,
        id: OperatorId,
        shard: usize,
        graph_node: &Node,
        source: &SourceNode,
        dealer: Arc<Dealer>,
        alignment: Option<Member>,
        chunk_rows: usize,
        restored: Option<&OperatorSnapshot>,
    ) -> SourceInlet {
        let is_identity =
            |(index, expr): (usize, &Expr)| matches!(expr, Expr::Column { index: own, .. } if *own == index);
        let are_identity = source.expressions.len() == source.read_schema.len()
            && source.expressions.iter().enumerate().all(is_identity);
        let mut inlet = SourceInlet {
            node,
            id,
            shard,
            source: source.source.clone(),
            columns: Columns {
                expressions: source.expressions.iter().map(Expression::new).collect(),
                are_identity,
                schema: graph_node.schema.arrow(),
            },
            watermark: source.watermark.as_ref().map(|spec| Watermark {
                column: spec.column,
                expression: Expression::new(&spec.expression),
                interval_ms: spec.interval.as_millis() as i64,
                seen_by_every_row: spec.seen_by_every_row,
                idle_timeout_us: spec
                    .idle_timeout
                    .filter(|timeout| !timeout.is_zero())
                    .map(|timeout| timeout.as_micros() as i64),
            }),
            alignment,
            chunk_rows,
            dealer,
            lanes: VecDeque::new(),
            open_lanes_max: if source.source.lanes_end() {
                OPEN_LANES_MAX
            } else {
                usize::MAX
            },
            take_turns: source.watermark.is_some() || source.source.boundedness() == Boundedness::Unbounded,
            finished: Vec::new(),
            finished_lanes: BTreeMap::new(),
            sent_watermark: WATERMARK_MIN,
            sent_idle: false,
            reads: 0,
            unreadable_rows: 0,
            unreadable: Vec::new(),
            redirected_rows: 0,
            table: source.table.clone(),
        };
        if let Some(splits) = inlet.dealer.take(shard) {
            inlet.add_splits(splits, restored);
        }
        inlet.tell_group();
        inlet
    }

    /// Whether it has nothing to read and never will.
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty() && !self.dealer.discovers()
    }

    /// Records passed over because the options say so.
    pub fn unreadable_rows(&self) -> u64 {
        self.unreadable_rows
    }

    /// Records that went to another table because they could not be read.
    pub fn redirected_rows(&self) -> u64 {
        self.redirected_rows
    }

    /// What could not be read since it was last asked, as rows. They stand before the positions that a snapshot would
    /// now tell.
    pub fn take_unreadable(&mut self, context: &EvaluationContext) -> Result<Option<Chunk>, Error> {
        if self.unreadable.is_empty() {
            return Ok(None);
        }
        let records = std::mem::take(&mut self.unreadable);
        self.redirected_rows += records.len() as u64;
        let batch = unreadable::rows(&self.table, &records, context.clock.now_us())?;
        Ok(Some(Chunk::inserts(batch)))
    }

    /// How far event time has come on this shard.
    pub fn watermark(&self) -> i64 {
        self.sent_watermark
    }

    /// The same, if this source tells event time at all.
    pub fn event_time(&self) -> Option<i64> {
        self.watermark.as_ref().map(|_| self.sent_watermark)
    }

    fn add_splits(&mut self, splits: Vec<SplitState>, restored: Option<&OperatorSnapshot>) {
        let lanes = self.lanes.iter().enumerate();
        let mut places: HashMap<String, usize> =
            lanes.map(|(index, lane)| (lane.name.clone(), index)).collect();
        for state in splits {
            let index = *places.entry(state.split.lane.clone()).or_insert_with_key(|name| {
                let known = self
                    .finished_lanes
                    .remove(name)
                    .or_else(|| restored.and_then(|snapshot| snapshot.lanes.get(name).copied()));
                self.lanes
                    .push_back(Lane::new(name.clone(), known.unwrap_or_default()));
                self.lanes.len() - 1
            });
            if state.ended {
                self.finished.push(state);
            } else {
                self.lanes[index].splits.push_back(state);
            }
        }
        // A lane that was read to its end before a restore must not hold back event time.
        let finished_lanes = &mut self.finished_lanes;
        self.lanes.retain(|lane| {
            if lane.splits.is_empty() {
                finished_lanes.insert(lane.name.clone(), lane.generator);
            }
            !lane.splits.is_empty()
        });
    }

    pub fn poll(
        &mut self,
        now_us: i64,
        context: &EvaluationContext,
        shared: &Shared,
        out: &mut Output,
    ) -> Result<Poll, Error> {
        let poll = self.poll_lanes(now_us, context, shared, out);
        self.tell_group();
        poll
    }

    fn poll_lanes(
        &mut self,
        now_us: i64,
        context: &EvaluationContext,
        shared: &Shared,
        out: &mut Output,
    ) -> Result<Poll, Error> {
        if shared.is_stopped() && !self.is_empty() {
            // No final watermark: what is open has not been seen to its end.
            shared.cut();
            out.message(Message::End);
            return Ok(Poll::Sent);
        }
        if self.dealer.discovers() {
            self.dealer.discover(now_us)?;
            if let Some(splits) = self.dealer.take(self.shard) {
                self.add_splits(splits, None);
            }
        }
        let mut wake_us = self.dealer.next_discovery_us();
        for _ in 0..EMPTY_READS_MAX {
            let Some(index) = self.next_lane(now_us) else {
                break;
            };
            self.reads += 1;
            self.lanes[index].last_read = self.reads;
            match self.read(index, now_us)? {
                ReadOutcome::Rows(batch) => {
                    self.send(index, Chunk::inserts(batch), now_us, context, out)?;
                    return Ok(Poll::Sent);
                }
                ReadOutcome::Changes(chunk) => {
                    self.send(index, chunk, now_us, context, out)?;
                    return Ok(Poll::Sent);
                }
                ReadOutcome::Pending(wait) => {
                    // Without a wait it is still not its turn again before others had theirs.
                    let wait_us = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX).max(1);
                    self.lanes[index].ready_us = now_us.saturating_add(wait_us);
                }
                ReadOutcome::End => self.end_split(index),
            }
            if !self.unreadable.is_empty() {
                return Ok(Poll::Sent);
            }
        }
        for index in 0..self.lanes.len().min(self.open_lanes_max) {
            let lane = &self.lanes[index];
            let is_ahead = lane.watermark > self.bound();
            let ready_us = if is_ahead {
                now_us + AHEAD_PAUSE_US
            } else {
                lane.ready_us
            };
            wake_us = earlier(wake_us, Some(ready_us));
            wake_us = earlier(wake_us, self.pause(index, now_us));
        }
        self.send_watermark(out);
        self.send_idle(out);
        if self.lanes.is_empty() && !self.dealer.discovers() {
            if self.sent_watermark < WATERMARK_MAX {
                self.sent_watermark = WATERMARK_MAX;
                out.message(Message::Watermark(WATERMARK_MAX));
            }
            out.message(Message::End);
        }
        Ok(if out.messages.is_empty() {
            Poll::Waiting(wake_us)
        } else {
            Poll::Sent
        })
    }

    /// Of the open lanes that may have rows, the one that is behind.
    fn next_lane(&self, now_us: i64) -> Option<usize> {
        let bound = self.bound();
        self.lanes
            .iter()
            .take(self.open_lanes_max)
            .enumerate()
            .filter(|(_, lane)| lane.ready_us <= now_us && lane.watermark <= bound)
            .min_by_key(|(_, lane)| (lane.watermark, if self.take_turns { lane.last_read } else { 0 }))
            .map(|(index, _)| index)
    }

    /// The watermark past which lanes wait for others.
    fn bound(&self) -> i64 {
        self.alignment.as_ref().map_or(WATERMARK_MAX, Member::bound)
    }

    /// Tells its group how far it has come: lanes that it does not read yet hold nobody back.
    fn tell_group(&self) {
        if let Some(member) = &self.alignment {
            let open = self.lanes.iter().take(self.open_lanes_max);
            let counted = open.filter(|lane| !lane.is_idle).map(|lane| lane.watermark);
            member.tell(counted.min().unwrap_or(WATERMARK_MAX));
        }
    }

    fn read(&mut self, index: usize, now_us: i64) -> Result<ReadOutcome, Error> {
        let lane = &mut self.lanes[index];
        let Some(split) = lane.splits.front() else {
            return Ok(ReadOutcome::End);
        };
        let reader = match &mut lane.reader {
            Some(reader) => reader,
            none => {
                lane.last_row_us.get_or_insert(now_us);
                lane.skipped = 0;
                none.insert(self.source.open(&split.split, split.position.as_ref())?)
            }
        };
        let outcome = reader.read(self.chunk_rows)?;
        let skipped = reader.skipped();
        self.unreadable_rows += skipped - lane.skipped;
        lane.skipped = skipped;
        self.unreadable.extend(reader.take_unreadable());
        match &outcome {
            ReadOutcome::Rows(batch) | ReadOutcome::Changes(Chunk { batch, .. }) if batch.num_rows() == 0 => {
                Ok(ReadOutcome::Pending(std::time::Duration::ZERO))
            }
            _ => Ok(outcome),
        }
    }

    fn end_split(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        if let Some(mut state) = lane.splits.pop_front() {
            state.position = lane
                .reader
                .take()
                .map(|reader| reader.position())
                .or(state.position);
            state.ended = true;
            self.finished.push(state);
        }
        if lane.splits.is_empty() {
            let lane = self.lanes.remove(index);
            self.finished_lanes
                .extend(lane.map(|lane| (lane.name, lane.generator)));
        }
    }

    fn send(
        &mut self,
        index: usize,
        chunk: Chunk,
        now_us: i64,
        context: &EvaluationContext,
        out: &mut Output,
    ) -> Result<(), Error> {
        let lane = &mut self.lanes[index];
        lane.last_row_us = Some(now_us);
        lane.is_idle = false;
        self.send_idle(out);
        self.send_rows(index, &chunk, context, out)
    }

    fn send_rows(
        &mut self,
        index: usize,
        chunk: &Chunk,
        context: &EvaluationContext,
        out: &mut Output,
    ) -> Result<(), Error> {
        let batch = self.columns.compute(&chunk.batch, context)?;
        let kinds = &chunk.kinds;
        let Some(watermark) = &self.watermark else {
            let kinds = kinds.clone();
            out.chunk(Chunk { batch, kinds });
            return Ok(());
        };
        let rowtime = batch.column(watermark.column);
        if rowtime.null_count() > 0 {
            return Err(Error::evaluation(
                "RowTime field should not be null, please convert it to a non-null long value.",
            ));
        }
        let times = milliseconds(rowtime)?;
        let carried = watermark.expression.array(&Frame::new(&batch), context)?;
        let carried_ms = milliseconds(&carried)?;
        let others = self.least_watermark(Some(index));
        let rule = Rule {
            interval_ms: watermark.interval_ms,
            seen_by_every_row: watermark.seen_by_every_row,
        };
        let lane = &mut self.lanes[index];
        let cut = pieces(
            &times,
            &carried_ms,
            carried.nulls(),
            rule,
            others,
            &mut lane.generator,
        );
        for piece in cut {
            match piece {
                Piece::Rows(from, to) if from == 0 && to == batch.num_rows() => {
                    let (batch, kinds) = (batch.clone(), kinds.clone());
                    out.chunk(Chunk { batch, kinds });
                }
                Piece::Rows(from, to) => out.chunk(Chunk {
                    batch: batch.slice(from, to - from),
                    kinds: kinds.as_ref().map(|kinds| kinds[from..to].into()),
                }),
                Piece::Watermark(time_ms) => {
                    self.lanes[index].watermark = time_ms;
                    self.send_watermark(out);
                }
            }
        }
        Ok(())
    }

    /// What a pause does to a lane; returns when to look again.
    fn pause(&mut self, index: usize, now_us: i64) -> Option<i64> {
        let Watermark {
            interval_ms,
            idle_timeout_us,
            ..
        } = self.watermark.as_ref()?;
        let lane = &mut self.lanes[index];
        let mut look_us = None;
        if lane.generator.current > lane.generator.sent {
            let due_us = lane
                .pause_began_us
                .get_or_insert(now_us)
                .saturating_add(interval_ms * 1000);
            if now_us >= due_us {
                lane.generator.sent = lane.generator.current;
                lane.watermark = lane.generator.current;
                lane.pause_began_us = None;
            } else {
                look_us = Some(due_us);
            }
        } else {
            lane.pause_began_us = None;
        }
        if let (Some(timeout_us), Some(since_us)) = (idle_timeout_us, lane.last_row_us) {
            let due_us = since_us.saturating_add(*timeout_us);
            if now_us >= due_us {
                lane.is_idle = true;
            } else {
                look_us = earlier(look_us, Some(due_us));
            }
        }
        look_us
    }

    /// The least watermark of the lanes that count, leaving one out.
    fn least_watermark(&self, except: Option<usize>) -> i64 {
        self.lanes
            .iter()
            .enumerate()
            .filter(|(index, lane)| Some(*index) != except && !lane.is_idle)
            .map(|(_, lane)| lane.watermark)
            .min()
            .unwrap_or(WATERMARK_MAX)
    }

    fn send_watermark(&mut self, out: &mut Output) {
        if self.watermark.is_none() || self.lanes.is_empty() {
            return;
        }
        let least = if self.lanes.iter().all(|lane| lane.is_idle) {
            // Nobody is waited for: the furthest speaks for all, as where channels meet.
            self.lanes
                .iter()
                .map(|lane| lane.watermark)
                .max()
                .unwrap_or(WATERMARK_MIN)
        } else {
            self.least_watermark(None)
        };
        if least > self.sent_watermark {
            self.sent_watermark = least;
            out.message(Message::Watermark(least));
        }
    }

    fn send_idle(&mut self, out: &mut Output) {
        // Without any lane there is nothing to wait for, until one is discovered.
        let idle =
            self.lanes.iter().all(|lane| lane.is_idle) && (self.watermark.is_some() || self.lanes.is_empty());
        let ends = self.lanes.is_empty() && !self.dealer.discovers();
        if idle != self.sent_idle && !ends {
            self.sent_idle = idle;
            out.message(Message::Idle(idle));
        }
    }

    pub fn snapshot(&self) -> OperatorSnapshot {
        let mut snapshot = OperatorSnapshot::default();
        for state in &self.finished {
            snapshot.splits.insert(state.split.id.clone(), state.clone());
        }
        snapshot.lanes.extend(self.finished_lanes.clone());
        for lane in &self.lanes {
            snapshot.lanes.insert(lane.name.clone(), lane.generator);
            for (index, state) in lane.splits.iter().enumerate() {
                let mut state = state.clone();
                if let (0, Some(reader)) = (index, &lane.reader) {
                    state.position = Some(reader.position());
                }
                snapshot.splits.insert(state.split.id.clone(), state);
            }
        }
        snapshot
    }
}

impl Columns {
    fn compute(&self, batch: &RecordBatch, context: &EvaluationContext) -> Result<RecordBatch, Error> {
        let rows = batch.num_rows();
        let columns = if self.are_identity {
            batch.columns().to_vec()
        } else {
            let frame = Frame::new(batch);
            self.expressions
                .iter()
                .map(|expression| expression.array(&frame, context))
                .collect::<Result<_, _>>()?
        };
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(arrow_error)
    }
}

/// A fixed list of rows, sent once by the first shard.
pub(crate) struct ValuesInlet {
    pub node: NodeId,
    pub id: OperatorId,
    rows: VecDeque<Vec<Expression>>,
    schema: SchemaRef,
    chunk_rows: usize,
    has_sent: bool,
}

/// The name under which a snapshot notes that fixed rows have been sent.
const SENT: &str = "sent";

impl ValuesInlet {
    pub fn new(
        node: NodeId,
        id: OperatorId,
        schema: SchemaRef,
        rows: &[Vec<Expr>],
        chunk_rows: usize,
        restored: Option<&OperatorSnapshot>,
    ) -> ValuesInlet {
        let has_sent = restored.is_some_and(|snapshot| snapshot.lanes.contains_key(SENT));
        let rows = rows.iter().filter(|_| !has_sent);
        let rows = rows.map(|row| row.iter().map(Expression::new).collect());
        ValuesInlet {
            node,
            id,
            rows: rows.collect(),
            schema,
            chunk_rows,
            has_sent,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn poll(&mut self, context: &EvaluationContext, out: &mut Output) -> Result<Poll, Error> {
        let rows: Vec<Vec<Expression>> = self.rows.drain(..).collect();
        self.has_sent |= !rows.is_empty();
        let nothing = Frame::from_columns(Vec::new(), 1);
        for part in rows.chunks(self.chunk_rows.max(1)) {
            let mut columns = Vec::with_capacity(self.schema.fields().len());
            for column in 0..self.schema.fields().len() {
                let values = part
                    .iter()
                    .map(|row| row[column].array(&nothing, context))
                    .collect::<Result<Vec<_>, _>>()?;
                let values: Vec<&dyn arrow_array::Array> =
                    values.iter().map(|value| value.as_ref()).collect();
                columns.push(arrow_select::concat::concat(&values).map_err(arrow_error)?);
            }
            let options = RecordBatchOptions::new().with_row_count(Some(part.len()));
            let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
            out.chunk(Chunk::inserts(batch.map_err(arrow_error)?));
        }
        out.message(Message::Watermark(WATERMARK_MAX));
        out.message(Message::End);
        Ok(Poll::Sent)
    }

    /// Told once by the shard that has the rows: they are sent all at once or not at all.
    pub fn snapshot(&self) -> OperatorSnapshot {
        let mut snapshot = OperatorSnapshot::default();
        if self.has_sent {
            snapshot.lanes.insert(SENT.to_string(), LaneState::default());
        }
        snapshot
    }
}
