//! What an operator of the engine is, and what follows its inputs.

use dataflow::{Chunk, Epoch, Error, Message, WATERMARK_MIN};
use state::spill::Tier;
use state::{Extent, OperatorSnapshot};

/// Chunks that an operator sends in one piece of work, about. What has more to send goes on in another, so that
/// neither a queue nor a stop waits for all of it.
pub(crate) const ROUND_CHUNKS_MAX: usize = 8;

/// Runs on one shard, is given messages one at a time and answers at once. Watermarks, barriers and ends of
/// several inputs have been joined before it hears of them, and are passed on behind what it answers.
pub(crate) trait Operator: Send {
    fn data(&mut self, input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error>;

    /// No row with a time at or before this is expected any more. It grows; but what was restored may be ahead.
    fn watermark(&mut self, _time_ms: i64, _out: &mut Output) -> Result<(), Error> {
        Ok(())
    }

    /// By how much event time is behind for those who follow.
    fn watermark_delay_ms(&self) -> i64 {
        0
    }

    /// Whether there is more to send for what it was last given. It is given nothing else then until
    /// [`Operator::resume`] has sent all of it.
    fn has_more(&self) -> bool {
        false
    }

    /// Sends another part of what there is more of.
    fn resume(&mut self, _out: &mut Output) -> Result<(), Error> {
        Ok(())
    }

    /// What was told of time is passed on behind what was sent, unless it is kept here (`None`), to be sent in its turn.
    fn hold_time(&mut self, moved: Moved) -> Option<Moved> {
        Some(moved)
    }

    /// Whether it waits for somebody outside, who wakes the shard. Rows may then leave at any [`Operator::tick`], up to
    /// a barrier also where other inputs of the shard still wait for it.
    fn waits_outside(&self) -> bool {
        false
    }

    /// Whether rows are yet to leave that came in: until they have, the end is not passed on.
    fn holds_rows(&self) -> bool {
        false
    }

    /// Whether nobody should send it more for now. What is on its way may still come.
    fn is_full(&self) -> bool {
        false
    }

    /// The last chance to send what belongs before a barrier.
    fn before_barrier(&mut self, _out: &mut Output) -> Result<(), Error> {
        Ok(())
    }

    /// What it must remember, all of it, or what has changed since it was last asked; asked at a barrier, or any time after
    /// the end. Tables that cannot tell what has changed say all.
    fn snapshot(&mut self, epoch: Epoch, extent: Extent) -> Result<OperatorSnapshot, Error> {
        let _ = (epoch, extent);
        Ok(OperatorSnapshot::default())
    }

    /// All inputs have ended.
    fn end(&mut self, _out: &mut Output) -> Result<(), Error> {
        Ok(())
    }

    /// When the wall clock reaches this, [`Operator::tick`] is called.
    fn next_tick_ms(&self) -> Option<i64> {
        None
    }

    fn tick(&mut self, _now_ms: i64, _out: &mut Output) -> Result<(), Error> {
        Ok(())
    }

    /// There is nothing to do at the moment.
    fn pause(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn gauges(&self) -> Gauges {
        Gauges::default()
    }
}

/// What an operator tells of itself.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Gauges {
    pub late_rows_dropped: u64,
    /// Late rows that corrected results which were told before.
    pub late_rows_refired: u64,
    /// Rows that went to another table: late ones, unreadable records, and rows whose lookup took too long.
    pub rows_redirected: u64,
    /// Rows without a time, which belong to no window.
    pub null_time_rows_dropped: u64,
    /// Rows with a NULL where none may be.
    pub null_rows_dropped: u64,
    /// Rows whose lookup took too long.
    pub lookups_timed_out: u64,
    /// State in memory, and in files that it did not fit beside.
    pub state_bytes: usize,
    pub spilled_bytes: u64,
    /// Keys that were looked for in those files.
    pub spill_lookups: u64,
}

impl Gauges {
    /// Of state that was spilled, if any can be.
    pub fn of_tier(tier: Option<&Tier>) -> Gauges {
        Gauges {
            spilled_bytes: tier.map_or(0, Tier::spilled_bytes),
            spill_lookups: tier.map_or(0, Tier::lookups),
            ..Gauges::default()
        }
    }
}

/// Where operators put what they send.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub messages: Vec<Message>,
}

