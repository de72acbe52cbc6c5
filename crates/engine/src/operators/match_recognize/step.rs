//! Takes rows whose time has come through the pattern, many keys at a time.
//!
//! Rows of a key go one by one: a round holds one row of each key. Every run of the key is asked for its ways on with
//! the row; the conditions that it needs to know for that are computed for all runs of the round together.
//!
//! As Flink's `NFA`: a match is told when no run is left that began before it, and then takes with it the runs
//! that the skip strategy rules out.

use std::collections::HashMap;
use std::ops::Range;

use dataflow::Error;
use graph::MatchSkip;
use state::matches::{DueRow, NOT_BEGUN, Run, RunQueue};
use state::{MatchTable, NO_ROW};

use super::automaton::{FOUND, State, Taken, Unknown};
use super::lookup::{Path, Source};
use super::{Condition, Matcher};

/// A match to be told. Its link is locked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub link: u32,
    pub time_ms: i64,
}

/// Runs with the rows that they are asked about, those of a row together.
#[derive(Default)]
struct Asked {
    runs: Vec<AskedRun>,
    ways: Vec<Taken>,
    /// Whether conditions hold: one a run and variable.
    answers: Vec<Option<bool>>,
}

struct AskedRun {
    run: Run,
    /// The place of the row among those of the round.
    place: usize,
    /// Among the ways of all.
    ways: Range<usize>,
}

/// A row of a round, and its place among all rows that are worked off with it.
#[derive(Clone, Copy)]
struct Entry {
    due: DueRow,
    number: usize,
}

impl Matcher {
    /// Takes rows through the pattern in their order.
    pub(super) fn work(
        &mut self,
        table: &mut MatchTable,
        due: &[DueRow],
        found: &mut Vec<Found>,
    ) -> Result<(), Error> {
        let settled = self.settle(table, due)?;
        for round in rounds(due) {
            for entry in &round {
                self.advance(table, entry.due.key, entry.due.time_ms, found)?;
            }
            let asked = self.ask(table, &round, &settled)?;
            self.take(table, &round, asked, found)?;
        }
        Ok(())
    }

    /// Conditions that look at nothing but the row: by variable, one a row.
    fn settle(&self, table: &MatchTable, due: &[DueRow]) -> Result<Vec<Option<Vec<bool>>>, Error> {
        let rows: Vec<u32> = due.iter().map(|due| due.row).collect();
        let looks_at_rows = |condition: &Condition| matches!(condition, Condition::Row(_));
        let batch = match self.conditions.iter().any(looks_at_rows) {
            true => Some(table.rows.gather(&rows)?),
            false => None,
        };
        let settled = self.conditions.iter().map(|condition| match (condition, &batch) {
            (Condition::Always, _) => Ok(Some(vec![true; due.len()])),
            (Condition::Row(condition), Some(batch)) => condition.evaluate(batch, &self.context).map(Some),
            _ => Ok(None),
        });
        settled.collect()
    }

    /// Asks all runs of the keys for their ways on.
    fn ask(
        &mut self,
        table: &mut MatchTable,
        round: &[Entry],
        settled: &[Option<Vec<bool>>],
    ) -> Result<Asked, Error> {
        let mut asked = Asked::default();
        for (place, entry) in round.iter().enumerate() {
            for run in std::mem::take(&mut table.group(entry.due.key).partial).into_runs() {
                asked.runs.push(AskedRun {
                    run,
                    place,
                    ways: 0..0,
                });
                let answers = settled
                    .iter()
                    .map(|known| known.as_ref().map(|known| known[entry.number]));
                asked.answers.extend(answers);
            }
        }
        let width = self.conditions.len();
        let mut open: Vec<usize> = (0..asked.runs.len()).collect();
        let mut unknown: Vec<Vec<usize>> = vec![Vec::new(); width];
        while !open.is_empty() {
            for number in open.drain(..) {
                let one = &mut asked.runs[number];
                let answers = &asked.answers[number * width..][..width];
                let from = asked.ways.len();
                let known = |variable: usize| answers[variable];
                match self.automaton.ways(one.run.state, known, &mut asked.ways) {
                    Ok(()) => one.ways = from..asked.ways.len(),
                    Err(Unknown(variable)) => unknown[variable].push(number),
                }
            }
            for (variable, numbers) in unknown
                .iter_mut()
                .enumerate()
                .filter(|(_, numbers)| !numbers.is_empty())
            {
                let answers = self.answers(table, round, &asked, variable, numbers)?;
                for (number, answer) in numbers.iter().zip(answers) {
                    asked.answers[number * width + variable] = Some(answer);
                }
                open.append(numbers);
            }
        }
        Ok(asked)
    }

    /// Whether the condition of a variable holds for these runs, each with its row.
    fn answers(
        &mut self,
        table: &MatchTable,
        round: &[Entry],
        asked: &Asked,
        variable: usize,
        numbers: &[usize],
    ) -> Result<Vec<bool>, Error> {
        let Condition::Path(condition) = &mut self.conditions[variable] else {
            return Err(Error::internal("a condition on rows has no answer"));
        };
        let paths: Vec<Path> = numbers
            .iter()
            .map(|number| {
                let one = &asked.runs[*number];
                let due = round[one.place].due;
                Path {
                    link: one.run.link,
                    next: Some((due.row, variable as u32)),
                    time_ms: due.time_ms,
                }
            })
            .collect();
        let source = Source {
            chains: &table.chains,
            rows: &table.rows,
        };
        condition.conditions(&paths, source)
    }

