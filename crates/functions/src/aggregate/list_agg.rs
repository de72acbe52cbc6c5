//! `LISTAGG`: texts joined in the order of their arrival.
//!
//! It keeps the text so far. Where rows are taken back, the form in `listed` is used, which keeps the texts apart.

use arrow_array::{Array, ArrayRef, BooleanArray, StringArray, UInt32Array};
use dataflow::{Accumulator, Argument, BoundAggregate, Error, SignatureError};
use model::{RowKind, TypeKind};

use super::listed::{self, Shape};
use super::{argument, cannot_retract, for_each, maker};
use crate::build;
use crate::definition::Aggregate;
use crate::signature::{check_count, literal_text, mismatch};

pub(crate) const LIST: &[Aggregate] = &[Aggregate {
    name: "LISTAGG",
    signatures: &["LISTAGG([DISTINCT] text [, separator])"],
    doc: "The texts that are not NULL, joined by a separator, which is a comma unless stated.",
    example: ("LISTAGG(name, '; ')", "a; b"),
    bind: bind_list_agg,
}];

fn bind_list_agg(arguments: &[Argument], distinct: bool) -> Result<BoundAggregate, SignatureError> {
    check_count("LISTAGG", arguments, 1, 2)?;
    let given = &arguments[0].data_type;
    if !given.kind.is_string() {
        return Err(mismatch("LISTAGG", 0, "a string", given));
    }
    let separator = match arguments.get(1) {
        None => ",".to_string(),
        Some(separator) => literal_text(separator).ok_or_else(|| {
            SignatureError::new("the separator of LISTAGG must be a string literal").argument(1)
        })?,
    };
    let result = TypeKind::STRING.nullable().with_nullable(given.nullable);
    let retracting = listed::form("LISTAGG", given, Shape::Joined(separator.clone()), false);
    let function = maker("LISTAGG", move || {
        Box::new(ListAgg {
            separator: separator.clone(),
            slots: Vec::new(),
            heap_bytes: 0,
        })
    });
    let plain = BoundAggregate {
        arguments: vec![given.clone()],
        result,
        state_types: vec![TypeKind::STRING.nullable()],
        function,
        retracting,
    };
    let mut bound = match distinct {
        true => super::distinct::bind("LISTAGG", plain, false)?,
        false => plain,
    };
    if let Some(separator) = arguments.get(1) {
        // It is passed along unused, so that the columns match the call.
        bound.arguments.push(separator.data_type.clone());
    }
    Ok(bound)
}

struct ListAgg {
    separator: String,
    slots: Vec<Option<String>>,
    heap_bytes: usize,
}

impl Accumulator for ListAgg {
    fn resize(&mut self, groups: usize) {
        if groups > self.slots.len() {
            self.slots.resize(groups, None);
        }
    }

    fn update(
        &mut self,
        groups: &[u32],
        arguments: &[ArrayRef],
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        let array = argument::<StringArray>(arguments, 0)?;
        for_each(groups, array.nulls(), filter, kinds, |row, group, adds| {
            if !adds {
                return Err(cannot_retract("LISTAGG"));
            }
            let text = array.value(row);
            match &mut self.slots[group] {
                Some(joined) => {
                    let before = joined.capacity();
                    joined.push_str(&self.separator);
                    joined.push_str(text);
                    self.heap_bytes += joined.capacity() - before;
                }
                slot => {
                    self.heap_bytes += text.len();
                    *slot = Some(text.to_string());
                }
            }
            Ok(())
        })
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        self.update(groups, state, None, None)
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        build::strings(groups.len(), |row, out| {
            Ok(self.slots[groups.value(row) as usize]
                .as_deref()
                .map(|joined| out.push_str(joined)))
        })
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        Ok(vec![self.evaluate(groups)?])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            if let Some(joined) = self.slots[group as usize].take() {
                self.heap_bytes = self.heap_bytes.saturating_sub(joined.capacity());
            }
        }
    }

    fn size_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Option<String>>() + self.heap_bytes
    }
}
