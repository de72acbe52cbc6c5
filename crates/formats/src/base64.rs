//! Base64 as Jackson reads and writes it: the standard alphabet, padded, no line breaks.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const NONE: u8 = 0xff;

const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut index = 0;
    while index < 64 {
        values[ALPHABET[index] as usize] = index as u8;
        index += 1;
    }
    values
};

pub fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            if place > group.len() {
                out.push(b'=');
            } else {
                out.push(ALPHABET[(bits >> (18 - 6 * place) & 63) as usize]);
            }
        }
    }
}

/// Appends what the text stands for; false, and nothing appended, if it is no Base64. Blanks may stand between
/// groups of four characters.
pub fn decode(text: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let mut rest = text;
    loop {
        while let [b'\0'..=b' ', tail @ ..] = rest {
            rest = tail;
        }
        if rest.is_empty() {
            return true;
        }
        if !group(&mut rest, out) {
            out.truncate(start);
            return false;
        }
    }
}

fn group(rest: &mut &[u8], out: &mut Vec<u8>) -> bool {
    let Some((&four, tail)) = rest.split_first_chunk::<4>() else {
        return false;
    };
    *rest = tail;
    let length = match four {
        [_, _, b'=', b'='] => 1,
        [_, _, _, b'='] => 2,
        _ => 3,
    };
    let mut bits = 0;
    for &character in &four[..=length] {
        let value = VALUES[character as usize];
        if value == NONE {
            return false;
        }
        bits = bits << 6 | u32::from(value);
    }
    bits <<= 6 * (3 - length);
    out.extend_from_slice(&bits.to_be_bytes()[1..=length]);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_went() {
        for length in 0..20u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(89)).collect();
            let (mut text, mut back) = (Vec::new(), Vec::new());
            encode(&bytes, &mut text);
            assert!(decode(&text, &mut back));
            assert_eq!(back, bytes);
        }
    }

    #[test]
    fn a_group_must_be_whole_and_padded() {
        let mut out = b"x".to_vec();
        for wrong in ["aGVsbG8", "a*==", "aG=s", "_-8=", "=", "a"] {
            assert!(!decode(wrong.as_bytes(), &mut out), "{wrong}");
        }
        assert!(decode(b"aGVs bG8=\n", &mut out));
        assert_eq!(out, b"xhello");
    }
}
