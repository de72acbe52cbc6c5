//! EXPLAIN: the graph as a tree for people, columns by their names.

mod lookup;
mod matching;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Duration;

use arrow_array::{Array, ArrayRef, DurationMillisecondArray};
use graph::{
    AggregateCall, Exchange, Expr, Frame, Graph, Join, JoinTime, Node, NodeId, Operator, OverOrder, SortKey,
    Unnest, Window, WindowProperty, WindowTime,
};
use model::{DataType, Diagnostic, Field, Schema, TimeAttribute, TypeKind};
use sql::ast::{ExplainDetail, Statement, StatementKind};

use crate::bind::unsupported;
use crate::build;
use crate::session::Environment;

/// The plan of a statement, which is not run.
pub fn text(
    statement: &Statement,
    details: &[ExplainDetail],
    env: &Environment<'_>,
) -> Result<String, Diagnostic> {
    if let Some(detail) = details
        .iter()
        .find(|detail| **detail != ExplainDetail::ChangelogMode)
    {
        let name = match detail {
            ExplainDetail::EstimatedCost => "ESTIMATED_COST",
            ExplainDetail::JsonExecutionPlan => "JSON_EXECUTION_PLAN",
            ExplainDetail::PlanAdvice => "PLAN_ADVICE",
            ExplainDetail::ChangelogMode => "CHANGELOG_MODE",
        };
        return Err(unsupported(
            statement.span,
            &format!("EXPLAIN {name}"),
            "CHANGELOG_MODE is",
        ));
    }
    let graph = match &statement.kind {
        StatementKind::Query(query) => build::query(query, env)?.graph,
        StatementKind::Insert(insert) => build::inserts(std::slice::from_ref(insert), env)?,
        StatementKind::StatementSet { inserts } => build::inserts(inserts, env)?,
        _ => {
            return Err(Diagnostic::validation(
                statement.span,
                "EXPLAIN takes a query, an INSERT or a statement set",
            ));
        }
    };
    Ok(graph_text(&graph, details))
}

/// One tree for each sink, or for the last node if there is none.
pub fn graph_text(graph: &Graph, details: &[ExplainDetail]) -> String {
    let mut roots: Vec<NodeId> = graph.sinks().map(|(id, _)| id).collect();
    if roots.is_empty() && !graph.nodes.is_empty() {
        roots.push(graph.nodes.len() - 1);
    }
    let mut uses = vec![0usize; graph.nodes.len()];
    for node in &graph.nodes {
        for input in &node.inputs {
            uses[input.node] += 1;
        }
    }
    let mut explain = Explain {
        graph,
        details,
        uses,
        shown: HashSet::new(),
        out: String::new(),
    };
    for (number, root) in roots.into_iter().enumerate() {
        if number > 0 {
            explain.out.push('\n');
        }
        explain.node(root, "", "");
    }
    explain.out
}

/// One line about a node.
pub fn node_text(graph: &Graph, id: NodeId) -> String {
    let node = &graph.nodes[id];
    let inputs: Vec<&Node> = node.inputs.iter().map(|input| &graph.nodes[input.node]).collect();
    describe(node, &inputs)
}

struct Explain<'a> {
    graph: &'a Graph,
    details: &'a [ExplainDetail],
    /// How many nodes read each node.
    uses: Vec<usize>,
    shown: HashSet<NodeId>,
    out: String,
}

impl Explain<'_> {
    /// `first` stands before the node's own line, `rest` before those of its inputs.
    fn node(&mut self, id: NodeId, first: &str, rest: &str) {
        let node = &self.graph.nodes[id];
        // A node that several read is written once and named by its number afterwards.
        let shared = self.uses[id] > 1;
        if shared && !self.shown.insert(id) {
            let _ = writeln!(self.out, "{first}Reused(node=[{id}])");
            return;
        }
        let mut line = node_text(self.graph, id);
        if self.details.contains(&ExplainDetail::ChangelogMode) {
            let _ = write!(line, ", changelogMode={}", node.changelog);
        }
        if shared {
            let _ = write!(line, ", node=[{id}]");
        }
        if let Some(state) = state_kept(node) {
            let _ = write!(line, ", keeps state: {state}");
        }
        let _ = writeln!(self.out, "{first}{line}");
        let last = node.inputs.len().saturating_sub(1);
        for (position, input) in node.inputs.iter().enumerate() {
            let (branch, below) = if position == last {
                ("+- ", "   ")
            } else {
                (":- ", ":  ")
            };
            let (mut first, mut rest) = (format!("{rest}{branch}"), format!("{rest}{below}"));
            if input.exchange != Exchange::Forward {
                let source = &self.graph.nodes[input.node].schema;
                let _ = writeln!(self.out, "{first}Exchange({})", exchange(&input.exchange, source));
                first = format!("{rest}+- ");
                rest.push_str("   ");
            }
            self.node(input.node, &first, &rest);
        }
    }
}

