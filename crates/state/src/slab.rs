//! Small numbers with a free list: slots of columns that hold one thing a group.

#[derive(Debug, Default)]
pub struct Slab {
    free: Vec<u32>,
    high: u32,
}

impl Slab {
    pub fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.high += 1;
            self.high - 1
        })
    }

    pub fn give_back(&mut self, numbers: &[u32]) {
        self.free.extend_from_slice(numbers);
        if self.free.len() == self.high as usize {
            // Nothing is in use: count from zero again, in order, which keeps columns dense.
            self.free.clear();
            self.high = 0;
        }
    }

    /// All numbers in use are below it.
    pub fn high(&self) -> usize {
        self.high as usize
    }

    pub fn in_use(&self) -> usize {
        self.high as usize - self.free.len()
    }
}
