//! Arrays, maps, multisets and rows in aggregates that keep values: behind this they are bytes.
//!
//! An aggregate is bound as one of BYTES; what goes in is encoded, and results and state are decoded again, so that
//! state holds values, never an encoding.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, ListArray, MapArray, StructArray, UInt32Array,
};
use arrow_row::{RowConverter, SortField};
use arrow_schema::DataType as ArrowType;
use arrow_select::take::take;
use dataflow::{
    Accumulator, AggregateForm, AggregateFunction, BoundAggregate, Error, SignatureError, TakesBack,
};
use model::{DataType, RowKind, TypeKind};

/// Binds for values of a type: for nested ones, as if they were bytes. As in Flink, those cannot be DISTINCT.
pub(super) fn bind(
    name: &str,
    given: &DataType,
    distinct: bool,
    make: impl FnOnce(&DataType) -> Result<BoundAggregate, SignatureError>,
) -> Result<BoundAggregate, SignatureError> {
    let is_nested = matches!(
        given.kind,
        TypeKind::Array(_) | TypeKind::Map(..) | TypeKind::Multiset(_) | TypeKind::Row(_)
    );
    if !is_nested {
        return make(given);
    }
    if distinct {
        let message = format!("{name}(DISTINCT ...) does not take values of {}", given.kind);
        return Err(SignatureError::new(message).argument(0));
    }
    if !RowConverter::supports_fields(&[SortField::new(given.arrow())]) {
        return Err(SignatureError::new(format!("values of {} cannot be compared", given.kind)).argument(0));
    }
    let bound = make(&TypeKind::BYTES.nullable().with_nullable(given.nullable))?;
    let decoded = |shapes: &[DataType]| shapes.iter().map(|shape| real(shape, given)).collect();
    let wrap = |function: Arc<dyn AggregateFunction>, state: Vec<DataType>| -> Arc<dyn AggregateFunction> {
        Arc::new(Nested {
            inner: function,
            value: given.clone(),
            result: bound.result.clone(),
            state,
        })
    };
    let mut arguments = bound.arguments.clone();
    arguments[0] = given.clone();
    Ok(BoundAggregate {
        arguments,
        result: real(&bound.result, given),
        state_types: decoded(&bound.state_types),
        function: wrap(bound.function.clone(), bound.state_types.clone()),
        retracting: bound.retracting.as_ref().map(|form| AggregateForm {
            state_types: decoded(&form.state_types),
            function: wrap(form.function.clone(), form.state_types.clone()),
        }),
    })
}

/// A type with values where their bytes stand.
fn real(shape: &DataType, value: &DataType) -> DataType {
    let kind = match &shape.kind {
        bytes if *bytes == TypeKind::BYTES => value.kind.clone(),
        TypeKind::Array(item) => TypeKind::Array(Box::new(real(item, value))),
        TypeKind::Multiset(item) => TypeKind::Multiset(Box::new(real(item, value))),
        TypeKind::Map(key, count) => TypeKind::Map(Box::new(real(key, value)), count.clone()),
        other => other.clone(),
    };
    DataType {
        kind,
        nullable: shape.nullable,
    }
}

#[derive(Debug)]
struct Nested {
    inner: Arc<dyn AggregateFunction>,
    value: DataType,
    /// With bytes where values stand.
    result: DataType,
    state: Vec<DataType>,
}

impl AggregateFunction for Nested {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Encoded {
            inner: self.inner.accumulator(),
            codec: Codec {
                // Looked at when it was bound.
                converter: RowConverter::new(vec![SortField::new(self.value.arrow())])
                    .expect("the type was found to be supported"),
                value: self.value.clone(),
            },
            result: self.result.clone(),
            state: self.state.clone(),
        })
    }

    fn takes_back(&self) -> TakesBack {
        self.inner.takes_back()
    }
}

struct Encoded {
    inner: Box<dyn Accumulator>,
    codec: Codec,
    result: DataType,
    state: Vec<DataType>,
}

struct Codec {
    converter: RowConverter,
    value: DataType,
}

