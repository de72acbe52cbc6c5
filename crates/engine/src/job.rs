//! A graph made into shards, and run.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use dataflow::{Committable, Epoch, Error, EvaluationContext, WATERMARK_MIN};
use graph::{Exchange, Graph, NodeId, Operator as GraphOperator};
use model::{Diagnostic, ErrorKind};
use state::spill::Budget;
use state::{OperatorId, OperatorSnapshot, Snapshot, SnapshotReader};

use crate::checkpoints::Checkpointing;
use crate::control::{Control, NodeLabel, Statistics, labels, statistics};
use crate::coordinator::{Committers, Coordinator, transaction};
use crate::exchange::{Edge, Receiver};
use crate::incoming::{Asking, Incoming};
use crate::operator::Inputs;
use crate::operators::{self, Build};
use crate::shard::{self, Inlet, InletKind, NodeSlot, Reach, Shard, Step, Target};
use crate::shared::Shared;
use crate::source::{Dealer, Members, SourceInlet, ValuesInlet};
use crate::stepper::Stepper;

/// The longest a thread sleeps that waits for the clock: a clock that is moved by hand tells nobody.
const PARK_MAX: Duration = Duration::from_millis(50);

/// Shards are numbered by a byte where rows are scattered.
const PARALLELISM_MAX: u16 = 256;

#[derive(Debug, Clone)]
pub struct JobOptions {
    /// Shards, each with a thread of its own.
    pub parallelism: usize,
    /// Rows that a chunk should have.
    pub chunk_rows: usize,
    /// Into how many parts keyed state is cut, and so the greatest parallelism. A job keeps the number for life.
    pub key_groups: u16,
    /// Bytes waiting in one queue between two shards that stop the sender from starting more work.
    pub exchange_bytes_max: usize,
    /// Bytes and groups that a first phase of aggregation holds before it sends them on.
    pub partial_bytes_max: usize,
    pub partial_groups_max: usize,
    /// The memory that keyed state may take, of operators that can spill it. Without it they take what they need.
    pub state: Option<Budget>,
    /// Whether a snapshot may hold state of operators that the job does not have, to be forgotten.
    pub drop_unclaimed_state: bool,
    /// The epoch that was committed last, as [`Job::last_committed`] tells; it counts on from there, or from that of
    /// its snapshot if it is later.
    pub last_committed: Epoch,
}

impl Default for JobOptions {
    fn default() -> Self {
        JobOptions {
            parallelism: 1,
            chunk_rows: 4096,
            key_groups: 128,
            exchange_bytes_max: 4 << 20,
            partial_bytes_max: 64 << 20,
            partial_groups_max: 1 << 17,
            state: None,
            drop_unclaimed_state: false,
            last_committed: 0,
        }
    }
}

/// A job that does not run yet.
pub struct Job {
    pub(crate) shards: Vec<Shard>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) coordinator: Coordinator,
    pub(crate) labels: Arc<[NodeLabel]>,
    pub(crate) context: Arc<EvaluationContext>,
}

/// What the sinks of a job say of its commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// They can be repeated: the job may go on from any snapshot.
    Repeatable,
    /// They cannot, and none is known of.
    Never,
    /// They cannot: the job must not go on from a snapshot of a later epoch.
    Epoch(Epoch),
}

impl Committed {
    pub fn epoch(self) -> Option<Epoch> {
        match self {
            Committed::Epoch(epoch) => Some(epoch),
            Committed::Repeatable | Committed::Never => None,
        }
    }
}

/// Why a job cannot go on from a snapshot.
#[derive(Debug)]
pub enum RestoreError {
    /// The snapshot has state that the job has no use for.
    Unclaimed(Error),
    /// The snapshot is damaged, or where it lies cannot be reached.
    Unreadable(Error),
    Failed(Error),
}

impl From<Error> for RestoreError {
    fn from(error: Error) -> RestoreError {
        RestoreError::Failed(error)
    }
}

impl From<RestoreError> for Error {
    fn from(error: RestoreError) -> Error {
        let (RestoreError::Unclaimed(error) | RestoreError::Unreadable(error) | RestoreError::Failed(error)) =
            error;
        error
    }
}

