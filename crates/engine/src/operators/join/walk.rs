//! The way of a chunk through the rows of the other input that have its keys.

use state::{JoinRows, Moment, NO_ROW};

/// How far a chunk is.
pub(super) struct Walk {
    /// The numbers of the keys of its rows.
    keys: Vec<u32>,
    /// The row at hand.
    row: usize,
    begun: bool,
    /// The next row of the other input for it, once it has begun.
    other: u32,
}

/// Pairs of rows with equal keys.
pub(super) struct Candidates {
    pub first_row: usize,
    /// Places of rows in the chunk, and numbers of rows of the other input.
    pub own: Vec<u32>,
    pub others: Vec<u32>,
    /// Behind how many pairs each row ends, from the first one on; the last one may not have ended.
    pub ends: Vec<usize>,
}

impl Walk {
    pub fn new(keys: Vec<u32>) -> Walk {
        Walk {
            keys,
            row: 0,
            begun: false,
            other: NO_ROW,
        }
    }

    pub fn key(&self, row: usize) -> u32 {
        self.keys[row]
    }

    pub fn is_done(&self) -> bool {
        self.row == self.keys.len()
    }

    /// The next pairs, so many at most. Rows that are over at the moment are left out.
    pub fn candidates(&mut self, side: &JoinRows, moment: Moment, pairs_max: usize) -> Candidates {
        let mut candidates = Candidates {
            first_row: self.row,
            own: Vec::with_capacity(pairs_max),
            others: Vec::with_capacity(pairs_max),
            ends: Vec::new(),
        };
        let Candidates {
            own, others, ends, ..
        } = &mut candidates;
        while self.row < self.keys.len() && others.len() < pairs_max {
            if !self.begun {
                self.begun = true;
                self.other = side.first(self.keys[self.row]);
            }
            while self.other != NO_ROW && others.len() < pairs_max {
                if !side.is_over(self.other, moment) {
                    own.push(self.row as u32);
                    others.push(self.other);
                }
                self.other = side.next(self.other);
            }
            if self.other == NO_ROW {
                ends.push(others.len());
                self.row += 1;
                self.begun = false;
            }
        }
        candidates
    }
}
