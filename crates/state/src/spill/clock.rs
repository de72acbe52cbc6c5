//! Which keys were not used lately.
//!
//! A key that comes is on probation: the keys that came longest ago are the first to go, unless they were used again since.
//! Most never are, and so do not push out those that are used now and then. Over those goes the hand of a clock, with a small
//! count for each. A key that went not long ago and comes back is not on probation.

use std::collections::VecDeque;

/// A key that was used so often stays for so many rounds.
const COUNT_MAX: u8 = 3;
const COUNT: u8 = 0b0011;

/// It came with the chunk at hand: what this chunk does with it is one use, not two.
const NEW: u8 = 0b0100;

/// It is not in the store as it is here.
const WRITTEN: u8 = 0b0_1000;

/// The store has it, though perhaps not as it is here.
const KEPT: u8 = 0b1_0000;

/// It came lately, and was not used since. The hand leaves it alone.
const PROBATION: u8 = 0b10_0000;

/// It stands among those that have come, for whatever reason.
const QUEUED: u8 = 0b100_0000;

/// Of a key on probation: it has come anew since it stands there. Of another: it is chosen.
const AGAIN: u8 = 0b1000_0000;
const CHOSEN: u8 = AGAIN;

/// The part of the keys that stays on probation.
const PROBATION_PART: usize = 16;

/// By number of a key.
#[derive(Debug, Default)]
pub struct Clock {
    marks: Vec<u8>,
    /// Those that have come, in order, each once; and among them some that are not on probation any more.
    probation: VecDeque<u32>,
    hand: usize,
}

impl Clock {
    pub fn make_room(&mut self, numbers: usize) {
        if numbers > self.marks.len() {
            self.marks.resize(numbers, 0);
        }
    }

    /// Notes that a key has come.
    pub fn come(&mut self, number: u32) {
        let mark = &mut self.marks[number as usize];
        if *mark & QUEUED == 0 {
            self.probation.push_back(number);
            *mark = NEW | PROBATION | QUEUED;
        } else {
            *mark = NEW | PROBATION | QUEUED | AGAIN;
        }
    }

    /// Notes that the store has something of a key that has come. `has_just_gone`: it was not there for long.
    pub fn come_back(&mut self, number: u32, has_just_gone: bool) {
        let mark = &mut self.marks[number as usize];
        *mark |= KEPT;
        if has_just_gone {
            *mark &= !(PROBATION | AGAIN);
        }
    }

    /// Whether it has come and was not written since.
    pub fn is_new(&self, number: u32) -> bool {
        self.marks[number as usize] & NEW != 0
    }

    /// Notes that a key is written.
    #[inline]
    pub fn write(&mut self, number: u32) {
        let mark = &mut self.marks[number as usize];
        if *mark & NEW == 0 && *mark & COUNT < COUNT_MAX {
            *mark += 1;
        }
        *mark = *mark & !NEW | WRITTEN;
    }

    /// Notes that the store has it as it is here.
    pub fn keep(&mut self, number: u32) {
        let mark = &mut self.marks[number as usize];
        *mark = *mark & !WRITTEN | KEPT;
    }

    /// Whether the store has it, though perhaps not as it is here.
    pub fn is_kept(&self, number: u32) -> bool {
        self.marks[number as usize] & KEPT != 0
    }

    /// Whether the store does not have it as it is here.
    pub fn is_written(&self, number: u32) -> bool {
        self.marks[number as usize] & WRITTEN != 0
    }

    /// A key is gone.
    pub fn forget(&mut self, number: u32) {
        self.marks[number as usize] &= QUEUED;
    }

    /// Chooses so many keys among those that are there, the ones that were not used for longest. `held`: how many there are.
    pub fn choose(&mut self, count: usize, held: usize, is_there: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut chosen = Vec::with_capacity(count);
        for stay in [held / PROBATION_PART, 0] {
            self.end_probation(count, stay, &is_there, &mut chosen);
            self.turn(count, &is_there, &mut chosen);
        }
        for number in &chosen {
            self.marks[*number as usize] &= !CHOSEN;
        }
        chosen.sort_unstable();
        chosen
    }

    /// Of those on probation, but for so many that came last: chooses the ones that were not used again.
    fn end_probation(
        &mut self,
        count: usize,
        stay: usize,
        is_there: impl Fn(u32) -> bool,
        chosen: &mut Vec<u32>,
    ) {
        while chosen.len() < count && self.probation.len() > stay {
            let Some(number) = self.probation.pop_front() else {
                return;
            };
            let mark = &mut self.marks[number as usize];
            if *mark & PROBATION == 0 {
                *mark &= !QUEUED;
                continue;
            }
            if *mark & AGAIN != 0 {
                *mark &= !AGAIN;
                self.probation.push_back(number);
                continue;
            }
            *mark &= !(PROBATION | QUEUED);
            if !is_there(number) {
                continue;
            }
            if *mark & COUNT > 0 {
                *mark &= !COUNT;
            } else {
                *mark |= CHOSEN;
                chosen.push(number);
            }
        }
    }

    /// Lets the hand go round, until it has chosen enough or met none that it could choose.
    fn turn(&mut self, count: usize, is_there: impl Fn(u32) -> bool, chosen: &mut Vec<u32>) {
        let mut in_vain = 0;
        while chosen.len() < count && in_vain < self.marks.len() {
            if self.hand >= self.marks.len() {
                self.hand = 0;
            }
            let mark = &mut self.marks[self.hand];
            let number = self.hand as u32;
            self.hand += 1;
            if *mark & (PROBATION | CHOSEN) != 0 || !is_there(number) {
                in_vain += 1;
                continue;
            }
            in_vain = 0;
            if *mark & COUNT > 0 {
                *mark -= 1;
            } else {
                *mark |= CHOSEN;
                chosen.push(number);
            }
        }
    }

