//! The logical plan: what a query computes, before it is laid out over shards.
//!
//! Columns are positions in the schema of a node's input; expressions are typed. A plan is a tree: what a query
//! uses twice stands twice in it, and the graph shares it again.

use std::sync::Arc;
use std::time::Duration;

use graph::{
    AggregateCall, Alignment, Changes, Expr, Frame, Join, Matching, OverFunction, RankRange, RankWindow,
    SortKey, Unnest, Window, WindowEmit, WindowProperty, WindowTime,
};
use indexmap::IndexMap;
use model::{DataType, Schema, Span};

use crate::bind::{LateRows, LookupOptions, UnreadableRows};
use crate::catalog::ObjectPath;

#[derive(Debug, Clone)]
pub struct Plan {
    pub kind: PlanKind,
    /// Of the rows it gives.
    pub schema: Schema,
    /// The part of the text that asked for it.
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum PlanKind {
    Scan(Scan),
    Values {
        rows: Vec<Vec<Expr>>,
    },
    /// Keeps the rows for which `filter` is true and computes one column an expression.
    Calc {
        input: Box<Plan>,
        filter: Option<Expr>,
        expressions: Vec<Expr>,
    },
    /// Appends `window_start`, `window_end` and `window_time`.
    WindowTable {
        input: Box<Plan>,
        window: Window,
        time: WindowTime,
        /// The partition of sessions.
        keys: Vec<usize>,
    },
    /// Gives the keys, then the results, then the properties of the window.
    Aggregate {
        input: Box<Plan>,
        window: Window,
        time: WindowTime,
        keys: Vec<usize>,
        aggregates: Vec<AggregateCall>,
        properties: Vec<WindowProperty>,
        /// When results are told besides at the end of the window.
        emit: Option<Box<WindowEmit>>,
    },
    /// Of rows that are going to be put into windows, those that come too late for any, or all others. Its input is
    /// the same for both, whatever is wanted of it.
    LateRows {
        input: Box<Plan>,
        window: Window,
        time: WindowTime,
        late: bool,
        /// The same for both.
        pair: Arc<()>,
    },
    /// Gives the keys, then the results, and both again whenever rows change them.
    GroupAggregate {
        input: Box<Plan>,
        keys: Vec<usize>,
        aggregates: Vec<AggregateCall>,
        /// How long keys are remembered, if a hint says so.
        ttl: Option<Duration>,
    },
    /// Each row once for each projection.
    Expand {
        input: Box<Plan>,
        projections: Vec<Vec<Expr>>,
    },
    /// The keys are found by the optimizer: until then they are part of the condition.
    Join {
        left: Box<Plan>,
        right: Box<Plan>,
        join: Box<Join>,
    },
    Unnest {
        input: Box<Plan>,
        unnest: Box<Unnest>,
    },
    Union {
        inputs: Vec<Plan>,
    },
    /// Appends one column a call, computed over the rows before and with each row.
    Over {
        input: Box<Plan>,
        over: Box<Over>,
        calls: Vec<OverCall>,
    },
    /// The columns of the partition and the measures of each match of a pattern.
    Match {
        input: Box<Plan>,
        matching: Box<Matching>,
    },
    /// The rows of these ranks, with the rank behind them where it is wanted.
    Rank {
        input: Box<Plan>,
        rank: Box<Rank>,
    },
    /// These of all rows, counted as they come.
    Limit {
        input: Box<Plan>,
        range: RankRange,
    },
    /// Each row as often as its last column says, which is left out.
    Replicate {
        input: Box<Plan>,
    },
    /// Its input, which is made once for several and the same for all, whatever is wanted of it.
    Whole {
        input: Box<Plan>,
        /// The same for all.
        shared: Arc<()>,
    },
    /// Changes as rows, or rows as changes.
    Changes {
        input: Box<Plan>,
        changes: Changes,
    },
    /// All rows in an order.
    Sort {
        input: Box<Plan>,
        order: Vec<SortKey>,
    },
}

/// The rows that a call of OVER sees.
#[derive(Debug, Clone)]
pub struct Over {
    pub partition: Vec<usize>,
    pub order: Vec<SortKey>,
    /// None for a frame that ends behind the current row, as the whole partition does.
    pub frame: Option<Frame>,
    /// The window that rows carry, if both its bounds are in `partition`.
    pub window: Option<PartitionWindow>,
}

#[derive(Debug, Clone, Copy)]
pub struct PartitionWindow {
    pub window: RankWindow,
    pub is_rowtime: bool,
}

#[derive(Debug, Clone)]
pub struct OverCall {
    pub function: OverFunction,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Rank {
    pub function: OverFunction,
    pub partition: Vec<usize>,
    pub order: Vec<SortKey>,
    /// An end of `i64::MAX` stands for none.
    pub range: RankRange,
    /// Appends the rank.
    pub rank_number: bool,
    pub window: Option<PartitionWindow>,
}

impl Over {
    /// The columns of its input that it goes by.
    pub fn columns(&self) -> Vec<usize> {
        columns_of(&self.partition, &self.order, self.window)
    }

