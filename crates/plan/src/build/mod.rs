//! Plans to graphs: scans become sources, aggregations two phases around an exchange, equal work is done once.

mod enforce;
mod insert;
mod layout;
mod lookup;
mod over;
mod rank;
mod source;
mod unreadable;

use std::sync::Arc;

use dataflow::Sink;
use graph::{Exchange, Graph, Input, Node, NodeId, Operator, SinkNode};
use model::{ChangelogMode, Diagnostic, Schema, Span};
use sql::ast;

use crate::bind::{QueryBinder, unique_names};
use crate::optimize;
use crate::session::Environment;
pub(crate) use enforce::NOT_NULL;
use layout::GraphBuilder;

/// A query ready to run but for the sink that takes its rows.
#[derive(Debug, Clone)]
pub struct PlannedQuery {
    pub graph: Graph,
    pub root: NodeId,
    /// Names and types of the result, names made unique.
    pub schema: Schema,
    pub changelog: ChangelogMode,
}

impl PlannedQuery {
    /// The graph with a sink at its end.
    pub fn into_graph(self, table: &str, sink: Arc<dyn Sink>, exchange: Exchange) -> Graph {
        let mut graph = self.graph;
        let root = &graph.nodes[self.root];
        let operator = Operator::Sink(SinkNode {
            table: table.to_string(),
            sink,
        });
        let fingerprint = graph::Fingerprint::of(&operator.to_string(), [root.fingerprint]);
        let node = Node {
            inputs: vec![Input {
                node: self.root,
                exchange,
            }],
            schema: self.schema,
            changelog: root.changelog,
            upsert_keys: root.upsert_keys.clone(),
            ttl: [None; 2],
            fingerprint,
            span: root.span,
            operator,
        };
        graph.add(node);
        graph
    }
}

pub fn query(query: &ast::Query, env: &Environment<'_>) -> Result<PlannedQuery, Diagnostic> {
    let mut binder = QueryBinder::new(env);
    let bound = binder.query(query)?;
    if let Some(late) = binder.redirected().first() {
        return Err(Diagnostic::validation(
            late.table.span,
            format!(
                "a query that only reads cannot redirect {} into a table",
                late.what
            ),
        )
        .hint("write its results with INSERT INTO, or choose another policy by a hint behind SELECT"));
    }
    let schema = unique_names(&bound.plan.schema);
    let plan = optimize::optimize(bound.plan, env.context);
    let plan = optimize::share_scans(vec![plan]).remove(0);
    let mut builder = GraphBuilder::new(env, false);
    let root = builder.plan(&plan)?;
    let mut graph = builder.finish();
    // The root's own names may repeat each other.
    graph.nodes[root].schema = Schema::new(
        graph.nodes[root]
            .schema
            .fields
            .iter()
            .zip(&schema.fields)
            .map(|(field, named)| model::Field {
                name: named.name.clone(),
                ..field.clone()
            })
            .collect(),
    );
    let changelog = graph.nodes[root].changelog;
    Ok(PlannedQuery {
        graph,
        root,
        schema,
        changelog,
    })
}

/// One graph for all of them.
pub fn inserts(inserts: &[ast::Insert], env: &Environment<'_>) -> Result<Graph, Diagnostic> {
    let mut targets = Vec::with_capacity(inserts.len());
    let mut plans = Vec::with_capacity(inserts.len());
    for statement in inserts {
        for (target, plan) in insert::bind(statement, env)? {
            targets.push(target);
            plans.push(optimize::optimize(plan, env.context));
        }
    }
    let mut builder = GraphBuilder::new(env, true);
    for (target, plan) in targets.into_iter().zip(optimize::share_scans(plans)) {
        let root = builder.plan(&plan)?;
        builder.sink(root, target)?;
    }
    builder.redirect_unreadable()?;
    Ok(builder.finish())
}

/// Where rows of an INSERT go.
struct Target {
    table: String,
    sink: Arc<dyn Sink>,
    /// Of the rows as the sink takes them.
    schema: Schema,
    /// Columns of the primary key.
    key: Vec<usize>,
    /// Columns whose NULLs are not let through.
    enforced: Vec<usize>,
    span: Span,
}
