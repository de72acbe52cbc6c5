//! The session's configuration, under Flink's keys.
//!
//! A value is checked when it is set, so that getters cannot fail. Keys of which nothing is known here are kept, as
//! Flink keeps them: they may mean something where the same text runs on a cluster. But a key that looks like a
//! known one misspelt is refused, and one that is known but not honoured yet is warned of.

mod keys;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono_tz::Tz;
use dataflow::options::{parse_boolean, parse_duration, parse_memory};
use model::suggest::did_you_mean;
use model::{Diagnostic, ErrorKind, Severity};

pub use keys::{KEYS, Key, Kind, Support};

#[derive(Debug, Clone, Default)]
pub struct Config {
    values: BTreeMap<String, String>,
    /// What RESET goes back to.
    initial: BTreeMap<String, String>,
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

    /// Sets a key for this session, as `SET` does.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), Diagnostic> {
        check(key, value)?;
        self.values.insert(key.to_string(), value.to_string());
        Ok(())
    }

    /// Sets what the session starts with: `RESET` comes back to it.
    pub fn set_initial(&mut self, key: &str, value: &str) -> Result<(), Diagnostic> {
        self.set(key, value)?;
        self.initial.insert(key.to_string(), value.to_string());
        Ok(())
    }

    pub fn reset(&mut self, key: &str) {
        match self.initial.get(key) {
            Some(value) => self.values.insert(key.to_string(), value.clone()),
            None => self.values.remove(key),
        };
    }

    pub fn reset_all(&mut self) {
        self.values = self.initial.clone();
    }

    pub fn boolean(&self, key: &str) -> Option<bool> {
        parse_boolean(self.get(key)?.trim())
    }

    pub fn integer(&self, key: &str) -> Option<i64> {
        self.get(key)?.trim().parse().ok()
    }

    pub fn duration(&self, key: &str) -> Option<Duration> {
        parse_duration(self.get(key)?)
    }

    pub fn memory(&self, key: &str) -> Option<u64> {
        parse_memory(self.get(key)?)
    }

    /// `table.local-time-zone`
    pub fn time_zone(&self) -> Tz {
        self.get("table.local-time-zone")
            .and_then(parse_time_zone)
            .unwrap_or(Tz::UTC)
    }

    /// `table.exec.resource.default-parallelism`, else `parallelism.default`; `None` if neither is set.
    pub fn parallelism(&self) -> Option<u32> {
        ["table.exec.resource.default-parallelism", "parallelism.default"]
            .iter()
            .filter_map(|key| self.get(key)?.trim().parse::<i64>().ok())
            .find(|&parallelism| parallelism > 0)
            .map(|parallelism| parallelism.min(keys::PARALLELISM_MAX) as u32)
    }

    /// `pipeline.auto-watermark-interval`
    pub fn watermark_interval(&self) -> Duration {
        self.duration("pipeline.auto-watermark-interval")
            .unwrap_or(Duration::from_millis(200))
    }

    /// `table.exec.source.idle-timeout`; `None` if sources never count as idle.
    pub fn idle_timeout(&self) -> Option<Duration> {
        self.duration("table.exec.source.idle-timeout")
            .filter(|timeout| !timeout.is_zero())
    }

    /// `table.exec.state.ttl`; `None` if state is kept for ever.
    pub fn state_ttl(&self) -> Option<Duration> {
        self.duration("table.exec.state.ttl").filter(|ttl| !ttl.is_zero())
    }

    /// `table.exec.legacy-cast-behaviour`
    pub fn legacy_cast(&self) -> bool {
        self.boolean("table.exec.legacy-cast-behaviour").unwrap_or(false)
            || self
                .get("table.exec.legacy-cast-behaviour")
                .is_some_and(|value| value.trim().eq_ignore_ascii_case("enabled"))
    }
}

/// Whether the key is one of [`KEYS`].
pub fn is_known(key: &str) -> bool {
    KEYS.iter().any(|known| known.name == key)
}