/// How rows of `schema` travel, columns by their names.
pub fn exchange(exchange: &Exchange, schema: &Schema) -> String {
    match exchange {
        Exchange::Forward => "forward".to_string(),
        Exchange::Single => "single".to_string(),
        Exchange::Hash(columns) => format!("hash[{}]", names(columns, schema)),
    }
}

pub(crate) fn names(columns: &[usize], schema: &Schema) -> String {
    let names: Vec<&str> = columns
        .iter()
        .map(|column| schema.fields[*column].name.as_str())
        .collect();
    names.join(", ")
}

fn describe(node: &Node, inputs: &[&Node]) -> String {
    let empty = Schema::default();
    let input = inputs.first().map_or(&empty, |input| &input.schema);
    match &node.operator {
        Operator::Source(source) => {
            let read: Vec<String> = source.read_schema.fields.iter().map(read_column).collect();
            let mut text = format!("Source(table=[{}], read=[{}]", source.table, read.join(", "));
            let plain =
                source.expressions.len() == source.read_schema.len()
                    && source.expressions.iter().enumerate().all(
                        |(at, expression)| matches!(expression, Expr::Column { index, .. } if *index == at),
                    );
            if !plain {
                let columns = selected(&source.expressions, &source.read_schema, &node.schema);
                let _ = write!(text, ", select=[{columns}]");
            }
            if let Some(watermark) = &source.watermark {
                let _ = write!(
                    text,
                    ", rowtime=[{}], watermark=[{}]",
                    node.schema.fields[watermark.column].name,
                    expression(&watermark.expression, &node.schema)
                );
                if let Some(idle) = watermark.idle_timeout {
                    let _ = write!(text, ", idle-timeout=[{} ms]", idle.as_millis());
                }
                if let Some(alignment) = &watermark.alignment {
                    let drift_ms = alignment.drift_max.as_millis();
                    let _ = write!(text, ", aligned=[{} within {drift_ms} ms]", alignment.group);
                }
            }
            text.push(')');
            text
        }
        Operator::Values { rows } => {
            let rows: Vec<String> = rows
                .iter()
                .map(|row| format!("({})", list(row, &empty)))
                .collect();
            format!("Values(rows=[{}])", rows.join(", "))
        }
        Operator::Calc { filter, expressions } => {
            let mut text = format!("Calc(select=[{}]", selected(expressions, input, &node.schema));
            if let Some(filter) = filter {
                let _ = write!(text, ", where=[{}]", expression(filter, input));
            }
            text.push(')');
            text
        }
        Operator::WindowTable { window, time, keys } => {
            let mut text = format!("WindowTable(window=[{}]", window_text(window, time, input));
            if !keys.is_empty() {
                let _ = write!(text, ", partition=[{}]", names(keys, input));
            }
            text.push(')');
            text
        }
        Operator::LateRows { window, time, late } => format!(
            "LateRows(window=[{}], {})",
            window_text(window, time, input),
            if *late { "late" } else { "timely" }
        ),
        Operator::UnreadableRows => "UnreadableRows".to_string(),
        Operator::LocalWindowAggregate {
            window,
            time,
            keys,
            aggregates,
            ..
        } => format!(
            "LocalWindowAggregate({}window=[{}]{})",
            keys_text(&list(keys, input)),
            window_text(window, time, input),
            calls(aggregates, Some(input))
        ),
        Operator::GlobalWindowAggregate {
            window,
            time,
            keys,
            aggregates,
            properties,
            emit,
        } => {
            let keys: Vec<&str> = node.schema.names().take(*keys).collect();
            // The columns of time and window were consumed by the first phase.
            let window = match window {
                Window::Attached { .. } => "ATTACHED".to_string(),
                window => format!("{window}{}", time_suffix(time)),
            };
            let properties: Vec<&str> = properties
                .iter()
                .map(|property| property_name(*property))
                .collect();
            format!(
                "GlobalWindowAggregate({}window=[{window}]{}, properties=[{}]{})",
                keys_text(&keys.join(", ")),
                calls(aggregates, None),
                properties.join(", "),
                emit.map_or(String::new(), |emit| format!(", emit=[{emit}]"))
            )
        }
        Operator::GroupAggregate { keys, aggregates, .. } => {
            let text =
                keys_text(&names(keys, input)) + calls(aggregates, Some(input)).trim_start_matches(", ");
            format!("GroupAggregate({})", text.trim_end_matches(", "))
        }
        Operator::Join(join) => join_text(join, node, inputs),
        Operator::LookupJoin(join) => lookup::text(join, input, &node.schema),
        Operator::Unnest(unnest) => {
            let ordinality = if unnest.ordinality {
                ", with ordinality"
            } else {
                ""
            };
            let kind = if unnest.keeps {
                "LeftOuterJoin"
            } else {
                "InnerJoin"
            };
            let names: Vec<&str> = node.schema.names().collect();
            let elements = Unnest::columns(&unnest.operand.data_type(), unnest.ordinality, unnest.keeps);
            let elements = Schema::new(elements.unwrap_or_default());
            let condition = match &unnest.condition {
                Some(condition) => format!(", where=[{}]", expression(condition, &elements)),
                None => String::new(),
            };
            format!(
                "Unnest(of=[{}]{ordinality}, type=[{kind}]{condition}, select=[{}])",
                expression(&unnest.operand, input),
                names.join(", ")
            )
        }
        Operator::TopN {
            partition,
            order,
            range,
            ..
        } => format!(
            "TopN({}{}ranks=[{range}])",
            partition_text(partition, input),
            order_text(order, input)
        ),
        Operator::WindowTopN {
            window,
            partition,
            order,
            range,
            ..
        } => format!(
            "WindowTopN(closes=[{}], {}{}ranks=[{range}])",
            input.fields[window.end].name,
            partition_text(partition, input),
            order_text(order, input)
        ),
        Operator::Deduplicate {
            partition,
            rowtime,
            keep_last,
            ..
        } => format!(
            "Deduplicate({}keep=[{}], by=[{}])",
            partition_text(partition, input),
            if *keep_last { "last" } else { "first" },
            rowtime.map_or("processing time", |column| &input.fields[column].name)
        ),
        Operator::Over {
            partition,
            order,
            by,
            frame,
            functions,
        } => {
            let calls: Vec<String> = functions
                .iter()
                .map(|function| {
                    let arguments: Vec<String> = function
                        .expressions()
                        .into_iter()
                        .map(|argument| expression(argument, input))
                        .collect();
                    format!("{}({})", function.name(), arguments.join(", "))
                })
                .collect();
            let order = match by {
                OverOrder::Proctime => "order=[processing time], ".to_string(),
                _ => order_text(order, input),
            };
            format!(
                "Over({}{order}frame=[{frame}], calls=[{}])",
                partition_text(partition, input),
                calls.join(", ")
            )
        }
        Operator::Match(matching) => matching::text(matching, input, &node.schema),
        Operator::Replicate => "Replicate(times=[last column])".to_string(),
        Operator::Changes(changes) => changes.to_string(),
        Operator::Limit { range } => format!("Limit(rows=[{range}])"),
        Operator::TemporalSort { time, order } => {
            let rest = order_text(order, input);
            let rest = rest.trim_end_matches(", ");
            let comma = if rest.is_empty() { "" } else { ", then " };
            format!(
                "TemporalSort(rowtime=[{}]{comma}{rest})",
                input.fields[*time].name
            )
        }
        Operator::Union => "Union".to_string(),
        Operator::ChangelogNormalize { keys } => {
            format!("ChangelogNormalize(key=[{}])", names(keys, input))
        }
        Operator::SinkUpsertMaterialize { keys } => {
            format!("SinkUpsertMaterialize(key=[{}])", names(keys, input))
        }
        Operator::NotNullEnforcer { columns } => {
            format!("NotNullEnforcer(columns=[{}])", names(columns, input))
        }
        Operator::Sink(sink) => {
            let names: Vec<&str> = node.schema.names().collect();
            format!("Sink(table=[{}], columns=[{}])", sink.table, names.join(", "))
        }
    }
}

