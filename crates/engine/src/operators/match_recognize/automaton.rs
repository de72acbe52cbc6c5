//! The states through which runs of a pattern go.
//!
//! Made, and gone through, in the order of Flink's `NFACompiler` and `NFA`: where several runs could be told, the
//! order decides which one is.

use graph::PatternVariable;

/// The place of a state among the states.
pub(super) type State = u32;

pub(super) struct Automaton {
    states: Vec<Vec<Transition>>,
    pub start: State,
}

/// The state of a run that has found all it looked for.
pub(super) const FOUND: State = 0;

struct Transition {
    /// The variable that takes the row; none goes on without the row.
    takes: Option<usize>,
    target: State,
    guards: Vec<Guard>,
}

/// The condition of a variable, or its opposite. Of NULL both hold as if it were false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Guard {
    variable: usize,
    holds: bool,
}

/// A way on for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    pub variable: usize,
    pub target: State,
    /// The pattern may end there, too.
    pub completes: bool,
}

/// The variable whose condition must be known to tell more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unknown(pub usize);

impl Automaton {
    pub fn new(variables: &[PatternVariable]) -> Automaton {
        let mut automaton = Automaton {
            // FOUND
            states: vec![Vec::new()],
            start: FOUND,
        };
        for (number, variable) in variables.iter().enumerate().rev() {
            automaton.start = automaton.before(automaton.start, number, variable);
        }
        automaton
    }

    /// The states of a variable in front of those that stand already, the first of which is `sink`.
    fn before(&mut self, sink: State, number: usize, variable: &PatternVariable) -> State {
        let quantifier = variable.quantifier;
        let is_greedy = quantifier.is_greedy();
        let is_optional = quantifier.min == 0;
        let least = quantifier.min.max(1);
        // The states from the last to the first, as in NFACompiler's createTimesState.
        let (mut last, most) = match quantifier.max {
            Some(most) => {
                if is_greedy {
                    self.leave_to(sink, number);
                }
                (sink, most)
            }
            None => {
                let looping = self.state();
                self.proceed(looping, sink);
                if is_greedy {
                    self.leave_to(sink, number);
                }
                self.take(looping, looping, number);
                (looping, least)
            }
        };
        for _ in least..most {
            last = self.single(last, number, Some(sink));
        }
        for _ in 1..least {
            last = self.single(last, number, None);
        }
        self.single(last, number, is_optional.then_some(sink))
    }

    fn state(&mut self) -> State {
        self.states.push(Vec::new());
        self.states.len() as State - 1
    }

    /// A state that takes one row, or may go on without.
    fn single(&mut self, target: State, number: usize, otherwise: Option<State>) -> State {
        let state = self.state();
        self.take(state, target, number);
        if let Some(otherwise) = otherwise {
            self.proceed(state, otherwise);
        }
        state
    }

    fn take(&mut self, state: State, target: State, variable: usize) {
        self.states[state as usize].push(Transition {
            takes: Some(variable),
            target,
            guards: vec![Guard {
                variable,
                holds: true,
            }],
        });
    }

    fn proceed(&mut self, state: State, target: State) {
        self.states[state as usize].push(Transition {
            takes: None,
            target,
            guards: Vec::new(),
        });
    }

    /// A state leaves rows alone that a greedy variable before it can take.
    fn leave_to(&mut self, state: State, variable: usize) {
        for transition in &mut self.states[state as usize] {
            transition.guards.push(Guard {
                variable,
                holds: false,
            });
        }
    }

    /// Appends the ways on with a row, of which `known` tells whether conditions hold. Where it does not know, nothing
    /// is appended.
    pub fn ways(
        &self,
        state: State,
        known: impl Fn(usize) -> Option<bool>,
        ways: &mut Vec<Taken>,
    ) -> Result<(), Unknown> {
        let before = ways.len();
        let outcome = self.append_ways(state, &known, ways);
        if outcome.is_err() {
            ways.truncate(before);
        }
        outcome
    }

