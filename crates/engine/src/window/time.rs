//! Times of rows in milliseconds, and the way between instants and local time.
//!
//! Windows are named and aligned in local time, watermarks are instants. Without a zone both are the same. With
//! one, times that a change of clocks repeats or skips follow Flink's TimeWindowUtil: a window that ends in a
//! repeated hour closes when that hour has passed the second time, one that ends in a skipped hour closes where
//! the clock jumps.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType as ArrowType, TimeUnit};
use chrono::{DateTime, LocalResult, Offset, TimeZone};
use chrono_tz::Tz;
use dataflow::{Error, WATERMARK_MAX, WATERMARK_MIN};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// Clocks change at multiples of this.
const QUARTER_MS: i64 = 900_000;
/// More than clocks were ever moved by at once.
const SHIFT_MS_MAX: i64 = 2 * DAY_MS;

/// A time column in milliseconds, rounded down; what stands under a NULL is arbitrary.
pub(crate) fn milliseconds(array: &ArrayRef) -> Result<Vec<i64>, Error> {
    Ok(match array.data_type() {
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => {
            let values = array.as_primitive::<TimestampMicrosecondType>().values();
            values.iter().map(|us| us.div_euclid(1000)).collect()
        }
        ArrowType::Timestamp(TimeUnit::Nanosecond, _) => {
            let values = array.as_primitive::<TimestampNanosecondType>().values();
            values.iter().map(|ns| ns.div_euclid(1_000_000)).collect()
        }
        ArrowType::Timestamp(TimeUnit::Millisecond, _) => {
            array.as_primitive::<TimestampMillisecondType>().values().to_vec()
        }
        ArrowType::Timestamp(TimeUnit::Second, _) => {
            let values = array.as_primitive::<TimestampSecondType>().values();
            values.iter().map(|s| s.saturating_mul(1000)).collect()
        }
        ArrowType::Int64 => array.as_primitive::<Int64Type>().values().to_vec(),
        ArrowType::Null => vec![0; array.len()],
        other => return Err(Error::internal(format!("{other} is no type of time"))),
    })
}

/// The zone in which windows are local; none if times are local already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Zone(Option<Tz>);

impl Zone {
    pub fn new(zone: Option<Tz>) -> Zone {
        Zone(zone.filter(|zone| !matches!(zone, Tz::UTC | Tz::Etc__UTC)))
    }

    /// Local time at an instant. The ends of time stay themselves.
    pub fn local_ms(self, instant_ms: i64) -> i64 {
        let Some(zone) = self.0 else { return instant_ms };
        if instant_ms == WATERMARK_MAX || instant_ms == WATERMARK_MIN {
            return instant_ms;
        }
        instant_ms.saturating_add(offset_ms(zone, instant_ms))
    }

    /// Local times of many instants, in place.
    pub fn to_local(self, times: &mut [i64]) {
        let Some(zone) = self.0 else { return };
        // The offset is the same all through a quarter of an hour, and rows come close together.
        let (mut from, mut to, mut offset) = (0, 0, 0);
        for time_ms in times {
            if *time_ms < from || *time_ms >= to {
                from = time_ms.div_euclid(QUARTER_MS).saturating_mul(QUARTER_MS);
                to = from.saturating_add(QUARTER_MS);
                offset = offset_ms(zone, from);
                if offset_ms(zone, to - 1) != offset {
                    // Long ago clocks changed at odd seconds.
                    from = *time_ms;
                    to = time_ms.saturating_add(1);
                    offset = offset_ms(zone, from);
                }
            }
            *time_ms = time_ms.saturating_add(offset);
        }
    }

