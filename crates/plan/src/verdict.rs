//! What becomes of state when a version takes the place of another: which operators go on, and which begin anew.
//!
//! A pure function of both plans. State belongs to what an operator computes and from what, condensed into a
//! fingerprint; here it is told in words what differs, with the places in both texts.

use std::collections::HashMap;
use std::mem::discriminant;

use graph::{Expr, Graph, JoinKind, JoinTime, Node, NodeId, Operator, OverFunction, StateId, Window};
use model::{Schema, Span, TimeAttribute, TypeKind};

use crate::explain;

/// Differences that are told of one operator.
const REASONS_MAX: usize = 3;

/// What becomes of the state of one operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateVerdict {
    pub part: Part,
    pub fate: Fate,
    /// `GROUP BY`, `join`, or the name of a table.
    pub name: String,
    /// What it remembers.
    pub keeps: String,
    /// Why it is not kept.
    pub reason: Option<String>,
    /// The part of the old text that asked for it, if there is one; and of the new.
    pub before: Option<Span>,
    pub after: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Source,
    Operator,
    Sink,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes on where it was.
    Kept,
    /// There was nothing like it: it begins with nothing.
    New,
    /// It is no longer there, and nothing is lost with it.
    Gone,
    /// What it remembers is dropped.
    Reset,
    /// The new version cannot go on from any state of the old one.
    Impossible,
}

/// The jobs of a program, in their order, before and after.
pub fn state_verdict(before: &[&Graph], after: &[&Graph]) -> Vec<StateVerdict> {
    let mut verdict = Vec::new();
    for (number, old) in before.iter().enumerate() {
        match after.get(number) {
            Some(new) => Comparison::new(old, new).run(&mut verdict),
            None => verdict.push(lost_job(number, old)),
        }
    }
    for new in after.iter().skip(before.len()) {
        Comparison::new(&Graph::default(), new).run(&mut verdict);
    }
    verdict
}

fn lost_job(number: usize, old: &Graph) -> StateVerdict {
    StateVerdict {
        part: Part::Operator,
        fate: Fate::Impossible,
        name: format!("statement {} that writes rows", number + 1),
        keeps: "how far it was".to_string(),
        reason: Some("the new version has fewer statements that write rows".to_string()),
        before: old.nodes.last().map(|node| node.span),
        after: None,
    }
}

struct Comparison<'a> {
    old: &'a Graph,
    new: &'a Graph,
    old_ids: Vec<StateId>,
    new_ids: Vec<StateId>,
    /// Nodes of the new graph that are not taken yet, by what their state goes by.
    waiting: HashMap<StateId, NodeId>,
}

