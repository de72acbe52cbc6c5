//! Runs of a pattern by where they began, the first in front.
//!
//! Runs that began with the same row have no order, and which of them is told decides what else is. So that it is
//! the same one as in Flink, this is Java's `PriorityQueue` to the letter: the same heap, sifted alike.

use super::Run;

#[derive(Debug, Default, Clone)]
pub struct RunQueue {
    heap: Vec<Run>,
}

impl RunQueue {
    /// Runs that stood in such a queue, in the same places.
    pub(super) fn restored(heap: Vec<Run>) -> RunQueue {
        RunQueue { heap }
    }

    pub fn first(&self) -> Option<&Run> {
        self.heap.first()
    }

    /// All runs, as they stand in the heap.
    pub fn runs(&self) -> &[Run] {
        &self.heap
    }

    pub fn into_runs(self) -> Vec<Run> {
        self.heap
    }

    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    pub fn push(&mut self, run: Run) {
        self.heap.push(run);
        let mut at = self.heap.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if run.start >= self.heap[parent].start {
                break;
            }
            self.heap.swap(at, parent);
            at = parent;
        }
    }

    /// Takes out the first.
    pub fn pop(&mut self) -> Option<Run> {
        if self.heap.is_empty() {
            return None;
        }
        let first = self.heap.swap_remove(0);
        if !self.heap.is_empty() {
            self.sift_down(0);
        }
        Some(first)
    }

    /// Takes out those for which `leaves` is true.
    pub fn remove(&mut self, leaves: impl Fn(&Run) -> bool) -> Vec<Run> {
        let (gone, kept): (Vec<Run>, Vec<Run>) = self.heap.iter().partition(|run| leaves(run));
        if !gone.is_empty() {
            self.heap = kept;
            for at in (0..self.heap.len() / 2).rev() {
                self.sift_down(at);
            }
        }
        gone
    }

    fn sift_down(&mut self, mut at: usize) {
        let run = self.heap[at];
        while at < self.heap.len() / 2 {
            let mut child = 2 * at + 1;
            if child + 1 < self.heap.len() && self.heap[child].start > self.heap[child + 1].start {
                child += 1;
            }
            if run.start <= self.heap[child].start {
                break;
            }
            self.heap[at] = self.heap[child];
            at = child;
        }
        self.heap[at] = run;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run that began with row `start`, told apart by its state.
    fn run(start: u64, state: u32) -> Run {
        Run {
            state,
            link: crate::NO_ROW,
            start,
            start_ms: 0,
        }
    }

    fn states(queue: &RunQueue) -> Vec<u32> {
        queue.runs().iter().map(|run| run.state).collect()
    }

    // What java.util.PriorityQueue of Java 17 does with the same.
    #[test]
    fn runs_stand_where_java_puts_them() {
        let mut queue = RunQueue::default();
        for (state, start) in [5, 3, 3, 9, 1, 3, 1, 5].into_iter().enumerate() {
            queue.push(run(start, state as u32));
        }
        assert_eq!(states(&queue), [4, 1, 6, 7, 0, 5, 2, 3]);
        assert_eq!(queue.pop().map(|run| run.state), Some(4));
        assert_eq!(states(&queue), [6, 1, 5, 7, 0, 3, 2]);
        assert_eq!(queue.remove(|run| run.start == 1).len(), 1);
        assert_eq!(states(&queue), [1, 5, 2, 0, 3, 7]);
    }

    #[test]
    fn many_runs_stand_where_java_puts_them() {
        let starts = [
            5, 2, 6, 7, 6, 0, 3, 7, 1, 4, 3, 1, 5, 1, 6, 1, 6, 3, 4, 1, 7, 3, 1, 2, 4, 1, 8, 8, 5, 2, 5, 8,
            0, 0, 2, 0, 3, 0, 6, 1,
        ];
        let mut queue = RunQueue::default();
        for (state, start) in starts.into_iter().enumerate() {
            queue.push(run(start, state as u32));
        }
        for _ in 0..7 {
            queue.pop();
        }
        queue.remove(|run| run.state % 3 == 0);
        assert_eq!(
            states(&queue),
            [
                19, 11, 13, 22, 25, 34, 17, 10, 23, 1, 29, 38, 4, 20, 16, 2, 26, 28, 14, 31, 7
            ]
        );
    }
}
