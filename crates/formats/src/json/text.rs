//! Strings as Jackson writes them.

/// What must be escaped: `"`, `\` and control characters, and where supplementary characters are to be escaped
/// the first byte of those.
const ESCAPED: [bool; 256] = {
    let mut escaped = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        escaped[byte] = true;
        byte += 1;
    }
    escaped[b'"' as usize] = true;
    escaped[b'\\' as usize] = true;
    escaped
};

/// Appends a string in quotes. The text must be UTF-8. With `supplementary`, characters beyond U+FFFF become two
/// escapes, as in the bytes that Jackson writes.
pub fn write_string(text: &[u8], supplementary: bool, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut plain = 0;
    let mut at = 0;
    while let Some(offset) = text[at..]
        .iter()
        .position(|&byte| ESCAPED[byte as usize] || (supplementary && byte >= 0xf0))
    {
        at += offset;
        out.extend_from_slice(&text[plain..at]);
        let byte = text[at];
        if byte >= 0xf0 {
            at += write_surrogates(&text[at..], out);
        } else {
            write_escape(byte, out);
            at += 1;
        }
        plain = at;
    }
    out.extend_from_slice(&text[plain..]);
    out.push(b'"');
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        8 => b'b',
        12 => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => return write_unicode_escape(u16::from(byte), out),
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn write_unicode_escape(unit: u16, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        out.push(DIGITS[usize::from(unit >> shift & 15)]);
    }
}

/// Writes the character of four bytes that begins the text; returns how many bytes that were.
fn write_surrogates(text: &[u8], out: &mut Vec<u8>) -> usize {
    let length = text.len().min(4);
    let Some(character) = std::str::from_utf8(&text[..length])
        .ok()
        .and_then(|text| text.chars().next())
    else {
        out.push(b'?');
        return 1;
    };
    for unit in character.encode_utf16(&mut [0; 2]) {
        write_unicode_escape(*unit, out);
    }
    length
}
