//! Keys that rows wait for, what was answered for them, and what is remembered of that.
//!
//! A key is asked once however many rows wait for it. An answer lives as long as a row is yet to be sent with it, or the
//! cache keeps it.

use std::collections::{BTreeSet, VecDeque};

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::SchemaRef;
use arrow_select::filter::{filter, filter_record_batch};
use dataflow::{CallSite, Error, EvaluationContext, Found};
use graph::{KeyValue, LookupCache, LookupJoin as Node, LookupSettings, OnTimeout};
use model::{Schema, Span};
use state::{KeyCodec, KeySet, RowStore, Slab};

use super::super::Build;
use super::super::calc::true_only;
use super::asking::{Asking, Outcome, micros};
use super::whole::Whole;
use crate::expression::{Expression, Frame, arrow_error, expand};

/// The pause before a request that failed is made again, once for each time that it has failed.
pub(super) const RETRY_PAUSE_US: i64 = 1_000_000;
/// Keys of the cache that are looked at in one piece of work, to forget those that are over.
const SWEPT_KEYS: usize = 16;

/// The number of an answer.
pub(super) type AnswerId = u32;

pub(super) struct Keys {
    table: String,
    names: String,
    span: Span,
    settings: LookupSettings,
    codec: KeyCodec,
    set: KeySet,
    /// By the number of a key.
    entries: Vec<Entry>,
    answers: Vec<Answer>,
    answer_numbers: Slab,
    /// Rows that were found.
    found: RowStore,
    /// Columns of requests: those of the keys, and constants.
    request: Vec<Option<ArrayRef>>,
    request_schema: SchemaRef,
    keys_max: usize,
    refine: Refine,
    source: Source,
    /// Keys to be asked, in the order in which rows wanted them.
    wanted: VecDeque<u32>,
    /// Keys to be asked alone, since a request of several took too long.
    alone: VecDeque<u32>,
    /// Keys to be asked again at a time.
    delayed: BTreeSet<(i64, u32)>,
    /// Keys in the order in which they are looked at to be forgotten, each once: those remembered, and some that were.
    ring: VecDeque<u32>,
    /// How many are remembered.
    cached: usize,
    /// What the last request that failed said.
    last_failure: Option<String>,
}

#[derive(Debug, Clone, Default)]
struct Entry {
    /// Rows that wait for the answer.
    waiting: Vec<u32>,
    is_asked: bool,
    /// When the time of the present attempt is up.
    until_us: Option<i64>,
    /// How often its time was up.
    timeouts: u32,
    /// How often nothing was found.
    misses: u32,
    /// How often asking failed.
    failures: u32,
    cached: Option<Cached>,
    /// Whether the number stands in the ring of keys that are looked at.
    is_in_ring: bool,
}

#[derive(Debug, Clone, Copy)]
struct Cached {
    answer: AnswerId,
    written_us: i64,
    read_us: i64,
    /// Used since it was looked at last.
    is_used: bool,
}

#[derive(Debug, Clone, Default)]
struct Answer {
    found: Vec<u32>,
    timed_out: bool,
    /// Rows that are to be sent with it, and the cache.
    users: u32,
}

/// Who answers.
enum Source {
    Asking(Asking),
    Whole(Whole),
}

/// What asking for a key gives at once.
pub(super) enum Asked {
    Answered(AnswerId),
    Waits,
}

/// Of rows that were given those that count, and their columns.
struct Refine {
    filter: Option<Expression>,
    columns: Vec<Expression>,
    schema: SchemaRef,
}

impl Refine {
    /// The rows, and for each the place of its key.
    fn rows(&self, found: Found, context: &EvaluationContext) -> Result<(RecordBatch, Vec<u32>), Error> {
        let Found { mut rows, mut keys } = found;
        if let Some(condition) = &self.filter {
            let passes = true_only(condition.condition(&Frame::new(&rows), context)?);
            if passes.true_count() < rows.num_rows() {
                rows = filter_record_batch(&rows, &passes).map_err(arrow_error)?;
                let kept = filter(&UInt32Array::from(keys), &passes).map_err(arrow_error)?;
                keys = kept.as_primitive::<UInt32Type>().values().to_vec();
            }
        }
        let frame = Frame::new(&rows);
        let columns = self
            .columns
            .iter()
            .map(|column| column.array(&frame, context))
            .collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        let rows =
            RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(arrow_error)?;
        Ok((rows, keys))
    }
}

