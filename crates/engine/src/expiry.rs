//! How operators forget state that nobody has written for as long as `table.exec.state.ttl` says.
//!
//! Age is told by the wall clock. What is over counts as gone at once; its memory is given back between the rows, a
//! little at a time: a round over all state begins four times in its life.

use std::sync::Arc;
use std::time::Duration;

use dataflow::EvaluationContext;
use state::Moment;

/// Keys, or rows, that are looked at in one piece of work.
const SWEPT_MAX: usize = 4096;
/// The pause between two pieces of a round, in which rows can pass.
const PAUSE_MS: i64 = 1;
/// Rounds in the life of state.
const ROUNDS: i64 = 4;

pub(crate) struct Expiry {
    ttl_ms: Option<i64>,
    context: Arc<EvaluationContext>,
    next_ms: i64,
}

impl Expiry {
    pub fn new(ttl: Option<Duration>, context: &Arc<EvaluationContext>) -> Expiry {
        let ttl_ms = ttl.map(|ttl| i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX));
        let mut expiry = Expiry {
            ttl_ms,
            context: context.clone(),
            next_ms: i64::MAX,
        };
        if ttl_ms.is_some() {
            expiry.next_ms = expiry.next_round(context.clock.now_ms());
        }
        expiry
    }

    pub fn context(&self) -> &Arc<EvaluationContext> {
        &self.context
    }

    /// Whether state is forgotten at all.
    pub fn is_on(&self) -> bool {
        self.ttl_ms.is_some()
    }

    /// The moment at which state is used now.
    pub fn moment(&self) -> Moment {
        match self.ttl_ms {
            None => Moment::TIMELESS,
            Some(_) => self.moment_at(self.context.clock.now_ms()),
        }
    }

    fn moment_at(&self, now_ms: i64) -> Moment {
        match self.ttl_ms {
            None => Moment::TIMELESS,
            Some(ttl_ms) => Moment {
                now_ms,
                // Of state that outlives time itself nothing is over; but it has its age.
                over_ms: now_ms.saturating_sub(ttl_ms).max(i64::MIN + 1),
            },
        }
    }

    fn next_round(&self, now_ms: i64) -> i64 {
        let pause_ms = self.ttl_ms.map_or(i64::MAX, |ttl_ms| ttl_ms / ROUNDS);
        now_ms.saturating_add(pause_ms.max(PAUSE_MS))
    }

    /// When to be called again for [`Expiry::sweep`], if there is anything that can be over.
    pub fn next_tick_ms(&self, has_ages: bool) -> Option<i64> {
        (self.is_on() && has_ages).then_some(self.next_ms)
    }

    /// Lets `sweep` look at some of the state, if it is time: so many things, which are judged as of a moment. It
    /// returns whether all have had their turn.
    pub fn sweep<E>(
        &mut self,
        now_ms: i64,
        sweep: impl FnOnce(usize, Moment) -> Result<bool, E>,
    ) -> Result<(), E> {
        if !self.is_on() || now_ms < self.next_ms {
            return Ok(());
        }
        self.next_ms = if sweep(SWEPT_MAX, self.moment_at(now_ms))? {
            self.next_round(now_ms)
        } else {
            now_ms.saturating_add(PAUSE_MS)
        };
        Ok(())
    }
}