/// How a job has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEnd {
    /// It was stopped before its input ended.
    pub stopped: bool,
    pub statistics: Statistics,
}

impl Job {
    pub fn new(graph: &Graph, context: Arc<EvaluationContext>, options: JobOptions) -> Result<Job, Error> {
        Job::build(graph, context, options, None, None)
    }

    /// Goes on from a snapshot, at any parallelism.
    pub fn restore(
        graph: &Graph,
        context: Arc<EvaluationContext>,
        options: JobOptions,
        snapshot: &Snapshot,
    ) -> Result<Job, Error> {
        if !options.drop_unclaimed_state {
            check_state(graph, snapshot)?;
        }
        Job::build(graph, context, options, Some(snapshot), None)
    }

    /// Goes on from a snapshot whose rows are still to be read: they are while the job is built.
    pub fn restore_from<R: Read + Send>(
        graph: &Graph,
        context: Arc<EvaluationContext>,
        options: JobOptions,
        reader: &mut SnapshotReader<R>,
    ) -> Result<Job, RestoreError> {
        let snapshot = reader.snapshot.clone();
        if !options.drop_unclaimed_state {
            check_state(graph, &snapshot).map_err(RestoreError::Unclaimed)?;
        }
        let incoming = Incoming::new(
            options.parallelism.max(1),
            snapshot.key_groups,
            operator_ids(graph),
            options.drop_unclaimed_state,
        );
        let (built, read) = thread::scope(|scope| {
            let asking = Asking(&incoming);
            let reading = thread::Builder::new()
                .name("restore".to_string())
                .spawn_scoped(scope, || incoming.read(reader))
                .map_err(|error| Error::io("cannot start a thread", error))?;
            let built = Job::build(graph, context, options, Some(&snapshot), Some(&incoming));
            if built.is_err() {
                incoming.abandon();
            }
            drop(asking);
            let panicked = |_| Err(Error::internal("the reader of a snapshot panicked"));
            Ok::<_, Error>((built, reading.join().unwrap_or_else(panicked)))
        })?;
        // Shards that did not get all rows may have failed for want of them.
        match read {
            Ok(true) => Ok(built?),
            Ok(false) => Err(RestoreError::Unclaimed(unclaimed())),
            Err(error) => Err(RestoreError::Unreadable(error)),
        }
    }

    fn build(
        graph: &Graph,
        context: Arc<EvaluationContext>,
        mut options: JobOptions,
        snapshot: Option<&Snapshot>,
        incoming: Option<&Incoming>,
    ) -> Result<Job, Error> {
        if let Some(snapshot) = snapshot {
            // State was cut by this number and stays so.
            options.key_groups = snapshot.key_groups;
        }
        options.key_groups = options.key_groups.max(1);
        options.chunk_rows = options.chunk_rows.max(1);
        let shards = options.parallelism.max(1);
        if shards > usize::from(options.key_groups.min(PARALLELISM_MAX)) {
            let key_groups = options.key_groups.min(PARALLELISM_MAX);
            let message = format!("parallelism {shards} is more than the {key_groups} key groups of the job");
            return Err(invalid(
                message,
                &format!("choose a parallelism of at most {key_groups}"),
            ));
        }
        let epoch = snapshot
            .map_or(0, |snapshot| snapshot.epoch)
            .max(options.last_committed);
        let shared = Arc::new(Shared::new(
            shards,
            operator_ids(graph),
            options.key_groups,
            epoch,
        ));
        let plan = Plan::new(graph, shards, &options, snapshot, incoming)?;
        let mut committers = BTreeMap::new();
        for (node, sink) in graph.sinks() {
            if let Some(committer) = sink.sink.committer()? {
                committers.insert(node, committer);
            }
            if let Some(restored) = plan.restored(node) {
                let committables = restored.committables.iter().cloned().map(Committable).collect();
                shared.add_prepared(epoch, vec![(node, committables)]);
            }
        }
        let build = |index| plan.shard(index, &context, &shared, &options, epoch);
        let built = match snapshot {
            None => (0..shards).map(build).collect::<Result<_, _>>()?,
            Some(_) => side_by_side(shards, build)?,
        };
        Ok(Job {
            shards: built,
            coordinator: Coordinator::new(
                shared.clone(),
                transaction(graph)?,
                Committers::new(committers),
                context.clock.clone(),
            ),
            shared,
            labels: labels(graph),
            context,
        })
    }

