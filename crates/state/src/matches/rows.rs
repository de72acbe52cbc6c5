//! The rows of a [`MatchTable`](super::MatchTable): those that wait and those that were taken.

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use dataflow::Error;

use crate::RowStore;

#[derive(Debug, Clone, Copy, Default)]
struct Kept {
    time_ms: i64,
    /// Its place in the order in which rows were worked off.
    number: u64,
    /// Links that stand on it, and whoever works on it.
    users: u32,
}

pub struct MatchRows {
    pub(super) store: RowStore,
    kept: Vec<Kept>,
    /// Rows that nobody uses any more.
    unused: Vec<u32>,
    next: u64,
}

impl MatchRows {
    pub(super) fn new(schema: SchemaRef) -> MatchRows {
        MatchRows {
            store: RowStore::new(schema),
            kept: Vec::new(),
            unused: Vec::new(),
            next: 0,
        }
    }

    pub fn schema(&self) -> &SchemaRef {
        self.store.schema()
    }

    pub fn len(&self) -> usize {
        self.store.len()
    }

    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    pub(super) fn open(&mut self, batch: &RecordBatch) {
        self.store.open(batch);
    }

    pub(super) fn close(&mut self) -> Result<(), Error> {
        self.store.close()
    }

    /// Keeps a row of the open batch, with one user.
    pub(super) fn keep(&mut self, place: usize, time_ms: i64) -> u32 {
        let row = self.store.keep(place);
        if self.kept.len() <= row as usize {
            self.kept.resize(row as usize + 1, Kept::default());
        }
        self.kept[row as usize] = Kept {
            time_ms,
            number: 0,
            users: 1,
        };
        row
    }

    /// Gives a row its place in the order of all.
    pub fn count(&mut self, row: u32) -> u64 {
        let number = self.next;
        self.next += 1;
        self.kept[row as usize].number = number;
        number
    }

    /// Puts a row back in its place.
    pub(super) fn restore(&mut self, row: u32, number: u64) {
        self.kept[row as usize].number = number;
        self.next = self.next.max(number + 1);
    }

    pub fn number(&self, row: u32) -> u64 {
        self.kept[row as usize].number
    }

    pub fn time_ms(&self, row: u32) -> i64 {
        self.kept[row as usize].time_ms
    }

    pub fn lock(&mut self, row: u32) {
        self.kept[row as usize].users += 1;
    }

    /// It stays readable until [`MatchRows::let_go`].
    pub fn release(&mut self, row: u32) {
        let kept = &mut self.kept[row as usize];
        kept.users -= 1;
        if kept.users == 0 {
            self.unused.push(row);
        }
    }

    /// Lets go of the rows that nobody uses.
    pub fn let_go(&mut self) -> Result<(), Error> {
        let unused = std::mem::take(&mut self.unused);
        self.store.release(&unused)
    }

    /// These rows, in their order.
    pub fn gather(&self, rows: &[u32]) -> Result<RecordBatch, Error> {
        self.store.gather(rows)
    }

    /// A column of these rows, in their order; NULL for [`NO_ROW`](crate::NO_ROW).
    pub fn gather_column(&self, column: usize, rows: &[u32]) -> Result<ArrayRef, Error> {
        self.store.gather_column(column, rows)
    }

    pub fn size_bytes(&self) -> usize {
        self.store.size_bytes() + self.kept.capacity() * size_of::<Kept>()
    }
}