/// A warning if the value asks for something that is not done yet. The diagnostic has no place.
pub fn warning(key: &str, value: &str) -> Option<Diagnostic> {
    let known = KEYS.iter().find(|known| known.name == key)?;
    let (message, idle) = match known.support {
        Support::Ignored { instead, idle } => (format!("'{key}' is not honoured yet: {instead}"), idle),
        Support::Partly { others, idle } => {
            (format!("'{key}' is not honoured everywhere yet: {others}"), idle)
        }
        Support::Honoured | Support::Refused { .. } => return None,
    };
    let value = value.trim();
    let is_same = |other: &str| match known.kind {
        Kind::Duration => parse_duration(value) == parse_duration(other),
        _ => value.eq_ignore_ascii_case(other),
    };
    if idle.iter().any(|other| is_same(other)) {
        return None;
    }
    Some(Diagnostic {
        severity: Severity::Warning,
        ..refuse(message)
    })
}

/// Whether the value is of the form that the key asks for. The diagnostic has no place.
fn check(key: &str, value: &str) -> Result<(), Diagnostic> {
    let Some(known) = KEYS.iter().find(|known| known.name == key) else {
        return match did_you_mean(key, KEYS.iter().map(|known| known.name)) {
            None if key.trim().is_empty() => Err(refuse("a configuration key must not be blank".to_string())),
            None => Ok(()),
            Some(hint) => Err(refuse(format!("configuration key '{key}' is not known")).hint(hint)),
        };
    };
    let trimmed = value.trim();
    if let Support::Refused { instead } = known.support
        && !trimmed.is_empty()
    {
        return Err(refuse(format!("'{key}' is not honoured yet: {instead}")));
    }
    let (fits, expected) = match known.kind {
        Kind::Text => return Ok(()),
        Kind::Boolean => (parse_boolean(trimmed).is_some(), "'true' or 'false'".to_string()),
        Kind::Duration => (
            parse_duration(trimmed).is_some(),
            "a duration such as '5 s' or '200 ms'".to_string(),
        ),
        Kind::Memory => (
            parse_memory(trimmed).is_some(),
            "a size such as '64 mb'".to_string(),
        ),
        Kind::Integer { min } => (
            trimmed
                .parse::<i32>()
                .is_ok_and(|number| i64::from(number) >= min),
            format!("a whole number from {min}"),
        ),
        Kind::Factor => (
            trimmed
                .parse::<f64>()
                .is_ok_and(|number| number.is_finite() && number > 1.0),
            "a number greater than 1".to_string(),
        ),
        Kind::TimeZone => (
            trimmed == "default" || parse_time_zone(trimmed).is_some(),
            "a time zone such as 'Europe/Berlin', 'UTC' or 'GMT+08:00'".to_string(),
        ),
        Kind::OneOf(choices) => {
            if choices.iter().any(|choice| choice.eq_ignore_ascii_case(trimmed)) {
                return Ok(());
            }
            let expected = choices
                .iter()
                .map(|choice| format!("'{choice}'"))
                .collect::<Vec<_>>()
                .join(", ");
            let message = format!("'{key}' must be one of {expected}, got '{value}'");
            return Err(refuse(message).maybe_hint(did_you_mean(trimmed, choices.iter().copied())));
        }
        Kind::Streaming => {
            if trimmed.eq_ignore_ascii_case("streaming") {
                return Ok(());
            }
            return Err(refuse(format!(
                "'{key}' = '{value}' does not run on the embedded engine: streaming only"
            ))
            .hint("bounded tables end a streaming job too; for batch plans run the text on Flink"));
        }
    };
    if fits {
        return Ok(());
    }
    Err(refuse(format!("'{key}' must be {expected}, got '{value}'")))
}

fn refuse(message: String) -> Diagnostic {
    Diagnostic::error(ErrorKind::Validation, message)
}