    /// Sends the runs on their ways.
    fn take(
        &mut self,
        table: &mut MatchTable,
        round: &[Entry],
        asked: Asked,
        found: &mut Vec<Found>,
    ) -> Result<(), Error> {
        let ways = asked.ways;
        let mut asked = asked.runs.into_iter().peekable();
        for (place, entry) in round.iter().enumerate() {
            let DueRow { key, row, time_ms } = entry.due;
            let number = table.rows.count(row);
            let (mut partial, mut ended) = (RunQueue::default(), RunQueue::default());
            while let Some(one) = asked.next_if(|one| one.place == place) {
                let run = one.run;
                let begins = run.link == NO_ROW;
                for way in &ways[one.ways.clone()] {
                    let link = table
                        .chains
                        .take(row, way.variable as u32, run.link, &mut table.rows);
                    let on = |state: State| Run {
                        state,
                        link,
                        start: if begins { number } else { run.start },
                        start_ms: if begins { time_ms } else { run.start_ms },
                    };
                    let end = (way.completes && way.target != FOUND).then_some(FOUND);
                    for state in [Some(way.target), end].into_iter().flatten() {
                        table.chains.lock(link);
                        match state {
                            FOUND => ended.push(on(FOUND)),
                            state => partial.push(on(state)),
                        }
                    }
                }
                if begins {
                    // Any row may begin a match.
                    partial.push(run);
                    if let Some(within_ms) = self.within_ms.filter(|_| !one.ways.is_empty()) {
                        table.expire_at(time_ms.saturating_add(within_ms), key);
                    }
                } else {
                    table.chains.release(run.link, &mut table.rows);
                }
            }
            table.group(key).partial = partial;
            for run in ended.into_runs() {
                table.group(key).completed.push(run);
            }
            self.tell(table, key, time_ms, found)?;
            table.rows.release(row);
        }
        Ok(())
    }

    /// Ends the runs of a key that are out of time then, and tells of matches that have waited for them.
    pub(super) fn advance(
        &self,
        table: &mut MatchTable,
        key: u32,
        time_ms: i64,
        found: &mut Vec<Found>,
    ) -> Result<(), Error> {
        let Some(within_ms) = self.within_ms else {
            return Ok(());
        };
        let expiry = |run: &Run| match run.start {
            NOT_BEGUN => i64::MAX,
            _ => run.start_ms.saturating_add(within_ms),
        };
        // One moment after the other, so that it does not matter in which strides time goes on.
        loop {
            let group = table.group(key);
            let next = group.partial.runs().iter().map(expiry).min();
            let Some(now_ms) = next.filter(|next| *next <= time_ms && *next < i64::MAX) else {
                return Ok(());
            };
            let mut kept = RunQueue::default();
            let mut gone = Vec::new();
            for run in std::mem::take(&mut group.partial).into_runs() {
                if expiry(&run) <= now_ms {
                    gone.push(run.link);
                } else {
                    kept.push(run);
                }
            }
            group.partial = kept;
            for link in gone {
                table.chains.release(link, &mut table.rows);
            }
            self.tell(table, key, now_ms, found)?;
        }
    }

    /// Tells the matches of a key that nothing holds back, as `processMatchesAccordingToSkipStrategy`.
    fn tell(
        &self,
        table: &mut MatchTable,
        key: u32,
        time_ms: i64,
        found: &mut Vec<Found>,
    ) -> Result<(), Error> {
        loop {
            let group = table.group(key);
            let Some(first) = group.completed.first().copied() else {
                return Ok(());
            };
            if group.partial.first().is_some_and(|run| run.start < first.start) {
                return Ok(());
            }
            group.completed.pop();
            let limit = self.limit(table, &first)?;
            let leaves = |run: &Run| run.start != NOT_BEGUN && run.start < limit;
            let group = table.group(key);
            let mut gone = group.partial.remove(leaves);
            gone.extend(group.completed.remove(leaves));
            for run in gone {
                table.chains.release(run.link, &mut table.rows);
            }
            found.push(Found {
                link: first.link,
                time_ms,
            });
        }
    }

    /// The number of the first row with which another match may begin.
    fn limit(&self, table: &MatchTable, run: &Run) -> Result<u64, Error> {
        let row = match self.skip {
            MatchSkip::PastLastRow => return Ok(table.rows.number(table.chains.link(run.link).row) + 1),
            MatchSkip::ToNextRow => return Ok(run.start + 1),
            MatchSkip::ToFirst(variable) => {
                let last = table.chains.last_of(run.link, variable as u32);
                last.map(|last| table.chains.link(last.first).row)
            }
            MatchSkip::ToLast(variable) => {
                let last = table.chains.last_of(run.link, variable as u32);
                last.map(|last| last.row)
            }
        };
        let Some(row) = row else {
            return Err(Error::evaluation(
                "MATCH_RECOGNIZE cannot skip to a variable that took no row of the match",
            ));
        };
        let number = table.rows.number(row);
        if number == run.start {
            return Err(Error::evaluation(
                "MATCH_RECOGNIZE cannot skip to the first row of the match, which would be found again",
            ));
        }
        Ok(number)
    }
}

/// Rows of which each key has at most one, in the order of the rows of a key.
fn rounds(due: &[DueRow]) -> Vec<Vec<Entry>> {
    let mut rounds: Vec<Vec<Entry>> = Vec::new();
    let mut next: HashMap<u32, usize> = HashMap::new();
    for (number, due) in due.iter().enumerate() {
        let round = next.entry(due.key).or_default();
        if rounds.len() <= *round {
            rounds.push(Vec::new());
        }
        rounds[*round].push(Entry { due: *due, number });
        *round += 1;
    }
    rounds
}