    /// The same where each column went somewhere else.
    pub fn moved(self, place: impl Fn(usize) -> usize) -> Over {
        Over {
            partition: self.partition.into_iter().map(&place).collect(),
            order: moved_keys(self.order, &place),
            window: self.window.map(|window| window.moved(&place)),
            ..self
        }
    }
}

impl Rank {
    /// The columns of its input that it goes by.
    pub fn columns(&self) -> Vec<usize> {
        columns_of(&self.partition, &self.order, self.window)
    }

    /// The same where each column went somewhere else.
    pub fn moved(self, place: impl Fn(usize) -> usize) -> Rank {
        Rank {
            partition: self.partition.into_iter().map(&place).collect(),
            order: moved_keys(self.order, &place),
            window: self.window.map(|window| window.moved(&place)),
            ..self
        }
    }
}

impl PartitionWindow {
    fn moved(self, place: impl Fn(usize) -> usize) -> PartitionWindow {
        PartitionWindow {
            window: RankWindow {
                end: place(self.window.end),
                ..self.window
            },
            ..self
        }
    }
}

fn columns_of(partition: &[usize], order: &[SortKey], window: Option<PartitionWindow>) -> Vec<usize> {
    let order = order.iter().map(|key| key.column);
    let ends = window.map(|window| window.window.end);
    partition.iter().copied().chain(order).chain(ends).collect()
}

/// Sort keys where each column went somewhere else.
pub(crate) fn moved_keys(keys: Vec<SortKey>, place: impl Fn(usize) -> usize) -> Vec<SortKey> {
    keys.into_iter()
        .map(|key| SortKey {
            column: place(key.column),
            ..key
        })
        .collect()
}

/// A table read. The expressions go over the table's row: its physical columns, then its metadata columns.
#[derive(Debug, Clone)]
pub struct Scan {
    pub table: Arc<ScanTable>,
    /// One output column each.
    pub outputs: Vec<Expr>,
    /// The output that is the event time, if the table has a watermark.
    pub rowtime: Option<usize>,
}

/// A table as it is read: what its connector is asked, and what happens to its rows at once.
#[derive(Debug)]
pub struct ScanTable {
    pub path: ObjectPath,
    /// Where the text names it.
    pub span: Span,
    /// The options with those of hints in them, `scan.watermark.*`, `window.late-rows.*`, `scan.unreadable-rows.*` and
    /// those about lookups taken out.
    pub options: IndexMap<String, String>,
    /// Options that come from hints, and where they stand.
    pub hinted: Vec<(String, Span)>,
    pub physical: Schema,
    pub partition_keys: Vec<String>,
    pub primary_key: Vec<String>,
    /// Metadata behind the physical columns in the table's row: the key, and the type that the connector gives.
    pub metadata: Vec<(String, DataType)>,
    pub watermark: Option<ScanWatermark>,
    /// What it says of late rows.
    pub late_rows: Option<LateRows>,
    /// What becomes of records that cannot be read.
    pub unreadable: UnreadableRows,
    /// How it is looked up, if it can be.
    pub lookup: Option<LookupOptions>,
}

#[derive(Debug, Clone)]
pub struct ScanWatermark {
    /// Over the table's row.
    pub expression: Expr,
    pub interval: Duration,
    pub idle_timeout: Option<Duration>,
    pub alignment: Option<Alignment>,
}

impl ScanTable {
    /// The type of a column of the table's row.
    pub fn row_type(&self, index: usize) -> DataType {
        match self.physical.fields.get(index) {
            Some(field) => field.data_type.clone(),
            None => self.metadata[index - self.physical.len()].1.clone(),
        }
    }