    /// The instant of a local time: the first of two, and for one that is skipped as far behind the gap as it
    /// lies in it (as in java.time).
    pub fn instant_ms(self, local_ms: i64) -> i64 {
        let Some(zone) = self.0 else { return local_ms };
        if local_ms == WATERMARK_MAX || local_ms == WATERMARK_MIN {
            return local_ms;
        }
        let Some(local) = DateTime::from_timestamp_millis(local_ms) else {
            return local_ms;
        };
        match zone.from_local_datetime(&local.naive_utc()) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.timestamp_millis(),
            LocalResult::None => {
                // Offsets on either side: a day away nothing of the gap is left. The clock of before runs on.
                local_ms - offset_ms(zone, local_ms.saturating_sub(DAY_MS))
            }
        }
    }

    /// The watermark at which a window closes whose last millisecond is this (Flink's toEpochMillsForTimer).
    pub fn timer_ms(self, local_ms: i64) -> i64 {
        if self.0.is_none() || local_ms == WATERMARK_MAX {
            return local_ms;
        }
        let first = self.instant_ms(local_ms);
        let second = self.instant_ms(local_ms.saturating_add(HOUR_MS));
        if first == second {
            first - first % HOUR_MS
        } else if second - first > HOUR_MS {
            first + HOUR_MS
        } else {
            first
        }
    }

    /// The latest end (local) of windows that are closed at a watermark: those whose last millisecond has a
    /// timer at or before it.
    pub fn closed_end_ms(self, watermark_ms: i64) -> i64 {
        if watermark_ms == WATERMARK_MAX || watermark_ms == WATERMARK_MIN {
            return watermark_ms;
        }
        if self.0.is_none() {
            return watermark_ms.saturating_add(1);
        }
        let last = self.local_ms(watermark_ms);
        if self.timer_ms(last) <= watermark_ms {
            return last.saturating_add(1);
        }
        // In an hour that will be repeated. Timers never run backwards: search where they cross the watermark.
        let (mut closed, mut open) = (last.saturating_sub(SHIFT_MS_MAX), last);
        while open - closed > 1 {
            let middle = closed + (open - closed) / 2;
            if self.timer_ms(middle) <= watermark_ms {
                closed = middle;
            } else {
                open = middle;
            }
        }
        closed.saturating_add(1)
    }
}

fn offset_ms(zone: Tz, instant_ms: i64) -> i64 {
    match DateTime::from_timestamp_millis(instant_ms) {
        Some(at) => {
            let offset = zone.offset_from_utc_datetime(&at.naive_utc());
            i64::from(offset.fix().local_minus_utc()) * 1000
        }
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: Zone = Zone(Some(Tz::Europe__Berlin));

    fn at(text: &str) -> i64 {
        let parsed = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").unwrap();
        parsed.and_utc().timestamp_millis()
    }

    #[test]
    fn windows_in_a_skipped_hour_close_where_the_clock_jumps() {
        // 02:00 to 03:00 is skipped on 2024-03-31, at 01:00 UTC.
        assert_eq!(
            BERLIN.timer_ms(at("2024-03-31 01:59:59.999")),
            at("2024-03-31 00:59:59.999")
        );
        assert_eq!(
            BERLIN.timer_ms(at("2024-03-31 02:30:00")),
            at("2024-03-31 01:00:00")
        );
        assert_eq!(
            BERLIN.timer_ms(at("2024-03-31 03:00:00")),
            at("2024-03-31 01:00:00")
        );
        assert_eq!(
            BERLIN.closed_end_ms(at("2024-03-31 00:59:59.999")),
            at("2024-03-31 02:00:00")
        );
        assert_eq!(
            BERLIN.closed_end_ms(at("2024-03-31 01:00:00")),
            at("2024-03-31 03:00:00.001")
        );
    }

    #[test]
    fn windows_in_a_repeated_hour_close_the_second_time() {
        // 02:00 to 03:00 comes twice on 2024-10-27, from 00:00 and from 01:00 UTC.
        assert_eq!(
            BERLIN.timer_ms(at("2024-10-27 02:59:59.999")),
            at("2024-10-27 01:59:59.999")
        );
        assert_eq!(
            BERLIN.timer_ms(at("2024-10-27 01:59:59.999")),
            at("2024-10-26 23:59:59.999")
        );
        assert_eq!(
            BERLIN.closed_end_ms(at("2024-10-27 00:30:00")),
            at("2024-10-27 02:00:00")
        );
        assert_eq!(
            BERLIN.closed_end_ms(at("2024-10-27 01:30:00")),
            at("2024-10-27 02:30:00.001")
        );
        assert_eq!(
            BERLIN.closed_end_ms(at("2024-10-27 02:00:00")),
            at("2024-10-27 03:00:00.001")
        );
    }

    #[test]
    fn closed_ends_are_those_whose_timer_has_passed() {
        let begin = at("2024-10-26 20:00:00");
        for step in 0..40 {
            let watermark = begin + step * 17 * 60_000;
            let end = BERLIN.closed_end_ms(watermark);
            assert!(BERLIN.timer_ms(end - 1) <= watermark);
            assert!(BERLIN.timer_ms(end) > watermark);
        }
    }

    #[test]
    fn many_times_are_local_as_one_is() {
        let begin = at("2024-03-30 20:00:00");
        let mut times: Vec<i64> = (0..500).map(|step| begin + step * 61_001).collect();
        let expected: Vec<i64> = times.iter().map(|&time_ms| BERLIN.local_ms(time_ms)).collect();
        BERLIN.to_local(&mut times);
        assert_eq!(times, expected);
    }
}
