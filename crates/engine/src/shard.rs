//! A shard: the operators of a job that run on one thread, handing chunks to each other without queues.
//!
//! Work enters at inlets: sources, and receiving ends of exchanges. One step lets one inlet send, and works off
//! all that follows from it. Inlets far from the sources go first, so that what is under way is finished before
//! more is read; an inlet whose rows could reach a full queue waits. An operator may have more to send than fits
//! one step: it goes on in the next ones, and whatever comes for it meanwhile waits.
//!
//! At a barrier, an inlet that has delivered it is not read until all inlets of the shard have. That makes every
//! operator see what came before the barrier on all its inputs, and nothing of what came after. The clock waits
//! meanwhile: a window that it closes would send rows behind a barrier to those that still wait for theirs.

mod checkpoint;

use std::collections::VecDeque;
use std::sync::Arc;

use dataflow::{Committable, Epoch, Error, EvaluationContext, Message, WATERMARK_MAX, WATERMARK_MIN};
use graph::NodeId;
use state::OperatorId;

use crate::exchange::{Edge, Receiver, send_moved};
use crate::operator::{Inputs, Moved, Operator, Output};
use crate::shared::{Counters, ShardPart, Shared};
use crate::source::{Poll, SourceInlet, ValuesInlet};

/// Messages between two looks at an operator's gauges.
const GAUGE_INTERVAL: u32 = 64;
/// Time between two looks at the gauges of operators that do little.
const GAUGE_PAUSE_US: i64 = 1_000_000;

pub(crate) struct Shard {
    pub index: usize,
    pub nodes: Vec<NodeSlot>,
    /// Those farthest from the sources first.
    pub inlets: Vec<Inlet>,
    pub edges: Vec<Arc<Edge>>,
    pub shared: Arc<Shared>,
    pub context: Arc<EvaluationContext>,
    stack: Vec<(usize, usize, Message)>,
    output: Output,
    /// The last checkpoint that this shard knows of.
    epoch: Epoch,
    /// The last checkpoint whose barrier went out from its sources.
    injected: Epoch,
    /// Not all inlets have delivered the barrier of `epoch`.
    aligning: bool,
    part: ShardPart,
    prepared: Vec<(NodeId, Vec<Committable>)>,
    /// Operators and inlets that have said what they must remember at `epoch`.
    spoken: usize,
    /// Inlets in the order in which they are asked.
    order: Vec<usize>,
    /// How often an inlet has sent something.
    polls: u64,
    /// Rows have moved since sinks were last told of a pause.
    moved: bool,
    /// Operators that have more to send.
    backlogs: usize,
    /// Operators that hold rows though their input has ended.
    draining: usize,
    /// Some operator waits for somebody outside.
    waits_outside: bool,
    /// When gauges were last read though there was nothing to do.
    gauged_us: i64,
    ended: bool,
}

/// An operator in its place.
pub(crate) struct NodeSlot {
    pub node: NodeId,
    pub id: OperatorId,
    pub operator: Box<dyn Operator>,
    pub inputs: Inputs,
    /// What it knew of event time when it was restored. The inputs tell their watermarks anew, since those who
    /// follow must hear them again.
    pub restored_watermark: i64,
    pub targets: Vec<Target>,
    /// Where its rows can go on this shard.
    pub reach: Reach,
    pub backlog: Option<Backlog>,
    /// Its input has ended, and rows are yet to leave.
    pub draining: bool,
    pub is_sink: bool,
    /// The last barrier at which it has spoken.
    pub epoch: Epoch,
    /// Messages since its gauges were read.
    pub ungauged: u32,
}

/// What an operator has still to do before it can be given anything else.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    /// To be told behind what it sends.
    then: Moved,
    /// What has come for it meanwhile: of one step, since whoever could send it more is held.
    waiting: VecDeque<(usize, Message)>,
}

