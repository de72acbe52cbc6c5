//! Rows that runs of a pattern have taken, each linked to the one taken before.
//!
//! Runs share the rows of their common past. A link is gone when no run and no later link stands on it, and a row
//! when no link does.

use super::MatchRows;
use crate::{NO_ROW, Slab};

/// A row as one run took it.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// The number of the row.
    pub row: u32,
    /// Who took it, by its place in the pattern.
    pub variable: u32,
    /// The link before, or [`NO_ROW`].
    pub before: u32,
    /// The first link of the rows that the variable took, and how many there are up to this one.
    pub first: u32,
    pub length: u32,
    users: u32,
}

#[derive(Debug, Default)]
pub struct Chains {
    links: Vec<Link>,
    numbers: Slab,
}

impl Chains {
    pub fn link(&self, number: u32) -> &Link {
        &self.links[number as usize]
    }

    /// A row behind what was taken before. Nobody stands on it yet.
    pub fn take(&mut self, row: u32, variable: u32, before: u32, rows: &mut MatchRows) -> u32 {
        let number = self.numbers.take();
        let (mut first, mut length) = (number, 1);
        if before != NO_ROW {
            let link = &mut self.links[before as usize];
            link.users += 1;
            if link.variable == variable {
                (first, length) = (link.first, link.length + 1);
            }
        }
        let link = Link {
            row,
            variable,
            before,
            first,
            length,
            users: 0,
        };
        match self.links.get_mut(number as usize) {
            Some(place) => *place = link,
            None => self.links.push(link),
        }
        rows.lock(row);
        number
    }

    pub fn lock(&mut self, number: u32) {
        self.links[number as usize].users += 1;
    }

    pub fn release(&mut self, number: u32, rows: &mut MatchRows) {
        let mut number = number;
        while number != NO_ROW {
            let link = &mut self.links[number as usize];
            link.users -= 1;
            if link.users > 0 {
                break;
            }
            let before = link.before;
            rows.release(link.row);
            self.numbers.give_back(&[number]);
            number = before;
        }
    }

    /// The last row that a variable took, up to a link.
    pub fn last_of(&self, number: u32, variable: u32) -> Option<&Link> {
        let mut number = number;
        while number != NO_ROW {
            let link = self.link(number);
            if link.variable == variable {
                return Some(link);
            }
            number = self.link(link.first).before;
        }
        None
    }

    /// The row so many before a link.
    pub fn back(&self, number: u32, mut rows: usize) -> Option<&Link> {
        let mut number = number;
        while number != NO_ROW {
            let link = self.link(number);
            if rows == 0 {
                return Some(link);
            }
            rows -= 1;
            number = link.before;
        }
        None
    }

    /// How many rows were taken, up to a link.
    pub fn length(&self, number: u32) -> usize {
        let (mut number, mut length) = (number, 0);
        while number != NO_ROW {
            let link = self.link(number);
            length += link.length as usize;
            number = self.link(link.first).before;
        }
        length
    }

    pub fn size_bytes(&self) -> usize {
        self.links.capacity() * size_of::<Link>()
    }

    pub fn in_use(&self) -> usize {
        self.numbers.in_use()
    }
}