fn internal(error: arrow_schema::ArrowError) -> Error {
    Error::internal(error.to_string())
}

impl Codec {
    fn bytes(&self, values: &ArrayRef) -> Result<ArrayRef, Error> {
        let rows = self
            .converter
            .convert_columns(std::slice::from_ref(values))
            .map_err(internal)?;
        let nulls = values.logical_nulls();
        let bytes = rows.iter().enumerate().map(|(row, encoded)| {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            (!is_null).then(|| encoded.data().to_vec())
        });
        Ok(Arc::new(bytes.collect::<BinaryArray>()))
    }

    fn values(&self, bytes: &ArrayRef) -> Result<ArrayRef, Error> {
        let bytes = bytes.as_binary::<i32>();
        let parser = self.converter.parser();
        let rows = bytes.iter().flatten().map(|encoded| parser.parse(encoded));
        let values = self.converter.convert_rows(rows).map_err(internal)?;
        let values = values
            .into_iter()
            .next()
            .ok_or_else(|| Error::internal("no column was decoded"))?;
        if bytes.null_count() == 0 {
            return Ok(values);
        }
        let mut next = 0;
        let places = (0..bytes.len()).map(|row| {
            bytes.is_valid(row).then(|| {
                next += 1;
                next - 1
            })
        });
        take(values.as_ref(), &places.collect::<UInt32Array>(), None).map_err(internal)
    }

    /// Changes all that stand for values between values and their bytes. `shape` has bytes where values stand.
    fn change(&self, array: &ArrayRef, shape: &DataType, to_bytes: bool) -> Result<ArrayRef, Error> {
        let target = if to_bytes {
            shape.arrow()
        } else {
            real(shape, &self.value).arrow()
        };
        match (&shape.kind, target) {
            (bytes, _) if *bytes == TypeKind::BYTES => match to_bytes {
                true => self.bytes(array),
                false => self.values(array),
            },
            (TypeKind::Array(item), ArrowType::List(field)) => {
                let lists = array.as_list::<i32>();
                let values = self.change(lists.values(), item, to_bytes)?;
                let lists =
                    ListArray::try_new(field, lists.offsets().clone(), values, lists.nulls().cloned());
                Ok(Arc::new(lists.map_err(internal)?))
            }
            (TypeKind::Map(key, _) | TypeKind::Multiset(key), ArrowType::Map(field, _)) => {
                let maps = array.as_map();
                let ArrowType::Struct(fields) = field.data_type().clone() else {
                    return Err(Error::internal("the entries of a map are no rows"));
                };
                let keys = self.change(maps.keys(), key, to_bytes)?;
                let entries = StructArray::try_new(fields, vec![keys, maps.values().clone()], None);
                let maps = MapArray::try_new(
                    field,
                    maps.offsets().clone(),
                    entries.map_err(internal)?,
                    maps.nulls().cloned(),
                    false,
                );
                Ok(Arc::new(maps.map_err(internal)?))
            }
            _ => Ok(array.clone()),
        }
    }
}

impl Accumulator for Encoded {
    fn resize(&mut self, groups: usize) {
        self.inner.resize(groups);
    }

    fn update(
        &mut self,
        groups: &[u32],
        arguments: &[ArrayRef],
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        let mut arguments = arguments.to_vec();
        if let Some(values) = arguments.first_mut() {
            *values = self.codec.bytes(values)?;
        }
        self.inner.update(groups, &arguments, filter, kinds)
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let state = state
            .iter()
            .zip(&self.state)
            .map(|(column, shape)| self.codec.change(column, shape, true))
            .collect::<Result<Vec<_>, _>>()?;
        self.inner.merge(groups, &state)
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        let result = self.inner.evaluate(groups)?;
        self.codec.change(&result, &self.result, false)
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        self.inner
            .state(groups)?
            .iter()
            .zip(&self.state)
            .map(|(column, shape)| self.codec.change(column, shape, false))
            .collect()
    }

    fn clear(&mut self, groups: &[u32]) {
        self.inner.clear(groups);
    }

    fn size_bytes(&self) -> usize {
        self.inner.size_bytes()
    }
}