/// Exchanges and operators of this shard that rows can come to without passing another exchange.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    pub edges: Vec<usize>,
    pub slots: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// An operator of this shard and the input of it.
    Local { slot: usize, input: usize },
    /// An operator of this shard that takes, of a source, what could not be read, and none of the rows.
    Unreadable { slot: usize },
    /// An exchange.
    Edge(usize),
}

pub(crate) struct Inlet {
    pub kind: InletKind,
    pub targets: Vec<Target>,
    /// Where its rows can go on this shard.
    pub reach: Reach,
    pub ended: bool,
    /// When it last sent something, counted in polls.
    pub last_sent: u64,
    /// The last barrier it has delivered.
    pub epoch: Epoch,
}

pub(crate) enum InletKind {
    Source(SourceInlet),
    Values(ValuesInlet),
    Receiver(Receiver),
    /// The receiving end of an exchange that sends nothing to this shard.
    Closed,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Worked,
    /// Nothing to do before this time in microseconds, or before somebody wakes the shard.
    Waiting(Option<i64>),
    Ended,
}

impl Shard {
    pub fn new(
        index: usize,
        nodes: Vec<NodeSlot>,
        inlets: Vec<Inlet>,
        edges: Vec<Arc<Edge>>,
        shared: Arc<Shared>,
        context: Arc<EvaluationContext>,
    ) -> Shard {
        let inlet_count = inlets.len();
        let waits_outside = nodes.iter().any(|slot| slot.operator.waits_outside());
        Shard {
            index,
            nodes,
            inlets,
            edges,
            epoch: shared.epoch(),
            injected: shared.epoch(),
            shared,
            context,
            stack: Vec::new(),
            output: Output::default(),
            aligning: false,
            part: ShardPart::new(),
            prepared: Vec::new(),
            spoken: 0,
            order: (0..inlet_count).collect(),
            polls: 0,
            moved: false,
            backlogs: 0,
            draining: 0,
            waits_outside,
            gauged_us: i64::MIN,
            ended: false,
        }
    }

    /// Lets inlets that have nothing to send say so, and passes on that others have. Returns whether anything
    /// was said.
    fn begin(&mut self) -> Result<bool, Error> {
        let mut said = false;
        for inlet in 0..self.inlets.len() {
            let may_say = match &self.inlets[inlet].kind {
                InletKind::Source(source) => source.is_empty(),
                InletKind::Values(values) => values.is_empty(),
                InletKind::Closed | InletKind::Receiver(_) => true,
            };
            if may_say && !self.inlets[inlet].ended {
                said |= self.poll(inlet, self.context.clock.now_us(), true)? == Poll::Sent;
            }
        }
        Ok(said)
    }

    pub fn step(&mut self) -> Result<Step, Error> {
        if self.ended {
            return Ok(Step::Ended);
        }
        if self.shared.epoch() > self.injected {
            self.begin_checkpoint(self.shared.epoch())?;
            return Ok(Step::Worked);
        }
        let now_us = self.context.clock.now_us();
        if self.resume()? || self.tick(now_us)? {
            return Ok(Step::Worked);
        }
        let mut wake_us: Option<i64> = None;
        self.put_in_order();
        for eager in [false, true] {
            for position in 0..self.order.len() {
                let inlet = self.order[position];
                if self.is_held(inlet) {
                    continue;
                }
                match self.poll(inlet, now_us, eager)? {
                    Poll::Sent => {
                        self.polls += 1;
                        self.inlets[inlet].last_sent = self.polls;
                        return Ok(Step::Worked);
                    }
                    Poll::Waiting(until) => wake_us = earlier(wake_us, until),
                }
            }
            if !self.inlets.iter().any(Inlet::holds_rows) {
                break;
            }
        }
        if self.backlogs == 0 && self.draining == 0 && self.inlets.iter().all(|inlet| inlet.ended) {
            self.end()?;
            return Ok(Step::Ended);
        }
        if self.moved {
            self.moved = false;
            for slot in &mut self.nodes {
                slot.operator.pause()?;
            }
        }
        for slot in &self.nodes {
            // Whatever keeps the clock from it wakes the shard when it is over.
            if let Some(at_ms) = slot.operator.next_tick_ms()
                && self.may_tick(slot)
            {
                wake_us = earlier(wake_us, Some(at_ms.saturating_mul(1000)));
            }
        }
        Ok(Step::Waiting(earlier(wake_us, self.gauge_idle(now_us))))
    }