impl Keys {
    pub fn new(build: &Build<'_>, node: &Node) -> Result<Keys, Error> {
        let input = build.input()?;
        let mut types = Vec::new();
        let mut request = Vec::with_capacity(node.keys.len());
        let mut fields = Vec::with_capacity(node.keys.len());
        for key in &node.keys {
            match &key.value {
                KeyValue::Column(column) => {
                    let data_type = input.fields[*column].data_type.clone();
                    types.push(data_type.kind.arrow());
                    fields.push(model::Field::new(&key.name, data_type));
                    request.push(None);
                }
                KeyValue::Constant(value) => {
                    fields.push(model::Field::new(&key.name, value.data_type()));
                    let graph::Expr::Literal { value, .. } = value else {
                        return Err(Error::internal("a constant key is no literal"));
                    };
                    request.push(Some(value.clone()));
                }
            }
        }
        let codec = KeyCodec::new(types).map_err(arrow_error)?;
        let columns: Vec<model::Field> = node
            .columns
            .iter()
            .enumerate()
            .map(|(number, column)| {
                model::Field::new(format!("f{number}"), column.data_type().or_nullable(true))
            })
            .collect();
        let schema = Schema::new(columns).arrow();
        let settings = node.settings;
        let (keys_max, source) = match &node.asked {
            graph::Asked::Lookup(lookup) => {
                let asking = Asking::new(lookup.clone(), settings.capacity, settings.timeout, build.waker());
                (lookup.keys_max().max(1), Source::Asking(asking))
            }
            graph::Asked::Whole(table) => {
                let whole = Whole::new(table, build.options.chunk_rows, settings.retries)?;
                (build.options.chunk_rows, Source::Whole(whole))
            }
        };
        Ok(Keys {
            table: node.table.clone(),
            names: node.key_names(),
            span: build.node.span,
            settings,
            set: KeySet::new(&codec),
            codec,
            entries: Vec::new(),
            answers: Vec::new(),
            answer_numbers: Slab::default(),
            found: RowStore::new(schema.clone()),
            request,
            request_schema: Schema::new(fields).arrow(),
            keys_max,
            refine: Refine {
                filter: node.filter.as_ref().map(Expression::new),
                columns: node.columns.iter().map(Expression::new).collect(),
                schema,
            },
            source,
            wanted: VecDeque::new(),
            alone: VecDeque::new(),
            delayed: BTreeSet::new(),
            ring: VecDeque::new(),
            cached: 0,
            last_failure: None,
        })
    }

    /// How many columns rows found have.
    pub fn width(&self) -> usize {
        self.refine.columns.len()
    }

    /// The number of the key of each row that asks.
    pub fn numbers(&mut self, columns: &[ArrayRef], asked: &[bool]) -> Result<Vec<Option<u32>>, Error> {
        let keys = self.codec.encode(columns).map_err(arrow_error)?;
        let mut numbers = Vec::with_capacity(asked.len());
        let mut interned = Vec::with_capacity(asked.len());
        let mut from = 0;
        while from < asked.len() {
            let run = asked[from..]
                .iter()
                .take_while(|asks| **asks == asked[from])
                .count();
            if asked[from] {
                interned.clear();
                self.set.intern(&keys, from..from + run, &mut interned);
                numbers.extend(interned.iter().copied().map(Some));
            } else {
                numbers.extend(std::iter::repeat_n(None, run));
            }
            from += run;
        }
        if self.entries.len() < self.set.high() {
            self.entries.resize(self.set.high(), Entry::default());
        }
        Ok(numbers)
    }

    /// What is remembered for a key; otherwise the row waits for it.
    pub fn ask(&mut self, number: u32, row: u32, now_us: i64) -> Result<Asked, Error> {
        if let Some(cached) = self.entries[number as usize].cached {
            if !is_over(self.settings.cache, &cached, now_us) {
                self.entries[number as usize].cached = Some(Cached {
                    read_us: now_us,
                    is_used: true,
                    ..cached
                });
                self.answers[cached.answer as usize].users += 1;
                return Ok(Asked::Answered(cached.answer));
            }
            self.entries[number as usize].cached = None;
            self.cached -= 1;
            self.release(cached.answer)?;
        }
        let entry = &mut self.entries[number as usize];
        entry.waiting.push(row);
        if !entry.is_asked {
            entry.is_asked = true;
            self.wanted.push_back(number);
        }
        Ok(Asked::Waits)
    }

