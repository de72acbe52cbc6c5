//! Checks input for UTF-8 a window at a time: fast over much, without looking far beyond what is needed.

/// How far is looked ahead.
const WINDOW_BYTES: usize = 32 * 1024;

/// How far an input has been found to be UTF-8.
#[derive(Debug)]
pub struct Checked {
    until: usize,
    /// Up to here records are checked one by one: something is wrong.
    doubtful_until: usize,
}

impl Checked {
    pub fn from(start: usize) -> Checked {
        Checked {
            until: start,
            doubtful_until: start,
        }
    }

    /// Whether and where the record `bytes[start..end]` is not UTF-8. Records are asked for in order.
    #[inline]
    pub fn fault(&mut self, bytes: &[u8], start: usize, end: usize) -> Option<usize> {
        if end <= self.until {
            return None;
        }
        self.look_ahead(bytes, start, end)
    }

    #[inline(never)]
    fn look_ahead(&mut self, bytes: &[u8], start: usize, end: usize) -> Option<usize> {
        let start = self.until.max(start);
        if end <= self.doubtful_until {
            return first_fault(bytes, start, end);
        }
        // A line break is never within a character.
        let window = &bytes[end..bytes.len().min(end + WINDOW_BYTES)];
        let ahead = memchr::memrchr(b'\n', window).map_or(end, |last| end + last + 1);
        if simdutf8::basic::from_utf8(&bytes[start..ahead]).is_ok() {
            self.until = ahead;
            return None;
        }
        self.doubtful_until = ahead;
        first_fault(bytes, start, end)
    }
}

fn first_fault(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    let error = std::str::from_utf8(&bytes[start..end]).err()?;
    Some(start + error.valid_up_to())
}
