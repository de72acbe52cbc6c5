//! Functions as closures over columns.
//!
//! A kernel sees its arguments through readers that hide whether a column is constant, and answers with an array
//! of as many rows as it was asked for. What is constant everywhere is computed once.

use std::fmt;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, PrimitiveArray, StringArray,
};
use arrow_buffer::NullBuffer;
use dataflow::{Error, EvaluationContext, ScalarFunction, Value};

/// One evaluation of a kernel.
pub(crate) struct Call<'a> {
    pub arguments: &'a [Value],
    pub rows: usize,
    pub context: &'a EvaluationContext,
}

impl<'a> Call<'a> {
    pub fn len(&self) -> usize {
        self.arguments.len()
    }

    pub fn value(&self, index: usize) -> Result<&'a Value, Error> {
        self.arguments
            .get(index)
            .ok_or_else(|| Error::internal(format!("argument {index} is missing")))
    }

    pub fn text(&self, index: usize) -> Result<Text<'a>, Error> {
        Text::of(self.value(index)?)
    }

    /// The text of an argument that may be left out.
    pub fn text_opt(&self, index: usize) -> Result<Option<Text<'a>>, Error> {
        self.arguments.get(index).map(Text::of).transpose()
    }

    pub fn bytes(&self, index: usize) -> Result<Bytes<'a>, Error> {
        Bytes::of(self.value(index)?)
    }

    pub fn flags(&self, index: usize) -> Result<Flags<'a>, Error> {
        Flags::of(self.value(index)?)
    }

    pub fn numbers<T: ArrowPrimitiveType>(&self, index: usize) -> Result<Numbers<'a, T>, Error> {
        Numbers::of(self.value(index)?)
    }

    pub fn numbers_opt<T: ArrowPrimitiveType>(&self, index: usize) -> Result<Option<Numbers<'a, T>>, Error> {
        self.arguments.get(index).map(Numbers::of).transpose()
    }
}

/// A column of text.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    array: &'a StringArray,
    constant: bool,
}

impl<'a> Text<'a> {
    pub fn of(value: &'a Value) -> Result<Self, Error> {
        match value.array().as_string_opt::<i32>() {
            Some(array) => Ok(Text {
                array,
                constant: value.is_constant(),
            }),
            None => Err(wrong_array("text", value)),
        }
    }

    #[inline]
    pub fn get(&self, row: usize) -> Option<&'a str> {
        let row = if self.constant { 0 } else { row };
        (!self.array.is_null(row)).then(|| self.array.value(row))
    }
}

/// A column of bytes; text is read as its bytes.
#[derive(Clone, Copy)]
pub(crate) enum Bytes<'a> {
    Binary(&'a BinaryArray, bool),
    Text(&'a StringArray, bool),
}

impl<'a> Bytes<'a> {
    pub fn of(value: &'a Value) -> Result<Self, Error> {
        if let Some(array) = value.array().as_binary_opt::<i32>() {
            return Ok(Bytes::Binary(array, value.is_constant()));
        }
        match value.array().as_string_opt::<i32>() {
            Some(array) => Ok(Bytes::Text(array, value.is_constant())),
            None => Err(wrong_array("bytes", value)),
        }
    }

    #[inline]
    pub fn get(&self, row: usize) -> Option<&'a [u8]> {
        match *self {
            Bytes::Binary(array, constant) => {
                let row = if constant { 0 } else { row };
                (!array.is_null(row)).then(|| array.value(row))
            }
            Bytes::Text(array, constant) => {
                let row = if constant { 0 } else { row };
                (!array.is_null(row)).then(|| array.value(row).as_bytes())
            }
        }
    }
}

/// A column of booleans.
#[derive(Clone, Copy)]
pub(crate) struct Flags<'a> {
    pub array: &'a BooleanArray,
    constant: bool,
}

impl<'a> Flags<'a> {
    pub fn of(value: &'a Value) -> Result<Self, Error> {
        match value.array().as_boolean_opt() {
            Some(array) => Ok(Flags {
                array,
                constant: value.is_constant(),
            }),
            None => Err(wrong_array("booleans", value)),
        }
    }

