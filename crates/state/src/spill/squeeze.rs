//! Values without the bytes in which they are like the first one: most of a column that is constant, or of numbers that are
//! small.
//!
//! A squeezed value begins with its length, doubled, and one more if bytes are left out. Then it has, for each eight bytes, a
//! byte whose bits say which of them differ, and behind all of those the bytes that do, each as its difference.

use super::run::{read_length, write_length};

/// Longer values stay as they are: they are rows of many kinds, or texts.
const SQUEEZED_BYTES_MAX: usize = 1 << 10;

/// Bytes of a word, which has one mask.
const WORD_BYTES: usize = 8;

/// What the values of a store are like, which never changes once there is one.
#[derive(Clone, Default)]
pub(super) struct Squeeze {
    /// The first value that was not longer than this, with zeros behind it.
    pattern: Option<Box<[u8; SQUEEZED_BYTES_MAX]>>,
}

impl Squeeze {
    /// Appends a value to `out`.
    pub fn squeeze(&mut self, value: &[u8], out: &mut Vec<u8>) {
        if value.len() > SQUEEZED_BYTES_MAX {
            return write_whole(value, out);
        }
        let pattern = self.pattern.get_or_insert_with(|| {
            let mut pattern = Box::new([0; SQUEEZED_BYTES_MAX]);
            pattern[..value.len()].copy_from_slice(value);
            pattern
        });
        let begin = out.len();
        write_length(value.len() << 1 | 1, out);
        let masks = out.len();
        let words = value.len().div_ceil(WORD_BYTES);
        // Room for all, and for a word that ends behind it.
        out.resize(masks + words + (words + 1) * WORD_BYTES, 0);
        let mut at = masks + words;
        for (number, (word, like)) in value
            .chunks(WORD_BYTES)
            .zip(pattern.chunks(WORD_BYTES))
            .enumerate()
        {
            let mut whole = [0; WORD_BYTES];
            whole[..word.len()].copy_from_slice(word);
            // Behind its end a value has nothing that differs.
            let like = if word.len() == WORD_BYTES {
                word_of(like)
            } else {
                word_of(like) & low_bytes(word.len())
            };
            let differs = word_of(&whole) ^ like;
            let mut mask = 0;
            for byte in 0..WORD_BYTES {
                let difference = (differs >> (8 * byte)) as u8;
                out[at] = difference;
                at += usize::from(difference != 0);
                mask |= u8::from(difference != 0) << byte;
            }
            out[masks + number] = mask;
        }
        if at - begin > value.len() {
            out.truncate(begin);
            return write_whole(value, out);
        }
        out.truncate(at);
    }

    /// The value that was squeezed. `whole` has it where it must be put together.
    pub fn whole<'a>(&self, mut squeezed: &'a [u8], whole: &'a mut Vec<u8>) -> &'a [u8] {
        let length = read_length(&mut squeezed);
        let (Some(pattern), true) = (&self.pattern, length & 1 == 1) else {
            return squeezed;
        };
        let length = length >> 1;
        let (masks, mut rest) = squeezed.split_at(length.div_ceil(WORD_BYTES));
        whole.clear();
        for (mask, like) in masks.iter().zip(pattern.chunks(WORD_BYTES)) {
            let mut word = word_of(like);
            let differing = mask.count_ones() as usize;
            let (bytes, behind) = rest.split_at(differing);
            let mut mask = *mask;
            for byte in bytes {
                word ^= u64::from(*byte) << (8 * mask.trailing_zeros());
                mask &= mask - 1;
            }
            rest = behind;
            whole.extend_from_slice(&word.to_le_bytes());
        }
        whole.truncate(length);
        whole
    }

    /// In memory.
    pub fn size_bytes(&self) -> usize {
        self.pattern.as_ref().map_or(0, |pattern| pattern.len())
    }
}

fn write_whole(value: &[u8], out: &mut Vec<u8>) {
    write_length(value.len() << 1, out);
    out.extend_from_slice(value);
}

#[inline]
fn word_of(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().unwrap_or_default())
}

#[inline]
fn low_bytes(count: usize) -> u64 {
    (1 << (8 * count)) - 1
}

#[cfg(test)]
mod tests {
    use stdx::Random;

    use super::*;

    #[test]
    fn values_are_what_they_were_and_like_ones_are_short() {
        let mut random = Random::new(7);
        for first in [0, 1, 8, 13, 62, SQUEEZED_BYTES_MAX, SQUEEZED_BYTES_MAX + 1] {
            let mut squeeze = Squeeze::default();
            let pattern: Vec<u8> = (0..first).map(|_| random.below(256) as u8).collect();
            let (mut out, mut whole) = (Vec::new(), Vec::new());
            squeeze.squeeze(&pattern, &mut out);
            assert_eq!(squeeze.whole(&out, &mut whole), pattern);
            for round in 0..500 {
                let length = [first, first / 2, first + 3, random.below(1_500) as usize][round % 4];
                let parts = [0, 1, 20, 256][round / 4 % 4];
                let value: Vec<u8> = (0..length)
                    .map(|at| {
                        let like = pattern.get(at).copied().unwrap_or_default();
                        if random.below(256) < parts {
                            random.below(256) as u8
                        } else {
                            like
                        }
                    })
                    .collect();
                out.clear();
                squeeze.squeeze(&value, &mut out);
                assert_eq!(
                    squeeze.whole(&out, &mut whole),
                    value,
                    "{length} bytes beside {first}"
                );
                assert!(out.len() <= value.len() + 2, "{} of {length}", out.len());
                if parts == 0 && length <= SQUEEZED_BYTES_MAX && first <= SQUEEZED_BYTES_MAX {
                    assert!(out.len() <= length.div_ceil(WORD_BYTES) + 2);
                }
            }
        }
    }
}
