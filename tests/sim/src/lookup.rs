//! Rows of the simulated world that are looked up: `k` and `n`, seven times `k`, of every `k` that three does not divide.
//!
//! Answers take a while, never come, or fail. What is answered does not depend on when, so that a life ends as any other.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use dataflow::{Error, EvaluationContext, Found, Looking, Lookup, LookupRequest};

use crate::world::World;

/// Keys of a request.
const KEYS_MAX: usize = 3;
/// The longest that an answer takes which comes.
const ANSWER_US_MAX: u64 = 20_000;

#[derive(Debug)]
pub struct SimLookup {
    pub request: LookupRequest,
    pub context: Arc<EvaluationContext>,
    pub world: Arc<World>,
}

impl Lookup for SimLookup {
    fn keys_max(&self) -> usize {
        KEYS_MAX
    }

    fn look_up(&self, keys: RecordBatch) -> Looking {
        let delay_us = match self.world.chance(0.3) {
            true => 0,
            false => self.world.below(ANSWER_US_MAX) as i64,
        };
        let hangs = self.world.chance(0.1);
        Box::pin(Answer {
            found: self.find(&keys),
            due_us: (!hangs).then(|| self.context.clock.now_us() + delay_us),
            context: self.context.clone(),
            world: self.world.clone(),
        })
    }
}

impl SimLookup {
    fn find(&self, keys: &RecordBatch) -> Result<Found, Error> {
        self.world.fault("look up")?;
        let keys = keys.column(0).as_primitive::<Int64Type>();
        let there = keys.values().iter().enumerate().filter(|(_, key)| **key % 3 != 0);
        let (places, keys): (Vec<u32>, Vec<i64>) = there.map(|(place, key)| (place as u32, *key)).unzip();
        let columns = self.request.columns.names().map(|name| -> ArrayRef {
            let factor = if name == "n" { 7 } else { 1 };
            Arc::new(Int64Array::from_iter_values(keys.iter().map(|key| key * factor)))
        });
        let rows = RecordBatch::try_new(self.request.columns.arrow(), columns.collect());
        Ok(Found {
            rows: rows.map_err(|error| Error::internal(error.to_string()))?,
            keys: places,
        })
    }
}

struct Answer {
    found: Result<Found, Error>,
    /// `None`: it never comes.
    due_us: Option<i64>,
    context: Arc<EvaluationContext>,
    world: Arc<World>,
}

impl Future for Answer {
    type Output = Result<Found, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let own = self.get_mut();
        let now_us = own.context.clock.now_us();
        if own.due_us.is_some_and(|due_us| due_us <= now_us) {
            let again = Err(Error::internal("an answer was asked for twice"));
            return Poll::Ready(std::mem::replace(&mut own.found, again));
        }
        if let Some(due_us) = own.due_us {
            own.world.wake_at(due_us, context.waker().clone());
        }
        Poll::Pending
    }
}