impl<'a> Comparison<'a> {
    fn new(old: &'a Graph, new: &'a Graph) -> Comparison<'a> {
        let new_ids = new.state_ids();
        let ids = new_ids.iter().copied().enumerate();
        Comparison {
            old,
            new,
            old_ids: old.state_ids(),
            waiting: ids
                .filter(|(node, _)| remembers(&new.nodes[*node]))
                .map(|(node, id)| (id, node))
                .collect(),
            new_ids,
        }
    }

    fn run(mut self, verdict: &mut Vec<StateVerdict>) {
        let stateful = |graph: &Graph| -> Vec<NodeId> {
            (0..graph.nodes.len())
                .filter(|node| remembers(&graph.nodes[*node]))
                .collect()
        };
        let mut told = Vec::new();
        let mut unclaimed = Vec::new();
        for node in stateful(self.old) {
            match self.waiting.remove(&self.old_ids[node]) {
                Some(taken) => told.push((Some(node), Some(taken))),
                None => unclaimed.push(node),
            }
        }
        for node in unclaimed {
            told.push((Some(node), self.counterpart(node)));
        }
        // In the order of the new text, and what is only in the old one behind it.
        told.extend(self.waiting.values().map(|node| (None, Some(*node))));
        told.sort_by_key(|(old, new)| (new.is_none(), new.or(*old)));
        verdict.extend(told.into_iter().map(|(old, new)| self.tell(old, new)));
    }

    /// The operator of the new version that does most of what the old one did.
    fn counterpart(&mut self, old: NodeId) -> Option<NodeId> {
        let operator = &self.old.nodes[old].operator;
        let table = table_of(operator);
        let before = aspects(self.old, old);
        let alike = |node: NodeId| {
            let after = aspects(self.new, node);
            before.iter().filter(|aspect| after.contains(aspect)).count()
        };
        let found = self
            .waiting
            .values()
            .copied()
            .filter(|node| {
                let other = &self.new.nodes[*node].operator;
                discriminant(operator) == discriminant(other) && table == table_of(other)
            })
            // The first of those that are alike.
            .max_by_key(|node| (alike(*node), std::cmp::Reverse(*node)))?;
        self.waiting.retain(|_, node| *node != found);
        Some(found)
    }

    fn tell(&self, old: Option<NodeId>, new: Option<NodeId>) -> StateVerdict {
        let (graph, node) = match (old, new) {
            (_, Some(new)) => (self.new, new),
            (Some(old), None) => (self.old, old),
            (None, None) => (self.old, 0),
        };
        let node = &graph.nodes[node];
        let part = part_of(&node.operator);
        let is_kept = match (old, new) {
            (Some(old), Some(new)) => self.old_ids[old] == self.new_ids[new],
            _ => false,
        };
        let (fate, reason) = match (old, new, part) {
            (Some(_), Some(_), _) if is_kept => (Fate::Kept, None),
            (Some(old), Some(new), _) => (Fate::Reset, Some(self.reasons(old, new))),
            (None, _, Part::Source) => (
                Fate::New,
                Some("it was not read before: it is read from where its options say".to_string()),
            ),
            (None, _, Part::Operator) => (
                Fate::New,
                Some("it was not there before: it begins with the rows that come from now on".to_string()),
            ),
            (None, _, Part::Sink) => (Fate::New, Some("it was not written to before".to_string())),
            (Some(_), None, Part::Source) => (
                Fate::Reset,
                Some("the new version does not read it: how far it was read is forgotten".to_string()),
            ),
            (Some(_), None, Part::Operator) => (
                Fate::Reset,
                Some("the new version computes nothing like it: what it remembers is forgotten".to_string()),
            ),
            (Some(_), None, Part::Sink) => (
                Fate::Gone,
                Some("the new version does not write to it; what was written stays".to_string()),
            ),
        };
        StateVerdict {
            part,
            fate,
            name: name_of(&node.operator),
            keeps: keeps(node),
            reason,
            before: old.map(|old| self.old.nodes[old].span),
            after: new.map(|new| self.new.nodes[new].span),
        }
    }

    /// What differs, in a sentence.
    fn reasons(&self, old: NodeId, new: NodeId) -> String {
        let mut reasons = differences(&aspects(self.old, old), &aspects(self.new, new));
        if reasons.is_empty() {
            self.differences_below(old, new, &mut reasons);
        }
        if reasons.is_empty() {
            reasons.push("the rows that it is given are others".to_string());
        }
        reasons.truncate(REASONS_MAX);
        format!("{}; it begins anew", reasons.join(", and "))
    }

    fn differences_below(&self, old: NodeId, new: NodeId, reasons: &mut Vec<String>) {
        let (before, after) = (&self.old.nodes[old].inputs, &self.new.nodes[new].inputs);
        if before.len() != after.len() {
            reasons.push(format!(
                "it read {} inputs and now reads {}",
                before.len(),
                after.len()
            ));
            return;
        }
        for (before, after) in before.iter().zip(after) {
            if self.old.nodes[before.node].fingerprint != self.new.nodes[after.node].fingerprint {
                self.difference_of_rows(before.node, after.node, reasons);
            }
        }
    }

    /// Why these two do not give the same rows.
    fn difference_of_rows(&self, old: NodeId, new: NodeId, reasons: &mut Vec<String>) {
        let (before, after) = (Rows::of(self.old, old), Rows::of(self.new, new));
        if before.filter != after.filter {
            reasons.push(match (before.filter.as_str(), after.filter.as_str()) {
                ("", now) => format!("it was given all rows and is now given those where {now}"),
                (then, "") => format!("it was given the rows where {then} and is now given all"),
                (then, now) => {
                    format!("it was given the rows where {then} and is now given those where {now}")
                }
            });
            return;
        }
        let (base, other) = (&self.old.nodes[before.base], &self.new.nodes[after.base]);
        if base.fingerprint == other.fingerprint {
            let (then, now) = (given(self.old, old), given(self.new, new));
            let only = |these: &[String], others: &[String]| -> String {
                let lost = these.iter().filter(|column| !others.contains(column));
                lost.cloned().collect::<Vec<_>>().join(", ")
            };
            let (lost, come) = (only(&then, &now), only(&now, &then));
            reasons.push(match (lost.as_str(), come.as_str()) {
                ("", "") => "it is given its columns in another order or of other types".to_string(),
                ("", come) => format!("it is now given {come} too"),
                (lost, "") => format!("it is no longer given {lost}"),
                (lost, come) => format!("it was given {lost} and is now given {come}"),
            });
            return;
        }
        let same_kind = discriminant(&base.operator) == discriminant(&other.operator);
        if !same_kind || table_of(&base.operator) != table_of(&other.operator) {
            reasons.push(format!(
                "it read from {} and now reads from {}",
                described(&base.operator),
                described(&other.operator)
            ));
            return;
        }
        let of = described(&other.operator);
        let own = differences(&aspects(self.old, before.base), &aspects(self.new, after.base));
        match &other.operator {
            // It tells of itself what differs.
            operator if remembers(other) && part_of(operator) == Part::Operator => {
                reasons.push(format!("it reads {of}, which begins anew"));
            }
            _ if own.is_empty() => self.differences_below(before.base, after.base, reasons),
            _ => reasons.extend(
                own.into_iter()
                    .map(|own| format!("of {of}, which it reads, {own}")),
            ),
        }
    }
}

