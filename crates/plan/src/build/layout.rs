//! Lays plans out as one graph in which no operator stands twice.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use arrow_array::Int64Array;
use graph::{
    AggregateCall, Changes, Exchange, Expr, Fingerprint, Graph, Input, JoinTime, Node, NodeId, Operator,
    SinkNode, Window, WindowEmit,
};
use model::{ChangelogMode, Diagnostic, Field, Schema, Span, TimeAttribute, TypeKind};

use super::Target;
use super::unreadable::UnreadableOf;
use crate::bind::{bind_aggregate, unsupported};
use crate::changelog;
use crate::logical::{Plan, PlanKind};
use crate::session::Environment;

pub(super) struct GraphBuilder<'a> {
    pub env: &'a Environment<'a>,
    graph: Graph,
    /// Nodes by what they compute and from what.
    known: HashMap<String, NodeId>,
    fingerprints: HashSet<Fingerprint>,
    /// What is made once for several: where late rows part from others, and rows whose lookup takes too long.
    pairs: HashMap<usize, NodeId>,
    /// Whether tables are written, other than the one that a query's rows go to.
    writes: bool,
    pub(super) unreadable: Vec<UnreadableOf>,
}

impl<'a> GraphBuilder<'a> {
    /// `writes` if rows may go to other tables besides.
    pub fn new(env: &'a Environment<'a>, writes: bool) -> Self {
        GraphBuilder {
            env,
            graph: Graph::default(),
            known: HashMap::new(),
            fingerprints: HashSet::new(),
            pairs: HashMap::new(),
            writes,
            unreadable: Vec::new(),
        }
    }

    pub fn finish(mut self) -> Graph {
        changelog::leave_out_before(&mut self.graph);
        let asks = |expression: &Expr| expression.calls("CURRENT_WATERMARK");
        let asked = self.graph.nodes.iter().any(|node| match &node.operator {
            Operator::Calc { filter, expressions } => filter.iter().chain(expressions).any(asks),
            _ => false,
        });
        for node in &mut self.graph.nodes {
            if let Operator::Source(source) = &mut node.operator
                && let Some(watermark) = &mut source.watermark
            {
                watermark.seen_by_every_row = asked;
            }
        }
        self.graph
    }

    pub(super) fn writes(&self) -> bool {
        self.writes
    }

    /// A plan that is made already.
    pub(super) fn made(&mut self, node: NodeId) -> Plan {
        let shared = Arc::new(());
        let plan = Plan {
            schema: self.graph.nodes[node].schema.clone(),
            span: self.graph.nodes[node].span,
            kind: PlanKind::Whole {
                input: Box::new(Plan::nothing()),
                shared: shared.clone(),
            },
        };
        self.pairs.insert(Arc::as_ptr(&shared) as usize, node);
        plan
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.graph.nodes[id]
    }

