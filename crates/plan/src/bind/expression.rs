//! Scalar expressions: names, types and functions resolved, implicit casts put in.

use std::rc::Rc;

use graph::Expr;
use model::{DataType, Diagnostic, Span, TimeAttribute, TypeKind};
use sql::ast::{self, BinaryOperator, ExprKind, JsonKind, Literal, TimeUnit, TrimSide, UnaryOperator};

use super::aggregation::Aggregation;
use super::budget::Budget;
use super::literal;
use super::match_expression::MatchLookups;
use super::over::OverCalls;
use super::scope::{self, Scope};
use super::subquery::joins::Subqueries;
use super::types::common_type;
use crate::catalog::{CatalogStore, ObjectPath};

pub(super) struct ExprBinder<'a> {
    pub scope: &'a Scope,
    /// Where errors at run time point if the expression's own text is not the one at hand, as in a view.
    pub place: Option<Span>,
    /// What is being bound, for diagnostics: `WHERE`, `SELECT`.
    pub clause: &'static str,
    /// Takes in aggregate calls; without it they are refused.
    pub aggregation: Option<&'a mut Aggregation>,
    /// Takes in calls with OVER; without it they are refused.
    pub over: Option<&'a mut OverCalls>,
    /// The sub-queries of the clause; without them any is refused.
    pub subqueries: Option<&'a mut Subqueries>,
    /// Takes in what expressions of MATCH_RECOGNIZE look up.
    pub matching: Option<&'a mut MatchLookups>,
    /// What the whole statement may unfold to.
    pub budget: Rc<Budget>,
    /// Whether the call that is bound next stands where JSON(...) may stand.
    pub takes_raw_json: bool,
    /// The database that names without one are looked up in.
    pub database: &'a str,
    /// Where functions of users are; without it there are none.
    pub catalog: Option<&'a CatalogStore>,
    /// The functions in SQL whose bodies are being bound.
    pub within: Vec<ObjectPath>,
}

/// An expression and whether it still tells the time of its row.
#[derive(Debug, Clone)]
pub(super) struct Timed {
    pub expression: Expr,
    pub time_attribute: Option<TimeAttribute>,
}

impl<'a> ExprBinder<'a> {
    pub fn new(scope: &'a Scope, place: Option<Span>, clause: &'static str) -> Self {
        ExprBinder {
            scope,
            place,
            clause,
            aggregation: None,
            over: None,
            subqueries: None,
            matching: None,
            budget: Rc::default(),
            takes_raw_json: false,
            database: "",
            catalog: None,
            within: Vec::new(),
        }
    }

    /// A value for a column of a result: not a bare NULL, and a time attribute if it is nothing but one.
    pub fn item(&mut self, expr: &ast::Expr) -> Result<Timed, Diagnostic> {
        let mut time_attribute = None;
        if let ExprKind::Name(name) = &expr.kind {
            if let Some(constant) = self.niladic(name)? {
                return Ok(Timed {
                    expression: constant,
                    time_attribute: None,
                });
            }
            time_attribute = self.scope.resolve(name)?.time_attribute;
        }
        let expression = self.bind(expr)?;
        if expression.data_type().kind == TypeKind::Null {
            return Err(illegal_null(expr.span));
        }
        if let Expr::Call { function, .. } = &expression
            && function.name() == "PROCTIME"
        {
            time_attribute = Some(TimeAttribute::Proctime);
        }
        Ok(Timed {
            expression,
            time_attribute,
        })
    }

    /// A condition: BOOLEAN, or NULL.
    pub fn condition(&mut self, expr: &ast::Expr) -> Result<Expr, Diagnostic> {
        let bound = self.bind(expr)?;
        match bound.data_type().kind {
            TypeKind::Boolean => Ok(bound),
            TypeKind::Null => Ok(literal::null(TypeKind::Boolean.nullable())),
            other => Err(Diagnostic::validation(
                expr.span,
                format!("{} must be a condition, but this is of type {other}", self.clause),
            )
            .hint("compare it with something, such as x = 1 or x IS NOT NULL")),
        }
    }