    /// Reads gauges that nobody has read since rows passed. Gives the time to come back for it, if that is too early.
    fn gauge_idle(&mut self, now_us: i64) -> Option<i64> {
        if self.nodes.iter().all(|slot| slot.ungauged == 0) {
            return None;
        }
        let due_us = self.gauged_us.saturating_add(GAUGE_PAUSE_US);
        if now_us < due_us {
            return Some(due_us);
        }
        self.gauged_us = now_us;
        for slot in self.nodes.iter_mut().filter(|slot| slot.ungauged > 0) {
            slot.gauge_now(&self.shared.counters[slot.node][self.index]);
        }
        None
    }

    /// Receivers first; of the sources the one that is behind in event time, so that none fills the state of
    /// operators that wait for another. A source without watermarks takes turns with it.
    fn put_in_order(&mut self) {
        let watermark = |inlet: &Inlet| match &inlet.kind {
            InletKind::Source(source) => source.event_time(),
            _ => None,
        };
        let live = self.inlets.iter().filter(|inlet| !inlet.ended);
        let behind = live.filter_map(watermark).min().unwrap_or(WATERMARK_MIN);
        let inlets = &self.inlets;
        self.order.sort_by_key(|&index| {
            let inlet = &inlets[index];
            match inlet.kind {
                InletKind::Receiver(_) => (false, index as i64, 0),
                _ => (true, watermark(inlet).unwrap_or(behind), inlet.last_sent),
            }
        });
    }

    /// Whether an inlet must not be read now.
    fn is_held(&self, inlet: usize) -> bool {
        let inlet = &self.inlets[inlet];
        inlet.ended
            || inlet.epoch > self.epoch
            || (self.aligning && inlet.epoch == self.epoch)
            || self.is_blocked(&inlet.reach)
    }

    /// Whether rows could come to a queue or an operator that is full, or to an operator that has more to send.
    fn is_blocked(&self, reach: &Reach) -> bool {
        let has_backlog = |&slot: &usize| self.nodes[slot].backlog.is_some();
        let is_full = |&slot: &usize| self.nodes[slot].operator.is_full();
        reach
            .edges
            .iter()
            .any(|&edge| self.edges[edge].is_full(self.index))
            || (self.backlogs > 0 && reach.slots.iter().any(has_backlog))
            || (self.waits_outside && reach.slots.iter().any(is_full))
    }

    fn may_tick(&self, slot: &NodeSlot) -> bool {
        // What came before the barrier must be able to leave, or an operator that is full would keep the barrier away.
        let is_before_barrier = slot.epoch < self.epoch && slot.operator.waits_outside();
        (!self.aligning || is_before_barrier)
            && slot.backlog.is_none()
            && (!slot.inputs.all_ended() || slot.draining)
            && !self.is_blocked(&slot.reach)
    }