    pub fn plan(&mut self, plan: &Plan) -> Result<NodeId, Diagnostic> {
        let schema = plan.schema.clone();
        let span = plan.span;
        Ok(match &plan.kind {
            PlanKind::Scan(scan) => return self.scan(scan, &schema, span),
            PlanKind::Values { rows } => {
                let operator = Operator::Values { rows: rows.clone() };
                self.add(operator, Vec::new(), schema, span, "")
            }
            PlanKind::Calc {
                input,
                filter,
                expressions,
            } => {
                let input = self.plan(input)?;
                let operator = Operator::Calc {
                    filter: filter.clone(),
                    expressions: expressions.clone(),
                };
                self.add(operator, vec![forward(input)], schema, span, "")
            }
            PlanKind::WindowTable {
                input,
                window,
                time,
                keys,
            } => {
                let input = self.plan(input)?;
                let exchange = match (window.is_session(), keys.is_empty()) {
                    (false, _) => Exchange::Forward,
                    (true, true) => Exchange::Single,
                    (true, false) => Exchange::Hash(keys.clone()),
                };
                let operator = Operator::WindowTable {
                    window: *window,
                    time: *time,
                    keys: keys.clone(),
                };
                let input = Input {
                    node: input,
                    exchange,
                };
                self.add(operator, vec![input], schema, span, "")
            }
            PlanKind::Aggregate { .. } => return self.aggregate(plan),
            PlanKind::LateRows { .. } => return self.late_rows(plan),
            PlanKind::GroupAggregate {
                input,
                keys,
                aggregates,
                ttl,
            } => {
                let rows = self.plan(input)?;
                let changes = self.graph.nodes[rows].changelog;
                let aggregates: Vec<AggregateCall> =
                    aggregates.iter().map(|call| call.over(changes)).collect();
                let input = Input {
                    node: rows,
                    exchange: by_keys(keys.clone()),
                };
                let details = details_of(&aggregates);
                let operator = Operator::GroupAggregate {
                    keys: keys.clone(),
                    aggregates,
                };
                self.add_with_ttl(operator, vec![input], schema, span, &details, [*ttl; 2])
            }
            PlanKind::Over { input, over, calls } => return self.over(plan, input, over, calls),
            PlanKind::Match { input, matching } => {
                let node = self.plan(input)?;
                self.refuse_changes(node, input.span, "MATCH_RECOGNIZE")?;
                let input = Input {
                    node,
                    exchange: by_keys(matching.partition.clone()),
                };
                self.add(Operator::Match(matching.clone()), vec![input], schema, span, "")
            }
            PlanKind::Rank { input, rank } => return self.rank(plan, input, rank),
            PlanKind::Limit { input, range } => return self.limit(plan, input, *range),
            PlanKind::Replicate { input } => {
                let input = self.plan(input)?;
                self.add(Operator::Replicate, vec![forward(input)], schema, span, "")
            }
            PlanKind::Changes { input, changes } => return self.changes(plan, input, changes),
            PlanKind::Sort { input, order } => return self.sort(plan, input, order),
            PlanKind::Expand { input, projections } => {
                let input = self.plan(input)?;
                let mut branches = Vec::with_capacity(projections.len());
                for projection in projections {
                    let operator = Operator::Calc {
                        filter: None,
                        expressions: projection.clone(),
                    };
                    let branch = self.add(operator, vec![forward(input)], schema.clone(), span, "");
                    branches.push(forward(branch));
                }
                self.add(Operator::Union, branches, schema, span, "")
            }
            PlanKind::Unnest { input, unnest } => {
                let input = self.plan(input)?;
                self.add(
                    Operator::Unnest(unnest.clone()),
                    vec![forward(input)],
                    schema,
                    span,
                    "",
                )
            }
            PlanKind::Whole { input, shared } => {
                let shared = Arc::as_ptr(shared) as usize;
                if let Some(known) = self.pairs.get(&shared) {
                    return Ok(*known);
                }
                let node = self.plan(input)?;
                self.pairs.insert(shared, node);
                node
            }
            PlanKind::Join { left, right, join } if matches!(join.time, JoinTime::Lookup(_)) => {
                return self.lookup_join(plan, left, right, join);
            }
            PlanKind::Join { left, right, join } => {
                let inputs = [(left, join.left_keys()), (right, join.right_keys())];
                let mut branches = Vec::with_capacity(inputs.len());
                let refuses_right = !matches!(join.time, JoinTime::Regular | JoinTime::Temporal(_));
                for (number, (input, keys)) in inputs.into_iter().enumerate() {
                    let exchange = if keys.is_empty() {
                        Exchange::Single
                    } else {
                        Exchange::Hash(keys)
                    };
                    let node = self.plan(input)?;
                    if (number == 0 && join.time != JoinTime::Regular) || (number == 1 && refuses_right) {
                        self.refuse_changes(node, input.span, join.operator_name())?;
                    }
                    branches.push(Input { node, exchange });
                }
                if let (JoinTime::Temporal(_), [_, versions]) = (join.time, branches.as_slice()) {
                    self.tell_each_version(versions.node);
                }
                self.add(Operator::Join(join.clone()), branches, schema, span, "")
            }
            PlanKind::Union { inputs } => {
                let mut branches = Vec::with_capacity(inputs.len());
                for input in inputs {
                    branches.push(forward(self.plan(input)?));
                }
                self.add(Operator::Union, branches, schema, span, "")
            }
        })
    }