    #[inline]
    pub fn get(&self, row: usize) -> Option<bool> {
        let row = if self.constant { 0 } else { row };
        (!self.array.is_null(row)).then(|| self.array.value(row))
    }
}

/// A column of numbers, dates, times or intervals.
#[derive(Clone, Copy)]
pub(crate) struct Numbers<'a, T: ArrowPrimitiveType> {
    pub array: &'a PrimitiveArray<T>,
    pub constant: bool,
}

impl<'a, T: ArrowPrimitiveType> Numbers<'a, T> {
    pub fn of(value: &'a Value) -> Result<Self, Error> {
        match value.array().as_any().downcast_ref::<PrimitiveArray<T>>() {
            Some(array) => Ok(Numbers {
                array,
                constant: value.is_constant(),
            }),
            None => Err(wrong_array(&format!("{:?}", T::DATA_TYPE), value)),
        }
    }

    #[inline]
    pub fn get(&self, row: usize) -> Option<T::Native> {
        let row = if self.constant { 0 } else { row };
        (!self.array.is_null(row)).then(|| self.array.value(row))
    }

    pub fn values(&self) -> &'a [T::Native] {
        self.array.values()
    }

    pub fn nulls(&self) -> Option<&'a NullBuffer> {
        self.array.nulls().filter(|nulls| nulls.null_count() > 0)
    }
}

fn wrong_array(wanted: &str, value: &Value) -> Error {
    Error::internal(format!(
        "a function of {wanted} was given {:?}",
        value.array().data_type()
    ))
}

/// A function made of a closure.
pub(crate) struct Kernel<F> {
    name: &'static str,
    fallible: bool,
    deterministic: bool,
    run: F,
}

impl<F> Kernel<F>
where
    F: Fn(&Call<'_>) -> Result<ArrayRef, Error> + Send + Sync + 'static,
{
    /// A function that cannot fail on any value and always gives the same for the same.
    pub fn new(name: &'static str, run: F) -> Self {
        Kernel {
            name,
            fallible: false,
            deterministic: true,
            run,
        }
    }

    pub fn fallible(mut self) -> Self {
        self.fallible = true;
        self
    }

    pub fn volatile(mut self) -> Self {
        self.deterministic = false;
        self
    }

    pub fn function(self) -> Arc<dyn ScalarFunction> {
        Arc::new(self)
    }
}

/// An infallible, deterministic function.
pub(crate) fn kernel<F>(name: &'static str, run: F) -> Arc<dyn ScalarFunction>
where
    F: Fn(&Call<'_>) -> Result<ArrayRef, Error> + Send + Sync + 'static,
{
    Kernel::new(name, run).function()
}

/// A deterministic function that some values make fail.
pub(crate) fn fallible_kernel<F>(name: &'static str, run: F) -> Arc<dyn ScalarFunction>
where
    F: Fn(&Call<'_>) -> Result<ArrayRef, Error> + Send + Sync + 'static,
{
    Kernel::new(name, run).fallible().function()
}

impl<F> fmt::Debug for Kernel<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<F> ScalarFunction for Kernel<F>
where
    F: Fn(&Call<'_>) -> Result<ArrayRef, Error> + Send + Sync,
{
    fn name(&self) -> &str {
        self.name
    }

    fn evaluate(
        &self,
        arguments: &[Value],
        rows: usize,
        context: &EvaluationContext,
    ) -> Result<Value, Error> {
        let constant =
            self.deterministic && !arguments.is_empty() && arguments.iter().all(Value::is_constant);
        let rows = if constant { 1 } else { rows };
        let array = (self.run)(&Call {
            arguments,
            rows,
            context,
        })?;
        Ok(if constant {
            Value::Constant(array)
        } else {
            Value::Array(array)
        })
    }

    fn is_fallible(&self) -> bool {
        self.fallible
    }

    fn is_deterministic(&self) -> bool {
        self.deterministic
    }
}
