//! Checks of argument counts and types, shared by all binders.

use std::sync::Arc;

use dataflow::{Argument, BoundScalar, ScalarFunction, SignatureError};
use model::{DataType, TypeKind};

/// What a parameter takes, and to what an argument is cast for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Any text, kept as it is.
    Text,
    /// Any text; a number, boolean or time becomes text.
    ToText,
    Binary,
    /// Text or bytes, kept as they are.
    TextOrBinary,
    Boolean,
    /// Integers and decimals, as INT.
    Int,
    /// Integers and decimals, as BIGINT.
    BigInt,
    /// Any number, as DOUBLE.
    Double,
    /// Any number, kept as it is.
    Number,
    /// A date, time or timestamp, kept as it is.
    Temporal,
    Any,
}

impl Slot {
    fn wanted(self) -> &'static str {
        match self {
            Slot::Text | Slot::ToText => "a string",
            Slot::Binary => "bytes",
            Slot::TextOrBinary => "a string or bytes",
            Slot::Boolean => "a boolean",
            Slot::Int | Slot::BigInt => "an integer",
            Slot::Double | Slot::Number => "a number",
            Slot::Temporal => "a date or timestamp",
            Slot::Any => "a value",
        }
    }

    fn target(self, given: &DataType) -> Option<TypeKind> {
        let kind = &given.kind;
        if *kind == TypeKind::Null {
            return Some(match self {
                Slot::Text | Slot::ToText | Slot::TextOrBinary => TypeKind::STRING,
                Slot::Binary => TypeKind::BYTES,
                Slot::Boolean => TypeKind::Boolean,
                Slot::Int | Slot::Number => TypeKind::Int,
                Slot::BigInt => TypeKind::BigInt,
                Slot::Double => TypeKind::Double,
                Slot::Temporal => TypeKind::Timestamp(3),
                Slot::Any => TypeKind::Null,
            });
        }
        let fits = match self {
            Slot::Text => kind.is_string(),
            Slot::ToText if kind.is_string() => true,
            Slot::ToText => {
                return (kind.is_numeric() || kind.is_datetime() || *kind == TypeKind::Boolean)
                    .then_some(TypeKind::STRING);
            }
            Slot::Binary => kind.is_binary(),
            Slot::TextOrBinary => kind.is_string() || kind.is_binary(),
            Slot::Boolean => *kind == TypeKind::Boolean,
            Slot::Int => return kind.is_exact_numeric().then_some(TypeKind::Int),
            Slot::BigInt => return kind.is_exact_numeric().then_some(TypeKind::BigInt),
            Slot::Double => return kind.is_numeric().then_some(TypeKind::Double),
            Slot::Number => kind.is_numeric(),
            Slot::Temporal => kind.is_datetime(),
            Slot::Any => true,
        };
        fits.then(|| kind.clone())
    }
}

/// Whether any argument may be NULL.
pub(crate) fn any_nullable(arguments: &[Argument]) -> bool {
    arguments
        .iter()
        .any(|argument| argument.data_type.nullable || argument.data_type.kind == TypeKind::Null)
}

/// Checks the count: `required` to all of `slots`.
pub(crate) fn check_count(
    name: &str,
    arguments: &[Argument],
    least: usize,
    most: usize,
) -> Result<(), SignatureError> {
    if (least..=most).contains(&arguments.len()) {
        return Ok(());
    }
    let wanted = if least == most {
        match least {
            0 => "no arguments".to_string(),
            1 => "1 argument".to_string(),
            count => format!("{count} arguments"),
        }
    } else if most == usize::MAX {
        format!("at least {least} arguments")
    } else {
        format!("{least} to {most} arguments")
    };
    Err(SignatureError::new(format!(
        "{name} takes {wanted}, got {}",
        arguments.len()
    )))
}

/// The types to cast the arguments to. The first `required` slots must be there.
pub(crate) fn coerce(
    name: &str,
    arguments: &[Argument],
    required: usize,
    slots: &[Slot],
) -> Result<Vec<DataType>, SignatureError> {
    check_count(name, arguments, required, slots.len())?;
    arguments
        .iter()
        .zip(slots)
        .enumerate()
        .map(|(index, (argument, slot))| coerce_one(name, index, argument, *slot))
        .collect()
}

pub(crate) fn coerce_one(
    name: &str,
    index: usize,
    argument: &Argument,
    slot: Slot,
) -> Result<DataType, SignatureError> {
    let given = &argument.data_type;
    match slot.target(given) {
        Some(kind) => Ok(DataType {
            nullable: given.nullable || given.kind == TypeKind::Null,
            kind,
        }),
        None => Err(mismatch(name, index, slot.wanted(), given)),
    }
}

pub(crate) fn mismatch(name: &str, index: usize, wanted: &str, given: &DataType) -> SignatureError {
    SignatureError::new(format!(
        "argument {} of {name} must be {wanted}, got {}",
        index + 1,
        given.kind
    ))
    .argument(index)
}

/// A function whose result may be NULL where an argument is.
pub(crate) fn bound(
    arguments: Vec<DataType>,
    kind: TypeKind,
    function: Arc<dyn ScalarFunction>,
) -> BoundScalar {
    let nullable = arguments.iter().any(|argument| argument.nullable);
    bound_as(arguments, DataType { kind, nullable }, function)
}

pub(crate) fn bound_as(
    arguments: Vec<DataType>,
    result: DataType,
    function: Arc<dyn ScalarFunction>,
) -> BoundScalar {
    BoundScalar {
        arguments,
        result,
        function,
    }
}

/// The text of a literal argument.
pub(crate) fn literal_text(argument: &Argument) -> Option<String> {
    let array = argument.literal.as_ref()?;
    let array = array.as_any().downcast_ref::<arrow_array::StringArray>()?;
    use arrow_array::Array;
    (array.len() == 1 && !array.is_null(0)).then(|| array.value(0).to_string())
}

/// The value of a literal integer argument.
pub(crate) fn literal_int(argument: &Argument) -> Option<i64> {
    use arrow_array::types::{Int8Type, Int16Type, Int32Type, Int64Type};
    use arrow_array::{Array, cast::AsArray};
    let array = argument.literal.as_ref()?;
    if array.len() != 1 || array.is_null(0) {
        return None;
    }
    if let Some(array) = array.as_primitive_opt::<Int32Type>() {
        return Some(i64::from(array.value(0)));
    }
    if let Some(array) = array.as_primitive_opt::<Int64Type>() {
        return Some(array.value(0));
    }
    if let Some(array) = array.as_primitive_opt::<Int16Type>() {
        return Some(i64::from(array.value(0)));
    }
    let array = array.as_primitive_opt::<Int8Type>()?;
    Some(i64::from(array.value(0)))
}