/// What a node computes of what is below it, column by column.
fn given(graph: &Graph, mut id: NodeId) -> Vec<String> {
    // The first phase of an aggregation passes on what it is given.
    while let (Operator::LocalWindowAggregate { .. }, Some(input)) =
        (&graph.nodes[id].operator, graph.nodes[id].inputs.first())
    {
        id = input.node;
    }
    let node = &graph.nodes[id];
    match &node.operator {
        Operator::Calc { expressions, .. } => {
            let schema = input_schema(graph, node);
            let texts = expressions.iter();
            texts
                .map(|computed| explain::expression(computed, &schema))
                .collect()
        }
        _ => node.schema.names().map(str::to_string).collect(),
    }
}

/// Rows behind filters and projections.
struct Rows {
    filter: String,
    base: NodeId,
}

impl Rows {
    fn of(graph: &Graph, node: NodeId) -> Rows {
        let mut filters = Vec::new();
        let mut base = node;
        loop {
            let node = &graph.nodes[base];
            match &node.operator {
                Operator::Calc { filter, .. } => {
                    let schema = input_schema(graph, node);
                    filters.extend(filter.iter().map(|filter| explain::expression(filter, &schema)));
                }
                Operator::LocalWindowAggregate { .. } | Operator::NotNullEnforcer { .. } => {}
                _ => break,
            }
            match node.inputs.first() {
                Some(input) => base = input.node,
                None => break,
            }
        }
        Rows {
            filter: filters.join(" AND "),
            base,
        }
    }
}

/// A part of what an operator computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aspect {
    Kind,
    Key,
    Aggregates,
    Window,
    Condition,
    Order,
    Ranks,
    Frame,
    Columns,
    Watermark,
    Pattern,
}

