//! Thirty-two bytes compared at once.
//!
//! SSE2, which every x86-64 has, and the same in plain words for other machines.

use super::scan::Place;

/// Bits of the bytes among the next 32 that end or interrupt a string: a quote, a backslash, the end of the record.
///
/// # Safety
/// 32 bytes may be read at `place`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub unsafe fn string_stops(place: Place) -> u32 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };
    // SAFETY: SSE2 is part of x86-64; the rest as the caller says.
    unsafe {
        let quote = _mm_set1_epi8(b'"' as i8);
        let escape = _mm_set1_epi8(b'\\' as i8);
        let end = _mm_set1_epi8(b'\n' as i8);
        let stops = |chunk: __m128i| {
            let found = _mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, escape));
            _mm_movemask_epi8(_mm_or_si128(found, _mm_cmpeq_epi8(chunk, end))) as u32
        };
        let low = _mm_loadu_si128(place.cast());
        let high = _mm_loadu_si128(place.add(16).cast());
        stops(low) | stops(high) << 16
    }
}

/// Whether the bytes at `place` equal those of `wanted` for which `mask` has a bit.
///
/// # Safety
/// 32 bytes may be read at `place`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub unsafe fn begins_with(place: Place, wanted: &[u8; 32], mask: u32) -> bool {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8};
    // SAFETY: SSE2 is part of x86-64; the rest as the caller says.
    let equal = unsafe {
        let low = _mm_cmpeq_epi8(
            _mm_loadu_si128(place.cast()),
            _mm_loadu_si128(wanted.as_ptr().cast()),
        );
        let high = _mm_cmpeq_epi8(
            _mm_loadu_si128(place.add(16).cast()),
            _mm_loadu_si128(wanted.as_ptr().add(16).cast()),
        );
        _mm_movemask_epi8(low) as u32 | (_mm_movemask_epi8(high) as u32) << 16
    };
    equal & mask == mask
}

#[cfg(not(target_arch = "x86_64"))]
pub use portable::{begins_with, string_stops};

#[cfg(any(test, not(target_arch = "x86_64")))]
mod portable {
    use super::Place;
    use crate::json::scan::eight;

    /// # Safety
    /// 32 bytes may be read at `place`.
    #[inline(always)]
    pub unsafe fn string_stops(place: Place) -> u32 {
        let mut found = 0;
        for word in 0..4 {
            // SAFETY: as the caller says.
            let bytes = unsafe { eight(place.add(word * 8)) };
            let stops = equal_bytes(bytes, b'"') | equal_bytes(bytes, b'\\') | equal_bytes(bytes, b'\n');
            found |= high_bits(stops) << (word * 8);
        }
        found
    }

    /// # Safety
    /// 32 bytes may be read at `place`.
    #[inline(always)]
    pub unsafe fn begins_with(place: Place, wanted: &[u8; 32], mask: u32) -> bool {
        let length = (32 - mask.leading_zeros()) as usize;
        // SAFETY: as the caller says.
        unsafe { std::slice::from_raw_parts(place, length) == &wanted[..length] }
    }

    /// The high bit of each byte that equals `wanted`.
    fn equal_bytes(bytes: u64, wanted: u8) -> u64 {
        const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
        let differing = bytes ^ (u64::from(wanted) * 0x0101_0101_0101_0101);
        !(((differing & LOW) + LOW) | differing | LOW)
    }

    /// The high bits of eight bytes as eight bits.
    fn high_bits(bytes: u64) -> u32 {
        ((bytes >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use stdx::Random;

    #[test]
    fn plain_words_find_what_sse2_finds() {
        let mut random = Random::new(1);
        for _ in 0..20_000 {
            let mut bytes = [0u8; 32];
            for byte in &mut bytes {
                *byte = match random.below(8) {
                    0 => b'"',
                    1 => b'\\',
                    2 => b'\n',
                    _ => random.next_u64() as u8,
                };
            }
            let mut wanted = bytes;
            if random.chance(0.7) {
                wanted[random.below(32) as usize] ^= 1 << random.below(8);
            }
            let mask = u32::MAX >> random.below(32);
            let place = bytes.as_ptr();
            // SAFETY: there are 32 bytes.
            unsafe {
                assert_eq!(super::string_stops(place), super::portable::string_stops(place));
                assert_eq!(
                    super::begins_with(place, &wanted, mask),
                    super::portable::begins_with(place, &wanted, mask)
                );
            }
        }
    }
}