impl Output {
    /// Sends rows; empty chunks are left out.
    pub fn chunk(&mut self, chunk: Chunk) {
        if chunk.rows() > 0 {
            self.messages.push(Message::Data(chunk));
        }
    }

    pub fn message(&mut self, message: Message) {
        self.messages.push(message);
    }

    pub fn rows(&self) -> usize {
        self.messages
            .iter()
            .map(|message| match message {
                Message::Data(chunk) => chunk.rows(),
                _ => 0,
            })
            .sum()
    }
}

/// How far several inputs are: the inputs of an operator, or the channels of an exchange.
#[derive(Debug)]
pub(crate) struct Inputs {
    states: Vec<InputState>,
    watermark: i64,
    idle: bool,
}

#[derive(Debug, Clone)]
struct InputState {
    watermark: i64,
    idle: bool,
    ended: bool,
    barrier: Epoch,
}

/// What became of all inputs together when one of them moved.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moved {
    pub idle: Option<bool>,
    pub watermark: Option<i64>,
}

impl Inputs {
    /// Inputs after a barrier of this epoch.
    pub fn new(count: usize, epoch: Epoch) -> Inputs {
        let state = InputState {
            watermark: WATERMARK_MIN,
            idle: false,
            ended: false,
            barrier: epoch,
        };
        Inputs {
            states: vec![state; count],
            watermark: WATERMARK_MIN,
            idle: false,
        }
    }

    pub fn current(&self) -> i64 {
        self.watermark
    }

    pub fn watermark(&mut self, input: usize, time_ms: i64) -> Moved {
        let state = &mut self.states[input];
        if time_ms <= state.watermark {
            return Moved::default();
        }
        state.watermark = time_ms;
        self.settle()
    }

    pub fn idle(&mut self, input: usize, idle: bool) -> Moved {
        self.states[input].idle = idle;
        self.settle()
    }

    /// Returns whether all have ended. An input that ended keeps its last watermark: if it was cut off, nobody
    /// may conclude that its rows are complete.
    pub fn end(&mut self, input: usize) -> bool {
        self.states[input].ended = true;
        self.all_ended()
    }

    pub fn all_ended(&self) -> bool {
        self.states.iter().all(|state| state.ended)
    }

    pub fn has_ended(&self, input: usize) -> bool {
        self.states[input].ended
    }

    pub fn barrier(&mut self, input: usize, epoch: Epoch) {
        self.states[input].barrier = epoch;
    }

    /// Whether this input has delivered the barrier that others still owe.
    pub fn is_ahead(&self, input: usize, epoch: Epoch) -> bool {
        self.states[input].barrier > epoch
    }

    /// The barrier that has passed all inputs; those that ended hold nothing back.
    pub fn aligned(&self) -> Option<Epoch> {
        self.states
            .iter()
            .filter(|state| !state.ended)
            .map(|state| state.barrier)
            .min()
    }

    fn settle(&mut self) -> Moved {
        let mut moved = Moved::default();
        let active = || self.states.iter().filter(|state| !state.idle);
        let all_idle = active().next().is_none();
        // Where all are idle the furthest of them speaks for all, as in Flink.
        let least = if all_idle {
            self.states.iter().map(|state| state.watermark).max()
        } else {
            active().map(|state| state.watermark).min()
        };
        if let Some(least) = least
            && least > self.watermark
        {
            self.watermark = least;
            moved.watermark = Some(least);
        }
        if all_idle != self.idle {
            self.idle = all_idle;
            moved.idle = Some(all_idle);
        }
        moved
    }
}
