//! OVER: by which time rows are ordered, and what Flink refuses.

use graph::{Exchange, Frame, Input, NodeId, Operator, OverFunction, OverOrder};
use model::{ChangelogMode, Diagnostic};

use super::layout::GraphBuilder;
use crate::bind::unsupported;
use crate::logical::{Over, OverCall, Plan};

impl GraphBuilder<'_> {
    pub(super) fn over(
        &mut self,
        plan: &Plan,
        input: &Plan,
        over: &Over,
        calls: &[OverCall],
    ) -> Result<NodeId, Diagnostic> {
        let span = calls.first().map_or(plan.span, |call| call.span);
        let fault = |message: &str| Diagnostic::validation(span, message);
        let Some(first) = over.order.first() else {
            return Err(fault("OVER needs an order").hint("add ORDER BY with a time attribute to the window"));
        };
        let Some(frame) = over.frame else {
            return Err(fault(
                "frames of OVER that end behind the current row are not supported on a stream",
            )
            .hint("write ROWS or RANGE BETWEEN ... PRECEDING AND CURRENT ROW"));
        };
        let attribute = input.schema.fields[first.column].time_attribute;
        let by = OverOrder::of(attribute, first.column);
        let is_time = by != OverOrder::Columns;
        if over.order.len() > 1 {
            return Err(fault("OVER can only be ordered by a single column")
                .hint("leave out the other columns of ORDER BY"));
        }
        if first.descending {
            return Err(fault("OVER can only be ordered ascending").hint("leave out DESC"));
        }
        if !is_time && matches!(frame, Frame::Rows(_) | Frame::Range(_)) {
            return Err(
                fault("bounded frames of OVER must be ordered by a time attribute")
                    .hint("write UNBOUNDED PRECEDING, or order by a time attribute"),
            );
        }
        let node = self.plan(input)?;
        if is_time && !self.node(node).changelog.is_insert_only() {
            return Err(fault("OVER in the order of time does not take updates")
                .hint("order by a column that is no time attribute"));
        }
        // Rows leave a bounded frame, though none are taken back.
        let leaves = matches!(frame, Frame::Rows(_) | Frame::Range(_));
        let functions: Vec<OverFunction> = calls
            .iter()
            .map(|call| match &call.function {
                OverFunction::Aggregate(aggregate) if leaves => {
                    OverFunction::Aggregate(aggregate.over(ChangelogMode::ALL))
                }
                other => other.clone(),
            })
            .collect();
        if let (OverOrder::Columns, Some(call)) = (
            by,
            calls
                .iter()
                .find(|call| matches!(call.function, OverFunction::Lag { .. })),
        ) && !self.node(node).changelog.is_insert_only()
        {
            return Err(unsupported(
                call.span,
                "LAG over rows that change",
                "order by a time attribute",
            ));
        }
        let details: Vec<String> = functions
            .iter()
            .map(|function| match function {
                OverFunction::Aggregate(call) => {
                    format!(
                        "{} {} {:?} {:?}",
                        call.name, call.result, call.state_types, call.filter
                    )
                }
                other => other.to_string(),
            })
            .collect();
        let operator = Operator::Over {
            partition: over.partition.clone(),
            order: over.order.clone(),
            by,
            frame,
            functions,
        };
        let input = Input {
            node,
            exchange: if over.partition.is_empty() {
                Exchange::Single
            } else {
                Exchange::Hash(over.partition.clone())
            },
        };
        Ok(self.add(
            operator,
            vec![input],
            plan.schema.clone(),
            plan.span,
            &details.join(", "),
        ))
    }
}
