//! A job that a test feeds row by row while it moves the clock by hand.
//!
//! Tables with `'connector' = 'feed'` read what [`Live::feed`] gives them, by the name of the table. With `'kinds' =
//! 'true'` rows come with their kinds. Tables with `'connector' = 'kept'` keep what is written to them. Tables with
//! `'connector' = 'looked'` are looked up ([`crate::looked`]).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use dataflow::{
    Boundedness, Chunk, Connector, DecoderRequest, Error, EvaluationContext, OnUnreadable, OptionDoc,
    Options, Position, ReadOutcome, Registry, ScanRequest, Sink, SinkRequest, Source, Split, SplitReader,
    TableDescriptor, Unreadable,
};
use engine::{Job, JobOptions, Progress, Statistics, Stepper};
use graph::{Exchange, Graph};
use model::{ChangelogMode, RowKind, Schema};
use plan::session::{Outcome, Session};
use stdx::{Clock, ManualClock, Random};

use crate::execution::{Collected, CollectedSink, STARTED_MS, encode};
use crate::looked::{Looked, LookedConnector};

/// Steps after which a job is taken for one that never comes to rest.
const STEPS_MAX: usize = 1_000_000;

pub struct Live {
    clock: Arc<ManualClock>,
    context: Arc<EvaluationContext>,
    graph: Graph,
    job: Option<Stepper>,
    random: Random,
    world: Arc<World>,
    looked: Arc<Looked>,
    result: Arc<Collected>,
    schema: Schema,
    epoch: u64,
}

/// What tables hold, by their name.
#[derive(Debug, Default)]
struct World {
    fed: Mutex<BTreeMap<String, Vec<(RowKind, String)>>>,
    kept: Mutex<BTreeMap<String, (Schema, Arc<Collected>)>>,
}