    /// Asks what is wanted and takes in what was answered: gives rows with their answers.
    pub fn work(&mut self, now_us: i64, context: &EvaluationContext) -> Result<Vec<(u32, AnswerId)>, Error> {
        let mut answered = Vec::new();
        let mut outcomes = Vec::new();
        match &mut self.source {
            Source::Asking(asking) => asking.settle(now_us, &mut outcomes),
            Source::Whole(whole) => whole.work(now_us, &self.table)?,
        }
        loop {
            for (keys, outcome) in outcomes.drain(..) {
                self.take_in(keys, outcome, now_us, context, &mut answered)?;
            }
            while let Some(&(at_us, key)) = self.delayed.first()
                && at_us <= now_us
            {
                self.delayed.pop_first();
                self.wanted.push_back(key);
            }
            if !self.has_room() {
                break;
            }
            let keys: Vec<u32> = match self.alone.pop_front() {
                Some(key) => vec![key],
                None => {
                    let keys = self.wanted.len().min(self.keys_max);
                    self.wanted.drain(..keys).collect()
                }
            };
            if keys.is_empty() {
                break;
            }
            outcomes.extend(self.request(keys, now_us)?);
        }
        self.sweep(now_us)?;
        Ok(answered)
    }

    fn request(&mut self, keys: Vec<u32>, now_us: i64) -> Result<Option<(Vec<u32>, Outcome)>, Error> {
        let mut until_us = i64::MAX;
        for &key in &keys {
            let over_us = now_us.saturating_add(micros(self.settings.timeout));
            let own_us = *self.entries[key as usize].until_us.get_or_insert(over_us);
            until_us = until_us.min(own_us);
        }
        let mut columns = self
            .set
            .columns(&self.codec, &keys)
            .map_err(arrow_error)?
            .into_iter();
        let columns = self
            .request
            .iter()
            .map(|constant| match constant {
                Some(value) => expand(&dataflow::Value::Constant(value.clone()), keys.len()),
                None => columns
                    .next()
                    .ok_or_else(|| Error::internal("a key has no column")),
            })
            .collect::<Result<_, _>>()?;
        let batch = RecordBatch::try_new(self.request_schema.clone(), columns).map_err(arrow_error)?;
        match &mut self.source {
            Source::Asking(asking) => Ok(asking.ask(keys, batch, now_us, until_us)),
            Source::Whole(whole) => Ok(Some((keys, Outcome::Found(whole.find(&batch)?)))),
        }
    }

    /// Whether somebody can be asked.
    fn has_room(&self) -> bool {
        match &self.source {
            Source::Asking(asking) => asking.has_room(),
            Source::Whole(whole) => whole.is_ready(),
        }
    }

    fn take_in(
        &mut self,
        keys: Vec<u32>,
        outcome: Outcome,
        now_us: i64,
        context: &EvaluationContext,
        answered: &mut Vec<(u32, AnswerId)>,
    ) -> Result<(), Error> {
        match outcome {
            Outcome::Found(found) => self.take_found(&keys, found, now_us, context, answered),
            Outcome::Failed(error) => self.failed(&keys, error, now_us, answered),
            Outcome::TimedOut => self.timed_out(&keys, answered),
        }
    }

    fn take_found(
        &mut self,
        keys: &[u32],
        found: Found,
        now_us: i64,
        context: &EvaluationContext,
        answered: &mut Vec<(u32, AnswerId)>,
    ) -> Result<(), Error> {
        let (rows, places) = self.refine.rows(found, context)?;
        let mut of_keys: Vec<Vec<u32>> = vec![Vec::new(); keys.len()];
        self.found.open(&rows);
        for (row, place) in places.into_iter().enumerate() {
            let own = of_keys.get_mut(place as usize);
            let own = own.ok_or_else(|| Error::internal("a row was found that nobody asked for"))?;
            own.push(self.found.keep(row));
        }
        self.found.close()?;
        for (&key, found) in keys.iter().zip(of_keys) {
            let entry = &mut self.entries[key as usize];
            if found.is_empty()
                && let Some(retry) = self.settings.on_miss
            {
                entry.misses += 1;
                let again_us = now_us.saturating_add(micros(retry.delay));
                // What would come too late is not asked again: nothing was found in time.
                let in_time = entry.until_us.is_none_or(|until_us| again_us < until_us);
                if entry.misses < retry.attempts && in_time {
                    self.delayed.insert((again_us, key));
                    continue;
                }
            }
            self.answer(key, found, false, now_us, answered)?;
        }
        Ok(())
    }

