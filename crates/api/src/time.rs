//! Times as they travel: RFC 3339, UTC, with milliseconds, such as `2026-11-29T09:00:00.000Z`.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A time in the years 1 to 9999, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(DateTime<Utc>);

impl Time {
    /// For what the platform itself wrote down, whose times are near its clock's.
    pub fn of(ms: i64) -> Time {
        Time::within(ms).unwrap_or(Time(DateTime::UNIX_EPOCH))
    }

    /// For event times, which may be anything: a watermark at the end of the input has no date.
    pub fn within(ms: i64) -> Option<Time> {
        let time = DateTime::from_timestamp_millis(ms)?;
        (1..=9999).contains(&time.year()).then_some(Time(time))
    }

    pub fn ms(self) -> i64 {
        self.0.timestamp_millis()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let time = DateTime::parse_from_rfc3339(&text)
            .ok()
            .and_then(|time| Time::within(time.timestamp_millis()));
        time.ok_or_else(|| serde::de::Error::custom("a time is written as 2026-11-29T09:00:00.000Z"))
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339, UTC, with milliseconds"))
            .examples(["2026-11-29T09:00:00.000Z"])
            .into()
    }
}

impl ToSchema for Time {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_milliseconds_and_read_from_any_zone() {
        let time = Time::of(1_764_406_800_007);
        assert_eq!(time.to_string(), "2025-11-29T09:00:00.007Z");
        let read: Time = serde_json::from_str("\"2025-11-29T10:00:00.007+01:00\"").unwrap();
        assert_eq!(read, time);
        assert!(serde_json::from_str::<Time>("\"yesterday\"").is_err());
    }

    #[test]
    fn what_has_no_date_is_no_time() {
        assert_eq!(Time::within(i64::MAX), None);
        assert_eq!(Time::within(i64::MIN), None);
        assert_eq!(Time::within(-62_135_596_800_001), None);
    }
}
