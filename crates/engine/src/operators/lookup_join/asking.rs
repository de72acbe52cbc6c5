//! Requests under way.
//!
//! Whoever answers a request wakes the shard, which polls that request only. One that others have
//! overtaken again and again does not count against those that may be under way: so a few that hang hold up nobody, and a
//! service that is slow with all of them is not asked for more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use arrow_array::RecordBatch;
use dataflow::lookup::poll;
use dataflow::{Error, Found, Looking, Lookup};

use crate::exchange::lock;
use crate::shared::ShardWaker;

/// A request is taken for one that hangs when so many times more answers have come since than may be under way,
const HANGS_AFTER_ROUNDS: u64 = 2;
/// or when it has taken this part of its time.
const HANGS_AFTER_PART: i64 = 8;
/// For each request that may be under way, so many that hang may be besides.
const HANGING_PER_REQUEST_MAX: usize = 4;

pub(super) struct Asking {
    lookup: Arc<dyn Lookup>,
    requests: HashMap<u64, Request>,
    /// Of those the ones that do not count.
    hanging: usize,
    requests_max: usize,
    timeout_us: i64,
    /// Counts answers.
    answered: u64,
    next: u64,
    signal: Arc<Signal>,
}

struct Request {
    looking: Looking,
    waker: Waker,
    keys: Vec<u32>,
    asked_us: i64,
    /// How many answers had come before it was asked.
    answered_before: u64,
    /// When its time is up.
    until_us: i64,
    hangs: bool,
}

/// What became of a request for some keys.
pub(super) enum Outcome {
    Found(Found),
    Failed(Error),
    TimedOut,
}

impl Asking {
    pub fn new(lookup: Arc<dyn Lookup>, capacity: usize, timeout: Duration, shard: ShardWaker) -> Asking {
        Asking {
            requests: HashMap::new(),
            hanging: 0,
            requests_max: capacity.min(lookup.requests_max()).max(1),
            timeout_us: micros(timeout),
            answered: 0,
            next: 0,
            signal: Arc::new(Signal {
                woken: AtomicBool::new(false),
                requests: Mutex::default(),
                shard,
            }),
            lookup,
        }
    }

    pub fn has_room(&self) -> bool {
        let counted = self.requests.len() - self.hanging;
        counted < self.requests_max
            && self.hanging <= self.requests_max.saturating_mul(HANGING_PER_REQUEST_MAX)
    }

    /// Asks for keys until a time. Gives what became of it if that is known at once.
    pub fn ask(
        &mut self,
        keys: Vec<u32>,
        batch: RecordBatch,
        now_us: i64,
        until_us: i64,
    ) -> Option<(Vec<u32>, Outcome)> {
        let number = self.next;
        self.next += 1;
        let waker = Waker::from(Arc::new(RequestWaker {
            request: number,
            signal: self.signal.clone(),
        }));
        let mut looking = self.lookup.look_up(batch);
        if let Poll::Ready(outcome) = poll(&mut looking, &mut Context::from_waker(&waker)) {
            return Some((keys, outcome.into()));
        }
        let request = Request {
            looking,
            waker,
            keys,
            asked_us: now_us,
            answered_before: self.answered,
            until_us,
            hangs: false,
        };
        self.requests.insert(number, request);
        None
    }

    /// Adds what has become of requests. Those whose time is up are given up.
    pub fn settle(&mut self, now_us: i64, out: &mut Vec<(Vec<u32>, Outcome)>) {
        for number in self.signal.take() {
            // One that was given up may still have waked.
            let Some(request) = self.requests.get_mut(&number) else {
                continue;
            };
            let mut context = Context::from_waker(&request.waker);
            if let Poll::Ready(outcome) = poll(&mut request.looking, &mut context)
                && let Some(request) = self.remove(number)
            {
                self.answered += u64::from(outcome.is_ok());
                out.push((request.keys, outcome.into()));
            }
        }
        let hangs_after_us = self.hangs_after_us();
        let hangs_after_answers = self.requests_max as u64 * HANGS_AFTER_ROUNDS;
        let mut over = Vec::new();
        for (&number, request) in &mut self.requests {
            if request.until_us <= now_us {
                over.push(number);
            } else if !request.hangs
                && (self.answered - request.answered_before >= hangs_after_answers
                    || request.asked_us.saturating_add(hangs_after_us) <= now_us)
            {
                request.hangs = true;
                self.hanging += 1;
            }
        }
        // A map gives its entries in an order of its own.
        over.sort_unstable();
        for number in over {
            out.extend(
                self.remove(number)
                    .map(|request| (request.keys, Outcome::TimedOut)),
            );
        }
    }

    /// How long a request counts at most against those that may be under way.
    fn hangs_after_us(&self) -> i64 {
        self.timeout_us / HANGS_AFTER_PART
    }

    fn remove(&mut self, number: u64) -> Option<Request> {
        let request = self.requests.remove(&number)?;
        self.hanging -= usize::from(request.hangs);
        Some(request)
    }

    /// When there is something to settle: at once if somebody was waked.
    pub fn next_due_us(&self) -> Option<i64> {
        if self.signal.woken.load(Ordering::Acquire) {
            return Some(i64::MIN);
        }
        let hangs_after_us = self.hangs_after_us();
        let due = |request: &Request| match request.hangs {
            true => request.until_us,
            false => request
                .until_us
                .min(request.asked_us.saturating_add(hangs_after_us)),
        };
        self.requests.values().map(due).min()
    }
}

impl From<Result<Found, Error>> for Outcome {
    fn from(outcome: Result<Found, Error>) -> Outcome {
        match outcome {
            Ok(found) => Outcome::Found(found),
            Err(error) => Outcome::Failed(error),
        }
    }
}

pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Which requests are worth polling.
struct Signal {
    woken: AtomicBool,
    requests: Mutex<Vec<u64>>,
    shard: ShardWaker,
}

impl Signal {
    fn take(&self) -> Vec<u64> {
        if !self.woken.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        std::mem::take(&mut *lock(&self.requests))
    }
}

struct RequestWaker {
    request: u64,
    signal: Arc<Signal>,
}

impl Wake for RequestWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        lock(&self.signal.requests).push(self.request);
        self.signal.woken.store(true, Ordering::Release);
        self.signal.shard.wake();
    }
}