    /// Somebody asks a node for what was valid at a time.
    fn tell_each_version(&mut self, node: NodeId) {
        let mut below = vec![node];
        while let Some(node) = below.pop() {
            let node = &mut self.graph.nodes[node];
            match &mut node.operator {
                Operator::Deduplicate { tells_each, .. } => *tells_each = true,
                Operator::Calc { .. } | Operator::Union => {
                    below.extend(node.inputs.iter().map(|input| input.node));
                }
                _ => {}
            }
        }
    }

    /// Late rows, or all others.
    fn late_rows(&mut self, plan: &Plan) -> Result<NodeId, Diagnostic> {
        let PlanKind::LateRows {
            input,
            window,
            time,
            late,
            pair,
        } = &plan.kind
        else {
            return self.plan(plan);
        };
        let met = self.meeting(input, time.column, Arc::as_ptr(pair) as usize)?;
        let operator = Operator::LateRows {
            window: *window,
            time: *time,
            late: *late,
        };
        Ok(self.add(operator, vec![forward(met)], plan.schema.clone(), plan.span, ""))
    }

    /// Where rows meet the watermarks of all shards before anybody says which are late: one node for both of a pair.
    fn meeting(&mut self, input: &Plan, time: usize, pair: usize) -> Result<NodeId, Diagnostic> {
        if let Some(known) = self.pairs.get(&pair) {
            return Ok(*known);
        }
        let rows = Input {
            node: self.plan(input)?,
            exchange: Exchange::Hash(vec![time]),
        };
        let details = format!("meeting {}", self.pairs.len());
        let node = self.add(
            Operator::Union,
            vec![rows],
            input.schema.clone(),
            input.span,
            &details,
        );
        self.pairs.insert(pair, node);
        Ok(node)
    }

    /// Some operators only take rows that stay.
    pub(super) fn refuse_changes(&self, input: NodeId, span: Span, operator: &str) -> Result<(), Diagnostic> {
        let given = self.graph.nodes[input].changelog;
        if given.is_insert_only() {
            return Ok(());
        }
        Err(Diagnostic::validation(
            span,
            format!("{operator} takes rows that stay, but this input makes changes of the kinds {given}"),
        )
        .hint(match operator {
            "MATCH_RECOGNIZE" => "match the rows before they are aggregated, ranked or joined",
            _ => "join by other columns than times and windows, or join before the rows change",
        }))
    }

