//! Function calls as they are written: special forms, aggregates, properties of windows, plain functions.

use graph::Expr;
use model::{DataType, Diagnostic, Span, TimeAttribute, TypeKind};
use sql::ast::{ArgumentValue, ExprKind, FunctionCall, ObjectName};

use super::aggregation;
use super::expression::{ExprBinder, no_common_type, unit_literal};
use super::functions::is_aggregate;
use super::json;
use super::literal;

/// Functions that take a bare NULL.
const NULL_TAKERS: &[&str] = &["COALESCE", "IFNULL", "NULLIF", "IF"];

impl ExprBinder<'_> {
    pub fn function(&mut self, call: &FunctionCall, span: Span) -> Result<Expr, Diagnostic> {
        let is_raw_json = std::mem::take(&mut self.takes_raw_json);
        if let Some(inlined) = self.inlined(call, span)? {
            return Ok(inlined);
        }
        let name = function_name(&call.name)?;
        if name == "JSON" && !is_raw_json {
            return Err(json_alone(span));
        }
        if let Some(bound) = self.match_call(&name, call, span)? {
            return Ok(bound);
        }
        if let Some(clause) = &call.over {
            return self.over_call(&name, call, clause, span);
        }
        if let "ROW_NUMBER" | "RANK" | "DENSE_RANK" = name.as_str() {
            return Err(
                Diagnostic::validation(span, format!("{name} needs an OVER clause"))
                    .hint(format!("write {name}() OVER (PARTITION BY ... ORDER BY ...)")),
            );
        }
        if is_aggregate(&name) {
            return self.aggregate_call(&name, call, span);
        }
        refuse_aggregate_clauses(&name, call)?;
        if aggregation::is_group_window(&name) && !call.arguments.is_empty() {
            return Err(
                Diagnostic::validation(span, format!("{name} can only appear in GROUP BY"))
                    .hint(format!("use {name}_START or {name}_END here")),
            );
        }
        if aggregation::is_grouping_function(&name) || aggregation::is_window_property(&name) {
            return self.group_property(&name, call, span);
        }
        let mut arguments = Vec::with_capacity(call.arguments.len());
        let mut spans = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            if let Some(ident) = &argument.name {
                return Err(
                    Diagnostic::validation(ident.span, format!("{name} takes no named arguments"))
                        .hint("leave out the name and give the arguments in their order"),
                );
            }
            match &argument.value {
                ArgumentValue::Expression(expr) if NULL_TAKERS.contains(&name.as_str()) => {
                    arguments.push(self.bind(expr)?);
                }
                ArgumentValue::Expression(expr) => {
                    self.takes_raw_json = name == "JSON_ARRAY" && json::is_call(expr);
                    arguments.push(self.value(expr)?);
                }
                ArgumentValue::Unit(unit) => arguments.push(unit_literal(*unit)),
                ArgumentValue::KeyValue { key, value } => {
                    arguments.push(self.value(key)?);
                    spans.push(argument.span);
                    self.takes_raw_json = json::is_call(value);
                    arguments.push(self.bind(value)?);
                }
                ArgumentValue::Wildcard => {
                    return Err(
                        Diagnostic::validation(argument.span, format!("{name} cannot take '*'"))
                            .hint("only COUNT(*) does"),
                    );
                }
                ArgumentValue::Default => {
                    return Err(Diagnostic::validation(
                        argument.span,
                        format!("{name} has no argument with a default"),
                    ));
                }
                ArgumentValue::Table { .. } | ArgumentValue::Descriptor(_) => {
                    return Err(Diagnostic::validation(
                        argument.span,
                        format!("{name} takes values, not a table or descriptor"),
                    )
                    .hint("functions over tables stand in FROM: FROM TABLE(f(TABLE t, ...))"));
                }
            }
            spans.push(argument.span);
        }
        self.json_arguments(&name, call, &mut arguments, &mut spans)?;
        match name.as_str() {
            "COALESCE" | "IFNULL" => self.coalesce(&name, arguments, span),
            "NULLIF" => self.nullif(arguments, span),
            "CURRENT_DATABASE" if arguments.is_empty() => Ok(literal::text(self.database)),
            "IF" => self.if_then(arguments, span),
            _ => {
                if name == "CURRENT_WATERMARK" {
                    self.require_rowtime(call)?;
                }
                if !functions::is_callable(&name) {
                    return Err(unknown_function(&name, call.name.span));
                }
                self.call_at(&name, arguments, &spans, span)
            }
        }
    }

    /// The first argument that is not NULL.
    pub(super) fn coalesce(
        &mut self,
        name: &str,
        arguments: Vec<Expr>,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        if arguments.is_empty() || (name == "IFNULL" && arguments.len() != 2) {
            return Err(wrong_count(
                name,
                if name == "IFNULL" { "2" } else { "at least 1" },
                span,
            ));
        }
        let types: Vec<DataType> = arguments.iter().map(Expr::data_type).collect();
        let Some(common) = functions::common_type(&types) else {
            return Err(no_common_type(name, &types, span));
        };
        let common = common.with_nullable(types.iter().all(|data_type| data_type.nullable));
        let mut candidates = arguments
            .into_iter()
            .filter(|argument| !literal::is_null_literal(argument))
            .peekable();
        let mut branches = Vec::new();
        let mut otherwise = None;
        while let Some(argument) = candidates.next() {
            let nullable = argument.data_type().nullable;
            let to = common.clone().with_nullable(nullable);
            if !nullable || candidates.peek().is_none() {
                otherwise = Some(self.coerce(argument, &to, span)?);
                break;
            }
            let condition = self.call("IS NOT NULL", vec![self.duplicate(&argument, span)?], span)?;
            branches.push((condition, self.coerce(argument, &to, span)?));
        }
        match otherwise {
            Some(only) if branches.is_empty() => Ok(only),
            otherwise => Ok(Expr::Case {
                branches,
                otherwise: otherwise.map(Box::new),
                data_type: common,
            }),
        }
    }

    fn nullif(&mut self, arguments: Vec<Expr>, span: Span) -> Result<Expr, Diagnostic> {
        let [value, other]: [Expr; 2] = arguments
            .try_into()
            .map_err(|_| wrong_count("NULLIF", "2", span))?;
        if literal::is_null_literal(&value) {
            return Err(super::expression::illegal_null(span));
        }
        let equal = self.compare("=", self.duplicate(&value, span)?, other, span)?;
        let nothing = literal::null(value.data_type());
        self.case_of(vec![(equal, nothing)], Some(value), span)
    }

    fn if_then(&mut self, arguments: Vec<Expr>, span: Span) -> Result<Expr, Diagnostic> {
        let [condition, yes, no]: [Expr; 3] =
            arguments.try_into().map_err(|_| wrong_count("IF", "3", span))?;
        let kind = condition.data_type().kind;
        if kind != TypeKind::Boolean {
            let message = format!("IF takes a condition first, but this is of type {kind}");
            return Err(Diagnostic::validation(span, message));
        }
        for branch in [&yes, &no] {
            if branch.data_type().kind == TypeKind::Null {
                return Err(super::expression::illegal_null(span));
            }
        }
        let uncertain = condition.data_type().nullable;
        match self.case_of(vec![(condition, yes)], Some(no), span)? {
            Expr::Case {
                branches,
                otherwise,
                data_type,
            } => Ok(Expr::Case {
                branches,
                otherwise,
                data_type: data_type.or_nullable(uncertain),
            }),
            other => Ok(other),
        }
    }

    /// CURRENT_WATERMARK takes nothing but an event-time attribute.
    fn require_rowtime(&self, call: &FunctionCall) -> Result<(), Diagnostic> {
        let [argument] = call.arguments.as_slice() else {
            return Ok(());
        };
        if let ArgumentValue::Expression(expr) = &argument.value
            && let ExprKind::Name(name) = &expr.kind
            && self.scope.resolve(name)?.time_attribute == Some(TimeAttribute::Rowtime)
        {
            return Ok(());
        }
        Err(
            Diagnostic::validation(argument.span, "CURRENT_WATERMARK takes an event-time attribute")
                .hint("name the column that has a WATERMARK"),
        )
    }

    /// `PI` may be written without parentheses where no column has that name.
    pub fn niladic(&mut self, name: &ObjectName) -> Result<Option<Expr>, Diagnostic> {
        let [only] = name.parts.as_slice() else {
            return Ok(None);
        };
        if only.quoted || !only.name.eq_ignore_ascii_case("PI") || self.scope.resolve(name).is_ok() {
            return Ok(None);
        }
        self.call("PI", Vec::new(), name.span).map(Some)
    }
}