    /// Gives an answer to all rows that wait for a key.
    fn answer(
        &mut self,
        key: u32,
        found: Vec<u32>,
        timed_out: bool,
        now_us: i64,
        answered: &mut Vec<(u32, AnswerId)>,
    ) -> Result<(), Error> {
        let is_kept = match self.settings.cache {
            Some(cache) if !timed_out => cache.keeps_misses || !found.is_empty(),
            _ => false,
        };
        let number = self.answer_numbers.take();
        let place = &mut self.entries[key as usize];
        let fresh = Entry {
            is_in_ring: place.is_in_ring,
            ..Entry::default()
        };
        let entry = std::mem::replace(place, fresh);
        let answer = Answer {
            found,
            timed_out,
            users: entry.waiting.len() as u32 + u32::from(is_kept),
        };
        match self.answers.get_mut(number as usize) {
            Some(place) => *place = answer,
            None => self.answers.push(answer),
        }
        answered.extend(entry.waiting.into_iter().map(|row| (row, number)));
        if is_kept {
            let place = &mut self.entries[key as usize];
            place.cached = Some(Cached {
                answer: number,
                written_us: now_us,
                read_us: now_us,
                is_used: false,
            });
            self.cached += 1;
            if !std::mem::replace(&mut place.is_in_ring, true) {
                self.ring.push_back(key);
            }
        } else {
            self.set.remove(key);
        }
        Ok(())
    }

    /// Asks again after a pause; where that would come too late, the time is up.
    fn failed(
        &mut self,
        keys: &[u32],
        error: Error,
        now_us: i64,
        answered: &mut Vec<(u32, AnswerId)>,
    ) -> Result<(), Error> {
        let mut too_late = Vec::new();
        for &key in keys {
            let entry = &mut self.entries[key as usize];
            entry.failures += 1;
            if !matches!(error, Error::Io { .. }) || entry.failures > self.settings.retries {
                return Err(self.place(error));
            }
            let pause_us = RETRY_PAUSE_US.saturating_mul(i64::from(entry.failures));
            let again_us = now_us.saturating_add(pause_us);
            if entry.until_us.is_some_and(|until_us| again_us >= until_us) {
                too_late.push(key);
            } else {
                self.delayed.insert((again_us, key));
            }
        }
        let again = keys.len() - too_late.len();
        tracing::warn!(table = self.table, %error, keys = keys.len(), again, "a lookup failed");
        self.last_failure = Some(error.to_string());
        for key in too_late {
            self.timed_out(&[key], answered)?;
        }
        Ok(())
    }

    /// One key of several may have held up the others: each is asked alone, as if for the first time.
    fn timed_out(&mut self, keys: &[u32], answered: &mut Vec<(u32, AnswerId)>) -> Result<(), Error> {
        for &key in keys {
            let entry = &mut self.entries[key as usize];
            entry.until_us = None;
            if keys.len() > 1 {
                self.alone.push_back(key);
                continue;
            }
            entry.timeouts += 1;
            entry.misses = 0;
            let has_failed = entry.failures > 0;
            if entry.timeouts < self.settings.timeout_attempts {
                self.alone.push_back(key);
            } else if self.settings.on_timeout == OnTimeout::Fail {
                return Err(self.took_too_long(has_failed));
            } else {
                self.answer(key, Vec::new(), true, 0, answered)?;
            }
        }
        Ok(())
    }

    fn took_too_long(&self, has_failed: bool) -> Error {
        let timeout = self.settings.timeout;
        let attempts = match self.settings.timeout_attempts {
            1 => String::new(),
            attempts => format!(", {attempts} times"),
        };
        let failure = match &self.last_failure {
            Some(failure) if has_failed => format!("; it had failed before: {failure}"),
            _ => String::new(),
        };
        let message = format!(
            "looking rows of '{}' up by ({}) took longer than {timeout:?}{attempts}{failure}",
            self.table, self.names
        );
        self.place(Error::evaluation(message))
    }

