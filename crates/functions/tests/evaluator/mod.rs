//! Evaluates the text of an expression on a row without columns: a parser from the crate `sql`, the rest from
//! here. Binds as the planner does.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMillisecondArray,
    Float64Array, Int32Array, Int64Array, IntervalYearMonthArray, StringArray, Time32MillisecondArray,
    TimestampMicrosecondArray, TimestampNanosecondArray, new_null_array,
};
use dataflow::{Argument, EvaluationContext, Value};
use functions::{CastMode, cast, common_type, scalar};
use model::{DataType, TypeKind};
use sql::ast::{ArgumentValue, BinaryOperator, Expr, ExprKind, Literal, TimeUnit, TrimSide, UnaryOperator};
use stdx::ManualClock;
use values::{decimal, temporal};

pub struct Session {
    context: EvaluationContext,
}

/// An evaluated expression.
struct Typed {
    data_type: DataType,
    /// Of length one; or why it could not be computed.
    value: Result<ArrayRef, String>,
    literal: bool,
}

type Evaluated = Result<Typed, String>;

impl Session {
    pub fn new(zone: &str) -> Self {
        let clock = Arc::new(ManualClock::at_ms(1_700_000_000_123));
        Session {
            context: EvaluationContext::new(zone.parse().unwrap(), clock),
        }
    }

    /// The type and the text of the value; `Err` if it cannot be bound.
    pub fn evaluate(&self, text: &str) -> Result<(String, Result<String, String>), String> {
        let expression = sql::parse_expression(text).map_err(|error| error.to_string())?;
        let typed = self.expression(&expression)?;
        let shown = typed.value.and_then(|value| self.show(&value, &typed.data_type));
        Ok((typed.data_type.to_string(), shown))
    }

    fn show(&self, value: &ArrayRef, data_type: &DataType) -> Result<String, String> {
        assert_eq!(value.len(), 1);
        assert_eq!(
            value.data_type(),
            &data_type.arrow(),
            "the array is not of its type"
        );
        if value.logical_null_count() > 0 {
            return Ok("<NULL>".to_string());
        }
        if let Some(bytes) = value.as_any().downcast_ref::<BinaryArray>() {
            let digits: String = bytes.value(0).iter().map(|byte| format!("{byte:02x}")).collect();
            return Ok(format!("x'{digits}'"));
        }
        let bound =
            cast(data_type, &TypeKind::STRING.nullable(), CastMode::Explicit).map_err(|e| e.message)?;
        let text = bound
            .function
            .evaluate(&[Value::Constant(value.clone())], 1, &self.context)
            .map_err(|error| error.to_string())?;
        let text = text.array().as_any().downcast_ref::<StringArray>().unwrap();
        Ok(text.value(0).to_string())
    }

    fn call(&self, name: &str, arguments: Vec<Typed>) -> Evaluated {
        let definition = scalar(name).ok_or_else(|| format!("no function {name}"))?;
        let given: Vec<Argument> = arguments
            .iter()
            .map(|argument| Argument {
                data_type: argument.data_type.clone(),
                literal: if argument.literal {
                    argument.value.clone().ok()
                } else {
                    None
                },
            })
            .collect();
        let bound = definition.bind(&given).map_err(|error| error.message)?;
        assert_eq!(bound.arguments.len(), arguments.len(), "{name} lost arguments");
        let mut values = Vec::new();
        for (argument, wanted) in arguments.into_iter().zip(&bound.arguments) {
            let cast = self.cast(argument, wanted, CastMode::Implicit)?;
            match cast.value {
                Ok(value) => values.push(Value::Constant(value)),
                Err(error) => {
                    return Ok(Typed {
                        data_type: bound.result,
                        value: Err(error),
                        literal: false,
                    });
                }
            }
        }
        let value = bound.function.evaluate(&values, 1, &self.context);
        if let Ok(value) = &value {
            self.check_columns(name, &bound.function, &values, value);
        }
        Ok(Typed {
            data_type: bound.result,
            value: value
                .map(|value| value.array().clone())
                .map_err(|error| error.to_string()),
            literal: false,
        })
    }

