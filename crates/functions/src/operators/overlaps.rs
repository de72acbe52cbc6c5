//! `(a, b) OVERLAPS (c, d)` on periods of time.

use dataflow::{Argument, BoundScalar, Error, SignatureError, Value};
use model::{DataType, TypeKind};

use super::arithmetic::add;
use super::compare::comparator;
use crate::build;
use crate::cast::{CastMode, cast};
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{any_nullable, bound_as, check_count, mismatch};
use crate::types::common_type;

pub(crate) const LIST: &[Scalar] = &[Scalar {
    name: "OVERLAPS",
    signatures: &[
        "(start, end) OVERLAPS (start, end)",
        "(start, interval) OVERLAPS (start, interval)",
    ],
    doc: "Whether two periods have a point in common; a period is given by two times or by a time and an interval.",
    example: (
        "(TIME '2:55:00', INTERVAL '1' HOUR) OVERLAPS (TIME '3:30:00', INTERVAL '2' HOUR)",
        "TRUE",
    ),
    category: "temporal",
    bind,
}];

fn bind(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("OVERLAPS", arguments, 4, 4)?;
    let mut ends = Vec::with_capacity(2);
    let mut points: Vec<DataType> = Vec::with_capacity(4);
    for first in [0, 2] {
        let (start, end) = (&arguments[first], &arguments[first + 1]);
        if !start.data_type.kind.is_datetime() {
            return Err(mismatch("OVERLAPS", first, "a date or time", &start.data_type));
        }
        // The end of a period given by its length.
        let moved = if end.data_type.kind.is_interval() {
            Some(add(&[start.clone(), end.clone()])?)
        } else if end.data_type.kind.is_datetime() {
            None
        } else {
            return Err(mismatch(
                "OVERLAPS",
                first + 1,
                "a time or an interval",
                &end.data_type,
            ));
        };
        points.push(start.data_type.clone());
        points.push(
            moved
                .as_ref()
                .map_or(&end.data_type, |bound| &bound.result)
                .clone(),
        );
        ends.push(moved);
    }
    let common = common_type(&points)
        .ok_or_else(|| SignatureError::new("the periods of OVERLAPS are of different types"))?;
    let types = arguments
        .iter()
        .map(|argument| argument.data_type.clone())
        .collect();
    let result = TypeKind::Boolean
        .nullable()
        .with_nullable(any_nullable(arguments));
    let function = kernel("OVERLAPS", move |call| {
        let mut columns: Vec<Value> = Vec::with_capacity(4);
        for (index, value) in call.arguments.iter().enumerate() {
            let point = match &ends[index / 2] {
                Some(moved) if index % 2 == 1 => {
                    moved
                        .function
                        .evaluate(&call.arguments[index - 1..=index], call.rows, call.context)?
                }
                _ => value.clone(),
            };
            let cast = cast(&points[index], &common, CastMode::Implicit)
                .map_err(|error| Error::internal(error.message))?;
            columns.push(cast.function.evaluate(&[point], call.rows, call.context)?);
        }
        let at = |column: usize, row: usize| columns[column].index(row);
        let order = |a: usize, b: usize| comparator(columns[a].array(), columns[b].array());
        // Each of one period against each of the other: the periods may be given backwards.
        let (first, second) = (order(0, 1)?, order(2, 3)?);
        let across = [[order(0, 2)?, order(0, 3)?], [order(1, 2)?, order(1, 3)?]];
        build::flags(call.rows, |row| {
            if columns.iter().any(|column| column.is_null(row)) {
                return Ok(None);
            }
            let later = |first: bool| usize::from(first);
            let first_end = later(first(at(0, row), at(1, row)).is_le());
            let second_end = later(second(at(2, row), at(3, row)).is_le());
            let compare = |a: usize, b: usize| across[a][b](at(a, row), at(2 + b, row));
            Ok(Some(
                compare(1 - first_end, second_end).is_le() && compare(first_end, 1 - second_end).is_ge(),
            ))
        })
    });
    Ok(bound_as(types, result, function))
}