fn differences(before: &[(Aspect, String)], after: &[(Aspect, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (aspect, then) in before {
        let Some((_, now)) = after.iter().find(|(other, _)| other == aspect) else {
            continue;
        };
        if then == now {
            continue;
        }
        let none = |text: &String| match text.is_empty() {
            true => "nothing".to_string(),
            false => text.clone(),
        };
        let (then, now) = (none(then), none(now));
        let difference = match aspect {
            Aspect::Kind => format!("it was {then} and is now {now}"),
            Aspect::Key => format!("its key was {then} and is now {now}"),
            Aspect::Aggregates => format!("it computed {then} and now computes {now}"),
            Aspect::Window => format!("its window was {then} and is now {now}"),
            Aspect::Condition => format!("rows matched where {then} and now match where {now}"),
            Aspect::Order => format!("it went by the order of {then} and now goes by {now}"),
            Aspect::Ranks => format!("it kept the rows {then} and now keeps the rows {now}"),
            Aspect::Frame => format!("its frame was {then} and is now {now}"),
            Aspect::Columns => format!("it had the columns {then} and now has {now}"),
            Aspect::Watermark => format!("its watermark was {then} and is now {now}"),
            Aspect::Pattern => format!("its pattern was {then} and is now {now}"),
        };
        found.push((*aspect, difference));
    }
    if found.len() > 1 {
        // Which columns it needs follows from the rest.
        found.retain(|(aspect, _)| *aspect != Aspect::Columns);
    }
    found.into_iter().map(|(_, difference)| difference).collect()
}

/// What an operator computes, part by part, with columns by their names.
fn aspects(graph: &Graph, id: NodeId) -> Vec<(Aspect, String)> {
    let node = &graph.nodes[id];
    let input = input_schema(graph, node);
    let names = |columns: &[usize]| explain::names(columns, &input);
    let order = |keys: &[graph::SortKey]| inner(&explain::order_text(keys, &input));
    match &node.operator {
        Operator::Source(source) => {
            let watermark = source.watermark.as_ref().map_or(String::new(), |watermark| {
                explain::expression(&watermark.expression, &node.schema)
            });
            vec![
                (Aspect::Columns, typed(&node.schema)),
                (Aspect::Watermark, watermark),
            ]
        }
        Operator::GlobalWindowAggregate {
            window,
            time,
            keys,
            aggregates,
            emit,
            ..
        } => {
            let local = node.inputs.first().map(|input| &graph.nodes[input.node]);
            let rows = local.map(|local| input_schema(graph, local));
            let keys: Vec<&str> = node.schema.names().take(*keys).collect();
            vec![
                (Aspect::Key, keys.join(", ")),
                (Aspect::Window, window_of(window, time, rows.as_ref())),
                (
                    Aspect::Aggregates,
                    inner(&explain::calls(aggregates, rows.as_ref())),
                ),
                (
                    Aspect::Kind,
                    match emit {
                        Some(_) => "a window that corrects its results",
                        None => "a window that tells its results once",
                    }
                    .to_string(),
                ),
            ]
        }
        Operator::GroupAggregate { keys, aggregates } => vec![
            (Aspect::Key, names(keys)),
            (
                Aspect::Aggregates,
                inner(&explain::calls(aggregates, Some(&input))),
            ),
        ],
        Operator::WindowTable { window, time, keys } => vec![
            (Aspect::Key, names(keys)),
            (Aspect::Window, window_of(window, time, Some(&input))),
            (Aspect::Columns, typed(&input)),
        ],
        Operator::Join(join) => {
            let both = both_schemas(graph, node);
            let width = input.len();
            let keys: Vec<String> = join
                .keys
                .iter()
                .map(|key| {
                    let name = |column: usize| both.fields[column].name.clone();
                    format!("{} = {}", name(key.left), name(width + key.right))
                })
                .collect();
            let condition = join
                .condition
                .as_ref()
                .map_or(String::new(), |condition| explain::expression(condition, &both));
            let time = match join.time {
                JoinTime::Regular => "a join",
                JoinTime::Interval(_) => "an interval join",
                JoinTime::Window(_) => "a window join",
                JoinTime::Temporal(_) => "a temporal join",
                JoinTime::Lookup(_) => "a lookup join",
            };
            let kind = match join.kind {
                JoinKind::Inner => "INNER",
                JoinKind::Left => "LEFT",
                JoinKind::Right => "RIGHT",
                JoinKind::Full => "FULL",
                JoinKind::Semi => "SEMI",
                JoinKind::Anti => "ANTI",
            };
            vec![
                (Aspect::Kind, format!("{time} ({kind})")),
                (Aspect::Key, keys.join(" AND ")),
                (Aspect::Condition, condition),
                (Aspect::Columns, typed(&both)),
            ]
        }
        Operator::LookupJoin(join) => vec![(Aspect::Key, join.key_names()), (Aspect::Columns, typed(&input))],
        Operator::TopN {
            partition,
            order: by,
            range,
            ..
        }
        | Operator::WindowTopN {
            partition,
            order: by,
            range,
            ..
        } => vec![
            (Aspect::Key, names(partition)),
            (Aspect::Order, order(by)),
            (Aspect::Ranks, range.to_string()),
            (Aspect::Columns, typed(&input)),
        ],
        Operator::Deduplicate {
            partition,
            rowtime,
            keep_last,
            ..
        } => vec![
            (Aspect::Key, names(partition)),
            (
                Aspect::Ranks,
                if *keep_last {
                    "that come last"
                } else {
                    "that come first"
                }
                .to_string(),
            ),
            (
                Aspect::Order,
                rowtime.map_or("processing time".to_string(), |column| {
                    input.fields[column].name.clone()
                }),
            ),
            (Aspect::Columns, typed(&input)),
        ],
        Operator::Over {
            partition,
            order: by,
            frame,
            functions,
            ..
        } => {
            let calls: Vec<String> = functions
                .iter()
                .map(|function: &OverFunction| {
                    let arguments: Vec<String> = function
                        .expressions()
                        .into_iter()
                        .map(|argument: &Expr| explain::expression(argument, &input))
                        .collect();
                    format!("{}({})", function.name(), arguments.join(", "))
                })
                .collect();
            vec![
                (Aspect::Key, names(partition)),
                (Aspect::Order, order(by)),
                (Aspect::Frame, frame.to_string()),
                (Aspect::Aggregates, calls.join(", ")),
                (Aspect::Columns, typed(&input)),
            ]
        }
        Operator::Match(matching) => vec![
            (Aspect::Key, names(&matching.partition)),
            (Aspect::Pattern, explain::node_text(graph, id)),
        ],
        Operator::Limit { range } => vec![(Aspect::Ranks, range.to_string())],
        Operator::TemporalSort { time, order: by } => {
            let time = input.fields[*time].name.clone();
            let rest = order(by);
            let order = if rest.is_empty() {
                time
            } else {
                format!("{time}, {rest}")
            };
            vec![(Aspect::Order, order), (Aspect::Columns, typed(&input))]
        }
        Operator::ChangelogNormalize { keys } | Operator::SinkUpsertMaterialize { keys } => {
            vec![(Aspect::Key, names(keys)), (Aspect::Columns, typed(&input))]
        }
        _ => Vec::new(),
    }
}

/// What stands between the brackets of `name=[...]`.
fn inner(text: &str) -> String {
    let text = text.trim_start_matches(", ").trim_end_matches(", ");
    let inside = text.split_once("=[").and_then(|(_, rest)| rest.strip_suffix(']'));
    inside.unwrap_or(text).to_string()
}

fn window_of(window: &Window, time: &graph::WindowTime, rows: Option<&Schema>) -> String {
    let moved = |offset_ms: i64| match offset_ms {
        0 => String::new(),
        offset_ms => format!(", moved by {}", length(offset_ms)),
    };
    let shape = match *window {
        Window::Tumble { size_ms, offset_ms } => format!("TUMBLE of {}{}", length(size_ms), moved(offset_ms)),
        Window::Hop {
            size_ms,
            slide_ms,
            offset_ms,
        } => format!(
            "HOP of {} every {}{}",
            length(size_ms),
            length(slide_ms),
            moved(offset_ms)
        ),
        Window::Cumulate {
            size_ms,
            step_ms,
            offset_ms,
        } => format!(
            "CUMULATE up to {} by {}{}",
            length(size_ms),
            length(step_ms),
            moved(offset_ms)
        ),
        Window::Session { gap_ms } => format!("SESSION with a gap of {}", length(gap_ms)),
        Window::Attached { .. } => return "that of an earlier step".to_string(),
    };
    let time_column = rows.and_then(|rows| rows.fields.get(time.column));
    match (time.attribute, time_column) {
        (TimeAttribute::Proctime, _) => format!("{shape} over processing time{}", explain::time_suffix(time)),
        (TimeAttribute::Rowtime, Some(column)) => {
            format!("{shape} over {}{}", column.name, explain::time_suffix(time))
        }
        (TimeAttribute::Rowtime, None) => shape,
    }
}

/// In the largest unit that fits.
fn length(ms: i64) -> String {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)];
    let unit = units.into_iter().find(|(_, length)| ms % length == 0);
    let (unit, length) = unit.unwrap_or(("ms", 1));
    format!("{} {unit}", ms / length)
}