    /// A column of the same value three times must give the same as the constant.
    fn check_columns(
        &self,
        name: &str,
        function: &Arc<dyn dataflow::ScalarFunction>,
        values: &[Value],
        expected: &Value,
    ) {
        if !function.is_deterministic() || values.is_empty() {
            return;
        }
        let spread = |array: &ArrayRef| {
            let parts: Vec<&dyn Array> = vec![array.as_ref(); 3];
            arrow_select::concat::concat(&parts).unwrap()
        };
        let columns: Vec<Value> = values
            .iter()
            .map(|value| Value::Array(spread(value.array())))
            .collect();
        let found = function.evaluate(&columns, 3, &self.context).unwrap();
        assert_eq!(
            &spread(expected.array()),
            found.array(),
            "{name} differs on columns"
        );
        let mut mixed = columns;
        mixed[0] = values[0].clone();
        let found = function.evaluate(&mixed, 3, &self.context).unwrap();
        match found {
            Value::Array(array) => {
                assert_eq!(&spread(expected.array()), &array, "{name} differs on a mixture")
            }
            Value::Constant(array) => assert_eq!(expected.array(), &array),
        }
    }

    fn cast(&self, from: Typed, to: &DataType, mode: CastMode) -> Evaluated {
        if from.data_type.kind == to.kind && mode == CastMode::Implicit {
            return Ok(from);
        }
        let bound = cast(&from.data_type, to, mode).map_err(|error| error.message)?;
        let value = from.value.and_then(|value| {
            bound
                .function
                .evaluate(&[Value::Constant(value)], 1, &self.context)
                .map(|value| value.array().clone())
                .map_err(|error| error.to_string())
        });
        Ok(Typed {
            data_type: bound.result,
            value,
            literal: false,
        })
    }

    fn all(&self, expressions: &[&Expr]) -> Result<Vec<Typed>, String> {
        expressions
            .iter()
            .map(|expression| self.expression(expression))
            .collect()
    }