    /// Two phases around an exchange by the keys.
    fn aggregate(&mut self, plan: &Plan) -> Result<NodeId, Diagnostic> {
        let PlanKind::Aggregate {
            input,
            window,
            time,
            keys,
            aggregates,
            properties,
            emit,
        } = &plan.kind
        else {
            return self.plan(plan);
        };
        if matches!(window, Window::Attached { .. }) && time.attribute == TimeAttribute::Proctime {
            return Err(unsupported(
                plan.span,
                "aggregating again over processing-time windows, or over conditions on them",
                "aggregate once, right over the window function",
            ));
        }
        if emit.is_some() && matches!(window, Window::Attached { .. }) {
            return Err(unsupported(
                plan.span,
                "late rows that correct results of windows which are looked at before the grouping",
                "group right over the window function, without conditions on window_start or window_end",
            ));
        }
        let rows = self.plan(input)?;
        let changes = self.graph.nodes[rows].changelog;
        let mut aggregates: Vec<AggregateCall> = aggregates.iter().map(|call| call.over(changes)).collect();
        // Where rows are taken back a window may be left with none: then it has no result.
        let counter = (!changes.is_insert_only()).then_some(keys.len() + aggregates.len());
        if counter.is_some() || emit.is_some() {
            aggregates.push(count_of_rows(plan.span)?);
        }
        let mut fields: Vec<Field> = keys
            .iter()
            .map(|key| Field {
                time_attribute: None,
                ..input.schema.fields[*key].clone()
            })
            .collect();
        for (number, call) in aggregates.iter().enumerate() {
            for (part, data_type) in call.state_types.iter().enumerate() {
                fields.push(Field::new(format!("state{number}_{part}"), data_type.clone()));
            }
        }
        fields.push(Field::new("slice_start", TypeKind::BigInt.not_null()));
        fields.push(Field::new("slice_end", TypeKind::BigInt.not_null()));
        let details = details_of(&aggregates);
        let local = Operator::LocalWindowAggregate {
            window: *window,
            time: *time,
            keys: keys.iter().map(|key| input.column(*key)).collect(),
            aggregates: aggregates.clone(),
            holds: emit.is_none(),
        };
        let local = self.add(
            local,
            vec![forward(rows)],
            Schema::new(fields),
            plan.span,
            &details,
        );
        let global = Operator::GlobalWindowAggregate {
            window: *window,
            time: *time,
            keys: keys.len(),
            aggregates: aggregates.clone(),
            properties: properties.clone(),
            emit: emit.as_deref().map(|emit| WindowEmit {
                takes_back: !changes.is_insert_only(),
                ..*emit
            }),
        };
        let input = Input {
            node: local,
            exchange: by_keys((0..keys.len()).collect()),
        };
        // Windows that tell changes count rows themselves.
        let Some(counter) = counter.filter(|_| emit.is_none()) else {
            return Ok(self.add(global, vec![input], plan.schema.clone(), plan.span, &details));
        };
        let mut counted = plan.schema.clone();
        counted
            .fields
            .insert(counter, Field::new("rows", TypeKind::BigInt.not_null()));
        let columns = counted.fields.iter().enumerate();
        let kept = columns
            .filter(|(index, _)| *index != counter)
            .map(|(index, field)| Expr::column(index, field.data_type.clone()))
            .collect();
        let all = self.add(global, vec![input], counted, plan.span, &details);
        let calc = Operator::Calc {
            filter: Some(is_positive(counter, plan.span)?),
            expressions: kept,
        };
        Ok(self.add(calc, vec![forward(all)], plan.schema.clone(), plan.span, ""))
    }

    pub fn sink(&mut self, root: NodeId, target: Target) -> Result<NodeId, Diagnostic> {
        let given = self.graph.nodes[root].changelog;
        let taken = target.sink.changelog_mode(given);
        // Whoever takes updates can do without what a row was before.
        let least = ChangelogMode {
            update_before: given.update_before && !given.update_after,
            ..given
        };
        if !taken.accepts(least) {
            return Err(Diagnostic::validation(
                target.span,
                format!(
                    "table '{}' takes changes of the kinds {taken}, but the query makes {given}",
                    target.table
                ),
            )
            .hint("write into a table whose connector takes updates, or aggregate over windows"));
        }
        let schema = target.schema;
        let root = if target.enforced.is_empty() {
            root
        } else {
            let enforcer = Operator::NotNullEnforcer {
                columns: target.enforced,
            };
            self.add(enforcer, vec![forward(root)], schema.clone(), target.span, "")
        };
        let takes_upserts = taken.update_after && !taken.update_before;
        let root = match takes_upserts {
            true => self.materialised(root, &target.key, &schema, target.span),
            false => root,
        };
        // Two sinks into one table are two, even with the same rows.
        let details = format!("sink {}", self.graph.nodes.len());
        let operator = Operator::Sink(SinkNode {
            table: target.table,
            sink: target.sink,
        });
        Ok(self.add(operator, vec![forward(root)], schema, target.span, &details))
    }

