//! Local time and UTC, as `java.time` converts between them.
//!
//! A local time that the clock skips moves forward by what was skipped; one that happens twice is its first.

use chrono::{Offset, TimeZone, Utc};
use chrono_tz::Tz;
use values::temporal::Instant;

/// Seconds east of UTC at a UTC second.
pub(crate) fn offset_at(zone: Tz, utc_seconds: i64) -> i64 {
    if zone == Tz::UTC {
        return 0;
    }
    match Utc.timestamp_opt(utc_seconds, 0).single() {
        Some(time) => i64::from(
            zone.offset_from_utc_datetime(&time.naive_utc())
                .fix()
                .local_minus_utc(),
        ),
        None => 0,
    }
}

/// What the clock on the wall shows at a UTC second.
pub(crate) fn to_local(zone: Tz, utc_seconds: i64) -> i64 {
    utc_seconds + offset_at(zone, utc_seconds)
}

/// When the clock on the wall shows this.
pub(crate) fn to_utc(zone: Tz, local_seconds: i64) -> i64 {
    if zone == Tz::UTC {
        return local_seconds;
    }
    // Offsets stay within a day, so that these two lie on both sides of any change near this time.
    let before = offset_at(zone, local_seconds.saturating_sub(86_400));
    let after = offset_at(zone, local_seconds.saturating_add(86_400));
    for offset in [before, after] {
        let utc = local_seconds - offset;
        if offset_at(zone, utc) == offset {
            return utc;
        }
    }
    local_seconds - before
}

pub(crate) fn instant_to_utc(zone: Tz, local: Instant) -> Instant {
    Instant {
        seconds: to_utc(zone, local.seconds),
        nanos: local.nanos,
    }
}

pub(crate) fn instant_to_local(zone: Tz, utc: Instant) -> Instant {
    Instant {
        seconds: to_local(zone, utc.seconds),
        nanos: utc.nanos,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> i64 {
        values::temporal::parse_timestamp(text.as_bytes()).map_or(0, |instant| instant.seconds)
    }

    #[test]
    fn skipped_times_move_forward_and_doubled_ones_are_the_first() {
        let zone = Tz::America__New_York;
        assert_eq!(
            to_utc(zone, local("2024-03-10 02:30:00")),
            local("2024-03-10 07:30:00")
        );
        assert_eq!(
            to_utc(zone, local("2024-03-10 03:00:00")),
            local("2024-03-10 07:00:00")
        );
        assert_eq!(
            to_utc(zone, local("2024-03-10 01:59:59")),
            local("2024-03-10 06:59:59")
        );
        assert_eq!(
            to_utc(zone, local("2024-11-03 01:30:00")),
            local("2024-11-03 05:30:00")
        );
        assert_eq!(
            to_utc(zone, local("2024-11-03 02:00:00")),
            local("2024-11-03 07:00:00")
        );
        assert_eq!(
            to_utc(Tz::Asia__Shanghai, local("2024-01-01 08:00:00")),
            local("2024-01-01 00:00:00")
        );
        assert_eq!(
            to_local(zone, local("2024-07-01 00:00:00")),
            local("2024-06-30 20:00:00")
        );
    }

    #[test]
    fn times_that_happen_once_come_back() {
        let mut random = stdx::Random::new(11);
        for zone in [
            Tz::America__New_York,
            Tz::Europe__Berlin,
            Tz::Australia__Lord_Howe,
        ] {
            for _ in 0..2000 {
                let utc = random.between(0, 4_000_000_000);
                let wall = to_local(zone, utc);
                let back = to_utc(zone, wall);
                assert!(back == utc || to_local(zone, back) == wall, "{zone} {utc}");
            }
        }
    }
}
