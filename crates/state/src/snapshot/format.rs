//! Snapshots as files, in the format that `docs/state.md` describes.
//!
//! A file is a magic number and frames behind it, each with its length and a checksum. The last frame counts the
//! others, so that a file that ends too early is told from a whole one. Frames are small enough to be held in
//! memory one at a time: the rows of one key group of one table, at most.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::writer::StreamWriter;
use crc32fast::Hasher;
use dataflow::{Epoch, Error, Position, Split};

use super::{LaneState, OperatorId, OperatorSnapshot, Snapshot, SplitState, TableSnapshot};
use crate::slices::arrow_error;

/// The last byte is the version of the format.
const MAGIC: &[u8; 8] = b"OCEANUS\x04";

const LABEL: u8 = b'L';
const HEAD: u8 = b'H';
const OPERATOR: u8 = b'O';
const ROWS: u8 = b'R';
const END: u8 = b'E';

/// Of a label; a longer one is not ours.
const LABEL_BYTES_MAX: u64 = 1 << 20;

/// Rows begin at multiples of this in the content of a frame, so that they can be used where they lie.
const ALIGNMENT: usize = 64;

/// Memory for a frame is taken at once up to this: its length may be wrong.
const CONTENT_BYTES_AT_ONCE: u64 = 16 << 20;

pub(super) fn write(snapshot: &Snapshot, label: &[u8], out: &mut impl Write) -> Result<(), Error> {
    let mut file = FileWriter::begin(out, label, snapshot.epoch, snapshot.key_groups)?;
    for (id, operator) in &snapshot.operators {
        file.operator(*id, operator)?;
    }
    for (id, operator) in &snapshot.operators {
        for (name, table) in &operator.tables {
            let table_id = (*id, name.as_str());
            if table.spilled.is_empty() {
                let told = table.groups.keys().chain(table.changed.keys()).copied();
                for group in told.collect::<BTreeSet<u16>>() {
                    write_group(&mut file, table_id, group, table)?;
                }
            } else {
                // A key group of it in memory at a time.
                for group in 0..snapshot.key_groups {
                    let part = table.with_spilled(group)?;
                    if part.groups.contains_key(&group) || part.changed.contains_key(&group) {
                        write_group(&mut file, table_id, group, &part)?;
                    }
                }
            }
        }
    }
    file.end()
}

fn write_group<W: Write>(
    file: &mut FileWriter<'_, W>,
    id: (OperatorId, &str),
    group: u16,
    table: &TableSnapshot,
) -> Result<(), Error> {
    let rows = table.groups.get(&group).map_or(&[][..], Vec::as_slice);
    let changed = table.changed.get(&group).map(|changed| Changed {
        told_by: &table.told_by,
        rows: changed,
    });
    file.rows(id, group, rows, changed)
}

/// What was written beside the snapshot, without reading more than that.
pub(super) fn read_label(input: &mut impl Read) -> Result<Vec<u8>, Error> {
    Ok(FileReader::begin(input)?.label)
}

/// Writes the parts of a snapshot one by one: operators in their order, and behind them the rows of each by table and key
/// group.
pub(super) struct FileWriter<'a, W> {
    frames: FrameWriter<'a, W>,
    /// Of the last rows, whose memory the next ones take.
    rows: Writer,
}

impl<'a, W: Write> FileWriter<'a, W> {
    pub fn begin(
        out: &'a mut W,
        label: &[u8],
        epoch: Epoch,
        key_groups: u16,
    ) -> Result<FileWriter<'a, W>, Error> {
        let mut frames = FrameWriter { out, count: 0 };
        frames.out.write_all(MAGIC).map_err(not_written)?;
        frames.write(LABEL, label)?;
        let mut head = Writer::default();
        head.number(epoch);
        head.number(u64::from(key_groups));
        frames.write(HEAD, &head.0)?;
        Ok(FileWriter {
            frames,
            rows: Writer::default(),
        })
    }

    /// All of an operator but the rows of its tables.
    pub fn operator(&mut self, id: OperatorId, operator: &OperatorSnapshot) -> Result<(), Error> {
        self.frames.write(OPERATOR, &write_operator(id, operator))
    }

    /// Rows of a table, which is named by its operator and its own name.
    pub fn rows(
        &mut self,
        table: (OperatorId, &str),
        group: u16,
        rows: &[RecordBatch],
        changed: Option<Changed<'_>>,
    ) -> Result<(), Error> {
        self.rows.0.clear();
        write_rows(table, group, rows, changed, &mut self.rows)?;
        self.frames.write(ROWS, &self.rows.0)
    }

    pub fn end(mut self) -> Result<(), Error> {
        let mut end = Writer::default();
        end.number(self.frames.count);
        self.frames.write(END, &end.0)
    }
}