    fn expression(&self, expression: &Expr) -> Evaluated {
        let negate = |typed: Typed, negated: bool| {
            if negated {
                self.call("NOT", vec![typed])
            } else {
                Ok(typed)
            }
        };
        match &expression.kind {
            ExprKind::Literal(value) => literal(value),
            ExprKind::Unary { operator, operand } => {
                let operand = self.expression(operand)?;
                match operator {
                    UnaryOperator::Plus => Ok(operand),
                    UnaryOperator::Minus => {
                        let literal = operand.literal;
                        let mut typed = self.call("NEGATE", vec![operand])?;
                        typed.literal = literal;
                        Ok(typed)
                    }
                    UnaryOperator::Not => self.call("NOT", vec![operand]),
                }
            }
            ExprKind::Binary {
                operator,
                left,
                right,
            } => {
                let name = match operator {
                    BinaryOperator::Or | BinaryOperator::And => {
                        return Err("AND and OR are the planner's".to_string());
                    }
                    BinaryOperator::Equal => "=",
                    BinaryOperator::NotEqual => "<>",
                    BinaryOperator::Less => "<",
                    BinaryOperator::LessOrEqual => "<=",
                    BinaryOperator::Greater => ">",
                    BinaryOperator::GreaterOrEqual => ">=",
                    BinaryOperator::Plus => "+",
                    BinaryOperator::Minus => "-",
                    BinaryOperator::Multiply => "*",
                    BinaryOperator::Divide => "/",
                    BinaryOperator::Modulo => "%",
                    BinaryOperator::Concat => "||",
                };
                self.call(name, self.all(&[left, right])?)
            }
            ExprKind::IsNull { operand, negated } => {
                let name = if *negated { "IS NOT NULL" } else { "IS NULL" };
                self.call(name, self.all(&[operand])?)
            }
            ExprKind::IsTruth {
                operand,
                value,
                negated,
            } => {
                let word = match value {
                    Some(true) => "TRUE",
                    Some(false) => "FALSE",
                    None => "UNKNOWN",
                };
                let not = if *negated { "NOT " } else { "" };
                self.call(&format!("IS {not}{word}"), self.all(&[operand])?)
            }
            ExprKind::IsDistinctFrom { left, right, negated } => {
                let name = if *negated {
                    "IS NOT DISTINCT FROM"
                } else {
                    "IS DISTINCT FROM"
                };
                self.call(name, self.all(&[left, right])?)
            }
            ExprKind::InList {
                operand,
                list,
                negated,
            } => {
                let mut arguments = vec![operand.as_ref()];
                arguments.extend(list);
                self.call(if *negated { "NOT IN" } else { "IN" }, self.all(&arguments)?)
            }
            ExprKind::Like {
                operand,
                pattern,
                escape,
                similar,
                negated,
            } => {
                let mut arguments = vec![operand.as_ref(), pattern.as_ref()];
                arguments.extend(escape.as_deref());
                let name = if *similar { "SIMILAR TO" } else { "LIKE" };
                negate(self.call(name, self.all(&arguments)?)?, *negated)
            }
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => {
                let mut conditions = Vec::new();
                let mut results = Vec::new();
                for (condition, result) in branches {
                    conditions.push(match operand {
                        Some(operand) => self.call("=", self.all(&[operand, condition])?)?,
                        None => self.expression(condition)?,
                    });
                    results.push(self.expression(result)?);
                }
                results.push(match otherwise {
                    Some(otherwise) => self.expression(otherwise)?,
                    None => null(),
                });
                let types: Vec<DataType> = results.iter().map(|result| result.data_type.clone()).collect();
                let common = common_type(&types).ok_or("the branches have no type in common")?;
                let taken = conditions
                    .iter()
                    .position(|condition| truth(condition) == Some(true))
                    .unwrap_or(conditions.len());
                let mut typed = self.cast(results.swap_remove(taken), &common, CastMode::Implicit)?;
                typed.data_type = common;
                Ok(typed)
            }
            ExprKind::Cast {
                operand,
                data_type,
                is_try,
            } => {
                let mode = if *is_try {
                    CastMode::Try
                } else {
                    CastMode::Explicit
                };
                self.cast(self.expression(operand)?, &data_type.data_type, mode)
            }
            ExprKind::Difference {
                left,
                right,
                data_type,
            } => {
                let unit = match data_type.data_type.kind {
                    TypeKind::IntervalYearMonth => "MONTH",
                    _ => "SECOND",
                };
                let (left, right) = (self.expression(left)?, self.expression(right)?);
                self.call("BETWEEN TIMES", vec![left, right, text(unit)])
            }
            ExprKind::Function(call) => {
                let name = call
                    .name
                    .parts
                    .iter()
                    .map(|part| part.name.as_str())
                    .collect::<Vec<_>>()
                    .join(".");
                let mut arguments = Vec::new();
                for argument in &call.arguments {
                    arguments.push(match &argument.value {
                        ArgumentValue::Expression(expression) => self.expression(expression)?,
                        ArgumentValue::Unit(unit) => text(unit_name(*unit)),
                        _ => return Err("an argument that is no expression".to_string()),
                    });
                }
                self.call(&name, arguments)
            }
            ExprKind::Extract { unit, operand } => {
                self.call("EXTRACT", vec![text(unit_name(*unit)), self.expression(operand)?])
            }
            ExprKind::RoundToUnit {
                function,
                operand,
                unit,
            } => self.call(
                &function.name,
                vec![self.expression(operand)?, text(unit_name(*unit))],
            ),
            ExprKind::Position {
                needle,
                haystack,
                from,
            } => {
                let mut arguments = vec![needle.as_ref(), haystack.as_ref()];
                arguments.extend(from.as_deref());
                self.call("POSITION", self.all(&arguments)?)
            }
            ExprKind::Trim {
                side,
                characters,
                operand,
            } => {
                let side = match side {
                    TrimSide::Both => "BOTH",
                    TrimSide::Leading => "LEADING",
                    TrimSide::Trailing => "TRAILING",
                };
                let characters = match characters {
                    Some(characters) => self.expression(characters)?,
                    None => text(" "),
                };
                self.call("TRIM", vec![text(side), characters, self.expression(operand)?])
            }
            ExprKind::Row { fields, .. } => self.call("ROW", self.all(&fields.iter().collect::<Vec<_>>())?),
            ExprKind::Array(elements) => self.call("ARRAY", self.all(&elements.iter().collect::<Vec<_>>())?),
            ExprKind::Map(pairs) => {
                let parts: Vec<&Expr> = pairs.iter().flat_map(|(key, value)| [key, value]).collect();
                self.call("MAP", self.all(&parts)?)
            }
            ExprKind::Index { operand, index } => self.call("ITEM", self.all(&[operand, index])?),
            ExprKind::Field { operand, field } => {
                self.call("FIELD", vec![self.expression(operand)?, text(&field.name)])
            }
            ExprKind::Name(name) if name.parts.len() == 1 => self.call(&name.parts[0].name, Vec::new()),
            other => Err(format!("not evaluated here: {other:?}")),
        }
    }
}

