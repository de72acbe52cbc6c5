//! Expressions of MATCH_RECOGNIZE: names mean columns of rows that pattern variables took.
//!
//! `A.x` is the column of the last row that A took, `x` that of the last row of all, or of the row at hand in a
//! condition. FIRST and LAST look at others, aggregates at all of a variable. Each of them is noted as a lookup, and
//! the expression has a column in its place.

use graph::{Expr, Lookup, MatchEnd, MatchExpressions, PatternVariable};
use model::suggest::did_you_mean;
use model::{DataType, Diagnostic, TimeAttribute};
use sql::ast::ObjectName;

use super::scope::{Resolved, Scope};

/// What is gathered while expressions over a match are bound.
#[derive(Debug)]
pub(super) struct MatchLookups {
    /// How many rows each variable of the pattern takes at least.
    least: Vec<u32>,
    /// How many columns the rows have.
    pub(super) width: usize,
    /// The variable whose condition this is; none for measures.
    pub(super) condition_of: Option<usize>,
    /// Whether rows go by event time.
    pub(super) by_event_time: bool,
    pub(super) lookups: Vec<Lookup>,
    pub(super) mode: Mode,
}

/// What a column means.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mode {
    /// That of a row so many from an end.
    Row {
        end: MatchEnd,
        offset: usize,
        /// The function that says so.
        by: Option<&'static str>,
    },
    /// That of each row that an aggregate takes in.
    Rows,
}

const LAST_ROW: Mode = Mode::Row {
    end: MatchEnd::Last,
    offset: 0,
    by: None,
};

/// Whose rows an expression looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    Nobodys,
    /// Those of a variable, or all.
    Ones(Option<usize>),
    Several,
}

impl MatchLookups {
    pub fn new(
        variables: &[PatternVariable],
        width: usize,
        condition_of: Option<usize>,
        by_event_time: bool,
    ) -> MatchLookups {
        MatchLookups {
            least: variables.iter().map(|variable| variable.quantifier.min).collect(),
            width,
            condition_of,
            by_event_time,
            lookups: Vec::new(),
            mode: LAST_ROW,
        }
    }

    pub fn with_expressions(self, expressions: Vec<Expr>) -> MatchExpressions {
        MatchExpressions {
            lookups: self.lookups,
            expressions,
        }
    }

    /// A name's expression over the scope as one over what is looked up.
    pub fn name(&mut self, expression: Expr) -> Expr {
        let Mode::Row { end, offset, .. } = self.mode else {
            return expression;
        };
        expression.transform(&mut |expression| match expression {
            Expr::Column { index, data_type } => {
                let variable = self.variable(index);
                let lookup = Lookup::Row {
                    variable,
                    end,
                    offset,
                    column: index % self.width,
                };
                let may_be_missing = !self.is_taken(variable, offset);
                self.look_up(lookup, data_type.or_nullable(may_be_missing))
            }
            other => other,
        })
    }

    /// Whether a variable, or any, has certainly taken so many rows and one more. Flink does not ask, and takes the
    /// column of a row that is not there for as NOT NULL as it is in the others.
    fn is_taken(&self, variable: Option<usize>, offset: usize) -> bool {
        let Some(condition_of) = self.condition_of else {
            let of = |variable: usize| self.least[variable] as usize;
            let least = variable.map_or_else(|| (0..self.least.len()).map(of).sum(), of);
            return offset < least;
        };
        match variable {
            // The row at hand.
            None => offset == 0,
            Some(variable) if variable == condition_of => offset == 0,
            Some(variable) => variable < condition_of && offset < self.least[variable] as usize,
        }
    }

    /// The variable that a column of the scope belongs to.
    fn variable(&self, index: usize) -> Option<usize> {
        Some(index / self.width).filter(|variable| *variable < self.least.len())
    }

    pub fn look_up(&mut self, lookup: Lookup, data_type: DataType) -> Expr {
        let known = self.lookups.iter().position(|other| is_same_row(other, &lookup));
        let place = known.unwrap_or_else(|| {
            self.lookups.push(lookup);
            self.lookups.len() - 1
        });
        Expr::column(place, data_type)
    }

    pub fn whose(&self, expressions: &[&Expr]) -> Whose {
        let mut whose = Whose::Nobodys;
        for expression in expressions {
            expression.visit_columns(&mut |index| {
                let variable = Whose::Ones(self.variable(index));
                whose = match whose {
                    Whose::Nobodys => variable,
                    known if known == variable => known,
                    _ => Whose::Several,
                };
            });
        }
        whose
    }
}

fn is_same_row(one: &Lookup, other: &Lookup) -> bool {
    let parts = |lookup: &Lookup| match lookup {
        Lookup::Row {
            variable,
            end,
            offset,
            column,
        } => Some((*variable, *end, *offset, *column)),
        _ => None,
    };
    parts(one).is_some_and(|row| parts(other) == Some(row))
}

/// What a name means, where the first of several may be a variable of the pattern.
pub(super) fn resolve(scope: &Scope, name: &ObjectName) -> Result<Resolved, Diagnostic> {
    scope.resolve(name).map_err(|fault| match name.parts.as_slice() {
        [first, _, ..] if !scope.knows(first) => {
            let message = format!("'{}' is no variable of the pattern", first.name);
            let variables = scope.relations.iter().flat_map(|relation| relation.name.first());
            Diagnostic::validation(first.span, message)
                .maybe_hint(did_you_mean(&first.name, variables.map(String::as_str)))
        }
        _ => fault,
    })
}

/// Whether a measure tells the time of its match.
pub(super) fn time_of(measure: &Expr, expressions: &[Lookup]) -> Option<TimeAttribute> {
    match measure {
        Expr::Column { index, .. } => match expressions.get(*index) {
            Some(Lookup::Rowtime(_)) => Some(TimeAttribute::Rowtime),
            _ => None,
        },
        Expr::Call { function, .. } if function.name() == "PROCTIME" => Some(TimeAttribute::Proctime),
        _ => None,
    }
}