    fn poll(&mut self, inlet: usize, now_us: i64, eager: bool) -> Result<Poll, Error> {
        let place = &mut self.inlets[inlet];
        let out = &mut self.output;
        let mut unreadable = Vec::new();
        let poll = match &mut place.kind {
            InletKind::Source(source) => {
                let counters = &self.shared.counters[source.node][self.index];
                let poll = source.poll(now_us, &self.context, &self.shared, out)?;
                let relaxed = std::sync::atomic::Ordering::Relaxed;
                counters.watermark.store(source.watermark(), relaxed);
                counters
                    .unreadable_rows_dropped
                    .store(source.unreadable_rows(), relaxed);
                let busy_us = self.context.clock.now_us() - now_us;
                Counters::add(&counters.busy_us, busy_us.max(0) as u64);
                Counters::add(&counters.rows_in, out.rows() as u64);
                Counters::add(&counters.rows_out, out.rows() as u64);
                if let Some(chunk) = source.take_unreadable(&self.context)? {
                    counters.rows_redirected.store(source.redirected_rows(), relaxed);
                    let slots = place.targets.iter().filter_map(|target| match target {
                        Target::Unreadable { slot } => Some((*slot, 0, Message::Data(chunk.clone()))),
                        Target::Local { .. } | Target::Edge(_) => None,
                    });
                    unreadable.extend(slots);
                }
                poll
            }
            InletKind::Values(values) => {
                let poll = values.poll(&self.context, out)?;
                let counters = &self.shared.counters[values.node][self.index];
                Counters::add(&counters.rows_in, out.rows() as u64);
                Counters::add(&counters.rows_out, out.rows() as u64);
                poll
            }
            InletKind::Receiver(receiver) => {
                let sent = receiver.poll(eager, out, &self.shared)?;
                if receiver.epoch() > place.epoch {
                    place.epoch = receiver.epoch();
                }
                if sent { Poll::Sent } else { Poll::Waiting(None) }
            }
            InletKind::Closed => {
                out.message(Message::Watermark(WATERMARK_MAX));
                out.message(Message::End);
                Poll::Sent
            }
        };
        if self.output.messages.is_empty() && unreadable.is_empty() {
            return Ok(poll);
        }
        let ended = self
            .output
            .messages
            .iter()
            .any(|message| matches!(message, Message::End));
        let has_rows = self
            .output
            .messages
            .iter()
            .any(|message| matches!(message, Message::Data(_)));
        self.moved |= has_rows || !unreadable.is_empty();
        self.dispatch(Place::Inlet(inlet))?;
        // On top of what was sent, so that the end is told behind it.
        self.stack.append(&mut unreadable);
        self.work()?;
        if ended {
            self.inlets[inlet].ended = true;
        }
        self.settle_alignment();
        Ok(poll)
    }

    /// Sends what stands in the output to whoever follows this place.
    fn dispatch(&mut self, place: Place) -> Result<(), Error> {
        let targets = match place {
            Place::Inlet(inlet) => &self.inlets[inlet].targets,
            Place::Slot(slot) => &self.nodes[slot].targets,
        };
        for message in &self.output.messages {
            for target in targets {
                if let Target::Edge(edge) = target {
                    self.edges[*edge].send(self.index, message, &self.shared)?;
                }
            }
        }
        let locals = |has_rows: bool| {
            targets.iter().rev().filter_map(move |target| match target {
                Target::Local { slot, input } => Some((*slot, *input)),
                Target::Unreadable { slot } if !has_rows => Some((*slot, 0)),
                Target::Unreadable { .. } | Target::Edge(_) => None,
            })
        };
        // Last in, first out: the first message for the first target is worked off first, with all that follows.
        for message in self.output.messages.drain(..).rev() {
            let has_rows = matches!(message, Message::Data(_));
            let mut message = Some(message);
            let mut left = locals(has_rows).count();
            for (slot, input) in locals(has_rows) {
                left -= 1;
                let copy = if left == 0 {
                    message.take()
                } else {
                    message.clone()
                };
                if let Some(copy) = copy {
                    self.stack.push((slot, input, copy));
                }
            }
        }
        Ok(())
    }

    /// Works off the stack.
    fn work(&mut self) -> Result<(), Error> {
        while let Some((slot, input, message)) = self.stack.pop() {
            if self.shared.has_failed() {
                self.stack.clear();
                return Ok(());
            }
            self.receive(slot, input, message)?;
            self.dispatch(Place::Slot(slot))?;
        }
        Ok(())
    }

