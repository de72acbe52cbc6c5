//! An expression as Flink writes it back: names quoted, keywords in upper case, parentheses only where needed.
//!
//! The catalog keeps what was written; SHOW CREATE TABLE and DESCRIBE show it in this form. Precedences are those
//! of Calcite's operators, whose writer Flink uses.

mod function;
mod literal;
pub mod query;

use model::Span;
use sql::ast::{
    BinaryOperator, Expr, ExprKind, JsonKind, Literal, ObjectName, TimeUnit, TrimSide, UnaryOperator,
};

/// Operators whose left operand binds as tightly as themselves have an odd right side: `(2p, 2p + 1)`.
type Precedence = (u32, u32);

const fn left(precedence: u32) -> Precedence {
    (2 * precedence, 2 * precedence + 1)
}

const LIKE: Precedence = (65, 64);

/// The text of an expression that was kept as it was written. What does not parse is given back as it is.
pub fn text(expression: &str) -> String {
    match sql::parse_expression(expression) {
        Ok(parsed) => Writer {
            source: expression,
            names: None,
        }
        .top(&parsed),
        Err(_) => expression.to_string(),
    }
}

pub struct Writer<'s> {
    /// What the spans of the expression point into.
    source: &'s str,
    /// In a query, columns are written with their tables.
    names: Option<query::Names<'s>>,
}

impl Writer<'_> {
    fn top(&self, expr: &Expr) -> String {
        self.write(expr, 0, 0)
    }

    /// Writes the expression between neighbours that bind this tightly on its left and right.
    fn write(&self, expr: &Expr, before: u32, after: u32) -> String {
        let Some((own_left, own_right)) = precedence(expr) else {
            return self.plain(expr);
        };
        if before > own_left || (own_right <= after && after != 0) {
            return format!("({})", self.operator(expr, 0, 0));
        }
        self.operator(expr, before, after)
    }

    fn operator(&self, expr: &Expr, before: u32, after: u32) -> String {
        let (own_left, own_right) = precedence(expr).unwrap_or_default();
        match &expr.kind {
            ExprKind::Unary { operator, operand } => {
                let sign = match operator {
                    UnaryOperator::Plus => "+",
                    UnaryOperator::Minus => "-",
                    UnaryOperator::Not => "NOT",
                };
                format!("{sign} {}", self.write(operand, own_right, after))
            }
            ExprKind::Binary {
                operator,
                left,
                right,
            } => {
                let left = self.write(left, before, own_left);
                let right = self.write(right, own_right, after);
                format!("{left} {} {right}", symbol(*operator))
            }
            ExprKind::IsDistinctFrom { left, right, negated } => {
                let left = self.write(left, before, own_left);
                let right = self.write(right, own_right, after);
                format!("{left} IS {}DISTINCT FROM {right}", not(*negated))
            }
            ExprKind::IsNull { operand, negated } => {
                format!(
                    "{} IS {}NULL",
                    self.write(operand, before, own_left),
                    not(*negated)
                )
            }
            ExprKind::IsTruth {
                operand,
                value,
                negated,
            } => {
                let value = match value {
                    Some(true) => "TRUE",
                    Some(false) => "FALSE",
                    None => "UNKNOWN",
                };
                format!(
                    "{} IS {}{value}",
                    self.write(operand, before, own_left),
                    not(*negated)
                )
            }
            ExprKind::IsJson {
                operand,
                kind,
                negated,
            } => {
                let kind = match kind {
                    JsonKind::Value => "VALUE",
                    JsonKind::Scalar => "SCALAR",
                    JsonKind::Array => "ARRAY",
                    JsonKind::Object => "OBJECT",
                };
                let operand = self.write(operand, before, own_left);
                format!("{operand} IS {}JSON {kind}", not(*negated))
            }
            ExprKind::Between {
                operand,
                low,
                high,
                symmetric,
                negated,
            } => {
                let how = if *symmetric { "SYMMETRIC" } else { "ASYMMETRIC" };
                format!(
                    "{} {}BETWEEN {how} {} AND {}",
                    self.write(operand, own_left, 0),
                    not(*negated),
                    self.top(low),
                    self.write(high, 0, own_right)
                )
            }
            ExprKind::InList {
                operand,
                list,
                negated,
            } => {
                let operand = self.write(operand, before, own_left);
                format!("{operand} {}IN ({})", not(*negated), self.list(list))
            }
            ExprKind::Like {
                operand,
                pattern,
                escape,
                similar,
                negated,
            } => {
                let word = if *similar { "SIMILAR TO" } else { "LIKE" };
                let operand = self.write(operand, own_left, own_right);
                let pattern = self.write(pattern, own_left, own_right);
                let mut text = format!("{operand} {}{word} {pattern}", not(*negated));
                if let Some(escape) = escape {
                    text.push_str(&format!(" ESCAPE {}", self.write(escape, own_left, own_right)));
                }
                text
            }
            _ => self.plain(expr),
        }
    }

    /// What never needs parentheses around it.
    fn plain(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Name(name) => match &self.names {
                Some(names) => names.qualified(name),
                None => quoted(name),
            },
            ExprKind::Literal(value) => literal::text(value),
            ExprKind::Unary { operator, operand } => {
                // Only a sign before a number comes here: it is part of the number.
                let sign = if *operator == UnaryOperator::Minus {
                    "-"
                } else {
                    ""
                };
                format!("{sign}{}", self.plain(operand))
            }
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => {
                let branches = branches.iter().map(|(condition, result)| {
                    let condition = match operand {
                        Some(operand) => self.equals(operand, condition),
                        None => self.top(condition),
                    };
                    format!("WHEN {condition} THEN {}", self.top(result))
                });
                let branches: Vec<String> = branches.collect();
                let otherwise = otherwise
                    .as_ref()
                    .map_or_else(|| "NULL".to_string(), |otherwise| self.top(otherwise));
                format!("CASE {} ELSE {otherwise} END", branches.join(" "))
            }
            ExprKind::Cast {
                operand,
                data_type,
                is_try,
            } => {
                let word = if *is_try { "TRY_CAST" } else { "CAST" };
                let data_type = literal::type_text(data_type, self.source);
                format!("{word}({} AS {data_type})", self.top(operand))
            }
            ExprKind::Difference {
                left,
                right,
                data_type,
            } => {
                let (own_left, own_right) = self::left(40);
                format!(
                    "({} - {}) {}",
                    self.write(left, 0, own_left),
                    self.write(right, own_right, 0),
                    data_type.span.text(self.source).to_uppercase()
                )
            }
            ExprKind::Function(call) => self.call(call),
            ExprKind::Extract { unit, operand } => {
                format!("EXTRACT({} FROM {})", unit_text(*unit), self.top(operand))
            }
            ExprKind::RoundToUnit {
                function,
                operand,
                unit,
            } => {
                let function = match function.name.to_uppercase().as_str() {
                    "CEILING" => "CEIL".to_string(),
                    other => other.to_string(),
                };
                format!("{function}({} TO {})", self.top(operand), unit_text(*unit))
            }
            ExprKind::Position {
                needle,
                haystack,
                from,
            } => {
                let mut text = format!("POSITION({} IN {}", self.top(needle), self.top(haystack));
                if let Some(from) = from {
                    text.push_str(&format!(" FROM {}", self.top(from)));
                }
                text + ")"
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
                let characters = characters
                    .as_ref()
                    .map_or_else(|| "' '".to_string(), |characters| self.top(characters));
                format!("TRIM({side} {characters} FROM {})", self.top(operand))
            }
            ExprKind::Row { fields, .. } => format!("ROW({})", self.list(fields)),
            ExprKind::Array(elements) => format!("ARRAY[{}]", self.list(elements)),
            ExprKind::Map(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{}, {}", self.top(key), self.top(value)))
                    .collect();
                format!("MAP[{}]", entries.join(", "))
            }
            ExprKind::Index { operand, index } => {
                format!("{}[{}]", self.write(operand, 0, 200), self.top(index))
            }
            ExprKind::Field { operand, field } => {
                let operand = self.write(operand, 0, 160);
                format!("{operand}.{}", sql::quote_identifier(&field.name))
            }
            // Operators are written above; what is left does not stand in the definition of a table.
            _ => self.as_written(expr.span),
        }
    }

    fn equals(&self, left: &Expr, right: &Expr) -> String {
        let (own_left, own_right) = self::left(30);
        format!(
            "{} = {}",
            self.write(left, 0, own_left),
            self.write(right, own_right, 0)
        )
    }

    /// A part for which there is no better form.
    fn as_written(&self, span: Span) -> String {
        if let Some(names) = &self.names {
            names.fail();
        }
        span.text(self.source).to_string()
    }

    fn list(&self, list: &[Expr]) -> String {
        let texts: Vec<String> = list.iter().map(|expr| self.top(expr)).collect();
        texts.join(", ")
    }
}