fn input_schema(graph: &Graph, node: &Node) -> Schema {
    node.inputs
        .first()
        .map(|input| graph.nodes[input.node].schema.clone())
        .unwrap_or_default()
}

fn both_schemas(graph: &Graph, node: &Node) -> Schema {
    let inputs = node.inputs.iter();
    Schema::new(
        inputs
            .flat_map(|input| graph.nodes[input.node].schema.fields.iter().cloned())
            .collect(),
    )
}

/// Columns with their types; nested rows by what is read of them.
fn typed(schema: &Schema) -> String {
    let columns: Vec<String> = schema
        .fields
        .iter()
        .map(|field| match &field.data_type.kind {
            TypeKind::Row(_) => explain::read_column(field),
            kind => format!("{} {kind}", field.name),
        })
        .collect();
    columns.join(", ")
}

/// Whether something of it is found again by what it is.
fn remembers(node: &Node) -> bool {
    matches!(node.operator, Operator::Sink(_)) || explain::state_kept(node).is_some()
}

fn keeps(node: &Node) -> String {
    match &node.operator {
        Operator::Source(_) => "how far it was read".to_string(),
        Operator::Sink(_) => "what was written and cannot be seen yet".to_string(),
        _ => explain::state_kept(node).unwrap_or_default(),
    }
}