fn join_text(join: &Join, node: &Node, inputs: &[&Node]) -> String {
    let fields: Vec<Field> = inputs
        .iter()
        .flat_map(|input| input.schema.fields.iter().cloned())
        .collect();
    let both = Schema::new(fields);
    let width = inputs.first().map_or(0, |left| left.schema.len());
    let name = |column: usize| both.fields[column].name.as_str();
    let keys: Vec<String> = join
        .keys
        .iter()
        .map(|key| {
            let operator = if key.nulls_agree {
                "IS NOT DISTINCT FROM"
            } else {
                "="
            };
            format!("{} {operator} {}", name(key.left), name(width + key.right))
        })
        .collect();
    let mut text = format!(
        "{}(type=[{}], on=[{}]",
        join.operator_name(),
        join.kind.name(),
        keys.join(" AND ")
    );
    if let Some(condition) = &join.condition {
        let _ = write!(text, ", where=[{}]", expression(condition, &both));
    }
    match join.time {
        JoinTime::Regular | JoinTime::Lookup(_) => {}
        JoinTime::Interval(interval) => {
            let times = match interval.attribute {
                TimeAttribute::Rowtime => {
                    format!("{} - {}", name(interval.left), name(width + interval.right))
                }
                TimeAttribute::Proctime => "processing times apart".to_string(),
            };
            let (lower, upper) = (interval.lower_ms, interval.upper_ms);
            let _ = write!(text, ", interval=[{times} from {lower} ms to {upper} ms]");
        }
        JoinTime::Temporal(version) => {
            let _ = write!(text, ", version at=[{}]", name(version.left));
        }
        JoinTime::Window(window) => {
            let (left, right) = (name(window.left_end), name(width + window.right_end));
            let _ = write!(text, ", window=[{left} = {right}]");
        }
    }
    let columns: Vec<String> = join
        .outputs
        .iter()
        .zip(&node.schema.fields)
        .map(|(output, field)| {
            if name(*output) == field.name {
                field.name.clone()
            } else {
                format!("{} AS {}", name(*output), field.name)
            }
        })
        .collect();
    let _ = write!(text, ", select=[{}])", columns.join(", "));
    text
}

