//! Snapshots as bytes: lengths and numbers little-endian, batches as Arrow IPC streams.

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use dataflow::{Error, Position, Split};

use super::{LaneState, OperatorId, OperatorSnapshot, Snapshot, SplitState, TableSnapshot};
use crate::slices::arrow_error;

const MAGIC: &[u8; 8] = b"OCEANUS1";

pub(super) fn write(snapshot: &Snapshot) -> Result<Vec<u8>, Error> {
    let mut out = Writer(MAGIC.to_vec());
    out.number(snapshot.epoch);
    out.number(u64::from(snapshot.key_groups));
    out.number(snapshot.operators.len() as u64);
    for (id, operator) in &snapshot.operators {
        out.number(id.fingerprint);
        out.number(u64::from(id.number));
        out.optional(operator.watermark.map(|watermark| watermark as u64));
        out.number(operator.tables.len() as u64);
        for (name, table) in &operator.tables {
            out.bytes(name.as_bytes());
            out.number(table.groups.len() as u64);
            for (group, batches) in &table.groups {
                out.number(u64::from(*group));
                out.bytes(&write_batches(batches)?);
            }
        }
        out.number(operator.splits.len() as u64);
        for (id, state) in &operator.splits {
            out.bytes(id.as_bytes());
            out.bytes(state.split.id.as_bytes());
            out.bytes(state.split.lane.as_bytes());
            out.bytes(state.split.payload.as_bytes());
            out.number(u64::from(state.position.is_some()));
            if let Some(position) = &state.position {
                out.bytes(&position.0);
            }
            out.number(u64::from(state.ended));
        }
        out.number(operator.lanes.len() as u64);
        for (name, lane) in &operator.lanes {
            out.bytes(name.as_bytes());
            out.number(lane.current as u64);
            out.number(lane.sent as u64);
        }
        out.number(operator.committables.len() as u64);
        for committable in &operator.committables {
            out.bytes(committable);
        }
    }
    Ok(out.0)
}

pub(super) fn read(bytes: &[u8]) -> Result<Snapshot, Error> {
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return Err(damaged());
    };
    let mut input = Reader(rest);
    let mut snapshot = Snapshot {
        epoch: input.number()?,
        key_groups: input.small()?,
        ..Snapshot::default()
    };
    for _ in 0..input.number()? {
        let id = OperatorId {
            fingerprint: input.number()?,
            number: input.small()?,
        };
        let mut operator = OperatorSnapshot {
            watermark: input.optional()?.map(|watermark| watermark as i64),
            ..OperatorSnapshot::default()
        };
        for _ in 0..input.number()? {
            let name = input.text()?;
            let mut table = TableSnapshot::default();
            for _ in 0..input.number()? {
                let group = input.small()?;
                table.groups.insert(group, read_batches(input.bytes()?)?);
            }
            operator.tables.insert(name, table);
        }
        for _ in 0..input.number()? {
            let id = input.text()?;
            let split = Split {
                id: input.text()?,
                lane: input.text()?,
                payload: input.text()?,
            };
            let position = match input.number()? {
                0 => None,
                _ => Some(Position(input.bytes()?.to_vec())),
            };
            let ended = input.number()? != 0;
            let state = SplitState {
                split,
                position,
                ended,
            };
            operator.splits.insert(id, state);
        }
        for _ in 0..input.number()? {
            let name = input.text()?;
            let lane = LaneState {
                current: input.number()? as i64,
                sent: input.number()? as i64,
            };
            operator.lanes.insert(name, lane);
        }
        for _ in 0..input.number()? {
            operator.committables.push(input.bytes()?.to_vec());
        }
        snapshot.operators.insert(id, Arc::new(operator));
    }
    Ok(snapshot)
}

/// Batches of one table share a schema.
fn write_batches(batches: &[RecordBatch]) -> Result<Vec<u8>, Error> {
    let Some(first) = batches.first() else {
        return Ok(Vec::new());
    };
    let mut writer = StreamWriter::try_new(Vec::new(), &first.schema()).map_err(arrow_error)?;
    for batch in batches {
        writer.write(batch).map_err(arrow_error)?;
    }
    writer.into_inner().map_err(arrow_error)
}

fn read_batches(bytes: &[u8]) -> Result<Vec<RecordBatch>, Error> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let reader = StreamReader::try_new(Cursor::new(bytes), None).map_err(|_| damaged())?;
    reader.collect::<Result<_, _>>().map_err(|_| damaged())
}

fn damaged() -> Error {
    Error::Data {
        message: "the snapshot is damaged".to_string(),
        place: "snapshot".to_string(),
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn optional(&mut self, number: Option<u64>) {
        self.number(u64::from(number.is_some()));
        self.number(number.unwrap_or(0));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Result<u64, Error> {
        let (number, rest) = self.0.split_first_chunk::<8>().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*number))
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Result<T, Error> {
        T::try_from(self.number()?).map_err(|_| damaged())
    }

    fn optional(&mut self) -> Result<Option<u64>, Error> {
        let present = self.number()? != 0;
        let number = self.number()?;
        Ok(present.then_some(number))
    }

    fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length: usize = self.small()?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<String, Error> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| damaged())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Int64Array, StringArray};

    #[test]
    fn a_snapshot_survives_the_way_through_bytes() {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("k", Arc::new(StringArray::from(vec![Some("a"), None, Some("c")]))),
            ("v", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut operator = OperatorSnapshot {
            watermark: Some(-5),
            committables: vec![vec![1, 2]],
            ..OperatorSnapshot::default()
        };
        let mut table = TableSnapshot::default();
        table.add(&batch, 1, 128).unwrap();
        operator.tables.insert("windows".to_string(), table);
        let split = Split {
            id: "s".to_string(),
            lane: "l".to_string(),
            payload: "p".to_string(),
        };
        operator.splits.insert(
            "s".to_string(),
            SplitState {
                split,
                position: Some(Position(vec![9])),
                ended: false,
            },
        );
        operator
            .lanes
            .insert("l".to_string(), LaneState { current: 7, sent: 3 });
        let mut snapshot = Snapshot {
            epoch: 4,
            key_groups: 128,
            ..Snapshot::default()
        };
        let id = OperatorId {
            fingerprint: u64::MAX,
            number: 1,
        };
        snapshot.operators.insert(id, Arc::new(operator));
        let bytes = snapshot.to_bytes().unwrap();
        let back = Snapshot::from_bytes(&bytes).unwrap();
        assert_eq!(format!("{back:?}"), format!("{snapshot:?}"));
        for cut in 0..bytes.len() {
            let _ = Snapshot::from_bytes(&bytes[..cut]);
        }
    }
}
