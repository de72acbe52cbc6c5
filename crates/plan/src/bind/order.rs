//! ORDER BY, LIMIT, OFFSET and FETCH of a query.
//!
//! An order goes by columns of the result, by their names or positions, or by what a SELECT could list besides: that
//! is computed as a column of its own and left out again.

use graph::{Expr, OverFunction, RankRange, SortKey};
use model::{Diagnostic, Field, Schema};
use sql::ast::{self, ExprKind, Ident, Literal, OrderItem, QueryBody, SelectItem};

use super::over::direction;
use super::query::{Bound, Boxed, QueryBinder};
use super::scope::Scope;
use super::{literal, unsupported};
use crate::logical::{Plan, PlanKind, Rank};

/// An order, and what must be computed for it.
struct Order<'q> {
    items: &'q [OrderItem],
    /// By item: over the columns of the query; `None` where it is a column that the query must list besides.
    found: Vec<Option<Expr>>,
    /// The query with those columns behind its own.
    body: Option<Box<QueryBody>>,
    /// How many columns are the query's own.
    width: usize,
}

// What calls itself for queries in queries keeps little on the stack.
impl QueryBinder<'_> {
    /// The body of a query, put in order and cut.
    pub(super) fn ordered(&mut self, query: &ast::Query) -> Boxed<Bound> {
        let range = range_of(query)?;
        if query.order_by.is_empty() || (range.is_none() && !self.is_outermost()) {
            // An order of rows that are read on means nothing.
            return Ok(limited(self.body(&query.body)?, range));
        }
        self.in_order(query, range, Vec::new())
    }

    /// The first rows of each part of a query, in its order; the parts go by columns of its result.
    pub(super) fn first_of_each(&mut self, query: &ast::Query, partition: Vec<usize>) -> Boxed<Bound> {
        let range = range_of(query)?;
        if range.is_none() {
            return self.body(&query.body);
        }
        self.in_order(query, range, partition)
    }

    fn in_order(
        &mut self,
        query: &ast::Query,
        range: Option<RankRange>,
        partition: Vec<usize>,
    ) -> Boxed<Bound> {
        let redirected = self.redirected.borrow().len();
        let mut bound = self.body(&query.body)?;
        let mut order = self.order_of(query, &bound)?;
        if let Some(body) = order.body.take() {
            self.redirected.borrow_mut().truncate(redirected);
            bound = self.body(&body)?;
        }
        let is_constant = |found: &Option<Expr>| matches!(found, Some(Expr::Literal { .. }));
        if !partition.is_empty() && order.found.iter().all(is_constant) {
            return Err(unsupported(
                query.span,
                "LIMIT in LATERAL without an ORDER BY of what differs",
                "say by ORDER BY which rows come first",
            ));
        }
        Ok(put_in_order(bound, order, range, partition))
    }

    fn order_of<'q>(&self, query: &'q ast::Query, bound: &Bound) -> Result<Order<'q>, Diagnostic> {
        let width = bound.plan.schema.len();
        let scope = Scope::of_columns(&bound.plan.schema.fields);
        let mut found = Vec::with_capacity(query.order_by.len());
        let mut fault = None;
        for item in &query.order_by {
            let outcome = match position(item, width)? {
                Some(position) => Ok(bound.plan.column(position)),
                None => self.expressions(&scope, "ORDER BY").value(&item.expression),
            };
            found.push(match outcome {
                Ok(expression) => Some(expression),
                Err(diagnostic) => {
                    fault.get_or_insert(diagnostic);
                    None
                }
            });
        }
        let body = match (fault, &query.body) {
            (None, _) => None,
            (Some(_), QueryBody::Select(select)) if !select.distinct => {
                let mut select = select.clone();
                let missing = query.order_by.iter().zip(&found);
                for (item, _) in missing.filter(|(_, found)| found.is_none()) {
                    select.items.push(SelectItem::Expression {
                        expression: item.expression.clone(),
                        alias: Some(Ident {
                            name: format!("order${}", select.items.len()),
                            quoted: true,
                            span: item.expression.span,
                        }),
                    });
                }
                Some(Box::new(QueryBody::Select(select)))
            }
            (Some(fault), _) => return Err(fault),
        };
        Ok(Order {
            items: &query.order_by,
            found,
            body,
            width,
        })
    }
}

/// The rows that LIMIT, OFFSET and FETCH leave.
fn range_of(query: &ast::Query) -> Result<Option<RankRange>, Diagnostic> {
    let Some(limit) = &query.limit else {
        return match &query.offset {
            None => Ok(None),
            Some(offset) => Err(Diagnostic::validation(
                offset.span,
                "OFFSET without FETCH is not supported on a stream",
            )
            .hint("say how many rows are wanted: LIMIT 10 OFFSET 5")),
        };
    };
    let skipped = match &query.offset {
        Some(offset) => count(offset, "OFFSET")?,
        None => 0,
    };
    let rows = count(limit, "LIMIT")?;
    Ok(Some(RankRange {
        start: skipped.saturating_add(1),
        end: skipped.saturating_add(rows),
    }))
}

