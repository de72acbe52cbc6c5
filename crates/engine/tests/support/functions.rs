//! Functions over BIGINT.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, TimestampMicrosecondArray, UInt32Array};
use dataflow::{Accumulator, AggregateFunction, Error, EvaluationContext, ScalarFunction, Value};
use graph::Expr;
use model::{DataType, RowKind, Span};

use super::number;

#[derive(Debug, Clone, Copy)]
pub enum Call {
    Plus,
    Greater,
    IsEven,
    IsNull,
    /// Fails on division by zero.
    Divide,
    MinusMs,
}

pub fn call(function: Call, arguments: Vec<Expr>, data_type: DataType) -> Expr {
    Expr::Call {
        function: Arc::new(function),
        arguments,
        data_type,
        span: Span::default(),
    }
}

pub fn minus_ms(time: Expr, ms: i64) -> Expr {
    let data_type = time.data_type();
    call(Call::MinusMs, vec![time, number(ms)], data_type)
}

impl ScalarFunction for Call {
    fn name(&self) -> &str {
        match self {
            Call::Plus => "+",
            Call::Greater => ">",
            Call::IsEven => "IS_EVEN",
            Call::IsNull => "IS NULL",
            Call::Divide => "/",
            Call::MinusMs => "-",
        }
    }

    fn evaluate(&self, arguments: &[Value], rows: usize, _: &EvaluationContext) -> Result<Value, Error> {
        let integer = |argument: usize, row: usize| {
            let value = &arguments[argument];
            let array = value.array().as_primitive::<Int64Type>();
            let index = value.index(row);
            array.is_valid(index).then(|| array.value(index))
        };
        let array: ArrayRef = match self {
            Call::Plus => {
                let sums = (0..rows).map(|row| Some(integer(0, row)? + integer(1, row)?));
                Arc::new(sums.collect::<Int64Array>())
            }
            Call::Greater => {
                let greater = (0..rows).map(|row| Some(integer(0, row)? > integer(1, row)?));
                Arc::new(greater.collect::<BooleanArray>())
            }
            Call::IsEven => {
                let even = (0..rows).map(|row| Some(integer(0, row)? % 2 == 0));
                Arc::new(even.collect::<BooleanArray>())
            }
            Call::IsNull => {
                let null = (0..rows).map(|row| Some(integer(0, row).is_none()));
                Arc::new(null.collect::<BooleanArray>())
            }
            Call::Divide => {
                let mut quotients = Vec::new();
                for row in 0..rows {
                    let quotient = match (integer(0, row), integer(1, row)) {
                        (Some(_), Some(0)) => return Err(Error::evaluation("division by zero")),
                        (Some(left), Some(right)) => Some(left / right),
                        _ => None,
                    };
                    quotients.push(quotient);
                }
                Arc::new(Int64Array::from(quotients))
            }
            Call::MinusMs => {
                let times = arguments[0].array().as_primitive::<TimestampMicrosecondType>();
                let moved = (0..rows).map(|row| {
                    let index = arguments[0].index(row);
                    Some(times.is_valid(index).then(|| times.value(index))? - integer(1, row)? * 1000)
                });
                Arc::new(moved.collect::<TimestampMicrosecondArray>())
            }
        };
        Ok(Value::Array(array))
    }

    fn is_fallible(&self) -> bool {
        matches!(self, Call::Divide)
    }
}

#[derive(Debug)]
pub struct Count;

#[derive(Debug)]
pub struct Sum;

impl AggregateFunction for Count {
    fn name(&self) -> &str {
        "COUNT"
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(CountAccumulator(Vec::new()))
    }
}

impl AggregateFunction for Sum {
    fn name(&self) -> &str {
        "SUM"
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(SumAccumulator(Vec::new()))
    }
}

struct CountAccumulator(Vec<i64>);

impl Accumulator for CountAccumulator {
    fn resize(&mut self, groups: usize) {
        self.0.resize(groups, 0);
    }

    fn update(
        &mut self,
        groups: &[u32],
        _: &[ArrayRef],
        filter: Option<&BooleanArray>,
        _: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        match filter {
            None => groups.iter().for_each(|&group| self.0[group as usize] += 1),
            Some(filter) => {
                for (row, &group) in groups.iter().enumerate() {
                    self.0[group as usize] += i64::from(filter.is_valid(row) && filter.value(row));
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let counts = state[0].as_primitive::<Int64Type>().values();
        for (&group, count) in groups.iter().zip(counts) {
            self.0[group as usize] += count;
        }
        Ok(())
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        let counts = groups.values().iter().map(|&group| self.0[group as usize]);
        Ok(Arc::new(Int64Array::from_iter_values(counts)))
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        Ok(vec![self.evaluate(groups)?])
    }

    fn clear(&mut self, groups: &[u32]) {
        groups.iter().for_each(|&group| self.0[group as usize] = 0);
    }

    fn size_bytes(&self) -> usize {
        self.0.capacity() * 8
    }
}

struct SumAccumulator(Vec<Option<i64>>);

impl SumAccumulator {
    fn add(&mut self, group: u32, value: i64) {
        let sum = &mut self.0[group as usize];
        *sum = Some(sum.unwrap_or(0) + value);
    }
}

impl Accumulator for SumAccumulator {
    fn resize(&mut self, groups: usize) {
        self.0.resize(groups, None);
    }

    fn update(
        &mut self,
        groups: &[u32],
        arguments: &[ArrayRef],
        filter: Option<&BooleanArray>,
        _: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        let values = arguments[0].as_primitive::<Int64Type>();
        for (row, &group) in groups.iter().enumerate() {
            let passes = filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
            if passes && values.is_valid(row) {
                self.add(group, values.value(row));
            }
        }
        Ok(())
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let values = state[0].as_primitive::<Int64Type>();
        for (row, &group) in groups.iter().enumerate() {
            if values.is_valid(row) {
                self.add(group, values.value(row));
            }
        }
        Ok(())
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        let sums = groups.values().iter().map(|&group| self.0[group as usize]);
        Ok(Arc::new(sums.collect::<Int64Array>()))
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        Ok(vec![self.evaluate(groups)?])
    }

    fn clear(&mut self, groups: &[u32]) {
        groups.iter().for_each(|&group| self.0[group as usize] = None);
    }

    fn size_bytes(&self) -> usize {
        self.0.capacity() * 16
    }
}
