//! Sources, sinks and functions small enough to be seen through.
#![allow(dead_code, unused_imports)]

pub mod functions;
pub mod sink;
pub mod source;

use std::sync::Arc;
use std::time::Duration;

use arrow_array::{Array, Int64Array};
use dataflow::{AggregateFunction, EvaluationContext, Sink, Source};
use graph::{
    AggregateCall, Alignment, Exchange, Expr, Fingerprint, Graph, Input, Node, NodeId, Operator, SinkNode,
    SourceNode, WatermarkSpec, Window, WindowProperty, WindowTime,
};
use model::{ChangelogMode, DataType, Field, Schema, Span, TimeAttribute, TypeKind};
use stdx::ManualClock;

pub use functions::{Call, Count, Sum};
pub use sink::TestSink;
pub use source::{TestRow, TestSource};

pub fn bigint() -> DataType {
    TypeKind::BigInt.nullable()
}

pub fn text() -> DataType {
    TypeKind::STRING.nullable()
}

pub fn timestamp() -> DataType {
    TypeKind::Timestamp(3).nullable()
}

pub fn context() -> Arc<EvaluationContext> {
    context_with(Arc::new(ManualClock::at_ms(0)))
}

pub fn context_with(clock: Arc<ManualClock>) -> Arc<EvaluationContext> {
    Arc::new(EvaluationContext::new(chrono_tz::UTC, clock))
}

pub fn column(index: usize, data_type: DataType) -> Expr {
    Expr::column(index, data_type)
}

pub fn number(value: i64) -> Expr {
    Expr::Literal {
        value: Arc::new(Int64Array::from(vec![value])),
        data_type: bigint(),
    }
}

/// A graph that grows from its sources on.
#[derive(Default)]
pub struct Builder {
    pub graph: Graph,
}

impl Builder {
    pub fn add(
        &mut self,
        operator: Operator,
        inputs: Vec<(NodeId, Exchange)>,
        fields: Vec<(&str, DataType)>,
    ) -> NodeId {
        let fields = fields
            .into_iter()
            .map(|(name, data_type)| Field::new(name, data_type));
        let description = operator.to_string();
        let fingerprints: Vec<Fingerprint> = inputs
            .iter()
            .map(|(node, _)| self.graph.nodes[*node].fingerprint)
            .collect();
        self.graph.add(Node {
            operator,
            inputs: inputs
                .into_iter()
                .map(|(node, exchange)| Input { node, exchange })
                .collect(),
            schema: Schema::new(fields.collect()),
            changelog: ChangelogMode::INSERT_ONLY,
            upsert_keys: Vec::new(),
            ttl: [None; 2],
            fingerprint: Fingerprint::of(&description, fingerprints),
            span: Span::default(),
        })
    }

    /// Columns: k BIGINT, s STRING, v BIGINT, t TIMESTAMP(3) with watermark `t - delay`.
    pub fn source(&mut self, source: Arc<dyn Source>, delay_ms: Option<i64>) -> NodeId {
        self.source_with(source, delay_ms, None, None)
    }

    pub fn source_with(
        &mut self,
        source: Arc<dyn Source>,
        delay_ms: Option<i64>,
        idle_timeout: Option<Duration>,
        alignment: Option<Alignment>,
    ) -> NodeId {
        let fields = vec![
            ("k", bigint()),
            ("s", text()),
            ("v", bigint()),
            ("t", timestamp()),
        ];
        let expressions = fields
            .iter()
            .enumerate()
            .map(|(index, (_, data_type))| column(index, data_type.clone()));
        let node = SourceNode {
            table: "c.d.events".to_string(),
            source,
            read_schema: source::schema(),
            expressions: expressions.collect(),
            watermark: delay_ms.map(|delay_ms| WatermarkSpec {
                column: 3,
                expression: functions::minus_ms(column(3, timestamp()), delay_ms),
                interval: Duration::from_millis(200),
                idle_timeout,
                alignment,
                seen_by_every_row: false,
            }),
        };
        self.add(Operator::Source(node), vec![], fields)
    }

    pub fn sink(&mut self, input: NodeId, exchange: Exchange, sink: Arc<dyn Sink>) -> NodeId {
        let node = SinkNode {
            table: "c.d.out".to_string(),
            sink,
        };
        self.add(Operator::Sink(node), vec![(input, exchange)], vec![])
    }

