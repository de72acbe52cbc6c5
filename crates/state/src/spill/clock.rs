//! Which keys were not used lately: a clock whose hand goes round over their numbers, with a small count for each.

/// A key that was used so often stays for so many rounds.
const COUNT_MAX: u8 = 3;
const COUNT: u8 = 0b0011;

/// It came with the chunk at hand: what this chunk does with it is one use, not two.
const NEW: u8 = 0b0100;

/// It is not in the store as it is here.
const WRITTEN: u8 = 0b0_1000;

/// The store has it, though perhaps not as it is here.
const KEPT: u8 = 0b1_0000;

/// By number of a key.
#[derive(Debug, Default)]
pub struct Clock {
    marks: Vec<u8>,
    hand: usize,
}

impl Clock {
    pub fn make_room(&mut self, numbers: usize) {
        if numbers > self.marks.len() {
            self.marks.resize(numbers, 0);
        }
    }

    /// Notes that a key has come: from the store, or as a new one.
    pub fn come(&mut self, number: u32, is_kept: bool) {
        self.marks[number as usize] = if is_kept { NEW | KEPT } else { NEW };
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
        self.marks[number as usize] = 0;
    }

    /// Chooses so many keys among those that are there, the ones that were not used for longest.
    pub fn choose(&mut self, count: usize, is_there: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut chosen = Vec::with_capacity(count);
        // After so many rounds every count is zero.
        let mut looks = self.marks.len() * (usize::from(COUNT_MAX) + 2);
        while chosen.len() < count && looks > 0 {
            looks -= 1;
            if self.hand >= self.marks.len() {
                self.hand = 0;
            }
            let mark = &mut self.marks[self.hand];
            let number = self.hand as u32;
            self.hand += 1;
            if !is_there(number) {
                continue;
            }
            if *mark & COUNT > 0 {
                *mark -= 1;
            } else {
                chosen.push(number);
            }
        }
        // Where it went round more than once it has met some twice.
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    pub fn size_bytes(&self) -> usize {
        self.marks.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_often_stays_longer() {
        let mut clock = Clock::default();
        clock.make_room(10);
        for number in 0..10 {
            clock.come(number, false);
            clock.write(number);
        }
        for _ in 0..5 {
            (0..3).for_each(|number| clock.write(number));
        }
        clock.write(7);
        assert_eq!(clock.choose(4, |_| true), [3, 4, 5, 6]);
        assert_eq!(clock.choose(2, |number| !(3..=6).contains(&number)), [8, 9]);
        assert_eq!(clock.choose(9, |number| number < 3 || number == 7), [0, 1, 2, 7]);
    }

    #[test]
    fn it_knows_what_the_store_has() {
        let mut clock = Clock::default();
        clock.make_room(2);
        clock.come(0, true);
        clock.come(1, false);
        assert!(clock.is_kept(0) && !clock.is_written(0) && !clock.is_kept(1));
        clock.write(0);
        assert!(clock.is_kept(0) && clock.is_written(0));
        clock.keep(0);
        assert!(clock.is_kept(0) && !clock.is_written(0));
        clock.forget(0);
        assert!(!clock.is_kept(0));
    }
}