    /// Shuts out earlier attempts whose commits cannot be repeated, and tells what they have committed.
    pub fn last_committed(graph: &Graph) -> Result<Committed, Error> {
        Ok(match transaction(graph)? {
            None => Committed::Repeatable,
            Some(transaction) => match transaction.begin()? {
                None => Committed::Never,
                Some(epoch) => Committed::Epoch(epoch),
            },
        })
    }

    /// Takes checkpoints from now on. Without, a job makes what its sinks have written visible at its end only.
    pub fn keep_snapshots(mut self, how: Checkpointing) -> Job {
        self.coordinator.keep_snapshots(how);
        self
    }

    /// Runs until all input has ended, `control` asks to stop, or something fails. What sinks have prepared is
    /// committed at the end; after a failure nothing is.
    pub fn run(self, control: &Control) -> Result<JobEnd, Error> {
        control.attach(&self);
        let Job {
            mut shards,
            shared,
            mut coordinator,
            labels,
            ..
        } = self;
        coordinator.begin()?;
        shard::begin(&mut shards)?;
        thread::scope(|scope| {
            for shard in shards {
                let name = format!("shard-{}", shard.index);
                let spawned = thread::Builder::new()
                    .name(name)
                    .spawn_scoped(scope, move || drive(shard));
                if let Err(error) = spawned {
                    shared.fail(Error::io("cannot start a thread", error));
                }
            }
            coordinator.run()
        })?;
        coordinator.finish()?;
        Ok(JobEnd {
            stopped: shared.was_cut(),
            statistics: statistics(&shared, &labels),
        })
    }

    /// For tests: all shards on one thread, in whatever order a seed says.
    pub fn into_stepper(self) -> Stepper {
        Stepper::new(self)
    }
}

/// Drives a shard until it ends or the job fails.
fn drive(mut shard: Shard) {
    let shared = shard.shared.clone();
    let context = shard.context.clone();
    shared.drive(shard.index, thread::current());
    // A panic would leave the others waiting for ever.
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        loop {
            if shared.has_failed() {
                return Ok(());
            }
            match shard.step()? {
                Step::Worked => {}
                Step::Ended => return Ok(()),
                Step::Waiting(None) => thread::park(),
                Step::Waiting(Some(until_us)) => {
                    let wait_us = until_us.saturating_sub(context.clock.now_us());
                    if wait_us > 0 {
                        thread::park_timeout(Duration::from_micros(wait_us as u64).min(PARK_MAX));
                    }
                }
            }
        }
    }));
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => shared.fail(error),
        Err(panic) => {
            let message = panic
                .downcast_ref::<&str>()
                .map(ToString::to_string)
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            tracing::error!(shard = shard.index, message, "a shard panicked");
            shared.fail(Error::internal(format!("a shard panicked: {message}")));
        }
    }
}

/// Makes shards that take in much, each on a thread of its own.
fn side_by_side(
    shards: usize,
    build: impl Fn(usize) -> Result<Shard, Error> + Sync,
) -> Result<Vec<Shard>, Error> {
    let build = &build;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..shards)
            .map(|index| {
                let name = format!("restore-{index}");
                let spawned = thread::Builder::new()
                    .name(name)
                    .spawn_scoped(scope, move || build(index));
                spawned.map_err(|error| Error::io("cannot start a thread", error))
            })
            .collect();
        let panicked = |_| Err(Error::internal("a shard panicked while it was restored"));
        let joined = threads
            .into_iter()
            .map(|thread| thread.and_then(|thread| thread.join().unwrap_or_else(panicked)));
        joined.collect()
    })
}

