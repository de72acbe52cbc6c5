//! The pattern of MATCH_RECOGNIZE: variables one behind the other, and what Flink refuses of the rest.

use graph::{PatternVariable, Quantifier};
use model::{Diagnostic, Span};
use sql::ast::{Ident, Pattern};

/// Rows that a variable may have to take, at most: each of them is a state.
const REPETITIONS_MAX: u32 = 10_000;

/// The variables of a pattern in their order, none of them with a condition yet.
pub(super) fn variables(pattern: &Pattern) -> Result<Vec<PatternVariable>, Diagnostic> {
    let mut named = Vec::new();
    add(pattern, &mut named)?;
    for (number, (name, variable)) in named.iter().enumerate() {
        let before = number.checked_sub(1).map(|before| &named[before].1);
        // Flink's Pattern.optional(), which ranges do not go through.
        let is_optional = variable.quantifier.min == 0 && matches!(variable.quantifier.max, None | Some(1));
        if is_optional && before.is_some_and(|before| before.quantifier.is_greedy()) {
            return Err(Diagnostic::validation(
                name.span,
                format!(
                    "'{}' is optional, which is not supported behind a greedy quantifier",
                    name.name
                ),
            )
            .hint("make the quantifier before it reluctant, such as A+?"));
        }
        if named[..number].iter().any(|(other, _)| other.name == name.name) {
            return Err(Diagnostic::validation(
                name.span,
                format!("pattern variable '{}' stands in the pattern already", name.name),
            )
            .hint("give each part of the pattern a variable of its own"));
        }
    }
    if named.iter().all(|(_, variable)| variable.quantifier.min == 0) {
        return Err(Diagnostic::validation(
            span_of(pattern),
            "a pattern that can match no row at all is not supported",
        )
        .hint("leave at least one variable that is not optional"));
    }
    if let Some((name, last)) = named.last()
        && last.quantifier.is_greedy()
    {
        return Err(
            Diagnostic::validation(name.span, "a pattern cannot end with a greedy quantifier")
                .hint("make it reluctant, such as A+?, or write a variable without a quantifier behind it"),
        );
    }
    Ok(named.into_iter().map(|(_, variable)| variable).collect())
}

fn add<'a>(
    pattern: &'a Pattern,
    variables: &mut Vec<(&'a Ident, PatternVariable)>,
) -> Result<(), Diagnostic> {
    let fault = |message: &str, hint: &str| Err(Diagnostic::validation(span_of(pattern), message).hint(hint));
    match pattern {
        Pattern::Variable(name) => variables.push((name, variable(name, Quantifier::ONE))),
        Pattern::Concat(parts) => {
            for part in parts {
                add(part, variables)?;
            }
        }
        Pattern::Repeat {
            pattern: repeated,
            min,
            max,
            reluctant,
        } => {
            let Pattern::Variable(name) = repeated.as_ref() else {
                return fault(
                    "a quantifier behind a group is not supported",
                    "give each variable a quantifier of its own",
                );
            };
            let quantifier = Quantifier {
                min: *min,
                max: *max,
                greedy: !reluctant,
            };
            if *max == Some(0) {
                return fault(
                    "a variable of a pattern must be able to take a row",
                    "leave the variable out",
                );
            }
            if *reluctant && quantifier.is_optional_one() {
                return fault(
                    "a reluctant optional variable is not supported",
                    "write A? or A{0,2}?",
                );
            }
            if (*max).unwrap_or(*min).max(*min) > REPETITIONS_MAX {
                let message =
                    format!("a variable of a pattern is repeated more than {REPETITIONS_MAX} times");
                return fault(&message, "leave the end of the range open, such as A{10,}");
            }
            variables.push((name, variable(name, quantifier)));
        }
        Pattern::Alternation(_) => {
            return fault(
                "alternatives in a pattern are not supported",
                "write one variable whose condition joins both with OR, or two queries and UNION ALL",
            );
        }
        Pattern::Exclude(_) => {
            return fault(
                "'{- -}' in a pattern is not supported",
                "leave out the measures of its rows instead",
            );
        }
    }
    Ok(())
}

fn variable(name: &Ident, quantifier: Quantifier) -> PatternVariable {
    PatternVariable {
        name: name.name.clone(),
        quantifier,
        condition: None,
    }
}

/// From its first variable to its last one.
fn span_of(pattern: &Pattern) -> Span {
    let joined = |parts: &[Pattern]| {
        let mut spans = parts.iter().map(span_of);
        let first = spans.next().unwrap_or_default();
        spans.fold(first, |span, next| span.to(next))
    };
    match pattern {
        Pattern::Variable(name) => name.span,
        Pattern::Concat(parts) | Pattern::Alternation(parts) => joined(parts),
        Pattern::Repeat { pattern, .. } | Pattern::Exclude(pattern) => span_of(pattern),
    }
}