/// A column that is read; a pruned row shows the fields that are left.
pub(crate) fn read_column(field: &Field) -> String {
    match &field.data_type.kind {
        TypeKind::Row(fields) => {
            let inner: Vec<String> = fields
                .iter()
                .map(|inner| read_column(&Field::new(&inner.name, inner.data_type.clone())))
                .collect();
            format!("{}<{}>", field.name, inner.join(", "))
        }
        _ => field.name.clone(),
    }
}

fn partition_text(partition: &[usize], input: &Schema) -> String {
    if partition.is_empty() {
        String::new()
    } else {
        format!("partition=[{}], ", names(partition, input))
    }
}

pub(crate) fn order_text(order: &[SortKey], input: &Schema) -> String {
    if order.is_empty() {
        return String::new();
    }
    let keys: Vec<String> = order
        .iter()
        .map(|key| format!("{} {}", input.fields[key.column].name, key.direction()))
        .collect();
    format!("order=[{}], ", keys.join(", "))
}

fn keys_text(keys: &str) -> String {
    if keys.is_empty() {
        String::new()
    } else {
        format!("keys=[{keys}], ")
    }
}

fn window_text(window: &Window, time: &WindowTime, input: &Schema) -> String {
    match window {
        Window::Attached { start, end } => format!(
            "ATTACHED(start=[{}], end=[{}])",
            input.fields[*start].name, input.fields[*end].name
        ),
        window => match time.attribute {
            TimeAttribute::Rowtime => {
                format!(
                    "{window} over {}{}",
                    input.fields[time.column].name,
                    time_suffix(time)
                )
            }
            TimeAttribute::Proctime => format!("{window} over processing time{}", time_suffix(time)),
        },
    }
}

pub(crate) fn time_suffix(time: &WindowTime) -> String {
    match time.time_zone {
        Some(zone) => format!(" in {zone}"),
        None => String::new(),
    }
}

fn property_name(property: WindowProperty) -> &'static str {
    match property {
        WindowProperty::Start => "start",
        WindowProperty::End => "end",
        WindowProperty::Rowtime => "rowtime",
        WindowProperty::Proctime => "proctime",
    }
}