impl World {
    fn fed(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<(RowKind, String)>>> {
        self.fed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (Schema, Arc<Collected>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    /// Runs the statements of a text; the last one is the job.
    pub fn start(text: &str, parallelism: usize) -> Result<Live> {
        let world = Arc::new(World::default());
        let console = Arc::new(Mutex::new(std::io::sink()));
        let mut registry = embedded::wiring::registry(console);
        registry.add_connector(Arc::new(Feed(world.clone())));
        registry.add_connector(Arc::new(Keep(world.clone())));
        let looked = Arc::new(Looked::default());
        registry.add_connector(Arc::new(LookedConnector(looked.clone())));
        let clock = Arc::new(ManualClock::at_ms(STARTED_MS));
        let mut session = Session::new(Arc::new(registry), clock.clone());
        session.begin_script();
        let script = sql::parse_script(text);
        if let Some(broken) = script.diagnostics.first() {
            bail!("{}", broken.render("text.sql", text));
        }
        let result = Arc::new(Collected::default());
        let mut last = None;
        for statement in &script.statements {
            let outcome = session.execute(text, statement);
            last = Some(outcome.map_err(|diagnostic| anyhow!("{}", diagnostic.render("text.sql", text)))?);
        }
        let (graph, schema) = match last {
            Some(Outcome::Query(query)) => {
                let schema = query.schema.clone();
                let sink = Arc::new(CollectedSink(result.clone()));
                (query.into_graph("result", sink, Exchange::Forward), schema)
            }
            Some(Outcome::Insert(graph)) => (graph, Schema::new(Vec::new())),
            _ => bail!("the last statement is no job"),
        };
        let mut live = Live {
            context: session.context(),
            clock,
            graph,
            job: None,
            random: Random::new(7),
            world,
            looked,
            result,
            schema,
            epoch: 0,
        };
        live.job = Some(Job::new(&live.graph, live.context.clone(), options(parallelism))?.into_stepper());
        Ok(live)
    }

    /// Gives rows to a table: each a JSON object.
    pub fn feed(&mut self, table: &str, rows: &[&str]) {
        for row in rows {
            self.change(table, RowKind::Insert, row);
        }
    }

    pub fn change(&mut self, table: &str, kind: RowKind, row: &str) {
        let mut fed = self.world.fed();
        fed.entry(table.to_string())
            .or_default()
            .push((kind, row.to_string()));
    }

    pub fn advance(&mut self, duration: Duration) {
        self.clock.advance(duration);
    }

    /// Lets the job work until it waits for more.
    pub fn settle(&mut self) -> Result<()> {
        // Whoever has asked in vain asks again.
        self.clock.advance(PAUSE);
        self.looked.wake();
        let job = self.job.as_mut().ok_or_else(|| anyhow!("the job has ended"))?;
        for _ in 0..STEPS_MAX {
            if job.step(&mut self.random)? != Progress::Worked {
                return Ok(());
            }
        }
        bail!("the job does not come to rest")
    }

    /// What the query has given since this was asked last, as `+I(1, x)`, in order.
    pub fn changes(&mut self) -> Result<Vec<String>> {
        self.settle()?;
        lines(&self.schema, &self.result)
    }

    /// The same of a table that keeps what is written to it.
    pub fn kept(&mut self, table: &str) -> Result<Vec<String>> {
        self.settle()?;
        match self.world.kept().get(table) {
            Some((schema, rows)) => lines(schema, rows),
            None => bail!("nobody writes to '{table}'"),
        }
    }

    /// Drops the job and goes on from a snapshot of it.
    pub fn restore(&mut self, parallelism: usize) -> Result<()> {
        self.settle()?;
        self.epoch += 1;
        let mut job = self.job.take().ok_or_else(|| anyhow!("the job has ended"))?;
        job.start_checkpoint(self.epoch);
        let mut snapshot = job.take_snapshot();
        for _ in 0..STEPS_MAX {
            if snapshot.is_some() {
                break;
            }
            job.step(&mut self.random)?;
            snapshot = job.take_snapshot();
        }
        let snapshot = snapshot.ok_or_else(|| anyhow!("there is no snapshot"))?;
        job.commit(self.epoch)?;
        drop(job);
        let options = options(parallelism);
        let restored = Job::restore(&self.graph, self.context.clone(), options, &snapshot)?;
        self.job = Some(restored.into_stepper());
        Ok(())
    }

    /// What was counted since the job began or was restored.
    pub fn statistics(&mut self) -> Result<Statistics> {
        // Gauges are read once a second at most.
        self.clock.advance(Duration::from_secs(1));
        self.settle()?;
        Ok(self.job.as_ref().map(Stepper::statistics).unwrap_or_default())
    }

    /// Bytes that operators of this name hold.
    pub fn state_bytes(&mut self, name: &str) -> u64 {
        let nodes = self
            .statistics()
            .map(|statistics| statistics.nodes)
            .unwrap_or_default();
        let own = nodes.iter().filter(|node| node.name == name);
        own.map(|node| node.state_bytes).sum()
    }

    /// Whether the job has come to its end.
    pub fn has_ended(&mut self) -> Result<bool> {
        self.settle()?;
        let job = self.job.as_mut().ok_or_else(|| anyhow!("there is no job"))?;
        Ok(job.step(&mut self.random)? == Progress::Ended)
    }

    /// Tables that can be looked up.
    pub fn looked(&self) -> &Looked {
        &self.looked
    }

    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }
}

const PAUSE: Duration = Duration::from_millis(1);

fn options(parallelism: usize) -> JobOptions {
    JobOptions {
        parallelism,
        ..JobOptions::default()
    }
}

pub(crate) fn lines(schema: &Schema, rows: &Collected) -> Result<Vec<String>> {
    let encoded = encode(schema, &rows.take())?;
    let line = |text: &String| -> Result<String> {
        let value: serde_json::Value = serde_json::from_str(text)?;
        let cells: Vec<String> = schema
            .names()
            .map(|name| match &value["row"][name] {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            })
            .collect();
        Ok(format!(
            "{}({})",
            value["op"].as_str().unwrap_or_default(),
            cells.join(", ")
        ))
    };
    encoded.iter().map(line).collect()
}

pub(crate) fn name_of(table: &TableDescriptor<'_>) -> String {
    table.path.rsplit('.').next().unwrap_or_default().to_string()
}

struct Feed(Arc<World>);

impl Connector for Feed {
    fn name(&self) -> &'static str {
        "feed"
    }

    fn options(&self) -> Vec<OptionDoc> {
        Vec::new()
    }

    fn meets_unreadable(&self) -> bool {
        true
    }

    fn source(
        &self,
        table: &TableDescriptor<'_>,
        request: &ScanRequest,
    ) -> Result<Option<Arc<dyn Source>>, Error> {
        let changes = table.options.boolean("kinds")?.unwrap_or(false);
        table.options.finish()?;
        Ok(Some(Arc::new(FeedSource {
            table: name_of(table),
            schema: request.columns.clone(),
            physical: table.physical.clone(),
            changes,
            on_unreadable: request.on_unreadable,
            registry: table.registry.clone(),
            context: table.context.clone(),
            world: self.0.clone(),
        })))
    }

    fn sink(&self, _: &TableDescriptor<'_>, _: &SinkRequest) -> Result<Option<Arc<dyn Sink>>, Error> {
        Ok(None)
    }
}

#[derive(Debug, Clone)]
struct FeedSource {
    table: String,
    schema: Schema,
    physical: Schema,
    changes: bool,
    on_unreadable: OnUnreadable,
    registry: Registry,
    context: Arc<EvaluationContext>,
    world: Arc<World>,
}

impl Source for FeedSource {
    fn boundedness(&self) -> Boundedness {
        Boundedness::Unbounded
    }