    /// Upserts by the key of the table, if its rows are told apart by other columns (`table.exec.sink.upsert-materialize`).
    /// A table that is also told what was before an update finds its rows by themselves, as in Flink.
    fn materialised(&mut self, root: NodeId, key: &[usize], schema: &Schema, span: Span) -> NodeId {
        let rows = &self.graph.nodes[root];
        let setting = self.env.config.get("table.exec.sink.upsert-materialize");
        let setting = setting.map_or(String::new(), |setting| setting.trim().to_ascii_uppercase());
        let is_known = |own: &Vec<usize>| own.iter().all(|column| key.contains(column));
        let needed = match setting.as_str() {
            "NONE" => false,
            "FORCE" => true,
            _ => !rows.changelog.is_insert_only() && !rows.upsert_keys.iter().any(is_known),
        };
        if key.is_empty() || !needed {
            return root;
        }
        let operator = Operator::SinkUpsertMaterialize { keys: key.to_vec() };
        let input = Input {
            node: root,
            exchange: Exchange::Hash(key.to_vec()),
        };
        self.add(operator, vec![input], schema.clone(), span, "")
    }

    /// The node that does this work; a new one if there is none. `details` tell apart what descriptions do not.
    fn changes(&mut self, plan: &Plan, input: &Plan, changes: &Changes) -> Result<NodeId, Diagnostic> {
        let input = self.plan(input)?;
        if let Changes::FromCodes { .. } = changes
            && !self.node(input).changelog.is_insert_only()
        {
            return Err(Diagnostic::validation(
                plan.span,
                "FROM_CHANGELOG does not take rows that are updated",
            )
            .hint("give it a table to which rows are only added"));
        }
        let operator = Operator::Changes(changes.clone());
        Ok(self.add(operator, vec![forward(input)], plan.schema.clone(), plan.span, ""))
    }

    pub fn add(
        &mut self,
        operator: Operator,
        inputs: Vec<Input>,
        schema: Schema,
        span: Span,
        details: &str,
    ) -> NodeId {
        self.add_with_ttl(operator, inputs, schema, span, details, [None; 2])
    }

    /// As [`GraphBuilder::add`], with what hints say of state.
    fn add_with_ttl(
        &mut self,
        operator: Operator,
        inputs: Vec<Input>,
        schema: Schema,
        span: Span,
        details: &str,
        hinted: [Option<Duration>; 2],
    ) -> NodeId {
        let ttl = self.ttl(&operator, hinted);
        let description = operator.to_string();
        let sources: Vec<String> = inputs
            .iter()
            .map(|input| format!("{}:{}", input.node, input.exchange))
            .collect();
        let fields: Vec<String> = schema.fields.iter().map(Field::to_string).collect();
        let key = format!(
            "{description}\n{details}\n{ttl:?}\n{}\n{}",
            sources.join(" "),
            fields.join(", ")
        );
        let repeatable = is_repeatable(&operator);
        if let Some(known) = self.known.get(&key).filter(|_| repeatable) {
            return *known;
        }
        let nodes: Vec<&Node> = inputs.iter().map(|input| &self.graph.nodes[input.node]).collect();
        let changelog = changelog::mode_of(&operator, &nodes);
        let upsert_keys = changelog::upsert_keys_of(&operator, &nodes);
        let below: Vec<Fingerprint> = nodes.iter().map(|node| node.fingerprint).collect();
        let fingerprint = self.fingerprint(&operator, &schema, &description, details, below);
        let id = self.graph.add(Node {
            operator,
            inputs,
            schema,
            changelog,
            upsert_keys,
            ttl,
            fingerprint,
            span,
        });
        self.known.insert(key, id);
        id
    }

    /// How long an operator remembers: what a hint says, else what the session does.
    fn ttl(&self, operator: &Operator, hinted: [Option<Duration>; 2]) -> [Option<Duration>; 2] {
        let hinted = match operator {
            Operator::Join(join) => match join.time {
                JoinTime::Regular => join.ttl,
                JoinTime::Temporal(_) => hinted,
                JoinTime::Interval(_) | JoinTime::Window(_) | JoinTime::Lookup(_) => return [None; 2],
            },
            Operator::GroupAggregate { .. }
            | Operator::TopN { .. }
            | Operator::Deduplicate { .. }
            | Operator::Over { .. }
            | Operator::ChangelogNormalize { .. }
            | Operator::SinkUpsertMaterialize { .. } => hinted,
            _ => return [None; 2],
        };
        let session = self.env.config.state_ttl();
        hinted.map(|ttl| ttl.or(session).filter(|ttl| !ttl.is_zero()))
    }