    pub fn at(&self, span: Span) -> Span {
        self.place.unwrap_or(span)
    }

    /// A copy of an expression that has to stand in several places.
    pub fn duplicate(&self, expression: &Expr, span: Span) -> Result<Expr, Diagnostic> {
        self.budget.duplicate(expression, span)
    }

    pub fn bind(&mut self, expr: &ast::Expr) -> Result<Expr, Diagnostic> {
        let bound = self.bind_as_written(expr)?;
        Ok(match &self.aggregation {
            Some(aggregation) => aggregation.as_grouped(bound),
            None => bound,
        })
    }

    fn bind_as_written(&mut self, expr: &ast::Expr) -> Result<Expr, Diagnostic> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Name(name) => self.name(name),
            ExprKind::Literal(value) => literal::bind(value, false, span),
            ExprKind::Unary { operator, operand } => self.unary(*operator, operand, span),
            ExprKind::Binary {
                operator,
                left,
                right,
            } => self.binary(*operator, left, right, span),
            ExprKind::IsNull { operand, negated } => {
                let operand = self.bind(operand)?;
                if operand.data_type().kind == TypeKind::Null {
                    return Ok(literal::boolean(!negated));
                }
                let name = if *negated { "IS NOT NULL" } else { "IS NULL" };
                self.call(name, vec![operand], span)
            }
            ExprKind::IsTruth {
                operand,
                value,
                negated,
            } => {
                let operand = self.truth(operand, "IS")?;
                let name = match (value, negated) {
                    (Some(true), false) => "IS TRUE",
                    (Some(true), true) => "IS NOT TRUE",
                    (Some(false), false) => "IS FALSE",
                    (Some(false), true) => "IS NOT FALSE",
                    (None, false) => "IS UNKNOWN",
                    (None, true) => "IS NOT UNKNOWN",
                };
                self.call(name, vec![operand], span)
            }
            ExprKind::IsDistinctFrom { left, right, negated } => {
                let name = if *negated {
                    "IS NOT DISTINCT FROM"
                } else {
                    "IS DISTINCT FROM"
                };
                let (left, right) = (self.bind(left)?, self.bind(right)?);
                self.compare(name, left, right, span)
            }
            ExprKind::IsJson {
                operand,
                kind,
                negated,
            } => {
                let operand = self.bind(operand)?;
                let kind = match kind {
                    JsonKind::Value => "VALUE",
                    JsonKind::Scalar => "SCALAR",
                    JsonKind::Array => "ARRAY",
                    JsonKind::Object => "OBJECT",
                };
                let is = self.call(&format!("IS JSON {kind}"), vec![operand], span)?;
                if *negated { self.not(is, span) } else { Ok(is) }
            }
            ExprKind::Between {
                operand,
                low,
                high,
                symmetric,
                negated,
            } => {
                let (operand, low, high) = (self.bind(operand)?, self.bind(low)?, self.bind(high)?);
                let inside = self.between(operand, low, high, *symmetric, span)?;
                if *negated {
                    self.not(inside, span)
                } else {
                    Ok(inside)
                }
            }
            ExprKind::InList {
                operand,
                list,
                negated,
            } => self.in_list(operand, list, *negated, span),
            ExprKind::InSubquery { .. } | ExprKind::Exists { .. } | ExprKind::ScalarSubquery(_) => {
                self.subquery(expr)
            }
            ExprKind::Like {
                operand,
                pattern,
                escape,
                similar,
                negated,
            } => {
                let mut arguments = vec![self.bind(operand)?, self.bind(pattern)?];
                if let Some(escape) = escape {
                    arguments.push(self.bind(escape)?);
                }
                let name = if *similar { "SIMILAR TO" } else { "LIKE" };
                let like = self.call(name, arguments, span)?;
                if *negated { self.not(like, span) } else { Ok(like) }
            }
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => self.case(operand.as_deref(), branches, otherwise.as_deref(), span),
            ExprKind::Cast {
                operand,
                data_type,
                is_try,
            } => {
                let operand = self.bind(operand)?;
                self.explicit_cast(operand, &data_type.data_type, *is_try, span)
            }
            ExprKind::Difference {
                left,
                right,
                data_type,
            } => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                let unit = match data_type.data_type.kind {
                    TypeKind::IntervalYearMonth => TimeUnit::Month,
                    _ => TimeUnit::Second,
                };
                self.call("BETWEEN TIMES", vec![left, right, unit_literal(unit)], span)
            }
            ExprKind::Function(call) => self.function(call, span),
            ExprKind::Extract { unit, operand } => {
                let operand = self.bind(operand)?;
                self.call("EXTRACT", vec![unit_literal(*unit), operand], span)
            }
            ExprKind::RoundToUnit {
                function,
                operand,
                unit,
            } => {
                let operand = self.bind(operand)?;
                let name = function.name.to_ascii_uppercase();
                self.call(&name, vec![operand, unit_literal(*unit)], span)
            }
            ExprKind::Position {
                needle,
                haystack,
                from,
            } => {
                let mut arguments = vec![self.bind(needle)?, self.bind(haystack)?];
                if let Some(from) = from {
                    arguments.push(self.bind(from)?);
                }
                self.call("POSITION", arguments, span)
            }
            ExprKind::Trim {
                side,
                characters,
                operand,
            } => {
                let side = literal::string(match side {
                    TrimSide::Both => "BOTH",
                    TrimSide::Leading => "LEADING",
                    TrimSide::Trailing => "TRAILING",
                });
                let characters = match characters {
                    Some(characters) => self.bind(characters)?,
                    None => literal::string(" "),
                };
                let operand = self.bind(operand)?;
                self.call("TRIM", vec![side, characters, operand], span)
            }
            ExprKind::Overlaps { left, right } => {
                let (start, end) = self.period(left, span)?;
                let (other_start, other_end) = self.period(right, span)?;
                Ok(and(vec![
                    self.compare(">=", end, other_start, span)?,
                    self.compare(">=", other_end, start, span)?,
                ]))
            }
            ExprKind::Row { fields, .. } => {
                let fields = self.list(fields)?;
                self.call("ROW", fields, span)
            }
            ExprKind::Array(elements) => {
                let elements = self.list(elements)?;
                self.call("ARRAY", elements, span)
            }
            ExprKind::Map(entries) => {
                let mut arguments = Vec::with_capacity(entries.len() * 2);
                for (key, value) in entries {
                    arguments.push(self.value(key)?);
                    arguments.push(self.value(value)?);
                }
                self.call("MAP", arguments, span)
            }
            ExprKind::Index { operand, index } => self.index(operand, index, span),
            ExprKind::Field { operand, field } => {
                let operand = self.bind(operand)?;
                scope::named_field(operand, field)
            }
        }
    }

    /// A value that is not a bare NULL.
    pub fn value(&mut self, expr: &ast::Expr) -> Result<Expr, Diagnostic> {
        let bound = self.bind(expr)?;
        if bound.data_type().kind == TypeKind::Null {
            return Err(illegal_null(expr.span));
        }
        Ok(bound)
    }

    pub fn list(&mut self, list: &[ast::Expr]) -> Result<Vec<Expr>, Diagnostic> {
        list.iter().map(|item| self.value(item)).collect()
    }

    fn name(&mut self, name: &ast::ObjectName) -> Result<Expr, Diagnostic> {
        if let Some(constant) = self.niladic(name)? {
            return Ok(constant);
        }
        let resolved = match &self.matching {
            Some(_) => super::match_expression::resolve(self.scope, name)?,
            None => self.scope.resolve(name)?,
        };
        if let Some(matching) = &mut self.matching {
            return Ok(matching.name(resolved.expression));
        }
        if let Some(aggregation) = &mut self.aggregation {
            aggregation.note_name(&resolved.expression, name.span);
        }
        Ok(resolved.expression)
    }

    fn unary(
        &mut self,
        operator: UnaryOperator,
        operand: &ast::Expr,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        match operator {
            UnaryOperator::Plus => {
                let bound = self.value(operand)?;
                let kind = bound.data_type().kind;
                if kind.is_numeric() || kind.is_interval() {
                    return Ok(bound);
                }
                Err(Diagnostic::validation(
                    span,
                    format!("'+' cannot be applied to a value of type {kind}"),
                ))
            }
            UnaryOperator::Minus => {
                if let ExprKind::Literal(
                    value @ (Literal::Integer(_) | Literal::Decimal(_) | Literal::Double(_)),
                ) = &operand.kind
                {
                    return literal::bind(value, true, span);
                }
                let bound = self.value(operand)?;
                self.call("NEGATE", vec![bound], span)
            }
            UnaryOperator::Not => {
                let bound = self.truth(operand, "NOT")?;
                self.not(bound, span)
            }
        }
    }

    fn binary(
        &mut self,
        operator: BinaryOperator,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        let name = match operator {
            BinaryOperator::And => {
                let operands = vec![self.truth(left, "AND")?, self.truth(right, "AND")?];
                return Ok(and(operands));
            }
            BinaryOperator::Or => {
                let operands = vec![self.truth(left, "OR")?, self.truth(right, "OR")?];
                return Ok(or(operands));
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
        if matches!(name, "=" | "<>" | "<" | "<=" | ">" | ">=") {
            if let Some(rows) = self.row_comparison(name, left, right, span)? {
                return Ok(rows);
            }
            let (left, right) = (self.bind(left)?, self.bind(right)?);
            return self.compare(name, left, right, span);
        }
        let arguments = vec![self.value(left)?, self.value(right)?];
        self.call(name, arguments, span)
    }

    /// An operand of a logical operator.
    pub fn truth(&mut self, expr: &ast::Expr, operator: &str) -> Result<Expr, Diagnostic> {
        let bound = self.value(expr)?;
        match bound.data_type().kind {
            TypeKind::Boolean => Ok(bound),
            other => Err(Diagnostic::validation(
                expr.span,
                format!("{operator} takes BOOLEAN, but this is of type {other}"),
            )
            .hint("compare it with something, such as x = 1 or x IS NOT NULL")),
        }
    }

    pub fn not(&mut self, operand: Expr, span: Span) -> Result<Expr, Diagnostic> {
        self.call("NOT", vec![operand], span)
    }

    fn case(
        &mut self,
        operand: Option<&ast::Expr>,
        branches: &[(ast::Expr, ast::Expr)],
        otherwise: Option<&ast::Expr>,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        let operand = operand.map(|operand| self.bind(operand)).transpose()?;
        let mut bound = Vec::with_capacity(branches.len());
        for (condition, result) in branches {
            let condition = match &operand {
                Some(operand) => {
                    let value = self.bind(condition)?;
                    let operand = self.duplicate(operand, condition.span)?;
                    self.compare("=", operand, value, condition.span)?
                }
                None => self.truth(condition, "WHEN")?,
            };
            bound.push((condition, self.bind(result)?));
        }
        let otherwise = otherwise.map(|otherwise| self.bind(otherwise)).transpose()?;
        self.case_of(bound, otherwise, span)
    }

    /// CASE over what is bound already: the results get their common type.
    pub fn case_of(
        &mut self,
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Expr>,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        let types: Vec<DataType> = branches
            .iter()
            .map(|(_, result)| result)
            .chain(&otherwise)
            .map(Expr::data_type)
            .collect();
        let Some(data_type) = common_type(&types) else {
            return Err(no_common_type("CASE", &types, span));
        };
        if data_type.kind == TypeKind::Null {
            return Err(
                Diagnostic::validation(span, "at least one result of CASE must not be NULL")
                    .hint("write CAST(NULL AS type) in one of them"),
            );
        }
        let data_type = data_type.or_nullable(otherwise.is_none());
        let mut cast_branches = Vec::with_capacity(branches.len());
        for (condition, result) in branches {
            cast_branches.push((condition, self.coerce(result, &data_type, span)?));
        }
        let otherwise = match otherwise {
            Some(otherwise) => Some(Box::new(self.coerce(otherwise, &data_type, span)?)),
            None => None,
        };
        Ok(Expr::Case {
            branches: cast_branches,
            otherwise,
            data_type,
        })
    }

    /// The bounds of `(start, end)` or `(start, length)`, the earlier one first.
    fn period(&mut self, period: &(ast::Expr, ast::Expr), span: Span) -> Result<(Expr, Expr), Diagnostic> {
        let start = self.value(&period.0)?;
        let mut end = self.value(&period.1)?;
        if end.data_type().kind.is_interval() {
            end = self.call("+", vec![self.duplicate(&start, span)?, end], span)?;
        }
        let copies = (self.duplicate(&start, span)?, self.duplicate(&end, span)?);
        let in_order = self.compare("<=", copies.0, copies.1, span)?;
        let copies = (self.duplicate(&start, span)?, self.duplicate(&end, span)?);
        let first = self.case_of(
            vec![(self.duplicate(&in_order, span)?, copies.0)],
            Some(copies.1),
            span,
        )?;
        let last = self.case_of(vec![(in_order, end)], Some(start), span)?;
        Ok((first, last))
    }

    fn index(&mut self, operand: &ast::Expr, index: &ast::Expr, span: Span) -> Result<Expr, Diagnostic> {
        let bound = self.bind(operand)?;
        let data_type = bound.data_type();
        if let TypeKind::Row(fields) = &data_type.kind {
            let position = match &index.kind {
                ExprKind::Literal(Literal::Integer(digits)) => digits
                    .parse::<usize>()
                    .ok()
                    .and_then(|place| place.checked_sub(1)),
                ExprKind::Literal(Literal::String(name)) => {
                    fields.iter().position(|field| field.name == *name)
                }
                _ => None,
            };
            return match position.filter(|position| *position < fields.len()) {
                Some(position) => Ok(scope::field_of(bound, position, &fields[position].data_type)),
                None => Err(Diagnostic::validation(index.span, "the row has no such field")
                    .hint("give a field's name as a string, or its number counted from 1")),
            };
        }
        let index = self.value(index)?;
        self.call("ITEM", vec![bound, index], span)
    }
}

pub(super) fn unit_literal(unit: TimeUnit) -> Expr {
    literal::string(literal::unit_name(unit))
}

pub(super) fn illegal_null(span: Span) -> Diagnostic {
    Diagnostic::validation(span, "illegal use of NULL: its type is not known here")
        .hint("write CAST(NULL AS type)")
}

pub(super) fn no_common_type(what: &str, types: &[DataType], span: Span) -> Diagnostic {
    let mut names: Vec<String> = types.iter().map(|data_type| data_type.kind.to_string()).collect();
    names.dedup();
    Diagnostic::validation(
        span,
        format!("{what} cannot mix values of the types {}", names.join(", ")),
    )
    .hint("CAST them to one type")
}

/// AND of operands, nested ones taken in.
pub(crate) fn and(operands: Vec<Expr>) -> Expr {
    let mut flat = Vec::with_capacity(operands.len());
    for operand in operands {
        match operand {
            Expr::And(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    if flat.len() == 1
        && let Some(only) = flat.pop()
    {
        return only;
    }
    Expr::And(flat)
}

pub(crate) fn or(operands: Vec<Expr>) -> Expr {
    let mut flat = Vec::with_capacity(operands.len());
    for operand in operands {
        match operand {
            Expr::Or(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    if flat.len() == 1
        && let Some(only) = flat.pop()
    {
        return only;
    }
    Expr::Or(flat)
}