    /// Whether both read the same rows.
    pub fn is_same(&self, other: &ScanTable) -> bool {
        let times = |table: &ScanTable| {
            let watermark = table.watermark.as_ref();
            watermark.map(|watermark| {
                (
                    watermark.interval,
                    watermark.idle_timeout,
                    watermark.alignment.clone(),
                )
            })
        };
        self.path == other.path
            && self.options == other.options
            && self.physical == other.physical
            && self.unreadable == other.unreadable
            && times(self) == times(other)
    }
}

impl Plan {
    pub fn inputs(&self) -> Vec<&Plan> {
        match &self.kind {
            PlanKind::Scan(_) | PlanKind::Values { .. } => Vec::new(),
            PlanKind::Calc { input, .. }
            | PlanKind::WindowTable { input, .. }
            | PlanKind::LateRows { input, .. }
            | PlanKind::Aggregate { input, .. }
            | PlanKind::GroupAggregate { input, .. }
            | PlanKind::Over { input, .. }
            | PlanKind::Match { input, .. }
            | PlanKind::Rank { input, .. }
            | PlanKind::Limit { input, .. }
            | PlanKind::Replicate { input }
            | PlanKind::Whole { input, .. }
            | PlanKind::Changes { input, .. }
            | PlanKind::Sort { input, .. }
            | PlanKind::Expand { input, .. } => vec![input],
            PlanKind::Join { left, right, .. } => vec![left, right],
            PlanKind::Unnest { input, .. } => vec![input],
            PlanKind::Union { inputs } => inputs.iter().collect(),
        }
    }

    /// The same node over other inputs, each passed through `change`.
    pub fn map_inputs(mut self, change: &mut impl FnMut(Plan) -> Plan) -> Plan {
        // In their places, so that who calls itself for what stands below needs little room.
        for input in self.inputs_mut() {
            let below = std::mem::replace(input, Plan::nothing());
            *input = change(below);
        }
        self
    }

    fn inputs_mut(&mut self) -> Vec<&mut Plan> {
        match &mut self.kind {
            PlanKind::Scan(_) | PlanKind::Values { .. } => Vec::new(),
            PlanKind::Calc { input, .. }
            | PlanKind::WindowTable { input, .. }
            | PlanKind::LateRows { input, .. }
            | PlanKind::Aggregate { input, .. }
            | PlanKind::GroupAggregate { input, .. }
            | PlanKind::Over { input, .. }
            | PlanKind::Match { input, .. }
            | PlanKind::Rank { input, .. }
            | PlanKind::Limit { input, .. }
            | PlanKind::Replicate { input }
            | PlanKind::Whole { input, .. }
            | PlanKind::Changes { input, .. }
            | PlanKind::Sort { input, .. }
            | PlanKind::Expand { input, .. }
            | PlanKind::Unnest { input, .. } => vec![input],
            PlanKind::Join { left, right, .. } => vec![left, right],
            PlanKind::Union { inputs } => inputs.iter_mut().collect(),
        }
    }