pub(crate) fn calls(aggregates: &[AggregateCall], input: Option<&Schema>) -> String {
    if aggregates.is_empty() {
        return String::new();
    }
    let texts: Vec<String> = aggregates
        .iter()
        .map(|call| {
            let (name, distinct) = match call.name.strip_suffix(" DISTINCT") {
                Some(name) => (name, "DISTINCT "),
                None => (call.name.as_str(), ""),
            };
            let Some(input) = input else {
                return format!("{name}({distinct}..)");
            };
            let arguments = if call.arguments.is_empty() {
                "*".to_string()
            } else {
                list(&call.arguments, input)
            };
            let filter = match &call.filter {
                Some(filter) => format!(" FILTER (WHERE {})", expression(filter, input)),
                None => String::new(),
            };
            format!("{name}({distinct}{arguments}){filter}")
        })
        .collect();
    format!(", aggregates=[{}]", texts.join(", "))
}

/// What a node keeps from row to row, if anything.
pub fn state_kept(node: &Node) -> Option<String> {
    let kept = what_is_kept(node)?;
    Some(match node.ttl {
        [None, None] => kept.to_string(),
        [left, right] if left == right => format!("{kept}, {}", lasting(left)),
        [left, right] => format!(
            "{kept}: of the left {}, of the right {}",
            lasting(left),
            lasting(right)
        ),
    })
}

/// How long something is remembered.
fn lasting(ttl: Option<Duration>) -> String {
    const UNITS: [(&str, u128); 5] = [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("min", 60_000),
        ("s", 1000),
        ("ms", 1),
    ];
    let Some(ttl) = ttl else {
        return "for ever".to_string();
    };
    let ms = ttl.as_millis();
    let fits = |unit: &&(&str, u128)| ms.is_multiple_of(unit.1);
    let (unit, length) = UNITS.iter().find(fits).copied().unwrap_or(("ms", 1));
    format!("until {} {unit} after it was last written", ms / length)
}

fn what_is_kept(node: &Node) -> Option<&'static str> {
    match &node.operator {
        Operator::GlobalWindowAggregate {
            emit: Some(_), keys, ..
        } => Some(match keys {
            0 => "per window, with what was told of it, until it takes no more rows",
            _ => "per key and window, with what was told of it, until it takes no more rows",
        }),
        Operator::GlobalWindowAggregate { window, keys, .. } => Some(match (window, keys) {
            (Window::Session { .. }, 0) => "the open sessions, until the gap has passed",
            (Window::Session { .. }, _) => "the open sessions of each key, until the gap has passed",
            (_, 0) => "per slice, until the window closes",
            _ => "per key and slice, until the window closes",
        }),
        Operator::GroupAggregate { keys, .. } if keys.is_empty() => Some("the running results"),
        Operator::GroupAggregate { .. } => Some("the running results of each key"),
        Operator::WindowTable { window, .. } if window.is_session() => {
            Some("the rows of open sessions, until the gap has passed")
        }
        Operator::Join(join) => Some(match join.time {
            JoinTime::Regular => "all rows of both inputs",
            JoinTime::Interval(_) => "the rows of both inputs that can still find a match",
            JoinTime::Window(_) => "the rows of open windows, until they close",
            JoinTime::Lookup(_) => "rows that wait for their lookup",
            JoinTime::Temporal(_) => {
                "left rows until time has passed theirs, and the last version of each key"
            }
        }),
        Operator::LookupJoin(_) => Some("rows that wait for their lookup"),
        Operator::ChangelogNormalize { .. } => Some("the latest row of each key"),
        Operator::SinkUpsertMaterialize { .. } => Some("all rows of each key"),
        Operator::TopN { partition, .. } => Some(if partition.is_empty() {
            "the first rows; all rows where they can be taken back"
        } else {
            "the first rows of each key; all of its rows where they can be taken back"
        }),
        Operator::WindowTopN { .. } => Some("the first rows of each key, until the window closes"),
        Operator::Deduplicate { keep_last: true, .. } => Some("the last row of each key"),
        Operator::Deduplicate { rowtime: Some(_), .. } => {
            Some("each key, and its first row until the watermark has passed it")
        }
        Operator::Deduplicate { .. } => Some("each key"),
        Operator::Over {
            by: OverOrder::Columns,
            ..
        } => Some("all rows with their results"),
        Operator::Over { frame, .. } => Some(match frame {
            Frame::Rows(_) | Frame::Range(_) => {
                "the rows of each key that its frame holds, and those that wait"
            }
            _ => "per key, and rows until the watermark has passed them",
        }),
        Operator::Match(matching) => Some(match (matching.rowtime, matching.within_ms) {
            (Some(_), Some(_)) => {
                "rows that wait for the watermark, and those of matches on their way, until their time is up"
            }
            (Some(_), None) => "rows that wait for the watermark, and those of matches on their way",
            (None, Some(_)) => "the rows of matches on their way, until their time is up",
            (None, None) => "the rows of matches on their way",
        }),
        Operator::Limit { .. } => Some("how many rows there were"),
        Operator::TemporalSort { .. } => Some("rows, until the watermark has passed them"),
        Operator::Source(_) => Some("read positions"),
        _ => None,
    }
}