    fn receive(&mut self, index: usize, input: usize, message: Message) -> Result<(), Error> {
        let slot = &mut self.nodes[index];
        if let Some(backlog) = &mut slot.backlog {
            backlog.waiting.push_back((input, message));
            return Ok(());
        }
        let out = &mut self.output;
        let counters = &self.shared.counters[slot.node][self.index];
        match message {
            Message::Data(chunk) => {
                let rows = chunk.rows() as u64;
                let began_us = self.context.clock.now_us();
                slot.operator.data(input, chunk, out)?;
                let busy_us = self.context.clock.now_us() - began_us;
                Counters::add(&counters.busy_us, busy_us.max(0) as u64);
                Counters::add(&counters.rows_in, rows);
                Counters::add(&counters.rows_out, out.rows() as u64);
                slot.gauge(counters);
                self.note_backlog(index, Moved::default());
            }
            Message::Watermark(time_ms) => {
                let moved = slot.inputs.watermark(input, time_ms);
                self.moved(index, moved)?;
            }
            Message::Idle(idle) => {
                let moved = slot.inputs.idle(input, idle);
                self.moved(index, moved)?;
            }
            Message::Barrier(epoch) => {
                slot.inputs.barrier(input, epoch);
                self.align(index)?;
            }
            Message::End => {
                if slot.inputs.end(input) {
                    slot.operator.end(out)?;
                    Counters::add(&counters.rows_out, out.rows() as u64);
                    slot.gauge_now(counters);
                    if slot.operator.holds_rows() && !self.shared.leaves_rows() {
                        slot.draining = true;
                        self.draining += 1;
                        if slot.epoch < self.epoch {
                            // No barrier comes any more, but those who follow wait for it.
                            out.message(Message::Barrier(self.epoch));
                            self.speak(index)?;
                        }
                    } else {
                        self.pass_on_end(index)?;
                    }
                } else {
                    self.align(index)?;
                }
            }
        }
        Ok(())
    }

    /// All rows of an operator have left.
    fn pass_on_end(&mut self, index: usize) -> Result<(), Error> {
        self.output.message(Message::End);
        if self.nodes[index].epoch < self.epoch {
            self.speak(index)?;
        }
        Ok(())
    }

    fn moved(&mut self, index: usize, mut moved: Moved) -> Result<(), Error> {
        let slot = &mut self.nodes[index];
        let had_watermark = moved.watermark.is_some();
        if let Some(time_ms) = moved.watermark {
            if time_ms != WATERMARK_MAX {
                let delay_ms = slot.operator.watermark_delay_ms();
                moved.watermark = Some(time_ms.saturating_sub(delay_ms));
            }
            let counters = &self.shared.counters[slot.node][self.index];
            let began_us = self.context.clock.now_us();
            slot.operator.watermark(time_ms, &mut self.output)?;
            let busy_us = self.context.clock.now_us() - began_us;
            Counters::add(&counters.busy_us, busy_us.max(0) as u64);
            Counters::add(&counters.rows_out, self.output.rows() as u64);
            counters
                .watermark
                .store(time_ms, std::sync::atomic::Ordering::Relaxed);
            slot.gauge(counters);
        }
        if moved != Moved::default() {
            moved = slot.operator.hold_time(moved).unwrap_or_default();
        }
        if had_watermark && self.note_backlog(index, moved) {
            return Ok(());
        }
        send_moved(moved, &mut self.output);
        Ok(())
    }

    /// Notes whether an operator has more to send, and what is to be told behind it.
    fn note_backlog(&mut self, index: usize, then: Moved) -> bool {
        let slot = &mut self.nodes[index];
        if slot.operator.has_more() {
            let waiting = VecDeque::new();
            slot.backlog = Some(Backlog { then, waiting });
            self.backlogs += 1;
        }
        slot.backlog.is_some()
    }