/// Computes what the order goes by behind the columns of the query, and sorts.
fn put_in_order(
    bound: Box<Bound>,
    order: Order<'_>,
    range: Option<RankRange>,
    partition: Vec<usize>,
) -> Box<Bound> {
    let Bound { plan, windowed } = *bound;
    let mut expressions = plan.columns();
    let mut fields = plan.schema.fields.clone();
    let own = expressions.len();
    let mut hidden = order.width;
    let mut keys = Vec::with_capacity(order.found.len());
    for (item, found) in order.items.iter().zip(order.found) {
        let column = match found {
            Some(Expr::Column { index, .. }) => index,
            // What is the same for all rows puts none before another.
            Some(Expr::Literal { .. }) => continue,
            Some(expression) => {
                let field = Field::new(format!("order${}", fields.len()), expression.data_type());
                fields.push(field);
                expressions.push(expression);
                expressions.len() - 1
            }
            None => {
                hidden += 1;
                hidden - 1
            }
        };
        let (descending, nulls_first) = direction(item);
        keys.push(SortKey {
            column,
            descending,
            nulls_first,
        });
    }
    let plan = if expressions.len() == own {
        plan
    } else {
        Plan {
            span: plan.span,
            kind: PlanKind::Calc {
                input: Box::new(plan),
                filter: None,
                expressions,
            },
            schema: Schema::new(fields),
        }
    };
    let bound = Bound { plan, windowed };
    Box::new(sorted(bound, partition, keys, order.width, range))
}

/// The column that a number in ORDER BY stands for.
fn position(item: &OrderItem, width: usize) -> Result<Option<usize>, Diagnostic> {
    let ExprKind::Literal(Literal::Integer(digits)) = &item.expression.kind else {
        return Ok(None);
    };
    match digits.parse::<usize>() {
        Ok(number) if (1..=width).contains(&number) => Ok(Some(number - 1)),
        _ => Err(Diagnostic::validation(
            item.expression.span,
            format!("ORDER BY {digits} is beyond the {width} columns of the query"),
        )),
    }
}

fn count(expression: &ast::Expr, clause: &str) -> Result<i64, Diagnostic> {
    let digits = match &expression.kind {
        ExprKind::Literal(Literal::Integer(digits)) => digits,
        _ => {
            return Err(unsupported(
                expression.span,
                &format!("{clause} of what is no number"),
                "write a number",
            ));
        }
    };
    digits
        .parse()
        .map_err(|_| Diagnostic::validation(expression.span, format!("{clause} is too large")))
}

/// The first columns of the sorted rows.
fn sorted(
    bound: Bound,
    partition: Vec<usize>,
    order: Vec<SortKey>,
    width: usize,
    range: Option<RankRange>,
) -> Bound {
    let Bound { plan, windowed } = bound;
    let (schema, span) = (plan.schema.clone(), plan.span);
    let sorted = match range {
        Some(range) if order.is_empty() || range.end < range.start => {
            limited(Box::new(Bound::plain(plan)), Some(range)).plan
        }
        Some(range) => Plan {
            kind: PlanKind::Rank {
                input: Box::new(plan),
                rank: Box::new(Rank {
                    function: OverFunction::RowNumber,
                    partition,
                    order,
                    range,
                    rank_number: false,
                    window: None,
                }),
            },
            schema,
            span,
        },
        None => Plan {
            kind: PlanKind::Sort {
                input: Box::new(plan),
                order,
            },
            schema,
            span,
        },
    };
    if sorted.schema.len() == width {
        return Bound {
            plan: sorted,
            windowed,
        };
    }
    let expressions = sorted.columns()[..width].to_vec();
    Bound {
        windowed: windowed.and_then(|windowed| windowed.through(&expressions)),
        plan: Plan {
            schema: Schema::new(sorted.schema.fields[..width].to_vec()),
            span,
            kind: PlanKind::Calc {
                input: Box::new(sorted),
                filter: None,
                expressions,
            },
        },
    }
}

fn limited(mut bound: Box<Bound>, range: Option<RankRange>) -> Box<Bound> {
    let Some(range) = range else { return bound };
    let plan = bound.plan;
    let (schema, span) = (plan.schema.clone(), plan.span);
    let kind = if range.end < range.start {
        // LIMIT 0
        PlanKind::Calc {
            expressions: plan.columns(),
            filter: Some(literal::boolean(false)),
            input: Box::new(plan),
        }
    } else {
        PlanKind::Limit {
            input: Box::new(plan),
            range,
        }
    };
    bound.plan = Plan { kind, schema, span };
    bound
}