    fn changelog_mode(&self) -> ChangelogMode {
        if self.changes {
            ChangelogMode::ALL
        } else {
            ChangelogMode::INSERT_ONLY
        }
    }

    fn splits(&self, _parallelism: usize) -> Result<Vec<Split>, Error> {
        Ok(vec![Split {
            id: "0".to_string(),
            lane: "0".to_string(),
            payload: String::new(),
        }])
    }

    fn open(&self, _split: &Split, position: Option<&Position>) -> Result<Box<dyn SplitReader>, Error> {
        let at = position.and_then(|position| position.0.as_slice().try_into().ok());
        Ok(Box::new(FeedReader {
            source: self.clone(),
            at: at.map_or(0, u64::from_le_bytes) as usize,
            skipped: 0,
            unreadable: Vec::new(),
        }))
    }
}

struct FeedReader {
    source: FeedSource,
    at: usize,
    skipped: u64,
    unreadable: Vec<Unreadable>,
}

impl SplitReader for FeedReader {
    fn read(&mut self, rows_max: usize) -> Result<ReadOutcome, Error> {
        let fed = self.source.world.fed();
        let all = fed.get(&self.source.table).map_or(&[][..], Vec::as_slice);
        let rows = &all[self.at..all.len().min(self.at + rows_max)];
        if rows.is_empty() {
            return Ok(ReadOutcome::Pending(PAUSE));
        }
        let options = Options::default();
        let mut decoder = self
            .source
            .registry
            .format("format", "json")?
            .decoder(&DecoderRequest {
                schema: &self.source.schema,
                physical: &self.source.physical,
                options: &options,
                context: &self.source.context,
                faults_at_once: false,
            })?;
        let mut kinds = Vec::with_capacity(rows.len());
        for (offset, (kind, row)) in rows.iter().enumerate() {
            match (decoder.decode_message(row.as_bytes()), self.source.on_unreadable) {
                (Ok(()), _) => kinds.push(*kind),
                (Err(error), OnUnreadable::Fail) => {
                    return Err(Error::internal(format!("{row}: {error}")));
                }
                (Err(_), OnUnreadable::Skip) => self.skipped += 1,
                (Err(error), OnUnreadable::Keep) => self.unreadable.push(Unreadable {
                    record: Some(row.clone().into_bytes()),
                    error: error.message,
                    split: "feed-0".to_string(),
                    offset: (self.at + offset) as i64,
                }),
            }
        }
        self.at += rows.len();
        let batch = decoder.take()?;
        Ok(match self.source.changes {
            false => ReadOutcome::Rows(batch),
            true => ReadOutcome::Changes(Chunk {
                batch,
                kinds: Some(kinds.into()),
            }),
        })
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }

    fn take_unreadable(&mut self) -> Vec<Unreadable> {
        std::mem::take(&mut self.unreadable)
    }

    fn position(&self) -> Position {
        Position((self.at as u64).to_le_bytes().to_vec())
    }
}

struct Keep(Arc<World>);

impl Connector for Keep {
    fn name(&self) -> &'static str {
        "kept"
    }

    fn options(&self) -> Vec<OptionDoc> {
        Vec::new()
    }

    fn source(&self, _: &TableDescriptor<'_>, _: &ScanRequest) -> Result<Option<Arc<dyn Source>>, Error> {
        Ok(None)
    }

    fn sink(
        &self,
        table: &TableDescriptor<'_>,
        request: &SinkRequest,
    ) -> Result<Option<Arc<dyn Sink>>, Error> {
        table.options.finish()?;
        let mut kept = self.0.kept();
        let (_, rows) = kept
            .entry(name_of(table))
            .or_insert_with(|| (request.columns.clone(), Arc::default()));
        Ok(Some(Arc::new(CollectedSink(rows.clone()))))
    }
}
