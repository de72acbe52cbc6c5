//! Hashes of keys: the same on every machine and in every build, since snapshots are laid out by them.
//!
//! Multiply-and-fold after wyhash and foldhash. Key groups come from bits 32 and up, hash tables use the lowest
//! and highest bits, so that the keys of one shard still spread over its tables.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_row::{RowConverter, SortField};
use arrow_schema::{ArrowError, DataType as ArrowType};

const K0: u64 = 0x9e37_79b9_7f4a_7c15;
const K1: u64 = 0xe703_7ed1_a0b4_28db;
const K2: u64 = 0x8ebc_6af0_9c88_c6e3;
const NULL_HASH: u64 = 0x5899_65cc_7537_4cc3;

/// The key group of a hash: the unit in which keyed state moves between shards.
pub fn key_group(hash: u64, key_groups: u16) -> u16 {
    ((hash >> 32) % u64::from(key_groups)) as u16
}

/// The shard that owns a key group: ranges of groups, as even as they can be.
pub fn shard_of(key_group: u16, key_groups: u16, shards: usize) -> usize {
    usize::from(key_group) * shards / usize::from(key_groups)
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

#[inline(always)]
pub fn hash_u64(value: u64) -> u64 {
    fold(value ^ K0, K1)
}

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

#[inline]
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    let mut state = fold(length as u64 ^ K0, K2);
    if length > 16 {
        let mut at = 0;
        while at + 16 < length {
            state = fold(word(bytes, at) ^ state, word(bytes, at + 8) ^ K1);
            at += 16;
        }
        // The last 16 bytes, overlapping what was read already.
        return fold(word(bytes, length - 16) ^ state, word(bytes, length - 8) ^ K2);
    }
    let (low, high) = match length {
        8..=16 => (word(bytes, 0), word(bytes, length - 8)),
        4..=7 => {
            let mut low = [0; 4];
            low.copy_from_slice(&bytes[..4]);
            let mut high = [0; 4];
            high.copy_from_slice(&bytes[length - 4..]);
            (
                u64::from(u32::from_le_bytes(low)),
                u64::from(u32::from_le_bytes(high)),
            )
        }
        1..=3 => (
            u64::from(bytes[0]) | u64::from(bytes[length / 2]) << 8,
            u64::from(bytes[length - 1]),
        ),
        _ => (0, 0),
    };
    fold(low ^ state, high ^ K1)
}

/// One hash a row over all columns; NULLs hash alike.
pub fn hash_columns(columns: &[ArrayRef], rows: usize) -> Result<Vec<u64>, ArrowError> {
    let mut hashes = vec![0; rows];
    for (position, column) in columns.iter().enumerate() {
        let mut mix = |row: usize, hash: u64| {
            // Of a single column its own hash, so that the most common case costs one multiplication.
            hashes[row] = if position == 0 {
                hash
            } else {
                fold(hashes[row].rotate_left(23) ^ hash, K2)
            };
        };
        hash_column(column, &mut mix)?;
    }
    Ok(hashes)
}

fn hash_column(column: &ArrayRef, mix: &mut impl FnMut(usize, u64)) -> Result<(), ArrowError> {
    if let Some(bits) = fixed_bits(column.as_ref()) {
        match column.nulls() {
            None => bits
                .iter()
                .enumerate()
                .for_each(|(row, &bits)| mix(row, hash_u64(bits))),
            Some(nulls) => {
                for (row, &bits) in bits.iter().enumerate() {
                    mix(
                        row,
                        if nulls.is_null(row) {
                            NULL_HASH
                        } else {
                            hash_u64(bits)
                        },
                    );
                }
            }
        }
        return Ok(());
    }
    match column.data_type() {
        ArrowType::Utf8 => {
            for (row, text) in column.as_string::<i32>().iter().enumerate() {
                mix(row, text.map_or(NULL_HASH, |text| hash_bytes(text.as_bytes())));
            }
        }
        ArrowType::Binary => {
            for (row, bytes) in column.as_binary::<i32>().iter().enumerate() {
                mix(row, bytes.map_or(NULL_HASH, hash_bytes));
            }
        }
        data_type => {
            let converter = RowConverter::new(vec![SortField::new(data_type.clone())])?;
            let rows = converter.convert_columns(std::slice::from_ref(column))?;
            for (row, encoded) in rows.iter().enumerate() {
                mix(row, hash_bytes(encoded.as_ref()));
            }
        }
    }
    Ok(())
}

/// The values of a column of a type that fits 64 bits, widened; what stands under a NULL is arbitrary.
pub fn fixed_bits(array: &dyn Array) -> Option<Vec<u64>> {
    if !is_fixed(array.data_type()) {
        return None;
    }
    if let Some(booleans) = array.as_any().downcast_ref::<BooleanArray>() {
        return Some(booleans.values().iter().map(u64::from).collect());
    }
    let data = array.to_data();
    let rows = data.len();
    Some(match array.data_type().primitive_width() {
        Some(1) => data.buffer::<u8>(0)[..rows]
            .iter()
            .map(|&v| u64::from(v))
            .collect(),
        Some(2) => data.buffer::<u16>(0)[..rows]
            .iter()
            .map(|&v| u64::from(v))
            .collect(),
        Some(4) => data.buffer::<u32>(0)[..rows]
            .iter()
            .map(|&v| u64::from(v))
            .collect(),
        _ => data.buffer::<u64>(0)[..rows].to_vec(),
    })
}

/// Whether [`fixed_bits`] knows the type.
pub fn is_fixed(data_type: &ArrowType) -> bool {
    matches!(
        data_type,
        ArrowType::Boolean
            | ArrowType::Int8
            | ArrowType::Int16
            | ArrowType::Int32
            | ArrowType::Int64
            | ArrowType::UInt8
            | ArrowType::UInt16
            | ArrowType::UInt32
            | ArrowType::UInt64
            | ArrowType::Float32
            | ArrowType::Float64
            | ArrowType::Date32
            | ArrowType::Time32(_)
            | ArrowType::Time64(_)
            | ArrowType::Timestamp(_, _)
            | ArrowType::Duration(_)
            | ArrowType::Interval(arrow_schema::IntervalUnit::YearMonth)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn consecutive_numbers_and_short_texts_spread_over_key_groups() {
        let numbers: BTreeSet<u16> = (0..1000).map(|n| key_group(hash_u64(n), 128)).collect();
        assert!(numbers.len() > 120, "{}", numbers.len());
        let texts: BTreeSet<u16> = (0..1000)
            .map(|n: u32| key_group(hash_bytes(format!("k{n}").as_bytes()), 128))
            .collect();
        assert!(texts.len() > 120, "{}", texts.len());
    }

    #[test]
    fn texts_of_every_length_hash_apart() {
        let text = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
        let hashes: BTreeSet<u64> = (0..=text.len())
            .map(|n| hash_bytes(&text.as_bytes()[..n]))
            .collect();
        assert_eq!(hashes.len(), text.len() + 1);
        assert_ne!(hash_bytes(b"abc"), hash_bytes(b"axc"));
    }

    #[test]
    fn every_shard_owns_key_groups() {
        for shards in 1..=128 {
            let owners: BTreeSet<usize> = (0..128).map(|group| shard_of(group, 128, shards)).collect();
            assert_eq!(owners.len(), shards);
        }
    }
}