fn selected(expressions: &[Expr], input: &Schema, output: &Schema) -> String {
    let texts: Vec<String> = expressions
        .iter()
        .zip(&output.fields)
        .map(|(computed, field)| {
            let text = expression(computed, input);
            if text == field.name {
                text
            } else {
                format!("{text} AS {}", field.name)
            }
        })
        .collect();
    texts.join(", ")
}

fn list(expressions: &[Expr], schema: &Schema) -> String {
    let texts: Vec<String> = expressions.iter().map(|item| expression(item, schema)).collect();
    texts.join(", ")
}

/// An expression as SQL, more or less.
pub(crate) fn expression(expr: &Expr, schema: &Schema) -> String {
    let inner = |expr: &Expr| expression(expr, schema);
    match expr {
        Expr::Column { index, .. } => match schema.fields.get(*index) {
            Some(field) => field.name.clone(),
            None => format!("${index}"),
        },
        Expr::Literal { value, data_type } => literal(expr, value, data_type),
        Expr::Field { operand, index, .. } => match operand.data_type().kind {
            TypeKind::Row(fields) if *index < fields.len() => {
                format!("{}.{}", inner(operand), fields[*index].name)
            }
            _ => format!("{}.{index}", inner(operand)),
        },
        Expr::And(operands) => joined(operands, " AND ", schema),
        Expr::Or(operands) => joined(operands, " OR ", schema),
        Expr::Case {
            branches, otherwise, ..
        } => {
            let mut text = "CASE".to_string();
            for (condition, result) in branches {
                let _ = write!(text, " WHEN {} THEN {}", inner(condition), inner(result));
            }
            if let Some(otherwise) = otherwise {
                let _ = write!(text, " ELSE {}", inner(otherwise));
            }
            text.push_str(" END");
            text
        }
        Expr::Call {
            function,
            arguments,
            data_type,
            ..
        } => {
            let name = function.name();
            match (name, arguments.as_slice()) {
                ("CAST" | "TRY_CAST", [operand]) => {
                    format!("{name}({} AS {})", inner(operand), data_type.kind)
                }
                (
                    "IS NULL" | "IS NOT NULL" | "IS TRUE" | "IS FALSE" | "IS NOT TRUE" | "IS NOT FALSE",
                    [operand],
                ) => {
                    format!("{} {name}", inner(operand))
                }
                ("NOT", [operand]) => format!("NOT({})", inner(operand)),
                (_, [left, right]) if is_infix(name) => {
                    format!("({} {name} {})", inner(left), inner(right))
                }
                _ => format!("{name}({})", list(arguments, schema)),
            }
        }
    }
}

fn literal(expr: &Expr, value: &ArrayRef, data_type: &DataType) -> String {
    if value.is_null(0) {
        return "NULL".to_string();
    }
    let text = || {
        let typed = expr.to_string();
        // What stands behind the value tells types apart where that matters, which is not here.
        match typed.rsplit_once(':') {
            Some((value, _)) => value.to_string(),
            None => typed,
        }
    };
    if let Some(interval) = value.as_any().downcast_ref::<DurationMillisecondArray>() {
        return format!("{} ms", interval.value(0));
    }
    match &data_type.kind {
        TypeKind::Char(_) | TypeKind::Varchar(_) | TypeKind::Boolean | TypeKind::Int => expr.to_string(),
        TypeKind::Date => format!("DATE '{}'", text()),
        TypeKind::Time(_) => format!("TIME '{}'", text()),
        TypeKind::Timestamp(_) => format!("TIMESTAMP '{}'", text().replace('T', " ")),
        _ => text(),
    }
}

fn is_infix(name: &str) -> bool {
    name.chars().all(|c| !c.is_alphanumeric())
        || matches!(
            name,
            "LIKE" | "NOT LIKE" | "IS DISTINCT FROM" | "IS NOT DISTINCT FROM"
        )
}

fn joined(operands: &[Expr], separator: &str, schema: &Schema) -> String {
    let texts: Vec<String> = operands
        .iter()
        .map(|operand| expression(operand, schema))
        .collect();
    format!("({})", texts.join(separator))
}
