//! Expressions over the columns of a chunk, prepared once and evaluated a chunk at a time.
//!
//! Columns are passed on without copying and constants stay constants. What AND, OR and CASE rule out is
//! evaluated all the same where it cannot fail, since whole columns are cheaper than choosing rows; where it can
//! fail, only on the rows that need it.

mod select;

use std::sync::Arc;

use arrow_arith::boolean::{and_kleene, or_kleene};
use arrow_array::builder::BooleanBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, StructArray, new_null_array};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType as ArrowType;
use dataflow::{Error, EvaluationContext, ScalarFunction, Value};
use graph::Expr;
use model::Span;

pub(crate) use select::{Frame, arrow_error, expand};
use select::{Selection, assemble};

/// A prepared expression.
#[derive(Debug)]
pub(crate) struct Expression {
    node: Node,
    data_type: ArrowType,
}

#[derive(Debug)]
enum Node {
    Column(usize),
    Literal(ArrayRef),
    Call {
        function: Arc<dyn ScalarFunction>,
        arguments: Vec<Expression>,
        span: Span,
    },
    Field {
        operand: Box<Expression>,
        index: usize,
    },
    Junction(Junction),
    Case(Case),
}

/// AND, or OR.
#[derive(Debug)]
struct Junction {
    is_and: bool,
    operands: Vec<Operand>,
}

#[derive(Debug)]
struct Operand {
    expression: Expression,
    /// It can fail, so that it must not see rows which the operands before it have decided.
    guarded: bool,
    columns: Vec<usize>,
}

#[derive(Debug)]
struct Case {
    branches: Vec<(Operand, Operand)>,
    otherwise: Option<Box<Operand>>,
    /// Something in it can fail.
    guarded: bool,
}

impl Expression {
    pub fn new(expr: &Expr) -> Expression {
        let node = match expr {
            Expr::Column { index, .. } => Node::Column(*index),
            Expr::Literal { value, .. } => Node::Literal(value.clone()),
            Expr::Call {
                function,
                arguments,
                span,
                ..
            } => Node::Call {
                function: function.clone(),
                arguments: arguments.iter().map(Expression::new).collect(),
                span: *span,
            },
            Expr::Field { operand, index, .. } => Node::Field {
                operand: Box::new(Expression::new(operand)),
                index: *index,
            },
            Expr::And(operands) => Node::Junction(Junction {
                is_and: true,
                operands: operands.iter().map(Operand::new).collect(),
            }),
            Expr::Or(operands) => Node::Junction(Junction {
                is_and: false,
                operands: operands.iter().map(Operand::new).collect(),
            }),
            Expr::Case {
                branches, otherwise, ..
            } => Node::Case(Case {
                branches: branches
                    .iter()
                    .map(|(condition, result)| (Operand::new(condition), Operand::new(result)))
                    .collect(),
                otherwise: otherwise
                    .as_deref()
                    .map(|otherwise| Box::new(Operand::new(otherwise))),
                guarded: expr.is_fallible(),
            }),
        };
        Expression {
            node,
            data_type: expr.data_type().arrow(),
        }
    }

    pub fn evaluate(&self, frame: &Frame, context: &EvaluationContext) -> Result<Value, Error> {
        match &self.node {
            Node::Column(index) => frame.column(*index).map(Value::Array),
            Node::Literal(value) => Ok(Value::Constant(value.clone())),
            Node::Call {
                function,
                arguments,
                span,
            } => {
                let arguments = arguments
                    .iter()
                    .map(|argument| argument.evaluate(frame, context))
                    .collect::<Result<Vec<_>, _>>()?;
                function
                    .evaluate(&arguments, frame.rows(), context)
                    .map_err(|error| error.in_call(function.name(), *span))
            }
            Node::Field { operand, index } => match operand.evaluate(frame, context)? {
                Value::Array(array) => field(&array, *index).map(Value::Array),
                Value::Constant(array) => field(&array, *index).map(Value::Constant),
            },
            Node::Junction(junction) => junction.evaluate(frame, context),
            Node::Case(case) => case.evaluate(frame, context, &self.data_type),
        }
    }

    /// One value a row, of the expression's type.
    pub fn array(&self, frame: &Frame, context: &EvaluationContext) -> Result<ArrayRef, Error> {
        let value = self.evaluate(frame, context)?;
        let array = expand(&value, frame.rows())?;
        if array.data_type() == &ArrowType::Null && self.data_type != ArrowType::Null {
            return Ok(new_null_array(&self.data_type, frame.rows()));
        }
        Ok(array)
    }

    /// As a condition: NULL is kept.
    pub fn condition(&self, frame: &Frame, context: &EvaluationContext) -> Result<BooleanArray, Error> {
        let array = self.array(frame, context)?;
        array
            .as_boolean_opt()
            .cloned()
            .ok_or_else(|| Error::internal(format!("a condition is of type {}", array.data_type())))
    }
}

/// The columns that any of these uses, in order.
pub(crate) fn columns_of<'a>(expressions: impl IntoIterator<Item = &'a Expr>) -> Vec<usize> {
    let mut columns = Vec::new();
    for expression in expressions {
        expression.visit_columns(&mut |index| columns.push(index));
    }
    columns.sort_unstable();
    columns.dedup();
    columns
}