/// How tightly an operator binds; `None` for what is no operator.
fn precedence(expr: &Expr) -> Option<Precedence> {
    Some(match &expr.kind {
        ExprKind::Unary { operator, operand } => match operator {
            UnaryOperator::Not => left(26),
            _ if is_number(operand) => return None,
            _ => left(80),
        },
        ExprKind::Binary { operator, .. } => match operator {
            BinaryOperator::Or => left(22),
            BinaryOperator::And => left(24),
            BinaryOperator::Equal
            | BinaryOperator::NotEqual
            | BinaryOperator::Less
            | BinaryOperator::LessOrEqual
            | BinaryOperator::Greater
            | BinaryOperator::GreaterOrEqual => left(30),
            BinaryOperator::Plus | BinaryOperator::Minus => left(40),
            BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::Concat => left(60),
        },
        ExprKind::IsNull { .. } | ExprKind::IsTruth { .. } | ExprKind::IsJson { .. } => left(28),
        ExprKind::IsDistinctFrom { .. } => left(40),
        ExprKind::Between { .. } | ExprKind::InList { .. } => left(32),
        ExprKind::Like { .. } => LIKE,
        _ => return None,
    })
}

fn is_number(expr: &Expr) -> bool {
    matches!(
        &expr.kind,
        ExprKind::Literal(Literal::Integer(_) | Literal::Decimal(_) | Literal::Double(_))
    )
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn quoted(name: &ObjectName) -> String {
    let parts: Vec<String> = name
        .parts
        .iter()
        .map(|part| sql::quote_identifier(&part.name))
        .collect();
    parts.join(".")
}

fn symbol(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Or => "OR",
        BinaryOperator::And => "AND",
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
    }
}

fn unit_text(unit: TimeUnit) -> &'static str {
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

#[cfg(test)]
mod tests;