/// The name of a built-in function, in upper case.
pub(super) fn function_name(name: &ObjectName) -> Result<String, Diagnostic> {
    match name.parts.as_slice() {
        [only] => Ok(only.name.to_ascii_uppercase()),
        parts => {
            let written: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
            Err(
                Diagnostic::validation(name.span, format!("function '{}' not found", written.join(".")))
                    .hint("SHOW USER FUNCTIONS lists those of users; a built-in function is named alone"),
            )
        }
    }
}

/// Clauses behind the call of a window in GROUP BY.
pub(super) fn refuse_window_clauses(name: &str, call: &FunctionCall) -> Result<(), Diagnostic> {
    refuse_aggregate_clauses(name, call)?;
    if call.over.is_some() {
        return Err(Diagnostic::validation(
            call.span,
            format!("{name} in GROUP BY takes no OVER"),
        ));
    }
    Ok(())
}

pub(super) fn refuse_aggregate_clauses(name: &str, call: &FunctionCall) -> Result<(), Diagnostic> {
    if call.distinct {
        return Err(
            Diagnostic::validation(call.span, format!("DISTINCT is not allowed in {name}"))
                .hint("only aggregate functions take it"),
        );
    }
    if let Some(filter) = &call.filter {
        return Err(
            Diagnostic::validation(filter.span, "FILTER must be applied to an aggregate function")
                .hint(format!("{name} is none")),
        );
    }
    if !call.order_by.is_empty() || !call.within_group.is_empty() || call.null_treatment.is_some() {
        return Err(Diagnostic::validation(
            call.span,
            format!("ORDER BY, WITHIN GROUP, IGNORE NULLS and RESPECT NULLS are not allowed in {name}"),
        )
        .hint("only aggregate functions take them"));
    }
    Ok(())
}

