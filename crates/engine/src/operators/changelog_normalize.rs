//! Makes a changelog of what may come twice, or without what was before: by key, each row against the one before it.
//!
//! The first row of a key is an insert, another one an update of the row that is held, the same again nothing; what
//! takes back removes the row that is held, whatever it says, and nothing if there is none. Where state expires, the
//! same again is told too, or those behind would forget what is alive. As Flink's ChangelogNormalize.

use arrow_array::RecordBatch;
use dataflow::{Chunk, Epoch, Error};
use model::RowKind;
use state::keyed_rows::HeldRow;
use state::{Extent, KeyedRows, OperatorSnapshot};

use crate::expiry::Expiry;
use crate::operator::{Gauges, Operator, Output};
use crate::operators::Build;

/// The tables' names in snapshots.
const ROWS: &str = "rows";
const AGES: &str = "ages";

pub(super) struct ChangelogNormalize {
    latest: KeyedRows,
    expiry: Expiry,
}

impl ChangelogNormalize {
    pub fn new(build: &Build<'_>, keys: &[usize]) -> Result<ChangelogNormalize, Error> {
        let mut latest = KeyedRows::new(
            build.input()?.arrow(),
            keys,
            build.options.key_groups,
            build.state_budget(),
        )?;
        let expiry = build.expiry(0);
        let moment = expiry.moment();
        for batch in build.restored(ROWS) {
            latest.restore(&batch, moment)?;
        }
        for batch in build.restored(AGES) {
            latest.restore_ages(&batch, moment)?;
        }
        Ok(ChangelogNormalize { latest, expiry })
    }

    fn changes(&mut self, chunk: &Chunk) -> Result<(Vec<HeldRow>, Vec<RowKind>), Error> {
        let moment = self.expiry.moment();
        let numbers = self.latest.intern(&chunk.batch, moment)?;
        let rows = self.latest.encode(&chunk.batch)?;
        let (mut changed, mut kinds) = (Vec::new(), Vec::new());
        for (place, (&key, row)) in numbers.iter().zip(rows).enumerate() {
            self.latest.expire(key, moment);
            if !chunk.kind(place).is_addition() {
                if !self.latest.rows(key).is_empty() {
                    changed.push(self.latest.remove(key, 0));
                    kinds.push(RowKind::Delete);
                }
                continue;
            }
            match self.latest.rows(key).first() {
                Some(before) if *before == row && !self.expiry.is_on() => continue,
                Some(_) => {
                    changed.push(self.latest.remove(key, 0));
                    kinds.extend([RowKind::UpdateBefore, RowKind::UpdateAfter]);
                }
                None => kinds.push(RowKind::Insert),
            }
            changed.push(row.clone());
            self.latest.push(key, row);
            self.latest.touch(key, moment);
        }
        self.latest.finish(numbers)?;
        Ok((changed, kinds))
    }
}

impl Operator for ChangelogNormalize {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let (changed, kinds) = self.changes(&chunk)?;
        if changed.is_empty() {
            return Ok(());
        }
        let batch: RecordBatch = self.latest.decode(changed.iter())?;
        out.chunk(Chunk {
            batch,
            kinds: Some(kinds.into()),
        });
        Ok(())
    }

    fn snapshot(&mut self, _epoch: Epoch, extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let [rows, ages] = self.latest.snapshot(extent)?;
        snapshot.tables.insert(ROWS.to_string(), rows);
        snapshot.tables.insert(AGES.to_string(), ages);
        Ok(snapshot)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        self.expiry.next_tick_ms(self.latest.has_ages())
    }

    fn tick(&mut self, now_ms: i64, _out: &mut Output) -> Result<(), Error> {
        let latest = &mut self.latest;
        self.expiry
            .sweep(now_ms, |looks, moment| latest.sweep(looks, moment))
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            state_bytes: self.latest.size_bytes(),
            ..Gauges::of_tier(self.latest.tier())
        }
    }
}