    fn append_ways(
        &self,
        state: State,
        known: &impl Fn(usize) -> Option<bool>,
        ways: &mut Vec<Taken>,
    ) -> Result<(), Unknown> {
        let mut behind: Vec<State> = Vec::new();
        let mut open = Some(state);
        // The last one found goes on first.
        while let Some(state) = open {
            for transition in &self.states[state as usize] {
                if !passes(transition, known)? {
                    continue;
                }
                match transition.takes {
                    None => behind.push(transition.target),
                    Some(variable) => ways.push(Taken {
                        variable,
                        target: transition.target,
                        completes: self.ends(transition.target, known)?,
                    }),
                }
            }
            open = behind.pop();
        }
        Ok(())
    }

    /// Whether a run can end in a state without another row.
    fn ends(&self, state: State, known: &impl Fn(usize) -> Option<bool>) -> Result<bool, Unknown> {
        let mut behind: Vec<State> = Vec::new();
        let mut open = Some(state);
        while let Some(state) = open {
            for transition in &self.states[state as usize] {
                if transition.takes.is_none() && passes(transition, known)? {
                    if transition.target == FOUND {
                        return Ok(true);
                    }
                    behind.push(transition.target);
                }
            }
            open = behind.pop();
        }
        Ok(false)
    }
}

fn passes(transition: &Transition, known: &impl Fn(usize) -> Option<bool>) -> Result<bool, Unknown> {
    for guard in &transition.guards {
        let holds = known(guard.variable).ok_or(Unknown(guard.variable))?;
        if holds != guard.holds {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use graph::Quantifier;

    use super::*;

    fn variable(min: u32, max: Option<u32>, greedy: bool) -> PatternVariable {
        PatternVariable {
            name: String::new(),
            quantifier: Quantifier { min, max, greedy },
            condition: None,
        }
    }

    fn ways(automaton: &Automaton, state: State, holds: &[bool]) -> Vec<(usize, State, bool)> {
        let mut ways = Vec::new();
        let known = |variable: usize| Some(holds[variable]);
        automaton.ways(state, known, &mut ways).unwrap();
        ways.iter()
            .map(|way| (way.variable, way.target, way.completes))
            .collect()
    }

    #[test]
    fn a_greedy_variable_keeps_its_rows_from_the_next() {
        // A+ B
        let automaton = Automaton::new(&[variable(1, None, true), variable(1, Some(1), false)]);
        let first = ways(&automaton, automaton.start, &[true, true]);
        assert_eq!(first.len(), 1);
        let looping = first[0].1;
        assert_eq!(ways(&automaton, looping, &[true, true]), [(0, looping, false)]);
        assert_eq!(ways(&automaton, looping, &[false, true]), [(1, FOUND, false)]);
        assert_eq!(ways(&automaton, looping, &[false, false]), []);
    }

    #[test]
    fn a_reluctant_variable_leaves_its_rows_to_both() {
        // A+? B
        let automaton = Automaton::new(&[variable(1, None, false), variable(1, Some(1), false)]);
        let looping = ways(&automaton, automaton.start, &[true, true])[0].1;
        let both = ways(&automaton, looping, &[true, true]);
        assert_eq!(both, [(0, looping, false), (1, FOUND, false)]);
    }

    #[test]
    fn a_range_may_end_after_its_least() {
        // A B{1,2}?
        let automaton = Automaton::new(&[variable(1, Some(1), false), variable(1, Some(2), false)]);
        let second = ways(&automaton, automaton.start, &[true, true])[0].1;
        let once = ways(&automaton, second, &[true, true]);
        assert_eq!(once.len(), 1);
        assert!(once[0].2);
        assert_eq!(ways(&automaton, once[0].1, &[true, true]), [(1, FOUND, false)]);
    }

    #[test]
    fn conditions_are_asked_for_one_by_one() {
        let automaton = Automaton::new(&[variable(1, None, true), variable(1, Some(1), false)]);
        let mut found = Vec::new();
        let nothing = |_: usize| None;
        assert_eq!(
            automaton.ways(automaton.start, nothing, &mut found),
            Err(Unknown(0))
        );
    }
}
