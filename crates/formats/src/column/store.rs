//! What columns are stored in: values, texts, the ends of lists, and the rows that are NULL.

use std::mem;

use arrow_array::{ArrowPrimitiveType, PrimitiveArray};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use dataflow::Error;

/// No column starts with more room than for so many values, whatever the batch before it held.
const ROOM_MAX: usize = 1 << 16;
/// Arrow's offsets have 31 bits.
pub const TEXT_BYTES_MAX: usize = i32::MAX as usize;
/// Lists of one column have fewer elements than this, which stands for all ends that offsets cannot tell.
const ELEMENTS_END: usize = i32::MAX as usize;

/// Values of a fixed width.
#[derive(Debug, Default)]
pub struct Fixed<T> {
    pub values: Vec<T>,
    nulls: Vec<u32>,
}

impl<T: Copy + Default> Fixed<T> {
    #[inline(always)]
    pub fn push(&mut self, value: T) {
        self.values.push(value);
    }

    pub fn push_null(&mut self) {
        self.nulls.push(self.values.len() as u32);
        self.values.push(T::default());
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.values.truncate(length);
        cut_nulls(&mut self.nulls, length);
    }

    pub(super) fn take(&mut self) -> (Vec<T>, Option<NullBuffer>) {
        let room = self.values.len().min(ROOM_MAX);
        let values = mem::replace(&mut self.values, Vec::with_capacity(room));
        let nulls = take_nulls(&mut self.nulls, values.len());
        (values, nulls)
    }
}

impl<T: ArrowNativeType + Default> Fixed<T> {
    pub(super) fn finish<A: ArrowPrimitiveType<Native = T>>(&mut self) -> PrimitiveArray<A> {
        let (values, nulls) = self.take();
        PrimitiveArray::new(ScalarBuffer::from(values), nulls)
    }
}

/// Strings or bytes, one behind the other. What a column of text holds is UTF-8, and offsets stand between
/// characters: whoever pushes sees to it.
#[derive(Debug)]
pub struct Text {
    pub bytes: Vec<u8>,
    /// One more than there are values; begins with 0.
    offsets: Vec<i32>,
    nulls: Vec<u32>,
}

impl Default for Text {
    fn default() -> Self {
        Text {
            bytes: Vec::new(),
            offsets: vec![0],
            nulls: Vec::new(),
        }
    }
}

impl Text {
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Makes the bytes appended since the last value a value.
    #[inline(always)]
    pub fn close(&mut self) {
        // A column over 2 GiB is refused before it is handed out, so that a wrapped offset is never seen.
        self.offsets.push(self.bytes.len() as i32);
    }

    pub fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.close();
    }

    pub fn push_null(&mut self) {
        self.nulls.push(self.len() as u32);
        self.drop_open();
        self.close();
    }

    /// Drops the bytes appended since the last value.
    pub fn drop_open(&mut self) {
        // `offsets` is never empty.
        let end = self.offsets[self.offsets.len() - 1];
        self.bytes.truncate(end as usize);
    }

    pub fn value(&self, index: usize) -> &[u8] {
        &self.bytes[self.offsets[index] as usize..self.offsets[index + 1] as usize]
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.offsets.truncate(length + 1);
        self.drop_open();
        cut_nulls(&mut self.nulls, length);
    }

    pub(super) fn take(&mut self) -> Result<(Buffer, OffsetBuffer<i32>, Option<NullBuffer>), Error> {
        let length = self.len();
        if self.bytes.len() > TEXT_BYTES_MAX {
            self.truncate(0);
            return Err(too_large());
        }
        let mut offsets = Vec::with_capacity((length + 1).min(ROOM_MAX));
        offsets.push(0);
        let offsets = mem::replace(&mut self.offsets, offsets);
        let room = self.bytes.len().min(ROOM_MAX * 32);
        let bytes = mem::replace(&mut self.bytes, Vec::with_capacity(room));
        let nulls = take_nulls(&mut self.nulls, length);
        Ok((
            Buffer::from_vec(bytes),
            OffsetBuffer::new(ScalarBuffer::from(offsets)),
            nulls,
        ))
    }
}

fn too_large() -> Error {
    Error::Data {
        message: "the text of one column of a batch is larger than 2 GiB".to_string(),
        place: "decoder".to_string(),
    }
}

/// Where each list ends among the elements.
#[derive(Debug)]
pub struct Ends {
    offsets: Vec<i32>,
    nulls: Vec<u32>,
}

impl Default for Ends {
    fn default() -> Self {
        Ends {
            offsets: vec![0],
            nulls: Vec::new(),
        }
    }
}

impl Ends {
    pub(super) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// How many elements the finished lists hold.
    pub fn last(&self) -> usize {
        self.offsets[self.offsets.len() - 1] as usize
    }

    /// Ends a list with the last of so many elements.
    pub fn push(&mut self, elements: usize) {
        // A column with more is refused before it is handed out.
        self.offsets.push(i32::try_from(elements).unwrap_or(i32::MAX));
    }

    pub(super) fn push_null(&mut self) {
        self.nulls.push(self.len() as u32);
        self.offsets.push(self.last() as i32);
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.offsets.truncate(length + 1);
        cut_nulls(&mut self.nulls, length);
    }

    /// Starts anew; the lists have so many elements.
    pub(super) fn take(&mut self, elements: usize) -> Result<(OffsetBuffer<i32>, Option<NullBuffer>), Error> {
        if elements >= ELEMENTS_END {
            self.truncate(0);
            return Err(Error::Data {
                message: format!("the lists of one column of a batch have {ELEMENTS_END} elements or more"),
                place: "decoder".to_string(),
            });
        }
        let length = self.len();
        let offsets = mem::replace(&mut self.offsets, vec![0]);
        let nulls = take_nulls(&mut self.nulls, length);
        Ok((OffsetBuffer::new(ScalarBuffer::from(offsets)), nulls))
    }
}

pub(super) fn cut_nulls(nulls: &mut Vec<u32>, length: usize) {
    while nulls.last().is_some_and(|&last| last as usize >= length) {
        nulls.pop();
    }
}

pub(super) fn take_nulls(nulls: &mut Vec<u32>, length: usize) -> Option<NullBuffer> {
    if nulls.is_empty() {
        return None;
    }
    let mut bits = vec![0xffu8; length.div_ceil(8)];
    for &null in nulls.iter() {
        bits[null as usize / 8] &= !(1 << (null % 8));
    }
    nulls.clear();
    Some(NullBuffer::new(BooleanBuffer::new(
        Buffer::from_vec(bits),
        0,
        length,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_with_more_elements_than_offsets_can_tell_are_refused() {
        let mut ends = Ends::default();
        ends.push(3);
        ends.push(ELEMENTS_END + 5);
        assert_eq!(ends.last(), ELEMENTS_END);
        let fault = ends.take(ELEMENTS_END + 5).unwrap_err().to_string();
        assert!(fault.contains("2147483647 elements or more"), "{fault}");
        ends.push(2);
        ends.push(ELEMENTS_END - 1);
        let (offsets, _) = ends.take(ELEMENTS_END - 1).unwrap();
        assert_eq!(&offsets[..], [0, 2, i32::MAX - 1]);
    }
}