/// A region of the time zone database, or a whole number of hours away from UTC: `GMT+08:00`, `+8`, `UTC-3`.
pub fn parse_time_zone(text: &str) -> Option<Tz> {
    let text = text.trim();
    if let Ok(zone) = text.parse::<Tz>() {
        return Some(zone);
    }
    let offset = ["GMT", "UTC", "UT"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(text);
    if offset == "Z" {
        return Some(Tz::UTC);
    }
    let east = match offset.chars().next()? {
        '+' => true,
        '-' => false,
        _ => return None,
    };
    let (hours, minutes) = offset[1..].split_once(':').unwrap_or((&offset[1..], "00"));
    let digits = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || minutes != "00" {
        return None;
    }
    let hours: u8 = hours.parse().ok()?;
    if hours == 0 {
        return Some(Tz::UTC);
    }
    // The database counts these the other way round: Etc/GMT-8 is eight hours east.
    let sign = if east { '-' } else { '+' };
    format!("Etc/GMT{sign}{hours}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(key: &str, value: &str) -> String {
        Config::default().set(key, value).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_value_or_an_unknown_key_is_refused_with_a_hint() {
        assert_eq!(
            error("table.local-time-zone", "Europe/Berln"),
            "'table.local-time-zone' must be a time zone such as 'Europe/Berlin', 'UTC' or 'GMT+08:00', got 'Europe/Berln'"
        );
        assert_eq!(
            error("tabel.dml-sync", "true"),
            "configuration key 'tabel.dml-sync' is not known (did you mean 'table.dml-sync'?)"
        );
        assert_eq!(
            error("parallelism.default", "0"),
            "'parallelism.default' must be a whole number from 1, got '0'"
        );
        assert!(error("execution.runtime-mode", "BATCH").contains("streaming only"));
    }

    #[test]
    fn keys_nobody_here_knows_are_kept() {
        let mut config = Config::default();
        config.set("my.own.key", "4").unwrap();
        assert_eq!(config.get("my.own.key"), Some("4"));
        assert!(config.set(" ", "4").is_err());
    }

    #[test]
    fn reset_goes_back_to_what_the_session_started_with() {
        let mut config = Config::default();
        config.set_initial("parallelism.default", "1").unwrap();
        config.set("parallelism.default", "3").unwrap();
        assert_eq!(config.parallelism(), Some(3));
        config.reset("parallelism.default");
        assert_eq!(config.parallelism(), Some(1));
        config.set("table.exec.source.idle-timeout", "1 s").unwrap();
        config.reset_all();
        assert_eq!(config.idle_timeout(), None);
    }

    #[test]
    fn what_is_not_honoured_yet_is_warned_of_or_refused() {
        let warning = |key: &str, value: &str| warning(key, value).map(|warning| warning.to_string());
        for (key, value) in [
            ("pipeline.max-parallelism", "256"),
            ("table.exec.state.ttl", "1 h"),
        ] {
            assert!(warning(key, value).is_some(), "{key}");
        }
        // What they ask for is what happens.
        for (key, value) in [
            ("table.exec.state.ttl", "0"),
            ("execution.checkpointing.interval", "1 min"),
            ("restart-strategy.type", "None"),
            ("restart-strategy.type", "fixed-delay"),
            ("pipeline.max-parallelism", "-1"),
            ("parallelism.default", "3"),
            ("no.key", "x"),
        ] {
            assert_eq!(warning(key, value), None, "{key}");
        }
        assert_eq!(
            error("execution.state-recovery.path", "/savepoints/1"),
            "'execution.state-recovery.path' is not honoured yet: the job would start without its state"
        );
        assert!(Config::default().set("execution.state-recovery.path", "").is_ok());
    }

    #[test]
    fn fixed_offsets_are_time_zones_too() {
        assert_eq!(parse_time_zone("GMT+08:00"), Some(Tz::Etc__GMTMinus8));
        assert_eq!(parse_time_zone("-3"), Some(Tz::Etc__GMTPlus3));
        assert_eq!(parse_time_zone("UTC"), Some(Tz::UTC));
        assert_eq!(parse_time_zone("GMT+99:00"), None);
        assert_eq!(parse_time_zone("+é"), None);
    }
}