fn truth(typed: &Typed) -> Option<bool> {
    let value = typed.value.as_ref().ok()?;
    let flags = value.as_any().downcast_ref::<BooleanArray>()?;
    (!flags.is_null(0)).then(|| flags.value(0))
}

fn typed(kind: TypeKind, value: ArrayRef) -> Typed {
    Typed {
        data_type: kind.not_null(),
        value: Ok(value),
        literal: true,
    }
}

fn text(value: &str) -> Typed {
    typed(
        TypeKind::Char(value.encode_utf16().count() as u32),
        Arc::new(StringArray::from(vec![value])),
    )
}

fn null() -> Typed {
    Typed {
        data_type: TypeKind::Null.nullable(),
        value: Ok(new_null_array(&TypeKind::Null.arrow(), 1)),
        literal: true,
    }
}

fn literal(literal: &Literal) -> Evaluated {
    Ok(match literal {
        Literal::Null => null(),
        Literal::Boolean(value) => typed(TypeKind::Boolean, Arc::new(BooleanArray::from(vec![*value]))),
        Literal::Integer(digits) => match digits.parse::<i64>() {
            Ok(value) if i32::try_from(value).is_ok() => {
                typed(TypeKind::Int, Arc::new(Int32Array::from(vec![value as i32])))
            }
            Ok(value) => typed(TypeKind::BigInt, Arc::new(Int64Array::from(vec![value]))),
            Err(_) => return decimal_literal(digits),
        },
        Literal::Decimal(digits) => return decimal_literal(digits),
        Literal::Double(digits) => typed(
            TypeKind::Double,
            Arc::new(Float64Array::from(vec![
                digits.parse::<f64>().map_err(|e| e.to_string())?,
            ])),
        ),
        Literal::String(value) => text(value),
        Literal::Bytes(value) => typed(
            TypeKind::Binary(value.len() as u32),
            Arc::new(BinaryArray::from(vec![value.as_slice()])),
        ),
        Literal::Date(text) => {
            let day = temporal::parse_date(text.value.as_bytes()).ok_or("no date")?;
            typed(TypeKind::Date, Arc::new(Date32Array::from(vec![day])))
        }
        Literal::Time(text) => {
            let ms = temporal::parse_time_ms(text.value.as_bytes()).ok_or("no time")?;
            typed(
                TypeKind::Time(fraction(&text.value)),
                Arc::new(Time32MillisecondArray::from(vec![ms])),
            )
        }
        Literal::Timestamp(text) => {
            let precision = fraction(&text.value);
            let value = temporal::parse_timestamp(text.value.as_bytes())
                .and_then(|instant| instant.to_unit(precision))
                .ok_or("no timestamp")?;
            let array: ArrayRef = if precision <= 6 {
                Arc::new(TimestampMicrosecondArray::from(vec![value]))
            } else {
                Arc::new(TimestampNanosecondArray::from(vec![value]))
            };
            typed(TypeKind::Timestamp(precision), array)
        }
        Literal::Interval(interval) => {
            let months = matches!(
                interval.from,
                TimeUnit::Year | TimeUnit::Month | TimeUnit::Quarter
            );
            let sign = if interval.negative { -1 } else { 1 };
            let (minus, digits) = match interval.text.value.strip_prefix('-') {
                Some(rest) => (-sign, rest),
                None => (sign, interval.text.value.as_str()),
            };
            let numbers: Vec<f64> = digits
                .split([' ', ':', '-'])
                .map(|part| part.parse().map_err(|_| "no interval".to_string()))
                .collect::<Result<_, _>>()?;
            if months {
                let scale = if interval.from == TimeUnit::Year {
                    12.0
                } else {
                    1.0
                };
                let total = numbers[0] * scale + numbers.get(1).unwrap_or(&0.0);
                typed(
                    TypeKind::IntervalYearMonth,
                    Arc::new(IntervalYearMonthArray::from(vec![minus * total as i32])),
                )
            } else {
                let units = [86_400_000.0, 3_600_000.0, 60_000.0, 1000.0];
                let first = match interval.from {
                    TimeUnit::Day => 0,
                    TimeUnit::Hour => 1,
                    TimeUnit::Minute => 2,
                    _ => 3,
                };
                let total: f64 = numbers
                    .iter()
                    .zip(&units[first..])
                    .map(|(n, unit)| n * unit)
                    .sum();
                typed(
                    TypeKind::IntervalDayTime,
                    Arc::new(DurationMillisecondArray::from(vec![
                        i64::from(minus) * total.round() as i64,
                    ])),
                )
            }
        }
    })
}

