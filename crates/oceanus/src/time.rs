//! Times as they travel: RFC 3339 in UTC, with milliseconds.

use values::temporal::{FractionDigits, Instant, write_timestamp};

/// Milliseconds since 1970 as `2026-11-29T09:00:00.000Z`.
pub fn rfc3339(time_ms: i64) -> String {
    let mut text = String::new();
    // Up to a precision of six digits the unit is a microsecond.
    let instant = Instant::from_unit(time_ms.saturating_mul(1000), 3);
    write_timestamp(instant, 'T', FractionDigits::Exactly(3), &mut text);
    text.push('Z');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_utc() {
        assert_eq!(rfc3339(1_795_942_800_123), "2026-11-29T09:00:00.123Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999Z");
    }
}
