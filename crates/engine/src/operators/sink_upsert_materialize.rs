//! Makes upserts by the key of a table out of a changelog whose rows have another key, or none.
//!
//! Several rows can claim a key at a time, and changes of different rows come in any order. All rows of a key are held
//! in the order in which they came: the last is the one that the table has. As Flink's SinkUpsertMaterializer.

use dataflow::{Chunk, Epoch, Error};
use model::RowKind;
use state::{Extent, KeyedRows, OperatorSnapshot};

use crate::expiry::Expiry;
use crate::operator::{Gauges, Operator, Output};
use crate::operators::Build;

/// The tables' names in snapshots.
const ROWS: &str = "rows";
const AGES: &str = "ages";

pub(super) struct SinkUpsertMaterialize {
    rows: KeyedRows,
    expiry: Expiry,
}

impl SinkUpsertMaterialize {
    pub fn new(build: &Build<'_>, keys: &[usize]) -> Result<SinkUpsertMaterialize, Error> {
        let mut rows = KeyedRows::new(
            build.input()?.arrow(),
            keys,
            build.options.key_groups,
            build.state_budget(),
        )?;
        let expiry = build.expiry(0);
        let moment = expiry.moment();
        for batch in build.restored(ROWS) {
            rows.restore(&batch, moment)?;
        }
        for batch in build.restored(AGES) {
            rows.restore_ages(&batch, moment)?;
        }
        Ok(SinkUpsertMaterialize { rows, expiry })
    }
}

impl Operator for SinkUpsertMaterialize {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let moment = self.expiry.moment();
        let numbers = self.rows.intern(&chunk.batch, moment)?;
        let (mut changed, mut kinds) = (Vec::new(), Vec::new());
        for (place, (&key, row)) in numbers.iter().zip(self.rows.encode(&chunk.batch)?).enumerate() {
            self.rows.expire(key, moment);
            let held = self.rows.rows(key);
            if chunk.kind(place).is_addition() {
                kinds.push(if held.is_empty() {
                    RowKind::Insert
                } else {
                    RowKind::UpdateAfter
                });
                changed.push(row.clone());
                self.rows.push(key, row);
                self.rows.touch(key, moment);
                continue;
            }
            let Some(found) = held.iter().position(|other| *other == row) else {
                continue;
            };
            let row = self.rows.remove(key, found);
            self.rows.touch(key, moment);
            match self.rows.rows(key) {
                [] => {
                    kinds.push(RowKind::Delete);
                    changed.push(row);
                }
                [.., last] if found == self.rows.rows(key).len() => {
                    kinds.push(RowKind::UpdateAfter);
                    changed.push(last.clone());
                }
                _ => {}
            }
        }
        self.rows.finish(numbers)?;
        if !changed.is_empty() {
            out.chunk(Chunk {
                batch: self.rows.decode(changed.iter())?,
                kinds: Some(kinds.into()),
            });
        }
        Ok(())
    }

    fn snapshot(&mut self, _epoch: Epoch, extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let [rows, ages] = self.rows.snapshot(extent)?;
        snapshot.tables.insert(ROWS.to_string(), rows);
        snapshot.tables.insert(AGES.to_string(), ages);
        Ok(snapshot)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        self.expiry.next_tick_ms(self.rows.has_ages())
    }

    fn tick(&mut self, now_ms: i64, _out: &mut Output) -> Result<(), Error> {
        let rows = &mut self.rows;
        self.expiry
            .sweep(now_ms, |looks, moment| rows.sweep(looks, moment))
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            state_bytes: self.rows.size_bytes(),
            ..Gauges::of_tier(self.rows.tier())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{Int64Array, RecordBatch};
    use arrow_schema::{DataType, Field, Schema};
    use dataflow::Message;

    use super::*;

    #[test]
    fn of_the_rows_that_claim_a_key_the_last_counts() {
        let fields = ["key", "row"].map(|name| Field::new(name, DataType::Int64, true));
        let schema = Arc::new(Schema::new(fields.to_vec()));
        let clock = Arc::new(stdx::ManualClock::at_ms(0));
        let context = Arc::new(dataflow::EvaluationContext::new(chrono_tz::UTC, clock));
        let mut operator = SinkUpsertMaterialize {
            rows: KeyedRows::new(schema.clone(), &[0], 128, None).unwrap(),
            expiry: Expiry::new(None, &context),
        };
        let mut change = |kind: RowKind, row: i64| -> Vec<String> {
            let columns: Vec<arrow_array::ArrayRef> = vec![
                Arc::new(Int64Array::from(vec![7])),
                Arc::new(Int64Array::from(vec![row])),
            ];
            let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
            let kinds = Some(Arc::from([kind]));
            let mut out = Output::default();
            operator.data(0, Chunk { batch, kinds }, &mut out).unwrap();
            let shown = |message: &Message| match message {
                Message::Data(chunk) => {
                    let row = chunk.batch.column(1).as_primitive::<Int64Type>().value(0);
                    format!("{}{row}", chunk.kind(0))
                }
                other => panic!("{other:?}"),
            };
            out.messages.iter().map(shown).collect()
        };
        assert_eq!(change(RowKind::Insert, 1), ["+I1"]);
        assert_eq!(change(RowKind::Insert, 2), ["+U2"]);
        assert_eq!(change(RowKind::Insert, 3), ["+U3"]);
        // One that does not show goes away unseen, the last gives way to the one before it.
        assert!(change(RowKind::Delete, 1).is_empty());
        assert_eq!(change(RowKind::UpdateBefore, 3), ["+U2"]);
        assert!(change(RowKind::Delete, 9).is_empty());
        assert_eq!(change(RowKind::Delete, 2), ["-D2"]);
        assert_eq!(change(RowKind::UpdateAfter, 4), ["+I4"]);
    }
}
