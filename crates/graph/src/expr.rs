//! Typed expressions over the columns of one input.

use std::fmt;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_cast::display::array_value_to_string;
use dataflow::ScalarFunction;
use model::{DataType, Span, TypeKind};

/// An expression whose columns, functions and types are resolved. Implicit casts are calls like any other.
#[derive(Debug, Clone)]
pub enum Expr {
    Column {
        index: usize,
        data_type: DataType,
    },
    /// An array of length one.
    Literal {
        value: ArrayRef,
        data_type: DataType,
    },
    Call {
        function: Arc<dyn ScalarFunction>,
        arguments: Vec<Expr>,
        data_type: DataType,
        /// Where it stands in the text, for errors at run time.
        span: Span,
    },
    /// A field of a row: NULL where the row is.
    Field {
        operand: Box<Expr>,
        index: usize,
        data_type: DataType,
    },
    /// Three-valued; an operand is not evaluated on rows that those before it have decided.
    And(Vec<Expr>),
    /// As [`Expr::And`].
    Or(Vec<Expr>),
    /// The first branch whose condition is true; a branch is evaluated on its own rows only.
    Case {
        branches: Vec<(Expr, Expr)>,
        /// NULL if absent.
        otherwise: Option<Box<Expr>>,
        data_type: DataType,
    },
}

impl Expr {
    pub fn column(index: usize, data_type: DataType) -> Expr {
        Expr::Column { index, data_type }
    }

    pub fn data_type(&self) -> DataType {
        match self {
            Expr::Column { data_type, .. }
            | Expr::Literal { data_type, .. }
            | Expr::Call { data_type, .. }
            | Expr::Field { data_type, .. }
            | Expr::Case { data_type, .. } => data_type.clone(),
            Expr::And(operands) | Expr::Or(operands) => TypeKind::Boolean
                .nullable()
                .with_nullable(operands.iter().any(|o| o.data_type().nullable)),
        }
    }

    /// Whether evaluating it can fail on some value.
    pub fn is_fallible(&self) -> bool {
        let own = matches!(self, Expr::Call { function, .. } if function.is_fallible());
        own || self.children().any(Expr::is_fallible)
    }

    pub fn is_deterministic(&self) -> bool {
        let own = matches!(self, Expr::Call { function, .. } if !function.is_deterministic());
        !own && self.children().all(Expr::is_deterministic)
    }

    pub fn children(&self) -> Box<dyn Iterator<Item = &Expr> + '_> {
        match self {
            Expr::Column { .. } | Expr::Literal { .. } => Box::new(std::iter::empty()),
            Expr::Call { arguments, .. } => Box::new(arguments.iter()),
            Expr::Field { operand, .. } => Box::new(std::iter::once(operand.as_ref())),
            Expr::And(operands) | Expr::Or(operands) => Box::new(operands.iter()),
            Expr::Case {
                branches, otherwise, ..
            } => Box::new(
                branches
                    .iter()
                    .flat_map(|(condition, result)| [condition, result])
                    .chain(otherwise.as_deref()),
            ),
        }
    }

    /// Rebuilds the expression from the leaves up, each node passed through `change` after its children.
    pub fn transform(self, change: &mut impl FnMut(Expr) -> Expr) -> Expr {
        let rebuilt = match self {
            leaf @ (Expr::Column { .. } | Expr::Literal { .. }) => leaf,
            Expr::Call {
                function,
                arguments,
                data_type,
                span,
            } => Expr::Call {
                function,
                arguments: arguments
                    .into_iter()
                    .map(|argument| argument.transform(change))
                    .collect(),
                data_type,
                span,
            },
            Expr::Field {
                operand,
                index,
                data_type,
            } => Expr::Field {
                operand: Box::new(operand.transform(change)),
                index,
                data_type,
            },
            Expr::And(operands) => Expr::And(
                operands
                    .into_iter()
                    .map(|operand| operand.transform(change))
                    .collect(),
            ),
            Expr::Or(operands) => Expr::Or(
                operands
                    .into_iter()
                    .map(|operand| operand.transform(change))
                    .collect(),
            ),
            Expr::Case {
                branches,
                otherwise,
                data_type,
            } => Expr::Case {
                branches: branches
                    .into_iter()
                    .map(|(condition, result)| (condition.transform(change), result.transform(change)))
                    .collect(),
                otherwise: otherwise.map(|otherwise| Box::new(otherwise.transform(change))),
                data_type,
            },
        };
        change(rebuilt)
    }

    /// Whether the function of this name is called anywhere in it.
    pub fn calls(&self, name: &str) -> bool {
        let own = matches!(self, Expr::Call { function, .. } if function.name() == name);
        own || self.children().any(|child| child.calls(name))
    }

    /// Calls `visit` with every column index used.
    pub fn visit_columns(&self, visit: &mut impl FnMut(usize)) {
        if let Expr::Column { index, .. } = self {
            visit(*index);
        }
        for child in self.children() {
            child.visit_columns(visit);
        }
    }
}

/// For fingerprints, and to tell whether two expressions compute the same: columns and fields by position, as `$0` and
/// `$0.1`, since names may have points in them.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Column { index, .. } => write!(f, "${index}"),
            Expr::Literal { value, data_type } => {
                let text = array_value_to_string(value, 0).unwrap_or_default();
                match &data_type.kind {
                    _ if arrow_array::Array::is_null(value, 0) => write!(f, "NULL:{data_type}"),
                    TypeKind::Char(_) | TypeKind::Varchar(_) => write!(f, "'{}'", text.replace('\'', "''")),
                    TypeKind::Int | TypeKind::Boolean => f.write_str(&text),
                    _ => write!(f, "{text}:{}", data_type.kind),
                }
            }
            Expr::Call {
                function,
                arguments,
                data_type,
                ..
            } => {
                write!(f, "{}(", function.name())?;
                write_list(f, arguments)?;
                if function.name().contains("CAST") {
                    write!(f, " AS {}", data_type.kind)?;
                }
                f.write_str(")")
            }
            Expr::Field { operand, index, .. } => write!(f, "{operand}.{index}"),
            Expr::And(operands) => {
                f.write_str("AND(")?;
                write_list(f, operands)?;
                f.write_str(")")
            }
            Expr::Or(operands) => {
                f.write_str("OR(")?;
                write_list(f, operands)?;
                f.write_str(")")
            }
            Expr::Case {
                branches, otherwise, ..
            } => {
                f.write_str("CASE(")?;
                for (condition, result) in branches {
                    write!(f, "{condition} -> {result}, ")?;
                }
                match otherwise {
                    Some(otherwise) => write!(f, "{otherwise})"),
                    None => f.write_str("NULL)"),
                }
            }
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, list: &[Expr]) -> fmt::Result {
    for (index, item) in list.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}{item}")?;
    }
    Ok(())
}