/// Whether a job has an operator for all that a snapshot holds: nothing of it may be forgotten without a word.
fn check_state(graph: &Graph, snapshot: &Snapshot) -> Result<(), Error> {
    let ids = operator_ids(graph);
    let holds_state = |operator: &OperatorSnapshot| {
        let has_rows = operator.tables.values().any(|table| table.rows() > 0);
        has_rows || !operator.splits.is_empty() || !operator.committables.is_empty()
    };
    let mut operators = snapshot.operators.iter();
    match operators.any(|(id, operator)| !ids.contains(id) && holds_state(operator)) {
        true => Err(unclaimed()),
        false => Ok(()),
    }
}

fn unclaimed() -> Error {
    invalid(
        "the snapshot holds state of operators that the job does not have".to_string(),
        "start the job without its state, or let what is not used be dropped: \
         SET 'execution.state-recovery.ignore-unclaimed-state' = 'true'",
    )
}

/// Names of all nodes by what they compute.
fn operator_ids(graph: &Graph) -> Vec<OperatorId> {
    graph
        .state_ids()
        .into_iter()
        .map(|id| OperatorId {
            fingerprint: id.fingerprint.0,
            number: id.number,
        })
        .collect()
}

fn invalid(message: String, hint: &str) -> Error {
    Error::Invalid(Box::new(
        Diagnostic::error(ErrorKind::Validation, message).hint(hint),
    ))
}

/// What all shards are built from.
struct Plan<'a> {
    graph: &'a Graph,
    shards: usize,
    ids: Vec<OperatorId>,
    dealers: HashMap<NodeId, Arc<Dealer>>,
    alignment: Members,
    edges: Vec<Arc<Edge>>,
    /// The exchange that feeds an input, if it is not passed on directly.
    edge_of: HashMap<(NodeId, usize), usize>,
    snapshot: Option<&'a Snapshot>,
    /// Rows of the snapshot that are yet to come.
    incoming: Option<&'a Incoming>,
}