    pub fn calc(&mut self, input: NodeId, filter: Option<Expr>, columns: Vec<(&str, Expr)>) -> NodeId {
        let fields = columns
            .iter()
            .map(|(name, expr)| (*name, expr.data_type()))
            .collect();
        let expressions = columns.into_iter().map(|(_, expr)| expr).collect();
        self.add(
            Operator::Calc { filter, expressions },
            vec![(input, Exchange::Forward)],
            fields,
        )
    }

    /// COUNT(*), SUM(v) and SUM(v) of even v by keys, in two phases, with start and end.
    pub fn aggregate(
        &mut self,
        input: NodeId,
        window: Window,
        time: WindowTime,
        keys: Vec<(&str, Expr)>,
    ) -> NodeId {
        let value = column(2, bigint());
        let even = functions::call(Call::IsEven, vec![value.clone()], TypeKind::Boolean.nullable());
        let aggregates = vec![
            aggregate(Arc::new(Count), vec![], None, "c"),
            aggregate(Arc::new(Sum), vec![value.clone()], None, "total"),
            aggregate(Arc::new(Sum), vec![value], Some(even), "evens"),
        ];
        self.aggregates(input, window, time, keys, aggregates)
    }

    /// COUNT(*) by keys, in two phases, with start and end.
    pub fn count(
        &mut self,
        input: NodeId,
        window: Window,
        time: WindowTime,
        keys: Vec<(&str, Expr)>,
    ) -> NodeId {
        self.aggregates(
            input,
            window,
            time,
            keys,
            vec![aggregate(Arc::new(Count), vec![], None, "c")],
        )
    }

    /// Aggregates over at most three calls, each with one BIGINT of state.
    pub fn aggregates(
        &mut self,
        input: NodeId,
        window: Window,
        time: WindowTime,
        keys: Vec<(&str, Expr)>,
        aggregates: Vec<AggregateCall>,
    ) -> NodeId {
        let mut local_fields: Vec<(&str, DataType)> =
            keys.iter().map(|(name, key)| (*name, key.data_type())).collect();
        let key_fields = local_fields.clone();
        let states = ["a0", "a1", "a2"];
        for name in states.iter().take(aggregates.len()).chain(&["start", "end"]) {
            local_fields.push((name, bigint()));
        }
        let local = Operator::LocalWindowAggregate {
            window,
            time,
            keys: keys.iter().map(|(_, key)| key.clone()).collect(),
            aggregates: aggregates.clone(),
            holds: true,
        };
        let local = self.add(local, vec![(input, Exchange::Forward)], local_fields);
        let exchange = match keys.len() {
            0 => Exchange::Single,
            keys => Exchange::Hash((0..keys).collect()),
        };
        let global = Operator::GlobalWindowAggregate {
            window,
            time,
            keys: keys.len(),
            aggregates: aggregates.clone(),
            properties: vec![WindowProperty::Start, WindowProperty::End],
            emit: None,
        };
        let mut fields = key_fields;
        for call in &aggregates {
            fields.push((call.name.as_str(), bigint()));
        }
        fields.push(("window_start", timestamp()));
        fields.push(("window_end", timestamp()));
        self.add(global, vec![(local, exchange)], fields)
    }
}

pub fn proctime() -> WindowTime {
    WindowTime {
        attribute: TimeAttribute::Proctime,
        column: usize::MAX,
        time_zone: None,
    }
}

pub fn rowtime() -> WindowTime {
    WindowTime {
        attribute: TimeAttribute::Rowtime,
        column: 3,
        time_zone: None,
    }
}

pub fn aggregate(
    function: Arc<dyn AggregateFunction>,
    arguments: Vec<Expr>,
    filter: Option<Expr>,
    name: &str,
) -> AggregateCall {
    AggregateCall {
        function,
        arguments,
        filter,
        result: bigint(),
        state_types: vec![bigint()],
        retracting: None,
        name: name.to_string(),
    }
}

/// A cell as text.
pub fn cell(array: &dyn Array, row: usize) -> String {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Int64Type, TimestampMicrosecondType};
    use arrow_schema::DataType as ArrowType;
    if array.is_null(row) {
        return "-".to_string();
    }
    match array.data_type() {
        ArrowType::Utf8 => array.as_string::<i32>().value(row).to_string(),
        ArrowType::Timestamp(_, _) => {
            let us = array.as_primitive::<TimestampMicrosecondType>().value(row);
            us.div_euclid(1000).to_string()
        }
        _ => array.as_primitive::<Int64Type>().value(row).to_string(),
    }
}