/// What is said of rows of before.
#[derive(Clone, Copy)]
pub(super) struct Changed<'a> {
    pub told_by: &'a [String],
    pub rows: &'a [RecordBatch],
}

/// A part of a snapshot.
pub(super) enum Part {
    /// An operator; of its tables only the names.
    Operator(OperatorId, OperatorSnapshot),
    Rows(Rows),
}

/// Rows of one key group of a table.
pub(super) struct Rows {
    pub operator: OperatorId,
    pub table: String,
    pub group: u16,
    pub rows: Vec<RecordBatch>,
    /// As [`TableSnapshot::changed`](super::TableSnapshot::changed).
    pub changed: Option<Vec<RecordBatch>>,
    pub told_by: Vec<String>,
    /// Of what they were read from.
    pub bytes: usize,
}

/// Reads a file part by part.
pub(super) struct FileReader<R> {
    frames: FrameReader<R>,
    pub label: Vec<u8>,
}

impl<R: Read> FileReader<R> {
    /// Reads no more than the label.
    pub fn begin(input: R) -> Result<FileReader<R>, Error> {
        let mut frames = FrameReader { input, count: 0 };
        frames.begin()?;
        match frames.read(LABEL_BYTES_MAX)? {
            (LABEL, label) => Ok(FileReader { frames, label }),
            _ => Err(damaged("it has no label")),
        }
    }

    /// The epoch and the number of key groups. To be called once, before [`FileReader::next`].
    pub fn head(&mut self) -> Result<(Epoch, u16), Error> {
        let (kind, head) = self.frames.read(u64::MAX)?;
        if kind != HEAD {
            return Err(damaged("it has no head"));
        }
        let mut head = Reader(&head);
        Ok((head.number()?, head.small()?))
    }

    /// The next part; `None` behind the last.
    pub fn next(&mut self) -> Result<Option<Part>, Error> {
        let count = self.frames.count;
        let (kind, payload) = self.frames.read(u64::MAX)?;
        match kind {
            OPERATOR => {
                let (id, operator) = read_operator(&payload)?;
                Ok(Some(Part::Operator(id, operator)))
            }
            ROWS => Ok(Some(Part::Rows(read_rows(&Buffer::from_vec(payload))?))),
            END if Reader(&payload).number()? == count => Ok(None),
            _ => Err(out_of_order()),
        }
    }
}

fn write_operator(id: OperatorId, operator: &OperatorSnapshot) -> Vec<u8> {
    let mut out = Writer::default();
    out.operator(id);
    out.optional(operator.watermark.map(|watermark| watermark as u64));
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
    out.number(operator.tables.len() as u64);
    for name in operator.tables.keys() {
        out.bytes(name.as_bytes());
    }
    out.0
}

fn read_operator(bytes: &[u8]) -> Result<(OperatorId, OperatorSnapshot), Error> {
    let mut input = Reader(bytes);
    let id = input.operator()?;
    let mut operator = OperatorSnapshot {
        watermark: input.optional()?.map(|watermark| watermark as i64),
        ..OperatorSnapshot::default()
    };
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
    for _ in 0..input.number()? {
        operator.tables.insert(input.text()?, TableSnapshot::default());
    }
    Ok((id, operator))
}

fn write_rows(
    (operator, table): (OperatorId, &str),
    group: u16,
    rows: &[RecordBatch],
    changed: Option<Changed<'_>>,
    out: &mut Writer,
) -> Result<(), Error> {
    out.operator(operator);
    out.bytes(table.as_bytes());
    out.number(u64::from(group));
    out.number(u64::from(changed.is_some()));
    let (told_by, mut changed) =
        changed.map_or((&[][..], &[][..]), |changed| (changed.told_by, changed.rows));
    out.number(told_by.len() as u64);
    told_by.iter().for_each(|name| out.bytes(name.as_bytes()));
    // Batches of different columns are streams of their own.
    while let Some(first) = changed.first() {
        let alike = |batch: &&RecordBatch| batch.schema_ref() == first.schema_ref();
        let (stream, rest) = changed.split_at(changed.iter().take_while(alike).count());
        out.stream(stream)?;
        changed = rest;
    }
    out.stream(rows)
}

