//! The session's configuration, under Flink's keys.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono_tz::Tz;
use dataflow::options::parse_duration;
use model::{Diagnostic, ErrorKind};

#[derive(Debug, Clone, Default)]
pub struct Config {
    values: BTreeMap<String, String>,
}

impl Config {
    /// What was set, by key.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    pub fn set(&mut self, key: &str, value: &str) -> Result<(), Diagnostic> {
        if key.is_empty() {
            return Err(Diagnostic::error(
                ErrorKind::Validation,
                "a key must not be empty",
            ));
        }
        self.values.insert(key.to_string(), value.to_string());
        Ok(())
    }

    /// `table.local-time-zone`
    pub fn time_zone(&self) -> Tz {
        self.get("table.local-time-zone")
            .and_then(|zone| zone.parse().ok())
            .unwrap_or(Tz::UTC)
    }

    /// `table.exec.resource.default-parallelism`, else `parallelism.default`; `None` if neither is set.
    pub fn parallelism(&self) -> Option<u32> {
        ["table.exec.resource.default-parallelism", "parallelism.default"]
            .iter()
            .filter_map(|key| self.get(key)?.parse::<i64>().ok())
            .find(|&parallelism| parallelism > 0)
            .map(|parallelism| parallelism.min(i64::from(u16::MAX)) as u32)
    }

    /// `pipeline.auto-watermark-interval`
    pub fn watermark_interval(&self) -> Duration {
        self.get("pipeline.auto-watermark-interval")
            .and_then(parse_duration)
            .unwrap_or(Duration::from_millis(200))
    }

    /// `table.exec.source.idle-timeout`; `None` if sources never count as idle.
    pub fn idle_timeout(&self) -> Option<Duration> {
        self.get("table.exec.source.idle-timeout")
            .and_then(parse_duration)
            .filter(|timeout| !timeout.is_zero())
    }
}