fn json_alone(span: Span) -> Diagnostic {
    Diagnostic::validation(span, "JSON can only be a value of JSON_OBJECT or JSON_ARRAY")
        .hint("write JSON_OBJECT('a' VALUE JSON('...')) or JSON_ARRAY(JSON('...'))")
}

fn unknown_function(name: &str, span: Span) -> Diagnostic {
    let catalogue = functions::catalogue();
    let names = catalogue
        .iter()
        .map(|doc| doc.name)
        .filter(|name| functions::is_callable(name));
    let elsewhere = ELSEWHERE.iter().find(|(known, _)| *known == name);
    let hint = match elsewhere {
        Some((_, here)) => Some(format!("write {here}")),
        None => model::suggest::did_you_mean(name, names),
    };
    Diagnostic::validation(span, format!("function '{name}' not found")).maybe_hint(hint)
}

/// What functions of other systems are called here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("NVL", "COALESCE(a, b)"),
    ("ISNULL", "a IS NULL, or COALESCE(a, b)"),
    ("STRING_AGG", "LISTAGG(a, ',')"),
    ("GROUP_CONCAT", "LISTAGG(a, ',')"),
    ("DATEDIFF", "TIMESTAMPDIFF(DAY, a, b)"),
    ("DATEADD", "a + INTERVAL '1' DAY, or TIMESTAMPADD(DAY, 1, a)"),
    ("GETDATE", "CURRENT_TIMESTAMP"),
    ("SYSDATE", "CURRENT_TIMESTAMP"),
    ("LEN", "CHAR_LENGTH(a)"),
    ("TO_CHAR", "DATE_FORMAT(a, 'yyyy-MM-dd'), or CAST(a AS STRING)"),
    ("STRPOS", "POSITION(b IN a)"),
    ("CHARINDEX", "POSITION(b IN a)"),
    ("ANY_VALUE", "FIRST_VALUE(a)"),
    ("MEDIAN", "PERCENTILE(a, 0.5)"),
];

fn wrong_count(name: &str, expected: &str, span: Span) -> Diagnostic {
    let plural = if expected.ends_with('1') { "" } else { "s" };
    Diagnostic::validation(span, format!("{name} takes {expected} argument{plural}"))
}