    pub fn nothing() -> Plan {
        Plan {
            kind: PlanKind::Values { rows: Vec::new() },
            schema: Schema::new(Vec::new()),
            span: Span::default(),
        }
    }

    /// Passes every expression of this node, not of its inputs, through `change`.
    pub fn map_expressions(self, change: &mut impl FnMut(Expr) -> Expr) -> Plan {
        let kind = match self.kind {
            PlanKind::Scan(scan) => PlanKind::Scan(Scan {
                outputs: scan.outputs.into_iter().map(change).collect(),
                ..scan
            }),
            PlanKind::Values { rows } => PlanKind::Values {
                rows: rows
                    .into_iter()
                    .map(|row| row.into_iter().map(&mut *change).collect())
                    .collect(),
            },
            PlanKind::Calc {
                input,
                filter,
                expressions,
            } => PlanKind::Calc {
                input,
                filter: filter.map(&mut *change),
                expressions: expressions.into_iter().map(change).collect(),
            },
            PlanKind::Aggregate {
                input,
                window,
                time,
                keys,
                aggregates,
                properties,
                emit,
            } => PlanKind::Aggregate {
                input,
                window,
                time,
                keys,
                aggregates: map_calls(aggregates, change),
                properties,
                emit,
            },
            PlanKind::GroupAggregate {
                input,
                keys,
                aggregates,
                ttl,
            } => PlanKind::GroupAggregate {
                input,
                keys,
                aggregates: map_calls(aggregates, change),
                ttl,
            },
            PlanKind::Expand { input, projections } => PlanKind::Expand {
                input,
                projections: projections
                    .into_iter()
                    .map(|projection| projection.into_iter().map(&mut *change).collect())
                    .collect(),
            },
            PlanKind::Join {
                left,
                right,
                mut join,
            } => {
                join.condition = join.condition.map(change);
                PlanKind::Join { left, right, join }
            }
            PlanKind::Unnest { input, mut unnest } => {
                unnest.operand = change(unnest.operand);
                PlanKind::Unnest { input, unnest }
            }
            PlanKind::Over { input, over, calls } => PlanKind::Over {
                input,
                over,
                calls: calls
                    .into_iter()
                    .map(|call| OverCall {
                        function: call.function.map_expressions(change),
                        ..call
                    })
                    .collect(),
            },
            PlanKind::Match { input, matching } => PlanKind::Match {
                input,
                matching: Box::new(matching.map_expressions(change)),
            },
            other @ (PlanKind::WindowTable { .. }
            | PlanKind::LateRows { .. }
            | PlanKind::Union { .. }
            | PlanKind::Rank { .. }
            | PlanKind::Limit { .. }
            | PlanKind::Replicate { .. }
            | PlanKind::Changes { .. }
            | PlanKind::Whole { .. }
            | PlanKind::Sort { .. }) => other,
        };
        Plan { kind, ..self }
    }

    /// How many nodes it has.
    pub fn size(&self) -> usize {
        1 + self.inputs().into_iter().map(Plan::size).sum::<usize>()
    }

    /// How many nodes stand over each other.
    pub fn depth(&self) -> usize {
        1 + self.inputs().into_iter().map(Plan::depth).max().unwrap_or(0)
    }

    pub fn column_type(&self, index: usize) -> DataType {
        self.schema.fields[index].data_type.clone()
    }

    /// A column of it, as an expression of whoever reads it.
    pub fn column(&self, index: usize) -> Expr {
        Expr::column(index, self.column_type(index))
    }

    pub fn columns(&self) -> Vec<Expr> {
        (0..self.schema.len()).map(|index| self.column(index)).collect()
    }
}

fn map_calls(calls: Vec<AggregateCall>, change: &mut impl FnMut(Expr) -> Expr) -> Vec<AggregateCall> {
    calls
        .into_iter()
        .map(|call| AggregateCall {
            arguments: call.arguments.into_iter().map(&mut *change).collect(),
            filter: call.filter.map(&mut *change),
            ..call
        })
        .collect()
}
