//! Which deployments to look at, and when. Each is looked at by one task at a time.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Mutex;

use model::id::DeploymentId;
use tokio::sync::Notify;

use crate::lock;

/// Holds each deployment at most once, so that it is bounded by their number.
#[derive(Default)]
pub struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    due: BTreeSet<(i64, DeploymentId)>,
    times: HashMap<DeploymentId, i64>,
    busy: HashSet<DeploymentId>,
    /// Nudged while busy: to be looked at again at once.
    again: HashSet<DeploymentId>,
    /// When it was last asked what is due.
    last_ms: i64,
    closed: bool,
}

impl State {
    /// The earlier of this time and the one it has.
    fn schedule(&mut self, id: DeploymentId, at_ms: i64) {
        match self.times.get(&id) {
            Some(&before) if before <= at_ms => return,
            Some(&before) => {
                self.due.remove(&(before, id));
            }
            None => {}
        }
        self.times.insert(id, at_ms);
        self.due.insert((at_ms, id));
    }
}

impl Queue {
    /// Look at it now.
    pub fn nudge(&self, id: DeploymentId) {
        {
            let mut state = lock(&self.state);
            if state.busy.contains(&id) {
                state.again.insert(id);
            } else {
                state.schedule(id, i64::MIN);
            }
        }
        self.changed.notify_one();
    }

    /// Takes what is due, at most so many.
    pub fn take(&self, now_ms: i64, count_max: usize) -> Vec<DeploymentId> {
        let mut state = lock(&self.state);
        if now_ms < state.last_ms {
            // The clock was set back: times that were meant to be near may lie far ahead now.
            let ids: Vec<DeploymentId> = state.times.keys().copied().collect();
            for id in ids {
                state.schedule(id, now_ms);
            }
        }
        state.last_ms = now_ms;
        let mut taken = Vec::new();
        while taken.len() < count_max {
            let Some(&(at_ms, id)) = state.due.first() else {
                break;
            };
            if at_ms > now_ms {
                break;
            }
            state.due.pop_first();
            state.times.remove(&id);
            state.busy.insert(id);
            taken.push(id);
        }
        taken
    }

    /// It was looked at; look again at this time, or when nudged.
    pub fn done(&self, id: DeploymentId, next_ms: Option<i64>) {
        {
            let mut state = lock(&self.state);
            state.busy.remove(&id);
            if state.again.remove(&id) {
                state.schedule(id, i64::MIN);
            } else if let Some(at_ms) = next_ms {
                state.schedule(id, at_ms);
            }
        }
        self.changed.notify_one();
    }

    pub fn next_due_ms(&self) -> Option<i64> {
        lock(&self.state).due.first().map(|(at_ms, _)| *at_ms)
    }

    pub fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_one();
    }

    pub fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }

    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> DeploymentId {
        DeploymentId::new(0, number)
    }

    #[test]
    fn each_is_taken_once_and_a_nudge_while_busy_is_not_lost() {
        let queue = Queue::default();
        queue.nudge(id(1));
        queue.nudge(id(1));
        assert_eq!(queue.take(0, 9), [id(1)]);
        queue.nudge(id(1));
        assert!(queue.take(0, 9).is_empty());
        queue.done(id(1), Some(100));
        assert_eq!(queue.take(0, 9), [id(1)]);
        queue.done(id(1), Some(100));
        assert!(queue.take(99, 9).is_empty());
        assert_eq!(queue.next_due_ms(), Some(100));
        assert_eq!(queue.take(100, 9), [id(1)]);
        queue.done(id(1), None);
        assert!(queue.next_due_ms().is_none());
    }
    #[test]
    fn a_clock_that_is_set_back_leaves_nobody_waiting() {
        let queue = Queue::default();
        queue.nudge(id(1));
        assert_eq!(queue.take(86_400_000, 9), [id(1)]);
        queue.done(id(1), Some(86_401_000));
        assert_eq!(queue.take(5, 9), [id(1)]);
        queue.done(id(1), Some(1_005));
        assert!(queue.take(6, 9).is_empty());
    }
}