fn field(array: &ArrayRef, index: usize) -> Result<ArrayRef, Error> {
    let row: &StructArray = array
        .as_struct_opt()
        .ok_or_else(|| Error::internal(format!("a field is read from type {}", array.data_type())))?;
    let column = row.column(index);
    let Some(nulls) = row.nulls().filter(|nulls| nulls.null_count() > 0) else {
        return Ok(column.clone());
    };
    if column.data_type() == &ArrowType::Null {
        return Ok(column.clone());
    }
    let nulls = NullBuffer::union(Some(nulls), column.nulls());
    let data = column
        .to_data()
        .into_builder()
        .nulls(nulls)
        .build()
        .map_err(arrow_error)?;
    Ok(arrow_array::make_array(data))
}

impl Operand {
    fn new(expr: &Expr) -> Operand {
        Operand {
            expression: Expression::new(expr),
            guarded: expr.is_fallible(),
            columns: columns_of([expr]),
        }
    }
}

impl Junction {
    fn evaluate(&self, frame: &Frame, context: &EvaluationContext) -> Result<Value, Error> {
        let mut result: Option<BooleanArray> = None;
        for operand in &self.operands {
            let Some(so_far) = &result else {
                result = Some(operand.expression.condition(frame, context)?);
                continue;
            };
            // What decides: false for AND, true for OR.
            let undecided = if operand.guarded {
                Selection::of(so_far.len(), |row| {
                    so_far.is_null(row) || so_far.value(row) == self.is_and
                })
            } else {
                Selection::All
            };
            let next = match undecided {
                Selection::None => break,
                Selection::All => operand.expression.condition(frame, context)?,
                Selection::Some(rows) => {
                    let part = frame.select(&rows, &operand.columns)?;
                    let values = operand.expression.condition(&part, context)?;
                    // Rows left out are decided already; the neutral value leaves them so.
                    scatter(&values, rows.values(), frame.rows(), self.is_and)
                }
            };
            let joined = if self.is_and {
                and_kleene(so_far, &next)
            } else {
                or_kleene(so_far, &next)
            };
            result = Some(joined.map_err(arrow_error)?);
        }
        let result = result.unwrap_or_else(|| BooleanArray::from(vec![self.is_and; frame.rows()]));
        Ok(Value::Array(Arc::new(result)))
    }
}

/// Puts values at `rows` among `neutral` ones. `rows` ascend.
fn scatter(values: &BooleanArray, rows: &[u32], length: usize, neutral: bool) -> BooleanArray {
    let mut builder = BooleanBuilder::with_capacity(length);
    for (index, &row) in rows.iter().enumerate() {
        builder.append_n(row as usize - builder_len(&builder), neutral);
        if values.is_null(index) {
            builder.append_null();
        } else {
            builder.append_value(values.value(index));
        }
    }
    builder.append_n(length - builder_len(&builder), neutral);
    builder.finish()
}

fn builder_len(builder: &BooleanBuilder) -> usize {
    arrow_array::builder::ArrayBuilder::len(builder)
}

impl Case {
    fn evaluate(
        &self,
        frame: &Frame,
        context: &EvaluationContext,
        data_type: &ArrowType,
    ) -> Result<Value, Error> {
        let rows = frame.rows();
        // Which result each row takes, and where in it that row stands.
        let mut chosen: Vec<Option<(usize, usize)>> = vec![None; rows];
        let mut results: Vec<Value> = Vec::new();
        let mut open: Vec<u32> = (0..rows as u32).collect();
        for (condition, result) in &self.branches {
            if open.is_empty() {
                break;
            }
            let all_open = open.len() == rows;
            let taken: Vec<u32> = if all_open || !(self.guarded && condition.guarded) {
                let condition = condition.expression.condition(frame, context)?;
                let is_true = |row: &u32| condition.is_valid(*row as usize) && condition.value(*row as usize);
                open.iter().copied().filter(is_true).collect()
            } else {
                let part = frame.select(&open.clone().into(), &condition.columns)?;
                let condition = condition.expression.condition(&part, context)?;
                let is_true = |index: &usize| condition.is_valid(*index) && condition.value(*index);
                (0..open.len()).filter(is_true).map(|index| open[index]).collect()
            };
            if taken.is_empty() {
                continue;
            }
            take_result(result, frame, context, &taken, &mut chosen, &mut results)?;
            open.retain(|&row| chosen[row as usize].is_none());
        }
        if let Some(otherwise) = &self.otherwise
            && !open.is_empty()
        {
            take_result(otherwise, frame, context, &open, &mut chosen, &mut results)?;
        }
        assemble(&chosen, &results, data_type).map(Value::Array)
    }
}

/// Evaluates a result for the rows that take it and notes where each finds its value.
fn take_result(
    result: &Operand,
    frame: &Frame,
    context: &EvaluationContext,
    rows: &[u32],
    chosen: &mut [Option<(usize, usize)>],
    results: &mut Vec<Value>,
) -> Result<(), Error> {
    let number = results.len();
    if result.guarded && rows.len() < frame.rows() {
        let part = frame.select(&rows.to_vec().into(), &result.columns)?;
        let value = result.expression.evaluate(&part, context)?;
        for (index, &row) in rows.iter().enumerate() {
            chosen[row as usize] = Some((number, value.index(index)));
        }
        results.push(value);
    } else {
        let value = result.expression.evaluate(frame, context)?;
        for &row in rows {
            chosen[row as usize] = Some((number, value.index(row as usize)));
        }
        results.push(value);
    }
    Ok(())
}
