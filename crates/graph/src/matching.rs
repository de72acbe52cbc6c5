//! Patterns of rows: what MATCH_RECOGNIZE looks for, and what it tells of each match.

use std::fmt;

use model::DataType;

use crate::{AggregateCall, Expr, SortKey};

/// Rows with equal values in `partition`, in the order of time and of further keys, are searched for a pattern.
/// A match gives the columns of the partition and one column a measure.
#[derive(Debug, Clone)]
pub struct Matching {
    pub partition: Vec<usize>,
    /// The event time that rows go by; none if they are taken as they come.
    pub rowtime: Option<usize>,
    /// What decides where times are equal.
    pub order: Vec<SortKey>,
    /// The pattern: one behind the other.
    pub variables: Vec<PatternVariable>,
    /// The last row of a match comes less than this behind its first one.
    pub within_ms: Option<i64>,
    pub skip: MatchSkip,
    pub measures: MatchExpressions,
}

#[derive(Debug, Clone)]
pub struct PatternVariable {
    pub name: String,
    pub quantifier: Quantifier,
    /// One condition, on the rows that the match has so far and one that is to be taken; none is met by any row.
    pub condition: Option<MatchExpressions>,
}

/// How many rows a variable takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantifier {
    pub min: u32,
    /// None for any number.
    pub max: Option<u32>,
    /// A row that the variable can take goes to none of those behind it.
    pub greedy: bool,
}

/// Where the next match may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchSkip {
    PastLastRow,
    ToNextRow,
    /// The first row of a variable, by its place in the pattern.
    ToFirst(usize),
    ToLast(usize),
}

/// Expressions over a match. Their columns are not those of rows, but what is looked up in the match.
#[derive(Debug, Clone, Default)]
pub struct MatchExpressions {
    pub lookups: Vec<Lookup>,
    pub expressions: Vec<Expr>,
}

/// A value of a match.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// A column of one of the rows that a variable took, or any of them; NULL if there are not so many.
    Row {
        variable: Option<usize>,
        end: MatchEnd,
        /// So many rows from that end.
        offset: usize,
        column: usize,
    },
    /// An aggregate of the rows that a variable took, or of all.
    Aggregate {
        variable: Option<usize>,
        call: AggregateCall,
    },
    /// When the match was found, in event time.
    Rowtime(DataType),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchEnd {
    First,
    Last,
}

impl Quantifier {
    pub const ONE: Quantifier = Quantifier {
        min: 1,
        max: Some(1),
        greedy: false,
    };

    /// Whether it decides who takes a row that several can take.
    pub fn is_greedy(self) -> bool {
        self.greedy && self.max != Some(self.min) && !self.is_optional_one()
    }

    /// `?`
    pub fn is_optional_one(self) -> bool {
        self.min == 0 && self.max == Some(1)
    }
}

impl Matching {
    fn parts(&self) -> impl Iterator<Item = &MatchExpressions> {
        let conditions = self
            .variables
            .iter()
            .filter_map(|variable| variable.condition.as_ref());
        conditions.chain([&self.measures])
    }

    /// Whether the same rows make the same matches.
    pub fn is_deterministic(&self) -> bool {
        self.parts().all(|part| {
            let calls = part.lookups.iter().filter_map(|lookup| match lookup {
                Lookup::Aggregate { call, .. } => Some(call),
                _ => None,
            });
            let arguments = calls.flat_map(|call| call.arguments.iter().chain(&call.filter));
            part.expressions
                .iter()
                .chain(arguments)
                .all(Expr::is_deterministic)
        })
    }

    /// The columns of its input that it needs.
    pub fn columns(&self) -> Vec<usize> {
        let mut columns = self.partition.clone();
        columns.extend(self.rowtime);
        columns.extend(self.order.iter().map(|key| key.column));
        for part in self.parts() {
            part.visit_columns(&mut |column| columns.push(column));
        }
        columns
    }

    /// The same where each column of the input went somewhere else.
    pub fn moved(self, place: &impl Fn(usize) -> usize) -> Matching {
        let order = self.order.into_iter().map(|key| SortKey {
            column: place(key.column),
            ..key
        });
        Matching {
            partition: self.partition.into_iter().map(place).collect(),
            rowtime: self.rowtime.map(place),
            order: order.collect(),
            variables: self
                .variables
                .into_iter()
                .map(|variable| PatternVariable {
                    condition: variable.condition.map(|condition| condition.moved(place)),
                    ..variable
                })
                .collect(),
            measures: self.measures.moved(place),
            ..self
        }
    }

    /// The same with every expression passed through `change`, those over rows and those over matches.
    pub fn map_expressions(self, change: &mut impl FnMut(Expr) -> Expr) -> Matching {
        Matching {
            variables: self
                .variables
                .into_iter()
                .map(|variable| PatternVariable {
                    condition: variable.condition.map(|condition| condition.map(change)),
                    ..variable
                })
                .collect(),
            measures: self.measures.map(change),
            ..self
        }
    }
}