fn part_of(operator: &Operator) -> Part {
    match operator {
        Operator::Source(_) => Part::Source,
        Operator::Sink(_) => Part::Sink,
        _ => Part::Operator,
    }
}

fn table_of(operator: &Operator) -> Option<&str> {
    match operator {
        Operator::Source(source) => Some(&source.table),
        Operator::Sink(sink) => Some(&sink.table),
        _ => None,
    }
}

fn name_of(operator: &Operator) -> String {
    match operator {
        Operator::Source(source) => last_name(&source.table).to_string(),
        Operator::Sink(sink) => last_name(&sink.table).to_string(),
        Operator::GlobalWindowAggregate { .. } => "windows with GROUP BY".to_string(),
        Operator::GroupAggregate { keys, .. } if keys.is_empty() => "aggregates".to_string(),
        Operator::GroupAggregate { .. } => "GROUP BY".to_string(),
        Operator::WindowTable { .. } => "session windows".to_string(),
        Operator::Join(join) => match join.time {
            JoinTime::Regular => "join",
            JoinTime::Interval(_) => "interval join",
            JoinTime::Window(_) => "window join",
            JoinTime::Temporal(_) => "temporal join",
            JoinTime::Lookup(_) => "lookup join",
        }
        .to_string(),
        Operator::LookupJoin(_) => "lookup join".to_string(),
        Operator::TopN { .. } => "top rows".to_string(),
        Operator::WindowTopN { .. } => "top rows of windows".to_string(),
        Operator::Deduplicate { .. } => "deduplication".to_string(),
        Operator::Over { .. } => "OVER".to_string(),
        Operator::Match(_) => "MATCH_RECOGNIZE".to_string(),
        Operator::Limit { .. } => "LIMIT".to_string(),
        Operator::TemporalSort { .. } => "ORDER BY time".to_string(),
        Operator::ChangelogNormalize { .. } => "latest rows of a table".to_string(),
        Operator::SinkUpsertMaterialize { .. } => "rows by the key of a table".to_string(),
        other => other
            .to_string()
            .split('(')
            .next()
            .unwrap_or_default()
            .to_string(),
    }
}

/// As the object of a sentence.
fn described(operator: &Operator) -> String {
    match operator {
        Operator::Source(_) | Operator::Sink(_) => format!("table '{}'", name_of(operator)),
        _ => format!("'{}'", name_of(operator)),
    }
}

/// `catalog.database.table` by what people call it.
fn last_name(table: &str) -> &str {
    table.rsplit('.').next().unwrap_or(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_brackets_is_taken_out() {
        assert_eq!(inner(", aggregates=[SUM(a[1]), COUNT(*)]"), "SUM(a[1]), COUNT(*)");
        assert_eq!(inner("order=[a DESC], "), "a DESC");
        assert_eq!(inner(""), "");
    }

    #[test]
    fn a_statement_that_is_missing_makes_it_impossible() {
        let empty = Graph::default();
        let verdict = state_verdict(&[&empty, &empty], &[&empty]);
        assert_eq!(verdict.len(), 1);
        assert_eq!(
            (verdict[0].fate, verdict[0].name.as_str()),
            (Fate::Impossible, "statement 2 that writes rows")
        );
    }
}
