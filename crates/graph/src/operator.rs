//! Operators and how they are connected.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dataflow::{AggregateForm, AggregateFunction, Sink, Source};
use model::{ChangelogMode, DataType, Schema, Span};

use crate::{
    Changes, Expr, Fingerprint, Frame, Join, LookupJoin, Matching, OverFunction, OverOrder, RankRange,
    RankWindow, SortKey, Unnest, Window, WindowEmit, WindowProperty, WindowTime,
};

/// An index into [`Graph::nodes`].
pub type NodeId = usize;

/// Nodes in an order where inputs come before those who read them.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
pub struct Node {
    pub operator: Operator,
    pub inputs: Vec<Input>,
    /// Of the rows it emits.
    pub schema: Schema,
    /// The kinds of rows it emits.
    pub changelog: ChangelogMode,
    /// Sets of columns, each of which identifies a row of the table that the changelog describes.
    pub upsert_keys: Vec<Vec<usize>>,
    /// How long what it knows of its inputs is remembered after it was last written (`table.exec.state.ttl`, or a
    /// hint); `None` for ever. What has one input goes by the first.
    pub ttl: [Option<Duration>; 2],
    pub fingerprint: Fingerprint,
    /// The part of the text that asked for it.
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Input {
    pub node: NodeId,
    pub exchange: Exchange,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchange {
    /// Rows stay on their shard.
    Forward,
    /// Rows with equal values in these columns meet on one shard.
    Hash(Vec<usize>),
    /// All rows meet on the first shard.
    Single,
}

#[derive(Debug, Clone)]
pub enum Operator {
    Source(SourceNode),
    /// A fixed list of rows, emitted once by the first shard.
    Values {
        rows: Vec<Vec<Expr>>,
    },
    /// Keeps the rows for which `filter` is true and computes one column an expression.
    Calc {
        filter: Option<Expr>,
        expressions: Vec<Expr>,
    },
    /// Appends `window_start`, `window_end` and `window_time` to each row, once for each window it belongs to.
    /// Sessions need `keys`; other windows ignore them.
    WindowTable {
        window: Window,
        time: WindowTime,
        keys: Vec<usize>,
    },
    /// Of rows that are going to be put into windows, those that come too late for any, or all others.
    LateRows {
        window: Window,
        time: WindowTime,
        /// Which of them.
        late: bool,
    },
    /// The records that its input, a source, could not read. It is given nothing else, and nobody else is given them.
    UnreadableRows,
    /// First phase: partial aggregates by key and slice of the rows that pass by. Emits the keys, the state
    /// columns of each aggregate, and two BIGINT columns behind them: the start and the end of the slice, or of
    /// the partial session, in milliseconds of the window's (local) time.
    LocalWindowAggregate {
        window: Window,
        time: WindowTime,
        keys: Vec<Expr>,
        aggregates: Vec<AggregateCall>,
        /// Whether it waits for a watermark; otherwise each chunk is sent on at once.
        holds: bool,
    },
    /// Second phase, behind an exchange by the keys: merges the partial aggregates and emits keys, results and
    /// properties when a window closes; or, where it is told when else to, as a changelog. The last aggregate then
    /// counts rows, and is not part of the results.
    GlobalWindowAggregate {
        window: Window,
        time: WindowTime,
        /// How many leading columns of the input are keys.
        keys: usize,
        /// Their arguments and filters were consumed by the first phase.
        aggregates: Vec<AggregateCall>,
        properties: Vec<WindowProperty>,
        emit: Option<WindowEmit>,
    },
    /// Aggregates by key without a window: emits the keys and the results, again whenever they change.
    GroupAggregate {
        keys: Vec<usize>,
        aggregates: Vec<AggregateCall>,
    },
    /// Two inputs, exchanged by the keys.
    Join(Box<Join>),
    /// One input: the other side is asked.
    LookupJoin(Box<LookupJoin>),
    Unnest(Box<Unnest>),
    /// The rows of these ranks among those with equal values in `partition`, as a changelog.
    TopN {
        partition: Vec<usize>,
        order: Vec<SortKey>,
        range: RankRange,
        /// Appends the rank, a BIGINT.
        rank_number: bool,
    },
    /// As [`Operator::TopN`], of rows that carry a window which is part of `partition`: once, when it closes.
    WindowTopN {
        window: RankWindow,
        partition: Vec<usize>,
        order: Vec<SortKey>,
        range: RankRange,
        rank_number: bool,
    },
    /// One row of each key: the first or the last by event time, or as they come.
    Deduplicate {
        partition: Vec<usize>,
        rowtime: Option<usize>,
        keep_last: bool,
        /// Every row that is the last for a while is told, since somebody asks for what was valid at a time. Otherwise
        /// what a chunk overtakes at once is not.
        tells_each: bool,
    },
    /// Appends one column a function, computed over the rows of equal values in `partition` up to each row.
    Over {
        partition: Vec<usize>,
        order: Vec<SortKey>,
        by: OverOrder,
        frame: Frame,
        functions: Vec<OverFunction>,
    },
    /// The columns of the partition and the measures of each match of a pattern.
    Match(Box<Matching>),
    /// These of all rows, counted as they come.
    Limit {
        range: RankRange,
    },
    /// Each row as often as its last column, a BIGINT, says; the column is left out.
    Replicate,
    /// Changes as rows, or rows as changes.
    Changes(Changes),
    /// Rows in the order of their event time, then of `order`, as the watermark passes.
    TemporalSort {
        time: usize,
        order: Vec<SortKey>,
    },
    /// All rows of all inputs; watermarks are the least of them.
    Union,
    /// Makes a full changelog, each change once, of one in which changes may come twice or without what was before:
    /// by these columns, which identify a row.
    ChangelogNormalize {
        keys: Vec<usize>,
    },
    /// Makes upserts by these columns of a changelog that other columns, or none, are the key of.
    SinkUpsertMaterialize {
        keys: Vec<usize>,
    },
    /// Leaves out, and counts, rows with a NULL in one of these columns, which are NOT NULL behind it.
    NotNullEnforcer {
        columns: Vec<usize>,
    },
    Sink(SinkNode),
}

#[derive(Debug, Clone)]
pub struct SourceNode {
    /// `catalog.database.table`
    pub table: String,
    pub source: Arc<dyn Source>,
    /// What the source delivers: wanted columns, then wanted metadata.
    pub read_schema: Schema,
    /// The node's columns over the source's: computed columns are added here.
    pub expressions: Vec<Expr>,
    pub watermark: Option<WatermarkSpec>,
}

#[derive(Debug, Clone)]
pub struct WatermarkSpec {
    /// The rowtime column among the node's columns.
    pub column: usize,
    /// Over the node's columns: the watermark that a row carries, a timestamp; NULL carries none.
    pub expression: Expr,
    /// Event time that must pass before another watermark is sent right behind a row
    /// (`pipeline.auto-watermark-interval`); also the pause after which one is sent anyway.
    pub interval: Duration,
    /// `table.exec.source.idle-timeout`: a lane silent for this long no longer holds the others back.
    pub idle_timeout: Option<Duration>,
    pub alignment: Option<Alignment>,
    /// Every row is to see the watermark that was sent before it, since an expression asks for it; otherwise only
    /// rows that could be late are.
    pub seen_by_every_row: bool,
}

/// `scan.watermark.alignment`: a lane that is further than `drift_max` ahead of the last of its group waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alignment {
    /// All sources of the job that name it, on all shards.
    pub group: String,
    pub drift_max: Duration,
}

#[derive(Debug, Clone)]
pub struct AggregateCall {
    pub function: Arc<dyn AggregateFunction>,
    pub arguments: Vec<Expr>,
    pub filter: Option<Expr>,
    pub result: DataType,
    pub state_types: Vec<DataType>,
    /// What to use where rows are taken back, if `function` cannot do that.
    pub retracting: Option<AggregateForm>,
    /// The column's name in results.
    pub name: String,
}

impl AggregateCall {
    /// The call as it is over an input with these kinds of rows.
    pub fn over(&self, input: ChangelogMode) -> AggregateCall {
        let mut call = self.clone();
        if let Some(form) = call.retracting.take().filter(|_| !input.is_insert_only()) {
            call.function = form.function;
            call.state_types = form.state_types;
        }
        call
    }
}

#[derive(Debug, Clone)]
pub struct SinkNode {
    /// `catalog.database.table`, or a name for rows that go back to whoever asked.
    pub table: String,
    pub sink: Arc<dyn Sink>,
}

impl Node {
    /// What its state goes by. How far a table was read, and what was written to it, is so whatever is made of its
    /// rows: those who read or write it find it by its name.
    pub fn state_fingerprint(&self) -> Fingerprint {
        match &self.operator {
            Operator::Source(source) => Fingerprint::of(&format!("Source(table=[{}])", source.table), []),
            Operator::Sink(sink) => Fingerprint::of(&format!("Sink(table=[{}])", sink.table), []),
            _ => self.fingerprint,
        }
    }
}

/// What a node's state goes by in a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateId {
    pub fingerprint: Fingerprint,
    /// Among the nodes of the same fingerprint.
    pub number: u32,
}