fn read_rows(content: &Buffer) -> Result<Rows, Error> {
    let mut input = Reader(content.as_slice());
    let mut rows = Rows {
        operator: input.operator()?,
        table: input.text()?,
        group: input.small()?,
        rows: Vec::new(),
        changed: (input.number()? != 0).then(Vec::new),
        told_by: Vec::new(),
        bytes: content.len(),
    };
    for _ in 0..input.number()? {
        rows.told_by.push(input.text()?);
    }
    let mut streams = Vec::new();
    while !input.0.is_empty() {
        streams.push(input.stream(content)?);
    }
    // The last stream has the rows.
    rows.rows = streams.pop().ok_or_else(short)?;
    match &mut rows.changed {
        Some(changed) => changed.extend(streams.into_iter().flatten()),
        None if streams.is_empty() => {}
        None => return Err(out_of_order()),
    }
    Ok(rows)
}

struct FrameWriter<'a, W> {
    out: &'a mut W,
    count: u64,
}

impl<W: Write> FrameWriter<'_, W> {
    fn write(&mut self, kind: u8, payload: &[u8]) -> Result<(), Error> {
        self.count += 1;
        let length = (payload.len() as u64).to_le_bytes();
        let checksum = checksum(kind, length, payload).to_le_bytes();
        let parts: [&[u8]; 4] = [&[kind], &length, payload, &checksum];
        parts
            .iter()
            .try_for_each(|part| self.out.write_all(part))
            .map_err(not_written)
    }
}

struct FrameReader<R> {
    input: R,
    /// Frames read so far.
    count: u64,
}

impl<R: Read> FrameReader<R> {
    fn begin(&mut self) -> Result<(), Error> {
        let mut magic = [0; MAGIC.len()];
        self.fill(&mut magic)?;
        match magic {
            magic if magic == *MAGIC => Ok(()),
            // It is as good as ever, for another program.
            magic if magic[..MAGIC.len() - 1] == MAGIC[..MAGIC.len() - 1] => Err(not_read(io::Error::new(
                io::ErrorKind::Unsupported,
                format!(
                    "it has version {} of the format, and this program reads version {}",
                    magic[MAGIC.len() - 1],
                    MAGIC[MAGIC.len() - 1]
                ),
            ))),
            _ => Err(damaged("it is no snapshot")),
        }
    }

    /// The next frame, which must not be longer than this.
    fn read(&mut self, bytes_max: u64) -> Result<(u8, Vec<u8>), Error> {
        let (mut kind, mut length, mut expected) = ([0; 1], [0; 8], [0; 4]);
        self.fill(&mut kind)?;
        self.fill(&mut length)?;
        let bytes = u64::from_le_bytes(length);
        if bytes > bytes_max {
            return Err(damaged("a part is too long"));
        }
        let mut payload = Vec::with_capacity(bytes.min(CONTENT_BYTES_AT_ONCE) as usize);
        (&mut self.input)
            .take(bytes)
            .read_to_end(&mut payload)
            .map_err(not_read)?;
        if payload.len() as u64 != bytes {
            return Err(torn());
        }
        self.fill(&mut expected)?;
        if checksum(kind[0], length, &payload) != u32::from_le_bytes(expected) {
            return Err(damaged("a checksum does not fit"));
        }
        self.count += 1;
        Ok((kind[0], payload))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.input.read_exact(bytes).map_err(|cause| match cause.kind() {
            io::ErrorKind::UnexpectedEof => torn(),
            _ => not_read(cause),
        })
    }
}

fn checksum(kind: u8, length: [u8; 8], payload: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&[kind]);
    hasher.update(&length);
    hasher.update(payload);
    hasher.finalize()
}

fn not_written(cause: io::Error) -> Error {
    Error::io("write a snapshot", cause)
}

fn not_read(cause: io::Error) -> Error {
    Error::io("read a snapshot", cause)
}

fn torn() -> Error {
    damaged("it ends too early")
}

pub(super) fn damaged(how: &str) -> Error {
    Error::Data {
        message: format!("the snapshot is damaged: {how}"),
        place: "snapshot".to_string(),
    }
}