impl<'a> Plan<'a> {
    fn new(
        graph: &'a Graph,
        shards: usize,
        options: &JobOptions,
        snapshot: Option<&'a Snapshot>,
        incoming: Option<&'a Incoming>,
    ) -> Result<Plan<'a>, Error> {
        let mut plan = Plan {
            graph,
            shards,
            ids: operator_ids(graph),
            dealers: HashMap::new(),
            alignment: Members::new(graph, shards),
            edges: Vec::new(),
            edge_of: HashMap::new(),
            snapshot,
            incoming,
        };
        for (id, node) in graph.nodes.iter().enumerate() {
            for (input, edge) in node.inputs.iter().enumerate() {
                let keys = match &edge.exchange {
                    Exchange::Hash(keys) if shards > 1 => Some(keys.clone()),
                    Exchange::Single if shards > 1 => None,
                    _ => continue,
                };
                plan.edge_of.insert((id, input), plan.edges.len());
                let edge = Edge::new(keys, shards, options.key_groups, options.exchange_bytes_max);
                plan.edges.push(Arc::new(edge));
            }
            if let GraphOperator::Source(source) = &node.operator {
                let dealer = Dealer::new(source.source.clone(), shards, plan.restored(id))?;
                plan.dealers.insert(id, Arc::new(dealer));
            }
        }
        Ok(plan)
    }

    fn restored(&self, node: NodeId) -> Option<&'a OperatorSnapshot> {
        self.snapshot?.operators.get(&self.ids[node]).map(Arc::as_ref)
    }

    fn shard(
        &self,
        index: usize,
        context: &Arc<EvaluationContext>,
        shared: &Arc<Shared>,
        options: &JobOptions,
        epoch: u64,
    ) -> Result<Shard, Error> {
        let mut slots: Vec<NodeSlot> = Vec::new();
        let mut slot_of: HashMap<NodeId, usize> = HashMap::new();
        let mut source_of: HashMap<NodeId, usize> = HashMap::new();
        let mut sources: Vec<Inlet> = Vec::new();
        let mut receivers: Vec<Inlet> = Vec::new();
        for (id, node) in self.graph.nodes.iter().enumerate() {
            let restored = self.restored(id);
            let source = match &node.operator {
                GraphOperator::Source(source) => Some(InletKind::Source(SourceInlet::new(
                    id,
                    self.ids[id],
                    index,
                    node,
                    source,
                    self.dealers[&id].clone(),
                    self.alignment.of(id, index),
                    options.chunk_rows,
                    restored,
                ))),
                GraphOperator::Values { rows } => Some(InletKind::Values(ValuesInlet::new(
                    id,
                    self.ids[id],
                    node.schema.arrow(),
                    if index == 0 { rows } else { &[] },
                    options.chunk_rows,
                    restored,
                ))),
                _ => None,
            };
            if let Some(kind) = source {
                source_of.insert(id, sources.len());
                sources.push(inlet(kind, Vec::new(), epoch));
                continue;
            }
            let slot = slots.len();
            slot_of.insert(id, slot);
            for (input, from) in node.inputs.iter().enumerate() {
                let here = match node.operator {
                    GraphOperator::UnreadableRows => Target::Unreadable { slot },
                    _ => Target::Local { slot, input },
                };
                let towards = match self.edge_of.get(&(id, input)) {
                    None => here,
                    Some(&edge) => {
                        let shared_edge = &self.edges[edge];
                        let kind = if shared_edge.reaches(index) {
                            let receiver =
                                Receiver::new(shared_edge.clone(), index, options.chunk_rows, epoch);
                            InletKind::Receiver(receiver)
                        } else {
                            InletKind::Closed
                        };
                        receivers.push(inlet(kind, vec![here], epoch));
                        Target::Edge(edge)
                    }
                };
                match source_of.get(&from.node) {
                    Some(&source) => sources[source].targets.push(towards),
                    None => slots[slot_of[&from.node]].targets.push(towards),
                }
            }
            let build = Build {
                graph: self.graph,
                node,
                shard: index,
                shards: self.shards,
                context,
                options,
                restored,
                incoming: self.incoming.map(|incoming| (incoming, self.ids[id])),
                shared,
            };
            slots.push(NodeSlot {
                node: id,
                id: self.ids[id],
                operator: operators::build(&build)?,
                inputs: Inputs::new(node.inputs.len(), epoch),
                restored_watermark: restored
                    .and_then(|snapshot| snapshot.watermark)
                    .unwrap_or(WATERMARK_MIN),
                targets: Vec::new(),
                reach: Reach::default(),
                backlog: None,
                draining: false,
                is_sink: matches!(node.operator, GraphOperator::Sink(_)),
                epoch,
                ungauged: 0,
            });
        }
        // Nodes stand in an order where inputs come first, so that the last receivers are farthest from sources.
        receivers.reverse();
        let mut inlets = receivers;
        inlets.append(&mut sources);
        for inlet in &mut inlets {
            inlet.reach = reach(&inlet.targets, &slots);
        }
        for slot in 0..slots.len() {
            slots[slot].reach = reach(&slots[slot].targets, &slots);
        }
        Ok(Shard::new(
            index,
            slots,
            inlets,
            self.edges.clone(),
            shared.clone(),
            context.clone(),
        ))
    }
}

fn inlet(kind: InletKind, targets: Vec<Target>, epoch: u64) -> Inlet {
    Inlet {
        kind,
        targets,
        reach: Reach::default(),
        ended: false,
        last_sent: 0,
        epoch,
    }
}

/// Where what goes to these targets can come to without passing an exchange.
fn reach(targets: &[Target], slots: &[NodeSlot]) -> Reach {
    let mut seen = vec![false; slots.len()];
    let mut reach = Reach::default();
    let mut stack = targets.to_vec();
    while let Some(target) = stack.pop() {
        match target {
            Target::Edge(edge) => reach.edges.push(edge),
            Target::Local { slot, .. } | Target::Unreadable { slot } => {
                if !std::mem::replace(&mut seen[slot], true) {
                    reach.slots.push(slot);
                    stack.extend_from_slice(&slots[slot].targets);
                }
            }
        }
    }
    reach.edges.sort_unstable();
    reach.edges.dedup();
    reach
}