impl Graph {
    /// What the state of each node goes by.
    pub fn state_ids(&self) -> Vec<StateId> {
        let mut counts: HashMap<Fingerprint, u32> = HashMap::new();
        let mut scans: HashMap<Fingerprint, u32> = HashMap::new();
        for node in &self.nodes {
            *scans.entry(node.state_fingerprint()).or_default() += 1;
        }
        let id = |node: &Node| {
            let fingerprint = node.state_fingerprint();
            // Two scans of a table must not be taken for each other when a text is rearranged.
            let is_twin = matches!(node.operator, Operator::Source(_)) && scans[&fingerprint] > 1;
            let fingerprint = if is_twin { node.fingerprint } else { fingerprint };
            let count = counts.entry(fingerprint).or_default();
            *count += 1;
            StateId {
                fingerprint,
                number: *count - 1,
            }
        };
        self.nodes.iter().map(id).collect()
    }

    pub fn sinks(&self) -> impl Iterator<Item = (NodeId, &SinkNode)> {
        self.nodes
            .iter()
            .enumerate()
            .filter_map(|(id, node)| match &node.operator {
                Operator::Sink(sink) => Some((id, sink)),
                _ => None,
            })
    }

    /// Appends a node; its inputs must be there already.
    pub fn add(&mut self, node: Node) -> NodeId {
        debug_assert!(node.inputs.iter().all(|input| input.node < self.nodes.len()));
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exchange::Forward => f.write_str("forward"),
            Exchange::Hash(columns) => {
                let columns: Vec<String> = columns.iter().map(|column| format!("${column}")).collect();
                write!(f, "hash[{}]", columns.join(", "))
            }
            Exchange::Single => f.write_str("single"),
        }
    }
}