    pub fn size_bytes(&self) -> usize {
        self.marks.capacity() + self.probation.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(numbers: u32) -> Clock {
        let mut clock = Clock::default();
        clock.make_room(numbers as usize);
        for number in 0..numbers {
            clock.come(number);
            clock.write(number);
        }
        clock
    }

    #[test]
    fn what_is_used_often_stays_longer() {
        let mut clock = clock(10);
        (0..10).for_each(|number| clock.come_back(number, true));
        for _ in 0..5 {
            (0..3).for_each(|number| clock.write(number));
        }
        clock.write(7);
        assert_eq!(clock.choose(4, 10, |_| true), [3, 4, 5, 6]);
        assert_eq!(clock.choose(2, 10, |number| !(3..=6).contains(&number)), [8, 9]);
        assert_eq!(
            clock.choose(9, 10, |number| number < 3 || number == 7),
            [0, 1, 2, 7]
        );
    }

    #[test]
    fn what_comes_once_goes_before_what_is_used_now_and_then() {
        let mut clock = clock(1_000);
        // All were used again.
        (0..1_000).for_each(|number| clock.write(number));
        let gone = clock.choose(100, 1_000, |_| true);
        assert_eq!(gone.len(), 100);
        // Others come in their place, one of which has just gone, and one is used again.
        for number in &gone {
            clock.forget(*number);
            clock.come(*number);
            clock.write(*number);
        }
        clock.come_back(gone[0], true);
        clock.write(gone[1]);
        let stay = 1_000 / PROBATION_PART;
        let next = clock.choose(100 - stay - 2, 1_000, |_| true);
        assert_eq!(next, gone[2..100 - stay]);
    }

    #[test]
    fn as_many_are_chosen_as_are_asked_for() {
        for used in [0, 1, 2, 100] {
            for count in 90..=110 {
                let mut clock = clock(100);
                (0..used).for_each(|number| clock.write(number));
                // Of these some stand among those that have come all the same, and some have come anew.
                (20..60).for_each(|number| clock.come_back(number, true));
                for number in 50..70 {
                    clock.forget(number);
                    clock.come(number);
                    clock.write(number);
                    clock.come_back(number, number % 2 == 0);
                }
                let mut chosen = clock.choose(count, 100, |_| true);
                chosen.dedup();
                assert_eq!(chosen.len(), count.min(100), "{count} with {used} used again");
                assert!(
                    clock
                        .marks
                        .iter()
                        .all(|mark| mark & CHOSEN == 0 || mark & PROBATION != 0)
                );
            }
        }
    }

    #[test]
    fn nobody_is_chosen_twice_whatever_happens() {
        let mut random = stdx::Random::new(3);
        let mut clock = clock(200);
        let mut is_there = [true; 200];
        for round in 0..2_000 {
            for _ in 0..random.below(40) {
                let number = random.below(200) as u32;
                match random.below(3) {
                    0 if !is_there[number as usize] => {
                        clock.come(number);
                        if random.below(2) == 0 {
                            clock.come_back(number, random.below(2) == 0);
                        }
                        clock.write(number);
                        is_there[number as usize] = true;
                    }
                    1 if is_there[number as usize] && random.below(4) == 0 => {
                        clock.forget(number);
                        is_there[number as usize] = false;
                    }
                    _ if is_there[number as usize] => clock.write(number),
                    _ => {}
                }
            }
            let held = is_there.iter().filter(|is_there| **is_there).count();
            let count = random.below(60) as usize;
            let chosen = clock.choose(count, held, |number| is_there[number as usize]);
            assert_eq!(chosen.len(), count.min(held), "round {round}");
            for number in chosen {
                assert!(std::mem::take(&mut is_there[number as usize]), "round {round}");
                clock.forget(number);
            }
        }
    }

    #[test]
    fn keys_that_were_not_there_can_go_when_they_are() {
        let mut clock = clock(1_000);
        assert!(clock.choose(250, 1_000, |_| false).is_empty());
        assert_eq!(clock.choose(1_000, 1_000, |_| true).len(), 1_000);
    }

    #[test]
    fn a_number_that_comes_anew_is_on_probation_anew() {
        let mut clock = clock(100);
        clock.forget(0);
        clock.come(0);
        clock.write(0);
        let stay = 100 / PROBATION_PART;
        let chosen = clock.choose(100 - stay, 100, |_| true);
        assert!(!chosen.contains(&0), "it came last");
    }

    #[test]
    fn keys_that_come_and_go_leave_nothing() {
        let mut clock = clock(100);
        for _ in 0..10_000 {
            clock.forget(7);
            clock.come(7);
        }
        assert!(clock.size_bytes() < 2_000, "{} bytes", clock.size_bytes());
        assert_eq!(clock.choose(1_000, 100, |_| true).len(), 100);
    }

    #[test]
    fn it_knows_what_the_store_has() {
        let mut clock = clock(2);
        clock.come_back(0, false);
        assert!(clock.is_kept(0) && clock.is_written(0) && !clock.is_kept(1));
        clock.keep(0);
        assert!(clock.is_kept(0) && !clock.is_written(0));
        clock.forget(0);
        assert!(!clock.is_kept(0));
    }
}