    /// A failure with the place of the join in the text.
    fn place(&self, error: Error) -> Error {
        match error {
            Error::Io { .. } => Error::Evaluation {
                message: format!(
                    "cannot look rows of '{}' up by ({}): {error}",
                    self.table, self.names
                ),
                call: Some(CallSite {
                    function: "LOOKUP".to_string(),
                    span: self.span,
                }),
            },
            other => other.in_call("LOOKUP", self.span),
        }
    }

    /// Forgets what is over, and what is more than may be remembered: first what was not used for longest, about.
    fn sweep(&mut self, now_us: i64) -> Result<(), Error> {
        let Some(cache) = self.settings.cache else {
            return Ok(());
        };
        let expires = cache.after_write.is_some() || cache.after_access.is_some();
        let mut looked_at = 0;
        loop {
            let is_over_full = self.cached > cache.keys_max;
            if !is_over_full && (!expires || looked_at >= SWEPT_KEYS.min(self.ring.len())) {
                return Ok(());
            }
            looked_at += 1;
            let Some(key) = self.ring.pop_front() else {
                return Ok(());
            };
            let entry = &mut self.entries[key as usize];
            let Some(cached) = &mut entry.cached else {
                entry.is_in_ring = false;
                continue;
            };
            let is_used = std::mem::take(&mut cached.is_used);
            let cached = *cached;
            if is_over(Some(cache), &cached, now_us) || (is_over_full && !is_used) {
                entry.cached = None;
                entry.is_in_ring = false;
                self.cached -= 1;
                self.release(cached.answer)?;
                self.set.remove(key);
            } else {
                self.ring.push_back(key);
            }
        }
    }

    /// One user less of an answer.
    pub fn release(&mut self, number: AnswerId) -> Result<(), Error> {
        let answer = &mut self.answers[number as usize];
        answer.users -= 1;
        if answer.users > 0 {
            return Ok(());
        }
        let found = std::mem::take(&mut answer.found);
        self.answer_numbers.give_back(&[number]);
        self.found.release(&found)
    }

    pub fn found(&self, answer: AnswerId) -> &[u32] {
        &self.answers[answer as usize].found
    }

    pub fn is_timed_out(&self, answer: AnswerId) -> bool {
        self.answers[answer as usize].timed_out
    }

    /// Columns of rows found; NULLs for none.
    pub fn columns(&self, columns: &[usize], rows: &[u32]) -> Result<Vec<ArrayRef>, Error> {
        self.found.gather_columns(columns, rows)
    }

    /// Whether keys wait that nobody can be asked for yet.
    pub fn is_full(&self) -> bool {
        !(self.wanted.is_empty() && self.alone.is_empty())
    }

    /// When there is something to do.
    pub fn next_due_us(&self) -> Option<i64> {
        if self.is_full() && self.has_room() {
            return Some(i64::MIN);
        }
        let delayed = self.delayed.first().map(|(at_us, _)| *at_us);
        let own = match &self.source {
            Source::Asking(asking) => asking.next_due_us(),
            Source::Whole(whole) => whole.next_due_us(),
        };
        crate::shard::earlier(own, delayed)
    }

    pub fn table(&self) -> &str {
        &self.table
    }

    pub fn size_bytes(&self) -> usize {
        let whole = match &self.source {
            Source::Asking(_) => 0,
            Source::Whole(whole) => whole.size_bytes(),
        };
        whole
            + self.set.size_bytes()
            + self.found.size_bytes()
            + self.entries.capacity() * size_of::<Entry>()
            + self.answers.capacity() * size_of::<Answer>()
    }
}

fn is_over(cache: Option<LookupCache>, cached: &Cached, now_us: i64) -> bool {
    let Some(cache) = cache else {
        return true;
    };
    let passed = |since_us: i64, limit: Option<std::time::Duration>| {
        limit.is_some_and(|limit| now_us.saturating_sub(since_us) >= micros(limit))
    };
    passed(cached.written_us, cache.after_write) || passed(cached.read_us, cache.after_access)
}