    /// Lets one operator go on that has more to send, those farthest from the sources first. Returns whether one
    /// did.
    fn resume(&mut self) -> Result<bool, Error> {
        if self.backlogs == 0 {
            return Ok(false);
        }
        let goes_on = |slot: &NodeSlot| slot.backlog.is_some() && !self.is_blocked(&slot.reach);
        let Some(index) = self.nodes.iter().rposition(goes_on) else {
            return Ok(false);
        };
        let slot = &mut self.nodes[index];
        let began_us = self.context.clock.now_us();
        slot.operator.resume(&mut self.output)?;
        let busy_us = self.context.clock.now_us() - began_us;
        let counters = &self.shared.counters[slot.node][self.index];
        Counters::add(&counters.busy_us, busy_us.max(0) as u64);
        Counters::add(&counters.rows_out, self.output.rows() as u64);
        slot.gauge(counters);
        self.moved |= !self.output.messages.is_empty();
        if !slot.operator.has_more()
            && let Some(backlog) = slot.backlog.take()
        {
            self.backlogs -= 1;
            send_moved(backlog.then, &mut self.output);
            // Below what is sent now, so that it is worked off behind it.
            let waiting = backlog.waiting.into_iter().rev();
            self.stack
                .extend(waiting.map(|(input, message)| (index, input, message)));
        }
        self.dispatch(Place::Slot(index))?;
        self.work()?;
        self.settle_alignment();
        Ok(true)
    }

    /// Runs what waits for the wall clock. Returns whether something did.
    fn tick(&mut self, now_us: i64) -> Result<bool, Error> {
        let now_ms = now_us.div_euclid(1000);
        let mut worked = false;
        for index in 0..self.nodes.len() {
            let slot = &self.nodes[index];
            let leaves_rows = slot.draining && self.shared.leaves_rows();
            let is_due = slot.operator.next_tick_ms().is_some_and(|at_ms| at_ms <= now_ms);
            if !(is_due || leaves_rows) || !self.may_tick(slot) {
                continue;
            }
            let slot = &mut self.nodes[index];
            slot.operator.tick(now_ms, &mut self.output)?;
            let counters = &self.shared.counters[slot.node][self.index];
            Counters::add(&counters.rows_out, self.output.rows() as u64);
            slot.gauge(counters);
            if slot.draining && (leaves_rows || !slot.operator.holds_rows()) {
                slot.draining = false;
                slot.gauge_now(counters);
                self.draining -= 1;
                self.pass_on_end(index)?;
            }
            self.note_backlog(index, Moved::default());
            self.moved |= !self.output.messages.is_empty();
            self.dispatch(Place::Slot(index))?;
            self.work()?;
            worked = true;
        }
        Ok(worked)
    }
}

/// To be done before any shard steps: those without splits must not hold back event time until their thread
/// gets a word in, or what is late would depend on when that is.
pub(crate) fn begin(shards: &mut [Shard]) -> Result<(), Error> {
    let mut said = true;
    while said {
        said = false;
        for shard in shards.iter_mut() {
            said |= shard.begin()?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Place {
    Inlet(usize),
    Slot(usize),
}

impl NodeSlot {
    /// Reads gauges now and then: to count state may take a while.
    fn gauge(&mut self, counters: &Counters) {
        self.ungauged += 1;
        if self.ungauged >= GAUGE_INTERVAL {
            self.gauge_now(counters);
        }
    }

    fn gauge_now(&mut self, counters: &Counters) {
        self.ungauged = 0;
        let gauges = self.operator.gauges();
        let relaxed = std::sync::atomic::Ordering::Relaxed;
        counters
            .late_rows_dropped
            .store(gauges.late_rows_dropped, relaxed);
        counters
            .late_rows_refired
            .store(gauges.late_rows_refired, relaxed);
        counters.rows_redirected.store(gauges.rows_redirected, relaxed);
        counters
            .null_time_rows_dropped
            .store(gauges.null_time_rows_dropped, relaxed);
        counters
            .null_rows_dropped
            .store(gauges.null_rows_dropped, relaxed);
        counters
            .lookups_timed_out
            .store(gauges.lookups_timed_out, relaxed);
        counters.state_bytes.store(gauges.state_bytes as u64, relaxed);
        counters.spilled_bytes.store(gauges.spilled_bytes, relaxed);
        counters.spill_lookups.store(gauges.spill_lookups, relaxed);
    }
}

impl Inlet {
    fn holds_rows(&self) -> bool {
        matches!(&self.kind, InletKind::Receiver(receiver) if receiver.holds_rows())
    }
}

pub(crate) fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