    /// What is computed, apart from options and from places; numbers tell twins apart. Types count, names do not:
    /// state of one type is none of another.
    fn fingerprint(
        &mut self,
        operator: &Operator,
        schema: &Schema,
        description: &str,
        details: &str,
        below: Vec<Fingerprint>,
    ) -> Fingerprint {
        let details = match operator {
            Operator::LocalWindowAggregate { .. }
            | Operator::GlobalWindowAggregate { .. }
            | Operator::GroupAggregate { .. }
            | Operator::Over { .. } => details,
            _ => "",
        };
        let read = match operator {
            Operator::Source(source) => types(&source.read_schema),
            _ => String::new(),
        };
        let work = format!("{description}{details}\n{}\n{read}", types(schema));
        let mut text = work.clone();
        let mut twin = 1;
        loop {
            let fingerprint = Fingerprint::of(&text, below.iter().copied());
            if self.fingerprints.insert(fingerprint) {
                return fingerprint;
            }
            twin += 1;
            text = format!("{work}#{twin}");
        }
    }
}

/// Rows of a key meet on one shard; without keys all rows do.
fn by_keys(keys: Vec<usize>) -> Exchange {
    if keys.is_empty() {
        Exchange::Single
    } else {
        Exchange::Hash(keys)
    }
}

/// What the description of an aggregation leaves out.
fn details_of(aggregates: &[AggregateCall]) -> String {
    let details: Vec<String> = aggregates
        .iter()
        .map(|call| format!("{} {} {:?}", call.name, call.result, call.state_types))
        .collect();
    details.join(", ")
}

/// `COUNT(*)`, which tells whether rows are left.
fn count_of_rows(span: Span) -> Result<AggregateCall, Diagnostic> {
    let bound = bind_aggregate("COUNT", &[], false, &[], span)?;
    Ok(AggregateCall {
        function: bound.function,
        arguments: Vec::new(),
        filter: None,
        result: bound.result,
        state_types: bound.state_types,
        retracting: bound.retracting,
        name: "COUNT".to_string(),
    })
}

/// Whether a BIGINT column is more than zero.
fn is_positive(column: usize, span: Span) -> Result<Expr, Diagnostic> {
    let count = TypeKind::BigInt.not_null();
    let zero = Expr::Literal {
        value: Arc::new(Int64Array::from(vec![0])),
        data_type: count.clone(),
    };
    let arguments = [
        dataflow::Argument::of(count.clone()),
        dataflow::Argument::of(count.clone()),
    ];
    let bound = functions::scalar(">").and_then(|more| more.bind(&arguments).ok());
    let Some(bound) = bound else {
        return Err(Diagnostic::validation(span, "numbers cannot be compared"));
    };
    Ok(Expr::Call {
        function: bound.function,
        arguments: vec![Expr::column(column, count), zero],
        data_type: bound.result,
        span,
    })
}

fn types(schema: &Schema) -> String {
    let types = schema.fields.iter().map(|field| field.data_type.to_string());
    types.collect::<Vec<_>>().join(", ")
}

/// Whether the operator gives the same wherever it stands: two calls of RAND stay two.
fn is_repeatable(operator: &Operator) -> bool {
    let settled = |list: &[Expr]| list.iter().all(Expr::is_deterministic);
    match operator {
        Operator::Calc { filter, expressions } => {
            settled(expressions) && filter.as_ref().is_none_or(Expr::is_deterministic)
        }
        Operator::Values { rows } => rows.iter().all(|row| settled(row)),
        Operator::LookupJoin(_) => false,
        Operator::Unnest(unnest) => unnest.operand.is_deterministic(),
        Operator::Match(matching) => matching.is_deterministic(),
        _ => true,
    }
}

fn forward(node: NodeId) -> Input {
    Input {
        node,
        exchange: Exchange::Forward,
    }
}

/// Whether an expression is the same as a column further on.
pub(super) fn same(a: &Expr, text: &str) -> bool {
    a.to_string() == text
}