/// Numbers are little-endian, bytes stand behind their length.
#[derive(Default)]
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

    fn operator(&mut self, id: OperatorId) {
        self.number(id.fingerprint);
        self.number(u64::from(id.number));
    }

    /// Batches of one schema, as Arrow's IPC stream behind its length, and zeros up to where it begins; none is a length of
    /// zero.
    fn stream(&mut self, batches: &[RecordBatch]) -> Result<(), Error> {
        let place = self.0.len();
        self.number(0);
        if let Some(first) = batches.first() {
            self.0.resize(self.0.len().next_multiple_of(ALIGNMENT), 0);
            let begin = self.0.len();
            let out = std::mem::take(&mut self.0);
            let mut writer = StreamWriter::try_new(out, &first.schema()).map_err(arrow_error)?;
            for batch in batches {
                writer.write(batch).map_err(arrow_error)?;
            }
            self.0 = writer.into_inner().map_err(arrow_error)?;
            let length = (self.0.len() - begin) as u64;
            self.0[place..place + 8].copy_from_slice(&length.to_le_bytes());
        }
        Ok(())
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn operator(&mut self) -> Result<OperatorId, Error> {
        Ok(OperatorId {
            fingerprint: self.number()?,
            number: self.small()?,
        })
    }

    fn number(&mut self) -> Result<u64, Error> {
        let (number, rest) = self.0.split_first_chunk::<8>().ok_or_else(short)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*number))
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Result<T, Error> {
        T::try_from(self.number()?).map_err(|_| damaged("a number is too large"))
    }

    fn optional(&mut self) -> Result<Option<u64>, Error> {
        let present = self.number()? != 0;
        let number = self.number()?;
        Ok(present.then_some(number))
    }

    fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length: usize = self.small()?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(short)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// A stream whose batches lie where they were read. `content` is all of what is read.
    fn stream(&mut self, content: &'a Buffer) -> Result<Vec<RecordBatch>, Error> {
        let length: usize = self.small()?;
        if length == 0 {
            return Ok(Vec::new());
        }
        let begin = (content.len() - self.0.len()).next_multiple_of(ALIGNMENT);
        let end = begin.checked_add(length).ok_or_else(short)?;
        self.0 = content.as_slice().get(end..).ok_or_else(short)?;
        let mut stream = content.slice_with_length(begin, length);
        let unreadable = |_| damaged("its rows cannot be read");
        let mut decoder = StreamDecoder::new();
        let mut batches = Vec::new();
        while let Some(batch) = decoder.decode(&mut stream).map_err(unreadable)? {
            batches.push(batch);
        }
        decoder.finish().map_err(unreadable)?;
        Ok(batches)
    }

    fn text(&mut self) -> Result<String, Error> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| damaged("a name is no text"))
    }
}

fn out_of_order() -> Error {
    damaged("its parts are out of order")
}

fn short() -> Error {
    damaged("a part is too short")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringArray};

    use super::*;
    use crate::SnapshotReader;

    fn read(input: &mut impl Read) -> Result<(Vec<u8>, Snapshot), Error> {
        let mut reader = SnapshotReader::open(vec![input])?;
        let label = std::mem::take(&mut reader.label);
        Ok((label, reader.read_all()?))
    }

    fn snapshot() -> Snapshot {
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
        operator
            .tables
            .insert("empty".to_string(), TableSnapshot::default());
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
        for fingerprint in [3, u64::MAX] {
            let id = OperatorId {
                fingerprint,
                number: 1,
            };
            snapshot.operators.insert(id, Arc::new(operator.clone()));
        }
        snapshot
    }

    fn bytes() -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&snapshot(), b"who wrote it", &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_snapshot_survives_the_way_through_bytes() {
        let bytes = bytes();
        let (label, back) = read(&mut bytes.as_slice()).unwrap();
        assert_eq!(label, b"who wrote it");
        assert_eq!(format!("{back:?}"), format!("{:?}", snapshot()));
        assert_eq!(read_label(&mut bytes.as_slice()).unwrap(), b"who wrote it");
    }

    #[test]
    fn one_that_was_cut_off_anywhere_is_told_from_a_whole_one() {
        let bytes = bytes();
        for length in 0..bytes.len() {
            assert!(
                read(&mut &bytes[..length]).is_err(),
                "{length} of {} bytes",
                bytes.len()
            );
        }
    }

    #[test]
    fn a_bit_that_flipped_anywhere_is_found() {
        let whole = bytes();
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << (place % 8);
            assert!(read(&mut bytes.as_slice()).is_err(), "byte {place}");
        }
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = bytes();
        bytes[7] = 9;
        let fault = read(&mut bytes.as_slice()).unwrap_err().to_string();
        assert!(
            fault.contains("version 9") && fault.contains("version 4"),
            "{fault}"
        );
    }
}