/// One line: what fingerprints are made of, together with the types of the columns.
impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operator::Source(source) => {
                let names: Vec<&str> = source.read_schema.names().collect();
                write!(f, "Source(table=[{}], read=[{}]", source.table, names.join(", "))?;
                write!(f, ", select=[{}]", list(&source.expressions))?;
                if let Some(watermark) = &source.watermark {
                    write!(
                        f,
                        ", rowtime=[${}], watermark=[{}]",
                        watermark.column, watermark.expression
                    )?;
                }
                f.write_str(")")
            }
            Operator::Values { rows } => {
                let rows: Vec<String> = rows.iter().map(|row| format!("({})", list(row))).collect();
                write!(f, "Values(rows=[{}])", rows.join(", "))
            }
            Operator::Calc { filter, expressions } => {
                write!(f, "Calc(select=[{}]", list(expressions))?;
                if let Some(filter) = filter {
                    write!(f, ", where=[{filter}]")?;
                }
                f.write_str(")")
            }
            Operator::WindowTable { window, time, keys } => {
                write!(f, "WindowTable(window=[{window}], {}", describe_time(time))?;
                if !keys.is_empty() {
                    write!(f, ", keys={keys:?}")?;
                }
                f.write_str(")")
            }
            Operator::LateRows { window, time, late } => {
                let which = if *late { "late" } else { "timely" };
                write!(f, "LateRows(window=[{window}], {}, {which})", describe_time(time))
            }
            Operator::UnreadableRows => f.write_str("UnreadableRows"),
            Operator::LocalWindowAggregate {
                window,
                time,
                keys,
                aggregates,
                ..
            } => write!(
                f,
                "LocalWindowAggregate(window=[{window}], {}, keys=[{}], aggregates=[{}])",
                describe_time(time),
                list(keys),
                calls(aggregates)
            ),
            Operator::GlobalWindowAggregate {
                window,
                time,
                keys,
                aggregates,
                properties,
                emit,
            } => {
                write!(
                    f,
                    "GlobalWindowAggregate(window=[{window}], {}, keys={keys}, aggregates=[{}], properties={properties:?}",
                    describe_time(time),
                    calls(aggregates)
                )?;
                // When results are told is no part of what is remembered; that they are told again is.
                f.write_str(if emit.is_some() { ", updating)" } else { ")" })
            }
            Operator::GroupAggregate { keys, aggregates } => {
                write!(
                    f,
                    "GroupAggregate(keys={keys:?}, aggregates=[{}])",
                    calls(aggregates)
                )
            }
            Operator::Join(join) => write!(f, "{join}"),
            Operator::LookupJoin(join) => write!(f, "{join}"),
            Operator::Unnest(unnest) => write!(f, "{unnest}"),
            Operator::TopN {
                partition,
                order,
                range,
                rank_number,
            } => write!(
                f,
                "TopN(partition={partition:?}, order=[{}], range=[{range}], rank={rank_number})",
                sort_keys(order)
            ),
            Operator::WindowTopN {
                window,
                partition,
                order,
                range,
                rank_number,
            } => write!(
                f,
                "WindowTopN(end=[${}], zone={:?}, newest_first={}, partition={partition:?}, order=[{}], \
                 range=[{range}], rank={rank_number})",
                window.end,
                window.time_zone,
                window.newest_first,
                sort_keys(order)
            ),
            Operator::Deduplicate {
                partition,
                rowtime,
                keep_last,
                ..
            } => write!(
                f,
                "Deduplicate(partition={partition:?}, rowtime={rowtime:?}, keep_last={keep_last})"
            ),
            Operator::Over {
                partition,
                order,
                by,
                frame,
                functions,
            } => {
                let texts: Vec<String> = functions.iter().map(OverFunction::to_string).collect();
                write!(
                    f,
                    "Over(partition={partition:?}, order=[{}], by=[{by}], frame=[{frame}], functions=[{}])",
                    sort_keys(order),
                    texts.join(", ")
                )
            }
            Operator::Match(matching) => write!(f, "{matching}"),
            Operator::Limit { range } => write!(f, "Limit(range=[{range}])"),
            Operator::Replicate => f.write_str("Replicate"),
            Operator::Changes(changes) => write!(f, "{changes}"),
            Operator::TemporalSort { time, order } => {
                write!(f, "TemporalSort(rowtime=[${time}], order=[{}])", sort_keys(order))
            }
            Operator::Union => f.write_str("Union"),
            Operator::ChangelogNormalize { keys } => write!(f, "ChangelogNormalize(keys={keys:?})"),
            Operator::SinkUpsertMaterialize { keys } => write!(f, "SinkUpsertMaterialize(keys={keys:?})"),
            Operator::NotNullEnforcer { columns } => write!(f, "NotNullEnforcer(columns={columns:?})"),
            Operator::Sink(sink) => write!(f, "Sink(table=[{}])", sink.table),
        }
    }
}

fn sort_keys(keys: &[SortKey]) -> String {
    keys.iter().map(SortKey::to_string).collect::<Vec<_>>().join(", ")
}

fn describe_time(time: &WindowTime) -> String {
    let zone = time
        .time_zone
        .map_or(String::new(), |zone| format!(", zone=[{zone}]"));
    match time.attribute {
        model::TimeAttribute::Rowtime => format!("rowtime=[${}]{zone}", time.column),
        model::TimeAttribute::Proctime => format!("proctime{zone}"),
    }
}

fn list(expressions: &[Expr]) -> String {
    expressions
        .iter()
        .map(Expr::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn calls(aggregates: &[AggregateCall]) -> String {
    let texts: Vec<String> = aggregates
        .iter()
        .map(|call| {
            let filter = call
                .filter
                .as_ref()
                .map_or(String::new(), |filter| format!(" FILTER {filter}"));
            format!("{}({}){filter}", call.function.name(), list(&call.arguments))
        })
        .collect();
    texts.join(", ")
}