fn decimal_literal(digits: &str) -> Evaluated {
    let (unscaled, scale) = decimal::parse(digits.as_bytes()).ok_or("no decimal of 38 digits")?;
    let length = unscaled.unsigned_abs().to_string().len() as i32;
    let precision = length.max(scale).max(1) as u8;
    let kind = TypeKind::Decimal {
        precision,
        scale: scale as u8,
    };
    let array = Decimal128Array::from(vec![unscaled]).with_data_type(kind.arrow());
    Ok(typed(kind, Arc::new(array)))
}

fn fraction(text: &str) -> u8 {
    text.split_once('.').map_or(0, |(_, digits)| digits.len() as u8)
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Millennium => "MILLENNIUM",
        TimeUnit::Century => "CENTURY",
        TimeUnit::Decade => "DECADE",
        TimeUnit::Year => "YEAR",
        TimeUnit::IsoYear => "ISOYEAR",
        TimeUnit::Quarter => "QUARTER",
        TimeUnit::Month => "MONTH",
        TimeUnit::Week => "WEEK",
        TimeUnit::Day => "DAY",
        TimeUnit::DayOfWeek => "DOW",
        TimeUnit::IsoDayOfWeek => "ISODOW",
        TimeUnit::DayOfYear => "DOY",
        TimeUnit::Hour => "HOUR",
        TimeUnit::Minute => "MINUTE",
        TimeUnit::Second => "SECOND",
        TimeUnit::Millisecond => "MILLISECOND",
        TimeUnit::Microsecond => "MICROSECOND",
        TimeUnit::Nanosecond => "NANOSECOND",
        TimeUnit::Epoch => "EPOCH",
    }
}
