//! Bitmaps: sets of 32-bit integers in the portable form of Roaring bitmaps.
//!
//! A set has one form only, with runs where they are shorter, so that equal sets have equal bytes.

use roaring::RoaringBitmap;

/// How long the text of a bitmap gets before the rest is left out.
const TEXT_LENGTH_MAX: usize = 0x8_0000;

/// The set in these bytes; `None` if they are broken. What follows it is not looked at.
pub fn read(bytes: &[u8]) -> Option<RoaringBitmap> {
    RoaringBitmap::deserialize_from(bytes).ok()
}

pub fn write(mut set: RoaringBitmap, out: &mut Vec<u8>) {
    set.optimize();
    out.reserve(set.serialized_size());
    // Writing to memory cannot fail.
    set.serialize_into(out).unwrap_or_default();
}

/// `{1,2,4294967295}`, integers as unsigned; a long one ends in `...`.
pub fn write_text(bytes: &[u8], out: &mut String) {
    let start = out.len();
    out.push('{');
    for (index, value) in read(bytes).unwrap_or_default().into_iter().enumerate() {
        if index > 0 {
            out.push(',');
            if out.len() - start > TEXT_LENGTH_MAX {
                out.push_str("...");
                break;
            }
        }
        crate::number::write_i64(i64::from(value), out);
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_have_one_form_and_a_text() {
        let set: RoaringBitmap = [1, 2, 3, u32::MAX].into_iter().collect();
        let (mut bytes, mut text) = (Vec::new(), String::new());
        write(set.clone(), &mut bytes);
        write_text(&bytes, &mut text);
        assert_eq!(text, "{1,2,3,4294967295}");
        assert_eq!(read(&bytes), Some(set));
        assert_eq!(read(b"invalid"), None);
        assert_eq!(read(b""), None);
    }
}