impl MatchExpressions {
    /// Leaves out lookups that no expression needs.
    pub fn forget_unused(&mut self) {
        let mut places: Vec<Option<usize>> = vec![None; self.lookups.len()];
        for expression in &self.expressions {
            expression.visit_columns(&mut |index| places[index] = Some(0));
        }
        let used = places.iter_mut().flatten().enumerate();
        used.for_each(|(number, place)| *place = number);
        let mut wanted = places.iter().map(Option::is_some);
        self.lookups.retain(|_| wanted.next().unwrap_or_default());
        let expressions = std::mem::take(&mut self.expressions).into_iter();
        self.expressions = expressions
            .map(|expression| {
                expression.transform(&mut |expression| match expression {
                    Expr::Column { index, data_type } => {
                        Expr::column(places[index].unwrap_or_default(), data_type)
                    }
                    other => other,
                })
            })
            .collect();
    }

    fn visit_columns(&self, visit: &mut impl FnMut(usize)) {
        for lookup in &self.lookups {
            match lookup {
                Lookup::Row { column, .. } => visit(*column),
                Lookup::Aggregate { call, .. } => {
                    for expression in call.arguments.iter().chain(&call.filter) {
                        expression.visit_columns(visit);
                    }
                }
                Lookup::Rowtime(_) => {}
            }
        }
    }

    fn moved(self, place: &impl Fn(usize) -> usize) -> MatchExpressions {
        let rows = |expression: Expr| {
            expression.transform(&mut |expression| match expression {
                Expr::Column { index, data_type } => Expr::column(place(index), data_type),
                other => other,
            })
        };
        MatchExpressions {
            lookups: self
                .lookups
                .into_iter()
                .map(|lookup| match lookup {
                    Lookup::Row {
                        variable,
                        end,
                        offset,
                        column,
                    } => Lookup::Row {
                        variable,
                        end,
                        offset,
                        column: place(column),
                    },
                    Lookup::Aggregate { variable, call } => Lookup::Aggregate {
                        variable,
                        call: map_call(call, &mut |expression| rows(expression)),
                    },
                    time @ Lookup::Rowtime(_) => time,
                })
                .collect(),
            expressions: self.expressions,
        }
    }

    fn map(self, change: &mut impl FnMut(Expr) -> Expr) -> MatchExpressions {
        MatchExpressions {
            lookups: self
                .lookups
                .into_iter()
                .map(|lookup| match lookup {
                    Lookup::Aggregate { variable, call } => Lookup::Aggregate {
                        variable,
                        call: map_call(call, change),
                    },
                    other => other,
                })
                .collect(),
            expressions: self.expressions.into_iter().map(change).collect(),
        }
    }
}

fn map_call(call: AggregateCall, change: &mut impl FnMut(Expr) -> Expr) -> AggregateCall {
    AggregateCall {
        arguments: call.arguments.into_iter().map(&mut *change).collect(),
        filter: call.filter.map(change),
        ..call
    }
}

/// As in a pattern: nothing for a single row.
impl fmt::Display for Quantifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (1, Some(1)) => return Ok(()),
            (0, None) => f.write_str("*")?,
            (1, None) => f.write_str("+")?,
            (0, Some(1)) => f.write_str("?")?,
            (min, None) => write!(f, "{{{min},}}")?,
            (min, Some(max)) if min == max => return write!(f, "{{{min}}}"),
            (min, Some(max)) => write!(f, "{{{min},{max}}}")?,
        }
        f.write_str(if self.greedy { "" } else { "?" })
    }
}

impl fmt::Display for MatchEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MatchEnd::First => "FIRST",
            MatchEnd::Last => "LAST",
        })
    }
}

/// For fingerprints: variables by their place in the pattern, columns as in [`Expr`].
impl fmt::Display for MatchExpressions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |variable: &Option<usize>| variable.map_or("*".to_string(), |number| number.to_string());
        let texts: Vec<String> = self
            .lookups
            .iter()
            .map(|lookup| match lookup {
                Lookup::Row {
                    variable,
                    end,
                    offset,
                    column,
                } => format!("{end}({}.${column}, {offset})", of(variable)),
                Lookup::Aggregate { variable, call } => {
                    let arguments: Vec<String> = call.arguments.iter().map(Expr::to_string).collect();
                    let filter = call.filter.as_ref().map(|filter| format!(" FILTER {filter}"));
                    format!(
                        "{}({}: {}){} {}",
                        call.name,
                        of(variable),
                        arguments.join(", "),
                        filter.unwrap_or_default(),
                        call.result
                    )
                }
                Lookup::Rowtime(data_type) => format!("rowtime {data_type}"),
            })
            .collect();
        let expressions: Vec<String> = self.expressions.iter().map(Expr::to_string).collect();
        write!(f, "{} of [{}]", expressions.join(", "), texts.join(", "))
    }
}

impl fmt::Display for Matching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order: Vec<String> = self.order.iter().map(SortKey::to_string).collect();
        write!(
            f,
            "Match(partition={:?}, rowtime={:?}, order=[{}], pattern=[",
            self.partition,
            self.rowtime,
            order.join(", ")
        )?;
        for variable in &self.variables {
            write!(f, "({}", variable.quantifier)?;
            if let Some(condition) = &variable.condition {
                write!(f, " {condition}")?;
            }
            f.write_str(")")?;
        }
        write!(
            f,
            "], within={:?}, skip={:?}, measures=[{}])",
            self.within_ms, self.skip, self.measures
        )
    }
}
