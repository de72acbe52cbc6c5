//! In which order rows leave, and what is told of time between them.
//!
//! What was told of time closes a segment: it is told again when all rows of the segment have left, and no row of a later
//! segment leaves before. Within a segment rows leave in the order in which they came, or as they are answered.

use std::collections::VecDeque;

use crate::operator::Moved;

#[derive(Debug)]
pub(super) struct Queue {
    ordered: bool,
    /// The last one takes rows.
    segments: VecDeque<Segment>,
    /// The number of the first one.
    first: u64,
    /// By the number of a row: whether it waits for its answer.
    waits: Vec<bool>,
}

#[derive(Debug, Default)]
struct Segment {
    /// Rows in the order in which they leave: all of them, or those that are answered.
    rows: VecDeque<u32>,
    /// Rows that have not left.
    left: usize,
    then: Option<Moved>,
}

impl Queue {
    pub fn new(ordered: bool) -> Queue {
        Queue {
            ordered,
            segments: VecDeque::from([Segment::default()]),
            first: 0,
            waits: Vec::new(),
        }
    }

    /// Neither rows nor times wait.
    pub fn is_empty(&self) -> bool {
        self.segments.len() == 1 && self.segments[0].left == 0
    }

    /// Takes in a row that is not answered, and gives the number of its segment.
    pub fn add(&mut self, row: u32) -> u64 {
        let row = row as usize;
        if self.waits.len() <= row {
            self.waits.resize(row + 1, false);
        }
        self.waits[row] = true;
        let number = self.first + self.segments.len() as u64 - 1;
        let ordered = self.ordered;
        let segment = self.segment(number);
        segment.left += 1;
        if ordered {
            segment.rows.push_back(row as u32);
        }
        number
    }

    pub fn answered(&mut self, row: u32, segment: u64) {
        self.waits[row as usize] = false;
        if !self.ordered {
            self.segment(segment).rows.push_back(row);
        }
    }

    /// Tells something of time behind all rows that have come.
    pub fn add_time(&mut self, moved: Moved) {
        let last = self.segments.len() - 1;
        if self.segments[last].left == 0 && last > 0 {
            // No row has come since something was told last.
            let before = self.segments[last - 1].then.get_or_insert_default();
            before.watermark = moved.watermark.or(before.watermark);
            before.idle = moved.idle.or(before.idle);
            return;
        }
        self.segments[last].then = Some(moved);
        self.segments.push_back(Segment::default());
    }

    /// Whether something can leave.
    pub fn has_ready(&self) -> bool {
        let Some(front) = self.segments.front() else {
            return false;
        };
        match front.rows.front() {
            Some(&row) => !self.waits[row as usize],
            None => front.left == 0 && front.then.is_some(),
        }
    }

    /// The next row that can leave.
    pub fn take_row(&mut self) -> Option<u32> {
        let front = self.segments.front_mut()?;
        let row = front
            .rows
            .front()
            .copied()
            .filter(|&row| !self.waits[row as usize])?;
        front.rows.pop_front();
        front.left -= 1;
        Some(row)
    }

    /// What is told next, if all rows before it have left.
    pub fn take_time(&mut self) -> Option<Moved> {
        let moved = self
            .segments
            .front_mut()
            .filter(|front| front.left == 0)?
            .then
            .take()?;
        self.segments.pop_front();
        self.first += 1;
        Some(moved)
    }

    fn segment(&mut self, number: u64) -> &mut Segment {
        // A segment stays until all its rows have left.
        let place = (number - self.first) as usize;
        &mut self.segments[place]
    }

    pub fn size_bytes(&self) -> usize {
        let rows = self
            .segments
            .iter()
            .map(|segment| segment.rows.capacity())
            .sum::<usize>();
        rows * size_of::<u32>() + self.segments.len() * size_of::<Segment>() + self.waits.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watermark(time_ms: i64) -> Moved {
        Moved {
            idle: None,
            watermark: Some(time_ms),
        }
    }

    /// What leaves, rows as their numbers and watermarks as `@time`.
    fn leaving(queue: &mut Queue) -> String {
        let mut texts = Vec::new();
        while queue.has_ready() {
            match queue.take_time() {
                Some(moved) => texts.push(format!("@{}", moved.watermark.unwrap_or_default())),
                None => texts.extend(queue.take_row().map(|row| row.to_string())),
            }
        }
        texts.join(" ")
    }

    #[test]
    fn rows_leave_in_their_order() {
        let mut queue = Queue::new(true);
        let segment = queue.add(0);
        queue.add(1);
        queue.add_time(watermark(5));
        let later = queue.add(2);
        queue.answered(2, later);
        queue.answered(1, segment);
        assert_eq!(leaving(&mut queue), "");
        queue.answered(0, segment);
        assert_eq!(leaving(&mut queue), "0 1 @5 2");
        assert!(queue.is_empty());
    }

    #[test]
    fn rows_leave_as_they_are_answered_but_not_across_a_watermark() {
        let mut queue = Queue::new(false);
        let segment = queue.add(0);
        queue.add(1);
        queue.add_time(watermark(5));
        queue.add_time(watermark(6));
        let later = queue.add(2);
        queue.answered(2, later);
        queue.answered(1, segment);
        assert_eq!(leaving(&mut queue), "1");
        queue.answered(0, segment);
        assert_eq!(leaving(&mut queue), "0 @6 2");
        assert!(queue.is_empty());
    }
}
